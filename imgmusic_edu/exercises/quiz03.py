"""Quiz of chapter 03, "What a sound holds"."""

from imgmusic_edu.exercises import Question

QUIZ = (
    Question(
        "A tone of 6 kHz is sampled 8 000 times a second, without a filter. What do you hear?",
        (
            ("Nothing: it is too high", "Its samples are not zero; they are those of another tone."),
            ("A tone of 2 kHz", "8 - 6 = 2: above half the sample rate, frequencies are mirrored."),
            ("A tone of 6 kHz, a little rough", "Nothing above 4 kHz can come out of 8 000 samples a second."),
        ),
        key=1,
    ),
    Question(
        "You want to tell two organ notes 5 Hz apart. What do you change?",
        (
            ("A longer window", "Two sines part when the window holds about two of their beats: here 0.4 s."),
            ("A smaller hop", "You get more frames, each as blurred as before."),
            ("More mel bands", "Bands are made from bins; finer than the bins they cannot see."),
        ),
        key=0,
    ),
    Question(
        "One second at 22 050 Hz, window 1024, hop 256, centred frames. How many frames?",
        (
            ("86, because 22 050 / 256 is 86.1", "The frame at sample 0 has to be counted, too."),
            ("83, because only whole frames count", "That is so without padding; centred frames reach over the ends."),
            ("87, one at 0 and one after each whole hop", "1 + 22 050 // 256. Off by one, and labels slip."),
        ),
        key=2,
    ),
    Question(
        "Why does a sound made from its MFCC whisper?",
        (
            ("MFCC keep only low frequencies", "They cover all mel bands, but coarsely."),
            ("The phase was lost", "It was, but so it is from magnitudes, and those still sing."),
            (
                "The partials were smoothed away",
                "Twenty slow cosines hold the outline, and pitch was in the fine teeth of the comb.",
            ),
        ),
        key=2,
    ),
    Question(
        "A program says 60 beats per minute, you tap at 120. Who is right?",
        (
            (
                "Both fit: every second beat repeats, too",
                "The echo is there at both; which one counts is habit. Report octave errors apart.",
            ),
            ("The program: it measures", "It measures an echo, and the echo peaks at both."),
            ("You: a program cannot find a tempo", "It can, up to a factor of two or three."),
        ),
        key=0,
    ),
    Question(
        "In a piece in G major, D is the note that sounds most. What does the correlation with key profiles say?",
        (
            ("D major, for D is loudest", "That is what the loudest note would say."),
            (
                "Most likely G major: the whole pattern counts",
                "D is the fifth of G and often loud; but C natural and the place of the others speak for G.",
            ),
            ("Nothing: it needs to know the tonic", "It tries all twelve, in both modes."),
        ),
        key=1,
    ),
    Question(
        "Why put the mel spectrogram into the network as a layer?",
        (
            ("It makes the spectrogram more exact", "It is the same to within rounding."),
            ("So that its filters are learnt", "They could be, but ours are fixed; the reason lies elsewhere."),
            (
                "So that gradients reach the samples, and settings travel along",
                "A loss in mel bands can then shape the sound itself, and nobody can feed it other settings.",
            ),
        ),
        key=2,
    ),
)
