"""Live music where people meet it: in JupyterLab in a real browser, steered by keys, by a camera and by a film."""

import os
import re
import subprocess
import time
from itertools import pairwise

import numpy as np
import pytest
from browser import Line, browser_page, jupyterlab, notebook, open_notebook, run_all
from PIL import Image
from test_browser_studio import CAMERA

from imgmusic_edu import datasets
from imgmusic_edu.studio import video

LIVE = """
import os
from imgmusic_edu.widgets import live_panel
panel = live_panel()
print("kernel", os.getpid())
panel
"""
# Every portion that is played, as the page asks for it: when, how long, and whether that moment had passed already.
WATCH = """() => {
    window.portions = [];
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function (when) {
        const samples = this.buffer.getChannelData(0);
        const power = samples.reduce((sum, s) => sum + s * s, 0) / samples.length;
        window.portions.push([when, this.buffer.duration, when < this.context.currentTime, power, samples[0],
                              samples[samples.length - 1]]);
        return start.call(this, when);
    };
}"""
PANEL = ".im-live"
RATE = 22050


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """A page with live music in it, and the line to its kernel."""
    folder = tmp_path_factory.mktemp("live")
    notebook(folder / "live.ipynb", LIVE)
    with jupyterlab(folder) as address, browser_page(chromium, viewport={"width": 1100, "height": 1100}) as opened:
        page, requests, problems = opened
        line = Line(page)
        open_notebook(page, address, "live.ipynb")
        page.evaluate(WATCH)
        run_all(page)
        page.locator(f"{PANEL} .im-start").wait_for()
        yield page, line
        assert not problems
        own = (address, address.replace("http", "ws"), "data:", "blob:")
        assert not [request for request in requests if not request.startswith(own)]


def heard(page):
    return page.locator(PANEL).evaluate("node => ({ ...node.dataset })")


def until_heard(page, seconds):
    page.wait_for_function(
        "([panel, seconds]) => Number(document.querySelector(panel).dataset.seconds) >= seconds",
        arg=[PANEL, seconds],
        timeout=1000 * (seconds + 60),
    )


def words(page):
    return page.get_by_text(re.compile(r"^Now: ")).first.inner_text().partition(". Made ready")[0]


def changed(page, before):
    page.wait_for_function("before => !document.body.innerText.includes(before)", arg=before)


def played(page):
    """Since the last call: seams between portions, portions that came late, gaps that were told, and their share."""
    portions, gaps, lost = page.evaluate(
        """panel => { const { gaps, lost } = document.querySelector(panel).dataset;
                      const [told, portions] = [window.told ?? [0, 0], [...window.portions]];
                      window.told = [Number(gaps), Number(lost)];
                      window.portions.splice(0, portions.length - 1);
                      return [portions, gaps - told[0], lost - told[1]]; }""",
        PANEL,
    )
    assert len(portions) > 5
    seams = 0
    for (when, long, *_, end), (begin, _, _, _, first, _) in pairwise(portions):
        seams += begin != pytest.approx(when + long, abs=1 / RATE)
        assert abs(first - end) < 0.25, "a click between two portions"
    assert all(power > 1e-7 for *_, power, _, _ in portions[1:]), "silence"
    late = sum(late for _, _, late, *_ in portions)
    return seams, late, gaps, lost / sum(long for _, long, *_ in portions)


def plays_on(page):
    """Other tests may keep this machine busy: what gaps there are must be told, and short. The slow test wants none."""
    seams, _, gaps, share = played(page)
    assert seams == gaps and share < 0.5


def test_music_plays_on_while_sliders_and_pictures_steer_it(lab):
    page, _ = lab
    page.locator(f"{PANEL} .im-start").focus()
    page.keyboard.press("Enter")
    until_heard(page, 2)
    slider = page.get_by_role("slider", name="Tempo")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.get_by_text("Now: 90 beats per minute").first.wait_for()
    for steer in (
        lambda: page.get_by_label("Picture", exact=True).select_option(index=3),
        lambda: page.get_by_role("button", name="Another tune").click(),
    ):
        before = words(page)
        steer()
        changed(page, before)
    until_heard(page, 8)
    plays_on(page)


def test_a_camera_steers_it(lab):
    page, _ = lab
    page.evaluate(CAMERA)
    chosen, start = words(page), float(heard(page)["seconds"])
    page.get_by_role("button", name="Camera", exact=True).click()
    changed(page, chosen)
    until_heard(page, start + 6)
    page.get_by_role("button", name="Stop looking").click()
    page.get_by_text(chosen).first.wait_for()
    until_heard(page, start + 8)
    plays_on(page)


# Whether the words have told of so many different moments.
SEEN = """n => { window.seen ??= new Set();
    window.seen.add(document.body.innerText.match(/Now: .*?(?=\\. Made)/)?.[0]);
    return window.seen.size >= n; }"""


