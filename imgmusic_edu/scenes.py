"""Synthetic pictures whose truth is known: one number a factor, each factor moving one thing.

A scene is painted in CIE L*a*b*. Its lightness is built from layers (things, a woven texture, clutter, lines, grain)
that are summed, brought to mean 0 and standard deviation 1, and only then given a contrast and a lightness. Its
colour is a mosaic of one chroma whose hues are dealt out so that their mean stays where it was asked to be, however
many they are.

Taught in chapter 02 (are the measured numbers right?) and chapter 11 (is the music?).
"""

from __future__ import annotations

import numpy as np

# Factor -> the visual feature it is meant to move.
FACTORS = {
    "lightness": "lightness",
    "chroma": "chroma",
    "yellowness": "yellowness",
    "redness": "redness",
    "contrast": "contrast",
    "height": "salient_height",
    "object_size": "salient_size",
    "object_count": "object_count",
    "angularity": "angularity",
    "fineness": "fineness",
    "roughness": "roughness",
    "colour_entropy": "colour_entropy",
    "complexity": "complexity",
    "regularity": "regularity",
    "line_agitation": "line_agitation",
}

_TILES = 32  # the colour mosaic has this many tiles a side
_MAX_CHROMA = 40.0  # C* of factor 1


def scene(
    *,
    lightness=0.5,
    chroma=0.5,
    yellowness=0.65,
    redness=0.6,
    contrast=0.4,
    height=0.5,
    object_size=0.31,
    object_count=0.25,
    angularity=0.5,
    fineness=0.5,
    roughness=0.15,
    colour_entropy=0.5,
    complexity=0.2,
    regularity=0.75,
    line_agitation=0.25,
    seed=0,
    size=256,
):
    """Paint a picture from known factors.

    Parameters
    ----------
    lightness, contrast : float, 0 to 1
        Mean L* from 30 to 85; standard deviation of L* from 2 to 14.
    chroma : float, 0 to 1
        C* of every place, 0 to 40, as far as the screen can show it.
    yellowness, redness : float, 0 to 1
        Mean b* and mean a*: from minus the chroma through 0 at one half to the chroma. Where the two ask for more
        than the chroma gives together, both give way.
    colour_entropy : float, 0 to 1
        From two hues to a whole fan of them, with the same mean colour.
    height : float, 0 to 1
        Where the things stand, 0 at the bottom, 1 at the top.
    object_size, object_count : float, 0 to 1
        Area of all things together, 2.5 % to 12.5 % of the picture; their number, 1 to 9.
    angularity : float, 0 to 1
        Outline of the things, from a disc over a diamond to a star, all of the same area.
    fineness, regularity : float, 0 to 1
        The weave behind: 3 to 24 threads a picture width, from bent at random to straight.
    roughness, complexity, line_agitation : float, 0 to 1
        Grain as fine as can be; number of small blots; zigzag of the lines that cross the picture.
    seed : int
        Same seed, same picture; it decides what the factors leave open.
    size : int
        Side in pixels, at least 32.

    Returns
    -------
    np.ndarray, shape (size, size, 3), uint8, sRGB

    Raises
    ------
    ValueError
        A factor is outside 0..1, or `size` is too small.
    """
    factors = {name: value for name, value in locals().items() if name in FACTORS}
    for name, value in factors.items():
        if not 0 <= value <= 1:
            raise ValueError(f"The factor {name} runs from 0 to 1, {value} was given.")
    if size < 32:
        raise ValueError(f"A scene needs a side of at least 32 pixels, {size} was given.")
    # A stream of chance for each layer: a factor that draws more numbers must not disturb the others.
    things_rng, weave_rng, blots_rng, lines_rng, grain_rng, colour_rng = (
        np.random.default_rng([seed, layer]) for layer in range(6)
    )
    form = (
        _things(size, height, object_size, object_count, angularity, things_rng)
        + 0.09 * _weave(size, fineness, regularity, weave_rng)
        + 0.30 * _blots(size, complexity, blots_rng)
        + 0.35 * _lines(size, line_agitation, lines_rng)
        + 0.15 * roughness * _grain(size, grain_rng)
    )
    form = (form - form.mean()) / form.std()
    lab = np.empty((size, size, 3))
    lab[..., 0] = 30 + 55 * lightness + (2 + 12 * contrast) * form
    lab[..., 1:] = _colours(size, chroma * _MAX_CHROMA, yellowness, redness, colour_entropy, colour_rng)
    return lab_to_picture(lab)


