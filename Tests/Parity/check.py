"""Reads the session data that DjangoParityTests.swift wrote with a real Django, and writes it again to the same bytes.

    SWIFT_VECTORS=FILE swift test; python check.py FILE
"""

import json
import sys

from django_sessions import decode, encode


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check.py FILE, the file that SWIFT_VECTORS named")
    total = unreadable = different = 0
    with open(sys.argv[1], encoding="ascii") as file:
        for total, line in enumerate(file, 1):
            record = json.loads(line)
            data = decode(record["signed"])
            if not isinstance(data, dict):
                unreadable += 1
                print(f"line {total}: Django cannot read {record['signed'][:200]}")
            elif encode(data, record["time"]) != record["signed"]:
                different += 1
                print(f"line {total}: Django writes otherwise {record['signed'][:200]}")
    print(f"{total} sessions written in Swift: {unreadable} unreadable, {different} different in Django")
    sys.exit(0 if total and not unreadable and not different else 1)


if __name__ == "__main__":
    main()
