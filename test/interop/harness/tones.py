"""tones.py: sounds that a program which cleans up voices leaves alone: tones that come and go. One that goes on is noise for it, and
when both sides go on at once each is the other's echo.

    write_wav(path, beeps(440, 60, every_s=0.7))
    assert share_of_beeps(read_wav(recorded), 440) > 0.5
"""
import array
import math

RATE = 48000
NEAR = 70                                       # hertz: a beep begins and ends in a window, and codecs colour it
WINDOW = RATE // 20                             # short enough for a beep to fill some


def beeps(hertz, seconds, every_s=0.5):
    """Samples of a tone that sounds for a third of the time."""
    turn, period = 2 * math.pi * hertz / RATE, round(RATE * every_s)
    one = array.array('h', (round(12000 * math.sin(turn * n)) for n in range(period // 3)))
    one.extend([0] * (period - len(one)))
    return one * math.ceil(seconds / every_s)


def windows(samples):
    """(power, hertz by the crossings of zero) of each twentieth of a second."""
    for start in range(0, len(samples) - WINDOW + 1, WINDOW):
        part = samples[start:start + WINDOW]
        yield sum(s * s for s in part) / WINDOW, sum(a < 0 <= b for a, b in zip(part, part[1:])) * RATE / WINDOW


def pitch(samples):
    """Hertz of what is loudest; 0: silence."""
    power, hertz = max(windows(samples), default=(0, 0))
    return hertz if power > 500 ** 2 else 0


def share_of_beeps(samples, hertz):
    """How much of what is loud in this is that tone: 0 to 1."""
    heard = list(windows(samples))
    loud = [h for power, h in heard if power > 500 ** 2 and power > max(heard)[0] / 4]
    return sum(abs(h - hertz) <= NEAR for h in loud) / len(loud) if loud else 0.0
