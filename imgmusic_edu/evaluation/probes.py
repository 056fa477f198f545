"""What do features know? Ask the simplest reader there is: a linear one, on things that it has not seen.

Taught in chapter 02, section "What the features know".
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Probe", "linear_probe", "linear_reader"]

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)  # of the logistic regression's data against its prior, C in scikit-learn


@dataclass(frozen=True)
class Probe:
    """What a linear reader got right.

    Attributes
    ----------
    accuracy : float
        Share of all things told right, each by a reader that never saw it.
    fold_accuracies : tuple of float
        The same, fold by fold: how much luck is in it.
    chance : float
        Share that always saying the commonest label gets right.
    predictions : np.ndarray, shape (N,)
        The label told for each.
    """

    accuracy: float
    fold_accuracies: tuple[float, ...]
    chance: float
    predictions: np.ndarray


def linear_probe(features, labels, *, n_folds=5, seed=0):
    """How well labels can be read off features by a linear reader, cross-validated.

    Each fold is told by a logistic regression that learnt from the others (Alain & Bengio 2016, "Understanding
    intermediate layers using linear classifier probes", arXiv:1610.01644): features are standardised, every label
    weighs the same however rare it is, and the strength of the regularisation is chosen by a second
    cross-validation among the others alone (by its log loss, which is steadier than counting what is right). So
    nothing of a fold is known before it is told.

    Parameters
    ----------
    features : np.ndarray, shape (N, D)
    labels : sequence of N str or int
    n_folds : int
        3 or more; each label is needed at least so many times.
    seed : int
        Which things go into which fold; labels are spread evenly.

    Returns
    -------
    Probe

    Raises
    ------
    ValueError
        Shapes do not meet, values are not finite, there are not two labels, or one of them is too rare.

    Notes
    -----
    Taught in chapter 02, section "What the features know".
    """
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    features, labels = np.asarray(features, dtype=float), np.asarray(labels)
    counts = _checked(features, labels, n_folds)
    reader = linear_reader(n_folds=n_folds - 1, seed=seed)
    predictions, right = np.empty_like(labels), []
    with threadpool_limits(1):  # on matrices as small as these, threads mostly wait for one another
        for others, fold in StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(features, labels):
            predictions[fold] = reader.fit(features[others], labels[others]).predict(features[fold])
            right.append(float(np.mean(predictions[fold] == labels[fold])))
    accuracy = float(np.mean(predictions == labels))
    return Probe(accuracy, tuple(right), float(counts.max() / len(labels)), predictions)


def linear_reader(*, n_folds=4, seed=0):
    """The reader of `linear_probe`, which has learnt nothing yet.

    Parameters
    ----------
    n_folds, seed : int
        Of the cross-validation, among what it learns from, that chooses the regularisation.

    Returns
    -------
    sklearn.pipeline.Pipeline
        With `fit(features, labels)` and `predict(features)`; fitted, its last step's `best_score_` says how well it
        did in that cross-validation (log loss, negative), so that features can be chosen without looking further.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    within = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return make_pipeline(
        StandardScaler(),
        # Turning the axes changes nothing for a linear reader; those along which no example lies are left out,
        # which makes few examples of many features quick.
        PCA(),
        GridSearchCV(
            LogisticRegression(max_iter=1000, class_weight="balanced"),
            {"C": STRENGTHS},
            cv=within,
            scoring="neg_log_loss",
        ),
    )


def _checked(features, labels, n_folds):
    """How often each label is there."""
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise ValueError(
            f"Features of shape (N, D) and N labels are needed, these are {features.shape} and {labels.shape}."
        )
    if not np.isfinite(features).all():
        raise ValueError("Features must be finite numbers, some are NaN or infinite.")
    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2:
        raise ValueError(f"At least two labels are needed to tell apart, there are {len(names)}.")
    if n_folds < 3 or counts.min() < n_folds:
        raise ValueError(
            f"3 folds or more are needed, and every label as often as there are folds; {n_folds} were asked for and "
            f"{str(names[counts.argmin()])!r} is there {counts.min()} times."
        )
    return counts
