"""Is the explanation true? What it names is made otherwise: the music must change as it says, and nowhere else.

Every note of the score road says which part of the picture, which feature and which rule made it so, and what of it
they account for (its height, major or minor, how many notes there are beside it ...). *Fidelity*: the pixels of that
region are changed so that the feature is clearly more or less, the piece is composed again with the same seed, and the
new score is asked whether that quality moved the way the rule says. *Leakage*: pixels outside all that the explanation
names are changed, and the note must stay. Which change of pixels is made is settled in the picture alone, before
anything is composed (`interventions`).

Networks write no notes and name no regions: there, a strip of the picture is masked to see whether the sound changes
where that strip is read, and pictures are edited to see whether the sound moves as `SpectralRoad.causes` says.

Taught in chapter 11, section "Is the explanation true?".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from ..composer import compose_score, make_plan
from ..composer.form import lay_out
from ..composer.plan import Plan
from ..scores import Note, Score
from ..visual_features import VisualFeatures, visual_features
from .estimates import mean_over_pictures
from .faithfulness import NOTICEABLE, expected_sign
from .interventions import CHANGES, CURVES, elsewhere, in_region, is_whole, named_value, pulls
from .qualities import heard_at, quality_at
from .report import Report, row

__all__ = ["Trial", "Write", "by_rules", "confirm", "each_trial", "fidelity", "leaks", "summary", "trials"]

SECONDS = 32.0  #: long enough for three phrases, so that most notes have something outside theirs
PURE = 0.6  # share of all pulls that the named feature must have in a change of the whole picture
STAYS = {
    "register": 2.0,
    "energy": 0.05,
    "dissonance": 0.05,
}  # semitones; shares of what was there: so near is the same
UNMOVED = 0.05  # spreads of the curve: what the explanation compares with counts as untouched

#: From features to plan and score, always with one seed; given a plan, it is kept and only the strips are read anew.
Write = Callable[[VisualFeatures, "Plan | None"], "tuple[Plan, Score]"]


class Trial(NamedTuple):
    """One note whose explanation was put to the test.

    Attributes
    ----------
    picture, part, quality, feature, rule : str
        What was explained, and how.
    whole : bool
        Whether the whole picture is named rather than a region.
    edit : str
        What was done to the pixels.
    shift : float
        How far the named feature moved.
    expected : int
        +1 or -1, as the rule says; 0 where the note is to stay.
    change : float
        Of the quality, in the new score.
    elsewhere : float
        The same for another note of that part and quality, whose explanation names another region; NaN where none.
    holds : bool
    """

    picture: str
    part: str
    quality: str
    feature: str
    rule: str
    whole: bool
    edit: str
    shift: float
    expected: int
    change: float
    elsewhere: float
    holds: bool


def by_rules(*, seconds: float = SECONDS, seed: int = 0, **settings) -> Write:
    """The score road without its sound, for `trials` and `leaks`; settings as `composer.make_plan` takes them."""

    def write(features, plan=None):
        plan = plan or make_plan(features, seconds=seconds, seed=seed, **settings)
        return plan, compose_score(plan, features)

    return write


class _Piece:
    """A picture with its score, and what has been tried on it."""

    def __init__(self, name, picture, write):
        self.name, self.picture, self.write = name, picture, write
        self.features = visual_features(picture)
        self.plan, self.score = write(self.features, None)
        self._changed: dict[str, VisualFeatures] = {}

    def explained(self, n, *, regions_only=False):
        """So many notes (None: all) that are explained, in an order drawn at random, always the same."""
        notes = [note for note in self.score.notes if note.cause and note.cause.quality]
        notes = [note for note in notes if not (regions_only and is_whole(note.cause.region))]
        random = np.random.default_rng(len(notes))
        return [notes[k] for k in random.permutation(len(notes))[:n]]

    def changed(self):
        """Features after each change of the whole picture, measured once."""
        if not self._changed:
            self._changed = {name: visual_features(change(self.picture)) for name, change in CHANGES.items()}
        return self._changed


# --- fidelity --------------------------------------------------------------------------------------------


def trials(name: str, picture: np.ndarray, *, n: int = 16, write: Write | None = None) -> list[Trial]:
    """Put the explanations of some notes of a picture's piece to the test.

    Parameters
    ----------
    name : str
    picture : np.ndarray, shape (H, W, 3), uint8
    n : int
        Notes, drawn from all that are explained.
    write : Write, optional
        By default `by_rules()`.

    Returns
    -------
    list of Trial
        Fewer than `n` where no change of pixels moves what is named clearly enough to say something.

    Notes
    -----
    Taught in chapter 11.
    """
    return [trial for trial in each_trial(name, picture, n=n, write=write) if trial is not None]


def each_trial(name: str, picture: np.ndarray, *, n: int = 16, write: Write | None = None) -> Iterator[Trial | None]:
    """The trials of `trials`, one after another; None for a note that no change of pixels can ask."""
    piece = _Piece(name, picture, write or by_rules())
    for note in piece.explained(n):
        yield _trial(piece, note)


def _trial(piece, note, ask=quality_at):
    """The trial of one note, or None where there is nothing to be told; `ask` is what asks the scores."""
    now = ask(piece.score, note)
    whole = is_whole(note.cause.region)
    options = _of_whole(piece, note) if whole else _of_region(piece, note, now)
    best = max(options, key=lambda option: option[0], default=None)
    if best is None or np.isnan(now):
        return None
    _, edit, shift, expected, after = best
    _, score = piece.write(after, None)
    change = ask(score, note, like=piece.score) - now
    other = np.nan if whole or ask is not quality_at else _of_another(piece, note, score)
    return _told(piece, note, edit, shift, expected, change, other, bool(np.sign(change) == expected))


def _told(piece, note, edit, shift, expected, change, other, holds):
    cause = note.cause
    said = note.part, cause.quality, cause.feature, cause.rule, is_whole(cause.region)
    return Trial(piece.name, *said, edit, float(shift), expected, float(change), float(other), holds)


def _of_region(piece, note, now) -> Iterator[tuple]:
    """(strength, edit, shift, sign, features) of each change inside the region that moves the feature clearly."""
    cause = note.cause
    curve, feature = CURVES[cause.quality]
    before, least = named_value(piece.features, cause), piece.features.columns[curve].std()
    for number, changed in enumerate(in_region(piece.picture, cause.region, cause.quality)):
        after = visual_features(changed)
        shift = named_value(after, cause) - before
        sign = expected_sign(feature, shift, cause.quality)
        already = cause.quality == "mode" and sign == (1 if now else -1)  # major by light: only darkness can tell
        if abs(shift) >= least and not already:
            yield abs(shift), f"{curve} {number}", shift, sign, after


def _of_whole(piece, note) -> Iterator[tuple]:
    """The same of each change of the whole picture in which the named feature is what pulls."""
    cause = note.cause
    before = named_value(piece.features, cause)
    for edit, after in piece.changed().items():
        pull = pulls(piece.features, after, cause.quality)
        shift = named_value(after, cause) - before
        own, total = pull[cause.feature], sum(map(abs, pull.values()))
        if abs(shift) >= NOTICEABLE and abs(own) >= PURE * total > 0:
            yield abs(own), edit, shift, int(np.sign(own)), after


def _of_another(piece, note, score):
    """What the change did to another note of the part, explained by another region of the same kind."""
    others = [
        other
        for other in piece.score.notes
        if other.part == note.part
        and other.cause
        and other.cause.quality == note.cause.quality
        and (other.cause.region[0] >= note.cause.region[2] or other.cause.region[2] <= note.cause.region[0])
    ]
    if not others:
        return np.nan
    other = others[len(others) // 2]
    return quality_at(score, other, like=piece.score) - quality_at(piece.score, other)


def confirm(name: str, picture: np.ndarray, *, n: int = 2, write: Write | None = None) -> list[Trial]:
    """The same trials for some notes that a region accounts for, asked of the waveform: see `qualities.heard_at`.

    Returns
    -------
    list of Trial
        Fewer than `n` where nothing could be heard before or after.

    Notes
    -----
    Taught in chapter 11.
    """
    piece = _Piece(name, picture, write or by_rules())
    notes = [note for note in piece.explained(None, regions_only=True) if note.part in ("melody", "accompaniment")]
    found = (_trial(piece, note, heard_at) for note in notes[:n])
    return [trial for trial in found if trial is not None and not np.isnan(trial.change)]


# --- leakage ---------------------------------------------------------------------------------------------


def leaks(name: str, picture: np.ndarray, *, n: int = 16, write: Write | None = None) -> list[Trial]:
    """Change what the explanation does not name, and see whether the note stays.

    For a note with a region: pixels outside its phrase and the phrases it repeats (chosen together, as the explanation
    says) change so that mean and spread of the curve stay, with which the region is compared; the plan, for which the
    rules account, is kept. For one that the whole picture accounts for: the picture is mirrored, which moves every
    pixel and no number of the whole.

    Returns
    -------
    list of Trial
        `holds` where the note's quality stayed; fewer than `n` where nothing lies outside.

    Notes
    -----
    Taught in chapter 11.
    """
    piece = _Piece(name, picture, write or by_rules())
    mirrored = piece.write(visual_features(np.ascontiguousarray(picture[:, ::-1])), None)[1]
    found = []
    for note in piece.explained(n):
        now = quality_at(piece.score, note)
        if is_whole(note.cause.region):
            edit, shift, score = "mirror", 0.0, mirrored
        else:
            outside = _outside(piece, note)
            if outside is None:
                continue
            edit, shift, after = outside
            score = piece.write(after, piece.plan)[1]
        change = quality_at(score, note, like=piece.score) - now
        if not np.isnan(change):
            found.append(_told(piece, note, edit, shift, 0, change, np.nan, _stays(note, change, now)))
    return found


def _stays(note, change, now):
    if not is_whole(note.cause.region):
        return bool(abs(change) < 1e-6)
    least = STAYS[note.cause.quality]
    return bool(abs(change) <= (least if note.cause.quality == "register" else least * max(abs(now), 1e-9)))


def _outside(piece, note):
    """(edit, shift, features) of the first change outside that leaves all that is named as it was; or None."""
    curve, _ = CURVES[note.cause.quality]
    before = piece.features.columns[curve]
    spread = max(float(before.std()), 1e-9)
    for edit, changed in elsewhere(piece.picture, _together(piece.plan, note)):
        features = visual_features(changed)
        after = features.columns[curve]
        shift = named_value(features, note.cause) - named_value(piece.features, note.cause)
        moved = max(abs(after.mean() - before.mean()), abs(after.std() - before.std()), abs(shift))
        if moved <= UNMOVED * spread:
            return edit, shift, features
    return None


def _together(plan: Plan, note: Note) -> list[tuple[float, float]]:
    """Stretches of the picture whose notes were chosen together with this one: its phrase, and those it repeats."""
    bars = lay_out(plan)
    own = [bar for bar in bars if bar.beat <= note.beat + 1e-6][-1]
    kept = [bar for bar in bars if bar.phrase == own.phrase or (bar.phrase < own.phrase and bar.label == own.label)]
    return [(bar.beat / plan.total_beats, (bar.beat + bar.beats) / plan.total_beats) for bar in kept]


# --- both ------------------------------------------------------------------------------------------------


def fidelity(pictures: Iterable[tuple[str, np.ndarray]], *, n: int = 16, seconds: float = SECONDS) -> Report:
    """How many explanations hold, and how many leak, over some pictures.

    Parameters
    ----------
    pictures : iterable of (name, np.ndarray (H, W, 3) uint8)
        Each is composed with a seed of its own.
    n : int
        Notes a picture.
    seconds : float

    Returns
    -------
    Report
        In the section "explanations". Intervals are over pictures; "shuffled" is what one gets by holding the note's
        explanation against another note.

    Notes
    -----
    Taught in chapter 11, section "Is the explanation true?".
    """
    held: list[Trial] = []
    leaked: list[Trial] = []
    for seed, (name, picture) in enumerate(pictures):
        write = by_rules(seconds=seconds, seed=seed)
        held += trials(name, picture, n=n, write=write)
        leaked += leaks(name, picture, n=n, write=write)
    return Report(summary(held, leaked), [], len({trial.picture for trial in held}))


def summary(held: list[Trial], leaked: list[Trial], heard: list[Trial] | None = None) -> list[dict]:
    """Rows of a report: all notes, then each part and quality; what `trials`, `leaks` and `confirm` found."""
    rows = _rows("holds", held, lambda trial: float(trial.holds))
    rows += _rows("leaks", leaked, lambda trial: 1.0 - trial.holds)
    return rows + _rows("holds in the waveform", heard or [], lambda trial: float(trial.holds))


def _rows(what, found, value):
    kinds = sorted({(trial.part, trial.quality, trial.whole) for trial in found})
    rows = [_row(f"all notes: {what}", found, value)] if found else []
    for part, quality, whole in kinds:
        own = [trial for trial in found if (trial.part, trial.quality, trial.whole) == (part, quality, whole)]
        rows.append(_row(f"{part}, {quality}, by {'the whole' if whole else 'a region'}: {what}", own, value))
    return rows


def _row(what, found, value):
    by_other = [float(np.sign(t.elsewhere) == t.expected) for t in found if not np.isnan(t.elsewhere)]
    return row(
        "explanations",
        what,
        "share of notes",
        len(found),
        over_pictures(found, value),
        chance=float("nan"),
        shuffled=None if not by_other else (np.mean(by_other), np.nan, np.nan),
    )


def over_pictures(found, value: Callable):
    """Mean over pictures of what `value` gives for each trial: notes of one picture hang together."""
    return mean_over_pictures((trial.picture, value(trial)) for trial in found)
