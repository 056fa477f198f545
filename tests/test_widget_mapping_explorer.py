"""The mapping explorer: one change in a picture, what it moves in the music, and both heard; and chapter 08's prose."""

import itertools
import re
from html import unescape

import numpy as np
import pytest
from browser import browser_page, jupyterlab, notebook, open_notebook, run_all

from imgmusic_edu.evaluation.edits import EDITS
from imgmusic_edu.visual_features import FEATURES
from imgmusic_edu.widgets import mapping_explorer as explorer

keras = pytest.importorskip("keras")

from imgmusic_edu.networks import mapping  # noqa: E402
from imgmusic_edu.networks.autoencoder import LATENT, STEP  # noqa: E402
from imgmusic_edu.networks.mapping import Scales  # noqa: E402
from imgmusic_edu.networks.spectral import SpectralRoad  # noqa: E402

NASTY = """</script><img src=x onerror=alert(1)> "quoted" & 'too'"""


class PlainCodec:
    """Decodes without having learnt: the first number of a row is the level of all bands, the second tilts them."""

    def decode(self, latent):
        rows = np.repeat(np.asarray(latent, np.float32), STEP, axis=1)  # (batch, frames, LATENT)
        tilt = np.linspace(1, -1, 128, dtype=np.float32)
        return -40 + 10 * rows[..., :1] - (10 - 5 * rows[..., 1:2]) * (1 - tilt)


def scales():
    return Scales(
        columns=np.stack([np.zeros(8), np.ones(8)]).astype(np.float32),
        latent=np.stack([np.zeros(LATENT), np.ones(LATENT)]).astype(np.float32),
        asked=np.array([[np.log(95), 0.5, -20, 0], [0.15, 0.3, 3, 0.2]], np.float32),
    )


@pytest.fixture(scope="module")
def road():
    """A road whose level follows lightness, whose brightness follows fineness, and whose tempo follows saturation."""
    line, conductor = mapping.build_linear(), mapping.build_conductor()
    weights = np.zeros((mapping.N_CONDITIONS, LATENT), np.float32)
    names = list(FEATURES)
    weights[names.index("lightness"), 0] = 0.3
    weights[names.index("fineness"), 1] = 0.3
    line.set_weights([weights, np.zeros(LATENT, np.float32)])
    first = np.zeros((len(FEATURES), 64), np.float32)
    first[names.index("saturation"), 0] = 1.0
    through, last = np.eye(64, dtype=np.float32), np.eye(64, 4, dtype=np.float32)
    nothing = np.zeros(64, np.float32)
    conductor.set_weights([first, nothing, through, nothing, last, np.zeros(4, np.float32)])
    return SpectralRoad("linear", {"map": line}, conductor, scales(), PlainCodec())


@pytest.fixture(scope="module")
def picture():
    random = np.random.default_rng(0)
    ramp = np.linspace(60, 180, 96)[:, None, None] + random.normal(0, 10, (96, 128, 3))
    return np.clip(ramp * (1.0, 0.8, 0.6), 0, 255).astype(np.uint8)


@pytest.fixture
def opened(monkeypatch, road):
    """Panels that find this road in place of the shipped ones."""
    from imgmusic_edu.networks import spectral

    monkeypatch.setattr(spectral, "open_road", lambda name: road)


def computed(picture, road, change, amount=1.0, seed=0):
    return explorer.compute({"picture": picture, "change": change, "amount": amount, "road": road, "seed": seed})


def said(html):
    """The text of what screen readers announce."""
    ((kind, text),) = re.findall(r'role="(status|alert)">(.*?)</div>', html, re.DOTALL)
    return kind, unescape(text)


# ---- what it computes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feature", "moves"), [("lightness", "level"), ("fineness", "brightness"), ("saturation", "tempo")]
)
def test_what_a_number_moves_is_found_with_its_sign(picture, road, feature, moves):
    more, less = (computed(picture, road, feature, amount) for amount in (1.0, -1.0))
    assert more["moved"][moves] > 0 > less["moved"][moves]
    assert [name for name, value in more["seen"].items() if value] == [feature] and more["edited"] is None
    if moves == "level":
        assert more["moved"]["level"] == pytest.approx(3.0, abs=0.01)  # 0.3 standard units of 10 dB
        assert more["moved"]["tempo"] == 0


