"""Exercises and quiz of chapter 07, "Adversarial nets"."""

import numpy as np

from imgmusic_edu.exercises import Exercise, Wrong
from imgmusic_edu.exercises.quiz07 import QUIZ

__all__ = ["EXERCISES", "QUIZ"]


def _softplus(scores):
    return np.logaddexp(0, scores)


def _sigmoid(scores):
    return np.exp(-_softplus(-np.asarray(scores, float)))


# --- the discriminator's loss ------------------------------------------------------------------------------

SWAPPED = "Real and made samples are swapped: your discriminator would learn to call real samples made."
OVERFLOW = "With scores of 1000 your loss is not a number: log(sigmoid(s)) takes the logarithm of 0. Use softplus."
REAL_ONLY = "You leave out the made samples: a discriminator that calls everything real would have the loss 0."
POOLED = "You average over both kinds at once, so the kind with more samples counts for more: take two means."
SUMMED = "You add up over samples: a larger batch must not have a larger loss, so take means."


def _check_judge(judge):
    random = np.random.default_rng(7)
    for n, m in ((6, 9), (12, 4), (5, 5)):
        real, made = random.normal(0.5, 1.5, n), random.normal(-0.4, 1.5, m)
        with np.errstate(all="ignore"):
            found, right = float(judge(real.copy(), made.copy())), _judge(real, made)
        if np.isclose(found, right):
            continue
        for wrong in _WRONG_JUDGES:
            if np.isclose(found, wrong.answer(real, made)):
                return wrong.hint
        return f"For some random scores the loss is {right:.4f}, but you found {found:.4f}."
    with np.errstate(all="ignore"):
        extreme = float(judge(np.array([1000.0, -1000.0]), np.array([-1000.0, 1000.0])))
    return None if np.isclose(extreme, 1000.0) else OVERFLOW


def _judge(real_scores, made_scores):
    return float(np.mean(_softplus(-real_scores)) + np.mean(_softplus(made_scores)))


def _judge_swapped(real_scores, made_scores):
    """Exchanges real and fake: label 0 for the real ones."""
    return _judge(made_scores, real_scores)


def _judge_overflows(real_scores, made_scores):
    """Takes the logarithm of a sigmoid that has become 0."""
    real, made = 1 / (1 + np.exp(-real_scores)), 1 / (1 + np.exp(-made_scores))
    return float(-np.log(real).mean() - np.log(1 - made).mean())


def _judge_real_only(real_scores, made_scores):
    """Forgets the second half of the loss."""
    return float(np.mean(_softplus(-real_scores)))


def _judge_pooled(real_scores, made_scores):
    """Averages over both kinds together."""
    return 2 * float(np.concatenate([_softplus(-real_scores), _softplus(made_scores)]).mean())


def _judge_summed(real_scores, made_scores):
    """Sums over samples in place of averaging."""
    return float(_softplus(-real_scores).sum() + _softplus(made_scores).sum())


_WRONG_JUDGES = (
    Wrong(_judge_swapped, SWAPPED),
    Wrong(_judge_overflows, OVERFLOW),
    Wrong(_judge_real_only, REAL_ONLY),
    Wrong(_judge_pooled, POOLED),
    Wrong(_judge_summed, SUMMED),
)

# --- the push on a score -----------------------------------------------------------------------------------

SATURATING = "That is the push of the saturating loss, log(1 - D): it is D, and vanishes where D is sure of a fake."
DOWNHILL = "Your push has the wrong sign: the generator wants its score to rise, so all pushes are above 0."
OF_THE_SIGMOID = "That is the slope of the sigmoid alone, D (1 - D): the logarithm in front of it divides it by D."
THE_LOSS = "That is the loss itself: the push is how fast it falls as the score rises."


