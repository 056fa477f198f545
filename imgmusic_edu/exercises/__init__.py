"""Exercises that check themselves: a verdict and one hint instead of a traceback.

A chapter's exercises and quiz live in `exercises/chNN.py` as ``EXERCISES`` and ``QUIZ``: tasks, hints, checkers and the
wrong answers that learners really give, each with the hint that it must get.  The solutions are not here but in the
chapter's source, and nowhere else.

>>> from imgmusic_edu.exercises import check
>>> check("ch10.snap", snap)  # doctest: +SKIP
Not yet: ch10.snap. You always go down, even when the note above is nearer.
"""

import functools
import html
import importlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from .diary import note, progress
from .quizzes import Question, Quiz

__all__ = ["Exercise", "Question", "Verdict", "Wrong", "check", "find", "grade", "judge", "progress", "quiz"]

PASSED, NOT_ATTEMPTED, NOT_YET = "Passed", "Not attempted", "Not yet"

# How often each exercise was tried in this session: hints grow with it. It changes no verdict, only how much is told.
_tries: Counter = Counter()


class Wrong(NamedTuple):
    """A wrong answer that learners give, its docstring naming the misconception, and (part of) the hint it must get."""

    answer: Callable
    hint: str


@dataclass(frozen=True)
class Exercise:
    """One exercise, all but its solution.

    Attributes
    ----------
    id : str
        "chNN.name"; the first half names the module it stands in.
    title : str
        Its heading in the chapter.
    task : str
        What to do, in Markdown.
    hints : tuple of two str
        The first points the way, the second all but says it.
    check : callable
        Given the learner's function, returns None when it is right, else one sentence that helps.
    wrong : tuple of Wrong
        At least three.
    """

    id: str
    title: str
    task: str
    hints: tuple[str, str]
    check: Callable[[Callable], str | None]
    wrong: tuple[Wrong, ...]


@dataclass(frozen=True, repr=False)
class Verdict:
    """What `check` found: shows itself as text and as HTML.

    Attributes
    ----------
    id : str
        The exercise's.
    status : str
        "Passed", "Not attempted" or "Not yet".
    message : str
        What to do next, or what went wrong; empty when passed.
    hint : str
        The graded hint, or empty.
    """

    id: str
    status: str
    message: str = ""
    hint: str = ""

    @property
    def passed(self):
        return self.status == PASSED

    def __repr__(self):
        lines = [f"{self.status}: {self.id}. {self.message}".rstrip(), self.hint]
        return "\n".join(filter(None, lines))

    def _repr_html_(self):
        # The word says it; the colour of the edge only repeats it. No background: it must read in dark themes too.
        edge = {PASSED: "#00796b", NOT_ATTEMPTED: "#6b6b6b", NOT_YET: "#b34700"}[self.status]
        lines = [f"<strong>{self.status}:</strong> {html.escape(self.id)}. {_marked_up(self.message)}"]
        lines += [_marked_up(self.hint)] if self.hint else []
        style = f"border-left: 6px solid {edge}; padding: 4px 12px"
        return f'<div role="status" style="{style}">{"<br>".join(lines)}</div>'


def _marked_up(text):
    return re.sub(r"`(.+?)`", r"<code>\1</code>", html.escape(text, quote=False))


