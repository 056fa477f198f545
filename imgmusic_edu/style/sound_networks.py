"""Networks whose features say what a sound's texture is: random ones, and the shipped one that knows music.

A random network needs no data at all: filters of noise, each a few frames to most of a second wide, over the levels of
the mel bands. One layer of them suffices for textures (Ulyanov & Lebedev 2016, "Audio texture synthesis and style
transfer"; Antognini, Hoffman & Weiss 2019, arXiv:1806.08002).

Both take samples and give features with gradients back to the samples, so that the sound itself is what is made and no
phase has to be found afterwards (Caracalla & Roebel 2019, arXiv:1905.03637).

Taught in chapter 04, "Gram matrices".
"""

import numpy as np

from ..audio_features.clip import TIME_HOP, TIME_WINDOW, TREMOLO, band_bank
from ..audio_features.timing import APART, BEND, BLUR, SURROUNDINGS
from ..audio_features.transforms import mel_filters
from ..backbones import sound_vgg
from ..backbones.engine import tensorflow
from ..sounds import SAMPLE_RATE

__all__ = ["COMPRESSION", "NETWORKS", "Beginnings", "RandomNetwork", "VGGNetwork", "networks_for"]

COMPRESSION = 0.15  #: power to levels, amplitude ** 0.3: about what the ear does (McDermott & Simoncelli 2011)
THRESHOLDS = -1, 2  # deviations of a filter's answers to the source: the rare, loud ones count, too
RAREST = 0.3  # deviations: what fires less, over all, is not made louder still
DYNAMICS = 60.0  # dB: what is further below the loudest moment is silence
NETWORKS = ("random", "sound_vgg")  #: what `networks_for` knows
VGG_LAYERS = 3  # of five: the others see parts of a second as one place, and cost most


