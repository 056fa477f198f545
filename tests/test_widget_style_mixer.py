"""The style mixer: what it measures, says and draws; that it mixes, refines, stops, and holds up no notebook."""

import asyncio
import io
import re
import threading
from html import unescape

import numpy as np
import pytest
from browser import browser_page, jupyterlab, notebook, open_notebook, run_all
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgmusic_edu.backbones import feature_maps
from imgmusic_edu.style import aims, gram_matrix, painting, style_loss
from imgmusic_edu.style.painting import beside, resized
from imgmusic_edu.widgets import StyleMixer, style_mixer, style_studio
from imgmusic_edu.widgets.style_studio import Studio, distances


class StandIn:
    """A studio without networks: colours and steps beside are the style, light in a grid the content."""

    layers = ("colours", "edges")

    def __init__(self, *, fail_at=None, wait=0.0):
        self.looks, self.painted, self.asked, self.fail_at = 0, [], None, fail_at
        self.pause = threading.Event()
        self.wait = wait

    def look(self, picture):
        self.looks += 1
        pixels = picture / 64.0
        layers = (pixels.reshape(-1, 3), np.abs(np.diff(pixels, axis=1, prepend=0)).reshape(-1, 3))
        styles = [(one.mean(axis=0)[None], np.cov(one.T, bias=True)[None]) for one in layers]
        grey = np.asarray(Image.fromarray(picture).convert("L").resize((6, 6)), float)[..., None]
        return {"styles": styles, "content": grey - grey.mean()}

    def vector(self, painting):
        return painting.mean(axis=(0, 1))

    def paint(self, photo, vector, *, strength):
        self.painted.append(vector)
        return np.round((1 - strength / 2) * photo + strength / 2 * vector).astype(np.uint8)

    def refine(self, start, photo, paintings, *, watch, steps, **settings):
        self.asked = settings | {"start": start, "steps": steps}
        picture, wanted = start.astype(float), resized(paintings[0], photo.shape[:2])
        for step in range(steps + 1):
            if step == self.fail_at:
                raise FloatingPointError("A loss is not a number: take a smaller rate.")
            if watch(step, np.round(picture).astype(np.uint8)):
                break
            self.pause.wait(self.wait)
            picture += (wanted - picture) / 8
        return np.round(picture).astype(np.uint8)


def drawn(seed, shape=(24, 32, 3), low=0, high=256):
    return np.random.default_rng(seed).integers(low, high, shape).astype(np.uint8)


PHOTO, FIRST, SECOND = drawn(0, low=90, high=150), drawn(1, (40, 20, 3)), drawn(2, low=150)


def parameters(studio=None, **other):
    told = {"photo": PHOTO, "paintings": (FIRST, SECOND), "titles": ("Night", "Day"), "share": 0.0, "strength": 1.0}
    return told | {"studio": studio or StandIn(), "refined": None} | other


def opened(**settings):
    return StyleMixer(PHOTO, FIRST, SECOND, studio=StandIn(**settings))


def said(html):
    ((kind, text),) = re.findall(r'role="(status|alert)">(.*?)</div>', html, re.DOTALL)
    return kind, unescape(text)


# ---- what it measures ------------------------------------------------------------------------------------------------


@given(st.integers(0, 99), st.floats(0, 1))
def test_the_distance_is_the_style_loss_of_features_less_the_means(seed, share):
    rng = np.random.default_rng(seed)
    features = [rng.gamma(1.0, size=(1, 7, 5, 4)), rng.gamma(2.0, size=(1, 6, 9, 4)), rng.gamma(3.0, size=(1, 4, 4, 4))]
    parts = [(one.mean(axis=(1, 2)), gram_matrix(one - one.mean(axis=(1, 2)))) for one in features]
    _, (first_mean, first), (second_mean, second) = parts
    mean, wanted = (1 - share) * first_mean + share * second_mean, (1 - share) * first + share * second
    by_hand = style_loss(gram_matrix(features[0] - mean), wanted)
    found = distances(parts[:1], aims.between(parts[1:2], parts[2:], share))
    assert found == pytest.approx([float(by_hand)])


