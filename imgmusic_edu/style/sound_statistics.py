"""What makes rain rain: statistics of a sound that do not depend on when anything happens.

All are taken from the sound itself, never from what it was made from, and sounds of different length can be compared.

Taught in chapter 04, "Gram matrices", section "A texture for the ear".
"""

from itertools import pairwise

import numpy as np
from scipy import fft

from ..audio_features.pitch import spectral_centroid
from ..audio_features.timing import onsets
from ..audio_features.transforms import mel_spectrogram
from ..sounds import SAMPLE_RATE, Sound

__all__ = [
    "MODULATION_EDGES",
    "compare",
    "correlation",
    "modulation_spectrum",
    "octave_weights",
    "onset_rate",
    "texture_statistics",
]

MODULATION_EDGES = (0.5, 1, 2, 4, 8, 16, 32, 64)  #: Hz: octaves of how fast the level goes up and down
_FRAME, _HOP, _BANDS = 256, 64, 32  # 12 ms, 3 ms: short enough for 64 Hz
_COMPRESSION = 0.15  # power ** 0.15 = amplitude ** 0.3, as the ear (McDermott & Simoncelli 2011, Neuron 71(5))
_SOFTEST = 1e-6  # of the loudest moment's power: 60 dB below it is silence
_ROUND = 45.0  # s of repeating that onsets are looked for in
_SEAM = 0.05  # s


def modulation_spectrum(samples, *, sample_rate=SAMPLE_RATE):
    """How much the levels go up and down, and how fast: variance of the bands' levels, by octaves of its frequency.

    Levels are amplitude ** 0.3 in 32 mel bands, each divided by its mean; their power spectrum is added up in octaves
    from 0.5 to 64 Hz and averaged over bands (after McDermott & Simoncelli 2011, Neuron 71(5)).

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float
    sample_rate : int, Hz

    Returns
    -------
    np.ndarray, shape (7,)
        Variance relative to the squared mean, an octave each, slowest first; 0 where the sound is too short for one.

    Raises
    ------
    ValueError
        As for `audio_features.stft`.

    Notes
    -----
    Taught in chapter 04.
    """
    settings = {"sample_rate": sample_rate, "n_fft": _FRAME, "hop_length": _HOP, "n_mels": _BANDS}
    power = mel_spectrogram(np.asarray(samples, np.float32), **settings)  # (frames, bands)
    levels = (power + max(power.max() * _SOFTEST, 1e-12)) ** _COMPRESSION
    levels = levels / levels.mean(axis=0) - 1
    share = 2 * np.abs(fft.rfft(levels, axis=0)) ** 2 / len(levels) ** 2  # adds up to the variance
    frequencies = fft.rfftfreq(len(levels), _HOP / sample_rate)
    return octave_weights(frequencies).T @ share.mean(axis=1)


def octave_weights(frequencies):
    """How much each frequency of a level counts for each octave: bells that overlap by half and add up to 1.

    Without the overlap a beat of just 1 Hz would fall now into one octave, now into the other.

    Parameters
    ----------
    frequencies : np.ndarray, shape (n,), Hz

    Returns
    -------
    np.ndarray, shape (n, 7)
        cos^2 of the distance from the octave's middle, in octaves; 0 one octave away. See `MODULATION_EDGES`.
    """
    middles = np.log2(MODULATION_EDGES[:-1]) + 0.5
    distance = np.log2(np.maximum(frequencies, 1e-6))[:, None] - middles
    return np.cos(np.pi / 2 * np.clip(distance, -1, 1)) ** 2


