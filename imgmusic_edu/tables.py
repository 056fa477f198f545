"""The numbers behind a figure as tables of HTML, folded: what `show` puts below it for those who would rather read.

Tables are short: of many rows some are shown, evenly spaced, with the highest and the lowest of each column, and a
sentence says how many were left out.

Taught in chapter 00, section "Why does it sound like this?".
"""

from html import escape

import numpy as np

from .drawn import categories, gathered, plots_of

__all__ = ["numbers", "table"]

ROWS = 10  # of a table, besides its highest and lowest
TABLES = 6  # of a figure
COLUMNS = 6  # of a table: more do not fit beside each other
CELLS = 4  # of a map, along and up


def table(caption, heads, rows, *, corner="", wide=520):
    """A table of texts: `heads` over the columns, `rows` of (name, *cells), `corner` over the names, `wide` px."""
    columns = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    first = f'<th scope="col" style="text-align: left">{escape(corner)}</th>' if corner else "<td></td>"
    lines = "".join(
        f'<tr><th scope="row" style="text-align: left; font-weight: normal; white-space: normal">{escape(name)}</th>'
        f"{''.join(f'<td>{escape(text)}</td>' for text in cells)}</tr>"
        for name, *cells in rows
    )
    return (
        '<table style="margin: 8px 0; border-collapse: separate; border-spacing: 12px 0; text-align: right; '
        "white-space: nowrap; font: inherit; color: inherit; width: 100%; table-layout: auto; "
        f'max-width: {wide}px; font-variant-numeric: tabular-nums">'
        '<caption style="text-align: left; white-space: normal">'
        f"<b>{escape(caption)}</b></caption><tr>{first}{columns}</tr>{lines}</table>"
    )


def numbers(figure):
    """The numbers that a figure shows, as tables that unfold; "" where it shows none (photographs, drawings).

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        HTML: a <details> with a table for each plot. Rounded to three digits.

    Notes
    -----
    Taught in chapter 00, section "Why does it sound like this?".
    """
    plots = plots_of(figure)
    made: list[str] = []
    for number, (axes, found) in enumerate(plots, 1):
        title = " ".join(axes.get_title().split()) or (f"Plot {number}" if len(plots) > 1 else "The plot")
        made += _tables(axes, gathered(found), title)
    if not made:
        return ""
    more = f"<p>{len(made) - TABLES} more tables are left out.</p>" if len(made) > TABLES else ""
    inside = f'<div style="overflow-x: auto">{"".join(made[:TABLES])}{more}</div>'
    return f"<details><summary>The numbers as a table</summary>{inside}</details>"


def _tables(axes, found, title):
    """One table for all that stands over the same places, and one for each thing that stands by itself."""
    flat = [one for one in found if one.kind in ("line", "points", "bars")]
    groups: list[list] = []
    for one in flat:
        group = next((g for g in groups if len(g) < COLUMNS and _same(g[0].x, one.x)), None)
        if group is None or one.kind == "points":
            groups.append([one])
        else:
            group.append(one)
    made = [_columns(axes, group, title) for group in groups]
    made += [_lying(axes, one, title) for one in found if one.kind == "lying"]
    return made + [_map(axes, one, title) for one in found if one.kind == "map" and _measured(axes, one)]


def _same(a, b):
    return len(a) == len(b) and np.allclose(a, b, equal_nan=True)


def _measured(axes, one):
    """A map has numbers to tell if both of its axes say what they are."""
    return one.values.ndim == 2 and axes.axison and bool(axes.get_xlabel() and axes.get_ylabel())


def _columns(axes, group, title):
    x, columns = group[0].x, [one.y for one in group]
    if group[0].kind == "points":
        order = np.argsort(x, kind="stable")
        x, columns = x[order], [column[order] for column in columns]
    names, words = _names(axes.xaxis, x), categories(axes.yaxis)
    kept = _kept(len(x), columns)
    rows = [(names[k], *(words.get(float(column[k])) or _number(column[k]) for column in columns)) for k in kept]
    up = _label(axes.get_ylabel(), "height")
    own = [one.name or (up if len(group) == 1 else f"{up}, {n}") for n, one in enumerate(group, 1)]
    about = title if len(group) > 1 or not group[0].name else f"{title}: {group[0].name}"
    heading = f"{about} ({up})" if any(one.name for one in group) else about
    return table(heading, own, rows, corner=_label(axes.get_xlabel(), "place"), wide=640) + _left_out(kept, len(x))


