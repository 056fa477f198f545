"""Is it music? Measures taken on the notes of a score.

Each takes a `scores.Score` (or anything with the same notes, tempo, beats_per_bar, tonic, mode and seconds) whose
parts are called "melody", "harmony", "accompaniment", "bass" and "drums"; drums have no pitch and are left out
where pitch matters. None of them says that music is good: they find what is certainly wrong (out of the key,
parallel fifths, no ending), and where a piece lies between a loop and wandering.

Taught in chapter 10, section "Is it music?".
"""

from collections import defaultdict

import numpy as np

from ..scores import MODES

__all__ = [
    "ends_on_tonic",
    "groove_consistency",
    "in_key_share",
    "longest_repetition",
    "measure_score",
    "note_density",
    "onset_density",
    "parallels",
    "pitch_class_entropy",
    "pitch_range",
    "structureness",
]

DRUMS = "drums"
PERFECT = (0, 7)  # octaves (and unisons) and fifths, in semitones above the bass, octaves taken off
HAIR = 1e-6  # beats: two places nearer than this are one


def _pitched(score, part=None):
    return [note for note in score.notes if note.part != DRUMS and part in (None, note.part)]


def _some_pitched(score, part=None):
    notes = _pitched(score, part)
    if not notes:
        where = "The score" if part is None else f"The part {part!r}"
        raise ValueError(
            f"{where} has no pitched notes, so there is nothing to measure: give a score with at least one."
        )
    return notes


# --- pitch -----------------------------------------------------------------------------------------------


def in_key_share(score, *, raised_seventh=False):
    """Share of pitched notes that lie in the scale of the score's tonic and mode.

    Parameters
    ----------
    score : Score
    raised_seventh : bool
        Count the raised seventh of minor (G sharp in A minor, the leading note of harmonic minor) as in the key too.
        It changes nothing in the other modes. Report both: the strict figure and this one.

    Returns
    -------
    float, 0..1

    Raises
    ------
    ValueError
        No pitched notes.
    """
    steps = set(MODES[score.mode]) | ({11} if raised_seventh and score.mode == "minor" else set())
    notes = _some_pitched(score)
    return sum((note.pitch - score.tonic) % 12 in steps for note in notes) / len(notes)


def pitch_class_entropy(score):
    """Entropy of the pitch classes, each note counted once, in bits: 0 for one, 2.81 for seven, 3.58 for twelve alike.

    Wu & Yang (2020), ISMIR, "The Jazz Transformer on the front line", section 4.1.
    """
    counts = np.bincount([note.pitch % 12 for note in _some_pitched(score)])
    shares = counts[counts > 0] / counts.sum()
    return float(abs((shares * np.log2(shares)).sum()))


def pitch_range(score, *, part=None):
    """Lowest and highest MIDI number of one part, or of all pitched parts."""
    pitches = [note.pitch for note in _some_pitched(score, part)]
    return min(pitches), max(pitches)


def parallels(score):
    """Places where melody and bass run in parallel octaves or fifths from one strong beat to the next.

    Strong beats are the first of each bar, and the third in bars of four. What counts is what sounds there (the
    highest melody note, the lowest bass note): both voices must move, in the same direction, from one octave or
    unison to another, or from one fifth to another (octaves taken off).

    Returns
    -------
    list of (beat, interval)
        `beat` is where the second of the two intervals sounds; `interval` is "octave" or "fifth".
    """
    melody, bass = _pitched(score, "melody"), _pitched(score, "bass")
    found, before = [], None
    for beat in _strong_beats(score):
        high = max((note.pitch for note in _sounding(melody, beat)), default=None)
        low = min((note.pitch for note in _sounding(bass, beat)), default=None)
        now = None if high is None or low is None else (high, low)
        if high is not None and low is not None and before:
            interval = (high - low) % 12
            same_way = (high - before[0]) * (low - before[1]) > 0
            if same_way and interval in PERFECT and interval == (before[0] - before[1]) % 12:
                found.append((beat, "fifth" if interval else "octave"))
        before = now
    return found


def _strong_beats(score):
    step = 2 if score.beats_per_bar == 4 else score.beats_per_bar
    return np.arange(0, _end(score), step).tolist()


def _sounding(notes, beat):
    return [note for note in notes if note.beat <= beat + HAIR and note.beat + note.beats > beat + HAIR]


def _end(score):
    return max((note.beat + note.beats for note in score.notes), default=0.0)


def ends_on_tonic(score):
    """Whether the piece comes home: the last note of the bass is the tonic, the melody's in the tonic triad.

    Of notes that begin together, the lowest of the bass and the highest of the melody count. Without a bass, the
    lowest note of the last chord stands in for it.
    """
    bass = _last(_pitched(score, "bass") or _some_pitched(score), highest=False)
    melody = _last(_pitched(score, "melody") or _some_pitched(score), highest=True)
    third = 4 if score.mode in ("major", "mixolydian") else 3
    return (bass.pitch - score.tonic) % 12 == 0 and (melody.pitch - score.tonic) % 12 in (0, third, 7)


