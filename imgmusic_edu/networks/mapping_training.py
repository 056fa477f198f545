"""Training of all mappings, on latent sequences that the codec made once, and their command.

    python -m imgmusic_edu.networks.mapping_training vae --minutes 10      one of them; Ctrl-C keeps what is learnt
    python -m imgmusic_edu.networks.mapping_training all --export data/models

Taught in chapter 08, "From picture to sound features".
"""

import argparse
from pathlib import Path

import numpy as np

from ..backbones.engine import tensorflow
from ..evaluation.listener import Listener, fingerprint
from . import conditional_gan, conditional_vae, mapping, shared_latent
from .codec import open_codec
from .mapping import NOISE, Scales, conditions_of, heard_in
from .pairs import from_levels, pairs
from .training import Training, on_one_core, save_networks
from .vocoder_corpus import cache_folder, save_arrays

__all__ = ["MINUTES", "Lessons", "lessons", "train", "train_listener"]

MINUTES = {"conductor": 0.2, "linear": 0.3, "mlp": 3.0, "autoencoder": 3.0, "vae": 6.0, "gan": 5.0}  #: of training
BATCH = 32
LEARNING_RATE = 1e-3


class Lessons:
    """What mappings learn from: conditions and standardised latents, in memory.

    Parameters
    ----------
    found : pairs.Pairs
    latent : np.ndarray, shape (n, steps, LATENT)
    asked : np.ndarray, shape (n, 4)
        What is heard in each (`mapping.heard`).
    scales : mapping.Scales
    """

    def __init__(self, found, latent, asked, scales):
        self.features, self.asked = found.features, ((asked - scales.asked[0]) / scales.asked[1]).astype(np.float32)
        self.told = conditions_of(found, asked, scales=scales)
        self.latent = ((latent - scales.latent[0]) / scales.latent[1]).astype(np.float32)

    def __len__(self):
        return len(self.told)


def lessons(codec=None, *, notice=print):
    """Those of the training and the validation pairs, and the scales of the former.

    Returns
    -------
    (Lessons, Lessons, Scales)
    """
    codec = codec or open_codec()
    found = [pairs(part, notice=notice) for part in ("train", "validation")]
    latents = [encoded(codec, part) for part in found]
    asked = [heard_in(part) for part in found]
    scales = Scales.of(found[0], latents[0], asked[0])
    train, kept = (Lessons(*of_part, scales) for of_part in zip(found, latents, asked, strict=True))
    return train, kept, scales


def encoded(codec, found, *, batch=50):
    """Latents of all pairs, shape (n, steps, LATENT)."""
    return np.concatenate([codec.encode(found[k : k + batch].log_mel) for k in range(0, len(found), batch)])


def _game(name):
    """Networks of one kind, what to draw for a batch, and its losses, by optimizer: see `train`."""
    from keras import ops

    if name == "conductor":
        networks = {"conductor": mapping.build_conductor()}

        def error(features, asked):
            return {"score": ops.mean((networks["conductor"](features) - asked) ** 2)}

        return networks, {"conductor": (("conductor",), error)}
    if name in ("linear", "mlp"):
        networks = {"map": mapping.build_linear() if name == "linear" else mapping.build_mlp()}
        return networks, {
            "map": (("map",), lambda told, latent: {"score": mapping.squared_error(networks, told, latent)})
        }
    if name == "autoencoder":
        networks = shared_latent.build()

        def shared(told, latent):
            terms = shared_latent.loss_terms(networks, told, latent)
            return {"score": sum(shared_latent.WEIGHTS[kind] * loss for kind, loss in terms.items()), **terms}

        return networks, {"all": (tuple(networks), shared)}
    if name == "vae":
        networks = conditional_vae.build()

        def bound(told, latent, chance, other):
            log_likelihood, kl = conditional_vae.elbo_terms(networks, told, latent, chance)
            return {"score": (kl - log_likelihood) / latent.shape[1], "kl": kl}

        return networks, {"all": (tuple(networks), bound)}
    networks = conditional_gan.build()

    def judged(told, latent, chance, other):
        return {"discriminator": conditional_gan.discriminator_step_loss(networks, told, latent, chance)}

    def made(told, latent, chance, other):
        terms = conditional_gan.generator_terms(networks, told, latent, chance, other)
        return {"score": sum(conditional_gan.WEIGHTS[kind] * loss for kind, loss in terms.items()), **terms}

    return networks, {"discriminator": (("discriminator",), judged), "generator": (("generator",), made)}


