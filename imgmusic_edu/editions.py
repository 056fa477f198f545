"""Make the editions of each chapter from its one source: ``python -m imgmusic_edu.editions``, or with ``--check``.

From ``notebooks/source/NN_name.py`` come

- ``notebooks/NN_name.ipynb``, the learner's: stubs in place of the solutions;
- ``notebooks/solutions/NN_name.ipynb``, whole, which nbgrader's ``generate_assignment`` takes as it is;
- ``notebooks/instructor/NN_name.ipynb``, with timing, pitfalls and rubrics;
- ``notebooks/plain/NN_name.py``, the learner's as a plain script, for screen readers and for reviewers;

and from all of them together ``notebooks/MAP.md``, the map of the course (`course_map`).

The same source gives the same bytes.  What is alike in all chapters (title, set-up, tasks with hints, check cells,
rubrics) is written here, from the source's header, from pyproject.toml and from the exercises' modules.
"""

import argparse
import ast
import base64
import hashlib
import re
import sys
import textwrap
import tomllib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from . import course_map
from .chapters import ChapterError, function_name, lint, read_chapter, without_solution
from .exercises import find
from .traces import Package

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("learner", "solution", "instructor")
FOLDERS = {"learner": "", "solution": "solutions/", "instructor": "instructor/", "plain": "plain/"}
PLAIN_WIDTH = 100  # letters

_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

# Drawn here so that no page asks a server for it.
_BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="112" height="22" role="img"><rect width="112" height="22" rx="4" '
    'fill="#333"/><text x="56" y="15" text-anchor="middle" font-family="sans-serif" font-size="12" fill="#fff">'
    "Open in Colab</text></svg>"
)

# On Colab pip must touch nothing that is there: --no-deps, and by name the few packages that Colab lacks.
_SETUP = """\
# Set-up: installs the course on Colab; on your own computer it only imports it.
import importlib.util
import os
import subprocess
import sys

if "COLAB_RELEASE_TAG" in os.environ and importlib.util.find_spec("imgmusic_edu") is None:
    needed = [{needed}]
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *needed], check=True)
    importlib.invalidate_caches()

import imgmusic_edu as im"""


class Project(NamedTuple):
    """What pyproject.toml says about where the project lives: GitHub "owner/name", branch, what Colab lacks."""

    repository: str
    branch: str
    missing_on_colab: tuple[str, ...]


class _Item(NamedTuple):
    """A cell of an edition: for everyone, or for the instructor only."""

    kind: str
    source: str
    id: str
    nbgrader: dict | None = None
    for_instructor: bool = False


def read_project(path):
    """Read the project's public address.

    Parameters
    ----------
    path : path of pyproject.toml

    Returns
    -------
    Project

    Raises
    ------
    ChapterError
        The address is not one on GitHub, the only one that Colab opens.
    """
    settings = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    address = settings["project"]["urls"]["Repository"]
    found = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(\.git)?/?", address)
    if not found:
        raise ChapterError(
            f"The Repository in pyproject.toml must be like https://github.com/owner/name, not {address}."
        )
    ours = settings["tool"]["imgmusic_edu"]
    return Project(found[1], ours["branch"], tuple(ours["missing-on-colab"]))


def editions(chapter, project):
    """All editions of a chapter.

    Parameters
    ----------
    chapter : chapters.Chapter
    project : Project

    Returns
    -------
    dict of str to str
        Text of each file, by its path below ``notebooks/``.
    """
    made = {}
    for kind in KINDS:
        items = _edition(chapter, project, kind)
        made[f"{FOLDERS[kind]}{chapter.name}.ipynb"] = _notebook(items)
    made[f"{FOLDERS['plain']}{chapter.name}.py"] = _plain(_edition(chapter, project, "learner"))
    return made


def drift(root):
    """Editions that are not what their source gives, one sentence each.

    Parameters
    ----------
    root : path of the checkout

    Returns
    -------
    list of str
    """
    wanted, folder, faults = _all_editions(root), Path(root) / "notebooks", []
    for name, text in wanted.items():
        path = folder / name
        if not path.exists():
            faults.append(f"notebooks/{name} is missing: run python -m imgmusic_edu.editions.")
        elif path.read_bytes() != text.encode():
            faults.append(f"notebooks/{name} is not what its source gives: run python -m imgmusic_edu.editions.")
    for below in FOLDERS.values():
        for path in sorted((folder / below).glob("[0-9][0-9]_*")):
            if path.relative_to(folder).as_posix() not in wanted:
                faults.append(f"notebooks/{path.relative_to(folder).as_posix()} has no source: delete it.")
    return faults


def make(root):
    """Write the editions that are not what their source gives; return their paths below ``notebooks/``."""
    changed = []
    for name, text in _all_editions(root).items():
        path = Path(root) / "notebooks" / name
        if not path.exists() or path.read_bytes() != text.encode():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            changed.append(name)
    return changed


