"""What the layers of a network make of a picture: unit by unit, and what it takes the whole for.

Taught in chapter 02, section "Layer by layer".
"""

from html import escape

import ipywidgets
import numpy as np

from .. import backbones
from ..datasets import picture as shipped_picture
from .controls import Answering, choice_list, number_slider, picture_choice, titled, value_slider
from .markup import block, encode_picture, encode_shades, image, magma, row, told

__all__ = ["LayerBrowser", "compute", "layer_browser", "look", "render", "render_classes", "render_pictures", "summary"]

NETWORKS = ("efficientnet_lite0", "vgg16", "resnet50")
N_STRONGEST, N_CLASSES, N_PICTURES = 5, 3, 5
GREY, GLOW = 0.6, 0.85  # how light the picture and the map on it are, of what would be white


def look(network, picture):
    """All that a network makes of a picture; what the sliders choose from.

    Parameters
    ----------
    network : backbones.Backbone
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB

    Returns
    -------
    dict
        "network", "picture"; "activations": layer -> np.ndarray, shape (h, w, channels) or (channels,); "classes": the
        likeliest ones, (name, probability, map) each, the map of shape (h, w), or None for a network that has none.

    Notes
    -----
    Taught in chapter 02, section "Layer by layer".
    """
    activations = {layer: rows[0] for layer, rows in network.activations([picture], network.layers).items()}
    probabilities = activations[network.layers[-1]]
    likeliest = np.argsort(-probabilities, kind="stable")[:N_CLASSES]
    classes = [(network.classes[k], float(probabilities[k]), _class_map(network, picture, k)) for k in likeliest]
    return {"network": network, "picture": picture, "activations": activations, "classes": classes}


def _class_map(network, picture, index):
    try:
        return backbones.class_activation_map(network, picture, int(index))
    except ValueError:  # VGG16 ends in dense layers
        return None


def compute(parameters):
    """One unit of one layer, on a picture that has been looked at.

    Parameters
    ----------
    parameters : dict
        "seen": from `look`; "layer": one of the network's layers; "unit": number of a channel in it.

    Returns
    -------
    dict
        "map": np.ndarray, shape (h, w), the unit's response in each place, or None where the layer has no places;
        "mean": of it (or the number itself); "place": which unit it is when they are sorted by mean response, 1 the
        strongest; "strongest": (unit, mean) of the first five; and the parameters.

    Raises
    ------
    ValueError
        The layer has no such unit.

    Notes
    -----
    Taught in chapter 02, section "Layer by layer".
    """
    layer, unit = parameters["layer"], parameters["unit"]
    activation = parameters["seen"]["activations"][layer]  # (h, w, channels) or (channels,)
    if not 0 <= unit < activation.shape[-1]:
        raise ValueError(f"The layer {layer!r} has units 0 to {activation.shape[-1] - 1}, {unit} was asked for.")
    means = activation.reshape(-1, activation.shape[-1]).mean(axis=0)
    order = np.argsort(-means, kind="stable")
    return parameters | {
        "map": activation[..., unit] if activation.ndim == 3 else None,
        "mean": float(means[unit]),
        "place": int(np.flatnonzero(order == unit)[0]) + 1,
        "strongest": [(int(k), float(means[k])) for k in order[:N_STRONGEST]],
    }


# ---- in words --------------------------------------------------------------------------------------------------------


def summary(result):
    """What the unit answers, and where, in words."""
    network, layer = result["seen"]["network"], result["layer"]
    activation = result["seen"]["activations"][layer]

    def named(unit):
        """Units of the last two layers are classes."""
        return f"{unit} ({network.classes[unit]})" if network.classes and layer in network.layers[-2:] else f"{unit}"

    strongest = ", ".join(f"{named(unit)} with {mean:.3g}" for unit, mean in result["strongest"])
    return (
        f"Unit {named(result['unit'])} of {activation.shape[-1]} in the layer {layer} answers {_response(result)}. "
        f"That makes it number {result['place']} of its layer in this picture. The strongest are {strongest}."
    )


