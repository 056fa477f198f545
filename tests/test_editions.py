"""Editions: made from one source, the same bytes each time, and usable by nbgrader as they are."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import courses
import nbformat
import pytest

from imgmusic_edu import chapters, editions, exercises

CHAPTERS = pytest.mark.parametrize("chapter", courses.CHAPTERS.values(), ids=courses.CHAPTERS)


@pytest.fixture(scope="module")
def tiny():
    return courses.CHAPTERS["98_tiny_chapter"]


@pytest.fixture(scope="module")
def made(tiny):
    """The tiny chapter's editions: {"learner": notebook, ..., "plain": text}."""
    texts = editions.editions(tiny, courses.PROJECT)
    notebooks = {
        kind: nbformat.reads(texts[f"{editions.FOLDERS[kind]}{tiny.name}.ipynb"], 4) for kind in editions.KINDS
    }
    return notebooks | {"plain": texts[f"plain/{tiny.name}.py"]}


def altered(tmp_path, *changes, name="98_tiny_chapter.py"):
    """The tiny chapter with changes to its source."""
    text = courses.TINY_SOURCE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


# --- the course itself ------------------------------------------------------------------------------------------------


def test_no_edition_has_drifted(root):
    assert editions.drift(root) == []


@CHAPTERS
def test_chapter_keeps_the_rules(chapter):
    assert chapters.lint(chapter) == []


@CHAPTERS
def test_editions_are_clean_and_small(chapter):
    texts = editions.editions(chapter, courses.PROJECT)
    assert texts == editions.editions(chapter, courses.PROJECT)
    for name, text in texts.items():
        assert len(text.encode()) < 300_000, name
        if not name.endswith(".ipynb"):
            compile(text, name, "exec")
            continue
        notebook = nbformat.reads(text, 4)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert set(notebook.metadata) == {"kernelspec", "language_info"}
        assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
        assert all(cell.execution_count is None and cell.outputs == [] for cell in code(notebook))


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def everything(notebook):
    return "\n".join(cell.source for cell in notebook.cells)


# --- what stands in which edition -------------------------------------------------------------------------------------


def test_learner_gets_stubs_and_nothing_of_the_solutions(made):
    text = everything(made["learner"])
    assert not re.search("SOLUTION|HIDDEN|distances|For the instructor|Pitfall|grade", text)
    assert text.count("    # YOUR CODE HERE\n    raise NotImplementedError()") == 2
    assert 'im.exercises.check("ch98.snap", snap)' in text
    assert "<details><summary>Hint 2</summary>" in text


def test_solution_edition_holds_the_solutions_for_nbgrader(made):
    text = everything(made["solution"])
    assert text.count(chapters.BEGIN_SOLUTION) == text.count("### BEGIN HIDDEN TESTS") == 2
    assert "assert snap(100, (10, 20)) == 20" in text
    assert "For the instructor" not in text


def test_instructor_edition_adds_timing_pitfalls_and_rubric(made):
    text = everything(made["instructor"])
    assert "- How does a line look?: 4 min" in text
    assert "**Pitfall.**" in text
    assert "| Takes the note below. | You always go down, even when the note above is nearer. |" in text
    ids = [cell.id for cell in made["instructor"].cells if cell.metadata.get("tags") != ["instructor"]]
    assert ids == [cell.id for cell in made["solution"].cells] == [cell.id for cell in made["learner"].cells]


def test_first_cell_is_made_from_the_header(made, tiny):
    first = made["learner"].cells[0].source
    assert first.startswith("# 98. A tiny chapter\n")
    assert (
        "(https://colab.research.google.com/github/someone/somewhere/blob/main/notebooks/98_tiny_chapter.ipynb)"
        in first
    )
    assert "![Open in Colab](data:image/svg+xml;base64," in first
    assert "about 12 minutes" in first
    assert all(f"- {objective}" in first for objective in tiny.objectives)


