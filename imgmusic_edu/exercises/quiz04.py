"""Quiz of chapter 04, "Gram matrices"."""

from imgmusic_edu.exercises import Question

QUIZ = (
    Question(
        "You cut a picture into small tiles and shuffle them. What happens to the Gram matrix of its pixels?",
        (
            (
                "Nothing at all",
                "A sum does not know the order of its terms: the colours of all places are still there.",
            ),
            ("It becomes the identity", "That would be channels that never fire together, each as strong as the next."),
            ("It is divided by the number of tiles", "The number of pixels is the same as before."),
        ),
        key=0,
    ),
    Question(
        "Photo and painting differ in size. What keeps their Gram matrices comparable?",
        (
            ("Dividing by the number of channels", "That number is the same for both: it is the layer's."),
            ("Dividing by the number of places", "A sum grows with the number of its terms; a mean does not."),
            ("Nothing: they must have one size", "They need not: a mean over places can be taken of any number."),
        ),
        key=1,
    ),
    Question(
        "Why is a layer's Gram matrix more than the mean and deviation of each of its channels?",
        (
            ("It has larger numbers", "Their unit is the square of the features'; that tells nothing new."),
            ("It knows where a channel fires", "It does not: the places are summed away in both."),
            ("It also knows which channels fire together", "Those are the entries beside the diagonal."),
        ),
        key=2,
    ),
    Question(
        "You grow a texture from a melody. What do you hear?",
        (
            ("The same melody, longer", "The order of the notes is just what a sum over time forgets."),
            ("Silence", "The sums are not zero: what sounded must sound as often."),
            ("Its notes and its instrument, in no order", "Each moment is right, and how they follow is lost."),
        ),
        key=2,
    ),
    Question(
        "What does an autocorrelation term add to the Gram matrices of a drum loop?",
        (
            ("The pitch of the drums", "The channels already are frequency bands."),
            ("After how long a stroke comes back", "Each channel is compared with itself a while later: rhythm."),
            ("The loudness of the strokes", "That is on the diagonal of the Gram matrix."),
        ),
        key=1,
    ),
    Question(
        "The style loss has fallen by 99 % and the picture looks like the painting, but the photo is gone. Why?",
        (
            ("The content had too little weight", "Style alone is easiest to please with no photo at all."),
            ("The style layers are too early", "Early layers hold colour and strokes; the photo could stay."),
            ("There were too many steps", "With a fair balance, more steps do not drive out the content."),
        ),
        key=0,
    ),
)
