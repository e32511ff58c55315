"""The same steps on our engines, through ParityDriver."""

import json
import os
import pickle
import subprocess


class SwiftPeer:
    def __init__(self, program, database, redis, directory, time_zone):
        self.process = subprocess.Popen(
            [program, database, redis, str(directory)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"TZ": time_zone},
        )

    def start(self, script):
        order = {name: script[name] for name in ("engine", "compatible", "settings")}
        self.ask(order | {"op": "start"})

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)

    def run(self, step):
        return self.unpacked(self.ask(packed(step)))

    def ask(self, order):
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"ParityDriver ended with status {self.process.wait(10)} at {json.dumps(order)}")
        return json.loads(line)

    def unpacked(self, outcome):
        if "result" in outcome:
            outcome["result"] = pickle.loads(bytes.fromhex(outcome["result"]))
        if "view" in outcome:
            outcome["view"] = [self.unpacked(inner) for inner in outcome["view"]]
        return outcome


def packed(step):
    """Values as pickles, because JSON lacks some; flags stay as they are."""
    step = dict(step)
    for field in ("value", "default"):
        if field in step and step["op"] not in ("set_accessed", "set_modified"):
            step[field] = pickle.dumps(step[field]).hex()
    if "view" in step:
        step["view"] = [packed(inner) for inner in step["view"]]
    return step
