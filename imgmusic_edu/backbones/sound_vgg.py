"""A network that hears: a VGG over three seconds of log-mel spectrogram, trained to write 50 tags on music.

It was trained by Jordi Pons (musicnn 0.1, its model "MTT_vgg") on MagnaTagATune, about 19 000 clips that players of
an online game had described in words (Law & von Ahn 2009, "Input-agreement", CHI). Five times a convolution of
128 filters of 3 x 3, batch normalisation and a maximum, as VGG does with pictures (Pons & Serra 2019, "musicnn",
arXiv:1909.06654).  Weights and tags are shipped; 16 bits a weight on disk, float32 in the network.

Taught in chapter 03, "What a sound holds".
"""

import functools
import json

import numpy as np

from .. import sounds
from ..audio_features.transforms import mel_spectrogram
from ..datasets import data_path
from .engine import precision, tensorflow
from .pipeline import Backbone

__all__ = ["LAYERS", "PATCH_SECONDS", "SAMPLE_RATE", "build", "open_sound_vgg", "patches", "read_weights", "sound_tags"]

SAMPLE_RATE = 16000  #: Hz, the network's own rate
N_FFT, HOP_LENGTH, N_MELS = 512, 256, 96  # samples, samples, bands
PATCH_FRAMES = 187
PATCH_SECONDS = PATCH_FRAMES * HOP_LENGTH / SAMPLE_RATE  #: 2.99: what the network hears at a time
SHORTEST_SECONDS = 0.01  # as `open_sound`: shorter is a click
PEAK = 0.7  # the compression makes level matter, so every sound gets the same
COMPRESSION = 10000  # log10(1 + 10000 x): straight for what is very soft, logarithmic for the rest
POOLS = ((4, 1), (2, 2), (2, 2), (2, 2), (4, 4))  # (frames, bands) of which the largest is kept
STRIDES = (2, 2, 2, 2, 4)

#: Layers one can ask for, from the ear inwards: feature maps (time, band, filter), then 50 numbers a patch.
LAYERS = (*(f"{kind}{k}" for k in range(1, 6) for kind in ("conv", "pool")), "logits", "tags")


