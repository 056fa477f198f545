"""The training loop of the networks: it learns, stops, goes on as if nothing had been; weights on disk."""

import numpy as np
import pytest

from imgmusic_edu.networks import autoencoder, training, vae
from imgmusic_edu.networks.training import Training, load_networks, save_networks

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

SMALL = 8  # channels: enough to test with


def small_vae(seed):
    keras.utils.set_random_seed(seed)
    return {
        "encoder": autoencoder.build_encoder(6, width=SMALL),
        "decoder": autoencoder.build_decoder(3, width=SMALL),
        "spread": vae.build(n_latent=1)["spread"],
    }


# ---- the training loop -----------------------------------------------------------------------------------------------


class Clock:
    """Processor time that goes on by a second whenever it is asked."""

    def __init__(self):
        self.now = 0.0

    def process_time(self):
        self.now += 1.0
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(training, "time", made)
    return made


def small_training(folder, *, before_batch=None):
    """A line that learns to be another line; `before_batch(step)` is called before each batch is drawn."""
    keras.utils.set_random_seed(3)
    line = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    adam = keras.optimizers.Adam(0.1)
    adam.build(line.trainable_variables)
    made: list[Training] = []

    def draw(random):
        if before_batch:
            before_batch(made[0].step)
        x = random.standard_normal((8, 2)).astype(np.float32)
        return x, x @ np.array([[2.0], [-1.0]], np.float32)

    def improve(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((line(x) - y) ** 2)
        adam.apply_gradients(zip(tape.gradient(loss, line.trainable_variables), line.trainable_variables, strict=True))
        return {"loss": loss}

    def judge():
        x = np.random.default_rng(9).standard_normal((50, 2)).astype(np.float32)
        return {"score": float(np.mean((np.asarray(line(x)) - x @ [[2.0], [-1.0]]) ** 2))}

    parts = {"networks": {"line": line}, "optimizers": {"adam": adam}}
    made.append(Training(folder, **parts, draw=draw, improve=improve, judge=judge))
    return made[0]


def quiet(_):
    pass


def test_it_learns_and_keeps_its_curve(clock, tmp_path):
    pupil = small_training(tmp_path)
    pupil.run(2, notice=quiet)
    scores = [row["validation_score"] for row in pupil.rows]
    assert pupil.step == 120 and len(scores) == 6 and scores[-1] < 0.1 * scores[0]
    assert (tmp_path / "learning.csv").read_text().count("\n") == 7
    pupil.take_best()
    assert pupil.judge()["score"] == pytest.approx(pupil.best, rel=1e-5)


@pytest.mark.parametrize("way", ["watch", "Ctrl-C"])
def test_stopped_and_gone_on_is_the_same_as_one_run(way, clock, tmp_path):
    whole = small_training(tmp_path / "whole")
    whole.run(1.5, notice=quiet)

    def interrupt(step):
        if step == 40:
            raise KeyboardInterrupt

    notices = []
    first = small_training(tmp_path / "parts", before_batch=interrupt if way == "Ctrl-C" else None)
    first.run(1.5, notice=notices.append, watch=(lambda row: row["steps"] >= 40) if way == "watch" else None)
    assert first.step == 40 and ("Stopped after 40 steps" in notices[-1]) == (way == "Ctrl-C")
    second = small_training(tmp_path / "parts")
    assert second.step == 40 and second.spent == first.spent and second.best == first.best
    second.run(1.5, notice=quiet)
    assert second.step == whole.step
    for one, other in zip(whole.networks["line"].get_weights(), second.networks["line"].get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_a_run_that_is_over_changes_nothing(clock, tmp_path):
    small_training(tmp_path).run(0.5, notice=quiet)
    again = small_training(tmp_path)
    before = again.networks["line"].get_weights()
    again.run(0.5, notice=quiet)
    assert again.step == 30 and all(map(np.array_equal, before, again.networks["line"].get_weights()))


# ---- weights on disk -------------------------------------------------------------------------------------------------


def test_half_precision_there_and_back(tmp_path):
    networks, other = small_vae(seed=1), small_vae(seed=2)
    save_networks(tmp_path / "small.npz", networks)
    load_networks(tmp_path / "small.npz", other)
    for name, network in networks.items():
        for one, copy in zip(network.get_weights(), other[name].get_weights(), strict=True):
            assert copy.dtype == np.float32 and np.array_equal(one.astype(np.float16), copy)
    first = (tmp_path / "small.npz").read_bytes()
    save_networks(tmp_path / "small.npz", other)
    assert (tmp_path / "small.npz").read_bytes() == first
    n_weights = sum(network.count_params() for network in networks.values())
    assert len(first) < 2 * n_weights + 20_000


def damaged(path, way):
    networks = small_vae(seed=1)
    if way == "another width":
        networks["encoder"] = autoencoder.build_encoder(6, width=2 * SMALL)
    if way == "a network is missing":
        del networks["spread"]
    if way == "not finite":
        networks["decoder"].set_weights([values * np.nan for values in networks["decoder"].get_weights()])
    save_networks(path, networks)
    content = path.read_bytes()
    if way == "cut off":
        path.write_bytes(content[: len(content) // 2])
    if way == "a bit turned":
        path.write_bytes(content[:5000] + bytes([content[5000] ^ 64]) + content[5001:])
    if way == "a picture":
        path.write_bytes(b"\x89PNG\r\n" + bytes(100))
    if way == "empty":
        path.write_bytes(b"")
    if way == "missing":
        path.unlink()


WAYS = (
    "another width",
    "a network is missing",
    "not finite",
    "cut off",
    "a bit turned",
    "a picture",
    "empty",
    "missing",
)


@pytest.mark.parametrize("way", WAYS)
def test_wrong_weights_are_one_clear_sentence(way, tmp_path):
    path = tmp_path / "weights.npz"
    damaged(path, way)
    with pytest.raises(ValueError, match=r"weights\.npz") as caught:
        load_networks(path, small_vae(seed=0))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
