"""Where things are: what stands out, how high and how large it is, and how the picture goes from left to right.

Taught in chapter 02, "What a picture holds".
"""

from functools import lru_cache

import numpy as np
from PIL import Image
from scipy import ndimage

from .colour import WARM
from .spaces import rgb_to_lab
from .view import GLANCE, LIGHTNESS_NOISE, SIDE, resized, slopes, standard_view

CHROMA_NOISE = 3.0  # a*, b* units: smaller variation is rounding or film grain; JPEG is coarser here than in L*


def saliency(picture):
    """How much each place of the picture stands out from its surroundings.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    np.ndarray, shape (h, w), float32, positive, sums to 1
        At the size of the standard copy (longest side 256). A picture in which nothing stands out has it even.

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02; `visual_features` gives the same map.
    """
    view = standard_view(picture)
    return enlarged(glance(view), view.form.shape)


def glance(view):
    """What stands out, shape about (h / 4, w / 4): places unlike their surroundings, small or large.

    Three maps of squared difference (Itti, Koch & Niebur 1998): from the near surroundings, from the whole picture
    (Achanta et al. 2009), and along outlines, for a landscape whose skyline stands out rather than its sky. Each is
    summed to 1 and then counts the more the smaller the share of the picture it picks. Lightness and colour each
    count by their own spread, so contrast and saturation change little.
    """
    lab = rgb_to_lab(resized(view.picture, max(1, max(view.picture.shape[:2]) * GLANCE // SIDE)))
    standing_out = np.zeros(lab.shape[:2])
    for channels, noise in ((lab[..., :1], LIGHTNESS_NOISE), (lab[..., 1:], CHROMA_NOISE)):
        channels = channels - channels.mean(axis=(0, 1))
        spread = (channels**2).sum(axis=2).mean()
        narrow, middle, wide = (ndimage.gaussian_filter(channels, (width, width, 0)) for width in (1.0, 2.0, 4.0))
        outline = np.concatenate(slopes(middle), axis=2)
        for difference in (narrow - wide, middle, outline):
            picked = (difference**2).sum(axis=2) + 1e-9
            standing_out += picked * (picked**2).mean() / picked.mean() ** 3 * spread / (spread + noise**2)
    return ndimage.gaussian_filter(standing_out, 1.0)


def enlarged(standing_out, shape):
    """The map of `glance` at this size, float32, summing to 1; even where nothing stands out."""
    full = Image.fromarray(standing_out.astype(np.float32)).resize(shape[::-1], Image.Resampling.BILINEAR)
    full = np.asarray(full, dtype=float) + 1e-6
    return (full / full.sum()).astype(np.float32)


def _heights(n):
    return 1 - (np.arange(n) + 0.5) / n  # of the middle of each row, 0 bottom .. 1 top


def layout_numbers(standing_out, saliency):
    """How high, how large and how many are the things that stand out; from the maps of `glance` and `enlarged`."""
    share = saliency.sum(axis=1, dtype=float)
    even = standing_out + 1e-6
    # As many things as equally strong ones would be: one strong and one faint thing are 1.1 things, not 2.
    strong, n_things = ndimage.label(standing_out > 2 * standing_out.mean() + 1e-3)
    masses = ndimage.sum_labels(standing_out, strong, np.arange(1, n_things + 1))
    return {
        "salient_height": share @ _heights(len(share)) / share.sum(),
        "salient_size": even.sum() ** 2 / (even**2).sum() / even.size,
        "object_count": masses.sum() ** 2 / (masses**2).sum() if n_things else 0.0,
    }


@lru_cache(maxsize=32)
def columns_matrix(width, n_columns):
    """Weights, shape (n_columns, width): each row averages the pixels, and parts of pixels, of one column."""
    pixel = np.arange(width + 1) / width
    column = np.arange(n_columns + 1) / n_columns
    overlap = np.minimum(column[1:, None], pixel[1:]) - np.maximum(column[:-1, None], pixel[:-1])
    overlap = np.maximum(overlap, 0.0)
    overlap /= overlap.sum(axis=1, keepdims=True)
    return overlap


def column_numbers(view, saliency, n_columns):
    """The curves of `VisualFeatures.columns`."""
    lightness, redness, yellowness = np.moveaxis(view.lab, 2, 0)
    average = columns_matrix(lightness.shape[1], n_columns)

    def mean(of):
        return average @ of.mean(axis=0)

    saliency = saliency.astype(float)
    seen = mean(saliency)
    # Where a column holds next to nothing, the skyline rests in the middle.
    skyline = mean(saliency * (_heights(len(saliency))[:, None] - 0.5)) / (seen + 1e-3 * seen.mean()) + 0.5
    return {
        "lightness": mean(lightness),
        "chroma": mean(view.chroma),
        "warmth": mean(redness * WARM[0] + yellowness * WARM[1]),
        "contrast": np.sqrt(np.maximum(mean(lightness**2) - mean(lightness) ** 2, 0.0)),
        "roughness": mean(np.sqrt(view.grain)) ** 2,
        "edge_density": mean(view.edginess),
        "skyline": skyline,
        "mass": seen / seen.sum(),
    }
