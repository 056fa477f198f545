"""Exercises and quiz of chapter 11, "Picture to music, end to end"."""

import numpy as np

from imgmusic_edu.exercises import Exercise, Wrong
from imgmusic_edu.exercises.interval11 import WRONG_INTERVALS, interval_fault
from imgmusic_edu.exercises.judging11 import judged, listed
from imgmusic_edu.exercises.newcomer11 import WRONG_NEWCOMERS, newcomer_fault
from imgmusic_edu.exercises.quiz11 import QUIZ

__all__ = ["EXERCISES", "QUIZ"]


# --- one loudness ------------------------------------------------------------------------------------------

ONLY_DOWN = "That is the chapter's rule, by which nothing is turned up. Here a sound may be, as far as its peak allows."
TURNS_UP = "You turn all to the loudest and look at no peak: one of them then stands above the ceiling."
SIGN = "Your gains have the wrong sign: the louder a sound is, the less it may be turned up."
FACTORS = "Those are factors for the samples: asked for are gains in decibels, which are added to levels."
BY_PEAK = "You bring the peaks to one height: two sounds with the same peak may differ much in loudness."
HIGHEST_PEAK = (
    "You let the sound with the highest peak decide. Turned up to its loudness, a soft sound may peak higher still."
)
FIXED_CEILING = "You take -1 for the ceiling, whatever `ceiling` says."


def _gains(levels, peaks, ceiling=-1.0):
    return (levels + ceiling - peaks).min() - levels


def _check_matched_gains(matched_gains):
    rng = np.random.default_rng(1)
    cases: list[tuple] = [
        (np.array([-12.0, -20.0, -13.5]), np.array([0.5, -2.5, -4.0]))
    ]  # the softest decides, by its peak
    cases += [(rng.uniform(-24, -10, n), rng.uniform(-9, 2, n)) for n in (2, 3, 5, 8) for _ in range(3)]
    cases += [(rng.uniform(-24, -10, 4), rng.uniform(-9, 2, 4), ceiling) for ceiling in (-3.0, 0.0)]

    def say(case, wanted, found):
        levels, peaks, ceiling = (*case, -1.0)[:3]
        asked = f"Levels {listed(levels)}, peaks {listed(peaks)} and the ceiling {ceiling:g} want gains"
        return f"{asked} of {listed(wanted)} dB, not {listed(found)}."

    return judged(matched_gains, _gains, cases, _WRONG_GAINS, say)


def _only_down(levels, peaks, ceiling=-1.0):
    """Turns no sound up: the chapter's rule."""
    return (levels + np.minimum(0, ceiling - peaks)).min() - levels


def _turned_up(levels, peaks, ceiling=-1.0):
    """Brings all to the loudest."""
    return levels.max() - levels


def _wrong_sign(levels, peaks, ceiling=-1.0):
    """Turns the louder one up."""
    return -_gains(levels, peaks, ceiling)


def _factors(levels, peaks, ceiling=-1.0):
    """Gives factors in place of decibels."""
    return 10 ** (_gains(levels, peaks, ceiling) / 20)


def _by_peak(levels, peaks, ceiling=-1.0):
    """Normalises by peaks."""
    return ceiling - peaks


def _highest_peak(levels, peaks, ceiling=-1.0):
    """Lets the highest peak that there is now decide, not the one that would be highest at one loudness."""
    top = peaks.argmax()
    return levels[top] + ceiling - peaks[top] - levels


def _fixed_ceiling(levels, peaks, ceiling=-1.0):
    """Knows one ceiling only."""
    return _gains(levels, peaks)


_WRONG_GAINS = (
    Wrong(_only_down, ONLY_DOWN),
    Wrong(_turned_up, TURNS_UP),
    Wrong(_wrong_sign, SIGN),
    Wrong(_factors, FACTORS),
    Wrong(_by_peak, BY_PEAK),
    Wrong(_highest_peak, HIGHEST_PEAK),
    Wrong(_fixed_ceiling, FIXED_CEILING),
)


# --- mean reciprocal rank, with ties -----------------------------------------------------------------------

