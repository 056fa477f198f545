"""The rules that tie sight to sound, as data.

What people reliably match between pictures and music, from experiments. The composer follows this table, and the
benchmark asks whether the rules can be measured in the sound: both read the same rows.

Taught in chapters 00 and 10.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

QUALITIES = {
    "tempo": "how fast the beat is",
    "mode": "from minor through dorian and mixolydian to major",
    "register": "how high the music lies",
    "loudness": "how loud the piece is as a whole",
    "brightness": "how much of the sound lies at high frequencies",
    "attack": "how short and sharp the notes are",
    "dissonance": "how much the notes rub against each other",
    "density": "how many notes there are to a beat",
    "regularity": "how evenly the rhythm repeats",
    "energy": "how strongly drums and accents drive the music",
}
"""Musical qualities a rule can move, each with its meaning. Zero is the middle, positive is more of it."""


@dataclass(frozen=True)
class Rule:
    """One crossmodal correspondence.

    Attributes
    ----------
    id : str
        Its row in the table, R1 to R18.
    effects : Mapping[str, Mapping[str, float]]
        Musical quality -> {visual feature: coefficient}. Coefficients apply to standardised features, positive when
        more of the feature gives more of the quality. An empty inner mapping states that there is no effect.
    weight : float
        Strength of the evidence, 1 strong, 0.3 weak; 0 for controls and counter-evidence.
    claim : str
        The rule in words.
    source : str
        Who measured it.
    """

    id: str
    effects: Mapping[str, Mapping[str, float]]
    weight: float
    claim: str
    source: str


def _all(quality_names: str, **features: float) -> dict[str, dict[str, float]]:
    """Several features with one unit of variance between them, on each of several qualities."""
    share = 1 / math.sqrt(len(features))
    return {name: {key: value * share for key, value in features.items()} for name in quality_names.split()}


RULES: tuple[Rule, ...] = (
    Rule(
        "R1",
        _all("tempo mode", lightness=1, saturation=1, yellowness=1),
        1.0,
        "light, saturated, yellowish colours go with fast music in a major mode",
        "Palmer, Schloss, Xu & Prado-Leon 2013, PNAS 110(22), doi:10.1073/pnas.1212562110",
    ),
    Rule(
        "R2",
        {
            "mode": {"lightness": 0.69, "saturation": 0.22},
            "energy": {"lightness": -0.31, "saturation": 0.60},
        },
        1.0,
        "pleasure rises with brightness and saturation, arousal with saturation; the sign of brightness is contested",
        "Valdez & Mehrabian 1994, doi:10.1037/0096-3445.123.4.394; Wilms & Oberfeld 2018, Psychol. Research 82",
    ),
    Rule(
        "R3",
        _all("loudness energy", redness=1, lightness=-1, saturation=1),
        0.8,
        "red, dark, saturated colours go with loud, punchy music",
        "Whiteford, Schloss, Helwig & Palmer 2018, i-Perception, doi:10.1177/2041669518808535",
    ),
    Rule(
        "R4",
        _all("mode", lightness=1, yellowness=1) | _all("tempo energy", lightness=1, salient_size=1),
        0.8,
        "light, yellow, large patches go with happy, energetic music",
        "Lindborg & Friberg 2015, PLOS ONE, doi:10.1371/journal.pone.0144013",
    ),
    Rule(
        "R5",
        _all("register", salient_height=1),
        1.0,
        "what is high in the picture sounds high",
        "Evans & Treisman 2010, J. Vision 10(1), doi:10.1167/10.1.6; Spence 2011, doi:10.3758/s13414-010-0073-7",
    ),
    Rule(
        "R6",
        _all("register", salient_size=-1),
        1.0,
        "large things sound low, small things high",
        "Evans & Treisman 2010, doi:10.1167/10.1.6; Spence 2011, doi:10.3758/s13414-010-0073-7",
    ),
    Rule(
        "R7",
        _all("register", fineness=1),
        0.9,
        "fine texture sounds high, coarse texture low",
        "Evans & Treisman 2010, doi:10.1167/10.1.6",
    ),
    Rule(
        "R8",
        {"register": {}},
        0.0,
        "contrast has no bearing on pitch: the negative control",
        "Evans & Treisman 2010, doi:10.1167/10.1.6",
    ),
    Rule(
        "R9",
        _all("register brightness", lightness=1),
        1.0,
        "light pictures sound high and bright",
        "Spence 2011, doi:10.3758/s13414-010-0073-7; Ward, Huckstep & Tsakanikos 2006, Cortex 42",
    ),
    Rule(
        "R10",
        _all("loudness", salient_size=1),
        0.9,
        "large things sound loud",
        "Morpheme study of sketches and sounds, 2017 (n = 110)",
    ),
    Rule(
        "R11",
        _all("register loudness", chroma=1),
        0.7,
        "strong colours sound higher and louder",
        "Hamilton-Fletcher, Witzel, Reby & Ward 2017, Multisensory Research 30",
    ),
    Rule(
        "R12",
        _all("brightness attack dissonance", angularity=1),
        1.0,
        "angular shapes have a harsh timbre with a sharp attack, round ones a soft one",
        "Adeli, Rouat & Molotchnikoff 2014, Front. Hum. Neurosci., doi:10.3389/fnhum.2014.00352",
    ),
    Rule(
        "R13",
        _all("dissonance", roughness=1),
        0.8,
        "rough, grainy surfaces sound dissonant",
        "Giannos, Athanasopoulos & Cambouropoulos 2021; weaker in the Morpheme study 2017",
    ),
    Rule(
        "R14",
        _all("dissonance", colour_entropy=1),
        0.4,
        "many different colours sound a little more dissonant",
        "Morpheme study 2017, weak",
    ),
    Rule(
        "R15",
        {"density": {"complexity": 1.0}, "regularity": {"regularity": 1.0}},
        0.8,
        "complex pictures go with complex music, regular ones with regular rhythm",
        "Rancic & Markovic 2019; Marin & Leder 2013, PLOS ONE, doi:10.1371/journal.pone.0072412",
    ),
    Rule(
        "R16",
        _all("density energy", line_agitation=1),
        1.0,
        "agitated lines go with agitated music",
        "Palmer and colleagues, r .82 to .94 for agitated, angry, active and harmonious; happy-sad not carried",
    ),
    Rule(
        "R17",
        _all("density", object_count=1),
        0.5,
        "many things in the picture give many notes",
        "PLOS ONE 2025, doi:10.1371/journal.pone.0322449",
    ),
    Rule(
        "R18",
        {},
        0.0,
        "counter-evidence: with real paintings and guitar pieces, mode and orientation did not matter",
        "Albertazzi, Canal & Micciolo 2015, Front. Psychol., doi:10.3389/fpsyg.2015.00424",
    ),
)


@dataclass(frozen=True)
class Contribution:
    """What one rule adds to one musical quality of one picture.

    Attributes
    ----------
    rule, quality : str
    feature : str
        The feature of the rule that moved it most.
    effect : float
        Signed share of the quality's drive, in standard units.
    terms : Mapping[str, float]
        What each feature of the rule has in it; they add up to `effect`.
    """

    rule: str
    quality: str
    feature: str
    effect: float
    terms: Mapping[str, float] = field(default_factory=dict, repr=False)


def contributions(standardised: Mapping[str, float], weights: Mapping[str, float] | None = None) -> list[Contribution]:
    """What each rule makes of a picture.

    The drive of a quality q is a weighted mean of what its rules ask for, scaled so that independent rules give it
    unit variance:  d_q = sum_r w_r b_r sum_f c_rf z_f / sqrt(sum_r w_r^2).

    Parameters
    ----------
    standardised : Mapping[str, float]
        Standardised visual features z_f (0 in the middle of natural pictures).
    weights : Mapping[str, float], optional
        How far to bend each rule, b_r: 0 switches it off, 1 leaves it, -1 turns it round. Missing rules are left.

    Returns
    -------
    list of Contribution
        Those of each quality add up to its drive (see `drives`).

    Raises
    ------
    ValueError
        A rule that does not exist, or a weight that is not a finite number; the message lists the rules.

    Notes
    -----
    Taught in chapter 00, section "Why does it sound like this?".
    """
    weights = _checked_weights(weights)
    norms = {q: math.sqrt(sum(r.weight**2 for r in RULES if r.effects.get(q))) for q in QUALITIES}
    found = []
    for rule in RULES:
        scale = rule.weight * weights.get(rule.id, 1.0)
        for quality, features in rule.effects.items():
            terms = {name: scale * c * standardised[name] / norms[quality] for name, c in features.items()}
            if terms:
                strongest = max(terms, key=lambda name: abs(terms[name]))
                found.append(Contribution(rule.id, quality, strongest, sum(terms.values()), terms))
    return found


def drives(found: list[Contribution]) -> dict[str, float]:
    """Add contributions up: one number for each quality, 0 in the middle, about unit spread over natural pictures."""
    return {q: sum(c.effect for c in found if c.quality == q) for q in QUALITIES}


def strongest(found: list[Contribution], quality: str, *, sign: int = 0) -> tuple[str, str] | None:
    """The one feature that moves a quality most, and the rule by which it does most of that.

    A feature may stand in several rules, which may pull against each other: it counts by what is left of them all.

    Parameters
    ----------
    found : list of Contribution
    quality : str
    sign : int
        +1 or -1: only what raises, or only what lowers the quality counts; 0: either.

    Returns
    -------
    (str, str) or None
        Feature and rule; None where nothing in the picture moves the quality.

    Notes
    -----
    Taught in chapter 10, section "Why this note?".
    """
    own = [c for c in found if c.quality == quality]
    sums: dict[str, float] = {}
    for c in own:
        for name, term in c.terms.items():
            sums[name] = sums.get(name, 0.0) + term

    def pull(name: str) -> float:
        return sign * sums[name] if sign else abs(sums[name])

    feature = max(sums, key=pull, default=None)
    if feature is None or pull(feature) <= 0:
        return None
    way = 1 if sums[feature] > 0 else -1
    return feature, max(own, key=lambda c: way * c.terms.get(feature, 0.0)).rule


def squash(drive: float) -> float:
    """Turn a drive (any number) into a share of a musical range (0 to 1).

    1/2 + arctan(0.9 d) / pi. The arctangent never quite reaches its ends, so that making a very light picture
    lighter still moves the music a little.
    """
    return 0.5 + math.atan(0.9 * drive) / math.pi


def _checked_weights(weights: Mapping[str, float] | None) -> dict[str, float]:
    known = [r.id for r in RULES]
    weights = dict(weights or {})
    for name, value in weights.items():
        if name not in known:
            raise ValueError(f"There is no rule {name!r}; the rules are {', '.join(known)}.")
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"The weight of rule {name} must be a number such as 0, 0.5 or 2, not {value!r}.")
    return weights
