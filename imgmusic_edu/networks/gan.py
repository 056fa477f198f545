"""Adversarial nets: two losses, one step, one loop, whatever is to be made.

Nothing here knows about pictures or sounds: losses take scores of any shape, samples have any axes after the batch.
`dcgan` makes pictures with it, `spectrogram_gan` drum strokes, and a discriminator that also looks at a condition is
one function around it.

Scores are logits, before any sigmoid: above 0 means "rather real". With D(x) = sigmoid(score) the logarithms of the
papers become softplus, which neither overflows nor loses its slope: -log D = softplus(-score),
-log(1 - D) = softplus(score).

After Goodfellow et al. 2014, "Generative adversarial nets", arXiv:1406.2661.
Taught in chapter 07, "Adversarial nets".
"""

import numpy as np

from ..backbones.engine import tensorflow

__all__ = [
    "LOSSES",
    "between",
    "critic_loss",
    "discriminator_loss",
    "feature_matching_loss",
    "generator_loss",
    "gradient_penalty",
    "minibatch_std",
    "ring",
    "ring_nets",
    "saturating_loss",
    "teach_discriminator",
    "teach_generator",
    "training_step",
    "wasserstein_loss",
]


# --- what is to be learnt ----------------------------------------------------------------------------------


def discriminator_loss(real_scores, fake_scores):
    """Binary cross-entropy of a discriminator: real samples are to score high, made ones low.

    L_D = - mean log D(x) - mean log(1 - D(G(z)))  (Goodfellow et al. 2014, equation 1). Two means, so that neither
    kind counts for more where there are more of it.

    Parameters
    ----------
    real_scores, fake_scores : tensors, any shape
        Logits of real samples and of made ones.

    Returns
    -------
    scalar tensor
        0 is perfect; 2 log 2 = 1.386 is a coin.

    Notes
    -----
    Taught in chapter 07.
    """
    from keras import ops

    return ops.mean(ops.softplus(-real_scores)) + ops.mean(ops.softplus(fake_scores))


def generator_loss(fake_scores):
    """Non-saturating loss of a generator: what it makes is to be taken for real.

    L_G = - mean log D(G(z))  (Goodfellow et al. 2014, section 3). Its slope in a score is D - 1: strongest where the
    discriminator is sure that the sample is made.

    Parameters
    ----------
    fake_scores : tensor, any shape

    Returns
    -------
    scalar tensor

    Notes
    -----
    Taught in chapter 07.
    """
    from keras import ops

    return ops.mean(ops.softplus(-fake_scores))


def saturating_loss(fake_scores):
    """The minimax game's loss of a generator: mean log(1 - D(G(z))) (Goodfellow et al. 2014, equation 1).

    It has the same optimum as `generator_loss`, but its slope in a score is -D: it vanishes where the discriminator
    is sure, which is how every training begins.  Taught in chapter 07.
    """
    from keras import ops

    return -ops.mean(ops.softplus(fake_scores))


def critic_loss(real_scores, fake_scores):
    """Loss of a Wasserstein critic: mean score of made samples minus that of real ones (arXiv:1701.07875).

    Only means something for a critic whose slope is held, by `gradient_penalty`.  Taught in chapter 07.
    """
    from keras import ops

    return ops.mean(fake_scores) - ops.mean(real_scores)


def wasserstein_loss(fake_scores):
    """Loss of the generator that a Wasserstein critic judges: minus the mean score.  Taught in chapter 07."""
    from keras import ops

    return -ops.mean(fake_scores)


#: Kind of game -> loss of the discriminator or critic, loss of the generator.
LOSSES = {
    "non_saturating": (discriminator_loss, generator_loss),
    "saturating": (discriminator_loss, saturating_loss),
    "wasserstein": (critic_loss, wasserstein_loss),
}


def between(real, fake, share):
    """Samples on the straight lines from real to made ones.

    Parameters
    ----------
    real, fake : tensors, shape (batch, ...)
    share : tensor, shape (batch,), 0..1
        0 is the real sample, 1 the made one.

    Returns
    -------
    tensor, shape (batch, ...)
    """
    from keras import ops

    share = ops.reshape(share, (-1, *[1] * (len(real.shape) - 1)))  # (batch, 1, ...)
    return (1 - share) * real + share * fake


