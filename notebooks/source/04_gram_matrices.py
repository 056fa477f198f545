# ---
# title: Gram matrices
# minutes: 180
# prerequisites: Chapter 02 (layers of a network), and of chapter 03 the mel spectrogram. Of mathematics you need sums of products.
# objectives:
#   - work out a Gram matrix by hand and by code, and find the product that a printed example got wrong
#   - say what a sum over places forgets, show it by shuffling, and put back as much order as you need
#   - compare styles of pictures of any size, and of sounds of any length
#   - paint a photograph in the manner of a painting, with style and content in balance, and measure both
#   - paint at once with a network that has learnt to, mix two manners, and say what it costs
#   - grow ten new seconds from five seconds of rain or drums, and say why a melody does not survive it
# ---

# %% [markdown] minutes=8 objectives="4"
# ## In another hand
#
# **What makes a picture a Van Gogh, apart from what it shows?** Here is a photograph, painted in the manner of three paintings by a small network that this chapter takes apart. Each took a fraction of a second.

# %%
import os
import time

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from imgmusic_edu import datasets
from imgmusic_edu.networks.stylist import open_stylist

stylist = open_stylist()
photo = im.open_picture(datasets.picture("brandenburg_gate"), max_side=256)
paintings = {name: datasets.picture(name) for name in datasets.paintings()}
three = ("the_church_at_auvers", "cafe_terrace_at_night", "the_langlois_bridge")
began = time.perf_counter()
painted = {name: stylist.paint(photo, paintings[name]) for name in three}
print(f"{len(three)} pictures in {time.perf_counter() - began:.1f} s")


# %%
def hang(pictures, *, rows=1, size=2.3):
    """Pictures side by side, each under its name."""
    columns = -(-len(pictures) // rows)
    with im.plots.style():
        figure, axes = plt.subplots(rows, columns, figsize=(size * columns, size * rows), layout="constrained")
    for place, (title, one) in zip(np.ravel(axes), pictures.items(), strict=True):
        place.imshow(one)
        place.set_title(title.replace("_", " "), fontsize=9)
        place.set_axis_off()
    return figure


alt = "The Brandenburg Gate, and three times the same gate in the colours and strokes of three paintings by Van Gogh."
im.show(hang({"photograph": photo} | painted), alt=alt)

# %% [markdown]
# You would name the painter, and still see the gate. So there are two things in a picture that can be taken apart: *what* and *how*. Can one do that with a sound, too? This is rain, five seconds of it; at the end of the chapter it will rain for as long as you like, and never the same drops twice.

# %%
rain = im.open_sound(datasets.data_path("rain"))
rain

# %% [markdown]
# **Bring something of your own**: a photograph, and a painting or drawing, or any picture with a texture to it (a rug, bark, handwriting). They wait for you in the last part.

# %%
from imgmusic_edu.widgets import PictureUpload

own = {}
PictureUpload(lambda name, picture: own.update(photo=picture))

# %%
PictureUpload(lambda name, picture: own.update(painting=picture))

# %% [markdown]
# > **Learnt:** *what* and *how* are different things in a picture; the second is called style.
#
# What is style made of? Of sums of products, it turns out.

# %% [markdown] minutes=14 objectives="1"
# ## By hand
#
# **What do a painting's strokes have in common, wherever they are?** Chapter 02 asked a network's layers what they see. Such a layer gives **channels**: maps of the picture, one for each thing that the network looks for; this one is high where an edge slants, that one where something is blue. Style, says an idea by Gatys, Ecker and Bethge (2016), is *which channels fire together*, no matter where. So take two channels $i$ and $j$, multiply them place by place, and add up over all places:
#
# $$G_{ij} = \sum_{k=1}^{HW} F_{ik}\,F_{jk}$$
#
# $F_{ik}$ is channel $i$ at place $k$; a picture of $H \times W$ places has $HW$ of them. The table of all pairs is the **Gram matrix** $G$. Article 2 of our sources works an example of three channels of $2 \times 2$ places. Do it with a pencil before you run the cell: it takes six sums.

# %%
F = np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]])  # (channels, height, width)


def by_the_formula(F):
    """G_ij, letter by letter."""
    channels = [channel.ravel() for channel in F]
    return np.array([[sum(a * b for a, b in zip(i, j, strict=True)) for j in channels] for i in channels])


G = by_the_formula(F)
print(G)

# %% [markdown]
# The article prints 30, 70, 110, 174 and 446, and so do we. But for $G_{23}$ it prints **238**, twice, as $5 \times 9 + 6 \times 10 + 7 \times 11 + 8 \times 12$. What does the cell say? Find the product that went wrong.

# %%
terms = [(int(a), int(b)) for a, b in zip(F[1].ravel(), F[2].ravel(), strict=True)]
print("G23 =", " + ".join(f"{a} x {b}" for a, b in terms), "=", " + ".join(str(a * b) for a, b in terms), "=", G[1, 2])
printed = 238
for n, (a, b) in enumerate(terms):
    rest = G[1, 2] - a * b
    print(f"if the other three are right, product {n + 1} was taken as {printed - rest} in place of {a * b}")
assert G[1, 2] == 278 and 45 + 60 + 77 + 7 * 8 == printed

