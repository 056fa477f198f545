"""Exercises and quiz of chapter 02, "What a picture holds"."""

import numpy as np

from imgmusic_edu.exercises import Exercise, Wrong
from imgmusic_edu.exercises.quiz02 import QUIZ

__all__ = ["EXERCISES", "QUIZ"]

# --- lightness --------------------------------------------------------------------------------------------------------
NO_GAMMA = "You have taken the bytes for light: undo the sRGB curve first, channel by channel, then mix."
TWO_POINT_TWO = (
    "A power of 2.2 is only near the sRGB curve: it has an offset, a power of 2.4, and a straight part below."
)
BACKWARDS = "Red and blue have changed places: the weights are 0.21 for red, 0.72 for green, 0.07 for blue."
LIGHT_ITSELF = "That is the light in percent, before the cube root: we see it growing more slowly than it does."
NO_LINE = "The darkest colours come out below 0: under 0.008856 a straight line takes the place of the cube root."
SHADES = ((0, 0, 0), (255, 255, 255), (128, 128, 128), (5, 5, 5), (2, 6, 1))


def _lightness(red, green, blue, *, light=None, dark=True, rooted=True):
    """L* with one thing or another got wrong."""
    y = sum(
        w * (light or _light)(byte / 255)
        for w, byte in zip((0.212671, 0.715160, 0.072169), (red, green, blue), strict=True)
    )
    if not rooted:
        return 100 * y
    return 116 * (y ** (1 / 3) if y > 0.008856 or not dark else 7.787 * y + 16 / 116) - 16


def _light(v):
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def _check_lightness(lightness):
    rng = np.random.default_rng(1)
    colours = [*SHADES, *(tuple(int(byte) for byte in row) for row in rng.integers(0, 256, (30, 3)))]
    answers = [float(lightness(*colour)) for colour in colours]
    wanted = [_lightness(*colour) for colour in colours]
    if np.allclose(answers, wanted, atol=0.05):
        return None
    for wrong in _WRONG_LIGHTNESS:
        if np.allclose(answers, [wrong.answer(*colour) for colour in colours], atol=0.05):
            return wrong.hint
    worst = int(np.argmax(np.abs(np.subtract(answers, wanted))))
    return f"The colour {colours[worst]} has L* {wanted[worst]:.2f}, but you found {answers[worst]:.2f}."


def _bytes_for_light(red, green, blue):
    """Mixes the bytes as if they were amounts of light."""
    return _lightness(red, green, blue, light=lambda v: v)


def _power_2_2(red, green, blue):
    """Takes a plain power of 2.2 for the sRGB curve."""
    return _lightness(red, green, blue, light=lambda v: v**2.2)


def _blue_first(red, green, blue):
    """Gives red the weight of blue, and blue that of red."""
    return _lightness(blue, green, red)


def _percent_of_light(red, green, blue):
    """Stops at the light, without the cube root."""
    return _lightness(red, green, blue, rooted=False)


def _cube_root_everywhere(red, green, blue):
    """Takes the cube root of the darkest colours too."""
    return _lightness(red, green, blue, dark=False)


_WRONG_LIGHTNESS = (
    Wrong(_bytes_for_light, NO_GAMMA),
    Wrong(_power_2_2, TWO_POINT_TWO),
    Wrong(_blue_first, BACKWARDS),
    Wrong(_percent_of_light, LIGHT_ITSELF),
    Wrong(_cube_root_everywhere, NO_LINE),
)

# --- co-occurrence ----------------------------------------------------------------------------------------------------
ONE_WAY = "Your matrix is not symmetric: count each pair in both orders, at (i, j) and at (j, i)."
COUNTS = "These are counts: divide by their sum, or a large picture could not be compared with a small one."
WRAPPED = "You pair the last pixel of a row with the first one: np.roll goes round, a picture does not."
DOWNWARDS = "You pair each pixel with the one below: the neighbour to the right is in the next column, axis 1."
ROWS_ONE = "You divided each row by its own sum: divide the whole matrix by one number, the sum of all."


