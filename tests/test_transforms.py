"""The sound transforms against librosa over random settings, and what must hold whatever the library."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgmusic_edu import audio_features as af
from imgmusic_edu import datasets, synthesizer
from imgmusic_edu.audio_features import transforms as tr
from imgmusic_edu.scores import Note, Part, Score

pytestmark = [
    pytest.mark.filterwarnings("ignore:n_fft=.* is too large:UserWarning"),  # librosa, on short clips
    pytest.mark.filterwarnings("ignore:Empty filters detected:UserWarning"),
]
RATE = 22050


@st.composite
def frame_settings(draw):
    n_fft = 2 * draw(st.integers(2, 1024))
    return {"n_fft": n_fft, "hop_length": draw(st.integers(max(1, n_fft // 16), n_fft + 9))}


@st.composite
def mel_settings(draw):
    own = {"sample_rate": draw(st.integers(4000, 48000)), "n_mels": draw(st.integers(1, 128))}
    return draw(frame_settings()) | own


@st.composite
def clips(draw, least=1):
    """Noise and a sine, from shorter than a window to many, soft and loud."""
    n, seed = draw(st.integers(least, 6000)), draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    sine = np.sin(2 * np.pi * rng.uniform(0.001, 0.5) * np.arange(n))
    return (10 ** rng.uniform(-3, 0) * (0.2 * rng.normal(size=n) + 0.5 * sine)).astype(np.float32)


@pytest.fixture(scope="module")
def music():
    """Ten seconds of a nursery song from the SoundFont, with drums."""
    return synthesizer.render(Score.from_midi(datasets.data_path("lavenders_blue")))[: 10 * RATE]


def theirs(settings):
    """Our names of settings as librosa's."""
    return {"sr" if name == "sample_rate" else name: value for name, value in settings.items()}


# --- against librosa ---------------------------------------------------------------------------------------


@given(clip=clips(), settings=frame_settings())
def test_stft_is_librosas(clip, settings):
    import librosa

    expected = librosa.stft(clip.astype(np.float64), **settings).T
    ours = tr.stft(clip, **settings)
    assert ours.dtype == np.complex64
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-6 * np.abs(expected).max())
    exact = tr.stft(clip.astype(np.float64), **settings)
    np.testing.assert_allclose(exact, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@given(clip=clips(), settings=mel_settings())
def test_mel_log_mel_and_mfcc_are_librosas(clip, settings):
    import librosa

    expected = librosa.feature.melspectrogram(y=clip.astype(np.float64), **theirs(settings)).T
    ours = tr.mel_spectrogram(clip, **settings)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6 * expected.max())
    levels = librosa.power_to_db(expected, top_db=None)
    exact = clip.astype(np.float64)
    np.testing.assert_allclose(tr.log_mel(exact, **settings), levels, rtol=1e-5, atol=1e-5)
    n_mfcc = min(20, settings["n_mels"])
    expected = librosa.feature.mfcc(S=levels.T, n_mfcc=n_mfcc).T
    np.testing.assert_allclose(tr.mfcc(exact, n_mfcc=n_mfcc, **settings), expected, rtol=1e-5, atol=1e-3)


@given(settings=mel_settings())
def test_filters_are_librosas(settings):
    import librosa

    del settings["hop_length"]
    np.testing.assert_allclose(
        tr.mel_filters(**settings), librosa.filters.mel(**theirs(settings)).T, rtol=1e-5, atol=1e-9
    )
    del settings["n_mels"]
    np.testing.assert_allclose(
        tr.chroma_filters(**settings), librosa.filters.chroma(**theirs(settings)).T, rtol=1e-5, atol=1e-7
    )


@given(clip=clips(), settings=mel_settings())
def test_chroma_is_librosas(clip, settings):
    import librosa

    del settings["n_mels"]
    expected = librosa.feature.chroma_stft(y=clip.astype(np.float64), tuning=0.0, **theirs(settings)).T
    np.testing.assert_allclose(tr.chroma(clip, **settings), expected, rtol=1e-5, atol=1e-5)


@given(seed=st.integers(0, 99), width=st.sampled_from([3, 5, 9, 15]), order=st.integers(1, 2), extra=st.integers(0, 40))
def test_delta_is_librosas(seed, width, order, extra):
    import librosa

    features = np.random.default_rng(seed).normal(size=(width + extra, 7))
    expected = librosa.feature.delta(features, width=width, order=order, axis=0)
    np.testing.assert_allclose(tr.delta(features, width=width, order=order), expected, rtol=1e-6, atol=1e-9)


