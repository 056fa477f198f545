"""What the style mixer paints and measures with: the shipped networks behind four calls, and styles between two.

Taught in chapter 04, "Gram matrices".
"""

import numpy as np
from PIL import Image

from ..backbones.engine import tensorflow
from ..style import content_loss, cosine_similarity, gram_matrix, moments, total_variation
from ..style.aims import ALREADY, CONTENT_LAYER, FLAT, STYLE_LAYERS, TERMS

__all__ = ["Studio", "beside", "distances", "mixed", "resized"]

NETWORK = "efficientnet_lite0"
SCALES = (4, 2, 1)
RATE = 5.0  # of 255, how far a pixel moves in one of the first steps
SLACK = 0.01  # of the cosine that is to be kept, while the weight swings
SMALLEST = 32  # px a side: below that there are no large shapes to settle


class Studio:
    """The shipped networks, each opened when it is first asked.

    Attributes
    ----------
    layers : tuple of str
        Whose Gram matrices are the style.

    Notes
    -----
    Taught in chapter 04, section "Painting at once".
    """

    layers = STYLE_LAYERS[NETWORK]

    def vector(self, painting):
        """A painting's style for the stylist: np.ndarray, shape (numbers,)."""
        from ..backbones.style_vector import style_vectors

        return style_vectors([painting])[0]

    def paint(self, photo, vector, *, strength):
        """The photograph (H, W, 3), uint8, painted at once; `strength` 0..1, of the paint."""
        from ..networks.stylist import open_stylist

        return open_stylist().paint(photo, vector, strength=strength)

    def look(self, picture):
        """What of a picture is style and content.

        Parameters
        ----------
        picture : np.ndarray, shape (H, W, 3), uint8 sRGB

        Returns
        -------
        dict
            "styles": for each of `layers` its (means, Gram matrix), float64; "content": np.ndarray, shape (h, w,
            channels); "roughness": float, total variation of the picture in 0..1.
        """
        *features, last = self._features(picture[None].astype(np.float32))
        styles = [(np.float64(moments(one)[0][0]), np.float64(gram_matrix(one)[0])) for one in features]
        roughness = float(total_variation(picture[None] / 255.0))
        return {"styles": styles, "content": np.asarray(last)[0], "roughness": roughness}

    def _features(self, pictures):
        from ..backbones.feature_maps import open_feature_maps

        tf, _ = tensorflow()
        return open_feature_maps(NETWORK)(tf.convert_to_tensor(pictures), (*self.layers, CONTENT_LAYER[NETWORK]))

    def refine(self, start, photo, paintings, *, share, weights, keep, steps, watch):
        """Go on painting by optimisation: at a quarter of the size, for large shapes, at half of it, and at all of it.

        Parameters
        ----------
        start, photo : np.ndarray, shape (H, W, 3), uint8 sRGB
            The picture to begin with, and the one whose content is to stay.
        paintings : two of np.ndarray, shape (h, w, 3), uint8 sRGB
        share : float, 0..1
            Of the second painting.
        weights : sequence of float
            Of the layers.
        keep : float
            Cosine between the content features of picture and photograph that is to stay.
        steps : int
        watch : callable
            Called as `watch(step, picture)` before each step; a return of True ends it.

        Returns
        -------
        np.ndarray, shape (H, W, 3), uint8 sRGB
            The best so far: of those that keep the content, the nearest to the style.
        """
        size, done, ended = photo.shape[:2], 0, False

        def watched(step, values):
            nonlocal ended
            ended = bool(watch(done + step, resized(_pixels(values[0]), size)))
            return ended

        picture = start
        scales = [scale for scale in SCALES if scale == 1 or min(size) // scale >= SMALLEST]
        for n, scale in enumerate(scales):
            if ended:
                break
            small = tuple(side // scale for side in size)
            like, last = resized(photo, small), steps * (n + 1) // len(scales)
            first, second = (self.look(beside(painting, like)) for painting in paintings)
            target = mixed(first, second, share)
            picture = self._level(resized(picture, small), like, target, weights, keep, last - done, watched)
            done = last
        return resized(picture, size)

    def _level(self, start, photo, target, weights, keep, steps, watched):
        """The best of some steps at one size."""
        from ..style.optimisation import Balance, optimise

        (tf, _), (_, distance) = tensorflow(), TERMS["gram"]
        styles = [
            (tf.constant(mean, tf.float32), tf.constant(gram[None], tf.float32)) for mean, gram in target["styles"]
        ]
        used = [(k, weight / sum(weights)) for k, weight in enumerate(weights) if weight > 0]

        def style_of(features):
            apart = [distance(features[k], styles[k]) * share for k, share in used]
            return tf.add_n(apart)

        *features, wanted = self._features(photo[None].astype(np.float32))
        before, rough = tf.maximum(style_of(features), ALREADY), max(target["roughness"], FLAT)
        balance, variable = Balance(keep), tf.Variable(start[None].astype(np.float32))

        def loss():
            *features, last = self._features(variable)
            style, content = style_of(features) / before, content_loss(last, wanted)
            rougher = tf.nn.relu(total_variation(variable / 255) / rough - 1) ** 2
            cosine = cosine_similarity(last, wanted)
            return {"loss": style + rougher + balance.weight * content, "style": style, "cosine": cosine}

        found = optimise(
            [variable],
            loss,
            steps=steps,
            rate=RATE,
            score=lambda now: (max(0.0, keep - SLACK - now["cosine"]), now["style"]),
            constrain=lambda pixels: tf.clip_by_value(pixels, 0, 255),
            after=lambda now: balance.adapt(now["cosine"]),
            watch=lambda step, _, values: watched(step, values),
        )
        return _pixels(found.values[0])


def _pixels(value):
    return np.rint(np.asarray(value)[0]).astype(np.uint8)


# ---- styles between two, and how far a picture is from one -----------------------------------------------------------


def mixed(first, second, share):
    """A style between two: means of the channels, and Gram matrices without them.

    Parameters
    ----------
    first, second : dict
        From `Studio.look`.
    share : float, 0..1
        Of the second.

    Returns
    -------
    dict
        "styles": for each layer (means, Gram matrix of the features less the means); "roughness".
    """
    centred = [[(mean, gram - np.outer(mean, mean)) for mean, gram in one["styles"]] for one in (first, second)]
    styles = [
        tuple((1 - share) * one + share * other for one, other in zip(*pair, strict=True))
        for pair in zip(*centred, strict=True)
    ]
    return {"styles": styles, "roughness": (1 - share) * first["roughness"] + share * second["roughness"]}


def distances(seen, target):
    """How far a picture is from a style, layer by layer, relative to it: np.ndarray, shape (layers,).

    ||G - T||_F^2 / ||T||_F^2, both of the features less the style's means m:  G = F F^T / N - f m^T - m f^T + m m^T,
    with the picture's means f.
    """
    found = []
    for (mean, gram), (centre, wanted) in zip(seen["styles"], target["styles"], strict=True):
        cross = np.outer(mean, centre)
        shifted = gram - cross - cross.T + np.outer(centre, centre)
        found.append(((shifted - wanted) ** 2).sum() / max(float((wanted**2).sum()), 1e-12))
    return np.array(found)


def beside(painting, photo):
    """The painting with its longest side as long as the photograph's, so that its strokes are."""
    scale = max(photo.shape[:2]) / max(painting.shape[:2])
    return resized(painting, tuple(max(1, round(scale * side)) for side in painting.shape[:2]))


def resized(picture, size):
    """A picture at (height, width)."""
    if picture.shape[:2] == tuple(size):
        return picture
    return np.asarray(Image.fromarray(picture).resize(size[::-1], Image.Resampling.LANCZOS))
