"""The listener reads off a sound what is in it, finds the picture that it was made for, and keeps what it learnt."""

import io
import zipfile

import numpy as np
import pytest

from imgmusic_edu import compose, datasets
from imgmusic_edu.audio_features import log_mel
from imgmusic_edu.evaluation import listener as listening
from imgmusic_edu.evaluation.baselines import random_scene, standardised
from imgmusic_edu.evaluation.listener import N_FINGERPRINT, Listener, fingerprint
from imgmusic_edu.sounds import SAMPLE_RATE
from imgmusic_edu.visual_features import FEATURES

N_FEATURES = len(FEATURES)


def arpeggio(*, tempo=100, root=60, third=4, seconds=8.0, gain=0.3):
    """Plucked triads in quavers."""
    time = np.arange(round(0.5 * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros(round(seconds * SAMPLE_RATE))
    for number, start in enumerate(np.arange(0, seconds - 0.5, 30 / tempo)):
        frequency = 440 * 2 ** ((root + (0, third, 7, 12)[number % 4] - 69) / 12)
        note = sum(np.sin(2 * np.pi * k * frequency * time) / k for k in (1, 2, 3)) * np.exp(-6 * time)
        first = round(start * SAMPLE_RATE)
        sound[first : first + len(time)] += note * (1.0 if number % 4 == 0 else 0.6)
    return (gain * sound / np.abs(sound).max()).astype(np.float32)


def heard(**settings):
    return fingerprint(log_mel(arpeggio(**settings)))


def linear_pairs(n, *, noise=1.0, seed=0):
    """Fingerprints in which features are hidden, the last three of them not at all."""
    truth = np.random.default_rng([seed, 1]).normal(size=(n, N_FEATURES))
    mixing = np.random.default_rng(99).normal(size=(N_FEATURES, N_FINGERPRINT))
    mixing[-3:] = 0
    sounds = truth @ mixing + noise * np.random.default_rng([seed, 2]).normal(size=(n, N_FINGERPRINT))
    return 5 + 3 * sounds, truth


@pytest.fixture(scope="module")
def learnt():
    return Listener.fit(*linear_pairs(400))


# --- the fingerprint ---------------------------------------------------------------------------------------


def test_fingerprint_is_a_row_of_finite_numbers():
    found = heard()
    assert found.shape == (N_FINGERPRINT,) and found.dtype == np.float32 and np.isfinite(found).all()
    assert np.isfinite(fingerprint(np.full((400, 128), -100.0))).all()  # silence has one, too


def test_a_gain_moves_levels_and_nothing_else():
    loud, soft = heard(gain=0.4), heard(gain=0.2)
    moved = np.abs(loud - soft)
    assert loud[64] - soft[64] == pytest.approx(20 * np.log10(2), abs=0.05)  # level of the whole
    assert np.median(moved[-7 * 16 :]) < 1e-3  # how the bands waver; where there is no sound, the floor shows


def test_moved_in_time_it_is_nearly_the_same():
    levels = log_mel(arpeggio())
    other, here = fingerprint(np.roll(levels, 150, axis=0)), fingerprint(levels)
    assert np.corrcoef(here, other)[0, 1] > 0.999
    assert np.abs(here[:64] - other[:64]).max() < 1e-3  # of mean and spread, nothing changes


@pytest.mark.parametrize("tempo", [66, 90, 120])
def test_tempo_is_told_up_to_octaves(tempo):
    octaves = heard(tempo=tempo)[64 + 4 + 59] - np.log2(tempo)
    assert abs(octaves - round(octaves)) < 0.05


@pytest.mark.parametrize("root", [57, 60, 62, 67])
def test_major_is_more_major_than_minor_in_every_key(root):
    mode = 64 + 4 + 61 + 5
    assert heard(root=root, third=4)[mode] > heard(root=root, third=3)[mode] + 0.1


def test_register_rises_with_pitch():
    register = 64 + 4 + 61
    rising = [heard(root=root)[register] for root in (48, 60, 72)]
    assert np.all(np.diff(rising) > 0.4)  # octaves


@pytest.mark.parametrize(
    "levels", [np.zeros((400, 64)), np.zeros((50, 128)), np.zeros(128), np.full((400, 128), np.nan)]
)
def test_what_is_no_spectrogram_gets_one_sentence(levels):
    with pytest.raises(ValueError, match=r"^[^\n]+\.$"):
        fingerprint(levels)


# --- the listener ------------------------------------------------------------------------------------------


def test_what_is_in_the_sound_is_read_and_what_is_not_is_called_unreliable(learnt):
    sounds, truth = linear_pairs(100, seed=1)
    read = learnt.read(sounds)
    assert all(np.corrcoef(read[:, k], truth[:, k])[0, 1] > 0.9 for k in range(N_FEATURES - 3))
    assert (learnt.reliability[:-3] > 0.8).all() and (np.abs(learnt.reliability[-3:]) < 0.15).all()
    assert np.allclose(learnt.read(sounds[3]), read[3], atol=1e-4)


def test_the_right_picture_is_found_and_what_cannot_be_heard_does_not_count(learnt):
    sounds, truth = linear_pairs(100, seed=1)
    order = learnt.rank(sounds, truth)
    assert order.shape == (100, 100) and (order[:, 0] == np.arange(100)).mean() > 0.95
    assert (learnt.rank(sounds[7], truth) == order[7]).all()
    other = truth.copy()
    other[:, -3:] *= -1
    assert (learnt.rank(sounds, other)[:, 0] == np.arange(100)).mean() > 0.95
    assert np.median(np.diag(learnt.distances(sounds, truth))) == pytest.approx(N_FEATURES, rel=0.4)


def test_sounds_of_something_else_find_pictures_by_chance(learnt):
    sounds, truth = linear_pairs(100, seed=1)
    order = learnt.rank(np.roll(sounds, 1, axis=0), truth)
    assert (order[:, :10] == np.arange(100)[:, None]).any(axis=1).mean() < 0.3


def test_the_same_pairs_give_the_same_listener():
    pairs = linear_pairs(60)
    one, other = Listener.fit(*pairs), Listener.fit(*pairs)
    assert all((getattr(one, name) == getattr(other, name)).all() for name in vars(one))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sounds, truth: (sounds[:10], truth[:10]),
        lambda sounds, truth: (sounds[:-1], truth),
        lambda sounds, truth: (sounds[:, 1:], truth),
        lambda sounds, truth: (sounds, truth[:, 1:]),
        lambda sounds, truth: (sounds + np.nan, truth),
    ],
    ids=["few", "rows", "fingerprints", "features", "nan"],
)
def test_what_cannot_be_learnt_from_gets_one_sentence(spoil):
    with pytest.raises(ValueError, match=r"^[^\n]+\.$"):
        Listener.fit(*spoil(*linear_pairs(30)))