def train(name, found, *, minutes=None, start=None, folder=None, notice=print, watch=None, seed=0):
    """Train one mapping for so many minutes of one core, or go on where it stopped.

    Parameters
    ----------
    name : str
        One of `MINUTES`.
    found : (Lessons, Lessons, Scales)
        As `lessons` gives them.
    start : mapping of str to keras.Model, optional
        Networks of the same names and shapes whose weights to begin with: for a GAN, a VAE's generator and prior.
    minutes, folder, notice, watch, seed
        As for `training.Training`.

    Returns
    -------
    Training
        Its networks hold the best weights (a GAN's the last: its losses do not say which are best).
    """
    tf, keras = tensorflow()
    keras.utils.set_random_seed(seed)
    train_on, kept, _ = found
    networks, steps = _game(name)
    for which, network in (start or {}).items():
        networks[which].set_weights(network.get_weights())
    optimizers = {}
    for kind, (which, _) in steps.items():
        settings = {"beta_1": 0.5, "beta_2": 0.99} if name == "gan" else {"global_clipnorm": 1.0}
        optimizers[kind] = keras.optimizers.Adam(LEARNING_RATE if name != "gan" else 3e-4, **settings)
        optimizers[kind].build([v for network in which for v in networks[network].trainable_variables])

    def improve(*batch):
        told = {}
        for kind, (which, losses) in steps.items():
            variables = [v for network in which for v in networks[network].trainable_variables]
            with tf.GradientTape() as tape:
                terms = losses(*batch)
                first = next(iter(terms.values()))
            optimizers[kind].apply_gradients(zip(tape.gradient(first, variables), variables, strict=True))
            told |= terms
        return told

    def draw(random):
        return _batch(name, train_on, random.integers(len(train_on), size=BATCH), random)

    batch = _batch(name, kept, np.arange(len(kept)), np.random.default_rng(1))
    terms = tf.function(lambda *batch: list(steps.values())[-1][1](*batch))
    training = Training(
        folder or cache_folder() / "mappings" / name,
        networks=networks,
        optimizers=optimizers,
        draw=draw,
        improve=improve,
        judge=lambda: terms(*batch),
        seed=seed,
    )
    training.run(MINUTES[name] if minutes is None else minutes, notice=notice, watch=watch)
    if name != "gan":
        training.take_best()
    return training


def train_listener(*, notice=print):
    """The listener of the benchmark, fitted to the training pairs: seconds, not minutes."""
    found = pairs("train", notice=notice)
    return Listener.fit(np.stack([fingerprint(from_levels(levels)) for levels in found.levels]), found.features)


def _batch(name, lessons, rows, random):
    if name == "conductor":
        return lessons.features[rows], lessons.asked[rows]
    batch = lessons.told[rows], lessons.latent[rows]
    if name in ("vae", "gan"):
        batch += tuple(random.standard_normal((2, len(rows), NOISE)).astype(np.float32))
    return batch


def main(arguments=None):
    """The command line: train and export."""
    parser = argparse.ArgumentParser(
        prog="python -m imgmusic_edu.networks.mapping_training", description=__doc__.splitlines()[0]
    )
    parser.add_argument("name", choices=[*MINUTES, "all"])
    parser.add_argument("--minutes", type=float, help="of processor work, all runs together")
    parser.add_argument("--folder", type=Path, help="for checkpoints and learning curves (default: the user's cache)")
    parser.add_argument("--export", type=Path, help="write the weights, float16, to this folder")
    told = parser.parse_args(arguments)
    on_one_core()
    found = lessons()
    if told.export:
        save_arrays(told.export / "mapping_scales.npz", **vars(found[2]))
        train_listener().save(told.export / "listener.npz")
    trained: dict = {}
    for name in MINUTES if told.name == "all" else [told.name]:
        print(f"--- {name}")
        # The VAE comes before the GAN, which begins with its generator and prior.
        begin = {which: trained[which] for which in ("generator", "prior")} if name == "gan" and trained else None
        training = train(name, found, minutes=told.minutes, start=begin, folder=told.folder and told.folder / name)
        trained |= training.networks
        if told.export:
            save_networks(told.export / f"mapping_{name}.npz", training.networks)


if __name__ == "__main__":
    main()
