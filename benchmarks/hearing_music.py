"""What is heard as music: key and mode, tempo, beats and pitch, from the sound of pieces of which it is known.

Keys of shipped passages: data/facts/known_keys.csv. Chorales by Bach (from music21, never shipped): those that end on a
tonic of their signature. Tempi: what the MIDI file says, where it says one. Librosa's measures run on the same samples.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median

import numpy as np

from imgmusic_edu import audio_features as af
from imgmusic_edu import datasets
from imgmusic_edu.audio_features.keys import FITS_MAJOR, FITS_MINOR, MAJOR, MINOR
from imgmusic_edu.evaluation.faithfulness import interval
from imgmusic_edu.scores import Part
from imgmusic_edu.synthesizer import SAMPLE_RATE, render

from . import every, pictures, spread_out, table, verdicts, write_csv
from .known_pieces import chorale, chorale_paths, known_keys, midi, passage, steady_pieces
from .speed import fresh

PROFILES = {
    "Krumhansl-Kessler": (FITS_MAJOR, FITS_MINOR),
    "Temperley": (  # 1999, Music Perception 17(1)
        np.array([5, 2, 3.5, 2, 4.5, 4, 2, 4.5, 2, 3.5, 1.5, 4]),
        np.array([5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 3.5, 2, 1.5, 4]),
    ),
    "Albrecht-Shanahan": (MAJOR, MINOR),
}
OURS, ALONE = "ours", "ours, Albrecht-Shanahan alone"
ERRORS = ("right", "fifth up", "fifth down", "relative", "parallel", "other")
MIREX = {"right": 1.0, "fifth up": 0.5, "relative": 0.3, "parallel": 0.2}  # as mir_eval reads them
METRES = {"right": 1, "double": 2, "half": 1 / 2}  # what a tempo is of the score's
SOLOISTS = (73, 40, 71, 56, 52, 60)  # flute, violin, clarinet, trumpet, choir, horn


# --- key ---------------------------------------------------------------------------------------------------


def relation(tonic, mode, found, found_mode):
    """How a key that was found lies to the true one: one of `ERRORS`."""
    step = (found - tonic) % 12
    if mode == found_mode:
        return {0: "right", 7: "fifth up", 5: "fifth down"}.get(step, "other")
    return {0: "parallel", 9 if mode == "major" else 3: "relative"}.get(step, "other")


def best_key(fits):
    mode, tonic = np.unravel_index(np.argmax(fits), fits.shape)
    return int(tonic), ("major", "minor")[mode]


def keys_heard(samples):
    """The key of a sound by each method: dict name -> (tonic, mode)."""
    import librosa

    clip = af.as_clip(samples, SAMPLE_RATE)
    found = {OURS: af.key(clip)[:2], ALONE: best_key(af.key_correlations(clip, profiles=np.array([MAJOR, MINOR])))}
    for chroma in (librosa.feature.chroma_cqt, librosa.feature.chroma_stft):
        heard = chroma(y=samples, sr=SAMPLE_RATE).mean(axis=1)
        for name, profiles in PROFILES.items():
            fits = [[np.corrcoef(heard, np.roll(p, k))[0, 1] for k in range(12)] for p in profiles]
            found[f"librosa {chroma.__name__}, {name}"] = best_key(np.array(fits))
    return found


def key_job(job):
    """One piece of one body as a list of rows; none where a chorale's key is not plain."""
    body, what, number = job
    if body == "chorales":
        plain = chorale(what, number)
        if plain is None:
            return []
        score, tonic, mode = plain
        sounds = {"chorales": render(score)}
    elif body == "composer":
        from imgmusic_edu import compose

        piece = compose(datasets.picture(what), seconds=12, seed=number)
        tonic, mode = piece.score.tonic, "major" if piece.score.mode in ("major", "mixolydian") else "minor"
        sounds = {"composer": piece.sound.samples}
    else:
        score, tonic, mode = midi(what["score"]), what["tonic"], what["mode"]
        sounds = {what["kind"]: render(passage(score, what["from_seconds"], what["to_seconds"]))}
        middle = max(what["from_seconds"], (what["from_seconds"] + what["to_seconds"]) / 2 - 7.5)
        excerpt = (middle, min(middle + 15, what["to_seconds"]))
        sounds["excerpt"] = render(passage(score, *excerpt))
        what = f"{what['score']} from {what['from_seconds']:g} s"
    rows = [
        {"body": body, "piece": Path(str(what)).stem, "method": method, "error": relation(tonic, mode, *found)}
        for body, samples in sounds.items()
        for method, found in keys_heard(samples).items()
    ]
    if "excerpt" in sounds:
        shift = number % 11 - 5 or 6
        moved = af.key(render(passage(score, *excerpt, shift=shift)))[:2]
        before = af.key(sounds["excerpt"])[:2]
        error = relation((before[0] + shift) % 12, before[1], *moved)
        rows.append({"body": "transposed", "piece": Path(str(what)).stem, "method": OURS, "error": error})
    return rows