def test_the_meters_stand_at_their_ends_where_they_should():
    studio = StandIn()
    photo = style_mixer.compute(parameters(studio, refined=(PHOTO, 0)))
    assert photo["gained"] == pytest.approx(0) and photo["cosine"] == pytest.approx(1)
    there = style_mixer.compute(parameters(studio, refined=(beside(FIRST, PHOTO), 9)))
    assert there["gained"] == pytest.approx(1) and set(there["by_layer"].values()) == {1.0} and there["cosine"] < 0.99
    away = style_mixer.compute(parameters(studio, refined=(np.zeros_like(PHOTO), 9)))
    assert away["gained"] < 0 and "farther from it" in style_mixer.summary(away)
    assert away["cosine"] == 0, "nothing is kept of the content in black"


def test_the_style_vectors_are_mixed_and_the_paint_is_as_strong_as_asked():
    studio, (first, second) = StandIn(), (FIRST.mean(axis=(0, 1)), SECOND.mean(axis=(0, 1)))
    for share in (0, 0.25, 1):
        style_mixer.compute(parameters(studio, share=share))
        assert studio.painted[-1] == pytest.approx((1 - share) * first + share * second)
    unpainted = style_mixer.compute(parameters(studio, strength=0.0))
    assert np.array_equal(unpainted["picture"], PHOTO) and unpainted["gained"] == pytest.approx(0)


def test_a_photograph_that_has_the_style_already_is_told():
    result = style_mixer.compute(parameters(photo=FIRST))
    assert result["already"] and result["gained"] == 1
    assert "has this style already" in style_mixer.summary(result)
    assert "nan" not in style_mixer.render(result).split("base64")[0]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"paintings": (FIRST, np.full((9, 9, 3), 7, np.uint8))}, "Day is of one colour"),
        ({"share": 1.2}, "1.2"),
        ({"strength": -0.1}, "-0.1"),
    ],
)
def test_what_cannot_be_painted_is_told(other, words):
    with pytest.raises(ValueError, match=words):
        style_mixer.compute(parameters(**other))


@pytest.mark.parametrize(("photo", "painting"), [((1, 1), (1, 9)), ((24, 32), (3, 300)), ((2, 60), (40, 40))])
def test_a_painting_stands_beside_the_photograph_at_its_size(photo, painting):
    made = beside(drawn(0, (*painting, 3)), drawn(1, (*photo, 3)))
    assert max(made.shape[:2]) == max(photo) and min(made.shape) >= 1 and made.dtype == np.uint8
    result = style_mixer.compute(parameters(photo=drawn(1, (*photo, 3)), paintings=(drawn(0, (*painting, 3)), SECOND)))
    assert result["picture"].shape == (*photo, 3)


# ---- what it says and draws ------------------------------------------------------------------------------------------


def test_the_words_say_what_the_meters_show():
    result = style_mixer.compute(parameters(share=0.3))
    text = style_mixer.summary(result)
    assert text.startswith("Painted at once in the style between Night (70 %) and Day (30 %).")
    assert f"{round(100 * result['gained'])} % of the photograph's distance" in text
    assert f"a cosine of {result['cosine']:.2f} with" in text
    most = max(result["by_layer"], key=result["by_layer"].get)
    assert f"most in the layer {most} ({round(100 * result['by_layer'][most])} %)" in text
    assert "in the style of Day." in style_mixer.summary(style_mixer.compute(parameters(share=1.0)))
    refined = style_mixer.compute(parameters(refined=(FIRST, 40)))
    assert style_mixer.summary(refined).startswith("Refined by 40 steps of optimisation in the style of Night.")


