"""The command: `imgmusic photo.jpg` turns pictures into music from a terminal.

Exit codes: 0 all pictures became music, 1 some did not, 2 the command was not understood, 130 stopped by Ctrl-C.

Taught in chapter 00, section "From a terminal".
"""

import contextlib
import os
import signal
import sys
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

from .command_lines import UsageError, forgive_odd_names
from .files import FileWriteError, name_of, printable
from .options import check, parser

# Only what --help needs is imported up here; the rest loads once there is a picture to read.

_SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
# In a folder these are taken for pictures. The last row cannot be read: better a sentence each than silence.
_PICTURE_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .apng .webp .gif .bmp .dib .tif .tiff .mpo"
    " .heic .heif .avif .jp2 .jxl .svg .psd .cr2 .cr3 .nef .arw .dng .raf .orf .rw2".split()
)


@dataclass(frozen=True)
class _Job:
    """One picture and the files to be made from it."""

    picture: str
    outputs: tuple[str, ...]


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
    argv = sys.argv[1:] if argv is None else argv
    try:
        if argv[:1] == ["studio"]:  # a picture of this name is ./studio
            from .studio_command import run

            return run(argv[1:])
        options = parser().parse_args(argv)
        jobs, complaints = _jobs(options)
    except UsageError as problem:
        print(f"imgmusic: {str(problem).rstrip('.')}; imgmusic --help shows how.", file=sys.stderr)
        return 2
    except SystemExit as end:  # --help
        return end.code or 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # decoders' remarks about files that they read all the same
            return _run(jobs, complaints, options)
    except KeyboardInterrupt:
        print("imgmusic: stopped; the files written so far are whole.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read the output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _jobs(options):
    """The work to do, and sentences about arguments in which there is none."""
    check(options)
    pictures, complaints = [], []
    for argument in options.pictures:
        if not os.path.isdir(argument):
            pictures.append(argument)
            continue
        try:
            found = _pictures_in(argument)
        except OSError as problem:
            complaints.append(f"the folder {argument} cannot be read ({problem.strerror}): copy the pictures.")
            continue
        pictures += found
        if not found:
            complaints.append(f"{argument} is a folder without pictures in it: name another.")
    if not pictures:
        return [], complaints
    several = len(options.pictures) > 1 or os.path.isdir(options.pictures[0])
    wanted = (
        ("--output", options.output or os.curdir, _SOUND_SUFFIXES),
        ("--midi", options.midi, (".mid", ".midi")),
        ("--explain", options.explain, (".json",)),
    )
    names = _names(pictures)
    columns = [_outputs(option, place, suffixes, names, several) for option, place, suffixes in wanted if place]
    jobs = [_Job(picture, tuple(outputs)) for picture, *outputs in zip(pictures, *columns, strict=True)]
    _check_apart(jobs)
    return jobs, complaints


def _pictures_in(folder):
    return sorted(
        str(path)
        for path in Path(folder).iterdir()
        if path.suffix.lower() in _PICTURE_SUFFIXES and not path.name.startswith(".") and not path.is_dir()
    )


def _names(pictures):
    """A name for each picture's files: its own without the suffix, numbered where two are the same."""
    names, taken = [], set()
    for picture in pictures:
        stem = Path(picture).stem or "picture"
        name, number = stem, 1
        while name.lower() in taken:  # a.jpg and A.jpg are one file on some disks
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def _outputs(option, place, suffixes, names, several):
    """The file for each picture: `place` itself, or in the folder `place` one that is called as the picture is."""
    if several or os.path.isdir(place) or place.endswith(("/", os.sep)):
        if place.lower().endswith(suffixes) and not os.path.isdir(place):
            raise UsageError(f"several pictures need a folder for {option}, and {place} is the name of one file")
        return [os.path.join(place, name + suffixes[0]) for name in names]
    if not place.lower().endswith(suffixes):
        raise UsageError(f"{option} {place} must end in {' or '.join(suffixes)}")
    folder = os.path.dirname(place)
    if folder and not os.path.isdir(folder):
        raise UsageError(f"the folder of {option} {place} does not exist: make it first")
    return [place]


def _check_apart(jobs):
    """No file may be written over a picture, nor over another one that is to be written."""
    pictures = {_identity(job.picture) for job in jobs}
    written = set()
    for output in (output for job in jobs for output in job.outputs):
        identity = _identity(output)
        if identity in pictures:
            raise UsageError(f"{output} is one of the pictures and would be written over: give another --output")
        if identity in written:
            raise UsageError(f"{output} would be written twice: give each file its own name")
        written.add(identity)


def _identity(path):
    """The same for two names of one file."""
    try:
        status = os.stat(path)
        return status.st_dev, status.st_ino
    except (OSError, ValueError):
        return os.path.normcase(os.path.abspath(path))  # nothing there: its name is all there is to compare


def _run(jobs, complaints, options):
    """Make all the music there is to make; 0, or 1 if anything failed."""
    started = time.perf_counter()
    for complaint in complaints:
        print(f"imgmusic: {printable(complaint)}", file=sys.stderr)
    n_failed, seconds = len(complaints), 0.0
    with _Progress(len(jobs)) as progress, _first_ctrl_c() as pressed:
        for job in jobs:
            try:
                report, problem = _make(job, options), None
                seconds += options.seconds
            except (ValueError, OSError) as found:  # all that the package raises on purpose
                problem = str(found)
            except MemoryError:
                problem = "there is not enough memory: try fewer --seconds."
            except Exception as found:  # a fault of ours must not stop the other pictures, nor show a traceback
                problem = f"no music came of it ({type(found).__name__}: {found}): please report this."
            if problem is None:
                progress.say(report, sys.stdout)
            else:
                n_failed += 1
                progress.say(_sentence(job.picture, problem), sys.stderr)
            progress.step()
            if pressed:
                raise KeyboardInterrupt
    if len(jobs) > 1:
        n_made = len(jobs) + len(complaints) - n_failed
        print(
            f"{n_made} of {len(jobs)} pictures became music, {n_failed} failed:"
            f" {seconds:g} s of sound in {time.perf_counter() - started:.1f} s."
        )
    return 1 if n_failed else 0


def _make(job, options):
    """One picture's files, and what to say about them."""
    from . import roads

    piece = roads.compose(
        job.picture,
        road=options.road,
        seconds=options.seconds,
        seed=options.seed,
        tempo=options.tempo,
        key=options.key,
        mode=options.mode,
        instruments=options.instruments,
        title=Path(job.picture).stem,
    )
    written = []
    for output in job.outputs:
        _make_folder(os.path.dirname(output) or os.curdir)
        replaced = " (replaced)" if os.path.exists(output) else ""
        piece.save(output)
        written.append(os.path.normpath(output) + replaced)
    return "\n  ".join([printable(f"{job.picture} -> {', '.join(written)}"), *piece.sentences])


def _make_folder(folder):
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise FileWriteError(f"the folder {folder} cannot be made ({reason}): choose another.") from problem


def _sentence(picture, problem):
    """One line that names the picture."""
    name = name_of(picture)
    line = " ".join(printable(problem).split())
    return f"imgmusic: {line}" if name in line else f"imgmusic: {name}: {line}"


@contextlib.contextmanager
def _first_ctrl_c():
    """A list that holds something after the first Ctrl-C; the picture in hand is finished, unless there is a second.

    At once, it could get lost: where a library written in C calls back, no interrupt is passed on.
    """
    pressed: list[int] = []

    def press(number, _):
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before = signal.getsignal(signal.SIGINT)
    ours = before is signal.default_int_handler and threading.current_thread() is threading.main_thread()
    with contextlib.ExitStack() as afterwards:
        if ours:
            afterwards.callback(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, press))
        yield pressed


class _Progress:
    """A progress bar on standard error where there is a terminal and more than one picture; else only words."""

    def __init__(self, total):
        self.bar = None
        if total > 1 and sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=total, unit="picture", file=sys.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.bar:
            self.bar.close()

    def say(self, text, stream):
        if self.bar:
            self.bar.write(text, file=stream)
        else:
            print(text, file=stream, flush=True)

    def step(self):
        if self.bar:
            self.bar.update()


if __name__ == "__main__":
    sys.exit(main())