def share(told):
    """Share of what is true, in percent, with its 95 % bootstrap interval."""
    low, high = interval(told)
    return f"{100 * np.mean(told):.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def key_table(rows, bodies):
    """Methods down, errors across, over some bodies."""
    counts = {}
    for row in rows:
        if row["body"] in bodies:
            counts.setdefault(row["method"], Counter())[row["error"]] += 1
    lines = []
    for method, count in counts.items():
        n = count.total()
        score = sum(MIREX.get(error, 0) * k for error, k in count.items()) / n
        right_ones = share(np.arange(n) < count["right"])
        lines.append((method, n, right_ones, *(count[e] for e in ERRORS[1:]), f"{score:.3f}"))
    return table(("method", "pieces", *ERRORS, "MIREX score"), lines)


def right(rows, *bodies, method=OURS):
    """Share of right keys, and how many there were."""
    told = [row["error"] == "right" for row in rows if row["body"] in bodies and row["method"] == method]
    return (float(np.mean(told)), len(told)) if told else (float("nan"), 0)


# --- tempo, beats ------------------------------------------------------------------------------------------


def metre(found, true):
    """What a tempo is of the true one: one of `METRES` within 4 %, or "other"."""
    return next((name for name, ratio in METRES.items() if found and abs(found / true / ratio - 1) <= 0.04), "other")


def f_measure(found, true, *, tolerance=0.07):
    """Of beats, each true one found at most once (Davies, Degara & Plumbley 2009)."""
    found, hits = list(found), 0
    for moment in true:
        near = min(found, key=lambda other: abs(other - moment), default=np.inf)
        if abs(near - moment) <= tolerance:
            found.remove(near)
            hits += 1
    return 2 * hits / max(hits + len(found) + len(true), 1)


def tempo_job(job):
    """The tempo and the beats of one piece by each method, as rows."""
    import librosa

    body, what, number = job
    if body == "composer":
        from imgmusic_edu import compose

        piece = compose(datasets.picture(what), seconds=16, seed=number)
        true, samples = piece.score.tempo, piece.sound.samples
    else:
        score = midi(what)
        true, samples = score.tempo, render(passage(score, 0, 60))
    track, times = librosa.beat.beat_track(y=samples, sr=SAMPLE_RATE, units="time")
    found = {
        OURS: (af.tempo(samples), af.beats(samples)),
        "librosa.beat.beat_track": (float(np.atleast_1d(track)[0]), times),
        "librosa.feature.tempo": (float(librosa.feature.tempo(y=samples, sr=SAMPLE_RATE)[0]), None),
    }
    grid = np.arange(0, len(samples) / SAMPLE_RATE - 1, 60 / true)
    between = np.sort(np.concatenate([grid, grid[:-1] + 30 / true]))
    rows = []
    for method, (bpm, beats) in found.items():
        levels = (grid, grid[::2], grid[1::2], between)
        scores = [np.nan] if beats is None else [f_measure(beats, level) for level in levels]
        row = {"body": body, "piece": what, "method": method, "true": true, "bpm": bpm, "metre": metre(bpm, true)}
        rows.append(row | {"beats": scores[0], "beats_any": max(scores)})
    return rows


def tempo_table(rows):
    lines = []
    for body, method in dict.fromkeys((row["body"], row["method"]) for row in rows):
        group = [row for row in rows if (row["body"], row["method"]) == (body, method)]
        count = Counter(row["metre"] for row in group)
        n = len(group)
        beats = [(np.mean([row[column] for row in group])) for column in ("beats", "beats_any")]
        told = ["" if np.isnan(value) else f"{value:.2f}" for value in beats]
        within = sum(count[name] for name in METRES)
        shares = (share(np.arange(n) < count["right"]), share(np.arange(n) < within))
        lines.append((f"{body}: {method}", n, *shares, count["half"], count["double"], count["other"], *told))
    header = ("pieces: method", "n", "within 4 %", "or half, double", "half", "double", "other")
    return table((*header, "beats F", "beats F, any level"), lines)


