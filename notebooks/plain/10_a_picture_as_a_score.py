# 10. A picture as a score
#
# Open in Colab:
# https://colab.research.google.com/github/imgmusic-edu/imgmusic_edu/blob/main/notebooks/10_a_picture_as_a_score.ipynb
#
# Time: about 160 minutes. Before you begin: Chapter 00. You need not read music, nor know what a
# scale or a chord is.
#
# You will be able to
#
# - say which property of a picture moves which property of the music, and by how much
# - turn a skyline into a tune that keeps a scale, breathes and comes home
# - find the best of millions of tunes in a few lines, and say why the nearest note each time is not
#   the best tune
# - explain chord, cadence and voice leading by playing them
# - measure whether notes are music, beside baselines
# - trace any note back to its place in the picture


import imgmusic_edu as im


# Section: One skyline, three tunes
#
# What is between a picture and its music? Below, the same picture is sung three times by the same
# piano. Read from left to right, each place of the picture has a height at which something stands
# out; call these heights the skyline. First every height becomes the nearest of all the piano's keys.
# Then only the keys of one scale may be used. Then the skyline is composed: with a rhythm, with
# phrases, with an end. Listen before you read on: which of the three could you hum?


import numpy as np
from IPython.display import display

from imgmusic_edu.composer import compose_score, make_plan
from imgmusic_edu.composer.reading import Reading
from imgmusic_edu.visual_features import visual_features
from imgmusic_edu.widgets.tune import play

picture = im.open_data("photographs/victoria_memorial_london")
features = visual_features(picture)
plan = make_plan(features, seconds=10)
score = compose_score(plan, features)
reading = Reading(plan, features)
beats = np.arange(0, plan.total_beats - 0.5, 0.5)
wishes = [reading.melody_target(beat + 0.25) for beat in beats]
keys = [pitch for pitch in range(128) if pitch % 12 in score.scale]

chromatic = [round(wish) for wish in wishes]
snapped = [min(keys, key=lambda pitch, wish=wish: abs(pitch - wish)) for wish in wishes]
tune = [note for note in score.notes if note.part == "melody"]
lengths = np.diff([*(note.beat for note in tune), plan.total_beats])

display(play(chromatic, 0.5, tempo=plan.tempo, title="1. Every height to the nearest key of the piano"))
display(play(snapped, 0.5, tempo=plan.tempo, title="2. Every height to the nearest note of a scale"))
display(play([note.pitch for note in tune], lengths, tempo=plan.tempo, title="3. The same skyline, composed"))


import matplotlib.pyplot as plt

im.licence("victoria_memorial_london")
with im.plots.style():
    figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    axes.plot(beats + 0.25, wishes, label="the skyline")
    axes.plot(beats + 0.25, chromatic, "s", label="1. chromatic")
    axes.plot(beats + 0.25, snapped, "o", fillstyle="none", label="2. snapped")
    starts = np.array([note.beat for note in tune])
    axes.hlines([n.pitch for n in tune], starts, starts + lengths, color=im.plots.COLOURS[3], lw=4, label="3. composed")
    axes.set(xlabel="time (beats)", ylabel="pitch (MIDI number)")
    axes.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
low, high, top = min(wishes), max(wishes), beats[int(np.argmax(wishes))]
off = max(abs(np.subtract(snapped, wishes)))
alt = f"The skyline as pitches from {low:.0f} to {high:.0f}, highest at beat {top:.0f}. The chromatic tune sticks to "
alt += f"it, the snapped one leaves it by at most {off:.1f} semitones. The composed tune has {len(tune)} notes of "
alt += f"different lengths instead of {len(snapped)} equal ones, and ends on {tune[-1].pitch}."
im.show(figure, alt=alt)


# All three follow the skyline. The first two have nothing else to do, so they wander: no note is more
# of a home than another, no bar answers a bar. The rest of this chapter builds what the third one
# has, one idea at a time, and with the package's own functions. This is where it leads, with all its
# parts:


piece = im.compose(picture, seconds=10, title="The Victoria Memorial")
print(piece)


# Learnt: a row of heights is not yet a tune; what it lacks can be named, and built.


# Section: Seven notes out of twelve
#
# Why did the second tune sound less lost than the first? A piano's neighbouring keys are one semitone
# apart, and twelve semitones make an octave, at which the ear says "the same note, higher". Notes
# carry numbers, the MIDI numbers: 60 is the C in the middle of the piano, 61 the key next to it. A
# number's remainder by 12 is its pitch class. A number p stands for the frequency
#
# f = 440 \cdot 2^{(p - 69)/12}
#
# where f is in hertz and 440 Hz is the note 69. A scale picks seven of the twelve classes and makes
# one of them home, the tonic. Which seven is the mode. The package has four, and their names hardly
# matter; hear them from bright to dark.


from imgmusic_edu.scores import MODES


def frequency(pitch):
    """Hertz of a MIDI number."""
    return 440 * 2 ** ((pitch - 69) / 12)


for pitch in (60, 61, 69, 72):
    print(f"note {pitch}: {frequency(pitch):.1f} Hz")
assert np.isclose(frequency(72), 2 * frequency(60))  # an octave doubles the frequency
for mode, steps in MODES.items():
    display(play([60 + step for step in (*steps, 12)], 0.5, tempo=150, title=f"C {mode}: steps {steps}"))


# Break it. Make a scale whose steps are all equal, two semitones each. No step is special, so no note
# can be home: that is why it sounds like a dream in an old film.


my_scale = (0, 2, 4, 6, 8, 10)  # change me
print(play([60 + step for step in (*my_scale, 12)], 0.5, tempo=150, title=f"A scale of your own: {my_scale}"))


# Learnt: a scale is a choice of seven notes of unequal steps; the inequality is what makes a home.


# Section: From feelings to numbers
#
# Why is this picture's music slow or fast, high or low? Before a note is written, the picture is
# asked a list of questions: how fast, how high, which mode, how loud and so on. The answers are the
# plan. They come from rules that people were found to follow when they match pictures and sounds
# (chapter 00 has the table). Each rule pulls a musical quality q up or down; the pulls are added,
#
# d_q = \frac{\sum_r w_r\, b_r \sum_f c_{rf}\, z_f}{\sqrt{\sum_r w_r^2}}, \qquad s_q = \tfrac12 +
# \tfrac1\pi \arctan(k\, d_q)
#
# - z_f: feature f of the picture in standard units, 0 for the middle of natural pictures;
# - c_{rf}: which way, and how much, rule r lets f pull;
# - w_r: how strong the evidence is, 1 strong, 0.3 weak; b_r: your own bend, 1 unless you change it;
# - d_q: the drive; s_q: the share of the musical range, 0 to 1; k: how soon a drive is taken
#   seriously, a constant of crossmodal.squash. The arctangent never reaches its ends, so that a light
#   picture made lighter still moves the music a little.
#
# The tempo is then T = T_0\,(T_1/T_0)^{s} between the slowest T_0 and the fastest T_1 that pictures
# may ask for: equal ratios sound like equal steps.


from imgmusic_edu import crossmodal
from imgmusic_edu.composer.plan import TEMPO

z = {name: features.standardised(name) for name in features.whole}
found = crossmodal.contributions(z)
drive = sum(pull.effect for pull in found if pull.quality == "tempo")
share = crossmodal.squash(drive)
tempo = TEMPO[0] * (TEMPO[1] / TEMPO[0]) ** share
print(f"drive {drive:+.2f}, share {share:.2f}, tempo {tempo:.1f} beats per minute")
assert np.isclose(tempo, plan.tempo)  # this is what the plan says


