"""A GAN for short sounds: it draws log-mel spectrograms of single strokes, and a vocoder makes them heard.

To a network of convolutions a spectrogram is a picture with one channel: 64 frames high (0.74 s) and 128 mel bands
wide. So the networks are `dcgan`'s, the loop is `gan_training`'s, and only what goes in and what comes out is here.
After SpecGAN (Donahue, McAuley & Puckette 2019, "Adversarial audio synthesis", arXiv:1802.04208).

    training, held_out = strokes()
    generator, discriminator = build(seed=0)
    trainer = Trainer(generator, discriminator, draw_from(to_samples(training)), **SETTINGS)
    sound = heard(to_levels(trainer.samples(1))[0])

Taught in chapter 07, "Adversarial nets".
"""

import warnings

import numpy as np
from scipy import signal

from .. import datasets
from ..audio_features.transforms import HOP_LENGTH, N_MELS, log_mel
from ..sounds import SAMPLE_RATE, Sound, open_sound
from . import dcgan

__all__ = ["FRAMES", "GAIN", "SETTINGS", "build", "heard", "sequence", "strokes", "to_levels", "to_samples"]

FRAMES = 64  #: of a stroke
SETTINGS = {"rates": (1e-3, 1e-3), "penalty": 0.1, "batch": 16}  #: for `gan_training.Trainer`
CENTRE, SPREAD = -4.0, 40.0  # dB: -44 becomes -1, below which nothing is heard; 36, the loudest there is, becomes 1
GAIN = -15.0  #: dB by which all strokes are turned down when heard: made ones begin louder than full scale
_LEAD = 2  # frames of silence before the stroke
_N_SAMPLES = HOP_LENGTH * (FRAMES - 1)
_HELD_OUT = 4  # every fourth recording


# --- sounds to learn from ----------------------------------------------------------------------------------


def strokes(*, each=10, seed=0, own=()):
    """Log-mel spectrograms of the shipped recordings of drums and the like, higher and lower, louder and softer.

    Parameters
    ----------
    each : int
        Variants of a recording: its speed times .75 to 1.4, its level up to 4 dB more or less.
    seed : int
    own : sequence of Sound
        Recordings of one's own, which join the training.

    Returns
    -------
    training, held_out : np.ndarray, shape (n, 64, 128), dB
        Of different recordings: every fourth is held out.

    Notes
    -----
    Taught in chapter 07.
    """
    parts: tuple[list, list] = [], []
    for number, name in enumerate([*datasets.samples(), *own]):
        kept_back = isinstance(name, str) and number % _HELD_OUT == 0
        recording = _recording(name) if isinstance(name, str) else name.samples
        for take in range(each):
            random = np.random.default_rng([seed, number, take])
            speed, gain = int(random.integers(75, 141)), 10 ** (random.uniform(-4, 4) / 20)
            parts[kept_back].append(_stroke(signal.resample_poly(recording, 100, speed) * gain))
    return np.stack(parts[0]), np.stack(parts[1])


def _recording(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some go a little beyond full scale and are turned down by that
        return open_sound(datasets.data_path(name)).samples


def _stroke(samples):
    """Log-mel of a stroke: a moment of silence, the sound, and its end faded out where it would be cut."""
    room = np.zeros(_N_SAMPLES, np.float32)
    kept = samples[: _N_SAMPLES - _LEAD * HOP_LENGTH]
    room[_LEAD * HOP_LENGTH :][: len(kept)] = kept
    room[-8 * HOP_LENGTH :] *= np.linspace(1, 0, 8 * HOP_LENGTH) ** 2
    return log_mel(room)


def to_samples(levels):
    """Levels in dB, shape (..., 64, 128), as the networks take them: (..., 64, 128, 1), float32 in -1..1."""
    return np.clip((levels - CENTRE) / SPREAD, -1, 1).astype(np.float32)[..., None]


def to_levels(samples):
    """The inverse of `to_samples`; what is at the very bottom becomes silence, -100 dB."""
    levels = np.asarray(samples)[..., 0] * SPREAD + CENTRE
    return np.where(levels < CENTRE - 0.98 * SPREAD, -100.0, levels)


# --- the networks ------------------------------------------------------------------------------------------


def build(*, width=16, n_latent=dcgan.N_LATENT, with_std=False, seed=0):
    """Generator and discriminator for strokes: those of `dcgan.build`, for another shape.

    Returns
    -------
    (keras.Model, keras.Model)
        (batch, n_latent) to (batch, 64, 128, 1); (batch, 64, 128, 1) to (batch, 1).

    Notes
    -----
    Taught in chapter 07.
    """
    return dcgan.build(width=width, n_latent=n_latent, shape=(FRAMES, N_MELS, 1), with_std=with_std, seed=seed)


# --- sounds that come out ----------------------------------------------------------------------------------


def heard(levels, *, vocoder=None, title="A stroke that nobody played"):
    """A stroke's sound.

    Parameters
    ----------
    levels : np.ndarray, shape (64, 128), dB
    vocoder : callable, optional
        Log-mel to Sound; without it the course's neural one.
    title : str

    Returns
    -------
    Sound
        0.73 s, faded at both ends; every stroke turned down by the same 15 dB (`GAIN`), since made ones may be that
        much beyond full scale.

    Notes
    -----
    Taught in chapter 07.
    """
    if vocoder is None:
        from ..vocoders import get

        vocoder = get("neural")
    samples = vocoder(np.maximum(levels + GAIN, -100.0)).samples
    fade = np.minimum(1, np.minimum(np.arange(len(samples)), np.arange(len(samples))[::-1]) / (0.01 * SAMPLE_RATE))
    return Sound(samples * fade.astype(np.float32), title=title)


def sequence(sounds, pattern, *, tempo=110.0, bars=2, title="A beat"):
    """Strokes in a row: a drum machine.

    Parameters
    ----------
    sounds : sequence of Sound
        One a line of the pattern.
    pattern : sequence of str
        A line a sound, a letter a sixteenth: "x" strong, "o" soft, anything else a rest. Lines of one length.
    tempo : float
        Beats per minute; four sixteenths are a beat.
    bars : int
        How often the pattern is played.
    title : str

    Returns
    -------
    Sound
        Added up, and turned down as a whole where the sum would exceed -1 dBFS; the title says by how much.

    Raises
    ------
    ValueError
        Lines of unequal length, or not as many as there are sounds.

    Notes
    -----
    Taught in chapter 07.
    """
    lengths = {len(line) for line in pattern}
    if len(pattern) != len(sounds) or len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            f"{len(sounds)} sounds need as many lines of one length, but there are {len(pattern)} lines of "
            f"{', '.join(map(str, sorted(lengths))) or 'no'} letters."
        )
    step = 60 * SAMPLE_RATE / tempo / 4  # samples a sixteenth
    n_steps = bars * lengths.pop()
    longest = max(len(sound.samples) for sound in sounds)
    room = np.zeros(round(n_steps * step) + longest, np.float32)
    for sound, line in zip(sounds, pattern, strict=True):
        for n, letter in enumerate(line * bars):
            strength = {"x": 1.0, "o": 0.4}.get(letter, 0.0)
            at = round(n * step)
            room[at : at + len(sound.samples)] += np.float32(strength) * sound.samples
    peak, most = float(np.abs(room).max()), 10 ** (-1 / 20)
    if peak > most:
        room *= most / peak
        title = f"{title} (turned down by {20 * np.log10(peak / most):.1f} dB)"
    return Sound(room, title=title)
