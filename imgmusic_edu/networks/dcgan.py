"""DCGAN: small pictures, 32 x 32, from noise, by convolutions that double the side three times.

The guidelines of Radford, Metz & Chintala 2016 (arXiv:1511.06434) are all here: strides in place of pooling, batch
normalisation and ReLU in the generator, tanh at its end, leaky ReLU in the discriminator, weights that begin at .02,
Adam with a beta_1 of .5. The discriminator ends in one score a picture, shape (batch, 1), and no sigmoid, and has no
batch normalisation of its own, so that a gradient penalty may be asked of it.

    generator, discriminator = build(seed=0)
    trainer = Trainer(generator, discriminator, draw_from(training_pictures()), **SETTINGS)

Taught in chapter 07, "Adversarial nets".
"""

import tarfile
from pathlib import Path

import numpy as np

from .. import datasets
from ..backbones.engine import tensorflow
from .gan import minibatch_std

__all__ = [
    "SETTINGS",
    "SIDE",
    "build",
    "draw_from",
    "open_cifar10",
    "places",
    "to_pictures",
    "training_pictures",
]

SIDE = 32  #: pixels
N_LATENT = 64
#: For `gan_training.Trainer`: five times as quick as Radford et al. (2e-4), which the penalty makes bearable.
SETTINGS = {"rates": (1e-3, 1e-3), "penalty": 1.0}
#: Categories of photographs that show a place: light above, dark below.
PLACES = ("dams", "landscapes", "monuments", "solar", "windmills")
_RECORD = 1 + 3 * SIDE * SIDE  # bytes of CIFAR-10: a label, then red, green and blue


# --- the networks ------------------------------------------------------------------------------------------


