# ---
# title: "Picture to music, end to end"
# minutes: 206
# prerequisites: Chapters 00, 03, 04, 07, 08 and 10 (03 for loudness, 04 for the sound VGG, 07 for the Vendi score, 08 for the networks' roads, 10 for the road by rules).
# objectives:
#   - shape a piece in the studio or while it plays, and compare two versions at one loudness
#   - exchange any part of a road, and put in a road of your own
#   - measure in the sound alone whether music follows its picture, beside chance and baselines
#   - say how sure a figure is, by an interval over pictures
#   - put an explanation to the test, by changing what it names and what it does not name
#   - run a fair tournament between roads, and say what its table does not show
# ---

# %% [markdown] minutes=14 objectives=1 practice=1
# ## The studio
#
# **What would you change, if you could?** Below is all of the course in one panel: a picture, its music, and a knob for each decision. Press play before you read on. (The first sound takes some seconds.)

# %%
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from IPython.display import display

from imgmusic_edu import audio_features, datasets, roads
from imgmusic_edu.widgets.studio import studio_panel

FULL = os.environ.get("IMGMUSIC_BUDGET") == "full"  # the full budget: more pictures, more trials
studio_panel()

# %% [markdown]
# Five things to do, in this order:
#
# 1. **Turn** the tempo, and listen to what else changes. A knob that you move is *locked*: from then on neither picture nor chance moves it.
# 2. **Re-roll.** All that is free is drawn anew. Lock the tune, re-roll again, and hear the same tune with other players around it.
# 3. **Compare.** Keep a version as A, change something, compare. Both are played at one loudness.
# 4. **Region.** Mark a part of the picture and hear what comes from there alone, or grey it out.
# 5. **Export** what you want to keep.
#
# Every button is a call that you can write yourself. Behind the panel stands a `Session`. Here it locks a tune:

# %%
from imgmusic_edu.studio import Session

NAME = "cafe_terrace_at_night"  # no network of the course learnt from it
picture = datasets.picture(NAME)
session = Session(picture, "Cafe terrace at night")
first = session.piece
session.lock("tune")
print(f"locked: {', '.join(sorted(session.present.settings.locked))}")

# %% [markdown]
# A tune hangs on its key and its chords, so these are locked with it. Now three re-rolls must keep the tune, and a fourth, once it is free again, need not:


# %%
def sung(piece, part="melody"):
    """Pitches of one part."""
    return [note.pitch for note in piece.score.notes if note.part == part]


def kept(seed):
    """Re-roll; was the tune kept?"""
    piece = session.reroll(seed)
    same = sung(piece) == sung(first)
    print(f"seed {seed}: {'the same' if same else 'another'} tune, played by {piece.plan.instruments['melody']}")
    return same


assert all(kept(seed) for seed in (1, 2, 3))
locked = session.present
session.unlock("tune")
assert not kept(4)

# %%
for words, made in (("as it was", first), ("rolled again with the tune locked", session.make(locked))):
    display(im.Sound(made.sound.samples[: 6 * 22050], title=f"Cafe terrace at night, {words}"))

# %% [markdown]
# **Why at one loudness?** Because of two versions the louder one seems the better one. A fair comparison makes all as loud as the softest. Version $k$ has the loudness $L_k$ (in LUFS, chapter 03), and its highest peak is $P_k$ (in decibels of full scale). No peak may stand above -1. $r_k$ says how far a version must come down for that: 0 if it may stay, a number below 0 if it peaks too high. Then all meet at the softest level that is left, and each gets the gain $g_k$:
#
# $$r_k = \min(0,\; -1 - P_k), \qquad g_k = \min_j (L_j + r_j) - L_k \quad\text{(all in dB)}$$
#
# No version is turned up, and the one that peaked too high has come down: so nothing clips.

# %%
from imgmusic_edu.studio import matched

two = [im.compose(picture, seconds=8, seed=seed).sound for seed in (1, 3)]
two[1] = im.Sound(two[1].samples * 10 ** (-6 / 20))  # the second 6 dB softer, as a careless export might be
levels = np.array([audio_features.loudness(sound.samples) for sound in two])
peaks = np.array([audio_features.true_peak(sound.samples) for sound in two])
room = np.minimum(0, -1 - peaks)
gains = (levels + room).min() - levels
print(f"loudness {levels.round(1)} LUFS, gains {gains.round(1)} dB")

match = matched(*two)
assert np.allclose(match.gains, gains)
for letter, sound in zip("AB", match.sounds, strict=True):
    display(im.Sound(sound.samples, title=f"Version {letter} at {match.level:.1f} LUFS"))

# %% [markdown]
# A region, too, is one call. `only` plays the notes that come from there. `what_changes` greys the region out, composes again, and counts which notes changed: those that were said to depend on the place, and those that were not. We shall need that thought again in "Is the explanation true?".

# %%
from imgmusic_edu.studio import encoded, only, what_changes

region = (0.0, 0.0, 0.25, 1.0)  # left, top, right, bottom, as shares: the left quarter. Change me
part = only(first, region)
display(im.Sound(part.sound.samples, title="What comes from the left quarter alone"))
for sentence in what_changes(first, region, {"seconds": 10.0, "seed": 0}).sentences:
    print(sentence)
sizes = {kind: len(encoded(first, kind, title="Cafe terrace")) for kind in ("wav", "mid", "json", "html")}
print("exports:", ", ".join(f"{kind} {size / 1000:.0f} kB" for kind, size in sizes.items()))

# %% [markdown]
# Notes that the *whole* picture explains count to every region; while the plan is held nearly all of them stay, as you see in bass, harmony and drums. Some notes that come from elsewhere change as well: a phrase is chosen as a whole (chapter 10).
#
# **Learnt:** a knob is free or locked, a re-roll draws what is free, and two versions are compared at one loudness or not at all.
#
# A panel shows what there is to turn. What if you want to turn something that has no knob?

# %% [markdown] minutes=11 objectives=2 practice=2
# ## The chain and its parts
#
# **Which part of the machine would you do better?** Both kinds of road are chains, and each link is a function:
#
# ```
# by rules:     picture -> features -> plan -> score -> render -> sound
# by networks:  picture -> features -> mapping -> decoder -> vocoder -> sound
# ```
#
# `roads.score_road` and `roads.spectral_road` build the chain with your link in place of ours; all others stay. Your link must take what the old one took and give what it gave; inside, it is yours. Here is a planner that takes the usual plan and asks for three beats in a bar, slowly:

# %%
from imgmusic_edu.composer import make_plan


def waltz_plan(features, **settings):
    """The usual plan, but in three and in no hurry."""
    return replace(make_plan(features, **settings), beats_per_bar=3, tempo=84.0)


roads.register("waltz", roads.score_road(plan=waltz_plan))
waltz = im.compose(picture, road="waltz", seconds=8, seed=1)
assert waltz.plan.beats_per_bar == 3 and waltz.score.notes[0].cause is not None  # it still explains itself
print(waltz)
im.Sound(waltz.sound.samples, title="Cafe terrace at night, as a slow waltz")

# %% [markdown]
# And a link of a network's chain. A vocoder takes mel frames and gives samples (chapter 09). Ours is a trained network. The crudest one that could work plays one sine for each mel band, as loud as the band says:
#
# $$x(t) = \sum_{b} 10^{\,d_b(t) / 20} \, \sin(2 \pi f_b t + \varphi_b)$$
#
# $d_b(t)$: the level of band $b$ in decibels, drawn out between the frames; $f_b$: its middle, in hertz; $\varphi_b$: any starting angle.

# %%
from librosa import mel_frequencies

MIDDLES = mel_frequencies(n_mels=130, fmin=0, fmax=11025)[1:-1]  # Hz, of the 128 bands


def sine_bank(levels):
    """One sine for each mel band: (frames, 128) dB -> samples."""
    n = len(levels) * 256
    time, frames = np.arange(n) / 22050, np.arange(len(levels)) * 256 / 22050
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, len(MIDDLES))
    loud = 10 ** ((levels - levels.max()) / 20)
    bank = zip(MIDDLES, angles, loud.T, strict=True)
    sound = sum(np.interp(time, frames, band) * np.sin(2 * np.pi * f * time + a) for f, a, band in bank)
    return 0.3 * sound / np.abs(sound).max()


roads.register("sines", roads.spectral_road("linear", vocoder=sine_bank))
for road, words in (("linear", "the trained vocoder"), ("sines", "128 sines")):
    sound = im.compose(picture, road=road, seconds=8, seed=1).sound
    display(im.Sound(sound.samples, title=f"The road linear, heard through {words}"))

# %% [markdown]
# The tune and its chords are the same; what you hear in the second is only what the frames say, every band at one frequency. What the first adds is what the vocoder knows of sound.
#
# **Break it.** Let `waltz_plan` ask for half the tempo, or put `decoder=lambda latent: ...` into the spectral road. If a link gives back something of the wrong shape, a sentence says so.
#
# **Learnt:** a chain of functions can be exchanged link by link; whatever keeps the contract at both ends fits.

# %% [markdown] minutes=8 objectives=2 practice=2
# ## A road of your own
#
# **Need it be a chain at all?** No. A road is any function that takes a picture and gives a sound. It gets a name, and goes wherever ours go: into the studio, the meters, the tournament, the terminal. Here is one, *stairs*. It cuts the picture into sixteen strips, and the lighter a strip, the higher its tone:


# %%
def stairs(picture, seconds):
    """Sixteen strips from left to right, one plucked tone each: the lighter, the higher."""
    strips = np.array_split(picture.mean(axis=(0, 2)) / 255, 16)
    time = np.arange(round(seconds * 22050 / 16)) / 22050
    dying = np.exp(-4 * time) * (1 - time / time[-1])
    tones = [dying * np.sin(2 * np.pi * 220 * 8 ** strip.mean() * time) for strip in strips]
    return 0.5 * np.concatenate(tones)


roads.register("stairs", stairs)
mine = im.compose(picture, road="stairs", seconds=8)
print(mine.sentences[-1])
mine

# %% [markdown]
# What a road gives back is checked each time, so that a mistake is a sentence and not a silence:

# %%
mistakes = {
    "silence": lambda picture, seconds: np.zeros(round(seconds * 22050)),
    "numbers_missing": lambda picture, seconds: np.full(22050, np.nan),
    "a_list": lambda picture: [1, 2, 3],
}
for name, function in mistakes.items():
    roads.register(name, function)
    try:
        im.compose(picture, road=name)
    except ValueError as problem:
        print(problem)
    roads.unregister(name)
