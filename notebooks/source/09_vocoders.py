# ---
# title: "Vocoders: from features back to sound"
# minutes: 180
# prerequisites: Chapters 00 and 03 (STFT, mel bands, decibels). For the network, what a gradient is.
# objectives:
#   - say what the phase of a spectrum does for the ear, and measure what is lost without it
#   - find phases in three ways, by iteration, by slopes of the magnitude and by a network, each in a few lines
#   - tell what a mel spectrogram has lost from what a vocoder has lost, by bounds
#   - train a small neural vocoder in about a minute that beats Griffin-Lim from the same mel bands
#   - choose a vocoder by quality, cost and delay, as measured on your own machine
#   - find settings that do not match from the sound that comes out
# ---

# %% [markdown] minutes=7 objectives="1 3"
# ## How can pictures of sound be heard?
#
# A network that turns pictures into music seldom writes samples. It writes *features*: a mel spectrogram, 128 numbers every 12 milliseconds. Whatever makes a sound of them again is a **vocoder**. It is the last link of the chain, and nothing that comes before can sound better than it allows. (In one published tutorial on music from images the last line reads `vocoder(features)`, and `vocoder` is defined nowhere. This chapter defines it, five times over.)
#
# Listen to five seconds of a song, and to two vocoders that were given nothing but its mel spectrogram.

# %%
import numpy as np
from IPython.display import display

from imgmusic_edu import audio_features, vocoders
from imgmusic_edu.widgets.controls import SoundUpload, shipped_sound

song = shipped_sound("scarborough_fair")
song = im.Sound(song.samples[3 * song.sample_rate : 8 * song.sample_rate], title="The song")
L = audio_features.log_mel(song)
print(f"{len(song.samples)} samples became {L.shape[0]} frames of {L.shape[1]} mel bands, in dB")
display(song)
for name in ("griffin_lim", "neural"):
    made = vocoders.get(name)(L)
    display(im.Sound(made.samples, title=f"From its mel spectrogram: {name}"))

# %% [markdown]
# All vocoders of the course are called in this way: `vocoders.get(name)(log_mel)` gives a `Sound`. What is wrong with the first one? What is it that the second one knows?
#
# **A sound of your own.** Choose a file: its first five seconds will take the place of the song. (Or write a path into the cell after the button.) The file is read where this notebook runs, and nowhere else.

# %%
own = {}
SoundUpload(lambda name, chosen: own.update(sound=chosen))

# %%
from imgmusic_edu.audio_features import inverses, transforms

sound = own.get("sound", song)  # or: im.open_sound("my_song.mp3")
if np.abs(sound.samples[: 5 * sound.sample_rate]).max() < 1e-3:
    print("The first five seconds of that sound are silent, so we take the song.")
    sound = song
usual = sound is song  # of another sound the text cannot know what will come out, so less is asserted
rate, hop = sound.sample_rate, transforms.HOP_LENGTH
x = sound.samples[: min(5 * rate, len(sound.samples)) // hop * hop]  # whole hops
x = np.pad(x, (0, max(0, 60 * hop - len(x))))
sound = im.Sound(x, title=sound.title)
print(f"We shall work on {sound}")
im.licence("scarborough_fair")

# %% [markdown]
# > **Learnt:** a vocoder makes samples of features; it is the ceiling of all that is made of features.
#
# A mel spectrogram lacks two things: the phase, and what happens inside a band. First the phase.

# %% [markdown] minutes=12 objectives=1
# ## Why does phase matter?
#
# **Three sounds with the same magnitudes. Which is the song?** Each number of an STFT is a size and an angle, $S[t,k] = A[t,k]\, e^{i\varphi[t,k]}$, with $t$ the frame and $k$ the bin. $A = |S|$ is the *magnitude*, which every picture of a spectrogram shows; $\varphi$ is the *phase*, which none shows. Let us keep $A$, and choose $\varphi$: all zero, at random, and the true one.


# %%
def hear(samples, title):
    """A sound with 10 ms of fade at both ends; what would clip is turned down, and the title says so."""
    n, peak = len(samples), np.abs(samples).max() / 0.95
    fades = np.clip(np.minimum(np.arange(n), n - 1 - np.arange(n)) / (0.01 * rate), 0, 1)
    quieter = f" (turned down by {20 * np.log10(peak):.1f} dB)" if peak > 1 else ""
    return im.Sound(samples * fades / max(peak, 1), title=title + quieter)


S = transforms.stft(x)
A = np.abs(S)
phases = {
    "zero": np.zeros(A.shape),
    "random": np.random.default_rng(0).uniform(-np.pi, np.pi, A.shape),
    "true": np.angle(S),
}
with_phase = {name: inverses.istft((A * np.exp(1j * phi)).astype(np.complex64)) for name, phi in phases.items()}
for name, samples in with_phase.items():
    display(hear(samples, f"True magnitudes, phases {name}"))

# %% [markdown]
# How far off are they? Compare magnitudes, since magnitudes are what we asked for. Two figures will go through the whole chapter. **Spectral convergence**, how much of the spectrum is wrong,
#
# $$\mathrm{SC} = \frac{\lVert\, |S| - |S'|\, \rVert}{\lVert S \rVert}$$
#
# ($S'$ is the STFT of what was made, and $\lVert\cdot\rVert^2$ the sum of all squares; 0 is perfect, 1 is all of it) hears loud bins only. The **log-spectral distance** (LSD), by how many dB a typical bin is off, hears soft bins just as much.


# %%
def distances(samples, target=x):
    """Spectral convergence, and log-spectral distance in dB, of samples from the sound."""
    n = min(len(samples), len(target))
    there, here = (np.abs(transforms.stft(row[:n])) for row in (target, samples))
    return inverses.spectral_convergence(there, here), inverses.log_spectral_distance(there, here)


for name, samples in with_phase.items():
    print("phases {:<7} SC {:.3f}, LSD {:5.2f} dB".format(name, *distances(samples)))
off = {name: distances(samples)[0] for name, samples in with_phase.items()}
assert off["true"] < 1e-3 and round(rate / transforms.HOP_LENGTH) == 86  # frames a second
assert not usual or min(off["random"], off["zero"]) > 0.5

# %% [markdown]
# Strange: all three were *made* with the true magnitudes, and two of them do not *have* them. Look at a piece of each:

# %%
import matplotlib.pyplot as plt

piece = slice(0, min(len(x), 2 * rate))
with im.plots.style():
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="constrained")
flicker = {}
for place, (name, samples) in zip(axes, with_phase.items(), strict=True):
    level = transforms.power_to_db(np.abs(transforms.stft(samples[piece])) ** 2)[:, :187]  # up to 4 kHz
    level = np.maximum(level, level.max() - 70)
    loud = level[1:] > level.max() - 40
    flicker[name] = np.abs(np.diff(level, axis=0))[loud].mean()
    place.imshow(level.T, origin="lower", aspect="auto", extent=(0, len(x[piece]) / rate, 0, 4), cmap="magma")
    place.set(title=f"phases {name}", xlabel="time (s)")
    place.grid(False)
axes[0].set(ylabel="frequency (kHz)")
said = ", ".join(f"{value:.1f} dB with phases {name}" for name, value in flicker.items())
im.show(
    figure, alt=f"Three spectrograms with lines at the same places. From frame to frame loud bins change by {said}."
)

# %% [markdown]
# The frames overlap: every sample is told by four of them. If their phases do not fit, the four sines cancel here and add up there, 86 times a second, and that is the roughness and the hum you hear.
#
# > **Learnt:** the ear does not mind a phase as such, but overlapping frames must agree on it; where they do not, even the magnitudes are lost.
#
# "Agree" needs a number.

