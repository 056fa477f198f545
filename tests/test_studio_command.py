"""`imgmusic studio`: the studio in a browser of its own, or one sentence; and pictures that are called studio."""

import ast
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from types import SimpleNamespace

import pytest
from browser import DECODE, ROOT, _free_port, browser_page
from odd_files import sample_picture
from PIL import Image

from imgmusic_edu import studio_command
from imgmusic_edu.__main__ import main
from imgmusic_edu.studio import Settings
from imgmusic_edu.widgets import studio_panel


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(sample_picture(160, 120)).save("photo.png")
    return tmp_path


@pytest.fixture
def served(monkeypatch):
    """What Voila would have been told."""
    calls = []
    monkeypatch.setattr(studio_command, "_serve", lambda arguments: calls.append(arguments) or 0)
    return calls


def test_the_studio_is_served_here_and_nowhere_else(folder, served):
    assert main(["studio", "photo.png", "--port", "9999", "--no-browser"]) == 0
    (page, *settings), *_ = served
    assert settings == ["--Voila.ip=127.0.0.1", "--template=imgmusic", "--port=9999", "--no-browser"]
    assert page.endswith("studio.ipynb") and not os.path.exists(page)  # tidied up


@pytest.mark.parametrize("name", [None, "photo.png", 'it\'s "odd" \\ \u2028.png'])
def test_the_notebook_holds_the_studio_and_nothing_else(folder, name):
    (cell,) = studio_command.notebook(name)["cells"]
    _, call = ast.parse(cell["source"]).body
    assert call.value.func.id == "studio_panel"
    assert [ast.literal_eval(argument) for argument in call.value.args] == ([os.path.abspath(name)] if name else [])


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nothing.png"], 1, "There is no file nothing.png: check its name and folder."),
        (["--nonsense"], 2, "unrecognized arguments: --nonsense; imgmusic --help shows how."),
        (["a", "b"], 2, "unrecognized arguments: b; imgmusic --help shows how."),
    ],
)
def test_what_is_not_understood_gets_a_sentence(folder, served, capsys, arguments, code, sentence):
    assert main(["studio", *arguments]) == code and not served
    assert capsys.readouterr().err == f"imgmusic: {sentence}\n"


def test_without_voila_one_sentence_says_how_to_get_it(folder, served, capsys, monkeypatch):
    monkeypatch.setattr(studio_command.importlib.util, "find_spec", lambda name: None)
    assert main(["studio"]) == 1 and not served
    assert re.fullmatch(r"imgmusic: the studio .*: pip install voila, then again; .*\.\n", capsys.readouterr().err)


def test_a_picture_called_studio_is_still_a_picture(folder, served, capsys):
    os.rename("photo.png", "studio")
    assert main(["./studio", "--seconds", "8"]) == 0 and not served
    assert os.path.getsize("studio.wav") > 44 and "studio -> studio.wav" in capsys.readouterr().out


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_it_quietly_however_often_it_is_pressed(monkeypatch, times):
    presses = [KeyboardInterrupt] * times

    def wait():
        if presses:
            raise presses.pop()
        return 0

    monkeypatch.setattr(studio_command.subprocess, "Popen", lambda *_, **__: SimpleNamespace(wait=wait))
    try:
        assert studio_command._serve([]) == 0
    except KeyboardInterrupt:  # pytest itself would end by it
        pytest.fail("Ctrl-C, pressed again, gives a traceback")


def test_every_icon_of_the_studio_is_on_its_page():
    panel = studio_panel(settings=Settings(seconds=8.0))
    panel.knobs.controls["tempo"].value = 90  # one lock is closed, the others are open
    shown, more = set(), [panel]
    while more:
        one = more.pop()
        shown |= {getattr(one, "icon", "")}
        more += getattr(one, "children", ())
    template = next(studio_command.PAGE.rglob("index.html.j2")).read_text(encoding="utf-8")
    assert {"lock", "unlock", "undo"} < shown
    assert {icon for icon in shown if f".fa-{icon}::before" not in template} == {""}


@pytest.mark.slow
def test_the_studio_opens_in_a_browser_of_its_own(chromium, folder):
    pytest.importorskip("voila")
    port = _free_port()
    command = [sys.executable, "-m", "imgmusic_edu", "studio", "photo.png", "--no-browser", "--port", str(port)]
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "RUNTIME", "DATA")}
    environment = os.environ | {"PYTHONPATH": paths} | own
    with open("log.txt", "wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert server.poll() is None, (folder / "log.txt").read_text()
            try:
                urllib.request.urlopen(f"{address}/voila/static/style.css", timeout=5)
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.5)
        with browser_page(chromium, viewport={"width": 1200, "height": 1300}) as (page, requests, problems):
            page.goto(address, timeout=240_000)
            page.locator(".im-stage .im-player").wait_for(timeout=240_000)
            assert page.locator(".im-stage .im-player audio").evaluate(DECODE)["rms"] > 0.005
            page.locator(".im-right [role=status]", has_text="photo.png: 10 s").wait_for()
            page.get_by_label("Mode", exact=True).select_option("dorian")
            page.locator(".im-right [role=status]", has_text="dorian").wait_for()
            assert not problems
            inside = (address, address.replace("http", "ws"), "data:", "blob:")
            assert not [request for request in requests if not request.startswith(inside)]
            icon = page.get_by_role("button", name="Undo").locator("i")
            assert icon.evaluate("i => getComputedStyle(i, '::before').content") == '"\u21b6"'
    finally:
        os.killpg(server.pid, signal.SIGINT)
        assert server.wait(timeout=120) == 0
