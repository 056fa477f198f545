"""Exercises and quiz of chapter 10, "A picture as a score"."""

import itertools
import math

import numpy as np

from imgmusic_edu.exercises import Exercise, Question, Wrong

UPSIDE_DOWN = "Your music gets slower when the tempo goes up: a beat lasts 60 / tempo seconds, not tempo / 60."
IN_MINUTES = "That is the time in minutes: a minute has 60 seconds."
ONE_BEAT = "That is how long one beat lasts; you were asked about a place some beats into the piece."
ROUNDED = "Do not round: a note half a second late is heard, and so is one 20 ms late."


def _check_beats_to_seconds(beats_to_seconds):
    rng = np.random.default_rng(1)
    for beat, tempo in [(2.5, 90.0), (0.0, 75.0), *zip(rng.uniform(2, 60, 20), rng.uniform(62, 124, 20), strict=True)]:
        beat, tempo = float(beat), float(tempo)
        found, right = beats_to_seconds(beat, tempo), beat * 60 / tempo
        if math.isclose(found, right, rel_tol=1e-9, abs_tol=1e-12):
            continue
        known = {UPSIDE_DOWN: beat * tempo / 60, IN_MINUTES: beat / tempo, ONE_BEAT: 60 / tempo, ROUNDED: round(right)}
        hints = [hint for hint, value in known.items() if math.isclose(found, value, rel_tol=1e-9)]
        return (
            hints[0] if hints else f"Beat {beat:.3g} at tempo {tempo:.3g} falls at {right:.4g} s, not at {found:.4g} s."
        )
    return None


def _tempo_over_60(beat, tempo):
    """Divides the tempo by 60 and takes the beats a second for the seconds a beat."""
    return beat * tempo / 60


def _minutes(beat, tempo):
    """Forgets that a tempo counts beats in a minute."""
    return beat / tempo


def _one_beat(beat, tempo):
    """Gives the length of one beat and forgets how many there were."""
    return 60 / tempo


def _whole_seconds(beat, tempo):
    """Rounds to whole seconds."""
    return round(beat * 60 / tempo)


ALWAYS_DOWN = "You always go down, even when the note above is nearer."
ALWAYS_UP = "You always go up, even when the note below is nearer."
NO_WRAP = "You look in one octave only: just below a C, the nearest note may be the C of the next octave."
ONLY_CLASS = "You give back a pitch class, 0 to 11: the note must stay in the octave it was asked for."


def _nearest(pitch, scale):
    return min((note for note in range(128) if note % 12 in scale), key=lambda note: (abs(note - pitch), note))


def _check_snap(snap):
    rng = np.random.default_rng(2)
    known = {NO_WRAP: _no_wrap, ALWAYS_DOWN: _always_down, ALWAYS_UP: _always_up, ONLY_CLASS: _only_class}
    cases = [(63.2, (0, 4, 7)), (61.0, (0, 4, 7)), (59.6, (0, 4, 7)), (60.3, (4, 11))]
    for _ in range(60):
        scale = tuple(sorted(rng.choice(12, size=rng.integers(1, 8), replace=False).tolist()))
        cases.append((float(rng.uniform(40, 90)), scale))
    for pitch, scale in cases:
        found, right = snap(pitch, scale), _nearest(pitch, scale)
        if found == right:
            continue
        hints = [hint for hint, wrong in known.items() if found == wrong(pitch, scale)]
        return hints[0] if hints else f"From {pitch:.2f} the nearest note of {scale} is {right}, not {found}."
    if snap(62, (0, 4)) != 60:
        return "From 62 the notes 60 and 64 are equally near: take the lower one, so that all of us get the same tune."
    return None


def _always_down(pitch, scale):
    """Takes the note below."""
    return max(note for note in range(128) if note % 12 in scale and note <= pitch)


def _always_up(pitch, scale):
    """Takes the note above."""
    return min(note for note in range(128) if note % 12 in scale and note >= pitch)


def _no_wrap(pitch, scale):
    """Compares pitch classes within one octave and never looks across its edge."""
    octave, place = divmod(pitch, 12)
    return int(12 * octave) + min(sorted(scale), key=lambda pitch_class: abs(pitch_class - place))


