"""An endless texture from five seconds of rain: a new sound with the statistics of another one.

    from imgmusic_edu import datasets
    from imgmusic_edu.sounds import open_sound
    from imgmusic_edu.style import textures

    rain = open_sound(datasets.data_path("rain"))
    grown = textures.grow(rain, seconds=10)
    grown.sound                # new: it goes round in a circle without a seam
    grown.comparison           # how near its statistics are

It starts from noise and changes the samples until the Gram matrices of a network's features are those of the source,
with a term for rhythm and one against copying (Antognini, Hoffman & Weiss 2019, arXiv:1806.08002).

Taught in chapter 04, "Gram matrices".
"""

import time
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import optimize, signal

from ..backbones.engine import tensorflow
from ..sounds import SAMPLE_RATE, Sound
from .gram import gram_matrix
from .losses import quantiles, style_loss
from .sound_networks import Beginnings, networks_for
from .sound_statistics import compare, octave_weights

__all__ = ["LONGEST_SECONDS", "LONGEST_SOURCE", "SHORTEST_SECONDS", "Texture", "grow", "shaped_noise", "texture_loss"]

SHORTEST_SECONDS = 0.5  #: of a source, and of what is grown: less holds no texture
LONGEST_SECONDS = 60.0  #: of what is grown at once; it goes round, so it can be repeated for ever
LONGEST_SOURCE = 20.0  #: s: of a longer source the middle is listened to
SILENCE = 1e-4  # -80 dBFS
ALLOWED = 0.07  # correlation with the source that nothing is said against: chance makes as much
QUANTILES = 400  # of what begins
WHITENING = 0.5  # of the source's spectrum in dB that is left to the steps: 0 is slow, 1 dwells on silent bands
MEMORY = 20  # steps that L-BFGS remembers
PIECE = 256  # samples: the circle is a whole number of hops


@dataclass(frozen=True)
class Texture:
    """A grown sound and how it came about; from `grow`.

    Attributes
    ----------
    sound : Sound
        It ends where it began: repeated, it has no seam.
    source : Sound
        The part of the source that was listened to.
    losses : list of float
        After each step, the first for the noise it began with. The sound is that of the least.
    parts : dict of str to float
        The best loss in parts: "gram", "rhythm", "onsets", "spectrum", "copy".
    took : float
        Seconds.
    settings : dict
        What `grow` was told.
    """

    sound: Sound
    source: Sound
    losses: list
    parts: dict
    took: float
    settings: dict = field(default_factory=dict)

    @cached_property
    def comparison(self):
        """A row for each statistic: source, grown, ratio, error (see `sound_statistics.compare`)."""
        return compare(self.source, self.sound)


def grow(sound, *, seconds=10.0, network="random", steps=300, seed=0, rhythm=1.0, diversity=1.0, progress=None):
    """Grow a new sound with the texture of another one.

    Parameters
    ----------
    sound : Sound
        The source, half a second or more; five seconds are a good measure. Of more than 20 s, the middle 20.
    seconds : float
        How long the new sound is, 0.5 to 60.
    network : {"random", "sound_vgg"}
        As for `sound_networks.networks_for`.
    steps : int
        At most; 100 for a quick one. It ends sooner where nothing is gained any more.
    seed : int
        Of the noise it begins with and of the random filters. The same seed gives the same sound.
    rhythm : float
        Weight of the autocorrelation: 0 leaves only what fits into a filter, half a second.
    diversity : float
        Weight of the term against copying: it asks that no stretch of the wave correlates with the source.
    progress : callable, optional
        Called with step and loss. Where it, or Ctrl-C, raises KeyboardInterrupt, the best so far is given back.

    Returns
    -------
    Texture

    Raises
    ------
    ValueError
        A silent or a too short source; seconds or steps out of range; another network.
    ImportError
        TensorFlow is missing.

    Notes
    -----
    L-BFGS (Liu & Nocedal 1989) from noise that has the source's spectrum. Taught in chapter 04, section "A texture for
    the ear".
    """
    source = _source(sound)
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise ValueError(
            f"A texture of {SHORTEST_SECONDS} to {LONGEST_SECONDS:.0f} s can be grown, not of {seconds} s; "
            "it has no seam, so that it can be repeated for ever."
        )
    if steps < 0:
        raise ValueError(f"The number of steps is 0 or more, but {steps} was asked for.")
    began, n = time.perf_counter(), max(1, round(seconds * SAMPLE_RATE / PIECE)) * PIECE
    samples = source.samples
    loss = texture_loss(samples, network=network, seed=seed, rhythm=rhythm, diversity=diversity)
    noise = shaped_noise(samples, n, seed=seed)
    best, parts, losses = _descend(loss, samples, noise, steps, progress)
    best = best / max(1.0, float(np.abs(best).max()))
    settings = {"seconds": seconds, "network": network, "steps": steps, "seed": seed}
    settings |= {"rhythm": rhythm, "diversity": diversity}
    grown = Sound(best, title=f"{source.title}, grown")
    return Texture(grown, source, losses, parts, time.perf_counter() - began, settings)


