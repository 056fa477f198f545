"""A variational autoencoder for music: a latent sequence in which every place means some sound.

The encoder gives each number of the latent a mean and a spread. The evidence lower bound (ELBO) of the data's
likelihood, in nats for each step,

    log p(x) >= E_q(z|x) [log p(x|z)] - KL(q(z|x) || p(z)),

has a Laplace density around what the decoder makes for p(x|z), with a spread b that is learnt with the rest (so no
weight between the two terms need be chosen by hand: Rybkin, Daniilidis & Levine 2021, arXiv:2006.13202), and a
standard normal p(z).

After Kingma & Welling 2014, "Auto-Encoding Variational Bayes", arXiv:1312.6114.

Taught in chapter 06, "Autoencoders".
"""

import math

from ..backbones.engine import tensorflow
from .autoencoder import LATENT, STEP, build_decoder, build_encoder

__all__ = ["LOG_VARIANCE", "build", "elbo_terms", "kl_divergence", "laplace_log_density", "sample"]

LOG_VARIANCE = (-8.0, 4.0)  #: that an encoder may answer: beyond, exponentials run away early in training


def build(*, n_latent=LATENT):
    """Encoder, decoder and the spread, with random weights.

    Returns
    -------
    dict of str to keras.Model
        "encoder" gives mean and log-variance side by side, (batch, steps, 2 n_latent); "decoder" the normalised
        log-mel; "spread" the logarithm of b for any input (one number, kept as a network so that it is saved like
        one).
    """
    _, keras = tensorflow()
    one = keras.Input((1,))
    spread = keras.layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(-1.0))(one)
    return {
        "encoder": build_encoder(2 * n_latent),
        "decoder": build_decoder(n_latent),
        "spread": keras.Model(one, spread, name="spread"),
    }


def moments(answers):
    """Mean and log-variance from an encoder's answers, each (batch, steps, n_latent)."""
    from keras import ops

    mean, log_variance = ops.split(answers, 2, axis=-1)
    return mean, ops.clip(log_variance, *LOG_VARIANCE)


def sample(mean, log_variance, noise):
    """z = mean + exp(log_variance / 2) x noise: chance comes from the side, so gradients pass (reparametrisation)."""
    from keras import ops

    return mean + ops.exp(0.5 * log_variance) * noise


def kl_divergence(mean, log_variance):
    """KL(N(mean, variance) || N(0, 1)) = (mean^2 + variance - log variance - 1) / 2, summed over the last axis, nats.

    Parameters
    ----------
    mean, log_variance : tensor, shape (..., n_latent)

    Returns
    -------
    tensor, shape (...,)
    """
    from keras import ops

    return 0.5 * ops.sum(mean**2 + ops.exp(log_variance) - log_variance - 1, axis=-1)


def laplace_log_density(x, centre, log_spread):
    """log of exp(-|x - centre| / b) / 2b for each number, nats; b = exp(log_spread)."""
    from keras import ops

    return -ops.abs(x - centre) * ops.exp(-log_spread) - log_spread - math.log(2)


def elbo_terms(networks, mel, noise):
    """The two terms of the bound, means over batch and steps, nats a step.

    Parameters
    ----------
    networks : mapping
        As `build` gives them.
    mel : tensor, shape (batch, frames, N_MELS), normalised
    noise : tensor, shape (batch, frames / STEP, n_latent), standard normal

    Returns
    -------
    log_likelihood, kl : scalar tensors
        The bound is the first minus the second.
    """
    from keras import ops

    mean, log_variance = moments(networks["encoder"](mel))
    made = networks["decoder"](sample(mean, log_variance, noise))
    log_spread = networks["spread"](ops.ones((1, 1)))[0, 0]
    n_bands = mel.shape[-1]
    log_likelihood = ops.mean(laplace_log_density(mel, made, log_spread)) * STEP * n_bands
    return log_likelihood, ops.mean(kl_divergence(mean, log_variance))
