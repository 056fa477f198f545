"""The map of the course, ``notebooks/MAP.md``: objectives, their sections, exercises, checkers and functions, and back.

Made with the editions (`editions`), from the markers of the chapters' sources, the exercises' modules and the
docstrings of the package.  It holds headings, lists and plain tables only, so that it reads well aloud.
"""

import re

from .chapters import ENDING, ChapterError
from .exercises import find
from .traces import PLUMBING, uses

NAME = "MAP.md"
# Chapters that have their number and title, and are not written: those that are leave this list by themselves.
PLANNED = {
    "01": "Four kinds of data",
    "04": "Gram matrices",
    "05": "Shared representations and fusion",
    "11": "Picture to music, end to end",
    "12": "Style across the senses",
    "13": "Creativity and taste",
    "14": "Hearing without seeing",
    "15": "Words",
    "16": "Moving pictures",
    "17": "Scaling up",
}

_INTRODUCTION = """\
# Map of the course

What each chapter promises, where it keeps the promise, and which part of the package it opens. This page is made from
the chapters' sources and the package's docstrings by `make editions`; a test fails when it is old.

- An objective is **taught** in its sections, and **done** in exercises and where a section asks you to guess, break,
  answer or make something yourself.
- An exercise is judged by its **checker**, which knows wrong answers that learners really give, with a hint for each.
- A function stands under the section that its docstring names. Where that names a chapter only, it is the first section
  whose cells call the function; if none does, it works **under the hood**.
- Minutes are their authors' estimates."""


def needs(chapter):
    """Numbers of the chapters that a chapter's prerequisites name.

    Parameters
    ----------
    chapter : chapters.Chapter

    Returns
    -------
    tuple of str
        "00", say, in rising order.

    Raises
    ------
    ChapterError
        One of them comes after it.
    """
    text = re.sub(r"\([^)]*\)", "", chapter.prerequisites)
    listed = re.findall(r"[Cc]hapters? (\d\d(?:(?:, and|,| and)? \d\d|\s+)*)", text)
    found = tuple(sorted({number for numbers in listed for number in re.findall(r"\d\d", numbers)}))
    for number in found:
        if number >= chapter.name[:2]:
            raise ChapterError(f"{chapter.name}: it needs chapter {number}, which comes after it.")
    return found


def taught(chapters, package):
    """Where each function is taught.

    Parameters
    ----------
    chapters : sequence of chapters.Chapter
    package : traces.Package

    Returns
    -------
    list of (traces.Function, str, tuple of str)
        A function, the number of a chapter, and the titles of its sections there: those that its docstring names, or
        its module's, else the first that calls it, else none.  A function that two chapters teach is there twice.
    """
    calling = {chapter.name[:2]: _first_uses(chapter, package) for chapter in chapters}
    titles = {chapter.name[:2]: _headings(chapter) for chapter in chapters}
    found = []
    for function in package.functions:
        for number, quoted in function.mentions:
            known = titles.get(number, {})
            behind = [text for mention in function.behind if mention.chapter == number for text in mention.quoted]
            named = [known[text] for text in quoted if text in known] or [
                known[text] for text in behind if text in known
            ]
            first = calling.get(number, {}).get(function.path)
            found.append((function, number, tuple(dict.fromkeys(named)) or ((first,) if first else ())))
    return found


def _headings(chapter):
    """The section that each heading of the second or a deeper level stands in."""
    return {text: section.title for section in chapter.outline for cell in section.cells for _, text in cell.headings}


def _first_uses(chapter, package):
    first = {}
    for use in uses(chapter, package):
        first.setdefault(use.defined, use.section)
    return first


def page(chapters, package):
    """The map as text.

    Parameters
    ----------
    chapters : sequence of chapters.Chapter
        In the order of the course.
    package : traces.Package

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    ChapterError
        A chapter's prerequisites cannot be followed.
    """
    places = taught(chapters, package)
    parts = [_INTRODUCTION, _overview(chapters), _order(chapters)]
    for chapter in chapters:
        here = [(function, sections) for function, number, sections in places if number == chapter.name[:2]]
        parts += [_chapter(chapter, here)]
    parts += [_index(places, {chapter.name[:2] for chapter in chapters}), _plumbing(package)]
    return "\n\n".join(filter(None, parts)) + "\n"


# --- parts of the page ------------------------------------------------------------------------------------------------


def _overview(chapters):
    rows = []
    for chapter in chapters:
        points = sum(cell.meta.get("points", 1) for cell in _exercise_cells(chapter))
        rows.append([_link(chapter), chapter.minutes, len(chapter.solutions), points, _questions(chapter)])
    total = sum(chapter.minutes for chapter in chapters)
    table = _table(("Chapter", "Minutes", "Exercises", "Points", "Questions"), rows)
    written = {chapter.name[:2] for chapter in chapters}
    planned = ", ".join(f"{number} {title}" for number, title in PLANNED.items() if number not in written)
    return f"## The chapters\n\n{table}\n\nTogether {total} minutes. Planned, and not written yet: {planned}."


