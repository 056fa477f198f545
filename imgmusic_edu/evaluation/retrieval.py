"""Who is like whom: the nearest neighbours of a thing among others, in any space of features.

Taught in chapter 02, section "Neighbours".
"""

import numpy as np

__all__ = ["METRICS", "nearest"]

METRICS = ("cosine", "euclidean")


def nearest(features, query, *, n=5, metric="cosine"):
    """The rows of `features` that lie nearest to a query.

    Cosine distance is 1 - u . v / (|u| |v|): 0 for the same direction, 1 for a right angle, 2 for the opposite;
    a row of zeros has no direction and is at 1 from everything. Euclidean distance is |u - v|.

    Parameters
    ----------
    features : np.ndarray, shape (N, D)
    query : np.ndarray, shape (D,) or (M, D)
        One row, or several at once.
    n : int
        How many neighbours; all N where there are fewer.
    metric : {"cosine", "euclidean"}

    Returns
    -------
    indices : np.ndarray of int, shape (n,) or (M, n)
        Rows, the nearest first; of two at the same distance the earlier one. A query that is a row of `features`
        finds itself first: ask for one more.
    distances : np.ndarray, shape (n,) or (M, n)

    Raises
    ------
    ValueError
        Shapes do not meet, values are not finite, or there is no such metric.

    Notes
    -----
    Taught in chapter 02, section "Neighbours".
    """
    features, query = np.asarray(features, dtype=float), np.asarray(query, dtype=float)
    if features.ndim != 2 or query.ndim not in (1, 2) or query.shape[-1] != features.shape[1]:
        raise ValueError(
            f"Features of shape (N, D) and a query of shape (D,) or (M, D) are needed, these are {features.shape} and "
            f"{query.shape}."
        )
    if not (np.isfinite(features).all() and np.isfinite(query).all()):
        raise ValueError("Features and query must be finite numbers, some are NaN or infinite.")
    if metric not in METRICS:
        raise ValueError(f"There is no metric {metric!r:.40}; the choices are: {', '.join(METRICS)}.")
    rows = np.atleast_2d(query)
    if metric == "cosine":
        distances = 1 - _directions(rows) @ _directions(features).T  # (M, N)
    else:
        distances = np.stack([np.linalg.norm(features - row, axis=1) for row in rows])
    indices = np.argsort(distances, axis=1, kind="stable")[:, :n]
    distances = np.take_along_axis(distances, indices, axis=1)
    return (indices, distances) if query.ndim == 2 else (indices[0], distances[0])


def _directions(rows):
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
