"""Colour: how light, how far from grey, which hues and how many, and the few colours that stand for all.

`colour_histogram`, `hue_histogram` and `colourfulness` count the pixels they are given; `palette` is that of
`visual_features`, measured on the standard copy.

Taught in chapter 02, "What a picture holds".
"""

import numpy as np

from .view import as_view, standard_view

WARM = np.cos(np.radians(50)), np.sin(np.radians(50))  # orange: the direction of warm colours in the a*b* plane
GREY = 0.05  # C* units: the a* and b* that rounding gives to an exact grey are below this


def colour_histogram(picture, *, n_bins=8):
    """Share of the pixels in each cell of the sRGB cube (Swain & Ballard 1991, "Color indexing").

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB
    n_bins : int, 1 to 256
        Cells along each of red, green and blue.

    Returns
    -------
    np.ndarray, shape (n_bins, n_bins, n_bins), float64, sums to 1; axes red, green, blue

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8, or `n_bins` is not from 1 to 256.

    Notes
    -----
    Taught in chapter 02.
    """
    if not 1 <= n_bins <= 256:
        raise ValueError(f"A colour histogram takes 1 to 256 bins a channel, {n_bins} were asked for.")
    pixels = as_view(picture).picture.reshape(-1, 3)
    bin_of = np.arange(256) * n_bins // 256
    red, green, blue = bin_of[pixels.T]
    counts = np.bincount((red * n_bins + green) * n_bins + blue, minlength=n_bins**3)
    return counts.reshape(n_bins, n_bins, n_bins) / len(pixels)


def hue_histogram(picture, *, n_hues=24):
    """How the picture's colour is spread over the hues of L*a*b*, every pixel counting by its chroma.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB
    n_hues : int, positive
        Hue k lies at k * 360 / n_hues degrees; a pixel between two hues is shared between them, so that a small turn
        of hue is a small change of the histogram.

    Returns
    -------
    np.ndarray, shape (n_hues,), float64, sums to 1; all 0 for a grey picture, which has no hue

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8, or `n_hues` is not positive.

    Notes
    -----
    Taught in chapter 02.
    """
    if n_hues < 1:
        raise ValueError(f"At least one hue is needed, {n_hues} were asked for.")
    view = as_view(picture)
    counts = _hue_counts(view.hue, np.where(view.chroma > GREY, view.chroma, 0.0), n_hues)
    return counts / max(counts.sum(), 1e-9)


def _hue_counts(hue, weight, n_hues):
    """Sum of weights at each hue, every pixel shared between the two nearest."""
    position = hue.ravel() * (n_hues / (2 * np.pi))
    below = np.floor(position)
    part = position - below
    below = below.astype(int) % n_hues
    weight = weight.ravel()
    counts = np.bincount(below, weight * (1 - part), n_hues)
    counts += np.bincount((below + 1) % n_hues, weight * part, n_hues)
    return counts


def colourfulness(picture):
    """How colourful people find the picture (Hasler & Suesstrunk 2003, "Measuring colourfulness in natural images").

    With rg = R - G and yb = (R + G) / 2 - B: the spread of both, sqrt(std(rg)^2 + std(yb)^2), plus 0.3 times how far
    their means lie from grey, sqrt(mean(rg)^2 + mean(yb)^2).

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    float
        0 for grey; in the paper's experiment 15 was "slightly", 45 "averagely", 82 "highly", 109 "extremely colourful".

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02.
    """
    red, green, blue = np.moveaxis(as_view(picture).picture.astype(np.float64), 2, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def palette(picture, *, n_colours=5):
    """The few colours that stand for all: k-means over a coarse colour histogram, started far apart (Gonzalez 1985).

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB
    n_colours : int, positive
        Colours wanted at most; a picture of fewer gives fewer.

    Returns
    -------
    np.ndarray, shape (k, 4), float64
        L*, a*, b* and share of the picture (standard copy), largest share first; shares sum to 1.

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8, or `n_colours` is not positive.

    Notes
    -----
    Taught in chapter 02.
    """
    if n_colours < 1:
        raise ValueError(f"At least one colour is needed, {n_colours} were asked for.")
    colours, count = _colour_cells(standard_view(picture).lab.reshape(-1, 3))
    centres = colours[[count.argmax()]]
    while len(centres) < min(n_colours, len(colours)):
        distance = ((colours[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        centres = np.vstack([centres, colours[(distance * count).argmax()]])
    for _ in range(8):
        nearest = ((colours[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        share = np.bincount(nearest, count, len(centres))
        sums = np.stack([np.bincount(nearest, count * channel, len(centres)) for channel in colours.T], axis=1)
        centres = np.where(share[:, None] > 0, sums / np.maximum(share, 1)[:, None], centres)
    found = np.column_stack([centres, share / share.sum()])[share > 0]
    return found[np.argsort(-found[:, 3], kind="stable")]


def _colour_cells(pixels):
    """Mean colour, and number of pixels, of each cell of L*a*b* that holds any; a cell is 12 units a side."""
    cell = np.floor(pixels / 12.0).astype(int) + 16  # never negative
    _, cell, count = np.unique(cell @ (1, 64, 4096), return_inverse=True, return_counts=True)
    return np.stack([np.bincount(cell.ravel(), channel) for channel in pixels.T], axis=1) / count[:, None], count


def colour_numbers(view):
    """The numbers of `FEATURES` that are about colour and light."""
    redness, yellowness = view.lab[..., 1:].mean(axis=(0, 1))
    lightness, chroma = view.lightness.mean(), view.chroma.mean()
    return {
        "lightness": lightness,
        "chroma": chroma,
        # Of the means rather than the mean of each pixel's: black pixels have a chroma of noise and no lightness.
        "saturation": chroma / max(np.hypot(chroma, lightness), 1e-9),
        "yellowness": yellowness,
        "redness": redness,
        "warmth": redness * WARM[0] + yellowness * WARM[1],
        "contrast": view.contrast,
        "colour_entropy": _colour_entropy(view),
    }


def _colour_entropy(view):
    """Entropy of hue, bits, every pixel counting by its chroma; greys have no hue and so no entropy."""
    counts = _hue_counts(view.hue, view.chroma, n_hues=24)
    total = counts.sum()
    if total <= 0:
        return 0.0
    shares = counts[counts > 0] / total
    chroma = view.chroma.mean()
    return -(shares * np.log2(shares)).sum() * chroma / (chroma + 1.0)
