"""Are the factors of a synthetic picture what the measured features say they are?"""

import numpy as np
import pytest
from scipy.stats import spearmanr
from skimage.color import rgb2lab

from imgmusic_edu.scenes import FACTORS, lab_to_picture, scene
from imgmusic_edu.visual_features import FEATURES, visual_features

LEVELS = np.linspace(0, 1, 9)
COLOUR = {"chroma", "saturation", "yellowness", "redness", "warmth", "colour_entropy"}
FORM = set(FEATURES) - COLOUR - {"lightness", "contrast"}

# How far each other feature may move over the whole run of a factor, standardised. What is not listed: 0.3.
# Two measures of one thing move together (warmth holds yellowness and redness; one scale moves all colour; hues that
# agree on yellow are few hues). Light or contrast near the end of the scale is cut off at white. Form has one sheet of
# paper: larger things leave less of it to texture, and finer threads are also more edges and less bent outline.
LEAKS = {
    "lightness": {"saturation": 2.2, "angularity": 1.2, "regularity": 1.0, "contrast": 0.5, **dict.fromkeys(
        ("fineness", "roughness", "complexity", "line_agitation", "salient_size", "symmetry"), 0.7)},
    "chroma": dict.fromkeys(COLOUR, 5.5),
    "yellowness": dict.fromkeys(COLOUR, 5.0) | {"salient_size": 0.5},
    "redness": dict.fromkeys(COLOUR, 5.0) | {"salient_size": 0.5},
    "colour_entropy": {},
    "contrast": {"angularity": 1.0, "complexity": 0.6},
    "height": {"angularity": 1.0, "regularity": 0.5},
    "object_size": dict.fromkeys(FORM - {"salient_height", "object_count"}, 2.2),
    "object_count": dict.fromkeys(FORM - {"salient_height"}, 3.8),
    "angularity": {"line_agitation": 0.7},
    "fineness": dict.fromkeys(FORM - {"salient_height", "object_count"}, 2.2),
    "roughness": {"complexity": 0.5},
    "complexity": dict.fromkeys(FORM - {"salient_height", "object_count"}, 1.4),
    "regularity": {"line_agitation": 0.5},
    "line_agitation": {"regularity": 0.6},
}  # fmt: skip


@pytest.fixture(scope="module")
def measured():
    """For each factor, standardised features, shape (seeds, levels, features)."""
    return {
        factor: np.array([[standardised(scene(seed=seed, **{factor: v})) for v in LEVELS] for seed in (0, 1)])
        for factor in FACTORS
    }


def standardised(picture):
    features = visual_features(picture)
    return [features.standardised(name) for name in FEATURES]


@pytest.mark.parametrize("factor", FACTORS)
def test_a_factor_moves_its_own_feature(factor, measured):
    own = list(FEATURES).index(FACTORS[factor])
    for run in measured[factor]:
        assert spearmanr(LEVELS, run[:, own])[0] >= 0.95


@pytest.mark.parametrize("factor", FACTORS)
def test_a_factor_leaves_the_others_alone(factor, measured):
    for name, moved in zip(FEATURES, np.ptp(measured[factor].mean(axis=0), axis=0), strict=True):
        if name != FACTORS[factor]:
            assert moved <= LEAKS[factor].get(name, 0.3), f"{factor} moves {name} by {moved:.2f}"


def test_colour_never_moves_form_nor_form_colour(measured):
    def moved(factor, names):
        runs = np.ptp(measured[factor].mean(axis=0), axis=0)
        return max(runs[list(FEATURES).index(name)] for name in names)

    texture_and_shape = FORM - {"salient_size", "salient_height", "object_count", "symmetry"}
    for factor, feature in FACTORS.items():
        if feature in COLOUR:
            assert moved(factor, texture_and_shape) < 0.05, factor
            assert moved(factor, {"salient_height", "object_count"}) < 0.2, factor
        elif feature in FORM:
            assert moved(factor, COLOUR) < 0.05, factor


def test_the_same_seed_paints_the_same_picture():
    np.testing.assert_array_equal(scene(seed=5), scene(seed=5))
    assert (scene(seed=5) != scene(seed=6)).any()


@pytest.mark.parametrize("size", [32, 100, 600])
def test_any_size(size):
    picture = scene(size=size, roughness=0.5)
    assert picture.shape == (size, size, 3) and picture.dtype == np.uint8


def test_size_does_not_change_what_is_in_it():
    small, large = visual_features(scene(size=256)), visual_features(scene(size=700))
    for name in ("lightness", "chroma", "salient_height", "salient_size", "object_count", "fineness"):
        assert large.standardised(name) == pytest.approx(small.standardised(name), abs=0.35), name


def test_known_truth_in_units():
    whole = visual_features(scene(lightness=0.25, contrast=0.25, chroma=0.5, redness=0.6, yellowness=0.7)).whole
    assert whole["lightness"] == pytest.approx(30 + 55 * 0.25, abs=0.3)
    assert whole["contrast"] == pytest.approx(2 + 12 * 0.25, abs=0.3)
    assert whole["redness"] == pytest.approx(20 * 0.2, abs=1)
    assert whole["yellowness"] == pytest.approx(20 * 0.4, abs=1)
    counts = [visual_features(scene(object_count=n / 8)).whole["object_count"] for n in range(8)]
    np.testing.assert_allclose(counts, range(1, 9), atol=0.3)


def test_what_cannot_be_shown_keeps_lightness_and_hue():
    rng = np.random.default_rng(0)
    lab = np.dstack([rng.uniform(15, 90, (20, 20)), *rng.uniform(-110, 110, (2, 20, 20))])
    shown = rgb2lab(lab_to_picture(lab))
    np.testing.assert_allclose(shown[..., 0], lab[..., 0], atol=0.7)
    turn = np.arctan2(shown[..., 2], shown[..., 1]) - np.arctan2(lab[..., 2], lab[..., 1])
    assert np.abs(np.angle(np.exp(1j * turn))[np.hypot(shown[..., 1], shown[..., 2]) > 15]).max() < 0.06


def test_wrong_factors_get_a_sentence():
    with pytest.raises(ValueError, match="height runs from 0 to 1, 2 was given"):
        scene(height=2)
    with pytest.raises(ValueError, match="at least 32 pixels, 8 was given"):
        scene(size=8)
