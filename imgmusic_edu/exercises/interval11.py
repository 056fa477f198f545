"""The checker of chapter 11's exercise about an interval over pictures."""

import numpy as np

from imgmusic_edu.exercises import Wrong

__all__ = ["WRONG_INTERVALS", "interval_fault"]

OVER_EDITS = "You draw edits: draw pictures, with all that belongs to them, for edits of one picture hang together."
ONE_ERROR = "You give the mean plus and minus one standard error: about 68 % lie within that, not 95 %."
NINETY = "Your interval holds 90 %: it leaves out 5 % at each end, but should leave out 2.5 %."
IN_PERCENT = "You mix up shares and percent: `np.quantile` wants 0.025, `np.percentile` wants 2.5."
SPREAD = "That is where single pictures lie: asked for is where their *mean* would lie, were other pictures drawn."


def _shares(right, pictures):
    return np.array([right[pictures == name].mean() for name in np.unique(pictures)])


def _means(values, rng):
    return values[rng.integers(len(values), size=(1000, len(values)))].mean(axis=1)


def _clustered():
    """Edits that go wrong together: 24 pictures of 8 edits."""
    rng = np.random.default_rng(3)
    chances = rng.choice([0.1, 0.95], size=24)
    right = (rng.random((24, 8)) < chances[:, None]).astype(float).ravel()
    pictures = np.repeat(rng.permutation(24), 8)
    order = rng.permutation(len(right))
    return right[order], pictures[order]


def interval_fault(interval):
    right, pictures = _clustered()

    def ends(answer, first, n):
        """What an answer gives, over many generators: a thousand draws leave some noise at the ends."""
        found = [answer(right.copy(), pictures.copy(), np.random.default_rng(first + k)) for k in range(n)]
        return np.mean(np.asarray(found, float), axis=0)

    found = ends(interval, 100, 12)
    if found.shape != (2,):
        return f"Give two numbers, the lower and the upper end, not something of shape {found.shape}."
    wanted = ends(_interval, 200, 30)
    if np.abs(found - wanted).max() < 0.012:
        return None
    away = {wrong.hint: np.abs(found - ends(wrong.answer, 300, 30)).max() for wrong in WRONG_INTERVALS}
    nearest = min(away, key=lambda hint: away[hint])
    if away[nearest] < 0.025:
        return nearest
    said = f"{wanted[0]:.2f} and {wanted[1]:.2f}, but yours are {found[0]:.2f} and {found[1]:.2f}"
    return f"The ends should be about {said}."


def _interval(right, pictures, rng):
    return np.quantile(_means(_shares(right, pictures), rng), [0.025, 0.975])


def _over_edits(right, pictures, rng):
    """Draws edits as if each were a picture of its own."""
    return np.quantile(_means(right, rng), [0.025, 0.975])


def _one_error(right, pictures, rng):
    """Takes one standard error to both sides."""
    means = _means(_shares(right, pictures), rng)
    return np.array([means.mean() - means.std(), means.mean() + means.std()])


def _ninety(right, pictures, rng):
    """Leaves out 5 % at both ends."""
    return np.quantile(_means(_shares(right, pictures), rng), [0.05, 0.95])


def _in_percent(right, pictures, rng):
    """Gives shares to np.percentile."""
    return np.percentile(_means(_shares(right, pictures), rng), [0.025, 0.975])


def _spread(right, pictures, rng):
    """Takes the quantiles of the pictures, and draws nothing."""
    return np.quantile(_shares(right, pictures), [0.025, 0.975])


WRONG_INTERVALS = (
    Wrong(_over_edits, OVER_EDITS),
    Wrong(_one_error, ONE_ERROR),
    Wrong(_ninety, NINETY),
    Wrong(_in_percent, IN_PERCENT),
    Wrong(_spread, SPREAD),
)
