"""How far features are from a style, and from a content: numbers to make small.

All are relative: 0 is there, 1 is as far as nothing at all. So a layer of small numbers counts as much as one of large
ones, and a picture's size does not matter.

Taught in chapter 04, "Gram matrices".
"""

import numpy as np

from .gram import checked, moments, operations, patches

__all__ = [
    "content_loss",
    "cosine_similarity",
    "histogram_loss",
    "moment_loss",
    "patch_loss",
    "quantiles",
    "style_loss",
    "total_variation",
]

_TINY = 1e-12  # in place of a target that is nothing at all


def _relative(found, wanted):
    """|found - wanted|^2 / |wanted|^2, mean over the batch: the first axis."""
    ops = operations(found)
    axes = tuple(range(1, len(found.shape)))
    distance, size = ops.sum((found - wanted) ** 2, axis=axes), ops.sum(ops.square(wanted), axis=axes)
    return ops.mean(distance / ops.maximum(size, _TINY))


def style_loss(gram, target):
    """Distance of two Gram matrices, relative to the second.

    ||G - T||_F^2 / ||T||_F^2, mean over the batch. Gatys et al. (2016, equation 4) divide by 4 N^2 M^2 instead, so
    that each layer needs a weight of its own.

    Parameters
    ----------
    gram, target : np.ndarray or tensor, shape (batch, channels, channels)
        From `gram_matrix` or `shifted_gram`; the target may have a batch of one.

    Returns
    -------
    scalar
        0 is the same style; 1 is as far as a picture without any features.

    Raises
    ------
    ValueError
        The shapes do not fit.

    Notes
    -----
    Taught in chapter 04, section "Painting".
    """
    _same(gram, target, "Gram matrices")
    return _relative(gram, target)


def content_loss(features, target):
    """Distance of two pictures' features place by place, relative to the second.

    ||F - T||^2 / ||T||^2, mean over the batch (after Gatys et al. 2016, equation 1).

    Parameters
    ----------
    features, target : np.ndarray or tensor, shape (batch, ...positions, channels)

    Returns
    -------
    scalar

    Raises
    ------
    ValueError
        The shapes do not fit.

    Notes
    -----
    Taught in chapter 04, section "Painting".
    """
    _same(features, target, "features")
    return _relative(features, target)


def cosine_similarity(features, target):
    """How alike two pictures' features are place by place, whatever their size: 1 alike, 0 nothing in common.

    Parameters
    ----------
    features, target : np.ndarray or tensor, shape (batch, ...positions, channels)

    Returns
    -------
    scalar
        <F, T> / (||F|| ||T||), mean over the batch.

    Notes
    -----
    Taught in chapter 04, section "Painting".
    """
    _same(features, target, "features")
    ops, axes = operations(features), tuple(range(1, len(features.shape)))
    sizes = ops.sum(features**2, axis=axes) * ops.sum(target**2, axis=axes)
    return ops.mean(ops.sum(features * target, axis=axes) / ops.sqrt(ops.maximum(sizes, _TINY**2)))


def moment_loss(features, mean, deviation):
    """Distance of each channel's mean and deviation from a style's, relative to them.

    Parameters
    ----------
    features : np.ndarray or tensor, shape (batch, ...positions, channels)
    mean, deviation : np.ndarray or tensor, shape (batch, channels)
        Of the style, from `moments`.

    Returns
    -------
    scalar

    Notes
    -----
    Taught in chapter 04, section "Other ways to say style".
    """
    ops = operations(features)
    return _relative(ops.stack(moments(features), axis=1), ops.stack([mean, deviation], axis=1))


def quantiles(features, n):
    """Each channel's values in order, at n places evenly from the least to the greatest: its histogram.

    Parameters
    ----------
    features : np.ndarray or tensor, shape (batch, ...positions, channels)
    n : int
        As many as the features have places: all their values.

    Returns
    -------
    np.ndarray or tensor, shape (batch, n, channels)

    Notes
    -----
    Taught in chapter 04, section "Other ways to say style".
    """
    ops = operations(checked(features))
    places = int(np.prod(features.shape[1:-1]))
    ordered = ops.sort(ops.reshape(features, (-1, places, features.shape[-1])), axis=1)
    if n == places:
        return ordered
    at = np.linspace(0, places - 1, n)
    low = at.astype(int)
    share = (at - low).astype("float32")[None, :, None]
    above = np.minimum(low + 1, places - 1)
    return (1 - share) * ops.take(ordered, low, axis=1) + share * ops.take(ordered, above, axis=1)


