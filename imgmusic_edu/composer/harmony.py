"""Chords, bass and inner voices.

Taught in chapter 10, sections "Chords that lead somewhere" and "Voices that move little".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ..scores import MODES
from .form import Bar
from .plan import Plan
from .search import cheapest_path

# How gladly one scale step's chord follows another's (0 tonic .. 6): the practice of common tonal and modal songs.
# Chords that are diminished in their mode are left out.
FOLLOWS = {
    "major": {0: {3: 3, 4: 2, 5: 3, 1: 2, 2: 1}, 1: {4: 5, 3: 1}, 2: {5: 3, 3: 3}, 3: {4: 4, 0: 2, 1: 2},
              4: {0: 4, 5: 2}, 5: {3: 3, 1: 3, 4: 2}},
    "mixolydian": {0: {6: 4, 3: 3, 4: 1, 5: 1}, 1: {6: 2, 3: 2}, 3: {0: 3, 6: 2, 1: 1}, 4: {6: 2, 3: 2},
                   5: {3: 3, 6: 2}, 6: {3: 4, 0: 3}},
    "dorian": {0: {3: 4, 6: 3, 2: 1, 4: 1}, 1: {4: 2, 3: 2}, 2: {6: 2, 3: 2}, 3: {0: 3, 6: 3, 1: 1},
               4: {0: 2, 3: 2}, 6: {0: 3, 3: 3, 2: 1}},
    "minor": {0: {3: 3, 5: 3, 6: 3, 2: 1, 4: 1}, 2: {5: 3, 6: 2, 3: 2}, 3: {0: 2, 4: 3, 6: 2}, 4: {0: 4, 5: 1},
              5: {2: 2, 6: 3, 3: 2}, 6: {2: 2, 0: 3, 5: 2}},
}  # fmt: skip
# The chord before home, and the chord a half cadence waits on.
LEADING = {"major": 4, "mixolydian": 6, "dorian": 6, "minor": 4}
WAITING = {"major": 4, "mixolydian": 6, "dorian": 3, "minor": 6}
NEVER = np.inf
LIGHT = 0.8  # what a standard unit of light is worth to a major chord
DARK, BRIGHT = 10.0, 90.0  # L*: a strip all but black, all but white


@dataclass(frozen=True)
class Chord:
    """A chord and when it sounds.

    Attributes
    ----------
    beat, beats : float
        In quarter notes.
    degree : int
        Scale step of its root, 0 is the tonic.
    classes : tuple of int
        Pitch classes of root, third and fifth.
    bar : int
        Number of the bar it begins in.
    bass : int
        MIDI number of the lowest voice.
    voices : tuple of int
        MIDI numbers of the inner voices, low to high.
    by_light : bool
        Whether the light of its strip decides if it is major or minor: were the strip all but black, or all but white,
        it would be the other. Most chords stand where the cadence or the chords beside them want them.
    """

    beat: float
    beats: float
    degree: int
    classes: tuple[int, int, int]
    bar: int
    bass: int = 0
    voices: tuple[int, ...] = ()
    by_light: bool = False

    @property
    def is_major(self) -> bool:
        """Whether the third is a large one."""
        return _is_major(self.classes)


def _is_major(classes: tuple[int, int, int]) -> bool:
    return (classes[1] - classes[0]) % 12 == 4


def scale_classes(plan: Plan) -> tuple[int, ...]:
    """Pitch classes of the plan's key, tonic first."""
    return tuple((plan.tonic + step) % 12 for step in MODES[plan.mode])


def triad(plan: Plan, degree: int, *, leading: bool = False) -> tuple[int, int, int]:
    """Every other note of the scale from one step up; `leading` raises the third of a minor key's dominant."""
    scale = scale_classes(plan)
    root, third, fifth = (scale[(degree + k) % 7] for k in (0, 2, 4))
    if leading and plan.mode == "minor" and degree == 4:
        third = (third + 1) % 12
    return root, third, fifth


def harmonise(
    plan: Plan,
    bars: list[Bar],
    lightness: np.ndarray,
    relit: Callable[[int, float], np.ndarray] | None = None,
) -> list[Chord]:
    """Choose chords, bass and inner voices for a piece.

    Parameters
    ----------
    plan : Plan
    bars : list of Bar
    lightness : np.ndarray, shape (n_bars,)
        How light the picture is where each bar is read, in standard units about its mean: light bars prefer major
        chords.
    relit : callable, optional
        Number of a bar and L* -> `lightness` if the strip of that bar had that light; without it no chord is said to be
        by light.

    Returns
    -------
    list of Chord
        One or two a bar, in order.

    Notes
    -----
    Taught in chapter 10, section "Chords that lead somewhere".
    """
    chords: list[Chord] = []
    remembered: dict[str, list[int]] = {}
    for phrase in range(bars[-1].phrase + 1):
        inside = [i for i, bar in enumerate(bars) if bar.phrase == phrase]
        slots = [slot for i in inside for slot in _slots(bars[i], i)]
        label = bars[inside[0]].label
        before = chords[-1].degree if chords else None
        choose = _chooser(plan, slots, bars, remembered.get(label), before)
        degrees = choose(lightness)
        remembered.setdefault(label, degrees)
        for n, ((beat, beats, i), degree) in enumerate(zip(slots, degrees, strict=True)):
            comes_home = n == len(slots) - 2 and bars[-1] is bars[inside[-1]]
            classes = triad(plan, degree, leading=comes_home)
            is_major, by_light = _is_major(triad(plan, degree)), False
            if relit is not None:
                other = choose(relit(i, DARK if is_major else BRIGHT))[n]
                by_light = _is_major(triad(plan, other)) != is_major
            chords.append(Chord(beat, beats, degree, classes, i, by_light=by_light))
    return _voice(plan, _bass(plan, chords))


