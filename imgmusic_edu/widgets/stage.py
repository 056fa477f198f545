"""The stage of the studio: the player of the piece at hand, and the ways in and out that only a browser has.

A picture comes in from a file, by drop, from the clipboard or from the camera; a region of it is chosen by mouse or by
number; two versions are heard in turn; files go out. The bytes travel as messages, so no notebook stores them.

Taught in chapter 11.
"""

import asyncio
import pathlib
from typing import Any

from . import line, page
from .payload import drawn_sound, encode_picture, player_payload

__all__ = ["Stage"]

_HERE = pathlib.Path(__file__).parent
LATER = 0.15  # s after a piece until its spectrogram is drawn: a slider that moves on need not wait for it


class Stage(line.Lined):
    """What the studio shows in a browser.

    Parameters
    ----------
    on_picture : callable (name, bytes)
        A file has come in.
    on_region : callable (act, region)
        "hear", "grey" or "clear", and (x0, y0, x1, y1) as shares of the picture, or None.

    Attributes
    ----------
    said : str
        The last sentence that it was told to show.

    Notes
    -----
    Taught in chapter 11.
    """

    _esm = page._script() + line._script("stage.js")
    _css = (_HERE / "stage.css").read_text(encoding="utf-8")

    def __init__(self, on_picture, on_region):
        self._on_picture, self._on_region = on_picture, on_region
        self.said = ""
        self._piece: Any = None
        self._timer: Any = None
        self._encoded = None, None  # the picture shown last, and its bytes
        super().__init__()

    def show(self, piece, *, play=False):
        """Put a piece on the stage; what plays goes on in it, and `play` starts it if nothing does."""
        known, self._piece = self._encoded[0], piece
        self._send_piece(piece, play=play, fresh=known is not piece.picture)

    def compare(self, match, names):
        """Two sounds at one loudness, heard in turn."""
        self.send({"do": "compare", "names": names}, [sound.encode("wav") for sound in match.sounds])

    def offer(self, name, media_type, content):
        """Hand out a file."""
        self.send({"do": "file", "name": name, "type": media_type}, [content])

    def say(self, text):
        """A sentence above the picture, announced by screen readers."""
        self.said = text
        self.send({"do": "say", "text": text})

    def forget_region(self):
        """No region is chosen any more."""
        self.send({"do": "clear"})

    def _send_piece(self, piece, *, play=False, fresh=True, token=None):
        if self._encoded[0] is not piece.picture:
            self._encoded = piece.picture, encode_picture(piece.picture)
        payload = player_payload(piece, sound="wav", encoded=self._encoded[1], drawn=False)
        message = {"do": "piece", "html": page.skeleton(payload, inside=False), "types": payload["types"], "play": play}
        buffers = [payload["sound"], *([payload["picture"]] if fresh else [])]
        self.send(message | ({"token": token} if token else {}), buffers)
        if self._timer:
            self._timer.cancel()
        try:
            self._timer = asyncio.get_running_loop().call_later(LATER, self._draw)
        except RuntimeError:  # a script or a test
            self._draw()

    def _draw(self):
        self._timer = None
        shades, alt = drawn_sound(self._piece.sound)
        self.send({"do": "spectrogram", "alt": alt}, [shades])

    def _asked(self, content, buffers):
        want, token = content.get("want"), content.get("token")
        if want in ("piece", "again") and self._piece is not None:
            self._send_piece(self._piece, token=token)
        elif want == "piece":  # there is none after a start that failed
            self.send({"do": "say", "text": self.said, "token": token})
        elif want == "picture" and buffers:
            self._on_picture(str(content.get("name") or "Your picture"), bytes(buffers[0]))
        elif want == "region":
            self._on_region(content.get("act"), content.get("region"))
