"""What the book's pages say, made from executed chapters, sources, docstrings and the ledger of the data.

Pages are texts by their path below the folder that Sphinx reads; no file is touched here.
"""

import copy
import csv
import io
import posixpath
import re

from ..chapters import Cell, without_solution
from ..course_map import NAME as MAP_NAME
from ..course_map import page as map_page
from ..course_map import taught

__all__ = ["chapter_page", "data_page", "label", "pages", "reference_pages", "relinked"]

_BY_HAND = {
    "index.md": "docs/index.md",
    "notebooks/TEACHING.md": "notebooks/TEACHING.md",
    "changelog.md": "CHANGELOG.md",
}
_WIDGET = (
    "application/vnd.jupyter.widget-view+json"  # no page of the book has a kernel; their saved HTML stands for them
)
_HIDDEN_TESTS = re.compile(r"^ *### BEGIN HIDDEN TESTS\n.*?^ *### END HIDDEN TESTS\n*", flags=re.M | re.S)
_BADGE = re.compile(r"\[!(\[[^\]]*\])\(data:[^)]*\)\]")  # an image of its own, which Markdown in a book does not allow
_MARKERS = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n?", flags=re.M)


def pages(root, chapters, executed, package, project, minutes):
    """All pages.

    Parameters
    ----------
    root : pathlib.Path of the checkout
    chapters : sequence of chapters.Chapter
    executed : dict of str to nbformat.NotebookNode
        Their solution editions, run, by the chapters' names.
    package : traces.Package
    project : editions.Project
    minutes : str
        The page of measured times.

    Returns
    -------
    dict of str to str
        Text by path: "notebooks/10_a_picture_as_a_score.ipynb", "reference/composer.rst", "data.md".
    """
    import nbformat

    places = taught(chapters, package)
    made = {"notebooks/MINUTES.md": minutes}
    for chapter in chapters:
        here = [(function, sections) for function, number, sections in places if number == chapter.name[:2]]
        notebook = chapter_page(chapter, executed[chapter.name], here)
        made[f"notebooks/{chapter.name}.ipynb"] = nbformat.writes(notebook)
    made[f"notebooks/{MAP_NAME}"] = _with_functions_linked(map_page(chapters, package), package)
    for name, path in _BY_HAND.items():
        made[name] = (root / path).read_text(encoding="utf-8")
    made["data.md"] = data_page((root / "data" / "MANIFEST.csv").read_text(encoding="utf-8"), project)
    made |= reference_pages(package, places, {chapter.name[:2]: chapter for chapter in chapters})
    known = {*made, "index.md"}
    return {path: relinked(text, path, known, project) if path.endswith(".md") else text for path, text in made.items()}


def label(chapter, title):
    """The name by which other pages point at a section.

    Parameters
    ----------
    chapter : chapters.Chapter
    title : str

    Returns
    -------
    str
        "ch10-what-does-a-skyline-sound-like"
    """
    return f"{chapter.id}-{re.sub('[^a-z0-9]+', '-', title.lower()).strip('-')}"


# --- a chapter --------------------------------------------------------------------------------------------------------


def chapter_page(chapter, executed, here):
    """A chapter's page: the executed solution edition, with each exercise open and its solution folded below it.

    Parameters
    ----------
    chapter : chapters.Chapter
    executed : nbformat.NotebookNode
        Left as it is.
    here : sequence of (traces.Function, tuple of str)
        What it teaches, and in which sections.

    Returns
    -------
    nbformat.NotebookNode
    """
    import nbformat

    notebook, cells = copy.deepcopy(executed), iter(copy.deepcopy(executed.cells))
    notebook.cells, notebook.metadata = [], nbformat.from_dict({"kernelspec": executed.metadata.get("kernelspec", {})})
    for cell in cells:
        role = cell.metadata.get("nbgrader", {})
        if cell.id == "setup":
            _fold(cell, "Set-up: brings the package, here as im")
        if cell.cell_type == "markdown":
            cell.source = _labelled(chapter, _BADGE.sub(r"\1", cell.source))
        if role.get("solution"):
            notebook.cells.append(nbformat.v4.new_code_cell(without_solution(cell.source), id=f"{cell.id}-stub"))
            cell = _solved(cell, next(cells))
        notebook.cells.append(_without_widgets(cell))
    if here:
        notebook.cells.append(nbformat.v4.new_markdown_cell(_functions(chapter, here), id="in-the-package"))
    return notebook


def _solved(answer, check):
    """Solution and check as one cell in one fold, as a learner would have them: no markers, no hidden tests."""
    seen = _HIDDEN_TESTS.sub("", check.source)
    answer.source = f"{_MARKERS.sub('', answer.source).rstrip()}\n\n\n{seen}"
    answer.outputs = [*answer.outputs, *check.outputs]
    return _fold(answer, "Solution, and what its check says")


def _fold(cell, words):
    cell.metadata["tags"] = ["hide-cell"]
    cell.metadata["mystnb"] = {"code_prompt_show": words, "code_prompt_hide": words}
    return cell


def _without_widgets(cell):
    for output in cell.get("outputs", ()):
        if "text/html" in output.get("data", {}):
            output["data"].pop(_WIDGET, None)
    return cell


