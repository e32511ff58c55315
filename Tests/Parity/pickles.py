"""Pickles of random values by CPython, in every protocol, and of what sessiond refuses to read."""

import collections
import datetime
import decimal
import fractions
import io
import json
import os
import pickle
import uuid
import zoneinfo

from values import describe, random_number, random_text


class Slotted:
    __slots__ = ["a"]


class Subclass(datetime.date):
    pass


REFUSED = [
    {1, 2}, frozenset([1]), decimal.Decimal("1.5"), fractions.Fraction(1, 2), uuid.UUID(int=5), os.system, eval, Slotted,
    Slotted(), Subclass(2026, 1, 2), collections.OrderedDict(a=1), collections.deque([1]), 1j, range(3), ValueError("x"),
    zoneinfo.ZoneInfo("UTC"), slice(1, 2), io.BytesIO(b"x"), datetime.date, datetime.tzinfo(),
]  # fmt: skip


def pickle_record(rng):
    protocol = rng.randrange(6)
    if rng.random() < 0.05:
        value = rng.choice(REFUSED)
        try:
            return {"kind": "pickle", "pickle": pickle.dumps({"a": [value]}, protocol).hex()}
        except (TypeError, pickle.PicklingError):
            pass  # an old protocol that has no form for it
    value = large_value(rng) if rng.random() < 0.003 else random_dict(rng)
    if rng.random() < 0.3:
        value = [value, value, {"again": value}]
    # The pickler in Python chooses other opcodes here and there than the one in C.
    if rng.random() < 0.2:
        buffer = io.BytesIO()
        pickle._Pickler(buffer, protocol).dump(value)
        pickled = buffer.getvalue()
    else:
        pickled = pickle.dumps(value, protocol)
    # The fold does not survive protocols 0 to 3.
    record = {"kind": "pickle", "pickle": pickled.hex(), "value": describe(pickle.loads(pickled))}
    try:
        record["dumps"] = json.dumps(value, separators=(",", ":"))
    except TypeError:
        pass
    return record


def joined_text(rng):
    """Text in which two surrogates side by side are the character that they make."""
    return random_text(rng).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def random_pickled(rng, depth=0):
    match rng.randrange(14 if depth < 5 else 9):
        case 0:
            return rng.choice([None, True, False])
        case 1 | 2:
            return random_number(rng)
        case 3 | 4:
            return joined_text(rng)
        case 5:
            return rng.choice([bytes, bytearray])(rng.randbytes(rng.choice([0, 1, 5, 100, 255, 256, 300])))
        case 6 | 7:
            return random_date(rng)
        case 8:
            return rng.choice([(), [], {}, "", b"", 0, 255, 256, 65535, 65536, -1, 2**31, -(2**31), 2**31 - 1, 128, -129])
        case 9 | 10:
            return [random_pickled(rng, depth + 1) for _ in range(rng.randrange(5))]
        case 11:
            return tuple(random_pickled(rng, depth + 1) for _ in range(rng.randrange(6)))
        case _:
            return random_dict(rng, depth + 1)


def random_key(rng):
    match rng.randrange(8):
        case 0:
            return random_number(rng)
        case 1:
            return rng.choice([None, True, False, (), (1, "a"), b"", b"key"])
        case 2:
            return random_date(rng)
        case _:
            return joined_text(rng)


def random_dict(rng, depth=0):
    key = joined_text if rng.random() < 0.8 else random_key
    return {key(rng): random_pickled(rng, depth + 1) for _ in range(rng.randrange(4 if depth else 8))}


def random_zone(rng):
    minutes = rng.choice([0, 60, -300, 330, 1439, -1439, rng.randint(-1439, 1439)])
    offset = datetime.timedelta(minutes=minutes, seconds=rng.choice([0, 0, 0, 7]), microseconds=rng.choice([0, 0, 0, 5]))
    return rng.choice(
        [None, datetime.timezone.utc, datetime.timezone(offset), datetime.timezone(offset, joined_text(rng))]
    )


def random_date(rng):
    date = datetime.date.fromordinal(rng.randint(1, datetime.date.max.toordinal()))
    time = datetime.time(
        rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.choice([0, rng.randrange(10**6)]),
        fold=rng.choice([0, 0, 1]), tzinfo=random_zone(rng),
    )  # fmt: skip
    match rng.randrange(6):
        case 0:
            return date
        case 1:
            return time
        case 2 | 3:
            return datetime.datetime.combine(date, time)
        case 4:
            return datetime.timedelta(rng.randint(-999999999, 999999998), rng.randrange(86400), rng.randrange(10**6))
        case _:
            return random_zone(rng)


def large_value(rng):
    """Enough for the pickler to write several batches and frames, and for memo places past a byte."""
    match rng.randrange(4):
        case 0:
            return {"list": [joined_text(rng) for _ in range(2500)]}
        case 1:
            return {number: str(number) for number in range(2500)}
        case 2:
            return {"text": rng.choice("aé😀") * 70000, "bytes": rng.randbytes(70000)}
        case _:
            value = random_pickled(rng, 5)
            for _ in range(rng.randint(50, 150)):
                value = rng.choice([lambda v: [v], lambda v: {"d": v}, lambda v: (v,)])(value)
            return {"deep": value, "int": rng.choice([-1, 1]) * 10 ** rng.choice([100, 700, 4299]) + rng.randrange(9)}
