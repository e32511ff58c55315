"""Bodies that hold whole FastCGI requests: logins that need nobody's form."""

import fcgi

# A record of an unknown request, empty: libfcgi skips it, so that the forged requests are found at any such boundary.
SLED = fcgi.record(fcgi.STDIN, request_id=0x0909)


def forged(stack, size):
    """A body of this size: a sled, and at its end logins that need nobody's form."""
    browser = stack.browser()
    token = browser.token()
    fields = f"csrfmiddlewaretoken={token}&username=forged&password=x".encode()
    cookie = f"csrftoken={browser.cookies['csrftoken']}"
    login = fcgi.compose("POST", "/myapp/login/", fields, HTTP_COOKIE=cookie)
    login += bytes(-len(login) % 8)
    logins = login * 8
    return SLED * ((size - len(logins)) // 8) + logins
