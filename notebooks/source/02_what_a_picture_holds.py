# ---
# title: What a picture holds
# minutes: 220
# prerequisites: Chapter 00. Of mathematics you need sums, means and the length of an arrow; networks are explained from the first multiplication on.
# objectives:
#   - say what colour, texture and shape are as numbers, and work each out by hand on a few pixels
#   - hear which of these numbers moves which quality of the music
#   - ask a trained network for any of its layers, and prepare pictures for it in the right way
#   - show which pixels a unit looks at, and derive a map that says where a class was seen
#   - compare features fairly, by neighbours and by a linear probe, beside chance and bare pixels
#   - find six faults in a published pipeline, mend them, and build a picture search of your own
# ---

# %% [markdown] minutes=10 objectives="1 2"
# ## Numbers with names
#
# **What is left of a picture when only one kind of number is kept?** Below is one photograph, three times. The first drawing kept nothing but its colours, the second nothing but its
# texture (small grey tiles of it, shuffled), the third nothing but its shapes. Guess what was photographed. Which drawing told you most?

# %%
import matplotlib.pyplot as plt
import numpy as np

from imgmusic_edu import visual_features as vf
from imgmusic_edu.scenes import lab_to_picture


def hang(place, drawn, title="", **options):
    """Draw a picture or a map on axes, without ticks or frame."""
    place.imshow(drawn, **{"cmap": "magma", **options})
    place.set(xticks=[], yticks=[], title=title)
    place.spines[:].set_visible(False)
    place.grid(False)