# %% [markdown] facts="40: 278 less 238"
# Any of the four could be off by 40, and only one of the candidates is itself a product of two numbers that stand side by side: $56 = 7 \times 8$. Somebody multiplied the second channel's last two numbers with each other, in place of $8 \times 12$. Keep the habit: when a worked example and your code disagree, find out which product it is.
#
# In the package, channels come last, as Keras has them, and a batch comes first. The product with itself turned round does all sums at once:

# %%
from imgmusic_edu import style

features = np.moveaxis(F, 0, -1)[None]  # (batch, height, width, channels)
rows = features.reshape(1, -1, 3)  # (batch, places, channels)
assert (rows[0].T @ rows[0] == G).all()
assert (style.gram_matrix(features, normalise=False)[0] == G).all()
print(f"features {features.shape}, Gram matrix {style.gram_matrix(features).shape}")

# %% [markdown]
# > **Learnt:** $G_{ij}$ is large where channels $i$ and $j$ are high in the same places; every entry is a sum of products, one for each place; and 238 is 278.
#
# A sum does not know the order of its terms. What gets lost with it?

# %% [markdown] minutes=16 objectives="2"
# ## What the sum forgets
#
# **Is a shuffled picture still in the same style?** Take the simplest features of all, a pixel's red, green and blue, and shuffle the pixels.

# %%
picture = im.open_picture(paintings["cafe_terrace_at_night"], max_side=256)
random = np.random.default_rng(4)
height, width = picture.shape[:2]
shuffled = random.permutation(picture.reshape(-1, 3)).reshape(picture.shape)


def in_tiles(picture, side):
    """The picture's tiles of some pixels a side, in another order."""
    rows, columns = picture.shape[0] // side, picture.shape[1] // side
    tiles = picture[: rows * side, : columns * side].reshape(rows, side, columns, side, 3).swapaxes(1, 2)
    tiles = random.permutation(tiles.reshape(-1, side, side, 3)).reshape(rows, columns, side, side, 3)
    return tiles.swapaxes(1, 2).reshape(rows * side, columns * side, 3)


shown = {"the painting": picture, "pixels shuffled": shuffled, "tiles of 32 shuffled": in_tiles(picture, 32)}
for name, one in shown.items():
    G = style.gram_matrix(one[None] / 255)[0]
    print(f"{name:22} red-red {G[0, 0]:.4f}  red-blue {G[0, 2]:.4f}  blue-blue {G[2, 2]:.4f}")
same = style.gram_matrix(shuffled[None] / 255)
assert np.allclose(same, style.gram_matrix(picture[None] / 255))


# %%
alt = (
    f"A painting of a café under stars; the same {height * width} pixels as coloured noise; and its tiles out of order."
)
im.show(hang(shown), alt=alt)

# %% [markdown]
# The Gram matrix of the *pixels* is the same to the last digit: three means of squares and three of products, which is a palette and nothing else. (The tiles lose the rim that no tile fits into, hence their small difference.) If that were all, style would be a bag of colours.
#
# But a **network's** channels look at neighbourhoods. Shuffle the pixels, and edges are gone *before* anything is summed. So ask the network of chapter 02 what it sees in the three, and compare its Gram matrices:
#
# $$\text{style loss} = \frac{\lVert G - \hat G \rVert^2}{\lVert \hat G \rVert^2}$$
#
# with $\hat G$ of the painting: 0 is the same style, 1 as far away as a picture with no features at all.

# %%
from imgmusic_edu import backbones

network = backbones.load()
layers = ("stem", "block_0", "block_2", "block_4")


def grams(picture):
    """The Gram matrix of each layer."""
    found = network.activations([picture], layers)
    return {layer: style.gram_matrix(found[layer]) for layer in layers}


wanted = grams(picture)
table = {name: {k: style.style_loss(grams(one)[k], wanted[k]) for k in layers} for name, one in shown.items()}
print(f"{'style loss':22}", *(f"{layer:>8}" for layer in layers))
for name, row in table.items():
    print(f"{name:22}", *(f"{row[layer]:8.3f}" for layer in layers))
assert all(table["tiles of 32 shuffled"][k] < table["pixels shuffled"][k] for k in layers)

# %% [markdown]
# Now the shuffled pixels are far away, and the shuffled tiles near: a layer knows as much of order as the window that one of its places looks through (its **receptive field**), and beyond that window all is forgotten. Early layers have small windows, later ones larger.
#
# **A matrix that knows a little more.** Compare each channel here with another *a step away*, and the sum remembers neighbours, at that one distance:
#
# $$G_{ij}(s) = \frac{1}{N}\sum_x F_i(x)\,F_j(x + s)$$
#
# (Berger and Memisevic 2017). With $s = 0$ it is the Gram matrix. Four horizontal stripes and their shuffled lines cannot be told apart by the one, and can by the other:

# %%
stripes = np.tile(np.repeat([0.0, 1.0], 4)[:, None, None], (4, 32, 1))[None]  # (1, 32, 32, 1): dark and light lines
mixed = stripes[:, random.permutation(32)]
for name, one in {"stripes": stripes, "the same lines, mixed": mixed}.items():
    found = [style.shifted_gram(one, (step, 0))[0, 0, 0] for step in (0, 4, 8)]
    print(f"{name:22}", "  ".join(f"{step} lines on: {g:.2f}" for step, g in zip((0, 4, 8), found, strict=True)))
assert style.shifted_gram(stripes, (8, 0))[0, 0, 0] == style.gram_matrix(stripes)[0, 0, 0]
assert style.shifted_gram(stripes, (4, 0))[0, 0, 0] == 0

