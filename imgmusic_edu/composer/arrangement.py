"""From chords and tune to the notes of every part.

Taught in chapter 10, section "Who plays what".
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..instruments import INSTRUMENTS, PRESENCE_DB
from ..scores import Cause, Note, Part, Score
from .form import Bar, lay_out
from .harmony import Chord, harmonise, scale_classes
from .melody import notes_in, strong_beats, write_melody
from .plan import LEVEL, Plan
from .reading import Reading

GAINS = {"melody": 2.0, "harmony": -5.0, "accompaniment": -2.5, "bass": -9.0, "drums": -12.0}  # dB
USUAL_NOTES = 3.0  # a second in the accompaniment: those its gain above is for
KICK, STICK, SNARE, HAT, CRASH, TOM = 36, 37, 38, 42, 49, 45  # General MIDI drum numbers
DRUMS_FROM = (0.58, 0.67, 0.76)  # energy at which a light pulse, a beat, a full kit come in
SIXTEENTHS = {
    4: (0, 8, 4, 12, 6, 14, 2, 10, 3, 11, 7, 15, 1, 9, 5, 13),
    3: (0, 8, 4, 10, 2, 6, 11, 3, 7, 9, 1, 5),
    2: (0, 4, 6, 2, 3, 7, 1, 5),
}  # the order in which a bar fills up with notes, strong places first
FIGURES = ((0, 1, 2, 3), (0, 2, 1, 2), (0, 1, 2, 3, 2, 1), (0, 2, 1, 3))  # chord tones from low to high
FRICTION = (0.0, 0.4, 0.5, 0.65)  # dissonance at which each rubbing note begins to sound


def compose_score(plan: Plan, features, *, title: str = "") -> Score:
    """Write the piece a plan describes.

    Parameters
    ----------
    plan : Plan
    features : visual_features.VisualFeatures
        Of the picture the plan was made from; its columns are read from left to right.
    title : str

    Returns
    -------
    scores.Score
        Every note with its cause. The same plan and features give the same score.

    Notes
    -----
    Taught in chapter 10.
    """
    reading = Reading(plan, features)
    bars = lay_out(plan)
    strips = [(bar.beat, bar.beats) for bar in bars]
    chords = harmonise(
        plan, bars, reading.lightness(strips), lambda i, light: reading.lightness(strips, relit=(i, light))
    )
    density = bar_densities(plan, bars, reading)
    bass = _bass(plan, bars, chords, reading)
    melody = _melody(plan, bars, chords, bass, density, reading)
    figures = _figures(bars, density, melody)
    notes = [
        *melody,
        *_harmony(plan, chords, reading),
        *_accompaniment(plan, bars, chords, figures, reading),
        *bass,
    ]
    drums = _drums(plan, bars, figures, reading)
    beats = bars[-1].beat + bars[-1].beats
    busy = sum(map(len, figures)) * plan.tempo / 60 / beats
    parts = [Part(name, INSTRUMENTS[player], _gain(name, player, busy)) for name, player in plan.instruments.items()]
    if drums:
        parts.append(Part("drums", 0, GAINS["drums"], is_drum=True))
    return Score(
        notes=tuple(sorted([*notes, *drums], key=lambda n: (n.beat, n.part, n.pitch))),
        parts=tuple(parts),
        tempo=plan.tempo,
        beats_per_bar=plan.beats_per_bar,
        tonic=plan.tonic % 12,
        mode=plan.mode,
        seconds=plan.seconds,
        level=plan.level,
        brightness=plan.brightness,
        title=title,
    )


def bar_densities(plan: Plan, bars: list[Bar], reading: Reading) -> np.ndarray:
    """Density of each bar, shape (n_bars,): more where the picture is busy, but on average what the plan asks for."""
    busy = np.array([reading.busyness(bar.beat, bar.beats) for bar in bars])
    busy -= busy[:-1].mean()  # the last bar is one chord
    busy *= plan.bend("R15")
    room = min(plan.density, 1 - plan.density) / max(float(np.abs(busy).max()), 1e-9)
    return np.clip(plan.density + min(0.3, room) * busy, 0, 1)


def _gain(part: str, player: str, notes_a_second: float) -> float:
    """Gain of a part in dB. The more notes the accompaniment has, the softer they are: all together stay as loud."""
    if part != "accompaniment":
        return GAINS[part]
    return GAINS[part] + PRESENCE_DB.get(player, 0.0) - 10 * float(np.log10(max(notes_a_second, 0.1) / USUAL_NOTES))


def _velocity(plan: Plan, base: float, accent: float = 0.0) -> int:
    """Louder pieces are also played harder, which MIDI players can hear."""
    loud = (plan.level - LEVEL[0]) / (LEVEL[1] - LEVEL[0])
    return int(np.clip(round(base + 16 * loud + accent), 1, 127))


def _melody(plan, bars, chords, bass, density, reading) -> list[Note]:
    starts = np.array([note.beat for note in bass])

    def bass_at(beat: float) -> int:
        return bass[int(np.searchsorted(starts, beat + 1e-6, side="right")) - 1].pitch

    line = write_melody(plan, bars, chords, reading.melody_target, bass_at, density)
    held = 0.98 - 0.5 * plan.attack**2
    notes = []
    for (beat, beats), pitch, i in zip(line.beats, line.pitches, line.bars, strict=True):
        bar = bars[i]
        accent = 6.0 * ((beat - bar.beat) in strong_beats(bar)) + 2.0 * min(bar.place, 2)
        final = bar.cadence == "final"  # comes home, wherever the skyline is
        cause = reading.whole_cause("register") if final else reading.cause(beat, beats, "register", salient=True)
        sounding = beats if final else beats * held
        notes.append(Note(beat, sounding, int(pitch), _velocity(plan, 74, accent), "melody", cause))
    return notes


def _bass(plan: Plan, bars: list[Bar], chords: list[Chord], reading: Reading) -> list[Note]:
    """The chord's bass on its first beat; driven pieces repeat it on the next strong beats."""
    pulse = 4.0 if plan.energy < 0.44 else 2.0 if plan.energy < DRUMS_FROM[1] else 1.0
    notes = []
    for chord in chords:
        final = bars[chord.bar].cadence == "final"
        cause = _why(chord, reading)
        every = chord.beats if final else pulse
        for beat in np.arange(0, chord.beats, every):
            beats = min(every, chord.beats - beat)
            held = beats if final else beats * (0.96 - 0.4 * plan.attack**2)
            velocity = _velocity(plan, 78, 4.0 if beat == 0 else -6.0)
            notes.append(Note(chord.beat + beat, held, chord.bass, velocity, "bass", cause))
    return notes


