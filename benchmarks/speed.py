"""How long it takes and how much memory it needs, beside what one would use instead, in the same run.

Whole programs are started fresh, each by a small process of its own that reads their peak memory off
`resource.getrusage`; parts are timed in this process. Every figure is the median of several runs, with the spread.
"""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from imgmusic_edu import datasets, open_picture
from imgmusic_edu.composer import compose_score, make_plan
from imgmusic_edu.roads import compose
from imgmusic_edu.scenes import scene
from imgmusic_edu.sounds import Sound
from imgmusic_edu.synthesizer import render, soundfont
from imgmusic_edu.visual_features import SIDE, visual_features

from . import ROOT, say, table, verdicts

HEAVY = ("numpy", "PIL", "scipy", "skimage", "soundfile", "librosa", "matplotlib", "tensorflow")
SECONDS = 20.0
SAMPLE_RATE = 22050
MEGABYTE = 1e6 if sys.platform == "darwin" else 1e6 / 1024  # ru_maxrss: bytes on macOS, kibibytes on Linux

# A child starts with its parent's peak on its account, so the one that is measured gets a small parent.
_LAUNCHER = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
wall, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps(dict(wall=wall, cpu=used.ru_utime + used.ru_stime, peak=used.ru_maxrss,
                      code=done.returncode, said=done.stdout, complaint=done.stderr)))
"""


def fresh(arguments):
    """Run Python with these arguments as a process of its own: dict of wall and cpu (s), peak (MB) and what it said."""
    command = [sys.executable, "-c", _LAUNCHER, sys.executable, *map(str, arguments)]
    found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    if found["code"]:
        raise RuntimeError(f"python {' '.join(map(str, arguments))} ended with {found['code']}: {found['complaint']}")
    return found | {"peak": found["peak"] / MEGABYTE}


def timed(action, runs, *, warm_up=True):
    """Seconds that `action(k)` took in each of `runs` runs, k = 0, 1, ..., after one that does not count."""
    if warm_up:
        action(runs)
    took = []
    for k in range(runs):
        start = time.perf_counter()
        action(k)
        took.append(time.perf_counter() - start)
    return took


def spread(values, *, digits=3):
    """Median (lowest-highest) of some seconds."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def photograph(path, megapixels=12.0):
    """Write a JPEG like a camera's: 4 : 3, this many megapixels, with grain, quality 90; returns its megabytes."""
    from PIL import Image

    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    size = round(height * 4 / 3), height
    grain = np.random.default_rng(0).normal(0, 6, (256, 256, 1))
    picture = np.asarray(Image.fromarray(scene(size=512)).resize(size, Image.Resampling.BICUBIC))
    rows, columns = (np.arange(n) % 256 for n in picture.shape[:2])
    noisy = np.empty_like(picture)
    for row in range(height):  # row by row: this process's own memory stays small
        noisy[row] = np.clip(picture[row] + grain[rows[row], columns], 0, 255)
    Image.fromarray(noisy).save(path, quality=90)
    return path.stat().st_size / 1e6


# --- what is measured --------------------------------------------------------------------------------------


def import_time(runs):
    """Seconds that `import imgmusic_edu` takes in a fresh process, by its own clock, and which of HEAVY it loads."""
    code = (
        "import time; start = time.perf_counter(); import imgmusic_edu; took = time.perf_counter() - start\n"
        f"import json, sys; print(json.dumps([took, [name for name in {HEAVY} if name in sys.modules]]))"
    )
    found = [json.loads(fresh(["-c", code])["said"]) for _ in range(runs)]
    return [took for took, _ in found], found[0][1]


def command(photo, folder, runs, seconds=SECONDS):
    """`imgmusic photo.jpg -o photo.wav` as a whole process, `runs` times: list of dict (see `fresh`)."""
    arguments = ["-m", "imgmusic_edu", photo, "-o", folder / "photo.wav", "--seconds", seconds]
    return [fresh(arguments) for _ in range(runs)]


def parts(photo, runs, seconds=SECONDS):
    """Seconds of each step of `compose`, and of all of it, each run with another seed: dict name -> list."""
    picture = open_picture(photo, max_side=1024)
    features = visual_features(picture)
    plans = [make_plan(features, seconds=seconds, seed=k) for k in range(runs + 1)]
    scores = [compose_score(plan, features) for plan in plans]
    sound = Sound(render(scores[0]))
    return {
        "compose(), all of it": timed(lambda k: compose(photo, seconds=seconds, seed=k), runs),
        "read": timed(lambda k: open_picture(photo, max_side=1024), runs),
        "features": timed(lambda k: visual_features(picture), runs),
        "plan and notes": timed(lambda k: compose_score(make_plan(features, seconds=seconds, seed=k), features), runs),
        "render": timed(lambda k: render(scores[k]), runs),
        "encode as WAV": timed(lambda k: sound.encode("wav"), runs),
        "encode as MP3 (for a page)": timed(lambda k: sound.encode("mp3"), runs),
    }


