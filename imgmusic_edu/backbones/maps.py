"""Where in a picture a network looks: which places spoke for a class, and where one unit answers.

Maps come at the layer's own size, a few places a side; `enlarge` lays them on the picture.

Taught in chapter 02, section "Which pixels a unit looks at".
"""

import functools

import numpy as np
from PIL import Image

from .. import datasets
from .engine import tensorflow
from .pipeline import centre_box

__all__ = ["class_activation_map", "enlarge", "grad_cam", "top_pictures", "unit_map"]


def class_activation_map(backbone, picture, target):
    """What each place in a picture adds to a class.

    M_c(x, y) = 1 / (h w) sum_k w_kc f_k(x, y):  f_k are the channels of the last feature map, w_kc their weights for
    class c (Zhou et al. 2016, "Learning deep features for discriminative localization", CVPR, equation 2; divided by
    the number of places, for the network takes the mean where theirs takes the sum). No gradient and no
    approximation: the sum of the map and the class's bias are the logit.

    Parameters
    ----------
    backbone : Backbone
        One that ends in global average pooling and one dense layer: EfficientNet-Lite0 or ResNet50.
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB
    target : str or int
        Name or number of a class.

    Returns
    -------
    np.ndarray, shape (h, w), float32, logits
        7 x 7 for both networks; below 0 where a place speaks against the class.

    Raises
    ------
    ValueError
        The network ends otherwise, or there is no such class.

    Notes
    -----
    Taught in chapter 02, section "Where it saw the cat".
    """
    dense = backbone.model.get_layer("logits")
    last = _last_map(backbone, dense.input)
    weights = np.asarray(dense.kernel)[:, backbone.class_index(target)]  # (channels,)
    values = backbone.activations([picture], last)[last][0] @ weights  # (h, w)
    return values / values.size


def grad_cam(backbone, picture, target, layer):
    """Which places of a layer would raise a class, told by the gradient; works for any network and layer of it.

    ReLU(sum_k a_k A_k),  a_k = mean over places of  d logit_c / d A_k  (Selvaraju et al. 2017, "Grad-CAM", ICCV,
    equations 1 and 2). At the last feature map of a network with global average pooling it is the positive part
    of `class_activation_map`.

    Parameters
    ----------
    backbone : Backbone
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB
    target : str or int
        Name or number of a class.
    layer : str
        One of the backbone's `layers` that has places.

    Returns
    -------
    np.ndarray, shape (h, w), float32, 0 or more
        At the layer's own size.

    Raises
    ------
    ValueError
        There is no such class or layer, or the layer has no places.

    Notes
    -----
    Taught in chapter 02, section "Where it saw the cat".
    """
    tf, keras = tensorflow()
    index = backbone.class_index(target)
    _check_places(backbone, layer)
    outputs = [backbone.model.get_layer(name).output for name in (layer, "logits")]
    picture = tf.constant(backbone.prepare(picture)[None])
    with tf.GradientTape() as tape:
        tape.watch(picture)  # the weights are frozen, so without this nothing would be recorded
        features, logits = keras.Model(backbone.model.input, outputs)(picture, training=False)
        logit = logits[:, index]
    slope = tf.cast(tape.gradient(logit, features)[0], tf.float32)  # (h, w, channels)
    alpha = tf.reduce_mean(slope, axis=(0, 1))
    return tf.nn.relu(tf.linalg.matvec(tf.cast(features[0], tf.float32), alpha)).numpy()


def unit_map(backbone, picture, layer, unit):
    """Where in a picture one unit answers.

    Parameters
    ----------
    backbone : Backbone
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB
    layer : str
        One of the backbone's `layers` that has places.
    unit : int
        Number of the channel.

    Returns
    -------
    np.ndarray, shape (H, W), float32
        The channel's response, enlarged to the picture; 0 at the rim, which the network is not shown.

    Raises
    ------
    ValueError
        There is no such layer or unit, or the layer has no places.

    Notes
    -----
    Taught in chapter 02, section "Which pixels a unit looks at".
    """
    _check_places(backbone, layer)
    _check_unit(backbone, layer, unit)
    return enlarge(backbone.activations([picture], layer)[layer][0, ..., unit], picture)


def enlarge(values, picture):
    """A map of the places of a layer, laid on the picture.

    Parameters
    ----------
    values : np.ndarray, shape (h, w)
        From `class_activation_map` or `grad_cam`.
    picture : np.ndarray, shape (H, W, 3), uint8
        The picture it was made of.

    Returns
    -------
    np.ndarray, shape (H, W), float32
        Interpolated (bilinear) over the middle square that the network is shown; 0 around it.
    """
    height, width = picture.shape[:2]
    left, top, right, bottom = (round(edge) for edge in centre_box(height, width))
    small = Image.fromarray(np.asarray(values, dtype=np.float32))
    laid = np.zeros((height, width), np.float32)
    laid[top:bottom, left:right] = small.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
    return laid


def top_pictures(backbone, layer, unit, *, n=9, names=None):
    """Shipped pictures that excite a unit most, over the whole picture.

    Parameters
    ----------
    backbone : Backbone
    layer : str
        One of the backbone's `layers`.
    unit : int
        Number of the channel.
    n : int
        How many pictures.
    names : iterable of str, optional
        Shipped pictures to look through; without it, all photographs. A layer looks through them once (seconds);
        other units of it are answered from what was found then.

    Returns
    -------
    list of (str, float)
        Name and the unit's mean response over all places, the strongest first. (Not the largest: units of
        EfficientNet-Lite0 stop at 6, which many pictures reach somewhere.)

    Raises
    ------
    ValueError
        There is no such layer, unit or picture.

    Notes
    -----
    Taught in chapter 02, section "Which pixels a unit looks at".
    """
    names = tuple(datasets.photographs() if names is None else names)
    _check_unit(backbone, layer, unit)
    responses = _responses(backbone, layer, names)[:, unit]
    best = np.argsort(-responses, kind="stable")[:n]
    return [(names[k], float(responses[k])) for k in best]


@functools.lru_cache(maxsize=32)
def _responses(backbone, layer, names):
    """Mean response of each unit of a layer to each shipped picture: (pictures, channels)."""
    return backbone.activations(map(datasets.picture, names), layer, pool="mean")[layer]


def _last_map(backbone, pooled):
    """Name of the layer whose mean over all places is `pooled`, what the dense layer is given."""
    _, keras = tensorflow()
    for layer in backbone.model.layers:
        if isinstance(layer, keras.layers.GlobalAveragePooling2D) and layer.output is pooled:
            return next(name for name in backbone.layers if backbone.model.get_layer(name).output is layer.input)
    raise ValueError(
        f"{backbone.name} does not end in global average pooling and one dense layer, which class activation maps "
        "need: use grad_cam, or the network efficientnet_lite0."
    )


def _check_places(backbone, layer):
    shape = backbone.shape(layer)
    if len(shape) != 3:
        raise ValueError(f"The layer {layer!r} of {backbone.name} has no places, only {shape[-1]} numbers a picture.")


def _check_unit(backbone, layer, unit):
    n_units = backbone.shape(layer)[-1]
    if not 0 <= unit < n_units:
        raise ValueError(f"The layer {layer!r} has units 0 to {n_units - 1}, {unit} was asked for.")
