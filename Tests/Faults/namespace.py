"""A network namespace for the workers, with a way to this machine that a test can block."""

import os
import subprocess


class Namespace:
    OUTSIDE, INSIDE = "192.0.2.1", "192.0.2.2"

    def __init__(self, site):
        self.site = site
        self.name = f"sessiond-{os.getpid()}"
        ends = f"sd{os.getpid()}a", f"sd{os.getpid()}b"
        site.undo.append(lambda: subprocess.run(["ip", "netns", "delete", self.name], check=True))
        for command in (
            f"netns add {self.name}",
            f"link add {ends[0]} type veth peer name {ends[1]} netns {self.name}",
            f"address add {self.OUTSIDE}/30 dev {ends[0]}",
            f"link set {ends[0]} up",
            f"-n {self.name} address add {self.INSIDE}/30 dev {ends[1]}",
            f"-n {self.name} link set {ends[1]} up",
            f"-n {self.name} link set lo up",
        ):
            subprocess.run(["ip", *command.split()], check=True)
        site.network = self

    def route(self, *words):
        """Changes the workers' routes."""
        subprocess.run(["ip", "-n", self.name, "route", *words], check=True)

    def spawn(self, *command, **options):
        """A process of the site's owner in here; entering takes root, who becomes the owner then."""
        owner = self.site.owner
        become = ["setpriv", f"--reuid={owner['user']}", f"--regid={owner['group']}", "--clear-groups", "--pdeathsig=TERM"]
        root = {"user": None, "group": None, "extra_groups": None}
        return self.site.spawn("ip", "netns", "exec", self.name, *become, "--", *command, **root, **options)