def test_a_change_leaves_the_ids_of_other_cells_alone(tmp_path, made):
    path = altered(tmp_path, ("# Two points make a line.", "# Two points that differ make a line."))
    texts = editions.editions(chapters.read_chapter(path), courses.PROJECT)
    after = nbformat.reads(texts["98_tiny_chapter.ipynb"], 4)
    same = [old.id == new.id for old, new in zip(made["learner"].cells, after.cells, strict=True)]
    assert same.count(False) == 1


# --- set-up cell ------------------------------------------------------------------------------------------------------


def run_setup(monkeypatch, made, *, colab, installed):
    calls = []
    monkeypatch.setattr(subprocess, "run", lambda command, check: calls.append(command))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if installed else None)
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    if colab:
        monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    exec(made["learner"].cells[1].source, {})
    return calls


@pytest.mark.parametrize(("colab", "installed"), [(False, True), (False, False), (True, True)])
def test_setup_does_nothing_at_home_or_a_second_time(monkeypatch, made, colab, installed):
    assert run_setup(monkeypatch, made, colab=colab, installed=installed) == []


def test_setup_on_colab_replaces_nothing(monkeypatch, made):
    (command,) = run_setup(monkeypatch, made, colab=True, installed=False)
    assert command[:5] == [sys.executable, "-m", "pip", "install", "--quiet"]
    assert command[5:] == ["--no-deps", "mido", "imgmusic_edu @ git+https://github.com/someone/somewhere@main"]


def test_setup_is_the_same_in_all_chapters():
    cells = set()
    for chapter in courses.CHAPTERS.values():
        texts = editions.editions(chapter, courses.PROJECT)
        cells |= {nbformat.reads(text, 4).cells[1].source for name, text in texts.items() if name.endswith(".ipynb")}
    assert len(cells) == 1


def test_project_address_comes_from_pyproject(tmp_path, root):
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    address = re.search(r'Repository = "(.+)"', text)[1]
    assert address == f"https://github.com/{editions.read_project(root / 'pyproject.toml').repository}"
    elsewhere = tmp_path / "pyproject.toml"
    elsewhere.write_text(text.replace(address, "https://example.org/owner/name"), encoding="utf-8")
    with pytest.raises(chapters.ChapterError, match=r"github\.com/owner/name, not https://example"):
        editions.read_project(elsewhere)


# --- the plain script -------------------------------------------------------------------------------------------------


def test_plain_script_runs_and_speaks(tmp_path, made):
    path = tmp_path / "98_tiny_chapter.py"
    path.write_text(made["plain"], encoding="utf-8")
    start = f"import courses, runpy; runpy.run_path({str(path)!r})"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [courses.ROOT, courses.ROOT / "tests"]))}
    run = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stderr
    assert "Figure: A straight line that rises from 0 to 2." in run.stdout
    assert "Not attempted: ch98.snap." in run.stdout
    assert "Question 1. How many points make a line?" in run.stdout


def test_plain_text_reads_aloud():
    markdown = (
        "## A *fine* **title**\n\nUse `x` in $a_1 * b$ and [the book](book.md).\n\n\n"
        "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n- "
        + "word " * 30
        + "\n\n<details><summary>Hint 1</summary>\n\nGo.\n\n</details>"
    )
    lines = editions.plain_text(markdown)
    assert lines[0] == "Section: A fine title"
    assert "Use x in a_1 * b and the book (book.md)." in lines
    assert lines[lines.index("a; b") + 1] == "1; 2"
    assert all(len(line) <= editions.PLAIN_WIDTH for line in lines)
    assert lines[-3:] == ["Hint 1:", "", "Go."]
    assert "  word" in "\n".join(lines)


