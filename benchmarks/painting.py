"""Painting by optimisation: how much style comes and how much content stays, beside the recipe one finds first.

That recipe is the Keras example "Neural style transfer" (keras.io), written anew from its description: SGD whose rate
decays exponentially, beginning at the photograph in its full size, photograph, painting and picture put through the
network together at every step. Network, layers, loss and number of steps are the same for both; the rate of the recipe
is the best of a sweep.
"""

from __future__ import annotations

import json
import time

import numpy as np

from imgmusic_edu import datasets

from . import say, table, verdicts, write_csv

PAIRS = (
    ("cat", "cafe_terrace_at_night"),
    ("brandenburg_gate", "the_church_at_auvers"),
    ("mykonos_windmills", "the_harvest"),
    ("picos_de_europa", "the_langlois_bridge"),
    ("astronaut", "portrait_of_pere_tanguy"),
    ("chateau_de_chenonceau", "the_night_cafe"),
)
RATES = tuple(10.0**k for k in range(4, 8))  # for the recipe; its loss is about 1 and moves little with one pixel
WEIGHT = 0.03  # of the content, about where the automatic balance ends
BEFORE = {  # other layers, and why they were not taken
    "widened layers (used)": None,
    "block outputs": ("block_0", "block_2", "block_4", "block_10"),
    "depthwise layers": ("stem", *(f"block_{n}_depthwise" for n in (1, 2, 4, 7, 10))),
    "stem alone": ("stem",),
}


class Clock:
    """Seconds since it was made: by the clock, of the processor."""

    def __init__(self):
        self.began = time.perf_counter(), time.process_time()

    def __call__(self):
        return time.perf_counter() - self.began[0], time.process_time() - self.began[1]


# --- the recipe --------------------------------------------------------------------------------------------


def recipe(photo, painting, *, steps, rate, weight=WEIGHT):
    """What the Keras example does, with our network, layers and loss: list of (seconds, of the processor, loss).

    Photograph and painting are of one size, for they go through the network in one batch.
    """
    from imgmusic_edu.backbones.engine import tensorflow
    from imgmusic_edu.backbones.feature_maps import open_feature_maps
    from imgmusic_edu.style import content_loss, gram_matrix, style_loss, total_variation
    from imgmusic_edu.style.aims import CONTENT_LAYER, STYLE_LAYERS

    tf, keras = tensorflow()
    clock, maps = Clock(), open_feature_maps()
    layers = (*STYLE_LAYERS[maps.name], CONTENT_LAYER[maps.name])
    base, style = (tf.constant(one[None], tf.float32) for one in (photo, painting))
    picture = tf.Variable(base)

    def distance(batch):
        *features, last = maps(batch, layers)
        losses = []
        for found in features:
            mean = tf.reduce_mean(found[1:2], axis=(1, 2), keepdims=True)
            grams = gram_matrix(found - mean)
            losses.append(style_loss(grams[2:], grams[1:2]))
        return sum(losses) / len(losses), content_loss(last[2:], last[:1])

    before = distance(tf.concat([base, style, base], axis=0))[0]  # so that both losses are in one unit

    @tf.function
    def loss_and_slope():
        with tf.GradientTape() as tape:
            style_part, content = distance(tf.concat([base, style, picture], axis=0))
            rough = tf.nn.relu(total_variation(picture / 255) / total_variation(style / 255) - 1) ** 2
            loss = style_part / before + weight * content + rough
        return loss, tape.gradient(loss, picture)

    sgd = keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(rate, decay_steps=100, decay_rate=0.96))
    found = []
    for _ in range(steps):
        loss, slope = loss_and_slope()
        found.append((*clock(), float(loss)))
        sgd.apply_gradients([(slope, picture)])
    return found


def ours(photo, painting, *, steps=None, weight=WEIGHT):
    """The same as a list of (seconds, of the processor, loss), of the steps at full size only."""
    from imgmusic_edu.style.painting import STEPS, paint

    clock, side, found = Clock(), max(photo.shape[:2]), []

    def watch(state):
        if max(state.picture.shape[:2]) == side:
            found.append((*clock(), state.losses["loss"]))

    paint(photo, painting, content_weight=weight, side=side, steps=steps or STEPS, progress=watch)
    return found


