"""One network for all manners of painting: a photograph and a hundred numbers for a style go in, a painting comes out.

Optimisation paints one picture in a minute; this network has learnt from many and paints any in a blink. Its
convolutions are the same for all paintings (Johnson, Alahi & Fei-Fei 2016, arXiv:1603.08155). What differs is how
loud each channel is: after every convolution each channel is brought to mean 0 and deviation 1 over its own picture
(Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022) and then given a scale and a shift that belong to the style
(Dumoulin, Shlens & Kudlur 2017, arXiv:1610.07629). Those are a linear map of the style vector, so a painting never
seen has them too, and between two styles lie others (Ghiasi et al. 2017, arXiv:1705.06830). Ours lays its strokes on
the photograph, whose three colours the style mixes anew: it has less to learn so.

`stylist_training` trains it.

Taught in chapter 04, "Gram matrices".
"""

import functools

import numpy as np

from ..backbones.engine import tensorflow
from ..backbones.style_vector import LENGTH, style_vectors
from ..datasets import data_path
from ..pictures import checked
from .training import load_networks

__all__ = ["LARGEST", "Stylist", "build", "mix", "open_stylist"]

STEP = 4  # pixels: two halvings
SMALLEST = 32  # pixels; smaller pictures are continued at their edges, for the padding mirrors up to 4 places
LARGEST = 2048  #: pixels, the longest side it paints: about 2 GB of memory
WIDTHS = (16, 32, 64)  # channels at full, half and quarter size
RESIDUALS = 5
EPSILON = 1e-5
GAIN = 4.0  # of the style vector


