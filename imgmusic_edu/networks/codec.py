"""The course's own variational autoencoder at work: log-mel to latent sequence and back, with the shipped weights.

`codec_training` trains it.

Taught in chapter 06, "Autoencoders".
"""

import functools

import numpy as np

from ..backbones.engine import tensorflow
from ..datasets import data_path
from . import vae
from .autoencoder import STEP, decibels, normalised
from .training import load_networks

__all__ = ["Codec", "open_codec", "quality"]


class Codec:
    """Log-mel to latent sequence and back.

    Parameters
    ----------
    networks : mapping of str to keras.Model
        As `vae.build` gives them.
    """

    def __init__(self, networks):
        tf, _ = tensorflow()
        self.networks = networks
        row = [tf.TensorSpec([None, None, None])]
        self._encode = tf.function(lambda mel: vae.moments(networks["encoder"](mel)), input_signature=row)
        self._decode = tf.function(lambda latent: networks["decoder"](latent), input_signature=row)

    def encode(self, levels):
        """Means of the latent of log-mel spectrograms.

        Parameters
        ----------
        levels : np.ndarray, shape (batch, frames, N_MELS), dB
            Frames beyond a multiple of STEP are left out.

        Returns
        -------
        np.ndarray, shape (batch, frames // STEP, LATENT), float32
        """
        frames = levels.shape[1] // STEP * STEP
        return self._encode(normalised(np.asarray(levels)[:, :frames]))[0].numpy()

    def decode(self, latent):
        """Log-mel of latent sequences.

        Parameters
        ----------
        latent : np.ndarray, shape (batch, steps, LATENT)

        Returns
        -------
        np.ndarray, shape (batch, STEP x steps, N_MELS), dB, float32
        """
        return decibels(self._decode(np.asarray(latent, np.float32)))


@functools.cache
def open_codec():
    """The shipped codec, opened once.

    Raises
    ------
    ValueError
        Its weights are missing or damaged.
    ImportError
        TensorFlow is missing.
    """
    networks = vae.build()
    load_networks(data_path("codec"), networks)
    return Codec(networks)


def quality(real, made):
    """What a codec loses: ratios of 1 mean as much as in the original.

    Parameters
    ----------
    real, made : np.ndarray, shape (frames, N_MELS), dB

    Returns
    -------
    dict of str to float
        distance, mean |difference| in dB; flux, mean |change from frame to frame| against the original's; sharpness,
        mean |change from band to band| against the original's. What lies 60 dB under the loudest does not count.
    """
    floor = real.max() - 60
    real, made = np.maximum(real, floor), np.maximum(made, floor)
    return {
        "distance": float(np.abs(real - made).mean()),
        "flux": float(np.abs(np.diff(made, axis=0)).mean() / np.abs(np.diff(real, axis=0)).mean()),
        "sharpness": float(np.abs(np.diff(made, axis=1)).mean() / np.abs(np.diff(real, axis=1)).mean()),
    }