@pytest.mark.parametrize(
    ("cell", "printed"),
    [
        ("x = 1\nx + 1  # x + 1", "x = 1\nprint(x + 1)  # x + 1"),
        ("x = 1; x", "x = 1; print(x)"),
        ("(\n    1 +\n    2\n)", "print((\n    1 +\n    2\n))"),
        ("f(\n    1,\n)", "print(f(\n    1,\n))"),
        ("größe(1)", "print(größe(1))"),
        ("im.show(figure, alt=words)", None),
        ("x = 1", None),
        ("f(1);", None),
        ("for x in y:\n    x", None),
        ("", None),
    ],
)
def test_last_value_of_a_cell_is_printed(cell, printed):
    assert editions._printed(cell) == (printed or cell)
    ast.parse(editions._printed(cell))


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path, root):
    """A checkout whose only chapter is the tiny one, before its editions are made."""
    (tmp_path / "notebooks" / "source").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_bytes((root / "pyproject.toml").read_bytes())
    altered(tmp_path / "notebooks" / "source")
    return tmp_path


def test_make_and_drift(course):
    assert len(editions.drift(course)) == 5  # the editions and the map of the course
    assert "notebooks/plain/98_tiny_chapter.py is missing" in "\n".join(editions.drift(course))
    assert len(editions.make(course)) == 5
    assert editions.drift(course) == editions.make(course) == []
    altered(course / "notebooks" / "source", ("Two points", "Three points"))
    assert len(editions.drift(course)) == 4
    altered(course / "notebooks" / "source", ('objectives="1 2"', 'objectives="1 2" practice=1'))
    (fault,) = editions.drift(course)
    assert fault.startswith("notebooks/MAP.md is not what its source gives")
    (course / "notebooks" / "solutions" / "97_gone.ipynb").touch()
    assert "notebooks/solutions/97_gone.ipynb has no source: delete it." in editions.drift(course)


