#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Holds a recorded WAV file against what nthost's sound client played.

usage: wav_check.py FILE [--channels N] [--least FRAMES] [--tone HZ [--noise DB]]
       wav_check.py --self-test

Without --tone the client's pattern is expected (cases/snd_client.c: each sample differs from its neighbours): silence, the
pattern from its first frame on without gap, repeat or change for at least FRAMES frames, silence. --channels 1: what was played
had one channel, which the recording has twice. With --tone a sine of that frequency: its level, and how far all else lies below.
exit 0 all there, 1 it differs, 2 no WAV file of 16 bits
"""
import argparse
import array
import math
import os
import struct
import sys
import tempfile


class Difference(Exception):
    """What the user is told."""


def pattern(sample):
    """The upper 16 bits, signed, as the client puts them into 16-bit formats."""
    value = (sample + 1) * 2654435761 & 0xFFFFFFFF
    value ^= value >> 15
    value = value * 0x85EBCA6B & 0xFFFFFFFF
    value ^= value >> 13
    value = (value | 0x10001) >> 16
    return value - 65536 if value >= 32768 else value


def read(path):
    """(rate, channels, samples); lengths of a file that was cut off are not believed."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"RIFF" or data[8:16] != b"WAVEfmt ":
        raise ValueError("%s is no WAV file" % path)
    length, _, channels, rate, _, _, bits = struct.unpack_from("<IHHIIHH", data, 16)
    at = 20 + length
    while data[at:at + 4] not in (b"data", b""):
        at += 8 + struct.unpack_from("<I", data, at + 4)[0]
    if bits != 16 or not data[at:at + 4]:
        raise ValueError("%s: 16 bits are wanted, not %d" % (path, bits))
    body = data[at + 8:]
    samples = array.array("h", body[:len(body) // (2 * channels) * 2 * channels])
    if sys.byteorder == "big":
        samples.byteswap()
    return rate, channels, samples


def frame(samples, channels, index):
    return samples[index * channels:(index + 1) * channels].tolist()


def expected(index, channels, source_channels):
    return [pattern(index * source_channels + (channel if source_channels > 1 else 0)) for channel in range(channels)]


def find_frame(wanted, channels, source_channels, around):
    """Where in the pattern that frame is, near `around`; None: nowhere."""
    for distance in range(200000):
        for index in (around - distance, around + distance):
            if index >= 0 and expected(index, channels, source_channels) == wanted:
                return index
    return None


def check_pattern(channels, samples, source_channels, least):
    """Frames of silence in front and of pattern. Difference says what is wrong and where."""
    total, silence = len(samples) // channels, [0] * channels
    start = 0
    while start < total and frame(samples, channels, start) == silence:
        start += 1
    if start == total:
        raise Difference("only silence was recorded (%d frames)" % total)
    right = 0
    while start + right < total and frame(samples, channels, start + right) == expected(right, channels, source_channels):
        right += 1
    end = start + right
    if any(samples[end * channels:]):
        got, place = frame(samples, channels, end), "frame %d of the recording, %d of the pattern" % (end, right)
        if got == silence:
            quiet = end
            while frame(samples, channels, quiet) == silence:
                quiet += 1
            raise Difference("%s: a gap of %d frames" % (place, quiet - end))
        at = find_frame(got, channels, source_channels, right)
        if at is None:
            raise Difference("%s: %s was never played" % (place, got))
        raise Difference("%s: %d frames are %s" % (place, abs(at - right), "missing" if at > right else "repeated"))
    if right < least:
        raise Difference("%d frames of the pattern, at least %d are wanted" % (right, least))
    return start, right


def check_tone(rate, channels, samples, hertz, noise, least):
    """(level, dB that all else lies below) of the first channel, without the silence at both ends."""
    sound = samples[::channels]
    loud = [i for i in (0, len(sound) - 1) if len(sound)]
    first = next((i for i, value in enumerate(sound) if value), None)
    if not loud or first is None:
        raise Difference("only silence was recorded")
    last = len(sound) - next(i for i, value in enumerate(reversed(sound)) if value)
    sound = sound[first + rate // 100:last - rate // 100]
    if len(sound) < least - rate // 25:
        raise Difference("%d frames of sound, at least %d are wanted" % (len(sound), least))
    turn = 2 * math.pi * hertz / rate
    cosine = sum(value * math.cos(turn * i) for i, value in enumerate(sound)) * 2 / len(sound)
    sine = sum(value * math.sin(turn * i) for i, value in enumerate(sound)) * 2 / len(sound)
    rest = sum((value - cosine * math.cos(turn * i) - sine * math.sin(turn * i)) ** 2 for i, value in enumerate(sound))
    level = math.hypot(cosine, sine)
    below = 10 * math.log10(max(level ** 2 / 2 * len(sound), 1e-9) / max(rest, 1e-9))
    if level < 8000 or below < noise:
        raise Difference("a tone of %g Hz at level %.0f, all else %.1f dB below; %g dB are wanted" % (hertz, level, below, noise))
    return level, below


def check(path, arguments):
    rate, channels, samples = read(path)
    if arguments.tone:
        level, below = check_tone(rate, channels, samples, arguments.tone, arguments.noise, arguments.least)
        return "%g Hz at level %.0f, all else %.1f dB below" % (arguments.tone, level, below)
    start, right = check_pattern(channels, samples, arguments.channels, arguments.least)
    return "%d frames as they were played, %d Hz, after %d of silence" % (right, rate, start)


def write(path, rate, channels, samples):
    body = array.array("h", samples).tobytes()
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVEfmt " + struct.pack(
            "<IHHIIHH", 16, 1, channels, rate, rate * 2 * channels, 2 * channels, 16) + b"data" + struct.pack("<I", len(body)) + body)


def self_test():
    """Plants each fault in a good recording."""
    good = [0] * 200 + [pattern(i) for i in range(40000)] + [0] * 100
    tone = [int(12000 * math.sin(2 * math.pi * 440 * i / 48000)) for i in range(48000)]
    jump = [int(12000 * math.sin(2 * math.pi * 440 * (i if i < 48000 else i + 40) / 48000)) for i in range(96000)]
    cases = (  # what, samples, source channels, tone, words (None: good)
        ("good", good, 2, 0, None), ("one sample changed", good[:9000] + [1] + good[9001:], 2, 0, "was never played"),
        ("a gap", good[:9000] + [0] * 64 + good[9000:], 2, 0, "a gap of 32 frames"),
        ("a repeat", good[:9000] + good[8000:], 2, 0, "500 frames are repeated"),
        ("samples missing", good[:9000] + good[9002:], 2, 0, "1 frames are missing"),
        ("first frames missing", good[:200] + good[208:], 2, 0, "4 frames are missing"),
        ("poison", good[:9000] + [0x5A5A] * 2 + good[9002:], 2, 0, "was never played"),
        ("too short", good[:9000], 2, 0, "at least"), ("silence", [0] * 4000, 2, 0, "only silence"),
        ("one channel", [pattern(i // 2) for i in range(40000)], 1, 0, None),
        ("a tone", [v for v in tone for _ in (0, 1)], 2, 440, None),
        ("another tone", [v for v in tone for _ in (0, 1)], 2, 450, "dB below"),
        ("a tone that jumps", [v for v in jump for _ in (0, 1)], 2, 440, "dB below"))
    failures = 0
    with tempfile.TemporaryDirectory(prefix="aero-wav-") as folder:
        path = os.path.join(folder, "planted.wav")
        for what, samples, source_channels, hertz, words in cases:
            write(path, 48000, 2, samples)
            try:
                said = check(path, argparse.Namespace(channels=source_channels, least=15000, tone=hertz, noise=40))
                caught = words is None
            except Difference as difference:
                said, caught = str(difference), words is not None and words in str(difference)
            failures += not caught
            print("%s: %s: %s" % (what, "as expected" if caught else "FAILED", said))
    return 1 if failures else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--channels", type=int, default=2)
    parser.add_argument("--least", type=int, default=1)
    parser.add_argument("--tone", type=float, default=0)
    parser.add_argument("--noise", type=float, default=60)
    arguments = parser.parse_args()
    try:
        print("%s: %s" % (arguments.file, check(arguments.file, arguments)))
    except Difference as difference:
        print("%s: FAILED: %s" % (arguments.file, difference))
        return 1
    except (OSError, ValueError, struct.error) as error:
        print("wav_check: %s" % error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
