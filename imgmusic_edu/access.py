"""Whether a figure can be read by everyone: its words, its colours, its contrast; all asked of the figure itself.

`faults` lists what is wrong. The tests ask it of every figure of every chapter; to a learner `show` says nothing.

Limits are those of WCAG 2.2 (W3C 2023): 4.5:1 for text (1.4.3), 3:1 for lines, bars and points (1.4.11), and never hue
alone to tell things apart (1.4.1).
"""

import itertools
import re

import numpy as np

from .drawn import plots_of

__all__ = ["SHORTEST_ALT", "contrast", "faults", "vague"]

SHORTEST_ALT = 20  # letters: fewer say nothing
TEXT, MARK = 4.5, 3.0  # least contrasts
DISTINCT = 25.0  # L*: two lines that differ so much in lightness differ for every eye, and in print
LETTERS = 1200  # of an alternative text: longer ones are not listened to

# Words that name a picture and say nothing of what is in it.
_EMPTY = """a an the of in on and with for its it is are this that here some see seen shown showing shows show plot
    plots figure figures chart charts graph graphs image images picture pictures diagram drawing curve data
    values result results axes axis from to by as below above""".split()
# Words that say how it is: where, how much, which way, of what colour.
_TELLING = r"""\b(no|none|one|two|three|four|five|six|seven|eight|nine|ten|twelve|all|half|both|each|most|every|twice|
    more|less|least|fewer|few|many|same|equal|level|flat|steep|near|nearer|far|
    rises?|rising|falls?|falling|grows?|growing|sinks?|climbs?|peaks?|dips?|drops?|gathers?|spreads?|stays?|
    left|right|top|bottom|upper|lower|middle|centre|corner|edge|above|below|beside|between|
    dark|bright|light|black|white|grey|red|green|blue|yellow|brown|violet|golden|pale|
    (?!over|under|other|number|after|water|paper|layer|filter|letter|power)[a-z]{3,}er\sthan)\b"""
_TELLING_WORD = re.compile(re.sub(r"\s+", "", _TELLING).replace(r"er\sthan", r"er than"), re.IGNORECASE)


def vague(alt, *, titles=()):
    """What an alternative text lacks, or None if it tells something.

    A text tells something if it has at least 20 letters and three words besides those that only name a picture ("A plot
    of the data"), is not just a title of the figure, and holds a number, a comparison, a direction, a place or a
    colour: something that one would have to look to know.

    Parameters
    ----------
    alt : str
    titles : sequence of str
        What stands in the figure as titles.

    Returns
    -------
    str or None
    """
    text = " ".join(str(alt).split())
    words = re.findall(r"[a-z]+", text.lower())
    if len(text) < SHORTEST_ALT:
        return f"has fewer than {SHORTEST_ALT} letters"
    if len(text) > LETTERS:
        return f"has {len(text)} letters; nobody listens to more than {LETTERS}"
    if len(set(words) - set(_EMPTY)) < 3:
        return "only says that there is a picture"
    if any(words == re.findall(r"[a-z]+", title.lower()) for title in titles):
        return "only repeats the title"
    if not (re.search(r"\d", text) or _TELLING_WORD.search(text)):
        return "says nothing of what is to be seen: no number, no comparison, no direction, no place, no colour"
    return None


