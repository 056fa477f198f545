"""Who beats whom: contestants meet picture by picture, and how strong each is follows from all their duels.

Taught in chapter 11, section "A tournament".
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .estimates import Estimate, mean

__all__ = ["bradley_terry", "duels", "strengths", "win_shares"]

N_STEPS = 200


def duels(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Outcomes of all duels: 1 where the first has more, 0 where it has less, 1/2 where they are alike.

    Parameters
    ----------
    values : mapping of str to np.ndarray, shape (n,)
        What each contestant reached on each of n pictures; more is better.

    Returns
    -------
    np.ndarray, shape (k, k, n)
        [i, j, picture]: of i against j; with itself 1/2.
    """
    rows = np.stack([np.asarray(row, float) for row in values.values()])
    return (np.sign(rows[:, None] - rows[None]) + 1) / 2


def win_shares(values: Mapping[str, np.ndarray]) -> dict[str, Estimate]:
    """Share of its duels that each contestant wins, with the interval over pictures; 1/2 is the average."""
    outcomes = duels(values)
    k = len(outcomes)
    own = (outcomes.sum(axis=1) - 0.5) / (k - 1)  # (k, pictures), without itself
    return {who: mean(row) for who, row in zip(values, own, strict=True)}


def bradley_terry(wins: np.ndarray) -> np.ndarray:
    """Strengths that account for who won how often against whom (Bradley & Terry 1952, Biometrika 39).

    P(i beats j) = s_i / (s_i + s_j); the likeliest s by the steps of Hunter 2004 (Annals of Statistics 32), with half a
    duel won and half a duel lost against a contestant of strength 1, so that who always wins stays finite.

    Parameters
    ----------
    wins : np.ndarray, shape (k, k)
        Duels that i won against j, ties as halves; the diagonal does not count.

    Returns
    -------
    np.ndarray, shape (k,), positive; 1 is the average contestant

    Notes
    -----
    Taught in chapter 11.
    """
    wins = np.array(wins, float)
    np.fill_diagonal(wins, 0)
    games = wins + wins.T
    strength = np.ones(len(wins))
    for _ in range(N_STEPS):
        against = games / (strength[:, None] + strength[None])
        strength = (wins.sum(axis=1) + 0.5) / (against.sum(axis=1) + 1 / (strength + 1))
    return strength


def strengths(values: Mapping[str, np.ndarray], *, n_draws: int = 200, seed: int = 0) -> dict[str, Estimate]:
    """Bradley-Terry strengths as the chance to beat a contestant of strength 1, with the interval over pictures."""
    outcomes = duels(values)
    n = outcomes.shape[-1]
    draws = np.random.default_rng(seed).integers(n, size=(n_draws, n))
    found = np.array([_chance(outcomes[..., rows].sum(axis=-1)) for rows in draws])
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    rows = zip(_chance(outcomes.sum(axis=-1)), low, high, strict=True)
    return {who: Estimate(*map(float, row)) for who, row in zip(values, rows, strict=True)}


def _chance(wins):
    strength = bradley_terry(wins)
    return strength / (1 + strength)
