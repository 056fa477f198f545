"""Quiz of chapter 08, "From picture to sound features"."""

from imgmusic_edu.exercises import Question

QUIZ = (
    Question(
        "A listing asks VGG16(include_top=False) for its layer fc2. What happens?",
        (
            ("It gives 4096 features", "fc2 has 4096 numbers, but it belongs to the top, which was left off."),
            (
                "It stops: without its top the network has no such layer",
                "fc1, fc2 and the predictions are the top; the last layer is block5_pool.",
            ),
            ("It gives the last layer that there is", "Keras guesses nothing: it raises an error."),
        ),
        key=1,
    ),
    Question(
        "Forty pieces were made for each of sixty pictures. How do you split them for an honest test?",
        (
            ("Every fifth piece, at random", "Then each test picture was seen in training, with other music."),
            ("The last fifth of each picture's pieces", "The pictures are the same in both parts."),
            (
                "Whole pictures, with all that was made of them",
                "What is asked is how well it does for a picture that it has never seen.",
            ),
        ),
        key=2,
    ),
    Question(
        "What is the least that mean squared error can be, where a picture has many pieces?",
        (
            (
                "The spread of the pieces around their mean",
                "No answer that sees the picture alone gets lower, and the mean gets there.",
            ),
            ("Zero, if the network is large enough", "It would need to know which piece was meant."),
            ("It depends on the optimizer", "The floor lies in the data; an optimizer only gets nearer to it."),
        ),
        key=0,
    ),
    Question(
        "A mapping gets no clock. What do you hear?",
        (
            ("The rhythm of one training piece", "It would have to know when that piece has its beats."),
            ("Silence", "The level is known well enough; it is the changes that are gone."),
            (
                "A chord that stands, and drifts with the picture",
                "All beats fall at other times in other pieces, and their mean is flat.",
            ),
        ),
        key=2,
    ),
    Question(
        "A linear mapping beats a perceptron on held-out pictures. What do you conclude first?",
        (
            ("The perceptron has a bug", "It may; but few pairs are reason enough."),
            (
                "There are too few pairs for so many weights",
                "What is learnt by heart does not help with new pictures; more pairs turn it round.",
            ),
            ("Pictures and music have nothing in common", "Then neither would beat the mean."),
        ),
        key=1,
    ),
    Question(
        "In a conditional VAE, what does the chance c stand for?",
        (
            (
                "What pieces for one picture differ in",
                "The picture says the rest; c says which of its many pieces it is to be.",
            ),
            ("Errors of measurement", "c is drawn once for a piece, and moves all of it together."),
            ("The picture, in fewer numbers", "The picture is given to the generator beside c."),
        ),
        key=0,
    ),
    Question(
        "A road has the best rank correlations of all, even better than the music it learnt from. What now?",
        (
            ("Publish: it is better than its teacher", "Look at diversity first: a mean is easy to measure."),
            (
                "Look at diversity and sound beside it",
                "Means have no other notes in the way, so they are measured without noise.",
            ),
            ("Distrust rank correlation altogether", "It is right about what it measures, and blind to the rest."),
        ),
        key=1,
    ),
)
