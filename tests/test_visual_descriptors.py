"""Are the descriptors those of the books, and do they stay where they should when the picture is changed?

What is expected comes from scikit-image used in another way than the package uses it, from worked examples, or from
loops written out here.
"""

import gc
import re
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy import stats
from skimage import color, feature, filters

from imgmusic_edu import datasets
from imgmusic_edu import visual_features as vf
from imgmusic_edu.scenes import lab_to_picture

NAMES = vf.descriptor_names()
small_pictures = st.tuples(st.integers(1, 24), st.integers(1, 24)).flatmap(
    lambda shape: arrays(np.uint8, (*shape, 3), elements=st.integers(0, 255))
)


@pytest.fixture(scope="module")
def shipped():
    """Every twelfth of the shipped pictures."""
    return [datasets.picture(name) for name in [*datasets.photographs(), *datasets.paintings()][::12]]


def noise(seed, height=64, width=64):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def greys(values):
    """A grey picture of bytes, shape (H, W)."""
    return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=2)


def painted(lightness):
    """A grey picture of this L*, shape (H, W)."""
    return lab_to_picture(np.stack([lightness, 0 * lightness, 0 * lightness], axis=2))


def grating(wavelength, degrees, size=256):
    y, x = np.mgrid[:size, :size]
    along = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    return painted(50 + 30 * np.cos(2 * np.pi * along / wavelength))


# --- colour ------------------------------------------------------------------------------------------------


def test_lab_is_scikit_images(shipped):
    for picture in [*shipped, greys(np.arange(256)[None])]:
        np.testing.assert_allclose(vf.rgb_to_lab(picture), color.rgb2lab(picture), atol=1e-6, rtol=0)


@given(small_pictures)
def test_lab_and_lch_of_random_colours_are_scikit_images(picture):
    lab = vf.rgb_to_lab(picture)
    np.testing.assert_allclose(lab, color.rgb2lab(picture), atol=1e-6, rtol=0)
    np.testing.assert_array_equal(vf.rgb_to_lab(picture[0, 0]), lab[0, 0])
    lch, reference = vf.lab_to_lch(lab), color.lab2lch(lab)
    np.testing.assert_allclose(lch[..., :2], reference[..., :2], atol=1e-9)
    assert (lch[..., 2] >= 0).all() and (lch[..., 2] < 360).all()
    turn = np.radians(lch[..., 2]) - reference[..., 2]
    np.testing.assert_allclose(lch[..., 1] * np.sin(turn / 2), 0, atol=1e-9)


def test_hue_has_no_turn_of_360_degrees():
    hue = vf.lab_to_lch([[50, 10, 0], [50, 0, 10], [50, -10, 0], [50, 0, -10], [50, 10, -1e-18], [50, 0, 0]])[:, 2]
    np.testing.assert_allclose(hue, [0, 90, 180, 270, 0, 0])


def test_transfer_curve_is_that_of_scikit_images_luminance():
    grey = greys(np.arange(256)[None])
    luminance = color.rgb2xyz(grey)[0, :, 1]  # of a grey: its light
    np.testing.assert_allclose(vf.srgb_to_linear(np.arange(256, dtype=np.uint8)), luminance, atol=1e-12)
    np.testing.assert_allclose(vf.srgb_to_linear(np.arange(256) / 255), luminance, atol=1e-12)


@settings(max_examples=20)
@given(small_pictures, st.integers(1, 9))
def test_colour_histogram_is_numpys(picture, n_bins):
    edges = np.ceil(np.arange(n_bins + 1) * 256 / n_bins)
    expected = np.histogramdd(picture.reshape(-1, 3).astype(float), [edges] * 3)[0] / (picture.size / 3)
    np.testing.assert_allclose(vf.colour_histogram(picture, n_bins=n_bins), expected, atol=1e-12)


def test_hue_histogram_counts_hues_by_chroma():
    picture = noise(1, 9, 7)
    expected = np.zeros(24)
    for _, a, b in color.rgb2lab(picture).reshape(-1, 3):
        place = np.degrees(np.arctan2(b, a)) % 360 / 15
        for bin_ in range(24):
            distance = min(abs(place - bin_), 24 - abs(place - bin_))
            expected[bin_] += np.hypot(a, b) * max(0, 1 - distance)
    np.testing.assert_allclose(vf.hue_histogram(picture), expected / expected.sum(), atol=1e-6)
    assert vf.hue_histogram(picture, n_hues=6).sum() == pytest.approx(1)


