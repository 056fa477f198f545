"""The transforms backwards: what must come back exactly, what cannot, and what is said about it."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgmusic_edu import datasets, synthesizer
from imgmusic_edu.audio_features import inverses as inv
from imgmusic_edu.audio_features import transforms as tr
from imgmusic_edu.scores import Score

RATE = 22050


@pytest.fixture(scope="module")
def music():
    """Four seconds of a nursery song from the SoundFont, with drums."""
    return synthesizer.render(Score.from_midi(datasets.data_path("lavenders_blue")))[RATE : 5 * RATE]


@pytest.fixture(scope="module")
def trips(music):
    return {kind: inv.round_trip(music, kind=kind) for kind in inv.ROUND_TRIPS}


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples))))


@st.composite
def sounds(draw):
    """Noise of any length, with settings whose windows overlap thrice or more."""
    n_fft = 2 * draw(st.integers(4, 600))
    hop_length = draw(st.integers(max(1, n_fft // 12), n_fft // 3))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    return rng.normal(0, 0.2, draw(st.integers(1, 5000))), {"n_fft": n_fft, "hop_length": hop_length}


# --- STFT --------------------------------------------------------------------------------------------------


@given(sound=sounds())
def test_istft_gives_the_sound_back(sound):
    samples, settings = sound
    single = samples.astype(np.float32)
    back = inv.istft(tr.stft(single, **settings), **settings, length=len(samples))
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, single, rtol=0, atol=2e-6)
    back = inv.istft(tr.stft(samples, **settings), **settings, length=len(samples))
    np.testing.assert_allclose(back, samples, rtol=0, atol=1e-13)


@pytest.mark.parametrize("hop_length", [400, 512, 600, 768, 900])
def test_istft_is_exact_wherever_nola_holds(hop_length):
    samples = np.random.default_rng(0).normal(size=7 * hop_length + 1)  # up to the middle of the last frame
    back = inv.istft(tr.stft(samples, hop_length=hop_length), hop_length=hop_length, length=len(samples))
    np.testing.assert_allclose(back, samples, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("hop_length", "length"), [(1000, 8000), (1024, 4096), (1500, 4500), (512, 4096 + 500)])
def test_what_no_window_shows_is_told(hop_length, length):
    spectrum = tr.stft(np.ones(length), hop_length=hop_length)
    with pytest.raises(ValueError, match=f"1024 samples every {hop_length} shows enough of sample .* at most 341"):
        inv.istft(spectrum, hop_length=hop_length, length=length)


@given(sound=sounds(), seed=st.integers(0, 99))
def test_istft_of_any_spectrum_is_librosas(sound, seed):
    """Also of those that no sound has, as Griffin-Lim needs."""
    import librosa

    samples, settings = sound
    shape = tr.stft(samples, **settings).shape
    rng = np.random.default_rng(seed)
    spectrum = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    expected = librosa.istft(spectrum.T, **settings, length=len(samples))
    found = inv.istft(spectrum, **settings, length=len(samples))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * max(1, np.abs(expected).max()))


def test_without_a_length_the_sound_ends_in_the_middle_of_the_last_frame():
    samples = np.random.default_rng(1).normal(size=(2, 1000))
    back = inv.istft(tr.stft(samples))
    assert back.shape == (2, 3 * 256)
    np.testing.assert_allclose(back, samples[:, :768], atol=1e-12)


# --- Griffin-Lim -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_iter", [0, 1, 5])
def test_griffin_lim_is_librosas_from_the_same_first_guess(music, n_iter):
    import librosa

    magnitude = np.abs(tr.stft(music[:RATE]))
    guess = np.random.default_rng(3).random(magnitude.shape, dtype=np.float32).T

    class Given(np.random.RandomState):
        def random(self, size=None):
            return guess

    if "random_state" not in inspect.signature(librosa.griffinlim).parameters:
        pytest.skip("librosa 1.0 makes its own random generator")
    settings = {"n_iter": n_iter, "hop_length": 256, "length": RATE}
    expected = librosa.griffinlim(magnitude.T, n_fft=1024, random_state=Given(), **settings)
    found = inv.griffin_lim(magnitude, seed=3, **settings)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_griffin_lim_comes_nearer_with_every_round(music):
    magnitude = np.abs(tr.stft(music))
    length = len(music)
    errors = []
    for n_iter in (0, 2, 8, 32):
        found = np.abs(tr.stft(inv.griffin_lim(magnitude, n_iter=n_iter, length=length)))
        errors.append(np.linalg.norm(found - magnitude) / np.linalg.norm(magnitude))
    assert errors == sorted(errors, reverse=True) and errors[0] > 0.3 and errors[-1] < 0.12


def test_griffin_lim_repeats_itself(music):
    magnitude = np.abs(tr.stft(music[:RATE]))
    first, again, other = (inv.griffin_lim(magnitude, n_iter=3, seed=seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert rms(first - other) > 0.1 * rms(first)
    batch = inv.griffin_lim(np.stack([magnitude, magnitude]), n_iter=2)
    assert batch.shape == (2, 256 * (len(magnitude) - 1))


def test_griffin_lim_of_silence_is_silence():
    assert not inv.griffin_lim(np.zeros((20, 513))).any()


# --- mel and MFCC ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", inv.INVERSIONS)
def test_magnitudes_are_not_negative_and_silence_stays(music, method):
    mel = tr.mel_spectrogram(music[:RATE])
    found = inv.mel_to_magnitude(mel, method=method)
    assert found.shape == (len(mel), 513) and np.isfinite(found).all() and found.min() >= 0
    assert not inv.mel_to_magnitude(0 * mel, method=method).any()
    np.testing.assert_allclose(  # a thing of frames, not of neighbours; twice the power is root two of magnitude
        inv.mel_to_magnitude(2 * mel[None, 5:7], method=method)[0], np.sqrt(2) * found[5:7], rtol=1e-3, atol=1e-4
    )


def test_pinv_is_least_squares_without_negatives(music):
    mel = tr.mel_spectrogram(music[:RATE]).astype(np.float64)
    expected = np.linalg.lstsq(tr.mel_filters().T.astype(np.float64), mel.T)[0].T
    found = inv.mel_to_magnitude(mel, method="pinv")
    np.testing.assert_allclose(found**2, np.maximum(expected, 0), atol=1e-5 * expected.max())


@given(seed=st.integers(0, 99), n_mels=st.integers(10, 60), rate=st.integers(8000, 44100))
def test_multiplicative_and_nnls_give_the_bands_again(seed, n_mels, rate):
    settings = {"sample_rate": rate, "n_fft": 1024, "n_mels": n_mels}
    filters = tr.mel_filters(**settings).astype(np.float64)
    power = np.random.default_rng(seed).gamma(0.3, size=(3, 513))
    mel = power @ filters
    del settings["n_mels"]
    for method, precision in (("multiplicative", 0.2), ("nnls", 1e-6)):
        found = inv.mel_to_magnitude(mel, method=method, **settings) ** 2 @ filters
        np.testing.assert_allclose(found, mel, rtol=precision, atol=1e-9)


def test_multiplicative_comes_nearest_to_real_magnitudes(music):
    magnitude = np.abs(tr.stft(music))
    error = {
        method: inv.spectral_convergence(magnitude, inv.mel_to_magnitude(tr.mel_spectrogram(music), method=method))
        for method in inv.INVERSIONS
    }
    assert error["multiplicative"] < 0.8 * error["pinv"] < 0.8 * error["nnls"]


@given(seed=st.integers(0, 99), n_mels=st.integers(2, 128))
def test_all_coefficients_give_all_bands(seed, n_mels):
    samples = np.random.default_rng(seed).normal(0, 0.1, 3000)
    mel = tr.mel_spectrogram(samples, n_mels=n_mels)
    back = inv.mfcc_to_mel(tr.mfcc(samples, n_mfcc=n_mels, n_mels=n_mels), n_mels=n_mels)
    np.testing.assert_allclose(back, np.maximum(mel, 1e-10), rtol=1e-9)


def test_few_coefficients_give_librosas_outline(music):
    import librosa

    coefficients = tr.mfcc(music)
    expected = librosa.feature.inverse.mfcc_to_mel(coefficients.T, n_mels=128).T
    np.testing.assert_allclose(inv.mfcc_to_mel(coefficients), expected, rtol=1e-4)


# --- there and back ----------------------------------------------------------------------------------------


def test_the_stft_loses_nothing(music, trips):
    np.testing.assert_allclose(trips["stft"].samples, music, rtol=0, atol=1e-6)
    assert np.abs(trips["stft"].lost).max() < 1e-6
    assert trips["stft"].spectral_convergence < 1e-6 and trips["stft"].log_spectral_distance < 0.01


def test_each_kind_loses_more_and_keeps_less(trips):
    order = [trips[kind] for kind in ("stft", "magnitude", "mel", "mfcc")]
    for measure in ("spectral_convergence", "log_spectral_distance"):
        values = [getattr(trip, measure) for trip in order]
        assert values == sorted(values) and len(set(values)) == 4, measure
    assert [rms(trip.lost) for trip in order] == sorted(rms(trip.lost) for trip in order)
    a_frame = RATE / 256
    assert [trip.kept for trip in order] == pytest.approx([1024 * a_frame, 513 * a_frame, 128 * a_frame, 20 * a_frame])


@pytest.mark.parametrize("kind", inv.ROUND_TRIPS)
def test_what_is_lost_and_what_came_back_are_the_original_but_for_phase(music, trips, kind):
    import librosa

    trip = trips[kind]
    original, back = (librosa.stft(x, n_fft=1024, hop_length=256) for x in (music, trip.samples))
    aligned = librosa.istft(np.abs(back) * np.exp(1j * np.angle(original)), n_fft=1024, hop_length=256)
    inside = slice(0, len(aligned) - 1024)  # round_trip fills the last hop with silence
    np.testing.assert_allclose((aligned + trip.lost[: len(aligned)])[inside], music[: len(aligned)][inside], atol=1e-3)


def test_figures_are_those_of_what_came_back(music, trips):
    import librosa

    there, found = (np.abs(librosa.stft(x, n_fft=1024, hop_length=256)).T[:-6] for x in (music, trips["mel"].samples))
    assert trips["mel"].spectral_convergence == pytest.approx(
        np.linalg.norm(there - found) / np.linalg.norm(there), rel=0.02
    )
    levels = [np.maximum(20 * np.log10(x + 1e-12), 20 * np.log10(there.max()) - 80) for x in (there, found)]
    distance = np.sqrt(((levels[0] - levels[1]) ** 2).mean(axis=1)).mean()
    assert trips["mel"].log_spectral_distance == pytest.approx(distance, rel=0.05)


def test_the_phase_alone_is_hardly_heard_but_waveforms_do_not_align(music, trips):
    """Why `lost` is no difference of waveforms."""
    trip = trips["magnitude"]
    assert rms(music - trip.samples) > 0.9 * rms(music)
    assert rms(trip.lost) < 0.1 * rms(music)


def test_mfcc_lose_the_pitch_and_mel_keeps_it():
    """A low tone's partials stand out by how many dB? They lie 4 mel bands apart; 20 of 80 coefficients tell 8."""
    fundamental = 8 * RATE / 1024  # 172 Hz
    tone = sum(0.1 * np.sin(2 * np.pi * fundamental * n * np.arange(RATE) / RATE + n) for n in range(1, 12))

    def stands_out(samples):
        spectrum = np.abs(tr.stft(samples))[10:70].mean(axis=0)
        return 20 * np.log10(spectrum[8:41:8].mean() / spectrum[12:41:8].mean())

    there, mel, mfcc = stands_out(tone), *(inv.round_trip(tone, kind=kind) for kind in ("mel", "mfcc"))
    assert there > 60 and stands_out(mel.samples) > 20
    assert stands_out(mfcc.samples) < 6 < 10 < stands_out(mfcc.lost)


