"""Adversarial nets: losses against formulas and differences, who learns in which step, the loop, pictures, sounds."""

import io
import tarfile

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the networks need TensorFlow")

from hypothesis import given
from hypothesis import strategies as st

from imgmusic_edu.backbones.engine import tensorflow
from imgmusic_edu.networks import dcgan, gan, spectrogram_gan
from imgmusic_edu.networks.gan_training import COLUMNS, Trainer

tf, keras = tensorflow()

SCORES = st.lists(st.floats(-30, 30), min_size=1, max_size=6)


def number(tensor):
    return float(np.asarray(tensor))


def slope_of(loss, at):
    """The gradient, by TensorFlow."""
    at = tf.constant(at, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = loss(at)
    return tape.gradient(value, at).numpy()


def differences(loss, at, step=1e-5):
    """The gradient, by finite differences in double precision."""
    at, found = np.asarray(at, float), np.zeros(np.shape(at))
    for place in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[place], down[place] = at[place] + step, at[place] - step
        found[place] = (number(loss(tf.constant(up))) - number(loss(tf.constant(down)))) / (2 * step)
    return found


# --- losses -----------------------------------------------------------------------------------------------------------


@given(SCORES, SCORES)
def test_losses_are_the_papers_formulas(real, fake):
    real, fake = np.array(real), np.array(fake)
    of_real, of_fake = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    # float64 still holds 1 - D for D(30); beyond that only softplus is right, as the next test shows.
    right = -np.log(of_real).mean() - np.log(1 - of_fake).mean()
    assert number(gan.discriminator_loss(tf.constant(real), tf.constant(fake))) == pytest.approx(right, rel=1e-2)
    assert number(gan.generator_loss(tf.constant(fake))) == pytest.approx(-np.log(of_fake).mean(), rel=1e-6)
    assert number(gan.saturating_loss(tf.constant(fake))) == pytest.approx(np.log(1 - of_fake).mean(), rel=1e-2)


def test_losses_of_extreme_scores_are_finite():
    far = tf.constant([1e4, -1e4], tf.float32)
    assert number(gan.discriminator_loss(far, far)) == pytest.approx(1e4)
    assert number(gan.generator_loss(far)) == pytest.approx(5e3)
    assert number(gan.saturating_loss(far)) == pytest.approx(-5e3)
    assert number(gan.discriminator_loss(tf.zeros(3), tf.zeros(5))) == pytest.approx(2 * np.log(2))


def test_losses_take_any_shape():
    random = np.random.default_rng(0)
    real, fake = random.standard_normal((4, 16, 3)), random.standard_normal((2, 16, 3))  # a score a moment, say
    assert number(gan.discriminator_loss(real, fake)) == pytest.approx(
        number(gan.discriminator_loss(real.ravel(), fake.ravel()))
    )


@pytest.mark.parametrize("loss", [gan.generator_loss, gan.saturating_loss, gan.wasserstein_loss])
def test_slopes_of_generator_losses(loss):
    at = np.random.default_rng(1).normal(0, 3, (5, 1))
    assert np.allclose(slope_of(loss, at), differences(loss, at), atol=1e-8)


@pytest.mark.parametrize("loss", [gan.discriminator_loss, gan.critic_loss])
def test_slopes_of_discriminator_losses(loss):
    random = np.random.default_rng(2)
    real, fake = random.normal(0, 2, (4, 1)), random.normal(0, 2, (6, 1))
    assert np.allclose(slope_of(lambda s: loss(s, fake), real), differences(lambda s: loss(s, fake), real), atol=1e-8)
    assert np.allclose(slope_of(lambda s: loss(real, s), fake), differences(lambda s: loss(real, s), fake), atol=1e-8)


def test_the_saturating_loss_has_no_slope_where_the_discriminator_is_sure():
    sure = np.full((4, 1), -20.0)
    assert np.abs(slope_of(gan.saturating_loss, sure)).max() < 1e-8
    assert np.allclose(slope_of(gan.generator_loss, sure), -1 / 4, atol=1e-8)
    assert np.allclose(slope_of(gan.generator_loss, np.zeros((1, 1))), slope_of(gan.saturating_loss, np.zeros((1, 1))))


def test_feature_matching_compares_means():
    random = np.random.default_rng(3)
    real, fake = random.standard_normal((6, 4, 2)), random.standard_normal((9, 4, 2))
    right = ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).mean()
    assert number(gan.feature_matching_loss(real, tf.constant(fake))) == pytest.approx(right)
    assert number(gan.feature_matching_loss(real, tf.constant(real[::-1].copy()))) == pytest.approx(0)
    loss = lambda made: gan.feature_matching_loss(real, made)  # noqa: E731
    assert np.allclose(slope_of(loss, fake), differences(loss, fake), atol=1e-8)


