"""Is it well made? Measures of scores and sounds over all shipped pictures, several seeds and lengths.

Notes are measured by `imgmusic_edu.evaluation.music`, the sound by `imgmusic_edu.audio_features`.
"""

from __future__ import annotations

import dataclasses
import io
from collections import Counter

import numpy as np

from imgmusic_edu import audio_features, datasets
from imgmusic_edu.composer import compose_score, make_plan
from imgmusic_edu.evaluation import music
from imgmusic_edu.instruments import INSTRUMENTS
from imgmusic_edu.synthesizer import SAMPLE_RATE, render
from imgmusic_edu.visual_features import visual_features

from . import every, pictures, spread_out, table, verdicts, write_csv

LENGTHS = (8.0, 20.0, 60.0)  # seconds
CALM = 0.5  # a plan with less dissonance asks for none


def pieces_of(job):
    """The pieces of one picture as rows: (name, seeds, lengths, length whose sound is measured too, or None)."""
    name, seeds, lengths, sounding = job
    features = visual_features(datasets.picture(name))
    rows = []
    for seed in seeds:
        for seconds in lengths:
            plan = make_plan(features, seconds=seconds, seed=seed)
            score = compose_score(plan, features)
            row = {"picture": name, "seed": seed, "seconds": seconds} | music.measure_score(score)
            row["groove_16"] = music.groove_consistency(score, positions=16)
            row["skyline"] = skyline_likeness(score)
            row |= {"tempo": plan.tempo, "key": plan.key_name, "mode": plan.mode, "dissonance": plan.dissonance}
            row |= {"metre": plan.beats_per_bar, "ensemble": " ".join(plan.instruments.values())}
            row["drums"] = float(any(note.part == "drums" for note in score.notes))
            heard = seconds == sounding and seed == seeds[0]
            samples = render(score) if heard else None
            row["loudness"] = audio_features.loudness(samples) if heard else np.nan
            row["asked"] = plan.level
            row["true_peak"] = audio_features.true_peak(samples) if heard else np.nan
            row["late"] = onset_errors(score) if heard else []
            rows.append(row)
    return rows


def skyline_likeness(score):
    """Spearman of the melody's pitches with the skyline under each of its notes; 0 where one of them stands still."""
    from scipy.stats import spearmanr

    told = [(n.cause.value, n.pitch) for n in score.notes if n.part == "melody" and n.cause.feature == "skyline"]
    if len(told) < 3:
        return float("nan")
    heights, pitches = np.transpose(told)
    return 0.0 if np.ptp(heights) == 0 or np.ptp(pitches) == 0 else float(spearmanr(heights, pitches).statistic)


def onset_errors(score, *, notes_a_part=3, reach=0.1):
    """How late each of some notes sounds after its place in the MIDI file: list of (General MIDI program, ms).

    Each note is rendered alone, and once more at the very beginning; the lag at which the two sounds are most alike
    (cross-correlation, up to `reach` seconds either way) says where the first one really lies. When a slow attack
    is *heard* is another question, to which any threshold gives its own answer.
    """
    from scipy.signal import correlate

    times = midi_times(score)
    found = []
    for part in score.parts:
        notes = sorted((n for n in score.notes if n.part == part.name), key=lambda n: (n.beat, n.pitch))
        for number in every(range(len(notes)), notes_a_part):
            note = notes[number]
            alone, first = (
                render(dataclasses.replace(score, notes=(dataclasses.replace(note, beat=beat),), brightness=0.0))
                for beat in (note.beat, 0.0)
            )
            place, room = round(times[part.name][number] * SAMPLE_RATE), round(reach * SAMPLE_RATE)
            first = first[: len(first) - place - room]
            around = np.pad(alone, room)[place : place + 2 * room + len(first)]
            lag = int(np.argmax(correlate(around, first, mode="valid", method="fft"))) - room
            found.append((-1 if part.is_drum else part.program, round(1000 * lag / SAMPLE_RATE, 2)))
    return found


def midi_times(score):
    """Onsets as another program reads them off the MIDI file: part -> seconds, in order of time and pitch."""
    import mido

    held = io.BytesIO()
    score.to_midi(held)
    file = mido.MidiFile(file=io.BytesIO(held.getvalue()))
    tempo = next(message.tempo for track in file.tracks for message in track if message.type == "set_tempo")
    times = {}
    for track in file.tracks:
        now, onsets = 0, []
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                onsets.append((now, message.note))
        times[track.name] = [mido.tick2second(t, file.ticks_per_beat, tempo) for t, _ in sorted(onsets)]
    return times


def _share(values):
    return f"{100 * np.mean(list(values)):.1f} %"


def _spread(values, digits=2):
    low, middle, high = np.percentile(list(values), [0, 50, 100])
    return f"{low:.{digits}f}", f"{middle:.{digits}f}", f"{high:.{digits}f}"


def _keys_table(calm):
    lines = []
    for name, column in (("strict", "in_key_share"), ("raised seventh of minor too", "in_key_share_raised")):
        values = [r[column] for r in calm]
        lines.append((name, f"{np.mean(values):.3f}", f"{min(values):.3f}", _share(v >= 0.95 for v in values)))
    return table(("notes in the stated key", "mean", "lowest piece", "pieces with .95 or more"), lines)


