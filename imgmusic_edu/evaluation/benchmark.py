"""The faithfulness benchmark, whole: any system's music for any pictures, scored beside chance and baselines.

    report = score((name, None, picture, samples) for ...)
    print(report.table())

`python -m imgmusic_edu.evaluation FOLDER` does the same for a folder of pictures and sounds. Everything is measured
in the waveform; what to expect comes from `crossmodal.RULES`; nothing is asked of the system that made the sounds.

Taught in chapter 11, section "Does the music follow the picture?"; used in chapter 08.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from .. import audio_features, crossmodal
from ..sounds import SAMPLE_RATE
from ..visual_features import FEATURES, visual_features
from .baselines import SECONDS, hue_tonic, hue_wheel, scene_features, standardised
from .edits import EDITS
from .estimates import (
    N_SHUFFLES,
    correlation,
    estimate,
    mean_over_pictures,
    of_shuffles,
    partial_spearman,
    r2,
    shuffled,
    spearman,
)
from .faithfulness import MEASURES, NOTICEABLE, SHOWS, expected_sign
from .listener import LIMIT, Listener, fingerprint, open_listener
from .matching import Finder, listener_finder, retrieval_rows, rules_finder
from .report import Report, notes, row

__all__ = ["CANDIDATES", "Heard", "Pair", "Report", "listen", "score"]

CANDIDATES = (100, 1000)  #: pictures among which each sound's own is looked for
QUALITIES = tuple(MEASURES)
CONTRAST = ("more_contrast", "less_contrast")


class Pair(NamedTuple):
    """A picture and the music that some system made for it.

    `edit` is a name in `edits.EDITS` where the picture is the one called `name` with this edit done to it, else None;
    `picture` is (H, W, 3) uint8 sRGB, `samples` float32 at SAMPLE_RATE.
    """

    name: str
    edit: str | None
    picture: np.ndarray
    samples: np.ndarray


@dataclass(frozen=True)
class Heard:
    """What was seen and heard, pair by pair.

    Attributes
    ----------
    names, edits : np.ndarray, shape (n,), of str and of str or None
    features : np.ndarray, shape (n, 18)
        Standardised picture features.
    measures : np.ndarray, shape (n, 7)
        What is measured in the sounds, in the order of QUALITIES.
    fingerprints : np.ndarray, shape (n, N_FINGERPRINT)
    tonics : np.ndarray, shape (n,), int
        What the hue wheel makes of the pictures.
    """

    names: np.ndarray
    edits: np.ndarray
    features: np.ndarray
    measures: np.ndarray
    fingerprints: np.ndarray
    tonics: np.ndarray

    def __getitem__(self, rows):
        return Heard(*(values[rows] for values in vars(self).values()))

    def __len__(self):
        return len(self.names)

    @property
    def drives(self):
        """What the rules ask of each quality, shape (n, 7)."""
        found = []
        for features in self.features:
            asked = crossmodal.drives(crossmodal.contributions(dict(zip(FEATURES, features, strict=True))))
            found.append([asked[quality] for quality in QUALITIES])
        return np.array(found)

    def feature(self, name):
        """One feature of all pictures, shape (n,)."""
        return self.features[:, list(FEATURES).index(name)]

    def measure(self, quality):
        """The measure of one quality of all sounds, shape (n,)."""
        return self.measures[:, QUALITIES.index(quality)]

    def on_the_hue_wheel(self):
        """The same pictures with the hue wheel's sounds."""
        tonics = sorted(set(self.tonics.tolist()))
        made = [_hue_wheel_numbers(tonic) for tonic in tonics]
        places = np.searchsorted(tonics, self.tonics)
        measures, prints = (np.stack(part)[places] for part in zip(*made, strict=True))
        return replace(self, measures=measures, fingerprints=prints)


def listen(pairs: Iterable, *, notice: Callable[[str], object] = print) -> Heard:
    """Look at the pictures and listen to the first ten seconds of the sounds, pair by pair.

    Parameters
    ----------
    pairs : iterable of (name, edit or None, picture, samples)
        See `Pair`; one at a time is held in memory.
    notice : callable
        Is told, in a sentence, of a pair that cannot be measured (silence, less than two seconds) and is left out.

    Returns
    -------
    Heard
        Edited pictures without the unedited one are left out, too.

    Raises
    ------
    ValueError
        No pair is left.
    """
    found = []
    for name, edit, picture, samples in pairs:
        whole = name if edit is None else f"{name}.{edit}"
        try:
            if edit is not None and edit not in EDITS:
                raise ValueError(f"there is no edit {edit!r:.40}; there are {', '.join(EDITS)}.")
            seen = standardised(visual_features(picture))
            found.append((name, edit, seen, *sound_numbers(samples), hue_tonic(picture)))
        except ValueError as problem:
            notice(f"{whole} is left out: {problem}")
    there = {name for name, edit, *_ in found if edit is None}
    for name, edit, *_ in found:
        if name not in there:
            notice(f"{name}.{edit} is left out: there is no pair {name} to compare it with.")
    kept = [pair for pair in found if pair[0] in there]
    if not kept:
        raise ValueError("There is no pair of a picture and a sound that could be scored: give at least one.")
    names, edits, *numbers = zip(*kept, strict=True)
    return Heard(np.array(names), np.array(edits, dtype=object), *(np.array(part) for part in numbers))


