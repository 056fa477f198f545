"""The vocoder's training loop and its command line; the network itself, and what it learns, is in `vocoder`.

Time is counted in minutes of one processor core, not in steps, so that a schedule fits the machine and trials of
unlike networks are fair. Everything needed to go on lies in one folder: checkpoint.npz and learning.csv.

Taught in chapter 09, "From features back to sound".
"""

import argparse
import csv
import math
import time
from pathlib import Path

import numpy as np

from ..audio_features.transforms import HOP_LENGTH, N_FFT, N_MELS
from ..backbones.engine import tensorflow
from .vocoder import CROP_FRAMES, LOOK, WEIGHTS, build, examples, losses, weights_of
from .vocoder_corpus import cache_folder, corpus, save_arrays

__all__ = ["Trainer", "main", "train"]

BATCH = 8
LEARNING_RATE = 2e-3
WARM_UP = 50  # steps
REPORT_SECONDS = 30.0  # of the processor, between rows of the learning curve; as often, all is saved
CROP = N_FFT + CROP_FRAMES * HOP_LENGTH  # samples: one frame more than learnt, for the first advance in time


class Trainer:
    """A network, its optimizer, and how far they have come.

    Parameters
    ----------
    folder : path
        A checkpoint there is taken up again; its settings must be these.
    n_mels, width, expansion, look
        As for `vocoder.build`.
    seed : int
        Of the first weights and of the order of examples.
    """

    def __init__(self, folder, *, n_mels=N_MELS, width=256, expansion=2, look=LOOK, seed=0):
        self.tf, keras = tensorflow()
        keras.utils.set_random_seed(seed)
        self.folder, self.n_mels, self.look, self.seed = Path(folder), n_mels, look, seed
        self.model = build(n_mels=n_mels, width=width, expansion=expansion, look=look)
        self.optimizer = keras.optimizers.Adam(LEARNING_RATE, global_clipnorm=1.0)
        self.optimizer.build(self.model.trainable_variables)
        self.spent, self.step = 0.0, 0  # seconds of the processor, batches
        self._improve = self.tf.function(self._improve_once)
        self._judge = self.tf.function(self._found)
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.is_file():
            self._resume()

    @property
    def checkpoint(self):
        return self.folder / "checkpoint.npz"

    def run(self, minutes, *, notice=print):
        """Learn until `minutes` of the processor are spent, all runs together; an interrupt keeps what is learnt."""
        samples, _ = corpus("train", notice=notice)
        validation = self._validation(notice)
        budget, began, reported = 60 * minutes, time.process_time() - self.spent, self.spent
        sums = dict.fromkeys(WEIGHTS, 0.0)
        n = 0
        try:
            while self.spent < budget:
                random = np.random.default_rng([self.seed, self.step])
                batch = examples(_crops(samples, random), n_mels=self.n_mels)
                rate = 0.5 + 0.5 * math.cos(math.pi * min(1.0, self.spent / budget))
                self.optimizer.learning_rate.assign(LEARNING_RATE * rate * min(1.0, (self.step + 1) / WARM_UP))
                for kind, loss in self._improve(*batch).items():
                    sums[kind] += float(loss)
                self.step, n = self.step + 1, n + 1
                self.spent = time.process_time() - began
                if self.spent - reported >= REPORT_SECONDS or self.spent >= budget:
                    learnt = {kind: value / n for kind, value in sums.items()}
                    self._report(
                        learnt, {kind: float(value) for kind, value in self._judge(*validation).items()}, notice
                    )
                    sums, n, reported = dict.fromkeys(WEIGHTS, 0.0), 0, self.spent
                    self.save()
        except KeyboardInterrupt:
            notice(f"Stopped after {self.step} steps; what was learnt is kept in {self.folder}.")
        self.save()

    def _found(self, log_mel, *truth):
        return losses(self.model(log_mel), *truth, n_mels=self.n_mels)

    def _improve_once(self, *batch):
        with self.tf.GradientTape() as tape:
            found = self._found(*batch)
            total = sum(WEIGHTS[kind] * loss for kind, loss in found.items())
        variables = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        return found

    def _validation(self, notice):
        """The same 32 crops every time."""
        samples, _ = corpus("validation", notice=notice)
        random = np.random.default_rng(1)
        return examples(np.concatenate([_crops(samples, random) for _ in range(4)]), n_mels=self.n_mels)

    def _report(self, learnt, judged, notice):
        row = {"minutes": round(self.spent / 60, 3), "steps": self.step}
        for part, found in (("train", learnt), ("validation", judged)):
            row[part] = round(sum(WEIGHTS[kind] * found[kind] for kind in WEIGHTS), 5)
            row |= {f"{part}_{kind}": round(found[kind], 5) for kind in WEIGHTS}
        path = self.folder / "learning.csv"
        new = not path.is_file()
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)
        both = f"train {row['train']:.4f}  validation {row['validation']:.4f}"
        notice(f"{row['minutes']:7.2f} min {self.step:6d} steps  {both}")

    def save(self):
        """Write the checkpoint, whole or not at all."""
        state = {f"model/{i}": v for i, v in enumerate(self.model.get_weights())}
        state |= {f"optimizer/{i}": np.asarray(v) for i, v in enumerate(self.optimizer.variables)}
        save_arrays(self.checkpoint, **state, spent=self.spent, step=self.step, n_mels=self.n_mels)

    def _resume(self):
        with np.load(self.checkpoint) as state:
            if int(state["n_mels"]) != self.n_mels:
                raise ValueError(
                    f"{self.checkpoint} was trained on {state['n_mels']} mel bands, not {self.n_mels}: "
                    "take another folder."
                )
            self.model.set_weights([state[f"model/{i}"] for i in range(len(self.model.weights))])
            for i, variable in enumerate(self.optimizer.variables):
                variable.assign(state[f"optimizer/{i}"])
            self.spent, self.step = float(state["spent"]), int(state["step"])

    def export(self, path):
        """Write the weights as the shipped file holds them: float16, by name."""
        named = weights_of(self.model, look=self.look)
        named = {name: v.astype(np.float16) if v.dtype == np.float32 else v for name, v in named.items()}
        save_arrays(path, **named)


