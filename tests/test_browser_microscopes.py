"""The microscopes where people meet them: JupyterLab in a real browser, moved by real keys; and a telephone's width."""

import re
import time

import pytest
from browser import browser_page, jupyterlab, notebook, open_notebook, run_all

SPECTROGRAM = """
from imgmusic_edu.widgets.spectrogram_microscope import spectrogram_microscope
spectrogram_microscope()
"""
PICTURE = """
from imgmusic_edu.widgets.picture_microscope import picture_microscope
picture_microscope()
"""
LOST = """
from imgmusic_edu.widgets.what_is_lost import what_is_lost
what_is_lost()
"""
CHANGED = """([root, picture, text]) => {
    const shown = root.querySelector('img'), said = root.querySelectorAll('[role=status]');
    return shown && shown.complete && shown.naturalWidth && (!picture || shown.src !== picture)
        && said.length && said[said.length - 1].textContent !== text;
}"""


def shown(root):
    """Address of the first picture of a panel, and the last thing it said."""
    return root.locator("img").first.get_attribute("src"), root.get_by_role("status").last.inner_text()


def press(page, root, slider, key):
    """Press a key on a slider; when picture and words have changed, how long that took in ms, and the words."""
    handle = root.locator(".widget-slider", has_text=slider).get_by_role("slider")
    handle.focus()
    picture, text = shown(root)
    began = time.perf_counter()
    page.keyboard.press(key)
    page.wait_for_function(CHANGED, arg=[root.element_handle(), picture, text], timeout=10_000)
    return 1000 * (time.perf_counter() - began), root.get_by_role("status").last.inner_text()


def test_the_microscopes_answer_the_keyboard_in_jupyterlab(chromium, tmp_path):
    notebook(tmp_path / "microscopes.ipynb", SPECTROGRAM, PICTURE, LOST)
    view = {"width": 1200, "height": 1400}
    with jupyterlab(tmp_path) as address, browser_page(chromium, viewport=view) as (page, requests, problems):
        open_notebook(page, address, "microscopes.ipynb")
        run_all(page)
        panels = page.locator(".jp-OutputArea-output > .widget-vbox")
        spectrogram, picture, lost = (panels.nth(n) for n in range(3))
        for panel in (spectrogram, picture):
            panel.locator("img").first.wait_for()

        times = []
        for slider, key, said in (
            ("Window", "ArrowRight", "window of 2048 samples"),
            ("Window", "ArrowRight", "window of 4096 samples"),
            ("Window", "Home", "window of 256 samples"),
            ("Window", "End", "window of 8192 samples"),
            ("Hop", "End", "by 4096 samples"),
            ("Mel bands", "End", "256 mel bands"),
        ):
            took, words = press(page, spectrogram, slider, key)
            assert said in words
            times.append(took)
        print(f"\nspectrogram microscope, from key to picture: {', '.join(f'{t:.0f}' for t in times)} ms")
        assert spectrogram.locator("audio").evaluate("a => a.controls && a.paused && !a.autoplay")
        spectrogram.locator("audio").evaluate("async a => { await a.play(); }")
        page.wait_for_function("a => a.currentTime > 0.2", arg=spectrogram.locator("audio").element_handle())
        spectrogram.locator("audio").evaluate("a => a.pause()")

        # Held down: more moves than can be answered end in the last one.
        spectrogram.locator(".widget-slider", has_text="Range").get_by_role("slider").focus()
        for _ in range(8):
            page.keyboard.press("ArrowLeft")
        spectrogram.locator('img[alt*="dark -40 dB"]').wait_for(timeout=10_000)

        frame = picture.locator("img").first.locator("xpath=following-sibling::div")
        before = frame.bounding_box()
        handle = picture.locator(".widget-slider", has_text="from the left").get_by_role("slider")
        handle.focus()
        page.keyboard.press("End")
        picture.get_by_text(re.compile("to 100 % from the left")).wait_for(timeout=10_000)
        after, whole = frame.bounding_box(), picture.locator("img").first.bounding_box()
        assert after["x"] > before["x"] and after["y"] == pytest.approx(before["y"], abs=1)
        assert after["x"] + after["width"] == pytest.approx(whole["x"] + whole["width"], abs=2)

        lost.get_by_label("Representation").select_option("STFT")
        lost.get_by_text("nothing but rounding").wait_for(timeout=10_000)
        lost.get_by_role("button", name="Hear what is lost").press("Enter")
        lost.locator("audio").nth(2).wait_for(timeout=30_000)
        assert lost.locator("audio").count() == lost.locator("img[alt*='Spectrogram']").count() == 3

        for panel in (spectrogram, picture, lost):
            assert panel.get_by_role("alert").count() == 0
        assert not problems
        own = (address, address.replace("http", "ws"), "data:", "blob:")
        assert not [request for request in requests if not request.startswith(own)]


def test_what_the_microscopes_draw_fits_a_telephone(chromium):
    from imgmusic_edu.widgets import PictureMicroscope, SpectrogramMicroscope, WhatIsLost

    spectrogram, picture, lost = SpectrogramMicroscope(), PictureMicroscope(), WhatIsLost()
    lost.kind.value = "stft"
    lost.hear()
    with browser_page(chromium, viewport={"width": 320, "height": 700}) as (page, _, problems):
        for panel in (spectrogram, picture, lost):
            page.set_content(
                f"<!doctype html><html lang='en'><body>{panel.drawing.value}{panel.words.value}</body></html>"
            )
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, type(panel).__name__
            assert page.locator("img").first.bounding_box()["width"] > 200
        assert not problems
