"""Two studios in one notebook; and what can fail beneath them: the disk is full, the line to Python is cut."""

import contextlib
import json
import os
import re

import pytest
from browser import DECODE, Line, browser_page, in_kernel, jupyterlab, notebook, open_notebook, run_all
from odd_files import sample_picture
from PIL import Image
from test_browser_studio import PLAYER, SEND, VIEW, replaced, said, source, until, words

ONE = """
import os, pathlib, tempfile
from imgmusic_edu.studio import Settings
from imgmusic_edu.widgets import studio_panel
here = pathlib.Path().resolve()
(here / "work").mkdir()
tempfile.tempdir = str(here / "work")
os.environ["IMGMUSIC_PROGRESS"] = str(here / "own" / "progress.json")
studio_panel(settings=Settings(seconds=8.0))
"""
OTHER = 'studio_panel("photo.png", settings=Settings(seconds=8.0, seed=3))'


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """A page with two studios in it, the line to their kernel, and the folder that it runs in."""
    folder = tmp_path_factory.mktemp("studios")
    for name, size in (("photo.png", (320, 240)), ("other.png", (200, 300))):
        Image.fromarray(sample_picture(*size)).save(folder / name)
    notebook(folder / "studios.ipynb", ONE, OTHER)
    view = VIEW | {"height": 2 * VIEW["height"]}
    with jupyterlab(folder) as address, browser_page(chromium, viewport=view) as (page, _, problems):
        line = Line(page)
        open_notebook(page, address, "studios.ipynb")
        run_all(page)
        for panel in studios(page):
            panel.locator(PLAYER).wait_for()
        yield page, line, folder
        assert not problems


def studios(page):
    return page.locator(".im-studio").nth(0), page.locator(".im-studio").nth(1)


def state(panel):
    """All that a studio shows and plays."""
    controls = panel.locator("select, input:not([type=file]), [role=slider]")
    return {
        "words": words(panel),
        "sound": source(panel),
        "said": panel.locator(".im-said").inner_text(),
        "why": panel.locator(".im-why").first.inner_text(),
        "values": controls.evaluate_all("all => all.map((one) => one.ariaValueNow ?? one.checked + one.value)"),
        "buttons": panel.get_by_role("button").evaluate_all("all => all.map((one) => one.disabled)"),
        "picture": panel.locator(f"{PLAYER} img").first.get_attribute("src"),
    }


def turn(panel, label, value, expected):
    before = source(panel)
    panel.get_by_label(label, exact=True).select_option(value)
    until(panel, expected)
    replaced(panel, before)


def press(panel, name):
    panel.get_by_role("button", name=name).click()


def undo(panel, expected):
    before = source(panel)
    press(panel, "Undo")
    until(panel, expected)
    replaced(panel, before)


def test_nothing_of_one_studio_reaches_the_other(lab):
    page, _, folder = lab
    one, other = studios(page)
    assert "The night cafe" in words(one) and "photo.png" in words(other)

    standing = state(other)
    first = words(one)
    turn(one, "Key", "D", "in D ")
    turn(one, "Mode", "minor", "in D minor")
    undo(one, "in D (?!minor)")
    assert state(other) == standing

    standing = state(one)
    before = source(other)
    other.locator(".im-stage input[type=file]").set_input_files(folder / "other.png")
    said(other, r"other\.png: 200 by 300 pixels")
    replaced(other, before)
    one.hover()  # the mouse is over one studio, the keyboard in the other
    before = source(other)
    other.locator(".im-stage").evaluate(SEND, ["paste", "image/png", "pasted.png", None])
    said(other, r"pasted\.png: 64 by 48 pixels")
    replaced(other, before)
    undo(other, r"^other\.png")
    assert state(one) == standing
    assert "pasted.png" not in one.get_by_label("Picture", exact=True).inner_text()

    sounds = [panel.locator(f"{PLAYER} audio").evaluate(DECODE) for panel in (one, other)]
    assert all(sound["rms"] > 0.005 for sound in sounds) and sounds[0]["rms"] != sounds[1]["rms"]
    for panel in (one, other):  # the one that starts last is the one that plays
        panel.locator(f"{PLAYER} audio").evaluate("async a => { a.muted = true; await a.play(); }")
    assert page.locator(f"{PLAYER} audio").evaluate_all("all => all.map((a) => a.paused)") == [True, False]
    undo(one, re.escape(first))
    assert [panel.get_by_role("button", name="Undo").is_enabled() for panel in (one, other)] == [False, True]


