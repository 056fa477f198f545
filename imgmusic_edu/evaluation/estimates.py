"""A figure is three: what was found, how far it would go with other pictures, and what knowing nothing would give.

Statistics take rows of shape (..., n) and work along the last axis, so that a thousand bootstrap samples or shuffles
are one call. One that cannot be told because nothing moves is 0: what does not move follows nothing.

Taught in chapter 11, section "How sure are we?".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

__all__ = [
    "Estimate",
    "correlation",
    "estimate",
    "mean",
    "mean_over_pictures",
    "partial_spearman",
    "r2",
    "shuffled",
    "spearman",
]

N_DRAWS = 1000  # bootstrap samples
N_SHUFFLES = 200
SHARE = 0.95
TINY = 1e-12


class Estimate(NamedTuple):
    """A figure and the ends of its 95 % interval; NaN where there is none."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


def correlation(one, other):
    """Pearson's correlation along the last axis: shape (...)."""
    one = one - one.mean(axis=-1, keepdims=True)
    other = other - other.mean(axis=-1, keepdims=True)
    lengths = np.sqrt((one**2).sum(axis=-1) * (other**2).sum(axis=-1))
    return np.where(lengths > TINY, (one * other).sum(axis=-1) / np.maximum(lengths, TINY), 0.0)


def spearman(one, other):
    """Spearman's rank correlation along the last axis, ties sharing their ranks: shape (...)."""
    return correlation(_ranks(one), _ranks(other))


def partial_spearman(one, other, held):
    """Rank correlation of two things once a third, that both hang on, is taken out: shape (...).

    (r12 - r13 r23) / sqrt((1 - r13^2) (1 - r23^2)), of ranks (Kendall 1942, Biometrika 32).
    """
    one, other, held = _ranks(one), _ranks(other), _ranks(held)
    both, first, second = correlation(one, other), correlation(one, held), correlation(other, held)
    left = np.sqrt(np.maximum((1 - first**2) * (1 - second**2), 0))
    return np.where(left > 1e-6, (both - first * second) / np.maximum(left, 1e-6), 0.0)


def r2(truth, reading):
    """Coefficient of determination along the last axis: 1 is no error, 0 the error of always saying the mean."""
    whole = ((truth - truth.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
    left = ((truth - reading) ** 2).sum(axis=-1)
    return np.where(whole > TINY, 1 - left / np.maximum(whole, TINY), 0.0)


def _ranks(rows):
    from scipy.stats import rankdata

    return rankdata(rows, axis=-1)


def estimate(statistic: Callable, *columns, seed: int = 0) -> Estimate:
    """A statistic with its bootstrap interval (percentiles; Efron 1979, Annals of Statistics 7(1)).

    Parameters
    ----------
    statistic : callable
        Takes the columns; works along the last axis.
    *columns : np.ndarray, shape (n,) or (k, n)
        Pictures run along the last axis and are drawn with all that belongs to them. Of k rows, the mean statistic.
    seed : int

    Returns
    -------
    Estimate

    Notes
    -----
    Taught in chapter 11.
    """
    rows = list(zip(*(np.atleast_2d(column) for column in columns), strict=True))
    n = rows[0][0].shape[-1]
    draws = np.random.default_rng(seed).integers(n, size=(N_DRAWS, n))
    value = np.mean([statistic(*row) for row in rows])
    found = np.mean([statistic(*(values[draws] for values in row)) for row in rows], axis=0)
    return Estimate(float(value), *_ends(found))


def mean(values) -> Estimate:
    """Mean of one figure a picture, shape (n,), with its interval over pictures."""
    return estimate(lambda rows: rows.mean(axis=-1), values)


def mean_over_pictures(found: Iterable[tuple]) -> Estimate:
    """Mean over pictures of each picture's mean, of (picture, value): what belongs to one picture hangs together."""
    by_picture = defaultdict(list)
    for picture, value in found:
        by_picture[picture].append(value)
    return mean(np.array([np.mean(own) for own in by_picture.values()]))


def shuffled(statistic: Callable, fixed, moved, *others, seed: int = 0) -> Estimate:
    """What the statistic gives when pictures and sounds are paired at random: mean, and where 95 % of shuffles lie.

    Parameters
    ----------
    statistic : callable
        Takes fixed, moved and the others; works along the last axis.
    fixed, moved, *others : np.ndarray, shape (n,) or (k, n)
        `moved` is shuffled along its last axis, all its rows alike.
    seed : int

    Returns
    -------
    Estimate

    Notes
    -----
    Taught in chapter 11.
    """
    columns = [np.atleast_2d(column) for column in (fixed, moved, *others)]
    orders = permutations(columns[1].shape[-1], seed=seed)
    rows = zip(*columns, strict=True)
    return of_shuffles(np.mean([statistic(row[0], row[1][orders], *row[2:]) for row in rows], axis=0))


def permutations(n: int, *, seed: int = 0) -> np.ndarray:
    """Orders of n things, drawn at random: shape (N_SHUFFLES, n)."""
    return np.random.default_rng([seed, 1]).permuted(np.tile(np.arange(n), (N_SHUFFLES, 1)), axis=1)


def of_shuffles(values) -> Estimate:
    """Mean of one figure a shuffle, and where 95 % of them lie."""
    return Estimate(float(np.mean(values)), *_ends(values))


def _ends(values):
    low, high = np.quantile(values, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return float(low), float(high)
