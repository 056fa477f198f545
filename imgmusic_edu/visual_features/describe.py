"""One row of numbers a picture, for a table, a network or a neighbour: colour, texture, shape, by name.

Taught in chapter 02, "What a picture holds".
"""

from functools import cache

import numpy as np

from .colour import colour_histogram, colour_numbers, colourfulness, hue_histogram
from .layout import columns_matrix, enlarged, glance, layout_numbers
from .shape import angularity, contours, edges, hog, line_length, symmetry
from .texture import (
    directionality,
    fineness,
    gabor_energies,
    glcm,
    glcm_properties,
    lbp_histogram,
    line_agitation,
    regularity,
    roughness,
)
from .view import View, standard_view

_WAVELENGTHS = (4, 8, 16, 32)  # pixels of the standard copy
_N_ORIENTATIONS = 6


def _colour(view):
    return {
        **colour_numbers(view),
        "colourfulness": colourfulness(view),
        **_numbered("hue", hue_histogram(view)),
        **_numbered("rgb", colour_histogram(view, n_bins=4)),
    }


def _texture(view):
    degrees = [f"{k * 180 // _N_ORIENTATIONS}" for k in range(_N_ORIENTATIONS)]
    waves = [f"gabor_{wavelength}_{degree}" for wavelength in _WAVELENGTHS for degree in degrees]
    energies = gabor_energies(view, wavelengths=_WAVELENGTHS, n_orientations=_N_ORIENTATIONS)
    return {
        "fineness": fineness(view),
        "roughness": roughness(view),
        "directionality": directionality(view),
        "line_agitation": line_agitation(view),
        "regularity": regularity(view),
        **_numbered("lbp", lbp_histogram(view)),
        **{f"glcm_{name}": value for name, value in glcm_properties(glcm(view)).items()},
        **dict(zip(waves, energies.ravel(), strict=True)),
    }


def _shape(view):
    standing_out = glance(view)
    salient = enlarged(standing_out, view.form.shape)
    rows, columns = (columns_matrix(n, 4) * (n / 4) for n in salient.shape)  # sums over each quarter, not means
    lengths = [line_length(line) for line in contours(view)]
    around = 2 * sum(view.form.shape)
    return {
        "angularity": angularity(view),
        "symmetry": symmetry(view),
        "complexity": view.edginess.mean(),
        "edge_share": edges(view).mean(),
        "contour_count": len(lengths),
        "contour_length": sum(lengths) / around,
        "contour_longest": max(lengths, default=0.0) / around,
        **layout_numbers(standing_out, salient),
        **_numbered("hog", hog(view)),
        **_numbered("salient", rows @ salient @ columns.T),
    }


_MEASURES = {"colour": _colour, "texture": _texture, "shape": _shape}
GROUPS = tuple(_MEASURES)


def _numbered(name, values):
    """Names by index: hue_00 .. hue_23, hog_0_0_0 .. hog_3_3_8."""
    digits = [len(str(n - 1)) for n in values.shape]
    return {
        "_".join([name, *(f"{k:0{n}}" for k, n in zip(index, digits, strict=True))]): value
        for index, value in np.ndenumerate(values)
    }


def describe(picture, *, groups=GROUPS, box=None):
    """One row of numbers for a picture, or for a part of it, measured on the standard copy.

    A part keeps the scale of the whole: its texture is compared pixel by pixel with the whole's, and `fineness` stays
    in cycles per width of the whole picture. Contrast, what stands out, the grids of `hog` and `salient` are its own.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB
    groups : sequence of str
        Some of `GROUPS`, in the order in which their numbers are wanted.
    box : tuple of float, optional
        (x0, y0, x1, y1), fractions of width and height, y from the top, as `VisualFeatures.region` gives it.

    Returns
    -------
    np.ndarray, shape (D,), float64, finite
        In the order of `descriptor_names(groups)`.

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8, there is no such group, or the box is empty or leaves the
        picture.

    Notes
    -----
    Taught in chapter 02. Each number is that of the function of its name, on `standard_copy(picture)`; `hue_00` ..
    `hue_23` are `hue_histogram`'s, `rgb_0_0_0` .. `rgb_3_3_3` `colour_histogram`'s for four bins a channel,
    `gabor_8_30` is `gabor_energies`' for waves of 8 pixels at 30 degrees; `hog` has row, column and orientation,
    `salient` row and column of a four by four grid over `saliency`. Lengths of contours are in times round the picture.
    """
    view, groups = standard_view(picture), _checked(groups)
    return np.array(list(_measured(view if box is None else view.part(box), groups).values()), dtype=np.float64)


def describe_all(pictures, *, groups=GROUPS):
    """`describe` for many pictures, which are taken one at a time: a generator of any length needs no more memory.

    Parameters
    ----------
    pictures : iterable of np.ndarray, each of shape (H, W, 3), uint8, sRGB
        Of any sizes.
    groups : sequence of str
        As in `describe`.

    Returns
    -------
    np.ndarray, shape (N, D), float64

    Raises
    ------
    ValueError
        As in `describe`.

    Notes
    -----
    Taught in chapter 02.
    """
    row = np.dtype((np.float64, len(descriptor_names(groups))))
    return np.fromiter((describe(picture, groups=groups) for picture in pictures), dtype=row)


def describe_columns(picture, *, n_columns=8, groups=GROUPS):
    """`describe` for each of some equal columns of a picture, from left to right.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB
    n_columns : int, positive
    groups : sequence of str
        As in `describe`.

    Returns
    -------
    np.ndarray, shape (n_columns, D), float64

    Raises
    ------
    ValueError
        As in `describe`, or `n_columns` is not positive.

    Notes
    -----
    Taught in chapter 02.
    """
    if n_columns < 1:
        raise ValueError(f"At least one column is needed, {n_columns} were asked for.")
    view = standard_view(picture)
    boxes = ((k / n_columns, 0.0, (k + 1) / n_columns, 1.0) for k in range(n_columns))
    return np.array([describe(view, groups=groups, box=box) for box in boxes])


def descriptor_names(groups=GROUPS):
    """What the numbers of `describe` are called.

    Parameters
    ----------
    groups : sequence of str
        As in `describe`.

    Returns
    -------
    tuple of str, D of them, no two alike

    Raises
    ------
    ValueError
        There is no such group.

    Notes
    -----
    Taught in chapter 02.
    """
    return _names(_checked(groups))


@cache
def _names(groups):
    return tuple(_measured(View(np.zeros((8, 8, 3), np.uint8)), groups))  # asked, so that no list can be out of step


def _measured(view, groups):
    return {name: value for group in groups for name, value in _MEASURES[group](view).items()}


def _checked(groups):
    groups = (groups,) if isinstance(groups, str) else tuple(groups)
    if not groups or not set(groups) <= set(GROUPS):
        raise ValueError(f"Groups are some of {', '.join(GROUPS)}; {', '.join(map(str, groups)) or 'none'} asked for.")
    return groups
