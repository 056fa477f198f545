"""Exercises and quiz of chapter 06, "Autoencoders"."""

import numpy as np

from imgmusic_edu.exercises import Exercise, Wrong
from imgmusic_edu.exercises.quiz06 import QUIZ

__all__ = ["EXERCISES", "QUIZ"]

NOT_CENTRED = "You take no mean away before, and add none after: the directions were found around the mean."
NOT_ADDED = "You take the mean away and forget to add it again at the end."
ADDED_ONLY = "You add the mean at the end, but did not take it away at the beginning."
ONLY_CODE = "That is the code itself: multiply it by the directions again, so that the blocks come back."


def _check_there_and_back(there_and_back):
    for seed, (n, wide, n_axes) in enumerate(((7, 5, 2), (4, 9, 3), (12, 6, 1))):
        random = np.random.default_rng(seed)
        blocks = random.normal(2, 1, (n, wide))
        mean, axes = blocks.mean(axis=0), np.linalg.qr(random.standard_normal((wide, n_axes)))[0].T
        found = np.asarray(there_and_back(blocks.copy(), mean.copy(), axes.copy()), dtype=float)
        if found.shape == (n, n_axes):
            return ONLY_CODE
        if found.shape != blocks.shape:
            return f"{n} blocks of {wide} numbers went in, so as many must come back, but yours have {found.shape}."
        right = mean + sum(np.outer((blocks - mean) @ axis, axis) for axis in axes)
        if np.allclose(found, right):
            continue
        for wrong in _WRONG_TRIPS:
            answer = wrong.answer(blocks, mean, axes)
            if answer.shape == found.shape and np.allclose(found, answer):
                return wrong.hint
        return f"The first number of a block should come back as {right[0, 0]:.4f}, but comes as {found[0, 0]:.4f}."
    return None


def _no_mean(blocks, mean, axes):
    """Leaves the mean out altogether."""
    return blocks @ axes.T @ axes


def _mean_lost(blocks, mean, axes):
    """Centres, and does not go back."""
    return (blocks - mean) @ axes.T @ axes


def _mean_twice(blocks, mean, axes):
    """Adds a mean that is still there."""
    return blocks @ axes.T @ axes + mean


def _coded(blocks, mean, axes):
    """Hands over the code in place of what is decoded from it."""
    return (blocks - mean) @ axes.T


_WRONG_TRIPS = (
    Wrong(_no_mean, NOT_CENTRED),
    Wrong(_mean_lost, NOT_ADDED),
    Wrong(_mean_twice, ADDED_ONLY),
    Wrong(_coded, ONLY_CODE),
)

SIGN = "Your KL has the wrong sign: it is never negative, and 0 only where mean and logarithm are both 0."
VARIANCE = "You take `log_variance` for the variance itself: the variance is its exponential."
DEVIATION = "You put the standard deviation where the variance belongs: exp(log_variance), without the half inside."
AVERAGED = "You average over the latent: the numbers of a step are all sent, so their costs add up."
NO_ONE = "A latent like the prior (mean 0, logarithm 0) should cost 0 nats, but costs 1/2 a number: subtract the 1."
ONE_TOTAL = "You add everything up to one number: give one for each row, so sum over the last axis only."


def _check_kl(kl):
    random = np.random.default_rng(1)
    for shape in ((3, 4), (2, 5, 3), (6,)):
        mean, log_variance = random.normal(0, 1.5, shape), random.normal(-1, 1, shape)
        with np.errstate(invalid="ignore", divide="ignore"):  # the logarithm of a logarithm gets a sentence of its own
            found = np.asarray(kl(mean.copy(), log_variance.copy()), dtype=float)
        right = _kl(mean, log_variance)
        if found.shape == right.shape and np.allclose(found, right):
            continue
        for wrong in _WRONG_KLS:
            with np.errstate(invalid="ignore", divide="ignore"):
                answer = np.asarray(wrong.answer(mean, log_variance))
            if answer.shape == found.shape and np.allclose(found, answer, equal_nan=True):
                return wrong.hint
        if found.shape != right.shape:
            return f"A latent of shape {shape} has KLs of shape {right.shape}, but yours have {found.shape}."
        return f"One row should cost {right.flat[0]:.4f} nats, but costs {found.flat[0]:.4f}."
    return None


def _kl(mean, log_variance, *, over=np.sum):
    # the same in another form, so that the checker does not give the answer away
    deviation = np.exp(log_variance / 2)
    return over((deviation - 1) * (deviation + 1) / 2 + mean**2 / 2 - np.log(deviation), axis=-1)


def _negative(mean, log_variance):
    """Turns the sign, as one does who copies the ELBO and not the loss."""
    return -_kl(mean, log_variance)


def _as_variance(mean, log_variance):
    """Takes the encoder's logarithm for the variance."""
    return 0.5 * np.sum(mean**2 + log_variance - np.log(log_variance) - 1, axis=-1)


