"""The latent walker: what it computes, says and draws; and, in a real browser, that a walk does not stop the sound."""

import re
from html import unescape

import numpy as np
import pytest
from browser import browser_page, jupyterlab, notebook, open_notebook, run_all

from imgmusic_edu import vocoders
from imgmusic_edu.sounds import SAMPLE_RATE, Sound
from imgmusic_edu.widgets import LatentWalker, controls
from imgmusic_edu.widgets import latent_walker as walker
from imgmusic_edu.widgets.controls import titled

STEP, N = 4, 6
NASTY = """</script><img src=x onerror=alert(1)> "quoted" & 'too'"""


def tone(frequency, seconds=1.0, amplitude=0.3):
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (amplitude * np.sin(2 * np.pi * frequency * t)).astype(np.float32)


class Codec:
    """A linear codec: its latent is the level of six parts of the spectrum."""

    asked = 0

    def encode(self, levels):
        type(self).asked += 1
        rows = levels[:, : levels.shape[1] // STEP * STEP]
        parts = rows[..., :126].reshape(len(rows), -1, STEP, N, 21).mean(axis=(2, 4))
        return ((parts + 40) / 25).astype(np.float32)

    def decode(self, latent):
        levels = np.repeat(np.repeat(25 * np.asarray(latent) - 40, STEP, axis=1), 21, axis=2)
        return np.clip(np.pad(levels, ((0, 0), (0, 0), (0, 2)), mode="edge"), -100, 40).astype(np.float32)


@pytest.fixture(autouse=True)
def quick_vocoder(monkeypatch):
    """A vocoder that answers at once: what it makes has the level of the loudest band."""

    class Quick:
        def __call__(self, levels):
            return Sound(tone(440, (len(levels) - 1) * 256 / SAMPLE_RATE, min(1.0, 10 ** (levels.max() / 20))))

    monkeypatch.setattr(vocoders, "get", lambda name: Quick())
    monkeypatch.setattr(walker, "shipped_sound", lambda name: Sound(tone(500), title=titled(name)))
    monkeypatch.setattr(controls, "shipped_sound", walker.shipped_sound)


def latents(steps=10):
    return tuple(np.random.default_rng(k).normal(k, 1, (steps, N)).astype(np.float32) for k in range(4))


def asked(**changes):
    usual = {"kind": "corners", "x": 0, "y": 0, "latents": latents(), "titles": ("A", "B", "C", "D"), "codec": Codec()}
    return usual | changes


def walking(**options):
    sounds = [Sound(tone(frequency), title=f"Tone {frequency}") for frequency in (200, 400, 800, 1600)]
    return LatentWalker(sounds, codec=Codec(), **options)


def said(html):
    ((kind, text),) = re.findall(r'role="(status|alert)">(.*?)</div>', html, re.DOTALL)
    return kind, unescape(text)


# ---- what it computes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "y", "corner"), [(-100, -100, 0), (100, -100, 1), (-100, 100, 2), (100, 100, 3)])
def test_each_corner_is_its_sound(x, y, corner):
    result = walker.compute(asked(x=x, y=y))
    assert np.allclose(result["latent"], latents()[corner], atol=1e-6)
    assert result["weights"].tolist() == [float(n == corner) for n in range(4)]
    assert walker.place(result) == f"Here: 100 % {'ABCD'[corner]}."


def test_between_the_corners_shares_add_up():
    for x in range(-100, 101, 25):
        for y in range(-100, 101, 25):
            result = walker.compute(asked(x=x, y=y))
            assert result["weights"].min() >= 0 and result["weights"].sum() == pytest.approx(1)
            mixed = sum(w * one for w, one in zip(result["weights"], latents(), strict=True))
            assert np.allclose(result["latent"], mixed, atol=1e-5)
            assert result["log_mel"].shape == (10 * STEP, 128) and np.isfinite(result["level"])
            assert np.abs(result["sound"].samples).max() < 0.9  # below full scale by 1 dB


def test_directions_are_those_in_which_latents_differ_most():
    random = np.random.default_rng(0)
    rows = random.standard_normal((400, 1)) * [0, 3.0, 0] + random.standard_normal((400, 1)) * [-1.0, 0, 0] + 5
    axes = walker.directions([rows[:100], rows[100:]])
    assert np.allclose(np.abs(axes), [[0, 3, 0], [1, 0, 0]], atol=0.4)
    assert axes[0, 1] > 0 and axes[1, 0] > 0 and axes.dtype == np.float32


def test_a_walk_away_moves_every_step_alike():
    home = walker.compute(asked(kind="directions"))
    away = walker.compute(asked(kind="directions", x=50, y=-100))
    assert np.allclose(home["latent"], latents()[0]) and home["moved"].tolist() == [0, 0]
    move = away["latent"] - home["latent"]
    assert np.allclose(move, move[0], atol=1e-5)
    assert np.allclose(move[0], [1.5, -3.0] @ walker.directions(latents()), atol=1e-5)
    assert "+1.5 along direction 1 and -3.0 along direction 2" in walker.place(away)


def test_measures_are_what_sounds():
    steps = np.full((8, N), -2.0, np.float32)
    low, high = steps.copy(), steps.copy()
    low[:, 0], high[::2, 5] = 1, 1
    found = [walker.compute(asked(latents=(one,) * 4)) for one in (low, high)]
    assert found[0]["centre"] < 1000 < 5000 < found[1]["centre"]
    assert found[0]["flux"] == 0 < found[1]["flux"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x": 101}, "-100 to 100"),
        ({"y": float("nan")}, "-100 to 100"),
        ({"kind": "diagonal"}, "'corners' or 'directions'"),
        ({"latents": latents()[:3]}, "Four latents"),
        ({"latents": (*latents()[:3], latents(9)[3])}, "one shape"),
    ],
)
def test_what_cannot_be_is_one_sentence(changes, words):
    with pytest.raises(ValueError, match=words):
        walker.compute(asked(**changes))