def contrast(one, other):
    """Ratio of contrast of two colours, 1 to 21 (WCAG 2.2); anything that matplotlib takes as colours."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour):
    from matplotlib.colors import to_rgb

    return float(_luminances(np.asarray(to_rgb(colour))))


def _luminances(rgb):
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def faults(figure, alt):
    """What keeps people from reading a figure, one sentence a fault.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        Its alternative text.

    Returns
    -------
    list of str
    """
    titles = [axes.get_title() for axes in figure.axes]
    titles += [figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""]
    wrong = vague(alt, titles=[title for title in titles if title])
    found = [f'The alternative text "{str(alt)[:60]}" {wrong}.'] if wrong else []
    for axes, series in plots_of(figure):
        where = f' in "{axes.get_title()}"' if axes.get_title() else ""
        found += [f"{fault}{where}." for fault in [*_hue_alone(series), *_pale(axes, series)]]
    return found + list(dict.fromkeys(_pale_texts(figure)))


# --- colour alone -----------------------------------------------------------------------------------------------------


def _hue_alone(series):
    """Pairs of one kind that nothing but hue tells apart."""
    looks = [(one, _colours(one), _form(one)) for one in series if one.kind != "map"]
    for (one, mine, form), (other, theirs, its) in itertools.combinations(looks, 2):
        if one.kind != other.kind or form != its or _same_colour(mine, theirs) or _labelled(one, other):
            continue
        if abs(_lightness(mine) - _lightness(theirs)) < DISTINCT:
            names = " and ".join(f'"{which.name or "one without a name"}"' for which in (one, other))
            yield f"Only the hue tells {names} ({one.kind}) apart: give them other dashes, markers or hatching"


def _form(one):
    """All that tells a series from others besides its colour."""
    artist = one.artist
    if one.kind in ("line", "points") and hasattr(artist, "get_linestyle") and hasattr(artist, "get_marker"):
        dashes = str(getattr(artist, "_unscaled_dash_pattern", artist.get_linestyle()))
        return dashes, str(artist.get_marker()), round(artist.get_linewidth(), 1), round(artist.get_markersize(), 1)
    if one.kind == "points":
        path = artist.get_paths()[0].vertices if artist.get_paths() else np.zeros(0)
        return path.shape, tuple(np.round(path, 3).ravel()[:24]), tuple(np.round(artist.get_sizes()[:1], 1))
    first = artist.patches[0]
    # Bars beside each other are told by their place among the words on the axis; hatching tells the rest.
    return first.get_hatch(), first.get_fill()


def _labelled(one, other):
    """Whether the names of both stand in the plot itself, beside what they name, and not in a legend alone."""
    axes = getattr(one.artist, "axes", None) or one.artist.patches[0].axes
    said = {" ".join(text.get_text().split()) for text in axes.texts}
    return bool(one.name and other.name and {one.name, other.name} <= said)


def _colours(one):
    """Colour of a series, shape (4,); of points and bars of many colours their mean."""
    from matplotlib.colors import to_rgba, to_rgba_array

    artist = one.artist
    if hasattr(artist, "patches"):
        drawn = [patch.get_facecolor() if patch.get_fill() else patch.get_edgecolor() for patch in artist.patches]
        return np.mean([to_rgba(colour) for colour in drawn], axis=0)
    if hasattr(artist, "get_color") and hasattr(artist, "get_marker"):
        hollow = one.kind == "points"
        colour = artist.get_markeredgecolor() if hollow else artist.get_color()
        return np.array(to_rgba(colour, artist.get_alpha()))
    filled = to_rgba_array(artist.get_facecolor())
    filled = filled if len(filled) and filled[:, 3].max() > 0 else to_rgba_array(artist.get_edgecolor())
    return filled.mean(axis=0) if len(filled) else np.array([0, 0, 0, 1.0])


def _same_colour(a, b):
    return bool(np.allclose(a, b, atol=0.02))


def _lightness(colour):
    """L* of a colour on white."""
    y = float(_luminances(colour[:3] * colour[3] + 1 - colour[3]))
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


# --- contrast ---------------------------------------------------------------------------------------------------------


def _pale(axes, series):
    """Lines, bars and points that hardly stand out from the plot's ground; over pictures nothing is asked."""
    from matplotlib.colors import to_rgba

    if any(one.kind == "map" for one in series):
        return
    ground = np.array(to_rgba(axes.get_facecolor()))
    ground = ground[:3] * ground[3] + 1 - ground[3]
    for one in series:
        ratio = max(contrast(_over(colour, ground), ground) for colour in _marks(one))
        if ratio < MARK:
            name = one.name or "one without a name"
            yield f'"{name}" ({one.kind}) has a contrast of {ratio:.1f}:1, less than {MARK:.0f}:1'


def _marks(one):
    """The colours that draw a series: where points or bars are filled and edged, either may make them visible."""
    from matplotlib.colors import to_rgba_array

    artist = one.artist
    edges = []
    if hasattr(artist, "patches"):
        edges = [
            to_rgba_array(patch.get_edgecolor())[0] for patch in artist.patches[:1] if patch.get_linewidth() >= 0.8
        ]
    elif hasattr(artist, "get_edgecolor"):
        edges = list(to_rgba_array(artist.get_edgecolor())[:1])
    return [_colours(one), *edges]


def _over(colour, ground):
    return np.clip(colour[:3] * colour[3] + ground * (1 - colour[3]), 0, 1)


def _pale_texts(figure):
    """Texts that hardly stand out from what is really drawn under them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import to_rgba
    from matplotlib.text import Text

    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()  # until then labels of ticks have no text
    hidden = {text for axes in figure.axes for text in _not_drawn(axes)}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    texts = [text for text in texts if text not in hidden]
    colours = [to_rgba(text.get_color(), text.get_alpha()) for text in texts]
    kept = [text.get_alpha() for text in texts]
    try:
        for text in texts:
            text.set_alpha(0)  # all stays in its place, and what lies beneath can be seen
        canvas.draw()
        beneath = np.asarray(canvas.buffer_rgba())[..., :3] / 255
        boxes = [text.get_window_extent(canvas.get_renderer()) for text in texts]
    finally:
        for text, alpha in zip(texts, kept, strict=True):
            text.set_alpha(alpha)
    height, width = beneath.shape[:2]
    for text, colour, box in zip(texts, colours, boxes, strict=True):
        left, right = (int(np.clip(side, 0, width)) for side in (box.x0, box.x1 + 1))
        top, bottom = (int(np.clip(height - side, 0, height)) for side in (box.y1, box.y0 - 1))
        ground = beneath[top:bottom, left:right].reshape(-1, 3)
        if not len(ground) or text.get_path_effects():
            continue
        ratio = _contrasts(np.array(colour), ground)
        if ratio < TEXT:
            words = " ".join(text.get_text().split())[:40]
            yield f'The text "{words}" has a contrast of {ratio:.1f}:1, less than {TEXT}:1.'


def _contrasts(colour, ground):
    """Contrast with the ground of which a tenth is worse: a thin line of the grid that crosses a word hides nothing."""
    seen = np.clip(colour[:3] * colour[3] + ground * (1 - colour[3]), 0, 1)
    pair = np.stack([_luminances(seen), _luminances(ground)])
    return float(np.quantile((pair.max(axis=0) + 0.05) / (pair.min(axis=0) + 0.05), 0.1))


def _not_drawn(axes):
    """Texts of axes that are not shown, and the labels of ticks of axes that are switched off."""
    from matplotlib.text import Text

    if not axes.get_visible():
        return axes.findobj(Text)
    return [] if axes.axison else [text for axis in (axes.xaxis, axes.yaxis) for text in axis.findobj(Text)]