# --- penalties --------------------------------------------------------------------------------------------------------


def test_the_penalty_of_a_plane_is_known():
    weights = tf.constant([[3.0], [4.0]])
    samples = tf.random.stateless_normal((8, 2), seed=(1, 2))
    assert number(gan.gradient_penalty(lambda x: x @ weights, samples)) == pytest.approx((5 - 1) ** 2, rel=1e-5)
    assert number(gan.gradient_penalty(lambda x: x @ weights, samples, slope=0.0)) == pytest.approx(25, rel=1e-5)


@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_the_penalty_reaches_the_critic(slope):
    samples = tf.constant(np.random.default_rng(4).standard_normal((5, 3, 2)))
    inner = np.random.default_rng(5).standard_normal((2, 4))

    def penalty(weights):
        return gan.gradient_penalty(lambda x: tf.reduce_sum(tf.tanh(x @ weights), axis=(1, 2)), samples, slope=slope)

    assert np.allclose(slope_of(penalty, inner), differences(penalty, inner), rtol=1e-5, atol=1e-7)


def test_between_is_on_the_line():
    real, fake = np.zeros((3, 4, 2), "f4"), np.ones((3, 4, 2), "f4")
    found = gan.between(real, fake, np.array([0, 0.25, 1], "f4"))
    assert np.allclose(np.asarray(found)[:, 0, 0], [0, 0.25, 1])


def test_minibatch_std_tells_look_alikes_from_variety():
    random = np.random.default_rng(6)
    same = np.repeat(random.standard_normal((1, 4, 4, 3)), 8, axis=0).astype("f4")
    other = random.standard_normal((8, 4, 4, 3)).astype("f4")
    for features, spread in ((same, 1e-4), (other, np.mean(other.std(axis=0)))):
        found = np.asarray(gan.minibatch_std(features))
        assert found.shape == (8, 4, 4, 4) and np.array_equal(found[..., :3], features)
        assert np.allclose(found[..., 3], spread, atol=1e-3)
    with tf.GradientTape() as tape:
        copies = tf.Variable(same)
        total = tf.reduce_sum(gan.minibatch_std(copies))
    assert np.isfinite(tape.gradient(total, copies).numpy()).all()  # no root of 0


# --- who learns -------------------------------------------------------------------------------------------------------


@pytest.fixture
def nets():
    keras.utils.set_random_seed(0)
    return gan.ring_nets(width=8, n_latent=3)


def values(model):
    return [np.array(weight) for weight in model.get_weights()]


def moved(before, model):
    return [not np.array_equal(old, new) for old, new in zip(before, values(model), strict=True)]


@pytest.mark.parametrize("game", gan.LOSSES)
def test_each_step_moves_one_of_the_two(nets, game):
    generator, discriminator = nets
    latent, real = tf.random.stateless_normal((16, 3), (1, 1)), tf.constant(gan.ring(16, np.random.default_rng(0)))
    before = values(generator), values(discriminator)
    gan.teach_discriminator(generator, discriminator, keras.optimizers.SGD(0.1), real, latent, game=game, penalty=1.0)
    assert not any(moved(before[0], generator)) and any(moved(before[1], discriminator))
    before = values(generator), values(discriminator)
    gan.teach_generator(generator, discriminator, keras.optimizers.SGD(0.1), latent, game=game)
    assert all(moved(before[0], generator)[:5]) and not any(moved(before[1], discriminator))


def test_the_generators_gradient_is_that_of_finite_differences(nets):
    generator, discriminator = nets
    latent = tf.random.stateless_normal((16, 3), (1, 1))
    before = values(generator)
    gan.teach_generator(generator, discriminator, keras.optimizers.SGD(1.0), latent)
    taken = before[4] - values(generator)[4]  # the last layer: one step of size 1 is the gradient
    found = np.zeros_like(taken)
    for place in np.ndindex(taken.shape):
        losses = []
        for step in (0.004, -0.004):
            weights = [np.array(w) for w in before]
            weights[4][place] += step
            generator.set_weights(weights)
            losses.append(number(gan.generator_loss(discriminator(generator(latent)))))
        found[place] = (losses[0] - losses[1]) / 0.008
    assert np.abs(taken).max() > 1e-4
    assert np.allclose(found, taken, rtol=0.02, atol=2e-4)


