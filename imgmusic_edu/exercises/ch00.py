"""Exercises and quiz of chapter 00, "Hear a picture"."""

from math import isclose, log, log10

import numpy as np

from . import Exercise, Question, Wrong

NO_FACTOR = "In the middle you are right, but `high` must give 1.28, and you give 0.5: the factor is missing."
FROM_LOW = "Your 0 is at `low`; it belongs in the middle, half-way from `low` to `high`."
UPSIDE_DOWN = "Your sign is turned round: more than the middle must give more than 0."
CLIPPED = "Far outside you stop counting: a value beyond `high` may well be 2 or 3, so cut nothing off."
HALF_RANGE = "At `high` you find 2.56: divide by the whole distance from `low` to `high`, not by half of it."

LINEAR = "You count in equal differences; the ear counts in ratios, so compare logarithms of ratios."
NOT_FROM_SLOWEST = (
    "Your share is not 0 at the slowest tempo: divide the tempo by `slowest` before you take the logarithm."
)
FROM_THE_TOP = "Your share falls as the tempo rises: count from `slowest`, not from `fastest`."
RATIO_ONLY = (
    "You found how many octaves, or powers, lie above `slowest`; divide by the same measure of the whole range."
)
BETWEEN = "That is the way from a share to a tempo; here the tempo is given and the share is asked for."

ALL_COUNT = "You count edits that hardly changed the picture: leave out those whose shift is smaller than `least`."
OF_ALL = "You leave out the small edits above the line only: divide by the number of those that count."
ONLY_UP = "You count every sound that rose; when the picture moved down, right is down."
ONLY_POSITIVE = "A shift of -1 is as noticeable as one of +1: compare its size, `abs(shift)`, with `least`."
STILL_IS_RIGHT = "A sound that did not move at all went nowhere, so it is not right: look at the case of change 0."


# --- standardise ------------------------------------------------------------------------------------------------------


def _check_standardise(standardise):
    for low, high in ((30.0, 80.0), (-6.0, 8.0), (0.1, 0.5)):
        middle, width = (low + high) / 2, high - low
        at_high, at_low, at_middle = (float(standardise(value, low, high)) for value in (high, low, middle))
        far = float(standardise(middle + 2 * width, low, high))
        if isclose(at_high, 1.28, abs_tol=1e-9) and isclose(at_low, -1.28, abs_tol=1e-9) and abs(at_middle) < 1e-9:
            if not isclose(far, 5.12, abs_tol=1e-9):
                return CLIPPED
            continue
        return _standardise_hint(at_low, at_middle, at_high) or (
            f"With low {low:g} and high {high:g} the value {high:g} must give 1.28 and {middle:g} must give 0, "
            f"but you found {at_high:.4g} and {at_middle:.4g}."
        )
    return None


def _standardise_hint(at_low, at_middle, at_high):
    centred = abs(at_middle) < 1e-9
    if centred and isclose(at_high, 0.5, abs_tol=1e-9):
        return NO_FACTOR
    if centred and isclose(at_high, 2.56, abs_tol=1e-9):
        return HALF_RANGE
    if centred and at_high < 0:
        return UPSIDE_DOWN
    return FROM_LOW if abs(at_low) < 1e-9 else None


def _no_factor(value, low, high):
    """Forgets the factor 2.56, so that the ends are at one half."""
    return (value - (low + high) / 2) / (high - low)


def _from_low(value, low, high):
    """Counts from the low end, as if scaling to a range rather than standardising."""
    return 2.56 * (value - low) / (high - low)


def _upside_down(value, low, high):
    """Swaps low and high below the line, which turns the sign round."""
    return 2.56 * (value - (low + high) / 2) / (low - high)


def _clipped(value, low, high):
    """Cuts off at the ends, taking the percentiles for limits."""
    return max(-1.28, min(1.28, 2.56 * (value - (low + high) / 2) / (high - low)))


def _half_range(value, low, high):
    """Divides by the distance from the middle to an end."""
    return 2.56 * (value - (low + high) / 2) / ((high - low) / 2)


