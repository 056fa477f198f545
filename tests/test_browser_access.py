"""axe-core on every widget of the course, in one JupyterLab; and what a screen reader is told by a slider."""

from importlib.resources import files

import pytest
from browser import ROOT, browser_page, jupyterlab, notebook, open_notebook, run_all

AXE = files("axe_playwright_python") / "axe.min.js"
NAMES = ROOT / "imgmusic_edu" / "widgets" / "names.js"
# What is ours on the page: JupyterLab's own faults are for JupyterLab to mend.
OURS = ".jp-OutputArea-output"
VIOLATIONS = """async (where) => (await axe.run({ include: [[where]] }, { resultTypes: ["violations"] })).violations
    .filter((found) => ["serious", "critical"].includes(found.impact))
    .flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`))"""

# Each widget of the chapters, with what it shows once it has been used; networks and long computations stood in for.
WIDGETS = {
    "Player": """
from browser import stand_in_piece
im.widgets.Player(stand_in_piece(seconds=3))
""",
    "PicturePanel": """
from imgmusic_edu.widgets import PicturePanel
panel = PicturePanel(compose=lambda picture, **settings: stand_in_piece(seconds=3, title=settings["title"]))
panel.hear()
panel
""",
    "TunePanel": """
tune = im.widgets.tune_panel([60, 64, 67, 72, 65], [0, 2, 4, 5, 7, 9, 11])
tune.hear()
tune
""",
    "PictureUpload": "im.widgets.PictureUpload()",
    "SoundUpload": "im.widgets.SoundUpload(print)",
    "PictureMicroscope": "im.widgets.PictureMicroscope()",
    "SpectrogramMicroscope": "im.widgets.SpectrogramMicroscope(sound)",
    "WhatIsLost": """
lost = im.widgets.WhatIsLost(sound)
lost.kind.value = "stft"
lost.hear()
lost
""",
    "LayerBrowser": """
from test_widget_gram_browser import LAYERS, PICTURE, Network
from imgmusic_edu import backbones
from test_widget_microscopes import StandIn as Lamps
from test_widget_microscopes import lamp
backbones.class_activation_map = lambda network, picture, index: network.grid(picture)[..., index]
im.widgets.LayerBrowser(lamp(), network=Lamps())
""",
    "GramBrowser": "im.widgets.GramBrowser(PICTURE, network=Network(), layers=LAYERS)",
    "StyleMixer": """
from test_widget_style_mixer import FIRST, PHOTO, SECOND, StandIn
im.widgets.StyleMixer(PHOTO, FIRST, SECOND, studio=StandIn())
""",
    "GanDashboard": """
from test_widget_gan_dashboard import Game
points = np.random.default_rng(0).standard_normal((64, 2))
game = Game()
list(game.train(20, every=10))
im.widgets.GanDashboard(game, lambda samples: samples, real=points)
""",
    "VocoderSwitch": """
from imgmusic_edu import vocoders
vocoders.NAMES = ("griffin_lim", "pghi")
im.widgets.VocoderSwitch(sound)
""",
    "LatentWalker": """
from test_widget_latent_walker import Codec
vocoders.get = lambda name: lambda levels: im.Sound(0.2 * np.sin(np.arange(256 * (len(levels) - 1)) / 8))
im.widgets.LatentWalker([sound] * 4, codec=Codec())
""",
    "MappingExplorer": """
from types import SimpleNamespace
from imgmusic_edu.visual_features import FEATURES
class Plain:
    name = "plain"
    def make(self, seen, **settings):
        levels = np.full((690, 128), -40 + 3 * seen[0][0], np.float32)
        return SimpleNamespace(tempo=100 + 5 * seen[0][0], log_mel=levels)
    def causes(self, made):
        return {name: dict.fromkeys(("tempo", "level", "brightness", "activity"), 0.1) for name in FEATURES}
    def sound(self, made, title=""):
        return im.Sound(0.1 * np.sin(np.arange(22050) / 8), title=title)
explorer = im.widgets.MappingExplorer(im.open_data("koala"), own={"plain": Plain()})
explorer.hear()
explorer
""",
    "quiz": 'im.exercises.quiz("ch00")',
    "a slider of one's own": """
from ipywidgets import FloatSlider, interactive
im.widgets.named(interactive(lambda times: None, times=FloatSlider(min=-1, max=2, description="Times")))
""",
    "figure": """
from matplotlib.figure import Figure
figure = Figure()
figure.subplots().plot([0, 1], label="up")
im.show(figure, alt="A line that rises from 0 to 1.")
im.listen(figure)
""",
    "verdict": 'im.exercises.check("ch00.standardise", None)',
}

