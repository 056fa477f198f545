"""MIDI files: writing a score so that notation programs open it, and reading one back.

Behind `Score.to_midi` and `Score.from_midi`.  MIDI counts time in ticks; we use 480 to the quarter note,
so a rounded onset is at most half a tick (0.5 ms at 60 beats a minute) from the score's.

Taught in chapter 10, "A picture as a score".
"""

import contextlib
import io
import json
import math
from collections import Counter
from pathlib import Path

import mido

from imgmusic_edu.files import open_source, printable, write_atomically
from imgmusic_edu.scores import DEFAULT_LEVEL, MODES, Note, Part, Score, ScoreError

TICKS_PER_BEAT = 480
DRUM_CHANNEL = 9  # "channel 10" in the General MIDI documents, which count from 1
MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
VOLUME, BRIGHTNESS = 7, 74  # controller numbers
NEUTRAL_VOLUME = 100  # General MIDI's own start value of controller 7; a part's gain moves it
BEYOND_MIDI = ("tonic", "mode", "seconds", "level", "brightness")  # what MIDI has no event for ...
META_TAG = "imgmusic_edu "  # ... travels in a text event that opens with this
DEFAULT_TAIL = 2.0  # seconds left to ring after the last note of a file that does not say

_MAJOR_SIGNATURES = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINOR_SIGNATURES = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")


def write(score, target):
    """Write `score` to a path (whole or not at all) or into a binary file object; see `Score.to_midi`."""
    midi_file = _midi_file_of(score)
    if hasattr(target, "write"):
        midi_file.save(file=target)
        return
    content = io.BytesIO()
    midi_file.save(file=content)
    write_atomically(target, content.getvalue())


def _midi_file_of(score):
    # UTF-8, because titles and names may be in any language; mido's own default knows Latin letters only.
    midi_file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    midi_file.tracks.append(_conductor_track(score))
    free_channels = iter(MELODIC_CHANNELS)
    for part in score.parts:
        channel = DRUM_CHANNEL if part.is_drum else next(free_channels, None)
        if channel is None:
            raise ScoreError(f"A MIDI file has room for {len(MELODIC_CHANNELS)} melodic parts, but the score has more.")
        notes = [note for note in score.notes if note.part == part.name]
        midi_file.tracks.append(_part_track(part, notes, channel, score.brightness))
    return midi_file


def _conductor_track(score):
    third_is_minor = MODES[score.mode][2] == 3
    signatures = _MINOR_SIGNATURES if third_is_minor else _MAJOR_SIGNATURES
    beyond_midi = {name: getattr(score, name) for name in BEYOND_MIDI}
    return mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name=score.title),
            mido.MetaMessage("text", text=META_TAG + json.dumps(beyond_midi)),
            mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(score.tempo)),
            mido.MetaMessage("time_signature", numerator=score.beats_per_bar, denominator=4),
            mido.MetaMessage("key_signature", key=signatures[score.key_signature + 7]),
            mido.MetaMessage("end_of_track"),
        ]
    )