# --- pitch -------------------------------------------------------------------------------------------------


def pitch_job(job):
    """One melody played alone: share of the frames inside notes that are within 50 cents, by method."""
    import librosa

    name, program = job
    score = midi(name)
    melody = [n for n in score.notes if n.part == "Solo-Right"]
    alone = dataclasses.replace(score, notes=melody, parts=[Part("Solo-Right", program)])
    part = passage(alone, score.seconds_of(melody[0].beat), score.seconds_of(melody[0].beat) + 12)
    samples = render(part)
    times, ours, _ = af.pitch_track(samples)
    setting = {"fmin": 55, "fmax": 2093, "sr": SAMPLE_RATE, "frame_length": 2048, "hop_length": 256}
    found = {
        OURS: ours,
        "librosa.yin": librosa.yin(samples, **setting),
        "librosa.pyin": librosa.pyin(samples, **setting)[0],
    }
    true = np.full(len(times), np.nan)
    for note in part.notes:
        start, end = part.seconds_of(note.beat) + 0.06, part.seconds_of(note.end) - 0.03
        true[(times > start) & (times < end)] = 440 * 2 ** ((note.pitch - 69) / 12)
    inside = np.isfinite(true)
    return [
        {"method": method, "right": np.mean(np.abs(1200 * np.log2(hz[: len(true)][inside] / true[inside])) < 50)}
        for method, hz in found.items()
    ]


# --- speed -------------------------------------------------------------------------------------------------

_OURS, _LIBROSA = "from imgmusic_edu import audio_features as af", "import librosa"
_SUMMARIES = ("rms", "zero_crossing_rate", "spectral_centroid", "spectral_bandwidth", "spectral_rolloff")
WAYS = {  # what is measured: ours and librosa's, each how it is imported and called for one clip
    "onset strength": ("af.onset_strength(clip)", "librosa.onset.onset_strength(y=clip, sr=22050, hop_length=256)"),
    "tempo": ("af.tempo(clip)", "librosa.feature.tempo(y=clip, sr=22050, hop_length=256)"),
    "beats": ("af.beats(clip)", "librosa.beat.beat_track(y=clip, sr=22050, hop_length=256)"),
    "key (librosa: chroma_cqt alone)": ("af.key(clip)", "librosa.feature.chroma_cqt(y=clip, sr=22050)"),
    "pitch track (librosa: pyin)": (
        "af.pitch_track(clip)",
        "librosa.pyin(clip, fmin=55, fmax=2093, sr=22050, hop_length=256)",
    ),
    "six summaries": (
        "af.frame_summaries(clip)",
        f"[getattr(librosa.feature, f)(y=clip, hop_length=256) for f in {(*_SUMMARIES, 'spectral_flatness')}]",
    ),
}
_CHILD = """
import sys, time, json
import numpy as np
{prepare}
clips = np.load(sys.argv[1])
took = []
for clip in (clips[0], *clips):
    start = time.perf_counter()
    {call}
    took.append(time.perf_counter() - start)
print(json.dumps(took))
"""


def speed_table(n_clips=4, seconds=15.0):
    """Each way in a process of its own, clip by clip: milliseconds a clip once it has run, and peak memory."""
    samples = render(passage(midi("the_entertainer"), 0, 60))
    n = round(seconds * SAMPLE_RATE)
    clips = np.stack([samples[start : start + n] for start in np.linspace(0, len(samples) - n, n_clips).astype(int)])
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clips.npy"
        np.save(path, clips)
        for what, calls in WAYS.items():
            found = []
            for prepare, call in zip((_OURS, _LIBROSA), calls, strict=True):
                done = fresh(["-c", _CHILD.format(prepare=prepare, call=call), path])
                took = json.loads(done["said"])
                found.append((1000 * median(took[1:]), took[0], done["peak"]))
            (ours, first, peak), (theirs, their_first, their_peak) = found
            cells = (f"{ours:.0f}", f"{theirs:.0f}", f"{theirs / ours:.1f} x", f"{first:.2f}", f"{their_first:.2f}")
            lines.append((what, *cells, f"{peak:.0f}", f"{their_peak:.0f}"))
    header = ("what", "ours, ms", "librosa, ms", "ratio", "first call, s", "librosa's", "peak MB", "librosa's")
    return table(header, lines)


