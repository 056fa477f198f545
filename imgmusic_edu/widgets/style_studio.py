"""What the style mixer paints and measures with: the shipped networks behind four calls.

Taught in chapter 04, "Gram matrices".
"""

import numpy as np

from ..backbones.engine import tensorflow
from ..style import style_loss
from ..style.aims import CONTENT_LAYER, STYLE_LAYERS, centred
from ..style.painting import paint, resized

__all__ = ["Studio", "distances"]

NETWORK = "efficientnet_lite0"


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
            "styles": for each of `layers` what `centred` says of it, as np.ndarray, float64; "content": np.ndarray,
            shape (h, w, channels).
        """
        from ..backbones.feature_maps import open_feature_maps

        tf, _ = tensorflow()
        pixels, layers = tf.constant(picture[None], tf.float32), (*self.layers, CONTENT_LAYER[NETWORK])
        *features, last = open_feature_maps(NETWORK)(pixels, layers)
        styles = [tuple(map(np.float64, centred(one))) for one in features]
        return {"styles": styles, "content": np.asarray(last)[0]}

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

        def watched(state):
            return watch(min(state.step, steps), resized(state.picture, photo.shape[:2]))

        first, second = paintings
        return paint(
            photo,
            first,
            second=second,
            share=share,
            start=start,
            keep=keep,
            side=max(photo.shape[:2]),
            layers=dict(zip(self.layers, weights, strict=True)),
            steps=(steps // 3, steps // 3, steps - 2 * (steps // 3)),
            progress=watched,
        ).picture


def distances(styles, target):
    """How far a picture's styles are from others, both as in `Studio.look`: np.ndarray, shape (layers,).

    The `style_loss` of Gram matrices of the features less the target's means m. With the picture's own means f it is
    that of the features less f, and (f - m)^T (f - m).
    """
    found = []
    for (mean, gram), (centre, wanted) in zip(styles, target, strict=True):
        apart = mean - centre
        found.append(float(style_loss(gram + apart[:, :, None] * apart[:, None], wanted)))
    return np.array(found)
