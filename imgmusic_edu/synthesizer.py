"""From a score to its sound: notes are played from a SoundFont, put in a room, and brought to their level.

Every step is a sum that can be said in one line: notes are added at their onsets; room and brightness are one
filter; the level is one constant gain; the limiter turns down only what would exceed full scale.

Taught in chapter 10, section "From notes to sound".
"""

import math
from functools import lru_cache

import numpy as np

from imgmusic_edu.instruments import DRUM_TRIM_DB, INSTRUMENTS, TIMBRES, TUNING, Timbre
from imgmusic_edu.scores import ScoreError
from imgmusic_edu.soundfonts import SoundFont, SoundFontError
from imgmusic_edu.tones import fft_length

__all__ = ["INSTRUMENTS", "TIMBRES", "SoundFont", "SoundFontError", "Timbre", "render", "soundfont"]

SAMPLE_RATE = 22050
CEILING = 10 ** (-1.3 / 20)  # -1.3 dBTP: 0.3 dB under the promise, because meters interpolate differently
SILENCE = -70.0  # LUFS
LOOK_AHEAD = 0.012  # seconds over which the limiter turns down, and up again
FADE_IN, FADE_OUT = 0.010, 0.5  # seconds
CUT = 0.008  # seconds in which one drum silences another of its class (a closed hi-hat the open one)
WET = 0.16  # the room's share, as a ratio of amplitudes
LOWEST = 18.0  # Hz: below is no music, only offset and rumble
TILT_SLOPE, TILT_LIMIT = 3.0, 9.0  # dB per octave around TILT_CENTRE at brightness 1, and the most it comes to
TILT_CENTRE = 1000.0  # Hz


@lru_cache(maxsize=1)
def soundfont():
    """The shipped SoundFont, opened once."""
    from imgmusic_edu.datasets import data_path

    return SoundFont(data_path("soundfont/fluidr3mono_subset"))


def render(score, *, sample_rate=SAMPLE_RATE):
    """Play a score.

    Parameters
    ----------
    score : scores.Score
        Its `level` (LUFS) and `brightness` are kept, `seconds` is the length of the sound.
    sample_rate : int
        Hz, 8000..96000.

    Returns
    -------
    np.ndarray, shape (round(score.seconds * sample_rate),), float32 in [-1, 1]
        Integrated loudness `score.level`, true peak under -1 dBTP; the same score gives the same samples.

    Raises
    ------
    ScoreError
        The score has no notes.
    SoundFontError
        A part's program, or a drum, that the SoundFont lacks; a broken SoundFont.

    Notes
    -----
    A note begins on the sample that is nearest to `score.seconds_of(note.beat)`.
    Taught in chapter 10, section "From notes to sound".
    """
    if not score.notes:
        raise ScoreError("The score has no notes, so there is nothing to play.")
    if not 8000 <= sample_rate <= 96000:
        raise ValueError(f"The sample rate must be from 8000 to 96000 Hz, but is {sample_rate}.")
    dry = mixed(jobs_of(score, soundfont(), sample_rate), round(score.seconds * sample_rate), soundfont(), sample_rate)
    samples = convolve(dry, room_response(score.brightness, sample_rate))
    _fade(samples, sample_rate)
    return _levelled(samples, score.level, sample_rate)


# -- notes -------------------------------------------------------------------------------------------------


def jobs_of(score, font, sample_rate):
    """(strike, onset, samples held, samples allowed or None): what to play, sorted by voice.

    Sorting makes each tone once even if memory is short, and fixes the order in which floats are added.
    """
    jobs = []
    for part in score.parts:
        played, struck = [], {}  # struck: exclusive class -> onsets in this part
        for note in score.notes:
            if note.part != part.name:
                continue
            onset, end = (round(score.seconds_of(beat) * sample_rate) for beat in (note.beat, note.end))
            for strike in font.strikes(part.program, note.pitch, note.velocity, drum=part.is_drum):
                played.append((_trimmed(strike, part, note.pitch), onset, max(1, end - onset)))
                if strike.exclusive_class:
                    struck.setdefault(strike.exclusive_class, set()).add(onset)
        for strike, onset, held in played:
            later = [other for other in struck.get(strike.exclusive_class, ()) if other > onset]
            jobs.append((strike, onset, held, min(later) - onset if later else None))
    return sorted(jobs, key=lambda job: (job[0].voice, job[1], job[0].gain, job[2]))


def _trimmed(strike, part, pitch):
    """The strike with the part's gain, and with what was measured of its instrument set right."""
    if part.is_drum:
        return strike._replace(gain=strike.gain * 10 ** ((part.gain_db + DRUM_TRIM_DB) / 20))
    trim_db = TIMBRES[part.program].trim_db if part.program in TIMBRES else 0.0
    cents = 0
    for key, correction in TUNING.get(part.program, {}).items():
        cents = correction if pitch >= key else cents
    voice = strike.voice._replace(speed=strike.voice.speed * 2 ** (cents / 1200)) if cents else strike.voice
    return strike._replace(voice=voice, gain=strike.gain * 10 ** ((part.gain_db + trim_db) / 20))


