"""The melody: a rhythm that returns, and the pitches that follow the picture's skyline best.

Taught in chapter 10, sections "Reading the skyline" and "Choosing the best tune at once".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .form import Bar
from .harmony import NEVER, Chord, parallels, scale_classes
from .plan import Plan
from .search import cheapest_path

# Note lengths within a bar, in eighths, by beats in the bar. Those marked below are syncopated.
CELLS = {
    4: [(4, 4), (6, 2), (4, 2, 2), (2, 2, 4), (3, 1, 4), (3, 3, 2), (2, 2, 2, 2), (3, 1, 2, 2), (4, 2, 1, 1),
        (2, 1, 1, 4), (3, 3, 1, 1), (1, 2, 1, 4), (2, 2, 2, 1, 1), (2, 1, 1, 2, 2), (3, 1, 2, 1, 1), (1, 2, 2, 2, 1),
        (2, 1, 1, 2, 1, 1), (1, 1, 2, 1, 1, 2), (1, 2, 1, 1, 2, 1), (2, 1, 1, 1, 1, 1, 1), (1, 1, 1, 1, 2, 1, 1),
        (1,) * 8],
    3: [(6,), (4, 2), (2, 4), (2, 2, 2), (3, 1, 2), (1, 3, 2), (2, 2, 1, 1), (2, 1, 1, 2), (1, 2, 1, 2),
        (2, 1, 1, 1, 1), (1, 1, 2, 1, 1), (1,) * 6],
    2: [(4,), (2, 2), (3, 1), (2, 1, 1), (1, 2, 1), (1,) * 4],
}  # fmt: skip
CLOSING = {4: [(4, 4), (2, 2, 4), (2, 1, 1, 4)], 3: [(2, 4), (1, 1, 4)], 2: [(2, 2), (1, 1, 2)]}
STRONG = {4: (0.0, 2.0), 3: (0.0,), 2: (0.0,)}  # beats of a bar on which the ear expects chord tones
LEAP = np.array([1.0, 0, 0, 0.5, 0.6, 1.0, 6.0, 1.4, 2.2, 2.6, 6.0, 6.0, 3.0])  # cost of an interval, by semitones
TOO_FAR = 12.0
MOTIF = (-4, -2, -2, 2, 2, 4)  # semitones: the steps a new phrase would like, so that a flat skyline gives no trill


def strong_beats(bar: Bar) -> tuple[float, ...]:
    """Where in a bar the ear expects chord tones; in the last one, however long, only at its beginning."""
    return STRONG.get(round(bar.beats), (0.0,))


@dataclass(frozen=True)
class Line:
    """A melody.

    Attributes
    ----------
    beats : np.ndarray, shape (n, 2)
        Beginning and length of each note, quarter notes.
    pitches : np.ndarray of int, shape (n,)
        MIDI numbers.
    bars : np.ndarray of int, shape (n,)
        Bar each note begins in.
    """

    beats: np.ndarray
    pitches: np.ndarray
    bars: np.ndarray


def write_melody(
    plan: Plan,
    bars: list[Bar],
    chords: list[Chord],
    target: Callable[[float], float],
    bass_at: Callable[[float], int],
    density: np.ndarray,
) -> Line:
    """Find the tune.

    Parameters
    ----------
    plan : Plan
    bars : list of Bar
    chords : list of Chord
    target : callable
        Beat -> MIDI number (float) at which the picture would like the melody.
    bass_at : callable
        Beat -> MIDI number of the bass sounding there.
    density : np.ndarray, shape (n_bars,)
        0 few notes .. 1 many.

    Returns
    -------
    Line

    Notes
    -----
    Each phrase is one search (`cheapest_path`) over all scale notes near the target; strong beats take chord tones
    only; leaps, repeated notes and notes that leave a dissonance by leap cost; a phrase pays for leaving its motif:
    steps drawn by the seed, or the intervals it had when its letter last came. Tunes that run in fifths or octaves
    with the bass are searched again without the offending note.

    Taught in chapter 10, section "Choosing the best tune at once".
    """
    notes = [note for i, bar in enumerate(bars) for note in _rhythm(plan, bar, density[i], i)]
    beats = np.array([(beat, length) for beat, length, _ in notes])
    owner = np.array([i for *_, i in notes])
    pitches = np.zeros(len(notes), dtype=int)
    motifs: dict[str, np.ndarray] = {}
    search = _Search(plan, bars, chords, target, bass_at, beats, owner)
    for phrase in range(bars[-1].phrase + 1):
        inside = np.flatnonzero([bars[i].phrase == phrase for i in owner])
        label = bars[owner[inside[0]]].label
        before = int(pitches[inside[0] - 1]) if phrase else None
        fresh = plan.random("motif", label).choice(MOTIF, size=len(inside) - 1)
        pitches[inside] = search.phrase(inside, before, motifs.get(label, fresh), pitches)
        motifs[label] = np.diff(pitches[inside])
    return Line(beats, pitches, owner)


def _rhythm(plan: Plan, bar: Bar, density: float, index: int):
    if bar.cadence == "final":
        return [(bar.beat, bar.beats, index)]
    length = round(bar.beats)
    choose = plan.random("rhythm", bar.label, bar.place % 2)
    most = notes_in(length, density) + 0.5
    if bar.cadence:
        cells = [cell for cell in CLOSING[length] if len(cell) <= most] or CLOSING[length][:1]
        cell = cells[int(choose.integers(len(cells)))]
    else:
        wanted = length * (0.5 + 1.2 * density)

        def cost(cell):
            free = _syncopation(cell, plan.regularity) + choose.random()
            return abs(len(cell) - wanted) + free + 3.0 * max(len(cell) - most, 0.0)

        cell = min(CELLS[length], key=cost)
    onsets = np.concatenate([[0], np.cumsum(cell)[:-1]]) / 2
    return [(bar.beat + on, eighths / 2, index) for on, eighths in zip(onsets, cell, strict=True)]


def notes_in(beats: float, density: float) -> float:
    """At how many moments of a bar something is to begin: beats (0.4 + 2.9 density)."""
    return beats * (0.4 + 2.9 * density)


def _syncopation(cell: tuple[int, ...], regularity: float) -> float:
    """What a cell costs for notes off the beat: much in a regular picture, less than nothing in an irregular one."""
    offbeat = sum(1 for on, length in zip(np.cumsum((0, *cell)), cell, strict=False) if on % 2 and length > 1)
    return offbeat * 3.0 * (regularity - 0.3)


class _Search:
    """The choice of pitches for one phrase after another."""

    def __init__(self, plan, bars, chords, target, bass_at, beats, owner):
        self.plan, self.bars, self.owner, self.beats = plan, bars, owner, beats
        self.candidates = np.arange(round(plan.centre) - 14, round(plan.centre) + 15)
        starts = np.array([c.beat for c in chords])
        self.chord = [chords[k] for k in np.searchsorted(starts, beats[:, 0] + 1e-6, side="right") - 1]
        self.target = np.array([target(beat + length / 2) for beat, length in beats])
        self.distance = np.abs(self.candidates[:, None] - self.candidates[None, :])
        self.leap = np.where(self.distance < len(LEAP), LEAP[np.minimum(self.distance, len(LEAP) - 1)], TOO_FAR)
        self.scale = scale_classes(plan)
        self.strong = [
            (bar.beat + offset, bass_at(bar.beat + offset))
            for bar in bars
            for offset in strong_beats(bar)
            if offset < bar.beats
        ]

    def phrase(self, inside, before, motif, pitches) -> np.ndarray:
        """Search, and search again without the notes that ran parallel with the bass, until none does."""
        banned: set[tuple[int, int]] = set()
        while True:
            tune = self._once(inside, before, motif, banned)
            fresh = {(n, int(tune[n])) for n in self._parallel(inside, tune, pitches)} - banned
            if not fresh:
                return tune
            banned.add(max(fresh))  # the later of the two notes, as long as it can give way

    def _once(self, inside, before, motif, banned) -> np.ndarray:
        own, consonant = [], []
        for n, i in enumerate(inside):
            cost, fits = self._own(i, last=n == len(inside) - 1)
            for m, pitch in banned:
                if m == n:
                    cost = cost + 40.0 * (self.candidates == pitch)
            own.append(cost)
            consonant.append(fits)
        if before is not None:
            own[0] = own[0] + self.leap[np.flatnonzero(self.candidates == before)[0]]

        def step(n: int) -> np.ndarray:
            far = self.distance > 2
            cost = self.leap + 5.0 * (far & ~consonant[n - 1][:, None]) + 5.0 * (far & ~consonant[n][None, :])
            if n <= len(motif):
                moved = self.candidates[None, :] - self.candidates[:, None]
                cost = cost + 0.15 * np.abs(moved - motif[n - 1])
            return cost

        return self.candidates[cheapest_path(own, step)]

    def _own(self, i: int, *, last: bool) -> tuple[np.ndarray, np.ndarray]:
        """Cost of each candidate at note i by itself, and which of them belong to the chord."""
        chord, bar = self.chord[i], self.bars[self.owner[i]]
        classes = self.candidates % 12
        fits = np.isin(classes, chord.classes)
        raised = [c for c in chord.classes if c not in self.scale]
        scale = [c for c in self.scale if (c + 1) % 12 not in raised] + raised
        cost = 0.45 * np.abs(self.candidates - self.target[i])
        strong = (self.beats[i, 0] - bar.beat) in strong_beats(bar)
        cost = cost + np.where(fits, 0.0, NEVER if strong or self.beats[i, 1] > 1 else 0.6)
        cost = np.where(np.isin(classes, scale), cost, NEVER)
        if last and bar.cadence == "final":
            cost = np.where(classes == self.plan.tonic % 12, cost, NEVER)
        elif last and bar.cadence == "full":
            cost = cost + 2.0 * (classes != self.plan.tonic % 12)
        return cost, fits

    def _parallel(self, inside, tune, pitches) -> list[int]:
        """Numbers within the phrase of the first two notes that run parallel with the bass."""
        sounding = np.array(pitches)
        sounding[inside] = tune
        beats = [beat for beat, _ in self.strong if beat < self.beats[inside[-1]].sum()]
        at = np.searchsorted(self.beats[: inside[-1] + 1, 0], np.array(beats) + 1e-6, side="right") - 1
        for k in range(1, len(at)):
            before, after = at[k - 1], at[k]
            if after >= inside[0] and parallels(
                sounding[before], sounding[after], self.strong[k - 1][1], self.strong[k][1]
            ):
                return [int(n - inside[0]) for n in (before, after) if n >= inside[0]]
        return []
