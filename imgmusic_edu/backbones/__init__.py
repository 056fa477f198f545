"""Trained networks as instruments: ask any layer of any network what it makes of a picture or a sound.

::

    from imgmusic_edu import backbones, datasets

    network = backbones.load()
    cat = datasets.picture("cat")
    network.top([cat])                                       # what it is called
    network.activations([cat], ["block_3", "pool"])          # what two of its layers make of it
    backbones.class_activation_map(network, cat, "tabby cat")  # where it saw that

Two networks are shipped, EfficientNet-Lite0 for pictures and a VGG for sounds; VGG16 and ResNet50 are fetched where
there is an internet connection.

Taught in chapters 02, "What a picture holds", and 03, "What a sound holds".
"""

from .maps import class_activation_map, enlarge, grad_cam, top_pictures, unit_map
from .pipeline import Backbone

__all__ = ["NAMES", "Backbone", "class_activation_map", "enlarge", "grad_cam", "load", "top_pictures", "unit_map"]

NAMES = ("efficientnet_lite0", "vgg16", "resnet50", "sound_vgg")  #: what `load` opens


def load(name="efficientnet_lite0", *, weights="trained", notice=print):
    """Open a network with its trained weights.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    weights : {"trained", None}
        None gives "vgg16" and "resnet50" random weights, which need no fetching: enough for shapes and times.
    notice : callable
        Told, in a sentence, when the weights of "vgg16" or "resnet50" cannot be had.

    Returns
    -------
    Backbone
        Where weights cannot be had, the shipped EfficientNet-Lite0, with `stands_in_for` set to `name`.

    Raises
    ------
    ValueError
        There is no such network.
    ImportError
        TensorFlow is missing.

    Notes
    -----
    Taught in chapter 02, section "A network that has seen a million pictures".
    """
    if name not in NAMES:
        raise ValueError(f"There is no network {name!r:.60}; the choices are: {', '.join(NAMES)}.")
    if name in ("vgg16", "resnet50"):
        from .applications import open_application

        return open_application(name, weights=weights, notice=notice)
    if name == "sound_vgg":
        from .sound_vgg import open_sound_vgg

        return open_sound_vgg()
    from .efficientnet import open_efficientnet

    return open_efficientnet()
