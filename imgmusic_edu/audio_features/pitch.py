"""Which pitches sound: key, mode, register, roughness and brightness.

Taught in chapter 03, "What a sound holds".
"""

import numpy as np
from scipy import fft

from .clip import N_PEAKS, PITCH_HOP, PITCH_WINDOW, WORKING_RATE, as_clip

# Key profiles of Albrecht & Shanahan (2013), Music Perception 31(1), 59-67: how often each scale degree is
# heard in 982 pieces, from the tonic upwards in semitones.
MAJOR = np.array([0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081])
MINOR = np.array([0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052])


def _pitch_numbers(frequency):
    return 69 + 12 * np.log2(frequency / 440)


def _chroma(clip):
    """Weight of each pitch class, shape (12,): the whole clip, its bass and its last three seconds.

    Each partial may be the fundamental or the 2nd, 3rd, 4th harmonic of a lower note, ever less likely (Gomez
    2006, INFORMS Journal on Computing 18(3)); the clip's own tuning is taken out first. The bass and the
    ending are heard once more, because they tell a key from its relative: pieces end at home.
    """
    frequency, amplitude = clip.peaks
    pitch = _pitch_numbers(frequency)
    weight = amplitude**0.3  # nearer to loudness than to energy: every note of a chord counts
    tuning = np.angle((weight * np.exp(2j * np.pi * pitch)).sum()) / (2 * np.pi)
    last = np.arange(len(pitch)) >= len(pitch) - round(3 * WORKING_RATE / PITCH_HOP)
    parts = (weight, weight * (frequency < 200), weight * last[:, None])
    chroma = np.zeros(12)
    for share, part in zip((1, 0.3, 0.3), parts, strict=True):
        heard = np.zeros(12)
        for harmonic in (1, 2, 3, 4):
            place = pitch - tuning - 12 * np.log2(harmonic)
            nearest = np.round(place)
            near = part * 0.4 ** (harmonic - 1) * np.cos(np.pi * (place - nearest)) ** 2
            heard += np.bincount(nearest.astype(int).ravel() % 12, near.ravel(), 12)
        chroma += share * heard / max(heard.sum(), 1e-12)
    return chroma


def _key_correlations(clip):
    """Correlation of the chroma with the 12 major and the 12 minor profiles, shape (2, 12)."""
    chroma = _chroma(clip)
    chroma = chroma - chroma.mean()
    chroma /= max(np.linalg.norm(chroma), 1e-12)
    centred = [profile - profile.mean() for profile in (MAJOR, MINOR)]
    return np.array([[chroma @ np.roll(p, k) / np.linalg.norm(p) for k in range(12)] for p in centred])


def key(samples, *, sample_rate=WORKING_RATE):
    """The key that fits best.

    Krumhansl's method (1990): correlate how much of each pitch class is heard with the profile of every key;
    the profiles are those of Albrecht & Shanahan (2013).

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
    sample_rate : int, Hz

    Returns
    -------
    tonic : int, pitch class 0 (C) .. 11 (B)
    mode : str, "major" or "minor" (mixolydian is heard as major, dorian as minor)
    correlation : float, -1 .. 1, how well it fits

    Raises
    ------
    ValueError
        As for `onsets`, and for silence.
    """
    correlations = _key_correlations(as_clip(samples, sample_rate))
    mode, tonic = np.unravel_index(np.argmax(correlations), correlations.shape)
    return int(tonic), ("major", "minor")[mode], float(correlations[mode, tonic])


def mode_score(samples, *, sample_rate=WORKING_RATE):
    """How major the music is: best correlation with a major key minus best with a minor key (see `key`).

    Above 0 is major; mixolydian and dorian fall between major (about .25) and natural minor (about -.2).
    """
    major, minor = _key_correlations(as_clip(samples, sample_rate)).max(axis=1)
    return float(major - minor)


def register(samples, *, sample_rate=WORKING_RATE):
    """How high the music lies: the mean pitch of what is heard.

    In each frame a partial counts as a note by its own loudness and by the harmonics found above it
    (harmonic salience, after Klapuri 2006, ISMIR), less if it can be a harmonic of a lower one. The mean is taken
    over all of them: a median would jump from part to part when music is moved. The level drops out.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
    sample_rate : int, Hz

    Returns
    -------
    float, MIDI number (60 is middle C)

    Raises
    ------
    ValueError
        As for `onsets`, and for silence.
    """
    return _mean(*_notes(as_clip(samples, sample_rate)))


