"""The microscopes without a browser: what they compute, say and draw follows the sliders, up to their ends."""

import asyncio
import base64
import io
import itertools
import re
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgmusic_edu import backbones, datasets
from imgmusic_edu.audio_features.inverses import ROUND_TRIPS
from imgmusic_edu.sounds import Sound
from imgmusic_edu.widgets import LayerBrowser, PictureMicroscope, SpectrogramMicroscope, WhatIsLost, controls, markup
from imgmusic_edu.widgets import layer_browser as browser_module
from imgmusic_edu.widgets import picture_microscope as picture_module
from imgmusic_edu.widgets import spectrogram_microscope as spectrogram_module
from imgmusic_edu.widgets import what_is_lost as lost_module

RATE = 22050
NASTY = """</script><script>alert(1)</script><img src=x onerror=alert(2)> "quoted" & 'too'"""


def tone(frequency, *, seconds=1.0, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def noise(seconds, seed=0):
    return Sound(np.random.default_rng(seed).uniform(-0.9, 0.9, int(seconds * RATE)).astype(np.float32), title="Noise")


def decoded(html, n=0):
    """The n-th image of some HTML, as an array of colours."""
    data = re.findall(r'src="data:image/\w+;base64,([^"]+)"', html)[n]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def words(html):
    """The text of what screen readers announce."""
    ((_, text),) = re.findall(r'role="(status|alert)">(.*?)</div>', html, re.DOTALL)
    return text.replace("&#x27;", "'").replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">")


def accessible(html):
    """Every image has words, every sound a name and controls, and none starts by itself."""
    alts = re.findall(r"<img alt=\"([^\"]*)\"", html)
    assert len(alts) == html.count("<img") and all(len(alt) >= 15 for alt in alts), alts
    sounds = re.findall(r"<audio[^>]*>", html)
    assert all("controls" in sound and "aria-label=" in sound and "autoplay" not in sound for sound in sounds)
    return len(alts), len(sounds)


# ---- what all of them share ------------------------------------------------------------------------------------------


class Doubling(controls.Answering):
    """The smallest panel there can be."""

    def __init__(self, compute=lambda number: 2 * number):
        self.asked = []
        self._compute = lambda number: (self.asked.append(number), compute(number))[1]
        self.number = controls.number_slider("Number", 0, 0, 100)
        self.drawing, self.words = (ipywidgets.HTML() for _ in range(2))
        super().__init__([self.number, self.drawing, self.words])
        self._watch(self.number)

    @property
    def parameters(self):
        return self.number.value

    def _show(self, result):
        self.drawing.value = f"<b>{result}</b>"


def test_without_a_kernel_every_move_is_answered_at_once():
    panel = Doubling()
    for number in (3, 100, 0):
        panel.number.value = number
        assert panel.result == 2 * number and panel.drawing.value == f"<b>{2 * number}</b>"
    assert panel.asked == [3, 100, 0]


def test_many_moves_in_a_kernel_end_in_one_answer_to_the_last():
    async def play():
        panel = Doubling()
        for number in range(1, 21):
            panel.number.value = number
        assert panel.asked == []
        await asyncio.sleep(3 * controls.PAUSE)
        assert panel.asked == [20] and panel.drawing.value == "<b>40</b>"
        panel.number.value = 50
        assert panel.result == 100, "a result asked for does not wait"
        await asyncio.sleep(3 * controls.PAUSE)
        assert panel.asked == [20, 50]

    asyncio.run(play())


@pytest.mark.parametrize("error", [ValueError("Too <large>."), ImportError("Install it."), KeyError("surprise")])
def test_what_goes_wrong_is_told_and_raised(error):
    def fail(number):
        if number > 5:
            raise error
        return number

    panel = Doubling(fail)
    panel.number.value = 1
    panel.number.value = 7
    assert panel.error is error and panel.result is None and panel.drawing.value == ""
    assert 'role="alert"' in panel.words.value
    assert str(error) in words(panel.words.value)
    assert "KeyError" not in panel.words.value or isinstance(error, KeyError)
    with pytest.raises(type(error)):
        panel.update()
    panel.number.value = 2
    assert panel.error is None and panel.drawing.value == "<b>2</b>"


