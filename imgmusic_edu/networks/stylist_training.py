"""Training of the stylist: photographs painted in many manners, judged by Gram matrices of a network that sees.

    python -m imgmusic_edu.networks.stylist_training --export data/models/stylist.npz    Ctrl-C keeps what is learnt

A step takes photographs and styles; the stylist paints; the shipped EfficientNet-Lite0 says how far each picture is
from the painting's Gram matrices and from the photograph's features (Johnson et al. 2016, arXiv:1603.08155).

Taught in chapter 04, "Gram matrices".
"""

import functools
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from .. import datasets
from ..backbones import efficientnet
from ..backbones.engine import tensorflow
from ..backbones.feature_maps import open_feature_maps
from ..backbones.style_vector import SIZE, style_vectors
from ..command_lines import Parser, UsageError, forgive_odd_names
from ..files import FileWriteError
from ..style import content_loss, cosine_similarity, style_loss
from ..style.aims import Aim, centred, symmetric_gram
from . import stylist
from .training import Training, on_one_core, save_networks
from .vocoder_corpus import cache_folder

__all__ = ["HELD_OUT", "HELD_OUT_PAINTING", "Styles", "contents", "figures", "measured", "styles", "terms", "train"]

#: Photographs that the stylist never sees while it learns: what chapters show, and a few of each kind.
HELD_OUT = (
    *("aitzgorri", "astronaut", "brandenburg_gate", "cat", "chateau_de_chenonceau", "clownfish", "coffee", "colosseum"),
    *("eiffel_tower", "forest_stream", "great_wall_at_mutianyu", "horses", "kinderdijk_windmills", "kingfisher"),
    *("mont_saint_michel", "neuschwanstein_castle", "orchestra", "owl", "petra", "picos_de_europa", "red_panda"),
    *("reims_cathedral", "rhodes_windmill", "saturn", "scarlet_macaw", "sunset", "taj_mahal", "two_dogs"),
)
HELD_OUT_PAINTING = "vestibule_of_the_asylum"  #: and the painting
STYLE_LAYERS = ("stem", "block_1_expand", "block_3_expand", "block_5_expand", "block_8_expand")
CONTENT_LAYER = "block_7"
ENLARGED = 2  # times, before the network looks: its first step of two pixels would miss what is as fine as one
WEIGHTS = {"distance": 1.0, "content": 0.3, "roughness": 0.5}
BATCHES = ((4, 128), (2, 176))  # photographs a step, side of each in pixels: as much work either way
LEARNING_RATE = 1e-3
# Kind -> pictures of style made of each painting or photograph, and the share of all that is drawn: see `styles`.
KINDS = {"paintings": (48, 0.65), "colours": (24, 0.2), "photographs": (1, 0.15)}
WHOLE = 0.5  # share of the whole paintings in what is drawn of "paintings": those are what people choose


class Styles(NamedTuple):
    """Manners to learn: one row each."""

    vectors: np.ndarray  # (n, LENGTH)
    means: tuple  # of each of STYLE_LAYERS: (n, channels)
    grams: tuple  # (n, channels, channels), float16
    variations: np.ndarray  # (n,): mean difference of neighbouring pixels, 0..1
    chances: np.ndarray  # (n,), of being drawn

    def take(self, rows):
        """Some of the rows, everything float32."""
        means, grams = (tuple(np.float32(part[rows]) for part in parts) for parts in (self.means, self.grams))
        return Styles(self.vectors[rows], means, grams, self.variations[rows], self.chances[rows])


@functools.cache
def _eye():
    """The network that judges: pictures in 0..1 -> maps of STYLE_LAYERS and of CONTENT_LAYER."""
    tf, keras = tensorflow()
    with tf.init_scope():  # asked for while a graph is made, the weights would be read into that graph alone
        model = efficientnet.build(size=None)
        efficientnet.read_weights(model)
    part = keras.Model(model.input, [model.get_layer(name).output for name in (*STYLE_LAYERS, CONTENT_LAYER)])
    part.trainable = False

    def look(pictures):
        large = tf.image.resize(pictures, [ENLARGED * side for side in pictures.shape[1:3]])
        return part(efficientnet.scale(255 * large), training=False)

    return look