def _response(result):
    values, mean = result["map"], result["mean"]
    if values is None:
        return f"{mean:.3g}; the layer has no places, only a number a unit"
    height, width = values.shape
    told_mean = f"{mean:.3g} on average over {height} by {width} places"
    if values.max() <= 0:
        return f"{told_mean}, and nowhere above 0"
    y, x = np.unravel_index(int(values.argmax()), values.shape)
    down, right = int(3 * (y + 0.5) / height), int(3 * (x + 0.5) / width)  # thirds of the map
    place = f"{('upper', 'middle', 'lower')[down]} {('left', 'middle', 'right')[right]}"
    return f"{told_mean}, most ({values.max():.3g}) at the {place.replace('middle middle', 'centre')}"


# ---- drawn -----------------------------------------------------------------------------------------------------------


def render(result):
    """The picture, glowing where the unit answers, beside the unit's own map.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    str
        HTML.
    """
    picture, values = result["seen"]["picture"], result["map"]
    what = f"unit {result['unit']} of {result['layer']}"
    if values is None:
        return block(_shown(picture, f"The picture; {what} has no places in it"))
    lit = shades(values)
    height, width = lit.shape
    span = f"{values.min():.3g} to {values.max():.3g}"
    alt = f"The map of {what}, bright where it answers most: {span}"
    own_map = image(encode_shades(lit), alt, style=f"aspect-ratio: {width} / {height}")
    return block(
        row(
            _shown(glowing(picture, lit), f"The picture in grey, glowing where {what} answers"),
            f'<div style="flex: 1 1 160px; max-width: 220px">{own_map}{width} by {height} places, {span}; '
            "dark is 0 or less</div>",
        )
    )


def render_classes(seen):
    """What the network takes the picture for, and which places spoke for it.

    Parameters
    ----------
    seen : dict
        From `look`.

    Returns
    -------
    str
        HTML: for each of the likeliest classes the picture, glowing by its class-activation map.
    """
    shown = []
    for name, probability, values in seen["classes"]:
        caption = f"{name}, {100 * probability:.1f} %"
        picture = seen["picture"] if values is None else glowing(seen["picture"], shades(values))
        lit = "" if values is None else " in grey, glowing where it speaks for this class"
        shown.append(_shown(picture, f"The picture{lit}: {caption}", caption=caption, width=180))
    note = ""
    if seen["classes"][0][2] is None:
        note = " This network ends in dense layers, so its classes have no maps of their own; see grad_cam."
    name = escape(seen["network"].name)
    return block(f"<p><b>What {name} takes it for</b>, and where it sees that.{note}</p>{row(*shown)}")


def render_pictures(found):
    """Shipped pictures as thumbnails.

    Parameters
    ----------
    found : list of (str, float)
        Names and mean responses, from `backbones.top_pictures`.

    Returns
    -------
    str
        HTML.
    """
    shown = []
    for name, mean in found:
        caption = f"{titled(name)}, {mean:.3g}"
        shown.append(_shown(shipped_picture(name, max_side=128), f"Picture: {caption}", caption=caption, width=112))
    return block(row(*shown))


def shades(values):
    """A map as shades: 0 or less is dark, its largest value bright."""
    return np.maximum(values, 0) / max(float(values.max()), 1e-9)


def glowing(picture, shades):
    """The picture in grey, with the map as light of the colours of magma laid on it (screened: 1 - (1 - a) (1 - b))."""
    grey = picture @ np.array([0.2126, 0.7152, 0.0722], np.float32) * (GREY / 255)  # (H, W)
    colours = magma(256).astype(np.float32) * (GLOW / 255)
    light = colours[np.round(255 * backbones.enlarge(shades, picture)).astype(np.uint8)]  # (H, W, 3)
    return np.round(255 * (1 - (1 - grey[..., None]) * (1 - light))).astype(np.uint8)


def _shown(picture, alt, *, caption="", width=340):
    high, wide = picture.shape[:2]
    drawn = image(encode_picture(picture), alt, style=f"aspect-ratio: {wide} / {high}")
    return f'<div style="flex: 0 1 {min(width, width * wide // high)}px">{drawn}{escape(caption)}</div>'


# ---- the panel -------------------------------------------------------------------------------------------------------