shown = [pull for pull in found if pull.quality in ("tempo", "mode", "register")]
labels = [f"{pull.rule} to {pull.quality} (most: {pull.feature})" for pull in shown]
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 0.3 * len(shown) + 1), layout="constrained")
    colours = [im.plots.COLOURS[0] if pull.effect > 0 else im.plots.COLOURS[1] for pull in shown]
    axes.barh(labels, [pull.effect for pull in shown], color=colours)
    axes.axvline(0, color="black")
    axes.invert_yaxis()
    axes.set(xlabel="pull (standard units): left is slower, darker, lower; right is faster, brighter, higher")
strongest = max(shown, key=lambda pull: abs(pull.effect))
alt = f"What {len(shown)} pulls do. The strongest is {strongest.rule} on {strongest.quality}: {strongest.effect:+.2f}. In all: "
alt += ", ".join(f"{q} {sum(p.effect for p in shown if p.quality == q):+.2f}" for q in ("tempo", "mode", "register"))
im.show(figure, alt=alt + ".")
print(f"So: {plan.tempo:.0f} beats per minute in {plan.key_name}, the melody around note {plan.centre:.0f}.")


# Break it. A weight of 0 switches a rule off, -1 turns it round. Here all the rules that see colour
# are turned round, so that what was light counts as dark. Nothing else changes: same skyline, same
# seed.


bent = {"R1": -1, "R2": -1, "R4": -1, "R9": -1}  # change me
turned = make_plan(features, seconds=8, weights=bent)
print(f"As the picture asks: {plan.tempo:.0f} beats per minute, {plan.key_name}, around note {plan.centre:.0f}")
print(f"Colour turned round: {turned.tempo:.0f} beats per minute, {turned.key_name}, around note {turned.centre:.0f}")
bent_piece = im.compose(picture, seconds=8, weights=bent)
bent_piece.sound.title = "The rules of colour turned round"
print(bent_piece.sound)


# Learnt: the plan is a weighted sum of measured pulls; you can read every one of them and turn it
# off.


# Section: Reading the skyline
#
# Where does the tune get its ups and downs? The picture is read like a line of text: its left edge is
# the first moment, its right edge the last. In each of its columns the skyline h is the mean height
# of what stands out there, 0 at the bottom, 1 at the top. High things sound high: Evans and Treisman
# (2010) measured how firmly people hold to that. The pitch that the picture wishes for at beat b is
#
# t(b) = p_0 + \sigma \cdot \mathrm{clip}\!\left(\frac{h(x) - \bar h}{s_h},\, \pm z_{\max}\right),
# \qquad x = b / B
#
# with x the place in the picture, B the beats of the whole piece, \bar h and s_h mean and standard
# deviation of the skyline, p_0 the middle of the melody and \sigma how many semitones one standard
# deviation is worth, both from the plan. Beyond z_{\max} deviations (SWING) the melody goes no
# further.


from imgmusic_edu.composer.reading import SWING

skyline = features.columns["skyline"]
standard = (skyline - skyline.mean()) / skyline.std()
columns = (np.arange(len(skyline)) + 0.5) / len(skyline)
times = columns * plan.total_beats
by_hand = plan.centre + plan.span * np.clip(standard, -SWING, SWING)
assert np.allclose(by_hand, [reading.melody_target(beat) for beat in times])

with im.plots.style():
    figure, axes = plt.subplots(figsize=(4.2, 4.6), layout="constrained")
    axes.imshow(picture, extent=(0, 1, 0, 1), aspect=picture.shape[0] / picture.shape[1])
    axes.plot(columns, skyline, "-", color="white", lw=5)
    axes.plot(columns, skyline, "--", color=im.plots.COLOURS[1], lw=2.5)
    axes.set(xlabel="place (share of the width)", ylabel="height (share)")
    axes.grid(False)
_, words = im.plots.picture_columns(picture, features, names=("skyline",))
im.show(figure, alt="A white monument against a blue sky, the skyline as a dashed line over it. " + words)


# The line is not the outline that you would draw. It is where the eye is drawn, column by column: to
# the statue in the middle, and on the right to a cloud, because there is nothing else there. That is
# honest, and it is a limit of this picture of seeing.
#
# Break it. Upside down, every height becomes one minus itself; mirrored, time runs backwards. Hear
# the wishes of both, snapped to the scale.


for name, turned_picture in {"Upside down": picture[::-1], "Mirrored": picture[:, ::-1]}.items():
    other = visual_features(turned_picture)
    wanted = [Reading(plan, other).melody_target(beat) for beat in times[1::3]]
    notes = [min(keys, key=lambda pitch, wish=wish: abs(pitch - wish)) for wish in wanted]
    display(play(notes, 0.5, tempo=150, title=f"{name}: the wishes, snapped"))
    likeness = np.corrcoef(skyline, other.columns["skyline"])[0, 1]
    print(f"{name}: correlation of the skyline with the old one {likeness:+.2f}")
    if name == "Upside down":
        assert np.allclose(other.columns["skyline"], 1 - skyline)


# Learnt: the skyline says where the tune should be; it does not yet say which note is best there.


# Section: Choosing the best tune at once
#
# Is the best tune made of the best notes? We want a tune near the skyline, but also one that can be
# sung: small steps, few leaps, no note said twice. Each wish has a price. Let s be a note and i a
# place in the tune:
#
# - \mathrm{own}_i(s) = w\,|s - t_i|: what it costs to be away from the skyline's wish t_i, with w the
#   weight of the skyline;
# - \mathrm{step}(r, s) = \lambda\,\max(|s - r| - 2,\, 0) + \rho\,[r = s]: what it costs to go from r
#   to s, with \lambda for each semitone of a leap (steps of up to two are free) and \rho for a
#   repeated note.
#
# The tune with the least sum is wanted.


n_notes = 24
target = np.array([reading.melody_target(plan.total_beats * (i + 0.5) / n_notes) for i in range(n_notes)])
candidates = np.array([pitch for pitch in keys if target.min() - 7 <= pitch <= target.max() + 7])
weight, leap, repeat = 0.3, 1.0, 1.0  # change me

own = weight * np.abs(candidates[None, :] - target[:, None])  # (places, candidates)
apart = np.abs(candidates[:, None] - candidates[None, :])
step = leap * np.maximum(apart - 2, 0) + repeat * (apart == 0)  # (from, to)
print(f"{len(candidates)} notes to choose from at {n_notes} places: {float(len(candidates)) ** n_notes:.1e} tunes")


# Nobody can try them all. The greedy way takes at each place the note that is cheapest now. The other
# way is Viterbi's (1967), an instance of Bellman's dynamic programming (1957). Suppose you knew, for
# every note r at place i-1, the cost c_{i-1}(r) of the cheapest way to get there. Then
#
# c_i(s) = \mathrm{own}_i(s) + \min_r\big[c_{i-1}(r) + \mathrm{step}(r, s)\big]
#
# and that is all one needs to know at place i: of all ways into s only the cheapest can be part of
# the best tune, for what comes later depends on s alone. At the end take the cheapest note, and
# follow the minima back.


from imgmusic_edu.composer.search import cheapest_path


def greedy(own, step):
    """The cheapest next note each time."""
    path = [int(own[0].argmin())]
    for costs in own[1:]:
        path.append(int((costs + step[path[-1]]).argmin()))
    return path


def cost(path):
    """What a whole tune costs."""
    return own[np.arange(len(path)), path].sum() + step[path[:-1], path[1:]].sum()