FREE = "You count nearer pictures only: a finder that gives all pictures one distance would then be right each time."
ALL_LOST = (
    "You count every picture that is just as near as a nearer one: in a tie the own picture is as often before it."
)
ITSELF = "A picture is always as near as itself: leave it out when you count what is just as near."
FROM_ZERO = "Ranks begin at 1: a picture that none is nearer than, and none as near, has the rank 1."
OF_THE_MEAN = "You take one over the mean rank: MRR is the mean of one over each rank."
MEAN_RANK = "That is the mean rank: take one over each before the mean, so that first places count most."
OTHER_WAY = "You rank sounds for each picture: for each sound, along its row, rank the pictures."
LARGEST = "You count pictures that are further away: the nearest is the best, so count those that are nearer."


def _ranks(distances, *, axis=1, nearer=np.less, alike=0.5, itself=1):
    own = np.diag(distances)
    own = own[:, None] if axis == 1 else own[None]
    return 1 + nearer(distances, own).sum(axis=axis) + alike * ((distances == own).sum(axis=axis) - itself)


def _mrr(distances):
    return float(np.mean(1 / _ranks(distances)))


def _check_mean_reciprocal_rank(mean_reciprocal_rank):
    rng = np.random.default_rng(2)
    cases = [(rng.random((n, n)) + 0.3 * rng.random((n, 1)) + 0.3 * rng.random(n),) for n in (3, 5, 8)]
    cases += [(rng.integers(0, top, (n, n)).astype(float),) for n, top in ((4, 3), (9, 5), (21, 6))]
    cases += [(np.ones((6, 6)),)]

    def say(case, wanted, found):
        return f"For {len(case[0])} sounds the MRR is {float(wanted):.4f}, but you found {float(found):.4f}."

    with np.errstate(divide="ignore"):
        return judged(mean_reciprocal_rank, _mrr, cases, _WRONG_MRR, say)


def _free(distances):
    """Counts no tie: the chapter's rank."""
    return float(np.mean(1 / _ranks(distances, alike=0)))


def _all_lost(distances):
    """Counts every tie as lost."""
    return float(np.mean(1 / _ranks(distances, alike=1)))


def _itself(distances):
    """Takes the own picture for a tie with itself."""
    return float(np.mean(1 / _ranks(distances, itself=0)))


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
    Wrong(_free, FREE),
    Wrong(_all_lost, ALL_LOST),
    Wrong(_itself, ITSELF),
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
FIXED_LEAST = "You take 0.25 for the least shift, whatever `least` says."
BORDER = "A shift of exactly `least` is asked, too: by `least` or more."
OF_ALL = "You divide by all notes: divide by those that were asked, whose feature moved enough."


def _holds(shifts, signs, changes, least=0.25):
    asked = np.abs(shifts) >= least
    return float(np.mean(np.sign(changes[asked]) == np.sign(shifts[asked]) * signs[asked]))


def _check_share_that_holds(share_that_holds):
    rng = np.random.default_rng(6)
    cases: list[tuple] = []
    for n in (12, 20, 40, 60):
        shifts, signs = rng.uniform(-1, 1, n), rng.choice([-1, 1], n)
        changes = np.sign(shifts) * signs * rng.choice([-1, 0, 1, 1, 1, 1], n) * rng.uniform(0.5, 3, n)
        cases.append((shifts, signs, changes))
    for least in (0.5, 0.2):  # and of some notes it moved by exactly so much
        shifts, signs = rng.choice([-2, -1, 1, 2, 3], 30) * least / 2, rng.choice([-1, 1], 30)
        changes = np.sign(shifts) * signs * rng.choice([-1, 1, 1], 30) * (1.0 + (np.abs(shifts) > least))
        changes[np.abs(shifts) == least] *= -1  # most of these go the wrong way
        cases.append((shifts, signs, changes, least))

    def say(case, wanted, found):
        asked = int((np.abs(case[0]) >= (case[3] if len(case) > 3 else 0.25)).sum())
        return (
            f"Of {len(case[0])} notes {asked} can be asked, and {wanted:.3f} of them hold, but you found {found:.3f}."
        )

    return judged(share_that_holds, _holds, cases, _WRONG_HOLDS, say)


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


def _fixed_least(shifts, signs, changes, least=0.25):
    """Knows one threshold only."""
    return _holds(shifts, signs, changes)


