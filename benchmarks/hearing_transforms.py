"""How fast sounds become spectra: ours over a batch, librosa clip by clip, Keras layers, each in processes of its own.

A process tells what its first call takes (imports and compiling included), what later ones take, and how much memory it
needed; the rounds go through all ways in turn, so that a busy moment does not fall on one of them alone.
"""

import json
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from imgmusic_edu import datasets
from imgmusic_edu.audio_features.transforms import log_mel, power_to_db, stft
from imgmusic_edu.scores import Score
from imgmusic_edu.sounds import SAMPLE_RATE
from imgmusic_edu.synthesizer import render

from . import say, table, verdicts
from .speed import fresh

OURS, LIBROSA = "ours, as one batch", "librosa, clip by clip"
LAYER, KERAS = "LogMel, our Keras layer", "keras.layers.MelSpectrogram (another scale)"
_OUR_ROOM = "from imgmusic_edu.audio_features import transforms as tr"
_TENSORFLOW = "import os; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'; import keras; import tensorflow as tf"
_MEL = "librosa.feature.melspectrogram(y=clip, sr=22050, n_fft=1024, hop_length=256, n_mels=128)"
_DB = f"librosa.power_to_db({_MEL}, top_db=None)"
# What is made, by whom: what must be imported, and the call for all of `clips`.
WAYS = {
    ("STFT", OURS): (_OUR_ROOM, "tr.stft(clips)"),
    ("STFT", LIBROSA): ("import librosa", "[librosa.stft(clip, n_fft=1024, hop_length=256) for clip in clips]"),
    ("log-mel", OURS): (_OUR_ROOM, "tr.log_mel(clips)"),
    ("log-mel", LIBROSA): ("import librosa", f"[{_DB} for clip in clips]"),
    ("log-mel", LAYER): (
        f"{_TENSORFLOW}; from imgmusic_edu.audio_features.layers import LogMel; hear = tf.function(LogMel())",
        "hear(tf.constant(clips)).numpy()",
    ),
    ("log-mel", KERAS): (
        f"{_TENSORFLOW}; mel = keras.layers.MelSpectrogram(fft_length=1024, sequence_stride=256, num_mel_bins=128, "
        "sampling_rate=22050); hear = tf.function(lambda clips: mel(clips))",
        "hear(tf.constant(clips)).numpy()",
    ),
    ("MFCC", OURS): (_OUR_ROOM, "tr.mfcc(clips)"),
    ("MFCC", LIBROSA): ("import librosa", f"[librosa.feature.mfcc(S={_DB}, n_mfcc=20) for clip in clips]"),
    ("chroma", OURS): (_OUR_ROOM, "tr.chroma(clips)"),
    ("chroma", LIBROSA): (
        "import librosa",
        "[librosa.feature.chroma_stft(y=clip, sr=22050, n_fft=4096, hop_length=256, tuning=0.0) for clip in clips]",
    ),
}
_CHILD = """
import json, os, sys, time
path, compiled, runs = sys.argv[1:]
if compiled:
    os.environ["NUMBA_CACHE_DIR"] = compiled
import numpy as np
everything = np.load(path)
clips = everything[:1]
start = time.perf_counter()
{prepare}
{call}
first = time.perf_counter() - start
clips, took = everything, []
for _ in range(int(runs) + 1):
    start = time.perf_counter()
    {call}
    took.append(time.perf_counter() - start)
print(json.dumps(dict(first=first, warm=took[1:])))
"""


def music(n_clips, seconds):
    """Shipped music from the SoundFont, cut into overlapping clips; shape (n_clips, n), float32."""
    samples = render(Score.from_midi(datasets.data_path("lavenders_blue")))
    n = round(seconds * SAMPLE_RATE)
    starts = np.linspace(0, len(samples) - n, n_clips).astype(int)
    return np.stack([samples[start : start + n] for start in starts])


