"""The vocoder switch: what it computes, says and draws; and, in a real browser, that switching keeps the place."""

import base64
import io
import json
import re
from html import unescape

import numpy as np
import pytest
from browser import browser_page, jupyterlab, notebook, open_notebook, run_all
from PIL import Image

from imgmusic_edu import vocoders
from imgmusic_edu.sounds import SAMPLE_RATE, Sound
from imgmusic_edu.widgets import VocoderSwitch
from imgmusic_edu.widgets import vocoder_switch as switch_module

QUICK = ("griffin_lim", "pghi")
NASTY = """</script><img src=x onerror=alert(1)> "quoted" & 'too'"""


def chord(seconds=1.5, amplitude=0.2):
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (amplitude * sum(np.sin(2 * np.pi * f * t) * np.exp(-2 * t) for f in (262, 330, 392))).astype(np.float32)


class Copycat:
    """A vocoder that gives back what it is told to."""

    def __init__(self, samples):
        self.samples = samples

    def __call__(self, log_mel):
        return Sound(self.samples[: 256 * (len(log_mel) - 1)])


@pytest.fixture
def few(monkeypatch):
    """Only quick vocoders, so that the whole panel takes no time."""
    monkeypatch.setattr(vocoders, "NAMES", QUICK)


def computed(own=None, sound=None):
    return switch_module.compute({"sound": sound or Sound(chord(), title="A chord"), "own": own or {}})


def said(html):
    """The text of what screen readers announce."""
    ((kind, text),) = re.findall(r'role="(status|alert)">(.*?)</div>', html, re.DOTALL)
    return kind, unescape(text)


# ---- what it computes ------------------------------------------------------------------------------------------------


def test_the_measures_are_those_of_the_copy(few):
    samples = chord()
    result = computed({"the same": Copycat(samples), "half": Copycat(0.5 * samples), "nothing": Copycat(0 * samples)})
    copies = {copy["title"]: copy for copy in result["copies"]}
    assert list(copies) == [
        "A chord",
        "Griffin-Lim, 32 rounds",
        "Heap integration (PGHI)",
        "the same",
        "half",
        "nothing",
    ]
    assert copies["the same"]["sc"] < 1e-3 and copies["the same"]["lsd"] < 0.5
    assert copies["half"]["sc"] == pytest.approx(0.5, abs=1e-3)
    assert copies["nothing"]["sc"] == pytest.approx(1, abs=1e-3)
    assert 0 < copies["half"]["mel"] < 6.1 and copies["half"]["difference"].min() == pytest.approx(-6.02, abs=0.1)
    assert (copies["nothing"]["difference"] <= 0).all()
    lengths = {len(copy["sound"].samples) for copy in result["copies"]}
    assert lengths == {len(samples) + -len(samples) % 256}
    assert np.isnan(copies["A chord"]["rtf"]) and all(copies[name]["rtf"] > 0 for name in list(copies)[1:3])


def test_every_vocoder_that_is_there_is_heard_and_the_others_are_told():
    result = computed()
    titles = [copy["title"] for copy in result["copies"]]
    assert len(titles) + len(result["left_out"]) == 1 + len(vocoders.NAMES)
    assert switch_module.TITLES["neural"] in titles
    assert all(sentence in switch_module.summary(result) for sentence in result["left_out"])


@pytest.mark.parametrize("seconds", [0.01, 0.3])
def test_short_sounds_and_silence_are_drawn(few, seconds):
    for samples in (chord(seconds), 0 * chord(seconds)):
        html = switch_module.render(computed(sound=Sound(samples)))
        assert html.count("<audio") == 3 and html.count("<img") == 2
        assert "nan" not in html.lower().replace("quot", "").split("data:")[0]


def test_another_rate_is_one_sentence(few):
    panel = VocoderSwitch(Sound(chord(), sample_rate=16000))
    assert isinstance(panel.error, ValueError) and panel.result is None and panel.drawing.value == ""
    kind, text = said(panel.words.value)
    assert kind == "alert" and "16000" in text and "22050" in text
    with pytest.raises(ValueError, match="22050"):
        panel.hear()


# ---- what it says and draws ------------------------------------------------------------------------------------------


def test_names_words_and_no_markup_of_others(few):
    html = switch_module.render(computed({NASTY: Copycat(chord())}))
    assert "onerror=alert(1)>" not in html and "</script>" not in html
    sounds = re.findall(r"<audio[^>]*>", html)
    assert all("controls" in sound and "aria-label=" in sound and "autoplay" not in sound for sound in sounds)
    alts = re.findall(r'<img alt="([^"]*)"', html)
    assert len(alts) == html.count("<img") == 3 and all(len(alt) > 60 for alt in alts)
    assert html.count('<button type="button" aria-pressed=') == len(sounds) == 4
    assert "<legend>" in html and 'scope="row"' in html
    (words,) = re.findall(r'data-words="([^"]*)"', html)
    assert len(json.loads(unescape(words))) == 4


def test_the_difference_is_blue_where_too_soft_and_orange_where_too_loud():
    ramp = np.tile(np.linspace(-30, 30, 128), (10, 1))  # (frames, bands): low bands too soft, high ones too loud
    address = switch_module._encoded(ramp)
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB")).astype(int)
    assert drawn.shape == (128, 10, 3)
    top, middle, bottom = drawn[0, 0], drawn[64, 0], drawn[-1, 0]  # the highest band is drawn first
    assert top[0] > top[2] + 80 and bottom[2] > bottom[0] + 80 and middle.min() > 225
    assert switch_module._encoded(np.zeros((5000, 128))).startswith("data:image/png")