# %% [markdown]
# Keep it in mind: for pictures one mostly does without, and for *rhythm* we shall need it.
#
# > **Learnt:** the sum over places forgets all order; what order there is, the features carry in, as far as their window reaches.
#
# What else counts in a sum? How many terms it has.

# %% [markdown] minutes=8 objectives="3"
# ## Two sizes of one picture
#
# **Why is the mean taken, where the article takes the sum?** Take one painting at two sizes. It is the same style, one would say.

# %%
small = im.open_picture(picture, max_side=128)
print(f"{'':14}{'sum':>10}{'mean':>10}")
for name, one in {"256 pixels": picture, "128 pixels": small}.items():
    features = one[None] / 255
    total, mean = (np.linalg.norm(style.gram_matrix(features, normalise=n)) for n in (False, True))
    print(f"{name:14}{total:10.0f}{mean:10.3f}")
sums = [style.gram_matrix(one[None] / 255, normalise=False) for one in (small, picture)]
loss = float(style.style_loss(*sums))
print(f"style loss of the small one by sums: {loss:.2f}, as if it had hardly any style")
assert loss > 0.5

# %% [markdown]
# By sums, half the side is a quarter of the style; the loss would push a small photo towards *brighter* and *louder* features until they made up for the missing places. (With a photo and a painting of one size nobody notices: that is why the fault survives in so many listings.) Divide by the number of places $N = HW$. Dividing by the channels too, as some do, is harmless and only rescales; forgetting $HW$ is not.
#
# > **Learnt:** $G = F^\top F / N$, a mean over places: then pictures of two sizes, and sounds of two lengths, have styles that can be compared.
#
# Enough theory for a first look: which channels do fire together?

# %% [markdown] minutes=10 objectives="2" practice=2
# ## Which fire together, and where?
#
# **Look a pair of channels in the eye.** The **Gram browser** shows one layer's matrix for a picture. Choose a pair, and see where each fires, and where both do; that last map's mean is $G_{ij}$. Then shuffle the places: the maps fall to dust, and the number stays.

# %%
from imgmusic_edu.widgets.gram_browser import gram_browser

gram_browser(paintings["cafe_terrace_at_night"])

# %% [markdown]
# Large numbers on the diagonal say that a channel fires strongly; off it, that two go together. Most entries are small: style is a *pattern* of a few hundred relations.
#
# > **Learnt:** the matrix holds what goes together with what, and nothing of where; shuffling the places proves it.
#
# Now turn the idea round. If a painting's style is a matrix, then a picture with that matrix is *in that style*.

# %% [markdown] minutes=22 objectives="4" practice=4
# ## Painting
#
# **Can pixels be moved until the matrices fit?** Nothing here learns but the picture itself: its pixels are the variables. Two things are wanted of it at once. Its Gram matrices $G^\ell$ in a few layers $\ell$ shall be the painting's, $\hat G^\ell$; and its features $F$ in one late layer shall still be the photograph's, $\hat F$, place by place:
#
# $$L = \underbrace{\frac{1}{\Lambda}\sum_{\ell=1}^{\Lambda} \frac{\lVert G^\ell - \hat G^\ell \rVert^2}{\lVert \hat G^\ell \rVert^2}}_{\text{style}} \;+\; w\,\underbrace{\frac{\lVert F - \hat F \rVert^2}{\lVert \hat F \rVert^2}}_{\text{content}}$$
#
# Both parts are *relative*: 0 is perfect, and no layer is heard above the others because its numbers are large. First the gradient, held against finite differences as always in this course:

# %%
from imgmusic_edu.backbones.engine import tensorflow

tf, keras = tensorflow()  # import tensorflow as tf, keras: without their messages
features, target = (random.standard_normal((1, 4, 4, 3)) for _ in range(2))
wanted_gram = style.gram_matrix(target)
with tf.GradientTape() as tape:
    x = tf.Variable(features)
    loss = style.style_loss(style.gram_matrix(x), wanted_gram) + style.content_loss(x, target)
slope = tape.gradient(loss, x).numpy()


def by_hand(x):
    return style.style_loss(style.gram_matrix(x), wanted_gram) + style.content_loss(x, target)


for place in ((0, 0, 0, 0), (0, 1, 2, 1), (0, 3, 3, 2)):
    moved = np.zeros_like(features)
    moved[place] = 1e-5
    difference = (by_hand(features + moved) - by_hand(features - moved)) / 2e-5
    print(f"slope at {place}: {slope[place]:+.6f} by the tape, {difference:+.6f} by moving")
    assert np.isclose(slope[place], difference, rtol=1e-4)

# %% [markdown]
# **Nine tenths of a Gram matrix.** A first try paints grey mush, and the reason is worth knowing. Features after a ReLU are never negative, so every channel has a mean, and the products of the *means* fill the matrix:

# %%
from imgmusic_edu.backbones.feature_maps import open_feature_maps

cafe = paintings["cafe_terrace_at_night"]
eye = open_feature_maps("efficientnet_lite0")  # the same network; it takes pictures of any size, and gives slopes
some = ("stem", "block_1_expand", "block_5_expand")
for layer, seen in zip(some, eye(tf.constant(cafe[None], tf.float32), some), strict=True):
    mean, _ = style.moments(seen.numpy())
    of_means = mean[0][:, None] * mean[0]
    share = np.linalg.norm(of_means) / np.linalg.norm(style.gram_matrix(seen.numpy()))
    print(f"{layer:15} the means alone make {100 * share:.0f} % of G")
    assert share > 0.8

