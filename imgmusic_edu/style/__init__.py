"""Style as statistics: Gram matrices of a network's features, for pictures and for sounds.

Taught in chapter 04, "Gram matrices".
"""

from .gram import autocorrelation, gram_matrix, moments, patches, shifted_gram
from .losses import (
    content_loss,
    cosine_similarity,
    histogram_loss,
    moment_loss,
    patch_loss,
    quantiles,
    style_loss,
    total_variation,
)

__all__ = [
    "autocorrelation",
    "content_loss",
    "cosine_similarity",
    "gram_matrix",
    "histogram_loss",
    "moment_loss",
    "moments",
    "patch_loss",
    "patches",
    "quantiles",
    "shifted_gram",
    "style_loss",
    "total_variation",
]