def test_the_discriminator_learns_to_score_real_samples_higher(nets):
    generator, discriminator = nets
    random, optimizer = np.random.default_rng(0), keras.optimizers.Adam(1e-2)
    for _ in range(60):
        found = gan.teach_discriminator(
            generator, discriminator, optimizer, gan.ring(32, random), random.standard_normal((32, 3)).astype("f4")
        )
    assert number(found["real_score"]) > number(found["fake_score"]) + 1
    assert number(found["discriminator"]) < 1.0


# --- the loop ---------------------------------------------------------------------------------------------------------


def ring_trainer(**settings):
    keras.utils.set_random_seed(0)
    generator, discriminator = gan.ring_nets(width=16)
    return Trainer(generator, discriminator, gan.ring, batch=16, **settings)


def test_reports_are_means_and_training_is_seeded():
    one, two = ring_trainer(penalty=1.0), ring_trainer(penalty=1.0)
    reports = list(one.train(12, every=5))
    assert [report["step"] for report in reports] == [5, 10, 12] == [report["step"] for report in one.history]
    singles = list(two.train(12, every=1))
    for column in COLUMNS:
        mean = np.mean([report[column] for report in singles[:5]])
        assert reports[0][column] == pytest.approx(mean, rel=1e-4, abs=1e-6), "a report is no last batch's loss"
    assert np.allclose(one.samples(), two.samples(), atol=1e-5)
    assert one.samples(7).shape == (7, 2)


def test_what_was_stopped_goes_on_as_if_it_had_not_been(tmp_path):
    whole = ring_trainer(game="wasserstein", penalty=1.0, rounds=2)
    list(whole.train(10, every=5))
    for report in ring_trainer(game="wasserstein", penalty=1.0, rounds=2, folder=tmp_path).train(10, every=5):
        if report["step"] == 5:
            break  # the loop is left, and the generator closed
    again = ring_trainer(game="wasserstein", penalty=1.0, rounds=2, folder=tmp_path)
    assert again.step == 5 and len(again.history) == 1
    list(again.train(5, every=5))
    assert np.allclose(again.samples(), whole.samples(), atol=1e-5)
    assert [r["step"] for r in again.history] == [5, 10]
    with pytest.raises(ValueError, match="other networks"):
        Trainer(*gan.ring_nets(width=4), gan.ring, folder=tmp_path)


def test_an_interrupt_keeps_what_was_learnt(tmp_path):
    def impatient(n, random):
        if trainer.step == 3:
            raise KeyboardInterrupt
        return gan.ring(n, random)

    trainer = ring_trainer(folder=tmp_path)
    trainer.draw = impatient
    assert list(trainer.train(10, every=10)) == []
    assert trainer.step == 3 and trainer.checkpoint.is_file()
    assert ring_trainer(folder=tmp_path).step == 3


def test_what_does_not_fit_is_told():
    generator, discriminator = gan.ring_nets(width=4)
    with pytest.raises(ValueError, match="non_saturating, saturating, wasserstein"):
        Trainer(generator, discriminator, gan.ring, game="chess")
    with pytest.raises(ValueError, match=r"\(32, 32, 3\)"):
        Trainer(generator, dcgan.build(width=4)[1], gan.ring)
    trainer = Trainer(generator, discriminator, lambda n, random: np.full((n, 2), np.nan, "f4"))
    with pytest.raises(FloatingPointError, match="step 1"):
        list(trainer.train(3))


# --- pictures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "with_std", "batch_norm"), [((32, 32, 3), True, True), ((64, 128, 1), False, False)])
def test_networks_are_mirror_images(shape, with_std, batch_norm):
    generator, discriminator = dcgan.build(width=4, n_latent=5, shape=shape, with_std=with_std, batch_norm=batch_norm)
    made = generator(np.random.default_rng(0).standard_normal((2, 5)).astype("f4"))
    assert made.shape == (2, *shape) and np.abs(made).max() <= 1
    assert discriminator(made).shape == (2, 1)  # the article's ended in (2, 1, 1, 1)
    again = dcgan.build(width=4, n_latent=5, shape=shape, with_std=with_std, batch_norm=batch_norm)[0]
    assert all(np.array_equal(a, b) for a, b in zip(values(generator), values(again), strict=True))
    with pytest.raises(ValueError, match="divisible by 8"):
        dcgan.build(shape=(30, 32, 3))


def test_the_shipped_networks_are_small():
    for build in (dcgan.build, spectrogram_gan.build):
        assert 2e5 < sum(model.count_params() for model in build()) < 7e5


