"""Exercises and quizzes: every checker against right, missing and wrong answers; verdicts instead of tracebacks."""

import browser
import courses
import pytest

from imgmusic_edu import chapters, exercises
from imgmusic_edu.exercises import Question, quizzes

EXERCISES = [
    pytest.param(chapter, exercises.find(exercise_id), source, id=exercise_id)
    for chapter in courses.CHAPTERS.values()
    for exercise_id, source in chapter.solutions.items()
]


@pytest.fixture(autouse=True)
def forget_tries():
    exercises._tries.clear()


def nearest(pitch, scale):
    return min(scale, key=lambda note: abs(pitch - note))


# --- every exercise of every chapter ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("chapter", "exercise", "source"), EXERCISES)
def test_solution_passes(chapter, exercise, source):
    answer = courses.function_of(chapter, source)
    verdict = exercises.check(exercise.id, answer)
    assert verdict.passed, verdict
    exercises.grade(exercise.id, answer)


@pytest.mark.parametrize(("chapter", "exercise", "source"), EXERCISES)
def test_stub_is_not_attempted(chapter, exercise, source):
    stub = courses.function_of(chapter, chapters.without_solution(source))
    assert exercises.check(exercise.id, stub).status == "Not attempted"
    with pytest.raises(AssertionError, match="Not attempted"):
        exercises.grade(exercise.id, stub)


@pytest.mark.parametrize(("chapter", "exercise", "source"), EXERCISES)
def test_each_wrong_answer_gets_its_own_hint(chapter, exercise, source):
    hints = [wrong.hint for wrong in exercise.wrong]
    assert len(set(hints)) == len(hints) >= 3
    for wrong in exercise.wrong:
        verdict = exercises.check(exercise.id, wrong.answer, hint=0)
        assert verdict.status == "Not yet", wrong.answer.__name__
        assert [hint for hint in hints if hint in verdict.message] == [wrong.hint], wrong.answer.__name__


@pytest.mark.parametrize("chapter", courses.CHAPTERS.values(), ids=courses.CHAPTERS)
def test_quiz_is_sound(chapter):
    questions = exercises.chapter_module(chapter.id).QUIZ
    assert questions
    assert quizzes.lint(questions) == []


# --- check ------------------------------------------------------------------------------------------------------------


def test_hints_grow_from_try_to_try_and_start_anew_after_passing():
    exercise = exercises.find("ch98.snap")
    wrong = exercise.wrong[0].answer
    assert exercises.check(exercise.id, wrong).hint == ""
    assert exercises.check(exercise.id, wrong).hint == f"Hint 1 of 2: {exercise.hints[0]}"
    assert exercises.check(exercise.id, wrong).hint == f"Hint 2 of 2: {exercise.hints[1]}"
    assert exercises.check(exercise.id, wrong).hint == f"Hint 2 of 2: {exercise.hints[1]}"
    assert exercises.check(exercise.id, nearest).hint == ""
    assert exercises.check(exercise.id, wrong).hint == ""


def test_a_hint_can_be_asked_for_before_trying():
    def stub(pitch, scale):
        raise NotImplementedError()

    for _ in range(3):  # an open stub is no try
        assert exercises.check("ch98.snap", stub).hint == ""
    assert "How far" in exercises.check("ch98.snap", stub, hint=1).hint
    assert "smallest" in exercises.check("ch98.snap", stub, hint=2).hint
    with pytest.raises(ValueError, match="hint=1 and hint=2"):
        exercises.check("ch98.snap", stub, hint=3)


def test_whatever_the_function_does_there_is_a_verdict():
    def forgets(pitch, scale):
        nearest(pitch, scale)

    def fails(pitch, scale):
        below = 0
        return pitch / below

    def leaves(pitch, scale):
        raise SystemExit

    def endless(pitch, scale):
        return endless(pitch, scale)

    expected = {
        forgets: "does it end with `return`",
        fails: f"ZeroDivisionError: division by zero in line {fails.__code__.co_firstlineno + 2} of your cell",
        leaves: "stopped with SystemExit",
        endless: "RecursionError",
        (lambda: 60): "TypeError",
        (lambda pitch, scale: "60"): "could not be checked",
        dict: "TypeError",
    }
    for answer, words in expected.items():
        verdict = exercises.check("ch98.snap", answer, hint=0)
        assert verdict.status == "Not yet"
        assert words in verdict.message
        assert "Traceback" not in repr(verdict) + verdict._repr_html_()
        assert len(repr(verdict)) < 400
    assert "`fails(61, (60, 64, 67))`" in exercises.check("ch98.snap", fails).message


