"""Where a login leads: to a page of this host, whatever `next` says."""

import re
from urllib.parse import quote, urljoin, urlsplit

import pytest
from website import FORM, LOGIN, LOGOUT, whole

EVIL = [
    "http://evil.example", "https://evil.example/", "//evil.example", "///evil.example", "////evil.example",
    "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "http:evil.example",
    "http:/evil.example", "http:///evil.example", "http:\\\\evil.example", "https:evil.example", "HtTp://evil.example",
    " http://evil.example", "\thttp://evil.example", "\x00http://evil.example", "\x08//evil.example",
    "\x1f//evil.example", "\x7f//evil.example", "\u00a0//evil.example", "/\t/evil.example", "/\n/evil.example",
    "/\r/evil.example", "h\nttp://evil.example", "ht\ttp://evil.example", "\u2028//evil.example",
    "//evil.example@{own}", "http://{own}@evil.example", "http://{own}:80@evil.example", "http://evil.example#{own}",
    "http://evil.example?{own}", "http://evil.example\\{own}", "http://evil.example/\\@{own}",
    "http://{own}.evil.example", "http://{own}\\.evil.example", "http://{own}\\@evil.example",
    "http://evil.example:80#@{own}/", "http://evil.example\\@{own}/", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)", " javascript:alert(1)", "javascript://{own}/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>", "vbscript:x", "file:///etc/passwd", "ftp://evil.example",
    "ftp://{own}/", "blob:http://{own}/", "view-source:http://evil.example", "tel:1", "mailto:a@evil.example",
    "about:blank", "x:", "://evil.example", "//evil%E3%80%82example", "//\u3002evil.example",
    "http://\u0435vil.example", "//evil.example%2f@{own}", "http://[::1]evil", "http://[evil.example]", "http://[",
    "//[::ffff:1.2.3.4]", "//1.2.3.4", "//2130706433", "http://0x7f.1/", "//evil.example:{port}",
    "http://127.0.0.1:1/", "http://127.0.0.1/", "https://{own}evil", "http://localhost:{port}/", "//127.0.0.1",
    ";//evil.example", "/../..//evil.example/", "/%2f/evil.example", "/%5cevil.example", "/.//evil.example",
    "/./\\evil.example", "?//evil.example", "http://evil.example/" + "a" * 3000, "/" + "a" * 5000,
    "//" + "a" * 300 + ".example", "http://evil.example\u0000.{own}", "\u202ehttp://evil.example",
    "/\u2215evil.example", "http\u003a//evil.example", "http\uff1a//evil.example", "\uff0f\uff0fevil.example",
]


def lands(location, base):
    """Where a browser goes (WHATWG URL): control characters around and line breaks within are dropped, \\ is /."""
    text = re.sub(r"[\t\n\r]", "", location.strip("".join(map(chr, range(33)))))
    head, mark, rest = text.partition("?")
    if not re.match(r"(?!https?:)[a-z][a-z0-9+.-]*:", head, re.IGNORECASE):
        text = head.replace("\\", "/") + mark + rest
    # http:evil and http:/evil are http://evil where the base has another scheme, and relative where it has the same.
    text = re.sub(r"^(https?):/{3,}", r"\1://", text, flags=re.IGNORECASE)
    text = re.sub(r"^/{2,}", "//", text)
    return urlsplit(urljoin(base, text))


def stays(page, site):
    """Whether following the page's Location, if it has one, stays on this host and scheme."""
    location = page.header("Location")
    if not location:
        return True
    assert len(page.every("Location")) == 1
    own = f"127.0.0.1:{site.stack.port}"
    found = lands(location, f"http://{own}{LOGIN}")
    return found.scheme == "http" and found.netloc == own


@pytest.mark.parametrize("text", EVIL, ids=lambda text: ascii(text)[:40])
def test_open_redirect_next(site, text):
    own = f"127.0.0.1:{site.stack.port}"
    text = text.format(own=own, port=site.stack.port) if "{" in text else text
    quoted = quote(text)
    pages = [site.post_login(site.browser(), "alice", next=text)]
    assert site.let_in(pages[0]), pages[0].status
    browser = site.browser()
    fields = {"csrfmiddlewaretoken": browser.token()} | site.fields("alice")
    pages.append(browser.post(f"{LOGIN}?next={quoted}", fields))
    pages.append(browser.get(f"{LOGIN}?next={quoted}"))
    pages.append(browser.get(f"{FORM}?next={quoted}"))
    pages.append(browser.post(f"{LOGOUT}?next={quoted}", {"csrfmiddlewaretoken": browser.token(), "next": text}))
    pages.append(site.browser().get(f"{LOGIN}?next={quoted}"))
    for page in pages:
        assert page.status < 500 and stays(page, site), (page.status, page.header("Location"))
        assert "evil.example" not in page.header("Refresh") and "http-equiv" not in page.text
        # No link or form of a page leads elsewhere either; a hidden field may repeat the text.
        for found in re.findall(r"""(?:href|action|src|formaction)="([^"]*)""", page.text):
            assert lands(found, f"http://{own}{LOGIN}").netloc == own, found
    assert "\r" not in whole(pages[0]).partition("\n\n")[0]


GOOD = [FORM, f"{FORM}?a=b&c=%20d", "http://{own}/myapp/connection/", "//{own}/myapp/connection/", "/x#y",
        "/a?b=http://evil.example", "/\u00fc/", "/a%2fb"]


@pytest.mark.parametrize("text", GOOD)
def test_next_leads_to_own_pages(accounts, text):
    """The check is no wall for everybody: pages of this host are where the login leads."""
    own = f"127.0.0.1:{accounts.stack.port}"
    text = text.format(own=own)
    page = accounts.post_login(accounts.browser(), "alice", next=text)
    assert page.status == 302 and stays(page, accounts)
    wanted = lands(quote(text, safe="/:?&=%#"), f"http://{own}{LOGIN}")
    assert lands(page.header("Location"), f"http://{own}{LOGIN}") == wanted
