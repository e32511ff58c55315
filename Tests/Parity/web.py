#!/usr/bin/env python3
"""What a real Django makes of cookies, forms, paths and hosts, as vectors for the Swift tests.

Usage: web.py FILE; the tests find the file by the environment variable HTTP_VECTORS. Bytes are written as hexadecimal
digits, because JSON holds no bytes. The random part is seeded: each run writes the same vectors.
"""

import io
import json
import random
import sys
import time

import django
from django.conf import settings

settings.configure(ALLOWED_HOSTS=["example.com", ".example.org", "[::1]", "127.0.0.1"], SECRET_KEY="x" * 50)
django.setup()

from django.core.exceptions import BadRequest, DisallowedHost, SuspiciousOperation  # noqa: E402
from django.core.handlers.wsgi import WSGIRequest  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.http.multipartparser import MultiPartParserError  # noqa: E402
from django.utils.cache import patch_vary_headers  # noqa: E402
from django.utils.http import http_date, url_has_allowed_host_and_scheme  # noqa: E402

chance = random.Random(20260101)


def request(body=b"", **meta):
    environ = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": "/",
        "SERVER_NAME": "example.com",
        "SERVER_PORT": "80",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    # WSGI hands bytes over as Latin-1.
    environ.update({name: value.decode("latin-1") for name, value in meta.items()})
    return WSGIRequest(environ)


def noise(alphabet, longest):
    return b"".join(chance.choice(alphabet) for _ in range(chance.randrange(longest)))


def cookies():
    alphabet = [bytes([c]) for c in b'ab=;;" \t\\"\\,01237\x1c\n'] + [b"\xe9", b"\xc3\xa9", b"\xc2\xa0", b"\xe2\x80\x83", b"\xe2\x80"]
    rows = [
        b"sessionid=abc; csrftoken=def", b"a=1; a=2", b"novalue", b"=x", b"a=", b"a", b";;;", b"", b" a = b ; c=d",
        b'q="quoted"', rb'q="a\"b\\c"', rb'q="\101\351\400\08"', b'q="a\\\nb"', b'q="', b'q=""', b'q="a;b"', b"a=b=c",
        rb'sessionid="abcdefgh\000zz"', b"a=%41+%42", b"a=1,b=2", b"a=\xff", b"\xc2\xa0a=\xe3\x80\x80b\xc2\x85",
        b"sessionid=" + b"x" * 5000, b"; ".join(b"a%d=%d" % (i, i) for i in range(200)), b"a=1; a; =1",
    ]
    rows += [noise(alphabet, 30) for _ in range(2000)]
    return [{"header": row.hex(), "cookies": list(request(HTTP_COOKIE=row).COOKIES.items())} for row in rows]


def urlencoded():
    alphabet = [bytes([c]) for c in b"ab=&&=+%%4142cCfF"] + [b"%C3%A9", b"%E9", b"%00", b"\xc3\xa9", b"%F0%9F", b"%ED%A0%80", b"%"]
    rows = [
        b"", b"a=1&b=2", b"a=1&a=2", b"a", b"a&b", b"=", b"&&&", b"a=+%2B", b"a=%", b"a=%4", b"a=%zz", b"a=%E9", b"a=\xe9",
        b"\xe9=\xc3\xa9", b"a=%C3%A9", b"a=%ED%A0%80", b"a=%F0%90%80", b"a=b=c", b"a=1;b=2", b"a=%0D%0A%00",
        b"a=" + b"x" * 5000, b"&".join(b"f=%d" % i for i in range(1000)), b"&".join(b"f=%d" % i for i in range(1001)),
        b"&" * 999, b"&" * 1000, b"&".join(b"f%d=" % i for i in range(2000)),
    ]
    rows += [noise(alphabet, 24) for _ in range(2000)]
    return [{"body": row.hex(), "fields": fields(lambda r=row: request(QUERY_STRING=r).GET)} for row in rows]


def fields(read):
    """The names and their values, None where Django answers 400."""
    try:
        return [[name, values] for name, values in read().lists()]
    except (SuspiciousOperation, MultiPartParserError, BadRequest):
        return None


