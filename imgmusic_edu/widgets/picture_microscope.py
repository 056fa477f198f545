"""A box that is moved over a picture: what is in it, enlarged, and its numbers beside those of the whole.

Taught in chapter 02, section "Numbers with names".
"""

from typing import NamedTuple

import ipywidgets
import numpy as np

from ..visual_features import describe, descriptor_names, palette
from .controls import Answering, number_slider, picture_choice
from .markup import block, encode_picture, image, row, table, told

__all__ = ["PictureMicroscope", "compute", "measure", "picture_microscope", "render", "summary"]


class Line(NamedTuple):
    """A line of the table: what it says, the descriptor's name, its unit, factor and decimals to show."""

    text: str
    name: str
    unit: str
    factor: float = 1.0
    decimals: int = 1


LINES = (
    Line("Lightness", "lightness", "L*"),
    Line("Strength of colour (chroma)", "chroma", "C*"),
    Line("Colourfulness (Hasler and S\u00fcsstrunk)", "colourfulness", ""),
    Line("Contrast", "contrast", "L*"),
    Line("Fineness", "fineness", "octaves", decimals=2),
    Line("Pixels that lie on an edge (LBP)", "lbp_4", "%", 100),
    Line("Step between neighbours (GLCM contrast)", "glcm_contrast", "levels\u00b2", decimals=2),
    Line("Surprise of neighbours (GLCM entropy)", "glcm_entropy", "bits"),
    Line("Share of edges (Canny)", "edge_share", "%", 100),
    Line("Angularity", "angularity", "", decimals=2),
    Line("Symmetry, left to right", "symmetry", "", decimals=2),
)
NO_WAVE = 1e-6  # of a Gabor filter's energy: less is rounding


def compute(parameters):
    """What a box holds, and what the whole picture does.

    Parameters
    ----------
    parameters : dict
        "picture": np.ndarray, shape (H, W, 3), uint8; "size": side of the square box, % of the picture's shorter
        side; "x", "y": where it is between the left (top) border, 0 %, and the right (bottom) one, 100 %; "whole":
        `measure` of the picture, where it is known already.

    Returns
    -------
    dict
        "box": (x0, y0, x1, y1), fractions of width and height, y from the top; "region": the part of the picture in
        it, shape (h, w, 3); "here", "whole": from `measure`; and the parameters.

    Notes
    -----
    Taught in chapter 02, section "Numbers with names".
    """
    picture = parameters["picture"]
    height, width = picture.shape[:2]
    side = max(1, round(min(height, width) * parameters["size"] / 100))
    left, top = (round((n - side) * parameters[axis] / 100) for n, axis in ((width, "x"), (height, "y")))
    box = (left / width, top / height, (left + side) / width, (top + side) / height)
    region = picture[top : top + side, left : left + side]
    whole = parameters.get("whole") or measure(picture)
    return parameters | {"box": box, "region": region, "here": measure(picture, box=box), "whole": whole}


def measure(picture, *, box=None):
    """The numbers of a picture, or of a box in it, that the microscope shows.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8
    box : tuple of float, optional
        (x0, y0, x1, y1), fractions of width and height, y from the top.

    Returns
    -------
    dict
        A float for each descriptor in `LINES`; "mean": L*, a*, b*; "wave": wavelength in pixels of the standard copy,
        direction in degrees and energy of the Gabor filter that answers most; "palette": from `palette`.
    """
    found = dict(zip(descriptor_names(), describe(picture, box=box), strict=True))
    energy, wave = max((value, name) for name, value in found.items() if name.startswith("gabor"))
    _, wavelength, degrees = wave.split("_")
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = (0, 0, 1, 1) if box is None else box
    part = picture[round(y0 * height) : round(y1 * height), round(x0 * width) : round(x1 * width)]
    return {line.name: float(found[line.name]) for line in LINES} | {
        "mean": (found["lightness"], found["redness"], found["yellowness"]),
        "wave": (int(wavelength), int(degrees), float(energy)),
        "palette": palette(part),
    }


# ---- in words --------------------------------------------------------------------------------------------------------


def summary(result):
    """Where the box is, and how it differs from the whole, in words."""
    x0, y0, x1, y1 = (round(100 * edge) for edge in result["box"])
    here, whole = result["here"], result["whole"]
    lightness, a, b = here["mean"]
    share = 100 * (result["box"][2] - result["box"][0]) * (result["box"][3] - result["box"][1])
    lighter = _compared(here["lightness"], whole["lightness"], 2, "as light", "lighter", "darker")
    stronger = _compared(here["chroma"], whole["chroma"], 2, "as strong", "stronger", "weaker")
    edges, all_edges = 100 * here["edge_share"], 100 * whole["edge_share"]
    return (
        f"The box takes {share:.3g} % of the picture, {x0} to {x1} % from the left and {y0} to {y1} % from the top. "
        f"Its mean colour is L* {lightness:.0f}, a* {a:.0f}, b* {b:.0f}: {lighter} (L* {whole['lightness']:.0f}) and "
        f"{stronger} in colour (C* {here['chroma']:.0f} against {whole['chroma']:.0f}). Edges are {edges:.0f} % of "
        f"its pixels, against {all_edges:.0f} %. Its {_wave(here)}."
    )