def _crops(samples, random):
    """BATCH random crops at random levels, shape (BATCH, CROP), float32."""
    rows = random.integers(len(samples), size=BATCH)
    firsts = random.integers(samples.shape[1] - CROP, size=BATCH)
    gains = 10 ** (random.uniform(-18, 3, size=BATCH) / 20) / 32768
    return np.stack(
        [
            samples[row, first : first + CROP] * np.float32(gain)
            for row, first, gain in zip(rows, firsts, gains, strict=True)
        ]
    )


def train(*, minutes, folder=None, notice=print, **settings):
    """Train the vocoder for so many minutes of one core, or go on where it stopped; returns the `Trainer`."""
    trainer = Trainer(folder or cache_folder() / "vocoder", **settings)
    trainer.run(minutes, notice=notice)
    return trainer


def main(arguments=None):
    """The command line: `train` and `evaluate`."""
    parser = argparse.ArgumentParser(
        prog="python -m imgmusic_edu.networks.vocoder", description=__doc__.splitlines()[0]
    )
    commands = parser.add_subparsers(dest="what", required=True)
    learn = commands.add_parser("train", help="learn, or go on learning; Ctrl-C keeps what is learnt")
    learn.add_argument("--minutes", type=float, default=55.0, help="of one processor core, all runs together")
    learn.add_argument("--folder", type=Path, help="for checkpoint and learning curve (default: the user's cache)")
    learn.add_argument("--n-mels", type=int, default=N_MELS)
    learn.add_argument("--width", type=int, default=256)
    learn.add_argument("--export", type=Path, help="write the weights, float16, to this .npz")
    judge = commands.add_parser("evaluate", help="the table beside Griffin-Lim, on held-out pieces")
    judge.add_argument("weights", type=Path, nargs="?", help="an exported .npz (default: the shipped one)")
    told = parser.parse_args(arguments)
    if told.what == "evaluate":
        _evaluate(told.weights)
        return
    tf, _ = tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(1)  # minutes are of one core
    tf.config.threading.set_inter_op_parallelism_threads(1)
    trainer = train(minutes=told.minutes, folder=told.folder, n_mels=told.n_mels, width=told.width)
    if told.export:
        trainer.export(told.export)


def _evaluate(path):
    """Print the measures on the validation pieces: the network, what needs none, and what is possible."""
    from .. import vocoders
    from ..evaluation.vocoding import BOUNDS, MEASURES, compare, means, true_phase
    from ..vocoders.neural import NeuralVocoder, open_neural

    if path is None:
        vocoder = open_neural()
    else:
        with np.load(path) as stored:
            vocoder = NeuralVocoder(dict(stored))
    untrained = {name: vocoders.get(name) for name in ("griffin_lim", "fast_griffin_lim", "pghi")}
    ways = {name: lambda sound, levels, way=way: way(levels) for name, way in {"neural": vocoder, **untrained}.items()}
    ways |= BOUNDS | {"learned magnitude, true phase": true_phase(vocoder.magnitude)}
    sounds = (row.astype(np.float32) / 32768 for row in corpus("validation")[0])
    print(f"| {vocoder.n_mels} bands | " + " | ".join([*MEASURES.values(), "RTF"]) + " |")
    print("| --- " * (len(MEASURES) + 2) + "|")
    for name, found in means(list(compare(ways, sounds, n_mels=vocoder.n_mels))).items():
        print(f"| {name} | " + " | ".join(f"{found[key]:.3f}" for key in (*MEASURES, "rtf")) + " |")