def texture_loss(source, *, network="random", seed=0, rhythm=1.0, diversity=1.0):
    """How far a sound is from another one's texture: a function of samples with gradients.

    gram: relative distance of the Gram matrices, summed over layers; rhythm: of the autocorrelations of the levels, and
    of how much they go up and down in each octave from 0.5 to 64 Hz (McDermott & Simoncelli 2011); onsets:
    of the histograms of how clearly something begins; spectrum: mean squared distance of the logarithms of each band's
    mean power; copy: by how much correlations with the source go beyond what chance makes.

    Parameters
    ----------
    source : np.ndarray, shape (n,), float32
    network, seed, rhythm, diversity
        As for `grow`.

    Returns
    -------
    callable
        Takes samples, a tensor of shape (m,), as a circle, and gives a tensor of shape (5,): gram, rhythm, onsets,
        spectrum, copy, each with its weight. Their sum is the loss.

    Notes
    -----
    Taught in chapter 04, section "A texture for the ear".
    """
    tf, _ = tensorflow()
    listening = networks_for(source, network=network, seed=seed)
    wanted = [_statistics(one, tf.constant(source), circular=False) for one in listening]
    beginnings = Beginnings(source)
    begins = quantiles(beginnings(tf.constant(source)), QUANTILES)  # (1, quantiles, 2)
    strength = tf.maximum(tf.reduce_sum(begins**2, axis=(0, 1)), 1e-9)

    def parts(samples):
        gram, rhythmic, spectrum = [], [], []
        for one, (grams, after, mean, swings) in zip(listening, wanted, strict=True):
            found = _statistics(one, samples, circular=True)
            # strict=False: of a very short sound the widest filters have nothing to say
            gram += [style_loss(mine, other) for mine, other in zip(found[0], grams, strict=False)]
            if after is not None:
                lags = min(found[1].shape[1], after.shape[1])
                difference = found[1][:, :lags] - after[:, :lags]
                size = tf.maximum(tf.reduce_sum(after[:, :lags] ** 2), 1e-9)  # 0 where nothing ever changes
                rhythmic.append(tf.reduce_sum(difference**2) / size)
                sizes = tf.maximum(tf.reduce_sum(swings**2, axis=1), 1e-9)
                rhythmic.append(tf.reduce_mean(tf.reduce_sum((found[3] - swings) ** 2, axis=1) / sizes))
                spectrum.append(tf.reduce_mean((found[2] - mean) ** 2))
        starts = quantiles(beginnings(samples, circular=True), QUANTILES)
        begun = tf.reduce_sum((starts - begins) ** 2 / strength)
        copied = _copied(samples, source) if diversity else tf.constant(0.0)
        sums = [tf.add_n(gram), rhythm * tf.add_n(rhythmic), begun, tf.add_n(spectrum), diversity * copied]
        return tf.stack(sums)

    return parts