def terms(painted, photos, means, grams, variations):
    """How far pictures are from what they should be.

    Features are taken less the painting's mean of each channel, so that one Gram matrix tells how strong channels are
    and how they vary together; without that nine tenths of it would be the means.

    Parameters
    ----------
    painted, photos : tensor, shape (n, h, w, 3), 0..1
    means, grams, variations
        As in `Styles`, n rows.

    Returns
    -------
    dict of str to scalar
        style, content: relative, 0 or more, see `style.style_loss` and `style.content_loss`; roughness: how far the
        picture's total variation is beyond the painting's, squared; cosine: of the content's features.
    """
    tf, _ = tensorflow()
    *maps, content = _eye()(painted)
    original = _eye()(photos)[-1]
    found = [symmetric_gram(seen - mean[:, None, None, :]) for seen, mean in zip(maps, means, strict=True)]
    losses = [style_loss(one, other) for one, other in zip(found, grams, strict=True)]
    distances = [_size(one - other) / _size(other) for one, other in zip(found, grams, strict=True)]
    excess = tf.nn.relu(_variation(painted) / variations - 1)
    return {
        "distance": tf.reduce_mean(distances),
        "style": sum(losses) / len(losses),
        "content": content_loss(content, original),
        "roughness": tf.reduce_mean(excess**2),
        "cosine": cosine_similarity(content, original),
    }


def _size(gram):
    tf, _ = tensorflow()
    return tf.sqrt(tf.reduce_sum(gram**2, (1, 2)) + 1e-6)


def _variation(x):
    """Mean difference of neighbouring pixels, of each picture: shape (n,)."""
    tf, _ = tensorflow()
    down, right = tf.abs(x[:, 1:] - x[:, :-1]), tf.abs(x[:, :, 1:] - x[:, :, :-1])
    return tf.reduce_mean(down, (1, 2, 3)) + tf.reduce_mean(right, (1, 2, 3))


def styles(*, seed=0, notice=print):
    """What is to be learnt from.

    Squares of seven paintings, from the whole to half the shorter side; the same in other colours; and
    squares of photographs that are as rough as a painting, so that manners of other kinds are met.

    Parameters
    ----------
    seed : int
    notice : callable
        Is told, in a line, what is going on.

    Returns
    -------
    Styles
    """
    notice("Style vectors and Gram matrices of what is learnt from: two minutes ...")
    random = np.random.default_rng(seed)
    paintings = [datasets.picture(name) for name in datasets.paintings() if name != HELD_OUT_PAINTING]
    calmest = min(_roughness(picture) for picture in paintings)
    rough = [picture for picture in contents() if _roughness(picture) > 0.7 * calmest]
    rows, chances = [], []
    for kind, (n, share) in KINDS.items():
        pictures = rough if kind == "photographs" else paintings
        for picture in pictures:
            whole = kind == "paintings"
            made = [_square(picture, random, 1.0 if whole and not k else random.uniform(0.5, 1)) for k in range(n)]
            rows += [_recoloured(row, random) for row in made] if kind == "colours" else made
            each = [WHOLE, *[(1 - WHOLE) / (n - 1)] * (n - 1)] if whole else [1 / n] * n
            chances += [share * chance / len(pictures) for chance in each]
    return measured(rows, chances)