def _tally(levels, n_levels, *, across=True, wrap=False, both=True, share="all"):
    """The co-occurrence matrix with one thing or another got wrong."""
    levels = levels if across else levels.T
    first, second = (levels, np.roll(levels, -1, axis=1)) if wrap else (levels[:, :-1], levels[:, 1:])
    tally = np.zeros((n_levels, n_levels))
    np.add.at(tally, (first, second), 1)
    tally = tally + tally.T if both else tally
    if share == "rows":
        return tally / np.maximum(tally.sum(axis=1, keepdims=True), 1)
    return tally / tally.sum() if share == "all" else tally


def _check_cooccurrence(cooccurrence):
    rng = np.random.default_rng(2)
    trials = [(rng.integers(0, n, shape), n) for n, shape in ((3, (4, 4)), (4, (5, 7)), (6, (9, 3)), (5, (2, 12)))]
    answers = [np.asarray(cooccurrence(levels.copy(), n), dtype=float) for levels, n in trials]
    for answer, (_, n) in zip(answers, trials, strict=True):
        if answer.shape != (n, n):
            return f"For {n} levels the matrix is {n} by {n}, yours has the shape {answer.shape}."
    wanted = [_tally(*trial) for trial in trials]
    if _all_close(answers, wanted):
        return None
    for wrong in _WRONG_TALLIES:
        if _all_close(answers, [wrong.answer(*trial) for trial in trials]):
            return wrong.hint
    found, right, n = next(
        (a, b, trial[1]) for a, b, trial in zip(answers, wanted, trials, strict=True) if not np.allclose(a, b)
    )
    i, j = np.unravel_index(np.abs(found - right).argmax(), (n, n))
    return f"On a random picture of {n} levels, entry ({i}, {j}) is {right[i, j]:.4f}, but you found {found[i, j]:.4f}."


def _all_close(answers, wanted):
    return all(np.allclose(answer, right) for answer, right in zip(answers, wanted, strict=True))


def _not_symmetric(levels, n_levels):
    """Counts each pair in one order only."""
    return _tally(levels, n_levels, both=False)


def _not_normalised(levels, n_levels):
    """Gives counts instead of shares."""
    return _tally(levels, n_levels, share="none")


def _goes_round(levels, n_levels):
    """Rolls the picture, so that its right border meets its left one."""
    return _tally(levels, n_levels, wrap=True)


def _pairs_below(levels, n_levels):
    """Pairs along the wrong axis."""
    return _tally(levels, n_levels, across=False)


def _each_row_one(levels, n_levels):
    """Normalises each row, as one does for the chances of what comes next."""
    return _tally(levels, n_levels, share="rows")


_WRONG_TALLIES = (
    Wrong(_not_symmetric, ONE_WAY),
    Wrong(_not_normalised, COUNTS),
    Wrong(_goes_round, WRAPPED),
    Wrong(_pairs_below, DOWNWARDS),
    Wrong(_each_row_one, ROWS_ONE),
)

# --- mend -------------------------------------------------------------------------------------------------------------
NO_BATCH = (
    "A network wants a batch, (n, height, width, 3): stack the pictures, or give one of them an axis, picture[None]."
)
NOT_PREPARED = "The network was shown bare bytes: put the batch through `preprocess` before."
TWICE = "You divide by 255 and prepare as well: `preprocess` expects bytes from 0 to 255 and does all that is needed."
SWAPPED = "You swap red and blue, and `preprocess` does it again: hand it the pictures as they are, red first."
TRAINING = "You call the network as in training, with dropout on, so that each call differs: training=False."
NOT_FROZEN = (
    "The network can still learn: set `network.trainable = False` before you use it, or a later fit changes it."
)
AGAIN = "Your pictures pass the network twice: it takes pictures and gives features, and features are no pictures."
_MEANS = np.array([103.939, 116.779, 123.68], np.float32)


class _Network:
    """As much of a Keras network as the exercise needs: takes pictures of 6 by 6 pixels, gives 5 features."""

    def __init__(self):
        self.trainable = True
        self._rng = np.random.default_rng(3)
        self._weights = self._rng.normal(size=(108, 5))

    def __call__(self, batch, training=False):
        batch = np.asarray(batch, dtype=float)
        if batch.ndim == 2 and batch.shape[1] == 5:
            raise ValueError(AGAIN)
        if batch.ndim != 4:
            raise ValueError(NO_BATCH)
        if batch.shape[1:] != (6, 6, 3):
            raise ValueError(f"The network takes (n, 6, 6, 3), this batch has the shape {batch.shape}.")
        kept = self._rng.random(batch.shape) < 0.5 if training else 1.0
        return (batch * kept).reshape(len(batch), -1) @ self._weights

    def predict(self, batch, **_):
        return self(batch)


