"""From a screen's numbers to colours as people see them: sRGB -> light -> CIE XYZ -> L*a*b* -> lightness, chroma, hue.

The constants are those of scikit-image (primaries and white point of IEC 61966-2-1 and daylight D65 for the 2 degree
observer, the cube root's bend rounded as in CIE 15:1986), so that its `rgb2lab` and ours differ by rounding only.

Taught in chapter 02, "What a picture holds".
"""

import numpy as np

XYZ_FROM_RGB = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])  # X, Y, Z of daylight D65, for which a* = b* = 0
BEND = 0.008856  # below this share of white the cube root is too steep for dark greys, and a straight line takes over


def srgb_to_linear(values):
    """Undo the sRGB transfer curve: from numbers that look evenly spaced to amounts of light.

    Up to 0.04045 v / 12.92, above ((v + 0.055) / 1.055)^2.4 (IEC 61966-2-1): half of 255 is a fifth of the light.

    Parameters
    ----------
    values : np.ndarray, any shape, uint8 (0..255) or float (0..1)

    Returns
    -------
    np.ndarray, the same shape, float64, 0..1, linear in light

    Raises
    ------
    ValueError
        The values are neither uint8 nor floats.

    Notes
    -----
    Taught in chapter 02.
    """
    values = np.asarray(values)
    if values.dtype == np.uint8:
        return _LINEAR[values]
    if values.dtype.kind != "f":
        raise ValueError(f"Values of type uint8 (0..255) or float (0..1) are needed, these are {values.dtype}.")
    values = values.astype(np.float64)
    return np.where(values <= 0.04045, values / 12.92, ((np.maximum(values, 0) + 0.055) / 1.055) ** 2.4)


_LINEAR = srgb_to_linear(np.arange(256) / 255)  # a byte has only 256 values: looking them up spares the power


def rgb_to_lab(picture):
    """Colours in CIE L*a*b*, where equal steps look about equally large.

    XYZ = M light, each divided by its white; then f(t) = cube root of t, or 7.787 t + 16/116 where t <= 0.008856;
    L* = 116 f(Y) - 16, a* = 500 (f(X) - f(Y)), b* = 200 (f(Y) - f(Z)).

    Parameters
    ----------
    picture : np.ndarray, shape (..., 3), uint8, sRGB

    Returns
    -------
    np.ndarray, shape (..., 3), float64
        L* 0 black .. 100 white, a* green to red, b* blue to yellow. Greys have a* and b* of up to 0.006, because
        the rounded white is not quite the sum of the rounded primaries.

    Raises
    ------
    ValueError
        The last axis is not 3, or the type is not uint8.

    Notes
    -----
    Taught in chapter 02.
    """
    picture = np.asarray(picture)
    if picture.dtype != np.uint8 or picture.shape[-1:] != (3,):
        raise ValueError(
            f"Colours of shape (..., 3) and type uint8 are needed, these are {picture.shape} {picture.dtype}."
        )
    red, green, blue = (_LINEAR.take(picture[..., channel]) for channel in range(3))
    # Channel by channel, not as one product of matrices: equal pixels then give equal numbers to the last bit.
    x, y, z = (_root(by_red * red + by_green * green + by_blue * blue) for by_red, by_green, by_blue in _SHARES)
    lab = np.empty(picture.shape)
    lab[..., 0] = 116 * y - 16
    lab[..., 1] = 500 * (x - y)
    lab[..., 2] = 200 * (y - z)
    return lab


_SHARES = XYZ_FROM_RGB / WHITE[:, None]


def _root(share):
    root, dark = np.asarray(np.cbrt(share)), share <= BEND
    root[dark] = 7.787 * share[dark] + 16 / 116
    return root


def lab_to_lch(lab):
    """The same colours as lightness, chroma and hue: a* and b* in polar coordinates.

    Parameters
    ----------
    lab : np.ndarray, shape (..., 3)
        L*, a*, b*.

    Returns
    -------
    np.ndarray, shape (..., 3), float64
        L*; C* = sqrt(a*^2 + b*^2), 0 for grey; h in degrees, 0 (pinkish red) <= h < 360, 90 yellow, 270 blue.

    Raises
    ------
    ValueError
        The last axis is not 3.

    Notes
    -----
    Taught in chapter 02.
    """
    lab = np.asarray(lab, dtype=np.float64)
    if lab.shape[-1:] != (3,):
        raise ValueError(f"Colours of shape (..., 3) are needed, these are {lab.shape}.")
    lightness, a, b = np.moveaxis(lab, -1, 0)
    hue = np.degrees(np.arctan2(b, a)) % 360
    return np.stack([lightness, np.hypot(a, b), np.where(hue == 360, 0.0, hue)], axis=-1)  # -1e-20 % 360 is 360
