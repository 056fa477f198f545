"""The networks: do they see what is there, are their numbers the weights' own, and do pictures flow through?"""

import itertools
import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgmusic_edu import backbones, datasets
from imgmusic_edu.backbones import applications, efficientnet, engine, pipeline
from imgmusic_edu.datasets import picture

# Ten photographs whose class is plain: chosen by name, from the list of photographs and the list of classes and a look
# at the pictures, before the network was asked.
PLAIN = {
    "goldfish": "goldfish",
    "clownfish": "clownfish",
    "koala": "koala",
    "giant_panda": "giant panda",
    "german_shepherd": "German Shepherd Dog",
    "scarlet_macaw": "macaw",
    "coffee": "espresso",
    "baseball": "baseball",
    "claw_hammer": "hammer",
    "frying_pan": "frying pan",
}
CATS = {"tabby cat", "tiger cat", "Persian cat", "Siamese cat", "Egyptian Mau"}


def noise(n, height=60, width=80):
    return list(np.random.default_rng(n).integers(0, 256, (n, height, width, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def network():
    return backbones.load()


@pytest.fixture(scope="module")
def small():
    """The shipped network over 32 x 32 pixels: quick, for what has nothing to do with what it sees."""
    whole, model = efficientnet.open_efficientnet(), efficientnet.build(size=32)
    efficientnet.read_weights(model)
    return pipeline.Backbone(model, read_small, whole.layers, whole.classes, scale=whole.scale)


def read_small(one):
    return pipeline.centre_square(one, 32)


# --- what it sees ------------------------------------------------------------------------------------------


def test_cat_espresso_and_panda_come_out_as_such(network):
    (cat, *_), (coffee, *_), (panda, *_) = network.top([picture(name) for name in ("cat", "coffee", "giant_panda")])
    assert cat[0] in CATS
    assert coffee[0] == "espresso" and coffee[1] > 0.5
    assert panda[0] == "giant panda" and panda[1] > 0.9


def test_at_least_seven_of_ten_plain_photographs_are_called_by_their_name(network):
    found = [best[0][0] for best in network.top(map(picture, PLAIN))]
    right = [name for name, answer in zip(PLAIN, found, strict=True) if answer == PLAIN[name]]
    assert len(right) >= 7, dict(zip(PLAIN, found, strict=True))


def test_top_is_sorted_and_belongs_to_predict(network):
    ((first, second, third),) = network.top([picture("koala")], n=3)
    assert first[1] > second[1] > third[1]
    probabilities = network.predict([picture("koala")])[0]
    assert probabilities.sum() == pytest.approx(1, abs=1e-5) and probabilities.max() == pytest.approx(first[1])
    assert network.classes[int(probabilities.argmax())] == first[0]


def test_no_two_classes_bear_one_name(network):
    assert len(network.classes) == len(set(network.classes)) == 1000
    numbers = {"tabby cat": 281, "tiger cat": 282, "missile": 657, "projectile": 744, "sunglass": 836}
    assert {name: network.class_index(name) for name in numbers} == numbers


# --- the numbers are the weights' own ----------------------------------------------------------------------


def plain_logits(x):
    """EfficientNet-Lite0 in NumPy, float64, layer after layer as the weights are stored: x (224, 224, 3)."""
    with np.load(datasets.data_path("efficientnet_lite0")) as file:
        stored = {name: values.astype(np.float64) for name, values in file.items()}

    def windows(x, size, stride):  # (h, w, channels, size, size), with TensorFlow's "same" padding
        pads = [max((-(-n // stride) - 1) * stride + size - n, 0) for n in x.shape[:2]]
        x = np.pad(x, [(pad // 2, pad - pad // 2) for pad in pads] + [(0, 0)])
        return np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(0, 1))[::stride, ::stride]

    def normalised(x, name, clip=True):
        gamma, beta, mean, variance = (stored[f"{name}.{k}"] for k in ("weight", "bias", "running_mean", "running_var"))
        x = (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta
        return np.clip(x, 0, 6) if clip else x

    def convolved(x, name, stride=1):
        kernel = stored[f"{name}.weight"]
        return np.tensordot(windows(x, kernel.shape[-1], stride), kernel, ((2, 3, 4), (1, 2, 3)))

    def depthwise(x, name, stride):
        kernel = stored[f"{name}.weight"][:, 0]
        return np.einsum("hwcij,cij->hwc", windows(x, kernel.shape[-1], stride), kernel)

    x = normalised(convolved(x, "_conv_stem", 2), "_bn0")
    for n in range(16):
        block, y = f"_blocks.{n}.", x
        if n > 0:
            y = normalised(convolved(y, block + "_expand_conv"), block + "_bn0")
        stride = 2 if n in (1, 3, 5, 11) else 1
        y = normalised(depthwise(y, block + "_depthwise_conv", stride), block + "_bn1")
        y = normalised(convolved(y, block + "_project_conv"), block + "_bn2", clip=False)
        x = x + y if x.shape == y.shape else y
    x = normalised(convolved(x, "_conv_head"), "_bn1")
    return x.mean(axis=(0, 1)) @ stored["_fc.weight"].T + stored["_fc.bias"]


def test_logits_are_those_of_the_stored_weights(network):
    coffee = picture("coffee")
    np.testing.assert_allclose(network.logits([coffee])[0], plain_logits(network.prepare(coffee)), atol=1e-3)


def test_the_network_is_shown_the_middle_as_imagenet_is_scored(network):
    wide = noise(1, 256, 300)[0]
    shown = network.prepare(wide)
    assert shown.dtype == np.float32 and shown.shape == (224, 224, 3) == (*network.input_size, 3)
    np.testing.assert_allclose(shown, (wide[16:240, 38:262].astype(float) - 127) / 128, atol=1e-6)


@settings(max_examples=20)
@given(st.integers(1, 90), st.integers(1, 90))
def test_any_shape_of_one_colour_is_shown_as_that_colour(height, width):
    plain = np.full((height, width, 3), (200, 100, 0), np.uint8)
    assert (pipeline.centre_square(plain, 24) == (200, 100, 0)).all()


def test_predictions_are_the_softmax_of_the_logits(network):
    pictures = [picture("cat"), *noise(1)]
    logits = network.logits(pictures).astype(np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(network.predict(pictures), expected, atol=1e-6)


# --- layers, batches, streams ------------------------------------------------------------------------------


def test_layers_can_be_read_by_a_learner(network):
    assert network.layers == (
        *("stem", *(f"block_{n}" for n in range(16)), "head", "pool"),
        *("logits", "predictions"),
    )
    shapes = {name: values.shape for name, values in network.activations(noise(2), network.layers).items()}
    assert list(shapes) == list(network.layers)
    assert shapes["stem"] == (2, 112, 112, 32) and shapes["block_2"] == (2, 56, 56, 24)
    assert shapes["head"] == (2, 7, 7, 1280) and shapes["pool"] == (2, 1280) and shapes["logits"] == (2, 1000)
    assert all((2, *network.shape(name)) == shape for name, shape in shapes.items())


def test_rows_do_not_depend_on_the_batch_they_are_in(small):
    pictures = noise(9)
    alone = np.concatenate([small.activations([one], "pool")["pool"] for one in pictures])
    assert np.abs(np.diff(alone, axis=0)).max() > 1e-3  # they differ, so their order can be seen
    for batch_size in (1, 2, 4, 9, 32):
        found = small.activations(iter(pictures), "pool", batch_size=batch_size)["pool"]
        np.testing.assert_allclose(found, alone, atol=1e-5)
        assert found.dtype == np.float32


def test_pooling_is_over_all_places(small):
    pictures = noise(5)
    whole = small.activations(pictures, ["block_1", "pool"])
    for pool in ("mean", "max"):
        found = small.activations(pictures, ["block_1", "pool"], pool=pool)
        np.testing.assert_allclose(found["block_1"], getattr(whole["block_1"], pool)(axis=(1, 2)), atol=1e-5)
        np.testing.assert_array_equal(found["pool"], whole["pool"])


def test_no_pictures_give_no_rows(small):
    found = small.activations([], ["block_1", "logits"])
    assert found["block_1"].shape == (0, *small.shape("block_1")) and found["logits"].shape == (0, 1000)
    assert small.activations([], "block_1", pool="max")["block_1"].shape == (0, 24)
    assert small.top([]) == []


def test_a_stream_takes_no_more_than_it_needs(small):
    taken = itertools.count()

    def endless():
        for k in itertools.count():
            next(taken)
            yield np.full((40, 40, 3), k % 256, np.uint8)

    stream = small.stream(endless(), "pool", batch_size=4)
    batches = list(itertools.islice(stream, 5))
    stream.close()
    assert [batch["pool"].shape for batch in batches] == [(4, 1280)] * 5
    assert next(taken) < 20 + 8 * 4  # what is prepared ahead is a few batches, however long the stream


def test_the_network_is_frozen_and_repeats_itself(network):
    assert not network.model.trainable_weights
    one = [picture("koala")]
    np.testing.assert_array_equal(network.logits(one), network.logits(one))


def test_asking_again_compiles_nothing_new(small):
    small.activations(noise(1), ["stem", "pool"], pool="max")
    compiled = len(small._runs)
    small.activations(noise(3), ("stem", "pool"), pool="max")
    assert len(small._runs) == compiled


def test_patches_of_one_input_become_one_row(small):
    def read(pictures):
        return np.stack([read_small(one) for one in pictures])

    patched = pipeline.Backbone(small.model, read, small.layers, patches=True, scale=small.scale)
    many = noise(10)
    inputs = [many[:1], many[1:6], many[6:8], many[8:]]
    each = small.activations(many, "pool")["pool"]
    expected = [each[:1].mean(0), each[1:6].mean(0), each[6:8].mean(0), each[8:].mean(0)]
    for batch_size in (1, 3, 32):
        found = patched.activations(inputs, "pool", batch_size=batch_size)["pool"]
        np.testing.assert_allclose(found, expected, atol=1e-5)


# --- sentences ---------------------------------------------------------------------------------------------


def test_errors_say_what_would_do(network):
    koala = picture("koala")
    for wrong, says in (
        (lambda: network.activations([koala], "blok_3"), "no layer 'blok_3'.*block_3"),
        (lambda: network.activations([koala], "pool", pool="sum"), "'mean' or 'max'"),
        (lambda: network.activations(koala, "pool"), "square brackets"),
        (lambda: network.activations(3, "pool"), "square brackets"),
        (lambda: network.activations(["koala"], "pool"), r"\(H, W, 3\)"),
        (lambda: network.class_index("cat"), "tabby cat"),
        (lambda: replace(network, classes=("fox", "owl", "owl")).class_index("owl"), r"2 classes.*\[1, 2\]"),
        (lambda: network.class_index(1000), "0 to 999"),
        (lambda: backbones.load("vgg19"), "vgg16"),
    ):
        with pytest.raises(ValueError, match=says):
            wrong()


@pytest.mark.parametrize("place", [0, 7])
def test_what_goes_wrong_in_the_middle_of_a_stream_is_told_in_its_own_words(small, place):
    pictures = noise(9)
    pictures[place] = np.zeros((3, 3))
    with pytest.raises(ValueError, match=r"^A picture of shape \(H, W, 3\) and type uint8 is needed, this is \(3, 3\)"):
        small.activations(pictures, "pool", batch_size=2)

    def broken():
        yield from noise(place)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match=r"^the disk is gone$"):
        small.activations(broken(), "pool", batch_size=2)


def test_without_tensorflow_there_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ImportError, match=r'pip install "imgmusic_edu\[tf\]"'):
        efficientnet.build()


_LOUD = """
from imgmusic_edu.backbones.engine import tensorflow
tf, _ = tensorflow()
again = tf.function(lambda x: x * 2)
for k in range(8):
    again(k)  # another number each time is another function to compile, which TensorFlow warns of
"""


@pytest.mark.parametrize(("level", "quiet"), [(None, True), ("0", False)])
def test_tensorflow_starts_without_a_word_unless_it_is_asked_to_speak(root, level, quiet):
    told = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    told |= {"TF_CPP_MIN_LOG_LEVEL": level} if level else {}
    done = subprocess.run([sys.executable, "-c", _LOUD], cwd=root, env=told, capture_output=True, text=True, check=True)
    assert (done.stderr == "") == quiet, done.stderr
    assert ("retracing" in done.stderr) != quiet


def test_standard_error_comes_back_whatever_happens(capfd):
    with pytest.raises(KeyError), engine._silence():
        os.write(2, b"lost")
        raise KeyError
    os.write(2, b"kept")
    assert capfd.readouterr().err == "kept"


def test_the_room_opens_without_tensorflow(root):
    code = "import sys, imgmusic_edu.backbones; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def test_a_graphics_card_gets_mixed_precision(monkeypatch):
    import keras
    import tensorflow as tf

    plain = efficientnet.build(size=32)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a card"] if kind == "GPU" else [])
    mixed = efficientnet.build(size=32)
    assert keras.config.dtype_policy().name == "float32"
    stem = mixed.get_layer("stem")
    assert (stem.compute_dtype, stem.variable_dtype) == ("float16", "float32")
    assert plain.get_layer("stem").compute_dtype == mixed.get_layer("logits").compute_dtype == "float32"
    whole = efficientnet.open_efficientnet()
    found = []
    for model in (plain, mixed):
        efficientnet.read_weights(model)
        shown = pipeline.Backbone(model, read_small, whole.layers, scale=whole.scale)
        found.append(shown.logits(noise(1)))
    assert found[1].dtype == np.float32 and 0 < np.abs(found[0] - found[1]).max() < 0.1


# --- VGG16 and ResNet50 ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def random_resnet():
    return backbones.load("resnet50", weights=None)


def test_vgg16_has_its_dense_layers():
    vgg = backbones.load("vgg16", weights=None)
    assert vgg.stands_in_for is None and vgg.layers[-5:] == ("flatten", "fc1", "fc2", "logits", "predictions")
    assert [vgg.shape(name) for name in ("block1_conv1", "block5_pool")] == [(224, 224, 64), (7, 7, 512)]
    found = vgg.activations([picture("koala")], ["fc1", "fc2", "predictions"])
    assert found["fc1"].shape == found["fc2"].shape == (1, 4096)
    assert found["predictions"].sum() == pytest.approx(1, abs=1e-4)


def test_resnet50_has_its_blocks(random_resnet):
    assert [random_resnet.shape(name) for name in random_resnet.layers[:2]] == [(112, 112, 64), (56, 56, 64)]
    assert [random_resnet.shape(name)[-1] for name in random_resnet.layers[2:]] == (
        [256] * 3 + [512] * 4 + [1024] * 6 + [2048] * 3 + [2048, 1000, 1000]
    )
    assert len(random_resnet.top([picture("koala")])[0]) == 5


def test_they_are_shown_blue_green_red_about_the_mean_of_imagenet(random_resnet):
    plain = np.full((300, 300, 3), (10, 20, 30), np.uint8)
    expected = np.array([30 - 103.939, 20 - 116.779, 10 - 123.68])
    np.testing.assert_allclose(random_resnet.prepare(plain), np.broadcast_to(expected, (224, 224, 3)), atol=1e-4)
    found = random_resnet.activations([plain], "conv1_relu")["conv1_relu"][0, 50, 50]
    first = random_resnet.model.get_layer("conv1_conv")  # its normalisation is untrained: it divides by sqrt(1 + eps)
    values = np.maximum(expected @ np.asarray(first.kernel).sum((0, 1)) + np.asarray(first.bias), 0)
    np.testing.assert_allclose(found, values / np.sqrt(1 + 1.001e-5), rtol=1e-3, atol=1e-3)


@pytest.fixture
def keras_gives(monkeypatch, tmp_path):
    """Put something in the place of Keras's ResNet50, with an empty cache and little patience."""
    import keras

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(applications, "PATIENCE", 0.3)
    make = keras.applications.resnet50.ResNet50

    def install(builder):
        monkeypatch.setattr(keras.applications.resnet50, "ResNet50", lambda **kinds: builder(make, **kinds))

    return install


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (Exception("URL fetch failure on address: None -- [Errno -2] Name or service not known"), "not known"),
        (ValueError("Incomplete or corrupted file detected. The md5 file hash does not match"), "corrupted"),
        (OSError(28, "No space left on device"), "No space left"),
    ],
)
def test_weights_that_cannot_be_had_give_one_notice_and_the_shipped_network(keras_gives, problem, says):
    def failing(make, **kinds):
        raise problem

    keras_gives(failing)
    notices = []
    network = backbones.load("resnet50", notice=notices.append)
    assert len(notices) == 1 and says in notices[0] and "stands in" in notices[0] and "address" not in notices[0]
    assert network.stands_in_for == "resnet50" and network.name == "efficientnet_lite0"
    assert "in place of resnet50" in repr(network)
    with pytest.raises(ValueError, match=r"in place of resnet50\) has no layer 'avg_pool'"):
        network.activations([picture("koala")], "avg_pool")
    assert backbones.load().stands_in_for is None


def test_a_network_that_swallows_everything_is_not_waited_for(keras_gives, capsys):
    ends = threading.Event()
    timeouts = []

    def hanging(make, **kinds):
        timeouts.append(socket.getdefaulttimeout())
        ends.wait(60)

    keras_gives(hanging)
    before = socket.getdefaulttimeout()
    network = backbones.load("resnet50")
    assert network.stands_in_for == "resnet50" and not ends.is_set()
    assert "nothing has come within 0.3 s" in capsys.readouterr().out
    assert timeouts == [0.3] and socket.getdefaulttimeout() == before
    ends.set()


def test_weights_that_come_slowly_are_waited_for(keras_gives, random_resnet, tmp_path):
    def slow(make, *, weights, **kinds):
        assert weights == "imagenet" and kinds["include_top"]
        os.makedirs(tmp_path / "models")
        (tmp_path / "models" / "resnet50_weights_tf_dim_ordering_tf_kernels.h5").write_bytes(b"begun")
        threading.Event().wait(1.0)
        return make(weights=None, **kinds)

    keras_gives(slow)
    notices = []
    network = backbones.load("resnet50", notice=notices.append)
    assert network.name == "resnet50" and network.stands_in_for is None and not notices
    assert network.layers == random_resnet.layers
