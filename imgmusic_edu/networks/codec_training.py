"""Training of the codec, in two halves: a variational autoencoder, then its decoder against a judge.

    python -m imgmusic_edu.networks.codec_training --export data/models/codec.npz    Ctrl-C keeps what is learnt

It learns from the paired set and from excerpts of real scores, two to one; no piece is in two parts.

Taught in chapters 06, "Autoencoders", and 07, "Adversarial nets".
"""

import argparse
from pathlib import Path

import numpy as np

from ..audio_features import log_mel
from ..backbones.engine import tensorflow
from . import sharpening, vae
from .autoencoder import LATENT, STEP, normalised
from .codec import Codec, quality
from .pairs import from_levels, pairs, to_levels
from .training import Training, on_one_core, save_networks
from .vocoder_corpus import cache_folder, corpus

__all__ = ["clips", "sharpen", "train"]

BATCH, CROP = 16, 320  # clips a step, frames of each
SHARP_BATCH, SHARP_CROP = 12, 192
LEARNING_RATE, SHARP_RATE = 1e-3, 3e-4


def train(found, *, minutes, folder=None, notice=print, seed=0):
    """The first half: the evidence lower bound.

    Parameters
    ----------
    found : (np.ndarray, np.ndarray)
        Clips to learn from and to judge by, as `clips` gives them.
    minutes : float
        Of processor work, all runs together.
    folder, notice, seed
        As for `training.Training`.

    Returns
    -------
    Training
        Its networks, as `vae.build` names them, hold the best weights.
    """
    tf, keras = tensorflow()
    keras.utils.set_random_seed(seed)
    networks = vae.build()
    variables = [variable for network in networks.values() for variable in network.trainable_variables]
    optimizer = keras.optimizers.Adam(LEARNING_RATE, global_clipnorm=1.0)
    optimizer.build(variables)

    def improve(mel, noise):
        with tf.GradientTape() as tape:
            log_likelihood, kl = vae.elbo_terms(networks, mel, noise)
            loss = kl - log_likelihood
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"score": loss, "kl": kl}

    mel = normalised(from_levels(found[1]))
    noise = _noise(np.random.default_rng(1), *mel.shape[:2])
    terms = tf.function(lambda: vae.elbo_terms(networks, mel, noise))

    def judge():
        log_likelihood, kl = terms()
        return {"score": kl - log_likelihood, "kl": kl}

    training = Training(
        folder or cache_folder() / "codec",
        networks=networks,
        optimizers={"all": optimizer},
        draw=lambda random: _batch(found[0], random, BATCH, CROP),
        improve=improve,
        judge=judge,
        seed=seed,
    )
    training.run(minutes, notice=notice)
    training.take_best()
    return training


def sharpen(networks, found, *, minutes, folder=None, notice=print, seed=0):
    """The second half: the encoder stays, the decoder goes on with a judge of patches.

    Parameters
    ----------
    networks : mapping of str to keras.Model
        As `train` leaves them; the decoder is changed in place.
    found, minutes, folder, notice, seed
        As for `train`.

    Returns
    -------
    Training
        Of the decoder and the judge; the last weights, since no loss says which are best.
    """
    tf, keras = tensorflow()
    keras.utils.set_random_seed(seed)
    judge, decoder = sharpening.build_discriminator(), networks["decoder"]
    optimizers = {name: keras.optimizers.Adam(SHARP_RATE, beta_1=0.5, beta_2=0.99) for name in ("judge", "decoder")}
    optimizers["judge"].build(judge.trainable_variables)
    optimizers["decoder"].build(decoder.trainable_variables)

    def improve(mel, noise):
        mean, log_variance = vae.moments(networks["encoder"](mel))
        latent = vae.sample(mean, log_variance, noise)
        with tf.GradientTape() as tape, tf.GradientTape() as judging:
            made = decoder(latent)
            terms = sharpening.decoder_terms(judge, mel, made)
            total = sum(sharpening.WEIGHTS[kind] * loss for kind, loss in terms.items())
            judged = sharpening.judging_loss(judge, mel, tf.stop_gradient(made))
        for name, loss, network, used in (("decoder", total, decoder, tape), ("judge", judged, judge, judging)):
            variables = network.trainable_variables
            optimizers[name].apply_gradients(zip(used.gradient(loss, variables), variables, strict=True))
        return {"judged": judged, **terms}

    real = from_levels(found[1][:24])
    codec = Codec(networks)

    def judge_all():
        told = [quality(one, other) for one, other in zip(real, codec.decode(codec.encode(real)), strict=True)]
        means = {name: np.mean([row[name] for row in told]) for name in told[0]}
        return {"score": means["distance"], **means}

    training = Training(
        folder or cache_folder() / "codec_sharpened",
        networks={"decoder": decoder, "judge": judge},
        optimizers=optimizers,
        draw=lambda random: _batch(found[0], random, SHARP_BATCH, SHARP_CROP),
        improve=improve,
        judge=judge_all,
        seed=seed,
    )
    training.run(minutes, notice=notice)
    return training


def clips(part, *, notice=print):
    """Log-mel of pairs and of excerpts from real scores, as `pairs.to_levels` keeps it: (n, frames, N_MELS), uint8."""
    composed = pairs(part, notice=notice).levels
    played = [to_levels(log_mel(row / np.float32(32768))) for row in corpus(part, notice=notice)[0]]
    frames = min(len(played[0]), composed.shape[1]) // STEP * STEP
    played = np.stack([levels[:frames] for levels in played])
    share = max(1, len(composed) // (2 * len(played)))  # a third of what is drawn is from real scores
    return np.concatenate([composed[:, :frames], *[played] * share])


def _batch(found, random, size, crop):
    """Random crops, normalised, and the noise of the latent."""
    rows = random.integers(len(found), size=size)
    firsts = random.integers(found.shape[1] - crop + 1, size=size)
    mel = np.stack([found[row, first : first + crop] for row, first in zip(rows, firsts, strict=True)])
    return normalised(from_levels(mel)), _noise(random, size, crop)


def _noise(random, n, frames):
    return random.standard_normal((n, frames // STEP, LATENT), np.float32)


def main(arguments=None):
    """The command line: train both halves and export."""
    parser = argparse.ArgumentParser(
        prog="python -m imgmusic_edu.networks.codec_training", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--minutes", type=float, default=20.0, help="of processor work for the first half")
    parser.add_argument("--sharpen", type=float, default=9.0, help="and for the second")
    parser.add_argument("--folder", type=Path, default=cache_folder(), help="for checkpoints and learning curves")
    parser.add_argument("--export", type=Path, help="write the weights, float16, to this .npz")
    told = parser.parse_args(arguments)
    on_one_core()
    found = clips("train"), clips("validation")[::3]
    networks = train(found, minutes=told.minutes, folder=told.folder / "codec").networks
    sharpen(networks, found, minutes=told.sharpen, folder=told.folder / "codec_sharpened")
    if told.export:
        save_networks(told.export, networks)


if __name__ == "__main__":
    main()