def _border(shifts, signs, changes, least=0.25):
    """Leaves out what lies on the border."""
    return _holds(shifts, signs, changes, np.nextafter(least, np.inf))


def _of_all(shifts, signs, changes, least=0.25):
    """Divides by the number of all notes."""
    asked = np.abs(shifts) >= least
    return float((np.sign(changes[asked]) == np.sign(shifts[asked]) * signs[asked]).sum() / len(shifts))


_WRONG_HOLDS = (
    Wrong(_any_change, ANY_CHANGE),
    Wrong(_all_notes, ALL_NOTES),
    Wrong(_no_rule, NO_RULE),
    Wrong(_only_up, ONLY_UP),
    Wrong(_fixed_least, FIXED_LEAST),
    Wrong(_border, BORDER),
    Wrong(_of_all, OF_ALL),
)


# --- a newcomer's strength ---------------------------------------------------------------------------------


def _check_newcomer(newcomer):
    return newcomer_fault(newcomer)


EXERCISES = (
    Exercise(
        id="ch11.matched_gains",
        title="As loud as can be, all of them",
        task="Write `matched_gains` for another rule than the chapter's: sounds may be turned *up*, too. `levels` are "
        "the loudnesses of some sounds in LUFS, `peaks` their peaks in dB. Give for each the gain in dB after which "
        "all have one loudness, the greatest at which no peak stands above `ceiling`.",
        hints=(
            "How loud could each sound be by itself, before its peak meets the ceiling? Which of them decides for all?",
            "A sound can rise by `ceiling - peaks`, or must fall by it; it would then be as loud as that plus its "
            "level. All meet at the least of these, and a gain is that minus the sound's own level.",
        ),
        check=_check_matched_gains,
        wrong=_WRONG_GAINS,
    ),
    Exercise(
        id="ch11.mean_reciprocal_rank",
        title="What is a tie worth?",
        task="By the chapter's ranks a finder that gives *every* picture the same distance is right each time, for no "
        "picture is nearer than the own one. Write `mean_reciprocal_rank` so that ties are fair: each other picture "
        "that is just as near as the own counts as half a nearer one. `distances[i, j]` says how badly sound `i` and "
        "picture `j` go together; sound `i` belongs to picture `i`. Give the mean of one over the ranks.",
        hints=(
            "For each sound there are three kinds of other pictures: nearer, just as near, further away. What does "
            "each kind add to the rank? And is the own picture among the second kind?",
            "`own = np.diag(distances)[:, None]`; count `distances < own` and `distances == own` along axis 1, take 1 "
            "off the second, for the own picture itself, and halve it.",
        ),
        check=_check_mean_reciprocal_rank,
        wrong=_WRONG_MRR,
    ),
    Exercise(
        id="ch11.interval",
        title="How sure is a difference?",
        task="Two roads were asked the same edits of the same pictures. `right` holds 1 or 0 for each edit by the one "
        "road, `other` by the other, `pictures` the name or number of the picture that the edit belongs to; not every "
        "picture has as many edits. Write `interval`: the two ends of the 95 % interval of the mean over *pictures* of "
        "how much more the first has right. Each picture counts once; draw a thousand times, by `rng`.",
        hints=(
            "First one number for each picture: what is it, when both roads are known? Then draw places of pictures. "
            "How many draws does one round need, one or two?",
            "Take the mean of `right - other` for each picture; `rng.integers(n, size=(1000, n))` draws places; take "
            "means along axis 1 and their quantiles 0.025 and 0.975.",
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
        id="ch11.newcomer",
        title="How strong is a newcomer?",
        task="The tournament is over, and one road comes late. It meets the others, whose `strengths` stay as they "
        "are; `won[j]` and `lost[j]` are its duels against road `j`. Write `newcomer`: its likeliest strength, as one "
        "number. As in the chapter, half a duel won and half a duel lost against strength 1 keep it finite.",
        hints=(
            "The chapter's equation holds for the newcomer alone: one equation with one unknown, which stands on both "
            "sides. How did the chapter deal with that?",
            "Begin with 1. In each of 200 rounds divide all duels won, and a half, by the sum over the others of duels "
            "over (own strength + theirs), and 1 / (own strength + 1).",
        ),
        check=_check_newcomer,
        wrong=WRONG_NEWCOMERS,
    ),
)