def _compared(here, whole, noise, alike, more, less):
    """The box beside the whole, in two words."""
    if abs(here - whole) < noise:
        return f"{alike} as the whole"
    return f"{more if here > whole else less} than the whole"


def _wave(measures):
    wavelength, degrees, energy = measures["wave"]
    if energy < NO_WAVE:
        return "surface has no waves"
    return f"strongest wave is {wavelength} pixels long and runs at {degrees} degrees"


# ---- drawn -----------------------------------------------------------------------------------------------------------


def render(result):
    """The picture with the box on it, the box enlarged, and the table of numbers.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    str
        HTML.
    """
    x0, y0, x1, y1 = (100 * edge for edge in result["box"])
    height, width = result["picture"].shape[:2]
    frame = (
        f'<div style="position: absolute; box-sizing: border-box; left: {x0:.2f}%; top: {y0:.2f}%; '
        f'width: {x1 - x0:.2f}%; height: {y1 - y0:.2f}%; border: 2px solid #fff; outline: 1px solid #000"></div>'
    )
    shown = row(
        f'<div style="position: relative; flex: 1 1 280px; max-width: {min(360, 360 * width // height)}px; '
        f'align-self: flex-start">{_image(result["picture"], "The whole picture")}{frame}</div>',
        f'<div style="flex: 1 1 200px; max-width: 240px">{_image(result["region"], "The box, enlarged")}</div>',
    )
    return block(f"{shown}{_table(result['here'], result['whole'])}")


def _image(picture, alt):
    height, width = picture.shape[:2]
    return image(
        encode_picture(picture), f"{alt}, {width} by {height} pixels", style=f"aspect-ratio: {width} / {height}"
    )


def _table(here, whole):
    rows = [
        (
            f"{line.text} ({line.unit})" if line.unit else line.text,
            *(f"{line.factor * of[line.name]:.{line.decimals}f}" for of in (here, whole)),
        )
        for line in LINES
    ]
    rows.append(("Strongest wave (Gabor; pixels, direction)", *(_short_wave(of) for of in (here, whole))))
    swatches = _swatches("Colours of the box", here["palette"]) + _swatches("Colours of the whole", whole["palette"])
    return table("What is measured", ("box", "whole"), rows) + swatches


def _short_wave(measures):
    wavelength, degrees, energy = measures["wave"]
    return "none" if energy < NO_WAVE else f"{wavelength}, {degrees}\u00b0"


def _swatches(text, colours):
    """The palette as a bar, each colour as wide as its share."""
    from skimage.color import lab2rgb

    words = ", ".join(f"L* {light:.0f} a* {a:.0f} b* {b:.0f} ({100 * share:.0f} %)" for light, a, b, share in colours)
    rgb = np.round(255 * lab2rgb(colours[None, :, :3])[0]).astype(int)
    bars = "".join(
        f'<span style="flex: {share:.4f} 0 0; background: rgb({red}, {green}, {blue})"></span>'
        for (red, green, blue), share in zip(rgb, colours[:, 3], strict=True)
    )
    return (
        f'<div style="max-width: 520px; margin-top: 4px">{text}<div role="img" aria-label="{text}: {words}" '
        f'style="display: flex; height: 20px">{bars}</div></div>'
    )


# ---- the panel -------------------------------------------------------------------------------------------------------


class PictureMicroscope(Answering):
    """A picture, a box under three sliders, and its numbers; `picture_microscope` is the way to one.

    Attributes
    ----------
    result : dict
        The last result of `compute`.
    error : Exception or None
        What went wrong in the last answer, also shown as a sentence; None if nothing did.
    """

    _compute = staticmethod(compute)

    def __init__(self, picture=None):
        self._measured = None, None  # the picture whose numbers as a whole are known, and these
        self.picture = picture_choice(self._moved, picture)
        self.x = number_slider("Box from the left (%)", 50, 0, 100, step=2)
        self.y = number_slider("Box from the top (%)", 50, 0, 100, step=2)
        self.size = number_slider("Size of the box (%)", 40, 5, 100, step=5)
        self.drawing, self.words = ipywidgets.HTML(), ipywidgets.HTML()
        super().__init__([self.picture, self.x, self.y, self.size, self.drawing, self.words])
        self._watch(self.x, self.y, self.size)
        self.update()

    @property
    def parameters(self):
        """What the controls say, for `compute`."""
        picture = self.picture.chosen
        if self._measured[0] is not picture:
            self._measured = picture, measure(picture)
        box = {name: getattr(self, name).value for name in ("x", "y", "size")}
        return {"picture": picture, "whole": self._measured[1]} | box

    def _show(self, result):
        self.drawing.value = render(result)
        self.words.value = told(summary(result))


def picture_microscope(picture=None):
    """A box that is moved over a picture by sliders, and its colours, textures and shapes as numbers.

    Parameters
    ----------
    picture : anything `open_picture` reads, optional
        Chosen at the start, at the head of the list of shipped pictures.

    Returns
    -------
    PictureMicroscope

    Raises
    ------
    PictureError
        The picture given cannot be read.

    Examples
    --------
    >>> picture_microscope("my_dog.jpg")                             # doctest: +SKIP

    Notes
    -----
    Taught in chapter 02, section "Numbers with names".
    """
    return PictureMicroscope(picture)
