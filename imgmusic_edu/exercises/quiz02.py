"""Quiz of chapter 02, "What a picture holds"."""

from imgmusic_edu.exercises import Question

QUIZ = (
    Question(
        "Two pixels, black and white, are averaged by light. Which byte has the result?",
        (
            ("128", "That averages the bytes. As light, byte 128 is only about a fifth of white."),
            ("188", "Half of the light, and the sRGB curve makes it byte 188."),
            ("64", "Darker than both ways of averaging: the curve was undone twice."),
        ),
        key=1,
    ),
    Question(
        "In a blank wall every pixel equals its neighbours. Into which bin of the local binary patterns does it fall?",
        (
            ("Bin 8: all eight say yes", "Equal counts as at least as light, so all answers are yes."),
            ("Bin 0: all eight say no", "That happens with > in place of >=, and flat walls become bright spots."),
            ("The last one, not uniform", "All answers are alike: there is not a single change on the way round."),
        ),
        key=0,
    ),
    Question(
        "Why is the mean answer of a Gabor filter squared before it is averaged?",
        (
            ("To make large numbers larger", "They grow, but that is not the reason: look at the signs."),
            ("So that colours count too", "The filter sees lightness only."),
            ("Because it swings above and below zero", "Its mean would be about nothing, however strong the stripes."),
        ),
        key=2,
    ),
    Question(
        "Where is the layer `fc2` in VGG16 loaded with `include_top=False`?",
        (
            ("After the last pooling layer", "There the network ends: its dense layers have been left out."),
            ("Nowhere", "It is part of the top. Ask for include_top=True."),
            ("It is called `block5_pool`", "That is the last feature map, 7 by 7 by 512, and no dense layer."),
        ),
        key=1,
    ),
    Question(
        "You forget a network's preparation. What happens?",
        (
            ("An error says so", "The shapes fit, so nothing complains."),
            ("Nothing: networks do not mind", "You saw in the table how many answers changed."),
            ("It answers, and worse", "That is why the fault is so common: only a comparison finds it."),
        ),
        key=2,
    ),
    Question(
        "What do the places of a class-activation map, together with the bias, add up to?",
        (
            ("The logit of the class", "Two sums were exchanged, and nothing else."),
            ("The probability of the class", "That comes after the softmax, which needs all other classes too."),
            ("1", "The map is not a share: places may even speak against the class."),
        ),
        key=0,
    ),
    Question(
        "A linear probe on features gets 60 % right. Is that good?",
        (
            (
                "Yes, it is more than half",
                "With five kinds half means little; and one may make up most of the pictures.",
            ),
            (
                "That depends on chance, on pixels, and on how many pictures there were",
                "Only beside them is it a finding.",
            ),
            ("No, anything below 90 % is bad", "If chance is 20 %, then 60 % is a great deal."),
        ),
        key=1,
    ),
)
