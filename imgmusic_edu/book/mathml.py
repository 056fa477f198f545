"""Formulas as MathML, which browsers draw by themselves: no script, no font and no server is asked.

An extension of Sphinx: ``html_math_renderer = "mathml"``.
"""

import re

__all__ = ["mathml", "setup"]

# What latex2mathml does not know, or gives in a form that browsers no longer draw.
_REWRITTEN = (
    (re.compile(r"\\(mathbb|mathcal|mathrm|mathbf) *([A-Za-z])(?![A-Za-z{])"), r"\\\1{\2}"),
    (re.compile(r"\\arg(?![a-z])"), r"\\operatorname{arg}"),
    (re.compile(r"(?:\\[bB]igg?[lr]?)?\\[lr]Vert(?![a-z])"), r"\\| "),
)


def mathml(formula, *, block=False):
    """A formula of LaTeX as MathML.

    Parameters
    ----------
    formula : str
        Without its dollars.
    block : bool
        On lines of its own.

    Returns
    -------
    str
        A <math> element that carries the LaTeX as its name for those who cannot see it.

    Raises
    ------
    ValueError
        A command in it is unknown.
    """
    import latex2mathml.converter

    text = " ".join(formula.split())
    for pattern, put in _REWRITTEN:
        text = pattern.sub(put, text)
    try:
        made = latex2mathml.converter.convert(text, display="block" if block else "inline")
    except Exception as problem:  # it has a dozen kinds of its own
        raise ValueError(f"The formula {formula!r} cannot be read: {problem!r}.") from None
    if unknown := re.search(r">\s*(\\[^<\s]+)", made):
        raise ValueError(f"The formula {formula!r} has the command {unknown[1]}, which is unknown.")
    return made


def _inline(translator, node):
    from docutils import nodes

    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator, node):
    from docutils import nodes

    formula = mathml(node.astext(), block=True)
    translator.body.append(translator.starttag(node, "div", CLASS="math-block", tabindex="0", role="group"))
    translator.body.append(f"{formula}</div>\n")
    raise nodes.SkipNode


def setup(app):
    """What Sphinx calls."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
