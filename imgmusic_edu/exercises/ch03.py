"""Exercises and quiz of chapter 03, "What a sound holds"."""

import numpy as np

from imgmusic_edu.exercises import Exercise, Wrong
from imgmusic_edu.exercises.quiz03 import QUIZ

__all__ = ["EXERCISES", "QUIZ"]

FOR_AMPLITUDES = "Your decibels are twice too many: 20 log10 is for amplitudes; for powers it is 10 log10."
NATURAL = "That is the natural logarithm: decibels take the one to base 10, np.log10."
OF_ZERO = "A power of 0 has no logarithm: raise all powers to at least 1e-10 first, so that silence is -100 dB."
RELATIVE = "You measure against the loudest power, so that a whisper gets the numbers of a shout: 0 dB is a power of 1."


def _check_to_db(to_db):
    with np.errstate(divide="ignore", invalid="ignore"):  # the logarithm of 0 gets a sentence of its own
        powers = np.random.default_rng(31).uniform(0.01, 50, 20)
        found = np.asarray(to_db(powers.copy()), dtype=float)
        right = 10 * np.log10(powers)
        known = {FOR_AMPLITUDES: 2 * right, NATURAL: 10 * np.log(powers), RELATIVE: right - right.max()}
        for hint, values in known.items():
            if _alike(found, values):
                return hint
        if not _alike(found, right):
            return f"Powers of {_row(powers)} have {_row(right)} dB, but you found {_row(found)}."
        silence = np.asarray(to_db(np.array([0.0, 1.0])), dtype=float)
    if not np.isfinite(silence).all():
        return OF_ZERO
    if not _alike(silence, [-100.0, 0.0]):
        return f"A power of 0 counts as 1e-10, which is -100 dB, but you found {silence[0]:.4g}."
    return None


def _alike(found, right):
    return np.shape(found) == np.shape(right) and np.allclose(found, right, rtol=1e-5, atol=1e-7)


def _row(values):
    """The first three of some numbers, for a sentence."""
    return ", ".join(f"{value:.3g}" for value in np.ravel(values)[:3])


def _twenty(power):
    """Takes the 20 log10 of amplitudes for powers."""
    return 20 * np.log10(np.maximum(power, 1e-10))


def _nepers(power):
    """Takes the natural logarithm."""
    return 10 * np.log(np.maximum(power, 1e-10))


def _no_floor(power):
    """Takes the logarithm of zero."""
    return 10 * np.log10(power)


def _to_the_loudest(power):
    """Normalises by the loudest value, which hides how loud the clip is."""
    return 10 * np.log10(np.maximum(power, 1e-10) / np.max(power))


HEIGHT_ONE = "The triangle has the height 1: make its area 1, or a wide band counts more for being wide."
HALF_AREA = (
    "The area is 1/2: a triangle of height h and width w has the area h w / 2, so the height is 2 / (high - low)."
)
SUM_ONE = "Your weights add up to 1, so they change with the number of frequencies: make the area in Hz 1 instead."
NEGATIVE = "Outside of low .. high your weights are negative, and would take power away: they must be 0 there."
EVEN_SIDES = "The two sides are not alike: the left one is centre - low wide, the right one high - centre."


def _check_mel_triangle(mel_triangle):
    rng = np.random.default_rng(32)
    for _ in range(20):
        low, left, right_side = (float(value) for value in rng.uniform([50, 40, 40], [2000, 900, 900]))
        centre, high = low + left, low + left + right_side
        edges = low, centre, high
        frequencies = np.linspace(0, high + 500, int(rng.integers(150, 400)))
        found = np.asarray(mel_triangle(frequencies.copy(), *edges), dtype=float)
        right = _triangle(frequencies, *edges)
        if _alike(found, right):
            continue
        for wrong in _WRONG_TRIANGLES:
            if _alike(found, wrong.answer(frequencies, *edges)):
                return wrong.hint
        if found.shape != right.shape:
            return f"{len(right)} frequencies need as many weights, but yours have the shape {found.shape}."
        worst = int(np.argmax(np.abs(found - right)))
        where = f"{frequencies[worst]:.0f} Hz in the band {low:.0f}, {centre:.0f}, {high:.0f} Hz"
        return f"At {where} the weight is {right[worst]:.3g}, but you found {found[worst]:.3g}."
    return None