# %% [markdown] minutes=10 objectives="1 2"
# ## Which numbers are the STFT of a sound?
#
# **Not every array is a spectrogram.** Our frames are 1024 samples long and 256 apart, so there are four times as many numbers as samples. They cannot be free. Send any complex array to sound and back,
#
# $$P(S) = \mathrm{STFT}(\mathrm{ISTFT}(S)), \qquad I(S) = \frac{\lVert S - P(S) \rVert}{\lVert S \rVert}$$
#
# Here $P(S)$ is the spectrogram of a *real* sound that comes nearest to $S$ (Griffin and Lim 1984), and $I(S)$, the *inconsistency*, says how far away that is. A spectrogram of a sound stays what it is: $P(S) = S$ and $I(S) = 0$.


# %%
def project(S):
    """The STFT of a sound that comes nearest to an array of complex numbers."""
    return transforms.stft(inverses.istft(S))


def inconsistency(S):
    return np.linalg.norm(S - project(S)) / np.linalg.norm(S)


# %%
rows = {f"phases {name}": (A * np.exp(1j * phi)).astype(np.complex64) for name, phi in phases.items()}
rows["the sound, plus the sound backwards"] = S + transforms.stft(x[::-1].copy())
louder = S.copy()
louder[:, 20:40] *= 3
rows["bins 20 to 39 made three times as loud"] = louder
rows["rounded to 16 angles"] = (A * np.exp(2j * np.pi / 16 * np.round(np.angle(S) * 16 / 2 / np.pi))).astype("c8")
for name, spectrum in rows.items():
    print(f"{name:<40} I = {inconsistency(spectrum):.4f}")
random = rows["phases random"]
once, twice = project(random), project(project(random))
print(f"projected twice: {np.linalg.norm(twice - once) / np.linalg.norm(once):.1e} away from projected once")
assert inconsistency(S) < 1e-3 and np.linalg.norm(once - twice) < 1e-3 * np.linalg.norm(once)

# %% [markdown]
# Sums of spectrograms are spectrograms; almost any other change is not one any more. And projecting a second time changes nothing. How far does one number reach? Set a single bin to 1, all others to 0, and project:

# %%
alone = np.zeros((17, 513), np.complex64)
alone[8, 100] = 1
near = np.abs(project(alone))[4:13, 95:106]
with im.plots.style():
    figure, axes = plt.subplots(figsize=(4.2, 2.8), layout="constrained")
drawn = axes.imshow(near.T, origin="lower", aspect="auto", extent=(-4.5, 4.5, -5.5, 5.5), cmap="magma")
axes.set(xlabel="frames from it", ylabel="bins from it")
axes.grid(False)
figure.colorbar(drawn, label="magnitude")
wide, high = (int((near.max(axis=axis) > 0.1 * near.max()).sum()) for axis in (1, 0))
alt = f"A blot: of the 1 there is {near.max():.2f} left, and the rest is spread over {wide} frames and {high} bins."
im.show(figure, alt=alt)
print(alt)

# %% [markdown]
# > **Learnt:** an STFT says everything four times over; what contradicts itself is no sound, and `project` finds the nearest one that is.
#
# So we know two things about the phase we look for. Together they are a method.

# %% [markdown] minutes=14 objectives=2 practice=2
# ## Griffin-Lim: ask both, again and again
#
# **Two demands, and no formula that meets both.** The spectrogram must be consistent; and it must have the given magnitude $A$. Each demand alone is easy to meet: $P$ for the first, and for the second
#
# $$M(S) = A \cdot \frac{S}{|S|}$$
#
# which keeps the angles and puts the right sizes in. Griffin and Lim (1984) take turns, $S \leftarrow M(P(S))$, from random phases, and the error can never grow. Perraudin, Balazs and Sondergaard (2013) go a little *too far* each time, in the direction they came from:
#
# $$c_n = P(s_{n-1}), \qquad s_n = M\bigl(c_n + \alpha\,(c_n - c_{n-1})\bigr)$$
#
# where $\alpha$ is the *momentum*: 0 is the old method, .99 the *fast* one.


# %%
def griffin_lim(A, n_iter, momentum=0.0, seed=0, start=None):
    """Samples whose STFT has nearly the magnitude A, and how wrong it was after each round; `start`: first phases."""
    if start is None:
        start = 2 * np.pi * np.random.default_rng(seed).random(A.shape, dtype=np.float32)
    s, before, curve = (A * np.exp(1j * start)).astype(np.complex64), np.complex64(0), []
    for _ in range(n_iter):
        c = project(s)
        curve.append(inverses.spectral_convergence(A, np.abs(c)))
        t = c + np.float32(momentum) * (c - before)
        s = A * t / np.maximum(np.abs(t), np.float32(1e-12))
        before = c
    return inverses.istft(s), curve


found, curves = {}, {}
for momentum in (0.0, 0.5, 0.99):
    found[momentum], curves[momentum] = griffin_lim(A, 60, momentum)
package = distances(inverses.griffin_lim(A, n_iter=60))[0]
print(f"after 60 rounds: ours {distances(found[0.99])[0]:.4f}, the package's {package:.4f}")
assert abs(distances(found[0.99])[0] - package) < 0.02

# %%
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
    for momentum, curve in curves.items():
        axes.plot(range(1, 61), 20 * np.log10(curve), label=f"momentum {momentum:g}")
    axes.set(xlabel="round", ylabel="spectral convergence (dB)")
    axes.legend()
ends = {momentum: 20 * np.log10(curve[-1]) for momentum, curve in curves.items()}
like_old = 1 + int(np.argmax(np.array(curves[0.99]) <= curves[0.0][-1]))
alt = "Three falling curves; after 60 rounds they are at "
alt += ", ".join(f"{end:.1f} dB with momentum {momentum:g}" for momentum, end in ends.items())
im.show(figure, alt=f"{alt}. The fastest is in round {like_old} where the slowest ends.")
assert np.all(np.diff(curves[0.0]) < 1e-3) and (not usual or ends[0.99] < ends[0.5] < ends[0.0])
for rounds in (2, 32):
    display(hear(griffin_lim(A, rounds)[0], f"True magnitudes, {rounds} rounds of Griffin-Lim"))
display(hear(found[0.99], "True magnitudes, 60 rounds with momentum .99"))

# %% [markdown] facts="1.3: a setting to try"
# Without momentum the curve never rises (this was proved in 1984); with it nobody has proved anything, and it wins. **Break it:** try a momentum of 1.3, or `seed=1`. Do you hear which phases are *other* ones, though just as good?
#
# What is left over sounds as if under water: partials waver, strokes are smeared. The method asks only whether neighbours agree, and is content where all of them are wrong together.
#
# > **Learnt:** two easy demands in turn solve a hard one; momentum makes it several times faster.
#
# Sixty times there and back is costly. Is the phase perhaps written in the magnitude?

# %% [markdown] minutes=17 objectives=2
# ## Reading the phase off the magnitude
#
# **A tone of 1000 Hz lies between two bins. Can its neighbours tell where?** Let the window be a Gaussian. Then magnitude and phase are two sides of *one* smooth function, and the slopes of the one give the slopes of the other (Prusa, Balazs and Sondergaard 2017). With $s = \ln A$,
#
# $$\frac{\partial \varphi}{\partial t}[t,k] \approx \frac{2\pi a k}{n} + \frac{a\, n}{\gamma}\cdot\frac{s[t,k+1] - s[t,k-1]}{2}, \qquad \frac{\partial \varphi}{\partial k}[t,k] \approx \pi - \frac{\gamma}{a\, n}\cdot\frac{s[t+1,k] - s[t-1,k]}{2}$$
#
# The first is the step of the phase to the next *frame* and the second to the next *bin*; $n$ is the window's length and $a$ the hop, in samples; and $\gamma = 0.25645\, n^2$ is how wide the Gaussian is that comes nearest to Hann's window. ($\pi$ appears because a frame's phase counts from its first sample, and its middle lies $n/2$ later.)

