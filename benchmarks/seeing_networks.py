"""How fast the networks for pictures are, in how much memory, and what they know of the shipped photographs.

Every network's pipeline runs in turns with the same network alone, in one process. What a photograph plainly shows
was written down (`PLAIN`) from its name, a look at it and the names of ImageNet's classes, before a network was asked.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from statistics import median

import numpy as np

from imgmusic_edu import backbones, datasets
from imgmusic_edu.evaluation.faithfulness import interval
from imgmusic_edu.evaluation.probes import linear_probe, linear_reader

from . import every, pictures, say, spread_out, table, verdicts
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
ALONE = "network alone: Keras loop over batches at hand"
READY = "`backbones`, pictures of its size"
LOOP = "Keras loop that prepares each picture"
OURS = "`backbones`, pictures of any size"
SINGLY = "Keras loop, picture by picture"
CHOSEN = "chosen among these, fold by fold"
ENOUGH = 10  # photographs in a category that counts as common


# --- how fast ----------------------------------------------------------------------------------------------


def both_clocks(action):
    """Seconds that an action takes: (by the clock, of the processor, all cores together)."""
    start, used = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - start, time.process_time() - used


def ways(network, shown):
    """What is timed, by name: each takes the pictures `shown` from memory, in batches of 32."""
    from imgmusic_edu.backbones.engine import tensorflow

    tf, _ = tensorflow()
    at_hand, squares = replace(network, read=lambda square: square), [network.read(one) for one in shown]
    alone = tf.function(lambda batch: network.model(batch, training=False))
    some = [shown[k : k + 32] for k in range(0, len(shown), 32)]

    def prepared(pictures):
        return np.stack([network.prepare(one) for one in pictures])

    batches = [prepared(pictures) for pictures in some]
    few = every(shown, 16)  # one by one takes long
    return {
        ALONE: lambda: [alone(batch).numpy() for batch in batches],
        READY: lambda: at_hand.predict(squares),
        LOOP: lambda: [alone(prepared(pictures)).numpy() for pictures in some],
        OURS: lambda: network.predict(shown),
        SINGLY: lambda: [network.model.predict_on_batch(prepared([one])) for one in few],
    }


def speeds(network, shown, *, runs):
    """How long `shown`, a list of pictures, takes in each run: (dict way -> array (runs, 2) of seconds, peak FLOP/s).

    Columns are those of `both_clocks`. The peak is that of the fastest of many products of float32 matrices of
    2048 x 2048 in between.
    """
    from imgmusic_edu.backbones.engine import tensorflow

    tf, _ = tensorflow()
    square, actions, products = tf.random.normal((2048, 2048), seed=0), ways(network, shown), []
    for action in actions.values():
        action()
    took = {name: [] for name in actions}
    for _ in range(runs):  # in turns, so that a busy minute falls on all
        products += timed(lambda _: tf.matmul(square, square).numpy(), 6)
        for name, action in actions.items():
            took[name].append(both_clocks(action))
    found = {name: np.array(seconds) for name, seconds in took.items()}
    found[SINGLY] *= len(shown) / min(16, len(shown))
    return found, 2 * 2048**3 / min(products)


def added(took, ours, theirs):
    """What one way needs more than another, as a share: median over the runs, (by the clock, of the processor)."""
    return np.median(took[ours] / took[theirs], axis=0) - 1


def speed_rows(name, n, runs, shown):
    """Lines of the table for one network, those of its promises, and the peak FLOP/s of the run."""
    network = backbones.load(name, weights="trained" if name == "efficientnet_lite0" else None)
    took, peak = speeds(network, shown, runs=runs)
    work = operations(network.model) * n
    lines = [
        (
            name,
            way,
            f"{n / median(seconds[:, 0]):.1f}",
            spread(list(1000 * seconds[:, 0] / n), digits=1),
            spread(list(1000 * seconds[:, 1] / n), digits=1),
            f"{100 * work / median(seconds[:, 0]) / peak:.0f} %",
            f"{1 + added(took, way, ALONE)[0]:.2f} ({1 + added(took, way, ALONE)[1]:.2f})",
        )
        for way, seconds in took.items()
    ]
    promises = []
    for what, ours, theirs in (("pictures of its size", READY, ALONE), ("pictures of any size", OURS, LOOP)):
        clock, processor = added(took, ours, theirs)
        found = f"{100 * clock:+.1f} % of the clock, {100 * processor:+.1f} % of the processor"
        promises.append((f"{name}, {what}: what the pipeline adds", "< 10 %", found, max(clock, processor) < 0.1))
    return lines, promises, peak


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
    """(features, labels, seed) -> the labels that the linear probe tells."""
    rows, labels, seed = job
    return linear_probe(rows, labels, seed=seed).predictions


def chosen(job):
    """(features by name, labels, seed) -> the same where each fold's features are chosen among the other folds."""
    from sklearn.model_selection import StratifiedKFold

    seen, labels, seed = job
    told = np.empty_like(labels)
    for others, fold in StratifiedKFold(5, shuffle=True, random_state=seed).split(labels, labels):
        readers = {name: linear_reader(seed=seed).fit(rows[others], labels[others]) for name, rows in seen.items()}
        best = max(readers, key=lambda name: readers[name][-1].best_score_)
        told[fold] = readers[best].predict(seen[best][fold])
    return told


