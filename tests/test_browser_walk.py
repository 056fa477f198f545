"""Chapters 00 and 10 in JupyterLab by keyboard alone: from the set-up cell to an answered quiz.

Nothing here clicks, and nothing gives an element the focus by script. Each cell that is needed is run with Shift+Enter.
Where JupyterLab itself is in the way: Escape does not lead from a widget back to its cell, Shift+Tab does; and with
an audio element, a slider or a list in focus the arrow keys belong to that, and only Tab and Shift+Tab lead on.
"""

import shutil
from typing import NamedTuple

import courses
import pytest
from browser import ROOT, browser_page, jupyterlab, open_notebook


class Walk(NamedTuple):
    """Where a learner goes in a chapter. Cells are named by a piece of their text."""

    needs: tuple[str, ...]  # what must have run first
    player: str
    panel: str  # with sliders
    exercise: str


WALKS = {
    "00_hear_a_picture": Walk((), "piece = im.compose(im.open_data(", "def planned(", "ch00.standardise"),
    "10_a_picture_as_a_score": Walk(
        ("make_plan(features, seconds=10)", "target = np.array("),
        "piece = im.compose(",
        "tune_panel(target",
        "ch10.beats_to_seconds",
    ),
}

BOOK = "jupyterapp.shell.currentWidget.content"
CELL = f"{BOOK}.activeCell.node"
FIND = f"text => {BOOK}.widgets.findIndex(cell => cell.model.sharedModel.getSource().includes(text))"
HERE = f"() => [{BOOK}.activeCellIndex, {BOOK}.mode]"
# A cell that runs or waits shows [*].
RAN = f"at => /^\\[\\d+\\]/.test({BOOK}.widgets[at].promptNode.textContent)"
SHOWN = f"at => {BOOK}.widgets[at].node.querySelector('.jp-OutputArea-output')?.innerText"
FAILED = f"at => {BOOK}.widgets[at].model.outputs.toJSON().filter(output => output.output_type === 'error')"
# What a live region of the cell says once it says something else than before.
NEWS = f"""([region, before]) => {{
    const told = [...{CELL}.querySelectorAll(region)].map((one) => one.innerText).join(" ").trim();
    return told !== before && told; }}"""
AUDIO = "document.activeElement.querySelector('audio')"


class Learner:
    """Somebody with a keyboard and no mouse in front of a notebook."""

    def __init__(self, page):
        self.page, self.press = page, page.keyboard.press

    def tab(self, selector, *, key="Tab", most=20):
        """Go on until what has the focus is what was looked for."""
        for _ in range(most):
            self.press(key)
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"{key}, pressed {most} times, does not lead to {selector}")

    def back(self):
        """From something in a cell to the cell."""
        self.tab(".jp-Cell", key="Shift+Tab")

    def go(self, text, *, by=0):
        """To the cell with this text in it, or one some cells further on, with the arrow keys; returns its place."""
        wanted = self.page.evaluate(FIND, text) + by
        for _ in range(3):
            at, mode = self.page.evaluate(HERE)
            assert mode == "command"
            if at == wanted:
                return at
            for _ in range(abs(wanted - at)):
                self.press("ArrowDown" if at < wanted else "ArrowUp")
        return pytest.fail(f"the arrow keys do not lead from cell {at} to cell {wanted}, {text!r}")

    def run(self, text):
        """Run the cell with this text in it, wait for it and stay on it; returns what it shows."""
        at = self.go(text)
        self.press("Shift+Enter")
        self.page.wait_for_function(RAN, arg=at)
        assert self.page.evaluate(FAILED, at) == []
        self.go(text)
        return self.page.evaluate(SHOWN, at)

    def news(self, region, before=""):
        """What a screen reader is told next by the cell's live regions."""
        return self.page.wait_for_function(NEWS, arg=[region, before]).json_value()


