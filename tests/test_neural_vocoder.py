"""The neural vocoder: its network learns and comes back, and what is shipped makes sound as it promises."""

import os

import numpy as np
import pytest

from imgmusic_edu import datasets
from imgmusic_edu.audio_features.inverses import griffin_lim, mel_to_magnitude, spectral_convergence
from imgmusic_edu.audio_features.transforms import HOP_LENGTH, db_to_power, log_mel, stft
from imgmusic_edu.networks import vocoder_corpus
from imgmusic_edu.vocoders import neural

RATE = 22050


def chord(seconds=1.5, frequencies=(220.0, 277.2, 329.6)):
    """Plucked harmonic tones one after the other: onsets, partials, decay."""
    time = np.arange(int(seconds * RATE)) / RATE
    sound = np.zeros(len(time))
    for k, frequency in enumerate(frequencies):
        since = time - k * seconds / 4
        for partial in range(1, 9):
            tone = np.sin(2 * np.pi * partial * frequency * since) / partial**1.5 * np.exp(-2 * partial**0.5 * since)
            sound += np.where(since > 0, tone, 0)
    return (0.2 * sound).astype(np.float32)


@pytest.fixture(scope="module")
def vocoder(root):
    with np.load(root / "data" / "models" / "vocoder.npz") as stored:
        return neural.NeuralVocoder(dict(stored))


@pytest.fixture(scope="module")
def clip(vocoder):
    sound = chord()
    return sound, log_mel(sound, n_mels=vocoder.n_mels)


# --- what is shipped ---------------------------------------------------------------------------------------


def test_the_weights_are_small_and_float16(root, vocoder):
    path = root / "data" / "models" / "vocoder.npz"
    assert path.stat().st_size < 6e6
    with np.load(path) as stored:
        assert {stored[name].dtype for name in stored.files if name != "look"} == {np.dtype(np.float16)}
        assert sum(stored[name].size for name in stored.files) < 3e6
        assert all(np.isfinite(stored[name]).all() for name in stored.files)
    assert path.with_name("vocoder_card.md").is_file()


def test_it_sounds_like_what_went_in(vocoder, clip):
    sound, levels = clip
    made = vocoder(levels).samples
    there, found = np.abs(stft(sound))[: len(levels) - 1], np.abs(stft(made))[: len(levels) - 1]
    noise = np.random.default_rng(0).standard_normal(len(made)).astype(np.float32) * sound.std()
    assert spectral_convergence(there, found) < 0.35
    assert spectral_convergence(there, found) < 0.5 * spectral_convergence(there, np.abs(stft(noise))[: len(there)])


def test_it_beats_a_few_rounds_of_griffin_lim(vocoder, clip):
    sound, levels = clip
    there = np.abs(stft(sound))[: len(levels) - 1]
    plain = griffin_lim(mel_to_magnitude(db_to_power(levels), method="pinv"), n_iter=32)
    ours, theirs = (np.abs(stft(made))[: len(there)] for made in (vocoder(levels).samples, plain))
    assert spectral_convergence(there, ours) < spectral_convergence(there, theirs)


def test_a_stream_is_the_whole_in_pieces(vocoder, clip):
    _, levels = clip
    whole = vocoder(levels).samples
    for cuts in ([0, 1, 2, 30, 31, len(levels)], range(0, len(levels) + 1, 1)):
        chunks = [levels[a:b] for a, b in zip(cuts, [*cuts[1:], len(levels)], strict=True) if b > a]
        pieces = list(vocoder.stream(chunks))
        assert len(pieces) == len(chunks) + 1
        assert np.abs(np.concatenate(pieces) - whole).max() < 1e-3


def test_a_stream_is_late_by_its_latency_and_no_more(vocoder, clip):
    _, levels = clip
    assert vocoder.latency <= 0.1
    given = made = 0
    for chunk, piece in zip(np.array_split(levels, 20), vocoder.stream(np.array_split(levels, 20)), strict=False):
        given, made = given + len(chunk), made + len(piece)
        newest = (given - 1) * HOP_LENGTH
        assert made == max(0, newest - round(vocoder.latency * RATE))


def test_what_comes_later_than_the_latency_changes_nothing(vocoder, clip):
    _, levels = clip
    other = levels.copy()
    other[60:] = -30
    untouched = 59 * HOP_LENGTH - round(vocoder.latency * RATE)
    assert np.abs(vocoder(levels).samples - vocoder(other).samples)[:untouched].max() < 1e-3