def test_real_music_is_librosas(music):
    import librosa

    settings = {"n_fft": 1024, "hop_length": 256, "n_mels": 128}
    expected = librosa.feature.melspectrogram(y=music, sr=RATE, **settings).T
    np.testing.assert_allclose(tr.mel_spectrogram(music), expected, rtol=1e-5, atol=1e-6 * expected.max())
    levels = librosa.power_to_db(expected, top_db=None)
    np.testing.assert_allclose(tr.log_mel(music), levels, rtol=0, atol=0.02)  # dB; soft bands are float32's last bits
    expected = librosa.feature.mfcc(S=levels.T, n_mfcc=20).T
    np.testing.assert_allclose(tr.mfcc(music), expected, rtol=1e-5, atol=0.01)
    expected = librosa.feature.chroma_stft(y=music, sr=RATE, n_fft=4096, hop_length=256, tuning=0.0).T
    np.testing.assert_allclose(tr.chroma(music), expected, rtol=1e-5, atol=1e-5)


@given(frequency=st.floats(0, 20000))
def test_mel_scale_is_librosas_and_has_an_inverse(frequency):
    import librosa

    assert tr.hz_to_mel(frequency) == pytest.approx(librosa.hz_to_mel(frequency), rel=1e-9, abs=1e-12)
    assert tr.mel_to_hz(tr.hz_to_mel(frequency)) == pytest.approx(frequency, rel=1e-9, abs=1e-9)


# --- formulas ----------------------------------------------------------------------------------------------


def test_stft_is_its_formula():
    x, n_fft, hop = np.random.default_rng(0).normal(size=50), 16, 5
    found = tr.stft(x, n_fft=n_fft, hop_length=hop)
    for t, k in [(0, 0), (0, 3), (4, 8), (10, 1)]:
        total = 0
        for n in range(n_fft):
            place = t * hop + n - n_fft // 2
            if 0 <= place < len(x):
                window = 0.5 - 0.5 * np.cos(2 * np.pi * n / n_fft)
                total += x[place] * window * np.exp(-2j * np.pi * k * n / n_fft)
        assert found[t, k] == pytest.approx(total, abs=1e-12)


def test_a_sine_reaches_a_quarter_of_the_frame():
    time = np.arange(8192)
    found = np.abs(tr.stft(0.5 * np.sin(2 * np.pi * 64 / 1024 * time)))[8]
    assert np.argmax(found) == 64 and found[64] == pytest.approx(0.5 * 1024 / 4, rel=1e-6)


def test_every_mel_triangle_has_area_one():
    filters = tr.mel_filters(sample_rate=16000, n_fft=65536, n_mels=40)  # so fine that the sum is the integral
    np.testing.assert_allclose(filters.sum(axis=0, dtype=float) * 16000 / 65536, 1, rtol=1e-3)
    assert np.all((filters > 0).sum(axis=1) <= 2)


def test_delta_of_order_one_is_a_weighted_sum():
    x, k = np.random.default_rng(1).normal(size=(30, 1)), np.arange(-4, 5)
    expected = [(k * x[t - 4 : t + 5, 0]).sum() / 60 for t in range(4, 26)]
    np.testing.assert_allclose(tr.delta(x)[4:26, 0], expected, rtol=1e-9)


@pytest.mark.parametrize("order", [1, 2])
def test_delta_of_a_parabola_is_its_derivative(order):
    t = np.arange(25.0)[:, None]
    expected = 6 * t - 2 if order == 1 else np.full_like(t, 6)
    middle = slice(4, -4) if order == 1 else slice(None)  # a straight line cannot follow it at the ends
    np.testing.assert_allclose(tr.delta(3 * t**2 - 2 * t, order=order)[middle], expected[middle], rtol=1e-9)


def test_decibels():
    assert tr.power_to_db(np.array([0, 1e-12, 1e-3, 1, 2, 1e4])) == pytest.approx([-100, -100, -30, 0, 3.0103, 40])
    assert tr.db_to_power([-20, 0, 3.0103]) == pytest.approx([0.01, 1, 2], rel=1e-5)
    assert tr.power_to_db(np.ones(3, np.float32)).dtype == np.float32


# --- invariances -------------------------------------------------------------------------------------------


