"""Style as statistics: Gram matrices of a network's features, for pictures and for sounds.

| module | says |
| --- | --- |
| `gram`, `losses` | what of features is style, and how far two styles are apart; for arrays and for tensors |
| `aims`, `painting` | a photograph in the style of a painting, by moving its pixels (`painting.paint`) |
| `textures` | ten new seconds from five seconds of rain (`textures.grow`) |
| `sound_networks`, `sound_statistics` | what listens to a texture, and what it is judged by |
| `optimisation` | the loop that both share: the best is kept |

Painting at once is `networks.stylist`. Taught in chapter 04, "Gram matrices".
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
