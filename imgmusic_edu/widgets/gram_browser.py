"""Which channels of a layer fire together, and where: a Gram matrix, its strongest pairs, and the maps they come from.

The maps can be shuffled: every place goes somewhere else, the same one for all channels. The picture falls apart, and
the Gram matrix does not change, for it is a sum over places. That is all there is to "style".

Taught in chapter 04, "Gram matrices".
"""

from dataclasses import replace

import ipywidgets
import numpy as np

from .. import backbones
from ..style import gram_matrix
from ..style.aims import STYLE_LAYERS
from .controls import Answering, choice_list, number_slider, picture_choice, value_slider
from .layer_browser import glowing, shades
from .markup import block, bundle, encode_picture, encode_shades, image, row, table, told

__all__ = ["LAYERS", "GramBrowser", "compute", "gram_browser", "render", "summary"]

#: Those that `style.painting` paints by. They end in ReLU6: what they answer is 0 or more, so "fires" means something.
LAYERS = STYLE_LAYERS["efficientnet_lite0"]
STEPS = {1: "all", 2: "every 2nd, both ways", 4: "every 4th, both ways"}
N_LARGEST, N_TOGETHER, N_CHOICES = 3, 5, 15  # pairs in the table, of either kind; in the list
FIRES = 0.05  # of the largest answer: less is told as silence
_TINY = 1e-12


def compute(parameters):
    """A layer's Gram matrix, and one pair of its channels, place by place.

    Parameters
    ----------
    parameters : dict
        "features": np.ndarray, shape (h, w, channels), what a layer makes of the picture; "picture": np.ndarray, shape
        (H, W, 3), uint8; "layer": its name; "pair": (int, int), two channels, or one twice; "shuffled": bool,
        do the places change seats; "normalise": bool, divide by their number; "step": int, 1 counts all places, 2
        every second one along both axes, as in a picture half the size.

    Returns
    -------
    dict
        "gram": np.ndarray, shape (channels, channels), of the maps as they stand; "difference": its largest difference
        from that of the unshuffled maps, over its largest entry; "places": how many were summed; "growth": its size
        (Frobenius norm) over that of all places; "maps": np.ndarray, shape (h, w, 2), and "both", their product; "own":
        correlation of the first map with itself before the shuffle; "order": channels as they are drawn; "chosen",
        "largest" and "together": the pair, those of the largest entries, and those that vary together most, a dict
        each: "pair"; "value", G_ij; "share", of the sum of all squares in G, which is what a style loss weighs, 0..1;
        "cosine", G_ij / sqrt(G_ii G_jj); "correlation" of the two maps; and the parameters.

    Raises
    ------
    ValueError
        Features of another shape, or no such channels.

    Notes
    -----
    Taught in chapter 04, section "What the sum forgets".
    """
    features, (i, j), step = np.asarray(parameters["features"]), parameters["pair"], parameters["step"]
    if features.ndim != 3 or 0 in features.shape:
        raise ValueError(f"Features of shape (h, w, channels) are needed, these have the shape {features.shape}.")
    channels = features.shape[2]
    if not (0 <= i < channels and 0 <= j < channels):
        raise ValueError(f"The layer has channels 0 to {channels - 1}; {i} and {j} were asked for.")
    whole = features.astype(np.float64)
    kept = whole[::step, ::step]
    seated = _shuffled(kept) if parameters["shuffled"] else kept
    before, gram = (_gram(one, parameters["normalise"]) for one in (kept, seated))
    size = max(float(np.linalg.norm(_gram(whole, parameters["normalise"]))), _TINY)
    covariance = _covariance(seated)
    (chosen,) = _told(gram, covariance, [(i, j)])
    return parameters | {
        "gram": gram,
        "difference": float(np.abs(gram - before).max()) / max(float(np.abs(before).max()), _TINY),
        "places": kept[..., 0].size,
        "growth": float(np.linalg.norm(gram)) / size,
        "maps": seated[..., [i, j]],
        "both": seated[..., i] * seated[..., j],
        "own": _cosine(_covariance(np.stack([kept[..., i], seated[..., i]], axis=2)), 0, 1),
        "chosen": chosen,
        "largest": _told(gram, covariance, _strongest(gram, N_LARGEST)),
        "together": _told(gram, covariance, _strongest(covariance, N_TOGETHER)),
        "order": _alike(covariance),
    }


def _gram(features, normalise):
    return gram_matrix(features[None], normalise=normalise)[0]