now, best = greedy(own, step), cheapest_path(own, lambda i: step)
assert cost(best) <= cost(now)
print(f"greedy {cost(now):.1f}, best {cost(best):.1f}")
display(play(candidates[now], 0.5, tempo=140, title=f"Greedy, cost {cost(now):.1f}"))
display(play(candidates[best], 0.5, tempo=140, title=f"Best, cost {cost(best):.1f}"))


with im.plots.style():
    figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
    axes.plot(target, label="the skyline's wish")
    axes.plot(candidates[now], marker="s", ms=4, label="greedy")
    axes.plot(candidates[best], marker="o", ms=4, label="best")
    axes.set(xlabel="place in the tune", ylabel="pitch (MIDI number)")
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
off = [np.abs(candidates[path] - target) for path in (now, best)]
alt = f"Three lines over {n_notes} places. The greedy tune is up to {off[0].max():.0f} semitones from the skyline, worst at "
alt += f"place {off[0].argmax()}, the best one up to {off[1].max():.0f}. Mean distances {off[0].mean():.1f}, {off[1].mean():.1f}."
im.show(figure, alt=alt)


# The greedy tune comes late to every hill: it will not pay for a leap until the wish is far away, and
# by then the hill is over. The best tune pays a little early, or leaps once, because it knows what is
# coming. To see that the search is right, hold it against trying everything, on a problem small
# enough.


import itertools

from imgmusic_edu.composer.melody import LEAP

rng = np.random.default_rng(10)
for _ in range(20):
    small_own, small_step = rng.random((5, 4)), rng.random((4, 4))
    every = list(itertools.product(range(4), repeat=5))
    costs = [
        sum(small_own[i, s] for i, s in enumerate(path)) + sum(small_step[r, s] for r, s in itertools.pairwise(path))
        for path in every
    ]
    assert list(every[int(np.argmin(costs))]) == cheapest_path(small_own, lambda i, step=small_step: step)
print(f"20 random problems of {len(every)} paths each: the search found the cheapest every time")
assert LEAP[6] > LEAP[7] > LEAP[2]  # see below: the package's price of six, seven and two semitones


# Break it. Costs are taste. Move a slider and the tune changes at once; press the button to hear it.
# Skyline at 0: what does the cheapest tune do when nobody asks anything of it? Leaps at 0: does it
# stay singable? (In a saved page the sliders do not move; run the cell.)


from imgmusic_edu.widgets.tune import tune_panel

print(tune_panel(target, score.scale, tempo=140))


# The package's melody (composer/melody.py) is this search with more taste. On strong beats only notes
# of the chord may be chosen; a leap away from a note foreign to the chord costs extra; an interval
# has its own price (a leap of six semitones is dear, one of seven is not); a phrase that returns pays
# for leaving the intervals it had before; and a tune that runs parallel with the bass is searched
# again. Chords, bass and inner voices are chosen by the same function.


# Learnt: the best tune is not made of the best notes, but it can be found exactly, in time that grows
# with (notes)² × places.


# Section: Phrases
#
# How do you hear that a tune has only paused, and not ended? Music breathes. Bars of three or four
# beats make phrases of about four bars. A phrase that returns (A ... A) is recognised, one that
# differs (B) makes one wish for the return: AABA is the form of a thousand songs. Phrases come in
# pairs: the first ends open, waiting (a half cadence), the second closes, at home (a full cadence). A
# piece of S seconds at tempo T has B = S\,T/60 beats and, with bars of m beats and a last chord held
# for at least H,
#
# n = \lfloor (B - H)/m \rfloor + 1 \text{ bars}, \qquad H = \max(H_b,\; H_s\,T/60),
#
# the last of them lasting until the sound ends (H_b beats and H_s seconds: HOLD). So any length that
# may be asked for is filled, without a loop and without a cut.


from imgmusic_edu.composer.form import HOLD, lay_out
from imgmusic_edu.composer.plan import SECONDS

