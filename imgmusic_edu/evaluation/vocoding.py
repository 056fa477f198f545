"""How near is the copy? What a vocoder made, beside the sound that its mel spectrogram came from.

In every measure 0 is identical and lower is better. All look at magnitudes, never at the waveform: a copy whose
partials start from other phases sounds the same and loses nothing, but it must not come early or late (a hop is 12 ms).
No measure says it all, so they stand side by side:

| measure | asks | level of the copy |
| --- | --- | --- |
| `lsd_1024`, `lsd_2048` | is every bin, soft or loud, as loud as it was? dB | counts, dB for dB |
| `sc_1024`, `sc_2048` | are the loud bins right? ratio | counts |
| `mel` | are the bands as loud as they were? dB | counts, dB for dB |
| `onset` | does each note begin when it did? share missed | drops out |
| `harmonic` | do partials stand as clearly above what lies between them? dB | drops out |
| `f0_cents`, `f0_wrong` | is the pitch that can be followed the same? cents, share of moments | drops out |
| `embedding` | does a network that was trained to name music hear the same? cosine distance | drops out |

Silence copied as silence is 0 in all of them, but in `harmonic` and `f0`, which are NaN where the sound has no partials
or no pitch: there is nothing to compare, and no mean may count it as right.

Taught in chapter 09, "From features back to sound".
"""

import time

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ..audio_features.clip import TIME_HOP
from ..audio_features.inverses import (
    DYNAMICS,
    griffin_lim,
    istft,
    log_spectral_distance,
    mel_to_magnitude,
    spectral_convergence,
)
from ..audio_features.timing import onsets
from ..audio_features.tracks import PITCH_FRAME, pitch_track
from ..audio_features.transforms import HOP_LENGTH, N_FFT, db_to_power, log_mel, power_to_db, stft
from ..sounds import SAMPLE_RATE, Sound

__all__ = [
    "BOUNDS",
    "HEALTHY",
    "MEASURES",
    "ailments",
    "compare",
    "embedding_distances",
    "harmonic_error",
    "health",
    "means",
    "measure",
    "mel_difference",
    "mel_error",
    "onset_error",
    "pitch_errors",
    "true_phase",
]

#: Names of the measures, each with its heading and unit.
MEASURES = {
    "lsd_1024": "LSD 1024, dB",
    "sc_1024": "SC 1024",
    "lsd_2048": "LSD 2048, dB",
    "sc_2048": "SC 2048",
    "mel": "mel, dB",
    "onset": "onsets missed",
    "harmonic": "harmonic, dB",
    "f0_cents": "F0, cents",
    "f0_wrong": "F0 wrong",
    "embedding": "embedding",
}
#: What a healthy copy stays below (see `health`).
HEALTHY = {"peak": 1.0, "offset": 1e-3, "click": 3.0}

TOLERANCE = 0.05  # s: how far an onset may lie from its like and still be heard as the same
LONG_FRAME, LONG_HOP = 4096, 1024  # samples, 186 and 46 ms: partials 30 Hz apart are told from each other
LOWEST, HIGHEST = 35.0, 5500.0  # Hz: where partials are looked for, as in audio_features.clip
PROMINENT = 15.0  # dB that a partial stands above its surroundings; in noise one bin in a million does
SURROUNDINGS = 101  # bins, 540 Hz
FAINT = 60.0  # dB below the loudest: softer partials and frames are not counted, purer tones not told apart
LOBE = 7  # bins of a partial: the Hann window's four, and one and a half on either side for pitch that wavers
LOUD = 30.0  # dB below the loudest moment: the pitch of what dies away there is not listened to
SURE = 0.9  # how exactly a wave must repeat itself for its pitch to be taken as known
ENOUGH = 10  # moments of known pitch, 0.12 s
OCTAVE, QUARTER_TONE = 1200.0, 50.0  # cents: the most an error counts; more than this is another note


