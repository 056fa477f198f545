"""From picture to latent sequence: what a mapping is told at each moment, and the two simplest mappings.

    picture -> features -> conditions (steps, 57) -> mapping -> latent (steps, 16) -> decoder -> log-mel -> vocoder

A mapping says what sounds at one moment, so it must be told which moment it is. A *clock* does that: where in the
beat, the bar and the phrase each step lies. Without it, the mean over all pieces has no rhythm left. The key is told as
well: which of twelve keys a piece is in follows from nothing in the picture, and the mean over twelve keys is noise.

What holds for a piece as a whole (tempo, how busy, how loud, how major it is) a small network of its own, the
*conductor*, reads off the picture. In training the mapping is told what is really *heard* in each piece, so that it
learns to obey; to compose, it is told what the conductor asks for.

The article's loss is the mean squared error. Its best answer is the *mean* of all music that a picture may have; the
other files here (`shared_latent`, `conditional_vae`, `conditional_gan`) are ways out of that.

Taught in chapter 08, "From picture to sound features".
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..audio_features.transforms import HOP_LENGTH
from ..backbones.engine import tensorflow
from ..evaluation.listener import PLACES, fingerprint
from ..sounds import SAMPLE_RATE
from ..visual_features import FEATURES
from .autoencoder import LATENT, STEP
from .pairs import COLUMNS, Pairs

__all__ = [
    "ASKED",
    "NOISE",
    "N_CONDITIONS",
    "STEP_SECONDS",
    "Scales",
    "build_conductor",
    "build_generator",
    "build_linear",
    "build_mlp",
    "conditions",
    "conditions_at",
    "conditions_of",
    "heard",
    "heard_in",
    "squared_error",
]

STEP_SECONDS = STEP * HOP_LENGTH / SAMPLE_RATE  #: from one row of a latent to the next
NOISE = 32  #: numbers of chance that say what a picture leaves open
TURNS = (0.25, 1, 2)  # turns of the clock a bar ...
BEATS = (1, 2, 4)  # ... and a beat
NEAR = 2.0  # s: how near the ends of a piece are told
ASKED = ("log_tempo", "busyness", "level", "major")  #: what the conductor says
N_CONDITIONS = len(FEATURES) + len(COLUMNS) + 2 * (len(TURNS) + len(BEATS)) + len(ASKED) + 1 + 12 + 2


@dataclass(frozen=True)
class Scales:
    """Means and standard deviations over the training pairs, by which a mapping's ends are standardised.

    Attributes
    ----------
    columns : np.ndarray, shape (2, 8)
    latent : np.ndarray, shape (2, LATENT)
    asked : np.ndarray, shape (2, 4)
    """

    columns: np.ndarray
    latent: np.ndarray
    asked: np.ndarray

    @classmethod
    def of(cls, pairs: Pairs, latent, asked):
        """Those of some pairs, of their latent sequences and of what is heard in them."""

        def both(values, axis):
            return np.stack([values.mean(axis), values.std(axis)]).astype(np.float32)

        return cls(both(pairs.columns, (0, 1)), both(latent, (0, 1)), both(asked, 0))

    @classmethod
    def load(cls, path):
        """Those in an .npz.

        Raises
        ------
        ValueError
            The file is damaged, or holds something else.
        """
        try:
            with np.load(path) as stored:
                return cls(**stored)
        except Exception as problem:
            raise ValueError(f"The scales in {path} are damaged ({problem}): fetch or train them again.") from problem


def conditions(features, columns, *, asked, beats_per_bar, tonic, n_steps, scales):
    """What a mapping is told, moment by moment.

    Parameters
    ----------
    features : np.ndarray, shape (18,)
    columns : np.ndarray, shape (n_columns, 8)
        Both as `pairs.seen` gives them.
    asked : np.ndarray, shape (4,)
        Those named in ASKED, in the units of `heard`.
    beats_per_bar : int
    tonic : int
        Pitch class, 0 is C.
    n_steps : int
    scales : Scales

    Returns
    -------
    np.ndarray, shape (n_steps, N_CONDITIONS), float32
        The features; what is asked for, standardised; whether the bar has three beats; the tonic, one of twelve; the
        picture's column at this moment; sine and cosine of the clock; how near the beginning and the end are.
    """
    time = (np.arange(n_steps) + 0.5) * STEP_SECONDS  # of each step's middle
    beat = time * (np.exp(asked[0]) / 60)
    end = n_steps * STEP_SECONDS
    return conditions_at(
        features,
        columns,
        asked=asked,
        beats_per_bar=beats_per_bar,
        tonic=tonic,
        beat=beat,
        place=np.linspace(0, 1, n_steps),
        near=np.stack([time, end - time], axis=1),
        scales=scales,
    )


def conditions_at(features, columns, *, asked, beats_per_bar, tonic, beat, place, near, scales):
    """What a mapping is told at some moments; `conditions` asks for those of a whole piece, one after another.

    Parameters
    ----------
    features, columns, asked, beats_per_bar, tonic, scales
        As `conditions` takes them.
    beat : np.ndarray, shape (n,)
        Beats since the music began.
    place : np.ndarray, shape (n,)
        In the picture, 0 left to 1 right.
    near : np.ndarray, shape (n, 2), s
        How far away beginning and end are.

    Returns
    -------
    np.ndarray, shape (n, N_CONDITIONS), float32
    """
    place = place * (len(columns) - 1)
    here = np.stack([np.interp(place, np.arange(len(columns)), curve) for curve in columns.T], axis=1)
    turns = np.concatenate([np.outer(beat / beats_per_bar, TURNS), np.outer(beat, BEATS)], axis=1)
    angle = 2 * np.pi * turns
    told = [*features, *(asked - scales.asked[0]) / scales.asked[1], float(beats_per_bar == 3)]
    told += list(np.arange(12) == tonic)
    return np.concatenate(
        [
            np.tile(np.array(told, np.float32), (len(beat), 1)),
            (here - scales.columns[0]) / scales.columns[1],
            np.sin(angle),
            np.cos(angle),
            np.minimum(near / NEAR, 1),
        ],
        axis=1,
    ).astype(np.float32)


def heard(log_mel, tempo):
    """What is heard in a piece as a whole, and what the conductor learns to ask for.

    Parameters
    ----------
    log_mel : np.ndarray, shape (frames, N_MELS), dB
    tempo : float, BPM

    Returns
    -------
    np.ndarray, shape (4,), float32
        Natural logarithms of the tempo and of the onsets a second; level, dB; correlation with the best major key less
        that with the best minor one.
    """
    found = fingerprint(log_mel)
    return np.array([np.log(tempo), *(found[PLACES[name]] for name in ("onset_rate", "level", "major"))], np.float32)


def heard_in(pairs):
    """`heard` of each pair: shape (n, 4), float32."""
    return np.stack([heard(*piece) for piece in zip(pairs.log_mel, pairs.tempo, strict=True)])


def conditions_of(pairs, asked, *, scales):
    """`conditions` of each pair in its own key: shape (n, n_steps, N_CONDITIONS), float32."""
    rows = zip(pairs.features, pairs.columns, asked, pairs.beats_per_bar, pairs.tonic, strict=True)
    n_steps = pairs.levels.shape[1] // STEP
    return np.stack(
        [
            conditions(features, columns, asked=told, beats_per_bar=beats, tonic=tonic, n_steps=n_steps, scales=scales)
            for features, columns, told, beats, tonic in rows
        ]
    )


# --- networks ----------------------------------------------------------------------------------------------


def build_conductor():
    """From features (batch, 18) to what is asked for (batch, 4), standardised: see `heard`."""
    _, keras = tensorflow()
    features = keras.Input((len(FEATURES),))
    x = keras.layers.Dense(64, activation="gelu")(features)
    x = keras.layers.Dense(64, activation="gelu")(x)
    return keras.Model(features, keras.layers.Dense(len(ASKED))(x), name="conductor")


def build_linear():
    """The simplest mapping: each number of the latent is a weighted sum of the conditions at that moment."""
    _, keras = tensorflow()
    told = keras.Input((None, N_CONDITIONS))
    return keras.Model(told, keras.layers.Dense(LATENT)(told), name="linear")


def build_mlp(*, width=384, n_layers=3, n_outputs=LATENT, n_inputs=N_CONDITIONS):
    """A multilayer perceptron at each moment: what it answers may depend on features and clock *together*."""
    _, keras = tensorflow()
    x = told = keras.Input((None, n_inputs))
    for _ in range(n_layers):
        x = keras.layers.Dense(width, activation="gelu")(x)
    return keras.Model(told, keras.layers.Dense(n_outputs)(x), name="mlp")


def build_generator(*, width=128, dilations=(1, 3, 9)):
    """A mapping that hears its own surroundings, and may do otherwise another time.

    Returns
    -------
    keras.Model
        Conditions (batch, steps, N_CONDITIONS) and chance (batch, NOISE) -> standardised latent
        (batch, steps, LATENT).
    """
    from .autoencoder import residual

    _, keras = tensorflow()
    layers = keras.layers
    told, chance = keras.Input((None, N_CONDITIONS)), keras.Input((NOISE,))
    everywhere = layers.Dense(width)(chance)[:, None]  # (batch, 1, width)
    x = layers.Add()([layers.Dense(width)(told), everywhere])
    for dilation in dilations:
        x = residual(layers.Activation("gelu")(x), width, dilation=dilation)
    return keras.Model([told, chance], layers.Dense(LATENT)(layers.LayerNormalization()(x)), name="generator")


# --- losses ------------------------------------------------------------------------------------------------


def squared_error(networks: Mapping, told, latent):
    """The article's loss: mean squared error of the mapping called "map"; a scalar.

    Parameters
    ----------
    networks : mapping
    told : tensor, shape (batch, steps, N_CONDITIONS)
    latent : tensor, shape (batch, steps, LATENT), standardised
    """
    from keras import ops

    return ops.mean((networks["map"](told) - latent) ** 2)
