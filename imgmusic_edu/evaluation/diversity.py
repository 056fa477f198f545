"""How many different things are there? The Vendi score, what it needs, and a distance between two crowds.

A table of generative results needs both: a generator that makes one perfect thing again and again has no diversity,
and noise has plenty of it, but lies far away from what is real.

    features = picture_features(made)                                    # (n, d)
    place = Standard(picture_features(real))                             # a mean and a scale, from real ones
    vendi_score(rbf_kernel(place(features)))                             # 1 .. n
    frechet_distance(place(features), place(picture_features(others)))   # 0 ..

After Friedman & Dieng 2023, "The Vendi score: a diversity evaluation metric for machine learning", arXiv:2210.02410.
Taught in chapter 07, "Adversarial nets".
"""

import functools

import numpy as np
from threadpoolctl import ThreadpoolController

__all__ = [
    "Standard",
    "cosine_kernel",
    "frechet_distance",
    "nearest_distance",
    "picture_features",
    "rbf_kernel",
    "sound_features",
    "vendi_score",
]

LEAST_SPREAD = 0.25  # of the typical one: a feature that varies less in real samples counts as if it varied so much


def vendi_score(kernel):
    """The number of different things in a set, by how alike they are.

    exp(- sum lambda log lambda) over the eigenvalues lambda of K / n (Friedman & Dieng 2023, definition 3.1): n copies
    of one thing score 1, n things that have nothing in common n.

    Parameters
    ----------
    kernel : np.ndarray, shape (n, n)
        K[i, j], the likeness of i and j: symmetric, positive semi-definite, 1 on the diagonal.

    Returns
    -------
    float
        1 .. n, an effective number. It grows with n, so compare sets of one size only.

    Raises
    ------
    ValueError
        Not a likeness: not square, not symmetric, not finite, a diagonal other than 1, clearly negative eigenvalues.

    Notes
    -----
    Taught in chapter 07.
    """
    kernel = np.asarray(kernel, float)
    if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1] or not kernel.size:
        raise ValueError(f"Likenesses of n things are an array (n, n), but these have the shape {kernel.shape}.")
    if not np.isfinite(kernel).all() or not np.allclose(kernel, kernel.T, atol=1e-6):
        raise ValueError("Likenesses must be finite, and i must be as like j as j is like i.")
    if not np.allclose(np.diag(kernel), 1, atol=1e-6):
        worst = np.diag(kernel)[np.abs(np.diag(kernel) - 1).argmax()]
        raise ValueError(f"A thing is like itself by 1, but the diagonal has {worst:.4g}: normalise the features.")
    with _threads().limit(limits=1):  # so small a matrix needs no others, and where cores are shared they wait
        values = np.linalg.eigvalsh(kernel / len(kernel))
    if values[0] < -1e-6:
        raise ValueError(f"K / n has the eigenvalue {values[0]:.2g}, so it is no likeness: none may be negative.")
    values = values[values > 1e-12]  # 0 log 0 = 0
    return float(np.exp(-(values * np.log(values)).sum()))


def rbf_kernel(features, others=None, *, width=1.0):
    """Likeness by distance: exp(-|a - b|^2 / (2 width^2)).

    Parameters
    ----------
    features : np.ndarray, shape (n, d)
        With a common scale, as `Standard` gives them.
    others : np.ndarray, shape (m, d), optional
        By default the same.
    width : float
        The distance at which things are still rather alike: .61.

    Returns
    -------
    np.ndarray, shape (n, m)

    Notes
    -----
    Taught in chapter 07.
    """
    return np.exp(-_squares(features, features if others is None else others) / (2 * width**2))


def cosine_kernel(features):
    """Likeness by direction: 1 for the same, 0 for none, -1 for opposite.

    Parameters
    ----------
    features : np.ndarray, shape (n, d)
        A row of zeros has no direction and is like nothing but itself.

    Returns
    -------
    np.ndarray, shape (n, n)
        a . b / |a| |b|

    Notes
    -----
    Taught in chapter 07.
    """
    features = _rows(features)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    directions = features / np.maximum(length, 1e-12)
    kernel = directions @ directions.T
    np.fill_diagonal(kernel, 1.0)
    return np.clip((kernel + kernel.T) / 2, -1, 1)


class Standard:
    """Features by what real samples are like: mean 0 and spread 1 there, and a typical distance of about 1.4.

    Parameters
    ----------
    reference : np.ndarray, shape (n, d)
        Features of real samples.

    Notes
    -----
    Called with features, shape (m, d), it gives them standardised and divided by sqrt(d), so that the mean squared
    length of the reference is 1 whatever d is.  Taught in chapter 07.
    """

    def __init__(self, reference):
        reference = _rows(reference)
        self.mean, spread = reference.mean(axis=0), reference.std(axis=0)
        # What hardly ever changes in real samples must not drown all else as soon as it does in others.
        typical = np.sqrt(np.mean(spread**2))
        self.spread = np.maximum(spread, LEAST_SPREAD * typical) if typical > 1e-9 else np.ones_like(spread)

    def __call__(self, features):
        features = _rows(features)
        return (features - self.mean) / self.spread / np.sqrt(features.shape[1])


