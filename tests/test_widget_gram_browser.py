"""The Gram browser: what it counts, says and draws; that a shuffle moves every place and nothing in G."""

import asyncio
import base64
import io
import re
from html import unescape

import numpy as np
import pytest
from browser import browser_page, jupyterlab, notebook, open_notebook, run_all
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgmusic_edu import backbones
from imgmusic_edu.style import gram_matrix, style_loss
from imgmusic_edu.widgets import GramBrowser, controls, gram_browser


class Network:
    """A network without weights: a layer of five maps drawn from the picture's colours, and one of three."""

    def __init__(self):
        self.looked = 0

    def activations(self, pictures, layers):
        self.looked += 1
        rows = {}
        for name, side, n in (("wide", 16, 5), ("deep", 4, 3)):
            made = []
            for picture in pictures:
                small = np.asarray(Image.fromarray(picture).resize((side, side)), np.float32) / 64
                red, green, blue = np.moveaxis(small, 2, 0)
                made.append(np.stack([red, green, blue, red * blue, 5 + 0 * red][:n], axis=-1))
            rows[name] = np.stack(made)
        return {name: rows[name] for name in layers}


PICTURE = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)
LAYERS = ("wide", "deep")


def parameters(features=None, **other):
    features = np.random.default_rng(1).gamma(1.0, size=(8, 8, 6)).astype(np.float32) if features is None else features
    told = {"features": features, "picture": PICTURE, "layer": "block", "pair": (0, 1), "shuffled": False}
    return told | {"normalise": True, "step": 1} | other


def said(html):
    ((kind, text),) = re.findall(r'role="(status|alert)">(.*?)</div>', html, re.DOTALL)
    return kind, unescape(text)


def drawn(html):
    """The pictures of some HTML, as arrays of colours."""
    found = re.findall(r'src="data:image/\w+;base64,([^"]+)"', html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")) for data in found]


# ---- what it counts --------------------------------------------------------------------------------------------------


@given(st.integers(0, 99), st.sampled_from([(8, 8, 6), (7, 5, 3), (2, 2, 12), (1, 1, 2), (4, 4, 1)]), st.booleans())
def test_a_shuffle_moves_the_maps_and_not_the_gram_matrix(seed, shape, normalise):
    features = np.random.default_rng(seed).gamma(1.0, size=shape)
    pair = (0, shape[2] - 1)
    still, moved = (
        gram_browser.compute(parameters(features, pair=pair, shuffled=shuffled, normalise=normalise))
        for shuffled in (False, True)
    )
    assert np.allclose(still["gram"], gram_matrix(features[None], normalise=normalise)[0], rtol=1e-12)
    assert still["difference"] == 0 and moved["difference"] < 1e-14
    assert moved["chosen"]["value"] == pytest.approx(still["chosen"]["value"], rel=1e-12)
    assert np.allclose(np.sort(still["both"], axis=None), np.sort(moved["both"], axis=None))  # both maps go along
    assert still["own"] == pytest.approx(0 if shape[:2] == (1, 1) else 1)
    if shape[0] == 8:
        assert abs(moved["own"]) < 0.4 and not np.allclose(moved["maps"], still["maps"])


def test_the_product_of_the_maps_is_where_the_entry_comes_from():
    for normalise in (True, False):
        result = gram_browser.compute(parameters(pair=(2, 4), normalise=normalise))
        entry = result["both"].mean() if normalise else result["both"].sum()
        assert result["chosen"]["value"] == pytest.approx(entry) == pytest.approx(result["gram"][2, 4])


def test_a_share_is_what_a_style_loss_would_be_without_the_entry():
    for pair in ((1, 3), (2, 2)):
        result = gram_browser.compute(parameters(pair=pair))
        without = result["gram"].copy()
        without[pair] = without[pair[::-1]] = 0
        assert result["chosen"]["share"] == pytest.approx(float(style_loss(without[None], result["gram"][None])))


def test_cosine_and_correlation_are_those_of_the_maps():
    features = np.random.default_rng(2).gamma(1.0, size=(9, 7, 4))
    chosen = gram_browser.compute(parameters(features, pair=(3, 1), normalise=False))["chosen"]
    first, second = features[..., 3].ravel(), features[..., 1].ravel()
    assert chosen["cosine"] == pytest.approx(first @ second / np.linalg.norm(first) / np.linalg.norm(second))
    assert chosen["correlation"] == pytest.approx(np.corrcoef(first, second)[0, 1])


def test_loud_channels_have_the_largest_entries_and_alike_ones_vary_together():
    rng = np.random.default_rng(3)
    features = rng.gamma(1.0, size=(16, 16, 6))
    features[..., 4] = 3 * features[..., 2] + 0.1 * features[..., 4]
    features[..., [0, 5]] = 20 + 0.01 * features[..., [0, 5]]  # always on
    result = gram_browser.compute(parameters(features))
    assert result["largest"][0]["pair"] == (0, 5) and result["together"][0]["pair"] == (2, 4)
    assert abs(result["largest"][0]["correlation"]) < 0.2 and result["together"][0]["correlation"] > 0.95


def test_without_the_division_it_grows_with_the_places():
    features = np.tile(np.random.default_rng(4).gamma(1.0, size=(1, 1, 5)), (16, 16, 1))  # the same everywhere
    for step, left in ((1, 1), (2, 1 / 4), (4, 1 / 16)):
        results = [gram_browser.compute(parameters(features, step=step, normalise=way)) for way in (True, False)]
        assert [r["growth"] for r in results] == pytest.approx([1, left])
        assert {r["places"] for r in results} == {256 * left}


def test_alike_channels_are_drawn_side_by_side_and_flat_ones_last():
    rng = np.random.default_rng(5)
    kinds = rng.gamma(1.0, size=(16, 16, 2))
    features = kinds[..., [0, 1, 0, 1, 0, 1, 0, 1]] + 0.1 * rng.standard_normal((16, 16, 8))
    features[..., [3, 6]] = 1.5
    order = gram_browser.compute(parameters(features))["order"].tolist()
    assert sorted(order) == list(range(8)) and set(order[6:]) == {3, 6}
    assert [channel % 2 for channel in order[:6]] in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])


