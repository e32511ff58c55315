"""What stands in the logs, after all the others have written to them."""

import re
import time
from pathlib import Path

import fcgi
from website import FORM, KEY, LOGIN, SECRET_KEY

PASSWORD = "a-password-of-mine-6f1d"


def logs(stack):
    return {path.name: path.read_bytes() for path in (stack.directory / "log").iterdir() if path.stat().st_size}


def test_logs_hold_no_secret(site, stack):
    """No session key, no password, no SECRET_KEY; also not where a session fails, and not in the list of processes."""
    browser = site.browser()
    site.login(browser)
    old = browser.session_key
    site.post_login(browser, "alice", password=PASSWORD)
    key = browser.session_key or old
    stack.sql("UPDATE django_session SET session_data = 'forged' WHERE session_key = %s", [key])
    browser.get(FORM)
    site.request("POST", LOGIN, [("Cookie", f"sessionid={old}")], f"password={PASSWORD}".encode())
    stack.sql("UPDATE django_session SET session_data = 'forged:x:y' WHERE session_key = %s", [key])
    browser.get(FORM)
    time.sleep(5.5)  # nginx writes its access log every 5 s
    alive = {found for (found,) in stack.sql("SELECT session_key FROM django_session")} | {key, old}
    found = logs(stack)
    assert "access.log" in found and "worker.log" in found
    for name, content in found.items():
        text = content.decode(errors="replace")
        assert PASSWORD not in text and SECRET_KEY not in text, name
        assert not [one for one in alive if one in text], name
        # The workers' own log holds nothing that looks like a key but the numbers of requests; nginx's has paths that an
        # attacker chose.
        text = re.sub('"request_id":"[0-9a-f]{32}"', "", text)
        assert name not in ("worker.log", "apart.log") or not KEY.search(text), KEY.search(text)
    for worker in stack.workers:
        line = Path(f"/proc/{worker.pid}/cmdline").read_bytes() + Path(f"/proc/{worker.pid}/comm").read_bytes()
        assert SECRET_KEY.encode() not in line and b"postgresql:" not in line


def test_logs_hold_no_control_characters(site, stack):
    """A path, a host, an origin, a name with line breaks or escapes makes no line of its own and no colour."""
    attack = "%0d%0aFORGED%1b[31m%00%c2%9b%e2%80%ae"
    for path in (f"/myapp/{attack}", f"/{attack}/", f"{FORM}?next={attack}", f"{LOGIN}?{attack}"):
        site.request("GET", path, [("Referer", f"http://x/{attack}"), ("User-Agent", "x\tFORGED\x1b[31m")])
        site.request("POST", path, [("Origin", f"http://x{attack}")], b"a=b")
    site.post_login(site.browser(), "x\r\nFORGED \x1b[31m", next="\r\nFORGED")
    raw = b"x\r\nFORGED\n\x1b[31mFORGED\x9b\xc2\x9b"
    names = ["DOCUMENT_URI", "REQUEST_URI", "REQUEST_METHOD", "HTTP_HOST", "HTTP_ORIGIN", "HTTP_REFERER", "HTTP_COOKIE",
             "CONTENT_TYPE", "HTTP_X_CSRFTOKEN", "QUERY_STRING", "REMOTE_ADDR", "HTTP_USER_AGENT"]
    for name in names:
        for method in ("GET", "POST"):
            values = fcgi.encode(fcgi.parameters(method, LOGIN) | {name: raw})
            with site.stack.fastcgi(timeout=2) as connection:
                connection.send(fcgi.begin() + fcgi.stream(fcgi.PARAMS, values) + fcgi.stream(fcgi.STDIN, b""))
                connection.receive()
    for name, content in logs(site.stack).items():
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae", content), name
        assert not re.search(rb"^\W*FORGED", content, re.MULTILINE), name
        assert name not in ("worker.log", "apart.log") or b"\t" not in content
