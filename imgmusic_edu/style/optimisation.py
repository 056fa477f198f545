"""Change a picture or a sound, step by step, until a loss is small: the loop behind both senses.

No network learns here. What is improved is what the network looks at or listens to, so every step is kept: whoever
stops early, or is stopped by Ctrl-C, has the best so far.

Taught in chapter 04, section "Painting".
"""

import math
import time
from dataclasses import dataclass, field

import numpy as np

from ..backbones.engine import tensorflow

__all__ = ["Balance", "Optimised", "optimise"]


class Balance:
    """The weight of a loss, moved so that a measure stays just above a floor.

    Style and content pull against each other, and which weight is right differs from pair to pair. One says instead
    how much of the content is to stay; as long as there is less, its weight grows, and as long as there is more, it
    shrinks (after Platt & Barr 1988, "Constrained differential optimization", with a factor in place of their summand,
    so that the weight stays above 0).

    Parameters
    ----------
    floor : float
        What the measure is to keep, such as a cosine of 0.7.
    start : float
        Weight to begin with.

    Attributes
    ----------
    weight : tf.Variable, scalar
        To be multiplied with the loss.
    """

    def __init__(self, floor, *, start=0.03):
        tf, _ = tensorflow()
        self.floor, self.weight = floor, tf.Variable(start, dtype=tf.float32)

    def adapt(self, found):
        """Take a step for a measure of `found`: at most a seventh up, a twentieth down."""
        self.weight.assign(self.weight * math.exp(min(0.15, max(-0.05, self.floor - found))))


@dataclass
class Optimised:
    """What `optimise` came to.

    Attributes
    ----------
    values : list of np.ndarray
        The variables at their best.
    losses : dict of str to float
        There; empty when it was interrupted before the first step.
    history : list of dict of str to float
        Losses at each step, before it was taken.
    stopped : {"done", "enough", "told", "interrupted"}
        Why it ended: all steps taken, nothing more to be won, told to by who watched, Ctrl-C.
    seconds : float
        By the clock.
    """

    values: list
    losses: dict
    stopped: str = "done"
    seconds: float = 0.0
    history: list = field(default_factory=list)


def optimise(
    variables, loss, *, steps, rate, score=None, constrain=None, after=None, watch=None, patience=50, tolerance=0.002
):
    """Make a loss small by changing variables, with Adam; the best so far is kept.

    Adam's rate goes down to a tenth along a cosine: large steps first, fine ones at the end (Kingma & Ba 2015,
    arXiv:1412.6980; Loshchilov & Hutter 2017, arXiv:1608.03983). It divides each slope by its usual size, so that
    `rate` is about how far a value moves in a step, whatever the loss is multiplied by.

    Parameters
    ----------
    variables : list of tf.Variable
        Changed in place; left at their best.
    loss : callable
        () -> dict of str to scalar tensor, computed from `variables`; "loss" is made small, the others are reported.
    steps : int
    rate : float
        Adam's, in the unit of the variables.
    score : callable, optional
        Dict of losses -> what is to be least in the best (numbers, or tuples of them); without it, "loss".
    constrain : callable, optional
        tf.Variable -> tensor: its nearest allowed value, after each step.
    after : callable, optional
        Called with the losses after each step, for instance to adapt a `Balance`.
    watch : callable, optional
        Called as `watch(step, losses, values)` before each step; a return of True ends it. `values` are tensors.
    patience, tolerance : int, float
        It ends when the best score of the last `patience` steps is not lower by `tolerance` of it than the best before.

    Returns
    -------
    Optimised

    Raises
    ------
    ValueError
        The loss is not a finite number at the start, or no step was asked for.

    Notes
    -----
    Taught in chapter 04, section "Painting".
    """
    if steps < 1:
        raise ValueError(f"At least one step is needed, {steps} were asked for.")
    tf, keras = tensorflow()
    start = time.perf_counter()
    score = score or (lambda losses: losses["loss"])
    adam = keras.optimizers.Adam(rate, beta_2=0.99)
    adam.build(variables)

    @tf.function(autograph=False)
    def improve():
        with tf.GradientTape() as tape:
            losses = loss()
        slopes = tape.gradient(losses["loss"], variables)
        adam.apply_gradients(zip(slopes, variables, strict=True))
        if constrain:
            for variable in variables:
                variable.assign(constrain(variable))
        return losses

    best, kept, scores = None, [tf.identity(variable) for variable in variables], []
    result = Optimised([], {})
    try:
        for step in range(steps + 1):
            before = [tf.identity(variable) for variable in variables]
            if step < steps:
                adam.learning_rate.assign(rate * (0.55 + 0.45 * math.cos(math.pi * step / steps)))
                losses = improve()
            else:
                losses = loss()  # what the last step came to
            losses = {name: float(value) for name, value in losses.items()}
            _check(losses, step)
            result.history.append(losses)
            scores.append(score(losses))
            if best is None or scores[-1] < best:
                best, kept, result.losses = scores[-1], before, losses
            if watch and watch(step, losses, before):
                result.stopped = "told"
                break
            if _settled(scores, patience, tolerance):
                result.stopped = "enough"
                break
            if after:
                after(losses)
    except KeyboardInterrupt:
        result.stopped = "interrupted"
    for variable, value in zip(variables, kept, strict=True):
        variable.assign(value)
    result.values = [np.array(value) for value in kept]
    result.seconds = time.perf_counter() - start
    return result


def _check(losses, step):
    if not math.isfinite(losses["loss"]):
        raise ValueError(
            f"The loss is {losses['loss']} at step {step}: it should be a finite number. A smaller rate may help."
        )


def _settled(scores, patience, tolerance):
    """Have the last `patience` steps brought nothing?"""
    if len(scores) <= patience:
        return False
    before, lately = (np.ravel(min(part))[-1] for part in (scores[:-patience], scores[-patience:]))
    return bool(lately >= (1 - tolerance) * before)
