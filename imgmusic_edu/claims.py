"""What a chapter says, held against what it runs: two of the rules of `chapters.lint`.

A number in the text comes from a cell that ran, from a formula, or from a source that is named; and no cell leans on an
answer that the learner has still to give.  Both are found in the source alone, without running it.
"""

import ast
import re
import symtable

SHORTEST_REASON = 10  # letters

# Two digits or more, a decimal, or a percentage; not part of a name (VGG16, R12) or of a date (2017-03).
_NUMBER = re.compile(
    r"(?<![\w.,/^:-])[-+−]?(\d{1,3}(?:[ \u00a0]\d{3})+(?!\d)|\d+(?:\.\d+)?|\.\d+)(?![\w^]|\.\d|-\w|:\d)"
    r"(?:\s?(%|ms\b|kHz\b|kB\b))?"
)
# A number in another unit is the same number: 46 ms may be 0.046 in the code.
_TIMES = {"%": 0.01, "ms": 0.001, "kHz": 1000, "kB": 1000}
_YEARS = range(1400, 2031)
_FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$\n]+?\$", flags=re.S)
_COUNTED = r"\b(?:[Cc]hapter|[Ee]xercise|[Qq]uestion|[Ss]ection|[Bb]lock|[Ll]ayer)s? \d+(?:(?:,| and| to| or)+ \d+)*"
_CITATION = re.compile(r"([A-ZÀ-Þ][\w-]+)(?: and others| and [A-Z]\w+)?,? \(?((?:1[4-9]|20)\d\d)\b")


def numbers(chapter):
    """Numbers in the text of a chapter that nothing stands behind, one sentence each.

    Behind a number stands a constant of the same value in one of the chapter's cells (printed, asserted, used), a
    formula of the chapter, a source from its references in the same sentence, or the marker
    ``facts="77, 89: whose figures these are; 128: why it is so"`` on its cell.  Numbers of one digit, years, and
    numbers that count chapters, exercises or layers need nothing.

    Parameters
    ----------
    chapter : chapters.Chapter

    Yields
    ------
    str
    """
    known, items = _known(chapter), references(chapter)
    for cell in _texts(chapter):
        facts, fault = _facts(cell)
        if fault:
            yield fault
        open_ = {
            written: values
            for sentence in _sentences(cell.source)
            for written, values in _found(sentence)
            if not known & values and not _cites(sentence, items)
        }
        for written, values in open_.items():
            if not facts & values:
                yield (
                    f"the number {written} in the text {cell.label} is in no cell and no formula: assert it in a cell, "
                    f'name its source in the sentence, or say facts="{written}: why it is so"'
                )
        if idle := facts.difference(*open_.values()):
            shown = ", ".join(f"{value:g}" for value in sorted(idle))
            yield f"the text {cell.label} says facts= for {shown}, which it does not name or which needs no reason"


def leaning(chapter):
    """Cells that use what only an exercise's answer defines: they would stop in the learner's edition.

    Parameters
    ----------
    chapter : chapters.Chapter

    Yields
    ------
    str
    """
    answers: dict[str, str] = {}
    for cell in chapter.cells:
        if cell.kind != "code" or "hidden" in cell.meta:
            continue
        try:
            table = symtable.symtable(cell.source, "cell", "exec")
        except SyntaxError:
            continue  # the rule about plain Python says so
        symbols = table.get_symbols()
        if "exercise" in cell.meta:
            answers |= {s.get_name(): cell.meta["exercise"] for s in symbols if s.is_assigned()}
            continue
        bound = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
        for name in sorted(_used(table) & set(answers) - bound):
            yield f"the cell {cell.label} uses {name}, the answer to {answers[name]}, which learners may still owe"
        for name in bound:
            answers.pop(name, None)


def references(chapter):
    """Each item of the list of references, a list of str."""
    texts = [cell.source for cell in chapter.cells if any(text == "References" for _, text in cell.headings)]
    return re.findall(r"^[-*] +(.+(?:\n +.+)*)", "\n".join(texts), flags=re.M)


# --- numbers ----------------------------------------------------------------------------------------------------------


def _texts(chapter):
    """The text cells, the references left out."""
    return [
        c for c in chapter.cells if c.kind == "markdown" and not any(text == "References" for _, text in c.headings)
    ]


def _known(chapter):
    """Values of the constants in the cells, and of the numbers in the formulas."""
    values = set()
    for cell in chapter.cells:
        if cell.kind == "code" and "hidden" not in cell.meta:
            values |= _constants(cell.source)
        elif cell.kind == "markdown":
            formulas = " ".join(_FORMULA.findall(cell.source)).replace(r"\,", "")
            values |= {_rounded(number) for number in re.findall(r"\d+(?:\.\d+)?", formulas)}
    return values


def _constants(source):
    try:
        nodes = ast.walk(ast.parse(source))
    except SyntaxError:
        return set()
    values = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {_rounded(abs(value)) for value in values if isinstance(value, int | float) and not isinstance(value, bool)}


def _cites(sentence, items):
    """Whether it names a source, author and year, that stands among the references."""
    return any(author in item and year in item for author, year in _CITATION.findall(sentence) for item in items)


def _facts(cell):
    """Values that the cell's marker speaks for, and what is wrong with the marker or None."""
    values = set()
    for fact in filter(None, str(cell.meta.get("facts", "")).split("; ")):
        written, _, reason = fact.partition(": ")
        parts = [part.replace(" ", "") for part in written.split(",")]
        if not all(re.fullmatch(r"\d*\.?\d+", part) for part in parts) or len(reason) < SHORTEST_REASON:
            wanted = 'facts="77, 89: whose figures these are; 128: why it is so"'
            return values, f"the cell {cell.label} says facts={fact!r}, but should say {wanted}"
        values |= {_rounded(part) for part in parts}
    return values, None


def _sentences(text):
    """The sentences of a text, without what is quoted code or a formula and without counted things."""
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.M | re.S)
    text = _FORMULA.sub(" ", text)
    text = re.sub(r"`[^`]*`|(?<=\])\([^)]*\)|^\s*\d+\. ", " ", text, flags=re.M)
    text = re.sub(_COUNTED, " ", text)
    for paragraph in re.split(r"\n\s*\n|\n(?=[-*|] ?)", text):
        yield from re.split(r"(?<=[.?!]) (?=[A-Z*])", " ".join(paragraph.split()))


def _found(sentence):
    """(as written, the values that may stand for it) of each number that needs something behind it."""
    for match in _NUMBER.finditer(sentence):
        written, unit = match[1], match[2]
        plain = written.replace(" ", "").replace("\u00a0", "")
        if not plain.isdigit() or unit == "%" or (len(plain) > 1 and int(plain) not in _YEARS):
            values = {_rounded(plain)} | ({_rounded(float(plain) * _TIMES[unit])} if unit else set())
            yield written, values


def _rounded(number):
    return round(float(number), 9)


# --- answers ----------------------------------------------------------------------------------------------------------


def _used(table, inside=False):
    """Names that a cell takes from outside itself, in its functions too."""
    found = {s.get_name() for s in table.get_symbols() if (s.is_global() if inside else s.is_referenced())}
    return found.union(*(_used(child, inside=True) for child in table.get_children()))
