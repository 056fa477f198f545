"""Mappings from picture to latent sequence: what they are told, their losses, and that they learn what is there."""

import numpy as np
import pytest

from imgmusic_edu.networks import conditional_gan, conditional_vae, mapping, shared_latent
from imgmusic_edu.networks.autoencoder import LATENT
from imgmusic_edu.networks.mapping import N_CONDITIONS, NOISE, Scales, conditions

keras = pytest.importorskip("keras")
import tensorflow as tf  # noqa: E402

STEPS = 12


@pytest.fixture(autouse=True)
def same_chance():
    keras.utils.set_random_seed(3)


def scales():
    return Scales(
        columns=np.stack([np.zeros(8), np.ones(8)]),
        latent=np.stack([np.zeros(LATENT), np.ones(LATENT)]),
        asked=np.array([[np.log(90), 1.0, 10.0, 0.0], [0.2, 0.5, 3.0, 0.1]]),
    )


def batch(n=4, seed=0):
    random = np.random.default_rng(seed)
    shapes = ((n, STEPS, N_CONDITIONS), (n, STEPS, LATENT), (n, NOISE), (n, NOISE))
    return [tf.constant(random.standard_normal(shape).astype(np.float32)) for shape in shapes]


def told(**settings):
    asked = np.array([np.log(120), 1.5, 13.0, 0.0])
    settings = {"asked": asked, "beats_per_bar": 4, "tonic": 2, "n_steps": 200, "scales": scales()} | settings
    return conditions(np.arange(18, dtype=np.float32), np.tile(np.linspace(0, 1, 64)[:, None], 8), **settings)


def test_the_clock_turns_once_a_beat_and_the_key_is_one_of_twelve():
    found = told()
    assert found.shape == (200, N_CONDITIONS) and found.dtype == np.float32
    np.testing.assert_array_equal(found[:, :18], np.tile(np.arange(18), (200, 1)))
    np.testing.assert_allclose(found[0, 18:22], [np.log(120 / 90) / 0.2, 1, 1, 0], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found[0, 23:35], np.eye(12)[2])
    time = (np.arange(200) + 0.5) * mapping.STEP_SECONDS
    sines = found[:, 43:49]
    np.testing.assert_allclose(sines[:, 1], np.sin(2 * np.pi * time / 2), atol=1e-4)  # a bar of 4 lasts 2 s at 120
    np.testing.assert_allclose(sines[:, 3], np.sin(2 * np.pi * time / 0.5), atol=1e-4)  # a beat 0.5 s
    waltz = told(beats_per_bar=3)
    np.testing.assert_allclose(waltz[:, 44], np.sin(2 * np.pi * time / 1.5), atol=1e-4)
    assert waltz[0, 22] == 1 and found[0, 22] == 0


def test_the_picture_is_read_from_left_to_right_and_the_ends_are_told():
    found = told()
    assert (np.diff(found[:, 35]) > 0).all() and found[0, 35] == 0 and found[-1, 35] == pytest.approx(1)
    assert found[0, -2] < 0.05 and found[-1, -2] == 1 and found[0, -1] == 1 and found[-1, -1] < 0.05


@pytest.mark.parametrize("build", [mapping.build_linear, mapping.build_mlp])
def test_a_mapping_answers_for_every_moment(build):
    answer = build()(batch()[0])
    assert answer.shape == (4, STEPS, LATENT)


def test_the_linear_mapping_is_a_weighted_sum():
    network = mapping.build_linear()
    one, other = batch(seed=1)[0], batch(seed=2)[0]
    nothing = network(0 * one)
    left = network(one + other) - nothing
    right = (network(one) - nothing) + (network(other) - nothing)
    np.testing.assert_allclose(left, right, atol=1e-4)


def slope_along(loss, variable, direction, step=1e-3):
    """Finite difference of a loss when a variable moves."""
    before = variable.numpy()
    variable.assign(before + step * direction)
    up = float(loss())
    variable.assign(before - step * direction)
    down = float(loss())
    variable.assign(before)
    return (up - down) / (2 * step)


