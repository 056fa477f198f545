"""Painting by optimisation: slopes, the loop, sizes, what is kept when it is stopped, odd pictures."""

import math

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the networks need TensorFlow")

from imgmusic_edu import datasets
from imgmusic_edu.backbones import feature_maps
from imgmusic_edu.backbones.engine import tensorflow
from imgmusic_edu.pictures import PictureError
from imgmusic_edu.style import aims, gram, optimisation, painting

tf, keras = tensorflow()


@pytest.fixture(scope="module")
def photo():
    return datasets.picture("mykonos_windmills", max_side=48)


@pytest.fixture(scope="module")
def canvas():
    return datasets.picture("the_harvest", max_side=96)


@pytest.fixture(scope="module")
def painted(photo, canvas):
    """One painting at a small size, with what was shown on the way."""
    seen = []
    result = painting.paint(
        photo, canvas, keep=0.6, steps=(60, 80), progress=lambda state: seen.append((state, state.picture)) and None
    )
    return result, seen


class Plain:
    """Two smooth layers in double precision in place of a network, so that differences are exact enough."""

    name = "efficientnet_lite0"

    def __init__(self):
        random = np.random.default_rng(0)
        self.kernels = [tf.constant(random.normal(0, 0.3, (3, 3, *shape))) for shape in ((3, 5), (5, 4))]

    def __call__(self, pictures, layers):
        found, x = [], tf.cast(pictures, tf.float64) / 128 - 1
        for kernel in self.kernels:
            x = tf.math.tanh(tf.nn.conv2d(x, kernel, 1, "SAME"))
            found.append(x)
        return [*found[: len(layers) - 1], x] if "block_7" in layers else found[: len(layers)]


# --- slopes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", aims.TERMS)
def test_slope_of_the_whole_loss_is_that_of_differences(term):
    random = np.random.default_rng(1)
    start, goal, at = (tf.constant(random.uniform(40, 215, (1, 9, 8, 3))) for _ in range(3))
    aim = aims.Aim(Plain(), start, goal, term=term, layers=("stem", "block_1_expand"))
    with tf.GradientTape() as tape:
        tape.watch(at)
        loss = aim(at, tf.constant(0.7, tf.float64))["loss"]
    slope = tape.gradient(loss, at).numpy()
    assert np.abs(slope).max() > 0
    for direction in random.normal(size=(4, *at.shape)):
        step = 1e-4
        up, down = (float(aim(at + sign * step * direction, tf.constant(0.7, tf.float64))["loss"]) for sign in (1, -1))
        assert (up - down) / (2 * step) == pytest.approx(float((slope * direction).sum()), rel=1e-4)


