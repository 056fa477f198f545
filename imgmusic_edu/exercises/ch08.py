"""Exercises and quiz of chapter 08, "From picture to sound features"."""

import numpy as np

from imgmusic_edu.exercises import Exercise, Wrong
from imgmusic_edu.exercises.quiz08 import QUIZ

__all__ = ["EXERCISES", "QUIZ"]


def _first_alike(found, cases, wrongs, same):
    """The hint of the first wrong answer that gives, in all cases, what was found; None if none does."""
    for wrong in wrongs:
        if all(same(one, wrong.answer(*case)) for one, case in zip(found, cases, strict=True)):
            return wrong.hint
    return None


# --- find where a chain breaks -----------------------------------------------------------------------------

ONLY_COUNTS = "You count numbers: 7 x 7 x 512 are as many as 25088, but shapes must meet axis by axis."
ONLY_LAST = "You compare the last axis alone: one picture without its batch axis would pass."
STRICT = "You take `None` for a length: it means that any length will do."
THE_GIVER = "You name the part that gives: asked for is the one that cannot take it."
THE_LAST = "You name the last break: stop at the first one, for behind it nothing runs."
A_NUMBER = "You give the part's place in the list: give its name."

# The last one breaks for everybody: a None there would be taken for a missing return.
_CHAINS = (
    [("picture", (), (224, 224, 3)), ("network", (None, 224, 224, 3), (None, 7, 7, 512)), ("map", (None, 9), (3,))],
    [("base", (), (None, 7, 7, 512)), ("map", (None, 25088), (None, 128)), ("vocoder", (None, 128), (None,))],
    [("map", (), (None, 216, 16)), ("decoder", (None, None, 16), (None, None, 128)), ("end", (8, 864, 128), ())],
    [("one", (), (2,))],
    [("base", (), (4, 512)), ("map", (None, 512), (None, 128)), ("vocoder", (None, None, 128), (None,))],
    [
        ("picture", (), (1, 224, 224, 3)),
        ("network", (None, 224, 224, 3), (None, 4096)),
        ("map", (None, 128), (None,)),
    ],
)


def _check_first_break(first_break):
    found = [first_break(list(chain)) for chain in _CHAINS]
    right = [_break(chain) for chain in _CHAINS]
    if found == right:
        return None
    hint = _first_alike(found, [(chain,) for chain in _CHAINS], _WRONG_BREAKS, lambda a, b: a == b)
    number = next(n for n, (one, other) in enumerate(zip(found, right, strict=True)) if one != other)
    shapes = ", ".join(f"{name} takes {takes} and gives {gives}" for name, takes, gives in _CHAINS[number])
    return hint or f"Where {shapes}, the answer is {right[number]!r}, but you found {found[number]!r}."


def _meets(given, wanted):
    return len(given) == len(wanted) and all(
        None in pair or pair[0] == pair[1] for pair in zip(given, wanted, strict=True)
    )


def _breaks(chain, meets=_meets):
    """Places of all parts that do not take what comes."""
    return [n for n in range(1, len(chain)) if not meets(chain[n - 1][2], chain[n][1])]


def _break(chain, meets=_meets):
    broken = _breaks(chain, meets)
    return chain[broken[0]][0] if broken else None


def _by_size(chain):
    """Compares how many numbers there are, not the shapes."""

    def meets(given, wanted):
        return np.prod([n for n in given if n]) == np.prod([n for n in wanted if n])

    return _break(chain, meets)


def _by_last(chain):
    """Looks at the last axis only, so that a missing batch axis is not seen."""
    return _break(chain, lambda given, wanted: given[-1:] == wanted[-1:])


def _strictly(chain):
    """Takes None for a length of its own."""
    return _break(chain, lambda given, wanted: given == wanted)


def _giver(chain):
    """Blames the part before."""
    broken = _breaks(chain)
    return chain[broken[0] - 1][0] if broken else None


def _last_break(chain):
    """Goes on behind the first break."""
    broken = _breaks(chain)
    return chain[broken[-1]][0] if broken else None


def _place(chain):
    """Gives the index."""
    broken = _breaks(chain)
    return broken[0] if broken else None