@pytest.mark.parametrize("refined", [None, (PHOTO, 1), (np.zeros_like(PHOTO), 2), (beside(FIRST, PHOTO), 3)])
def test_every_picture_has_words_and_every_meter_its_number(refined):
    result = style_mixer.compute(parameters(refined=refined))
    html = style_mixer.render(result)
    words = re.findall(r'<img alt="([^"]*)"', html)
    assert len(words) == html.count("<img") == 4 and all(len(one) > 20 for one in words)
    meters = re.findall(r'<svg role="img" aria-label="([^"]*)".*?<rect width="([\d.]+)"', html)
    assert [name.partition(":")[0] for name, _ in meters] == ["Style gained", "Content kept (cosine)"]
    lengths = [float(length) for _, length in meters]
    assert lengths == pytest.approx([200 * np.clip(result[key], 0, 1) for key in ("gained", "cosine")], abs=0.1)
    assert f"{round(100 * result['gained'])} %" in meters[0][0] and 'scope="row"' in html


def test_a_title_is_no_markup():
    nasty = "<script>alert(1)</script>"
    result = style_mixer.compute(parameters(titles=(nasty, nasty)))
    assert nasty not in style_mixer.render(result) and nasty in style_mixer.summary(result)


# ---- the panel -------------------------------------------------------------------------------------------------------


def test_the_panel_follows_its_sliders_and_looks_at_each_picture_once():
    panel = opened()
    assert panel.error is None and panel.studio.looks == 4  # photograph, two paintings, what was painted
    assert said(panel.words.value) == ("status", style_mixer.summary(panel.result))
    for moves, (slider, value) in enumerate([(panel.share, 50), (panel.strength, 40), (panel.share, 100)], start=1):
        slider.value = value
        assert panel.studio.looks == 4 + moves
    assert "of Your second painting" in panel.words.value and panel.result["strength"] == 0.4


def test_other_pictures_can_be_chosen_and_brought():
    panel = opened()
    panel.second.list.value = "the_night_cafe"
    assert panel.error is None and panel.result["titles"][1] == "The night cafe"
    own = io.BytesIO()
    Image.fromarray(drawn(5, (300, 400, 3))).save(own, "png")
    assert panel.photo.upload.receive("own.png", own.getvalue())
    assert panel.result["photo"].shape == (192, 256, 3) == panel.result["picture"].shape
    assert panel.result["seen"][1]["content"].shape == (6, 6, 1) and panel.error is None
    flat = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(flat, "png")
    assert panel.first.upload.receive("flat.png", flat.getvalue())
    assert said(panel.words.value)[0] == "alert" and "one colour" in panel.words.value and panel.drawing.value == ""
    panel.first.list.value = "the_harvest"
    assert panel.error is None and said(panel.words.value)[0] == "status"


def test_shipped_pictures_stand_there_at_the_start():
    panel = StyleMixer(studio=StandIn())
    assert panel.error is None and max(panel.result["photo"].shape) <= style_mixer.SIDE
    assert (panel.photo.list.value, panel.first.list.value, panel.second.list.value) == style_mixer.START


def test_refine_goes_on_from_what_is_seen_and_can_go_on_again():
    panel = opened()
    panel.keep.value, panel.steps.value, panel.weights["edges"].value = 55, 30, 0
    before, gained = panel.result["picture"], panel.result["gained"]
    panel.start.click()
    asked = panel.studio.asked
    assert np.array_equal(asked["start"], before) and (asked["keep"], asked["steps"]) == (0.55, 30)
    assert asked["weights"] == [1.0, 0.0] and asked["share"] == 0
    assert panel.result["gained"] > max(gained, 0.9) and "Refined by 30 steps" in panel.words.value
    assert not panel.refining and not panel.start.disabled and panel.stop.disabled
    panel.start.click()
    assert "Refined by 60 steps" in panel.words.value
    panel.share.value = 20  # which asks for another picture
    assert panel.result["refined"] is None and "Painted at once" in panel.words.value


def test_without_any_layer_there_is_nothing_to_refine():
    panel = opened()
    for slider in panel.weights.values():
        slider.value = 0
    panel.start.click()
    assert said(panel.words.value)[0] == "alert" and "All layers have a weight of 0" in panel.words.value
    assert not panel.refining and panel.studio.asked is None


