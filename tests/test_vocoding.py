"""How vocoders are judged: every measure against answers that are known, and the benchmark in a tiny setting."""

import itertools

import numpy as np
import pytest

from benchmarks import vocoding as benchmark
from benchmarks import vocoding_streams as streams
from imgmusic_edu.audio_features.inverses import griffin_lim, mel_to_magnitude
from imgmusic_edu.audio_features.transforms import HOP_LENGTH, db_to_power, stft
from imgmusic_edu.evaluation import vocoding
from imgmusic_edu.sounds import Sound

RATE = 22050


def noise(seconds, seed=0):
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE)).astype(np.float32)


def tone(frequency=220.0, seconds=1.5, partials=8):
    """A steady harmonic tone that ends softly."""
    time = np.arange(round(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * k * frequency * time) / k for k in range(1, partials + 1))
    return (0.1 * wave * np.minimum(1, (seconds - time) / 0.1)).astype(np.float32)


def plucks(moments, seconds=3.0):
    """Tones that are struck and die away."""
    time = np.arange(round(seconds * RATE)) / RATE
    wave = np.zeros(len(time))
    for k, moment in enumerate(moments):
        since = time - moment
        strike = np.sin(2 * np.pi * 220 * 2 ** (k / 4) * since) * np.exp(-6 * np.maximum(since, 0))
        wave += np.where(since >= 0, 0.3 * strike, 0)
    return wave.astype(np.float32)


# --- measures ----------------------------------------------------------------------------------------------


def test_the_same_sound_is_0_in_every_measure():
    pytest.importorskip("tensorflow")
    sound = plucks([0.2, 0.9, 1.6, 2.1])
    found = vocoding.measure(sound, Sound(sound))
    assert tuple(found) == tuple(vocoding.MEASURES)
    assert found == dict.fromkeys(vocoding.MEASURES, 0)


def test_without_the_network_one_measure_is_missing():
    found = vocoding.measure(tone(), tone(), embedding=False)
    assert tuple(found) == tuple(vocoding.MEASURES)[:-1] and vocoding.MEASURES.keys() - found == {"embedding"}


def test_twice_the_level_is_6_dB_and_leaves_alone_what_has_no_level():
    sound = 0.05 * noise(1.0) + plucks([0.3], 1.0)
    found = vocoding.measure(sound, 2 * sound, embedding=False)
    for name in ("lsd_1024", "lsd_2048", "mel"):
        assert found[name] == pytest.approx(6.02, abs=0.01), name
    assert found["sc_1024"] == pytest.approx(1, abs=1e-5) == found["sc_2048"]
    for name in ("onset", "harmonic", "f0_cents", "f0_wrong"):
        assert found[name] == pytest.approx(0, abs=1e-6) or np.isnan(found[name]), name


def test_phase_alone_costs_nothing():
    sound = tone()
    turned = vocoding.measure(sound, -sound, embedding=False)
    assert turned == dict.fromkeys(turned, 0)


def test_only_what_both_have_is_compared():
    sound = tone()
    found = vocoding.measure(sound, np.append(sound, noise(0.5)), embedding=False)
    assert found == dict.fromkeys(found, 0)


def test_ten_cents_are_ten_cents_and_an_octave_is_the_most():
    sound = tone(220)
    assert vocoding.pitch_errors(sound, tone(220 * 2 ** (10 / 1200))) == pytest.approx((10, 0), abs=0.5)
    assert vocoding.pitch_errors(sound, tone(440)) == pytest.approx((1200, 1), abs=0.5)
    assert vocoding.pitch_errors(sound, tone(1000)) == pytest.approx((1200, 1), abs=0.01)
    assert vocoding.pitch_errors(sound, noise(1.5)) == pytest.approx((1200, 1), abs=0.1)


