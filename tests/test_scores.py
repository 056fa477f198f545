"""Scores: what they refuse, how they name their key, and their way through MIDI files and back."""

import dataclasses
import io

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgmusic_edu.files import FileWriteError
from imgmusic_edu.scores import MODES, Cause, Note, Part, Score, ScoreError

PARTS = (Part("melody", 73), Part("bass", 32, gain_db=-3.0), Part("kit", 0, is_drum=True))


def score_of(notes, **changes):
    facts = dict(parts=PARTS, tempo=97.0, beats_per_bar=3, tonic=2, mode="dorian", seconds=60.0)
    return Score(notes=tuple(notes), **(facts | changes))


def played(score):
    """What MIDI keeps of the notes, with onsets and ends in ticks."""
    return sorted((n.part, round(n.beat * 480), round(n.end * 480), n.pitch, n.velocity) for n in score.notes)


def bytes_of(score):
    file = io.BytesIO()
    score.to_midi(file)
    return file.getvalue()


def read_back(score):
    return Score.from_midi(io.BytesIO(bytes_of(score)))


TUNE = [
    Note(0, 1, 62, 80, "melody", Cause((0, 0.2, 0.1, 0.4), "skyline", 0.7, "R5")),
    Note(1, 0.5, 65, 90, "melody"),
    Note(1.5, 1.5, 69, 70, "melody"),
    Note(0, 3, 38, 64, "bass"),
    Note(0, 0.25, 36, 100, "kit"),
    Note(2, 0.25, 42, 60, "kit"),
]


@pytest.mark.parametrize(
    ("tonic", "mode", "name", "signature"),
    [
        (0, "major", "C major", 0),
        (2, "dorian", "D dorian", 0),
        (7, "mixolydian", "G mixolydian", 0),
        (9, "minor", "A minor", 0),
        (6, "minor", "F# minor", 3),
        (3, "major", "Eb major", -3),
        (3, "minor", "D# minor", 6),
        (10, "dorian", "Bb dorian", -4),
        (1, "mixolydian", "C# mixolydian", 6),
    ],
)
def test_keys_have_their_usual_names(tonic, mode, name, signature):
    score = score_of(TUNE, tonic=tonic, mode=mode)
    assert (score.key_name, score.key_signature) == (name, signature)


@pytest.mark.parametrize("mode", MODES)
def test_scale_agrees_with_the_signature(mode):
    for tonic in range(12):
        score = score_of(TUNE, tonic=tonic, mode=mode)
        major_tonic = 7 * score.key_signature % 12  # the major key that shares the signature shares the notes
        assert set(score.scale) == {(major_tonic + step) % 12 for step in MODES["major"]}
        assert -5 <= score.key_signature <= 6


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Note(0, 1, 128, 80, "melody"), "pitch must be a whole number from 0 to 127, but is 128"),
        (lambda: Note(0, 1, 60.5, 80, "melody"), "pitch must be a whole number"),
        (lambda: Note(0, 1, 60, 0, "melody"), "velocity must be a whole number from 1"),
        (lambda: Note(-1, 1, 60, 80, "melody"), "beat must be a number at least 0"),
        (lambda: Note(0, 0, 60, 80, "melody"), "length in beats must be a number above 0"),
        (lambda: Note(float("nan"), 1, 60, 80, "melody"), "beat must be a number"),
        (lambda: Cause((0, 0, 2, 1), "skyline", 0.5, "R5"), "within 0..1"),
        (lambda: Cause((0, 0, 1), "skyline", 0.5, "R5"), r"\(x0, y0, x1, y1\)"),
        (lambda: Part("", 0), "name must be a text"),
        (lambda: Part("melody", 200), "program of part 'melody'"),
        (lambda: score_of(TUNE, mode="lydian"), "one of major, mixolydian, dorian, minor, but is 'lydian'"),
        (lambda: score_of(TUNE, tempo=0), "tempo in beats per minute must be a number at least 10"),
        (lambda: score_of(TUNE, tonic=12), "tonic must be a whole number from 0 to 11"),
        (lambda: score_of(TUNE, seconds=1.0), "begins at 1.24 s, but the score lasts only 1.00 s"),
        (lambda: score_of(TUNE, parts=PARTS[:1]), "part 'bass', but the parts are melody"),
        (lambda: score_of(TUNE, parts=PARTS + PARTS), "must differ, but 'melody' appears 2 times"),
        (lambda: score_of(TUNE, brightness=2), "brightness must be a number at least -1 and at most 1"),
    ],
)
def test_what_cannot_be_right_is_refused_in_one_sentence(make, said):
    with pytest.raises(ScoreError, match=said) as caught:
        make()
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_numbers_become_plain_python_numbers():
    numpy = pytest.importorskip("numpy")
    note = Note(numpy.float32(0.5), numpy.float64(1), numpy.int64(60), numpy.uint8(80), "melody")
    assert [type(v) for v in dataclasses.astuple(note)[:4]] == [float, float, int, int]


