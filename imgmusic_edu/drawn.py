"""What a matplotlib figure holds, read back from it: lines, points, bars and maps, with their names and numbers.

One reading serves the ear (`listening`), the table beside a figure (`tables`) and the check of figures (`access`).
"""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Series", "categories", "contents", "gathered", "is_colour_bar", "plots_of"]


class Series(NamedTuple):
    """Something drawn in a plot, in the units of its axes.

    Attributes
    ----------
    kind : str
        "line", "points", "bars" (standing: `y` is their height), "lying" (bars to the right: from `start` to `x`, at
        `y`) or "map".
    name : str
        As in the legend; empty if it has none there.
    x, y : np.ndarray, shape (n,)
        Of a map the middles of its columns and of its rows, from left to right and upwards.
    start : np.ndarray, shape (n,), or None
        Where bars begin: their foot, or of lying bars their left end.
    values : np.ma.MaskedArray, shape (rows, columns) or (rows, columns, 3 or 4), or None
        Of a map; the first row is the lowest.
    artist : matplotlib artist or container
    """

    kind: str
    name: str
    x: np.ndarray
    y: np.ndarray
    artist: Any
    start: np.ndarray | None = None
    values: Any = None


def plots_of(figure):
    """(axes, its series) of each plot that holds any; scales of colours are no plots."""
    seen = [axes for axes in figure.axes if axes.get_visible() and not is_colour_bar(axes)]
    return [(axes, found) for axes in seen if (found := contents(axes))]


def is_colour_bar(axes):
    """Whether these axes are the scale of a map's colours."""
    return getattr(axes, "_colorbar", None) is not None


def contents(axes):
    """Everything in a plot that stands for numbers, as `Series`, in the order of lines, points, bars and maps.

    Lines across the whole plot (`axhline`) and areas are left out: they stand for no series of numbers.
    """
    from matplotlib.collections import PathCollection, QuadMesh

    axes.get_xlim(), axes.get_ylim()  # until they are asked for, limits that follow the data are not there
    seen = [one for one in (*axes.lines, *axes.images, *axes.collections) if one.get_visible()]
    found = [_line(line) for line in axes.lines if line in seen and line.get_transform() == axes.transData]
    for cloud in seen:
        if isinstance(cloud, PathCollection) and cloud.get_offset_transform() == axes.transData:
            x, y = np.ma.filled(np.ma.asarray(cloud.get_offsets(), float), np.nan).reshape(-1, 2).T
            found.append(Series("points", _name(cloud), x, y, cloud))
    found += [_bars(bars) for bars in axes.containers if hasattr(bars, "orientation") and len(bars.patches)]
    found += [_image(picture) for picture in axes.images if picture in seen]
    found += [_mesh(mesh) for mesh in seen if isinstance(mesh, QuadMesh)]
    return [one for one in found if one is not None and len(one.x) and np.isfinite(one.x).any()]


def gathered(found):
    """The same series, but points that were drawn one by one (each with its own name, say) as one at their head."""
    single = [one for one in found if one.kind == "points" and len(one.x) == 1]
    if len(single) < 2:
        return found
    x, y = (np.concatenate([getattr(one, axis) for one in single]) for axis in "xy")
    return [
        Series("points", "", x, y, single[0].artist),
        *(one for one in found if len(one.x) > 1 or one.kind != "points"),
    ]


def categories(axis):
    """{place: text} of an axis whose ticks carry words rather than numbers; empty where they are numbers."""
    from matplotlib.ticker import FixedFormatter, FuncFormatter

    formatter = axis.get_major_formatter()
    if not isinstance(formatter, FixedFormatter | FuncFormatter) and "Category" not in type(formatter).__name__:
        return {}
    places = [float(place) for place in axis.get_majorticklocs()]
    texts = [" ".join(str(text).split()) for text in formatter.format_ticks(places)]
    words = {place: text for place, text in zip(places, texts, strict=True) if text}
    return words if any(any(letter.isalpha() for letter in text) for text in words.values()) else {}


def _name(artist):
    name = " ".join(str(artist.get_label()).split())
    return "" if name.startswith("_") or name == "None" else name


def _line(line):
    x = np.asarray(line.convert_xunits(line.get_xdata()), float)
    y = np.asarray(line.convert_yunits(line.get_ydata()), float)
    dotted = line.get_linestyle() in ("None", "none", " ", "")
    return Series("points" if dotted else "line", _name(line), x, y, line) if dotted or len(x) > 1 else None


def _bars(bars):
    boxes = np.array([[box.x0, box.x1, box.y0, box.y1] for box in (bar.get_bbox() for bar in bars.patches)], float)
    x0, x1, y0, y1 = boxes.T
    if bars.orientation == "horizontal":
        return Series("lying", _name(bars), x1, (y0 + y1) / 2, bars, start=x0)
    tops, feet = np.where(np.abs(y0) > np.abs(y1), (y0, y1), (y1, y0))  # a bar that hangs ends below
    return Series("bars", _name(bars), (x0 + x1) / 2, tops, bars, start=feet)


def _image(picture):
    values = np.ma.asarray(picture.get_array())
    left, right, bottom, top = picture.get_extent()
    if values.ndim not in (2, 3):
        return None
    upwards = values[::-1] if picture.origin == "upper" else values
    x, y = _middles(left, right, values.shape[1]), _middles(bottom, top, values.shape[0])
    return Series("map", _name(picture), x, y, picture, values=upwards)


def _middles(first, last, n):
    return first + (np.arange(n) + 0.5) * (last - first) / n


def _mesh(mesh):
    corners = mesh.get_coordinates()  # (rows + 1, columns + 1, 2), or one less where colours run from point to point
    rows, columns = corners.shape[0] - 1, corners.shape[1] - 1
    values = np.ma.asarray(mesh.get_array(), float)
    if values.size != rows * columns:
        return None
    x = (corners[0, :-1, 0] + corners[0, 1:, 0]) / 2
    y = (corners[:-1, 0, 1] + corners[1:, 0, 1]) / 2
    values = values.reshape(rows, columns)
    over, up = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    return Series("map", _name(mesh), x[over], y[up], mesh, values=values[up][:, over])