def race(side, *, quick):
    """Both, on one pair at one size: dict of what was found."""
    from PIL import Image

    from imgmusic_edu.style.painting import STEPS

    photo = datasets.picture(PAIRS[1][0], max_side=side)
    painting = np.asarray(Image.fromarray(datasets.picture(PAIRS[1][1])).resize(photo.shape[1::-1]))
    steps = (20, 20, 20) if quick else STEPS
    sweep: dict = {}

    def best(rates):
        """The rate, of these and those before, with which the recipe comes lowest in a few steps."""
        for rate in rates:
            sweep[rate] = recipe(photo, painting, steps=8 if quick else 20, rate=rate)[-1][2]
        return min(sweep, key=lambda one: sweep[one] if np.isfinite(sweep[one]) else np.inf)

    rough = best(RATES)
    rate = best((rough / 3, rough * 3))
    say(f"  {side} px: the recipe's rates {', '.join(f'{one:g}: {loss:.3f}' for one, loss in sweep.items())}")
    theirs = recipe(photo, painting, steps=sum(steps), rate=rate)
    mine = ours(photo, painting, steps=steps)
    least = int(np.argmin([loss for *_, loss in theirs]))
    goal = theirs[least][2]
    reached = next((row for row in mine if row[2] <= goal), None)

    def step(rows):  # seconds of the processor, the first of them compiles
        return float(np.median(np.diff([row[1] for row in rows[1:]])))

    return {
        "side": side,
        "rate": rate,
        "steps": sum(steps),
        "goal": goal,
        "theirs": theirs[least][0],
        "theirs_cpu": theirs[least][1],
        "ours": reached[0] if reached else float("inf"),
        "ours_cpu": reached[1] if reached else float("inf"),
        "ratio": theirs[least][0] / reached[0] if reached else 0.0,
        "ratio_cpu": theirs[least][1] / reached[1] if reached else 0.0,
        "end": min(row[2] for row in mine),
        "step_theirs": step(theirs),
        "step_ours": step(mine),
    }


def peak(which):
    """Peak memory of a process that paints one pair at 256 pixels, MB."""
    from .speed import fresh

    call = {
        "paint": "from imgmusic_edu.style.painting import paint; paint(a, b, steps=(3, 3, 6))",
        "recipe": "from benchmarks.painting import recipe; b = datasets.picture('cat', max_side=256)[:, ::-1]; "
        "recipe(a, b, steps=6, rate=1.0)",
        "nothing": "from imgmusic_edu.backbones.feature_maps import open_feature_maps; open_feature_maps()",
    }[which]
    code = "from imgmusic_edu import datasets; a, b = datasets.picture('cat', max_side=256), "
    return fresh(["-c", code + f"datasets.picture('cafe_terrace_at_night'); {call}"])["peak"]


# --- what comes of it --------------------------------------------------------------------------------------


def painted(pairs, out, **options):
    """Each pair painted, its picture written to `out`: list of (photograph, painting, Painted, s of the processor)."""
    from PIL import Image

    from imgmusic_edu.style.painting import paint

    rows = []
    for photo, painting in pairs:
        clock = Clock()
        result = paint(datasets.picture(photo), datasets.picture(painting), **options)
        rows.append((photo, painting, result, clock()[1]))
        say(f"  {photo}, {painting}: {result.summary}")
        out.mkdir(parents=True, exist_ok=True)
        Image.fromarray(result.picture).save(out / f"{photo}__{painting}.png")
    return rows


def nearest(rows):
    """For each picture the painting whose style vector is nearest, and where the right one comes: list of (name, n)."""
    from imgmusic_edu.backbones.style_vector import style_vectors

    names = datasets.paintings()
    known = style_vectors([datasets.picture(name) for name in names])
    found = style_vectors([result.picture for _, _, result, _ in rows])
    order = np.argsort(((found[:, None] - known[None]) ** 2).sum(axis=2), axis=1)
    return [(names[row[0]], 1 + [names[k] for k in row].index(pair[1])) for row, pair in zip(order, rows, strict=True)]


def compared(pair, *, side, quick):
    """One pair with other layers, and with other ways to say style: two lists of rows for tables."""
    from imgmusic_edu.style.painting import TERMS, paint, style_distance

    photo, painting = (datasets.picture(name) for name in pair)
    steps = (10, 10) if quick else (80, 80)

    def row(name, **options):
        clock = Clock()
        result = paint(photo, painting, side=side, steps=steps, **options)
        fall = 1 - style_distance(result.picture, painting) / style_distance(result.photo, painting)
        return name, f"{100 * fall:.1f} %", f"{result.cosine:.2f}", f"{clock()[1]:.1f}"

    return [row(name, layers=layers) for name, layers in BEFORE.items()], [row(name, term=name) for name in TERMS]


