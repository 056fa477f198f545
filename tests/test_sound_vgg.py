"""The sound network: its front end against librosa, its numbers against NumPy in float64, and what it hears."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import every, hearing_networks
from imgmusic_edu import backbones
from imgmusic_edu.backbones import sound_vgg
from imgmusic_edu.datasets import data_path
from imgmusic_edu.instruments import INSTRUMENTS, TIMBRES
from imgmusic_edu.scores import Note, Part, Score
from imgmusic_edu.sounds import Sound
from imgmusic_edu.synthesizer import render

RATE = 16000  # the network's own: nothing is resampled
PATCH = 186 * 256  # the fewest samples that make 187 centred frames
SCALE = np.array([60, 62, 64, 65, 67, 69, 71, 72])


def noise(n, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, n).astype(np.float32)


def alone(pitches, program=0, *, is_drum=False):
    """Twelve seconds of these pitches in turn, two a second, by one player."""
    notes = [Note(k / 2, 0.45, pitches[k % len(pitches)], 80, "solo") for k in range(20)]
    return render(Score(notes, [Part("solo", program, is_drum=is_drum)], 60, 4, 0, "major", 12))


@pytest.fixture(scope="module")
def network():
    return backbones.load("sound_vgg")


# --- the front end -----------------------------------------------------------------------------------------


def test_patches_are_librosas_log_mel_spectrogram():
    import librosa

    samples = noise(3 * PATCH) * np.linspace(0.01, 1, 3 * PATCH, dtype=np.float32)
    wave = (0.7 / np.abs(samples).max() * samples).astype(np.float64)
    power = librosa.feature.melspectrogram(y=wave, sr=16000, n_fft=512, hop_length=256, n_mels=96, pad_mode="constant")
    expected = np.log10(10000 * power.T + 1)  # 559 frames: patches begin at frames 0, 187 and 372
    found = sound_vgg.patches(samples, sample_rate=RATE)
    assert found.shape == (3, 187, 96) and found.dtype == np.float32
    for patch, start in zip(found, (0, 187, 372), strict=True):
        np.testing.assert_allclose(patch, expected[start : start + 187], atol=1e-4)


@given(extra=st.integers(0, 3 * PATCH), place=st.floats(0, 1))
@settings(max_examples=20)
def test_patches_lie_end_to_end_and_the_last_ends_with_the_sound(extra, place):
    n_frames = 187 + extra // 256
    clicked = round(place * (n_frames - 2))
    samples = np.zeros(PATCH + extra, np.float32)
    samples[256 * clicked] = 0.5  # in the middle of its frame, and out of all but the next
    found = sound_vgg.patches(samples, sample_rate=RATE)
    assert len(found) == -(-n_frames // 187)
    starts = [187 * k for k in range(len(found) - 1)] + [n_frames - 187]
    for patch, start in zip(found, starts, strict=True):
        heard = np.flatnonzero(patch.max(axis=1) > 0.1) + start
        assert set(heard) == {clicked} & set(range(start, start + 187))


@given(gain_db=st.floats(-60, 6), seed=st.integers(0, 99))
@settings(max_examples=10)
def test_level_makes_no_difference(gain_db, seed):
    samples = noise(PATCH, seed)
    louder = sound_vgg.patches(samples * np.float32(10 ** (gain_db / 20)), sample_rate=RATE)
    np.testing.assert_allclose(louder, sound_vgg.patches(samples, sample_rate=RATE), atol=1e-3)


def test_the_rate_of_the_recording_makes_little_difference():
    def chirp(rate):  # 200 Hz to 4 kHz
        seconds = np.arange(4 * rate) / rate
        return (0.5 * np.sin(2 * np.pi * (200 + 475 * seconds) * seconds)).astype(np.float32)

    for rate in (22050, 44100):
        difference = sound_vgg.patches(chirp(rate), sample_rate=rate) - sound_vgg.patches(chirp(RATE), sample_rate=RATE)
        assert np.abs(difference[:, 2:-2]).mean() < 0.01


def test_a_short_sound_is_repeated_until_it_fills_a_patch():
    short = noise(5000)
    found = sound_vgg.patches(short, sample_rate=RATE)
    assert found.shape == (1, 187, 96)
    np.testing.assert_array_equal(found, sound_vgg.patches(np.tile(short, 10)[:PATCH], sample_rate=RATE))
    assert sound_vgg.patches(short[:160], sample_rate=RATE).shape == (1, 187, 96)


def test_silence_is_zeros():
    assert not sound_vgg.patches(np.zeros(RATE, np.float32), sample_rate=RATE).any()


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (np.zeros((2, 9000), np.float32), "mono"),
        (np.zeros(9000, np.int16), "int16"),
        (np.zeros(100, np.float32), "lasts 4.5 ms"),
        (np.full(9000, np.nan, np.float32), "not finite"),
    ],
)
def test_what_is_no_sound_is_refused_in_a_sentence(samples, sentence):
    with pytest.raises(ValueError, match=sentence):
        sound_vgg.patches(samples)


def test_a_sound_brings_its_own_rate(network):
    samples = noise(8000)
    np.testing.assert_array_equal(
        network.prepare(Sound(samples, sample_rate=8000)), sound_vgg.patches(samples, sample_rate=8000)
    )
    np.testing.assert_array_equal(network.prepare(samples), sound_vgg.patches(samples, sample_rate=22050))


# --- the network -------------------------------------------------------------------------------------------


def evaluate(patch):
    """The network's arithmetic on one patch in float64 without Keras: dict of its layers, from the stored weights."""
    stored = {name: array.astype(float) for name, array in np.load(data_path("sound_vgg")).items()}

    def normalised(x, name):
        mean, variance = stored[f"{name}/moving_mean"], stored[f"{name}/moving_variance"]
        return stored[f"{name}/gamma"] * (x - mean) / np.sqrt(variance + 0.001) + stored[f"{name}/beta"]

    def highest(x, size, step):
        windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=(0, 1))
        return windows[::step, ::step].max(axis=(-2, -1))

    x, layers = normalised(patch.astype(float)[:, :, None], "batch_normalization"), {}
    for k, (size, step) in enumerate([((4, 1), 2), ((2, 2), 2), ((2, 2), 2), ((2, 2), 2), ((4, 4), 4)], 1):
        kernel = stored[f"{k}CNN/kernel"]
        around, (height, width) = np.pad(x, ((1, 1), (1, 1), (0, 0))), x.shape[:2]
        x = stored[f"{k}CNN/bias"] + sum(
            around[i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3)
        )
        layers[f"conv{k}"] = x = np.maximum(x, 0)
        layers[f"pool{k}"] = x = highest(normalised(x, f"batch_normalization_{k}"), size, step)
    layers["logits"] = x.reshape(-1) @ stored["dense/kernel"] + stored["dense/bias"]
    layers["tags"] = 1 / (1 + np.exp(-layers["logits"]))
    return layers