assert "stairs" in roads.names() and "silence" not in roads.names()

# %% [markdown]
# In a terminal the same road is named by its file: `imgmusic photo.jpg --road my_road.py:stairs`. To hear it in the studio, choose it: `studio_panel(settings=im.studio.Settings(road="stairs"))`.
#
# **Make one.** Change `stairs` so that colourful strips are loud and grey ones soft, or put a scale under it (chapter 10, "Seven notes out of twelve"). It will meet the others in the tournament, as it then is.
#
# **Learnt:** a road of your own is one function; from then on it is judged like all the others.
#
# But how does one judge a road?

# %% [markdown] minutes=13 objectives=3 practice=3
# ## Three meters
#
# **Is it any good?** That is three questions. Does the music *reflect* the picture? Is it *usual* as music? Was it *quick*? Each has a meter from 0 to 1, and each must say what it is held against:
#
# - **faithful** is held against 316 pieces that the road by rules made for other photographs and paintings. It is the share of them that would suit *this* picture worse. One half is what a piece drawn blindly from them gets. It is not yet the line to beat, as we shall see.
# - **usual** is held against 152 passages that people wrote. It is the mean of several typicalities: 1 in the middle of them, 0 further out than all.
# - **quick** is held against the clock: 1 for an answer within a fifth of a second, 0 for music that takes as long to make as to play.
# - **new** goes beside them, and is held against all that the networks learnt from. It is the share of people's music that is nearer to that than this piece is. 0 may be learnt by heart.

# %%
import time

from imgmusic_edu.evaluation.meters import asked, meters, open_reference

reference = open_reference()
assert len(reference.measured) == 316 and len(reference.heard) == 152 and len(reference.learnt) == 2400


def met(make):
    """Make a piece, take the time, and read the meters."""
    start = time.perf_counter()
    piece = make()
    took = time.perf_counter() - start
    return piece, meters(first.features, piece.sound, took=took, score=getattr(piece, "score", None))


meters(first.features, first.sound)  # the first time a network is loaded: that is no part of the race
for road in ("score", "linear", "stairs"):
    piece, found = met(lambda road=road: im.compose(picture, road=road, seconds=10, seed=1))
    print(f"{road:<8}" + "".join(f"{name} {meter.value:.2f}   " for name, meter in found.items()))
for name, meter in found.items():
    print(f"\n{name}, of the stairs: {meter.sentence}")

# %% [markdown]
# Look into the first one. Seven qualities $q$ are measured in the sound: tempo, mode, register, loudness, brightness, dissonance (its measure is *roughness*, chapter 03), density. What the rules ask of the picture and what is measured are brought to one scale, standard deviations over the reference: $a_q$ and $z_q$. How badly music and picture fit is
#
# $$m = \sum_q (z_q - a_q)^2, \qquad \text{faithful} = \frac{1}{n} \, \#\{\, i : m_i > m \,\}$$
#
# where $m_i$ is the misfit of the $i$-th of the $n$ other pieces with the *same* picture.

# %%
from imgmusic_edu.evaluation.faithfulness import MEASURES

heard = audio_features.measure(mine.sound.samples)
numbers = np.array([heard[measure] for measure in MEASURES.values()])


def in_spreads(values, over):
    """In standard deviations from the mean of the reference."""
    return (values - over.mean(axis=0)) / over.std(axis=0)


wanted = in_spreads(asked(first.features), reference.asked)
z = in_spreads(numbers, reference.measured)
misfit = ((z - wanted) ** 2).sum()
of_others = ((in_spreads(reference.measured, reference.measured) - wanted) ** 2).sum(axis=1)
share = np.mean(of_others > misfit)
assert np.isclose(share, meters(first.features, mine.sound)["faithful"].value)
for quality, is_, should in zip(MEASURES, z, wanted, strict=True):
    print(f"{quality:<11} asked {should:+.1f}, measured {is_:+.1f}")
print(f"misfit {misfit:.0f}; {share:.0%} of the other pieces suit this picture worse")

# %% [markdown]
# **What is the line to beat?** A square counts far misses most. So it favours whoever keeps to the middle and never misses by far. Take music that measures as the reference does on the mean, whatever the picture. All its $z_q$ are 0:

# %%
from imgmusic_edu.evaluation.meters import unseeing

of_the_middle = (wanted**2).sum()
share = np.mean(of_others > of_the_middle)
assert np.isclose(share, unseeing(first.features, reference)) and share > 0.5
print(f"music in the middle: misfit {of_the_middle:.0f}; {share:.0%} of the other pieces suit this picture worse")

# %% [markdown]
# It has not looked at the picture, and gets more than one half. That is the line, and the meter's sentence says it for each picture. What a piece has above it may come from the picture. (Over many pictures: "Compared with what?")

# %% [markdown]
# **Fool one on purpose.** A meter that can be fooled is still of use, if another one notices. Four cheats, before you look: which meter does each of them fool, and which one catches it?
#
# 1. Good music for *another* picture.
# 2. The right piece, cut into tenths of a second and shuffled.
# 3. The right piece played backwards.
# 4. A chord on the hue wheel: red is C, and so on round.

# %%
from imgmusic_edu.evaluation.baselines import hue_tonic, hue_wheel

right = im.compose(picture, seconds=10, seed=1)
stranger = im.compose(datasets.picture("plate"), seconds=10, seed=1)
pieces = np.array_split(right.sound.samples, 100)
order = np.random.default_rng(0).permutation(100)
cheats = {
    "as it should be": right.sound,
    "for another picture": stranger.sound,
    "cut and shuffled": im.Sound(np.concatenate([pieces[k] for k in order])),
    "backwards": im.Sound(right.sound.samples[::-1].copy()),
    "hue wheel": im.Sound(hue_wheel(hue_tonic(picture))),
}
readings = {name: meters(first.features, sound) for name, sound in cheats.items()}
for name, found in readings.items():
    print(f"{name:<22}" + "".join(f"{key} {found[key].value:.2f}   " for key in ("faithful", "usual", "new")))
    display(im.Sound(cheats[name].samples[: 4 * 22050], title=f"{name}, four seconds"))

# %%
heard = audio_features.measure(cheats["cut and shuffled"].samples)
z = in_spreads(np.array([heard[measure] for measure in MEASURES.values()]), reference.measured)
terms = dict(zip(MEASURES, (z - wanted) ** 2, strict=True))
print("misfit of the cut and shuffled:", ", ".join(f"{quality} {term:.1f}" for quality, term in terms.items()))
assert terms["dissonance"] > 0.8 * sum(terms.values()) > terms["tempo"]

# %% [markdown]
# Read the table with your ears.
#
# - Music for *another picture* is as usual as before. *Faithful* catches it.
# - *Cut and shuffled*, it is noise to you and nearly as usual as before to the meter, which asks for means over ten seconds. *Faithful* catches it, above all by dissonance: each of the cuts is a click, and clicks measure as very rough. That the tempo is gone counts for little beside it. *New* catches it, too: nothing that the networks learnt was like it.
# - The *hue wheel* is the most usual of all. *Faithful* puts it under the line.
# - *Backwards*, no meter notices much. Tempo, key, register, loudness: none of the seven measures knows which way time runs. You heard it within a second.
#
# And the mean hides things. Look at the parts of *usual*, piece by piece:

# %%
parts = list(readings["hue wheel"]["usual"].parts)
print(f"{'':<22}" + "".join(f"{name:>21}" for name in parts))
for name, found in readings.items():
    print(f"{name:<22}" + "".join(f"{found['usual'].parts[part]:21.2f}" for part in parts))
faithful = {name: found["faithful"].value for name, found in readings.items()}
assert faithful["backwards"] > 0.9 > 0.7 > faithful["hue wheel"] > faithful["for another picture"]

# %% [markdown]
# One number out of several can be the mean of good and bad, and two pieces with the same mean can fail in different ways. So read the parts before you believe a meter. One part is missing on purpose: loudness. The passages by people are scores, and how loud they are our synthesizer decided, so all of them had the same loudness and nearly any other piece was "further out than all".
#
# **Learnt:** each meter sees one thing, any of them can be fooled, and the ear is not yet out of work.
#
# One piece for one picture may be luck. We need many.

# %% [markdown] tags=["instructor"]
# **Discuss.** Ask for a cheat of the class's own before the table is run: what would fool *faithful*, and could *usual* notice? A cheat that several groups find is the copy: give each picture the training piece that fits it best. It is faithful and usual, and only *new* is at nought. (So the reference must hold all of the 2400 training pieces. With a tenth of them, a copy of one of the others would pass for new.) Then ask the harder question: is the road by rules, whose music the networks learnt from, a copy of itself?

# %% [markdown] minutes=13 objectives=3 practice=3
# ## Does the music follow the picture?
#
# **If one picture asks for faster music than another, is its music faster?** No network learnt from the pictures below. But results on them were looked at. When these had shown that something was wanting, two settings were made again on *other* pictures: how far the GAN's chance spreads, and how strong the finish is (chapter 08). So what the networks reach here may be a little too good. Each road makes ten seconds for each of them. Then the benchmark looks at the pictures and listens to the sounds. It never asks a road what it meant.

# %%
from imgmusic_edu.evaluation.benchmark import judge, listen
from imgmusic_edu.networks.pairs import picture_of, shipped

PICTURES = [(name, picture_of(name)) for name in shipped("test")]  # as they are, none of them changed
assert len(PICTURES) == 44


def ten_seconds(road, picture, seed):
    """Samples by a road."""
    return im.compose(picture, road=road, seconds=10, seed=seed).sound.samples


sounds, heards = {}, {}
for road in ("score", "linear", "stairs"):
    sounds[road] = [ten_seconds(road, shown, seed) for seed, (_, shown) in enumerate(PICTURES)]
    pairs = [(name, None, shown, sound) for (name, shown), sound in zip(PICTURES, sounds[road], strict=True)]
    heards[road] = listen(pairs)
print(f"{len(PICTURES)} pictures; for each {len(MEASURES)} measures of its sound, for each of {len(heards)} roads")

# %% [markdown]
# A rule says *more of this gives more of that*; it names no tempo for a colour. So only the order is asked for: rank the pictures by what the rules ask of them, rank the sounds by what is measured, and correlate the ranks (Spearman 1904):
#
# $$\rho = \frac{\sum_i (r_i - \bar r)(s_i - \bar s)}{\sqrt{\sum_i (r_i - \bar r)^2 \sum_i (s_i - \bar s)^2}}$$
#
# $r_i$: the rank of picture $i$ by what is asked; $s_i$: the rank of its sound. 1 is the same order, 0 no connexion, -1 the order turned round.