def run(*, out, quick):
    """The section of the report; writes painting.csv, painting.json and the pictures."""
    pairs, side = (PAIRS[:2], 128) if quick else (PAIRS, 256)
    rows = painted(pairs, out / "painting", side=side)
    guessed = nearest(rows)
    races = [race(one, quick=quick) for one in ((64,) if quick else (128, 256))]
    memory = {name: peak(name) for name in ("nothing", "paint", "recipe")}
    layers, terms = compared(PAIRS[1], side=64 if quick else 128, quick=quick)
    write_csv(
        out / "painting.csv",
        [
            {"photo": photo, "painting": painting, "style_fall": one.style_fall, "cosine": one.cosine}
            | {"seconds": one.seconds, "cpu": cpu, "steps": len(one.history), "nearest": near, "place": place}
            for (photo, painting, one, cpu), (near, place) in zip(rows, guessed, strict=True)
        ],
    )
    (out / "painting.json").write_text(json.dumps({"races": races, "memory": memory}, indent=1), encoding="utf-8")
    falls, cosines = [one.style_fall for _, _, one, _ in rows], [one.cosine for _, _, one, _ in rows]
    slowest, right = max(one.seconds for _, _, one, _ in rows), sum(place == 1 for _, place in guessed)
    last = races[-1]
    promises = [
        ("style that has come, least of the pairs", ">= 95 %", f"{100 * min(falls):.1f} %", min(falls) >= 0.95),
        ("cosine of the content, least of the pairs", ">= 0.6", f"{min(cosines):.2f}", min(cosines) >= 0.6),
        (f"{side} pixels, slowest of the pairs", "< 60 s", f"{slowest:.1f} s", slowest < 60),
        (
            f"{last['side']} pixels, time to the recipe's lowest loss, times as fast",
            ">= 1.5",
            f"{last['ratio']:.1f} (of the processor {last['ratio_cpu']:.1f})",
            min(last["ratio"], last["ratio_cpu"]) >= 1.5,
        ),
        (
            "nearest painting by style vectors is the source",
            "all but one",
            f"{right} of {len(rows)}",
            right >= len(rows) - 1,
        ),
    ]
    return "\n".join(
        [
            verdicts(promises),
            "### Pairs\n",
            table(
                ("photograph", "painting", "style that has come", "cosine", "s", "s of the processor", "nearest"),
                [
                    (
                        a,
                        b,
                        f"{100 * one.style_fall:.1f} %",
                        f"{one.cosine:.2f}",
                        f"{one.seconds:.1f}",
                        f"{cpu:.1f}",
                        near,
                    )
                    for (a, b, one, cpu), (near, _) in zip(rows, guessed, strict=True)
                ],
            ),
            "### Beside the recipe of the Keras example\n",
            table(
                ("", *(f"{one['side']} px" for one in races)),
                [
                    ("steps", *(one["steps"] for one in races)),
                    ("the recipe's rate, best of a sweep", *(f"{one['rate']:g}" for one in races)),
                    ("its lowest loss", *(f"{one['goal']:.4f}" for one in races)),
                    ("reached after, s", *(f"{one['theirs']:.1f}" for one in races)),
                    ("`paint` reaches it after, s", *(f"{one['ours']:.1f}" for one in races)),
                    ("times as fast", *(f"{one['ratio']:.1f}" for one in races)),
                    ("the same, s of the processor", *(f"{one['ratio_cpu']:.1f}" for one in races)),
                    ("lowest loss of `paint`", *(f"{one['end']:.4f}" for one in races)),
                    ("one step of the recipe, s of the processor", *(f"{one['step_theirs']:.3f}" for one in races)),
                    ("one step of `paint` at full size", *(f"{one['step_ours']:.3f}" for one in races)),
                ],
            ),
            f"Peak memory at 256 px: {memory['paint']:.0f} MB `paint`, {memory['recipe']:.0f} MB the recipe, "
            f"{memory['nothing']:.0f} MB the network by itself.\n",
            f"### Other layers, {PAIRS[1][0]}\n",
            table(("style layers", "style that has come", "cosine", "s of the processor"), layers),
            "### Other ways to say style\n",
            table(("term", "style that has come, by Gram matrices", "cosine", "s of the processor"), terms),
        ]
    )