def test_the_share_of_wrong_pitches_is_what_was_made_wrong():
    sound = tone(220, 2.0)
    made = np.concatenate([sound[: RATE * 3 // 2], tone(330, 2.0)[RATE * 3 // 2 :]])  # the last quarter
    cents, wrong = vocoding.pitch_errors(sound, made)
    assert cents < 0.1 and wrong == pytest.approx(0.25, abs=0.04)


def test_onsets_60_ms_late_are_lost_and_made_up():
    sound = plucks([0.3, 1.0, 1.7, 2.4])
    near = plucks([0.3, 1.03, 1.7, 2.37])
    assert vocoding.onset_error(sound, near) == 0
    late = plucks([0.3, 1.07, 1.7, 2.4])  # detection is a hop coarse
    assert vocoding.onset_error(sound, late) == pytest.approx(1 - 2 * 3 / 8)
    fewer = plucks([0.3, 1.7])
    assert vocoding.onset_error(sound, fewer) == pytest.approx(1 - 2 * 2 / 6)


@pytest.mark.parametrize(("shift", "n"), [(0.04, 2), (0.05, 2), (0.06, 0)])
def test_pairs_lie_within_50_ms(shift, n):
    times = np.array([0.5, 1.0])
    assert vocoding._pairs(times, times + shift) == n == vocoding._pairs(times, times - shift)


def test_there_are_no_more_pairs_than_those_found():
    random = np.random.default_rng(0)
    for _ in range(30):
        times, others = (np.sort(random.uniform(0, 0.4, random.integers(0, 6))) for _ in range(2))
        few, many = sorted((times, others), key=len)
        most = max(
            sum(np.abs(few - np.array(chosen)) <= 0.05) if len(few) else 0
            for chosen in itertools.permutations(many, len(few))
        )
        assert vocoding._pairs(times, others) == most


def test_noise_between_the_partials_is_told_in_dB():
    sound, hiss = tone(seconds=2.0), noise(2.0)
    faint, loud = (sound + gain * hiss for gain in (0.003, 0.03))
    assert vocoding.harmonic_error(faint, loud) == pytest.approx(20, abs=1.5)
    assert vocoding.harmonic_error(loud, faint) == pytest.approx(20, abs=1.5)
    assert vocoding.harmonic_error(faint, sound + 0.003 * noise(2.0, 1)) < 1  # other noise of that level is as good
    assert vocoding.harmonic_error(sound, tone(225, 2.0)) > 20  # partials that moved away


def test_noise_has_no_partials():
    assert np.isnan(vocoding.harmonic_error(0.1 * noise(1.0), 0.1 * noise(1.0, 1)))


def test_mel_error_of_a_band_that_is_gone():
    sound = 0.1 * noise(1.0)
    assert vocoding.mel_error(sound, np.zeros_like(sound)) == pytest.approx(80, abs=12)  # noise lies near its loudest
    assert 0 < vocoding.mel_error(sound, 0.1 * noise(1.0, 1)) < 5


def test_the_network_hears_other_music_and_not_another_level():
    pytest.importorskip("tensorflow")
    sound = tone(seconds=3.0)
    softer, hiss = vocoding.embedding_distances(sound, [0.5 * sound, 0.1 * noise(3.0)])
    assert softer < 1e-6 and 0.1 < hiss <= 2


def test_silence_has_one_answer():
    silence, sound = np.zeros(RATE, np.float32), tone()
    found = vocoding.measure(silence, silence, embedding=False)
    nothing = {"harmonic", "f0_cents", "f0_wrong"}
    assert {name for name, value in found.items() if np.isnan(value)} == nothing
    assert all(found[name] == 0 for name in found.keys() - nothing)
    lost = vocoding.measure(sound, np.zeros_like(sound), embedding=False)
    assert lost["sc_1024"] == lost["sc_2048"] == 1 and lost["f0_cents"] == 1200 and np.isfinite([*lost.values()]).all()
    made_up = vocoding.measure(silence, sound, embedding=False)
    assert made_up["sc_1024"] == np.inf and made_up["lsd_1024"] > 20


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (Sound(tone(), sample_rate=44100), "22050 Hz"),
        (tone(seconds=0.3), "0.5 s"),
        (np.zeros((2, RATE)), "one row"),
        (np.full(RATE, np.nan), "finite"),
    ],
)
def test_one_sentence_for_what_cannot_be_compared(sound, words):
    with pytest.raises(ValueError, match=words) as caught:
        vocoding.measure(sound, sound, embedding=False)
    assert "\n" not in str(caught.value)


# --- health ------------------------------------------------------------------------------------------------


def test_what_ails_a_copy():
    sound = tone(partials=1)
    sound *= np.float32(0.9) / np.abs(sound).max()
    assert vocoding.health(sound, sound)["click"] == 1
    assert vocoding.ailments(sound, sound) == []
    assert vocoding.ailments(sound, sound + np.float32(0.01)) == ["offset"]
    assert vocoding.ailments(sound, sound / np.abs(sound).max()) == ["peak"]
    clicked = sound.copy()
    clicked[np.abs(sound).argmin()] += 0.2
    assert vocoding.ailments(sound, clicked) == ["click"]
    broken = sound.copy()
    broken[7] = np.nan
    assert vocoding.ailments(sound, broken) == ["numbers"]


def test_silence_that_stays_silence_is_healthy():
    silence = np.zeros(RATE, np.float32)
    assert vocoding.ailments(silence, silence) == []
    assert vocoding.health(silence, silence) == {"peak": 0, "offset": 0, "click": 0}
    assert "numbers" in vocoding.ailments(silence, 0.1 * noise(1.0))


# --- bounds ------------------------------------------------------------------------------------------------


def test_who_knows_more_comes_nearer():
    sound = plucks([0.2, 0.9, 1.6, 2.1], 2.5)
    guessed = {"guessed": lambda sound, levels: griffin_lim(mel_to_magnitude(db_to_power(levels)), n_iter=32)}
    rows = {row["way"]: row for row in vocoding.compare(vocoding.BOUNDS | guessed, [sound], embedding=False)}
    assert list(rows) == [*vocoding.BOUNDS, "guessed"]
    for name in ("multiplicative, true phase", "true magnitude, Griffin-Lim 32"):
        assert rows[name]["sc_1024"] < rows["guessed"]["sc_1024"], name
    for row in rows.values():
        assert row["sc_1024"] < 0.2 and row["f0_cents"] < 15 and row["rtf"] > 0


def test_means_leave_out_what_has_no_answer():
    rows = [{"way": "a", "sound": 0, "x": 1.0, "y": np.nan}, {"way": "a", "sound": 1, "x": 3.0, "y": 4.0}]
    found = vocoding.means([*rows, {"way": "b", "sound": 0, "x": 5.0, "y": np.nan}])
    assert found["a"]["x"] == 2 and found["a"]["y"] == 4 and found["b"]["x"] == 5 and np.isnan(found["b"]["y"])


def test_the_true_phase_and_magnitude_are_the_sound():
    sound = plucks([0.2, 0.9])
    exact = vocoding.true_phase(lambda levels: np.abs(stft(sound)))
    (row,) = vocoding.compare({"all": exact}, [sound], embedding=False)
    assert row["sc_1024"] < 1e-4 and row["lsd_2048"] < 0.1


# --- the benchmark -----------------------------------------------------------------------------------------


def made_up(**answers):
    """Rows of two pieces with two excerpts each: a way's answer in each of the four, in every measure."""
    names = {"mine": "neural", "pinv": benchmark.PINV, "nnls": benchmark.NNLS, "bound": benchmark.BOUND}
    return [
        {"part": "test", "piece": "ab"[k // 2], "way": names[who], "sound": k} | dict.fromkeys(vocoding.MEASURES, value)
        for who, values in answers.items()
        for k, value in enumerate(values)
    ]


def test_two_excerpts_of_a_piece_are_one_witness():
    rows = made_up(mine=[1, 3, 5, np.nan])
    assert benchmark.by_piece(rows, "test", "neural", "mel") == {"a": 2, "b": 5}
    assert benchmark.mean(rows, "test", "neural", "mel") == 3.5
    assert np.isnan(benchmark.mean(made_up(mine=[np.nan] * 4), "test", "neural", "mel"))
    text = benchmark.quality_table(rows, "test", {"neural": [0.01, 0.03, 0.02]}, {"neural": 0.05})
    assert "| neural | 3.5 (2-5) |" in text and "| 0.0200 | 50 ms |" in text


@pytest.mark.parametrize(
    ("answers", "lost", "sure"),
    [
        (dict(mine=[1, 1, 2, 2], pinv=[3, 3, 4, 4], nnls=[2, 2, 3, 3]), False, "yes"),
        (dict(mine=[1, 1, 2, 2], pinv=[3, 3, 4, 4], nnls=[0, 0, 4, 4]), False, "not sure"),
        (dict(mine=[1, 1, 2, 2], pinv=[3, 3, 4, 4], nnls=[0, 0, 1, 1]), True, "no, worse"),
        (dict(mine=[0, 0, 0, 0], pinv=[0, 0, 0, 0]), False, "not sure"),
        (dict(mine=[1, 1, 1, 1], pinv=[1, 1, 1, 1]), True, "not sure"),
    ],
)
def test_it_is_better_where_it_is_better_than_both(answers, lost, sure):
    text, found = benchmark.beside_librosa(made_up(**answers), "test")
    assert found == ([title.split(",")[0] for title in vocoding.MEASURES.values()] if lost else [])
    assert text.count(f"| {sure} |") == len(vocoding.MEASURES)


def test_librosa_makes_the_sound_of_our_mel():
    sound = plucks([0.2, 0.9], 1.5)
    sound = sound[: len(sound) // HOP_LENGTH * HOP_LENGTH]
    for method in ("pinv", "nnls"):
        (row,) = vocoding.compare({method: benchmark.librosas(method)}, [sound], embedding=False)
        assert row["sc_1024"] < 0.4 and row["f0_cents"] < 40, method


class Delayed:
    """A vocoder that gives each frame's level for a hop, `held` frames late; with `slip`, not the same in a stream."""

    name, n_mels = "delayed", None

    def __init__(self, held=3, slip=0.0):
        self.held, self.slip, self.latency = held, slip, held * HOP_LENGTH / RATE

    def samples(self, levels):
        return np.repeat(np.tanh(np.mean(levels, axis=1) / 100), HOP_LENGTH)[:-HOP_LENGTH].astype(np.float32)

    def __call__(self, levels):
        return Sound(self.samples(levels))

    def stream(self, chunks):
        seen, given = [], 0
        for chunk in chunks:
            seen.extend(chunk)
            ready = max(0, (len(seen) - 1 - self.held) * HOP_LENGTH)
            yield self.samples(seen)[given:ready] + np.float32(self.slip)
            given = max(given, ready)
        yield self.samples(seen)[given:]


def test_streams_are_timed_and_held_beside_the_whole():
    levels = np.random.default_rng(0).uniform(-90, 0, (200, 8))
    differ, late = streams.streamed(Delayed(), levels)
    assert differ == 0 and late == pytest.approx(3 * HOP_LENGTH / RATE)
    assert streams.streamed(Delayed(slip=0.01), levels)[0] == pytest.approx(0.01, abs=1e-6)


def test_ill_vocoders_are_found():
    class Ill(Delayed):
        def __call__(self, levels):
            return Sound(np.full(HOP_LENGTH * (len(levels) - 1), 0.5))

    ill = Ill()
    ill.latency = None
    rows = [{"way": "ill", "peak": 0.5, "offset": 0.0, "click": 7.0}]
    lines, worst = streams.checks({"ill": ill}, plucks([0.2, 0.9], 1.0), rows)
    assert worst["ill"] == ["ill: offset", "ill: click", "ill: silence sounds"] and len(lines) == 1


def test_fast_griffin_lim_leaves_a_right_phase_alone():
    sound = plucks([0.3, 1.0], 1.5)
    spectrum = stft(sound[: len(sound) // HOP_LENGTH * HOP_LENGTH], n_fft=2048)
    made = griffin_lim(np.abs(spectrum), n_iter=5, phase=np.angle(spectrum))
    difference = np.abs(stft(made, n_fft=2048)) - np.abs(spectrum)
    assert np.linalg.norm(difference) < 1e-4 * np.linalg.norm(spectrum)


def test_it_runs_and_says_what_is_kept(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow")
    pieces = ["drum", *streams.SPECTRA["mixed"]]

    def clips(part, quick=False):
        sounds = [plucks([0.2 + 0.01 * k, 0.7], 1.2)[: HOP_LENGTH * 100] for k in range(len(pieces))]
        return np.stack(sounds[:1] if quick else sounds), np.array(pieces[:1] if quick else pieces)

    for module in (benchmark, streams):
        monkeypatch.setattr(module, "clips", clips)
    text = benchmark.run(out=tmp_path, quick=True, processes=0)
    for part in ("| promise |", *benchmark.PARTS.values(), "bound: true magnitude", "PGHI, 32 fast", "23.2 ms"):
        assert part in text, part
    rows = (tmp_path / "vocoding.csv").read_text().splitlines()
    assert rows[0].startswith("part,piece,way,sound,lsd_1024") and rows[0].split(",")[-1] == "embedding"
    assert len(rows) == 1 + 2 * len(benchmark.ways(few=True))
    assert len((tmp_path / "vocoding_spectra.csv").read_text().splitlines()) == 1 + 4 * 4
    assert (tmp_path / "vocoding.json").is_file()


def test_evaluate_takes_any_weights(root, monkeypatch, capsys):
    pytest.importorskip("tensorflow")
    from imgmusic_edu.networks import vocoder_training

    sound = np.round(32767 * plucks([0.2, 0.7], 1.2)).astype(np.int16)
    monkeypatch.setattr(vocoder_training, "corpus", lambda part: (sound[None], np.array(["a"])))
    vocoder_training.main(["evaluate", str(root / "data" / "models" / "vocoder.npz")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 4 + len(vocoding.BOUNDS) and len({line.count("|") for line in lines}) == 1
    assert "neural" in lines[2] and "embedding" in lines[0]