def _lying(axes, one, title):
    """Bars to the right: from the top down how long they are, or in their order from where to where they go."""
    floating = bool(np.ptp(one.start))  # as notes in a piano roll: by when they begin
    order = np.argsort(one.start if floating else one.y if axes.yaxis_inverted() else -one.y, kind="stable")
    along = _label(axes.get_xlabel(), "length")
    names = _names(axes.yaxis, one.y[order])
    columns = [one.x[order]]
    heads = [along]
    if floating:
        columns, heads = [one.start[order], one.x[order]], [f"{along}, from", "to"]
    kept = _kept(len(order), columns)
    rows = [(names[k], *(_number(column[k]) for column in columns)) for k in kept]
    about = f"{title}: {one.name}" if one.name else title
    return table(about, heads, rows, corner=_label(axes.get_ylabel(), "bar"), wide=640) + _left_out(kept, len(order))


def _map(axes, one, title):
    """Means over a coarse grid: what a glance at a map gives."""
    values = np.ma.filled(np.ma.asarray(one.values, float), np.nan)
    down, along = (np.array_split(np.arange(n), min(CELLS, n)) for n in values.shape)
    heads = [_span(axes.xaxis, one.x[part]) for part in along]
    rows = []
    for part in reversed(down):
        cells = [values[np.ix_(part, columns)] for columns in along]
        means = [_number(cell[np.isfinite(cell)].mean()) if np.isfinite(cell).any() else "none" for cell in cells]
        rows.append((_span(axes.yaxis, one.y[part]), *means))
    scale = getattr(one.artist, "colorbar", None)
    what = _label(scale.ax.get_ylabel() or scale.ax.get_xlabel(), "") if scale else ""
    across, up = _label(axes.get_xlabel(), ""), _label(axes.get_ylabel(), "")
    caption = f"{title}: means{f' of {what}' if what else ''} over parts of the map"
    told = f"<p>Means over {len(along)} by {len(down)} parts of {values.shape[1]} by {values.shape[0]} values.</p>"
    return table(caption, heads, rows, corner=f"{up} down, {across} along", wide=640) + told


def _span(axis, places):
    low, high = _names(axis, np.array([places[0], places[-1]], float))
    return low if low == high else f"{low} to {high}"


def _kept(n, columns):
    """Which rows are shown: evenly spaced, with the highest and lowest of the columns."""
    if n <= ROWS + 2:
        return np.arange(n)
    ends = [pick(column) for column in columns if np.isfinite(column).any() for pick in (np.nanargmax, np.nanargmin)]
    return np.unique([*np.linspace(0, n - 1, ROWS).round().astype(int), *ends])


def _left_out(kept, n):
    if len(kept) == n:
        return ""
    return f"<p>{len(kept)} of {n} rows, evenly spaced, with the highest and the lowest.</p>"


def _names(axis, places):
    """What the rows or columns at these places are called: the words at their ticks, or the places themselves."""
    words = categories(axis)
    at = np.array(list(words)) if words else np.zeros(0)
    # Where every whole number has its word, what stands about it (one bar of a group) belongs to it.
    reach = 0.5 if len(at) > 1 and np.allclose(np.diff(np.sort(at)), 1) else 1e-6
    found = []
    for place in places:
        near = int(np.abs(at - place).argmin()) if len(at) else 0
        close = len(at) and np.isfinite(place) and abs(at[near] - place) < reach
        found.append(words[at[near]] if close else _number(place))
    return found


def _label(text, instead):
    return " ".join(str(text).split()) or instead


def _number(value):
    """Three digits, without powers of ten where a person would write none."""
    if not np.isfinite(value):
        return "none"
    size = abs(value)
    return f"{value:.0f}" if size >= 1000 else f"{value:.3g}" if size >= 1e-3 or size == 0 else f"{value:.1e}"
