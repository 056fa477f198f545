"""How fast the networks for pictures are, in how much memory, and what they know of the shipped photographs.

Every network's pipeline runs in turns with the same network alone, in one process. What a photograph plainly shows
was written down (`PLAIN`) from its name, a look at it and the names of ImageNet's classes, before a network was asked.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import numpy as np

from imgmusic_edu import backbones, datasets
from imgmusic_edu.evaluation.probes import linear_probe, linear_reader

from . import pictures, say, spread_out, table, verdicts
from .hearing_networks import operations
from .speed import fresh, spread, timed

# Class -> photographs whose class it plainly is: all there are.
PLAIN = {
    "chameleon": "chameleon",
    "hen": "chickens",
    "Nile crocodile": "crocodile",
    "German Shepherd Dog": "german_shepherd",
    "giant panda": "giant_panda",
    "jaguar": "jaguars",
    "koala": "koala",
    "Komodo dragon": "komodo_dragon",
    "ring-tailed lemur": "lemurs",
    "pig": "pig",
    "polar bear": "polar_bear",
    "red panda": "red_panda",
    "macaw": "scarlet_macaw",
    "clownfish": "clownfish",
    "goldfish": "goldfish",
    "pufferfish": "spotted_puffer",
    "baseball": "baseball",
    "espresso": "coffee",
    "eraser": "eraser",
    "fig": "fig",
    "frying pan": "frying_pan",
    "weighing scale": "laboratory_scales",
    "paintbrush": "paint_brushes",
    "pillow": "pillow",
    "plate": "plate",
    "tea cup": "butterfly_cup fermanagh_cup",
    "bucket": "milk_pail",
    "hammer": "armourers_hammer ball_peen_hammer claw_hammer dead_blow_hammer hammer old_claw_hammer "
    "old_claw_hammer_from_behind sledgehammer",
    "screwdriver": "phillips_screwdriver screwdriver_on_a_table",
    "dam": "amagase_dam bekes_dam caruachi_dam don_joaquin_dam iedigawa_dam",
    "triumphal arch": "arc_de_triomphe_du_carrousel india_gate gateway_of_india",
    "cliff dwelling": "betatakin_cliff_dwellings",
    "castle": "neuschwanstein_castle",
    "stupa": "great_stupa",
    "palace": "mysore_palace winter_palace",
    "drum": "bata_drums",
}
LAYERS = ("block_14", "block_15", "pool", "logits")  # the network's last word, and what leads to it
FEW, MANY = 100, 10_000  # pictures
GROWTH = 50  # MB that a stream of MANY may need more than one of FEW
ENOUGH = 10  # photographs in a category that counts as common


# --- how fast ----------------------------------------------------------------------------------------------


def speeds(network, shown, *, runs):
    """How long `shown`, a list of pictures, takes in each of some runs: (seconds by what was done, peak FLOP/s).

    The peak is that of the fastest of many products of float32 matrices of 2048 x 2048 in between.
    """
    from imgmusic_edu.backbones.pipeline import tensorflow

    tf, _ = tensorflow()
    prepared = [np.stack([network.prepare(one) for one in shown[k : k + 32]]) for k in range(0, len(shown), 32)]
    few = shown[:: max(1, len(shown) // 16)]  # one by one takes long

    def one_by_one(_):
        return [network.model.predict_on_batch(network.prepare(one)[None]) for one in few]

    ways = {
        "network alone: Keras loop, batches of 32": lambda _: [network.model.predict_on_batch(b) for b in prepared],
        "`backbones`: pictures to probabilities": lambda _: network.predict(shown),
        "Keras loop, picture by picture": one_by_one,
    }
    square = tf.random.normal((2048, 2048), seed=0)
    for way in ways.values():
        way(0)
    took, products = {name: [] for name in ways}, []
    for _ in range(runs):  # in turns, so that a busy minute falls on all
        products += timed(lambda _: tf.matmul(square, square).numpy(), 6)
        for name, way in ways.items():
            counted = len(few) / len(shown) if way is one_by_one else 1
            took[name] += [seconds / counted for seconds in timed(way, 1, warm_up=False)]
    return took, 2 * 2048**3 / min(products)


def speed_rows(name, n, runs, shown):
    """Lines of the table for one network, its overhead over the network alone, and the peak FLOP/s of the run."""
    network = backbones.load(name, weights="trained" if name == "efficientnet_lite0" else None)
    took, peak = speeds(network, shown, runs=runs)
    alone, ours, _ = took.values()
    work = operations(network.model) * n
    lines = [
        (
            name,
            way,
            f"{n / median(seconds):.1f}",
            spread([1000 * one / n for one in seconds], digits=1),
            f"{100 * work / median(seconds) / peak:.0f} %",
            f"{median(seconds) / median(alone):.2f}",
        )
        for way, seconds in took.items()
    ]
    return lines, median([one / other for one, other in zip(ours, alone, strict=True)]) - 1, peak


def memory(counts):
    """Peak MB of fresh processes that stream so many pictures: dict count -> MB.

    The network sees 64 x 64 pixels here, so that ten thousand take seconds; what flows is the same.
    """
    code = """
