"""The checker of chapter 11's exercise about the strength of one that comes late."""

import numpy as np

from imgmusic_edu.exercises import Wrong
from imgmusic_edu.exercises.judging11 import listed

__all__ = ["WRONG_NEWCOMERS", "newcomer_fault"]

ODDS = "That is wins over losses: it forgets whom you met. To win half of the duels against the strong is more."
ONE_STEP = "You stop after one step. The right side needs the strength that it gives: put it in again until it settles."
NO_HALVES = "You leave out the half duel won and the half duel lost: who won all its duels would be infinitely strong."
AS_CHANCE = "That is the chance to beat an average contestant, s / (1 + s): asked for is the strength s itself."
ONLY_OTHERS = "You divide by the opponent's strength alone: below the line stands the sum of both strengths."
WINS_BELOW = "Below the line stand all duels of a pair, won and lost: you put in the wins alone."
LOSSES = "You take the duels lost for the duels won."


def _settled(won, lost, strengths, *, half=0.5, rounds=2000):
    games, s = won + lost, 1.0
    for _ in range(rounds):
        s = (won.sum() + half) / ((games / (s + strengths)).sum() + 2 * half / (s + 1))
    return float(s)


def newcomer_fault(newcomer):
    rng = np.random.default_rng(7)
    cases: list[tuple] = []
    for k in (2, 3, 4, 6):
        cases.append((*rng.integers(1, 7, size=(2, k)).astype(float), rng.uniform(0.2, 4, k)))
    cases.append((np.array([3.0, 2.0]), np.array([0.0, 0.0]), np.array([0.5, 2.0])))  # lost none
    cases.append((np.array([0.0, 1.0, 0.0]), np.array([2.0, 3.0, 4.0]), np.array([0.5, 1.0, 2.0])))
    with np.errstate(divide="ignore", invalid="ignore"):  # who lost none
        found = [float(newcomer(*(np.copy(part) for part in case))) for case in cases]
    wanted = [_settled(*case) for case in cases]
    if np.allclose(found, wanted, rtol=1e-2):
        return None
    for wrong in WRONG_NEWCOMERS:
        theirs = [wrong.answer(*(np.copy(part) for part in case)) for case in cases[:4]]
        if np.allclose(found[:4], theirs, rtol=1e-3):
            return wrong.hint
    k = int(np.argmax(np.abs(np.log(np.maximum(found, 1e-9)) - np.log(wanted))))
    won, lost, strengths = cases[k]
    met = f"Who won {listed(won)} and lost {listed(lost)} duels against the strengths {listed(strengths)}"
    return f"{met} has the strength {wanted[k]:.3f}, but you found {found[k]:.3f}."


def _odds(won, lost, strengths):
    """Divides wins by losses."""
    return won.sum() / lost.sum()


def _one_step(won, lost, strengths):
    """Begins with 1, and stops after one step."""
    return _settled(won, lost, strengths, rounds=1)


def _no_halves(won, lost, strengths):
    """Counts the real duels only."""
    return _settled(won, lost, strengths, half=0)


def _as_chance(won, lost, strengths):
    """Gives the chance to beat an average contestant."""
    s = _settled(won, lost, strengths)
    return s / (1 + s)


def _only_others(won, lost, strengths):
    """Forgets the newcomer's own strength below the line."""
    return (won.sum() + 0.5) / (((won + lost) / strengths).sum() + 1)


def _wins_below(won, lost, strengths):
    """Puts wins where all duels belong."""
    return _settled(won, np.zeros_like(lost), strengths)


def _losses(won, lost, strengths):
    """Takes losses for wins."""
    return _settled(lost, won, strengths)


WRONG_NEWCOMERS = (
    Wrong(_odds, ODDS),
    Wrong(_one_step, ONE_STEP),
    Wrong(_no_halves, NO_HALVES),
    Wrong(_as_chance, AS_CHANCE),
    Wrong(_only_others, ONLY_OTHERS),
    Wrong(_wins_below, WINS_BELOW),
    Wrong(_losses, LOSSES),
)
