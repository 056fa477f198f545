"""Texture: what repeats, how fine and how rough it is, and which way it runs.

`lbp_histogram`, `glcm` and `gabor_energies` speak of neighbouring pixels and take the picture at its own size; hand
them `standard_copy(picture)` for numbers that mean the same at any size. The others measure the standard copy
themselves.

Taught in chapter 02, "What a picture holds".
"""

import numpy as np
from scipy import fft, ndimage

from .view import as_view, slopes, standard_view

ROUNDING = 1e-6  # L* units: lightnesses this near to each other are the same
_RING = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))  # the eight neighbours, down and right
_DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1))  # right, down right, down, down left


def lbp_histogram(picture, *, radius=1):
    """Local binary patterns, uniform and blind to rotation (Ojala, Pietikainen & Maenpaa 2002).

    Each pixel's eight neighbours, `radius` away along rows, columns and diagonals, are asked whether they are at least
    as light as it is. Going round, at most two changes between yes and no make a uniform pattern, which is counted by
    its number of yes; all other patterns count together. The paper interpolates on a circle; the neighbours taken here
    are pixels, and so a change of lightness that keeps the order of greys changes nothing at all.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB
        Its L* is compared; the border pixels are repeated outwards.
    radius : int, positive
        Pixels.

    Returns
    -------
    np.ndarray, shape (10,), float64, sums to 1
        Share of the pixels with 0 (a bright spot) .. 4 (an edge) .. 8 (flat, or a dark spot) yes; last, not uniform.

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8, or `radius` is not positive.

    Notes
    -----
    Taught in chapter 02.
    """
    if radius < 1:
        raise ValueError(f"The neighbours must be at least 1 pixel away, {radius} was asked for.")
    lightness = as_view(picture).lightness
    height, width = lightness.shape
    around = np.pad(lightness + ROUNDING, radius, mode="edge")
    code = np.zeros(lightness.shape, np.uint8)
    for bit, (down, right) in enumerate(_RING):
        top, left = radius * (1 + down), radius * (1 + right)
        code |= (around[top : top + height, left : left + width] >= lightness).view(np.uint8) << bit
    return np.bincount(_PATTERN[code.ravel()], minlength=10) / code.size


def _patterns():
    """The bin of each of the 256 answers."""
    answers = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    changes = (answers != np.roll(answers, 1, axis=1)).sum(axis=1)
    return np.where(changes <= 2, answers.sum(axis=1), 9).astype(np.intp)


_PATTERN = _patterns()


def glcm(picture, *, distance=1, n_levels=32):
    """Grey-level co-occurrence: how often each two levels of lightness stand side by side (Haralick et al. 1973).

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB
        Its L*, 0..100, is cut into equal levels.
    distance : int, positive
        Pixels from one of the pair to the other along rows and columns; diagonally as many of each.
    n_levels : int, positive

    Returns
    -------
    np.ndarray, shape (4, n_levels, n_levels), float64, symmetric, each sums to 1
        Pairs to the right, down right, down, down left. A picture too thin for a direction is repeated at its border.

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8, or `distance` or `n_levels` is not positive.

    Notes
    -----
    Taught in chapter 02.
    """
    if distance < 1 or n_levels < 1:
        raise ValueError(f"Distance and number of levels must be positive, these are {distance} and {n_levels}.")
    level = np.clip(as_view(picture).lightness * (n_levels / 100), 0, n_levels - 1).astype(int)
    level = np.pad(level, [(0, max(0, distance + 1 - n)) for n in level.shape], mode="edge")
    height, width = level.shape
    counts = []
    for down, right in _DIRECTIONS:
        down, right = distance * down, distance * right
        first = level[: height - down, max(0, -right) : width - max(0, right)]
        second = level[down:, max(0, right) : width + min(0, right)]
        pairs = np.bincount((first * n_levels + second).ravel(), minlength=n_levels**2).reshape(n_levels, n_levels)
        counts.append((pairs + pairs.T) / (2 * first.size))
    return np.array(counts)