def build(*, widths=WIDTHS, residuals=RESIDUALS):
    """The network with random weights: (n, h, w, 3) pictures in 0..1 and (n, LENGTH) style vectors in, pictures out.

    Parameters
    ----------
    widths : (int, int, int)
        Channels at full, half and quarter size.
    residuals : int
        Blocks at quarter size.

    Returns
    -------
    dict of str to keras.Model
        "stylist", for `training.save_networks`; h and w are multiples of 4.

    Raises
    ------
    ImportError
        TensorFlow is missing.

    Notes
    -----
    Taught in chapter 04, section "Painting at once".
    """
    _, keras = tensorflow()
    layers, ops = keras.layers, keras.ops
    picture = keras.Input((None, None, 3), name="picture")
    style = keras.Input((LENGTH,), name="style")

    def mirrored(x, n):
        return ops.pad(x, ((0, 0), (n, n), (n, n), (0, 0)), mode="reflect")

    # A number of a style vector differs by about 1/4 from painting to painting; as inputs they should by about 1.
    loud = GAIN * style

    def convolved(x, name, filters, size, stride=1):
        """Mirrored at its edges, convolved, and styled."""
        return styled(layers.Conv2D(filters, size, stride, use_bias=False, name=name)(mirrored(x, size // 2)), name)

    def styled(x, name):
        """Each channel set to the mean and deviation that the style asks for."""
        wanted = layers.Dense(2 * x.shape[-1], kernel_initializer="zeros", name=f"{name}_style")(loud)
        scale, shift = ops.split(wanted[:, None, None, :], 2, axis=-1)  # (batch, 1, 1, filters)
        mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)
        return (x - mean) * ops.rsqrt(variance + EPSILON) * (1 + scale) + shift

    def residual(x, name):
        y = ops.relu(convolved(x, f"{name}_a", widths[2], 3))
        return x + convolved(y, f"{name}_b", widths[2], 3)

    x = ops.relu(convolved(picture, "stem", widths[0], 9))
    x = ops.relu(convolved(x, "halve", widths[1], 3, 2))
    x = ops.relu(convolved(x, "quarter", widths[2], 3, 2))
    for k in range(residuals):
        x = residual(x, f"block_{k}")
    # Enlarged, then convolved: a transposed convolution would leave a chequerboard (Odena et al. 2016).
    x = ops.relu(convolved(layers.UpSampling2D()(x), "double", widths[1], 3))
    x = ops.relu(convolved(layers.UpSampling2D()(x), "full", widths[0], 3))
    # The photograph itself lies under the strokes, red, green and blue mixed anew: a palette of the style's.
    mixing = layers.Dense(9, kernel_initializer="zeros", name="palette")(loud)
    mixing = ops.reshape(mixing, (-1, 3, 3)) + ops.eye(3)
    ground = ops.einsum("bhwi,bij->bhwj", styled(picture, "colours"), mixing)
    strokes = layers.Conv2D(3, 9, kernel_initializer="zeros", name="paint")(mirrored(x, 4))
    return {"stylist": keras.Model([picture, style], ops.sigmoid(ground + strokes), name="stylist")}


class Stylist:
    """Photographs painted at once.

    Parameters
    ----------
    networks : mapping of str to keras.Model
        As `build` gives them.
    """

    def __init__(self, networks):
        self.network = networks["stylist"]

    def paint(self, photo, style, *, strength=1.0):
        """A photograph in the manner of a painting.

        Parameters
        ----------
        photo : np.ndarray, shape (H, W, 3), uint8 sRGB
            Any size up to LARGEST a side.
        style : np.ndarray, shape (h, w, 3), uint8 sRGB, or shape (LENGTH,), float
            A painting, or its style vector, or a `mix` of some.
        strength : float, 0..1
            How much of the paint lies on the photograph; at 0 it is the photograph itself.

        Returns
        -------
        np.ndarray, shape (H, W, 3), uint8 sRGB

        Raises
        ------
        ValueError
            No such picture, style or strength.

        Notes
        -----
        Taught in chapter 04, section "Painting at once".
        """
        photo = _checked(photo)
        if not isinstance(strength, float | int | np.floating) or not 0 <= strength <= 1:
            raise ValueError(
                f"The strength is a number from 0, the photograph, to 1, the painting; it is {strength!r:.40}."
            )
        vector = _vector(style)
        height, width = photo.shape[:2]
        down, right = (max(SMALLEST, -(-side // STEP) * STEP) - side for side in (height, width))
        whole = np.pad(photo, ((0, down), (0, right), (0, 0)), mode="edge").astype(np.float32) / 255
        # Called as it is, not compiled: every size would be compiled anew, in more time than painting takes.
        painted = np.asarray(self.network([whole[None], vector[None]], training=False))[0, :height, :width]
        mixed = strength * 255 * painted + (1 - strength) * photo
        return np.round(mixed).clip(0, 255).astype(np.uint8)


def mix(first, second, share):
    """A style between two.

    Parameters
    ----------
    first, second : np.ndarray, shape (h, w, 3), uint8 sRGB, or shape (LENGTH,), float
        Paintings or style vectors.
    share : float, 0..1
        Of the second: at 0 it is the first alone.

    Returns
    -------
    np.ndarray, shape (LENGTH,), float32

    Raises
    ------
    ValueError
        No such painting or vector, or no such share.
    """
    if not isinstance(share, float | int | np.floating) or not 0 <= share <= 1:
        raise ValueError(f"The share of the second style is a number from 0 to 1; it is {share!r:.40}.")
    return ((1 - share) * _vector(first) + share * _vector(second)).astype(np.float32)


def _vector(style):
    """The style vector of a painting, or the vector itself."""
    found = np.asarray(style)
    if found.ndim == 3:
        return style_vectors(found)[0]
    if found.shape != (LENGTH,) or found.dtype.kind != "f" or not np.isfinite(found).all():
        raise ValueError(
            f"A style is a painting of shape (H, W, 3) and type uint8, or {LENGTH} finite numbers as style_vectors "
            f"gives them for one painting; this is {found.shape} {found.dtype}."
        )
    return found.astype(np.float32)


def _checked(photo):
    photo = checked(photo)
    if max(photo.shape) > LARGEST:
        raise ValueError(
            f"The picture is {photo.shape[1]} x {photo.shape[0]} pixels, more than {LARGEST} a side: "
            "open it with open_picture(..., max_side=1024)."
        )
    return photo


@functools.cache
def open_stylist():
    """The shipped stylist, opened once.

    Raises
    ------
    ValueError
        Its weights are missing or damaged.
    ImportError
        TensorFlow is missing.
    """
    networks = build()
    load_networks(data_path("stylist"), networks)
    opened = Stylist(networks)
    blank = np.zeros((SMALLEST, SMALLEST, 3), np.uint8)
    opened.paint(blank, blank)  # whatever is called first takes longest: not the learner's picture
    return opened
