"""Quiz of chapter 11, "Picture to music, end to end"."""

from imgmusic_edu.exercises import Question

QUIZ = (
    Question(
        "You lock the tune and re-roll. What may change?",
        (
            ("The notes of the melody", "They are what was locked, with the chords and the key under them."),
            ("The players", "They are free, and a re-roll draws anew what is free."),
            ("The picture", "A re-roll draws a seed; the picture stays until you choose another."),
        ),
        key=1,
    ),
    Question(
        "A piece is played backwards. Which of the meters notices?",
        (
            ("Faithful: the tempo is gone", "Backwards, beats come as often as forwards."),
            ("New: nothing learnt sounds like it", "A little, but its means over time are those of the piece."),
            (
                "None of them to speak of: listen",
                "All that they measure is the same in both directions of time, or nearly.",
            ),
        ),
        key=2,
    ),
    Question(
        "A road has a rank correlation of .3 over twelve pictures. What do you ask first?",
        (
            (
                "What shuffled pairs reach on the same pictures",
                "With so few, a shuffle may reach as much; without that line the figure says nothing.",
            ),
            ("Whether .3 is more than other people published", "Other pictures, other measures: no comparison."),
            ("How to raise it", "First find out whether it is anything at all."),
        ),
        key=0,
    ),
    Question(
        "An edit of the picture leaves the tempo exactly as it was. How does that count?",
        (
            ("As half right", "Then a program that does nothing would reach chance without any work."),
            ("Not at all", "Then a program that does nothing could not be told from one that was not asked."),
            ("As wrong: it did not move the right way", "The rules ask for a direction, and there was none."),
        ),
        key=2,
    ),
    Question(
        "Forty pictures, each edited in eight ways: what is drawn in the bootstrap?",
        (
            ("320 edits", "Edits of one picture hang together: they are not 320 independent cases."),
            ("40 pictures, with all their edits", "What might have been other ones are the pictures."),
            ("8 kinds of edit", "Those were chosen by us, and would be the same next time."),
        ),
        key=1,
    ),
    Question(
        "Explanations of all notes say: because of the whole picture. What happens in the test?",
        (
            ("They fail the first half", "Whatever one changes, one changes what they name."),
            (
                "The first half is easily passed, and the second says little",
                "Nothing lies outside the whole, so that there is hardly anything that must not move the note.",
            ),
            ("They are proved true", "They took no risk: what forbids nothing explains nothing."),
        ),
        key=1,
    ),
    Question(
        "Your kernel distance is .4, and a paper reports a FAD of 5. What follows?",
        (
            (
                "Nothing: other network, other reference, other formula",
                "Such figures compare only where all of these are the same.",
            ),
            ("Yours is nearer to real music", "Another layer of the same network alone would change both figures."),
            ("Theirs has a fault", "Both may be right, each in its own scale."),
        ),
        key=0,
    ),
)
