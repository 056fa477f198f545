"""The studio without its panel: sessions, locks, comparisons, regions, and exports that other programs can read."""

import io
import json
import re
import subprocess
from types import SimpleNamespace

import mido
import music21
import numpy as np
import pretty_midi
import pyloudnorm
import pytest
import soundfile
from browser import stand_in_piece

from imgmusic_edu import compose, datasets, files
from imgmusic_edu.sounds import Sound, open_sound
from imgmusic_edu.studio import (
    KINDS,
    LOCKS,
    Session,
    Settings,
    encoded,
    export,
    greyed,
    matched,
    notes_in,
    only,
    video,
    what_changes,
)
from imgmusic_edu.studio import session as sessions
from imgmusic_edu.studio.exports import file_name

PICTURE = datasets.picture("the_night_cafe")
REGION = (0.3, 0.1, 0.6, 0.7)


@pytest.fixture(scope="module")
def piece():
    return compose(PICTURE, seconds=8, title="The night cafe")


@pytest.fixture
def session():
    return Session(PICTURE, "The night cafe", Settings(seconds=8.0))


def stand_in(picture, **settings):
    """Music in no time: what it was asked for is all there is of it."""
    if settings["seed"] == 13:
        raise ValueError("There is no music for this seed.")
    return SimpleNamespace(picture=picture, features="seen", sound=settings, plan=None, made=None)


def tune(piece):
    return [(note.beat, note.beats, note.pitch) for note in piece.score.notes if note.part == "melody"]


# ---- a session -------------------------------------------------------------------------------------------------------


def test_a_session_goes_back_and_forth_through_all_its_steps():
    session = Session(PICTURE, "cafe", compose=stand_in)
    asked = [session.present]
    session.change(tempo=90)
    asked.append(session.present)
    session.reroll(seed=4)
    asked.append(session.present)
    session.show(datasets.picture("koala"), "koala")
    asked.append(session.present)
    assert (asked[3].title, asked[3].settings) == ("koala", asked[2].settings)
    for expected in asked[2::-1]:
        session.undo()
        assert session.present is expected
    assert session.undo() is None and not session.can_undo and session.present is asked[0]
    for expected in asked[1:]:
        session.redo()
        assert session.present is expected
    assert session.redo() is None
    session.undo()
    session.change(key="D")
    assert not session.can_redo and session.present.settings.key == "D"


def test_moves_of_one_knob_can_be_one_step():
    session = Session(PICTURE, compose=stand_in)
    session.change(tempo=90)
    for tempo in (91, 92, 93):
        session.change(tempo=tempo, fold=True)
    assert session.present.settings.tempo == 93
    session.undo()
    assert session.present.settings.tempo is None and not session.can_undo


def test_what_fails_leaves_the_session_where_it_stood():
    session = Session(PICTURE, compose=stand_in)
    session.change(tempo=90)
    session.undo()
    before = session.present
    with pytest.raises(ValueError, match="no music"):
        session.reroll(seed=13)
    assert session.present is before and session.can_redo and not session.can_undo
    with pytest.raises(ValueError, match="keep one first"):
        session.back_to_held()


def test_pieces_and_features_are_made_once():
    calls = []

    def compose(picture, **settings):
        calls.append(settings["features"])
        return stand_in(picture, **settings)

    session = Session(PICTURE, compose=compose)
    assert session.piece is session.piece
    session.change(tempo=90)
    session.undo()
    assert len(calls) == 2 and calls[0] is calls[1]
    for seed in range(1, 11):
        session.reroll(seed=seed)
    assert len(calls) == 12 and len(session._pieces) == sessions.KEPT


def test_a_long_history_forgets_its_beginning():
    session = Session(PICTURE, compose=stand_in)
    for seed in range(20, 20 + sessions.STEPS + 5):
        session.reroll(seed=seed)
    steps = 0
    while session.undo() is not None:
        steps += 1
    assert steps == sessions.STEPS


