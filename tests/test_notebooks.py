"""Every chapter runs from top to bottom, without a network, and leaves nothing behind."""

import re

import courses
import nbformat
import pytest

from imgmusic_edu import editions

LIMIT = 180  # seconds: the `fast` budget of a chapter
EDITIONS = pytest.mark.parametrize("kind", ["learner", "solution"])
CHAPTERS = pytest.mark.parametrize("chapter", courses.CHAPTERS.values(), ids=courses.CHAPTERS)


def execute(notebook, folder, monkeypatch):
    """Run a notebook in `folder` with this very Python, without a network; an error in a cell fails the test."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    for name, value in courses.kernel_environment(folder / "kernel").items():
        monkeypatch.setenv(name, value)
    # No folder of kernels: what is left is ipykernel's own, which starts sys.executable.
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    work = folder / "work"
    work.mkdir()
    resources = {"metadata": {"path": str(work)}}
    NotebookClient(notebook, km=manager, timeout=LIMIT, resources=resources).execute()
    return notebook


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
        if re.search("Slider|Button|Text|Dropdown|Select|Check|Upload|Picker|Combobox", kind) and not text:
            yield f"{kind} without a description"
        elif "Slider" in kind and model not in named:
            yield f'the slider "{text}": put its box through im.widgets.named'


@EDITIONS
@CHAPTERS
def test_chapter_runs(chapter, kind, root, tmp_path, monkeypatch):
    if kind == "solution":  # once is enough: every figure is asked whether all can read it
        monkeypatch.setenv("IMGMUSIC_STRICT", "1")
    before = left_in_the_checkout(root)
    text = editions.editions(chapter, courses.PROJECT)[f"{editions.FOLDERS[kind]}{chapter.name}.ipynb"]
    notebook = execute(nbformat.reads(text, 4), tmp_path, monkeypatch)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]

    first = [output for cell in code[:3] for output in cell.outputs]
    assert any("text/html" in output.get("data", {}) for output in first), (
        "nothing to hear or see in the first three cells"
    )

    verdicts = [cell.outputs[-1]["data"] for cell in notebook.cells if cell.id.endswith("-check")]
    wanted = "Passed:" if kind == "solution" else "Not attempted:"
    assert len(verdicts) == len(chapter.solutions)
    assert all(verdict["text/plain"].startswith(wanted) for verdict in verdicts), verdicts

    pages = [str(output["data"].get("text/html", "")) for output in outputs if "data" in output]
    bare = [kind for output in outputs for kind in output.get("data", {}) if kind.startswith("image/")]
    assert bare == [], "a figure without words: every figure goes through show(figure, alt=...)"
    for picture in re.findall(r"<img\b[^>]*>", "\n".join(pages)):
        alt = re.search(r'\balt="([^"]*)"', picture)
        assert alt and len(alt[1]) >= 20, picture[:200]
    assert list(unnamed_controls(notebook)) == []
    assert not re.search(r'\bsrc="https?:', "\n".join(pages)), "an output asks a server for something"

    assert len(nbformat.writes(notebook).encode()) < 3_000_000
    assert list((tmp_path / "work").iterdir()) == [], "a chapter keeps what it writes in a temporary folder"
    assert left_in_the_checkout(root) == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import urllib.request; urllib.request.urlopen('http://192.0.2.1', timeout=5)", "tried to reach the network"),
        ("raise ValueError('told')", "told"),
    ],
)
def test_a_chapter_that_fails_is_found(line, words, tmp_path, monkeypatch):
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(line)])
    with pytest.raises(CellExecutionError, match=words):
        execute(notebook, tmp_path, monkeypatch)


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