_WRONG_BREAKS = (
    Wrong(_by_size, ONLY_COUNTS),
    Wrong(_by_last, ONLY_LAST),
    Wrong(_strictly, STRICT),
    Wrong(_giver, THE_GIVER),
    Wrong(_last_break, THE_LAST),
    Wrong(_place, A_NUMBER),
)

# --- the clock ---------------------------------------------------------------------------------------------

NO_MINUTE = "Your clock turns 60 times too fast: the tempo is in beats a *minute*, the time in seconds."
FAST_BAR = "Your bar turns faster than the beat: a bar is as long as several beats, so divide by them."
NO_CIRCLE = "One beat is one whole turn: multiply the turns by 2 pi before you take sine and cosine."
IN_DEGREES = "You turn in degrees, but NumPy's sine takes radians: a whole turn is 2 pi."
SINE_ALONE = "Two places of the beat share one sine: give the cosine, too, so that no two places look alike."
OTHER_ORDER = "Your cosines come before the sines: the order asked for is sine, cosine, sine, cosine."


def _check_clock(clock):
    random = np.random.default_rng(8)
    cases = [(np.sort(random.uniform(0, 10, 9)), tempo, beats) for tempo, beats in ((120.0, 4), (77.0, 3), (93.0, 4))]
    found = [np.asarray(clock(time.copy(), tempo, beats), float) for time, tempo, beats in cases]
    right = [_turned(*case) for case in cases]
    if all(_same(one, other) for one, other in zip(found, right, strict=True)):
        return None
    hint = _first_alike(found, cases, _WRONG_CLOCKS, _same)
    if not hint and found[0].shape != (9, 4):
        return f"For 9 moments the answer has the shape (9, 4), but yours has {found[0].shape}."
    time, tempo, beats = cases[0]
    return hint or (
        f"At {time[1]:.2f} s, {tempo:.0f} beats a minute and {beats} beats a bar the row is "
        f"{np.round(right[0][1], 3).tolist()}, but you found {np.round(found[0][1], 3).tolist()}."
    )


def _same(one, other):
    return np.shape(one) == np.shape(other) and np.allclose(one, other, atol=1e-6)


def _turned(time, tempo, beats_per_bar, *, a_minute=60.0, circle=2 * np.pi, bar_by=-1, order=(0, 1, 2, 3)):
    beat = np.asarray(time) * tempo / a_minute
    rows = [f(circle * turns) for turns in (beat, beat * float(beats_per_bar) ** bar_by) for f in (np.sin, np.cos)]
    return np.stack([rows[n] for n in order], axis=1)


def _a_second(time, tempo, beats_per_bar):
    """Takes beats a minute for beats a second."""
    return _turned(time, tempo, beats_per_bar, a_minute=1.0)


def _bar_too_fast(time, tempo, beats_per_bar):
    """Multiplies by the beats of a bar in place of dividing."""
    return _turned(time, tempo, beats_per_bar, bar_by=1)


def _not_round(time, tempo, beats_per_bar):
    """Forgets that a turn is 2 pi."""
    return _turned(time, tempo, beats_per_bar, circle=1.0)


def _degrees(time, tempo, beats_per_bar):
    """Turns by 360."""
    return _turned(time, tempo, beats_per_bar, circle=360.0)


def _only_sines(time, tempo, beats_per_bar):
    """Leaves the cosines out."""
    return _turned(time, tempo, beats_per_bar, order=(0, 2))


def _cosine_first(time, tempo, beats_per_bar):
    """Exchanges sine and cosine."""
    return _turned(time, tempo, beats_per_bar, order=(1, 0, 3, 2))


_WRONG_CLOCKS = (
    Wrong(_a_second, NO_MINUTE),
    Wrong(_bar_too_fast, FAST_BAR),
    Wrong(_not_round, NO_CIRCLE),
    Wrong(_degrees, IN_DEGREES),
    Wrong(_only_sines, SINE_ALONE),
    Wrong(_cosine_first, OTHER_ORDER),
)

# --- the best answer under squared error -------------------------------------------------------------------

