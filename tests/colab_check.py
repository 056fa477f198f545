"""Does the course live with what Colab has? `make colab-check` (needs the network to set up; then half an hour).

Makes an environment with Colab's versions in `.venv-colab`, builds the wheel, runs the chapters' own set-up cell on it
twice (the first time it installs, the second it does nothing), shows that no version changed, makes music on the
command line and runs every chapter. When all have passed it writes notebooks/VERIFIED.md; when one fails it takes
that file away.

    04 10      only these chapters, by the beginning of their names
    --keep     goes on from the last run: its environment, and what passed in it with the same wheel and versions
    --here     checks in the Python that runs this, for Colab's own image, instead of making an environment
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
import zipfile
from datetime import date
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-colab"
PASSED = FOLDER / "passed.json"  # chapter -> what ran and how long it took, for --keep
SOLUTIONS = ROOT / "notebooks" / "solutions"
RECORD = ROOT / "notebooks" / "VERIFIED.md"
SETUP_LIMIT = 60  # seconds of the set-up cell, with its wheels at hand

# Colab's own list, runtime 2026.07; the runtime of August 2026 is the first on Python 3.13.
COLAB = {
    "anywidget": "0.9.21",
    "ipykernel": "6.17.1",
    "ipython": "7.34.0",
    "ipywidgets": "7.7.1",
    "jedi": "0.20.1",  # Colab leaves it out, though IPython 7.34 names it
    "jupyter-client": "7.4.9",
    "keras": "3.13.2",
    "librosa": "0.11.0",
    "matplotlib": "3.10.0",
    "nbclient": "0.10.4",
    "nbconvert": "7.17.1",
    "nbformat": "5.11.1",
    "notebook": "6.5.7",
    "numba": "0.60.0",
    "numpy": "2.0.2",
    "pillow": "11.3.0",
    "scikit-image": "0.25.2",
    "scikit-learn": "1.6.1",
    "scipy": "1.16.3",
    "soundfile": "0.14.0",
    "soxr": "1.1.0",
    "tqdm": "4.67.1",
    "traitlets": "5.7.1",
    "widgetsnbextension": "3.6.10",
    # The same TensorFlow without the code for graphics cards, where it is offered: a third of the size.
    "tensorflow-cpu" if (sys.platform, platform.machine()) == ("linux", "x86_64") else "tensorflow": "2.20.0",
}
COLAB_313 = {"numba": "0.61.2", "numpy": "2.1.3"}
TOLD = (
    *("tensorflow", "tensorflow-cpu", "keras", "numpy", "scipy", "librosa", "numba", "matplotlib", "pillow"),
    *("ipywidgets", "ipython", "ipykernel", "notebook", "anywidget", "scikit-image", "scikit-learn"),
)

# ipykernel's own kernel, whatever kernels the machine has: it starts the Python that runs this.
EXECUTE = """\
import sys
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
try:
    NotebookClient(nbformat.read(sys.argv[1], as_version=4), km=manager, timeout=1800).execute()
except CellExecutionError as error:
    print(error, *f"{error.ename}: {error.evalue}".splitlines()[:1], sep="\\n")
    sys.exit(1)
except Exception as error:
    print(f"{type(error).__name__}: {' '.join(str(error).split())}")
    sys.exit(1)
