"""Prints passwords as a real Django's hashers encode them, and usernames as it normalises them, a JSON object a line, for
PasswordParityTests.swift.

    python passwords.py [--count 40] [--seed 1] > FILE; PASSWORD_VECTORS=FILE swift test
"""

import argparse
import json
import random
import sys
import unicodedata

import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"])
django.setup()

from django.contrib.auth.base_user import AbstractBaseUser  # noqa: E402
from django.contrib.auth.hashers import (  # noqa: E402
    Argon2PasswordHasher,
    BCryptPasswordHasher,
    BCryptSHA256PasswordHasher,
    MD5PasswordHasher,
    PBKDF2PasswordHasher,
    PBKDF2SHA1PasswordHasher,
    ScryptPasswordHasher,
)

SALT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def random_character(rng):
    while True:
        code = rng.choice([rng.randrange(0x80), rng.randrange(0x3000), rng.randrange(0x10000), rng.randrange(0x110000)])
        if not 0xD800 <= code < 0xE000:
            return chr(code)


def random_text(rng, length):
    return "".join(random_character(rng) for _ in range(length))


def password(rng, index):
    """Some are known to be hard, all others random."""
    hard = ["", " ", "a\0b", "\0", "é", "e\u0301", "x" * 4096, "p" * 72, "p" * 73, "\U0001f600" * 18, "$", "pass\n"]
    return hard[index] if index < len(hard) else random_text(rng, rng.choice([1, 8, 20, 64, 65, 130, 300]))


def near(rng, text):
    """Passwords that are almost this one."""
    yield from [text + " ", text + "\0", text.swapcase(), text[:-1], text[1:], text + text, "\0" + text]
    place = rng.randrange(len(text) + 1)
    yield text[:place] + random_character(rng) + text[place:]
    yield text[:place] + random_character(rng) + text[place + 1:]
    yield unicodedata.normalize("NFKD", text)


def pbkdf2(rng, text, hasher):
    return hasher, hasher.encode(text, "".join(rng.choices(SALT, k=rng.choice([1, 8, 22]))), rng.choice([1, 2, 999, 1000]))


def scrypt(rng, text):
    n, r, p = 2 ** rng.randint(1, 10), rng.randint(1, 9), rng.randint(1, 6)
    hasher = ScryptPasswordHasher()
    return hasher, hasher.encode(text, "".join(rng.choices(SALT, k=rng.choice([1, 22]))), n, r, p)


def argon2(rng, text):
    import argon2

    lanes = rng.randint(1, 9)
    encoded = argon2.low_level.hash_secret(
        text.encode(), rng.randbytes(rng.randint(8, 24)), time_cost=rng.randint(1, 4),
        memory_cost=8 * lanes + rng.randrange(100), parallelism=lanes, hash_len=rng.choice([4, 16, 31, 32, 33, 64]),
        type=rng.choice(list(argon2.Type)), version=rng.choice([16, 19, 19]))
    # Versions before 19 were written without their number too.
    return Argon2PasswordHasher(), "argon2" + encoded.decode().replace("$v=16$", rng.choice(["$v=16$", "$"]))


def bcrypt(rng, text, hasher):
    import bcrypt

    salt = bcrypt.gensalt(rng.choice([4, 4, 5]))
    return hasher, hasher.encode(text, salt[:2] + rng.choice([b"a", b"b", b"b", b"x", b"y"]) + salt[3:])


def md5(rng, text):
    hasher = MD5PasswordHasher()
    return hasher, hasher.encode(text, "".join(rng.choices(SALT, k=22)))


def encodings(rng, text):
    yield pbkdf2(rng, text, PBKDF2PasswordHasher())
    yield pbkdf2(rng, text, PBKDF2SHA1PasswordHasher())
    yield scrypt(rng, text)
    yield argon2(rng, text)
    yield bcrypt(rng, text, BCryptSHA256PasswordHasher())
    yield md5(rng, text)


def bare_bcrypt(rng, text, others):
    """bcrypt itself looks at 72 bytes, to which its library cut passwords before version 5; no form lets a NUL through."""
    import bcrypt as library

    beginning = text.encode()[:72].decode(errors="ignore")
    encoded = bcrypt(rng, beginning, BCryptPasswordHasher())[1]
    salt = encoded.partition("$")[2].encode()

    def is_right(other):
        return "\0" not in other and library.hashpw(other.encode()[:72], salt) == salt

    candidates = [beginning, text, *others]
    right = [other for other in candidates if is_right(other)]
    wrong = [other for other in candidates if other not in right]
    return {"kind": "password", "right": right, "encoded": encoded, "wrong": wrong}


def records(rng, count):
    for index in range(count):
        text = password(rng, index)
        others = [other for other in near(rng, text) if other != text]
        for hasher, encoded in encodings(rng, text):
            # HMAC fills a short key up with NULs, so that Django takes some others too.
            right = [text] + [other for other in others if hasher.verify(other, encoded)]
            wrong = [other for other in others if other not in right]
            yield {"kind": "password", "right": right, "encoded": encoded, "wrong": wrong}
        yield bare_bcrypt(rng, text, others)
    plane = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    texts = [plane[start:start + 1024] for start in range(0, len(plane), 1024)]
    texts += [[random_text(rng, rng.randint(1, 12)) for _ in range(1000)] for _ in range(4)]
    # Marks and letters that come together, in any order.
    marks = [chr(code) for code in [*range(0x300, 0x370), *range(0x1100, 0x1200), 0x41, 0x65, 0xAC00, 0xFB01, 0x1E9B, 0x323]]
    texts += [["".join(rng.choices(marks, k=rng.randint(2, 9))) for _ in range(1000)] for _ in range(4)]
    for group in texts:
        yield {"kind": "usernames", "typed": group, "stored": [AbstractBaseUser.normalize_username(text) for text in group]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40, help="passwords, each by every hasher")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for record in records(random.Random(options.seed), options.count):
        print(json.dumps(record))
    print(f"{options.count} passwords with seed {options.seed}", file=sys.stderr)


if __name__ == "__main__":
    main()
