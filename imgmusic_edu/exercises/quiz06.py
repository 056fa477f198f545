"""Quiz of chapter 06, "Autoencoders"."""

from imgmusic_edu.exercises import Question

QUIZ = (
    Question(
        "A linear autoencoder with 24 numbers and squared error is trained for a week. What does it come to?",
        (
            ("Better than PCA with 24 numbers", "No linear code of 24 numbers has a smaller squared error than PCA."),
            ("As good as PCA with 24 numbers", "It finds the same 24-dimensional space, only slower."),
            ("Perfect, given time", "Whatever lies outside of 24 directions is lost for every linear code."),
        ),
        key=1,
    ),
    Question(
        "One clip comes back with a flux ratio of 0.3 and a distance that looks fine. What will you hear?",
        (
            ("The wrong notes", "Wrong notes would show in the distance; flux only asks how much changes."),
            ("Noise", "Noise changes all the time: its flux ratio would lie above 1."),
            ("Attacks smeared over time", "Less than a third of the change from frame to frame is left."),
        ),
        key=2,
    ),
    Question(
        "By how much does the ELBO lie below log p(x)?",
        (
            (
                "By KL(q(z|x) || p(z|x)), how far q is from the true posterior",
                "It closes when q is the posterior: then the bound is the likelihood itself.",
            ),
            ("By KL(q(z|x) || p(z)), how far q is from the prior", "That is a part of the ELBO, not the gap."),
            ("By the reconstruction error", "That is the other part of the ELBO."),
        ),
        key=0,
    ),
    Question(
        "Why does the noise of a VAE come in from the side, as z = mean + deviation x noise?",
        (
            ("So that the latent is normally distributed", "It would be that, too, if it were drawn directly."),
            ("So that the noise can be left out later", "It can, but that is not why training needs it."),
            (
                "So that gradients reach mean and deviation",
                "A draw has no derivative; a sum and a product have one.",
            ),
        ),
        key=2,
    ),
    Question(
        "During training the KL falls to 0 and stays there. What does the decoder make of two different clips?",
        (
            ("The same thing", "A KL of 0 means that the latent is the prior, whatever came in."),
            ("Two perfect copies", "Nothing of the clips reaches the decoder."),
            ("Two kinds of noise", "It decodes noise, but has learnt to answer all of it alike."),
        ),
        key=0,
    ),
    Question(
        "The likelihood is averaged over the 500 numbers of a step, its KL is added up. What is that?",
        (
            ("The same loss in other units", "It would be, were both divided by the same number."),
            (
                "The loss with a KL that weighs 500 times too much",
                "And a latent that costs too much is given up: posterior collapse.",
            ),
            ("The loss with a KL that weighs 500 times too little", "The likelihood was divided, not the KL."),
        ),
        key=1,
    ),
    Question(
        "Latents are drawn from the prior, one for each step, and decoded. Why is that no music?",
        (
            ("The prior is not what latents are like", "For a single step it fits rather well."),
            (
                "Steps are drawn without regard to one another",
                "The prior says nothing of what follows what, and music is what follows what.",
            ),
            ("The vocoder cannot make sound of it", "It makes sound of any frames."),
        ),
        key=1,
    ),
    Question(
        "One vector for a clip has as many numbers as a sequence of latents. Why is it still behind?",
        (
            ("It can hold less", "It was given just as many numbers."),
            ("Gradients do not reach it", "They do: its loss falls as the others do."),
            (
                "It must learn anew for each moment what a note is",
                "The sequence slides one small encoder along the time; the vector has nowhere to put the when.",
            ),
        ),
        key=2,
    ),
    Question(
        "Your network brings pieces back to within 5 dB. What must stand beside that figure?",
        (
            (
                "Mean frame, PCA with as many numbers, and vocoder alone, on the same pieces",
                "Then one sees what is owed to the latent, to the bend, and to the last link.",
            ),
            ("Its loss on the lessons", "That only says how well it knows what it has learnt from."),
            ("The number of its weights", "Weights are a cost; they do not say how near a copy is."),
        ),
        key=0,
    ),
)
