"""A picture as the measures see it: checked, its colours in L*a*b*, and what several of them share.

Taught in chapter 02, "What a picture holds".
"""

from functools import cached_property

import numpy as np
from PIL import Image
from scipy import fft, ndimage

from ..pictures import checked
from .spaces import rgb_to_lab

SIDE = 256  # longest side of the copy that is measured, pixels
GLANCE = 64  # longest side of the copy in which one looks for what stands out, pixels (as Hou & Zhang 2007)
LIGHTNESS_NOISE = 1.0  # L* units: variation smaller than this is rounding or film grain, not form
NO_FORM = 1e-6  # of a picture's contrast: less is rounding


class View:
    """A picture, or the part of one, that is measured; what the measures share is made when first asked for.

    Attributes
    ----------
    picture : np.ndarray, shape (h, w, 3), uint8
    width_share : float
        Width of this part as a share of the whole picture's: 1 for a whole picture.
    """

    def __init__(self, picture, *, width_share=1.0):
        self.picture, self.width_share = picture, width_share

    def part(self, box):
        """The part inside (x0, y0, x1, y1), fractions of width and height, y from the top; at least one pixel."""
        x0, y0, x1, y1 = box
        if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            raise ValueError(
                "A box is (x0, y0, x1, y1) in fractions of width and height, x0 < x1 and y0 < y1, "
                f"all from 0 to 1; this is {tuple(map(float, box))}."
            )
        height, width = self.picture.shape[:2]
        columns, rows = _pixels(x0, x1, width), _pixels(y0, y1, height)
        share = self.width_share * (columns.stop - columns.start) / width
        return View(self.picture[rows, columns], width_share=share)

    @cached_property
    def lab(self):
        """L*, a*, b*, shape (h, w, 3), float64."""
        return rgb_to_lab(self.picture)

    @property
    def lightness(self):
        return self.lab[..., 0]

    @cached_property
    def chroma(self):
        return np.hypot(self.lab[..., 1], self.lab[..., 2])

    @cached_property
    def hue(self):
        """Radians, shape (h, w)."""
        return np.arctan2(self.lab[..., 2], self.lab[..., 1])

    @cached_property
    def contrast(self):
        return self.lightness.std()

    @cached_property
    def form(self):
        """Lightness in units of the picture's own contrast, mean 0; the floor keeps rounding noise from being form."""
        return (self.lightness - self.lightness.mean()) / np.hypot(self.contrast, LIGHTNESS_NOISE)

    @cached_property
    def coarse(self):
        """The form at half the size."""
        return resized(self.form.astype(np.float32), max(1, max(self.form.shape) // 2))

    @cached_property
    def broad(self):
        """The form blurred by 2 pixels, where outlines are left and texture is not."""
        return ndimage.gaussian_filter(self.form, 2.0)

    @cached_property
    def slope(self):
        """Rise to the right and rise downwards of the blurred form: the slopes of outlines."""
        return slopes(self.broad)

    @cached_property
    def drawn(self):
        """The broad form as if drawn: where outlines run and bend is kept, how sharp or fine the picture is taken out.

        Where lines are lies in the phases of a spectrum, sharpness in its amplitudes (Oppenheim & Lim 1981). Each
        frequency gets the mean amplitude that it has where sharp edges are spread at random, f^-3/2 in two dimensions.
        """
        return _as_if_drawn(self.form, LIGHTNESS_NOISE / np.hypot(self.contrast, LIGHTNESS_NOISE))

    @cached_property
    def edginess(self):
        """How much of an edge each place is, 0..1: 0.1 standard deviations a pixel counts as half an edge."""
        steepness = np.hypot(*self.slope)
        return steepness / (steepness + 0.1)

    @cached_property
    def grain(self):
        """How strongly the finest detail varies around each place, in units of the picture's contrast."""
        finest = self.form - ndimage.gaussian_filter(self.form, 1.0)
        return np.sqrt(np.maximum(ndimage.gaussian_filter(finest**2, 2.0), 0.0))


def as_view(picture):
    """The picture as it is; or a ValueError."""
    if isinstance(picture, View):
        return picture
    return View(checked(picture))


def standard_view(picture):
    """The picture's standard copy, in which it means the same large or small; or a ValueError."""
    return picture if isinstance(picture, View) else View(resized(as_view(picture).picture, SIDE))


def standard_copy(picture):
    """The copy with a longest side of 256 pixels in which `visual_features` and `describe` measure a picture.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8, sRGB

    Returns
    -------
    np.ndarray, shape (h, w, 3), uint8; smaller pictures are enlarged, turning the picture turns the copy

    Raises
    ------
    ValueError
        The picture is not an (H, W, 3) array of uint8.

    Notes
    -----
    Taught in chapter 02.
    """
    return standard_view(picture).picture


def resized(picture, side):
    """The picture (or one float32 channel) with this longest side; turning the picture turns the copy, exactly."""
    height, width = picture.shape[:2]
    size = tuple(max(1, round(n * side / max(height, width))) for n in (width, height))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))


def slopes(form):
    """Rise to the right and rise downwards, per pixel."""
    padded = np.pad(form, [(1, 1), (1, 1), (0, 0)][: form.ndim], mode="edge")
    return (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2, (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2


def _as_if_drawn(form, noise):
    """The form with amplitudes f^-3/2, blurred by 2 pixels; standard deviation 1. `noise` is never raised to a form.

    In cosines, because a blur or a sharpening that repeats the picture at its border changes nothing but the factor of
    each. The mean amplitude is taken over half octaves: the spectrum of a single shape has gaps, not to be filled.
    """
    if np.ptp(form) < NO_FORM:
        return np.zeros_like(form)
    height, width = form.shape
    frequency = np.hypot(*np.ix_(np.arange(height) / (2 * height), np.arange(width) / (2 * width)))  # cycles a pixel
    frequency[0, 0] = 1.0  # the mean, which is 0
    cosines = fft.dctn(form, norm="ortho")
    place = 2 * np.log2(frequency)  # half octaves
    place -= np.floor(place.min())
    band = np.round(place).astype(int).ravel()
    count = np.bincount(band)
    power = np.bincount(band, ((cosines**2 + noise**2) * frequency**3).ravel())
    held = np.flatnonzero(count)
    level = np.interp(place, held, np.log(power[held] / count[held]))
    blur = 2 * (2 * np.pi * frequency) ** 2
    drawn = fft.idctn(cosines * np.exp(-level / 2 - blur), norm="ortho")
    return drawn / drawn.std()


def _pixels(start, end, n):
    first = min(round(start * n), n - 1)
    return slice(first, max(round(end * n), first + 1))