def texture(*, fineness=0.5, seed=0, size=256):
    """A grey cloth of one grain and nothing else: noise an octave wide, as in experiments on spatial frequency.

    Parameters
    ----------
    fineness : float, 0 to 1
        Middle of the octave, from 2 to 32 cycles a picture width, in equal ratios.
    seed, size : int
        As in `scene`.

    Returns
    -------
    np.ndarray, shape (size, size, 3), uint8, sRGB
    """
    across = np.fft.rfftfreq(size, 1 / size)
    octaves = np.log2(np.maximum(np.hypot(across, np.fft.fftfreq(size, 1 / size)[:, None]), 0.5) / (2 * 16**fineness))
    noise = np.fft.rfft2(np.random.default_rng(seed).standard_normal((size, size)))
    form = np.fft.irfft2(noise * (np.abs(octaves) < 0.5), (size, size))
    lab = np.zeros((size, size, 3))
    lab[..., 0] = 55 + 12 * form / form.std()
    return lab_to_picture(lab)


def lab_to_picture(lab):
    """Colours in L*a*b* as an sRGB picture; what the screen cannot show keeps lightness and hue and loses chroma.

    Parameters
    ----------
    lab : np.ndarray, shape (H, W, 3)
        L* (0..100), a*, b*, for daylight D65.

    Returns
    -------
    np.ndarray, shape (H, W, 3), uint8
    """
    lab = np.array(lab, dtype=float)
    lab[..., 0] = np.clip(lab[..., 0], 0.0, 100.0)
    rgb = _linear_rgb(lab)
    outside = ((rgb < -1e-4) | (rgb > 1 + 1e-4)).any(axis=2)
    if outside.any():
        wild = lab[outside]
        shown, too_much = np.zeros(len(wild)), np.ones(len(wild))  # share of the chroma
        for _ in range(8):
            share = (shown + too_much) / 2
            tried = _linear_rgb(wild * np.stack([np.ones_like(share), share, share], axis=1))
            fits = ((tried >= -1e-4) & (tried <= 1 + 1e-4)).all(axis=1)
            shown, too_much = np.where(fits, share, shown), np.where(fits, too_much, share)
        rgb[outside] = _linear_rgb(wild * np.stack([np.ones_like(shown), shown, shown], axis=1))
    rgb = np.clip(rgb, 0.0, 1.0)
    coded = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    return np.round(255 * coded).astype(np.uint8)


def _linear_rgb(lab):
    """Linear sRGB, not held to 0..1 (scikit-image's lab2rgb clips, which hides what cannot be shown)."""
    y = (lab[..., 0] + 16) / 116
    root = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = np.where(root > 6 / 29, root**3, (root - 16 / 116) * 3 * (6 / 29) ** 2)
    return (xyz * (0.95047, 1.0, 1.08883)) @ _RGB_FROM_XYZ.T


_RGB_FROM_XYZ = np.linalg.inv(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)


def _places(size):
    """Middles of the pixels: x to the right and y downwards, each 0..1."""
    middle = (np.arange(size) + 0.5) / size
    return middle[None, :], middle[:, None]


def _step(distance, size):
    """1 inside (distance above 0, fractions of the side), 0 outside, with an edge two pixels soft."""
    return np.clip(0.5 + distance * size / 2, 0.0, 1.0)


def _things(size, height, object_size, object_count, angularity, rng):
    """Equal things side by side, every second one a little lower, lighter than what is behind them."""
    x, y = _places(size)
    n_things = 1 + round(8 * object_count)
    area = 0.025 + 0.1 * object_size  # all together
    radius = np.sqrt(area / n_things / np.pi)
    reach = radius * _outline(0.0, angularity)  # of a point of the star
    stagger = 0.07 * (-1.0) ** np.arange(n_things)
    stagger -= stagger.mean()  # one thing, or any number of them: the mean height stays
    room = reach + np.abs(stagger).max()
    y_middle = 1 - (room + height * (1 - 2 * room))
    turn = rng.uniform(0, 2 * np.pi)
    layer = np.zeros((size, size))
    for number in range(n_things):
        right, down = x - (number + 0.5) / n_things, y - y_middle - stagger[number]
        outline = radius * _outline(np.arctan2(down, right) + turn, angularity)
        layer = np.maximum(layer, _step(outline - np.hypot(right, down), size))
    return layer


def _outline(angle, angularity):
    """Radius at each angle, of a shape between a disc (0) and a star of four points (1), with the disc's area.

    A superellipse (Lame 1818): |x|^p + |y|^p = 1, with p = 2 a disc, 1 a diamond, less than 1 a star.
    """
    power = 2 - 1.1 * angularity

    def radius(angle):
        return (np.abs(np.cos(angle)) ** power + np.abs(np.sin(angle)) ** power) ** (-1 / power)

    around = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    return radius(angle) / np.sqrt((radius(around) ** 2).mean())


