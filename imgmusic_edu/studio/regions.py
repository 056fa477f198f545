"""A part of the picture: the notes that come from it, heard alone, and what becomes of the music without it.

Taught in chapter 11.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..composer import compose_score, make_plan
from ..composer.plan import Plan
from ..roads import Piece, ScorePiece
from ..sounds import Sound
from ..synthesizer import render
from ..visual_features import rgb_to_lab, visual_features

__all__ = ["Changed", "greyed", "notes_in", "only", "what_changes"]

Region = Sequence[float]

#: What of a plan is told: attribute, its name and unit, the quality that its rules move.
TOLD = (
    ("tempo", "tempo, beats per minute", "tempo"),
    ("mode", "mode", "mode"),
    ("centre", "middle of the melody, MIDI number", "register"),
    ("level", "level, LUFS", "loudness"),
    ("brightness", "brightness", "brightness"),
    ("attack", "attack", "attack"),
    ("dissonance", "dissonance", "dissonance"),
    ("density", "density", "density"),
    ("regularity", "regularity", "regularity"),
    ("energy", "energy", "energy"),
)
STILL = 0.005  # a number that moves less stands still


def _checked(region: Region) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(edge) for edge in region)
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise ValueError(
            f"A region is left, top, right, bottom as shares of the picture, such as 0.2, 0.1, 0.5, 0.4, not {region}."
        )
    return x0, y0, x1, y1


def _written(piece: Piece) -> ScorePiece:
    if isinstance(piece, ScorePiece):
        return piece
    raise ValueError("This road writes no notes, so none comes from a region: take the road 'score'.")


def notes_in(piece: Piece, region: Region) -> list:
    """The notes of a piece that come from a region: their own lies in it, at least in part.

    Parameters
    ----------
    piece : ScorePiece
    region : sequence of 4 floats
        (x0, y0, x1, y1) as shares of width and height, y from the top.

    Returns
    -------
    list of scores.Note

    Raises
    ------
    ValueError
        The region is none, or the piece's road writes no notes.

    Notes
    -----
    Taught in chapter 11.
    """
    x0, y0, x1, y1 = _checked(region)

    def overlaps(edges):
        return edges[0] < x1 and edges[2] > x0 and edges[1] < y1 and edges[3] > y0

    return [note for note in _written(piece).score.notes if note.cause is not None and overlaps(note.cause.region)]


def only(piece: Piece, region: Region) -> ScorePiece:
    """What comes from a region, alone: its notes at their places, played as loud as the whole piece.

    Raises
    ------
    ValueError
        As `notes_in`, or no note comes from there.

    Notes
    -----
    Taught in chapter 11.
    """
    notes = notes_in(piece, region)
    if not notes:
        raise ValueError("No note comes from this region: choose a larger one.")
    whole = _written(piece)
    score = replace(whole.score, notes=tuple(notes))
    return replace(whole, score=score, sound=Sound(render(score)))


def greyed(picture: np.ndarray, region: Region) -> np.ndarray:
    """A copy of a picture with a region in even grey, as light as the picture is on the mean.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8
    region : sequence of 4 floats
        As in `notes_in`.

    Notes
    -----
    Taught in chapter 11.
    """
    x0, y0, x1, y1 = _checked(region)
    high, wide = picture.shape[:2]
    lightness = float(rgb_to_lab(picture)[..., 0].mean())
    linear = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / 903.3
    grey = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    masked = picture.copy()
    rows, columns = slice(int(y0 * high), int(np.ceil(y1 * high))), slice(int(x0 * wide), int(np.ceil(x1 * wide)))
    masked[rows, columns] = round(255 * grey)
    return masked


@dataclass(frozen=True)
class Changed:
    """What became of a piece when a region of its picture was greyed out.

    Attributes
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8
        With the region greyed out.
    plan : list of (name, before, after, rule)
        What of the plan moved, and the rule whose pull changed most.
    inside : dict of str to (int, int)
        Part -> its notes that come from the region, which the explanation says may change, and those that did.
    outside : (int, int)
        The same for all notes that come from elsewhere, which should stay.
    """

    picture: np.ndarray
    plan: list
    inside: dict
    outside: tuple[int, int]

    @property
    def sentences(self) -> list[str]:
        """What was said would change, and what did, in plain words."""
        parts = ", ".join(f"{part} {changed} of {n}" for part, (n, changed) in self.inside.items())
        first = (
            f"Greyed out, with the plan held: of the notes that the explanation finds in this region, changed are "
            f"{parts or 'none, for there are none'}; of the {self.outside[0]} other notes {self.outside[1]}."
        )
        moved = [f"{name} {_said(before)} to {_said(after)} ({rule})" for name, before, after, rule in self.plan]
        return [first, f"The plan itself moves: {'; '.join(moved)}." if moved else "The plan itself does not move."]


def what_changes(piece: Piece, region: Region, settings: Mapping) -> Changed:
    """Grey a region out and compare: notes with the plan held, so that each answers for its own place, then the plan.

    Parameters
    ----------
    piece : ScorePiece
    region : sequence of 4 floats
        As in `notes_in`.
    settings : mapping
        What `make_plan` was told for this piece.

    Returns
    -------
    Changed

    Raises
    ------
    ValueError
        As `notes_in`.

    Notes
    -----
    Taught in chapter 11.
    """
    whole, inside = _written(piece), notes_in(piece, region)
    masked = greyed(whole.picture, region)
    features = visual_features(masked)
    new = Counter(map(_sounding, compose_score(whole.plan, features).notes))
    here = Counter(map(_sounding, inside))
    elsewhere = Counter(map(_sounding, whole.score.notes)) - here
    gone, left = here - new, new - here
    parts = dict.fromkeys(note.part for note in inside)
    return Changed(
        masked,
        _moved(whole.plan, make_plan(features, **settings)),
        {part: tuple(sum(n for (p, *_), n in which.items() if p == part) for which in (here, gone)) for part in parts},
        (elsewhere.total(), (elsewhere - left).total()),
    )


def _sounding(note):
    """What of a note can be heard to be another: its part, place, length and pitch."""
    return note.part, round(note.beat, 4), round(note.beats, 4), note.pitch


def _moved(before: Plan, after: Plan) -> list:
    found = []
    for attribute, name, quality in TOLD:
        old, new = getattr(before, attribute), getattr(after, attribute)
        if old == new or (not isinstance(old, str) and abs(old - new) < STILL):
            continue
        pulls = {c.rule: c.effect for c in before.contributions if c.quality == quality}
        moved = {c.rule: c.effect - pulls[c.rule] for c in after.contributions if c.quality == quality}
        found.append((name, old, new, max(moved, key=lambda rule: abs(moved[rule]))))
    return found


def _said(value) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"
