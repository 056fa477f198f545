"""From pictures (or sounds) to a frozen network's layers: prepare, batch, run, hand out.

Inputs are read a batch at a time, so a folder of any length flows through in the same memory.

Taught in chapter 02, "What a picture holds"; chapter 17 takes the same pipeline to a million pictures.
"""

import difflib
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from ..pictures import checked
from .engine import has_card, tensorflow

__all__ = ["BATCH_SIZE", "CROP", "Backbone", "centre_box", "centre_square"]

BATCH_SIZE = 32
CROP = 0.875  #: share of the shorter side that a network is shown: 224 of 256 pixels, as ImageNet is scored


def centre_box(height, width):
    """The square in the middle of a picture that a network is shown: (left, top, right, bottom), pixels, float."""
    side = max(1.0, CROP * min(height, width))
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


def centre_square(picture, size):
    """The middle of a picture at a network's size, as ImageNet's pictures are cut when networks are scored on it.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB
    size : int
        Side wanted, pixels.

    Returns
    -------
    np.ndarray, shape (size, size, 3), uint8 sRGB
        Bilinear, averaging where it shrinks.

    Raises
    ------
    ValueError
        It is no such picture.

    Notes
    -----
    Taught in chapter 02, section "What the network is shown".
    """
    picture = checked(picture)
    box = centre_box(*picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR, box=box))


