"""Exercises and quiz of chapter 04, "Gram matrices"."""

import numpy as np

from imgmusic_edu.exercises import Exercise, Wrong
from imgmusic_edu.exercises.quiz04 import QUIZ

__all__ = ["EXERCISES", "QUIZ"]

# --- by hand -----------------------------------------------------------------------------------------------

_CHANNELS = np.arange(1, 13).reshape(3, 4)  # the article's example, a channel a row
_BY_HAND = _CHANNELS @ _CHANNELS.T
PRINTED = "238 is what the article prints for G23, where 7 x 8 = 56 stands in place of 8 x 12 = 96: add up again."
DROPPED = "lacks one product"
TWICE = "counts one product twice"
MIRRORED = "A Gram matrix is its own mirror image, G_ij = G_ji, and yours is not"
DIVIDED = "You divided by the four places: here we want the plain sums, as the article has them."


def _check_by_hand(by_hand):
    found = np.asarray(by_hand(), float)
    if found.shape != (3, 3):
        return f"Three channels make a matrix of 3 x 3; yours has the shape {found.shape}."
    if np.array_equal(found, _BY_HAND):
        return None
    if np.allclose(4 * found, _BY_HAND):
        return DIVIDED
    if found[1, 2] == found[2, 1] == 238:
        return PRINTED
    i, j = min(zip(*np.nonzero(found != _BY_HAND), strict=True), key=lambda place: (max(place), min(place)))
    if not np.array_equal(found, found.T) and found[j, i] == _BY_HAND[j, i]:
        return f"{MIRRORED}: G{i + 1}{j + 1} is {found[i, j]:g}, but G{j + 1}{i + 1} is {found[j, i]:g}."
    return _which_product(i, j, found[i, j])


def _which_product(i, j, found):
    """What went wrong in one sum of four products."""
    name, pairs = f"G{i + 1}{j + 1}", list(zip(_CHANNELS[i], _CHANNELS[j], strict=True))
    off = found - _BY_HAND[i, j]
    for a, b in pairs:
        if off in (-a * b, a * b):
            return f"Your {name}, {found:g}, {DROPPED if off < 0 else TWICE}: {a} x {b} = {a * b}."
    terms = " + ".join(f"{a} x {b}" for a, b in pairs)
    return f"Your {name} is {found:g}; the sum is {terms}, one product for each of the four places."


def _hand_printed():
    """Copies the article's misprint."""
    return [[30, 70, 110], [70, 174, 238], [110, 238, 446]]


def _hand_dropped():
    """Forgets the last place of one sum."""
    return [[30, 70, 110], [70, 174, 182], [110, 182, 446]]


def _hand_twice():
    """Counts a place twice."""
    return [[30, 70, 110], [70, 199, 278], [110, 278, 446]]


def _hand_not_mirrored():
    """Fills in one triangle only."""
    return [[30, 70, 110], [0, 174, 278], [0, 0, 446]]


def _hand_divided():
    """Takes means in place of sums."""
    return (_BY_HAND / 4).tolist()


# --- in code -----------------------------------------------------------------------------------------------

NO_MEAN = "You add up and do not divide by H x W: your matrix grows with the picture, and sizes cannot be compared."
ALSO_CHANNELS = "You divide by the number of channels, too: it is the number of places, H x W, that must not count."
SCRAMBLED = "Your reshape tears places apart: channels come last here, so flatten to (H W, C) before you transpose."
PLACES = "Your matrix compares places with places, H W x H W: the places are what must be summed away."
CENTRED = "You take away the means first: that is the covariance. A Gram matrix keeps them, and colour lives there."


def _check_gram(gram):
    for seed, shape in ((1, (4, 6, 3)), (2, (5, 2, 4)), (3, (3, 3, 3))):
        features = np.random.default_rng(seed).normal(0.4, 1, shape)
        found, right = np.asarray(gram(features.copy()), float), _gram(features)
        if found.shape == right.shape and np.allclose(found, right):
            continue
        for wrong in _WRONG_GRAMS:
            other = wrong.answer(features)
            if found.shape == other.shape and np.allclose(found, other):
                return wrong.hint
        if found.shape != right.shape:
            return f"Features of shape {shape} have a Gram matrix of shape {right.shape}; yours is {found.shape}."
        return f"For features of shape {shape}, G11 is {right[0, 0]:.4f}, but you found {found[0, 0]:.4f}."
    return None


def _gram(features):
    rows = features.reshape(-1, features.shape[-1])
    return rows.T @ rows / len(rows)


def _gram_no_mean(features):
    """Forgets the 1 / (H W)."""
    return _gram(features) * (features.shape[0] * features.shape[1])


