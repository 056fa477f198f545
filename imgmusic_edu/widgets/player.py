"""The player with a line to Python: where it stands comes back, and Python can move it.

What a notebook shows and saves is the HTML of `page.py`, with the sound in it once; it plays in JupyterLab, Notebook,
VS Code and Colab, in a saved notebook whose kernel is gone, and in any page made from one.  Beside it lives a small
model (no picture and no sound in its state) that a running front end ties to that HTML.  This way round because a saved
widget view does not fall back to the HTML next to it: JupyterLab shows "model not found" instead, VS Code nothing.
Inside another widget (a box, a panel) the player is an ordinary widget and asks for its bytes when it is drawn.

Taught in chapter 00, "Hear a picture".
"""

import secrets

import anywidget
import traitlets

from . import page
from .page import player_html
from .payload import player_payload

__all__ = ["Player", "player_html"]


class Player(anywidget.AnyWidget):
    """A player of a piece: picture, notes, spectrogram and sound under one playhead.

    Parameters
    ----------
    piece : Piece, or anything that has its `picture` and its `sound`
        As for `player_payload`.

    Attributes
    ----------
    time : float
        Where the sound stands, in s; follows the page at most ten times a second.  To move it, use `seek`.
    playing : bool
        Whether it sounds.
    payload : dict
        What is shown, from `player_payload`.

    Examples
    --------
    >>> player = Player(piece)                                      # doctest: +SKIP
    >>> player                                                      # the last line of a cell shows it
    >>> player.seek(3.2)
    >>> player.observe(lambda change: print(change.new), "time")

    Notes
    -----
    `time`, `playing`, `seek`, `play` and `pause` work in JupyterLab and Notebook wherever the player is shown; in
    VS Code and Colab, which start widgets only for outputs that are widgets, put it into a box: `VBox([player])`.

    Taught in chapter 00, "Hear a picture".
    """

    _esm = page._module()
    key = traitlets.Unicode().tag(sync=True)
    time = traitlets.Float(0.0).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)

    _ipython_display_ = None  # ipywidgets 7 has one, and it would come before _repr_mimebundle_

    def __init__(self, piece, **options):
        self.payload = player_payload(piece)
        super().__init__(key=secrets.token_hex(8), **options)
        self.on_msg(self._answer)

    def seek(self, time):
        """Move to a time, in s."""
        self.send({"do": "seek", "time": float(time)})

    def play(self):
        """Start the sound.  A browser may refuse until somebody has clicked in the page; it then says so."""
        self.send({"do": "play"})

    def pause(self):
        """Stop the sound where it is."""
        self.send({"do": "pause"})

    def to_html(self):
        """The player as HTML that also works without a kernel; see `player_html`."""
        return page.payload_html(self.payload, key=self.key)

    def _answer(self, _, content, buffers):
        """Send the elements and the bytes to a view that has just been drawn."""
        if content.get("want") != "player":
            return
        message = {
            "token": content.get("token"),
            "html": page.skeleton(self.payload, key=self.key, inside=False),
            "types": self.payload["types"],
        }
        self.send(message, [self.payload[name] for name in ("picture", "spectrogram", "sound")])

    def __repr__(self):
        title = self.payload["title"] or "a piece"
        return f"<Player of {title}, {self.payload['data']['seconds']:.1f} s>"

    def _repr_mimebundle_(self, **_):
        return {"text/plain": repr(self), "text/html": self.to_html()}
