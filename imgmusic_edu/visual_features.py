"""What a picture holds: named numbers, for the whole and for columns from left to right.

The composer stands on these numbers, so each of them moves with the one thing it is named after and stays put
otherwise. Colour is read in CIE L*a*b*. Everything that is about form (fineness, roughness, angularity, what stands
out ...) is divided by the picture's own contrast, so that contrast alone moves nothing but `contrast`; turned upside
down, only heights change, and they change to one minus themselves.

Everything is measured on a copy with a longest side of 256 pixels: a picture means the same large or small.

Taught in chapter 02; chapter 10 turns the numbers into a score.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.color import rgb2lab

SIDE = 256  # longest side of the copy that is measured, pixels
GLANCE = 64  # longest side of the copy in which one looks for what stands out, pixels (as Hou & Zhang 2007)
LIGHTNESS_NOISE = 1.0  # L* units: variation smaller than this is rounding or film grain, not form
CHROMA_NOISE = 3.0  # the same for a* and b*, where JPEG is coarser


class Feature(NamedTuple):
    """One named property of a picture; `low` and `high` are its 10th and 90th percentile over natural pictures."""

    name: str
    unit: str
    low: float
    high: float
    description: str


# `low` and `high`: measured with `visual_features` over the 220 photographs and paintings of data/ (monuments,
# animals, tools, landscapes, planets ...); tests/test_visual_features.py measures them again.
FEATURES = {
    feature.name: feature
    for feature in (
        Feature("lightness", "L*", 33.6, 75.7, "how light it is, 0 black .. 100 white"),
        Feature("chroma", "C*", 5.9, 32.4, "how far its colours are from grey"),
        Feature("saturation", "ratio", 0.104, 0.566, "chroma seen against lightness, 0 grey .. 1 pure"),
        Feature("yellowness", "b*", -15.6, 23.3, "yellow above 0, blue below"),
        Feature("redness", "a*", -6.3, 8.4, "red above 0, green below"),
        Feature("warmth", "C*", -11.6, 19.3, "orange above 0, the blue opposite to it below"),
        Feature("contrast", "L*", 11.9, 27.6, "standard deviation of lightness"),
        Feature("fineness", "octaves", 0.16, 2.19, "mean spatial frequency, octaves above one cycle per picture width"),
        Feature("roughness", "ratio", 0.027, 0.194, "variation of the finest detail, 0 smooth .. 1 nothing but grain"),
        Feature("angularity", "ratio", 0.456, 0.723, "outlines that bend in corners, 0 round .. 1 angular"),
        Feature("complexity", "ratio", 0.185, 0.448, "share of the picture taken up by edges"),
        Feature("regularity", "ratio", 0.148, 0.463, "how well it matches itself moved, 0 scattered .. 1 repeating"),
        Feature("symmetry", "ratio", 0.440, 0.924, "how well it matches its mirror image, left to right"),
        Feature("colour_entropy", "bits", 1.31, 3.09, "how many hues it holds, and how evenly"),
        Feature("salient_height", "ratio", 0.383, 0.578, "how high lies what stands out, 0 bottom .. 1 top"),
        Feature("salient_size", "ratio", 0.275, 0.739, "share of the picture taken up by what stands out"),
        Feature("object_count", "things", 1.00, 3.80, "how many things stand out, counted by their strength"),
        Feature("line_agitation", "ratio", 0.153, 0.515, "how restlessly lines change direction, 0 calm .. 1 agitated"),
    )
}


@dataclass(frozen=True)
class VisualFeatures:
    """What `visual_features` found in one picture.

    Attributes
    ----------
    whole : dict of str to float
        One number for each name in `FEATURES`, in its unit.
    columns : dict of str to np.ndarray, shape (n_columns,)
        From left to right: lightness, chroma, warmth, contrast, roughness, edge_density, skyline (0 bottom .. 1 top),
        mass (shares, sum 1).
    palette : np.ndarray, shape (k, 4)
        L*, a*, b* and share of the picture of its main colours, largest share first.
    saliency : np.ndarray, shape (h, w), float32, non-negative
        How much each place stands out; sums to 1.
    """

    whole: dict[str, float]
    columns: dict[str, np.ndarray]
    palette: np.ndarray
    saliency: np.ndarray

    def standardised(self, name):
        """Where this picture stands among natural ones, a float without unit, for a name in `FEATURES`.

        0 in the middle, -1.28 at `low`, +1.28 at `high` (the 90th percentile of a normal distribution, so that it
        reads like a z score); linear and never clipped.
        """
        feature = FEATURES[name]
        middle = (feature.low + feature.high) / 2
        return 2.56 * (self.whole[name] - middle) / (feature.high - feature.low)

    def region(self, first, last=None, *, share=0.5):
        """The part of the picture that speaks in some columns.

        Parameters
        ----------
        first, last : int
            First and last column, both counted in; `last` is `first` where it is not given.
        share : float
            Share of the columns' saliency to hold, centred: one half leaves a quarter above and a quarter below.

        Returns
        -------
        tuple of float
            (x0, y0, x1, y1), fractions of width and height, y from the top.
        """
        n_columns = len(self.columns["mass"])
        last = first if last is None else last
        if not 0 <= first <= last < n_columns:
            raise ValueError(f"Columns {first} to {last} asked for, but they run from 0 to {n_columns - 1}.")
        height, width = self.saliency.shape
        rows = self.saliency @ _columns_matrix(width, n_columns)[first : last + 1].sum(axis=0)
        cumulative = np.concatenate([[0.0], np.cumsum(rows)])
        wanted = cumulative[-1] * np.array([(1 - share) / 2, (1 + share) / 2])
        y0, y1 = np.interp(wanted, cumulative, np.linspace(0.0, 1.0, height + 1))
        return first / n_columns, float(y0), (last + 1) / n_columns, float(y1)


def visual_features(picture, *, n_columns=64):
    """Measure a picture: colour, texture, shape, layout, for the whole and by columns, in one pass.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8
        sRGB, as `open_picture` gives it.
    n_columns : int, positive
        How many columns to cut it into.

    Returns
    -------
    VisualFeatures

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8, or `n_columns` is not positive.

    Notes
    -----
    Taught in chapter 02, section "Numbers with names".
    """
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
        raise ValueError(
            f"A picture of shape (H, W, 3) and type uint8 is needed, this is {picture.shape} {picture.dtype}; "
            "open_picture makes one from any file or array."
        )
    if n_columns < 1:
        raise ValueError(f"At least one column is needed, {n_columns} were asked for.")
    copy = _copy(picture, SIDE)
    lab = rgb2lab(copy)
    lightness, colour = lab[..., 0], lab[..., 1:]
    contrast = lightness.std()
    # Form is measured in units of the picture's own contrast; the floor keeps rounding noise from counting as form.
    form = (lightness - lightness.mean()) / np.hypot(contrast, LIGHTNESS_NOISE)
    coarse = _copy(form.astype(np.float32), SIDE // 2)
    glance = _saliency(rgb2lab(_copy(copy, GLANCE)))
    saliency = _enlarged(glance, lightness.shape)
    slope = _slopes(ndimage.gaussian_filter(form, 2.0))
    edges = np.hypot(*slope)
    edges = edges / (edges + 0.1)  # 0.1 standard deviations a pixel counts as half an edge
    grain = _grain(form)
    whole = {
        **_colour_numbers(lightness, colour),
        "contrast": contrast,
        "fineness": _fineness(form),
        "roughness": np.mean(np.sqrt(grain)) ** 2,
        **_line_numbers(slope),
        "complexity": edges.mean(),
        "regularity": _regularity(coarse),
        "symmetry": _symmetry(coarse),
        **_layout_numbers(glance, saliency),
    }
    columns = _column_numbers(lab, grain, edges, saliency, n_columns)
    return VisualFeatures({name: float(whole[name]) for name in FEATURES}, columns, _palette(lab), saliency)


def _copy(picture, side):
    """The picture (or one float32 channel) with this longest side; turning the picture turns the copy, exactly."""
    height, width = picture.shape[:2]
    size = tuple(max(1, round(n * side / max(height, width))) for n in (width, height))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))


def _colour_numbers(lightness, colour):
    chroma = np.hypot(colour[..., 0], colour[..., 1])
    redness, yellowness = colour.mean(axis=(0, 1))
    mean_lightness, mean_chroma = lightness.mean(), chroma.mean()
    return {
        "lightness": mean_lightness,
        "chroma": mean_chroma,
        # Of the means rather than the mean of each pixel's: black pixels have a chroma of noise and no lightness.
        "saturation": mean_chroma / max(np.hypot(mean_chroma, mean_lightness), 1e-9),
        "yellowness": yellowness,
        "redness": redness,
        "warmth": redness * _WARM[0] + yellowness * _WARM[1],
        "colour_entropy": _colour_entropy(colour, chroma),
    }


_WARM = np.cos(np.radians(50)), np.sin(np.radians(50))  # orange: the direction of warm colours in the a*b* plane


def _colour_entropy(colour, chroma, n_hues=24):
    """Entropy of hue, bits, every pixel counting by its chroma; greys have no hue and so no entropy."""
    position = np.arctan2(colour[..., 1], colour[..., 0]).ravel() * (n_hues / (2 * np.pi))
    below = np.floor(position)
    part = position - below
    below = below.astype(int) % n_hues
    weight = chroma.ravel()
    # Shared between the two nearest hues, so that a small turn of hue is a small change of the count.
    counts = np.bincount(below, weight * (1 - part), n_hues)
    counts += np.bincount((below + 1) % n_hues, weight * part, n_hues)
    total = counts.sum()
    if total <= 0:
        return 0.0
    shares = counts[counts > 0] / total
    mean_chroma = weight.mean()
    return -(shares * np.log2(shares)).sum() * mean_chroma / (mean_chroma + 1.0)


def _fineness(form):
    """Mean spatial frequency, octaves above one cycle per picture width: the spectrum's centre on a log axis.

    The picture is mirrored at its edges first, so that opposite edges that differ are no false detail.
    """
    height, width = form.shape
    mirrored = np.pad(form, ((0, height), (0, width)), mode="symmetric")
    power = np.abs(np.fft.rfft2(mirrored)[:height, :width]) ** 2
    frequency = np.hypot(np.arange(width), np.arange(height)[:, None] * width / height) / 2  # cycles per width
    frequency[0, 0] = 0.5  # the mean, which form has not
    # Grain finer than about 1/5 cycle a pixel is roughness's, not fineness's.
    power = power * np.exp(-((frequency / (0.2 * width)) ** 4))
    power[0, 0] = 1e-6
    return (power * np.log2(frequency)).sum() / power.sum()


def _grain(form):
    """How strongly the finest detail varies around each place, in units of the picture's contrast."""
    finest = form - ndimage.gaussian_filter(form, 1.0)
    return np.sqrt(np.maximum(ndimage.gaussian_filter(finest**2, 2.0), 0.0))


