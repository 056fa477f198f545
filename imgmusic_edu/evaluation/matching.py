"""Given the sound, find its picture: ranks among many, by finders that need no training and by the listener.

Taught in chapter 11, section "Which picture was it?".
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .. import crossmodal
from ..visual_features import FEATURES
from .estimates import estimate, of_shuffles, permutations
from .faithfulness import MEASURES
from .report import row

__all__ = ["Finder", "listener_finder", "ranks", "retrieval_rows", "rules_finder"]


class Finder(NamedTuple):
    """A way to say how badly pictures go with sounds.

    `judge` takes what was heard, shape (M, K), and features of pictures, shape (N, 18), and gives (M, N); `ours` and
    `hue_wheel` are what was heard in the sounds to be scored and in the hue wheel's.
    """

    name: str
    judge: Callable
    ours: np.ndarray
    hue_wheel: np.ndarray


def rules_finder(heard, wheel):
    """What is measured against what the rules ask for; both in spreads over the folder, so nothing is learnt."""
    asked = _asked(heard.features)

    def judge(sounds, features):
        pictures = _in_spreads(_asked(features), asked)
        return ((sounds[:, None] - pictures) ** 2).sum(axis=2)

    ours, theirs = (_in_spreads(h.measures, h.measures) for h in (heard, wheel))
    return Finder("rules", judge, ours, theirs)


def listener_finder(listener, heard, wheel):
    """What the listener reads in the sounds against what it usually reads of such pictures."""
    return Finder("listener", listener.judge, *(listener.read(h.fingerprints) for h in (heard, wheel)))


def _asked(features):
    """What the rules ask of each measured quality, as shares of its range: shape (n, 7)."""
    found = []
    for numbers in features:
        drives = crossmodal.drives(crossmodal.contributions(dict(zip(FEATURES, map(float, numbers), strict=True))))
        found.append([crossmodal.squash(drives[quality]) for quality in MEASURES])
    return np.array(found)


def _in_spreads(values, reference):
    """Away from the mean of the reference, in its standard deviations; what never moves says nothing."""
    spread = reference.std(axis=0)
    return np.where(spread > 1e-9, (values - reference.mean(axis=0)) / np.maximum(spread, 1e-9), 0.0)


def ranks(distances, n, size, *, seed=0):
    """Rank of each of the first n pictures for each sound, were there `size` pictures to choose from.

    Parameters
    ----------
    distances : np.ndarray, shape (M, N)
        N pictures, at least `size`. Where there are more, so many are thought of as drawn from them at random.
    n, size : int

    Returns
    -------
    np.ndarray of int, shape (M, n)
        1 is the best; pictures at the same distance share the rank in the middle.
    """
    closer = np.empty((len(distances), n), dtype=int)
    for found, own in zip(distances, closer, strict=True):
        rising = np.sort(found)
        first, last = (np.searchsorted(rising, found[:n], side=side) for side in ("left", "right"))
        own[:] = (first + last - 1) // 2
    total = distances.shape[1]
    if total > size:  # of the others, the closer ones among size - 1 drawn without putting back
        closer = np.random.default_rng([seed, 3]).hypergeometric(closer, total - 1 - closer, size - 1)
    return 1 + closer


def retrieval_rows(finders, features, scenes, size):
    """R@1, R@5, R@10, median rank and MRR of each finder among `size` pictures: the folder's, filled up with scenes.

    Parameters
    ----------
    finders : list of Finder
    features : np.ndarray, shape (n, 18)
        Of the folder's pictures, in the order of the finders' sounds.
    scenes : np.ndarray, shape (m, 18)
        Of scenes to fill up with.
    size : int

    Returns
    -------
    list of dict
        See `report.row`.
    """
    n = len(features)
    chosen = np.concatenate([features, scenes[: max(size - n, 0)]])
    rows = []
    for finder in finders:
        found = ranks(finder.judge(finder.ours, chosen), n, size)
        theirs = ranks(finder.judge(finder.hue_wheel, chosen), n, size)
        constant = ranks(finder.judge(finder.ours.mean(axis=0, keepdims=True), chosen), n, size)[0]
        order = permutations(n)
        strangers = np.empty_like(order)  # each sound with the picture of another, so that none is right by luck
        np.put_along_axis(strangers, order, np.roll(order, 1, axis=1), axis=1)
        by_chance = found[np.arange(n), strangers]  # (shuffles, n)
        for measure, statistic, chance in _statistics(size):
            rows.append(
                row(
                    "retrieval",
                    f"{finder.name}, among {size}",
                    measure,
                    n,
                    estimate(statistic, np.diag(found)),
                    chance=chance,
                    shuffled=of_shuffles(statistic(by_chance)) if n > 1 else None,
                    hue_wheel=estimate(statistic, np.diag(theirs)),
                    mean=float(statistic(constant)),
                )
            )
    return rows


def _statistics(size):
    """(name, statistic of ranks along the last axis, what guessing gives) for a number of pictures."""
    found: list[tuple[str, Callable, float]] = [
        (f"R@{k}", functools.partial(_share_within, k), k / size) for k in (1, 5, 10) if k < size
    ]
    found.append(("median rank", functools.partial(np.median, axis=-1), (size + 1) / 2))
    found.append(("MRR", lambda ranks: (1 / ranks).mean(axis=-1), (1 / np.arange(1, size + 1)).sum() / size))
    return found


def _share_within(k, ranks):
    return (ranks <= k).mean(axis=-1)