@pytest.mark.parametrize("features", [np.zeros((3, 3, 4)), np.full((2, 2, 2), 7.0), np.ones((1, 1, 1))])
def test_maps_without_anything_in_them_are_told_and_drawn(features):
    result = gram_browser.compute(parameters(features, pair=(0, features.shape[2] - 1), shuffled=True))
    html = gram_browser.render(result)
    assert "nan" not in gram_browser.summary(result) and "nan" not in re.sub('base64,[^"]+', "", html)
    assert len(drawn(html)) == (3 if features.shape[2] == 1 else 4)


@pytest.mark.parametrize(
    ("features", "pair", "words"),
    [(np.ones((4, 4, 3)), (0, 3), "0 to 2"), (np.ones((4, 4, 3)), (-1, 0), "-1"), (np.ones((4, 3)), (0, 0), "(4, 3)")],
)
def test_what_does_not_fit_is_told(features, pair, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        gram_browser.compute(parameters(features, pair=pair))


# ---- what it says and draws ------------------------------------------------------------------------------------------


def test_the_words_follow_what_was_counted():
    result = gram_browser.compute(parameters(pair=(1, 2)))
    text = gram_browser.summary(result)
    assert f"G = {result['gram'][1, 2]:.4g}," in text and "a mean over 64 places" in text and "shuffled" not in text
    fires = result["maps"] > 0.05 * result["maps"].max(axis=(0, 1))
    assert f"both at once in {100 * fires.all(axis=2).mean():.0f} %" in text
    text = gram_browser.summary(gram_browser.compute(parameters(shuffled=True, normalise=False, step=2)))
    assert "a sum over 16 places" in text and "but G is the same" in text and "times as large as with all" in text
    assert "Channel 3 with itself" in gram_browser.summary(gram_browser.compute(parameters(pair=(3, 3))))


def test_every_picture_has_words_and_the_maps_lie_where_they_fire():
    features = np.full((4, 4, 3), 0.01)
    features[0, 0, 0] = features[3, 3, 1] = 5.0  # one at the upper left, one at the lower right
    square = np.full((64, 64, 3), 90, np.uint8)
    html = gram_browser.render(gram_browser.compute(parameters(features, picture=square)))
    alts = re.findall(r'<img alt="([^"]*)"', html)
    assert len(alts) == html.count("<img") == 4 and all(len(alt) > 30 for alt in alts)
    assert "Channel 0" in alts[0] and "Channel 1" in alts[1] and "times" in alts[2] and "Gram matrix of 3" in alts[3]
    first, second, both, _ = (one.sum(axis=2).astype(int) for one in drawn(html))
    assert first[10, 10] > first[54, 54] + 200 and second[54, 54] > second[10, 10] + 200
    assert both.shape == (64, 64) and 'scope="row"' in html and "<script" not in html


def test_the_frame_stands_on_the_drawn_entry():
    features = np.random.default_rng(6).gamma(1.0, size=(12, 12, 10)) ** 2
    result = gram_browser.compute(parameters(features, pair=(7, 7)))
    html = gram_browser.render(result)
    ((left, top),) = re.findall(r"left: ([\d.]+)%; top: ([\d.]+)%", html)
    matrix = drawn(html)[-1]
    assert matrix.shape[:2] == (10, 10)
    seat = result["order"].tolist().index(7)
    assert (int(float(left) / 10), int(float(top) / 10)) == (seat, seat)
    loud = np.argsort(-np.diag(result["gram"]))[0]
    at = result["order"].tolist().index(loud)
    assert matrix.sum(axis=2)[at, at] == matrix.sum(axis=2).max()


# ---- the panel -------------------------------------------------------------------------------------------------------


@pytest.fixture
def panel():
    return GramBrowser(PICTURE, network=Network(), layers=LAYERS)


def test_a_layer_begins_with_the_pair_that_varies_together_most(panel):
    assert panel.error is None and panel._network.looked == 1
    for layer, channels in (("wide", 5), ("deep", 3), ("wide", 5)):
        panel.layer.value = layer
        assert panel.first.max == panel.second.max == channels - 1
        assert (panel.first.value, panel.second.value) == panel.result["together"][0]["pair"] == panel.pair.value
    assert panel._network.looked == 1, "the network looks once at a picture"
    assert said(panel.words.value) == ("status", gram_browser.summary(panel.result))


def test_list_and_sliders_say_the_same(panel):
    panel.pair.value = (0, 2)
    assert (panel.first.value, panel.second.value) == (0, 2) == panel.result["pair"]
    panel.second.value = 0
    assert panel.pair.value == "" and panel.result["pair"] == (0, 0)
    panel.second.value = 2
    assert panel.pair.value == (0, 2)
    panel.pair.value = ""  # which asks for nothing else
    assert panel.result["pair"] == (0, 2) and panel.error is None
    kinds = [label.partition(": ")[2] for label, _ in panel.pair.options]
    assert set(kinds) >= {"vary together"} and kinds[-1] == ""


def test_many_moves_in_a_kernel_end_in_one_answer():
    async def session():
        panel = GramBrowser(PICTURE, network=Network(), layers=LAYERS)
        asked = []
        panel._compute = lambda told: (asked.append(told["pair"]), gram_browser.compute(told))[1]
        for pair in ((0, 1), (0, 2), (1, 2)):
            panel.pair.value = pair
        await asyncio.sleep(4 * controls.PAUSE)
        assert asked == [(1, 2)] and panel.error is None

    asyncio.run(session())


def test_the_switches_reach_what_is_counted(panel):
    panel.shuffled.value, panel.normalise.value, panel.step.value = True, False, 4
    assert [panel.result[name] for name in ("shuffled", "normalise", "step", "places")] == [True, False, 4, 16]
    assert "shuffled" in panel.words.value


def test_another_picture_is_looked_at_and_keeps_the_pair(panel):
    panel.pair.value = (0, 1)
    own = io.BytesIO()
    Image.fromarray(PICTURE[::-1, ::-1]).save(own, "png")
    assert panel.picture.upload.receive("own.png", own.getvalue())
    assert panel._network.looked == 2 and panel.result["pair"] == (0, 1)
    assert np.array_equal(panel.result["picture"], PICTURE[::-1, ::-1])
    before = panel.drawing.value
    assert not panel.picture.upload.receive("no.png", b"no picture") and panel.drawing.value == before


def test_without_the_network_a_sentence_stands_there(monkeypatch):
    def missing():
        raise ImportError("The networks need <TensorFlow>.")

    monkeypatch.setattr(backbones, "load", missing)
    panel = gram_browser.gram_browser(PICTURE)
    assert said(panel.words.value) == ("alert", "The networks need <TensorFlow>.") and panel.result is None
    panel.shuffled.value = True
    assert said(panel.words.value)[0] == "alert" and panel.drawing.value == ""


def test_without_a_kernel_the_page_still_holds_what_was_shown(panel):
    shown = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown and shown["text/html"].count("<img") == 4
    assert shown["text/plain"] == "<GramBrowser of Your picture>" and "G has 5 by 5 entries" in shown["text/html"]


def test_every_control_has_a_name(panel):
    for control in (
        panel.picture.list,
        panel.picture.upload.button,
        panel.layer,
        panel.pair,
        panel.first,
        panel.second,
    ):
        assert control.description
    for control in (panel.shuffled, panel.normalise, panel.step):
        assert control.description


def test_the_shipped_network_is_asked_inside_its_blocks():
    panel = gram_browser.gram_browser(PICTURE)
    assert panel.error is None
    for layer, channels in zip(gram_browser.LAYERS, (32, 96, 144, 240, 480, 672), strict=True):
        panel.layer.value = layer
        assert panel.error is None and len(panel.result["gram"]) == channels
        assert panel.result["features"].min() >= 0, "ReLU6 lets nothing below 0 through"
        assert panel.result["together"][0]["correlation"] > 0.5


# ---- in a browser ----------------------------------------------------------------------------------------------------


def test_a_narrow_page_holds_it(chromium):
    features = np.random.default_rng(7).gamma(1.0, size=(14, 14, 120))
    html = gram_browser.render(gram_browser.compute(parameters(features, pair=(100, 119))))
    with browser_page(chromium, viewport={"width": 320, "height": 900}) as (page, requests, problems):
        page.set_content(f"<!doctype html><html lang='en'><body>{html}</body></html>")
        page.get_by_role("img", name="The Gram matrix").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.get_by_role("table").count() == 1 and not problems
        assert not [request for request in requests if request.startswith("http")]


IN_LAB = """
from test_widget_gram_browser import LAYERS, PICTURE, Network
from imgmusic_edu.widgets import GramBrowser
GramBrowser(PICTURE, network=Network(), layers=LAYERS)
"""


def test_it_is_worked_by_keys_in_jupyterlab(chromium, tmp_path):
    notebook(tmp_path / "gram.ipynb", IN_LAB)
    with jupyterlab(tmp_path) as address, browser_page(chromium) as (page, _, problems):
        open_notebook(page, address, "gram.ipynb")
        run_all(page)
        page.get_by_text("G has 5 by 5 entries").wait_for(timeout=60_000)
        page.get_by_role("checkbox", name="Shuffle the places").press("Space")
        page.get_by_text("but G is the same").wait_for()
        page.locator(".widget-slider", has_text="Layer").get_by_role("slider").press("End")
        page.get_by_text("G has 3 by 3 entries").wait_for()
        page.get_by_label("Pair", exact=True).select_option(label="0 and 2: vary together")
        page.get_by_text("Channels 0 and 2: G").wait_for()
        page.locator(".widget-slider", has_text="Second channel").get_by_role("slider").press("Home")
        page.get_by_text("Channel 0 with itself: G").wait_for()
        assert page.get_by_role("alert").count() == 0 and not problems