# --- share_for_tempo --------------------------------------------------------------------------------------------------


def _check_share_for_tempo(share_for_tempo):
    for slowest, fastest in ((60.0, 240.0), (62.0, 124.0), (40.0, 200.0)):
        for share in (0.0, 0.25, 0.5, 0.9, 1.0):
            tempo = slowest * (fastest / slowest) ** share
            found = float(share_for_tempo(tempo, slowest, fastest))
            if not isclose(found, share, abs_tol=1e-9):
                return _share_hint(share_for_tempo, slowest, fastest) or (
                    f"From {slowest:g} to {fastest:g} BPM a tempo of {tempo:.4g} lies at {share:g}, "
                    f"but you found {found:.4g}."
                )
    return None


def _share_hint(answer, slowest, fastest):
    at_start, at_end, at_mean = (
        float(answer(tempo, slowest, fastest)) for tempo in (slowest, fastest, (slowest + fastest) / 2)
    )
    if isclose(at_start, 0, abs_tol=1e-9):
        if isclose(at_mean, 0.5, abs_tol=1e-9):
            return LINEAR
        return None if isclose(at_end, 1, abs_tol=1e-9) else RATIO_ONLY
    if at_start > 1.5:
        return BETWEEN
    return FROM_THE_TOP if at_start > at_end else NOT_FROM_SLOWEST


def _linear_share(tempo, slowest, fastest):
    """Crosses the range in equal differences."""
    return (tempo - slowest) / (fastest - slowest)


def _share_of_logs(tempo, slowest, fastest):
    """Divides the logarithms of the tempi themselves, without the slowest."""
    return log(tempo) / log(fastest)


def _share_from_the_top(tempo, slowest, fastest):
    """Counts from the fast end."""
    return log(fastest / tempo) / log(fastest / slowest)


def _octaves_only(tempo, slowest, fastest):
    """Gives the logarithm of the ratio without relating it to the range."""
    return log10(tempo / slowest)


def _forward(tempo, slowest, fastest):
    """Goes from share to tempo, the formula of the text, instead of back."""
    return slowest * (fastest / slowest) ** tempo


# --- right_signs ------------------------------------------------------------------------------------------------------


def _check_right_signs(right_signs):
    cases = (  # shifts, changes, share that is right, hint for who fails only here
        ([1.0, 0.5, 2.0, 1.5], [3.0, 1.0, 0.2, -4.0], 0.75, None),
        ([1.0, -1.0, 1.5, -0.5], [2.0, -3.0, -1.0, 4.0], 0.5, None),
        ([-1.0, -2.0, -0.5, 1.0], [-3.0, -1.0, -2.0, -1.0], 0.75, None),
        ([1.0, 0.1, 0.05, -0.1], [2.0, -3.0, -1.0, 4.0], 1.0, None),
        ([1.0, 1.0, -1.0, 1.0], [2.0, 0.0, 0.0, 3.0], 0.5, STILL_IS_RIGHT),
    )
    for shifts, changes, share, hint in cases:
        found = float(right_signs(list(shifts), list(changes)))
        if not isclose(found, share, abs_tol=1e-9):
            return _signs_hint(right_signs) or hint or _signs_message(shifts, changes, share, found)
    return _check_least(right_signs)


def _check_least(right_signs):
    """Any `least`, on random edits."""
    rng = np.random.default_rng(3)
    shifts, changes = rng.normal(size=40), rng.normal(size=40)
    for least in (0.0, 0.5, 1.0):
        told = np.abs(shifts) >= least
        share = float(np.mean(np.sign(shifts[told]) == np.sign(changes[told])))
        if not isclose(float(right_signs(list(shifts), list(changes), least)), share, abs_tol=1e-9):
            return f"With least={least:g} your share is another: use the argument `least`, not a fixed number."
    return None


