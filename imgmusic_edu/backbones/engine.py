"""TensorFlow, fetched late and quietly, and how exactly networks calculate on this machine.

Taught in chapter 02, "What a picture holds".
"""

import contextlib
import functools
import logging
import os
import sys

__all__ = ["has_card", "precision", "tensorflow"]


def tensorflow():
    """The modules `tensorflow` and `keras`, or one sentence that says what to install.

    TensorFlow's own messages about processors and compiling, which a notebook shows in red, are left out the first
    time; whoever wants them sets TF_CPP_MIN_LOG_LEVEL to 0.

    Raises
    ------
    ImportError
        TensorFlow is not there.
    """
    wanted = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2") == "0"
    try:
        with contextlib.nullcontext() if wanted or "tensorflow" in sys.modules else _silence():
            import keras
            import tensorflow
    except ImportError as problem:
        raise ImportError(
            'The networks need TensorFlow, which is not installed: pip install "imgmusic_edu[tf]".'
        ) from problem
    if not wanted:
        _only_errors()
    return tensorflow, keras


@contextlib.contextmanager
def _silence():
    """Nothing inside reaches the terminal's standard error: TensorFlow says something there before it asks its level.

    It writes past Python, so the file behind it is changed for the while; what goes wrong is raised all the same.
    """
    try:
        before = os.dup(2)
    except OSError:  # a program without a terminal has none
        yield
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(sink)
        os.close(before)


@functools.cache
def _only_errors():
    """From now on TensorFlow's Python part logs errors alone; once, so that a level set later stays."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def has_card():
    """Is there a graphics card that TensorFlow can use?"""
    tf, _ = tensorflow()
    return bool(tf.config.list_physical_devices("GPU"))


@contextlib.contextmanager
def precision(*, exact=False):
    """Networks built inside are float32 on a processor and mixed precision on a graphics card.

    Mixed: half precision where the time goes (convolutions), float32 for weights (Micikevicius et al. 2018,
    arXiv:1710.03740). With `exact` float32 there too: the slope of a loss by one pixel is too small for half precision.
    """
    _, keras = tensorflow()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if has_card() and not exact else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
