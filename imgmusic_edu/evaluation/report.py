"""What the faithfulness benchmark found: as a table to read, as CSV to go on with, as a picture with its words.

Taught in chapter 11, section "Does the music follow the picture?".
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field

from ..files import write_atomically
from .estimates import Estimate

__all__ = ["COLUMNS", "Report", "notes", "row", "table"]

#: Columns of a row. `value` is what was found, `low` and `high` the ends of its 95 % bootstrap interval; `chance` what
#: guessing gives; `shuffled` the mean over random pairings of the same pictures and sounds, and where 95 % of these
#: lie; `hue_wheel` the hobby program whose key follows the hue; `mean` one and the same answer for every picture.
COLUMNS = (
    "section",
    "what",
    "measure",
    "n",
    "value",
    "low",
    "high",
    "chance",
    "shuffled",
    "shuffled_low",
    "shuffled_high",
    "hue_wheel",
    "hue_wheel_low",
    "hue_wheel_high",
    "mean",
)
DECIMALS = 4
SECTIONS = {
    "obedience": "Obedience: does the measure in the sound rise with what the rules ask for? Spearman's rho, 1 is best",
    "counterfactuals": "Counterfactuals: one thing is edited, does the measure move the right way? Share, 1 is best",
    "leakage": "Leakage: contrast is to leave the register alone; 0 is best",
    "retrieval": "Retrieval: given the sound, is its picture found?",
    "explanations": "Explanations: what they name is made otherwise. Share of notes that change as they say (1 is "
    "best), and share that change when something else is changed (leaks, 0 is best)",
    "round trip": "Round trip: what can be read back off the sound; R2 and correlation r, 1 is best",
}
FEW = 30  # pairs: with fewer, a note says that the intervals are wide
PUBLISHED = (
    "Other data, not comparable: people matched pictures and music right in 62.5 % and 68.2 % (chance 50) and 60.6 % "
    "(chance 25) of cases in Vis2Mus and in up to 73 % in SynVAE; machines in 61.67 % (chance 50) in IMAC, and with "
    "MRR .512 and R@10 .808 on MIPNet in HG-CLIM."
)
OURS, WHEEL = "#0064af", "#e12800"


def row(section, what, measure, n, found, *, chance, shuffled=None, hue_wheel=None, mean=float("nan")):
    """One line of a report: a dict with the keys COLUMNS; numbers that were not asked for are NaN."""
    nothing = Estimate(float("nan"))
    numbers = (*found, chance, *(shuffled or nothing), *(hue_wheel or nothing), mean)
    rounded = (round(float(number), DECIMALS) + 0.0 for number in numbers)  # + 0.0: no minus before a zero
    return dict(zip(COLUMNS, (section, what, measure, int(n), *rounded), strict=True))


def notes(n, n_edited, n_scenes, *, with_listener):
    """What must be said beside the figures: list of sentences.

    Parameters
    ----------
    n, n_edited, n_scenes : int
        Pairs, pairs of edited pictures, and scenes that were put in to choose from.
    with_listener : bool
    """
    found = [f"{n} pictures with their music, {n_edited} edited ones with theirs; of each sound the first 10 s."]
    if n < FEW:
        found.append(f"With {n} pairs the figures are rough and the intervals too short; take {FEW} or more, best 100.")
    found.append("Warmth to mode is no rule of the table: it asks whether colours called warm sound more major.")
    if n_scenes:
        found.append(
            f"To choose among more than {n} pictures, up to {n_scenes} synthetic scenes are put in; photographs are "
            "more easily told from those than from each other: the line to beat is that of shuffled pairs, not chance."
        )
    found.append(
        "The listener learnt from this course's own music: of other music it can only understand less."
        if with_listener
        else "The listener's weights are not there, or damaged: its retrieval and the round trip are left out."
    )
    return [*found, PUBLISHED]


def table(rows):
    """Rows as Markdown, one table a section."""
    parts = []
    for section, title in SECTIONS.items():
        own = [each for each in rows if each["section"] == section]
        if not own:
            continue
        header = ("", "measure", "n", "found (95 % interval)", "chance", "shuffled pairs", "hue wheel", "constant")
        lines = [header, (":--", ":--", *["--:"] * (len(header) - 2)), *map(_cells, own)]
        parts.append(f"### {title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines))
    return "\n\n".join(parts) + "\n"


def _cells(each):
    found, shuffled, hue_wheel = (_span(each, *keys) for keys in _SPANS)
    chance, mean = (_number(each, key) for key in ("chance", "mean"))
    return each["what"], each["measure"], str(each["n"]), found, chance, shuffled, hue_wheel, mean


_SPANS = (
    ("value", "low", "high"),
    ("shuffled", "shuffled_low", "shuffled_high"),
    ("hue_wheel", "hue_wheel_low", "hue_wheel_high"),
)


def _span(each, key, low, high):
    text = _number(each, key)
    return text if math.isnan(each[low]) else f"{text} ({_number(each, low)} to {_number(each, high)})"


def _number(each, key):
    """One number of a row: ranks to a tenth, shares of a thousand pictures to a thousandth, all else to a hundredth."""
    if math.isnan(each[key]):
        return "-"
    digits = 1 if each["measure"] == "median rank" else 3 if each["section"] == "retrieval" else 2
    return f"{round(each[key], digits) + 0.0:.{digits}f}"


@dataclass(frozen=True)
class Report:
    """What `benchmark.score` found.

    Attributes
    ----------
    rows : list of dict
        Keys are `COLUMNS`: text, `n` an int, all else floats, NaN where there is none.
    notes : list of str
        Sentences that belong to the figures.
    n_pairs : int
        Pairs that were scored, edited ones among them.
    """

    rows: list[dict]
    notes: list[str] = field(default_factory=list)
    n_pairs: int = 0

    def table(self):
        """Markdown: one table a section, then the notes."""
        return table(self.rows) + "".join(f"\n- {note}" for note in self.notes) + "\n"

    def find(self, what, *, section="", measure=""):
        """The first row of this name; section and measure tell apart what is called alike.

        Raises
        ------
        KeyError
            There is none.
        """
        for each in self.rows:
            if each["what"] == what and section in ("", each["section"]) and measure in ("", each["measure"]):
                return each
        raise KeyError(f"There is no row {what!r} {section} {measure}".rstrip() + " in this report.")

    def save_csv(self, path):
        """Write the rows as CSV, empty where there is no number; the file appears whole or not at all.

        Raises
        ------
        FileWriteError
            The file cannot be written.
        """
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for each in self.rows:
            empty = {key for key, value in each.items() if isinstance(value, float) and math.isnan(value)}
            writer.writerow({key: "" if key in empty else value for key, value in each.items()})
        write_atomically(path, buffer.getvalue().encode())

    def figure(self):
        """What was found beside chance and baselines, as a picture.

        Returns
        -------
        figure : matplotlib.figure.Figure
        alt : str
            What there is to see.

        Notes
        -----
        Taught in chapter 11.
        """
        import matplotlib
        from matplotlib.figure import Figure

        panels = [panel for panel in map(self._panel, _PANELS) if panel[1]]
        with matplotlib.rc_context(_STYLE):
            figure = Figure(figsize=(8, 1.2 + sum(0.9 + 0.26 * len(rows) for _, rows in panels)), layout="constrained")
            heights = [2 + len(rows) for _, rows in panels]
            places = figure.subplots(len(panels), squeeze=False, height_ratios=heights)[:, 0]
            for place, (title, rows) in zip(places, panels, strict=True):
                _draw(place, title, rows)
            handles = dict(zip(*reversed(places[0].get_legend_handles_labels()), strict=True))
            figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=4)
        return figure, self._words(panels)

    def _panel(self, panel):
        title, section, measure, start = panel
        rows = [each for each in self.rows if (each["section"], each["measure"]) == (section, measure)]
        return title, [each for each in rows if each["what"].startswith(start)]

    def _words(self, panels):
        panel = "1 panel" if len(panels) == 1 else f"{len(panels)} panels"
        sentences = [f"{panel} of dots with 95 % intervals, beside chance, shuffled pairs and the hue wheel."]
        for title, rows in panels:
            first = rows[0]
            text = f"{title}: {first['what']} {_span(first, *_SPANS[0])}, shuffled {_number(first, 'shuffled')}"
            if len(rows) > 1:
                ends = (choose(rows, key=lambda each: each["value"]) for choose in (max, min))
                highest, lowest = (f"{each['what']} {_number(each, 'value')}" for each in ends)
                text += f"; highest {highest}, lowest {lowest}"
            sentences.append(text + ".")
        return " ".join(sentences)

    def save_figure(self, path):
        """Draw the figure into a PNG or SVG file, its words in the file's description; whole or not at all.

        Raises
        ------
        ValueError
            Another suffix.
        FileWriteError
            The file cannot be written.
        """
        kind = str(path).rpartition(".")[2].lower()
        if kind not in ("png", "svg"):
            raise ValueError(f"{path} does not end in .png or .svg: the suffix chooses the format.")
        figure, alt = self.figure()
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=110, metadata={"Description": alt})
        write_atomically(path, buffer.getvalue())


_PANELS = (  # (title, section, measure, how the row's name begins)
    ("Obedience (Spearman's rho)", "obedience", "rho", "all rules"),
    ("Leakage (rho, 0 is best)", "leakage", "rho", ""),
    ("Edits: share heard the right way", "counterfactuals", "share right", ""),
    ("Its picture among the first ten (R@10)", "retrieval", "R@10", ""),
    ("Read back off the sound (correlation r)", "round trip", "r", ""),
)
_STYLE = {"axes.spines.right": False, "axes.spines.top": False, "font.size": 9, "svg.hashsalt": "imgmusic_edu"}


def _draw(place, title, rows):
    """Dots with intervals, one row a line, the first on top."""
    height = list(range(len(rows)))
    place.hlines(
        height,
        [each["shuffled_low"] for each in rows],
        [each["shuffled_high"] for each in rows],
        color="#d0d0d0",
        linewidth=8,
        label="shuffled pairs, 95 % of them",
    )
    place.plot([each["chance"] for each in rows], height, "|", color="#5a5a5a", markersize=11, label="chance")
    place.plot([each["hue_wheel"] for each in rows], height, "x", color=WHEEL, markersize=6, label="hue wheel")
    place.hlines(height, [each["low"] for each in rows], [each["high"] for each in rows], color=OURS, linewidth=2)
    place.plot([each["value"] for each in rows], height, "o", color=OURS, markersize=5, label="found, 95 % interval")
    place.set_yticks(height, [each["what"] for each in rows])
    numbers = [each[key] for each in rows for key in ("low", "shuffled_low", "hue_wheel")]
    lowest = min(number for number in numbers if not math.isnan(number))
    place.set(title=title, ylim=(len(rows) - 0.4, -0.6), xlim=(min(-0.02, lowest - 0.05), 1.03))
    place.xaxis.grid(True, color="#d9d9d9")
    place.set_axisbelow(True)
