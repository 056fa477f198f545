"""A road of one's own goes wherever the others go, and what it gives back is looked at first."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from imgmusic_edu import Sound, compose, datasets, roads
from imgmusic_edu.__main__ import main
from imgmusic_edu.composer import make_plan


def hum(picture, seconds):
    """A hum as high as the picture is light."""
    return 0.2 * np.sin(np.arange(round(seconds * 22050)) * (0.02 + picture.mean() / 5000))


@pytest.fixture
def picture():
    return datasets.picture("koala", max_side=128)


@pytest.fixture
def named():
    """Names a function for the length of a test."""
    given = []

    def name(what, function):
        roads.register(what, function)
        given.append(what)
        return what

    yield name
    for what in set(given):
        roads.unregister(what)


def test_a_function_becomes_a_road(picture, named, tmp_path):
    piece = compose(picture, road=named("hum", hum), seconds=8)
    assert piece.sound.seconds == 8 and roads.names() == (*roads.ROADS, "hum")
    assert "A hum as high as the picture is light" in piece.sentences[2] and len(piece.sentences) == 3
    assert piece.explanation["settings"]["road"] == "hum" and "road 'hum'" in repr(piece)
    piece.save(tmp_path / "a.wav")
    piece.save(tmp_path / "a.json")
    with pytest.raises(ValueError, match="no notes"):
        piece.save(tmp_path / "a.mid")
    assert "audio" in piece._repr_html_()


def test_it_is_handed_what_it_names_and_no_more(picture, named):
    seen = {}

    def curious(picture, *, features, seed, tempo=None):
        seen.update(features=features, seed=seed, tempo=tempo)
        return Sound(np.full(22050, 0.1, np.float32))

    compose(picture, road=named("curious", curious), seed=5, tempo=90)
    assert seen["seed"] == 5 and seen["tempo"] == 90 and "lightness" in seen["features"].whole
    with pytest.raises(ValueError, match="takes no key"):
        compose(picture, road="curious", key="D")


def test_a_new_function_replaces_the_old_one_and_the_courses_roads_stay(picture, named):
    named("mine", hum)
    named("mine", lambda picture: np.full(22050, 0.1, np.float32))
    assert compose(picture, road="mine").sound.seconds == 1
    with pytest.raises(ValueError, match="stays as it is"):
        roads.register("score", hum)
    with pytest.raises(ValueError, match="registered"):
        roads.unregister("never")


@pytest.mark.parametrize(
    "name, function, word",
    [
        ("a b", hum, "letters"),
        ("", hum, "letters"),
        ("x", 3, "function of a picture"),
        ("x", lambda: 3, "takes no picture"),
        ("x", lambda *, seed: 3, "takes no picture"),
    ],
)
def test_what_is_no_road_is_refused_in_one_sentence(name, function, word):
    with pytest.raises(ValueError, match=word) as problem:
        roads.register(name, function)
    assert str(problem.value).endswith(".") and "\n" not in str(problem.value)
    assert roads.names() == roads.ROADS


@pytest.mark.parametrize(
    "made, word",
    [
        (np.zeros(22050), "silence"),
        (3, "int"),
        (None, "NoneType"),
        (np.full(100, np.nan), "nan"),
        (np.full((2, 100), 0.1), "one row"),
        (np.full(100, 3.0), "beyond"),
        (Sound(np.full(100, 0.1), sample_rate=8000), "22050 Hz"),
    ],
)
def test_an_answer_that_is_no_sound_gets_one_sentence(picture, named, made, word):
    with pytest.raises(ValueError, match=word) as problem:
        compose(picture, road=named("odd", lambda picture: made))
    assert "'odd'" in str(problem.value) and str(problem.value).endswith(".")


def test_a_mistake_in_the_function_is_shown_as_it_is(picture, named):
    with pytest.raises(ZeroDivisionError):
        compose(picture, road=named("broken", lambda picture: 1 / 0))


def test_parts_of_the_score_road_are_exchanged_and_the_rest_stays(picture, named):
    def waltz(features, **settings):
        return replace(make_plan(features, **settings), tempo=100.0, beats_per_bar=3)

    piece = compose(picture, road=named("waltz", roads.score_road(plan=waltz)), seconds=8, key="D")
    assert piece.plan.tempo == 100 and piece.score.beats_per_bar == 3 and piece.plan.tonic % 12 == 2
    assert piece.explanation["notes"] and len(piece.sentences) == 3

    def soft(score):
        from imgmusic_edu.synthesizer import render

        return 0.5 * render(score)

    one, other = (
        compose(picture, road=named(name, roads.score_road(**parts)), seconds=8).sound.samples
        for name, parts in (("plain", {}), ("soft", {"render": soft}))
    )
    assert np.allclose(other, 0.5 * one, atol=1e-6)
    assert np.array_equal(one, compose(picture, seconds=8).sound.samples)


def test_parts_of_a_spectral_road_are_exchanged_and_the_rest_stays(picture, named):
    pytest.importorskip("tensorflow")
    frames = []

    def hiss(log_mel):
        frames.append(log_mel.shape)
        return 0.1 * np.random.default_rng(0).standard_normal(len(log_mel) * 256).astype(np.float32)

    piece = compose(picture, road=named("hiss", roads.spectral_road("linear", vocoder=hiss)), seconds=8)
    usual = compose(picture, road="linear", seconds=8)
    assert piece.sound.seconds == 8 and frames[0][1] == 128
    assert np.array_equal(piece.made.log_mel, usual.made.log_mel)
    assert not np.array_equal(piece.sound.samples, usual.sound.samples)
    still = roads.spectral_road("linear", mapping=lambda told, chance: np.zeros((*told.shape[:2], 16), np.float32))
    assert not np.array_equal(still(picture, seconds=8).made.log_mel, usual.made.log_mel)
    with pytest.raises(ValueError, match="takes no mode"):
        compose(picture, road="hiss", mode="major")


OWN_FILE = """
import numpy as np

def hum(picture, seconds):
    return 0.2 * np.sin(np.arange(round(seconds * 22050)) * (0.02 + picture.mean() / 5000))
"""


def test_the_command_takes_a_function_from_a_file(picture, tmp_path, capsys):
    (tmp_path / "mine.py").write_text(OWN_FILE)
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        Image.fromarray(picture).save(tmp_path / "in" / f"{name}.png")
    place = f"{tmp_path / 'mine.py'}:hum"
    try:
        out = tmp_path / "out"
        assert main([str(tmp_path / "in"), "-o", str(out), "--road", place, "--seconds", "8"]) == 0
        assert sorted(path.name for path in out.iterdir()) == ["a.wav", "b.wav"]
        assert "2 of 2 pictures" in capsys.readouterr().out
    finally:
        roads.unregister(place)


@pytest.mark.parametrize(
    "text, name, word",
    [
        (None, "hum", "no file"),
        ("x = 3", "x", "no function"),
        ("x = 3", "hum", "no function"),
        ("1 / 0", "hum", "could not be run"),
    ],
)
def test_a_file_that_has_no_road_gets_one_sentence(tmp_path, capsys, text, name, word):
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    assert main(["a.png", "--road", f"{tmp_path / 'mine.py'}:{name}"]) == 2
    said = capsys.readouterr().err
    assert word in said and said.count("\n") == 1 and "Traceback" not in said
    assert roads.names() == roads.ROADS
