"""What all tests share: where the project lies, a browser where there is one, and random input that repeats."""

import os
import runpy
import tempfile
from pathlib import Path

import hypothesis
import pytest
from browser import find_chromium

# Before anything draws: no window, whatever the machine's own settings say.
os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# What tests and the notebooks they run get right is nobody's progress.
os.environ["IMGMUSIC_PROGRESS"] = str(Path(tempfile.gettempdir()) / f"imgmusic-tests-{os.getpid()}" / "progress.json")

# The same examples in every run, and no deadline: two cores are shared with whatever else runs.
hypothesis.settings.register_profile("project", derandomize=True, deadline=None, max_examples=40, database=None)
hypothesis.settings.load_profile("project")

ROOT = Path(__file__).resolve().parents[1]
# No network: not here, and not in any Python that a test starts.
OFFLINE = ROOT / "imgmusic_edu" / "book" / "offline"
os.environ["PYTHONPATH"] = os.pathsep.join([str(OFFLINE), *filter(None, [os.environ.get("PYTHONPATH")])])
runpy.run_path(str(OFFLINE / "sitecustomize.py"))

NO_BROWSER = "no Chromium was found"
LONG = ("test_browser", "test_notebooks")  # files of few tests that take minutes, the longest last


@pytest.fixture(scope="session")
def root():
    """The folder of the checkout, a `Path`."""
    return ROOT


@pytest.fixture(scope="session")
def chromium():
    """Path of a Chromium for Playwright's `executable_path`.

    Without one the test is skipped, and the summary says so loudly; with IMGMUSIC_REQUIRE_BROWSER=1, as in
    continuous integration, it fails.
    """
    found = find_chromium()
    if found is None:
        missing = pytest.fail if os.environ.get("IMGMUSIC_REQUIRE_BROWSER") == "1" else pytest.skip
        missing(f"{NO_BROWSER}: install chromium to run the browser tests")
    return found


def pytest_collection_modifyitems(items):
    """Whoever asks for the browser is a browser test; what takes minutes begins first."""
    for name in LONG:  # so that no worker is left alone with them at the end
        items.sort(key=lambda item: not item.path.stem.startswith(name))
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter):
    skipped = [r for r in terminalreporter.stats.get("skipped", ()) if NO_BROWSER in str(r.longrepr)]
    if skipped:
        terminalreporter.section("BROWSER TESTS DID NOT RUN", red=True, bold=True)
        terminalreporter.line(
            f"{len(skipped)} browser test(s) were skipped because {NO_BROWSER}: nothing here shows that the player "
            "works in a browser. Install chromium (Debian: apt install chromium) and run this again.",
            red=True,
        )
