"""Which pitches sound: register, roughness and brightness.

Taught in chapter 03, "What a sound holds".
"""

import numpy as np
from scipy import fft

from .clip import N_PEAKS, PITCH_WINDOW, WORKING_RATE, as_clip


def _pitch_numbers(frequency):
    return 69 + 12 * np.log2(frequency / 440)


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
    strongest = salience.max(axis=1, keepdims=True)
    loud = np.percentile(strongest, 90)
    # The thump of a plucked string, hum and echo lie under the notes of their frame: only what stands out counts.
    heard = np.maximum(salience / np.maximum(strongest, 1e-12) - 0.1, 0)
    return pitch, heard * np.sqrt(strongest / (strongest + 0.3 * loud)) * (strongest > 0.03 * loud)


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
    drops out, is Hutchinson & Knopoff's, 1978). The mean is taken over the frames that sound. An interval is
    rougher the lower it lies; to ask about the intervals and not about the register (which is measured by itself),
    the partials are first moved, all by one ratio, so that the clip's `register` lies at middle C.

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
    sounding = energy > 0.001 * np.percentile(energy, 90)  # what dies away is no chord to judge
    return float((beating[sounding] / energy[sounding]).mean())


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
