"""Random session data, and a description of values that needs no JSON of their own."""

import datetime
import math
import struct


def random_text(rng):
    """Strings of one script or of all, with lone surrogates, and some that compress well."""
    limit = rng.choice([0x20, 0x7F, 0x7F, 0x7F, 0x100, 0x3000, 0xFFFF, 0x10FFFF])
    text = "".join(
        chr(rng.randint(0xD800, 0xDFFF) if rng.random() < 0.02 else rng.randint(0, limit))
        for _ in range(rng.choice([0, 1, 3, 8, 20, 60]))
    )
    return text * rng.choice([1, 1, 1, 1, 9])


def random_number(rng):
    match rng.randrange(7):
        case 0:
            return rng.randint(-100, 100)
        case 1:
            return rng.randint(-(2**64), 2**64)
        case 2:
            return rng.choice([-1, 1]) * rng.getrandbits(rng.choice([1, 30, 63, 64, 65, 200, 2000]))
        case 3:
            return struct.unpack(">d", rng.randbytes(8))[0]
        case 4:
            return rng.uniform(-1, 1) * 10.0 ** rng.randint(-330, 308)
        case 5:
            return round(rng.uniform(-1000, 1000), rng.randint(0, 3))
        case _:
            return rng.choice([-0.0, 0.0, 1e16, 1e15, 1e-5, 1e-4, 5e-324, float("inf"), -float("inf"), float("nan"),
                               2.0**53, 2.0**54, 9999999999999998.0, 1.7976931348623157e308])


def random_value(rng, depth):
    match rng.randrange(10 if depth < 6 else 7):
        case 0:
            return rng.choice([None, True, False])
        case 1 | 2 | 3:
            return random_number(rng)
        case 4 | 5 | 6:
            return random_text(rng)
        case 7 | 8:
            return [random_value(rng, depth + 1) for _ in range(rng.randrange(5))]
        case _:
            return random_object(rng, depth + 1)


def random_object(rng, depth=0):
    return {random_text(rng): random_value(rng, depth + 1) for _ in range(rng.randrange(4 if depth else 8))}


def describe(value):
    """The value without any JSON of its own: bits of floats, UTF-16 of strings."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": struct.pack(">d", math.nan if math.isnan(value) else value).hex()}
    if isinstance(value, str):
        return {"string": utf16(value)}
    if isinstance(value, list):
        return {"array": [describe(item) for item in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"object": [[utf16(key), describe(item)] for key, item in value.items()]}
    return describe_python(value)


def describe_python(value):
    """What JSON lacks."""
    match value:
        case tuple():
            return {"tuple": [describe(item) for item in value]}
        case bytes() | bytearray():
            return {type(value).__name__: value.hex()}
        case dict():
            return {"dict": [[describe(key), describe(item)] for key, item in value.items()]}
        case datetime.datetime():
            return {"datetime": [date_parts(value), time_parts(value)]}
        case datetime.date():
            return {"date": date_parts(value)}
        case datetime.time():
            return {"time": time_parts(value)}
        case datetime.timedelta():
            return {"timedelta": delta_parts(value)}
        case datetime.timezone():
            return {"timezone": zone_parts(value)}


def date_parts(date):
    return [date.year, date.month, date.day]


def time_parts(time):
    return [time.hour, time.minute, time.second, time.microsecond, time.fold, time.tzinfo and zone_parts(time.tzinfo)]


def delta_parts(delta):
    return [delta.days, delta.seconds, delta.microseconds]


def zone_parts(zone):
    offset, *name = zone.__getinitargs__()
    return [delta_parts(offset), utf16(name[0]) if name else None]


def utf16(text):
    return text.encode("utf-16-be", "surrogatepass").hex()