def sets(labels):
    """Which photographs belong to a set of categories: dict name -> their numbers."""
    kinds, counts = np.unique(labels, return_counts=True)
    common = np.isin(labels, kinds[counts >= ENOUGH])
    return {"all": np.arange(len(labels)), "common": np.flatnonzero(common)}


def probes(network, *, seeds, processes=2):
    """What was told: (labels of all photographs, dict (features, "all" or "common") -> array (seeds, photographs))."""
    names = datasets.photographs()
    labels = np.array([datasets.category(name) for name in names])
    seen, beside = features(network, [datasets.picture(name) for name in names])
    keys = [(which, at, seed) for which, at in sets(labels).items() for seed in seeds]
    jobs = {
        (name, which, seed): (values[at], labels[at], seed)
        for name, values in (seen | beside).items()
        for which, at, seed in keys
    }
    found = dict(zip(jobs, spread_out(probed, jobs.values(), what="probed", processes=processes), strict=True))
    jobs = {(CHOSEN, which, seed): ({k: v[at] for k, v in seen.items()}, labels[at], seed) for which, at, seed in keys}
    found |= dict(zip(jobs, spread_out(chosen, jobs.values(), what="chosen", processes=processes), strict=True))
    told: dict = {}
    for (name, which, _), answers in found.items():
        told.setdefault((name, which), []).append(answers)
    for which, at in sets(labels).items():
        told["the commonest category, always", which] = [np.full(len(at), Counter(labels[at]).most_common(1)[0][0])]
    return labels, {key: np.array(answers) for key, answers in told.items()}


# --- report ------------------------------------------------------------------------------------------------


