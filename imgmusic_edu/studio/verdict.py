"""Is the explanation of a piece true? Some of its notes are put to the test, as chapter 11 does it with many pictures.

Taught in chapter 11, section "Is the explanation true?".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..evaluation.fidelity import by_rules, each_trial, leaks
from .session import Version

__all__ = ["Verdict", "put_to_the_test"]

N_NOTES = 16


class Verdict(NamedTuple):
    """What came of it.

    Attributes
    ----------
    drawn, asked, held : int
        Notes drawn at random; those for which a change of pixels moved what is named clearly; those that then changed
        as their explanation says.
    outside, stayed : int
        Notes for which pixels that are not named were changed; those that stayed.
    """

    drawn: int
    asked: int
    held: int
    outside: int
    stayed: int

    @property
    def sentence(self) -> str:
        """In plain words."""
        if not self.asked:
            return f"Of {self.drawn} notes none could be asked: no change of the picture moves clearly what they name."
        return (
            f"What the explanation names was changed in the picture, for {self.asked} of {self.drawn} notes where that "
            f"can be done clearly: {self.held} changed as explained. What it does not name was changed for "
            f"{self.outside}: {self.stayed} stayed as they were."
        )


def put_to_the_test(version: Version, *, n: int = N_NOTES, watch: Callable | None = None) -> Verdict | None:
    """Change pixels that explanations name, and pixels that they do not, and compose again.

    Parameters
    ----------
    version : Version
        On the score road.
    n : int
        Notes.
    watch : callable, optional
        Is told the share that is done, and gives True once it is to stop.

    Returns
    -------
    Verdict or None
        None when it was stopped.

    Raises
    ------
    ValueError
        Another road: it writes no notes.

    Notes
    -----
    Taught in chapter 11, section "Is the explanation true?".
    """
    if version.settings.road != "score":
        raise ValueError("Only the road 'score' writes notes whose explanations can be put to the test: take that one.")
    settings = {name: value for name, value in version.settings.arguments().items() if name != "road"}
    write, found = by_rules(**settings), []
    for trial in each_trial(version.title, version.picture, n=n, write=write):
        found.append(trial)
        if watch is not None and watch(len(found) / (n + 1)):
            return None
    asked = [trial for trial in found if trial is not None]
    outside = leaks(version.title, version.picture, n=n, write=write)
    held, stayed = sum(trial.holds for trial in asked), sum(trial.holds for trial in outside)
    return Verdict(len(found), len(asked), held, len(outside), stayed)
