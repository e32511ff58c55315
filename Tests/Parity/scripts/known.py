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

    def applies(self, script, step, where, django, swift, all_django, all_swift, keys):
        if script["compatible"] and not self.compatible or self.engines and script["engine"] not in self.engines:
            return False
        return self.matches(Case(script, step, where, django, swift, all_django, all_swift, keys))


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
    # All of Django's, as they are.
    keys: list

    def does(self, op):
        """Whether the step is that, or a request whose view does it."""
        return any(step["op"] == op for step in steps_of(self.step))

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



def steps_of(step):
    yield step
    for inner in step.get("view", []):
        yield from steps_of(inner)


def spans_change(script):
    """Whether clocks are changed while the script's sessions may live."""
    start = script["start"] // 1_000_000
    passed = sum(step["seconds"] for step in script["steps"] if step["op"] == "advance")
    days = range(start - 20 * 86400, int(start + passed) + 50 * 86400, 86400)
    return len({time.localtime(day).tm_gmtoff for day in days}) > 1


def is_strange(key):
    """Whether a key is none that an engine makes."""
    return not (key.isascii() and key.isalnum() and key.islower())


KNOWN = [
    Known(
        "delete_test_cookie of none",
        "where Python raises KeyError our methods return nil, and this one returns nothing",
        lambda case: case.step["op"] == "delete_test_cookie"
        and case.where == "raises"
        and case.raises == ("KeyError", None),
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
        lambda case: case.raises[0] in ("DataError", "InvalidSessionKey")
        or case.fails
        and any(is_strange(key) for key in case.keys),
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
        lambda case: case.step["op"] == "request"
        and case.step["status"] >= 500
        and case.where in ("accessed", "key"),
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
        "an empty file of what cannot be saved",
        "Django makes the file before it finds out",
        lambda case: case.where[0] == "file" and case.django and case.django[1] == "" and not case.swift,
        compatible=True,
        engines=("file",),
        ends=True,
    ),
    Known(
        "a key that is too long for a file",
        "once its file could not be made, a save that asks for one finds none; Django fails again",
        lambda case: case.raises == ("OSError", "UpdateError") and any(len(key) > 200 for key in case.keys),
        compatible=True,
        engines=("file",),
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
        "a key over 40 characters in the cache",
        "section 11: it is unknown; Django's cache keeps what save(must_create) stored there",
        lambda case: any(len(key) > 40 for key in case.keys) and case.raises[0] in (None, "KeyError"),
        compatible=True,
        engines=("cache",),
        ends=True,
    ),
    Known(
        "a new key for data that cannot be saved",
        "ours is only chosen; the save at the end says what is wrong",
        lambda case: case.step["op"] == "cycle_key_later" and case.raises == ("TypeError", None),
        compatible=True,
        ends=True,
    ),
    Known(
        "the key of a cookie that was not made",
        "a save that fails leaves ours with a key that nothing has; no response shows it",
        lambda case: case.where == "key" and case.raises == ("TypeError", "TypeError"),
        compatible=True,
        engines=("signed_cookies",),
        ends=True,
    ),
    Known(
        "a new key with no time left",
        "our save writes once what Django's cycle_key and save write twice: Django's cache has lost it by then",
        lambda case: case.fails
        and any("Max-Age=0" in cookie or "Max-Age=-" in cookie for cookie in case.all_swift["cookies"])
        and any(step["op"] == "cycle_key_later" for step in case.step["view"]),
        compatible=True,
        engines=("cache",),
        ends=True,
    ),
    Known(
        "flag of a save that fails",
        "Django's cache looks for the session before it looks at its data",
        lambda case: case.step["op"] == "save"
        and case.where == "accessed"
        and case.raises == ("UpdateError", "UpdateError"),
        compatible=True,
        engines=("cache",),
        ends=True,
    ),
    Known(
        "local time that is moved meanwhile",
        "without USE_TZ Django adds seconds to local times: an hour more or less where clocks are changed",
        lambda case: case.setting("USE_TZ") is False and spans_change(case.script),
        compatible=True,
        ends=True,
    ),
    # From here on what SESSION_DJANGO_COMPATIBLE takes back.
    Known(
        "a key of the client's is not adopted",
        "the rule of all engines: save(must_create) stores under a new key",
        lambda case: case.step["op"] == "save" and case.step["must_create"] and case.where in ("key", "modified", "raises"),
        ends=True,
    ),
    Known(
        "the cookie that deletes is Secure",
        "section 11: browsers refuse to overwrite a Secure cookie otherwise",
        lambda case: case.setting("SESSION_COOKIE_SECURE")
        and case.where == "cookies"
        and case.swift == [cookie + "; Secure" for cookie in case.django],
    ),
    Known(
        "an unknown cookie is deleted",
        "section 11: Django makes a new session for each request with it that saves",
        lambda case: case.step["op"] == "request" and case.all_swift.get("key") is None and case.all_django.get("key"),
        ends=True,
    ),
    Known(
        "ended and forged sessions are unknown",
        "sections 2.4, 2.5: Django starts a new one, and files with an age of their own and cookies never end",
        lambda case: case.all_django.get("key") and case.all_django["key"] != case.all_swift.get("key")
        or case.where == "cookies" and case.does("cycle_key_later"),
        engines=("file", "signed_cookies"),
        ends=True,
    ),
    Known(
        "clear_expired of files with an age of their own",
        "section 2.4: Django keeps them for ever",
        lambda case: case.does("clear_expired") and case.where[0] == "file" and case.swift is None,
        engines=("file",),
        ends=True,
    ),
    Known(
        "delete of another's signed cookie",
        "Django's empties the session that is asked, whatever the key",
        lambda case: case.step["op"] == "delete" and case.step["key"],
        engines=("signed_cookies",),
        ends=True,
    ),
]
