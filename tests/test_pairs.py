"""The paired set: made in the open, split by picture and by piece, and read from one's own files."""

import itertools

import numpy as np
import pytest
import soundfile
from PIL import Image

from imgmusic_edu import audio_features, datasets
from imgmusic_edu.networks import pairs as made
from imgmusic_edu.visual_features import FEATURES, visual_features


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "imgmusic_edu" / f"pairs_{made.VERSION}"


def test_no_picture_and_no_piece_is_in_two_parts():
    shown = {part: {name.split()[0] for name in made.names(part)} - {"scene"} for part in made.PARTS}
    scenes = {part: {name for name in made.names(part) if name.startswith("scene")} for part in made.PARTS}
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        assert not shown[one] & shown[other]
        assert not scenes[one] & scenes[other]
    assert len(shown["test"]) >= 40 and len(shown["train"]) >= 150
    for part, n in made.PARTS.items():
        assert len(made.names(part)) == n == len(set(made.names(part)))
    firsts = sorted((first, first + made.PARTS[part]) for part, first in made._FIRST_SEED.items())
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(firsts))  # seeds of the pieces


def test_a_name_makes_its_picture_again():
    for name in ("koala", "koala 17", "scene 512"):
        one, other = made.picture_of(name), made.picture_of(name)
        assert one.dtype == np.uint8 and one.shape[2] == 3 and (one == other).all()
    assert (made.picture_of("koala") == datasets.picture("koala")).all()
    assert (made.picture_of("koala 17") != made.picture_of("koala 19")).any()


def test_pairs_hold_what_was_seen_and_what_was_heard(cache):
    found = made.pairs("train", n=2, notice=lambda text: None)
    assert len(found) == 2 and found.levels.shape == (2, made.FRAMES, 128) and found.levels.dtype == np.uint8
    for k, name in enumerate(found.name):
        seen = visual_features(made.picture_of(str(name)))
        wanted = [seen.standardised(feature) for feature in FEATURES]
        np.testing.assert_allclose(found.features[k], wanted, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found.columns[k][:, 0], seen.columns["lightness"], rtol=1e-4)
        assert 40 <= found.tempo[k] <= 200 and found.beats_per_bar[k] in (3, 4) and 0 <= found.tonic[k] < 12
    levels = found.log_mel
    assert levels.min() >= -100 and levels.max() > 0
    assert len(found[:1]) == 1 and found[np.array([1])].name[0] == found.name[1]
    assert not list(cache.glob("*.npz"))  # a few are not kept: a shard is whole or not there


def test_a_shard_is_kept_and_read_again(cache, monkeypatch):
    monkeypatch.setattr(made, "SHARD", 2)
    first = made.pairs("test", n=2, notice=lambda text: None)
    assert [path.name for path in cache.glob("*.npz")] == ["test_000.npz"]
    told = []
    again = made.pairs("test", n=2, notice=told.append)
    assert not told and (again.levels == first.levels).all() and (again.name == first.name).all()


@pytest.mark.parametrize("part, n", [("tests", 1), ("test", 0), ("test", 10_000)])
def test_a_wrong_part_or_number_is_one_sentence(part, n):
    with pytest.raises(ValueError, match=r"^The p.*asked for\.$"):
        made.pairs(part, n=n)


def test_pairs_of_ones_own(tmp_path, capsys):
    time = np.arange(9 * 22050) / 22050
    tone = np.sin(2 * np.pi * 440 * time) * np.exp(-4 * (time % 0.5))  # a beat at 120 BPM
    for name in ("a", "b"):
        Image.fromarray(datasets.picture("koala")).save(tmp_path / f"{name}.png")
        soundfile.write(tmp_path / f"{name}.wav", 0.5 * tone, 22050)
    (tmp_path / "b.wav").write_bytes(b"not a sound")
    Image.fromarray(datasets.picture("petra")).save(tmp_path / "alone.png")
    told = []
    found = made.read_pairs(tmp_path, notice=told.append)
    assert list(found.name) == ["a"] and len(told) == 1 and told[0].startswith("b is left out: ")
    assert found.tempo[0] == pytest.approx(120, rel=0.03)
    levels = audio_features.log_mel(np.pad(0.5 * tone, (0, 22050)).astype(np.float32))[:300]
    assert np.abs(np.maximum(levels, -40) - np.maximum(found.log_mel[0, :300], -40)).max() < 1
    for folder in (tmp_path / "nowhere", tmp_path / "empty"):
        if folder.name == "empty":
            folder.mkdir()
        with pytest.raises(ValueError, match=r"\.$"):
            made.read_pairs(folder)
