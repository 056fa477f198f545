"""What a screen reader says of a slider: name and value, which ipywidgets shows beside it but does not tie to it.

Taught in chapter 00, section "Why does it sound like this?".
"""

import pathlib

import anywidget
import ipywidgets

__all__ = ["Names", "named"]


class Names(anywidget.AnyWidget):
    """Something unseen in a box that gives the sliders of the box their names; `named` puts it there."""

    _esm = pathlib.Path(__file__).with_name("names.js")

    def __init__(self):
        super().__init__(layout=ipywidgets.Layout(display="none"))


def named(box):
    """The same box, its sliders now named for screen readers, in ipywidgets 7 and 8.

    Parameters
    ----------
    box : ipywidgets.Box
        What `ipywidgets.interactive` gives, or a box of your own; sliders in boxes within it are named too.

    Returns
    -------
    ipywidgets.Box

    Examples
    --------
    >>> named(interactive(planned, times=FloatSlider(description="Times")))  # doctest: +SKIP

    Notes
    -----
    Taught in chapter 00, section "Why does it sound like this?".
    """
    box.children = (*box.children, Names())
    return box