def sound_numbers(samples, measured=None):
    """The measures of a sound, in the order of QUALITIES, and its fingerprint; what is `measured` already is taken."""
    samples = np.asarray(samples)[: round(SECONDS * SAMPLE_RATE)]
    measured = measured or audio_features.measure(samples)
    numbers = np.array([measured[measure] for measure in MEASURES.values()], dtype=float)
    if not np.isfinite(numbers).all():
        raise ValueError("something in the sound cannot be measured: is it music?")
    return numbers, fingerprint(audio_features.log_mel(samples))


@functools.cache
def _hue_wheel_numbers(tonic):
    return sound_numbers(hue_wheel(tonic))


def score(
    pairs: Iterable,
    *,
    listener: Listener | None = None,
    candidates: Sequence[int] = CANDIDATES,
    notice: Callable[[str], object] = print,
) -> Report:
    """Score a system's music for pictures.

    Parameters
    ----------
    pairs : iterable of (name, edit or None, picture, samples)
        See `Pair`. A hundred make useful intervals.
    listener : Listener, optional
        By default the shipped one; where there is none, what needs it is left out, which a note says.
    candidates : sequence of int
        Numbers of pictures to find a sound's own among, beside the number of pairs. Pictures that lack are synthetic
        scenes, a tenth of a second each the first time.
    notice : callable
        Is told, in a sentence, of pairs that are left out and of what takes long.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        There is no pair that could be scored.

    Notes
    -----
    Taught in chapter 11, section "Does the music follow the picture?".
    """
    return judge(listen(pairs, notice=notice), listener=listener, candidates=candidates, notice=notice)


def judge(heard: Heard, *, listener=None, candidates=CANDIDATES, notice=print) -> Report:
    """The report on what was seen and heard: `score` after `listen`."""
    plain = heard[np.array([edit is None for edit in heard.edits])]
    n_scenes = max(0, *candidates, len(plain)) - len(plain)
    if listener is None:
        with contextlib.suppress(ValueError):  # not there, or damaged: a note says so
            listener = open_listener()
    rows = obedience_rows(plain) + counterfactual_rows(heard) + leakage_rows(plain, heard)
    wheel = plain.on_the_hue_wheel()
    scenes = scene_features(n_scenes, notice=notice)
    finders: list[Finder] = [rules_finder(plain, wheel)]
    if listener is not None:
        finders.append(listener_finder(listener, plain, wheel))
    for size in sorted({len(plain), *candidates} - {0, 1}):
        rows += retrieval_rows(finders, plain.features, scenes, size)
    if listener is not None:
        rows += round_trip_rows(listener, plain, wheel)
    said = notes(len(plain), len(heard) - len(plain), n_scenes, with_listener=listener is not None)
    return Report(rows, said, len(heard))


# --- obedience -------------------------------------------------------------------------------------------


def rule_pairs():
    """(feature, quality, ids of rules) for every feature that the rules tie to a quality with a measure."""
    found = []
    for quality in QUALITIES:
        for feature in FEATURES:
            rules = [r.id for r in crossmodal.RULES if r.weight and r.effects.get(quality, {}).get(feature)]
            if rules and expected_sign(feature, 1.0, quality):
                found.append((feature, quality, rules))
    return found


def obedience_rows(heard):
    """Does what is measured in the sounds rise with what the rules ask for? rho, signed so that 1 is obedience."""
    drives, wheel = heard.drives, heard.on_the_hue_wheel()
    line = functools.partial(_follows, "obedience", statistic=spearman)
    rows = [line("all rules -> all qualities", drives.T, heard.measures.T, wheel.measures.T)]
    for number, quality in enumerate(QUALITIES):
        what = f"all rules -> {quality}"
        rows.append(line(what, drives[:, number], heard.measure(quality), wheel.measure(quality)))
    for feature, quality, rules in rule_pairs():
        asked = expected_sign(feature, 1.0, quality) * heard.feature(feature)
        what = f"{feature} -> {quality} ({' '.join(rules)})"
        rows.append(line(what, asked, heard.measure(quality), wheel.measure(quality)))
    rows.append(line("warmth -> mode (no rule)", heard.feature("warmth"), heard.measure("mode"), wheel.measure("mode")))
    return rows


def _follows(section, what, asked, sound, wheel, *others, statistic, measure="rho", mean=0.0):
    """A row for a statistic of two things that should go together; without anything to go by it is 0."""
    return row(
        section,
        what,
        measure,
        np.shape(asked)[-1],
        estimate(statistic, asked, sound, *others),
        chance=0.0,
        shuffled=shuffled(statistic, asked, sound, *others),
        hue_wheel=estimate(statistic, asked, wheel, *others),
        mean=mean,
    )