def _slopes(form):
    """Rise to the right and rise downwards, per pixel."""
    return tuple(ndimage.correlate1d(form, [-0.5, 0.0, 0.5], axis=axis, mode="nearest") for axis in (1, 0))


def _line_numbers(slope):
    """How angular the outlines are and how restlessly they change direction.

    Angularity: a circle bends everywhere alike, a polygon only in its corners. With bend the curvature of the lines
    of equal lightness, it is 1 - mean(|bend|)^2 / mean(bend^2): 0 for a circle (Cauchy and Schwarz), towards 1 the
    more the bending is crowded into corners. Line agitation: 1 - coherence of the structure tensor (Bigun & Granlund
    1987), 0 where all lines of a neighbourhood run alike, 1 where they run in every direction.
    """
    right, down = slope
    steep = right**2 + down**2
    if steep.sum() < 1e-9:
        return {"angularity": 0.0, "line_agitation": 0.0}
    (right_right, right_down), (_, down_down) = _slopes(right), _slopes(down)
    bend = right_right * down**2 - 2 * right_down * right * down + down_down * right**2
    bend = np.clip(np.abs(bend) / (steep + 1e-5) ** 1.5, 0.0, 0.5)  # nothing bends tighter than the blur before it
    weight = steep**2 / (steep**2).sum()  # outlines count, not the texture between them
    slightest = 1 / SIDE  # a bend so wide that it passes for straight
    evenness = (weight * bend).sum() ** 2 / ((weight * bend**2).sum() + slightest**2)
    xx, yy, xy = (ndimage.gaussian_filter(product, 6.0, truncate=3.0) for product in (right**2, down**2, right * down))
    coherence = np.hypot(xx - yy, 2 * xy).sum() / (xx + yy).sum()
    return {"angularity": 1 - evenness, "line_agitation": 1 - coherence}


