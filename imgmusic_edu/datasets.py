"""The course's own pictures, scores, poems and sounds, by name.

Everything in the folder `data/` may be used and passed on; its ledger, `data/MANIFEST.csv`, says whose work
each file is.  A short name is enough, for no two files share one::

    from imgmusic_edu import datasets

    datasets.photographs("windmills")
    picture = datasets.picture("eiffel_tower")
    poem = datasets.poem("sonnet_18")
    path = datasets.data_path("the_entertainer")
    datasets.licence("eiffel_tower")

Taught in chapter 00, "Hear a picture".
"""

import csv
import difflib
import functools
from pathlib import Path, PurePosixPath

__all__ = [
    "DataError",
    "categories",
    "category",
    "clips",
    "data_path",
    "ledger",
    "licence",
    "names",
    "open_data",
    "paintings",
    "photographs",
    "picture",
    "poem",
    "poems",
    "samples",
    "scores",
    "textures",
]

PICTURE_KINDS = ("paintings", "photographs")


class DataError(ValueError):
    """Something was asked for that is not shipped; the message is one sentence: what was asked, what there is."""


def names(kind=None, category=None):
    """Short names of what is shipped, in alphabetical order.

    Parameters
    ----------
    kind : str, optional
        "photographs", "paintings", "scores", "samples", "textures", "poems", "clips", "models", "facts" or
        "soundfont"; without it, all of them.
    category : str, optional
        One of `categories` of that kind: "windmills" among the photographs, "ragtime" among the scores.

    Returns
    -------
    list of str

    Raises
    ------
    DataError
        There is no such kind or category.
    """
    rows = _rows_of("kind", kind, _entries().values())
    return sorted(row["name"] for row in _rows_of("category", category, rows))


def photographs(category=None):
    """Names of the photographs, of one category or of all: a small labelled set (see `names`, `category`)."""
    return names("photographs", category)


def paintings():
    """Names of the paintings (see `names`)."""
    return names("paintings")


def scores(category=None):
    """Names of the scores, MIDI files, of one category or of all (see `names`)."""
    return names("scores", category)


def poems():
    """Names of the poems (see `names`)."""
    return names("poems")


def samples(category=None):
    """Names of the short recordings, of one category or of all: FLAC files for `sounds.open_sound` (see `names`)."""
    return names("samples", category)


def textures():
    """Names of the sound textures, rain and fire and drums: FLAC files of 5 s for `sounds.open_sound` (see `names`)."""
    return names("textures")


def clips():
    """Names of the film clips (see `names`)."""
    return names("clips")


def categories(kind="photographs"):
    """Categories of one kind, in alphabetical order: the folders its files lie in.

    Raises
    ------
    DataError
        There is no such kind.
    """
    return sorted({row["category"] for row in _rows_of("kind", kind, _entries().values())} - {""})


def category(name):
    """Category of one file, its label when pictures are sorted by a network; "" where its kind has none."""
    return _entry(name)["category"]


def data_path(name):
    """Where a shipped file lies, in a checkout and in an installed package alike.

    Parameters
    ----------
    name : str
        The short name, "eiffel_tower", with or without what stands before and after it in the ledger:
        "photographs/eiffel_tower" and "photographs/monuments/eiffel_tower.jpg" mean the same file.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DataError
        There is no such name; the message has the nearest ones.
    """
    file = _entry(name)["file"]
    path = _folder() / file
    if not path.is_file():
        raise DataError(f"{file} is in the ledger but not in {_folder()}: the installation is incomplete, repeat it")
    return path


def picture(name, *, max_side=None):
    """A shipped photograph or painting.

    Parameters
    ----------
    name : str
        As in `data_path`.
    max_side : int, optional
        The longest side wanted, in pixels; the photographs have 384 or fewer, the paintings 500.

    Returns
    -------
    np.ndarray, shape (H, W, 3), uint8 sRGB

    Raises
    ------
    DataError
        There is no such name, or it is no picture's.
    """
    from .pictures import open_picture

    return open_picture(data_path(_of_kind(name, PICTURE_KINDS, "picture")), max_side=max_side)


