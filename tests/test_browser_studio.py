"""The studio where people meet it: in JupyterLab in a real browser, by mouse, by keyboard alone, and for axe."""

import io
import json
import re
import shutil
import subprocess

import music21
import pretty_midi
import pytest
import soundfile
from browser import DECODE, browser_page, jupyterlab, notebook, open_notebook, run_all
from odd_files import sample_picture
from PIL import Image

from benchmarks.studio import WATCH, slider_to_sound
from imgmusic_edu.roads import ROADS
from imgmusic_edu.studio import video
from imgmusic_edu.widgets.knobs import ROAD_NAMES

STUDIO = """
from imgmusic_edu.studio import Settings
from imgmusic_edu.widgets import studio_panel
panel = studio_panel(settings=Settings(seconds=8.0))
panel
"""
# A camera for a machine that has none: a canvas whose pictures move.
CAMERA = """() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [160, 120];
    const draw = () => {
        const pen = canvas.getContext('2d');
        pen.fillStyle = `hsl(${performance.now() / 20 % 360} 80% 50%)`;
        pen.fillRect(0, 0, 160, 120);
        requestAnimationFrame(draw);
    };
    draw();
    navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(10);
}"""
# A file that is pasted into a studio or dropped on it: a small picture, or the content given.
SEND = """async (stage, [kind, type, name, content]) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [64, 48];
    canvas.getContext('2d').fillRect(10, 10, 20, 20);
    const bytes = content || await new Promise((done) => canvas.toBlob(done, 'image/png'));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type }));
    stage.querySelector('.im-open').focus();
    const event = kind === 'paste' ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true })
        : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
    (kind === 'paste' ? document.activeElement : stage).dispatchEvent(event);
}"""
VIEW = {"width": 1360, "height": 1500}


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """A page with a studio in it, and the folder that it runs in."""
    folder = tmp_path_factory.mktemp("studio")
    Image.fromarray(sample_picture(320, 240)).save(folder / "photo.png")
    notebook(folder / "studio.ipynb", STUDIO)
    with jupyterlab(folder) as address, browser_page(chromium, viewport=VIEW, accept_downloads=True) as opened:
        page, requests, problems = opened
        page.set_default_timeout(120_000)
        open_notebook(page, address, "studio.ipynb")
        run_all(page)
        page.evaluate(WATCH)
        page.locator(".im-stage .im-player").wait_for()
        yield page, folder
        assert not problems
        own = (address, address.replace("http", "ws"), "data:", "blob:")
        assert not [request for request in requests if not request.startswith(own)]


PLAYER = ".im-stage .im-player:not([hidden])"  # the next one waits beside it until it can be played


def words(page):
    return page.locator(".im-right [role=status]").first.inner_text()


def said(page, text):
    page.locator(".im-said", has_text=re.compile(text)).wait_for()


def until(page, text):
    page.locator(".im-right [role=status]", has_text=re.compile(text)).first.wait_for()


def source(page):
    return page.locator(".im-stage .im-player audio").first.get_attribute("src")


def replaced(page, before):
    """Until another sound than `before` is on the stage, and nothing else."""
    sounds = page.locator(".im-stage .im-here")
    sounds.page.wait_for_function(
        """([stage, before]) => { const all = stage.querySelectorAll('.im-player audio');
                                  return all.length === 1 && all[0].src !== before && all[0].readyState >= 2; }""",
        arg=[sounds.element_handle(), before],
    )


def settled(page):
    """Until the version that was asked for last is on the stage."""
    page.wait_for_function("document.querySelectorAll('.im-stage .im-player').length === 1")


def notes(page):
    return json.loads(page.locator(PLAYER).get_attribute("data-im"))["notes"]


def test_a_photo_is_uploaded_heard_turned_and_taken_back(lab):
    page, folder = lab
    before = source(page)
    assert page.locator(".im-stage audio").first.evaluate("a => a.paused"), "it plays by itself"
    page.locator(".im-stage input[type=file]").set_input_files(folder / "photo.png")
    said(page, r"photo\.png: 320 by 240 pixels")
    replaced(page, before)
    heard = page.locator(".im-stage .im-player audio").evaluate(DECODE)
    assert heard["rms"] > 0.005 and heard["seconds"] == pytest.approx(8, abs=0.05)
    page.wait_for_function("document.querySelector('.im-stage .im-spectrogram img').naturalWidth > 0")
    assert "photo.png" in words(page) and page.get_by_label("Picture", exact=True).input_value()

    for label, value, expected in (("Key", "D", "in D "), ("Mode", "minor", "D minor"), ("Bass", "cello", "cello")):
        before = source(page)
        page.get_by_label(label, exact=True).select_option(value if label != "Bass" else "cello")
        until(page, expected)
        replaced(page, before)
    assert "Locked: bass, key, mode" in words(page)
    page.get_by_role("button", name="Undo").click()
    until(page, "Locked: key, mode")
    assert "cello" not in words(page)
    before, sounding = words(page), source(page)
    page.get_by_role("button", name="Re-roll").click()
    page.wait_for_function(
        "before => document.querySelector('.im-right [role=status]').innerText !== before", arg=before
    )
    replaced(page, sounding)
    assert "D minor" in words(page) and "Locked: key, mode" in words(page)