def _part_track(part, notes, channel, brightness):
    # General MIDI: gain = 40 log10(controller 7 / 127) dB, so ten times the gain is forty times the exponent.
    volume = min(127, max(1, round(NEUTRAL_VOLUME * 10 ** (part.gain_db / 40))))
    track = mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name=part.name),
            mido.Message("program_change", channel=channel, program=part.program),
            mido.Message("control_change", channel=channel, control=VOLUME, value=volume),
            mido.Message("control_change", channel=channel, control=BRIGHTNESS, value=round(63.5 + 63.5 * brightness)),
        ]
    )
    now = 0
    for tick, kind, pitch, velocity in sorted(_events(notes)):
        name = "note_on" if kind else "note_off"
        track.append(mido.Message(name, channel=channel, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track"))
    return track


def _events(notes):
    """(tick, 0 for off or 1 for on, pitch, velocity): sorted, an off comes before an on at the same tick.

    MIDI cannot say which of two equal pitches a note-off means, so a note still sounding when its pitch is
    struck again ends there, and of two struck together only the longest is kept (as loud as the louder).
    """
    spans = {}  # (pitch, first tick) -> (last tick, velocity)
    for note in notes:
        first = round(note.beat * TICKS_PER_BEAT)
        last = max(first + 1, round(note.end * TICKS_PER_BEAT))
        longest, loudest = spans.get((note.pitch, first), (0, 0))
        spans[note.pitch, first] = (max(longest, last), max(loudest, note.velocity))
    following = None
    for (pitch, first), (last, velocity) in sorted(spans.items(), reverse=True):
        if following and following[0] == pitch:
            last = min(last, following[1])
        yield first, 1, pitch, velocity
        yield last, 0, pitch, 0
        following = pitch, first


def read(source):
    """Read a MIDI file into a `Score`; see `Score.from_midi`."""
    with open_source(source, ScoreError, what="MIDI file") as (stream, label):
        try:
            midi_file = mido.MidiFile(file=stream, clip=True)  # some programs write data bytes over 127
        except Exception as error:  # mido raises whatever the broken bytes happen to lead to
            reason = "it is cut short" if isinstance(error, EOFError) else printable(error)
            raise ScoreError(f"{label} could not be read as a MIDI file ({reason}): save it again.") from error
    if midi_file.type == 2 or midi_file.ticks_per_beat <= 0:
        raise ScoreError(f"{label} counts time in frames or holds several songs; save it again as MIDI format 0 or 1.")
    return _score_of(midi_file, label, source)


def _score_of(midi_file, label, source):
    messages = _in_time_order(midi_file)
    notes, parts = _notes_and_parts(messages, midi_file)
    if not notes:
        raise ScoreError(f"{label} holds no notes.")
    facts = {"tonic": 0, "mode": "major", "level": DEFAULT_LEVEL, "brightness": 0.0, "beats_per_bar": 4}
    facts |= {"title": _text(midi_file.tracks[0].name) or (Path(source).stem if isinstance(source, str | Path) else "")}
    facts |= _facts_in(messages)
    facts["tempo"] = _mean_tempo(messages, midi_file.ticks_per_beat, max(note.end for note in notes))
    end = max(note.end for note in notes) * 60 / facts["tempo"]
    return Score(notes=notes, parts=parts, **{"seconds": end + DEFAULT_TAIL, **facts})


def _in_time_order(midi_file):
    """List of (tick, track index, message) over all tracks; at one tick, changes of program come first."""
    messages = []
    for index, track in enumerate(midi_file.tracks):
        tick = 0
        for message in track:
            tick += message.time
            messages.append((tick, index, message))
    return sorted(messages, key=lambda item: (item[0], item[2].type not in ("program_change", "control_change")))


def _facts_in(messages):
    """What the first metre, key and own text event say, as arguments of `Score`."""
    facts = {}
    for kind in ("time_signature", "key_signature", "text"):
        for _, _, message in messages:
            if message.type != kind or (kind == "text" and not message.text.startswith(META_TAG)):
                continue
            if kind == "time_signature":  # 6/8 is three quarter notes long, 2/2 four
                facts["beats_per_bar"] = min(16, max(1, round(message.numerator * 4 / message.denominator)))
            elif kind == "key_signature":
                is_minor = message.key.endswith("m")
                sharps = (_MINOR_SIGNATURES if is_minor else _MAJOR_SIGNATURES).index(message.key) - 7
                facts["tonic"] = (7 * sharps + (9 if is_minor else 0)) % 12
                facts["mode"] = "minor" if is_minor else "major"
            else:
                with contextlib.suppress(ValueError, TypeError, AttributeError):  # a text that only opens like ours
                    said = json.loads(message.text[len(META_TAG) :])
                    facts |= {name: said[name] for name in BEYOND_MIDI if name in said}
            break
    return facts


def _mean_tempo(messages, ticks_per_beat, last_beat):
    """The constant tempo at which `last_beat` falls when it does in the file with all its changes of tempo."""
    last_tick = last_beat * ticks_per_beat
    seconds, since, tempo = 0.0, 0, 500_000  # microseconds per beat: a file that is silent about it means 120
    changed = False
    for tick, _, message in messages:
        if message.type != "set_tempo" or tick >= last_tick:
            continue
        seconds += mido.tick2second(tick - since, ticks_per_beat, tempo)
        changed = changed or tick > 0
        since, tempo = tick, message.tempo
    if not changed:
        return 60e6 / tempo
    seconds += mido.tick2second(last_tick - since, ticks_per_beat, tempo)
    return 60 * last_beat / seconds


def _notes_and_parts(messages, midi_file):
    programs, volumes, sounding = Counter(), {}, {}  # what each channel is set to; (channel, pitch) -> open notes
    parts, notes = {}, []

    def close(tick, channel, pitch):
        first, velocity, name = sounding[channel, pitch].pop(0)  # first struck, first let go
        beats = max(1, tick - first) / midi_file.ticks_per_beat
        notes.append(Note(first / midi_file.ticks_per_beat, beats, pitch, velocity, name))

    for tick, track, message in messages:
        if message.type == "program_change":
            programs[message.channel] = message.program
        elif message.type == "control_change" and message.control == VOLUME:
            volumes[message.channel] = message.value
        elif message.type == "note_on" and message.velocity > 0:
            part = _part_for(parts, midi_file.tracks[track], track, message.channel, programs, volumes)
            held = sounding.setdefault((message.channel, message.note), [])
            held.append((tick, message.velocity, part.name))
        elif message.type in ("note_on", "note_off") and sounding.get((message.channel, message.note)):
            close(tick, message.channel, message.note)
    for (channel, pitch), held in sounding.items():
        for _ in tuple(held):  # never let go: they last until the file ends
            close(messages[-1][0], channel, pitch)
    return sorted(notes, key=lambda note: (note.beat, note.part, note.pitch)), tuple(parts.values())


def _part_for(parts, track, index, channel, programs, volumes):
    """The part of this track, channel and program: an earlier one or a new one with a name of its own."""
    is_drum = channel == DRUM_CHANNEL
    key = (index, channel, programs[channel])
    if key not in parts:
        base = _text(track.name).strip() or ("drums" if is_drum else f"program {programs[channel]}")
        taken = {part.name for part in parts.values()}
        name = next(name for n in range(1, len(taken) + 2) if (name := f"{base} {n}" if n > 1 else base) not in taken)
        volume = volumes.get(channel, NEUTRAL_VOLUME)
        gain_db = max(-60.0, 40 * math.log10(volume / NEUTRAL_VOLUME)) if volume else -60.0
        parts[key] = Part(name, programs[channel], gain_db, is_drum)
    return parts[key]


def _text(raw):
    """A text that mido read as Latin-1, read as UTF-8 if it is that."""
    try:
        return raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return raw
