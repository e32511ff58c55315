"""Prints what a real Django makes of random input, a JSON object a line, for DjangoParityTests.swift.

    python vectors.py [--count 10000] [--seed 1] > FILE; DJANGO_VECTORS=FILE swift test
"""

import argparse
import json
import random
import string
import sys

from django_sessions import encode
from pickles import pickle_record
from values import describe, random_object, random_text, random_value

from django.core.signing import b64_decode
from django.middleware.csrf import _get_new_csrf_string, _mask_cipher_secret


def boundary_object(rng):
    """Short ASCII of few letters, whose compressed size lies about its own."""
    letters = rng.sample(string.ascii_letters, rng.randint(1, 6))
    return {rng.choice(["a", "key", "username"]): "".join(rng.choices(letters, k=rng.randrange(60)))}


def large_object(rng):
    """Enough for zlib to begin several blocks."""
    words = [random_text(rng) for _ in range(100)]
    return {str(index): rng.choice(words) for index in range(rng.choice([300, 1000, 3000]))}


def deep_object(rng):
    value = random_value(rng, 5)
    for _ in range(rng.randint(50, 250)):
        value = [value] if rng.random() < 0.5 else {"d": value}
    return {"deep": value}


def session_record(rng, index):
    if index % 2000 == 1999:
        data = large_object(rng)
    elif index % 500 == 499:
        data = deep_object(rng)
    elif index % 4 == 0:
        data = boundary_object(rng)
    else:
        data = random_object(rng)
    # What Python cannot tell apart in JSON, two surrogates side by side and the character that they make, is one here.
    data = json.loads(json.dumps(data))
    time = rng.choice([1700000000, 0, 61, 62, -5, rng.randrange(2**33)])
    return {
        "kind": "session",
        "time": time,
        "json": json.dumps(data, separators=(",", ":")),
        "signed": encode(data, time),
        "value": describe(data),
    }


def json_record(rng):
    """JSON with a few bytes changed, as Latin-1 text, and what Python reads in it."""
    text = list(json.dumps(random_object(rng, depth=rng.randrange(5)), ensure_ascii=rng.random() < 0.8))
    text = [character if ord(character) < 0x100 else "?" for character in text]
    alphabet = '{}[]",:\\u/-+.eE0123456789 \t\n\r\0\x7f\x80\xe9ntfNIadlsy'
    for _ in range(rng.randrange(4)):
        place = rng.randrange(len(text) + 1)
        text[place:place + rng.randrange(3)] = rng.choices(alphabet, k=rng.randrange(3))
    text = "".join(text)
    record = {"kind": "json", "text": text}
    try:
        record["dumps"] = json.dumps(json.loads(text), separators=(",", ":"))
    except ValueError:
        pass
    return record


def base64_record(rng):
    text = "".join(rng.choices("AZaz09-_+/=$ \x80", weights=[9, 9, 9, 9, 9, 9, 2, 2, 1, 1, 3, 1, 1, 1], k=rng.randrange(20)))
    record = {"kind": "base64", "text": text}
    try:
        record["bytes"] = b64_decode(text.encode("latin-1")).decode("latin-1")
    except ValueError:
        pass
    return record


def csrf_record(rng):
    secret = _get_new_csrf_string()
    return {"kind": "csrf", "secret": secret, "token": _mask_cipher_secret(secret)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10000, help="sessions, and half as many of everything else")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    sys.setrecursionlimit(5000)  # for describing the deep ones
    for index in range(options.count):
        records = [session_record(rng, index)]
        if index % 2:
            records += [json_record(rng), base64_record(rng), csrf_record(rng), pickle_record(rng)]
        for record in records:
            print(json.dumps(record))
    print(f"{options.count} sessions with seed {options.seed}", file=sys.stderr)


if __name__ == "__main__":
    main()