# %%
from scipy.stats import rankdata

from imgmusic_edu.evaluation.estimates import spearman


def rank_correlation(one, other):
    """Spearman's: the correlation of the ranks; what never moves follows nothing."""
    r, s = (rankdata(values) - (len(values) + 1) / 2 for values in (one, other))
    lengths = np.sqrt((r**2).sum() * (s**2).sum())
    return float((r * s).sum() / lengths) if lengths > 0 else 0.0


print(f"{'':<12}" + "".join(f"{road:>9}" for road in heards))
obeys = {}
for k, quality in enumerate(MEASURES):
    for road, heard in heards.items():
        obeys[quality, road] = rank_correlation(heard.drives[:, k], heard.measures[:, k])
        assert np.isclose(obeys[quality, road], spearman(heard.drives[:, k], heard.measures[:, k]))
    print(f"{quality:<12}" + "".join(f"{obeys[quality, road]:9.2f}" for road in heards))
means = {road: np.mean([obeys[quality, road] for quality in MEASURES]) for road in heards}
print(f"{'mean':<12}" + "".join(f"{means[road]:9.2f}" for road in heards))
assert min(obeys[quality, "score"] for quality in MEASURES) > 0.5 and abs(means["stairs"]) < 0.2
assert max(obeys["dissonance", "linear"], obeys["mode", "linear"]) < 0.2 and obeys["density", "linear"] < 0.5
assert obeys["loudness", "stairs"] < 0 < 0.2 < obeys["register", "stairs"] < obeys["brightness", "stairs"]

# %%
import matplotlib.pyplot as plt

with im.plots.style():
    figure, places = plt.subplots(1, 3, figsize=(9, 3.2), sharex=True, layout="constrained")
K = list(MEASURES).index("register")
for place, (road, heard) in zip(places, heards.items(), strict=True):
    place.scatter(heard.drives[:, K], heard.measures[:, K], s=18)
    place.set(title=f"{road}: {obeys['register', road]:.2f}")
figure.supxlabel("register that the rules ask for (standard units)")
places[0].set_ylabel("register measured (MIDI number)")
light = np.array([shown.mean() for _, shown in PICTURES])
print(f"stairs, lightness and loudness: {spearman(light, heards['stairs'].measure('loudness')):+.2f}")
assert spearman(light, heards["stairs"].measure("loudness")) > 0.9
said = ", ".join(f"{obeys['register', road]:.2f} for {road}" for road in heards)
alt = f"Three clouds of {len(PICTURES)} points: register measured against register asked for. Rank correlation {said}."
im.show(figure, alt=alt)

# %% [markdown]
# The road by rules keeps the order that the rules ask for in every quality, and loses a little on the way into sound: notes of other parts lie over the melody, chords change. The linear road, which learnt from it, keeps tempo, register, loudness and brightness. Of density little is left, of mode and dissonance as good as nothing. *Stairs* follows in what it was made for: a light picture sounds higher and brighter. But high tones count for more in loudness, so a light picture is also *louder*, by a little, and the rules ask it to be softer. Mode runs the wrong way, too. Its mean is nothing.
#
# **Learnt:** correspondences are a matter of more and less, so ranks are compared, in the sound, over many pictures.
#
# Is a correlation of one half much? Compared with what?

# %% [markdown] minutes=8 objectives=3 practice=3
# ## Compared with what?
#
# **What would a program get that never looked at the picture?** A figure without this line says nothing. Three programs that need no skill:
#
# - **shuffled pairs**: the road's own sounds, dealt out to the wrong pictures;
# - **the hue wheel**: a kind of program that is often written; it does look at the picture, but at something that nobody was found to hear;
# - **one for all**: the same sound for every picture. It has no order, so its correlation is 0.
#
# Shuffling is done in three lines, and says how large a figure grows by luck. (In brackets, from here on: where nineteen of twenty shuffles lie, or how far a figure would go with other pictures. "How sure are we?" explains the latter.)

# %%
rng = np.random.default_rng(0)
score = heards["score"]
by_luck = []
for _ in range(100):
    order = rng.permutation(len(score))  # all sounds dealt out anew; one or the other may meet its own picture
    by_luck.append(np.mean([spearman(score.drives[:, k], score.measures[order, k]) for k in range(len(MEASURES))]))
low, high = np.quantile(by_luck, [0.025, 0.975])
print(f"score: {means['score']:.2f}")
print(f"its own sounds shuffled: {np.mean(by_luck):+.2f}, 95 % of them {low:.2f} to {high:.2f}")

reports = {road: judge(heard, candidates=(), notice=str) for road, heard in heards.items()}
row = reports["score"].find("all rules -> all qualities")
assert abs(row["value"] - means["score"]) < 1e-3 and abs(row["shuffled_high"] - high) < 0.05
print(f"hue wheel: {row['hue_wheel']:.2f} ({row['hue_wheel_low']:.2f} to {row['hue_wheel_high']:.2f})")

# %%
lines = {"score, shuffled pairs": (np.mean(by_luck), low, high)}
lines["hue wheel"] = tuple(row[f"hue_wheel{end}"] for end in ("", "_low", "_high"))
for road, report in reports.items():
    whole = report.find("all rules -> all qualities")
    lines[road] = whole["value"], whole["low"], whole["high"]
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    for k, (value, least, most) in enumerate(lines.values()):
        axes.plot([least, most], [k, k], "-", color=im.plots.COLOURS[0])
        axes.plot(value, k, "o", color="black")
    axes.axvline(0, ls="--", color="black")
    axes.margins(y=0.2)
    axes.set_yticks(range(len(lines)), list(lines))
    axes.invert_yaxis()
    axes.set(xlabel="mean rank correlation over seven qualities", xlim=(-0.4, 1))
said = ", ".join(f"{name} {value:.2f} ({least:.2f} to {most:.2f})" for name, (value, least, most) in lines.items())
im.show(figure, alt=f"Five points with their bars beside a line at 0: {said}.")

# %% [markdown]
# (The first bar is where shuffles lie, the others are intervals over pictures.) The road by rules and the linear road lie far outside what luck does. The hue wheel does not, though it does look at the picture: it looks at something that the rules, and the experiments behind them, know nothing of. And stairs lies where shuffled pairs lie, although it follows the light; what it gains in two qualities it loses in two others. A mean may hide both.
#
# **And in *faithful*?** There one for all is the harder rival, because the misfit favours the middle. Let the most middling piece that we have stand for all pictures:

# %%
from imgmusic_edu import crossmodal

asks = np.array([[crossmodal.squash(drive) for drive in drives] for drives in score.drives])
asks, pieces = in_spreads(asks, reference.asked), in_spreads(reference.measured, reference.measured)
their_misfits = ((pieces - asks[:, None]) ** 2).sum(axis=2)  # (pictures, pieces of the reference)


def faithful_by(measures):
    """*Faithful* for each picture: share of the reference that suits it worse than music of these measures, (n, 7)."""
    own = ((in_spreads(measures, reference.measured) - asks) ** 2).sum(axis=1)
    return np.mean(their_misfits > own[:, None], axis=1)


# %%
middling = np.argmin((in_spreads(score.measures, reference.measured) ** 2).sum(axis=1))
looks = {road: faithful_by(heard.measures) for road, heard in heards.items()}
looks["score, shuffled"] = faithful_by(np.roll(score.measures, 1, axis=0))  # each the sound of the picture before
looks["one for all"] = faithful_by(score.measures[[middling]])
looks["the middle itself"] = faithful_by(reference.measured.mean(axis=0)[None])
for who, each in looks.items():
    print(f"{who:<18} faithful {each.mean():.2f}")
assert looks["score"].mean() > looks["one for all"].mean() > looks["linear"].mean() > looks["score, shuffled"].mean()

# %% [markdown]
# Only music drawn like the reference, as the shuffled is, gets one half. The linear road gets more than that, and still *less* than one piece for all pictures. So its *faithful* does not show that it looks at the picture; its rank correlations do. Both are true: the order follows, the amounts are off, and a misfit counts amounts.
#
# **And above?** There stands the **oracle**: the road by rules, whose music the networks learnt from. It is what a pupil would get who gave the teacher's pieces back, and no upper bound. Chapter 08's table has pupils that pass it in mode and tempo: with fewer notes in the way, a measure reads more clearly.
#
# **Learnt:** a figure is a figure beside chance, beside a program without skill, and beside the teacher; and the hardest program without skill is not always chance.
#
# So pictures that differ get music that differs. But real pictures differ in everything at once. What is it about a picture that is heard?

# %% [markdown] minutes=11 objectives=3 practice=3
# ## What if the picture were lighter?
#
# **Change one thing in the picture: does the music move the right way?** An edit (lighten, grey out, roughen, turn upside down) changes one feature and leaves the others nearly alone. The piece is made again with the same seed, so that nothing else differs. Then only the *direction* is asked: for each edit $e$ and quality $q$ that the rules tie to it,
#
# $$\text{share right} = \frac{1}{n} \sum_{e, q} \big[\, \mathrm{sign}(\Delta_q) = \mathrm{sign}_{\text{rules}}(e, q) \,\big]$$
#
# $\Delta_q$: the measured change. A coin would be right half the time. Edits that move their own feature by less than a quarter of a standard unit are not asked: they say nothing.

# %%
from imgmusic_edu.evaluation.edits import EDITS
from imgmusic_edu.evaluation.faithfulness import NOTICEABLE, SHOWS, expected_sign

lighter = EDITS["lighten"].function(picture)
for words, shown in (("as it is", picture), ("lighter", lighter)):
    piece = im.compose(shown, seconds=10, seed=1)
    numbers = audio_features.measure(piece.sound.samples)
    print(f"{words:<9} tempo {numbers['tempo']:.0f}, register {numbers['register']:.1f}")
    display(im.Sound(piece.sound.samples[: 6 * 22050], title=f"Cafe terrace, {words}"))
for edit, qualities in SHOWS.items():
    print(f"{edit:<9} is to be heard in {', '.join(qualities)}")

