"""What a learner has done so far, and what is next: kept in a file of their own, and told to nobody.

The file is `progress.json` in the folder `.imgmusic_edu` of the home folder, or what the environment variable
IMGMUSIC_PROGRESS names (on Colab, a file in the learner's own drive, for the machine there is gone tomorrow).

Taught in chapter 00, "Hear a picture".
"""

import datetime
import html
import json
import os
import pkgutil
import re
import warnings
from pathlib import Path
from typing import NamedTuple

from ..files import FileWriteError, own_folder, write_atomically

__all__ = ["Progress", "diary_path", "note", "progress"]


def diary_path():
    """The file in which progress is kept: a Path, which need not be there yet."""
    return Path(os.environ.get("IMGMUSIC_PROGRESS") or own_folder() / "progress.json")


def _read():
    """What was done, by id, with its day; a file that nobody can read is put aside and said so."""
    path = diary_path()
    try:
        done = json.loads(path.read_text(encoding="utf-8"))["done"]
        return {str(name): str(day) for name, day in done.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        aside = path.with_suffix(".damaged.json")
        try:
            os.replace(path, aside)
        except OSError:
            aside = path
        warnings.warn(
            f"{path} could not be read ({problem}); it is left as {aside}, and a new one begun.", stacklevel=4
        )
        return {}


def note(name):
    """Remember that an exercise ("ch04.gram") or a question of a quiz ("ch04.quiz.2") was got right.

    Where the file cannot be written, a warning says so: no verdict fails for that.
    """
    done, path = _read(), diary_path()
    if name in done:
        return
    done[name] = datetime.date.today().isoformat()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({"done": done}, indent=1).encode())
    except (FileWriteError, OSError) as problem:
        warnings.warn(f"Your progress could not be kept: {problem}", stacklevel=3)


class Row(NamedTuple):
    """A chapter: id, title, exercises as (id, title, done), questions answered right, and how many there are."""

    chapter: str
    title: str
    exercises: tuple[tuple[str, str, bool], ...]
    answered: int
    questions: int

    @property
    def left(self):
        """The first exercise that is not done, as (id, title), or None."""
        return next(((name, title) for name, title, done in self.exercises if not done), None)

    @property
    def done(self):
        """How many exercises are."""
        return sum(done for *_, done in self.exercises)


class Progress:
    """A view of what is done: shows itself as text and as HTML.

    Attributes
    ----------
    rows : tuple of Row
        A chapter each, in the order of the course.
    """

    def __init__(self, rows):
        self.rows = tuple(rows)

    @property
    def next(self):
        """(chapter's title, exercise's id, its title) to go on with, or None at the end.

        A chapter that was begun comes before one that was not.
        """
        begun = [row for row in self.rows if row.left and (row.done or row.answered)]
        for row in begun + [row for row in self.rows if row.left]:
            return (f"{row.chapter[2:]} {row.title}", *row.left)
        return None

    def _advice(self):
        if not self.next:
            return "Every exercise is done. Go back to the picture you began with, and hear it again."
        chapter, name, title = self.next
        return f'Next: "{title}" ({name}) in chapter {chapter}.'

    def __repr__(self):
        lines = []
        for row in self.rows:
            lines.append(
                f"{row.chapter[2:]} {row.title}: {row.done} of {len(row.exercises)} exercises, "
                f"{row.answered} of {row.questions} questions"
            )
            lines += [f"   {'done' if done else 'open'}  {title} ({name})" for name, title, done in row.exercises]
        return "\n".join([*lines, self._advice()])

    def _repr_html_(self):
        cells = []
        for row in self.rows:
            states = "; ".join(
                f"{html.escape(title)}: {'<strong>done</strong>' if done else 'open'}"
                for _, title, done in row.exercises
            )
            cells.append(
                f'<tr><th scope="row" style="text-align: left">{row.chapter[2:]} {html.escape(row.title)}</th>'
                f"<td>{row.done} of {len(row.exercises)}</td><td>{row.answered} of {row.questions}</td>"
                f'<td style="text-align: left">{states}</td></tr>'
            )
        head = "".join(f'<th scope="col">{text}</th>' for text in ("Chapter", "Exercises", "Questions", "Which"))
        return (
            f"<table><caption>What you have done so far</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(cells)}</tbody></table><p>{html.escape(self._advice())}</p>"
        )


def _title(module):
    """The chapter's title, as the first line of its exercises has it in quotation marks."""
    return str(module.__doc__).split(chr(34))[1]


def progress():
    """What is done, what is open, and what to do next, over all chapters that have exercises.

    Returns
    -------
    Progress
        Shows itself; `progress().next` is what to go on with.

    Notes
    -----
    Read from a file in the learner's own folder (`diary_path`); nothing is sent anywhere.
    Taught in chapter 00, section "Exercises".
    """
    from . import __path__, chapter_module

    done, rows = _read(), []
    for found in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        if not re.fullmatch(r"ch\d\d", found):
            continue
        module = chapter_module(found)
        exercises = tuple((one.id, one.title, one.id in done) for one in module.EXERCISES)
        questions = [f"{found}.quiz.{n}" for n in range(1, len(module.QUIZ) + 1)]
        rows.append(Row(found, _title(module), exercises, sum(name in done for name in questions), len(questions)))
    return Progress(rows)