def gradient_penalty(score, samples, *, slope=1.0):
    """How far the steepness of a discriminator is from what it should be: mean (|d score / d sample| - slope)^2.

    With ``slope=1`` at `between` real and made samples it is WGAN-GP's (Gulrajani et al. 2017, arXiv:1704.00028); with
    ``slope=0`` at real samples it is twice R1 over gamma (Mescheder et al. 2018, arXiv:1801.04406).

    Parameters
    ----------
    score : callable
        Samples to scores, shape (batch, ...), each sample's from that sample alone: no batch normalisation.
    samples : tensor, shape (batch, ...)
    slope : float

    Returns
    -------
    scalar tensor
        Its own gradient reaches the variables of `score`.

    Notes
    -----
    Taught in chapter 07.
    """
    import tensorflow as tf
    from keras import ops

    samples = tf.convert_to_tensor(samples)
    with tf.GradientTape() as tape:
        tape.watch(samples)
        scores = score(samples)
    gradient = tape.gradient(scores, samples)
    squares = ops.sum(ops.reshape(gradient, (ops.shape(gradient)[0], -1)) ** 2, axis=1)  # (batch,)
    if slope == 0:
        return ops.mean(squares)  # without the root, which has no slope at 0
    return ops.mean((ops.sqrt(squares + 1e-12) - slope) ** 2)


def feature_matching_loss(real_features, fake_features):
    """Squared distance of the mean features of real and made samples (Salimans et al. 2016, arXiv:1606.03498).

    Parameters
    ----------
    real_features, fake_features : tensors, shape (batch, ...)
        What some layer of the discriminator says of them.

    Returns
    -------
    scalar tensor
        The mean over features, so that it does not grow with the layer.

    Notes
    -----
    Taught in chapter 07.
    """
    from keras import ops

    return ops.mean((ops.mean(real_features, axis=0) - ops.mean(fake_features, axis=0)) ** 2)


def minibatch_std(features):
    """One more channel that says how much a batch varies (Karras et al. 2018, arXiv:1710.10196, section 3).

    The mean over all features of their standard deviation over the batch: a discriminator that sees it can tell a
    batch of look-alikes from real variety, although each sample alone is fine.

    Parameters
    ----------
    features : tensor, shape (batch, ..., channels)

    Returns
    -------
    tensor, shape (batch, ..., channels + 1)

    Notes
    -----
    Taught in chapter 07.
    """
    from keras import ops

    spread = ops.mean(ops.sqrt(ops.var(features, axis=0) + 1e-8))
    return ops.concatenate([features, spread * ops.ones_like(features[..., :1])], axis=-1)


# --- one step ----------------------------------------------------------------------------------------------


def teach_discriminator(generator, discriminator, optimizer, real, latent, *, game="non_saturating", penalty=0.0):
    """One step of the discriminator; the generator stays as it is.

    Parameters
    ----------
    generator, discriminator : keras.Model
        Latents to samples, samples to scores.
    optimizer : keras.optimizers.Optimizer
        The discriminator's.
    real : tensor, shape (batch, ...)
    latent : tensor, shape (batch, n_latent)
    game : str
        One of `LOSSES`.
    penalty : float
        Weight of `gradient_penalty`: of slope 1 between real and made samples for the Wasserstein game, of slope 0
        (R1, half of it) at real samples for the others.

    Returns
    -------
    dict of str to scalar tensor
        "discriminator", its loss without the penalty; "real_score" and "fake_score", mean scores.

    Notes
    -----
    Taught in chapter 07.
    """
    import tensorflow as tf
    from keras import ops

    fake = generator(latent, training=True)  # outside the tape: no gradient goes back into the generator
    with tf.GradientTape() as tape:
        real_scores = discriminator(real, training=True)
        fake_scores = discriminator(fake, training=True)
        loss = total = LOSSES[game][0](real_scores, fake_scores)
        if penalty and game == "wasserstein":
            middle = between(real, fake, tf.random.stateless_uniform(tf.shape(latent)[:1], seed=_seed(tf, latent)))
            total = loss + penalty * gradient_penalty(discriminator, middle)
        elif penalty:
            total = loss + penalty / 2 * gradient_penalty(discriminator, real, slope=0.0)
    variables = discriminator.trainable_variables
    optimizer.apply(tape.gradient(total, variables), variables)
    return {
        "discriminator": loss,
        "real_score": ops.mean(real_scores),
        "fake_score": ops.mean(fake_scores),
    }


