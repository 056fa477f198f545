"""The faithfulness benchmark from a terminal: `python -m imgmusic_edu.evaluation pairs/`.

Exit codes: 0 all pairs were scored, 1 some were left out or something could not be written, 2 there was nothing to
score or the command was not understood, 130 stopped by Ctrl-C.

Taught in chapter 11, section "Does the music follow the picture?".
"""

import argparse
import os
import sys
import warnings

from ..command_lines import Parser, UsageError, forgive_odd_names
from ..files import printable

# Only what --help needs is imported up here.

_N_PICTURES = 100
_MOST = 1000
_EXAMPLES = """\
how to score a system that turns pictures into music:
  1. python -m imgmusic_edu.evaluation --prepare pairs/ --edits --n 20
        writes 20 pictures into the folder, and each of them lighter, darker, more colourful, upside down ...
        Without --edits there are only the pictures as they are: a hundred of them make a good test, too.
  2. Let your system make a sound for every picture, of ten seconds or more, and give it the picture's name:
        koala.png -> koala.wav, koala.lighten.png -> koala.lighten.wav (FLAC, OGG and MP3 will do as well).
        Random choices must be the same for a picture and its edited copies: the edit is to be the only change.
  3. python -m imgmusic_edu.evaluation pairs/
        prints what was found beside chance, shuffled pairs and a program that follows the hue, with 95 % intervals,
        and writes it as pairs/faithfulness.csv and pairs/faithfulness.png.

Pictures of your own can be scored the same way: any folder with pictures and sounds of the same names. The first ten
seconds of each sound count. A hundred pairs take one to three minutes.

exit codes: 0 all pairs were scored, 1 some were left out (a sentence says why) or something could not be written,
2 nothing to score, or the command was not understood, 130 stopped by Ctrl-C
"""


def main(argv=None):
    """Run the command.

    Parameters
    ----------
    argv : list of str, optional
        Arguments without the program's name; by default those the program was started with.

    Returns
    -------
    int
        The exit code.
    """
    forgive_odd_names()
    try:
        options = _parser().parse_args(argv)
        _check(options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # readers' remarks about files that they read all the same
            return _prepare(options) if options.prepare is not None else _score(options)
    except UsageError as problem:
        _complain(f"{str(problem).rstrip('.')}; python -m imgmusic_edu.evaluation --help shows how.")
        return 2
    except SystemExit as end:  # --help
        return end.code or 0
    except KeyboardInterrupt:
        _complain("stopped; what was written so far is whole.")
        return 130
    except BrokenPipeError:  # whoever read the output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        _complain("there is not enough memory: score fewer pairs.")
        return 1
    except Exception as problem:
        _complain(f"nothing came of it ({type(problem).__name__}: {problem}): please report this.")
        return 1


def _parser():
    parser = Parser(
        prog="python -m imgmusic_edu.evaluation",
        description="Score how faithfully music follows the pictures that it was made for, whatever made it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "folder", nargs="?", metavar="FOLDER", help="pictures and sounds of the same names, to be scored"
    )
    scoring = parser.add_argument_group("scoring")
    scoring.add_argument("--csv", metavar="FILE", help="the figures (default: FOLDER/faithfulness.csv)")
    scoring.add_argument("--figure", metavar="FILE", help="a picture of them (default: FOLDER/faithfulness.png)")
    scoring.add_argument(
        "--quick", action="store_true", help="leave out the search among 1000 pictures, which takes most of the time"
    )
    preparing = parser.add_argument_group("preparing")
    preparing.add_argument("--prepare", metavar="FOLDER", help="write pictures to make sounds for, and score nothing")
    preparing.add_argument("--edits", action="store_true", help="each of them with every edit done to it as well")
    preparing.add_argument("--n", type=_number, metavar="N", help=f"how many, 1 to {_MOST} (default: {_N_PICTURES})")
    return parser


def _number(text):
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {_MOST}")
    return int(text)


def _check(options):
    """What contradicts itself, or could not be written in the end, is said before the work begins."""
    if options.prepare is not None:
        if options.folder is not None or options.csv or options.figure or options.quick:
            raise UsageError("--prepare scores nothing: leave the other folder, --csv, --figure and --quick away")
        return
    if options.folder is None:
        raise UsageError("name the folder with the pairs")
    if options.edits or options.n:
        raise UsageError("--edits and --n belong to --prepare")
    for option, path, suffixes in (("--csv", options.csv, (".csv",)), ("--figure", options.figure, (".png", ".svg"))):
        if path and not path.lower().endswith(suffixes):
            raise UsageError(f"{option} {printable(path)} must end in {' or '.join(suffixes)}")
        if path and not os.path.isdir(os.path.dirname(path) or os.curdir):
            raise UsageError(f"the folder of {option} {printable(path)} does not exist: make it first")
    options.csv = options.csv or os.path.join(options.folder, "faithfulness.csv")
    options.figure = options.figure or os.path.join(options.folder, "faithfulness.png")


def _prepare(options):
    from .pairs_folder import prepare

    try:
        written, there = prepare(options.prepare, n=options.n or _N_PICTURES, edits=options.edits)
    except OSError as problem:
        _complain(str(problem))
        return 1
    before = f", {there} were there already" if there else ""
    print(f"{written} pictures were written into {printable(options.prepare)}{before}.")
    print("Now make a sound of ten seconds or more for each, of the same name: koala.png -> koala.wav.")
    return 0


def _score(options):
    """Read, score, print, write; 0, 1 or 2."""
    from .benchmark import CANDIDATES, score
    from .pairs_folder import find_pairs, read_pairs

    n_missing = 0

    def miss(sentence):
        nonlocal n_missing
        n_missing += 1
        _complain(sentence)

    try:
        ours = "faithfulness.png", os.path.basename(options.figure)  # may lie there from the last time
        entries = find_pairs(options.folder, ignore=ours, notice=miss)
        _keep_pictures(entries, options)
        pairs = read_pairs(_with_progress(entries), notice=_complain)
        report = score(pairs, candidates=CANDIDATES[:1] if options.quick else CANDIDATES, notice=_complain)
    except ValueError as problem:  # all that the package raises on purpose
        _complain(str(problem))
        return 2
    print(report.table())
    all_scored = not n_missing and report.n_pairs == len(entries)
    written = [_write(report.save_csv, options.csv), _write(report.save_figure, options.figure)]
    return 0 if all_scored and all(written) else 1


def _keep_pictures(entries, options):
    """The figure must not be written over one of the pictures."""
    for entry in entries:
        if os.path.exists(options.figure) and os.path.samefile(entry.picture, options.figure):
            raise UsageError(f"{printable(options.figure)} is one of the pictures: give another --figure")


def _with_progress(entries):
    if not sys.stderr.isatty():
        return entries
    from tqdm import tqdm

    return tqdm(entries, unit="pair", file=sys.stderr)


def _write(save, path):
    """Whether it could be written."""
    try:
        save(path)
    except OSError as problem:
        _complain(str(problem))
        return False
    print(f"-> {printable(os.path.normpath(path))}")
    return True


def _complain(sentence):
    print(f"evaluation: {' '.join(printable(sentence).split())}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