def readers(photo, runs):
    """Reading the photograph, each in fresh processes: dict name -> (seconds of the call, peak MB of the process)."""
    ways = {
        "ours: open_picture, 1024 px": "from imgmusic_edu import open_picture|open_picture(sys.argv[1], max_side=1024)",
        "Pillow, full size": (
            "import numpy, PIL.Image; PIL.Image.init()|numpy.asarray(PIL.Image.open(sys.argv[1]).convert('RGB'))"
        ),
        "skimage.io.imread, full size": "import skimage.io; skimage.io.imread|skimage.io.imread(sys.argv[1])",
    }
    found = {}
    for name, way in ways.items():
        prepare, call = way.split("|")
        code = f"import sys, time; {prepare}; t = time.perf_counter(); x = {call}; print(time.perf_counter() - t)"
        done = [fresh(["-c", code, photo]) for _ in range(runs)]
        found[name] = [float(one["said"]) for one in done], max(one["peak"] for one in done)
    return found


def describers(picture, runs):
    """Seconds for our features, and for the usual ones of scikit-image on the same 256 pixels: dict name -> list."""
    from PIL import Image
    from skimage.feature import graycomatrix, graycoprops, hog, local_binary_pattern
    from skimage.measure import shannon_entropy

    small = Image.fromarray(picture)
    small.thumbnail((SIDE, SIDE))
    grey = np.array(small.convert("L"))  # a copy: graycomatrix wants to be able to write
    angles = (0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)

    def usual(_):
        matrix = graycomatrix(grey, [1, 2, 4], angles, levels=256, symmetric=True, normed=True)
        for name in ("contrast", "homogeneity", "energy", "correlation"):
            graycoprops(matrix, name)
        local_binary_pattern(grey, 8, 1, method="uniform")
        hog(grey)
        shannon_entropy(grey)

    return {
        "ours: visual_features, 18 numbers and 8 curves": timed(lambda _: visual_features(picture), runs),
        "scikit-image: graycomatrix, local_binary_pattern, hog, entropy": timed(usual, runs),
    }


def players(score, runs):
    """The same notes to sound by ours and by what is installed: dict name -> list of seconds, or why not."""
    import pretty_midi

    held = io.BytesIO()
    score.to_midi(held)
    midi = pretty_midi.PrettyMIDI(io.BytesIO(held.getvalue()))
    font = str(datasets.data_path("fluidr3mono_subset"))

    def first(_):
        soundfont.cache_clear()
        render(score)

    found = {
        "ours: render, SoundFont opened afresh": timed(first, runs, warm_up=False),
        "ours: render, the same notes again": timed(lambda _: render(score), runs),
        "pretty_midi.synthesize (sines)": timed(lambda _: midi.synthesize(fs=SAMPLE_RATE), runs),
    }
    if importlib.util.find_spec("fluidsynth"):
        play = lambda _: midi.fluidsynth(fs=SAMPLE_RATE, sf2_path=font)  # noqa: E731
        found["pretty_midi.fluidsynth"] = timed(play, runs)
    else:
        found["pretty_midi.fluidsynth"] = "pyfluidsynth is not installed"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "piece.mid"
        path.write_bytes(held.getvalue())
        if shutil.which("fluidsynth"):
            call = ["fluidsynth", "-ni", "-r", str(SAMPLE_RATE), "-F", str(Path(folder) / "piece.wav"), font, str(path)]
            found["fluidsynth, the program"] = timed(
                lambda _: subprocess.run(call, check=True, capture_output=True), runs
            )
        else:
            found["fluidsynth, the program"] = "not installed"
        found |= _tinysoundfont(font, path, score.seconds, runs)
    return found


def _tinysoundfont(font, path, seconds, runs):
    if not importlib.util.find_spec("tinysoundfont"):
        return {"tinysoundfont": "not installed"}
    import tinysoundfont

    def played(synth):
        sequencer = tinysoundfont.Sequencer(synth)
        sequencer.midi_load(str(path))
        synth.generate(round(seconds * SAMPLE_RATE))

    def opened():
        synth = tinysoundfont.Synth(samplerate=SAMPLE_RATE)
        synth.sfload(font)
        return synth

    synths = iter([opened() for _ in range(runs + 1)])
    return {
        "tinysoundfont, SoundFont opened afresh": timed(lambda _: played(opened()), runs, warm_up=False),
        "tinysoundfont, SoundFont open": timed(lambda _: played(next(synths)), runs),
    }