class LayerBrowser(Answering):
    """A picture, a network, and sliders for its layers and their units; `layer_browser` is the way to one.

    The network looks once at each picture; the sliders choose from what it found.

    Attributes
    ----------
    result : dict or None
        The last result of `compute`.
    error : Exception or None
        What went wrong in the last answer, also shown as a sentence: TensorFlow is missing, for one.
    """

    _compute = staticmethod(compute)

    def __init__(self, picture=None, *, network=None):
        self._networks = {network.name: network} if network else {}
        self._notices: dict = {}  # what was said when a network was opened
        self._seen: dict = {}  # from `look`
        self._layer = None  # network and layer that the slider of units runs over
        self._searched = set()  # networks and layers through which the shipped pictures have been looked at
        self.picture = picture_choice(self._moved, picture)
        self.network = choice_list("Network", list(dict.fromkeys([*self._networks, *NETWORKS])))
        self.layer = value_slider("Layer", [("none yet", "")], "")
        self.unit = number_slider("Unit", 0, 0, 0)
        self.button = ipywidgets.Button(
            description="Which pictures excite it most?",
            icon="search",
            disabled=True,  # until there is a unit to ask about
            layout=ipywidgets.Layout(width="max-content"),
        )
        self.drawing, self.words, self.note = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()
        self.found, self.classes = ipywidgets.HTML(), ipywidgets.HTML()
        controls = (self.network, self.layer, self.unit)
        super().__init__(
            [self.picture, *controls, self.note, self.drawing, self.words, self.button, self.found, self.classes]
        )
        self._watch(*controls)
        self.button.on_click(lambda _: self._try(self.search))
        self._answer()  # not `update`: without TensorFlow a sentence stands here, and the notebook goes on

    @property
    def parameters(self):
        """What the controls say, for `compute`."""
        return {"seen": self._seen, "layer": self.layer.value, "unit": self.unit.value}

    def update(self):
        """Look at a new picture or with a new network, and show the unit; what goes wrong is raised."""
        self._look()
        self._fit()
        super().update()

    def search(self):
        """Find the shipped photographs that excite the unit most; what goes wrong is raised."""
        self._settle()
        network, layer = self._seen["network"], self.layer.value
        if (network, layer) not in self._searched:
            self.found.value = told("Looking through the shipped photographs: some seconds, once for each layer ...")
        best = backbones.top_pictures(network, layer, self.unit.value, n=N_PICTURES)
        self._searched.add((network, layer))
        names = ", ".join(f"{titled(name)} ({mean:.3g})" for name, mean in best)
        unit = f"unit {self.unit.value} of {layer}"
        self.found.value = told(f"Shipped photographs that excite {unit} most: {names}.") + render_pictures(best)

    def _look(self):
        """Show the network the picture, once."""
        name, picture = self.network.value, self.picture.chosen
        if name not in self._networks:
            self.words.value = told("Opening the network: some seconds ...")
            self._networks[name] = backbones.load(name, notice=lambda text: self._notices.update({name: text}))
        self.note.value = told(self._notices[name]) if name in self._notices else ""
        network = self._networks[name]
        if self._seen.get("network") is not network or self._seen["picture"] is not picture:
            self.words.value = told("The network looks at the picture ...")
            self._seen = look(network, picture)
            self.classes.value = render_classes(self._seen)

    def _fit(self):
        """Let the sliders run over the network's layers and a layer's units; a new layer begins with its strongest."""
        network, activations = self._seen["network"], self._seen["activations"]
        with self._unwatched():
            if [value for _, value in self.layer.options] != list(network.layers):
                self.layer.options = [(name, name) for name in network.layers]
            if self._layer != (network, self.layer.value):
                self._layer = network, self.layer.value
                means = activations[self.layer.value].reshape(-1, activations[self.layer.value].shape[-1]).mean(axis=0)
                self.unit.max = len(means) - 1
                self.unit.value = int(means.argmax())

    def _show(self, result):
        self.drawing.value = render(result)
        self.words.value = told(summary(result))
        self.button.disabled = False
        if self._layer in self._searched:
            self.search()
        else:
            self.found.value = ""


def layer_browser(picture=None, *, network=None):
    """Browse what the layers of a trained network answer to a picture, unit by unit.

    Parameters
    ----------
    picture : anything `open_picture` reads, optional
        Chosen at the start, at the head of the list of shipped pictures.
    network : backbones.Backbone, optional
        One that is open already; others are opened when they are chosen.

    Returns
    -------
    LayerBrowser

    Raises
    ------
    PictureError
        The picture given cannot be read.

    Notes
    -----
    Taught in chapter 02, section "Layer by layer".
    """
    return LayerBrowser(picture, network=network)