def test_nothing_changed_moves_nothing(picture, road):
    result = computed(picture, road, "lightness", 0.0)
    assert set(result["moved"].values()) == {0.0}
    text = explorer.summary(result)
    assert text.count("does not change") == 4 and "nothing moved" in text


def test_a_feature_that_the_road_ignores_moves_nothing(picture, road):
    moved = computed(picture, road, "symmetry", 2.0)["moved"]
    assert all(value == pytest.approx(0, abs=1e-5) for value in moved.values())


@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_is_drawn_and_told(picture, road, edit):
    result = computed(picture, road, edit)
    html, text = explorer.render(result), explorer.summary(result)
    assert result["edited"].shape == picture.shape and html.count("<img") == 2 and html.count("<rect") == 4
    assert "nan" not in text and explorer.readable(edit) in text
    assert all(np.isfinite(list(result["moved"].values())))


def test_an_edit_moves_what_it_is_meant_to(picture, road):
    lighter, darker = (computed(picture, road, edit) for edit in ("lighten", "darken"))
    assert lighter["seen"]["lightness"] > 0.1 > -0.1 > darker["seen"]["lightness"]
    assert lighter["moved"]["level"] > 0 > darker["moved"]["level"]


def test_sweep_of_numbers_and_amounts(picture, road):
    for feature, amount in zip(FEATURES, itertools.cycle(explorer.AMOUNTS), strict=False):
        result = computed(picture, road, feature, amount)
        assert 'role="img"' in explorer.render(result) and str(f"{amount:+.1f}") in explorer.summary(result)


@pytest.mark.parametrize(
    ("change", "amount", "words"), [("nothing", 1.0, "edits are lighten"), ("lightness", np.nan, "standard units")]
)
def test_what_cannot_be_is_one_sentence(picture, road, change, amount, words):
    with pytest.raises(ValueError, match=words):
        computed(picture, road, change, amount)


def test_both_are_heard(picture, road):
    before, after = explorer.hear(computed(picture, road, "lightness", 2.0))
    assert before.seconds == after.seconds == explorer.SECONDS
    assert after.samples.std() > before.samples.std() > 1e-4  # level follows lightness
    assert np.abs(after.samples).max() <= 1


def test_the_table_names_the_strongest_cause(picture, road):
    result = computed(picture, road, "lighten")
    found = {title: feature for title, feature, _ in explorer.strongest(result)}
    assert (found["Level"], found["Tempo"]) == ("lightness", "saturation")


# ---- the panel -------------------------------------------------------------------------------------------------------


def test_the_panel_follows_its_controls(opened, picture):
    panel = explorer.MappingExplorer(picture)
    assert panel.error is None and panel.amount.disabled
    assert said(panel.words.value) == ("status", explorer.summary(panel.result))
    panel.change.value = "lightness"
    panel.amount.value = -2.0
    assert not panel.amount.disabled and panel.result["moved"]["level"] < -5
    assert "only lightness, -2.0".capitalize() in said(panel.words.value)[1]
    panel.button.click()
    assert panel.error is None and panel.sounds.value.count("<audio") == 2 and "autoplay" not in panel.sounds.value
    panel.change.value = "flip"
    assert panel.sounds.value == ""


def test_a_road_of_ones_own_comes_first_and_its_title_is_no_markup(opened, picture, road):
    panel = explorer.MappingExplorer(picture, own={NASTY: road})
    assert panel.road.value == f"own:{NASTY}" and panel.parameters["road"] is road
    assert NASTY not in panel.words.value + panel.drawing.value
    panel.road.value = "gan"
    assert panel.error is None