def _covariance(features):
    """The Gram matrix of what is left of the channels without their means."""
    return _gram(features - features.mean(axis=(0, 1)), True)


def _shuffled(features):
    """Every place at another one's seat, all channels together; always in the same way."""
    places = features.reshape(-1, features.shape[2])
    return np.random.default_rng(4).permutation(places, axis=0).reshape(features.shape)


def _strongest(matrix, n):
    """The n pairs of two channels with the largest entries, the largest first: a list of (int, int)."""
    first, second = np.triu_indices(len(matrix), 1)
    best = np.argsort(-matrix[first, second], kind="stable")[:n]
    return [(int(first[k]), int(second[k])) for k in best]


def _told(gram, covariance, pairs):
    """What there is to say of pairs of channels, a dict each (see `compute`)."""
    whole = max(float((gram**2).sum()), _TINY)
    return [
        {
            "pair": (i, j),
            "value": float(gram[i, j]),
            "share": float((1 if i == j else 2) * gram[i, j] ** 2 / whole),
            "cosine": _cosine(gram, i, j),
            "correlation": _cosine(covariance, i, j),
        }
        for i, j in pairs
    ]


def _cosine(matrix, i, j):
    length = float(np.sqrt(max(matrix[i, i] * matrix[j, j], 0)))
    return float(matrix[i, j]) / length if length > _TINY else 0.0


def _alike(covariance):
    """Channels so that those which vary alike are neighbours; flat ones come last.

    By their angle in the plane of the first two eigenvectors of the correlations (Friendly 2002, "Corrgrams", doi
    10.1198/000313002533), begun at the widest gap.
    """
    spread = np.sqrt(np.maximum(np.diag(covariance), 0))
    alive, flat = np.flatnonzero(spread > _TINY), np.flatnonzero(spread <= _TINY)
    if len(alive) < 3:
        return np.concatenate([alive, flat])
    _, vectors = np.linalg.eigh((covariance / np.maximum(np.outer(spread, spread), _TINY))[np.ix_(alive, alive)])
    angles = np.arctan2(vectors[:, -2], vectors[:, -1])
    order = np.argsort(angles, kind="stable")
    gaps = np.diff(angles[order], append=angles[order[0]] + 2 * np.pi)
    return np.concatenate([alive[np.roll(order, -1 - int(gaps.argmax()))], flat])


# ---- in words --------------------------------------------------------------------------------------------------------


def summary(result):
    """What the pair does together, and what the switches did to the Gram matrix, in words."""
    (i, j), chosen, largest, n = result["pair"], result["chosen"], result["largest"], len(result["gram"])
    words = [
        f"Layer {result['layer']}: G has {n} by {n} entries, each a {'mean' if result['normalise'] else 'sum'} over "
        f"{result['places']} places. {f'Channel {i} with itself' if i == j else f'Channels {i} and {j}'}: G = "
        f"{chosen['value']:.4g}, {_share(chosen)} of what a style loss weighs."
    ]
    if i != j:
        words.append(
            f"Cosine {chosen['cosine']:.2f}, correlation {_signed(chosen['correlation'])}. {_together(result)}"
        )
        if largest and largest[0]["pair"] != tuple(sorted((i, j))):
            name, value, *_, correlation = _line("The largest entry is that of ", largest[0])
            words.append(f"{name}, {value}, correlation {correlation}.")
    if result["shuffled"]:
        rest = f"{result['difference']:.0e} of its largest entry: rounding" if result["difference"] else "0"
        words.append(
            f"The places are shuffled: the map of channel {i} has a correlation of {_signed(result['own'])} with what "
            f"it was, but G is the same; the largest difference is {rest}."
        )
    if result["step"] > 1:
        words.append(f"With fewer places G is {result['growth']:.2f} times as large as with all of them.")
    return " ".join(words)


def _share(one):
    """What a pair holds of G, in percent."""
    return f"{100 * one['share']:.2g} %"


def _signed(value):
    return f"{round(value, 2) + 0.0:+.2f}"  # never "-0.00"


def _together(result):
    maps = result["maps"]
    fires = maps > FIRES * np.maximum(maps.max(axis=(0, 1)), _TINY)
    first, second, both = fires[..., 0].mean(), fires[..., 1].mean(), fires.all(axis=2).mean()
    return (
        f"The first fires in {100 * first:.0f} % of the places, the second in {100 * second:.0f} %, both at once in "
        f"{100 * both:.0f} % (by chance it would be {100 * first * second:.0f} %)."
    )


