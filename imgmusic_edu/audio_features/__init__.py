"""What a sound holds: tempo, key, mode, register, loudness, brightness, roughness and onsets, from the waveform.

Every measure looks at the samples alone, never at what a composer meant, so that music from any source can
be held against the picture it was made for.  Each takes the samples of one clip, shape (n,), and the keyword
`sample_rate`; `measure` returns them all and costs little more than the dearest of them, because they share
two spectra: a short-window one for *when* (onsets, tempo) and a long-window one for *which pitch* (key, mode,
register, roughness).

Silence has defined values where they mean something (loudness -70 LUFS, peak -120 dBTP, no onsets, tempo 0)
and one clear ValueError where they do not (key, mode, register, centroid, roughness).

Taught in chapter 03, "What a sound holds"; used by the benchmark in `evaluation`.
"""

from .clip import WORKING_RATE, as_clip
from .levels import loudness, true_peak
from .pitch import key, mode_score, register, roughness, spectral_centroid
from .timing import onset_density, onsets, tempo

__all__ = [
    "key",
    "loudness",
    "measure",
    "mode_score",
    "onset_density",
    "onsets",
    "register",
    "roughness",
    "spectral_centroid",
    "tempo",
    "true_peak",
]


def measure(samples, *, sample_rate=WORKING_RATE):
    """Every measure of this module, sharing the spectra.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
    sample_rate : int, Hz

    Returns
    -------
    dict of str to float
        tempo (BPM), mode_score, tonic (pitch class), key_correlation, register (MIDI number), loudness (LUFS),
        true_peak (dBTP), spectral_centroid (Hz), roughness, onset_density (per second).

    Raises
    ------
    ValueError
        As for `onsets`, and for silence.
    """
    clip = as_clip(samples, sample_rate)
    tonic, _, correlation = key(clip)
    named = (tempo, mode_score, register, loudness, true_peak, spectral_centroid, roughness, onset_density)
    values = {function.__name__: function(clip) for function in named}
    return {**values, "tonic": float(tonic), "key_correlation": correlation}
