# 00. Hear a picture
#
# Open in Colab:
# https://colab.research.google.com/github/imgmusic-edu/imgmusic_edu/blob/main/notebooks/00_hear_a_picture.ipynb
#
# Time: about 94 minutes. Before you begin: None. You need not read music, and of mathematics no more
# than a sum, a root and a logarithm.
#
# You will be able to
#
# - turn any photograph into music, here and from a terminal
# - say which property of a picture moved which property of its music, and by how much
# - work out the tempo of a piece by hand, from the picture's numbers and a table of rules
# - test in the sound itself whether music follows its picture, against chance
# - say what such a system cannot claim


import imgmusic_edu as im


# Section: Hear it first
#
# Run the next cell and press play. You hear a photograph of the Taj Mahal. The piece reads the
# picture from left to right: the line
# that moves across the photograph shows which part of it you are hearing, and the same line moves
# through the notes and through the
# spectrogram (how much sound there is at each frequency).


piece = im.compose(im.open_data("photographs/taj_mahal"), seconds=15, title="Taj Mahal")
print(im.widgets.Player(piece))


# Play with it before you read on. Click anywhere to jump there. With the player in focus, Space plays
# and pauses, and N steps
# through the notes: a frame marks the part of the picture that each note comes from, and a line of
# text says why it is there.
#
# The photograph is somebody's work, and so is every other file of this course. This is how you ask
# whose:


print(im.licence("taj_mahal"))


# > Learnt: one call makes a piece from a picture, and every note of it can say where it comes from.
#
# Does that work with a picture that nobody prepared?


# Section: Your own picture
#
# Choose a picture in the list, or drop a photograph of your own on the upload button, then press Hear
# it. It is read where this notebook
# runs: on your computer, or on Colab's if you are there, and nowhere else. Leave tempo, key and mode
# to the picture at first. Then set
# one of them and hear what is left of the picture.


panel = im.widgets.picture_panel()
print(panel)


# The rest of the chapter explains one picture. If you have heard one in the panel, the next cell
# takes that one; if not, it stays with
# the Taj Mahal. You can come back, hear another, and run the cells from here on again: all the
# numbers will be those of your picture.


picture = panel.result["piece"].picture if panel.result else im.open_data("photographs/taj_mahal")
piece = im.compose(picture, seconds=15)
print(f"{picture.shape[1]} x {picture.shape[0]} pixels became {len(piece.score.notes)} notes.")
print(f"{piece.plan.tempo:.0f} beats per minute, {piece.plan.key_name}, led by the {piece.plan.instruments['melody']}.")


# > Learnt: any picture will do, and what you do not set yourself is taken from it.
#
# Taken from what in it?


# Section: What did the computer see?
#
# Here is another photograph, a kingfisher on a branch. Listen to it, then to the piece above once
# more. Which one is faster? Which one is higher?


kingfisher = im.compose(im.open_data("photographs/kingfisher"), seconds=10)
kingfisher.sound.title = "The kingfisher"
print(kingfisher.sound)


# The composer never sees a bird or a building. It sees features: numbers with a name and a unit, such
# as the mean lightness, or
# how high in the picture lies what stands out. A number alone says little (is a saturation of 0.5 a
# lot?). So each is also held against
# ordinary pictures, all the photographs and paintings of this course: standardised, a feature counts
# from 0 in their middle, and about one picture
# in ten lies above 1.28, and one below -1.28.


from imgmusic_edu.visual_features import FEATURES

ordinary = im.datasets.photographs() + im.datasets.paintings()
print(f"Held against {len(ordinary)} pictures")
print(f"{'feature':<16}{'unit':<8}{'yours':>8}{'kingfisher':>12}{'':4}standardised")
for name in ("lightness", "saturation", "yellowness", "salient_height", "salient_size", "fineness", "roughness"):
    mine, other = piece.features, kingfisher.features
    print(f"{name:<16}{FEATURES[name].unit:<8}{mine.whole[name]:8.2f}{other.whole[name]:12.2f}", end="    ")
    print(f"yours {mine.standardised(name):+5.2f}, kingfisher {other.standardised(name):+5.2f}")


