"""A photograph in the style of a painting, by changing its pixels (Gatys, Ecker & Bethge 2016, CVPR).

The style of a picture is the Gram matrices of some of a network's layers, its content one layer's features place by
place. The pixels move until the first are the painting's and the second still are much like the photograph's.

Three things make it quick and calm with the small network that is shipped. Features are taken relative to the
painting's means, or nine tenths of each Gram matrix would be the means' alone (shifting them: Novak & Nikulin 2016,
arXiv:1605.04603). The picture may be no rougher than the painting is, which needs no weight to be tuned. And it begins
small: at a quarter of the size a step costs a sixteenth, and the large shapes are settled there.

Taught in chapter 04, section "Painting".
"""

import time
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from ..backbones.engine import tensorflow
from ..backbones.feature_maps import FeatureMaps, open_feature_maps
from ..pictures import PictureError, open_picture
from .aims import ALREADY, FLAT, TERMS, Aim
from .losses import total_variation
from .optimisation import Balance, optimise

__all__ = ["Painted", "Progress", "beside", "paint", "resized", "style_distance", "texture"]

SIDE = 256  # pixels
STEPS = (80, 80, 80)  # at a quarter of the size, at half of it, and at all of it
RATE = 5.0  # of 255, how far a pixel moves in one of the first steps
_SMALLEST = 16  # pixels a side, below that there is nothing to settle
_SLACK = 0.01  # of the cosine that is to be kept, while the weight swings


@dataclass
class Progress:
    """How far a picture has come, for whoever watches.

    Attributes
    ----------
    step, steps : int
        Of all sizes together.
    losses : dict of str to float
        As `Aim` gives them: "style" is the share that is left, "cosine" of the content.
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB
        So far; small at first.
    """

    step: int
    steps: int
    losses: dict
    _value: object = field(repr=False)

    @property
    def picture(self):
        return _pixels(self._value)


@dataclass
class Painted:
    """A picture that was painted, and what is to be said about it.

    Attributes
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB
    photo, painting : np.ndarray, shape (H, W, 3), uint8 sRGB
        As they were used, at this size; `photo` is None of a texture, `painting` is the first of two.
    style_fall : float
        Share of the photograph's distance from the painting's style that is gone (see `style_distance`), 1 at best.
    cosine : float
        Between the content features of the picture and of the photograph; nan of a texture.
    seconds : float
        By the clock, all of it.
    history : list of dict of str to float
        Losses of each step, and the "side" of the picture then, pixels.
    stopped : {"done", "enough", "told", "interrupted"}
        As in `Optimised`.
    network : str
        Whose features these are.
    """

    picture: np.ndarray
    photo: np.ndarray | None
    painting: np.ndarray
    style_fall: float
    cosine: float
    seconds: float
    history: list = field(repr=False, default_factory=list)
    stopped: str = "done"
    network: str = "efficientnet_lite0"

    def __repr__(self):
        return f"<Painted {self.summary}>"

    @property
    def summary(self):
        """A sentence: how much of the style has come, how much of the content is left, how long it took."""
        height, width = self.picture.shape[:2]
        ended = ", stopped early" if self.stopped in ("told", "interrupted") else ""
        said = f"{width} x {height} pixels in {self.seconds:.1f} s and {len(self.history)} steps{ended}: "
        said += f"{100 * self.style_fall:.1f} % of the distance to the style is gone"
        return said + (
            "." if self.photo is None else f", the content's cosine with the photograph's is {self.cosine:.2f}."
        )


