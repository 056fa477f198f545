"""The cheapest way through a row of choices: one search behind chords, bass, voices and melody.

Taught in chapter 10, section "Choosing the best tune at once".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def cheapest_path(own: Sequence[np.ndarray], step: Callable[[int], np.ndarray]) -> list[int]:
    """Choose one state at each position so that the sum of all costs is least (Viterbi 1967).

    c_0(s) = own_0(s);  c_i(s) = own_i(s) + min_r [c_(i-1)(r) + step_i(r, s)];  then follow the minima back.

    Parameters
    ----------
    own : sequence of np.ndarray, shape (n_states_i,)
        Cost of each state by itself; the number of states may differ from position to position.
    step : callable
        step(i) gives the cost of every pair, shape (n_states_(i-1), n_states_i), for i from 1.

    Returns
    -------
    list of int
        Index of the chosen state at each position. Ties go to the lowest index.

    Raises
    ------
    ValueError
        A position without states, or no path of finite cost.
    """
    if any(len(costs) == 0 for costs in own):
        raise ValueError("There is a position with nothing to choose from.")
    total = np.asarray(own[0], dtype=float)
    back = []
    for i in range(1, len(own)):
        paths = total[:, None] + step(i)  # (previous, this)
        back.append(paths.argmin(axis=0))
        total = paths.min(axis=0) + own[i]
    if not np.isfinite(total.min()):
        raise ValueError("No way through: every path is forbidden somewhere.")
    path = [int(total.argmin())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]