@given(arrays(np.uint8, (5, 8), elements=st.integers(0, 255)))
def test_grey_has_no_hue_and_no_colourfulness(values):
    picture = greys(values)
    assert not vf.hue_histogram(picture).any()
    assert vf.colourfulness(picture) == 0
    whole = vf.visual_features(picture).whole
    assert whole["chroma"] < 0.01 and whole["colour_entropy"] < 0.05


def test_colourfulness_of_red_and_blue():
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[:, :3, 0], picture[:, 3:, 2] = 255, 255
    # red: rg 255, yb 127.5; blue: rg 0, yb -255
    assert vf.colourfulness(picture) == pytest.approx(np.hypot(127.5, 191.25) + 0.3 * np.hypot(127.5, 63.75))


def test_palette_finds_the_colours_that_are_there():
    lab = np.zeros((60, 60, 3))
    lab[:, :30], lab[:, 30:48], lab[:, 48:] = (30, 0, 0), (60, 40, 30), (80, -30, 40)
    found = vf.palette(lab_to_picture(lab), n_colours=3)
    np.testing.assert_allclose(found[:, 3], [0.5, 0.3, 0.2], atol=0.01)
    np.testing.assert_allclose(found[:, :3], [(30, 0, 0), (60, 40, 30), (80, -30, 40)], atol=1.5)
    assert vf.palette(lab_to_picture(lab), n_colours=1).shape == (1, 4)


# --- texture -----------------------------------------------------------------------------------------------


def pattern_of(answers):
    """The bin of eight answers, going round."""
    changes = sum(a != b for a, b in zip(answers, [*answers[1:], answers[0]], strict=True))
    return sum(answers) if changes <= 2 else 9


def test_local_binary_patterns_are_those_of_scikit_images_multiblock_ones(shipped):
    """Blocks of one pixel, their eight bits read going round; on bytes, whose order is that of L*."""
    grey = np.asarray(Image.fromarray(shipped[3]).convert("L"))[:48, :40]
    padded = np.pad(grey.astype(np.int64), 1, mode="edge")
    integral = np.pad(padded, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)[1:, 1:].astype(np.float32)
    expected = np.zeros(10)
    for row, column in np.ndindex(grey.shape):
        code = feature.multiblock_lbp(integral, row, column, 1, 1)
        expected[pattern_of([code >> bit & 1 for bit in range(8)])] += 1 / grey.size
    np.testing.assert_allclose(vf.lbp_histogram(greys(grey)), expected, atol=1e-12)


@settings(max_examples=20)
@given(arrays(np.uint8, (6, 9), elements=st.integers(0, 9)), st.integers(1, 3))
def test_local_binary_patterns_are_those_of_the_loop(values, radius):
    padded = np.pad(values, radius, mode="edge")
    around = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
    expected = np.zeros(10)
    for row, column in np.ndindex(values.shape):
        neighbours = [padded[row + radius * (1 + y), column + radius * (1 + x)] for y, x in around]
        expected[pattern_of([int(other >= values[row, column]) for other in neighbours])] += 1
    np.testing.assert_allclose(vf.lbp_histogram(greys(values), radius=radius), expected / values.size)


@given(arrays(np.uint8, (12, 10), elements=st.integers(0, 60)), st.integers(0, 10**6))
def test_local_binary_patterns_keep_to_the_order_of_lightness(values, seed):
    """Any change of lightness that keeps the order, however bent, changes nothing."""
    levels = np.sort(np.random.default_rng(seed).choice(256, 61, replace=False))
    np.testing.assert_array_equal(vf.lbp_histogram(greys(levels[values])), vf.lbp_histogram(greys(values)))