def _only_class(pitch, scale):
    """Loses the octave."""
    return _nearest(pitch, scale) % 12


NO_OCTAVES = "A fifth and an octave is still a fifth: take whole octaves off with % 12 before you compare."
REPEATED = "Nothing moved there: a chord that is played twice is no parallel, both voices must go somewhere."
ANY_FIFTH = "You report every fifth: it takes two in a row to make a parallel."
FIRST_OF_TWO = "You give the place of the first of the two fifths: give that of the second, where the ear notices."
ONE_VOICE = "One voice stayed where it was: only when both voices move do they run in parallel."


def _check_parallel_fifths(parallel_fifths):
    def found(melody, bass):
        return [int(place) for place in parallel_fifths(list(melody), list(bass))]

    close = found((67, 69, 71), (60, 62, 59))
    if close == [0]:
        return FIRST_OF_TWO
    if close == [0, 1]:
        return ANY_FIFTH
    if close != [1]:
        return f"Melody 67, 69, 71 over bass 60, 62, 59 has one parallel, at place 1, but you found {close}."
    if found((79, 81), (60, 62)) == []:
        return NO_OCTAVES
    if found((67, 67), (60, 60)):
        return REPEATED
    if found((67, 79), (60, 60)):
        return ONE_VOICE
    rng = np.random.default_rng(3)
    for _ in range(60):
        melody, bass = rng.choice([67, 69, 74, 79, 81], 8).tolist(), rng.choice([48, 50, 55, 60, 62], 8).tolist()
        right = [
            i
            for i in range(1, 8)
            if melody[i] != melody[i - 1]
            and bass[i] != bass[i - 1]
            and (melody[i] - bass[i]) % 12 == (melody[i - 1] - bass[i - 1]) % 12 == 7
        ]
        if (answer := found(melody, bass)) != right:
            return f"Melody {melody} over bass {bass} has parallels at {right}, but you found {answer}."
    return None


def _marks(melody, bass, *, octaves=True, moves=all, places=1):
    """Parallel fifths with one thing or another got wrong."""
    width = [high - low for high, low in zip(melody, bass, strict=True)]
    fifth = [(w % 12 if octaves else w) == 7 for w in width]
    return [
        i - 1 + places
        for i in range(1, len(melody))
        if fifth[i] and fifth[i - 1] and moves((melody[i] != melody[i - 1], bass[i] != bass[i - 1]))
    ]


def _forgets_octaves(melody, bass):
    """Knows a fifth only within the octave: 7 semitones, not 19."""
    return _marks(melody, bass, octaves=False)


def _counts_repeats(melody, bass):
    """Counts a chord that is merely played again."""
    return _marks(melody, bass, moves=lambda moved: True)


def _one_voice_is_enough(melody, bass):
    """Asks that one of the voices moves, not both."""
    return _marks(melody, bass, moves=any)


def _every_fifth(melody, bass):
    """Marks every fifth, not two in a row."""
    return [i for i, (high, low) in enumerate(zip(melody, bass, strict=True)) if (high - low) % 12 == 7]


def _place_of_the_first(melody, bass):
    """Counts the places from the wrong one of the pair."""
    return _marks(melody, bass, places=0)


GREEDY = "You take the cheapest next note each time; that is greedy, and a cheap step now can make all later ones dear."
NO_OWN = "You have left out what each state costs by itself: add own[i] to the best way of getting there."
WRONG_AXIS = "Minimum over the wrong axis: step[r, s] is from r to s, so the minimum is over r, the rows, axis 0."
GIVES_COST = "You give back what the path costs: give the path itself, one state for each position."
NO_WAY_BACK = "The cheapest end at each position is not one path: remember where each came from, and follow that back."
BACKWARDS = "Your path runs from the end to the beginning: turn it round."


