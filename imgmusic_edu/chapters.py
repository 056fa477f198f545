"""Chapters as they are written: one source each, read and held against the rules of the course.

A source is ``notebooks/source/NN_name.py`` in jupytext's percent format, with the solutions in it; what makes the
editions from it is `editions`.  How to write one is told in ``notebooks/README.md``.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .plots import SHORTEST_ALT

ENDING = ("Summary", "What goes wrong in practice", "Exercises", "Quiz", "References")
LONGEST_CELL = 25  # lines
FEWEST_EXERCISES = 2
FEWEST_WRONG_ANSWERS = 3

INSTRUCTOR = "instructor"
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")  # nbgrader's own, so that its release equals ours

_KEYS = {"code": {"exercise", "points", "hidden"}, "markdown": {"minutes", "tags"}}


class ChapterError(ValueError):
    """A chapter that cannot be read; the message is one sentence."""


class Cell(NamedTuple):
    """One cell of a source: "markdown" or "code", its text, and what its marker says."""

    kind: str
    source: str
    meta: dict

    @property
    def for_instructor(self):
        return INSTRUCTOR in self.meta.get("tags", ())

    @property
    def headings(self):
        """(level, text) of each heading, those in fenced code left out."""
        text = re.sub(r"^(```|~~~).*?^\1", "", self.source, flags=re.M | re.S) if self.kind == "markdown" else ""
        return [(len(marks), words.strip()) for marks, words in re.findall(r"^(#{1,6}) +(.+)$", text, flags=re.M)]

    @property
    def label(self):
        """Its first line, for messages."""
        return '"' + next(filter(None, (line.strip() for line in self.source.splitlines())), "")[:60] + '"'


@dataclass(frozen=True)
class Chapter:
    """A chapter's source.

    Attributes
    ----------
    name : str
        "10_a_picture_as_a_score", its file's.
    title : str
    minutes : int
        How long it takes a learner.
    prerequisites : str
    objectives : tuple of str
        Each goes on after "You will be able to".
    cells : tuple of Cell
    """

    name: str
    title: str
    minutes: int
    prerequisites: str
    objectives: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def id(self):
        """ "ch10": the name of its module of exercises."""
        return f"ch{self.name[:2]}"

    @property
    def solutions(self):
        """Source of each exercise's cell, the solution in it, by the exercise's id."""
        return {cell.meta["exercise"]: cell.source for cell in self.cells if "exercise" in cell.meta}

    @property
    def sections(self):
        """(heading, minutes or None) of each section."""
        return [(text, cell.meta.get("minutes")) for cell in self.cells for level, text in cell.headings if level == 2]


def read_chapter(path):
    """Read a source.

    Parameters
    ----------
    path : path of a ``NN_name.py``

    Returns
    -------
    Chapter

    Raises
    ------
    ChapterError
        Its name or its header is not as it should be, or a cell carries a marker that nobody knows.
    """
    import jupytext

    path = Path(path)
    if not re.fullmatch(r"\d\d_[a-z0-9_]+\.py", path.name):
        raise ChapterError(f"{path.name}: a chapter's file is named like 10_a_picture_as_a_score.py.")
    first, *rest = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells or [None]
    if first is None or first.cell_type != "raw":
        raise ChapterError(f"{path.name}: it must begin with a header between two lines # --- (notebooks/README.md).")
    cells = tuple(_cell(cell, path.name) for cell in rest)
    return Chapter(name=path.stem, cells=cells, **_header(first.source, path.name))


def _header(text, name):
    import yaml

    try:
        header = yaml.safe_load(text.strip().strip("-"))
    except yaml.YAMLError as error:
        raise ChapterError(f"{name}: the header is not valid YAML: {' '.join(str(error).split())}.") from None
    wanted = {"title": str, "minutes": int, "prerequisites": str, "objectives": list}
    found = header if isinstance(header, dict) else {}
    if set(found) != set(wanted):
        raise ChapterError(f"{name}: the header must give {', '.join(wanted)}, but gives {', '.join(map(str, found))}.")
    for key, kind in wanted.items():
        if not isinstance(found[key], kind) or not found[key]:
            words = {str: "a text", int: "a whole number above 0", list: "a list of texts"}[kind]
            raise ChapterError(f"{name}: the header's {key} must be {words}, but is {found[key]!r}.")
    objectives = found["objectives"]
    if not 2 <= len(objectives) <= 6 or not all(isinstance(text, str) for text in objectives):
        raise ChapterError(f"{name}: the header's objectives must be two to six texts, but are {objectives!r}.")
    return found | {"objectives": tuple(objectives)}


def _cell(cell, name):
    meta = {key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"}
    found = Cell(cell.cell_type, cell.source, meta)
    for key in meta:
        if key not in _KEYS.get(found.kind, ()):
            known = ", ".join(sorted(_KEYS.get(found.kind, ())))
            raise ChapterError(
                f"{name}: {key!r} on the {found.kind} cell {found.label} is unknown; it may say {known}."
            )
    if set(meta.get("tags", ())) - {INSTRUCTOR}:
        raise ChapterError(f'{name}: the tags {meta["tags"]} on the cell {found.label}: only "{INSTRUCTOR}" is known.')
    return found


# --- exercises --------------------------------------------------------------------------------------------------------


def function_name(source):
    """Name of the function that an exercise's cell asks for: the last one it defines."""
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    if not names:
        raise ChapterError(f"The exercise cell {Cell('code', source, {}).label} defines no function.")
    return names[-1]