def _triangle(frequencies, low, centre, high, *, least=0.0, height=None):
    sides = np.minimum((frequencies - low) / (centre - low), (high - frequencies) / (high - centre))
    return np.maximum(sides, least) * (2 / (high - low) if height is None else height)


def _height_one(frequencies, low, centre, high):
    """Leaves out the normalisation."""
    return _triangle(frequencies, low, centre, high, height=1.0)


def _half_area(frequencies, low, centre, high):
    """Divides by the width and forgets that a triangle is half of its box."""
    return _triangle(frequencies, low, centre, high, height=1 / (high - low))


def _sum_one(frequencies, low, centre, high):
    """Makes the sum of the weights 1 in place of the area."""
    weights = _triangle(frequencies, low, centre, high)
    return weights / weights.sum()


def _goes_below(frequencies, low, centre, high):
    """Lets the two lines run on below zero."""
    return _triangle(frequencies, low, centre, high, least=-np.inf)


def _even_sides(frequencies, low, centre, high):
    """Makes both sides equally steep."""
    sides = 1 - np.abs(frequencies - centre) / ((high - low) / 2)
    return np.maximum(sides, 0) * 2 / (high - low)


_WRONG_TRIANGLES = (
    Wrong(_height_one, HEIGHT_ONE),
    Wrong(_half_area, HALF_AREA),
    Wrong(_sum_one, SUM_ONE),
    Wrong(_goes_below, NEGATIVE),
    Wrong(_even_sides, EVEN_SIDES),
)

NOT_DIVIDED = "You have not divided: a row that rises by 1 a frame must have the slope 1, so divide by the sum of k^2."
DIVIDED_BY_WIDTH = "You divide by how many frames there are: the line that fits best divides by the sum of k^2."
NEIGHBOURS = "That is the difference of two neighbours, mostly noise: lay a line through all 2 half + 1 values."
DOWNHILL = "Your slopes have the wrong sign: the value that comes later, x[t + k], goes with the weight +k."
OFF_BY_ONE = "You are off by one frame: x[t - half : t + half] leaves out the last of the 2 half + 1 values."
TOO_MANY = "Give slopes only where there are `half` values on both sides: len(x) - 2 half of them."


def _check_slope(slope):
    rng = np.random.default_rng(33)
    for half in (2, 1, 4, 3):
        x = rng.normal(size=int(rng.integers(12, 20)))
        found, right = np.asarray(slope(x.copy(), half), dtype=float), _slopes(x, half)
        if _alike(found, right):
            continue
        for wrong in _WRONG_SLOPES:
            if _alike(found, wrong.answer(x, half)):
                return wrong.hint
        if found.shape != right.shape:
            return f"{len(x)} values and half={half} give {len(right)} slopes, but yours have the shape {found.shape}."
        return f"With half={half} the first slopes of a random row are {_row(right)}, but you found {_row(found)}."
    return None


def _slopes(x, half):
    # np.polyfit, not the formula, so that the checker does not repeat what it asks for
    k = np.arange(-half, half + 1)
    return np.array([np.polyfit(k, x[t - half : t + half + 1], 1)[0] for t in range(half, len(x) - half)])


def _sum_of_squares(half):
    return half * (half + 1) * (2 * half + 1) / 3


def _not_divided(x, half=2):
    """Forgets the sum of squares below the line."""
    return _slopes(x, half) * _sum_of_squares(half)


def _by_the_width(x, half=2):
    """Divides by the number of frames."""
    return _slopes(x, half) * _sum_of_squares(half) / (2 * half + 1)


