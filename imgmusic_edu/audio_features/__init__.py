"""What a sound holds: its transforms, what is heard in it (tempo, key, pitch, loudness ...), and its descriptors.

Everything looks at the samples alone, never at what a composer meant, so that music from any source can be held
against the picture it was made for.  Each measure takes the samples of one clip, shape (n,), and the keyword
`sample_rate`; `measure` returns the ones that a picture is judged by, and costs little more than the dearest of
them, because they share two spectra: a short-window one for *when* (onsets, tempo) and a long-window one for *which
pitch* (key, mode, register, roughness).

| module | says |
| --- | --- |
| `transforms`, `inverses` | STFT, mel, MFCC, chroma, and the way back |
| `layers` | log-mel inside a Keras graph (needs TensorFlow, so it is imported by itself) |
| `timing`, `tracks` | onsets and tempo; beats, and the pitch of one voice |
| `keys`, `pitch`, `levels` | key and mode; register, roughness, brightness; loudness and peak |
| `summaries` | one number a frame (level, centroid, flatness ...), one row a clip |

Silence has defined values where they mean something (loudness -70 LUFS, peak -120 dBTP, no onsets, tempo 0, no
pitch) and one clear ValueError where they do not (key, mode, register, the clip's centroid, roughness, its descriptor).

Taught in chapter 03, "What a sound holds"; used by the benchmark in `evaluation`.
"""

from .clip import WORKING_RATE, as_clip
from .inverses import griffin_lim, istft, mel_to_magnitude, mfcc_to_mel, round_trip
from .keys import key, key_correlations, mode_score, pitch_classes
from .levels import loudness, true_peak
from .pitch import register, roughness, spectral_centroid
from .summaries import (
    centroid_per_frame,
    clip_descriptor,
    descriptor_names,
    frame_summaries,
    rms,
    spectral_bandwidth,
    spectral_flatness,
    spectral_rolloff,
    zero_crossing_rate,
)
from .timing import onset_density, onset_strength, onsets, tempo
from .tracks import beats, pitch_track
from .transforms import chroma, delta, log_mel, mel_spectrogram, mfcc, stft

__all__ = [
    "beats",
    "centroid_per_frame",
    "chroma",
    "clip_descriptor",
    "delta",
    "descriptor_names",
    "frame_summaries",
    "griffin_lim",
    "istft",
    "key",
    "key_correlations",
    "log_mel",
    "loudness",
    "measure",
    "mel_spectrogram",
    "mel_to_magnitude",
    "mfcc",
    "mfcc_to_mel",
    "mode_score",
    "onset_density",
    "onset_strength",
    "onsets",
    "pitch_classes",
    "pitch_track",
    "register",
    "rms",
    "roughness",
    "round_trip",
    "spectral_bandwidth",
    "spectral_centroid",
    "spectral_flatness",
    "spectral_rolloff",
    "stft",
    "tempo",
    "true_peak",
    "zero_crossing_rate",
]


def measure(samples, *, sample_rate=WORKING_RATE):
    """The measures that a picture's music is judged by, sharing the spectra.

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
