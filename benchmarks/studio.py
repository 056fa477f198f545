"""How soon a slider is heard, in a browser: from the key that moves it to the sound that begins to play.

The studio stands beside what one would write instead with what every notebook has: a slider of ipywidgets, a callback
that composes the same piece, and `IPython.display.Audio`. Then how long the three meters and the test of an explanation
take, and how long a live stream takes to be steered. Needs Chromium and Playwright (the `test` extra).
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from imgmusic_edu import live, roads
from imgmusic_edu.evaluation.meters import meters
from imgmusic_edu.networks.pairs import picture_of, shipped
from imgmusic_edu.studio import Session, Settings, put_to_the_test
from tests.browser import browser_page, find_chromium, jupyterlab, notebook, open_notebook, run_all

from . import every, say, table, verdicts

SECONDS = 10.0
PICTURE = "picos_de_europa"
PAUSE = 400  # ms between two moves: each has come to rest
STUDIO = f"""
from imgmusic_edu import datasets
from imgmusic_edu.studio import Settings
from imgmusic_edu.widgets import studio_panel
studio_panel(datasets.picture("{PICTURE}"), settings=Settings(seconds={SECONDS}))
"""
PLAIN = f"""
import ipywidgets
from IPython.display import Audio, display
from imgmusic_edu import compose, datasets
picture = datasets.picture("{PICTURE}")
slider, out = ipywidgets.IntSlider(description="Plain", min=40, max=200, value=100), ipywidgets.Output()
def hear(change):
    with out:
        out.clear_output(wait=True)
        samples = compose(picture, seconds={SECONDS}, tempo=change["new"]).sound.samples
        display(Audio(samples, rate=22050, autoplay=True))
slider.observe(hear, names="value")
ipywidgets.VBox([slider, out])
"""
WATCH = """() => {
    document.addEventListener('keydown', () => { window.pressed = performance.now(); window.heard = null; }, true);
    document.addEventListener('playing', () => { window.heard ??= performance.now(); }, true);
}"""


def slider_to_sound(page, slider, n):
    """Milliseconds from key to sound of n moves, up and down in turns of four."""
    slider.focus()
    times = []
    for k in range(n + 2):
        page.evaluate("window.heard = null")
        page.keyboard.press("ArrowRight" if k % 8 < 4 else "ArrowLeft")
        page.wait_for_function("window.heard !== null && window.heard > window.pressed")
        times.append(page.evaluate("window.heard - window.pressed"))
        page.wait_for_timeout(PAUSE)
    return times[2:]  # the first ones load what the others find loaded


def in_browser(n):
    """Times of both ways, ms, in one page of one JupyterLab."""
    with tempfile.TemporaryDirectory() as folder:
        notebook(Path(folder) / "studio.ipynb", STUDIO, PLAIN)
        view = {"width": 1360, "height": 1900}
        with jupyterlab(folder) as address, browser_page(find_chromium(), viewport=view) as (page, _, _):
            open_notebook(page, address, "studio.ipynb")
            run_all(page)
            page.evaluate(WATCH)
            page.locator(".im-stage .im-player").wait_for()
            tempo = page.locator(".im-studio .widget-slider", has_text="Tempo").get_by_role("slider")
            plain = page.locator(".widget-slider", has_text="Plain").get_by_role("slider")
            return slider_to_sound(page, tempo, n), slider_to_sound(page, plain, n)


def _row(what, times, digits=0):
    low, middle, high = np.percentile(times, [5, 50, 95])
    return what, f"{middle:.{digits}f}", f"{low:.{digits}f}", f"{high:.{digits}f}", len(times)


def _timed(act, n):
    times = []
    for k in range(n + 1):
        start = time.perf_counter()
        act(k)
        times.append(1000 * (time.perf_counter() - start))
    return times[1:]


def without_browser(n):
    """Rows of what the studio does beside the page, ms."""
    shown = [picture_of(name) for name in every(shipped("test"), n + 1)]
    pieces = [roads.compose(picture, seconds=SECONDS, seed=k) for k, picture in enumerate(shown)]
    say("  meters, tests of explanations, live streams ...")

    def judge(k):
        return meters(pieces[k].features, pieces[k].sound, took=1.0, score=pieces[k].score)

    def test(k):
        return put_to_the_test(Session(shown[k], settings=Settings(seconds=SECONDS, seed=k)).present)

    rows = [_row("three meters of a piece", _timed(judge, n)), _row("an explanation put to the test", _timed(test, n))]
    return [*rows, *streamed("score", shown, n), *streamed("mlp", shown, n)]


def streamed(road, shown, n):
    """Rows of a live stream that is shown one picture after another."""
    stream = live.open_stream(shown[0], road=road)
    stream.read(22050)
    steered = _timed(lambda k: stream.steer(shown[k]), n)
    played = _timed(lambda k: stream.read(4410), 100)
    return [
        _row(f"live, road {road}: another picture made ready", steered),
        _row(f"live, road {road}: a fifth of a second of music", played, 1),
    ]


def run(*, out, quick=False):
    """Measure, and give the Markdown."""
    if find_chromium() is None:
        return "Not measured: no Chromium was found.\n"
    ours, plain = in_browser(8 if quick else 60)
    rows = [
        _row("the studio's tempo slider, to sound", ours),
        _row("a plain slider with IPython.display.Audio, to sound", plain),
        *without_browser(3 if quick else 12),
    ]
    middle, late = np.percentile(ours, [50, 95])
    promises = [
        ("slider to sound, median", "< 200 ms", f"{middle:.0f} ms", middle < 200),
        ("slider to sound, 95th percentile", "< 400 ms", f"{late:.0f} ms", late < 400),
    ]
    ratio = statistics.median(plain) / middle
    said = f"{SECONDS:g} s by the score road. A plain slider takes {ratio:.1f} times as long, in the same page."
    return f"{verdicts(promises)}\n{said}\n\n{table(('ms', 'median', '5 %', '95 %', 'times'), rows)}"