def multipart():
    def part(*headers, content=b"v"):
        return b"--B\r\n" + b"".join(h + b"\r\n" for h in headers) + b"\r\n" + content + b"\r\n"

    end = b"--B--\r\n"
    field = b'Content-Disposition: form-data; name="f"'
    file = b'Content-Disposition: form-data; name="u"; filename="x.txt"'
    form = b"multipart/form-data; boundary=B"
    rows = [
        (form, part(field) + end),
        (form, part(field) + part(field, content=b"w") + end),
        (form, part(field, content=b"") + end),
        (form, part(field, content=b"a\r\nb\r\n") + end),
        (form, part(field, content=b"a--b--B") + end),
        (form, part(field, content="é😀".encode()) + end),
        (form, part(field, content=b"\xff\xfe") + end),
        (form, part(field, content=b"\0\r\n\r\n\0") + end),
        (form, part(file) + part(field) + end),
        (form, part(file, b"Content-Type: text/plain", content=b"\0" * 3000) + part(field) + end),
        (form, part(b'Content-Disposition: form-data; name="u"; filename=""') + end),
        (form, part(b"content-disposition: form-data; NAME=f") + end),
        (form, part(b'Content-Disposition: form-data; name=" f "') + end),
        (form, part(b'Content-Disposition: form-data; name="a\\"b;c"') + end),
        (form, part(b"Content-Disposition: form-data; name*=utf-8''%C3%A9") + end),
        (form, part(b"Content-Disposition: form-data; name=\xc3\xa9") + end),
        (form, part(b"Content-Disposition: form-data; name=\xff") + end),
        (form, part(b"Content-Disposition: form-data") + end),
        (form, part(b"X-Other: y") + end),
        (form, part() + end),
        (form, part(b"X-Long: " + b"y" * 900, field) + end),
        (form, part(b"X-Long: " + b"y" * 1100, field) + end),
        (form, b"--B\r\n" + b"y" * 2000 + b"\r\n" + end),
        (form, b"preamble\r\n" + part(field) + end),
        (form, part(field) + end + b"epilogue"),
        (form, part(field).replace(b"\r\n--B", b"\n--B") + end),
        (form, b"".join([part(field)] * 1000) + end),
        (form, b"".join([part(field)] * 1001) + end),
        (form, b"".join([part(field)] * 2000) + end),
        (form, b"".join([part(file)] * 100) + end),
        (form, b"".join([part(file)] * 101) + end),
        (b'multipart/form-data; boundary="B"', part(field) + end),
        (b"multipart/form-data; Boundary=B", part(field) + end),
        (b"multipart/form-data; charset=utf-8; boundary=B", part(field) + end),
        (b"multipart/form-data", part(field) + end),
        (b"multipart/form-data; boundary=", part(field) + end),
        (b"multipart/form-data; boundary=" + b"B" * 202, part(field) + end),
        (b"multipart/form-data; boundary=\xc3\xa9", part(field) + end),
        (b'multipart/form-data; boundary="B "', part(field) + end),
        (b"multipart/mixed; boundary=B", part(field) + end),
        (b"text/plain", b"f=v"),
        (b"application/x-www-form-urlencoded", b"f=v"),
        (b"application/x-www-form-urlencoded; charset=utf-8", b"f=v"),
        (b"application/x-www-form-urlencoded; charset=latin-1", b"f=v"),
        (b"Application/X-WWW-Form-Urlencoded", b"f=v"),
    ]
    return [
        {"contentType": kind.hex(), "body": body.hex(), "fields": fields(lambda k=kind, b=body: request(b, CONTENT_TYPE=k).POST)}
        for kind, body in rows
    ]


def hosts():
    rows = [
        b"example.com", b"EXAMPLE.com:80", b"example.com.", b"example.com:", b"example.com:8x", b"example.com:80:80",
        b"a.example.com", b"example.org", b"a.b.example.org:1", b"badexample.org", b".example.org", b"[::1]", b"[::1]:80",
        b"[::1", b"::1", b"[zz]", b"127.0.0.1", b"127.0.0.1:65536", b"", b".", b"localhost", b"example.com\n",
        b"example.com/x", b"user@example.com", b"example.com,example.org", b"exam ple.com", b"ex\xc3\xa9mple.com",
        b"evil.com", b"example.com\0", b"[::1].example.com", b"x" * 5000,
    ]
    result = []
    for row in rows:
        try:
            host = request(HTTP_HOST=row).get_host()
        except DisallowedHost:
            host = None
        result.append({"header": row.hex(), "host": host})
    return result