# A piece needs a course in time, too. For that the picture is cut into columns, from left to right,
# and each column is measured. The
# skyline, the height of what stands out in a column, is what the melody follows.


figure, alt = im.plots.picture_columns(picture, piece.features)
im.show(figure, alt=alt)


# > Learnt: to the composer a picture is a short list of numbers for the whole, and a few curves from
# left to right.
#
# How does a number become a sound?


# Section: Why does it sound like this?
#
# Ask the piece. It gives three sentences: on colour and pace, on place and pitch, on surface and
# harmony.


import textwrap

for sentence in piece.sentences:
    print(textwrap.fill(sentence, 100, initial_indent="- ", subsequent_indent="  "))


# The names R1, R2 ... are rules. A rule is a row of a table: a feature of the picture, a quality of
# the music, a direction, and a
# weight from 0 (no evidence) to 1 (strong evidence). The directions are not ours. They were measured
# in experiments in which
# people matched sights to sounds: most of us, for instance, take what is high in a picture for a high
# tone (R5). The table is data,
# so you can read it, and so can the tests that check whether the music obeys it.


from imgmusic_edu import crossmodal

for rule in crossmodal.RULES:
    print(f"{rule.id:<4}{rule.weight:4.1f}  {rule.claim}")


# Two rows have a weight of 0. R8 says that contrast should move nothing in pitch; we shall use it to
# catch ourselves cheating. R18 is
# evidence against the table: with real paintings and guitar pieces, mode and orientation did not
# matter to people. It stays in sight.
#
# Several rules pull at one quality, some up, some down. Here is how hard each of them pulls at three
# qualities of your piece:


import matplotlib.pyplot as plt

with im.plots.style():
    figure, axes = plt.subplots(1, 3, figsize=(8, 2.6), sharex=True, layout="constrained")
words = []
for place, quality in zip(axes, ("tempo", "mode", "register"), strict=True):
    pulls = {c.rule: c.effect for c in piece.plan.contributions if c.quality == quality}
    place.barh(list(pulls), list(pulls.values()), color=[im.plots.COLOURS[e < 0] for e in pulls.values()])
    place.axvline(0, color="black", linewidth=0.8)
    place.set(title=quality, xlabel="pull (standard units)")
    place.invert_yaxis()
    words.append(quality + ": " + ", ".join(f"{rule} {effect:+.2f}" for rule, effect in pulls.items()))
im.show(figure, alt="Bars of how far each rule pulls at a quality of the music. " + "; ".join(words) + ".")


# Break it. Every rule can be bent: times 0 switches it off, times 2 doubles it, times -1 turns it
# round. Choose a rule and move the slider;
# the line below says what the piece would become. (The plan is made anew each time. Making the sound
# takes longer, so that comes after. named lets screen readers say what the slider is called.)


from ipywidgets import Dropdown, FloatSlider, interactive


def planned(rule, times):
    plan = im.composer.make_plan(piece.features, weights={rule: times})
    print(f"{rule} times {times:g}: {plan.tempo:.1f} beats per minute, {plan.mode}, melody around {plan.centre:.1f}")


rule = Dropdown(options=["R1", "R2", "R4", "R5", "R6", "R7", "R9", "R11"], value="R5", description="Rule")
times = FloatSlider(min=-1, max=2, step=0.25, value=1, description="Times")
print(im.widgets.named(interactive(planned, rule=rule, times=times)))


# (The melody's height is a MIDI pitch, which counts the keys of a piano: 60 is the C in the middle,
# one more is one key, a semitone, higher, and
# 12 more an octave.)
#
# Now hear the same picture without R5, deaf to height, and with R9 turned round, so that light sounds
# low and dark.


from IPython.display import display

for title, weights in (("As it is", {}), ("R5 switched off", {"R5": 0}), ("R9 turned round", {"R9": -1})):
    bent = im.compose(picture, seconds=8, weights=weights)
    bent.sound.title = f"{title}: melody around MIDI pitch {bent.plan.centre:.1f}"
    display(bent.sound)


