"""Which key: how much of each pitch class is heard, which key's profile that fits, and how major it is.

Taught in chapter 03, "What a sound holds".
"""

import numpy as np

from .clip import PITCH_HOP, WORKING_RATE, as_clip
from .pitch import _pitch_numbers


def _standardised(values):
    """Rows without their mean, each of length 1, so that a product of two is their correlation."""
    values = values - values.mean(axis=-1, keepdims=True)
    return values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-12)


# Key profiles, from the tonic upwards in semitones: how often each degree is heard in 982 pieces (Albrecht & Shanahan
# 2013, Music Perception 31(1), 59-67) ...
MAJOR = np.array([0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081])
MINOR = np.array([0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052])
# ... and how well listeners found that a tone fits once a key was set (Krumhansl & Kessler 1982, Psychological Review
# 89(4), 334-368). The one knows the scale best, the other home.
FITS_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
FITS_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
HEARD = _standardised(np.array([MAJOR, MINOR]))
BOTH = _standardised(HEARD + _standardised(np.array([FITS_MAJOR, FITS_MINOR])))

# What one note puts on the pitch classes above its own, in semitones: the 3rd harmonic is a fifth, the 5th a major
# third, the 7th a minor seventh (all octaves taken together).
OVERTONES = np.array([1, 0, 0, 0, 0.3, 0, 0, 0.5, 0, 0, 0.1, 0])
HIGHEST = 3000  # Hz: partials above are overtones, and cymbals
LAST = 3.0  # s


def pitch_classes(samples, *, sample_rate=WORKING_RATE):
    """How much of each pitch class is played: a chroma without overtones.

    Partials are gathered by pitch class, after the clip's own tuning is taken out. Since each note also sounds
    its fifth and its major third, the notes are then those which, each with its overtones, add up to what was gathered:
    least squares without negative notes, frame by frame (the idea of Mauch & Dixon 2010, ISMIR, on twelve pitch
    classes), by multiplicative steps (Lee & Seung 2001). On 45 shipped pieces the correlation with the lengths of
    the notes in the score rises by that from .82 to .90.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
    sample_rate : int, Hz

    Returns
    -------
    np.ndarray, shape (frames, 12), from C upwards; no unit, linear in the square root of the amplitude.

    Raises
    ------
    ValueError
        As for `onsets`, and for silence.
    """
    frequency, amplitude = as_clip(samples, sample_rate).peaks
    weight = np.sqrt(amplitude) * (frequency < HIGHEST)  # nearer to loudness than to energy: every note counts
    pitch = _pitch_numbers(frequency)
    place = pitch - np.angle((weight * np.exp(2j * np.pi * pitch)).sum()) / (2 * np.pi)
    nearest = np.round(place)
    bins = nearest.astype(int) % 12 + 12 * np.arange(len(place))[:, None]
    near = weight * np.cos(np.pi * (place - nearest)) ** 2  # what lies between two notes belongs to none
    gathered = np.bincount(bins.ravel(), near.ravel(), 12 * len(place)).reshape(-1, 12)

    spread = np.array([np.roll(OVERTONES, note) for note in range(12)])  # (note, pitch classes it sounds)
    notes, target = gathered.copy(), gathered @ spread.T
    for _ in range(50):
        notes *= target / np.maximum(notes @ (spread @ spread.T), 1e-12)
    return notes


def key_correlations(samples, *, sample_rate=WORKING_RATE, profiles=BOTH):
    """How well each key fits: correlation of what is played with the profiles of all 24 keys.

    Krumhansl's method (1990). The last three seconds are heard once more, at 0.3: they tell a key from its
    neighbours, for pieces end at home.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
    sample_rate : int, Hz
    profiles : np.ndarray, shape (2, 12)
        Major and minor, from the tonic upwards: counted (`HEARD`), or `BOTH`, the mean of counted and rated ones.

    Returns
    -------
    np.ndarray, shape (2, 12), -1 .. 1: major and minor, tonics from C upwards

    Raises
    ------
    ValueError
        As for `onsets`, and for silence.
    """
    notes = pitch_classes(samples, sample_rate=sample_rate)
    last = notes[-round(LAST * WORKING_RATE / PITCH_HOP) :]
    played = sum(share * part.sum(axis=0) / max(part.sum(), 1e-12) for share, part in ((1, notes), (0.3, last)))
    keys = np.stack([np.roll(_standardised(profiles), tonic, axis=1) for tonic in range(12)], axis=1)  # (2, 12, 12)
    return keys @ _standardised(played)


def key(samples, *, sample_rate=WORKING_RATE):
    """The key that fits best (see `key_correlations`).

    Of 47 passages of the shipped scores whose key is known (data/facts/known_keys.csv), 41 are found.

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
    correlations = key_correlations(samples, sample_rate=sample_rate)
    mode, tonic = np.unravel_index(np.argmax(correlations), correlations.shape)
    return int(tonic), ("major", "minor")[mode], float(correlations[mode, tonic])


def mode_score(samples, *, sample_rate=WORKING_RATE):
    """How major the music is: best correlation with a major key minus best with a minor key.

    By the counted profiles alone (`HEARD`), which set mixolydian further apart from major than listeners did. Above 0
    is major; mixolydian and dorian fall between major (about .25) and natural minor (about -.25).

    Raises
    ------
    ValueError
        As for `onsets`, and for silence.
    """
    major, minor = key_correlations(samples, sample_rate=sample_rate, profiles=HEARD).max(axis=1)
    return float(major - minor)