song = make_plan(features, seconds=40)  # change me: from SECONDS[0] to SECONDS[1]
bars = lay_out(song)
print(f"Any length from {SECONDS[0]:g} to {SECONDS[1]:g} s may be asked for.")
hold = max(HOLD[0], HOLD[1] * song.tempo / 60)
assert len(bars) == int((song.total_beats - hold) // song.beats_per_bar) + 1
assert np.isclose(bars[-1].beat + bars[-1].beats, song.total_beats)

for phrase in range(bars[-1].phrase + 1):
    inside = [bar for bar in bars if bar.phrase == phrase]
    end = inside[-1].cadence
    print(f"phrase {phrase + 1}: letter {inside[0].label}, {len(inside)} bars of {song.beats_per_bar}, ends {end}")


song_score = compose_score(song, features)
for phrase in (0, 1):
    inside = [bar for bar in bars if bar.phrase == phrase]
    first, last = inside[0].beat, inside[-1].beat + inside[-1].beats
    heard = [note for note in song_score.notes if note.part == "melody" and first <= note.beat < last]
    spans = np.diff([*(note.beat for note in heard), last])
    title = f"Phrase {phrase + 1}, letter {inside[0].label}, {inside[-1].cadence} cadence"
    display(play([note.pitch for note in heard], spans, tempo=130, title=title))
    print("lengths in beats:", *(f"{span:g}" for span in spans))


# The skyline goes its own way, so the second phrase cannot have the same notes as the first. What
# returns is the rhythm, the plan of chords, and as much of the melody's shape as the skyline lets it
# keep.
#
# Break it. Ask for the shortest length instead of 40 s, or the longest, and run the two cells again.
# What happens to the letters?
#
# Learnt: form is a promise: what returns is recognised, what waits is answered, and the end is
# planned from the start.


# Section: Chords that lead somewhere
#
# Why do some rows of chords pull forward while others just lie there? A chord is notes that sound
# together. The plainest is the triad: start on any note of the scale and take every other one, three
# in all. It is major if its lower gap is the larger (4 semitones, then 3), minor the other way round.
# Seven notes give seven triads, numbered with Roman numerals from the tonic (I), small letters for
# minor.


from imgmusic_edu.composer.harmony import triad
from imgmusic_edu.scores import PITCH_NAMES

home = make_plan(features, seconds=30, key="C major")
NUMERALS = ("I", "ii", "iii", "IV", "V", "vi", "vii°")


def block(degree):
    """A triad of C major, its root doubled an octave lower: MIDI numbers."""
    root, third, fifth = triad(home, degree)
    return 48 + root, 60 + root, 60 + root + (third - root) % 12, 60 + root + (fifth - root) % 12


for degree, numeral in enumerate(NUMERALS):
    classes = triad(home, degree)
    gaps = (classes[1] - classes[0]) % 12, (classes[2] - classes[1]) % 12
    kind = {(4, 3): "major", (3, 4): "minor", (3, 3): "diminished"}[gaps]
    print(f"{numeral:5}", *(f"{PITCH_NAMES[c]:2}" for c in classes), f" gaps {gaps}: {kind}")


display(play([block(d) for d in (0, 3, 4)], (1, 1, 3), title="I IV V and stop: a half cadence, it waits"))
display(play([block(d) for d in (0, 3, 4, 0)], (1, 1, 1, 3), title="I IV V I: a full cadence, it is home"))


# V leads to I: its third lies one semitone under the tonic and wants to rise into it. Other chords
# lead elsewhere. Which chord gladly follows which is a graph, chords as places, arrows as habits of
# songs. The package holds one for each mode; here is that of major.


from imgmusic_edu.composer.harmony import FOLLOWS, LEADING

habits = FOLLOWS["major"]
angles = {degree: np.pi / 2 - 2 * np.pi * k / len(habits) for k, degree in enumerate(sorted(habits))}
with im.plots.style():
    figure, axes = plt.subplots(figsize=(4.6, 4.6), layout="constrained")
    for a, after in habits.items():
        for b, liking in after.items():
            start, end = ((1.0 * np.cos(angles[d]), np.sin(angles[d])) for d in (a, b))
            arrow = dict(arrowstyle="-|>", lw=0.6 * liking, color=im.plots.COLOURS[0], connectionstyle="arc3,rad=0.15")
            axes.annotate("", end, start, arrowprops=arrow | dict(shrinkA=18, shrinkB=18, mutation_scale=14))
    for degree, angle in angles.items():
        axes.text(np.cos(angle), np.sin(angle), NUMERALS[degree], size=15, ha="center", va="center")
    axes.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal")
    axes.axis("off")
words = "Six chords in a circle, arrows for what follows what, thicker where it follows more gladly."
for a in sorted(habits):
    words += f" From {NUMERALS[a]} to " + ", ".join(f"{NUMERALS[b]} ({n})" for b, n in habits[a].items()) + "."
im.show(figure, alt=words)


# Let f(a, b) be how gladly b follows a. With the cost \mathrm{step}(a, b) = -\ln f(a, b), glad steps
# are cheap, and Viterbi's search finds a row of chords. The seed adds a little chance to
# \mathrm{own}_i, so that not every piece gets the same row; the cadence forbids everything at the end
# but V, I.


degrees = sorted(habits)
step_chords = np.array([[-np.log(habits[a].get(b, 0.001)) for b in degrees] for a in degrees])


def chord_row(n, *, seed):
    """A row of n chords from I to the cadence V I."""
    costs = -np.random.default_rng(seed).gumbel(size=(n, len(degrees)))  # chance: change the seed, change the row
    for place, only in {0: 0, n - 2: LEADING["major"], n - 1: 0}.items():
        costs[place] = np.where(np.array(degrees) == only, 0.0, np.inf)
    return [degrees[k] for k in cheapest_path(costs, lambda i: step_chords)]


led = chord_row(7, seed=8)
lot = np.random.default_rng(2).choice(degrees, 7).tolist()
for title, row in {"Drawn by lot": lot, "Led by the graph": led}.items():
    glad = sum(b in habits[a] for a, b in itertools.pairwise(row))
    names = " ".join(NUMERALS[degree] for degree in row)
    display(play([block(degree) for degree in row], (*[1] * 6, 2), title=f"{title}: {names}"))
    print(f"{title}: {glad} of {len(row) - 1} steps follow an arrow")


# What has the picture to do with it? Where a strip of the picture is lighter than the rest, a chord
# with a large third becomes cheaper; where it is darker, one with a small third. That is the rule of
# lightness and mode (Palmer et al. 2013), applied bar by bar. Measure it: the same plan, twelve
# seeds, with every bar dark, middling or light.


from dataclasses import replace

from imgmusic_edu.composer.harmony import harmonise

major = {}
for name, lightness in {"dark": -1.5, "middling": 0.0, "light": 1.5}.items():
    plans = [replace(home, seed=seed) for seed in range(12)]
    rows = [harmonise(p, lay_out(p), np.full(len(lay_out(p)), lightness)) for p in plans]
    major[name] = np.mean([chord.is_major for row in rows for chord in row])
    print(f"every bar {name}: {100 * major[name]:.0f} % of the chords are major")
    if lightness:
        first = rows[3][:6]
        display(play([(c.bass, *c.voices) for c in first], 1.0, title=f"Every bar {name}, first six chords"))
assert major["dark"] < major["middling"] < major["light"]


# Break it. In chord_row, take 0: 0 out of the dictionary, or let it end on n - 1: 5. A row that goes
# V vi at the end is called a deceptive cadence, and you will hear why.
#
# Learnt: harmony is a walk on a graph of habits, pulled towards home; the picture's light tips the
# choice between major and minor.


# Section: Voices that move little
#
# Why do the same chords sound smooth under one hand and clumsy under another? Each chord can be laid
# out in many ways, its notes in any octave and order. Think of the notes as singers: each goes to
# some note of the next chord, and singers do not like to jump. The length of a move from the voices u
# to the voices v is
#
# \lVert v - u \rVert = \sum_k |v_k - u_k|
#
# with u_k the MIDI number of the k-th voice. The best laying-out of the whole row is a shortest path
# again: states are layouts, steps are moves. Tymoczko (2006) drew the space in which this is a walk.


def layouts(degree):
    """All ways to lay a triad out in three voices around the middle of the piano, at most 16 semitones wide."""
    places = [[p for p in range(52, 72) if p % 12 == pitch_class] for pitch_class in triad(home, degree)]
    stacks = np.sort(list(itertools.product(*places)), axis=1)
    return stacks[stacks[:, 2] - stacks[:, 0] <= 16]


row = [0, 5, 3, 1, 4, 0]
choices = [layouts(degree) for degree in row]
moves = [None] + [np.abs(b[None] - a[:, None]).sum(axis=2) for a, b in itertools.pairwise(choices)]  # (before, after)
path = cheapest_path([np.zeros(len(c)) for c in choices], lambda i: moves[i])
smooth = np.array([c[k] for c, k in zip(choices, path, strict=True)])
clumsy = np.array([block(degree)[1:] for degree in row])
for title, voices in {"Every chord from its root up": clumsy, "Every voice to its neighbour": smooth}.items():
    moved = np.abs(np.diff(voices, axis=0)).sum()
    display(play([(36 + triad(home, d)[0], *v) for d, v in zip(row, voices, strict=True)], 1.0, title=title))
    print(f"{title}: the three voices move {moved} semitones in all")


# And what is wrong with parallel fifths? Two notes seven semitones apart, a fifth, blend so well that
# they almost become one. If both move and are again a fifth apart, the ear stops hearing two voices;
# Huron (2001) traces most rules of voice leading to this one aim, that each voice stays audible. The
# same goes for octaves. So the composer forbids them between the bass and the others.


from imgmusic_edu.composer.harmony import parallels

bass = (48, 50, 52, 50, 48)
for title, upper in {"Two voices in parallel fifths": (55, 57, 59, 57, 55), "Two voices": (64, 62, 60, 59, 60)}.items():
    display(play(list(zip(bass, upper, strict=True)), (1, 1, 1, 1, 2), instrument="clarinet", title=title))
    pairs = zip(itertools.pairwise(upper), itertools.pairwise(bass), strict=True)
    fused = [bool(parallels(u, v, a, b)) for (u, v), (a, b) in pairs]
    print(f"{title}: {sum(fused)} of {len(fused)} moves are parallel")


# The second pair moves in opposite directions, and two lines are heard. Rock guitars and organs use
# parallel fifths because they fuse: it is a rule for independent voices, not a law.
#
# Break it. Put the line choices[3] = choices[3][:1] below the one that begins choices =: the fourth
# chord has only one layout left. How far must the others move now?
#
# Learnt: voice leading is a shortest path through layouts, with a price on moves that make two voices
# one.


# Section: Who plays what
#
# What turns chords and a tune into a band? Four parts, and drums if the picture is driven. The melody
# sings the skyline. The harmony holds the chords. The bass stands on their lowest notes. The
# accompaniment breaks the chords up, and carries the picture's complexity: a bar of m beats gets
# about
#
# n = m\,(\alpha + \beta\,\delta)
#
# notes, with \alpha the fewest notes a beat may have, \alpha + \beta the most, and \delta the density
# of the plan, moved by the edges in that strip of the picture. Hear the band without its singer; the
# whole is in the player at the top.


from imgmusic_edu.synthesizer import render


def only(score, *names):
    """The score with some of its parts."""
    parts = tuple(part for part in score.parts if part.name in names)
    return replace(score, parts=parts, notes=tuple(note for note in score.notes if note.part in names))


for names in (["bass", "harmony"], ["bass", "harmony", "accompaniment"]):
    display(im.Sound(render(only(score, *names)), title=" and ".join(names)))
for name, instrument in plan.instruments.items():
    played = [note for note in score.notes if note.part == name]
    print(f"{name}: {instrument.replace('_', ' ')}, {len(played)} notes, because of rule {played[0].cause.rule}")


from imgmusic_edu.composer.arrangement import places


def count(density, beats=4):
    """Mean number of notes to a bar, over eight bars that share the fractions out."""
    return np.mean([len(places(density, beats, bar)) for bar in range(8)])


fewest, most = count(0.0) / 4, count(1.0) / 4
print(f"from alpha = {fewest:.2f} notes a beat to alpha + beta = {most:.2f}")
for density in (0.0, 0.25, 0.5, 0.75, 1.0):
    row = "".join("x" if k / 4 in places(density, 4, 0) else "." for k in range(16))
    formula = 4 * (fewest + (most - fewest) * density)
    print(f"density {density:.2f}: first bar {row}, {count(density):.2f} notes a bar; the formula says {formula:.2f}")
    assert abs(count(density) - formula) < 0.5
figure, alt = im.plots.piano_roll(score)
im.show(figure, alt=alt)


# Break it. Drums come in by energy: first a light pulse, then a beat, then the whole kit. How many
# strokes does a piece get as its energy rises? Change the energy of the last line and hear it.


from imgmusic_edu.composer.arrangement import DRUMS_FROM

for energy in (0.3, *(start + 0.01 for start in DRUMS_FROM)):
    driven = compose_score(replace(plan, energy=energy), features)
    print(f"energy {energy:.2f}: {sum(note.part == 'drums' for note in driven.notes)} strokes of the drums")
quick = make_plan(features, seconds=8, tempo=110)
print(im.Sound(render(compose_score(replace(quick, energy=1.0), features)), title="The same picture, as if it were driven"))


# Learnt: an arrangement gives each property of the picture a player of its own: height the melody,
# complexity the figure, energy the drums.


# Section: How much it rubs
#
# Why are some notes harsh together? Two tones close in frequency beat against each other, and when
# the beats are too fast to count they are felt as roughness. Plomp and Levelt (1965) measured it;
# Sethares (1993) wrote it as a formula. For two partials with frequencies f_1 < f_2 and amplitudes
# a_1, a_2,
#
# R = a_1 a_2 \left(e^{-3.5\, s (f_2 - f_1)} - e^{-5.75\, s (f_2 - f_1)}\right), \qquad s =
# \frac{0.24}{0.021 f_1 + 19},
#
# and a sound's roughness is the sum over all pairs of partials, divided by the sum of squared
# amplitudes.


def roughness(intervals, *, base=261.6, n_partials=6):
    """Roughness of two notes, each with partials of amplitude 0.8^k, for intervals in semitones."""
    partials, amplitude = np.arange(1, n_partials + 1), 0.8 ** np.arange(n_partials)
    found = []
    for interval in intervals:
        f = np.concatenate([base * partials, base * 2 ** (interval / 12) * partials])
        a = np.concatenate([amplitude, amplitude])
        f, a = f[np.argsort(f)], a[np.argsort(f)]
        i, j = np.triu_indices(len(f), 1)
        s = 0.24 / (0.021 * f[i] + 19) * (f[j] - f[i])
        found.append((a[i] * a[j] * (np.exp(-3.5 * s) - np.exp(-5.75 * s))).sum() / (a**2).sum())
    return np.array(found)


for name, interval in {"A semitone": 1, "A fifth": 7}.items():
    display(
        play([(60, 60 + interval)], 2, instrument="organ", title=f"{name}: roughness {roughness([interval])[0]:.2f}")
    )


fine = np.linspace(0, 12.5, 400)
curve = roughness(fine)
with im.plots.style():
    figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
    axes.plot(fine, curve)
    axes.set(xlabel="interval (semitones)", ylabel="roughness (ratio)", xticks=range(13))
whole = roughness(range(1, 13))
order = np.argsort(whole) + 1
alt = f"Roughness against the interval: highest at {fine[curve.argmax()]:.1f} semitones, with dips at simple ratios. "
alt += f"Of whole semitones the smoothest are {order[0]}, {order[1]} and {order[2]}, the roughest {order[-1]} and {order[-2]}."
im.show(figure, alt=alt)
assert order[-1] == 1 and {7, 12} <= set(order[:3].tolist())


# The dips are the octave, the fifth and the fourth: consonance falls out of the physics of partials.
# A rough, grainy or angular picture asks for dissonance (rules R12 to R14). The composer answers with
# friction notes beside those of the chord: first gentle neighbours from the key, then semitones
# against the third and the fifth. Does it arrive in the sound? Turn the one number and measure the
# waveform.


from imgmusic_edu import audio_features

asked, heard = np.linspace(0, 1, 5), []
for dissonance in asked:
    sound = im.Sound(render(compose_score(replace(turned, dissonance=dissonance), features)))
    heard.append(audio_features.roughness(sound.samples, sample_rate=sound.sample_rate))
    print(f"dissonance asked {dissonance:.2f}: roughness measured {heard[-1]:.3f}")
    if dissonance in (0.0, 1.0):
        sound.title = f"Dissonance {dissonance:.0f}"
        display(sound)
assert heard[0] < heard[2] < heard[4]


# Break it. Give both notes of the formula one partial only (n_partials=1). Where do the dips go, and
# what does that say about flutes?
#
# Learnt: roughness is beats between partials; the composer adds just as much of it as the picture's
# surface asks for, and it can be measured.


# Section: Choosing the players
#
# Why a violin here and a marimba there? Light pictures ask for a bright sound, angular ones for a
# sharp attack (Adeli et al. 2014). Words such as "bright" need numbers: of each instrument two were
# measured on the same phrase, the centroid, the mean frequency of its sound weighted by energy, and
# the attack, the time until a note has half of its full amplitude.


from imgmusic_edu.instruments import INSTRUMENTS, TIMBRES

aside = {"marimba": (2, -11), "electric_piano": (-4, -12), "flute": (-26, 4), "choir": (-12, 8), "strings": (0, -12)}
with im.plots.style():
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for name, program in INSTRUMENTS.items():
        point = max(TIMBRES[program].attack, 1), TIMBRES[program].centroid
        axes.plot(*point, "o", color=im.plots.COLOURS[0])
        axes.annotate(name.replace("_", " "), point, aside.get(name, (5, 3)), textcoords="offset points", size=9)
    axes.set(xscale="log", yscale="log", xlabel="attack (ms)", ylabel="centroid (Hz)")
    axes.set_xticks([1, 10, 100], ["1 or less", "10", "100"])
    axes.set_yticks([300, 500, 1000, 2000], ["300", "500", "1000", "2000"])
    axes.minorticks_off()
table = {name: TIMBRES[program] for name, program in INSTRUMENTS.items()}
bright, slow = (max(table, key=lambda name: getattr(table[name], what)) for what in ("centroid", "attack"))
alt = f"{len(table)} instruments by attack and centroid. Brightest: {bright}, {table[bright].centroid} Hz. Slowest attack: "
alt += f"{slow}, {table[slow].attack} ms. Plucked and struck ones lie at the left, bowed and blown ones at the right."
im.show(figure, alt=alt)


from imgmusic_edu.scenes import scene

for name, factors in {
    "dark and round": dict(lightness=0.05, angularity=0.0),
    "light and angular": dict(lightness=0.95, angularity=1.0, object_size=1.0),
}.items():
    asked_for = make_plan(visual_features(scene(**factors)), seconds=8)
    print(f"A {name} scene: {', '.join(asked_for.instruments.values())}")
    singer = asked_for.instruments["melody"]
    display(play([60, 64, 67, 72, 71, 67, 69, 67], 0.5, tempo=110, instrument=singer, title=f"{name}: {singer}"))


# Break it. im.compose(picture, instruments=["music_box", "space_pad"]) chooses the first two players
# by hand. Which pair fights the picture most?
#
# Learnt: an instrument is chosen by numbers that were measured, and a light picture and a dark one
# get different bands.


# Section: From notes to sound
#
# How does a list of numbers become a vibraphone? A note in a score is five numbers: when, how long,
# which pitch, how hard, who. Its place in seconds is 60\,b/T for beat b at tempo T. A SoundFont holds
# recordings, a few for each instrument, and says for each: for these keys play this recording, repeat
# this stretch of it (the loop) for as long as the key is down, and shape the loudness by this curve
# (the envelope: attack, hold, decay, sustain, release). To play a key that was not recorded, the
# recording runs faster or slower by
#
# \text{speed} = \text{rate} \cdot 2^{(p - p_{\mathrm{root}})/12}
#
# samples a second, with p the pitch wanted, p_{\mathrm{root}} the one recorded and rate the samples a
# second it was recorded with. Take one note apart: a struck bar of metal, 2 s long, out of a
# recording of a fraction of a second.


from imgmusic_edu.synthesizer import soundfont
from imgmusic_edu.tones import Envelope

RATE = 22050
font = soundfont()
strike, higher = (font.strikes(INSTRUMENTS["vibraphone"], pitch, 90)[0] for pitch in (67, 68))
voice = strike.voice
assert voice.sample == higher.voice.sample and np.isclose(higher.voice.speed / voice.speed, 2 ** (1 / 12))
flat = voice._replace(amplitude=Envelope(0, 0, 0, 0, 0), cutoff=13500.0, sweep=0.0, tremolo=(0.0, 0.0, 0.0))
stages = {
    "The recording": strike._replace(voice=flat._replace(loop=(0, 0))),
    "Its loop repeated": strike._replace(voice=flat),
    "And shaped by envelope and filter": strike,
}
played = {title: font.play(stage, 2 * RATE, RATE) for title, stage in stages.items()}
loop = np.array(voice.loop) / voice.speed
bare = len(played["The recording"]) / RATE
print(
    f"The recording lasts {bare:.2f} s, {1000 * (loop[1] - loop[0]):.0f} ms of it are its loop, from {loop[0]:.3f} s on."
)
for title, samples in played.items():
    loudest = max(float(np.abs(samples).max()), 1e-9)
    display(im.Sound(0.5 * samples / loudest, title=title))


with im.plots.style():
    figure, rows = plt.subplots(3, 1, figsize=(8, 4.6), sharex=True, layout="constrained")
    for axes, (title, samples) in zip(rows, played.items(), strict=True):
        axes.plot(np.arange(len(samples)) / RATE, samples, lw=0.4)
        axes.set_title(title, fontsize=10)
        axes.axvspan(*loop, color=im.plots.COLOURS[1], alpha=0.25)
    rows[1].set_ylabel("amplitude")
    rows[2].set(xlabel="time (s)", xlim=(0, 2.5))
fall = -voice.amplitude.sustain / voice.amplitude.decay
alt = f"Three waveforms. The bare recording ends after {bare:.2f} s. With its loop, marked from {loop[0]:.3f} to "
alt += f"{loop[1]:.3f} s, it goes on evenly while the key is down, 2 s. The third falls by {fall:.0f} dB a second."
im.show(figure, alt=alt)


# Break it. Far from the recorded pitch the trick is heard: the body of the instrument and the speed
# of its bow shrink with the wave. Two octaves above its recording, a cello is a toy.


low_note = max(font.strikes(INSTRUMENTS["cello"], 36, 90), key=lambda found: found.gain)
for title, factor in {"A low C of the cello, as recorded": 1, "The same recording, two octaves up": 4}.items():
    moved = low_note._replace(voice=low_note.voice._replace(speed=low_note.voice.speed * factor))
    samples = font.play(moved, 2 * RATE, RATE)
    display(im.Sound(0.5 * samples / np.abs(samples).max(), title=title))


# A whole score is then a sum: every note's samples are added from sample \mathrm{round}(60\,b/T \cdot
# 22050) on. A small room is added, the spectrum is tilted to the plan's brightness, one gain brings
# the piece to its loudness, and a limiter holds what would exceed full scale. play, which this
# chapter uses all the time, is nothing but a Score made of Notes and rendered so. The MIDI file holds
# the same beats, so both agree.


import tempfile
from pathlib import Path

from imgmusic_edu.scores import Score

with tempfile.TemporaryDirectory() as folder:
    score.to_midi(Path(folder) / "piece.mid")
    again = Score.from_midi(Path(folder) / "piece.mid")
before = sorted((score.seconds_of(note.beat), note.pitch) for note in score.notes)
after = sorted((again.seconds_of(note.beat), note.pitch) for note in again.notes)
largest = max(abs(a[0] - b[0]) for a, b in zip(before, after, strict=True))
print(f"{len(before)} notes in the score, {len(after)} in the file; onsets differ by {1000 * largest:.1f} ms at most")
assert largest < 0.010
loudness = audio_features.loudness(piece.sound.samples, sample_rate=RATE)
print(f"loudness wanted {plan.level:.1f} LUFS, measured {loudness:.1f} LUFS")


# Learnt: a synthesised note is a recording, stretched to its pitch, looped to its length and shaped
# by an envelope; a piece is their sum.


# Section: Is it music?
#
# Can one measure what you heard in the first minute? Not beauty. But some things are certainly wrong,
# and can be counted; and a claim such as "the melody follows the picture" can be held against
# melodies that do not. All rows of the table below have the same rhythm, chords and bass, those of
# the composer; only the choice of pitches differs. The oracle follows the picture as closely as a
# scale allows; shuffled composes for a skyline whose columns are in the wrong order; random walk goes
# a step up or down by lot. Each figure is a mean over six pictures.
#
# - follows: Spearman correlation of pitch with the skyline, the order of heights against the order of
#   pitches;
# - in key: share of the melody's notes in the scale; moves: mean distance from note to note in
#   semitones;
# - fits: share of notes on strong beats that belong to the chord; parallels: with the bass, for each
#   piece;
# - home: share of pieces whose last note belongs to the tonic's chord (the bass is at home in all of
#   them).


from scipy.stats import spearmanr

from imgmusic_edu.composer.melody import STRONG
from imgmusic_edu.evaluation import music


def measures(score, skyline, chord_at, tonic):
    """One row of the table for one piece."""
    line = [note for note in score.notes if note.part == "melody"]
    pitches = [note.pitch for note in line]
    strong = [note for note in line if note.beat % score.beats_per_bar in STRONG[score.beats_per_bar]]
    follows = 0.0 if len(set(pitches)) == 1 else spearmanr(skyline, pitches).statistic
    alone = replace(score, notes=tuple(line))
    return {
        "follows": follows,
        "in key": music.in_key_share(alone),
        "moves": np.abs(np.diff(pitches)).mean(),
        "fits": np.mean([note.pitch % 12 in chord_at(note.beat) for note in strong]),
        "parallels": len(music.parallels(score)),
        "home": music.ends_on_tonic(score),
    }


def sing(score, pitches):
    """The score with other pitches for its melody."""
    new = iter(pitches)
    notes = [replace(note, pitch=int(next(new))) if note.part == "melody" else note for note in score.notes]
    return replace(score, notes=tuple(notes))


def other_tunes(wishes, scale, rng):
    """Pitches for the same places, chosen in other ways."""
    notes = np.array([p for p in range(round(min(wishes)) - 7, round(max(wishes)) + 8) if p % 12 in scale])
    own = 0.3 * np.abs(notes[None] - np.array(wishes)[:, None])
    apart = np.abs(notes[:, None] - notes[None])
    step = np.maximum(apart - 2, 0) + 1.0 * (apart == 0)
    walk = np.abs(np.cumsum(rng.choice([-1, 1], len(wishes))) + len(notes) // 2)
    return {
        "ten-line search": notes[cheapest_path(own, lambda i: step)],
        "greedy": notes[greedy(own, step)],
        "oracle (snapped)": notes[own.argmin(axis=1)],
        "chromatic": np.round(wishes),
        "random walk": notes[np.minimum(walk, len(notes) - 1)],
    }


def rows_of(name, seed):
    """All rows of the table for one picture: method -> measures."""
    seen = visual_features(im.open_data(name))
    rng = np.random.default_rng(seed)
    shuffled = replace(seen, columns=seen.columns | {"skyline": rng.permutation(seen.columns["skyline"])})
    plan = make_plan(seen, seconds=30, seed=seed)
    composed, read = compose_score(plan, seen), Reading(plan, seen)
    light = read.lightness([(bar.beat, bar.beats) for bar in lay_out(plan)])
    chords = harmonise(plan, lay_out(plan), light)
    line = [note for note in composed.notes if note.part == "melody"]
    middles = [note.beat + note.beats / 2 for note in line]
    wishes = [read.melody_target(beat) for beat in middles]

    def chord_at(beat):
        return [chord for chord in chords if chord.beat <= beat + 1e-6][-1].classes

    scores = {"composed": composed}
    scores |= {title: sing(composed, tune) for title, tune in other_tunes(wishes, composed.scale, rng).items()}
    lost = [note.pitch for note in compose_score(plan, shuffled).notes if note.part == "melody"]
    scores["composed, shuffled"] = sing(composed, lost)
    return {title: measures(s, wishes, chord_at, plan.tonic) for title, s in scores.items()}


NAMES = ("victoria_memorial_london", "petra", "coffee", "statue_of_liberty", "cat", "the_langlois_bridge")
tables = [rows_of(name, seed) for seed, name in enumerate(NAMES)]
means = {title: {key: np.mean([t[title][key] for t in tables]) for key in row} for title, row in tables[0].items()}
print(f"{'':20}" + "".join(f"{key:>11}" for key in means["composed"]))
for title, row in means.items():
    print(f"{title:20}" + "".join(f"{value:11.2f}" for value in row.values()))

composed, shuffled = means["composed"], means["composed, shuffled"]
assert composed["follows"] > 0.5 > abs(shuffled["follows"])
assert composed["fits"] > means["oracle (snapped)"]["fits"] and composed["parallels"] == 0 and composed["home"] == 1
assert means["oracle (snapped)"]["follows"] > composed["follows"]  # craft costs some obedience


# Read it row by row. The composed tune's few notes out of the key are not slips: in minor, the
# dominant's third is raised to lead home. The oracle obeys the picture best and has no manners: it
# leaves the chord on strong beats and ends where the picture ends. The random walk has small steps
# and follows nothing. The composed tune gives up some obedience and gets the rest in return. One more
# figure, for the whole piece: groove consistency (Wu and Yang 2020), the share of places in the bar
# where neighbouring bars agree about whether a note begins, 1 for bars alike.


for seed, name in enumerate(NAMES[:3]):
    seen = visual_features(im.open_data(name))
    whole = compose_score(make_plan(seen, seconds=30, seed=seed), seen)
    groove, key_share = music.groove_consistency(whole), music.in_key_share(whole, raised_seventh=True)
    print(f"{name}: groove consistency {groove:.3f}, share of all notes in the key {key_share:.2f}")
    assert groove > 0.9


# Break it. Add a row: a melody that holds the tonic throughout (np.full(len(wishes), ...)). Which
# columns does it win, and what does that say about each measure by itself?
#
# Learnt: no single figure says "music", but beside baselines a few of them say what a method has and
# what it lacks.


# Section: Why this note?
#
# Which part of the picture made the note you just heard? Every note of a score carries its cause: the
# region of the picture that was read, the feature, its value there and the rule. Choose a note.


number = int(np.argmax([note.pitch for note in tune]))  # change me: any note of the melody, from 0
note = tune[number]
x0, y0, x1, y1 = note.cause.region
name = im.scores.pitch_name(note.pitch)
height, width = picture.shape[:2]
with im.plots.style():
    figure, axes = plt.subplots(figsize=(4.2, 4.6), layout="constrained")
    axes.imshow(picture)
    for colour, line in (("white", 5), (im.plots.COLOURS[1], 2.5)):
        box = (x0 * width, y0 * height), (x1 - x0) * width, (y1 - y0) * height
        axes.add_patch(plt.Rectangle(*box, fill=False, edgecolor=colour, lw=line))
    axes.set(title=f"{name} at {score.seconds_of(note.beat):.1f} s", xticks=[], yticks=[])
    axes.grid(False)
left, right, bottom, top = (f"{100 * edge:.0f} %" for edge in (x0, x1, 1 - y1, 1 - y0))
place = f"from {left} to {right} of the width and from {bottom} to {top} of the height"
im.show(figure, alt=f"The picture with a box around what made the note {name}: {place}, counted from the bottom left.")
print(f"{name}: {note.cause.feature} {note.cause.value:.2f}, rule {note.cause.rule}, {place}")


for sentence in piece.sentences:
    print(sentence)
rules = {rule.id: rule for rule in crossmodal.RULES}
print(f"\nRule {note.cause.rule}: {rules[note.cause.rule].claim} ({rules[note.cause.rule].source})")
assert all(note.cause is not None for note in score.notes)


# Learnt: an explanation that is written down when the note is chosen is true; one that is guessed
# afterwards may not be.


# Section: A piece of your own
#
# Your picture, your taste. Choose a file with the button, or name a shipped picture; lock what you
# care about and leave the rest to the picture. The piece is saved three times: the sound, the notes
# for a score editor such as MuseScore, and the explanation.


from imgmusic_edu.widgets import PictureUpload

upload = PictureUpload()
print(upload)


own_picture = upload.picture if upload.picture is not None else im.open_data("photographs/petra")  # or any name
mine = im.compose(own_picture, seconds=10, seed=7, mode=None, instruments=None, weights={"R5": 1.0})  # change me

with tempfile.TemporaryDirectory() as folder:  # to keep them, write a folder of your own here instead
    for name in ("mine.wav", "mine.mid", "mine.json"):
        mine.save(Path(folder) / name)
        print(f"{name}: {(Path(folder) / name).stat().st_size} bytes")
    assert len(Score.from_midi(Path(folder) / "mine.mid").notes) == len(mine.score.notes)
for sentence in mine.sentences:
    print(sentence)
print(mine)


# Section: Summary
#
# - A picture becomes a plan by a sum of measured pulls, and a score by choices made under that plan.
# - A scale makes a home, phrases make promises, chords lead back, voices move little: each is a cost,
#   and one search finds the cheapest whole.
# - The best tune is not the row of best notes; Viterbi's search finds it exactly.
# - A synthesised note is a recording, stretched, looped and shaped.
# - Measured beside baselines, the composed tune follows the picture and keeps its manners; the oracle
#   only follows, the walk does neither.
# - Every note knows why it is there.


# Section: What goes wrong in practice
#
# - Wandering. One pixel, one note, equal lengths: nothing returns and nothing ends. You heard it in
#   the first cell. Without phrases no choice of scale helps.
# - All twelve notes. Heights rounded to the nearest piano key leave a scale about five times in
#   twelve, and each time the tonic loses its pull.
# - Hue wheels. Red is C, orange is D and so on: Newton put seven colours beside seven notes in 1704,
#   Scriabin wrote a part for coloured light in 1910, and many programs do it today. No experiment
#   found that people agree with any such wheel. It is history, not evidence.
# - Loops. A bar of eight notes repeated every five seconds has perfect consistency and is unbearable
#   by the fourth round. Ask for a longest repetition (music.longest_repetition) next to groove
#   consistency.
# - Greedy choice. Code that picks the nearest note each time comes late to every hill, and then ends
#   wherever it happens to be.
# - MIDI that plays at the wrong speed. In a file of format 1, tempo events belong on the first track;
#   on another one many programs ignore them and play at 120. And ticks are not seconds: divide by the
#   ticks in a quarter note, and multiply by 60 / tempo.
# - Notes out of range. A piccolo's note asked of a cello's recording is a toy. Look at low and high
#   in the table of timbres.
# - Too many friction notes. Dissonance is spice: beyond what the picture asks for, every picture
#   sounds the same, namely broken.
# - Reading minds. The rules say what people match on average; they do not read the emotion in a
#   photograph, and matching is not liking.


# Section: Exercises
#
# Each exercise has a cell for your answer and one that checks it. The checker tells you what went
# wrong, and tells more from try to try.


# Part: Exercise 1. When does a note sound?
#
# A score counts in beats, a sound in seconds. Write beats_to_seconds: at a tempo of so many beats a
# minute, how many seconds after the beginning does the note on beat (counted from 0) sound? (1 point)
#
# Hint 1:
#
# At 120 beats a minute a beat lasts half a second. What did you do with 120 to get there?
#
# Hint 2:
#
# A beat lasts 60 / tempo seconds; multiply by the number of beats.


def beats_to_seconds(beat, tempo):
    """Seconds after the beginning at which a beat falls."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch10.beats_to_seconds", beats_to_seconds))


# Part: Exercise 2. Snap to the scale
#
# Write snap: it gives the note (a whole MIDI number) nearest to pitch whose pitch class, its number %
# 12, is in scale. If two are equally near, take the lower one. (2 points)
#
# Hint 1:
#
# Which whole numbers near pitch have a pitch class in scale? Look an octave to both sides.
#
# Hint 2:
#
# List the allowed numbers from round(pitch) - 12 to round(pitch) + 12, and take the min with abs(note
# - pitch) as its key.


def snap(pitch, scale):
    """The MIDI number nearest to pitch whose pitch class is in scale; the lower one of two equally near."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch10.snap", snap))