def paint(
    photo,
    painting,
    *,
    second=None,
    share=0.5,
    start=None,
    keep=0.7,
    content_weight=None,
    side=SIDE,
    brush=1.0,
    term="gram",
    layers=None,
    network="efficientnet_lite0",
    steps=STEPS,
    progress=None,
    notice=print,
):
    """Paint a photograph in the style of a painting.

    Parameters
    ----------
    photo, painting : whatever `open_picture` reads
        Of any size and shape; the photograph's shape is kept.
    second : whatever `open_picture` reads, optional
        Another painting: the style lies between the two. Not with the term "patches", which has no between.
    share : float
        Of the second, 0 to 1.
    start : whatever `open_picture` reads, optional
        What to begin with in place of the photograph, such as the photograph painted at once.
    keep : float
        How much of the content is to stay: cosine between the content features of the picture and of the photograph,
        0 to 1. The weight of the content is moved so that it comes to that (see `Balance`).
    content_weight : float, optional
        A fixed weight instead: how much all of the photograph's content counts against all of its distance from the
        style. At 0 only the start is the photograph's; at 1 little changes.
    side : int
        Longest side of the result, pixels; a smaller photograph is not enlarged.
    brush : float
        Size of the painting in comparison with the photograph, and so of its strokes.
    term : str
        How style is said, one of `TERMS`.
    layers : list of str, or dict of str to float, optional
        Layers whose features are the style, and how much each counts; without it, `STYLE_LAYERS`, all alike.
    network : str or FeatureMaps
        "efficientnet_lite0", or "vgg19" or "vgg16", whose weights are fetched once.
    steps : tuple of int
        At the smallest size, ..., at the whole size: each is twice the one before.
    progress : callable, optional
        Called with a `Progress` before each step; a return of True ends it.
    notice : callable
        Told, in a sentence, when the weights of a VGG cannot be had.

    Returns
    -------
    Painted
        After Ctrl-C, the best so far.

    Raises
    ------
    PictureError
        A picture that cannot be read, or a painting of one colour.
    ValueError
        Another argument is not one of those above.

    Notes
    -----
    Taught in chapter 04, section "Painting".
    """
    began = time.perf_counter()
    photo, paintings = open_picture(photo), [painting] if second is None else [painting, second]
    side = min(_checked_side(side), max(photo.shape[:2]))
    _check_terms(term, keep, brush, share, second is not None)
    maps = _opened(network, notice)
    sizes = _sizes(photo, side, len(steps))
    start = photo if start is None else open_picture(start)
    return _levels(
        maps,
        [resized(photo, one) for one in sizes],
        [open_picture(one) for one in paintings],
        steps[-len(sizes) :],
        starts=[resized(start, one) for one in sizes],
        brush=brush,
        began=began,
        progress=progress,
        balance=None if content_weight is not None else Balance(keep),
        weight=content_weight,
        aim={"term": term, "layers": layers, "share": share},
    )


def texture(
    painting, *, side=SIDE, term="gram", layers=None, network="efficientnet_lite0", steps=STEPS, seed=0, progress=None
):
    """What some layers' style holds by itself: a picture grown from noise, with no content.

    Parameters
    ----------
    painting, side, term, layers, network, steps, progress
        As in `paint`; with one layer, what that layer's Gram matrix knows of the painting.
    seed : int
        Of the noise.

    Returns
    -------
    Painted
        Square; `style_fall` is in comparison with the noise, and of these layers only.

    Raises
    ------
    PictureError, ValueError
        As `paint`.

    Notes
    -----
    Taught in chapter 04, section "What each layer holds".
    """
    began = time.perf_counter()
    painting, side = open_picture(painting), _checked_side(side)
    _check_terms(term, 0, 1)
    noise = np.random.default_rng(seed).normal(0, 25, (side, side, 3))
    noise = np.clip(noise + painting.mean(axis=(0, 1)), 0, 255).astype(np.uint8)
    sizes = _sizes(noise, side, len(steps))
    return _levels(
        _opened(network, print),
        [noise[: one[0], : one[1]] for one in sizes],  # as rough at every size
        [painting],
        steps[-len(sizes) :],
        began=began,
        progress=progress,
        aim={"term": term, "layers": layers, "content": False},
    )


def style_distance(picture, painting, *, layers=None, network="efficientnet_lite0"):
    """How far a picture is from a painting's style.

    sum over layers of ||G - T||_F^2 / ||T||_F^2, divided by the number of layers; G and T are the Gram matrices of
    picture and painting (`gram_matrix`: divided by the number of places), features less the painting's means. The
    network sees the picture as it is, its longest side as long as the painting's.

    Parameters
    ----------
    picture, painting : whatever `open_picture` reads
    layers : iterable of str, optional
        Without it, `STYLE_LAYERS`.
    network : str or FeatureMaps

    Returns
    -------
    float
        0 is the same style.

    Notes
    -----
    Taught in chapter 04, section "Painting".
    """
    picture, painting = open_picture(picture), open_picture(painting)
    aim = Aim(_opened(network, print), _tensor(picture), _tensor(beside(painting, picture)), layers=layers)
    return float(aim.style_before)