def measure(sound, made, *, embedding=True):
    """All `MEASURES` of a sound and its copy.

    Parameters
    ----------
    sound, made : Sound, or np.ndarray, shape (n,), float in [-1, 1], at SAMPLE_RATE
        The original and the copy. The longer one is cut off where the shorter ends; at least half a second.
    embedding : bool
        Ask the sound network, too; False needs no TensorFlow, and leaves that measure out.

    Returns
    -------
    dict of str to float
        A number for each name in MEASURES, in their order.

    Raises
    ------
    ValueError
        Not one row of finite floats, shorter than half a second, or at another sample rate.
    ImportError
        `embedding` without TensorFlow.

    Notes
    -----
    Taught in chapter 09, section "Which one should I take?".
    """
    sound, made = _samples(sound), _samples(made)
    n = min(len(sound), len(made))
    sound, made = sound[:n], made[:n]
    found = {"onset": onset_error(sound, made)}  # first: its words on what cannot be measured are the clearest
    for n_fft in (1024, 2048):
        there, here = (np.abs(stft(row, n_fft=n_fft, hop_length=n_fft // 4)) for row in (sound, made))
        found[f"lsd_{n_fft}"] = log_spectral_distance(there, here)
        found[f"sc_{n_fft}"] = spectral_convergence(there, here)
    found["mel"] = mel_error(sound, made)
    found["harmonic"] = harmonic_error(sound, made)
    found["f0_cents"], found["f0_wrong"] = pitch_errors(sound, made)
    if embedding:
        (found["embedding"],) = embedding_distances(sound, [made])
    return {name: found[name] for name in MEASURES if name in found}


def _samples(sound):
    """Samples of a `Sound` or an array."""
    if isinstance(sound, Sound):
        if sound.sample_rate != SAMPLE_RATE:
            raise ValueError(f"Sounds are compared at {SAMPLE_RATE} Hz, but this one has {sound.sample_rate} Hz.")
        return sound.samples
    return np.asarray(sound)


# --- the measures ------------------------------------------------------------------------------------------


def mel_error(sound, made):
    """Mean difference of two sounds' mel bands in dB: does the copy at least have the levels that were asked for?

    The course's log-mel of both, what lies deeper than 80 dB below the original's loudest band taken as just that.
    The mean |difference| over frames and bands, as in the mel loss of HiFi-GAN (Kong, Kim & Bae 2020, NeurIPS 33).
    Both are samples, shape (n,), float.
    """
    return float(np.abs(mel_difference(log_mel(sound), log_mel(made))).mean())


def mel_difference(levels, made):
    """By how many dB the copy's mel bands are too loud, shape (frames, bands): log-mel of the copy - of the sound.

    What lies deeper than 80 dB below the original's loudest band is taken as just that.
    """
    floor = levels.max() - DYNAMICS
    return np.maximum(made, floor) - np.maximum(levels, floor)


def onset_error(sound, made):
    """1 - F of the onsets: which share of the beginnings was lost or made up.

    `onsets` of both, paired one to one where they lie within 50 ms: F = 2 pairs / (onsets of one + of the other), as
    MIREX counts onsets (Raffel et al. 2014, "mir_eval", ISMIR). 0 where neither has any; 1 where only one has.
    Both are samples, shape (n,), float, at least half a second.
    """
    there, here = onsets(sound), onsets(made)
    n = len(there) + len(here)
    return 1 - 2 * _pairs(there, here) / n if n else 0.0


def _pairs(times, others, tolerance=TOLERANCE):
    """The most pairs of one time each, at most `tolerance` apart; both rise.

    Whoever comes first takes the first that is near enough: what it leaves lies later, where the others are.
    """
    n = k = 0
    for moment in times:
        while k < len(others) and others[k] < moment - tolerance - 1e-9:
            k += 1
        if k < len(others) and others[k] <= moment + tolerance + 1e-9:
            n, k = n + 1, k + 1
    return n


def harmonic_error(sound, made):
    """How much more or less clearly the partials stand above what lies between them, dB.

    In long frames (186 ms) the original's partials are the peaks that stand 15 dB above their surroundings (540 Hz).
    The energy in them over the energy between them, up to 5.5 kHz, is a harmonics-to-noise ratio (de Krom 1993, JSHR
    36(2), read off the spectrum as by Serra & Smith 1990, CMJ 14(4)); here the mean over frames of how much it differs
    in the copy *at the original's places*: hiss or roughness between partials counts, and so does a pitch gone astray.
    The ratio is held within 60 dB. A gain or a gentle filter changes little. NaN where nothing has partials.
    Both are samples, shape (n,), float.
    """
    bins = slice(round(LOWEST / SAMPLE_RATE * LONG_FRAME), round(HIGHEST / SAMPLE_RATE * LONG_FRAME))
    there, here = (
        np.abs(stft(row, n_fft=LONG_FRAME, hop_length=LONG_HOP)[:, bins]).astype(float) ** 2 for row in (sound, made)
    )
    levels = power_to_db(there)  # (frames, bins)
    loudest = levels.max(axis=1, keepdims=True)
    levels = np.maximum(levels, loudest - DYNAMICS)
    surroundings = uniform_filter1d(levels, SURROUNDINGS, axis=1, mode="mirror")
    top = (levels == maximum_filter1d(levels, LOBE, axis=1)) & (levels > surroundings + PROMINENT)
    top &= levels > loudest - FAINT
    partial = maximum_filter1d(top, LOBE, axis=1)
    counted = top.any(axis=1) & (loudest[:, 0] > loudest.max() - FAINT)
    if not counted.any():
        return float("nan")
    ratios = [_clearness(power[counted], partial[counted]) for power in (there, here)]
    return float(np.abs(ratios[0] - ratios[1]).mean())


def _clearness(power, partial):
    """Energy in the partials over energy between them, dB within -FAINT..FAINT, shape (frames,); silence is 0."""
    tiny, least = np.finfo(float).tiny, 10 ** (-FAINT / 10)
    inside = np.where(partial, power, 0).sum(axis=1)
    between = np.where(partial, 0, power).sum(axis=1)
    inside, between = inside + least * between + tiny, between + least * inside + tiny
    return 10 * np.log10(inside / between)


def pitch_errors(sound, made):
    """How far the pitch is off, where the original has one that can be followed.

    Two figures over those moments in which the original is loud (within 30 dB of its loudest) and its wave repeats
    itself nearly exactly (`pitch_track`'s confidence .9 or more), in chords too: what repeats there is the pattern of
    all voices. A moment counts an octave at most, and that much where the copy has no pitch.

    Parameters
    ----------
    sound, made : np.ndarray, shape (n,), float; at least half a second

    Returns
    -------
    cents : float
        Median |difference|: how well it is in tune.
    wrong : float, 0 .. 1
        Share of the moments that are off by more than 50 cents: 1 - raw pitch accuracy (Poliner et al. 2007, IEEE TASLP
        15(4)). Both NaN where fewer than ten moments, 0.12 s, have a pitch.
    """
    _, there, confidence = pitch_track(sound)
    _, here, _ = pitch_track(made)
    power = (np.abs(stft(sound, n_fft=PITCH_FRAME, hop_length=TIME_HOP)) ** 2).sum(axis=1)
    known = ~np.isnan(there) & (confidence >= SURE) & (power > 10 ** (-LOUD / 10) * power.max())
    if known.sum() < ENOUGH:
        return float("nan"), float("nan")
    cents = np.abs(OCTAVE * np.log2(here[known] / there[known]))
    cents = np.minimum(np.where(np.isnan(cents), OCTAVE, cents), OCTAVE)
    return float(np.median(cents)), float(np.mean(cents > QUARTER_TONE))


def embedding_distances(sound, copies):
    """How differently a trained network hears each copy: 1 - the cosine between its features of both.

    The features are the 128 filters of the sound VGG's last pooling (`backbones.sound_vgg`), their mean over time and
    bands, as Frechet audio distance takes a VGG's (Kilgour et al. 2019, Interspeech; there between sets of sounds).
    All are samples, shape (n,), float; the answer is a list of float, 0 .. 2, one a copy. ImportError without
    TensorFlow.
    """
    from .. import backbones  # late: it brings TensorFlow

    network = backbones.load("sound_vgg")
    features = network.activations([sound, *copies], "pool5", pool="mean")["pool5"].astype(float)  # (1 + copies, 128)
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    # Half the squared distance of two arrows of length 1 is 1 - cosine, and exactly 0 where they are the same.
    return (((features[1:] - features[0]) ** 2).sum(axis=1) / 2).tolist()


# --- health ------------------------------------------------------------------------------------------------


def health(sound, made):
    """What must not be there in any copy, whatever it sounds like.

    Parameters
    ----------
    sound, made : Sound, or np.ndarray, shape (n,), float

    Returns
    -------
    dict of str to float
        peak: the largest magnitude, 1 is full scale. offset: |mean|, a direct current that moves the membrane and makes
        no sound. click: the largest bend of the waveform (second difference), relative to the original's largest; 0
        where neither bends. A sample out of line bends more than any music.

    Notes
    -----
    Taught in chapter 09, section "Broken on purpose". `HEALTHY` holds what to stay below.
    """
    sound, made = _samples(sound), _samples(made)
    bent, was = (float(np.abs(np.diff(row.astype(float), 2)).max(initial=0)) for row in (made, sound))
    return {
        "peak": float(np.abs(made).max(initial=0)),
        "offset": abs(float(made.mean(dtype=float))),
        "click": bent / was if was else (float("inf") if bent else 0.0),
    }


def ailments(sound, made):
    """What is wrong with a copy, one word for each: those of `HEALTHY` that it does not stay below, and "numbers"."""
    found = health(sound, made)
    if not np.isfinite(list(found.values())).all():
        return ["numbers"]
    return [name for name, limit in HEALTHY.items() if found[name] >= limit]


# --- what is possible --------------------------------------------------------------------------------------


def true_phase(invert):
    """A way back that is told the phase: `invert` makes magnitudes, shape (frames, bins), of log-mel."""

    def back(sound, log_mel):
        magnitude = invert(log_mel)
        turned = np.exp(1j * np.angle(stft(_samples(sound))))[: len(magnitude)]
        return istft((magnitude * turned).astype(np.complex64))

    return back


def _learned(log_mel):
    from ..vocoders.neural import open_neural

    return open_neural().magnitude(log_mel)


def _true_magnitude(sound, log_mel):
    return griffin_lim(np.abs(stft(_samples(sound), n_fft=N_FFT, hop_length=HOP_LENGTH)), n_iter=32)


#: Ways back that know more than the log-mel: what is lost in the magnitude alone, and in the phase alone. Each takes
#: the sound and its log-mel and gives samples.
BOUNDS = {
    "pseudo-inverse, true phase": true_phase(lambda levels: mel_to_magnitude(db_to_power(levels), method="pinv")),
    "multiplicative, true phase": true_phase(lambda levels: mel_to_magnitude(db_to_power(levels))),
    "learned magnitude, true phase": true_phase(_learned),
    "true magnitude, Griffin-Lim 32": _true_magnitude,
}


# --- many ways side by side --------------------------------------------------------------------------------


def compare(ways, sounds, *, n_mels=None, embedding=True):
    """Every way back for every sound, measured.

    Parameters
    ----------
    ways : dict of str to callable
        Each takes a sound and its log-mel, as `BOUNDS` do, and gives a `Sound` or samples.
    sounds : iterable of np.ndarray, shape (n,), float32, at SAMPLE_RATE
    n_mels : int, optional
        Bands of the log-mel; without it the course's.
    embedding : bool
        As for `measure`.

    Yields
    ------
    dict
        "way", "sound" (its number), the `MEASURES`, what `health` says, and "rtf": seconds of the processor, all
        threads together, a second of sound.

    Notes
    -----
    Taught in chapter 09, section "Which one should I take?".
    """
    for number, sound in enumerate(sounds):
        sound = sound[: len(sound) // HOP_LENGTH * HOP_LENGTH]
        levels = log_mel(sound, **({"n_mels": n_mels} if n_mels else {}))
        rows, copies = [], []
        for name, way in ways.items():
            began = time.process_time()
            copy = _samples(way(sound, levels))
            rtf = (time.process_time() - began) * SAMPLE_RATE / len(sound)
            found = measure(sound, copy, embedding=False) | health(sound, copy) | {"rtf": rtf}
            rows.append({"way": name, "sound": number} | found)
            copies.append(copy)
        if embedding:
            for row, distance in zip(rows, embedding_distances(sound, copies), strict=True):
                row["embedding"] = distance
        yield from rows


def means(rows):
    """Mean of each number over the sounds, for each way back: dict of str to dict of str to float.

    Taken over those sounds that have an answer; NaN where none has. Rows are those of `compare`.
    """
    found = {}
    for way in dict.fromkeys(row["way"] for row in rows):
        own = [row for row in rows if row["way"] == way]
        answers = {name: [row[name] for row in own if not np.isnan(row[name])] for name in own[0] if name != "way"}
        found[way] = {name: float(np.mean(values)) if values else float("nan") for name, values in answers.items()}
    return found