def film(page, folder):
    """A film of five seconds, each of which shows another picture, in a form that this browser plays."""
    mp4 = page.evaluate("document.createElement('video').canPlayType('video/mp4; codecs=\"avc1.42E01E\"')")
    path = folder / f"film.{'mp4' if mp4 else 'webm'}"
    frames = [Image.fromarray(datasets.picture(name)).resize((160, 120)) for name in datasets.photographs()[:5]]
    reads = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x120", "-framerate", "1", "-i", "-")
    command = [video._ffmpeg(), "-v", "error", *reads, "-pix_fmt", "yuv420p", "-r", "10", path]
    subprocess.run(command, input=np.stack(frames).tobytes(), check=True)
    return path


def test_a_film_steers_it_and_what_is_none_does_not(lab, tmp_path):
    page, _ = lab
    chosen = words(page)
    path, chooser = film(page, tmp_path), page.locator(f"{PANEL} input[type=file]")
    chooser.set_input_files(path)
    page.get_by_text(f"{path.name} steers the music").wait_for()
    page.wait_for_function(SEEN, arg=4, polling=200)
    chooser.set_input_files({"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"These are only words."})
    page.get_by_text("The browser cannot play notes.mp4: take an MP4 or WebM film.", exact=True).wait_for()
    page.get_by_text(chosen).first.wait_for()  # it steers again
    assert page.locator(f"{PANEL} video").evaluate("one => [one.hidden, one.paused]") == [True, True]
    until_heard(page, float(heard(page)["seconds"]) + 2)
    plays_on(page)


def test_a_line_that_is_cut_is_told_and_the_music_goes_on(lab):
    page, line = lab
    late = page.get_by_text("Python does not answer")
    line.cut()
    late.wait_for()
    line.mend()
    late.wait_for(state="hidden")
    gaps = int(heard(page)["gaps"])
    assert gaps > 0 and "of silence in all" in page.locator(f"{PANEL} .im-count").inner_text()
    until_heard(page, float(heard(page)["seconds"]) + 2)
    before = words(page)
    page.get_by_role("button", name="Another tune").click()
    changed(page, before)


def test_on_a_line_that_was_dead_nothing_is_lost_and_the_music_goes_on(lab):
    page, line = lab
    late = page.get_by_text("Python does not answer")
    line.lose()
    page.get_by_label("Key", exact=True).select_option("E")
    late.wait_for()
    line.cut()
    line.mend()
    late.wait_for(state="hidden")
    page.get_by_text(re.compile("Now: .* in E ")).first.wait_for()
    until_heard(page, float(heard(page)["seconds"]) + 2)
    page.get_by_label("Key", exact=True).select_option("as the picture asks")
    page.get_by_text(re.compile("Now: .* in (?!E )")).first.wait_for()


def test_another_road_takes_over(lab):
    page, _ = lab
    page.get_by_label("Road").select_option(label="network: perceptron")
    page.get_by_text(re.compile("Now: .*tonic")).first.wait_for(timeout=180_000)
    page.evaluate("window.portions.splice(0)")
    start = float(heard(page)["seconds"])
    until_heard(page, start + 4)
    page.get_by_label("Road").select_option(label="by rules and notes")
    page.get_by_text(re.compile("Now: .* in ")).first.wait_for()
    page.locator(f"{PANEL} .im-start").click()
    assert page.locator(f"{PANEL} .im-start").inner_text() == "Start"


def test_axe_finds_nothing_serious(lab):
    from axe_playwright_python.sync_playwright import Axe

    page, _ = lab
    found = Axe().run(page, context=".im-studio").response["violations"]
    bad = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in bad]


def memory(kernel):
    """Resident memory of a process, MB."""
    text = open(f"/proc/{kernel}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")
def test_five_minutes_without_a_gap_or_growth(lab):
    page, _ = lab
    kernel = re.search(r"kernel (\d+)", page.locator(".jp-OutputArea").first.inner_text())[1]
    page.locator(f"{PANEL} .im-start").click()
    until_heard(page, 20)  # by then what is kept between verses is there
    page.evaluate("window.portions = [], window.told = null")
    before, heap = memory(kernel), page.evaluate("performance.memory.usedJSHeapSize")
    for minute in range(1, 6):
        until_heard(page, 60 * minute)
        page.get_by_label("Picture", exact=True).select_option(index=minute)
        time.sleep(1)
    growth, grown = memory(kernel) - before, (page.evaluate("performance.memory.usedJSHeapSize") - heap) / 1e6
    print(f"\n5 minutes: {heard(page)['gaps']} gaps, the kernel grew by {growth:.1f} MB, the page by {grown:.1f} MB")
    assert played(page) == (0, 0, 0, 0) and growth < 50 and grown < 50