@pytest.mark.parametrize("n_frames", [1, 2, 3, 5, 9, 300])
def test_any_number_of_frames(vocoder, clip, n_frames):
    _, levels = clip
    sound = vocoder(np.resize(levels, (n_frames, vocoder.n_mels)))
    assert len(sound.samples) == max(1, n_frames - 1) * HOP_LENGTH
    assert np.isfinite(sound.samples).all()


def test_silence_stays_silence(vocoder):
    assert not vocoder(np.full((40, vocoder.n_mels), -100.0)).samples.any()


def test_silence_around_a_sound_stays_silence(vocoder):
    sound = np.concatenate([np.zeros(RATE // 2), chord(0.5), np.zeros(RATE)]).astype(np.float32)
    made = vocoder(log_mel(sound, n_mels=vocoder.n_mels)).samples
    assert np.abs(made[: RATE // 2 - 1024]).max() < 1e-4
    assert np.abs(made[RATE + 1024 : 2 * RATE - 1024]).max() < 1e-4


def test_neither_offset_nor_clipping(vocoder):
    loud = chord()
    loud *= 0.99 / np.abs(loud).max()
    for gain_db in (0, 12):  # a network may ask for more than full scale
        made = vocoder(log_mel(loud, n_mels=vocoder.n_mels) + gain_db).samples
        assert np.abs(made).max() < 1
        if not gain_db:
            assert abs(made.mean()) < 1e-3


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.zeros((5, 3)), "bands|shape"),
        (np.zeros(128), "shape"),
        (np.zeros((0, 128)), "no frames"),
        (np.full((5, 128), np.nan), "finite"),
    ],
)
def test_one_sentence_for_what_cannot_be(vocoder, bad, words):
    bad = np.resize(bad, (len(bad), vocoder.n_mels)) if bad.shape[-1] == 128 and bad.ndim == 2 else bad
    with pytest.raises(ValueError, match=words) as caught:
        vocoder(bad)
    assert str(caught.value).count("\n") == 0


# --- corpus ------------------------------------------------------------------------------------------------


def test_no_piece_and_no_recording_is_in_two_parts():
    parts = {part: set(vocoder_corpus.pieces(part)) for part in vocoder_corpus.PARTS}
    played = parts["train"], parts["validation"], parts["test"]
    assert set.union(*played) == set(datasets.scores()) and sum(map(len, played)) == len(datasets.scores())
    assert {datasets.category(name) for name in parts["validation"]} == {"folk", "game", "piano", "ragtime"}
    assert {datasets.category(name) for name in parts["test"]} == {"folk", "game", "ragtime"}
    assert parts["recordings"] | set(vocoder_corpus.SAMPLES) == set(datasets.samples())
    assert not parts["recordings"] & set(vocoder_corpus.SAMPLES)
    with pytest.raises(ValueError, match="train, validation, test, recordings"):
        vocoder_corpus.pieces("held_out")


def test_recordings_follow_each_other_as_they_are_and_are_strewn_over_beats():
    rows = [row for _, row in vocoder_corpus._in_a_row(vocoder_corpus.pieces("recordings"))]
    assert len(rows) == 3 and all(row.shape == (220500,) and np.abs(row).max() < 0.95 for row in rows)
    name, strewn = next(vocoder_corpus._strewn(vocoder_corpus.SAMPLES))
    assert name in vocoder_corpus.SAMPLES and strewn.shape == (220500,) and 0.05 < np.abs(strewn).max() < 1


def test_excerpts_are_arranged_in_many_ways_and_the_same_again():
    from imgmusic_edu.scores import Score

    score = Score.from_midi(datasets.data_path("the_entertainer"))
    takes = [vocoder_corpus.arrange(score, np.random.default_rng(seed)) for seed in range(6)]
    assert len({take.parts for take in takes}) > 2
    assert len({round(take.level, 3) for take in takes}) == 6
    assert takes[0] == vocoder_corpus.arrange(score, np.random.default_rng(0))


# --- network -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    pytest.importorskip("tensorflow")
    from imgmusic_edu.networks import vocoder

    return vocoder.build(n_mels=80, width=32, expansion=1, look=((3, 1), (5, 1)))


def batch(n_mels=80):
    from imgmusic_edu.networks.vocoder import examples

    sound = chord(1.2)
    return examples(np.stack([sound[:9216], sound[9216:18432]]), n_mels=n_mels)


def test_numpy_says_what_keras_says(small):
    from imgmusic_edu.networks.vocoder import weights_of

    random = np.random.default_rng(0)
    for variable in small.trainable_variables:
        variable.assign(variable + 0.1 * random.standard_normal(variable.shape))
    weights = neural.NeuralVocoder(weights_of(small, look=((3, 1), (5, 1))))
    levels = random.uniform(-90, 20, (50, 80)).astype(np.float32)
    answers = np.asarray(small(neural.normalised(levels)[None]))[0].reshape(-1, len(neural.OUTPUTS), neural.N_BINS)
    network = neural._Network(weights._weights, weights._look)
    _, advance, difference = network.push(levels, last=True)
    assert np.abs(np.abs(advance) - np.hypot(answers[:, 1], answers[:, 2])).max() < 1e-4
    assert np.abs(-difference.imag - answers[:, 4, 1:]).max() < 1e-4


def test_right_answers_cost_nothing_and_every_loss_has_a_gradient(small):
    import tensorflow as tf

    from imgmusic_edu.networks.vocoder import WEIGHTS, losses

    levels, base, real, imaginary = batch()
    with tf.GradientTape(persistent=True) as tape:
        found = losses(small(levels), base, real, imaginary, n_mels=80)
    last = small.get_layer("answers").kernel
    for kind in WEIGHTS:
        assert np.abs(tape.gradient(found[kind], last)).max() > 0, kind

    spectrum = (real + 1j * imaginary).astype(complex)
    bins = np.arange(neural.N_BINS)
    advance = spectrum[:, 1:] * spectrum[:, :-1].conj() * np.exp(-0.5j * np.pi * bins)
    difference = -spectrum[:, 1:, 1:] * spectrum[:, 1:, :-1].conj()
    difference = np.pad(difference, [(0, 0), (0, 0), (1, 0)])
    advance, difference = (arrow / np.maximum(np.abs(arrow), 1e-30) for arrow in (advance, difference))
    level = np.log(np.abs(spectrum[:, 1:]) + 1e-12) - base
    answers = np.stack([level, advance.real, advance.imag, difference.real, difference.imag], axis=2)
    right = losses(answers.reshape(*base.shape[:2], -1).astype(np.float32), base, real, imaginary, n_mels=80)
    for kind, loss in right.items():
        assert float(loss) < 0.02, kind


def test_it_learns_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow")
    from imgmusic_edu.networks import vocoder_training as training

    sound = np.round(chord(3.0) * 32767).astype(np.int16)
    monkeypatch.setattr(training, "corpus", lambda part, notice=print: (np.stack([sound, sound]), np.array(["a", "a"])))
    monkeypatch.setattr(training, "REPORT_SECONDS", 1.5)
    settings = dict(folder=tmp_path, n_mels=80, width=32, look=((3, 1), (5, 1)), notice=lambda line: None)
    training.train(minutes=4 / 60, **settings)
    rows = (tmp_path / "learning.csv").read_text().splitlines()
    column = rows[0].split(",").index("train")
    totals = [float(row.split(",")[column]) for row in rows[1:]]
    assert totals[-1] < totals[0]
    again = training.Trainer(tmp_path, n_mels=80, width=32, look=((3, 1), (5, 1)))
    assert again.step > 0
    before = again.step
    again.run(again.spent / 60 + 1 / 60, notice=lambda line: None)
    assert again.step > before
    again.export(tmp_path / "weights.npz")
    with np.load(tmp_path / "weights.npz") as stored:
        made = neural.NeuralVocoder(dict(stored))
    assert len(made(np.full((10, 80), -30.0)).samples) == 9 * HOP_LENGTH
    with pytest.raises(ValueError, match="another folder"):
        training.Trainer(tmp_path, n_mels=100, width=32, look=((3, 1), (5, 1)))


def test_inference_needs_no_tensorflow(root):
    import subprocess
    import sys

    code = "import sys; import imgmusic_edu.vocoders.neural; sys.exit('tensorflow' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(root)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, cwd=root, timeout=60).returncode == 0