def chapter_module(chapter):
    """The module of exercises of a chapter.

    Parameters
    ----------
    chapter : str
        "ch10", say.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    name = f"{__name__}.{chapter}"
    try:
        if not re.fullmatch(r"ch\d\d", chapter):
            raise ModuleNotFoundError(name=name)
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise  # it is there, and something that it needs is not
        raise ValueError(f'There is no chapter "{chapter}" with exercises: write "ch10" for chapter 10.') from None


def find(exercise_id):
    """The `Exercise` of that id.

    Raises
    ------
    ValueError
        There is none; the message lists those of the chapter.
    """
    exercises = {exercise.id: exercise for exercise in chapter_module(exercise_id.partition(".")[0]).EXERCISES}
    if exercise_id not in exercises:
        raise ValueError(f'There is no exercise "{exercise_id}"; this chapter has {", ".join(exercises)}.')
    return exercises[exercise_id]


def check(exercise_id, answer, *, hint=None):
    """Try an answer: passed, not attempted, or not yet with a hint. Never a traceback.

    Parameters
    ----------
    exercise_id : str
        Such as "ch10.snap".
    answer : callable
        The learner's function itself, not called.
    hint : int, optional
        1 or 2: how much to give away. Left out, it grows from try to try.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        No such exercise, or no such hint.

    Notes
    -----
    Taught in chapter 00, section "Exercises".
    """
    exercise = find(exercise_id)
    if hint not in (None, 0, 1, 2):
        raise ValueError(f"hint={hint!r} was asked for, but there are two hints: hint=1 and hint=2.")
    verdict = judge(exercise, answer)
    if verdict.passed:
        del _tries[exercise_id]
        note(exercise_id)
        return verdict
    if verdict.status == NOT_YET:
        _tries[exercise_id] += 1
    level = hint if hint is not None else min(max(_tries[exercise_id] - 1, 0), 2)
    if level:
        return Verdict(verdict.id, verdict.status, verdict.message, f"Hint {level} of 2: {exercise.hints[level - 1]}")
    return verdict


def grade(exercise_id, answer):
    """Raise an AssertionError that carries the verdict unless the answer passes: the hidden test of a graded cell."""
    verdict = judge(find(exercise_id), answer)
    if not verdict.passed:
        raise AssertionError(str(verdict))


def quiz(chapter):
    """The quiz of a chapter.

    Parameters
    ----------
    chapter : str
        "ch10", say.

    Returns
    -------
    Quiz
        Shows itself as widgets, as HTML or as text, by what the place it is shown in can do.

    Raises
    ------
    ValueError
        There is no such chapter.

    Notes
    -----
    Taught in chapter 00, section "Quiz".
    """
    return Quiz(tuple(chapter_module(chapter).QUIZ), chapter=chapter)


def judge(exercise, answer):
    """The verdict on an answer, without the graded hints of `check` and without counting the try."""
    if not callable(answer):
        message = f"Hand over the function itself, without calling it: it was given {_short(answer)}."
        return Verdict(exercise.id, NOT_YET, message)
    watched = _Watched(answer)
    try:
        message = exercise.check(watched)
    except NotImplementedError:
        message = "Put your code in place of `raise NotImplementedError()`, run that cell, then this one."
        return Verdict(exercise.id, NOT_ATTEMPTED, message)
    except (Exception, SystemExit) as error:
        message = watched.blame(error)
    if message is None:
        return Verdict(exercise.id, PASSED)
    if watched.called and watched.returned is None and watched.error is None:
        message = "Your function gives back nothing (None): does it end with `return`?"
    return Verdict(exercise.id, NOT_YET, message)


class _Watched:
    """The learner's function, remembering what it was last asked, what it gave back and how it failed."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function, self.called, self.returned, self.error = function, "", None, None

    def __call__(self, *args, **kwargs):
        values = [_short(value) for value in args] + [f"{name}={_short(value)}" for name, value in kwargs.items()]
        self.called = f"{getattr(self.function, '__name__', 'answer')}({', '.join(values)})"
        self.returned = self.error = None
        try:
            self.returned = self.function(*args, **kwargs)
        except (Exception, SystemExit) as error:
            self.error = error
            raise
        return self.returned

    def blame(self, error):
        """One sentence on an exception: the learner's own, or the checker's over what it was given."""
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if error is self.error:
            return f"Your function stopped with {what}{self._place(error)}, when it was called as `{self.called}`."
        return f"`{self.called}` gave back {_short(self.returned)}, which could not be checked ({what})."

    def _place(self, error):
        code, place, trace = getattr(self.function, "__code__", None), "", error.__traceback__
        while code and trace:
            if trace.tb_frame.f_code.co_filename == code.co_filename:
                place = f" in line {trace.tb_lineno} of your cell"
            trace = trace.tb_next
        return place


def _short(value):
    """A value in at most 60 letters; of an array only what it is."""
    if hasattr(value, "shape") and getattr(value, "size", 0) > 8:
        return f"an array of shape {tuple(value.shape)}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
