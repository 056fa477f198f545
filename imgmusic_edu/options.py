"""What can be asked of the command: its options, what they mean, and one sentence where one is not understood.

Only what --help needs is imported up here; the rest loads when an option names it.

Taught in chapter 00, section "From a terminal".
"""

import argparse

from .command_lines import Parser, UsageError

__all__ = ["check", "parser"]

_EXAMPLES = """\
examples:
  imgmusic photo.jpg                            writes photo.wav into the folder you are in
  imgmusic photo.jpg -o song.ogg --seconds 60   a minute of music, as OGG
  imgmusic photo.jpg --midi photo.mid --explain photo.json
                                                also the notes, for MuseScore, and why each is there
  imgmusic photo.jpg --key "F# minor" --tempo 90 --instruments violin,strings
  imgmusic studio photo.jpg                     the same in a browser, with knobs (a file studio is ./studio)
  imgmusic holiday/ -o holiday_music/           every picture in a folder

Tempo, key, mode and instruments follow the picture unless you set them. The same picture, settings and seed
give the same music; another --seed gives another piece that follows the picture just as well. A file that is
already there is replaced; a picture never is.

exit codes: 0 all pictures became music, 1 some did not, 2 the command was not understood, 130 stopped by Ctrl-C
"""


def parser():
    """The command's argument parser."""
    asked = Parser(
        prog="imgmusic",
        description="Turn pictures into music, and say why the music sounds as it does.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    asked.add_argument("pictures", nargs="+", metavar="PICTURE", help="pictures, or folders with pictures in them")
    files = asked.add_argument_group("what is written (for several pictures, name folders)")
    files.add_argument(
        "-o",
        "--output",
        metavar="SOUND",
        help="the sound; its suffix chooses .wav, .flac, .ogg or .mp3 (default: the picture's name and .wav)",
    )
    files.add_argument("--midi", metavar="MID", help="also the notes, as a MIDI file (.mid)")
    files.add_argument("--explain", metavar="JSON", help="also what in the picture made which note (.json)")
    music = asked.add_argument_group("how it sounds")
    music.add_argument(
        "--road",
        type=_road,
        default="score",
        metavar="NAME",
        help="by rules and notes (score, the default), by a network (linear, mlp, autoencoder, vae, gan), or by a "
        "function of yours: my_file.py:my_function",
    )
    music.add_argument("--seconds", type=_seconds, default=20.0, metavar="N", help="length, 8 to 180 (default: 20)")
    music.add_argument("--seed", type=_seed, default=0, metavar="N", help="which of many pieces, from 0 (default: 0)")
    music.add_argument("--tempo", type=_tempo, metavar="BPM", help="beats a minute, 40 to 200")
    music.add_argument("--key", type=_key, metavar="KEY", help='such as D, F#, Bb or "F# minor"')
    music.add_argument("--mode", type=str.lower, choices=("major", "mixolydian", "dorian", "minor"))
    music.add_argument(
        "--instruments",
        type=_instruments,
        metavar="NAMES",
        help="up to four, with commas: melody, harmony, accompaniment, bass (an unknown name lists them all)",
    )
    return asked


def check(options):
    """Refuse what contradicts itself.

    Raises
    ------
    UsageError
        One sentence without a full stop.
    """
    if options.key:
        from .composer import parse_key

        mode = parse_key(options.key)[1]
        if options.mode and mode not in (None, options.mode):
            raise UsageError(f"--key {options.key!r} and --mode {options.mode} contradict each other")
        if options.road != "score" and mode:
            raise UsageError(f"the road {options.road} takes the mode from the picture: give --key without it")
    from .roads import ROADS

    if options.road in ROADS[1:]:
        for option in ("midi", "mode", "instruments"):
            if getattr(options, option):
                raise UsageError(f"the road {options.road} has no --{option}: leave it out, or take --road score")


def _road(text):
    from . import roads

    try:
        there = roads.known(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from problem
    if not there:
        raise argparse.ArgumentTypeError(f"there is no road {text!r}; there are {', '.join(roads.names())}")
    return text


def _number(text, ends, unit):
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not ends[0] <= value <= ends[1]:  # NaN too
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {ends[0]:g} to {ends[1]:g} {unit}")
    return value


def _seconds(text):
    from .composer.plan import SECONDS

    return _number(text, SECONDS, "seconds")


def _tempo(text):
    from .composer.plan import LOCKED_TEMPO

    return _number(text, LOCKED_TEMPO, "beats a minute")


def _seed(text):
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def _key(text):
    from .composer import parse_key

    key = text.replace("\u266f", "#").replace("\u266d", "b")  # the printed sharp and flat
    try:
        parse_key(key)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from problem
    return key


def _instruments(text):
    from .composer.plan import PARTS
    from .synthesizer import INSTRUMENTS

    names = [name.strip().lower().replace(" ", "_").replace("-", "_") for name in text.split(",")]
    for name in names:
        if name not in INSTRUMENTS:
            raise argparse.ArgumentTypeError(f"there is no {name!r}; there are {', '.join(sorted(INSTRUMENTS))}")
    if len(names) > len(PARTS):
        raise argparse.ArgumentTypeError(f"{len(names)} are named for {len(PARTS)} parts ({', '.join(PARTS)})")
    return names
