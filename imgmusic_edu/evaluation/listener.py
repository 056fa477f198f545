"""A listener that has only ever heard: it reads a picture's features off the sound made for it.

What a sound is boiled down to, its *fingerprint*, is taken from the log-mel spectrogram alone, so that a network's
spectrogram can be judged before any vocoder has touched it. The listener itself is linear (ridge regression): if so
simple a reader finds a picture's features in a sound, they are there; if it does not, they may still be there.

    heard = listener.fingerprint(audio_features.log_mel(samples))
    listener.open_listener().read(heard)

Taught in chapter 08, "From picture to sound features", and chapter 11, "Does the music follow the picture?".
"""

from __future__ import annotations

import functools
import io
import zipfile
import zlib
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from scipy import fft
from scipy.ndimage import uniform_filter1d
from threadpoolctl import threadpool_limits

from ..audio_features.keys import BOTH  # key profiles, rows of length 1: major, minor
from ..audio_features.transforms import HOP_LENGTH, N_MELS, hz_to_mel, mel_to_hz
from ..files import open_source, write_atomically
from ..sounds import SAMPLE_RATE
from ..visual_features import FEATURES

__all__ = ["FEWEST", "LIMIT", "N_FINGERPRINT", "PLACES", "Listener", "fingerprint", "open_listener"]

LIMIT = 3.0  #: standardised units: features further out than this are not told apart, nor are they in the music
FEWEST = 20  #: pairs to learn from: five folds of four
N_FOLDS = 5
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # of the ridge, in units of a standardised input's variance

FRAME_RATE = SAMPLE_RATE / HOP_LENGTH  # a second
SHORTEST = 2.0  # s: the slowest beat looked for, once and again
FAINT = -80.0  # dB: below this nothing is told apart, so that what is silent to us is silent to the listener
BEATS = (0.1, 2.0)  # s between two pulses: from semiquavers at 150 BPM to half notes at 60
TEMPI = (45.0, 210.0)  # BPM
WAVERS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 43.0)  # Hz: edges of the rates at which a band's level may waver
CHROMA = (330.0, 5000.0)  # Hz: below, mel bands are wider than semitones; above, there is little but noise


# --- the fingerprint ---------------------------------------------------------------------------------------


def fingerprint(log_mel):
    """A sound in 248 numbers that say how it sounds, not when: moved in time, it has nearly the same ones.

    Levels and how they spread over time in 32 bands, onsets in 16, the rhythm as autocorrelation of the onsets, tempo,
    loudness, mode, register, and how fast 16 bands waver. Takes about ten milliseconds for ten seconds.

    Parameters
    ----------
    log_mel : np.ndarray, shape (frames, 128), dB
        As `audio_features.log_mel` gives it with the course's settings; at least two seconds, 173 frames.

    Returns
    -------
    np.ndarray, shape (N_FINGERPRINT,), float32

    Raises
    ------
    ValueError
        Another shape, too few frames, or values that are not finite.

    Notes
    -----
    Taught in chapter 08.
    """
    levels = np.maximum(_checked(log_mel), FAINT)
    magnitude = 10 ** (levels / 20)
    rises = np.maximum(np.diff(levels, axis=0), 0)  # dB from frame to frame
    parts = (_spectrum(levels), _loudness(magnitude), _rhythm(rises), _pitch(magnitude), _wavering(magnitude))
    return np.concatenate(parts).astype(np.float32)


def _checked(log_mel):
    levels = np.asarray(log_mel, dtype=float)
    fewest = round(SHORTEST * FRAME_RATE) + 1
    if levels.ndim != 2 or levels.shape[1] != N_MELS or len(levels) < fewest:
        raise ValueError(
            f"A fingerprint is taken of a log-mel spectrogram of shape ({fewest} frames or more, {N_MELS}), "
            f"this one is {levels.shape}."
        )
    if not np.isfinite(levels).all():
        raise ValueError("The log-mel spectrogram holds values that are no numbers: replace them.")
    return levels


def _spectrum(levels):
    """Mean level of 32 bands, and how much it spreads over time: shape (64,), dB."""
    pooled = levels.reshape(len(levels), 32, -1).mean(axis=2)
    return np.concatenate([pooled.mean(axis=0), pooled.std(axis=0)])


def _loudness(magnitude):
    """Level of the whole, its spread over time, and its soft and loud moments: shape (4,), dB."""
    frames = 10 * np.log10((magnitude**2).sum(axis=1))
    whole = 10 * np.log10((magnitude**2).sum(axis=1).mean())
    return np.array([whole, frames.std(), *np.percentile(frames, [10, 95])])