def test_cooccurrence_of_haralicks_example():
    """Figure 3 of Haralick, Shanmugam & Dinstein 1973: a picture of four levels, its counts in four directions."""
    levels = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 2, 2, 2], [2, 2, 3, 3]])
    right = [[4, 2, 1, 0], [2, 4, 0, 0], [1, 0, 6, 1], [0, 0, 1, 2]]
    up_right = [[4, 1, 0, 0], [1, 2, 2, 0], [0, 2, 4, 1], [0, 0, 1, 0]]
    up = [[6, 0, 2, 0], [0, 4, 2, 0], [2, 2, 2, 2], [0, 0, 2, 0]]
    up_left = [[2, 1, 3, 0], [1, 2, 1, 0], [3, 1, 0, 2], [0, 0, 2, 0]]
    found = vf.glcm(painted(12.5 + 25.0 * levels), n_levels=4)
    for matrix, counts in zip(found, [right, up_left, up, up_right], strict=True):
        np.testing.assert_allclose(matrix, np.array(counts) / np.sum(counts))


@pytest.mark.parametrize(("distance", "n_levels"), [(1, 32), (3, 16)])
def test_cooccurrence_is_scikit_images(shipped, distance, n_levels):
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    for picture in [*shipped[:4], noise(2, 40, 31)]:
        level = np.minimum(color.rgb2lab(picture)[..., 0] * n_levels / 100, n_levels - 1).astype(np.uint8)
        # one distance along the diagonal is sqrt(2) of them for scikit-image, which rounds what it is given
        steps = [distance, distance * np.sqrt(2)]
        counts = feature.graycomatrix(level, steps, angles, levels=n_levels, symmetric=True, normed=True)
        expected = np.stack([counts[:, :, k % 2, k] for k in range(4)])
        found = vf.glcm(picture, distance=distance, n_levels=n_levels)
        np.testing.assert_allclose(found, expected, atol=1e-12)
        properties = vf.glcm_properties(found)
        for name in ("contrast", "homogeneity", "energy", "correlation"):
            each = [feature.graycoprops(counts, name)[k % 2, k] for k in range(4)]
            assert properties[name] == pytest.approx(np.mean(each), abs=1e-9), name
        entropy = np.mean([stats.entropy(matrix.ravel(), base=2) for matrix in expected])
        assert properties["entropy"] == pytest.approx(entropy, abs=1e-9)


def test_cooccurrence_of_one_colour():
    found = vf.glcm_properties(vf.glcm(greys(np.full((5, 7), 90))))
    assert found == {"contrast": 0, "homogeneity": 1, "energy": 1, "correlation": 1, "entropy": 0}


@given(small_pictures, st.integers(1, 30))
def test_every_direction_has_its_pairs(picture, distance):
    found = vf.glcm(picture, distance=distance, n_levels=5)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1)
    np.testing.assert_array_equal(found, found.transpose(0, 2, 1))