import itertools, sys
from functools import partial
from imgmusic_edu import datasets
from imgmusic_edu.backbones import Backbone, efficientnet, pipeline
network = Backbone(efficientnet.build(size=64), partial(pipeline.centre_square, size=64), ("pool",),
                   scale=efficientnet.scale)
shipped = itertools.cycle([datasets.picture(name) for name in datasets.photographs()[:50]])
n = sum(len(batch["pool"]) for batch in network.stream(itertools.islice(shipped, int(sys.argv[1])), "pool"))
print(n)
"""
    found = {}
    for count in counts:
        done = fresh(["-c", code, count])
        assert int(done["said"]) == count
        found[count] = done["peak"]
    return found


# --- what they know ----------------------------------------------------------------------------------------


def named(network):
    """(photograph, its plain class, the classes said, likeliest first) for all of `PLAIN`."""
    asked = [(name, label) for label, names in PLAIN.items() for name in names.split()]
    said = network.top([datasets.picture(name) for name, _ in asked])
    return [(*one, [label for label, _ in best]) for one, best in zip(asked, said, strict=True)]


def views(picture):
    """Three squares of a picture, along its longer side, each also mirrored: six of it."""
    height, width = picture.shape[:2]
    side = min(height, width)
    for k in range(3):
        top, left = (height - side) * k // 2, (width - side) * k // 2
        square = picture[top : top + side, left : left + side]
        yield from (square, square[:, ::-1])


def features(network, shown):
    """What the probe reads: (dict of the network's features, dict of those it stands beside), each (N, D).

    Square roots (with their sign) of the channels' means: the means are skewed, and few large ones outweigh the rest.
    """
    from PIL import Image

    from imgmusic_edu.backbones.pipeline import centre_square

    def joined(found):
        return np.hstack([np.sign(found[layer]) * np.sqrt(np.abs(found[layer])) for layer in LAYERS])

    one = network.activations(shown, LAYERS, pool="mean")
    whole = replace(network, read=lambda square: np.asarray(Image.fromarray(square).resize((224, 224))))
    every = whole.activations((view for picture in shown for view in views(picture)), LAYERS, pool="mean")
    six = {layer: rows.reshape(len(shown), 6, -1).mean(axis=1) for layer, rows in every.items()}
    seen = {
        "pool": one["pool"],
        "square roots of pool": np.sqrt(one["pool"]),
        "square roots of the last four layers": joined(one),
        "the same, mean of six views": joined(six),
    }
    beside = {
        "colour alone: histogram of 8 x 8 x 8": np.stack([_colours(picture) for picture in shown]),
        "raw pixels: 32 x 32": np.stack([centre_square(picture, 32).ravel() for picture in shown]),
    }
    return seen, beside


def _colours(picture):
    counts, _ = np.histogramdd(picture.reshape(-1, 3), bins=8, range=[(0, 256)] * 3)
    return counts.ravel() / counts.sum()


def probed(job):
    """(features, labels, seed) -> accuracy of the linear probe."""
    rows, labels, seed = job
    return linear_probe(rows, labels, seed=seed).accuracy


def chosen(job):
    """(features by name, labels, seed) -> accuracy where each fold's features are chosen among the other folds."""
    from sklearn.model_selection import StratifiedKFold

    seen, labels, seed = job
    right = []
    for others, fold in StratifiedKFold(5, shuffle=True, random_state=seed).split(labels, labels):
        readers = {name: linear_reader(seed=seed).fit(rows[others], labels[others]) for name, rows in seen.items()}
        best = max(readers, key=lambda name: readers[name][-1].best_score_)
        right += list(readers[best].predict(seen[best][fold]) == labels[fold])
    return float(np.mean(right))


def probes(network, *, seeds, processes=2):
    """Accuracies by features and set of categories: dict (features, "all" or "common") -> list, one a seed."""
    names = datasets.photographs()
    labels = np.array([datasets.category(name) for name in names])
    kinds, counts = np.unique(labels, return_counts=True)
    rows = {"all": np.arange(len(labels)), "common": np.flatnonzero(np.isin(labels, kinds[counts >= ENOUGH]))}
    seen, beside = features(network, [datasets.picture(name) for name in names])
    jobs = {
        (name, which, seed): (values[at], labels[at], seed)
        for name, values in (seen | beside).items()
        for which, at in rows.items()
        for seed in seeds
    }
    found = dict(zip(jobs, spread_out(probed, jobs.values(), what="probed", processes=processes), strict=True))
    jobs = {
        ("chosen among these, fold by fold", which, seed): ({k: v[at] for k, v in seen.items()}, labels[at], seed)
        for which, at in rows.items()
        for seed in seeds
    }
    found |= dict(zip(jobs, spread_out(chosen, jobs.values(), what="chosen", processes=processes), strict=True))
    told: dict = {}
    for (name, which, _), accuracy in found.items():
        told.setdefault((name, which), []).append(accuracy)
    for which, at in rows.items():
        told["the commonest category, always", which] = [np.unique(labels[at], return_counts=True)[1].max() / len(at)]
    return told


# --- report ------------------------------------------------------------------------------------------------


def _shares(values):
    """Mean (lowest-highest) of some shares, in percent."""
    low, high = 100 * min(values), 100 * max(values)
    return f"{100 * np.mean(values):.1f} %" + (f" ({low:.0f}-{high:.0f})" if len(values) > 1 else "")


def networks(*, quick=False, seeds=None, sizes=None, many=None, processes=2):
    """All of it, a section in Markdown: three minutes on two quiet cores, one where `quick`."""
    shipped = [datasets.picture(name) for name in pictures()]
    sizes = sizes or {"efficientnet_lite0": 128 if quick else 512, "resnet50": 32, "vgg16": 32}
    rows, overheads, peaks = [], {}, []
    for name, n in sizes.items():
        shown = [shipped[k % len(shipped)] for k in range(n)]
        some, overheads[name], peak = speed_rows(name, n, (3 if quick else 7) if n > 32 else 2, shown)
        rows += some
        peaks.append(peak)
    say("  memory")
    many = many or (MANY // 10 if quick else MANY)
    used = memory((FEW, many))
    growth = used[many] - used[FEW]
    network = backbones.load()
    answers = named(network)
    first = sum(label == said[0] for _, label, said in answers)
    told = probes(network, seeds=seeds or range(1 if quick else 3), processes=processes)
    probe = told["chosen among these, fold by fold", "all"]
    kept = verdicts(
        [
            *(
                (f"{name}: what the pipeline adds at batch 32", "< 10 %", f"{100 * ratio:.1f} %", ratio < 0.1)
                for name, ratio in overheads.items()
            ),
            (f"memory, from {FEW} to {many} pictures", f"< {GROWTH} MB", f"{growth:.1f} MB", growth < GROWTH),
            (
                "photographs called by their plain name",
                ">= 70 %",
                f"{first} of {len(answers)}",
                first >= 0.7 * len(answers),
            ),
            ("category told by the linear probe", ">= 90 %", _shares(probe), np.mean(probe) >= 0.9),
        ]
    )
    missed = [(name, label, ", ".join(said[:3])) for name, label, said in answers if label != said[0]]
    among_five = sum(label in said for _, label, said in answers)
    lines = [(name, *(_shares(told[name, which]) for which in ("all", "common"))) for name, _ in told if _ == "all"]
    return f"""### Networks that see

{kept}
Pictures a second and milliseconds a picture: median (lowest-highest) of runs in turns, shipped pictures at batch 32, \
in one process. The share is of {max(peaks) / 1e9:.0f} GFLOP/s, which products of large float32 matrices reached in \
the same run; the work counted is that of convolutions and matrices. VGG16 and ResNet50 have random weights here: \
speed does not depend on them. What the pipeline adds is the median of the runs' ratios to the network alone.

{table(("network", "way", "a second", "ms a picture", "of peak", "of alone"), rows)}
Peak memory of fresh processes that stream pictures through the network at 64 x 64:

{table(("pictures", "peak MB"), [(count, f"{peak:.0f}") for count, peak in used.items()])}
### What EfficientNet-Lite0 calls the photographs

{len(answers)} photographs show something that is one of ImageNet's thousand classes and plainly that one. {first} are \
called by that name, {among_five} have it among the five likeliest. The others:

{table(("photograph", "plainly", "called"), missed)}
### What kind of photograph is it?

Linear probes told {len(datasets.photographs())} shipped photographs apart, five folds, mean (lowest-highest) of \
{len(probe)} ways to cut them: by all their {len(datasets.categories())} categories, the rarest of which have five \
photographs, and by the common ones that have {ENOUGH} or more. In "chosen among these" each fold's features are the \
ones that do best on the other four.

{table(("features", "all categories", "common categories"), lines)}"""
