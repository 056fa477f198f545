"""The panel of chapter 00: choose a picture, say what you want of the music, hear it, keep it.

Taught in chapter 00, "Hear a picture".
"""

import base64
import io
import json
import re
from html import escape

import ipywidgets

from ..datasets import paintings, photographs
from ..datasets import picture as shipped_picture
from ..pictures import open_picture
from ..scores import MODES
from .controls import titled
from .player import Player
from .upload import PictureUpload, said

__all__ = ["PicturePanel", "compute", "picture_panel", "render"]

LENGTHS = (8, 10, 15, 20, 30, 45, 60)  # s; longer pieces are for the command, whose files need not fit into a page
OWN = "(your own picture)"  # the value of the list's first entry once there is a picture of one's own
ASKS = "as the picture asks"
KEYS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
TEMPOS = (60, 72, 84, 96, 108, 120, 132, 144)  # BPM
MEDIA_TYPES = {"wav": "audio/wav", "mid": "audio/midi", "json": "application/json"}


def compute(parameters, *, compose=None):
    """Make the music that the panel was asked for.

    Parameters
    ----------
    parameters : dict
        "picture" (anything `open_picture` reads), "title", "seconds", "seed", "tempo", "key", "mode"; a tempo of 0 and
        an empty key or mode follow the picture.
    compose : callable, optional
        In place of `imgmusic_edu.compose`.

    Returns
    -------
    dict
        "piece"; "sentences": three; "files": name -> bytes of the sound, the notes and the explanation.

    Raises
    ------
    ValueError
        The picture cannot be read or a setting is out of range; the message is one sentence.

    Notes
    -----
    Taught in chapter 00, "Hear a picture".
    """
    if compose is None:
        from ..roads import compose
    piece = compose(
        parameters["picture"],
        title=parameters["title"],
        seconds=parameters["seconds"],
        seed=parameters["seed"],
        tempo=parameters["tempo"] or None,
        key=parameters["key"] or None,
        mode=parameters["mode"] or None,
    )
    midi = io.BytesIO()
    piece.score.to_midi(midi)
    stem = re.sub(r"\W+", "_", parameters["title"].rpartition(".")[0] or parameters["title"]).strip("_") or "picture"
    return {
        "piece": piece,
        "sentences": list(piece.sentences),
        "files": {
            f"{stem}.wav": piece.sound.encode("wav"),
            f"{stem}.mid": midi.getvalue(),
            f"{stem}.json": json.dumps(piece.explanation, indent=1).encode(),
        },
    }


def render(result):
    """Player, sentences and links to save the files, as one widget.

    The links hold the files themselves: that works where the notebook's folder is on another machine (Colab, a hub),
    and none of it is stored in the notebook.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    ipywidgets.VBox
    """
    points = "".join(f"<li>{escape(sentence)}</li>" for sentence in result["sentences"])
    links = " &nbsp; ".join(_link(name, content) for name, content in result["files"].items())
    why = f"<p><b>Why it sounds like this</b></p><ul>{points}</ul><p>Save: {links}</p>"
    return ipywidgets.VBox([Player(result["piece"]), ipywidgets.HTML(why)])


def _link(name, content):
    source = f"data:{MEDIA_TYPES[name.rpartition('.')[2]]};base64,{base64.b64encode(content).decode()}"
    size = f"{len(content) / 1000:.0f} kB" if len(content) > 1000 else f"{len(content)} bytes"
    return f'<a download="{escape(name)}" href="{source}" style="text-decoration:underline">{escape(name)}</a> ({size})'