# ---- what it says and draws ------------------------------------------------------------------------------------------


def test_words_names_and_no_markup_of_others():
    html = walker.render(walker.compute(asked(titles=(NASTY, "B", "C", "D"), x=-50)), key=NASTY)
    assert "onerror=alert(1)>" not in html and "</script>" not in html
    (sound,) = re.findall(r"<audio[^>]*>", html)
    assert "controls" in sound and "aria-label=" in sound and "autoplay" not in sound and " loop " in sound
    ((alt),) = re.findall(r'<img alt="([^"]*)"', html)
    (field,) = re.findall(r'<svg[^>]*aria-label="([^"]*)"', html)
    assert len(alt) > 60 and "50 % left of" in field and "upper right: D" in field
    assert 'role="group"' in html and 'cx="-50"' in html


def test_the_summary_follows_the_sliders():
    panel = walking()
    texts = set()
    for x in (-100, 0, 60):
        for y in (-40, 100):
            panel.x.value, panel.y.value = x, y
            assert panel.error is None
            kind, text = said(panel.words.value)
            assert kind == "status" and text == walker.summary(panel.result)
            assert f'cx="{x}"' in panel.drawing.value and f'cy="{-y}"' in panel.drawing.value
            texts.add(text)
    panel.kind.value = "directions"
    assert "From Tone 200" in said(panel.words.value)[1]
    assert len(texts) == 6


def test_sounds_are_encoded_once():
    Codec.asked = 0
    panel = walking()
    for x in range(-100, 101, 20):
        panel.x.value = x
    assert Codec.asked == 4
    panel.sound.take("mine.wav", Sound(tone(300), title="mine.wav"))
    assert Codec.asked == 5 and panel.parameters["titles"][0] == "mine.wav"
    assert len(panel._seen) == 4


def test_shipped_pieces_take_the_corners_that_are_left():
    panel = LatentWalker(codec=Codec())
    assert panel.error is None
    assert panel.parameters["titles"] == ("Scarborough fair", "Bethena", "Black mountain", "Map 26")
    one = LatentWalker([Sound(tone(300), title="Mine")], codec=Codec())
    assert one.parameters["titles"] == ("Mine", "Bethena", "Black mountain", "Map 26")
    with pytest.raises(ValueError, match="four corners"):
        LatentWalker([Sound(tone(300))] * 5, codec=Codec())