def _order(chapters):
    wants = {chapter.name[:2]: needs(chapter) for chapter in chapters}
    lines = []
    for chapter in chapters:
        number = chapter.name[:2]
        before = f"needs {_listed(wants[number])}" if wants[number] else "needs none"
        after = [other for other, wanted in wants.items() if number in wanted]
        lines.append(f"- Chapter {number} {before}" + (f"; it opens {_listed(after)}." if after else "."))
    return "## Which chapter needs which\n\n" + "\n".join(lines)


def _chapter(chapter, here):
    lines = [
        f"## {chapter.name[:2]}. {chapter.title}",
        f"{chapter.minutes} minutes. Open the [notebook]({chapter.name}.ipynb) or the "
        f"[plain script](plain/{chapter.name}.py). Before you begin: {chapter.prerequisites}",
        "### Objectives\n\nYou will be able to\n\n" + "\n".join(_objectives(chapter)),
    ]
    if chapter.solutions:
        lines.append("### Exercises\n\n" + _exercises(chapter))
    lines.append("### Sections and the functions they teach\n\n" + "\n".join(_sections(chapter, here)))
    if hood := [function for function, sections in here if not sections]:
        lines.append("### Under the hood\n\n" + "\n".join(_by_module(hood)))
    return "\n\n".join(lines)


def _objectives(chapter):
    for number, objective in enumerate(chapter.objectives, 1):
        yield f"{number}. {objective}"
        served = [section for section in chapter.outline if number in (section.objectives or ())]
        where = "; ".join(f"{section.title}{_minutes(section)}" for section in served)
        yield f"   - Taught in: {where or 'not said yet'}"
        cells = [cell for cell in _exercise_cells(chapter) if number in cell.meta.get("objective", ())]
        done = [f"exercise {find(cell.meta['exercise']).title} (`{cell.meta['exercise']}`)" for cell in cells]
        done += [section.title for section in chapter.outline if number in section.practice]
        yield f"   - Done in: {'; '.join(done) or 'not said yet'}"


def _exercises(chapter):
    rows = []
    for cell in _exercise_cells(chapter):
        exercise, numbers = find(cell.meta["exercise"]), cell.meta.get("objective", ())
        checker = f"`{exercise.check.__module__.rpartition('.')[2]}.{exercise.check.__name__}`"
        trains = ", ".join(map(str, numbers)) or "beside them"
        rows.append(
            [exercise.title, f"`{exercise.id}`", cell.meta.get("points", 1), trains, checker, len(exercise.wrong)]
        )
    head = ("Exercise", "Id", "Points", "Objective", "Checker", "Wrong answers")
    return f"The checkers stand in `imgmusic_edu/exercises/{chapter.id}.py`.\n\n{_table(head, rows)}"


def _sections(chapter, here):
    for section in chapter.outline:
        functions = [function for function, sections in here if section.title in sections]
        if section.title in ENDING and not functions and not section.practice:
            continue
        numbers = section.objectives or ()
        serves = f"objective{'s' * (len(numbers) > 1)} {_listed(numbers)}" if numbers else "beside the objectives"
        serves = "" if section.title in ENDING else f", {serves}"
        opened = f": {_named(functions)}" if functions else ""
        yield f"- {section.title}{_minutes(section)}{serves}{opened}"


def _index(places, written):
    """From each function back to chapter and section, by room."""
    rooms: dict[str, list] = {}
    for function, number, sections in places:
        where = "; ".join(sections) or "under the hood"
        if number not in written:
            where = f"planned: {PLANNED.get(number, 'unknown')}"
        inner = function.path.split(".", 1)[1]
        rooms.setdefault(inner.split(".")[0], []).append([f"`{inner}`", number, where])
    head = ("Function or class", "Chapter", "Section")
    tables = [f"### `{room}`\n\n{_table(head, rows)}" for room, rows in sorted(rooms.items())]
    return "\n\n".join(["## From a function to its chapter", *tables]) if tables else ""


def _plumbing(package):
    if not package.functions:
        return ""
    lines = "\n".join(f"- `{room.split('.', 1)[1]}` {reason}" for room, reason in PLUMBING.items())
    return f"## What no chapter teaches\n\nThese rooms serve the course and are not a part of it.\n\n{lines}"


# --- words ------------------------------------------------------------------------------------------------------------


def _exercise_cells(chapter):
    return [cell for cell in chapter.cells if "exercise" in cell.meta]


def _questions(chapter):
    from .exercises import chapter_module

    return len(chapter_module(chapter.id).QUIZ)


def _minutes(section):
    return f" ({section.minutes} min)" if section.minutes else ""


def _link(chapter):
    return f"[{chapter.name[:2]}. {chapter.title}]({chapter.name}.ipynb)"


def _named(functions):
    return ", ".join(f"`{function.path.split('.', 1)[1]}`" for function in functions)


def _by_module(functions):
    names: dict[str, list[str]] = {}
    for function in functions:
        names.setdefault(function.module.partition(".")[2], []).append(f"`{function.name}`")
    return [f"- `{module}`: {', '.join(found)}" for module, found in names.items()]


def _listed(items):
    *first, last = map(str, items)
    return f"{', '.join(first)} and {last}" if first else last


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