@given(clip=clips(), settings=mel_settings(), decibels=st.floats(-20, 20))
def test_gain_moves_log_mel_by_its_decibels_and_mfcc_only_at_0(clip, settings, decibels):
    clip = clip.astype(np.float64) + 1e-3 * np.random.default_rng(0).normal(size=len(clip))  # no band at the floor
    gain = 10 ** (decibels / 20)
    before, after = tr.log_mel(clip, **settings), tr.log_mel(gain * clip, **settings)
    above = (before > -100) & (after > -100)
    np.testing.assert_allclose((after - before)[above], decibels, atol=1e-9)
    if above.all():
        n_mfcc = min(20, settings["n_mels"])
        before, after = (tr.mfcc(x, n_mfcc=n_mfcc, **settings) for x in (clip, gain * clip))
        np.testing.assert_allclose(after[:, 1:], before[:, 1:], atol=1e-9)
        np.testing.assert_allclose(after[:, 0] - before[:, 0], decibels * np.sqrt(settings["n_mels"]), atol=1e-8)


def test_gain_leaves_the_mfcc_of_music_alone(music):
    loud = (tr.log_mel(music) > -70).all(axis=1)  # frames in which a tenth does not reach the floor
    before, after = tr.mfcc(music)[loud], tr.mfcc(0.1 * music)[loud]
    assert loud.sum() > 300
    np.testing.assert_allclose(after[:, 1:], before[:, 1:], atol=0.01)
    np.testing.assert_allclose(after[:, 0] - before[:, 0], -20 * np.sqrt(tr.N_MELS), atol=0.01)


@given(n=st.integers(1, 3000), settings=mel_settings())
def test_silence_is_the_floor(n, settings):
    silence = np.zeros(n, np.float32)
    frames = 1 + n // settings["hop_length"]
    levels = tr.log_mel(silence, **settings)
    assert levels.shape == (frames, settings["n_mels"])
    np.testing.assert_allclose(levels, -100, rtol=1e-6)
    coefficients = tr.mfcc(silence, n_mfcc=1, **settings)
    np.testing.assert_allclose(coefficients, -100 * np.sqrt(settings["n_mels"]), rtol=1e-5)
    del settings["n_mels"]
    assert not tr.chroma(silence, **settings).any() and tr.chroma(silence, **settings).shape == (frames, 12)
    del settings["sample_rate"]
    assert not tr.stft(silence, **settings).any()


@given(clip=clips(), settings=frame_settings(), hops=st.integers(1, 3))
def test_a_shift_by_hops_shifts_the_frames(clip, settings, hops):
    later = np.concatenate([np.zeros(hops * settings["hop_length"], np.float32), clip])
    before, after = tr.stft(clip, **settings), tr.stft(later, **settings)
    assert len(after) == len(before) + hops
    np.testing.assert_allclose(after[hops:], before, rtol=0, atol=1e-6 * np.abs(before).max())


@given(clip=clips(), hop=st.integers(1, 150), overlap=st.sampled_from([4, 6, 8]))
def test_parseval(clip, hop, overlap):
    """With a hop that divides the frame thrice or more, the windows squared add up to 3/8 of the overlap."""
    n_fft = hop * overlap
    clip = np.concatenate([np.zeros(n_fft), clip.astype(np.float64), np.zeros(n_fft + hop)])
    energy = np.abs(tr.stft(clip, n_fft=n_fft, hop_length=hop)) ** 2
    both_sides = energy[:, 0].sum() + energy[:, -1].sum() + 2 * energy[:, 1:-1].sum()
    assert both_sides == pytest.approx(n_fft * 3 / 8 * overlap * (clip**2).sum(), rel=1e-9)


@given(seed=st.integers(0, 99))
def test_stft_is_linear(seed):
    x, y = np.random.default_rng(seed).normal(size=(2, 3000))
    np.testing.assert_allclose(tr.stft(2 * x - y), 2 * tr.stft(x) - tr.stft(y), atol=1e-10)


@pytest.mark.parametrize("chord", [(60, 64, 67), (62, 69, 77), (57,), (55, 58, 62, 66)])
def test_an_octave_up_leaves_the_chroma_and_moves_the_centroid(chord):
    time = np.arange(2 * RATE) / RATE
    partials = [(440 * 2 ** ((pitch - 69) / 12) * n, 0.05 * 0.6**n) for pitch in chord for n in range(1, 7)]
    low, high = (sum(a * np.sin(2 * np.pi * octave * f * time) for f, a in partials) for octave in (1, 2))
    before, after = (tr.chroma(x).mean(axis=0) for x in (low, high))
    assert np.corrcoef(before, after)[0, 1] > 0.98
    assert af.spectral_centroid(high) / af.spectral_centroid(low) == pytest.approx(2, rel=0.01)


