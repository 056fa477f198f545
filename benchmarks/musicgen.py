"""What people take today for music from words or pictures, at its true cost here: a network of MusicGen's small size.

Copet et al. 2023, "Simple and controllable music generation", arXiv:2306.05284: a text encoder, a decoder of 24 layers
that says 50 frames of four codes a second, one after another, and an audio decoder. Its weights cost nothing to the
clock, so they are random and nothing is fetched; what it plays is noise. It runs through its own library:

    pip install torch transformers
    python -m benchmarks.musicgen          seconds for ten seconds of sound, and peak memory in MB
"""

import resource
import sys
import time

SECONDS = 10
FRAMES = 50  # a second
SCALE = 1024 if sys.platform != "darwin" else 1024**2


def build():
    """The network with random weights: 0.6 thousand million of them."""
    from transformers import (
        EncodecConfig,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForConditionalGeneration,
        T5Config,
    )

    words = T5Config(d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12)
    sound = EncodecConfig(
        sampling_rate=32000,
        target_bandwidths=[2.2],
        num_filters=64,
        upsampling_ratios=[8, 5, 4, 4],
        codebook_size=2048,
        use_causal_conv=False,
    )
    decoder = MusicgenDecoderConfig(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, ffn_dim=4096)
    config = MusicgenConfig(text_encoder=words.to_dict(), audio_encoder=sound.to_dict(), decoder=decoder.to_dict())
    model = MusicgenForConditionalGeneration(config).eval()
    model.generation_config.decoder_start_token_id = model.generation_config.pad_token_id = 2048
    return model


def main():
    """Print seconds and megabytes."""
    import torch

    torch.set_num_threads(2)
    model = build()
    asked = torch.randint(0, 32000, (1, 12))
    start = time.perf_counter()
    with torch.no_grad():
        made = model.generate(
            input_ids=asked,
            attention_mask=torch.ones_like(asked),
            do_sample=True,
            guidance_scale=3.0,  # as its authors recommend: each step is taken twice
            min_new_tokens=SECONDS * FRAMES,
            max_new_tokens=SECONDS * FRAMES,
        )
    took = time.perf_counter() - start
    seconds = made.shape[-1] / 32000
    print(took * SECONDS / seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / SCALE)


if __name__ == "__main__":
    main()