def test_a_note_says_where_it_comes_from_and_a_region_is_heard_alone(lab):
    page, _ = lab
    settled(page)
    root = page.locator(PLAYER)
    shapes = root.locator(".im-roll rect.im-shape")
    rows = [(i, n) for i, n in enumerate(notes(page)) if n[4] is not None and n[6] - n[4] < 0.9 and n[3] == 0]
    index, note = rows[len(rows) // 2]
    box = shapes.nth(sum(n[3] != drum_part(page) for n in notes(page)[:index])).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    marked, whole = root.locator(".im-region").bounding_box(), root.locator(".im-picture").bounding_box()
    assert (marked["x"] - whole["x"]) / whole["width"] == pytest.approx(note[4], abs=0.01)
    assert re.search(r"\(rule R\d+\)", root.locator(".im-note").inner_text())

    n_all, before = len(notes(page)), source(page)
    at = [(whole["x"] + x * whole["width"], whole["y"] + y * whole["height"]) for x, y in ((0.3, 0.2), (0.5, 0.6))]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=5)
    page.mouse.up()
    said(page, r"Only the region: \d+ of \d+ notes")
    replaced(page, before)
    part = notes(page)
    assert 0 < len(part) < n_all
    assert all(n[4] < 0.51 and n[6] > 0.29 for n in part if n[4] is not None)
    assert root.locator(".im-brushed").count() == 1
    edges = page.locator(".im-brush input").evaluate_all("all => all.map(input => Number(input.value))")
    assert edges == pytest.approx([30, 20, 50, 60], abs=1)
    before = source(page)
    page.get_by_role("button", name="Whole picture").click()
    said(page, "The whole piece again")
    replaced(page, before)
    assert len(notes(page)) == n_all and root.locator(".im-brushed").count() == 0


def drum_part(page):
    parts = json.loads(page.locator(PLAYER).get_attribute("data-im"))["parts"]
    return next((i for i, part in enumerate(parts) if part["drum"]), -1)


def probed(path):
    """Kinds of streams of a video and their codecs, and its length, s: by ffprobe, or by the ffmpeg we bring along."""
    if program := shutil.which("ffprobe"):
        command = [program, "-v", "error", "-show_streams", "-show_format", "-of", "json", path]
        told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        streams = {stream["codec_type"]: stream["codec_name"] for stream in told["streams"]}
        return streams, float(told["format"]["duration"])
    told = subprocess.run([video._ffmpeg(), "-i", path], capture_output=True, text=True).stderr
    hours, minutes, seconds = re.search(r"Duration: (\d+):(\d+):([\d.]+)", told).groups()
    streams = {kind.lower(): codec for kind, codec in re.findall(r"Stream.*?: (Video|Audio): (\w+)", told)}
    return streams, 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def test_every_export_opens_elsewhere(lab, tmp_path):
    page, _ = lab
    saved = {}
    for kind in ("WAV", "FLAC", "MIDI", "Why (JSON)", "Video", "Page"):
        with page.expect_download(timeout=120_000) as download:
            page.get_by_role("button", name=kind, exact=True).click()
        name = download.value.suggested_filename
        download.value.save_as(tmp_path / name)
        saved[name.rpartition(".")[2]] = tmp_path / name
    assert set(saved) == {"wav", "flac", "mid", "json", "mp4", "html"}
    for kind in ("wav", "flac"):
        samples, rate = soundfile.read(io.BytesIO(saved[kind].read_bytes()))
        assert len(samples) == 8 * rate and abs(samples).max() > 0.05
    whole = json.loads(saved["json"].read_text())
    tracks = pretty_midi.PrettyMIDI(str(saved["mid"])).instruments
    # MIDI has one note where two of one pitch begin together.
    assert 0.9 * len(whole["notes"]) <= sum(len(track.notes) for track in tracks) <= len(whole["notes"])
    assert len(music21.converter.parse(saved["mid"]).parts) == len(tracks)
    streams, seconds = probed(saved["mp4"])
    assert streams == {"video": "h264", "audio": "aac"} and seconds == pytest.approx(8, abs=0.1)
    assert page.locator(".im-files a").count() == 6

    other = page.context.browser.new_page()
    addresses = []
    other.on("request", lambda request: addresses.append(request.url))
    other.goto(saved["html"].as_uri())
    other.locator(".im-player audio").evaluate("async a => { a.muted = true; await a.play(); }")
    other.wait_for_function("document.querySelector('.im-player audio').currentTime > 0.2")
    assert other.locator(".im-player audio").evaluate(DECODE)["rms"] > 0.005
    assert other.locator("h2 ~ p").count() == 3
    assert [a for a in addresses if not a.startswith(("data:", "blob:"))] == [saved["html"].as_uri()]
    other.close()