def pixel_sonifier(picture, *, seconds=SECONDS, n_rows=64, n_columns=64):
    """What people write first: one sine for each row of pixels, louder where it is lighter, columns over time."""
    from PIL import Image

    grey = np.asarray(Image.fromarray(picture).convert("L").resize((n_columns, n_rows))) / 255
    n = round(seconds * SAMPLE_RATE / n_columns)
    sound = np.zeros(n * n_columns)
    for column in range(n_columns):
        time_ = (np.arange(n) + column * n) / SAMPLE_RATE
        for row in range(n_rows):
            frequency = 200 * 2 ** (5 * (1 - row / n_rows))
            sound[column * n : (column + 1) * n] += grey[row, column] * np.sin(2 * np.pi * frequency * time_)
    return (sound / max(np.abs(sound).max(), 1e-9)).astype(np.float32)


# --- report ------------------------------------------------------------------------------------------------


def _beside(found, *, digits=4):
    """Rows of a comparison: name, seconds, how many times the first one's."""
    ours = median(next(iter(found.values())))
    return [
        (name, took, "")
        if isinstance(took, str)
        else (name, spread(took, digits=digits), f"{median(took) / ours:.1f} x")
        for name, took in found.items()
    ]


def run(*, out, quick=False, runs=None, megapixels=12.0, seconds=SECONDS):
    """All of it; writes speed.json (every single run) into `out`, returns the Markdown."""
    runs = runs or (3 if quick else 7)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        photo = folder / "photo.jpg"
        size = photograph(photo, megapixels)
        say("  import and command")
        imported, loaded = import_time(runs)
        bare = [fresh(["-c", "pass"])["wall"] for _ in range(runs)]
        cold = command(photo, folder, runs, seconds)
        say("  parts and what one would use instead")
        steps = parts(photo, runs, seconds)
        read = readers(photo, runs)
        picture = open_picture(photo, max_side=1024)
        described = describers(picture, runs)
        features = visual_features(picture)
        played = players(compose_score(make_plan(features, seconds=seconds), features), runs)
        naive = timed(lambda _: pixel_sonifier(picture, seconds=seconds), max(1, runs // 2), warm_up=False)
    everything = {"import": imported, "cold": cold, "parts": steps, "read": read, "described": described}
    everything |= {"played": played, "pixel sonifier": naive}
    (out / "speed.json").write_text(json.dumps(everything, indent=1), encoding="utf-8")

    wall, peak = [one["wall"] for one in cold], max(one["peak"] for one in cold)
    warm = steps["compose(), all of it"]
    unwanted = [name for name in loaded if name in ("tensorflow", "librosa", "matplotlib")]
    kept = verdicts(
        [
            ("import imgmusic_edu", "< 0.3 s", f"{spread(imported)} s", median(imported) < 0.3),
            ("... loads of TensorFlow, librosa, matplotlib", "none", ", ".join(unwanted) or "none", not unwanted),
            ("imgmusic, whole process", "< 4 s", f"{spread(wall, digits=2)} s", median(wall) < 4),
            ("... its peak memory", "< 400 MB", f"{peak:.0f} MB", peak < 400),
            ("compose(), warm", "< 1 s", f"{spread(warm)} s", median(warm) < 1),
        ]
    )
    cpu = [one["cpu"] for one in cold]
    lines = [(name, spread(took), f"{100 * median(took) / median(warm):.0f} %") for name, took in steps.items()]
    readings = [
        (*row[:2], f"{peak:.0f}", row[2])
        for row, (_, peak) in zip(_beside({k: v for k, (v, _) in read.items()}), read.values(), strict=True)
    ]
    sonified = {"ours: compose(), all of it": warm, "one sine a row, 64 x 64, as first written": naive}
    return f"""{kept}
Median (lowest-highest) of {runs} runs, seconds. The picture is a JPEG of {megapixels:g} megapixels and {size:.1f} MB, \
the music lasts {seconds:g} s. "Whole process" is from the start of Python to its end, files in the disk's cache; an \
empty Python takes {spread(bare)} s of it. Processor time of the command: {spread(cpu, digits=2)} s. \
`import imgmusic_edu` loads of the heavy ones: {", ".join(loaded) or "none"}.

### Where the time goes, warm, another seed each run

{table(("step", "seconds", "of compose()"), lines)}
### Reading the photograph, fresh process each

{table(("reader", "seconds", "peak MB", "of ours"), readings)}
### Describing it

{table(("describer", "seconds", "of ours"), _beside(described))}
### The same notes to sound

{table(("player", "seconds", "of ours"), _beside(played))}
### A picture to {seconds:g} s of sound at all

{table(("way", "seconds", "of ours"), _beside(sonified))}"""
