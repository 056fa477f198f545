"""One training loop for all networks of the spectral roads: seeded, resumable, interrupted at no cost, the best kept.

A network's own file says what is to be learnt (networks, a step, a score); this one says how long, and keeps it.
Time is counted in minutes of processor work, so that a schedule fits the machine. Everything needed to go on lies in
one folder: checkpoint.npz, best.npz, learning.csv and, where TensorBoard is installed, tensorboard/.

Taught in chapter 06, "Autoencoders".
"""

import csv
import importlib.util
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..backbones.engine import tensorflow
from .vocoder_corpus import save_arrays

__all__ = ["Training", "load_networks", "on_one_core", "save_networks"]

WARM_UP = 50  # steps
REPORT_SECONDS = 20.0  # of processor work between rows of the learning curve


def on_one_core():
    """TensorFlow on one core, so that minutes of processor work are minutes; before it has calculated anything."""
    tf, _ = tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


class Training:
    """Networks, their optimizers, and how far they have come.

    Parameters
    ----------
    folder : path
        A checkpoint there is taken up again; its networks must have these shapes.
    networks : mapping of str to keras.Model
    optimizers : mapping of str to keras.Optimizer
        Built; each one's learning rate is warmed up and then goes down as a cosine to nothing over the whole time.
    draw : callable
        np.random.Generator -> one batch, a tuple of arrays.
    improve : callable
        Batch -> dict of losses; takes one step with the optimizers. Compiled here as a graph.
    judge : callable
        () -> dict of figures on what is not learnt from; "score" among them, the lower the better.
    seed : int
        Of the order of examples, and, where the caller built the networks after `keras.utils.set_random_seed`, of all.
    """

    def __init__(self, folder, *, networks, optimizers, draw, improve, judge, seed=0):
        self.tf, _ = tensorflow()
        self.folder, self.seed = Path(folder), seed
        self.networks: Mapping = networks
        self.optimizers: Mapping = optimizers
        self.rates = {name: float(optimizer.learning_rate) for name, optimizer in optimizers.items()}
        self.draw, self.judge = draw, judge
        self.improve = self.tf.function(improve)
        self.spent, self.step, self.best = 0.0, 0, math.inf  # seconds of the processor, batches, lowest score
        self.rows: list[dict] = []
        self.folder.mkdir(parents=True, exist_ok=True)
        there = importlib.util.find_spec("tensorboard")
        self.board = self.tf.summary.create_file_writer(str(self.folder / "tensorboard")) if there else None
        if (self.folder / "checkpoint.npz").is_file():
            self._resume()

    def run(self, minutes, *, notice: Callable = print, watch: Callable | None = None):
        """Learn until `minutes` of the processor are spent, all runs together; Ctrl-C keeps what is learnt.

        Parameters
        ----------
        minutes : float
        notice : callable
            Is told, in a line, how it goes.
        watch : callable, optional
            Called with each row of the learning curve, a dict; learning ends when it returns True.
        """
        budget, began, reported = 60 * minutes, time.process_time() - self.spent, self.spent
        sums, n, enough = defaultdict(float), 0, False
        try:
            while self.spent < budget and not enough:
                self._set_rates(self.spent / budget)
                losses = self.improve(*self.draw(np.random.default_rng([self.seed, self.step])))
                for name, loss in losses.items():
                    sums[name] += float(loss)
                self.step, n = self.step + 1, n + 1
                self.spent = time.process_time() - began
                if self.spent - reported >= REPORT_SECONDS or self.spent >= budget:
                    row = self._report({name: value / n for name, value in sums.items()}, notice)
                    sums, n, reported = defaultdict(float), 0, self.spent
                    enough = bool(watch and watch(row))
        except KeyboardInterrupt:
            notice(f"Stopped after {self.step} steps; what was learnt is kept in {self.folder}.")
        self.save()

    def _set_rates(self, share):
        bend = (0.5 + 0.5 * math.cos(math.pi * min(1.0, share))) * min(1.0, (self.step + 1) / WARM_UP)
        for name, optimizer in self.optimizers.items():
            optimizer.learning_rate.assign(self.rates[name] * bend)

    def _report(self, learnt, notice):
        judged = {name: float(value) for name, value in self.judge().items()}
        row = {"minutes": round(self.spent / 60, 3), "steps": self.step}
        row |= {name: round(value, 5) for name, value in learnt.items()}
        row |= {f"validation_{name}": round(value, 5) for name, value in judged.items()}
        if self.board:
            with self.board.as_default(step=self.step):
                for name, value in row.items():
                    self.tf.summary.scalar(name, value)
        path = self.folder / "learning.csv"
        new = not path.is_file()
        with path.open("a", newline="") as file:
            table = csv.DictWriter(file, list(row))
            if new:
                table.writeheader()
            table.writerow(row)
        self.rows.append(row)
        if judged["score"] < self.best:
            self.best = judged["score"]
            save_arrays(self.folder / "best.npz", **_arrays(self.networks))
        self.save()
        notice("  ".join(f"{name} {value:g}" for name, value in row.items()))
        return row

    def save(self):
        """Write the checkpoint, whole or not at all."""
        state = _arrays(self.networks)
        for name, optimizer in self.optimizers.items():
            state |= {f"optimizer {name}/{i}": np.asarray(v) for i, v in enumerate(optimizer.variables)}
        save_arrays(
            self.folder / "checkpoint.npz", **state, **{"spent": self.spent, "step": self.step, "best score": self.best}
        )

    def take_best(self):
        """Put the weights of the lowest score back into the networks."""
        if (self.folder / "best.npz").is_file():
            load_networks(self.folder / "best.npz", self.networks)

    def _resume(self):
        load_networks(self.folder / "checkpoint.npz", self.networks)
        with np.load(self.folder / "checkpoint.npz") as state:
            for name, optimizer in self.optimizers.items():
                for i, variable in enumerate(optimizer.variables):
                    if f"optimizer {name}/{i}" not in state:
                        raise ValueError(f"The checkpoint in {self.folder} is of other networks: take another folder.")
                    variable.assign(state[f"optimizer {name}/{i}"])
            self.spent, self.step = float(state["spent"]), int(state["step"])
            self.best = float(state["best score"])


