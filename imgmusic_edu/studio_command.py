"""`imgmusic studio`: the studio in a browser of its own, served by Voila on this computer and nowhere else.

Taught in chapter 11.
"""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .command_lines import Parser

__all__ = ["run"]

TEMPLATE = "imgmusic"
PAGE = Path(__file__).parent / "studio" / "page"  # where Voila finds it
NO_VOILA = (
    "imgmusic: the studio in a browser needs Voila: pip install voila, then again; in a notebook, "
    "imgmusic_edu.widgets.studio_panel() is the same."
)


def run(argv):
    """Open the studio and serve it until Ctrl-C.

    Parameters
    ----------
    argv : list of str
        What stands after `imgmusic studio`.

    Returns
    -------
    int
        0 after Ctrl-C, 1 if the picture cannot be read, Voila is missing or stopped by itself.

    Raises
    ------
    UsageError
        The arguments were not understood.
    """
    options = _parser().parse_args(argv)
    if options.picture is not None:
        from .pictures import PictureError, open_picture

        try:
            open_picture(options.picture, max_side=64)
        except PictureError as problem:
            print(f"imgmusic: {problem}", file=sys.stderr)
            return 1
    if importlib.util.find_spec("voila") is None:
        print(NO_VOILA, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="imgmusic-") as folder:
        page = Path(folder) / "studio.ipynb"
        page.write_text(json.dumps(notebook(options.picture)), encoding="utf-8")
        return _serve([str(page), *_settings(options)])


def _parser():
    asked = Parser(
        prog="imgmusic studio",
        description="Open the studio in your browser: turn knobs, lock what you like, roll the rest again, export.",
        epilog="A picture whose name is studio is ./studio.",
    )
    asked.add_argument("picture", nargs="?", metavar="PICTURE", help="to begin with (default: a shipped painting)")
    asked.add_argument("--port", type=int, metavar="N", help="of this computer (default: one that is free)")
    asked.add_argument("--no-browser", action="store_true", help="only say where it is, and open no browser")
    return asked


def _settings(options):
    port = [f"--port={options.port}"] if options.port else []
    quiet = ["--no-browser"] if options.no_browser else []
    return ["--Voila.ip=127.0.0.1", f"--template={TEMPLATE}", *port, *quiet]


def notebook(picture=None):
    """The notebook that Voila serves, as JSON: one cell with the studio in it."""
    given = "" if picture is None else repr(os.path.abspath(picture))
    cell = {
        "cell_type": "code",
        "id": "studio",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": f"from imgmusic_edu.widgets import studio_panel\n\nstudio_panel({given})",
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "title": "imgmusic studio"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [cell]}


def _serve(arguments):
    print("The studio opens in your browser. Ctrl-C here ends it.", flush=True)
    paths = os.pathsep.join(filter(None, [str(PAGE), os.environ.get("JUPYTER_PATH")]))
    server = subprocess.Popen([sys.executable, "-m", "voila", *arguments], env=os.environ | {"JUPYTER_PATH": paths})
    try:
        code = server.wait()
    except KeyboardInterrupt:  # Voila has had it too, and shuts its kernels down
        with contextlib.suppress(KeyboardInterrupt):  # a second one: Voila has had that, too
            server.wait()
        return 0
    print(f"imgmusic: Voila ended by itself ({code}): what it wrote above says why.", file=sys.stderr)
    return 1
