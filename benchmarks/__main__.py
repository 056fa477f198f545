"""`python -m benchmarks`: run the benchmarks and write what they found as Markdown and CSV."""

import argparse
import importlib
import re
import sys
import time
from pathlib import Path

from . import ROOT, machine, say

MODULES = {  # speed first: on a quiet machine
    "speed": "speed",
    "faithfulness": "faithfulness",
    "music": "craft",
    "seeing": "seeing",
    "hearing": "hearing",
    "vocoding": "vocoding",
    "mapping": "mapping",
    "painting": "painting",
    "textures": "textures",
    "studio": "studio",
    "fidelity": "fidelity",
    "tournament": "tournament",
}


def joined(before, name, text):
    """The page of all benchmarks with one section new, the others as they were `before`."""
    sections = {part.partition("\n")[0].lower(): f"## {part}" for part in re.split("^## ", before, flags=re.M)[1:]}
    sections[name] = text
    return "# What the benchmarks found\n\n" + "\n".join(sections[n].rstrip() + "\n" for n in MODULES if n in sections)


def main(argv=None):
    """Run what is asked for; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="How fast, how faithful and how well made the music is, beside what one would use instead.",
        epilog="benchmarks/README.md says how to read the figures.",
    )
    parser.add_argument("which", nargs="?", default="all", choices=(*MODULES, "all"))
    parser.add_argument("--quick", action="store_true", help="a few pictures and runs: minutes become seconds")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write (default: benchmarks/results)")
    parser.add_argument(
        "--road", action="append", default=[], metavar="FILE.py:FUNCTION", help="a road of yours joins the tournament"
    )
    options = parser.parse_args(argv)
    if options.road and options.which != "tournament":
        parser.error("--road belongs to the tournament: python -m benchmarks tournament --road my_file.py:my_function")
    out = options.out or ROOT / "benchmarks" / "results" / ("quick" if options.quick else "")
    out.mkdir(parents=True, exist_ok=True)
    for name in MODULES if options.which == "all" else [options.which]:
        say(f"{name} ...")
        start = time.perf_counter()
        more = {"roads": tuple(options.road)} if options.road else {}
        text = importlib.import_module(f".{MODULES[name]}", __package__).run(out=out, quick=options.quick, **more)
        took = f"{time.perf_counter() - start:.0f} s{', --quick' if options.quick else ''}"
        (out / f"{name}.md").write_text(f"## {name.capitalize()}\n\n{machine()}; {took}.\n\n{text}", encoding="utf-8")
        print(text)
        page = out / "results.md"
        before = page.read_text(encoding="utf-8") if page.exists() else ""
        page.write_text(joined(before, name, (out / f"{name}.md").read_text(encoding="utf-8")), encoding="utf-8")
    say(f"written to {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