# Part: Exercise 3. Find the parallel fifths
#
# melody and bass hold the MIDI numbers that sound on each strong beat. Write parallel_fifths: it
# gives the list of places i (from 1 on) where the two voices form a fifth at i - 1 and at i, and both
# have moved in between. A fifth is 7 semitones, or 7 and any number of octaves. (3 points)
#
# Hint 1:
#
# At each place, is (melody[i] - bass[i]) % 12 equal to 7? And one place before?
#
# Hint 2:
#
# Four conditions joined by and: fifth here, fifth before, the melody has moved, the bass has moved.


def parallel_fifths(melody, bass):
    """Places i where melody and bass have moved from a fifth at i - 1 to a fifth at i."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch10.parallel_fifths", parallel_fifths))


# Part: Exercise 4. The best tune at once
#
# Write Viterbi's search. own[i, s] is what state s costs at position i, step[r, s] what going from r
# to s costs. Give the list of states, one for each position, whose costs add up to the least. (4
# points)
#
# Hint 1:
#
# Keep two things at each position: the least cost of arriving in each state, and the state it came
# from.
#
# Hint 2:
#
# paths = total[:, None] + step; remember paths.argmin(axis=0); total = paths.min(axis=0) + own[i]; at
# the end start from total.argmin(), follow what you remembered back, and turn the list round.


def cheapest_path(own, step):
    """The states, one for each position, whose own costs and steps add up to the least."""
    # YOUR CODE HERE
    raise NotImplementedError()


print(im.exercises.check("ch10.cheapest_path", cheapest_path))


# Section: Quiz


print(im.exercises.quiz("ch10"))


# Section: References
#
# - F. Adeli, J. Rouat, S. Molotchnikoff (2014). Audiovisual correspondence between musical timbre and
#   visual shapes. Frontiers in Human Neuroscience 8:352. DOI 10.3389/fnhum.2014.00352.
# - L. Albertazzi, L. Canal, R. Micciolo (2015). Cross-modal associations between materic painting and
#   classical Spanish music. Frontiers in Psychology 6:424. DOI 10.3389/fpsyg.2015.00424.
# - R. Bellman (1957). Dynamic Programming. Princeton University Press, Princeton.
# - K. K. Evans, A. Treisman (2010). Natural cross-modal mappings between visual and auditory
#   features. Journal of Vision 10(1):6. DOI 10.1167/10.1.6.
# - D. Huron (2001). Tone and voice: a derivation of the rules of voice-leading from perceptual
#   principles. Music Perception 19(1), 1-64. DOI 10.1525/mp.2001.19.1.1.
# - I. Newton (1704). Opticks. Smith and Walford, London.
# - S. E. Palmer, K. B. Schloss, Z. Xu, L. R. Prado-Leon (2013). Music-color associations are mediated
#   by emotion. PNAS 110(22), 8836-8841. DOI 10.1073/pnas.1212562110.
# - R. Plomp, W. J. M. Levelt (1965). Tonal consonance and critical bandwidth. Journal of the
#   Acoustical Society of America 38, 548-560. DOI 10.1121/1.1909741.
# - C. Redies, M. Grebenkina, M. Mohseni, A. Kaduhm, C. Dobel (2020). Global image properties predict
#   ratings of affective pictures. Frontiers in Psychology 11:953. DOI 10.3389/fpsyg.2020.00953.
# - W. A. Sethares (1993). Local consonance and the relationship between timbre and scale. Journal of
#   the Acoustical Society of America 94(3), 1218-1228. DOI 10.1121/1.408175.
# - SoundFont Technical Specification, version 2.04 (2006). E-mu Systems and Creative Technology.
# - D. Tymoczko (2006). The geometry of musical chords. Science 313, 72-74. DOI
#   10.1126/science.1126287.
# - A. J. Viterbi (1967). Error bounds for convolutional codes and an asymptotically optimum decoding
#   algorithm. IEEE Transactions on Information Theory 13(2), 260-269. DOI 10.1109/TIT.1967.1054010.
# - S.-L. Wu, Y.-H. Yang (2020). The Jazz Transformer on the front line: exploring the shortcomings of
#   AI-composed music through quantitative measures. ISMIR. arXiv:2008.01307.