@dataclass(eq=False)
class Backbone:
    """A trained network that is asked and never trained: any layer, for any number of pictures or sounds.

    `backbones.load` opens one. What goes in is put through the network's own preparation; what comes out is one row
    an input, float32. The network does not learn here: its weights are frozen, batch normalisation and dropout are
    in inference mode.

    Attributes
    ----------
    model : keras.Model
        The network; layers are called as in `layers`, the one before the last "logits".
    read : callable
        What is taken of one input: a picture -> (h, w, 3) uint8, a sound -> (patches, frames, bands) float32.
    layers : tuple of str
        Names one can ask for, from the input inwards; the last holds probabilities.
    classes : tuple of str, or None
        What the probabilities are of.
    stands_in_for : str, or None
        The network that was asked for and could not be had.
    patches : bool
        One input makes several patches; its row is the mean over them.
    scale : callable, or None
        From what was read, as float32, to what the network is given. It runs in the network's graph, so that
        pictures travel there as bytes, a quarter of the memory.

    Notes
    -----
    Taught in chapter 02, section "Layer by layer".
    """

    model: Any
    read: Callable[[Any], np.ndarray]
    layers: tuple[str, ...]
    classes: tuple[str, ...] | None = None
    stands_in_for: str | None = None
    patches: bool = False
    scale: Callable[[Any], Any] | None = None
    _runs: dict = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self):
        self.model.trainable = False

    def __repr__(self):
        instead = f", in place of {self.stands_in_for}" if self.stands_in_for else ""
        size = " x ".join(map(str, self.input_size))
        return f"<Backbone {self.name}{instead}: input {size}, {len(self.layers)} layers to ask for>"

    @property
    def name(self):
        """What the network is called, a str."""
        return self.model.name

    @property
    def input_size(self):
        """Height and width of what the network is given: pixels, or frames and bands."""
        return tuple(self.model.input_shape[1:3])

    def prepare(self, one):
        """What the network is given for one input.

        Returns
        -------
        np.ndarray, shape (h, w, 3) or (patches, frames, bands), float32

        Notes
        -----
        Taught in chapter 02, section "What the network is shown".
        """
        rows = self.read(one).astype(np.float32)
        return np.asarray(self.scale(rows)) if self.scale else rows

    def shape(self, layer):
        """What one input makes of a layer: (height, width, channels) or (channels,), a tuple of int."""
        (name,) = self._asked(layer)
        return tuple(self.model.get_layer(name).output.shape[1:])

    def stream(self, inputs, layers, *, pool=None, batch_size=BATCH_SIZE):
        """Activations batch by batch: memory stays the same, however many inputs there are.

        Parameters
        ----------
        inputs : iterable of np.ndarray, shape (H, W, 3), uint8 (sounds: as `read` takes them)
            A list, or anything that hands out one after another, such as a generator that reads files.
        layers : str or sequence of str
            One name or several of `layers`.
        pool : {None, "mean", "max"}
            Over all places (or times and bands) of a channel; None keeps them.
        batch_size : int
            Inputs (of a sound network, patches) that go through the network at once.

        Yields
        ------
        dict of str to np.ndarray, shape (n, ...), float32
            n is `batch_size`, and less in the last batch; sounds come one by one. Channels are the last axis.

        Raises
        ------
        ValueError
            No such layer or pool, no list of inputs, or an input that `read` refuses.
        """
        names = self._asked(layers)
        run = self._run(names, pool)
        if not isinstance(inputs, Iterable) or (isinstance(inputs, np.ndarray) and inputs.ndim in (1, 3)):
            raise ValueError("A list of pictures or sounds is needed, even of one: put it in square brackets.")
        counts: deque[int] = deque()
        outputs = map(run, self._batches(inputs, counts, batch_size))
        if self.patches:
            outputs = _means(outputs, counts)
        for output in outputs:
            yield {name: np.asarray(output[name]) for name in names}

    def activations(self, inputs, layers, *, pool=None, batch_size=BATCH_SIZE):
        """Activations of all inputs at once (see `stream`, which takes the same and needs less memory).

        Returns
        -------
        dict of str to np.ndarray, shape (N, ...), float32
            One row an input, for each layer asked for.

        Notes
        -----
        Taught in chapter 02, section "Layer by layer".
        """
        names = self._asked(layers)
        shapes = {name: self.shape(name)[-1:] if pool else self.shape(name) for name in names}
        found = {name: [np.empty((0, *shape), np.float32)] for name, shape in shapes.items()}
        for batch in self.stream(inputs, names, pool=pool, batch_size=batch_size):
            for name, rows in batch.items():
                found[name].append(rows)
        return {name: np.concatenate(rows) for name, rows in found.items()}

    def logits(self, inputs):
        """What the network says before it is made to add up: np.ndarray, shape (N, n_classes), any real number."""
        return self.activations(inputs, "logits")["logits"]

    def predict(self, inputs):
        """Probabilities of the classes: np.ndarray, shape (N, n_classes), 0..1."""
        return self.activations(inputs, self.layers[-1])[self.layers[-1]]

    def top(self, inputs, n=5):
        """The likeliest classes of each input.

        Returns
        -------
        list of list of (str, float)
            For each input `n` pairs of class and probability, the likeliest first.
        """
        found = self.predict(inputs)
        order = np.argsort(-found, axis=1, kind="stable")[:, :n]
        names = self.classes or range(found.shape[1])
        return [[(names[k], float(row[k])) for k in best] for row, best in zip(found, order, strict=True)]

    def class_index(self, wanted):
        """Number of a class, given its name or its number.

        Raises
        ------
        ValueError
            There is no such class, or two bear the name.
        """
        names = self.classes or ()
        if isinstance(wanted, int | np.integer):
            if 0 <= wanted < self.model.output_shape[-1]:
                return int(wanted)
            raise ValueError(f"{self.name} has classes 0 to {self.model.output_shape[-1] - 1}, {wanted} was asked for.")
        found = [k for k, name in enumerate(names) if name == wanted]
        if len(found) > 1:
            raise ValueError(f"{self.name} has {len(found)} classes called {wanted!r}: ask by number, {found}.")
        if not found:
            raise ValueError(f"{self.name} knows no class {wanted!r:.60}; {_nearest(wanted, names)}.")
        return found[0]

    def _asked(self, layers):
        """The layers as a tuple of names, all known."""
        names = (layers,) if isinstance(layers, str) else tuple(layers)
        for name in names:
            if name not in self.layers:
                instead = f" (in place of {self.stands_in_for})" if self.stands_in_for else ""
                raise ValueError(
                    f"{self.name}{instead} has no layer {name!r:.60}; {_nearest(name, self.layers)}; "
                    ".layers lists them all."
                )
        return names

    def _run(self, names, pool):
        """The compiled network from its input to these layers; made once, so that asking again is quick."""
        if (names, pool) not in self._runs:
            tf, keras = tensorflow()
            part = keras.Model(
                self.model.input, {name: _pooled(self.model.get_layer(name).output, pool) for name in names}
            )

            def run(rows):
                rows = tf.cast(rows, tf.float32)
                found = part(self.scale(rows) if self.scale else rows, training=False)
                return {name: tf.cast(values, tf.float32) for name, values in found.items()}

            self._runs[names, pool] = tf.function(run, input_signature=[self._rows()])
        return self._runs[names, pool]

    def _batches(self, inputs, counts, batch_size):
        """Batches of what was read; how many rows each input made goes into `counts`."""
        stacks = self._stacks(inputs, counts, batch_size)
        first = list(itertools.islice(stacks, 2))
        if len(first) < 2 and sum(map(len, first)) <= batch_size:
            return iter(first)  # one batch needs no pipeline: a slider would wait 40 ms for its making
        return _flow(itertools.chain(first, stacks), self._rows(), batch_size)

    def _stacks(self, inputs, counts, batch_size):
        """Rows of some inputs at a time, in order, read by as many threads as there are cores."""
        some, inputs = -(-batch_size // 8) if self.patches else batch_size, iter(inputs)
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow and NumPy let go of Python's lock while they work
            while rows := list(pool.map(self.read, itertools.islice(inputs, some))):
                if self.patches:
                    counts.extend(map(len, rows))
                yield np.concatenate(rows) if self.patches else np.stack(rows)

    def _rows(self):
        """Shape and type of any number of rows that `read` makes."""
        tf, _ = tensorflow()
        return tf.TensorSpec((None, *self.model.input_shape[1:]), tf.uint8 if self.scale else tf.float32)


def _flow(stacks, rows, batch_size):
    """Even batches by tf.data.

    A graphics card works on one while the next is read. A processor does both in turns, each with all its cores:
    at the same time they would only get in each other's way.
    """
    tf, _ = tensorflow()
    problems = []

    def kept():
        try:
            yield from stacks
        except Exception as problem:  # kept, for tf.data would bury it under words of its own
            problems.append(problem)

    plainly = tf.data.Options()  # neither fetched ahead unasked nor tuned, which takes longer than it saves
    plainly.autotune.enabled = plainly.experimental_optimization.inject_prefetch = False
    batches = tf.data.Dataset.from_generator(kept, output_signature=rows).rebatch(batch_size).with_options(plainly)
    yield from batches.prefetch(1) if has_card() else batches
    if problems:
        raise problems[0]


def _means(outputs, counts):
    """One row an input: the mean over the rows that it made, found again by counting."""
    rows = (
        dict(zip(output, row, strict=True))
        for output in outputs
        for row in zip(*map(np.asarray, output.values()), strict=True)
    )
    for first in rows:  # once a row is there, its input's count is there too
        own = [first, *itertools.islice(rows, counts.popleft() - 1)]
        yield {name: np.mean([row[name] for row in own], axis=0, keepdims=True) for name in first}


def _pooled(output, pool):
    """A layer's output without its places (or times): (batch, ..., channels) -> (batch, channels)."""
    _, keras = tensorflow()
    if pool not in (None, "mean", "max"):
        raise ValueError(f"A layer is pooled by 'mean' or 'max', or not at all (None), not by {pool!r:.40}.")
    places = tuple(range(1, len(output.shape) - 1))
    if pool is None or not places:
        return output
    return getattr(keras.ops, pool)(keras.ops.cast(output, "float32"), axis=places)


def _nearest(asked, names):
    """The names most like the one asked for, as the middle of a sentence."""
    low, asked = {name.lower(): name for name in names}, str(asked).lower()
    inside = [name for name in low if asked in name.split()]  # "cat" is in "tabby cat", not in "castle"
    near = [low[name] for name in dict.fromkeys(inside + difflib.get_close_matches(asked, low, n=5, cutoff=0.4))][:5]
    return f"the nearest names are {', '.join(near)}" if near else f"the first are {', '.join(names[:5])}"