# %%
from imgmusic_edu.vocoders import heap


def gradients(A, n=1024, a=256):
    """Steps of the phase, in radians, to the next frame and to the next bin."""
    gamma = heap.GAMMA * n**2
    s = np.pad(np.log(np.maximum(A, 1e-12)), 1, mode="edge")
    k = np.arange(A.shape[1])
    to_next_frame = 2 * np.pi * a * k / n + a * n / gamma * (s[1:-1, 2:] - s[1:-1, :-2]) / 2
    to_next_bin = np.pi - gamma / (a * n) * (s[2:, 1:-1] - s[:-2, 1:-1]) / 2
    return to_next_frame, to_next_bin


tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
step = gradients(np.abs(transforms.stft(tone)))[0][40]
for k in range(44, 50):
    print(f"bin {k}, at {k * rate / 1024:6.1f} Hz, says: {step[k] * rate / (2 * np.pi * 256):6.1f} Hz")
heard = step[45:49] * rate / (2 * np.pi * 256)
assert np.abs(heard - 1000).max() < 12 and np.abs(heard[1:3] - 1000).max() < 1

# %% [markdown]
# The bins around it all point at 1000 Hz, although none of them lies there: a phase that steps by $2\pi a f / f_s$ from frame to frame *is* the frequency $f$ ($f_s$ is the sample rate). Does it hold for music? Compare with the steps of the true phase, in loud bins and in soft ones:

# %%
to_next_frame, to_next_bin = gradients(A)
phi = np.angle(S)
told = (to_next_frame[1:] + to_next_frame[:-1]) / 2  # half the step of either side
error_t = np.abs(np.angle(np.exp(1j * (np.diff(phi, axis=0) - told))))
error_k = np.abs(np.angle(np.exp(1j * (np.diff(phi, axis=1) - (to_next_bin[:, 1:] + to_next_bin[:, :-1]) / 2))))
level = transforms.power_to_db(A**2) - transforms.power_to_db(A.max() ** 2)
for low, high in ((-20, 1), (-40, -20), (-60, -40), (-80, -60)):
    here = (level > low) & (level <= high)
    typical = [np.degrees(np.median(error[here[:n, :m]])) for error in (error_t, error_k) for n, m in [error.shape]]
    print(
        f"bins at {min(high, 0):3d} to {low} dB: to the next frame {typical[0]:3.0f}, to the next bin {typical[1]:3.0f} degrees off"
    )
loud, soft = ((level > -20) & (level <= 1))[:-1], ((level > -80) & (level <= -60))[:-1]
assert not usual or np.median(error_t[loud]) < 0.2 * np.median(error_t[soft])

# %% [markdown] facts="90: the median of angles drawn evenly between 0 and 180 degrees"
# (A guess would be 90 degrees off.) Loud bins know their steps, soft ones do not: there several partials or noise meet. So the steps must be *added up* in a clever order, because every sum carries on the errors of its path. Begin at the loudest bin, with phase 0. Then always go on from the loudest bin that has a phase, to those of its four neighbours that have none. A **heap** is the data structure that hands out the largest first; hence *phase gradient heap integration*, PGHI. Here it is, for a second and a half:

# %%
import heapq


def integrate(A, to_next_frame, to_next_bin):
    """Phases added up from the loudest bin on; and the order in which the bins were reached."""
    phase, order, n = np.zeros(A.shape), np.zeros(A.shape), 0
    waiting = A > 1e-5 * A.max()  # what is softer keeps the phase 0
    t, k = np.unravel_index(A.argmax(), A.shape)
    waiting[t, k], queue = False, [(-A[t, k], t, k)]
    while queue:
        _, t, k = heapq.heappop(queue)
        n, order[t, k] = n + 1, n
        for u, m in ((t + 1, k), (t - 1, k), (t, k + 1), (t, k - 1)):
            if 0 <= u < A.shape[0] and 0 <= m < A.shape[1] and waiting[u, m]:
                step = (u - t) * (to_next_frame[t, k] + to_next_frame[u, m]) / 2
                step += (m - k) * (to_next_bin[t, k] + to_next_bin[u, m]) / 2
                phase[u, m], waiting[u, m] = phase[t, k] + step, False
                heapq.heappush(queue, (-A[u, m], u, m))
    return phase, order


first = int(np.convolve(np.sum(A**2, axis=1), np.ones(min(130, len(A) - 1)), "valid").argmax())
few = slice(first, first + 130)  # frames, where it is loudest
added, order = integrate(A[few], to_next_frame[few], to_next_bin[few])
ours = inverses.istft((A[few] * np.exp(1j * added)).astype(np.complex64))

# %%
with im.plots.style():
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), sharey=True, layout="constrained")
extent = (0, len(order) * 256 / rate, 0, 200 * rate / 1024 / 1000)
shown = (("magnitude (dB)", np.maximum(level[few, :200], -70)), ("reached after (bins)", order[:, :200]))
for place, (title, values) in zip(axes, shown, strict=True):
    drawn = place.imshow(values.T, origin="lower", aspect="auto", extent=extent, cmap="magma")
    place.set(title=title, xlabel="time (s)")
    place.grid(False)
    figure.colorbar(drawn, ax=place)
axes[0].set(ylabel="frequency (kHz)")
early = level[few][(order > 0) & (order < 2000)]
alt = f"Beside the spectrogram, when each bin was reached: dark lines along the partials come first. The first 2000 bins lie at {early.mean():.0f} dB on average, all bins at {level[few].mean():.0f} dB."
im.show(figure, alt=alt)
print("in a few lines: SC {:.3f}, LSD {:.2f} dB".format(*distances(ours, x[first * 256 :])))
display(hear(ours, "True magnitudes, phase by heap integration, a second and a half"))

# %% [markdown]
# The package's `heap.pghi` is the same, compiled (its first call takes some seconds), and fills in what lies apart. It becomes much better the more the frames overlap, for slopes are read from neighbours, and those should be near:

# %%
for n_fft, a in ((1024, 256), (1024, 128), (2048, 256)):
    magnitude = np.abs(transforms.stft(x, n_fft=n_fft, hop_length=a))
    made = heap.pghi(magnitude, hop_length=a)
    n = min(len(made), len(x))
    again = np.abs(transforms.stft(made[:n], n_fft=n_fft, hop_length=a))
    sc = inverses.spectral_convergence(magnitude[: len(again)], again)
    iterated = inverses.griffin_lim(magnitude, n_iter=32, momentum=0.0, hop_length=a)
    rival = inverses.spectral_convergence(magnitude, np.abs(transforms.stft(iterated, n_fft=n_fft, hop_length=a)))
    print(f"window {n_fft}, hop {a}: PGHI {20 * np.log10(sc):5.1f} dB, Griffin-Lim 32 {20 * np.log10(rival):5.1f} dB")
display(hear(made, f"True magnitudes of {n_fft} samples, hop {a}: heap integration"))
assert not usual or sc < 10 ** (-10 / 20) * rival  # 10 dB

# %% [markdown] tags=["instructor"] facts="8.7: decibels to a neper, 20 / ln 10"
# **Pitfall.** With decibels in place of $\ln A$ all slopes are 8.7 times too large; exercise 2 catches it. Ask the class what they would *hear* (each partial's neighbours name frequencies far away from it, so frames cancel).
#
# **Question for the class.** Why does PGHI gain more than Griffin-Lim from frames that overlap more? (Its theory is for a continuous transform: at a redundancy of 4 finite differences are poor slopes, at 8 good ones. Griffin-Lim has more to make agree.)

# %% [markdown]
# > **Learnt:** slopes of the log-magnitude are frequencies and moments; added up from loud to soft they make a phase in one pass.
#
# So far the magnitudes were the true ones. A mel spectrogram has only 128 numbers for 513 of them.