# > Learnt: the music is what all the rules ask for together, and you can hear a single rule by taking
# it away.
#
# "Together" how, exactly? Let us do it by hand, for the tempo.


# Section: From a feature to a tempo
#
# Part: How light is light?
#
# A mean lightness of 60 is a lot for a night scene and little for snow. To compare features that have
# different units, each is
# standardised:
#
# z_f = 2.56\,\frac{x_f - (l_f + h_f)/2}{h_f - l_f}
#
# where x_f is the feature f of your picture in its own unit, and l_f and h_f (low and high) are the
# values below and above which a tenth of the
# ordinary pictures lie. In the middle z_f = 0; at the high end it is 1.28, as it is in a bell curve,
# and that is where the
# factor 2.56 comes from. Nothing is cut off: a very light picture may well have z_f = 3.


from statistics import NormalDist

z = {name: piece.features.standardised(name) for name in FEATURES}
light = FEATURES["lightness"]
print(f"lightness: yours {piece.features.whole['lightness']:.1f}, low {light.low}, high {light.high} {light.unit}")
print(f"standardised: {z['lightness']:+.2f}")
assert round(NormalDist().inv_cdf(0.9), 2) == 1.28 == 2.56 / 2  # a tenth of a bell curve lies above it


# Part: Who pulls how hard?
#
# Each rule r asks for a change of tempo: a sum over its features, with the coefficients c_{rf} of the
# table (and z_f from above). The askings
# are added with the weight w_r of the evidence, and divided so that the result, the drive d, keeps
# about the same spread however many
# rules there are:
#
# d = \frac{\sum_r w_r \sum_f c_{rf}\, z_f}{\sqrt{\sum_r w_r^2}}
#
# Why a root of squares below the line? Independent ups and downs partly cancel: the spread of their
# sum grows like the root of the
# sum of squares, not like the sum. And why just add? Because it fits what people do: when listeners
# judge music in which mode, tempo, register and
# other cues were varied separately, the sum of the separate effects explains 77 to 89 % of their
# answers (Eerola and others 2013).


from math import atan, pi, sqrt

rules = [rule for rule in crossmodal.RULES if "tempo" in rule.effects]
asks = {rule.id: sum(c * z[f] for f, c in rule.effects["tempo"].items()) for rule in rules}
drive = sum(rule.weight * asks[rule.id] for rule in rules) / sqrt(sum(rule.weight**2 for rule in rules))
for rule in rules:
    print(f"{rule.id} weighs {rule.weight} and asks for {asks[rule.id]:+.2f}, from {', '.join(rule.effects['tempo'])}")
print(f"drive: {drive:+.3f}")


# Part: What if a picture asks for too much?
#
# A drive may be any number, but music has limits. So the drive is squashed into a share s of the
# range, between 0 and 1:
#
# s = \frac{1}{2} + \frac{1}{\pi}\arctan(0.9\,d)
#
# It is steep in the middle and flat, but never level, at the ends: make a very light picture lighter
# still, and the music still moves a
# little. Cutting off at 0 and 1 would make it deaf there.


share = 0.5 + atan(0.9 * drive) / pi
print(f"your drive {drive:+.2f} becomes the share {share:.3f} of the range")
for d in (-3, -1, 0, 1, 3, 4):
    print(f"drive {d:+d} -> share {crossmodal.squash(d):.3f}")


# Part: Which tempo is half-way between two?
#
# Listen to two ladders of clicks, both from 60 to 240 beats per minute. On the first the middle step
# is the mean, 150. On the second it is 120.
# Which ladder has two equal steps?


import numpy as np


def clicks(tempo, seconds=3, rate=22050):
    beat, t = round(rate * 60 / tempo), np.arange(1000) / rate
    click = np.pad(0.5 * np.sin(2 * np.pi * 880 * t) * np.exp(-100 * t), (0, beat - len(t)))
    return np.tile(click, round(seconds * tempo / 60))


for ladder in ((60, 150, 240), (60, 120, 240)):
    steps = ladder[1] / ladder[0], ladder[2] / ladder[1]
    print(f"{ladder}: the first step is times {steps[0]:.2g}, the second times {steps[1]:.2g}")
    display(im.Sound(np.concatenate([clicks(tempo) for tempo in ladder]), title=f"Clicks at {ladder} BPM"))