@pytest.mark.parametrize("samples", [np.zeros(2000), tone(300, 0.02), np.concatenate([np.zeros(30_000), tone(300, 4)])])
def test_silence_short_and_late_sounds(samples):
    part = walker.excerpt(Sound(samples))
    assert len(part) == round(walker.SECONDS * SAMPLE_RATE)
    assert not samples.any() or np.abs(part[:2000]).max() > 0.2
    assert LatentWalker([Sound(samples)], codec=Codec()).error is None


def test_another_rate_is_one_sentence():
    panel = LatentWalker([Sound(tone(300), sample_rate=16000)], codec=Codec())
    assert isinstance(panel.error, ValueError) and panel.drawing.value == ""
    kind, text = said(panel.words.value)
    assert kind == "alert" and "16000" in text and "22050" in text


def test_without_a_kernel_the_page_still_plays():
    shown = walking()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert shown["text/html"].count("<audio") == 1 and "Here: 25 %" in shown["text/html"]
    assert shown["text/plain"] == "<LatentWalker from Tone 200>"


def test_every_control_has_a_name():
    panel = walking()
    controls = (panel.sound.list, panel.sound.upload.button, panel.kind, panel.x, panel.y)
    assert all(control.description for control in controls)


# ---- in a browser ----------------------------------------------------------------------------------------------------


def test_the_sound_goes_on_from_the_same_place(chromium):
    long = latents(400)
    pages = [walker.render(walker.compute(asked(latents=long, x=x)), key="one") for x in (0, 40)]
    with browser_page(chromium, viewport={"width": 320, "height": 900}) as (page, requests, problems):
        page.set_content("<!doctype html><html lang='en'><body><div id='here'></div></body></html>")
        fill = "html => { document.getElementById('here').innerHTML = html; }"
        page.evaluate(fill, pages[0])
        page.wait_for_timeout(300)
        assert page.evaluate("() => document.querySelector('audio').paused")  # nothing starts by itself
        page.evaluate("() => document.querySelector('audio').play()")
        page.wait_for_function("() => document.querySelector('audio').currentTime > 1")
        page.evaluate(fill, pages[1])
        page.wait_for_function(
            "() => { const a = document.querySelector('audio'); return !a.paused && a.currentTime > 1; }"
        )
        assert page.evaluate("() => document.querySelector('audio').currentTime") < 6
        page.evaluate("() => document.querySelector('audio').pause()")
        page.wait_for_timeout(200)
        page.evaluate(fill, pages[0])
        page.wait_for_timeout(300)
        assert page.evaluate("() => document.querySelector('audio').paused")  # who has paused is left in peace
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert not problems and not [request for request in requests if request.startswith("http")]


IN_LAB = """
import numpy as np
import imgmusic_edu as im
from imgmusic_edu import vocoders
class Codec:
    def encode(self, levels):
        return np.asarray(levels)[:, : levels.shape[1] // 4 * 4].reshape(len(levels), -1, 4, 128).mean(axis=2) / 50
    def decode(self, latent):
        return np.repeat(50 * np.asarray(latent), 4, axis=1).astype(np.float32)
quick = lambda levels: im.Sound(0.2 * np.sin(np.arange(256 * (len(levels) - 1)) / 8))
vocoders.get = lambda name: quick
t = np.arange(3 * 22050) / 22050
sounds = [im.Sound(0.3 * np.sin(2 * np.pi * f * t), title=f"Tone {f}") for f in (220, 440, 880, 1760)]
im.widgets.LatentWalker(sounds, codec=Codec())
"""


def test_the_walk_is_worked_by_keys_in_jupyterlab(chromium, tmp_path):
    notebook(tmp_path / "walk.ipynb", IN_LAB)
    with jupyterlab(tmp_path) as address, browser_page(chromium) as (page, _, problems):
        open_notebook(page, address, "walk.ipynb")
        run_all(page)
        page.get_by_text("25 % Tone 220").wait_for(timeout=60_000)
        page.evaluate("() => document.querySelector('.im-walk audio').play()")
        page.locator(".widget-slider", has_text="Left to right").get_by_role("slider").focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        page.get_by_text("29 % Tone 440").wait_for()
        page.wait_for_function("() => !document.querySelector('.im-walk audio').paused")
        assert not problems
