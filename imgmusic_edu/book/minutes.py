"""How long the chapters' cells compute, by section: a page from the times that were taken when they were run."""

from ..chapters import Cell

NAME = "MINUTES.md"
BEFORE = "Before the first section"

_INTRODUCTION = """\
# The machine's minutes

How long the cells of each chapter compute, without anybody reading, playing or thinking. Measured by `make book`, which
runs the solution editions from top to bottom; written by `make book OPTIONS=--minutes`. Nothing here is an estimate.

- **Processor** is what the cells took of one core, every kernel having one thread. Compare this one: a busy machine
  makes it up to half as long again, the clock many times.
- **Clock** is what passed meanwhile, two chapters at once on {cores} cores, waiting for other work included.
- The first cell that needs TensorFlow or librosa pays for loading it."""


def sections(notebook):
    """Seconds of each section of an executed chapter.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        From `execution.executed`.

    Returns
    -------
    list of (str, int, float, float)
        Title, number of code cells, seconds of the clock, seconds of the processor; sections without code left out.
    """
    found: list[tuple[str, int, float, float]] = [(BEFORE, 0, 0.0, 0.0)]
    for cell in notebook.cells:
        found += [(text, 0, 0.0, 0.0) for level, text in Cell(cell.cell_type, cell.source, {}).headings if level == 2]
        if cell.cell_type == "code":
            clock, processor = cell.metadata["seconds"]
            title, n_cells, before, spent = found[-1]
            found[-1] = title, n_cells + 1, before + clock, spent + processor
    return [section for section in found if section[1]]


def page(notebooks, *, cores):
    """The page.

    Parameters
    ----------
    notebooks : dict of str to nbformat.NotebookNode
        Executed chapters by name.
    cores : int
        Of the machine they ran on.

    Returns
    -------
    str
        Markdown.
    """
    titles = {name: notebook.cells[0].source.splitlines()[0].lstrip("# ") for name, notebook in notebooks.items()}
    measured = {name: sections(notebook) for name, notebook in notebooks.items()}
    rows = [
        [f"[{titles[name]}]({name}.ipynb)", *_sums(measured[name]), notebook.metadata["record"]["day"]]
        for name, notebook in notebooks.items()
    ]
    sums = [sum(column) for column in zip(*(row[1:4] for row in rows), strict=True)]
    head = ("Chapter", "Cells", "Clock (s)", "Processor (s)", "Measured on")
    parts = [_INTRODUCTION.format(cores=cores), "## The chapters", _table(head, [*rows, ["Together", *sums, ""]])]
    for name, found in measured.items():
        lines = [[title, n_cells, f"{clock:.1f}", f"{processor:.1f}"] for title, n_cells, clock, processor in found]
        parts += [f"## {titles[name]}", _table(("Section", *head[1:4]), lines)]
    return "\n\n".join(parts) + "\n"


def _sums(found):
    n_cells, clock, processor = (sum(column) for column in zip(*(row[1:] for row in found), strict=True))
    return n_cells, round(clock), round(processor)


def _table(head, rows):
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