ONE_FOR_ALL = "You give all pictures the same answer: average over the pieces of *one* picture only."
A_MEDIAN = "That is the median, the best answer under the mean *absolute* error: squares want the mean."
A_COPY = "You give each piece back: but the network is shown the picture alone, so one picture has one answer."
ONE_PIECE = "You choose one of the picture's pieces: it is better music, but its squared error is not the least."
NOT_DIVIDED = "You add the pieces of a picture up: divide by how many there are."


def _check_best_answer(best_answer):
    random = np.random.default_rng(9)
    cases = []
    for n, shown in ((9, 3), (14, 4)):
        pictures = random.permutation(np.r_[np.arange(shown), random.integers(shown, size=n - shown), [0, 0]])
        cases.append((pictures, random.gamma(1.0, 1.0, (len(pictures), 5))))
    found = [np.asarray(best_answer(pictures.copy(), pieces.copy()), float) for pictures, pieces in cases]
    right = [_per_picture(*case, how=_mean) for case in cases]
    if all(_same(one, other) for one, other in zip(found, right, strict=True)):
        return None
    if found[0].shape != right[0].shape:
        return f"{len(right[0])} pieces have answers of the shape {right[0].shape}, but yours have {found[0].shape}."
    hint = _first_alike(found, cases, _WRONG_ANSWERS, _same)
    errors = [float(np.mean((answer[0] - cases[0][1]) ** 2)) for answer in (right, found)]
    return hint or f"The least mean squared error is {errors[0]:.4f}, but your answer has {errors[1]:.4f}."


def _mean(rows):
    return np.average(rows, axis=0)


def _per_picture(pictures, pieces, *, how):
    answer = np.empty_like(np.asarray(pieces, float))
    for picture in set(np.asarray(pictures).tolist()):
        own = np.flatnonzero(pictures == picture)
        answer[own] = how(pieces[own])
    return answer


def _one_for_all(pictures, pieces):
    """Takes the mean of everything."""
    return np.broadcast_to(_mean(pieces), pieces.shape)


def _medians(pictures, pieces):
    """Takes the median, which belongs to another loss."""
    return _per_picture(pictures, pieces, how=lambda rows: np.median(rows, axis=0))


def _copies(pictures, pieces):
    """Looks at the piece that is to be guessed."""
    return pieces


def _first_piece(pictures, pieces):
    """Takes the first piece of each picture for its answer."""
    return _per_picture(pictures, pieces, how=lambda rows: rows[0])


def _sums(pictures, pieces):
    """Forgets to divide."""
    return _per_picture(pictures, pieces, how=lambda rows: rows.sum(axis=0))


_WRONG_ANSWERS = (
    Wrong(_one_for_all, ONE_FOR_ALL),
    Wrong(_medians, A_MEDIAN),
    Wrong(_copies, A_COPY),
    Wrong(_first_piece, ONE_PIECE),
    Wrong(_sums, NOT_DIVIDED),
)

# --- retrieval ---------------------------------------------------------------------------------------------

PER_PICTURE = "You rank sounds for each picture: a row is a sound, and the pictures along it are to be ranked."
OFF_BY_ONE = "You let one place too many count: the best picture has no other before it, so fewer than k may be nearer."
FARTHEST = "You rank the farthest first: a small distance is a good match."
ONLY_FIRST = "You count first places only: with k the right picture may stand anywhere among the first k."
A_COUNT = "You give a number of sounds: give their share, between 0 and 1."


def _check_recall_at(recall_at):
    random = np.random.default_rng(10)
    cases = []
    for n, k in ((12, 3), (20, 5), (15, 2), (30, 7)):
        distances = random.uniform(0, 1, (n, n)) + 0.5 * random.uniform(0, 1, n)
        distances[np.arange(n), np.arange(n)] *= 0.4
        cases.append((distances, k))
    found = [float(recall_at(distances.copy(), k)) for distances, k in cases]
    right = [_recall(*case) for case in cases]
    if np.allclose(found, right):
        return None
    hint = _first_alike(found, cases, _WRONG_RECALLS, np.isclose)
    number = int(np.argmax(~np.isclose(found, right)))
    (distances, k), n = cases[number], len(cases[number][0])
    return hint or f"Among {n} pictures with k={k} the share is {right[number]:.3f}, but you found {found[number]:.3f}."


