"""Random scripts: what is done with sessions, over the whole API, in the order in which it is done.

A script is plain data, so that it can be cut down and printed. A step names sessions by slots, and keys by the order in
which they appeared (`["seen", 2]`) or literally (`["text", "abc"]`), because new keys are random.
"""

import datetime

from values import random_text, random_value

ENGINES = ["db", "file", "cache", "cached_db", "signed_cookies"]

# Keys that visitors send: too short, unknown, not for files, too long, with what trips arrays and commands.
STRANGE_KEYS = [
    "", "abc", "abcdefg", "abcdefgh", "u" * 32, "0123456789abcdefghijklmnopqrstuv", "UPPERCASE", "../../etc/passwd",
    "aaaaaaaa,{", 'aaaa"aaaa', "k" * 40, "k" * 41, "k" * 300, "éééééééé", "aaaa aaaa", "$1 OR 1=1", "aaaaaaaa\r\nDEL x",
    # Signed by this key in 2023, and badly.
    "eyJhIjoxfQ:1r31eq:AJu16St_lXmPR35BcDlMtqC8Z-L-JTNezUHSXtss5hs",
    "eyJhIjoxfQ:1r31eq:BJu16St_lXmPR35BcDlMtqC8Z-L-JTNezUHSXtss5hs",
    "eyJhIjoxfQ:1r31eq", "eyJhIjoxfQ",
]

TEXTS = [
    "", "x", "::", "eyJhIjoxfQ:1r31eq:mvqAFpOL1fZXbE9_M4qDR7eYKgZG_5R2MwsvV9eChd8",
    "eyJhIjoxfQ:1r31eq:mvqAFpOL1fZXbE9_M4qDR7eYKgZG_5R2MwsvV9eChd9",
    "e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8",
    ".eJyrVqpQslJKHCZAqRYAn1xN-w:1r31eq:YYWFW6cKbvKPvuorLdjWltLjL8UVJE64v26-f0X4FmM",
]

SETTINGS = {
    "SESSION_COOKIE_NAME": ["sessionid", "sid", "__Host-sessionid", "__Secure-s"],
    "SESSION_COOKIE_AGE": [1209600, 1209600, 60, 1, 0, -5],
    "SESSION_COOKIE_DOMAIN": [None, ".example.com", "example.com"],
    "SESSION_COOKIE_PATH": ["/", "/app/", ""],
    "SESSION_COOKIE_SAMESITE": ["Lax", "Strict", "None", False],
    "SESSION_COOKIE_SECURE": [False, True],
    "SESSION_COOKIE_HTTPONLY": [True, False],
    "SESSION_SAVE_EVERY_REQUEST": [False, True],
    "SESSION_EXPIRE_AT_BROWSER_CLOSE": [False, True],
    "USE_TZ": [True, False],
}

# Nothing here needs the store at once, and the rest does; the weights are chosen by what finds differences.
READ = ["get", "getitem", "has_key", "keys", "values", "items", "is_empty", "test_cookie_worked",
        "get_expire_at_browser_close", "get_expiry_age", "get_expiry_date"]
WRITE = ["set", "set", "set", "del", "pop", "setdefault", "update", "clear", "set_expiry", "set_expiry",
         "set_test_cookie", "delete_test_cookie", "set_accessed", "set_modified"]
STORE = ["save", "save", "save", "save", "create", "delete", "exists", "load", "load", "flush", "cycle_key", "encode",
         "decode", "clear_expired"]


