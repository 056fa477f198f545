"""One number a frame, and one row of numbers a clip: how loud, bright, broad, noisy the sound is, moment by moment.

Frames are those of `transforms.stft`: frame t looks at the n_fft samples around sample t * hop_length. A sound of shape
(n,) gives (frames,), a batch (..., n) gives (..., frames). The figures are librosa's. `clip_descriptor` puts means and
spreads of all of them, and of MFCC and chroma, into one row, for nearest neighbours and probes.

Taught in chapter 03, "What a sound holds".
"""

import numpy as np

from .clip import WORKING_RATE, as_clip
from .timing import onset_density, tempo
from .transforms import FLOOR, HOP_LENGTH, N_FFT, N_MFCC, _frames, chroma, delta, mfcc, stft, whole

ROLLOFF = 0.85  # share of the magnitude that lies below
AUDIBLE = 1e-3  # of the loudest frame, -60 dB: softer ones say nothing of a clip
SUMMARIES = ("rms", "zero_crossing_rate", "centroid", "bandwidth", "flatness", "rolloff")
NOTES = ("c", "c_sharp", "d", "e_flat", "e", "f", "f_sharp", "g", "a_flat", "a", "b_flat", "b")


# --- from the samples --------------------------------------------------------------------------------------


def rms(samples, *, n_fft=N_FFT, hop_length=HOP_LENGTH):
    """Level: root of the mean square of each frame, linear; a sine of amplitude a gives a / sqrt(2).

    Parameters
    ----------
    samples : np.ndarray, shape (..., n), float in [-1, 1]
    n_fft, hop_length : int
        Samples a frame, and from one frame to the next.

    Returns
    -------
    np.ndarray, shape (..., 1 + n // hop_length)

    Raises
    ------
    ValueError
        As for `transforms.stft`; so in all of this module.
    """
    return np.sqrt(np.mean(_frames(samples, n_fft, hop_length) ** 2, axis=-1))


