"""An autoencoder for music: four mel frames become one row of 16 numbers, and come back.

The latent is a *sequence*, one row every 46 ms, so rhythm has somewhere to be; a single row for a whole clip blurs it.

    log-mel (frames, 128) -> encoder -> latent (frames / 4, 16) -> decoder -> log-mel (frames, 128)

Taught in chapter 06, "Autoencoders".
"""

import numpy as np

from ..audio_features.transforms import N_MELS
from ..backbones.engine import tensorflow
from ..vocoders.neural import CENTRE, SPREAD, normalised

__all__ = ["LATENT", "STEP", "build_decoder", "build_encoder", "decibels", "normalised", "reconstruction_loss"]

STEP = 4  #: frames that share one row of the latent
LATENT = 16  #: numbers in a row
WIDTH = 256  # channels inside


def build_encoder(n_outputs=LATENT, *, width=WIDTH):
    """Two convolutions that each halve the number of frames, then residual blocks.

    Parameters
    ----------
    n_outputs : int
        Numbers a step: LATENT, or twice as many for mean and logarithm of the variance.
    width : int
        Channels inside.

    Returns
    -------
    keras.Model
        (batch, frames, N_MELS), `normalised` -> (batch, frames / STEP, n_outputs).

    Raises
    ------
    ImportError
        TensorFlow is missing.
    """
    _, keras = tensorflow()
    layers = keras.layers
    x = frames = keras.Input((None, N_MELS), name="log_mel")
    for _ in range(2):  # STEP is 2 ** 2
        x = layers.Conv1D(width, 4, strides=2, padding="same", activation="gelu")(x)
    x = residual(residual(x, width), width)  # (batch, frames / STEP, width)
    return keras.Model(frames, layers.Dense(n_outputs)(x), name="encoder")


def build_decoder(n_latent=LATENT, *, width=WIDTH):
    """The way back: residual blocks, before and after the number of frames is doubled, and two frames out of each.

    Returns
    -------
    keras.Model
        (batch, steps, n_latent) -> (batch, STEP x steps, N_MELS), `normalised`.
    """
    _, keras = tensorflow()
    layers = keras.layers
    latent = keras.Input((None, n_latent), name="latent")
    x = residual(residual(layers.Dense(width)(latent), width), width)  # (batch, frames / STEP, width)
    x = residual(layers.UpSampling1D(2)(x), width)  # (batch, frames / 2, width)
    x = layers.Conv1D(2 * N_MELS, 3, padding="same")(layers.LayerNormalization()(x))
    x = layers.Reshape((-1, N_MELS))(x)  # two frames out of each: (batch, frames, N_MELS)
    return keras.Model(latent, x, name="decoder")


def residual(x, width, *, dilation=1):
    """A short cut around two convolutions (He et al. 2016, arXiv:1512.03385)."""
    _, keras = tensorflow()
    layers = keras.layers
    y = layers.LayerNormalization()(x)
    y = layers.Conv1D(width, 3, padding="same", dilation_rate=dilation, activation="gelu")(y)
    y = layers.Conv1D(width, 3, padding="same", kernel_initializer=keras.initializers.VarianceScaling(0.01))(y)
    return layers.Add()([x, y])


def reconstruction_loss(real, made):
    """Mean absolute difference: what is right on average but blurred costs as much as it should.

    Parameters
    ----------
    real, made : tensor, shape (batch, frames, N_MELS), normalised

    Returns
    -------
    scalar tensor
    """
    from keras import ops

    return ops.mean(ops.abs(real - made))


def decibels(normalised_mel):
    """Undo `normalised`: log-mel in decibels, within what a vocoder takes (-100 to 40)."""
    return np.clip(np.asarray(normalised_mel) * SPREAD + CENTRE, -100, 40).astype(np.float32)
