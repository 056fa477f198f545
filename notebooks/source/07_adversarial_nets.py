# ---
# title: Adversarial nets
# minutes: 170
# prerequisites: Chapters 00 and 03 (mel bands, decibels). Of networks you need what a gradient is and what training means.
# objectives:
#   - say why an average is a bad forger, and how a judge that learns puts it right
#   - derive both losses of a GAN, and find by their slopes which one teaches when the judge is sure
#   - write one round of the game so that each player moves its own weights and no others
#   - find six faults in a published listing, by running it in spirit
#   - train a DCGAN and a spectrogram GAN in a minute, and judge them beside chance, mean, copy and real things
#   - measure collapse by the Vendi score, cause it, and mend it
# ---

# %% [markdown] minutes=8 objectives=1
# ## The average drum
#
# **How would you teach a network to invent a drum stroke?** The obvious way: ask for a small error. Let it make a stroke, compare it with a real one, and take the squared difference as the loss. It knows of no reason for this stroke or that, so it will give whatever has the smallest error *on average*. Listen to three real strokes, and then to that answer.

# %%
import numpy as np
from IPython.display import display

from imgmusic_edu.networks import spectrogram_gan

training, held_out = spectrogram_gan.strokes()
print(
    f"{len(training)} strokes to learn from, ten of each of {len(training) // 10} recordings; {len(held_out)} held out"
)
assert len(training) // 10 == 51
for n in (95, 245, 305):
    display(spectrogram_gan.heard(training[n], title=f"Real stroke {n}"))
mean = training.mean(axis=0)
display(spectrogram_gan.heard(mean, title="Smallest squared error: their mean"))

# %%
errors = {"the mean stroke": np.sqrt(((training - mean) ** 2).mean())}
random = np.random.default_rng(0)
errors["a real stroke, for another one"] = np.sqrt(((training - random.permutation(training)) ** 2).mean())
for name, error in errors.items():
    print(f"typical error of {name}: {error:.1f} dB")
assert errors["the mean stroke"] < errors["a real stroke, for another one"]

# %% [markdown]
# The mean has the *smaller* error, and it is no drum. Article 1 of our sources trains its road from picture to sound in just this way, and this is the sound it regresses to. The error is to blame: it asks "how far from *this* one?", where we mean "could it be *one of them*?". Nobody can write that question as a formula. So let a second network learn it.
#
# **A stroke of your own.** Choose a short recording, of anything that can be struck; it will join the lessons of the last part.

# %%
from imgmusic_edu.widgets import SoundUpload

own = {}
SoundUpload(lambda name, chosen: own.update(sound=chosen))

# %% [markdown]
# > **Learnt:** what minimises squared error is the mean, and the mean of different things is none of them.
#
# A judge, then. What should it learn?

# %% [markdown] minutes=14 objectives="1 2"
# ## A judge that learns
#
# **Real or made?** The **discriminator** $D$ gets a sample $x$ and gives a *score* $s$, any number; $D(x) = \sigma(s) = 1/(1+e^{-s})$ is then its probability for "real". It should be near 1 for real samples $x$ and near 0 for the **generator**'s, $G(z)$, made of random numbers $z$. This is two-class classification, with the loss that goes with it (Goodfellow and others 2014):
#
# $$L_D = -\,\overline{\log D(x)} \;-\; \overline{\log\bigl(1 - D(G(z))\bigr)}$$
#
# The bar is the mean over a batch. With *softplus*, $\log(1+e^{s})$, the same reads $-\log D = \mathrm{softplus}(-s)$ and $-\log(1-D) = \mathrm{softplus}(s)$. That is no mere shorthand:

# %%
import os

from imgmusic_edu.backbones.engine import tensorflow
from imgmusic_edu.networks import gan

FULL = os.environ.get("IMGMUSIC_BUDGET") == "full"  # the full budget: the same code, many more steps
tf, keras = tensorflow()  # import tensorflow as tf, keras: without their messages
tf.config.experimental.enable_op_determinism()  # the same seed, the same pictures and sounds
keras.utils.set_random_seed(7)


# %%
def by_the_formula(real, made):
    """L_D, letter by letter."""
    real, made = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-made))
    return -np.log(real).mean() - np.log(1 - made).mean()


for real, made in ((2.0, -1.0), (0.0, 0.0), (-50.0, 50.0), (-1000.0, 1000.0)):
    real, made = np.array([real]), np.array([made])
    with np.errstate(all="ignore"):
        print(f"scores {real[0]:6.0f} {made[0]:6.0f}: formula {by_the_formula(real, made):8.3f}", end=", ")
    print(f"softplus {float(gan.discriminator_loss(real, made)):8.3f}")
assert np.isclose(float(gan.discriminator_loss(np.array([0.0]), np.array([0.0]))), 2 * np.log(2))

# %% [markdown]
# Score 0 for everything is a coin, with the loss $2\log 2 = 1.386$. Remember this number. And a confident error gives infinity by the formula, but a finite loss (and slope!) by softplus: *never put a sigmoid before a logarithm*; let the network end in a score.
#
# **What does the best judge know?** For one $x$, let $p$ be how often it comes as real and $q$ how often as made. The loss there is $-p\log D - q\log(1-D)$; its slope in $D$ is zero at
#
# $$D^\star(x) = \frac{p(x)}{p(x)+q(x)}$$
#
# So the score is $\log(p/q)$: by how much more likely is this sample in reality than in the forger's workshop? Let us see whether a network finds that out by itself. Real: numbers around 1; made: around -1.