def sources(root):
    """Paths of the chapters' sources, in their order."""
    return sorted((Path(root) / "notebooks" / "source").glob("[0-9][0-9]_*.py"))


def _all_editions(root):
    project, made = read_project(Path(root) / "pyproject.toml"), {}
    chapters = [read_chapter(path) for path in sources(root)]
    for chapter in chapters:
        made |= editions(chapter, project)
    return made | {course_map.NAME: course_map.page(chapters, Package(Path(root) / "imgmusic_edu"))}


# --- cells ------------------------------------------------------------------------------------------------------------


def _edition(chapter, project, kind):
    items = []
    for item in _items(chapter, project):
        if kind == "learner":
            hidden = r"^ *### BEGIN HIDDEN TESTS\n.*?^ *### END HIDDEN TESTS\n*"
            item = item._replace(source=re.sub(hidden, "", without_solution(item.source), flags=re.M | re.S))
        if kind == "instructor" or not item.for_instructor:
            items.append(item)
    return items


def _items(chapter, project):
    """All cells there are, solutions, hidden tests and the instructor's included."""
    yield _Item("markdown", _title(chapter, project), "title")
    yield _Item("code", _setup(project), "setup")
    yield _Item("markdown", _overview(chapter), "instructor-overview", for_instructor=True)
    hidden = {}
    for cell in chapter.cells:
        if "hidden" in cell.meta:
            hidden.setdefault(cell.meta["hidden"], []).append(cell.source)
    seen = Counter()
    for cell in chapter.cells:
        if "exercise" in cell.meta:
            yield from _exercise(chapter, cell, hidden.get(cell.meta["exercise"], []))
        elif "hidden" not in cell.meta:
            # From what the cell says, so that a change elsewhere leaves its id alone.
            digest = hashlib.sha256(f"{seen[cell.source]} {cell.source}".encode()).hexdigest()[:12]
            seen[cell.source] += 1
            yield _Item(cell.kind, cell.source, digest, for_instructor=cell.for_instructor)


def _title(chapter, project):
    address = f"https://colab.research.google.com/github/{project.repository}/blob/{project.branch}"
    badge = "data:image/svg+xml;base64," + base64.b64encode(_BADGE.encode()).decode()
    goals = "\n".join(f"- {objective}" for objective in chapter.objectives)
    return (
        f"# {chapter.name[:2]}. {chapter.title}\n\n"
        f"[![Open in Colab]({badge})]({address}/notebooks/{chapter.name}.ipynb)\n\n"
        f"**Time:** about {chapter.minutes} minutes. **Before you begin:** {chapter.prerequisites}\n\n"
        f"**You will be able to**\n\n{goals}"
    )


def _setup(project):
    needed = [*project.missing_on_colab, f"imgmusic_edu @ git+https://github.com/{project.repository}@{project.branch}"]
    return _SETUP.format(needed=", ".join(f'"{name}"' for name in needed))


def _overview(chapter):
    lines = [
        "**For the instructor.** This edition holds the solutions, hidden tests and notes that learners do not see.",
        "",
        f"Timing, {chapter.minutes} minutes in all:",
        "",
        *(f"- {heading}" + (f": {minutes} min" if minutes else "") for heading, minutes in chapter.sections),
    ]
    return "\n".join(lines)


def _exercise(chapter, cell, hidden):
    exercise, points = find(cell.meta["exercise"]), cell.meta.get("points", 1)
    number = list(chapter.solutions).index(exercise.id) + 1
    grade_id, name = exercise.id.replace(".", "-"), function_name(cell.source)
    hints = "\n\n".join(
        f"<details><summary>Hint {n}</summary>\n\n{hint}\n\n</details>" for n, hint in enumerate(exercise.hints, 1)
    )
    task = f"### Exercise {number}. {exercise.title}\n\n{exercise.task} ({_points(points)})\n\n{hints}"
    call = f'("{exercise.id}", {name})'
    tests = ["### BEGIN HIDDEN TESTS", f"im.exercises.grade{call}", *hidden, "### END HIDDEN TESTS"]
    check = "\n".join([*tests, f"im.exercises.check{call}"])
    yield _Item("markdown", task, f"{grade_id}-task")
    yield _Item("code", cell.source, grade_id, _nbgrader(grade_id))
    yield _Item("code", check, f"{grade_id}-check", _nbgrader(f"{grade_id}-check", points=points))
    yield _Item("markdown", _rubric(exercise, points), f"{grade_id}-rubric", for_instructor=True)


def _points(points):
    return f"{points} point{'s' if points != 1 else ''}"


