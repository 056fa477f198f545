"""Does the package live with what Colab has? Run by hand: `make colab-check` (needs the network; a few minutes).

Installs the versions of a Colab runtime into `.venv-colab`, then the wheel exactly as the set-up cell does, shows that
no version changed, makes music on the command line and runs the chapters.

    --tensorflow   adds Colab's TensorFlow and Keras (half a gigabyte)
    --keep         starts from the `.venv-colab` of the last run
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-colab"
PYTHON = FOLDER / "bin" / "python"

# Colab's own list, runtime 2026.07; the runtime of August 2026 is the first on Python 3.13.
COLAB = {
    "anywidget": "0.9.21",
    "ipykernel": "6.17.1",
    "ipython": "7.34.0",
    "ipywidgets": "7.7.1",
    "jedi": "0.20.1",  # Colab leaves it out, though IPython 7.34 names it
    "jupyter_client": "7.4.9",
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
}
COLAB_313 = {"numba": "0.61.2", "numpy": "2.1.3"}
TENSORFLOW = {"tensorflow-cpu" if sys.platform == "linux" else "tensorflow": "2.20.0", "keras": "3.13.2"}


def run(*command, **options):
    """Run a command in the Colab-like environment and return what it printed; stop with its own words if it fails."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    environment |= {"PYTHONNOUSERSITE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "COLAB_RELEASE_TAG": "check"}
    done = subprocess.run([str(PYTHON), *map(str, command)], capture_output=True, text=True, env=environment, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}{done.stderr[-6000:]}")
    return done.stdout


def versions():
    """Name -> version of everything installed."""
    return {p["name"].lower(): p["version"] for p in json.loads(run("-m", "pip", "list", "--format", "json"))}


def build_colab(tensorflow):
    """Make the environment with Colab's versions."""
    pins = COLAB | (COLAB_313 if sys.version_info >= (3, 13) else {}) | (TENSORFLOW if tensorflow else {})
    if not PYTHON.exists():
        venv.create(FOLDER, with_pip=True, clear=True)
    run("-m", "pip", "install", "--quiet", *(f"{name}=={version}" for name, version in pins.items()))


def install_as_the_setup_cell_does(folder):
    """Build the wheel, prove that nothing would be replaced, install it; return the versions that changed."""
    run("-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = Path(folder).glob("*.whl")
    missing = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["imgmusic_edu"]["missing-on-colab"]
    before = versions()

    report = Path(folder) / "report.json"
    run("-m", "pip", "install", "--quiet", "--dry-run", "--report", report, wheel)
    wanted = {item["metadata"]["name"] for item in json.loads(report.read_text())["install"]}
    print(f"with dependencies pip would add: {', '.join(sorted(wanted))}")
    surprise = wanted - {"imgmusic_edu", *missing}
    if surprise:
        sys.exit(f"pip would also install {', '.join(sorted(surprise))}: a lower bound in pyproject.toml is too high")

    run("-m", "pip", "install", "--quiet", "--no-deps", wheel, *missing)
    after = versions()
    return {name: (version, after.get(name)) for name, version in before.items() if after.get(name) != version}


def make_music(folder):
    """One shipped picture to music, away from the checkout, so that the wheel's own data is used."""
    code = "from imgmusic_edu import data_path, datasets; print(data_path('photographs/' + datasets.photographs()[0]))"
    picture = run("-c", code, cwd=folder).strip()
    if ROOT / "data" in Path(picture).parents:
        sys.exit(f"the data came from the checkout, not from the wheel: {picture}")
    run("-m", "imgmusic_edu", picture, "-o", "out.wav", "--midi", "out.mid", "--explain", "out.json", cwd=folder)
    sizes = {name: (Path(folder) / name).stat().st_size for name in ("out.wav", "out.mid", "out.json")}
    print(f"imgmusic {Path(picture).name}: {sizes}")


def run_chapters(folder):
    """Every chapter's solution, top to bottom, in Colab's IPython and ipywidgets."""
    code = (
        "import sys, nbformat, nbclient\n"
        "notebook = nbformat.read(sys.argv[1], as_version=4)\n"
        "nbclient.NotebookClient(notebook, timeout=600, kernel_name='python3').execute()\n"
    )
    chapters = sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
    for chapter in chapters:
        run("-c", code, shutil.copy(chapter, folder), cwd=folder)
        print(f"{chapter.name}: runs")
    if not chapters:
        sys.exit("no chapter was found in notebooks/solutions: make editions, then try again")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tensorflow", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    if not options.keep:
        shutil.rmtree(FOLDER, ignore_errors=True)
    build_colab(options.tensorflow)
    with tempfile.TemporaryDirectory() as folder:
        changed = install_as_the_setup_cell_does(folder)
        if changed:
            sys.exit(f"the installation changed {changed}")
        now = versions()
        shown = ("ipywidgets", "ipython", "numpy", "librosa", "scipy", "matplotlib", "pillow", "anywidget")
        print("unchanged: " + ", ".join(f"{name} {now[name]}" for name in shown))
        make_music(folder)
        run_chapters(folder)
    print("Colab check passed.")


if __name__ == "__main__":
    main()