def test_what_fails_while_it_is_refined_is_told_and_the_buttons_come_back():
    panel = opened(fail_at=3)
    panel.start.click()
    assert said(panel.words.value)[0] == "alert" and "smaller rate" in panel.words.value
    assert isinstance(panel.error, FloatingPointError) and not panel.start.disabled and not panel.refining
    panel.share.value = 10
    assert panel.error is None and "Painted at once" in panel.words.value


async def until(true, seconds=20.0):
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


def test_in_a_running_notebook_it_gives_way_and_stop_keeps_the_best(monkeypatch):
    monkeypatch.setattr(style_mixer, "ROUND", 0.05)

    async def session():
        panel = opened(wait=0.02)
        panel.steps.value = 300
        panel.start.click()
        assert panel.refining and panel.result["refined"] is None  # the cell goes on at once
        await until(lambda: panel.progress.value >= 3)
        assert "Refined by" in panel.words.value and panel.start.disabled and not panel.stop.disabled
        panel.start.click()  # a second press changes nothing
        panel.stop.click()
        await until(lambda: not panel.refining)
        steps = panel.result["refined"][1]
        assert 3 <= steps < 300 and panel.error is None and panel.progress.layout.display == "none"
        assert f"Refined by {steps} steps" in panel.words.value
        panel.start.click()
        await until(lambda: panel.progress.value >= 1)
        panel.share.value = 60  # what is being refined is wanted no more
        await until(lambda: panel.result["refined"] is None)
        await asyncio.sleep(0.2)
        assert panel.result["share"] == 0.6 and panel.result["refined"] is None and not panel.refining

    asyncio.run(session())


def test_what_fails_in_the_background_is_told(monkeypatch):
    monkeypatch.setattr(style_mixer, "ROUND", 0.05)

    async def session():
        panel = opened(fail_at=2)
        panel.start.click()
        await until(lambda: not panel.refining)
        assert isinstance(panel.error, FloatingPointError) and said(panel.words.value)[0] == "alert"

    asyncio.run(session())


def test_without_the_networks_a_sentence_stands_there(monkeypatch):
    def missing(name):
        raise ImportError("The networks need <TensorFlow>.")

    monkeypatch.setattr(feature_maps, "open_feature_maps", missing)
    panel = style_mixer.style_mixer(PHOTO)
    assert said(panel.words.value) == ("alert", "The networks need <TensorFlow>.") and panel.result is None
    panel.start.click()
    assert said(panel.words.value)[0] == "alert" and not panel.refining and not panel.start.disabled


def test_without_a_kernel_the_page_still_holds_what_was_shown():
    shown = opened()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown and "Painted at once" in shown["text/html"]
    assert shown["text/html"].count("<img") == 4 and shown["text/plain"] == "<StyleMixer of Your photo>"


def test_every_control_has_a_name_of_its_own():
    panel = opened()
    choices = (panel.photo, panel.first, panel.second)
    controls = [*(choice.list for choice in choices), *(choice.upload.button for choice in choices), panel.share]
    controls += [panel.strength, panel.keep, panel.steps, *panel.weights.values(), panel.start, panel.stop]
    names = [control.description for control in controls]
    assert all(names) and len(set(names)) == len(names)


# ---- the shipped networks --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def studio():
    return Studio()


def test_the_studio_measures_as_painting_does(studio):
    picture, style = drawn(7, (40, 48, 3), 60, 200), drawn(8, (64, 50, 3))
    seen = studio.look(picture)["styles"]
    found = distances(seen, studio.look(beside(style, picture))["styles"])
    assert len(found) == len(studio.layers) == len(aims.STYLE_LAYERS["efficientnet_lite0"])
    assert found.mean() == pytest.approx(painting.style_distance(picture, style), rel=1e-3)


