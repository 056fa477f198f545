"""Exercises and quiz of chapter 11, "Picture to music, end to end"."""

import numpy as np

from imgmusic_edu.exercises import Exercise, Wrong
from imgmusic_edu.exercises.interval11 import WRONG_INTERVALS, interval_fault
from imgmusic_edu.exercises.quiz11 import QUIZ

__all__ = ["EXERCISES", "QUIZ"]


def _hint_of(found, cases, wrongs):
    """The hint of the first wrong answer that gives, in all cases, what was found; None if none does."""
    for wrong in wrongs:
        theirs = [wrong.answer(*(np.copy(part) for part in case)) for case in cases]
        pairs = list(zip(found, theirs, strict=True))
        if all(np.shape(a) == np.shape(b) and np.allclose(a, b, equal_nan=True) for a, b in pairs):
            return wrong.hint
    return None


def _judged(answer, right, cases, wrongs, say):
    """None, a wrong answer's hint, or what `say` says of the first case in which answer and right differ."""
    found = [np.asarray(answer(*(np.copy(part) for part in case)), float) for case in cases]
    wanted = [np.asarray(right(*case), float) for case in cases]
    differ = [
        k for k, (a, b) in enumerate(zip(found, wanted, strict=True)) if a.shape != b.shape or not np.allclose(a, b)
    ]
    if not differ:
        return None
    k = differ[0]
    if found[k].shape != wanted[k].shape:
        return f"The answer should have the shape {wanted[k].shape}, but yours has {found[k].shape}."
    return _hint_of(found, cases, wrongs) or say(cases[k], wanted[k], found[k])


def _listed(values):
    return ", ".join(f"{value:.4g}" for value in np.atleast_1d(values))


# --- one loudness ------------------------------------------------------------------------------------------

TURNS_UP = "You turn the softer ones up to the loudest: then their peaks go up, too, and may clip. Turn down instead."
SIGN = "Your gains have the wrong sign: the louder a sound is, the more it must be turned down."
FACTORS = "Those are factors for the samples: asked for are gains in decibels, which are added to levels."
NO_PEAKS = "You forget the peaks: after your gains one of them stands above the ceiling."
BY_PEAK = "You bring the peaks to one height: two sounds with the same peak may differ much in loudness."


def _gains(levels, peaks, ceiling=-1.0):
    room = np.minimum(0, ceiling - peaks)
    return (levels + room).min() - levels


def _check_matched_gains(matched_gains):
    rng = np.random.default_rng(1)
    cases = [(np.array([-12.0, -15.0, -13.5]), np.array([0.5, 1.5, -3.0]))]
    cases += [(rng.uniform(-24, -10, n), rng.uniform(-8, 2, n)) for n in (2, 3, 5, 8) for _ in range(3)]

    def say(case, wanted, found):
        levels, peaks = case
        asked = f"Levels {_listed(levels)} and peaks {_listed(peaks)} want gains"
        return f"{asked} of {_listed(wanted)} dB, not {_listed(found)}."

    return _judged(matched_gains, _gains, cases, _WRONG_GAINS, say)


def _turned_up(levels, peaks, ceiling=-1.0):
    """Brings all to the loudest."""
    return levels.max() - levels


def _wrong_sign(levels, peaks, ceiling=-1.0):
    """Turns the louder one up."""
    return -_gains(levels, peaks, ceiling)


def _factors(levels, peaks, ceiling=-1.0):
    """Gives factors in place of decibels."""
    return 10 ** (_gains(levels, peaks, ceiling) / 20)


def _without_peaks(levels, peaks, ceiling=-1.0):
    """Turns down to the softest, and looks at no peak."""
    return levels.min() - levels


def _by_peak(levels, peaks, ceiling=-1.0):
    """Normalises by peaks."""
    return ceiling - peaks