def mixed(jobs, n_samples, font, sample_rate):
    """Jobs, played and added: shape (n_samples,), float32."""
    total = np.zeros(n_samples, np.float32)
    for job in jobs:
        samples, onset = played(job, font, sample_rate), job[1]
        room = total[onset : onset + len(samples)]
        room += samples[: len(room)]
    return total


def played(job, font, sample_rate):
    """The samples of one job from its onset on, as long as it rings."""
    strike, _, held, allowed = job
    samples = font.play(strike, held, sample_rate)
    n_cut = round(CUT * sample_rate)
    if allowed is not None and allowed + n_cut < len(samples):
        samples = samples[: allowed + n_cut]
        samples[allowed:] *= np.linspace(1, 0, n_cut, dtype=np.float32)
    return samples


# -- room and brightness -----------------------------------------------------------------------------------


def room_response(brightness, sample_rate):
    """Impulse response of a small room with its spectrum tilted, float64: both are one convolution."""
    rings = round(0.1 * sample_rate)  # how long the tilt's own response lasts
    room = _room(sample_rate)
    n_fft = fft_length(len(room) + 2 * rings)
    frequencies = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    response = np.fft.rfft(room, n_fft) * _minimum_phase(_tilt(frequencies, brightness), n_fft)
    return np.fft.irfft(response, n_fft)[: len(room) + rings]


def _minimum_phase(gain, n_fft):
    """The response with this gain that answers soonest, so that nothing sounds before its onset.

    Its logarithm's imaginary part is the Hilbert transform of the real one: fold the cepstrum into positive time
    (Oppenheim & Schafer, Discrete-Time Signal Processing, chapter on the cepstrum).
    """
    cepstrum = np.fft.irfft(np.log(np.maximum(gain, 1e-4)), n_fft)
    half = n_fft // 2
    cepstrum[1:half] *= 2
    cepstrum[half + 1 :] = 0
    return np.exp(np.fft.rfft(cepstrum))


def convolve(samples, kernel, centre=0):
    """`samples` filtered by `kernel`, whose moment 0 is at `centre`; as long as `samples`, float32.

    Overlap-add: block by block, because the FFT of a long piece would need many times its memory.
    """
    n_fft = 1 << max(16, (2 * len(kernel)).bit_length())
    hop = n_fft - len(kernel) + 1
    response = np.fft.rfft(kernel.astype(np.float32), n_fft)
    filtered = np.zeros(len(samples) + centre, np.float32)
    for start in range(0, len(samples), hop):
        block = np.fft.irfft(np.fft.rfft(samples[start : start + hop], n_fft) * response, n_fft)
        filtered[start : start + n_fft] += block[: len(filtered) - start]
    return filtered[centre:]


def _tilt(frequencies, brightness):
    """Gain per frequency: a straight tilt in dB per octave that levels out, and nothing below `LOWEST`."""
    octaves = np.log2(np.maximum(frequencies, 1.0) / TILT_CENTRE)
    decibels = brightness * TILT_LIMIT * np.tanh(octaves * (TILT_SLOPE / TILT_LIMIT))
    rumble = frequencies**2 / (frequencies**2 + LOWEST**2)
    return rumble * 10 ** (decibels / 20)


@lru_cache(maxsize=4)
def _room(sample_rate):
    """Impulse response of the room: the sound itself, then noise that dies away, the high bands first.

    The noise has `WET` ** 2 of the direct sound's energy, begins after 9 ms and swells for 15 ms, so that it
    neither colours nor smears an onset.  (Moorer 1979: decaying noise as the model of a concert hall.)
    """
    n_samples = round(0.9 * sample_rate)
    seconds = np.arange(n_samples) / sample_rate
    noise = np.random.default_rng(1979).standard_normal(n_samples)
    spectrum, frequencies = np.fft.rfft(noise), np.fft.rfftfreq(n_samples, 1 / sample_rate)
    tail = np.zeros(n_samples)
    bands = [(0, 250, 0.9), (250, 1000, 0.85), (1000, 3000, 0.65), (3000, np.inf, 0.4)]  # Hz, Hz, seconds to -60 dB
    for low, high, decay in bands:
        band = np.fft.irfft(spectrum * ((frequencies >= low) & (frequencies < high)), n_samples)
        tail += band * 10 ** (-3 * seconds / decay)
    tail *= np.clip((seconds - 0.009) / 0.015, 0, 1) * np.clip((seconds[-1] - seconds) / 0.05, 0, 1)
    response = tail * (WET / np.sqrt(np.sum(tail**2)))
    response[0] += 1.0
    return response.astype(np.float32)


