"""What a note's explanation accounts for, asked of a score: how high, major or minor, how many, how harsh, how driven.

Taught in chapter 11, section "Is the explanation true?".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from .. import audio_features
from ..scores import Cause, Note, Score
from ..sounds import SAMPLE_RATE

__all__ = ["heard_at", "quality_at", "window"]

NOTHING = float("nan")
HAIR = 1e-6  # s
SECONDS_APART = (1, 2, 10, 11)  # semitones: intervals that rub, octaves taken off
TRIADS = {(4, 7): 1.0, (3, 7): 0.0}  # above the root -> major or minor


def quality_at(score: Score, note: Note, *, like: Score | None = None) -> float:
    """The quality that a note's explanation accounts for, where the note sounds.

    Parameters
    ----------
    score : Score
        Which is asked.
    note : Note
        Says what is asked (its cause's quality), of which part, and when.
    like : Score, optional
        The note's own score, where another one is asked.

    Returns
    -------
    float
        "register": mean MIDI number, by length; "mode": 1 major, 0 minor; "density": notes a beat; "dissonance": how
        hard the notes of a chord rub, each by the velocity of its hardest second or seventh; "energy": velocity of the
        drums a beat. NaN where there is none to ask.
    """
    return _ASK[_cause(note).quality](score, note.part, *window(like or score, note))


def heard_at(score: Score, note: Note, *, like: Score | None = None) -> float:
    """The same of the waveform of the part, played alone, where the note sounds.

    "register": median pitch by `audio_features.pitch_track`, semitones; "density": onsets a beat. NaN where nothing is
    heard, and for the other qualities, which no measure of a moment tells.
    """
    from ..synthesizer import render

    start, end = window(like or score, note)
    alone = replace(
        score,
        notes=tuple(other for other in score.notes if other.part == note.part),
        parts=tuple(part for part in score.parts if part.name == note.part),
    )
    first, last = round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)
    samples = render(alone)[first:last]
    if not len(samples) or np.abs(samples).max() < 1e-4:
        return NOTHING
    samples = np.pad(samples, (0, max(0, SAMPLE_RATE - len(samples))))  # shorter ones are not measured
    if _cause(note).quality == "register":
        _, frequency, confidence = audio_features.pitch_track(samples)
        clear = frequency[np.isfinite(frequency) & (confidence > 0.8)]
        return float(69 + 12 * np.log2(np.median(clear) / 440)) if len(clear) else NOTHING
    if _cause(note).quality == "density":
        return len(audio_features.onsets(samples)) / ((end - start) * score.tempo / 60)
    return NOTHING


def window(score: Score, note: Note) -> tuple[float, float]:
    """From when to when a note's explanation speaks, s: the note, its bar, or the whole piece."""
    quality, region = _cause(note).quality, _cause(note).region
    if region == (0.0, 0.0, 1.0, 1.0):
        return 0.0, score.seconds
    if quality == "density":
        bar = int((note.beat + HAIR) // score.beats_per_bar)
        return score.seconds_of(bar * score.beats_per_bar), score.seconds_of((bar + 1) * score.beats_per_bar)
    return score.seconds_of(note.beat), score.seconds_of(note.end)


def _cause(note) -> Cause:
    if note.cause is None:
        raise ValueError("The note has no cause: there is no explanation to ask about.")
    return note.cause


def _sounding(score, part, start, end):
    """(seconds within the window, note) of a part, without what is added only to rub."""
    for note in score.notes:
        seconds = min(score.seconds_of(note.end), end) - max(score.seconds_of(note.beat), start)
        if note.part == part and seconds > 0 and not (note.cause and note.cause.quality == "dissonance"):
            yield seconds, note


def _height(score, part, start, end):
    found = list(_sounding(score, part, start, end))
    total = sum(seconds for seconds, _ in found)
    return sum(seconds * note.pitch for seconds, note in found) / total if total else NOTHING


def _major(score, part, start, end):
    """Of the chord that begins last before the middle of the window."""
    begun = [note for _, note in _sounding(score, "harmony", start, end)]
    begun = [note for note in begun if score.seconds_of(note.beat) <= (start + end) / 2 + HAIR]
    last = max((note.beat for note in begun), default=None)
    classes = {note.pitch % 12 for note in begun if note.beat == last}
    for root in classes:
        above = tuple(sorted((pitch - root) % 12 for pitch in classes - {root}))
        if above in TRIADS:
            return TRIADS[above]
    return NOTHING


def _beginnings(score, part, start, end):
    times = [score.seconds_of(note.beat) for note in score.notes if note.part == part]
    return sum(start - HAIR <= time < end - HAIR for time in times) / ((end - start) * score.tempo / 60)


def _friction(score, part, start, end):
    chords = defaultdict(list)
    for note in score.notes:
        if note.part == part:
            chords[note.beat].append(note)
    rubbing = sum(max(_rubs(note, notes), default=0) for notes in chords.values() for note in notes)
    return rubbing / max(len(chords), 1)


def _rubs(note, notes):
    """How hard each other note rubs against this one."""
    return (min(note.velocity, other.velocity) for other in notes if (note.pitch - other.pitch) % 12 in SECONDS_APART)


def _drive(score, part, start, end):
    return sum(note.velocity for note in score.notes if note.part == part) / ((end - start) * score.tempo / 60)


_ASK = {"register": _height, "mode": _major, "density": _beginnings, "dissonance": _friction, "energy": _drive}
