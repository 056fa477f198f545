"""A sequencer: the score road, played half beat by half beat, so that the next half beat can still be another one.

Eight bars, a *verse*, are composed at once; when they have been played, the next eight come, by the next seed. Whoever
steers gets a new verse, which goes on at the same place of the same bar. A part that would play the same notes goes
on playing them; one that would not is damped, and comes in with its new ones.

Taught in chapter 11, section "Live".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..composer import Plan, compose_score, make_plan
from ..scores import Score
from ..sounds import SAMPLE_RATE
from ..synthesizer import convolve, integrated_loudness, jobs_of, mixed, played, room_response, soundfont
from .streams import Stream, given

__all__ = ["Sequencer", "Verse"]

BARS = 8  # of a verse
TICK = 0.5  # beats: the grid on which music changes
MEASURED = 2  # bars by which a verse's gain is set
DAMPED = 0.12  # s in which a part that changes falls silent
WORTH = 0.5  # ticks: a note that ends sooner is not begun in its middle


@dataclass(frozen=True)
class Verse:
    """Eight bars, cut into ticks.

    Attributes
    ----------
    plan : composer.Plan
    score : scores.Score
    ticks : list of list of (str, tuple)
        For each tick the parts that begin a note in it, and the note as `synthesizer.jobs_of` gives it.
    response : np.ndarray, float64
        Room, brightness and gain, in one impulse response.
    """

    plan: Plan
    score: Score
    ticks: list
    response: np.ndarray

    def sample(self, tick: int) -> int:
        """Where a tick begins."""
        return _sample(self.plan, tick)

    def held(self, tick: int) -> dict[str, list]:
        """Part -> notes that began before a tick and go on beyond it; drums ring as they were struck."""
        now, least = self.sample(tick), WORTH * self.sample(1)
        found = defaultdict(list)
        for part, job in (entry for entries in self.ticks[:tick] for entry in entries):
            if part != "drums" and job[1] + job[2] > now + least:
                found[part].append(job)
        return found


def verse(features, number: int, *, begin: float = 0.0, **settings) -> Verse:
    """Compose eight bars.

    Parameters
    ----------
    features : visual_features.VisualFeatures
    number : int
        Verses of one stream have their players and their metre in common.
    begin : float
        Share of the verse from which it will be played first: how loud it is, is measured there.
    **settings
        As `composer.make_plan` takes them.

    Notes
    -----
    Taught in chapter 11, section "Live".
    """
    seed = settings.pop("seed", 0)
    seeds = {"metre": seed, "players": seed} | settings.pop("seeds", {})
    plan = make_plan(features, seed=seed + number, seeds=seeds, **settings)
    plan = replace(plan, seconds=BARS * plan.beats_per_bar * 60 / plan.tempo)
    score = compose_score(plan, features)
    ticks: list[list] = [[] for _ in range(round(BARS * plan.beats_per_bar / TICK))]
    edges = [_sample(plan, tick) for tick in range(len(ticks))]
    for part in score.parts:
        notes = tuple(note for note in score.notes if note.part == part.name)
        for job in jobs_of(replace(score, parts=(part,), notes=notes), soundfont(), SAMPLE_RATE):
            ticks[int(np.searchsorted(edges, job[1], side="right")) - 1].append((part.name, job))
    response = room_response(score.brightness, SAMPLE_RATE)
    bar = len(ticks) // BARS
    first = min(int(begin * BARS), BARS - 1 - MEASURED) * bar  # never the last bar: it is one long chord
    heard = _bars(ticks[first : first + MEASURED * bar], edges[first], edges[first + MEASURED * bar], response)
    gain = 10 ** ((score.level - integrated_loudness(heard, SAMPLE_RATE)) / 20)
    return Verse(plan, score, ticks, response * gain)


def _sample(plan, tick):
    return round(tick * TICK * 60 / plan.tempo * SAMPLE_RATE)


def _bars(ticks, begin, end, response):
    """Some bars by themselves. All eight would take four times as long, most of it for tones not needed yet."""
    jobs = [(strike, onset - begin, *held) for entries in ticks for _, (strike, onset, *held) in entries]
    return convolve(mixed(jobs, end - begin, soundfont(), SAMPLE_RATE), response)


class Sequencer(Stream):
    """The score road without an end.

    Parameters
    ----------
    picture, **settings
        As `open_stream` takes them.

    Attributes
    ----------
    verse : Verse
        What is being played.

    Notes
    -----
    Taught in chapter 11, section "Live".
    """

    def __init__(self, picture, **settings):
        self.verse: Any = None
        self._next: Any = None  # asked for, and not begun
        self._number = self._tick = 0
        self._dry: dict[str, np.ndarray] = {}  # part -> what it will still be heard to have played
        self._tail = np.zeros(0, np.float32)  # of the room
        self._response: np.ndarray | None = None  # of the last tick
        self._keys: dict[str, list] = {}  # part -> (voice, sample from now at which it is let go)
        super().__init__(picture, **settings)

    @property
    def words(self) -> str:
        plan = (self._next or self.verse).plan
        players = ", ".join(name.replace("_", " ") for name in plan.instruments.values())
        return f"{plan.tempo:.0f} beats per minute in {plan.key_name}; {players}"

    def _prepare(self, features, settings):
        begin = 0.0 if self.verse is None else self._tick / len(self.verse.ticks)
        self._next = verse(features, self._number, begin=begin % 1, **settings)

    def _produce(self):
        """One tick."""
        self._turn()
        now = self.verse
        for part, job in now.ticks[self._tick]:
            self._strike(part, job, job[1] - now.sample(self._tick))
        n = now.sample(self._tick + 1) - now.sample(self._tick)
        self._tick += 1
        dry = np.zeros(n, np.float32)
        for part, samples in self._dry.items():
            heard = samples[:n]
            dry[: len(heard)] += heard
            self._dry[part] = samples[n:].copy()
        self._keys = {part: [(voice, end - n) for voice, end in keys if end > n] for part, keys in self._keys.items()}
        return self._in_room(dry)

    def _turn(self):
        """Go on to another verse, where one waits or this one is over."""
        old, new = self.verse, self._next
        if new is not None:
            self._next = None
            self._tick = self._tick if old is None else _place(old.plan, self._tick, new.plan)
        elif old is not None and self._tick == len(old.ticks):
            self._number, self._tick = self._number + 1, 0
            new = verse(self._features, self._number, **given(self.settings))
        if new is None:
            return
        self.verse = new
        held, least = new.held(self._tick), WORTH * new.sample(1)
        for part in {*self._dry, *held} - {"drums"}:
            sounding = {voice for voice, end in self._keys.get(part, []) if end > least}
            if sounding == {job[0].voice for job in held[part]}:
                continue
            self._damp(part)
            for strike, onset, length, _ in held[part]:
                self._strike(part, (strike, 0, onset + length - new.sample(self._tick), None), 0)

    def _strike(self, part, job, onset):
        """Let a part play a note, `onset` samples from now."""
        samples = played(job, soundfont(), SAMPLE_RATE)
        line, end = self._dry.get(part, np.zeros(0, np.float32)), onset + len(samples)
        if end > len(line):
            line = np.pad(line, (0, end - len(line)))
        line[onset:end] += samples
        self._dry[part] = line
        self._keys.setdefault(part, []).append((job[0].voice, onset + job[2]))

    def _damp(self, part):
        line = self._dry.get(part, np.zeros(0, np.float32))[: round(DAMPED * SAMPLE_RATE)]
        self._dry[part] = line * np.linspace(1, 0, len(line), dtype=np.float32)
        self._keys[part] = []

    def _in_room(self, dry):
        """A tick in its room; where the room, the brightness or the level has changed, from the old to the new."""
        new, old = self.verse.response, self._response
        self._response = new
        if old is None or new is old:
            wet = _rung(dry, new)
        else:
            rising = np.linspace(0, 1, len(dry), dtype=np.float32)
            wet = _rung(dry * rising, new) + _rung(dry * (1 - rising), old)
        if len(self._tail) > len(wet):
            wet = np.pad(wet, (0, len(self._tail) - len(wet)))
        wet[: len(self._tail)] += self._tail
        self._tail = wet[len(dry) :].copy()
        return wet[: len(dry)]


def _rung(dry, response):
    """Samples filtered, the ringing after their end included."""
    return convolve(np.pad(dry, (0, len(response))), response)


def _place(old: Plan, tick: int, new: Plan) -> int:
    """The tick at which a new verse takes over: the same place of the same bar; where bars differ, the bar's start."""
    bar, place = divmod(tick, round(old.beats_per_bar / TICK))
    length = round(new.beats_per_bar / TICK)
    return bar % BARS * length + (place if old.beats_per_bar == new.beats_per_bar else 0)
