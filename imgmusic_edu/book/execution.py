"""Run notebooks with this very Python and without a network, and keep what came out until something it used changes.

The tests run the chapters by the same means.
"""

import asyncio
import contextlib
import datetime
import hashlib
import json
import os
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from ..files import write_atomically

# Two kernels on two cores: more threads than that only get into each other's way.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    ),
    "1",
)
LIMIT = 900  # seconds a cell may take; more than the tests allow, for a build shares the machine

#: With this folder on PYTHONPATH, every Python that starts has no network.
OFFLINE = Path(__file__).parent / "offline"
_STARTUP = """\
import imgmusic_edu.exercises
imgmusic_edu.exercises.__path__.extend({exercises!r})
"""

# Processor's time after each cell: unlike the clock's it is the same on a machine that has other work too.
_MARKS = """\
import time
_shell = get_ipython()
_shell.processor_marks = [time.process_time()]
_shell.events.register("post_run_cell", lambda *_: _shell.processor_marks.append(time.process_time()))
"""
# A cell of our own after the last one: what the chapter imported of the package, and those times.
_WITNESS = """\
import json as _json, pathlib as _pathlib, sys as _sys
_package = _pathlib.Path(_sys.modules["imgmusic_edu"].__file__).parent
_files = {_pathlib.Path(module.__file__) for module in _sys.modules.values() if getattr(module, "__file__", None)}
_ours = sorted(file.relative_to(_package).as_posix() for file in _files if file.is_relative_to(_package))
print(_json.dumps({"modules": _ours, "marks": get_ipython().processor_marks}))
"""
# Whose versions may change what a chapter shows.
_LIBRARIES = ("ipywidgets", "keras", "librosa", "matplotlib", "numpy", "scikit-image", "scipy", "soundfile")


class ExecutionError(RuntimeError):
    """A notebook could not be run to its end; the message is a sentence, then what its cell said."""


def kernel_environment(folder, root, *, exercises=()):
    """Variables for a kernel that keeps its own files in a folder and has no network.

    Parameters
    ----------
    folder : path of a folder, made if need be
    root : path of the checkout that the kernel imports the package from
    exercises : sequence of paths
        Folders with exercises of chapters that are not the course's.

    Returns
    -------
    dict of str to str
        To be put over the variables there are.
    """
    startup = Path(folder) / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "exercises.py").write_text(_STARTUP.format(exercises=[str(path) for path in exercises]))
    paths = [str(OFFLINE), str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "IPYTHONDIR": str(startup.parents[1]),
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "IMGMUSIC_BUDGET": os.environ.get("IMGMUSIC_BUDGET", "fast"),
        "IMGMUSIC_PROGRESS": str(Path(folder) / "progress.json"),  # nobody's own
    }