def test_every_layer_agrees_with_plain_arithmetic_in_float64(network):
    samples = alone(SCALE, INSTRUMENTS["piano"])[: round(2.9 * 22050)]
    expected = evaluate(sound_vgg.patches(samples)[0])
    found = network.activations([samples], network.layers)
    assert set(network.layers) == set(expected)
    for name, values in expected.items():
        assert found[name].shape == (1, *values.shape)
        np.testing.assert_allclose(found[name][0], values, atol=1e-3 * max(1, np.abs(values).max()), err_msg=name)
    np.testing.assert_allclose(found["logits"][0], expected["logits"], atol=1e-3)


def test_layers_and_tags_have_names_one_can_ask_for(network):
    assert network.layers == sound_vgg.LAYERS
    assert network.layers[:3] == ("conv1", "pool1", "conv2") and network.layers[-2:] == ("logits", "tags")
    assert len(network.classes) == len(set(network.classes)) == 50 and {"piano", "flute"} <= set(network.classes)
    assert network.input_size == (187, 96) and not network.model.trainable_weights
    with pytest.raises(ValueError, match="conv5"):
        network.activations([noise(9000)], "conv6")


def test_a_sounds_row_is_the_mean_over_its_patches(network):
    sounds = [noise(n, seed=n) for n in (9000, 3 * 66000, 22050)]  # of 1, 4 and 1 patches
    found = network.predict(sounds)
    assert found.shape == (3, 50) and ((found >= 0) & (found <= 1)).all()
    for sound, row in zip(sounds, found, strict=True):
        own = network.model.predict_on_batch(network.prepare(sound))
        np.testing.assert_allclose(row, own.mean(axis=0), atol=1e-5)


def test_silence_gets_tags_that_are_numbers(network):
    assert np.isfinite(network.predict([np.zeros(22050, np.float32)])).all()


# --- what it hears -----------------------------------------------------------------------------------------


def test_an_instrument_alone_is_called_by_its_name(network):
    sounds = {
        "piano": alone(SCALE, INSTRUMENTS["piano"]),
        "guitar": alone(SCALE, INSTRUMENTS["nylon_guitar"]),
        "violin": alone(SCALE + 12, INSTRUMENTS["violin"]),
        "flute": alone(SCALE + 12, INSTRUMENTS["flute"]),
        "drums": alone((36, 42, 38, 42), is_drum=True),
    }
    assert [names[0][0] for names in network.top(sounds.values(), n=1)] == list(sounds)