# %% [markdown]
# What we want to see, the strokes, lies in the small rest. So take the painting's means away from *both* pictures' features first (Novak and Nikulin 2016); a picture with other means than the painting's still has another matrix, so nothing is lost. Two more things make it calm and quick:
#
# - **no rougher than the painting**: a network with strides does not see the finest pixels well, and noise would grow there. The picture's total variation may not exceed the painting's.
# - **small first**: at 64 pixels a step costs a sixteenth of that at 256. Large shapes settle there; then the picture is enlarged and goes on.
#
# And the weight $w$? Ask for what you mean, *how much of the content must stay* (as the cosine between $F$ and $\hat F$), and let $w$ rise while there is less of it and fall while there is more. Here is a class's view of it:

# %%
from imgmusic_edu.style.painting import paint

FULL = os.environ.get("IMGMUSIC_BUDGET") == "full"  # the full budget: the same code, more steps
STEPS = (80, 80, 160) if FULL else (50, 70, 42)
stages = {}


def watch(now):
    """Keep a picture now and then."""
    if now.step in (0, 20, 60, 110) or now.step == now.steps - 1:
        stages[f"step {now.step}: style left {100 * now.losses['style']:.0f} %"] = now.picture


result = paint(photo, cafe, steps=STEPS, progress=watch)
print(result.summary)
assert result.style_fall > 0.94 and result.cosine > 0.6

# %%
alt = f"The gate in {len(stages)} stages, from a small photograph to café colours and strokes. {result.summary}"
im.show(hang(stages), alt=alt)

# %%
steps = np.arange(len(result.history))
lines = {"style left": "style", "content cosine": "cosine"}
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    for name, key in lines.items():
        axes.plot(steps, [row[key] for row in result.history], label=name)
    axes.set(xlabel="step", ylabel="share", ylim=(0, 1.05))
    axes.legend()
last = result.history[-1]
alt = f"Two curves over {len(steps)} steps: the style's distance falls to {last['style']:.2f} of what it was, jumping where the picture is enlarged; the cosine of the content ends at {last['cosine']:.2f}."
im.show(figure, alt=alt)
im.listen(figure)

# %% [markdown]
# (The last line plays the plot: every figure of this course can be heard as well. The two curves come one after the other.)
#
# **Play:** what does the photograph become with `keep=0.9`, and with `keep=0.3`? With `brush=2`? Change the cell above and run it again.
#
# > **Learnt:** a picture is painted by moving its own pixels until its Gram matrices are the painting's; the content's weight is found by saying how much of it must stay.
#
# Which layer brought the colours, and which the strokes?

# %% [markdown] minutes=12 objectives="2 4"
# ## What each layer holds
#
# **Ask one layer alone.** Begin with noise, ask for no content, and for the Gram matrix of a single layer only. What appears is what that matrix *knows* of the painting:

# %%
from imgmusic_edu.style.painting import texture

alone = {}
for layer in ("stem", "block_1_expand", "block_3_expand", "block_5_expand", "block_8_expand"):
    grown = texture(cafe, layers=[layer], side=128, steps=(30, 50) if not FULL else (80, 160))
    alone[layer] = grown.picture
    print(f"{layer:15} {100 * grown.style_fall:.1f} % of the noise's distance is gone in {grown.seconds:.1f} s")

# %%
alt = "Five textures grown from noise. From the first layer to the last: specks of the painting's colours, then short strokes, then longer ones that meet in corners, then beams and pieces of wall, in no order."
im.show(hang(alone), alt=alt)

# %% [markdown]
# The deeper the layer, the larger the thing that survives, since each of its places sees a larger window; but beams and walls stand anywhere. That is the sum over places, once more.
#
# > **Learnt:** early layers hold colour and grain, later ones strokes and pieces of things; none holds the arrangement.
#
# Is the Gram matrix the only way to say it?

# %% [markdown] minutes=14 objectives="4"
# ## Other ways to say style
#
# **How little is enough?** Four descriptions of the same features, from poor to rich:
#
# - **mean and deviation** of each channel: two numbers each (AdaIN: Huang and Belongie 2017). The Gram matrix's diagonal is just their squares' sum;
# - the **histogram** of each channel: all its values, in order of size (Risser, Wilmot and Barnes 2017);
# - the **Gram matrix**: pairs of channels, too;
# - **patches**: every window of $3 \times 3$ places shall look like *some* window of the painting, the nearest one (a Markov random field: Li and Wand 2016). This is no sum over places any more: neighbours stay neighbours.

# %%
ways = {}
for term in ("moments", "histogram", "gram", "patches"):
    found = paint(photo, cafe, term=term, side=96, steps=(25, 30))
    ways[term] = found.picture
    print(
        f"{term:10} Gram distance gone {100 * found.style_fall:5.1f} %, cosine {found.cosine:.2f}, {found.seconds:4.1f} s"
    )

# %%
alt = "The gate in four ways: with the painting's means and deviations, with its histograms, with its Gram matrices, and made of its patches."
im.show(hang({"photograph": photo} | ways), alt=alt)