def _preprocess(batch):
    return (np.asarray(batch, dtype=np.float32)[..., ::-1]) - _MEANS


def _check_mend(mend):
    rng = np.random.default_rng(4)
    pictures = [rng.integers(0, 256, (6, 6, 3), dtype=np.uint8) for _ in range(4)]
    before = [picture.copy() for picture in pictures]
    network = _Network()
    found = np.asarray(mend(pictures, network, _preprocess), dtype=float)
    if any((picture != copy).any() for picture, copy in zip(pictures, before, strict=True)):
        return "You have changed the pictures that you were given: work on a copy."
    if found.shape != (4, 5):
        return f"Four pictures and a network of 5 features make (4, 5), but you gave back the shape {found.shape}."
    batch, ask = np.stack(pictures).astype(np.float32), _Network()
    known = {
        NOT_PREPARED: batch,
        TWICE: _preprocess(batch / 255),
        SWAPPED: _preprocess(batch[..., ::-1]),
    }
    if not np.allclose(found, ask(_preprocess(batch)), rtol=1e-4, atol=1e-2):
        for hint, shown in known.items():
            if np.allclose(found, ask(shown), rtol=1e-4, atol=1e-2):
                return hint
        again = np.asarray(mend(pictures, network, _preprocess), dtype=float)
        if not np.allclose(found, again):
            return TRAINING
        right = ask(_preprocess(batch))
        return f"The first picture has the features {np.round(right[0], 1)}, not {np.round(found[0], 1)}."
    return NOT_FROZEN if network.trainable else None


def _shown(pictures, network, prepared, **options):
    network.trainable = False
    return network(prepared(np.stack(pictures).astype(np.float32)), **options)


def _one_by_one(pictures, network, preprocess):
    """Hands over single pictures without a batch axis."""
    network.trainable = False
    return np.array([network(preprocess(picture)) for picture in pictures])


def _bare_bytes(pictures, network, preprocess):
    """Forgets the preparation."""
    return _shown(pictures, network, lambda batch: batch)


def _divided_too(pictures, network, preprocess):
    """Divides by 255 before the preparation, out of habit."""
    return _shown(pictures, network, lambda batch: preprocess(batch / 255))


def _swapped_too(pictures, network, preprocess):
    """Turns red, green, blue into blue, green, red by hand, although the preparation does."""
    return _shown(pictures, network, lambda batch: preprocess(batch[..., ::-1]))


def _in_training(pictures, network, preprocess):
    """Leaves dropout on."""
    return _shown(pictures, network, preprocess, training=True)


def _not_frozen(pictures, network, preprocess):
    """Asks the network without freezing it."""
    return network(preprocess(np.stack(pictures).astype(np.float32)), training=False)


def _through_twice(pictures, network, preprocess):
    """Puts the features through the network again, as the tutorial does."""
    return network(_shown(pictures, network, preprocess))


# --- most alike -------------------------------------------------------------------------------------------------------
ITSELF = "A row is nearest to itself: leave row k out before you look for the best."
NO_LENGTH = "Your product grows with the length of a row, so long rows always win: divide each by its length first."
EUCLID = "That is the nearest by straight distance: the cosine looks at the direction only, however long the rows are."
FARTHEST = "You found the least alike: a large cosine is a small distance, 1 - cosine."
COUNTED_ON = "With row k deleted, all rows after it move up by one: give the number that the row has in `features`."


def _alikeness(features, k):
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    return unit @ unit[k]


def _best(scores, k):
    scores = np.array(scores, dtype=float)
    scores[k] = -np.inf
    return int(scores.argmax())


def _check_most_alike(most_alike):
    rng = np.random.default_rng(5)
    trials = [(rng.normal(size=(9, 4)) * rng.uniform(0.2, 5, (9, 1)), int(rng.integers(9))) for _ in range(30)]
    answers = [int(most_alike(features.copy(), k)) for features, k in trials]
    wanted = [_best(_alikeness(*trial), trial[1]) for trial in trials]
    if answers == wanted:
        return None
    for wrong in _WRONG_NEIGHBOURS:
        if answers == [wrong.answer(*trial) for trial in trials]:
            return wrong.hint
    found, right, (_, k) = next(row for row in zip(answers, wanted, trials, strict=True) if row[0] != row[1])
    return f"In a random table of 9 rows the one most like row {k} is row {right}, but you found {found}."