def _slots(bar: Bar, index: int) -> list[tuple[float, float, int]]:
    """One chord a bar; a bar that comes home has its dominant first."""
    if bar.cadence == "full" and bar.beats >= 3:
        early = 2.0 if bar.beats == 4 else 1.0
        return [(bar.beat, early, index), (bar.beat + early, bar.beats - early, index)]
    return [(bar.beat, bar.beats, index)]


def _chooser(plan, slots, bars, remembered, before) -> Callable[[np.ndarray], list[int]]:
    """From lightness to the cheapest row of chords from the tonic to the cadence.

    It leans on what the phrase's letter did before. What light has no part in is reckoned once.
    """
    follows = FOLLOWS[plan.mode]
    degrees = sorted(follows)
    step = np.array([[4.0 - np.log(follows[a][b]) if b in follows[a] else 9.0 for b in degrees] for a in degrees])
    np.fill_diagonal(step, 6.0)
    major = np.where([_is_major(triad(plan, d)) for d in degrees], 1.0, -1.0)
    label, light = bars[slots[0][2]].label, LIGHT * plan.bend("R1")
    own = []
    for n in range(len(slots)):
        cost = -plan.random("chords", label, n).gumbel(size=len(degrees))
        if remembered is not None and n < len(remembered):
            cost = cost - 3.0 * (np.array(degrees) == remembered[n])
        own.append(cost)
    cadence = bars[slots[-1][2]].cadence
    target = WAITING[plan.mode] if cadence == "half" else 0
    own[-1] = np.where(np.array(degrees) == target, 0.0, NEVER)
    if cadence != "half" and len(slots) > 1:
        own[-2] = np.where(np.array(degrees) == LEADING[plan.mode], 0.0, NEVER)
    if label == "A" and len(slots) > 2:
        own[0] = np.where(np.array(degrees) == 0, 0.0, NEVER)
    if before is not None and np.isfinite(own[0]).sum() > 1:
        own[0] = own[0] + step[degrees.index(before)]

    def choose(lightness):
        lit = [cost - light * lightness[i] * major for cost, (_, _, i) in zip(own, slots, strict=True)]
        return [degrees[k] for k in cheapest_path(lit, lambda _: step)]

    return choose


def _bass(plan: Plan, chords: list[Chord]) -> list[Chord]:
    """Roots mostly, thirds where that makes the line smoother; home and cadences stand on their roots."""
    middle = round(plan.centre) - 23
    choices, own = [], []
    for n, chord in enumerate(chords):
        firm = n in (0, len(chords) - 1) or chord.degree in (0, LEADING[plan.mode])
        allowed = chord.classes[:1] if firm else chord.classes[:2]
        pitches = np.array([p for p in range(middle - 8, middle + 9) if p % 12 in allowed])
        choices.append(pitches)
        inverted = pitches % 12 != chord.classes[0]
        own.append(0.4 * np.abs(pitches - middle) + 1.5 * inverted)

    def step(i: int) -> np.ndarray:
        distance = np.abs(choices[i][None, :] - choices[i - 1][:, None])
        return 0.25 * distance + 0.8 * (distance == 0) + 2.0 * (distance > 9)

    path = cheapest_path(own, step)
    return [replace(c, bass=int(choices[n][k])) for n, (c, k) in enumerate(zip(chords, path, strict=True))]


def _voice(plan: Plan, chords: list[Chord]) -> list[Chord]:
    """Three inner voices a chord, each moving as little as it can, none in fifths or octaves with the bass."""
    middle = round(plan.centre) - 11  # whole, like the tonic: music moved by a semitone keeps its voicings
    choices = [_voicings(chord.classes, middle) for chord in chords]
    own = [0.6 * np.abs(v.mean(axis=1) - middle) for v in choices]

    def step(i: int) -> np.ndarray:
        before, after = choices[i - 1][:, None, :], choices[i][None, :, :]
        moved = np.abs(after - before).sum(axis=2).astype(float)
        bass = chords[i - 1].bass, chords[i].bass
        parallel = parallels(before, after, *bass).any(axis=2)
        return moved + 8.0 * parallel

    path = cheapest_path(own, step)
    return [
        replace(chord, voices=tuple(int(p) for p in choices[n][k]))
        for n, (chord, k) in enumerate(zip(chords, path, strict=True))
    ]


def parallels(upper_before, upper_after, bass_before, bass_after):
    """Whether two voices move in the same perfect interval, fifth or octave, one after the other."""
    interval = (upper_before - bass_before) % 12
    same = interval == (upper_after - bass_after) % 12
    moved = (upper_before != upper_after) & (np.asarray(bass_before) != np.asarray(bass_after))
    return same & moved & ((interval == 0) | (interval == 7))


def _voicings(classes: tuple[int, int, int], middle: int) -> np.ndarray:
    """All ways to lay a triad out within an octave and a half about `middle`, shape (n, 3)."""
    low, high = middle - 8, middle + 9
    places = [[p for p in range(low, high) if p % 12 == c] for c in classes]
    stacks = np.sort(np.array(list(product(*places))), axis=1)
    close = stacks[:, 2] - stacks[:, 0] <= 16
    return stacks[close]
