"""Every chapter runs from top to bottom, without a network, and leaves nothing behind."""

import asyncio
import re

import courses
import nbformat
import pytest

from imgmusic_edu import claims, editions
from imgmusic_edu.book.execution import run_notebook

LIMIT = 180  # seconds: the `fast` budget of a chapter
CHAPTERS = pytest.mark.parametrize("chapter", courses.CHAPTERS.values(), ids=courses.CHAPTERS)


def execute(notebook, folder):
    """Run a notebook in `folder` as the book's chapters are run; an error in a cell fails the test."""
    work = folder / "work"
    work.mkdir()
    environment = courses.kernel_environment(folder / "kernel")
    return asyncio.run(run_notebook(notebook, work, environment=environment, limit=LIMIT))


def left_in_the_checkout(root):
    """Names at the top, and name, size and time of each file where a chapter might write."""
    files = [path for folder in ("data", "notebooks") for path in (root / folder).rglob("*") if path.is_file()]
    return {path.name for path in root.iterdir()}, {(p, p.stat().st_size, p.stat().st_mtime_ns) for p in files}


def unnamed_controls(notebook):
    """Controls that a screen reader could not call by a name, from the state of the widgets that the notebook kept."""
    kept = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    states = {model: one["state"] for model, one in kept.get("state", {}).items()}
    inside = {
        model: [child.removeprefix("IPY_MODEL_") for child in state.get("children", ())]
        for model, state in states.items()
    }
    naming = {model for model, state in states.items() if str(state.get("_anywidget_id", "")).endswith("names.Names")}
    left, named = [box for box, children in inside.items() if naming & set(children)], set()
    while left:
        named.add(model := left.pop())
        left += inside.get(model, ())
    for model, state in states.items():
        kind = str(state.get("_view_name", ""))
        text = str(state.get("description") or "").strip()
        if "Button" in kind:  # one with a picture alone is called by its tooltip, which becomes its title
            text = text or str(state.get("tooltip") or "").strip()
        if re.search("Slider|Button|Text|Dropdown|Select|Check|Upload|Picker|Combobox", kind) and not text:
            yield f"{kind} without a description"
        elif "Slider" in kind and model not in named:
            yield f'the slider "{text}": put its box through im.widgets.named'


def edition(chapter, kind):
    text = editions.editions(chapter, courses.PROJECT)[f"{editions.FOLDERS[kind]}{chapter.name}.ipynb"]
    return nbformat.reads(text, 4)


def with_stubs_after_it(chapter):
    """The solution edition, and after it each exercise as a learner finds it: the open answer, then its check."""
    notebook, learner = edition(chapter, "solution"), edition(chapter, "learner")
    ids = {exercise.replace(".", "-") for exercise in chapter.solutions}
    later = [cell for cell in learner.cells if cell.id.removesuffix("-check") in ids and cell.cell_type == "code"]
    assert len(later) == 2 * len(ids)
    for cell in later:
        cell.id = f"{cell.id}-open"
    notebook.cells += later
    return notebook


def verdicts(notebook, ending):
    """What the checks said, as text; each must be one verdict and nothing else, above all no trace."""
    cells = [cell for cell in notebook.cells if cell.id.endswith(ending)]
    assert all([output.output_type for output in cell.outputs] == ["execute_result"] for cell in cells)
    return [cell.outputs[0]["data"]["text/plain"] for cell in cells]


def check_outputs(notebook):
    """Something to hear or see at once; no figure without words; nothing from a server; not too large."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    first = [output for cell in code[:3] for output in cell.outputs]
    assert any("text/html" in output.get("data", {}) for output in first), (
        "nothing to hear or see in the first three cells"
    )
    pages = [str(output["data"].get("text/html", "")) for output in outputs if "data" in output]
    bare = [kind for output in outputs for kind in output.get("data", {}) if kind.startswith("image/")]
    assert bare == [], "a figure without words: every figure goes through show(figure, alt=...)"
    for picture in re.findall(r"<img\b[^>]*>", "\n".join(pages)):
        alt = re.search(r'\balt="([^"]*)"', picture)
        assert alt and len(alt[1]) >= 20, picture[:200]
    assert list(unnamed_controls(notebook)) == []
    assert not re.search(r'\bsrc="https?:', "\n".join(pages)), "an output asks a server for something"
    assert len(nbformat.writes(notebook).encode()) < 3_000_000


@CHAPTERS
def test_chapter_runs_and_its_open_exercises_are_not_attempted(chapter, root, tmp_path, monkeypatch):
    """The solutions pass; then, in the same kernel, every stub is defined and checked.

    Nothing else in the learner's edition differs, and no cell leans on an answer (`claims.leaning`).
    """
    monkeypatch.setenv("IMGMUSIC_STRICT", "1")  # every figure is asked whether all can read it
    before = left_in_the_checkout(root)
    notebook = execute(with_stubs_after_it(chapter), tmp_path)
    check_outputs(notebook)
    passed, open_ = verdicts(notebook, "-check"), verdicts(notebook, "-check-open")
    assert len(passed) == len(open_) == len(chapter.solutions)
    assert all(verdict.startswith("Passed:") for verdict in passed), passed
    assert all(verdict.startswith("Not attempted:") for verdict in open_), open_
    assert list((tmp_path / "work").iterdir()) == [], "a chapter keeps what it writes in a temporary folder"
    assert left_in_the_checkout(root) == before


@pytest.mark.slow
@CHAPTERS
def test_the_learners_edition_runs_untouched(chapter, tmp_path):
    """The same as above without the short cut: the learner's own file, from top to bottom."""
    notebook = execute(edition(chapter, "learner"), tmp_path)
    check_outputs(notebook)
    found = verdicts(notebook, "-check")
    assert len(found) == len(chapter.solutions)
    assert all(verdict.startswith("Not attempted:") for verdict in found), found


@CHAPTERS
def test_the_learners_edition_differs_in_the_exercises_alone(chapter):
    learner, solution = edition(chapter, "learner"), edition(chapter, "solution")
    answers = {exercise.replace(".", "-") for exercise in chapter.solutions}
    ours = [cell.source for cell in learner.cells if cell.id.removesuffix("-check") not in answers]
    assert ours == [cell.source for cell in solution.cells if cell.id.removesuffix("-check") not in answers]
    assert list(claims.leaning(chapter)) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import urllib.request; urllib.request.urlopen('http://192.0.2.1', timeout=5)", "tried to reach the network"),
        ("raise ValueError('told')", "told"),
    ],
)
def test_a_chapter_that_fails_is_found(line, words, tmp_path):
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(line)])
    with pytest.raises(CellExecutionError, match=words):
        execute(notebook, tmp_path)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("im.widgets.named(VBox([IntSlider(description='Step')]))", []),
        ("VBox([im.widgets.named(HBox([HBox([IntSlider(description='Step')])])), Dropdown(description='Way')])", []),
        ("VBox([IntSlider(description='Step')])", ['the slider "Step": put its box through im.widgets.named']),
        ("Dropdown(options=['a'])", ["DropdownView without a description"]),
    ],
)
def test_a_control_without_a_name_is_found(line, found):
    import ipywidgets

    import imgmusic_edu as im

    ipywidgets.Widget.close_all()
    eval(line, {"im": im} | {name: getattr(ipywidgets, name) for name in ("VBox", "HBox", "IntSlider", "Dropdown")})
    kept = ipywidgets.Widget.get_manager_state()
    notebook = nbformat.v4.new_notebook(metadata={"widgets": {"application/vnd.jupyter.widget-state+json": kept}})
    assert list(unnamed_controls(notebook)) == found