def _harmony(plan: Plan, chords: list[Chord], reading: Reading) -> list[Note]:
    rubs = reading.whole_cause("dissonance")
    notes = []
    for n, chord in enumerate(chords):
        beats = chord.beats if n == len(chords) - 1 else chord.beats * 0.97
        cause = _why(chord, reading)
        notes += [Note(chord.beat, beats, p, _velocity(plan, 62), "harmony", cause) for p in chord.voices]
        if n < len(chords) - 1:
            notes += [Note(chord.beat, beats, p, v, "harmony", rubs) for p, v in friction(plan, chord)]
    return notes


def _why(chord: Chord, reading: Reading) -> Cause | None:
    """Why a chord is so: major or minor by the light of its strip, where that decides; else as high as it lies."""
    if chord.by_light:
        return reading.cause(chord.beat, chord.beats, "mode")
    return reading.whole_cause("register")


def friction(plan: Plan, chord: Chord) -> list[tuple[int, int]]:
    """Notes that rub against a chord, with velocities that grow with the plan's dissonance.

    First scale neighbours of the root and the fifth (an added ninth, an added sixth), then semitones outside the
    key against the third and the fifth. Taught in chapter 10, section "How much it rubs".
    """
    scale = scale_classes(plan)
    root, third, fifth = (next(p for p in chord.voices if p % 12 == c) for c in _present(chord))
    rubbing = [_neighbour(root, scale), _neighbour(fifth, scale), third + 1, fifth + 1]
    notes = []
    for pitch, start in zip(rubbing, FRICTION, strict=True):
        share = (plan.dissonance - start) / (1 - start)
        velocity = round(127 * share**0.6) if share > 0 else 0
        if velocity >= 8 and pitch not in chord.voices and pitch not in [p for p, _ in notes]:
            notes.append((pitch, velocity))
    return notes


def _present(chord: Chord) -> tuple[int, ...]:
    sounding = {p % 12 for p in chord.voices}
    return tuple(c if c in sounding else chord.voices[0] % 12 for c in chord.classes)


