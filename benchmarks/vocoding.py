"""From the course's log-mel back to sound: every vocoder, what one would use instead, and what is possible.

Heard are the parts "test" and "recordings" of `networks.vocoder_corpus`, by which nothing was learnt or chosen.
Intervals are over pieces: two excerpts of a piece are no two witnesses.
"""

import json
import time
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from imgmusic_edu import vocoders
from imgmusic_edu.audio_features.transforms import HOP_LENGTH, N_FFT, N_MELS, db_to_power, log_mel
from imgmusic_edu.evaluation.faithfulness import interval
from imgmusic_edu.evaluation.vocoding import BOUNDS, HEALTHY, MEASURES, compare
from imgmusic_edu.sounds import SAMPLE_RATE

from . import spread_out, table, verdicts, write_csv
from .vocoding_streams import CLASSIC, HEAP, SPECTRA, checks, clips, from_spectra, memory, spectra_table

PARTS = {"test": "held-out pieces", "recordings": "recordings of drums, tabla and machines"}
REAL_TIME = "pghi, real time"
NNLS, PINV = "librosa: NNLS, Griffin-Lim 64", "librosa: pseudo-inverse, Griffin-Lim 64"
BOUND = "pseudo-inverse, true phase"
FASTEST, NEAREST = 0.015, {"lsd_1024": 0.8, "sc_1024": 0.6}  # s of CPU a second of sound; shares of librosa's
LATEST, SAME, MEMORY = 0.1, 1e-3, 500  # s; of full scale; MB
LONG = 600.0  # s


# --- the ways back -----------------------------------------------------------------------------------------


def ours():
    """The vocoders of the course that can be had here, and for each of the others the reason why not."""
    found, missing = {}, {}
    for name in vocoders.NAMES:
        try:
            found[name] = vocoders.get(name)
        except ImportError as problem:
            missing[name] = str(problem)
    found[REAL_TIME] = vocoders.get("pghi", real_time=True)
    return found, missing


def librosas(method):
    """What a user of librosa writes: mel bands to magnitudes, then its Griffin-Lim with 64 rounds."""

    def back(_, levels):
        import librosa

        power = db_to_power(levels).T.astype(np.float32)  # (bands, frames)
        if method == "nnls":
            magnitude = librosa.feature.inverse.mel_to_stft(power, sr=SAMPLE_RATE, n_fft=N_FFT)
        else:
            inverse = np.linalg.pinv(librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=len(power)))
            magnitude = np.sqrt(np.maximum(inverse @ power, 0))
        settings = {"n_iter": 64, "hop_length": HOP_LENGTH, "n_fft": N_FFT}
        try:
            return librosa.griffinlim(magnitude, **settings, random_state=0)
        except TypeError:  # librosa 1.0 calls it so
            return librosa.griffinlim(magnitude, **settings, rng=0)

    return back


def ways(few=False):
    """Every way back by its name, ours first: callables that take a sound and its log-mel; `few`: the quick ones."""
    found, _ = ours()
    if few:
        found.pop("hifigan", None)
    back = {name: lambda sound, levels, way=way: way(levels) for name, way in found.items()}
    return back | {PINV: librosas("pinv")} | ({} if few else {NNLS: librosas("nnls")}) | BOUNDS


# --- quality and cost --------------------------------------------------------------------------------------


def judged(job):
    """(part, number, quick) -> rows of all ways for that excerpt."""
    part, number, quick = job
    sounds, names = clips(part, quick)
    rows = compare(ways(quick), [sounds[number]])
    return [{"part": part, "piece": str(names[number])} | row | {"sound": number} for row in rows]


def timed_alone(job):
    """(rounds, quick) -> seconds of the processor a second of sound, a list for each way that is told nothing more.

    The process has done all of it once; the rounds go through all ways in turn, so that a busy moment of the machine
    does not fall on one alone.
    """
    rounds, quick = job
    sound = clips("test", quick)[0][0]
    levels = log_mel(sound)
    alone = {name: way for name, way in ways(quick).items() if name not in BOUNDS}
    for way in alone.values():
        way(sound, levels)
    found = {name: [] for name in alone}
    for _ in range(rounds):
        for name, way in alone.items():
            start = time.process_time()
            way(sound, levels)
            found[name].append((time.process_time() - start) * SAMPLE_RATE / len(sound))
    return found