def test_a_reroll_is_heard_even_where_many_seeds_sound_the_same(session, monkeypatch):
    session.lock("tune")  # one seed in five changes nothing of what is left
    before = session.piece
    same = [seed for seed in range(60) if sessions.same_sound(before, session.make(session.present.changed(seed=seed)))]
    heard = next(seed for seed in range(60) if seed not in same)
    assert len(same) > 2
    drawn = iter([*same[:2], heard])
    monkeypatch.setattr(sessions.secrets, "randbelow", lambda _: next(drawn))
    assert not sessions.same_sound(before, session.reroll()) and session.present.settings.seed == heard
    monkeypatch.setattr(sessions.secrets, "randbelow", lambda _: heard)
    now = session.present
    with pytest.raises(ValueError, match="unlock chords or tune"):
        session.reroll()
    assert session.present is now


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_locked_stays_through_a_reroll_and_another_picture(session, name):
    before = session.piece
    session.lock(name)
    assert name in session.present.settings.locked
    assert tune(session.piece) == tune(before)  # to lock changes nothing
    session.reroll(seed=5)
    rolled = session.piece
    if name == "tune":
        assert tune(rolled) == tune(before)
    elif name == "chords":
        chords = {n.beat for n in before.score.notes if n.part == "harmony"}
        assert {n.beat for n in rolled.score.notes if n.part == "harmony"} == chords
        assert rolled.plan.beats_per_bar == before.plan.beats_per_bar
    else:
        session.show(datasets.picture("koala"), "koala")
        assert sessions.heard(session.piece)[name] == sessions.heard(before)[name]
    session.unlock(name)
    assert name not in session.present.settings.locked


def test_a_tune_takes_chords_and_key_with_it_and_leaves_with_either():
    now = {"tempo": 90.0, "key": "D", "mode": "minor"}
    locked = Settings(seed=3).lock("tune", now)
    assert locked.locked == {"tune", "chords", "key"} and set(locked.seeds.values()) == {3}
    assert locked.unlock("chords").locked == {"key"} and not locked.unlock("chords").seeds
    assert locked.unlock("key").locked == {"chords"}
    assert locked.unlock("tune").locked == {"chords", "key"}
    with pytest.raises(ValueError, match="no lock"):
        Settings().lock("weather", now)
    with pytest.raises(ValueError, match="take the road 'score'"):
        Settings(road="vae").lock("chords", {"tempo": 90.0, "key": "D"})


def test_a_road_by_networks_is_not_told_what_it_cannot_take():
    rich = Settings(road="vae", tempo=90, key="D", mode="minor", weights={"R5": 0}, seeds={"chords": 1})
    assert set(rich.arguments()) == {"road", "seconds", "seed", "tempo", "key"}
    assert rich.set("road", "score").arguments()["mode"] == "minor"  # kept for the way back
    assert rich.set("bass", "cello").instruments == (None, None, None, "cello")


# ---- two versions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [0.02, 0.3, 3.0])
def test_two_versions_are_brought_to_one_loudness_without_clipping(piece, gain):
    loud = Sound(np.clip(piece.sound.samples * np.float32(gain), -1, 1))
    match = matched(piece.sound, loud)
    meter = pyloudnorm.Meter(22050)
    levels = [meter.integrated_loudness(sound.samples.astype(float)) for sound in match.sounds]
    assert levels == pytest.approx([match.level] * 2, abs=0.1)
    assert max(match.gains) <= 0
    for sound, original, decibels in zip(match.sounds, (piece.sound, loud), match.gains, strict=True):
        assert np.abs(sound.samples).max() <= 10 ** (-1 / 20) + 1e-6
        assert sound.samples == pytest.approx(original.samples * 10 ** (decibels / 20), abs=1e-6)  # one gain, no more


def test_a_version_beside_itself_is_as_loud_as_itself(piece):
    match = matched(piece.sound, piece.sound)
    assert match.gains[0] == match.gains[1] and len(match.sounds) == 2


def test_silence_cannot_be_made_as_loud(piece):
    with pytest.raises(ValueError, match="Nothing is silent"):
        matched(piece.sound, Sound(np.zeros(22050, np.float32), title="Nothing"))


# ---- regions ---------------------------------------------------------------------------------------------------------


def test_a_region_gives_its_own_notes_and_only_these_are_heard(piece):
    inside = notes_in(piece, REGION)
    assert inside and all(n.cause.region[0] < REGION[2] and n.cause.region[2] > REGION[0] for n in inside)
    melody = [n for n in piece.score.notes if n.part == "melody"]
    apart = [n for n in melody if n.cause.region[2] <= REGION[0] or n.cause.region[0] >= REGION[2]]
    assert apart and not set(apart) & set(inside)
    part = only(piece, REGION)
    assert list(part.score.notes) == inside and part.sound.seconds == piece.sound.seconds
    assert np.abs(part.sound.samples).max() > 0.01
    assert notes_in(piece, (0, 0, 1, 1)) == [n for n in piece.score.notes if n.cause]