def without_solution(source):
    """The cell with nbgrader's stub in place of what stands between the solution's markers."""
    pattern = rf"^( *){BEGIN_SOLUTION}\n.*?^ *{END_SOLUTION}$"
    return re.sub(pattern, lambda found: "\n".join(found[1] + line for line in STUB), source, flags=re.M | re.S)


# --- the rules --------------------------------------------------------------------------------------------------------


def lint(chapter):
    """What is wrong with a chapter, one sentence a fault.

    Parameters
    ----------
    chapter : Chapter

    Returns
    -------
    list of str
    """
    checks = (_headings, _code, _figures, _links, _solutions, _exercises, _references, _minutes)
    return [f"{chapter.name}: {fault}" for check in checks for fault in check(chapter)]


def _headings(chapter):
    level, found = 1, []  # the H1 is made from the title
    for cell in chapter.cells:
        for depth, text in cell.headings:
            if cell.for_instructor:
                yield f'an instructor\'s cell has the heading "{text}": use bold type, for one structure in all'
                continue
            if depth == 1:
                yield f'"{text}" is a heading of the first level, but that is the title, which is made from the header'
            elif depth > level + 1:
                yield f'the heading "{text}" skips from level {level} to level {depth}'
            level = depth
            found += [text] if depth == 2 else []
    if tuple(found[-len(ENDING) :]) != ENDING:
        yield f"it must end with the sections {', '.join(ENDING)}, but its last are {', '.join(found[-len(ENDING) :])}"


def _code(chapter):
    for cell in _code_cells(chapter):
        if (lines := len(cell.source.splitlines())) > LONGEST_CELL:
            yield f"the cell {cell.label} has {lines} lines, more than {LONGEST_CELL}"
        if _tree(cell) is None:
            yield f"the cell {cell.label} is not plain Python (magics are not: the chapter also runs as a script)"


def _figures(chapter):
    hears = any("Audio" in _names(tree) for _, tree in _trees(chapter))
    for cell, tree in _trees(chapter):
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            alt = next((word.value for word in call.keywords if word.arg == "alt"), None)
            if name in ("plt.show", "Image", "display.Image"):
                yield f"{name} in the cell {cell.label} gives a picture without words: use show(figure, alt=...)"
            elif name.split(".")[-1] == "show" and alt is None:
                yield f"{name} in the cell {cell.label} needs alt=..., what there is to see in words"
            elif name.split(".")[-1] == "show" and isinstance(alt, ast.Constant) and len(str(alt.value)) < SHORTEST_ALT:
                yield f"alt={alt.value!r} in the cell {cell.label} is shorter than {SHORTEST_ALT} letters"
            elif hears and name.split(".")[-1] in ("interact", "interactive", "interact_manual"):
                yield f"{name} in a chapter with Audio hangs when run without a browser: use a widget of the package"


