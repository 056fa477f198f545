"""Scores: notes, parts and the piece that holds them, and their way to and from MIDI files.

A `Score` is what the composer writes and what the synthesizer plays.  Time is counted in beats (quarter
notes) at one constant tempo, so that `Score.seconds_of` is a single division and a MIDI file and a sound
made from the same score agree.

Taught in chapter 10, "A picture as a score".
"""

import math
import operator
from dataclasses import dataclass

__all__ = [
    "MODES",
    "PITCH_NAMES",
    "Cause",
    "Note",
    "Part",
    "Score",
    "ScoreError",
    "key_name",
    "key_signature",
    "pitch_name",
]

#: Semitones above the tonic of each mode's seven notes, from the brightest mode to the darkest.
MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
}

PITCH_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
DEFAULT_LEVEL = -18.0  # LUFS

# How many steps up the circle of fifths the tonic lies from the major key with the same signature:
# D dorian has the signature of C major, and D is two fifths above C.
_FIFTHS_ABOVE_MAJOR = {"major": 0, "mixolydian": 1, "dorian": 2, "minor": 3}


def pitch_name(pitch):
    """Name of a MIDI number, read by the sharps and flats most used: 60 is "C4", 70 is "Bb4"."""
    octave, place = divmod(round(pitch), 12)
    return f"{PITCH_NAMES[place]}{octave - 1}"


def key_signature(tonic, mode):
    """Sharps (positive) or flats (negative) of a key, -5..6, in the spelling that needs fewest."""
    sharps = (tonic * 7 - _FIFTHS_ABOVE_MAJOR[mode]) % 12
    return sharps - 12 if sharps > 6 else sharps


def key_name(tonic, mode):
    """A key in words: (6, "minor") is "F# minor"."""
    octave, letter = divmod(key_signature(tonic, mode) + _FIFTHS_ABOVE_MAJOR[mode] + 1, 7)
    accidental = "#" * octave if octave >= 0 else "b" * -octave
    return f"{'FCGDAEB'[letter]}{accidental} {mode}"


class ScoreError(ValueError):
    """A score, a note or a MIDI file that cannot be right; the message is one sentence."""


def _whole(value, what, low, high):
    """`value` as a plain int in [low, high] (numpy's integers too), or a ScoreError."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or not low <= number <= high:
        raise ScoreError(f"{what} must be a whole number from {low} to {high}, but is {value!r}.")
    return number


def _real(value, what, low=-math.inf, high=math.inf, *, above=False):
    """`value` as a plain finite float in [low, high] (above `low` when `above`), or a ScoreError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or not low <= number <= high or (above and number == low):
        bounds = f"above {low:g}" if above else f"at least {low:g}" if low > -math.inf else "finite"
        bounds += f" and at most {high:g}" if high < math.inf else ""
        raise ScoreError(f"{what} must be a number {bounds}, but is {value!r}.")
    return number


def _set(instance, **values):
    for name, value in values.items():
        object.__setattr__(instance, name, value)  # the dataclasses are frozen for everyone else


@dataclass(frozen=True, slots=True)
class Cause:
    """What in the picture made a note.

    Parameters
    ----------
    region : tuple of 4 floats
        (x0, y0, x1, y1) as fractions of width and height, y counted from the top.
    feature : str
        Name of the visual feature.
    value : float
        Its value there, in the feature's own unit.
    rule : str
        Identifier of the rule that was followed, such as "R5".
    quality : str
        What of the note it accounts for, a name in `crossmodal.QUALITIES`: "register" for how high it lies, "mode" for
        a major or minor chord, "density" for how many notes there are beside it ...
    """

    region: tuple
    feature: str
    value: float
    rule: str
    quality: str = ""

    def __post_init__(self):
        try:
            region = tuple(float(edge) for edge in self.region)
            x0, y0, x1, y1 = region
        except (TypeError, ValueError):
            raise ScoreError(f"A cause's region must be (x0, y0, x1, y1), but is {self.region!r}.") from None
        if not (0 <= x0 <= x1 <= 1 and 0 <= y0 <= y1 <= 1):
            raise ScoreError(f"A cause's region must lie within 0..1 with x0 <= x1 and y0 <= y1, but is {region}.")
        _set(self, region=region, value=_real(self.value, "A cause's value"))


@dataclass(frozen=True, slots=True)
class Note:
    """One note.

    Parameters
    ----------
    beat, beats : float
        Where it begins and how long it lasts, in quarter notes; beat >= 0, beats > 0.
    pitch : int
        MIDI number 0..127 (60 is middle C); in a drum part the General MIDI drum (36 kick, 38 snare, 42 hi-hat).
    velocity : int
        1 (softest) .. 127 (hardest).
    part : str
        Name of the `Part` that plays it.
    cause : Cause, optional
        What in the picture it came from.

    Raises
    ------
    ScoreError
        A value out of its range; the message names it.
    """

    beat: float
    beats: float
    pitch: int
    velocity: int
    part: str
    cause: Cause | None = None

    def __post_init__(self):
        _set(
            self,
            beat=_real(self.beat, "A note's beat", 0),
            beats=_real(self.beats, "A note's length in beats", 0, above=True),
            pitch=_whole(self.pitch, "A note's pitch", 0, 127),
            velocity=_whole(self.velocity, "A note's velocity", 1, 127),
        )

    @property
    def end(self):
        """Beat at which the note is let go."""
        return self.beat + self.beats


