"""The instruments of the shipped SoundFont by name, and what was measured of each.

Taught in chapter 10, section "Choosing the players".
"""

from typing import NamedTuple

__all__ = ["DRUM_TRIM_DB", "INSTRUMENTS", "PRESENCE_DB", "TIMBRES", "TUNING", "Timbre"]

#: Name -> General MIDI program, counted from 0.
INSTRUMENTS = {
    "piano": 0,
    "electric_piano": 4,
    "glockenspiel": 9,
    "music_box": 10,
    "vibraphone": 11,
    "marimba": 12,
    "tubular_bells": 14,
    "organ": 19,
    "nylon_guitar": 24,
    "acoustic_bass": 32,
    "violin": 40,
    "cello": 42,
    "harp": 46,
    "strings": 48,
    "choir": 52,
    "trumpet": 56,
    "horn": 60,
    "sax": 65,
    "clarinet": 71,
    "flute": 73,
    "pan_flute": 75,
    "new_age_pad": 88,
    "warm_pad": 89,
    "space_pad": 91,
}


class Timbre(NamedTuple):
    """What was measured of an instrument (see below), or is known of it.

    Attributes
    ----------
    trim_db : float
        dB that make it as loud as the others at equal velocity; `synthesizer.render` adds them.
    centroid : int
        Hz. Brightness: energy-weighted mean frequency of a phrase from middle C to the C above.
    attack : int
        ms from the stroke until the sound has half of its full amplitude.
    low, high : int
        MIDI numbers between which the recordings sound like the instrument.
    """

    trim_db: float
    centroid: int
    attack: int
    low: int
    high: int


# Measured on the dry sound of data/soundfont at 22 050 Hz, velocity 80; tests/test_synthesizer.py holds the phrase
# (an arpeggio up an octave and a scale's way down, 6 s) and measures again.
# trim_db: what brings the phrase, begun half an octave under the middle of the range, to -24 LUFS.
# centroid: the same phrase on middle C for all, so that register plays no part; `audio_features.spectral_centroid`.
# attack: 5 ms running r.m.s., the first second of a note, median over C4, E4, G4, C5.
TIMBRES = {
    0: Timbre(3.7, 710, 3, 28, 96),  # piano
    4: Timbre(-1.0, 400, 0, 28, 96),  # electric_piano
    9: Timbre(3.8, 2120, 9, 72, 103),  # glockenspiel
    10: Timbre(-2.1, 1070, 21, 60, 96),  # music_box
    11: Timbre(2.8, 410, 1, 53, 89),  # vibraphone
    12: Timbre(2.3, 390, 2, 45, 96),  # marimba
    14: Timbre(-0.3, 1330, 0, 60, 77),  # tubular_bells
    19: Timbre(-0.4, 1230, 50, 36, 96),  # organ
    24: Timbre(1.8, 750, 5, 40, 83),  # nylon_guitar
    32: Timbre(-1.6, 410, 2, 28, 60),  # acoustic_bass
    40: Timbre(-1.0, 980, 131, 55, 89),  # violin
    42: Timbre(-0.7, 770, 207, 36, 79),  # cello
    46: Timbre(1.1, 320, 1, 28, 98),  # harp
    48: Timbre(0.8, 740, 150, 36, 91),  # strings
    52: Timbre(0.9, 770, 133, 48, 79),  # choir
    56: Timbre(-2.4, 1450, 6, 54, 84),  # trumpet
    60: Timbre(-1.4, 590, 69, 40, 77),  # horn
    65: Timbre(-2.1, 860, 24, 49, 80),  # sax
    71: Timbre(-1.2, 1570, 30, 50, 91),  # clarinet
    73: Timbre(-3.7, 770, 87, 60, 96),  # flute
    75: Timbre(-1.8, 410, 54, 60, 91),  # pan_flute
    88: Timbre(1.9, 480, 0, 36, 84),  # new_age_pad
    89: Timbre(7.6, 490, 321, 36, 84),  # warm_pad
    91: Timbre(-3.1, 370, 29, 36, 84),  # space_pad
}
DRUM_TRIM_DB = 4.6  # a plain beat of kick, snare and closed hi-hat, as loud as the phrases

# Cents added from a key upwards, for instruments that have recordings 8 cents or more out of tune: mean frequency
# of the first four partials, weighted by their energy, against equal temperament with A4 = 440 Hz.
TUNING = {
    19: {0: -8},
    40: {0: 0, 90: -20, 94: 7},
    48: {0: 0, 38: 11, 41: 5, 48: 2, 52: 11, 55: 5, 60: 0},
    52: {0: 10, 46: 22, 49: 36, 53: 31, 58: 8, 61: 23, 64: 11, 67: 0, 73: 22, 76: 10},
    73: {0: -7, 72: 0},
    88: {0: 0, 58: 13, 70: -4},
}

# Player -> dB more in the accompaniment. Its notes lie among those of held chords, which cover soft, dark tones: of
# figures with three beginnings a second or more an onset detector heard 97 % on the guitar, but 92 % on the
# piano, 83 % on the harp and 74 % on the marimba, all equally loud by themselves; so raised, 98, 95, 92 and 78 %.
PRESENCE_DB = {"harp": 5.0, "marimba": 5.0, "piano": 1.5}