# %% [markdown] facts="24: the frame rate of cinema"
# All are judged by the Gram distance here, so of course the Gram matrix wins *that* column; judge by your eyes as well. Moments and histograms know nothing of which channels belong together. Patches bring whole pieces of the painting along, at a high price: every window is compared with every other.
#
# > **Learnt:** there is a ladder from two numbers a channel to whole patches; Gram matrices stand in the middle, and what you should take depends on what must survive.
#
# All of this takes seconds for every picture. A film has 24 pictures a second.

# %% [markdown] minutes=16 objectives="5"
# ## Painting at once
#
# **Can a network learn to do in one step what took two hundred?** Let it paint many photographs in many manners, and judge each result by the *same two losses*; but now the slopes move the network's weights, and not pixels (Johnson, Alahi and Fei-Fei 2016). How does it know in which manner? After each convolution every channel is set to a mean and a deviation (an **instance normalisation**), and those two come from the style:
#
# $$y_c = \gamma_c(s)\,\frac{x_c - \mu(x_c)}{\sigma(x_c)} + \beta_c(s)$$
#
# You have met this: it is "mean and deviation" from the ladder above, inside a network. $\gamma$ and $\beta$ are linear in a vector $s$ of 100 numbers that a second network reads off the painting (Dumoulin, Shlens and Kudlur 2017; Ghiasi and others 2017). So any painting will do, and between two vectors lies a manner that nobody has painted in.

# %%
n = sum(int(np.prod(weight.shape)) for weight in stylist.network.weights)
print(f"{n:,} weights")
assert n < 2_000_000
began = time.perf_counter()
at_once = stylist.paint(photo, cafe)
print(f"{photo.shape[1]} x {photo.shape[0]} pixels in {time.perf_counter() - began:.2f} s")

# %% [markdown]
# How good is it? Six photographs that it has never seen, each with a painting; beside each the slow way. The two numbers under each picture are the ones of this chapter: how much of the distance to the painting's style is gone, and the content's cosine.

# %%
from imgmusic_edu.style.painting import style_distance


def meters(picture, photo, painting):
    """Share of the photograph's distance from the style that is gone, and cosine of the content's features."""
    gone = 1 - style_distance(picture, painting) / style_distance(photo, painting)
    one, other = (eye(tf.constant(these[None], tf.float32), ("block_7",))[0] for these in (picture, photo))
    return gone, float(style.cosine_similarity(one, other))


# %%
PAIRS = (
    ("cat", "cafe_terrace_at_night"),
    ("brandenburg_gate", "the_church_at_auvers"),
    ("rhodes_windmill", "the_harvest"),
    ("picos_de_europa", "the_langlois_bridge"),
    ("astronaut", "portrait_of_pere_tanguy"),
    ("chateau_de_chenonceau", "the_night_cafe"),
)


def both_ways(photo_name, painting_name):
    """A photograph painted at once and by pixels, with the meters of both."""
    one, other = im.open_picture(datasets.picture(photo_name), max_side=256), paintings[painting_name]
    slow, quick = paint(one, other, steps=STEPS, keep=0.65), stylist.paint(one, other)
    print(f"{photo_name:18} by pixels {slow.summary.split(': ', 1)[1]}")
    return photo_name, painting_name, one, quick, slow, *meters(quick, one, other)


scores = [both_ways(*pair) for pair in PAIRS[:3]]

# %%
scores += [both_ways(*pair) for pair in PAIRS[3:]]
hung = {}
for photo_name, painting_name, one, quick, slow, gone, cosine in scores:
    hung |= {
        photo_name: one,
        painting_name: im.open_picture(paintings[painting_name], max_side=256),
        f"{photo_name}, at once\n{100 * gone:.0f} %, {cosine:.2f}": quick,
        f"{photo_name}, by pixels\n{100 * slow.style_fall:.0f} %, {slow.cosine:.2f}": slow.picture,
    }

# %%
alt = (
    "Six rows: a photograph, a painting, the photograph painted at once, and painted by moving its pixels. "
    + "; ".join(
        f"{photo_name}: at once {100 * gone:.0f} % of the style's distance gone, cosine {cosine:.2f}, by pixels {100 * slow.style_fall:.0f} % and {slow.cosine:.2f}"
        for photo_name, *_, slow, gone, cosine in scores
    )
)
im.show(hang(hung, rows=len(PAIRS), size=1.9), alt=alt)
assert all(slow.style_fall > 0.94 and slow.cosine > 0.6 for *_, slow, _, _ in scores)

# %% [markdown]
# Do not trust our own measure alone, for both were made to please it. Ask a stranger: the network that reads style vectors was trained by others, on many thousands of paintings, and has no part in the painting by pixels. Of our eight paintings, which one's vector is nearest to that of each result?

# %%
from imgmusic_edu.backbones.style_vector import style_vectors

names = list(paintings)
known = style_vectors(list(paintings.values()))


def nearest(picture):
    """The painting whose style vector is nearest."""
    return names[int(np.linalg.norm(known - style_vectors([picture])[0], axis=1).argmin())]


for way, results in {"at once": [row[3] for row in scores], "by pixels": [row[4].picture for row in scores]}.items():
    right = [nearest(picture) == row[1] for picture, row in zip(results, scores, strict=True)]
    print(f"{way}: the stranger finds the right painting for {sum(right)} of {len(right)}")
plain = [nearest(im.open_picture(datasets.picture(row[0]), max_side=256)) == row[1] for row in scores]
print(f"the bare photographs: {sum(plain)} of {len(plain)}")