def glcm_properties(glcm):
    """Five numbers of co-occurrence matrices (Haralick et al. 1973), each the mean over the directions.

    Parameters
    ----------
    glcm : np.ndarray, shape (..., n_levels, n_levels), each sums to 1
        p(i, j), as `glcm` gives it.

    Returns
    -------
    dict of str to float
        contrast, sum of p (i - j)^2; homogeneity, sum of p / (1 + (i - j)^2); energy, sqrt of the sum of p^2;
        correlation of i and j, 1 where there is one level only; entropy, - sum of p log2 p, bits.

    Raises
    ------
    ValueError
        The last two axes are not equally long.

    Notes
    -----
    Taught in chapter 02.
    """
    p = np.asarray(glcm, dtype=np.float64)
    if p.ndim < 2 or p.shape[-1] != p.shape[-2]:
        raise ValueError(f"Square matrices of shape (..., n_levels, n_levels) are needed, these are {p.shape}.")
    i, j = np.indices(p.shape[-2:])

    def mean(of):
        return (p * of).sum(axis=(-2, -1))

    covariance = mean(i * j) - mean(i) * mean(j)
    spread = np.sqrt(np.maximum((mean(i * i) - mean(i) ** 2) * (mean(j * j) - mean(j) ** 2), 0))
    one_level = spread < 1e-9
    found = {
        "contrast": mean((i - j) ** 2),
        "homogeneity": mean(1 / (1 + (i - j) ** 2)),
        "energy": np.sqrt(mean(p)),
        "correlation": np.where(one_level, 1.0, covariance / np.where(one_level, 1.0, spread)),
        "entropy": -mean(np.log2(np.where(p > 0, p, 1.0))),
    }
    return {name: float(values.mean()) for name, values in found.items()}


def gabor_energies(picture, *, wavelengths=(4, 8, 16, 32), n_orientations=6):
    """How much of the picture's form are waves of each length and direction (Gabor 1946; Daugman 1985).

    A Gabor filter is a wave under a bell, here round and an octave wide. Its mean squared answer is a sum over the
    spectrum (Parseval), so that no picture is ever filtered; before, what the jump from the picture's one border to
    the opposite one would add is taken out (Moisan 2011, "Periodic plus smooth image decomposition").

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB
        Its L* is filtered, in units of its own contrast.
    wavelengths : sequence of float, 2 or more
        Pixels.
    n_orientations : int, positive
        Directions in which the wave goes, k * 180 / n_orientations degrees from rightwards to downwards: orientation
        0 answers to upright stripes.

    Returns
    -------
    np.ndarray, shape (len(wavelengths), n_orientations), float64, >= 0
        A grating of just that length and direction gives 1, the variance of the form; filters overlap, so that the sum
        over all may exceed 1. A picture of one colour gives 0.

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8, or a wavelength is below 2, or there is no orientation.

    Notes
    -----
    Taught in chapter 02.
    """
    wavelengths = np.array(wavelengths, dtype=float)
    if wavelengths.ndim != 1 or not (wavelengths >= 2).all() or n_orientations < 1:
        raise ValueError(
            f"Wavelengths of 2 pixels or more, and at least one orientation, are needed; these are "
            f"{wavelengths.tolist()} and {n_orientations}."
        )
    form = as_view(picture).form
    power = np.abs(_periodic_spectrum(form)) ** 2 / form.size**2
    frequency = 1 / np.repeat(wavelengths, n_orientations)  # (filters,), cycles a pixel
    angle = np.tile(np.arange(n_orientations) * np.pi / n_orientations, len(wavelengths))
    width = frequency / (2 * np.pi * _OCTAVE)  # of the bell's transform
    right, down = (
        np.exp(-(((fft.fftfreq(n) - middle[:, None]) / width[:, None]) ** 2))
        for n, middle in ((form.shape[1], frequency * np.cos(angle)), (form.shape[0], frequency * np.sin(angle)))
    )
    # Twice: a wave has its mirror image in the spectrum. Not @, whose threads cost more than sums this thin.
    energies = 2 * (np.einsum("fy,yx->fx", down, power) * right).sum(axis=1)
    return energies.reshape(len(wavelengths), n_orientations)


