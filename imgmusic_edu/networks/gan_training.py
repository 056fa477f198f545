"""The training loop of all adversarial nets of the course: seeded, resumable, and it keeps what was learnt.

    trainer = Trainer(generator, discriminator, draw, seed=0)
    for report in trainer.train(300, every=50):
        print(report)                                    # means over the last 50 steps, not the last batch alone

Taught in chapter 07, "Adversarial nets".
"""

import json
import time
from pathlib import Path

import numpy as np

from ..backbones.engine import tensorflow
from .gan import LOSSES, training_step
from .vocoder_corpus import save_arrays

__all__ = ["COLUMNS", "Trainer"]

COLUMNS = ("discriminator", "generator", "real_score", "fake_score")  #: of a report, beside "step" and "seconds"
WATCHED = 64  # latents that all samples of the history are made of, so that one can see them change


class Trainer:
    """Two networks that play against each other, and how far they have come.

    Parameters
    ----------
    generator, discriminator : keras.Model
        Latents (batch, n_latent) to samples (batch, ...), samples to scores (batch, ...).
    draw : callable (n, random)
        Gives n real samples, shape (n, ...), float32, drawn by a np.random.Generator.
    game : str
        One of `gan.LOSSES`.
    penalty : float
        Weight of the gradient penalty (see `gan.teach_discriminator`).
    rates : (float, float)
        Learning rates of the generator and of the discriminator: two time-scales, if they differ (arXiv:1706.08500).
    beta_1 : float
        Adam's first memory: .5 for adversarial nets (Radford et al. 2016).
    batch : int
        Samples a round.
    rounds : int
        Of the discriminator to one of the generator.
    seed : int
        Of examples and latents. First weights are the networks' own: seed Keras before building them.
    folder : path, optional
        Checkpoints go there, and one that lies there is taken up again.

    Attributes
    ----------
    step : int
        Steps of the generator so far.
    history : list of dict
        A report for each stretch: "step", "seconds", and the means over the stretch of `COLUMNS`.

    Raises
    ------
    ValueError
        No such game; samples and networks that do not meet; a checkpoint of other networks.

    Notes
    -----
    Taught in chapter 07.
    """

    def __init__(
        self,
        generator,
        discriminator,
        draw,
        *,
        game="non_saturating",
        penalty=0.0,
        rates=(2e-4, 2e-4),
        beta_1=0.5,
        batch=32,
        rounds=1,
        seed=0,
        folder=None,
    ):
        if game not in LOSSES:
            raise ValueError(f"The games are {', '.join(LOSSES)}, but {game!r} was asked for.")
        tf, keras = tensorflow()
        self.generator, self.discriminator, self.draw = generator, discriminator, draw
        self.game, self.penalty, self.batch, self.rounds, self.seed = game, penalty, batch, rounds, seed
        self.n_latent = generator.input_shape[-1]
        if generator.output_shape[1:] != discriminator.input_shape[1:]:
            raise ValueError(
                f"The generator makes samples of shape {generator.output_shape[1:]}, but the discriminator takes "
                f"{discriminator.input_shape[1:]}."
            )
        self.optimizers = tuple(keras.optimizers.Adam(rate, beta_1=beta_1, beta_2=0.99) for rate in rates)
        for optimizer, model in zip(self.optimizers, (generator, discriminator), strict=True):
            optimizer.build(model.trainable_variables)
        self._improve = tf.function(self._improve_once, autograph=False)
        self._make = tf.function(lambda latent: generator(latent, training=False), autograph=False)
        self.step, self.history, self.seconds = 0, [], 0.0
        self.folder = Path(folder) if folder else None
        if self.checkpoint and self.checkpoint.is_file():
            self._resume()

    @property
    def checkpoint(self):
        """Where all that is needed to go on is kept; None where there is no folder."""
        return self.folder / "checkpoint.npz" if self.folder else None

    def train(self, steps, *, every=50):
        """Learn for so many steps more, and report now and then.

        Whoever breaks out of the loop, or interrupts it (Ctrl-C, the kernel's stop button), keeps what was learnt.

        Parameters
        ----------
        steps : int
        every : int
            Steps from report to report; as often, a checkpoint is written if there is a folder.

        Yields
        ------
        dict
            The newest entry of `history`.

        Raises
        ------
        FloatingPointError
            A loss is not finite any more: the message says since when.
        """
        last = self.step + steps
        try:
            while self.step < last:
                yield self._stretch(min(every, last - self.step))
        except KeyboardInterrupt:
            pass  # the rest of a stretch is lost to the history, not to the weights
        finally:
            self.save()

    def _stretch(self, steps):
        """Some steps, and the report of them."""
        sums, began = np.zeros(len(COLUMNS)), time.perf_counter()
        for _ in range(steps):
            random = np.random.default_rng([self.seed, self.step])
            real = np.stack([self.draw(self.batch, random) for _ in range(self.rounds)])  # (rounds, batch, ...)
            latents = random.standard_normal((self.rounds + 1, self.batch, self.n_latent)).astype(np.float32)
            found = self._improve(real, latents)
            sums += [float(found[column]) for column in COLUMNS]
            self.step += 1
            if not np.isfinite(sums).all():
                raise FloatingPointError(f"A loss is not a number at step {self.step}: take smaller learning rates.")
        self.seconds += time.perf_counter() - began
        report = {"step": self.step, "seconds": self.seconds} | dict(zip(COLUMNS, (sums / steps).tolist(), strict=True))
        self.history.append(report)
        return report

    def _improve_once(self, real, latents):
        return training_step(
            self.generator,
            self.discriminator,
            self.optimizers,
            real,
            latents,
            game=self.game,
            penalty=self.penalty,
        )

    def samples(self, n=WATCHED, *, seed=1):
        """Made samples, always from the same latents.

        Parameters
        ----------
        n : int
        seed : int
            Of the latents.

        Returns
        -------
        np.ndarray, shape (n, ...), float32
        """
        return self.made(np.random.default_rng(seed).standard_normal((n, self.n_latent)))

    def made(self, latent):
        """Samples from given latents, shape (n, n_latent), through the generator as it is used: not training."""
        return self._make(np.asarray(latent, np.float32)).numpy()

    def save(self):
        """Write the checkpoint, whole or not at all; nothing where there is no folder."""
        if self.checkpoint is None:
            return
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        state = {f"{k}": np.asarray(variable) for k, variable in enumerate(self._variables())}
        told = json.dumps({"step": self.step, "seconds": self.seconds, "history": self.history})
        save_arrays(self.checkpoint, **state, told=np.array(told))

    def _variables(self):
        models = self.generator.variables + self.discriminator.variables
        return [*models, *self.optimizers[0].variables, *self.optimizers[1].variables]

    def _resume(self):
        variables = self._variables()
        with np.load(self.checkpoint) as state:
            shapes = [state[f"{k}"].shape for k in range(len(state.files) - 1)]
            if shapes != [tuple(variable.shape) for variable in variables]:
                raise ValueError(f"{self.checkpoint} holds other networks than these: take another folder.")
            for k, variable in enumerate(variables):
                variable.assign(state[f"{k}"])
            told = json.loads(str(state["told"]))
        self.step, self.seconds, self.history = told["step"], told["seconds"], told["history"]
