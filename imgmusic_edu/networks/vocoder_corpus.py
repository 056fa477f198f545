"""Music to train and to judge the vocoder on: the shipped scores, played by our own synthesizer in many ways.

A vocoder must learn sounds, not pieces, so each excerpt is arranged anew: other instruments, another key, tempo, level
and brightness; all parts or a few, with drums or without. What is held out is held out by piece: no bar of the pieces
in `HELD_OUT` is ever trained on, in whatever arrangement.

    python -m imgmusic_edu.networks.vocoder_corpus      make both halves (some minutes) and say what they hold

Taught in chapter 09, "From features back to sound".
"""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import datasets, synthesizer
from ..files import write_atomically
from ..instruments import TIMBRES
from ..scores import Score, ScoreError
from ..sounds import SAMPLE_RATE

__all__ = ["HELD_OUT", "SECONDS", "arrange", "cache_folder", "corpus", "pieces"]

#: Pieces on which the vocoder is judged and never trained, of every kind that is shipped.
HELD_OUT = (
    "amazing_grace",
    "arabesque_no_1",
    "dreamcatcher",
    "episode_3_map_2",
    "map_07",
    "map_19",
    "maple_leaf_rag",
    "victory",
)
SECONDS = 10.0  #: length of an excerpt
N_EACH = {"train": 5, "held_out": 2}  # excerpts a piece
# The shipped program that comes nearest to each of General MIDI's sixteen families of eight programs.
_FAMILIES = (0, 11, 19, 24, 32, 48, 48, 56, 65, 73, 91, 89, 88, 24, 14, 91)
_LOWEST_DRUM, _HIGHEST_DRUM = 35, 81


def pieces(half):
    """Names of the scores of one half, "train" or "held_out"."""
    if half not in N_EACH:
        raise ValueError(f"The corpus has the halves {', '.join(N_EACH)}, but {half!r} was asked for.")
    return [name for name in datasets.scores() if (name in HELD_OUT) == (half == "held_out")]


def corpus(half, *, n_each=None, notice=print):
    """The excerpts of one half, made the first time (about a minute) and kept in `cache_folder`.

    Parameters
    ----------
    half : {"train", "held_out"}
    n_each : int, optional
        Excerpts a piece; 5 to train on, 2 to judge by.
    notice : callable
        Is told, in a sentence, when the excerpts must be made.

    Returns
    -------
    samples : np.ndarray, shape (excerpts, SECONDS * SAMPLE_RATE), int16
        Full scale is 32768. The same numbers on every machine that sums floats alike.
    names : np.ndarray, shape (excerpts,), str
        The piece of each.

    Raises
    ------
    ValueError
        Another half.

    Notes
    -----
    Taught in chapter 09.
    """
    names = pieces(half)
    n_each = N_EACH[half] if n_each is None else n_each
    path = cache_folder() / f"vocoder_{half}_{n_each}.npz"
    if not path.is_file():
        notice(f"Playing {n_each} excerpts of {len(names)} pieces, kept in {path} ...")
        rows, kept = _play(names, n_each)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _npz(samples=rows, names=kept))
    with np.load(path) as stored:
        return stored["samples"], stored["names"]


def cache_folder():
    """Where what can be made again is kept: imgmusic_edu in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "imgmusic_edu"


def _npz(**arrays):
    import io

    target = io.BytesIO()
    np.savez(target, **arrays)
    return target.getvalue()


def _play(names, n_each):
    rows, kept = [], []
    for number, name in enumerate(names):
        score = Score.from_midi(datasets.data_path(name))
        for take in range(n_each):
            random = np.random.default_rng([number, take])
            try:
                samples = synthesizer.render(arrange(score, random, as_written=take == 0))
            except ScoreError:  # this part rests here, or lies where it cannot be heard
                continue
            rows.append(np.round(samples * 32767).astype(np.int16))
            kept.append(name)
    return np.stack(rows), np.array(kept)


def arrange(score, random, *, as_written=False, seconds=SECONDS):
    """An excerpt of a score for other players.

    Parameters
    ----------
    score : scores.Score
    random : np.random.Generator
    as_written : bool
        Keep key, tempo and all parts, each on the shipped instrument of its family.
    seconds : float

    Returns
    -------
    scores.Score

    Raises
    ------
    ScoreError
        The chosen parts rest throughout the excerpt.
    """
    tempo = score.tempo if as_written else np.clip(score.tempo * random.uniform(0.75, 1.3), 10, 600)
    shift = 0 if as_written else int(random.integers(-6, 7))
    parts = score.parts if as_written else _some(score.parts, random)
    programs = {part.name: _program(part, random, as_written) for part in parts}
    drums = {part.name for part in parts if part.is_drum}
    n_beats = seconds * tempo / 60
    first = random.uniform(0, max(1e-9, score.beats - n_beats))
    loudness = 0 if as_written else int(random.integers(-30, 21))
    notes = []
    for note in score.notes:
        beat = note.beat - first
        if note.part not in programs or not 0 <= beat < n_beats - 1e-6:
            continue
        if note.part in drums:
            if not _LOWEST_DRUM <= note.pitch <= _HIGHEST_DRUM:
                continue
            pitch = note.pitch
        else:
            pitch = _in_range(note.pitch + shift, TIMBRES[programs[note.part]])
        velocity = min(127, max(1, note.velocity + loudness))
        notes.append(replace(note, beat=beat, pitch=pitch, velocity=velocity))
    return replace(
        score,
        notes=notes,
        parts=[replace(part, program=programs[part.name]) for part in parts],
        tempo=tempo,
        seconds=seconds,
        level=-18.0 if as_written else random.uniform(-32, -12),
        brightness=0.0 if as_written else random.uniform(-0.7, 0.7),
    )


def _some(parts, random):
    """All parts, those without drums, a few, or a single one: mixtures of every size are heard."""
    melodic = [part for part in parts if not part.is_drum]
    kind = random.choice(["all", "melodic", "few", "one"], p=[0.35, 0.25, 0.25, 0.15])
    if kind == "all" or len(parts) == 1:
        return parts
    if kind == "melodic" and melodic:
        return melodic
    n = 1 if kind == "one" else int(random.integers(1, len(parts)))
    return [parts[i] for i in sorted(random.choice(len(parts), n, replace=False))]


def _program(part, random, as_written):
    if part.is_drum or as_written or random.random() < 0.3:
        return part.program if part.program in TIMBRES else _FAMILIES[part.program // 8]
    return int(random.choice(list(TIMBRES)))


def _in_range(pitch, timbre):
    """The pitch, moved by octaves to where the instrument sounds like itself."""
    while pitch < timbre.low:
        pitch += 12
    while pitch > timbre.high:
        pitch -= 12
    return max(0, min(127, pitch))


if __name__ == "__main__":
    for half in N_EACH:
        samples, names = corpus(half)
        minutes = samples.size / SAMPLE_RATE / 60
        print(f"{half}: {minutes:.1f} minutes, {len(samples)} excerpts of {len(set(names))} pieces")