def test_command(course, capsys):
    assert editions.main(["--check"], root=course) == 1
    assert "notebooks/98_tiny_chapter.ipynb is missing" in capsys.readouterr().err
    assert editions.main([], root=course) == 0
    assert "made notebooks/plain/98_tiny_chapter.py" in capsys.readouterr().out
    assert editions.main(["--check"], root=course) == 0
    altered(course / "notebooks" / "source", ("# ## Summary", "# ## Sum"))
    assert editions.main([], root=course) == 1
    assert "must end with the sections Summary" in capsys.readouterr().err
    altered(course / "notebooks" / "source", ("# minutes: 12", "# minutes: long"))
    assert editions.main(["--check"], root=course) == 1
    assert capsys.readouterr().err.startswith("98_tiny_chapter.py: the header's minutes must be a whole number")
    with pytest.raises(SystemExit):
        editions.main([], root=course / "notebooks")
    assert "run it there" in capsys.readouterr().err


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("# title: A tiny chapter\n", ""), "must give title, minutes, prerequisites, objectives, but gives minutes"),
        (("# minutes: 12", "# minutes: long"), "minutes must be a whole number above 0, but is 'long'"),
        (("#   - draw a line of two points\n", ""), "two to six texts"),
        (("# title: A tiny", "# title: [A tiny"), "not valid YAML"),
        (("# ---\n", ""), "must begin with a header"),
        (('# %% hidden="ch98.snap"', '# %% hiden="ch98.snap"'), "'hiden' on the code cell"),
        (('tags=["instructor"]', 'tags=["teacher"]'), 'only "instructor" is known'),
        (('objectives="1 2"', 'objectives="first"'), "says objectives='first', but should say objectives=3"),
        (("objective=2", "objective=true"), "says objective="),
    ],
)
def test_a_source_that_cannot_be_read(tmp_path, change, words):
    with pytest.raises(chapters.ChapterError) as error:
        chapters.read_chapter(altered(tmp_path, change))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("# ## How does", "# # How does"), "heading of the first level"),
        (("# ## How does", "# ### How does"), "skips from level 1 to level 3"),
        (("# ## Summary", "# ## Sum"), "must end with the sections Summary"),
        (("# **Pitfall.**", "# ## Pitfall."), "instructor's cell has the heading"),
        (("x = np.array([0.0, 1.0])", "x = np.array([0.0, 1.0])\n" + "y = 1\n" * 20), "lines, more than 25"),
        (("x = np.array([0.0, 1.0])", "x = = 1"), "not plain Python"),
        (("x = np.array([0.0, 1.0])", "x = await y"), "not plain Python"),
        ((", alt=f", ", text=f"), "needs alt=..."),
        (("im.plots.show(figure, ", "plt.show("), "gives a picture without words"),
        (
            ('alt=f"A straight line that rises from {x[0]:.0f} to {2 * x[1]:.0f}."', 'alt="A line."'),
            "fewer than 20 letters",
        ),
        (("x = np.array([0.0, 1.0])", "interact(lambda f: Audio(f), f=3)"), "hangs"),
        (("# Two points make", "# ![points](https://example.org/a.png) make"), "holds a picture"),
        (("# Two points make a line.", '# <img src="a.png" alt="a line"> makes one.'), "holds a picture"),
        (("    ### END SOLUTION\n\n\n# %% hidden", "\n\n# %% hidden"), "1 ### BEGIN SOLUTION and 0 ### END"),
        (('# %% exercise="ch98.slope"', "# %%"), "an exercise has one of each, any other cell none"),
        (('exercise="ch98.slope"', 'exercise="ch98.rise"'), "exercises/ch98.py holds ch98.snap, ch98.slope"),
        (('hidden="ch98.snap"', 'hidden="ch98.snip"'), "ch98.snip, which is no exercise"),
        (('im.exercises.quiz("ch98")', "im.exercises"), "must show its quiz once"),
        (("DOI 10.1000/182", "https://example.org/paper"), "needs a year, and a DOI"),
        (("B. Author (1998).", "B. Author."), "needs a year"),
        (("# - A. Author (2019). A paper. Journal 1(2). DOI 10.1000/182.\n# - B", "# B"), "must be a list"),
        (("# %% [markdown] minutes=4", "# %% [markdown] minutes=5"), "14 minutes together, but its header says 12"),
        ((' objectives="1 2"', ""), '"How does a line look?" does not say which objectives it serves'),
        (('objectives="1 2"', "objectives=1"), "no section serves the objective 2"),
        (('objectives="1 2"', 'objectives="none"'), "no section serves the objective 1, 2"),
        (('objectives="1 2"', 'objectives="1 2 3"'), "names the objective 3, but the header has 2"),
        (('objectives="1 2"', "objectives=1 practice=2"), "practises 2, but does not serve it"),
        ((" objective=1", ""), "ch98.slope does not say which objective it trains"),
        (("objective=1", 'objective="none"'), "no exercise trains the objective 1, and no section says practice=1"),
        (('hidden="ch98.snap"', 'hidden="ch98.snap" objective=2'), "is no exercise, but says objective="),
        (('["instructor"]', '["instructor"] practice=2'), "begins no section, but says which objectives"),
    ],
)
def test_lint_finds(tmp_path, change, words):
    faults = chapters.lint(chapters.read_chapter(altered(tmp_path, change)))
    assert any(words in fault for fault in faults), faults
    assert all(fault.startswith("98_tiny_chapter: ") for fault in faults)


def test_lint_of_a_chapter_without_exercises(tmp_path):
    chapter = chapters.read_chapter(altered(tmp_path, name="97_lonely.py"))
    assert any('no chapter "ch97"' in fault for fault in chapters.lint(chapter))


def test_headings_in_quoted_code_do_not_count():
    cell = chapters.Cell("markdown", "## One\n\n```\n# not a heading\n```\n\n### Two", {})
    assert cell.headings == [(2, "One"), (3, "Two")]