@pytest.mark.parametrize("octave", [0, 1, 2])
def test_chroma_names_the_chord_of_a_piano(octave):
    notes = tuple(Note(0, 4, pitch + 12 * octave, 80, "chord") for pitch in (60, 64, 67))
    piano = synthesizer.render(Score(notes, (Part("chord", 0),), 100, 4, 0, "major", seconds=2.5))
    found = tr.chroma(piano)[: RATE // 256].mean(axis=0)
    assert set(np.argsort(found)[-3:]) == {0, 4, 7}


# --- batches, types, memory --------------------------------------------------------------------------------


@given(settings=mel_settings())
def test_a_batch_is_its_clips(settings):
    batch = np.random.default_rng(2).normal(size=(2, 3, 2500)).astype(np.float32)
    together = tr.log_mel(batch, **settings)
    assert together.shape[:2] == (2, 3)
    np.testing.assert_allclose(together[1, 2], tr.log_mel(batch[1, 2], **settings), atol=1e-4)
    np.testing.assert_array_equal(tr.stft(batch)[0, 1], tr.stft(batch[0, 1]))
    assert tr.chroma(batch).shape == (2, 3, 10, 12) and tr.delta(tr.mfcc(batch), width=3).shape == (2, 3, 10, 20)


def test_pieces_do_not_show(music, monkeypatch):
    whole = tr.log_mel(music)
    monkeypatch.setattr(tr, "_AT_ONCE", 1)
    np.testing.assert_allclose(tr.log_mel(music), whole, atol=1e-3)


def test_long_sounds_need_little_memory():
    import tracemalloc

    samples = np.random.default_rng(3).normal(size=120 * RATE).astype(np.float32)
    tr.log_mel(samples[:RATE])
    tracemalloc.start()
    levels = tr.log_mel(samples)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < samples.nbytes + 3 * levels.nbytes + 8e6  # the padded copy, the result; not its 85 MB of spectra


def test_filters_are_kept_and_cannot_be_spoilt():
    filters = tr.mel_filters(n_mels=40)
    assert tr.mel_filters(n_mels=40) is filters
    with pytest.raises(ValueError):
        filters[0] = 1


def test_librosa_is_not_loaded():
    code = (
        "import sys, numpy as np; from imgmusic_edu.audio_features import transforms as tr, inverses as inv\n"
        "x = np.zeros(3000, np.float32); tr.mfcc(x); tr.delta(tr.chroma(x)); inv.round_trip(x, kind='mfcc', n_iter=1)\n"
        "print([name for name in ('librosa', 'numba', 'tensorflow', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- mistakes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: tr.stft((x * 32767).astype(np.int16)), "are int16: divide"),
        (lambda x: tr.stft(x[:0]), "at least one sample"),
        (lambda x: tr.stft(np.float32(1)), "at least one sample"),
        (lambda x: tr.log_mel(np.where(x > 0.5, np.nan, x)), "not finite"),
        (lambda x: tr.stft(x, n_fft=1023), "must be even, .* 1023: try 1024"),
        (lambda x: tr.mel_spectrogram(x, n_fft=1023), "must be even"),
        (lambda x: tr.stft(x, n_fft=512.5), "n_fft must be a whole number"),
        (lambda x: tr.stft(x, hop_length=0), "hop_length must be a whole number of at least 1, but is 0"),
        (lambda x: tr.mel_filters(n_mels=0), "n_mels must be"),
        (lambda x: tr.mel_filters(sample_rate=-1), "sample_rate must be"),
        (lambda x: tr.mfcc(x, n_mfcc=129), "128 mel bands have 128 coefficients, but 129"),
        (lambda x: tr.delta(tr.mfcc(x[:1000])), r"9 frames or more, but has shape \(4, 20\)"),
        (lambda x: tr.delta(tr.mfcc(x), width=8), "odd width"),
        (lambda x: tr.delta(tr.mfcc(x), width=3, order=3), "odd width above its order"),
    ],
)
def test_mistakes_are_told_in_a_sentence(call, says):
    clip = np.sin(np.arange(5000) / 10).astype(np.float32)
    with pytest.raises(ValueError, match=says):
        call(clip)
