"""Change one thing in a picture, see which qualities of its music move, and hear both.

Either the picture is edited (lightened, roughened ...), and all that is seen in it may move with it; or one of the
numbers that a spectral road is told is moved alone, which no real picture could do.

Taught in chapter 08.
"""

from html import escape

import ipywidgets
import numpy as np

from ..evaluation.edits import EDITS
from ..plots import COLOURS
from ..visual_features import FEATURES
from .controls import Answering, choice_list, picture_choice, value_slider
from .markup import block, bundle, encode_picture, image, row, sound_player, table, told

__all__ = ["QUALITIES", "MappingExplorer", "compute", "hear", "mapping_explorer", "render", "start", "summary"]

SECONDS = 8.0  # the shortest piece that a road makes
SIDE = 256  # px, of the pictures that are shown
AMOUNTS = tuple(np.arange(-4, 5) / 2)  # standard units that a number may be moved by

#: Quality -> what it is called, its unit, and the change that fills half of the drawing.
QUALITIES = {
    "tempo": ("Tempo", "BPM", 20.0),
    "level": ("Level", "dB", 6.0),
    "brightness": ("Brightness", "octaves", 1.0),
    "activity": ("Activity", "dB", 0.6),
}
NOTHING = 0.02  # of the change above: less is told as "no change"


def compute(parameters):
    """What becomes of the music when one thing in the picture is changed.

    Parameters
    ----------
    parameters : dict
        "picture": np.ndarray, shape (H, W, 3), uint8; "change": a name of `evaluation.edits.EDITS`, or of
        `visual_features.FEATURES`; "amount": float, standard units that a feature is moved by (an edit has its own
        strength); "road": `networks.spectral.SpectralRoad`; "seed": int; "start", optional: what `start` gives for
        picture, road and seed, where it is known already.

    Returns
    -------
    dict
        "before", "after": `networks.spectral.Made`; "edited": the picture after an edit, None for a feature;
        "seen": dict of feature to how far it moved, standard units; "moved": dict of each of `QUALITIES` to its change;
        "causes": as `SpectralRoad.causes` gives them for the picture as it is; and the parameters.

    Raises
    ------
    ValueError
        There is no such edit or feature, an amount that is not finite, or a picture that is none.

    Notes
    -----
    Taught in chapter 08, section "What moves what?".
    """
    from ..networks.pairs import seen
    from ..networks.spectral import summaries

    picture, change, road, seed = (parameters[name] for name in ("picture", "change", "road", "seed"))
    if change not in EDITS and change not in FEATURES:
        raise ValueError(
            f"There is no edit or feature {change!r:.40}: the edits are {', '.join(EDITS)}, the features "
            f"{', '.join(FEATURES)}."
        )
    amount = float(parameters["amount"])
    if not np.isfinite(amount):
        raise ValueError(f"A number can be moved by -2 to 2 standard units, but {amount} was asked for.")
    known = parameters.get("start") or start(picture, road, seed)
    features, columns = known["seen"]
    edited = EDITS[change].function(picture) if change in EDITS else None
    if edited is not None:
        other, other_columns = seen(edited)
    else:
        other, other_columns = features.copy(), columns
        other[list(FEATURES).index(change)] += amount
    before, after = known["before"], road.make((other, other_columns), seconds=SECONDS, seed=seed)
    found = summaries(np.stack([before.log_mel, after.log_mel]))
    moved = {name: float(values[1] - values[0]) for name, values in found.items()}
    moved["tempo"] = after.tempo - before.tempo
    return parameters | {
        "before": before,
        "after": after,
        "edited": edited,
        "seen": dict(zip(FEATURES, map(float, other - features), strict=True)),
        "moved": {name: moved[name] for name in QUALITIES},
        "causes": known["causes"],
    }


def start(picture, road, seed):
    """What stays the same when only the change is another: "seen" in the picture, what is made "before", its "causes".

    Takes about a sixth of a second; a slider need not wait for it each time.
    """
    from ..networks.pairs import seen

    found = seen(picture)
    before = road.make(found, seconds=SECONDS, seed=seed)
    return {"seen": found, "before": before, "causes": road.causes(before)}


def hear(result):
    """Both pieces as sounds, before and after the change."""
    return tuple(
        result["road"].sound(result[which], title=f"{title}, by the road {result['road'].name}")
        for which, title in (("before", "As it is"), ("after", described(result).capitalize()))
    )


