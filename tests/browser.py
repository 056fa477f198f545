"""For the tests of widgets: a piece made without the composer, a JupyterLab of one's own, and a browser in it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "test"
SETTINGS = {
    # No news from the network, and every cell in the page at once, so that a test can find it.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]

# Loudness of what the audio element holds, decoded by the browser itself.
DECODE = """async (audio) => {
    const bytes = await (await fetch(audio.src)).arrayBuffer();
    const sound = await new AudioContext().decodeAudioData(bytes);
    const samples = sound.getChannelData(0);
    return { seconds: sound.duration, rms: Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length) };
}"""


def stand_in_piece(*, seconds=6.0, title="A stand-in", height=200, width=300):
    """A piece as `compose` returns it, as far as widgets look: a rising scale over a bass and a drum.

    The picture is a bright dot that climbs from left to right, with a little grain as photographs have.
    """
    from imgmusic_edu.sounds import Sound

    rng = np.random.default_rng(0)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    glow = np.exp(-(((y - 0.8 + 0.6 * x) * 7) ** 2))
    picture = np.stack([60 + 180 * glow, 50 + 120 * glow * x, 90 + 60 * (1 - y)], axis=-1)
    picture = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)

    beat = seconds / 24
    scale = [57, 59, 60, 62, 64, 65, 67, 69, 71, 72, 74, 76]
    notes, samples = [], np.zeros(int(22050 * seconds), np.float32)
    clock = np.arange(len(samples)) / 22050
    for i in range(24):
        left, height_here = i / 24, 0.2 + 0.6 * i / 24
        region = [left, max(0, 0.9 - height_here), left + 1 / 24, min(1, 1.1 - height_here)]
        cause = {"region": region, "feature": "skyline", "value": round(height_here, 3), "rule": "R5"}
        pitch = scale[i // 2]
        notes.append({"start": i * beat, "duration": beat * 0.9, "pitch": pitch, "part": "melody"} | cause)
        sounding = (clock >= i * beat) & (clock < (i + 0.9) * beat)
        samples += 0.2 * sounding * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * clock)
        if i % 4 == 0:
            whole = {"region": [0, 0, 1, 1], "feature": "lightness", "value": 43.5, "rule": "R9"}
            notes.append({"start": i * beat, "duration": beat * 3.8, "pitch": 45, "part": "bass"} | whole)
            for third in (52, 57):
                notes.append({"start": i * beat, "duration": beat * 3, "pitch": third, "part": "strings"} | whole)
        if i % 2 == 0:
            notes.append({"start": i * beat, "duration": beat * 0.2, "pitch": 36 + i % 4, "part": "drums"})
    explanation = {
        "sentences": ["The colours are dark.", "What stands out climbs.", "The surface is smooth."],
        "features": {"lightness": {"value": 43.5, "unit": "L*", "standardised": -0.4}},
        "notes": notes,
    }
    parts = tuple(SimpleNamespace(name=n, is_drum=n == "drums") for n in ("melody", "strings", "bass", "drums"))
    return SimpleNamespace(
        picture=picture,
        sound=Sound(samples.astype(np.float32)),
        explanation=explanation,
        sentences=explanation["sentences"],
        score=SimpleNamespace(parts=parts, title=title, to_midi=lambda file: file.write(b"MThd")),
    )


def find_chromium():
    """Path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def notebook(path, *cells):
    """Write a notebook of these code cells."""
    import nbformat

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    # Without a kernel's name JupyterLab opens a dialog and waits for somebody to choose.
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def jupyterlab(folder, *, theme="JupyterLab Light"):
    """A JupyterLab of one's own over `folder`; yields its address, and is gone afterwards, kernels and all."""
    folder = Path(folder)
    settings = folder / ".settings"
    themed = {"apputils-extension/themes": {"theme": theme}}
    for name, content in (SETTINGS | themed).items():
        extension, plugin = name.split("/")
        target = settings / "@jupyterlab" / extension / f"{plugin}.jupyterlab-settings"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content))
    port = _free_port()
    own = {name: str(folder / f".{name}") for name in ("config", "runtime", "data", "ipython")}
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".workspaces"),
        "JUPYTER_CONFIG_DIR": own["config"],
        "JUPYTER_RUNTIME_DIR": own["runtime"],
        "JUPYTER_DATA_DIR": own["data"],
        "IPYTHONDIR": own["ipython"],
    }
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
        # Should the test itself be killed, the server does not outlive it for long.
        "--ServerApp.shutdown_no_activity_timeout=600",
        "--MappingKernelManager.cull_idle_timeout=300",
        "--MappingKernelManager.cull_connected=True",
    ]
    with open(folder / ".jupyter.log", "wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={TOKEN}", server, folder / ".jupyter.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop(server)


def _wait_for(address, server, log, *, seconds=300):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start; it said:\n{log.read_text(errors='replace')[-3000:]}")


def _stop(server):
    """End the server and its kernels: they are one process group, started by us."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=10)
            if sign == signal.SIGKILL:
                return


@contextlib.contextmanager
def browser_page(chromium, **options):
    """A page in a headless Chromium; its `requests` are the addresses it asked for, its `problems` what it said."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=CHROMIUM_OPTIONS)
        page = browser.new_page(**options)
        page.set_default_timeout(60_000)
        requests, problems = [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        try:
            yield page, requests, problems
        finally:
            browser.close()


def open_notebook(page, address, name):
    """Open a notebook and wait until its kernel can run it; earlier, Run All silently does nothing."""
    page.goto(f"{address}/lab/tree/{name}?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", state="attached")
    page.evaluate(
        "async () => { const book = jupyterapp.shell.currentWidget;"
        " await book.context.ready; await book.sessionContext.ready; }"
    )


def run_all(page):
    """Run every cell; fails with what JupyterLab shows where one of them raises."""
    ran = page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    errors = page.locator('.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts()
    assert ran, f"a cell failed: {errors}"
    counts = page.evaluate(
        "jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === 'code')"
        ".map(cell => cell.model.executionCount)"
    )
    assert all(counts), f"cells that did not run: {counts}"


def in_kernel(page, code):
    """Run code in the notebook's kernel, beside its cells; fails where it raises."""
    reply = page.evaluate(
        "async code => (await jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({ code, silent: true }).done).content",
        code,
    )
    assert reply["status"] == "ok", reply


class Line:
    """The line from a page to its kernels, to be cut and mended; it is made before a notebook is opened."""

    # Its sockets are closed, and those that JupyterLab opens again and again find nobody.
    SCRIPT = """
    const [Real, open] = [WebSocket, new Set()];
    let [whole, heard] = [true, true];
    window.WebSocket = class extends Real {
        constructor(address, protocols) {
            super(whole ? address : address.replace("/api/kernels/", "/nowhere/"), protocols);
            if (address.includes("/api/kernels/")) open.add(this);
        }
        send(message) {
            if (heard || !open.has(this)) super.send(message);
        }
    };
    window.line = async (now) => {
        whole = heard = now;
        const closing = whole ? [] : [...open].filter((socket) => socket.readyState !== Real.CLOSED);
        open.clear();
        const closed = closing.map((socket) => new Promise((done) => socket.addEventListener("close", done)));
        closing.forEach((socket) => socket.close());
        await Promise.all(closed); // until then JupyterLab sends what is lost, instead of keeping it
    };
    window.deaf = () => (heard = false);"""

    def __init__(self, page):
        self._page = page
        page.add_init_script(f"(() => {{ {self.SCRIPT} }})()")

    def lose(self):
        """What is sent to Python is lost and nobody is told, as on a line that is dead but not yet given up."""
        self._page.evaluate("deaf()")

    def cut(self):
        """Nothing goes through any more, in either direction."""
        self._page.evaluate("line(false)")

    def mend(self):
        """As it was. JupyterLab waits longer and longer between two tries: it is told not to."""
        self._page.evaluate("line(true)")
        self._page.evaluate("jupyterapp.commands.execute('kernelmenu:reconnect-to-kernel')")
