"""Exercises of chapter 98, "A tiny chapter", which is not part of the course: the tests try the tools on it."""

from imgmusic_edu.exercises import Exercise, Question, Wrong

ALWAYS_DOWN = "You always go down, even when the note above is nearer."
ALWAYS_UP = "You always go up, even when the note below is nearer."
INDEX = "Give back the note itself, not its place in the scale."
OVER_X = "The slope is the rise over the run: you have divided the run by the rise."
SIGN = "Your slope has the wrong sign: subtract in the same order above and below."
NO_RUN = "You have left out the run: divide by how far x goes."


def _check_snap(snap):
    scale = (60, 64, 67)
    for pitch, nearest in ((61, 60), (63, 64), (64, 64)):
        found = snap(pitch, scale)
        if found == nearest:
            continue
        if found == scale.index(nearest):
            return INDEX
        return ALWAYS_DOWN if found < pitch else ALWAYS_UP
    return None


def _always_down(pitch, scale):
    """Takes the note below."""
    return max(note for note in scale if note <= pitch)


def _always_up(pitch, scale):
    """Takes the note above."""
    return min(note for note in scale if note >= pitch)


def _index(pitch, scale):
    """Gives the note's place."""
    return min(range(len(scale)), key=lambda i: abs(pitch - scale[i]))


def _check_slope(slope):
    found = slope((0.0, 2.0), (1.0, 9.0))
    answers = {4.0: None, 0.25: OVER_X, -4.0: SIGN, 8.0: NO_RUN}
    return answers.get(found, f"For a rise of 8 over a run of 2 the slope is 4, but you found {found}.")


def _run_over_rise(x, y):
    """Divides the wrong way round."""
    return (x[1] - x[0]) / (y[1] - y[0])


def _wrong_sign(x, y):
    """Mixes the order of the points."""
    return (y[1] - y[0]) / (x[0] - x[1])


def _no_run(x, y):
    """Forgets to divide."""
    return y[1] - y[0]


EXERCISES = (
    Exercise(
        id="ch98.snap",
        title="Snap to the scale",
        task="Write `snap`: it gives the note of `scale` that is nearest to `pitch`.",
        hints=("How far is each note from the pitch?", "Take the note with the smallest `abs(pitch - note)`."),
        check=_check_snap,
        wrong=(Wrong(_always_down, ALWAYS_DOWN), Wrong(_always_up, ALWAYS_UP), Wrong(_index, INDEX)),
    ),
    Exercise(
        id="ch98.slope",
        title="The slope of a line",
        task="Write `slope`: it gives the slope of the line through two points.",
        hints=("Rise over run.", "`(y[1] - y[0]) / (x[1] - x[0])`."),
        check=_check_slope,
        wrong=(Wrong(_run_over_rise, OVER_X), Wrong(_wrong_sign, SIGN), Wrong(_no_run, NO_RUN)),
    ),
)

QUIZ = (
    Question(
        "How many points make a line?",
        (
            ("One", "Through one point run many lines."),
            ("Two", "Through two points that differ runs just one line."),
            ("Three", "A third one is on the line already, or there is no such line."),
        ),
        key=1,
    ),
    Question(
        "What is the slope of a level line?",
        (
            ("0", "It does not rise at all, whatever the run."),
            ("1", "That is a line that rises as far as it runs."),
            ("There is none", "That is so for an upright line, whose run is 0."),
        ),
        key=0,
    ),
)