def _links(chapter):
    for cell in chapter.cells:
        if cell.kind == "markdown" and re.search(r"!\[|<img|<audio|<video|<iframe", cell.source):
            yield f"the text {cell.label} holds a picture or a sound: show it from a code cell, from the shipped data"


def _solutions(chapter):
    for cell in _code_cells(chapter):
        counts = cell.source.count(BEGIN_SOLUTION), cell.source.count(END_SOLUTION)
        if counts != ((1, 1) if "exercise" in cell.meta else (0, 0)):
            found = f"{counts[0]} {BEGIN_SOLUTION} and {counts[1]} {END_SOLUTION}"
            yield f"the cell {cell.label} has {found}: an exercise has one of each, any other cell none"
        elif "exercise" in cell.meta and without_solution(cell.source) == cell.source:
            yield f"the solution in the cell {cell.label} is not marked by lines of their own"


def _exercises(chapter):
    from .exercises import chapter_module, quizzes

    try:
        module = chapter_module(chapter.id)
    except ValueError as error:
        yield str(error).rstrip(".")
        return
    here, there = list(chapter.solutions), [exercise.id for exercise in module.EXERCISES]
    if here != there:
        yield f"its cells are marked {', '.join(here)}, but exercises/{chapter.id}.py holds {', '.join(there)}"
    if len(there) < FEWEST_EXERCISES:
        yield f"it has {len(there)} exercises: give at least {FEWEST_EXERCISES}"
    for exercise in module.EXERCISES:
        if not exercise.id.startswith(chapter.id + ".") or not re.fullmatch(r"[a-z0-9_.]+", exercise.id):
            yield f'the exercise "{exercise.id}" must be named {chapter.id}.something in small letters'
        if len(exercise.hints) != 2 or len(exercise.wrong) < FEWEST_WRONG_ANSWERS:
            yield f"{exercise.id} needs two hints and {FEWEST_WRONG_ANSWERS} wrong answers"
        if not all(wrong.answer.__doc__ for wrong in exercise.wrong):
            yield f"a wrong answer of {exercise.id} has no docstring that names the misconception"
    for cell in _code_cells(chapter):
        if cell.meta.get("hidden", here[0] if here else None) not in here:
            yield f"the hidden test {cell.label} is for {cell.meta['hidden']}, which is no exercise here"
    if sum(cell.source.count(f'quiz("{chapter.id}")') for cell in _code_cells(chapter)) != 1:
        yield f'it must show its quiz once: im.exercises.quiz("{chapter.id}")'
    yield from (fault.rstrip(".") for fault in quizzes.lint(module.QUIZ))


def _references(chapter):
    texts = [cell.source for cell in chapter.cells if any(text == "References" for _, text in cell.headings)]
    items = re.findall(r"^[-*] +(.+(?:\n +.+)*)", "\n".join(texts), flags=re.M)
    if not items:
        yield "its references must be a list, one a line that begins with a dash"
    for item in items:
        named = re.search(r"10\.\d{4,9}/\S+|arXiv:\s?\d{4}\.\d{4,5}|ISBN[ :]*[\dX-]{10,}", item)
        if not re.search(r"\b(1[5-9]|20)\d\d\b", item) or ("http" in item and not named):
            wanted = "a year, and a DOI, an arXiv number or a book's data rather than an address"
            yield f'the reference "{item[:60]}" needs {wanted}'


def _minutes(chapter):
    given = [minutes for _, minutes in chapter.sections if minutes is not None]
    if given and sum(given) != chapter.minutes:
        yield f"its sections take {sum(given)} minutes together, but its header says {chapter.minutes}"


def _code_cells(chapter):
    return [cell for cell in chapter.cells if cell.kind == "code"]


def _trees(chapter):
    pairs = [(cell, _tree(cell)) for cell in _code_cells(chapter)]
    return [(cell, tree) for cell, tree in pairs if tree is not None]


def _tree(cell):
    try:
        compile(cell.source, "cell", "exec")  # finds what the parser alone lets pass, such as await outside a function
        return ast.parse(cell.source)
    except SyntaxError:
        return None


def _names(tree):
    nodes = list(ast.walk(tree))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return attributes | {node.id for node in nodes if isinstance(node, ast.Name)}