def _regularity(form):
    """How well the picture matches itself moved: the highest autocorrelation at a move of 1/10 to 4/10 of the side."""
    detail = ndimage.gaussian_filter(form, 1.0) - ndimage.gaussian_filter(form, 4.0)
    detail = detail - detail.mean()
    energy = (detail**2).mean()
    if energy < 1e-6:
        return 0.0
    height, width = detail.shape
    padded = 2 * height, 2 * width
    spectrum = np.fft.rfft2(detail, padded)
    match = np.fft.irfft2(np.abs(spectrum) ** 2, padded)
    down, right = (np.minimum(np.arange(n), n - np.arange(n)) for n in padded)  # how far each entry is moved
    overlap = np.outer(height - down, width - right)
    moved = np.hypot(down[:, None], right)
    fair = (moved >= 0.1 * max(detail.shape)) & (down[:, None] <= 0.4 * height) & (right <= 0.4 * width)
    return np.clip((match[fair] / overlap[fair]).max(initial=0.0) / energy, 0.0, 1.0)


def _symmetry(form):
    """1: equal to its mirror image; one half: nothing to do with it; 0: its negative."""
    broad = ndimage.gaussian_filter(form, 2.0)
    broad = broad - broad.mean()
    return 0.5 + 0.5 * ((broad * broad[:, ::-1]).mean() + 1e-6) / ((broad**2).mean() + 1e-6)