def test_gabor_energies_are_scikit_images_filters(shipped):
    """On a picture mirrored both ways, which has no jump at its borders and goes round: filtered, squared, averaged."""
    picture = shipped[5][:64, :80]
    picture = np.concatenate([picture, picture[::-1]])
    picture = np.concatenate([picture, picture[:, ::-1]], axis=1)
    lightness = color.rgb2lab(picture)[..., 0]
    form = (lightness - lightness.mean()) / np.hypot(lightness.std(), 1.0)
    found = vf.gabor_energies(picture, wavelengths=(5, 9), n_orientations=4)
    for row, wavelength in enumerate((5, 9)):
        bell = 3 / np.pi * np.sqrt(np.log(2) / 2) * wavelength  # one octave
        for column in range(4):
            real, imaginary = filters.gabor(
                form, 1 / wavelength, column * np.pi / 4, sigma_x=bell, sigma_y=bell, n_stds=5, mode="wrap"
            )
            expected = 2 * (real**2 + imaginary**2).mean()
            assert found[row, column] == pytest.approx(expected, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("degrees", [0, 30, 60, 90, 120, 150])
@pytest.mark.parametrize("wavelength", [4, 8, 16, 32])
def test_a_grating_answers_to_its_own_filter(wavelength, degrees):
    energies = vf.gabor_energies(grating(wavelength, degrees))
    own = [4, 8, 16, 32].index(wavelength), degrees // 30
    assert np.unravel_index(energies.argmax(), energies.shape) == own
    assert energies[own] == pytest.approx(1, abs=0.1)
    others = energies[:, [(own[1] + turn) % 6 for turn in (2, 3, 4)]]
    assert others.max() < 0.05


def test_the_jump_between_opposite_borders_is_no_texture():
    """A slope of light has no waves; a spectrum that goes round would see its border as one."""
    slope = painted(np.linspace(20, 80, 256) + np.zeros((192, 1)))
    assert vf.gabor_energies(slope, wavelengths=(4, 8, 16)).max() < 1e-3


def test_directionality_of_bars_and_crossed_bars():
    across, down = (color.rgb2lab(grating(16, degrees))[..., 0] for degrees in (0, 90))
    assert vf.directionality(painted(across)) > 0.98
    assert vf.directionality(grating(16, 40)) > 0.95
    assert vf.directionality(painted((across + down) / 2)) < 0.02
    assert vf.directionality(noise(3, 256, 256)) < 0.1
    both = vf.directionality(painted(50 + 0.8 * (across - 50) + 0.2 * (down - 50)))
    assert both == pytest.approx((0.8**2 - 0.2**2) / (0.8**2 + 0.2**2), abs=0.02)


# --- shape -------------------------------------------------------------------------------------------------


def disc(x, y, radius, shape=(120, 160)):
    rows, columns = np.indices(shape)
    return painted(np.clip(50 + 30 * (radius - np.hypot(columns - x, rows - y)), 30, 80))


def test_edges_lie_where_the_disc_ends():
    found = vf.edges(disc(100, 50, 30))
    assert found.shape == (120, 160) and found.dtype == bool
    rows, columns = np.nonzero(found)
    assert np.abs(np.hypot(columns - 100, rows - 50) - 30).max() < 1.6
    assert 0.8 < len(rows) / (2 * np.pi * 30) < 1.2
    assert vf.edges(noise(4), sigma=1).sum() > vf.edges(noise(4), sigma=4).sum()


def test_contours_go_round_the_disc():
    outline, *others = vf.contours(disc(100, 50, 30))
    np.testing.assert_allclose(np.hypot(*(outline - (100, 50)).T), 30, atol=0.8)
    np.testing.assert_array_equal(outline[0], outline[-1])
    assert not others
    two = np.maximum(disc(120, 60, 10), disc(50, 60, 30))
    lengths = [np.hypot(*np.diff(line, axis=0).T).sum() for line in vf.contours(two)]
    assert len(lengths) == 2 and lengths[0] == pytest.approx(2 * np.pi * 30, rel=0.05) and lengths[1] < lengths[0] / 2


def test_gradient_histograms_are_scikit_images(shipped):
    """Its bins are hard: 720 fine ones are shared out among our nine afterwards. One block holds all cells."""
    share = np.maximum(0, 1 - np.abs((np.arange(720)[:, None] / 80 - np.arange(9) + 4.5) % 9 - 4.5))
    for picture in shipped[:6]:
        picture = np.pad(picture[1:127, 1:95], ((1, 1), (1, 1), (0, 0)), mode="edge")  # it leaves the border out
        fine = feature.hog(
            color.rgb2lab(picture)[..., 0],
            orientations=720,
            pixels_per_cell=(32, 24),
            cells_per_block=(4, 4),
            block_norm="L2",
            feature_vector=False,
        )
        expected = fine[0, 0] @ share
        np.testing.assert_allclose(vf.hog(picture), expected / np.linalg.norm(expected), atol=0.004)


def test_gradient_histograms_are_those_of_the_loop():
    picture = noise(5, 12, 20)
    lightness = np.pad(color.rgb2lab(picture)[..., 0], 1, mode="edge")
    expected = np.zeros((4, 4, 5))
    for row, column in np.ndindex(12, 20):
        right = lightness[row + 1, column + 2] - lightness[row + 1, column]
        down = lightness[row + 2, column + 1] - lightness[row, column + 1]
        place = np.degrees(np.arctan2(down, right)) % 180 / 36
        for k in range(5):
            distance = min(abs(place - k), 5 - abs(place - k))
            expected[row // 3, column // 5, k] += np.hypot(right, down) * max(0, 1 - distance)
    found = vf.hog(picture, n_orientations=5)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-6)
    assert vf.hog(picture[:3, :2], cells=7).shape == (7, 7, 9)


def test_one_number_has_one_name(shipped):
    """What a function says, `visual_features` and `describe` say too."""
    for picture in shipped[::6]:
        features, described = vf.visual_features(picture), dict(zip(NAMES, vf.describe(picture), strict=True))
        for name in vf.FEATURES:
            assert described[name] == features.whole[name], name
            function = getattr(vf, name, None)
            assert function is None or function(picture) == features.whole[name]
        np.testing.assert_array_equal(vf.saliency(picture), features.saliency)
        np.testing.assert_array_equal(vf.palette(picture), features.palette)
        copy = vf.standard_copy(picture)
        assert max(copy.shape) == 256
        for name, function in (("lbp", vf.lbp_histogram), ("hue", vf.hue_histogram), ("hog", vf.hog)):
            numbers = [value for key, value in described.items() if re.match(rf"{name}_\d", key)]
            np.testing.assert_array_equal(numbers, function(copy).ravel())
        assert described["gabor_16_120"] == vf.gabor_energies(copy)[2, 4]
        assert described["glcm_entropy"] == vf.glcm_properties(vf.glcm(copy))["entropy"]
        assert described["edge_share"] == vf.edges(copy).mean()
        assert described["colourfulness"] == vf.colourfulness(copy)
        grid = [value for key, value in described.items() if re.match(r"salient_\d", key)]
        assert sum(grid) == pytest.approx(1)


# --- rows of numbers ---------------------------------------------------------------------------------------


def test_names_and_numbers_go_together():
    assert len(set(NAMES)) == len(NAMES) and {"hue_00", "hue_23", "lbp_0", "hog_3_3_8", "gabor_4_0"} <= set(NAMES)
    assert sum((vf.descriptor_names((group,)) for group in vf.GROUPS), ()) == NAMES
    picture = noise(6)
    by_group = {group: vf.describe(picture, groups=(group,)) for group in vf.GROUPS}
    assert [len(numbers) for numbers in by_group.values()] == [len(vf.descriptor_names((g,))) for g in vf.GROUPS]
    np.testing.assert_array_equal(vf.describe(picture), np.concatenate(list(by_group.values())))
    turned = vf.describe(picture, groups=("shape", "colour"))
    np.testing.assert_array_equal(turned, np.concatenate([by_group["shape"], by_group["colour"]]))
    np.testing.assert_array_equal(vf.describe(picture, groups="texture"), by_group["texture"])


def test_a_box_is_its_part_of_the_copy():
    picture = noise(7, 192, 256)  # as large as its copy
    np.testing.assert_array_equal(vf.describe(picture, box=(0, 0, 1, 1)), vf.describe(picture))
    box, part = (0.25, 0.5, 0.75, 1.0), picture[96:, 64:192]
    found = dict(zip(NAMES, vf.describe(picture, box=box), strict=True))
    assert found["lightness"] == pytest.approx(color.rgb2lab(part)[..., 0].mean())
    assert found["colourfulness"] == vf.colourfulness(part)
    np.testing.assert_array_equal([found[f"lbp_{k}"] for k in range(10)], vf.lbp_histogram(part))
    np.testing.assert_array_equal(
        [found[f"gabor_{wavelength}_30"] for wavelength in (4, 8, 16, 32)], vf.gabor_energies(part)[:, 1]
    )
    assert np.isfinite(vf.describe(picture, box=vf.visual_features(picture).region(3, 5))).all()


def test_fineness_of_a_part_counts_cycles_per_width_of_the_whole():
    whole = grating(16, 0)
    names = vf.descriptor_names(("texture",))
    for box in (None, (0, 0, 0.5, 0.5), (0.25, 0.1, 0.75, 0.9)):
        fineness = vf.describe(whole, groups=("texture",), box=box)[names.index("fineness")]
        assert fineness == pytest.approx(np.log2(16), abs=0.15)


def test_columns_are_boxes(shipped):
    for picture in shipped[:2]:
        found = vf.describe_columns(picture, n_columns=3, groups=("colour", "texture"))
        for k, numbers in enumerate(found):
            box = (k / 3, 0, (k + 1) / 3, 1)
            np.testing.assert_array_equal(numbers, vf.describe(picture, groups=("colour", "texture"), box=box))
    lightness = [color.rgb2lab(noise(k, 256, 64))[..., 0].mean() for k in range(4)]
    mosaic = np.concatenate([noise(k, 256, 64) for k in range(4)], axis=1)
    np.testing.assert_allclose(vf.describe_columns(mosaic, n_columns=4)[:, 0], lightness)


def test_many_pictures_are_taken_one_at_a_time():
    """A generator: when a picture is asked for, all but the last one have gone."""
    alive = []

    def pictures():
        for seed in range(6):
            gc.collect()
            assert sum(reference() is not None for reference in alive) <= 1
            picture = noise(seed, 20 + seed, 30)
            alive.append(weakref.ref(picture))
            yield picture

    found = vf.describe_all(pictures(), groups=("colour",))
    expected = [vf.describe(noise(seed, 20 + seed, 30), groups=("colour",)) for seed in range(6)]
    np.testing.assert_array_equal(found, expected)
    assert vf.describe_all([]).shape == (0, len(NAMES))


# --- what stays when the picture is changed ----------------------------------------------------------------


def mirrored(name):
    """The name of the number that a picture's mirror image has in this one's place."""
    if match := re.fullmatch(r"gabor_(\d+)_(\d+)", name):
        return f"gabor_{match[1]}_{-int(match[2]) % 180}"
    if match := re.fullmatch(r"hog_(\d)_(\d)_(\d)", name):
        return f"hog_{match[1]}_{3 - int(match[2])}_{-int(match[3]) % 9}"
    if match := re.fullmatch(r"salient_(\d)_(\d)", name):
        return f"salient_{match[1]}_{3 - int(match[2])}"
    return name


def test_a_mirror_image_has_the_same_numbers_or_the_mirrored_ones(shipped):
    swap = [NAMES.index(mirrored(name)) for name in NAMES]
    for picture in [noise(8, 40, 50), noise(9, 33, 128), *shipped[::4]]:
        numbers, of_mirror = vf.describe(picture), vf.describe(picture[:, ::-1])
        np.testing.assert_allclose(of_mirror, numbers[swap], atol=1e-4, rtol=1e-4)
    # right, down right, down, down left
    np.testing.assert_array_equal(vf.glcm(picture[:, ::-1]), vf.glcm(picture)[[0, 3, 2, 1]])
    columns = [vf.describe_columns(p, groups=("colour",)) for p in (noise(8, 64, 256), noise(8, 64, 256)[:, ::-1])]
    np.testing.assert_allclose(columns[1], columns[0][::-1], atol=1e-9)


def changes(pictures, change):
    """How far each number moves, as a share of how far it differs between pictures: dict of name to float."""
    before, after = (vf.describe_all(map(function, pictures)) for function in (lambda p: p, change))
    moved = np.sqrt(((after - before) ** 2).mean(axis=0))
    return dict(zip(NAMES, moved / np.maximum(before.std(axis=0), 1e-9), strict=True))


def of(moved, pattern):
    found = [value for name, value in moved.items() if re.match(pattern, name)]
    assert found, pattern
    return max(found)


def test_contrast_moves_no_form(shipped):
    """L* pulled towards its mean by two fifths: what is said of form stays, what is said of light moves."""

    def flatter(picture):
        lab = vf.rgb_to_lab(picture)
        lab[..., 0] = lab[..., 0].mean() + 0.6 * (lab[..., 0] - lab[..., 0].mean())
        return lab_to_picture(lab)

    moved = changes(shipped, flatter)
    form = "fineness|roughness|direction|line_|regular|angular|symm|complex|edge_|salient_|contour_l"
    assert of(moved, form) < 0.12
    assert of(moved, "gabor|hog") < 0.1
    assert of(moved, "lbp") < 0.3  # rounded to bytes, neighbours become equal
    assert min(moved["contrast"], moved["glcm_contrast"], moved["glcm_entropy"]) > 0.5


def resized(picture, factor, how=Image.Resampling.BICUBIC):
    height, width = picture.shape[:2]
    return np.asarray(Image.fromarray(picture).resize((round(width * factor), round(height * factor)), how))


def test_half_the_size_says_the_same(shipped):
    """From 1500 to 750 pixels nothing changes: both are measured at 256."""
    large = [resized(picture, 4) for picture in shipped[::3]]
    moved = changes(large, lambda picture: resized(picture, 0.5))
    assert of(moved, "(?!rgb)") < 0.15
    for picture in large:  # cells that hold a pixel or two in a few pictures have hardly a spread: shares instead
        one, other = (vf.colour_histogram(vf.standard_copy(p), n_bins=4) for p in (picture, resized(picture, 0.5)))
        assert np.abs(one - other).sum() / 2 < 0.02


def test_half_the_size_of_the_copy_loses_the_finest_detail_only(shipped):
    """From 384 to 192 pixels: what was finer than the smaller one's pixels is gone."""
    moved = changes(shipped, lambda picture: resized(picture, 0.5, Image.Resampling.BOX))
    assert of(moved, "lightness|chroma|satur|yellow|red|warm|contrast|colour|hue") < 0.15
    assert of(moved, "fineness|direction|line_|regular|angular|symm|complex|edge_|salient_") < 0.15
    assert of(moved, "gabor_(8|16|32)|glcm_en|contour") < 0.3
    assert of(moved, "lbp|gabor_4|glcm_con|glcm_corr|glcm_homo|hog|roughness") < 1.2


@settings(max_examples=15)
@given(small_pictures, st.integers(1, 4))
def test_any_picture_gives_finite_numbers(picture, n_columns):
    assert np.isfinite(vf.describe(picture)).all()
    assert np.isfinite(vf.describe_columns(picture, n_columns=n_columns)).all()
    for function in (vf.lbp_histogram, vf.glcm, vf.gabor_energies, vf.hog, vf.hue_histogram, vf.colour_histogram):
        assert np.isfinite(function(picture)).all(), function.__name__
    assert vf.edges(picture).shape == picture.shape[:2]
    assert all(np.isfinite(line).all() for line in vf.contours(picture))


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (500, 3), (1, 700), (2, 2)])
def test_thin_and_tiny_pictures(shape):
    for picture in (noise(0, *shape), greys(np.full(shape, 77))):
        assert np.isfinite(vf.describe(picture)).all()
        assert np.isfinite(vf.describe(picture, box=(0.4, 0.4, 0.400001, 0.400001))).all()
        assert vf.edges(picture).shape == shape and vf.lbp_histogram(picture).sum() == pytest.approx(1)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 40), (1, 0, 0)])