def walk_player(learner):
    page, live = learner.page, ".im-player [aria-live]"
    page.wait_for_function(f"() => {CELL}.querySelector('.im-player')?.dataset.ready")
    learner.tab(".im-player")
    learner.press("Space")
    page.wait_for_function(f"() => !{AUDIO}.paused && {AUDIO}.currentTime > 0.3")
    learner.press("Space")
    page.wait_for_function(f"() => {AUDIO}.paused")
    stands = page.evaluate(f"{AUDIO}.currentTime")
    page.wait_for_timeout(300)
    assert page.evaluate(f"{AUDIO}.currentTime") == stands
    page.wait_for_function(f"() => {CELL}.querySelector('{live}').innerText.startsWith('Paused at')")
    before = learner.news(live)
    for _ in range(3):
        learner.press("n")
        note = learner.news(live, before)
        assert " s: " in note and "(rule R" in note, "a note that does not say why it is there"
        before = note
    learner.back()


def walk_panel(learner):
    page, live = learner.page, "[role=status], [aria-live]"
    page.wait_for_function(f"() => {CELL}.querySelector('[role=slider][aria-valuetext]')?.ariaLabel")
    before = learner.news(live)
    here = page.evaluate(HERE)
    controls = [("[role=slider]", "ArrowRight", "ariaValueText")]
    if page.evaluate(f"{CELL}.querySelector('select') !== null"):
        controls = [("select", "ArrowDown", "value"), *controls]
    for control, key, told in controls:
        learner.tab(control)
        value = page.evaluate(f"document.activeElement.{told}")
        learner.press(key)
        page.wait_for_function(f"value => document.activeElement.{told} !== value", arg=value)
        before = learner.news(live, before)
        assert page.evaluate(HERE) == here, f"{key} went to the notebook too"
        learner.back()


def walk_hints(learner, check):
    learner.go(check, by=-2)  # the task; between them the cell for the answer
    learner.tab("summary")
    for key, is_open in (("Enter", True), ("Space", False), ("Space", True)):
        learner.press(key)
        assert learner.page.evaluate("document.activeElement.parentElement.open") == is_open
    assert learner.page.evaluate("document.activeElement.parentElement.querySelector('p').checkVisibility()")
    learner.back()


def walk_exercise(learner, check, solution):
    learner.go(check, by=-1)
    learner.press("Enter")
    assert learner.page.evaluate(HERE)[1] == "edit"
    learner.press("Control+a")
    learner.page.keyboard.insert_text(solution)  # as pasted
    learner.press("Escape")
    learner.run(solution.splitlines()[0])
    verdict = learner.run(check)
    assert verdict.startswith("Passed:"), verdict


def walk_quiz(learner, quiz):
    learner.run(quiz)
    learner.page.wait_for_function(f"() => {CELL}.querySelector('.widget-button') !== null")
    before = ""
    for key in ("Space", "Enter"):
        learner.tab(".widget-button")
        learner.press(key)
        before = learner.news("[role=status]", before)
        assert "Right." in before or "Not this one." in before
    learner.back()


@pytest.mark.slow
@pytest.mark.parametrize("name", WALKS)
def test_a_chapter_is_walked_through_without_a_mouse(name, chromium, tmp_path):
    walk, solutions = WALKS[name], courses.CHAPTERS[name].solutions
    shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", tmp_path / "chapter.ipynb")
    with jupyterlab(tmp_path) as address, browser_page(chromium) as (page, _, problems):
        page.set_default_timeout(240_000)
        open_notebook(page, address, "chapter.ipynb")
        learner = Learner(page)
        for text in ("# Set-up:", *walk.needs, walk.player):
            learner.run(text)
        walk_player(learner)
        learner.run(walk.panel)
        walk_panel(learner)
        check = f'check("{walk.exercise}"'
        walk_hints(learner, check)
        walk_exercise(learner, check, solutions[walk.exercise])
        walk_quiz(learner, "im.exercises.quiz(")
        assert not problems
