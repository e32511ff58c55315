"""Reads what DjangoParityTests.swift wrote: session data with a real Django, which writes it again to the same bytes, and
pickles with Python, where they are what Python's own were.

    SWIFT_VECTORS=FILE swift test; python check.py FILE
"""

import json
import pickle
import sys

from django_sessions import decode, encode
from values import describe


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check.py FILE, the file that SWIFT_VECTORS named")
    sessions = pickles = unreadable = different = 0
    with open(sys.argv[1], encoding="ascii") as file:
        for number, line in enumerate(file, 1):
            record = json.loads(line)
            if "swift" in record:
                pickles += 1
                if not same_pickle(record):
                    different += 1
                    print(f"line {number}: Python reads another value in {record['swift'][:200]}")
                continue
            sessions += 1
            data = decode(record["signed"])
            if not isinstance(data, dict):
                unreadable += 1
                print(f"line {number}: Django cannot read {record['signed'][:200]}")
            elif encode(data, record["time"]) != record["signed"]:
                different += 1
                print(f"line {number}: Django writes otherwise {record['signed'][:200]}")
    print(
        f"{sessions} sessions and {pickles} pickles written in Swift: {unreadable} unreadable, {different} different"
        " in Django"
    )
    sys.exit(0 if sessions and pickles and not unreadable and not different else 1)


def same_pickle(record):
    ours, theirs = (pickle.loads(bytes.fromhex(record[side])) for side in ("swift", "python"))
    return describe(ours) == describe(theirs)


if __name__ == "__main__":
    main()