def _neighbour(pitch: int, scale: tuple[int, ...]) -> int:
    return next(p for p in range(pitch + 1, pitch + 4) if p % 12 in scale)


def _accompaniment(plan, bars, chords, figures, reading) -> list[Note]:
    """A broken chord whose number of notes to the bar follows the picture's complexity."""
    choose = plan.random("figure")
    shape = FIGURES[int(choose.integers(len(FIGURES)))]
    notes = []
    for i, (bar, onsets) in enumerate(zip(bars[:-1], figures[:-1], strict=True)):  # all but the last chord's
        inside = [c for c in chords if c.bar == i]
        cause = reading.cause(bar.beat, bar.beats, "density")
        for n, (on, off) in enumerate(zip(onsets, [*onsets[1:], bar.beats], strict=True)):
            chord = [c for c in inside if c.beat <= bar.beat + on + 1e-6][-1]
            tones = sorted({*chord.voices, chord.voices[0] + 12})
            pitch = tones[shape[n % len(shape)] % len(tones)]
            held = max(off - on, 0.5) * (1.0 - 0.45 * plan.attack)
            velocity = _velocity(plan, 64, 8.0 if on % 1 == 0 else 0.0)
            notes.append(Note(bar.beat + on, held, pitch, velocity, "accompaniment", cause))
    return notes


def _figures(bars: list[Bar], density: np.ndarray, melody: list[Note]) -> list[list[float]]:
    """Where the accompaniment has notes in each bar, in beats; none in the last, which is one chord."""
    figures = []
    for i, bar in enumerate(bars):
        tune = [note.beat - bar.beat for note in melody if 0 <= note.beat - bar.beat < bar.beats]
        figures.append([] if bar.cadence == "final" else places(density[i], round(bar.beats), i, tune))
    return figures


def places(density: float, beats: int, bar: int, tune: Iterable[float] = ()) -> list[float]:
    """Where in a bar the figure has notes, in beats.

    The number wanted, beats (0.4 + 2.9 density), is rarely whole; neighbouring bars share the fraction out
    (van der Corput 1935), so that the mean over a few of them follows the density closely. The places where the
    `tune` (beats) has notes come first: a bowed or blown note that begins alone is hardly heard to begin (the onset
    detector finds half of a clarinet's or a violin's), and the number of beginnings in the bar stays what was wanted.
    """
    share = (0.0, 0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875)[bar % 8]
    count = int(np.clip(int(notes_in(beats, density) + share), 1, 4 * beats))
    with_tune = {round(4 * place) for place in tune}
    order = sorted(SIXTEENTHS[beats], key=lambda place: place not in with_tune)  # strong places still before weak ones
    return sorted(place / 4 for place in order[:count])


def _drums(plan: Plan, bars: list[Bar], figures, reading: Reading) -> list[Note]:
    level = sum(plan.energy >= start for start in DRUMS_FROM)
    if not level:
        return []
    cause = reading.whole_cause("energy", sign=1)
    notes = []
    for bar, figure in zip(bars, figures, strict=True):
        for offset, drum, velocity in _pattern(level, bar, round(bar.beats), figure):
            notes.append(Note(bar.beat + offset, 0.25, drum, _velocity(plan, velocity), "drums", cause))
    return notes


def _pattern(level: int, bar: Bar, beats: int, figure: list[float]) -> list[tuple[float, int, int]]:
    """(offset in beats, drum, velocity) of one bar."""
    if bar.cadence == "final":
        return [(0.0, KICK, 70)] + ([(0.0, CRASH, 50)] if level == 3 else [])
    hits = [(0.0, KICK, 66)]
    back = [1.0, 3.0] if beats == 4 else [float(b) for b in range(1, beats)]
    if level == 1:
        return hits + [(b, STICK, 44) for b in back]
    hits += [(2.0, KICK, 58)] if beats == 4 else []
    hits += [(b, STICK if level == 2 else SNARE, 60) for b in back]
    hits += [(on, HAT, 40 if on % 1 else 48) for on in figure if on % 0.5 == 0]
    if level == 3:
        hits += [(0.0, CRASH, 52)] if bar.place == 0 else []
        hits += [(beats - 0.5, TOM, 56)] if bar.cadence else []
    return hits