FIRST_CELL = """
import numpy as np
import imgmusic_edu as im
sound = im.Sound(0.2 * np.sin(np.arange(22050) / 8), title="A tone")
"""


def violations(page, where):
    """What axe-core finds that is serious or critical, one text a fault."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(VIOLATIONS, where)


FEW = ("Player", "TunePanel", "quiz", "figure", "verdict")  # one of each kind of control


@pytest.mark.parametrize("kinds", [FEW, pytest.param(tuple(WIDGETS), marks=pytest.mark.slow)], ids=["few", "all"])
def test_axe_finds_nothing_serious_in_our_widgets(kinds, chromium, tmp_path):
    notebook(tmp_path / "widgets.ipynb", FIRST_CELL, *(WIDGETS[kind] for kind in kinds))
    view = {"width": 1200, "height": 1400}
    with jupyterlab(tmp_path) as address, browser_page(chromium, viewport=view) as (page, _, problems):
        open_notebook(page, address, "widgets.ipynb")
        run_all(page)
        page.wait_for_function("() => [...document.querySelectorAll('.im-player')].every((one) => one.dataset.ready)")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.widget-slider [role=slider]')].every((one) => one.ariaLabel)"
        )
        assert page.get_by_role("alert").count() == 0
        assert violations(page, OURS) == []

        handle = page.get_by_role("slider", name="Cost of leaps, each semitone")
        assert handle.get_attribute("aria-valuetext") == "0.50"
        handle.press("ArrowRight")
        page.wait_for_function("one => one.ariaValueText === '0.55'", arg=handle.element_handle())
        # And it would find something: the same page with one name and one text taken away.
        handle.evaluate("one => one.removeAttribute('aria-label')")
        page.locator(".jp-OutputArea-output img").first.evaluate("one => one.removeAttribute('alt')")
        found = " ".join(violations(page, OURS))
        assert "aria-input-field-name" in found and "image-alt" in found
        assert not problems


# As ipywidgets 7 (Colab) draws a slider, with jQuery UI: no role, no value, a name that belongs to nothing.
OLD_SLIDER = """<div class="jupyter-widgets widget-container widget-box widget-vbox">
<div class="jupyter-widgets widget-inline-hbox widget-slider widget-hslider">
<label class="widget-label" style="display: inline-block">Window</label>
<div class="slider-container"><div class="slider ui-slider ui-corner-all ui-slider-horizontal ui-widget">
<span tabindex="0" class="ui-slider-handle ui-corner-all ui-state-default" style="left: 40%"></span></div></div>
<div class="widget-readout" contenteditable="true">1024</div></div><div id="names"></div></div>"""
NAME = """async (module) => {
    const address = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
    window.stop = (await import(address)).default.render({ el: document.getElementById("names") });
}"""


def test_the_sliders_of_ipywidgets_7_are_named_too(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><html lang='en'><title>A page</title><body>{OLD_SLIDER}</body></html>")
    with browser_page(chromium) as (page, _, problems):
        page.goto(path.as_uri())
        assert page.get_by_role("slider").count() == 0
        page.evaluate(NAME, NAMES.read_text(encoding="utf-8"))
        handle = page.get_by_role("slider", name="Window")
        told = handle.evaluate("one => [one.ariaValueText, one.ariaValueNow, one.ariaDisabled]")
        assert told == ["1024", "40", "false"]
        page.evaluate(
            """() => { document.querySelector(".ui-slider-handle").style.left = "60%";
            document.querySelector(".widget-readout").textContent = "2048"; }"""
        )
        page.wait_for_function("() => document.querySelector('[role=slider]').ariaValueText === '2048'")
        assert handle.get_attribute("aria-valuenow") == "60"
        assert violations(page, ".widget-vbox") == []
        assert not problems