def _fade(samples, sample_rate):
    """A quick fade in and a slow one out, in place: a quarter of a sine in, half a cosine out."""
    n_in = min(round(FADE_IN * sample_rate), len(samples) // 4)
    n_out = min(round(FADE_OUT * sample_rate), len(samples) // 4)
    if n_in:
        samples[:n_in] *= np.sin(np.linspace(0, np.pi / 2, n_in, dtype=np.float32))
    if n_out:
        samples[-n_out:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, n_out, dtype=np.float32))


# -- level -------------------------------------------------------------------------------------------------


def _levelled(samples, level, sample_rate):
    """`samples` at the loudness `level`, limited; the gain makes up for what the limiter takes."""
    found = integrated_loudness(samples, sample_rate)
    if found == SILENCE:
        raise ScoreError("The score gives no sound that can be heard: its notes are too soft, too high or too late.")
    peaks = true_peaks(samples, sample_rate)
    highest = float(peaks.max())
    gain_db = level - found
    for _ in range(4):
        gain = np.float32(10 ** (gain_db / 20))
        limited = samples * gain
        if highest * gain <= CEILING:
            break
        limited *= turned_down(peaks * gain, sample_rate)
        missing = level - integrated_loudness(limited, sample_rate)
        if abs(missing) < 0.05:
            break
        gain_db += missing
    return limited


def limited(samples, *, sample_rate=SAMPLE_RATE):
    """Samples with their ends faded and their peaks held under full scale, as `render` does it; the level stays.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
    sample_rate : int, Hz

    Returns
    -------
    np.ndarray, shape (n,), float32

    Notes
    -----
    Taught in chapter 10.
    """
    samples = samples * turned_down(true_peaks(samples, sample_rate), sample_rate)
    _fade(samples, sample_rate)
    return samples


def true_peaks(samples, sample_rate):
    """Largest magnitude around each sample of the fourfold oversampled wave (ITU-R BS.1770-4, annex 2)."""
    import soxr

    peaks, hop, margin = np.abs(samples), 1 << 17, 256
    for start in range(0, len(samples), hop):
        before = min(margin, start)
        finer = soxr.resample(samples[start - before : start + hop + margin], 1, 4, quality="HQ")
        finer = np.abs(finer[4 * before :])[: 4 * min(hop, len(samples) - start)]
        here = peaks[start : start + hop][: len(finer) // 4]
        np.maximum(here, finer[: 4 * len(here)].reshape(-1, 4).max(axis=1), out=here)
    return peaks


def turned_down(peaks, sample_rate):
    """The limiter's gain per sample, 0..1, for a wave with these `peaks`.

    What a peak asks for is held to both sides of it and then smoothed over the same time, so that the gain is low
    enough at the peak itself and nowhere changes suddenly.
    """
    reach = round(LOOK_AHEAD * sample_rate)
    excess = 1 - np.float32(CEILING) / np.maximum(peaks, np.float32(CEILING))
    window = np.hanning(2 * reach + 3)[1:-1]
    return 1 - convolve(_running_maximum(excess, reach), window / window.sum(), reach)


def _running_maximum(values, reach):
    """Maximum over `reach` values to either side, by doubling the window until it is wide enough."""
    highest = np.pad(values, reach)
    width, wanted = 1, 2 * reach + 1
    while width < wanted:
        step = min(width, wanted - width)
        highest = np.maximum(highest[:-step], highest[step:])
        width += step
    return highest


def integrated_loudness(samples, sample_rate):
    """Integrated loudness, LUFS (ITU-R BS.1770-4): K-weighted power of 400 ms blocks, gated twice.

    The same number as `audio_features.loudness`, which needs scipy.signal: that takes longer to load than a
    piece to play.
    """
    kernel = _k_weighting(sample_rate)
    weighted = convolve(samples, kernel, len(kernel) // 2)
    hop = max(1, min(round(0.1 * sample_rate), len(weighted) // 4))
    tenths = weighted[: len(weighted) // hop * hop].reshape(-1, hop)
    tenths = np.einsum("ij,ij->i", tenths, tenths).astype(np.float64) / hop
    powers = np.convolve(tenths, np.full(4, 0.25), "valid")
    powers = powers[powers > 10 ** ((SILENCE + 0.691) / 10)]
    if not len(powers):
        return SILENCE
    return 10 * math.log10(powers[powers > 0.1 * powers.mean()].mean()) - 0.691


@lru_cache(maxsize=4)
def _k_weighting(sample_rate):
    """The standard's two filters, given for 48 kHz, at our frequencies: impulse response, moment 0 in the middle."""
    n_samples = fft_length(round(0.2 * sample_rate))
    z = np.exp(-2j * np.pi * np.arange(n_samples // 2 + 1) * (sample_rate / n_samples / 48000))
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1 - z) ** 2 / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    return np.roll(np.fft.irfft(shelf * high_pass, n_samples), n_samples // 2).astype(np.float32)
