"""The checker of chapter 11's exercise about the interval of a difference, over pictures."""

import numpy as np

from imgmusic_edu.exercises import Wrong

__all__ = ["WRONG_INTERVALS", "interval_fault"]

OVER_EDITS = "You draw edits: draw pictures, with all that belongs to them, for edits of one picture hang together."
POOLED = "You draw pictures, but then count every edit once: a picture with many edits counts for more. Take its share."
TWO_DRAWS = (
    "You draw pictures for each road anew: both met the same pictures, so take the difference first, and draw once."
)
TURNED = "You take the second road minus the first: asked for is how much *more* the first has right."
ONE_ROAD = "That is the interval of the first road alone: take the difference of the two."
ONE_ERROR = "You give the mean plus and minus one standard error: about 68 % lie within that, not 95 %."
NINETY = "Your interval holds 90 %: it leaves out 5 % at each end, but should leave out 2.5 %."
IN_PERCENT = "You mix up shares and percent: `np.quantile` wants 0.025, `np.percentile` wants 2.5."
SPREAD = "That is where single pictures lie: asked for is where their *mean* would lie, were other pictures drawn."


def _shares(values, pictures):
    return np.array([values[pictures == name].mean() for name in np.unique(pictures)])


def _means(values, rng):
    return values[rng.integers(len(values), size=(1000, len(values)))].mean(axis=1)


def _ends(means):
    return np.quantile(means, [0.025, 0.975])


def _clustered():
    """Edits that go wrong together, in 20 pictures of 2 to 17 edits: what is hard for one road is hard for both.

    The first road is much ahead in pictures with few edits only, so that counting edits is another figure.
    """
    rng = np.random.default_rng(3)
    rights, others, pictures = [], [], []
    for name, n in enumerate(rng.permutation([2, 3, 3, 4, 2, 3, 4, 2, 3, 2, 12, 15, 17, 14, 16, 13, 15, 17, 12, 14])):
        hard = rng.random() < 0.5
        chance = 0.35 if hard else 0.98
        ahead = 0.3 if n < 10 else 0.0
        rights.append(rng.random(n) < chance + ahead)
        others.append(rng.random(n) < chance - (0.25 if n < 10 else 0.05))
        pictures.append(np.full(n, name))
    right, other, pictures = (np.concatenate(parts) for parts in (rights, others, pictures))
    order = rng.permutation(len(right))
    return right[order].astype(float), other[order].astype(float), pictures[order]


def interval_fault(interval):
    case = _clustered()

    def ends(answer, first, n):
        """What an answer gives, over many generators: a thousand draws leave some noise at the ends."""
        found = [answer(*(part.copy() for part in case), np.random.default_rng(first + k)) for k in range(n)]
        return np.mean(np.asarray(found, float), axis=0)

    found = ends(interval, 100, 12)
    if found.shape != (2,):
        return f"Give two numbers, the lower and the upper end, not something of shape {found.shape}."
    wanted = ends(_interval, 200, 30)
    if np.abs(found - wanted).max() < 0.008:
        return None
    away = {wrong.hint: np.abs(found - ends(wrong.answer, 300, 30)).max() for wrong in WRONG_INTERVALS}
    nearest = min(away, key=lambda hint: away[hint])
    if away[nearest] < 0.015:
        return nearest
    said = f"{wanted[0]:.2f} and {wanted[1]:.2f}, but yours are {found[0]:.2f} and {found[1]:.2f}"
    return f"The ends should be about {said}."


def _interval(right, other, pictures, rng):
    return _ends(_means(_shares(right - other, pictures), rng))


def _over_edits(right, other, pictures, rng):
    """Draws edits as if each were a picture of its own."""
    return _ends(_means(right - other, rng))


def _pooled(right, other, pictures, rng):
    """Draws pictures, and takes the mean over all edits of those drawn."""
    names = np.unique(pictures)
    sums = np.array([(right - other)[pictures == name].sum() for name in names])
    counts = np.array([(pictures == name).sum() for name in names])
    drawn = rng.integers(len(names), size=(1000, len(names)))
    return _ends(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))


def _two_draws(right, other, pictures, rng):
    """Draws other pictures for the second road than for the first."""
    return _ends(_means(_shares(right, pictures), rng) - _means(_shares(other, pictures), rng))


def _turned(right, other, pictures, rng):
    """Takes the difference the other way round."""
    return _interval(other, right, pictures, rng)


def _one_road(right, other, pictures, rng):
    """Forgets the second road."""
    return _interval(right, np.zeros(len(right)), pictures, rng)


def _one_error(right, other, pictures, rng):
    """Takes one standard error to both sides."""
    means = _means(_shares(right - other, pictures), rng)
    return np.array([means.mean() - means.std(), means.mean() + means.std()])


def _ninety(right, other, pictures, rng):
    """Leaves out 5 % at both ends."""
    return np.quantile(_means(_shares(right - other, pictures), rng), [0.05, 0.95])


def _in_percent(right, other, pictures, rng):
    """Gives shares to np.percentile."""
    return np.percentile(_means(_shares(right - other, pictures), rng), [0.025, 0.975])


def _spread(right, other, pictures, rng):
    """Takes the quantiles of the pictures, and draws nothing."""
    return _ends(_shares(right - other, pictures))


WRONG_INTERVALS = (
    Wrong(_over_edits, OVER_EDITS),
    Wrong(_pooled, POOLED),
    Wrong(_two_draws, TWO_DRAWS),
    Wrong(_turned, TURNED),
    Wrong(_one_road, ONE_ROAD),
    Wrong(_one_error, ONE_ERROR),
    Wrong(_ninety, NINETY),
    Wrong(_in_percent, IN_PERCENT),
    Wrong(_spread, SPREAD),
)
