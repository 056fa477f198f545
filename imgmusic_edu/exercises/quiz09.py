"""Quiz of chapter 09, "Vocoders: from features back to sound"."""

from imgmusic_edu.exercises import Question

QUIZ = (
    Question(
        "True magnitudes with random phases are turned into sound. What are the magnitudes of that sound?",
        (
            ("The true ones: nothing else was changed", "Frames overlap, and where their phases clash they cancel."),
            (
                "Others: frames that do not agree cancel each other",
                "About half of the spectrum is off. Only consistent arrays keep what they say.",
            ),
            ("Zero, because random phases cancel everywhere", "As many add up as cancel; the level stays about right."),
        ),
        key=1,
    ),
    Question(
        "What does one round of Griffin-Lim do to the angles?",
        (
            ("It takes those of the nearest sound's STFT", "To sound and back; then the right sizes are put in."),
            ("It draws new ones at random, and keeps the best", "Only the first ones are drawn."),
            ("It reads them off the magnitude's slopes", "That is heap integration, which needs no rounds."),
        ),
        key=0,
    ),
    Question(
        "Why does heap integration begin at the loudest bin, and always go on from the loudest?",
        (
            ("Loud bins need more time to compute", "Each bin costs the same."),
            ("The ear hears only the loudest bin", "It hears many; but what is loud hides errors of what is soft."),
            (
                "Slopes are surest there, and sums carry errors on",
                "An error made early travels along the whole path, so the sure steps come first.",
            ),
        ),
        key=2,
    ),
    Question(
        "From 128 bands, the true phase gives SC .08 and Griffin-Lim .26. Which of the two must be mended?",
        (
            ("The inversion of the bands", "It costs .08 alone; even a perfect one would leave the phase."),
            ("The phase: it costs the larger part", ".08 is what the bands cost; the rest comes with the phase."),
            ("Neither: a vocoder cannot be better", "The bound is .08, so a better phase finder has room."),
        ),
        key=1,
    ),
    Question(
        "The network's arrow for a bin is .1 long. What does that say?",
        (
            ("The bin is soft", "Soft bins count less in the loss, but the length speaks of something else."),
            ("The step of the phase is .1", "The step is the arrow's direction."),
            (
                "The network does not know that step",
                "The mean of arrows that may point anywhere is short: length is certainty.",
            ),
        ),
        key=2,
    ),
    Question(
        "What comes out of a vocoder has all level differences halved. What did somebody feed it?",
        (
            ("Magnitudes where it takes powers", "10 log10 of a magnitude is half of the decibels: slope .5."),
            ("Frames with another hop", "That changes the length, not the slope."),
            ("Decibels in place of natural logarithms", "That makes differences larger, by a factor of 4.3."),
        ),
        key=0,
    ),
    Question(
        "A discriminator's loss falls nicely, and the sound gets worse. What do you look at first?",
        (
            ("A smaller learning rate", "It may be that, but first make sure of what is being learnt."),
            (
                "Whether real sounds score above made ones",
                "If real and fake are swapped, everything is finite and runs the wrong way.",
            ),
            ("More layers for the generator", "A stronger one would run away all the faster."),
        ),
        key=1,
    ),
)
