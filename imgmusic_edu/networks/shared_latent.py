"""A latent that picture and sound share: two encoders that must agree, two decoders that must manage with either.

Article 1 calls it an autoencoder across the senses. Each moment of a picture (what a mapping is told) and each moment
of its music become a row of 64 numbers; both rows must lie in the same place, and from either row both must come back.

After Ngiam et al. 2011, "Multimodal deep learning" (ICML).

Taught in chapter 08, "From picture to sound features".
"""

from .autoencoder import LATENT
from .mapping import N_CONDITIONS, build_mlp

__all__ = ["SHARED", "build", "loss_terms"]

SHARED = 64  #: numbers that picture and sound meet in
WEIGHTS = {"sound": 1.0, "crossed": 1.0, "picture": 0.3, "agreement": 0.3}  #: of the terms below


def build():
    """Two encoders and two decoders, each a perceptron at each moment."""
    small = {"width": 256, "n_layers": 2}
    return {
        "picture_encoder": build_mlp(n_outputs=SHARED, **small),
        "sound_encoder": build_mlp(n_inputs=LATENT, n_outputs=SHARED, **small),
        "picture_decoder": build_mlp(n_inputs=SHARED, n_outputs=N_CONDITIONS, **small),
        "sound_decoder": build_mlp(n_inputs=SHARED, n_outputs=LATENT, **small),
    }


def loss_terms(networks, told, latent):
    """Mean squared errors, one number a kind (see `WEIGHTS`).

    sound      a sound from its own row
    crossed    a sound from its picture's row: what the road will do
    picture    a picture from its own row, and from the sound's: nothing of it may be lost
    agreement  between the two rows

    Parameters
    ----------
    networks : mapping
        As `build` gives them.
    told : tensor, shape (batch, steps, N_CONDITIONS)
    latent : tensor, shape (batch, steps, LATENT), standardised

    Returns
    -------
    dict of str to scalar tensor
    """
    from keras import ops

    def error(one, other):
        return ops.mean((one - other) ** 2)

    from_picture, from_sound = networks["picture_encoder"](told), networks["sound_encoder"](latent)
    to_picture, to_sound = networks["picture_decoder"], networks["sound_decoder"]
    return {
        "sound": error(to_sound(from_sound), latent),
        "crossed": error(to_sound(from_picture), latent),
        "picture": 0.5 * error(to_picture(from_picture), told) + 0.5 * error(to_picture(from_sound), told),
        "agreement": error(from_picture, from_sound),
    }
