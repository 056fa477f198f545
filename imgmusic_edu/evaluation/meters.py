"""Three answers for one piece: does it reflect the picture, is it good, was it quick? As plain numbers from 0 to 1.

Each says what it is held against. *Faithful* asks how many pieces made for other pictures would suit this picture
worse; the line to beat is what music in the middle of those pieces gets without a look at the picture. *Usual* asks how
usual the music is among music that people wrote; of taste it knows nothing. *Quick* compares the time it took with the
time it lasts. What they are held against is shipped (`data/models/judge.npz`), and made again by
`python -m imgmusic_edu.networks.reference`.

Taught in chapter 11, section "Three meters".
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from .. import audio_features, crossmodal
from ..scores import Score
from ..sounds import SAMPLE_RATE, Sound
from ..visual_features import VisualFeatures
from .diversity import Standard, nearest_distance
from .embedding_distance import embed, strangeness
from .faithfulness import MEASURES
from .music import groove_consistency, in_key_share

__all__ = ["HEARD", "Meter", "Reference", "asked", "faithful", "meters", "open_reference", "quick", "unseeing", "usual"]

SECONDS = 10.0  # of the sound that is listened to
AT_ONCE = 0.2  # s: a slider that answers so soon seems to have no delay
SLOW = "A network for music of the size of MusicGen's smallest takes some two minutes on two cores for ten seconds."
#: What is heard in any sound, and how usual it is: key clarity, roughness, beginnings, brightness. Loudness is not
#: among them: people's scores do not say how loud they are, our synthesizer does.
HEARD = ("key_correlation", "roughness", "onset_density", "spectral_centroid")
NAMES = ("clear key", "roughness", "beginnings", "brightness")


class Meter(NamedTuple):
    """One answer.

    Attributes
    ----------
    value : float
        0 to 1; NaN where it cannot be told.
    sentence : str
        What the number means here, and what it is held against.
    parts : dict of str to float
        What it is made of.
    """

    value: float
    sentence: str
    parts: dict[str, float]


@dataclass(frozen=True, eq=False)  # so that it can be a key: see `_by_heart`
class Reference:
    """What a piece is held against: n pieces by the score road for other pictures, m by people, k that were learnt.

    Attributes
    ----------
    asked : np.ndarray, shape (n, 7)
        What the rules ask for in those pictures, shares of the range.
    measured : np.ndarray, shape (n, 7)
        What is measured in their music; both in the order of `faithfulness.MEASURES`.
    own : np.ndarray, shape (l,)
        `faithful` of the score road's own pieces for pictures not among these: what is within reach.
    heard : np.ndarray, shape (m, len(HEARD))
        Measures of music by people: the shipped scores, played by the course's synthesizer.
    groove : np.ndarray, shape (m,)
        Groove consistency of those scores.
    real : np.ndarray, shape (m, 128)
        What the sound VGG hears in them.
    learnt : np.ndarray, shape (k, 128)
        What it hears in the music that the networks learnt from, all of it.
    """

    asked: np.ndarray
    measured: np.ndarray
    own: np.ndarray
    heard: np.ndarray
    groove: np.ndarray
    real: np.ndarray
    learnt: np.ndarray


@functools.cache
def open_reference() -> Reference:
    """The shipped reference, opened once.

    Raises
    ------
    ValueError
        It is missing or damaged.
    """
    from ..datasets import data_path

    path = data_path("judge")
    try:
        with np.load(path, allow_pickle=False) as stored:
            return Reference(**{field.name: stored[field.name].astype(np.float64) for field in fields(Reference)})
    except Exception as problem:
        raise ValueError(f"The reference in {path} is damaged ({problem}): fetch or make it again.") from problem


def asked(features: VisualFeatures) -> np.ndarray:
    """What the rules ask of each measured quality, as shares of its range: shape (7,)."""
    drives = crossmodal.drives(crossmodal.contributions({name: features.standardised(name) for name in features.whole}))
    return np.array([crossmodal.squash(drives[quality]) for quality in MEASURES])


def meters(
    features: VisualFeatures,
    sound: Sound,
    *,
    took: float | None = None,
    score: Score | None = None,
    reference: Reference | None = None,
) -> dict[str, Meter]:
    """The three answers for one piece.

    Parameters
    ----------
    features : visual_features.VisualFeatures
        Of the picture.
    sound : Sound
        Its first ten seconds are listened to; half a second of work, once the network is open.
    took : float, optional
        Seconds that the piece took to make.
    score : Score, optional
        Its notes, where there are any: share in the key, and groove.
    reference : Reference, optional
        By default the shipped one.

    Returns
    -------
    dict of str to Meter
        "faithful", "usual", "quick", and "new", how unlike the music is to what the networks learnt from.

    Raises
    ------
    ValueError
        The sound is silent or too short to be measured.

    Notes
    -----
    Taught in chapter 11, section "Three meters".
    """
    reference = reference or open_reference()
    samples = sound.samples[: round(SECONDS * SAMPLE_RATE)]
    measured = audio_features.measure(samples, sample_rate=sound.sample_rate)
    try:
        heard = embed([Sound(samples, sample_rate=sound.sample_rate)])
    except ImportError:
        heard = None  # without TensorFlow the network is not asked
    return {
        "faithful": faithful(features, measured, reference),
        "usual": usual(measured, heard, reference, score=score),
        "new": new(heard, reference),
        "quick": quick(took, sound.seconds),
    }


def faithful(features: VisualFeatures, measured: dict[str, float], reference: Reference) -> Meter:
    """Share of the reference's music that would suit the picture worse.

    How well music suits a picture: squared distance of the seven measures from what the rules ask for, both in
    standard deviations over the reference.

    Returns
    -------
    Meter
        1/2 is what a piece gets that is drawn blindly from the reference. It is not what everything gets that never saw
        the picture: a squared distance favours the middle, so music in the middle of the reference gets more for nearly
        any picture (`unseeing`). Only what is above that, over many pictures, follows them.

    Notes
    -----
    Taught in chapter 11, sections "Three meters" and "Compared with what?".
    """
    own, others = misfit(features, measured, reference)
    value = _worse(own, others)
    parts = {quality: float(np.mean(others[:, k] > own[k])) for k, quality in enumerate(MEASURES)}
    reach = float(np.median(reference.own)) if len(reference.own) else 1.0
    middle = unseeing(features, reference)
    sentence = (
        f"Of {len(others)} pieces made for other pictures, {100 * value:.0f} % suit this picture less. One of them, "
        f"drawn blindly, gets 50 % on average; music in the middle of them all, which looks at no picture, "
        f"{100 * middle:.0f} % here; the score road's own pieces reach {100 * reach:.0f} %. Measured in the sound, "
        "against what the rules ask for."
    )
    return Meter(value, sentence, parts)


def unseeing(features: VisualFeatures, reference: Reference) -> float:
    """What `faithful` gives this picture for music that measures as the mean of the reference does, for any picture."""
    middle = dict(zip(MEASURES.values(), reference.measured.mean(axis=0), strict=True))
    return _worse(*misfit(features, middle, reference))


def _worse(own, others):
    """Share of the others whose misfit is greater."""
    return float(np.mean(others.sum(axis=1) > own.sum()))


def misfit(features: VisualFeatures, measured: dict[str, float], reference: Reference):
    """How far music is from what the rules ask for: squared, in standard deviations, of each measure.

    Returns
    -------
    own : np.ndarray, shape (7,)
        Of the music that was measured.
    others : np.ndarray, shape (n, 7)
        Of the reference's music, made for other pictures.
    """
    wanted = (asked(features) - reference.asked.mean(axis=0)) / np.maximum(reference.asked.std(axis=0), 1e-3)
    middle, spread = reference.measured.mean(axis=0), np.maximum(reference.measured.std(axis=0), 1e-9)
    numbers = np.array([measured[measure] for measure in MEASURES.values()], dtype=float)
    return ((numbers - middle) / spread - wanted) ** 2, ((reference.measured - middle) / spread - wanted) ** 2


def usual(measured, heard, reference: Reference, *, score: Score | None = None) -> Meter:
    """How usual the music is among music by people: mean of typicalities, 1 in the middle, 0 further out than all."""
    parts = {
        name: typicality(float(measured[measure]), reference.heard[:, k])
        for k, (name, measure) in enumerate(zip(NAMES, HEARD, strict=True))
    }
    if heard is not None:
        place = Standard(reference.real)
        crowd = place(reference.real)
        parts["what a network hears"] = float(np.mean(strangeness(crowd, crowd) >= strangeness(place(heard), crowd)[0]))
    if score is not None and score.notes:
        parts["notes in the key"] = in_key_share(score, raised_seventh=True)
        parts["groove"] = typicality(groove_consistency(score), reference.groove)
    value = float(np.mean(list(parts.values())))
    least = min(parts, key=lambda name: parts[name])
    sentence = (
        f"How usual it is among {len(reference.heard)} passages that people wrote: {100 * value:.0f} of 100, least in "
        f"{least} ({100 * parts[least]:.0f}). Usual is not the same as good: nothing here knows your taste."
    )
    return Meter(value, sentence, parts)


def new(heard, reference: Reference) -> Meter:
    """Share of the music by people that is nearer to what the networks learnt from than this piece is."""
    if heard is None:
        return Meter(float("nan"), "TensorFlow is missing, so no network listened: this cannot be told.", {})
    place, learnt, theirs = _by_heart(reference)
    distance = float(nearest_distance(place(heard), learnt)[0])
    value = float(np.mean(theirs < distance))
    sentence = (
        f"Its nearest neighbour among the {len(learnt)} pieces that the networks learnt from is {distance:.2f} away; "
        f"{100 * value:.0f} % of the music that people wrote is nearer to them. 0 may have been learnt by heart."
    )
    return Meter(value, sentence, {"distance": distance})


@functools.lru_cache(maxsize=4)
def _by_heart(reference):
    """A common scale, what was learnt in it, and how far people's pieces are from that: a tenth of a second, once."""
    place = Standard(reference.learnt)
    learnt = place(reference.learnt)
    return place, learnt, nearest_distance(place(reference.real), learnt)


def quick(took: float | None, seconds: float) -> Meter:
    """1 where it came at once, 0 where it took as long as it lasts; in between, equal ratios are equal steps."""
    if took is None or not took > 0:
        return Meter(float("nan"), "The time it took was not taken: this cannot be told.", {})
    value = float(np.clip(math.log(seconds / took) / math.log(seconds / AT_ONCE), 0, 1)) if seconds > AT_ONCE else 0.0
    times = f"{seconds / took:.0f} times as fast as it plays" if took < seconds else "slower than it plays"
    return Meter(value, f"{took:.2g} s for {seconds:.0f} s of music: {times}. {SLOW}", {"seconds": took})


def typicality(value: float, values: np.ndarray) -> float:
    """Share of values that lie at least as far from their median: 1 in the middle, 0 further out than all of them."""
    middle = float(np.median(values))
    return float(np.mean(np.abs(values - middle) >= abs(value - middle)))
