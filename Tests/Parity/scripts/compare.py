"""Runs a script on both sides and says where they differ."""

from known import KNOWN
from values import describe

LATER_BY = 20_000  # milliseconds that the sides may be apart in what Redis has left


class Names:
    """The keys of one side by their order of appearance."""

    def __init__(self):
        self.keys = []

    def see(self, outcome):
        for inner in outcome.get("view", []):
            self.see(inner)
        if outcome["key"] is not None and outcome["key"] not in self.keys:
            self.keys.append(outcome["key"])

    def resolve(self, key):
        if key is None or key[0] == "text":
            return key and key[1]
        return self.keys[key[1] % len(self.keys)] if self.keys else None

    def name(self, key):
        return f"key {self.keys.index(key)}" if key in self.keys else key

    def replaced(self, text):
        for number, key in enumerate(self.keys):
            text = text.replace(f"={key};", f"=key {number};")
        return text


class Side:
    """One of the two, with its place and its names."""

    def __init__(self, peer, place):
        self.peer, self.place = peer, place

    def start(self, script):
        self.names = Names()
        self.place.clear()
        self.engine = script["engine"]
        self.cookie_name = script["settings"].get("SESSION_COOKIE_NAME", "sessionid")
        self.peer.start(script)

    def resolved(self, step, now):
        step = {**step, "now": now}
        if "key" in step:
            key = self.names.resolve(step["key"])
            # None would be the session's own.
            step["key"] = "nothing0" if key is None and step["key"] and step["op"] != "open" else key
        if step["op"] == "request":
            raw = step["cookie"] is not None and step["cookie"][0] == "raw"
            key = step["cookie"][1] if raw else self.names.resolve(step["cookie"])
            step["cookie"] = key if raw or key is None else f"{self.cookie_name}={key}"
            step["view"] = [self.resolved(inner, now) for inner in step["view"]]
        return step

    def run(self, step, now):
        outcome = self.peer.run(self.resolved(step, now))
        if self.engine == "file":
            self.place.stamp(now)
        self.names.see(outcome)
        return outcome

    def pass_time(self, seconds):
        if self.engine in ("cache", "cached_db"):
            self.place.pass_time(seconds)

    def contents(self):
        found = self.place.contents(self.engine)
        return {(kind, self.names.name(key)): value for (kind, key), value in found.items()}


class Difference(Exception):
    def __init__(self, number, step, where, django, swift):
        self.number, self.step, self.where, self.django, self.swift = number, step, where, django, swift


class Comparison:
    """Of one script; `used` counts the known differences that it met."""

    def __init__(self, django, swift, used):
        self.django, self.swift, self.used = django, swift, used

    def run(self, script):
        """Raises Difference at the first that is not known."""
        self.script = script
        now = script["start"]
        for side in (self.django, self.swift):
            side.start(script)
        opened = set()
        for number, step in enumerate(script["steps"]):
            if step["op"] == "advance":
                now += round(step["seconds"] * 1_000_000)
                for side in (self.django, self.swift):
                    side.pass_time(step["seconds"])
                continue
            steps = [step]
            if "slot" in step and step["op"] != "open" and step["slot"] not in opened:
                steps.insert(0, {"op": "open", "slot": step["slot"], "key": None})
            if "slot" in step:
                opened.add(step["slot"])
            for step in steps:
                outcomes = [side.run(step, now) for side in (self.django, self.swift)]
                self.number = number
                if self.compare_outcomes(step, *outcomes):
                    return
                unstorable = is_unstorable(step, outcomes[0])
                if self.compare_contents(step, unstorable):
                    return
                if unstorable:
                    # A new session of Django's has a key from then on that no later save can use; ours goes on.
                    self.used["after data that cannot be saved"] += 1
                    return

    def compare_outcomes(self, step, django, swift):
        """True where a known difference leads the sides apart for good."""
        for inner, *outcomes in zip(step.get("view", []), django.get("view", []), swift.get("view", [])):
            if self.compare_outcomes(inner, *outcomes):
                return True
        sides = [self.shown(outcome, side) for outcome, side in ((django, self.django), (swift, self.swift))]
        return self.settle(step, *sides)

    def shown(self, outcome, side):
        """What is compared."""
        shown = {name: value for name, value in outcome.items() if name not in ("view", "result")}
        shown["key"] = key = side.names.name(outcome["key"])
        if self.script["engine"] == "signed_cookies" and key:
            shown["key"] += " " + outcome["key"]
        if outcome.get("raises", "").startswith("unstorable: Object of type "):
            shown["raises"] = "TypeError"
        if outcome.get("raises", "").startswith("unavailable: a session's file: "):
            shown["raises"] = "OSError"
        if "cookies" in outcome:
            shown["cookies"] = [side.names.replaced(cookie) for cookie in outcome["cookies"]]
        if "result" in outcome:
            shown["result"] = describe(outcome["result"])
        return shown

    def compare_contents(self, step, unstorable):
        django, swift = (side.contents() for side in (self.django, self.swift))
        if unstorable and self.script["engine"] == "cached_db":
            # Ours has taken the session out of the cache before: the next load asks the database.
            django, swift = ({key: found[key] for key in found if key[0] == "row"} for found in (django, swift))
        django, swift = ({key: self.described(value) for key, value in found.items()} for found in (django, swift))
        for key in django.keys() & swift.keys():
            if key[0] == "cached" and abs(django[key][2] - swift[key][2]) < LATER_BY:
                swift[key] = swift[key][:2] + django[key][2:]
        return self.settle(step, django, swift)

    @staticmethod
    def described(value):
        return tuple(describe(part) if isinstance(part, dict) else part for part in value)

    def settle(self, step, django, swift):
        """Takes known differences out; raises Difference for what is left."""
        for where in sorted(django.keys() | swift.keys(), key=str):
            pair = django.get(where), swift.get(where)
            if pair[0] == pair[1]:
                continue
            for known in KNOWN:
                if known.applies(self.script, step, where, *pair, django, swift, self.django.names.keys):
                    self.used[known.name] += 1
                    if known.ends:
                        return True
                    break
            else:
                raise Difference(self.number, step, where, *pair)
        return False


def is_unstorable(step, outcome):
    """Whether something was no JSON, which makes a 500 of a request that saves it at its end."""
    return (outcome.get("raises") == "TypeError" or outcome.get("status") == 500 != step.get("status")
            or any(map(is_unstorable, step.get("view", []), outcome.get("view", []))))