def _gram_also_channels(features):
    """Divides by C H W."""
    return _gram(features) / features.shape[-1]


def _gram_scrambled(features):
    """Flattens as if channels came first."""
    rows = features.reshape(features.shape[-1], -1)
    return rows @ rows.T / rows.shape[1]


def _gram_places(features):
    """Multiplies the other way round."""
    rows = features.reshape(-1, features.shape[-1])
    return rows @ rows.T / len(rows)


def _gram_centred(features):
    """Gives the covariance."""
    return _gram(features - features.mean(axis=(0, 1)))


_WRONG_GRAMS = (
    Wrong(_gram_no_mean, NO_MEAN),
    Wrong(_gram_also_channels, ALSO_CHANNELS),
    Wrong(_gram_scrambled, SCRAMBLED),
    Wrong(_gram_places, PLACES),
    Wrong(_gram_centred, CENTRED),
)

# --- a while later -----------------------------------------------------------------------------------------

WRAPS = "Your end meets your beginning: np.roll carries the last frames to the front, where they never were."
TOO_MANY = "You divide by all frames, but only `len - lag` of them have a frame a lag later."
NOT_LATER = "You multiply each frame with itself: shift one of the two by `lag`."
OVER_CHANNELS = "You average over the channels, too: each channel has a rhythm of its own."


def _check_later(later):
    for seed, shape, lag in ((1, (12, 3), 4), (2, (9, 2), 1), (3, (7, 4), 5)):
        features = np.random.default_rng(seed).normal(0.3, 1, shape)
        found, right = np.asarray(later(features.copy(), lag), float), _later(features, lag)
        if found.shape == right.shape and np.allclose(found, right):
            continue
        for wrong in _WRONG_LATERS:
            other = wrong.answer(features, lag)
            if found.shape == other.shape and np.allclose(found, other):
                return wrong.hint
        if found.shape != right.shape:
            return f"There is one number a channel, shape {right.shape}; yours has the shape {found.shape}."
        return f"At lag {lag} the first channel has {right[0]:.4f}, but you found {found[0]:.4f}."
    same = np.asarray(later(np.arange(6.0).reshape(3, 2), 0), float)
    return None if np.allclose(same, _later(np.arange(6.0).reshape(3, 2), 0)) else ZERO


ZERO = "At lag 0 yours is not the mean square: `features[:-0]` is empty, so write `features[: len(features) - lag]`."


def _later(features, lag):
    return np.mean(features[: len(features) - lag] * features[lag:], axis=0)


def _later_wraps(features, lag):
    """Uses np.roll."""
    return np.mean(features * np.roll(features, -lag, axis=0), axis=0)


def _later_too_many(features, lag):
    """Divides by all frames."""
    return np.sum(features[: len(features) - lag] * features[lag:], axis=0) / len(features)


def _later_same(features, lag):
    """Does not shift."""
    return np.mean(features**2, axis=0)


def _later_over_channels(features, lag):
    """Averages over everything."""
    return np.asarray(np.mean(_later(features, lag)))


def _later_empty(features, lag):
    """Slices with -0."""
    return np.sum(features[:-lag] * features[lag:], axis=0) / (len(features) - lag) if lag else np.zeros(2)


_WRONG_LATERS = (
    Wrong(_later_wraps, WRAPS),
    Wrong(_later_too_many, TOO_MANY),
    Wrong(_later_same, NOT_LATER),
    Wrong(_later_over_channels, OVER_CHANNELS),
    Wrong(_later_empty, ZERO),
)

# --- a style in two numbers a channel ----------------------------------------------------------------------

VARIANCE = "You scale by the variance: the standard deviation is its root, and has the unit of the features."
WHOLE = "You take one mean over everything: each channel has a mean and a deviation of its own (axis=(0, 1))."
SWAPPED = "Photo and painting are swapped: the places must be the photo's, the moments the painting's."
NOT_CENTRED = "You add the painting's mean without taking away the photo's: then both means are in it."
NO_SCALE = "Your mean is right and your deviation is the photo's: divide by its own, multiply by the painting's."