_WRONG_GAINS = (
    Wrong(_turned_up, TURNS_UP),
    Wrong(_wrong_sign, SIGN),
    Wrong(_factors, FACTORS),
    Wrong(_without_peaks, NO_PEAKS),
    Wrong(_by_peak, BY_PEAK),
)


# --- mean reciprocal rank ----------------------------------------------------------------------------------

FROM_ZERO = "Ranks begin at 1: the best picture has the rank 1, and 1 / 0 is not a number."
OF_THE_MEAN = "You take one over the mean rank: MRR is the mean of one over each rank."
MEAN_RANK = "That is the mean rank: take one over each before the mean, so that first places count most."
OTHER_WAY = "You rank sounds for each picture: for each sound, down the rows, rank the pictures across."
LARGEST = "You count pictures that are further away: the nearest is the best, so count those that are nearer."


def _ranks(distances, *, axis=1, nearer=np.less):
    own = np.diag(distances)
    return 1 + nearer(distances, own[:, None] if axis == 1 else own[None]).sum(axis=axis)


def _mrr(distances):
    return float(np.mean(1 / _ranks(distances)))


def _check_mean_reciprocal_rank(mean_reciprocal_rank):
    rng = np.random.default_rng(2)
    cases = [(rng.random((n, n)) + 0.3 * rng.random((n, 1)) + 0.3 * rng.random(n),) for n in (3, 5, 8, 13, 21)]

    def say(case, wanted, found):
        return f"For {len(case[0])} sounds the MRR is {float(wanted):.4f}, but you found {float(found):.4f}."

    with np.errstate(divide="ignore"):
        return _judged(mean_reciprocal_rank, _mrr, cases, _WRONG_MRR, say)


def _from_zero(distances):
    """Counts ranks from 0."""
    with np.errstate(divide="ignore"):
        return float(np.mean(1 / (_ranks(distances) - 1)))


def _of_the_mean(distances):
    """Takes the reciprocal of the mean rank."""
    return float(1 / np.mean(_ranks(distances)))


def _mean_rank(distances):
    """Gives the mean rank."""
    return float(np.mean(_ranks(distances)))


def _other_way(distances):
    """Looks for the sound of each picture, not for the picture of each sound."""
    return float(np.mean(1 / _ranks(distances, axis=0)))


def _largest(distances):
    """Takes large distances for good ones."""
    return float(np.mean(1 / _ranks(distances, nearer=np.greater)))


_WRONG_MRR = (
    Wrong(_from_zero, FROM_ZERO),
    Wrong(_of_the_mean, OF_THE_MEAN),
    Wrong(_mean_rank, MEAN_RANK),
    Wrong(_other_way, OTHER_WAY),
    Wrong(_largest, LARGEST),
)


# --- an interval over pictures -----------------------------------------------------------------------------


def _check_interval(interval):
    return interval_fault(interval)


# --- does the explanation hold? ----------------------------------------------------------------------------

ANY_CHANGE = "You count every note that changed: it must change the way that the rule says."
ALL_NOTES = "You count notes whose feature hardly moved, too: where nothing was changed, nothing can be told."
NO_RULE = "You leave out the sign of the rule: larger things sound lower, so the note may have to move the other way."
ONLY_UP = "You ask notes whose feature rose, and forget those whose feature fell: take the absolute value of the shift."
OF_ALL = "You divide by all notes: divide by those that were asked, whose feature moved enough."


def _holds(shifts, signs, changes, least=0.25):
    asked = np.abs(shifts) >= least
    return float(np.mean(np.sign(changes[asked]) == np.sign(shifts[asked]) * signs[asked]))


