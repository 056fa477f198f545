"""From picture to sound by every road: does the music belong to its picture, how different is it, how soon is it there?

Pictures are those of the part "test" of `networks.pairs`. No network learnt from them; but two settings, how far the
GAN's chance spreads and how strong the finish is, were set again on validation pictures after a look at results on
these (`data/models/mapping_card.md`). Everything is measured in the vocoded waveform. Beside the roads stand what they
can at best reach (the score road, whose music they learnt from, and its log-mel through the codec) and what needs no
learning (one sound for all, the sound of the nearest training picture, sounds at random).
"""

import importlib.util
import itertools

import numpy as np

from imgmusic_edu import audio_features, vocoders
from imgmusic_edu.evaluation.benchmark import listen, obedience_rows, score
from imgmusic_edu.evaluation.diversity import Standard, rbf_kernel, sound_features, vendi_score
from imgmusic_edu.evaluation.edits import EDITS
from imgmusic_edu.evaluation.faithfulness import SHOWS, interval
from imgmusic_edu.networks import pairs as all_pairs
from imgmusic_edu.networks.pairs import FRAMES, pairs, picture_of
from imgmusic_edu.roads import ROADS, compose
from imgmusic_edu.synthesizer import limited

from . import every, spread_out, table, verdicts, write_csv
from .speed import fresh

SECONDS = 10.0
LEARNED = ROADS[1:]
BASELINES = (
    "score, through the vocoder",
    "score, through codec and vocoder",
    "nearest training picture",
    "one for all",
)
WANTED = {"brightness": 0.7, "mode": 0.7, "register": 0.7, "loudness": 0.7, "tempo": 0.5, "density": 0.5}
SEEDS = 8  # pieces for one picture, for diversity
N_EDITED, N_DIVERSE = 20, 16  # pictures
FAST, MEMORY = 0.5, 1200  # s for ten seconds of music, MB
TOLERANCE = 0.05  # s: an onset so near to one in the original is found


# --- sounds ------------------------------------------------------------------------------------------------


def vocoded(log_mel):
    return limited(vocoders.get("neural")(log_mel).samples)


def _sounds(who, n):
    """(name, edit, picture, samples) of the first n test pictures by one road or baseline."""
    if who in ROADS:
        for k, name in enumerate(all_pairs.names("test")[:n]):
            picture = picture_of(name)
            yield name, None, picture, compose(picture, road=who, seconds=SECONDS, seed=k).sound.samples
        return
    found = pairs("test", n=n)
    levels = _baseline(who, found)
    for name, log_mel in zip(found.name, levels, strict=True):
        yield str(name), None, picture_of(str(name)), vocoded(log_mel)


def _baseline(who, found):
    """Log-mel for each test picture, one after another."""
    if who == BASELINES[0]:
        yield from found.log_mel
    elif who == BASELINES[1]:
        from imgmusic_edu.networks.codec import open_codec

        for log_mel in found.log_mel:
            yield open_codec().decode(open_codec().encode(log_mel[None]))[0]
    else:
        known = pairs("train")
        for features in found.features:
            yield nearest(known, features if who == BASELINES[2] else 0)  # one for all: the most middling picture's


def nearest(known, features):
    """Log-mel of the music of the picture whose features are nearest."""
    row = int(np.argmin(((known.features - features) ** 2).sum(axis=1)))
    return known[row : row + 1].log_mel[0]


def scored(job):
    """One road or baseline under the faithfulness benchmark: rows of its report. `job` is (who, number of pictures)."""
    who, n = job
    entries = list(_sounds(who, n))
    if who == BASELINES[3]:  # nothing moves, so only obedience is defined: it is 0
        rows = obedience_rows(listen(entries[:2]))
        return [{**row, "value": 0.0, "low": 0.0, "high": 0.0, "n": n, "who": who} for row in rows]
    return [{**row, "who": who} for row in score(entries, candidates=(100,)).rows]


def edited(job):
    """Counterfactuals of one road: rows. `job` is (who, number of pictures)."""
    who, n = job
    names = every([name for name in all_pairs.names("test") if not name.startswith("scene")], n)

    def entries():
        for k, name in enumerate(names):
            picture = picture_of(name)
            for edit in (None, *SHOWS):
                shown = picture if edit is None else EDITS[edit].function(picture)
                yield name, edit, shown, compose(shown, road=who, seconds=SECONDS, seed=k).sound.samples

    rows = score(entries(), candidates=()).rows
    return [{**row, "who": who} for row in rows if row["section"] == "counterfactuals"]


