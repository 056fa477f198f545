"""Pieces of which key, tempo or notes are known: shipped scores made playable and cut, and chorales by Bach."""

from __future__ import annotations

import csv
import dataclasses
from functools import cache

from imgmusic_edu import datasets
from imgmusic_edu.scores import PITCH_NAMES, Note, Part, Score
from imgmusic_edu.synthesizer import soundfont

CHORALE_PLAYERS = ((19,) * 4, (52,) * 4, (0,) * 4, (48, 48, 48, 42))  # organ, choir, piano, strings


def playable(score):
    """The score for the shipped SoundFont: the nearest program (of the same family of eight), drums that there are."""
    programs = [program for program in soundfont().programs if program < 128]
    drums = {part.name for part in score.parts if part.is_drum}

    def nearest(program):
        family = [p for p in programs if p // 8 == program // 8]
        return min(family or programs, key=lambda p: abs(p - program))

    parts = [p if p.is_drum else dataclasses.replace(p, program=nearest(p.program)) for p in score.parts]
    notes = [note for note in score.notes if note.part not in drums or 27 <= note.pitch <= 87]
    return dataclasses.replace(score, notes=notes, parts=parts)


def passage(score, first, last, *, shift=0):
    """The notes that begin between two moments, in seconds, as a playable score; moved by `shift` semitones."""
    score = playable(score)
    first, last = (moment * score.tempo / 60 - 1e-3 for moment in (first, last))
    drums = {part.name for part in score.parts if part.is_drum}
    notes = [
        dataclasses.replace(n, beat=max(0.0, n.beat - first), pitch=n.pitch + shift * (n.part not in drums))
        for n in score.notes
        if first <= n.beat < last
    ]
    seconds = min(max(n.end for n in notes), last - first + 4) * 60 / score.tempo + 1
    return dataclasses.replace(score, notes=notes, seconds=seconds)


@cache
def midi(name):
    return Score.from_midi(datasets.data_path(name))


def known_keys():
    """The rows of the shipped table, with numbers as numbers and the tonic as a pitch class."""
    with datasets.data_path("known_keys").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    classes = {name: place for place, name in enumerate(PITCH_NAMES)} | {"Db": 1}
    spans = ("from_seconds", "to_seconds")
    return [row | {"tonic": classes[row["tonic"]]} | {end: float(row[end]) for end in spans} for row in rows]


def steady_pieces():
    """Names of the shipped scores whose file gives one tempo, in beats."""
    import mido

    rows = [row for row in datasets.ledger() if row["kind"] == "scores" and "no beats" not in row["note"]]
    names = []
    for name in (row["name"] for row in rows):
        file = mido.MidiFile(datasets.data_path(name), clip=True)
        now, late = 0, False
        for message in mido.merge_tracks(file.tracks):
            now += message.time
            late |= message.type == "set_tempo" and now > 0
        if not late:
            names.append(name)
    return names


def chorale_paths():
    """Bach's chorales in music21's corpus; none where music21 is not installed."""
    try:
        from music21 import corpus
    except ImportError:
        return []
    return sorted(str(path) for path in corpus.getComposer("bach") if "bwv" in str(path))


def chorale(path, number):
    """A chorale as (score, tonic, mode), or None where its key is not plain: four voices, one signature, and a last
    bass note that is the major or the minor tonic of it."""
    from music21 import corpus, key

    piece = corpus.parse(path)
    signatures = {signature.sharps for signature in piece.recurse().getElementsByClass(key.KeySignature)}
    if len(piece.parts) != 4 or len(signatures) != 1:
        return None
    parts = [Part(f"voice {k}", program) for k, program in enumerate(CHORALE_PLAYERS[number % 4])]
    notes = [
        Note(float(n.offset), float(n.quarterLength), pitch.midi, 80, part.name)
        for part, voice in zip(parts, piece.parts, strict=True)
        for n in voice.flatten().notes
        for pitch in n.pitches
        if n.quarterLength > 0
    ]
    last = max((n for n in notes if n.part == "voice 3"), key=lambda n: n.beat).pitch % 12
    home = 7 * signatures.pop() % 12
    if last not in (home, (home + 9) % 12) or max(n.end for n in notes) > 100:
        return None
    mode = "major" if last == home else "minor"
    return Score(notes, parts, 84, 4, last, mode, max(n.end for n in notes) * 60 / 84 + 1.5), last, mode