@pytest.mark.parametrize("name", [name for kind in controls.SCORES for name in datasets.scores(kind)])
def test_every_score_on_offer_can_be_heard(name):
    sound = controls.shipped_sound(name)
    assert sound.seconds == pytest.approx(10, abs=0.001) and np.abs(sound.samples).max() > 0.05
    assert sound.title == controls.titled(name)


def test_a_sound_of_ones_own_goes_to_the_head_of_the_list_and_is_cut():
    changes = []
    choice = controls.sound_choice(lambda: changes.append(choice.list.label))
    shipped = choice.list.options
    assert not choice.upload.receive("song.mp3", b"no sound at all")
    assert 'role="alert"' in choice.upload.message.value and choice.list.options == shipped and not changes
    assert choice.upload.receive("<b>.wav", noise(20).encode("wav"))
    assert "first 15" in choice.upload.message.value and "&lt;b&gt;" in choice.upload.message.value
    assert choice.chosen.seconds == 15 and len(choice.list.options) == len(shipped) + 1
    assert choice.upload.receive("short.wav", noise(0.5).encode("wav"))
    assert choice.chosen.seconds == 0.5 and len(choice.list.options) == len(shipped) + 1
    choice.list.value = shipped[-1][1]
    assert choice.chosen is choice.chosen and choice.chosen.title == shipped[-1][0]
    choice.list.value = controls.OWN
    assert choice.chosen.seconds == 0.5
    assert changes == ["<b>.wav", "short.wav", shipped[-1][0], "short.wav"]


def test_a_picture_given_or_uploaded_leads_the_list():
    given = np.full((700, 900, 3), 120, np.uint8)
    changes = []
    choice = controls.picture_choice(lambda: changes.append(choice.list.label), given)
    assert choice.list.label == "Your picture" and max(choice.chosen.shape) == controls.PICTURE_SIDE
    content = io.BytesIO()
    Image.fromarray(given).save(content, "png")
    assert choice.upload.receive("my dog.png", content.getvalue())
    assert choice.list.options[0] == ("my dog.png", controls.OWN) and changes == ["my dog.png"]
    choice.list.value = "eiffel_tower"
    assert choice.chosen is choice.chosen and choice.chosen.shape == (288, 384, 3)


@pytest.mark.parametrize("panel", [SpectrogramMicroscope, PictureMicroscope, WhatIsLost])
def test_every_control_has_a_name_and_core_widgets_are_all_there_is(panel):
    made = panel()
    found, left = [], [made]
    while left:
        box = left.pop()
        left += getattr(box, "children", ())
        found.append(box)
    kinds = {type(box).__module__.partition(".")[0] for box in found}
    assert kinds <= {"ipywidgets", "imgmusic_edu"}
    assert not [box for box in found if type(box).__name__ in ("Tab", "Accordion", "Output")]
    moved = [box for box in found if hasattr(box, "value") and type(box).__name__ not in ("HTML", "IntProgress")]
    assert len(moved) >= 4
    assert all(box.description for box in moved if type(box).__name__ != "Choice")


def test_maps_are_drawn_in_magma_and_small_pictures_exactly():
    from matplotlib import colormaps

    ramp = np.linspace(0, 1, 64)[None, :]
    shown = decoded(f'<img src="{markup.encode_shades(ramp)}">')[0] / 255
    assert np.abs(shown - colormaps["magma"](ramp[0])[:, :3]).max() < 0.02
    picture = np.random.default_rng(0).integers(0, 255, (100, 120, 3)).astype(np.uint8)
    assert np.array_equal(decoded(f'<img src="{markup.encode_picture(picture)}">'), picture)