_OCTAVE = 3 / np.pi * np.sqrt(np.log(2) / 2)  # standard deviation of the bell, in wavelengths


def _periodic_spectrum(form):
    """Spectrum of the form less the smooth part that carries its jumps between opposite borders, shape (H, W)."""
    height, width = form.shape
    jumps = np.zeros_like(form)
    jumps[0] += form[-1] - form[0]
    jumps[-1] += form[0] - form[-1]
    jumps[:, 0] += form[:, -1] - form[:, 0]
    jumps[:, -1] += form[:, 0] - form[:, -1]
    bend = 2 * (np.cos(2 * np.pi * fft.fftfreq(width)) + np.cos(2 * np.pi * fft.fftfreq(height))[:, None]) - 4
    bend[0, 0] = 1.0  # the mean, which belongs to neither part
    return fft.fft2(form) - fft.fft2(jumps) / bend


def fineness(picture):
    """Mean spatial frequency: the centre of the spectrum of lightness on a log axis.

    The spectrum is that of the cosine transform, which sees the picture mirrored at its edges, so that opposite edges
    that differ are no false detail.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    float, octaves above one cycle per picture width

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02; one of the numbers of `visual_features`.
    """
    view = standard_view(picture)
    height, width = view.form.shape
    power = fft.dctn(view.form) ** 2
    frequency = np.hypot(np.arange(width), np.arange(height)[:, None] * width / height) / 2  # cycles per width
    frequency[0, 0] = 0.5  # the mean, which form has not
    # Grain finer than about 1/5 cycle a pixel is roughness's, not fineness's.
    power = power * np.exp(-((frequency / (0.2 * width)) ** 4))
    power[0, 0] = 1e-6
    return float((power * np.log2(frequency)).sum() / power.sum() - np.log2(view.width_share))


def directionality(picture):
    """How far all lines run one way: coherence of the structure tensor of the whole picture (Bigun & Granlund 1987).

    With gx and gy the slopes to the right and downwards, |sum of (gx + i gy)^2| / sum of |gx + i gy|^2: squared as
    complex numbers, opposite slopes agree and slopes at right angles cancel. (Tamura's directionality of 1978 looks for
    any number of peaks instead: a grid of bars is directed there, and is not here.)

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    float, 0 every way alike .. 1 all one way

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02.
    """
    right, down = standard_view(picture).slope
    steep = (right**2 + down**2).sum()
    return float(np.hypot((right**2 - down**2).sum(), 2 * (right * down).sum()) / max(steep, 1e-9))


def roughness(picture):
    """How strongly the finest detail varies, relative to the picture's contrast.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    float, 0 smooth .. 1 nothing but grain

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02; one of the numbers of `visual_features`.
    """
    return float(np.mean(np.sqrt(standard_view(picture).grain)) ** 2)


def regularity(picture):
    """How well the picture matches itself moved: the highest autocorrelation at a move of 1/10 to 4/10 of the side.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    float, 0 scattered .. 1 repeating

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02; one of the numbers of `visual_features`.
    """
    coarse = standard_view(picture).coarse
    detail = ndimage.gaussian_filter(coarse, 1.0) - ndimage.gaussian_filter(coarse, 4.0)
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
    return float(np.clip((match[fair] / overlap[fair]).max(initial=0.0) / energy, 0.0, 1.0))


def line_agitation(picture):
    """How restlessly lines change direction: 1 - coherence of the structure tensor around each place.

    As `directionality`, but neighbourhood by neighbourhood (Bigun & Granlund 1987). Whether the picture is sharp or
    blurred, fine or coarse is taken out before: that is `fineness`.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    float, 0 all lines of a neighbourhood run alike .. 1 in every direction; 0 where there are none

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02; one of the numbers of `visual_features`.
    """
    right, down = slopes(standard_view(picture).drawn)
    if (right**2 + down**2).sum() < 1e-9:
        return 0.0
    xx, yy, xy = (ndimage.gaussian_filter(product, 6.0, truncate=3.0) for product in (right**2, down**2, right * down))
    return float(1 - np.hypot(xx - yy, 2 * xy).sum() / (xx + yy).sum())