@pytest.mark.parametrize("region", [(0.5, 0, 0.4, 1), (0, 0, 0, 1), (-0.1, 0, 1, 1), (0, 0, 1, float("nan"))])
def test_what_is_no_region_gets_a_sentence(piece, region):
    with pytest.raises(ValueError, match="shares of the picture"):
        notes_in(piece, region)


def test_a_road_without_notes_has_none_in_a_region():
    with pytest.raises(ValueError, match="take the road 'score'"):
        only(stand_in_piece(), REGION)


def test_grey_is_as_light_as_the_picture():
    from imgmusic_edu.visual_features import rgb_to_lab

    masked = greyed(PICTURE, (0.25, 0.5, 0.75, 1))
    high, wide = PICTURE.shape[:2]
    part = masked[high // 2 :, wide // 4 : 3 * wide // 4]
    assert len(np.unique(part)) == 1
    assert rgb_to_lab(part)[0, 0, 0] == pytest.approx(rgb_to_lab(PICTURE)[..., 0].mean(), abs=0.5)
    assert np.array_equal(masked[: high // 2], PICTURE[: high // 2])


def test_greying_out_says_what_was_to_change_and_what_did(piece):
    changed = what_changes(piece, REGION, {"seconds": 8})
    assert sum(n for n, _ in changed.inside.values()) == len(notes_in(piece, REGION))
    assert sum(n for n, _ in changed.inside.values()) + changed.outside[0] == len(piece.score.notes)
    assert sum(moved for _, moved in changed.inside.values()) > 0
    again = compose(changed.picture, seconds=8)
    for name, before, after, rule in changed.plan:
        attribute = next(row[0] for row in what_changes.__globals__["TOLD"] if row[1] == name)
        assert (getattr(piece.plan, attribute), getattr(again.plan, attribute)) == (before, after)
        assert re.fullmatch(r"R\d+", rule)
    assert all(s.endswith(".") for s in changed.sentences)


# ---- exports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_other_programs_read_the_sound(piece, tmp_path, kind):
    export(piece, tmp_path / f"a.{kind}")
    samples, rate = soundfile.read(tmp_path / f"a.{kind}")
    assert rate == 22050 and samples == pytest.approx(piece.sound.samples, abs=1 / 32768)


def test_other_programs_read_the_notes(piece, tmp_path):
    export(piece, tmp_path / "a.mid")
    n = len(piece.score.notes)
    assert sum(len(i.notes) for i in pretty_midi.PrettyMIDI(str(tmp_path / "a.mid")).instruments) == n
    assert sum(m.type == "note_on" and m.velocity > 0 for t in mido.MidiFile(tmp_path / "a.mid").tracks for m in t) == n
    score = music21.converter.parse(tmp_path / "a.mid")
    assert len(score.parts) == len(piece.score.parts)
    assert score.parts[0].flatten().notes[0].pitches[0].midi in {note.pitch for note in piece.score.notes}


def test_the_explanation_is_whole(piece):
    told = json.loads(encoded(piece, "json"))
    assert len(told["notes"]) == len(piece.score.notes) and told["settings"]["seed"] == 0


def probe(path):
    """What ffmpeg says of a file, and the samples that it finds in it."""
    program = video._ffmpeg()
    said = subprocess.run([program, "-hide_banner", "-i", path], capture_output=True, text=True).stderr
    raw = subprocess.run(
        [program, "-loglevel", "error", "-i", path, "-vn", "-f", "f32le", "-ac", "1", "-ar", "22050", "-"],
        capture_output=True,
        check=True,
    ).stdout
    return said, np.frombuffer(raw, np.float32)


def test_the_video_holds_picture_and_sound_as_long_as_the_piece(tmp_path):
    piece = stand_in_piece(seconds=3.0)
    shares = []
    export(piece, tmp_path / "a.mp4", title="A stand-in", watch=shares.append)
    said, samples = probe(tmp_path / "a.mp4")
    assert "h264" in said and "yuv420p" in said and "aac" in said and " 25 fps" in said
    assert re.search(r"title +: A stand-in", said)
    assert re.search(r"Duration: 00:00:03\.0", said)
    assert shares == sorted(shares) and shares[-1] == 1
    n = min(len(samples), len(piece.sound.samples))
    assert n >= 2.9 * 22050
    assert np.corrcoef(samples[:n], piece.sound.samples[:n])[0, 1] > 0.97
    wanted = ("-ss", "1.5", "-i", tmp_path / "a.mp4", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    command = [video._ffmpeg(), "-loglevel", "error", *wanted]
    first = subprocess.run(command, capture_output=True, check=True).stdout
    width, height = map(int, re.search(r", (\d+)x(\d+),", said).groups())
    frame = np.frombuffer(first, np.uint8).reshape(height, width, 3)
    head = np.flatnonzero((frame[: height - video.ROLL].min(axis=2) > 200).mean(axis=0) > 0.6)
    assert head.size and head.mean() / width == pytest.approx(0.5, abs=0.02)  # half way, half across


@pytest.mark.parametrize(("high", "wide"), [(40, 1200), (900, 60), (101, 99)])
def test_frames_fit_a_video_whatever_the_picture(high, wide):
    odd = stand_in_piece(seconds=0.2, height=high, width=wide)
    drawn = list(video.frames(odd))
    assert len(drawn) == 5 and not any(side % 2 for side in drawn[0].shape[:2])
    assert drawn[0].shape[1] <= 960 and drawn[0].shape[0] <= 640 + video.ROLL + 1
    assert not np.array_equal(drawn[0], drawn[-1])


def test_a_piece_without_notes_gives_a_video_too(tmp_path):
    plain = stand_in_piece(seconds=1.0)
    plain.explanation = {"sentences": [], "features": {}}
    export(plain, tmp_path / "a.mp4")
    assert "Video: h264" in probe(tmp_path / "a.mp4")[0]


def test_a_video_can_be_stopped_and_leaves_nothing(tmp_path):
    with pytest.raises(video.Stopped):
        export(stand_in_piece(), tmp_path / "a.mp4", watch=lambda share: share > 0.1)
    assert not list(tmp_path.iterdir())


def test_without_ffmpeg_one_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(ImportError, match=r"^A video needs an ffmpeg, .*pip install imageio-ffmpeg.*\.$"):
        encoded(stand_in_piece(), "mp4")


def test_an_ffmpeg_that_fails_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(video, "_options", lambda *_: ["-nonsense"])
    with pytest.raises(files.FileWriteError, match=r"^The video could not be written \(ffmpeg failed: .*\): make room"):
        encoded(stand_in_piece(), "mp4")


def test_a_disk_without_room_to_work_in_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(video.tempfile, "tempdir", "/proc/nowhere")
    with pytest.raises(files.FileWriteError, match=r"^The video could not be written \(no such file .*\): make room"):
        encoded(stand_in_piece(), "mp4")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "mp4"])
def test_a_full_disk_gets_a_sentence_and_loses_nothing(piece, tmp_path, monkeypatch, kind):
    target = tmp_path / f"a.{kind}"
    target.write_bytes(b"what was here before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(files.FileWriteError, match=r"could not be written \(no space left on device\)"):
        export(piece, target)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"what was here before"]


def test_other_kinds_are_refused_in_a_sentence(piece, tmp_path):
    with pytest.raises(ValueError, match=r"it can become \.wav"):
        export(piece, tmp_path / "a.docx")
    with pytest.raises(ValueError, match="writes no notes"):
        encoded(SimpleNamespace(score=None), "mid")
    with pytest.raises(files.FileWriteError, match="does not exist"):
        export(piece, tmp_path / "nowhere" / "a.wav")


@pytest.mark.parametrize(
    ("title", "name"),
    [("The night café.jpg", "The_night_café.wav"), ("../../etc/passwd", "etc_passwd.wav"), ("?", "piece.wav")],
)
def test_a_title_becomes_a_name_that_any_disk_takes(title, name):
    assert file_name(title, "wav") == name


def test_the_page_is_whole_and_escaped():
    nasty = stand_in_piece(title="<script>alert(1)</script>")
    nasty.sentences = ["<img src=x onerror=alert(2)>"]
    text = encoded(nasty, "html", title="<b>bold</b>").decode()
    assert text.startswith("<!doctype html>") and text.count("<h1>") == 1
    assert "<b>bold" not in text and "<img src=x" not in text and "<script>alert" not in text
    assert open_sound(io.BytesIO(nasty.sound.encode("mp3"))).seconds == pytest.approx(6, abs=0.2)