def test_compositions_not_heard_before_are_read_better_than_chance():
    """Few and short: with hundreds of pairs the listener does far better (its card has the figures)."""
    names = datasets.photographs()[:: len(datasets.photographs()) // 30]
    pictures = [datasets.picture(name) for name in names[:28]] + [random_scene(seed) for seed in range(24)]
    pieces = [compose(picture, seconds=8, seed=k) for k, picture in enumerate(pictures)]
    sounds = np.array([fingerprint(log_mel(piece.sound.samples)) for piece in pieces])
    truth = np.array([standardised(piece.features) for piece in pieces])
    read, places = np.empty_like(truth), np.empty(len(truth))
    for fold in range(4):
        own = np.arange(len(truth)) % 4 == fold  # 13 of them, among which the right one is looked for
        learnt = Listener.fit(sounds[~own], truth[~own])
        read[own] = learnt.read(sounds[own])
        places[own] = np.diag(np.argsort(learnt.rank(sounds[own], truth[own]), axis=1))
    found = dict(zip(FEATURES, (np.corrcoef(read[:, k], truth[:, k])[0, 1] for k in range(N_FEATURES)), strict=True))
    assert np.mean(list(found.values())) > 0.25 and found["lightness"] > 0.5
    assert places.mean() < 4.5  # by chance 6, give or take .5


# --- keeping -----------------------------------------------------------------------------------------------


def test_saved_and_loaded_it_reads_the_same(learnt, tmp_path):
    learnt.save(tmp_path / "listener.npz")
    again = Listener.load(tmp_path / "listener.npz")
    sounds, truth = linear_pairs(5, seed=2)
    assert (again.read(sounds) == learnt.read(sounds)).all()
    assert (again.rank(sounds, truth) == learnt.rank(sounds, truth)).all()
    first = (tmp_path / "listener.npz").read_bytes()
    again.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == first and len(first) < 60_000


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def damaged(kind, learnt, folder):
    learnt.save(folder / "right.npz")
    right = (folder / "right.npz").read_bytes()
    parts = {name: getattr(learnt, name) for name in vars(learnt)} | {"features": np.array(list(FEATURES))}
    if kind == "flipped":
        middle = len(right) // 2
        return right[:middle] + bytes(byte ^ 255 for byte in right[middle : middle + 40]) + right[middle + 40 :]
    if kind == "other zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr("middle.npy", b"no array")
        return buffer.getvalue()
    return {
        "empty": b"",
        "text": b"hello, this is no archive",
        "cut": right[: len(right) // 2],
        "one array": right[:0] + archive(middle=np.zeros(3)),
        "pickle": archive(**(parts | {"bias": np.array([None] * N_FEATURES)})),
        "shape": archive(**(parts | {"bias": np.zeros(3, np.float32)})),
        "nan": archive(**(parts | {"bias": np.full(N_FEATURES, np.nan, np.float32)})),
        "features": archive(**(parts | {"features": np.array(list(FEATURES)[::-1])})),
        "words": archive(**(parts | {"bias": np.array(["a"] * N_FEATURES)})),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [*"empty text cut flipped pickle shape nan features words".split(), "other zip", "one array"],
)
def test_damaged_weights_get_one_sentence(kind, learnt, tmp_path):
    (tmp_path / "listener.npz").write_bytes(damaged(kind, learnt, tmp_path))
    with pytest.raises(ValueError, match=r"^[^\n]*listener\.npz[^\n]+\.$"):
        Listener.load(tmp_path / "listener.npz")


def test_missing_weights_get_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"^[^\n]*nowhere\.npz[^\n]+\.$"):
        Listener.load(tmp_path / "nowhere.npz")


def test_the_shipped_listener_is_opened_once_where_there_is_one():
    if "listener" not in datasets.names("models"):
        with pytest.raises(datasets.DataError, match="listener"):
            listening.open_listener()
    else:
        assert listening.open_listener() is listening.open_listener()
        assert listening.open_listener().reliability.max() > 0.5
