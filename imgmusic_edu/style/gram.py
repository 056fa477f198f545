"""What of a layer's features is style: sums over all places, which forget where anything was.

Every function takes features of shape (batch, ...positions, channels), of pictures (batch, height, width, channels)
or of sounds (batch, time, channels), as a NumPy array or as a tensor, and gives back the same kind: arrays for looking
at, tensors for learning.

Taught in chapter 04, "Gram matrices".
"""

import numpy as np

from ..backbones.engine import tensorflow

__all__ = ["autocorrelation", "gram_matrix", "moments", "patches", "shifted_gram"]

_TINY = 1e-10  # under the root of a variance, so that a channel that is flat has a gradient: none


def operations(features):
    """The module that calculates with these features: `numpy` for arrays, `keras.ops` for tensors."""
    if isinstance(features, np.ndarray):
        return np
    _, keras = tensorflow()
    return keras.ops


def checked(features):
    """Features as they came, their shape looked at.

    Raises
    ------
    ValueError
        They have no batch axis, no position or no channel.
    """
    shape = tuple(features.shape)
    if len(shape) < 3 or 0 in shape:
        raise ValueError(
            f"Features of shape (batch, ...positions, channels) are needed, these have the shape {shape}; "
            "features[None] adds the batch axis to those of one picture or sound."
        )
    return features


def gram_matrix(features, *, normalise=True):
    """How much each pair of channels fires together, over all places.

    G_ij = 1/N sum_n F_ni F_nj, with N places (Gatys, Ecker & Bethge 2016, equation 3, there without 1/N).

    Parameters
    ----------
    features : np.ndarray or tensor, shape (batch, ...positions, channels)
    normalise : bool
        Divide by the number of places. Without it G grows with the picture, and the styles of a small and of a large
        one cannot be compared.

    Returns
    -------
    np.ndarray or tensor, shape (batch, channels, channels)
        Symmetric, positive semidefinite; unit of the features squared.

    Raises
    ------
    ValueError
        No batch axis, no position or no channel.

    Notes
    -----
    Taught in chapter 04, section "By hand".
    """
    ops = operations(checked(features))
    rows = ops.reshape(features, (-1, int(np.prod(features.shape[1:-1])), features.shape[-1]))  # (batch, places, c)
    gram = ops.matmul(ops.swapaxes(rows, 1, 2), rows)
    return gram / rows.shape[1] if normalise else gram


def shifted_gram(features, shift):
    """How much one channel here fires together with another one a step away: a Gram matrix that knows neighbours.

    G_ij(s) = mean over x of F_i(x) F_j(x + s)  (Berger & Memisevic 2017, arXiv:1606.01286).

    Parameters
    ----------
    features : np.ndarray or tensor, shape (batch, ...positions, channels)
    shift : int or tuple of int
        s, places along each position axis; may be negative. Of a sound, one number: frames.

    Returns
    -------
    np.ndarray or tensor, shape (batch, channels, channels)
        Over the places that have such a neighbour. Not symmetric; `gram_matrix` where the shift is 0.

    Raises
    ------
    ValueError
        Not one number for each position axis, or none of the places has such a neighbour.

    Notes
    -----
    Taught in chapter 04, section "What the sum forgets".
    """
    checked(features)
    steps = (shift,) if isinstance(shift, int | np.integer) else tuple(shift)
    sides = tuple(features.shape[1:-1])
    if len(steps) != len(sides) or any(abs(step) >= side for step, side in zip(steps, sides, strict=False)):
        raise ValueError(
            f"The features have {sides} places; a shift needs one number an axis, each smaller than it: {shift}?"
        )
    here = tuple(slice(max(0, -step), side - max(0, step)) for step, side in zip(steps, sides, strict=True))
    there = tuple(slice(max(0, step), side - max(0, -step)) for step, side in zip(steps, sides, strict=True))
    ops = operations(features)
    first, second = (features[(slice(None), *part)] for part in (here, there))
    n, channels = int(np.prod(first.shape[1:-1])), features.shape[-1]
    first, second = (ops.reshape(one, (-1, n, channels)) for one in (first, second))
    return ops.matmul(ops.swapaxes(first, 1, 2), second) / n


def autocorrelation(features, *, lags):
    """How much each channel fires together with itself a while later: rhythm, of which a Gram matrix knows nothing.

    A_c(l) = mean over t of F_c(t) F_c(t + l), the diagonal of the Gram matrix shifted by l in time
    (Antognini, Hoffman & Weiss 2019, arXiv:1806.08002).

    Parameters
    ----------
    features : np.ndarray or tensor, shape (batch, ...positions, channels)
        The first position axis is time.
    lags : iterable of int
        l, in places along that axis, 0 or more.

    Returns
    -------
    np.ndarray or tensor, shape (batch, lags, channels)

    Raises
    ------
    ValueError
        A lag below 0, or as long as the features.

    Notes
    -----
    Taught in chapter 04, section "A texture for the ear".
    """
    ops, lags = operations(checked(features)), tuple(lags)
    n = features.shape[1]
    wrong = [lag for lag in lags if not 0 <= lag < n]
    if wrong:
        raise ValueError(f"The features have {n} times, so a lag is 0 to {n - 1}; found {wrong[0]}.")
    places = tuple(range(1, len(features.shape) - 1))
    return ops.stack([ops.mean(features[:, : n - lag] * features[:, lag:], axis=places) for lag in lags], axis=1)


def moments(features):
    """Mean and standard deviation of each channel over all places: the smallest description of a style.

    AdaIN moves exactly these (Huang & Belongie 2017, arXiv:1703.06868). They are all that a Gram matrix says of single
    channels: its diagonal is mean squared plus deviation squared.

    Parameters
    ----------
    features : np.ndarray or tensor, shape (batch, ...positions, channels)

    Returns
    -------
    tuple of two np.ndarray or tensor, each of shape (batch, channels)

    Notes
    -----
    Taught in chapter 04, section "Other ways to say style".
    """
    ops = operations(checked(features))
    places = tuple(range(1, len(features.shape) - 1))
    return ops.mean(features, axis=places), ops.sqrt(ops.var(features, axis=places) + _TINY)


def patches(features, *, size=3, stride=1):
    """All windows of some places a side: what a style looks like close by.

    Parameters
    ----------
    features : np.ndarray or tensor, shape (batch, ...positions, channels)
    size : int
        Places along each position axis.
    stride : int
        From one window to the next.

    Returns
    -------
    np.ndarray or tensor, shape (batch, windows, size ** axes * channels)

    Raises
    ------
    ValueError
        The features are smaller than one window.

    Notes
    -----
    Taught in chapter 04, section "Other ways to say style".
    """
    ops, sides = operations(checked(features)), tuple(features.shape[1:-1])
    if min(sides) < size:
        raise ValueError(f"Windows of {size} places a side do not fit into features of {sides} places.")
    corners = np.ndindex(*(size,) * len(sides))
    parts = [
        features[(slice(None), *(slice(at, side - size + at + 1, stride) for at, side in zip(c, sides, strict=True)))]
        for c in corners
    ]
    whole = ops.concatenate(parts, axis=-1)  # (batch, ...windows, size ** axes * channels)
    return ops.reshape(whole, (-1, int(np.prod(whole.shape[1:-1])), whole.shape[-1]))
