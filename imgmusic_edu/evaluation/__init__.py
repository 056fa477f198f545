"""Faithfulness, sound quality, creativity: what music for pictures is worth, whoever made it, beside baselines.

Any system can be judged, of any maker: a folder with pictures and sounds of the same names is all that is needed. One
example, whole. The system to be judged is the program that is often written first, one sine for each row of pixels:

    import numpy as np
    import soundfile
    from pathlib import Path
    from PIL import Image

    def one_sine_a_row(picture):
        grey = np.asarray(picture.convert("L").resize((100, 32))) / 255
        time = np.arange(44100 * 10) / 44100
        level = np.array([np.interp(time, np.linspace(0, 10, 100), row) for row in grey])
        pitch = 110 * 2 ** (np.arange(32)[::-1] / 7)  # the upper rows sound high
        return 0.02 * (level * np.sin(2 * np.pi * pitch[:, None] * time)).sum(axis=0)

    for path in Path("pairs").glob("*.png"):
        wave = one_sine_a_row(Image.open(path))
        soundfile.write(path.with_suffix(".flac"), np.column_stack([wave, wave]), 44100)

Before it comes `python -m imgmusic_edu.evaluation --prepare pairs/ --n 20`, which writes the pictures, and after it
`python -m imgmusic_edu.evaluation pairs/`, which prints the figures and keeps them in the folder. WAV, FLAC, OGG, MP3
and AIFF of any sample rate are read, stereo is mixed to mono, the first ten seconds count; a picture without its sound,
or a sound without its picture, is left out with a sentence.

Taught in chapter 11, "Picture to music, end to end".
"""