def measured(pictures, chances=None):
    """What the stylist is told of pictures as styles, and what it is judged by.

    Parameters
    ----------
    pictures : sequence of np.ndarray, each of shape (SIZE, SIZE, 3), uint8
    chances : sequence of float, optional

    Returns
    -------
    Styles
    """
    tf, _ = tensorflow()

    @tf.function
    def told(picture):
        *maps, _ = _eye()(picture)
        means, grams = zip(*map(centred, maps), strict=True)
        return means, grams, _variation(picture)

    found = []
    for picture in pictures:
        means, grams, variation = told(np.float32(picture[None]) / 255)
        found.append((means, [np.float16(gram) for gram in grams], variation))
    means, grams = (
        tuple(np.concatenate(layer) for layer in zip(*(row[part] for row in found), strict=True)) for part in (0, 1)
    )
    variations = np.concatenate([row[2] for row in found])
    chances = np.full(len(found), 1 / len(found)) if chances is None else np.asarray(chances)
    return Styles(style_vectors(pictures), means, grams, variations, chances / chances.sum())


def contents():
    """The photographs that are learnt from, a list of np.ndarray, shape (H, W, 3), uint8."""
    return [datasets.picture(name) for name in datasets.photographs() if name not in HELD_OUT]


def _roughness(picture):
    return sum(np.abs(np.diff(picture.astype(np.float32), axis=axis)).mean() for axis in (0, 1))


def _square(picture, random, share=1.0, size=SIZE):
    """A square of so much of the shorter side, somewhere in the picture, perhaps mirrored; the whole: its middle."""
    height, width = picture.shape[:2]
    side = share * min(height, width)
    x, y = (0.5, 0.5) if share == 1 else random.random(2)
    left, top = x * (width - side), y * (height - side)
    box = (left, top, left + side, top + side)
    found = np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR, box=box))
    return found[:, ::-1] if share < 1 and random.random() < 0.5 else found


def _recoloured(picture, random):
    """Other colours: turned about the line of greys (Rodrigues' formula), paler or stronger, lighter or darker."""
    angle, strength = random.uniform(0.5, 2 * np.pi - 0.5), random.uniform(0.4, 1.4)
    axis = np.full(3, 3**-0.5)
    grey = np.outer(axis, axis)
    turn = grey + strength * (np.cos(angle) * (np.eye(3) - grey) + np.sin(angle) * np.cross(np.eye(3), axis))
    bent = np.clip(picture / 255 @ turn, 0, 1) ** np.exp(random.uniform(-0.5, 0.5))
    return np.round(255 * np.clip(0.5 + random.uniform(0.6, 1.3) * (bent - 0.5), 0, 1)).astype(np.uint8)


def _draw(photos, found, random):
    """One batch: photographs, and rows of `Styles` without their chances."""
    n, size = BATCHES[random.integers(len(BATCHES))]
    chosen = [photos[k] for k in random.integers(len(photos), size=n)]
    shares = [min(0.999, size / min(photo.shape[:2]) * random.uniform(1, 1.8)) for photo in chosen]
    squares = [_square(photo, random, share, size) for photo, share in zip(chosen, shares, strict=True)]
    rows = random.choice(len(found.chances), p=found.chances, size=n)
    return np.float32(squares) / 255, *found.take(rows)[:-1]


def train(photos, found, *, minutes, folder=None, notice=print, seed=0, **settings):
    """Learn, or go on learning.

    Parameters
    ----------
    photos : list of np.ndarray
        As `contents` gives them.
    found : Styles
        As `styles` gives them.
    minutes : float
        Of processor work, all runs together.
    folder, notice, seed
        As for `training.Training`.
    settings
        As for `stylist.build`.

    Returns
    -------
    Training
        Its networks hold the best weights.
    """
    tf, keras = tensorflow()
    keras.utils.set_random_seed(seed)
    networks = stylist.build(**settings)
    network = networks["stylist"]
    variables = network.trainable_variables
    optimizer = keras.optimizers.Adam(LEARNING_RATE, global_clipnorm=1.0)
    optimizer.build(variables)

    def told(pictures, vectors, *targets):
        each = terms(network([pictures, vectors]), pictures, *targets)
        return {"score": sum(weight * each[kind] for kind, weight in WEIGHTS.items()), **each}

    def improve(*batch):
        with tf.GradientTape() as tape:
            each = told(*batch)
        optimizer.apply_gradients(zip(tape.gradient(each["score"], variables), variables, strict=True))
        return each

    batch = _validation()
    judge = tf.function(lambda: told(*batch))
    training = Training(
        folder or cache_folder() / "stylist",
        networks=networks,
        optimizers={"stylist": optimizer},
        draw=functools.partial(_draw, photos, found),
        improve=improve,
        judge=judge,
        seed=seed,
    )
    training.run(minutes, notice=notice)
    training.take_best()
    return training