# %%
def judged(x, hidden=16):
    """A discriminator of one number, trained on 4000 pairs."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(1)])
    random, adam = np.random.default_rng(1), keras.optimizers.Adam(0.02)

    @tf.function
    def learn(real, made):
        with tf.GradientTape() as tape:
            loss = gan.discriminator_loss(model(real), model(made))
        adam.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    for _ in range(300):
        learn(*(random.normal(middle, 1, (256, 1)).astype("f4") for middle in (1, -1)))
    return model(x[:, None].astype("f4")).numpy()[:, 0]


x = np.linspace(-2.5, 2.5, 11)
best = -((x - 1) ** 2) / 2 + (x + 1) ** 2 / 2  # log p / q of two normal distributions
off = np.abs(judged(x) - best)
print(f"log(p / q) runs from {best[0]:.1f} to {best[-1]:.1f}; the network is off by {off.mean():.2f} on average")
assert off.mean() < 0.7

# %% [markdown]
# > **Learnt:** a discriminator is a classifier whose score estimates how much likelier a sample is in reality than among the made ones; no formula for "real" is needed.
#
# Now the forger climbs that score.

# %% [markdown] minutes=14 objectives=2
# ## What should the forger want?
#
# **There are two ways to write "fool the judge".** The game says: the generator wants the opposite of $L_D$, so it minimises $\overline{\log(1 - D(G(z)))}$. Article 2 of our sources has $L_G = -\overline{\log D(G(z))}$ in its place, without a word on why. Both fall as $D$ rises. Look at their slopes in the score $s$, since that is all that reaches the generator:
#
# $$\frac{d}{ds}\log(1-\sigma(s)) = -D \qquad\qquad \frac{d}{ds}\bigl(-\log \sigma(s)\bigr) = D - 1$$

# %%
import matplotlib.pyplot as plt

losses = {"saturating": gan.saturating_loss, "non-saturating": gan.generator_loss}
scores = np.linspace(-8, 8, 65)
slopes = {}
with im.plots.style():
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained", sharex=True)
    for name, loss in losses.items():
        values = np.array([float(loss(np.array([s]))) for s in scores])
        slopes[name] = np.gradient(values, scores)
        axes[0].plot(scores, values, label=name)
        axes[1].plot(scores, slopes[name], label=name)
    axes[0].set(xlabel="score of a made sample", ylabel="generator's loss")
    axes[1].set(xlabel="score of a made sample", ylabel="slope of the loss")
    axes[1].legend()
said = ", ".join(f"{name} {slope[1]:.4f} at -8 and {slope[-2]:.4f} at 8" for name, slope in slopes.items())
im.show(figure, alt=f"Two falling losses, and their slopes: {said}. Only one pushes where the judge is sure of a fake.")
assert abs(slopes["saturating"][1]) < 1e-3 < 0.99 < abs(slopes["non-saturating"][1])

# %% [markdown]
# At the start all made samples are bad, the judge is sure ($s \ll 0$), and the minimax loss is *flat*: it has **saturated**, and the generator learns nothing. The non-saturating one pushes with full strength just there. That is why. (Both have the same resting point. With the second it is no longer one game about one number, which will matter.)
#
# **Test the gradient.** Every loss of this course is held against finite differences: move one number a little, and see how much the loss moves.


# %%
def finite_differences(loss, at, step=1e-4):
    """Slope of a loss in each number, by moving it."""
    found = np.zeros(len(at))
    for n in range(len(at)):
        moved = np.eye(len(at))[n] * step
        found[n] = (float(loss(at + moved)) - float(loss(at - moved))) / (2 * step)
    return found


at = np.array([-4.0, -1.0, 0.5, 3.0])
for name, loss in losses.items():
    with tf.GradientTape() as tape:
        tape.watch(scores := tf.constant(at))
        value = loss(scores)
    gradient = tape.gradient(value, scores).numpy()
    worst = np.abs(gradient - finite_differences(loss, at)).max()
    print(f"{name:<15}", np.round(gradient, 4), f"differs from finite differences by {worst:.0e}")
    assert worst < 1e-6 and (gradient < 0).all()

# %% [markdown]
# > **Learnt:** compare losses by their slopes where training *begins*; the non-saturating loss teaches when the judge is sure, the minimax loss does not.
#
# Two losses, two players, one table. Who may touch what?

# %% [markdown] minutes=16 objectives=3
# ## One round of the game
#
# **The commonest fault in GAN code is a weight that the wrong player moves.** The made samples pass through both networks, so without care the judge's lesson would also teach the forger to be *caught*. The round, as the package has it (`gan.teach_discriminator`, `gan.teach_generator`), in the order that matters:
#
# ```python
# fake = generator(latent, training=True)             # outside the tape: no gradient goes back into the generator
# with tf.GradientTape() as tape:
#     loss = discriminator_loss(discriminator(real), discriminator(fake))
# adam_d.apply(tape.gradient(loss, discriminator.trainable_variables), discriminator.trainable_variables)
#
# with tf.GradientTape() as tape:
#     loss = generator_loss(discriminator(generator(latent, training=True)))    # through the judge, but not into it
# adam_g.apply(tape.gradient(loss, generator.trainable_variables), generator.trainable_variables)
# ```
#
# (Where the whole chain is on one tape, as in PyTorch, "outside the tape" is spelled `detach`.) Check it on the smallest data that have something to forget, points around eight places on a ring:

# %%
points = gan.ring(512, np.random.default_rng(0))
generator, discriminator = gan.ring_nets()
latent = np.random.default_rng(1).standard_normal((64, generator.input_shape[-1])).astype("f4")
models = {"generator": generator, "discriminator": discriminator}


def changed(act):
    """Which networks an act moves."""
    before = {name: model.get_weights() for name, model in models.items()}
    act()
    return [
        n for n, m in models.items() if any((a != b).any() for a, b in zip(before[n], m.get_weights(), strict=True))
    ]


sgd = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)
judge = changed(lambda: gan.teach_discriminator(generator, discriminator, sgd[1], points[:64], latent))
forger = changed(lambda: gan.teach_generator(generator, discriminator, sgd[0], latent))
print(f"the judge's lesson moves: {', '.join(judge)}; the forger's lesson moves: {', '.join(forger)}")
assert judge == ["discriminator"] and forger == ["generator"]

# %% [markdown]
# **The loop** is `gan_training.Trainer`: it draws a batch, plays a round, and now and then reports the *mean* of each loss since the last report. (Article 2 prints the loss of the last batch of an epoch, one number out of thousands that happened to be last.) It stops when you do, by the kernel's stop button, and keeps what was learnt.

# %%
from imgmusic_edu.networks.gan_training import Trainer

RING_STEPS = 4000 if FULL else 1000


def ring_game(rates, **settings):
    """A game on the ring from always the same beginning."""
    keras.utils.set_random_seed(0)
    trainer = Trainer(*gan.ring_nets(), gan.ring, rates=rates, batch=128, **settings)
    for report in trainer.train(RING_STEPS, every=RING_STEPS // 4):
        print("step {step:5d}: L_D {discriminator:.3f}, L_G {generator:.3f}".format(**report))
    return trainer


hasty = ring_game((5e-3, 1e-3))  # learning rates of generator and discriminator
assert abs(hasty.history[-1]["discriminator"] - 1.386) < 0.15 > abs(hasty.history[-1]["generator"] - 0.693)

# %% [markdown]
# A judge's loss of about 1.386, a forger's of about $\log 2 = .693$: nobody can tell real from made. By its losses, this GAN is *perfect*. Look at it before you believe it.


# %%
def drawn(rows):
    """Points of several generators beside the real ones."""
    with im.plots.style():
        figure, axes = plt.subplots(1, len(rows), figsize=(2.2 * len(rows), 2.5), layout="constrained", sharey=True)
    for place, (name, these) in zip(axes, rows.items(), strict=True):
        place.plot(*points.T, ".", ms=2, color="#8c8c8c")
        place.plot(*these.T, ".", ms=3, color=im.plots.COLOURS[0])
        place.set(title=name, xlim=(-3, 3), ylim=(-3, 3), xlabel="x")
    axes[0].set(ylabel="y")
    return figure


def visited(these):
    """At how many of the eight places there is at least one point in a hundred."""
    angle = 2 * np.pi * np.arange(8) / 8
    apart = np.linalg.norm(these[:, None] - 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1), axis=2)
    near = apart.argmin(axis=1)[apart.min(axis=1) < 0.3]
    return int((np.bincount(near, minlength=8) >= len(these) / 100).sum())


shown = {"real": points, "made": hasty.samples(512)}
places = {name: visited(these) for name, these in shown.items()}
im.show(
    drawn(shown), alt=f"Points on a ring: the real ones at {places['real']} places, the made ones at {places['made']}."
)

# %% [markdown]
# > **Learnt:** each step moves one player's weights; and the losses of a GAN are no measure of what it makes.
#
# All samples crowd in one corner, and most of the eight places are forgotten. This is **collapse**, and it needs a measure.

# %% [markdown] minutes=18 objectives=6 practice=6
# ## How many different things?
#
# **Ask a set how many things are in it that have nothing in common.** Let $K_{ij}$ say how alike samples $i$ and $j$ are: 1 for the same, 0 for nothing in common. The eigenvalues $\lambda$ of $K/n$ are then shares that add up to 1, one for each *kind* of thing, and the **Vendi score** (Friedman and Dieng 2023) is the exponential of their entropy:
#
# $$\mathrm{VS} = \exp\Bigl(-\sum_i \lambda_i \log \lambda_i\Bigr)$$
#
# A thousand copies of one thing score 1, and $n$ things that are all unlike score $n$.

# %%
from imgmusic_edu.evaluation import diversity


def vendi(K):
    values = np.linalg.eigvalsh(K / len(K))
    values = values[values > 1e-12]
    return np.exp(-np.sum(values * np.log(values)))


three_kinds = np.kron(np.eye(3), np.ones((4, 4)))  # four copies of each of three things
for name, K in {"copies": np.ones((12, 12)), "three kinds": three_kinds, "all unlike": np.eye(12)}.items():
    print(f"12 things, {name}: {vendi(K):.3f}")
    assert np.isclose(vendi(K), diversity.vendi_score(K))


def ring_diversity(these):
    """Vendi score of 256 points, alike by distance: half a unit away is still rather alike."""
    return diversity.vendi_score(diversity.rbf_kernel(these[:256], width=0.5))


for name, these in shown.items():
    print(f"{name}: {ring_diversity(these):.2f} (places visited: {visited(these)})")
assert ring_diversity(shown["made"]) < 0.75 * ring_diversity(shown["real"])

# %% [markdown]
# **Why does it happen?** The forger finds *one* sample that the judge likes at the moment, and moves everything there. That is not even wrong: nothing in $L_G$ speaks of variety. When the judge has noticed, the forger moves on to another place. Our forger was five times as quick as the judge, so it always got there. Three kinds of mend; we try the first two, each as a single change:
#
# - **two time-scales**: let the *judge* be the quicker one (Heusel and others 2017);
# - **gradient penalty**: do not let the judge's landscape have cliffs. $R_1 = \frac{\gamma}{2}\,\overline{\lVert \nabla_x s(x) \rVert^2}$ at real samples (Mescheder and others 2018) flattens it there; WGAN-GP asks for slope 1 between real and made ones (Gulrajani and others 2017). Both are `gan.gradient_penalty`;
# - **a view of the batch**: show the judge how much a whole batch varies (*minibatch standard deviation*, `gan.minibatch_std`; Karras and others 2018), or let the forger match the mean of the judge's inner features in place of one score (*feature matching*, `gan.feature_matching_loss`; Salimans and others 2016). Both are there to be tried.
#
# The penalty needs a gradient *inside* the loss, and a gradient of that one. A plane $s = 3x + 4y$ has slope 5 everywhere, so we know what must come out:

# %%
plane = tf.constant([[3.0], [4.0]])
for slope in (0.0, 1.0):
    found = float(gan.gradient_penalty(lambda x: x @ plane, tf.constant(points[:32]), slope=slope))
    print(f"mean (5 - {slope:.0f})^2 = {found:.3f}")
    assert np.isclose(found, (5 - slope) ** 2, rtol=1e-4)
games = {"hasty forger": hasty}
print("With the penalty")
games["+ penalty"] = ring_game((5e-3, 1e-3), penalty=5.0)
print("With two time-scales")
games["judge quicker"] = ring_game((1e-3, 5e-3))

# %%
shown = {"real": points} | {name: game.samples(512) for name, game in games.items()}
scores = {name: ring_diversity(these) for name, these in shown.items()}
for name, these in shown.items():
    print(f"{name:<14} Vendi score {scores[name]:5.2f}, places visited {visited(these)}")
said = ", ".join(f"{name} {score:.1f}" for name, score in scores.items())
im.show(drawn(shown), alt=f"Real points and those of three games. Effective number of different points: {said}.")
assert scores["+ penalty"] > 1.5 * scores["hasty forger"] < scores["judge quicker"]

# %% [markdown]
# A score *above* that of the real points is no praise: the points in between are different, too. Noise is very diverse. So diversity always stands beside a distance from what is real; we shall use the **Frechet distance** of two crowds, $\lVert m - m'\rVert^2 + \mathrm{tr}\bigl(C + C' - 2(CC')^{1/2}\bigr)$ with their means $m$ and covariances $C$, over simple features. (Over those of a large network it is called FID.)
#
# **Break it:** what do `rates=(1e-3, 1e-3)` do, and what `game="wasserstein", penalty=1.0, rounds=3`, five lines above?

# %% [markdown] tags=["instructor"]
# **Pitfall.** Learners take "loss at 1.386" for success, since in every other chapter a loss that has come to rest is one. Let them say what they expect to see *before* the figure of the ring.
#
# **Question for the class.** Is the collapsed generator overfitted? (No: it makes things that are hardly like the data. Copying the training set would score high in diversity; the distance to the nearest training sample is what finds that.)

# %% [markdown]
# > **Learnt:** count kinds by the Vendi score, measure realism by a distance, and never report one without the other.
#
# With that much understood, let us read what others have published.

# %% [markdown] minutes=14 objectives=4
# ## A published listing, run in spirit
#
# **Six faults in sixty lines.** Article 2 has two GAN listings for "cross-modal style transfer". Here are their ideas in our words, as small as they can be. The second one's discriminator ends in a convolution of the last 4 x 4 pixels:

# %%
layers = keras.layers
ending = keras.Sequential([keras.Input((4, 4, 8)), layers.Conv2D(1, 4, activation="sigmoid")])
answers = ending(np.random.default_rng(0).standard_normal((8, 4, 4, 8)).astype("f4"))
labels = np.ones((8, 1), "f4")
print(f"answers {tuple(answers.shape)}, labels {labels.shape}")
try:
    keras.losses.BinaryCrossentropy()(labels, answers)
except ValueError as error:
    print(f"Fault 1: {str(error)[:110]}")
by_hand = -labels * np.log(answers)
print(f"Worse, by hand: {labels.shape} times {tuple(answers.shape)} gives {by_hand.shape}, each label with each answer")
assert by_hand.shape == (8, 1, 8, 1)
print(f"Mended: flattened to {tuple(layers.Flatten()(answers).shape)}")

# %% [markdown]
# **Fault 1** stops the listing at its first batch: it was never run. That is the kind sort of fault. Written by hand, the same shapes are *stretched* to fit, and everything trains, on a loss that means something else. Assert shapes.
#
# **Fault 2:** the first listing's "real data" are `randn`, normal noise. Whoever learns that perfectly has learnt noise. **Fault 3:** its generator is fed `style + content`, two more noises added up; no style, and nothing crosses a modality. What the sum keeps of either can be measured:

# %%
random = np.random.default_rng(3)
style, content = random.standard_normal((2, 2000))
together = style + content
kept = [np.corrcoef(together, part)[0, 1] ** 2 for part in (style, content)]
print(f"of the sum's variance {kept[0]:.0%} is style and {kept[1]:.0%} content, and nobody can say which is which:")
other = random.standard_normal(2000)  # any other style, with a content that makes up for it, gives the same input
print(f"another style and content, same sum: {np.abs((other + (together - other)) - together).max():.0e} apart")
assert abs(kept[0] - 0.5) < 0.1

# %% [markdown]
# (Ways that keep both apart: concatenation, or style as scale and shift of content, as AdaIN and FiLM do; chapter 12.) **Fault 4:** style enters the second listing nowhere at all. **Fault 5:** what is printed is the last batch's loss. How much does that say? Take the ring's last game, step by step:

# %%
watched = games["judge quicker"]
single = [report["discriminator"] for report in watched.train(60, every=1)]
print(f"sixty batches of one training: L_D {np.mean(single):.3f} on average,")
print(f"single ones from {min(single):.3f} to {max(single):.3f}; the last happens to be {single[-1]:.3f}")
assert max(single) > min(single)

# %% [markdown]
# **Fault 6** is a missing word: the formula in the text is the non-saturating loss, rightly, but the reader is told that the generator plays the discriminator's game. You know better. And the article asks for the "creativity" of what is made, but measures none; a collapsed generator would have passed.
#
# > **Learnt:** run what you read, look at shapes, at the data, and at what is averaged; a loss that is finite proves nothing.
#
# Now the same network, mended.

# %% [markdown] minutes=20 objectives=5
# ## Pictures from noise
#
# **What do places look like, 32 pixels wide?** The DCGAN (Radford, Metz and Chintala 2016) was the first recipe that worked for pictures: only convolutions with strides, batch normalisation and ReLU in the generator, tanh at its end, leaky ReLU in the discriminator, weights that begin at .02, Adam with $\beta_1 = .5$. Ours learns from crops of the shipped photographs of landscapes and monuments. Every fifth photograph is held out. A picture of your own may join:

# %%
from imgmusic_edu.networks import dcgan
from imgmusic_edu.widgets import PictureUpload

PictureUpload(lambda name, picture: own.update(picture=picture))

# %%
names = dcgan.places()
lessons = dcgan.training_pictures([name for n, name in enumerate(names) if n % 5])
if "picture" in own:
    lessons = np.concatenate([lessons, dcgan.training_pictures([own["picture"]], each=100)])
# CIFAR-10, if you have its file: lessons, labels = dcgan.open_cifar10("cifar-10-binary.tar.gz")
others = dcgan.training_pictures(names[::5])


def grid(samples, rows=3, columns=12):
    """Small pictures side by side, as a figure."""
    whole = dcgan.to_pictures(samples[: rows * columns]).reshape(rows, columns, 32, 32, 3)
    with im.plots.style():
        figure, axes = plt.subplots(figsize=(8, 8 * rows / columns), layout="constrained")
    axes.imshow(whole.transpose(0, 2, 1, 3, 4).reshape(32 * rows, 32 * columns, 3))
    axes.axis("off")
    return figure


def light(samples):
    """Mean lightness of the upper and of the lower third, of 1."""
    return tuple(float((samples[:, rows].mean() + 1) / 2) for rows in (slice(0, 11), slice(21, 32)))


top, bottom = light(lessons)
im.show(grid(lessons[::24]), alt=f"Crops of places: sky above ({top:.2f} of full light), ground below ({bottom:.2f}).")

# %% [markdown]
# The generator, layer by layer, is `dcgan.build`: 64 random numbers become 4 x 4 cells with 128 channels each, and three transposed convolutions double the side: 8, 16, 32.

# %%
generator, discriminator = dcgan.build(seed=0)
for layer in generator.layers:
    if layer.count_params():
        print(
            f"{layer.__class__.__name__:<20} gives {layer.output.shape[1:]!s:<14} with {layer.count_params():,} weights"
        )
print(
    f"together {generator.count_params() + discriminator.count_params():,}; the judge ends in {discriminator.output_shape}"
)

# %%
from imgmusic_edu.networks.vocoder_corpus import cache_folder

PICTURE_STEPS = 6000 if FULL else 200
folder = cache_folder() / "ch07_pictures" if FULL else None  # long trainings go on where they stopped
game = Trainer(generator, discriminator, dcgan.draw_from(lessons), folder=folder, **dcgan.SETTINGS)
place = diversity.Standard(diversity.picture_features(lessons))


def seen(samples):
    """Features of pictures: colours and edges of 4 x 4 cells, in units of what real ones vary by."""
    return place(diversity.picture_features(samples))


stages = [game.samples(12)]
for report in game.train(max(0, PICTURE_STEPS - game.step), every=PICTURE_STEPS // 5):
    stages.append(game.samples(12))
    score = diversity.vendi_score(diversity.rbf_kernel(seen(game.samples(128))))
    print("step {step:4d}, {seconds:3.0f} s: L_D {discriminator:.2f}, L_G {generator:.2f}".format(**report), end=", ")
    print("scores {real_score:+.2f} real, {fake_score:+.2f} made;".format(**report), f"Vendi {score:.1f}")

# %%
rows = stages[:: max(1, len(stages) // 6)] if FULL else stages
top, bottom = light(game.samples(128))
alt = f"A row a stage: from flat grey to coloured places. In the last one the upper third has {top:.2f} of full light, the lower {bottom:.2f}."
im.show(grid(np.concatenate(rows), rows=len(rows)), alt=alt)

# %% [markdown]
# Each column is one $z$, from the beginning downwards. So short a training makes no photographs, but it makes *places*: something light above, something darker below, blue, ochre, green. How good is that? Against what? **Chance**: noise. **Mean**: the mean crop, what squared error would give. **Copy**: the training pictures themselves, from the memory of a thief. **Oracle**: other crops of the held-out photographs. All distances are to held-out ones.

# %%
N = 96  # of each kind: Vendi scores hang on the number
mixed = np.random.default_rng(5).permutation(len(others))
target, oracle = others[mixed[:N]], others[mixed[N : 2 * N]]
kinds = {
    "chance: noise": np.random.default_rng(0).uniform(-1, 1, (N, 32, 32, 3)),
    "mean crop": np.repeat(lessons.mean(axis=0)[None], N, axis=0),
    "copies of lessons": lessons[np.random.default_rng(1).permutation(len(lessons))[:N]],
    "this DCGAN": game.samples(N),
    "oracle: held out": oracle,
}


# %%
def judge_by_features(kinds, target, features, known):
    """Frechet distance to the target, Vendi score, and how near the nearest lesson is: printed and given back."""
    print(f"{'':<22} Frechet   Vendi   nearest lesson")
    table = {}
    for name, samples in kinds.items():
        f = features(samples)
        near = np.median(diversity.nearest_distance(f, features(known)))
        table[name] = (
            diversity.frechet_distance(f, features(target)),
            diversity.vendi_score(diversity.rbf_kernel(f)),
            near,
        )
        print("{:<22}{:8.2f}{:8.2f}{:12.2f}".format(name, *table[name]))
    return table


table = judge_by_features(kinds, target, seen, lessons)
assert table["this DCGAN"][0] < min(table["chance: noise"][0], table["mean crop"][0])
assert table["this DCGAN"][2] > 0.8 * table["oracle: held out"][2] > table["copies of lessons"][2] == 0

# %% [markdown]
# Read it by columns. *Frechet*: nearer to reality than chance and mean, and still well behind real pictures. *Vendi*: noise, seen from afar, is all alike; the mean crop is one thing. *Nearest lesson*: a copy is at 0; ours lies no nearer than real, unseen crops do, so it has not learnt by heart (after hours of training on so few crops it might: look again then). The copyist's figures are nearly those of real pictures, and he makes nothing: **no one column may be read alone**.
#
# > **Learnt:** DCGAN's recipe and a penalty give recognisable places within a minute; judge them in a table with chance, mean, copy and oracle.
#
# Will it collapse, as the ring did?

# %% [markdown] minutes=16 objectives=6 practice=6
# ## Collapse, and its cure
#
# **Let us ruin it on purpose.** Two copies go on from the same weights for 40 steps; the only change is the pace: the forger ten times as quick as the judge. One of them has the penalty, which mended the ring.


# %%
def copy_of(game, **settings):
    """A new game that begins with the weights of another."""
    nets = dcgan.build(seed=0)
    for mine, theirs in zip(nets, (game.generator, game.discriminator), strict=True):
        mine.set_weights(theirs.get_weights())
    return Trainer(*nets, dcgan.draw_from(lessons), **settings)


def counted(game):
    """Vendi score of 96 samples."""
    return diversity.vendi_score(diversity.rbf_kernel(seen(game.samples(N))))


ruined = copy_of(game, rates=(2e-3, 2e-4))
ruined_too = copy_of(game, rates=(2e-3, 2e-4), penalty=10.0)
before = counted(game)
for name, one in {"without penalty": ruined, "with penalty": ruined_too}.items():
    (report,) = one.train(40, every=40)
    print(f"{name}: Vendi {before:.1f} -> {counted(one):.1f}, L_D", "{discriminator:.2f}".format(**report))
collapsed = counted(ruined)
im.show(grid(ruined.samples(24), rows=2), alt=f"All pictures are nearly one: Vendi score {collapsed:.1f}.")
assert collapsed < 0.6 * before

# %% [markdown]
# One picture, 24 times. And the penalty, this time, did not help: it flattens the judge's landscape, but a forger who is ten times as quick does not mind. A mend that works on one problem is a hypothesis on the next.
#
# **The cure:** go on from the *collapsed* weights, with equal pace again, and with the penalty. Watch it in the dashboard: the cell plays the first 60 steps; then press **Train on** for more. While it trains you can stop it, or run other cells, and what it has learnt so far is kept.

# %%
from imgmusic_edu.widgets.gan_dashboard import GanDashboard

cured = copy_of(ruined, **dcgan.SETTINGS)
board = GanDashboard(cured, seen, real=oracle, steps=100)
shown = display(board, display_id=True)
for _ in cured.train(60, every=10):
    board.update()  # live, while the cell runs
shown.update(board)
healed = counted(cured)
print(f"Vendi {before:.1f} before, {collapsed:.1f} collapsed, {healed:.1f} after {cured.step} steps of cure")
assert healed > 1.5 * collapsed

# %% [markdown]
# **Play:** in the cell below is a game of your own on the ring, with the same dashboard. Which learning rates does it survive? Can you make the judge win so thoroughly that the forger learns nothing more?

# %%
keras.utils.set_random_seed(0)
mine = Trainer(*gan.ring_nets(), gan.ring, batch=128, rates=(5e-3, 1e-3), penalty=0.0)  # change me
GanDashboard(mine, lambda these: these / 0.5, real=points, steps=500, every=50)

# %% [markdown] tags=["instructor"]
# **Timing.** On slow machines halve `PICTURE_STEPS`. The dashboard trains between the kernel's other work, so a class can run further cells meanwhile.
#
# **Pitfall.** "The penalty did not help, so it is useless": on the ring it was the same mend that worked. Ask what differs (dimension, pace, batch normalisation in the generator), and how one would find out: change one thing at a time.

# %% [markdown]
# > **Learnt:** collapse comes when the forger outruns the judge; keep the pace, watch the diversity, and go back to a checkpoint when it falls.
#
# So far we have only looked. A spectrogram is a picture, too.

# %% [markdown] minutes=16 objectives=5
# ## Strokes that nobody played
#
# **Can it be heard?** 64 frames of 128 mel bands are three quarters of a second, a drum stroke's length. To `dcgan.build` that is a picture of 64 x 128 with one channel (after SpecGAN: Donahue, McAuley and Puckette 2019), and the vocoder of chapter 09 turns what comes out into sound. (All strokes of this chapter are heard 15 dB softer than their levels say, the real ones and the made ones alike: young generators hit too hard.) Levels in decibels are squeezed into -1..1 first, for tanh can give no other.

# %%
if "sound" in own:
    training, held_out = spectrogram_gan.strokes(own=[own["sound"]] * 4)
low, high = spectrogram_gan.to_levels(np.array([[[[-0.97]]], [[[1.0]]]])).ravel()
print(f"softest level {low:.0f} dB, loudest {high:.0f} dB; what is below becomes silence")
assert spectrogram_gan.GAIN == -15
STROKE_STEPS = 5000 if FULL else 160
folder = cache_folder() / "ch07_strokes" if FULL else None
draw = dcgan.draw_from(spectrogram_gan.to_samples(training))
drums = Trainer(*spectrogram_gan.build(seed=0), draw, folder=folder, **spectrogram_gan.SETTINGS)
for report in drums.train(max(0, STROKE_STEPS - drums.step), every=STROKE_STEPS // 4):
    print("step {step:4d}, {seconds:3.0f} s: L_D {discriminator:.2f}, L_G {generator:.2f}".format(**report))
made = spectrogram_gan.to_levels(drums.samples(N))


# %%
def spectrograms(levels, titles):
    """Strokes side by side, time to the right."""
    with im.plots.style():
        figure, axes = plt.subplots(2, 6, figsize=(9, 3.4), layout="constrained", sharex=True, sharey=True)
    for place, stroke, title in zip(axes.flat, levels, titles, strict=True):
        place.imshow(stroke.T, origin="lower", aspect="auto", extent=(0, 0.74, 0, 128), vmin=-44, vmax=36, cmap="magma")
        place.set_title(title, fontsize=9)
        place.grid(False)
    figure.supxlabel("time (s)", fontsize=10)
    figure.supylabel("mel band", fontsize=10)
    return figure


real = training[:: len(training) // 6][:6]
figure = spectrograms([*real, *made[:6]], ["real"] * 6 + ["made"] * 6)
peaks = [float(np.mean([stroke.max(axis=1).argmax() for stroke in these])) * 256 / 22050 for these in (training, made)]
alt = f"Six real strokes and six made ones: loud at once, then dying away. They are loudest after {peaks[0]:.2f} s (real) and {peaks[1]:.2f} s (made) on average."
im.show(figure, alt=alt)

# %%
from imgmusic_edu import vocoders

for n in range(4):
    display(spectrogram_gan.heard(made[n], title=f"Made stroke {n}"))
by_peak = [np.abs(spectrogram_gan.heard(stroke).samples).max() for stroke in made[:8]]
print("peaks of eight made strokes:", ", ".join(f"{peak:.2f}" for peak in by_peak))
display(spectrogram_gan.heard(made[0], vocoder=vocoders.get("griffin_lim"), title="Made stroke 0, by Griffin-Lim"))
assert np.median(by_peak) > 0.01

# %% [markdown]
# And in the table. The features are the mean levels of 8 x 16 cells of time and pitch. "Held out" are *other drums*; "oracle" are other variants (speed, level) of the drums that were lessons.

# %%
floor = spectrogram_gan.CENTRE - spectrogram_gan.SPREAD
still = diversity.Standard(diversity.sound_features(np.maximum(training, floor)))


def listened(levels):
    return still(diversity.sound_features(np.maximum(levels, floor)))


variants, _ = spectrogram_gan.strokes(each=4, seed=1)
pick = np.random.default_rng(2)
noise = spectrogram_gan.to_levels(pick.uniform(-1, 1, (N, 64, 128, 1)))
kinds = {
    "chance: noise": noise,
    "mean stroke": np.repeat(mean[None], N, axis=0),
    "copies of lessons": pick.permutation(training)[:N],
    "this GAN": made,
    "other drums, held out": pick.permutation(held_out)[:N],
    "oracle: variants": pick.permutation(variants)[:N],
}
table = judge_by_features(kinds, pick.permutation(variants)[:N], listened, training)
assert table["this GAN"][0] < table["other drums, held out"][0] < table["chance: noise"][0]
assert table["this GAN"][1] > 1.5 * table["mean stroke"][1]

# %% [markdown]
# Compare the first column with the mean stroke's: the safe middle is not far from anything, and in so short a training ours gains little on it. But its diversity is 1, and you have heard it. Strokes of *other* drums lie farther away than anything but noise: fifty recordings are a small world, and this GAN has learnt that world, not drums as such. Longer training (`IMGMUSIC_BUDGET=full`) makes the strokes better; only more recordings make the world larger.
#
# **Walk through the latent space.** Between two $z$ lie drums that are neither:

# %%
a, b = np.random.default_rng(4).standard_normal((2, drums.n_latent))
steps = np.linspace(0, 1, 6)[:, None]
z = np.cos(steps * np.pi / 2) * a + np.sin(steps * np.pi / 2) * b  # along the sphere: as long as other z on the way
walk = [spectrogram_gan.heard(stroke, title="One of six") for stroke in spectrogram_gan.to_levels(drums.made(z))]
lines = ["." * n + "x" + "." * (5 - n) for n in range(6)]
spectrogram_gan.sequence(walk, lines, tempo=60, bars=1, title="From one drum to another in six strokes")

# %% [markdown]
# > **Learnt:** whatever can be written as an array of fixed shape can be learnt by the same two losses; the vocoder makes it heard.
#
# Now play with it.

# %% [markdown] minutes=8 objectives=5 practice=5
# ## A drum machine of your own
#
# **Nobody has heard this kit before.** Choose four strokes by their numbers, and write a beat: a letter a sixteenth, `x` strong, `o` soft. Change anything.


# %%
def brightness(stroke):
    """Mean band of the energy of a stroke."""
    power = 10 ** (stroke / 10)
    return float((power.sum(axis=0) * np.arange(128)).sum() / power.sum())


order = sorted(range(N), key=lambda n: brightness(made[n]))
print("dark to bright:", order[:4], "...", order[-4:])
kit = [order[4], order[N // 3], order[2 * N // 3], order[-4]]  # change me: any four numbers below 96
beat = ["x.....x.x.....o.", "....x.......x..o", "..o...x...o...x.", "x.o.x.o.x.o.x.oo"]
sounds = [spectrogram_gan.heard(made[n]) for n in kit]
mine = spectrogram_gan.sequence(sounds, beat, tempo=104, bars=2, title="A beat on a kit that does not exist")
print(f"{mine.seconds:.1f} s, peak {np.abs(mine.samples).max():.2f}")
assert 1e-2 < np.abs(mine.samples).max() <= 0.9
mine

# %%
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:  # to keep them, write a folder of your own here instead
    mine.save(Path(folder) / "my_beat.wav")
    drums.generator.save_weights(Path(folder) / "my_drums.weights.h5")
    for path in sorted(Path(folder).iterdir()):
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    again = spectrogram_gan.build(seed=9)[0]
    again.load_weights(Path(folder) / "my_drums.weights.h5")
z = np.random.default_rng(0).standard_normal((2, drums.n_latent)).astype("f4")
assert np.allclose(again(z), drums.made(z), atol=1e-5)

# %% [markdown]
# Save the *weights*, with the code that builds the network: whole saved models break between versions. And the same $z$ gives the same drum for ever: a kit is four rows of numbers that you can send to a friend.
#
# > **Learnt:** a trained generator is an instrument; its latents are the presets.

# %% [markdown] minutes=2
# ## Summary
#
# - Squared error gives the mean; a judge that learns asks whether a thing could be one of them.
# - $L_D$ is two-class cross-entropy, by softplus of scores; its best judge knows $p/(p+q)$. $L_G = -\overline{\log D}$ pushes where the judge is sure, the minimax form does not.
# - In each step one player moves, and the other's weights stay.
# - The losses of a balanced game stand at 1.386 and .693, in perfection and in collapse alike. Count kinds by the Vendi score, measure nearness by a distance, and hold both against chance, mean, copy and oracle.
# - Collapse comes when the forger outruns the judge. Pace, penalty, and a view of the batch are mends; which one helps must be measured.
# - Pictures and spectrograms take the same networks and the same loop.

# %% [markdown] minutes=5
# ## What goes wrong in practice
#
# - **Labels and answers of different shapes.** The published listing compares (N, 1) with (N, 1, 1, 1) and stops. By hand it would have been stretched, and trained.
# - **Real and made swapped.** Both losses stay finite. While the judge learns, real samples must score above made ones: the trainer reports both.
# - **`detach` forgotten.** The forger is taught to be caught. Test that a step of one leaves the other's weights alone, bit for bit.
# - **A sigmoid, then a logarithm.** Infinite as soon as the judge is sure and wrong. Scores and softplus.
# - **Noise as data, style that is not used.** The program runs, and there is nothing to learn. Look at a batch before training on it.
# - **The last batch's loss as the epoch's.** Average, and print the diversity beside it.
# - **Waiting for the loss to fall.** It is a game: both losses at rest can mean anything. Look, and listen.
# - **Batch normalisation in a judge with a penalty.** The penalty asks for each sample's own slope; there is none.
# - **Range.** tanh gives -1..1; data in 0..255 or in decibels can never be met.
# - **The best of a thousand samples in the figure.** Show the first ones, from a fixed seed. We did.
# - **A score from 96 samples compared with one from 5000.** Vendi and Frechet both hang on the number.
# - **FID from a network that knows photographs, for spectrograms.** It answers, and means nothing.

# %% [markdown] minutes=13
# ## Exercises
#
# Each exercise has a cell for your answer and one that checks it. The checker tells you what went wrong, and tells more from try to try.


# %% exercise="ch07.judge" points=2 objective="1 2"
def judge(real_scores, made_scores):
    """The discriminator's loss, from scores."""
    ### BEGIN SOLUTION
    return np.logaddexp(0, -real_scores).mean() + np.logaddexp(0, made_scores).mean()
    ### END SOLUTION


