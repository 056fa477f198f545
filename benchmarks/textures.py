"""Endless textures: are the statistics those of the source, is the sound new, and what does it cost?

Beside two networks stand three ways that grow nothing: noise with the source's mean spectrum, grains of 50 ms in random
order, and the source over and over. The first has no rhythm, the second no order beyond a grain, the third copies.
"""

import time

import numpy as np

from imgmusic_edu import datasets
from imgmusic_edu.sounds import SAMPLE_RATE, Sound, open_sound

from . import spread_out, table, verdicts, write_csv

ASKED = ("rain", "fire", "drum_loop")  # of which the promises speak
SECONDS, STEPS, QUICK_STEPS = 10.0, 300, 5
FAST = 100  # steps, for the notebook
VGG_STEPS = 60  # a step costs several times as much
WITHIN, NEW, LONGEST, LONGEST_FAST = 0.1, 0.1, 60.0, 20.0
MEASURES = ("spectral centroid", "onset rate", "modulation spectrum", "correlation")
VOCODERS = ("neural", "griffin_lim", "fast_griffin_lim", "pghi")
TUNE = "frere_jacques"


# --- ways --------------------------------------------------------------------------------------------------


def source(name):
    """A shipped texture."""
    return open_sound(datasets.data_path(name))


def shuffled(sound, seconds, seed=0):
    """Grains of 50 ms in random order, overlapping by half under a Hann window."""
    grain, n = round(0.05 * SAMPLE_RATE) // 2 * 2, round(seconds * SAMPLE_RATE)
    window, starts = np.hanning(grain + 1)[:-1], np.random.default_rng(seed)
    found = np.zeros(n + grain)
    for at in range(0, n, grain // 2):
        start = starts.integers(len(sound.samples) - grain)
        found[at : at + grain] += window * sound.samples[start : start + grain]
    found = found[:n]
    return Sound((found / max(1, np.abs(found).max())).astype(np.float32))


def noise(sound, seconds, seed=0):
    """White noise with the source's mean spectrum."""
    from imgmusic_edu.style.textures import shaped_noise

    found = shaped_noise(sound.samples, round(seconds * SAMPLE_RATE), seed=seed)
    return Sound(found / max(1, np.abs(found).max()))


def looped(sound, seconds, seed=0):
    """The source over and over."""
    return Sound(np.resize(sound.samples, round(seconds * SAMPLE_RATE)))


def halves(sound):
    """What chance does: the second half of the source beside its first."""
    middle = len(sound.samples) // 2
    return Sound(sound.samples[:middle]), Sound(sound.samples[middle:])


def judged(job):
    """(name, way, steps, seed) -> a row of measures."""
    import resource

    from imgmusic_edu.style import textures
    from imgmusic_edu.style.sound_statistics import compare

    name, way, steps, seed = job
    sound, clock, began = source(name), time.perf_counter(), time.process_time()
    if way in ("random", "sound_vgg"):
        grown = textures.grow(sound, seconds=SECONDS, network=way, steps=steps, seed=seed)
        made, fell = grown.sound, (grown.losses[0], grown.losses[-1])
    elif way == "the other half":
        (sound, made), fell = halves(sound), (np.nan, np.nan)
    else:
        made, fell = NULLS[way](sound, SECONDS, seed), (np.nan, np.nan)
    cost = {"seconds": time.perf_counter() - clock, "cpu_s": time.process_time() - began}
    errors = {row["statistic"]: row["error"] for row in compare(sound, made)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"texture": name, "way": way, "steps": steps, "seed": seed, "from": fell[0], "to": fell[1]}
    return row | errors | cost | {"peak_mb": peak}


NULLS = {"noise of its spectrum": noise, "grains of 50 ms": shuffled, "over and over": looped}


# --- the other way to a sound, and where it fails ----------------------------------------------------------


def through_vocoders(name):
    """Statistics of a texture that went through its own log-mel and a vocoder: the best that way can give. Rows."""
    from imgmusic_edu import vocoders
    from imgmusic_edu.audio_features import log_mel
    from imgmusic_edu.style.sound_statistics import compare

    sound = source(name)
    rows = []
    for vocoder in VOCODERS:
        made = vocoders.get(vocoder)(log_mel(sound.samples))
        errors = {row["statistic"]: row["error"] for row in compare(sound, made)}
        rows.append({"texture": name, "vocoder": vocoder} | {measure: errors[measure] for measure in MEASURES[:3]})
    return rows


def tune(name=TUNE, seconds=10.0):
    """The first seconds of a tune, played from its score."""
    from imgmusic_edu.scores import Score
    from imgmusic_edu.synthesizer import render

    samples = render(Score.from_midi(datasets.data_path(name)))[: round(seconds * SAMPLE_RATE)]
    return Sound(samples, title=name.replace("_", " ").capitalize())


def phrases(samples, source, seconds=2.0):
    """How well each two seconds are found again somewhere in the source: mean of the best cosine of the chroma."""
    from imgmusic_edu.audio_features import chroma

    here, there = (chroma(one)[::8] for one in (samples, source))  # 11 a second
    width = round(seconds * SAMPLE_RATE / 256 / 8)
    windows = []
    for found in (here, there):
        rows = np.lib.stride_tricks.sliding_window_view(found - found.mean(axis=0), width, axis=0)
        rows = rows.reshape(len(rows), -1)
        windows.append(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
    return float((windows[0] @ windows[1].T).max(axis=1).mean())


def pitch_classes(samples):
    """How much each pitch class sounds over all: shape (12,), sum 1."""
    from imgmusic_edu.audio_features import chroma

    found = chroma(samples).mean(axis=0)
    return found / found.sum()


def melody(job):
    """(steps,) -> rows: what a texture keeps of a tune: its notes (total variation, 0 the same), its phrases (1)."""
    from imgmusic_edu.style import textures

    (steps,) = job
    sound = tune()
    middle = len(sound.samples) // 2
    first, second = sound.samples[:middle], sound.samples[middle:]
    others = {"grown": textures.grow(sound, seconds=10, steps=steps).sound.samples}
    others["grains of 50 ms"] = shuffled(sound, 10).samples
    rows = [("the other half", first, second), *((name, sound.samples, other) for name, other in others.items())]
    return [
        {
            "sound": name,
            "pitch classes": float(np.abs(pitch_classes(there) - pitch_classes(here)).sum() / 2),
            "phrases": phrases(there, here),
        }
        for name, here, there in rows
    ]


# --- tables ------------------------------------------------------------------------------------------------


def per_cent(value):
    """An error in per cent."""
    return f"{100 * value:.1f}"


def texture_table(rows):
    """A line for each texture and way."""
    lines = []
    for row in rows:
        errors = [f"{row[measure]:.3f}" if measure == "correlation" else per_cent(row[measure]) for measure in MEASURES]
        fell = "" if np.isnan(row["from"]) else f"{row['from']:.3g} -> {row['to']:.3g}"
        grown = [f"{row['cpu_s']:.0f}", f"{row['seconds']:.0f}", f"{row['peak_mb']:.0f}"] if fell else ["", "", ""]
        lines.append([row["texture"], row["way"], str(row["steps"] or ""), *errors, fell, *grown])
    head = ("texture", "way", "steps", "centroid, %", "onset rate, %", "modulation, %", "correlation", "loss")
    return table((*head, "CPU s", "s", "MB"), lines)


def promises(rows):
    """What was promised of rain, fire and drums by the random network, and whether it is kept; means over seeds."""
    found = []
    own = [row for row in rows if row["way"] == "random" and row["steps"] != FAST]
    for name in dict.fromkeys(row["texture"] for row in own if row["texture"] in ASKED):
        mine = [row for row in own if row["texture"] == name]
        for measure in MEASURES[:3]:
            error = float(np.mean([row[measure] for row in mine]))
            found.append((f"{name}: {measure}", f"within {WITHIN:.0%}", f"{error:.1%}", error <= WITHIN))
        copied = max(row["correlation"] for row in mine)
        found.append((f"{name}: correlation with the source", f"< {NEW}", f"{copied:.3f}", copied < NEW))
    slowest = max(row["seconds"] for row in own)
    found.append((f"5 s to {SECONDS:.0f} s", f"{LONGEST:.0f} s at most", f"{slowest:.0f} s", slowest <= LONGEST))
    fast = [row["seconds"] for row in rows if row["way"] == "random" and row["steps"] == FAST]
    if fast:
        wanted = f"{LONGEST_FAST:.0f} s at most"
        found.append((f"the same in {FAST} steps", wanted, f"{max(fast):.0f} s", max(fast) <= LONGEST_FAST))
    return found


def run(*, out, quick=False, processes=1):
    """All ways on all textures; vocoders; a tune. Rows go into `out` as CSV."""
    names = ASKED if quick else (*ASKED, *(name for name in datasets.textures() if name not in ASKED))
    jobs = []
    for name in names[:1] if quick else names:
        seeds = (0,) if quick or name not in ASKED else (0, 1, 2)
        jobs += [(name, "random", QUICK_STEPS if quick else STEPS, seed) for seed in seeds]
        jobs += [] if quick else [(name, "random", FAST, 0)]
        jobs += [(name, "sound_vgg", VGG_STEPS, 0)] if name in ASKED and not quick else []
        jobs += [(name, way, 0, 0) for way in (*NULLS, "the other half")]
    rows = spread_out(judged, jobs, what="textures", processes=0 if quick else processes)
    write_csv(out / "textures.csv", rows)
    vocoded = [row for name in names[:1] if quick for row in through_vocoders(name)]
    vocoded += [] if quick else [row for name in ASKED for row in through_vocoders(name)]
    write_csv(out / "textures_vocoders.csv", vocoded)
    lost = melody((QUICK_STEPS if quick else STEPS,))
    write_csv(out / "textures_melody.csv", lost)
    lines = [[row["texture"], row["vocoder"], *(per_cent(row[measure]) for measure in MEASURES[:3])] for row in vocoded]
    heard = [[row["sound"], f"{row['pitch classes']:.2f}", f"{row['phrases']:.2f}"] for row in lost]
    return f"""{verdicts(promises(rows))}
### Errors against the source

{texture_table(rows)}
Modulation: all octaves from 0.5 to 64 Hz, sizes of the differences added up. "The other half": the second 2.5 s of the
source against its first, which is what chance does; it has half the length, so it is the unsteadier measure.

### Through the source's own log-mel and a vocoder, errors in %

{table(("texture", "vocoder", "centroid", "onset rate", "modulation"), lines)}
The best that growing a spectrogram could come to, if the spectrogram were perfect: hence the samples themselves are
grown.

### What a texture keeps of a tune ({TUNE})

{table(("sound", "pitch classes: distance", "phrases of 2 s: likeness"), heard)}"""
