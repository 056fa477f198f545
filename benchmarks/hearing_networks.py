"""What the sound network can tell, and how fast: instruments named, probes on its layers, clips a second.

The same excerpt of a piece is played by five instruments of the SoundFont, one at a time, so that only the
instrument differs. Half of the pieces give the priors, the other half is held out. Tags and decision were fixed
before a clip was heard; how pieces are laid out for the instruments, on the first half alone.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import numpy as np

from imgmusic_edu import backbones, datasets
from imgmusic_edu.instruments import INSTRUMENTS, TIMBRES
from imgmusic_edu.scores import Part, Score
from imgmusic_edu.synthesizer import render

from . import every, say, spread_out, table, verdicts
from .speed import spread, timed

# The tags of MagnaTagATune that name the instrument or what it plays.
TAGS = {
    "piano": ("piano",),
    "strings": ("strings", "violin", "cello"),
    "flute": ("flute",),
    "guitar": ("guitar",),
    "drums": ("drums", "beat", "beats"),
}
PROGRAMS = {name: INSTRUMENTS.get(name, INSTRUMENTS["nylon_guitar"]) for name in TAGS if name != "drums"}
# One player on the highest note, which is how a flute is heard on records, or one sort of instrument on all notes.
SETTINGS = ("melody", "all parts")
SECONDS = 11.9  # four patches
KICK, SNARE, HI_HAT = 36, 38, 42
DRUMS = range(35, 82)  # what General MIDI has
ENOUGH = 100  # beats in a drum part worth hearing alone


# --- the clips ---------------------------------------------------------------------------------------------


def pieces(n=40):
    """Names of pieces: (for the priors, held out). Each other one of every category, the games' thinned out."""
    few = [name for kind in ("folk", "piano", "ragtime") for name in datasets.scores(kind)]
    chosen = few[: n // 2] + every(datasets.scores("game"), n - len(few[: n // 2]))
    return chosen[::2], chosen[1::2]


def excerpt(score, instrument, setting="all parts"):
    """`SECONDS` of a score from its first quarter on, played by one of `TAGS`, in one of `SETTINGS`.

    What lies out of an instrument's range comes in by octaves. The drums play the score's own drum part, in either
    setting; where it has none they beat the melody's rhythm: low notes the kick, middle ones the snare, high ones
    the hi-hat.
    """
    names = {part.name for part in score.parts if part.is_drum}
    own = [note for note in score.notes if note.part in names and note.pitch in DRUMS]
    notes = _excerpt([note for note in score.notes if note.part not in names], score.tempo)
    if instrument == "drums":
        notes = _excerpt(own, score.tempo) if len(own) >= ENOUGH else _beaten(_melody(notes))
        part = Part("solo", 0, is_drum=True)
    else:
        part = Part("solo", PROGRAMS[instrument])
        notes = _in_range(_melody(notes) if setting == "melody" else notes, TIMBRES[part.program])
    # Struck once, however many parts strike it at a time.
    notes = {(note.beat, note.pitch): replace(note, part=part.name, cause=None) for note in notes}
    return replace(score, notes=tuple(notes.values()), parts=(part,), seconds=SECONDS)


def _excerpt(notes, tempo):
    notes = sorted(notes, key=lambda note: (note.beat, note.pitch))
    first = notes[len(notes) // 4].beat if notes else 0
    last = first + (SECONDS - 1) * tempo / 60
    return [replace(note, beat=note.beat - first) for note in notes if first <= note.beat < last]


def _melody(notes):
    """The highest of the notes that begin together (within a twelfth of a beat), each until the next begins."""
    highest = {round(note.beat * 12): note for note in sorted(notes, key=lambda note: note.pitch)}
    line = sorted(highest.values(), key=lambda note: note.beat)
    ends = [note.beat for note in line[1:]] + [line[-1].end]
    return [replace(note, beats=min(note.beats, end - note.beat)) for note, end in zip(line, ends, strict=True)]


def _in_range(notes, timbre):
    """All notes moved by the octaves that bring their middle into the range, then those still outside, one by one."""
    middle = np.median([note.pitch for note in notes])
    outside = not timbre.low <= middle <= timbre.high
    shift = 12 * round(((timbre.low + timbre.high) / 2 - middle) / 12) if outside else 0
    pitches = [note.pitch + shift for note in notes]
    pitches = [p + 12 * max(0, -(-(timbre.low - p) // 12)) - 12 * max(0, -(-(p - timbre.high) // 12)) for p in pitches]
    return [replace(note, pitch=pitch) for note, pitch in zip(notes, pitches, strict=True)]


def _beaten(notes):
    low, high = np.quantile([note.pitch for note in notes], (1 / 3, 2 / 3))
    drums = [KICK if note.pitch < low else SNARE if note.pitch < high else HI_HAT for note in notes]
    return [replace(note, pitch=drum) for note, drum in zip(notes, drums, strict=True)]


def played(job):
    """(name, instrument, setting) -> the excerpt's samples at 22 050 Hz."""
    name, instrument, setting = job
    return render(excerpt(Score.from_midi(datasets.data_path(name)), instrument, setting))


def hear(network, names, *, processes=2):
    """Every excerpt of these pieces through the network.

    Returns
    -------
    labels : np.ndarray, shape (N, 3), str
        Piece, instrument, setting; the drums are the same in both settings and stand under "both".
    found : dict of str to np.ndarray, shape (N, D)
        Each layer's mean over times and bands, and "input", the mean of the log-mel bands.
    """
    jobs = [(name, instrument, setting) for name in names for instrument in PROGRAMS for setting in SETTINGS]
    jobs += [(name, "drums", "both") for name in names]
    clips = spread_out(played, jobs, what="played", processes=processes)
    found = network.activations(clips, network.layers, pool="mean")
    found["input"] = np.stack([network.prepare(clip).mean(axis=(0, 1)) for clip in clips])
    return np.array(jobs), found


# --- what it can tell --------------------------------------------------------------------------------------


def name_instruments(tags, scores):
    """Number of the instrument with the highest of its tags' scores, shape (N,); `scores` has shape (N, 50)."""
    columns = [[tags.index(tag) for tag in group] for group in TAGS.values()]
    return np.stack([scores[:, group].max(axis=1) for group in columns], axis=1).argmax(axis=1)


def confusions(true, named):
    """How often instrument i was called j, shape (5, 5), int."""
    counts = np.zeros((len(TAGS), len(TAGS)), int)
    np.add.at(counts, (true, named), 1)
    return counts


def naming(tags, labels, found, held_out):
    """Confusions on the held-out pieces: dict (setting, way) -> (5, 5).

    "as it is" compares probabilities; "calibrated" compares logits less their mean over the other pieces, for some
    tags are given more readily than others; "linear probe" has learnt from the 50 logits of the other pieces.
    """
    apart, counts = np.isin(labels[:, 0], held_out), {}
    for setting in SETTINGS:
        here = np.isin(labels[:, 2], (setting, "both"))
        asked, known = here & apart, here & ~apart
        true = np.array([list(TAGS).index(name) for name in labels[:, 1]])
        calibrated = found["logits"][asked] - found["logits"][known].mean(axis=0)
        probe = _classifier().fit(found["logits"][known], true[known])
        ways = {
            "as it is": name_instruments(tags, found["tags"][asked]),
            "calibrated": name_instruments(tags, calibrated),
            "linear probe": probe.predict(found["logits"][asked]),
        }
        counts |= {(setting, way): confusions(true[asked], named) for way, named in ways.items()}
    return counts


def layer_by_layer(labels, found):
    """What each layer holds of the instrument and of the piece: dict layer -> dict of shares, 0..1.

    "five instruments": told by a linear probe on pieces that it never learnt from (five folds; chance 1/5).
    ("instrument", setting): told of the four pitched ones by the nearest of four examples, all of one other piece
    (each piece in turn; chance 1/4). ("piece", setting): the nearest clip by another instrument is the same piece,
    each instrument's own mean taken away first (chance 1 in the number of pieces).
    """
    from sklearn.model_selection import GroupKFold, cross_val_score

    told = {}
    whole = np.isin(labels[:, 2], ("all parts", "both"))
    for layer in ("input", *(name for name in found if name != "input")):
        pieces, instruments = labels[whole, 0], labels[whole, 1]
        folds = dict(groups=pieces, cv=GroupKFold(5))
        told[layer] = {
            "five instruments": cross_val_score(_classifier(), found[layer][whole], instruments, **folds).mean()
        }
        for setting in SETTINGS:
            here = labels[:, 2] == setting
            rows = found[layer][here].reshape(-1, len(PROGRAMS), found[layer].shape[1])  # as `hear` has them
            told[layer]["instrument", setting] = _instruments_told(_standardised(rows))
            told[layer]["piece", setting] = _pieces_told(_standardised(rows))
    return told


def _standardised(rows):
    return (rows - rows.mean(axis=(0, 1))) / (rows.std(axis=(0, 1)) + 1e-9)


def _instruments_told(rows):
    """Share of the clips, shape (pieces, instruments, D), whose instrument is that of the nearest example."""
    right = []
    for k, examples in enumerate(rows):
        others = np.delete(rows, k, axis=0)
        distances = ((others[:, :, None] - examples) ** 2).sum(axis=-1)  # (pieces, instruments, examples)
        right.append(np.mean(distances.argmin(axis=2) == np.arange(rows.shape[1])))
    return np.mean(right)


def _pieces_told(rows):
    """Share of the clips, as above, whose nearest clip by another instrument is of the same piece."""
    rows, right = rows - rows.mean(axis=0), []
    for k in range(rows.shape[1]):
        others = np.delete(rows, k, axis=1)
        distances = ((rows[:, k, None, None] - others) ** 2).sum(axis=-1).min(axis=2)  # (pieces, pieces)
        right.append(np.mean(distances.argmin(axis=1) == np.arange(len(rows))))
    return np.mean(right)


def _classifier():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


# --- how fast ----------------------------------------------------------------------------------------------


def operations(model):
    """Floating-point operations of one input: two a weight and place, convolutions and matrices alone."""
    layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
    return sum(2 * np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:-1]) for layer in layers)


def speeds(network, *, runs=7, n_clips=32):
    """How long `n_clips` clips of 10 s take, in each of `runs` runs.

    Returns
    -------
    took : dict of str to list of float
        Seconds, by what was done.
    peak : float
        FLOP/s of the fastest of many products of float32 matrices of 1024 x 1024 in between: the machine's peak.
    work : float
        FLOP that the network needs for the clips.
    """
    from imgmusic_edu.backbones.engine import tensorflow

    tf, _ = tensorflow()
    noise = np.random.default_rng(0)
    clips = [noise.uniform(-1, 1, 220500).astype(np.float32) for _ in range(n_clips)]
    rows = np.concatenate([network.prepare(clip) for clip in clips])
    batches = [rows[start : start + 32] for start in range(0, len(rows), 32)]
    square = tf.constant(noise.standard_normal((1024, 1024)), tf.float32)
    ways = {
        "front end alone, one thread": lambda _: [network.prepare(clip) for clip in clips],
        "network alone, Keras loop": lambda _: [network.model.predict_on_batch(batch) for batch in batches],
        "`backbones`, sound to tags": lambda _: network.predict(clips),
    }
    for way in ways.values():
        way(0)
    took, products = {name: [] for name in ways}, []
    for _ in range(runs):  # in turns, so that a busy minute falls on all
        products += timed(lambda _: tf.matmul(square, square).numpy(), 30)
        for name, way in ways.items():
            took[name] += timed(way, 1, warm_up=False)
    return took, 2 * 1024**3 / min(products), operations(network.model) * len(rows)


# --- report ------------------------------------------------------------------------------------------------


def _percent(share):
    return f"{100 * share:.0f} %"


def _right(counts):
    return counts.trace() / counts.sum()


def _named_tables(counts):
    """The tables of promise, of all settings and decisions, and of who was taken for whom."""
    promised = counts["all parts", "calibrated"]
    kept = _right(promised) >= 0.8
    promise = verdicts([("instruments named on held-out pieces", ">= 80 %", _percent(_right(promised)), kept)])
    rows = [
        (setting, way, _percent(_right(some)), *(f"{some[k, k]} of {some[k].sum()}" for k in range(len(TAGS))))
        for (setting, way), some in counts.items()
    ]
    named = table(("setting", "decision", "right", *TAGS), rows)
    taken = {setting: counts[setting, "calibrated"] for setting in SETTINGS}
    rows = [(s, name, *row) for s, some in taken.items() for name, row in zip(TAGS, some, strict=True)]
    return promise, named, table(("setting", "played", *(f"called {name}" for name in TAGS)), rows)


def _layer_table(told):
    titles = [title if isinstance(title, str) else ", ".join(title) for title in told["input"]]
    return table(("layer", *titles), [(layer, *map(_percent, some.values())) for layer, some in told.items()])


def _speed_table(network, runs, n_clips):
    """A sentence on the work and the machine, and the table."""
    took, peak, work = speeds(network, runs=runs, n_clips=n_clips)
    bare = median(took["network alone, Keras loop"])
    rows = []
    for name, seconds in took.items():
        share = "" if name.startswith("front end") else _percent(work / median(seconds) / peak)
        rows.append(
            (name, spread(seconds), f"{n_clips / median(seconds):.0f}", share, f"{median(seconds) / bare:.2f} x")
        )
    said = f"{n_clips} clips of 10 s: {work / 1e9:.0f} GFLOP in the network. Peak: {peak / 1e9:.0f} GFLOP/s"
    return said, table(("what", "seconds", "clips a second", "of peak", "of the Keras loop"), rows)


def sound_networks(*, quick=False, n_pieces=None, n_clips=32, processes=2):
    """All of it, a section in Markdown: two minutes on two quiet cores, half a minute where `quick`."""
    network = backbones.load("sound_vgg")
    say("  the sound network: speed")
    work, speed = _speed_table(network, 3 if quick else 7, n_clips)
    known, held_out = pieces(n_pieces or (8 if quick else 40))
    labels, found = hear(network, known + held_out, processes=processes)
    promise, named, taken = _named_tables(naming(network.classes, labels, found, held_out))
    n, groups = len(known) + len(held_out), "; ".join(", ".join(group) for group in TAGS.values())
    return f"""### Does the sound network hear which instrument plays?

{promise}
The promise is "all parts, calibrated" below. Excerpts of {SECONDS:g} s of {n} scores, played by the piano, the \
strings, the flute or the nylon guitar of the SoundFont, and the drum part by its drums. {len(known)} pieces give the \
priors and teach the probe; {len(held_out)} others are held out and counted. "Melody": the highest notes, by one \
player. "All parts": the whole texture by a choir of that instrument, however unlike a record that is. The highest of \
an instrument's tags speaks for it ({groups}). "As it is" compares probabilities; "calibrated" compares logits less \
their mean over the other pieces; the linear probe has learnt from the 50 logits of the other pieces. Chance is 20 %.

{named}
What was called what, calibrated:

{taken}
### Which layer knows the instrument, and which the piece?

Means over times and bands of a layer's channels ("input": over time of the log-mel bands), all {n} pieces. "Five \
instruments": a linear probe, on pieces it has not learnt from (chance 20 %); too easy, since a SoundFont plays a note \
by the same recording each time. "Instrument": the four pitched ones, told by the nearest of one example each, all of \
one other piece (chance 25 %). "Piece": the nearest clip by another instrument is of the same piece (chance \
{100 / n:.1f} %).

{_layer_table(layer_by_layer(labels, found))}
### Sounds through the network

{work}, the best of many products of float32 matrices in the same minutes. Median (lowest-highest), batches of 32 \
patches, four patches a clip; only the network's own operations count.

{speed}"""