def test_seconds_of():
    score = score_of(TUNE, tempo=120)
    assert score.seconds_of(3) == 1.5
    assert score.beats == 3


ticks = st.integers(0, 4000)
notes = st.builds(
    lambda first, length, pitch, velocity, part: Note(first / 480, length / 480, pitch, velocity, part),
    ticks,
    st.integers(1, 2000),
    st.integers(0, 127),
    st.integers(1, 127),
    st.sampled_from([part.name for part in PARTS]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(notes, min_size=1, max_size=30), st.floats(40, 300), st.sampled_from(list(MODES)), st.integers(0, 11))
def test_midi_round_trip(notes, tempo, mode, tonic):
    score = score_of(notes, tempo=tempo, mode=mode, tonic=tonic, level=-16.5, brightness=0.25)
    back = read_back(score)
    assert (back.mode, back.tonic, back.seconds, back.level, back.brightness) == (mode, tonic, 60.0, -16.5, 0.25)
    assert back.tempo == pytest.approx(tempo, rel=1e-5)
    assert back.beats_per_bar == 3
    # every onset is there, once for each pitch; ends may have been brought forward, never put back
    starts = {(n.part, round(n.beat * 480), n.pitch) for n in score.notes}
    assert sorted(starts) == sorted((n.part, round(n.beat * 480), n.pitch) for n in back.notes)
    assert bytes_of(back) == bytes_of(dataclasses.replace(score, parts=back.parts, notes=back.notes, tempo=back.tempo))


def test_notes_without_overlap_come_back_whole():
    back = read_back(score_of(TUNE))
    assert played(back) == played(score_of(TUNE))
    assert [(p.name, p.program, p.is_drum) for p in back.parts] == [(p.name, p.program, p.is_drum) for p in PARTS]
    assert [p.gain_db for p in back.parts] == pytest.approx([0, -3, 0], abs=0.1)


def test_a_note_struck_again_ends_there():
    twice = [Note(0, 4, 60, 80, "melody"), Note(1, 1, 60, 90, "melody"), Note(1, 2, 60, 70, "melody")]
    assert played(read_back(score_of(twice))) == [("melody", 0, 480, 60, 80), ("melody", 480, 1440, 60, 90)]


def test_off_grid_onsets_move_less_than_a_hundredth_of_a_second():
    notes = [Note(k / 7, 1 / 7, 60 + k, 80, "melody") for k in range(20)]
    score = score_of(notes, tempo=61.7)
    back = read_back(score)
    for before, after in zip(score.notes, back.notes, strict=True):
        assert abs(score.seconds_of(before.beat) - back.seconds_of(after.beat)) < 0.003


def test_the_same_score_gives_the_same_bytes_in_any_order_of_notes():
    assert bytes_of(score_of(TUNE)) == bytes_of(score_of(TUNE[::-1]))


@pytest.mark.parametrize("mode", MODES)
def test_music21_and_pretty_midi_open_it(tmp_path, mode):
    music21 = pytest.importorskip("music21")
    pretty_midi = pytest.importorskip("pretty_midi")
    path = tmp_path / "tune.mid"
    score = score_of(TUNE, mode=mode, title="Ein Bild \u56fe")
    score.to_midi(path)

    pretty = pretty_midi.PrettyMIDI(str(path))
    assert pretty.get_tempo_changes()[1] == pytest.approx([97.0], rel=1e-5)
    assert [(i.program, i.is_drum, i.name) for i in pretty.instruments] == [
        (73, False, "melody"),
        (32, False, "bass"),
        (0, True, "kit"),
    ]
    heard = sorted((n.start, n.pitch, n.velocity) for i in pretty.instruments for n in i.notes)
    wanted = sorted((score.seconds_of(n.beat), n.pitch, n.velocity) for n in score.notes)
    for a, b in zip(heard, wanted, strict=True):
        assert a == pytest.approx(b, abs=2e-3)

    stream = music21.converter.parse(path)
    assert len(stream.parts) == 3
    assert stream.recurse().getElementsByClass("MetronomeMark").first().number == pytest.approx(97, abs=0.01)
    assert stream.recurse().getElementsByClass("TimeSignature").first().ratioString == "3/4"
    assert stream.recurse().getElementsByClass("KeySignature").first().sharps == score.key_signature
    melody = stream.parts[0].recurse().notes
    assert [n.pitch.midi for n in melody] == [62, 65, 69]


def test_a_path_is_written_whole_or_not_at_all(tmp_path):
    with pytest.raises(FileWriteError, match="folder does not exist"):
        score_of(TUNE).to_midi(tmp_path / "no such folder" / "tune.mid")
    many = tuple(Part(f"part {k}", 0) for k in range(16))
    target = tmp_path / "tune.mid"
    target.write_bytes(b"kept")
    with pytest.raises(ScoreError, match="15 melodic parts"):
        score_of([Note(0, 1, 60, 80, "part 0")], parts=many).to_midi(target)
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileWriteError, match="is a folder"):
        score_of(TUNE).to_midi(tmp_path / "folder")
    assert target.read_bytes() == b"kept"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "tune.mid"]