def _labelled(chapter, source):
    """A name before each section's heading, so that other pages can point at it."""
    for level, title in Cell("markdown", source, {}).headings:
        if level == 2:
            source = source.replace(f"## {title}", f"({label(chapter, title)})=\n## {title}", 1)
    return source


def _functions(chapter, here):
    lines = []
    for section in chapter.outline:
        if names := [_function(function) for function, sections in here if section.title in sections]:
            lines.append(f"- [{section.title}](#{label(chapter, section.title)}): {', '.join(names)}")
    if hood := [_function(function) for function, sections in here if not sections]:
        lines.append(f"- Under the hood: {', '.join(hood)}")
    return "## In the package\n\nThe functions that this chapter teaches, by section.\n\n" + "\n".join(lines)


def _function(function):
    inner = function.path.split(".", 1)[1]
    return f"{{py:obj}}`{inner} <{function.path}>`"


# --- pages from Markdown ----------------------------------------------------------------------------------------------


def _with_functions_linked(text, package):
    known = {function.path.split(".", 1)[1]: function for function in package.functions}
    return re.sub(r"`([\w.]+)`", lambda found: _function(known[found[1]]) if found[1] in known else found[0], text)


def relinked(text, path, known, project):
    """Markdown whose links lead to pages of the book where there is one, else to the project's files on GitHub.

    Parameters
    ----------
    text : str
    path : str
        Of its page; links are relative to it, and the project's files lie as the pages do.
    known : set of str
        Paths of pages.
    project : editions.Project

    Returns
    -------
    str
    """
    upstream = f"https://github.com/{project.repository}/blob/{project.branch}"

    def link(found):
        target, anchor = found[2], found[3] or ""
        here = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        return found[0] if here in known else f"[{found[1]}]({upstream}/{here}{anchor})"

    return re.sub(r"\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)", link, text)


def data_page(manifest, project):
    """Whose work the shipped files are.

    Parameters
    ----------
    manifest : str
        The ledger, as comma-separated values.
    project : editions.Project

    Returns
    -------
    str
    """
    folders: dict[str, list[dict]] = {}
    for row in csv.DictReader(io.StringIO(manifest)):
        folders.setdefault(posixpath.dirname(row["file"]), []).append(row)
    parts = [
        "# Data and licences",
        "Whose work the pictures, scores, sounds and networks of the course are, and under which licence each may be "
        f"passed on. Made from the ledger, `data/MANIFEST.csv`, which names {sum(map(len, folders.values()))} files.",
    ]
    for folder, rows in folders.items():
        lines = ["| File | Title | Author | Licence |", "| --- | --- | --- | --- |"]
        lines += ["| " + " | ".join(_credit(row, project)) + " |" for row in rows]
        parts += [f"## {folder.replace('_', ' ')}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _credit(row, project):
    licence = _plain(row["licence"])
    if text := row["licence_text"]:
        licence = f"[{licence}](https://github.com/{project.repository}/blob/{project.branch}/data/{text})"
    return (
        f"`{posixpath.basename(row['file'])}`",
        f"[{_plain(row['title'])}]({row['source']})",
        _plain(row["author"]),
        licence,
    )


def _plain(text):
    return re.sub(r"([\\|*_\[\]<>`$])", r"\\\1", text)


# --- the package ------------------------------------------------------------------------------------------------------


def reference_pages(package, places, chapters):
    """The package's public functions, a page a room, each with the chapters that teach it.

    Parameters
    ----------
    package : traces.Package
    places : list
        From `course_map.taught`.
    chapters : dict of str to chapters.Chapter
        By number; one that is not in it is not in the book.

    Returns
    -------
    dict of str to str
        reStructuredText by path, for Sphinx's autodoc.
    """
    lessons: dict[str, list[str]] = {}
    for function, number, sections in places:
        if chapter := chapters.get(number):
            lessons.setdefault(function.path, []).append(_lesson(chapter, sections))
    rooms: dict[str, dict] = {}
    for function in package.functions:
        room = function.module.split(".")[1]
        rooms.setdefault(room, {}).setdefault(function.module, []).append(function)
    made = {f"reference/{room}.rst": _room(room, modules, lessons) for room, modules in sorted(rooms.items())}
    words = "# The package\n\nRoom by room. Each function says which chapter explains it."
    listed = "\n".join(sorted(rooms))
    made["reference/index.md"] = f"{words}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    return made


def _lesson(chapter, sections):
    number = f":doc:`{chapter.name[:2]}. {chapter.title} </notebooks/{chapter.name}>`"
    return ", ".join([number, *(f":ref:`{title} <{label(chapter, title)}>`" for title in sections)])


def _room(room, modules, lessons):
    parts, whole = [_title(room, "=")], f"imgmusic_edu.{room}"
    for module in dict.fromkeys([whole, *modules]):
        inner = module.split(".", 1)[1]
        parts += [_title(inner, "-")] if module != whole else []
        parts += [f".. automodule:: {module}"]
        for function in modules.get(module, ()):
            kind = "autoclass" if function.name[0].isupper() else "autofunction"
            options = "   :members:\n\n" if kind == "autoclass" else "\n"
            taught_in = f"   In the course: {'; '.join(lessons[function.path])}.\n" if function.path in lessons else ""
            parts.append(f".. {kind}:: {function.path}\n{options}{taught_in}")
    return "\n\n".join(parts) + "\n"


def _title(text, line):
    return f"{text}\n{line * len(text)}"
