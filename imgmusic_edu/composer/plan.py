"""The plan of a piece: what the picture asks for, in musical numbers, before a note is written.

Taught in chapter 10, section "From feelings to numbers".
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import numpy as np

from .. import crossmodal
from ..instruments import INSTRUMENTS
from ..scores import MODES, key_name

SECONDS = (8.0, 180.0)
TEMPO = (68.0, 128.0)  # BPM; pictures stay well within, so that no listener takes a tempo for its double
LOCKED_TEMPO = (40.0, 200.0)  # BPM that people may ask for
CENTRE = (54.0, 86.0)  # MIDI number in the middle of the melody, from low to high pictures
LEVEL = (-23.0, -15.0)  # LUFS of the whole piece
MODE_STEPS = (("minor", 0.43), ("dorian", 0.5), ("mixolydian", 0.56), ("major", 1.0))  # share of the range up to which
WALTZ = 3  # every fourth seed, from this one on, is in three: no experiment ties metre to sight
PARTS = ("melody", "harmony", "accompaniment", "bass")
CHOICES = ("metre", "players", "chords", "rhythm", "motif", "figure")  # what the seed decides, each by itself

# The picture's brightness chooses among soloists, dark to bright as measured (instruments.TIMBRES), its angularity
# between soft and sharp attacks; the seed chooses within a cell, and the band that plays with the soloist.
BRIGHTER = (0.27, 0.4, 0.6)  # wanted brightness from which the next soloists play: near natural pictures' quartiles
SOLOISTS = {
    "soft": (("horn", "pan_flute"), ("cello", "flute"), ("violin", "sax"), ("clarinet", "violin")),
    "sharp": (("marimba", "vibraphone"), ("nylon_guitar", "piano"), ("piano", "sax"), ("trumpet", "clarinet")),
}
BANDS = {  # harmony and accompaniment: smooth ones for round shapes, those whose tones beat for angular ones (R12)
    "soft": (("electric_piano", "harp"), ("organ", "harp"), ("electric_piano", "nylon_guitar")),
    "sharp": (("strings", "piano"), ("warm_pad", "piano"), ("strings", "marimba")),
}
BASS = "acoustic_bass"


@dataclass(frozen=True)
class Plan:
    """What a piece is going to be.

    Attributes
    ----------
    seconds : float
        Length of the sound.
    seed : int
        Choices the picture leaves open.
    tempo : float
        Beats per minute.
    beats_per_bar : int
        3 or 4; 2 in very short pieces.
    tonic : int
        MIDI number of the tonic next below the middle of the melody.
    mode : str
        One of `scores.MODES`.
    centre, span : float
        Middle of the melody (MIDI number), and how far one standard deviation of the skyline moves it (semitones).
    level : float
        Integrated loudness of the piece, LUFS.
    brightness : float
        Spectral tilt, -1 dark to 1 bright.
    attack, dissonance, density, regularity, energy : float
        0 to 1: legato to staccato, pure to harsh, few to many notes, free to even rhythm, calm to driven.
    instruments : dict
        Part -> instrument name.
    contributions : list of crossmodal.Contribution
        What each rule added.
    locked : tuple of str
        What was set by hand rather than asked for by the picture.
    weights : dict
        How far rules were bent, as `make_plan` was told.
    seeds : dict
        Of the `CHOICES` that do not go by `seed`.
    """

    seconds: float
    seed: int
    tempo: float
    beats_per_bar: int
    tonic: int
    mode: str
    centre: float
    span: float
    level: float
    brightness: float
    attack: float
    dissonance: float
    density: float
    regularity: float
    energy: float
    instruments: dict[str, str]
    contributions: list = field(default_factory=list, repr=False)
    locked: tuple[str, ...] = ()
    weights: dict[str, float] = field(default_factory=dict, repr=False)
    seeds: dict[str, int] = field(default_factory=dict, repr=False)

    def bend(self, rule: str) -> float:
        """How far a rule is bent: 1 as it stands in the table, 0 switched off."""
        return self.weights.get(rule, 1.0)

    def random(self, choice: str, *place: int | str) -> np.random.Generator:
        """The generator of one of the `CHOICES`, at one place of the piece."""
        return random_for(self.seeds.get(choice, self.seed), choice, *place)

    @property
    def key_name(self) -> str:
        """Such as 'D dorian'."""
        return key_name(self.tonic % 12, self.mode)

    @property
    def total_beats(self) -> float:
        """Quarter notes from the first sample to the last."""
        return self.seconds * self.tempo / 60


def random_for(seed: int, *place: int | str) -> np.random.Generator:
    """A random generator for one place of a piece, such as (seed, "rhythm", 3).

    Each place has its own, so that a small change of the picture changes the music a little rather than everything
    after it.
    """
    words = [seed]
    for item in place:
        words.extend(item.encode() if isinstance(item, str) else [item])
    return np.random.default_rng(words)


def make_plan(
    features,
    *,
    seconds: float = 20.0,
    seed: int = 0,
    tempo: float | None = None,
    key: str | None = None,
    mode: str | None = None,
    instruments: Sequence[str | None] | None = None,
    weights: Mapping[str, float] | None = None,
    seeds: Mapping[str, int] | None = None,
) -> Plan:
    """Read the rules off a picture.

    Parameters
    ----------
    features : visual_features.VisualFeatures
    seconds : float
        8 to 180.
    seed : int
        Non-negative; the same seed gives the same piece, another seed another that obeys the same rules.
    tempo : float, optional
        Beats per minute, 40 to 200; by default what the picture asks for.
    key : str, optional
        Tonic such as "D", "F#" or "Bb", with or without a mode ("D dorian").
    mode : str, optional
        major, mixolydian, dorian or minor.
    instruments : sequence of str, optional
        Names from `instruments.INSTRUMENTS` for melody, harmony, accompaniment and bass, in this order; those left
        out, or None, are chosen by the picture.
    weights : mapping, optional
        Bends rules: {"R5": 0} switches off height, {"R9": 2} doubles lightness. A rule that also acts from place to
        place (R5 on the tune, R1 on the chords, R15 on the figure) is bent there too, and one that is switched off
        gives no note a cause.
    seeds : mapping, optional
        Seeds of single `CHOICES` that are not to go by `seed`: {"chords": 3} keeps the chords of seed 3 as long as
        metre, mode and length allow.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        A setting out of range; the message says what would do.

    Notes
    -----
    Taught in chapter 10, section "From feelings to numbers".
    """
    seconds = number("length", seconds, SECONDS, "seconds")
    seed = whole_seed(seed)
    weights, seeds = dict(weights or {}), _seeds(seeds)
    instruments = instruments if any(instruments or ()) else None
    locked = [
        name
        for name, value in {"tempo": tempo, "key": key, "mode": mode, "instruments": instruments}.items()
        if value is not None
    ]
    tonic_class, key_mode = parse_key(key) if key is not None else (None, None)
    mode = _mode(mode) if mode is not None else key_mode
    found = crossmodal.contributions({name: features.standardised(name) for name in features.whole}, weights)
    wanted = {name: crossmodal.squash(drive) for name, drive in crossmodal.drives(found).items()}
    centre = _between(CENTRE, wanted["register"])
    choose = random_for(seeds.get("players", seed), "plan")
    tempo = _asked_tempo(wanted["tempo"]) if tempo is None else number("tempo", tempo, LOCKED_TEMPO, "BPM")
    beats_per_bar = bar_length(seconds * tempo / 60, 3 if seeds.get("metre", seed) % 4 == WALTZ else 4)
    below = int(choose.integers(3, 8))
    tonic = round(centre) - below
    if tonic_class is not None:
        tonic += (tonic_class - tonic + 5) % 12 - 5
    return Plan(
        seconds=seconds,
        seed=seed,
        tempo=tempo,
        beats_per_bar=beats_per_bar,
        tonic=tonic,
        mode=mode or next(name for name, end in MODE_STEPS if wanted["mode"] <= end),
        centre=centre,
        span=_span(features.columns["skyline"]) * weights.get("R5", 1.0),
        level=_between(LEVEL, wanted["loudness"]),
        brightness=2 * wanted["brightness"] - 1,
        attack=wanted["attack"],
        dissonance=wanted["dissonance"],
        density=wanted["density"],
        regularity=wanted["regularity"],
        energy=wanted["energy"],
        instruments=_instruments(instruments, wanted, choose),
        contributions=found,
        locked=tuple(locked),
        weights=weights,
        seeds=seeds,
    )


def parse_key(text: str) -> tuple[int, str | None]:
    """Tonic (0 is C) and mode of a key's name.

    >>> parse_key("F# minor")
    (6, 'minor')
    >>> parse_key("Bb")
    (10, None)
    """
    match = re.fullmatch(r"\s*([A-Ga-g])([#b]?)\s*(\w+)?\s*", str(text))
    if not match or (match[3] and match[3].lower() not in MODES):
        raise ValueError(f"The key {text!r} is not known; write it as D, F#, Bb or with a mode as in 'D dorian'.")
    semitone = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}[match[1].lower()]
    return (semitone + {"#": 1, "b": -1, "": 0}[match[2]]) % 12, match[3].lower() if match[3] else None


def bar_length(total_beats: float, beats_per_bar: int) -> int:
    """Very short pieces get bars of two, so that there is a phrase before the ending."""
    return beats_per_bar if total_beats >= 3.5 * beats_per_bar else 2


def _asked_tempo(share: float) -> float:
    """Steps of equal ratio sound equal, so the range is crossed in logarithms."""
    return TEMPO[0] * (TEMPO[1] / TEMPO[0]) ** share


def _span(skyline: np.ndarray) -> float:
    """A lively skyline moves the melody further, but a flat one still moves it."""
    return 2.5 + 3.0 * min(float(np.std(skyline)) / 0.15, 1.0)


def _instruments(asked: Sequence[str | None] | None, wanted: Mapping[str, float], choose) -> dict[str, str]:
    asked = list(asked or [])
    if len(asked) > len(PARTS):
        raise ValueError(f"{len(asked)} instruments were named; there are {len(PARTS)} parts: {', '.join(PARTS)}.")
    for name in filter(None, asked):
        if name not in INSTRUMENTS:
            raise ValueError(f"There is no instrument {name!r}; there are {', '.join(sorted(INSTRUMENTS))}.")
    attack = "sharp" if wanted["attack"] > 0.5 else "soft"
    soloists = SOLOISTS[attack][sum(wanted["brightness"] > step for step in BRIGHTER)]
    band = BANDS[attack][int(choose.integers(len(BANDS[attack])))]
    chosen = (soloists[int(choose.integers(len(soloists)))], *band, BASS)
    return {part: own or other for part, own, other in zip_longest(PARTS, asked, chosen)}


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * share


def number(what: str, value, ends: tuple[float, float], unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not math.isfinite(value):
        raise ValueError(f"The {what} must be a number from {ends[0]:g} to {ends[1]:g} {unit}, not {value!r}.")
    if not ends[0] <= value <= ends[1]:
        raise ValueError(f"The {what} must lie between {ends[0]:g} and {ends[1]:g} {unit}, not at {value:g}.")
    return float(value)


def _seeds(seeds: Mapping[str, int] | None) -> dict[str, int]:
    for name in seeds or {}:
        if name not in CHOICES:
            raise ValueError(f"There is no choice {name!r} to seed; there are {', '.join(CHOICES)}.")
    return {name: whole_seed(seed) for name, seed in (seeds or {}).items()}


def whole_seed(seed) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"The seed must be a whole number from 0 up, not {seed!r}.")
    return int(seed)


def _mode(mode: str) -> str:
    if str(mode).lower() not in MODES:
        raise ValueError(f"There is no mode {mode!r}; there are {', '.join(MODES)}.")
    return str(mode).lower()