def test_the_studio_refines_towards_the_style_and_stops_when_told(studio):
    y, x = np.mgrid[0:40, 0:48]
    photo = np.uint8(np.stack([5 * x, 6 * y, 120 + 0 * x], axis=-1))
    styles = (np.uint8(np.stack([127 + 120 * np.sin(x + y), 255 - 5 * y, 90 + 0 * x], axis=-1)), drawn(9, (40, 48, 3)))
    steps = []

    def watch(step, picture):
        steps.append(step)
        assert picture.shape == photo.shape and picture.dtype == np.uint8
        return step == 12

    settings = {"share": 0.0, "weights": [1.0] * len(studio.layers), "keep": 0.5}
    made = studio.refine(photo, photo, styles, steps=90, watch=watch, **settings)
    assert steps == list(range(13)) and made.shape == photo.shape
    after, before = (painting.style_distance(one, styles[0]) for one in (made, photo))
    assert after < 0.7 * before


def test_refining_is_painting_with_what_the_sliders_say(studio, monkeypatch):
    asked, told = {}, []

    def paint(photo, first, **settings):
        asked.update(settings)
        for step in (4, 43):  # each size is looked at once more than it has steps
            settings["progress"](painting.Progress(step, 44, {}, photo[None, ::2, ::2]))
        return painting.Painted(photo, photo, first, 1.0, 1.0, 0.0)

    monkeypatch.setattr(style_studio, "paint", paint)
    photo, weights = drawn(0, (128, 100, 3)), [1.0, 0.5, 0.0, 0.0, 0.0, 0.2]
    settings = {"share": 0.3, "weights": weights, "keep": 0.6, "steps": 41}
    made = studio.refine(FIRST, photo, (FIRST, SECOND), watch=lambda *now: told.append(now), **settings)
    assert made is photo and asked["start"] is FIRST and asked["second"] is SECOND and asked["side"] == 128
    assert (asked["share"], asked["keep"], sum(asked["steps"])) == (0.3, 0.6, 41) and len(asked["steps"]) == 3
    assert list(asked["layers"].items()) == list(zip(studio.layers, weights, strict=True))
    assert [step for step, _ in told] == [4, 41] and all(picture.shape == photo.shape for _, picture in told)


# ---- in a browser ----------------------------------------------------------------------------------------------------


def test_a_narrow_page_holds_it(chromium):
    html = style_mixer.render(style_mixer.compute(parameters()))
    with browser_page(chromium, viewport={"width": 320, "height": 900}) as (page, requests, problems):
        page.set_content(f"<!doctype html><html lang='en'><body>{html}</body></html>")
        page.get_by_role("img", name="Style gained").wait_for()
        assert page.get_by_role("table").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert not problems and not [request for request in requests if request.startswith("http")]


IN_LAB = """
from test_widget_style_mixer import FIRST, PHOTO, SECOND, StandIn
from imgmusic_edu.widgets import StyleMixer
StyleMixer(PHOTO, FIRST, SECOND, studio=StandIn(wait=0.1))
"""


def test_it_is_worked_by_keys_in_jupyterlab(chromium, tmp_path):
    notebook(tmp_path / "mixer.ipynb", IN_LAB)
    with jupyterlab(tmp_path) as address, browser_page(chromium) as (page, _, problems):
        open_notebook(page, address, "mixer.ipynb")
        run_all(page)
        page.get_by_text("in the style of Your first painting").wait_for(timeout=60_000)
        page.locator(".widget-slider", has_text="First to second").get_by_role("slider").press("End")
        page.get_by_text("in the style of Your second painting").wait_for()
        page.get_by_label("First painting", exact=True).select_option(label="The night cafe")
        page.locator(".widget-slider", has_text="First to second").get_by_role("slider").press("Home")
        page.get_by_text("in the style of The night cafe").wait_for()
        page.get_by_role("button", name="Refine").press("Space")
        page.get_by_text(re.compile(r"Refined by \d+ steps")).wait_for()
        page.get_by_role("button", name="Stop, keep the best so far", disabled=False).press("Enter")
        page.get_by_role("button", name="Refine", disabled=False).wait_for()
        page.get_by_text(re.compile(r"Refined by \d+ steps")).wait_for()
        assert page.get_by_role("alert").count() == 0 and not problems