def measured(clips, *, rounds, runs):
    """Every way in a process of its own, `rounds` times: dict way -> dict of lists (s; peak: MB).

    "ever": the first call where nothing was compiled before; "first": in a new process; "warm": all clips.
    """
    found = {way: {"ever": [], "first": [], "warm": [], "peak": []} for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clips.npy"
        np.save(path, clips)
        for k in range(rounds + 1):
            for number, (way, (prepare, call)) in enumerate(WAYS.items()):
                compiled = Path(folder) / f"compiled{number}" if k == 0 else ""
                code = _CHILD.format(prepare=prepare, call=call)
                done = fresh(["-c", code, path, compiled, runs])
                told = json.loads(done["said"].splitlines()[-1])
                found[way]["ever" if k == 0 else "first"].append(told["first"])
                if k:
                    found[way]["warm"] += told["warm"]
                    found[way]["peak"].append(done["peak"])
            say(f"  transforms: round {k} of {rounds}")
    return found


def slider(samples, runs=5):
    """Milliseconds from samples to what is drawn, by settings: dict (n_fft, hop_length, n_mels or None) -> list."""
    found = {}
    for n_fft in (256, 1024, 2048, 8192):
        for hop_length in (n_fft // 16, n_fft // 4, n_fft):
            for n_mels in (None, 128, 256):
                frame = {"n_fft": n_fft, "hop_length": hop_length}
                took = []
                for _ in range(runs):
                    start = time.perf_counter()
                    if n_mels:
                        log_mel(samples, n_mels=n_mels, **frame)
                    else:
                        power_to_db(np.abs(stft(samples, **frame)) ** 2)
                    took.append(1000 * (time.perf_counter() - start))
                found[n_fft, hop_length, n_mels] = took
    return found


def transforms(*, n_clips=32, seconds=10.0, rounds=2, runs=3):
    """All of it, as a section of Markdown."""
    clips = music(n_clips, seconds)
    found = measured(clips, rounds=rounds, runs=runs)
    sound = n_clips * seconds
    base = {feature: median(found[feature, LIBROSA]["warm"]) for feature, who in found if who == LIBROSA}
    rows = [
        (
            f"{feature}: {who}",
            f"{one['ever'][0]:.1f}",
            f"{median(one['first']):.1f}",
            f"{sound / median(one['warm']):.0f} ({sound / max(one['warm']):.0f}-{sound / min(one['warm']):.0f})",
            f"{base[feature] / median(one['warm']):.1f} x",
            f"{max(one['peak']):.0f}",
        )
        for (feature, who), one in found.items()
    ]
    header = ("what", "first ever, s", "first in a process, s", "seconds of sound per s", "of librosa's", "peak MB")
    drawn = slider(music(1, 10.0)[0])
    slowest = max(drawn, key=lambda settings: median(drawn[settings]))
    grid = [
        (n_fft, hop_length, *(f"{median(drawn[n_fft, hop_length, n_mels]):.0f}" for n_mels in (None, 128, 256)))
        for n_fft, hop_length in dict.fromkeys(settings[:2] for settings in drawn)
    ]
    worst = median(drawn[slowest])
    n_fft, hop_length, n_mels = slowest
    promise = (
        "10 s of sound to levels, slowest settings",
        "< 200 ms",
        f"{worst:.0f} ms (n_fft {n_fft}, hop {hop_length}, {f'{n_mels} mels' if n_mels else 'all bins'})",
        worst < 200,
    )
    return f"""### Sounds to spectra, beside librosa

{verdicts([promise])}
{n_clips} clips of {seconds:g} s, 22 050 Hz, n_fft 1024 (chroma 4096), hop 256, 128 mels, 20 MFCC. "First ever": \
import and one clip where numba has compiled nothing yet; "in a process": the same later on. Speed: median \
(slowest-fastest) of {rounds} processes with {runs} runs each, all clips a run. Peak memory is the whole process's, \
clips and results included: ours returns one array of everything, librosa a list of as much.

{table(header, rows)}
### A slider's answer

From 10 s of samples to the levels that are drawn, milliseconds, median of 5. A hop below a sixteenth of the frame gives
more frames than there are pixels, and nothing new to see.

{table(("n_fft", "hop", "all bins", "128 mels", "256 mels"), grid)}"""
