"""Two network namespaces with a cable between them, apart from this machine's own network."""

import os
import subprocess


class Namespace:
    """One end: `address` is its own. Its processes share the files, and so the Unix sockets, of all others."""

    def __init__(self, site, end, address):
        self.site, self.address = site, address
        self.name = f"sessiond-{os.getpid()}-{end}"
        self.ip("netns", "add", self.name)
        site.undo.append(lambda: subprocess.run(["ip", "netns", "delete", self.name]))

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True)

    def route(self, *words):
        self.ip("-n", self.name, "route", *words)

    def plug(self):
        self.ip("-n", self.name, "address", "add", f"{self.address}/30", "dev", "cable")
        for device in ("cable", "lo"):
            self.ip("-n", self.name, "link", "set", device, "up")

    def command(self, command):
        """What runs a command in here as the site's owner; entering takes root, who becomes the owner then."""
        owner = self.site.owner
        become = ["setpriv", f"--reuid={owner['user']}", f"--regid={owner['group']}", "--clear-groups"]
        return ["ip", "netns", "exec", self.name, *become, "--pdeathsig=TERM", "--", *command]


def put_apart(site):
    """PostgreSQL gets one end, the workers the other; gives both."""
    server, workers = Namespace(site, "a", "192.0.2.1"), Namespace(site, "b", "192.0.2.2")
    other = ("peer", "name", "cable", "netns", workers.name)
    Namespace.ip("-n", server.name, "link", "add", "cable", "type", "veth", *other)
    for network in (server, workers):
        network.plug()
    site.networks = {"postgres": server, "supervise": workers}
    return server, workers
