"""The widgets without a browser: what they compute and write, and that nothing a person hands over breaks them."""

import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from browser import ROOT, stand_in_piece
from hypothesis import given
from hypothesis import strategies as st
from odd_files import make_odd_files
from PIL import Image

from imgmusic_edu.sounds import Sound
from imgmusic_edu.widgets import PicturePanel, PictureUpload, Player, player_html, uploaded_files
from imgmusic_edu.widgets import panel as panel_module
from imgmusic_edu.widgets.page import skeleton
from imgmusic_edu.widgets.payload import (
    FLOOR,
    SHADES,
    compact_notes,
    describe_spectrogram,
    encode_picture,
    encode_spectrogram,
    player_payload,
    spectrogram,
)

FOLDER = Path(panel_module.__file__).parent
SCRIPT = (FOLDER / "player.js").read_text(encoding="utf-8")
HEAD = (FOLDER / "playhead.js").read_text(encoding="utf-8")
NASTY = """</script><script>alert(1)</script><img src=x onerror=alert(2)> "quoted" 'too' $x$ & <!-- \u2028"""


class Elements(HTMLParser):
    """The tags of a text, as a browser would see them: `found` is a list of (tag, attributes)."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def named(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def tone(frequency, *, seconds=2.0, rate=22050):
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def luminance(colour):
    """Relative luminance of "#rrggbb" (WCAG 2.2)."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def piece():
    return stand_in_piece()


@pytest.fixture(scope="module")
def page(piece):
    return player_html(piece)


# ---- what is computed ------------------------------------------------------------------------------------------------