# ---- the spectrogram microscope --------------------------------------------------------------------------------------

STANDARD = {"n_fft": 1024, "hop_length": 256, "n_mels": 0, "decibels": True, "range": 80}


def seen(samples, **settings):
    return spectrogram_module.compute(STANDARD | {"sound": Sound(samples)} | settings)


@pytest.mark.parametrize("n_fft", spectrogram_module.WINDOWS)
@pytest.mark.parametrize("seconds", [0.01, 2.0])
def test_every_corner_of_the_sliders_is_drawn_and_told(n_fft, seconds):
    sound = noise(seconds)
    corners = itertools.product((32, 4096), (0, 16, 256), ((True, 120), (False, 20)))
    for hop_length, n_mels, (decibels, span) in corners:
        settings = {"n_fft": n_fft, "hop_length": hop_length, "n_mels": n_mels, "decibels": decibels, "range": span}
        result = spectrogram_module.compute(settings | {"sound": sound})
        shades = result["shades"]
        assert shades.max() == 1 and shades.min() >= 0 and shades.shape <= (320, 640)
        assert result["n_drawn"] * result["step"] >= seconds - result["step"]
        html, text = spectrogram_module.render(result), spectrogram_module.summary(result)
        assert accessible(html) == (1, 0) and len(html) < 300_000
        assert f"window of {n_fft} samples" in text and f"by {hop_length} samples" in text
        assert decoded(html).shape[:2] == shades.shape


@given(st.floats(60, 10_500), st.sampled_from(spectrogram_module.WINDOWS), st.sampled_from([0, 24, 80]))
def test_a_tone_is_bright_at_its_frequency(frequency, n_fft, n_mels):
    result = seen(tone(frequency), n_fft=n_fft, n_mels=n_mels)
    apart = max(RATE / n_fft, np.diff(result["frequencies"]).max() if n_mels else 0)
    assert result["loudest"][1] == pytest.approx(frequency, abs=apart)
    rows = result["shades"][::-1].mean(axis=1)  # lowest first
    at = (int(rows.argmax()) + 0.5) / len(rows) * len(result["frequencies"]) - 0.5
    found = np.interp(at, np.arange(len(result["frequencies"])), result["frequencies"])
    assert found == pytest.approx(frequency, abs=1.5 * max(apart, RATE / 2 / len(rows)))


def peaks(samples, n_fft):
    """How many tops the mean power of a sound has, above a tenth of the highest."""
    power = (seen(samples, n_fft=n_fft, hop_length=32, decibels=False)["shades"][::-1] ** 2).mean(axis=1)
    higher = (power[1:-1] > power[:-2]) & (power[1:-1] > power[2:]) & (power[1:-1] > 0.1 * power.max())
    return int(higher.sum())


@pytest.mark.parametrize("n_fft", [256, 512])  # windows whose bins are drawn one by one
def test_tones_part_from_where_the_words_say(n_fft):
    told = float(
        re.search(r"tones apart from ([\d.]+) Hz", spectrogram_module.summary(seen(tone(440), n_fft=n_fft)))[1]
    )
    low = 20 * RATE / n_fft
    for share, n_peaks in ((1.05, 2), (0.7, 1)):
        both = tone(low, amplitude=0.4) + tone(low + share * told, amplitude=0.4)
        assert peaks(both, n_fft) == n_peaks, share


