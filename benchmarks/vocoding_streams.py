"""Vocoders from full magnitudes, as frames come in, under extremes, and for ten minutes of sound."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from imgmusic_edu.audio_features.inverses import griffin_lim, spectral_convergence
from imgmusic_edu.audio_features.transforms import HOP_LENGTH, N_FFT, N_MELS, log_mel, stft
from imgmusic_edu.datasets import data_path
from imgmusic_edu.evaluation.vocoding import HEALTHY, health
from imgmusic_edu.networks.vocoder_corpus import arrange, corpus
from imgmusic_edu.scores import Score
from imgmusic_edu.sounds import SAMPLE_RATE
from imgmusic_edu.synthesizer import render
from imgmusic_edu.vocoders import heap

from . import every, say, table
from .speed import fresh

EDGE = 4 * N_FFT  # samples at either end of a stream that may differ
SPECTRA = {  # full spectra: of chords that stand, of pieces played without their drums, of recordings, of drums and all
    "steady": ((48, 55, 64), (45, 52, 57, 64), (60, 63, 67)),
    "tonal": ("bethena", "scarborough_fair", "title_screen"),
    "percussive": None,
    "mixed": ("black_mountain", "map_11", "sweet_bunnies"),
}
CLASSIC, FAST, HEAP = "Griffin-Lim 32", "fast Griffin-Lim 60", "PGHI"
_LONG_CHILD = """
import sys
import numpy as np
from imgmusic_edu import vocoders
name, path, n = sys.argv[1:]
settings = {"real_time": True} if name.endswith("real time") else {}
levels = np.load(path)
levels = np.tile(levels, (-(-int(n) // len(levels)), 1))[: int(n)]
vocoder = vocoders.get(name.split(",")[0], **settings)
if len(levels):
    print(len(vocoder(levels).samples))
"""


def clips(part, quick=False):
    """Excerpts of a part and the pieces they are of: (n, samples) float32 in -1..1, (n,) str."""
    samples, names = corpus(part, notice=say)
    chosen = every(range(len(samples)), 1 if quick else len(samples))
    seconds = 2.9 if quick else samples.shape[1] / SAMPLE_RATE
    n = round(seconds * SAMPLE_RATE) // HOP_LENGTH * HOP_LENGTH
    return samples[chosen, :n].astype(np.float32) / 32768, names[chosen]


# --- full spectra ------------------------------------------------------------------------------------------


def spectral_clip(kind, number):
    """The samples of one of SPECTRA."""
    if kind == "steady":
        t = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
        tones = [440 * 2 ** ((pitch - 69) / 12) * n for pitch in SPECTRA[kind][number] for n in range(1, 9)]
        return sum(0.05 * 200 / f * np.sin(2 * np.pi * f * t) for f in tones) * np.sin(np.pi * t / 6)
    if kind == "tonal":
        score = Score.from_midi(data_path(SPECTRA[kind][number]))
        melodic = [part for part in score.parts if not part.is_drum]
        names = {part.name for part in melodic}
        notes = [note for note in score.notes if note.part in names]
        return render(arrange(replace(score, parts=melodic, notes=notes), np.random.default_rng(0), as_written=True))
    sounds, pieces = clips("recordings" if kind == "percussive" else "test")
    return sounds[number if kind == "percussive" else list(pieces).index(SPECTRA[kind][number])]


def from_spectra(job):
    """(kind, number, quick) -> rows: spectral convergence in dB of each way from the magnitude, n_fft 2048, hop 256."""
    kind, number, quick = job
    sound = spectral_clip(kind, number)
    sound = sound[:SAMPLE_RATE] if quick else sound
    settings = {"n_fft": 2048, "hop_length": HOP_LENGTH}
    magnitude = np.abs(stft(sound[: len(sound) // HOP_LENGTH * HOP_LENGTH], **settings))
    back = {
        CLASSIC: lambda: griffin_lim(magnitude, n_iter=32, momentum=0),
        FAST: lambda: griffin_lim(magnitude, n_iter=60),
        HEAP: lambda: heap.pghi(magnitude),
        "PGHI, 32 fast Griffin-Lim": lambda: griffin_lim(magnitude, n_iter=32, phase=heap.phase(magnitude)),
    }
    heap.pghi(magnitude[:10])  # numba compiles once
    rows = []
    for way, make in back.items():
        start = time.process_time()
        made = make()
        rtf = (time.process_time() - start) * SAMPLE_RATE / len(sound)
        lost = 20 * np.log10(spectral_convergence(magnitude, np.abs(stft(made, **settings))))
        rows.append({"kind": kind, "clip": number, "way": way, "sc_db": lost, "rtf": rtf})
    return rows


def spectra_table(rows):
    """Mean dB of each kind and way, and the mean of each; the table and a dict."""
    kinds, names = (dict.fromkeys(row[key] for row in rows) for key in ("kind", "way"))
    means = {
        (kind, way): float(np.mean([row["sc_db"] for row in rows if (row["kind"], row["way"]) == (kind, way)]))
        for kind in kinds
        for way in names
    }
    costs = {way: np.mean([row["rtf"] for row in rows if row["way"] == way]) for way in names}
    lines = [(way, *(f"{means[kind, way]:.1f}" for kind in kinds), f"{costs[way]:.3f}") for way in names]
    return table(("from the magnitude", *(f"{kind}, dB" for kind in kinds), "RTF"), lines), means


# --- streams, health, memory -------------------------------------------------------------------------------


def streamed(vocoder, levels):
    """How far a stream differs from the whole away from the edges, and how many seconds it is behind, measured."""
    whole, told, behind, made = vocoder(levels).samples, 0, [], []

    def chunks():
        nonlocal told
        sizes = [1] * 40 + [3, 8, 20, 2] * (len(levels) // 33 + 1)  # one by one, then as the wind blows
        for size in sizes:
            if told < len(levels):
                told += size
                yield levels[told - size : told]

    for piece in vocoder.stream(chunks()):
        made.append(piece)
        if told < 40:
            behind.append((told - 1) * HOP_LENGTH - sum(map(len, made)))
    made = np.concatenate(made)
    n = min(len(made), len(whole))
    differ = np.abs(made[:n] - whole[:n])[EDGE:-EDGE].max() if len(made) == len(whole) else float("inf")
    return float(differ), behind[-1] / SAMPLE_RATE


def checks(found, sound, rows):
    """Health and streams of each vocoder; a table's rows, and the worst of each figure.

    Health is the worst over all excerpts (`rows`) and one that is turned up to full scale.
    """
    loud, silence = sound * np.float32(0.99 / np.abs(sound).max()), np.full((60, N_MELS), -100.0, np.float32)
    levels = log_mel(loud)
    lines, worst = [], {"differ": 0.0, "latency": 0.0, "ill": []}
    for name, vocoder in found.items():
        state = health(loud, vocoder(levels).samples)
        state = {what: max(state[what], *(row[what] for row in rows if row["way"] == name)) for what in HEALTHY}
        ill = [what for what, limit in HEALTHY.items() if not state[what] < limit]
        ill += ["silence sounds"] if vocoder(silence).samples.any() else []
        worst["ill"] += [f"{name}: {what}" for what in ill]
        told = ["", "", ""]
        if vocoder.latency is not None:
            apart, late = streamed(vocoder, levels)
            worst["differ"], worst["latency"] = max(worst["differ"], apart), max(worst["latency"], late)
            told = [f"{apart:.1e}", f"{1000 * late:.1f} ms", f"{1000 * vocoder.latency:.1f} ms"]
        lines.append((name, *(f"{value:.4g}" for value in state.values()), ", ".join(ill), *told))
    return lines, worst


def memory(names, sound, seconds):
    """Peak MB of processes that open a vocoder, and that make so many seconds of sound: dict of str to two floats."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "levels.npy"
        np.save(path, log_mel(sound))
        n = round(seconds * SAMPLE_RATE / HOP_LENGTH) + 1
        found = {}
        for name in names:
            found[name] = [fresh(["-c", _LONG_CHILD, name, path, frames])["peak"] for frames in (0, n)]
            say(f"  memory: {name} {found[name][1]:.0f} MB")
    return found