# %% [markdown]
# (At once, the stylist is told what to do in the stranger's own words, its vectors; so its score proves less than the other one.)
#
# **Mix.** In the widget, go from one painting to another and see the strokes change; **Refine** goes on by moving pixels, with the weights of the layers as you set them.

# %%
from imgmusic_edu.widgets.style_mixer import style_mixer

style_mixer()

# %% [markdown]
# > **Learnt:** the same losses that move pixels can teach a network; it paints at once, less faithfully, and its styles can be mixed as vectors.
#
# So far for the eye. A spectrogram has channels, too: its bands.

# %% [markdown] minutes=20 objectives="6"
# ## A texture for the ear
#
# **What is the style of rain?** For a sound the positions are *times*, and the sum runs over them: $G_{ij} = \frac{1}{T}\sum_t F_i(t)\,F_j(t)$. What should the features be? Surprisingly, a network that has learnt *nothing* will do: one layer of random filters over the mel bands, some a few frames wide and some half a second (Ulyanov and Lebedev 2016). Each asks a random question about a piece of sound, and many random questions pin it down.
#
# As with pixels, what moves are the *samples*, from noise with the right spectrum to new rain:

# %%
from imgmusic_edu.style import textures
from imgmusic_edu.style.sound_statistics import compare

TEXTURE_STEPS = 300 if FULL else 60
noise = im.Sound(textures.shaped_noise(rain.samples, 3 * 22050), title="Noise with the rain's spectrum")
display(noise)
began = time.perf_counter()
more_rain = textures.grow(rain, seconds=10, steps=TEXTURE_STEPS)
print(f"{more_rain.sound.seconds:.0f} s of rain in {time.perf_counter() - began:.0f} s")
more_rain.sound


# %%
def table(rows):
    """A comparison, a line a statistic."""
    print(f"{'statistic':24}{'source':>10}{'grown':>10}{'off by':>9}")
    for row in rows:
        print(f"{row['statistic']:24}{row['source']:10.3g}{row['grown']:10.3g}{100 * row['error']:8.1f}%")
    return {row["statistic"]: row["error"] for row in rows}


print("noise with the spectrum of rain, before any step:")
before = table(compare(rain, noise))
print("\nafter growing:")
after = table(more_rain.comparison)
assert (
    after["modulation spectrum"] < 0.1
    and after["modulation spectrum"] < before["modulation spectrum"]
    and after["correlation"] < 0.1
)

# %% [markdown]
# The numbers are taken from the *sound*. (Modulations and onsets were also asked for on the way; centroid and correlation are measured here only.) How often something begins had to be asked for by name: rare heavy drops hardly change a sum over time, so the loss compares how clearly something begins at each moment, moment by moment from the least to the most. The **modulation spectrum** says how much the loudness of each band goes up and down at each speed: it tells drops from a waterfall. The last line is the greatest correlation of the new wave with any stretch of the old: it is new rain, not a copy. (The end fits its beginning, so it can go on for ever.)
#
# **Now a drum loop.** A stroke must come back after the same time; but a sum over times does not know *when*. What brings rhythm back is the autocorrelation, $A_c(l) = \frac{1}{T-l}\sum_t F_c(t)\,F_c(t+l)$: how much each channel resembles itself $l$ frames later (Antognini, Hoffman and Weiss 2019). You know it: it is the diagonal of the *shifted* Gram matrix from above. With and without:

# %%
drums = im.open_sound(datasets.data_path("drum_loop"))
display(drums)
loops = {}
for name, weight in {"Gram matrices alone": 0.0, "with autocorrelation": 10.0}.items():
    loops[name] = textures.grow(drums, seconds=5, steps=300 if FULL else 60, rhythm=weight).sound
    display(im.Sound(loops[name].samples, title=f"Drums, {name}"))


# %%
import itertools

from imgmusic_edu import audio_features


def pulse(sound):
    """Autocorrelation of the onsets' strength, lags up to 1.5 s."""
    strength = audio_features.onset_strength(sound.samples, sample_rate=22050)
    strength = (strength - strength.mean())[None, :, None]
    found = style.autocorrelation(strength, lags=range(130))[0, :, 0]
    return found / found[0]


curves = {"source": pulse(drums)} | {name: pulse(loop) for name, loop in loops.items()}


# %%
lags = np.arange(130) * 256 / 22050
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    for (name, curve), dashes in zip(curves.items(), ("-", ":", "--"), strict=True):
        axes.plot(lags, curve, dashes, label=name)
    axes.set(xlabel="lag (s)", ylabel="autocorrelation", ylim=(-0.3, 1.05))
    axes.legend()
likeness = {name: float(np.corrcoef(curve[10:], curves["source"][10:])[0, 1]) for name, curve in curves.items()}
said = ", ".join(f"{name} {like:.2f}" for name, like in likeness.items() if name != "source")
beat = (int(curves["source"][20:].argmax()) + 20) * 256 / 22050
alt = f"Three curves against the lag. The source has peaks at its beats, the highest at {beat:.2f} s. Likeness of the grown loops' curves to it, from -1 to 1: {said}."
im.show(figure, alt=alt)
print(f"the source's beat comes after {beat:.2f} s; likeness of the curves: {said}")
assert likeness["with autocorrelation"] > likeness["Gram matrices alone"] + 0.2

# %% [markdown]
# Without the term, the right strokes come at any time: the curve has nothing to do with the source's. With it, strokes come back after the right times, less surely than a drummer's.
#
# **Trained or random?** The shipped sound VGG knows what a flute is. Is it the better listener for a fire? To compare the *features*, leave the rhythm out; both take as many steps.