@given(st.floats(0.1, 0.9), st.sampled_from(spectrogram_module.WINDOWS), st.sampled_from([32, 128, 1024]))
def test_no_click_falls_between_the_frames_that_are_drawn(when, n_fft, hop_length):
    samples = np.zeros(RATE, np.float32)
    samples[int(when * RATE)] = 1
    result = seen(samples, n_fft=n_fft, hop_length=min(hop_length, n_fft // 2), range=120)
    assert result["shades"].max() == 1
    assert result["loudest"][0] == pytest.approx(when, abs=max(result["step"], n_fft / RATE / 4))


def test_levels_are_what_they_are_called():
    both = np.concatenate([tone(1000, amplitude=0.8), tone(1000, amplitude=0.4)])
    assert seen(both)["loudest"][0] < 1
    for settings, softer in (({"decibels": False}, 0.5), ({"range": 40}, 1 - 20 * np.log10(2) / 40)):
        shades = seen(both, **settings)["shades"]
        columns = shades.shape[1]
        assert shades[:, columns // 4].max() == pytest.approx(1, abs=0.01)
        assert shades[:, 3 * columns // 4].max() == pytest.approx(softer, abs=0.01)


@pytest.mark.parametrize("n_mels", [0, 80])
def test_the_axes_stand_where_the_sound_is(n_mels):
    samples = tone(2000, seconds=2.0)
    samples[:RATE] = 0
    result = seen(samples, n_mels=n_mels, n_fft=512, hop_length=64)
    html = spectrogram_module.render(result)
    shades = result["shades"]
    row = (int(shades[:, -50].argmax()) + 0.5) / len(shades) * spectrogram_module.HEIGHT
    top = float(re.search(r"top: (\d+)px\">2 kHz", html)[1]) + 8  # the mark's middle
    assert top == pytest.approx(row, abs=4)
    place = float(re.search(r"left: ([\d.]+)%[^>]*>1 s<", html)[1]) / 100
    begins = (shades.max(axis=0) > 0.9).argmax() / shades.shape[1]
    assert place == pytest.approx(begins, abs=0.012)


def test_bands_that_no_bin_falls_into_are_counted():
    import librosa

    edges = librosa.mel_frequencies(n_mels=130, fmin=0, fmax=RATE / 2)
    bins = np.arange(129) * RATE / 256
    empty = sum(not ((bins > low) & (bins < high)).any() for low, high in zip(edges[:-2], edges[2:], strict=True))
    result = seen(tone(440), n_fft=256, n_mels=128)
    assert result["empty"] == empty > 0 and f"{empty} of the bands" in spectrogram_module.summary(result)
    assert "stay empty" not in spectrogram_module.summary(seen(tone(440), n_fft=8192, n_mels=128))


def test_silence_and_hops_beyond_the_window_are_told():
    silent = seen(np.zeros(RATE, np.float32))
    assert np.isfinite(silent["shades"]).all() and silent["shades"].max() == 0
    assert "silent" in spectrogram_module.summary(silent)
    assert "75 % of the samples are seen by no window" in spectrogram_module.summary(
        seen(tone(440), n_fft=256, hop_length=1024)
    )


def test_the_panel_follows_each_of_its_controls():
    panel = SpectrogramMicroscope(Sound(tone(440), title=NASTY))
    assert accessible(panel.player.value) == (0, 1) and "<script" not in panel.player.value + panel.drawing.value
    for control, value in ((panel.n_fft, 256), (panel.hop_length, 32), (panel.n_mels, 16), (panel.range, 20)):
        before = panel.drawing.value
        control.value = value
        assert panel.error is None and panel.drawing.value != before
        assert words(panel.words.value) == spectrogram_module.summary(panel.result)
    assert not panel.range.disabled
    panel.decibels.value = False
    assert panel.range.disabled and "magnitude itself" in panel.drawing.value
    first = panel.player.value
    panel.sound.list.value = "the_entertainer"
    assert panel.error is None and panel.player.value != first and "The entertainer" in panel.drawing.value


# ---- the picture microscope ------------------------------------------------------------------------------------------


def halves():
    """Upright stripes 8 pixels long to the left, plain red to the right."""
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[:, :128] = (128 + 100 * np.sin(2 * np.pi * np.arange(128) / 8))[None, :, None]
    picture[:, 128:] = (255, 0, 0)
    return picture


def boxed(picture, **box):
    return picture_module.compute({"picture": picture, "x": 50, "y": 50, "size": 40} | box)


@pytest.mark.parametrize("shape", [(256, 256), (16, 500), (300, 40), (33, 47)])
def test_every_place_and_size_of_the_box_is_measured(shape):
    picture = np.random.default_rng(0).integers(0, 255, (*shape, 3)).astype(np.uint8)
    whole = picture_module.measure(picture)
    for x, y, size in itertools.product((0, 100), (0, 50, 100), (5, 100)):
        result = boxed(picture, x=x, y=y, size=size, whole=whole)
        x0, y0, x1, y1 = result["box"]
        assert 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1
        rows, columns = (
            slice(round(low * n), round(high * n)) for low, high, n in ((y0, y1, shape[0]), (x0, x1, shape[1]))
        )
        assert np.array_equal(result["region"], picture[rows, columns])
        assert (x0 == 0 or x > 0) and (x1 == 1 or x < 100)
        assert all(np.isfinite(result["here"][line.name]) for line in picture_module.LINES)
        html = picture_module.render(result)
        assert accessible(html) == (2, 0) and len(html) < 400_000
        assert f"left: {100 * x0:.2f}%" in html and "nan" not in html + picture_module.summary(result)


def test_the_numbers_are_those_of_the_box():
    stripes, red = boxed(halves(), x=10), boxed(halves(), x=100)
    # The Lab colour of pure red in sRGB, as any table of colours has it.
    assert red["here"]["mean"] == pytest.approx((53.24, 80.09, 67.20), abs=0.02)
    assert red["here"]["palette"][0] == pytest.approx([53.24, 80.09, 67.20, 1], abs=0.02)
    assert red["here"]["chroma"] == pytest.approx(104.55, abs=0.02) and red["here"]["contrast"] < 0.01
    assert stripes["here"]["chroma"] < 0.1 and stripes["here"]["mean"][1:] == pytest.approx((0, 0), abs=0.1)
    assert stripes["here"]["wave"][:2] == (8, 0) and "8 pixels long" in picture_module.summary(stripes)
    assert "no waves" in picture_module.summary(red) and ">none<" in picture_module.render(red)
    assert "stronger than the whole in colour" in picture_module.summary(red)
    assert "weaker than the whole in colour" in picture_module.summary(stripes)
    assert stripes["whole"]["palette"][:, 3].sum() == pytest.approx(1)


def test_the_box_is_enlarged_pixel_by_pixel():
    picture = np.random.default_rng(1).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    result = boxed(picture, x=0, y=100, size=10)
    assert result["region"].shape == (20, 20, 3)
    assert np.array_equal(decoded(picture_module.render(result), 1), picture[180:, :20])


def test_the_panel_measures_a_whole_picture_once(monkeypatch):
    measured = []
    real = picture_module.measure
    monkeypatch.setattr(
        picture_module, "measure", lambda picture, box=None: (measured.append(box), real(picture, box=box))[1]
    )
    panel = PictureMicroscope(halves())
    for control, value in itertools.product((panel.x, panel.y), (0, 100)):
        control.value = value
        assert panel.error is None and words(panel.words.value) == picture_module.summary(panel.result)
    panel.size.value = 5
    assert measured.count(None) == 1 and len(measured) == 7
    panel.picture.list.value = "eiffel_tower"
    assert measured.count(None) == 2 and panel.result["picture"].shape == (288, 384, 3)


# ---- the layer browser -----------------------------------------------------------------------------------------------


class StandIn:
    """A network of three layers that can be calculated by hand: mean colours on a 4 x 4 grid, their means, and shares.

    Its first layer has a fourth unit, which never answers above 0.
    """

    name, stands_in_for = "stand_in", None
    layers = ("grid", "logits", "predictions")
    classes = ("red <thing>", "green thing", "blue thing")

    def __init__(self):
        self.looked = 0

    def activations(self, inputs, layers):
        self.looked += 1
        grid = np.array([self.grid(picture) for picture in inputs])  # (n, 4, 4, 4)
        logits = grid[..., :3].mean(axis=(1, 2))
        found = {"grid": grid, "logits": logits, "predictions": logits / logits.sum(axis=1, keepdims=True)}
        return {layer: found[layer] for layer in layers}

    def grid(self, picture):
        cells = [[c.mean(axis=(0, 1)) for c in np.array_split(r, 4, axis=1)] for r in np.array_split(picture, 4)]
        return np.concatenate([np.array(cells) / 255, np.full((4, 4, 1), -1.0)], axis=2)


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setattr(
        backbones, "class_activation_map", lambda network, picture, index: network.grid(picture)[..., index]
    )
    return StandIn()


def lamp():
    """Grey, with green light at the lower right and a little blue everywhere."""
    picture = np.full((128, 128, 3), 20, np.uint8)
    picture[96:120, 96:120, 1] = 255
    picture[..., 2] = 60
    return picture


def test_a_unit_is_what_the_network_found(stand_in):
    seen_once = browser_module.look(stand_in, lamp())
    means = stand_in.grid(lamp()).mean(axis=(0, 1))
    for unit in range(4):
        result = browser_module.compute({"seen": seen_once, "layer": "grid", "unit": unit})
        assert np.allclose(result["map"], stand_in.grid(lamp())[..., unit])
        assert result["mean"] == pytest.approx(means[unit])
        assert result["place"] == 1 + sum(means > means[unit])
        assert [k for k, _ in result["strongest"]] == list(np.argsort(-means))
    assert "nowhere above 0" in browser_module.summary(result)
    assert decoded(browser_module.render(result), 1).max() == 4  # magma's darkest
    green = browser_module.compute({"seen": seen_once, "layer": "grid", "unit": 1})
    assert "at the lower right" in browser_module.summary(green)
    for unit in (-1, 4):
        with pytest.raises(ValueError, match="units 0 to 3"):
            browser_module.compute({"seen": seen_once, "layer": "grid", "unit": unit})


def test_the_picture_glows_where_the_unit_answers(stand_in):
    flat = np.full((128, 128, 3), 100, np.uint8)
    shades = np.zeros((4, 4))
    shades[2, 2] = 1.0
    glowing = browser_module.glowing(flat, shades).astype(int).sum(axis=2)
    row, column = np.unravel_index(glowing.argmax(), glowing.shape)
    assert 64 <= row <= 96 and 64 <= column <= 96
    rim = glowing[:4]
    assert np.ptp(rim) == 0 and rim.max() < glowing.max()


def test_classes_come_with_their_maps_or_say_why_not(stand_in, monkeypatch):
    html = browser_module.render_classes(browser_module.look(stand_in, lamp()))
    assert accessible(html) == (3, 0) and "red &lt;thing&gt;" in html and "<thing" not in html
    assert html.index("blue thing") < html.index("green thing")  # the likeliest first

    def refuse(*_):
        raise ValueError("no global average pooling")

    monkeypatch.setattr(backbones, "class_activation_map", refuse)
    html = browser_module.render_classes(browser_module.look(stand_in, lamp()))
    assert accessible(html) == (3, 0) and "no maps" in html and "glowing" not in html


def test_the_network_looks_once_and_the_sliders_choose(stand_in):
    panel = LayerBrowser(lamp(), network=stand_in)
    assert panel.error is None and stand_in.looked == 1
    assert panel.unit.value == panel.result["strongest"][0][0] == 2 and panel.unit.max == 3
    for layer in stand_in.layers:
        panel.layer.value = layer
        for unit in (0, panel.unit.max):
            panel.unit.value = unit
            assert panel.error is None and panel.result["unit"] == unit and panel.result["layer"] == layer
            assert words(panel.words.value) == browser_module.summary(panel.result)
            assert accessible(panel.drawing.value)[0] >= 1
    assert "(blue thing)" in words(panel.words.value) and panel.unit.max == 2
    assert stand_in.looked == 1
    panel.picture.list.value = "eiffel_tower"
    assert stand_in.looked == 2 and panel.result["unit"] == 2, "another picture, the same unit"


def test_pictures_that_excite_a_unit_follow_it_once_they_are_known(stand_in, monkeypatch):
    asked = []

    def top_pictures(network, layer, unit, *, n):
        asked.append((layer, unit))
        return [("eiffel_tower", 2.5), ("chair", 1.25)]

    monkeypatch.setattr(backbones, "top_pictures", top_pictures)
    panel = LayerBrowser(lamp(), network=stand_in)
    panel.unit.value = 1
    assert not asked and not panel.found.value
    panel.button.click()
    assert panel.error is None and asked == [("grid", 1)]
    assert accessible(panel.found.value) == (2, 0) and "Eiffel tower (2.5), Chair (1.25)" in panel.found.value
    panel.unit.value = 3
    assert asked[-1] == ("grid", 3)
    panel.layer.value = "logits"
    assert len(asked) == 2 and panel.found.value == ""


def test_without_tensorflow_there_is_one_sentence(monkeypatch):
    def missing(name, **_):
        raise ImportError('The networks need TensorFlow, which is not installed: pip install "imgmusic_edu[tf]".')

    monkeypatch.setattr(backbones, "load", missing)
    panel = LayerBrowser()
    assert isinstance(panel.error, ImportError) and panel.button.disabled and panel.drawing.value == ""
    assert words(panel.words.value) == str(panel.error)
    with pytest.raises(ImportError):
        panel.update()


def test_a_network_that_stands_in_for_another_says_so(stand_in, monkeypatch):
    def load(name, notice):
        notice(f"The weights of {name} could not be had.")
        return StandIn()

    monkeypatch.setattr(backbones, "load", load)
    panel = LayerBrowser(lamp(), network=stand_in)
    assert panel.note.value == ""
    panel.network.value = "vgg16"
    assert "weights of vgg16" in panel.note.value and panel.error is None
    panel.network.value = "stand_in"
    assert panel.note.value == ""


def test_the_shipped_network_is_browsed_from_its_first_layer_to_its_last(monkeypatch):
    pytest.importorskip("tensorflow")
    panel = LayerBrowser(datasets.picture("cat"))
    assert panel.error is None, panel.words.value
    assert panel.network.value == "efficientnet_lite0" and "cat" in panel.classes.value
    network = panel.result["seen"]["network"]
    monkeypatch.setattr(network, "activations", None)  # from here on nothing is run
    for layer in network.layers:
        panel.layer.value = layer
        panel.unit.value = panel.unit.max
        assert panel.error is None and np.isfinite(panel.result["mean"]), layer
    assert panel.unit.max == 999


# ---- what is lost ----------------------------------------------------------------------------------------------------


def lost(kind, sound=None, **settings):
    standard = {"kind": kind, "n_mels": 80, "n_mfcc": 20, "n_iter": 8, "sound": sound or Sound(tone(440, seconds=0.6))}
    return lost_module.compute(standard | settings)


@pytest.mark.parametrize("kind", lost_module.KINDS)
def test_every_corner_of_the_settings_gives_three_sounds(kind):
    for (n_mels, n_mfcc), n_iter, seconds in itertools.product(((8, 1), (8, 8), (256, 128)), (0, 8), (0.01, 0.3)):
        result = lost(kind, noise(seconds), n_mels=n_mels, n_mfcc=n_mfcc, n_iter=n_iter)
        for name in lost_module.SOUNDS:
            assert len(result[name].samples) == int(seconds * RATE) and np.abs(result[name].samples).max() <= 1
        assert result["kept"] == pytest.approx(lost_module.numbers_kept(result))
    html = lost_module.render(result)
    assert accessible(html) == (3, 3)
    assert f"{result['kept']:.0f} numbers a second" in lost_module.summary(result)


def test_each_representation_loses_more_than_the_one_before():
    assert tuple(lost_module.KINDS) == ROUND_TRIPS
    melody = Sound(np.concatenate([tone(f, seconds=0.3) for f in (262, 330, 392, 523)]))
    results = [lost(kind, melody) for kind in lost_module.KINDS]
    convergences = [result["spectral_convergence"] for result in results]
    assert convergences == sorted(convergences) and convergences[0] < 1e-5
    assert np.abs(results[0]["back"].samples - melody.samples).max() < 1e-5
    loudness = [np.sqrt((result["lost"].samples ** 2).mean()) for result in results]
    assert loudness == sorted(loudness) and loudness[0] < 1e-5


def test_all_three_are_turned_down_alike():
    loud = Sound(np.sign(tone(220, seconds=0.6)) * np.float32(0.999))
    result = lost("mfcc", loud)
    assert result["turned_down"] > 0.1
    ratio = np.abs(result["original"].samples).max() / 0.999
    assert 20 * np.log10(ratio) == pytest.approx(-result["turned_down"], abs=0.01)
    assert "turned down" in lost_module.summary(result)
    assert "turned down" not in lost_module.summary(lost("stft", Sound(tone(440))))


def test_settings_are_told_before_anything_is_computed():
    panel = WhatIsLost(Sound(tone(440, seconds=0.5)))
    used = {"stft": 0, "magnitude": 1, "mel": 2, "mfcc": 3}
    for kind, n_used in used.items():
        panel.kind.value = kind
        sliders = (panel.n_iter, panel.n_mels, panel.n_mfcc)
        assert [not slider.disabled for slider in sliders] == [True] * n_used + [False] * (3 - n_used)
        assert words(panel.words.value) == lost_module.plan(panel.parameters) and panel.result is None
    for n_mfcc, numbers in ((1, "86 numbers"), (64, "5512 numbers")):
        panel.n_mfcc.value = n_mfcc
        assert numbers in panel.words.value


def test_the_button_shows_progress_and_then_the_sounds(monkeypatch):
    panel = WhatIsLost(Sound(tone(440, seconds=0.5)))
    real, during = lost_module.compute, SimpleNamespace()

    def compute(parameters):
        during.state = panel.button.disabled, panel.progress.layout.display, words(panel.words.value)
        return real(parameters)

    monkeypatch.setattr(lost_module, "compute", compute)
    panel.button.click()
    assert panel.error is None
    assert during.state[:2] == (True, "") and during.state[2].startswith("There and back")
    assert not panel.button.disabled and panel.progress.layout.display == "none"
    assert panel.progress.value == len(lost_module.SOUNDS)
    assert accessible(panel.drawing.value) == (3, 3)
    assert words(panel.words.value) == lost_module.summary(panel.result)
    panel.n_mels.value = 40
    assert panel.drawing.value == "" and panel.result is None, "what could still be heard would be something else"


def test_a_move_that_still_waits_does_not_undo_what_is_heard():
    async def play():
        panel = WhatIsLost(Sound(tone(440, seconds=0.5)))
        panel.kind.value = "stft"
        panel.hear()
        await asyncio.sleep(3 * controls.PAUSE)
        assert panel.result["kind"] == "stft" and accessible(panel.drawing.value) == (3, 3)

    asyncio.run(play())


def test_settings_that_do_not_go_together_are_told():
    panel = WhatIsLost(Sound(tone(440, seconds=0.5)))
    panel.kind.value, panel.n_mels.value, panel.n_mfcc.value = "mfcc", 16, 20
    panel.button.click()
    assert isinstance(panel.error, ValueError) and 'role="alert"' in panel.words.value
    assert not panel.button.disabled and panel.progress.layout.display == "none"
    with pytest.raises(ValueError, match="16"):
        panel.hear()
