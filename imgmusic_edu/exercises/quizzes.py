"""Quizzes: one key a question, an explanation for every option, answered by keyboard.

In a notebook a question is a button for each option and a line of text that answers; in a saved page, where no widget
lives, each option unfolds its explanation; in a terminal the whole is text.
"""

import html
from typing import NamedTuple

from .diary import note

LONGEST_OPTION = 90  # letters: a button's label stays on one line


class Question(NamedTuple):
    """One question.

    Attributes
    ----------
    stem : str
        The question, in plain text.
    options : tuple of (str, str)
        Each answer with its explanation: why it is right, or what one would have to believe to choose it.
    key : int
        Which one is right, counted from 0.
    """

    stem: str
    options: tuple[tuple[str, str], ...]
    key: int


def lint(questions):
    """What is wrong with a quiz, one sentence a fault.

    Parameters
    ----------
    questions : sequence of Question

    Returns
    -------
    list of str
    """
    faults = []
    stems = [_squeezed(question.stem) for question in questions]
    for question, stem in zip(questions, stems, strict=True):
        texts = [_squeezed(text) for text, _ in question.options]
        explanations = [_squeezed(explanation) for _, explanation in question.options]

        def fault(text, stem=question.stem):
            faults.append(f'The question "{stem}" {text}.')

        if stems.count(stem) > 1:
            fault("is asked twice")
        if len(texts) < 3:
            fault(f"has {len(texts)} options: give three or more")
        if len(set(texts)) < len(texts):
            fault("offers the same option twice")
        if question.key not in range(len(texts)):
            fault(f"has its key at {question.key}, but its options run from 0 to {len(texts) - 1}")
        if min(map(len, explanations), default=0) < 10 or len(set(explanations)) < len(explanations):
            fault("needs an explanation of its own for every option")
        if max(map(len, texts), default=0) > LONGEST_OPTION:
            fault(f"has an option of more than {LONGEST_OPTION} letters")
    if len(questions) > 2 and len({question.key for question in questions}) == 1:
        faults.append(f"The key of every question is option {questions[0].key}: one need not know anything to pass.")
    return faults


def _squeezed(text):
    return " ".join(text.lower().split())


class Quiz:
    """Questions that show themselves.

    Parameters
    ----------
    questions : tuple of Question
    chapter : str, optional
        "ch10", say: right answers are then noted in the learner's progress.
    """

    def __init__(self, questions, *, chapter=""):
        self.questions, self.chapter = questions, chapter

    def __repr__(self):
        lines = []
        for number, question in enumerate(self.questions, 1):
            lines += [f"Question {number}. {question.stem}"]
            lines += [f"  {_letter(n)}. {text}" for n, (text, _) in enumerate(question.options)]
        lines += ["", "Answers"]
        for number, question in enumerate(self.questions, 1):
            lines += [f"Question {number}. The answer is {_letter(question.key)}."]
            lines += [f"  {_letter(n)}. {why}" for n, (_, why) in enumerate(question.options)]
        return "\n".join(lines)

    def _repr_html_(self):
        parts = []
        for number, question in enumerate(self.questions, 1):
            parts.append(f"<p><strong>Question {number}.</strong> {html.escape(question.stem)}</p>")
            parts += [
                f"<details><summary>{html.escape(text)}</summary><p>{_answer(question, n)}</p></details>"
                for n, (text, _) in enumerate(question.options)
            ]
        return "\n".join(parts)

    def _repr_mimebundle_(self, include=None, exclude=None):
        # The page shows the richest form it can: widgets where a kernel runs, else the HTML, else the text.
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget().model_id}
        return {
            "text/plain": repr(self),
            "text/html": self._repr_html_(),
            "application/vnd.jupyter.widget-view+json": view,
        }

    def widget(self):
        """The quiz as an `ipywidgets.VBox`: for each question its text, its options and the answer."""
        import ipywidgets

        return ipywidgets.VBox(
            [_question_widget(number, question, self.chapter) for number, question in enumerate(self.questions, 1)]
        )


def _question_widget(number, question, chapter):
    # A button for each option, not radio buttons: JupyterLab takes the arrow keys that those are chosen with.
    import ipywidgets

    wide = ipywidgets.Layout(width="max-content", max_width="100%")
    stem = ipywidgets.HTML(f"<strong>Question {number}.</strong> {html.escape(question.stem)}")
    answer = ipywidgets.HTML()

    def option(n, text):
        def reveal(_):
            said = html.escape(text.rstrip("."))
            answer.value = f'<div role="status">{said}: {_answer(question, n)}</div>'
            if chapter and n == question.key:
                note(f"{chapter}.quiz.{number}")

        button = ipywidgets.Button(description=f"{_letter(n)}. {text}", layout=wide)
        button.on_click(reveal)
        return button

    options = [option(n, text) for n, (text, _) in enumerate(question.options)]
    return ipywidgets.VBox([stem, *options, answer], layout=ipywidgets.Layout(margin="0 0 16px 0"))


def _answer(question, n):
    verdict = "Right." if n == question.key else "Not this one."
    return f"<strong>{verdict}</strong> {html.escape(question.options[n][1])}"


def _letter(n):
    return chr(ord("A") + n)