def picture_features(pictures, *, cells=4):
    """What small pictures look like from afar: the mean colour and the mean edge strength of each cell of a grid.

    Parameters
    ----------
    pictures : np.ndarray, shape (n, H, W, 3), float
        H and W multiples of `cells`.
    cells : int

    Returns
    -------
    np.ndarray, shape (n, 4 cells^2)

    Raises
    ------
    ValueError
        Another shape.

    Notes
    -----
    Taught in chapter 07.
    """
    pictures = np.asarray(pictures, float)
    if pictures.ndim != 4 or pictures.shape[3] != 3 or any(side % cells for side in pictures.shape[1:3]):
        raise ValueError(f"Pictures are (n, H, W, 3) with sides divisible by {cells}, but these are {pictures.shape}.")
    grey = pictures.mean(axis=3)
    edges = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1])) + np.abs(np.diff(grey, axis=2, prepend=grey[:, :, :1]))
    return _pooled(np.concatenate([pictures, edges[..., None]], axis=3), cells, cells)


def sound_features(log_mel, *, times=8, bands=16):
    """What short sounds look like from afar: the mean level in each cell of time and pitch.

    Parameters
    ----------
    log_mel : np.ndarray, shape (n, frames, n_mels), dB
        frames a multiple of `times`, n_mels of `bands`.
    times, bands : int

    Returns
    -------
    np.ndarray, shape (n, times * bands), dB

    Raises
    ------
    ValueError
        Another shape.

    Notes
    -----
    Taught in chapter 07.
    """
    log_mel = np.asarray(log_mel, float)
    if log_mel.ndim != 3 or log_mel.shape[1] % times or log_mel.shape[2] % bands:
        wanted = f"(n, frames, n_mels), frames divisible by {times} and n_mels by {bands}"
        raise ValueError(f"Sounds are {wanted}, but these are {log_mel.shape}.")
    return _pooled(log_mel[..., None], times, bands)


def frechet_distance(features, others):
    """Distance of two crowds, each seen as a Gaussian: |m - m'|^2 + trace(C + C' - 2 (C C')^(1/2)).

    The formula of the FID (Heusel et al. 2017, arXiv:1706.08500), here over whatever features it is given; only
    figures from the same features and of crowds of one size can be compared.

    Parameters
    ----------
    features, others : np.ndarray, shape (n, d), (m, d)

    Returns
    -------
    float
        0 or more. Two halves of one crowd are not 0: what they reach is the floor.

    Raises
    ------
    ValueError
        Different d, or fewer than two rows.

    Notes
    -----
    Taught in chapter 07.
    """
    features, others = _rows(features), _rows(others)
    if features.shape[1] != others.shape[1] or min(len(features), len(others)) < 2:
        raise ValueError(f"Crowds of (n, d) with one d and n > 1 are wanted, not {features.shape} and {others.shape}.")
    with _threads().limit(limits=1):
        covariances = [np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (features, others)]
        values, vectors = np.linalg.eigh(covariances[0])
        root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
        # (C C')^(1/2) has the trace of (C^(1/2) C' C^(1/2))^(1/2), which is symmetric.
        shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariances[1] @ root), 0)).sum()
    apart = ((features.mean(axis=0) - others.mean(axis=0)) ** 2).sum()
    return float(max(0.0, apart + sum(np.trace(c) for c in covariances) - 2 * shared))


def nearest_distance(features, others):
    """Distance of each to the nearest of others: tiny where something was learnt by heart.

    Parameters
    ----------
    features, others : np.ndarray, shape (n, d), (m, d)

    Returns
    -------
    np.ndarray, shape (n,)
    """
    return np.sqrt(_squares(features, others).min(axis=1))


@functools.cache
def _threads():
    return ThreadpoolController()


def _squares(features, others):
    """Squared distances, shape (n, m); from 0, so that copies are copies to the last digit."""
    features, others = _rows(features), _rows(others)
    squares = np.empty((len(features), len(others)))
    for n, row in enumerate(features):
        squares[n] = ((others - row) ** 2).sum(axis=1)
    return squares


def _rows(features):
    features = np.asarray(features, float)
    if features.ndim != 2 or not features.size or not np.isfinite(features).all():
        raise ValueError(f"Features are finite numbers, (n, d), but these have the shape {features.shape}.")
    return features


def _pooled(arrays, rows, columns):
    """Means over the cells of a grid: (n, H, W, channels) to (n, rows * columns * channels)."""
    n, height, width, channels = arrays.shape
    cells = arrays.reshape(n, rows, height // rows, columns, width // columns, channels)
    return cells.mean(axis=(2, 4)).reshape(n, -1)