def _check_push(push):
    scores = np.array([-12.0, -3.0, -0.5, 0.0, 1.0, 6.0])
    found, right = np.asarray(push(scores.copy()), float), 1 - _sigmoid(scores)
    if found.shape != scores.shape:
        return f"Each of {len(scores)} scores has a push of its own, but yours have the shape {found.shape}."
    if np.allclose(found, right, atol=1e-6):
        return None
    for wrong in _WRONG_PUSHES:
        if np.allclose(found, wrong.answer(scores), atol=1e-6):
            return wrong.hint
    return f"At the score -3 the push is {right[1]:.4f}, but you found {found[1]:.4f}."


def _push_saturating(scores):
    """Uses the saturating loss."""
    return _sigmoid(scores)


def _push_down(scores):
    """Gives the slope of the loss, not its negative."""
    return _sigmoid(scores) - 1


def _push_of_sigmoid(scores):
    """Forgets the logarithm in the chain rule."""
    return _sigmoid(scores) * (1 - _sigmoid(scores))


def _push_is_loss(scores):
    """Gives the loss in place of its slope."""
    return _softplus(-np.asarray(scores, float))


_WRONG_PUSHES = (
    Wrong(_push_saturating, SATURATING),
    Wrong(_push_down, DOWNHILL),
    Wrong(_push_of_sigmoid, OF_THE_SIGMOID),
    Wrong(_push_is_loss, THE_LOSS),
)

# --- one round of the smallest game ------------------------------------------------------------------------

NOT_DETACHED = "The discriminator's loss has moved `mu`, too: in its step the made samples must count as given."
OLD_JUDGE = "Your generator learns from the old `w`: the discriminator moves first, and its new `w` judges."
MOVES_JUDGE = "The generator's loss has moved `w`, too: in its step the discriminator only judges."
ROUND_SWAPPED = "Your `w` runs the wrong way: real and made samples are swapped in the discriminator's loss."
ROUND_SATURATING = "Your generator's step is that of log(1 - D): the push on a score must be 1 - D, not D."
CLIMBS = "Both go uphill: a step is minus the rate times the slope."


def _check_one_round(one_round):
    random = np.random.default_rng(11)
    for mu, w, rate in ((0.3, 0.8, 0.1), (-1.0, 1.5, 0.3), (2.0, -0.7, 0.05)):
        real, z = random.normal(3, 1, 8), random.normal(0, 1, 8)
        given = (mu, w, real, z, rate)
        found, right = np.asarray(one_round(mu, w, real.copy(), z.copy(), rate), float), np.array(_round(*given))
        if found.shape != (2,):
            return f"Give back two numbers, the new `mu` and the new `w`; yours have the shape {found.shape}."
        if np.allclose(found, right, atol=1e-9):
            continue
        for wrong in _WRONG_ROUNDS:
            if np.allclose(found, wrong.answer(*given), atol=1e-9):
                return wrong.hint
        return (
            f"From mu = {mu:g} and w = {w:g} a round leads to {right[0]:.4f} and {right[1]:.4f}, but you found "
            f"{found[0]:.4f} and {found[1]:.4f}."
        )
    return None


def _round(mu, w, real, z, rate, *, attached=False, order=True, saturating=False, moves=False, swapped=False, up=False):
    """The round, and each way to get it wrong."""
    sign, made = (-1.0 if up else 1.0), z + mu
    high, low = (made, real) if swapped else (real, made)
    slope_w = np.mean((_sigmoid(w * high) - 1) * high) + np.mean(_sigmoid(w * low) * low)
    new_w = w - sign * rate * slope_w
    new_mu = mu - rate * np.mean(_sigmoid(w * made) * w) if attached else mu
    judge, made = (new_w if order else w), z + new_mu
    push = _sigmoid(judge * made) if saturating else 1 - _sigmoid(judge * made)
    if moves:
        new_w += rate * np.mean(push * made)
    return new_mu + sign * rate * np.mean(push * judge), new_w


def _round_attached(mu, w, real, z, rate):
    """Forgets to detach: the discriminator's step moves the generator, the wrong way."""
    return _round(mu, w, real, z, rate, attached=True)