# %%
FEW = PICTURES if FULL else PICTURES[::8]  # six of them, and each in ten ways
edited = {}
for road in ("score", "stairs"):
    pairs = []
    for seed, (name, shown) in enumerate(FEW):
        for edit in (None, *EDITS):
            seen = shown if edit is None else EDITS[edit].function(shown)
            pairs.append((name, edit, seen, ten_seconds(road, seen, seed)))
    edited[road] = listen(pairs)
assert len(edited["score"]) == 11 * len(FEW)


# %%
def signs(heard):
    """(picture, edit, quality, whether it moved the right way) of every edit that is to be heard."""
    before = {name: k for k, name in enumerate(heard.names) if heard.edits[k] is None}
    for k, (name, edit) in enumerate(zip(heard.names, heard.edits, strict=True)):
        if edit not in SHOWS:
            continue
        shift = heard.feature(EDITS[edit].feature)[k] - heard.feature(EDITS[edit].feature)[before[name]]
        if abs(shift) < NOTICEABLE:
            continue
        for quality in SHOWS[edit]:
            change = heard.measure(quality)[k] - heard.measure(quality)[before[name]]
            yield name, edit, quality, np.sign(change) == expected_sign(EDITS[edit].feature, shift, quality)


told = {road: list(signs(heard)) for road, heard in edited.items()}
for road, found in told.items():
    print(f"{road}: {sum(right for *_, right in found)} of {len(found)} right, {np.mean([r for *_, r in found]):.0%}")
answers = {road: judge(heard, candidates=(), notice=str) for road, heard in edited.items()}

# %%
kinds = list(dict.fromkeys((edit, quality) for _, edit, quality, _ in told["score"]))
shares = {road: [np.mean([r for _, *k, r in told[road] if tuple(k) == kind]) for kind in kinds] for road in told}
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 4.4), layout="constrained")
    at = np.arange(len(kinds))
    axes.barh(at - 0.2, shares["score"], 0.38, label="score")
    axes.barh(at + 0.2, shares["stairs"], 0.38, label="stairs", hatch="//", edgecolor="black")
    axes.axvline(0.5, color="black", ls="--", label="chance")
    axes.set_yticks(at, [f"{edit}: {quality}" for edit, quality in kinds])
    axes.invert_yaxis()
    axes.set(xlabel="share of pictures in which it moves the right way", xlim=(0, 1))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
worst = kinds[int(np.argmin(shares["score"]))]
above = {road: sum(share > 0.5 for share in found) for road, found in shares.items()}
said = ", ".join(f"{n} by {road}" for road, n in above.items())
alt = f"Of {len(kinds)} pairs of edit and quality, more than half of the pictures move the right way in {said}. "
im.show(figure, alt=alt + f"Lowest for score is {worst[0]}: {worst[1]}, with {min(shares['score']):.2f}.")

# %% [markdown]
# **And what must not move?** One rule of the list says *nothing*: contrast does not change pitch (Evans and Treisman 2010). It is the control. If contrast moved the register, other things would leak into it, too.

# %%
for road, report in answers.items():
    leak = report.find("contrast edited -> register")
    span = f"{leak['low']:+.2f} to {leak['high']:+.2f}"
    assert abs(leak["value"]) < 0.3
    print(f"{road}: more contrast moves the register by {leak['value']:+.2f} semitones ({span})")

# %% [markdown]
# The road by rules answers nearly every edit. Stairs is right less often than a coin, and that is no riddle: it has one tempo and hardly more than one loudness, so most edits move next to nothing, and *not moved* is not *moved the right way*. Contrast moves neither register by more than a fraction of a semitone; a lighter picture moved it by semitones. That is what a control is for: it says how much movement means nothing.
#
# **Learnt:** one edit, one seed, one direction: the nearest thing to a cause that a benchmark can see.
#
# Now the other way round: you hear the music. Which picture was it?

# %% [markdown] minutes=9 objectives=3 practice=3
# ## Which picture was it?
#
# **Could one find the picture, given only the sound?** If music reflects its picture, then of all pictures its own should suit it best. Take the misfit of "Three meters" for every sound with every picture: a square table $D$, sounds down, pictures across. The rank of sound $i$'s own picture is
#
# $$R_i = 1 + \#\{\, j : D_{ij} < D_{ii} \,\}, \qquad \text{R@}k = \tfrac1n \#\{ i : R_i \le k \}, \qquad \text{MRR} = \tfrac1n \sum_i 1 / R_i$$
#
# A coin with as many sides as there are pictures reaches R@$k$ of $k/n$, and an MRR (mean reciprocal rank) that is a sum of fractions:

# %%
from imgmusic_edu.evaluation.matching import rules_finder


def own_ranks(heard):
    """Rank of each sound's own picture among all."""
    asks = np.array([[crossmodal.squash(drive) for drive in drives] for drives in heard.drives])
    a, z = (in_spreads(values, values) for values in (asks, heard.measures))  # (n, 7) each
    D = ((z[:, None] - a[None]) ** 2).sum(axis=2)  # (sounds, pictures)
    assert np.allclose(D, rules_finder(heard, heard).judge(z, heard.features))
    return 1 + (D < np.diag(D)[:, None]).sum(axis=1)


n = len(PICTURES)
ranks = {road: own_ranks(heard) for road, heard in heards.items()}
print(f"{'':<8}" + "".join(f"{name:>12}" for name in ("R@1", "R@10", "median rank", "MRR")))
print(f"{'chance':<8}{1 / n:12.2f}{10 / n:12.2f}{(n + 1) / 2:12.1f}{np.mean(1 / np.arange(1, n + 1)):12.2f}")
for road, r in ranks.items():
    print(f"{road:<8}{np.mean(r <= 1):12.2f}{np.mean(r <= 10):12.2f}{np.median(r):12.1f}{np.mean(1 / r):12.2f}")

# %%
with im.plots.style():
    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for (road, r), dashes in zip(ranks.items(), ("-", "--", "-."), strict=True):
        axes.plot(np.arange(1, n + 1), [np.mean(r <= k) for k in range(1, n + 1)], dashes, label=road)
    axes.plot([1, n], [1 / n, 1], ":", color="black", label="chance")
    axes.set(xlabel="pictures looked at, best first", ylabel="share of sounds whose own is among them")
    axes.legend()
said = ", ".join(f"{np.mean(r <= 10):.0%} by {road}" for road, r in ranks.items())
im.show(figure, alt=f"Share of sounds found rises to 1. Among the first ten are {said}, and {10 / n:.0%} by chance.")

# %% [markdown]
# The rules that look for the picture here are those that made the music, so this finder knows the trade secret. The benchmark has a second one, the *listener* (chapter 08): ridge regression that learnt to read a picture's features off a sound. Nobody told it the rules. But it learnt from *other* pieces by the same rules, so it has heard them at work:

# %%
for road, report in reports.items():
    row = report.find(f"listener, among {n}", measure="R@10")
    span = f"{row['low']:.2f} to {row['high']:.2f}"
    print(f"{road}: R@10 by the listener {row['value']:.2f} ({span}), chance {row['chance']:.2f}")

# %% [markdown]
# Both finders agree on the order: the road by rules is found at once, the linear road well above chance, stairs about where chance is.
#
# **Learnt:** retrieval asks for the picture as a whole; its chance line hangs on the number of pictures, so a rank without that number says nothing.
#
# The brackets behind the last figures have waited long enough for an explanation.

# %% [markdown] minutes=12 objectives=4 practice=4
# ## How sure are we?
#
# **Would it be the same with other pictures?** We have 44, and there are more in the world. The *bootstrap* (Efron 1979) asks what would have come out had we met others, and takes the ones we have for the world: draw as many pictures as there are, *with* putting back, so that some come twice and some not at all. Compute the figure again. Do that a thousand times. From what comes out, leave away one fortieth at each end; the rest is the interval, which is called the interval of $95\,\%$.

# %%
from imgmusic_edu.evaluation.estimates import estimate


def bootstrap(statistic, values, seed=0, draws=1000):
    """The ends of the 95 % interval of a statistic over pictures."""
    n = len(values)
    chosen = np.random.default_rng(seed).integers(n, size=(draws, n))  # which pictures, for each draw
    return np.quantile([statistic(values[rows]) for rows in chosen], [0.025, 0.975])


for road, r in ranks.items():
    hits = (r <= 10).astype(float)
    low, high = bootstrap(np.mean, hits)
    theirs = estimate(lambda rows: rows.mean(axis=-1), hits)
    assert np.allclose((low, high), theirs[1:])
    print(f"{road}: R@10 {hits.mean():.2f} ({low:.2f} to {high:.2f})")

# %% [markdown]
# **Draw what was drawn.** What must be put back and drawn again are *pictures*, not edits and not notes. Edits of one picture hang together: if the music of a picture has no clear tempo, five questions about it go wrong at once. Draw edits as if each were a picture of its own, and you pretend to know more than you do. First a made-up case: of ten pictures, five answer all twelve of their edits rightly and five none. Then our two roads:


# %%
def widths(found):
    """Share right, and its interval when edits are drawn, and when pictures are drawn."""
    right = np.array([float(r) for *_, r in found])
    of = np.array([name for name, *_ in found])
    by_picture = np.array([right[of == name].mean() for name in dict.fromkeys(of)])
    return by_picture.mean(), bootstrap(np.mean, right), bootstrap(np.mean, by_picture)


made_up = [(f"picture {k}", "", "", k < 5) for k in range(10) for _ in range(12)]
for what, found in {"made up": made_up, **told}.items():
    value, of_edits, of_pictures = widths(found)
    print(f"{what}: {value:.2f}")
    print(f"   edits drawn:    {of_edits[0]:.2f} to {of_edits[1]:.2f}")
    times = np.ptp(of_pictures) / np.ptp(of_edits)
    print(f"   pictures drawn: {of_pictures[0]:.2f} to {of_pictures[1]:.2f}, {times:.1f} times as wide")
    if what in answers:  # the package draws pictures
        row = answers[what].find("all edits")
        assert np.allclose((row["value"], row["low"], row["high"]), (value, *of_pictures), atol=1e-3)

# %% [markdown]
# In the made-up case the interval over edits is too narrow by $\sqrt{12} \approx 3.5$: twelve answers that are all alike count as one. For our roads it is about as wide, or even too wide: every picture was asked the *same* edits, and stairs fails in the same ones each time, so its pictures are more alike than chance would make them. One does not know beforehand which way it goes. Draw pictures, and you need not.
#
# **Two warnings.** With few pictures the bootstrap is too sure of itself: it cannot imagine what it has not seen. Where *nothing* went wrong in $n$ pictures it gives an interval of no width; a rule of thumb says that up to $3/n$ may still go wrong. And it knows nothing of pictures unlike all of ours.
#
# **Two roads on the same pictures** are compared picture by picture: take the difference first, then its interval. If 0 lies outside, the roads differ. That is sharper than to look whether two intervals overlap, because pictures that are hard are hard for both.