def zero_crossing_rate(samples, *, n_fft=N_FFT, hop_length=HOP_LENGTH):
    """Share of samples at which the wave changes sign, 0 .. 1: low for hums, high for hiss.

    A sine of f Hz crosses 2 f times a second. Samples within 1e-10 of zero count as positive.

    Returns
    -------
    np.ndarray, shape (..., 1 + n // hop_length)
    """
    negative = np.asarray(samples) < -1e-10
    edges = [(0, 0)] * (negative.ndim - 1) + [(n_fft // 2, n_fft // 2)]
    negative = np.pad(negative, edges, mode="edge")  # silence at the ends would make crossings of its own
    crossed = np.zeros((*negative.shape[:-1], negative.shape[-1] + 1))
    crossed[..., 2:] = np.cumsum(negative[..., 1:] != negative[..., :-1], axis=-1)  # before each sample
    first = np.arange(0, np.shape(samples)[-1] + 1, whole(hop_length, "hop_length"))
    return (crossed[..., first + n_fft] - crossed[..., first + 1]) / n_fft


# --- from the spectrum -------------------------------------------------------------------------------------


def _magnitude(samples, sample_rate, n_fft, hop_length):
    """Magnitudes and the frequencies of their bins, shapes (..., frames, bins) and (bins,)."""
    spectrum = stft(samples, n_fft=n_fft, hop_length=hop_length)
    return np.abs(spectrum), np.arange(spectrum.shape[-1]) * whole(sample_rate, "sample_rate") / n_fft


def _shares(magnitude):
    """Each frame's magnitudes as shares that sum to 1; 0 where nothing sounds."""
    total = magnitude.sum(axis=-1, keepdims=True)
    return magnitude / np.where(total > np.finfo(magnitude.dtype).tiny, total, 1)


def _centroid(magnitude, frequencies):
    return _shares(magnitude) @ frequencies


def _bandwidth(magnitude, frequencies):
    distance = frequencies - _centroid(magnitude, frequencies)[..., None]
    return np.sqrt((_shares(magnitude) * distance**2).sum(axis=-1))


def _flatness(magnitude, frequencies):
    power = np.maximum(magnitude**2, FLOOR)
    return np.exp(np.log(power).mean(axis=-1)) / power.mean(axis=-1)


def _rolloff(magnitude, frequencies):
    below = np.cumsum(magnitude, axis=-1)
    return frequencies[np.argmax(below >= ROLLOFF * below[..., -1:], axis=-1)]


def centroid_per_frame(samples, *, sample_rate=WORKING_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH):
    """Brightness from moment to moment: mean frequency of each frame, weighted by magnitude, in Hz; 0 in silence.

    librosa's `spectral_centroid`. The package's own of that name is one number for the whole clip, weighted by energy,
    so that loud partials count for more and its figure is lower.

    Parameters
    ----------
    samples : np.ndarray, shape (..., n), float
    sample_rate : int, Hz
    n_fft, hop_length : int
        As for `transforms.stft`.

    Returns
    -------
    np.ndarray, shape (..., 1 + n // hop_length), Hz
    """
    return _centroid(*_magnitude(samples, sample_rate, n_fft, hop_length))


def spectral_bandwidth(samples, *, sample_rate=WORKING_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH):
    """How far the spectrum spreads: standard deviation around the centroid, weighted by magnitude, in Hz.

    0 in silence; parameters and shape as for `centroid_per_frame`.
    """
    return _bandwidth(*_magnitude(samples, sample_rate, n_fft, hop_length))


def spectral_flatness(samples, *, n_fft=N_FFT, hop_length=HOP_LENGTH):
    """How like noise: geometric over arithmetic mean of the power of all bins (Johnston 1988), near 0 .. 1.

    A tone is near 0, white noise near 0.56, silence (all bins at the floor) 1. Shape as for `centroid_per_frame`.
    """
    return _flatness(*_magnitude(samples, WORKING_RATE, n_fft, hop_length))


def spectral_rolloff(samples, *, sample_rate=WORKING_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH):
    """Frequency below which 85 % of the magnitude lies, in Hz: the first bin that reaches it.

    0 in silence; parameters and shape as for `centroid_per_frame`.
    """
    return _rolloff(*_magnitude(samples, sample_rate, n_fft, hop_length))


def frame_summaries(samples, *, sample_rate=WORKING_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH):
    """All of `SUMMARIES` from one spectrum.

    Returns
    -------
    dict of str to np.ndarray, shape (..., 1 + n // hop_length)
    """
    spectrum = _magnitude(samples, sample_rate, n_fft, hop_length)
    values = (
        rms(samples, n_fft=n_fft, hop_length=hop_length),
        zero_crossing_rate(samples, n_fft=n_fft, hop_length=hop_length),
        *(function(*spectrum) for function in (_centroid, _bandwidth, _flatness, _rolloff)),
    )
    return dict(zip(SUMMARIES, values, strict=True))


# --- a row for a clip --------------------------------------------------------------------------------------


def descriptor_names():
    """Names of the numbers of `clip_descriptor`, in order: tuple of str ("mfcc_00_mean", ... "tempo")."""
    tracks = [f"mfcc_{k:02d}" for k in range(N_MFCC)] + [f"mfcc_delta_{k:02d}" for k in range(N_MFCC)]
    tracks += [f"chroma_{note}" for note in NOTES] + list(SUMMARIES)
    return (*(f"{track}_{what}" for what in ("mean", "std") for track in tracks), "tempo", "onset_density")


def clip_descriptor(samples, *, sample_rate=WORKING_RATE):
    """One row of numbers that says what a clip sounds like.

    Mean and standard deviation over time of MFCC and their deltas (timbre), chroma (harmony) and `SUMMARIES` (level,
    noise, brightness); then tempo and onset density (rhythm). The level is taken out first, so that a softer
    copy has the same row, and frames 60 dB under the loudest do not count. Units differ from number to number:
    standardise each over the collection before measuring distances.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
    sample_rate : int, Hz

    Returns
    -------
    np.ndarray, shape (len(descriptor_names()),), float64

    Raises
    ------
    ValueError
        As for `onsets`, and for silence.
    """
    clip = as_clip(samples, sample_rate)
    clip.refuse_silence()
    level = rms(clip.wave)
    heard = level > AUDIBLE * level.max()
    wave = clip.wave * (0.1 / np.sqrt(np.mean(level[heard] ** 2)))
    coefficients = mfcc(wave)
    tracks = np.column_stack([coefficients, delta(coefficients), chroma(wave), *frame_summaries(wave).values()])[heard]
    return np.concatenate([tracks.mean(axis=0), tracks.std(axis=0), [tempo(clip), onset_density(clip)]])
