"""Gram matrices and losses: exact where they can be, their laws, and every gradient against finite differences."""

import numpy as np
import pytest

from imgmusic_edu import style
from imgmusic_edu.backbones.engine import tensorflow

RNG = np.random.default_rng(4)
SHAPES = [(2, 7, 5), (1, 4, 6, 3), (3, 2, 2, 2, 4)]
WORKED = np.arange(1, 13).reshape(3, 4).T.reshape(1, 2, 2, 3)  # article 2: three channels of 2 x 2


def features(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def test_the_worked_example_is_278_and_not_238():
    gram = style.gram_matrix(WORKED, normalise=False)
    assert gram.tolist() == [[[30, 70, 110], [70, 174, 278], [110, 278, 446]]]
    assert np.array_equal(style.gram_matrix(WORKED), gram / 4)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_gram_matrix_is_what_its_formula_says(shape):
    one = features(shape)
    found = style.gram_matrix(one)
    rows = one.reshape(shape[0], -1, shape[-1])
    for b in range(shape[0]):
        for i in range(shape[-1]):
            for j in range(shape[-1]):
                assert found[b, i, j] == pytest.approx(np.mean(rows[b, :, i] * rows[b, :, j]))
    assert np.linalg.eigvalsh(found).min() > -1e-12


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_places_is_forgotten_and_that_of_channels_kept(shape, normalise, seed):
    rng, one = np.random.default_rng(seed), features(shape, seed)
    gram = style.gram_matrix(one, normalise=normalise)
    rows = one.reshape(shape[0], -1, shape[-1])
    shuffled = rows[:, rng.permutation(rows.shape[1])].reshape(shape)
    assert np.allclose(style.gram_matrix(shuffled, normalise=normalise), gram)
    order = rng.permutation(shape[-1])
    assert np.allclose(style.gram_matrix(one[..., order], normalise=normalise), gram[:, order][:, :, order])
    assert np.allclose(style.gram_matrix(3 * one, normalise=normalise), 9 * gram)


def test_size_matters_only_without_normalising():
    one = features((1, 4, 4, 3))
    twice = np.tile(one, (1, 2, 2, 1))
    assert np.allclose(style.gram_matrix(twice), style.gram_matrix(one))
    assert np.allclose(style.gram_matrix(twice, normalise=False), 4 * style.gram_matrix(one, normalise=False))


def test_a_shift_is_counted_place_by_place():
    one = features((1, 5, 4, 3))
    found = style.shifted_gram(one, (1, -2))
    pairs = [(one[0, y, x], one[0, y + 1, x - 2]) for y in range(4) for x in range(2, 4)]
    assert np.allclose(found[0], np.mean([np.outer(*pair) for pair in pairs], axis=0))
    assert np.allclose(style.shifted_gram(one, (0, 0)), style.gram_matrix(one))
    sound = features((2, 9, 4))
    assert np.allclose(style.shifted_gram(sound, 3), style.shifted_gram(sound, -3).swapaxes(1, 2))


def test_autocorrelation_finds_a_period_that_the_gram_matrix_does_not_know():
    clock = np.zeros((1, 64, 1))
    clock[0, ::8] = 1
    mixed = clock[:, np.random.default_rng(0).permutation(64)]
    assert np.allclose(style.gram_matrix(clock), style.gram_matrix(mixed))
    found = style.autocorrelation(clock, lags=range(20))[0, :, 0]
    assert [lag for lag in range(20) if found[lag] > 0.06] == [0, 8, 16]
    one = features((2, 9, 4, 3))
    assert np.allclose(style.autocorrelation(one, lags=[0])[:, 0], np.mean(one**2, axis=(1, 2)))
    sound = features((2, 9, 3))
    diagonal = np.diagonal(style.shifted_gram(sound, 4), axis1=1, axis2=2)
    assert np.allclose(style.autocorrelation(sound, lags=[4])[:, 0], diagonal)


def test_moments_are_the_diagonal_of_the_gram_matrix():
    one = 2 + features((2, 6, 5, 3))
    mean, deviation = style.moments(one)
    assert np.allclose(mean, one.mean(axis=(1, 2))) and np.allclose(deviation, one.std(axis=(1, 2)))
    assert np.allclose(np.diagonal(style.gram_matrix(one), axis1=1, axis2=2), mean**2 + deviation**2)


def test_windows_are_windows():
    one = features((2, 5, 6, 3))
    found = style.patches(one, size=3, stride=2)
    assert found.shape == (2, 2 * 2, 27)
    assert np.array_equal(found[1, 3], one[1, 2:5, 2:5].reshape(-1))
    assert np.array_equal(style.patches(features((1, 4, 2)), size=1), features((1, 4, 2)))


def test_quantiles_are_sorted_values():
    one = features((2, 4, 5, 3))
    exact = style.quantiles(one, 20)
    assert np.array_equal(exact, np.sort(one.reshape(2, 20, 3), axis=1))
    assert np.allclose(
        style.quantiles(one, 7),
        np.quantile(one.reshape(2, 20, 3), np.linspace(0, 1, 7), axis=1).swapaxes(0, 1),
        atol=1e-6,
    )


# ---- losses ----------------------------------------------------------------------------------------------------------


STYLE = features((2, 5, 6, 3), seed=1)
GRAM, MEAN_DEVIATION = style.gram_matrix(STYLE), style.moments(STYLE)
LOSSES = {
    "style": lambda x: style.style_loss(style.gram_matrix(x), GRAM),
    "shifted": lambda x: style.style_loss(style.shifted_gram(x, (1, 0)), GRAM),
    "autocorrelation": lambda x: style.content_loss(
        style.autocorrelation(x, lags=[0, 2]), style.autocorrelation(STYLE, lags=[0, 2])
    ),
    "moments": lambda x: style.moment_loss(x, *MEAN_DEVIATION),
    "histogram": lambda x: style.histogram_loss(x, style.quantiles(STYLE, 30)),
    "patches": lambda x: style.patch_loss(x, style.patches(STYLE)),
    "content": lambda x: style.content_loss(x, STYLE),
    "cosine": lambda x: 1 - style.cosine_similarity(x, STYLE),
    "variation": style.total_variation,
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_that_of_finite_differences(name):
    tf, _ = tensorflow()
    at, way = features((2, 5, 6, 3), seed=2), features((2, 5, 6, 3), seed=3)
    with tf.GradientTape() as tape:
        x = tf.Variable(at, dtype=tf.float64)
        loss = LOSSES[name](x)
    slope = float(np.sum(np.asarray(tape.gradient(loss, x)) * way))
    step = 1e-6
    difference = (LOSSES[name](at + step * way) - LOSSES[name](at - step * way)) / (2 * step)
    assert float(loss) == pytest.approx(float(LOSSES[name](at)), rel=1e-5)  # arrays and tensors agree
    assert slope == pytest.approx(float(difference), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in ("variation", "shifted")])
def test_a_loss_is_nothing_at_its_target_and_more_elsewhere(name):
    assert float(LOSSES[name](STYLE)) == pytest.approx(0, abs=1e-9)
    assert float(LOSSES[name](features(STYLE.shape, seed=5))) > 0.01


def test_losses_are_relative_to_their_target():
    for scale in (1e-3, 1e3):
        assert style.style_loss(GRAM * 0, GRAM * scale) == pytest.approx(1)
        assert style.content_loss(scale * 2 * STYLE, scale * STYLE) == pytest.approx(1)


def test_nothing_at_all_is_no_division_by_zero():
    nothing = np.zeros((1, 4, 4, 2))
    for name in ("gram", "content", "cosine"):
        loss = {
            "gram": style.style_loss(style.gram_matrix(nothing), style.gram_matrix(nothing)),
            "content": style.content_loss(nothing, nothing),
            "cosine": style.cosine_similarity(nothing, nothing),
        }[name]
        assert loss == 0
    tf, _ = tensorflow()
    with tf.GradientTape() as tape:
        x = tf.Variable(nothing)
        loss = style.moment_loss(x, *style.moments(nothing)) + style.total_variation(x)
    assert np.isfinite(np.asarray(tape.gradient(loss, x))).all()


def test_windows_find_what_they_come_from():
    tiles = np.tile(features((1, 4, 4, 3)), (1, 3, 3, 1))
    windows = style.patches(tiles)
    moved = np.roll(tiles, (1, 2), axis=(1, 2))
    assert style.patch_loss(moved, windows) == pytest.approx(0, abs=1e-12)
    assert style.content_loss(moved, tiles) > 0.5  # place by place they are far apart
    assert style.patch_loss(moved[:, np.random.default_rng(0).permutation(12)], windows) > 0.1


def test_total_variation_counts_steps():
    edge = np.zeros((1, 4, 4, 1))
    edge[:, :, 2:] = 3.0
    assert style.total_variation(edge) == pytest.approx(1.0)  # one of three steps to the right is 3, none down
    assert style.total_variation(np.ones((1, 1, 1, 3))) == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: style.gram_matrix(np.ones((4, 3))), "batch axis"),
        (lambda: style.gram_matrix(np.ones((1, 0, 3))), "(1, 0, 3)"),
        (lambda: style.shifted_gram(np.ones((1, 4, 4, 3)), 1), "one number an axis"),
        (lambda: style.shifted_gram(np.ones((1, 4, 3)), 4), "one number an axis"),
        (lambda: style.autocorrelation(np.ones((1, 4, 3)), lags=[1, 4]), "0 to 3; found 4"),
        (lambda: style.patches(np.ones((1, 2, 9, 3))), "do not fit"),
        (lambda: style.style_loss(np.ones((1, 3, 3)), np.ones((1, 4, 4))), "(1, 3, 3) and (1, 4, 4)"),
        (lambda: style.content_loss(np.ones((1, 3, 3)), np.ones((2, 3, 3))), "one shape"),
        (lambda: style.patch_loss(np.ones((1, 5, 5, 2)), np.ones((1, 9, 27))), "must agree"),
        (lambda: style.total_variation(np.ones((4, 4, 3))), "found (4, 4, 3)"),
    ],
)
def test_what_does_not_fit_is_told(call, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(").replace(")", r"\)")):
        call()
