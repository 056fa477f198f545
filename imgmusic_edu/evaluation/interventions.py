"""Changes of a picture that put an explanation to the test: what the explanation names is made otherwise.

An explanation names a region and a feature. Inside the region, and nowhere else, the pixels are changed so that the
feature becomes clearly more or clearly less; which change does it best is seen in the picture, before anything is
composed. Where the region is the whole picture, a change will do in which the named feature is what pulls: other
features move a little, too, and the rules say how much that weighs.

Taught in chapter 11, section "Is the explanation true?".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import ndimage

from .. import crossmodal
from ..scenes import lab_to_picture
from ..scores import Cause
from ..visual_features import SIDE, VisualFeatures, rgb_to_lab
from . import edits

__all__ = ["CHANGES", "CURVES", "elsewhere", "in_region", "is_whole", "named_value", "pulls"]

FAR = 3  # columns of 64: what is measured in a strip is blurred, so its pixels reach so far beyond it
CONTRAST = 30.0  # L* units
LEFT = 0.1  # of the light, or of what a strip lacks of white
CELL = 8  # px of the standard copy: squares of a chequered pattern
WHOLE = (0.0, 0.0, 1.0, 1.0)
#: What a strip decides -> the curve that is read there, and the feature of the whole picture under whose rule it goes.
CURVES = {
    "register": ("skyline", "salient_height"),
    "mode": ("lightness", "lightness"),
    "density": ("edge_density", "complexity"),
}


def is_whole(region) -> bool:
    """Whether a region is the whole picture."""
    return tuple(region) == WHOLE


def named_value(features: VisualFeatures, cause: Cause) -> float:
    """The feature that an explanation names, where it names it: in its unit, or standardised for the whole."""
    if is_whole(cause.region):
        return features.standardised(cause.feature)
    curve = features.columns[cause.feature]
    first, last = (round(edge * len(curve)) for edge in cause.region[::2])
    return float(curve[first : max(last, first + 1)].mean())


# --- inside a region -------------------------------------------------------------------------------------


def in_region(picture: np.ndarray, region, quality: str) -> Iterator[np.ndarray]:
    """The picture with only a region changed, in every way that tests what the region is said to decide.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8
    region : tuple of float
        (x0, y0, x1, y1), fractions, y from the top.
    quality : {"register", "mode", "density"}
        What stands out is moved up and down; light is taken and given; edges are wiped out and put in.

    Yields
    ------
    np.ndarray, shape (H, W, 3), uint8
    """
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = region
    rows, columns = _span(y0, y1, height), _span(x0, x1, width)
    for part in _CHANGES[quality](picture[rows, columns], max(height, width) / SIDE):
        changed = picture.copy()
        changed[rows, columns] = part
        yield changed


def _span(start, end, n):
    first = min(round(start * n), n - 1)
    return slice(first, max(round(end * n), first + 1))


def _moved(part, pixel):
    """Upside down; and nothing left but a spot that stands out, at the top or at the bottom."""
    yield part[::-1]
    mean = part.reshape(-1, 3).mean(axis=0)
    spot = 255 if mean.mean() < 128 else 0
    tall = max(1, len(part) // 5)
    for place in (slice(None, tall), slice(-tall, None)):
        changed = np.broadcast_to(mean.round().astype(np.uint8), part.shape).copy()
        changed[place] = spot
        yield changed


def _lit(part, pixel):
    """All but white, and all but black."""
    lab = rgb_to_lab(part)
    light = lab[..., 0]
    for changed in (100 - LEFT * (100 - light), LEFT * light):
        yield lab_to_picture(np.dstack([changed, LEFT * lab[..., 1:]]))


def _drawn(part, pixel):
    yield np.broadcast_to(part.reshape(-1, 3).mean(axis=0).round().astype(np.uint8), part.shape)
    cell = max(1, round(CELL * pixel))
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    lab, squares = rgb_to_lab(part), np.where((rows // cell + columns // cell) % 2, CONTRAST, -CONTRAST)
    yield lab_to_picture(np.dstack([np.clip(lab[..., 0] + squares, 0, 100), lab[..., 1:]]))


_CHANGES = {"register": _moved, "mode": _lit, "density": _drawn}


# --- outside -------------------------------------------------------------------------------------------


def elsewhere(picture: np.ndarray, named: Sequence[tuple[float, float]]) -> Iterator[tuple[str, np.ndarray]]:
    """The picture changed outside some stretches of its width: ways that move pixels a lot and curves little.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8
    named : sequence of (start, end)
        Fractions of the width in which, and near which (what is measured is blurred), nothing is to change.

    Yields
    ------
    (name, np.ndarray of shape (H, W, 3), uint8)
        What lies outside is mirrored stretch by stretch, which keeps what is there and moves it; turned upside down; or
        gets other hues. Borders are blended. Nothing where hardly anything lies outside.
    """
    n = 64
    free = np.array([all(k + 1 + FAR <= n * start or k - FAR >= n * end for start, end in named) for k in range(n)])
    if free.sum() < 8:
        return
    width = picture.shape[1]
    x = (np.arange(width) + 0.5) * n / width
    inside = np.interp(x, np.arange(n) + 0.5, ndimage.minimum_filter1d(free.astype(float), 3))
    weight = np.minimum(inside * 2, 1)[None, :, None]  # 0 in what is named, 1 outside, soft between

    def blended(other):
        return (weight * other + (1 - weight) * picture).round().astype(np.uint8)

    columns = np.flatnonzero(np.interp(x, np.arange(n) + 0.5, free.astype(float)) == 1)
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    for turned in (runs, *([run] for run in runs)) if len(runs) > 1 else (runs,):
        moved = picture.copy()
        for run in turned:
            moved[:, run] = picture[:, run[::-1]]
        yield "mirrored", blended(moved)
    yield "upside down", blended(picture[::-1])
    yield "other hues", blended(many_hues(picture))


# --- the whole picture -----------------------------------------------------------------------------------


def tint(picture, *, redness=0.0, yellowness=0.0):
    """Add to a* and b*; L* stays."""
    return lab_to_picture(rgb_to_lab(picture) + np.array([0.0, redness, yellowness]))


def one_hue(picture):
    """Turn every colour to the hue of the mean colour; L* and chroma stay."""
    lab = rgb_to_lab(picture)
    direction = lab[..., 1:].mean(axis=(0, 1))
    direction /= max(float(np.hypot(*direction)), 1e-9)
    return lab_to_picture(np.dstack([lab[..., :1], np.hypot(lab[..., 1], lab[..., 2])[..., None] * direction]))


def many_hues(picture, n_turns=3):
    """Turn the hue from left to right, once and again round; L* and chroma stay."""
    lab = rgb_to_lab(picture)
    turn = np.exp(2j * np.pi * n_turns * np.linspace(0, 1, lab.shape[1]))
    colour = (lab[..., 1] + 1j * lab[..., 2]) * turn
    return lab_to_picture(np.dstack([lab[..., 0], colour.real, colour.imag]))


def soften(picture, amount=1.5):
    """Blur by `amount` pixels of the standard copy."""
    pixel = max(picture.shape[:2]) / SIDE
    return ndimage.gaussian_filter(picture, (amount * pixel, amount * pixel, 0))


def shake(picture, amount=4.0, wave=16.0):
    """Let every line waver: pixels are moved by sines of `amount` and `wave` pixels of the standard copy."""
    height, width = picture.shape[:2]
    pixel = max(height, width) / SIDE
    rows, columns = np.mgrid[:height, :width].astype(float)
    moved = [
        rows + amount * pixel * np.sin(2 * np.pi * columns / (wave * pixel)),
        columns + amount * pixel * np.sin(2 * np.pi * rows / (wave * pixel)),
    ]
    return np.dstack(
        [ndimage.map_coordinates(channel, moved, order=1, mode="nearest") for channel in picture.T.swapaxes(1, 2)]
    )


def calm(picture, amount=12.0):
    """Smear along the rows, so that level lines are what is left."""
    pixel = max(picture.shape[:2]) / SIDE
    return ndimage.gaussian_filter1d(picture.astype(float), amount * pixel, axis=1).round().astype(np.uint8)


def cut(picture, cell=12):
    """Cut into squares of `cell` pixels of the standard copy, each of one colour: all outlines get corners."""
    side = max(1, round(cell * max(picture.shape[:2]) / SIDE))
    return picture[::side, ::side].repeat(side, 0).repeat(side, 1)[: picture.shape[0], : picture.shape[1]]


def round_off(picture, amount=9):
    """The middle value of the surroundings, `amount` pixels of the standard copy wide: corners are rounded."""
    size = max(3, round(amount * max(picture.shape[:2]) / SIDE))
    return ndimage.median_filter(picture, (size, size, 1))


def spotlight(picture, width=0.12):
    """Leave what lies about the place that stands out most, and fade the rest to the mean colour."""
    return _faded(picture, width, inside=False)


def dim(picture, width=0.2):
    """Fade what lies about the place that stands out most to the mean colour, and leave the rest."""
    return _faded(picture, width, inside=True)


def _faded(picture, width, *, inside):
    from ..visual_features import saliency

    salient = ndimage.gaussian_filter(saliency(picture), 6.0)
    row, column = np.unravel_index(salient.argmax(), salient.shape)
    height, wide = picture.shape[:2]
    away = np.hypot(
        (np.arange(height)[:, None] / height - row / salient.shape[0]) * height / max(height, wide),
        (np.arange(wide) / wide - column / salient.shape[1]) * wide / max(height, wide),
    )
    kept = np.exp(-((away / width) ** 2) / 2)[..., None]
    kept = 1 - kept if inside else kept
    return (kept * picture + (1 - kept) * picture.reshape(-1, 3).mean(axis=0)).round().astype(np.uint8)


#: What can be done to a whole picture: the edits of the benchmark, and some stronger or stranger ones.
CHANGES = {
    **{name: edit.function for name, edit in edits.EDITS.items()},
    "grey out": lambda picture: edits.grey(picture, 1.0),
    "redder": lambda picture: tint(picture, redness=15),
    "greener": lambda picture: tint(picture, redness=-15),
    "yellower": lambda picture: tint(picture, yellowness=20),
    "bluer": lambda picture: tint(picture, yellowness=-20),
    "one hue": one_hue,
    "many hues": many_hues,
    "soften": soften,
    "shake": shake,
    "calm": calm,
    "cut": cut,
    "round off": round_off,
    "spotlight": spotlight,
    "dim": dim,
}


def pulls(before: VisualFeatures, after: VisualFeatures, quality: str) -> dict[str, float]:
    """How far each feature's change pulls a quality, by the rules: feature -> standard units, those of rules only."""
    moved = {name: after.standardised(name) - before.standardised(name) for name in before.whole}
    found: dict[str, float] = {}
    for contribution in crossmodal.contributions(moved):
        if contribution.quality == quality:
            for name, term in contribution.terms.items():
                found[name] = found.get(name, 0.0) + term
    return found
