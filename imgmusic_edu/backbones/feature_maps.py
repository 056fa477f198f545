"""Networks as functions one can differentiate: a picture of any size in, its layers' features out.

`backbones.load` opens networks that are asked with pictures of one size, as bytes. Here the same weights are asked with
tensors, so that a picture can be changed until its features are as one wants them.

Taught in chapter 04, section "Painting".
"""

import functools
import math

from .applications import patiently
from .efficientnet import BLOCKS, build, read_weights, scale
from .engine import precision, tensorflow

__all__ = ["NAMES", "FeatureMaps", "open_feature_maps"]

NAMES = ("efficientnet_lite0", "vgg19", "vgg16")  #: what `open_feature_maps` opens
MARGIN = 8  # pixels
SMALLEST = 32  # pixels: below that the last layers of a VGG have no place left
_BUILDERS = {"vgg16": "VGG16", "vgg19": "VGG19"}


class FeatureMaps:
    """The convolutions of one trained network, for pictures of any size.

    A picture goes on for some pixels beyond its edges, mirrored. The networks take what is outside for zeros, which no
    picture has beside it, and whoever changes pixels finds that out: a rim of coloured specks grows.

    Attributes
    ----------
    name : str
        One of `NAMES`.
    layers : tuple of str
        What can be asked for, from the picture inwards.
    enlarge : int
        How many times its size a picture is before the network sees it. EfficientNet-Lite0 takes only every second
        place at its first convolution, so it could not tell one pixel from the next; at twice the size it can.
    stands_in_for : str, or None
        The network that was asked for and could not be had.

    Notes
    -----
    Taught in chapter 04, section "Painting".
    """

    def __init__(self, model, layers, prepare, *, enlarge=1, stands_in_for=None):
        model.trainable = False
        self.model, self.layers, self.prepare = model, tuple(layers), prepare
        self.enlarge, self.stands_in_for = enlarge, stands_in_for
        self._parts: dict = {}

    @property
    def name(self):
        """What the network is called, a str."""
        return self.model.name

    def __repr__(self):
        instead = f", in place of {self.stands_in_for}" if self.stands_in_for else ""
        return f"<FeatureMaps {self.name}{instead}: {len(self.layers)} layers to ask for>"

    def __call__(self, pictures, layers, *, margin=MARGIN):
        """What some layers make of pictures.

        Parameters
        ----------
        pictures : tensor, shape (batch, H, W, 3), float32 sRGB in 0..255
        layers : iterable of str
        margin : int
            Pixels that the picture goes on for, mirrored, or an eighth of a side if that is less.

        Returns
        -------
        list of tensor, each of shape (batch, h, w, channels), float32
            In the order of `layers`; differentiable. They reach a little over the picture's edges (`MARGIN`).

        Raises
        ------
        ValueError
            There is no such layer; the message lists those there are.
        """
        tf, _ = tensorflow()
        rim = [min(margin, side // 8) for side in pictures.shape[1:3]]  # of a small picture it must not be the most
        pictures = tf.pad(pictures, [(0, 0), *((one, one) for one in rim), (0, 0)], "REFLECT")
        height, width = pictures.shape[1:3]
        times = max(self.enlarge, math.ceil(SMALLEST / min(height, width)))
        if times > 1:
            pictures = tf.image.resize(pictures, (times * height, times * width))  # bilinear
        found = self._part(tuple(layers))(self.prepare(pictures), training=False)
        return found if isinstance(found, list) else [found]  # Keras may take a single one out of its list

    def _part(self, layers):
        """The network as far as these layers."""
        _, keras = tensorflow()
        if layers not in self._parts:
            for name in layers:
                if name not in self.layers:
                    raise ValueError(f"{self!r} has no layer {name!r:.60}; it has {', '.join(self.layers)}.")
            self._parts[layers] = keras.Model(self.model.input, [self.model.get_layer(name).output for name in layers])
        return self._parts[layers]


def open_feature_maps(name="efficientnet_lite0", *, weights="trained", notice=print):
    """Open a network as a function of pictures of any size.

    Parameters
    ----------
    name : str
        One of `NAMES`. Keras fetches the convolutions of VGG16 or VGG19 (59 or 80 MB) once.
    weights : {"trained", None}
        None gives a VGG random weights, which need no fetching: enough for shapes and times.
    notice : callable
        Told, in a sentence, when weights cannot be had.

    Returns
    -------
    FeatureMaps
        Where weights cannot be had, of the shipped EfficientNet-Lite0, with `stands_in_for` set to `name`.

    Raises
    ------
    ValueError
        There is no such network.
    ImportError
        TensorFlow is missing.

    Notes
    -----
    Taught in chapter 04, section "Painting".
    """
    if name not in NAMES:
        raise ValueError(f"There is no network {name!r:.60} for painting; the choices are: {', '.join(NAMES)}.")
    if name == "efficientnet_lite0":
        return _efficientnet()
    if weights is None:
        return _vgg(name, None)
    try:
        return patiently(lambda: _vgg(name, "imagenet"), name)
    except Exception as problem:  # no network, no disk, a file that is not the right one: all end the same way
        reason = str(problem).rpartition(" -- ")[2]  # Keras puts the address before it
        notice(f"The weights of {name} could not be had ({reason:.200}): EfficientNet-Lite0 stands in for it.")
        maps = _efficientnet()
        return FeatureMaps(maps.model, maps.layers, maps.prepare, enlarge=maps.enlarge, stands_in_for=name)


@functools.cache
def _efficientnet():
    """EfficientNet-Lite0 with its weights, opened once."""
    model = build(size=None, exact=True)
    read_weights(model)
    layers = ["stem"]
    for n in range(sum(repeats for repeats, *_ in BLOCKS)):
        layers += [f"block_{n}_{part}" for part in ("expand", "depthwise") if n or part != "expand"]
        layers.append(f"block_{n}")
    return FeatureMaps(model, layers, scale, enlarge=2)


@functools.cache
def _vgg(name, weights):
    """The convolutions of VGG16 or VGG19 (Simonyan & Zisserman 2015, arXiv:1409.1556)."""
    _, keras = tensorflow()
    module = getattr(keras.applications, name)
    with precision(exact=True):
        model = getattr(module, _BUILDERS[name])(weights=weights, include_top=False, input_shape=(None, None, 3))
    layers = [layer.name for layer in model.layers if "_conv" in layer.name or "_pool" in layer.name]
    return FeatureMaps(model, layers, module.preprocess_input)