def _weave(size, fineness, regularity, rng):
    """Crossing waves; what is irregular about them is that the cloth is bent."""
    x, y = _places(size)
    threads = 3 * 8**fineness
    phase_x, phase_y = rng.uniform(0, 2 * np.pi, 2)
    bend = 1.2 * (1 - regularity)
    across = 2 * np.pi * threads * x + phase_x + bend * _clouds(size, rng)
    down = 2 * np.pi * threads * y + phase_y + bend * _clouds(size, rng)
    return np.cos(across) * np.cos(down) * 2


def _clouds(size, rng, n_waves=12):
    """Smooth chance: waves of 2 to 6 cycles a width in all directions; mean 0, standard deviation about 1."""
    x, y = _places(size)
    cycles, direction, phase = rng.uniform(2, 6, n_waves), rng.uniform(0, np.pi, n_waves), rng.uniform(0, 7, n_waves)
    across = np.exp(2j * np.pi * cycles[:, None] * np.cos(direction)[:, None] * x)  # (waves, size)
    down = np.exp(2j * np.pi * y * cycles * np.sin(direction) + 1j * phase)  # (size, waves)
    # einsum, not @: for matrices this thin the threads of @ cost more than the sum
    return np.einsum("yw,wx->yx", down, across).real * np.sqrt(2 / n_waves)


def _blots(size, complexity, rng, most=144):
    """Small soft blots, light and dark, spread evenly (a shaken grid): the more of them, the more edges."""
    x, y = _places(size)
    n_side = round(most**0.5)
    cells = rng.permutation(most)
    shake = rng.uniform(0.2, 0.8, (most, 2))
    strengths = np.clip(complexity * most - np.arange(most), 0, 1) * np.where(np.arange(most) % 2, -1, 1)
    reach = round(0.02 * size) + 2  # pixels, from the middle of a blot to where it surely has ended
    layer = np.zeros((size, size))
    for cell, (right, down), strength in zip(cells, shake, strengths, strict=True):
        if strength:
            row, column = divmod(int(cell), n_side)
            x_blot, y_blot = (column + right) / n_side, (row + down) / n_side
            rows, columns = (slice(max(0, int(at * size) - reach), int(at * size) + reach) for at in (y_blot, x_blot))
            distance = np.hypot(x[:, columns] - x_blot, y[rows] - y_blot)
            layer[rows, columns] += strength * _step(0.02 - distance, size)
    return layer


def _lines(size, line_agitation, rng, n_lines=4, n_turns=10):
    """Lines from left to right; calm ones are straight, agitated ones zigzag."""
    x, y = _places(size)
    depth = 0.06 * line_agitation  # from crest to trough
    layer = np.zeros((size, size))
    for number in range(n_lines):
        zigzag = np.abs((n_turns * x + rng.uniform()) % 1 - 0.5) - 0.25  # -1/4 .. 1/4
        distance = np.abs(y - (number + 0.5) / n_lines - 2 * depth * zigzag)
        layer += _step(0.008 - distance / np.hypot(1, 2 * depth * n_turns), size)
    return layer


def _grain(size, rng):
    """Chance in every pixel of a copy of at most 256 pixels a side, with all that is coarse taken out."""
    from scipy import ndimage

    n = min(size, 256)
    grain = rng.standard_normal((n, n))
    grain = grain - ndimage.gaussian_filter(grain, 1.0, mode="wrap")
    if size > n:
        grain = ndimage.zoom(grain, size / n, order=1, mode="grid-wrap", grid_mode=True)
    return grain / grain.std()


def _colours(size, chroma, yellowness, redness, colour_entropy, rng):
    """a* and b*, shape (size, size, 2): one chroma everywhere, hues as a fan around the mean colour asked for."""
    b, a = 2 * yellowness - 1, 2 * redness - 1
    pull = min(np.hypot(a, b), 1.0)  # length of the mean of the hues as arrows of length 1
    rank = (np.arange(_TILES**2) + 0.5) / _TILES**2 * 2 - 1  # -1..1, each tile its own
    spread = np.sign(rank) * np.abs(rank) ** colour_entropy  # 0: two hues only; 1: all between them
    narrow, wide = 0.0, 1.5 * np.pi
    for _ in range(40):  # the half-angle of the fan with which the mean comes out right
        angle = (narrow + wide) / 2
        narrow, wide = (angle, wide) if np.cos(angle * spread).mean() > pull else (narrow, angle)
    hue = np.arctan2(b, a) + angle * rng.permutation(spread)
    tile = (np.arange(size) * _TILES) // size
    hue = hue.reshape(_TILES, _TILES)[tile[:, None], tile[None, :]]
    return chroma * np.stack([np.cos(hue), np.sin(hue)], axis=-1)