def _check_cheapest_path(cheapest_path):
    rng = np.random.default_rng(4)
    known = {wrong.hint: wrong.answer for wrong in _WRONG_PATHS if wrong.hint != GIVES_COST}
    trials = [(rng.random((n, k)), 2 * rng.random((k, k))) for n, k in [(5, 4)] * 12 + [(2, 3), (6, 2), (1, 4)]]
    answers = [cheapest_path(own.copy(), step.copy()) for own, step in trials]
    if any(np.ndim(answer) == 0 for answer in answers):
        return GIVES_COST
    answers = [[int(state) for state in answer] for answer in answers]
    wanted = [_best_of_all(own, step) for own, step in trials]
    if answers == wanted:
        return None
    for hint, wrong in known.items():
        if answers == [wrong(own, step) for own, step in trials]:
            return hint
    found, right = next(pair for pair in zip(answers, wanted, strict=True) if pair[0] != pair[1])
    if len(found) != len(right):
        return f"A path over {len(right)} positions has {len(right)} states, but yours has {len(found)}."
    return f"On a random problem the cheapest path is {right}, but yours is {found}."


def _cost(own, step, path):
    return sum(own[i, s] for i, s in enumerate(path)) + sum(step[r, s] for r, s in itertools.pairwise(path))


def _best_of_all(own, step):
    n, k = own.shape
    return list(min(itertools.product(range(k), repeat=n), key=lambda path: _cost(own, step, path)))


def _viterbi(own, step, *, axis=0, add_own=True, follow=True):
    """Viterbi's search with one thing or another got wrong."""
    total, back, ends = own[0], [], [int(own[0].argmin())]
    for costs in own[1:]:
        paths = total[:, None] + step
        back.append(paths.argmin(axis=axis))
        total = paths.min(axis=axis) + (costs if add_own else 0)
        ends.append(int(total.argmin()))
    if not follow:
        return ends
    path = [ends[-1]]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1]


def _greedy_path(own, step):
    """Takes the cheapest next state at each position and never looks ahead."""
    path = [int(own[0].argmin())]
    for costs in own[1:]:
        path.append(int((costs + step[path[-1]]).argmin()))
    return path


def _without_own(own, step):
    """Adds up the steps and forgets what the states cost."""
    return _viterbi(own, step, add_own=False)


def _axis_swapped(own, step):
    """Takes the minimum over where the path goes instead of over where it comes from."""
    return _viterbi(own, step, axis=1)


def _the_cost(own, step):
    """Returns the least cost and not the path."""
    return float(_cost(own, step, _best_of_all(own, step)))


def _ends_only(own, step):
    """Takes the cheapest end at each position, without following the way back."""
    return _viterbi(own, step, follow=False)


def _reversed_path(own, step):
    """Follows the way back and forgets to turn the path round."""
    return _viterbi(own, step)[::-1]


_WRONG_PATHS = (
    Wrong(_greedy_path, GREEDY),
    Wrong(_without_own, NO_OWN),
    Wrong(_axis_swapped, WRONG_AXIS),
    Wrong(_the_cost, GIVES_COST),
    Wrong(_ends_only, NO_WAY_BACK),
    Wrong(_reversed_path, BACKWARDS),
)

