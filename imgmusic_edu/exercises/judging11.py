"""How the exercises of chapter 11 are judged: by cases, against the right answer and the known wrong ones."""

import numpy as np

__all__ = ["judged", "listed"]


def _hint_of(found, cases, wrongs):
    """The hint of the first wrong answer that gives, in all cases, what was found; None if none does."""
    for wrong in wrongs:
        theirs = [wrong.answer(*(np.copy(part) for part in case)) for case in cases]
        pairs = list(zip(found, theirs, strict=True))
        if all(np.shape(a) == np.shape(b) and np.allclose(a, b, equal_nan=True) for a, b in pairs):
            return wrong.hint
    return None


def judged(answer, right, cases, wrongs, say):
    """None, a wrong answer's hint, or what `say` says of the first case in which answer and right differ."""
    found = [np.asarray(answer(*(np.copy(part) for part in case)), float) for case in cases]
    wanted = [np.asarray(right(*case), float) for case in cases]
    differ = [
        k for k, (a, b) in enumerate(zip(found, wanted, strict=True)) if a.shape != b.shape or not np.allclose(a, b)
    ]
    if not differ:
        return None
    k = differ[0]
    if found[k].shape != wanted[k].shape:
        return f"The answer should have the shape {wanted[k].shape}, but yours has {found[k].shape}."
    return _hint_of(found, cases, wrongs) or say(cases[k], wanted[k], found[k])


def listed(values):
    return ", ".join(f"{value:.4g}" for value in np.atleast_1d(values))