def _share(told, labels):
    """Share told right, in percent, with the 95 % interval over photographs."""
    right = (told == labels).mean(axis=0)  # over the ways to cut the photographs into folds
    low, high = interval(right)
    return f"{100 * right.mean():.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def _confused(told, labels):
    """Two tables: what each category is taken for, and the photographs told wrong however they are cut into folds."""
    rows, names = [], np.array(datasets.photographs())
    for kind in np.unique(labels):
        said = Counter(told[:, labels == kind].ravel().tolist())
        n, right = said.total(), said.pop(str(kind), 0)
        others = ", ".join(f"{name} {100 * count / n:.0f} %" for name, count in said.most_common(4))
        rows.append((kind, n // len(told), f"{100 * right / n:.0f} %", others))
    never = np.flatnonzero((told != labels).all(axis=0))
    lines = [(names[k], labels[k], ", ".join(dict.fromkeys(told[:, k].tolist()))) for k in never]
    return table(("category", "photographs", "right", "taken for"), rows), table(("photograph", "is", "told"), lines)


def knowledge(*, seeds, processes):
    """What EfficientNet-Lite0 knows of the photographs: (lines of the promises, two sections of Markdown)."""
    network = backbones.load()
    answers = named(network)
    first = sum(label == said[0] for _, label, said in answers)
    labels, told = probes(network, seeds=seeds, processes=processes)
    at = sets(labels)
    shares = {(name, which): _share(said, labels[at[which]]) for (name, which), said in told.items()}
    missed = [(name, label, ", ".join(said[:3])) for name, label, said in answers if label != said[0]]
    among_five = sum(label in said for _, label, said in answers)
    lines = [(name, shares[name, "all"], shares[name, "common"]) for name, which in told if which == "all"]
    promises = [
        ("photographs called by their plain name", ">= 70 %", f"{first} of {len(answers)}", first >= 0.7 * len(answers))
    ]
    for which, kinds in (("all", "all categories"), ("common", "categories of ten or more")):
        right = np.mean(told[CHOSEN, which] == labels[at[which]])
        promises.append((f"{kinds} told by the linear probe", ">= 90 %", shares[CHOSEN, which], right >= 0.9))
    kinds, wrong = _confused(told[CHOSEN, "all"], labels)
    return (
        promises,
        f"""### What EfficientNet-Lite0 calls the photographs

{len(answers)} photographs show something that is one of ImageNet's thousand classes and plainly that one. {first} are \
called by that name, {among_five} have it among the five likeliest. The others:

{table(("photograph", "plainly", "called"), missed)}
### What kind of photograph is it?

Linear probes told {len(labels)} shipped photographs apart, five folds, mean of {len(seeds)} ways to cut them and 95 % \
bootstrap interval over photographs: by all their {len(datasets.categories())} categories, the rarest of which have \
five photographs, and by the common ones that have {ENOUGH} or more. In "{CHOSEN}" each fold's features are the ones \
that do best on the other four, as is its regularisation.

{table(("features", "all categories", "common categories"), lines)}
All categories, "{CHOSEN}":

{kinds}
Told wrong in every way to cut them. Several could as well be filed under what they are taken for: categories say what \
a photograph is there to teach, not what else is in it.

{wrong}""",
    )


def networks(*, quick=False, seeds=None, sizes=None, many=None, processes=2):
    """All of it, a section in Markdown: six minutes on two quiet cores, one where `quick`."""
    shipped = [datasets.picture(name) for name in pictures()]
    quickly = {"efficientnet_lite0": 128, "resnet50": 32}
    sizes = sizes or (quickly if quick else {"efficientnet_lite0": 256, "resnet50": 32, "vgg16": 32})
    rows, promises, peaks = [], [], []
    for name, n in sizes.items():
        say(f"  {name}: speed")
        shown = [shipped[k % len(shipped)] for k in range(n)]
        some, kept, peak = speed_rows(name, n, (3 if quick else 9) if n > 32 else 3, shown)
        rows += some
        promises += kept
        peaks.append(peak)
    say("  memory")
    many = many or (MANY // 10 if quick else MANY)
    used = memory((FEW, many))
    growth = used[many] - used[FEW]
    promises.append((f"memory, from {FEW} to {many} pictures", f"< {GROWTH} MB", f"{growth:.1f} MB", growth < GROWTH))
    known, sections = knowledge(seeds=seeds or range(1 if quick else 3), processes=processes)
    header = ("network", "way", "a second", "ms a picture", "of the processor", "of peak", "of alone (processor)")
    return f"""### Networks that see

{verdicts(promises + known)}
Pictures a second and milliseconds a picture, by the clock and of the processor (both cores together): median \
(lowest-highest) of runs in turns, shipped pictures at batch 32, in one process. "Alone" is the network compiled with \
`tf.function` over prepared batches in memory. What the pipeline adds is the median of the runs' ratios, and promised \
by both clocks: pictures already of the network's size against the network alone; pictures of any size, which must be \
cut and shrunk, against the Keras loop that does the same with them. The share is of {max(peaks) / 1e9:.0f} GFLOP/s, \
which products of large float32 matrices reached in the same run; the work counted is that of convolutions and \
matrices. \
VGG16 and ResNet50 have random weights here: speed does not depend on them.

{table(header, rows)}
Peak memory of fresh processes that stream pictures through the network at 64 x 64:

{table(("pictures", "peak MB"), [(count, f"{peak:.0f}") for count, peak in used.items()])}
{sections}"""