# We hear ratios. So the range is crossed by equal ratios (in logarithms), not by equal differences:
#
# T = T_0 \left(\frac{T_1}{T_0}\right)^{s}
#
# where T is the tempo in beats per minute (BPM), T_0 and T_1 are the ends of the range, and s is the
# share from above. That was the last step. Does
# your sum agree with what the composer used?


from imgmusic_edu.composer.plan import TEMPO

slowest, fastest = TEMPO
tempo = slowest * (fastest / slowest) ** share
print(f"by hand {tempo:.6f} BPM, in the plan {piece.plan.tempo:.6f} BPM (range {slowest:g} to {fastest:g})")
assert abs(tempo - piece.plan.tempo) < 1e-6


# > Learnt: standardise, weigh and add, squash, cross the range in ratios: four lines, and the tempo
# is yours to six decimals.
#
# But that only shows that we can repeat our own sum. Is the sound what the plan promised?


# Section: Is it true?
#
# Part: What if the picture were lighter?
#
# Change one thing in the picture and nothing else, make the music again with the same seed, and
# listen for what moved. This is a counterfactual: what would the
# music have been, had the picture been lighter? lighten raises the lightness and leaves the colours
# alone.


from imgmusic_edu.evaluation.edits import lighten

lighter = im.compose(lighten(picture), seconds=15)
with im.plots.style():
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
pair = {"As it was": piece, "Lighter": lighter}
for place, (title, one) in zip(axes, pair.items(), strict=True):
    place.imshow(one.picture)
    place.set(title=f"{title}: L* {one.features.whole['lightness']:.1f}", xticks=[], yticks=[])
    one.sound.title = f"{title}, {one.plan.tempo:.0f} beats per minute planned"
before, after = (one.features.whole["lightness"] for one in pair.values())
im.show(figure, alt=f"The picture twice: as it was, mean lightness {before:.1f}, and lighter, {after:.1f} of 100.")
display(piece.sound, lighter.sound)


# Rules R1 and R4 ask for a faster beat, and R9 for more height and brightness. It would be easy to
# print plan.tempo twice and call that
# proof. It is none: a setting is a promise. So we forget the plan and measure the sound itself: how
# far apart the beats are, how high
# the middle of the notes lies, where the weight of the spectrum is.


measured = {title: im.audio_features.measure(one.sound.samples) for title, one in pair.items()}
units = {"tempo": "BPM", "register": "MIDI pitch", "spectral_centroid": "Hz"}
for name, unit in units.items():
    old, new = (values[name] for values in measured.values())
    print(
        f"{name:<18}{old:8.1f} -> {new:8.1f} {unit:<11} {new - old:+7.1f}  {'as asked' if new > old else 'NOT as asked'}"
    )


# The rules ask for more in all three lines. Where a line says NOT, the sound broke its promise, and
# no plan would have told you. Do not reach for a picture that works better.
#
# Part: Was that luck?
#
# One picture proves little either way, and a coin is right half of the time. So take eight pictures;
# lighten, darken and flip each upside down, and ask of each
# sound only: did it move to the side that the rules name? The pictures are every 28th of the course's
# list, fixed before anybody looked: who drops a
# picture after having seen that it fails is no longer testing. Edits that hardly change the picture
# (by less than 0.25 standard units) say
# nothing and are left out. This cell makes and measures some forty pieces; give it half a minute.


from imgmusic_edu.evaluation import faithfulness

pictures = [(name, im.open_data(name)) for name in ordinary[::28]]


def play(picture):
    return im.compose(picture, seconds=12).sound.samples


print(", ".join(name for name, _ in pictures))
changes = faithfulness.counterfactuals(pictures, play, edits=("lighten", "darken", "flip", "more_contrast"))
print("edit      measured in the sound   right   chance")
for edit, quality in (("lighten", "tempo"), ("darken", "tempo"), ("lighten", "register"), ("darken", "register")):
    share_right, n = faithfulness.sign_accuracy(changes, edit, quality)
    print(f"{edit:<10}{quality:<24}{share_right * n:.0f} of {n}     50 %")