@dataclass(frozen=True, slots=True)
class Part:
    """One player: a name, a General MIDI program 0..127, a gain in dB; `is_drum` for the drum kit."""

    name: str
    program: int
    gain_db: float = 0.0
    is_drum: bool = False

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name:
            raise ScoreError(f"A part's name must be a text of at least one letter, but is {self.name!r}.")
        program = _whole(self.program, f"The program of part {self.name!r}", 0, 127)
        gain_db = _real(self.gain_db, f"The gain in dB of part {self.name!r}", -60, 24)
        _set(self, program=program, gain_db=gain_db, is_drum=bool(self.is_drum))


@dataclass(frozen=True)
class Score:
    """A whole piece: what is played, by whom, how fast, how loud.

    Parameters
    ----------
    notes : sequence of Note
    parts : sequence of Part
        Their names must differ; every note's part must be among them.
    tempo : float
        Beats (quarter notes) per minute, 10..600, the same throughout.
    beats_per_bar : int
        Quarter notes in a bar, 1..16.
    tonic : int
        Pitch class 0 (C) .. 11 (B).
    mode : str
        One of `MODES`.
    seconds : float
        Length of the sound, its last echo included.
    level : float
        Integrated loudness wanted, in LUFS, -40..-9.
    brightness : float
        Tilt of the spectrum, -1 (dark) .. 0 (as recorded) .. 1 (bright).
    title : str

    Raises
    ------
    ScoreError
        A value out of range, a note without its part, a note that begins when the sound is over.

    Notes
    -----
    Taught in chapter 10, section "From notes to sound".
    """

    notes: tuple
    parts: tuple
    tempo: float
    beats_per_bar: int
    tonic: int
    mode: str
    seconds: float
    level: float = DEFAULT_LEVEL
    brightness: float = 0.0
    title: str = ""

    def __post_init__(self):
        if self.mode not in MODES:
            raise ScoreError(f"The mode must be one of {', '.join(MODES)}, but is {self.mode!r}.")
        _set(
            self,
            notes=tuple(self.notes),
            parts=tuple(self.parts),
            tempo=_real(self.tempo, "The tempo in beats per minute", 10, 600),
            beats_per_bar=_whole(self.beats_per_bar, "The number of beats in a bar", 1, 16),
            tonic=_whole(self.tonic, "The tonic", 0, 11),
            seconds=_real(self.seconds, "The length in seconds", 0, above=True),
            level=_real(self.level, "The level in LUFS", -40, -9),
            brightness=_real(self.brightness, "The brightness", -1, 1),
        )
        self._check_notes()

    def _check_notes(self):
        names = [part.name for part in self.parts]
        for name in names:
            if names.count(name) > 1:
                raise ScoreError(f"The names of the parts must differ, but {name!r} appears {names.count(name)} times.")
        known = set(names)
        for note in self.notes:
            if note.part not in known:
                raise ScoreError(f"A note belongs to the part {note.part!r}, but the parts are {', '.join(names)}.")
        last = max((note.beat for note in self.notes), default=0.0)
        if self.notes and self.seconds_of(last) >= self.seconds:
            begins = self.seconds_of(last)
            raise ScoreError(f"A note begins at {begins:.2f} s, but the score lasts only {self.seconds:.2f} s.")

    def seconds_of(self, beat):
        """Time in seconds of a place in beats (a number or an array)."""
        return beat * 60.0 / self.tempo

    @property
    def beats(self):
        """Length of the written music in beats: the end of the last note."""
        return max((note.end for note in self.notes), default=0.0)

    @property
    def scale(self):
        """The seven pitch classes of the key, from the tonic up."""
        return tuple((self.tonic + step) % 12 for step in MODES[self.mode])

    @property
    def key_signature(self):
        """Sharps (positive) or flats (negative) at the clef, -5..6, in the spelling that needs fewest."""
        return key_signature(self.tonic, self.mode)

    @property
    def key_name(self):
        """The key in words, such as "D dorian", "F# minor" or "Eb major"."""
        return key_name(self.tonic, self.mode)

    def to_midi(self, target):
        """Write the score as a MIDI file (format 1, 480 ticks to the quarter note).

        Parameters
        ----------
        target : path or binary file object
            A path is written whole or not at all; missing folders are not made.

        Raises
        ------
        ScoreError
            More than 15 melodic parts.
        files.FileWriteError
            The path cannot be written; what was there before is untouched.

        Notes
        -----
        The same score gives the same bytes.  One track holds tempo, metre and key, then comes one a part, with
        name, program, volume (controller 7, from the gain) and brightness (controller 74).  MIDI knows major
        and minor signatures only: a mode is written with its own number of sharps or flats, as minor if its
        third is minor; the true mode travels in a text event that `from_midi` reads.
        """
        from imgmusic_edu import midi_files

        midi_files.write(self, target)

    @classmethod
    def from_midi(cls, source):
        """Read a MIDI file.

        Notes keep their place in beats; where the file changes tempo, the score gets the one tempo that makes
        the whole piece as long as the file's.  A part is one program on one channel of one track.  Pedals,
        pitch bends and changes of volume are left out.

        Parameters
        ----------
        source : path, bytes or binary file object

        Returns
        -------
        Score

        Raises
        ------
        ScoreError
            Not a MIDI file, a broken one, or one without notes.
        """
        from imgmusic_edu import midi_files

        return midi_files.read(source)