class Generator:
    def __init__(self, rng, engine, compatible):
        self.rng, self.engine, self.compatible = rng, engine, compatible

    def script(self):
        rng = self.rng
        settings = {name: rng.choice(values) for name, values in SETTINGS.items() if rng.random() < 0.15}
        self.settings = settings
        # 2010 to 2013; without USE_TZ local time matters, which is moved in March and November.
        start = rng.randrange(1_262_304_000, 1_356_998_400) * 1_000_000 + rng.choice([0, 1, 500_000, 999_999, 123_456])
        self.now = start
        self.slots = 0
        steps = []
        if rng.random() < 0.8:
            # Most has something to go on with: a stored session that is opened again.
            self.slots = 2
            steps = [{"op": "update", "slot": 1, "value": {"a": self.value(), "b": self.value()}},
                     {"op": "save", "slot": 1, "must_create": False}, {"op": "open", "slot": 0, "key": ["seen", -1]}]
        steps += [self.step(depth=0) for _ in range(rng.choice([3, 8, 15, 25, 40]))]
        return {"engine": self.engine, "compatible": self.compatible, "settings": settings, "start": start,
                "steps": steps}

    def step(self, depth):
        rng = self.rng
        dice = rng.random()
        if depth == 0 and dice < 0.07:
            return {"op": "advance", "seconds": self.seconds()}
        if depth == 0 and dice < 0.2 or self.slots == 0:
            self.slots = max(self.slots, 1)
            slot = rng.randrange(min(self.slots + 1, 3))
            self.slots = max(self.slots, slot + 1)
            return {"op": "open", "slot": slot, "key": self.key()}
        if dice < (0.35 if depth == 0 else 0.06 if depth < 3 else 0):
            return self.request(depth)
        step = self.operation()
        if depth == 0:
            step["slot"] = rng.randrange(self.slots)
        return step

    def seconds(self):
        rng = self.rng
        return rng.choice([0.000001, 0.999999, 1, 5, 59, 60, 61, 299, 300, 301, 3600, 86400, 1209599, 1209600, 1209601])

    def key(self):
        rng = self.rng
        match rng.randrange(12):
            case 0 | 1:
                return None
            case 2:
                return ["text", rng.choice(STRANGE_KEYS)]
            case _:
                # The latest are the likeliest to be alive.
                return ["seen", -rng.choice([1, 1, 1, 2, 2, 3, 4, 9])]

    def request(self, depth):
        rng = self.rng
        if depth == 0 and rng.random() < 0.1:
            cookie = ["raw", rng.choice(["", "sessionid", "other=1", "sessionid=", 'sessionid=""',
                                         'sessionid="abcdefgh\\000zz"', "sessionid=abcdefgh; sessionid=hgfedcba"])]
        else:
            cookie = self.key()
        view = [self.step(depth + 1) for _ in range(rng.choice([0, 0, 1, 1, 2, 3, 5]))]
        status = rng.choice([200, 200, 200, 200, 302, 404, 499, 500, 503])
        if self.engine != "signed_cookies" and status < 500 and rng.random() < 0.1:
            # As a login does it.
            view += [{"op": "cycle_key_later"}, {"op": "set", "name": "user", "value": "alice"}]
        vary = rng.choice([None] * 6 + ["Accept-Language", "cookie", "*", "Accept, COOKIE"])
        return {"op": "request", "cookie": cookie, "status": status, "view": view, "vary": vary}

    def operation(self):
        rng = self.rng
        op = rng.choice(rng.choice([READ, WRITE, WRITE, STORE, STORE]))
        step = {"op": op}
        match op:
            case "get" | "getitem" | "has_key" | "del" | "pop":
                step["name"] = self.name()
                if op in ("get", "pop") and rng.random() < 0.6:
                    step["default"] = rng.choice([None, self.value()])
            case "set" | "setdefault":
                step |= {"name": self.name(), "value": self.value()}
            case "update" | "encode":
                step["value"] = {self.name(): self.value() for _ in range(rng.randrange(4))}
            case "set_accessed" | "set_modified":
                step["value"] = rng.random() < 0.2
            case "save":
                step["must_create"] = rng.random() < 0.1
            case "delete" | "exists":
                step["key"] = self.key() if rng.random() < (0.95 if op == "exists" else 0.5) else None
            case "decode":
                step["text"] = rng.choice(TEXTS)
            case "set_expiry":
                step["expiry"] = self.expiry()
            case "get_expiry_age" | "get_expiry_date":
                if rng.random() < 0.3:
                    step["modification"] = self.now + rng.choice([-1, 1]) * int(self.seconds() * 1_000_000)
                if rng.random() < 0.3:
                    expiry = self.expiry()
                    if expiry[0] != "duration":
                        step["expiry"] = expiry
        return step

    def name(self):
        rng = self.rng
        return rng.choice(["a", "a", "a", "b", "b", "é", "e\u0301", "testcookie", "", random_text(rng)])

    def value(self):
        rng = self.rng
        match rng.randrange(12):
            case 0 | 1 | 2 | 3 | 4 | 5:
                return rng.choice([0, 1, "x", "worked", "", None, True, False, [], {}, 1.5, "y" * 200])
            case 6:
                return self.python_value() if rng.random() < (0.5 if self.engine == "cache" else 0.1) else "plain"
            case 7 if rng.random() < 0.05:
                return rng.choice(["z" * 3000, rng.randbytes(3000).hex()])
            case _:
                return random_value(rng, 0)

    def python_value(self):
        """What JSON lacks."""
        return self.rng.choice([
            (1, 2), b"\x00\xff", [("a", [1])], {1: "one", None: [True]}, datetime.datetime(2010, 5, 6, 7, 8, 9, 10),
            datetime.date(2010, 5, 6), datetime.timedelta(days=-1, microseconds=5),
            datetime.datetime(2010, 5, 6, tzinfo=datetime.timezone(datetime.timedelta(hours=-5))),
        ])

    def expiry(self):
        rng = self.rng
        match rng.randrange(9):
            case 0 | 1 | 2:
                return ["seconds", rng.choice([0, 1, 10, 60, 300, 300, 86400, -1, -10])]
            case 3:
                return ["fraction", rng.choice([0.5, 1.5, 0.0, -0.5, 299.999999, 1e-07])]
            case 4 | 5:
                return ["duration", rng.choice([300, 60, 0, -1, 1, 86400 * 30]) * 1_000_000 + rng.choice([0, 0, 1, -1])]
            case 6 | 7:
                return ["date", self.now + int(rng.choice([-1, 1, 1, 1]) * self.seconds() * 1_000_000)]
            case _:
                return ["none", None]