def poem(name):
    """A shipped poem as text, its lines as printed.

    Raises
    ------
    DataError
        There is no such name (as in `data_path`), or it is no poem's.
    """
    return data_path(_of_kind(name, ("poems",), "poem")).read_text(encoding="utf-8")


def open_data(name):
    """A shipped picture as an array, or a shipped poem as text (see `picture` and `poem`).

    Raises
    ------
    DataError
        There is no such name (as in `data_path`), or it is neither a picture's nor a poem's: what reads scores,
        SoundFonts and clips takes their path.
    """
    return poem(name) if _entry(name)["kind"] == "poems" else picture(name)


def licence(name):
    """Print whose work a shipped file is, how it may be used, and where it comes from.

    Raises
    ------
    DataError
        There is no such name (as in `data_path`).
    """
    row = _entry(name)
    print(f"{row['title']}, by {row['author']}")
    print(f"Licence: {row['licence']}" + (f" (its text: data/{row['licence_text']})" if row["licence_text"] else ""))
    print(f"Source: {row['source']}" + (f" ({row['note']})" if row["note"] else ""))


def ledger():
    """The ledger of all shipped files, data/MANIFEST.csv.

    Returns
    -------
    list of dict
        One for each file: file (its path in data/), title, author, licence (an SPDX identifier, or "Public
        domain"), licence_text (the file in data/ that must travel with it, or ""), source, sha256, bytes (int),
        note; and, read off the path, name, kind and category.
    """
    return [dict(row) for row in _entries().values()]


@functools.cache
def _folder():
    """The data folder: inside the package when it was installed from a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "data", package.parent / "data"):
        if (folder / "MANIFEST.csv").is_file():
            return folder
    raise DataError(f"the course's data folder is neither in {package} nor beside it: install the package again")


@functools.cache
def _entries():
    """The ledger by short name: dict name -> row."""
    entries = {}
    with (_folder() / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            path = PurePosixPath(row["file"])
            kind, *inner = path.parts[:-1]
            found = {"name": path.stem, "kind": kind, "category": "/".join(inner), "bytes": int(row["bytes"])}
            entries[path.stem] = row | found
    return entries


def _rows_of(column, wanted, rows):
    """The rows whose kind or category is the one wanted (all of them when it is None), or a DataError."""
    there = [row for row in rows if wanted in (None, row[column])]
    if not there or wanted == "":
        choices = ", ".join(sorted({row[column] for row in rows} - {""})) or "none here"
        raise DataError(f"there is no {column} {wanted!r} in the shipped data; the choices are: {choices}")
    return there


def _entry(name):
    """The ledger's row of a name, long or short, or a DataError with the names nearest to it."""
    if not isinstance(name, str):
        raise DataError(f"a name is text, such as 'eiffel_tower', but this is {type(name).__name__}: {name!r:.60}")
    asked = PurePosixPath(name.strip().lower().replace(" ", "_").replace("-", "_"))
    row = _entries().get(asked.stem)
    # A longer name must be right in all its parts: "paintings/eiffel_tower" is asked in error.
    if row and asked.suffix in ("", PurePosixPath(row["file"]).suffix):
        if set(asked.parts[:-1]) <= {row["kind"], row["category"]}:
            return row
    near = _nearest(asked.stem)
    hint = f"the nearest names are {', '.join(near)}" if near else "no name is near it"
    raise DataError(f"nothing shipped is called {name!r:.80}; {hint}; datasets.names() lists them all")


def _nearest(asked, n=5):
    """Up to `n` shipped names like the one asked for: those that contain it first, then those spelled like it."""
    inside = [name for name in _entries() if len(asked) > 2 and asked in name]
    alike = difflib.get_close_matches(asked, _entries(), n=n, cutoff=0.6)
    return list(dict.fromkeys(inside[:n] + alike))[:n]


def _of_kind(name, kinds, wanted):
    """The name itself when it belongs to one of the kinds, or a DataError that says what it is."""
    kind = _entry(name)["kind"]
    if kind not in kinds:
        raise DataError(
            f"{name!r} is no {wanted} but belongs to the {kind}; datasets.names({kinds[-1]!r}) lists what would do, "
            f"and datasets.data_path({name!r}) is its file"
        )
    return name
