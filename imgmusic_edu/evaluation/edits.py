"""Edits of a picture that change one thing, as purely as can be: the "what if" of the faithfulness benchmark.

All work in CIE L*a*b*. An edit of light keeps a* and b*, an edit of colour keeps L*; what the screen then cannot
show loses chroma, never lightness. Where an edit needs room above or below, the contrast is made smaller rather than
the ends cut off: contrast is the one feature that the music is to ignore (rule R8).

Taught in chapter 11, section "What if the picture were lighter?".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.morphology import area_closing, area_opening

from ..scenes import lab_to_picture
from ..visual_features import SIDE


class Edit(NamedTuple):
    """What is done, which feature of `visual_features` it is meant to move, and which way.

    `direction` is +1 or -1, and 0 for `flip`, which takes the height h of what stands out to 1 - h.
    """

    function: Callable
    feature: str
    direction: int


def lighten(picture, amount=16.0):
    """Raise the mean L* by `amount`, by less where the picture is light already; a* and b* stay.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8
    amount : float, L* units

    Returns
    -------
    np.ndarray, shape (H, W, 3), uint8
    """
    lab = rgb2lab(picture)
    return _with_lightness(lab, lab[..., 0], shift=min(amount, 0.35 * (100 - lab[..., 0].mean())))


def darken(picture, amount=16.0):
    """Lower the mean L* by `amount`, by less where the picture is dark already; a* and b* stay. See `lighten`."""
    lab = rgb2lab(picture)
    return _with_lightness(lab, lab[..., 0], shift=-min(amount, 0.35 * lab[..., 0].mean()))


def saturate(picture, amount=1.0):
    """Multiply a* and b* by 1 + `amount`, as far as the screen can show it; L* stays."""
    return lab_to_picture(rgb2lab(picture) * (1.0, 1.0 + amount, 1.0 + amount))


def grey(picture, amount=0.6):
    """Multiply a* and b* by 1 - `amount` (1: all grey); L* stays."""
    return lab_to_picture(rgb2lab(picture) * (1.0, 1.0 - amount, 1.0 - amount))


def roughen(picture, amount=0.16, *, seed=0):
    """Add grain to L*: chance with mean 0, standard deviation `amount` times the picture's contrast plus one L* unit.

    The grain is as fine as the copy is that `visual_features` measures, so it is there at any size of picture.
    """
    lab = rgb2lab(picture)
    lightness = lab[..., 0]
    height, width = lightness.shape
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    grain = np.random.default_rng(seed).standard_normal(size[::-1])
    grain -= ndimage.gaussian_filter(grain, 1.0)
    grain = np.asarray(Image.fromarray(grain.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))
    grain = (grain - grain.mean()) / max(grain.std(), 1e-9)
    return _with_lightness(lab, lightness + amount * (lightness.std() + 1.0) * grain)


def sharpen(picture, amount=1.6):
    """Strengthen detail of about 10 to 50 cycles a side, `amount` times over; coarser and finer stay as they are."""
    lab = rgb2lab(picture)
    lightness = lab[..., 0]
    pixel = max(lightness.shape) / SIDE
    detail = ndimage.gaussian_filter(lightness, 1.0 * pixel) - ndimage.gaussian_filter(lightness, 4.0 * pixel)
    return _with_lightness(lab, lightness + amount * detail)


def simplify(picture, amount=0.025):
    """Melt every light or dark spot of L* smaller than `amount` of the picture into what is around it.

    Area closing, then area opening (Vincent 1993): what remains keeps its outline.
    """
    lab = rgb2lab(picture)
    least = max(2, round(amount * lab[..., 0].size))
    steps = np.round(2 * lab[..., 0]).astype(np.uint8)  # half an L* unit
    return _with_lightness(lab, area_opening(area_closing(steps, least), least) / 2)


def flip(picture):
    """Turn the picture upside down."""
    return np.ascontiguousarray(picture[::-1])


def more_contrast(picture, amount=0.6):
    """Multiply the distance of L* from its mean by 1 + `amount`, or by as much as cuts off no end."""
    lab = rgb2lab(picture)
    mean = lab[..., 0].mean()
    return _with_lightness(lab, mean + (1 + amount) * (lab[..., 0] - mean))


def less_contrast(picture, amount=0.4):
    """Multiply the distance of L* from its mean by 1 - `amount`."""
    lab = rgb2lab(picture)
    mean = lab[..., 0].mean()
    return _with_lightness(lab, mean + (1 - amount) * (lab[..., 0] - mean))


def _with_lightness(lab, lightness, *, shift=0.0):
    """The picture with this L* instead, its old mean moved by `shift`, and its contrast lowered where it must be."""
    mean = lab[..., 0].mean() + shift
    distance = lightness - lightness.mean()
    # A few stray pixels in a thousand may be cut off; bending the whole picture for them would change more.
    low, high = np.percentile(distance, [0.2, 99.8])
    fits = min(1.0, mean / max(-low, 1e-9), (100.0 - mean) / max(high, 1e-9))
    return lab_to_picture(np.dstack([mean + fits * distance, lab[..., 1:]]))


EDITS = {
    "lighten": Edit(lighten, "lightness", +1),
    "darken": Edit(darken, "lightness", -1),
    "saturate": Edit(saturate, "saturation", +1),
    "grey": Edit(grey, "saturation", -1),
    "roughen": Edit(roughen, "roughness", +1),
    "flip": Edit(flip, "salient_height", 0),
    "sharpen": Edit(sharpen, "fineness", +1),
    "simplify": Edit(simplify, "complexity", -1),
    "more_contrast": Edit(more_contrast, "contrast", +1),
    "less_contrast": Edit(less_contrast, "contrast", -1),
}
