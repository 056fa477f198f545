"""How far is music from real music? A distance of two crowds in what a network hears, without guessing a shape.

The kernel distance is the squared maximum mean discrepancy (Gretton et al. 2012, JMLR 13) with a Gaussian kernel, as
CMMD takes it (Jayasumana et al. 2024, arXiv:2401.09603). Unlike the Frechet distance it is right on average for few
sounds, and may be a little below 0 where the crowds are alike; and unlike KID's cube of a product (Binkowski et al.
2018, arXiv:1801.01401) no single sound counts for more than 1, however far out it lies. Here it is taken over the
course's sound VGG: other networks give other figures, so it is never to be compared with a published FAD, KID or CMMD.

Taught in chapter 11, section "Is it good?".
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial

import numpy as np

from .diversity import rbf_kernel
from .estimates import Estimate

__all__ = ["LAYER", "embed", "kernel_distance", "strangeness"]

LAYER = "pool5"  #: of the sound VGG: 128 numbers, the mean over time and bands
N_DRAWS = 400
#: exp(-|a - b|^2 / 4): 1 for the same, .6 for two real ones, which by `diversity.Standard` are typically sqrt(2) apart.
kernel = partial(rbf_kernel, width=math.sqrt(2))


def embed(sounds: Iterable) -> np.ndarray:
    """What the sound VGG hears in sounds: shape (n, 128), float32.

    Parameters
    ----------
    sounds : iterable of Sound, or of samples at 22 050 Hz

    Raises
    ------
    ImportError
        TensorFlow is missing.
    """
    from ..backbones.sound_vgg import open_sound_vgg

    return open_sound_vgg().activations(sounds, LAYER, pool="mean")[LAYER]


def kernel_distance(features: np.ndarray, others: np.ndarray, *, seed: int = 0) -> Estimate:
    """Unbiased squared maximum mean discrepancy of two crowds, with a bootstrap interval.

    mean k(x, x') + mean k(y, y') - 2 mean k(x, y), over pairs of different rows (Gretton et al. 2012, JMLR 13).
    The bootstrap draws rows of both, and never compares a row with its own copy.

    Parameters
    ----------
    features, others : np.ndarray, shape (n, d), (m, d), n and m at least 2
        With a common scale: `diversity.Standard` of the real ones.
    seed : int

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        Fewer than two rows, or another d.

    Notes
    -----
    Taught in chapter 11.
    """
    features, others = np.asarray(features, float), np.asarray(others, float)
    if features.ndim != 2 or others.ndim != 2 or features.shape[1] != others.shape[1]:
        raise ValueError(f"Crowds of (n, d) with one d are wanted, not {features.shape} and {others.shape}.")
    n, m = len(features), len(others)
    if min(n, m) < 2:
        raise ValueError(f"Two sounds or more make a crowd, these are {n} and {m}.")
    inner, outer, across = kernel(features, features), kernel(others, others), kernel(features, others)
    for own in (inner, outer):
        np.fill_diagonal(own, 0)
    random = np.random.default_rng(seed)
    drawn = random.multinomial(n, np.full(n, 1 / n), N_DRAWS), random.multinomial(m, np.full(m, 1 / m), N_DRAWS)
    ones = np.ones((1, n)), np.ones((1, m))
    values = [_mmd(inner, outer, across, *weights) for weights in (ones, drawn)]
    low, high = np.nanquantile(values[1], [0.025, 0.975])
    return Estimate(float(values[0][0]), float(low), float(high))


def _mmd(inner, outer, across, one, other):
    """Of rows counted so many times each: shape (draws,)."""

    def among(own, weights):
        pairs = weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1)
        alike = np.einsum("ki,ij,kj->k", weights, own, weights, optimize=True)
        return np.divide(alike, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)  # one row, drawn n times

    both = np.einsum("ki,ij,kj->k", one, across, other, optimize=True) / (one.sum(axis=1) * other.sum(axis=1))
    return among(inner, one) + among(outer, other) - 2 * both


def strangeness(features: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """How far each sound by itself lies from a crowd: 1 - mean k(x, y), shape (n,); only its order counts."""
    return 1 - kernel(features, crowd).mean(axis=1)
