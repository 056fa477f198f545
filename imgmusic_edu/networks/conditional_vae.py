"""A conditional VAE: what the picture does not say is drawn by chance, once for a piece.

    encoder q(c | music, picture) -> chance c (32 numbers) -> generator p(music | picture, c)

Trained, c holds what pieces for one picture differ in (players, melody, chords). To compose, c is drawn from a prior
p(c | picture), which is learnt, too: another seed, another piece; and no piece need be the mean of all. (With a prior
that does not look at the picture, c would bring along the mood of some other picture, and the generator believe it.)

After Sohn, Lee & Yan 2015, "Learning structured output representation using deep conditional generative models"
(NeurIPS).

Taught in chapter 08, "From picture to sound features".
"""

import math

from ..backbones.engine import tensorflow
from .autoencoder import LATENT, residual
from .mapping import N_CONDITIONS, NOISE, build_generator
from .vae import moments, sample

__all__ = ["build", "build_prior", "divergence", "drawn", "elbo_terms"]


def build(*, width=96):
    """The generator, the encoder of chance, its prior, and the logarithm of the generator's spread."""
    _, keras = tensorflow()
    layers = keras.layers
    told, latent = keras.Input((None, N_CONDITIONS)), keras.Input((None, LATENT))
    x = layers.Dense(width, activation="gelu")(layers.Concatenate()([told, latent]))
    for dilation in (1, 3):
        x = residual(x, width, dilation=dilation)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    one = keras.Input((1,))
    spread = layers.Dense(1, use_bias=False, kernel_initializer="zeros")(one)
    return {
        "generator": build_generator(),
        "encoder": keras.Model([told, latent], layers.Dense(2 * NOISE)(x), name="chance"),
        "prior": build_prior(),
        "spread": keras.Model(one, spread, name="spread"),
    }


def build_prior(*, width=64):
    """Mean and log-variance of chance for conditions (batch, steps, N_CONDITIONS): (batch, 2 NOISE)."""
    _, keras = tensorflow()
    layers = keras.layers
    told = keras.Input((None, N_CONDITIONS))
    x = layers.Dense(width, activation="gelu")(layers.GlobalAveragePooling1D()(told))
    return keras.Model(told, layers.Dense(2 * NOISE)(x), name="prior")


def elbo_terms(networks, told, latent, noise):
    """The two terms of the bound, means over the batch, nats a piece.

    Parameters
    ----------
    networks : mapping
        As `build` gives them.
    told : tensor, shape (batch, steps, N_CONDITIONS)
    latent : tensor, shape (batch, steps, LATENT), standardised
    noise : tensor, shape (batch, NOISE), standard normal

    Returns
    -------
    log_likelihood, kl : scalar tensors
        Normal density around what the generator makes; the bound is the first minus the second.
    """
    from keras import ops

    mean, log_variance = moments(networks["encoder"]([told, latent]))
    made = networks["generator"]([told, sample(mean, log_variance, noise)])
    log_spread = networks["spread"](ops.ones((1, 1)))[0, 0]
    log_density = -0.5 * ((latent - made) * ops.exp(-log_spread)) ** 2 - log_spread - 0.5 * math.log(2 * math.pi)
    kl = divergence((mean, log_variance), moments(networks["prior"](told)))
    return ops.mean(ops.sum(log_density, axis=(1, 2))), ops.mean(kl)


def divergence(one, other):
    """KL(N(mean, variance) || N(mean', variance')), summed over the last axis, nats.

    Parameters
    ----------
    one, other : (tensor, tensor), each of shape (..., n)
        Mean and log-variance of each.
    """
    from keras import ops

    (mean, log_variance), (middle, log_spread) = one, other
    away = (mean - middle) ** 2 + ops.exp(log_variance)
    return 0.5 * ops.sum(log_spread - log_variance + away * ops.exp(-log_spread) - 1, axis=-1)


def drawn(prior, told, noise):
    """Chance for some conditions: a draw from the prior."""
    mean, log_variance = moments(prior(told))
    return sample(mean, log_variance, noise)