def _as_variance_inside(mean, log_variance):
    """Forgets the exponential in one place only."""
    return 0.5 * np.sum(mean**2 + log_variance - log_variance - 1, axis=-1)


def _as_deviation(mean, log_variance):
    """Puts the standard deviation in the variance's place."""
    return 0.5 * np.sum(mean**2 + np.exp(log_variance / 2) - log_variance - 1, axis=-1)


def _averaged(mean, log_variance):
    """Takes the mean over the latent, as losses usually do."""
    return _kl(mean, log_variance, over=np.mean)


def _without_one(mean, log_variance):
    """Forgets the constant."""
    return 0.5 * np.sum(mean**2 + np.exp(log_variance) - log_variance, axis=-1)


def _in_one(mean, log_variance):
    """Sums over the batch, too."""
    return np.sum(_kl(mean, log_variance))


_WRONG_KLS = (
    Wrong(_negative, SIGN),
    Wrong(_as_variance, VARIANCE),
    Wrong(
        _as_variance_inside, "The variance and its logarithm cancel in your sum: the first of the two needs the exp."
    ),
    Wrong(_as_deviation, DEVIATION),
    Wrong(_averaged, AVERAGED),
    Wrong(_without_one, NO_ONE),
    Wrong(_in_one, ONE_TOTAL),
)

TOO_WIDE = "You multiply the noise by the variance: it needs the standard deviation, the root of it."
NOT_EXP = "You multiply the noise by the logarithm: take its exponential first, and half of it for the root."
ONLY_MEAN = "Your latent has no chance in it: that is a plain autoencoder, whose neighbours mean nothing."
ONLY_NOISE = "You give back the noise alone: nothing of the music would reach the decoder."
OWN_NOISE = "Twice the same input gave two answers: you draw noise of your own. Use the noise that is handed in."
OUTSIDE = (
    "The numbers are right, but no gradient comes back through them: NumPy has left the graph. Use `ops.exp`, and no "
    "`np` at all."
)


def _check_sample(sample):
    random = np.random.default_rng(2)
    for shape in ((2, 3, 4), (5, 2)):
        mean, log_variance, noise = (random.standard_normal(shape).astype(np.float32) for _ in range(3))
        found, again = (np.asarray(sample(mean.copy(), log_variance.copy(), noise.copy())) for _ in range(2))
        if found.shape != shape:
            return f"The latent has the shape {shape}, but yours has {found.shape}."
        if not np.allclose(found, again):
            return OWN_NOISE
        right = _sampled(mean, log_variance, noise)
        if np.allclose(found, right, atol=1e-5):
            continue
        for wrong in _WRONG_SAMPLES[:4]:
            if np.allclose(found, wrong.answer(mean, log_variance, noise), atol=1e-5):
                return wrong.hint
        return f"One number of the latent should be {right.flat[0]:.4f}, but is {found.flat[0]:.4f}."
    return _passes_gradients(sample)


def _sampled(mean, log_variance, noise):
    return noise * np.sqrt(np.exp(log_variance)) + mean


def _passes_gradients(sample):
    import tensorflow as tf

    mean, log_variance, noise = (tf.constant([[value, -0.5]]) for value in (0.3, -1.0, 0.8))
    with tf.GradientTape() as tape:
        tape.watch([mean, log_variance])
        total = tf.reduce_sum(tf.convert_to_tensor(sample(mean, log_variance, noise)))
    return OUTSIDE if None in tape.gradient(total, [mean, log_variance]) else None


def _by_variance(mean, log_variance, noise):
    """Takes the variance for the standard deviation."""
    return mean + np.exp(log_variance) * noise


def _by_logarithm(mean, log_variance, noise):
    """Takes the logarithm for the standard deviation."""
    return mean + log_variance * noise


def _mean_alone(mean, log_variance, noise):
    """Leaves the noise out."""
    return mean


def _noise_alone(mean, log_variance, noise):
    """Decodes the noise."""
    return noise


def _drawn_inside(mean, log_variance, noise):
    """Draws from the normal distribution where the gradient should pass."""
    return np.random.default_rng().normal(mean, np.exp(0.5 * log_variance))


def _by_numpy(mean, log_variance, noise):
    """Leaves the graph by a function of NumPy."""
    return np.asarray(mean) + np.exp(0.5 * np.asarray(log_variance)) * np.asarray(noise)


_WRONG_SAMPLES = (
    Wrong(_by_variance, TOO_WIDE),
    Wrong(_by_logarithm, NOT_EXP),
    Wrong(_mean_alone, ONLY_MEAN),
    Wrong(_noise_alone, ONLY_NOISE),
    Wrong(_drawn_inside, OWN_NOISE),
    Wrong(_by_numpy, OUTSIDE),
)

