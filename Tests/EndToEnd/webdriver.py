"""Chromium by the W3C WebDriver protocol, as far as these tests need it."""

import base64
import json
import shutil
import subprocess
import urllib.error
import urllib.request

from stack import accepts, end, free_port, wait_until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]


class Element:
    def __init__(self, chromium, identity):
        self.chromium, self.path = chromium, f"/element/{identity}"

    def click(self):
        self.chromium.command("POST", f"{self.path}/click")

    def type(self, text):
        self.chromium.command("POST", f"{self.path}/value", text=text)

    @property
    def text(self):
        return self.chromium.command("GET", f"{self.path}/text")


class Chromium:
    """A browser window of its own, without JavaScript or cookies where the page must do without. Used as a context."""

    def __init__(self, directory, size=(900, 640), javascript=True, cookies=True):
        self.port = free_port()
        command = [shutil.which("chromedriver"), f"--port={self.port}"]
        self.driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{self.port}/session"
        arguments = [*ARGUMENTS, f"--user-data-dir={directory}", f"--window-size={size[0]},{size[1]}"]
        options = {"binary": shutil.which("chromium"), "args": arguments}
        blocked = [name for name, allowed in {"javascript": javascript, "cookies": cookies}.items() if not allowed]
        options["prefs"] = {f"profile.managed_default_content_settings.{name}": 2 for name in blocked}
        try:
            wait_until(lambda: accepts(("127.0.0.1", self.port)), what="chromedriver")
            capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}
            self.base += "/" + self.command("POST", "", capabilities=capabilities)["sessionId"]
        except BaseException:
            end(self.driver)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.command("DELETE", "")
        finally:
            end(self.driver)

    def command(self, method, path, **values):
        body = json.dumps(values).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, body, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["value"]

    def open(self, url):
        self.command("POST", "/url", url=url)

    @property
    def url(self):
        return self.command("GET", "/url")

    def find(self, selector):
        return Element(self, self.command("POST", "/element", using="css selector", value=selector)[ELEMENT])

    @property
    def text(self):
        return self.find("body").text

    def wait_for(self, text, without=None):
        """Waits until the page holds a text, and not another; a page on its way out has no body to ask for one."""

        def shown():
            try:
                found = self.text
            except urllib.error.HTTPError:
                return False
            return text in found and (without is None or without not in found)

        wait_until(shown, what=f"a page with '{text}'" + (f" and without '{without}'" if without else ""))

    def resize(self, width, height):
        self.command("POST", "/window/rect", width=width, height=height)

    def evaluate(self, expression):
        return self.command("POST", "/execute/sync", script=f"return {expression}", args=[])

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.command("GET", "/screenshot")))
