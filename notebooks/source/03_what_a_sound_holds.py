# ---
# title: What a sound holds
# minutes: 189
# prerequisites: Chapter 00. You need not read music; of mathematics you need sums, logarithms and the sine.
# objectives:
#   - say what pitch, loudness, timbre and rhythm are as numbers, and compute each of them in a few lines
#   - find the sines in a sound, and choose window and hop for what you want to see
#   - turn spectrogram, mel bands, MFCC, deltas and chroma back into sound, and say what each has lost
#   - find the beat and the key of a piece by hand, and name the errors that programs make there
#   - put a mel spectrogram inside a network, in agreement with librosa, and send a gradient through it
#   - write the passport of a sound of your own, and dress that sound in another one's timbre
# ---

# %% [markdown] minutes=6 objectives=1
# ## Four questions to one sound
#
# Listen to eight seconds of a song. While it plays, answer four questions. How *high* does it lie? How *loud* is it? *What* plays? Where would you *tap* your foot?

# %%
from dataclasses import replace

import numpy as np
from IPython.display import display

from imgmusic_edu.instruments import INSTRUMENTS
from imgmusic_edu.scores import Score


def excerpt(name, start=0.0, seconds=8.0):
    """Some seconds of a shipped score, played; an instrument that we do not have becomes a piano."""
    score = Score.from_midi(im.data_path(name))
    first, last = (score.tempo / 60 * time for time in (start, start + seconds))  # in beats
    notes = [replace(note, beat=max(note.beat - first, 0)) for note in score.notes if -1e-3 < note.beat - first]
    notes = tuple(note for note in notes if note.beat < last - first - 1e-3)
    has = INSTRUMENTS.values()
    parts = [part if part.is_drum or part.program in has else replace(part, program=0) for part in score.parts]
    cut = replace(score, notes=notes, parts=parts, seconds=seconds)
    return im.Sound(im.synthesizer.render(cut), title=score.title or name)


song = excerpt("frere_jacques", start=8 / 3)  # the first four beats are counted in
song.title = "The song"
song

# %% [markdown]
# You answered without effort. All that a computer has of the same song is one row of numbers, and yet it can answer, too:

# %%
from imgmusic_edu import audio_features

heard = audio_features.measure(song.samples)
print(f"{len(song.samples)} numbers, for example {', '.join(f'{x:.3f}' for x in song.samples[2000:2005])}")
print(f"pitch     around MIDI number {heard['register']:.1f} (60 is the C in the middle of a piano)")
print(f"loudness  {heard['loudness']:.1f} LUFS")
print(f"timbre    the middle of its spectrum lies at {heard['spectral_centroid']:.0f} Hz")
print(f"rhythm    {heard['tempo']:.1f} beats per minute, {heard['onset_density']:.1f} new sounds a second")
im.licence("frere_jacques")

# %% [markdown]
# This chapter shows where such numbers come from. One habit goes through all of it: whenever we turn a sound into numbers, **we turn the numbers back into a sound**. What you then miss is what the numbers do not hold.
#
# **A sound of your own.** Choose a file, of music if you have one: its first ten seconds will take the place of the song below. (Or write a path into the cell after the button.) The file is read where this notebook runs, and nowhere else.

# %%
from imgmusic_edu.widgets import SoundUpload

own = {}
SoundUpload(lambda name, chosen: own.update(sound=chosen))

# %%
sound = own.get("sound", song)  # or: im.open_sound("my_song.mp3")
sound = im.Sound(sound.samples[: 10 * sound.sample_rate], sample_rate=sound.sample_rate, title=sound.title)
rate = sound.sample_rate
print(f"We shall look into {sound}")
assert rate == im.sounds.SAMPLE_RATE

# %% [markdown]
# > **Learnt:** pitch, loudness, timbre and rhythm are hidden in one row of numbers, and can be got out.
#
# But what are these numbers?

# %% [markdown] minutes=7 objectives=1
# ## How does a sound become numbers?
#
# A microphone follows the pressure of the air. Many times a second its value is written down:
#
# $$x[n] = x(n / f_s)$$
#
# with $x(t)$ the pressure at time $t$ in seconds, 1 for the largest that can be written; $n$ the number of the *sample*, from 0; and $f_s$ the *sample rate*, here 22 050 samples a second.

# %%
import matplotlib.pyplot as plt

start = int(np.argmax(np.abs(sound.samples)))
start = min(start, len(sound.samples) - 110)
few = sound.samples[start : start + 110]
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.2), layout="constrained")
    axes.plot(1000 * np.arange(110) / rate, few, ".-", lw=0.7)
    axes.set(xlabel="time (ms)", ylabel="sample value")