secret = vf.standard_copy(im.open_data("photographs/scarlet_macaw"))
colours = vf.palette(secret)  # (5, 4): L*, a*, b*, share
bars = lab_to_picture(np.repeat(colours[None, :, :3], np.round(256 * colours[:, 3]).astype(int), axis=1))
grey = lab_to_picture(vf.rgb_to_lab(secret) * (1, 0, 0))
rows, columns = (side // 16 for side in grey.shape[:2])
tiles = grey[: rows * 16, : columns * 16].reshape(rows, 16, columns, 16, 3).swapaxes(1, 2).reshape(-1, 16, 16, 3)
tiles = np.random.default_rng(2).permutation(tiles).reshape(rows, columns, 16, 16, 3).swapaxes(1, 2)
lines = vf.edges(secret, sigma=2.0)

# %%
ghosts = {"colours": bars.repeat(180, axis=0), "texture": tiles.reshape(rows * 16, columns * 16, 3), "shapes": ~lines}
with im.plots.style():
    figure, axes = plt.subplots(1, 3, figsize=(8, 2.2), layout="constrained")
for place, (title, drawn) in zip(axes, ghosts.items(), strict=True):
    hang(place, drawn, title, cmap="gray", aspect="auto")
alt = f"Three drawings. Bars of {len(colours)} colours, the widest {100 * colours[0, 3]:.0f} % of the whole; grey tiles in "
im.show(figure, alt=alt + f"no order; and black lines of edges on white, {100 * lines.mean():.0f} % of the places.")

# %% [markdown]
# Here is the photograph, and the music that comes of it. Rules like those of chapter 00 have read its colours, textures and shapes, each as a number.

# %%
macaw = im.compose(im.open_data("photographs/scarlet_macaw"), seconds=8, title="The scarlet macaw")
im.widgets.Player(macaw)

# %% [markdown]
# This chapter is about those numbers: what they are, how to compute them, and how to know that they are right. Most of it runs on any picture. Upload one of your own if you like; it is read
# where this notebook runs and nowhere else. Then run the next two cells.

# %%
upload = im.widgets.PictureUpload()
upload

# %%
own = upload.picture is not None
picture = im.open_picture(upload.picture if own else im.open_data("photographs/cat"), max_side=512)
print(f"{'Your picture' if own else 'The cat'}: {picture.shape[1]} x {picture.shape[0]} pixels, {picture.size} numbers")
im.widgets.PictureMicroscope(picture)

# %% [markdown]
# The **picture microscope** is a box that you move by its sliders. It says of the box and of the whole picture: how light, how colourful, how fine, how many edges. Find the place with the most edges,
# and one with none. (In a saved page without a kernel the sliders stand still.)
#
# > **Learnt:** a picture can be described by a few dozen numbers, each with a name; each kind of number keeps something and loses the rest.
#
# What do the names mean? Begin with the simplest question: how light is it?

# %% [markdown] minutes=24 objectives="1 2" practice=2
# ## What colour is
#
# ### Which grey is half as much light as white?
#
# A pixel has three bytes: red, green, blue, from 0 to 255. They are not amounts of light. We see small steps in the dark better than in the light, so the bytes are spaced to look even.
# The standard of screens, sRGB, fixes the curve. With $v$ the byte divided by 255, the light $\ell$, from 0 to 1, is
#
# $$\ell = \begin{cases} v / 12.92 & v \le 0.04045 \\ \left(\dfrac{v + 0.055}{1.055}\right)^{2.4} & \text{above} \end{cases}$$


# %%
def light_of(byte):
    v = byte / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


every = np.arange(256)
assert np.allclose(light_of(every), vf.srgb_to_linear(every.astype(np.uint8)))
half = int(np.abs(light_of(every) - 0.5).argmin())
print(f"Byte 128 is {100 * light_of(128):.0f} % of white's light; half the light is byte {half}.")

# %%
even_bytes = np.linspace(0, 255, 9)
even_light = np.interp(np.linspace(0, 1, 9), light_of(every), every)
with im.plots.style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained", width_ratios=(1, 1.6))
left.plot(every, light_of(every))
left.plot([half, half, 0], [0, 0.5, 0.5], color="black")
left.set(xlabel="byte", ylabel="light (share of white's)")
right.imshow(np.stack([even_bytes, even_light]), cmap="gray", vmin=0, vmax=255, aspect="auto")
right.set(yticks=[0, 1], yticklabels=["equal steps\nof the byte", "equal steps\nof light"], xticks=[])
right.grid(False)
alt = f"A curve of light against byte, bent upwards: half the light is reached at byte {half}. Beside it two rows of nine "
im.show(
    figure, alt=alt + f"greys; in the row of equal steps of light the second grey is already byte {even_light[1]:.0f}."
)

# %% [markdown]
# The upper row looks even and the lower one does not: most of its greys crowd at the light end. So there are two rules. **To compare how things look, do not use light; to mix or average light, do not use bytes.**
# A chessboard of black and white pixels, seen from afar, is as bright as half the light, the byte that the cell above printed, and not as 128. Programs that shrink pictures byte by byte get it wrong.
#
# ### How far apart are two colours?
#
# In bytes, distance means little: the same step can be plain in one colour and hidden in another. CIE `L*a*b*` (1976) was made so that equal distances look about equally large. Three steps lead there. Light is turned into the answers of a
# standard eye, $X, Y, Z$, by a matrix $M$; each is divided by that of white; then comes a cube root, nearly, because sensation grows more slowly than light:
#
# $$\begin{pmatrix} X \\ Y \\ Z \end{pmatrix} = M \begin{pmatrix} \ell_R \\ \ell_G \\ \ell_B \end{pmatrix}, \qquad
# f(t) = \begin{cases} \sqrt[3]{t} & t > 0.008856 \\ 7.787\,t + 16/116 & \text{below} \end{cases}$$
#
# $$L^\ast = 116\, f(Y) - 16, \qquad a^\ast = 500\,\big(f(X) - f(Y)\big), \qquad b^\ast = 200\,\big(f(Y) - f(Z)\big)$$
#
# where $X, Y, Z$ in the last line are shares of white. $L^\ast$ is lightness, 0 to 100; $a^\ast$ runs from green (below 0) to red, $b^\ast$ from blue (below 0) to yellow.

# %%
M = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
white = np.array([0.95047, 1.0, 1.08883])  # daylight


def lab_of(rgb):
    t = light_of(np.asarray(rgb)) @ M.T / white
    x, y, z = np.moveaxis(np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


assert np.allclose(lab_of(picture), vf.rgb_to_lab(picture))
for name, rgb in {
    "white": (255, 255, 255),
    "grey 128": (128, 128, 128),
    "red": (255, 0, 0),
    "blue": (0, 0, 255),
}.items():
    print(f"{name:<9} L* {lab_of(rgb)[0]:5.1f}   a* {lab_of(rgb)[1]:6.1f}   b* {lab_of(rgb)[2]:6.1f}")
pairs = ((0, 255, 255), (60, 255, 255)), ((20, 20, 20), (80, 20, 20)), ((0, 60, 195), (0, 120, 195))
steps = [np.linalg.norm(lab_of(one) - lab_of(two)) for one, two in pairs]
for (one, two), apart in zip(pairs, steps, strict=True):
    print(f"{one!s:<14} to {two!s:<14}: 60 bytes, {apart:4.1f} units of L*a*b*")

# %% [markdown]
# The byte 128 has about half of the *lightness* and a fifth of the *light*; pure blue is the darkest of the four after all, though its byte is as full as that of red. And the same 60 bytes are hardly a step in one place and a leap in another.
#
# Two numbers, $a^\ast$ and $b^\ast$, are an arrow on a plane. Its length is the **chroma**, how far a colour is from grey, and its direction the **hue**: $C^\ast = \sqrt{a^{\ast 2} + b^{\ast 2}}$ and $h = \mathrm{atan2}(b^\ast, a^\ast)$. That is LCh. Here is your picture, taken apart:

# %%
lab = vf.rgb_to_lab(picture)
lch = vf.lab_to_lch(lab)
assert np.allclose(lch[..., 1] * np.cos(np.radians(lch[..., 2])), lab[..., 1])
turn = np.radians(lch[..., 2])
pure = np.stack([np.full_like(turn, 65), 40 * np.cos(turn), 40 * np.sin(turn)], axis=-1)
hues = np.where(lch[..., 1:2] > 4, lab_to_picture(pure), 128).astype(np.uint8)  # greys have no hue to speak of
with im.plots.style():
    figure, axes = plt.subplots(1, 4, figsize=(9, 2), layout="constrained")
hang(axes[0], picture, "the picture")
hang(axes[1], lab[..., 0], "L*", cmap="gray", vmin=0, vmax=100)
hang(axes[2], lch[..., 1], "C*", vmin=0)
hang(axes[3], hues, "hue")
for place in axes[1:3]:
    figure.colorbar(place.images[0], ax=place, shrink=0.8)
alt = f"The picture and three maps of it: lightness, mean {lab[..., 0].mean():.0f} of 100; chroma, mean "
alt += f"{lch[..., 1].mean():.0f}, highest {lch[..., 1].max():.0f}; and hue, in grey where there is no colour, "
im.show(figure, alt=alt + f"{100 * (lch[..., 1] <= 4).mean():.0f} % of the pixels.")

# %% [markdown]
# ### Five colours for all of them
#
# A photograph has thousands of colours. Which five stand for all? **k-means** (Lloyd 1957) starts with any $k$ colours $c_1 \dots c_k$ and repeats two steps: give each pixel $p_i$ to the colour nearest to it; move each colour to
# the mean of its pixels. Neither step can raise the sum of squares $\sum_i \min_k \lVert p_i - c_k \rVert^2$, so it comes to rest.


# %%
def k_means(pixels, centres, n_steps=12):
    for _ in range(n_steps):
        nearest = ((pixels[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        cost = ((pixels - centres[nearest]) ** 2).sum(axis=1).mean()
        there = [k for k in range(len(centres)) if (nearest == k).any()]  # a centre without pixels is given up
        centres = np.array([pixels[nearest == k].mean(axis=0) for k in there])
        print(f"{cost:.1f}", end="  ")
    return centres


pixels = lab.reshape(-1, 3)[::7]
rng = np.random.default_rng(0)
print("mean squared distance, step by step:")
found = k_means(pixels, rng.choice(pixels, 5, replace=False))

# %% [markdown]
# The first steps do most of the work. The package's `palette` does the same on a coarse count of the colours, and starts from colours far apart, so that small bright things are not overlooked. Move the slider: how few
# colours can your picture stand? With how many does it stop looking like a poster?

# %%
from ipywidgets import HTML, FloatSlider, IntSlider, VBox

from imgmusic_edu.widgets.markup import encode_picture, image, told


def slide(slider, draw):
    """A slider over a picture and its words: `draw` makes both from the slider's value."""
    view = HTML()

    def redraw(_=None):
        drawn, words = draw(slider.value)
        view.value = f'<div style="max-width: 400px">{image(encode_picture(drawn), words)}</div>{told(words)}'

    slider.observe(redraw, names="value")
    redraw()
    return im.widgets.named(VBox([slider, view]))


# %%
def poster(n_colours):
    few = vf.palette(picture, n_colours=n_colours)
    nearest = ((lab[..., None, :] - few[:, :3]) ** 2).sum(axis=-1).argmin(axis=-1)
    words = ", ".join(f"L* {light:.0f} a* {a:.0f} b* {b:.0f} on {100 * share:.0f} %" for light, a, b, share in few)
    return lab_to_picture(few[None, :, :3])[0][nearest], f"The picture in {len(few)} flat colours: {words}."


slide(IntSlider(min=1, max=12, value=4, description="Colours"), poster)

# %% [markdown]
# ### How colourful is it?
#
# Hasler and Süsstrunk (2003) let people rate photographs, and looked for a formula that agrees. With $rg = R - G$ and $yb = \tfrac12 (R + G) - B$, in bytes, and $\sigma$, $\mu$ for standard deviation and mean over the pixels,
#
# $$M = \sqrt{\sigma_{rg}^2 + \sigma_{yb}^2} + 0.3 \sqrt{\mu_{rg}^2 + \mu_{yb}^2}$$
#
# The spread counts more than the mean: a picture that is orange all over is less colourful than one with orange and blue.

# %%
R, G, B = np.moveaxis(picture.astype(float), 2, 0)
rg, yb = R - G, (R + G) / 2 - B
by_hand = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
assert np.isclose(by_hand, vf.colourfulness(picture))
some = {name: im.open_data(name) for name in ("polar_bear", "petra", "giant_panda", "kingfisher", "scarlet_macaw")}
row = sorted([("yours" if own else "cat", picture), *some.items()], key=lambda pair: vf.colourfulness(pair[1]))
with im.plots.style():
    figure, axes = plt.subplots(1, len(row), figsize=(9, 1.8), layout="constrained")
for place, (name, one) in zip(axes, row, strict=True):
    hang(place, one, f"{name.replace('_', ' ')}\n{vf.colourfulness(one):.0f}")
words = ", ".join(f"{name} {vf.colourfulness(one):.0f}" for name, one in row)
im.show(figure, alt=f"Six pictures from the least to the most colourful: {words}.")

# %% [markdown]
# **Break it.** A picture of one strong colour, `np.full((64, 64, 3), (255, 80, 0), np.uint8)`: is it colourful? Which of the two roots answers?
#
# ### What does the music do with it?
#
# Here is a picture twice. In the second, every $a^\ast$ and $b^\ast$ has changed its sign: red became green, yellow blue, and lightness stayed. Yellowness pulls at tempo and mode (rules R1 and R4 of chapter 00). Which
# of the two will be faster?

# %%
from IPython.display import display

warm = im.open_data("photographs/petra")
cold = lab_to_picture(vf.rgb_to_lab(warm) * (1, -1, -1))
for title, one in (("Petra", warm), ("Petra with its colours turned round", cold)):
    piece = im.compose(one, seconds=8)
    piece.sound.title = f"{title}: {piece.plan.tempo:.0f} beats per minute, {piece.plan.mode}"
    light, yellow = (piece.features.whole[name] for name in ("lightness", "yellowness"))
    print(f"{piece.sound.title} (lightness {light:.1f}, yellowness {yellow:+.1f})")
    display(piece.sound)

# %% [markdown] tags=["instructor"]
# **Pitfall.** "Lab distance is how different colours look" holds for small steps on a grey ground. For large ones, and for blues, it is rough; CIEDE2000 repairs part of it. Ask which of the pairs printed above they would have
# called nearer, before they look.
#
# **Pitfall.** Turned colours do not all exist on a screen: `lab_to_picture` keeps lightness and hue and gives up chroma there. That is why the yellowness printed for the second picture is not exactly minus the first.

# %% [markdown]
# > **Learnt:** a colour is three numbers, and which three matters: bytes for storing, light for mixing, `L*a*b*` for comparing.
#
# Shuffle all pixels, and not one of these numbers changes. What is it that is lost?

# %% [markdown] minutes=22 objectives="1 2" practice=1
# ## What texture is
#
# ### Which neighbours are lighter?
#
# Take one pixel $g_c$ and its eight neighbours $g_0 \dots g_7$, in order round the ring. Ask each: are you at least as light? The answers are bits, and eight bits are a number from 0 to 255, the **local binary pattern** (Ojala and others 2002):
#
# $$\mathrm{LBP} = \sum_{p=0}^{7} s(g_p - g_c)\, 2^p, \qquad s(x) = \begin{cases} 1 & x \ge 0 \\ 0 & x < 0 \end{cases}$$
#
# If the picture turns, the bits turn round the ring. So count only how many say yes, and only for patterns with at most two changes between yes and no on the way round: these, the *uniform* ones, are spots, corners and
# edges. All others share one bin. That makes ten bins. Do it by hand before you run the cell:

# %%
patch = np.array([[52, 60, 71], [48, 55, 66], [55, 41, 58]])
RING = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]  # clockwise from the upper left


def pattern_of(patch, answer=np.greater_equal):
    bits = [int(answer(patch[1 + down, 1 + right], patch[1, 1])) for down, right in RING]
    changes = sum(bits[p] != bits[p - 1] for p in range(8))  # bits[-1] is the last: the ring is closed
    return bits, changes, sum(bits) if changes <= 2 else 9


print(patch)
for sign, answer in ((">=", np.greater_equal), (">", np.greater)):
    bits, changes, pattern = pattern_of(patch, answer)
    print(f"with {sign:<2}: {bits}, {changes} changes, bin {pattern}")
assert pattern_of(patch)[2] != pattern_of(patch, np.greater)[2]  # one equal neighbour decides

# %% [markdown]
# One neighbour is equal to the centre, and the two signs give two patterns. On photographs that is no trifle: a clean sky is full of equal neighbours. With $\ge$ it falls into bin 8, with $>$ into bin 0, the bin of bright spots.
#
# For a whole picture, each bin's share of the pixels is the descriptor. Here it is in array form, and held against the package.


# %%
def lbp_shares(picture):
    lightness = vf.rgb_to_lab(picture)[..., 0]
    padded, (height, width) = np.pad(lightness + 1e-6, 1, mode="edge"), lightness.shape
    bits = np.array([padded[1 + d : 1 + d + height, 1 + r : 1 + r + width] >= lightness for d, r in RING])
    changes = (bits != np.roll(bits, 1, axis=0)).sum(axis=0)
    return np.bincount(np.where(changes <= 2, bits.sum(axis=0), 9).ravel(), minlength=10) / lightness.size


assert np.allclose(lbp_shares(picture), vf.lbp_histogram(picture))

# %%
surfaces = {name: vf.standard_copy(im.open_data(name)) for name in ("old_claw_hammer", "giraffe_head", "deep_field")}
with im.plots.style():
    figure, axes = plt.subplots(2, 3, figsize=(8, 3.6), layout="constrained", height_ratios=(1.5, 1), sharey="row")
words = []
for (top, bottom), (name, one) in zip(axes.T, surfaces.items(), strict=True):
    shares = vf.lbp_histogram(one)
    hang(top, one, name.replace("_", " "))
    bottom.bar(range(10), shares)
    bottom.set(xticks=range(10), xlabel="bin")
    words.append(f"{name}: edges (bin 4) {shares[4]:.2f}, flat (8) {shares[8]:.2f}, the rest (9) {shares[9]:.2f}")
axes[1, 0].set(ylabel="share")
im.show(figure, alt="Three pictures, each with its ten bins as bars. " + "; ".join(words) + ".")

# %% [markdown]
# A hammer on bare white is flat nearly everywhere. The giraffe is full of outlines, and the deep field, with its grain between the galaxies, has the most places without any order.
#
# Multiply all lightnesses by two, and no answer changes: the pattern knows the order of greys and not how far apart they are. **Break it**: `lbp_shares(picture // 2)` is nearly the same as before. Why only nearly? (Bytes are
# rounded: what was just lighter becomes equal.)
#
# ### Which greys stand side by side?
#
# The **co-occurrence matrix** (Haralick and others 1973, in short GLCM) does look at how far apart. Cut lightness into levels $0, 1, 2 \dots$; for each pair of neighbours in one direction, make a tally in row $i$, column $j$, where $i$ and $j$ are their levels. Count each pair in both orders,
# so that right and left are one direction; divide by the number of tallies, so that large and small pictures compare. This much can be done on paper:

# %%
import itertools

levels = np.array([[0, 0, 1], [0, 1, 2], [1, 2, 2]])
tally = np.zeros((3, 3))
for row in levels:
    for i, j in itertools.pairwise(row):  # each pixel and its neighbour to the right
        tally[i, j] += 1
        tally[j, i] += 1
p = tally / tally.sum()
i, j = np.indices(p.shape)
print(tally.astype(int))
print(f"contrast    sum of p (i - j)^2         = {(p * (i - j) ** 2).sum():.3f}")
print(f"homogeneity sum of p / (1 + (i - j)^2) = {(p / (1 + (i - j) ** 2)).sum():.3f}")
print(f"entropy     - sum of p log2 p          = {-(p[p > 0] * np.log2(p[p > 0])).sum():.3f} bits")
assert np.isclose(vf.glcm_properties(p)["contrast"], 8 / 12)  # eight of twelve tallies differ by one level

# %%
cloths = {name: vf.standard_copy(im.open_data(name)) for name in ("neptune", "hawa_mahal", "forest_stream")}
with im.plots.style():
    figure, axes = plt.subplots(2, 3, figsize=(7.5, 4.4), layout="constrained", height_ratios=(1, 1.4), sharey="row")
words = []
for (top, bottom), (name, one) in zip(axes.T, cloths.items(), strict=True):
    part = one[20:148, 50:200]
    matrix = vf.glcm(part)
    found = vf.glcm_properties(matrix)
    hang(top, part, name.replace("_", " "))
    bottom.imshow(np.log10(matrix[0] + 1e-5), origin="lower", extent=(0, 100, 0, 100), vmin=-5, vmax=-1, cmap="magma")
    bottom.set(title=f"contrast {found['contrast']:.1f}", xlabel="L* of a pixel")
    bottom.grid(False)
    words.append(f"{name} contrast {found['contrast']:.1f}, entropy {found['entropy']:.1f} bits")
axes[1, 0].set(ylabel="L* of its neighbour")
alt = "Three surfaces and their co-occurrence matrices, brighter the more frequent; near the diagonal neighbours are alike. "
im.show(figure, alt=alt + "; ".join(words) + ".")

# %% [markdown]
# A smooth surface lies on the diagonal, for neighbours are alike; a rough one spreads away from it. Contrast measures the width of the cloud.
#
# ### Which waves are in it?
#
# Stripes have a width and a direction. A **Gabor filter** answers to one of each. It is a wave of wavelength $\lambda$ going in the direction $\theta$, under a bell of width $\sigma$:
#
# $$g(x, y) = e^{-\frac{x^2 + y^2}{2 \sigma^2}} \cos\frac{2 \pi\, (x \cos\theta + y \sin\theta)}{\lambda}$$
#
# Its **energy** is the mean of the *squared* answer over the picture. (Squared, because the answer itself swings above and below zero and has a mean of nothing.)


# %%
def gabor(wavelength, theta, side=48):
    y, x = np.indices((side, side)) - (side - 1) / 2
    bell = np.exp(-(x**2 + y**2) / (2 * (0.56 * wavelength) ** 2))
    return bell * np.cos(2 * np.pi * (x * np.cos(theta) + y * np.sin(theta)) / wavelength)


ways = [f"{angle}" for angle in range(0, 180, 30)]
front = vf.standard_copy(im.open_data("photographs/reims_cathedral"))
energies = vf.gabor_energies(front)  # (4 wavelengths, 6 directions)
with im.plots.style():
    figure, axes = plt.subplots(1, 4, figsize=(9, 2.5), layout="constrained", width_ratios=(1, 1, 1, 1.6))
hang(axes[0], gabor(16, 0), "filter, 0 degrees", cmap="gray")
hang(axes[1], gabor(16, np.pi / 3), "filter, 60 degrees", cmap="gray")
hang(axes[2], front, "a cathedral")
hang(axes[3], energies, "energy", aspect="auto")
axes[3].set(xticks=range(6), xticklabels=ways, yticks=range(4), yticklabels=(4, 8, 16, 32))
axes[3].set(xlabel="direction (degrees)", ylabel="wavelength (pixels)")
best = np.unravel_index(energies.argmax(), energies.shape)
alt = "Two Gabor filters, upright stripes and slanting ones; a tall front; its energies, strongest at "
im.show(figure, alt=alt + f"{ways[best[1]]} degrees and {(4, 8, 16, 32)[best[0]]} pixels ({energies[best]:.2f}).")
assert best[1] == 0  # the wave goes sideways: the stripes stand upright

# %% [markdown]
# ### What does the music do with it?
#
# Three more functions put such answers into one number each: `fineness` (the middle of the spectrum, in octaves), `roughness` (how strongly the finest grain varies) and `directionality` (do all lines run one way?). Fineness pulls the
# music up: rule R7, fine textures sound high. Below are two grey cloths, alike in lightness, contrast and colour, and different only in their grain.

# %%
from imgmusic_edu import scenes

pair = {"coarse": scenes.texture(fineness=0.1), "fine": scenes.texture(fineness=0.9)}
with im.plots.style():
    figure, axes = plt.subplots(1, 2, figsize=(4, 2), layout="constrained")
for place, (title, cloth) in zip(axes, pair.items(), strict=True):
    piece = im.compose(cloth, seconds=8)
    hang(place, cloth, f"{title}: {vf.fineness(cloth):.1f} octaves", cmap="gray")
    piece.sound.title = f"The {title} cloth: melody around MIDI pitch {piece.plan.centre:.0f}"
    print(piece.sound.title)
    display(piece.sound)
words = ", ".join(f"{title} {vf.fineness(cloth):.1f} octaves" for title, cloth in pair.items())
im.show(figure, alt=f"Two grey cloths of noise, {words} above one wave per picture width.")

# %% [markdown] tags=["instructor"]
# **Pitfall.** A co-occurrence matrix over 256 levels of a small picture is nearly empty, and its entropy measures the size of the picture. Few levels (32 here) and a stated distance belong to every number that is reported.
#
# **Question for the class.** Local binary patterns do not change when the picture is darkened evenly; co-occurrence contrast does. Which one would you take for photographs by day and by night, and what would you lose?

# %% [markdown]
# > **Learnt:** texture is what can be said about neighbours: who is lighter, which greys meet, which waves run.
#
# Shuffle the tiles of the first figure, and texture hardly changes. What is lost now?

# %% [markdown] minutes=20 objectives="1 2"
# ## What shape is
#
# ### Where does one thing end?
#
# Where lightness rises steeply. With $g_x$ and $g_y$ the slopes to the right and downwards, the steepness is $\sqrt{g_x^2 + g_y^2}$, and the direction of the rise $\mathrm{atan2}(g_y, g_x)$. Canny (1986) made lines of it: blur by a bell of width $\sigma$; take the slopes; keep only
# the crest of each rise; begin a line where the crest is steep, and go on with it while it is half as steep. The blur decides what is a thing and what is mere texture. Move the slider from 0.5 to 8, and watch the fur go first.

# %%
quarter = vf.standard_copy(picture)  # the longest side has 256 pixels


def draw_edges(sigma):
    lines = vf.edges(quarter, sigma=sigma)
    drawn = np.where(lines[..., None], 0, 255).astype(np.uint8).repeat(3, axis=2)
    return drawn, f"Edges after a blur of {sigma} pixels: {100 * lines.mean():.1f} % of the places."


slide(FloatSlider(min=0.5, max=8, step=0.5, value=2, description="Blur"), draw_edges)

# %% [markdown]
# ### Which way do the edges run?
#
# The **histogram of oriented gradients** (HOG, Dalal and Triggs 2005) cuts the picture into cells. In each, every pixel votes for the direction of its slope, with its steepness as the weight; opposite directions are one, since a dark thing on a light ground has
# the same outline as a light one on dark. At the end all votes are divided by the root of the sum of their squares, so that contrast drops out. A few lines do it; those below leave out only what the package does to share a pixel between two neighbouring directions.

# %%
form = vf.rgb_to_lab(quarter)[..., 0]
down, right = np.gradient(form)
steep, way = np.hypot(right, down), np.arctan2(down, right) % np.pi
votes = np.zeros((4, 4, 9))
rows, columns = (np.arange(n) * 4 // n for n in form.shape)  # which cell each pixel belongs to
np.add.at(votes, (rows[:, None], columns[None, :], (way / np.pi * 9).astype(int) % 9), steep)
votes /= max(np.linalg.norm(votes), 1e-9)
theirs = vf.hog(quarter)
agreement = (votes * theirs).sum()  # both have length 1: this is the cosine of the angle between them
shuffled = (np.random.default_rng(0).permuted(votes.ravel()) * theirs.ravel()).sum()
print(f"by hand and the package: cosine {agreement:.3f} (our own numbers shuffled: {shuffled:.3f})")
assert agreement >= shuffled

# %%
subjects = {"yours" if own else "cat": quarter, "taj mahal": vf.standard_copy(im.open_data("taj_mahal"))}
with im.plots.style():
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
words = []
for place, (title, one) in zip(axes, subjects.items(), strict=True):
    cells, (height, width) = vf.hog(one) + 1e-9, one.shape[:2]  # a plain picture has no edges: all ways alike
    hang(place, lab_to_picture(vf.rgb_to_lab(one) * (0.4, 0, 0) + (60, 0, 0)), title)
    for row, column, k in np.ndindex(cells.shape):
        along = k * np.pi / 9 + np.pi / 2  # an edge runs across its slope
        step = np.array([np.cos(along), np.sin(along)]) * cells[row, column, k] / cells.max() * min(height, width) / 8
        middle = np.array([(column + 0.5) * width / 4, (row + 0.5) * height / 4])
        place.plot(*np.stack([middle - step, middle + step]).T, "-", color=im.plots.COLOURS[0], lw=2)
    upright, level = 100 * (cells.sum(axis=(0, 1)) / cells.sum())[[0, 4]]
    words.append(f"in {title} upright edges have {upright:.0f} % of the votes and nearly level ones {level:.0f} %")
im.show(
    figure,
    alt="Two pale pictures with a star of strokes in each of 16 cells, longer where more edges run that way: "
    + "; ".join(words)
    + ".",
)

# %% [markdown]
# ### Round or angular, alike or not, plain or striking?
#
# An outline that is cut out whole is a **contour**. How it bends says whether a thing is round: a circle bends everywhere alike, a star only at its corners. With $\kappa$ for the bend (radians a pixel) along all outlines, **angularity** is
#
# $$1 - \frac{\big(\overline{|\kappa|}\big)^2}{\overline{\kappa^2}}$$
#
# which is 0 if the bend is the same everywhere and goes towards 1 the more it is crowded into a few places. (Before the bend is taken, every frequency of the picture gets the strength that it has in a drawing of sharp edges. Where outlines run lies in the phases of the spectrum, how sharp they are in its amplitudes; so a sharpened picture is not taken for a more angular one.) **Symmetry** correlates the picture with its mirror image. **Saliency** is a map: how unlike its surroundings each place is, in lightness and in colour.

# %%
plain = {"object_size": 0.6, "complexity": 0, "fineness": 0, "roughness": 0}
things = {
    "round things": scenes.scene(angularity=0.0, **plain),
    "angular things": scenes.scene(angularity=1.0, **plain),
}
with im.plots.style():
    figure, axes = plt.subplots(2, 4, figsize=(8.5, 3.9), layout="constrained")
words = []
for (top, bottom), (title, one) in zip(axes.T, (things | subjects).items(), strict=True):
    copy = vf.standard_copy(one)
    angular, symmetric = vf.angularity(one), vf.symmetry(one)
    hang(top, copy, f"{title}\nangularity {angular:.2f}")
    for line in vf.contours(copy)[:12]:
        top.plot(*line.T, "-", color="white", lw=2.5)
        top.plot(*line.T, "-", color=im.plots.COLOURS[1], lw=1.2)
    hang(bottom, vf.saliency(copy), f"symmetry {symmetric:.2f}")
    words.append(f"{title}: angularity {angular:.2f}, symmetry {symmetric:.2f}")
alt = "Four pictures with their longest outlines, and below each a map, bright where it stands out. "
im.show(figure, alt=alt + "; ".join(words) + ".")
assert vf.angularity(things["round things"]) < vf.angularity(things["angular things"])

# %% [markdown]
# ### What does the music do with it?
#
# Which of two shapes is called *bouba*, and which *kiki*? Speakers of most languages that were asked give the round one the round name (Ćwiek and others 2022). Rule R12 takes that up: angular pictures get a brighter tone, a sharper attack and more friction. Everything but the outlines of the things is the same in these two:

# %%
heard = []
for title in ("round things", "angular things"):
    piece = im.compose(things[title], seconds=8)
    heard.append(im.audio_features.measure(piece.sound.samples)["spectral_centroid"])
    piece.sound.title = f"{title}: {piece.plan.instruments['melody']}, middle of the spectrum {heard[-1]:.0f} Hz"
    print(piece.sound.title)
    display(piece.sound)
assert heard[0] < heard[1]  # measured in the sound: the angular one is brighter

# %% [markdown]
# That was all made by hand: somebody thought of every one of these numbers. `describe` puts them into one row. How many are there, and what are a few of them called?

# %%
for group in vf.GROUPS:
    names = vf.descriptor_names(group)
    print(f"{group:<8}{len(names):4} numbers: {', '.join(names[:4])} ... {', '.join(names[-2:])}")
assert len(vf.describe(picture)) == len(vf.descriptor_names())

# %% [markdown]
# > **Learnt:** shape is where and which way lightness changes; corners, symmetry and what stands out can be counted too.
#
# Nobody told these numbers what a cat is. Could a machine find better numbers by itself?

# %% [markdown] minutes=14 objectives=3
# ## A network that has seen a million pictures
#
# ### What is a convolution?
#
# **How would you find an eye in a photograph?** Cut one out, and slide it over the picture: at each place multiply what lies under it, number by number, and add up. The sum is large where the picture looks like the cut-out. With $w$ for the cut-out (the *template*, or *kernel*), $x$ for the picture
# and $c$ for its channels,
#
# $$y(i, j) = \sum_{u, v, c} w(u, v, c)\; x(i + u,\, j + v,\, c) + b$$
#
# That is a convolution as networks use it; $b$ is a number added everywhere. Two things make it fair: take the mean off the template, so that a bright sky is no match for everything, and divide by the length of what lies under it (its own mean taken off as well).

# %%
from scipy.signal import correlate

scene = vf.rgb_to_lab(im.open_data("photographs/cat"))[..., 0]
top, left = 56, 122
eye = scene[top : top + 44, left : left + 52]  # the template
ones = np.ones(eye.shape)
bare = correlate(scene, eye, mode="valid")
variance = correlate(scene**2, ones, mode="valid") - correlate(scene, ones, mode="valid") ** 2 / eye.size
template = eye - eye.mean()
fair = correlate(scene, template, mode="valid") / np.sqrt(np.maximum(variance, 1)) / np.linalg.norm(template)
places = [tuple(map(int, np.unravel_index(score.argmax(), score.shape))) for score in (bare, fair)]
print(f"The bare product is largest at row {places[0][0]}, column {places[0][1]};")
print(f"the fair one at row {places[1][0]}, column {places[1][1]}, where it is {fair.max():.2f}.")
assert places[1] == (top, left)  # where the template came from
elsewhere = fair.copy()
elsewhere[:, : left + 52] = -1  # leave out what overlaps with the template
second = tuple(map(int, np.unravel_index(elsewhere.argmax(), elsewhere.shape)))
print(f"Right of it, the best is {elsewhere.max():.2f}, at row {second[0]}, column {second[1]}.")

# %%
with im.plots.style():
    figure, axes = plt.subplots(1, 3, figsize=(8.5, 2), layout="constrained")
whole = {"cmap": "gray", "extent": (0, scene.shape[1], scene.shape[0], 0)}
hang(axes[0], scene, "the template and the second best", **whole)
for (row, column), line in (((top, left), "-"), (second, "--")):
    axes[0].add_patch(plt.Rectangle((column, row), 52, 44, fill=False, edgecolor="white", lw=2, linestyle=line))
for place, score, title, (row, column) in zip(axes[1:], (bare, fair), ("bare product", "fair"), places, strict=True):
    hang(place, score, title)
    place.plot(column, row, "o", color="white", markersize=12, fillstyle="none")
alt = "A cat with a box round its eye and a dashed one where it is found again, and two maps of likeness, the largest value "
im.show(figure, alt=alt + "ringed: " + "; ".join(f"row {row}, column {column}" for row, column in places) + ".")

# %% [markdown]
# The bare product prefers whatever is light; the fair one finds the eye at exactly the place that it was cut from, where it is 1, and answers to the other eye as well. A convolutional network is this and little more: many small templates, a bent line after each (numbers below 0 become 0), and then templates
# *of templates*, layer upon layer. The one difference: **nobody cuts them out.** They begin as noise, and are changed a little after each of a million labelled photographs, until the last layer names the right thing.
#
# We ship one such network with its trained numbers: EfficientNet-Lite0, more than four million of them, which tells 1000 classes of things apart. The next cell starts TensorFlow, which takes some seconds and says a few lines about itself; they do not matter.

# %%
from imgmusic_edu import backbones

network = backbones.load()
print(network, f"with {network.model.count_params() / 1e6:.1f} million weights")
known = ("giant_panda", "coffee", "goldfish", "mysore_palace", "light_bulb")
shown = [picture, *(im.open_data(name) for name in known)]
for title, likely in zip(("yours" if own else "cat", *known), network.top(shown, n=3), strict=True):
    print(f"{title:<15}" + ", ".join(f"{name} {100 * share:.0f} %" for name, share in likely))
assert network.top(shown[1:2], n=1)[0][0][0] == "giant panda"
assert "light bulb" not in network.classes

# %% [markdown]
# It names most of them, and not the light bulb: among its 1000 classes there is none for light bulbs, and none for "something else". It must choose, and spreads its bets; that is its way of shrugging.
#
# > **Learnt:** a convolution compares each place with a template; a network is layers of templates that were learnt and not cut out.
#
# We handed it pictures of many sizes. What did it really look at?

# %% [markdown] minutes=10 objectives=3
# ## What the network is shown
#
# **Why does a good network suddenly talk nonsense?** Most often because the pictures were not prepared as they were in its training. Preparation is part of the network, and each has its own. Ours takes the middle square (7/8 of the shorter side, so the rim of your picture is never
# seen), shrinks it to 224 by 224 pixels and scales its bytes: $x = (\text{byte} - 127) / 128$. Below, the same pictures are shown to the same network in four ways.

# %%
names = im.datasets.photographs("animals")
squares = np.stack([network.read(im.open_data(name)) for name in names]).astype(np.float32)  # (n, 224, 224, 3), bytes
ways = {
    "prepared as in training": (squares - 127) / 128,
    "bytes as they are, 0..255": squares,
    "divided by 255, 0..1": squares / 255,
    "blue and red swapped": (squares[..., ::-1] - 127) / 128,
}
right = network.model.predict(ways["prepared as in training"], verbose=0)
assert np.allclose(right, network.predict([im.open_data(name) for name in names]), atol=1e-3)
print(f"{len(names)} animals{'':<20}same answer as prepared   how sure")
for title, batch in ways.items():
    given = network.model.predict(batch, verbose=0)
    same = np.mean(given.argmax(axis=1) == right.argmax(axis=1))
    print(f"{title:<32}{100 * same:18.0f} %{100 * given.max(axis=1).mean():12.0f} %")

# %% [markdown]
# No error is raised in any of the four lines; that is what makes this fault so common. It never stops a program. It only makes it worse.
#
# Two other networks are named in every tutorial. **VGG16** (Simonyan and Zisserman 2015) is thirteen plain convolutions and three dense layers; its last but one, `fc2`, gives 4096 numbers. **ResNet50** (He and others 2016) has fifty layers, and after every few of them adds
# what went in to what came out, so that gradients find a way back. Both were trained on pictures whose channels stand in the order blue, green, red, with the mean of each taken off and nothing divided. Keras has that as `preprocess_input`, one function for each family. With `include_top=True` the dense layers are there; without it there is no `fc2`.

# %%
import os

FULL = os.environ.get("IMGMUSIC_BUDGET") == "full"  # "full" may fetch trained weights: 553 and 103 MB, once
for name in ("vgg16", "resnet50"):
    other = backbones.load(name, weights="trained" if FULL else None)  # None: numbers drawn by lot, enough for shapes
    print(f"{other.name}: {other.model.count_params() / 1e6:.0f} million weights; ", end="")
    print(", ".join(f"{layer} {other.shape(layer)}" for layer in other.layers[-5:-2]))
    if not other.stands_in_for:
        by_hand = other.read(picture)[..., ::-1].astype(np.float32) - (103.939, 116.779, 123.68)
        assert np.allclose(other.prepare(picture), by_hand, atol=1e-3)  # what preprocess_input does
print("Both: blue, green, red, each less its mean. What preprocess_input gives equals the line by hand.")

# %% [markdown]
# With `backbones.load("vgg16")` the trained weights are fetched once and kept. If they cannot be had, because a classroom has no internet connection, say, a sentence tells you so, and the shipped network stands in: `.stands_in_for` says for which, and `.layers` what can be asked of it. In this chapter the shipped network is used throughout.
#
# > **Learnt:** a network without its own preparation answers without complaint, and wrongly.
#
# It goes from pixels to names in some fifty layers. What is in between?

# %% [markdown] minutes=14 objectives=3 practice=3
# ## Layer by layer
#
# **What does each layer answer to?** The first one, the *stem*, has 32 templates of 3 by 3 pixels in 3 colours, small enough to look at. Each moves by 2 pixels, so 224 pixels make 112 places. Its answer is cut off below 0 and above 6. Compute one place by hand, and the network can hide nothing.

# %%
kernels, biases = (np.asarray(weights) for weights in network.model.get_layer("stem").weights)  # (3, 3, 3, 32), (32,)
prepared = network.prepare(picture)  # (224, 224, 3)
stem = network.activations([picture], "stem")["stem"][0]
row, column = 40, 57
under = prepared[2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
by_hand = np.clip((under[..., None] * kernels).sum(axis=(0, 1, 2)) + biases, 0, 6)  # 32 sums of 27 products each
assert stem.shape == (112, 112, 32) and np.allclose(by_hand, stem[row, column], atol=1e-3)
print(f"All {len(by_hand)} answers at row {row}, column {column} agree; the largest is {by_hand.max():.3f}.")

# %%
sizes = np.abs(kernels).max(axis=(0, 1, 2))  # (32,)
even = np.abs(kernels.sum(axis=(0, 1, 2))) / np.maximum(np.abs(kernels).sum(axis=(0, 1, 2)), 1e-9)
colourless = np.abs(kernels - kernels.mean(axis=2, keepdims=True)).max(axis=(0, 1, 2)) < 0.5 * sizes
groups = {"empty": sizes < 1e-3, "adding up to nearly nothing, so blind to even grey": (sizes >= 1e-3) & (even < 0.1)}
groups["treating red, green and blue much alike"] = (sizes >= 1e-3) & colourless
print("Of 32 templates: " + "; ".join(f"{which.sum()} {title}" for title, which in groups.items()))
with im.plots.style():
    figure, axes = plt.subplots(2, 16, figsize=(9, 1.3), layout="constrained")
for k, place in enumerate(axes.flat):
    hang(place, 0.5 + 0.5 * kernels[..., k] / max(sizes[k], 1e-9))
alt = "The 32 templates of the stem as tiles of 3 by 3 coloured pixels: "
im.show(figure, alt=alt + ", ".join(f"{which.sum()} {title}" for title, which in groups.items()) + ".")

# %% [markdown]
# They are less tidy than ours. Many add up to nearly nothing: an even surface leaves them cold, and what they answer to is a *change*, of light or of colour, as Canny and Gabor do. Some are empty, for the training found no use for them. Nobody asked
# for any of this. Now deeper: for each of five layers, here are the three units whose answers vary most from place to place (after a slight blur, so that mere noise does not count).

# %%
from scipy.ndimage import gaussian_filter

layers = ("stem", "block_0", "block_4", "block_10", "head")
answers = {layer: values[0] for layer, values in network.activations([picture], layers).items()}  # (h, w, channels)
with im.plots.style():
    figure, axes = plt.subplots(3, 5, figsize=(6, 4.2), layout="constrained")
words = []
for column, (layer, values) in zip(axes.T, answers.items(), strict=True):
    liveliest = np.argsort(-gaussian_filter(values, (1, 1, 0)).std(axis=(0, 1)))[:3]
    for place, unit in zip(column, liveliest, strict=True):
        hang(place, values[..., unit])
        place.set(xlabel=f"unit {unit}")
    height, width, units = values.shape
    column[0].set_title(f"{layer}\n{height} x {width} x {units}", fontsize=9)
    words.append(f"{layer} {height} by {width} places, {units} units")
im.show(figure, alt="Maps of three lively units in each of five layers, ever coarser: " + "; ".join(words) + ".")

# %% [markdown]
# Places become fewer and units more: the network gives up *where* in exchange for *what*. In the **layer browser** go through all layers and units yourself; its button looks for the shipped photographs that excite a unit most. Its list of networks offers VGG16 and ResNet50 too; with them it fetches weights, or says that it could not.

# %%
browser = im.widgets.LayerBrowser(picture, network=network)
browser.layer.value = "block_4"
browser

# %% [markdown] tags=["instructor"]
# **Pitfall.** Learners look for a "cat unit". Meaning is spread over many units, and most units answer to several unlike things. Let three groups describe the same unit from its five pictures, independently, and compare.
#
# **Pitfall.** The strongest unit of a layer is often strong on every picture. "Strong here" is not "selective".

# %% [markdown]
# > **Learnt:** early layers answer to edges and colours at fine places, late ones to things at coarse places.
#
# A unit in the middle answers at one place of a 28 by 28 map. How much of the picture can it see?

# %% [markdown] minutes=12 objectives=4 practice=4
# ## Which pixels a unit looks at
#
# A template of $k$ by $k$ sees $k$ pixels of the layer before; that layer's pixels each saw several of the one before it. The side $r$ of what a unit can see, its **receptive field**, and the distance $s$ in pixels between neighbouring units grow from layer to layer, for a template of side $k$ that moves by $m$:
#
# $$r \leftarrow r + (k - 1)\, s, \qquad s \leftarrow m\, s, \qquad \text{beginning with } r = s = 1$$

# %%
from imgmusic_edu.backbones.efficientnet import BLOCKS

steps = [("stem", 3, 2)]
for repeats, kernel, stride, _, _ in BLOCKS:
    steps += [(f"block_{len(steps) - 1 + k}", kernel, 1 if k else stride) for k in range(repeats)]
field, apart, fields = 1, 1, {}
for name, kernel, move in steps:
    field, apart = field + (kernel - 1) * apart, apart * move
    fields[name] = field
print(", ".join(f"{name} {side}" for name, side in fields.items()), "pixels")
assert fields["block_8"] < 224 < fields["block_9"]
assert network.activations([picture], "block_4")["block_4"].shape[1:3] == (28, 28)  # in the middle of the network

# %% [markdown]
# From block 9 on a unit *can* see more than the whole picture of 224 pixels. Does it? Ask by a gradient: how much would the unit in the middle change if this pixel changed a little? Pixels that it cannot see give exactly 0.

# %%
tf, keras = backbones.pipeline.tensorflow()
layers = ("block_0", "block_2", "block_5")
part = keras.Model(network.model.input, [network.model.get_layer(name).output for name in layers])
shown = tf.constant(prepared[None])
with tf.GradientTape(persistent=True) as tape:
    tape.watch(shown)
    middles = [tf.reduce_sum(values[0, values.shape[1] // 2, values.shape[2] // 2] ** 2) for values in part(shown)]
with im.plots.style():
    figure, axes = plt.subplots(1, 3, figsize=(7, 2.5), layout="constrained")
words = []
for place, name, middle in zip(axes, layers, middles, strict=True):
    moved = np.abs(tape.gradient(middle, shown)[0].numpy()).max(axis=2)  # (224, 224)
    seen = max(np.ptp(np.flatnonzero(moved.any(axis=axis))) + 1 for axis in (0, 1))
    assert seen <= fields[name]
    hang(place, np.sqrt(moved / moved.max())[56:168, 56:168], f"{name}: {seen} of {fields[name]} pixels")
    words.append(f"{name} sees {seen} pixels across, {fields[name]} by the formula")
alt = "The middle 112 by 112 pixels three times, brighter where a pixel matters to the unit in the middle, a spot that grows: "
im.show(figure, alt=alt + "; ".join(words) + ".")

# %% [markdown]
# The spots are never wider than the formula allows, and brightest in the middle: the rim of its field hardly matters to a unit. (Luo and others 2016 called the bright part the *effective* field.)
#
# The other way to ask what a unit looks at: show it many pictures, take those that excite it most, and mark where. This is a **contact sheet** of what one unit loves. Change layer and unit, and find one that you can name. (To be quick, it leaves out monuments, tools and fish; add them.)

# %%
layer, unit = "head", 1108  # change me
among = [name for name in im.datasets.photographs() if im.datasets.category(name) not in ("monuments", "tools", "fish")]
loved = backbones.top_pictures(network, layer, unit, n=5, names=among)
with im.plots.style():
    figure, axes = plt.subplots(1, 5, figsize=(8.5, 2), layout="constrained")
for place, (name, response) in zip(axes, loved, strict=True):
    one = im.open_data(name)
    glow = np.maximum(backbones.unit_map(network, one, layer, unit), 0)
    hang(place, lab_to_picture(vf.rgb_to_lab(one) * (0.8, 0.3, 0.3)))
    hang(place, glow, f"{name.replace('_', ' ')[:20]}\n{response:.2f}", alpha=0.8 * glow / max(glow.max(), 1e-9))
words = ", ".join(f"{name} {response:.2f}" for name, response in loved)
alt = f"Five dimmed pictures that excite unit {unit} of the layer {layer} most, glowing where it answers: "
im.show(figure, alt=alt + words + ".")
print(
    ", ".join(im.datasets.category(name) for name, _ in loved),
    "|",
    ", ".join(c for c in network.classes if "solar" in c),
)

# %% [markdown]
# This unit one can put a name to: solar panels, which lie in a folder of that name. (Nearby in the network's thousand classes there is a solar collector.) Most units answer to several unlike things: try ten before you believe one beautiful sheet.
#
# > **Learnt:** a unit sees a window that grows with depth; what excites it tells more about it than its weights do.
#
# And the whole network: which places made it say "cat"?

# %% [markdown] minutes=12 objectives=4 practice=4
# ## Where it saw the cat
#
# The last feature map of our network has 7 by 7 places and 1280 units, $f_k(x, y)$. Then it takes the mean over all places, and adds up with one weight $w_{kc}$ for each unit and class. The result for class $c$, before it is turned into a probability, is its **logit**:
#
# $$z_c = b_c + \sum_k w_{kc}\, \frac{1}{49} \sum_{x, y} f_k(x, y)$$
#
# Two sums may change places:
#
# $$z_c = b_c + \sum_{x, y} M_c(x, y), \qquad M_c(x, y) = \frac{1}{49} \sum_k w_{kc}\, f_k(x, y)$$
#
# That is all. $M_c$ is the **class-activation map** (Zhou and others 2016): what each place adds to the logit. Nothing is approximated, so we can check it to the last digits.

# %%
features = network.activations([picture], ["head", "logits"])
dense = network.model.get_layer("logits")
first = int(features["logits"][0].argmax())
weights, bias = np.asarray(dense.kernel)[:, first], float(np.asarray(dense.bias)[first])
by_hand = features["head"][0] @ weights / 49  # (7, 7)
assert features["head"][0].shape == (7, 7, 1280)
assert np.allclose(by_hand, backbones.class_activation_map(network, picture, first), atol=1e-4)
logit = float(features["logits"][0, first])
print(
    f"{network.classes[first]}: places {by_hand.sum():.4f} + bias {bias:.4f} = {by_hand.sum() + bias:.4f}, the network says {logit:.4f}"
)
assert abs(by_hand.sum() + bias - logit) < 1e-2
slope_map = backbones.grad_cam(network, picture, first, "head")
assert np.allclose(slope_map, np.maximum(by_hand, 0), atol=1e-3)

# %% [markdown]
# The last two lines are a second, more general way: **Grad-CAM** (Selvaraju and others 2017) takes for its weights the gradient of the logit by each unit, and works for any network and any layer that has places. On a network that ends as ours does, it is the positive part of the same map, as the assertion says.
#
# A test that could fail: on one photograph the network wavers, and *castle* and *beach* are both among its first three answers. Do the two classes light up in different places?

# %%
island = im.open_data("photographs/mont_saint_michel")
likely = network.top([island], n=3)[0]
print(", ".join(f"{name} {100 * share:.0f} %" for name, share in likely))
assert {"castle", "beach"} <= {name for name, _ in likely}
asked = [(picture, network.classes[first]), (island, "castle"), (island, "beach")]
maps = [backbones.class_activation_map(network, one, target) for one, target in asked]
with im.plots.style():
    figure, axes = plt.subplots(1, 3, figsize=(8.5, 2.4), layout="constrained")
words = []
for place, values, (one, target) in zip(axes, maps, asked, strict=True):
    glow = np.maximum(backbones.enlarge(values, one), 0)
    hang(place, lab_to_picture(vf.rgb_to_lab(one) * (0.8, 0.2, 0.2)))
    hang(place, glow, target, alpha=0.8 * glow / max(glow.max(), 1e-9))
    y, x = np.unravel_index(values.argmax(), values.shape)
    words.append(f"{target} most at row {y + 1}, column {x + 1} of 7")
im.show(figure, alt=f"Three dimmed pictures, glowing where a class was seen: {'; '.join(words)}.")
likeness = {"castle and beach": np.corrcoef(maps[1].ravel(), maps[2].ravel())[0, 1]}
reef = [
    backbones.class_activation_map(network, im.open_data("clownfish"), c).ravel() for c in ("clownfish", "sea anemone")
]
likeness["clownfish and anemone, on the photograph of a clownfish"] = np.corrcoef(*reef)[0, 1]
print("; ".join(f"{title}: correlation of the maps {value:+.2f}" for title, value in likeness.items()))

# %% [markdown]
# Here they do; on a photograph of a clownfish among the arms of a sea anemone (the last line) they hardly differ, although both are named. Seven by seven places are coarse, and what often stands together in photographs speaks for each other. A map of a
# class is no outline of the thing.
#
# **Break it.** Ask for a class that is not there: put `"espresso"` in place of `"castle"`. There is always a brightest place; look at the numbers before you believe the glow.
#
# > **Learnt:** where a network ends in a mean over places, each place's share in a class is a sum that adds up exactly.
#
# We now have four ways to describe a picture: colour, texture, shape, network. Which of them knows what "alike" means?

# %% [markdown] minutes=14 objectives=5 practice=5
# ## Neighbours
#
# A row of $D$ numbers is a point in a space of $D$ dimensions, and alike means near. The directions of two arrows $u$ and $v$ are compared by the **cosine distance**
#
# $$d(u, v) = 1 - \frac{u \cdot v}{\lVert u \rVert\, \lVert v \rVert}$$
#
# 0 for the same direction, 1 for a right angle. One thing comes first: a hue share lies between 0 and 1 and a lightness between 0 and 100, and unless each number is **standardised** (mean 0, spread 1 over all pictures) the few large numbers decide alone.
#
# Fast budget: five kinds of photographs, 20 of each, are looked at; the full budget takes all photographs of these kinds. (The cell measures every one of them in four ways: some ten seconds and more.)

# %%
KINDS = ("animals", "fish", "monuments", "objects", "tools")
names = [name for kind in KINDS for name in im.datasets.photographs(kind)[: None if FULL else 20]]
kinds = np.array([im.datasets.category(name) for name in names])
photographs = [im.datasets.picture(name) for name in names]
rows = {group: vf.describe_all(photographs, groups=group) for group in vf.GROUPS}
layers = ("stem", "block_4", "block_10", "pool")
deep = network.activations(photographs, layers, pool="mean")
rows["network"] = deep["pool"]
mine = {group: vf.describe(picture, groups=group) for group in vf.GROUPS}
mine["network"] = network.activations([picture], "pool")["pool"][0]
print(f"{len(names)} photographs; " + ", ".join(f"{space} {values.shape[1]} numbers" for space, values in rows.items()))

# %%
from imgmusic_edu.evaluation.retrieval import nearest

middle = {space: values.mean(axis=0) for space, values in rows.items()}
spread = {space: values.std(axis=0) + 1e-9 for space, values in rows.items()}
spaces = {space: (values - middle[space]) / spread[space] for space, values in rows.items()}
query = {space: (mine[space] - middle[space]) / spread[space] for space in rows}
with im.plots.style():
    figure, axes = plt.subplots(4, 5, figsize=(6.5, 4.6), layout="constrained")
words = []
for line, space in zip(axes, spaces, strict=True):
    order, distances = nearest(spaces[space], query[space], n=5)
    best = order[distances > 1e-6][:4]  # not the picture itself
    hang(line[0], picture)
    line[0].set(ylabel=space)
    for place, k in zip(line[1:], best, strict=True):
        hang(place, photographs[k])
        place.set_title(names[k].replace("_", " ")[:20], fontsize=8)
    words.append(f"by {space}: {', '.join(names[k] for k in best)}")
im.show(figure, alt="The picture and its four nearest neighbours in each of four spaces. " + "; ".join(words) + ".")

# %% [markdown]
# Each row is right, in its own sense of the word. To measure instead of admire: how often is the nearest other picture of the same kind? And one more question, which only this course would ask: do neighbours *sound* alike? If the music comes from colour above all, then neighbours in colour should have
# tempi nearer to each other than two pictures taken at random.

# %%
from imgmusic_edu.composer import make_plan

tempi = np.array([make_plan(vf.visual_features(one), seconds=10).tempo for one in photographs])
rng = np.random.default_rng(0)
others = [rng.permutation([j for j in range(len(names)) if j != k])[:50] for k in range(len(names))]
gap = np.mean([np.abs(tempi[k] - tempi[other]).mean() for k, other in enumerate(others)])
same = np.mean([np.mean(kinds[k] == kinds[other]) for k, other in enumerate(others)])
print(f"{'space':<10}same kind   tempi apart (beats per minute)")
print(f"{'at random':<10}{100 * same:7.0f} %{gap:10.1f}")
found = {}
for space, values in spaces.items():
    indices, _ = nearest(values, values, n=2)
    near = np.where(indices[:, 0] == np.arange(len(names)), indices[:, 1], indices[:, 0])
    found[space] = np.mean(kinds == kinds[near]), np.abs(tempi - tempi[near]).mean()
    print(f"{space:<10}{100 * found[space][0]:7.0f} %{found[space][1]:10.1f}")
assert found["network"][0] == max(share for share, _ in found.values())
assert found["colour"][1] < min(gap, found["network"][1])

# %% [markdown]
# The network is best at kinds, but for tempi colour beats it. Whether "alike" is about the thing or about its look depends on what you want; no space is right for both.
#
# **Break it.** Leave out the standardising: put `rows` in place of `spaces` in the loop above. Which space suffers most, and which number has taken over?
#
# > **Learnt:** every set of features is an opinion on what alike means; measure it on the question that you have.
#
# A nearest neighbour uses all numbers alike. What if a reader could choose the ones it needs?

# %% [markdown] minutes=12 objectives=5
# ## What the features know
#
# **Is the kind of picture in these numbers at all?** Ask the simplest reader there is. A **linear probe** (Alain and Bengio 2016) learns one weight for each number and class, and nothing else: whatever it reads must have lain open. It is asked only about pictures that it did not learn from: the
# pictures are dealt into five piles, and each pile is told by a reader that learnt from the other four.
#
# Beside it stand two baselines. **Chance**: always say the commonest kind. **Pixels**: the same reader on the bare picture, shrunk to 16 by 16.

# %%
from PIL import Image

from imgmusic_edu.evaluation.probes import linear_probe

small = [np.asarray(Image.fromarray(one).resize((16, 16))).ravel() for one in photographs]  # 768 numbers each
by_hand = np.hstack([rows[group] for group in vf.GROUPS])
table = {"pixels": np.array(small), **{group: rows[group] for group in vf.GROUPS}, "all three": by_hand, **deep}
probes = {title: linear_probe(values, kinds) for title, values in table.items()}
chance = probes["pixels"].chance

# %%
margin = 196 * np.sqrt(0.25 / len(names))
print(f"{'features':<12}{'numbers':>8}{'right':>8}   worst and best pile")
print(f"{'chance':<12}{0:>8}{100 * chance:>6.0f} %")
for title, probe in probes.items():
    low, high = min(probe.fold_accuracies), max(probe.fold_accuracies)
    print(
        f"{title:<12}{table[title].shape[1]:>8}{100 * probe.accuracy:>6.0f} %   {100 * low:.0f} to {100 * high:.0f} %"
    )
print(f"On {len(names)} pictures, shares closer than about {margin:.0f} % may be luck.")
told_right = {kind: 100 * np.mean(probes["pixels"].predictions[kinds == kind] == kind) for kind in KINDS}
assert max(told_right.values()) > 70 > 30 > min(told_right.values())
print("Pixels, kind by kind: " + ", ".join(f"{kind} {share:.0f} %" for kind, share in told_right.items()))
assert (
    probes["pool"].accuracy - margin / 100 > max(probes[title].accuracy for title in ("pixels", "all three")) > chance
)
for title in ("colour", "texture", "shape", "stem"):
    assert FULL or probes[title].accuracy - probes["pixels"].accuracy < margin / 100

# %%
with im.plots.style():
    figure, place = plt.subplots(figsize=(7, 2.8), layout="constrained")
titles = list(probes)[::-1]
shares = [100 * probes[title].accuracy for title in titles]
place.barh(titles, shares, color=[im.plots.COLOURS[1] if title in deep else im.plots.COLOURS[0] for title in titles])
place.axvline(100 * chance, color="black", linestyle=":")
place.set(xlabel="told right (%), dotted: chance", xlim=(0, 100))
words = ", ".join(f"{title} {share:.0f} %" for title, share in zip(titles[::-1], shares[::-1], strict=True))
im.show(figure, alt=f"Bars of the share told right by a linear reader, chance {100 * chance:.0f} %: {words}.")

# %% [markdown]
# Read it beside the last printed lines. Pixels know more than one would think, and very unequally: some kinds lie almost open in 16 by 16 pixels, and one hardly at all. Think of how such photographs are taken, against what ground. Numbers made by hand, group by group, are no better than pixels beyond luck; and the network's own first layer is not either. Along the network the kind lies more and more
# open, until its last numbers leave all else behind. It is the same picture in every row, only written differently. Mind one unfairness: the network has seen a million photographs with their names, and the others none.
#
# > **Learnt:** what a linear reader can tell, the features say openly; beside chance and pixels the figure means something.
#
# Features that good must be useful. Why, then, do so many programs built on them fail?

# %% [markdown] minutes=13 objectives=6 practice=6
# ## A pipeline with six faults
#
# A published tutorial on turning images into music gives this recipe in a page of code. In our words:
#
# 1. Load VGG16 with `include_top=False`, and take the output of its layer `fc2` as the picture's features.
# 2. Build an "audio feature model": 128 numbers in, a dense layer of 256, 128 numbers out.
# 3. Chain the two, compile the chain with the mean squared error, and train it on the *features* of pictures.
# 4. For a new picture: put it into the first model, put the result into the chain, and give what comes out to `vocoder.generate`.
#
# **Find the faults before you go on**; there are at least six. Then let Python find those that it can. Each line below does one thing the recipe asks for.


# %%
import re


def attempt(what, do):
    try:
        print(f"{what}: works, gives {do().shape}")
    except Exception as error:
        sentence = re.sub(
            r"\x1b\[\d*m|\[\[.*?\]\]|Exception encountered when calling \S+ *", "", " ".join(str(error).split())
        )
        print(f"{what}: {type(error).__name__}\n    {sentence[:150]}")


layers = keras.layers
vgg = keras.applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 3))
audio = keras.Sequential([keras.Input((128,)), layers.Dense(256, activation="relu"), layers.Dense(128)])
vision = keras.Sequential([keras.Input((64, 64, 3)), layers.Flatten(), layers.Dense(128)])  # stands in for step 1
chain = keras.Sequential([vision, audio])
attempt("1. fc2 of a VGG16 without its top", lambda: vgg.get_layer("fc2").output)
attempt("2. 4096 numbers into a model for 128", lambda: audio(np.zeros((1, 4096), np.float32)))
attempt("4. features into a chain that begins with pictures", lambda: chain(np.zeros((1, 128), np.float32)))
attempt("5. a picture without a batch axis", lambda: vgg(np.zeros((64, 64, 3), np.float32)))
trained = sum(int(np.prod(weights.shape)) for weights in vgg.trainable_weights) / 1e6
print(f"5. and nothing is frozen: training would also change {trained:.1f} million weights of the VGG16")

# %% [markdown]
# Two faults raise no error, and are the worst. **Fault 3**: the audio model has never seen a sound. Its input comes from pictures; it is the *mapping*, under a wrong name, and the features of sound are missing. **Fault 6**: `vocoder` is defined nowhere, and could not work: one list of 128 numbers has no time. See what a feature of sound looks like:

# %%
from imgmusic_edu.audio_features.transforms import log_mel

heard = log_mel(macaw.sound.samples)
print(f"log-mel of {macaw.sound.samples.size / 22050:.0f} s of sound: {heard.shape}, time and frequency")
print(f"what the recipe gives the vocoder: {(128,)}, and no time at all")

# %% [markdown]
# | | fault | mend |
# | --- | --- | --- |
# | 1 | `fc2` asked of a network without its top | `include_top=True`, or `backbones.load("vgg16").activations(pictures, "fc2")` |
# | 2 | 4096 numbers meet a model for 128 | the mapping's input is as wide as the features |
# | 3 | the "audio features" never saw a sound | measure them: log-mel of the music |
# | 4 | pictures pass the network twice | features once, then the mapping alone |
# | 5 | not frozen, not prepared, no batch axis | `backbones` does all three |
# | 6 | no vocoder, no time axis | frames of log-mel, which can be turned back into sound (chapters 03 and 09) |
#
# Mended, with the shipped network in place of VGG16, every shape meets the next:

# %%
pictures = [picture, im.open_data("photographs/petra")]
features = network.activations(pictures, "pool")["pool"]  # frozen, prepared, batched: (2, 1280)
frames, mels = heard.shape
keras.utils.set_random_seed(2)
mapping = keras.Sequential(
    [
        keras.Input(features.shape[1:]),
        layers.Dense(64, activation="relu"),
        layers.Dense(frames * mels),
        layers.Reshape((frames, mels)),
    ]
)
out = mapping(features)
print(
    f"pictures {len(pictures)} -> features {features.shape} -> log-mel {tuple(out.shape)}, as a piece of music: {heard.shape}"
)
assert tuple(out.shape) == (2, *heard.shape)
assert not network.model.trainable_weights

# %% [markdown]
# It runs, and is untrained: what it gives is noise. Training it takes pictures *with their music*, and more than a squared error (chapter 08 shows why). But now every part is what it says it is. Exercise 3 is the same for you to do.
#
# > **Learnt:** write down what goes into each station and what comes out; most faults of a pipeline are found on paper.
#
# Time to make something that works.

# %% [markdown] minutes=10 objectives=6 practice=6
# ## A picture search of your own
#
# **What does "alike" mean to you?** You have four opinions; mix them. If each row of a space is made one unit long and multiplied by $\sqrt{m_s}$, and the four are put side by side, then the cosine in the long space is the weighted mean of the four cosines:
#
# $$\cos(u, v) = \frac{\sum_s m_s \cos(u_s, v_s)}{\sum_s m_s}$$


# %%
def unit_length(values):
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def mixed(parts, mix):
    return np.concatenate([np.sqrt(share) * unit_length(parts[space]) for space, share in mix.items()], axis=-1)


mix = {"colour": 0.25, "texture": 0.25, "shape": 0.0, "network": 3.0}  # change me: your taste
best, distances = nearest(mixed(spaces, mix), mixed(query, mix), n=7)
hits = [(k, distance) for k, distance in zip(best, distances, strict=True) if distance > 1e-6][:6]
cosines = [nearest(spaces[s][hits[0][0]][None], query[s], n=1)[1][0] for s in mix]
weighted = np.dot(list(mix.values()), cosines) / sum(mix.values())
assert np.isclose(hits[0][1], weighted)  # the formula above
print(", ".join(f"{names[k]} {distance:.2f}" for k, distance in hits))

# %%
import tempfile
from pathlib import Path

with im.plots.style():
    sheet, axes = plt.subplots(1, 7, figsize=(9, 1.8), layout="constrained")
found = [("this picture", picture), *((f"{names[k]}\n{distance:.2f}", photographs[k]) for k, distance in hits)]
for place, (title, one) in zip(axes, found, strict=True):
    hang(place, one)
    place.set_title(title.replace("_", " ")[:24], fontsize=8)
with tempfile.TemporaryDirectory() as folder:  # to keep it, write a folder of your own here instead
    sheet.savefig(Path(folder) / "my_search.png", dpi=150)
    print(f"my_search.png: {(Path(folder) / 'my_search.png').stat().st_size / 1000:.0f} kB")
words = ", ".join(f"{names[k]} at {distance:.2f}" for k, distance in hits)
im.show(sheet, alt=f"A contact sheet: the picture and the six that a mix of features finds nearest: {words}.")

# %% [markdown]
# And does the nearest one sound like yours? The same seed, two pictures:

# %%
pieces = {
    "Your picture" if own else "The cat": picture,
    names[hits[0][0]].replace("_", " ").capitalize(): photographs[hits[0][0]],
}
for title, one in pieces.items():
    piece = im.compose(one, seconds=8)
    piece.sound.title = f"{title}: {piece.plan.tempo:.0f} beats per minute, {piece.plan.key_name}"
    display(piece.sound)

# %% [markdown]
# Listen for what they share, then set the mix to colour alone, and hear again. The sheet is yours: change the folder in the cell above and it stays.
#
# > **Learnt:** a search engine is a description, a distance and a sort; the taste lies in the description.
#
# All this was one still picture. What does a sound hold? That is chapter 03.

# %% [markdown] minutes=1
# ## Summary
#
# - Bytes are not light, and neither is what we see. `L*a*b*` is made for comparing; a palette is k-means in it.
# - Texture speaks of neighbours: patterns of lighter and darker (LBP), pairs of greys (GLCM), waves (Gabor). Shape speaks of edges: their ways (HOG), their bends, what stands out.
# - A convolution is a template slid over a picture. A network's templates are learnt; early ones see edges and colours, late ones things.
# - A class-activation map is the logit, place by place, and adds up to it exactly.
# - Features are opinions. Neighbours and a linear probe, beside chance and pixels, tell what they know.
# - Preparation belongs to the network: without it nothing stops, and everything gets worse.

# %% [markdown] minutes=3
# ## What goes wrong in practice
#
# - **A layer that is not there.** `VGG16(include_top=False)` has no `fc2`: it ends after the last convolution. Ask `include_top=True`, or average the last feature map.
# - **Preparation forgotten, or done twice.** Dividing by 255 and then calling `preprocess_input` is wrong too. The table in "What the network is shown" says what such slips cost.
# - **Blue for red.** Some libraries open pictures as blue, green, red. Skies turn orange, and a network only answers worse, as the table above says, which is why nobody notices.
# - **No batch axis.** A network wants (n, height, width, 3), even for n = 1: `picture[None]`.
# - **Not frozen.** Build a model on top of a network, call `fit`, and all its weights move; with little data they forget what they knew. Set `trainable = False` first, and call it with `training=False`.
# - **Shapes that do not meet.** 4096 features into a mapping for 128. Print the shape at each station once.
# - **Through the network twice.** If the model begins with the network, feed it pictures; if it begins with features, leave the network out.
# - **An audio model that never heard anything, and a vocoder without time.** A name is no measurement: look where the numbers come from.
# - **Bytes averaged as if they were light.** Shrinking in bytes makes fine light patterns too dark.
# - **Unlike units in one distance.** Standardise first, or the number with the largest unit decides.
# - **Rotated or cropped without a thought.** Networks are shown the middle square: what stands at the rim of a panorama was never seen.
# - **A glowing map taken for a reason.** There is always a brightest place. Ask for a class that is not there, and see it glow too.

# %% [markdown] minutes=24
# ## Exercises
#
# Write your answer into the first cell and run it, then the check below it. It tells you what to think about, as often as you like; hints open when you click on them.


# %% exercise="ch02.lightness" points=2 objective=1
def lightness(red, green, blue):
    """L* of one colour, given as bytes 0 to 255: 0 for black, 100 for white."""
    ### BEGIN SOLUTION

    def light(byte):
        v = byte / 255
        return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4

    y = 0.212671 * light(red) + 0.715160 * light(green) + 0.072169 * light(blue)
    root = y ** (1 / 3) if y > 0.008856 else 7.787 * y + 16 / 116
    return 116 * root - 16
    ### END SOLUTION


# %% hidden="ch02.lightness"
assert abs(lightness(0, 0, 255) - 32.3) < 0.1
assert abs(lightness(10, 10, 10) - 2.74) < 0.05


# %% exercise="ch02.cooccurrence" points=2 objective=1
def cooccurrence(levels, n_levels):
    """The co-occurrence matrix of neighbours to the right, symmetric, with sum 1: shape (n_levels, n_levels)."""
    ### BEGIN SOLUTION
    import numpy as np

    tally = np.zeros((n_levels, n_levels))
    np.add.at(tally, (levels[:, :-1], levels[:, 1:]), 1)
    tally = tally + tally.T
    return tally / tally.sum()
    ### END SOLUTION


# %% hidden="ch02.cooccurrence"
assert abs(cooccurrence(np.array([[0, 1], [1, 2]]), 3)[0, 1] - 0.25) < 1e-12


# %% exercise="ch02.mend" points=3 objective=6
def mend(pictures, network, preprocess):
    """Features of each picture, one row each, from a frozen network: shape (n, D)."""
    ### BEGIN SOLUTION
    import numpy as np

    batch = np.stack([picture.astype(np.float32) for picture in pictures])
    network.trainable = False
    return network(preprocess(batch), training=False)
    ### END SOLUTION


# %% exercise="ch02.most_alike" points=2 objective=5
def most_alike(features, k):
    """The number of the row that is nearest to row k by cosine distance, row k itself left out."""
    ### BEGIN SOLUTION
    import numpy as np

    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    likeness = unit @ unit[k]
    likeness[k] = -np.inf
    return int(likeness.argmax())
    ### END SOLUTION


# %% hidden="ch02.most_alike"
assert most_alike(np.array([[1.0, 0.0], [0.0, 9.0], [5.0, 5.0], [-1.0, 0.1]]), 0) == 2

# %% [markdown] minutes=4 practice="1 3 4 5 6"
# ## Quiz

# %%
im.exercises.quiz("ch02")

# %% [markdown] minutes=1
# ## References
#
# - G. Alain, Y. Bengio (2016). Understanding intermediate layers using linear classifier probes. arXiv:1610.01644.
# - J. Canny (1986). A computational approach to edge detection. IEEE Transactions on Pattern Analysis and Machine Intelligence 8(6), 679-698. DOI 10.1109/TPAMI.1986.4767851.
# - A. Ćwiek and others (2022). The bouba/kiki effect is robust across cultures and writing systems. Philosophical Transactions of the Royal Society B 377, 20200390. DOI 10.1098/rstb.2020.0390.
# - N. Dalal, B. Triggs (2005). Histograms of oriented gradients for human detection. CVPR, 886-893. DOI 10.1109/CVPR.2005.177.
# - J. G. Daugman (1985). Uncertainty relation for resolution in space, spatial frequency, and orientation. Journal of the Optical Society of America A 2(7), 1160-1169. DOI 10.1364/JOSAA.2.001160.
# - R. M. Haralick, K. Shanmugam, I. Dinstein (1973). Textural features for image classification. IEEE Transactions on Systems, Man, and Cybernetics 3(6), 610-621. DOI 10.1109/TSMC.1973.4309314.
# - D. Hasler, S. Süsstrunk (2003). Measuring colourfulness in natural images. Proceedings of SPIE 5007, 87-95. DOI 10.1117/12.477378.
# - K. He, X. Zhang, S. Ren, J. Sun (2016). Deep residual learning for image recognition. CVPR. arXiv:1512.03385.
# - S. Lloyd (1982, written in 1957). Least squares quantization in PCM. IEEE Transactions on Information Theory 28(2), 129-137. DOI 10.1109/TIT.1982.1056489.
# - W. Luo, Y. Li, R. Urtasun, R. Zemel (2016). Understanding the effective receptive field in deep convolutional neural networks. NeurIPS. arXiv:1701.04128.
# - T. Ojala, M. Pietikäinen, T. Mäenpää (2002). Multiresolution gray-scale and rotation invariant texture classification with local binary patterns. IEEE Transactions on Pattern Analysis and Machine Intelligence 24(7), 971-987. DOI 10.1109/TPAMI.2002.1017623.
# - A. R. Robertson (1977). The CIE 1976 color-difference formulae. Color Research and Application 2(1), 7-11. DOI 10.1002/j.1520-6378.1977.tb00104.x.
# - R. R. Selvaraju and others (2017). Grad-CAM: visual explanations from deep networks via gradient-based localization. ICCV. arXiv:1610.02391.
# - K. Simonyan, A. Zisserman (2015). Very deep convolutional networks for large-scale image recognition. ICLR. arXiv:1409.1556.
# - M. Tan, Q. V. Le (2019). EfficientNet: rethinking model scaling for convolutional neural networks. ICML. arXiv:1905.11946. The Lite variants followed in 2020.
# - B. Zhou, A. Khosla, A. Lapedriza, A. Oliva, A. Torralba (2016). Learning deep features for discriminative localization. CVPR. arXiv:1512.04150.
