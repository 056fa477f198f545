"""HTML that the microscopes share: sentences that are announced, images with their words, tables, players.

Images are drawn here by Pillow and not by a plotting library, because a slider cannot wait for one.

Taught in chapters 02 and 03, where the microscopes are.
"""

import base64
import io
from html import escape

import numpy as np

from ..tables import table
from .payload import _MAGMA
from .upload import said

__all__ = [
    "block",
    "bundle",
    "encode_picture",
    "encode_shades",
    "image",
    "magma",
    "row",
    "sound_player",
    "table",
    "told",
]

SHADES = 64  # of a map: fewer make a smaller file, and more the eye cannot tell
FEW_PIXELS = 128 * 128  # of a picture whose pixels can be told apart, and must be right


def block(html):
    """HTML as wide as a text should be, its lines as close."""
    return f'<div style="max-width: 680px; line-height: 1.45">{html}</div>'


def row(*parts):
    """Parts side by side, or one below the other where the page is narrow."""
    return f'<div style="display: flex; flex-wrap: wrap; gap: 8px">{"".join(parts)}</div>'


def told(text):
    """A summary, announced by screen readers."""
    return block(said(text))


def sound_player(sound):
    """A sound with its player, no wider than the page."""
    style = ".im-heard figure { margin: 4px 0 } .im-heard audio { width: 300px; max-width: 100% }"
    return f'<div class="im-heard"><style>{style}</style>{sound._repr_html_()}</div>'


def image(source, alt, *, style=""):
    """An image as wide as what it stands in; `source` from `encode_picture` or `encode_shades`."""
    return (
        f'<img alt="{escape(alt)}" src="{source}" decoding="sync" '
        f'style="display: block; width: 100%; max-width: none; margin: 0; image-rendering: pixelated; {style}">'
    )


def magma(n_shades=SHADES):
    """The colour map magma, dark to bright, as np.ndarray, shape (n_shades, 3), uint8."""
    anchors = np.frombuffer(_MAGMA, np.uint8).reshape(-1, 3)
    at = np.linspace(0, len(anchors) - 1, n_shades)
    return np.stack([np.interp(at, range(len(anchors)), channel) for channel in anchors.T], axis=1).round().astype("u1")


def encode_shades(shades):
    """Shades (rows, columns) in 0..1 as the address of a PNG in the colours of magma."""
    from PIL import Image

    drawn = Image.fromarray(np.round(shades * (SHADES - 1)).astype(np.uint8))
    drawn.putpalette(magma().tobytes())
    return _address(drawn, "png", compress_level=3)  # more would take ten times as long for a tenth less


def encode_picture(picture):
    """A picture (H, W, 3), uint8, as the address of a PNG where it is small and of a JPEG where it is not."""
    from PIL import Image

    if picture.shape[0] * picture.shape[1] <= FEW_PIXELS:
        return _address(Image.fromarray(picture), "png", compress_level=3)
    return _address(Image.fromarray(picture), "jpeg", quality=85)


def _address(drawn, kind, **options):
    buffer = io.BytesIO()
    drawn.save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def bundle(widget, text, html):
    """What a notebook keeps of a widget: the widget itself, and for pages without a kernel, what it showed.

    Parameters
    ----------
    widget : ipywidgets.DOMWidget
    text, html : str
        Its name in a line, and what stood in it when the cell was run.

    Returns
    -------
    dict
        For `_repr_mimebundle_`.
    """
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return {"text/plain": text, "text/html": html, "application/vnd.jupyter.widget-view+json": view}
