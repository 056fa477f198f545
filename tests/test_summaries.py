"""One number a frame against librosa over random settings; one row a clip, and what must not change it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_audio_features import additive, piece, tone

from imgmusic_edu import audio_features as af

librosa = pytest.importorskip("librosa")

RATE = 22050
SECOND = np.arange(RATE) / RATE


@st.composite
def sounds(draw):
    """Noise and a sine, of any length from a frame on, soft and loud."""
    n, rng = draw(st.integers(2048, 9000)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sine = np.sin(2 * np.pi * rng.uniform(0.001, 0.45) * np.arange(n))
    return draw(st.sampled_from([1e-3, 0.1, 1.0])) * (rng.normal(size=n) * rng.uniform(0, 1) + sine)


frames = st.fixed_dictionaries(
    {"n_fft": st.integers(64, 1024).map(lambda half: 2 * half), "hop_length": st.integers(32, 1500)}
)


# --- against librosa ---------------------------------------------------------------------------------------


@given(sounds(), frames)
def test_level_and_crossings_are_librosas(samples, setting):
    theirs = {"y": samples, "frame_length": setting["n_fft"], "hop_length": setting["hop_length"]}
    np.testing.assert_allclose(
        af.rms(samples, **setting), librosa.feature.rms(**theirs, pad_mode="constant")[0], rtol=1e-4
    )
    np.testing.assert_allclose(
        af.zero_crossing_rate(samples, **setting), librosa.feature.zero_crossing_rate(**theirs)[0], rtol=1e-4
    )


@given(sounds(), frames, st.sampled_from([8000, 22050, 44100]))
def test_summaries_of_the_spectrum_are_librosas(samples, setting, rate):
    theirs = {"y": samples, "sr": rate} | setting
    both = [
        (af.centroid_per_frame, librosa.feature.spectral_centroid),
        (af.spectral_bandwidth, librosa.feature.spectral_bandwidth),
        (af.spectral_rolloff, librosa.feature.spectral_rolloff),
    ]
    for ours, other in both:
        found, expected = ours(samples, sample_rate=rate, **setting), other(**theirs)[0]
        if ours is af.spectral_rolloff:  # 85 % may be reached a rounding earlier or later
            assert np.mean(np.abs(found - expected) > 1e-4 * rate) < 0.05
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    flatness = librosa.feature.spectral_flatness(y=samples, **setting)[0]
    np.testing.assert_allclose(af.spectral_flatness(samples, **setting), flatness, rtol=1e-4)


def test_all_at_once_is_each_by_itself():
    noise = np.random.default_rng(2).normal(size=5000)
    together = af.frame_summaries(noise, sample_rate=16000, n_fft=512, hop_length=128)
    setting = {"n_fft": 512, "hop_length": 128}
    apart = {
        "rms": af.rms(noise, **setting),
        "zero_crossing_rate": af.zero_crossing_rate(noise, **setting),
        "centroid": af.centroid_per_frame(noise, sample_rate=16000, **setting),
        "bandwidth": af.spectral_bandwidth(noise, sample_rate=16000, **setting),
        "flatness": af.spectral_flatness(noise, **setting),
        "rolloff": af.spectral_rolloff(noise, sample_rate=16000, **setting),
    }
    assert list(together) == list(apart)
    for name, values in apart.items():
        np.testing.assert_array_equal(together[name], values, err_msg=name)


# --- what they mean ----------------------------------------------------------------------------------------


@given(st.floats(200, 9000), st.floats(0.01, 1))
@settings(max_examples=15)
def test_summaries_of_a_sine(f0, amplitude):
    found = {
        name: values[4:-4] for name, values in af.frame_summaries(amplitude * np.sin(2 * np.pi * f0 * SECOND)).items()
    }
    assert found["rms"] == pytest.approx(amplitude / np.sqrt(2), rel=0.05)
    assert found["zero_crossing_rate"] == pytest.approx(2 * f0 / RATE, abs=2 / 1024)
    assert found["centroid"] == pytest.approx(f0, abs=25)
    assert np.abs(found["rolloff"] - f0).max() < 50
    assert found["bandwidth"].max() < 120 and found["flatness"].max() < 0.01


def test_white_noise_is_flat_and_broad():
    noise = np.random.default_rng(4).normal(size=20 * RATE)
    assert af.spectral_flatness(noise).mean() == pytest.approx(
        np.exp(-np.euler_gamma), abs=0.02
    )  # power of noise: chi^2
    assert af.centroid_per_frame(noise).mean() == pytest.approx(RATE / 4, rel=0.02)
    assert af.spectral_bandwidth(noise).mean() == pytest.approx(RATE / 2 / np.sqrt(12), rel=0.02)
    assert af.spectral_rolloff(noise).mean() == pytest.approx(0.85 * RATE / 2, rel=0.02)
    assert af.zero_crossing_rate(noise).mean() == pytest.approx(0.5, abs=0.01)


@given(sounds(), st.floats(0.1, 10))
@settings(max_examples=15)
def test_gain_changes_the_level_alone(samples, gain):
    before, after = af.frame_summaries(samples), af.frame_summaries(gain * samples)
    np.testing.assert_allclose(after.pop("rms"), gain * before.pop("rms"), rtol=1e-6)
    for name in ("zero_crossing_rate", "centroid", "bandwidth"):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-6, err_msg=name)


def test_silence_has_values():
    values = {name: set(found) for name, found in af.frame_summaries(np.zeros(3000)).items()}
    (flat,) = values.pop("flatness")
    assert all(found == {0.0} for found in values.values()) and flat == pytest.approx(1)


def test_a_batch_is_its_sounds_one_by_one():
    batch = np.random.default_rng(5).normal(size=(2, 3, 4000))
    for name, values in af.frame_summaries(batch).items():
        assert values.shape == (2, 3, 1 + 4000 // 256)
        np.testing.assert_allclose(values[1, 2], af.frame_summaries(batch[1, 2])[name], rtol=1e-9)


# --- the row of a clip -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clip():
    return additive(piece(seconds=8, seed=3))


def test_every_number_of_the_row_has_a_name(clip):
    row, names = af.clip_descriptor(clip), af.descriptor_names()
    assert row.shape == (len(names),) and len(set(names)) == len(names) and np.isfinite(row).all()
    told = dict(zip(names, row, strict=True))
    assert told["tempo"] == af.tempo(clip) and told["onset_density"] == af.onset_density(clip)
    assert told["rms_mean"] > 0 and told["mfcc_delta_03_std"] > 0 and 0 <= told["chroma_c_mean"] <= 1
    level = af.rms(clip)
    assert told["centroid_mean"] == pytest.approx(
        af.centroid_per_frame(clip)[level > 1e-3 * level.max()].mean(), rel=0.01
    )


@pytest.mark.parametrize("gain", [0.1, 0.5, 4.0])
def test_a_softer_copy_has_the_same_row(clip, gain):
    np.testing.assert_allclose(af.clip_descriptor(gain * clip), af.clip_descriptor(clip), rtol=2e-3, atol=2e-3)


def test_silence_around_a_clip_does_not_count(clip):
    longer = np.concatenate([np.zeros(RATE), clip, np.zeros(RATE)])
    timbre = slice(0, 20)  # means of the MFCC
    off = np.abs(af.clip_descriptor(longer)[timbre] - af.clip_descriptor(clip)[timbre])
    assert off.max() < 2  # dB, of some 100


@pytest.mark.parametrize("sound", ["noise", "click", "hum"])
def test_odd_sounds_have_a_row(sound):
    rng = np.random.default_rng(6)
    made = {"noise": rng.normal(size=RATE), "click": np.eye(1, RATE, 9000)[0], "hum": np.sin(2 * np.pi * 30 * SECOND)}
    assert np.isfinite(af.clip_descriptor(made[sound])).all()


def test_neighbours_sound_alike():
    """Three sorts of sound, four of each: the nearest row is of the same sort."""
    rng = np.random.default_rng(7)
    sorts = {
        "plucked": [additive(piece(seconds=6, seed=k, tonic=k)) for k in range(4)],
        "flute": [np.concatenate([tone(p, 1.0, partials=1) for p in rng.integers(60, 84, 4)]) for _ in range(4)],
        "noise": [np.repeat(rng.uniform(0, 0.2, 16), RATE // 4) * rng.normal(size=16 * (RATE // 4)) for _ in range(4)],
    }
    rows = np.array([af.clip_descriptor(np.asarray(one, float)) for group in sorts.values() for one in group])
    rows = (rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-9)
    apart = np.linalg.norm(rows[:, None] - rows, axis=2) + 1e9 * np.eye(12)
    assert (apart.argmin(axis=1) // 4 == np.arange(12) // 4).all()


def test_what_cannot_be_described_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="silent"):
        af.clip_descriptor(np.zeros(RATE))
    with pytest.raises(ValueError, match=r"at least 0\.5 s"):
        af.clip_descriptor(np.ones(1000))
    with pytest.raises(ValueError, match="even"):
        af.rms(np.ones(1000), n_fft=99)
