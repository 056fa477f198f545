"""Sound as pictures of itself: STFT, mel spectrogram, MFCC, chroma, each as the few lines that its formula is.

Time comes first: a result has shape (frames, numbers a frame), and a batch of sounds, shape (..., n), gives
(..., frames, numbers a frame). Frame t looks at the n_fft samples around sample t * hop_length, with silence before
and after the sound, so a clip of any length has 1 + n // hop_length frames. Floats keep their precision.

The figures are librosa's (the tests hold them together), but none of its code runs: its first call compiles for
seconds, and an FFT, a matrix and a logarithm are no longer than the call. `inverses` goes back.

Taught in chapter 03, "What a sound holds".
"""

import operator
from functools import lru_cache

import numpy as np
from scipy import fft, signal, sparse

from ..sounds import SAMPLE_RATE

__all__ = [
    "FLOOR",
    "HOP_LENGTH",
    "N_FFT",
    "N_MELS",
    "N_MFCC",
    "chroma",
    "chroma_filters",
    "db_to_power",
    "delta",
    "hz_to_mel",
    "log_mel",
    "mel_filters",
    "mel_spectrogram",
    "mel_to_hz",
    "mfcc",
    "power_to_db",
    "stft",
]

N_FFT = 1024  #: samples a frame: 46 ms, bins 21.5 Hz apart
HOP_LENGTH = 256  #: samples from frame to frame: 86 frames a second
N_MELS = 128  #: bands of the mel spectrogram, 0 Hz to half the rate: with fewer, the way back loses the pitch first
N_MFCC = 20  #: coefficients kept of a frame
FLOOR = 1e-10  #: the power that counts as silence, -100 dB; the logarithm needs one

CHROMA_N_FFT = 4096  # bins 5.4 Hz apart: semitones lie nearer to each other than mel bands do
_AT_ONCE = 1 << 17  # samples in frames: half a megabyte stays near the processor


# --- the spectrum over time --------------------------------------------------------------------------------


