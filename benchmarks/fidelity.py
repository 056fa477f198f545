"""Are the explanations true? What they name is made otherwise; does the music change as they say, and nowhere else?

The score road's notes by `imgmusic_edu.evaluation.fidelity`; some of its notes in the waveform, too; the networks by
masking, and by editing what they say moves them.
"""

import itertools

from imgmusic_edu.evaluation.fidelity import by_rules, confirm, leaks, summary, trials
from imgmusic_edu.evaluation.masking import masked, sways, told
from imgmusic_edu.evaluation.report import Report
from imgmusic_edu.networks.pairs import picture_of, shipped
from imgmusic_edu.roads import ROADS

from . import every, spread_out, verdicts, write_csv

N_NOTES = 12  # a picture
N_HEARD = 2  # of them in the waveform
LEARNED = ROADS[1:]


def _pictures(n):
    return every(shipped("test"), n)


def tried(job):
    """Trials, leaks and waveform trials of one picture; `job` is (name, seed, notes, notes to be heard)."""
    name, seed, n, n_heard = job
    picture, write = picture_of(name), by_rules(seed=seed)
    held = trials(name, picture, n=n, write=write)
    return held, leaks(name, picture, n=n, write=write), confirm(name, picture, n=n_heard, write=write)


def by_networks(job):
    """Rows of one road; `job` is (road, number of pictures)."""
    from imgmusic_edu.networks.spectral import open_road

    name, n = job
    road = open_road(name)
    shown = [(which, picture_of(which)) for which in _pictures(n)]
    places = [place for k, (which, picture) in enumerate(shown) for place in masked(road, which, picture, seed=k)]
    moved = [move for k, (which, picture) in enumerate(shown) for move in sways(road, which, picture, seed=k)]
    return told(name, places, moved)


def run(*, out, quick=False):
    """Try, write fidelity.csv, and give the Markdown."""
    n, n_learned = (4, 2) if quick else (44, 12)
    jobs = [(name, seed, N_NOTES, N_HEARD) for seed, name in enumerate(_pictures(n))]
    held, leaked, heard = (
        list(itertools.chain(*part)) for part in zip(*spread_out(tried, jobs, what="pictures"), strict=True)
    )
    rows = summary(held, leaked, heard)
    learned = list(itertools.chain(*spread_out(by_networks, [(road, n_learned) for road in LEARNED], what="networks")))
    write_csv(out / "fidelity.csv", rows + learned)
    report = Report(rows + learned)
    holds, leak = report.find("all notes: holds"), report.find("all notes: leaks")
    promises = [
        ("explanations of notes that hold", ">= 95 %", _percent(holds), holds["value"] >= 0.95),
        ("explanations of notes that leak", "<= 5 %", _percent(leak), leak["value"] <= 0.05),
    ]
    said = f"{n} real pictures never used, {N_NOTES} notes of each, {N_HEARD} in the waveform; networks on {n_learned}."
    return f"{verdicts(promises)}\n{said}\n\n{report.table()}"


def _percent(row):
    return f"{100 * row['value']:.1f} % ({100 * row['low']:.1f}-{100 * row['high']:.1f})"
