"""Are the named numbers what their names say, and nothing else?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from imgmusic_edu.evaluation.edits import sharpen
from imgmusic_edu.scenes import lab_to_picture, scene
from imgmusic_edu.visual_features import FEATURES, visual_features

COLUMNS = {"lightness", "chroma", "warmth", "contrast", "roughness", "edge_density", "skyline", "mass"}


def natural_pictures(root, every=1):
    found = [path for kind in ("photographs", "paintings") for path in sorted((root / "data" / kind).rglob("*.jpg"))]
    if len(found) < 50:
        pytest.skip("the shipped pictures are not there")
    return [np.asarray(Image.open(path).convert("RGB")) for path in found[::every]]


def noise_picture(seed, height, width):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def plain(lightness, a=0.0, b=0.0, shape=(60, 80)):
    return lab_to_picture(np.full((*shape, 3), (lightness, a, b)))


def assert_sound(features):
    assert list(features.whole) == list(FEATURES)
    assert np.isfinite(list(features.whole.values())).all()
    assert set(features.columns) == COLUMNS
    assert all(np.isfinite(values).all() for values in features.columns.values())
    for name in ("saturation", "roughness", "angularity", "complexity", "regularity", "symmetry", "line_agitation"):
        assert -1e-9 <= features.whole[name] <= 1 + 1e-9, name
    assert 0 <= features.whole["salient_height"] <= 1 and 0 < features.whole["salient_size"] <= 1 + 1e-9
    assert features.columns["mass"].sum() == pytest.approx(1)
    assert features.saliency.dtype == np.float32 and features.saliency.sum() == pytest.approx(1, abs=1e-4)
    assert features.palette.shape[1] == 4 and features.palette[:, 3].sum() == pytest.approx(1)
    assert (np.diff(features.palette[:, 3]) <= 0).all()


@settings(max_examples=25)
@given(st.integers(0, 99), st.integers(1, 70), st.integers(1, 70), st.integers(1, 80))
def test_any_shape_gives_finite_numbers(seed, height, width, n_columns):
    features = visual_features(noise_picture(seed, height, width), n_columns=n_columns)
    assert_sound(features)
    assert all(len(values) == n_columns for values in features.columns.values())


@pytest.mark.parametrize("shape", [(20000, 3), (3, 20000), (1, 1), (1, 900), (1500, 1100)])
def test_extreme_shapes(shape):
    assert_sound(visual_features(noise_picture(0, *shape)))


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 40), (1, 0, 0)])
def test_one_colour_has_no_form(colour):
    features = visual_features(np.full((90, 120, 3), colour, np.uint8))
    assert_sound(features)
    whole = features.whole
    assert whole["salient_height"] == pytest.approx(0.5, abs=1e-6)
    assert all(whole[name] < 1e-6 for name in ("contrast", "roughness", "complexity", "regularity", "object_count"))
    np.testing.assert_allclose(features.columns["skyline"], 0.5, atol=1e-6)
    assert features.palette.shape == (1, 4)


def test_wrong_arrays_get_a_sentence():
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="is needed"):
            visual_features(wrong)
    with pytest.raises(ValueError, match="column"):
        visual_features(plain(50), n_columns=0)


def test_colour_numbers_of_a_known_colour():
    whole = visual_features(plain(60, 20, 30)).whole
    chroma = np.hypot(20, 30)
    expected = {
        "lightness": 60,
        "chroma": chroma,
        "saturation": chroma / np.hypot(chroma, 60),
        "redness": 20,
        "yellowness": 30,
        "warmth": 20 * np.cos(np.radians(50)) + 30 * np.sin(np.radians(50)),
    }
    for name, value in expected.items():
        assert whole[name] == pytest.approx(value, abs=0.4 if value > 1 else 0.005), name


def test_contrast_of_two_halves_and_their_palette():
    picture = np.concatenate([plain(40, shape=(100, 50)), plain(80, 0, 40, shape=(100, 150))], axis=1)
    features = visual_features(picture)
    assert features.whole["contrast"] == pytest.approx(40 * np.sqrt(0.25 * 0.75), abs=0.5)
    np.testing.assert_allclose(features.palette[0], [80, 0, 40, 0.75], atol=0.6)
    assert features.palette[-1, 0] == pytest.approx(40, abs=3)
    np.testing.assert_allclose(features.columns["lightness"][[0, -1]], [40, 80], atol=0.5)
    assert features.columns["contrast"][[0, -1]].max() < 0.5


def test_fineness_counts_octaves_of_cycles_per_width():
    x = (np.arange(240) + 0.5) / 240
    for cycles in (2, 4, 8, 16, 32):
        lab = np.zeros((160, 240, 3))
        lab[..., 0] = 50 + 20 * np.cos(2 * np.pi * cycles * x)
        assert visual_features(lab_to_picture(lab)).whole["fineness"] == pytest.approx(np.log2(cycles), abs=0.1)


def test_turned_upside_down_only_heights_change(root):
    pictures = [noise_picture(3, 41, 67), scene(seed=2, height=0.8), *natural_pictures(root, every=20)]
    for picture in pictures:
        up, down = visual_features(picture), visual_features(picture[::-1])
        for name in FEATURES:
            wanted = 1 - up.whole[name] if name == "salient_height" else up.whole[name]
            assert down.whole[name] == pytest.approx(wanted, abs=1e-6), name
        for name, values in up.columns.items():
            wanted = 1 - values if name == "skyline" else values
            np.testing.assert_allclose(down.columns[name], wanted, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(down.saliency, up.saliency[::-1], atol=1e-9)
        x0, y0, x1, y1 = up.region(5, 9)
        assert down.region(5, 9) == pytest.approx((x0, 1 - y1, x1, 1 - y0), abs=1e-6)


def test_mirrored_the_columns_run_the_other_way(root):
    for picture in [noise_picture(4, 50, 31), *natural_pictures(root, every=20)]:
        left, right = visual_features(picture), visual_features(picture[:, ::-1])
        for name in FEATURES:
            assert right.whole[name] == pytest.approx(left.whole[name], abs=1e-6), name
        for name, values in left.columns.items():
            np.testing.assert_allclose(right.columns[name], values[::-1], atol=1e-6, err_msg=name)


def test_contrast_alone_moves_contrast_alone(root):
    """The negative control (rule R8): L* pulled towards its mean, everything else stays, in standard deviations."""
    moved = []
    for picture in natural_pictures(root, every=10):
        lab = rgb2lab(picture)
        lab[..., 0] = lab[..., 0].mean() + 0.6 * (lab[..., 0] - lab[..., 0].mean())
        before, after = visual_features(picture), visual_features(np.uint8(np.round(255 * lab2rgb(lab))))
        moved.append([after.standardised(name) - before.standardised(name) for name in FEATURES])
    moved = dict(zip(FEATURES, np.array(moved).T, strict=True))
    assert moved.pop("contrast").max() < -0.3
    for name, shifts in moved.items():
        assert abs(shifts.mean()) < 0.03, name
        assert np.sqrt((shifts**2).mean()) < 0.12, name


def test_size_of_the_file_does_not_matter(root):
    for picture in natural_pictures(root, every=25):
        height, width = picture.shape[:2]
        larger = np.asarray(Image.fromarray(picture).resize((3 * width, 3 * height), Image.Resampling.BICUBIC))
        small, large = visual_features(picture), visual_features(larger)
        for name in ("lightness", "chroma", "salient_height", "salient_size", "fineness", "symmetry", "contrast"):
            assert large.standardised(name) == pytest.approx(small.standardised(name), abs=0.15), name


def test_skyline_follows_a_hill():
    x, y = np.meshgrid((np.arange(240) + 0.5) / 240, (np.arange(160) + 0.5) / 160)
    ridge = 0.25 + 0.5 * np.exp(-(((x - 0.5) / 0.15) ** 2))  # height of the hill, from the bottom
    lab = np.zeros((160, 240, 3))
    lab[..., 0] = np.where(1 - y < ridge, 35, 75)
    skyline = visual_features(lab_to_picture(lab)).columns["skyline"]
    at_columns = 0.25 + 0.5 * np.exp(-((((np.arange(64) + 0.5) / 64 - 0.5) / 0.15) ** 2))
    assert np.corrcoef(skyline, at_columns)[0, 1] > 0.95
    assert 28 <= skyline.argmax() <= 35


def test_region_holds_the_thing():
    x, y = np.meshgrid((np.arange(200) + 0.5) / 200, (np.arange(200) + 0.5) / 200)
    lab = np.zeros((200, 200, 3))
    lab[..., 0] = np.where(np.hypot(x - 0.7, y - 0.3) < 0.08, 85, 40)
    features = visual_features(lab_to_picture(lab))
    first = int(features.columns["mass"].argmax())
    assert abs((first + 0.5) / 64 - 0.7) < 0.09
    x0, y0, x1, y1 = features.region(first - 2, first + 2)
    assert (x0, x1) == ((first - 2) / 64, (first + 3) / 64)
    assert 0.2 < y0 < y1 < 0.4
    assert features.region(0, 63, share=1.0) == pytest.approx((0, 0, 1, 1), abs=1e-6)
    with pytest.raises(ValueError, match="run from 0 to 63"):
        features.region(60, 64)


@pytest.mark.parametrize("detail", [-0.7, 1.6])
def test_blurred_or_sharpened_the_outlines_bend_alike(root, detail):
    """What is done with detail of 10 to 50 cycles a side is for `fineness` to say."""
    for picture in natural_pictures(root, every=20):
        before, after = visual_features(picture), visual_features(sharpen(picture, detail))
        for name in ("angularity", "line_agitation"):
            assert after.standardised(name) == pytest.approx(before.standardised(name), abs=0.2)


def test_standardised_is_linear_between_its_marks():
    features = visual_features(scene())
    for name, feature in FEATURES.items():
        assert name == feature.name and feature.low < feature.high
        for value, wanted in ((feature.low, -1.28), (feature.high, 1.28), (2 * feature.high - feature.low, 3.84)):
            features.whole[name] = value
            assert features.standardised(name) == pytest.approx(wanted)


def test_low_and_high_are_those_of_the_shipped_pictures(root):
    measured = np.array([list(visual_features(p).whole.values()) for p in natural_pictures(root)])
    for feature, (low, high) in zip(FEATURES.values(), np.percentile(measured, [10, 90], axis=0).T, strict=True):
        tolerance = 0.02 * (feature.high - feature.low)  # another decoder of JPEG, a picture more or less
        assert low == pytest.approx(feature.low, abs=tolerance), feature.name
        assert high == pytest.approx(feature.high, abs=tolerance), feature.name
