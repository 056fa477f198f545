"""A vocoder for music: from log-mel frames to magnitude and phase, with no sound in the graph.

Two things are missing from a log-mel frame: what happens inside a band, and all phase. The network says both, frame by
frame, and leaves the arithmetic that needs no learning to `vocoders.neural`:

* magnitude = the mel bands spread over the bins (`inverses.mel_to_magnitude`) x exp(what the network adds);
* phase is known only up to where the clock began, so it cannot be learnt itself. How it *changes* can: from one frame
  to the next (beyond what the bin's own frequency turns in that time), and from one bin to the next. The network draws
  an arrow for each: it points where the phase turns, and it is short where the network cannot know. That is what the
  mean squared distance to arrows of length 1 asks for: the best answer is the mean of all that may come.

    python -m imgmusic_edu.networks.vocoder train                  learn, or go on learning; Ctrl-C keeps what is learnt
    python -m imgmusic_edu.networks.vocoder evaluate               the table beside Griffin-Lim, on held-out pieces

After Siuzdak 2023, "Vocos", arXiv:2306.00814 (blocks over frames, no waveform upsampling); Liu et al. 2022, "A ConvNet
for the 2020s", arXiv:2201.03545 (the block); Takamichi et al. 2018, "Phase reconstruction from amplitude spectrograms
based on von-Mises-distribution deep neural network", arXiv:1807.03474, and Masuyama et al. 2020, "Phase reconstruction
based on recurrent phase unwrapping with deep neural networks", arXiv:2002.05832 (phase derivatives in place of phase).

Taught in chapter 09, "From features back to sound".
"""

import numpy as np

from ..audio_features.inverses import mel_to_magnitude
from ..audio_features.transforms import FLOOR, HOP_LENGTH, N_FFT, N_MELS, hann, mel_filters, thin
from ..backbones.engine import tensorflow
from ..vocoders.neural import N_BINS, OUTPUTS, SOFTEST, normalised

__all__ = ["LOOK", "build", "examples", "losses", "weights_of"]

#: Frames that each stage looks back and ahead: the first convolution, then the blocks. Ahead adds up to the latency.
LOOK = ((3, 1), (5, 1), (5, 1), (5, 1), (6, 0))
CROP_FRAMES = 64  # frames of a training example
WEIGHTS = {"level": 1.0, "mel": 3.0, "convergence": 2.0, "advance": 2.0, "difference": 4.0}


def build(*, n_mels=N_MELS, width=256, expansion=2, look=LOOK):
    """The network with random weights: (batch, frames, n_mels) normalised log-mel in, (batch, frames, 5 x bins) out.

    A convolution, then blocks that each look at their neighbours in time channel by channel (depthwise), and mix
    channels at each moment by two dense layers; around each block a short cut.

    Parameters
    ----------
    n_mels : int
    width, expansion : int
        Channels between blocks; how many times as many there are inside one.
    look : sequence of (int, int)
        As `LOOK`.

    Returns
    -------
    keras.Model
        For each bin: what to add to the logarithm of its magnitude; the arrow of the phase's advance in time (x, y);
        the arrow of its difference to the bin below (x, y).

    Raises
    ------
    ImportError
        TensorFlow is missing.

    Notes
    -----
    Taught in chapter 09.
    """
    _, keras = tensorflow()
    layers = keras.layers
    frames = keras.Input((None, n_mels), name="log_mel")
    x = layers.ZeroPadding1D(look[0], name="pad0")(frames)
    x = layers.Conv1D(width, sum(look[0]) + 1, name="conv0")(x)
    x = layers.LayerNormalization(epsilon=1e-6, name="norm0")(x)
    for k, reach in enumerate(look[1:], 1):
        y = layers.ZeroPadding1D(reach, name=f"pad{k}")(x)
        y = layers.DepthwiseConv1D(sum(reach) + 1, name=f"depthwise{k}")(y)
        y = layers.LayerNormalization(epsilon=1e-6, name=f"norm{k}")(y)
        y = layers.Dense(expansion * width, activation="silu", name=f"wide{k}")(y)
        y = layers.Dense(width, kernel_initializer=_small(keras, len(look)), name=f"narrow{k}")(y)
        x = layers.Add(name=f"block{k}")([x, y])
    x = layers.LayerNormalization(epsilon=1e-6, name="norm")(x)
    x = layers.Dense(len(OUTPUTS) * N_BINS, kernel_initializer=_small(keras, 10), name="answers")(x)
    return keras.Model(frames, x, name="vocoder")


def _small(keras, times):
    """First weights so small that blocks begin as short cuts and answers near zero."""
    return keras.initializers.VarianceScaling(1 / times**2)


def weights_of(model, *, look=LOOK):
    """The network's weights by name, as `vocoders.neural` reads them."""
    named = {"look": np.array(look)}
    for layer in model.layers:
        for part, values in zip(("kernel", "bias"), layer.get_weights(), strict=False):
            named[f"{layer.name}/{part}"] = values
    return named


# --- what is to be learnt ----------------------------------------------------------------------------------


