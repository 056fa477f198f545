"""Exercises and quiz of chapter 09, "Vocoders: from features back to sound"."""

import numpy as np

from imgmusic_edu.audio_features import inverses, transforms
from imgmusic_edu.exercises import Exercise, Wrong
from imgmusic_edu.exercises.quiz09 import QUIZ

__all__ = ["EXERCISES", "QUIZ"]

GAMMA = 0.25645  # width of the Gaussian nearest to Hann's window of n samples, in n^2 (Prusa et al. 2017)

NOT_PUT_BACK = "That is consistent, but its magnitudes are not the given ones: put `magnitude` back in."
OLD_ANGLES = "Your angles are those that came in: take them from the spectrum that went to sound and back."
NOT_DIVIDED = "You multiply by the whole nearest spectrum: divide by its size first, so that only the angles are left."
OF_ZERO = "Where the nearest spectrum is 0 you divide by zero: use np.maximum(..., 1e-12) below the line."
MIRRORED = "Your angles have the wrong sign: the complex conjugate has got in, and time would run backwards."


def _check_one_round(one_round):
    for seed in (1, 2):
        spectrum, magnitude = _unknown(seed)
        with np.errstate(divide="ignore", invalid="ignore"):  # a division by zero gets a sentence of its own
            found = np.asarray(one_round(spectrum.copy(), magnitude.copy()))
        if found.shape != spectrum.shape:
            return f"The spectrum has the shape {spectrum.shape}, but yours has {found.shape}."
        if _near(found, _round(spectrum, magnitude)):
            continue
        for wrong in _WRONG_ROUNDS:
            if wrong.hint != OF_ZERO and _near(found, wrong.answer(spectrum, magnitude)):
                return wrong.hint
        sizes = np.abs(found)
        return (
            f"In one bin the size should be {magnitude[4, 30]:.3g} and the angle "
            f"{np.angle(_round(spectrum, magnitude)[4, 30]):.3g}, but you found {sizes[4, 30]:.3g} and "
            f"{np.angle(found[4, 30]):.3g}."
        )
    silence = np.zeros((5, 513), np.complex64)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.asarray(one_round(silence, np.ones((5, 513), np.float32)))
    return None if np.isfinite(found).all() else OF_ZERO


def _unknown(seed):
    """A spectrum that no sound has, and the magnitudes of one."""
    random = np.random.default_rng(seed)
    magnitude = np.abs(transforms.stft(0.1 * random.standard_normal(256 * 9).astype(np.float32)))
    turns = np.exp(2j * np.pi * random.random(magnitude.shape))
    return (magnitude * turns).astype(np.complex64), magnitude


def _near(found, right):
    return bool(np.all(np.isfinite(found))) and np.linalg.norm(found - right) < 1e-3 * np.linalg.norm(right)


def _projected(spectrum):
    return transforms.stft(inverses.istft(spectrum))


def _round(spectrum, magnitude):
    return magnitude * np.exp(1j * np.angle(_projected(spectrum)))


def _only_projected(spectrum, magnitude):
    """Takes the nearest consistent spectrum for the answer."""
    return _projected(spectrum)


def _only_sizes(spectrum, magnitude):
    """Puts the sizes in without going to sound and back, or keeps the old angles."""
    return magnitude * np.exp(1j * np.angle(spectrum))


def _times_all(spectrum, magnitude):
    """Multiplies by the projected spectrum, its sizes included."""
    return magnitude * _projected(spectrum)


def _by_zero(spectrum, magnitude):
    """Divides by a size that may be zero."""
    nearest = _projected(spectrum)
    return magnitude * nearest / np.abs(nearest)


def _conjugated(spectrum, magnitude):
    """Takes the angle with the wrong sign."""
    return magnitude * np.exp(-1j * np.angle(_projected(spectrum)))


_WRONG_ROUNDS = (
    Wrong(_only_projected, NOT_PUT_BACK),
    Wrong(_only_sizes, OLD_ANGLES),
    Wrong(_times_all, NOT_DIVIDED),
    Wrong(_by_zero, OF_ZERO),
    Wrong(_conjugated, MIRRORED),
)