def _saliency(lab):
    """What stands out: places unlike their surroundings, small or large (Itti, Koch & Niebur 1998).

    Three maps of squared difference: from the near surroundings, from the whole picture (Achanta et al. 2009), and
    along outlines, for a landscape whose skyline stands out rather than its sky. Each is summed to 1 and then counts
    the more the smaller the share of the picture it picks. Lightness and colour each count by their own spread,
    so contrast and saturation change little.
    """
    saliency = np.zeros(lab.shape[:2])
    for channels, noise in ((lab[..., :1], LIGHTNESS_NOISE), (lab[..., 1:], CHROMA_NOISE)):
        channels = channels - channels.mean(axis=(0, 1))
        spread = (channels**2).sum(axis=2).mean()
        narrow, middle, wide = (ndimage.gaussian_filter(channels, (width, width, 0)) for width in (1.0, 2.0, 4.0))
        outline = np.concatenate(_slopes(middle), axis=2)
        for difference in (narrow - wide, middle, outline):
            picked = (difference**2).sum(axis=2) + 1e-9
            saliency += picked * (picked**2).mean() / picked.mean() ** 3 * spread / (spread + noise**2)
    return ndimage.gaussian_filter(saliency, 1.0)


def _enlarged(glance, shape):
    """The saliency map as large as the copy, summing to 1; a picture in which nothing stands out has it even."""
    full = Image.fromarray(glance.astype(np.float32)).resize(shape[::-1], Image.Resampling.BILINEAR)
    full = np.asarray(full, dtype=float) + 1e-6
    return (full / full.sum()).astype(np.float32)