def _check_dress(dress):
    for seed in (1, 2, 3):
        random = np.random.default_rng(seed)
        photo = random.normal([0.5, -1.0, 2.0], [1.0, 2.0, 0.5], (6, 5, 3))
        painting = random.normal([1.5, 0.3, -1.0], [0.4, 1.5, 1.2], (4, 7, 3))
        found, right = np.asarray(dress(photo.copy(), painting.copy()), float), _dress(photo, painting)
        if found.shape == right.shape and np.allclose(found, right, atol=1e-3):
            continue
        for wrong in _WRONG_DRESSES:
            other = wrong.answer(photo, painting)
            if found.shape == other.shape and np.allclose(found, other, atol=1e-3):
                return wrong.hint
        if found.shape != right.shape:
            return f"The result has the photo's shape {right.shape}; yours has {found.shape}."
        return (
            f"The first channel should have the mean {right[..., 0].mean():.3f} and the deviation "
            f"{right[..., 0].std():.3f}; yours has {found[..., 0].mean():.3f} and {found[..., 0].std():.3f}."
        )
    return None


def _dress(photo, painting, *, axis=(0, 1)):
    own = photo.mean(axis=axis), photo.std(axis=axis)
    other = painting.mean(axis=axis), painting.std(axis=axis)
    return (photo - own[0]) / own[1] * other[1] + other[0]


def _dress_variance(photo, painting):
    """Scales by variances."""
    scale = painting.var(axis=(0, 1)) / photo.var(axis=(0, 1))
    return (photo - photo.mean(axis=(0, 1))) * scale + painting.mean(axis=(0, 1))


def _dress_whole(photo, painting):
    """Takes moments of the whole array."""
    return _dress(photo, painting, axis=None)


def _dress_swapped(photo, painting):
    """Exchanges the two pictures."""
    return _dress(painting, photo)


def _dress_not_centred(photo, painting):
    """Forgets to take the photo's mean away."""
    return photo / photo.std(axis=(0, 1)) * painting.std(axis=(0, 1)) + painting.mean(axis=(0, 1))


def _dress_no_scale(photo, painting):
    """Moves the means only."""
    return photo - photo.mean(axis=(0, 1)) + painting.mean(axis=(0, 1))


_WRONG_DRESSES = (
    Wrong(_dress_variance, VARIANCE),
    Wrong(_dress_whole, WHOLE),
    Wrong(_dress_swapped, SWAPPED),
    Wrong(_dress_not_centred, NOT_CENTRED),
    Wrong(_dress_no_scale, NO_SCALE),
)

EXERCISES = (
    Exercise(
        id="ch04.by_hand",
        title="By hand",
        task="Three channels of 2 x 2 places: (1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12). Work out their Gram matrix "
        "with pencil and paper, as plain sums, and let `by_hand()` give it back: a list of three rows. If a sum is "
        "wrong, the checker says which product it lacks.",
        hints=(
            "Each entry is a sum of four products, one for each place: first number times first number, and so on.",
            "G23 = 5 x 9 + 6 x 10 + 7 x 11 + 8 x 12. The matrix is its own mirror image: six sums make nine entries.",
        ),
        check=_check_by_hand,
        wrong=(
            Wrong(_hand_printed, PRINTED),
            Wrong(_hand_dropped, DROPPED),
            Wrong(_hand_twice, TWICE),
            Wrong(_hand_not_mirrored, MIRRORED),
            Wrong(_hand_divided, DIVIDED),
        ),
    ),
    Exercise(
        id="ch04.gram",
        title="In code",
        task="Write `gram`: from features of shape (H, W, C) to their Gram matrix, shape (C, C), so that the size of "
        "the picture does not count.",
        hints=(
            "Make a table with a row a place and a column a channel. Which product of that table with itself is C x C?",
            "`rows = features.reshape(-1, features.shape[-1])`, then `rows.T @ rows`, divided by the number of rows.",
        ),
        check=_check_gram,
        wrong=_WRONG_GRAMS,
    ),
    Exercise(
        id="ch04.later",
        title="A while later",
        task="Write `later`: from features of shape (frames, C) and a `lag` of 0 or more frames, for each channel the "
        "mean of its value times its value `lag` frames later, over all frames that have such a later one.",
        hints=(
            "Cut `lag` frames off the end of one copy and off the beginning of another. How many are left?",
            "`np.mean(features[: len(features) - lag] * features[lag:], axis=0)`.",
        ),
        check=_check_later,
        wrong=_WRONG_LATERS,
    ),
    Exercise(
        id="ch04.dress",
        title="A style in two numbers a channel",
        task="Write `dress`, adaptive instance normalisation: give each channel of the photo's features, shape "
        "(H, W, C), the mean and the standard deviation that it has in the painting's, of any other height and width.",
        hints=(
            "First make each channel of the photo have mean 0 and deviation 1; then give it the painting's.",
            "`(photo - photo.mean(axis=(0, 1))) / photo.std(axis=(0, 1))`, times the painting's deviation, plus its "
            "mean.",
        ),
        check=_check_dress,
        wrong=_WRONG_DRESSES,
    ),
)