def _notes(clip):
    """Pitch and weight of every partial as a note, shapes (frames, N_PEAKS)."""
    frequency, amplitude = clip.peaks
    amplitude = amplitude * _ear(frequency)
    pitch = _pitch_numbers(frequency)
    above = pitch[:, None, :] - pitch[:, :, None]  # (frames, lower, upper), semitones
    salience, explained = amplitude.copy(), np.zeros_like(amplitude)
    for harmonic in range(2, 9):
        match = np.clip(1.5 - np.abs(above - 12 * np.log2(harmonic)) / 0.4, 0, 1)  # whole within 0.2, none beyond 0.6
        salience += 0.8 ** (harmonic - 1) * (match * amplitude[:, None, :]).max(axis=2)
        explained = np.maximum(explained, (match * amplitude[:, :, None]).max(axis=1))
    own = (amplitude / np.maximum(amplitude + 3 * explained, 1e-12)) ** 2  # small for what a louder lower note explains
    salience *= own
    loud = np.percentile(salience.max(axis=1), 90)
    heard = salience**2 / np.maximum(salience + 0.3 * loud, 1e-12)  # echo and stray partials count little
    return pitch, np.sqrt(heard) * own


def _ear(frequency):
    """Gain of the ear: A-weighting (IEC 61672) at half its decibels, which suits music louder than its 40 phon."""
    squared = frequency**2
    gain = 1.259 * 12194**2 * squared**2 / ((squared + 20.6**2) * (squared + 12194**2))
    return np.sqrt(gain / np.sqrt((squared + 107.7**2) * (squared + 737.9**2)))


def _mean(values, weights):
    return float((values * weights).sum() / weights.sum())


def roughness(samples, *, sample_rate=WORKING_RATE):
    """Sensory roughness: how much partials beat with one another.

    Each pair of partials adds a_i a_j (exp(-3.5 s d) - exp(-5.75 s d)) / sum(a^2), with d their distance in Hz and
    s = 0.24 / (0.021 f + 19) (Plomp & Levelt 1965; Sethares 1993, JASA 94(3); the division, by which level
    drops out, is Hutchinson & Knopoff's, 1978). The frames are averaged by energy. An interval is rougher the lower
    it lies; to ask about the intervals and not about the register (which is measured by itself), the partials
    are first moved, all by one ratio, so that the clip's `register` lies at middle C.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
    sample_rate : int, Hz

    Returns
    -------
    float, 0 for a pure tone, about 0.03 to 0.4 for music

    Raises
    ------
    ValueError
        As for `onsets`, and for silence.
    """
    clip = as_clip(samples, sample_rate)
    frequency, amplitude = clip.peaks
    frequency = frequency * 2 ** ((60 - register(clip)) / 12)
    order = np.argsort(frequency, axis=1)
    frequency, amplitude = (np.take_along_axis(x, order, axis=1) for x in (frequency, amplitude))
    beating = np.zeros(len(frequency))
    for step in range(1, N_PEAKS):  # every pair once: neighbours, then those two apart, ...
        lower, distance = frequency[:, :-step], frequency[:, step:] - frequency[:, :-step]
        scaled = 0.24 / (0.021 * lower + 19) * distance
        beating += (amplitude[:, :-step] * amplitude[:, step:] * (np.exp(-3.5 * scaled) - np.exp(-5.75 * scaled))).sum(
            axis=1
        )
    energy = (amplitude**2).sum(axis=1)
    return float(beating.sum() / energy.sum())  # = mean of beating / energy, weighted by energy


def spectral_centroid(samples, *, sample_rate=WORKING_RATE):
    """Brightness: mean frequency of the spectrum up to 11 kHz, each frame and bin weighted by its energy, in Hz.

    Raises
    ------
    ValueError
        As for `onsets`, and for silence.
    """
    clip = as_clip(samples, sample_rate)
    clip.refuse_silence()
    energy = (clip.long_spectrum**2).sum(axis=0, dtype=np.float64)
    frequencies = fft.rfftfreq(PITCH_WINDOW, 1 / WORKING_RATE)
    return float(frequencies @ energy / energy.sum())
