"""A tournament between ways from picture to music: the same pictures for all, every measure, and duels.

    played = [play(name, pictures, make) for name, make in contestants.items()]
    result = compare(played)
    print(result.table())

A contestant is any function from a picture to a `Sound` or a `Piece`; what does without pictures (one sound for all) or
deals out the sounds of others makes the line that must be beaten.

Taught in chapter 11, section "A tournament".
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from .. import audio_features
from ..files import write_atomically
from ..sounds import SAMPLE_RATE, Sound
from ..visual_features import visual_features
from .baselines import SECONDS, hue_tonic, standardised
from .benchmark import Heard, judge, sound_numbers
from .diversity import Standard, nearest_distance, vendi_score
from .duels import strengths, win_shares
from .edits import EDITS
from .embedding_distance import embed, kernel, kernel_distance
from .estimates import Estimate, estimate, mean
from .faithfulness import SHOWS
from .meters import Reference, misfit, open_reference, usual

__all__ = ["Played", "Result", "compare", "dealt", "play"]

MEASURED = {  # column -> what it says
    "obedience": "rank correlation of all qualities with what the rules ask for; 1 is best",
    "R@10": "the picture is among the ten that the listener finds first for the sound",
    "faithful": "share of the reference's music that would suit the picture less; drawn blindly .5, one for all more",
    "edits heard": "an edit of the picture moves the sound the right way; chance .5",
    "usual": "typical among music that people wrote, 0 to 1",
    "kernel distance": "to music that people wrote, over the sound VGG; 0: alike; never compared with published FAD",
    "new": "distance to the nearest of all pieces that the networks learnt from; the meter of that name is a share",
    "different": "effective number of different pieces among those made",
    "seconds": "for ten seconds of music, median",
}


@dataclass(frozen=True)
class Played:
    """What one contestant did.

    Attributes
    ----------
    who : str
    heard : benchmark.Heard
        Of all pictures, and of edited ones.
    fit : np.ndarray, shape (n,)
        Minus the misfit of each picture's music with what the rules ask for: more is better.
    faithful, usual, took : np.ndarray, shape (n,)
    embedding : np.ndarray, shape (n, 128)
    """

    who: str
    heard: Heard
    fit: np.ndarray
    faithful: np.ndarray
    usual: np.ndarray
    took: np.ndarray
    embedding: np.ndarray


def play(
    who: str,
    pictures: Iterable[tuple[str, np.ndarray]],
    make: Callable,
    *,
    n_edited: int = 0,
    reference: Reference | None = None,
) -> Played:
    """Let a contestant make music for pictures, and measure everything in it.

    Parameters
    ----------
    who : str
    pictures : iterable of (name, np.ndarray (H, W, 3) uint8)
    make : callable
        (picture, number) -> Sound, Piece or samples at 22 050 Hz; the number is the picture's, to be taken as seed.
    n_edited : int
        Of so many pictures the edited copies, too.
    reference : meters.Reference, optional
        By default the shipped one.

    Returns
    -------
    Played

    Raises
    ------
    ValueError
        A sound that cannot be measured; the sentence names contestant and picture.

    Notes
    -----
    Taught in chapter 11.
    """
    reference = reference or open_reference()
    rows, judged = [], []
    pictures = list(pictures)
    make(pictures[0][1], 0)  # what is loaded the first time is no part of the race
    for number, (name, picture) in enumerate(pictures):
        edits = tuple(SHOWS) if number < n_edited else ()
        for edit in (None, *edits):
            shown = picture if edit is None else EDITS[edit].function(picture)
            start = time.perf_counter()
            made = make(shown, number)
            took = time.perf_counter() - start
            samples = _samples(made)
            try:
                measured = audio_features.measure(samples)
                features = visual_features(shown)
                numbers = sound_numbers(samples, measured)
            except ValueError as problem:
                raise ValueError(f"{who} cannot be judged by {name}: {problem}") from problem
            rows.append((name, edit, standardised(features), *numbers, hue_tonic(shown)))
            if edit is None:
                heard = embed([samples])
                own, others = misfit(features, measured, reference)
                meter = usual(measured, heard, reference)  # by sound alone: who writes notes gains nothing by it
                share = float(np.mean(others.sum(axis=1) > own.sum()))
                judged.append((-own.sum(), share, meter.value, took, heard[0]))
    names, edits, *numbers = zip(*rows, strict=True)
    heard = Heard(np.array(names), np.array(edits, dtype=object), *(np.array(part) for part in numbers))
    return Played(who, heard, *(np.array(part) for part in zip(*judged, strict=True)))


def _samples(made):
    sound = getattr(made, "sound", made)
    samples = sound.samples if isinstance(sound, Sound) else np.asarray(sound)
    return samples[: round(SECONDS * SAMPLE_RATE)]


def dealt(sounds: list) -> Callable:
    """A contestant that gives each picture the sound that was made for the next one: what it gains is chance."""
    return lambda picture, number: sounds[(number + 1) % len(sounds)]


@dataclass(frozen=True)
class Result:
    """What a tournament found.

    Attributes
    ----------
    rows : list of dict
        "who", "measure", "value", "low", "high".
    n : int
        Pictures.
    """

    rows: list[dict]
    n: int

    def find(self, who: str, measure: str) -> Estimate:
        """One figure with its interval; NaN where there is none."""
        for each in self.rows:
            if (each["who"], each["measure"]) == (who, measure):
                return Estimate(each["value"], each["low"], each["high"])
        return Estimate(float("nan"))

    def table(self) -> str:
        """Markdown: measures, then duels."""
        whos = list(dict.fromkeys(each["who"] for each in self.rows))
        duelled = [name for name in dict.fromkeys(each["measure"] for each in self.rows) if name not in MEASURED]
        said = "".join(f"- {name}: {what}.\n" for name, what in MEASURED.items())
        return "\n".join([_markdown(self, whos, MEASURED), said, _markdown(self, whos, duelled)])

    def save_csv(self, path) -> None:
        """Write the rows as CSV, whole or not at all.

        Raises
        ------
        FileWriteError
            The file cannot be written.
        """
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, ("who", "measure", "value", "low", "high"), lineterminator="\n")
        writer.writeheader()
        for each in self.rows:
            numbers = {key: "" if np.isnan(each[key]) else round(each[key], 4) for key in ("value", "low", "high")}
            writer.writerow(each | numbers)
        write_atomically(path, buffer.getvalue().encode())


def _markdown(result, whos, columns):
    lines = [["", *columns], [":--", *["--:"] * len(columns)]]
    for who in whos:
        lines.append([who, *(_cell(result.find(who, column), column) for column in columns)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cell(found, column):
    if np.isnan(found.value):
        return "-"
    digits = 1 if column == "different" else 2
    text = f"{found.value:.{digits}f}"
    return text if np.isnan(found.low) else f"{text} ({found.low:.{digits}f} to {found.high:.{digits}f})"


def compare(played: list[Played], *, reference: Reference | None = None, notice: Callable = print) -> Result:
    """All measures of all contestants, and who beats whom.

    Parameters
    ----------
    played : list of Played
        By the same pictures.
    reference : meters.Reference, optional
    notice : callable
        As in `benchmark.score`.

    Returns
    -------
    Result
        In the duels, the music that suits the picture better wins, or the one that is more usual; strength is the
        chance to beat an average contestant (`duels.strengths`).

    Notes
    -----
    Taught in chapter 11.
    """
    reference = reference or open_reference()
    rows = [row for one in played for row in _measures(one, reference, notice)]
    if len(played) > 1:
        fits, usuals = ({one.who: getattr(one, what) for one in played} for what in ("fit", "usual"))
        for measure, found in (
            ("duels won, faithful", win_shares(fits)),
            ("strength, faithful", strengths(fits)),
            ("duels won, usual", win_shares(usuals)),
            ("strength, usual", strengths(usuals)),
        ):
            rows += [_row(who, measure, number) for who, number in found.items()]
    return Result(rows, len(played[0].fit))


def _measures(one: Played, reference, notice):
    report = judge(one.heard, candidates=(), notice=notice)
    by_report = {
        "obedience": ("all rules -> all qualities", "obedience", "rho"),
        "R@10": (f"listener, among {len(one.fit)}", "retrieval", "R@10"),
        "edits heard": ("all edits", "counterfactuals", "share right"),
    }
    for name, (what, section, measure) in by_report.items():
        try:
            found = report.find(what, section=section, measure=measure)
        except KeyError:  # no edits, too few pictures, or no listener
            continue
        yield _row(one.who, name, Estimate(found["value"], found["low"], found["high"]))
    place, learnt = Standard(reference.real), Standard(reference.learnt)
    yield _row(one.who, "faithful", mean(one.faithful))
    yield _row(one.who, "usual", mean(one.usual))
    yield _row(one.who, "kernel distance", kernel_distance(place(one.embedding), place(reference.real)))
    yield _row(one.who, "new", mean(nearest_distance(learnt(one.embedding), learnt(reference.learnt))))
    yield _row(one.who, "different", Estimate(vendi_score(kernel(place(one.embedding)))))
    yield _row(one.who, "seconds", estimate(lambda values: np.median(values, axis=-1), one.took))


def _row(who, measure, found):
    return {"who": who, "measure": measure, "value": found.value, "low": found.low, "high": found.high}
