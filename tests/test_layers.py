"""The Keras layers against librosa over random settings; gradients against differences; life inside a graph."""

import importlib
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("tensorflow", reason="TensorFlow is an extra")

import keras
import tensorflow as tf

from imgmusic_edu import datasets, synthesizer
from imgmusic_edu.audio_features import layers, transforms
from imgmusic_edu.audio_features.layers import LogMel, MelSpectrogram
from imgmusic_edu.scores import Score

pytestmark = [
    pytest.mark.filterwarnings("ignore:Empty filters detected:UserWarning"),
    pytest.mark.filterwarnings("ignore:n_fft=.* is too large:UserWarning"),  # librosa, on short clips
]
RATE = 22050


@st.composite
def settings_of_mel(draw):
    n_fft = 2 * draw(st.integers(8, 1024))
    return {
        "n_fft": n_fft,
        "hop_length": draw(st.integers(max(1, n_fft // 16), n_fft)),
        "sample_rate": draw(st.integers(4000, 48000)),
        "n_mels": draw(st.integers(1, 128)),
    }


def librosas(samples, settings):
    import librosa

    own = dict(settings)
    return librosa.feature.melspectrogram(y=samples, sr=own.pop("sample_rate"), **own).T


@pytest.fixture(scope="module")
def music():
    """Two seconds of a nursery song from the SoundFont."""
    return synthesizer.render(Score.from_midi(datasets.data_path("lavenders_blue")))[RATE : 3 * RATE]


# --- the same figures --------------------------------------------------------------------------------------


@given(settings=settings_of_mel(), n=st.integers(1, 6000), seed=st.integers(0, 999))
def test_layers_are_librosas_within_a_ten_thousandth(settings, n, seed):
    rng = np.random.default_rng(seed)
    samples = (10 ** rng.uniform(-2, 0) * rng.normal(size=n)).astype(np.float32)
    expected = librosas(samples.astype(np.float64), settings)
    found = np.asarray(MelSpectrogram(**settings)(samples[None]))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6 * expected.max())
    # some narrow band may hold next to nothing, float32's last bits: hence 1e-5 of the loudest as the floor here
    floor = max(1e-10, 1e-5 * expected.max())
    levels = np.asarray(LogMel(**settings)(samples[None]))[0]
    near = 10 * np.log10(np.maximum(expected, floor))
    np.testing.assert_allclose(np.maximum(levels, 10 * np.log10(floor)), near, rtol=1e-4, atol=5e-4)


def test_music_is_the_same_as_outside_the_graph(music):
    expected = librosas(music, {"n_fft": 1024, "hop_length": 256, "sample_rate": RATE, "n_mels": 128})
    np.testing.assert_allclose(
        np.asarray(MelSpectrogram()(music[None]))[0], expected, rtol=1e-4, atol=1e-6 * expected.max()
    )
    np.testing.assert_allclose(np.asarray(LogMel()(music[None]))[0], transforms.log_mel(music), atol=0.01)


def test_batches_and_single_clips():
    batch = np.random.default_rng(0).normal(size=(2, 3, 3000)).astype(np.float32)
    together = np.asarray(LogMel()(batch))
    assert together.shape == (2, 3, 12, 128)
    np.testing.assert_allclose(together[1, 2], np.asarray(LogMel()(batch[1, 2])), atol=1e-3)


def test_silence_is_the_floor():
    np.testing.assert_allclose(np.asarray(LogMel()(np.zeros((2, 5000), np.float32))), -100, rtol=1e-6)


# --- gradients ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [MelSpectrogram, LogMel])
@pytest.mark.parametrize("seed", range(4))
def test_gradients_are_those_of_differences(layer, seed):
    """In float64, along a random direction, for a random weighting of all outputs."""
    rng = np.random.default_rng(seed)
    settings = {"n_fft": 128, "hop_length": 32, "n_mels": 12, "sample_rate": 8000}
    hear = layer(dtype="float64", **settings)
    samples, direction = 0.1 * rng.normal(size=(2, 2, 500))
    weights = rng.normal(size=hear(samples).shape)

    def loss(x):
        return tf.reduce_sum(hear(x) * weights)

    with tf.GradientTape() as tape:
        x = tf.constant(samples)
        tape.watch(x)
        value = loss(x)
    found = float(tf.reduce_sum(tape.gradient(value, x) * direction))
    step = 1e-5
    difference = float(loss(samples + step * direction) - loss(samples - step * direction)) / (2 * step)
    assert found == pytest.approx(difference, rel=1e-6)


@pytest.mark.parametrize("n_silent", [1500, 3000])
def test_silence_gives_no_gradient_and_no_nan(n_silent):
    samples = np.random.default_rng(0).normal(size=(1, 3000)).astype(np.float32)
    samples[:, :n_silent] = 0
    with tf.GradientTape() as tape:
        x = tf.constant(samples)
        tape.watch(x)
        value = tf.reduce_mean(LogMel()(x))
    gradient = np.asarray(tape.gradient(value, x))
    assert np.isfinite(gradient).all()
    assert not gradient[:, : n_silent - 1024].any() and gradient.any() == (n_silent < 3000)


def test_a_sound_can_be_found_by_its_gradient(music):
    """What the gradient is for: samples that move towards a wanted spectrum."""
    hear = LogMel(n_fft=256, hop_length=128, n_mels=20)
    wanted = hear(music[None, 5000:7000])
    x = keras.Variable(np.random.default_rng(0).normal(0, 0.01, (1, 2000)).astype(np.float32))
    optimizer = keras.optimizers.Adam(3e-3)
    losses = []
    for _ in range(30):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((hear(x) - wanted) ** 2)
        optimizer.apply([tape.gradient(loss, x.value)], [x])
        losses.append(float(loss))
    assert losses[-1] < 0.5 * losses[0]


# --- in a graph --------------------------------------------------------------------------------------------


def test_shapes_are_known_before_there_is_sound():
    inputs = keras.Input((None,))
    assert keras.Model(inputs, LogMel()(inputs)).output_shape == (None, None, 128)
    assert LogMel(n_mels=40, hop_length=100)(keras.Input((RATE,))).shape == (None, 221, 40)


def test_in_a_pipeline_and_compiled(music):
    expected = np.asarray(LogMel()(music[None]))
    data = tf.data.Dataset.from_tensors(music).repeat(4).batch(2).map(LogMel())
    assert [batch.shape for batch in data] == [(2, 173, 128)] * 2
    np.testing.assert_allclose(next(iter(data))[1], expected[0], atol=0.01)
    compiled = tf.function(LogMel(), jit_compile=True)(music[None])
    np.testing.assert_allclose(compiled, expected, atol=0.02)


def test_a_model_with_it_is_saved_whole(tmp_path, music):
    settings = {"sample_rate": 16000, "n_fft": 512, "hop_length": 200, "n_mels": 24}
    model = keras.Sequential([keras.Input((None,)), LogMel(**settings), keras.layers.GlobalAveragePooling1D()])
    model.save(tmp_path / "ears.keras")
    again = keras.saving.load_model(tmp_path / "ears.keras")
    np.testing.assert_array_equal(model(music[None]), again(music[None]))
    assert not model.weights


@pytest.mark.parametrize("layer", [MelSpectrogram, LogMel])
def test_config_survives(layer, music):
    first = layer(sample_rate=16000, n_fft=512, hop_length=200, n_mels=24, name="ears", dtype="float64")
    again = layer.from_config(first.get_config())
    assert again.get_config() == first.get_config() and again.name == "ears"
    np.testing.assert_array_equal(first(music[None]), again(music[None]))


def test_float16_networks_hear_in_float32(music):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        found = LogMel()(music[None])
    finally:
        keras.config.set_dtype_policy("float32")
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, LogMel()(music[None]), atol=1e-3)


# --- and Keras's own ---------------------------------------------------------------------------------------


def test_keras_mel_spectrogram_is_another(music):
    """HTK's scale, straight in mel, height 1, mirrored ends; and decibels that hang on the batch."""
    import librosa

    settings = {"fft_length": 1024, "sequence_stride": 256, "sampling_rate": RATE, "num_mel_bins": 128}
    powers = keras.layers.MelSpectrogram(**settings, min_freq=0.0, power_to_db=False)
    theirs = np.asarray(powers(music[None]))[0].T
    ours = np.asarray(MelSpectrogram()(music[None]))[0]

    def apart(reference):
        return np.linalg.norm(theirs - reference) / np.linalg.norm(theirs)

    same = {"y": music, "sr": RATE, "n_fft": 1024, "hop_length": 256, "n_mels": 128}
    htk = librosa.feature.melspectrogram(**same, htk=True, norm=None, pad_mode="reflect").T
    assert theirs.shape == ours.shape
    assert apart(ours) > 0.5  # even as powers from 0 Hz
    assert 1e-4 < apart(htk) < 0.02  # librosa's triangles are straight in Hz

    decibels = keras.layers.MelSpectrogram(**settings)
    soft = 0.001 * music
    alone, in_company = np.asarray(decibels(soft[None]))[0], np.asarray(decibels(np.stack([soft, music])))[0]
    assert np.abs(alone - in_company).max() > 10  # dB
    np.testing.assert_allclose(
        np.asarray(LogMel()(soft[None]))[0], np.asarray(LogMel()(np.stack([soft, music])))[0], atol=0.01
    )


# --- mistakes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"n_fft": 1023}, "even"),
        ({"hop_length": 0}, "hop_length"),
        ({"n_mels": 0}, "n_mels"),
        ({"n_fft": None}, "n_fft"),
    ],
)
def test_mistakes_are_told_in_a_sentence(settings, says):
    with pytest.raises(ValueError, match=says):
        LogMel(**settings)


def test_without_keras_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    monkeypatch.delitem(sys.modules, layers.__name__)
    with pytest.raises(ImportError, match=r'pip install "imgmusic_edu\[tf\]"'):
        importlib.import_module(layers.__name__)