def test_excerpts_are_played_within_reach_and_the_melody_one_note_at_a_time():
    score = Score.from_midi(data_path("the_entertainer"))
    for instrument in hearing_networks.PROGRAMS:
        timbre = TIMBRES[hearing_networks.PROGRAMS[instrument]]
        whole, melody = (hearing_networks.excerpt(score, instrument, way) for way in ("all parts", "melody"))
        assert {part.program for part in whole.parts} == {hearing_networks.PROGRAMS[instrument]}
        assert all(timbre.low <= note.pitch <= timbre.high for note in (*whole.notes, *melody.notes))
        assert all(one.end <= two.beat + 1e-9 for one, two in itertools.pairwise(melody.notes))
        assert len(melody.notes) < len(whole.notes)


def test_instruments_are_named_on_pieces_that_were_held_out(network):
    _, held_out = hearing_networks.pieces()
    jobs = [(name, instrument, "all parts") for name in every(held_out, 2) for instrument in hearing_networks.TAGS]
    tags = network.predict(map(hearing_networks.played, jobs))
    right = hearing_networks.name_instruments(network.classes, tags) == np.tile(np.arange(5), 2)
    assert right.sum() >= 7  # of 10; chance is 2


# --- what the benchmark makes of it, on made-up answers -----------------------------------------------------


@pytest.fixture
def labels():
    """As `hear` gives them, of 10 pieces."""
    names = [f"piece {k}" for k in range(10)]
    pitched = [(n, i, s) for n in names for i in hearing_networks.PROGRAMS for s in hearing_networks.SETTINGS]
    return np.array(pitched + [(n, "drums", "both") for n in names])


def one_hot(names):
    return (np.unique(names)[:, None] == names).T.astype(float)


def test_priors_mend_a_tag_that_is_always_given(labels, network):
    tags, held_out = network.classes, ["piece 1", "piece 7"]
    logits = np.random.default_rng(0).normal(-4, 0.1, (len(labels), 50))
    for row, instrument in zip(logits, labels[:, 1], strict=True):
        row[tags.index(instrument)] += 3
    logits[:, tags.index("cello")] += 6
    found = {"logits": logits, "tags": 1 / (1 + np.exp(-logits))}
    counts = hearing_networks.naming(tags, labels, found, held_out)
    for setting in hearing_networks.SETTINGS:
        assert (counts[setting, "as it is"].sum(axis=0) == [0, 10, 0, 0, 0]).all()  # all called strings
        assert (counts[setting, "calibrated"] == 2 * np.eye(5)).all()
        assert counts[setting, "linear probe"].trace() >= 8  # of 10: 46 tags are noise, and 8 pieces are few


def test_layers_are_told_apart_by_what_they_hold(labels):
    noise = np.random.default_rng(0).normal(0, 0.01, (3, len(labels), 1))
    pieces, instruments = one_hot(labels[:, 0]), one_hot(labels[:, 1])
    found = {"input": np.hstack([pieces, instruments]), "conv1": pieces + noise[0], "tags": instruments + noise[1]}
    told = hearing_networks.layer_by_layer(labels, found)
    assert list(told) == list(found)
    assert told["tags"]["five instruments"] == 1 and told["tags"]["instrument", "melody"] > 0.9
    assert told["tags"]["piece", "all parts"] < 0.5 > told["conv1"]["instrument", "all parts"]
    assert told["conv1"]["piece", "melody"] == told["input"]["piece", "all parts"] == 1


def test_the_section_says_what_was_found(labels, network, monkeypatch):
    names = list(dict.fromkeys(labels[:, 0]))
    logits = np.full((len(labels), 50), -4.0)
    for row, instrument in zip(logits, labels[:, 1], strict=True):
        row[network.classes.index(instrument)] = 2
    found = {"input": logits, "logits": logits, "tags": 1 / (1 + np.exp(-logits))}
    took = {"front end alone, one thread": [0.1], "network alone, Keras loop": [1.0, 2.0, 3.0]}
    monkeypatch.setattr(hearing_networks, "pieces", lambda n: (names[:6], names[6:]))
    monkeypatch.setattr(hearing_networks, "hear", lambda *_, **__: (labels, found))
    monkeypatch.setattr(hearing_networks, "speeds", lambda *_, **__: (took, 100e9, 50e9))
    text = hearing_networks.sound_networks()
    assert "| instruments named on held-out pieces | >= 80 % | 100 % | yes |" in text
    assert "| all parts | flute | 0 | 0 | 4 | 0 | 0 |" in text
    assert "| network alone, Keras loop | 2.000 (1.000-3.000) | 16 | 25 % | 1.00 x |" in text
    assert "Peak: 100 GFLOP/s" in text and "(chance 10.0 %)" in text