@given(st.floats(80, 8000))
def test_the_spectrogram_shows_a_tone_at_its_frequency(frequency):
    levels, frequencies = spectrogram(tone(frequency), 22050)
    loudest = frequencies[levels[:, levels.shape[1] // 2].argmax()]
    row = frequencies[0] / frequencies[1]
    bin_width = 22050 / 4096  # Hz: low down, rows are narrower than the bins they show
    assert max(loudest / frequency, frequency / loudest) < row * (1 + bin_width / frequency)
    assert levels.max() == 0 and levels.min() >= FLOOR


@pytest.mark.parametrize("samples", [np.zeros(4000, np.float32), np.array([0.5], np.float32), tone(300, seconds=0.01)])
def test_the_spectrogram_takes_silence_and_clicks(samples):
    levels, frequencies = spectrogram(samples, 22050)
    assert np.isfinite(levels).all() and levels.shape == (len(frequencies), 560)
    assert describe_spectrogram(levels, frequencies, 0.1)


def test_the_spectrogram_says_what_the_sound_does():
    def told(samples):
        return describe_spectrogram(*spectrogram(samples, 22050), len(samples) / 22050)

    assert "near A4" in told(tone(440)) and "stays nearly level" in told(tone(440))
    steps = [tone(f) for f in (200, 400, 800, 1600)]
    assert "rises" in told(np.concatenate(steps)) and "falls" in told(np.concatenate(steps[::-1]))
    assert told(np.zeros(22050, np.float32)).endswith("It is silent.")


def test_the_colours_of_the_spectrogram_are_magma():
    from matplotlib import colormaps

    ramp = np.linspace(FLOOR, 0, SHADES)[None, :]
    shown = np.asarray(Image.open(io.BytesIO(encode_spectrogram(ramp))).convert("RGB"))[0] / 255
    assert np.abs(shown - colormaps["magma"](np.linspace(0, 1, SHADES))[:, :3]).max() < 0.02


def test_pictures_are_made_small_and_keep_their_shape():
    noise = np.random.default_rng(0).integers(0, 255, (900, 1350, 3)).astype(np.uint8)
    content, kind = encode_picture(noise)
    assert Image.open(io.BytesIO(content)).size == (640, 427) and kind == "image/jpeg"
    flat = np.zeros((100, 100, 3), np.uint8)
    flat[:, 50:] = (255, 0, 0)
    content, kind = encode_picture(flat)
    assert kind == "image/png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content)).convert("RGB")), flat)


def test_twenty_seconds_stay_under_600_kilobytes():
    rng = np.random.default_rng(1)
    noisy = stand_in_piece(seconds=20)
    noisy.picture = rng.integers(0, 255, (640, 640, 3)).astype(np.uint8)  # nothing compresses worse
    noisy.sound = Sound(rng.uniform(-0.9, 0.9, 20 * 22050).astype(np.float32))
    payload = player_payload(noisy)
    assert sum(len(payload[name]) for name in ("picture", "spectrogram", "sound")) < 600_000
    assert len(json.dumps(payload["data"])) < 20_000


def test_notes_keep_time_pitch_part_and_cause(piece):
    compact = compact_notes(piece)
    assert [part["name"] for part in compact["parts"]] == ["melody", "strings", "bass", "drums"]
    assert [part["drum"] for part in compact["parts"]] == [False, False, False, True]
    rows = compact["notes"]
    assert rows == sorted(rows, key=lambda row: (row[0], row[3], row[2]))
    assert len(rows) == len(piece.explanation["notes"])
    first = next(row for row in rows if row[3] == 0)
    cause = piece.explanation["notes"][0]
    assert first[4:8] == [round(edge, 3) for edge in cause["region"]]
    assert compact["features"][first[8]]["words"] == "height of what stands out"
    assert compact["rules"][first[10]] == "R5" and first[9] == cause["value"]
    drum = next(row for row in rows if row[3] == 3)
    assert drum[4:] == [None] * 7


def test_notes_come_from_the_score_where_there_is_no_explanation():
    from imgmusic_edu.scores import Cause, Note, Part, Score

    cause = Cause((0.1, 0.2, 0.3, 0.4), "skyline", 0.7, "R5")
    score = Score(
        notes=(Note(0, 1, 60, 80, "tune", cause), Note(2, 1, 38, 80, "kit")),
        parts=(Part("tune", 0), Part("kit", 0, is_drum=True)),
        tempo=120,
        beats_per_bar=4,
        tonic=0,
        mode="major",
        seconds=4,
    )
    compact = compact_notes(SimpleNamespace(score=score))
    assert compact["notes"] == [[0, 0.5, 60, 0, 0.1, 0.2, 0.3, 0.4, 0, 0.7, 0], [1, 0.5, 38, 1] + [None] * 7]
    assert compact["parts"][1] == {"name": "kit", "drum": True}


def test_a_value_that_is_no_number_is_left_out():
    odd = stand_in_piece()
    odd.explanation["notes"][0]["value"] = float("nan")
    assert "NaN" not in player_html(odd)


# ---- what is written -------------------------------------------------------------------------------------------------


def test_what_people_write_is_escaped():
    nasty = stand_in_piece(title=NASTY)
    for note in nasty.explanation["notes"]:
        note["part"] = NASTY
        note["feature"] = note["rule"] = NASTY
    text = player_html(nasty)
    seen = Elements(text)
    assert len(seen.named("script")) == 1 and len(seen.named("img")) == 2 and len(seen.named("audio")) == 1
    assert not [name for _, attributes in seen.found for name in attributes if name.startswith("on")]
    root = seen.named("div")[0]
    assert NASTY in root["aria-label"]
    data = json.loads(root["data-im"])
    assert {part["name"] for part in data["parts"]} == {NASTY} and data["rules"] == [NASTY]


def test_the_script_can_stand_in_a_page():
    for script in (SCRIPT, HEAD):
        assert "</script" not in script.lower() and "<!--" not in script
    assert SCRIPT.count("export default") == 1 and "import " not in re.sub(r"//.*", "", SCRIPT)
    assert len(SCRIPT.splitlines()) < 300


def test_the_page_asks_nobody_for_anything(page):
    addresses = set(re.findall(r"[a-z]+://[^\s\"'<)]+", re.sub(r"base64,[\w+/=]+", "", page)))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of SVG, which no browser fetches
    for tag, attributes in Elements(page).found:
        for name in ("src", "href", "srcset", "poster"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, name)


def test_the_page_works_for_those_who_do_not_see_or_point(page, piece):
    seen = Elements(page)
    root = seen.named("div")[0]
    assert root["role"] == "group" and root["tabindex"] == "0" and "A stand-in" in root["aria-label"]
    assert root["aria-keyshortcuts"].split() == ["Space", "ArrowLeft", "ArrowRight", "Home", "End", "N", "Shift+N"]
    for key in ('" "', "ArrowLeft", "ArrowRight", "Home", "End", "n"):
        assert re.search(rf"^    {key}: \(", SCRIPT, re.MULTILINE), f"no key {key}"
    assert all(len(image["alt"]) > 40 for image in seen.named("img"))
    (sound,) = seen.named("audio")
    assert "controls" in sound and "autoplay" not in sound and sound["aria-label"]
    assert "54 in all" in page and "melody 24 from A3 to E5" in page
    assert "prefers-reduced-motion" in SCRIPT and 'aria-live=\\"polite\\"' in page.replace("&quot;", '"')


def test_the_parts_stand_out_from_their_panel():
    background = re.search(r"\.im-panel \{[^}]*background: (#\w{6})", (FOLDER / "player.css").read_text())[1]
    colours = re.findall(r'"(#\w{6})"', SCRIPT)
    assert len(colours) == 6
    for colour in [*colours, "#ffffff"]:
        assert contrast(colour, background) >= 4.5, colour


def test_a_piece_without_notes_is_still_a_player():
    plain = SimpleNamespace(picture=np.zeros((20, 30, 3), np.uint8), sound=Sound(tone(440)))
    text = player_html(plain)
    (roll,) = [attributes for tag, attributes in Elements(text).found if attributes.get("role") == "img"]
    assert "hidden" in roll
    assert json.loads(Elements(text).named("div")[0]["data-im"])["notes"] == []


def test_the_same_piece_gives_the_same_page(page):
    assert player_html(stand_in_piece()) == page


def test_the_page_needs_no_widget_library():
    code = (
        "import sys; from browser import stand_in_piece; from imgmusic_edu.widgets import player_html;"
        "assert player_html(stand_in_piece()); print({'ipywidgets', 'anywidget', 'IPython', 'matplotlib', 'librosa',"
        " 'scipy', 'skimage', 'tensorflow'} & set(sys.modules))"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}
    )
    assert done.stdout.strip() == "set()", done.stdout + done.stderr


# ---- the live player -------------------------------------------------------------------------------------------------


@pytest.fixture
def live(piece):
    player = Player(piece)
    player.sent = []
    player.send = lambda content, buffers=None: player.sent.append((content, buffers))
    yield player
    player.close()


def test_an_output_holds_the_sound_once_and_no_widget_view(live):
    bundle = live._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/html"].count("base64,") == 3
    assert live.key in bundle["text/html"]
    assert bundle["text/plain"] == "<Player of A stand-in, 6.0 s>"


def test_ipython_shows_the_page_under_ipywidgets_7_and_8(live):
    from IPython.core.formatters import DisplayFormatter, IPythonDisplayFormatter

    assert IPythonDisplayFormatter()(live) is None or not IPythonDisplayFormatter()(live)
    bundle, _ = DisplayFormatter().format(live)
    assert "text/html" in bundle and "application/vnd.jupyter.widget-view+json" not in bundle


def test_the_state_that_notebooks_may_save_is_small(live):
    state = live.get_state()
    assert not [name for name, value in state.items() if isinstance(value, bytes | memoryview)]
    assert len(json.dumps(state)) < 20_000


def test_a_view_gets_its_elements_and_bytes(live):
    live._handle_custom_msg({"want": "player", "token": "t1"}, [])
    ((content, buffers),) = live.sent
    assert content["token"] == "t1" and content["types"][2] == "audio/mpeg"
    assert [len(b) for b in buffers] == [len(live.payload[name]) for name in ("picture", "spectrogram", "sound")]
    assert "base64" not in content["html"] and content["html"] == skeleton(live.payload, key=live.key, inside=False)
    live._handle_custom_msg({"want": "something else"}, [])
    assert len(live.sent) == 1


def test_python_moves_the_player_and_hears_from_it(live):
    live.seek(3)
    live.play()
    live.pause()
    assert [content for content, _ in live.sent] == [{"do": "seek", "time": 3.0}, {"do": "play"}, {"do": "pause"}]
    heard = []
    live.observe(lambda change: heard.append(change.new), "time")
    live.set_state({"time": 1.25, "playing": True})
    assert heard == [1.25] and live.playing


# ---- upload ----------------------------------------------------------------------------------------------------------


def picture_file():
    buffer = io.BytesIO()
    Image.fromarray(stand_in_piece().picture).save(buffer, "png")
    return buffer.getvalue()


def test_an_upload_is_read_from_both_versions_of_ipywidgets():
    in_seven = {"a.png": {"metadata": {"name": "a.png"}, "content": b"one"}}
    in_eight = ({"name": "a.png", "type": "image/png", "size": 3, "content": memoryview(b"one")},)
    assert uploaded_files(in_seven) == uploaded_files(in_eight) == [("a.png", b"one")]
    assert uploaded_files({}) == uploaded_files(()) == []


def test_an_upload_gives_the_picture():
    got = []
    upload = PictureUpload(lambda name, picture: got.append((name, picture.shape)))
    assert upload.receive("a<b>.png", picture_file())
    assert got == [("a<b>.png", (200, 300, 3))] and upload.picture.shape == (200, 300, 3)
    assert "a&lt;b&gt;.png: 300 by 200 pixels." in upload.message.value


def test_odd_files_give_a_picture_or_one_sentence(tmp_path):
    upload = PictureUpload()
    read = 0
    for odd in make_odd_files(tmp_path):
        if not odd.path.is_file():  # a folder, a pipe: no browser would upload one
            continue
        taken = upload.receive(odd.path.name, odd.path.read_bytes())
        assert taken == (odd.expect == "music"), f"{odd.path.name}: {upload.message.value}"
        message = re.sub(r"<[^>]+>", "", upload.message.value)
        assert message.endswith(".") and "\n" not in message and "Traceback" not in message
        assert ('role="alert"' in upload.message.value) == (not taken)
        read += 1
    assert read > 50
    assert upload.picture is not None  # what was read last is still there


# ---- panel -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked():
    return []


@pytest.fixture
def panel(asked):
    def compose(picture, **settings):
        asked.append((np.asarray(picture).shape, settings))
        return stand_in_piece(seconds=1.5, title=settings["title"])

    made = PicturePanel(compose=compose)
    yield made
    made.close()


def options(control):
    return [value for _, value in control.options]


def test_the_panel_offers_every_shipped_picture_by_name(panel):
    from imgmusic_edu import datasets

    assert options(panel.picture) == [*datasets.paintings(), *datasets.photographs()]
    assert "Eiffel tower (photograph)" in [label for label, _ in panel.picture.options]


def test_every_setting_reaches_the_composer_and_the_summary(panel, asked):
    panel.hear()
    shape, settings = asked[-1]
    assert len(shape) == 3
    assert settings["tempo"] is settings["key"] is settings["mode"] is None and settings["seed"] == 0
    assert "tempo, key and mode as the picture asks" in panel.summary.value
    for name in ("tempo", "key", "mode"):
        control = getattr(panel, name)
        for value in options(control)[1:]:
            control.value = value
            panel_module.compute(panel.parameters, compose=panel._compose)
            assert asked[-1][1][name] == value
            assert str(value) in panel.summary.value
    for seconds, seed in ((8, 1), (60, 999_999)):
        panel.seconds.value, panel.seed.value = seconds, seed
        panel_module.compute(panel.parameters, compose=panel._compose)
        assert (asked[-1][1]["seconds"], asked[-1][1]["seed"]) == (seconds, seed)
        assert f"{seconds} s of music" in panel.summary.value and f"seed {seed}." in panel.summary.value


def test_the_button_shows_player_sentences_and_files(panel):
    panel.button.click()
    assert panel.error is None and "Ready" in panel.status.value and not panel.button.disabled
    player, why = panel.output.children[0].children
    assert isinstance(player, Player)
    for sentence in panel.result["sentences"]:
        assert sentence in why.value
    links = Elements(why.value).named("a")
    assert [link["download"].rpartition(".")[2] for link in links] == ["wav", "mid", "json"]
    assert all(link["href"].startswith("data:") for link in links)
    panel.button.click()
    assert len(panel.output.children) == 1 and panel.output.children[0].children[0] is not player


def test_a_picture_of_ones_own_goes_to_the_head_of_the_list(panel, asked):
    assert panel.upload.receive("my dog.png", picture_file())
    assert panel.picture.options[0][0] == "my dog.png" and "my dog.png" in panel.summary.value
    panel.hear()
    assert asked[-1][0] == (200, 300, 3) and asked[-1][1]["title"] == "my dog.png"
    assert list(panel.result["files"]) == ["my_dog.wav", "my_dog.mid", "my_dog.json"]
    panel.picture.value = panel.picture.options[1][1]
    panel.hear()
    assert asked[-1][1]["title"] != "my dog.png"


def test_the_panel_starts_with_the_picture_it_is_given():
    from imgmusic_edu.pictures import PictureError

    made = PicturePanel(stand_in_piece().picture, compose=lambda picture, **_: stand_in_piece(seconds=1))
    assert made.parameters["title"] == "Your picture" and made.parameters["picture"].shape == (200, 300, 3)
    with pytest.raises(PictureError):
        PicturePanel(b"no picture at all")


@pytest.mark.parametrize("error", [ValueError("The tempo must be slower <5>."), KeyError("surprise")])
def test_what_goes_wrong_is_told_and_raised(panel, error):
    def fail(picture, **_):
        raise error

    panel._compose = fail
    with pytest.raises(type(error)):
        panel.hear()
    panel.button.click()
    assert panel.error is error and not panel.button.disabled
    assert 'role="alert"' in panel.status.value
    told = "slower &lt;5&gt;" if isinstance(error, ValueError) else "surprise"
    assert told in panel.status.value


def test_every_control_has_a_name(panel):
    controls = [panel.picture, panel.seconds, panel.seed, panel.tempo, panel.key, panel.mode]
    for control in [*controls, panel.button, panel.upload.button]:
        assert control.description
