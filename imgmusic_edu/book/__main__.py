"""The command: ``python -m imgmusic_edu.book`` makes the book in ``build/book/html``."""

import argparse
import os
import sys
from pathlib import Path

from .. import editions
from ..chapters import ChapterError, read_chapter
from ..files import write_atomically
from ..traces import Package
from . import minutes, pages
from .execution import ExecutionError, executed

ROOT = Path(__file__).resolve().parents[2]


class BookError(RuntimeError):
    """The book could not be made; the message is one sentence."""


def build(sources, out, *, root=ROOT, exercises=(), keep_minutes=False):
    """Run chapters, where that has not been done, and make the book of them.

    Parameters
    ----------
    sources : sequence of paths of the chapters' sources
    out : path of a folder; it gets "executed", "source" and "html"
    root : path of the checkout
    exercises : sequence of paths
        Folders with exercises of chapters that are not the course's.
    keep_minutes : bool
        Write the page of measured times to ``notebooks/`` as well.

    Returns
    -------
    pathlib.Path
        The first page.

    Raises
    ------
    BookError, chapters.ChapterError, execution.ExecutionError
    """
    root, out = Path(root), Path(out).resolve()
    project, package = editions.read_project(root / "pyproject.toml"), Package(root / "imgmusic_edu")
    chapters = [read_chapter(path) for path in sources]
    texts = {one.name: editions.editions(one, project)[f"solutions/{one.name}.ipynb"] for one in chapters}
    done = executed(texts, out / "executed", root, exercises=exercises)
    times = minutes.page(done, cores=os.cpu_count())
    if keep_minutes:
        write_atomically(root / "notebooks" / minutes.NAME, times.encode())
    made = pages.pages(root, chapters, done, package, project, times)
    _put(out / "source", made)
    _sphinx(root / "docs", out / "source", out / "html")
    return out / "html" / "index.html"


def _put(folder, made):
    """Write what has changed and delete what is not made any more, so that Sphinx reads again only what is new."""
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if path.relative_to(folder).as_posix() not in made:
            path.unlink()
    for name, text in made.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != text.encode():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())


def _sphinx(configuration, source, target):
    from sphinx.cmd.build import build_main

    arguments = ["-q", "-b", "html", "-c", str(configuration), "-d", str(target.parent / "doctrees")]
    if status := build_main([*arguments, str(source), str(target)]):
        raise BookError(f"Sphinx could not make the pages (status {status}); what it said stands above.")


def main(arguments=None):
    """Make the book, or say in a sentence why not; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m imgmusic_edu.book", description=__doc__.splitlines()[0])
    parser.add_argument(
        "chapters", nargs="*", metavar="NN", help="numbers of the chapters wanted; all if none is named"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "book", help="folder of the book: build/book")
    parser.add_argument("--minutes", action="store_true", help=f"also write notebooks/{minutes.NAME}, of all chapters")
    options = parser.parse_args(arguments)
    known = {path.name[:2]: path for path in editions.sources(ROOT)}
    if unknown := [number for number in options.chapters if number not in known]:
        parser.error(f"there is no chapter {unknown[0]}; there are {', '.join(known) or 'none'}, in a checkout")
    if options.minutes and options.chapters:
        parser.error("--minutes is a page of all chapters: name none")
    wanted = [path for number, path in known.items() if number in (options.chapters or known)]
    try:
        first = build(wanted, options.out, keep_minutes=options.minutes)
    except (BookError, ChapterError, ExecutionError) as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in first.parent.rglob("*") if path.is_file())
    print(f"The book: {first.as_uri()} ({size / 1e6:.0f} MB)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