"""
# Before the set-up cell when it runs again: it must start no process.
NO_PROCESS = "import subprocess\nsubprocess.run = None\n"


class Failed(Exception):
    """A step of the check failed: what its command printed."""


class Setup(NamedTuple):
    """What the set-up cell did: seconds of the first and the second run, packages it brought, versions afterwards."""

    seconds: float
    again: float
    brought: list
    versions: dict


def run(python, *command, cwd=None, **variables):
    """Run a command of the Colab-like Python; give what it printed, or raise Failed with its own words."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "IMGMUSIC_BUDGET", "MPLBACKEND")
    environment = {k: v for k, v in os.environ.items() if k not in dropped}
    environment |= {"PYTHONNOUSERSITE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    environment |= {"COLAB_RELEASE_TAG": "check", **variables}
    command = [str(python), *map(str, command)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd)
    if done.returncode:
        raise Failed(f"{done.stderr[-6000:]}{done.stdout[-6000:]}".strip() or f"exit {done.returncode}")
    return done.stdout


def canonical(name):
    """A package's name as indexes write it."""
    return name.lower().replace("_", "-")


def versions(python):
    """Name -> version of everything installed."""
    listed = json.loads(run(python, "-m", "pip", "list", "--format", "json"))
    return {canonical(package["name"]): package["version"] for package in listed}


def build_colab():
    """Make the environment with Colab's versions, or bring the one that is there to them; give its Python."""
    python = FOLDER / "bin" / "python"
    if not python.exists():
        venv.create(FOLDER, with_pip=True, clear=True)
    pins = COLAB | (COLAB_313 if sys.version_info >= (3, 13) else {})
    if not pins.items() <= versions(python).items():
        run(python, "-m", "pip", "install", "--quiet", *(f"{name}=={version}" for name, version in pins.items()))
    return python


def missing_on_colab():
    """The packages that the set-up cell installs beside ours."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["imgmusic_edu"]["missing-on-colab"]


def wheels(python, folder):
    """Put the project's wheel, and those of what Colab lacks, into a folder; give the path of the project's."""
    run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = Path(folder).glob("imgmusic_edu-*.whl")
    run(python, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, *missing_on_colab())
    return wheel


def would_bring(python, wheel):
    """Names of what pip would install for the wheel with all its dependencies."""
    report = wheel.parent / "report.json"
    run(python, "-m", "pip", "install", "--quiet", "--dry-run", "--report", report, wheel)
    return {canonical(item["metadata"]["name"]) for item in json.loads(report.read_text())["install"]}


def setup_cell(notebook, wheel):
    """The set-up cell of a chapter, with the wheel in place of the address on GitHub."""
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    (lines,) = ("".join(cell["source"]) for cell in cells if cell["id"] == "setup")
    before, address, after = lines.partition('"imgmusic_edu @ git+')
    if not address:
        raise Failed(f"{Path(notebook).name}: the set-up cell installs nothing from GitHub.")
    return f"{before}{str(wheel)!r}{after.partition(chr(34))[2]}\n"


def changed(before, after):
    """Name -> (version before, after) of packages that were replaced or removed."""
    return {name: (old, after.get(name)) for name, old in before.items() if after.get(name) != old}


def set_up(python, wheel, cell):
    """Run the set-up cell twice, with no index, only the wheels beside ours; hold it to what it promises."""
    own, folder = {"imgmusic-edu", *missing_on_colab()}, wheel.parent
    run(python, "-m", "pip", "uninstall", "--quiet", "--yes", *own)
    # What numba compiled stays behind, and a folder of that name is enough to be taken for the package.
    where = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    shutil.rmtree(Path(where) / "imgmusic_edu", ignore_errors=True)
    before = versions(python)
    if too_high := would_bring(python, wheel) - own:
        raise Failed(f"pip would also install {too_high}: a lower bound in pyproject.toml is too high")

    started = time.perf_counter()
    run(python, "-c", cell, cwd=folder, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(folder))
    seconds, after = time.perf_counter() - started, versions(python)
    started = time.perf_counter()
    run(python, "-c", NO_PROCESS + cell, cwd=folder)
    again = time.perf_counter() - started

    replaced, brought = changed(before, after), set(after) - set(before)
    if replaced or brought != own:
        raise Failed(f"the set-up cell changed {replaced} and brought {brought}")
    if seconds > SETUP_LIMIT:
        raise Failed(f"the set-up cell took {seconds:.0f} s with its wheels at hand, more than {SETUP_LIMIT}")
    return Setup(seconds, again, sorted(brought), after)


def make_music(python, folder):
    """One shipped picture to music, away from the checkout, so that the wheel's own data is used."""
    code = "from imgmusic_edu import data_path, datasets; print(data_path('photographs/' + datasets.photographs()[0]))"
    picture = Path(run(python, "-c", code, cwd=folder).strip())
    if ROOT / "data" in picture.parents:
        raise Failed(f"the data came from the checkout, not from the wheel: {picture}")
    made = ("out.wav", "out.mid", "out.json")
    run(python, "-m", "imgmusic_edu", picture, "-o", made[0], "--midi", made[1], "--explain", made[2], cwd=folder)
    return f"imgmusic {picture.name}: " + ", ".join(f"{name} {(folder / name).stat().st_size} bytes" for name in made)


def run_chapter(python, notebook, folder):
    """Run a notebook from top to bottom in a folder of its own; give seconds, or raise Failed with the cell's error."""
    work = Path(folder) / Path(notebook).stem
    work.mkdir()
    copy = shutil.copy(notebook, work)
    own = {"IMGMUSIC_PROGRESS": str(work / "progress.json"), "IPYTHONDIR": str(work / "ipython")}
    started = time.perf_counter()
    run(python, "-c", EXECUTE, copy, cwd=work, **own)
    return time.perf_counter() - started


def contents(wheel):
    """Name and checksum of each file that a wheel installs, without its metadata, which hold the README."""
    with zipfile.ZipFile(wheel) as archive:
        return [(item.filename, item.CRC) for item in archive.infolist() if ".dist-info/" not in item.filename]


def fingerprint(key, notebook):
    """What ran: the wheel and the versions (`key`), and the notebook."""
    return hashlib.sha256(key.encode() + notebook.read_bytes()).hexdigest()


def run_chapters(python, notebooks, folder, key, passed):
    """Run each notebook unless exactly this one has passed; tell each at once, go on after a failure.

    Gives the names of those that failed; `passed` gets what passed.
    """
    failed = []
    for notebook in notebooks:
        name, ran = notebook.stem, fingerprint(key, notebook)
        if passed.get(name, {}).get("ran") == ran:
            print(f"{name}: ok, {passed[name]['seconds']:.0f} s in an earlier run", flush=True)
            continue
        passed.pop(name, None)
        try:
            passed[name] = {"ran": ran, "seconds": run_chapter(python, notebook, folder)}
            print(f"{name}: ok, {passed[name]['seconds']:.0f} s", flush=True)
        except Failed as error:
            failed.append(name)
            print(f"{name}: FAILED, {str(error).splitlines()[-1]}\n{error}\n", flush=True)
        PASSED.write_text(json.dumps(passed, indent=1))
    return failed


def chosen(names):
    """The solution editions whose names begin with one of `names`; all of them for no names."""
    everything = sorted(SOLUTIONS.glob("*.ipynb"))
    for name in names:
        if not any(path.stem.startswith(name) for path in everything):
            sys.exit(f"No chapter begins with {name}; there are {', '.join(path.stem for path in everything)}.")
    if not everything:
        sys.exit("No chapter was found in notebooks/solutions: make editions, then try again.")
    return [path for path in everything if not names or path.stem.startswith(tuple(names))]


def record(setup, seconds, python, here):
    """The text of VERIFIED.md.

    `seconds` is chapter -> seconds; `python` the version; `here` is true in Colab's own image.
    """
    where = "In Colab's own image" if here else "In an environment with Colab's versions of the packages"
    told = ((name, setup.versions[name]) for name in TOLD if name in setup.versions)
    rows = (f"| {name.replace('_', ' ')} | {taken:.0f} |" for name, taken in sorted(seconds.items()))
    return f"""\
# Verified on {date.today().isoformat()}

Made by `make colab-check`; never edited. {where}, without a graphics card, every chapter ran from top to bottom
(solution edition, after its own set-up cell, on {os.cpu_count()} cores).

- Set-up cell with wheels at hand: {setup.seconds:.1f} s. A second time: nothing to do, {setup.again:.1f} s.
- 0 packages changed, of {len(setup.versions) - len(setup.brought)}; brought: {", ".join(setup.brought)}.
- Python {python}, {", ".join(f"{name} {version}" for name, version in told)}.

| Chapter | Seconds |
| --- | --- |
{chr(10).join(rows)}
"""


def conclude(failed, remaining, text):
    """Write the record if nothing failed or remains to be run, take it away if something failed; give the exit code."""
    if failed:
        RECORD.unlink(missing_ok=True)
        print(f"Colab check FAILED: {', '.join(failed)}. There is no {RECORD.name} now.")
        return 1
    if remaining:
        print(f"Passed. {RECORD.name} is as it was: still to be run, with --keep: {', '.join(remaining)}.")
        return 0
    RECORD.write_text(text, encoding="utf-8")
    print(f"Colab check passed: {RECORD.relative_to(RECORD.parents[1])} is written.")
    return 0


def check(options, folder):
    """All steps in their order; give the exit code."""
    notebooks = chosen(options.chapters)
    python = sys.executable if options.here else build_colab()
    wheel = wheels(python, folder)
    setup = set_up(python, wheel, setup_cell(notebooks[0], wheel))
    print(f"set-up cell: {setup.seconds:.1f} s, again {setup.again:.1f} s, 0 packages changed", flush=True)
    print(make_music(python, folder), flush=True)

    key = json.dumps([contents(wheel), setup.versions])
    passed = json.loads(PASSED.read_text()) if options.keep and PASSED.exists() else {}
    failed = run_chapters(python, notebooks, folder, key, passed)
    done = {path.stem: passed.get(path.stem, {}).get("ran") == fingerprint(key, path) for path in chosen(())}
    seconds = {name: passed[name]["seconds"] for name in done if done[name]}
    version = run(python, "-c", "import platform; print(platform.python_version())").strip()
    return conclude(failed, [name for name in done if not done[name]], record(setup, seconds, version, options.here))


def main():
    """What `make colab-check` runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chapters", nargs="*")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--here", action="store_true")
    options = parser.parse_args()
    if not (options.keep or options.here):
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            sys.exit(check(options, Path(folder)))
        except Failed as error:
            print(error)
            sys.exit(conclude(["before any chapter"], [], ""))


if __name__ == "__main__":
    main()