EXERCISES = (
    Exercise(
        id="ch10.beats_to_seconds",
        title="When does a note sound?",
        task="A score counts in beats, a sound in seconds. Write `beats_to_seconds`: at a `tempo` of so many beats a "
        "minute, how many seconds after the beginning does the note on `beat` (counted from 0) sound?",
        hints=(
            "At 120 beats a minute a beat lasts half a second. What did you do with 120 to get there?",
            "A beat lasts `60 / tempo` seconds; multiply by the number of beats.",
        ),
        check=_check_beats_to_seconds,
        wrong=(
            Wrong(_tempo_over_60, UPSIDE_DOWN),
            Wrong(_minutes, IN_MINUTES),
            Wrong(_one_beat, ONE_BEAT),
            Wrong(_whole_seconds, ROUNDED),
        ),
    ),
    Exercise(
        id="ch10.snap",
        title="Snap to the scale",
        task="Write `snap`: it gives the note (a whole MIDI number) nearest to `pitch` whose pitch class, its number "
        "`% 12`, is in `scale`. If two are equally near, take the lower one.",
        hints=(
            "Which whole numbers near `pitch` have a pitch class in `scale`? Look an octave to both sides.",
            "List the allowed numbers from `round(pitch) - 12` to `round(pitch) + 12`, and take the `min` with "
            "`abs(note - pitch)` as its key.",
        ),
        check=_check_snap,
        wrong=(
            Wrong(_always_down, ALWAYS_DOWN),
            Wrong(_always_up, ALWAYS_UP),
            Wrong(_no_wrap, NO_WRAP),
            Wrong(_only_class, ONLY_CLASS),
        ),
    ),
    Exercise(
        id="ch10.parallel_fifths",
        title="Find the parallel fifths",
        task="`melody` and `bass` hold the MIDI numbers that sound on each strong beat. Write `parallel_fifths`: it "
        "gives the list of places `i` (from 1 on) where the two voices form a fifth at `i - 1` and at `i`, and *both* "
        "have moved in between. A fifth is 7 semitones, or 7 and any number of octaves.",
        hints=(
            "At each place, is `(melody[i] - bass[i]) % 12` equal to 7? And one place before?",
            "Four conditions joined by `and`: fifth here, fifth before, the melody has moved, the bass has moved.",
        ),
        check=_check_parallel_fifths,
        wrong=(
            Wrong(_forgets_octaves, NO_OCTAVES),
            Wrong(_counts_repeats, REPEATED),
            Wrong(_every_fifth, ANY_FIFTH),
            Wrong(_place_of_the_first, FIRST_OF_TWO),
            Wrong(_one_voice_is_enough, ONE_VOICE),
        ),
    ),
    Exercise(
        id="ch10.cheapest_path",
        title="The best tune at once",
        task="Write Viterbi's search. `own[i, s]` is what state `s` costs at position `i`, `step[r, s]` what going "
        "from `r` to `s` costs. Give the list of states, one for each position, whose costs add up to the least.",
        hints=(
            "Keep two things at each position: the least cost of arriving in each state, and the state it came from.",
            "`paths = total[:, None] + step`; remember `paths.argmin(axis=0)`; `total = paths.min(axis=0) + own[i]`; "
            "at the end start from `total.argmin()`, follow what you remembered back, and turn the list round.",
        ),
        check=_check_cheapest_path,
        wrong=_WRONG_PATHS,
    ),
)

QUIZ = (
    Question(
        "A picture is turned upside down. Which part of the plan or the score must change?",
        (
            ("The mode: upside down it is sad", "Mode follows colour, and turning a picture leaves its colours alone."),
            ("The shape of the melody", "Heights become one minus themselves, so wishes that were high are now low."),
            ("The tempo", "Tempo follows lightness, saturation and yellowness of the whole, which are the same."),
        ),
        key=1,
    ),
    Question(
        "Ten notes to choose at each of twenty positions: how does the search avoid trying all 10^20 tunes?",
        (
            ("It tries a random sample of them", "It finds the best tune for certain; a sample would not."),
            ("It takes the nearest note at each position", "That is the greedy way, which can be dearer in the end."),
            (
                "Of all ways into a note it keeps only the cheapest",
                "What follows depends on that note alone, so a dearer way into it can never become the better one.",
            ),
        ),
        key=2,
    ),
    Question(
        "Why does the composer avoid parallel fifths between melody and bass?",
        (
            (
                "Two voices that move so fuse into one",
                "Fifths blend, and so does moving together: one voice fewer is heard.",
            ),
            ("Fifths are dissonant", "After the octave the fifth is the smoothest interval there is."),
            ("They cannot be written in MIDI", "MIDI holds any notes; it is the ear that minds."),
        ),
        key=0,
    ),
    Question(
        "What does a dissonance of 0 in the plan mean for the score?",
        (
            ("Only one note sounds at a time", "Chords stay; they are just left without rubbing neighbours."),
            (
                "No friction notes are added to the chords",
                "Rubbing neighbours of the chord come in as it rises.",
            ),
            ("The key is major", "A minor chord rubs hardly more than a major one; mode is decided elsewhere."),
        ),
        key=1,
    ),
    Question(
        "A violin note of 3 s is played from a recording of 1 s. How?",
        (
            ("The recording is slowed down to a third", "It would sound more than an octave and a half lower."),
            ("The end of the recording is filled with silence", "The note would stop after one second."),
            (
                "A stretch of the recording is repeated",
                "That is the loop: the tone goes on, the envelope shapes it.",
            ),
        ),
        key=2,
    ),
)
