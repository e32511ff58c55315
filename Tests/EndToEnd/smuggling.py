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


def answered_past_its_length(stack, declared):
    """All that a worker sends to a body that is longer than its parameters say, with a connection that stays open."""
    body = forged(stack, 30_000)
    with stack.fastcgi() as connection:
        values = fcgi.parameters("POST", "/nothing", body, CONTENT_LENGTH=str(declared))
        connection.send(fcgi.begin() + fcgi.stream(fcgi.PARAMS, fcgi.encode(values)) + fcgi.stream(fcgi.STDIN, body))
        first = connection.receive()
        connection.socket.settimeout(1)
        return first.output + connection.receive_until_quiet()