class PicturePanel(ipywidgets.VBox):
    """Controls, a button and the music they make; `picture_panel` is the way to one.

    Attributes
    ----------
    result : dict or None
        The last result of `compute`.
    error : Exception or None
        What went wrong in the last click, also shown as a sentence; None if nothing did.
    """

    def __init__(self, picture=None, *, compose=None):
        self.result, self.error = None, None
        self._compose = compose
        self._own = ("", None)  # (title, picture) of the learner's own
        wide = ipywidgets.Layout(width="320px")

        def control(kind, description, **options):
            return kind(description=description, layout=wide, style={"description_width": "70px"}, **options)

        def choice(description, texts, values):
            return control(ipywidgets.Dropdown, description, options=list(zip(texts, values, strict=True)))

        shipped = [*((name, "painting") for name in paintings()), *((name, "photograph") for name in photographs())]
        self._shipped = [(f"{titled(name)} ({kind})", name) for name, kind in shipped]
        self.picture = control(ipywidgets.Dropdown, "Picture", options=self._shipped)
        self.upload = PictureUpload(self._take)
        # A list and not a slider: the sliders of ipywidgets have no name that a screen reader could say.
        self.seconds = choice("Length", [f"{seconds} seconds" for seconds in LENGTHS], LENGTHS)
        self.seconds.value = 15
        self.seed = control(ipywidgets.BoundedIntText, "Seed", min=0, max=999_999, value=0)
        self.tempo = choice("Tempo", [ASKS, *(f"{tempo} beats per minute" for tempo in TEMPOS)], [0, *TEMPOS])
        self.key = choice("Key", [ASKS, *KEYS], ["", *KEYS])
        self.mode = choice("Mode", [ASKS, *MODES], ["", *MODES])
        self.summary = ipywidgets.HTML()
        self.button = ipywidgets.Button(description="Hear it", button_style="primary", icon="music")
        self.status = ipywidgets.HTML()
        self.output = ipywidgets.VBox([])
        super().__init__(
            [
                ipywidgets.HBox([self.picture, self.upload], layout=ipywidgets.Layout(flex_flow="row wrap")),
                ipywidgets.HBox(
                    [self.seconds, self.seed, self.tempo, self.key, self.mode],
                    layout=ipywidgets.Layout(flex_flow="row wrap", max_width="700px"),
                ),
                self.summary,
                ipywidgets.HBox([self.button, self.status]),
                self.output,
            ]
        )
        if picture is not None:
            title = "" if hasattr(picture, "__array__") else str(picture) if isinstance(picture, str) else ""
            self._take(title or "Your picture", open_picture(picture, max_side=1024))
        for box in (self.picture, self.seconds, self.seed, self.tempo, self.key, self.mode):
            box.observe(self._summarise, names="value")
        self.button.on_click(self._clicked)
        self._summarise()

    @property
    def parameters(self):
        """What the controls say, for `compute`."""
        if self.picture.value == OWN:
            title, picture = self._own
        else:
            title, picture = titled(self.picture.value), shipped_picture(self.picture.value, max_side=1024)
        settings = {name: getattr(self, name).value for name in ("seconds", "seed", "tempo", "key", "mode")}
        return {"title": title, "picture": picture} | settings

    def hear(self):
        """Make and show the music; what goes wrong is raised."""
        self.result = compute(self.parameters, compose=self._compose)
        old = self.output.children
        self.output.children = (render(self.result),)
        for box in old:
            for part in (*box.children, box):
                part.close()

    def _clicked(self, _):
        self.error = None
        self.button.disabled = True
        self.status.value = said("Looking at the picture and writing its music ...")
        try:
            self.hear()
            self.status.value = said("Ready: press play below.")
        except ValueError as error:  # PictureError and the rest of ours: written for people
            self._say(error, str(error))
        except Exception as error:  # a callback's traceback would be seen by nobody, so it is told here
            self._say(error, f"The program failed ({type(error).__name__}: {error}). Please report this picture.")
        finally:
            self.button.disabled = False

    def _say(self, error, sentence):
        self.error = error
        self.status.value = said(sentence, kind="alert")

    def _take(self, title, picture):
        """Put a picture of the learner's own at the head of the list, and choose it."""
        self._own = title, picture
        self.picture.options = [(title, OWN), *self._shipped]
        self.picture.value = OWN
        self._summarise()

    def _summarise(self, _=None):
        title = self._own[0] if self.picture.value == OWN else titled(self.picture.value)
        asked = {"tempo": f"{self.tempo.value} beats per minute", "key": self.key.value, "mode": self.mode.value}
        chosen = [f"{name} {text}" for name, text in asked.items() if getattr(self, name).value]
        free = [name for name in asked if not getattr(self, name).value]
        listed = ", ".join([*chosen, *([f"{_listed(free)} {ASKS}"] if free else [])])
        text = f"{self.seconds.value} s of music from {title}; {listed}; seed {self.seed.value}."
        self.summary.value = said(text)


def _listed(words):
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def picture_panel(picture=None):
    """A panel that turns a shipped picture, or the learner's own, into music.

    Parameters
    ----------
    picture : anything `open_picture` reads, optional
        Chosen at the start, at the head of the list of shipped pictures.

    Returns
    -------
    PicturePanel

    Raises
    ------
    PictureError
        The picture given cannot be read.

    Examples
    --------
    >>> picture_panel()                                             # doctest: +SKIP

    Notes
    -----
    Taught in chapter 00, "Hear a picture".
    """
    return PicturePanel(picture)
