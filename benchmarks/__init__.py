"""Benchmarks: how fast, how faithful, how well made; `python -m benchmarks --help`, and README.md for how to read them.

They stand outside the package because they also run what one would use instead of it.
"""

import concurrent.futures
import multiprocessing
import os
import platform
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# One thread a process: two processes on two cores, and the same sums in the same order on every machine.
_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def say(text):
    """A line of progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def table(header, rows):
    """A Markdown table of strings; the first column is left-aligned, the others right."""
    rules = [":--", *["--:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (header, rules, *rows)) + "\n"


def verdicts(rows):
    """The table of promises: (what, wanted, found, whether it is kept)."""
    return table(("promise", "wanted", "found", "kept"), [(*row[:-1], "yes" if row[-1] else "NO") for row in rows])


def machine():
    """The machine in one line, for figures that depend on it."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores{load}"


def every(items, n):
    """`n` of the items, evenly spread (all of them where there are fewer)."""
    items = list(items)
    n = min(n, len(items))
    return [items[k * len(items) // n] for k in range(n)]


def pictures(n=None):
    """Names of the shipped pictures, all or `n` of them."""
    from imgmusic_edu import datasets

    names = [*datasets.photographs(), *datasets.paintings()]
    return names if n is None else every(names, n)


def spread_out(task, jobs, *, what, processes=2):
    """`task(job)` for each job, in `processes` worker processes (0: in this one); results in the order of the jobs.

    `task` is a function of a module, and job and result can be pickled.
    """
    jobs, found, start = list(jobs), [], time.perf_counter()
    said = 0

    def collect(results):
        nonlocal said
        for result in results:
            found.append(result)
            if len(found) * 10 // len(jobs) > said:
                said = len(found) * 10 // len(jobs)
                say(f"  {what}: {len(found)} of {len(jobs)}, {time.perf_counter() - start:.0f} s")
        return found

    if processes == 0:
        return collect(map(task, jobs))
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(_THREADS)  # must be there before a worker imports numpy
    try:
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(processes, mp_context=context) as pool:
            return collect(pool.map(task, jobs))
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def write_csv(path, rows):
    """Rows (dicts with the same keys) as a CSV file."""
    import csv

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(
            {key: f"{value:.6g}" if isinstance(value, float) else value for key, value in row.items()} for row in rows
        )