def test_one_colour_has_neither_texture_nor_shape(colour):
    picture = np.full((50, 70, 3), colour, np.uint8)
    assert not vf.edges(picture).any() and vf.contours(picture) == []
    assert not vf.hog(picture).any() and vf.directionality(picture) == 0
    assert vf.gabor_energies(picture).max() < 1e-12
    np.testing.assert_array_equal(vf.lbp_histogram(picture), np.arange(10) == 8)
    assert np.ptp(vf.saliency(picture)) < 1e-9


def test_what_cannot_be_described_gets_a_sentence():
    picture = noise(0, 8, 8)
    measures = (vf.lbp_histogram, vf.glcm, vf.gabor_energies, vf.hog, vf.edges, vf.contours, vf.palette, vf.saliency)
    for function in (vf.describe, *measures):
        for wrong in (picture[..., 0], picture.astype(float), picture[:0]):
            with pytest.raises(ValueError, match="is needed"):
                function(wrong)
    for box in ((0.5, 0, 0.5, 1), (0, 0, 1.2, 1), (-0.1, 0, 1, 1), (0, 0.6, 1, 0.4)):
        with pytest.raises(ValueError, match="A box is"):
            vf.describe(picture, box=box)
    for groups in ((), ("colour", "smell"), "smell"):
        with pytest.raises(ValueError, match="Groups are some of colour, texture, shape"):
            vf.describe(picture, groups=groups)
    for call in (
        lambda: vf.rgb_to_lab(picture / 255),
        lambda: vf.srgb_to_linear(np.arange(3)),
        lambda: vf.lab_to_lch(np.zeros((3, 2))),
        lambda: vf.glcm_properties(np.zeros((4, 3))),
        lambda: vf.gabor_energies(picture, wavelengths=(1,)),
    ):
        with pytest.raises(ValueError, match="needed"):
            call()
    for call in (
        lambda: vf.colour_histogram(picture, n_bins=0),
        lambda: vf.hue_histogram(picture, n_hues=0),
        lambda: vf.palette(picture, n_colours=0),
        lambda: vf.lbp_histogram(picture, radius=0),
        lambda: vf.glcm(picture, distance=0),
        lambda: vf.hog(picture, cells=0),
        lambda: vf.edges(picture, sigma=0),
        lambda: vf.describe_columns(picture, n_columns=0),
    ):
        with pytest.raises(ValueError, match=r"asked for|positive|needed"):
            call()