def _seed(tf, latent):
    """A seed that the latents bring along: the same latents, the same draw."""
    return tf.bitcast(tf.reshape(tf.cast(latent, tf.float32), [-1])[:2], tf.int32)


def teach_generator(generator, discriminator, optimizer, latent, *, game="non_saturating"):
    """One step of the generator; the discriminator judges, and stays as it is.

    Parameters
    ----------
    generator, discriminator, latent, game
        As for `teach_discriminator`.
    optimizer : keras.optimizers.Optimizer
        The generator's.

    Returns
    -------
    dict of str to scalar tensor
        "generator", its loss.

    Notes
    -----
    Taught in chapter 07.
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        fake_scores = discriminator(generator(latent, training=True), training=True)  # through it, but not into it
        loss = LOSSES[game][1](fake_scores)
    variables = generator.trainable_variables  # and no others
    optimizer.apply(tape.gradient(loss, variables), variables)
    return {"generator": loss}


def training_step(generator, discriminator, optimizers, real, latents, *, game="non_saturating", penalty=0.0):
    """One round of the game: the discriminator learns from each batch, then the generator from the judge it has become.

    Parameters
    ----------
    generator, discriminator, game, penalty
        As for `teach_discriminator`.
    optimizers : (Optimizer, Optimizer)
        The generator's and the discriminator's: two, because each remembers the slopes of its own variables.
    real : tensor, shape (rounds, batch, ...)
        A batch of real samples for each round of the discriminator: usually one, for a Wasserstein critic five.
    latents : tensor, shape (rounds + 1, batch, n_latent)
        For each round of the discriminator, and the last for the generator.

    Returns
    -------
    dict of str to scalar tensor
        "discriminator", "generator", "real_score", "fake_score"; of the last round.

    Notes
    -----
    Taught in chapter 07.
    """
    for_generator, for_discriminator = optimizers
    for batch, latent in zip(_rows(real), _rows(latents), strict=False):
        found = teach_discriminator(
            generator, discriminator, for_discriminator, batch, latent, game=game, penalty=penalty
        )
    return found | teach_generator(generator, discriminator, for_generator, latents[-1], game=game)


def _rows(tensor):
    return [tensor[n] for n in range(tensor.shape[0])]


# --- a ring of points: small enough to see everything ------------------------------------------------------


def ring(n, random, *, modes=8, radius=2.0, spread=0.05):
    """Points around places that lie on a circle: the smallest data with modes that a generator can forget.

    Parameters
    ----------
    n : int
    random : np.random.Generator
    modes : int
    radius, spread : float
        Of the circle; standard deviation around each place.

    Returns
    -------
    np.ndarray, shape (n, 2), float32

    Notes
    -----
    Taught in chapter 07.
    """
    angle = 2 * np.pi * random.integers(modes, size=n) / modes
    places = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (places + spread * random.standard_normal((n, 2))).astype(np.float32)


def ring_nets(*, width=64, n_latent=8):
    """A generator and a discriminator for points: two hidden layers each.

    Returns
    -------
    (keras.Model, keras.Model)

    Notes
    -----
    Taught in chapter 07.
    """
    _, keras = tensorflow()
    layers = keras.layers
    hidden = [[layers.Dense(width, activation=kind) for _ in range(2)] for kind in ("relu", "leaky_relu")]
    generator = keras.Sequential([keras.Input((n_latent,)), *hidden[0], layers.Dense(2)], name="generator")
    discriminator = keras.Sequential([keras.Input((2,)), *hidden[1], layers.Dense(1)], name="discriminator")
    return generator, discriminator
