"""What a figure must be held against: a hobby program that follows the hue, and pictures that were not meant.

Taught in chapter 11, section "Compared with what?".
"""

from __future__ import annotations

import functools

import numpy as np

from ..scenes import FACTORS, scene
from ..sounds import SAMPLE_RATE
from ..visual_features import FEATURES, rgb_to_lab, standard_copy, visual_features

__all__ = ["SECONDS", "hue_tonic", "hue_wheel", "random_scene", "scene_features", "standardised"]

SECONDS = 10.0  #: of sound that a pair is judged by
TEMPO = 96  # BPM
ARPEGGIO = (0, 4, 7, 12, 7, 4)  # semitones above the tonic
NOTE_SECONDS = 1.2
SMALL = 96  # px: a distractor is never seen, and its features hardly hang on its size
_FIRST_DISTRACTOR = 9_000_000  # far from the seeds of scenes that are trained on or prepared


def hue_tonic(picture):
    """Which of twelve hues the mean colour of a picture has: int, 0 (red) to 11, as pitch class above C."""
    _, a, b = rgb_to_lab(standard_copy(picture)).reshape(-1, 3).mean(axis=0)
    return round(np.arctan2(b, a) / (2 * np.pi) * 12) % 12


@functools.lru_cache(maxsize=32)
def hue_wheel(tonic, *, seconds=SECONDS):
    """The hue wheel's sound for one of its twelve tonics: always the same arpeggio.

    A stand-in for a kind of program that is often written (after Newton's and Scriabin's wheels); there is no
    evidence that listeners hear hue in this way.

    Parameters
    ----------
    tonic : int, 0 to 11
        As `hue_tonic` gives it.
    seconds : float

    Returns
    -------
    np.ndarray, shape (n,), float32, at SAMPLE_RATE; read-only, because it is kept for the next call

    Notes
    -----
    Taught in chapter 11.
    """
    time = np.arange(round(NOTE_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros(round(seconds * SAMPLE_RATE))
    for number, start in enumerate(np.arange(0, seconds - NOTE_SECONDS, 30 / TEMPO)):
        frequency = 440 * 2 ** ((60 + tonic + ARPEGGIO[number % 6] - 69) / 12)
        note = sum(np.sin(2 * np.pi * frequency * k * time) / k**2 for k in (1, 2, 3, 4)) * np.exp(-3 * time)
        first = round(start * SAMPLE_RATE)
        sound[first : first + len(time)] += note
    sound = (0.5 * sound / np.abs(sound).max()).astype(np.float32)
    sound.flags.writeable = False
    return sound


def standardised(features):
    """The 18 standardised numbers of a `VisualFeatures`, in the order of FEATURES: shape (18,)."""
    return np.array([features.standardised(name) for name in FEATURES])


def random_scene(seed, *, size=256):
    """A synthetic scene with every factor drawn at random: shape (size, size, 3), uint8."""
    factors = np.random.default_rng([5, seed]).uniform(size=len(FACTORS))
    return scene(**dict(zip(FACTORS, map(float, factors), strict=True)), seed=seed, size=size)


def scene_features(n, *, notice=None):
    """Standardised features of n random scenes, pictures for a sound to be confused with: shape (n, 18).

    About a tenth of a second each the first time; `notice` is then told, in a sentence.
    """
    missing = n - _scene_features.cache_info().currsize
    if notice and missing > 0:
        notice(f"Painting {missing} scenes to be told apart from the pictures ...")
    return np.array([_scene_features(number) for number in range(n)]).reshape(n, len(FEATURES))


@functools.cache
def _scene_features(number):
    return standardised(visual_features(random_scene(_FIRST_DISTRACTOR + number, size=SMALL)))