def examples(samples, *, n_mels=N_MELS):
    """Inputs and answers for a batch of crops.

    Parameters
    ----------
    samples : np.ndarray, shape (batch, n), float32
        One frame longer than wanted, for the first frame's advance in time.

    Returns
    -------
    tuple of np.ndarray, float32
        log_mel (batch, frames, n_mels), normalised; base (batch, frames, bins), the logarithm of the spread-out mel
        magnitude; real and imaginary (batch, frames + 1, bins) parts of the true spectrum.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT, axis=-1)[..., ::HOP_LENGTH, :]
    spectrum = np.fft.rfft(frames * hann(N_FFT).astype(np.float32)).astype(np.complex64)
    power = spectrum[:, 1:].real ** 2 + spectrum[:, 1:].imag ** 2  # (batch, frames, bins)
    n_batch, n_frames, _ = power.shape
    mel = np.maximum((power.reshape(-1, N_BINS) @ thin(mel_filters, n_mels=n_mels)), FLOOR).astype(np.float32)
    base = np.log(np.maximum(mel_to_magnitude(mel), SOFTEST)).reshape(n_batch, n_frames, N_BINS)
    log_mel = normalised(10 * np.log10(mel)).reshape(n_batch, n_frames, n_mels)
    return log_mel, base, np.ascontiguousarray(spectrum.real), np.ascontiguousarray(spectrum.imag)


def losses(answers, base, real, imaginary, *, n_mels=N_MELS):
    """What is wrong with the network's answers, one number a kind (see `WEIGHTS`); arguments as `examples` gives them.

    level        mean |log magnitude| distance and, half, its root mean square over bins (as LSD counts)
    mel          mean |log mel| distance of the answer's magnitude: bands that were right must stay so
    convergence  spectral convergence of the magnitude: loud bins
    advance      squared distance of the arrows in time, loud bins for more (magnitude ** 0.75)
    difference   the same from bin to bin

    Returns
    -------
    dict of str to scalar tensor
    """
    from keras import ops

    answers = ops.reshape(answers, (*base.shape[:2], len(OUTPUTS), N_BINS))  # (batch, frames, 5, bins)
    power = real**2 + imaginary**2
    length = ops.sqrt(power + SOFTEST**2)  # (batch, frames + 1, bins)
    magnitude = length[:, 1:]
    # Deeper than 80 dB under the loudest nobody hears anything.
    floor = 1e-4 * ops.max(magnitude, axis=(1, 2), keepdims=True)
    level = base + answers[:, :, 0]
    guess = ops.exp(ops.minimum(level, 7.0))
    apart = ops.log(ops.maximum(magnitude, floor)) - ops.maximum(level, ops.log(floor))
    filters = ops.convert_to_tensor(mel_filters(n_mels=n_mels))
    band_floor = floor**2 * 0.01
    bands = ops.log(ops.matmul(guess**2, filters) + band_floor) - ops.log(
        ops.matmul(power[:, 1:], filters) + band_floor
    )
    # Arrows of length 1: the phase of S[t, k] against S[t - 1, k] and S[t, k - 1].
    x, y = real / length, imaginary / length
    quarter = np.arange(N_BINS) % 4  # the carrier turns by k pi / 2 a hop: no multiplication is needed
    turn_x, turn_y = np.array([1, 0, -1, 0], "f4")[quarter], np.array([0, -1, 0, 1], "f4")[quarter]
    ahead_x = x[:, 1:] * x[:, :-1] + y[:, 1:] * y[:, :-1]
    ahead_y = y[:, 1:] * x[:, :-1] - x[:, 1:] * y[:, :-1]
    ahead_x, ahead_y = ahead_x * turn_x - ahead_y * turn_y, ahead_x * turn_y + ahead_y * turn_x
    x, y = x[:, 1:], y[:, 1:]
    # Minus: the phase counts from the frame's middle, where a steady tone has the same phase in all bins.
    above_x = -(x[..., 1:] * x[..., :-1] + y[..., 1:] * y[..., :-1])
    above_y = -(y[..., 1:] * x[..., :-1] - x[..., 1:] * y[..., :-1])
    far = (answers[:, :, 1] - ahead_x) ** 2 + (answers[:, :, 2] - ahead_y) ** 2
    high = (answers[:, :, 3, 1:] - above_x) ** 2 + (answers[:, :, 4, 1:] - above_y) ** 2
    weight = magnitude**0.75  # between what is heard (levels) and what is strong (powers)
    weight = weight / ops.mean(weight, axis=(1, 2), keepdims=True)
    return {
        "level": 0.5 * ops.mean(ops.abs(apart)) + 0.5 * ops.mean(ops.sqrt(ops.mean(apart**2, axis=2) + 1e-6)),
        "mel": 0.5 * ops.mean(ops.abs(bands)),
        "convergence": ops.mean(
            ops.sqrt(ops.sum((guess - magnitude) ** 2, axis=(1, 2)) / ops.sum(magnitude**2, axis=(1, 2)) + 1e-8)
        ),
        "advance": ops.mean(weight * far),
        "difference": ops.mean(weight[..., 1:] * high),
    }


def main(arguments=None):
    """`train` or `evaluate`, as the command line says."""
    from .vocoder_training import main

    return main(arguments)


if __name__ == "__main__":
    main()
