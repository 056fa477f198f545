"""Measures from the waveform, on sounds whose tempo, key, register and loudness are known."""

import numpy as np
import pytest
from scipy import signal

from imgmusic_edu import audio_features as af
from imgmusic_edu.audio_features import clip as clip_module
from imgmusic_edu.scores import MODES, Note, Part, Score

RATE = 22050
PROGRESSIONS = {"major": (0, 3, 4, 0), "mixolydian": (0, 6, 3, 0), "dorian": (0, 3, 6, 0), "minor": (0, 5, 3, 4)}
RHYTHMS = {
    3: ([1.5, 0.5, 1], [1, 0.5, 0.5, 1]),
    4: ([1, 0.5, 0.5, 1, 1], [1.5, 0.5, 2], [0.5] * 8),
}


def tone(pitch, seconds, *, gain=0.1, partials=6, rate=RATE):
    """A plucked note: harmonics that fall by a fifth each, 5 ms attack, exponential decay, 40 ms release."""
    time = np.arange(round(seconds * rate)) / rate
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(0.8**n * np.sin(2 * np.pi * frequency * n * time + n) for n in range(1, partials + 1))
    ends = np.minimum(time / 0.005, 1) * np.sin(np.pi / 2 * np.minimum(time[::-1] / 0.04, 1)) ** 2
    return (gain * wave * np.exp(-2 * time) * ends).astype(np.float32)


