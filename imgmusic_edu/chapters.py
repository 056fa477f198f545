"""Chapters as they are written: one source each, read and held against the rules of the course.

A source is ``notebooks/source/NN_name.py`` in jupytext's percent format, with the solutions in it; what makes the
editions from it is `editions`.  How to write one is told in ``notebooks/README.md``.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from . import claims
from .access import vague

ENDING = ("Summary", "What goes wrong in practice", "Exercises", "Quiz", "References")
LONGEST_CELL = 25  # lines
FEWEST_EXERCISES = 2
FEWEST_WRONG_ANSWERS = 3

INSTRUCTOR = "instructor"
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")  # nbgrader's own, so that its release equals ours

_KEYS = {
    "code": {"exercise", "points", "hidden", "objective"},
    "markdown": {"minutes", "tags", "objectives", "practice", "facts"},
}
_NUMBERED = ("objective", "objectives", "practice")  # they hold numbers of the header's list of objectives


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


class Section(NamedTuple):
    """One section: heading, minutes or None, and the cells from its heading on.

    `objectives` are the numbers of those that it serves, or None where its heading's cell does not say.  `practice` are
    the numbers of those that the learner does there: guesses, breaks, answers or makes, beyond reading and running.
    """

    title: str
    minutes: int | None
    objectives: tuple[int, ...] | None
    practice: tuple[int, ...]
    cells: tuple[Cell, ...]


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
        return [(section.title, section.minutes) for section in self.outline]

    @property
    def outline(self):
        """A `Section` for each heading of the second level, in their order."""
        found: list[tuple[str, dict, list[Cell]]] = []
        for cell in self.cells:
            found += [(text, cell.meta, []) for level, text in cell.headings if level == 2]
            if found:
                found[-1][2].append(cell)
        return [
            Section(title, meta.get("minutes"), meta.get("objectives"), meta.get("practice", ()), tuple(cells))
            for title, meta, cells in found
        ]


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
    numbers = {key: _numbers(key, meta[key], found, name) for key in _NUMBERED if key in meta}
    return found._replace(meta=meta | numbers)


def _numbers(key, value, cell, name):
    """Numbers of objectives: written 3, or "2 4", or "none"."""
    if value == "none":
        return ()
    if isinstance(value, bool) or not re.fullmatch(r"\d+( \d+)*", str(value)):
        wanted = f'{key}=3, {key}="2 4" or {key}="none"'
        raise ChapterError(f"{name}: the cell {cell.label} says {key}={value!r}, but should say {wanted}.")
    return tuple(int(number) for number in str(value).split())


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
    checks = [_headings, _code, _figures, _links, _solutions, _exercises, _references, _minutes, _objectives]
    checks += [claims.numbers, claims.leaning]
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
            elif name.split(".")[-1] == "show" and isinstance(alt, ast.Constant) and (wrong := vague(alt.value)):
                yield f"alt={alt.value!r} in the cell {cell.label} {wrong}"
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
    items = claims.references(chapter)
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


def _objectives(chapter):
    """Every objective is served by a section, and done by the learner: in an exercise, or in a section that says so."""
    known, served, done = set(range(1, len(chapter.objectives) + 1)), set(), set()
    for section in chapter.outline:
        served |= set(section.objectives or ())
        done |= set(section.practice)
        if section.title not in ENDING and section.objectives is None:
            yield f'the section "{section.title}" does not say which objectives it serves: objectives="2 4", or "none"'
        elif section.title not in ENDING and (beside := set(section.practice) - set(section.objectives)):
            yield f'the section "{section.title}" practises {_listed(beside)}, but does not serve it'
    for cell in chapter.cells:
        done |= set(cell.meta.get("objective", ()))
        if "exercise" in cell.meta and "objective" not in cell.meta:
            yield f'{cell.meta["exercise"]} does not say which objective it trains: objective=3, or "none"'
        if "objective" in cell.meta and "exercise" not in cell.meta:
            yield f"the cell {cell.label} is no exercise, but says objective="
        if {"objectives", "practice"} & set(cell.meta) and not any(level == 2 for level, _ in cell.headings):
            yield f"the cell {cell.label} begins no section, but says which objectives it serves"
        if unknown := {number for key in _NUMBERED for number in cell.meta.get(key, ())} - known:
            yield f"the cell {cell.label} names the objective {_listed(unknown)}, but the header has {len(known)}"
    if missing := known - served:
        yield f"no section serves the objective {_listed(missing)}"
    if missing := known - done:
        yield f"no exercise trains the objective {_listed(missing)}, and no section says practice={min(missing)}"


def _listed(numbers):
    return ", ".join(str(number) for number in sorted(numbers))


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
