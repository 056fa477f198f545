"""EfficientNet-Lite0, the network that is shipped: 4.7 million weights that tell a thousand kinds of things apart.

Trained by Google on ImageNet-1k (Tan & Le 2019, "EfficientNet", arXiv:1905.11946; the Lite variants, 2020, leave out
squeeze-and-excitation and use ReLU6). The weights are stored in 16 bits, in the layout and under the names of their
PyTorch port. Batch normalisation with frozen statistics is one factor and one summand a channel, so it is multiplied
into the convolution before it: the same function with 49 layers less, in two thirds of the time.

Taught in chapter 02, "What a picture holds".
"""

import functools
import json

import numpy as np

from ..datasets import data_path
from .engine import precision, tensorflow
from .pipeline import Backbone, centre_square

__all__ = ["BLOCKS", "SIZE", "build", "image_classes", "open_efficientnet", "read_weights", "scale"]

SIZE = 224  #: pixels, side of what the network is shown
BLOCKS = (  #: (how many, kernel, stride of the first, expansion, filters)
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# Where the shipped list gives two classes one name, or an explanation for a name: ImageNet's own.
_OWN_NAMES = {282: "tiger cat", 744: "projectile", 836: "sunglass"}
_EPSILON = 1e-3  # of the batch normalisations
_STORED = {  # our layer -> (convolution, batch normalisation) in the file
    "stem": ("_conv_stem", "_bn0"),
    "expand": ("_blocks.{}._expand_conv", "_blocks.{}._bn0"),
    "depthwise": ("_blocks.{}._depthwise_conv", "_blocks.{}._bn1"),
    "project": ("_blocks.{}._project_conv", "_blocks.{}._bn2"),
    "head": ("_conv_head", "_bn1"),
}


def build(*, size=SIZE, exact=False):
    """The network with random weights: (n, size, size, 3) in, (n, 1000) probabilities out.

    Parameters
    ----------
    size : int, or None
        Side of the input, pixels; the weights fit any, they were trained at 224. With None, pictures of every size.
    exact : bool
        float32 on a graphics card too, as one needs for slopes by pixels.

    Returns
    -------
    keras.Model
        With the layers stem, block_0 .. block_15, head, pool, logits and predictions; within block_3, for one,
        block_3_expand, block_3_depthwise and block_3_project.

    Notes
    -----
    Taught in chapter 02, section "Layer by layer".
    """
    _, keras = tensorflow()
    layers = keras.layers

    def block(x, name, *, kernel, stride, expansion, filters):
        """Widen, look around in each channel by itself, narrow; what came in is added where it fits."""
        y, width = x, x.shape[-1]
        if expansion > 1:
            y = layers.Conv2D(width * expansion, 1, activation="relu6", name=f"{name}_expand")(y)
        y = layers.DepthwiseConv2D(kernel, stride, "same", activation="relu6", name=f"{name}_depthwise")(y)
        y = layers.Conv2D(filters, 1, name=f"{name}_project")(y)
        if stride == 1 and width == filters:
            return layers.Add(name=name)([x, y])
        return layers.Identity(name=name)(y)

    with precision(exact=exact):
        picture = keras.Input((size, size, 3), name="picture")
        x = layers.Conv2D(32, 3, 2, "same", activation="relu6", name="stem")(picture)
        n = 0
        for repeats, kernel, stride, expansion, filters in BLOCKS:
            for k in range(repeats):
                step = 1 if k else stride
                x = block(x, f"block_{n}", kernel=kernel, stride=step, expansion=expansion, filters=filters)
                n += 1
        x = layers.Conv2D(1280, 1, activation="relu6", name="head")(x)
        x = layers.GlobalAveragePooling2D(name="pool", dtype="float32")(x)
        x = layers.Dense(1000, name="logits", dtype="float32")(x)
        x = layers.Softmax(name="predictions", dtype="float32")(x)
    return keras.Model(picture, x, name="efficientnet_lite0")


def read_weights(model):
    """Put the shipped weights into a network that `build` made, batch normalisation multiplied in."""
    stored = np.load(data_path("efficientnet_lite0"))
    for layer in model.layers:
        if layer.name == "logits":
            layer.set_weights([stored["_fc.weight"].T, stored["_fc.bias"]])
        elif layer.weights:
            *block, kind = layer.name.removeprefix("block_").split("_")
            layer.set_weights(_folded(stored, *(name.format(*block) for name in _STORED[kind])))


def _folded(stored, convolution, normalisation):
    """Kernel and bias that do what the convolution and the batch normalisation after it do together.

    gamma (w * x - mean) / sqrt(variance + epsilon) + beta  =  (s w) * x + (beta - s mean)
    """
    gamma, beta, mean, variance = (
        stored[f"{normalisation}.{part}"].astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gamma / np.sqrt(variance + _EPSILON)
    kernel = stored[f"{convolution}.weight"] * scale[:, None, None, None]  # (out, in, height, width)
    # Keras: (height, width, in, out), of a depthwise convolution (height, width, channels, 1).
    order = (2, 3, 0, 1) if "depthwise" in convolution else (2, 3, 1, 0)
    return [kernel.transpose(order), beta - scale * mean]


def scale(pixels):
    """From pixels, 0..255, to what EfficientNet-Lite0 is given, about -1..1: (pixel - 127) / 128."""
    return (pixels - 127) / 128


@functools.cache
def image_classes():
    """Readable names of ImageNet's classes in the order of the networks' outputs: tuple of 1000 str, no two alike."""
    names = json.loads(data_path("imagenet_classes").read_text(encoding="utf-8"))
    return tuple(_OWN_NAMES.get(number, name) for number, name in enumerate(names))


@functools.cache
def open_efficientnet():
    """EfficientNet-Lite0 with its weights, opened once: a `Backbone`."""
    model = build()
    read_weights(model)
    blocks = (f"block_{n}" for n in range(sum(repeats for repeats, *_ in BLOCKS)))
    layers = ("stem", *blocks, "head", "pool", "logits", "predictions")
    return Backbone(model, functools.partial(centre_square, size=SIZE), layers, image_classes(), scale=scale)
