"""A folder in which pictures lie beside their music: read for the benchmark, or laid out for a system to fill.

`koala.png` and `koala.wav` are a pair; so are `koala.lighten.png` and `koala.lighten.wav`, where the picture is the
first one with the edit `lighten` done to it (`edits.EDITS`).

Taught in chapter 11, section "Does the music follow the picture?".
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..files import printable, write_atomically
from .edits import EDITS

__all__ = ["Entry", "find_pairs", "prepare", "prepared", "read_pairs"]

PICTURES = (
    ".png .jpg .jpeg .jpe .jfif .webp .gif .bmp .dib .tif .tiff .mpo"
    " .heic .heif .avif .jp2 .jxl .svg"  # cannot be read: better a sentence each than silence
).split()
SOUNDS = (".wav", ".flac", ".ogg", ".oga", ".mp3", ".aif", ".aiff")
SENTENCES = 5  # of one kind; what is more is only counted
WORKING_SIDE = 1024  # px: a picture is read at this size at most, as by the score road


class Entry(NamedTuple):
    """One pair of files: the name of the picture, the edit done to it (or None), and where both lie."""

    name: str
    edit: str | None
    picture: Path
    sound: Path


def find_pairs(folder, *, ignore=(), notice: Callable[[str], object] = print) -> list[Entry]:
    """The pairs of files in a folder, unedited pictures first; nothing is opened.

    Parameters
    ----------
    folder : path
    ignore : sequence of str
        Names of files that are no pictures to be paired, and need no sentence.
    notice : callable
        Is told, in a sentence, of pictures and sounds that are left out because their other half is missing.

    Returns
    -------
    list of Entry

    Raises
    ------
    ValueError
        The folder cannot be read, or holds no pair; one sentence.
    """
    try:
        files = sorted(path for path in Path(folder).iterdir() if not path.name.startswith(".") and not path.is_dir())
    except (OSError, ValueError) as problem:  # ValueError: a null character in the name
        reason = printable(getattr(problem, "strerror", None) or problem).lower()
        raise ValueError(f"the folder {printable(folder)} cannot be read ({reason}): name one with pairs.") from problem
    pictures, sounds = (_by_stem(files, kinds, notice) for kinds in (PICTURES, SOUNDS))
    entries = [Entry(*_parts(stem), pictures[stem], sounds[stem]) for stem in pictures if stem in sounds]
    there = {entry.name for entry in entries if entry.edit is None}
    if not there:
        raise ValueError(
            f"there is no pair in {printable(folder)}, with {len(pictures)} pictures and {len(sounds)} sounds in it: "
            "both of one name are needed, such as a.png and a.wav."
        )
    silent = [path.name for stem, path in pictures.items() if stem not in sounds and path.name not in ignore]
    _tell(silent, "is left out: no sound of that name lies beside it.", notice)
    blind = [path.name for stem, path in sounds.items() if stem not in pictures]
    _tell(blind, "is left out: no picture of that name lies beside it.", notice)
    alone = [entry.picture.name for entry in entries if entry.name not in there]
    _tell(alone, "is left out: the picture before the edit, with its sound, is missing.", notice)
    entries = [entry for entry in entries if entry.name in there]
    return sorted(entries, key=lambda entry: (entry.edit or "", entry.name))


def _by_stem(files, kinds, notice):
    """Files of these kinds by name without suffix; of two with the same name the first in order of `kinds`."""
    found = {}
    own = [path for path in files if path.suffix.lower() in kinds]
    for path in sorted(own, key=lambda path: kinds.index(path.suffix.lower())):
        if path.stem in found:
            notice(f"{printable(path.name)} is left out: {printable(found[path.stem].name)} has the same name.")
        found.setdefault(path.stem, path)
    return found


def _parts(stem) -> tuple[str, str | None]:
    """Name and edit of a file name without its suffix."""
    name, dot, edit = stem.rpartition(".")
    return (name, edit) if dot and name and edit in EDITS else (stem, None)


def _tell(names, what, notice):
    for name in names[:SENTENCES]:
        notice(f"{printable(name)} {what}")
    if len(names) > SENTENCES:
        notice(f"{len(names) - SENTENCES} more like them, to {printable(names[-1])}: each {what}")


def read_pairs(entries, *, notice: Callable[[str], object] = print) -> Iterator[tuple]:
    """Open pairs one after another.

    Parameters
    ----------
    entries : iterable of Entry
    notice : callable
        Is told, in a sentence, of a pair that is left out because one of its files cannot be read, or is silent.

    Yields
    ------
    tuple
        As `benchmark.Pair`: name, edit or None, picture, samples.
    """
    from ..pictures import open_picture
    from ..sounds import open_sound

    for entry in entries:
        try:
            picture = open_picture(entry.picture, max_side=WORKING_SIDE)
            samples = open_sound(entry.sound).samples
        except (ValueError, OSError, MemoryError) as problem:
            notice(f"{printable(entry.picture.stem)} is left out: {printable(problem)}")
            continue
        yield entry.name, entry.edit, picture, samples


# --- laying out ------------------------------------------------------------------------------------------


def prepared(n) -> Iterator[tuple[str, np.ndarray]]:
    """Pictures to be judged by, with their names: shipped photographs and paintings, then synthetic scenes.

    Shipped are every fifth of all, which the course's own networks never see in training: half of the pictures, as
    long as there are so many.

    Yields
    ------
    (name, np.ndarray, shape (H, W, 3), uint8)
    """
    from .. import datasets
    from .baselines import random_scene

    kept = sorted(datasets.photographs() + datasets.paintings())[2::5]
    n_shipped = min(len(kept), (n + 1) // 2)
    for k in range(n_shipped):
        name = kept[k * len(kept) // n_shipped]
        yield name, datasets.picture(name)
    for number in range(n - n_shipped):
        yield f"scene_{number:03d}", random_scene(3_000_000 + number)


def prepare(folder, *, n, edits=False) -> tuple[int, int]:
    """Write pictures into a folder, for a system to lay its sounds beside; what is there already stays as it is.

    Parameters
    ----------
    folder : path
        Made where it is missing.
    n : int
        Number of unedited pictures.
    edits : bool
        Each picture also with every edit of `edits.EDITS` done to it.

    Returns
    -------
    written, there : int
        How many files were written, and how many were there before.

    Raises
    ------
    OSError
        The folder cannot be made or written to; one sentence.
    """
    from PIL import Image

    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as problem:
        reason = printable(problem.strerror or problem).lower()
        raise OSError(f"the folder {printable(folder)} cannot be made ({reason}): choose another.") from problem
    written = there = 0
    for name, picture in prepared(n):
        for edit in (None, *(EDITS if edits else ())):
            path = Path(folder) / (f"{name}.png" if edit is None else f"{name}.{edit}.png")
            if path.exists():
                there += 1
                continue
            buffer = io.BytesIO()
            Image.fromarray(picture if edit is None else EDITS[edit].function(picture)).save(buffer, "PNG")
            write_atomically(path, buffer.getvalue())
            written += 1
    return written, there
