"""A picture from the learner's own computer: one upload button for ipywidgets 7 (Colab) and 8.

Taught in chapter 00, section "Your own picture".
"""

from html import escape

import ipywidgets

from ..files import printable
from ..pictures import PictureError, open_picture

__all__ = ["PictureUpload", "said", "uploaded_files"]


def uploaded_files(value):
    """Names and contents of what a FileUpload holds.

    Parameters
    ----------
    value : tuple of dict (ipywidgets 8) or dict of dict (ipywidgets 7)
        The `value` of a FileUpload.

    Returns
    -------
    list of (str, bytes)
    """
    rows = value.items() if isinstance(value, dict) else ((file["name"], file) for file in value)
    return [(str(name), bytes(file["content"])) for name, file in rows]


def said(text, *, kind="status"):
    """HTML of a sentence that screen readers announce: kind "status", or "alert" for what went wrong."""
    return f'<div role="{kind}">{escape(text)}</div>'


class PictureUpload(ipywidgets.VBox):
    """A button to choose a picture file, and a line that says what came of it.

    Parameters
    ----------
    on_picture : callable (name, picture), optional
        Called with the file's name and the picture, shape (H, W, 3), uint8, when a file could be read.
    max_side : int
        The longest side wanted, in px; see `open_picture`.

    Attributes
    ----------
    name : str
        Of the file last read, "" before.
    picture : np.ndarray, shape (H, W, 3), uint8, or None
        What was last read.  A file that is no picture leaves it as it was.
    message : ipywidgets.HTML
        What people read: the name and size, or one sentence that says what is wrong with the file.

    Notes
    -----
    Taught in chapter 00, section "Your own picture".
    """

    def __init__(self, on_picture=None, *, max_side=1024):
        self.name, self.picture = "", None
        self._on_picture = on_picture
        self._max_side = max_side
        self.button = ipywidgets.FileUpload(
            accept="image/*",
            multiple=False,
            description="Your own picture",
            layout=ipywidgets.Layout(width="max-content"),
        )
        self.message = ipywidgets.HTML()
        super().__init__([self.button, self.message])
        self.button.observe(self._chosen, names="value")

    def receive(self, name, content):
        """Take a file's name and bytes, as the button does; True if it is a picture."""
        try:
            picture = open_picture([{"name": name, "content": content}], max_side=self._max_side)
        except PictureError as error:
            self.message.value = said(str(error), kind="alert")
            return False
        name = printable(name)
        self.name, self.picture = name, picture
        self.message.value = said(f"{name}: {picture.shape[1]} by {picture.shape[0]} pixels.")
        if self._on_picture is not None:
            self._on_picture(name, picture)
        return True

    def _chosen(self, change):
        for name, content in uploaded_files(change.new):
            self.receive(name, content)