# %%
better = (1 / ranks["score"]) - (1 / ranks["linear"])  # of the reciprocal ranks, picture by picture
low, high = bootstrap(np.mean, better)
print(f"score minus linear, MRR: {better.mean():+.2f} ({low:+.2f} to {high:+.2f})")
ahead = looks["linear"] - looks["one for all"]  # of the meter *faithful*
low, high = bootstrap(np.mean, ahead)
print(f"linear minus one for all, faithful: {ahead.mean():+.2f} ({low:+.2f} to {high:+.2f})")
assert ahead.mean() < 0  # picture by picture, too

# %% [markdown]
# **Break it.** In the second line of that cell, let the bootstrap have every fourth picture only, `better[::4]`. First guess: with a quarter of the pictures, how many times as wide is the interval? Then run it.
#
# **Learnt:** a figure without an interval is half a figure, and the interval runs over what was drawn: pictures.
#
# All this asked whether the music *follows*. A siren that follows is still a siren.

# %% [markdown] tags=["instructor"]
# **Answer.** Of "Break it": about twice as wide, for the width goes with one over the square root of the number of pictures.
#
# **Pitfall.** "The true value lies in the interval with a probability of ninety-five in a hundred" is not what it says. It says how far the figure would move, were the pictures drawn again from pictures like ours. Ask which pictures *unlike* ours the class would want to see next, and why no interval can stand for those.

# %% [markdown] minutes=12 objectives=3 practice=3
# ## Is it good?
#
# **Can a number say whether music is good?** No. But some can say that it is *usual*, and what is usual is seldom terrible. Of notes one can ask what share lies in the key, and whether neighbouring bars agree (chapter 10); of any sound how rough it is, how busy and how bright. Here beside the music that people wrote, of which the course ships 152 passages:

# %%
from imgmusic_edu.evaluation import music
from imgmusic_edu.evaluation.meters import HEARD

scores = [im.compose(shown, seconds=10, seed=k).score for k, (_, shown) in enumerate(PICTURES[::4])]
in_key = np.mean([music.in_key_share(one, raised_seventh=True) for one in scores])
groove = np.mean([music.groove_consistency(one) for one in scores])
print(
    f"score road: {in_key:.2f} of the notes in the key, groove consistency {groove:.3f} (people's {reference.groove.mean():.3f})"
)
print(f"\n{'':<22}{'people, middle half':>22}" + "".join(f"{road:>9}" for road in heards))
for name, quality in (("roughness", "dissonance"), ("onset_density", "density"), ("spectral_centroid", "brightness")):
    quarter, three = np.quantile(reference.heard[:, HEARD.index(name)], [0.25, 0.75])
    ours = "".join(f"{np.median(heard.measure(quality)):9.2f}" for heard in heards.values())
    print(f"{name:<22}{quarter:13.2f} to {three:5.2f}{ours}")

# %% [markdown]
# These see one thing each. A network that has heard much music sees more at once. The sound VGG (chapter 04) turns ten seconds into 128 numbers. So a road is a crowd of points, people's music is another, and the question is how far the crowds lie apart. The *kernel distance* compares likenesses within each crowd with likenesses across (Gretton and others 2012; Jayasumana and others 2024):
#
# $$d = \overline{k(x, x')} + \overline{k(y, y')} - 2\,\overline{k(x, y)}, \qquad k(a, b) = e^{-|a - b|^2 / 4}$$
#
# $x, x'$: two different points of one crowd; $y, y'$: of the other; the bar: the mean over all such pairs. $k$ is the likeness of two points: 1 for the same, near 0 for distant ones. Alike crowds give 0 on the mean, sometimes a little less.

# %%
from imgmusic_edu.evaluation.diversity import Standard, nearest_distance
from imgmusic_edu.evaluation.embedding_distance import embed, kernel_distance


def near(A, B):
    """Likeness of each point with each: exp(-|a - b|^2 / 4)."""
    apart = (A**2).sum(axis=1)[:, None] + (B**2).sum(axis=1) - 2 * A @ B.T
    return np.exp(-apart / 4)


def distance(X, Y, alike=near):
    """Kernel distance of two crowds, (n, d) and (m, d)."""

    def within(A):
        K = alike(A, A)
        return (K.sum() - np.trace(K)) / (len(A) * (len(A) - 1))  # never a point with itself

    return within(X) + within(Y) - 2 * alike(X, Y).mean()


# %%
standard = Standard(reference.real)
people = standard(reference.real)
crowds = {road: embed(made) for road, made in sounds.items()}
print(f"people and other people {distance(people[::2], people[1::2]):.2f}")
for road, crowd in crowds.items():
    found = kernel_distance(standard(crowd), people)
    assert np.isclose(found.value, distance(standard(crowd), people)) and found.low > 0
    print(f"{road} and people: {found.value:.2f} ({found.low:.2f} to {found.high:.2f})")

# %% [markdown]
# Here is a poor result, and it stays in: the music of the road by rules is *not* surely nearer to people's music than the music of the linear road. Against that stand the notes: nearly all in the key, bars as steady as people's or steadier. Both are true; they ask different things. Stairs has no roughness at all, because it never sounds two notes at once, and this shows in the distance, too. And *people's music* means here the shipped scores, as our instruments play them: ragtime, folk songs, and much music for games, which is busier and harsher than what a quiet picture asks for.
#
# **Why this likeness and no other?** Other distances of this kind (KID, Binkowski and others 2018) take the cube of a product. Both are right on average. But the cube lets a point count the more, the further out it lies. See what that does:


# %%
def cube(A, B):
    """The likeness of KID."""
    return (1 + A @ B.T) ** 3


X = standard(crowds["score"])
fewer = np.delete(X, np.argsort(-(X**2).sum(axis=1))[:4], axis=0)  # without those that lie furthest out
remains = {}
for words, alike in (("fading", near), ("cube", cube)):
    whole, without = distance(X, people, alike), distance(fewer, people, alike)
    remains[words] = without / whole
    print(f"{words}: {whole:.2f} with all {len(X)} pieces, {without:.2f} with {len(fewer)} of them")
assert remains["cube"] < 0.7 < 0.85 < remains["fading"]

# %% [markdown]
# A handful of pieces makes much of the cube's figure: a soft cello or flute over a soft electric piano and a harp wakes units of the network that hardly any of the people's passages wakes. A measure that a few pieces can turn round says little about a crowd. The likeness that fades gives each piece one voice.
#
# **Never put such a figure beside a published FAD or KID.** They are distances *in* a network: another network, another layer, another reference, another length of clip, and the figure is another, though the music is the same. See how much the reference and the scale alone move it:

# %%
X = crowds["score"]
references = {
    "all of the people's music": reference.real,
    "every third passage": reference.real[::3],
    "what the networks learnt from": reference.learnt,
}
for words, real in references.items():
    scale = Standard(real)
    print(f"the same sounds, held against {words}: {distance(scale(X), scale(real)):.2f}")

# %% [markdown]
# **New, or learnt by heart?** A road that repeats its training music would be usual and faithful and no road at all. So its distance to the *nearest* piece of what the networks learnt from is taken, and compared with how far people's music is from there:

# %%
own = Standard(reference.learnt)
learnt = own(reference.learnt)
theirs = nearest_distance(own(reference.real), learnt)
print(f"people's music: nearest piece {np.median(theirs):.2f} away (median)")
for road, crowd in crowds.items():
    away = nearest_distance(own(crowd), learnt)
    print(f"{road}: {np.median(away):.2f}, least {away.min():.2f}")
    assert away.min() > 0.1  # nothing is a copy

# %% [markdown]
# The road by rules lies nearest to what the networks learnt, and no wonder: it made that music. The linear road is a little further off, and no piece of any road is a copy.
#
# **Learnt:** numbers say *usual* and *new*, never *good*; and a distance in a network is worth something only beside others in the same network.
#
# The meters have looked from outside. But the road by rules also talks: it says why each note is there. Should we believe it?

# %% [markdown] minutes=14 objectives=5 practice=5
# ## Is the explanation true?
#
# **"This note is high because something stands out high at this place." Is that so?** An explanation that sounds good is easily made up. This one can be tested, because it names a place, a feature and a direction. Change the pixels that it names: the note must change the way it says. Change other pixels: the note must *stay*. The second half is as important as the first; whoever names the whole picture each time always passes the first.
#
# Take one note of the melody:

# %%
from imgmusic_edu.evaluation.fidelity import by_rules, leaks, trials
from imgmusic_edu.evaluation.interventions import is_whole, many_hues
from imgmusic_edu.evaluation.qualities import quality_at
from imgmusic_edu.visual_features import visual_features