def test_the_summary_names_the_nearest_and_the_quickest(few):
    result = computed({"mine": Copycat(chord())})
    text = switch_module.summary(result)
    assert "Nearest in spectral convergence is mine (0.000)" in text and "least work has mine" in text
    described = switch_module.described(result["copies"][-1])
    assert "as loud as the original" in described and "the original." in switch_module.described(result["copies"][0])


# ---- the panel -------------------------------------------------------------------------------------------------------


def test_the_panel_waits_for_its_button_and_forgets_with_another_sound(few):
    panel = VocoderSwitch()
    assert panel.result is None and "press the button" in said(panel.words.value)[1]
    panel.sound.take("chord.wav", Sound(chord(0.5), title="chord.wav"))
    panel.button.click()
    assert panel.error is None and not panel.button.disabled and panel.progress.layout.display == "none"
    assert said(panel.words.value)[1] == switch_module.summary(panel.result)
    assert panel.progress.value == len(QUICK)
    assert panel.drawing.value.count("<audio") == 3
    panel.sound.list.value = panel.sound.list.options[1][1]
    assert panel.result is None and panel.drawing.value == ""


def test_what_fails_in_a_vocoder_is_told(few):
    def broken(log_mel):
        raise ValueError("This vocoder is <broken>.")

    panel = VocoderSwitch(Sound(chord(0.3)), own={"broken": broken})
    assert said(panel.words.value) == ("alert", "This vocoder is <broken>.") and not panel.button.disabled


def test_without_a_kernel_the_page_still_holds_what_was_rendered(few):
    panel = VocoderSwitch(Sound(chord(0.5), title="A chord"))
    shown = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert shown["text/html"].count("<audio") == 3 and "Nearest in" in shown["text/html"]
    assert shown["text/plain"] == "<VocoderSwitch of A chord>"


def test_every_control_has_a_name(few):
    panel = VocoderSwitch()
    assert panel.sound.list.description and panel.sound.upload.button.description and panel.button.description


PLACE = "() => [...document.querySelectorAll('audio')].map((a) => [a.paused, a.currentTime, a.parentElement.hidden])"


@pytest.mark.parametrize("dead_scripts", [False, True], ids=["page", "innerHTML"])
def test_switching_while_it_plays_keeps_the_place(few, chromium, dead_scripts):
    panel = VocoderSwitch(Sound(chord(6.0), title="A chord"))
    with browser_page(chromium, viewport={"width": 320, "height": 900}) as (page, requests, problems):
        if dead_scripts:  # as ipywidgets.HTML puts it in
            page.set_content("<!doctype html><html lang='en'><body><div id='here'></div></body></html>")
            page.evaluate("html => { document.getElementById('here').innerHTML = html; }", panel.drawing.value)
        else:
            page.set_content(f"<!doctype html><html lang='en'><body>{panel.drawing.value}</body></html>")
        first = page.get_by_role("button", name="A chord")
        first.wait_for()
        page.evaluate("() => document.querySelector('audio').play()")
        page.wait_for_function("() => document.querySelector('audio').currentTime > 0.6")
        first.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.wait_for_function(
            "() => { const a = document.querySelectorAll('audio')[1]; return !a.paused && a.currentTime > 0.6; }"
        )
        states = page.evaluate(PLACE)
        assert [paused for paused, *_ in states] == [True, False, True]
        assert [hidden for *_, hidden in states] == [True, False, True]
        assert abs(states[1][1] - states[0][1]) < 1.5
        assert "Griffin-Lim" in page.get_by_role("status").inner_text()
        pressed = page.get_by_role("button").evaluate_all("bs => bs.map((b) => b.getAttribute('aria-pressed'))")
        assert pressed == ["false", "true", "false"]
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert not problems and not [request for request in requests if request.startswith("http")]


IN_LAB = """
import numpy as np
import imgmusic_edu as im
from imgmusic_edu import vocoders
vocoders.NAMES = ("griffin_lim", "pghi")
t = np.arange(4 * 22050) / 22050
im.widgets.VocoderSwitch(im.Sound(0.3 * np.sin(2 * np.pi * 330 * t), title="A tone"))
"""


def test_the_switch_is_worked_by_keys_in_jupyterlab(chromium, tmp_path):
    notebook(tmp_path / "switch.ipynb", IN_LAB)
    with jupyterlab(tmp_path) as address, browser_page(chromium) as (page, _, problems):
        open_notebook(page, address, "switch.ipynb")
        run_all(page)
        page.get_by_role("button", name="Heap integration").wait_for(timeout=60_000)
        page.evaluate("() => document.querySelector('.im-switch audio').play()")
        page.wait_for_function("() => document.querySelector('.im-switch audio').currentTime > 0.4")
        page.get_by_role("button", name="Griffin-Lim").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("Heap integration (PGHI): spectral convergence").wait_for()
        page.wait_for_function("() => document.querySelectorAll('.im-switch audio')[2].currentTime > 0.4")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        page.get_by_text("rounds: spectral convergence").wait_for()
        assert page.locator(".im-switch").get_by_role("alert").count() == 0
        assert not problems