def losses():
    """Name -> (networks, loss of a batch)."""
    mlp = {"map": mapping.build_mlp(width=16, n_layers=1)}
    shared, vae, gan = shared_latent.build(), conditional_vae.build(width=16), conditional_gan.build(width=16)

    def of_shared(condition, latent, *_):
        terms = shared_latent.loss_terms(shared, condition, latent)
        return sum(shared_latent.WEIGHTS[kind] * term for kind, term in terms.items())

    def of_vae(condition, latent, chance, _):
        log_likelihood, kl = conditional_vae.elbo_terms(vae, condition, latent, chance)
        return (kl - log_likelihood) / STEPS

    def of_gan(*everything):
        terms = conditional_gan.generator_terms(gan, *everything)
        return sum(conditional_gan.WEIGHTS[kind] * term for kind, term in terms.items())

    return {
        "mlp": (mlp, lambda condition, latent, *_: mapping.squared_error(mlp, condition, latent)),
        "autoencoder": (shared, of_shared),
        "vae": (vae, of_vae),
        "gan generator": ({"generator": gan["generator"]}, of_gan),
        "gan discriminator": (
            {"discriminator": gan["discriminator"]},
            lambda *told: conditional_gan.discriminator_step_loss(gan, *told[:3]),
        ),
    }


@pytest.mark.parametrize("name", ["mlp", "autoencoder", "vae", "gan generator", "gan discriminator"])
def test_gradients_are_those_of_finite_differences(name):
    networks, loss = losses()[name]
    everything = batch()
    random = np.random.default_rng(5)
    for network in networks.values():
        variable = network.trainable_variables[0]
        with tf.GradientTape() as tape:
            value = loss(*everything)
        gradient = tape.gradient(value, variable)
        assert gradient is not None and float(tf.norm(gradient)) > 1e-7
        direction = random.standard_normal(variable.shape).astype(np.float32)
        direction /= np.linalg.norm(direction)
        found = float(tf.reduce_sum(gradient * direction))
        wanted = slope_along(lambda: loss(*everything), variable, direction)
        assert found == pytest.approx(wanted, rel=0.05, abs=3e-3)


def test_each_side_of_the_game_teaches_its_own_network_alone():
    networks = conditional_gan.build(width=16)
    condition, latent, chance, other = batch()
    with tf.GradientTape(persistent=True) as tape:
        judged = conditional_gan.discriminator_step_loss(networks, condition, latent, chance)
        fooled = conditional_gan.generator_terms(networks, condition, latent, chance, other)["adversarial"]
    generator, discriminator = (networks[name].trainable_variables for name in ("generator", "discriminator"))
    for loss, own in ((judged, discriminator), (fooled, generator)):
        assert sum(float(tf.norm(g)) for g in tape.gradient(loss, own) if g is not None) > 1e-6
    # What separates the two is whose variables a step is taken in: see mapping_training.
    from imgmusic_edu.networks.mapping_training import _game

    steps = _game("gan")[1]
    assert steps["discriminator"][0] == ("discriminator",) and steps["generator"][0] == ("generator",)


def test_the_generator_listens_to_chance_and_the_perceptron_cannot():
    condition, _, chance, other = batch()
    generator = mapping.build_generator(width=16, dilations=(1,))
    assert float(tf.reduce_max(tf.abs(generator([condition, chance]) - generator([condition, other])))) > 1e-3
    assert len(mapping.build_mlp().inputs) == 1


def test_the_divergence_of_two_normals_is_the_mean_of_the_logarithm_of_their_ratio():
    random = np.random.default_rng(0)
    (mean, log_variance), (middle, log_spread) = one, other = random.normal(0, 0.5, (2, 2, 3)).astype(np.float32)
    draws = mean + np.exp(log_variance / 2) * random.standard_normal((200_000, 3))

    def log_density(x, centre, spread):
        return (-0.5 * (x - centre) ** 2 / np.exp(spread) - 0.5 * spread).sum(axis=1)

    wanted = (log_density(draws, mean, log_variance) - log_density(draws, middle, log_spread)).mean()
    assert float(conditional_vae.divergence(one, other)) == pytest.approx(wanted, rel=0.02)
    assert float(conditional_vae.divergence(one, one)) == pytest.approx(0, abs=1e-5)


def test_what_is_heard_rises_with_what_sounds():
    from imgmusic_edu import audio_features
    from imgmusic_edu.networks.mapping import ASKED, heard

    time = np.arange(8 * 22050) / 22050

    def tones(rate, level):
        chord = sum(np.sin(2 * np.pi * f * time) for f in (261.6, 329.6, 392.0))
        return audio_features.log_mel((level * chord * np.exp(-8 * (time % (1 / rate)))).astype(np.float32))

    few, many, soft = (heard(tones(*case), 120.0) for case in ((1, 0.2), (4, 0.2), (1, 0.02)))
    assert len(few) == len(ASKED) and few[0] == pytest.approx(np.log(120))
    assert many[1] > few[1] + 0.5
    assert few[2] - soft[2] == pytest.approx(20, abs=0.5)
    assert few[3] > 0  # a major triad