write = by_rules(seconds=32.0, seed=0)  # from features to plan and score, always with one seed
plan, before = write(visual_features(picture), None)
line = [note for note in before.notes if note.part == "melody" and not is_whole(note.cause.region)]
note = line[len(line) // 2]  # change me: any of them
x0, _, x1, _ = note.cause.region
rule = next(rule for rule in crossmodal.RULES if rule.id == note.cause.rule)
place = f"between {x0:.0%} and {x1:.0%} of the width"
print(
    f"The note {im.scores.pitch_name(note.pitch)} at beat {note.beat:g}: {note.cause.feature} {note.cause.value:.2f} {place}."
)
print(f"Rule {rule.id}: {rule.claim}.")

# %%
start, end = round(x0 * picture.shape[1]), round(x1 * picture.shape[1])
mean = picture[:, start:end].reshape(-1, 3).mean(axis=0).astype(np.uint8)
tall = picture.shape[0] // 5
changed = {"as it is": picture}
for words, spot in (("spot at the top", slice(0, tall)), ("spot at the bottom", slice(-tall, None))):
    changed[words] = picture.copy()
    changed[words][:, start:end] = mean  # nothing stands out in the strip any more ...
    changed[words][spot, start:end] = 255 if mean.mean() < 128 else 0  # ... but one spot
far = np.abs(np.linspace(0, 1, picture.shape[1]) - (x0 + x1) / 2) > 0.3
changed["other hues elsewhere"] = picture.copy()
changed["other hues elsewhere"][:, far] = many_hues(picture)[:, far]

heights = {}
for words, shown in changed.items():
    keep = plan if "elsewhere" in words else None  # the plan is another explanation: here it is held
    _, after = write(visual_features(shown), keep)
    heights[words] = quality_at(after, note, like=before)
    print(f"{words:<22} the melody is at {heights[words]:.1f} where the note was")
assert heights["spot at the top"] > heights["as it is"] > heights["spot at the bottom"]
assert heights["other hues elsewhere"] == heights["as it is"]

# %%
with im.plots.style():
    figure, places = plt.subplots(1, 4, figsize=(9, 3.4), layout="constrained")
for place, (words, shown) in zip(places, changed.items(), strict=True):
    place.imshow(shown)
    place.set_axis_off()
    place.set_title(f"{words}:\n{heights[words]:.1f}", fontsize=9)
said = ", ".join(f"{words} {height:.1f}" for words, height in heights.items())
im.show(
    figure, alt=f"The picture four times, with a strip changed, or all else; the note's height (MIDI number): {said}."
)
im.licence(NAME)

# %% [markdown]
# One note is an anecdote. `trials` does this to notes drawn by chance, with whichever change of pixels moves the named feature most; that is settled in the picture alone, before anything is composed. `leaks` changes what is *not* named, and asks mildly:
#
# - the plan is held;
# - the note's own phrase is spared, and so are phrases that it repeats, for they are chosen together;
# - outside these, only changes are made that leave the mean and the spread of the curve where they were, to within a twentieth of its spread; a strip is compared with these;
# - where a note names the *whole* picture, nothing lies outside, and the picture is mirrored.

# %%
held, leaked = [], []
for seed, (name, shown) in enumerate(FEW):
    one = by_rules(seed=seed)
    held += trials(name, shown, n=3, write=one)
    leaked += leaks(name, shown, n=3, write=one)


# %%
def over_pictures(found, value):
    """The mean over pictures of their shares, and its interval."""
    names = dict.fromkeys(trial.picture for trial in found)  # in the order of the trials, in every run
    each = np.array([np.mean([value(trial) for trial in found if trial.picture == name]) for name in names])
    return each.mean(), *bootstrap(np.mean, each)


held_share = over_pictures(held, lambda trial: trial.holds)
leak_share = over_pictures(leaked, lambda trial: not trial.holds)
assert held_share[0] > 0.9 and leak_share[0] < 0.1
print("{} notes, explanations that hold: {:.0%} ({:.0%} to {:.0%})".format(len(held), *held_share))
print("{} notes, changed by what is not named: {:.0%} ({:.0%} to {:.0%})".format(len(leaked), *leak_share))
for trial in [trial for trial in held if not trial.holds][:3]:
    print(f"fails: {trial.picture}, {trial.part}, {trial.quality} by {trial.feature}, change {trial.change:+.2f}")

# %% [markdown]
# What if the question is asked less mildly? Take the changes of the first line, which do move mean and spread, and ask *another* note of the same part, which names another place:

# %%
along = [np.sign(trial.elsewhere) == trial.expected for trial in held if not np.isnan(trial.elsewhere)]
assert sum(along) > len(along) / 2
print(f"the same changes, asked of another note of the same part: {sum(along)} of {len(along)} move that way")

# %% [markdown] facts="68, 91, 62: of notes of melody and accompaniment, asked in the waveform, in benchmarks/results/fidelity.md"
# Nearly all hold, and hardly anything leaks: with other pictures (try `PICTURES[::9]`) a leak turns up now and then. But the last line shows what the mild question leaves out. What stands out is measured against the rest of the picture, and phrases are chosen as a whole; so a change in one strip that moves the whole moves other notes along, more often than not. What is shown is this: what is named moves its note, and what lies elsewhere and changes nothing on the whole leaves it alone. It is not shown that the place *alone* decides.
#
# And all this was asked of the notes as they are *written*. In the waveform, where other parts sound on and a measure can err, the benchmark finds that 80 of 100 hold (68 to 91, of 62 notes).
#
# **And a network?** It writes no notes and names no place. Two other things can be asked of it. First, *where*: the road reads the picture from left to right while the music plays. So mask one strip and see *when* the sound changes. If it changes as much at all other times, the strip has no place in the music.

# %%
from imgmusic_edu.evaluation.masking import masked, sways
from imgmusic_edu.networks.spectral import open_road

strips = [strip for name, shown in FEW[:3] for strip in masked(open_road("linear"), name, shown)]
inside = np.array([strip.within / (strip.within + strip.without) for strip in strips])
of = np.array([strip.picture for strip in strips])
each = np.array([inside[of == name].mean() for name in dict.fromkeys(of)])
low, high = bootstrap(np.mean, each)
assert each.mean() < 0.6
print(f"linear: {each.mean():.0%} of the change while the strip is read ({low:.0%} to {high:.0%}); by chance 50 %")
for strip in strips[:5]:
    print(f"strip {strip.strip + 1}: {strip.within:.1f} dB while it is read, {strip.without:.1f} dB at other times")

# %% [markdown]
# That is a poor answer: hardly more than half. What the linear road hears is above all the picture as a whole, and a masked strip changes the whole, too. Whoever shows a map of "where the network listened" should show this figure beside it.
#
# Second, *what*: `SpectralRoad.causes` (chapter 08, "What moves what?") says what each feature moves. That is an explanation, and can be tested like one. Edit the picture, and hear whether tempo, loudness and brightness move as foretold:

# %%
swayed = [one for name, shown in FEW[:2] for one in sways(open_road("linear"), name, shown)]
right_way = [np.sign(one.change) == np.sign(one.foretold) for one in swayed]
assert np.mean(right_way) > 0.75
print(f"linear: {sum(right_way)} of {len(swayed)} go the way that its causes foretell; by chance half of them")

# %% [markdown] facts="83, 97: least and most of the five roads in benchmarks/results/fidelity.md, on twelve pictures"
# So a network can say *what* moves it, and is right (over all five roads in 83 to 97 of 100 cases); it cannot say *where*.
#
# **Learnt:** an explanation is true if what it names moves the note, in the direction that it says, and what it does not name does not; and one must say which changes were tried.
#
# Now we have every measure. Let the roads meet.

# %% [markdown] minutes=14 objectives=6 practice=6
# ## A tournament
#
# **Which road is the best?** Means over different pictures do not say, nor do meters on different scales. So let all make music for the *same* pictures, with the same seeds, and let them meet in duels: for each picture, the one whose music suits it better (the smaller misfit) wins. Your road takes part, and so do two that must not win: *shuffled* deals the sounds of the road by rules out to the wrong pictures, and *one for all* plays its most middling piece for every picture. *Plain* is the linear road with the codec's bare decoder in its chain. All hand in their sound alone; who handed in notes as well would be judged by two more parts of *usual* than the others.

# %%
from imgmusic_edu.evaluation.tournament import compare, dealt, play


def contestant(road):
    """A function (picture, number) -> sound; the number is the seed, the same for all."""
    return lambda shown, number: im.compose(shown, road=road, seconds=10, seed=number).sound


im.roads.register("plain", im.roads.spectral_road("linear", decoder=open_road("linear").codec.decode))
strangers = dealt([ten_seconds("score", shown, k) for k, (_, shown) in enumerate(FEW)])
makers = {road: contestant(road) for road in ("score", "linear", "plain", "gan", "stairs")}
makers |= {"shuffled": strangers, "one for all": lambda shown, number: im.Sound(sounds["score"][middling])}
played = [play(who, FEW, make) for who, make in makers.items()]
fits = np.array([one.fit for one in played])  # (contestants, pictures), more is better
wins = (fits[:, None] > fits[None]).sum(axis=2)  # [i, j]: pictures on which i beats j
S, LINEAR, PLAIN = (list(makers).index(who) for who in ("score", "linear", "plain"))
print(f"{'wins against':<12}" + "".join(f"{who:>12}" for who in makers))
for who, against in zip(makers, wins, strict=True):
    print(f"{who:<12}" + "".join(f"{n:12d}" for n in against))

# %% [markdown]
# Who won how often hangs on whom one met. So give each contestant a *strength* $s_i > 0$, and say that $i$ beats $j$ with the chance (Bradley and Terry 1952)
#
# $$P(i \text{ beats } j) = \frac{s_i}{s_i + s_j}$$
#
# Which strengths make what happened likeliest? With $w_{ij}$ wins of $i$ over $j$, the logarithm of the likelihood is $\sum_{ij} w_{ij} \big(\log s_i - \log(s_i + s_j)\big)$. Its slope along $s_i$ must be 0:
#
# $$\frac{W_i}{s_i} - \sum_{j \ne i} \frac{n_{ij}}{s_i + s_j} = 0 \quad\Longrightarrow\quad s_i = \frac{W_i}{\sum_{j \ne i} n_{ij} / (s_i + s_j)}$$
#
# $W_i$: all wins of $i$; $n_{ij}$: duels between the two. The right side needs the strengths that it gives; so put in what you have, take what comes out, and do it again (Hunter 2004 shows that this climbs). One thing more: who always wins would be infinitely strong. Half a duel won and half a duel lost against an average contestant of strength 1 keeps all finite.

# %%
from imgmusic_edu.evaluation.duels import bradley_terry


def strengths(wins, rounds=200):
    """Bradley and Terry's strengths, by Hunter's steps; 1 is an average contestant."""
    games = wins + wins.T
    s = np.ones(len(wins))
    for _ in range(rounds):
        against = games / (s[:, None] + s[None])  # its own column counts nothing: no duels with oneself
        s = (wins.sum(axis=1) + 0.5) / (against.sum(axis=1) + 1 / (s + 1))
    return s


s = strengths(wins)
assert np.allclose(s, bradley_terry(wins)) and np.all(np.diag(wins) == 0)
for who, strength in zip(makers, s, strict=True):
    print(
        f"{who:<12} strength {strength:6.2f}, beats an average contestant with chance {strength / (1 + strength):.0%}"
    )
chance = s[S] / (s[S] + s[LINEAR])
print(f"score against linear: expected {chance:.0%}, happened {wins[S, LINEAR] / len(FEW):.0%}")

# %% [markdown]
# Strength in one thing is not strength in all. The package's `compare` makes the whole table, with intervals over pictures. ("new" is here the *distance* to the nearest piece that was learnt from; in the meters it was a share. "different" is the effective number of different pieces, chapter 07; "seconds" hang on your machine.)

# %%
result = compare(played, notice=str)
columns = ("faithful", "usual", "kernel distance", "new", "strength, faithful", "strength, usual")
for column in columns:
    print(f"\n{column}")
    for who in makers:
        found = result.find(who, column)
        print(f"   {who:<12}{found.value:7.2f}   ({found.low:.2f} to {found.high:.2f})")
assert np.isclose(result.find("score", "strength, faithful").value, s[S] / (1 + s[S]))
assert wins[LINEAR, PLAIN] > wins[PLAIN, LINEAR]
assert np.isclose(*(result.find(who, "usual").value for who in ("score", "shuffled")))
usual = {who: result.find(who, "strength, usual").value for who in ("score", "linear", "plain", "gan", "stairs")}
assert max(usual, key=lambda who: usual[who]) == "linear"
assert result.find("one for all", "strength, faithful").value > result.find("shuffled", "strength, faithful").value

# %%
with im.plots.style():
    figure, places = plt.subplots(1, 2, figsize=(8, 2.8), sharey=True, layout="constrained")
said = []
for place, column in zip(places, columns[-2:], strict=True):
    found = [result.find(who, column) for who in makers]
    for k, one in enumerate(found):
        place.plot([one.low, one.high], [k, k], "-", color=im.plots.COLOURS[0])
        place.plot(one.value, k, "o", color="black")
    place.axvline(0.5, ls="--", color="black")
    place.margins(y=0.2)
    place.set(title=column, xlim=(0, 1), yticks=range(len(makers)), yticklabels=list(makers))
    best = list(makers)[int(np.argmax([one.value for one in found]))]
    said.append(f"in {column.split(', ')[1]} {best} is first with {max(one.value for one in found):.2f}")
places[0].invert_yaxis()
figure.supxlabel("chance to beat an average contestant; bars: 95 % intervals")
im.show(
    figure, alt=f"Strengths of {len(makers)} contestants in two disciplines: {'; '.join(said)}. A line marks one half."
)

# %% [markdown]
# Four things to read off:
#
# - **What is the same for every picture costs duels, and no ranks.** *Plain* is the linear road without its finish (chapter 08): softer and rougher than what is asked for, for every picture alike. Ranks forgive that, because they hold a road's pieces against each other only. In the duels the distance from what was asked counts, and there plain loses to the finished road. Neither way of counting is wrong.
# - **Who never looks is not last.** *One for all* follows nothing, and stands beside roads that do: it is never far off. The shuffled sounds, each right for some other picture, are often far off. Before you believe a strength in *faithful*, look where one for all stands. In the whole cup, picture by picture, none of the networks' five roads is surely ahead of it; the music of the nearest training picture is.
# - **In "usual" the order is another.** Of the roads the linear one, which follows less well than the rules and the GAN's road, is the most usual. It is tempting to say why: a mean of many pieces offends nobody. But the roads mlp and autoencoder give means, too (chapter 08), and in the whole cup they are less usual than the linear one. A reason that fits one figure is a guess.
# - **The shuffled contestant has the sounds of the road by rules.** It is therefore exactly as usual, and has the same kernel distance and the same distance to what was learnt; only what asks about the *picture* tells the two apart. That is what it is there for.
#
# And read the bars: with so few pictures many of them overlap.
#
# **The whole cup** is one command: `make tournament` lets all roads and four baselines play on all pictures that nothing learnt from, eight of them edited as well, and takes some minutes. Your road joins from its file: `make tournament OPTIONS="--road my_road.py:stairs"`.
#
# **Learnt:** duels on the same pictures give strengths on one scale; who is first depends on what the duel is about.

# %% [markdown] minutes=5 objectives=6
# ## Outside systems
#
# **What about a system that is not in Python, or not yours?** It need not be opened. Put pictures and sounds of the same names into a folder (`koala.png`, `koala.wav`), and the benchmark does the rest. Here a stranger's program stands in, which we treat as a black box: it writes files.

# %%
import contextlib
import io

from PIL import Image

from imgmusic_edu.evaluation.__main__ import main

with tempfile.TemporaryDirectory() as folder:
    for (name, shown), samples in list(zip(PICTURES, sounds["linear"], strict=True))[:12]:
        Image.fromarray(shown).save(Path(folder) / f"{name}.png")
        im.Sound(samples).save(Path(folder) / f"{name}.wav")
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()):
        code = main([folder, "--quick"])  # the same as: python -m imgmusic_edu.evaluation FOLDER --quick
    report = (Path(folder) / "faithfulness.csv").read_text(encoding="utf-8").splitlines()