def choices(drop_down):
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in drop_down.locator("option").all_inner_texts()]


def test_every_road_in_the_list_is_heard(lab):
    page, _ = lab
    road = page.get_by_label("Road", exact=True)
    rules, *others = choices(road)
    assert {ROAD_NAMES[name] for name in ROADS} <= {rules, *others}
    settled(page)
    for name in (*others, rules):
        before = source(page)
        road.select_option(label=name)
        until(page, re.escape(name))
        replaced(page, before)
        heard = page.locator(PLAYER).locator("audio").evaluate(DECODE)
        assert heard["rms"] > 0.005 and heard["seconds"] == pytest.approx(8, abs=0.05), name
        assert page.get_by_role("button", name="MIDI").is_enabled() == (name == rules)


def tab_to(page, locator, *, most=80, key="Tab"):
    """Press Tab until the focus is there."""
    for _ in range(most):
        if locator.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("the keyboard does not get there")


def test_all_of_it_goes_by_keyboard_alone(lab):
    page, _ = lab
    page.get_by_role("button", name="Open a picture").focus()
    settled(page)
    tab_to(page, page.locator(PLAYER))
    page.keyboard.press("Home")
    page.keyboard.press("n")
    assert "(rule R" in page.locator(".im-stage .im-note").inner_text() or notes(page)[0][10] is None
    fields = page.locator(".im-brush input")
    tab_to(page, fields.first)
    for value in ("20", "10", "60", "80"):
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    tab_to(page, page.get_by_role("button", name="Hear only this"))
    page.keyboard.press("Enter")
    said(page, "Only the region")
    tab_to(page, page.get_by_role("button", name="Grey it out"))
    page.keyboard.press("Enter")
    said(page, r"Greyed out, with the plan held: .*The plan itself ")
    until(page, "part greyed out")
    tab_to(page, page.get_by_role("button", name="Undo"))
    page.keyboard.press("Enter")
    page.wait_for_function("!document.querySelector('.im-right [role=status]').innerText.includes('greyed')")
    slider = page.locator(".widget-slider", has_text="Tempo").get_by_role("slider")
    tab_to(page, slider)
    before = source(page)
    page.keyboard.press("ArrowRight")
    until(page, "tempo")
    replaced(page, before)
    assert slider.evaluate("node => node === document.activeElement"), "the focus is lost"
    lock = page.get_by_role("button", name="Lock the tempo")
    tab_to(page, lock)
    page.keyboard.press(" ")
    page.wait_for_function("!/Locked:[^.]*tempo/.test(document.querySelector('.im-right [role=status]').innerText)")
    tab_to(page, page.get_by_role("button", name="Keep as A"))
    page.keyboard.press("Enter")
    said(page, "Kept as A")
    tab_to(page, page.get_by_role("button", name="Re-roll"), key="Shift+Tab")
    page.keyboard.press("Enter")
    compare = page.get_by_role("button", name="Compare with A")
    tab_to(page, compare)
    page.keyboard.press("Enter")
    said(page, r"A and B both at -?\d+\.\d LUFS")
    page.get_by_role("button", name="Play both").press("Enter")
    page.wait_for_function("document.querySelector('.im-compare audio').currentTime > 0.1")
    page.get_by_role("button", name="Switch to B").press("Enter")
    muted = page.locator(".im-compare audio").evaluate_all("all => all.map(a => a.muted)")
    assert muted == [True, False] and "Now: B" in page.locator(".im-which").inner_text()
    page.get_by_role("button", name="Pause", exact=True).press("Enter")