def _finds_itself(features, k):
    """Forgets that every row is most like itself."""
    return k


def _bare_product(features, k):
    """Compares by the product of rows that are not of one length."""
    return _best(features @ features[k], k)


def _straight_distance(features, k):
    """Takes the Euclidean distance."""
    return _best(-np.linalg.norm(features - features[k], axis=1), k)


def _least_alike(features, k):
    """Takes the smallest cosine for the smallest distance."""
    return _best(-_alikeness(features, k), k)


def _row_deleted(features, k):
    """Deletes row k and gives a number in the shorter table."""
    return int(np.delete(_alikeness(features, k), k).argmax())


_WRONG_NEIGHBOURS = (
    Wrong(_finds_itself, ITSELF),
    Wrong(_bare_product, NO_LENGTH),
    Wrong(_straight_distance, EUCLID),
    Wrong(_least_alike, FARTHEST),
    Wrong(_row_deleted, COUNTED_ON),
)

EXERCISES = (
    Exercise(
        id="ch02.lightness",
        title="How light is this colour?",
        task="Write `lightness`: it gives the L* of one colour. `red`, `green` and `blue` are bytes, 0 to 255. Undo "
        "the sRGB curve, mix the light as $Y = 0.212671\\,\\ell_R + 0.715160\\,\\ell_G + 0.072169\\,\\ell_B$, and "
        "go on as in the section on colour.",
        hints=(
            "Three steps: from byte to light, one channel at a time; from three lights to one Y; from Y to L*.",
            "`116 * f(Y) - 16`, where `f(Y)` is `Y ** (1 / 3)` above 0.008856 and `7.787 * Y + 16 / 116` below.",
        ),
        check=_check_lightness,
        wrong=_WRONG_LIGHTNESS,
    ),
    Exercise(
        id="ch02.cooccurrence",
        title="Who stands beside whom?",
        task="`levels` is a picture of whole numbers from 0 to `n_levels - 1`, shape (height, width). Write "
        "`cooccurrence`: the matrix of all pairs of a pixel and its neighbour to the right, each pair counted in both "
        "orders, all divided by one number so that the entries add up to 1.",
        hints=(
            "`levels[:, :-1]` and `levels[:, 1:]` are all the pairs. How do you count a pair (i, j) in both orders?",
            "`np.add.at(tally, (left, right), 1)`, then `tally + tally.T`, then divide by the sum.",
        ),
        check=_check_cooccurrence,
        wrong=_WRONG_TALLIES,
    ),
    Exercise(
        id="ch02.mend",
        title="Mend the pipeline",
        task="Write the first station of the pipeline as it should be. `pictures` is a list of arrays, all of one "
        "size, bytes, red first. `preprocess` is the network's own preparation: it takes a batch of such numbers. "
        "`network` is a Keras model that can still be trained. Freeze it, and give the features of all pictures, one "
        "row each.",
        hints=(
            "In which order: batch, preparation, network? And which two things keep the network from learning?",
            "`network.trainable = False`, then `network(preprocess(batch), training=False)`; `np.stack` makes a batch.",
        ),
        check=_check_mend,
        wrong=(
            Wrong(_one_by_one, NO_BATCH),
            Wrong(_bare_bytes, NOT_PREPARED),
            Wrong(_divided_too, TWICE),
            Wrong(_swapped_too, SWAPPED),
            Wrong(_in_training, TRAINING),
            Wrong(_not_frozen, NOT_FROZEN),
            Wrong(_through_twice, AGAIN),
        ),
    ),
    Exercise(
        id="ch02.most_alike",
        title="The nearest neighbour",
        task="`features` has one row for each picture. Write `most_alike`: the number of the row nearest to row `k` by "
        "cosine distance; row `k` itself does not count.",
        hints=(
            "The cosine of two rows of length 1 is their product. Which row is always nearest to row k?",
            "Divide each row by its length, take `unit @ unit[k]`, set entry `k` to `-np.inf`, and take `argmax`.",
        ),
        check=_check_most_alike,
        wrong=_WRONG_NEIGHBOURS,
    ),
)