assert (rate, rate // 2) == (22_050, 11_025)  # samples a second, and the highest frequency they can hold
alt = f"{len(few)} samples from {start / rate:.2f} s on, {1000 * len(few) / rate:.1f} ms, as dots along a wave "
im.show(figure, alt=alt + f"between {few.min():.2f} and {few.max():.2f}: the loudest moment of the sound.")

# %% [markdown]
# **How many samples a second are enough?** Here is a tone that rises from 100 Hz to 7 900 Hz (*hertz*, swings a second). It was written down 8 000 times a second. Listen to what becomes of it in the second half.

# %%
few_a_second = 8000
t = np.arange(4 * few_a_second) / few_a_second
sweep = (
    0.3 * np.minimum(1, 20 * (4 - t)) * np.sin(2 * np.pi * (100 * t + 7800 / 8 * t**2))
)  # from 100 to 7900 Hz in four seconds
display(im.Sound(sweep, sample_rate=few_a_second, title=f"A rising tone, {few_a_second} samples a second"))

n = np.arange(1000)
written_5000 = np.sin(2 * np.pi * 5000 * n / few_a_second)
written_3000 = np.sin(2 * np.pi * 3000 * n / few_a_second)
print("5000 Hz leaves the same samples as 3000 Hz upside down:", np.allclose(written_5000, -written_3000))
for f in (1000, 3900, 4100, 5000, 7900):
    print(f"{f} Hz sounds as {abs(f - few_a_second * round(f / few_a_second))} Hz")
assert np.allclose(written_5000, -written_3000)

# %% [markdown]
# It turns round at half the sample rate and comes down again. Between two samples a fast wave may have swung once more, and nobody can tell: a frequency above $f_s/2$ leaves *the same samples* as one below. This is *aliasing*. So what lies above must be filtered away before; `im.open_sound` does that when it brings your file to 22 050 Hz, and what is left reaches up to 11 025 Hz.
#
# The samples do not know their rate; it has to be told with them. Here is what happens when somebody tells the wrong one:

# %%
end = np.clip(np.arange(3 * rate, 0, -1) / 2000, 0, 1)  # no click where it is cut off
slow = im.Sound(song.samples[: 3 * rate] * end, sample_rate=rate // 2, title="The song, said to have half the rate")
registers = [audio_features.register(slow.samples, sample_rate=told) for told in (rate, rate // 2)]
print(f"The same samples: register {registers[0]:.1f} at {rate} a second, {registers[1]:.1f} at {rate // 2}")
assert abs(registers[0] - registers[1] - 12) < 1.5  # an octave lower, within what the ear's bass costs
slow

# %% [markdown]
# > **Learnt:** samples hold everything up to half the sample rate, and lie about the rest.
#
# Which of the four answers is easiest to get from samples?

# %% [markdown] minutes=8 objectives=1 practice=1
# ## How loud is it?
#
# **Which is louder, a clarinet or a guitar, when both reach the same largest sample?**

# %%
from imgmusic_edu.widgets.tune import play

tune = (60, 62, 64, 65, 67, 64, 60)
pair = {name: play(tune, 0.5, tempo=140, instrument=name, title=name) for name in ("clarinet", "nylon_guitar")}
for one in pair.values():
    same_peak = 0.5 * one.samples / np.abs(one.samples).max()
    lufs = audio_features.loudness(same_peak)
    display(im.Sound(same_peak, title=f"{one.title}, largest sample 0.5, {lufs:.1f} LUFS"))


def hear(samples, title):
    """A sound with 10 ms of fade at both ends; what would clip is turned down, and the title says so."""
    n, peak = len(samples), np.abs(samples).max() / 0.95
    fades = np.clip(np.minimum(np.arange(n), n - 1 - np.arange(n)) / (0.01 * rate), 0, 1)
    quieter = f" (turned down by {20 * np.log10(peak):.1f} dB)" if peak > 1 else ""
    return im.Sound(samples * fades / max(peak, 1), title=title + quieter)


# %% [markdown]
# The largest sample is a *peak*: one moment. Loudness needs all of them. The *root mean square* (RMS) of $N$ samples comes nearer, and because we hear ratios it is counted in *decibels*:
#
# $$\mathrm{RMS} = \sqrt{\frac{1}{N}\sum_{n} x[n]^2}, \qquad L = 20 \log_{10} \mathrm{RMS} = 10 \log_{10} \mathrm{RMS}^2$$
#
# where $\mathrm{RMS}^2$ is the *power*. Mind the 20 and the 10: 20 goes with amplitudes, 10 with powers, and both give the same decibels. Twice the amplitude is four times the power is 6 dB more. The broadcasters' measure, **LUFS**, is this with two corrections for ears: what the head amplifies and what the ear hardly hears in the bass is weighted, and pauses are left out (ITU-R BS.1770).

# %%
for name, one in pair.items():
    power = np.mean(one.samples**2)
    peak = 20 * np.log10(np.abs(one.samples).max())
    print(f"{name:<12} peak {peak:6.1f} dB, RMS {10 * np.log10(power):6.1f} dB, ", end="")
    print(f"{audio_features.loudness(one.samples):.1f} LUFS: the peak stands {peak - 10 * np.log10(power):.1f} dB out")
    display(one)
halved = audio_features.loudness(0.5 * sound.samples) - audio_features.loudness(sound.samples)
print(f"Half the amplitude: {halved:+.2f} LU for {sound.title!r}")
assert abs(halved + 20 * np.log10(2)) < 0.1

# %% [markdown]
# This second pair has the same LUFS, and now hardly one is louder. **Break it:** bring both to the same RMS instead. Are they equally loud to you?
#
# > **Learnt:** a peak tells whether a sound clips, its power tells how loud it is; a decibel is a ratio.
#
# Loudness is the size of the wave. What in the wave is its *pitch*?

# %% [markdown] minutes=11 objectives=1
# ## What is pitch?
#
# **Three tones. Which of them is the highest?**
#
# A *sine* $a \sin(2\pi f t)$ is a tone with one frequency $f$ and the amplitude $a$. A string or a pipe swings in many sines at once, the *partials*, at whole multiples of the lowest:
#
# $$x(t) = \sum_{k=1}^{K} a_k \sin(2\pi k f_0 t)$$
#
# with $f_0$ the *fundamental frequency* and $a_k$ how strong partial $k$ is.

# %%
f0 = 220
t = np.arange(int(1.5 * rate)) / rate


def partials(numbers, f0=f0):
    return 0.35 * sum(np.sin(2 * np.pi * k * f0 * t) / k for k in numbers)


tones = {"One sine": partials([1]), "Partials 1 to 8": partials(range(1, 9)), "Partials 2 to 8": partials(range(2, 9))}
for title, samples in tones.items():
    display(hear(samples, title))

# %% [markdown]
# All three are the same note, although the third has nothing at all at 220 Hz. What do they share? Not a frequency, but a *period*: each of them repeats itself 220 times a second. Pitch is how soon a wave repeats. What one period looks like is its timbre.
#
# So let us look for the repetition. Shift the wave by $\tau$ samples and ask how much it then differs from itself:
#
# $$d(\tau) = \sum_{n} \bigl(x[n] - x[n + \tau]\bigr)^2, \qquad d'(\tau) = d(\tau) \Big/ \frac{1}{\tau}\sum_{j=1}^{\tau} d(j)$$
#
# Where $d$ dips to zero, the wave repeats. Divided by its mean so far, $d'$ starts at 1, so a shift that is merely small does not pass for a repetition. This is the heart of YIN (de Cheveigne and Kawahara 2002).


# %%
def differences(frame, longest):
    """d'(tau) for tau = 1 .. longest - 1."""
    n = len(frame) - longest
    d = np.array([np.sum((frame[:n] - frame[tau : tau + n]) ** 2) for tau in range(1, longest)])
    return d * np.arange(1, longest) / np.maximum(np.cumsum(d), 1e-12)


with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    for title, samples in tones.items():
        axes.plot(np.arange(1, 350), differences(samples[5000:6500], 350), label=title)
    axes.set(xlabel="shift (samples)", ylabel="d' (no unit)", ylim=(0, 3))
    axes.legend(ncols=3, loc="upper right")
dips = [1 + int(np.argmin(differences(samples[5000:6500], 150))) for samples in tones.values()]
im.show(
    figure, alt=f"Three curves that all fall to zero at shifts of {dips[0]} samples, and again at twice and thrice."
)
print(f"Dips at {dips} samples: {rate / dips[0]:.1f} Hz")
assert len(set(dips)) == 1 and abs(rate / dips[0] - f0) < 2

# %% [markdown]
# There is the trap of all pitch finders: a wave that repeats after 100 samples also repeats after 200. The *deepest* dip may be the second one, and then the answer is an octave too low. YIN takes the *first* that is deep enough. Let both follow a melody whose notes we know, one look every 46 ms:


# %%
def pitch_of(frame, *, first=True, longest=350):
    """MIDI number of a frame, or NaN where nothing repeats."""
    d = differences(frame, longest)
    deep = np.flatnonzero(d < 0.15)
    if not len(deep):
        return np.nan
    tau = deep[0] if first else int(np.argmin(d))
    while tau + 1 < len(d) and d[tau + 1] < d[tau]:  # down to the bottom of the dip
        tau += 1
    return 69 + 12 * np.log2(rate / (tau + 1) / 440)


melody = (60, 64, 67, 72, 71, 67, 62, 60)
sax = play(melody, 0.5, tempo=60, instrument="sax", title="A saxophone")  # half a second a note
places = np.arange(0, len(melody) * 0.5 * rate, 1024).astype(int)
assert round(1000 * 1024 / rate) == 46  # ms from look to look
frames = [sax.samples[place : place + 1400] for place in places]
found = {"first dip": [pitch_of(f) for f in frames], "deepest dip": [pitch_of(f, first=False) for f in frames]}
truth = np.array(melody)[np.minimum((places + 700) // int(0.5 * rate), len(melody) - 1)]
share = {name: np.mean(np.abs(track - truth) < 0.5) for name, track in found.items()}
for name, track in found.items():
    low = np.mean(np.array(track) < truth - 6)
    print(f"{name:<12} right in {share[name]:.0%} of the frames, far too low in {low:.0%}")
assert share["first dip"] > 0.85 > 0.75 > share["deepest dip"]

# %%
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
    axes.step(places / rate, truth, where="mid", color="#767676", ls="-", lw=5, label="written")
    axes.plot(places / rate, found["deepest dip"], "x", color=im.plots.COLOURS[1], label="deepest dip")
    axes.plot(places / rate, found["first dip"], ".", color=im.plots.COLOURS[0], label="first dip")
    axes.set(xlim=(0, len(melody) * 0.5))
    axes.set(xlabel="time (s)", ylabel="pitch (MIDI number)")
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
alt = f"The written melody between {min(melody)} and {max(melody)} with dots of both pitch finders: "
im.show(
    figure, alt=alt + ", ".join(f"the {name} is on it in {100 * value:.0f} %" for name, value in share.items()) + "."
)

# %% [markdown]
# **Backwards.** Sing the track again with a sine. All that was kept is one frequency every 46 ms.

# %%
from imgmusic_edu.audio_features import tracks

times, hz, _ = tracks.pitch_track(sax.samples)  # the package's YIN: longer frames, and it looks between the samples
told = 69 + 12 * np.log2(np.interp((places + 700) / rate, times, hz) / 440)
print(f"the package is right in {np.mean(np.abs(told - truth) < 0.5):.0%} of the frames")
track = np.array(found["first dip"])
ok = ~np.isnan(track)
hertz = 440 * 2 ** ((np.interp(np.arange(len(sax.samples)), places[ok], track[ok]) - 69) / 12)
sung = 0.3 * np.sin(2 * np.pi * np.cumsum(hertz) / rate)
sung *= np.clip((len(sung) - np.arange(len(sung))) / (0.5 * rate), 0, 1)
display(sax, hear(sung, "Its pitch track, sung by a sine"))

# %% [markdown]
# > **Learnt:** pitch is the period of a wave; the first good repetition gives it, the best one may be an octave off.
#
# The saxophone has lost its reed. Where was it, if not in the period?

# %% [markdown] minutes=11 objectives="1 2"
# ## Which sines are in it?
#
# **Can any sound be made of sines?** To find out how much of one sine is in a sound, *compare* the two: multiply them sample by sample and add up. If they swing together, the products are positive and the sum is large; if not, they cancel. A sine that starts at another moment is caught by comparing with a cosine as well, and both together are one complex number:
#
# $$X[k] = \sum_{n=0}^{N-1} x[n]\, e^{-2\pi i\, k n / N}, \qquad e^{-i\varphi} = \cos\varphi - i \sin\varphi$$
#
# $N$ is the number of samples; the sine number $k$ swings $k$ times in them, so its frequency is $k f_s / N$. The size $|X[k]|$ says how much of it there is, the angle of $X[k]$ where it starts: its *phase*. This is the **discrete Fourier transform** (DFT).

# %%
from imgmusic_edu.audio_features import inverses, transforms


def dft(x):
    n = np.arange(len(x))
    waves = np.exp(-2j * np.pi * np.outer(n, n) / len(x))  # (k, n): one wave a row
    return waves @ x


x = tones["Partials 2 to 8"][5000:6000].astype(float)
X = dft(x)
assert np.allclose(X, np.fft.fft(x))  # the fast Fourier transform: the same sums, cleverly shared
back = np.conj(dft(np.conj(X))) / len(x)  # the same waves the other way round, and each of them counted once
assert np.allclose(back, x)
size = 2 * np.abs(X[:500]) / len(x)
strong = np.flatnonzero(size > 0.01)
assert all(min(abs(strong * rate / len(x) - partial)) < rate / len(x) for partial in (440, 660, 880))
print("Found at", ", ".join(f"{k * rate / len(x):.0f} Hz ({size[k]:.2f})" for k in strong))

# %% [markdown]
# Near 440, 660, 880 Hz and so on, as it was made, and nothing at 220. But not quite *on* them: with 1000 samples the waves are $f_s/N = 22.05$ Hz apart, and a partial that falls between two of them shows up on both sides. It *leaks*. If the frame is faded in and out by a *window* first, the leak stays close by. A window it will be from now on.
#
# Here is one note on three instruments. The period is the same, the partials are not: there is the reed.

# %%
notes = {
    name: play([64], 2, tempo=120, instrument=name, title=f"E on the {name}") for name in ("sax", "violin", "piano")
}
with im.plots.style():
    figure, axes = plt.subplots(1, 3, figsize=(8, 2.4), sharey=True, layout="constrained")
words = []
for place, (name, one) in zip(axes, notes.items(), strict=True):
    frame = one.samples[6000:14192] * transforms.hann(8192)
    level = 20 * np.log10(np.maximum(np.abs(np.fft.rfft(frame)), 1e-6))
    level -= level.max()
    place.plot(np.arange(len(level)) * rate / 8192, level, lw=0.8)
    place.set(title=name, xlabel="frequency (Hz)", xlim=(0, 5000), ylim=(-80, 3))
    peaks = [
        level[int((k - 0.3) * 329.6 * 8192 / rate) : int((k + 0.3) * 329.6 * 8192 / rate)].max() for k in range(1, 9)
    ]
    words.append(f"{name} " + ", ".join(f"{peak:.0f}" for peak in peaks))
axes[0].set(ylabel="level (dB)")
im.show(
    figure,
    alt="Spectra of one note with peaks at multiples of 330 Hz; levels of partials 1 to 8 in dB: "
    + "; ".join(words)
    + ".",
)
display(*notes.values())

# %% [markdown]
# **Backwards.** Take the DFT of the violin's note, keep the strongest few sines, throw away the rest, and add up.

# %%
note = notes["violin"].samples
spectrum = np.fft.rfft(note)
for kept in (10, 100, 1000):
    weakest = np.sort(np.abs(spectrum))[-kept]
    few = np.where(np.abs(spectrum) >= weakest, spectrum, 0)
    energy = np.sum(np.abs(few) ** 2) / np.sum(np.abs(spectrum) ** 2)
    again = np.fft.irfft(few, len(note))
    print(f"{kept} of {len(spectrum)} sines hold {energy:.1%} of the power")
    if kept < 1000:
        display(hear(again, f"The strongest {kept} sines"))
print("all of them:", f"largest error {np.abs(np.fft.irfft(spectrum, len(note)) - note).max():.0e}")

# %% [markdown]
# Hear how the start of the bow is smeared, and the tone does not want to end: each of these sines goes on from the first sample to the last. To make something *begin*, very many of them have to agree.
#
# > **Learnt:** every sound is a sum of sines, and the DFT finds them by comparing; their sizes are the timbre.
#
# A sine has no beginning. How, then, can we say *when* a tone sounds?

# %% [markdown] minutes=11 objectives="2 3" practice=2
# ## When does it sound?
#
# **Cut the sound into short frames, and ask each for its sines.** That is the *short-time Fourier transform*, STFT:
#
# $$S[t, k] = \sum_{n=0}^{N-1} x[tH + n]\; w[n]\; e^{-2\pi i\, kn/N}$$
#
# $N$ is the length of the *window* $w$ (`n_fft`), here Hann's $w[n] = \tfrac12 - \tfrac12\cos(2\pi n/N)$; $H$ is the *hop* (`hop_length`), the way from one frame to the next; $t$ counts frames.


# %%
def my_stft(x, n_fft=1024, hop_length=256):
    x = np.pad(x, n_fft // 2)  # so that frame t has its middle at sample t * hop_length
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    starts = range(0, len(x) - n_fft + 1, hop_length)
    return np.array([np.fft.rfft(window * x[start : start + n_fft]) for start in starts])  # (frames, bins)


S = my_stft(sound.samples)
print(f"{len(sound.samples)} samples -> {S.shape[0]} frames x {S.shape[1]} bins")
assert np.allclose(S, transforms.stft(sound.samples), atol=1e-3)
assert S.shape[0] == 1 + len(sound.samples) // 256

# %% [markdown]
# How long should a frame be? Here are two clicks, 20 ms apart, and two tones, 40 Hz apart, and their spectrogram with a short and with a long window. Which of the two shows that the clicks are two? Which shows it of the tones?

# %%
t = np.arange(int(0.6 * rate)) / rate
test = 0.2 * np.sin(2 * np.pi * 1000 * t) + 0.2 * np.sin(2 * np.pi * 1040 * t)
test[int(0.30 * rate)] = test[int(0.32 * rate)] = 1.0
with im.plots.style():
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), sharey=True, layout="constrained")
words = []
for place, n_fft in zip(axes, (256, 2048), strict=True):
    level = transforms.power_to_db(np.abs(my_stft(test, n_fft, 16)) ** 2)
    extent = (0, 0.6, 0, rate / 2)
    place.imshow(level.T, origin="lower", aspect="auto", extent=extent, vmin=level.max() - 60, cmap="magma")
    place.set(
        title=f"{n_fft} samples, {1000 * n_fft / rate:.0f} ms", xlabel="time (s)", ylim=(500, 1700), xlim=(0.2, 0.42)
    )
    place.grid(False)
    row = level[(np.array([0.30, 0.31, 0.32]) * rate / 16).astype(int), int(1600 * n_fft / rate)]
    column = level[300, (np.array([1000, 1020, 1040]) * n_fft / rate).round().astype(int)]
    dips = [min(line[0], line[2]) - line[1] for line in (row, column)]
    words.append(f"with {n_fft} samples the clicks part by {dips[0]:.0f} dB and the tones by {dips[1]:.0f} dB")
axes[0].set(ylabel="frequency (Hz)")
im.show(figure, alt="Two clicks and two tones: " + "; ".join(words) + ".")
print("\n".join(words))

# %% [markdown]
# No window shows both. (The short one shows the two tones as one that beats: it swells and fades 40 times a second.) $N$ samples last $\Delta t = N / f_s$, and two sines part when they are about two bins, $\Delta f = 2 f_s / N$, from each other. So $\Delta t \cdot \Delta f \approx 2$, whatever $N$ is: what you win in time you pay for in pitch. This is the *uncertainty* of Gabor (1946), and it is not a weakness of the program. To say how fast something swings, you must watch it for a while.
#
# **Play with it.** Move the window until you see single drum strokes, then until you see single partials. What does a hop larger than the window do? What do decibels show that magnitudes hide?

# %%
im.widgets.SpectrogramMicroscope(sound)

# %% [markdown]
# **Backwards.** Every frame goes back into samples, is windowed once more, and the overlaps are added and divided by what all the windows add up to. Nothing is lost but the last bits of rounding:

# %%
again = inverses.istft(transforms.stft(sound.samples), length=len(sound.samples) // 256 * 256)
error = np.sqrt(np.mean((again - sound.samples[: len(again)]) ** 2) / np.mean(sound.samples**2))
print(f"What the STFT lost: {20 * np.log10(error):.0f} dB below the sound")
assert error < 1e-5

# %% [markdown] tags=["instructor"] facts="23: 512 samples of 22 050 a second"
# **Pitfall.** "Take a larger `n_fft` and the picture gets sharper": in frequency only. Padding a frame with zeros gives more bins, too, and no more knowledge; let them zero-pad the two tones.
#
# **Pitfall.** Frames centred on $tH$ (ours, librosa's `center=True`) and frames that begin there differ by half a window: 23 ms, which is heard when clicks are laid on onsets.

# %% [markdown]
# > **Learnt:** a spectrogram is a choice: long windows tell pitches apart, short ones moments; either way the STFT can be undone.
#
# A picture of a spectrogram shows $|S|$ only. Can one hear from the picture alone?

# %% [markdown] minutes=7 objectives=3
# ## What is phase good for?
#
# **Take the sizes and throw the angles away.** A complex number is a size and an angle, $S = |S|\, e^{i\varphi}$. Let us keep $|S|$, and put in other phases: all zero, or drawn at random.

# %%
magnitude = np.abs(transforms.stft(song.samples[: 4 * rate]))
assert magnitude.shape[1] == 513
random_turns = np.random.default_rng(0).uniform(-np.pi, np.pi, magnitude.shape)
for title, phase in (("All phases zero", np.zeros(magnitude.shape)), ("Phases at random", random_turns)):
    wrong = inverses.istft((magnitude * np.exp(1j * phase)).astype(np.complex64))
    left = inverses.spectral_convergence(magnitude, np.abs(transforms.stft(wrong)))
    display(hear(wrong, f"{title}: {left:.0%} of the spectrum is not what it should be"))

# %% [markdown]
# The frames overlap, so each sample is described by four of them. If their phases do not fit, they cancel each other, and the sound that comes out does not even have the magnitudes that went in. But that can be turned into a way of *finding* the phases: go to sound and back, keep the new angles, put the right sizes in again, and repeat. This is the method of **Griffin and Lim** (1984).

# %%
for rounds in (4, 32):
    found = inverses.griffin_lim(magnitude, n_iter=rounds)
    left = inverses.spectral_convergence(magnitude, np.abs(transforms.stft(found)))
    print(f"after {rounds} rounds {left:.1%} is wrong")
hear(found, "Phases found by Griffin and Lim, 32 rounds")

# %% [markdown]
# > **Learnt:** magnitudes without phases are half of the numbers, and most of the sound: overlapping frames betray the missing half. Chapter 09 does it better.
#
# 513 magnitudes a frame are still many. Does the ear need all of them?

# %% [markdown] minutes=11 objectives="1 3"
# ## Which frequencies does the ear tell apart?
#
# **Two steps of 100 Hz each.** Which one is larger?

# %%
t = np.arange(int(0.5 * rate)) / rate
fade = np.clip(np.minimum(t, t[-1] - t) / 0.02, 0, 1)  # no click where the one follows the other
for pair in ((200, 300), (5000, 5100)):
    steps = np.concatenate([0.25 * fade * np.sin(2 * np.pi * f * t) for f in pair])
    mels = np.diff(transforms.hz_to_mel(np.array(pair)))[0]
    display(
        im.Sound(
            steps,
            title=f"From {pair[0]} to {pair[1]} Hz: {mels:.2f} mel, {12 * np.log2(pair[1] / pair[0]):.1f} semitones",
        )
    )

# %% [markdown]
# High up, a hundred hertz is next to nothing. The **mel scale** spaces frequencies as the ear does, roughly: evenly up to 1 kHz, by ratios above. In Slaney's version, which librosa and this course use,
#
# $$m(f) = \frac{3f}{200} \;\text{ up to 1000 Hz}, \qquad m(f) = 15 + 27\,\frac{\ln(f/1000)}{\ln 6.4} \;\text{ above.}$$
#
# Triangles that stand evenly on this scale, each reaching to the middles of its neighbours, collect the powers of the bins:
#
# $$M[t, b] = \sum_k |S[t,k]|^2\, F[k, b]$$
#
# with $F[k,b]$ how much bin $k$ counts in band $b$. Each triangle is divided by its width in Hz, so that its area is 1; otherwise the wide ones, high up, would win by being wide.

# %%
F = transforms.mel_filters(n_mels=128)  # (bins, bands)
power = np.abs(transforms.stft(sound.samples)) ** 2
M = power @ F  # (frames, bands): the formula
assert np.allclose(M, transforms.mel_spectrogram(sound.samples), rtol=1e-3, atol=1e-6)
frequencies = np.arange(F.shape[0]) * rate / 1024
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.3), layout="constrained")
    few = transforms.mel_filters(n_mels=12)
    for band in few.T:
        axes.plot(frequencies, 1000 * band, color=im.plots.COLOURS[0], ls="-", lw=1)
    axes.set(xlabel="frequency (Hz)", ylabel="weight (1/kHz)")
centres = frequencies[few.argmax(axis=0)]
areas = F.sum(axis=0) * rate / 1024
alt = f"{few.shape[1]} triangles, ever wider and lower: their tops lie from {centres[0]:.0f} to {centres[-1]:.0f} Hz."
im.show(figure, alt=alt)
print(f"{F.shape[0]} bins become {F.shape[1]} bands; areas of the triangles: {areas.min():.2f} to {areas.max():.2f}")

# %% [markdown]
# (The areas are not exactly 1: the narrow triangles low down are sampled by hardly two bins each. A longer window mends that.)
#
# The ear hears ratios of power as well, so we take decibels, $10 \log_{10} M$. Here is the same sound as power, and as decibels. A logarithm has no answer for 0, so there must be a floor; ours is $10^{-10}$, which is -100 dB.

# %%
L = transforms.log_mel(sound.samples)
with im.plots.style():
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), sharey=True, layout="constrained")
seconds = len(sound.samples) / rate
shown = ((M, "power", None, None), (L, "power in dB", L.max() - 80, L.max()))
for place, (values, title, low, high) in zip(axes, shown, strict=True):
    drawn = place.imshow(
        values.T, origin="lower", aspect="auto", extent=(0, seconds, 0, 128), vmin=low, vmax=high, cmap="magma"
    )
    place.set(title=title, xlabel="time (s)")
    place.grid(False)
    figure.colorbar(drawn, ax=place)
axes[0].set(ylabel="mel band")
dark = [
    np.mean(values < low + 0.05 * (high - low)) for values, low, high in ((M, 0, M.max()), (L, L.max() - 80, L.max()))
]
alt = f"Mel spectrogram of {seconds:.1f} s. As power {100 * dark[0]:.0f} % of it is black; in decibels {100 * dark[1]:.0f} %, "
im.show(figure, alt=alt + f"and the loudest band is number {L.mean(axis=0).argmax()}.")
twice = transforms.log_mel(2 * sound.samples) - L
print(f"Twice as loud adds {np.median(twice):.2f} dB everywhere; silence is {transforms.power_to_db(0.0):.0f} dB")
assert np.isclose(np.median(twice), 20 * np.log10(2), atol=1e-3)

# %% [markdown]
# **Backwards.** From 128 bands make 513 bins (many answers fit, one is chosen), find phases, and listen: first what came back, then *what was lost*. That one is made of the differences of the magnitudes, with the phase of the original. Two figures go with it: *spectral convergence*, how much of the spectrum is wrong (0 is nothing, 1 is all), and the *log-spectral distance*, by how many decibels a typical bin is off.


# %%
def hear_round_trip(one, kind):
    """What comes back, what was lost, and what it cost."""
    trip = inverses.round_trip(one.samples, kind=kind)
    size = f"{trip.kept:.0f} numbers a second"
    lost = 20 * np.log10(max(np.sqrt(np.mean(trip.lost**2) / np.mean(one.samples**2)), 1e-9))
    display(hear(trip.samples, f"Back from {kind}: {size}"))
    display(hear(trip.lost, f"Lost by {kind}: {lost:.0f} dB beside the sound"))
    print(
        f"spectral convergence {trip.spectral_convergence:.2f}, log-spectral distance {trip.log_spectral_distance:.1f} dB"
    )
    return trip


from_mel = hear_round_trip(sound, "mel")

# %% [markdown]
# > **Learnt:** mel bands in decibels are near to how an ear sorts frequency and strength; 128 numbers a frame keep what you recognise.
#
# Could it be fewer still? What makes a trumpet a trumpet cannot need 128 numbers.

# %% [markdown] minutes=16 objectives="1 3" practice=3
# ## Timbre in a few numbers
#
# **What stays when a singer changes the note, but not the vowel?** The *outline* of the spectrum: which regions are strong, whatever the partials are that fill them. An outline is a smooth curve, and smooth curves need few numbers. Write each frame of the log-mel spectrogram as a sum of cosine waves, and keep the slow ones:
#
# $$c[t, q] = s_q \sum_{b=0}^{B-1} L[t, b] \cos\!\left(\frac{\pi q}{B}\Bigl(b + \tfrac12\Bigr)\right), \qquad q = 0 \ldots Q-1$$
#
# $L[t,b]$ is the level in dB of band $b$ of $B$; $s_q$ makes all the waves equally large ($\sqrt{1/B}$ for $q = 0$, else $\sqrt{2/B}$); $Q$ is how many are kept, 13 or 20. These are the **mel-frequency cepstral coefficients**, MFCC. $c[t, 0]$ is the level.

# %%
B, n_mfcc = 128, 20
b, q = np.arange(B), np.arange(n_mfcc)
cosines = np.cos(np.pi * np.outer(q, b + 0.5) / B) * np.where(q == 0, np.sqrt(1 / B), np.sqrt(2 / B))[:, None]
c = L @ cosines.T  # (frames, n_mfcc)
assert np.allclose(c, transforms.mfcc(sound.samples), atol=1e-2)
outline = c @ cosines  # (frames, B): the cosines, added again
frame = int(L.max(axis=1).argmax()) + 5
frame = min(frame, len(L) - 1)
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    axes.plot(L[frame], label="128 mel bands")
    axes.plot(outline[frame], label="20 MFCC")
    axes.set(xlabel="mel band", ylabel="level (dB)")
    axes.legend()
rough = np.sqrt(np.mean((L[frame] - outline[frame]) ** 2))
im.show(
    figure,
    alt=f"Levels of one frame, and the smooth outline that {n_mfcc} coefficients keep: {rough:.1f} dB off on average.",
)

# %% [markdown]
# So MFCC should tell instruments apart and care little for notes. Measure it: how far apart are two notes of one instrument, a fifth apart, and one note on two instruments? ($c_0$ is left out, because that is loudness.) And if each instrument's C looks for the G that is most like it, does it find its own?

# %%
instruments = ("flute", "violin", "trumpet", "piano", "organ", "clarinet")
means = {}
for name in instruments:
    for pitch in (60, 67):
        steady = play([pitch], 1, tempo=80, instrument=name).samples[2000:14000]
        means[name, pitch] = transforms.mfcc(steady, n_mfcc=128).mean(axis=0)


def compare(Q):
    def apart(a, b):
        return np.linalg.norm(means[a][1:Q] - means[b][1:Q])

    same = np.mean([apart((a, 60), (a, 67)) for a in instruments])
    other = np.mean([apart((a, 60), (b, 60)) for a in instruments for b in instruments if a < b])
    found = sum(a == min(instruments, key=lambda b: apart((a, 60), (b, 67))) for a in instruments)
    return same, other, found


for Q in (8, 13, 20, 128):
    print(
        "c_1 to c_{:<3} same instrument {:4.0f}, other instrument {:4.0f} apart; {} of 6 found".format(
            Q - 1, *compare(Q)
        )
    )
assert compare(13)[0] < compare(13)[1] and compare(128)[0] > compare(128)[1] and compare(13)[2] > compare(128)[2]

# %% [markdown]
# With a dozen coefficients the instrument decides; with all 128, which is the log-mel spectrum itself, the note does. Around twenty, pitch begins to come in, so the twenty that we turn back now are generous.
#
# **Backwards.** The cosines are added again (those left out count as 0), the decibels become powers, the bands become bins. Now listen, and try to sing along.

# %%
from_mfcc = hear_round_trip(sound, "mfcc")
C = transforms.chroma(sound.samples)
heard_back = {"mel": from_mel.samples, "mfcc": from_mfcc.samples, "lost by mfcc": from_mfcc.lost}
for name, samples in heard_back.items():
    C_back = transforms.chroma(samples)
    agree = [np.corrcoef(u, v)[0, 1] for u, v in zip(C, C_back, strict=False) if u.std() > 0 and v.std() > 0]
    print(f"{name:<13} which notes sound, there and in the original: correlation {np.mean(agree):.2f}")

# %% [markdown]
# You cannot. The rhythm is there, and bright and dark; but it *whispers*, for the teeth of the comb in the figure above were the partials, and with the partials went the pitch. So the melody is in what was *lost*. That is why MFCC are good for telling who speaks, poor for music, and hopeless as the last step before a loudspeaker: from mel, a vocoder can do something, from MFCC it must invent.
#
# **Play with it.** Choose MFCC, press the button, and then raise the number of coefficients to 128. From which number on can you recognise the tune?

# %%
im.widgets.WhatIsLost(sound)

# %% [markdown]
# ### How does it change?
#
# A frame knows nothing of its neighbours, yet a pluck and a bow differ in how they *go on*. So one adds how fast every number changes: its **delta**. (Some texts call it an "automatic differential feature", ADF. The field says delta, and *delta-delta* for the change of the change.) The difference of two neighbours would be mostly noise; better is the slope of the straight line that fits $2K+1$ frames best:
#
# $$\Delta[t] = \frac{\sum_{k=-K}^{K} k\, x[t+k]}{\sum_{k=-K}^{K} k^2}$$

# %%
K = 4
k = np.arange(-K, K + 1)
slope = np.stack([k @ c[t - K : t + K + 1] for t in range(K, len(c) - K)]) / np.sum(k**2)
assert np.allclose(slope, transforms.delta(c, width=9)[K:-K], atol=1e-2)
bend = transforms.delta(c, width=9, order=2)
print(
    f"{c.shape[1]} coefficients, {slope.shape[1]} deltas and {bend.shape[1]} delta-deltas: {3 * n_mfcc} numbers a frame"
)
ramp = np.arange(20.0)[:, None] * 3
assert np.allclose(transforms.delta(ramp), 3)  # what rises by 3 a frame has the delta 3

# %% [markdown]
# **Backwards.** Add up the deltas, frame by frame, and you get the levels again, but for where they *started*. Here the log-mel bands are remade from their deltas alone, every band set to the same mean:

# %%
audible = np.maximum(L, L.max() - 60)  # what lies deeper would only come back as hiss
levels = np.cumsum(transforms.delta(audible, width=9), axis=0)
levels += audible.mean() - levels.mean(axis=0)  # nobody knows where a band began, so all of them get the same mean
magnitude = inverses.mel_to_magnitude(transforms.db_to_power(levels).astype(np.float32))
from_delta = inverses.griffin_lim(magnitude)
print(f"lost for good: how far the bands' means lie apart, {audible.mean(axis=0).std():.1f} dB")
hear(from_delta * 0.1 / from_delta.std(), "Back from the deltas of the mel bands alone")

# %% [markdown]
# What was steady is gone: every band is as strong as every other, which is the hiss. What *moves* is still there.
#
# > **Learnt:** MFCC are the outline of the spectrum, so they keep timbre and drop pitch; deltas keep the movement and drop the state.
#
# Then let us do the opposite: keep the notes, and drop everything else.

# %% [markdown] minutes=7 objectives=3
# ## Which notes, whatever the octave?
#
# **Why do a man and a woman who sing "the same note" mostly sing an octave apart, and nobody minds?** Twice the frequency is the same name. Add up the power of all the bins that are nearest to some C, low or high; then of all C sharps; and so on. Twelve numbers a frame, the **chroma**:
#
# $$C[t, p] = \sum_{k} |S[t,k]|^2\, G[k, p], \qquad p = \Bigl(69 + 12 \log_2 \frac{f_k}{440}\Bigr) \bmod 12$$
#
# with $f_k$ the frequency of bin $k$, and $G[k,p]$ a bell around each note of class $p$ (0 is C). The window must be long, or neighbouring notes fall into one bin: 4096 samples here. Last, each frame is divided by its strongest class, so that loudness drops out.

# %%
C = transforms.chroma(sound.samples, n_fft=4096)  # (frames, 12)
names = im.scores.PITCH_NAMES
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    drawn = axes.imshow(
        C.T, origin="lower", aspect="auto", extent=(0, len(sound.samples) / rate, -0.5, 11.5), cmap="magma"
    )
    axes.set(xlabel="time (s)", yticks=range(12), yticklabels=names)
    axes.grid(False)
    figure.colorbar(drawn, label="share of the strongest")
order = np.argsort(-C.mean(axis=0))
alt = "Chroma over time. On average the strongest classes are "
im.show(figure, alt=alt + ", ".join(f"{names[p]} ({C.mean(axis=0)[p]:.2f})" for p in order[:4]) + ".")

# %% [markdown]
# **Backwards.** Give every class a tone that is in no octave because it is in all of them: sines one octave apart, soft at both ends (Shepard 1964). Can you sing along now?

# %%
t = np.arange(len(sound.samples)) / rate
frames = np.arange(len(C)) * 256 / rate
octaves = np.zeros(len(t))
for p in range(12):
    strength = np.interp(t, frames, C[:, p] ** 2)
    for octave in range(2, 9):
        f = 440 * 2 ** ((12 * octave + p - 57) / 12)
        if f < rate / 2:
            octaves += strength * np.exp(-0.5 * (np.log2(f / 500) / 1.2) ** 2) * np.sin(2 * np.pi * f * t)
hear(0.5 * octaves / np.abs(octaves).max(), "Back from the chroma: notes without octave, timbre or loudness")

# %% [markdown]
# > **Learnt:** chroma keeps the names of the notes; octave, instrument and loudness are gone on purpose.
#
# Twelve numbers a frame, averaged over a piece: is that enough to find its home?

# %% [markdown] minutes=10 objectives=4 practice=4
# ## Where is home?
#
# **Find it by ear first.** Below is the beginning of a waltz by Scott Joplin, "Bethena". A drone plays along. Change it until it could go on for ever without disturbing anyone.

# %%
waltz = excerpt("bethena", seconds=12)
my_tonic = "A"  # change me: C, C#, D, Eb, E, F, F#, G, Ab, A, Bb or B
low = 48 + names.index(my_tonic)
drone = play([(low, low + 12)], waltz.seconds, tempo=60, instrument="organ").samples[: len(waltz.samples)]
im.licence("bethena")
hear((0.75 * waltz.samples + 0.2 * drone)[: 8 * rate], f"Bethena over a drone on {my_tonic}")

# %% [markdown]
# Now by number. It would be natural to take the note that sounds most. But home is not the loudest note: it is the one *around which the others are arranged*. People have counted how often each degree of the scale is heard in hundreds of pieces, from the tonic upwards in semitones: a *profile*, one for major and one for minor (Albrecht and Shanahan 2013). Turn the profile to each of the twelve tonics, and see which one agrees best with the chroma (Krumhansl 1990):
#
# $$r_{p} = \frac{\sum_j (c_j - \bar c)\,(h_{j-p} - \bar h)}{\sqrt{\sum_j (c_j - \bar c)^2 \, \sum_j (h_j - \bar h)^2}}$$
#
# where $c_j$ is the mean chroma of class $j$, $h_{j-p}$ the profile turned so that it begins at $p$ (indices modulo 12), and a bar is a mean.

# %%
from imgmusic_edu.audio_features.keys import MAJOR, MINOR

MODES = ("major", "minor")


def key_table(samples):
    """Correlation of the mean chroma with all keys, shape (2, 12): major, minor."""
    c = transforms.chroma(samples).mean(axis=0)
    return np.array([[np.corrcoef(c, np.roll(profile, p))[0, 1] for p in range(12)] for profile in (MAJOR, MINOR)])


# %%
r = key_table(waltz.samples)
c = transforms.chroma(waltz.samples).mean(axis=0)
mode, tonic = np.unravel_index(r.argmax(), r.shape)
with im.plots.style():
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
    axes[0].bar(names, c)
    axes[0].plot(np.roll((MAJOR, MINOR)[mode], tonic) * c.max() / MAJOR.max(), "o-", color=im.plots.COLOURS[1])
    axes[0].set(title="chroma, and the best profile", ylabel="share")
    axes[1].plot(names, r[0], "o-", label="major")
    axes[1].plot(names, r[1], "s--", label="minor")
    axes[1].set(title="how well each key fits", ylabel="correlation", ylim=(-0.7, 1))
    axes[1].legend(ncols=2, loc="upper center")
home = im.scores.key_name(int(tonic), MODES[mode])
im.show(
    figure,
    alt=f"The loudest class is {names[c.argmax()]}, but the best key is {home}, with a correlation of {r.max():.2f}.",
)

# %% [markdown]
# What is right? A table in `data/facts` says for many shipped pieces which key they are in, and *why* one may say so: the printed signature, the closing chord, what lies in the bass; never the answer of a key finder. How do three ways do on every second row of it, with twelve seconds of each?

# %%
import csv

with open(im.data_path("known_keys"), encoding="utf-8") as file:
    known = list(csv.DictReader(file))
counts = {"loudest note": 0, "correlation": 0, "package": 0}
for row in known[::2]:
    one = excerpt(row["score"], float(row["from_seconds"]), 12)
    right = f"{row['tonic']} {row['mode']}"
    r, loudest = key_table(one.samples), int(transforms.chroma(one.samples).mean(axis=0).argmax())
    mode, tonic = np.unravel_index(r.argmax(), r.shape)
    answers = {
        "loudest note": im.scores.key_name(loudest, row["mode"]),  # it is even told the mode
        "correlation": im.scores.key_name(int(tonic), MODES[mode]),
        "package": im.scores.key_name(*audio_features.key(one.samples)[:2]),
    }
    counts = {way: count + (answers[way] == right) for way, count in counts.items()}
    wrong = [f"{way}: {answer}" for way, answer in answers.items() if answer != right]
    print(f"{row['score']:<18} {right:<9}", ", ".join(wrong))
print(", ".join(f"{way} {count}" for way, count in counts.items()), f"right of {len(known[::2])}")
assert counts["correlation"] > counts["loudest note"] < counts["package"]

# %% [markdown]
# (Only what is wrong is printed.) The package correlates, too, with another chroma: it takes a partial for what it may be a partial of, tunes to the piece, and listens again to the bass and to the ending. Look at the errors that are left: several name a key a fifth away, or the *parallel*, major for minor on the same tonic. And think before you call one way better than the other: on two dozen pieces, two more or fewer are luck; and twelve seconds are less than the judges of the table had.
#
# And your sound? (If you brought none, it is the song, which is in C major: ours and the package's answers differ, and the two best keys lie close together. In such a case say both.)

# %%
r = key_table(sound.samples)
best = [np.unravel_index(place, r.shape) for place in np.argsort(-r, axis=None)[:3]]
for mode, tonic in best:
    print(f"{im.scores.key_name(int(tonic), MODES[mode])}: {r[mode, tonic]:.2f}")
print("the package says", im.scores.key_name(*audio_features.key(sound.samples)[:2]))

# %% [markdown]
# > **Learnt:** a key is a pattern, not a note: turn the profile until it fits.
#
# Why do some notes fit together at all?

# %% [markdown] minutes=7 objectives=1 practice=1
# ## Why do some intervals rub?
#
# **Two sines, ever further apart.** Very close, they beat slowly, and it is pleasant; further apart, it becomes a rattle; further still, two calm tones. The rattle is worst about a quarter of a *critical band* apart, the width over which the inner ear blurs (Plomp and Levelt 1965). In Sethares's formula (1993) two partials of frequencies $f_1 < f_2$ and amplitudes $a_1, a_2$ rub by
#
# $$\rho = a_1 a_2 \bigl(e^{-3.5\,s\,(f_2 - f_1)} - e^{-5.75\,s\,(f_2 - f_1)}\bigr), \qquad s = \frac{0.24}{0.021\, f_1 + 19}$$
#
# A tone has many partials. Two tones rub by the sum over all pairs of theirs.


# %%
def rubbing(ratio, f0=261.6, n_partials=6, stretch=2.0):
    k = np.arange(1, n_partials + 1)
    multiples = stretch ** np.log2(k)  # 1, 2, 3, ... when an octave is a factor of 2
    f = np.concatenate([f0 * multiples, f0 * ratio * multiples])
    a = np.tile(0.88 ** (k - 1), 2)
    order = np.argsort(f)
    f, a = f[order], a[order]
    i, j = np.triu_indices(len(f), 1)  # every pair once
    apart = 0.24 / (0.021 * f[i] + 19) * (f[j] - f[i])
    return np.sum(a[i] * a[j] * (np.exp(-3.5 * apart) - np.exp(-5.75 * apart)))


stretch = 2.0  # change me, to 2.1 say
ratios = np.linspace(1, 2.2, 1201)
curve = np.array([rubbing(ratio, stretch=stretch) for ratio in ratios])
calm = [i for i in range(1, 1200) if curve[i] < curve[i - 1] and curve[i] <= curve[i + 1]]

# %%
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
    axes.plot(12 * np.log2(ratios), curve)
    axes.plot(12 * np.log2(ratios[calm]), curve[calm], "o")
    axes.set(xlabel="interval (semitones)", ylabel="roughness (no unit)", xticks=range(14))
dips = ", ".join(f"{ratio:.3f}" for ratio in ratios[calm])
worst = 12 * np.log2(ratios[curve.argmax()])
im.show(
    figure,
    alt=f"Roughness of two tones of six partials: worst at {worst:.1f} semitones, with dips at the ratios {dips}.",
)
print(f"dips at {dips}; compare 6/5 = 1.2, 5/4 = 1.25, 4/3 = {4 / 3:.3f}, 3/2 = 1.5, 5/3 = {5 / 3:.3f}, 2")
rough = {}
for name, pair in (("a semitone", (60, 61)), ("a fifth", (60, 67))):
    chord = play([pair], 2, tempo=90, instrument="organ", title=f"{name.capitalize()} on the organ")
    rough[name] = audio_features.roughness(chord.samples)
    print(f"{name}: the package measures a roughness of {rough[name]:.3f} in the sound")
    display(chord)
assert rough["a semitone"] > 1.5 * rough["a fifth"]

# %% [markdown] facts="2.1: a setting to try"
# The dips are the intervals that music is built on, and nobody has put them in: they are where partials of one tone meet partials of the other. **Break it:** make `stretch` 2.1, so that every tone's partials lie further apart than they should, and the calm "octave" moves along with them. Consonance belongs to a *timbre*. (It is also not the same as liking, and listeners who grew up with other music judge otherwise; roughness is the part of it that happens in the ear.)
#
# > **Learnt:** intervals rub when partials nearly meet; simple ratios are calm because theirs meet exactly.
#
# Back to single sounds. Bright, dull, hissing, pure: are those numbers, too?

# %% [markdown] minutes=6 objectives=1
# ## How bright, how noisy?
#
# **Take the spectrum of a frame for a heap of sand** on the frequency axis, and describe the heap. With $P_k$ the power in bin $k$, and $w_k = P_k / \sum_j P_j$ its share:
#
# - *centroid* $\mu = \sum_k w_k f_k$: where it balances. High is bright.
# - *bandwidth* $\sqrt{\sum_k w_k (f_k - \mu)^2}$: how far it spreads.
# - *rolloff*: the frequency below which 85 % of it lie.
# - *flatness* $\bigl(\prod_k P_k\bigr)^{1/K} \big/ \tfrac1K \sum_k P_k$: geometric mean over arithmetic mean. Near 0 is a tone, with a few high peaks; noise is much nearer to 1.


# %%
def heap(samples):
    P = np.maximum(np.abs(transforms.stft(samples, n_fft=2048)) ** 2, 1e-10).mean(axis=0)
    f = np.arange(len(P)) * rate / 2048
    w = P / P.sum()
    centroid = np.sum(w * f)
    bandwidth = np.sqrt(np.sum(w * (f - centroid) ** 2))
    rolloff = f[np.searchsorted(np.cumsum(w), 0.85)]
    flatness = np.exp(np.mean(np.log(P))) / np.mean(P)
    return centroid, bandwidth, rolloff, flatness


noise = 0.1 * np.random.default_rng(0).standard_normal(2 * rate)
rows = {name: one.samples for name, one in notes.items()} | {"noise": noise, sound.title[:12]: sound.samples}
print(f"{'':<13}centroid  bandwidth   rolloff  flatness")
for name, samples in rows.items():
    print("{:<13}{:5.0f} Hz   {:5.0f} Hz  {:5.0f} Hz  {:8.5f}".format(name, *heap(samples)))
close = heap(notes["violin"].samples)[0] / audio_features.spectral_centroid(notes["violin"].samples)
assert 0.9 < close < 1.1 and heap(noise)[3] > 0.9

# %% [markdown]
# (One warning. librosa, and `summaries` in our package, let the *magnitudes* be the sand, frame by frame, and not the powers. Soft high partials then count for more, and the same violin is "brighter". Both are right; a table must say which.)

# %%
from imgmusic_edu.audio_features import summaries

by_magnitude = summaries.centroid_per_frame(notes["violin"].samples).mean()
print(f"violin: {heap(notes['violin'].samples)[0]:.0f} Hz by power, {by_magnitude:.0f} Hz by magnitude")

# %% [markdown]
# These four have no way back: a heap is described, not stored. But you can do to the heap what the numbers say. **Hear it:** the violin's note, with everything above its rolloff cut away, and then only what was above.

# %%
spectrum = transforms.stft(notes["violin"].samples)
rolloff = heap(notes["violin"].samples)[2]
below = np.arange(spectrum.shape[1]) * rate / 1024 <= rolloff
for title, keep in (("below", below), ("above", ~below)):
    part = inverses.istft(spectrum * keep)
    power = 10 * np.log10(np.mean(part**2) / np.mean(notes["violin"].samples ** 2))
    display(hear(part, f"Violin, {title} {rolloff:.0f} Hz: {power:.1f} dB beside the whole"))

# %% [markdown]
# > **Learnt:** brightness, spread and noisiness are a mean, a width and a ratio of means.
#
# One answer is still open: where did you tap your foot?

# %% [markdown] minutes=11 objectives="1 4" practice=4
# ## Where is the beat?
#
# **What happens at the moment when a note begins?** In some bands the level jumps up. When it ends, levels sink, and slowly. So count rises only, and add up over all bands: the **onset strength**, or *spectral flux*,
#
# $$o[t] = \frac1B \sum_{b} \max\bigl(0,\; L[t,b] - L[t-1,b]\bigr)$$
#
# Peaks in $o$ are onsets. Hear whether they sit where they should: a click on each.

# %%
L = transforms.log_mel(sound.samples)
L = np.maximum(L, L.max() - 60)  # what lies 60 dB down is not heard, and its flicker is no onset
o = np.maximum(np.diff(L, axis=0, prepend=L[:1]), 0).mean(axis=1)
wide = 7  # frames, 80 ms: the highest within so many to either side
highest = np.array([o[max(0, i - wide) : i + wide + 1].max() for i in range(len(o))])
peaks = np.flatnonzero((o == highest) & (o > o.mean() + 0.5 * o.std()))
onset_times = peaks * 256 / rate


def with_clicks(one, times, title):
    """The sound, softer, with a short click at each time."""
    mixed, length = 0.7 * one.samples, int(0.03 * rate)
    click = 0.25 * np.sin(2 * np.pi * 2000 * np.arange(length) / rate) * np.exp(-np.arange(length) / 120)
    for place in (np.asarray(times) * rate).astype(int):
        mixed[place : place + length] += click[: len(mixed) - place]
    return hear(mixed, title)


print(
    f"{len(onset_times)} onsets by hand; the package, with more care, finds {len(audio_features.onsets(sound.samples))}"
)
with_clicks(sound, onset_times, "A click on each onset")

# %% [markdown]
# A *beat* is an onset that comes when expected. So ask how well $o$ agrees with itself some time later, its *autocorrelation* $A[\ell] = \sum_t (o[t] - \bar o)(o[t+\ell] - \bar o)$. It peaks at a lag $\ell$ of one beat. And of two. And, if there are notes between the beats, of half a beat. Look for the peaks in the figure, and set `my_tempo`.

# %%
A = np.correlate(o - o.mean(), o - o.mean(), "full")[len(o) - 1 :]
lags = np.arange(1, min(len(A), 260))
tempi = 60 * rate / 256 / lags
inside = (tempi > 30) & (tempi < 300)
tempi, strength = tempi[inside], A[lags[inside]] / A[0]
prior = np.exp(-0.5 * (np.log2(tempi / 100) / 0.7) ** 2)  # people tap at about 100 a minute, seldom at 40 or 240
guesses = {"strongest peak": tempi[strength.argmax()], "with a prior": tempi[(strength * prior).argmax()]}
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    axes.semilogx(tempi, strength, label="autocorrelation")
    axes.semilogx(tempi, prior, label="how likely a tempo is beforehand")
    axes.set(xlabel="tempo (beats per minute)", ylabel="share of the largest", ylim=(-0.3, 1.05))
    axes.set_xticks([30, 45, 60, 90, 120, 180, 240], [30, 45, 60, 90, 120, 180, 240])
    axes.minorticks_off()
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
top = [
    i for i in range(1, len(strength) - 1) if strength[i] == strength[max(0, i - 4) : i + 5].max() and strength[i] > 0.1
]
peaks_said = ", ".join(f"{tempi[i]:.0f} ({strength[i]:.2f})" for i in top)
im.show(figure, alt=f"Autocorrelation over tempo with peaks at {peaks_said}; and a bell around 100 beats per minute.")
print("; ".join(f"{way}: {guess:.0f}" for way, guess in guesses.items()))
print(f"the package: {audio_features.tempo(sound.samples):.1f}")

# %% [markdown]
# The peaks lie at a tempo, its half and, softer, its double. Which of them is *the* tempo is not in the sound; it is a habit of people, and the prior stands for it. This *octave error* is the classic one of all tempo finders. So say when you report a tempo whether half and double count as right.
#
# Last, place a grid of that tempo where it meets the most onset strength, and tap along:

# %%
my_tempo = audio_features.tempo(sound.samples) or 90.0  # change me: half or double of it, or what you tap
beat = 60 / my_tempo * rate / 256  # in frames
shifts = np.arange(-3, beat - 3, 0.5)  # a sound may begin with a beat
times = np.arange(len(o))
met = [np.interp(np.arange(shift, len(o) - 1, beat), times, o).mean() for shift in shifts]
grid = np.maximum(np.arange(shifts[int(np.argmax(met))], len(o) - 1, beat), 0) * 256 / rate
print(f"{len(grid)} beats at {my_tempo:.1f} a minute, the first at {grid[0]:.2f} s")
followed = tracks.beats(sound.samples, bpm=my_tempo)  # these may give way a little, where the music does
print(f"the package's beats: {', '.join(f'{time:.2f}' for time in followed[:6])} ... s")
with_clicks(sound, grid, f"Clicks at {my_tempo:.0f} beats per minute")

# %% [markdown] tags=["instructor"]
# **Question for the class.** A recording that speeds up has no constant grid. What would have to change? (Choose the beats one by one so that each falls on an onset and the gaps stay alike: the dynamic programming of Ellis 2007, and the search of chapter 10.)

# %% [markdown]
# > **Learnt:** onsets are rises in many bands; a tempo is their echo; half and double are for people to decide.
#
# All of this was computed *beside* a network. What if it has to happen inside one?

# %% [markdown] minutes=8 objectives=5
# ## Inside a network
#
# **Why would one put a spectrogram into a network's graph?** Three reasons. The samples go to the graphics card once and are transformed there, batch by batch. The settings travel with the network, so nobody can feed it other ones. And a *gradient* can go back through it: "to sound more like this, change the samples *so*". The package's layer `LogMel` is our formulas in Keras. Does it agree with the library that everybody uses, librosa? (TensorFlow and librosa take some seconds to start, and what TensorFlow may write about your processor meanwhile is harmless.)

# %%
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras
import librosa
import tensorflow as tf

from imgmusic_edu.audio_features.layers import LogMel

short = song.samples[: 2 * rate]
layer = LogMel()
inside = keras.ops.convert_to_numpy(layer(short[None]))[0]  # a batch of one: (batch, time, mels)
setting = {"sr": rate, "n_fft": 1024, "hop_length": 256, "n_mels": 128, "pad_mode": "constant"}
reference = librosa.feature.melspectrogram(y=short, **setting).T  # librosa puts time last
ours = transforms.mel_spectrogram(short)
in_graph = transforms.db_to_power(inside)
for name, values in (("NumPy", ours), ("Keras layer", in_graph)):
    worst = np.abs(values - reference).max() / reference.max()
    print(f"{name}: at most {worst:.0e} of the loudest away from librosa")
    assert worst < 1e-4

# %% [markdown]
# Now use the gradient. Begin with soft noise, and let Adam, an optimiser, change the *samples* until their log-mel is that of the song. Nobody tells it about phases. The loss is the mean squared difference in dB.

# %%
target = layer(short[None])
wave = keras.Variable(0.01 * np.random.default_rng(0).standard_normal((1, len(short))).astype("float32"))
adam = keras.optimizers.Adam(0.01)


@tf.function
def step():
    with tf.GradientTape() as tape:
        loss = keras.ops.mean((layer(wave) - target) ** 2)
    adam.apply([tape.gradient(loss, wave.value)], [wave])
    return loss


losses = [float(step()) for _ in range(200)]
for i in (0, 10, 50, 199):
    print(f"step {i:3d}: {losses[i] ** 0.5:5.1f} dB away")
assert losses[-1] < 0.1 * losses[0]
learnt = keras.ops.convert_to_numpy(wave)[0]
hear(learnt, "Noise that was taught the song's mel bands")

# %% [markdown]
# No formula for going backwards was needed, only a way forwards that a gradient can pass. In the chapters to come, networks will be trained in this way to *make* sound.
#
# > **Learnt:** a transform inside the graph is the same transform, and can be learnt through.
#
# And a network that was trained to listen: what does it hear?

# %% [markdown] minutes=7 objectives="none" facts="96: N_MELS of imgmusic_edu.backbones.sound_vgg, after Pons and Serra 2019"
# ## What the network hears
#
# **Which instrument is it?** The *sound VGG* was trained on some 19 000 clips that players of an online game had described in words (Law and von Ahn 2009; Pons and Serra 2019). It takes three seconds of log-mel (its own settings: 16 kHz, 96 bands) through five layers of convolution, and gives each of 50 words, the *tags*, a probability of its own.

# %%
ear = im.backbones.load("sound_vgg")
scale = (60, 62, 64, 65, 67, 69, 71, 72, 71, 67, 64, 60)
asked = {"piano": "piano", "nylon_guitar": "guitar", "violin": "violin", "flute": "flute", "choir": "choir", "harp": "harp",
         "trumpet": None, "clarinet": None}  # fmt: skip
phrases = [play(scale, 0.5, tempo=120, instrument=name) for name in asked]
hits = []
for (name, wanted), tags in zip(asked.items(), ear.top(phrases, n=4), strict=True):
    if wanted:
        hits.append(wanted in [tag for tag, _ in tags])
    verdict = ("heard" if hits[-1] else "MISSED") if wanted else "has no tag"
    print(f"{name:<13}{verdict:<11}", ", ".join(f"{tag} {p:.2f}" for tag, p in tags))
print(f"{sum(hits)} of {len(hits)} instruments that have a tag are among the first four")
assert all(wanted in ear.classes for wanted in asked.values() if wanted)
assert not {"trumpet", "clarinet"} & set(ear.classes)

# %% [markdown]
# Look at the misses. The notes come from *samples*, clean and alone; the network was trained on records of real playing, in rooms and in company. A trumpet cannot be named at all, for no tag says so; instead of saying "I do not know" it hands out what it has. And tags are what players of a game *typed*: "weird" is one of them, and "vocals", "vocal", "voice" and "singing" are four. A network hears what its data could teach it.
#
# And your sound?

# %%
for tag, p in ear.top([sound], n=8)[0]:
    print(f"{tag:<13}{p:.2f} " + "#" * round(40 * p))

# %% [markdown]
# **Break it.** Give it `im.Sound(noise, title="noise")`, or the song backwards, `sound.samples[::-1]`. Which tags change, and which should have?
#
# > **Learnt:** a network answers with its own words, sure of itself or not; the list of words tells what it can never say.
#
# Time to keep something.

# %% [markdown] minutes=9 objectives=6 practice=6
# ## A sound passport
#
# **All answers on one page, and a new coat.** First the passport of your sound: everything that this chapter measured, in one file.

# %%
import json
import tempfile
from pathlib import Path

measured = audio_features.measure(sound.samples)
tonic, mode, fit = audio_features.key(sound.samples)
passport = {
    "name": sound.title,
    "seconds": round(sound.seconds, 2),
    "pitch": {
        "register (MIDI)": round(measured["register"], 1),
        "key": im.scores.key_name(tonic, mode),
        "fit": round(fit, 2),
    },
    "loudness": {"LUFS": round(measured["loudness"], 1), "true peak (dBTP)": round(measured["true_peak"], 1)},
    "timbre": dict(
        zip(("centroid", "bandwidth", "rolloff", "flatness"), np.round(heap(sound.samples), 4).tolist(), strict=True)
    ),
    "rhythm": {"tempo (BPM)": round(measured["tempo"], 1), "onsets a second": round(measured["onset_density"], 2)},
    "roughness": round(measured["roughness"], 3),
    "tags": [tag for tag, _ in ear.top([sound], n=5)[0]],
    "mfcc": np.round(transforms.mfcc(sound.samples).mean(axis=0), 1).tolist(),
}
print(json.dumps({key: value for key, value in passport.items() if key != "mfcc"}, indent=1))

# %% [markdown]
# Then the coat. The outline of a spectrum is timbre, so put the outline of *another* sound on yours. In each mel band, the gain is the difference of the two outlines (their mean MFCC, made into decibels again); the triangles spread it over the bins; the phases stay, so nothing has to be guessed:
#
# $$S'[t,k] = S[t,k] \cdot 10^{\,g_k/20}, \qquad g_k = \frac{\sum_b F[k,b]\; (E^{\text{other}}_b - E^{\text{own}}_b)}{\sum_b F[k,b]}$$
#
# with $E_b$ the outline in dB, $F$ the mel filters and $g_k$ the gain of bin $k$ in dB.


# %%
def mean_outline(samples, n_mfcc=20):
    c = np.zeros(128)
    c[1:n_mfcc] = transforms.mfcc(samples).mean(axis=0)[1:n_mfcc]  # without 0, the level
    return transforms.power_to_db(inverses.mfcc_to_mel(c))


def dress(samples, other, how_much=1.0):
    gain = how_much * np.clip(mean_outline(other) - mean_outline(samples), -30, 30)  # dB a band
    F = transforms.mel_filters()
    weight = F.sum(axis=1)
    per_bin = np.where(weight > 0, F @ gain / np.maximum(weight, 1e-12), 0)
    dressed = inverses.istft(transforms.stft(samples) * (10 ** (per_bin / 20)).astype(np.float32))
    louder = 10 ** ((audio_features.loudness(samples) - audio_features.loudness(dressed)) / 20)
    return dressed * min(louder, 0.95 / np.abs(dressed).max())


coats = {"choir": play(scale, 0.5, tempo=120, instrument="choir").samples, "noise": noise}
for name, coat in coats.items():
    made = dress(sound.samples, coat)
    was, now = (np.linalg.norm(mean_outline(coat) - mean_outline(x)) for x in (sound.samples, made))
    print(f"{name}: the outlines were {was:.0f} dB apart, now {now:.0f}")
    display(im.Sound(made, title=f"{sound.title}, dressed as {name}"))
    assert now < max(was, 20)  # unless they were alike to begin with

# %% [markdown]
# Keep it. Choose another coat: an instrument, your voice through `im.open_sound`, half of it with `how_much=0.5`, or its opposite with `-1`.

# %%
mine = im.Sound(dress(sound.samples, coats["choir"], how_much=1.0), title="mine")  # change me
with tempfile.TemporaryDirectory() as folder:  # to keep them, write a folder of your own here instead
    mine.save(Path(folder) / "mine.wav")
    (Path(folder) / "passport.json").write_text(json.dumps(passport, indent=1), encoding="utf-8")
    for path in sorted(Path(folder).iterdir()):
        print(f"{path.name}: {path.stat().st_size} bytes")
    again = im.open_sound(Path(folder) / "mine.wav")
assert np.abs(again.samples - mine.samples).max() < 1e-3

# %% [markdown]
# > **Learnt:** numbers that can be turned back are not only descriptions: they are handles.

# %% [markdown] minutes=2
# ## Summary
#
# - **Loudness** is power, in decibels, weighted for the ear. **Pitch** is a period. **Timbre** is how strong each partial is: an outline of the spectrum. **Rhythm** is when levels rise, and when they rise again.
# - The DFT compares a sound with sines; the STFT does it frame by frame, and what it sees sharply is your choice of window.
# - From the STFT back nothing is missing; from magnitudes the phase, which can be found again; from mel bands what happens inside a band; from MFCC the pitch; from deltas the state; from chroma octave and timbre.
# - Keys are found by correlation, tempi by echo; fifths, relatives and octaves are the errors to expect.
# - The same transform in a network's graph lets gradients through.

# %% [markdown] minutes=4 facts="44 100: the sample rate of a compact disc"
# ## What goes wrong in practice
#
# The first two are mistakes in a published tutorial on turning images into music.
#
# - **Audio features that see no audio.** A "model for sound features" that is fed with numbers of a *picture* extracts nothing from sound. Features of sound begin with samples, as all of them did here.
# - **MFCC, or one vector, as the last step.** "Predict the features, then a vocoder makes the sound." From MFCC you have heard that sound. And 128 numbers for a whole picture have no time axis at all, so there is nothing to vocode: a frame every so many milliseconds is part of what a sound feature *is*. Predict mel bands over time.
# - **Power for magnitude.** $20\log_{10}$ of a power doubles all decibels; $10\log_{10}$ of a magnitude halves them. A mel spectrogram of magnitudes is another one than of powers, and a network trained on one does not understand the other.
# - **The logarithm of zero.** One frame of digital silence makes $-\infty$, the loss NaN, and the training dead. Set a floor, and the *same* floor everywhere.
# - **Sample rates that do not match.** Load at 44 100, say 22 050: everything lies an octave too low and lasts twice as long. Nothing warns you, so print the rate.
# - **Mel settings that do not match.** Slaney or HTK scale, triangles of area 1 or height 1, `fmax`, centred frames, natural logarithm or decibels: each choice is fine, and each pair of different ones is not. `keras.layers.MelSpectrogram` and librosa differ in several of these by default.
# - **Off by one frame.** Centred frames give $1 + \lfloor n / H \rfloor$ of them, frames without padding $1 + \lfloor (n - N) / H \rfloor$. Labels cut by the other rule slip.
# - **Normalisation that hides loudness.** Dividing each clip by its peak, or its decibels by its loudest frame (`top_db`, `ref=np.max`), makes a whisper and a shout alike, and lets one click decide about a whole clip.
# - **Double and half.** Octaves in pitch, octaves in tempo: report them apart from other errors, and do not correct them by hand.

# %% [markdown] minutes=24
# ## Exercises
#
# Each exercise has a cell for your answer and one that checks it. The checker tells you what went wrong, and tells more from try to try.


# %% exercise="ch03.to_db" points=1 objective=1
def to_db(power):
    """Decibels of an array of powers, with powers below 1e-10 counted as 1e-10."""
    ### BEGIN SOLUTION
    return 10 * np.log10(np.maximum(power, 1e-10))
    ### END SOLUTION


# %% hidden="ch03.to_db"
assert np.allclose(to_db(np.array([0.5, 0.0])), [-3.0103, -100.0], atol=1e-4)


# %% exercise="ch03.mel_triangle" points=2 objective=1
def mel_triangle(frequencies, low, centre, high):
    """Weight of each frequency in the mel band low .. high (Hz) with its top at centre and the area 1."""
    ### BEGIN SOLUTION
    rising = (frequencies - low) / (centre - low)
    falling = (high - frequencies) / (high - centre)
    return np.maximum(np.minimum(rising, falling), 0) * 2 / (high - low)
    ### END SOLUTION


# %% hidden="ch03.mel_triangle"
assert np.allclose(mel_triangle(np.array([100.0, 200.0, 400.0, 700.0]), 100, 200, 600), [0, 1 / 250, 1 / 500, 0])


# %% exercise="ch03.slope" points=2 objective=1
def slope(x, half=2):
    """Delta of the row x: for each t with `half` neighbours on both sides, the slope of the line that fits best."""
    ### BEGIN SOLUTION
    k = np.arange(-half, half + 1)
    return np.array([k @ x[t - half : t + half + 1] for t in range(half, len(x) - half)]) / np.sum(k**2)
    ### END SOLUTION


# %% hidden="ch03.slope"
assert np.allclose(slope(np.array([0.0, 1.0, 4.0, 9.0]), half=1), [2.0, 4.0])


# %% exercise="ch03.find_key" points=3 objective=4
def find_key(chroma, major, minor):
    """(tonic, mode) of the key whose profile, turned to its tonic, correlates best with a chroma of 12 numbers."""
    ### BEGIN SOLUTION
    fits = {}
    for mode, profile in (("major", major), ("minor", minor)):
        for tonic in range(12):
            fits[tonic, mode] = np.corrcoef(chroma, np.roll(profile, tonic))[0, 1]
    return max(fits, key=fits.get)
    ### END SOLUTION


# %% hidden="ch03.find_key"
assert find_key(np.roll(MINOR, 9) + 0.01 * np.arange(12) / 12, MAJOR, MINOR) == (9, "minor")

# %% [markdown] minutes=5 practice="1 2 3 4 5"
# ## Quiz

# %%
im.exercises.quiz("ch03")

# %% [markdown] minutes=1
# ## References
#
# - J. Albrecht, D. Shanahan (2013). The use of large corpora to train a new type of key-finding algorithm: an improved treatment of the minor mode. Music Perception 31(1), 59-67. DOI 10.1525/mp.2013.31.1.59.
# - J. B. Allen, L. R. Rabiner (1977). A unified approach to short-time Fourier analysis and synthesis. Proceedings of the IEEE 65(11), 1558-1564. DOI 10.1109/PROC.1977.10770.
# - J. P. Bello, L. Daudet, S. Abdallah, C. Duxbury, M. Davies, M. B. Sandler (2005). A tutorial on onset detection in music signals. IEEE Transactions on Speech and Audio Processing 13(5), 1035-1047. DOI 10.1109/TSA.2005.851998.
# - A. de Cheveigne, H. Kawahara (2002). YIN, a fundamental frequency estimator for speech and music. Journal of the Acoustical Society of America 111(4), 1917-1930. DOI 10.1121/1.1458024.
# - S. Davis, P. Mermelstein (1980). Comparison of parametric representations for monosyllabic word recognition in continuously spoken sentences. IEEE Transactions on Acoustics, Speech, and Signal Processing 28(4), 357-366. DOI 10.1109/TASSP.1980.1163420.
# - D. P. W. Ellis (2007). Beat tracking by dynamic programming. Journal of New Music Research 36(1), 51-60. DOI 10.1080/09298210701653344.
# - D. Gabor (1946). Theory of communication. Journal of the Institution of Electrical Engineers 93(26), 429-457. DOI 10.1049/ji-3-2.1946.0074.
# - D. Griffin, J. Lim (1984). Signal estimation from modified short-time Fourier transform. IEEE Transactions on Acoustics, Speech, and Signal Processing 32(2), 236-243. DOI 10.1109/TASSP.1984.1164317.
# - Recommendation ITU-R BS.1770-4 (2015). Algorithms to measure audio programme loudness and true-peak audio level. International Telecommunication Union, Geneva.
# - C. L. Krumhansl (1990). Cognitive Foundations of Musical Pitch. Oxford University Press, New York.
# - E. Law, L. von Ahn (2009). Input-agreement: a new mechanism for collecting data using human computation games. CHI, 1197-1206. DOI 10.1145/1518701.1518881.
# - R. Plomp, W. J. M. Levelt (1965). Tonal consonance and critical bandwidth. Journal of the Acoustical Society of America 38, 548-560. DOI 10.1121/1.1909741.
# - J. Pons, X. Serra (2019). musicnn: pre-trained convolutional neural networks for music audio tagging. arXiv:1909.06654.
# - W. A. Sethares (1993). Local consonance and the relationship between timbre and scale. Journal of the Acoustical Society of America 94(3), 1218-1228. DOI 10.1121/1.408175.
# - R. N. Shepard (1964). Circularity in judgments of relative pitch. Journal of the Acoustical Society of America 36(12), 2346-2353. DOI 10.1121/1.1919362.
# - S. S. Stevens, J. Volkmann, E. B. Newman (1937). A scale for the measurement of the psychological magnitude pitch. Journal of the Acoustical Society of America 8(3), 185-190. DOI 10.1121/1.1915893.