@pytest.mark.parametrize("kind", inv.ROUND_TRIPS)
@pytest.mark.parametrize("n", [1, 100, 1000, 2560, 3001])
def test_any_length_comes_back_as_long(kind, n):
    samples = np.random.default_rng(n).normal(0, 0.1, n).astype(np.float32)
    trip = inv.round_trip(samples, kind=kind, n_iter=2)
    assert trip.samples.shape == trip.lost.shape == (n,)
    assert np.isfinite(trip.samples).all() and np.isfinite(trip.lost).all()
    if kind == "stft":
        np.testing.assert_allclose(trip.samples, samples, atol=1e-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", inv.ROUND_TRIPS)
def test_silence_comes_back_as_silence(kind):
    trip = inv.round_trip(np.zeros(5000, np.float32), kind=kind, n_iter=3)
    assert np.abs(trip.samples).max() < 1e-5 and np.abs(trip.lost).max() < 1e-5
    if kind != "mfcc":  # whose bands are the floor, 1e-10, not nothing
        assert trip.spectral_convergence == trip.log_spectral_distance == 0 and not trip.samples.any()


@pytest.mark.parametrize("kind", inv.ROUND_TRIPS)
def test_other_settings_go_all_the_way(music, kind):
    settings = {
        "n_fft": 512,
        "hop_length": 256,
        "sample_rate": 16000,
        "n_mels": 40,
        "n_mfcc": 13,
        "n_iter": 2,
        "seed": 4,
    }
    trip = inv.round_trip(music[:5000], kind=kind, **settings)
    assert trip.settings == {"kind": kind, **settings}
    again = inv.round_trip(music[:5000], kind=kind, **settings)
    np.testing.assert_array_equal(trip.samples, again.samples)
    assert trip.kept == {"stft": 512, "magnitude": 257, "mel": 40, "mfcc": 13}[kind] * 16000 / 256


# --- distances ---------------------------------------------------------------------------------------------


def test_distances_have_known_values():
    reference = np.random.default_rng(0).uniform(1, 2, (4, 9))
    assert inv.spectral_convergence(reference, reference) == inv.log_spectral_distance(reference, reference) == 0
    assert inv.spectral_convergence(reference, 2 * reference) == pytest.approx(1)
    assert inv.log_spectral_distance(reference, 10 * reference) == pytest.approx(20)
    assert inv.log_spectral_distance(np.ones((2, 3)), np.zeros((2, 3))) == pytest.approx(80)  # the floor
    nothing = np.zeros((2, 3))
    assert inv.spectral_convergence(nothing, nothing) == 0 and inv.spectral_convergence(nothing, nothing + 1) == np.inf


# --- mistakes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda s: inv.istft(s, n_fft=2048), r"n_fft 2048 goes with .* \(frames, 1025\), but this one is \(20, 513\)"),
        (lambda s: inv.istft(s[0]), r"this one is \(513,\)"),
        (lambda s: inv.istft(s, length=9000), "sample .* of 9000"),
        (lambda s: inv.istft(s, hop_length=2.5), "hop_length must be"),
        (lambda s: inv.griffin_lim(np.abs(s), length=9000), "9000 samples every 256 do not have 20 frames"),
        (lambda s: inv.mel_to_magnitude(np.abs(s[:, :80]), method="svd"), "multiplicative, pinv, nnls, but 'svd'"),
        (lambda s: inv.mfcc_to_mel(np.abs(s[:, :20]), n_mels=13), "20 coefficients do not come from 13"),
        (
            lambda s: inv.round_trip(np.zeros(999, np.float32), kind="chroma"),
            "stft, magnitude, mel, mfcc, but 'chroma'",
        ),
        (lambda s: inv.round_trip(np.zeros((2, 999)), kind="mel"), r"One sound at a time .* \(2, 999\)"),
        (lambda s: inv.round_trip(np.zeros(999, np.int16), kind="mel"), "are int16"),
        (lambda s: inv.round_trip(np.zeros(999), kind="mel", hop_length=0), "hop_length must be"),
        (lambda s: inv.round_trip(np.zeros(5000), kind="mel", hop_length=1024), "at most 341"),
    ],
)
def test_mistakes_are_told_in_a_sentence(call, says):
    with pytest.raises(ValueError, match=says):
        call(tr.stft(np.random.default_rng(0).normal(size=5000)))