# --- all together ------------------------------------------------------------------------------------------


def music_measures(*, out=None, quick=False, processes=2):
    """Key, tempo, beats, pitch and speed, as a section of Markdown; with `out` the rows as CSV, too."""
    few = 6 if quick else None
    jobs = [("shipped", row, k) for k, row in enumerate(known_keys())][:few]
    jobs += [("chorales", path, k) for k, path in enumerate(every(chorale_paths(), few or 86))]
    jobs += [("composer", name, k) for k, name in enumerate(pictures(few or 48))]
    keys = [row for found in spread_out(key_job, jobs, what="keys", processes=processes) for row in found]
    jobs = [("shipped", name, k) for k, name in enumerate(steady_pieces())][:few]
    jobs += [("composer", name, k) for k, name in enumerate(pictures(few or 48))]
    tempi = [row for found in spread_out(tempo_job, jobs, what="tempi", processes=processes) for row in found]
    jobs = list(zip(datasets.scores("folk"), SOLOISTS, strict=True))[:few]
    pitches = [row for found in spread_out(pitch_job, jobs, what="melodies", processes=processes) for row in found]
    if out:
        write_csv(out / "keys.csv", keys)
        write_csv(out / "tempi.csv", tempi)

    kinds = ("edition", "tune", "notes")
    told = [row["error"] == "right" for row in keys if row["body"] in kinds and row["method"] == OURS]
    n = len(told)
    by_kind = ", ".join(f"{kind} {round(part * m)} of {m}" for kind in kinds for part, m in [right(keys, kind)] if m)
    ours = [row for row in tempi if (row["body"], row["method"]) == ("shipped", OURS)]
    metres = [row["metre"] for row in ours]
    count = Counter(metres)
    composed = [row["metre"] == "right" for row in tempi if (row["body"], row["method"]) == ("composer", OURS)]
    level = [row["metre"] in METRES for row in ours]
    exact = share([name == "right" for name in metres])
    octaves = f"half {count['half']}, double {count['double']}, other {count['other']}"
    promises = verdicts(
        [
            ("key and mode of shipped passages", ">= 85 %", f"{share(told)} of {n} ({by_kind})", np.mean(told) >= 0.85),
            (
                "tempo of shipped pieces, within 4 % of the score's or of its half or double",
                ">= 90 %",
                f"{share(level)} of {len(ours)}; of the score's itself {exact} ({octaves})",
                np.mean(level) >= 0.9,
            ),
            (
                "tempo of the composer's pieces",
                ">= 98 %",
                share(composed),
                np.mean(composed) >= 0.98,
            ),
        ]
    )
    melodies = [
        (method, f"{100 * np.mean([row['right'] for row in pitches if row['method'] == method]):.1f} %")
        for method in dict.fromkeys(row["method"] for row in pitches)
    ]
    moved, n_moved = right(keys, "transposed")
    return f"""### Key, tempo, beats, pitch

{promises}
In round brackets behind a share: its 95 % bootstrap interval over pieces.

Key of {n} passages of shipped scores, rendered; what stands for truth, and why, is in data/facts/known_keys.csv. \
Errors apart; the MIREX score counts a fifth up 0.5, a relative 0.3, a parallel 0.2.

{key_table(keys, kinds)}
15 seconds from the middle of each, where the music may be on its way elsewhere. Moved by -5 to 6 semitones, our \
answer moves along in {100 * moved:.1f} % of {n_moved}.

{key_table(keys, ("excerpt",))}
Chorales by Bach that end on a tonic of their signature (organ, choir, piano, strings in turn).

{key_table(keys, ("chorales",))}
Pieces of 12 s by this package's composer; what was planned is the truth (mixolydian counts as major, dorian as minor).

{key_table(keys, ("composer",))}
Tempo of the first minute of the shipped pieces whose file gives one tempo, and of composed pieces of 16 s. None of \
the shipped pieces was used to tune the measure, whose weights were learnt from random pieces and composed ones. \
Beats: F-measure within 70 ms, at the score's level, and at the best of that, its half and its double.

{tempo_table(tempi)}
Melodies of the folk tunes, 12 s each, played alone by six instruments: frames inside notes that are within 50 cents.

{table(("method", "right"), melodies)}
Speed on clips of 15 s, one after the other: median, the first call in the process, peak memory of the process.

{speed_table(n_clips=2 if quick else 4)}"""
