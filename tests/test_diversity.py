"""How many different things there are: the Vendi score on cases one can count, kernels, features, Frechet distance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from imgmusic_edu.evaluation import diversity


@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_copies_are_one_and_unlike_things_are_n(n):
    assert diversity.vendi_score(np.ones((n, n))) == pytest.approx(1, abs=1e-6)
    assert diversity.vendi_score(np.eye(n)) == pytest.approx(n, rel=1e-9)


def test_equal_groups_are_counted():
    for groups, each in ((2, 5), (8, 4)):
        kernel = np.kron(np.eye(groups), np.ones((each, each)))
        assert diversity.vendi_score(kernel) == pytest.approx(groups, rel=1e-6)
    shares = np.array([0.75, 0.25])  # groups of 6 and of 2: the exponential of the entropy of their shares
    kernel = np.zeros((8, 8))
    kernel[:6, :6] = kernel[6:, 6:] = 1
    assert diversity.vendi_score(kernel) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-6)


@given(st.integers(0, 10_000), st.integers(2, 20))
def test_the_score_lies_between_one_and_n_and_does_not_hang_on_order(seed, n):
    random = np.random.default_rng(seed)
    kernel = diversity.rbf_kernel(random.standard_normal((n, 3)))
    score, order = diversity.vendi_score(kernel), random.permutation(n)
    assert 1 - 1e-9 <= score <= n + 1e-9
    assert diversity.vendi_score(kernel[np.ix_(order, order)]) == pytest.approx(score, rel=1e-9)


def test_kernels_are_likenesses():
    features = np.random.default_rng(0).standard_normal((30, 5))
    for kernel in (diversity.rbf_kernel(features), diversity.cosine_kernel(features)):
        assert np.array_equal(np.diag(kernel), np.ones(30)) and np.array_equal(kernel, kernel.T)
        assert np.linalg.eigvalsh(kernel)[0] > -1e-9
    apart = diversity.rbf_kernel(np.array([[0.0, 0.0], [0.0, 2.0]]), width=2.0)
    assert apart[0, 1] == pytest.approx(np.exp(-0.5))
    turned = diversity.cosine_kernel(np.array([[1.0, 0.0], [0.0, 3.0], [-2.0, 0.0], [0.0, 0.0]]))
    assert np.allclose(turned[0], [1, 0, -1, 0])
    assert diversity.vendi_score(diversity.cosine_kernel(np.eye(6) * 4)) == pytest.approx(6)


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        (np.ones((2, 3)), r"\(2, 3\)"),
        (np.zeros((0, 0)), r"\(0, 0\)"),
        (np.array([[1, 0.5], [0.2, 1]]), "as like"),
        (np.array([[1, np.nan], [np.nan, 1]]), "finite"),
        (np.eye(3) * 2, "diagonal has 2"),
        (np.array([[1, 3.0], [3.0, 1]]), "negative"),
    ],
)
def test_what_is_no_likeness_is_told(kernel, words):
    with pytest.raises(ValueError, match=words):
        diversity.vendi_score(kernel)


def test_standard_features_have_mean_0_and_length_1():
    reference = np.random.default_rng(1).normal(5, 3, (400, 7))
    place = diversity.Standard(reference)
    rows = place(reference)
    assert np.allclose(rows.mean(axis=0), 0, atol=1e-9)
    assert (rows**2).sum(axis=1).mean() == pytest.approx(1)
    still = diversity.Standard(np.column_stack([reference[:, 0], np.full(400, 2.0)]))
    assert np.abs(still(np.array([[5.0, 3.0]]))).max() < 2  # what never changed may not drown all else
    assert np.isfinite(diversity.Standard(np.ones((4, 2)))(np.ones((3, 2)))).all()


def test_features_of_pictures_and_sounds_are_means_of_cells():
    pictures = np.zeros((2, 8, 8, 3))
    pictures[0, :4, :4, 0] = 1
    found = diversity.picture_features(pictures, cells=2)
    assert found.shape == (2, 16) and found[0, 0] == pytest.approx(1) and found[1].max() == 0
    levels = np.full((3, 64, 128), -60.0)
    levels[1, :8, 120:] = 0
    found = diversity.sound_features(levels)
    assert found.shape == (3, 128)
    assert found[1, 15] == pytest.approx(0) and found[1, 0] == -60 and found[0].max() == -60
    with pytest.raises(ValueError, match="divisible by 4"):
        diversity.picture_features(np.zeros((1, 6, 8, 3)))
    with pytest.raises(ValueError, match="frames"):
        diversity.sound_features(np.zeros((1, 63, 128)))
    with pytest.raises(ValueError, match="finite"):
        diversity.rbf_kernel(np.array([[np.inf, 0]]))


def test_frechet_distance_is_the_formula():
    random = np.random.default_rng(2)
    a, b = random.standard_normal((300, 4)), random.normal(0.5, 2, (200, 4)) @ random.standard_normal((4, 4))
    one, two = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    right = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum() + np.trace(one + two - 2 * sqrtm(one @ two).real)
    assert diversity.frechet_distance(a, b) == pytest.approx(right, rel=1e-6)
    assert diversity.frechet_distance(b, a) == pytest.approx(right, rel=1e-6)
    assert diversity.frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert diversity.frechet_distance(a, a + 2) == pytest.approx(16)
    assert diversity.frechet_distance(np.ones((3, 1)), np.zeros((3, 1))) == pytest.approx(1)
    with pytest.raises(ValueError, match="one d"):
        diversity.frechet_distance(a, b[:, :2])


def test_a_copy_has_the_distance_0():
    features = np.random.default_rng(3).standard_normal((20, 6))
    found = diversity.nearest_distance(features[[3, 7]], features)
    assert np.array_equal(found, [0, 0])
    assert diversity.nearest_distance(features + 1, features).min() > 0