def _validation():
    """Eight of the photographs held out, 160 pixels a side, each with one of the eight paintings, as `_draw` has it."""
    random = np.random.default_rng(1)
    photos = [_square(datasets.picture(name), random, size=160) for name in HELD_OUT[::3][:8]]
    paintings = [_square(datasets.picture(name), random) for name in datasets.paintings()]
    return np.float32(photos) / 255, *measured(paintings).take(slice(None))[:-1]


def figures(artist, *, photos=HELD_OUT[1::3], side=256):
    """How well a stylist does on photographs it has never seen, by the measures of `style.painting`.

    Parameters
    ----------
    artist : stylist.Stylist
    photos : sequence of str
        Names of photographs; each is painted in the manner of each painting. Those of `HELD_OUT` that chose no weights.
    side : int
        Longest side of photographs and paintings, pixels.

    Returns
    -------
    dict of str to dict of str to float
        Painting -> fall, the share of the distance to the painting's style that is gone; cosine, of the content's
        features; nearest, the share of pictures whose style vector is nearest to this painting's, of all; means over
        the photographs.
    """
    tf, _ = tensorflow()
    paintings = {name: datasets.picture(name) for name in datasets.paintings()}
    vectors, maps = style_vectors(list(paintings.values())), open_feature_maps()
    rows: dict = {name: [] for name in paintings}
    for photo in (datasets.picture(name, max_side=side) for name in photos):
        for row, name in enumerate(paintings):
            painted = artist.paint(photo, vectors[row])
            seen = (tf.constant(np.float32(one[None])) for one in (photo, datasets.picture(name, max_side=side)))
            found = Aim(maps, *seen)(tf.constant(np.float32(painted[None])))
            nearest = np.linalg.norm(vectors - style_vectors(painted), axis=1).argmin() == row
            rows[name].append({"fall": 1 - found["style"], "cosine": found["cosine"], "nearest": nearest})
    return {name: {key: float(np.mean([row[key] for row in own])) for key in own[0]} for name, own in rows.items()}


def _print_figures(found):
    """The table of the card."""
    print("| painting | style distance gone | content cosine | nearest to it |\n|" + " --- |" * 4)
    for name, row in found.items():
        print(f"| {name} | {row['fall']:.0%} | {row['cosine']:.2f} | {row['nearest']:.0%} |")


def main(arguments=None):
    """The command line: train and export; returns 0; 2 after a sentence on what is wrong, 130 after Ctrl-C."""
    forgive_odd_names()
    parser = Parser(prog="python -m imgmusic_edu.networks.stylist_training", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=48.0, help="of one processor core, all runs together")
    parser.add_argument("--folder", type=Path, help="for checkpoint and learning curve (default: the user's cache)")
    parser.add_argument("--export", type=Path, help="write the weights, float16, to this .npz")
    try:
        told = parser.parse_args(arguments)
        if not 0 < told.minutes < 1e5:
            raise UsageError(f"--minutes is a number above 0, not {told.minutes:g}.")
        if told.export and not (told.export.suffix == ".npz" and told.export.absolute().parent.is_dir()):
            raise UsageError(f"--export {told.export} is no .npz in a folder that exists.")
        on_one_core()
        networks = train(contents(), styles(), minutes=told.minutes, folder=told.folder).networks
        if told.export:
            save_networks(told.export, networks)
        _print_figures(figures(stylist.Stylist(networks)))
    except (UsageError, FileWriteError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # while it learns, `Training` sees to it
        print("Stopped; what was learnt before is kept.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