# --- counterfactuals -------------------------------------------------------------------------------------


class _Told(NamedTuple):
    """An edit that should be heard: rows of `Heard` before and after, what in, and the sign that is right."""

    edit: str
    quality: str
    before: int
    after: int
    sign: int


def counterfactual_rows(heard):
    """Did the measure move the right way? Share of noticeable edits, for each edit and quality of SHOWS and for all."""
    base = {name: k for k, (name, edit) in enumerate(zip(heard.names, heard.edits, strict=True)) if edit is None}
    told = []
    for after, (name, edit) in enumerate(zip(heard.names, heard.edits, strict=True)):
        if edit in SHOWS:
            feature = EDITS[edit].feature
            shift = heard.feature(feature)[after] - heard.feature(feature)[base[name]]
            if abs(shift) >= NOTICEABLE:
                signs = {quality: expected_sign(feature, shift, quality) for quality in SHOWS[edit]}
                told += [_Told(edit, quality, base[name], after, sign) for quality, sign in signs.items()]
    if not told:
        return []
    wheel = heard.on_the_hue_wheel()
    kinds = [(edit, quality) for edit in SHOWS for quality in SHOWS[edit] if edit in {each.edit for each in told}]
    groups = [("all edits", told)]
    groups += [
        (f"{edit} -> {quality}", [t for t in told if (t.edit, t.quality) == (edit, quality)]) for edit, quality in kinds
    ]
    return [_counterfactual_row(what, group, heard, wheel) for what, group in groups]


def _counterfactual_row(what, told, heard, wheel):
    random = np.random.default_rng(2)
    by_chance = []
    for _ in range(N_SHUFFLES):  # the same edits, each held against two sounds drawn from all there are
        drawn = [t._replace(**dict(zip(("before", "after"), _two(random, len(heard)), strict=True))) for t in told]
        by_chance.append(np.mean(_right(drawn, heard)))
    return row(
        "counterfactuals",
        what,
        "share right",
        len(told),
        _by_picture(told, heard),
        chance=0.5,
        shuffled=of_shuffles(by_chance),
        hue_wheel=_by_picture(told, wheel),
        mean=0.0,
    )


def _two(random, n):
    first = int(random.integers(n))
    return first, (first + int(random.integers(1, n))) % n


def _right(told, heard):
    changes = [heard.measure(t.quality)[t.after] - heard.measure(t.quality)[t.before] for t in told]
    return [float(np.sign(change) == t.sign) for change, t in zip(changes, told, strict=True)]


def _by_picture(told, heard):
    """Share right with its interval over pictures: edits of one picture hang together."""
    return mean_over_pictures(zip((each.before for each in told), _right(told, heard), strict=True))


# --- leakage ---------------------------------------------------------------------------------------------


def leakage_rows(plain, heard):
    """Contrast is to leave the register alone (rule R8): as it varies over pictures, and where it was edited."""
    wheel = plain.on_the_hue_wheel()
    contrast, asked = plain.feature("contrast"), plain.drives[:, QUALITIES.index("register")]
    sounds = plain.measure("register"), wheel.measure("register")
    rows = [_follows("leakage", "contrast -> register", contrast, *sounds, statistic=spearman)]
    what = "contrast -> register, the rules' share taken out"
    rows.append(_follows("leakage", what, contrast, *sounds, asked, statistic=partial_spearman))
    base = {name: k for k, (name, edit) in enumerate(zip(heard.names, heard.edits, strict=True)) if edit is None}
    edited = [k for k, edit in enumerate(heard.edits) if edit in CONTRAST]
    if edited:
        before = [base[heard.names[k]] for k in edited]
        up = np.sign(heard.feature("contrast")[edited] - heard.feature("contrast")[before])
        moved = [
            (h.measure("register")[edited] - h.measure("register")[before]) for h in (heard, heard.on_the_hue_wheel())
        ]
        mean = functools.partial(estimate, lambda up, change: (up * change).mean(axis=-1), up)
        ours, theirs = mean(moved[0]), mean(moved[1])
        what = "contrast edited -> register"
        rows.append(row("leakage", what, "semitones", len(up), ours, chance=0.0, hue_wheel=theirs, mean=0.0))
    return rows


# --- round trip ------------------------------------------------------------------------------------------


def round_trip_rows(listener, heard, wheel):
    """What of the picture can be read back off the sound: R2 and correlation of each feature, and their means."""
    truth = np.clip(heard.features, -LIMIT, LIMIT).T
    ours, theirs = (listener.read(h.fingerprints).astype(float).T for h in (heard, wheel))
    rows = []
    for measure, statistic in (("R2", r2), ("r", correlation)):
        line = functools.partial(_follows, "round trip", statistic=statistic, measure=measure)
        rows.append(line("all features", truth, ours, theirs))
        rows += [line(name, *numbers) for name, *numbers in zip(FEATURES, truth, ours, theirs, strict=True)]
    return rows
