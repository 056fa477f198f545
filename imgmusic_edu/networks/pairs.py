"""Pictures and music that belong together, made in the open: what the spectral roads learn from, and are judged by.

No public collection pairs pictures with the music that people hear in them, so the pairs are built here: a picture is
put through the rules (`composer`) with a seed of its own, which chooses key, metre, melody and players, and the
sound is kept as log-mel frames. What a network can learn from such pairs are the rules, never taste.

Pictures are half shipped photographs and paintings, cropped, turned and recoloured at will, half synthetic scenes of
random factors. No picture and no piece is in two parts:

* "train": what networks learn from;
* "validation": what settings are chosen by, and the learning curves' second line;
* "test": photographs and paintings, as they are and changed; no setting is chosen on it (the mappings' card says which
  were chosen on "validation" a second time, after a look at results on "test");
* "scenes": other scenes, which nothing is chosen by, either.

    python -m imgmusic_edu.networks.pairs       make all parts (some minutes; Ctrl-C keeps what is made) and say what
                                                they hold

`read_pairs` reads pairs of one's own.

Taught in chapter 08, "From picture to sound features".
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image

from .. import audio_features, composer, datasets, scenes, synthesizer
from ..audio_features.transforms import HOP_LENGTH
from ..evaluation.baselines import standardised
from ..pictures import open_picture
from ..sounds import SAMPLE_RATE, open_sound
from ..visual_features import visual_features
from .vocoder_corpus import cache_folder, save_arrays

__all__ = [
    "COLUMNS",
    "FRAMES",
    "PARTS",
    "SECONDS",
    "Pairs",
    "from_levels",
    "gather",
    "names",
    "numbers_of",
    "pairs",
    "picture_of",
    "read_pairs",
    "seen",
    "shipped",
    "to_levels",
]

FRAMES = 864  #: of a clip: 216 steps of 4 frames
SECONDS = FRAMES * HOP_LENGTH / SAMPLE_RATE  #: of a clip, 10.03
N_COLUMNS = 64  #: a picture is read in, from left to right
COLUMNS = ("lightness", "chroma", "warmth", "contrast", "roughness", "edge_density", "skyline", "mass")
PARTS = {"train": 2400, "validation": 120, "test": 100, "scenes": 60}  #: pairs in each part
SHARD = 100  # pairs a file: what an interrupt can cost
VERSION = 1  # of what is kept: to be raised when features, rules or the synthesizer change
_FIRST_SEED = {"train": 0, "validation": 1_000_000, "test": 2_000_000, "scenes": 3_000_000}
_SIDE = 256  # px, of pictures that are changed
_SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


@dataclass(frozen=True)
class Pairs:
    """Pictures' features beside the sound of their music, n of them.

    Attributes
    ----------
    name : np.ndarray, shape (n,), str
        `picture_of` makes the picture again from it.
    features : np.ndarray, shape (n, 18), float32
        Standardised visual features, in the order of `visual_features.FEATURES`.
    columns : np.ndarray, shape (n, N_COLUMNS, 8), float32
        The picture from left to right: the curves named in `COLUMNS`, in their units.
    tempo, beats_per_bar, tonic : np.ndarray, shape (n,), float32
        Beats per minute, beats of a bar, and pitch class (0 is C).
    levels : np.ndarray, shape (n, FRAMES, N_MELS), uint8
        Log-mel as `to_levels` keeps it; `log_mel` gives decibels.
    """

    name: np.ndarray
    features: np.ndarray
    columns: np.ndarray
    tempo: np.ndarray
    beats_per_bar: np.ndarray
    tonic: np.ndarray
    levels: np.ndarray

    def __len__(self):
        return len(self.name)

    def __getitem__(self, rows):
        """Some of the pairs, as a slice or an array of row numbers picks them."""
        return Pairs(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def log_mel(self):
        """Decibels as `audio_features.log_mel` gives them, shape (n, FRAMES, N_MELS), float32."""
        return from_levels(self.levels)


def pairs(part, *, n=None, notice=print):
    """The pairs of one part, made the first time and kept in the user's cache folder.

    Parameters
    ----------
    part : {"train", "validation", "test", "scenes"}
    n : int, optional
        The first so many (about a quarter of a second each where they must be made); all of them by default.
    notice : callable
        Is told, in a sentence, when pairs must be made.

    Returns
    -------
    Pairs

    Raises
    ------
    ValueError
        There is no such part, or not so many pairs.

    Notes
    -----
    Taught in chapter 08.
    """
    if part not in PARTS:
        raise ValueError(f"The pairs have the parts {', '.join(PARTS)}, but {part!r:.40} was asked for.")
    n = PARTS[part] if n is None else n
    if not 1 <= n <= PARTS[part]:
        raise ValueError(f"The part {part} has 1 to {PARTS[part]} pairs, but {n} were asked for.")
    shards = []
    for first in range(0, n, SHARD):
        wanted = min(SHARD, PARTS[part] - first)
        path = cache_folder() / f"pairs_{VERSION}" / f"{part}_{first // SHARD:03d}.npz"
        if not path.is_file():
            wanted = min(wanted, n - first)  # a few are soon made, and not kept
            notice(f"Composing {wanted} pairs, {first} of {n} are there ...")
            shard = gather(_composed(part, range(first, first + wanted)))
            if wanted == min(SHARD, PARTS[part] - first):
                path.parent.mkdir(parents=True, exist_ok=True)
                save_arrays(path, **vars(shard))
        else:
            with np.load(path) as stored:
                shard = Pairs(**stored)
        shards.append(shard)
    whole = Pairs(**{name: np.concatenate([vars(shard)[name] for shard in shards]) for name in vars(shards[0])})
    return whole[:n]


def names(part):
    """Names of the pictures of one part: "koala" as it is, "koala 17" changed in the 17th way, "scene 512".

    Half of the training pictures are shipped ones, changed; test pictures are shipped ones as they are, then changed.
    """
    kept, first, n = shipped(part), _FIRST_SEED[part], PARTS[part]
    if part == "train":
        return [f"{kept[k // 2 % len(kept)]} {k}" if k % 2 else f"scene {k}" for k in range(n)]
    if part == "test":
        return kept + [f"{kept[k % len(kept)]} {first + k}" for k in range(n - len(kept))]
    return kept + [f"scene {first + k}" for k in range(n - len(kept))]


def shipped(part):
    """The shipped pictures of a part: every fifth for "test", every tenth of the others for "validation"."""
    every = sorted(datasets.photographs() + datasets.paintings())
    others = [name for k, name in enumerate(every) if k % 5 != 2]
    if part == "test":
        return every[2::5]
    if part == "validation":
        return others[4::10]
    return [name for k, name in enumerate(others) if k % 10 != 4] if part == "train" else []


def picture_of(name):
    """The picture of a name that `names` gives: shape (H, W, 3), uint8, sRGB."""
    what, _, number = name.partition(" ")
    if what == "scene":
        random = np.random.default_rng([7, int(number)])
        factors = dict(zip(scenes.FACTORS, random.uniform(0, 1, len(scenes.FACTORS)), strict=True))
        return scenes.scene(**factors, seed=int(number), size=_SIDE)
    picture = datasets.picture(what)
    return altered(picture, np.random.default_rng([11, int(number)])) if number else picture


def altered(picture, random):
    """Another picture out of one: a part of it, perhaps mirrored or upside down, in other light and other colours.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8
    random : np.random.Generator

    Returns
    -------
    np.ndarray, shape (_SIDE, _SIDE, 3), uint8
    """
    from skimage.color import rgb2lab

    height, width, _ = picture.shape
    side = round(min(height, width) * random.uniform(0.4, 1))
    top, left = random.integers(0, height - side + 1), random.integers(0, width - side + 1)
    part = Image.fromarray(picture[top : top + side, left : left + side]).resize(
        (_SIDE, _SIDE), Image.Resampling.LANCZOS
    )
    lab = rgb2lab(np.asarray(part))
    if random.random() < 0.5:
        lab = lab[:, ::-1]
    if random.random() < 0.2:
        lab = lab[::-1]
    middle = lab[..., 0].mean()
    lab[..., 0] = middle + random.uniform(0.5, 1.4) * (lab[..., 0] - middle) + random.uniform(-20, 20)
    turn = np.exp(1j * random.choice([0, random.uniform(-np.pi, np.pi)]))
    colour = (lab[..., 1] + 1j * lab[..., 2]) * turn * random.uniform(0, 2)
    lab[..., 1], lab[..., 2] = colour.real, colour.imag
    return scenes.lab_to_picture(lab)


def seen(picture):
    """What the networks are told of a picture.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8

    Returns
    -------
    features : np.ndarray, shape (18,), float32
        Standardised visual features.
    columns : np.ndarray, shape (N_COLUMNS, 8), float32
    """
    return numbers_of(visual_features(picture, n_columns=N_COLUMNS))


def numbers_of(found):
    """The same from `VisualFeatures` that are there already."""
    return standardised(found).astype(np.float32), np.stack([found.columns[name] for name in COLUMNS], axis=1).astype(
        np.float32
    )


def read_pairs(folder, *, notice=print):
    """Pairs of one's own: every picture in a folder with a sound of the same name beside it.

    The first SECONDS of a sound are taken (a shorter one is followed by silence); tempo and key are measured in it.

    Parameters
    ----------
    folder : path
    notice : callable
        Is told, in a sentence, of what cannot be read and is left out.

    Returns
    -------
    Pairs

    Raises
    ------
    ValueError
        There is no pair in the folder.
    """
    folder = Path(folder)
    try:
        files = sorted(folder.iterdir())
    except OSError as problem:
        raise ValueError(f"The folder {folder} cannot be read ({problem.strerror}): name one with pairs.") from problem
    sounds = {path.stem: path for path in files if path.suffix.lower() in _SOUNDS}
    found = []
    for path in files:
        if path.suffix.lower() in _PICTURES and path.stem in sounds:
            try:
                found.append(_own_pair(path, sounds[path.stem]))
            except (ValueError, OSError) as problem:
                notice(f"{path.stem} is left out: {problem}")
    if not found:
        raise ValueError(
            f"There is no pair in {folder}: a picture and a sound of one name are needed, a.jpg and a.wav."
        )
    return gather(found)


def _own_pair(picture_path, sound_path):
    samples = open_sound(sound_path).samples
    measured = audio_features.measure(samples[: round(60 * SAMPLE_RATE)])
    features, columns = seen(open_picture(picture_path, max_side=1024))
    return Pairs(picture_path.stem, features, columns, measured["tempo"], 4, measured["tonic"], _levels(samples))


def _composed(part, rows):
    """The pairs of these rows, one after another."""
    all_names = names(part)
    for row in rows:
        found = visual_features(picture_of(all_names[row]), n_columns=N_COLUMNS)
        plan = composer.make_plan(found, seconds=SECONDS, seed=_FIRST_SEED[part] + row)
        levels = _levels(synthesizer.render(composer.compose_score(plan, found)))
        features, columns = numbers_of(found)
        yield Pairs(all_names[row], features, columns, plan.tempo, plan.beats_per_bar, plan.tonic % 12, levels)


def _levels(samples):
    """Log-mel of the first FRAMES frames: shape (FRAMES, N_MELS), uint8."""
    wanted = FRAMES * HOP_LENGTH
    frames = audio_features.log_mel(np.pad(samples[:wanted], (0, max(0, wanted - len(samples)))))[:FRAMES]
    return to_levels(frames)


def to_levels(log_mel):
    """Decibels, -100 to 41, as uint8 in steps of 5/9 dB: a quarter of the memory."""
    return np.clip(np.round(1.8 * (log_mel + 100)), 0, 255).astype(np.uint8)


def from_levels(levels):
    """Undo `to_levels`, to within 0.3 dB: float32."""
    return levels.astype(np.float32) / np.float32(1.8) - 100


def gather(found: Iterable[Pairs]) -> Pairs:
    """Single pairs, one after another, as one."""
    kinds = dict.fromkeys(("features", "columns", "tempo", "beats_per_bar", "tonic"), np.float32)
    rows = [vars(pair) for pair in found]
    return Pairs(**{name: np.array([row[name] for row in rows], kinds.get(name)) for name in rows[0]})


def main():
    """Make all parts and say what they hold."""
    for part in PARTS:
        made = pairs(part)
        minutes = len(made) * SECONDS / 60
        print(f"{part}: {len(made)} pairs, {minutes:.0f} minutes of music, {made.levels.nbytes / 2**20:.0f} MB")
    print(f"kept in {os.fspath(cache_folder() / f'pairs_{VERSION}')}")


if __name__ == "__main__":
    main()