def patches(samples, *, sample_rate=sounds.SAMPLE_RATE):
    """A sound as the network takes it: three-second patches of its log-mel spectrogram.

    Resampled to 16 kHz, scaled to a peak of 0.7, Hann window of 512 samples, a frame every 256, power in 96 Slaney
    bands, log10(1 + 10000 x).  Patches lie end to end, one every 187 frames (2.99 s), and the last one is moved back
    to end with the sound.  A sound shorter than a patch is repeated until it fills one, as short clips were when the
    network was trained.  Silence is all zeros.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float
    sample_rate : int
        Hz of `samples`.

    Returns
    -------
    np.ndarray, shape (n_patches, 187, 96), float32, log10 power, no unit; at least one patch

    Raises
    ------
    ValueError
        Less than 10 ms, more than one row of samples, or values that are not finite floats.

    Notes
    -----
    Taught in chapter 03, section "What the network hears".
    """
    wave = _at_peak(_checked(samples, sample_rate), sample_rate)
    needed = (PATCH_FRAMES - 1) * HOP_LENGTH  # centred frames: one more than hops
    if len(wave) < needed:
        wave = np.tile(wave, -(-needed // len(wave)))[:needed]
    power = mel_spectrogram(wave, sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=N_MELS)
    frames = np.log10(1 + COMPRESSION * power).astype(np.float32)  # (frames, bands)
    last = len(frames) - PATCH_FRAMES
    starts = [*range(0, last, PATCH_FRAMES), last]
    return np.stack([frames[start : start + PATCH_FRAMES] for start in starts])


def _checked(samples, sample_rate):
    wave = np.asarray(samples)
    if wave.ndim != 1 or wave.dtype.kind != "f":
        raise ValueError(f"One row of float samples is needed, these are {wave.shape} {wave.dtype}: mix them to mono.")
    if len(wave) < SHORTEST_SECONDS * sample_rate:
        found = 1000 * len(wave) / sample_rate
        raise ValueError(f"The sound lasts {found:.1f} ms: at least {1000 * SHORTEST_SECONDS:.0f} ms can be heard.")
    if not np.isfinite(wave).all():
        raise ValueError("The sound holds values that are not finite numbers (NaN or infinity): read or make it again.")
    return wave.astype(np.float32, copy=False)


def _at_peak(wave, sample_rate):
    """`wave` at the network's rate with its largest magnitude at PEAK (silence stays silence)."""
    import soxr

    wave = soxr.resample(wave, sample_rate, SAMPLE_RATE) if sample_rate != SAMPLE_RATE else wave
    peak = np.abs(wave).max(initial=0)
    return wave * np.float32(PEAK / peak) if peak > 0 else wave


def prepare(sound):
    """What the network is given for one sound: the `patches` of a `Sound`, or of samples at 22 050 Hz."""
    if isinstance(sound, sounds.Sound):
        return patches(sound.samples, sample_rate=sound.sample_rate)
    return patches(sound)


@functools.cache
def sound_tags():
    """The 50 tags of MagnaTagATune in the order of the network's outputs: tuple of str."""
    return tuple(json.loads(data_path("sound_tags").read_text(encoding="utf-8")))


def build():
    """The network with random weights: (n, 187, 96) log-mel patches in, (n, 50) tag probabilities out.

    Each tag has a probability of its own (a sigmoid): they do not add up to 1, for a clip may be "piano", "slow"
    and "classical" at once.

    Returns
    -------
    keras.Model
        607 030 weights; its layers are called as in `LAYERS`, the normalisations norm0 .. norm5.

    Raises
    ------
    ImportError
        TensorFlow is missing.

    Notes
    -----
    Taught in chapter 03, section "What the network hears".
    """
    _, keras = tensorflow()
    layers = keras.layers
    with precision():
        patch = keras.Input((PATCH_FRAMES, N_MELS), name="patch")
        x = layers.Reshape((PATCH_FRAMES, N_MELS, 1), name="channel")(patch)
        x = layers.BatchNormalization(name="norm0")(x)
        for k, (pool, stride) in enumerate(zip(POOLS, STRIDES, strict=True), 1):
            x = layers.Conv2D(128, 3, padding="same", activation="relu", name=f"conv{k}")(x)
            x = layers.BatchNormalization(name=f"norm{k}")(x)
            x = layers.MaxPooling2D(pool, stride, name=f"pool{k}")(x)  # (time, band, filter)
        x = layers.Flatten(name="flat")(x)
        x = layers.Dense(len(sound_tags()), name="logits", dtype="float32")(x)
        x = layers.Activation("sigmoid", name="tags", dtype="float32")(x)
    return keras.Model(patch, x, name="sound_vgg")


def read_weights(model):
    """Put the shipped weights into a network that `build` made; float16 on disk, float32 in the network."""
    stored = np.load(data_path("sound_vgg"))
    names = {"conv": "{}CNN", "norm": "batch_normalization_{}", "logits": "dense"}
    parts = {"conv": ("kernel", "bias"), "norm": ("gamma", "beta", "moving_mean", "moving_variance")}
    parts["logits"] = parts["conv"]
    for layer in model.layers:
        kind, number = layer.name.rstrip("0123456789"), layer.name[-1]
        if kind in names:
            name = names[kind].format(number).removesuffix("_0")  # the first of them carries no number
            layer.set_weights([stored[f"{name}/{part}"].astype(np.float32) for part in parts[kind]])


@functools.cache
def open_sound_vgg():
    """The sound network with its weights, opened once: a `Backbone` whose inputs are sounds (see `prepare`).

    It gives one row a sound, the mean over its patches.
    """
    model = build()
    read_weights(model)
    return Backbone(model, prepare, LAYERS, sound_tags(), patches=True)