share_right, n = faithfulness.sign_accuracy(changes, "flip", "register")
print(f"{'flip':<10}{'register':<24}{share_right * n:.0f} of {n}     50 %")


# Is chance really 50 %? Rather than believe it, make it: deal the measured changes out to the wrong
# pictures, a thousand times over, and
# count again. These shuffled pairs are what a composer would score who never looked at the picture.


def against_shuffled(quality, n_shuffles=1000):
    told = [c for c in changes if c.quality == quality and c.expected and abs(c.shift) >= faithfulness.NOTICEABLE]
    asked, heard = np.sign([[c.expected, c.change] for c in told]).T
    rng = np.random.default_rng(0)
    shuffled = [100 * np.mean(asked == rng.permutation(heard)) for _ in range(n_shuffles)]
    return 100 * np.mean(asked == heard), *np.percentile(shuffled, [2.5, 50, 97.5])


results = {quality: against_shuffled(quality) for quality in ("tempo", "register", "brightness")}
for quality, (right, low, middle, high) in results.items():
    print(f"{quality:<12}right {right:3.0f} %, shuffled {middle:.0f} % (95 % of them from {low:.0f} to {high:.0f} %)")
    assert right > high, f"{quality}: no better than shuffled pairs"


with im.plots.style():
    figure, place = plt.subplots(figsize=(7, 2.2), layout="constrained")
for row, (right, low, _, high) in enumerate(results.values()):
    place.plot([low, high], [row, row], "-", color="#767676", linewidth=5, solid_capstyle="butt")
    place.plot(right, row, "o", color=im.plots.COLOURS[0], markersize=9)
place.axvline(50, color="black", linestyle=":")
place.set(yticks=range(len(results)), yticklabels=list(results), xlim=(0, 103), ylim=(2.6, -0.6))
place.set(xlabel="changes that went the right way (%)", title="dot: music of the picture; bar: 95 % of shuffled pairs")
words = [f"{name} {right:.0f} %, shuffled {low:.0f} to {high:.0f} %" for name, (right, low, _, high) in results.items()]
im.show(figure, alt="Share of changes that went the right way, dots right of the bars of chance: " + "; ".join(words))


# Part: Why would a register miss?
#
# Here is an explanation of misses that sounds good: a lighter picture also gets other instruments,
# and those lie higher or lower by themselves. If that is so, the misses
# should go away once each picture keeps its instruments. Guess first, then run it.


locked = []
for name, one in pictures:
    keep = list(im.compose(one, seconds=12).plan.instruments.values())

    def play_locked(picture, keep=keep):
        return im.compose(picture, seconds=12, instruments=keep).sound.samples

    locked += faithfulness.counterfactuals([(name, one)], play_locked, edits=("lighten", "darken"))
for edit in ("lighten", "darken"):
    for title, found in (("free", changes), ("locked", locked)):
        share_right, n = faithfulness.sign_accuracy(found, edit, "register")
        print(f"{edit:<8} instruments {title:<7} register right {share_right * n:.0f} of {n}")


# If nothing was missed, there was nothing to explain. If the locked rows are not clearly better, the
# explanation has failed, however good it sounded; the cause
# then is not known, and that is what one should write.
#
# Break it. Make a composer that breaks the rules: write weights={"R9": -1} into the call in play, run
# the cells from there on again, and see which rows turn
# round. The cell with the shuffled pairs will stop with a complaint; that is what a good test does.
# Then take it out again.
#
# Part: What must not move?
#
# A test that only looks for success finds it. R8 says that contrast has no bearing on pitch. So more
# contrast should move the register now up, now down,
# around zero. This is the negative control. The range in brackets is where the mean would lie in 95
# of 100 such sets of
# pictures; if it holds 0, we have found no leak. If it does not, that is a
# finding against the composer, on this small set, and stands in the output like any other.


