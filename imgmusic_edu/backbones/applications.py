"""VGG16 and ResNet50 as Keras brings them: their own preparation, all their layers, weights fetched once.

Article 1 asks a VGG16 built with `include_top=False` for its layer "fc2", which is not there, and feeds it pictures
that were never prepared. Here both networks are built whole and come with the preparation they were trained with
(Simonyan & Zisserman 2015, arXiv:1409.1556; He et al. 2016, "Deep residual learning", CVPR).

Taught in chapter 02, section "What goes wrong in practice".
"""

import contextlib
import dataclasses
import functools
import os
import socket
import threading
import time
from pathlib import Path

from .efficientnet import image_classes, open_efficientnet
from .engine import precision, tensorflow
from .pipeline import Backbone, centre_square

__all__ = ["LAYERS", "open_application"]

SIZE = 224  # pixels, both networks
PATIENCE = 10.0  # seconds until something must have come of a fetch, and for any silence after that
_BUILDERS = {"vgg16": "VGG16", "resnet50": "ResNet50"}

#: Layers one can ask for, under Keras's names; "logits" and "predictions" are before and after the softmax.
LAYERS = {
    "vgg16": (
        *(
            f"block{n}_{layer}"
            for n, convolutions in enumerate((2, 2, 3, 3, 3), 1)
            for layer in (*(f"conv{k}" for k in range(1, convolutions + 1)), "pool")
        ),
        *("flatten", "fc1", "fc2", "logits", "predictions"),
    ),
    "resnet50": (
        *("conv1_relu", "pool1_pool"),
        *(f"conv{n}_block{k}_out" for n, blocks in enumerate((3, 4, 6, 3), 2) for k in range(1, blocks + 1)),
        *("avg_pool", "logits", "predictions"),
    ),
}


def open_application(name, *, weights="trained", notice=print):
    """VGG16 or ResNet50, or the shipped network in its place: a `Backbone` (see `backbones.load`).

    Keras keeps the weights (VGG16 553 MB, ResNet50 103 MB) in its cache and holds them against their hash each time.
    """
    tensorflow()
    if weights is None:
        return _backbone(name, _build(name, None))
    try:
        return _backbone(name, patiently(lambda: _build(name, "imagenet"), name))
    except Exception as problem:  # no network, no disk, a file that is not the right one: all end the same way
        reason = str(problem).rpartition(" -- ")[2]  # Keras puts the address before it
        notice(
            f"The weights of {name} could not be had ({reason:.200}): the shipped EfficientNet-Lite0 stands in for it, "
            "with layers of other names (.layers lists them). With an internet connection, load it again."
        )
        return dataclasses.replace(open_efficientnet(), stands_in_for=name)


def _backbone(name, model):
    read = functools.partial(centre_square, size=SIZE)
    return Backbone(model, read, LAYERS[name], image_classes(), scale=_module(name).preprocess_input)


def _module(name):
    _, keras = tensorflow()
    return getattr(keras.applications, name)


def _build(name, weights):
    """The whole network, its last layer taken apart into logits and softmax."""
    _, keras = tensorflow()
    with precision():
        base = getattr(_module(name), _BUILDERS[name])(weights=weights, include_top=True, classifier_activation=None)
        last = base.layers[-1]
        last.name = "logits"
        predictions = keras.layers.Softmax(name="predictions", dtype="float32")(last.output)
        return keras.Model(base.input, predictions, name=name)


def patiently(build, name):
    """`build()`, which may fetch weights, or a TimeoutError when nothing comes.

    A network that drops what is sent (a classroom's firewall) keeps a connection waiting for minutes, one address
    after another. So it waits in a thread of its own, which is left behind when no file has begun in time.
    """
    made: list = []
    problems: list = []

    def fetch():
        try:
            made.append(build())
        except Exception as problem:
            problems.append(problem)

    with _silence_ends_it(PATIENCE):
        thread = threading.Thread(target=fetch, daemon=True)
        thread.start()
        deadline = time.monotonic() + PATIENCE
        while thread.is_alive():
            thread.join(0.1)
            if time.monotonic() > deadline and not _begun(name):
                raise TimeoutError(f"nothing has come within {PATIENCE:g} s")
    if problems:
        raise problems[0]
    return made[0]


def _begun(name):
    """Is there a file of weights in Keras's cache, or the beginning of one?"""
    cache = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return any((cache / "models").glob(f"{name}_weights*"))


@contextlib.contextmanager
def _silence_ends_it(seconds):
    """Connections made inside give up after so many seconds without a byte."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
