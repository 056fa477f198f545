"""axe-core on every widget of the course, in one JupyterLab; and what a screen reader is told by a slider."""

from importlib.resources import files

import pytest
from browser import browser_page, jupyterlab, notebook, open_notebook, run_all

from imgmusic_edu import widgets
from imgmusic_edu.widgets import names

AXE = files("axe_playwright_python") / "axe.min.js"
# What is ours on the page: JupyterLab's own faults are for JupyterLab to mend.
OURS = ".jp-OutputArea-output"
VIOLATIONS = """async (where) => (await axe.run({ include: [[where]] }, { resultTypes: ["violations"] })).violations
    .filter((found) => ["serious", "critical"].includes(found.impact))
    .flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 200)} (${node.failureSummary})`))"""

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
from test_widget_microscopes import StandIn as Lamps, lamp
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


def test_axe_finds_nothing_serious_in_our_widgets(chromium, tmp_path):
    notebook(tmp_path / "widgets.ipynb", FIRST_CELL, *WIDGETS.values())
    view = {"width": 1200, "height": 1400}
    with jupyterlab(tmp_path) as address, browser_page(chromium, viewport=view) as (page, _, problems):
        open_notebook(page, address, "widgets.ipynb")
        run_all(page)
        page.wait_for_function("() => [...document.querySelectorAll('.im-player')].every((one) => one.dataset.ready)")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.widget-slider [role=slider]')].every((one) => one.ariaLabel)"
        )
        import os
        if os.environ.get("SHOT"): page.wait_for_timeout(1000); page.screenshot(path=os.environ["SHOT"]+".png"); open(os.environ["SHOT"]+".html","w").write(page.content())
        assert violations(page, OURS) == []
        assert not problems