def _last(notes, *, highest):
    return max(notes, key=lambda note: (round(note.beat, 6), note.pitch if highest else -note.pitch))


# --- time ------------------------------------------------------------------------------------------------


def groove_consistency(score, *, positions=64):
    """How alike neighbouring bars are in where notes begin.

    Wu & Yang (2020), section 4.2: with g_b a row of `positions` places in bar b, 1 where any note begins, else 0,
    GS(a, b) = 1 - (1 / Q) sum_q XOR(g_a[q], g_b[q]), Q = `positions`; here the mean over all pairs of adjacent bars.
    Most places of a fine grid are empty in every bar, so the figure is high by nature: two bars without a single
    onset in common, of four notes each, have 1 - 8/64 = .875. A grid of 16 is stricter.

    Parameters
    ----------
    score : Score
    positions : int, places in a bar (64 in the paper)

    Returns
    -------
    float, 0..1; 1 for a score of one bar

    Raises
    ------
    ValueError
        No notes.
    """
    if not score.notes:
        raise ValueError("The score has no notes, so it has no groove: give a score with at least one.")
    places = {round(note.beat / score.beats_per_bar * positions) for note in score.notes}
    grid = np.zeros((max(places) // positions + 1, positions), bool)
    for place in places:
        grid[divmod(place, positions)] = True
    return 1.0 if len(grid) == 1 else float(1 - np.mean(grid[1:] ^ grid[:-1]))


def note_density(score):
    """Notes a second, drums included."""
    return len(score.notes) / score.seconds


def onset_density(score):
    """Moments a second at which at least one note begins: what `audio_features.onset_density` should find."""
    return len({round(note.beat, 3) for note in score.notes}) / score.seconds


# --- form ------------------------------------------------------------------------------------------------


def longest_repetition(score):
    """Length in seconds of the longest passage that comes again later, note for note (is it looping?).

    The same places, lengths, pitches and parts, beginning on any beat, the two not overlapping; velocities may
    differ. Passages are counted in whole beats. Music that varies what it repeats stays at a phrase or less;
    a loop of period p heard k times has p times k/2, rounded down to whole rounds.

    Returns
    -------
    float, seconds; 0 when nothing comes again
    """
    words = _words(score, 1)
    kinds = {word: number for number, word in enumerate(dict.fromkeys(words))}
    row = np.array([kinds[word] for word in words])
    best = 0
    for lag in range(1, len(row)):
        run = 0
        for same in row[lag:] == row[:-lag]:
            run = run + 1 if same else 0
            best = max(best, min(run, lag))  # longer than the lag, the passage would overlap itself
    return float(best * 60 / score.tempo)


def structureness(score):
    """How much of the music has been heard before: 0 wandering, 1 a loop.

    For every bar but the first, the best likeness to any earlier bar (Jaccard: shared notes over all notes of the
    two, a note being its place, pitch and part), averaged. A simple measure of our own; Wu & Yang's structureness
    indicator asks the same of the sound.
    """
    bars = [
        frozenset((place, pitch, part) for place, _, pitch, part in bar) for bar in _words(score, score.beats_per_bar)
    ]
    if len(bars) < 2:
        return 0.0
    likeness = [max(_jaccard(bar, earlier) for earlier in bars[:number]) for number, bar in enumerate(bars) if number]
    return float(np.mean(likeness))


def _words(score, span):
    """The score cut every `span` beats; each piece as a set of (place in it, length, pitch, part)."""
    pieces = defaultdict(set)
    for note in score.notes:
        number = int((note.beat + HAIR) // span)
        pieces[number].add((round(note.beat - number * span, 3), round(note.beats, 3), note.pitch, note.part))
    return [frozenset(pieces[number]) for number in range(max(pieces, default=-1) + 1)]


def _jaccard(one, other):
    return len(one & other) / len(one | other) if one | other else 1.0


# --- all of them -----------------------------------------------------------------------------------------


def measure_score(score):
    """Every measure of this module.

    Returns
    -------
    dict of str to float
        in_key_share, in_key_share_raised (the raised seventh of minor allowed), groove_consistency, parallels (count),
        ends_on_tonic (0 or 1), note_density, onset_density (per second), lowest, highest (MIDI numbers),
        longest_repetition (s), pitch_class_entropy (bits), structureness.

    Raises
    ------
    ValueError
        No pitched notes.
    """
    lowest, highest = pitch_range(score)
    return {
        "in_key_share": in_key_share(score),
        "in_key_share_raised": in_key_share(score, raised_seventh=True),
        "groove_consistency": groove_consistency(score),
        "parallels": float(len(parallels(score))),
        "ends_on_tonic": float(ends_on_tonic(score)),
        "note_density": note_density(score),
        "onset_density": onset_density(score),
        "lowest": float(lowest),
        "highest": float(highest),
        "longest_repetition": longest_repetition(score),
        "pitch_class_entropy": pitch_class_entropy(score),
        "structureness": structureness(score),
    }