# %% hidden="ch07.judge"
assert np.isclose(judge(np.zeros(3), np.zeros(7)), 2 * np.log(2))


# %% exercise="ch07.push" points=2 objective=2
def push(scores):
    """How fast the non-saturating loss of each made sample falls as its score rises."""
    ### BEGIN SOLUTION
    return 1 - 1 / (1 + np.exp(-scores))
    ### END SOLUTION


# %% hidden="ch07.push"
assert np.isclose(push(np.zeros(1))[0], 0.5)


# %% exercise="ch07.one_round" points=3 objective=3
def one_round(mu, w, real, z, rate):
    """The new mu and w after a round: the discriminator w * x first, then the generator z + mu."""

    ### BEGIN SOLUTION
    def D(scores):
        return 1 / (1 + np.exp(-scores))

    made = z + mu
    w = w - rate * (np.mean((D(w * real) - 1) * real) + np.mean(D(w * made) * made))
    return mu - rate * np.mean((D(w * made) - 1) * w), w
    ### END SOLUTION


# %% hidden="ch07.one_round"
assert np.allclose(one_round(0.0, 0.0, np.ones(2), np.zeros(2), 1.0), (0.25, 0.5))


# %% exercise="ch07.how_many" points=2 objective=6
def how_many(kernel):
    """The Vendi score of things that are as alike as the kernel says."""
    ### BEGIN SOLUTION
    values = np.linalg.eigvalsh(kernel / len(kernel))
    values = values[values > 1e-12]
    return np.exp(-np.sum(values * np.log(values)))
    ### END SOLUTION