# ---- in words --------------------------------------------------------------------------------------------------------


def described(result):
    """What was changed, in a few words."""
    change = readable(result["change"])
    return f"edit: {change}" if result["edited"] is not None else f"only {change}, {result['amount']:+.1f}"


def readable(name):
    """A feature's or an edit's name as people write it."""
    return name.replace("_", " ")


def summary(result):
    """What was changed, and what moved, in words."""
    strong = sorted(result["seen"].items(), key=lambda pair: -abs(pair[1]))[:3]
    seen = ", ".join(f"{readable(name)} {value:+.1f}" for name, value in strong if abs(value) >= 0.05)
    moved = []
    for name, (title, unit, full) in QUALITIES.items():
        value = result["moved"][name]
        still = abs(value) < NOTHING * full
        moved.append(f"{title.lower()} does not change" if still else f"{title.lower()} {number(name, value)} {unit}")
    before, after = result["before"].tempo, result["after"].tempo
    return (
        f"{described(result).capitalize()}. Of what is seen, {seen or 'nothing'} moved (standard units). In the music "
        f"{', '.join(moved)}. It goes at {before:.0f} beats a minute before, {after:.0f} after."
    )


def number(name, value):
    """A change with its sign, as many digits as its unit is worth."""
    return f"{value:+.0f}" if name == "tempo" and abs(value) >= 10 else f"{value:+.{1 if name == 'tempo' else 2}f}"


def strongest(result):
    """Each quality with the feature that moves it most in the picture as it is, and by how much."""
    causes = result["causes"]
    found = []
    for name, (title, unit, _) in QUALITIES.items():
        feature = max(causes, key=lambda one: abs(causes[one][name]))
        found.append((title, readable(feature), f"{number(name, causes[feature][name])} {unit}"))
    return found


# ---- drawn -----------------------------------------------------------------------------------------------------------

_WIDTH, _LINE, _MIDDLE, _HALF = 560, 34, 300, 150  # px of the drawing; where no change is, and the longest bar


def render(result):
    """The picture before and after, bars with numbers for what moved in the music, and a table of causes.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    str
        HTML, complete in itself; the sounds come with `hear`.
    """
    pictures = [(result["picture"], "The picture as it is.")]
    if result["edited"] is not None:
        pictures.append((result["edited"], f"The picture after the edit {readable(result['change'])}."))
    shown = row(
        *(f'<div style="width: 180px">{image(encode_picture(_small(one)), words)}</div>' for one, words in pictures)
    )
    moved = [(title, f"{number(name, result['moved'][name])} {unit}") for name, (title, unit, _) in QUALITIES.items()]
    return block(
        f"{shown}{_bars(result)}{table('What the change moved in the music', ('change',), moved)}"
        f"{table('What moves each quality most, in the picture as it is', ('feature', 'by'), strongest(result))}"
    )