def _recall(distances, k, *, axis=1, more=0, sign=1.0):
    distances = sign * np.asarray(distances)
    own = np.expand_dims(np.diag(distances), axis)
    return float(np.mean((distances < own).sum(axis=axis) < k + more))


def _other_axis(distances, k):
    """Ranks sounds in place of pictures."""
    return _recall(distances, k, axis=0)


def _one_more(distances, k):
    """Counts places from 0 and compares with <=."""
    return _recall(distances, k, more=1)


def _far_first(distances, k):
    """Takes distances for likenesses."""
    return _recall(distances, k, sign=-1.0)


def _first_only(distances, k):
    """Does not use k."""
    return _recall(distances, 1)


def _counted(distances, k):
    """Does not divide."""
    return _recall(distances, k) * len(distances)


_WRONG_RECALLS = (
    Wrong(_other_axis, PER_PICTURE),
    Wrong(_one_more, OFF_BY_ONE),
    Wrong(_far_first, FARTHEST),
    Wrong(_first_only, ONLY_FIRST),
    Wrong(_counted, A_COUNT),
)

EXERCISES = (
    Exercise(
        id="ch08.first_break",
        title="Find the fault before you train",
        task="Write `first_break`, which would have found four of the listing's faults before anything ran. `parts` is "
        "a list of `(name, takes, gives)`, where `takes` and `gives` are shapes, with `None` for an axis of any "
        "length. Give the name of the first part that does not take what the part before it gives, or `None` if all "
        "fit. What the first part takes need not be looked at.",
        hints=(
            "Two shapes meet when they have as many axes, and each pair of axes agrees. When does a pair agree?",
            "Go through `zip(parts, parts[1:])`. A pair `(a, b)` agrees where `a == b`, or where one of them is "
            "`None`; compare the lengths of the two shapes first.",
        ),
        check=_check_first_break,
        wrong=_WRONG_BREAKS,
    ),
    Exercise(
        id="ch08.clock",
        title="A clock for a mapping",
        task="Write `clock`: for moments `time` (seconds, shape (n,)), a `tempo` in beats a minute and "
        "`beats_per_bar`, give four columns, shape (n, 4): sine and cosine of the beat's clock, which turns once a "
        "beat, then sine and cosine of the bar's, which turns once a bar. Both begin to turn at 0 s.",
        hints=(
            "How many beats have gone by at each moment? How many bars is that? One of them is one whole turn.",
            "`beat = time * tempo / 60`, `bar = beat / beats_per_bar`; the angle of either is `2 * np.pi` times that. "
            "`np.stack([...], axis=1)`.",
        ),
        check=_check_clock,
        wrong=_WRONG_CLOCKS,
    ),
    Exercise(
        id="ch08.best_answer",
        title="What squared error asks for",
        task="Several pieces go with each picture. A network that is shown nothing but the picture must give all of "
        "its pieces the same answer. Write `best_answer`: of the labels `pictures`, shape (n,), and the `pieces` that "
        "go with them, shape (n, d), make the answers, shape (n, d), whose mean squared error is the least there can "
        "be.",
        hints=(
            "For one picture: which single row is, on average, nearest to all of its pieces, in squares?",
            "For each label of `np.unique(pictures)` take the rows where `pictures == label`, and give them all their "
            "`mean(axis=0)`.",
        ),
        check=_check_best_answer,
        wrong=_WRONG_ANSWERS,
    ),
    Exercise(
        id="ch08.recall_at",
        title="Found among the first k",
        task="Write `recall_at`: `distances`, shape (n, n), says how badly picture `j` goes with sound `i`; the right "
        "picture of sound `i` is picture `i`. Give the share of sounds whose right picture is among the `k` nearest.",
        hints=(
            "For one sound: how many pictures are nearer than the right one? When is it among the first k?",
            "`nearer = (distances < np.diag(distances)[:, None]).sum(axis=1)`; it is among the first k where "
            "`nearer < k`.",
        ),
        check=_check_recall_at,
        wrong=_WRONG_RECALLS,
    ),
)
