"""A conditional GAN: a mapping that answers to a judge, who sees the picture's conditions and the music together.

Squared error asks for the mean of all music that fits, which is no music. Here only the *mean over chance* must be near
the real piece, and each piece may be itself: of two made by different chance, a and b, the mean of (a - y)(b - y) is
the squared error of that mean, whatever the pieces' spread. And a discriminator, shown pairs, must not tell a made
piece from a real one that belongs to the same picture. It scores every moment, and features inside it are matched.

After Mirza & Osindero 2014, arXiv:1411.1784; Isola et al. 2017, "Image-to-image translation with conditional
adversarial networks", arXiv:1611.07004 (a score for every place); Salimans et al. 2016, arXiv:1606.03498 (feature
matching).

Taught in chapter 08, "From picture to sound features".
"""

from ..backbones.engine import tensorflow
from .autoencoder import LATENT
from .conditional_vae import build_prior, drawn
from .gan import discriminator_loss, feature_matching_loss, generator_loss, gradient_penalty
from .mapping import N_CONDITIONS, build_generator

__all__ = ["PENALTY", "WEIGHTS", "build", "discriminator_step_loss", "generator_terms"]

WEIGHTS = {"adversarial": 0.2, "features": 1.0, "mean": 1.0}  #: of the generator's terms
PENALTY = 0.003  #: weight of the slope, at real pieces, of the sum of the scores of all moments (R1)


def build(*, width=96):
    """The generator, its prior (which stays as it is), and a discriminator: scores of all moments, what it sees there.

    The discriminator is smooth, so that the steepness of its score has a gradient, too.
    """
    _, keras = tensorflow()
    layers = keras.layers
    told, latent = keras.Input((None, N_CONDITIONS)), keras.Input((None, LATENT))
    x = layers.Dense(width, activation="gelu")(layers.Concatenate()([told, latent]))
    for dilation in (1, 2, 4):
        x = layers.Conv1D(width, 5, padding="same", dilation_rate=dilation, activation="gelu")(x)
    discriminator = keras.Model([told, latent], [layers.Dense(1)(x), x], name="discriminator")
    return {"generator": build_generator(), "prior": build_prior(), "discriminator": discriminator}


def _made(networks, told, chance):
    return networks["generator"]([told, drawn(networks["prior"], told, chance)])


def discriminator_step_loss(networks, told, latent, chance):
    """What the discriminator is to make small: mistakes, and too steep a score.

    Parameters
    ----------
    networks : mapping
        As `build` gives them.
    told : tensor, shape (batch, steps, N_CONDITIONS)
    latent : tensor, shape (batch, steps, LATENT), standardised
    chance : tensor, shape (batch, NOISE)

    Returns
    -------
    scalar tensor
    """
    judge = networks["discriminator"]
    made = _made(networks, told, chance)
    loss = discriminator_loss(judge([told, latent])[0], judge([told, made])[0])
    return loss + PENALTY / 2 * gradient_penalty(lambda rows: judge([told, rows])[0], latent, slope=0.0)


def generator_terms(networks, told, latent, chance, other):
    """What the generator is to make small, one number a kind (see `WEIGHTS`).

    adversarial  what it makes is to be taken for real
    features     the discriminator is to see the same in it, on average
    mean         squared error of the mean over chance, from two pieces by different chance

    Returns
    -------
    dict of str to scalar tensor
    """
    from keras import ops

    judge = networks["discriminator"]
    made, again = _made(networks, told, chance), _made(networks, told, other)
    scores, inside = judge([told, made])
    _, inside_real = judge([told, latent])
    return {
        "adversarial": generator_loss(scores),
        "features": feature_matching_loss(inside_real, inside),
        "mean": ops.mean((made - latent) * (again - latent)),
    }