def _length_table(rows):
    lines = []
    for seconds in dict.fromkeys(r["seconds"] for r in rows):
        group = [r for r in rows if r["seconds"] == seconds]
        repeated = [r["longest_repetition"] for r in group]
        lines.append(
            (
                f"{seconds:g} s",
                len(group),
                f"{np.mean([r['groove_consistency'] for r in group]):.3f}",
                f"{np.mean([r['groove_16'] for r in group]):.3f}",
                _share(r["parallels"] == 0 for r in group),
                _share(r["ends_on_tonic"] for r in group),
                f"{np.median(repeated):.1f} ({max(repeated):.1f})",
                f"{np.nanmean([r['skyline'] for r in group]):.2f}",
                _share(r["drums"] for r in group),
            )
        )
    header = ("length", "pieces", "groove, 64 places", "16 places", "no parallels", "ends on tonic")
    return table((*header, "longest repetition, s, median (most)", "melody-skyline rho", "with drums"), lines)


def _onset_table(told):
    names = {program: name for name, program in INSTRUMENTS.items()} | {-1: "drums"}
    lines = []
    for program in sorted({program for program, _ in told}):
        late = [ms for which, ms in told if which == program]
        lines.append((names.get(program, program), len(late), *_spread(late, 1)))
    return table(("instrument", "notes", "least", "median", "most"), lines)


def _variety(rows):
    modes = Counter(r["mode"] for r in rows)
    metres = Counter(f"{r['metre']}/4" for r in rows)
    low, middle, high = _spread([r["tempo"] for r in rows], 0)
    return (
        f"{len({r['key'] for r in rows})} keys; modes "
        + ", ".join(f"{name} {100 * n / len(rows):.0f} %" for name, n in modes.most_common())
        + f"; {len({r['ensemble'] for r in rows})} ensembles; metres "
        + ", ".join(f"{name} {100 * n / len(rows):.0f} %" for name, n in metres.most_common())
        + f"; tempo {low} to {high}, median {middle} BPM; with drums {_share(r['drums'] for r in rows)}."
    )


def run(*, out, quick=False, n_pictures=None, lengths=None, seeds=(0, 1), every_nth=10, processes=2):
    """All pictures, seeds and lengths; writes pieces.csv into `out`, returns the Markdown."""
    names = pictures(n_pictures or (12 if quick else None))
    lengths = lengths or ((8.0, 20.0) if quick else LENGTHS)
    sounding = lengths[min(1, len(lengths) - 1)]
    every_nth = min(every_nth, 3) if quick else every_nth
    jobs = [(name, seeds, lengths, None if k % every_nth else sounding) for k, name in enumerate(names)]
    rows = [row for found in spread_out(pieces_of, jobs, what="pictures", processes=processes) for row in found]
    write_csv(out / "pieces.csv", rows)

    calm = [r for r in rows if r["dissonance"] < CALM]
    heard = [r for r in rows if np.isfinite(r["loudness"])]
    told = [pair for r in heard for pair in r["late"]]
    late = np.abs([ms for _, ms in told])
    loudness, peaks = [r["loudness"] for r in heard], [r["true_peak"] for r in heard]
    off = max(abs(r["loudness"] - r["asked"]) for r in heard)
    in_key = np.mean([r["in_key_share"] for r in calm]) if calm else np.nan
    groove = np.mean([r["groove_consistency"] for r in rows])
    parallels = sum(r["parallels"] for r in rows)
    home = np.mean([r["ends_on_tonic"] for r in rows])
    kept = verdicts(
        [
            ("notes in the key, where no dissonance is asked", ">= .95", f"{in_key:.3f}", in_key >= 0.95),
            ("groove consistency", ">= .9", f"{groove:.3f}", groove >= 0.9),
            ("parallel fifths and octaves", "none", f"{parallels:.0f} in {len(rows)} pieces", parallels == 0),
            ("ends on the tonic", "every piece", f"{100 * home:.1f} %", home == 1),
            (
                "loudness",
                "-24 to -14 LUFS",
                f"{min(loudness):.1f} to {max(loudness):.1f}",
                -24 <= min(loudness) and max(loudness) <= -14,
            ),
            ("true peak", "< -1 dBTP", f"{max(peaks):.2f}", max(peaks) < -1),
            ("MIDI and WAV agree in onset", "10 ms", f"{late.max():.1f} ms at most", late.max() <= 10),
        ]
    )
    middle, ninety_five = np.percentile(late, [50, 95])
    return f"""{kept}
{len(names)} pictures, {len(seeds)} seeds, {len(lengths)} lengths: {len(rows)} pieces. Loudness, peaks and onsets are \
measured in the sound of {len(heard)} pieces of {sounding:g} s; loudness is at most {off:.2f} LU from what was asked. \
Of {len(late)} notes played alone, half are heard within {middle:.1f} ms of their place in the MIDI file, 95 % within \
{ninety_five:.1f} ms.

### In the key, {len(calm)} pieces whose plan asks for no dissonance (below {CALM})

{_keys_table(calm) if calm else "None of these pictures."}
### By length

{_length_table(rows)}
### Sounding after its place in the MIDI file, ms, notes played alone

{_onset_table(told)}
### Variety

{_variety(rows)}
"""