for edit in ("lighten", "darken", "more_contrast"):
    moved = [c.change for c in changes if (c.edit, c.quality) == (edit, "register")]
    low, high = faithfulness.interval(moved)
    verdict = "holds 0: no direction" if low <= 0 <= high else "does not hold 0: a direction"
    print(f"{edit:<14}register {np.mean(moved):+5.2f} semitones on average [{low:+.2f}, {high:+.2f}]  {verdict}")


# Part: What is not claimed
#
# - It does not read feelings. On photographs, features of the surface such as ours explain 6 to 20 %
#   of how differently people rate their pleasantness
#   and excitement (Redies and others 2020). The rest lies elsewhere, above all in what a picture
#   shows, and no rule here looks at that.
# - It is relative. People agree that the lighter of two pictures goes with the higher of two sounds;
#   no experiment says that L\* 60 is
#   a G. So we score ranks and edits, never single pictures.
# - It is not the same everywhere. Feelings about colours agree well between 30 nations (the mean
#   correlation is .88), but not perfectly, and with
#   local exceptions (Jonauskaite and others 2020).
# - Matching is not liking. Nothing above says that the music is beautiful.
# - Eight pictures are few. And the rules that were tested are the rules it was made with. This shows
#   that the music obeys the rules, not that
#   the rules are right for you.


# > Learnt: a claim about picture and music is tested in the waveform, on several pictures, against
# shuffled pairs, and with a control that must stay put.
#
# People have tied colours to tones for centuries, without tests. Why not simply do as they did?


# Section: Why not a wheel of colours?
#
# In 1704 Newton laid the seven colours of his spectrum round a circle and gave each an interval of
# the scale, beginning with red from D to E. Two
# centuries later Scriabin wrote a part for coloured light into his Prometheus: red for C, and on
# round the circle of fifths. Many programs still
# turn hue into a note in this way. Do the wheels agree with each other?


newton = {"D": "red", "E": "orange", "F": "yellow", "G": "green", "A": "blue", "B": "indigo", "C": "violet"}
scriabin = {"D": "yellow", "E": "sky blue", "F": "dark red", "G": "orange", "A": "green", "B": "blue", "C": "red"}
agree = [note for note in newton if newton[note] == scriabin[note]]
for note in newton:
    print(f"{note}: {newton[note]:<8} (Newton)   {scriabin[note]} (Scriabin)")
print(f"They agree on {len(agree)} of {len(newton)} notes.")


# Nor could a test of the kind above save a wheel: on a circle there is no "more". We know of no
# experiment which found that people in general
# match hues to notes. So the wheels are taught here as history, which they are, and not used as
# rules.
#
# > Learnt: a mapping that everybody can make differently needs evidence before it may be called a
# correspondence.
#
# Enough reasons. How do you do all this without a notebook?


# Section: From a terminal
#
# The package brings a command. In a terminal you would type
#
# imgmusic photo.jpg -o photo.wav --midi photo.mid --explain photo.json --seconds 15
#
# and find three files: the sound; the notes, which open in MuseScore and other notation programs; and
# the explanation with every note's
# cause. Give it a folder, and it works through all pictures in it. Here the same command runs in a
# folder that is thrown away afterwards, on your
# picture. (It is stored there as PNG, which keeps every pixel; JPEG changes them a little.)


import contextlib
import json
import os
import tempfile

from PIL import Image

from imgmusic_edu.__main__ import main

command = "photo.png -o photo.wav --midi photo.mid --explain photo.json --seconds 15"
with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
    Image.fromarray(picture).save("photo.png")
    exit_code = main(command.split())
    told = json.loads(open("photo.json").read())
    sizes = {name: os.path.getsize(name) / 1000 for name in sorted(os.listdir())}
print(", ".join(f"{name} {size:.0f} kB" for name, size in sizes.items()), f"(exit code {exit_code})")
assert exit_code == 0 and told["sentences"] == piece.sentences


# The three sentences are those that you read above: the same picture, length and seed give the same
# music. imgmusic --help lists what else can be set:
# --seed, --tempo, --key, --mode, --instruments.
#
# > Learnt: what the notebook does, one line in a terminal does too.
#
# Is a table of rules the only way?