def paths():
    rows = [
        b"/", b"/myapp/", b"/a b", b"/\xc3\xa9", b"/\xff", b"/a\xe2\x80b", b"/%41", b"/a\r\nb", b"/a?b#c;d=e", b"//evil.com/x",
        b"/a\x00b", b"/~!*'()", b"/\xed\xa0\x80", b"/\xf0\x9f\x98\x80\xf0\x9f",
    ]
    rows += [b"/" + noise([bytes([c]) for c in range(256)], 12) for _ in range(500)]
    # Only ASCII: other bytes of a query string Django encodes twice, because WSGI hands it over as Latin-1.
    queries = [b"", b"a=b", b"a=%41%zz", b"\r\nSet-Cookie:x", b'"<>`{}|^']
    result = []
    for row in rows:
        query = chance.choice(queries)
        r = request(PATH_INFO=row, QUERY_STRING=query)
        result.append({
            "bytes": row.hex(), "query": query.hex(), "path": r.path,
            "full": r.get_full_path(), "slash": r.get_full_path(force_append_slash=True),
        })
    return result


def set_cookies():
    alphabet = ['a', 'Z', '9', '!', ':', ' ', '"', '\\', ';', ',', '\r', '\n', '\0', 'é', '€', '😀', '=', '(', '\x7f', '\x80']
    values = ["", "x", "a b", 'a"b', "a;b", "é", "€", "a=b"] + [
        "".join(chance.choice(alphabet) for _ in range(chance.randrange(12))) for _ in range(500)
    ]
    result = []
    for value in values:
        o = {
            "max_age": chance.choice([None, 0, 300, -10]),
            "expires": None,
            "path": chance.choice(["/", "/x", ""]),
            "domain": chance.choice([None, "example.com", ".ex.com"]),
            "secure": chance.choice([False, True]),
            "httponly": chance.choice([False, True]),
            "samesite": chance.choice([None, "Lax", "Strict", "None"]),
        }
        seconds = chance.choice([None, chance.randrange(-10**9, 4 * 10**9)]) if o["max_age"] is None else chance.randrange(10**10)
        response = HttpResponse()
        response.set_cookie("name", value, **{**o, "expires": None if seconds is None else http_date(seconds)})
        result.append({"value": value, **o, "expires": seconds, "text": response.cookies["name"].OutputString()})
    return result


def delete_cookies():
    result = []
    for name in ["sessionid", "__Secure-id", "__Host-id"]:
        for domain in [None, ".ex.com"]:
            for samesite in [None, "Lax", "None"]:
                response = HttpResponse()
                response.delete_cookie(name, domain=domain, samesite=samesite)
                text = response.cookies[name].OutputString()
                result.append({"name": name, "domain": domain, "samesite": samesite, "text": text})
    return result


def varies():
    result = []
    for present in [None, "Cookie", "cookie", "Accept", "Accept,Cookie", "Accept ,  Accept-Language", "*", "Accept, *", "COOKIE, X"]:
        response = HttpResponse()
        if present is not None:
            response["Vary"] = present
        patch_vary_headers(response, ("Cookie",))
        result.append({"present": present, "patched": response["Vary"]})
    return result


def redirects():
    """Addresses that a visitor asks to be sent to, and whether Django would."""
    parts = [
        "/", "//", "///", "\\", "\\\\", ":", "http:", "https:", "HTTP:", "ftp:", "javascript:", "testserver", "example.com",
        "testserver:8000", "@", "me", ":pass", "?", "#", ".", "[", "]", "[::1]", " ", "\t", "\n", "\r", "\x00", "\x08", "\x1f", "\x7f",
        "\x85", "\xa0", "\xad", "\u200b", "\u2028", "\u202e", "\ufeff", "\ue000", "é", "／", "。", "%2f", "%5c", "%00", "myapp", "x" * 700,
    ]
    rows = ["".join(chance.choice(parts) for _ in range(chance.randrange(9))) for _ in range(8000)]
    rows += ["/" + "x" * 2047, "/" + "x" * 2048, "/" + "é" * 2047, "/" + "é" * 2048]
    hosts = {"testserver", "testserver:8000", "me:pass@testserver", "[::1]"}
    return [
        {"url": row, "secure": secure, "allowed": url_has_allowed_host_and_scheme(row, hosts, require_https=secure)}
        for row in rows
        for secure in [False, True]
    ]


def dates():
    seconds = [chance.randrange(-62135596800, 253402300800) for _ in range(3000)] + [int(time.mktime((2024, 2, 29, 0, 0, 0, 0, 0, 0)))]
    return [{"seconds": s, "text": http_date(s)} for s in seconds]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: web.py FILE")
    vectors = {
        "django": django.get_version(), "cookies": cookies(), "urlencoded": urlencoded(), "multipart": multipart(),
        "hosts": hosts(), "paths": paths(), "setCookies": set_cookies(), "deleteCookies": delete_cookies(),
        "varies": varies(), "redirects": redirects(), "dates": dates(),
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(vectors, file)
    print({name: len(rows) for name, rows in vectors.items() if name != "django"})