def test_changes_of_tempo_become_their_mean():
    file = mido.MidiFile(ticks_per_beat=96)
    note = [mido.Message("note_on", note=60, velocity=64), mido.Message("note_off", note=60, time=192)]
    slow, fast = (mido.MetaMessage("set_tempo", tempo=t) for t in (1_000_000, 500_000))
    file.tracks.append(mido.MidiTrack([slow, note[0], note[1], fast, note[0], note[1]]))
    held = io.BytesIO()
    file.save(file=held)
    held.seek(0)
    score = Score.from_midi(held)
    assert score.seconds_of(score.beats) == pytest.approx(3.0)  # two beats of 1 s, two of 0.5 s
    assert [n.beat for n in score.notes] == [0, 2]


def test_six_eight_is_three_quarters_and_a_minor_signature_is_understood():
    file = mido.MidiFile()
    metre = mido.MetaMessage("time_signature", numerator=6, denominator=8)
    key = mido.MetaMessage("key_signature", key="Em")
    note = [mido.Message("note_on", note=60, velocity=64, channel=9), mido.Message("note_off", note=60, channel=9)]
    file.tracks.append(mido.MidiTrack([metre, key, *note]))
    held = io.BytesIO()
    file.save(file=held)
    held.seek(0)
    score = Score.from_midi(held)
    assert (score.beats_per_bar, score.key_name, score.parts[0].is_drum) == (3, "E minor", True)
    assert score.notes[0].beats > 0


def _smpte():
    return b"MThd" + bytes([0, 0, 0, 6, 0, 1, 0, 1, 0xE7, 0x28]) + b"MTrk" + bytes([0, 0, 0, 4, 0, 0xFF, 0x2F, 0])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"RIFF----WAVE", "could not be read as a MIDI file"),
        (bytes(1000), "could not be read as a MIDI file"),
        (bytes_of(score_of(TUNE))[:60], "could not be read as a MIDI file"),
        (bytes_of(score_of([])), "holds no notes"),
        (_smpte(), "frames"),
    ],
)
def test_files_that_are_no_music_get_one_sentence(tmp_path, content, said):
    path = tmp_path / "odd.mid"
    path.write_bytes(content)
    for source in (path, io.BytesIO(content)):
        with pytest.raises(ScoreError, match=said) as caught:
            Score.from_midi(source)
        assert "\n" not in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(ScoreError, match="There is no file"):
        Score.from_midi(tmp_path / "none.mid")