def _rhythm(rises):
    """How strong onsets are in 16 bands, how many there are, how they repeat, and how fast: shape (61,)."""
    strength = rises.mean(axis=1)
    likeness = _likeness(strength)
    lags = np.geomspace(*BEATS, 40) * FRAME_RATE
    repeats = np.interp(lags, np.arange(len(likeness)), likeness)
    before, here, after = strength[:-2], strength[1:-1], strength[2:]
    peaks = (here > before) & (here >= after) & (here > uniform_filter1d(strength, 40)[1:-1] + 0.4)
    rate = np.log(peaks.mean() * FRAME_RATE + 0.2)  # of onsets a second
    bass = _likeness(rises[:, : N_MELS // 8].mean(axis=1))
    flux = rises.reshape(len(rises), 16, -1).mean(axis=(0, 2))
    return np.concatenate([flux, repeats, [rate, strength.mean(), strength.std()], _tempo(likeness, bass)])


def _likeness(strength):
    """Autocorrelation of an envelope whose slow swell is taken out, 1 at lag 0: shape (frames,)."""
    swift = strength - uniform_filter1d(strength, round(FRAME_RATE))
    n = len(swift)
    found = fft.irfft(np.abs(fft.rfft(swift, fft.next_fast_len(2 * n, real=True))) ** 2)[:n]
    return found / max(found[0], 1e-9) * n / (n - np.arange(n))  # the overlap shrinks with the lag


def _tempo(likeness, bass):
    """The likeliest tempo, octaves above 1 BPM, and what speaks for it: a beat that repeats, in the bass too."""
    lag = np.arange(1, len(likeness))
    tempo = 60 * FRAME_RATE / lag
    evidence = likeness[1:] + 0.5 * bass[1:] + 0.5 * np.interp(2 * lag, np.arange(len(likeness)), likeness)
    evidence *= np.exp(-0.5 * (np.log2(tempo / 100) / 0.6) ** 2)  # a prior settles the octave
    evidence[(tempo < TEMPI[0]) | (tempo > TEMPI[1])] = -np.inf
    best = np.argmax(evidence)
    return [np.log2(tempo[best]), evidence[best]]


def _pitch(magnitude):
    """Register, how tonal the sound is, major or minor, how clear the key is: shape (7,).

    All of it from what stands out of the mean spectrum of its neighbours: partials, not the noise between them.
    """
    octaves = np.log2(_centres())
    partials = np.maximum(magnitude - uniform_filter1d(magnitude, 9, axis=1), 0).mean(axis=0) + 1e-12
    share = partials / partials.sum()
    places = octaves[np.minimum(np.searchsorted(np.cumsum(share), [0.25, 0.5, 0.75]), N_MELS - 1)]
    return np.array([share @ octaves, *places, np.log(partials.sum() / magnitude.mean(axis=0).sum()), *_mode(partials)])


def _mode(partials):
    """Best correlation with a major key less that with a minor one, and the better of the two."""
    semitones = 12 * np.log2(_centres()[:, None] / 440) + 9  # above some C
    distance = (semitones - np.arange(12) + 6) % 12 - 6
    heard = ((_centres() > CHROMA[0]) & (_centres() < CHROMA[1]))[:, None]
    chroma = partials @ (heard * np.exp(-0.5 * (distance / 0.6) ** 2))
    one = chroma - chroma.mean()
    one /= max(np.linalg.norm(one), 1e-12)
    # Every tonic is tried: which one it is does not matter.
    major, minor = (max(np.roll(profile, tonic) @ one for tonic in range(12)) for profile in BOTH)
    return major - minor, max(major, minor)


def _wavering(magnitude):
    """Which share of 16 bands' wavering lies at each of seven rates, from beats to roughness: shape (112,), log."""
    swing = (magnitude - magnitude.mean(axis=0)) * np.hanning(len(magnitude))[:, None]
    power = np.abs(fft.rfft(swing, axis=0)) ** 2
    power = power.reshape(len(power), 16, -1).sum(axis=2)  # (rates, bands)
    rate = fft.rfftfreq(len(magnitude), 1 / FRAME_RATE)
    parts = np.stack([power[(rate >= low) & (rate < high)].sum(axis=0) for low, high in pairwise(WAVERS)])
    return np.log(parts / np.maximum(parts.sum(axis=0), 1e-30) + 1e-6).ravel()


@functools.cache
def _centres():
    """Middles of the mel bands, Hz: shape (128,)."""
    return mel_to_hz(np.linspace(0, hz_to_mel(SAMPLE_RATE / 2), N_MELS + 2))[1:-1]


N_FINGERPRINT = 64 + 4 + 61 + 7 + 16 * (len(WAVERS) - 1)  #: numbers of a fingerprint
PLACES = {"level": 64, "onset_rate": 124, "major": 134}  #: of some of them: dB; log of onsets a second; mode

# --- the listener ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Listener:
    """Reads the 18 standardised picture features off fingerprints, and says which picture a sound belongs to.

    Attributes
    ----------
    middle, scale : np.ndarray, shape (N_FINGERPRINT,)
        Mean and spread of the fingerprints learnt from.
    weights, bias : np.ndarray, shapes (N_FINGERPRINT, 18) and (18,)
        A reading is (fingerprint - middle) / scale @ weights + bias.
    reliability : np.ndarray, shape (18,)
        R2 of each feature, cross-validated: 1 is read without error, 0 is not read at all.
    usual, usual_bias : np.ndarray, shapes (18, 18) and (18,)
        What is usually read of a picture: features @ usual + usual_bias. A feature that is hard to read is read as
        average, whatever it is, so it hardly counts.
    whitener : np.ndarray, shape (18, 18)
        Turns the difference of reading and usual reading into numbers of spread 1 that do not hang together.
    """

    middle: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    reliability: np.ndarray
    usual: np.ndarray
    usual_bias: np.ndarray
    whitener: np.ndarray

    @classmethod
    @threadpool_limits.wrap(limits=1)  # on matrices as small as these, threads mostly wait for one another
    def fit(cls, fingerprints, features, *, seed=0):
        """Learn from pairs.

        The strength of each feature's ridge (Hoerl & Kennard 1970, Technometrics 12(1)) is the one whose error is
        least on folds that were not learnt from; those readings also give the reliability, the usual reading of a
        picture, and how far readings stray from it.

        Parameters
        ----------
        fingerprints : np.ndarray, shape (N, N_FINGERPRINT)
        features : np.ndarray, shape (N, 18)
            Standardised, in the order of `visual_features.FEATURES`.
        seed : int
            Which pairs go into which fold.

        Returns
        -------
        Listener

        Raises
        ------
        ValueError
            Shapes do not meet, values are not finite, or there are fewer than FEWEST pairs.

        Notes
        -----
        Taught in chapter 08.
        """
        heard, truth = _pairs(fingerprints, features)
        middle, scale = heard.mean(axis=0), heard.std(axis=0) + 1e-6
        heard, bias = (heard - middle) / scale, truth.mean(axis=0)
        folds = np.random.default_rng(seed).permutation(len(heard)) % N_FOLDS
        held_out = np.empty((len(STRENGTHS), *truth.shape))  # readings of each strength
        for fold in range(N_FOLDS):
            others, own = folds != fold, folds == fold
            mean = truth[others].mean(axis=0)
            learnt = _ridges(heard[others], truth[others] - mean)
            held_out[:, own] = heard[own] @ learnt + mean
        error = ((held_out - truth) ** 2).mean(axis=1)  # (strengths, 18)
        best = error.argmin(axis=0), np.arange(truth.shape[1])
        weights = _ridges(heard, truth - bias)[best[0], :, best[1]].T
        reliability = 1 - error[best] / np.maximum(truth.var(axis=0), 1e-9)
        usual = _usual(truth, held_out[best[0], :, best[1]].T)
        return cls(*(part.astype(np.float32) for part in (middle, scale, weights, bias, reliability, *usual)))

    def read(self, fingerprint):
        """Standardised picture features, shape (18,) or (M, 18), of one fingerprint or of M.

        Raises
        ------
        ValueError
            Another shape than (N_FINGERPRINT,) or (M, N_FINGERPRINT).
        """
        heard = np.asarray(fingerprint, dtype=np.float32)
        if heard.ndim not in (1, 2) or heard.shape[-1] != len(self.middle):
            raise ValueError(f"A fingerprint has {len(self.middle)} numbers, this is of shape {heard.shape}.")
        return (heard - self.middle) / self.scale @ self.weights + self.bias

    def distances(self, fingerprint, features):
        """How badly each picture goes with each sound: shape (N,), or (M, N) for M sounds; about 18 for the right one.

        The squared distance (Mahalanobis 1936) of what is read in the sound from what is usually read of a picture
        with these features, in units of how much readings stray: what is read reliably counts.

        Parameters
        ----------
        fingerprint : np.ndarray, shape (N_FINGERPRINT,) or (M, N_FINGERPRINT)
        features : np.ndarray, shape (N, 18)
            Standardised features of the pictures to choose from.

        Raises
        ------
        ValueError
            Shapes that do not fit.
        """
        return self.judge(self.read(fingerprint), features)

    def judge(self, reading, features):
        """`distances` of readings, shape (18,) or (M, 18), instead of fingerprints."""
        features = np.asarray(features, dtype=np.float32)
        if features.ndim != 2 or features.shape[1] != len(self.bias):
            raise ValueError(f"Features of shape (N, {len(self.bias)}) are needed, these are {features.shape}.")
        usual = np.clip(features, -LIMIT, LIMIT) @ self.usual + self.usual_bias
        apart = (np.atleast_2d(reading)[:, None] - usual) @ self.whitener  # (M, N, 18)
        found = (apart**2).sum(axis=2)
        return found if np.ndim(reading) == 2 else found[0]

    def rank(self, fingerprint, features):
        """Pictures in the order in which they go with a sound, the best first: int, shape (N,) or (M, N).

        See `distances`; of two that go alike the earlier one comes first.
        """
        return np.argsort(self.distances(fingerprint, features), axis=-1, kind="stable")

    def save(self, path):
        """Write the listener as .npz, float32 and nothing that could be run; whole or not at all.

        Raises
        ------
        FileWriteError
            The file cannot be written.
        """
        buffer = io.BytesIO()
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        np.savez_compressed(buffer, features=np.array(list(FEATURES)), **parts)
        write_atomically(path, buffer.getvalue())

    @classmethod
    def load(cls, path):
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            There is no such file, it is damaged or something else, or it was made for other features; one sentence.
        """
        with open_source(path, ValueError, what="listener") as (stream, name):
            try:
                with np.load(stream, allow_pickle=False) as stored:
                    parts = {field.name: stored[field.name] for field in fields(cls)}
                    features = [str(feature) for feature in stored["features"]]
            except (ValueError, KeyError, OSError, EOFError, AttributeError, TypeError, *_BROKEN) as problem:
                raise ValueError(f"{name} is no listener, or a damaged one: make or download it again.") from problem
        n = len(FEATURES)
        shapes = {"middle": (N_FINGERPRINT,), "scale": (N_FINGERPRINT,), "weights": (N_FINGERPRINT, n)}
        shapes |= {"usual": (n, n), "whitener": (n, n)}
        right = features == list(FEATURES) and all(
            part.shape == shapes.get(key, (n,)) and part.dtype == np.float32 and np.isfinite(part).all()
            for key, part in parts.items()
        )
        if not right:
            raise ValueError(f"{name} is a listener for other features or fingerprints than these: train it again.")
        return cls(**parts)


_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)  # RuntimeError: an encrypted archive


@functools.cache
def open_listener():
    """The shipped listener, opened once.

    Raises
    ------
    ValueError
        It is not shipped (a DataError), or damaged.
    """
    from ..datasets import data_path

    return Listener.load(data_path("listener"))


def _pairs(fingerprints, features):
    """Both as float64, checked; features held within LIMIT."""
    heard, truth = np.asarray(fingerprints, dtype=float), np.asarray(features, dtype=float)
    if heard.shape != (len(truth), N_FINGERPRINT) or truth.shape != (len(heard), len(FEATURES)):
        raise ValueError(
            f"Fingerprints of shape (N, {N_FINGERPRINT}) and features of shape (N, {len(FEATURES)}) are needed, these "
            f"are {heard.shape} and {truth.shape}."
        )
    if len(heard) < FEWEST:
        raise ValueError(f"A listener learns from {FEWEST} pairs or more, these are {len(heard)}.")
    if not (np.isfinite(heard).all() and np.isfinite(truth).all()):
        raise ValueError("Fingerprints and features must be finite numbers, some are NaN or infinite.")
    return heard, np.clip(truth, -LIMIT, LIMIT)


def _ridges(inputs, outputs):
    """Weights for each of STRENGTHS, shape (strengths, inputs, outputs): (X'X + s N I)^-1 X'Y, by one decomposition."""
    values, axes = np.linalg.eigh(inputs.T @ inputs / len(inputs))
    turned = axes.T @ (inputs.T @ outputs / len(inputs))
    return np.stack([axes @ (turned / (np.maximum(values, 0) + strength)[:, None]) for strength in STRENGTHS])


def _usual(truth, readings):
    """`usual`, `usual_bias` and `whitener`: least squares from features to readings, and what that leaves over."""
    inputs = np.column_stack([truth, np.ones(len(truth))])
    usual = np.linalg.lstsq(inputs, readings, rcond=None)[0]
    left = readings - inputs @ usual
    spread = left.T @ left / len(left)
    spread += np.diag(0.02 * np.diag(spread) + 1e-6)  # few pairs: no direction may seem to be free of error
    return usual[:-1], usual[-1], np.linalg.cholesky(np.linalg.inv(spread))
