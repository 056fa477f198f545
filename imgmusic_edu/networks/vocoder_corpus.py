"""Music to train, choose and judge the vocoder on: the shipped scores, played by our own synthesizer in many ways.

A vocoder must learn sounds, not pieces, so each excerpt is arranged anew: other instruments, another key, tempo, level
and brightness; all parts or a few, with drums or without. The short recordings in `data/samples` are strewn over beats.
No piece and no recording is in two parts, in whatever arrangement:

* "train": what the network learns from;
* "validation": what settings were chosen by, and the learning curve's second line;
* "test": pieces that nothing was chosen by;
* "recordings": recordings of drums, tabla and machines that nothing was learnt from or chosen by.

    python -m imgmusic_edu.networks.vocoder_corpus      make all parts (some minutes) and say what they hold

Taught in chapter 09, "From features back to sound".
"""

import io
import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import signal

from .. import datasets, synthesizer
from ..files import write_atomically
from ..instruments import TIMBRES
from ..scores import Score, ScoreError
from ..sounds import SAMPLE_RATE, open_sound

__all__ = ["PARTS", "SECONDS", "arrange", "cache_folder", "corpus", "pieces", "save_arrays"]

#: Pieces of every kind that is shipped, by the part of the corpus that they belong to; all others are trained on.
KEPT = {
    "validation": (
        "amazing_grace",
        "arabesque_no_1",
        "dreamcatcher",
        "episode_3_map_2",
        "map_07",
        "map_19",
        "maple_leaf_rag",
        "victory",
    ),
    "test": (
        "bethena",
        "black_mountain",
        "episode_2_map_5",
        "map_11",
        "map_26",
        "scarborough_fair",
        "sweet_bunnies",
        "title_screen",
    ),
}
PARTS = ("train", "validation", "test", "recordings")  #: of the corpus
SECONDS = 10.0  #: length of an excerpt
N_EACH = {"train": 5, "validation": 2, "test": 2}  # excerpts a piece
N_STREWN = 30  # excerpts made of training recordings
SAMPLES = datasets.samples()[::3]  #: recordings that are trained on
# The shipped program that comes nearest to each of General MIDI's sixteen families of eight programs.
_FAMILIES = (0, 11, 19, 24, 32, 48, 48, 56, 65, 73, 91, 89, 88, 24, 14, 91)
_LOWEST_DRUM, _HIGHEST_DRUM = 35, 81


def pieces(part):
    """Names of the scores, or of the recordings, of one part of the corpus.

    Raises
    ------
    ValueError
        There is no such part.
    """
    if part not in PARTS:
        raise ValueError(f"The corpus has the parts {', '.join(PARTS)}, but {part!r} was asked for.")
    if part == "recordings":
        return [name for name in datasets.samples() if name not in SAMPLES]
    kept = {name for names in KEPT.values() for name in names}
    return [name for name in datasets.scores() if name not in kept] if part == "train" else list(KEPT[part])


def corpus(part, *, notice=print):
    """The excerpts of one part, made the first time (about a minute) and kept in `cache_folder`.

    Parameters
    ----------
    part : {"train", "validation", "test", "recordings"}
    notice : callable
        Is told, in a sentence, when the excerpts must be made.

    Returns
    -------
    samples : np.ndarray, shape (excerpts, SECONDS * SAMPLE_RATE), int16
        Full scale is 32768. The same numbers on every machine that sums floats alike.
    names : np.ndarray, shape (excerpts,), str
        The piece of each, or the recording that it begins with.

    Raises
    ------
    ValueError
        There is no such part.

    Notes
    -----
    Taught in chapter 09.
    """
    names = pieces(part)
    path = cache_folder() / f"vocoder_{part}.npz"
    if not path.is_file():
        notice(f"Playing {len(names)} pieces, kept in {path} ...")
        excerpts = list(_in_a_row(names) if part == "recordings" else _played(names, N_EACH[part]))
        if part == "train":
            excerpts += _strewn(SAMPLES)
        kept, rows = zip(*excerpts, strict=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_arrays(path, samples=np.stack([np.round(row * 32767).astype(np.int16) for row in rows]), names=kept)
    with np.load(path) as stored:
        return stored["samples"], stored["names"]


def cache_folder():
    """Where what can be made again is kept: imgmusic_edu in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "imgmusic_edu"


def save_arrays(path, **arrays):
    """Write arrays to an .npz, whole or not at all."""
    target = io.BytesIO()
    np.savez(target, **arrays)
    write_atomically(path, target.getvalue())


def _played(names, n_each):
    """Pairs of name and samples: pieces played by the synthesizer."""
    for number, name in enumerate(names):
        score = Score.from_midi(datasets.data_path(name))
        for take in range(n_each):
            random = np.random.default_rng([number, take])
            try:
                yield name, synthesizer.render(arrange(score, random, as_written=take == 0))
            except ScoreError:  # this part rests here, or lies where it cannot be heard
                continue


def _strewn(names):
    """Pairs of name and samples: recordings, higher and lower, on the sixteenths of a beat."""
    sounds = [_recording(name) for name in names]
    for take in range(N_STREWN):
        random = np.random.default_rng([len(names), take])
        chosen = random.choice(len(names), 6, replace=False)
        samples, step = np.zeros(round(SECONDS * SAMPLE_RATE), np.float32), SAMPLE_RATE * random.uniform(0.09, 0.25)
        higher = {k: int(random.integers(70, 141)) for k in chosen}  # percent of its pitch
        for place in np.arange(0, len(samples) - 1, step).astype(int):
            if random.random() < 0.6:
                k = random.choice(chosen)
                sound = signal.resample_poly(sounds[k], 100, higher[k])[: len(samples) - place]
                samples[place : place + len(sound)] += sound * random.uniform(0.2, 1)
        yield names[chosen[0]], samples * (10 ** (random.uniform(-20, -1) / 20) / max(np.abs(samples).max(), 1e-3))


def _in_a_row(names):
    """Pairs of name and samples: whole recordings one after another, as they are."""
    n, row, first = round(SECONDS * SAMPLE_RATE), np.zeros(0, np.float32), None
    for name in names:
        sound = _recording(name)
        row, first = np.concatenate([row, sound, np.zeros(SAMPLE_RATE // 10, np.float32)]), first or name
        while len(row) >= n:
            yield first, 0.9 * row[:n]
            row, first = row[n:], name
    yield first, 0.9 * np.pad(row, (0, n - len(row)))


def _recording(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some go a little beyond full scale and are turned down by that
        return open_sound(datasets.data_path(name)).samples


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
    for part in PARTS:
        samples, names = corpus(part)
        minutes = samples.size / SAMPLE_RATE / 60
        print(f"{part}: {minutes:.1f} minutes, {len(samples)} excerpts of {len(set(names))} pieces or recordings")