def _neighbours(x, half=2):
    """Takes the difference of neighbours for a delta."""
    return np.diff(x)[half - 1 : len(x) - half - 1]


def _downhill(x, half=2):
    """Correlates with the weights the wrong way round."""
    return -_slopes(x, half)


def _last_one_missing(x, half=2):
    """Cuts the frames one value short, as Python's slices invite to."""
    k = np.arange(-half, half)
    rows = [k @ x[t - half : t + half] for t in range(half, len(x) - half)]
    return np.array(rows) / np.sum(np.arange(-half, half + 1) ** 2)


def _to_the_ends(x, half=2):
    """Repeats the first and the last value, and gives slopes at the ends, too."""
    return _slopes(np.pad(x, half, mode="edge"), half)


_WRONG_SLOPES = (
    Wrong(_not_divided, NOT_DIVIDED),
    Wrong(_by_the_width, DIVIDED_BY_WIDTH),
    Wrong(_neighbours, NEIGHBOURS),
    Wrong(_downhill, DOWNHILL),
    Wrong(_last_one_missing, OFF_BY_ONE),
    Wrong(_to_the_ends, TOO_MANY),
)

LOUDEST = "You take the loudest note for the tonic: compare the whole pattern of twelve with every key."
TURNED_BACK = "You turn the profile the wrong way: for the tonic p its first value must come to stand at index p."
ONLY_MAJOR = "You try major keys only: there are twenty-four keys."
NO_MEANS = "You add up products without taking out the means, so the profile with the larger numbers wins: correlate."
LEAST = "You take the key that fits worst: the largest correlation is wanted."

# Two profiles of our own, that only a correlation treats fairly: the minor one is raised as a whole.
_MAJOR = np.array([0.24, 0.01, 0.11, 0.01, 0.14, 0.09, 0.02, 0.21, 0.01, 0.08, 0.01, 0.07])
_MINOR = np.array([0.22, 0.01, 0.10, 0.12, 0.02, 0.10, 0.01, 0.21, 0.06, 0.02, 0.06, 0.05]) + 0.3


def _check_find_key(find_key):
    rng = np.random.default_rng(34)
    chromas = []
    for tonic, mode in [(7, "major"), (2, "minor"), (0, "major"), *_keys(rng)]:
        profile = _MAJOR if mode == "major" else _MINOR
        chroma = np.roll(profile - profile.min(), tonic) + rng.uniform(0, 0.02, 12)
        chroma[(tonic + 2) % 12] += 0.16  # the loudest note is not the tonic
        chromas.append(chroma)
    answers = [find_key(chroma.copy(), _MAJOR.copy(), _MINOR.copy()) for chroma in chromas]
    answers = [(int(tonic), str(mode)) for tonic, mode in answers]
    wanted = [_best_key(chroma, _MAJOR, _MINOR) for chroma in chromas]
    if answers == wanted:
        return None
    for wrong in _WRONG_KEYS:
        if answers == [wrong.answer(chroma, _MAJOR, _MINOR) for chroma in chromas]:
            return wrong.hint
    found, right = next(pair for pair in zip(answers, wanted, strict=True) if pair[0] != pair[1])
    return f"For one of the chromas the best key is {right}, but you found {found}."


def _keys(rng):
    return [(int(rng.integers(12)), ("major", "minor")[i % 2]) for i in range(12)]


def _best_key(chroma, major, minor, *, turn=1, modes=("major", "minor"), fit=None, choose=max):
    """Krumhansl's method with one thing or another got wrong."""
    fit = fit or (lambda a, b: float(np.corrcoef(a, b)[0, 1]))
    profiles = {"major": major, "minor": minor}
    fits = {(p, mode): fit(chroma, np.roll(profiles[mode], turn * p)) for mode in modes for p in range(12)}
    return choose(fits, key=fits.__getitem__)


def _loudest(chroma, major, minor):
    """Takes the loudest note for the tonic."""
    tonic = int(np.argmax(chroma))
    third = "major" if chroma[(tonic + 4) % 12] > chroma[(tonic + 3) % 12] else "minor"
    return tonic, third


