"""The form of a piece: bars, phrases that return, cadences, and an ending that fits the length asked for.

Taught in chapter 10, section "Phrases".
"""

from __future__ import annotations

from dataclasses import dataclass

from .plan import Plan

PHRASE = 4  # bars
HOLD = (2.0, 1.6)  # the last chord sounds at least so many beats and so many seconds


@dataclass(frozen=True)
class Bar:
    """One bar and its place in the piece.

    Attributes
    ----------
    beat, beats : float
        Where it begins and how long it lasts, in quarter notes.
    phrase, place : int
        Number of its phrase, and its place in it from 0.
    label : str
        Phrases with the same letter share rhythm, harmony and motif.
    cadence : str
        What its end does: "" goes on, "half" waits on the dominant, "full" comes home, "final" is the last chord.
    """

    beat: float
    beats: float
    phrase: int
    place: int
    label: str
    cadence: str


def lay_out(plan: Plan) -> list[Bar]:
    """Bars of the whole piece; the last one lasts until the sound ends.

    Taught in chapter 10, section "Phrases".
    """
    length = plan.beats_per_bar
    hold = max(HOLD[0], HOLD[1] * plan.tempo / 60)
    n_bars = max(int((plan.total_beats - hold) // length), 1) + 1
    sizes = phrase_sizes(n_bars)
    bars = []
    for phrase, (size, label) in enumerate(zip(sizes, phrase_labels(len(sizes)), strict=True)):
        last_phrase = phrase == len(sizes) - 1
        for place in range(size):
            closing = place == size - 1
            cadence = ("final" if last_phrase else "full" if phrase % 2 else "half") if closing else ""
            beat = length * len(bars)
            beats = plan.total_beats - beat if cadence == "final" else length
            bars.append(Bar(float(beat), float(beats), phrase, place, label, cadence))
    return bars


def phrase_sizes(n_bars: int) -> list[int]:
    """Phrases of four bars; what is left over makes the last ones three or five.

    >>> [phrase_sizes(n) for n in (2, 5, 6, 7, 9, 10, 12)]
    [[2], [5], [3, 3], [4, 3], [4, 5], [4, 3, 3], [4, 4, 4]]
    """
    whole, rest = divmod(n_bars, PHRASE)
    if whole == 0:
        return [rest]
    if rest == 1:
        return [PHRASE] * (whole - 1) + [PHRASE + 1]
    if rest == 2:
        return [PHRASE] * (whole - 1) + [PHRASE - 1] * 2
    return [PHRASE] * whole + ([rest] if rest else [])


def phrase_labels(n_phrases: int) -> str:
    """Song form AABA, answered by a second song, and always home to A at the end.

    >>> [phrase_labels(n) for n in (1, 2, 3, 4, 7)]
    ['A', 'AA', 'ABA', 'AABA', 'AABACCA']
    """
    if n_phrases == 3:
        return "ABA"
    labels = "".join("AABA" if section % 2 == 0 else "CCDC" for section in range(n_phrases // 4 + 1))[:n_phrases]
    return labels[:-1] + "A"