def test_pictures_to_learn_from():
    names = ["eiffel_tower", "the_night_cafe"]
    pictures = dcgan.training_pictures(names, each=3)
    assert pictures.shape == (6, 32, 32, 3) and pictures.dtype == np.float32
    assert -1 <= pictures.min() < -0.5 and 0.5 < pictures.max() <= 1
    assert np.array_equal(pictures, dcgan.training_pictures(names, each=3))
    assert not np.array_equal(pictures[0], pictures[1])
    drawn = dcgan.draw_from(pictures)(9, np.random.default_rng(0))
    assert drawn.shape == (9, 32, 32, 3)
    back = dcgan.to_pictures(pictures)
    assert back.dtype == np.uint8 and np.abs(back / 127.5 - 1 - pictures).max() < 1e-2


def test_cifar10_from_a_file_of_ones_own(tmp_path):
    random = np.random.default_rng(0)
    records = random.integers(0, 256, (5, 3073), dtype=np.uint8)
    records[:, 0] = [3, 1, 4, 1, 5]
    batch, archive = tmp_path / "data_batch_1.bin", tmp_path / "cifar-10-binary.tar.gz"
    batch.write_bytes(records.tobytes())
    with tarfile.open(archive, "w:gz") as target:
        for name, content in (("x/data_batch_2.bin", records[3:]), ("x/data_batch_1.bin", records[:3]), ("x/a", b"?")):
            member = tarfile.TarInfo(name)
            member.size = len(bytes(content))
            target.addfile(member, io.BytesIO(bytes(content)))
    for path in (batch, archive):
        pictures, labels = dcgan.open_cifar10(path)
        assert pictures.shape == (5, 32, 32, 3) and list(labels) == [3, 1, 4, 1, 5]
        first = records[0, 1:].reshape(3, 32, 32)
        assert np.array_equal(dcgan.to_pictures(pictures)[0, 2, 7], first[:, 2, 7])
    batch.write_bytes(b"no picture")
    with pytest.raises(ValueError, match="binary version"):
        dcgan.open_cifar10(batch)


def test_a_few_steps_of_a_small_dcgan_move_towards_the_colours():
    pictures = np.full((8, 32, 32, 3), 0.6, "f4")
    generator, discriminator = dcgan.build(width=4)
    trainer = Trainer(generator, discriminator, dcgan.draw_from(pictures), rates=(5e-3, 5e-3), penalty=1.0, batch=8)
    before = trainer.samples().mean()
    list(trainer.train(40, every=40))
    assert trainer.samples().mean() > before + 0.1


# --- sounds -----------------------------------------------------------------------------------------------------------


def test_strokes_and_the_way_there_and_back():
    training, held_out = spectrogram_gan.strokes(each=1)
    assert training.shape == (51, 64, 128) and held_out.shape == (17, 64, 128)
    for part in (training, held_out):
        assert np.isfinite(part).all() and (part.max(axis=(1, 2)) > -10).all()
        assert (part.max(axis=2).argmax(axis=1) < 45).all()  # the stroke is not at the end
    samples = spectrogram_gan.to_samples(training)
    assert samples.shape == (51, 64, 128, 1) and samples.min() == -1 and samples.max() <= 1
    levels = spectrogram_gan.to_levels(samples)
    loud = training > spectrogram_gan.CENTRE - 0.9 * spectrogram_gan.SPREAD
    assert np.abs(levels - training)[loud & (samples[..., 0] < 1)].max() < 1e-3
    assert levels.min() == -100


def test_a_stroke_is_heard_and_a_beat_is_played():
    training, _ = spectrogram_gan.strokes(each=1)
    loudest = training[training.max(axis=(1, 2)).argmax()]
    sound = spectrogram_gan.heard(loudest)
    assert 0.7 < sound.seconds < 0.75 and 0.05 < np.abs(sound.samples).max() <= 1
    assert sound.samples[0] == sound.samples[-1] == 0
    beat = spectrogram_gan.sequence([sound, sound], ["x...x...", "..o...x."], tempo=120, bars=2, title="Two")
    assert beat.seconds == pytest.approx(16 * 0.125 + sound.seconds, abs=0.01)
    assert 0.05 < np.abs(beat.samples).max() <= 10 ** (-1 / 20) + 1e-6
    many = spectrogram_gan.sequence([sound] * 6, ["x"] * 6, title="Six")
    assert "turned down by" in many.title and np.abs(many.samples).max() <= 10 ** (-1 / 20) + 1e-6
    for pattern in (["x.", "x"], ["x."], ["", ""]):
        with pytest.raises(ValueError, match="lines"):
            spectrogram_gan.sequence([sound, sound], pattern)