def _turned_back(chroma, major, minor):
    """Turns the profile the wrong way."""
    return _best_key(chroma, major, minor, turn=-1)


def _only_major(chroma, major, minor):
    """Forgets the minor keys."""
    return _best_key(chroma, major, minor, modes=("major",))


def _products(chroma, major, minor):
    """Adds up products in place of correlating."""
    return _best_key(chroma, major, minor, fit=lambda a, b: float(a @ b))


def _worst(chroma, major, minor):
    """Takes the smallest correlation."""
    return _best_key(chroma, major, minor, choose=min)


_WRONG_KEYS = (
    Wrong(_loudest, LOUDEST),
    Wrong(_turned_back, TURNED_BACK),
    Wrong(_only_major, ONLY_MAJOR),
    Wrong(_products, NO_MEANS),
    Wrong(_worst, LEAST),
)

EXERCISES = (
    Exercise(
        id="ch03.to_db",
        title="Decibels that survive silence",
        task="Write `to_db`: the level in decibels of each value of `power`, an array of *powers*. Whatever lies below "
        "`1e-10` counts as `1e-10`. A power of 1 is 0 dB.",
        hints=(
            "Is it 10 or 20 times the logarithm, for powers? And what does the logarithm say to 0?",
            "`np.maximum(power, 1e-10)` first, then `10 * np.log10(...)`.",
        ),
        check=_check_to_db,
        wrong=(
            Wrong(_twenty, FOR_AMPLITUDES),
            Wrong(_nepers, NATURAL),
            Wrong(_no_floor, OF_ZERO),
            Wrong(_to_the_loudest, RELATIVE),
        ),
    ),
    Exercise(
        id="ch03.mel_triangle",
        title="One triangle of the mel bands",
        task="Write `mel_triangle`: the weight of each of `frequencies` (Hz, an array) in a band. The weight rises in "
        "a straight line from 0 at `low` to its top at `centre`, falls in a straight line to 0 at `high`, and is 0 "
        "outside. The area under it, frequency in Hz times weight, is 1.",
        hints=(
            "Two straight lines, one that rises and one that falls: which of them is the lower one, at each frequency?",
            "The smaller of `(f - low) / (centre - low)` and `(high - f) / (high - centre)`, at least 0, has height 1 "
            "and the area `(high - low) / 2`: divide by that.",
        ),
        check=_check_mel_triangle,
        wrong=_WRONG_TRIANGLES,
    ),
    Exercise(
        id="ch03.slope",
        title="A delta that is a slope",
        task="Write `slope`: for every `t` that has `half` values on both sides, the slope of the straight line that "
        "fits `x[t - half]` ... `x[t + half]` best. Give an array of `len(x) - 2 * half` numbers.",
        hints=(
            "It is the formula for deltas above: weights `k` from `-half` to `half`, and a sum of squares below.",
            "`k = np.arange(-half, half + 1)`; at each `t` it is `k @ x[t - half : t + half + 1] / np.sum(k**2)`.",
        ),
        check=_check_slope,
        wrong=_WRONG_SLOPES,
    ),
    Exercise(
        id="ch03.find_key",
        title="Find the key",
        task="Write `find_key`. `chroma` holds 12 numbers, how much of each pitch class sounds (0 is C); `major` and "
        "`minor` are profiles that begin at the tonic. Give the tonic (0 to 11) and the mode (`'major'` or `'minor'`) "
        "of the key whose profile, turned to its tonic, has the largest correlation with the chroma.",
        hints=(
            "There are 24 keys. What does `np.roll` do to a profile, and what does `np.corrcoef` give?",
            "For each mode and each `p` from 0 to 11, `np.corrcoef(chroma, np.roll(profile, p))[0, 1]`; keep the best.",
        ),
        check=_check_find_key,
        wrong=_WRONG_KEYS,
    ),
)
