"""Runs a command beside a private PostgreSQL, whose address it finds in SESSIOND_TEST_DATABASE_URL.

    python with_postgres.py swift test
"""

import os
import subprocess
import sys

from stack import Stack


def main():
    stack = Stack("/bin/true")
    try:
        stack.start_postgres()
        environment = os.environ | {"SESSIOND_TEST_DATABASE_URL": stack.database_url()}
        return subprocess.run(sys.argv[1:], env=environment).returncode
    finally:
        stack.stop()


if __name__ == "__main__":
    sys.exit(main())