def test_a_value_in_place_of_the_function():
    assert "without calling it" in exercises.check("ch98.snap", 60).message


def test_an_interrupt_goes_through():
    def interrupted(pitch, scale):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exercises.check("ch98.snap", interrupted)


def test_verdict_reads_as_text_and_as_html():
    def fails(pitch, scale):
        raise ValueError("a < b & <script>")

    verdict = exercises.check("ch98.snap", fails)
    assert repr(verdict).startswith("Not yet: ch98.snap. Your function stopped with ValueError: a < b & <script>")
    page = verdict._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<code>fails(61, (60, 64, 67))</code>" in page
    assert 'role="status"' in page
    assert repr(exercises.check("ch98.snap", nearest)) == "Passed: ch98.snap."


@pytest.mark.parametrize(
    ("asked", "words"),
    [("ch98.nothing", "ch98.snap, ch98.slope"), ("ch97.snap", 'no chapter "ch97"'), ("os.path", 'no chapter "os"')],
)
def test_unknown_exercises(asked, words):
    with pytest.raises(ValueError, match=words):
        exercises.check(asked, nearest)


# --- quizzes ----------------------------------------------------------------------------------------------------------


def test_quiz_by_widget():
    first, second = exercises.quiz("ch98").widget().children
    stem, *options, answer = first.children
    assert "How many points" in stem.value
    assert [option.description for option in options] == ["A. One", "B. Two", "C. Three"]
    assert answer.value == ""
    options[0].click()
    assert "One: <strong>Not this one.</strong> Through one point run many lines." in answer.value
    options[1].click()
    assert "Two: <strong>Right.</strong>" in answer.value
    assert second.children[-1].value == ""


def test_quiz_by_keyboard_in_jupyterlab(chromium, tmp_path):
    start = f"from imgmusic_edu import exercises; exercises.__path__.append({str(courses.TINY)!r})"
    browser.notebook(tmp_path / "quiz.ipynb", start, 'exercises.quiz("ch98")')
    with browser.jupyterlab(tmp_path) as address, browser.browser_page(chromium) as (page, _, problems):
        browser.open_notebook(page, address, "quiz.ipynb")
        browser.run_all(page)
        page.get_by_role("button", name="A. One").focus()
        page.keyboard.press("Space")
        page.get_by_text("One: Not this one.").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("Two: Right.").wait_for()
        assert problems == []


def test_quiz_shows_itself_everywhere():
    bundle = exercises.quiz("ch98")._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    page, text = bundle["text/html"], bundle["text/plain"]
    assert page.count("<details>") == page.count("<strong>Right.</strong>") + page.count("Not this one.") == 6
    assert page.count("<strong>Right.</strong>") == 2
    assert "Question 2. The answer is A." in text
    assert text.index("Answers") > text.index("There is none")


OPTIONS = (("One", "Because of the first."), ("Two", "Because of the second."), ("Three", "Because of the third."))


@pytest.mark.parametrize(
    ("questions", "words"),
    [
        ([Question("Why?", OPTIONS, 0), Question("why? ", OPTIONS, 1)], "asked twice"),
        ([Question("Why?", OPTIONS[:2], 0)], "2 options"),
        ([Question("Why?", (*OPTIONS, ("one", "Another reason.")), 0)], "same option twice"),
        ([Question("Why?", OPTIONS, 3)], "key at 3"),
        ([Question("Why?", OPTIONS, -1)], "key at -1"),
        ([Question("Why?", (*OPTIONS, ("Four", "")), 0)], "explanation"),
        ([Question("Why?", (*OPTIONS, ("Four", "Because of the first.")), 0)], "explanation of its own"),
        ([Question("Why?", (*OPTIONS, ("four " * 30, "Much too long.")), 0)], "more than 90 letters"),
        ([Question(stem, OPTIONS, 1) for stem in "abc"], "every question is option 1"),
    ],
)
def test_quiz_lint_finds(questions, words):
    assert any(words in fault for fault in quizzes.lint(questions))