def test_slope_through_the_shipped_network_is_that_of_differences(photo, canvas):
    aim = aims.Aim(
        feature_maps.open_feature_maps(), tf.constant(photo[None], tf.float32), tf.constant(canvas[None], tf.float32)
    )
    loss = tf.function(lambda pixels: aim(pixels, tf.constant(0.1))["style"])
    at = tf.constant(photo[None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = loss(at)
    slope = tape.gradient(value, at).numpy()
    direction = slope / np.linalg.norm(slope)
    up, down = (float(loss(at + sign * 0.5 * direction)) for sign in (1, -1))
    assert (up - down) == pytest.approx(np.linalg.norm(slope), rel=0.05)


def test_gram_with_its_own_slope_is_the_gram_matrix():
    features = np.random.default_rng(2).normal(size=(1, 4, 3, 5)).astype(np.float32)
    assert np.allclose(aims.symmetric_gram(tf.constant(features)), gram.gram_matrix(features), atol=1e-6)
    slopes = []
    for function in (aims.symmetric_gram, gram.gram_matrix):
        x = tf.Variable(features)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(function(x) ** 3 * tf.range(5.0))  # not symmetric
        slopes.append(tape.gradient(loss, x).numpy())
    assert np.allclose(*slopes, atol=1e-4)


# --- the loop ---------------------------------------------------------------------------------------------------------


def bowl(variable):
    return lambda: {"loss": tf.reduce_sum((variable - 3.0) ** 2)}


def test_it_finds_the_bottom():
    variable = tf.Variable([0.0, 10.0])
    found = optimisation.optimise([variable], bowl(variable), steps=150, rate=0.5, patience=200)
    assert found.values[0] == pytest.approx([3, 3], abs=0.05)
    assert len(found.history) == 151 and found.stopped == "done"
    assert found.losses["loss"] == min(one["loss"] for one in found.history)
    assert np.array_equal(variable.numpy(), found.values[0])


def test_the_best_is_kept_not_the_last():
    variable = tf.Variable(2.9)
    found = optimisation.optimise([variable], bowl(variable), steps=3, rate=50.0)  # far too large: it flies off
    assert found.values[0] == pytest.approx(2.9) and found.history[-1]["loss"] > 1
    other = optimisation.optimise([variable], bowl(variable), steps=3, rate=50.0, score=lambda losses: -losses["loss"])
    assert other.losses["loss"] == max(one["loss"] for one in other.history)


def test_it_stops_when_nothing_is_won():
    variable = tf.Variable(3.0)
    found = optimisation.optimise([variable], bowl(variable), steps=100, rate=0.1, patience=5)
    assert found.stopped == "enough" and len(found.history) == 6


def test_it_stops_when_it_is_told_to():
    variable = tf.Variable(0.0)
    found = optimisation.optimise([variable], bowl(variable), steps=50, rate=0.1, watch=lambda step, *_: step == 7)
    assert found.stopped == "told" and len(found.history) == 8


@pytest.mark.parametrize("when", [0, 12])
def test_an_interruption_keeps_the_best(when):
    variable = tf.Variable(0.0)

    def watch(step, losses, values):
        if step == when:
            raise KeyboardInterrupt

    found = optimisation.optimise([variable], bowl(variable), steps=50, rate=0.1, watch=watch)
    assert found.stopped == "interrupted" and len(found.history) == when + 1
    assert float(variable) == found.values[0] == pytest.approx(0.1 * when, rel=0.2)


def test_values_stay_where_they_are_allowed():
    variable = tf.Variable([0.0, 0.0])
    optimisation.optimise([variable], bowl(variable), steps=60, rate=0.5, constrain=lambda x: tf.minimum(x, 1.5))
    assert variable.numpy() == pytest.approx([1.5, 1.5])


def test_a_loss_that_is_no_number_is_said():
    variable = tf.Variable(0.0)
    with pytest.raises(ValueError, match="finite"):
        optimisation.optimise([variable], lambda: {"loss": variable * math.nan}, steps=2, rate=0.1)
    with pytest.raises(ValueError, match="At least one step"):
        optimisation.optimise([variable], bowl(variable), steps=0, rate=0.1)


def test_a_balance_finds_the_weight_that_keeps_the_floor():
    balance = optimisation.Balance(0.8, start=0.01)
    for _ in range(400):  # a measure that grows with the weight: w / (1 + w) is 0.8 at 4
        weight = float(balance.weight)
        balance.adapt(weight / (1 + weight))
    assert float(balance.weight) == pytest.approx(4, rel=0.02)


# --- paintings --------------------------------------------------------------------------------------------------------


def test_style_comes_and_content_stays(painted, photo, canvas):
    result, _ = painted
    assert result.picture.shape == photo.shape and result.picture.dtype == np.uint8
    assert result.style_fall >= 0.95 and result.cosine >= 0.58
    after = painting.style_distance(result.picture, canvas)
    assert 1 - after / painting.style_distance(photo, canvas) == pytest.approx(result.style_fall, abs=0.005)
    assert f"{100 * result.style_fall:.1f} %" in result.summary and f"{result.cosine:.2f}" in result.summary


def test_it_begins_small_and_shows_every_step(painted, photo):
    result, seen = painted
    sides = [one["side"] for one in result.history]
    assert sides == sorted(sides) and set(sides) == {24, 48}
    assert len(seen) == len(result.history) and [state.step for state, _ in seen] == list(range(len(seen)))
    assert seen[0][1].shape[1] == 24 and seen[-1][1].shape == photo.shape
    assert all(state.step < state.steps for state, _ in seen)
    styles = [one["style"] for one in result.history if one["side"] == 48]
    assert styles[0] < 0.9 and styles[-1] < 0.1  # the small picture's style has come along
    assert np.abs(seen[0][1].astype(int) - seen[20][1]).mean() > 3


def test_no_rougher_than_the_painting(painted):
    result, _ = painted
    assert result.history[-1]["rough"] < 0.01


def test_how_much_content_is_kept_is_as_asked(photo, canvas):
    little, much = (painting.paint(photo, canvas, keep=keep, side=32, steps=(30,)) for keep in (0.3, 0.9))
    assert much.cosine > little.cosine + 0.15 and much.style_fall < little.style_fall


def test_a_fixed_weight(photo, canvas):
    free, bound = (painting.paint(photo, canvas, content_weight=weight, side=32, steps=(15,)) for weight in (0.0, 3.0))
    assert bound.cosine > free.cosine + 0.1 and bound.style_fall < free.style_fall


def test_the_same_again_is_the_same(photo, canvas):
    one, two = (painting.paint(photo, canvas, side=32, steps=(4,)).picture for _ in range(2))
    assert np.abs(one.astype(int) - two).max() <= 2  # sums in another order


def test_an_interrupted_painting_is_kept_at_its_size(photo, canvas):
    def stop(state):
        if state.step == 4:
            raise KeyboardInterrupt

    result = painting.paint(photo, canvas, steps=(9, 9), progress=stop)
    assert result.stopped == "interrupted" and len(result.history) == 5
    assert result.picture.shape == photo.shape and result.style_fall > 0.02
    assert "stopped early" in result.summary


def test_whoever_watches_can_end_it(photo, canvas):
    result = painting.paint(photo, canvas, steps=(5, 5), progress=lambda state: state.step == 2)
    assert result.stopped == "told" and len(result.history) == 3 and result.picture.shape == photo.shape


def test_an_interruption_between_two_sizes_keeps_the_smaller(photo, canvas, monkeypatch):
    calls, whole = [], aims.Aim

    def once(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*arguments, **options)

    monkeypatch.setattr(painting, "Aim", once)
    result = painting.paint(photo, canvas, steps=(4, 4))
    assert result.stopped == "interrupted" and len(result.history) == 5 and result.style_fall > 0.02


def test_told_to_stop_when_small_it_ends_and_keeps_the_detail(photo, canvas):
    start = np.clip(photo + np.where(np.indices(photo.shape).sum(axis=0) % 2, 9.0, -9.0), 0, 255).astype(np.uint8)
    result = painting.paint(photo, canvas, start=start, steps=(5, 5), progress=lambda state: state.step == 0)
    assert result.stopped == "told" and len(result.history) == 1
    assert np.abs(result.picture.astype(float) - start).mean() < 3  # the chequers are finer than the small size can be
    assert np.array_equal(result.photo, photo)


def test_it_begins_where_it_is_told_to(photo, canvas, painted):
    done, _ = painted
    steps = {"steps": (2,), "keep": 0.6}
    again = painting.paint(photo, canvas, start=done.picture, **steps)
    assert again.history[0]["style"] == pytest.approx(1 - done.style_fall, abs=0.005)
    assert again.style_fall > painting.paint(photo, canvas, **steps).style_fall + 0.3 and again.cosine > 0.55


@pytest.mark.parametrize("term", ["gram", "moments", "histogram"])
def test_a_style_can_lie_between_two(photo, canvas, term):
    other = datasets.picture("cafe_terrace_at_night", max_side=96)

    def at(share):
        pixels = [tf.constant(one[None], tf.float32) for one in (photo, canvas, other)]
        return aims.Aim(feature_maps.open_feature_maps(), *pixels, share=share, term=term, layers=["stem"])

    first, middle, second = (at(share) for share in (0.0, 0.25, 1.0))
    alone = aims.Aim(
        feature_maps.open_feature_maps(),
        *(tf.constant(one[None], tf.float32) for one in (photo, canvas)),
        term=term,
        layers=["stem"],
    )
    for name in ("targets", "roughness"):
        ends = [tf.nest.flatten(getattr(one, name)) for one in (first, alone, second, middle)]
        for one, own, last, mixed in zip(*ends, strict=True):
            assert np.allclose(one, own, rtol=1e-5) and not np.allclose(one, last, rtol=1e-2)
            assert np.allclose(mixed, 0.75 * one + 0.25 * last, rtol=1e-4, atol=1e-5)


def test_painting_between_two_is_nearer_to_the_one_with_the_larger_share(photo, canvas):
    other = datasets.picture("cafe_terrace_at_night", max_side=96)
    made = {
        share: painting.paint(photo, canvas, second=other, share=share, side=32, keep=0.2, steps=(15,))
        for share in (0.0, 0.5, 1.0)
    }
    for goal, near, far in ((canvas, 0.0, 1.0), (other, 1.0, 0.0)):
        apart = [painting.style_distance(made[share].picture, goal) for share in (near, 0.5, far)]
        assert apart[0] < apart[1] < apart[2]
    assert all(one.style_fall > 0.5 for one in made.values())


def test_layers_count_as_much_as_they_are_told_to(photo, canvas):
    maps, pixels = feature_maps.open_feature_maps(), [tf.constant(one[None], tf.float32) for one in (photo, canvas)]
    near, far = (float(aims.Aim(maps, *pixels, layers=[name]).style_before) for name in ("stem", "block_5_expand"))
    both = aims.Aim(maps, *pixels, layers={"stem": 3.0, "block_5_expand": 1.0, "block_8_expand": 0.0})
    assert float(both.style_before) == pytest.approx(0.75 * near + 0.25 * far, rel=1e-4)
    assert both.layers == ("stem", "block_5_expand", "block_7")


@pytest.mark.parametrize("term", ["moments", "histogram", "patches"])
def test_other_ways_to_say_style_bring_it_closer(photo, canvas, term):
    result = painting.paint(photo, canvas, term=term, side=32, steps=(15,))
    assert result.history[-1]["style"] < 0.8 * result.history[0]["style"]
    assert result.style_fall > 0.1  # by Gram matrices


def test_a_texture_grows_from_noise(canvas):
    result = painting.texture(canvas, side=32, layers=["stem"], steps=(15, 15))
    assert result.picture.shape == (32, 32, 3) and result.photo is None and math.isnan(result.cosine)
    assert result.style_fall > 0.8 and "cosine" not in result.summary
    again, other = (painting.texture(canvas, side=32, layers=["stem"], steps=(3,), seed=seed) for seed in (0, 1))
    assert (again.picture != other.picture).any()


@pytest.mark.parametrize("shape", [(8, 8), (8, 70), (33, 17)])
def test_odd_sizes(shape, canvas):
    picture = np.random.default_rng(3).integers(0, 255, (*shape, 3), dtype=np.uint8)
    result = painting.paint(picture, canvas, steps=(2,), side=40)
    longest = min(40, max(shape))
    assert max(result.picture.shape) == longest and result.style_fall > 0
    assert result.picture.shape[0] / result.picture.shape[1] == pytest.approx(shape[0] / shape[1], rel=0.1)


def test_a_huge_picture_is_made_smaller(canvas):
    picture = np.zeros((1500, 2000, 3), np.uint8)
    picture[::2] = 200
    assert painting.paint(picture, canvas, side=32, steps=(1,)).picture.shape == (24, 32, 3)


def test_grey_and_plain_photographs(photo, canvas):
    grey = np.asarray(photo).mean(axis=2).astype(np.uint8)
    assert painting.paint(grey, canvas, side=32, steps=(4,)).style_fall > 0.1
    plain = np.full((32, 32, 3), 128, np.uint8)
    assert painting.paint(plain, canvas, steps=(1,)).picture.shape == plain.shape


def test_a_picture_that_has_the_style_is_left_alone(canvas):
    result = painting.paint(canvas, canvas, side=48)
    assert np.abs(result.picture.astype(int) - result.photo).max() == 0
    assert result.style_fall == 1 and result.cosine == pytest.approx(1, abs=1e-4) and result.history == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"painting": np.full((20, 20, 3), 90, np.uint8)}, "one colour"),
        ({"photo": np.zeros((1, 1, 3), np.uint8)}, "at least 8"),
        ({"term": "colour"}, "gram, moments, histogram, patches"),
        ({"keep": 1.5}, "0 .nothing. to 1"),
        ({"side": 4}, "8 to 2048"),
        ({"brush": 0}, "brush"),
        ({"network": "resnet50"}, "vgg19"),
        ({"layers": ["block_99"]}, "no layer 'block_99'"),
        ({"layers": {"stem": 0}}, "weight of 0"),
        ({"steps": (0,)}, "At least one step"),
        ({"share": 1.2}, "0 to 1, 1.2"),
        ({"second": np.full((20, 20, 3), 90, np.uint8)}, "one colour"),
        ({"second": np.zeros((20, 20), np.uint8), "term": "patches"}, "have no between"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(photo, canvas, arguments, said):
    arguments = {"photo": photo, "painting": canvas, "steps": (1,)} | arguments
    with pytest.raises(ValueError, match=said) as problem:
        painting.paint(**arguments)
    assert str(problem.value).endswith((".", "picture", "layers", "block_15"))


# --- networks ---------------------------------------------------------------------------------------------------------


def test_features_are_the_backbones():
    from imgmusic_edu.backbones import efficientnet

    maps = feature_maps.open_feature_maps()
    whole = efficientnet.open_efficientnet()
    picture = np.asarray(datasets.picture("cat", max_side=224))[:144, :144].astype(np.float32)[None]
    (found,) = maps(tf.constant(picture), ["block_4"])
    rim = feature_maps.MARGIN
    seen = tf.image.resize(np.pad(picture, [(0, 0), (rim, rim), (rim, rim), (0, 0)], "reflect"), (320, 320))
    part = keras.Model(whole.model.input, whole.model.get_layer("block_4").output)
    wanted = part(efficientnet.scale(seen[:, :224, :224])).numpy()
    assert np.allclose(found[0, :20, :20], wanted[0, :20, :20], atol=1e-3)  # the rest sees the cut


@pytest.mark.parametrize("name", ["vgg19", "vgg16"])
def test_the_vggs_have_the_layers_that_are_asked_for(name):
    maps = feature_maps.open_feature_maps(name, weights=None)
    layers = (*aims.STYLE_LAYERS[name], aims.CONTENT_LAYER[name])
    shapes = [one.shape[1:] for one in maps(tf.zeros((1, 48, 32, 3)), layers)]
    assert [shape[-1] for shape in shapes] == [64, 128, 256, 512, 512, 512]
    assert shapes[0][:2] == (60, 40) and shapes[4][:2] == (3, 2)  # with the margin, an eighth of each side
    assert name in repr(maps) and maps.stands_in_for is None


def test_painting_with_a_vgg(photo, canvas):
    maps = feature_maps.open_feature_maps("vgg16", weights=None)
    result = painting.paint(photo, canvas, network=maps, steps=(2,), side=32)
    assert result.network == "vgg16" and result.picture.shape == (24, 32, 3)


def test_without_weights_the_shipped_network_stands_in(photo, canvas, monkeypatch):
    def fails(*_):
        raise OSError("no network")

    monkeypatch.setattr(feature_maps, "patiently", fails)
    said = []
    result = painting.paint(photo, canvas, network="vgg19", steps=(1,), side=16, notice=said.append)
    assert result.network == "efficientnet_lite0"
    assert len(said) == 1 and "vgg19" in said[0] and "stands in" in said[0]


def test_a_painting_of_one_colour_is_a_picture_error(photo):
    with pytest.raises(PictureError):
        painting.texture(np.full((20, 20, 3), 90, np.uint8), side=16, steps=(1,))
