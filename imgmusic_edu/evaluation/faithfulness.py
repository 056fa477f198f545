"""Does the music follow the picture? Asked of the waveform, never of the settings that made it.

Two experiments. *Counterfactuals*: edit one thing in a picture, make the music again, see whether the sound moved
the way the rules say. *Obedience*: change one factor of a synthetic scene step by step, see whether the sound's
measure follows it in rank. What to expect comes from `crossmodal.RULES`, so rules and test cannot drift apart.

Taught in chapter 00, section "Is it true?".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from .. import audio_features, crossmodal
from ..visual_features import visual_features
from .edits import EDITS

# Musical quality -> the measure of the waveform that tells it. Attack, regularity and energy have none of their own.
MEASURES = {
    "tempo": "tempo",
    "mode": "mode_score",
    "register": "register",
    "loudness": "loudness",
    "brightness": "spectral_centroid",
    "dissonance": "roughness",
    "density": "onset_density",
}
# What each edit is made to show; what it does to the other measures is leakage, and reported beside it.
SHOWS = {
    "lighten": ("tempo", "register", "brightness"),
    "darken": ("tempo", "register", "brightness"),
    "saturate": ("tempo", "loudness"),
    "grey": ("tempo", "loudness"),
    "roughen": ("dissonance",),
    "flip": ("register",),
    "sharpen": ("register",),
    "simplify": ("density",),
}
NOTICEABLE = 0.25  # standardised units: an edit that moves its own feature by less says nothing
Compose = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Change:
    """What one edit of one picture did to one measure of its sound.

    Attributes
    ----------
    picture, edit, quality : str
    shift : float
        How far the edited feature moved, standardised units.
    expected : int
        Sign the rules ask for: +1, -1, or 0 where they ask for none.
    change : float
        Measured change of the sound, in the measure's own unit.
    """

    picture: str
    edit: str
    quality: str
    shift: float
    expected: int
    change: float


def expected_sign(feature: str, shift: float, quality: str) -> int:
    """Direction in which the rules move a quality when one feature moves by `shift`: +1, -1 or 0."""
    asked = sum(rule.weight * rule.effects.get(quality, {}).get(feature, 0.0) for rule in crossmodal.RULES)
    return int(np.sign(asked * shift))


def counterfactuals(
    pictures: Iterable[tuple[str, np.ndarray]], compose: Compose, *, edits: Iterable[str] = tuple(SHOWS)
) -> list[Change]:
    """Edit, compose again, measure.

    Parameters
    ----------
    pictures : iterable of (name, np.ndarray (H, W, 3) uint8)
    compose : callable
        Picture -> samples at 22 050 Hz, always with the same seed and settings.
    edits : iterable of str
        Names in `edits.EDITS`.

    Returns
    -------
    list of Change
        One for each picture, edit and measured quality.

    Notes
    -----
    Taught in chapter 00, section "Is it true?".
    """
    found = []
    for name, picture in pictures:
        features, before = visual_features(picture), audio_features.measure(compose(picture))
        for edit in edits:
            alter, feature, _ = EDITS[edit]
            edited = alter(picture)
            shift = visual_features(edited).standardised(feature) - features.standardised(feature)
            after = audio_features.measure(compose(edited))
            for quality, measure in MEASURES.items():
                change = after[measure] - before[measure]
                found.append(Change(name, edit, quality, shift, expected_sign(feature, shift, quality), change))
    return found


def sign_accuracy(changes: Iterable[Change], edit: str, quality: str) -> tuple[float, int]:
    """Share of noticeable edits that moved the measure the right way, and how many they were (nan, 0 where none)."""
    told = [c for c in changes if (c.edit, c.quality) == (edit, quality) and abs(c.shift) >= NOTICEABLE]
    right = [np.sign(c.change) == c.expected for c in told]
    return (float(np.mean(right)), len(right)) if right else (float("nan"), 0)


def obedience(
    series: Mapping[str, Iterable[np.ndarray]], compose: Compose, feature: str, quality: str
) -> dict[str, float]:
    """Rank correlation of a feature with the measure of a quality, along each series of pictures.

    Parameters
    ----------
    series : mapping
        Name -> pictures in which one factor changes step by step.
    compose : callable
        Picture -> samples at 22 050 Hz.
    feature, quality : str
        Visual feature, and key of `MEASURES`.

    Returns
    -------
    dict of str to float
        Spearman's rho of each series, signed so that 1 is perfect obedience.

    Notes
    -----
    Taught in chapter 00, section "Is it true?".
    """
    from scipy.stats import spearmanr

    rho = {}
    for name, pictures in series.items():
        pictures = list(pictures)
        seen = [visual_features(picture).whole[feature] for picture in pictures]
        heard = [audio_features.measure(compose(picture))[MEASURES[quality]] for picture in pictures]
        rho[name] = float(spearmanr(seen, heard).statistic) * (expected_sign(feature, 1.0, quality) or 1)
    return rho


def interval(values, *, share: float = 0.95, n: int = 2000, seed: int = 0) -> tuple[float, float]:
    """Bootstrap confidence interval of a mean (Efron 1979)."""
    values = np.asarray(values, dtype=float)
    draws = np.random.default_rng(seed).integers(len(values), size=(n, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
