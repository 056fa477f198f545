"""Onset strength, beats and pitch, followed through sounds whose course is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_audio_features import RATE, additive, piece, tone

from imgmusic_edu import audio_features as af

TIME = np.arange(2 * RATE) / RATE
NOISE = 0.1 * np.random.default_rng(1).normal(size=2 * RATE)


def cents(frequency, true):
    return 1200 * np.log2(frequency / true)


def harmonics(f0, time=TIME, n=6, missing=()):
    """A steady tone; partials that are in `missing`, or too high, are left out."""
    present = [k for k in range(1, n + 1) if k not in missing and k * f0 < 0.45 * RATE]
    return 0.3 * sum(np.sin(2 * np.pi * k * f0 * time + k) / k for k in present)


# --- onset strength ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [RATE, RATE + 255, RATE + 256])
def test_onset_strength_has_a_value_every_256_samples(n):
    assert af.onset_strength(np.resize(NOISE, n)).shape == (1 + n // 256,)


def test_onset_strength_rises_where_notes_begin_and_nowhere_else():
    starts = np.array([0.5, 1.1, 1.4, 2.3])
    sound = np.zeros(3 * RATE)
    for number, start in enumerate(starts):
        place = round(start * RATE)
        sound[place : place + RATE // 2] += tone(55 + 4 * number, 0.5)[: len(sound) - place]
    strength = af.onset_strength(sound)
    frames = np.round(starts * RATE / 256).astype(int)
    near = np.abs(np.arange(len(strength))[:, None] - frames).min(axis=1) <= 5
    assert all(strength[frame - 4 : frame + 5].max() > 0.5 for frame in frames)
    assert strength[~near].max() < 0.2
    np.testing.assert_allclose(af.onsets(sound), starts, atol=0.03)


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_nothing_begins_in_silence(level):
    assert not af.onset_strength(np.full(2 * RATE, level)).any()


@given(st.floats(0.05, 5.0))
@settings(max_examples=10)
def test_onset_strength_forgets_the_level(gain):
    sound = additive(piece(seconds=4))
    np.testing.assert_allclose(af.onset_strength(gain * sound), af.onset_strength(sound), atol=0.01)


# --- beats -------------------------------------------------------------------------------------------------


def share_found(found, true):
    return np.mean([np.abs(found - moment).min() < 0.07 for moment in true])


@pytest.mark.parametrize("tempo", [66, 90, 121])
@pytest.mark.parametrize("beats_per_bar", [3, 4])
def test_beats_of_small_pieces(tempo, beats_per_bar):
    score = piece(tempo=tempo, beats_per_bar=beats_per_bar, seed=tempo)
    found = af.beats(additive(score))
    true = score.seconds_of(np.arange(1, score.beats - beats_per_bar))  # the last bar is one long chord
    assert share_found(found, true) > 0.9
    assert np.std(np.diff(found)) < 0.1 * 60 / tempo
    assert len(found) < 1.15 * score.beats


def test_another_level_can_be_followed():
    sound = additive(piece(tempo=90, seed=2))
    beats, twice = af.beats(sound), af.beats(sound, bpm=180)
    assert np.median(np.diff(beats)) == pytest.approx(60 / 90, rel=0.03)
    assert np.median(np.diff(twice)) == pytest.approx(60 / 180, rel=0.04)
    assert share_found(twice, beats) > 0.9


def test_beats_follow_a_tempo_that_drifts():
    gaps = np.linspace(0.55, 0.65, 30)
    starts = np.cumsum(gaps)
    sound = np.zeros(round((starts[-1] + 1) * RATE))
    for start in starts:
        place = round(start * RATE)
        sound[place : place + RATE // 4] += tone(60, 0.25)[: len(sound) - place]
    assert share_found(af.beats(sound, bpm=100), starts) > 0.9


def test_where_nothing_pulses_are_no_beats():
    assert len(af.beats(np.zeros(4 * RATE))) == 0
    assert len(af.beats(harmonics(220))) == 0
    assert len(af.beats(np.zeros(4 * RATE), bpm=100)) == 0


def test_a_clip_shorter_than_a_beat_has_at_most_one():
    assert len(af.beats(tone(60, 0.6), bpm=30)) <= 1


@pytest.mark.parametrize("bpm", [0, 5, 1000, float("nan")])
def test_a_tempo_that_cannot_be_is_refused(bpm):
    with pytest.raises(ValueError, match="from 20 to 400"):
        af.beats(NOISE, bpm=bpm)


# --- pitch track -------------------------------------------------------------------------------------------


@given(st.floats(58, 1900), st.floats(0.01, 1.0))
@settings(max_examples=25)
def test_pitch_of_steady_tones(f0, gain):
    for wave in (np.sin(2 * np.pi * f0 * TIME), harmonics(f0)):
        times, frequency, confidence = af.pitch_track(gain * wave)
        assert times.shape == frequency.shape == confidence.shape == (1 + len(wave) // 256,)
        inside = slice(6, -6)
        assert np.abs(cents(frequency[inside], f0)).max() < 12 and confidence[inside].min() > 0.9


@pytest.mark.parametrize("f0", [80.0, 150.0, 300.0])
def test_the_pitch_is_heard_though_its_partial_is_missing(f0):
    frequency = af.pitch_track(harmonics(f0, n=8, missing=(1,)))[1][6:-6]
    assert np.abs(cents(frequency, f0)).max() < 10


def test_an_octave_up_is_twice_as_high():
    low, high = (np.nanmedian(af.pitch_track(harmonics(f0))[1]) for f0 in (196.0, 392.0))
    assert high / low == pytest.approx(2, rel=1e-3)


def test_vibrato_is_followed():
    depth, rate = 0.03, 5.5
    wave = 0.3 * np.sin(2 * np.pi * 440 * TIME + 440 * depth / rate * np.sin(2 * np.pi * rate * TIME))
    times, frequency, _ = af.pitch_track(wave)
    true = 440 * (1 + depth * np.cos(2 * np.pi * rate * times))
    off = cents(frequency, true)[6:-6]
    assert np.abs(off).max() < 25  # of 51: a frame of 93 ms smooths
    assert np.ptp(frequency[6:-6]) > 0.6 * 2 * depth * 440


def test_what_has_no_pitch_is_told_apart():
    sound = np.concatenate([harmonics(330), np.zeros(RATE), NOISE])
    times, frequency, confidence = af.pitch_track(sound)
    voiced = np.isfinite(frequency)
    assert voiced[(times > 0.1) & (times < 1.9)].all()
    assert not voiced[(times > 2.1) & (times < 2.9)].any() and confidence[(times > 2.1) & (times < 2.9)].max() == 0
    assert voiced[times > 3.1].mean() < 0.02 and confidence[times > 3.1].mean() < 0.5
    assert not np.isfinite(af.pitch_track(np.zeros(RATE))[1]).any()


def test_a_melody_is_read_note_by_note():
    pitches = (60, 64, 67, 72, 55, 57)
    times, frequency, _ = af.pitch_track(np.concatenate([tone(pitch, 0.5) for pitch in pitches]))
    for number, pitch in enumerate(pitches):
        inside = (times > 0.5 * number + 0.1) & (times < 0.5 * number + 0.4)
        assert np.abs(69 + 12 * np.log2(np.median(frequency[inside]) / 440) - pitch) < 0.1


def test_the_sample_rate_does_not_matter_to_the_pitch():
    time = np.arange(2 * 44100) / 44100
    times, frequency, _ = af.pitch_track(0.3 * np.sin(2 * np.pi * 523.25 * time), sample_rate=44100)
    assert np.abs(cents(frequency[6:-6], 523.25)).max() < 10 and times[-1] == pytest.approx(2, abs=0.02)


def test_a_gliding_tone_is_followed_in_time():
    course = np.geomspace(110, 880, len(TIME))  # three octaves in two seconds: 10 ms late are 18 cents
    times, frequency, _ = af.pitch_track(0.3 * np.sin(2 * np.pi * np.cumsum(course) / RATE))
    off = cents(frequency, np.interp(times, TIME, course))[8:-8]
    assert np.abs(np.median(off)) < 5 and np.abs(off).max() < 15


def test_noisy_tones_agree_with_librosa():
    librosa = pytest.importorskip("librosa")
    sound = harmonics(233) + 0.2 * NOISE
    frequency = af.pitch_track(sound)[1][6:-6]
    theirs = librosa.yin(sound, fmin=55, fmax=2093, sr=RATE, frame_length=2048, hop_length=256)[6:-6]
    assert np.median(np.abs(cents(frequency, theirs))) < 5
