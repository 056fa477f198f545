"""The score road end to end: one call, one sound, one explanation."""

import io
import json

import numpy as np
import pytest

from imgmusic_edu import audio_features, compose, datasets
from imgmusic_edu.composer.plan import LEVEL
from imgmusic_edu.evaluation import music
from imgmusic_edu.scores import Score

PICTURES = ("cafe_terrace_at_night", "koala", "adjustable_wrench", "petra")


@pytest.fixture(scope="module")
def pieces():
    return [compose(datasets.picture(name), seconds=12, seed=k, title=name) for k, name in enumerate(PICTURES)]


def test_same_seed_same_bytes(pieces):
    again = compose(datasets.picture(PICTURES[1]), seconds=12, seed=1, title=PICTURES[1])
    assert again.sound.samples.tobytes() == pieces[1].sound.samples.tobytes()
    files = [io.BytesIO(), io.BytesIO()]
    for piece, file in zip((again, pieces[1]), files, strict=True):
        piece.score.to_midi(file)
    assert files[0].getvalue() == files[1].getvalue()


def test_the_sound_keeps_its_promises(pieces):
    for piece in pieces:
        samples = piece.sound.samples
        assert len(samples) == 12 * 22050 and piece.sound.sample_rate == 22050
        heard = audio_features.measure(samples)
        assert heard["loudness"] == pytest.approx(piece.plan.level, abs=0.3)
        assert -24 <= LEVEL[0] <= heard["loudness"] + 0.3 and heard["loudness"] - 0.3 <= LEVEL[1] <= -14
        assert heard["true_peak"] < -1
        assert heard["tempo"] == pytest.approx(piece.plan.tempo, rel=0.02)
        assert np.abs(samples[:5]).max() < 0.01 and np.abs(samples[-5:]).max() < 0.01


def test_the_explanation_is_json_and_tells_of_every_note(pieces):
    for piece in pieces:
        told = json.loads(json.dumps(piece.explanation))
        assert told["sentences"] == piece.sentences and len(piece.sentences) == 3
        assert all(sentence.endswith(".") for sentence in piece.sentences)
        assert len(told["notes"]) == len(piece.score.notes)
        rules = {rule["id"] for rule in told["rules"]} | {"R5"}
        for note in told["notes"]:
            x0, y0, x1, y1 = note["region"]
            assert 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1
            assert note["rule"] in rules
        # a note is explained by the part of the picture under the playhead when it begins
        first = min((n for n in told["notes"] if n["part"] == "melody"), key=lambda n: n["start"])
        assert first["region"][0] <= first["start"] / 12 <= first["region"][2]


def test_a_piece_is_saved_in_every_form_its_suffixes_name(pieces, tmp_path):
    for name in ("p.wav", "p.flac", "p.ogg", "p.mid", "p.json"):
        pieces[0].save(tmp_path / name)
    assert json.loads((tmp_path / "p.json").read_text())["version"] == 1
    assert music.ends_on_tonic(Score.from_midi(tmp_path / "p.mid"))
    with pytest.raises(ValueError):
        pieces[0].save(tmp_path / "p.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.flac", "p.json", "p.mid", "p.ogg", "p.wav"]


def test_a_piece_says_what_it_is_in_one_line(pieces):
    assert len(repr(pieces[0])) < 100 and "beats per minute" in repr(pieces[0])


def test_locked_settings_are_heard():
    piece = compose(datasets.picture("koala"), seconds=16, tempo=84, key="C", mode="major", instruments=["piano"])
    heard = audio_features.measure(piece.sound.samples)
    assert heard["tempo"] == pytest.approx(84, rel=0.02)
    assert heard["mode_score"] > 0
    assert "tempo, key, mode, instruments set by hand" in piece.sentences[0]


def test_bending_a_rule_bends_the_music():
    picture = datasets.picture("petra")
    plain, off = (compose(picture, seconds=10, weights=w).plan for w in (None, {"R5": 0}))
    assert plain.centre != off.centre and plain.tempo == off.tempo