def test_markers_of_objectives(tmp_path):
    change = ("minutes=1\n# ## Quiz", "minutes=1 practice=1\n# ## Quiz")
    chapter = chapters.read_chapter(altered(tmp_path, change, ("objective=1", 'objective="none"')))
    assert chapters.lint(chapter) == []
    said = {section.title: (section.objectives, section.practice) for section in chapter.outline}
    assert said["How does a line look?"] == ((1, 2), ())
    assert said["Quiz"] == (None, (1,))
    assert [cell.meta["objective"] for cell in chapter.cells if "exercise" in cell.meta] == [(2,), ()]


def test_markers_of_objectives_change_no_edition(tmp_path, tiny):
    path = altered(tmp_path, (' objectives="1 2"', ""), (" objective=2", ""), (" objective=1", ""))
    assert editions.editions(chapters.read_chapter(path), courses.PROJECT) == editions.editions(tiny, courses.PROJECT)


# --- nbgrader ---------------------------------------------------------------------------------------------------------


def real_exercises():
    """A real chapter as far as a grader runs it: its set-up, and its exercises with their checks."""
    chapter = courses.CHAPTERS["00_hear_a_picture"]
    texts = editions.editions(chapter, courses.PROJECT)
    notebooks = {
        kind: nbformat.reads(texts[f"{editions.FOLDERS[kind]}{chapter.name}.ipynb"], 4)
        for kind in ("learner", "solution")
    }
    for notebook in notebooks.values():
        notebook.cells = [cell for cell in notebook.cells if cell.id == "setup" or "nbgrader" in cell.metadata]
    return notebooks


def submission(notebooks, answers):
    """The learner's edition with the answer cells replaced."""
    notebook = nbformat.from_dict(json.loads(nbformat.writes(notebooks["learner"])))
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def solutions(notebooks):
    """Source of the solution edition's answer cells by their ids."""
    cells = [cell for cell in notebooks["solution"].cells if cell.metadata.get("nbgrader", {}).get("solution")]
    return {cell.id: cell.source for cell in cells}


def first_wrong(chapter):
    """For each exercise an answer cell that hands in the first of its wrong answers, and the hint it must get."""
    found = {}
    for exercise_id, source in chapter.solutions.items():
        name = chapters.function_name(source)
        answer = f'{name} = im.exercises.find("{exercise_id}").wrong[0].answer'
        found[exercise_id.replace(".", "-")] = (answer, exercises.find(exercise_id).wrong[0].hint)
    return found


