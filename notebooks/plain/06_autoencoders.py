# 06. Autoencoders
#
# Open in Colab:
# https://colab.research.google.com/github/imgmusic-edu/imgmusic_edu/blob/main/notebooks/06_autoencoders.ipynb
#
# Time: about 163 minutes. Before you begin: Chapters 00 and 03 (mel bands, decibels). What a gradient
# is; logarithms; for one section, what a normal distribution is.
#
# You will be able to
#
# - send music through a narrow door of a few numbers and hear what is left, by the best straight way
#   and by a network
# - say why a latent must be a sequence, and measure what one vector for a whole clip blurs
# - derive the ELBO, and check it, its KL and its gradients by numbers
# - train a variational autoencoder on music, see its latent collapse, and mend it
# - hold every reconstruction against a mean, principal components and the vocoder alone
# - walk between two sounds of your own in the latent space


import imgmusic_edu as im


# Section: Can music go through a narrow door?
#
# Listen to six seconds of a song three times. The first is the song. The second is what a vocoder
# makes of its mel spectrogram. The third has gone through a much narrower door: a network has
# squeezed a few frames at a time into one short row of numbers, and another network had nothing but
# these rows to make the frames again. (TensorFlow takes some seconds to start.)


import numpy as np
from IPython.display import display

from imgmusic_edu import audio_features, synthesizer, vocoders
from imgmusic_edu.networks.autoencoder import LATENT, STEP
from imgmusic_edu.networks.codec import open_codec, quality
from imgmusic_edu.widgets.controls import SoundUpload, shipped_sound

song = shipped_sound("scarborough_fair")
rate, vocoder, codec = song.sample_rate, vocoders.get("neural"), open_codec()
song = im.Sound(song.samples[3 * rate : 9 * rate], title="The song")


def hear(levels, title):
    """What the vocoder makes of log-mel frames."""
    return im.Sound(synthesizer.limited(vocoder(levels).samples), title=title)