def _statistics(network, samples, *, circular):
    """Gram matrices of all layers; of a network with levels, their autocorrelation and each band's log power too."""
    tf, _ = tensorflow()
    power = network.power(samples, circular=circular)
    grams = [gram_matrix(found) for found in network.features(power, circular=circular)]
    if not hasattr(network, "levels"):
        return grams, None, None, None
    levels = network.levels(power)
    after = autocorrelations(levels, min(network.lags, levels.shape[0] // 2), circular=circular)
    mean = tf.math.log(tf.reduce_mean(power, axis=0) + 0.01 * network.softest)
    return grams, after, mean, modulations(levels, SAMPLE_RATE / network.hop_length)


def autocorrelations(levels, lags, *, circular=False):
    """`gram.autocorrelation` for all lags from 0 on at once, by the Fourier transform (Wiener-Khinchin).

    Parameters
    ----------
    levels : tensor, shape (frames, channels)
    lags : int
        How many.
    circular : bool
        The end is followed by the beginning; else each lag is the mean over the frames that have such a neighbour.

    Returns
    -------
    tensor, shape (channels, lags)
    """
    tf, _ = tensorflow()
    n = levels.shape[0]
    length = n if circular else 2 * n  # zeros behind keep the end away from the beginning
    spectrum = tf.signal.rfft(tf.transpose(levels), [length])
    power = tf.math.real(spectrum) ** 2 + tf.math.imag(spectrum) ** 2
    sums = tf.signal.irfft(tf.cast(power, tf.complex64), [length])[:, :lags]
    return sums / (np.full(lags, n, np.float32) if circular else (n - np.arange(lags)).astype(np.float32))


def modulations(levels, frame_rate):
    """How much each band's level goes up and down, by octaves of how fast: the sums that `modulation_spectrum` means.

    Parameters
    ----------
    levels : tensor, shape (frames, bands)
    frame_rate : float, Hz

    Returns
    -------
    tensor, shape (octaves, bands)
    """
    tf, _ = tensorflow()
    n = levels.shape[0]
    spectrum = tf.signal.rfft(tf.transpose(levels - tf.reduce_mean(levels, axis=0)))
    share = 2 * (tf.math.real(spectrum) ** 2 + tf.math.imag(spectrum) ** 2) / n**2  # (bands, frequencies)
    chosen = octave_weights(np.arange(n // 2 + 1) * frame_rate / n).astype(np.float32)  # (frequencies, octaves)
    return tf.transpose(tf.matmul(share, chosen))


def _copied(samples, source):
    """By how much correlations of the wave with the source go beyond ALLOWED, squared and added over all lags."""
    tf, _ = tensorflow()
    n, m = samples.shape[0], min(samples.shape[0], len(source))
    piece = np.zeros(n, np.float32)
    piece[:m] = source[:m] / max(float(np.linalg.norm(source[:m])), 1e-9)
    conjugate = tf.math.conj(tf.signal.rfft(tf.constant(piece)))
    found = tf.signal.irfft(tf.signal.rfft(samples) * conjugate, [n])
    around = tf.concat([tf.zeros(1), tf.cumsum(tf.concat([samples, samples[:m]], axis=0) ** 2)], axis=0)
    energy = around[m : m + n] - around[:n]  # of the stretch that each lag lays the source over
    excess = tf.nn.relu(tf.abs(found) - ALLOWED * tf.sqrt(tf.stop_gradient(tf.maximum(energy, 1e-12))))
    return 100 * tf.reduce_sum(excess**2) / tf.stop_gradient(tf.reduce_mean(tf.maximum(energy, 1e-12)))


def shaped_noise(source, n, *, seed=0):
    """White noise with the mean spectrum and level of a sound: what is left of a texture when all else is forgotten.

    Parameters
    ----------
    source : np.ndarray, shape (m,), float
    n : int
        Samples wanted.
    seed : int

    Returns
    -------
    np.ndarray, shape (n,), float32

    Notes
    -----
    The spectrum is Welch's mean over frames of 93 ms (1967). Taught in chapter 04.
    """
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    noise = np.fft.irfft(spectrum * _colour(source, n), n)
    return (noise * np.std(source) / max(np.std(noise), 1e-12)).astype(np.float32)


def _colour(source, n):
    """Square root of a sound's mean spectrum at the frequencies of n samples, shape (n // 2 + 1,), never quite 0."""
    frequencies, power = signal.welch(source, SAMPLE_RATE, nperseg=min(2048, len(source)))
    heard = np.interp(np.fft.rfftfreq(n, 1 / SAMPLE_RATE), frequencies, power)
    return np.sqrt(np.maximum(heard, 1e-9 * heard.max())).astype(np.float32)


def _descend(loss, source, start, steps, progress):
    """L-BFGS from `start`: the samples with the least loss, its parts, and all losses.

    What is looked for is white: a filter gives it the spectrum of the source, so that a step changes soft bands as much
    as loud ones and a third of the steps suffice.
    """
    tf, _ = tensorflow()
    n, colour = len(start), _colour(source, len(start)) ** WHITENING
    white = np.fft.irfft(np.fft.rfft(start) / colour, n)
    unit = float(np.std(white))
    filters = tf.constant(colour * unit, tf.complex64)

    @tf.function(autograph=False)
    def slope(white):
        with tf.GradientTape() as tape:
            tape.watch(white)
            samples = tf.signal.irfft(tf.signal.rfft(white) * filters, [n])
            parts = loss(samples)
            total = tf.reduce_sum(parts)
        return samples, parts, total, tape.gradient(total, white)

    best = {"loss": np.inf, "samples": start, "parts": np.zeros(5)}
    losses = []

    def evaluate(values):
        samples, parts, total, gradient = (found.numpy() for found in slope(tf.constant(values, tf.float32)))
        total = float(total)
        if total < best["loss"]:
            best.update(loss=total, samples=samples, parts=parts)
        return total, gradient.astype(np.float64)

    def told(values):
        losses.append(best["loss"])
        if progress is not None:
            progress(len(losses) - 1, best["loss"])

    try:
        evaluate(white / unit)
        told(white)
        if steps:
            options = {"maxiter": steps, "maxfun": 2 * steps, "maxcor": MEMORY, "ftol": 1e-7, "gtol": 0}
            optimize.minimize(evaluate, white / unit, jac=True, method="L-BFGS-B", callback=told, options=options)
    except KeyboardInterrupt:
        pass
    names = ("gram", "rhythm", "onsets", "spectrum", "copy")
    return best["samples"], dict(zip(names, map(float, best["parts"]), strict=True)), losses


def _source(sound):
    """The sound to listen to: at the course's rate, no longer than needed; else one sentence."""
    if not isinstance(sound, Sound):
        raise ValueError(
            f"A Sound is needed, this is {type(sound).__name__}: Sound(samples) or open_sound(path) make one."
        )
    samples = sound.samples
    if sound.seconds < SHORTEST_SECONDS:
        raise ValueError(
            f"The sound lasts {sound.seconds:.2f} s: a texture needs {SHORTEST_SECONDS} s or more to be heard."
        )
    if not np.abs(samples).max() > SILENCE:
        raise ValueError("The sound is silent: nothing in it is above -80 dBFS, so there is no texture to grow.")
    spare = len(samples) - round(LONGEST_SOURCE * sound.sample_rate)
    if spare > 0:
        samples = samples[spare // 2 :][: len(samples) - spare]
    if sound.sample_rate != SAMPLE_RATE:
        import soxr

        samples = np.clip(soxr.resample(samples, sound.sample_rate, SAMPLE_RATE), -1, 1)
    return Sound(samples, title=sound.title)