@pytest.fixture
def nbgrader(tmp_path, monkeypatch):
    """nbgrader's own interface to a course folder."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    for name, value in courses.kernel_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # nbgrader calls alembic by name
    config = Config()
    config.CourseDirectory.course_id = "course"
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/gradebook.db"
    config.Exchange.root = str(tmp_path)
    config.NbGraderAPI.log_level = config.Application.log_level = 50
    return NbGraderAPI(config=config)


def test_nbgrader_releases_our_learner_edition_and_grades_it(tmp_path, nbgrader, made):
    """The real thing: solution editions are released, three learners hand in learner's editions and are graded."""
    course = {"98_tiny_chapter": made, "00_hear_a_picture": real_exercises()}
    wrong = first_wrong(courses.CHAPTERS["00_hear_a_picture"])
    half = solutions(made) | {"ch98-slope": "def slope(x, y):\n    return y[1] - y[0]"}
    handed_in = {
        "able": {name: solutions(notebooks) for name, notebooks in course.items()},
        "absent": {name: {} for name in course},
        "half": {"98_tiny_chapter": half, "00_hear_a_picture": {cell: answer for cell, (answer, _) in wrong.items()}},
    }
    (tmp_path / "source" / "first").mkdir(parents=True)
    for name, notebooks in course.items():
        nbformat.write(notebooks["solution"], tmp_path / "source" / "first" / f"{name}.ipynb")
        for learner, answers in handed_in.items():
            folder = tmp_path / "submitted" / learner / "first"
            folder.mkdir(parents=True, exist_ok=True)
            nbformat.write(submission(notebooks, answers[name]), folder / f"{name}.ipynb")

    outcome = nbgrader.generate_assignment("first", create=True)
    assert outcome["success"], outcome
    for name, notebooks in course.items():
        released = nbformat.read(tmp_path / "release" / "first" / f"{name}.ipynb", 4)
        assert [cell.source for cell in released.cells] == [cell.source for cell in notebooks["learner"].cells]
    scores = {}
    for learner in handed_in:
        outcome = nbgrader.autograde("first", learner, create=True)
        assert outcome["success"], outcome
        graded = nbgrader.get_submission("first", learner)
        scores[learner] = (graded["score"], graded["max_score"])
    assert scores == {"able": (7, 7), "absent": (0, 7), "half": (2, 7)}

    graded = nbformat.read(tmp_path / "autograded" / "half" / "first" / "98_tiny_chapter.ipynb", 4)
    assert "You have left out the run" in check_of(graded, "ch98-slope")
    graded = nbformat.read(tmp_path / "autograded" / "half" / "first" / "00_hear_a_picture.ipynb", 4)
    for cell, (_, hint) in wrong.items():
        assert hint in check_of(graded, cell)
    outcome = nbgrader.generate_feedback("first", "half")
    assert outcome["success"], outcome
    page = (tmp_path / "feedback" / "half" / "first" / "98_tiny_chapter.html").read_text(encoding="utf-8")
    assert "You have left out the run" in page


def check_of(notebook, exercise):
    """What stopped the check of an exercise."""
    (check,) = [cell for cell in notebook.cells if cell.id == f"{exercise}-check"]
    return check.outputs[0].evalue


@CHAPTERS
def test_nbgrader_takes_from_the_solution_edition_what_learners_must_not_see(chapter):
    """What `nbgrader generate_assignment` does to the text of cells, for every chapter and without its database."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    texts = editions.editions(chapter, courses.PROJECT)
    learner = nbformat.reads(texts[f"{chapter.name}.ipynb"], 4)
    released = nbformat.reads(texts[f"{editions.FOLDERS['solution']}{chapter.name}.ipynb"], 4)
    for step in (ClearSolutions(), ClearHiddenTests()):
        released, _ = step.preprocess(released, {})
    assert [cell.source.strip() for cell in released.cells] == [cell.source.strip() for cell in learner.cells]


@pytest.mark.parametrize(
    ("chapter", "exercise_id"),
    [(chapter, exercise) for chapter in courses.CHAPTERS.values() for exercise in chapter.solutions],
    ids=[exercise for chapter in courses.CHAPTERS.values() for exercise in chapter.solutions],
)
def test_the_graded_cell_gives_points_to_right_answers_alone(chapter, exercise_id):
    """The very cell that nbgrader runs, hidden tests and all, on the solution, the stub and a wrong answer."""
    texts = editions.editions(chapter, courses.PROJECT)
    notebook = nbformat.reads(texts[f"{editions.FOLDERS['solution']}{chapter.name}.ipynb"], 4)
    (cell,) = [cell for cell in notebook.cells if cell.id == f"{exercise_id.replace('.', '-')}-check"]
    source = chapter.solutions[exercise_id]

    def graded(answer):
        setting = courses.imports_of(chapter) | {chapters.function_name(source): answer}
        exec(compile(cell.source, "graded", "exec"), setting)

    graded(courses.function_of(chapter, source))
    with pytest.raises(AssertionError, match="Not attempted"):
        graded(courses.function_of(chapter, chapters.without_solution(source)))
    wrong = exercises.find(exercise_id).wrong[0]  # what the checker says to all of them, test_exercises.py holds fast
    with pytest.raises(AssertionError) as stopped:
        graded(wrong.answer)
    assert wrong.hint in str(stopped.value)