def by_piece(rows, part, way, measure):
    """Each piece's mean, for the pieces that have an answer; dict of str to float."""
    own = [row for row in rows if (row["part"], row["way"]) == (part, way) and not np.isnan(row[measure])]
    pieces = dict.fromkeys(row["piece"] for row in own)
    return {piece: float(np.mean([row[measure] for row in own if row["piece"] == piece])) for piece in pieces}


def mean(rows, part, way, measure):
    """Mean over pieces; NaN without any."""
    values = by_piece(rows, part, way, measure).values()
    return float(np.mean(list(values))) if values else float("nan")


def digits(value):
    """Three digits that say something: .0123, .123, 1.23, 12.3, 123."""
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{value:.3g}" if abs(value) >= 0.1 else f"{value:.2g}"


def quality_table(rows, part, costs, latencies):
    """Means with intervals for each way and measure, and what it costs."""
    lines = []
    for way in dict.fromkeys(row["way"] for row in rows):
        cells = [f"bound: {way}" if way in BOUNDS else way]
        for measure in MEASURES:
            values = list(by_piece(rows, part, way, measure).values())
            low, high = interval(values) if values else (0, 0)
            cells.append(f"{digits(np.mean(values))} ({digits(low)}-{digits(high)})" if values else "-")
        latency = latencies.get(way)
        cells += [f"{median(costs[way]):.4f}" if way in costs else "", f"{1000 * latency:.0f} ms" if latency else ""]
        lines.append(cells)
    return table(("way back", *MEASURES.values(), "RTF", "latency"), lines)


def beside_librosa(rows, part):
    """The neural vocoder measure by measure beside the better of librosa's two; the table, and which it loses."""
    lines, lost = [], []
    for measure in MEASURES:
        mine, *others = (by_piece(rows, part, way, measure) for way in ("neural", PINV, NNLS))
        others = [other for other in others if other]  # a quick run has one of them, and where no pitch is, none
        if not others:
            continue
        other = min(others, key=lambda values: np.mean(list(values.values())))
        differences = [mine[piece] - other[piece] for piece in mine]
        low, high = interval(differences)
        here, there = np.mean(list(mine.values())), np.mean(list(other.values()))
        if here > there or here == there > 0:
            lost.append(MEASURES[measure].split(",")[0])
        percent = f"{100 * (1 - here / there):.0f} %" if there else "-"
        sure = "yes" if high < 0 else "no, worse" if low > 0 else "not sure"
        lines.append((MEASURES[measure], digits(here), digits(there), f"{low:+.3g} to {high:+.3g}", percent, sure))
    header = ("measure", "neural", "librosa", "difference, 95 %", "lower by", "surely better")
    return table(header, lines), lost


# --- all of it ---------------------------------------------------------------------------------------------


@threadpool_limits.wrap(limits=1)  # in this process, too: on matrices as small as these, threads mostly wait
def run(*, out, quick=False, processes=2):
    """Quality, cost, full spectra, streams, health and memory; rows go into `out` as CSV and JSON."""
    found, missing = ours()
    if quick:
        found.pop("hifigan", None)
    (costs,) = spread_out(timed_alone, [(1 if quick else 5, quick)], what="timed", processes=min(1, processes))
    processes = 0 if quick else processes
    jobs = [(part, k, quick) for part in PARTS for k in range(len(clips(part, quick)[1]))]
    rows = [row for some in spread_out(judged, jobs, what="excerpts", processes=processes) for row in some]
    write_csv(out / "vocoding.csv", rows)
    jobs = [(kind, k, quick) for kind in SPECTRA for k in range(1 if quick else 3)]
    spectra = [row for some in spread_out(from_spectra, jobs, what="spectra", processes=processes) for row in some]
    write_csv(out / "vocoding_spectra.csv", spectra)

    sound = clips("test", quick)[0][0]
    lines, worst = checks(found, sound, rows)
    seconds = 20.0 if quick else LONG
    long = ["neural"] if quick else [name for name in found if name != "hifigan"]
    peaks = memory(long, sound, seconds)
    (out / "vocoding.json").write_text(json.dumps({"rtf": costs, "peak_mb": peaks}, indent=1), encoding="utf-8")

    beside = {part: beside_librosa(rows, part) for part in PARTS}
    spectra_text, decibels = spectra_table(spectra)
    latencies = {name: vocoder.latency for name, vocoder in found.items()}
    absent = "".join(f"{name} is not in the tables: {why}\n" for name, why in missing.items())
    megabytes = [(name, *(f"{mb:.0f}" for mb in pair)) for name, pair in peaks.items()]
    header = ("vocoder", *HEALTHY, "ails", "stream - whole", "behind", "promised")
    tables = ""
    for part, what in PARTS.items():
        tables += f"### From {N_MELS} mel bands: {what}\n\n{quality_table(rows, part, costs, latencies)}\n"
    for part, what in PARTS.items():
        tables += f"### Neural beside the better of librosa's: {what}\n\n{beside[part][0]}\n"
    return f"""{verdicts(promises(rows, costs, beside, decibels, worst, peaks))}
{absent}
{tables}### How far from the bound "{BOUND}"

{bound_table(rows)}
### From full magnitudes, n_fft 2048, hop 256: spectral convergence

{spectra_text}
### Health and streams

{table(header, lines)}
Behind: from the middle of the newest frame to the end of what came out, frame by frame; that frame's last sample is
{1000 * N_FFT / 2 / SAMPLE_RATE:.0f} ms later still.

### Memory for {seconds / 60:g} minutes of sound

{table(("vocoder", "opened, MB", "peak, MB"), megabytes)}"""