def _round_old_judge(mu, w, real, z, rate):
    """Steps of both from the same, old, discriminator."""
    return _round(mu, w, real, z, rate, order=False)


def _round_moves_judge(mu, w, real, z, rate):
    """Lets the generator's loss teach the discriminator to be fooled."""
    return _round(mu, w, real, z, rate, moves=True)


def _round_swapped(mu, w, real, z, rate):
    """Exchanges real and fake."""
    return _round(mu, w, real, z, rate, swapped=True)


def _round_saturating(mu, w, real, z, rate):
    """Uses the saturating loss for the generator."""
    return _round(mu, w, real, z, rate, saturating=True)


def _round_up(mu, w, real, z, rate):
    """Adds slopes where they must be taken away."""
    return _round(mu, w, real, z, rate, up=True)


_WRONG_ROUNDS = (
    Wrong(_round_attached, NOT_DETACHED),
    Wrong(_round_old_judge, OLD_JUDGE),
    Wrong(_round_moves_judge, MOVES_JUDGE),
    Wrong(_round_swapped, ROUND_SWAPPED),
    Wrong(_round_saturating, ROUND_SATURATING),
    Wrong(_round_up, CLIMBS),
)

# --- how many different things -----------------------------------------------------------------------------

NOT_DIVIDED = "You do not divide by n: the eigenvalues of K / n add up to 1, as shares must."
NO_EXP = "That is the entropy: its exponential is a number of things, 1 for n copies and n for n unlike ones."
LOG_OF_ZERO = "An eigenvalue of 0 makes your score NaN: 0 log 0 counts as 0, so leave out what is (nearly) 0."
TWO_AND_E = "You mix bases: with log2 the number of things is 2 ** entropy, with log it is exp(entropy)."
ENTRIES = "You take the entropy of K's entries: it is the eigenvalues, np.linalg.eigvalsh, that count."


def _check_how_many(how_many):
    random = np.random.default_rng(5)
    points = random.normal(size=(7, 2))
    kernels = [np.exp(-((points[:, None] - points[None]) ** 2).sum(axis=2)), np.kron(np.eye(2), np.full((2, 2), 0.5))]
    kernels[1] += np.diag(np.full(4, 0.5))
    for kernel in kernels:
        with np.errstate(all="ignore"):
            found, right = float(how_many(kernel.copy())), _how_many(kernel)
        if np.isclose(found, right, rtol=1e-5):
            continue
        for wrong in _WRONG_COUNTS:
            with np.errstate(all="ignore"):
                if np.isclose(found, wrong.answer(kernel), rtol=1e-5):
                    return wrong.hint
        return f"For {len(kernel)} things the score is {right:.4f}, but you found {found:.4f}."
    with np.errstate(all="ignore"):
        copies = float(how_many(np.diag([1.0, 1.0, 0.0]) + np.diag([0.0, 0.0, 1.0])))
        alike = float(how_many(np.ones((4, 4))))
        paired = float(how_many(np.kron(np.eye(2), np.ones((2, 2)))))
    if not np.isfinite([copies, alike, paired]).all():
        return LOG_OF_ZERO
    return None if np.allclose([copies, alike, paired], [3, 1, 2], atol=1e-4) else LOG_OF_ZERO


def _shares(kernel, *, divide=True):
    values = np.linalg.eigvalsh(kernel / len(kernel) if divide else kernel)
    return values[values > 1e-12]


def _entropy(shares):
    return float(-np.sum(shares * np.log(shares)))


def _how_many(kernel):
    return float(np.exp(_entropy(_shares(kernel))))


def _count_not_divided(kernel):
    """Forgets to divide the kernel by n."""
    return float(np.exp(_entropy(_shares(kernel, divide=False))))


def _count_no_exp(kernel):
    """Stops at the entropy."""
    return _entropy(_shares(kernel))


