"""What a picture is wanted to be, as one number: the style of a painting, the content of a photograph.

Features are taken relative to the painting's means, or nine tenths of each Gram matrix of the shipped network would be
the means' alone (shifting them: Novak & Nikulin 2016, arXiv:1605.04603).

Taught in chapter 04, section "Painting".
"""

import functools

import numpy as np

from ..backbones.engine import tensorflow
from . import gram, losses

__all__ = ["ALREADY", "CONTENT_LAYER", "FLAT", "STYLE_LAYERS", "TERMS", "Aim", "between", "centred", "symmetric_gram"]

_VGG_STYLE = tuple(f"block{n}_conv1" for n in range(1, 6))  # as Gatys et al.
#: Whose Gram matrices are the style. Of EfficientNet-Lite0 the widened layers: like VGG's they have been through a
#: ReLU and have many channels; the narrow layers between them are sums of what came before.
STYLE_LAYERS = {
    "efficientnet_lite0": ("stem", *(f"block_{n}_expand" for n in (1, 3, 5, 8, 11))),
    "vgg19": _VGG_STYLE,
    "vgg16": _VGG_STYLE,
}
CONTENT_LAYER = {"efficientnet_lite0": "block_7", "vgg19": "block4_conv2", "vgg16": "block4_conv2"}
#: Where patches are matched: further in, for they are compared each with each.
_PATCH_LAYERS = {"efficientnet_lite0": ("block_5_expand", "block_8_expand")}
_PATCH = {"size": 3, "stride": 2}

ALREADY = 1e-3  #: style distance at which a picture has the style
FLAT = 0.5 / 255  #: roughness of one colour


# --- ways to say style: (features of the painting, of the photograph) -> target; (features, target) -> distance ---


def symmetric_gram(features):
    """`gram.gram_matrix` of features, a tensor (n, h, w, channels), with half the work for its slope.

    It is symmetric, so one product does: d loss / d F = F (S + S^T) / N,  S = d loss / d G.
    """
    tf, _ = tensorflow()

    @tf.custom_gradient
    def product(rows):
        return tf.matmul(rows, rows, transpose_a=True), lambda s: tf.matmul(rows, s + tf.linalg.matrix_transpose(s))

    places = features.shape[1] * features.shape[2]
    return product(tf.reshape(features, (-1, places, features.shape[-1]))) / places


def centred(features):
    """What is the style of one picture's features, a tensor (1, h, w, channels).

    Returns
    -------
    tuple of tensor
        Means of the channels, shape (1, channels); Gram matrix of the features less them, (1, channels, channels).
    """
    mean = gram.moments(features)[0]
    return mean, symmetric_gram(features - mean)


def between(one, other, share):
    """What is `share` (0..1) of the way from one to the other: arrays or tensors, or tuples or lists of them."""
    if isinstance(one, tuple | list):
        return type(one)(between(*pair, share) for pair in zip(one, other, strict=True))
    return (1 - share) * one + share * other


TERMS = {
    "gram": (
        lambda style, _: centred(style),
        lambda found, target: losses.style_loss(symmetric_gram(found - target[0]), target[1]),
    ),
    "moments": (lambda style, _: gram.moments(style), lambda found, target: losses.moment_loss(found, *target)),
    "histogram": (
        lambda style, like: losses.quantiles(style, int(np.prod(like.shape[1:-1]))),
        losses.histogram_loss,
    ),
    "patches": (
        lambda style, _: gram.patches(style, **_PATCH),
        lambda found, target: losses.patch_loss(found, target, **_PATCH),
    ),
}  #: Gram matrices; means and deviations; histograms; windows (a Markov random field). See `style.losses`.


class Aim:
    """What a picture is wanted to be: a style, and, where there is a photograph, its content.

    Parameters
    ----------
    network : FeatureMaps
    start : tensor, shape (1, H, W, 3)
        The photograph, or what a texture starts from.
    painting : tensor, shape (1, h, w, 3)
    second : tensor, shape (1, h, w, 3), optional
        Another painting: the style lies between the two. Windows ("patches") have no between.
    share : float, 0..1
        Of the second.
    term : str
        One of `TERMS`.
    layers : list of str, or dict of str to float
        Of the style, and how much each counts.
    content : bool
    """

    def __init__(self, network, start, painting, second=None, *, share=0.5, term="gram", layers=None, content=True):
        # What is mirrored is seen twice, and noise has no edge that ought to stay: a frame would grow around it.
        self.see = network if content else functools.partial(network, margin=0)
        self.content = content
        self.target_of, self.distance = TERMS[term]
        layers = layers or _layers(network.name, term)
        weights = layers if isinstance(layers, dict) else dict.fromkeys(layers, 1.0)
        total = sum(weight for weight in weights.values() if weight > 0)
        if not total:
            raise ValueError("All layers have a weight of 0, so there is no style: give one of them a larger weight.")
        self.weights = {name: weight / total for name, weight in weights.items() if weight > 0}
        self.layers = (*self.weights, CONTENT_LAYER[network.name])

        *like, self.wanted = self.see(start, self.layers)
        found = self._target(painting, like)
        if second is not None:
            found = between(found, self._target(second, like), share)
        self.targets, self.roughness = found
        self.style_before = self._style(like)

    def _target(self, painting, like):
        """Of one painting: what its style is, layer by layer, and its roughness."""
        seen = self.see(painting, tuple(self.weights))
        return [*map(self.target_of, seen, like)], losses.total_variation(painting / 255)

    def _style(self, features):
        """Distance from the style, mean over the layers."""
        apart = map(self.distance, features, self.targets)
        return sum(weight * one for weight, one in zip(self.weights.values(), apart, strict=True))

    def __call__(self, picture, weight=0.0):
        """How far a picture, tensor (1, H, W, 3), is from it: dict of str to scalar tensor.

        style : share of the start's distance that is left.
        content, cosine : of the content layer.
        rough : square of how much rougher than the painting it is, as a share.
        loss : style + weight * content + rough.
        """
        tf, _ = tensorflow()
        *features, last = self.see(picture, self.layers)
        style = self._style(features) / tf.maximum(self.style_before, ALREADY)
        content = losses.content_loss(last, self.wanted)
        rough = tf.nn.relu(losses.total_variation(picture / 255) / tf.maximum(self.roughness, FLAT) - 1) ** 2
        return {
            "loss": style + rough + (weight * content if self.content else 0),
            "style": style,
            "content": content,
            "cosine": losses.cosine_similarity(last, self.wanted),
            "rough": rough,
        }


def _layers(name, term):
    """The layers that are asked unless others are."""
    patches = _PATCH_LAYERS.get(name, STYLE_LAYERS[name][2:4])
    return patches if term == "patches" else STYLE_LAYERS[name]