def test_roads_files_and_meters_go_by_keyboard_alone(lab):
    page, _ = lab
    page.get_by_role("button", name="Undo").focus()
    settled(page)
    road = page.get_by_label("Road", exact=True)
    rules, following, *_ = choices(road)
    tab_to(page, road)
    for key, expected in (("ArrowDown", following), (rules[0], rules)):  # a letter chooses, too
        before = source(page)
        page.keyboard.press(key)
        until(page, re.escape(expected))
        replaced(page, before)
        assert road.evaluate("node => node === document.activeElement"), "the focus is lost"
    tab_to(page, page.get_by_role("button", name="MIDI"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".mid")
    meters = page.get_by_role("button", name="Three answers")
    tab_to(page, meters)
    for pressed, n_meters in (("true", 4), ("false", 0)):
        page.keyboard.press(" ")
        page.wait_for_function("n => document.querySelectorAll('.im-why meter').length === n", arg=n_meters)
        assert meters.get_attribute("aria-pressed") == pressed


def test_pictures_come_by_paste_drop_and_camera_or_a_sentence(lab):
    page, _ = lab
    stage = page.locator(".im-stage")
    for kind in ("paste", "drop"):
        stage.evaluate(SEND, [kind, "image/png", f"{kind}.png", None])
        said(page, rf"{kind}\.png: 64 by 48 pixels")
        until(page, rf"^{kind}\.png")
    before = words(page)
    stage.evaluate(SEND, ["drop", "image/png", "nasty.png", "<script>alert(1)</script>"])
    said(page, r"nasty\.png is not a picture")
    large = """async () => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(200e6)], 'huge.png', { type: 'image/png' }));
        document.querySelector('.im-stage').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
    }"""
    page.evaluate(large)
    said(page, "huge.png has 200 MB and the browser cannot make it smaller")
    page.get_by_role("button", name="Camera", exact=True).click()  # there is none
    said(page, "The browser gave no camera")
    assert words(page) == before and page.locator(".im-stage .im-player").count() == 1
    page.evaluate(CAMERA)
    page.get_by_role("button", name="Camera", exact=True).click()
    page.get_by_role("button", name="Take the picture").click()
    until(page, "^Camera picture")
    said(page, "Camera picture: 160 by 120 pixels")
    assert not page.locator(".im-view").is_visible()


def test_axe_finds_nothing_serious(lab):
    from axe_playwright_python.sync_playwright import Axe

    page, _ = lab
    page.get_by_role("button", name="Weights of the rules").click()
    page.get_by_role("slider", name="R5: what is high in the picture sounds high").wait_for()
    found = Axe().run(page, context=".im-studio").response["violations"]
    bad = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in bad]
    page.get_by_role("button", name="Weights of the rules").click()


def test_the_benchmark_of_the_slider_runs(lab):
    """No figure of time is asserted: other programs may run beside this."""
    page, _ = lab
    settled(page)
    times = slider_to_sound(page, page.locator(".widget-slider", has_text="Tempo").get_by_role("slider"), 2)
    assert len(times) == 2 and min(times) > 0


def test_meters_and_the_test_of_the_explanation(lab):
    page, _ = lab
    page.get_by_role("button", name="Three answers").click()
    page.locator(".im-why meter").first.wait_for()
    assert page.locator(".im-why meter").count() == 4
    page.get_by_role("button", name="Test the explanation").click()
    page.get_by_text(re.compile(r"of 16 notes .* changed as explained")).wait_for()
    page.get_by_role("button", name="Three answers").click()


def test_a_dead_kernel_is_told_and_after_a_restart_nothing_is_lost(lab):
    """The last of this page: the kernel that the other tests live in goes."""
    page, _ = lab
    settled(page)
    before, title = words(page), page.get_by_label("Picture", exact=True).input_value()
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.locator(".im-brush input").first.fill("10")
    for field, value in zip(page.locator(".im-brush input").all(), "10 10 90 90".split(), strict=True):
        field.fill(value)
    page.get_by_role("button", name="Hear only this").click()
    said(page, "Python does not answer")
    root = page.locator(PLAYER)
    root.locator("audio").evaluate("async a => { a.muted = true; await a.play(); }")  # what is here can still be heard
    page.wait_for_function("document.querySelector('.im-stage .im-player audio').currentTime > 0.2")

    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.changeKernel({ name: 'python3' })")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", state="attached")
    run_all(page)
    go_on = page.get_by_role("button", name="Go on where I was")
    go_on.click()
    said(page, "Here you were")
    until(page, re.escape(before.partition(";")[0]))
    assert words(page) == before and page.get_by_label("Picture", exact=True).input_value() == title
    assert page.get_by_role("button", name="Undo").is_enabled() and not go_on.is_visible()