def _levels(maps, photos, paintings, steps, *, began, progress, aim, starts=None, brush=1.0, balance=None, weight=None):
    """From the smallest size to the whole one."""
    tf, _ = tensorflow()
    starts, paintings = starts or photos, [[beside(one, photo, brush=brush) for one in paintings] for photo in photos]
    _check_strokes(paintings[-1])
    value, history, stopped, total = _tensor(starts[0]), [], "done", sum(steps) + len(steps)
    strength = balance.weight if balance else tf.constant(weight or 0.0, tf.float32)
    content = aim.get("content", True)

    def score(found):
        """The least style among those that keep the content; before there are any, the most content."""
        return (max(0.0, balance.floor - _SLACK - found["cosine"]), found["style"]) if balance else found["loss"]

    try:
        for photo, styles, start, n in zip(photos, paintings, starts, steps, strict=True):
            level = Aim(maps, *map(_tensor, (photo, *styles)), **aim)
            if content and float(level.style_before) < ALREADY:
                value, stopped = _tensor(photo), "enough"
                continue
            variable, done = tf.Variable(_enlarged(value, start, detail=content)), len(history)

            def watch(step, found, values, done=done):
                return progress and progress(Progress(done + step, total, found, values[0]))

            found = optimise(
                [variable],
                lambda level=level, variable=variable: level(variable, strength),
                steps=n,
                rate=RATE,
                score=score,
                constrain=lambda pixels: tf.clip_by_value(pixels, 0, 255),
                after=(lambda now: balance.adapt(now["cosine"])) if balance else None,
                watch=watch,
            )
            value, stopped = variable.value(), found.stopped
            history += [one | {"side": max(start.shape[:2])} for one in found.history]
            if stopped in ("told", "interrupted"):
                break
    except KeyboardInterrupt:  # between two sizes
        stopped = "interrupted"
    picture = _pixels(_enlarged(value, starts[-1], detail=content))
    # Measured alike, whatever it was led by and however far it came.
    last = Aim(maps, *map(_tensor, (photos[-1], *paintings[-1])), **{**aim, "term": "gram"})
    found = {name: float(one) for name, one in last(_tensor(picture)).items()}
    return Painted(
        picture,
        photos[-1] if content else None,
        paintings[-1][0],
        1 - found["style"] if float(last.style_before) >= ALREADY else 1.0,
        found["cosine"] if content else float("nan"),
        time.perf_counter() - began,
        history,
        stopped,
        maps.name,
    )


# --- pictures, sizes, arguments ---


def _opened(network, notice):
    return network if isinstance(network, FeatureMaps) else open_feature_maps(network, notice=notice)


def _tensor(picture):
    tf, _ = tensorflow()
    return tf.constant(picture[None], tf.float32)


def _enlarged(value, picture, *, detail):
    """A picture so far at the size of `picture`, whose fine detail is laid on it; noise has none that is worth it."""
    tf, _ = tensorflow()
    if value.shape[1:] == picture.shape:
        return value
    size, wanted = picture.shape[:2], _tensor(picture)
    if not detail:
        return tf.clip_by_value(tf.image.resize(value, size, "bicubic"), 0, 255)
    small = tf.image.resize(wanted, value.shape[1:3], "bilinear", antialias=True)
    return tf.clip_by_value(wanted + tf.image.resize(value - small, size, "bicubic"), 0, 255)


def _pixels(value):
    return np.rint(np.clip(np.asarray(value)[0], 0, 255)).astype(np.uint8)


def _fitted(picture, side):
    """Height and width of a picture whose longest side is `side`."""
    height, width = picture.shape[:2]
    return tuple(max(1, round(one * side / max(height, width))) for one in (height, width))


def _sizes(picture, side, n):
    """Up to n sizes, each twice the one before; the last has the longest side `side`."""
    sizes = [_fitted(picture, side / 2**k) for k in reversed(range(n))]
    return [one for one in sizes[:-1] if min(one) >= _SMALLEST] + sizes[-1:]


def beside(painting, picture, *, brush=1.0):
    """The painting with its longest side `brush` times as long as the picture's, so that its strokes are."""
    return resized(painting, _fitted(painting, brush * max(picture.shape[:2])))


def resized(picture, size):
    """A picture, np.ndarray of shape (H, W, 3), uint8, at (height, width)."""
    if picture.shape[:2] == tuple(size):
        return picture
    return np.asarray(Image.fromarray(picture).resize(size[::-1], Image.Resampling.LANCZOS))


def _checked_side(side):
    if not 8 <= side <= 2048:
        raise ValueError(f"A picture of 8 to 2048 pixels a side can be painted, {side} were asked for.")
    return round(side)


def _check_terms(term, keep, brush, share=0, mixed=False):
    if term not in TERMS:
        raise ValueError(f"Style is said by one of {', '.join(TERMS)}, not by {term!r:.40}.")
    if not 0 <= keep <= 1:
        raise ValueError(f"Of the content 0 (nothing) to 1 (all) can be kept, {keep} was asked for.")
    if not 0.25 <= brush <= 4:
        raise ValueError(f"The brush can be 0.25 to 4 times the painting's, {brush} was asked for.")
    if not 0 <= share <= 1:
        raise ValueError(f"The second painting's share of the style can be 0 to 1, {share} was asked for.")
    if mixed and term == "patches":
        raise ValueError("Patches of two paintings have no between: say style by another term, or take one painting.")


def _check_strokes(paintings):
    if any(float(total_variation(painting[None] / 255)) < FLAT for painting in paintings):
        raise PictureError("The painting is of one colour, so it has no style: choose one with strokes or shapes.")