DECIBELS = "Your slopes are 8.69 times too steep: these are decibels, and the formula wants the natural logarithm."
TO_BASE_TEN = "You take the logarithm to base 10: the formula wants the natural one, np.log."
NOT_HALVED = "You take the difference over two bins for the slope: from k - 1 to k + 1 it is two steps, so halve it."
UPHILL = "Your bins point away from the tone: below a peak the level rises, and the bin must name a *higher* frequency."
OF_POWER = "You take the logarithm of the power: that is twice the one of the magnitude."
ONLY_BINS = "You give the frequencies of the bins themselves: the slope of the level has to move them."


def _check_told_hertz(told_hertz):
    random = np.random.default_rng(3)
    for n_fft, rate in ((64, 16000), (128, 22050), (32, 8000)):
        magnitude = np.exp(random.normal(0, 1.5, n_fft // 2 + 1))
        found, right = (
            np.asarray(told_hertz(magnitude.copy(), n_fft, rate), dtype=float),
            _hertz(magnitude, n_fft, rate),
        )
        if found.shape != right.shape:
            return f"{len(magnitude)} bins have {len(right)} inner ones, but yours have the shape {found.shape}."
        if np.allclose(found, right, rtol=1e-5):
            continue
        for wrong in _WRONG_HERTZ:
            if np.allclose(found, wrong.answer(magnitude, n_fft, rate), rtol=1e-5):
                return wrong.hint
        return f"With n_fft={n_fft} bin 1 tells {right[0]:.2f} Hz, but you found {found[0]:.2f} Hz."
    return None


def _hertz(magnitude, n_fft, sample_rate, gamma=GAMMA, *, times=1.0):
    # np.gradient halves by itself, so that the checker does not repeat what it asks for
    slope = np.gradient(np.log(magnitude))[1:-1]
    bins = np.arange(1, len(magnitude) - 1) * sample_rate / n_fft
    return bins + times * sample_rate * slope / (2 * np.pi * gamma * n_fft)


def _in_decibels(magnitude, n_fft, sample_rate, gamma=GAMMA):
    """Takes decibels for the natural logarithm."""
    return _hertz(magnitude, n_fft, sample_rate, gamma, times=20 / np.log(10))


def _base_ten(magnitude, n_fft, sample_rate, gamma=GAMMA):
    """Takes the logarithm to base 10."""
    return _hertz(magnitude, n_fft, sample_rate, gamma, times=1 / np.log(10))


def _two_steps(magnitude, n_fft, sample_rate, gamma=GAMMA):
    """Forgets that k - 1 and k + 1 are two bins apart."""
    s = np.log(magnitude)
    bins = np.arange(1, len(s) - 1) * sample_rate / n_fft
    return bins + sample_rate * (s[2:] - s[:-2]) / (2 * np.pi * gamma * n_fft)


def _away(magnitude, n_fft, sample_rate, gamma=GAMMA):
    """Has the sign of the slope wrong."""
    return _hertz(magnitude, n_fft, sample_rate, gamma, times=-1)


def _no_slope(magnitude, n_fft, sample_rate, gamma=GAMMA):
    """Gives each bin its own frequency."""
    return _hertz(magnitude, n_fft, sample_rate, gamma, times=0)


_WRONG_HERTZ = (
    Wrong(_in_decibels, DECIBELS),
    Wrong(_base_ten, TO_BASE_TEN),
    Wrong(_two_steps, NOT_HALVED),
    Wrong(_away, UPHILL),
    Wrong(_no_slope, ONLY_BINS),
)

MEAN_OF_ANGLES = "You average the angles themselves: 179 and -179 degrees would give 0. Average arrows."
NO_WEIGHTS = "You leave the weights out: a loud bin must count for more than a soft one."
NOT_NORMALISED = "Your length grows with the weights: divide by their sum, so that arrows that agree have length 1."
ALWAYS_ONE = "You make the mean arrow 1 long: but its length says how much the angles agree, so it must stay."
SQUARED = "Your length is squared: of a complex number it is np.abs, not the sum of squares."
IN_DEGREES = "Your direction is in degrees: radians are asked for."


def _check_arrow(arrow):
    random = np.random.default_rng(4)
    for n, spread in ((6, 0.5), (9, 3.0), (5, 1.0), (12, 2.0)):
        angles = np.angle(np.exp(1j * (np.pi + spread * random.standard_normal(n))))
        weights = random.uniform(0.1, 4, n)
        found = tuple(float(value) for value in arrow(angles.copy(), weights.copy()))
        if len(found) != 2:
            return f"Give two numbers, direction and length, not {len(found)}."
        right = _arrow(angles, weights)
        if _same_arrow(found, right):
            continue
        for wrong in _WRONG_ARROWS:
            if _same_arrow(found, wrong.answer(angles, weights)):
                return wrong.hint
        return (
            f"For one set of angles the mean arrow points to {right[0]:.3f} and is {right[1]:.3f} long, but you found "
            f"{found[0]:.3f} and {found[1]:.3f}."
        )
    return None


def _same_arrow(found, right):
    return np.allclose(found, right, rtol=1e-6, atol=1e-9)


def _arrow(angles, weights):
    x, y = np.average(np.cos(angles), weights=weights), np.average(np.sin(angles), weights=weights)
    return float(np.arctan2(y, x)), float(np.hypot(x, y))


def _mean_angle(angles, weights):
    """Averages numbers that go round in a circle."""
    return float(np.average(angles, weights=weights)), _arrow(angles, weights)[1]


def _unweighted(angles, weights):
    """Lets soft bins count as much as loud ones."""
    return _arrow(angles, np.ones_like(weights))


def _summed(angles, weights):
    """Adds arrows up without dividing."""
    direction, length = _arrow(angles, weights)
    return direction, length * float(weights.sum())


def _full_length(angles, weights):
    """Normalises the mean arrow, and throws the certainty away."""
    return _arrow(angles, weights)[0], 1.0


def _squared_length(angles, weights):
    """Forgets the root."""
    direction, length = _arrow(angles, weights)
    return direction, length**2


def _degrees(angles, weights):
    """Answers in degrees."""
    direction, length = _arrow(angles, weights)
    return float(np.degrees(direction)), length


_WRONG_ARROWS = (
    Wrong(_mean_angle, MEAN_OF_ANGLES),
    Wrong(_unweighted, NO_WEIGHTS),
    Wrong(_summed, NOT_NORMALISED),
    Wrong(_full_length, ALWAYS_ONE),
    Wrong(_squared_length, SQUARED),
    Wrong(_degrees, IN_DEGREES),
)

SWAPPED = "Real and made sounds are swapped: your loss would teach the discriminator to call real sounds false."
NO_HINGE = "You leave out the hinge: a real sound that scores 5 must not make up for one that scores -3."
GENERATOR = "That is the generator's wish: it asks only what made sounds score. A discriminator must hear both."
ONE_MEAN = "You pool both kinds before averaging, so the kind with more sounds counts for more: average each by itself."
AT_ZERO = "Your hinges are at 0: real sounds must score at least 1 and made ones at most -1."


def _check_hinge(hinge):
    random = np.random.default_rng(5)
    for n, m in ((8, 5), (3, 12), (20, 7)):
        real, made = random.normal(0.5, 1.5, n), random.normal(-0.3, 1.5, m)
        found, right = float(hinge(real.copy(), made.copy())), _hinge(real, made)
        if np.isclose(found, right):
            continue
        for wrong in _WRONG_HINGES:
            if np.isclose(found, wrong.answer(real, made)):
                return wrong.hint
        return f"For some random scores the loss is {right:.4f}, but you found {found:.4f}."
    return None


def _hinge(real_scores, made_scores, *, at=1.0):
    short = np.clip(at - real_scores, 0, None), np.clip(at + made_scores, 0, None)
    return float(np.mean(short[0]) + np.mean(short[1]))


def _swapped(real_scores, made_scores):
    """Exchanges real and fake, as a published lesson did for years."""
    return _hinge(made_scores, real_scores)


def _no_hinge(real_scores, made_scores):
    """Takes the plain difference, without the hinge."""
    return float(np.mean(1 - real_scores) + np.mean(1 + made_scores))


def _for_the_generator(real_scores, made_scores):
    """Writes the generator's loss."""
    return float(-np.mean(made_scores))


def _pooled(real_scores, made_scores):
    """Averages over all sounds at once."""
    return float(np.concatenate([np.clip(1 - real_scores, 0, None), np.clip(1 + made_scores, 0, None)]).mean())


def _hinged_at_zero(real_scores, made_scores):
    """Wants the right sign and no margin."""
    return _hinge(real_scores, made_scores, at=0.0)


_WRONG_HINGES = (
    Wrong(_swapped, SWAPPED),
    Wrong(_no_hinge, NO_HINGE),
    Wrong(_for_the_generator, GENERATOR),
    Wrong(_pooled, ONE_MEAN),
    Wrong(_hinged_at_zero, AT_ZERO),
)

EXERCISES = (
    Exercise(
        id="ch09.one_round",
        title="One round of Griffin-Lim",
        task="Write `one_round`: take the complex `spectrum`, shape (frames, 513), to sound and back by "
        "`inverses.istft` and `transforms.stft`; keep the angles of what comes out, and give it the sizes `magnitude`. "
        "Where what comes out is 0 the answer must be a number, too.",
        hints=(
            "Two steps: the nearest spectrum of a sound, then the right sizes. What of a complex number is left when "
            "you divide it by its size?",
            "`nearest = transforms.stft(inverses.istft(spectrum))`, then `magnitude * nearest / np.abs(nearest)`, with "
            "the size below the line at least `1e-12`.",
        ),
        check=_check_one_round,
        wrong=_WRONG_ROUNDS,
    ),
    Exercise(
        id="ch09.told_hertz",
        title="The frequency that a slope tells",
        task="Write `told_hertz`: for bins 1 to `n_fft / 2 - 1` of a frame (all but the first and the last of "
        "`magnitude`), the frequency in Hz. It is the step of the phase in time, turned into Hz by "
        "`sample_rate / (2 pi a)`, so the hop `a` drops out: "
        "`sample_rate / n_fft * k + sample_rate / (2 pi gamma n_fft) * slope`, with the slope a bin of the natural "
        "logarithm of the magnitude, taken from both neighbours.",
        hints=(
            "Which logarithm is it? And how many bins lie between the two neighbours of a bin?",
            "`s = np.log(magnitude)`, `slope = (s[2:] - s[:-2]) / 2`, `k = np.arange(1, len(s) - 1)`.",
        ),
        check=_check_told_hertz,
        wrong=_WRONG_HERTZ,
    ),
    Exercise(
        id="ch09.arrow",
        title="The mean of directions",
        task="Write `arrow`: the mean of arrows of length 1 that point to `angles` (radians), each counted with its "
        "weight. Give the direction of the mean arrow (radians, -pi to pi) and its length (0 to 1).",
        hints=(
            "What complex number is an arrow of length 1 with a given angle? And what does a weighted mean divide by?",
            "`mean = np.sum(weights * np.exp(1j * angles)) / np.sum(weights)`; then `np.angle` and `np.abs`.",
        ),
        check=_check_arrow,
        wrong=_WRONG_ARROWS,
    ),
    Exercise(
        id="ch09.hinge",
        title="Teach a discriminator",
        task="Write `hinge`, the loss of a discriminator. Each real sound costs how much its score lacks to 1, and "
        "each made sound how much its score lies above -1; what is good enough costs nothing. The loss is the mean "
        "over the real ones plus the mean over the made ones.",
        hints=(
            "The lower the loss, the better the discriminator: which scores should go up, and which down?",
            "`np.maximum(0, 1 - real_scores).mean()`, and the same for the made ones with the sign turned.",
        ),
        check=_check_hinge,
        wrong=_WRONG_HINGES,
    ),
)