async def run_notebook(notebook, work, *, environment, limit=LIMIT):
    """Run a notebook in a kernel of this very Python; its cells get their outputs and their times.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    work : path of the folder that it runs in
    environment : dict of str to str
        From `kernel_environment`, put over the variables there are.
    limit : float
        Seconds that a cell may take.

    Returns
    -------
    nbformat.NotebookNode
        The one handed over.

    Raises
    ------
    nbclient.exceptions.CellExecutionError, nbclient.exceptions.CellTimeoutError
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    # No folder of kernels: what is left is ipykernel's own, which starts sys.executable.
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(notebook, km=manager, timeout=limit, resources={"metadata": {"path": str(work)}})
    try:
        return await client.async_execute(env=os.environ | environment)
    finally:  # a client does not end a kernel whose manager it was given
        if client.kc:
            client.kc.stop_channels()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)


def executed(notebooks, cache, root, *, exercises=(), at_once=2, told=print):
    """Run notebooks, or take what an earlier run of the same made.

    Parameters
    ----------
    notebooks : dict of str to str
        Their texts by name.
    cache : path of a folder, made if need be
    root : path of the checkout
    exercises : sequence of paths
        As for `kernel_environment`.
    at_once : int
        How many run beside each other, each with one thread.
    told : callable
        Gets a line for each that was run.

    Returns
    -------
    dict of str to nbformat.NotebookNode
        In the order given.  `metadata["record"]` holds "key" (`key_of`), "modules" (files of the package that were
        imported) and "day"; each code cell's `metadata["seconds"]` its (clock's, processor's) time in s.

    Raises
    ------
    ExecutionError
        A cell failed.  Chapters that had ended are kept, and not run again the next time.
    """
    cache = Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    kept = {name: _kept(cache / f"{name}.ipynb", text, root) for name, text in notebooks.items()}
    missing = {name: notebooks[name] for name, notebook in kept.items() if notebook is None}
    made = asyncio.run(_run_all(missing, cache, Path(root), exercises, at_once, told)) if missing else {}
    return {name: notebook or made[name] for name, notebook in kept.items()}


async def _run_all(notebooks, cache, root, exercises, at_once, told):
    places = asyncio.Semaphore(at_once)

    async def run(name, text):
        async with places:
            notebook = await _run(name, text, root, exercises)
        seconds = [sum(cell.metadata["seconds"][i] for cell in _code(notebook)) for i in (0, 1)]
        told(f"ran {name} in {seconds[0]:.0f} s ({seconds[1]:.0f} s of processor)")
        import nbformat

        write_atomically(cache / f"{name}.ipynb", nbformat.writes(notebook).encode())
        return notebook

    longest_first = sorted(notebooks, key=lambda name: -_seconds_before(cache / f"{name}.ipynb"))
    tasks = [asyncio.create_task(run(name, notebooks[name])) for name in longest_first]
    try:
        return dict(zip(longest_first, await asyncio.gather(*tasks), strict=True))
    finally:
        for task in tasks:  # where one has failed, the others' kernels end with it
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(name, text, root, exercises):
    """Run one and write into it what it used and what it took."""
    import nbformat
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    notebook = nbformat.reads(text, 4)
    notebook.cells.append(nbformat.v4.new_code_cell(_WITNESS))
    with tempfile.TemporaryDirectory(prefix="imgmusic-book-") as folder:
        environment = kernel_environment(folder, root, exercises=exercises) | ONE_THREAD
        startup = Path(environment["IPYTHONDIR"]) / "profile_default" / "startup"
        (startup / "marks.py").write_text(_MARKS)
        work = Path(folder) / "work"
        work.mkdir()
        try:
            await run_notebook(notebook, work, environment=environment)
        except (CellExecutionError, CellTimeoutError) as problem:
            raise ExecutionError(f"{name} could not be run to its end.\n{problem}") from None
    said = json.loads(notebook.cells.pop().outputs[0]["text"])
    for cell, before, after in zip(_code(notebook), said["marks"], said["marks"][1:], strict=False):
        cell.metadata["seconds"] = [_clock(cell.metadata.pop("execution")), round(after - before, 2)]
    day = datetime.date.today().isoformat()
    notebook.metadata["record"] = {"key": key_of(text, root, said["modules"]), "modules": said["modules"], "day": day}
    notebook.metadata.pop("widgets", None)  # no page asks for their state
    return notebook


def _clock(times):
    began, ended = (datetime.datetime.fromisoformat(times[f"iopub.status.{state}"]) for state in ("busy", "idle"))
    return round((ended - began).total_seconds(), 2)


def key_of(text, root, modules):
    """What an executed copy depends on, as one number.

    Parameters
    ----------
    text : str
        The notebook before it is run.
    root : path of the checkout
    modules : sequence of str
        Paths below the package of the modules that it imports.

    Returns
    -------
    str
        SHA-256 of the text, of those modules, of the package's scripts and style sheets, of the ledger of the data
        (which has the checksum of every file), and of the versions of Python and of the libraries.
    """
    root = Path(root)
    package = root / "imgmusic_edu"
    assets = [path.relative_to(package).as_posix() for kind in ("js", "css") for path in package.rglob(f"*.{kind}")]
    digest = hashlib.sha256(json.dumps([text, sys.version, _versions()]).encode())
    for path in [root / "data" / "MANIFEST.csv", *(package / name for name in sorted({*modules, *assets}))]:
        content = path.read_bytes() if path.exists() else b"gone"
        digest.update(f"{path.relative_to(root).as_posix()} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _versions():
    found = {}
    for name in _LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _kept(path, text, root):
    """The executed copy at a path if it is still what a run would give, else None."""
    notebook = _read(path)
    record = (notebook or {}).get("metadata", {}).get("record", {})
    same = bool(record) and record["key"] == key_of(text, root, record["modules"])
    return notebook if same else None


def _read(path):
    import nbformat

    try:
        return nbformat.read(path, 4)
    except (OSError, ValueError):  # not there, or not a notebook
        return None


def _seconds_before(path):
    """What an earlier run took, in s of the clock; a chapter that has never run may be the longest."""
    cells = _code(_read(path) or {})
    return sum(cell.metadata.get("seconds", [0])[0] for cell in cells) or float("inf")


def _code(notebook):
    return [cell for cell in notebook.get("cells", ()) if cell.cell_type == "code"]
