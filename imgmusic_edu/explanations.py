"""Why a piece sounds as it does: for machines as a dictionary, for people as three sentences.

Taught in chapter 00, section "Why does it sound like this?".
"""

from __future__ import annotations

from . import crossmodal
from .composer.form import lay_out
from .composer.plan import Plan
from .composer.reading import STRIPS
from .scores import PITCH_NAMES, Score, pitch_name

VERSION = 1
WORDS = {  # feature -> (well below the middle, about the middle, well above it)
    "lightness": ("dark", "of middle lightness", "light"),
    "saturation": ("pale", "moderately coloured", "vivid"),
    "yellowness": ("bluish", "neither blue nor yellow", "yellowish"),
    "salient_height": ("low in the picture", "at middle height", "high in the picture"),
    "salient_size": ("small", "of middle size", "large"),
    "fineness": ("coarse", "of middle grain", "fine"),
    "roughness": ("smooth", "lightly textured", "rough"),
    "angularity": ("round", "partly round, partly angular", "angular"),
    "complexity": ("the whole is simple", "the whole is moderately complex", "the whole is complex"),
    "line_agitation": ("the lines are calm", "the lines are neither calm nor restless", "the lines are restless"),
    "object_count": ("few things stand out", "some things stand out", "many things stand out"),
}


def explain(plan: Plan, features, score: Score) -> dict:
    """Everything that can be said about where a piece came from.

    Parameters
    ----------
    plan : Plan
    features : visual_features.VisualFeatures
    score : scores.Score

    Returns
    -------
    dict
        Ready for JSON: "version", "sentences" (3), "settings", "features" (value, unit, standardised), "rules" (what
        each added to which quality, in standard units), "compared" (mean and spread of the curves that strips are
        compared with), "phrases" (whose notes were chosen together: see `phrases`), "notes" (seconds, pitch, part,
        region, feature, value, rule, and the quality of the note that these account for).

    Notes
    -----
    Taught in chapter 00, section "Why does it sound like this?".
    """
    rules = {rule.id: rule for rule in crossmodal.RULES}
    return {
        "version": VERSION,
        "sentences": sentences(plan, features, score),
        "settings": _settings(plan, score),
        "features": _features(features),
        "rules": [
            {
                "id": c.rule,
                "visual": c.feature,
                "musical": c.quality,
                "effect": round(c.effect, 3),
                "weight": rules[c.rule].weight,
                "bend": plan.bend(c.rule),
                "source": rules[c.rule].source,
            }
            for c in plan.contributions
        ],
        "compared": {
            name: {"mean": round(float(curve.mean()), 4), "spread": round(float(curve.std()), 4)}
            for name, curve in features.columns.items()
            if name in {curve for curve, _ in STRIPS.values()}
        },
        "phrases": phrases(plan),
        "notes": [_note(note, score) for note in score.notes],
    }


def phrases(plan: Plan) -> list[dict]:
    """The phrases of a piece, and the part of the picture's width each is read from.

    Notes of a phrase are chosen together, and a phrase leans on the first one of the same letter.

    Returns
    -------
    list of dict
        "letter", and "from" and "to" as fractions of the width.
    """
    found: dict[int, dict] = {}
    for bar in lay_out(plan):
        start, end = bar.beat / plan.total_beats, (bar.beat + bar.beats) / plan.total_beats
        found.setdefault(bar.phrase, {"letter": bar.label, "from": round(start, 4)})["to"] = round(end, 4)
    return list(found.values())


def explain_made(road, features, made) -> dict:
    """Everything that can be said about where a network's music came from: what each feature moves, found by trying.

    Parameters
    ----------
    road : networks.spectral.SpectralRoad
    features : visual_features.VisualFeatures
    made : networks.spectral.Made

    Returns
    -------
    dict
        Ready for JSON: "version", "sentences" (3), "settings", "features" (as in `explain`), "causes" (feature -> how
        much more tempo, level, brightness and activity the sound has than if that feature were in the middle).

    Notes
    -----
    Taught in chapter 08, section "What moves what?".
    """
    causes = road.causes(made)
    settings = {
        "road": road.name,
        "seconds": made.seconds,
        "seed": made.seed,
        "tempo": round(made.tempo, 2),
        "tonic": PITCH_NAMES[made.tonic],
        "beats_per_bar": made.beats_per_bar,
    }
    return {
        "version": VERSION,
        "sentences": _sentences_made(features, settings, causes),
        "settings": settings,
        "features": _features(features),
        "causes": {name: {q: round(v, 3) for q, v in moved.items()} for name, moved in causes.items()},
    }


def explain_own(name: str, about: str, features, seconds: float) -> dict:
    """What can be said about music by a road of somebody's own: what the picture holds, and who made what of it.

    Parameters
    ----------
    name, about : str
        The road's name, and the first line of its docstring.
    features : visual_features.VisualFeatures
    seconds : float

    Returns
    -------
    dict
        Ready for JSON: "version", "sentences" (3), "settings", "features".

    Notes
    -----
    Taught in chapter 11, section "A road of your own".
    """
    say = {name: _word(name, features.standardised(name)) for name in WORDS}
    said = f": {about.rstrip('.')}" if about else ""
    return {
        "version": VERSION,
        "sentences": [
            f"The colours are {say['lightness']}, {say['saturation']} and {say['yellowness']}.",
            f"The surface is {say['roughness']}, the shapes are {say['angularity']}, and what stands out is "
            f"{say['salient_size']} and lies {say['salient_height']}.",
            f"What the road {name!r} made of that is its own affair{said}.",
        ],
        "settings": {"road": name, "seconds": round(seconds, 3)},
        "features": _features(features),
    }