# %% hidden="ch07.how_many"
assert np.isclose(how_many(np.eye(5)), 5)

# %% [markdown] minutes=5 practice="2 3 4 5 6"
# ## Quiz

# %%
im.exercises.quiz("ch07")

# %% [markdown] minutes=1
# ## References
#
# - M. Arjovsky, S. Chintala, L. Bottou (2017). Wasserstein GAN. arXiv:1701.07875.
# - C. Donahue, J. McAuley, M. Puckette (2019). Adversarial audio synthesis. arXiv:1802.04208.
# - D. Friedman, A. B. Dieng (2023). The Vendi score: a diversity evaluation metric for machine learning. arXiv:2210.02410.
# - I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, Y. Bengio (2014). Generative adversarial networks. arXiv:1406.2661.
# - I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville (2017). Improved training of Wasserstein GANs. arXiv:1704.00028.
# - M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler, S. Hochreiter (2017). GANs trained by a two time-scale update rule converge to a local Nash equilibrium. arXiv:1706.08500.
# - T. Karras, T. Aila, S. Laine, J. Lehtinen (2018). Progressive growing of GANs for improved quality, stability, and variation. arXiv:1710.10196.
# - L. Mescheder, A. Geiger, S. Nowozin (2018). Which training methods for GANs do actually converge? arXiv:1801.04406.
# - A. Radford, L. Metz, S. Chintala (2016). Unsupervised representation learning with deep convolutional generative adversarial networks. arXiv:1511.06434.
# - T. Salimans, I. Goodfellow, W. Zaremba, V. Cheung, A. Radford, X. Chen (2016). Improved techniques for training GANs. arXiv:1606.03498.