def _signs_hint(answer):
    """What an answer does with three small sets that tell the misconceptions apart."""
    # One noticeable edit that went right, three tiny ones that went wrong.
    tiny = float(answer([1.0, 0.1, 0.1, -0.1], [1.0, -1.0, -1.0, 1.0]))
    # Up and right; down and right; down and right: who looks at rises only finds one of three.
    down = float(answer([1.0, -1.0, -1.0], [1.0, -1.0, -1.0]))
    # Up and right; down and wrong: who leaves out what is below `least` finds everything right.
    signed = float(answer([1.0, -1.0], [1.0, 1.0]))
    if isclose(down, 1 / 3, abs_tol=1e-9):
        return ONLY_UP
    if isclose(tiny, 0.25, abs_tol=1e-9):
        # Tiny edits that went right as well: counted above the line or below it only?
        both = float(answer([1.0, 0.1, 0.1, 0.1], [1.0, 1.0, 1.0, 1.0]))
        return OF_ALL if isclose(both, 0.25, abs_tol=1e-9) else ALL_COUNT
    return ONLY_POSITIVE if isclose(signed, 1.0, abs_tol=1e-9) else None


def _signs_message(shifts, changes, share, found):
    return f"For shifts {shifts} and changes {changes} the share is {share:g}, but you found {found:.4g}."


def _counts_all(shifts, changes, least=0.25):
    """Counts edits that nobody could notice."""
    return sum(s * c > 0 for s, c in zip(shifts, changes, strict=True)) / len(shifts)


def _divides_by_all(shifts, changes, least=0.25):
    """Leaves out the small edits above the line but not below it."""
    return sum(s * c > 0 for s, c in zip(shifts, changes, strict=True) if abs(s) >= least) / len(shifts)


def _only_up(shifts, changes, least=0.25):
    """Asks whether the sound rose, whichever way the picture moved."""
    told = [c for s, c in zip(shifts, changes, strict=True) if abs(s) >= least]
    return sum(c > 0 for c in told) / len(told)


def _only_positive(shifts, changes, least=0.25):
    """Compares the shift, not its size, with the threshold."""
    told = [s * c for s, c in zip(shifts, changes, strict=True) if s >= least] or [0.0]
    return sum(product > 0 for product in told) / len(told)


def _still_is_right(shifts, changes, least=0.25):
    """Takes a sound that did not move for one that moved the right way."""
    told = [s * c for s, c in zip(shifts, changes, strict=True) if abs(s) >= least]
    return sum(product >= 0 for product in told) / len(told)


EXERCISES = (
    Exercise(
        id="ch00.standardise",
        title="How light is light?",
        task=(
            "Write `standardise`: it says where `value` stands among ordinary pictures, whose 10th and 90th percentile "
            "are `low` and `high`. In the middle of the two it gives 0, at `high` 1.28, at `low` -1.28, and beyond "
            "them it goes on in a straight line."
        ),
        hints=(
            "Go in two steps. How far is the value from the middle? And how far is that, counted in distances from "
            "`low` to `high`?",
            "From the middle to `high` is half of that distance, and must give 1.28: so multiply by 2.56.",
        ),
        check=_check_standardise,
        wrong=(
            Wrong(_no_factor, NO_FACTOR),
            Wrong(_from_low, FROM_LOW),
            Wrong(_upside_down, UPSIDE_DOWN),
            Wrong(_clipped, CLIPPED),
            Wrong(_half_range, HALF_RANGE),
        ),
    ),
    Exercise(
        id="ch00.share_for_tempo",
        title="Where does a tempo lie?",
        task=(
            "In the chapter a share became a tempo. Go back: write `share_for_tempo`, which gives the share at which "
            "`tempo` lies between `slowest` and `fastest`, all in beats per minute. The ear counts ratios, so 120 lies "
            "half-way from 60 to 240. (`log` is imported for you.)"
        ),
        hints=(
            "`tempo / slowest = (fastest / slowest)**share`: take logarithms. What multiplies the share?",
            "Measure `log(tempo / slowest)` by the same thing for the whole range, `log(fastest / slowest)`.",
        ),
        check=_check_share_for_tempo,
        wrong=(
            Wrong(_linear_share, LINEAR),
            Wrong(_share_of_logs, NOT_FROM_SLOWEST),
            Wrong(_share_from_the_top, FROM_THE_TOP),
            Wrong(_octaves_only, RATIO_ONLY),
            Wrong(_forward, BETWEEN),
        ),
    ),
    Exercise(
        id="ch00.right_signs",
        title="Did the sound follow?",
        task=(
            "Each edit moved a feature of a picture by a shift (standard units), a measure of its sound by a change. "
            "The rule says: more of the feature, more of the measure. Write `right_signs`: of the edits whose shift is "
            "at least `least` in size, up or down, it gives the share whose sound moved to the same side as the "
            "picture. A sound that did not move is not right."
        ),
        hints=(
            "First keep the pairs that count, then ask of each whether its two numbers have the same sign, then divide "
            "by how many you kept.",
            "Two numbers have the same sign when `shift * change > 0`; a pair counts when `abs(shift) >= least`.",
        ),
        check=_check_right_signs,
        wrong=(
            Wrong(_counts_all, ALL_COUNT),
            Wrong(_divides_by_all, OF_ALL),
            Wrong(_only_up, ONLY_UP),
            Wrong(_only_positive, ONLY_POSITIVE),
            Wrong(_still_is_right, STILL_IS_RIGHT),
        ),
    ),
)

