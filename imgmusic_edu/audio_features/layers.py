"""The transforms as Keras layers: inside a network's graph, on its GPU, with gradients back to the samples.

Same figures as `transforms` and librosa (the tests ask for 1e-4). `keras.layers.MelSpectrogram` is something else:
HTK's mel scale from 20 Hz up; triangles that are straight in mel and of height 1, so that wide bands weigh more; the
sound mirrored at its ends; bands before time; and decibels cut off 80 below the loudest value of the whole *batch*, so
that a clip looks different in other company. A network that was trained on one does not understand the other.

This module alone of its room needs TensorFlow (or another engine for Keras).

Taught in chapter 03, "What a sound holds".
"""

try:
    import keras
    from keras import ops
except ImportError as missing:
    raise ImportError(
        'Layers stand on Keras and TensorFlow, which were not found: pip install "imgmusic_edu[tf]" would do.'
    ) from missing

from .transforms import FLOOR, HOP_LENGTH, N_FFT, N_MELS, SAMPLE_RATE, mel_filters, whole

__all__ = ["LogMel", "MelSpectrogram"]


@keras.saving.register_keras_serializable("imgmusic_edu")
class MelSpectrogram(keras.layers.Layer):
    """Power in mel bands over time, as `transforms.mel_spectrogram`.

    Input: samples, shape (..., n). Output: shape (..., 1 + n // hop_length, n_mels).

    Parameters
    ----------
    sample_rate : int, Hz
    n_fft, hop_length, n_mels : int
        As for `transforms.mel_spectrogram`.
    dtype : str
        float32 also where a network computes in float16: powers go from 1e-10 to 1e5, beyond float16 at both ends.

    Raises
    ------
    ValueError
        An odd n_fft; n_mels, hop_length or sample_rate below 1.

    Notes
    -----
    It has nothing to learn and no weights to save. Taught in chapter 03.
    """

    def __init__(
        self,
        *,
        sample_rate=SAMPLE_RATE,
        n_fft=N_FFT,
        hop_length=HOP_LENGTH,
        n_mels=N_MELS,
        dtype="float32",
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        self.filters = mel_filters(sample_rate=sample_rate, n_fft=n_fft, n_mels=n_mels)
        self.sample_rate, self.n_fft, self.n_mels = sample_rate, n_fft, n_mels
        self.hop_length = whole(hop_length, "hop_length")

    def call(self, samples):
        silence = [[0, 0]] * (len(samples.shape) - 1) + [[self.n_fft // 2, self.n_fft // 2]]
        real, imaginary = ops.stft(
            ops.pad(samples, silence), self.n_fft, self.hop_length, self.n_fft, window="hann", center=False
        )  # (..., frames, bins) each
        return ops.matmul(real**2 + imaginary**2, ops.convert_to_tensor(self.filters, dtype=real.dtype))

    def get_config(self):
        own = {name: getattr(self, name) for name in ("sample_rate", "n_fft", "hop_length", "n_mels")}
        return super().get_config() | own


@keras.saving.register_keras_serializable("imgmusic_edu")
class LogMel(MelSpectrogram):
    """Mel spectrogram in dB, as `transforms.log_mel`: the way in for networks that listen.

    Input: samples, shape (..., n). Output: shape (..., 1 + n // hop_length, n_mels), dB, at least -100. Below that
    floor no gradient flows: silence gives zeros, not NaN.

    Parameters
    ----------
    sample_rate, n_fft, hop_length, n_mels, dtype
        As for `MelSpectrogram`.

    Notes
    -----
    Taught in chapter 03; used by the networks that hear.
    """

    def call(self, samples):
        return 10 * ops.log10(ops.maximum(super().call(samples), FLOOR))
