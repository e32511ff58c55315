"""Runs the consumer package's program once: a basket of its own in the session, which a real Django reads and writes.

    python check.py PROGRAM SESSIOND
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "EndToEnd"))

import django_side  # noqa: E402
from stack import Stack  # noqa: E402


def main(program, sessiond):
    stack = Stack(sessiond)
    try:
        stack.start_postgres()
        assert stack.sessiond("migrate").returncode == 0
        django_side.use(stack)
        consumer = stack.directory / "consumer"
        consumer.write_bytes(Path(program).read_bytes())
        consumer.chmod(0o755)
        stack.listen()
        process = stack.spawn(consumer, log="consumer.log", stdin=stack.listener)
        with stack.fastcgi() as connection:
            first = connection.exchange(path="/basket/?add=tea")
            assert (first.status, first.body) == (200, "1 × tea\n".encode()), first.output + stack.log("consumer.log").encode()
            cookie = dict(first.headers)["Set-Cookie"].split(";")[0]
            assert connection.exchange(path="/basket/?add=milk", HTTP_COOKIE=cookie).status == 200
            assert connection.exchange(path="/basket/", HTTP_COOKIE=cookie).body == "1 × milk\n1 × tea\n".encode()
            key = cookie.partition("=")[2]
            assert django_side.decoded(key) == {"basket": {"items": {"milk": 1, "tea": 1}}}

            theirs = django_side.create({"basket": {"items": {"bread": 2}}})
            answer = connection.exchange(path="/basket/?add=bread", HTTP_COOKIE=f"sessionid={theirs}")
            assert answer.body == "3 × bread\n".encode()
            assert django_side.decoded(theirs) == {"basket": {"items": {"bread": 3}}}
        process.terminate()
        assert process.wait(10) == 0, stack.log("consumer.log")
    finally:
        stack.stop()
    print("the consumer's basket went to Django and back")


if __name__ == "__main__":
    main(*sys.argv[1:])
