"""A decoder that answers to a judge: the second half of the codec's training, against the blur of the first.

What a latent does not say, a decoder trained on a distance fills in with the median of all that may be there: the
flicker of real sound is gone, soft onsets are washed out, the level drops. Here the encoder is held fast and the
decoder goes on learning with a discriminator that looks at patches of the spectrogram: they must look like real ones,
in each layer.

After Larsen et al. 2016, "Autoencoding beyond pixels using a learned similarity metric", arXiv:1512.09300; Isola et al.
2017, arXiv:1611.07004 (patches).

Taught in chapter 07, "Adversarial nets".
"""

from ..audio_features.transforms import N_MELS
from ..backbones.engine import tensorflow
from ..vocoders.neural import CENTRE, SPREAD
from .autoencoder import reconstruction_loss
from .gan import discriminator_loss, generator_loss

__all__ = ["WEIGHTS", "build_discriminator", "decoder_terms", "judging_loss"]

#: Of the decoder's terms.
WEIGHTS = {"distance": 1.0, "loud": 0.3, "adversarial": 0.02, "features": 1.0}


def build_discriminator(*, widths=(24, 48, 64)):
    """Convolutions over time and pitch; a score for each patch of about 0.4 s and a third of the bands.

    Returns
    -------
    keras.Model
        (batch, frames, N_MELS), normalised -> [scores, and what each layer sees].
    """
    _, keras = tensorflow()
    layers = keras.layers
    frames = keras.Input((None, N_MELS))
    x, inside = layers.Reshape((-1, N_MELS, 1))(frames), []
    for width in widths:
        x = layers.Conv2D(width, 5 if width == widths[0] else 4, strides=2, padding="same", activation="leaky_relu")(x)
        inside.append(x)
    return keras.Model(frames, [layers.Conv2D(1, 3, padding="same")(x), *inside], name="judge")


def judging_loss(judge, mel, made):
    """What the discriminator is to make small; a scalar. See `gan.discriminator_loss`."""
    return discriminator_loss(judge(mel)[0], judge(made)[0])


def decoder_terms(judge, mel, made):
    """What the decoder is to make small, one number a kind (see `WEIGHTS`).

    distance     mean |difference|, as before
    loud         distance of magnitudes, against their size: spectral convergence, for the level of what is loud
    adversarial  patches are to be taken for real
    features     what each layer of the discriminator sees, against what it sees in the original

    Parameters
    ----------
    judge : keras.Model
        As `build_discriminator` gives it.
    mel, made : tensor, shape (batch, frames, N_MELS), normalised
        The original, and what the decoder made of its latent.

    Returns
    -------
    dict of str to scalar tensor
    """
    from keras import ops

    scores, *inside = judge(made)
    _, *inside_real = judge(mel)
    matched = [
        ops.mean(ops.abs(a - b)) / (ops.mean(ops.abs(a)) + 1e-3) for a, b in zip(inside_real, inside, strict=True)
    ]
    real, loud = _magnitude(mel), _magnitude(made)
    return {
        "distance": reconstruction_loss(mel, made),
        "loud": ops.sqrt(ops.sum((loud - real) ** 2) / ops.sum(real**2)),
        "adversarial": generator_loss(scores),
        "features": sum(matched) / len(matched),
    }


def _magnitude(normalised_mel):
    from keras import ops

    return ops.exp((normalised_mel * SPREAD + CENTRE) * (2.302585 / 20))