# %%
fire = im.open_sound(datasets.data_path("fire"))
display(fire)
errors = {}
for network_name in ("random", "sound_vgg"):
    by_features = textures.grow(fire, seconds=3, steps=30, network=network_name, rhythm=0.0)
    print(f"\n{network_name}:")
    errors[network_name] = table(by_features.comparison)["modulation spectrum"]
    display(im.Sound(by_features.sound.samples, title=f"Fire, by the features of {network_name}"))
assert errors["random"] < errors["sound_vgg"]

# %% [markdown]
# Compare the two tables. A network trained to name instruments has learnt to *ignore* what does not tell instruments apart, such as when exactly something crackles; random filters ignore nothing. (Each step with the trained one costs more, too.) For painting it is the other way round, since strokes and edges are just what a picture network has learnt to see.
#
# > **Learnt:** a sound's Gram matrix sums over time; random filters make good features for it; rhythm needs products with a *later* time.
#
# What else does a sum over time not know?

# %% [markdown] minutes=8 objectives="6"
# ## Where it fails
#
# **Grow a melody.** Sixteen notes of a scale, up and down. Each frame of the new sound will be fine, by the matrix. The tune?

# %%
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def tune(pitches, length=0.3):
    """Plucked notes, one after another."""
    t = np.arange(int(22050 * length)) / 22050
    notes = [np.sin(2 * np.pi * 440 * 2 ** ((p - 69) / 12) * t) * np.exp(-5 * t) for p in pitches]
    return im.Sound(0.5 * np.concatenate(notes).astype(np.float32), title="A scale")


melody = tune(SCALE + SCALE[::-1])
display(melody)
jumbled = textures.grow(melody, seconds=5, steps=TEXTURE_STEPS)
jumbled.sound


# %%
def steps_along_the_scale(sound):
    """Of all changes from one pitch class to another: the share that goes to a neighbour in the scale."""
    heard = audio_features.chroma(sound.samples, sample_rate=22050).argmax(axis=1)
    order = [p % 12 for p in SCALE[:-1]]
    heard = [order.index(p) for p in heard if p in order]
    moves = [(b - a) % 7 for a, b in itertools.pairwise(heard) if a != b]
    return float(np.mean([move in (1, 6) for move in moves]))


shares = {"the scale": steps_along_the_scale(melody), "grown from it": steps_along_the_scale(jumbled.sound)}
shares["chance"] = 2 / 6
print(", ".join(f"{name}: {100 * share:.0f} % of its steps go to a neighbour" for name, share in shares.items()))
assert shares["grown from it"] < 0.8 * shares["the scale"]

# %% [markdown]
# The notes are there, and the tune is gone, as the beams and walls of the café were there, anywhere. A melody *is* order; to the sum over times it is a bag of notes. Filters half a second wide keep two notes together, seldom three. If you need the tune, do not ask for a texture: take content as content, which is what chapter 12 does, or write the notes down, as chapter 10 does.
#
# > **Learnt:** whatever lasts longer than the widest filter is not style to a Gram matrix; a melody is not a texture.
#
# Now yours.

# %% [markdown] minutes=8 objectives="4 6" practice="4 6"
# ## Yours
#
# **Your photograph in the manner of your painting, and a rain of your own.** If you brought nothing, the cell takes a picture of this course.

# %%
from imgmusic_edu.widgets import SoundUpload

SoundUpload(lambda name, chosen: own.update(sound=chosen))

# %%
mine = im.open_picture(own.get("photo", datasets.picture("kinderdijk_windmills")), max_side=256)
manner = im.open_picture(own.get("painting", paintings["the_painter_on_the_road_to_tarascon"]), max_side=256)
made = paint(mine, manner, steps=STEPS, keep=0.7)  # change me: keep, brush, term
print(made.summary)
shown = {
    "the photograph": mine,
    "the manner": manner,
    "at once": stylist.paint(mine, manner),
    "by pixels": made.picture,
}
im.show(hang(shown), alt=f"A photograph, a manner, and the photograph in it, at once and by pixels. {made.summary}")

# %%
endless = textures.grow(own.get("sound", im.open_sound(datasets.data_path("stream"))), seconds=6, steps=TEXTURE_STEPS)
twice = im.Sound(np.tile(endless.sound.samples, 2), title="Six seconds that go round, twice")
twice

# %%
import tempfile
from pathlib import Path

from PIL import Image

with tempfile.TemporaryDirectory() as folder:  # to keep them, write a folder of your own here instead
    Image.fromarray(made.picture).save(Path(folder) / "in_my_manner.png")
    endless.sound.save(Path(folder) / "endless.wav")
    for path in sorted(Path(folder).iterdir()):
        print(f"{path.name}: {path.stat().st_size:,} bytes")

# %% [markdown]
# > **Learnt:** a picture of your own in a manner of your choice, and a sound that never ends: both from sums of products.

# %% [markdown] minutes=2
# ## Summary
#
# - $G_{ij} = \frac{1}{N}\sum_k F_{ik}F_{jk}$: which channels fire together. In the printed example $G_{23}$ is 278.
# - The sum forgets every order of places; features carry in as much of it as their window sees; a shifted Gram matrix, or autocorrelation, puts back one distance.
# - Divide by the number of places, or sizes cannot be compared. Take the painting's means away, or they drown the rest.
# - Painting moves pixels until style and content are both small; say how much content must stay, and let the weight follow.
# - Means, histograms, Gram matrices, patches: a ladder from poor to rich.
# - A network can learn to paint at once. A stranger's judgement is worth more than the loss that was made small.
# - For sounds, random filters and a sum over time make rain; rhythm needs lags; a melody does not survive.