# %% [markdown] minutes=14 objectives=3
# ## What is lost in the mel, and what in the phase?
#
# **When a vocoder sounds bad, who is to blame?** A *bound* tells: give one half of the work to an oracle that knows the truth, and see what the other half still costs. First the bins. Many spectra have the same bands $m = F^\top p$ (with $p$ the powers of the bins and $F$ the filters), and each method takes another one:
#
# - *pseudo-inverse*: the smallest one; it has negative powers, which are cut off;
# - *NNLS*: without negative powers; it meets the bands exactly, with a few bins and gaps between them;
# - *multiplicative*: begins flat, and multiplies by what the bands lack, $p \leftarrow p \cdot F\frac{m}{F^\top p} \big/ F 1$, thirty times;
# - *learned*: the multiplicative one, and a network says what to add, because it has heard music before.

# %%
from imgmusic_edu.vocoders.classical import to_magnitude

L = audio_features.log_mel(sound)
short = few  # a second and a half: NNLS is slow
guesses = {way: to_magnitude(L[short], inversion=way) for way in ("pinv", "nnls", "multiplicative", "learned")}
for way, guess in guesses.items():
    sc = inverses.spectral_convergence(A[short], guess)
    empty = np.mean(guess < 1e-3 * guess.max())
    print(f"{way:<15} SC of the magnitudes {sc:.3f}, {empty:.0%} of the bins nearly empty")
frame = int(A[short].sum(axis=1).argmax())
with im.plots.style():
    figure, axes = plt.subplots(figsize=(8, 2.8), layout="constrained")
    hertz = np.arange(140) * rate / 1024
    axes.plot(hertz, 20 * np.log10(A[short][frame, :140] + 1e-3), lw=3, color="#8a8a8a", label="true")
    for way in ("pinv", "multiplicative", "learned"):
        axes.plot(hertz, 20 * np.log10(guesses[way][frame, :140] + 1e-3), lw=1.2, label=way)
    axes.set(xlabel="frequency (Hz)", ylabel="level (dB)")
    axes.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
rough = {
    way: np.abs(20 * np.log10((guess[frame] + 1e-3) / (A[short][frame] + 1e-3))).mean()
    for way, guess in guesses.items()
}
alt = "One frame: the true levels and what three methods make of its bands; on average they are off by "
im.show(figure, alt=alt + ", ".join(f"{value:.1f} dB ({way})" for way, value in rough.items()) + ".")

# %% [markdown]
# Low down a band touches two or three bins, and little is lost. High up it holds two dozen, and whether there are partials or noise inside, nobody can say from one number. Now cross magnitudes with phases:

# %%
touched = (transforms.mel_filters() > 0).sum(axis=0)
assert touched[:20].max() <= 3 and touched[-1] >= 24
magnitudes = {"true": A, "pinv": to_magnitude(L, inversion="pinv"), "multiplicative": to_magnitude(L)}
finders = {
    "true phase": lambda B: inverses.istft((B * np.exp(1j * phi)).astype(np.complex64)),
    "Griffin-Lim 32": lambda B: inverses.griffin_lim(B, n_iter=32, momentum=0.0),
    "fast Griffin-Lim 32": lambda B: inverses.griffin_lim(B, n_iter=32),
    "PGHI": heap.pghi,
}
print(f"{'SC, and LSD in dB':<22}" + "".join(f"{name:>20}" for name in magnitudes))
bounds = {}
for finder, find in finders.items():
    for name, B in magnitudes.items():
        bounds[name, finder] = distances(find(B))
    print(f"{finder:<22}" + "".join("{:>12.3f}{:>8.2f}".format(*bounds[name, finder]) for name in magnitudes))
assert not usual or bounds["multiplicative", "true phase"][0] < bounds["pinv", "true phase"][0]
assert not usual or bounds["pinv", "true phase"][0] < bounds["pinv", "Griffin-Lim 32"][0]
display(hear(finders["true phase"](magnitudes["multiplicative"]), "Bound: the bands alone, with the true phase"))
display(hear(finders["Griffin-Lim 32"](A), "Bound: the true magnitudes, with Griffin-Lim's phase"))

# %% [markdown]
# Read the first row: with the true phase, this is what the *mel* has lost, and no phase finder can win it back. Read the first column: this is what the *phase* costs. The lower right is what you get. The two losses do not add up; they meet, because a phase finder believes in the magnitudes it is given, and wrong ones contradict themselves. So it pays to mend both at once.
#
# > **Learnt:** bounds with an oracle say where to work; here both halves cost, and together they cost more than their sum.
#
# Formulas know nothing of music. What could somebody guess who has heard a lot of it?

# %% [markdown] minutes=22 objectives="2 4" practice=4
# ## What does a neural vocoder learn?
#
# **Could a network simply write down the phase?** Shift the sound by five milliseconds, which nobody hears, and see what it would have to say:

# %%
shift = 110
later = np.concatenate([np.zeros(shift, np.float32), x])[: len(x)]
S2 = transforms.stft(later)
loud = (level > -30)[1:, 1:] & (level > -30)[:-1, 1:] & (level > -30)[1:, :-1]


def apart(a, b):
    """Typical difference of two arrays of angles where it is loud, in degrees."""
    return np.degrees(np.median(np.abs(np.angle(np.exp(1j * (a - b))))[loud]))


phi2 = np.angle(S2)
change = np.abs(audio_features.log_mel(later) - L)[L > L.max() - 60]
print(f"mel bands change by {np.median(change):.1f} dB")
print(f"the phase changes by                   {apart(phi[1:, 1:], phi2[1:, 1:]):3.0f} degrees (a guess: 90)")
print(
    f"its step to the next frame changes by  {apart(np.diff(phi, axis=0)[:, 1:], np.diff(phi2, axis=0)[:, 1:]):3.0f} degrees"
)
print(
    f"its step to the next bin changes by    {apart(np.diff(phi, axis=1)[1:], np.diff(phi2, axis=1)[1:]):3.0f} degrees"
)
assert not usual or apart(np.diff(phi, axis=0)[:, 1:], np.diff(phi2, axis=0)[:, 1:]) < 15 < apart(
    phi[1:, 1:], phi2[1:, 1:]
)

# %% [markdown]
# What cannot be seen in the bands cannot be learnt from them: the phase itself is arbitrary. Its *steps* are not: the step in time is a frequency, and the step over bins says where in the frame something happens. That much PGHI knew. The network sees many frames around, and it can learn what a drum does.
#
# **Arrows in place of angles.** Angles go round, so 179 and -179 degrees are neighbours and their mean is *not* 0. The network therefore draws, for each step $\psi$ of the phase, an arrow $\mathbf v = (v_x, v_y)$ that is to be $(\cos\psi, \sin\psi)$, and the loss is the squared distance
#
# $$\ell = \sum w\, \bigl\lVert \mathbf v - (\cos\psi, \sin\psi) \bigr\rVert^2, \qquad w \propto A^{3/4}$$
#
# Whoever minimises squares gives the *mean*. The mean of arrows that agree has length 1; of arrows that point everywhere, length 0. So an arrow's length says **how sure** the network is, without ever having been asked. Afterwards the phase is added up frame by frame, and surer arrows count for more: of all phases, the one with least (weighted) squared disagreement; each bin then asks its neighbours twice more, at full length.

# %%
angles = np.radians([179, -179, 170, -165])
arrow = np.exp(1j * angles).mean()
print(
    f"mean of the angles {np.degrees(angles.mean()):.0f}, direction of the mean arrow {np.degrees(np.angle(arrow)):.0f}"
)
print(f"its length {abs(arrow):.2f}; of arrows all over the place {abs(np.exp(2j * np.arange(40)).mean()):.2f}")
assert abs(arrow) > 0.9

