"""The line between a panel and its page: what was lost on it is noticed, and said again.

Taught in chapter 11.
"""

import pathlib

import anywidget
import traitlets

__all__ = ["Lined"]

_HERE = pathlib.Path(__file__).parent


def _script(name):
    """The script of a widget with all that it stands on."""
    return "".join((_HERE / file).read_text(encoding="utf-8") for file in ("line.js", "camera.js", name))


class Lined(anywidget.AnyWidget):
    """A widget that says which questions of its page it has heard, and looks after the controls beside it.

    A subclass answers in `_asked(content, buffers)`.

    Notes
    -----
    Where a line is dead but not yet given up, a browser's messages are lost without a word; line.js tells how that is
    noticed. Taught in chapter 11.
    """

    beside = traitlets.List(traitlets.Unicode()).tag(sync=True)  # their model ids

    def __init__(self):
        self._controls = []
        super().__init__()
        self.on_msg(self._hear)

    def look_after(self, panel):
        """All that is in a box, this widget excepted, is to be as it is here even after the line was dead."""
        self._controls = [one for one in _leaves(panel) if one is not self]
        self.beside = [one.model_id for one in self._controls]

    def _hear(self, _, content, buffers):
        try:
            self._asked(content, buffers)
            if content.get("want") == "again":
                for control in self._controls:
                    control.send_state()
        finally:
            self.send({"do": "heard", "number": content.get("number"), "token": content.get("token")})


def _leaves(widget):
    inside = getattr(widget, "children", None)
    return [widget] if inside is None else [leaf for child in inside for leaf in _leaves(child)]