def histogram_loss(features, target):
    """Distance of each channel's histogram from a style's, relative to it.

    Of two sorted lists, value by value: the optimal transport between them (Risser, Wilmot & Barnes 2017,
    arXiv:1701.08893, match histograms; sorting makes the same match without bins).

    Parameters
    ----------
    features : np.ndarray or tensor, shape (batch, ...positions, channels)
    target : np.ndarray or tensor, shape (batch, n, channels)
        Of the style: `quantiles(style_features, n)` with the number of places of `features`.

    Returns
    -------
    scalar

    Raises
    ------
    ValueError
        The shapes do not fit.

    Notes
    -----
    Taught in chapter 04, section "Other ways to say style".
    """
    found = quantiles(features, int(np.prod(features.shape[1:-1])))
    _same(found, target, "histograms")
    return _relative(found, target)


def patch_loss(features, target, *, size=3, stride=1):
    """Distance of each window from the window of the style that is most like it, relative to that one.

    A Markov random field: only neighbours know of each other (Li & Wand 2016, arXiv:1601.04589). Most like is by
    cosine, so that a dark window may match a bright one of the same kind.

    Parameters
    ----------
    features : np.ndarray or tensor, shape (batch, ...positions, channels)
    target : np.ndarray or tensor, shape (batch, windows, values)
        Of the style, from `patches` with the same size.
    size, stride : int
        As in `patches`.

    Returns
    -------
    scalar

    Raises
    ------
    ValueError
        Features smaller than a window, or windows of another size.

    Notes
    -----
    Taught in chapter 04, section "Other ways to say style".
    """
    ops, found = operations(features), patches(features, size=size, stride=stride)
    if found.shape[0] != target.shape[0] or found.shape[2] != target.shape[2]:
        raise ValueError(
            f"Windows of shape {tuple(found.shape)} cannot be matched with those of shape {tuple(target.shape)}; "
            "batch, size and channels must agree."
        )
    lengths = ops.sqrt(ops.sum(target**2, axis=2, keepdims=True))
    likeness = ops.matmul(found, ops.swapaxes(target / ops.maximum(lengths, _TINY), 1, 2))  # (batch, n, windows)
    nearest = ops.argmax(likeness, axis=2)  # which does not depend on the length of `found`
    return _relative(found, ops.take_along_axis(target, nearest[..., None], axis=1))


def total_variation(pictures):
    """How much neighbouring pixels differ: mean absolute step to the right plus mean absolute step down.

    Rudin, Osher & Fatemi (1992), in the form that follows the axes.

    Parameters
    ----------
    pictures : np.ndarray or tensor, shape (batch, H, W, channels)

    Returns
    -------
    scalar
        In the pictures' unit; 0 where they are one pixel or one colour.

    Raises
    ------
    ValueError
        Not pictures.

    Notes
    -----
    Taught in chapter 04, section "Painting".
    """
    if len(pictures.shape) != 4:
        raise ValueError(f"Pictures of shape (batch, H, W, channels) are needed, found {tuple(pictures.shape)}.")
    ops = operations(pictures)
    steps = [pictures[:, 1:] - pictures[:, :-1], pictures[:, :, 1:] - pictures[:, :, :-1]]
    return sum(ops.mean(ops.abs(step)) for step in steps if 0 not in step.shape)


def _same(found, wanted, what):
    """The shapes agree, but for a batch of one."""
    if tuple(found.shape[1:]) != tuple(wanted.shape[1:]) or wanted.shape[0] not in (1, found.shape[0]):
        raise ValueError(f"Two {what} of one shape are needed, found {tuple(found.shape)} and {tuple(wanted.shape)}.")