def frames_of(sound):
    """Log-mel frames, as many as fill whole steps: shape (frames, bands), dB."""
    levels = audio_features.log_mel(sound)
    return levels[: len(levels) // STEP * STEP]


L = frames_of(song)
z = codec.encode(L[None])
display(song, hear(L, "From its mel spectrogram"), hear(codec.decode(z)[0], f"From {LATENT} numbers for {STEP} frames"))
frame_rate = rate / 256
counts = {"samples": rate, "mel bands": frame_rate * L.shape[1], "latent": frame_rate / STEP * LATENT}
for name, count in counts.items():
    print(f"{name:<10}{count:8.0f} numbers a second")
print(
    f"A row of the latent lasts {1000 * STEP / frame_rate:.0f} ms; the door is {counts['mel bands'] / counts['latent']:.0f} times as narrow as the mel bands."
)
print(im.licence("scarborough_fair"))


# The network has never heard this song. The row of numbers is called the latent (what lies hidden),
# the network that makes it the encoder, the one that undoes it the decoder, and both together an
# autoencoder: a thing that learns to give back what it was given, through a door too narrow to cheat.
#
# Why would one want that? A network that turns pictures into music (chapter 08) need not write 128
# bands for every frame: it writes a few numbers, and the decoder knows what music is like.
#
# A sound of your own. Choose a file: its first six seconds will take the place of the song. (Or write
# a path into the cell after the button.) The file is read where this notebook runs, and nowhere else.


own = {}
print(SoundUpload(lambda name, chosen: own.update(sound=chosen)))


sound = own.get("sound", song)  # or: im.open_sound("my_song.mp3")
if np.abs(sound.samples[: 6 * rate]).max() < 1e-3:
    print("The first six seconds of that sound are silent, so we take the song.")
    sound = song
usual = sound is song  # of another sound the text cannot know what will come out, so less is asserted
sound = im.Sound(np.pad(sound.samples[: 6 * rate], (0, max(0, rate - len(sound.samples)))), title=sound.title)
L = frames_of(sound)
print(f"We shall work on {sound}: {L.shape[0]} frames of {L.shape[1]} bands")


# > Learnt: an autoencoder sends data through a few numbers and back; what survives is what the
# numbers can say.
#
# Before any network: how far does plain algebra get?


# Section: What is the best straight way?
#
# Which few numbers say most about some frames of music? Cut the mel spectrogram into blocks of a few
# frames, and write each block as one row x of D numbers. An encoder f makes the code z of k numbers,
# a decoder g makes a block again, and both are to keep the error small:
#
# z = f(x), \qquad \hat x = g(z), \qquad \min_{f, g} \; \sum_x \lVert x - \hat x \rVert^2 .
#
# If f and g may only multiply and add (be linear), the answer is known since 1936: take the mean
# block m and the k directions v_1 \dots v_k in which blocks differ most, the principal components
# (PCA):
#
# z_i = v_i \cdot (x - m), \qquad \hat x = m + \sum_{i=1}^{k} z_i\, v_i .
#
# No linear code of k numbers has a smaller squared error (Eckart and Young 1936). We need music to
# find the directions in: pieces from the course's scores, played by other instruments, in other keys
# and at other speeds.


import os
import time

from imgmusic_edu import datasets
from imgmusic_edu.networks import vocoder_corpus
from imgmusic_edu.networks.autoencoder import decibels, normalised
from imgmusic_edu.scores import Score, ScoreError

FULL = os.environ.get("IMGMUSIC_BUDGET") == "full"  # the full budget: more music, a wider network, six times as long


def played(part, every, takes, as_written=False):
    """Log-mel of six seconds of some pieces, arranged anew for each take: shape (n, frames, bands), dB."""
    rows = []
    for k, name in enumerate(vocoder_corpus.pieces(part)[::every]):
        score = Score.from_midi(datasets.data_path(name))
        for take in range(takes):
            random = np.random.default_rng([6, k, take])
            try:
                arranged = vocoder_corpus.arrange(score, random, as_written=as_written, seconds=6.0)
                rows.append(audio_features.log_mel(synthesizer.render(arranged))[:512])
            except ScoreError:  # the parts that were drawn rest here
                continue
    return np.stack(rows)


began = time.process_time()
lessons = normalised(played("train", 1 if FULL else 2, 6 if FULL else 3))
held_out = played("test", 1, 1, as_written=True)
kept = normalised(held_out)
print(
    f"{len(lessons)} clips to learn from, {len(held_out)} of other pieces to judge by, in {time.process_time() - began:.0f} s"
)
blocks = lessons.reshape(-1, STEP * 128)
mean = blocks.mean(axis=0)
spread, directions = np.linalg.eigh(np.cov((blocks - mean).T))  # from the smallest to the largest
axes = np.ascontiguousarray(directions.T[::-1], dtype=np.float32)  # rows, the largest first
shares = spread[::-1] / spread.sum()
print(
    f"{len(blocks)} blocks of {blocks.shape[1]} numbers; the first {LATENT} directions hold {shares[:LATENT].sum():.1%} of how they differ"
)


def straight(clips, k=LATENT):
    """Clips (n, frames, bands), through k principal components and back."""
    rows = clips.reshape(-1, STEP * 128) - mean
    return (rows @ axes[:k].T @ axes[:k] + mean).reshape(clips.shape)


# How good is a copy? Three figures go through the chapter. The distance is by how many dB a band is
# off on average (what lies more than 60 dB below the loudest does not count). The flux ratio asks how
# much changes from frame to frame, compared with the original: 1 is right, 0 stands still; attacks
# live there. The sharpness ratio asks the same from band to band: partials live there. A blurred copy
# can have a small distance and yet sound like fog; the ratios show it.


def judged(made):
    """Mean distance (dB), flux ratio and sharpness ratio of copies of the clips that were held out."""
    found = [quality(real, decibels(copy)) for real, copy in zip(held_out, made, strict=True)]
    return {name: np.mean([one[name] for one in found]) for name in found[0]}


def line(name, found):
    print("{:<34} distance {distance:5.2f} dB, flux {flux:.2f}, sharpness {sharpness:.2f}".format(name, **found))


results = {"mean frame": judged(np.broadcast_to(lessons.mean(axis=(0, 1)), kept.shape))}
for k in (4, LATENT, 4 * LATENT):
    results[f"PCA, {k} numbers"] = judged(straight(kept, k))
for name, found in results.items():
    line(name, found)
pca = results[f"PCA, {LATENT} numbers"]
assert results["PCA, 4 numbers"]["distance"] > pca["distance"] > results[f"PCA, {4 * LATENT} numbers"]["distance"]
for k in (4, LATENT):
    display(hear(decibels(straight(normalised(L)[None], k))[0], f"From {k} principal components of {STEP} frames"))


# What are these directions? Each is a block itself, a thing that can be added to the mean:


import matplotlib.pyplot as plt

with im.plots.style():
    figure, places = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
    for n in range(4):
        places[0].plot(
            25 * np.sqrt(spread[-1 - n]) * axes[n].reshape(STEP, 128).mean(axis=0), label=f"direction {n + 1}"
        )
    places[0].set(xlabel="mel band", ylabel="what it adds (dB)")
    places[0].set(ylim=(None, 42))
    places[0].legend(fontsize=8, ncols=2, loc="upper center")
    places[1].semilogy(np.arange(1, 101), 1 - np.cumsum(shares)[:100])
    places[1].axvline(LATENT, color="#767676", ls=":")
    places[1].set(xlabel="directions kept", ylabel="share of variance lost")
lost = 1 - np.cumsum(shares)
alt = f"Left, the first four directions over the mel bands: the first has one sign in {max(np.mean(axes[0] > 0), np.mean(axes[0] < 0)):.0%} of its numbers, a loudness; the others are slopes and waves. "
im.show(
    figure,
    alt=alt
    + f"Right, what is lost falls from {lost[0]:.2f} with one direction to {lost[LATENT - 1]:.3f} with {LATENT} and {lost[99]:.4f} with 100.",
)


# Can a network with straight layers do better, if it learns for long? Let us try: two layers without
# a bend, squared error, and gradients.


import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
linear = keras.Sequential([keras.Input((STEP * 128,)), keras.layers.Dense(LATENT), keras.layers.Dense(STEP * 128)])
linear.compile(keras.optimizers.Adam(2e-3), "mse")
best = float(np.mean((straight(lessons) - lessons) ** 2))
curve = [float(linear.fit(blocks - mean, blocks - mean, 128, verbose=0).history["loss"][0]) for _ in range(6)]
print("squared error of the linear network after each round:", ", ".join(f"{value:.4f}" for value in curve))
print(f"PCA has {best:.4f}")
assert best < curve[-1] < curve[0]


# It creeps towards PCA from above, and cannot pass (Baldi and Hornik 1989: all its other resting
# places are saddles). What took gradients six rounds, one matrix does at once.
#
# > Learnt: PCA is the best linear autoencoder. Whatever a network is to gain, it must gain by
# bending.
#
# So let it bend.


# Section: Does bending help?
#
# How much better is a network? Here are the course's encoder and decoder, as they stand in the
# package. A convolution with strides=2 halves the number of frames; a residual block adds to its
# input what two more convolutions say about it; UpSampling1D doubles the frames on the way back. gelu
# is the bend.


import inspect

from imgmusic_edu.networks import autoencoder, vae


def source(function):
    """The lines of a function of the package, without its docstring."""
    code = inspect.getsource(function)
    return code.partition('    """')[0] + code.rpartition('"""\n')[2]


for function in (
    autoencoder.build_encoder,
    autoencoder.residual,
    autoencoder.build_decoder,
    autoencoder.reconstruction_loss,
):
    print(source(function))


# The loss is the mean absolute difference: squares fear one large error more than many small ones,
# and what they like best is the mean of all that might have been, which is fog.
#
# The loop that teaches is the same for all networks of this chapter: crops of the lessons, Adam, a
# step size that warms up and then goes down as a cosine to nothing.


WIDTH, STEPS, CROP, BATCH = (256, 3600, 160, 16) if FULL else (96, 600, 128, 8)
random = np.random.default_rng(0)


def crops(n=BATCH):
    """Crops of the lessons, (n, CROP, bands), and standard normal noise for their latents."""
    rows, starts = random.integers(len(lessons), size=n), random.integers(lessons.shape[1] - CROP + 1, size=n)
    mel = np.stack([lessons[row, start : start + CROP] for row, start in zip(rows, starts, strict=True)])
    return mel, random.standard_normal((n, CROP // STEP, LATENT), np.float32)


def teach(networks, loss, report, steps=STEPS):
    """Teach the networks by loss(mel, noise); gives (step, report()) at some places on the way."""
    variables = [variable for network in networks for variable in network.trainable_variables]
    adam, curve, began = keras.optimizers.Adam(2e-3, global_clipnorm=1.0), [], time.process_time()

    @tf.function
    def improve(mel, noise):
        with tf.GradientTape() as tape:
            value = loss(mel, noise)
        adam.apply(tape.gradient(value, variables), variables)
        return value

    for n in range(steps):
        adam.learning_rate.assign(2e-3 * min(1, (n + 1) / 20) * (0.5 + 0.5 * np.cos(np.pi * n / steps)))
        improve(*crops())
        if n + 1 in (steps // 8, steps // 4, steps // 2, steps):
            curve.append((n + 1, report()))
            said = ", ".join(f"{name} {value:.2f}" for name, value in curve[-1][1].items())
            print(f"step {n + 1:4d}: {said}; {time.process_time() - began:.0f} s")
    return curve


keras.utils.set_random_seed(0)
encoder, decoder = autoencoder.build_encoder(width=WIDTH), autoencoder.build_decoder(width=WIDTH)
print(f"{encoder.count_params():,} weights in the encoder, {decoder.count_params():,} in the decoder")


def bent(clips):
    return decoder(encoder(clips)).numpy()


from_nothing = teach(
    [encoder, decoder],
    lambda mel, noise: autoencoder.reconstruction_loss(mel, decoder(encoder(mel))),
    lambda: judged(bent(kept)),
)
line(f"PCA, {LATENT} numbers", pca)
assert FULL or from_nothing[-1][1]["distance"] > pca["distance"]


# A disappointment, and worth remembering: after as long as we have here, the bent network is behind
# the straight one, which took less than a second. It begins with random numbers and has to find out
# first that bands are bands. Papers that show autoencoders without PCA beside them do not tell you
# this.
#
# Begin where PCA ends. Give both networks a straight way past the bends: principal components, fixed.
# Then the network only has to say what to add, and can look at the blocks before and after, as PCA
# cannot.


layers, scale = (
    keras.layers,
    np.sqrt(spread[::-1][:LATENT]).astype(np.float32),
)  # so that each number differs by about 1


def with_shortcuts(n_outputs):
    """The package's encoder and decoder, each with principal components as a straight way past it."""
    frames, latent = keras.Input((None, 128)), keras.Input((None, LATENT))
    to_code, from_code = layers.Dense(n_outputs, trainable=False), layers.Dense(STEP * 128, trainable=False)
    code = to_code(layers.Reshape((-1, STEP * 128))(frames))
    back = layers.Reshape((-1, 128))(from_code(latent))
    kernel, bias = np.zeros((STEP * 128, n_outputs)), np.full(n_outputs, -3.0)  # -3: of this, more below
    kernel[:, :LATENT] = axes[:LATENT].T / scale
    bias[:LATENT] = -mean @ kernel[:, :LATENT]
    to_code.set_weights([kernel, bias])
    from_code.set_weights([axes[:LATENT] * scale[:, None], mean])
    bent_there = autoencoder.build_encoder(n_outputs, width=WIDTH)(frames)
    bent_back = autoencoder.build_decoder(width=WIDTH)(latent)
    return keras.Model(frames, layers.Add()([code, bent_there])), keras.Model(latent, layers.Add()([back, bent_back]))


keras.utils.set_random_seed(0)
encoder2, decoder2 = with_shortcuts(LATENT)
from_pca = teach(
    [encoder2, decoder2],
    lambda mel, noise: autoencoder.reconstruction_loss(mel, decoder2(encoder2(mel))),
    lambda: judged(decoder2(encoder2(kept)).numpy()),
)
results["autoencoder, from nothing"], results["autoencoder, from PCA"] = from_nothing[-1][1], from_pca[-1][1]
for name in ("autoencoder, from nothing", f"PCA, {LATENT} numbers", "autoencoder, from PCA"):
    line(name, results[name])
mine = decoder2(encoder2(normalised(L)[None]))
print(hear(decibels(mine)[0], f"Your autoencoder, {LATENT} numbers for {STEP} frames"))


with im.plots.style():
    figure, places = plt.subplots(1, 3, figsize=(9, 2.8), layout="constrained")
    for place, name in zip(places, ("distance", "flux", "sharpness"), strict=True):
        for title, curve, look in (("from nothing", from_nothing, "o-"), ("from PCA", from_pca, "s--")):
            place.plot([n for n, _ in curve], [found[name] for _, found in curve], look, label=title)
        place.axhline(pca[name], color="#767676", ls=":", label="PCA alone")
        place.set(xlabel="step", ylabel=f"{name} (dB)" if name == "distance" else f"{name} ratio", ylim=(0, None))
    places[0].legend(fontsize=8)
ends = [
    f"{title} {curve[-1][1]['distance']:.2f} dB"
    for title, curve in (("from nothing", from_nothing), ("from PCA", from_pca))
]
im.show(
    figure,
    alt=f"Learning curves on held-out clips. The distance ends at {', '.join(ends)}, with PCA at {pca['distance']:.2f}; flux at {from_nothing[-1][1]['flux']:.2f} and {from_pca[-1][1]['flux']:.2f}, with PCA at {pca['flux']:.2f}.",
)
assert results["autoencoder, from PCA"]["distance"] < min(
    pca["distance"], results["autoencoder, from nothing"]["distance"]
)


# Now it is ahead of PCA, by a little in distance. That is what a minute of bending buys. The shipped
# network has learnt for many minutes on much more music; how far that takes it, a table will say
# below.
#
# > Learnt: a network has to be held against PCA with as many numbers; beginning where PCA ends saves
# it most of the way.
#
# Each of our rows stands for a few frames. Why not one row for the whole clip?


# Section: One vector, or a sequence?
#
# What does a single vector for a clip do to the rhythm? A published recipe for music from pictures
# predicts "the audio features", one vector of 128 numbers for the whole sound. Let us give such a
# vector a fair chance: our autoencoder, trained as before, with one more pair of layers in the middle
# that squeezes the rows of a crop into a single vector, once of 128 numbers, once of as many numbers
# as the rows had together.


def with_one_vector(n_numbers):
    """Autoencoder whose latent is one vector for a crop: encoder, the layers in the middle, decoder."""
    rows = CROP // STEP
    there, back = with_shortcuts(LATENT)
    there.set_weights(encoder2.get_weights())
    back.set_weights(decoder2.get_weights())
    shapes = [layers.Reshape((rows * LATENT,)), layers.Dense(n_numbers)]
    shapes += [layers.Dense(rows * LATENT), layers.Reshape((rows, LATENT))]
    middle = keras.Sequential([keras.Input((rows, LATENT)), *shapes])
    return there, middle, back


short = kept[:, : kept.shape[1] // CROP * CROP]
vectors = {}


def learn_one_vector(n_numbers):
    """Teach an autoencoder with one vector of so many numbers; gives it as a function of crops, and its report."""
    keras.utils.set_random_seed(0)
    there, middle, back = with_one_vector(n_numbers)

    def one(mel):
        return back(middle(there(mel)))

    def report():
        return judged(one(short.reshape(-1, CROP, 128)).numpy().reshape(short.shape))

    print(f"one vector of {n_numbers} for {CROP} frames, in place of {CROP // STEP} rows of {LATENT}")
    teach([there, middle, back], lambda mel, noise: autoencoder.reconstruction_loss(mel, one(mel)), report, STEPS // 2)
    return one, report()


for n_numbers in (128, CROP // STEP * LATENT):
    vectors[n_numbers], results[f"one vector of {n_numbers}"] = learn_one_vector(n_numbers)


part = normalised(L)[None, : min(len(L), 2 * CROP) // CROP * CROP]
part = part if part.shape[1] else np.pad(normalised(L)[None], ((0, 0), (0, CROP - len(L)), (0, 0)), mode="edge")
copies = {"the original": part[0], "a sequence": decoder2(encoder2(part)).numpy()[0]}
for n_numbers, one in vectors.items():
    copies[f"one vector of {n_numbers}"] = one(part.reshape(-1, CROP, 128)).numpy().reshape(part.shape)[0]


with im.plots.style():
    figure, places = plt.subplots(1, 4, figsize=(10, 2.6), sharey=True, layout="constrained")
for place, (name, copy) in zip(places, copies.items(), strict=True):
    place.imshow(
        decibels(copy).T,
        origin="lower",
        aspect="auto",
        extent=(0, len(copy) / frame_rate, 0, 128),
        cmap="magma",
        vmin=L.max() - 70,
        vmax=L.max(),
    )
    place.set(title=name, xlabel="time (s)")
    place.grid(False)
places[0].set(ylabel="mel band")
said = ", ".join(
    f"{name} {quality(decibels(part[0]), decibels(copy))['distance']:.1f} dB" for name, copy in list(copies.items())[1:]
)
im.show(
    figure,
    alt=f"Four mel spectrograms of the same moment: the original, and three copies. Their bands are off by: {said}.",
)
for name, copy in list(copies.items())[1:]:
    display(hear(decibels(copy), f"Through {name}"))


def rises(clips):
    """How much the bands rise from frame to frame, added up: shape (n, frames - 1); attacks stand out."""
    return np.maximum(np.diff(clips, axis=1), 0).sum(axis=2)


def in_time(copy):
    """Correlation of the rises of the held-out clips with those of their copies: 1 is all attacks in their places."""
    return np.mean([np.corrcoef(*pair)[0, 1] for pair in zip(rises(short), rises(copy), strict=True)])


places_kept = {"autoencoder, from PCA": in_time(decoder2(encoder2(short)).numpy())}
for n_numbers, one in vectors.items():
    places_kept[f"one vector of {n_numbers}"] = in_time(one(short.reshape(-1, CROP, 128)).numpy().reshape(short.shape))
for name, value in places_kept.items():
    line(name, results[name])
    print(f"{'':<34} rises where the original rises: correlation {value:.2f}")
assert max(list(places_kept.values())[1:]) < places_kept["autoencoder, from PCA"]
assert all(results[f"one vector of {n}"]["distance"] > 1.2 * from_pca[-1][1]["distance"] for n in vectors)


# Even with just as many numbers the single vector is behind. The sequence knows something that the
# vector has to learn anew for each moment: that a note is a note whenever it comes. One small encoder
# slides along the time, so all moments teach it. In the vector, every number stands for the whole
# clip, and an attack that comes 100 ms later is another picture altogether.
#
# > Learnt: a latent for music needs a time axis; a vector for a whole clip has nowhere to put the
# rhythm.
#
# We have codes for music. But what is at a place of the latent space that no music was sent to?


# Section: A price for every latent: the ELBO
#
# Could we invent a row of numbers, and get music? A plain autoencoder promises nothing about places
# between its codes. A variational autoencoder (VAE; Kingma and Welling 2014) is built as a story of
# how music comes about: first chance draws a latent z from a prior p(z), a standard normal
# distribution; then a decoder makes music of it, give or take something, p(x \mid z). Good is a
# decoder that finds real music x likely:
#
# \log p(x) = \log \int p(x \mid z)\, p(z)\, dz .
#
# The integral runs over all latents and nobody can compute it. So let an encoder propose, for each x,
# where to look: q(z \mid x), a normal distribution with a mean and a variance for each number. Five
# steps lead to a sum that can be computed:
#
# 1. \log p(x) does not depend on z, so it is its own mean over q: \;\log p(x) = \mathbb E_q[\log
#    p(x)].
# 2. Bayes: p(x) = p(x \mid z)\,p(z) / p(z \mid x) for every z, so \;\log p(x) = \mathbb E_q\big[\log
#    p(x \mid z) + \log p(z) - \log p(z \mid x)\big].
# 3. Add and subtract \log q(z \mid x), and sort: \;\mathbb E_q[\log p(x \mid z)] - \mathbb
#    E_q\big[\log \tfrac{q(z \mid x)}{p(z)}\big] + \mathbb E_q\big[\log \tfrac{q(z \mid x)}{p(z \mid
#    x)}\big].
# 4. Name it: \mathbb E_q[\log (q/p)] is the Kullback-Leibler divergence \mathrm{KL}(q \,\|\, p), how
#    many nats of surprise q has over p. It is never negative (because \ln t \le t - 1, it is at least
#    -\mathbb E_q[p/q - 1] = 0).
# 5. The last one holds the unknown posterior p(z \mid x). Leave it out, and what remains can only be
#    too small:
#
# \log p(x) \;\ge\; \underbrace{\mathbb E_q[\log p(x \mid z)]}_{\text{how well it comes back}} \;-\;
# \underbrace{\mathrm{KL}\big(q(z \mid x)\,\|\,p(z)\big)}_{\text{what the latent costs}}
#
# the evidence lower bound, ELBO. It lies below the truth by exactly \mathrm{KL}(q(z \mid x) \,\|\,
# p(z \mid x)).
#
# Do not believe it: there is a case in which everything is known. Let z and x be one number each, p(x
# \mid z) normal around w z with variance s^2. Then x is normal, too, with variance w^2 + s^2, and the
# posterior is normal with mean w x / (w^2 + s^2) and variance s^2 / (w^2 + s^2).


def log_normal(x, mean, variance):
    return -0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance)


w, s, x = 1.5, 0.8, 2.0
true = log_normal(x, 0, w**2 + s**2)
best_mean, best_variance = w * x / (w**2 + s**2), s**2 / (w**2 + s**2)
noise = np.random.default_rng(0).standard_normal(200_000)


def bound(mean, variance):
    """The ELBO by sampling z from q: mean of log p(x|z) + log p(z) - log q(z)."""
    z = mean + np.sqrt(variance) * noise
    return np.mean(log_normal(x, w * z, s**2) + log_normal(z, 0, 1) - log_normal(z, mean, variance))


print(f"log p(x) = {true:.4f}")
for mean_q, variance_q in ((0.0, 1.0), (best_mean, 1.0), (best_mean, best_variance / 4), (best_mean, best_variance)):
    gap = 0.5 * (
        (mean_q - best_mean) ** 2 / best_variance + variance_q / best_variance - np.log(variance_q / best_variance) - 1
    )
    found = bound(mean_q, variance_q)
    print(
        f"q with mean {mean_q:.2f}, variance {variance_q:.2f}: ELBO {found:8.4f}, plus its KL from the posterior {found + gap:.4f}"
    )
    assert abs(found + gap - true) < 0.02 and found < true + 1e-6


deviations = np.linspace(0.1, 1.2, 60)
with im.plots.style():
    figure, place = plt.subplots(figsize=(6.5, 2.8), layout="constrained")
    for shift in (0.0, 0.3, 0.6):
        values = [bound(best_mean + shift, deviation**2) for deviation in deviations]
        place.plot(deviations, values, label=f"mean off by {shift}")
    place.axhline(true, color="#767676", ls=":")
    place.axvline(np.sqrt(best_variance), color="#767676", ls=":")
    place.set(xlabel="standard deviation of q", ylabel="ELBO (nats)", ylim=(true - 2.5, true + 0.2))
    place.legend()
values = [bound(best_mean, deviation**2) for deviation in deviations]
top = deviations[int(np.argmax(values))]
im.show(
    figure,
    alt=f"Three hills below the line log p(x) = {true:.2f}. The one with the right mean touches it where q is {top:.2f} wide; the posterior is {np.sqrt(best_variance):.2f} wide. Wrong means stay below.",
)
assert abs(top - np.sqrt(best_variance)) < 0.03


# The KL in closed form. For one number, q = \mathcal N(\mu, \sigma^2) and p = \mathcal N(0, 1):
#
# \mathrm{KL} = \mathbb E_q\Big[-\tfrac12 \ln 2\pi\sigma^2 - \tfrac{(z - \mu)^2}{2 \sigma^2} +
# \tfrac12 \ln 2\pi + \tfrac{z^2}{2}\Big] = \tfrac12\big(\mu^2 + \sigma^2 - \ln \sigma^2 - 1\big),
#
# because \mathbb E_q[(z-\mu)^2] = \sigma^2 and \mathbb E_q[z^2] = \mu^2 + \sigma^2. The numbers of a
# latent are independent, so their costs add up. An encoder answers \ln \sigma^2, which may be
# anything, where \sigma^2 must be positive. Check the package's kl_divergence three times: by
# sampling, and its gradient (\mu, and (\sigma^2 - 1)/2 for the logarithm) by TensorFlow and by a
# small step to either side:


from keras import ops

mu, log_variance = np.array([0.7, -1.2, 0.0]), np.array([-1.0, 0.5, -3.0])
z_of = mu + np.exp(log_variance / 2) * np.random.default_rng(1).standard_normal((400_000, 3))
sampled = (log_normal(z_of, mu, np.exp(log_variance)) - log_normal(z_of, 0, 1)).sum(axis=1)
closed = float(vae.kl_divergence(ops.convert_to_tensor(mu), ops.convert_to_tensor(log_variance)))
print(f"KL by sampling {sampled.mean():.3f} +- {sampled.std() / 400_000**0.5:.3f}, closed form {closed:.3f} nats")
assert abs(sampled.mean() - closed) < 5 * sampled.std() / 400_000**0.5
inputs = [tf.constant(mu), tf.constant(log_variance)]
with tf.GradientTape() as tape:
    tape.watch(inputs)
    cost = vae.kl_divergence(*inputs)
by_tape = np.concatenate(tape.gradient(cost, inputs))
both = np.concatenate([mu, log_variance])
ends = [[float(vae.kl_divergence(*np.split(both + sign * 1e-4 * row, 2))) for row in np.eye(6)] for sign in (1, -1)]
by_steps = (np.array(ends[0]) - np.array(ends[1])) / 2e-4
for name, row in (
    ("by hand", [*mu, *(np.exp(log_variance) - 1) / 2]),
    ("by tape", by_tape),
    ("by small steps", by_steps),
):
    print(f"gradient {name:<15}", np.round(row, 4))
    assert np.allclose(row, by_tape, atol=1e-4)


# How does a gradient get through chance? The first term of the bound is a mean over draws from q, and
# q has the weights in it that we want to learn. If the draw happens out of sight (NumPy, or a
# sampling function), no gradient comes back. The way out is the reparametrisation: draw standard
# noise \varepsilon outside, and write z = \mu + \sigma\,\varepsilon. Now z is a smooth function of
# \mu and \sigma, and chance comes in from the side.


center = tf.constant(0.5)
with tf.GradientTape(persistent=True) as tape:
    tape.watch(center)
    outside = tf.constant(np.random.default_rng(0).normal(center.numpy(), 1, 1000).astype("f4"))  # drawn out of sight
    inside = vae.sample(center, 0.0, tf.constant(noise[:1000].astype("f4")))  # center + 1 * noise
    losses = [tf.reduce_mean(draws**2) for draws in (outside, inside)]
print("d/dmu of the mean of z^2, which is 2 mu =", 2 * float(center))
print("drawn out of sight:", tape.gradient(losses[0], center))
print(f"reparametrised:     {float(tape.gradient(losses[1], center)):.3f}")
draws = 0.5 + noise[:1000]
by_score = draws**2 * (draws - 0.5)  # z^2 times d/dmu of log q(z): works without a derivative of z
print(
    f"one draw's answer is spread by {np.std(2 * draws):.1f} so, and by {np.std(by_score):.1f} when only log q is derived"
)
assert tape.gradient(losses[0], center) is None and abs(float(tape.gradient(losses[1], center)) - 1) < 0.2


# > Learnt: the ELBO is the likelihood minus a gap that is never negative; KL has a formula, and
# chance must come in from the side.
#
# Put music in.


# Section: A VAE that has heard music
#
# Two terms in one currency. For p(x \mid z) we take a Laplace density around what the decoder makes,
# since its logarithm is the absolute error that we had:
#
# \log p(x \mid z) = \sum_{\text{frames, bands}} -\frac{|x - \hat x(z)|}{b} - \ln 2b .
#
# The spread b says how large an error is normal. It is learnt, so nobody has to choose a weight
# between the two terms: the best b is the mean absolute error itself (Rybkin, Daniilidis and Levine
# 2021). Both terms are counted in nats for one step of the latent. In code:


def terms(networks, mel, noise):
    """Log-likelihood and KL, nats a step."""
    mean, log_variance = vae.moments(networks["encoder"](mel))
    z = mean + ops.exp(0.5 * log_variance) * noise
    log_b = networks["spread"](ops.ones((1, 1)))[0, 0]
    log_density = -ops.abs(mel - networks["decoder"](z)) / ops.exp(log_b) - log_b - np.log(2)
    kl = 0.5 * (mean**2 + ops.exp(log_variance) - log_variance - 1)
    n_steps = noise.shape[0] * noise.shape[1]
    return ops.sum(log_density) / n_steps, ops.sum(kl) / n_steps


keras.utils.set_random_seed(0)
there, back = with_shortcuts(2 * LATENT)  # mean, and logarithm of the variance: it begins at -3
networks = {"encoder": there, "decoder": back, "spread": vae.build()["spread"]}
batch = crops()
ours, theirs = terms(networks, *batch), vae.elbo_terms(networks, *batch)
print("log-likelihood and KL:", *(f"{float(value):.2f}" for value in ours), "nats a step; the package says the same:")
print("                      ", *(f"{float(value):.2f}" for value in theirs))
assert np.allclose(ours, theirs, rtol=1e-3)


# Before a loss is trusted, its gradient is checked. Take a random direction in the space of all
# weights, go a small step to either side, and compare what the loss did with what the gradient
# promised:


weights = [variable for network in networks.values() for variable in network.trainable_variables]
with tf.GradientTape() as tape:
    log_likelihood, kl = vae.elbo_terms(networks, *batch)
    loss = kl - log_likelihood
gradients = tape.gradient(loss, weights)
length = float(np.sqrt(sum(np.sum(np.square(gradient)) for gradient in gradients)))
rows, values = np.random.default_rng(2), []
toward = [gradient / length + 3e-4 * rows.standard_normal(gradient.shape).astype("f4") for gradient in gradients]
promised = float(sum(np.sum(gradient * way) for gradient, way in zip(gradients, toward, strict=True)))
for sign in (1, -2, 1):  # forward, back past the start, and home again
    for weight, way in zip(weights, toward, strict=True):
        weight.assign_add(sign * 5e-5 * way)
    log_likelihood, kl = vae.elbo_terms(networks, *batch)
    values.append(float(kl - log_likelihood))
measured = (values[0] - values[1]) / 1e-4
print(f"slope of the loss along it: promised {promised:.1f}, measured {measured:.1f} nats")
assert abs(measured / promised - 1) < 0.05


def report_on(networks):
    """What held-out clips say of a VAE: quality of what comes from the means, KL and bound in nats a step."""
    mean, _ = vae.moments(networks["encoder"](kept))
    made = networks["decoder"](mean).numpy()
    noise = np.random.default_rng(0).standard_normal(mean.shape).astype("f4")
    log_likelihood, kl = vae.elbo_terms(networks, kept, noise)
    order = np.roll(np.arange(len(made)), 1)
    apart = float(np.abs(decibels(made) - decibels(made[order])).mean())
    return judged(made) | {"KL": float(kl), "ELBO": float(log_likelihood - kl), "apart": apart}


def negative_elbo(mel, noise):
    log_likelihood, kl = vae.elbo_terms(networks, mel, noise)
    return kl - log_likelihood


learnt = teach(networks.values(), negative_elbo, lambda: report_on(networks))
results["VAE, yours"] = learnt[-1][1]
b = 25 * float(np.exp(networks["spread"](np.ones((1, 1), "f4"))[0, 0]))  # 25 dB are one unit of `normalised`
bits = learnt[-1][1]["KL"] / np.log(2) * frame_rate / STEP
mp3 = 8 * len(sound.encode("mp3")) / sound.seconds
print(
    f"An error of {b:.2f} dB is normal; the latent holds {bits:.0f} bits a second (as an MP3 this sound has {mp3:.0f})."
)
assert learnt[-1][1]["ELBO"] > learnt[0][1]["ELBO"] and learnt[-1][1]["KL"] > 5


# The KL is a price: so many nats are spent on each step to say which music it is. (apart is by how
# many dB copies of two different clips differ; you will need it in a moment.)


means, logs = (value.numpy() for value in vae.moments(networks["encoder"](kept)))
prices = np.sort((0.5 * (means**2 + np.exp(logs) - logs - 1)).mean(axis=(0, 1)))[::-1]
with im.plots.style():
    figure, place = plt.subplots(figsize=(6.5, 2.4), layout="constrained")
    place.bar(np.arange(1, LATENT + 1), prices)
    place.set(xlabel="number of the latent, the dearest first", ylabel="KL (nats a step)")
im.show(
    figure,
    alt=f"Bars that fall from {prices[0]:.1f} to {prices[-1]:.2f} nats: the dearest number says most. {int(np.sum(prices > 0.1))} of {LATENT} numbers are used.",
)
print(f"{prices.sum():.1f} nats a step in all, {int(np.sum(prices > 0.1))} of {LATENT} numbers cost more than 0.1")
print(hear(decibels(networks["decoder"](vae.moments(networks["encoder"](normalised(L)[None]))[0]))[0], "Through your VAE"))


# A training that survives the night. Networks that learn for hours should lose nothing when the lid
# is closed. The package's Training counts minutes of processor work, keeps the best weights and a
# checkpoint with the optimizer's own numbers, and goes on where it stopped:


import tempfile

from imgmusic_edu.networks.training import Training, load_networks, save_networks


def training_in(folder):
    pupils = {"decoder": networks["decoder"]}
    adam = keras.optimizers.Adam(1e-4)
    adam.build(pupils["decoder"].trainable_variables)

    def improve(mel, noise):
        with tf.GradientTape() as tape:
            loss = negative_elbo(mel, noise)
        adam.apply(tape.gradient(loss, pupils["decoder"].trainable_variables))
        return {"loss": loss}

    def judge():
        return {"score": -report_on(networks)["ELBO"]}  # the lower the better

    parts = {"networks": pupils, "optimizers": {"adam": adam}, "improve": improve, "judge": judge}
    return Training(folder, draw=lambda random: crops(), **parts)


with tempfile.TemporaryDirectory() as folder:
    training_in(folder).run(0.05)  # minutes, then the lid is closed
    again = training_in(folder)
    print(f"Taken up again at step {again.step}, after {again.spent:.0f} s of work")
    assert again.step > 0


# > Learnt: a VAE weighs two things in one currency, nats a step: how well music comes back, and what
# the latent costs.
#
# What if the currency is wrong?


# Section: Collapse, on purpose
#
# The commonest mistake in VAE code. Losses in Keras are means. So one writes mean(|x - x'|) for the
# first term, and for the KL the sum that the formula asks for. Both look right. But in one step of
# ours there are several hundred numbers of music, and the mean has divided the first term by all of
# them. Hear what that does. (New networks, without the straight way, which would hide some of it.)


keras.utils.set_random_seed(0)
fallen = {
    "encoder": autoencoder.build_encoder(2 * LATENT, width=WIDTH),
    "decoder": autoencoder.build_decoder(width=WIDTH),
    "spread": vae.build()["spread"],
}
too_dear = STEP * 128


def mean_and_sum(mel, noise):
    log_likelihood, kl = vae.elbo_terms(fallen, mel, noise)
    return kl - log_likelihood / too_dear  # the mean of one term, the sum of the other


collapsed = teach(fallen.values(), mean_and_sum, lambda: report_on(fallen), STEPS // 3)
print(f"The KL weighs {too_dear} times too much: {collapsed[-1][1]['KL']:.4f} nats a step are left of it.")
print(
    f"Copies of different clips differ by {collapsed[-1][1]['apart']:.2f} dB; with the right weights by {learnt[-1][1]['apart']:.2f} dB."
)
assert collapsed[-1][1]["KL"] < 0.1 and collapsed[-1][1]["apart"] < 0.2 * learnt[-1][1]["apart"]
for k in (0, 5):
    copy = fallen["decoder"](vae.moments(fallen["encoder"](kept[k : k + 1]))[0])
    display(hear(decibels(copy)[0][:256], f"Held-out clip {k + 1}, through the collapsed VAE"))


# Two pieces, one sound. This is posterior collapse: telling costs more than it saves, so the encoder
# falls silent (q(z \mid x) = p(z) whatever came in, KL 0), the decoder learns the mean of everything,
# and then no latent is worth anything to it any more. The loss is finite, and falls nicely. What
# betrays it is the KL, printed by itself.
#
# Mended. The same networks, from where they lie now, with both terms in nats a step (divided by the
# same number, so that the step size means what it did). Do they get up?


def one_currency(mel, noise):
    log_likelihood, kl = vae.elbo_terms(fallen, mel, noise)
    return (kl - log_likelihood) / too_dear


mended = teach(fallen.values(), one_currency, lambda: report_on(fallen), STEPS // 2)
results["VAE, collapsed"], results["VAE, mended"] = collapsed[-1][1], mended[-1][1]
with im.plots.style():
    figure, place = plt.subplots(figsize=(6.5, 2.4), layout="constrained")
    steps = [n for n, _ in collapsed] + [collapsed[-1][0] + n for n, _ in mended]
    place.plot(steps, [found["KL"] for _, found in collapsed + mended], "o-", label="KL (nats a step)")
    place.plot(steps, [found["apart"] for _, found in collapsed + mended], "s--", label="how far copies differ (dB)")
    place.axvline(collapsed[-1][0], color="#767676", ls=":")
    place.set(xlabel="step; at the dotted line the weights are put right", ylim=(0, None))
    place.legend()
ends = [curve[-1][1] for curve in (collapsed, mended)]
im.show(
    figure,
    alt=f"At the dotted line KL and difference lie at {ends[0]['KL']:.2f} nats and {ends[0]['apart']:.2f} dB; then they rise to {ends[1]['KL']:.1f} nats and {ends[1]['apart']:.1f} dB.",
)
assert mended[-1][1]["KL"] > 3 and mended[-1][1]["apart"] > 5 * collapsed[-1][1]["apart"]


# Strong decoders that see their own past collapse even with the right weights, for they can do
# without. Then one lets the price of KL rise from 0 in the first steps (Bowman and others 2016), or
# leaves the encoder some nats for nothing.
#
# > Learnt: sum both terms over the same step; print the KL by itself; if it is 0, all inputs decode
# alike.
#
# Time to hold everything against everything.


# Section: Who is nearest?
#
# One table, on pieces that nobody has learnt from. Beside the three ratios stands what an ear would
# ask first: are the notes still where they were? onsets looks for beginnings in the sound that the
# vocoder makes of a copy; found is an onset of the original that has one within 50 ms, false is one
# that has none there. (The original goes through the vocoder as well, so that only the codes are
# compared.)


begins = [audio_features.onsets(vocoder(levels).samples) for levels in held_out]  # seconds, of each clip


def onset_scores(made):
    """Shares of onsets that are found again within 50 ms, and of those in the copies that are false."""
    found, false, n = 0, 0, 0
    for there, copy in zip(begins, made, strict=True):
        here = audio_features.onsets(vocoder(decibels(copy)).samples)
        near = np.abs(there[:, None] - here[None, :]) <= 0.05  # (there, here)
        found += int(near.any(axis=1).sum())
        false, n = false + int((~near.any(axis=0)).sum()), n + len(here)
    return found / max(sum(map(len, begins)), 1), false / max(n, 1)


ways = {
    "mean frame": np.broadcast_to(lessons.mean(axis=(0, 1)), kept.shape),
    f"PCA, {LATENT} numbers": straight(kept),
    "autoencoder, from nothing": bent(kept),
    "autoencoder, from PCA": decoder2(encoder2(kept)).numpy(),
    "VAE, yours": networks["decoder"](means).numpy(),
    "VAE, shipped": normalised(codec.decode(codec.encode(held_out))),
}
table = {
    name: judged(made) | dict(zip(("found", "false"), onset_scores(made), strict=True)) for name, made in ways.items()
}


print(f"{'on ' + str(len(held_out)) + ' held-out pieces':<28}distance     flux  sharpness   onsets found   false")
for name, row in table.items():
    print(
        f"{name:<28}{row['distance']:5.2f} dB{row['flux']:9.2f}{row['sharpness']:11.2f}{row['found']:15.0%}{row['false']:8.0%}"
    )
coded = {name: row for name, row in table.items() if name != "mean frame"}
for key, word in (("distance", "nearest"), ("flux", "liveliest"), ("sharpness", "sharpest"), ("found", "best in time")):
    first = (min if key == "distance" else max)(coded, key=lambda name: coded[name][key])
    print(f"{word}: {first}")
assert table["mean frame"]["distance"] > max(row["distance"] for row in coded.values())
assert table["mean frame"]["false"] > max(row["false"] for row in coded.values())
assert pca["distance"] < table["autoencoder, from nothing"]["distance"] or FULL
assert table["VAE, shipped"]["distance"] < table[f"PCA, {LATENT} numbers"]["distance"]
for name in ways:
    if name in (f"PCA, {LATENT} numbers", "VAE, shipped"):
        display(hear(decibels(ways[name][0]), f"Held-out clip 1: {name}"))


# Read it with care.
#
# - PCA is a rival, not a straw man. It has as many numbers, needs no training, and stands before
#   every network that had to begin from nothing here. The shipped network, after a long training on
#   much more music, is clearly nearer.
# - One column alone can be fooled. The mean frame never moves, yet most onsets are "found" in it,
#   because the vocoder's hum is full of false ones that lie everywhere. A measure of what is found
#   needs one of what is false beside it.
# - Who guesses carefully blurs. A flux ratio below 1 means attacks are softened: absolute errors fear
#   a wrong attack more than a missing one. That is why the shipped network went to school twice.
#   First by the ELBO, as yours; then its decoder alone, against a critic who tells real frames from
#   made ones (chapter 07). The critic's lessons cost a little distance, and buy flux and sharpness.
# - A good mean is no music. The mean frame has a finite distance, too. One figure alone would let it
#   into the race.
#
# > Learnt: several measures, held-out pieces, and PCA with as many numbers in every table.
#
# And now, walk.


# Section: A walk by ear
#
# What lies halfway between two pieces? Mix two mel spectrograms (a cross-fade) and you get both at
# once, each at half its decibels. Mix two latents and decode, and you get what the decoder thinks
# lies between. For a linear code both are the same thing, word for word: the decoder of a sum is the
# sum of the decoders. A bent one is free to differ.


A, B = held_out[0][:384], held_out[3][:384]
zA, zB = codec.encode(np.stack([A, B]))
shares = (0.0, 0.25, 0.5, 0.75, 1.0)
faded = [(1 - t) * codec.decode(zA[None])[0] + t * codec.decode(zB[None])[0] for t in shares]
walked = [codec.decode((1 - t) * zA[None] + t * zB[None])[0] for t in shares]
line_mid = (straight(normalised(A)[None]) + straight(normalised(B)[None])) / 2
same = np.abs(straight((normalised(A) + normalised(B))[None] / 2) - line_mid).max()
print(f"PCA: halfway in the code and halfway in the bands differ by {same:.0e}")
peaks = {
    name: [np.abs(np.diff(np.maximum(one, one.max() - 60), axis=1)).mean() for one in rows]
    for name, rows in (("cross-fade", faded), ("latent walk", walked))
}
apart = [np.abs(one - other).mean() for one, other in zip(faded, walked, strict=True)]
for name, row in peaks.items():
    print(f"{name:<12} change from band to band:", ", ".join(f"{value:.2f}" for value in row), "dB")
print("they differ by             ", ", ".join(f"{value:.2f}" for value in apart), "dB")
assert same < 1e-3 and apart[0] < 1e-3 < apart[2]
display(hear(faded[2], "Halfway: cross-fade of the bands"), hear(walked[2], "Halfway: the latent, decoded"))


# They differ, and less than one might have hoped: halfway between two tunes there is no third tune.
# What the decoder adds is that the mixture looks a little more like frames it has known. What can be
# walked well are sounds: how bright, how full, how loud.
#
# Walk yourself. Press play; it loops. Then move the sliders with the arrow keys or the mouse: the
# sound goes on from the same place. Between four sounds first; then choose Away from the first sound,
# along the two directions in which latents differ most. Which of them is loudness, which is
# brightness?


print(im.widgets.LatentWalker([sound]))


# Out of nothing. The promise of the VAE was that latents can be drawn. Draw one from the prior for
# each step, decode, listen:


codes = codec.encode(held_out)
pairs = codes[:, 1:].reshape(-1, LATENT), codes[:, :-1].reshape(-1, LATENT)
memory = np.array([np.corrcoef(pairs[0][:, n], pairs[1][:, n])[0, 1] for n in range(LATENT)])
n_steps, chance = 384 // STEP, np.random.default_rng(3)
drawn = chance.standard_normal((n_steps, LATENT)).astype(np.float32)
print(f"latents of music: mean {codes.mean():+.2f}, standard deviation {codes.std():.2f} (prior: 0 and 1)")
print(f"each number resembles the one before it: correlation {memory.mean():.2f} on average (prior: 0)")
remembering = [drawn[0]]
for fresh in drawn[1:]:
    remembering.append(memory * remembering[-1] + np.sqrt(1 - memory**2) * fresh)
remembering = np.stack(remembering).astype(np.float32)
made = {"the prior": drawn, "the prior, with memory": remembering}
music = np.abs(np.diff(codes, axis=1)).mean()
moves = {name: np.abs(np.diff(row, axis=0)).mean() for name, row in made.items()}
for name, row in made.items():
    print(f"{name:<24} its latent moves {moves[name] / music:.2f} times as far from step to step as that of music")
    display(hear(codec.decode(row[None])[0], f"Drawn from {name}"))
assert moves["the prior"] > 1.2 * moves["the prior, with memory"] and memory.mean() > 0.3


# In the first one each step is a plausible moment of some music, and none knows of the one before.
# The prior says what a step is like; it says nothing of what follows what. Give each number the
# memory that it has in real music, and the latent moves more slowly. It is not music yet: no beat, no
# key, no phrase, because memory of one step cannot hold them. Somebody has to direct the sequence. In
# chapter 08 that will be a picture.
#
# > Learnt: a latent space gives sounds at every place, and mixtures between them; form over time must
# come from elsewhere.
#
# Last, make something.


# Section: From your sound into another
#
# A morph. Take two sounds, yours and another, and go from one latent to the other while time runs.
# Change what you like: the pair, the curve, how far beyond the second sound it goes.


other = im.compose(im.open_data("photographs/eiffel_tower")).sound  # or a second sound of yours: im.open_sound("...")
M, N = frames_of(sound), frames_of(im.Sound(other.samples[: 6 * rate]))
n = min(len(M), len(N)) // STEP * STEP
zM, zN = codec.encode(np.stack([M[:n], N[:n]]))
way = np.linspace(0, 1, len(zM))[:, None]  # change me: way**3 stays with the first for longer, 1.5 * way goes beyond
morph = codec.decode(((1 - way) * zM + way * zN)[None])[0]
third = len(morph) // 3
for name, end in (("first", M[:n]), ("second", N[:n])):
    near = [np.abs(morph[rows] - end[rows]).mean() for rows in (slice(0, third), slice(-third, None))]
    print(f"from the {name} sound: {near[0]:.1f} dB at the beginning, {near[1]:.1f} dB at the end")
morphed = hear(morph, f"From {sound.title} into the Eiffel Tower")
print(morphed)


from pathlib import Path

with tempfile.TemporaryDirectory() as folder:  # to keep it, write a folder of your own here instead
    morphed.save(Path(folder) / "morph.wav")
    np.save(Path(folder) / "morph_latent.npy", ((1 - way) * zM + way * zN).astype(np.float16))
    save_networks(Path(folder) / "my_vae.npz", networks)
    for path in sorted(Path(folder).iterdir()):
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    before = report_on(networks)["distance"]
    load_networks(Path(folder) / "my_vae.npz", networks)
after = report_on(networks)["distance"]
print(f"saved in half precision and opened again: distance {before:.3f} dB, then {after:.3f} dB")
assert abs(after - before) < 0.02


# > Learnt: whoever has a codec may compose in its latent, a few hundred numbers a second.


# Section: Summary
#
# - An autoencoder squeezes data through a few numbers. The best linear one is PCA; a network must be
#   held against it, and does well to begin where it ends.
# - Music needs a latent sequence. A single vector has no place for rhythm.
# - A VAE maximises a lower bound of the likelihood: how well data come back, minus what their latents
#   cost. The gap is a KL that is never negative; the KL to a standard normal has a formula; chance
#   comes in from the side so that gradients pass.
# - Both terms must be counted for the same unit. If KL weighs too much, the latent collapses: KL 0,
#   one output for all.
# - Every place of the latent space sounds; what follows what is not in it.


# Section: What goes wrong in practice
#
# - One vector, and then a vocoder. A published tutorial maps a picture to 128 numbers and hands them
#   to a vocoder. There is no time axis in them, so there is nothing to vocode. Predict a latent
#   sequence.
# - Mean squared error alone. It goes to the mean of all that might have been: small loss, fog for
#   sound. Look at flux and sharpness; learn the spread; or add a critic (chapter 07).
# - Mean against sum. One term averaged, the other added up: KL weighs hundreds of times too much, and
#   the latent collapses without a word. Print KL by itself.
# - KL with the wrong sign. The loss falls without end while latents run away to infinity. A KL is
#   never negative: assert it.
# - Variance, deviation, logarithm. Encoders answer \ln \sigma^2. Half of it inside the exponential
#   gives \sigma. Mixing them up trains, and trains badly.
# - Sampling out of sight. A draw by NumPy has no gradient: the encoder learns from KL alone, and
#   collapses.
# - Decoding the noise, or the sample, in use. For copies decode the mean; noise is for training and
#   for drawing.
# - The logarithm that runs away. e^{\ln\sigma^2} of an untrained encoder can overflow: clip it (the
#   package keeps it within -8 to 4).
# - No baseline. Without PCA and the mean frame in the table, any fall of the loss looks like success.
# - The same piece on both sides. Other excerpts of a piece are no test. Split by piece, as
#   vocoder_corpus does.
# - Silence has a floor. Two frames that nobody can hear may lie ten decibels apart, and a mean over
#   all frames counts them in full; measure where it sounds.


# Section: Exercises
#
# Each exercise has a cell for your answer and one that checks it. The checker tells you what went
# wrong, and tells more from try to try.


# Part: Exercise 1. A linear autoencoder
#
# Write there_and_back: encode blocks, shape (n, d), by principal components and decode them again.
# mean, shape (d,), is the mean block; axes, shape (k, d), holds the k directions as rows, each of
# length 1 and at right angles to the others. Give back the blocks as they are after the way through k
# numbers, shape (n, d). (2 points)
#
# Hint 1:
#
# Directions begin at the mean. What has to happen to a block before it is multiplied, and after?
#
# Hint 2:
#
# code = (blocks - mean) @ axes.T, shape (n, k); then code @ axes + mean.


def there_and_back(blocks, mean, axes):
    """Blocks (n, d) through their components along the rows of `axes` (k, d), and back."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch06.there_and_back", there_and_back))


# Part: Exercise 2. What a latent costs
#
# Write kl: the divergence, in nats, of N(mean, variance) from the standard normal, for each row of
# latents. mean and log_variance have the shape (..., d); the answer has the shape (...). (2 points)
#
# Hint 1:
#
# One number costs (mean^2 + variance - ln variance - 1) / 2. What is handed in, the variance or its
# logarithm? And what becomes of the costs of the d numbers?
#
# Hint 2:
#
# 0.5 * np.sum(mean**2 + np.exp(log_variance) - log_variance - 1, axis=-1).


def kl(mean, log_variance):
    """KL of N(mean, variance) from the standard normal, nats, summed over the last axis."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch06.kl", kl))


# Part: Exercise 3. Chance from the side
#
# Write sample: a latent with the given mean and log_variance, whose chance is the standard normal
# noise that is handed in. Use ops of Keras, so that gradients pass to mean and log_variance. (2
# points)
#
# Hint 1:
#
# By what must standard normal noise be multiplied to have a given variance? What is the root of an
# exponential?
#
# Hint 2:
#
# mean + ops.exp(0.5 * log_variance) * noise.


def sample(mean, log_variance, noise):
    """A latent with this mean and variance, its chance taken from standard normal noise."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch06.sample", sample))


# Part: Exercise 4. Two terms in one currency
#
# Write loss, the negative ELBO in nats a step. log_density, shape (batch, frames, bands), holds log p
# of every single number of the music; kl, shape (batch, steps, d), the KL of every single number of
# the latent; several frames share a step. Both must be added up over what belongs to one step, before
# anything is averaged. (3 points)
#
# Hint 1:
#
# How many numbers of music, and how many of latent, belong to one step? Which term should rise, and
# which fall?
#
# Hint 2:
#
# Add up everything in either array, and divide both by the number of steps, kl.shape[0] *
# kl.shape[1].


def loss(log_density, kl):
    """Negative ELBO, nats a step, from log p of each number of music and the KL of each number of latent."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch06.loss", loss))


# Section: Quiz


print(im.exercises.quiz("ch06"))


# Section: References
#
# - P. Baldi, K. Hornik (1989). Neural networks and principal component analysis: learning from
#   examples without local minima. Neural Networks 2(1), 53-58. DOI 10.1016/0893-6080(89)90014-2.
# - S. R. Bowman, L. Vilnis, O. Vinyals, A. M. Dai, R. Jozefowicz, S. Bengio (2016). Generating
#   sentences from a continuous space. arXiv:1511.06349.
# - C. Eckart, G. Young (1936). The approximation of one matrix by another of lower rank.
#   Psychometrika 1(3), 211-218. DOI 10.1007/BF02288367.
# - K. He, X. Zhang, S. Ren, J. Sun (2016). Deep residual learning for image recognition.
#   arXiv:1512.03385.
# - G. E. Hinton, R. R. Salakhutdinov (2006). Reducing the dimensionality of data with neural
#   networks. Science 313(5786), 504-507. DOI 10.1126/science.1127647.
# - D. P. Kingma, M. Welling (2014). Auto-encoding variational Bayes. arXiv:1312.6114.
# - J. Lucas, G. Tucker, R. Grosse, M. Norouzi (2019). Don't blame the ELBO! A linear VAE perspective
#   on posterior collapse. arXiv:1911.02469.
# - D. J. Rezende, S. Mohamed, D. Wierstra (2014). Stochastic backpropagation and approximate
#   inference in deep generative models. arXiv:1401.4082.
# - A. Roberts, J. Engel, C. Raffel, C. Hawthorne, D. Eck (2018). A hierarchical latent vector model
#   for learning long-term structure in music. arXiv:1803.05428.
# - O. Rybkin, K. Daniilidis, S. Levine (2021). Simple and effective VAE training with calibrated
#   decoders. arXiv:2006.13202.