def _check_share_that_holds(share_that_holds):
    rng = np.random.default_rng(6)
    cases = []
    for n in (12, 20, 40, 60):
        shifts, signs = rng.uniform(-1, 1, n), rng.choice([-1, 1], n)
        changes = np.sign(shifts) * signs * rng.choice([-1, 0, 1, 1, 1, 1], n) * rng.uniform(0.5, 3, n)
        cases.append((shifts, signs, changes))

    def say(case, wanted, found):
        asked = int((np.abs(case[0]) >= 0.25).sum())
        return (
            f"Of {len(case[0])} notes {asked} can be asked, and {wanted:.3f} of them hold, but you found {found:.3f}."
        )

    return _judged(share_that_holds, _holds, cases, _WRONG_HOLDS, say)


def _any_change(shifts, signs, changes, least=0.25):
    """Is content if the note changed, whichever way."""
    return float(np.mean(changes[np.abs(shifts) >= least] != 0))


def _all_notes(shifts, signs, changes, least=0.25):
    """Asks notes whose feature did not move."""
    return _holds(shifts, signs, changes, least=0.0)


def _no_rule(shifts, signs, changes, least=0.25):
    """Takes every rule for a rising one."""
    return _holds(shifts, np.ones(len(signs)), changes, least)


def _only_up(shifts, signs, changes, least=0.25):
    """Asks only notes whose feature rose."""
    up = shifts >= least
    return float(np.mean(np.sign(changes[up]) == signs[up]))


def _of_all(shifts, signs, changes, least=0.25):
    """Divides by the number of all notes."""
    asked = np.abs(shifts) >= least
    return float((np.sign(changes[asked]) == np.sign(shifts[asked]) * signs[asked]).sum() / len(shifts))


_WRONG_HOLDS = (
    Wrong(_any_change, ANY_CHANGE),
    Wrong(_all_notes, ALL_NOTES),
    Wrong(_no_rule, NO_RULE),
    Wrong(_only_up, ONLY_UP),
    Wrong(_of_all, OF_ALL),
)


# --- one step towards the strengths ------------------------------------------------------------------------

SHARE_WON = "That is the share of duels won: it forgets whom one met. Divide each pair's duels by the sum of strengths."
ONLY_OTHERS = "You divide by the opponent's strength alone: the chance has the sum of both strengths below the line."
WINS_BELOW = "Below the line stand all duels of a pair, won and lost: you put in the wins alone."
LOSSES = "You add up columns: `wins[i, j]` is i over j, so the wins of i are the sum of its row."
DIFFERENCE = "Wins minus losses can be below 0, a strength cannot: follow the formula."


def _step(wins, strengths):
    games = wins + wins.T
    return wins.sum(axis=1) / (games / (strengths[:, None] + strengths[None])).sum(axis=1)


def _check_one_step(one_step):
    rng = np.random.default_rng(7)
    cases = []
    for k in (2, 3, 4, 6):
        wins = rng.integers(1, 9, size=(k, k)).astype(float)
        np.fill_diagonal(wins, 0)
        cases.append((wins, rng.uniform(0.3, 3, k)))

    def say(case, wanted, found):
        return f"The {len(wanted)} new strengths should be {_listed(wanted)}, but yours are {_listed(found)}."

    return _judged(one_step, _step, cases, _WRONG_STEPS, say)


def _share_won(wins, strengths):
    """Divides wins by duels."""
    return wins.sum(axis=1) / (wins + wins.T).sum(axis=1)


def _only_others(wins, strengths):
    """Forgets the contestant's own strength below the line."""
    return wins.sum(axis=1) / ((wins + wins.T) / strengths[None]).sum(axis=1)


def _wins_below(wins, strengths):
    """Puts wins where all duels belong."""
    return wins.sum(axis=1) / (wins / (strengths[:, None] + strengths[None])).sum(axis=1)


def _losses(wins, strengths):
    """Takes losses for wins."""
    return _step(wins.T, strengths)


def _difference(wins, strengths):
    """Takes wins minus losses for a strength."""
    return wins.sum(axis=1) - wins.sum(axis=0)