# %% [markdown]
# Along with the arrows goes one more number a bin: what to *add* to the logarithm of the multiplicative magnitude. Its losses say in words what we measured in this chapter: mean distance of levels (LSD), spectral convergence, and that the mel bands, which were right, stay right. (They still end a little too soft, because frames that disagree cancel; the rounds of Griffin-Lim that follow the phase lift such bands again.)
#
# **Train one.** It is the course's own network (`networks.vocoder`), a little narrower: a convolution over time, four blocks, and a layer that answers 5 x 513 numbers a frame. No sound is in its graph; that is why it is quick. It hears some pieces of the training part of our corpus, played on other instruments, in other keys, at other levels. (TensorFlow takes some seconds to start.)

# %%
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
FULL = os.environ.get("IMGMUSIC_BUDGET") == "full"  # the full budget: more pieces, a wider network, six times as long

import keras
import tensorflow as tf

from imgmusic_edu import datasets, synthesizer
from imgmusic_edu.networks import vocoder as network
from imgmusic_edu.networks import vocoder_corpus
from imgmusic_edu.scores import Score, ScoreError


# %%
def played(part, every, seconds=6.0, as_written=False):
    """Samples of some pieces of one part of the corpus, arranged anew."""
    rows = []
    for k, name in enumerate(vocoder_corpus.pieces(part)[::every]):
        score = Score.from_midi(datasets.data_path(name))
        for take in range(1 if as_written else 2):
            random = np.random.default_rng([9, k, take])
            try:
                arranged = vocoder_corpus.arrange(score, random, as_written=as_written, seconds=seconds)
                rows.append(synthesizer.render(arranged)[: int(seconds * rate) // hop * hop])
            except ScoreError:  # the parts that were drawn rest here
                continue
    return np.stack(rows)


# %%
began = time.process_time()
lessons, held_out = played("train", 1 if FULL else 2), played("test", 1 if FULL else 2, as_written=True)
random, CROP = np.random.default_rng(0), 64 * hop + 1024


def crops(n):
    """Random crops of the lessons, 64 frames long, each at a level of its own."""
    rows, starts = random.integers(len(lessons), size=n), random.integers(lessons.shape[1] - CROP, size=n)
    gains = 10 ** (random.uniform(-15, 3, size=n) / 20)
    return np.array([lessons[r, s : s + CROP] * np.float32(g) for r, s, g in zip(rows, starts, gains, strict=True)])


keras.utils.set_random_seed(0)
model = network.build(width=256 if FULL else 128)
adam = keras.optimizers.Adam(2e-3, global_clipnorm=1.0)
print(f"{len(lessons)} lessons of 6 s and {len(held_out)} held out, made in {time.process_time() - began:.0f} s")
print(f"a network of {model.count_params():,} weights")
reach = np.sum(network.LOOK, axis=0)
print(f"it looks at {reach[0]} frames before and {reach[1]} after each: {1000 * (sum(reach) + 1) * hop / rate:.0f} ms")


# %%
@tf.function
def improve(log_mel, *truth):
    with tf.GradientTape() as tape:
        parts = network.losses(model(log_mel), *truth)
        loss = sum(network.WEIGHTS[kind] * part for kind, part in parts.items())
    adam.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return loss


# %%
from imgmusic_edu.vocoders.neural import NeuralVocoder


def my_vocoder():
    """The network as it stands, in NumPy, with the phase stage and the overlap-add behind it."""
    return NeuralVocoder({name: np.asarray(values) for name, values in network.weights_of(model).items()})


def judged(vocoder, rows=held_out):
    """Mean spectral convergence over pieces that were never lessons."""
    return np.mean([distances(vocoder(audio_features.log_mel(row)).samples, row)[0] for row in rows])


STEPS = 3600 if FULL else 500
curve, began = [(0, judged(my_vocoder()))], time.process_time()
for step in range(STEPS):
    slow_down = 0.5 + 0.5 * np.cos(np.pi * step / STEPS)
    adam.learning_rate.assign(2e-3 * slow_down * min(1, (step + 1) / 30))
    loss = improve(*network.examples(crops(8)))
    if step + 1 in (STEPS // 12, STEPS // 6, STEPS // 3, STEPS * 2 // 3, STEPS):
        curve.append((step + 1, judged(my_vocoder())))
        print(f"step {step + 1:4d}: loss {float(loss):.2f}, SC {curve[-1][1]:.3f}, {time.process_time() - began:.0f} s")
mine = my_vocoder()

# %% [markdown] tags=["instructor"]
# **Timing.** The cell above is the longest of the course so far, about a minute. On slow machines set `STEPS = 200`; the curve is flat enough by then to make the point. Let the class guess *before* they see the lines where Griffin-Lim will lie.
#
# **Pitfall.** "The loss still falls, so go on": the loss is of the lessons, the curve of pieces that were never lessons. Ask which of the two the learner should watch.

# %% [markdown]
# Against whom? Against Griffin-Lim with 32 rounds from the *same* mel bands, as everybody runs it (pseudo-inverse, no momentum); and, to be fair, against the better one that this chapter has found on the way (momentum, multiplicative inverse), and against the network that is shipped, which has heard the whole corpus for much longer.

# %%
rivals = {"Griffin-Lim 32": "griffin_lim", "fast, multiplicative": "fast_griffin_lim", "shipped network": "neural"}
lines = {name: judged(vocoders.get(rival)) for name, rival in rivals.items()}
steps, values = zip(*curve, strict=True)
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
    axes.plot(steps, values, "o-", label="the network that you have just trained")
    for colour, (name, value) in zip(im.plots.COLOURS[1:], lines.items(), strict=False):
        axes.axhline(value, color=colour, ls="--", label=name)
    axes.set(xlabel="step", ylabel="spectral convergence, held out", ylim=(0, None))
    axes.legend(loc="upper right")
alt = f"The learning curve falls from {values[0]:.2f} to {values[-1]:.3f}; "
im.show(figure, alt=alt + "; ".join(f"{name} is a line at {value:.3f}" for name, value in lines.items()) + ".")
print(f"held out: your network {values[-1]:.3f}, " + ", ".join(f"{name} {value:.3f}" for name, value in lines.items()))
assert values[-1] < lines["Griffin-Lim 32"]
display(hear(mine(L).samples, "From mel bands by the network you have trained"))
display(hear(vocoders.get("griffin_lim")(L).samples, "From the same bands by Griffin-Lim 32"))

# %% [markdown]
# A minute of lessons, and it beats the thirty-two rounds that everybody runs. The *fast* rounds it does not beat yet; the shipped one, the same network but wider and longer at school, does. Why choose at all? Griffin-Lim's weakness is that it begins with random phases. Let it begin with *your* network's, and eight rounds will do:

# %%
from imgmusic_edu.vocoders.streaming import below_full_scale


def finished(log_mel, rounds=8):
    """Your network's magnitudes, and its phases after a few rounds of fast Griffin-Lim."""
    start = np.angle(transforms.stft(mine(log_mel).samples))
    made, _ = griffin_lim(mine.magnitude(log_mel)[: len(start)], rounds, momentum=0.99, start=start)
    return im.Sound(below_full_scale(made), title="Your vocoder")


best = judged(finished)
alone = np.mean(
    [distances(griffin_lim(to_magnitude(audio_features.log_mel(row)), 8, 0.99)[0], row)[0] for row in held_out]
)
print(f"held out: your network {values[-1]:.3f}, with 8 rounds {best:.3f}; 8 rounds from random phases {alone:.3f}")
assert best < values[-1] and best < 0.85 * lines["Griffin-Lim 32"]
hear(finished(L).samples, "From mel bands by your network and eight rounds")

# %% [markdown]
# **Break it:** before training set `network.WEIGHTS["advance"] = 0`. Which of the sounds above does it then resemble?
#
# **What other neural vocoders do.** WaveNet wrote samples one by one. HiFi-GAN (Kong, Kim and Bae 2020) raises mel frames to samples by transposed convolutions and learns from a *discriminator* that must tell its sound from a real one. Vocos (Siuzdak 2023) stays at the rate of frames and ends in an inverse STFT, as ours does. A discriminator gives crisp noise where averages give mush; it needs far longer training than we have here.
#
# > **Learnt:** learn what the input determines, and no more: steps of the phase as arrows, whose length is the certainty.
#
# Time to compare them all.

# %% [markdown] minutes=12 objectives=5 practice=5
# ## Which one should I take?
#
# **Quality against cost, on your machine.** The cost is counted in seconds of the processor for a second of sound (the *real-time factor*; beyond 1 nothing is live), the second time round, since some methods compile or load something in the first.

# %%
ways = {}
for name in vocoders.NAMES:
    try:
        ways[name] = vocoders.get(name)
    except ImportError as error:
        print(f"Left out: {error}")
ways["griffin_lim, 64 rounds"] = vocoders.get("griffin_lim", n_iter=64)
ways["yours"], ways["yours, 8 rounds"] = mine, finished

table = {}
for name, way in ways.items():
    way(L[:60])
    began = time.process_time()
    made = way(L).samples
    cost = (time.process_time() - began) / (len(x) / rate)
    again = audio_features.log_mel(made[: len(x)])
    mel = np.abs(np.maximum(again, L.max() - 80) - np.maximum(L[: len(again)], L.max() - 80)).mean()
    table[name] = (*distances(made), mel, cost)
table["bound: bands, true phase"] = (*bounds["multiplicative", "true phase"], np.nan, np.nan)
table["bound: magnitudes, Griffin-Lim"] = (*bounds["true", "Griffin-Lim 32"], np.nan, np.nan)
print(f"{'':<32}   SC   LSD (dB)  mel (dB)  real-time factor")
for name, row in table.items():
    print("{:<32}{:6.3f}{:9.2f}{:10.2f}{:14.4f}".format(name, *row).replace("nan", "  -"))

# %%
with im.plots.style():
    figure, axes = plt.subplots(figsize=(8, 3.8), layout="constrained")
    for n, (name, (sc, _, _, cost)) in enumerate(table.items()):
        if np.isnan(cost):
            axes.axhline(sc, color="#767676", ls=":")
            axes.text(0.99, sc, name, transform=axes.get_yaxis_transform(), ha="right", va="bottom", fontsize=9)
        else:
            axes.plot(cost, sc, "osD^vPX"[n % 7], color=im.plots.COLOURS[n % 5], ms=9)
            axes.annotate(name, (cost, sc), textcoords="offset points", xytext=(9, 4), fontsize=9)
    costs = [row[3] for row in table.values() if not np.isnan(row[3])]
    axes.set(xscale="log", xlabel="processor seconds for a second of sound", ylabel="spectral convergence")
    axes.set(ylim=(0, 1.15 * max(row[0] for row in table.values())), xlim=(min(costs) / 3, max(costs) * 6))
points = "; ".join(f"{name} {row[0]:.3f} at {row[3]:.3f}" for name, row in table.items() if not np.isnan(row[3]))
lines = "; ".join(f"{name} {row[0]:.3f}" for name, row in table.items() if np.isnan(row[3]))
im.show(figure, alt=f"Spectral convergence (lower is better) over cost. Points: {points}. Lines: {lines}.")

# %% [markdown]
# Down and left is better. What lies to the upper right of another point need not be taken by anybody. And look at LSD beside SC: what is behind in the one may be ahead in the other, and on one song yours may be behind what it beats on average. Do your ears agree with the figure? **Switch while it plays:** the position stays. The coloured picture shows where the copy is too loud and where too soft.

# %%
im.widgets.VocoderSwitch(sound, own={"Yours": mine, "Yours, 8 rounds": finished})

# %% [markdown]
# One sound and one number prove little. The course's benchmark (`python -m benchmarks vocoding`) asks for onsets, pitch, harmony and what a listening network thinks, on many pieces and on recordings, with intervals of confidence.
#
# > **Learnt:** quality has a price list; measure it where you will use it, and believe your ears in the end.
#
# All of them got the whole song at once. What if it is still being played?

# %% [markdown] minutes=8 objectives=5
# ## As the music plays
#
# **How long must you wait?** A vocoder that works live gets frames as they come and gives samples as soon as it can. Griffin-Lim goes over the whole again and again, so it cannot. PGHI needs one frame of the future (Prusa and Sondergaard 2016), the network a few. `vocoder.stream(chunks)` does it, and `vocoder.latency` says how far it lags behind, in seconds.

# %%
live = {"neural": vocoders.get("neural"), "yours": mine, "pghi": vocoders.get("pghi", real_time=True)}
chunks = [L[start : start + 16] for start in range(0, len(L), 16)]  # 16 frames: 186 ms at a time
for name, way in live.items():
    whole, parts, slowest = way(L).samples, [], 0.0
    began = time.perf_counter()
    for part in way.stream(iter(chunks)):
        slowest, began = max(slowest, time.perf_counter() - began), time.perf_counter()
        parts.append(part)
    streamed = np.concatenate(parts)
    worst = np.abs(streamed - whole).max()
    print(f"{name:<7} latency {1000 * way.latency:3.0f} ms; streamed and whole differ by {worst:.0e}; ", end="")
    print(f"slowest chunk {1000 * slowest:.0f} of {1000 * 16 * hop / rate:.0f} ms")
    assert len(streamed) == len(whole) and worst < 1e-3 and way.latency <= 0.1
try:
    next(vocoders.get("griffin_lim").stream(chunks))
except ValueError as error:
    print(error)
hear(streamed, "Streamed in chunks: heap integration in real time")

# %% [markdown]
# That both ways agree to the last digits is no luck: the whole goes through the same code as the stream, in one large chunk. If a live system sounds other than the offline one, nobody can test it.
#
# > **Learnt:** latency is how much future a method wants to see; equality of stream and whole is a test worth having.
#
# Everything fitted together so far. In practice, it does not.

# %% [markdown] minutes=16 objectives=6
# ## Broken on purpose
#
# **A few lines that find most faults.** Whatever a vocoder was given, analyse what came out and compare with what *should* have come: how long is it, what line $y = a\,x + b$ leads from the wanted levels $x$ to the found ones $y$, and has the pitch moved? A good chain has length 1, slope 1, offset 0 dB and moves nothing.


# %%
def moved(made, wanted, steps=10):
    """Semitones by which the spectrum lies higher: where two outlines on a logarithmic axis meet best."""
    outlines = []
    for one in (made, wanted):
        power = (np.abs(transforms.stft(one.samples, n_fft=4096)) ** 2).mean(axis=0)
        notes = np.arange(0, 72 * steps) / steps  # semitones above 100 Hz
        level = np.interp(100 * 2 ** (notes / 12) * 4096 / rate, np.arange(len(power)), np.sqrt(power))
        outlines.append(level / np.linalg.norm(level))
    shifts = range(-9 * steps, 9 * steps + 1)
    return max(shifts, key=lambda n: np.sum(np.roll(outlines[1], n) * outlines[0])) / steps


# %%
def diagnose(made, wanted=sound):
    """Ratio of lengths; slope and offset (dB) of levels within 50 dB of the loudest; semitones by which it moved."""
    found, right = audio_features.log_mel(made), audio_features.log_mel(wanted)
    at = np.linspace(0, 1, min(len(found), len(right)))  # compare the same parts, however long they became
    a, b = (rows[(at * (len(rows) - 1)).astype(int)] for rows in (found, right))
    heard = b > b.max() - 50
    slope, offset = np.polyfit(b[heard], a[heard], 1)
    offset += (slope - 1) * b[heard].mean()
    return len(found) / len(right), slope, offset, moved(made, wanted)


SAID = "length {:.2f}, slope {:.2f}, offset {:+5.1f} dB, pitch moved by {:+.1f} semitones"


vocoder = vocoders.get("fast_griffin_lim")
print(f"{'nothing wrong':<38}", SAID.format(*diagnose(vocoder(L))))

# %% [markdown]
# Now the faults, each of them from a forum, a bug report or a published lesson:

# %%
from scipy import signal

power = transforms.mel_spectrogram(x)
other_hop = transforms.log_mel(x, hop_length=200)
slow = signal.resample_poly(x, 16000, 22050).astype(np.float32)
magnitude_mel = np.maximum(A @ transforms.mel_filters(), 1e-5)
faults = {
    "frames 200 apart, vocoder says 256": other_hop,
    "sound at 16 000 Hz, said to be 22 050": transforms.log_mel(slow),
    "mel of magnitudes, 10 log10": 10 * np.log10(magnitude_mel),
    "natural logarithm, no decibels": np.log(np.maximum(power, 1e-10)),
    "20 log10 of powers": np.maximum(2 * L, -200.0),
    "levels relative to the loudest": L - L.max(),
}
# %%
found = {}
for name, wrong in faults.items():
    loudest = float(wrong.max() - L.max())
    made = vocoder(wrong - max(loudest, 0))  # what would shatter ears is turned down first
    found[name] = diagnose(made)
    print(f"{name:<38}", SAID.format(*found[name]), f"(fed {loudest:+.0f} dB)" if loudest > 6 else "")
    if name.startswith(("frames", "natural")):
        display(hear(made.samples, name))
length, slope, _, pitch = np.array(list(found.values())).T
assert abs(length[0] - 256 / 200) < 0.05
assert not usual or (abs(pitch[1] - 5.6) < 0.3 > abs(pitch[0]) and np.allclose(slope[2:], (0.5, 0.23, 2, 1), atol=0.2))

# %% [markdown]
# Each fault has its mark. A wrong hop changes the length and not the pitch; a wrong rate moves the pitch; a wrong logarithm or a root changes the *slope* (half for magnitudes in place of powers, .23 for natural logarithms, 2 for 20 in place of 10); and "relative to the loudest" shows in the offset alone, another one for every clip. Other faults stop the program, which is the best that can happen:

# %%
with np.errstate(divide="ignore"):
    minus_infinity = 10 * np.log10(np.where(power > 1e-6, power, 0))  # the logarithm of zero
too_few = transforms.log_mel(x, n_mels=80)
for name, wrong in (("logarithm of zero", minus_infinity), ("80 bands", too_few), ("bands first", L.T)):
    try:
        vocoders.get("neural")(wrong)
    except ValueError as error:
        print(f"{name}: {error}")

# %% [markdown]
# **Clipped, and normalised.** What goes beyond full scale must be turned down or it is cut off; but if each clip is divided by its own peak, a whisper becomes as loud as a shout, and chunks of a stream jump. Both are found by comparing levels, too:

# %%
quiet = im.Sound(0.05 * x, title="A whisper")
peak = np.abs(x).max()
for name, made, wanted in (
    ("whisper, divided by its peak", 0.95 * quiet.samples / np.abs(quiet.samples).max(), quiet),
    ("shout, divided by its peak", 0.95 * x / peak, sound),
    ("shout, five times and cut off", np.clip(5 * x / peak, -1, 1), sound),
):
    share = np.mean(np.abs(made) > 0.999)
    print(f"{name:<31} {share:6.1%} of the samples at the limit; {SAID.format(*diagnose(im.Sound(made), wanted))}")
display(hear(np.clip(5 * x / peak, -1, 1) * 0.3, "Cut off at full scale, then turned down"))

# %% [markdown]
# **Real and fake swapped.** A GAN vocoder learns from a discriminator $D$, which is taught to give real sounds a high score and made ones a low one; the generator climbs towards high scores. In a published lesson on MelGAN the two stood in the wrong order for years: the training ran, the losses were finite, and nobody noticed. The smallest GAN there is shows it. The real thing is numbers around 3; the generator knows one number $\mu$; the discriminator is a line, $D(x) = w\,(x - c)$ with $c$ in the middle of both, and is learnt with the hinge loss of exercise 4 (and a little weight decay, so that it comes to rest):


# %%
def tiny_gan(swapped, steps, pace=0.05):
    """The generator's number after some steps, and what the discriminator then says of 3 and of that number."""
    random, w, mu, middle = np.random.default_rng(0), 0.0, 0.0, 0.0
    for _ in range(steps):
        real, made = 3 + random.standard_normal(64), mu + random.standard_normal(64)
        high, low = (made, real) if swapped else (real, made)  # what is taught to score above 1, and below -1
        middle = (high.mean() + low.mean()) / 2
        too_low, too_high = w * (high - middle) < 1, w * (low - middle) > -1  # those that the hinge lets through
        w += pace * ((too_low * (high - middle)).mean() - (too_high * (low - middle)).mean() - 0.3 * w)
        mu += pace * w  # the generator climbs
    return mu, w * (3 - middle), w * (mu - middle)


for swapped in (False, True):
    for steps in (50, 400):
        mu, real_score, made_score = tiny_gan(swapped, steps)
        print(
            f"{'swapped' if swapped else 'right':<8}step {steps}: makes {mu:6.2f}; scores {real_score:5.2f} for real, {made_score:5.2f} for made"
        )
assert abs(tiny_gan(False, 400)[0] - 3) < 0.5 and tiny_gan(True, 400)[0] < -3
assert tiny_gan(False, 50)[1] > tiny_gan(False, 50)[2] and tiny_gan(True, 50)[1] < tiny_gan(True, 50)[2]

# %% [markdown]
# Swapped, the generator runs *away* from the truth. One line would have found it: **the mean score of real sounds must be above that of made ones** while the discriminator learns. Print it.
#
# > **Learnt:** analyse what comes out by the same transform that made what went in; length, slope, offset and pitch name the fault.
#
# Last, make something with it.

# %% [markdown] minutes=8 objectives=4 practice=4
# ## Your picture, your vocoder, another time
#
# **Music that was never played at this speed.** Between features and sound you may do what samples do not allow. Take the music of a picture, or your own sound, read its mel frames *slower*, and let the network that you have trained find the phases: time stretches, pitch stays. Or draw from one sound into another, frame by frame, in decibels.

# %%
tune = im.compose(im.open_data("photographs/eiffel_tower")).sound  # or a picture of yours, with im.open_picture
tune = im.Sound(tune.samples[: 5 * rate], title="Music of the Eiffel Tower")
slowly = 1.5  # change me
frames = audio_features.log_mel(tune)
at = np.arange(0, len(frames) - 1, 1 / slowly)
low, part = at.astype(int), (at % 1)[:, None]
stretched = (1 - part) * frames[low] + part * frames[low + 1]
made = finished(stretched)
higher = moved(made, tune)
print(f"{tune.seconds:.1f} s became {made.seconds:.1f} s; the pitch moved by {higher:+.1f} semitones")
assert abs(made.seconds / tune.seconds - slowly) < 0.05 and abs(higher) < 1
display(tune, hear(made.samples, f"{slowly} times as slow, by your vocoder"))

# %%
import tempfile
from pathlib import Path

n = min(len(stretched), len(L))
fade = np.linspace(0, 1, n)[:, None]  # from the picture's music to the sound
mine_made = finished((1 - fade) * stretched[:n] + fade * L[:n])
mine_made = hear(mine_made.samples, "From the picture into the sound, by your vocoder")
with tempfile.TemporaryDirectory() as folder:  # to keep it, write a folder of your own here instead
    mine_made.save(Path(folder) / "mine.wav")
    np.savez(Path(folder) / "my_vocoder.npz", **network.weights_of(model))
    for path in sorted(Path(folder).iterdir()):
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    with np.load(Path(folder) / "my_vocoder.npz") as stored:
        again = NeuralVocoder(dict(stored))
assert np.array_equal(again(L).samples, mine(L).samples)
mine_made

# %% [markdown]
# > **Learnt:** whoever has a vocoder may compose in features.

# %% [markdown] minutes=2
# ## Summary
#
# - Phase matters because frames overlap: an array of complex numbers is the STFT of a sound only if its frames agree, and the projection finds the nearest one that does.
# - Griffin-Lim takes turns between consistency and magnitude; momentum makes it fast. PGHI reads the steps of the phase off the slopes of the log-magnitude and adds them up from loud to soft. A network learns the steps as arrows, whose length is its certainty.
# - From a mel spectrogram, both what is inside the bands and the phase are missing; bounds with the true phase and with the true magnitude say how much either costs.
# - Quality, cost and latency are measured, on the machine and the music at hand.
# - Length, slope, offset and pitch of what comes out tell which setting does not match.

# %% [markdown] minutes=5
# ## What goes wrong in practice
#
# - **`vocoder` that nobody defined.** A tutorial predicts one vector for a picture and calls a vocoder at the end. A vector has no time axis: there is nothing to vocode. Predict frames.
# - **Settings that do not match.** Hop, window, rate, number of bands, highest band, power or magnitude, natural logarithm or decibels, reference: the vocoder must be told what the features were made with. Write the settings down *once*, in code, and import them. Here they are the constants of `audio_features.transforms`.
# - **Mel or linear.** Griffin-Lim takes magnitudes of bins. Given mel bands it makes a sound, too, and a strange one.
# - **The logarithm of zero.** One silent frame gives $-\infty$, the network NaN. Same floor in training and in use.
# - **Normalised per clip.** A vocoder trained on normalised clips must guess how loud a soft passage was. Train it on all levels, as we did.
# - **Clipping.** Sums of frames go beyond full scale. Limit on purpose, and say so; integers that wrap round are the worst crackle there is.
# - **Real and fake swapped.** Both losses stay finite. Watch the scores themselves.
# - **Dilations lost, with green checks.** A port of a lesson dropped an argument and nothing failed, because no test *listened*: a test should measure the sound that comes out.
# - **Griffin-Lim beaten unfairly.** Papers that compare with 32 rounds of 1984 from 80 bands win easily. More bands, a better inverse and momentum help it a lot; compare with the best one from the same features.
# - **Trained on speech, used for music.** HiFi-GAN's "universal" weights have heard voices. Chords, drums and high partials are where it guesses.

# %% [markdown] minutes=27
# ## Exercises
#
# Each exercise has a cell for your answer and one that checks it. The checker tells you what went wrong, and tells more from try to try.


# %% exercise="ch09.one_round" points=2 objective=2
def one_round(spectrum, magnitude):
    """One round of Griffin-Lim: the nearest consistent spectrum's angles with the given magnitude."""
    ### BEGIN SOLUTION
    nearest = transforms.stft(inverses.istft(spectrum))
    return magnitude * nearest / np.maximum(np.abs(nearest), 1e-12)
    ### END SOLUTION


# %% hidden="ch09.one_round"
still = np.zeros((5, 513), np.complex64)
assert np.isfinite(one_round(still, np.ones((5, 513), np.float32))).all()


# %% exercise="ch09.told_hertz" points=2 objective=2
def told_hertz(magnitude, n_fft, sample_rate, gamma=0.25645):
    """Frequency (Hz) that bins 1 to n_fft/2 - 1 of a frame tell by the slope of ln(magnitude); all are above 0."""
    ### BEGIN SOLUTION
    s = np.log(magnitude)
    k = np.arange(1, len(s) - 1)
    slope = (s[2:] - s[:-2]) / 2
    return sample_rate / n_fft * k + sample_rate / (2 * np.pi * gamma * n_fft) * slope
    ### END SOLUTION


# %% hidden="ch09.told_hertz"
assert np.allclose(told_hertz(np.ones(9), 16, 1600), 100 * np.arange(1, 8))


# %% exercise="ch09.arrow" points=2 objective=4
def arrow(angles, weights):
    """Direction (radians, in -pi .. pi) and length (0 .. 1) of the weighted mean arrow of some angles."""
    ### BEGIN SOLUTION
    mean = np.sum(weights * np.exp(1j * angles)) / np.sum(weights)
    return np.angle(mean), np.abs(mean)
    ### END SOLUTION


# %% hidden="ch09.arrow"
assert np.allclose(arrow(np.array([3.0, -3.0]), np.array([1.0, 1.0])), [np.pi, np.cos(np.pi - 3.0)])


# %% exercise="ch09.hinge" points=2 objective="none"
def hinge(real_scores, made_scores):
    """Hinge loss of a discriminator: nothing where real sounds score 1 or more and made ones -1 or less."""
    ### BEGIN SOLUTION
    return np.maximum(0, 1 - real_scores).mean() + np.maximum(0, 1 + made_scores).mean()
    ### END SOLUTION


# %% hidden="ch09.hinge"
assert hinge(np.array([1.5, 0.0]), np.array([-3.0, -0.5, -1.0, -1.0])) == 0.5 + 0.125

# %% [markdown] minutes=5 practice="1 2 3 4 6"
# ## Quiz

# %%
im.exercises.quiz("ch09")

# %% [markdown] minutes=1
# ## References
#
# - S. O. Arik, H. Jun, G. Diamos (2019). Fast spectrogram inversion using multi-head convolutional neural networks. IEEE Signal Processing Letters 26(1), 94-98. DOI 10.1109/LSP.2018.2880284.
# - D. Griffin, J. Lim (1984). Signal estimation from modified short-time Fourier transform. IEEE Transactions on Acoustics, Speech, and Signal Processing 32(2), 236-243. DOI 10.1109/TASSP.1984.1164317.
# - J. Kong, J. Kim, J. Bae (2020). HiFi-GAN: generative adversarial networks for efficient and high fidelity speech synthesis. arXiv:2010.05646.
# - K. Kumar, R. Kumar, T. de Boissiere, L. Gestin, W. Z. Teoh, J. Sotelo, A. de Brebisson, Y. Bengio, A. Courville (2019). MelGAN: generative adversarial networks for conditional waveform synthesis. arXiv:1910.06711.
# - D. D. Lee, H. S. Seung (2001). Algorithms for non-negative matrix factorization. Advances in Neural Information Processing Systems 13, 556-562.
# - Y. Masuyama, K. Yatabe, Y. Koizumi, Y. Oikawa, N. Harada (2020). Phase reconstruction based on recurrent phase unwrapping with deep neural networks. arXiv:2002.05832.
# - N. Perraudin, P. Balazs, P. L. Sondergaard (2013). A fast Griffin-Lim algorithm. IEEE Workshop on Applications of Signal Processing to Audio and Acoustics. DOI 10.1109/WASPAA.2013.6701851.
# - Z. Prusa, P. Balazs, P. L. Sondergaard (2017). A noniterative method for reconstruction of phase from STFT magnitude. IEEE/ACM Transactions on Audio, Speech, and Language Processing 25(5), 1154-1164. DOI 10.1109/TASLP.2017.2678166.
# - Z. Prusa, P. L. Sondergaard (2016). Real-time spectrogram inversion using phase gradient heap integration. Proceedings of the 19th International Conference on Digital Audio Effects (DAFx-16), Brno.
# - H. Siuzdak (2023). Vocos: closing the gap between time-domain and Fourier-based neural vocoders for high-quality audio synthesis. arXiv:2306.00814.
# - S. Takamichi, Y. Saito, N. Takamune, D. Kitamura, H. Saruwatari (2018). Phase reconstruction from amplitude spectrograms based on von-Mises-distribution deep neural network. arXiv:1807.03474.