def _rubric(exercise, points):
    lines = [
        f"**For the instructor: rubric of {exercise.id}.** What the checker passes earns {_points(points)}. "
        "It knows these wrong answers:",
        "",
        "| What the learner did | What the checker says |",
        "| --- | --- |",
    ]
    for wrong in exercise.wrong:
        did = (wrong.answer.__doc__ or "").strip().splitlines()[:1]
        lines.append("| " + " | ".join(text.replace("|", "\\|") for text in (*did, wrong.hint)) + " |")
    return "\n".join(lines)


def _nbgrader(grade_id, *, points=None):
    """nbgrader's metadata: an answer, or with points the locked cell that grades it."""
    graded = points is not None
    meta = {"grade": graded, "grade_id": grade_id, "locked": graded, "schema_version": 3, "solution": not graded}
    return meta | {"task": False} | ({"points": points} if graded else {})


def _notebook(items):
    import nbformat

    notebook = nbformat.v4.new_notebook(metadata=_METADATA)
    for item in items:
        new = nbformat.v4.new_code_cell if item.kind == "code" else nbformat.v4.new_markdown_cell
        metadata = {"nbgrader": item.nbgrader} if item.nbgrader else {}
        metadata |= {"tags": ["instructor"]} if item.for_instructor else {}
        notebook.cells.append(new(item.source, id=item.id, metadata=metadata))
    notebook.nbformat_minor = 5  # said here, so that a newer nbformat writes the same bytes
    return nbformat.writes(notebook) + "\n"


# --- the plain script -------------------------------------------------------------------------------------------------


def _plain(items):
    blocks = []
    for item in items:
        if item.id == "setup":
            blocks.append("import imgmusic_edu as im")
        elif item.kind == "markdown":
            blocks.append("\n".join(f"# {line}".rstrip() for line in plain_text(item.source)))
        else:
            blocks.append(_printed(item.source))
    return "\n\n\n".join(blocks) + "\n"


def plain_text(markdown):
    """Markdown as one would read it aloud.

    Parameters
    ----------
    markdown : str

    Returns
    -------
    list of str
        Lines of at most 100 letters: signs of layout gone, headings announced, rows of tables as sentences.
    """
    text = re.sub(r"\[!\[(.*?)\]\(.*?\)\]\((.*?)\)", r"\1: \2", markdown)
    text = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r"\1 (\2)", text)
    text = re.sub(r"<summary>(.*?)</summary>", r"\1:", text)
    text = re.sub(r"</?[a-z]+[^<>]*>", "", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    text = re.sub(r"(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])", r"\1", text)
    text = re.sub(r"`+|\$+", "", text)
    text = re.sub(r"^\s*\|[\s|:-]*\n", "", text, flags=re.M)  # the rule below a table's head
    text = re.sub(r"\n\s*\n+", "\n\n", text.strip())
    return [spoken for line in text.splitlines() for spoken in _spoken(line)]


def _spoken(line):
    if heading := re.match(r"(#+) +(.*)", line):
        return [{1: "", 2: "Section: "}.get(len(heading[1]), "Part: ") + heading[2]]
    if line.lstrip().startswith("|"):
        line = "; ".join(cell.strip() for cell in line.strip().strip("|").split("|"))
    hang = " " * (len(line) - len(re.sub(r"^\s*([-*] |\d+\. )?", "", line)))
    wrapper = textwrap.TextWrapper(PLAIN_WIDTH, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
    return wrapper.wrap(line) or [""]


def _printed(source):
    """A cell as a script runs it: what the notebook would show of its last line is printed."""
    last = (ast.parse(source).body or [None])[-1]
    if not isinstance(last, ast.Expr) or isinstance(last.value, ast.Constant):
        return source
    if isinstance(last.value, ast.Call) and ast.unparse(last.value.func).split(".")[-1] in ("show", "display", "print"):
        return source
    lines = source.encode().splitlines(keepends=True)  # ast counts columns in bytes
    start = sum(map(len, lines[: last.lineno - 1])) + last.col_offset
    end = sum(map(len, lines[: (last.end_lineno or last.lineno) - 1])) + (last.end_col_offset or 0)
    before, value, after = (
        source.encode()[part].decode() for part in (slice(start), slice(start, end), slice(end, None))
    )
    if after.lstrip().startswith(";"):
        return source  # a semicolon hushes the value in the notebook too
    return f"{before}print({value}){after}"


def main(arguments=None, *, root=ROOT):
    """The command: makes the editions, or says which ones have drifted; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m imgmusic_edu.editions", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when an edition is not up to date")
    options = parser.parse_args(arguments)
    if not (root / "notebooks" / "source").is_dir():
        parser.error("the sources of the chapters are in a checkout of the project: run it there")
    try:
        faults = [fault for path in sources(root) for fault in lint(read_chapter(path))]
        faults += drift(root) if options.check else []
        changed = [] if options.check else make(root)
    except ChapterError as error:
        faults, changed = [str(error)], []
    for name in changed:
        print(f"made notebooks/{name}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