def test_what_goes_wrong_is_one_sentence(opened, monkeypatch, picture):
    from imgmusic_edu.networks import spectral

    panel = explorer.MappingExplorer(picture)
    monkeypatch.setattr(spectral, "open_road", lambda name: (_ for _ in ()).throw(ValueError("No <weights> here.")))
    panel.road.value = "gan"
    assert said(panel.words.value) == ("alert", "No <weights> here.")
    assert panel.drawing.value == "" and panel.result is None
    panel.button.click()
    assert said(panel.words.value) == ("alert", "No <weights> here.") and not panel.button.disabled


def test_without_a_kernel_the_page_still_holds_what_was_rendered(opened, picture):
    shown = explorer.mapping_explorer(picture)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown and "What the change moved" in shown["text/html"]
    assert shown["text/plain"] == "<MappingExplorer of Your picture>"


def test_every_control_has_a_name_and_every_picture_words(opened, picture):
    panel = explorer.MappingExplorer(picture)
    controls = (panel.picture.list, panel.picture.upload.button, panel.road, panel.change, panel.amount, panel.button)
    assert all(control.description for control in controls)
    alts = re.findall(r'<img alt="([^"]*)"', panel.drawing.value)
    assert len(alts) == 2 and all(len(alt) > 20 for alt in alts)
    assert 'scope="row"' in panel.drawing.value and 'aria-label="Bars for what moved' in panel.drawing.value


def test_a_narrow_page_holds_it(chromium, picture, road):
    html = explorer.render(computed(picture, road, "roughen"))
    with browser_page(chromium, viewport={"width": 320, "height": 900}) as (page, requests, problems):
        page.set_content(f"<!doctype html><html lang='en'><body>{html}</body></html>")
        page.get_by_role("img", name="Bars for what moved").wait_for()
        assert page.get_by_role("table").count() == 2
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert not problems and not [request for request in requests if request.startswith("http")]


IN_LAB = """
import numpy as np
import imgmusic_edu as im
from types import SimpleNamespace
from imgmusic_edu.visual_features import FEATURES

class Road:
    name = "plain"
    def make(self, seen, **settings):
        levels = np.full((690, 128), -40 + 3 * seen[0][0], np.float32)
        return SimpleNamespace(tempo=100 + 5 * seen[0][0], log_mel=levels)
    def causes(self, made):
        return {name: dict.fromkeys(("tempo", "level", "brightness", "activity"), 0.1) for name in FEATURES}
    def sound(self, made, title=""):
        return im.Sound(0.1 * np.sin(np.arange(22050 * 2) / 8), title=title)

im.widgets.MappingExplorer(im.open_data("koala"), own={"plain": Road()})
"""


def test_the_panel_is_worked_by_keys_in_jupyterlab(chromium, tmp_path):
    notebook(tmp_path / "explorer.ipynb", IN_LAB)
    with jupyterlab(tmp_path) as address, browser_page(chromium) as (page, _, problems):
        open_notebook(page, address, "explorer.ipynb")
        run_all(page)
        page.get_by_text("Edit: lighten.").wait_for(timeout=60_000)
        change = page.get_by_label("Change", exact=True)
        change.focus()
        change.select_option("Move one number: lightness")
        page.get_by_text("Only lightness, +1.5.").wait_for()
        page.get_by_role("button", name="Hear both").focus()
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelectorAll('.im-heard audio').length === 2")
        assert page.get_by_role("alert").count() == 0 and not problems


# ---- the chapter's exercises are tested with all others in test_exercises; here is what its text leans on ------------


def test_the_clock_is_where_the_chapter_says():
    """Chapter 08 stops the clock by setting twelve columns of the conditions to nothing."""
    settings = {"beats_per_bar": 4, "tonic": 2, "n_steps": 50, "scales": scales()}
    features, columns = np.arange(18, dtype=np.float32), np.tile(np.linspace(0, 1, 64)[:, None], 8)
    slow, fast = (
        mapping.conditions(features, columns, asked=np.array([np.log(tempo), 0, 0, 0]), **settings)
        for tempo in (80.0, 120.0)
    )
    differ = np.flatnonzero(np.abs(slow - fast).max(axis=0) > 1e-6)
    first = 18 + len(mapping.ASKED) + 1 + 12 + 8
    assert differ.tolist() == [18, *range(first, first + 12)]  # the tempo itself, and the hands