def piece(*, tempo=90.0, beats_per_bar=4, mode="major", tonic=0, seconds=16.0, seed=0):
    """A small piece with melody, chords and bass, home at the end, as a Score."""
    random, scale, middle = np.random.default_rng(seed), MODES[mode], 60 + (tonic + 5) % 12 - 5
    bars = int((seconds - 1.5) * tempo / 60 // beats_per_bar)
    notes, step = [], 7

    def add(beat, beats, degree, octave, velocity, part):
        pitch = middle + 12 * (octave + degree // 7) + scale[degree % 7]
        notes.append(Note(beat, beats, pitch, velocity, part))

    for bar in range(bars):
        first, last = bar * beats_per_bar, bar == bars - 1
        root = 0 if last else PROGRESSIONS[mode][bar % 4]
        rhythm = [beats_per_bar] if last else RHYTHMS[beats_per_bar][bar % 2 + seed % 2 * (beats_per_bar == 4)]
        place = first
        for beats in rhythm:
            on_beat = place == first
            step = int(np.clip(step + random.choice([-2, -1, 1, 2]), 3, 12))
            if on_beat:
                step = min(
                    (root + third + octave for third in (0, 2, 4) for octave in (0, 7)), key=lambda d: abs(d - step)
                )
            add(place, 0.9 * beats, 7 if last else step, 0, 96 if on_beat else 84, "melody")
            place += beats
        for beat in range(1 if last else beats_per_bar):
            for third in (0, 2, 4):
                add(first + beat, beats_per_bar if last else 0.9, root + third, -1, 66, "harmony")
        add(first, beats_per_bar - 0.1, root, -2, 84, "bass")
    parts = (Part("melody", 0), Part("harmony", 24), Part("bass", 32))
    return Score(notes, parts, tempo, beats_per_bar, tonic, mode, seconds)


def additive(score, *, shift=0, rate=RATE):
    """The score played by `tone`."""
    sound = np.zeros(round(score.seconds * rate), np.float32)
    for note in score.notes:
        wave = tone(note.pitch + shift, score.seconds_of(note.beats), gain=0.05 * (note.velocity / 96) ** 2, rate=rate)
        start = round(score.seconds_of(note.beat) * rate)
        sound[start : start + len(wave)] += wave[: len(sound) - start]
    return sound


@pytest.fixture(scope="module")
def clip():
    return additive(piece())


# --- the spectra -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("window", "hop"), [(2048, 256), (8192, 2048)])
def test_spectra_agree_with_scipy_on_noise(window, hop):
    noise = np.random.default_rng(window).normal(size=30000).astype(np.float32)
    ours = clip_module._magnitudes(noise, window, hop)
    theirs = np.abs(signal.stft(noise, nperseg=window, noverlap=window - hop, padded=False)[2]).T * 2
    frames = min(len(ours), len(theirs))
    assert abs(len(ours) - len(theirs)) <= 1
    np.testing.assert_allclose(ours[:frames], theirs[:frames], atol=1e-4)


def test_the_centroid_agrees_with_librosa_weighted_by_energy():
    librosa = pytest.importorskip("librosa")
    noise = np.random.default_rng(1).normal(size=40000).astype(np.float32)
    noise -= noise.mean()
    magnitudes = np.abs(librosa.stft(noise, n_fft=8192, hop_length=2048, pad_mode="constant"))
    a_frame = librosa.feature.spectral_centroid(S=magnitudes**2, sr=RATE, n_fft=8192)[0]
    assert af.spectral_centroid(noise) == pytest.approx(
        np.average(a_frame, weights=(magnitudes**2).sum(axis=0)), rel=1e-3
    )


def test_partials_are_found_to_a_hundredth_of_a_semitone():
    frequency, amplitude = af.as_clip(tone(57, 1.0, partials=1), RATE).peaks
    strongest = frequency.ravel()[np.argmax(amplitude)]
    assert 12 * np.log2(strongest / 220) == pytest.approx(0, abs=0.01)


# --- tempo and onsets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("beats_per_bar", [3, 4])
@pytest.mark.parametrize("tempo", [66, 78, 93, 107, 121])
def test_tempo_of_small_pieces(tempo, beats_per_bar):
    score = piece(tempo=tempo, beats_per_bar=beats_per_bar, seed=tempo)
    assert af.tempo(additive(score)) == pytest.approx(tempo, rel=0.005)


@pytest.mark.parametrize("tempo", [72, 90, 108])
def test_a_tempo_two_per_cent_up_is_seen(tempo):
    slow, fast = (af.tempo(additive(piece(tempo=t, seed=3))) for t in (tempo, 1.02 * tempo))
    assert fast / slow == pytest.approx(1.02, abs=0.005)


def test_tempo_without_a_pulse_is_nought():
    hum = 0.1 * np.sin(2 * np.pi * 220 * np.arange(8 * RATE) / RATE)
    assert af.tempo(hum) == 0
    assert af.tempo(np.zeros(8 * RATE)) == 0


def test_onsets_are_found_at_their_places():
    starts = np.cumsum(np.random.default_rng(5).uniform(0.2, 0.7, size=24))
    sound = np.zeros(round((starts[-1] + 1) * RATE), np.float32)
    for number, start in enumerate(starts):
        for pitch in (48 + number % 7, 64 + number % 5):  # two notes together are one onset
            place = round(start * RATE)
            sound[place : place + RATE // 2] += tone(pitch, 0.5)[: len(sound) - place]
    found = af.onsets(sound)
    assert len(found) == len(starts)
    np.testing.assert_allclose(found, starts, atol=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_onset_density_within_a_tenth(seed):
    score = piece(tempo=80 + 10 * seed, seed=seed)
    truth = len({note.beat for note in score.notes}) / score.seconds
    assert af.onset_density(additive(score)) == pytest.approx(truth, rel=0.1)


def test_vibrato_makes_no_onsets():
    time = np.arange(5 * RATE) / RATE
    phase = 2 * np.pi * 440 * time + 3 * np.sin(2 * np.pi * 6 * time)  # +-18 Hz, six times a second
    assert len(af.onsets(0.1 * np.sin(phase) * np.minimum(time / 0.05, 1))) <= 1


@pytest.mark.parametrize("rate", [6.5, 7.0, 7.5])
def test_tremolo_makes_no_onsets(rate):
    """Nine notes that begin softly and tremble, as an electric piano or an organ does; the last is held."""
    sound = np.zeros(13 * RATE, np.float32)
    for second, pitch in enumerate((57, 60, 64, 62, 65, 60, 59, 62, 60)):
        time = np.arange(round((1 if second < 8 else 4.5) * RATE)) / RATE
        frequency = 440 * 2 ** ((pitch - 69) / 12)
        wave = sum(np.sin(2 * np.pi * frequency * n * time + n) / n**1.5 for n in range(1, 7))
        ends = np.minimum(time / 0.1, 1) * np.minimum(time[::-1] / 0.1, 1)
        trembling = 10 ** (9 / 40 * np.sin(2 * np.pi * rate * time))  # 9 dB from crest to trough
        sound[second * RATE :][: len(time)] += 0.05 * wave * ends * trembling
    np.testing.assert_allclose(af.onsets(sound), np.arange(9), atol=0.1)


# --- key, mode, register, roughness, brightness ----------------------------------------------------------


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", [0, 3, 7, 10])
def test_key(tonic, mode):
    found, name, correlation = af.key(additive(piece(mode=mode, tonic=tonic, seed=tonic)))
    assert (found, name) == (tonic, mode)
    assert correlation > 0.7


def test_mode_score_falls_from_major_to_minor():
    scores = [
        np.mean([af.mode_score(additive(piece(mode=mode, tonic=2 * seed, seed=seed))) for seed in range(3)])
        for mode in ("major", "mixolydian", "dorian", "minor")
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] > 0 > scores[2]


def test_key_does_not_need_the_tuning_of_440_hertz():
    assert af.key(additive(piece(tonic=5), shift=0.35))[:2] == (5, "major")


def test_register_moves_with_the_music():
    score = piece(seed=2)
    home, semitone, octave = (af.register(additive(score, shift=shift)) for shift in (0, 1, 12))
    assert semitone - home == pytest.approx(1, abs=0.15)
    assert octave - home == pytest.approx(12, abs=1.5)  # the ear's curve weighs the parts anew


@pytest.mark.parametrize("pitch", [45, 60, 72, 84])
def test_register_of_one_note_is_its_pitch(pitch):
    assert af.register(tone(pitch, 1.0)) == pytest.approx(pitch, abs=0.3)


def test_roughness_orders_intervals_and_forgets_register():
    def dyad(pitch, interval):
        return af.roughness(tone(pitch, 2.0) + tone(pitch + interval, 2.0))

    rough = [dyad(60, interval) for interval in (1, 6, 7, 12)]
    assert rough == sorted(rough, reverse=True)
    assert dyad(60, 6) > 1.5 * dyad(60, 7)
    for interval in (1, 6, 7):
        assert dyad(72, interval) == pytest.approx(dyad(48, interval), rel=0.15)


def test_roughness_hears_seconds_added_to_chords():
    score = piece(seed=4)
    added = [Note(n.beat, n.beats, n.pitch + 1, n.velocity, n.part) for n in score.notes if n.part == "harmony"][::3]
    harsher = Score((*score.notes, *added), score.parts, score.tempo, 4, 0, "major", score.seconds)
    assert af.roughness(additive(harsher)) > 1.1 * af.roughness(additive(score))


def test_centroid_of_a_sine_is_its_frequency():
    sine = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    assert af.spectral_centroid(sine) == pytest.approx(1000, rel=0.01)


# --- levels ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_loudness_of_the_standards_own_test_tone(rate):
    """BS.1770: a full-scale sine of 997 Hz in one channel reads -3.01 LUFS."""
    sine = np.sin(2 * np.pi * 997 * np.arange(3 * rate) / rate)
    assert af.loudness(sine, sample_rate=rate) == pytest.approx(-3.01, abs=0.03)
    assert af.loudness(0.1 * sine, sample_rate=rate) == pytest.approx(-23.01, abs=0.03)


def test_loudness_leaves_silence_out():
    sine = 0.1 * np.sin(2 * np.pi * 997 * np.arange(10 * RATE) / RATE)
    gapped = np.concatenate([sine, np.zeros(20 * RATE)])
    assert af.loudness(gapped) == pytest.approx(af.loudness(sine), abs=0.15)


def test_loudness_agrees_with_pyloudnorm(clip):
    meter = pytest.importorskip("pyloudnorm").Meter(RATE)
    noise = 0.1 * np.random.default_rng(0).normal(size=6 * RATE)
    for sound in (clip.astype(float), noise, noise * np.linspace(0, 1, len(noise)) ** 3):
        assert af.loudness(sound) == pytest.approx(meter.integrated_loudness(sound), abs=0.1)


def test_true_peak_sees_between_the_samples():
    quarter = 0.5 * np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4)  # every sample misses the crest
    quarter *= np.hanning(RATE) ** 0.1
    assert 20 * np.log10(np.abs(quarter).max()) == pytest.approx(-9.03, abs=0.01)
    assert af.true_peak(quarter) == pytest.approx(-6.02, abs=0.1)


# --- all together ----------------------------------------------------------------------------------------


def test_measure_returns_what_each_function_says(clip):
    values = af.measure(clip)
    for name in ("tempo", "mode_score", "register", "loudness", "true_peak", "roughness", "onset_density"):
        assert values[name] == getattr(af, name)(clip), name
    assert values["spectral_centroid"] == af.spectral_centroid(clip)
    assert (values["tonic"], values["key_correlation"]) == (af.key(clip)[0], af.key(clip)[2])
    assert all(type(value) is float and np.isfinite(value) for value in values.values())


@pytest.mark.parametrize("gain", [0.1, 0.5, 3.0])
def test_only_the_levels_follow_the_level(clip, gain):
    before, after = af.measure(clip), af.measure(gain * clip)
    for name in before:
        shift = 20 * np.log10(gain) if name in ("loudness", "true_peak") else 0
        assert after[name] == pytest.approx(before[name] + shift, rel=1e-3, abs=1e-2), name


def test_the_sample_rate_does_not_matter():
    score = piece(seed=6)
    low, high = af.measure(additive(score)), af.measure(additive(score, rate=44100), sample_rate=44100)
    for name in low:
        assert high[name] == pytest.approx(low[name], rel=0.03, abs=0.1), name


def test_sounds_of_the_synthesizer_are_measured_right():
    """Real samples, with their vibrato, noise and slow attacks, in a room."""
    from imgmusic_edu.synthesizer import render

    for seed, (mode, tempo, programs) in enumerate(
        [
            ("major", 84, (73, 48, 42)),
            ("minor", 104, (0, 52, 32)),
            ("major", 116, (40, 24, 32)),
            ("minor", 70, (71, 19, 42)),
        ]
    ):
        score = piece(mode=mode, tempo=tempo, tonic=(5 * seed) % 12, seed=seed)
        parts = [Part(p.name, program) for p, program in zip(score.parts, programs, strict=True)]
        score = Score(score.notes, parts, tempo, 4, score.tonic, mode, score.seconds)
        sound = render(score)
        assert af.tempo(sound) == pytest.approx(tempo, rel=0.02)
        assert af.key(sound)[:2] == (score.tonic, mode)
        assert af.loudness(sound) == pytest.approx(score.level, abs=0.5)


ONE_SECOND = np.random.default_rng(9).normal(size=RATE) * 0.1


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros(0), "0.00 s"),
        (ONE_SECOND[:2000], "0.09 s"),
        (np.stack([ONE_SECOND, ONE_SECOND]), "one row"),
        (np.where(np.arange(RATE) == 7, np.nan, ONE_SECOND), "not finite"),
        (np.where(np.arange(RATE) == 7, np.inf, ONE_SECOND), "not finite"),
        ((ONE_SECOND * 20000).astype(np.int16), "int16"),
        (np.array(["a"] * RATE), "one row"),
        (None, "one row"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_sentence(samples, says):
    for function in (af.measure, af.tempo, af.loudness, af.onsets):
        with pytest.raises(ValueError, match=says):
            function(samples)


@pytest.mark.parametrize("rate", [0, 100, 22050.5, float("nan"), "fast"])
def test_a_wrong_rate_is_refused(rate):
    with pytest.raises(ValueError, match="sample rate"):
        af.loudness(ONE_SECOND, sample_rate=rate)


@pytest.mark.parametrize("level", [0.0, 0.5, 1e-9])
def test_silence_and_constants_have_values_or_sentences(level):
    quiet = np.full(2 * RATE, level)
    assert len(af.onsets(quiet)) == 0
    assert af.onset_density(quiet) == 0
    assert af.tempo(quiet) == 0
    assert np.isfinite([af.loudness(quiet), af.true_peak(quiet)]).all()
    for function in (af.measure, af.key, af.mode_score, af.register, af.roughness, af.spectral_centroid):
        with pytest.raises(ValueError, match="silent"):
            function(quiet)
    if level == 0:
        assert (af.loudness(quiet), af.true_peak(quiet)) == (-70, -120)


@pytest.mark.parametrize(
    "sound",
    [
        ONE_SECOND,
        np.clip(50 * ONE_SECOND, -1, 1),
        np.sin(2 * np.pi * 10000 * np.arange(RATE) / RATE),
        np.eye(1, RATE, 5000)[0],
        np.sin(2 * np.pi * 20 * np.arange(RATE) / RATE),
    ],
    ids=["noise", "clipped", "very high", "one click", "very low"],
)
def test_odd_sounds_give_numbers_or_a_sentence(sound):
    try:
        values = af.measure(sound)
    except ValueError as error:
        assert "no partials" in str(error)
    else:
        assert all(np.isfinite(value) for value in values.values())
