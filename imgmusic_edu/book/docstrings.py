"""Docstrings as the book's reference takes them: written as plain text, so bars and stars in them are no markup.

An extension of Sphinx, to be named before ``sphinx.ext.napoleon`` has read them.
"""

import re

__all__ = ["as_markup", "setup"]

_SIGNS = re.compile(r"(`+.*?`+)|([|*])|(?<=\w)(_)(?!\w)")


def as_markup(lines):
    """A docstring's lines with the signs escaped that reStructuredText would take for markup.

    Parameters
    ----------
    lines : sequence of str
        Code in them (after "::", after ">>>", between backticks) is left as it is.

    Returns
    -------
    list of str
    """
    found, code, before = [], None, ""  # code: how far its paragraph is indented, or None outside of code
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if line.strip():
            if code is None and before.endswith("::"):
                code = indent
            elif code is not None and indent < code:
                code = None
            before = line.rstrip()
        plain = code is None and not line.lstrip().startswith((">>>", "..."))
        found.append(_SIGNS.sub(lambda sign: sign[1] or f"\\{sign[2] or sign[3]}", line) if plain else line)
    return found


def _process(app, what, name, thing, options, lines):
    lines[:] = as_markup(lines)


def _skip(app, what, name, thing, skip, options):
    """Fields of named tuples that nobody described: the docstring of their class does."""
    return True if str(getattr(thing, "__doc__", "")).startswith("Alias for field number") else None


def setup(app):
    """What Sphinx calls."""
    app.connect("autodoc-process-docstring", _process, priority=100)  # napoleon's is 500
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