def save_networks(path, networks):
    """Write the weights of networks, by name, to one .npz as float16: half the size, and nothing is heard of it."""
    save_arrays(path, **{name: values.astype(np.float16) for name, values in _arrays(networks).items()})


def load_networks(path, networks):
    """Read weights that `save_networks` or a checkpoint holds into networks of the same shapes.

    Raises
    ------
    ValueError
        The file is damaged, or holds other networks' weights.
    """
    try:
        with np.load(path) as stored:
            for name, network in networks.items():
                wanted = [variable.shape for variable in network.weights]
                found = [stored[f"{name}/{i}"] for i in range(len(wanted))]
                if [values.shape for values in found] != wanted or f"{name}/{len(wanted)}" in stored:
                    raise KeyError(name)
                if not all(np.isfinite(values).all() for values in found):
                    raise ValueError("weights that are not finite")
                network.set_weights([values.astype(np.float32) for values in found])
    except FileNotFoundError as problem:
        raise ValueError(f"There are no weights at {path}: `make networks` trains them.") from problem
    except KeyError as problem:
        raise ValueError(
            f"{path} holds the weights of another network than {name!r}: take the file that was made with this version."
        ) from problem
    except Exception as problem:  # zipfile, zlib and NumPy each have their own way to say so
        raise ValueError(f"The weights in {path} are damaged ({problem}): fetch or train them again.") from problem


def _arrays(networks):
    return {f"{name}/{i}": values for name, net in networks.items() for i, values in enumerate(net.get_weights())}