class RandomNetwork:
    """One layer of random filters over the levels of mel bands, in several widths, with thresholds and a ReLU.

    Half of the filters hear each band with a sign of its own, half a group of neighbouring bands alike.

    Parameters
    ----------
    reference : np.ndarray, shape (n,), float32
        The sound that levels are relative to: each band's mean is 0, and all bands together vary by 1.
    n_fft, hop_length, n_mels : int
        As for `audio_features.mel_spectrogram`; bands that no bin falls into are left out.
    widths : iterable of int
        Frames that the filters span.
    n_filters : int
        Of each width.
    lags : int
        Frames that its rhythm is followed for.
    seed : int
        Of the filters.
    """

    def __init__(self, reference, *, n_fft, hop_length, n_mels, widths, n_filters, lags, seed):
        tf, _ = tensorflow()
        self.n_fft, self.hop_length, self.lags = n_fft, hop_length, lags
        bands = mel_filters(n_fft=n_fft, n_mels=n_mels)
        bands = bands[:, bands.any(axis=0)]
        self._bands = tf.constant(bands)
        power = self.power(tf.constant(reference)).numpy()
        self.softest = float(power.max() * 10 ** (-DYNAMICS / 10))
        levels = (power + self.softest) ** COMPRESSION  # (frames, bands)
        self._mean = levels.mean(axis=0)
        spread = np.sqrt(np.mean((levels / self._mean - 1) ** 2))
        self._scale = self._mean * np.float32(max(spread, 1e-3))
        self.filters, self.thresholds = [], []
        noise, n_bands, heard = np.random.default_rng(seed), bands.shape[1], self.levels(power)
        for width in widths:
            drawn = noise.standard_normal((width, n_bands, n_filters))
            # A drop of rain is in many neighbouring bands at once; among random signs it would be lost.
            drawn[..., ::2] = drawn[:, :1, ::2] * self._windows(n_bands, (n_filters + 1) // 2, noise)
            answers = tf.nn.conv1d(heard[None], drawn.astype(np.float32), 1, "SAME").numpy()[0]
            thresholds = noise.uniform(*THRESHOLDS, n_filters)
            deviation = np.maximum(answers.std(axis=0), 1e-6)
            loud = np.sqrt(np.mean(np.maximum(answers / deviation - thresholds, 0) ** 2, axis=0))
            scale = 1 / np.maximum(loud, RAREST)  # so that in the source all fire alike, rare ones, too
            self.filters.append(tf.constant(drawn / deviation * scale, tf.float32))
            self.thresholds.append(tf.constant(thresholds * scale, tf.float32))

    @staticmethod
    def _windows(n_bands, n_filters, noise):
        """Neighbouring bands, from an eighth to all of them: 1 inside and 0 outside, shape (1, n_bands, n_filters)."""
        width = n_bands * 2.0 ** noise.uniform(-3, 0, n_filters)
        start = noise.uniform(0, n_bands - width)
        band = np.arange(n_bands)[:, None] + 0.5
        return ((band > start) & (band < start + width)).astype(float)[None]

    def power(self, samples, *, circular=False):
        """Power in mel bands, shape (frames, bands); of a circle, one frame every `hop_length` samples.

        Only whole frames are taken, so that the ends of a sound are not heard as silence.
        """
        tf, _ = tensorflow()
        if circular:
            samples = tf.concat([samples, samples[: self.n_fft - self.hop_length]], axis=0)
        spectrum = tf.signal.stft(samples, self.n_fft, self.hop_length, self.n_fft)
        return tf.matmul(tf.math.real(spectrum) ** 2 + tf.math.imag(spectrum) ** 2, self._bands)

    def levels(self, power):
        """Compressed power, relative to the reference: shape (frames, bands), mean 0 and deviation 1 there."""
        return ((power + self.softest) ** COMPRESSION - self._mean) / self._scale

    def features(self, power, *, circular=False):
        """What the layer makes of mel power: the levels themselves, then a map for each width.

        Returns
        -------
        list of tensor, each of shape (1, frames, channels)
            None of the filters is wider than the sound: such widths are left out.
        """
        tf, _ = tensorflow()
        levels = self.levels(power)
        found = [levels[None]]
        for filters, thresholds in zip(self.filters, self.thresholds, strict=True):
            width = filters.shape[0]
            if width > levels.shape[0]:
                continue
            rows = tf.concat([levels, levels[: width - 1]], axis=0) if circular else levels
            found.append(tf.nn.relu(tf.nn.conv1d(rows[None], filters, 1, "VALID") - thresholds))
        return found


class Beginnings:
    """How clearly something begins to sound at each moment: `audio_features.onset_strength`, with gradients.

    Sums of products say little about what is rare, and a drop that falls close by is. So what `audio_features.onsets`
    looks at is compared itself: the histograms of the strength and of its peaks.

    Parameters
    ----------
    reference : np.ndarray, shape (n,), float32
        The sound whose loud moments levels are relative to.
    """

    def __init__(self, reference):
        tf, _ = tensorflow()
        self._bank = tf.constant(band_bank())
        reference = tf.constant(reference)
        self._loud = max(float(np.percentile(self._magnitudes(reference, False).numpy().max(axis=1), 95)), 1e-9)
        self._clear = max(float(np.percentile(self._flux(reference, False).numpy(), 99.5)), 1.0)

    def __call__(self, samples, *, circular=False):
        """Strength, and how far it stands above its surroundings where it has a peak, else 0: shape (1, frames, 2)."""
        tf, _ = tensorflow()
        flux = self._flux(samples, circular) / self._clear
        bent = (1 + BEND) * flux / (flux + BEND)
        bell = np.exp(-0.5 * (np.arange(-3, 4) / BLUR) ** 2)
        strength = _smoothed(bent, bell / bell.sum(), circular)
        around = _smoothed(strength, np.full(SURROUNDINGS, 1 / SURROUNDINGS), circular)
        highest = tf.nn.max_pool1d(
            _extended(strength, APART // 2, APART // 2, circular)[None, :, None], APART, 1, "VALID"
        )
        peaks = tf.where(strength >= highest[0, :, 0], tf.nn.relu(strength - around), 0.0)
        return tf.stack([strength, peaks], axis=1)[None]

    def _magnitudes(self, samples, circular):
        tf, _ = tensorflow()
        if circular:
            samples = tf.concat([samples, samples[: TIME_WINDOW - TIME_HOP]], axis=0)
        spectrum = tf.signal.stft(samples, TIME_WINDOW, TIME_HOP, TIME_WINDOW) * (4 / TIME_WINDOW)
        power = tf.math.real(spectrum) ** 2 + tf.math.imag(spectrum) ** 2
        return tf.matmul(tf.sqrt(power + 1e-18), self._bank)  # silence has a gradient, too

    def _flux(self, samples, circular):
        """`Clip.beginnings`, added up over bands: shape (frames,), from the TREMOLOth on where it is no circle."""
        tf, _ = tensorflow()
        levels = tf.math.log(1 + 1000 / self._loud * self._magnitudes(samples, circular))
        if circular:
            levels = tf.concat([levels[-TREMOLO:], levels], axis=0)
        now, n = levels[TREMOLO:], levels.shape[0]
        before = tf.maximum(levels[TREMOLO - 2 : n - 2], levels[TREMOLO - 3 : n - 3])
        recent = tf.nn.max_pool1d(tf.transpose(levels)[..., None], TREMOLO - 1, 1, "VALID")[:, : n - TREMOLO, 0]
        before, recent = (_widest(found) for found in (before, tf.transpose(recent)))
        rises = tf.nn.relu(now - before - 0.1)
        beyond = tf.minimum(tf.nn.relu(now - recent + 0.2), rises)
        return tf.reduce_sum(beyond + 0.25 * (rises - beyond), axis=1)


def _widest(levels):
    """The greatest of each band and its two neighbours, shape (frames, bands)."""
    tf, _ = tensorflow()
    return tf.nn.max_pool1d(levels[..., None], 3, 1, "SAME")[..., 0]


def _extended(values, before, after, circular):
    """Values with some before and after them: a circle goes round, another one is mirrored."""
    tf, _ = tensorflow()
    if circular:
        return tf.concat([values[values.shape[0] - before :], values, values[:after]], axis=0)
    return tf.pad(values, [[before, after]], "SYMMETRIC")


def _smoothed(values, weights, circular):
    """A moving mean, shape (frames,)."""
    tf, _ = tensorflow()
    before = len(weights) // 2
    values = _extended(values, before, len(weights) - 1 - before, circular)
    return tf.nn.conv1d(values[None, :, None], weights[:, None, None].astype(np.float32), 1, "VALID")[0, :, 0]


class VGGNetwork:
    """The first layers of the shipped network for sounds, over its own log-mel (see `backbones.sound_vgg`).

    Parameters
    ----------
    reference : np.ndarray, shape (n,), float32
        The sound whose loudest moment gets the level that the network was trained with.
    """

    def __init__(self, reference):
        tf, _ = tensorflow()
        model = sound_vgg.open_sound_vgg().model
        self._layers = [model.get_layer("norm0")]
        for k in range(1, VGG_LAYERS + 1):
            self._layers += [model.get_layer(f"{kind}{k}") for kind in ("conv", "norm", "pool")]
        self._gain = sound_vgg.PEAK / np.abs(reference).max()
        settings = {"sample_rate": sound_vgg.SAMPLE_RATE, "n_fft": sound_vgg.N_FFT, "n_mels": sound_vgg.N_MELS}
        self._bands = tf.constant(mel_filters(**settings))

    def power(self, samples, *, circular=False):
        """Mel power of the sound at 16 kHz, shape (frames, 96). A circle is heard from where it was cut."""
        tf, _ = tensorflow()
        n = samples.shape[0]
        fewer = round(n * sound_vgg.SAMPLE_RATE / SAMPLE_RATE)
        # Leaving out the upper bins of its spectrum resamples a sound, with gradients.
        spectrum = tf.signal.rfft(samples * self._gain)[: fewer // 2 + 1]
        wave = tf.signal.irfft(spectrum, [fewer]) * (fewer / n)
        frames = tf.signal.stft(wave, sound_vgg.N_FFT, sound_vgg.HOP_LENGTH, sound_vgg.N_FFT)
        return tf.matmul(tf.math.real(frames) ** 2 + tf.math.imag(frames) ** 2, self._bands)

    def features(self, power, *, circular=False):
        """What its convolutions make of mel power: list of tensors, shape (1, time, band, 128) each."""
        tf, _ = tensorflow()
        x = tf.math.log(1 + sound_vgg.COMPRESSION * power)[None, :, :, None] / np.float32(np.log(10))
        found = []
        for layer in self._layers:
            x = layer(x, training=False) if layer.name.startswith("norm") else layer(x)
            if layer.name.startswith("conv"):
                found.append(x)
        return found


def networks_for(reference, *, network="random", seed=0):
    """The networks that listen to a sound's texture.

    Parameters
    ----------
    reference : np.ndarray, shape (n,), float32
        The sound whose texture is wanted.
    network : {"random", "sound_vgg"}
        "random": two random layers, one over frames of 46 ms that tells timbres apart, one over frames of 12 ms that
        hears a crackle. "sound_vgg": the layers of the shipped network, and of the two random ones only the levels.
    seed : int
        Of the random filters.

    Returns
    -------
    list of RandomNetwork and VGGNetwork

    Raises
    ------
    ValueError
        Another network.

    Notes
    -----
    Taught in chapter 04, section "A texture for the ear".
    """
    if network not in NETWORKS:
        raise ValueError(f"The networks for textures are {', '.join(NETWORKS)}, but {network!r:.40} was asked for.")
    random = network == "random"
    long = {"n_fft": 1024, "hop_length": 256, "n_mels": 128, "lags": 172}  # 46 ms; rhythm over 2 s
    short = {"n_fft": 256, "hop_length": 64, "n_mels": 32, "lags": 690}  # 12 ms
    listening = [
        RandomNetwork(reference, **long, widths=(2, 4, 8, 16, 32) if random else (), n_filters=64, seed=seed),
        RandomNetwork(reference, **short, widths=(2, 8) if random else (), n_filters=32, seed=seed + 1),
    ]
    return listening if random else [VGGNetwork(reference), *listening]
