"""Where a network looks: maps that add up to the logit, point at the cat, and find the unit's own colour."""

import numpy as np
import pytest
from PIL import Image

from imgmusic_edu import backbones, datasets
from imgmusic_edu.backbones import Backbone, class_activation_map, enlarge, grad_cam, maps, top_pictures, unit_map
from imgmusic_edu.backbones.pipeline import centre_square
from imgmusic_edu.datasets import picture

GREY = 127


@pytest.fixture(scope="module")
def network():
    return backbones.load()


@pytest.fixture(scope="module")
def tiny():
    """Sees how red, green and blue each of 6 x 6 places is: all that it says can be worked out by hand."""
    import keras

    rows = keras.Input((24, 24, 3))
    places = keras.layers.AveragePooling2D(4, name="places")(rows)  # (6, 6, 3)
    flat = keras.layers.Flatten(name="flat")(places)
    logits = keras.layers.Dense(2, name="logits", kernel_initializer=keras.initializers.RandomNormal(seed=1))(flat)
    model = keras.Model(rows, keras.layers.Softmax(name="predictions")(logits), name="tiny")
    return Backbone(model, lambda one: centre_square(one, 24), ("places", "flat", "logits", "predictions"))


def beside_grey(name, side):
    """A square picture, one half a photograph's middle, the other grey."""
    photograph = Image.fromarray(picture(name))
    width, height = photograph.size
    half = min(width, height // 2 * 2)
    box = ((width - half // 2) // 2, 0, (width + half // 2) // 2, half)
    square = np.full((half, half, 3), GREY, np.uint8)
    columns = slice(0, half // 2) if side == "left" else slice(half - half // 2, half)
    square[:, columns] = photograph.crop(box)
    return square


# --- class activation maps ---------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["giant panda", 0, np.int64(999)])
def test_a_class_activation_map_and_the_bias_add_up_to_the_logit(network, target):
    index = network.class_index(target)
    bias = np.asarray(network.model.get_layer("logits").bias)[index]
    for name in ("giant_panda", "sunset"):
        found = class_activation_map(network, picture(name), target)
        assert found.shape == (7, 7)
        assert found.sum() + bias == pytest.approx(network.logits([picture(name)])[0, index], abs=1e-4)


def test_it_adds_up_in_resnet50_too():
    network = backbones.load("resnet50", weights=None)
    found = class_activation_map(network, picture("koala"), 7)
    assert found.sum() == pytest.approx(network.logits([picture("koala")])[0, 7], abs=1e-3)  # its biases are 0


@pytest.mark.parametrize("name", ["cat", "giant_panda", "german_shepherd"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_mass_lies_where_the_animal_is(network, name, side):
    square = beside_grey(name, side)
    target = network.top([picture(name)], n=1)[0][0][0]
    for found in (class_activation_map(network, square, target), grad_cam(network, square, target, "head")):
        mass = np.maximum(enlarge(found, square), 0).sum(axis=0)
        half = len(mass) // 2
        there = mass[:half] if side == "left" else mass[half:]
        assert there.sum() > 0.7 * mass.sum()  # chance is 0.5, and the middle column of 7 belongs to both


def test_networks_without_global_average_pooling_are_sent_to_grad_cam(tiny):
    for network in (tiny, backbones.load("sound_vgg")):
        with pytest.raises(ValueError, match=r"global average pooling.*grad_cam"):
            class_activation_map(network, picture("koala"), 0)


# --- gradients ---------------------------------------------------------------------------------------------


def test_grad_cam_at_the_last_map_is_the_positive_part_of_the_class_activation_map(network):
    for target in ("giant panda", "hammer"):
        expected = np.maximum(class_activation_map(network, picture("giant_panda"), target), 0)
        np.testing.assert_allclose(
            grad_cam(network, picture("giant_panda"), target, "head"), expected, atol=1e-5, rtol=1e-3
        )


def test_grad_cam_weighs_channels_by_their_mean_slope(tiny):
    koala = picture("koala")
    slope = np.asarray(tiny.model.get_layer("logits").kernel)[:, 1].reshape(6, 6, 3)  # all is linear after "places"
    values = centre_square(koala, 24).reshape(6, 4, 6, 4, 3).mean(axis=(1, 3))
    expected = np.maximum(values @ slope.mean(axis=(0, 1)), 0)
    np.testing.assert_allclose(grad_cam(tiny, koala, 1, "places"), expected, rtol=1e-4, atol=1e-4)


def test_grad_cam_answers_for_every_layer_with_places(network):
    for name in ("stem", "block_5", "block_15"):
        found = grad_cam(network, picture("koala"), "koala", name)
        assert found.shape == network.shape(name)[:2] and found.min() >= 0 and found.max() > 0
    with pytest.raises(ValueError, match="no places"):
        grad_cam(network, picture("koala"), "koala", "pool")
    with pytest.raises(ValueError, match="no layer"):
        grad_cam(network, picture("koala"), "koala", "blok_5")


# --- units -------------------------------------------------------------------------------------------------


def test_a_map_is_laid_on_what_the_network_is_shown():
    tall = np.zeros((400, 160, 3), np.uint8)  # shown: 140 x 140 in the middle, rows 130..270, columns 10..150
    laid = enlarge(np.ones((7, 7)), tall)
    assert laid.shape == (400, 160) and laid[130:270, 10:150].min() == 1
    assert laid.sum() == 140 * 140
    spot = np.zeros((7, 7))
    spot[1, 5] = 1
    y, x = np.unravel_index(enlarge(spot, tall).argmax(), laid.shape)
    assert 150 <= y < 170 and 110 <= x < 130


def test_a_unit_that_answers_to_red_shows_where_red_is(tiny):
    dark = np.zeros((240, 240, 3), np.uint8)
    dark[60:120, 120:180] = (240, 0, 0)
    dark[150:200, 30:90] = (0, 0, 240)
    red, green, blue = (unit_map(tiny, dark, "places", unit) for unit in range(3))
    assert red.shape == (240, 240) and green.max() == 0
    assert red[90, 150] > 150 and red[175, 60] == 0
    assert blue[175, 60] > 150 and blue[90, 150] == 0
    assert red[:15].max() == 0  # the rim is not shown


def test_top_pictures_of_a_unit_that_answers_to_red_are_the_reddest(tiny):
    names = datasets.photographs()[::9]
    redness = {name: centre_square(picture(name), 24)[..., 0].mean() for name in names}
    expected = sorted(names, key=redness.get, reverse=True)[:4]
    found = top_pictures(tiny, "places", 0, n=4, names=names)
    assert [name for name, _ in found] == expected
    assert [value for _, value in found] == pytest.approx([redness[name] for name in expected], rel=1e-4)


def test_other_units_of_a_layer_are_answered_at_once(tiny, monkeypatch):
    names = datasets.photographs("windmills")
    red = top_pictures(tiny, "places", 0, names=names)
    monkeypatch.setattr(maps.datasets, "picture", None)  # no picture is opened again
    blue = top_pictures(tiny, "places", 2, names=names)
    assert len(blue) == 9 and blue != red


def test_units_and_layers_that_are_not_there_get_a_sentence(tiny):
    koala = picture("koala")
    for wrong, says in (
        (lambda: unit_map(tiny, koala, "places", 3), "units 0 to 2, 3 was asked for"),
        (lambda: unit_map(tiny, koala, "flat", 3), "no places"),
        (lambda: top_pictures(tiny, "places", -1), "units 0 to 2"),
        (lambda: top_pictures(tiny, "place", 0), "nearest names are places"),
        (lambda: top_pictures(tiny, "places", 0, names=["koalla"]), "koala"),
    ):
        with pytest.raises(ValueError, match=says):
            wrong()