def diversity(job):
    """How many different pieces there are among SEEDS for one picture: {"who", "value", "low", "high"}."""
    who, n = job
    found = pairs("test", n=100)
    place = Standard(sound_features(found.log_mel[:, :FRAMES]))
    values = []
    for name in every(found.name, n):
        picture = picture_of(str(name))
        sounds = [compose(picture, road=who, seconds=SECONDS, seed=seed).sound.samples for seed in range(SEEDS)]
        mel = np.stack([audio_features.log_mel(samples)[: FRAMES // 16 * 16 - 16] for samples in sounds])
        values.append(vendi_score(rbf_kernel(place(sound_features(np.maximum(mel, -100))))))
    low, high = interval(values)
    return {"who": who, "value": float(np.mean(values)), "low": low, "high": high}


# --- what the codec loses ----------------------------------------------------------------------------------


def reconstruction(n):
    """Flux, sharpness and onsets of held-out pieces and pairs after the codec: Markdown, and means of the pieces."""
    from imgmusic_edu.networks.codec import open_codec, quality
    from imgmusic_edu.networks.codec_training import clips
    from imgmusic_edu.networks.pairs import from_levels
    from imgmusic_edu.networks.vocoder_corpus import corpus

    played = len(corpus("test")[0])
    found = from_levels(clips("test"))
    kinds = {"held-out pieces (scores)": found[len(found) - played :][:n], "test pairs": found[: min(n, 40)]}
    lines, means = [], {}
    for kind, levels in kinds.items():
        back = open_codec().decode(open_codec().encode(levels))
        rows = [quality(one, other) | _onsets(one, other) for one, other in zip(levels, back, strict=True)]
        means[kind] = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        spans = {name: interval([row[name] for row in rows]) for name in rows[0]}
        cells = [f"{means[kind][name]:.2f} ({spans[name][0]:.2f}-{spans[name][1]:.2f})" for name in rows[0]]
        lines.append((kind, len(rows), *cells))
    header = ("", "n", "distance, dB", "flux, ratio", "sharpness, ratio", "onsets found", "onsets that are real")
    return table(header, lines), means


def _onsets(real, made):
    """Shares of onsets, each vocoded, with one of the other's within TOLERANCE."""
    one, other = (audio_features.onsets(vocoded(levels)) for levels in (real, made))
    away = np.abs(one[:, None] - other[None]) if len(one) and len(other) else np.full((1, 1), np.inf)
    return {
        "found": float((away.min(axis=1) <= TOLERANCE).mean()),
        "true": float((away.min(axis=0) <= TOLERANCE).mean()),
    }


# --- time --------------------------------------------------------------------------------------------------

_WARM = """
import time
times = [time.perf_counter()]
from imgmusic_edu import compose, datasets
picture = datasets.picture("koala")
for seed in range(7):
    compose(picture, road={road!r}, seconds=10, seed=seed)
    times.append(time.perf_counter())
took = [after - before for before, after in zip(times, times[1:])]
print(sorted(took[2:])[2], took[0])
"""


def speed():
    """Of each road: median time of ten seconds of music, warm; peak memory; time of the first, with loading."""
    found = {}
    for road in ROADS:
        told = fresh(["-c", _WARM.format(road=road)])
        seconds, first = (float(part) for part in told["said"].split())
        found[road] = seconds, told["peak"], first
    return found


def musicgen():
    """The same of a network of MusicGen's small size: (s, MB), or None where its library is missing."""
    if not all(importlib.util.find_spec(name) for name in ("torch", "transformers")):
        return None
    told = fresh(["-m", "benchmarks.musicgen"])
    return float(told["said"].split()[0]), told["peak"]


# --- all of it ---------------------------------------------------------------------------------------------


def run(*, out, quick=False):
    """Measure, write mapping.csv, and give the Markdown."""
    n, n_edited, n_diverse = (8, 1, 2) if quick else (100, N_EDITED, N_DIVERSE)
    timed, beside = speed(), None if quick else musicgen()
    everyone = (*ROADS, *BASELINES)
    rows = list(itertools.chain(*spread_out(scored, [(who, n) for who in everyone], what="roads")))
    judged = list(itertools.chain(*spread_out(edited, [(who, n_edited) for who in ROADS], what="edits")))
    varied = {row["who"]: row for row in spread_out(diversity, [(who, n_diverse) for who in LEARNED], what="seeds")}
    write_csv(out / "mapping.csv", rows + judged)
    text, means = reconstruction(6 if quick else 16)
    return "\n".join(
        [
            _promises(rows, judged, varied, timed, means),
            "\n### Obedience, retrieval, counterfactuals, diversity\n\n"
            f"{n} pictures never used; rho of what the rules ask and what is measured in the sound, with 95 % "
            f"intervals; R@10 of the listener among 100 (chance .10); the right sign after edits of {n_edited} "
            f"photographs (chance .50); Vendi score of {SEEDS} seeds.\n",
            _obedience_table(rows, judged, varied),
            "\n### What the codec loses\n",
            text,
            "\n### Time for ten seconds of music, warm\n",
            _time_table(timed, beside),
        ]
    )


def _time_table(timed, beside):
    lines = [(road, f"{s:.2f}", f"{cold:.1f}", f"{mb:.0f}") for road, (s, mb, cold) in timed.items()]
    after = "\nMusicGen's size is not in the table: pip install torch transformers.\n"
    if beside:
        slowest = max(seconds for seconds, *_ in timed.values())
        lines.append(("MusicGen's small size, random weights", f"{beside[0]:.0f}", "", f"{beside[1]:.0f}"))
        after = f"\nThat is {beside[0] / slowest:.0f} times the slowest road.\n"
    return table(("road", "s", "cold, with loading, s", "peak memory, MB"), lines) + after


def _found(rows, who, what, measure=None):
    """The row of one road, or None."""
    for row in rows:
        if row["who"] == who and row["what"] == what and measure in (None, row["measure"]):
            return row
    return None


def _retrieved(rows, who):
    """R@10 of the listener among 100, or None."""
    kept = [row for row in rows if row["section"] == "retrieval" and "listener" in row["what"]]
    return next((row for row in kept if row["who"] == who and row["measure"] == "R@10"), None)


def _cell(row):
    return "-" if row is None else f"{row['value']:.2f} ({row['low']:.2f}-{row['high']:.2f})"


def _obedience_table(rows, judged, varied):
    header = ("", *WANTED, "R@10", "sign", "Vendi")
    lines = []
    for who in (*ROADS, *BASELINES):
        cells = [_cell(_found(rows, who, f"all rules -> {quality}")) for quality in WANTED]
        cells += [_cell(_retrieved(rows, who)), _cell(_all_edits(judged, who)), _cell(varied.get(who))]
        lines.append((who, *cells))
    first = [_found(rows, "score", f"all rules -> {quality}") for quality in WANTED]
    lines.append(("score, shuffled", *(f"{row['shuffled']:.2f}" for row in first), ".10", ".50", "-"))
    return table(header, lines)


def _all_edits(judged, who):
    own = [row for row in judged if row["who"] == who]
    return next((row for row in own if row["what"].startswith("all")), own[0] if own else None)


def _promises(rows, judged, varied, timed, means):
    best = max(LEARNED, key=lambda who: np.mean([_value(_found(rows, who, f"all rules -> {q}")) for q in WANTED]))
    lines = []
    for quality, wanted in WANTED.items():
        row = _found(rows, best, f"all rules -> {quality}")
        lines.append((f"{best}: {quality} follows the rules", f"{wanted}", _cell(row), row["value"] >= wanted))
    found, signs = _retrieved(rows, best), _all_edits(judged, best)
    lines.append((f"{best}: R@10 of 100", "0.6", _cell(found), _value(found) >= 0.6))
    lines.append((f"{best}: sign of counterfactuals", "0.9", _cell(signs), _value(signs) >= 0.9))
    gan, mlp = _retrieved(rows, "gan"), _retrieved(rows, "mlp")
    lines.append(("gan: retrieval not below the MLP's", _cell(mlp), _cell(gan), _value(gan) >= _value(mlp)))
    ratio = varied["gan"]["value"] / varied["mlp"]["value"]
    lines.append(("gan: diversity over the MLP's", "1.5", f"{ratio:.2f}", ratio >= 1.5))
    pieces = means["held-out pieces (scores)"]
    for what, key, wanted in (("flux", "flux", 0.85), ("sharpness", "sharpness", 0.6), ("onsets found", "found", 0.8)):
        lines.append((f"codec: {what}, held-out pieces", f"{wanted}", f"{pieces[key]:.2f}", pieces[key] >= wanted))
    slowest = max(LEARNED, key=lambda road: timed[road][0])
    lines.append(
        (f"10 s of music, warm ({slowest})", f"{FAST} s", f"{timed[slowest][0]:.2f} s", timed[slowest][0] < FAST)
    )
    most = max(timed[road][1] for road in LEARNED)
    lines.append(("peak memory", f"{MEMORY} MB", f"{most:.0f} MB", most < MEMORY))
    return verdicts(lines)


def _value(row):
    return -1.0 if row is None else row["value"]
