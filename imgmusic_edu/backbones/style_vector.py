"""A hundred numbers for how a picture is painted: paintings in one manner lie near each other.

A MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381), the mean over all places of its last maps and one linear layer,
trained by Google's Magenta on some 80 000 paintings and 6 000 textures together with a network that paints from these
numbers (Ghiasi et al. 2017, "Exploring the structure of a real-time, arbitrary neural artistic stylization network",
arXiv:1705.06830). The weights are shipped as their authors made them for telephones: 8 bits each and one scale a
filter, batch normalisation multiplied in. On a telephone the maps in between are rounded to 8 bits as well; here they
are not.

Taught in chapter 04, "Gram matrices".
"""

import functools

import numpy as np
from PIL import Image

from ..datasets import data_path
from ..pictures import checked
from .engine import tensorflow

__all__ = ["BLOCKS", "LENGTH", "SIZE", "build", "open_style_vector", "prepare", "read_weights", "style_vectors"]

SIZE = 256  #: pixels, side of what the network is shown
LENGTH = 100  #: numbers in a style vector
BLOCKS = (  #: (how many, stride of the first, expansion, filters)
    (1, 1, 1, 16),
    (2, 2, 6, 24),
    (3, 2, 6, 32),
    (4, 2, 6, 64),
    (3, 1, 6, 96),
    (3, 2, 6, 160),
    (1, 1, 6, 320),
)
_BATCH = 16  # pictures at once


def build():
    """The network with random weights: (n, SIZE, SIZE, 3) in 0..1 in, (n, LENGTH) out.

    Returns
    -------
    keras.Model
        2.35 million weights. Its layers are called stem, block_0_depthwise, block_0_project, block_1_expand, ... head,
        style.

    Raises
    ------
    ImportError
        TensorFlow is missing.

    Notes
    -----
    Taught in chapter 04, section "Painting at once".
    """
    _, keras = tensorflow()
    layers = keras.layers

    def block(x, name, *, stride, expansion, filters):
        """Widen, look around in each channel by itself, narrow; what came in is added where it fits."""
        y, width = x, x.shape[-1]
        if expansion > 1:
            y = layers.Conv2D(width * expansion, 1, activation="relu6", name=f"{name}_expand")(y)
        y = layers.DepthwiseConv2D(3, stride, "same", activation="relu6", name=f"{name}_depthwise")(y)
        y = layers.Conv2D(filters, 1, name=f"{name}_project")(y)
        return layers.Add(name=name)([x, y]) if stride == 1 and width == filters else y

    picture = keras.Input((SIZE, SIZE, 3), name="picture")
    x = layers.Conv2D(32, 3, 2, "same", activation="relu6", name="stem")(picture)
    n = 0
    for repeats, stride, expansion, filters in BLOCKS:
        for k in range(repeats):
            x = block(x, f"block_{n}", stride=1 if k else stride, expansion=expansion, filters=filters)
            n += 1
    x = layers.Conv2D(1280, 1, activation="relu6", name="head")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(picture, layers.Dense(LENGTH, name="style")(x), name="style_vector")


def read_weights(model):
    """Put the shipped weights into a network that `build` made: a filter is its 8 bits times its scale.

    Raises
    ------
    ValueError
        The file is damaged.
    """
    path = data_path("style_vector")
    try:
        with np.load(path) as stored:
            for layer in model.layers:
                if layer.weights:
                    kernel, scale, bias = (stored[f"{layer.name}/{part}"] for part in ("kernel", "scale", "bias"))
                    # Keras keeps filters last, and those of a depthwise convolution last but one.
                    factor = scale[:, None] if "depthwise" in layer.name else scale
                    layer.set_weights([(kernel.astype(np.float32) * factor).reshape(layer.kernel.shape), bias])
    except Exception as problem:  # zipfile, zlib, NumPy and Keras each have their own way to say so
        raise ValueError(f"The weights in {path} are damaged ({problem}): fetch them again.") from problem


@functools.cache
def open_style_vector():
    """The network with its weights, opened once: a keras.Model.

    Raises
    ------
    ValueError
        Its weights are missing or damaged.
    ImportError
        TensorFlow is missing.
    """
    model = build()
    read_weights(model)
    model.trainable = False
    return model


def prepare(picture):
    """A picture as the network takes it: the largest square in its middle, at SIZE, 0..1.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB

    Returns
    -------
    np.ndarray, shape (SIZE, SIZE, 3), float32, 0..1
        Bilinear, averaging where it shrinks.

    Raises
    ------
    ValueError
        It is no such picture.
    """
    picture = checked(picture)
    height, width = picture.shape[:2]
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    square = Image.fromarray(picture).resize(
        (SIZE, SIZE), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side)
    )
    return np.asarray(square, np.float32) / 255


def style_vectors(pictures):
    """How pictures are painted, in numbers.

    Parameters
    ----------
    pictures : sequence of np.ndarray, each of shape (H, W, 3), uint8 sRGB
        Paintings, photographs or what a network painted; any sizes (see `prepare`). One picture alone will do.

    Returns
    -------
    np.ndarray, shape (n, LENGTH), float32, no unit, about -3..3
        Compare them by distance; the mean of two is a style between.

    Raises
    ------
    ValueError
        There is no picture, or what is there is none; or the shipped weights are damaged.
    ImportError
        TensorFlow is missing.

    Notes
    -----
    Taught in chapter 04, section "Painting at once".
    """
    if isinstance(pictures, np.ndarray) and pictures.ndim == 3:
        pictures = [pictures]
    rows = [prepare(picture) for picture in pictures]
    if not rows:
        raise ValueError("There is no picture in the list: give one or more.")
    model = open_style_vector()
    # Called as it is, not compiled: the first answer comes in a tenth of the time.
    found = [model(np.stack(rows[first : first + _BATCH]), training=False) for first in range(0, len(rows), _BATCH)]
    return np.concatenate([np.asarray(batch, np.float32) for batch in found])
