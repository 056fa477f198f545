"""All roads on the same real pictures, by every measure, beside what needs no road; then duels, picture by picture.

Pictures are the shipped photographs and paintings of the part "test" of `networks.pairs`, as they are. No network
learnt from them; two settings (how far the GAN's chance spreads, and how strong the finish is) were set again on
validation pictures, after results on these had shown that something was wanting. Another road joins by name:
`python -m benchmarks tournament --road my_file.py:my_function`.

One half is what *faithful* gives music drawn like the reference; it is not the line to beat. A squared misfit favours
the middle, so one middling piece for all pictures gets more. Each road is held against that, picture by picture.
"""

from imgmusic_edu.evaluation.baselines import hue_tonic, hue_wheel
from imgmusic_edu.evaluation.estimates import mean
from imgmusic_edu.evaluation.tournament import compare, dealt, play
from imgmusic_edu.networks.pairs import pairs, picture_of, seen, shipped
from imgmusic_edu.roads import ROADS, compose
from imgmusic_edu.sounds import Sound

from . import every, spread_out, verdicts
from .mapping import nearest, vocoded

SECONDS = 10.0
N_EDITED = 8  # pictures that are edited, too
N_KNOWN = 100  # training pairs among which the nearest is looked for: they must be composed
ONE = "one for all"
BASELINES = ("nearest training picture", ONE, "hue wheel", "score, shuffled")


def pictures(n=None):
    """(name, picture) of the real test pictures, all or n of them."""
    real = shipped("test")
    return [(name, picture_of(name)) for name in (real if n is None else every(real, n))]


def contestant(who, shown):
    """The function that stands for a road or a baseline: (picture, number) -> music."""
    if who == "hue wheel":
        return lambda picture, number: hue_wheel(hue_tonic(picture))
    if who == "score, shuffled":
        sounds = [compose(picture, seconds=SECONDS, seed=k) for k, (_, picture) in enumerate(shown)]
        return dealt(sounds)
    if who in BASELINES:
        known = pairs("train", n=N_KNOWN)
        middling = who == ONE
        return lambda picture, number: Sound(vocoded(nearest(known, 0 if middling else seen(picture)[0])))
    return lambda picture, number: compose(picture, road=who, seconds=SECONDS, seed=number)


def played(job):
    """One contestant's games: `tournament.Played`. `job` is (who, number of pictures, how many of them edited)."""
    who, n, n_edited = job
    shown = pictures(n)
    return play(who, shown, contestant(who, shown), n_edited=0 if who in BASELINES else n_edited)


def run(*, out, quick=False, roads=()):
    """Play, compare, write tournament.csv, and give the Markdown."""
    n, n_edited = (6, 1) if quick else (None, N_EDITED)
    everyone = (*ROADS, *roads, *BASELINES)
    pairs("train", n=N_KNOWN)  # once, and kept, before several processes ask for them
    games = spread_out(played, [(who, n, n_edited) for who in everyone], what="contestants")
    result = compare(games)
    result.save_csv(out / "tournament.csv")
    best = max((*ROADS, *roads), key=lambda who: result.find(who, "strength, faithful").value)
    lines = []
    for who in ROADS:
        found = result.find(who, "faithful")
        what = f"{who}: more faithful than music drawn blindly"
        lines.append((what, "> 0.5", f"{found.low:.2f} or more", found.low > 0.5))
    by_name = {game.who: game.faithful for game in games}
    for who in (*ROADS, *roads, BASELINES[0]):
        lead = mean(by_name[who] - by_name[ONE])
        said = f"{lead.value:+.2f} ({lead.low:+.2f} to {lead.high:+.2f})"
        lines.append((f"{who}: more faithful than one for all, picture by picture", "> 0", said, lead.low > 0))
    share = result.find("score, shuffled", "faithful")
    lines.append(
        (
            "shuffled: as drawn blindly, and nothing else",
            "holds 0.5",
            f"{share.low:.2f} to {share.high:.2f}",
            share.low <= 0.5 <= share.high,
        )
    )
    said = (
        f"Most faithful in the duels: {best}. Edits: {n_edited} of the pictures, each in eight ways. The nearest "
        f"picture is looked for among {N_KNOWN} pairs; one for all is the music of the most middling of these."
    )
    title = (
        f"### {result.n} real pictures that no network learnt from, {SECONDS:g} s each; 95 % intervals over pictures"
    )
    return f"{verdicts(lines)}\n{title}\n\n{result.table()}\n{said}\n"