QUIZ = (
    Question(
        "A picture has a standardised lightness of 0. What does that say?",
        (
            (
                "It is black.",
                "That would be a lightness of 0 in its own unit, L*. Standardised, black lies far below 0.",
            ),
            ("It is about as light as ordinary pictures are.", "Standardised values count from their middle."),
            ("Its lightness could not be measured.", "Every picture has a lightness; 0 is a value like any other."),
        ),
        key=1,
    ),
    Question(
        "Rule R5 is switched off (weight times 0). What happens to the register of the piece?",
        (
            ("It goes down.", "Only if what stands out lies high in the picture, so that R5 was pulling upwards."),
            ("It goes up.", "Only if what stands out lies low in the picture, so that R5 was pulling downwards."),
            (
                "It stays, for the other rules make up for it.",
                "No rule knows of the others: their pulls are added, and a pull that is missing is missing.",
            ),
            (
                "That depends on the height of what stands out.",
                "R5 pulls up for things that are high and down for things that are low; without it that pull is gone.",
            ),
        ),
        key=3,
    ),
    Question(
        "Which tempo lies half-way between 50 and 200 beats per minute for the ear?",
        (
            ("100", "From 50 to 100 and from 100 to 200 are both a doubling: equal ratios."),
            ("125", "That is the mean. The first step would be times 2.5 and the second only times 1.6."),
            ("150", "That is the distance between the two, not a place between them that sounds central."),
        ),
        key=0,
    ),
    Question(
        "Which of these shows best that the music follows the picture's lightness?",
        (
            (
                "The planned tempo is higher for the lighter picture.",
                "A plan is a promise; nothing says the sound keeps it.",
            ),
            (
                "One lightened picture sounded faster to me.",
                "A coin would have said so half of the time, and you knew what to expect.",
            ),
            (
                "On many pictures the measured tempo rose, far more often than for shuffled pairs.",
                "Measured in the sound, on many pictures, and against chance made with the same data.",
            ),
        ),
        key=2,
    ),
    Question(
        "Why does the chapter also make pictures with more contrast?",
        (
            ("To make the music higher.", "By rule R8 contrast should not move pitch in any direction."),
            (
                "To see whether something moves that should stay where it is.",
                "A negative control: if pitch moved one way here, our test or our composer would leak.",
            ),
            ("Because contrast is the strongest rule.", "It has no weight at all: R8 states that there is no effect."),
        ),
        key=1,
    ),
    Question(
        "The music of your photograph came out fast and bright. What may you say?",
        (
            (
                "Whoever sees the picture feels excited.",
                "Features like ours explain a small part of that; most of it lies in what a picture shows.",
            ),
            (
                "Its surface asks for that more than the surface of ordinary pictures does.",
                "The rules compare surfaces, and the sound can be measured. More is not claimed.",
            ),
            ("This is the right music for it.", "Matching is not liking, and nobody was asked what they like."),
        ),
        key=1,
    ),
)