SUM_AND_MEAN = "You average one term and add up the other: KL then weighs too much, and the latent collapses."
MEANS = "You average both over all their numbers, and there are more in a step of music than of latent: KL weighs more."
KL_REWARDED = "You subtract the KL: this loss would pay the encoder for leaving the prior."
UPSIDE_DOWN = "That is the bound itself, which should rise: a loss falls, so turn its sign."
A_CLIP = "Your two terms stand right to each other, but that is nats a clip: divide by the steps, too."


def _check_loss(loss):
    for seed, (batch, steps, bands, latent) in enumerate(((2, 3, 5, 4), (3, 2, 6, 2))):
        random = np.random.default_rng(seed)
        log_density = random.normal(-1, 0.5, (batch, 4 * steps, bands))
        kl = random.uniform(0, 2, (batch, steps, latent))
        found, right = float(loss(log_density.copy(), kl.copy())), _loss(log_density, kl)
        if np.isclose(found, right):
            continue
        for wrong in _WRONG_LOSSES:
            if np.isclose(found, wrong.answer(log_density, kl)):
                return wrong.hint
        return f"For {batch} clips of {steps} steps the loss should be {right:.4f} nats a step, but is {found:.4f}."
    return None


def _loss(log_density, kl):
    return float(kl.sum(axis=2).mean() - log_density.sum(axis=(1, 2)).mean() / kl.shape[1])


def _sum_against_mean(log_density, kl):
    """Averages the likelihood over every number and sums the KL, as many listings do."""
    return float(kl.sum(axis=2).mean() - log_density.mean())


def _both_means(log_density, kl):
    """Averages both, each over its own numbers."""
    return float(kl.mean() - log_density.mean())


def _kl_wrong_way(log_density, kl):
    """Subtracts the KL from the loss, as the ELBO has it."""
    return float(-kl.sum(axis=2).mean() - log_density.sum(axis=(1, 2)).mean() / kl.shape[1])


def _bound(log_density, kl):
    """Hands over the ELBO as a loss."""
    return -_loss(log_density, kl)


def _per_clip(log_density, kl):
    """Averages over clips only."""
    return _loss(log_density, kl) * kl.shape[1]


_WRONG_LOSSES = (
    Wrong(_sum_against_mean, SUM_AND_MEAN),
    Wrong(_both_means, MEANS),
    Wrong(_kl_wrong_way, KL_REWARDED),
    Wrong(_bound, UPSIDE_DOWN),
    Wrong(_per_clip, A_CLIP),
)

EXERCISES = (
    Exercise(
        id="ch06.there_and_back",
        title="A linear autoencoder",
        task="Write `there_and_back`: encode `blocks`, shape (n, d), by principal components and decode them again. "
        "`mean`, shape (d,), is the mean block; `axes`, shape (k, d), holds the k directions as rows, each of length 1 "
        "and at right angles to the others. Give back the blocks as they are after the way through k numbers, "
        "shape (n, d).",
        hints=(
            "Directions begin at the mean. What has to happen to a block before it is multiplied, and after?",
            "`code = (blocks - mean) @ axes.T`, shape (n, k); then `code @ axes + mean`.",
        ),
        check=_check_there_and_back,
        wrong=_WRONG_TRIPS,
    ),
    Exercise(
        id="ch06.kl",
        title="What a latent costs",
        task="Write `kl`: the divergence, in nats, of N(mean, variance) from the standard normal, for each row of "
        "latents. `mean` and `log_variance` have the shape (..., d); the answer has the shape (...).",
        hints=(
            "One number costs (mean^2 + variance - ln variance - 1) / 2. What is handed in, the variance or its "
            "logarithm? And what becomes of the costs of the d numbers?",
            "`0.5 * np.sum(mean**2 + np.exp(log_variance) - log_variance - 1, axis=-1)`.",
        ),
        check=_check_kl,
        wrong=_WRONG_KLS,
    ),
    Exercise(
        id="ch06.sample",
        title="Chance from the side",
        task="Write `sample`: a latent with the given `mean` and `log_variance`, whose chance is the standard normal "
        "`noise` that is handed in. Use `ops` of Keras, so that gradients pass to mean and log_variance.",
        hints=(
            "By what must standard normal noise be multiplied to have a given variance? What is the root of an "
            "exponential?",
            "`mean + ops.exp(0.5 * log_variance) * noise`.",
        ),
        check=_check_sample,
        wrong=_WRONG_SAMPLES,
    ),
    Exercise(
        id="ch06.loss",
        title="Two terms in one currency",
        task="Write `loss`, the negative ELBO in nats a step. `log_density`, shape (batch, frames, bands), holds log "
        "p of every single number of the music; `kl`, shape (batch, steps, d), the KL of every single number of the "
        "latent; several frames share a step. Both must be added up over what belongs to one step, before anything is "
        "averaged.",
        hints=(
            "How many numbers of music, and how many of latent, belong to one step? Which term should rise, and which "
            "fall?",
            "Add up everything in either array, and divide both by the number of steps, `kl.shape[0] * kl.shape[1]`.",
        ),
        check=_check_loss,
        wrong=_WRONG_LOSSES,
    ),
)