# Section: Four roads
#
# Every way from a picture to music has the same four stations: describe the picture in numbers;
# describe sound in numbers; map the first to the
# second; make the sound. The dream of the field is that a machine finds the map by itself, from many
# pictures and their music. So far you went by the
# score road, whose map is a table of rules that a person can read. There are others, whose map was
# learnt from examples: a linear one, an
# autoencoder, a variational autoencoder and a generative adversarial network. Nobody writes a note
# there: a network draws the spectrogram, and
# another one makes it sound. Here is your picture by four of them (opening the networks takes some
# seconds the first time):


roads = {road: im.compose(picture, road=road, seconds=8, seed=1) for road in ("score", "linear", "autoencoder", "gan")}
for road, other in roads.items():
    print(f"{road:<12} {other.sentences[0]}")
    display(im.Sound(other.sound.samples, title=f"By the road {road}"))


# Do they agree? All four should be about as fast, as high, as loud and as bright as the picture asks.
# Measured in the four sounds:


print(f"{'road':<12} {'tempo':>6} {'register':>9} {'loudness':>9} {'centroid':>9}")
for road, other in roads.items():
    found = im.audio_features.measure(other.sound.samples)
    line = (
        f"{found['tempo']:>6.0f} {found['register']:>9.1f} {found['loudness']:>9.1f} {found['spectral_centroid']:>9.0f}"
    )
    print(f"{road:<12} {line}")


# The networks have learnt the rules from thousands of pairs that the score road made. They have not
# learnt to write music: melody and chords blur,
# and the linear road hums. What they know, how they came to know it, and how to do better, is the
# matter of chapters 06 to 08; chapter 11 puts all
# roads to the tests that you have just seen.
#
# > Learnt: a map from pictures to music can be written down as rules, or learnt from pairs; both can
# be measured.


# Section: Summary
#
# - To the composer a picture is a list of named numbers, held against ordinary pictures.
# - Rules from experiments pull at qualities of the music; pulls are weighed, added, squashed, and
#   spread over a range that suits the ear.
# - Every note knows its pixels and its rule, and every rule can be bent.
# - Whether music follows its picture is measured in the sound, against shuffled pairs, and with a
#   control that must stay put.
# - It follows the picture's surface. It does not know what the picture means to you.


# Section: What goes wrong in practice
#
# The first three are mistakes in a published tutorial on turning images into music; you will meet its
# kin.
#
# - No time axis. It turns each picture into one list of 128 numbers. Music happens in time, and
#   nothing in such a list says what comes when. Here the
#   columns of the picture carry the time.
# - An unnamed last step. A "vocoder" is called to make the sound, and is defined nowhere. A chain
#   that cannot be heard has not been tested. (Vocoders: chapter 09.)
# - Sound features that never saw a sound. What the tutorial calls its audio model only reshapes
#   numbers of the picture. Features of sound are measured in sound.
# - Testing the setting. plan.tempo rose, so the music is faster? Measure the waveform.
# - Half and double. A measured tempo can be off by a factor of two, because every second beat is also
#   a beat. Ask for tempi that lie within a doubling of each other, as the pictures here do.
# - Picking the pictures that work. Choose them by a rule before you look, and report the ones that
#   fail.
# - Several things changed at once. If the edit that lightens also bleaches the colours, you have
#   tested neither.
# - Pictures and music without a link. Collections of captioned photographs and of songs contain no
#   pairs. Whatever is learnt from pairs made up at random is chance.


# Section: Exercises
#
# Write your answer into the first cell and run it, then the check below it. It tells you what to
# think about, as often as you like; hints
# open when you click on them. What you have passed is kept in a file of your own and sent nowhere;
# im.progress(), below the quiz, reads it.


# Part: Exercise 1. How light is light?
#
# Write standardise: it says where value stands among ordinary pictures, whose 10th and 90th
# percentile are low and high. In the middle of the two it gives 0, at high 1.28, at low -1.28, and
# beyond them it goes on in a straight line. (1 point)
#
# Hint 1:
#
# Go in two steps. How far is the value from the middle? And how far is that, counted in distances
# from low to high?
#
# Hint 2:
#
# From the middle to high is half of that distance, and must give 1.28: so multiply by 2.56.