def _heights(n):
    return 1 - (np.arange(n) + 0.5) / n  # of the middle of each row, 0 bottom .. 1 top


def _layout_numbers(glance, saliency):
    share = saliency.sum(axis=1, dtype=float)
    even = glance + 1e-6
    # As many things as equally strong ones would be: one strong and one faint thing are 1.1 things, not 2.
    strong, n_things = ndimage.label(glance > 2 * glance.mean() + 1e-3)
    masses = ndimage.sum_labels(glance, strong, np.arange(1, n_things + 1))
    return {
        "salient_height": share @ _heights(len(share)) / share.sum(),
        "salient_size": even.sum() ** 2 / (even**2).sum() / even.size,
        "object_count": masses.sum() ** 2 / (masses**2).sum() if n_things else 0.0,
    }


@lru_cache(maxsize=16)
def _columns_matrix(width, n_columns):
    """Weights, shape (n_columns, width): each row averages the pixels, and parts of pixels, of one column."""
    pixel = np.arange(width + 1) / width
    column = np.arange(n_columns + 1) / n_columns
    overlap = np.minimum(column[1:, None], pixel[1:]) - np.maximum(column[:-1, None], pixel[:-1])
    overlap = np.maximum(overlap, 0.0)
    overlap /= overlap.sum(axis=1, keepdims=True)
    return overlap


def _column_numbers(lab, grain, edges, saliency, n_columns):
    lightness, redness, yellowness = np.moveaxis(lab, 2, 0)
    average = _columns_matrix(lightness.shape[1], n_columns)

    def mean(of):
        return average @ of.mean(axis=0)

    saliency = saliency.astype(float)
    seen = mean(saliency)
    # Where a column holds next to nothing, the skyline rests in the middle.
    skyline = mean(saliency * (_heights(len(saliency))[:, None] - 0.5)) / (seen + 1e-3 * seen.mean()) + 0.5
    return {
        "lightness": mean(lightness),
        "chroma": mean(np.hypot(redness, yellowness)),
        "warmth": mean(redness * _WARM[0] + yellowness * _WARM[1]),
        "contrast": np.sqrt(np.maximum(mean(lightness**2) - mean(lightness) ** 2, 0.0)),
        "roughness": mean(np.sqrt(grain)) ** 2,
        "edge_density": mean(edges),
        "skyline": skyline,
        "mass": seen / seen.sum(),
    }


def _palette(lab, n_colours=5, n_rounds=8):
    """Main colours by k-means over a coarse colour histogram, started from colours far apart (Gonzalez 1985)."""
    pixels = lab.reshape(-1, 3)
    cell = np.floor(pixels / 12.0).astype(int) + 16  # 12 units of L*, a*, b* a side; never negative
    _, cell, count = np.unique(cell @ (1, 64, 4096), return_inverse=True, return_counts=True)
    colours = np.stack([np.bincount(cell.ravel(), channel) for channel in pixels.T], axis=1) / count[:, None]
    centres = colours[[count.argmax()]]
    while len(centres) < min(n_colours, len(colours)):
        distance = ((colours[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        centres = np.vstack([centres, colours[(distance * count).argmax()]])
    for _ in range(n_rounds):
        nearest = ((colours[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        share = np.bincount(nearest, count, len(centres))
        sums = np.stack([np.bincount(nearest, count * channel, len(centres)) for channel in colours.T], axis=1)
        centres = np.where(share[:, None] > 0, sums / np.maximum(share, 1)[:, None], centres)
    palette = np.column_stack([centres, share / share.sum()])[share > 0]
    return palette[np.argsort(-palette[:, 3], kind="stable")]