def _small(picture):
    step = max(1, -(-max(picture.shape[:2]) // SIDE))
    return np.ascontiguousarray(picture[::step, ::step])


def _bars(result):
    """Bars to the right for more and to the left for less, each with its number."""
    parts = []
    for n, (name, (title, unit, full)) in enumerate(QUALITIES.items()):
        value, y = result["moved"][name], n * _LINE + 6
        length = max(min(abs(value) / full, 1.0) * _HALF, 1.0)
        left = _MIDDLE - (length if value < 0 else 0)
        anchor, at = ("end", left - 6) if value < 0 else ("start", left + length + 6)
        beyond = " (beyond the drawing)" if abs(value) > full else ""
        parts.append(
            f'<text x="2" y="{y + 16}" font-size="14" fill="#222">{escape(title)}</text>'
            f'<rect x="{left:.1f}" y="{y}" width="{length:.1f}" height="22" fill="{COLOURS[int(value < 0)]}"/>'
            f'<text x="{at:.1f}" y="{y + 16}" font-size="13" text-anchor="{anchor}" fill="#222">'
            f"{number(name, value)} {unit}{beyond}</text>"
        )
    tall = len(QUALITIES) * _LINE + 4
    alt = f"Bars for what moved, less to the left, more to the right. {summary(result)}"
    return (
        f'<svg role="img" aria-label="{escape(alt)}" viewBox="0 0 {_WIDTH} {tall}" style="width: 100%; '
        f'max-width: {_WIDTH}px; background: white">{"".join(parts)}'
        f'<path d="M{_MIDDLE} 0V{tall}" stroke="#444"/></svg>'
    )


# ---- the panel -------------------------------------------------------------------------------------------------------


class MappingExplorer(Answering):
    """A picture, a road, one change, and what it moves; `mapping_explorer` is the way to one.

    Parameters
    ----------
    picture : anything `open_picture` reads, optional
        Chosen at the start, at the head of the list of shipped pictures.
    own : mapping of str to SpectralRoad, optional
        Roads of the learner's own by their titles, before the shipped ones.
    seed : int
        Of both pieces: key, metre, and the chance of those roads that have any.

    Attributes
    ----------
    result : dict or None
        From `compute`, for the controls as they stand.
    error : Exception or None
        What went wrong last, also shown as a sentence; None if nothing did.
    """

    _ipython_display_ = None  # ipywidgets 7 has one, and it would come before _repr_mimebundle_

    def __init__(self, picture=None, *, own=None, seed=0):
        from ..networks.spectral import KINDS

        self._own, self._seed = dict(own or {}), seed
        self._start: tuple = (), None
        self.picture = picture_choice(self._moved, picture)
        self.road = choice_list("Road", [*((name, f"own:{name}") for name in self._own), *((n, n) for n in KINDS)])
        changes = [(f"Edit the picture: {readable(name)}", name) for name in EDITS]
        changes += [(f"Move one number: {readable(name)}", name) for name in FEATURES]
        self.change = choice_list("Change", changes)
        self.amount = value_slider("By (standard units)", [(f"{value:+.1f}", value) for value in AMOUNTS], AMOUNTS[-2])
        self.button = ipywidgets.Button(description="Hear both", icon="music", button_style="primary")
        self.drawing, self.words, self.sounds = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()
        controls = (self.picture, self.road, self.change, self.amount)
        super().__init__([*controls, self.words, self.drawing, self.button, self.sounds])
        self._watch(self.road, self.change, self.amount)
        self.button.on_click(lambda _: self._try(self.hear))
        self._try(self.update)

    @property
    def parameters(self):
        """What the controls say, for `compute`."""
        from ..networks.spectral import open_road

        kind, _, title = self.road.value.partition(":")
        picture, road = self.picture.chosen, self._own[title] if kind == "own" and title else open_road(kind)
        return {
            "picture": picture,
            "change": self.change.value,
            "amount": self.amount.value,
            "road": road,
            "seed": self._seed,
            "start": self._started(picture, road),
        }

    def _started(self, picture, road):
        """`start` of this picture and road, found once."""
        if [id(one) for one in self._start[0]] != [id(picture), id(road)]:
            self._start = (picture, road), start(picture, road, self._seed)
        return self._start[1]

    def hear(self):
        """Make both sounds and show their players; what goes wrong is raised."""
        self._settle()
        if self._result is None:
            self.update()
        self.button.disabled = True
        try:
            self.sounds.value = row(*map(sound_player, hear(self._result)))
        finally:
            self.button.disabled = False

    def _compute(self, parameters):
        self.sounds.value = ""  # what could still be heard would belong to another change
        self.amount.disabled = parameters["change"] in EDITS  # an edit has its own strength
        return compute(parameters)

    def _show(self, result):
        self.words.value = told(summary(result))
        self.drawing.value = render(result)

    def _say(self, error, sentence):
        self.sounds.value = ""
        super()._say(error, sentence)

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The panel, and for pages without a kernel what it showed when the cell was run."""
        return bundle(
            self,
            f"<MappingExplorer of {self.picture.list.label}>",
            f"{self.words.value}{self.drawing.value}{self.sounds.value}",
        )


def mapping_explorer(picture=None, *, own=None, seed=0):
    """Change one thing in a picture, and see and hear what it moves in the music of a spectral road.

    Parameters
    ----------
    picture : anything `open_picture` reads, optional
        Chosen at the start.
    own : mapping of str to SpectralRoad, optional
        Roads of one's own by their titles.
    seed : int

    Returns
    -------
    MappingExplorer

    Notes
    -----
    Taught in chapter 08, section "What moves what?".
    """
    return MappingExplorer(picture, own=own, seed=seed)