# ---- drawn -----------------------------------------------------------------------------------------------------------


def render(result):
    """Both maps and their product on the picture, the Gram matrix with the pair marked, and the strongest pairs.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    (i, j), maps, both = result["pair"], result["maps"], result["both"]
    apart = ", its places shuffled" if result["shuffled"] else ""
    total = f"mean {both.mean():.4g}" if result["normalise"] else f"sum {both.sum():.4g}"
    shown = [
        _laid(result, maps[..., k], f"Channel {one}{apart}", f"Channel {one}: mean {maps[..., k].mean():.3g}")
        for k, one in enumerate(dict.fromkeys((i, j)))
    ]
    shown.append(_laid(result, both, f"Channel {i} times channel {j}{apart}", f"Both: {total} = G"))
    heads = ("G", "share", "correlation")
    rows = [_line("chosen: ", result["chosen"])]
    rows += [_line("largest entry: " if n == 0 else "then ", one) for n, one in enumerate(result["largest"])]
    rows += [_line("varies together most: " if n == 0 else "then ", one) for n, one in enumerate(result["together"])]
    pairs = f'<div style="flex: 1 1 280px">{table("Pairs of channels", heads, rows)}</div>'
    return block(row(*shown) + row(_drawn_gram(result), pairs))


def _line(before, one):
    name = "{}{} and {}".format(before, *one["pair"])
    return name, f"{one['value']:.4g}", _share(one), _signed(one["correlation"])


def _laid(result, values, what, caption):
    """A map, as light of the colours of magma on the picture in grey."""
    high, wide = result["picture"].shape[:2]
    alt = f"{what}: {values.shape[0]} by {values.shape[1]} places, dark is 0 or less, bright up to {values.max():.3g}"
    source = encode_picture(glowing(result["picture"], shades(values)))
    drawn = image(source, alt, style=f"aspect-ratio: {wide} / {high}")
    return f'<div style="flex: 0 1 {min(212, max(120, 212 * wide // high))}px">{drawn}{caption}</div>'


def _drawn_gram(result):
    """G as shades, the root of each entry, with a mark around the pair."""
    gram, order, (i, j) = np.abs(result["gram"]), result["order"], result["pair"]
    shades = np.sqrt(gram / max(float(gram.max()), _TINY))[np.ix_(order, order)]
    n, seats = len(gram), {int(channel): seat for seat, channel in enumerate(order)}
    alt = (
        f"The Gram matrix of {n} channels, those that vary alike side by side; bright where two fire together, up to "
        f"{gram.max():.3g}; a frame marks channels {i} and {j}"
    )
    frame = "width: 8px; height: 8px; margin: -6px; border: 2px solid #fff; outline: 1px solid #000"
    marks = "".join(
        f'<div style="position: absolute; left: {100 * (seats[x] + 0.5) / n:.2f}%; '
        f'top: {100 * (seats[y] + 0.5) / n:.2f}%; {frame}"></div>'
        for x, y in sorted({(i, j), (j, i)})
    )
    drawn = image(encode_shades(shades), alt, style="aspect-ratio: 1")
    return (
        '<div style="flex: 0 1 240px"><div style="position: relative; overflow: hidden; margin: 8px 0 2px">'
        f"{drawn}{marks}</div>G: shades are roots, dark is 0; channels that vary alike are side by side</div>"
    )


# ---- the panel -------------------------------------------------------------------------------------------------------


class GramBrowser(Answering):
    """A picture, a layer, two of its channels, and what they do together; `gram_browser` is the way to one.

    Parameters
    ----------
    picture : anything `open_picture` reads, optional
        Chosen at the start, at the head of the list of shipped pictures.
    network : backbones.Backbone, optional
        The shipped EfficientNet-Lite0 by default.
    layers : sequence of str
        Names of its layers that have places.

    Attributes
    ----------
    result : dict or None
        From `compute`, for the controls as they stand.
    error : Exception or None
        What went wrong last, also shown as a sentence: TensorFlow is missing, for one.
    """

    _ipython_display_ = None  # ipywidgets 7 has one, and it would come before _repr_mimebundle_
    _compute = staticmethod(compute)

    def __init__(self, picture=None, *, network=None, layers=LAYERS):
        self._network, self._layers = network, tuple(layers)
        self._seen: tuple = None, {}  # a picture, and what each layer makes of it
        self._at: tuple = None, None  # the picture and the layer that the list of pairs is of
        self.picture = picture_choice(self._moved, picture)
        self.layer = value_slider("Layer", [(name, name) for name in self._layers], self._layers[0])
        self.pair = choice_list("Pair", [("as the sliders say", "")])
        self.first, self.second = (number_slider(f"{name} channel", 0, 0, 0) for name in ("First", "Second"))
        self.shuffled = _switch("Shuffle the places", False)
        self.normalise = _switch("Divide by the number of places", True)
        self.step = value_slider("Places that count", [(text, step) for step, text in STEPS.items()], 1)
        self.drawing, self.words = ipywidgets.HTML(), ipywidgets.HTML()
        controls = (self.layer, self.first, self.second, self.shuffled, self.step, self.normalise)
        super().__init__([self.picture, self.layer, self.pair, *controls[1:], self.words, self.drawing])
        self._watch(*controls)
        self.pair.observe(self._picked, names="value")
        self._answer()  # not `update`: without TensorFlow a sentence stands here, and the notebook goes on

    @property
    def parameters(self):
        """What the controls say, for `compute`."""
        picture, found = self._seen
        layer = self.layer.value
        return {
            "features": found[layer],
            "picture": picture,
            "layer": layer,
            "pair": (self.first.value, self.second.value),
            "shuffled": self.shuffled.value,
            "normalise": self.normalise.value,
            "step": self.step.value,
        }

    def update(self):
        """Look at a new picture, and show the pair; what goes wrong is raised."""
        self._look()
        self._fit()
        super().update()

    def _look(self):
        """Show the network the picture, once."""
        picture = self.picture.chosen
        if self._seen[0] is picture:
            return
        self.words.value = told("The network looks at the picture ...")
        if self._network is None:
            self._network = backbones.load()
        if isinstance(self._network, backbones.Backbone) and not set(self._layers) <= set(self._network.layers):
            self._network = replace(self._network, layers=self._layers)  # to ask for what lies inside its blocks
        found = self._network.activations([picture], self._layers)
        self._seen = picture, {layer: rows[0] for layer, rows in found.items()}

    def _fit(self):
        """Let the sliders run over a layer's channels, the list over its pairs; a new layer begins with the first."""
        picture, layer = self._seen[0], self.layer.value
        features = self._seen[1][layer].astype(np.float64)
        with self._unwatched():
            if self._at[0] is not picture or self._at[1] != layer:
                best = _strongest(_covariance(features), N_CHOICES)
                loud = [pair for pair in _strongest(_gram(features, True), N_LARGEST) if pair not in best]
                kinds = ["vary together"] * len(best) + ["large in G"] * len(loud)
                named = [(f"{i} and {j}: {kind}", (i, j)) for (i, j), kind in zip(best + loud, kinds, strict=True)]
                self.pair.options = [*named, ("as the sliders say", "")]
                if self._at[1] != layer:
                    for slider, channel in zip((self.first, self.second), best[0] if best else (0, 0), strict=True):
                        slider.max = features.shape[2] - 1
                        slider.value = channel
                self._at = picture, layer
            pair = (self.first.value, self.second.value)
            self.pair.value = pair if pair in [value for _, value in self.pair.options] else ""

    def _picked(self, change):
        """A pair of the list moves both sliders, and is answered once."""
        if self._watching and change.new != "":
            with self._unwatched():
                self.first.value, self.second.value = change.new
            self._moved()

    def _show(self, result):
        self.drawing.value, self.words.value = render(result), told(summary(result))

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The panel, and for pages without a kernel what it showed when the cell was run."""
        return bundle(self, f"<GramBrowser of {self.picture.list.label}>", f"{self.words.value}{self.drawing.value}")


def _switch(description, value):
    return ipywidgets.Checkbox(description=description, value=value, indent=False, layout={"width": "max-content"})


def gram_browser(picture=None, *, network=None):
    """Browse a picture's Gram matrices: which channels of a layer fire together, and where.

    Parameters
    ----------
    picture : anything `open_picture` reads, optional
        Chosen at the start, at the head of the list of shipped pictures.
    network : backbones.Backbone, optional
        The shipped EfficientNet-Lite0 by default.

    Returns
    -------
    GramBrowser

    Notes
    -----
    Taught in chapter 04, section "What the sum forgets".
    """
    return GramBrowser(picture, network=network)