def onset_rate(samples, *, sample_rate=SAMPLE_RATE):
    """Onsets a second inside a sound, whatever its length: `audio_features.onsets` of the sound repeated for 45 s.

    The measure of what begins is relative to the clip's strongest moments, of which its own beginning out of silence
    is one: of five seconds of rain and of ten it would say different things. Here both are repeated (with 50 ms of
    overlap), and first and last round are not counted.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]; 0.1 s or more
    sample_rate : int, Hz

    Returns
    -------
    float, onsets a second

    Raises
    ------
    ValueError
        As for `audio_features.onsets`.

    Notes
    -----
    Taught in chapter 04.
    """
    samples = np.asarray(samples, np.float32)
    seam = min(round(_SEAM * sample_rate), len(samples) // 2)
    ramp = np.sqrt(np.linspace(0, 1, seam, dtype=np.float32))  # noise keeps its power
    one = samples.copy()
    one[:seam] *= ramp
    one[len(one) - seam :] *= ramp[::-1]
    step = len(one) - seam
    rounds = max(3, int(np.ceil(_ROUND * sample_rate / step)))
    whole = np.zeros(rounds * step + seam, np.float32)
    for k in range(rounds):
        whole[k * step : k * step + len(one)] += one
    times = onsets(whole / max(1.0, np.abs(whole).max()), sample_rate=sample_rate) * sample_rate
    return float(((times >= step) & (times < (rounds - 1) * step)).sum() / ((rounds - 2) * step / sample_rate))


def correlation(samples, source):
    """Greatest correlation of a wave with another one, over all shifts: 1 is a copy, turned over or not.

    max over l of |<y_l, x>| / (|y_l| |x|), x the shorter of the two and y_l as much of the longer one from sample l on.

    Parameters
    ----------
    samples, source : np.ndarray, shape (n,) and (m,), float

    Returns
    -------
    float, 0 .. 1
        Between two stretches of the same noise it is not 0: the more of the sound is one low tone, the greater.

    Notes
    -----
    Taught in chapter 04.
    """
    long, short = sorted((np.asarray(samples, float), np.asarray(source, float)), key=len, reverse=True)
    n = fft.next_fast_len(len(long) + len(short), real=True)
    product = fft.irfft(fft.rfft(long, n) * np.conj(fft.rfft(short, n)), n)[: len(long) - len(short) + 1]
    sums = np.concatenate([[0], np.cumsum(long**2)])
    energy = sums[len(short) :] - sums[: len(long) - len(short) + 1]
    sizes = np.linalg.norm(short) * np.sqrt(np.maximum(energy, 0))
    return float(np.max(np.abs(product) / np.maximum(sizes, 1e-9)))


def texture_statistics(sound):
    """The statistics that a texture is judged by.

    Parameters
    ----------
    sound : Sound
        Half a second or more, not silent.

    Returns
    -------
    dict of str to float
        "spectral centroid" (Hz), "onset rate" (a second), and for each octave "modulation 0.5-1 Hz" ... (variance
        relative to the squared mean).

    Raises
    ------
    ValueError
        The sound is too short, or silent.

    Notes
    -----
    Taught in chapter 04.
    """
    rate = {"sample_rate": sound.sample_rate}
    found = {
        "spectral centroid": spectral_centroid(sound.samples, **rate),
        "onset rate": onset_rate(sound.samples, **rate),
    }
    names = [f"modulation {low}-{high} Hz" for low, high in pairwise(MODULATION_EDGES)]
    return found | dict(zip(names, map(float, modulation_spectrum(sound.samples, **rate)), strict=True))


def compare(source, grown):
    """How near a sound's statistics are to another one's.

    Parameters
    ----------
    source, grown : Sound

    Returns
    -------
    list of dict
        A row for each statistic: "statistic", "source", "grown", "ratio" (grown / source) and "error" (how far the
        ratio is from 1). "modulation spectrum" is all octaves together: its values are their sums, its error the sum of
        the differences' sizes, relative to the source. "correlation" is that of the waves: its error is itself.

    Raises
    ------
    ValueError
        One of them is too short, or silent; or their rates differ.

    Notes
    -----
    Taught in chapter 04.
    """
    if not (isinstance(source, Sound) and isinstance(grown, Sound) and source.sample_rate == grown.sample_rate):
        raise ValueError("Two sounds of one sample rate are compared: open_sound reads both at 22050 Hz.")
    rows = []
    there, here = texture_statistics(source), texture_statistics(grown)
    for name, value in there.items():
        ratio = here[name] / value if value else float("nan") if here[name] else 1.0
        rows.append({"statistic": name, "source": value, "grown": here[name], "ratio": ratio, "error": abs(ratio - 1)})
    ours, theirs = (modulation_spectrum(sound.samples, sample_rate=sound.sample_rate) for sound in (grown, source))
    total, sums = float(ours.sum()), max(float(theirs.sum()), 1e-12)
    error = float(np.abs(ours - theirs).sum()) / sums
    rows.append(
        {"statistic": "modulation spectrum", "source": sums, "grown": total, "ratio": total / sums, "error": error}
    )
    alike = correlation(grown.samples, source.samples)
    return [*rows, {"statistic": "correlation", "source": 1.0, "grown": alike, "ratio": alike, "error": alike}]