print("\n".join(said.getvalue().splitlines()[:8]))
print(f"...\nexit code {code}, {len(report) - 1} figures in the CSV file")
assert code == 0

# %% [markdown]
# `python -m imgmusic_edu.evaluation --prepare pairs/ --edits --n 20` writes pictures and edited copies for such a system to fill; then the edits are judged as well. With as few pairs as ours here, the intervals are wide, and the report says so.
#
# **Learnt:** what is judged by the sound alone can be judged whoever made it.

# %% [markdown] minutes=10 objectives=1 practice=1
# ## Live
#
# **Can a picture be played like an instrument?** So far every answer was a whole piece. A *stream* has no end: its samples are asked for a portion at a time, and it can be told something else while it plays. Here it plays the cafe for five seconds, and then it is shown a koala:

# %%
from imgmusic_edu import live

RATE = 22050
stream = live.open_stream(picture, seed=1)
cafe, words = stream.read(5 * RATE), stream.words
stream.steer(datasets.picture("koala"))
koala = stream.read(7 * RATE)
print(f"first: {words}\nthen:  {stream.words}")
im.Sound(np.concatenate([cafe, koala]), title="Five seconds of the cafe, then the koala")

# %% [markdown]
# You hear no gap, and no jump: the change waits for the next half beat; parts that would play the same notes play on, the others are damped within an eighth of a second and come in with their new ones. Behind it, eight bars are composed at once, and played half beat by half beat.
#
# The portions may have any size. That is easy to get wrong (one sample lost at each seam is a click), and easy to test:

# %%
once, often = live.open_stream(picture, seed=1), live.open_stream(picture, seed=1)
sizes = (1, 999, 20000, 3, 38997)
assert np.allclose(once.read(sum(sizes)), np.concatenate([often.read(size) for size in sizes]), atol=1e-6)
print(f"{sum(sizes)} samples in one portion and in {len(sizes)}: the same")

# %% [markdown]
# **How long until you hear it?** Three waits follow each other:
#
# $$\tau = c + b + \ell$$
#
# $c$: the time to look at the picture and compose; $b$: what is left of the half beat, at most $30 / \text{tempo}$ seconds, and half of that on average; $\ell$: the *lead*, the music that lies ready in the browser. Measure the first, work out the second:

# %%
shown = [datasets.picture(name) for name in ("koala", NAME)]
composing = []
for k in range(12):
    start = time.perf_counter()
    stream.steer(shown[k % 2])
    composing.append(time.perf_counter() - start)
    stream.read(RATE // 2)
beat = 30 / stream.verse.plan.tempo
print(f"c: {1000 * np.median(composing):.0f} ms; b: {500 * beat:.0f} ms on average, {1000 * beat:.0f} ms at most")

# %% [markdown]
# **Why not make the lead as short as can be?** Because what is not there in time is a gap. A portion that takes longer to make than the lead lasts comes too late. Here is how long portions take on this machine, with the picture changing at every fourth one in the same thread, which is the worst case:

# %%
took = []
for k in range(80):
    start = time.perf_counter()
    if k % 4 == 0:
        stream.steer(shown[k // 4 % 2])
    stream.read(RATE // 5)
    took.append(time.perf_counter() - start)
for lead in (0.02, 0.05, 0.1, 0.2, 0.45):
    print(f"lead {1000 * lead:3.0f} ms: {np.mean(np.array(took) > lead):4.0%} of the portions come too late")

# %% [markdown]
# A short lead answers soon and stutters, a long one is safe and sluggish. The panel below has 450 ms ready and steers beside the music, in a thread of its own. (The studio does better with a single slider, by making the whole piece anew and going on in it.)
#
# The networks' roads stream, too. A network looks some steps ahead and back, so each portion is made with its surroundings, and thrown away but for its middle:

# %%
stream = live.open_stream(picture, road="mlp", seed=1)
halves = [stream.read(4 * RATE)]
stream.steer(datasets.picture("koala"))
halves.append(stream.read(5 * RATE))
im.Sound(np.concatenate(halves), title="By a network: four seconds of the cafe, then the koala")

# %% [markdown]
# **Play.** Press Start, and move the tempo; choose another picture; let the camera look at something dark, then at something bright. Under the buttons it says how much was played, and how many gaps there were.
#
# **Break it.** Run a long cell while it plays. From when on do you hear gaps, and why not at once?

# %%
from imgmusic_edu.widgets.live import live_panel

live_panel(picture)

# %% [markdown]
# **Learnt:** a stream is steered at its next half beat; delay is composing, waiting and lead, and the lead is what buys freedom from gaps.

# %% [markdown] minutes=5 objectives=6
# ## What may not be claimed
#
# **What do all these figures *not* say?** Read this before you write a report, or a title.
#
# - **Not "it reads the emotion in the picture".** On natural photographs low-level features explain between a twentieth and a fifth of what people say they feel (Redies and others 2020). The rules say what people match on average.
# - **Not "people agree with it".** All figures here are a machine's about a machine. In experiments with people, of two pictures to choose from, people found the right one in six or seven of ten cases; ours are other tasks and other pictures, so the figures do not stand side by side.
# - **Not "faithful, therefore good".** Matching is not liking, usual is not good, and no figure here has taste.
# - **Not "the rules are true because the road obeys them".** The road was built on the rules and is judged by them. What the benchmark can find out is whether they arrive in the *sound*.
# - **Not one table for all arts.** The experiments showed patches, shapes and scenes. With real paintings and a guitar, mode and orientation did *not* matter (Albertazzi and others 2015). Colour and feeling differ between cultures, too.
# - **Not a ranking of systems by published figures.** Other data, other network, other length: another figure.
# - **Nothing about hue and pitch.** No experiment found a wheel that people share; the hue wheel stands in the tables as a line to be beaten.
#
# **Learnt:** say what was measured, on which pictures, beside what, and how sure; then stop.

# %% [markdown] minutes=10 objectives="1 2 6" practice="1 2 6"
# ## Yours
#
# **Your picture, your road, your table.** Take a picture of your own with the button, or name a shipped one. Make a road: change `my_road`, which for now lets the road by rules play what yours asks for. Then let it meet the others.

# %%
from imgmusic_edu.widgets import PictureUpload

upload = PictureUpload()
upload


# %%
def my_road(picture, seconds, seed):
    """The road by rules, as slow as the picture is empty: a vibraphone over strings, a harp and a cello."""
    full = np.abs(np.diff(picture.mean(axis=2), axis=1)).mean() / 10  # change me
    slow = 60 + 60 * min(full, 1)
    players = ("vibraphone", "strings", "harp", "cello")
    return im.compose(picture, seconds=seconds, seed=seed, tempo=slow, instruments=players)


roads.register("mine", my_road)
own_picture = upload.picture if upload.picture is not None else datasets.picture("kingfisher")  # or any name
piece = im.compose(own_picture, road="mine", seconds=10, seed=7)
for name, meter in meters(piece.features, piece.sound, score=getattr(piece, "score", None)).items():
    print(f"{name:<9} {meter.value:.2f}  {meter.sentence}")
piece

# %%
mine_played = play("mine", FEW, contestant("mine"))
table = compare([*played, mine_played], notice=str)
print(f"{'':<12}" + "".join(f"{column:>20}" for column in columns[-2:]))
for who in (*makers, "mine"):
    print(f"{who:<12}" + "".join(f"{table.find(who, column).value:20.2f}" for column in columns[-2:]))
with tempfile.TemporaryDirectory() as folder:  # to keep them, write a folder of your own here instead
    piece.save(Path(folder) / "mine.wav")
    table.save_csv(Path(folder) / "my_table.csv")
    for file in sorted(Path(folder).iterdir()):
        print(f"{file.name}: {file.stat().st_size} bytes")

# %% [markdown]
# Show it to somebody: the picture, the piece, the table, and one sentence that says what your road is better at and what it pays for it.
#
# **Learnt:** you have made a road, and you know what it can do and how sure you are.

# %% [markdown] minutes=2
# ## Summary
#
# - The studio: free or locked, re-roll, two versions at one loudness, a region alone, export.
# - A road is a chain of functions; exchange a link, or put in a function of your own.
# - Three meters, each held against something; each can be fooled, and not by the same cheat. A squared misfit favours the middle.
# - Obedience by ranks, edits by direction, retrieval by rank; always beside shuffled pairs, the hue wheel and one for all.
# - The interval runs over pictures.
# - *Usual* and *new* can be counted, *good* cannot; a distance in a network is nobody else's distance.
# - An explanation is true if what it names moves the note its way, and the rest does not; say which changes were tried.
# - Duels on the same pictures, Bradley and Terry's strengths, and contestants that must lose.

# %% [markdown] minutes=3
# ## What goes wrong in practice
#
# - **Louder wins.** Two versions compared at two loudnesses compare loudnesses.
# - **The setting is judged, not the sound.** "The tempo was set to follow lightness" is no evidence that anybody can hear it.
# - **No shuffled pairs.** With few pictures, correlations of a quarter come by luck.
# - **One half taken for the line.** What never looks may get more than what is drawn blindly. Ask for the best program without skill.
# - **Judged by what it learnt from.** Look for the pictures of the training set in the test set, and for their crops.
# - **Another seed for the edited picture.** Then two things differ, and you measure the seed.
# - **Not moved counted as right.** A program that does nothing is then right half the time.
# - **An interval over notes.** A thousand notes of five pictures are five pictures.
# - **A rank without the number of pictures.** The third place of four is no third place of a thousand.
# - **FAD beside FAD.** Other network, other reference, other length.
# - **A map that lights up.** It shows where *something* happened; ask whether the rest would have done as well.
# - **Only winners in the table.** A table without a contestant that must lose cannot show that it works.
# - **Chosen after looking.** Ten roads tried and the best one shown on the same pictures: its figure is too good.

# %% [markdown] minutes=26
# ## Exercises
#
# Each exercise has a cell for your answer and one that checks it. The checker tells you what went wrong, and tells more from try to try.


# %% exercise="ch11.matched_gains" points=2 objective=1
def matched_gains(levels, peaks, ceiling=-1.0):
    """Gains in dB, up or down, that bring sounds to one loudness, the greatest that leaves no peak above the ceiling."""
    ### BEGIN SOLUTION
    loudest = levels + ceiling - peaks  # what each could have by itself
    return loudest.min() - levels
    ### END SOLUTION


# %% hidden="ch11.matched_gains"
assert np.allclose(matched_gains(np.array([-12.0, -20.0]), np.array([-6.0, -9.0])), [0, 8])
assert np.allclose(matched_gains(np.array([-12.0, -12.0]), np.array([-8.0, -4.0]), ceiling=-3.0), [1, 1])


# %% exercise="ch11.mean_reciprocal_rank" points=2 objective=3
def mean_reciprocal_rank(distances):
    """MRR of distances, shape (n, n): sounds down, pictures across, own pictures on the diagonal; ties count half."""
    ### BEGIN SOLUTION
    own = np.diag(distances)[:, None]
    alike = (distances == own).sum(axis=1) - 1  # others: the own picture is always as near as itself
    ranks = 1 + (distances < own).sum(axis=1) + alike / 2
    return float(np.mean(1 / ranks))
    ### END SOLUTION


# %% hidden="ch11.mean_reciprocal_rank"
assert np.isclose(mean_reciprocal_rank(np.array([[2.0, 1.0, 1.0], [5.0, 3.0, 9.0], [7.0, 7.0, 7.0]])), 11 / 18)
assert np.isclose(mean_reciprocal_rank(np.ones((3, 3))), 1 / 2)


# %% exercise="ch11.interval" points=3 objective=4
def interval(right, other, pictures, rng):
    """Ends of the 95 % bootstrap interval, over pictures, of the share right of one road minus the other's."""
    ### BEGIN SOLUTION
    ahead = np.array([(right - other)[pictures == name].mean() for name in np.unique(pictures)])
    chosen = rng.integers(len(ahead), size=(1000, len(ahead)))
    return np.quantile(ahead[chosen].mean(axis=1), [0.025, 0.975])
    ### END SOLUTION


# %% hidden="ch11.interval"
low, high = interval(np.ones(6), np.zeros(6), np.array([1, 1, 2, 3, 3, 3]), np.random.default_rng(0))
assert low == high == 1


# %% exercise="ch11.share_that_holds" points=2 objective=5
def share_that_holds(shifts, signs, changes, least=0.25):
    """Share of notes whose quality moved the way that the rule says, of those whose feature moved by least or more."""
    ### BEGIN SOLUTION
    asked = np.abs(shifts) >= least
    return float(np.mean(np.sign(changes[asked]) == np.sign(shifts[asked]) * signs[asked]))
    ### END SOLUTION


# %% hidden="ch11.share_that_holds"
assert share_that_holds(np.array([1.0, -1.0, 0.1]), np.array([1, 1, 1]), np.array([2.0, 1.0, 9.0])) == 0.5
assert share_that_holds(np.array([0.5, 0.3]), np.array([1, 1]), np.array([-1.0, 1.0]), least=0.5) == 0


# %% exercise="ch11.newcomer" points=3 objective=6
def newcomer(won, lost, strengths):
    """The likeliest strength of a newcomer, from its duels with roads whose strengths stay, each of shape (k,)."""
    ### BEGIN SOLUTION
    s = 1.0
    for _ in range(200):
        s = (won.sum() + 0.5) / (((won + lost) / (s + strengths)).sum() + 1 / (s + 1))
    return float(s)
    ### END SOLUTION


# %% hidden="ch11.newcomer"
assert np.isclose(newcomer(np.array([2.0, 2.0]), np.array([2.0, 2.0]), np.array([1.0, 1.0])), 1)
assert newcomer(np.array([3.0]), np.array([3.0]), np.array([4.0])) > 2

# %% [markdown] tags=["instructor"]
# **Before you hand out answers.** Four of the five change one thing in what the chapter shows, so that a copied cell fails with a hint of its own: gains may go up; ties count; two roads instead of one; one strength moves and the others stay. Ask what *had* to change, and why nothing else.
#
# **Pitfall.** In "How sure is a difference?" many draw pictures for each road. The interval then grows, because hard pictures no longer cancel. Let them say which question that interval would answer (two roads that met *different* pictures).

# %% [markdown] minutes=5 practice="1 3 4 5 6"
# ## Quiz

# %%
im.exercises.quiz("ch11")

# %% [markdown] minutes=1
# ## References
#
# - L. Albertazzi, L. Canal, R. Micciolo (2015). Cross-modal associations between materic painting and classical Spanish music. Frontiers in Psychology 6:424. DOI 10.3389/fpsyg.2015.00424.
# - M. Binkowski, D. J. Sutherland, M. Arbel, A. Gretton (2018). Demystifying MMD GANs. arXiv:1801.01401.
# - S. Jayasumana, S. Ramalingam, A. Veit, D. Glasner, A. Chakrabarti, S. Kumar (2024). Rethinking FID: towards a better evaluation metric for image generation. arXiv:2401.09603.
# - R. A. Bradley, M. E. Terry (1952). Rank analysis of incomplete block designs: I. The method of paired comparisons. Biometrika 39, 324-345. DOI 10.2307/2334029.
# - B. Efron (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics 7(1), 1-26. DOI 10.1214/aos/1176344552.
# - K. K. Evans, A. Treisman (2010). Natural cross-modal mappings between visual and auditory features. Journal of Vision 10(1):6. DOI 10.1167/10.1.6.
# - A. Gretton, K. M. Borgwardt, M. J. Rasch, B. Schoelkopf, A. Smola (2012). A kernel two-sample test. Journal of Machine Learning Research 13, 723-773.
# - D. R. Hunter (2004). MM algorithms for generalized Bradley-Terry models. Annals of Statistics 32(1), 384-406. DOI 10.1214/aos/1079120141.
# - ITU-R BS.1770-4 (2015). Algorithms to measure audio programme loudness and true-peak audio level. International Telecommunication Union, Geneva.
# - C. Redies, M. Grebenkina, M. Mohseni, A. Kaduhm, C. Dobel (2020). Global image properties predict ratings of affective pictures. Frontiers in Psychology 11:953. DOI 10.3389/fpsyg.2020.00953.
# - C. Spearman (1904). The proof and measurement of association between two things. American Journal of Psychology 15(1), 72-101. DOI 10.2307/1412159.
