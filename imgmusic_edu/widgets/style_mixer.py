"""A photograph painted in a style between two paintings: at once by the stylist, then refined by optimisation.

Two meters stand beside the picture: how much of the style has come, and how much of the content is left. Both are
counted in the features that optimisation works on, most of which the stylist was taught by, too: the mixer compares
ways to paint, and is no judge of either.

Taught in chapter 04, "Gram matrices".
"""

import asyncio
import threading
from html import escape
from typing import Any

import ipywidgets

from ..datasets import paintings as shipped_paintings
from ..datasets import photographs
from ..datasets import picture as shipped_picture
from ..pictures import open_picture
from ..style import cosine_similarity
from ..style.aims import ALREADY, between
from ..style.painting import beside
from .controls import Answering, Choice, number_slider, titled
from .markup import block, bundle, encode_picture, image, row, table, told
from .style_studio import Studio, distances
from .upload import PictureUpload

__all__ = ["StyleMixer", "compute", "render", "style_mixer", "summary"]

SIDE = 256  # px, the longest side of what is painted
START = ("arles_amphitheatre", "cafe_terrace_at_night", "the_church_at_auvers")
ROUND = 1.0  # s from one drawing to the next while it is refined
FLAT = 0.5  # of 255: a painting that varies less is of one colour


def compute(parameters):
    """A photograph in a style between two, and how much of style and content it has.

    Parameters
    ----------
    parameters : dict
        "photo", "paintings": np.ndarray, shape (H, W, 3), uint8, and two of them; "titles": their two names; "share":
        0..1, of the second style; "strength": 0..1, of the paint; "studio": what paints and measures, as `Studio` does;
        "seen": what its `look` says of the photograph and of both paintings at its size, if it is known already;
        "vectors": of both paintings, if they are; "refined": None, or (picture, steps): the picture to measure in place
        of the stylist's.

    Returns
    -------
    dict
        "picture": np.ndarray, shape (H, W, 3), uint8; "gained": share of the photograph's distance from the style that
        is gone, 1 at best, below 0 where it has grown; "by_layer": dict of layer to the same; "cosine": of the content
        features of picture and photograph; "already": has the photograph this style by itself; and the parameters, with
        "seen" and "vectors".

    Raises
    ------
    ValueError
        A painting of one colour, a share or a strength that is none.

    Notes
    -----
    Taught in chapter 04, section "Painting at once".
    """
    photo, paintings, studio, share = (parameters[name] for name in ("photo", "paintings", "studio", "share"))
    if not 0 <= share <= 1 or not 0 <= parameters["strength"] <= 1:
        raise ValueError(f"Shares and strengths are 0 to 1; these are {share} and {parameters['strength']}.")
    for painting, title in zip(paintings, parameters["titles"], strict=True):
        if painting.std(axis=(0, 1)).max() < FLAT:
            raise ValueError(f"The painting {title:.60} is of one colour, so it has no style: choose another.")
    seen = parameters.get("seen") or [studio.look(one) for one in (photo, *(beside(p, photo) for p in paintings))]
    vectors = parameters.get("vectors") or [studio.vector(painting) for painting in paintings]
    if parameters["refined"] is not None:
        picture, _ = parameters["refined"]
    else:
        vector = (1 - share) * vectors[0] + share * vectors[1]
        picture = studio.paint(photo, vector, strength=parameters["strength"])
    found = studio.look(picture)
    target = between(seen[1]["styles"], seen[2]["styles"], share)
    before, now = (distances(one["styles"], target) for one in (seen[0], found))
    return parameters | {
        "seen": seen,
        "vectors": vectors,
        "picture": picture,
        "gained": _gained(before.mean(), now.mean()),
        "by_layer": {name: _gained(*pair) for name, *pair in zip(studio.layers, before, now, strict=True)},
        "cosine": float(cosine_similarity(found["content"][None], seen[0]["content"][None])),
        "already": bool(before.mean() < ALREADY),
    }


def _gained(before, now):
    return float(1 - now / before) if before >= ALREADY else 1.0


# ---- in words --------------------------------------------------------------------------------------------------------


def summary(result):
    """What was painted, and what the meters say, in words."""
    (first, second), share = result["titles"], 100 * result["share"]
    between = f"between {first} ({100 - share:.0f} %) and {second} ({share:.0f} %)"
    style = {0: f"of {first}", 100: f"of {second}"}.get(share, between)
    how = f"Refined by {result['refined'][1]} steps of optimisation" if result["refined"] else "Painted at once"
    if result["already"]:
        return f"{how}: the photograph has this style already (content kept: {result['cosine']:.2f})."
    grown = ", so it is farther from it than the photograph" if result["gained"] < 0 else ""
    ordered = sorted(result["by_layer"], key=result["by_layer"].get)
    most, least = (f"{name} ({round(100 * result['by_layer'][name])} %)" for name in (ordered[-1], ordered[0]))
    return (
        f"{how} in the style {style}. Style gained: {round(100 * result['gained'])} % of the photograph's distance "
        f"from it is gone{grown}; most in the layer {most}, least in {least}. Content kept: a cosine of "
        f"{result['cosine']:.2f} with the photograph's."
    )