def standardise(value, low, high):
    """Where a value stands among ordinary pictures: 0 in the middle of low and high, 1.28 at high."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch00.standardise", standardise))


# Part: Exercise 2. Where does a tempo lie?
#
# In the chapter a share became a tempo. Go back: write share_for_tempo, which gives the share at
# which tempo lies between slowest and fastest, all in beats per minute. The ear counts ratios, so 120
# lies half-way from 60 to 240. (log is imported for you.) (1 point)
#
# Hint 1:
#
# tempo / slowest = (fastest / slowest)**share: take logarithms. What multiplies the share?
#
# Hint 2:
#
# Measure log(tempo / slowest) by the same thing for the whole range, log(fastest / slowest).


def share_for_tempo(tempo, slowest, fastest):
    """The share of the range, crossed in equal ratios, at which a tempo lies: 0 at slowest, 1 at fastest."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch00.share_for_tempo", share_for_tempo))


# Part: Exercise 3. Did the sound follow?
#
# Each edit moved a feature of a picture by a shift (standard units), a measure of its sound by a
# change. The rule says: more of the feature, more of the measure. Write right_signs: of the edits
# whose shift is at least least in size, up or down, it gives the share whose sound moved to the same
# side as the picture. A sound that did not move is not right. (2 points)
#
# Hint 1:
#
# First keep the pairs that count, then ask of each whether its two numbers have the same sign, then
# divide by how many you kept.
#
# Hint 2:
#
# Two numbers have the same sign when shift * change > 0; a pair counts when abs(shift) >= least.


def right_signs(shifts, changes, least=0.25):
    """Share of the noticeable edits after which the sound moved to the same side as the picture."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch00.right_signs", right_signs))


# Section: Quiz


print(im.exercises.quiz("ch00"))


# What is done, over all chapters, and what comes next:


print(im.progress())


# Section: References
#
# - L. Albertazzi, L. Canal, R. Micciolo (2015). Cross-modal associations between materic painting and
#   classical Spanish music. Frontiers in
#   Psychology 6, 424. DOI 10.3389/fpsyg.2015.00424.
# - T. Eerola, A. Friberg, R. Bresin (2013). Emotional expression in music: contribution, linearity,
#   and additivity of primary musical cues. Frontiers in
#   Psychology 4, 487. DOI 10.3389/fpsyg.2013.00487.
# - K. K. Evans, A. Treisman (2010). Natural cross-modal mappings between visual and auditory
#   features. Journal of Vision 10(1), 6. DOI 10.1167/10.1.6.
# - B. M. Galeyev, I. L. Vanechkina (2001). Was Scriabin a synesthete? Leonardo 34(4), 357-361. On
#   Scriabin's colours for tones.
# - D. Jonauskaite and others (2020). Universal patterns in color-emotion associations are further
#   shaped by linguistic and geographic proximity. Psychological
#   Science 31(10), 1245-1260. DOI 10.1177/0956797620948810.
# - P. M. Lindborg, A. K. Friberg (2015). Colour association with music is mediated by emotion. PLOS
#   ONE 10(12), e0144013. DOI 10.1371/journal.pone.0144013.
# - I. Newton (1704). Opticks. Smith and Walford, London. Book I, part II, proposition VI.
# - S. E. Palmer, K. B. Schloss, Z. Xu, L. R. Prado-Leon (2013). Music-color associations are mediated
#   by emotion. PNAS 110(22), 8836-8841. DOI
#   10.1073/pnas.1212562110.
# - C. Redies, M. Grebenkina, M. Mohseni, A. Kaduhm, C. Dobel (2020). Global image properties predict
#   ratings of affective pictures. Frontiers in Psychology 11,
#   953. DOI 10.3389/fpsyg.2020.00953.
# - C. Spence (2011). Crossmodal correspondences: a tutorial review. Attention, Perception &
#   Psychophysics 73, 971-995. DOI 10.3758/s13414-010-0073-7.