def _count_log_of_zero(kernel):
    """Takes the logarithm of eigenvalues that are 0."""
    values = np.round(np.linalg.eigvalsh(kernel / len(kernel)), 12)
    return float(np.exp(-np.sum(values * np.log(values))))


def _count_mixed(kernel):
    """Takes the logarithm to base 2 and the exponential to base e."""
    return float(np.exp(_entropy(_shares(kernel)) / np.log(2)))


def _count_entries(kernel):
    """Uses the entries of the kernel as shares."""
    shares = kernel[kernel > 0] / kernel.sum()
    return float(np.exp(_entropy(shares)))


_WRONG_COUNTS = (
    Wrong(_count_not_divided, NOT_DIVIDED),
    Wrong(_count_no_exp, NO_EXP),
    Wrong(_count_log_of_zero, LOG_OF_ZERO),
    Wrong(_count_mixed, TWO_AND_E),
    Wrong(_count_entries, ENTRIES),
)

EXERCISES = (
    Exercise(
        id="ch07.judge",
        title="The judge's loss",
        task="Write `judge`, the discriminator's loss from scores: the mean of `-log D` over the real samples plus the "
        "mean of `-log(1 - D)` over the made ones, with `D = sigmoid(score)`. It must be right for scores of 1000 and "
        "-1000, too.",
        hints=(
            "What are `-log(sigmoid(s))` and `-log(1 - sigmoid(s))` as one function that does not overflow?",
            "softplus is `np.logaddexp(0, s)`: take it of `-real_scores` and of `made_scores`, and a mean of each.",
        ),
        check=_check_judge,
        wrong=_WRONG_JUDGES,
    ),
    Exercise(
        id="ch07.push",
        title="How hard is a score pushed?",
        task="Write `push`: for each score of a made sample, how fast the non-saturating loss `-log(sigmoid(score))` "
        "falls as that score rises, which is minus its slope. (For one sample each: no mean.)",
        hints=(
            "Differentiate softplus(-s), and turn the sign. Where must the push be strongest?",
            "The slope of softplus is the sigmoid, so the push is `1 - D` with `D = 1 / (1 + np.exp(-scores))`.",
        ),
        check=_check_push,
        wrong=_WRONG_PUSHES,
    ),
    Exercise(
        id="ch07.one_round",
        title="One round of the smallest game",
        task="The generator knows one number: it makes `z + mu`. The discriminator knows one: its score of x is "
        "`w * x`. Write `one_round`: first a step of gradient descent for `w` on the discriminator's loss, with the "
        "made samples as they are; then one for `mu` on the non-saturating loss, judged by the new `w`. Give back the "
        "new `(mu, w)`.",
        hints=(
            "Two slopes, each of one loss in one number: the discriminator's loss in `w`, the generator's in `mu`. "
            "Which `w` stands in the second?",
            "`slope_w = np.mean((D(w * real) - 1) * real) + np.mean(D(w * made) * made)`; after that step, "
            "`slope_mu = np.mean((D(w * made) - 1) * w)`, with `D` the sigmoid and `made = z + mu`.",
        ),
        check=_check_one_round,
        wrong=_WRONG_ROUNDS,
    ),
    Exercise(
        id="ch07.how_many",
        title="How many different things?",
        task="Write `how_many`, the Vendi score: the exponential of the entropy of the eigenvalues of `kernel / n`, "
        "where `kernel`, shape (n, n), says how alike things are. Things that are copies of each other give "
        "eigenvalues of 0, and those must do no harm.",
        hints=(
            "The eigenvalues of `kernel / n` add up to 1, as shares do. What is the entropy of shares?",
            "`values = np.linalg.eigvalsh(kernel / len(kernel))`, of which you keep those above `1e-12`; then "
            "`np.exp(-np.sum(values * np.log(values)))`.",
        ),
        check=_check_how_many,
        wrong=_WRONG_COUNTS,
    ),
)