# ---- drawn -----------------------------------------------------------------------------------------------------------


def render(result):
    """The picture, its meters, and what it was made of.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    first, second = result["titles"]
    sources = [
        _shown(result["photo"], "The photograph", 120),
        *(
            _shown(one, f"The painting {name}", 120)
            for one, name in zip(result["paintings"], (first, second), strict=True)
        ),
    ]
    picture = _shown(result["picture"], f"The photograph painted in a style between {first} and {second}", 340, "")
    rows = [(f"in {name}", f"{round(100 * gained)} %") for name, gained in result["by_layer"].items()]
    meters = (
        _meter("Style gained", result["gained"], f"{round(100 * result['gained'])} %", "#9600fa")
        + _meter("Content kept (cosine)", result["cosine"], f"{result['cosine']:.2f}", "#0064af")
        + table("Style gained, layer by layer", ("",), rows)
    )
    return block(row(picture, f'<div style="flex: 1 1 220px; max-width: 300px">{meters}</div>') + row(*sources))


def _shown(picture, alt, width, caption=None):
    high, wide = picture.shape[:2]
    drawn = image(encode_picture(picture), f"{alt}, {wide} by {high} pixels", style=f"aspect-ratio: {wide} / {high}")
    caption = escape(alt if caption is None else caption)
    return f'<div style="flex: 0 1 {min(width, width * wide // high)}px">{drawn}{caption}</div>'


def _meter(name, value, text, colour):
    """A bar from nothing to all, with its number."""
    length = 200 * min(max(value, 0), 1)
    return (
        f'<div>{name}: <b>{text}</b></div><svg role="img" aria-label="{name}: {text} of a bar that ends at all" '
        'viewBox="0 0 200 14" style="width: 200px; max-width: 100%; background: #fff">'
        f'<rect width="{length:.1f}" height="14" fill="{colour}"/>'
        '<rect x=".5" y=".5" width="199" height="13" fill="none" stroke="#767676"/></svg>'
    )


# ---- the panel -------------------------------------------------------------------------------------------------------


class _Work(threading.Thread):
    """A refinement beside the page: the last picture that it showed, and what it came to."""

    def __init__(self, act):
        super().__init__(daemon=True)  # a kernel that ends does not wait for it
        self._act, self.latest, self.picture, self.error, self.enough = act, None, None, None, False

    def watch(self, step, picture):
        """Take note of a step; True if it was the last."""
        self.latest = step, picture
        return self.enough

    def run(self):
        try:
            self.picture = self._act(self.watch)
        except Exception as error:  # raised where it can be told
            self.error = error


class StyleMixer(Answering):
    """A photograph, two paintings, and a slider between them; `style_mixer` is the way to one.

    Parameters
    ----------
    photo, first, second : anything `open_picture` reads, optional
        Chosen at the start, at the heads of the lists of what is shipped.
    studio : optional
        What paints and measures, as `Studio` does, which is the one by default.

    Attributes
    ----------
    result : dict or None
        From `compute`, for the controls as they stand.
    refining : bool
        Is it being refined now?
    error : Exception or None
        What went wrong last, also shown as a sentence.
    """

    _ipython_display_ = None  # ipywidgets 7 has one, and it would come before _repr_mimebundle_
    _compute = staticmethod(compute)

    def __init__(self, photo=None, first=None, second=None, *, studio=None):
        self.studio = studio or Studio()
        self._seen, self._vectors = {}, {}  # by the pictures' ids: the pictures, and what the networks said of them
        self._work: Any = None
        self._timer = self._refined = None
        self._before = 0  # steps that what is being refined had had
        self.photo = self._choice("Photo", photographs(), photo, START[0])
        self.first = self._choice("First painting", shipped_paintings(), first, START[1])
        self.second = self._choice("Second painting", shipped_paintings(), second, START[2])
        self.share = number_slider("First to second (%)", 0, 0, 100, step=5)
        self.strength = number_slider("Strength of the paint (%)", 100, 0, 100, step=5)
        self.keep = number_slider("Refine: content to keep (%)", 70, 0, 100, step=5)
        self.steps = number_slider("Refine: steps", 90, 30, 300, step=10)
        self.weights = {name: number_slider(f"Refine: {name} (%)", 100, 0, 100, step=10) for name in self.studio.layers}
        self.start = ipywidgets.Button(description="Refine", button_style="primary", icon="paint-brush")
        self.stop = ipywidgets.Button(description="Stop, keep the best so far", icon="stop", disabled=True)
        self.stop.layout.width = "max-content"
        self.progress = ipywidgets.IntProgress(min=0, max=1, description="Refined", layout={"display": "none"})
        self.drawing, self.words = ipywidgets.HTML(), ipywidgets.HTML()
        buttons = ipywidgets.HBox([self.start, self.stop, self.progress], layout={"flex_flow": "row wrap"})
        choices, sliders = [self.photo, self.first, self.second], [self.share, self.strength]
        later = [self.keep, self.steps, *self.weights.values()]
        super().__init__([*choices, *sliders, self.words, self.drawing, buttons, *later])
        self._watch(*sliders)
        self.start.on_click(lambda _: self._try(self.refine))
        self.stop.on_click(lambda _: self._try(self.halt))
        self._answer()  # not `update`: without TensorFlow a sentence stands here, and the notebook goes on

    def _choice(self, description, names, own, start):
        """A list of shipped pictures, led by the one given, with a button for another of the learner's own."""

        def upload(take):
            made = PictureUpload(take, max_side=SIDE)
            made.button.description = f"Your own {description.lower()}"
            return made

        given = None if own is None else (f"Your {description.lower()}", open_picture(own, max_side=SIDE))
        shipped = [(titled(name), name) for name in names]
        made = Choice(
            description, shipped, lambda name: shipped_picture(name, max_side=SIDE), upload, self._moved, given
        )
        made.list.style.description_width = "110px"
        if own is None:
            with self._unwatched():
                made.list.value = start
        return made

    @property
    def refining(self):
        return self._work is not None

    @property
    def parameters(self):
        """What the controls say, for `compute`."""
        photo, *paintings = pictures = [choice.chosen for choice in (self.photo, self.first, self.second)]
        side = max(photo.shape[:2])
        known, self._seen = self._seen, {}
        for one in pictures:  # each is looked at once, as long as it is chosen; a painting, beside this size
            key = id(one), one is photo, side
            self._seen[key] = known.get(key) or (one, self.studio.look(one if one is photo else beside(one, photo)))
        self._vectors = {id(p): self._vectors.get(id(p)) or (p, self.studio.vector(p)) for p in paintings}
        return {
            "photo": photo,
            "paintings": tuple(paintings),
            "titles": (self.first.list.label, self.second.list.label),
            "share": self.share.value / 100,
            "strength": self.strength.value / 100,
            "studio": self.studio,
            "seen": [self._seen[id(one), one is photo, side][1] for one in pictures],
            "vectors": [self._vectors[id(p)][1] for p in paintings],
            "refined": self._refined,
        }

    def update(self):
        """Paint and measure what the controls ask for; what goes wrong is raised."""
        self.words.value = told("Painting ...")
        super().update()

    def _moved(self, _=None):
        if self._watching:  # what was refined was an answer to something else
            self._leave()
            self._refined = None
        super()._moved()

    def _show(self, result):
        self.drawing.value, self.words.value = render(result), told(summary(result))

    # ---- refining

    def refine(self):
        """Go on by optimisation from what is seen: in a running notebook beside its cells, elsewhere to the end."""
        if self.refining:
            return
        self._settle()
        if self._result is None:
            self.update()
        shown: Any = self._result
        weights = [slider.value / 100 for slider in self.weights.values()]
        if not any(weights):
            raise ValueError("All layers have a weight of 0, so there is no style to paint: move one of them.")
        settings = {
            "weights": weights,
            "keep": self.keep.value / 100,
            "steps": self.steps.value,
            "share": shown["share"],
        }
        pictures = shown["picture"], shown["photo"], shown["paintings"]
        self._work = work = _Work(lambda watch: self.studio.refine(*pictures, watch=watch, **settings))
        self._before = shown["refined"][1] if shown["refined"] else 0
        self.progress.max, self.progress.value, self.progress.layout.display = self.steps.value, 0, ""
        self.start.disabled, self.stop.disabled = True, False
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script or a test
            work.run()
            self._finish()
            return
        work.start()
        self._timer = loop.call_later(ROUND, self._tick, loop)

    def _tick(self, loop):
        """Draw how far it has come; what has ended is taken over."""
        self._timer = None
        if not self._work.is_alive():
            self._try(self._finish)
            return
        self._try(self._draw_latest)
        self._timer = loop.call_later(ROUND, self._tick, loop) if self.refining else None

    def _draw_latest(self):
        if self._work.latest:
            step, picture = self._work.latest
            self.progress.value = step
            self._refined = picture, self._before + step
            super().update()

    def _finish(self):
        work = self._work
        self._leave()
        if work.error:
            raise work.error
        self._refined = work.picture, self._before + (work.latest[0] if work.latest else 0)
        super().update()

    def halt(self):
        """Stop after this step: the best so far is kept."""
        if self._work:
            self._work.enough = True

    def _leave(self):
        """Let go of what is being refined; it ends by itself after a step."""
        if self._timer:
            self._timer.cancel()
        self.halt()
        self._work = self._timer = None
        self.start.disabled, self.stop.disabled, self.progress.layout.display = False, True, "none"

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The panel, and for pages without a kernel what it showed when the cell was run."""
        return bundle(self, f"<StyleMixer of {self.photo.list.label}>", f"{self.words.value}{self.drawing.value}")


def style_mixer(photo=None, first=None, second=None, *, studio=None):
    """Paint a photograph in a style between two paintings, and refine it.

    Parameters
    ----------
    photo, first, second : anything `open_picture` reads, optional
        Chosen at the start; shipped ones by default.
    studio : optional
        What paints and measures; the shipped networks by default.

    Returns
    -------
    StyleMixer

    Notes
    -----
    Taught in chapter 04, section "Painting at once".
    """
    return StyleMixer(photo, first, second, studio=studio)
