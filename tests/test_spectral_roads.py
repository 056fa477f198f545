"""The spectral roads: from a picture through networks to a sound that belongs to it."""

import json

import numpy as np
import pytest

from imgmusic_edu import audio_features, compose, datasets
from imgmusic_edu.evaluation.edits import EDITS
from imgmusic_edu.roads import ROADS
from imgmusic_edu.visual_features import visual_features

pytest.importorskip("tensorflow")
LEARNED = ROADS[1:]


@pytest.fixture(scope="module")
def pieces():
    return {road: compose(datasets.picture("koala"), road=road, seconds=8, seed=3) for road in LEARNED}


@pytest.mark.parametrize("road", LEARNED)
def test_a_sound_of_the_length_asked_for_that_keeps_its_promises(pieces, road):
    samples = pieces[road].sound.samples
    assert samples.dtype == np.float32 and len(samples) == 8 * 22050
    assert np.isfinite(samples).all() and np.abs(samples).max() < 1
    heard = audio_features.measure(samples)
    assert -35 < heard["loudness"] < -10 and heard["true_peak"] < -1
    assert abs(samples.mean()) < 1e-3
    assert np.abs(samples[:5]).max() < 0.02 and np.abs(samples[-5:]).max() < 0.02


@pytest.mark.parametrize("road", LEARNED)
def test_the_same_seed_gives_the_same_bytes_and_another_another_piece(pieces, road):
    again = compose(datasets.picture("koala"), road=road, seconds=8, seed=3)
    assert again.sound.samples.tobytes() == pieces[road].sound.samples.tobytes()
    other = compose(datasets.picture("koala"), road=road, seconds=8, seed=4)
    assert other.sound.samples.tobytes() != again.sound.samples.tobytes()
    assert other.made.tempo == again.made.tempo  # that is the picture's


def test_the_explanation_is_json_and_was_found_by_trying(pieces):
    piece = pieces["vae"]
    told = json.loads(json.dumps(piece.explanation))
    assert len(piece.sentences) == 3 and all(sentence.endswith(".") for sentence in piece.sentences)
    assert told["settings"]["road"] == "vae" and set(told["causes"]) == set(told["features"])
    features = visual_features(datasets.picture("koala"))
    neutral = {name: features.standardised(name) for name in told["causes"]}
    without = np.exp(piece.road.asked_by(_with(neutral, "lightness", 0.0)[None])[0, 0])
    wanted = piece.made.tempo - without
    assert told["causes"]["lightness"]["tempo"] == pytest.approx(wanted, abs=0.01)


def _with(features, name, value):
    return np.array([value if key == name else found for key, found in features.items()], np.float32)


def test_what_the_picture_asks_for_is_heard():
    for road in ("mlp", "vae"):
        dark, light = (
            compose(EDITS[edit].function(datasets.picture("petra")), road=road, seconds=8, seed=1)
            for edit in ("darken", "lighten")
        )
        assert light.made.tempo > dark.made.tempo + 3
        one, other = (audio_features.measure(piece.sound.samples) for piece in (dark, light))
        assert other["register"] > one["register"]


def test_tempo_and_key_can_be_set():
    piece = compose(datasets.picture("koala"), road="vae", seconds=8, seed=3, tempo=100, key="D")
    assert piece.made.tempo == 100 and piece.made.tonic == 2


@pytest.mark.parametrize(
    "settings, word",
    [
        ({"road": "van"}, "The roads are"),
        ({"road": "vae", "mode": "major"}, "mode"),
        ({"road": "vae", "instruments": ["piano"]}, "instruments"),
        ({"road": "gan", "weights": {"R1": 0.0}}, "weights"),
        ({"road": "linear", "key": "D minor"}, "mode"),
        ({"road": "mlp", "seconds": 2}, "length"),
        ({"road": "mlp", "tempo": float("nan")}, "tempo"),
        ({"road": "mlp", "seed": -1}, "seed"),
    ],
)
def test_what_a_road_does_not_have_is_one_sentence(settings, word):
    with pytest.raises(ValueError) as problem:
        compose(datasets.picture("koala"), **{"seconds": 8} | settings)
    assert word in str(problem.value) and "\n" not in str(problem.value) and str(problem.value).endswith(".")


def test_a_network_writes_no_notes(pieces, tmp_path):
    with pytest.raises(ValueError, match="no notes"):
        pieces["gan"].save(tmp_path / "a.mid")
    assert not list(tmp_path.iterdir())
    pieces["gan"].save(tmp_path / "a.wav")
    pieces["gan"].save(tmp_path / "a.json")
    assert {path.name for path in tmp_path.iterdir()} == {"a.wav", "a.json"}


def test_the_player_shows_a_piece_without_notes(pieces):
    page = pieces["vae"]._repr_html_()
    assert "<audio" in page or "audio" in page
    assert "vae" in repr(pieces["vae"])


@pytest.mark.parametrize("what", ["missing", "damaged", "another"])
def test_weights_that_will_not_do_are_one_sentence(what, tmp_path, monkeypatch):
    from imgmusic_edu.networks import spectral

    bad = tmp_path / "bad.npz"
    if what == "damaged":
        bad.write_bytes(datasets.data_path("mapping_vae").read_bytes()[:5000])
    elif what == "another":
        bad = datasets.data_path("mapping_mlp")
    original = spectral.data_path
    monkeypatch.setattr(spectral, "data_path", lambda name: bad if name == "mapping_vae" else original(name))
    with pytest.raises(ValueError) as problem:
        spectral.open_road.__wrapped__("vae")
    assert "\n" not in str(problem.value) and str(problem.value).endswith(".")


def test_what_blur_takes_is_given_back_on_pieces_it_was_not_measured_on():
    from imgmusic_edu.networks.finish import Finish, edges, level, measured, sharpened
    from imgmusic_edu.networks.mapping import NOISE, conditions_of, heard_in
    from imgmusic_edu.networks.pairs import pairs
    from imgmusic_edu.networks.spectral import open_road

    found, road = pairs("test", notice=lambda *_: None)[:8], open_road("mlp")
    told = conditions_of(found, heard_in(found), scales=road.scales)
    latent = road.latent(told, np.zeros((8, NOISE), np.float32))
    before, after = road.codec.decode(latent), road.decode(latent)
    music = found.log_mel[:, : before.shape[1]]
    flat, drawn = (edges(made) / edges(music) for made in (before, after))
    assert flat < 0.9 and 0.3 < (drawn - flat) / (1 - flat) < 0.8
    soft, loud = (np.mean(level(made) - level(music)) for made in (before, after))
    assert soft < -1 and abs(loud) < 0.5 * abs(soft)
    assert np.allclose(level(sharpened(before, 2.0)), level(before), atol=1e-3)  # frames keep their power
    assert np.allclose(Finish()(before), before, atol=1e-3)
    assert np.allclose(road.finish(before[:, 40:90]), after[:, 40:90], atol=1e-3)  # a stream goes piece by piece
    again = measured(before, music)
    lacked, lacks = (edges(music) - edges(made) for made in (before, again(before)))
    assert lacks == pytest.approx(lacked / 2, rel=0.1)
    assert np.mean(level(again(before))) == pytest.approx(np.mean(level(music)), abs=0.01)


def test_all_weights_together_are_small():
    names = ["codec", "mapping_scales", "mapping_finish", *(f"mapping_{road}" for road in ("conductor", *LEARNED))]
    assert sum(datasets.data_path(name).stat().st_size for name in names) < 12e6