def stft(samples, *, n_fft=N_FFT, hop_length=HOP_LENGTH):
    """Short-time Fourier transform: the spectrum of each windowed frame.

    S[t, k] = sum over n of  x[t hop_length + n - n_fft/2]  w[n]  exp(-2 pi i k n / n_fft),  w the Hann window
    0.5 - 0.5 cos(2 pi n / n_fft)  (Allen & Rabiner 1977, Proc. IEEE 65(11)).

    Parameters
    ----------
    samples : np.ndarray, shape (..., n), float
    n_fft : int, even
        Samples a frame: long tells pitches apart, short tells moments apart.
    hop_length : int
        Samples from one frame to the next.

    Returns
    -------
    np.ndarray, shape (..., 1 + n // hop_length, n_fft // 2 + 1), complex64 (complex128 from float64)
        Not scaled: a sine of amplitude a reaches a n_fft / 4. Bin k lies at k sample_rate / n_fft Hz.

    Raises
    ------
    ValueError
        Samples that are not finite floats or none at all, an odd n_fft, a hop_length below 1.

    Notes
    -----
    Taught in chapter 03. The inverse is `inverses.istft`.
    """
    frames = _frames(samples, n_fft, hop_length)
    spectrum = np.empty((*frames.shape[:-1], n_fft // 2 + 1), np.result_type(frames, np.complex64))
    for piece, spectra in _spectra(frames):
        spectrum[piece] = spectra
    return spectrum


def _frames(samples, n_fft, hop_length):
    """The overlapping frames, shape (..., frames, n_fft): a view of the samples with silence at both ends."""
    samples, n_fft, hop_length = _checked(samples), frame_length(n_fft), whole(hop_length, "hop_length")
    silence = [(0, 0)] * (samples.ndim - 1) + [(n_fft // 2, n_fft // 2)]
    every = np.lib.stride_tricks.sliding_window_view(np.pad(samples, silence), n_fft, axis=-1)
    return every[..., ::hop_length, :]


def _spectra(frames):
    """Spectra of windowed frames, a piece at a time: fresh memory costs more than an FFT. Yields (where, spectra)."""
    *sounds, n_frames, n_fft = frames.shape
    window, step = hann(n_fft).astype(frames.dtype), max(1, _AT_ONCE // n_fft)
    for sound in np.ndindex(*sounds):
        for start in range(0, n_frames, step):
            piece = (*sound, slice(start, start + step))
            yield piece, fft.rfft(frames[piece] * window)


@lru_cache(maxsize=16)
def hann(n_fft):
    """Hann window for overlapping frames (periodic), shape (n_fft,)."""
    return _kept(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft))


def _banded(samples, filters, *, n_fft, hop_length):
    """Power spectra @ filters, shape (..., frames, bands)."""
    frames = _frames(samples, n_fft, hop_length)
    bands = np.empty((*frames.shape[:-1], filters.shape[1]), frames.dtype)
    for piece, spectra in _spectra(frames):
        bands[piece] = (spectra.real**2 + spectra.imag**2) @ filters
    return bands


@lru_cache(maxsize=16)
def thin(filters, **settings):
    """`filters(**settings)` without its zeros: so few products need no threads, which wait where cores are shared."""
    return sparse.csc_array(filters(**settings))


# --- mel ---------------------------------------------------------------------------------------------------


def hz_to_mel(frequency):
    """Mel of a frequency in Hz: straight up to 1 kHz (15 mel), logarithmic above (27 mel for a ratio of 6.4).

    The scale of Slaney's Auditory Toolbox (1998), librosa's default; HTK's 2595 log10(1 + f / 700) is another one.
    Taught in chapter 03.
    """
    frequency = np.asarray(frequency, dtype=float)
    return 3 * np.minimum(frequency, 1000) / 200 + 27 * np.log(np.maximum(frequency, 1000) / 1000) / np.log(6.4)


def mel_to_hz(mel):
    """Frequency in Hz of a mel value: the inverse of `hz_to_mel`. Taught in chapter 03."""
    mel = np.asarray(mel, dtype=float)
    return 200 * np.minimum(mel, 15) / 3 * 6.4 ** ((np.maximum(mel, 15) - 15) / 27)


@lru_cache(maxsize=16)
def mel_filters(*, sample_rate=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS):
    """Triangles equally far apart on the mel scale, each with area 1 in Hz: power spectrum @ filters = mel spectrum.

    Returns
    -------
    np.ndarray, shape (n_fft // 2 + 1, n_mels), float32
        Read-only, because it is kept for the next call. Where a low band is narrower than a bin, it may hold none:
        such a column is zero (fewer bands or a longer frame fill it).

    Raises
    ------
    ValueError
        n_mels or sample_rate below 1, an odd n_fft.

    Notes
    -----
    Taught in chapter 03.
    """
    n_fft, sample_rate = frame_length(n_fft), whole(sample_rate, "sample_rate")
    edges = mel_to_hz(np.linspace(0, hz_to_mel(sample_rate / 2), whole(n_mels, "n_mels") + 2))
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    frequency = np.linspace(0, sample_rate / 2, n_fft // 2 + 1)[:, None]  # (bins, 1)
    triangles = np.minimum((frequency - low) / (centre - low), (high - frequency) / (high - centre))
    return _kept((np.maximum(triangles, 0) * 2 / (high - low)).astype(np.float32))


def mel_spectrogram(samples, *, sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=N_MELS):
    """Power in mel bands over time: |STFT|^2 @ mel_filters.

    Parameters
    ----------
    samples : np.ndarray, shape (..., n), float
    sample_rate : int, Hz
    n_fft, hop_length : int
        As for `stft`.
    n_mels : int

    Returns
    -------
    np.ndarray, shape (..., frames, n_mels), power

    Raises
    ------
    ValueError
        As for `stft` and `mel_filters`.

    Notes
    -----
    Taught in chapter 03. The inverse is `inverses.mel_to_magnitude`, then `inverses.griffin_lim`.
    """
    filters = thin(mel_filters, sample_rate=sample_rate, n_fft=n_fft, n_mels=n_mels)
    return _banded(samples, filters, n_fft=n_fft, hop_length=hop_length)


def power_to_db(power):
    """10 log10 of a power, at least -100 dB (`FLOOR`); twice the power is 3 dB more. Taught in chapter 03."""
    return 10 * np.log10(np.maximum(power, FLOOR))


def db_to_power(decibels):
    """Power of a level in dB: the inverse of `power_to_db`. Taught in chapter 03."""
    return 10.0 ** (np.asarray(decibels) / 10)


def log_mel(samples, *, sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=N_MELS):
    """Mel spectrogram in decibels: near to what the ear tells apart, and what the networks of this course see.

    A gain of g adds 20 log10 g everywhere (above the floor). Silence is -100 dB. Nothing is cut off below the
    loudest moment, as librosa's `top_db` does, so a frame's figures do not hang on other frames.

    Parameters and errors are those of `mel_spectrogram`; a `Sound` of the course's rate will do, too.

    Returns
    -------
    np.ndarray, shape (..., frames, n_mels), dB

    Notes
    -----
    Taught in chapter 03. In the graph of a network: `layers.LogMel`.
    """
    settings = {"sample_rate": sample_rate, "n_fft": n_fft, "hop_length": hop_length, "n_mels": n_mels}
    return power_to_db(mel_spectrogram(getattr(samples, "samples", samples), **settings))


def mfcc(samples, *, n_mfcc=N_MFCC, sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=N_MELS):
    """Mel-frequency cepstral coefficients: the first coefficients of the cosine transform of each log-mel frame.

    The first few describe the spectrum's outline (timbre); what is cut off is its fine structure (pitch).
    Coefficient 0 is the level: a gain changes it and no other (Davis & Mermelstein 1980, IEEE TASSP 28(4)).

    Parameters
    ----------
    samples, sample_rate, n_fft, hop_length, n_mels
        As for `mel_spectrogram`.
    n_mfcc : int
        Coefficients kept, at most n_mels.

    Returns
    -------
    np.ndarray, shape (..., frames, n_mfcc), dB
        Orthonormal DCT-II. librosa's, of levels without its `top_db`.

    Raises
    ------
    ValueError
        More coefficients than bands; otherwise as for `mel_spectrogram`.

    Notes
    -----
    Taught in chapter 03. The inverse is `inverses.mfcc_to_mel`.
    """
    if whole(n_mfcc, "n_mfcc") > n_mels:
        raise ValueError(f"{n_mels} mel bands have {n_mels} coefficients, but {n_mfcc} were asked for.")
    levels = log_mel(samples, sample_rate=sample_rate, n_fft=n_fft, hop_length=hop_length, n_mels=n_mels)
    return fft.dct(levels, norm="ortho")[..., :n_mfcc]


def delta(features, *, width=9, order=1):
    """How features change from frame to frame: the slope (order 1) or the bend (order 2) of a curve laid through them.

    Order 1 is  sum of k x[t + k]  over  sum of k^2,  k = -width//2 .. width//2: the slope of the straight line that
    fits best; a parabola gives order 2 (Savitzky & Golay 1964). At the ends the first and last curve are drawn on.

    Parameters
    ----------
    features : np.ndarray, shape (..., frames, numbers a frame)
    width : int, odd
        Frames that a curve is laid through.
    order : int
        Which derivative, below width.

    Returns
    -------
    np.ndarray, as features
        Change a frame (order 1), or a frame squared (order 2).

    Raises
    ------
    ValueError
        Fewer frames than the width, an even width, or an order that it cannot give.

    Notes
    -----
    Taught in chapter 03.
    """
    features = np.asarray(features)
    if whole(width, "width", 3) % 2 == 0 or whole(order, "order") >= width:
        raise ValueError(f"delta needs an odd width above its order, but has width {width} and order {order}.")
    if features.ndim < 2 or features.shape[-2] < width:
        raise ValueError(f"delta needs {width} frames or more, but has shape {features.shape}: take a longer sound.")
    return signal.savgol_filter(features, width, polyorder=order, deriv=order, axis=-2)


# --- pitch classes -----------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def chroma_filters(*, sample_rate=SAMPLE_RATE, n_fft=CHROMA_N_FFT):
    """How much each bin says about each pitch class: power spectrum @ filters = chroma.

    A bell around each note, at least a semitone wide (low down, where bins are further apart, a bin wide), each bin's
    twelve weights scaled to length 1, times a bell two octaves wide around A5, 880 Hz (Ellis 2007, "Chroma feature
    analysis and synthesis"; librosa's `filters.chroma`).

    Returns
    -------
    np.ndarray, shape (n_fft // 2 + 1, 12), float32; read-only; column 0 is C. Tuned to A = 440 Hz.

    Notes
    -----
    Taught in chapter 03.
    """
    n_fft = frame_length(n_fft)
    frequency = np.arange(1, n_fft // 2 + 2) * whole(sample_rate, "sample_rate") / n_fft
    pitch = 69 + 12 * np.log2(frequency / 440)  # MIDI numbers
    pitch = np.concatenate([[pitch[0] - 18], pitch])[:, None]  # 0 Hz has no pitch: some value far below
    bin_width = np.maximum(np.diff(pitch, axis=0), 1)
    pitch = pitch[:-1]  # (bins, 1)
    distance = (pitch - np.arange(12) + 6) % 12 - 6  # semitones to the nearest C, C sharp, D, ...
    bells = np.exp(-2 * (distance / bin_width) ** 2)
    bells[bells < 1e-8] = 0  # nothing to hear, but half of all products
    bells /= np.linalg.norm(bells, axis=1, keepdims=True)
    return _kept((bells * np.exp(-0.5 * ((pitch - 81) / 24) ** 2)).astype(np.float32))


def chroma(samples, *, sample_rate=SAMPLE_RATE, n_fft=CHROMA_N_FFT, hop_length=HOP_LENGTH):
    """How much of each of the twelve pitch classes sounds, whatever the octave; the strongest of a frame is 1.

    Parameters
    ----------
    samples : np.ndarray, shape (..., n), float
    sample_rate : int, Hz
    n_fft, hop_length : int
        As for `stft`; the frame is four times as long as for mel, so that neighbouring notes are told apart.

    Returns
    -------
    np.ndarray, shape (..., frames, 12), 0 .. 1
        C, C sharp, ... B. Frames without sound are 0.

    Raises
    ------
    ValueError
        As for `stft`.

    Notes
    -----
    Taught in chapter 03. It has no inverse: octave, timbre and level are gone on purpose.
    """
    filters = thin(chroma_filters, sample_rate=sample_rate, n_fft=n_fft)
    weights = _banded(samples, filters, n_fft=n_fft, hop_length=hop_length)
    strongest = weights.max(axis=-1, keepdims=True)
    return weights / np.where(strongest > np.finfo(weights.dtype).tiny, strongest, 1)


# --- what may come in --------------------------------------------------------------------------------------


def whole(value, what, least=1):
    """`value` as an int of at least `least`; else one sentence."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise ValueError(f"{what} must be a whole number of at least {least}, but is {value!r}.")
    return number


def frame_length(n_fft):
    """`n_fft` as an even int; else one sentence."""
    if whole(n_fft, "n_fft", 4) % 2:
        raise ValueError(f"n_fft must be even, so that a frame has a middle, but is {n_fft}: try {n_fft + 1}.")
    return operator.index(n_fft)


def _checked(samples):
    samples = np.asarray(samples)
    if samples.dtype.kind != "f":
        raise ValueError(f"Samples must be floats in [-1, 1], but are {samples.dtype}: divide by the largest value.")
    if samples.ndim == 0 or samples.size == 0:
        raise ValueError(f"A sound needs at least one sample, but these have shape {samples.shape}.")
    if not np.isfinite(samples).all():
        raise ValueError("The sound holds values that are not finite numbers (NaN or infinity): read or make it again.")
    return samples.astype(np.result_type(samples, np.float32), copy=False)


def _kept(array):
    """The same array, never to be written to: it is cached and handed to everyone."""
    array.flags.writeable = False
    return array
