"""Shape: edges and their directions, outlines, round or angular, and what the mirror says.

`edges`, `hog` and `contours` take the picture at its own size; `angularity` and `symmetry` are those of
`visual_features`, measured on the standard copy.

Taught in chapter 02, "What a picture holds".
"""

import numpy as np
from scipy import ndimage
from skimage.feature import canny
from skimage.filters import threshold_otsu
from skimage.measure import find_contours

from .layout import columns_matrix
from .view import NO_FORM, SIDE, as_view, slopes, standard_view


def edges(picture, *, sigma=2.0):
    """Edges one pixel thin (Canny 1986, by scikit-image).

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB
        Its L* is looked at, in units of its own contrast: an edge begins where the blurred lightness rises by 0.1
        standard deviations a pixel, and goes on down to half of that.
    sigma : float, positive
        Standard deviation of the blur before, pixels: the larger, the fewer and the broader the edges.

    Returns
    -------
    np.ndarray, shape (H, W), bool

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8, or `sigma` is not positive.

    Notes
    -----
    Taught in chapter 02.
    """
    if not sigma > 0:
        raise ValueError(f"The blur must be wider than 0 pixels, {sigma} was asked for.")
    # scikit-image measures slopes with Sobel's filter, which sums to 8
    return canny(as_view(picture).form, sigma=sigma, low_threshold=8 * 0.05, high_threshold=8 * 0.1)


def hog(picture, *, n_orientations=9, cells=4):
    """Histogram of oriented gradients: which way the edges run, in each cell of a grid (Dalal & Triggs 2005).

    One grid covers the whole picture, whatever its size; a pixel on the border of two cells is shared between them,
    and so is one between two orientations.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB
    n_orientations : int, positive
        Directions of the slope, without sign: k * 180 / n_orientations degrees from rightwards to downwards;
        orientation 0 is that of upright edges.
    cells : int, positive
        Cells a side.

    Returns
    -------
    np.ndarray, shape (cells, cells, n_orientations), float64, >= 0
        From top to bottom, from left to right; squares sum to 1, or all are 0 for a picture of one colour.

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8, or a number is not positive.

    Notes
    -----
    Taught in chapter 02.
    """
    if n_orientations < 1 or cells < 1:
        raise ValueError(f"At least one orientation and one cell are needed, not {n_orientations} and {cells}.")
    form = as_view(picture).form
    height, width = form.shape
    right, down = slopes(form)
    strength = np.sqrt(right**2 + down**2).ravel()
    position = (np.arctan2(down, right) % np.pi).ravel() * (n_orientations / np.pi)
    below = position.astype(int)
    part = position - below
    pixel = np.arange(form.size)
    maps = np.zeros((n_orientations, form.size))
    maps[below % n_orientations, pixel] = strength * (1 - part)
    maps[(below + 1) % n_orientations, pixel] += strength * part
    rows, columns = columns_matrix(height, cells), columns_matrix(width, cells)
    histogram = np.moveaxis(rows @ maps.reshape(-1, height, width) @ columns.T, 0, 2)
    return histogram / max(np.linalg.norm(histogram), 1e-9)


def contours(picture):
    """Outlines: the lines along which the blurred lightness crosses from the dark things to the light ones.

    The blur is one of 2 pixels, the threshold Otsu's (1979); the lines go between the pixels (marching squares, by
    scikit-image).

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    list of np.ndarray, each of shape (n, 2)
        Points x, y in pixels, y downwards, the middle of the first pixel at 0, 0 (as `imshow` draws); longest line
        first. A closed line ends where it began. A picture of one lightness, or one pixel thin, has none.

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02.
    """
    broad = as_view(picture).broad
    if min(broad.shape) < 2 or np.ptp(broad) < NO_FORM:
        return []
    lines = [line[:, ::-1] for line in find_contours(broad, threshold_otsu(broad))]
    return sorted(lines, key=line_length, reverse=True)


def line_length(line):
    """Length of a line through points, shape (n, 2)."""
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def angularity(picture):
    """How far outlines bend in corners.

    A circle bends everywhere alike, a polygon only in its corners. With bend the curvature of the lines of equal
    lightness, it is 1 - mean(|bend|)^2 / mean(bend^2): 0 for a circle (Cauchy and Schwarz), towards 1 the more the
    bending is crowded into corners. Whether the picture is sharp or blurred, fine or coarse is taken out before: that
    is `fineness`.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    float, 0 round .. 1 angular; 0 where there is no outline

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02; one of the numbers of `visual_features`.
    """
    right, down = slopes(standard_view(picture).drawn)
    steep = right**2 + down**2
    if steep.sum() < 1e-9:
        return 0.0
    (right_right, right_down), (_, down_down) = slopes(right), slopes(down)
    bend = right_right * down**2 - 2 * right_down * right * down + down_down * right**2
    bend = np.clip(np.abs(bend) / (steep + 1e-5) ** 1.5, 0.0, 0.5)  # nothing bends tighter than the blur before it
    weight = steep**2 / (steep**2).sum()  # outlines count, not the texture between them
    slightest = 1 / SIDE  # a bend so wide that it passes for straight
    return float(1 - (weight * bend).sum() ** 2 / ((weight * bend**2).sum() + slightest**2))


def symmetry(picture):
    """How well the picture matches its mirror image, left to right.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    float
        1: equal to its mirror image; one half: nothing to do with it; 0: its negative.

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02; one of the numbers of `visual_features`.
    """
    broad = ndimage.gaussian_filter(standard_view(picture).coarse, 2.0)
    broad = broad - broad.mean()
    return float(0.5 + 0.5 * ((broad * broad[:, ::-1]).mean() + 1e-6) / ((broad**2).mean() + 1e-6))