_WRONG_STEPS = (
    Wrong(_share_won, SHARE_WON),
    Wrong(_only_others, ONLY_OTHERS),
    Wrong(_wins_below, WINS_BELOW),
    Wrong(_losses, LOSSES),
    Wrong(_difference, DIFFERENCE),
)

EXERCISES = (
    Exercise(
        id="ch11.matched_gains",
        title="As loud as each other",
        task="Write `matched_gains`. `levels` are the loudnesses of some sounds in LUFS, `peaks` their peaks in dB. "
        "Give for each the gain in dB that brings all to one loudness: as loud as it can be without turning any sound "
        "up, and without any peak above `ceiling`. A sound whose peak is too high from the start must make room.",
        hints=(
            "How far must each sound be turned down for its peak, if at all? How loud is it then? The softest decides.",
            "`room = np.minimum(0, ceiling - peaks)`; all meet at `(levels + room).min()`, and a gain is that minus "
            "the sound's own level.",
        ),
        check=_check_matched_gains,
        wrong=_WRONG_GAINS,
    ),
    Exercise(
        id="ch11.mean_reciprocal_rank",
        title="How high up is the right picture?",
        task="Write `mean_reciprocal_rank`. `distances[i, j]` says how badly sound `i` and picture `j` go together; "
        "sound `i` belongs to picture `i`. For each sound find the rank of its own picture (1 is the nearest; no two "
        "are alike), and give the mean of one over the ranks.",
        hints=(
            "How many pictures are nearer to sound `i` than its own? Its rank is one more.",
            "`(distances < np.diag(distances)[:, None]).sum(axis=1)` counts the nearer ones; add 1, then take "
            "`np.mean(1 / ranks)`.",
        ),
        check=_check_mean_reciprocal_rank,
        wrong=_WRONG_MRR,
    ),
    Exercise(
        id="ch11.interval",
        title="How sure is a share?",
        task="Write `interval`. `right` holds 1 or 0 for each edit, `pictures` the name or number of the picture that "
        "it belongs to. Take the share right of each picture; draw as many pictures as there are, with putting back, a "
        "thousand times, by `rng`; give the two ends between which the middle 95 % of their means lie.",
        hints=(
            "First one number for each picture. Then draw places of pictures, not of edits.",
            "`rng.integers(n, size=(1000, n))` draws the places; take the mean along axis 1, and "
            "`np.quantile(means, [0.025, 0.975])`.",
        ),
        check=_check_interval,
        wrong=WRONG_INTERVALS,
    ),
    Exercise(
        id="ch11.share_that_holds",
        title="Does the explanation hold?",
        task="Write `share_that_holds`. For each note, `shifts` says how far the named feature was moved, `signs` "
        "whether more of it gives more (+1) or less (-1) of the note's quality, `changes` how far that quality moved. "
        "Of the notes whose feature moved by `least` or more, up or down, give the share whose quality moved the way "
        "that the rule says.",
        hints=(
            "Which notes may be asked at all? And which way is right where the feature fell, by a rule of sign -1?",
            "`asked = np.abs(shifts) >= least`; right is where `np.sign(changes) == np.sign(shifts) * signs`; take the "
            "mean over those that were asked.",
        ),
        check=_check_share_that_holds,
        wrong=_WRONG_HOLDS,
    ),
    Exercise(
        id="ch11.one_step",
        title="One step towards the strengths",
        task="Write `one_step`. `wins[i, j]` is how often `i` beat `j` (nobody plays alone), `strengths` what we have "
        "so far. Give the new strengths: all wins of `i`, divided by the sum over all opponents `j` of the duels of "
        "the two over the sum of their strengths. Leave out the extra half duels of the chapter.",
        hints=(
            "How many duels had each pair? How many of them are won by whom does not matter below the line.",
            "`games = wins + wins.T`; below the line stands the sum along axis 1 of "
            "`games / (strengths[:, None] + strengths[None])`.",
        ),
        check=_check_one_step,
        wrong=_WRONG_STEPS,
    ),
)
