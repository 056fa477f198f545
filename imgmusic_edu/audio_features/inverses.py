"""Every transform backwards, and what got lost on the way, to be heard.

The STFT is undone exactly. Its magnitude has lost the phase, which Griffin & Lim's iteration makes up; the mel
spectrogram has also lost what happens within a band, and the MFCC most of what tells one band from its neighbours.
`round_trip` goes there and back and says what it cost.

Taught in chapter 03, "What a sound holds".
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft, optimize

from ..sounds import SAMPLE_RATE
from .transforms import (
    HOP_LENGTH,
    N_FFT,
    N_MELS,
    N_MFCC,
    db_to_power,
    frame_length,
    hann,
    mel_filters,
    mel_spectrogram,
    mfcc,
    power_to_db,
    stft,
    thin,
    whole,
)

__all__ = [
    "INVERSIONS",
    "ROUND_TRIPS",
    "RoundTrip",
    "gather_and_spread",
    "griffin_lim",
    "istft",
    "log_spectral_distance",
    "mel_to_magnitude",
    "mfcc_to_mel",
    "overlap_add",
    "round_trip",
    "spectral_convergence",
]

INVERSIONS = ("multiplicative", "pinv", "nnls")  #: ways from mel bands to bins
ROUND_TRIPS = ("stft", "magnitude", "mel", "mfcc")  #: kinds, each losing more than the one before
MOMENTUM = 0.99  # of the fast Griffin-Lim iteration
N_UPDATES = 30  # of the multiplicative inversion: later ones change nothing that is heard
TINY = np.float32(1e-20)  # where nothing sounds, 0 / 0 is to be 0
UNSEEN = 1e-3  # sum of squared windows below which a sample cannot be told from rounding
DYNAMICS = 80  # dB: what lies deeper below the loudest bin is not heard beside it


# --- STFT --------------------------------------------------------------------------------------------------


def istft(spectrum, *, n_fft=N_FFT, hop_length=HOP_LENGTH, length=None):
    """The sound of an STFT: every frame transformed back, windowed again, laid over its neighbours and added.

    x[n] = sum over t of  w[n - t hop_length] y_t[n - t hop_length]  /  sum over t of  w^2[n - t hop_length]

    From the spectrum of a sound it is that sound; from a spectrum that no sound has, the sound whose spectrum
    comes nearest (Griffin & Lim 1984, IEEE TASSP 32(2), equation 6). Taught in chapter 03.

    Parameters
    ----------
    spectrum : np.ndarray, shape (..., frames, n_fft // 2 + 1), complex
    n_fft, hop_length : int
        As in the `stft` that it came from.
    length : int, optional
        Samples wanted; without it the sound ends at the middle of the last frame.

    Returns
    -------
    np.ndarray, shape (..., length), float32 (float64 from complex128)

    Raises
    ------
    ValueError
        Settings that do not fit the spectrum, or under which some samples lie outside all windows (where the
        nonzero-overlap-add condition, NOLA, does not hold): nobody can know those.
    """
    spectrum = np.asarray(spectrum)
    n_fft, hop_length = frame_length(n_fft), whole(hop_length, "hop_length")
    if spectrum.ndim < 2 or spectrum.shape[-1] != n_fft // 2 + 1:
        shape = f"(frames, {n_fft // 2 + 1})"
        raise ValueError(f"n_fft {n_fft} goes with a spectrum of shape {shape}, but this one is {spectrum.shape}.")
    n_frames = spectrum.shape[-2]
    length = hop_length * (n_frames - 1) if length is None else whole(length, "length")
    seen = _window_sum(n_fft, hop_length, n_frames)[n_fft // 2 :][:length]
    if len(seen) < length or seen.min(initial=1) < UNSEEN:
        first = int(np.argmin(np.append(seen, 0) >= UNSEEN))
        raise ValueError(
            f"No window of {n_fft} samples every {hop_length} shows enough of sample {first} of {length} to make it "
            f"again: a hop_length of at most {n_fft // 3} and a length of at most hop_length x (frames - 1) would do."
        )
    frames = fft.irfft(spectrum)
    frames *= hann(n_fft).astype(frames.dtype)
    return overlap_add(frames, hop_length)[..., n_fft // 2 :][..., :length] / seen.astype(frames.dtype)


def overlap_add(frames, hop_length):
    """Frames laid where they belong and added, shape (..., frames, n) to (..., hop_length * (frames - 1) + n)."""
    *sounds, n_frames, n = frames.shape
    n_slices = -(-n // hop_length)
    total = np.zeros((*sounds, n_frames + n_slices - 1, hop_length), frames.dtype)
    for k in range(n_slices):
        part = frames[..., k * hop_length : (k + 1) * hop_length]
        total[..., k : k + n_frames, : part.shape[-1]] += part
    return total.reshape(*sounds, -1)[..., : hop_length * (n_frames - 1) + n]


@lru_cache(maxsize=16)
def _window_sum(n_fft, hop_length, n_frames):
    return overlap_add(np.broadcast_to(hann(n_fft) ** 2, (n_frames, n_fft)), hop_length)


# --- magnitude ---------------------------------------------------------------------------------------------


def griffin_lim(magnitude, *, n_iter=32, momentum=MOMENTUM, hop_length=HOP_LENGTH, phase=None, seed=0, length=None):
    """A sound whose STFT has this magnitude: the phase is guessed, then made to agree with itself.

    There and back, again and again: most phases belong to no sound, and the sound that comes nearest has a better one.
    The given magnitude is put back each time. With momentum, which takes each step a little too far (Griffin & Lim
    1984; Perraudin, Balazs & Soendergaard 2013, WASPAA). librosa's figures from its guess. Taught in chapters 03, 09.

    Parameters
    ----------
    magnitude : np.ndarray, shape (..., frames, n_fft // 2 + 1), not negative
    n_iter : int
        Rounds; each costs one `istft` and one `stft`.
    momentum : float
        How much too far; 0 is the algorithm of 1984.
    hop_length : int
        As in the `stft` that it came from.
    phase : np.ndarray, shape as magnitude, radians, optional
        The first guess; without it, one at random.
    seed : int
        Of the guess at random.
    length : int, optional
        Samples wanted, as for `istft`; it must be one that has this many frames.

    Returns
    -------
    np.ndarray, shape (..., length), float32

    Raises
    ------
    ValueError
        As for `istft`.
    """
    magnitude = np.asarray(magnitude, dtype=np.float32)
    n_frames, n_fft = magnitude.shape[-2], 2 * (magnitude.shape[-1] - 1)
    length = whole(hop_length, "hop_length") * (n_frames - 1) if length is None else length
    if length // hop_length + 1 != n_frames:
        raise ValueError(f"{length} samples every {hop_length} do not have {n_frames} frames, as the magnitude has.")
    settings = {"n_fft": n_fft, "hop_length": hop_length}
    if phase is None:
        phase = 2 * np.pi * np.random.default_rng(seed).random(magnitude.shape, dtype=np.float32)
    turned, before = np.exp(1j * phase).astype(np.complex64), np.complex64(0)
    for _ in range(n_iter):
        nearest = stft(istft(magnitude * turned, **settings, length=length), **settings)
        turned = nearest - np.float32(momentum / (1 + momentum)) * before
        turned *= 1 / (np.abs(turned) + np.finfo(np.float32).tiny)
        before = nearest
    return istft(magnitude * turned, **settings, length=length)


# --- mel and MFCC ------------------------------------------------------------------------------------------


def mel_to_magnitude(
    mel_power, *, method="multiplicative", sample_rate=SAMPLE_RATE, n_fft=N_FFT, begin=None, n_updates=N_UPDATES
):
    """Magnitudes that would give these mel bands: 128 numbers a frame must tell 513, so there are many; one is chosen.

    "pinv": the least-squares answer, mel @ pseudo-inverse of the filters, with its negative powers cut off.
    "nnls": the least-squares answer among those without negative powers (Lawson & Hanson 1974). It fits the bands
    exactly, with no more bins than bands and gaps between them, so it is no nearer to the truth. Slow.
    "multiplicative": from a flat spectrum, each bin is multiplied again and again by how much too quiet its bands are,
    power *= (mel / (power @ filters)) @ filters.T / filters.sum(1); nothing becomes negative, and ratios count, so
    soft bands do, too (Richardson 1972, JOSA 62(1); Lee & Seung 2001, NIPS 13, for the Kullback-Leibler divergence).
    Taught in chapter 03.

    Parameters
    ----------
    mel_power : np.ndarray, shape (..., frames, n_mels), power
        From `mel_spectrogram` or `mfcc_to_mel`.
    method : {"multiplicative", "pinv", "nnls"}
    sample_rate : int, Hz
    n_fft : int
    begin, n_updates
        Of "multiplicative": magnitudes to begin from instead of a flat spectrum, and how many times to multiply.

    Returns
    -------
    np.ndarray, shape (..., frames, n_fft // 2 + 1), magnitude

    Raises
    ------
    ValueError
        Another method.
    """
    mel_power = np.asarray(mel_power)
    *frames, n_mels = mel_power.shape
    settings = {"sample_rate": sample_rate, "n_fft": n_fft, "n_mels": n_mels}
    filters = mel_filters(**settings)  # (bins, mels)
    mel = mel_power.reshape(-1, n_mels)
    if method == "pinv":
        power = np.maximum(mel @ np.linalg.pinv(filters), 0)
    elif method == "nnls":
        power = np.array([optimize.nnls(filters.T, bands)[0] for bands in mel])
    elif method == "multiplicative":
        power = _multiplied(mel, begin, n_updates, *gather_and_spread(**settings))
    else:
        raise ValueError(f"Mel bands are inverted by {', '.join(INVERSIONS)}, but {method!r} was asked for.")
    return np.sqrt(power).reshape(*frames, -1)


def _multiplied(mel, begin, n_updates, gather, spread):
    """The multiplicative inversion, with frames as columns: products of few numbers with long rows are quick."""
    bands = np.ascontiguousarray(mel.T)  # (mels, frames)
    flat = np.repeat(bands.mean(axis=0)[None], spread.shape[0], axis=0)  # (bins, frames)
    power = flat if begin is None else np.square(np.reshape(begin, (-1, spread.shape[0])).T, order="C")
    for _ in range(n_updates):
        power *= spread @ (bands / np.maximum(gather @ power, TINY))
    return np.ascontiguousarray(power.T)


@lru_cache(maxsize=16)
def gather_and_spread(**settings):
    """From bins to bands, (mels, bins), and from bands to the mean over those that a bin is in, (bins, mels).

    Sparse; settings are those of `mel_filters`. Taught in chapter 03.
    """
    few = thin(mel_filters, **settings)
    weights = np.maximum(few.sum(axis=1), TINY)
    return few.T.tocsr(), few.multiply(1 / weights[:, None]).tocsr()


def mfcc_to_mel(coefficients, *, n_mels=N_MELS):
    """Mel power from MFCC: those cut off count as 0, so only each spectrum's outline comes back. Taught in chapter 03.

    Parameters
    ----------
    coefficients : np.ndarray, shape (..., frames, n_mfcc)
    n_mels : int
        As in the `mfcc` that they came from.

    Returns
    -------
    np.ndarray, shape (..., frames, n_mels), power

    Raises
    ------
    ValueError
        More coefficients than bands.
    """
    coefficients = np.asarray(coefficients)
    if coefficients.shape[-1] > whole(n_mels, "n_mels"):
        raise ValueError(f"{coefficients.shape[-1]} coefficients do not come from {n_mels} mel bands.")
    return db_to_power(fft.idct(coefficients, n=n_mels, norm="ortho"))  # n: filled up with zeros


# --- there and back ----------------------------------------------------------------------------------------


def spectral_convergence(reference, estimate):
    """Distance between two magnitude spectra, relative to the first: ||S - S'|| / ||S||  (Frobenius norm).

    0 is identical; silence taken for silence is 0, for anything else infinite. In dB: 20 log10 of it
    (Arik, Jun & Diamos 2019, IEEE SPL 26(1)). Loud bins decide it. Taught in chapter 03.
    """
    difference, norm = np.linalg.norm(reference - estimate), np.linalg.norm(reference)
    return float(difference / norm) if norm else float(np.inf if difference else 0)


def log_spectral_distance(reference, estimate):
    """Distance between two magnitude spectra in dB: root mean square over bins, mean over frames.

    Soft bins count as much as loud ones, down to 80 dB below the reference's loudest (Gray & Markel 1976, IEEE TASSP
    24(5), for one frame). Both have shape (..., frames, bins). Taught in chapter 03.
    """
    levels, others = power_to_db(np.square(reference)), power_to_db(np.square(estimate))
    floor = levels.max() - DYNAMICS
    difference = np.maximum(levels, floor) - np.maximum(others, floor)  # (..., frames, bins)
    return float(np.sqrt((difference**2).mean(axis=-1)).mean())


@dataclass(frozen=True)
class RoundTrip:
    """A sound that went into a representation and came back; from `round_trip`.

    Attributes
    ----------
    samples : np.ndarray, shape (n,), float32
        What came back. It may go beyond -1..1.
    lost : np.ndarray, shape (n,), float32
        What did not come back, as sound.
    kept : float
        Numbers a second that the representation holds.
    spectral_convergence : float
        How much is lost, relative to what there was (see `spectral_convergence`).
    log_spectral_distance : float, dB
    settings : dict
        What `round_trip` was told.
    """

    samples: np.ndarray
    lost: np.ndarray
    kept: float
    spectral_convergence: float
    log_spectral_distance: float
    settings: dict


def round_trip(
    samples,
    *,
    kind,
    sample_rate=SAMPLE_RATE,
    n_fft=N_FFT,
    hop_length=HOP_LENGTH,
    n_mels=N_MELS,
    n_mfcc=N_MFCC,
    n_iter=32,
    seed=0,
):
    """Turn a sound into a representation, make it again from that alone, and say what it cost.

    What is lost: the difference of the magnitudes, given the phase of the original,
    lost = istft((|S| - |S'|) S / |S|). The waveforms themselves cannot be subtracted: a phase that was made up
    shifts every partial a little, the ear hardly minds, yet original minus copy would be as loud as both. So
    the phase is taken as known, and one hears what the *spectrum* lacks, and (turned over) what stands there instead.
    Taught in chapter 03.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
    kind : {"stft", "magnitude", "mel", "mfcc"}
        "stft" loses nothing, "magnitude" the phase, "mel" also the fine structure within bands, "mfcc" also
        most of what makes a pitch.
    sample_rate, n_fft, hop_length, n_mels, n_mfcc
        As for `mfcc`.
    n_iter, seed
        As for `griffin_lim`.

    Returns
    -------
    RoundTrip

    Raises
    ------
    ValueError
        Another kind; otherwise as for `mfcc` and `istft`.
    """
    if kind not in ROUND_TRIPS:
        raise ValueError(f"There are round trips through {', '.join(ROUND_TRIPS)}, but {kind!r} was asked for.")
    frame = {"n_fft": n_fft, "hop_length": hop_length}
    bands = {**frame, "sample_rate": sample_rate, "n_mels": n_mels}
    if np.ndim(samples) != 1:
        raise ValueError(f"One sound at a time goes there and back, shape (n,), but this has {np.shape(samples)}.")
    n = len(samples)
    samples = np.pad(samples, (0, -n % whole(hop_length, "hop_length")))  # so that windows show all of its end
    spectrum = stft(samples, **frame).astype(np.complex64)

    if kind == "stft":
        back = istft(spectrum, **frame)
    else:
        magnitude = _magnitude_left(samples, kind, n_mfcc, **bands)
        back = griffin_lim(magnitude, n_iter=n_iter, hop_length=hop_length, seed=seed)

    there, found = np.abs(spectrum), np.abs(stft(back, **frame))
    lost = istft((there - found) * np.exp(1j * np.angle(spectrum)), **frame)
    # numbers a frame; an STFT has n_fft, because its first and last bin are real and the others two numbers each
    numbers = {"stft": n_fft, "magnitude": n_fft // 2 + 1, "mel": n_mels, "mfcc": n_mfcc}
    return RoundTrip(
        samples=back[:n],
        lost=lost[:n],
        kept=numbers[kind] * sample_rate / hop_length,
        spectral_convergence=spectral_convergence(there, found),
        log_spectral_distance=log_spectral_distance(there, found),
        settings={"kind": kind, **bands, "n_mfcc": n_mfcc, "n_iter": n_iter, "seed": seed},
    )


def _magnitude_left(samples, kind, n_mfcc, **bands):
    """What is known of the magnitudes after going through a representation without phase."""
    if kind == "magnitude":
        return np.abs(stft(samples, n_fft=bands["n_fft"], hop_length=bands["hop_length"]))
    if kind == "mel":
        mel = mel_spectrogram(samples, **bands)
    else:
        mel = mfcc_to_mel(mfcc(samples, n_mfcc=n_mfcc, **bands), n_mels=bands["n_mels"])
    return mel_to_magnitude(mel, sample_rate=bands["sample_rate"], n_fft=bands["n_fft"])