@contextlib.contextmanager
def files_of_at_most(page, size):
    """No file of the notebook's kernel can grow beyond so many bytes, as if the disk were full."""
    limit = "import resource as r; h = r.getrlimit(r.RLIMIT_FSIZE)[1]; r.setrlimit(r.RLIMIT_FSIZE, ({}, h))"
    in_kernel(page, limit.format(size))
    try:
        yield
    finally:
        in_kernel(page, limit.format("h"))


def exported(panel, name):
    with panel.page.expect_download(timeout=120_000) as download:
        press(panel, name)
    return download.value.path()


def plays(panel):
    heard = panel.locator(f"{PLAYER} audio")
    heard.evaluate("async a => { a.muted = true; await a.play(); }")
    panel.page.wait_for_function("a => a.currentTime > 0.1", arg=heard.element_handle())


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files, as POSIX has it")
def test_a_full_disk_gets_one_sentence_and_loses_nothing(lab):
    page, _, folder = lab
    panel, _ = studios(page)
    with files_of_at_most(page, 0):
        turn(panel, "Key", "A", "in A ")
        said(panel, r"^This session cannot be kept for later: .* could not be written \(file too large\): .*\.$")
        press(panel, "Whole picture")
        said(panel, "The whole piece again")
        turn(panel, "Key", "B", "in B ")
        said(panel, "The whole piece again")  # it is told once
        press(panel, "Video")
        said(panel, r"^The video could not be written \(file too large\): make room on the disk, then try again\.$")
        plays(panel)
        for name in ("WAV", "FLAC", "MIDI", "Why (JSON)", "Page"):  # these need no disk but the reader's own
            assert exported(panel, name).stat().st_size > 100
    with files_of_at_most(page, 400_000):  # the sound has room, the video has not
        press(panel, "Video")
        said(panel, r"^The video could not be written \(ffmpeg failed: .*\): make room on the disk, then try again\.$")
    assert not list((folder / "work").iterdir()) and not list(folder.rglob("*.part"))
    assert exported(panel, "Video").stat().st_size > 400_000
    assert not list((folder / "work").iterdir())
    turn(panel, "Key", "G", "in G ")
    kept = max((folder / "own" / "studio").glob("*.json"), key=lambda path: path.stat().st_mtime)
    assert [version["settings"]["key"] for version in json.loads(kept.read_text())["versions"]] == [None, "A", "B", "G"]
    for expected in ("in B ", "in A "):
        undo(panel, expected)


def test_a_line_that_was_cut_is_told_and_nothing_is_lost(lab):
    page, line, _ = lab
    one, other = studios(page)
    before, sounding = words(other), source(other)
    press(one, "Re-roll")  # the answer is on its way, or not yet
    line.cut()
    other.get_by_label("Key", exact=True).select_option("E")
    said(other, "^Python does not answer")
    assert words(other) == before
    plays(other)
    line.mend()
    until(other, "in E ")
    replaced(other, sounding)
    until(one, r"seed (?!0\.)")
    page.wait_for_function("node => !node.innerText", arg=other.locator(".im-said").element_handle())
    for panel in (one, other):
        turn(panel, "Mode", "dorian", "dorian")
    for expected in ("in E (?!dorian)", re.escape(before)):
        undo(other, expected)


def test_what_is_lost_on_a_dead_line_is_sent_again(lab):
    page, line, _ = lab
    one, other = studios(page)
    before, sounding = words(other), source(other)
    line.lose()
    other.get_by_label("Key", exact=True).select_option("F")
    said(other, "^Python does not answer")
    other.get_by_label("Mode", exact=True).select_option("minor")
    press(one, "Re-roll")
    said(one, "^Python does not answer")
    rolled = words(one)
    line.cut()
    line.mend()
    until(other, "in F minor")
    replaced(other, sounding)
    for panel in (one, other):
        said(panel, "^Python answers again")
    assert words(one) == rolled
    turn(other, "Key", "G", "in G minor")
    undo(other, "in F minor")
    press(other, "Undo")
    until(other, rf"{re.escape(before)}|in F (?!minor)")  # both knobs have come together, or one after the other
    if words(other) != before:
        undo(other, re.escape(before))
