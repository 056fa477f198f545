"""What runs elsewhere: GitHub's workflows, the check of Colab's versions and its record, Binder."""

import json
import re
import sys
import tomllib
import zipfile
from datetime import date

import colab_check
import nbformat
import pytest
import yaml
from conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ACTIONS = {"actions/checkout", "actions/setup-python", "actions/upload-artifact"}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Two small chapters, the second with an error, in place of the course; gives the folder to run them in."""
    solutions = tmp_path / "notebooks" / "solutions"
    solutions.mkdir(parents=True)
    for name, line in (("00_first", "1 + 1"), ("01_second", "print('so far')\nraise ValueError('no such mode')")):
        cell = nbformat.v4.new_code_cell(line)
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), solutions / f"{name}.ipynb")
    monkeypatch.setattr(colab_check, "SOLUTIONS", solutions)
    monkeypatch.setattr(colab_check, "RECORD", tmp_path / "notebooks" / "VERIFIED.md")
    monkeypatch.setattr(colab_check, "PASSED", tmp_path / "passed.json")
    work = tmp_path / "work"
    work.mkdir()
    return work


@pytest.fixture
def no_kernel(monkeypatch):
    """Chapters run in no time; gives the list of those that ran. One that holds an error fails."""
    ran = []

    def run_chapter(python, notebook, folder):
        ran.append(notebook.stem)
        if "raise" in notebook.read_text():
            raise colab_check.Failed("a trace\nValueError: no such mode")
        return 12.0

    monkeypatch.setattr(colab_check, "run_chapter", run_chapter)
    return ran


def test_a_chapter_that_fails_says_which_cell_and_why(project):
    (second,) = colab_check.chosen(["01"])
    with pytest.raises(colab_check.Failed, match=r"(?s)print\('so far'\).*\nValueError: no such mode$"):
        colab_check.run_chapter(sys.executable, second, project)


def test_a_failing_chapter_is_told_and_the_run_goes_on(project, no_kernel, capsys):
    passed = {}
    notebooks = colab_check.chosen([])[::-1]
    assert colab_check.run_chapters(sys.executable, notebooks, project, "key", passed) == ["01_second"]
    told = capsys.readouterr().out
    assert told.startswith("01_second: FAILED, ValueError: no such mode\na trace\n")
    assert told.endswith("00_first: ok, 12 s\n") and list(passed) == ["00_first"]


def test_what_passed_is_not_run_again_unless_something_changed(project, no_kernel, capsys):
    (first,) = colab_check.chosen(["00"])
    passed = {}
    colab_check.run_chapters(sys.executable, [first], project, "key", passed)
    colab_check.run_chapters(sys.executable, [first], project, "key", json.loads(colab_check.PASSED.read_text()))
    assert no_kernel == ["00_first"] and "in an earlier run" in capsys.readouterr().out
    colab_check.run_chapters(sys.executable, [first], project, "another wheel", passed)
    first.write_text(first.read_text().replace("1 + 1", "1 + 2"))
    colab_check.run_chapters(sys.executable, [first], project, "another wheel", passed)
    assert no_kernel == ["00_first"] * 3


def test_a_new_readme_is_no_new_wheel_and_a_new_module_is(tmp_path):
    wheel = tmp_path / "imgmusic_edu.whl"
    seen = []
    for readme, module in (("old", "a = 1"), ("new", "a = 1"), ("new", "a = 2")):
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("imgmusic_edu-0.1.dist-info/METADATA", readme)
            archive.writestr("imgmusic_edu/notes.py", module)
        seen.append(colab_check.contents(wheel))
    assert seen[0] == seen[1] != seen[2] and len(seen[0]) == 1


def test_a_chapter_that_was_right_and_is_wrong_now_is_no_longer_passed(project, no_kernel):
    (first,) = colab_check.chosen(["00"])
    passed = {}
    colab_check.run_chapters(sys.executable, [first], project, "key", passed)
    first.write_text(first.read_text().replace("1 + 1", "raise ValueError"))
    assert colab_check.run_chapters(sys.executable, [first], project, "key", passed) == ["00_first"]
    assert passed == {} == json.loads(colab_check.PASSED.read_text())


def test_only_a_whole_check_leaves_a_record(project):
    assert colab_check.conclude([], ["01_second"], "new") == 0 and not colab_check.RECORD.exists()
    assert colab_check.conclude([], [], "new") == 0 and colab_check.RECORD.read_text() == "new"
    assert colab_check.conclude([], ["01_second"], "newer") == 0 and colab_check.RECORD.read_text() == "new"
    assert colab_check.conclude(["01_second"], [], "newer") == 1 and not colab_check.RECORD.exists()


def test_a_chapter_that_is_not_there_is_named(project):
    with pytest.raises(SystemExit, match=r"No chapter begins with 7; there are 00_first, 01_second\."):
        colab_check.chosen(["00", "7"])


def test_a_replaced_or_removed_package_is_found():
    before = {"numpy": "2.0.2", "keras": "3.13.2", "tqdm": "4"}
    assert colab_check.changed(before, {"numpy": "2.4.0", "keras": "3.13.2", "mido": "1"}) == {
        "numpy": ("2.0.2", "2.4.0"),
        "tqdm": ("4", None),
    }
    assert colab_check.changed(before, before | {"mido": "1"}) == {}


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").rglob("*.ipynb")), ids=lambda path: path.stem)
def test_the_set_up_cell_that_is_checked_is_the_chapters_own_with_the_wheel(notebook, tmp_path):
    wheel = tmp_path / "imgmusic_edu-1-py3-none-any.whl"
    checked = colab_check.setup_cell(notebook, wheel)
    compile(checked, "set-up", "exec")
    (own,) = (cell.source for cell in nbformat.read(notebook, 4).cells if cell.id == "setup")
    assert checked.replace(repr(str(wheel)), "WHEEL").splitlines() == [
        re.sub(r'"imgmusic_edu @ git\+[^"]+"', "WHEEL", line) for line in own.splitlines()
    ]


def test_the_record_says_when_where_and_what():
    versions = {"numpy": "2.0.2", "keras": "3.13.2", "tensorflow-cpu": "2.20.0", "mido": "1.3.3", "imgmusic-edu": "0.1"}
    setup = colab_check.Setup(6.54, 0.31, ["imgmusic-edu", "mido"], versions)
    text = colab_check.record(setup, {"09_vocoders": 61.2, "00_hear_a_picture": 20.0}, "3.12.1", False)
    assert text.startswith(f"# Verified on {date.today().isoformat()}\n") and "with Colab's versions" in text
    assert "0 packages changed, of 3; brought: imgmusic-edu, mido." in text
    assert "at hand: 6.5 s. A second time: nothing to do, 0.3 s." in text
    assert "Python 3.12.1, tensorflow-cpu 2.20.0, keras 3.13.2, numpy 2.0.2." in text
    assert text.index("| 00 hear a picture | 20 |") < text.index("| 09 vocoders | 61 |")
    assert "In Colab's own image" in colab_check.record(setup, {}, "3.13.1", True)


def test_the_record_names_every_chapter_and_is_linked():
    chapters = {path.stem.replace("_", " ") for path in (ROOT / "notebooks" / "solutions").glob("*.ipynb")}
    text = (ROOT / "notebooks" / "VERIFIED.md").read_text(encoding="utf-8")
    day = re.match(r"# Verified on (\d{4}-\d\d-\d\d)\n", text)
    assert day and date.fromisoformat(day[1])
    assert set(re.findall(r"^\| (\d\d .+?) \| \d+ \|$", text, flags=re.M)) == chapters, "make colab-check"
    assert "- 0 packages changed, of " in text
    for page, link in (("README.md", "(notebooks/VERIFIED.md)"), ("notebooks/TEACHING.md", "(VERIFIED.md)")):
        assert link in (ROOT / page).read_text(encoding="utf-8"), page


def test_the_workflows_are_those_that_are_promised():
    events = {}
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        events[path.stem] = set(workflow[True])  # YAML 1.1 reads the key `on` as true
        assert workflow["permissions"] == {"contents": "read"}
        assert all(job["timeout-minutes"] for job in workflow["jobs"].values())
        for schedule in workflow[True].get("schedule", []):
            assert re.fullmatch(r"\d+ \d+ \* \* \d", schedule["cron"]), "once a week"
    assert events == {
        "tests": {"push", "pull_request"},
        "colab": {"pull_request", "schedule", "workflow_dispatch"},
        "weekly": {"schedule", "workflow_dispatch"},
        "prereleases": {"schedule", "workflow_dispatch"},
    }


def steps():
    """The steps of all workflows: (file, step)."""
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            yield from ((path.name, step) for step in job["steps"])


def test_what_workflows_run_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    ran = ""
    for file, step in steps():
        assert ("uses" in step) is not ("run" in step), (file, step)
        if "uses" in step:
            action, version = step["uses"].split("@")
            assert action in ACTIONS and re.fullmatch(r"v\d+", version), (file, step)
            continue
        ran += step["run"] + "\n"
        for target in re.findall(r"\bmake ([a-z-]+)", step["run"]):
            assert re.search(rf"^{target}:", makefile, flags=re.M), (file, target)
        for script in re.findall(r"(?<!\S)(?:\.ci|tests)/[\w./]+", step["run"]):
            assert (ROOT / script).is_file(), (file, script)
    assert {"make test-all", ".ci/run"} <= set(ran.splitlines())
    (options,) = re.findall(r"tests/colab_check\.py (.*)", ran)
    assert set(options.split()) <= set(re.findall(r"^    (--\w+) ", colab_check.__doc__, flags=re.M))


def test_binder_finds_its_environment_at_the_top_and_nothing_hides_it():
    assert (ROOT / "environment.yml").is_file()
    assert not (ROOT / "binder").exists() and not (ROOT / ".binder").exists()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    own = PROJECT["urls"]["Repository"].removeprefix("https://github.com/")
    (notebook,) = re.findall(rf"\(https://mybinder\.org/v2/gh/{own}/main\?urlpath=lab/tree/(\S+?)\)", readme)
    assert (ROOT / notebook).is_file()