def bound_table(rows):
    """The neural vocoder beside the bound, spectral measures of both parts."""
    names = [name for name in MEASURES if name.startswith(("lsd", "sc"))]
    lines = []
    for part, what in PARTS.items():
        for measure in names:
            mine, best = (mean(rows, part, way, measure) for way in ("neural", BOUND))
            lines.append((f"{MEASURES[measure]}, {what}", digits(mine), digits(best), f"{mine / best:.2f} x"))
    return table(("measure", "neural", "bound", "of the bound"), lines)


def promises(rows, costs, beside, decibels, worst, peaks):
    """What was wanted, and what was found."""
    mine, dearer = (median(costs[way]) for way in ("neural", PINV))
    lines = []
    for part, (_, lost) in beside.items():
        kept = f"all of {len(MEASURES)}" if not lost else f"not {', '.join(lost)}"
        lines.append((f"neural better than librosa Griffin-Lim 64, {part}", "every measure", kept, not lost))
    lines.append(
        ("its CPU time, of that one's", "<= 1/10", f"1/{dearer / mine:.1f} ({PINV})", mine <= dearer / 10),
    )
    lines.append(("its CPU s a second of sound, one thread", f"<= {FASTEST}", f"{mine:.4f}", mine <= FASTEST))
    for measure, share in NEAREST.items():
        here = mean(rows, "test", "neural", measure)
        there = min(value for way in (PINV, NNLS) if not np.isnan(value := mean(rows, "test", way, measure)))
        wanted, lower = f"{100 * (1 - share):.0f} % lower", f"{100 * (1 - here / there):.0f} % lower"
        lines.append((f"far mark: {MEASURES[measure]}, test", wanted, lower, here <= share * there))
        best = mean(rows, "test", BOUND, measure)
        found = f"{digits(here)}, {here / best:.2f} of it"
        lines.append((f"far mark: {MEASURES[measure]}, test, of {BOUND}", f"<= {digits(best)}", found, here <= best))
    gains = {kind: decibels[kind, CLASSIC] - decibels[kind, HEAP] for kind in ("steady", "tonal")}
    differ, late, ill = worst["differ"], worst["latency"], "; ".join(worst["ill"]) or "none"
    more = peaks["neural"][1] - peaks["neural"][0]
    return [
        *lines,
        *(
            (f"{HEAP} beside {CLASSIC}, {kind}, 2048/256", ">= 10 dB better", f"{gain:.1f} dB better", gain >= 10)
            for kind, gain in gains.items()
        ),
        ("stream - whole, away from the edges", f"<= {SAME}", f"{differ:.1e}", differ <= SAME),
        ("latency of streams", f"<= {1000 * LATEST:.0f} ms", f"{1000 * late:.1f} ms", late <= LATEST),
        ("clicks, offset, over full scale, silence that sounds", "none", ill, ill == "none"),
        ("memory that neural takes for a long sound", f"<= {MEMORY} MB", f"{more:.0f} MB", more <= MEMORY),
    ]
