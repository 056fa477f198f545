"""Neighbours against SciPy, probes that cannot cheat, and what the shipped photographs' features know."""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.spatial.distance import cdist

from imgmusic_edu import backbones, datasets
from imgmusic_edu.evaluation.probes import linear_probe
from imgmusic_edu.evaluation.retrieval import nearest

# --- neighbours --------------------------------------------------------------------------------------------


@given(
    st.integers(0, 999),
    st.integers(1, 12),
    st.integers(1, 6),
    st.integers(1, 15),
    st.sampled_from(["cosine", "euclidean"]),
)
def test_neighbours_are_scipys(seed, n_rows, n_features, n, metric):
    rng = np.random.default_rng(seed)
    features, queries = rng.normal(size=(n_rows, n_features)), rng.normal(size=(3, n_features))
    every = cdist(queries, features, metric)
    indices, distances = nearest(features, queries, n=n, metric=metric)
    assert indices.shape == distances.shape == (3, min(n, n_rows))
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :n], atol=1e-9)
    np.testing.assert_allclose(np.take_along_axis(every, indices, axis=1), distances, atol=1e-9)
    first, near = nearest(features, queries[0], n=n, metric=metric)
    np.testing.assert_array_equal(first, indices[0])
    np.testing.assert_allclose(near, distances[0], atol=1e-12)


def test_a_row_finds_itself_and_of_two_alike_the_earlier_comes_first():
    features = np.array([[1.0, 0], [0, 2], [0, 2], [-1, 0]])
    indices, distances = nearest(features, features[2], n=4, metric="euclidean")
    assert list(indices[:2]) == [1, 2] and list(distances[:2]) == [0, 0]


def test_cosine_asks_for_direction_only_and_nothing_has_none():
    features = np.array([[3.0, 0], [0, 5], [0, 0], [-1, 0]])
    indices, distances = nearest(features, [0.1, 0], n=4)
    assert list(indices) == [0, 1, 2, 3]
    np.testing.assert_allclose(distances, [0, 1, 1, 2], atol=1e-12)


def test_neighbours_that_cannot_be_asked_get_a_sentence():
    for features, query, metric, says in (
        (np.zeros((3, 2)), np.zeros(3), "cosine", r"\(3, 2\) and \(3,\)"),
        (np.zeros(3), np.zeros(3), "cosine", "shape"),
        (np.full((3, 2), np.nan), np.zeros(2), "cosine", "finite"),
        (np.zeros((3, 2)), np.zeros(2), "manhattan", "euclidean"),
    ):
        with pytest.raises(ValueError, match=says):
            nearest(features, query, metric=metric)


# --- the probe ---------------------------------------------------------------------------------------------


def clouds(distance, *, n=40, n_features=5, seed=0):
    """Three clouds of points, so far apart."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(["left", "middle", "right"], n)
    middles = np.repeat([-distance, 0.0, distance], n)
    return rng.normal(size=(3 * n, n_features)) + middles[:, None], labels


def test_what_lies_apart_is_told_apart():
    features, labels = clouds(6)
    probe = linear_probe(features, labels)
    assert probe.accuracy == 1 and probe.fold_accuracies == (1.0,) * 5 and probe.chance == pytest.approx(1 / 3)
    np.testing.assert_array_equal(probe.predictions, labels)


def test_what_does_not_is_left_to_chance_however_many_features_there_are():
    rng = np.random.default_rng(3)
    features, labels = rng.normal(size=(150, 600)), np.repeat([0, 1, 2], 50)
    assert abs(linear_probe(features, labels).accuracy - 1 / 3) < 0.12


def test_a_linear_reader_cannot_read_a_ring():
    rng = np.random.default_rng(1)
    angle, radius = rng.uniform(0, 2 * np.pi, 200), np.repeat([1.0, 3.0], 100)
    ring = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    labels = radius > 2
    assert linear_probe(ring, labels).accuracy < 0.65
    assert linear_probe(ring**2, labels).accuracy > 0.95


def test_units_do_not_matter_and_the_seed_decides():
    features, labels = clouds(1)
    probe = linear_probe(features, labels, seed=4)
    scaled = linear_probe(features * [1e-3, 1, 5, 1e3, 1e5] + 7, labels, seed=4)
    np.testing.assert_array_equal(scaled.predictions, probe.predictions)
    other = linear_probe(features, labels, seed=5)
    assert other.fold_accuracies != probe.fold_accuracies and 0.5 < probe.accuracy < 1
    assert probe.accuracy == pytest.approx(np.mean(probe.predictions == labels))


def test_rare_labels_weigh_as_much_as_common_ones():
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1], [190, 10])
    features = rng.normal(size=(200, 2)) + 1.5 * labels[:, None]
    predictions = linear_probe(features, labels).predictions
    assert np.mean(predictions[labels == 1] == 1) > 0.6  # unweighted, one in five


def test_probes_that_cannot_be_made_get_a_sentence():
    for value, labels, n_folds, says in (
        (0.0, ["a"] * 11, 5, r"\(12, 2\) and \(11,\)"),
        (0.0, ["a"] * 12, 5, "two labels"),
        (0.0, ["a"] * 8 + ["b"] * 4, 5, "'b' is there 4 times"),
        (0.0, ["a"] * 6 + ["b"] * 6, 2, "3 folds or more"),
        (np.inf, ["a"] * 6 + ["b"] * 6, 5, "finite"),
    ):
        with pytest.raises(ValueError, match=says):
            linear_probe(np.full((12, 2), value), labels, n_folds=n_folds)


# --- the shipped photographs -------------------------------------------------------------------------------


@functools.cache
def photographs():
    """Names, categories, and features: of the network's last layers, of colour alone, and the pixels themselves."""
    names = datasets.photographs()
    pictures = [datasets.picture(name) for name in names]
    layers = ("block_14", "block_15", "pool", "logits")
    seen = backbones.load().activations(pictures, layers, pool="mean")
    network = np.hstack([np.sign(seen[layer]) * np.sqrt(np.abs(seen[layer])) for layer in layers])
    colour = [
        np.histogramdd(one.reshape(-1, 3), bins=8, range=[(0, 256)] * 3)[0].ravel() / one.size for one in pictures
    ]
    pixels = [np.asarray(Image.fromarray(one).resize((16, 16))).ravel() for one in pictures]
    labels = np.array([datasets.category(name) for name in names])
    return labels, {"network": network, "colour": np.array(colour), "pixels": np.array(pixels, dtype=float)}


def test_the_networks_features_know_what_a_photograph_is_of():
    labels, features = photographs()
    found = {name: linear_probe(values, labels).accuracy for name, values in features.items()}
    assert found["network"] >= 0.88  # of eleven kinds, two of which have five photographs (benchmarks: all the figures)
    assert found["network"] > max(found["colour"], found["pixels"]) + 0.3
    common = np.isin(labels, [name for name in set(labels) if (labels == name).sum() >= 10])
    assert linear_probe(features["network"][common], labels[common]).accuracy >= 0.92


def test_neighbours_in_the_networks_space_are_of_the_same_kind_more_often_than_in_colours():
    labels, features = photographs()
    same = {}
    for name in ("network", "colour"):
        indices, _ = nearest(features[name], features[name], n=2)
        same[name] = np.mean(labels[indices[:, 1]] == labels)
    assert same["network"] > 0.75 and same["network"] > same["colour"] + 0.25
