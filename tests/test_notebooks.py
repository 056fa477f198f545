"""Every chapter runs from top to bottom, without a network, and leaves nothing behind."""

import asyncio
import re

import courses
import nbformat
import pytest

from imgmusic_edu import editions
from imgmusic_edu.book.execution import run_notebook

LIMIT = 180  # seconds: the `fast` budget of a chapter
EDITIONS = pytest.mark.parametrize("kind", ["learner", "solution"])
CHAPTERS = pytest.mark.parametrize("chapter", courses.CHAPTERS.values(), ids=courses.CHAPTERS)


def execute(notebook, folder):
    """Run a notebook in `folder` as the book's chapters are run; an error in a cell fails the test."""
    work = folder / "work"
    work.mkdir()
    environment = courses.kernel_environment(folder / "kernel")
    return asyncio.run(run_notebook(notebook, work, environment=environment, limit=LIMIT))


def left_in_the_checkout(root):
    """Names at the top, and name, size and time of each file where a chapter might write."""
    files = [path for folder in ("data", "notebooks") for path in (root / folder).rglob("*") if path.is_file()]
    return {path.name for path in root.iterdir()}, {(p, p.stat().st_size, p.stat().st_mtime_ns) for p in files}


@EDITIONS
@CHAPTERS
def test_chapter_runs(chapter, kind, root, tmp_path):
    before = left_in_the_checkout(root)
    text = editions.editions(chapter, courses.PROJECT)[f"{editions.FOLDERS[kind]}{chapter.name}.ipynb"]
    notebook = execute(nbformat.reads(text, 4), tmp_path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]

    first = [output for cell in code[:3] for output in cell.outputs]
    assert any("text/html" in output.get("data", {}) for output in first), (
        "nothing to hear or see in the first three cells"
    )

    verdicts = [cell.outputs[-1]["data"] for cell in notebook.cells if cell.id.endswith("-check")]
    wanted = "Passed:" if kind == "solution" else "Not attempted:"
    assert len(verdicts) == len(chapter.solutions)
    assert all(verdict["text/plain"].startswith(wanted) for verdict in verdicts), verdicts

    pages = [str(output["data"].get("text/html", "")) for output in outputs if "data" in output]
    bare = [kind for output in outputs for kind in output.get("data", {}) if kind.startswith("image/")]
    assert bare == [], "a figure without words: every figure goes through show(figure, alt=...)"
    for picture in re.findall(r"<img\b[^>]*>", "\n".join(pages)):
        alt = re.search(r'\balt="([^"]*)"', picture)
        assert alt and len(alt[1]) >= 20, picture[:200]
    assert not re.search(r'\bsrc="https?:', "\n".join(pages)), "an output asks a server for something"

    assert len(nbformat.writes(notebook).encode()) < 3_000_000
    assert list((tmp_path / "work").iterdir()) == [], "a chapter keeps what it writes in a temporary folder"
    assert left_in_the_checkout(root) == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import urllib.request; urllib.request.urlopen('http://192.0.2.1', timeout=5)", "tried to reach the network"),
        ("raise ValueError('told')", "told"),
    ],
)
def test_a_chapter_that_fails_is_found(line, words, tmp_path):
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(line)])
    with pytest.raises(CellExecutionError, match=words):
        execute(notebook, tmp_path)
