"""What a network's music owes to a place in the picture, and to its features: found by masking and by editing.

A spectral road reads the picture from left to right and says what each feature of the whole moves in the sound
(`SpectralRoad.causes`). Both are put to the test in the waveform: a strip of the picture is masked, and the sound is
asked *when* it changed; the picture is edited, and the sound is asked whether it moved as the causes say.

Taught in chapter 11, section "Is the explanation true?".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import audio_features
from ..visual_features import visual_features
from .edits import EDITS
from .estimates import mean_over_pictures
from .faithfulness import NOTICEABLE
from .report import row

__all__ = ["Place", "Sway", "masked", "sways", "told"]

SECONDS = 10.0
N_STRIPS = 5  # the picture is masked in, one after another
#: What `causes` speaks of -> the measure that tells it, and the least change that it must foretell to be asked.
TOLD = {"tempo": ("tempo", 1.0), "level": ("loudness", 0.5), "brightness": ("spectral_centroid", 0.05)}
OWN = 0.5  # standard units from the middle: nearer, causes say too little to go by


class Place(NamedTuple):
    """One strip of one picture, masked: the change while it is read, and at other times, mean dB of the log-mel."""

    picture: str
    strip: int
    within: float
    without: float


class Sway(NamedTuple):
    """One edit of one picture: what the causes foretell of a quality, in its unit, and how the measure changed."""

    picture: str
    edit: str
    quality: str
    foretold: float
    change: float


def masked(road, name: str, picture: np.ndarray, *, seed: int = 0, n_strips: int = N_STRIPS) -> list[Place]:
    """Mask a picture strip by strip, each with its own mean colour, and see when the sound changes.

    Parameters
    ----------
    road : networks.spectral.SpectralRoad
    name : str
    picture : np.ndarray, shape (H, W, 3), uint8
    seed, n_strips : int
    """
    before = _heard(road, picture, seed)
    edges = np.linspace(0, 1, n_strips + 1)
    found = []
    for strip in range(n_strips):
        columns = slice(*(round(edge * picture.shape[1]) for edge in edges[strip : strip + 2]))
        changed = picture.copy()
        changed[:, columns] = picture[:, columns].reshape(-1, 3).mean(axis=0).round()
        moved = np.abs(_heard(road, changed, seed) - before).mean(axis=1)
        read = slice(*(round(edge * len(moved)) for edge in edges[strip : strip + 2]))
        found.append(Place(name, strip, float(moved[read].mean()), float(np.delete(moved, read).mean())))
    return found


def _heard(road, picture, seed):
    """Log-mel of the waveform, held at 60 dB under the loudest: what is fainter is not heard."""
    samples = road.sound(road.make(visual_features(picture), seconds=SECONDS, seed=seed)).samples
    levels = audio_features.log_mel(samples)
    return np.maximum(levels, levels.max() - 60)


def sways(road, name: str, picture: np.ndarray, *, seed: int = 0) -> list[Sway]:
    """Edit a picture, one thing at a time, and hold what is heard against what the causes foretell.

    A cause says how much more of a quality there is because a feature lies so far from the middle: so much for each
    standard unit is foretold. Features near the middle, and edits that move theirs too little, are not asked.
    """
    features = visual_features(picture)
    made = road.make(features, seconds=SECONDS, seed=seed)
    causes, before = road.causes(made), audio_features.measure(road.sound(made).samples)
    found = []
    for edit, (alter, feature, _) in EDITS.items():
        edited = visual_features(alter(picture))
        own = features.standardised(feature)
        shift = edited.standardised(feature) - own
        if abs(own) < OWN or abs(shift) < NOTICEABLE:
            continue
        after = audio_features.measure(road.sound(road.make(edited, seconds=SECONDS, seed=seed)).samples)
        for quality, (measure, least) in TOLD.items():
            foretold = causes[feature][quality] * shift / own
            if abs(foretold) >= least:
                found.append(Sway(name, edit, quality, foretold, after[measure] - before[measure]))
    return found


def told(road: str, places: list[Place], moved: list[Sway]) -> list[dict]:
    """Rows of a report, section "explanations": intervals are over pictures."""
    where = [(place.picture, place.within / max(place.within + place.without, 1e-9)) for place in places]
    right = [(sway.picture, float(np.sign(sway.change) == np.sign(sway.foretold))) for sway in moved]
    rows = []
    for what, measure, found in (
        (f"{road}: a masked strip changes the sound when it is read", "share of the change", where),
        (f"{road}: the sound moves as its causes foretell", "share right", right),
    ):
        if found:
            rows.append(row("explanations", what, measure, len(found), mean_over_pictures(found), chance=0.5))
    return rows
