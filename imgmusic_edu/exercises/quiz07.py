"""Quiz of chapter 07, "Adversarial nets"."""

from imgmusic_edu.exercises import Question

QUIZ = (
    Question(
        "Both losses stand still, the discriminator's at 1.386. What do you know of the samples?",
        (
            ("They are as good as real ones", "That is one way to 1.386. A judge that knows nothing is another."),
            ("They are all alike", "It may be: a single mode can fool a weak judge. But the loss does not say so."),
            (
                "Nothing yet: look at samples and at their diversity",
                "2 log 2 is what a coin gets, in a fair game as in a collapsed one.",
            ),
        ),
        key=2,
    ),
    Question(
        "Why does one teach the generator by -log D and not by log(1 - D)?",
        (
            ("Its slope is strongest where the judge is sure of a fake", "The push is 1 - D in place of D."),
            ("It has another optimum, without collapse", "The optimum is the same, and collapse is possible in both."),
            ("It needs no discriminator", "D stands in both formulas."),
        ),
        key=0,
    ),
    Question(
        "In the discriminator's step, through what must no gradient go back?",
        (
            ("Through the real samples", "They have no variables, so nothing could be changed there."),
            (
                "Through the made samples, into the generator",
                "Otherwise the generator would learn to be found out: that is what detaching is for.",
            ),
            ("Through the discriminator", "It is the one that learns in this step."),
        ),
        key=1,
    ),
    Question(
        "A discriminator answers (N, 1, 1, 1), the labels are (N, 1). Which outcome is the worst?",
        (
            ("The program stops with an error", "That is the best there is: you read it and mend it."),
            ("The loss is NaN", "Bad, but you see it in the first line."),
            (
                "The shapes are stretched to fit, and it trains",
                "Every sample meets every label: the loss is finite and means something else.",
            ),
        ),
        key=2,
    ),
    Question(
        "64 samples have a Vendi score of 1.2, real ones 14. What has happened?",
        (
            ("The generator has collapsed", "All its samples are nearly one."),
            ("The samples are noise", "Each noise differs from all others in detail, so look at a distance as well."),
            ("The discriminator has won", "Then the samples would be bad, but not for that reason alike."),
        ),
        key=0,
    ),
    Question(
        "Why has the discriminator of this chapter no batch normalisation?",
        (
            ("It would be too slow", "It costs little."),
            (
                "The gradient penalty asks for each sample's own slope",
                "With batch statistics a score hangs on all samples of the batch.",
            ),
            ("Radford et al. forbid it", "They use it, and no penalty."),
        ),
        key=1,
    ),
    Question(
        "Samples lie nearer to the training set than held-out real ones do. What do you suspect?",
        (
            ("That the generator copies", "Look at each sample beside its nearest neighbour."),
            ("That the generator is especially good", "Real things that are new lie farther away than these."),
            ("That it has collapsed", "It may have, but the diversity says so, not this distance."),
        ),
        key=0,
    ),
)
