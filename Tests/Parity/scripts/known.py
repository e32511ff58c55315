"""The differences that are meant, each with its reason: an entry of section 11, or what the issue says of our defaults.

`ends`: the sides go ways of their own from there, and the rest of the script says nothing.
"""

import time
from dataclasses import dataclass
from typing import Callable


@dataclass
class Known:
    name: str
    reason: str
    matches: Callable
    # Whether it is there where Django's way is asked for too.
    compatible: bool = False
    engines: tuple = ()
    ends: bool = False

    def applies(self, script, step, where, django, swift, all_django, all_swift):
        if script["compatible"] and not self.compatible or self.engines and script["engine"] not in self.engines:
            return False
        return self.matches(Case(script, step, where, django, swift, all_django, all_swift))


@dataclass
class Case:
    """One value that differs: where it stands, what it is on both sides, and what stands beside it."""

    script: dict
    step: dict
    where: object
    django: object
    swift: object
    all_django: dict
    all_swift: dict

    @property
    def raises(self):
        """Both exceptions' names."""
        return self.all_django.get("raises"), self.all_swift.get("raises")

    @property
    def fails(self):
        """Whether it is a request that Django answers with an error of its own."""
        return self.step["op"] == "request" and self.all_django.get("status") in (400, 500) != self.step["status"]

    def setting(self, name):
        return self.script["settings"].get(name)




def spans_change(script):
    """Whether clocks are changed while the script's sessions may live."""
    start = script["start"] // 1_000_000
    passed = sum(step["seconds"] for step in script["steps"] if step["op"] == "advance")
    days = range(start - 20 * 86400, int(start + passed) + 50 * 86400, 86400)
    return len({time.localtime(day).tm_gmtoff for day in days}) > 1


def is_strange(key):
    """Whether a key is none that an engine makes."""
    return key is not None and not key.startswith("key ") and not (key.isascii() and key.isalnum() and key.islower())


KNOWN = [
    Known(
        "delete_test_cookie of none",
        "where Python raises KeyError our methods return nil, and this one returns nothing",
        lambda case: case.step["op"] == "delete_test_cookie" and case.where == "raises" and case.raises == ("KeyError", None),
        compatible=True,
    ),
    Known(
        "save of an unknown session that was not loaded",
        "section 2.1: Django makes a new key and updates the row that it does not have; ours is created",
        lambda case: case.step["op"] == "save"
        and case.raises == ("UpdateError", None)
        and case.all_swift.get("modified"),
        compatible=True,
        ends=True,
    ),
    Known(
        "a key that the engine cannot have",
        "section 11: it is unknown; Django fails, which makes a 500 or 400",
        lambda case: case.raises[0] in ("DataError", "InvalidSessionKey") or case.fails and is_strange(case.all_django["key"]),
        compatible=True,
        ends=True,
    ),
    Known(
        "exists(None) in files",
        "Django's makes up a key for the session that asks",
        lambda case: case.step["op"] == "exists" and (case.where in ("empty", "key") or case.step["key"] is None),
        compatible=True,
        engines=("file",),
        ends=True,
    ),
    Known(
        "the session of a failed response is not loaded",
        "Django loads it for the lifetime of a cookie that it then does not send",
        lambda case: case.step["op"] == "request" and case.step["status"] >= 500 and case.where in ("accessed", "key"),
        compatible=True,
        ends=True,
    ),
    Known(
        "load of a session without a key from a signed cookie",
        "Django's makes it a modified one",
        lambda case: case.step["op"] == "load" and case.where == "modified" and case.all_django["key"] is None,
        compatible=True,
        engines=("signed_cookies",),
        ends=True,
    ),
    Known(
        "load of an ended file over data",
        "Django's load saves the new session that it starts, with what was in the old one's dictionary",
        lambda case: case.step["op"] == "load" and case.where[0] == "file" and case.django and case.swift,
        compatible=True,
        engines=("file",),
        ends=True,
    ),
    Known(
        "pop from a session that was started anew",
        "Django's pop looks at the flag before it loads, and so forgets that the loading has set it",
        lambda case: case.step["op"] == "pop" and case.where == "modified" and case.swift,
        compatible=True,
        engines=("file", "signed_cookies"),
        ends=True,
    ),
    Known(
        "a session that fits no cookie",
        "the issue: an error that says so; Django sends what browsers drop",
        lambda case: str(case.raises[1]).startswith("unstorable: the session does not fit a cookie")
        or case.step["op"] == "request" and case.all_swift["status"] == 500,
        compatible=True,
        engines=("signed_cookies",),
        ends=True,
    ),
    Known(
        "flag of a save that fails",
        "Django's cache looks for the session before it looks at its data",
        lambda case: case.step["op"] == "save" and case.where == "accessed" and case.raises == ("UpdateError", "UpdateError"),
        compatible=True,
        engines=("cache",),
        ends=True,
    ),
    Known(
        "local time that is moved meanwhile",
        "without USE_TZ Django adds seconds to local times: a session over the change of clocks lasts an hour more or less",
        lambda case: case.setting("USE_TZ") is False and spans_change(case.script),
        compatible=True,
        ends=True,
    ),
]
