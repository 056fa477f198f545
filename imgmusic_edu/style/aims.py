"""What a picture is wanted to be, as one number: the style of a painting, the content of a photograph.

Features are taken relative to the painting's means, or nine tenths of each Gram matrix of the shipped network would be
the means' alone (shifting them: Novak & Nikulin 2016, arXiv:1605.04603).

Taught in chapter 04, section "Painting".
"""

import functools

import numpy as np

from ..backbones.engine import tensorflow
from . import gram, losses

__all__ = ["ALREADY", "CONTENT_LAYER", "FLAT", "STYLE_LAYERS", "TERMS", "Aim"]

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


def _gram(features):
    """`gram.gram_matrix` of one picture, with half the work for its slope: it is symmetric, so one product does.

    d loss / d F = F (S + S^T) / N,  S = d loss / d G.
    """
    tf, _ = tensorflow()

    @tf.custom_gradient
    def product(rows):
        return tf.matmul(rows, rows, transpose_a=True), lambda slope: tf.matmul(rows, slope + tf.transpose(slope))

    rows = tf.reshape(features, (-1, features.shape[-1]))  # (places, channels)
    return product(rows)[None] / rows.shape[0]


def _shifted(features):
    mean = gram.moments(features)[0][:, None, None]
    return mean, _gram(features - mean)


TERMS = {
    "gram": (
        lambda style, _: _shifted(style),
        lambda found, target: losses.style_loss(_gram(found - target[0]), target[1]),
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
    term : str
        One of `TERMS`.
    layers : tuple of str
        Of the style.
    content : bool
    """

    def __init__(self, network, start, painting, *, term="gram", layers=None, content=True):
        # What is mirrored is seen twice, and noise has no edge that ought to stay: a frame would grow around it.
        self.see = network if content else functools.partial(network, margin=0)
        self.content = content
        self.target_of, self.distance = TERMS[term]
        self.style_layers = tuple(layers or _layers(network.name, term))
        self.layers = (*self.style_layers, CONTENT_LAYER[network.name])

        like, style = self.see(start, self.layers), self.see(painting, self.style_layers)
        self.targets = [self.target_of(one, other) for one, other in zip(style, like[:-1], strict=True)]
        self.wanted = like[-1]
        self.style_before = self._style(like[:-1])
        self.roughness = losses.total_variation(painting / 255)

    def _style(self, features):
        """Distance from the style, mean over the layers."""
        return sum(map(self.distance, features, self.targets)) / len(self.targets)

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