# %% [markdown] minutes=5
# ## What goes wrong in practice
#
# - **No division by $HW$.** With one size nobody sees it; with two, styles of one picture differ by the factor of their areas.
# - **$FF^\top$ the wrong way round.** A matrix of places with places has the same sum of squares, a hundred times the memory, and forgets nothing.
# - **Channels first, channels last.** A reshape without a transpose makes a matrix of nonsense, and the loss still falls.
# - **A worked example believed.** 238 has been copied from page to page. Add up.
# - **Style and content added as tensors.** The listing of article 2 adds a style and a content tensor of random numbers and calls the sum a fusion. Sums mean something only where both live in one space; here they are losses, two numbers.
# - **Weights like 1e-8.** They repair losses that are not relative, and must be found anew for every size and layer.
# - **The features of the photograph computed anew in every step.** They never change. Three pictures in the batch cost three times as much as one.
# - **Residual networks with a recipe for VGG.** Sums of what came before give matrices with a few huge entries. Take layers that end in a ReLU, and look at the pictures.
# - **The loss has fallen, so it looks good.** The loss was made small on purpose. Ask another network, and your eyes.
# - **A texture network asked for a tune.** See above.

# %% [markdown] minutes=12
# ## Exercises
#
# Each exercise has a cell for your answer and one that checks it. The checker tells you what went wrong, and tells more from try to try.


# %% exercise="ch04.by_hand" points=1 objective=1
def by_hand():
    """The Gram matrix of (1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12): three rows of plain sums."""
    ### BEGIN SOLUTION
    return [[30, 70, 110], [70, 174, 278], [110, 278, 446]]
    ### END SOLUTION


# %% hidden="ch04.by_hand"
assert by_hand()[1][2] == 5 * 9 + 6 * 10 + 7 * 11 + 8 * 12


# %% exercise="ch04.gram" points=2 objective=3
def gram(features):
    """The Gram matrix of features of shape (H, W, C), a mean over places."""
    ### BEGIN SOLUTION
    rows = features.reshape(-1, features.shape[-1])
    return rows.T @ rows / len(rows)
    ### END SOLUTION


# %% hidden="ch04.gram"
assert np.allclose(gram(np.ones((4, 5, 2))), np.ones((2, 2)))


# %% exercise="ch04.later" points=2 objective=6
def later(features, lag):
    """For each channel the mean of its value times its value `lag` frames later; features are (frames, C)."""
    ### BEGIN SOLUTION
    return np.mean(features[: len(features) - lag] * features[lag:], axis=0)
    ### END SOLUTION


# %% hidden="ch04.later"
assert np.allclose(later(np.ones((9, 2)), 3), 1)


# %% exercise="ch04.dress" points=2 objective=5
def dress(photo, painting):
    """Each channel of the photo's features with the mean and the deviation that it has in the painting's."""
    ### BEGIN SOLUTION
    own = (photo - photo.mean(axis=(0, 1))) / photo.std(axis=(0, 1))
    return own * painting.std(axis=(0, 1)) + painting.mean(axis=(0, 1))
    ### END SOLUTION


# %% hidden="ch04.dress"
assert dress(np.arange(24.0).reshape(3, 4, 2), np.ones((2, 2, 2))).std() < 1e-6

# %% [markdown] minutes=4
# ## Quiz

# %%
im.exercises.quiz("ch04")

# %% [markdown] minutes=1
# ## References
#
# - J. M. Antognini, M. Hoffman, R. J. Weiss (2019). Audio texture synthesis with random neural networks: improving diversity and quality. arXiv:1806.08002.
# - G. Berger, R. Memisevic (2017). Incorporating long-range consistency in CNN-based texture generation. arXiv:1606.01286.
# - V. Dumoulin, J. Shlens, M. Kudlur (2017). A learned representation for artistic style. arXiv:1610.07629.
# - L. A. Gatys, A. S. Ecker, M. Bethge (2016). Image style transfer using convolutional neural networks. CVPR, doi:10.1109/CVPR.2016.265.
# - G. Ghiasi, H. Lee, M. Kudlur, V. Dumoulin, J. Shlens (2017). Exploring the structure of a real-time, arbitrary neural artistic stylization network. arXiv:1705.06830.
# - X. Huang, S. Belongie (2017). Arbitrary style transfer in real-time with adaptive instance normalization. arXiv:1703.06868.
# - J. Johnson, A. Alahi, L. Fei-Fei (2016). Perceptual losses for real-time style transfer and super-resolution. arXiv:1603.08155.
# - C. Li, M. Wand (2016). Combining Markov random fields and convolutional neural networks for image synthesis. arXiv:1601.04589.
# - R. Novak, Y. Nikulin (2016). Improving the neural algorithm of artistic style. arXiv:1605.04603.
# - E. Risser, P. Wilmot, C. Barnes (2017). Stable and controllable neural texture synthesis and style transfer using histogram losses. arXiv:1701.08893.
# - D. Ulyanov, V. Lebedev (2016). Audio texture synthesis and style transfer. A post by its authors; on textures in pictures see arXiv:1603.03417.