def _sentences_made(features, settings, causes) -> list[str]:
    """Pace, sound, chance: one plain sentence each."""
    say = {name: _word(name, features.standardised(name)) for name in WORDS}
    strongest = {q: max(causes, key=lambda name: abs(causes[name][q])) for q in next(iter(causes.values()))}

    def named(quality, unit):
        name = strongest[quality]
        return f"its {name.replace('_', ' ')} ({causes[name][quality]:+.1f} {unit})"

    return [
        f"The colours are {say['lightness']}, {say['saturation']} and {say['yellowness']}, and the network's clock "
        f"runs at {settings['tempo']:.0f} beats per minute: what pulls it most is {named('tempo', 'beats')}.",
        f"The surface is {say['roughness']} and the shapes are {say['angularity']}: how loud the music is comes most "
        f"from {named('level', 'dB')}, how bright it is from {named('brightness', 'octaves')}.",
        f"The picture says nothing of the key, {settings['tonic']}, nor of the {settings['beats_per_bar']} beats of a "
        f"bar: seed {settings['seed']} does.",
    ]


def _features(features) -> dict:
    from .visual_features import FEATURES

    return {
        name: {
            "value": round(value, 4),
            "unit": FEATURES[name].unit,
            "standardised": round(features.standardised(name), 3),
        }
        for name, value in features.whole.items()
    }


def _settings(plan: Plan, score: Score) -> dict:
    numbers = ("centre", "span", "level", "brightness", "attack", "dissonance", "density", "regularity", "energy")
    return {
        "seconds": plan.seconds,
        "seed": plan.seed,
        "seeds": plan.seeds,
        "tempo": round(plan.tempo, 2),
        "key": plan.key_name,
        "beats_per_bar": plan.beats_per_bar,
        "instruments": plan.instruments,
        "drums": any(part.is_drum for part in score.parts),
        **{name: round(getattr(plan, name), 3) for name in numbers},
        "locked": list(plan.locked),
    }


def _note(note, score: Score) -> dict:
    start, end = score.seconds_of(note.beat), score.seconds_of(note.beat + note.beats)
    entry = {"start": round(start, 4), "duration": round(end - start, 4), "pitch": note.pitch, "part": note.part}
    if note.cause:
        entry |= {
            "region": [round(edge, 4) for edge in note.cause.region],
            "feature": note.cause.feature,
            "value": round(note.cause.value, 4),
            "rule": note.cause.rule,
            "quality": note.cause.quality,
        }
    return entry


def sentences(plan: Plan, features, score: Score) -> list[str]:
    """Colour and pace, place and pitch, surface and texture: one plain sentence each."""
    say = {name: _word(name, features.standardised(name)) for name in WORDS}
    set_by_hand = f" ({', '.join(plan.locked)} set by hand)" if plan.locked else ""
    colour = (
        f"The colours are {say['lightness']}, {say['saturation']} and {say['yellowness']}, "
        f"so the music runs at {plan.tempo:.0f} beats per minute in {plan.key_name}{set_by_hand}"
        f"{_because(plan, 'tempo', 'mode')}."
    )
    place = (
        f"What stands out is {say['salient_size']} and lies {say['salient_height']}, and the picture's detail is "
        f"{say['fineness']}, so the melody of the {_readable(plan.instruments['melody'])} moves around "
        f"{pitch_name(plan.centre)}{_because(plan, 'register')}."
    )
    onsets = len({round(note.beat, 3) for note in score.notes})
    rubbing = "pure" if plan.dissonance < 0.35 else "lightly spiced" if plan.dissonance < 0.6 else "harsh"
    drums = " with drums" if any(part.is_drum for part in score.parts) else ""
    crowding = max((c for c in plan.contributions if c.quality == "density"), key=lambda c: abs(c.effect)).feature
    surface = (
        f"The surface is {say['roughness']}, the shapes are {say['angularity']} and {say[crowding]}, "
        f"so the harmony is {rubbing} and there are {onsets / plan.seconds:.1f} notes a second{drums}"
        f"{_because(plan, 'dissonance', 'density')}."
    )
    return [colour, place, surface]


def _word(name: str, z: float) -> str:
    low, middle, high = WORDS[name]
    return low if z < -0.5 else high if z > 0.5 else middle


def _readable(instrument: str) -> str:
    return instrument.replace("_", " ")


def _because(plan: Plan, *qualities: str) -> str:
    """The rules that moved these qualities most, as ' (rules R1 and R4)'."""
    found = sorted((c for c in plan.contributions if c.quality in qualities), key=lambda c: -abs(c.effect))
    names = list(dict.fromkeys(c.rule for c in found if abs(c.effect) > 0.05))[:2]
    return f" (rule{'s' if len(names) > 1 else ''} {' and '.join(names)})" if names else ""
