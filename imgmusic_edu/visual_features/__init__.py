"""What a picture holds: colour, texture, shape and where things are, as numbers with names.

`visual_features` gives the 18 numbers and 8 curves that the composer stands on, so each of them moves with the one
thing it is named after and stays put otherwise. Colour is read in CIE L*a*b*. Everything that is about form (fineness,
roughness, angularity, what stands out ...) is divided by the picture's own contrast, so that contrast alone moves
nothing but `contrast`; turned upside down, only heights change, and they change to one minus themselves.

`describe` gives a long row of numbers, for the whole or a part: those, and the descriptors of the textbooks
(histograms, local binary patterns, co-occurrence, Gabor energies, oriented gradients ...), each of which is a function
here too.

All of this is measured on a copy with a longest side of 256 pixels, `standard_copy`: a picture means the same large or
small. Only the textbooks' functions, called by themselves, take the pixels as they are given.

Taught in chapter 02; chapter 10 turns the numbers into a score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .colour import colour_histogram, colour_numbers, colourfulness, hue_histogram, palette
from .describe import GROUPS, describe, describe_all, describe_columns, descriptor_names
from .layout import column_numbers, columns_matrix, enlarged, glance, layout_numbers, saliency
from .shape import angularity, contours, edges, hog, symmetry
from .spaces import lab_to_lch, rgb_to_lab, srgb_to_linear
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
from .view import SIDE, standard_copy, standard_view

__all__ = [
    "FEATURES",
    "GROUPS",
    "SIDE",
    "Feature",
    "VisualFeatures",
    "angularity",
    "colour_histogram",
    "colourfulness",
    "contours",
    "describe",
    "describe_all",
    "describe_columns",
    "descriptor_names",
    "directionality",
    "edges",
    "fineness",
    "gabor_energies",
    "glcm",
    "glcm_properties",
    "hog",
    "hue_histogram",
    "lab_to_lch",
    "lbp_histogram",
    "line_agitation",
    "palette",
    "regularity",
    "rgb_to_lab",
    "roughness",
    "saliency",
    "srgb_to_linear",
    "standard_copy",
    "symmetry",
    "visual_features",
]


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
        Feature("angularity", "ratio", 0.465, 0.706, "outlines that bend in corners, 0 round .. 1 angular"),
        Feature("complexity", "ratio", 0.185, 0.448, "share of the picture taken up by edges"),
        Feature("regularity", "ratio", 0.148, 0.463, "how well it matches itself moved, 0 scattered .. 1 repeating"),
        Feature("symmetry", "ratio", 0.440, 0.924, "how well it matches its mirror image, left to right"),
        Feature("colour_entropy", "bits", 1.31, 3.09, "how many hues it holds, and how evenly"),
        Feature("salient_height", "ratio", 0.383, 0.578, "how high lies what stands out, 0 bottom .. 1 top"),
        Feature("salient_size", "ratio", 0.275, 0.739, "share of the picture taken up by what stands out"),
        Feature("object_count", "things", 1.00, 3.80, "how many things stand out, counted by their strength"),
        Feature("line_agitation", "ratio", 0.165, 0.422, "how restlessly lines change direction, 0 calm .. 1 agitated"),
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
        rows = self.saliency @ columns_matrix(width, n_columns)[first : last + 1].sum(axis=0)
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
    if n_columns < 1:
        raise ValueError(f"At least one column is needed, {n_columns} were asked for.")
    view = standard_view(picture)
    standing_out = glance(view)
    salient = enlarged(standing_out, view.form.shape)
    whole = {
        **colour_numbers(view),
        "fineness": fineness(view),
        "roughness": roughness(view),
        "angularity": angularity(view),
        "line_agitation": line_agitation(view),
        "complexity": view.edginess.mean(),
        "regularity": regularity(view),
        "symmetry": symmetry(view),
        **layout_numbers(standing_out, salient),
    }
    columns = column_numbers(view, salient, n_columns)
    return VisualFeatures({name: float(whole[name]) for name in FEATURES}, columns, palette(view), salient)