def build(*, width=32, n_latent=N_LATENT, shape=(SIDE, SIDE, 3), with_std=False, batch_norm=True, seed=0):
    """Generator and discriminator with random weights, mirror images of each other.

    Parameters
    ----------
    width : int
        Channels next to the picture; each halving of the side doubles them.
    n_latent : int
    shape : (int, int, int)
        Of a sample: height and width divisible by 8, and channels. `spectrogram_gan` makes (64, 128, 1).
    with_std : bool
        The discriminator also sees how much its batch varies (`gan.minibatch_std`).
    batch_norm : bool
        In the generator.
    seed : int
        Of the first weights.

    Returns
    -------
    generator : keras.Model
        (batch, n_latent) to (batch, *shape), -1..1.
    discriminator : keras.Model
        (batch, *shape) to (batch, 1), scores.

    Raises
    ------
    ValueError
        Sides that three halvings do not divide.
    ImportError
        TensorFlow is missing.

    Notes
    -----
    Taught in chapter 07.
    """
    height, across, channels = shape
    if height % 8 or across % 8:
        raise ValueError(f"Three halvings need sides divisible by 8, but these are {height} x {across}.")
    _, keras = tensorflow()
    keras.utils.set_random_seed(seed)
    layers, start = keras.layers, keras.initializers.RandomNormal(stddev=0.02)
    conv = {"kernel_size": 4, "strides": 2, "padding": "same", "kernel_initializer": start}

    x = latent = keras.Input((n_latent,), name="latent")
    x = layers.Dense(height // 8 * across // 8 * 4 * width, kernel_initializer=start)(x)
    x = layers.Reshape((height // 8, across // 8, 4 * width))(x)  # (batch, H / 8, W / 8, 4 width)
    for times in (2, 1, 0):
        x = layers.BatchNormalization(momentum=0.9)(x) if batch_norm else x
        x = layers.ReLU()(x)
        if times:
            x = layers.Conv2DTranspose(times * width, use_bias=not batch_norm, **conv)(x)
        else:
            x = layers.Conv2DTranspose(channels, activation="tanh", dtype="float32", **conv)(x)
    generator = keras.Model(latent, x, name="generator")

    x = sample = keras.Input(shape, name="sample")
    for times in (1, 2, 4):
        x = layers.Conv2D(times * width, **conv)(x)
        x = keras.ops.maximum(x, 0.2 * x)  # leaky ReLU, written out: TensorFlow complains of fusing the layer's slope
    x = minibatch_std(x) if with_std else x
    x = layers.Flatten()(x)
    x = layers.Dense(1, kernel_initializer=start, dtype="float32")(x)  # (batch, 1): a score, no sigmoid
    discriminator = keras.Model(sample, x, name="discriminator")
    return generator, discriminator


# --- pictures to learn from --------------------------------------------------------------------------------


def places():
    """Names of the shipped photographs that show a place."""
    return [name for category in PLACES for name in datasets.photographs(category)]


def training_pictures(names=None, *, each=12, seed=0):
    """Small crops of shipped pictures, near enough to the whole that one sees what they show.

    Parameters
    ----------
    names : sequence, optional
        Of photographs or paintings by name, or pictures of one's own, np.ndarray, shape (H, W, 3), uint8; without it
        the photographs of `PLACES`.
    each : int
        Crops a picture: at random scales (32 to 44 pixels on the shorter side), places, and mirrored or not.
    seed : int

    Returns
    -------
    np.ndarray, shape (each * pictures, 32, 32, 3), float32 in -1..1

    Notes
    -----
    Taught in chapter 07.
    """
    from PIL import Image

    names = places() if names is None else names
    made = []
    for number, name in enumerate(names):
        picture = Image.fromarray(datasets.picture(name) if isinstance(name, str) else name)
        for take in range(each):
            random = np.random.default_rng([seed, number, take])
            scale = random.integers(SIDE, SIDE + 13) / min(picture.size)
            size = [max(SIDE, round(side * scale)) for side in picture.size]
            small = np.asarray(picture.resize(size, Image.Resampling.BOX))
            top, left = (int(random.integers(side - SIDE + 1)) for side in small.shape[:2])
            crop = small[top : top + SIDE, left : left + SIDE]
            made.append(crop[:, ::-1] if random.random() < 0.5 else crop)
    return np.stack(made).astype(np.float32) / 127.5 - 1


def open_cifar10(path):
    """CIFAR-10 from a file of one's own: "cifar-10-binary.tar.gz" as it is, or one of its data_batch_N.bin.

    Parameters
    ----------
    path : path

    Returns
    -------
    pictures : np.ndarray, shape (n, 32, 32, 3), float32 in -1..1
    labels : np.ndarray, shape (n,), int
        0 .. 9: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Raises
    ------
    ValueError
        Not such a file. (The "python version" holds pickles, which may run anything, and is not read.)
    OSError
        It cannot be opened.

    Notes
    -----
    Taught in chapter 07.
    """
    path = Path(path)
    if path.name.endswith((".tar.gz", ".tgz")):
        parts = []
        with tarfile.open(path) as archive:
            for member in sorted(archive.getmembers(), key=lambda one: one.name):
                stream = archive.extractfile(member) if "data_batch" in member.name else None
                parts += [stream.read()] if stream and member.name.endswith(".bin") else []
        content = b"".join(parts)
    else:
        content = path.read_bytes()
    if not content or len(content) % _RECORD:
        raise ValueError(
            f'{path.name} is not CIFAR-10\'s "binary version": it holds {len(content)} bytes of pictures, '
            f"which is no multiple of {_RECORD}."
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
    pictures = records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)  # (n, height, width, channels)
    return pictures.astype(np.float32) / 127.5 - 1, records[:, 0].astype(int)


def draw_from(samples):
    """A function (n, random) that draws n of the samples, shape (n, ...): what `Trainer` learns from."""

    def draw(n, random):
        return samples[random.integers(len(samples), size=n)]

    return draw


def to_pictures(samples):
    """Values in -1..1 as pictures, uint8, for people."""
    return np.round((np.clip(samples, -1, 1) + 1) * 127.5).astype(np.uint8)
