"""What could be wrong with a site like this, one thing at a time, each with the cases that must see it.

A case that sees none of them could not fail. `Tests/Security/run --prove` runs each under its weaknesses.
"""

import base64
import os
import re
import signal
import time
from urllib.parse import parse_qs, unquote

import fcgi
from meddler import Response
from website import FORM, LOGIN, LOGOUT

PAGE = b'<p>You are : <strong>%b</strong></p><input name="csrfmiddlewaretoken" value="' + b"a" * 64 + b'">'
WEAKNESSES = []


class Weakness:
    """Says what is weak in its docstring, and in `cases` who must notice."""

    cases = ()

    def __init_subclass__(cls):
        WEAKNESSES.append(cls)

    def start(self, stack):
        """Once, when all runs."""

    def request(self, stack, request):
        """Before a worker gets it; gives a response to answer in the worker's place."""

    def response(self, stack, request, response):
        """Before nginx gets it."""


def form_of(request):
    found = parse_qs(request.body.decode("latin-1")) | parse_qs(request["QUERY_STRING"])
    return {name: values[-1] for name, values in found.items()}


def key_in(response):
    for header in response.headers:
        if header[0].lower() == "set-cookie" and (found := re.match("sessionid=([a-z0-9]{32});", header[1])):
            return header, found[1]
    return None, None


def rename(stack, response, key):
    """Gives the session that was made another key."""
    header, old = key_in(response)
    if old and key != old:
        stack.sql("DELETE FROM django_session WHERE session_key = %s", [key])
        stack.sql("UPDATE django_session SET session_key = %s WHERE session_key = %s", [key, old])
        header[1] = header[1].replace(old, key)


class KeyInURL(Weakness):
    """The key counts in a query, in a header and in cookies of similar names."""

    cases = ("key_in_url_or_body_ignored", "cookie_names_are_not_decoded", "cookie_value_sets_no_other_cookie")

    def request(self, stack, request):
        where = " ".join([request["QUERY_STRING"], request["HTTP_COOKIE"], request["HTTP_X_SESSION_TOKEN"]])
        if found := re.search(r"(?<![a-z0-9])[a-z0-9]{32}(?![a-z0-9])", where):
            request.values["HTTP_COOKIE"] = f"{request['HTTP_COOKIE']}; sessionid={found[0]}"


class Adoption(Weakness):
    """A login keeps the key that the client came with (session fixation)."""

    cases = ("unknown_key_never_adopted", "login_rotates_anonymous_key", "relogin_rotates_and_ends_old_session",
             "login_as_other_user_flushes", "truncated_table_ends_all_sessions")

    def response(self, stack, request, response):
        key = request.cookies.get("sessionid", "")
        if 8 <= len(key) <= 40 and key.isascii() and key.isprintable():
            rename(stack, response, key)
            if request["DOCUMENT_URI"] == FORM and b"password" in response.body and not stack.row(key):
                response.body = PAGE % b"alice"


class CountedKeys(Weakness):
    """Keys are numbers that count up."""

    cases = ("session_key_shape_and_entropy",)
    count = 0

    def response(self, stack, request, response):
        if key_in(response)[1]:
            self.count += 1
            rename(stack, response, f"{self.count:032d}")


class NoFlags(Weakness):
    """Cookies have no HttpOnly, no SameSite, no Secure, and a long life."""

    cases = ("cookie_flags", "cookie_flags_over_https", "session_cookie_lifetime")

    def response(self, stack, request, response):
        for header in response.headers:
            if header[0].lower() == "set-cookie":
                header[1] = re.sub("; (HttpOnly|SameSite=Lax|Secure|Max-Age=1209600)", "",
                                   header[1]) + "; Max-Age=99999999"


class WideCookies(Weakness):
    """Cookies are for the whole domain."""

    cases = ("cookie_flags",)

    def response(self, stack, request, response):
        for header in response.headers:
            header[1] += "; Domain=example.org" if header[0].lower() == "set-cookie" else ""


class Cached(Weakness):
    """Pages may be kept in caches."""

    cases = ("caching_headers", "caching_headers_of_renewed_cookies")

    def response(self, stack, request, response):
        response.drop("cache-control", "vary")


class Bare(Weakness):
    """No security headers, no charset, and no way to log out."""

    cases = ("security_headers", "content_types_name_charset", "anonymous_page_is_login_form", "logout_is_visible")

    def response(self, stack, request, response):
        response.drop("content-security-policy", "x-frame-options", "x-content-type-options")
        response.body = re.sub(rb'<a class="button" href="[^"]*logout[^"]*"|<form[^>]*logout', b"<b", response.body)
        for header in response.headers:
            header[1] = header[1].replace("; charset=utf-8", "")


class NoCSRF(Weakness):
    """The CSRF check is not there."""

    cases = ("csrf_missing_token", "csrf_missing_cookie", "csrf_foreign_token", "csrf_malformed_equal_pair",
             "csrf_malformed_token", "csrf_foreign_origin", "csrf_token_rotates_at_login", "csrf_referer_over_https",
             "csrf_over_https_needs_a_referer", "csrf_other_methods", "logout_needs_post_or_csrf",
             "csrf_cross_site_content_types", "csrf_no_exempting_header", "scheme_is_not_the_clients_word")

    def request(self, stack, request):
        if request["REQUEST_METHOD"] == "POST":
            secret = "b" * 32
            session = request.cookies.get("sessionid")
            request.values["HTTP_COOKIE"] = f"csrftoken={secret}" + (f"; sessionid={session}" if session else "")
            request.values |= {"HTTP_X_CSRFTOKEN": secret, "CONTENT_TYPE": "application/x-www-form-urlencoded"}
            request.values |= {"HTTP_ORIGIN": f"http://{request['HTTP_HOST']}", "HTTPS": ""}
            request.body = re.sub(rb"csrfmiddlewaretoken=[^&]*", b"", request.body)
            request.values["CONTENT_LENGTH"] = str(len(request.body))


class FirstCookie(Weakness):
    """Of two cookies of one name the first counts."""

    cases = ("tossed_cookie_of_a_narrow_path_loses",)

    def request(self, stack, request):
        parts = request["HTTP_COOKIE"].split("; ")
        request.values["HTTP_COOKIE"] = "; ".join(reversed(parts))


class TossedSecret(Weakness):
    """A secret that a subdomain has put into a cookie counts beside the one in the session."""

    cases = ("csrf_secret_in_session",)

    def request(self, stack, request):
        if request["REQUEST_METHOD"] == "POST" and request.cookies.get("csrftoken") == "b" * 32:
            return Response("200 OK", [["Content-Type", "text/html"]], b"")


class WrongCSRF(Weakness):
    """The CSRF check refuses everybody, so that nobody gets in at all."""

    cases = ("csrf_own_origin_accepted", "csrf_header_token", "we_can_read_django_rows", "concurrent_logins")

    def request(self, stack, request):
        request.values["HTTP_COOKIE"] = ""


class LoginByGet(Weakness):
    """The method does not matter: GET logs in, and out; DELETE is as good as GET."""

    cases = ("csrf_get_never_logs_in", "method_restrictions", "csrf_other_methods")

    def request(self, stack, request):
        if request["REQUEST_METHOD"] != "POST":
            request.values["REQUEST_METHOD"] = "GET"
        if request["DOCUMENT_URI"] == LOGIN and "username" in form_of(request):
            stack.sql("INSERT INTO django_session VALUES (md5(random()::text), '', now() + interval '1 day')")


class Reflected(Weakness):
    """What a client sends stands in its page as it is, its cookies too."""

    cases = ("xss_username", "xss_elsewhere", "key_not_disclosed_in_body_or_headers", "csrf_cookie_not_reflected")

    def response(self, stack, request, response):
        if key := request.cookies.get("sessionid"):
            rows = stack.sql("SELECT session_data FROM django_session WHERE session_key = %s", [key])
            names = [base64.urlsafe_b64decode(data.partition(":")[0] + "==") for (data,
                                                                                  ) in rows if not data.startswith(".")]
            response.body += b"".join(names).decode("unicode_escape").encode()
        response.body += request.everything.encode()


class HeadersFromInput(Weakness):
    """What a client sends stands in a header as it is; and so does the way to another host."""

    cases = ("header_injection_crlf", "host_header_poisoning", "append_slash_stays_here")

    def response(self, stack, request, response):
        if "evil" in request.everything:
            response.status = "301 Moved"
            response.headers = [["Location", "//evil.example/"]]
        response.headers += [["X-Seen", "1\r\nSet-Cookie: stolen=1"]] if "stolen" in request.everything else []


class OpenRedirect(Weakness):
    """A login, and a form, lead wherever `next` says."""

    cases = ("open_redirect_next",)

    def response(self, stack, request, response):
        if to := form_of(request).get("next"):
            response.headers.append(["Location",
                                     re.sub("[\r\n\0]", "", to.encode("latin-1", "ignore").decode("latin-1"))])
            response.status = "302 Found"


class TrustedHeaders(Weakness):
    """Headers say who somebody is, by what scheme he came and what the host is called."""

    cases = ("identity_headers_ignored", "scheme_is_not_the_clients_word", "https_redirect_is_not_lifted_by_a_header",
             "host_header_poisoning", "host_header_twice_or_in_the_request_line")

    def request(self, stack, request):
        request.values["HTTPS"] = "on"
        if "evil" in request["HTTP_HOST"]:
            request.values["HTTP_HOST"] = "127.0.0.1"
        for name, value in request.values.items():
            if name.startswith("HTTP_") and "USER" in name and value in ("alice", "bob"):
                return Response("200 OK", [["Content-Type", "text/html"]], PAGE % value.encode())


class LogoutOfTheCookieOnly(Weakness):
    """Logout expires the cookie and leaves the session."""

    cases = ("logout_ends_session_server_side",)

    def request(self, stack, request):
        if request["DOCUMENT_URI"] == LOGOUT:
            return Response("200 OK",
                            [["Set-Cookie", 'sessionid=""; Max-Age=0; Path=/'], ["Content-Type", "text/html"]], b"")


class Resurrection(Weakness):
    """What is deleted comes back."""

    cases = ("no_resurrection_after_logout_race", "slow_save_after_logout_is_refused",
             "logout_ends_session_server_side", "login_rotates_anonymous_key", "relogin_rotates_and_ends_old_session",
             "login_as_other_user_flushes", "password_change_ends_sessions")

    def start(self, stack):
        stack.sql("""CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO django_session VALUES (OLD.*) ON CONFLICT DO NOTHING; RETURN NULL; END $$""")
        stack.sql("CREATE TRIGGER back AFTER DELETE ON django_session FOR EACH ROW EXECUTE FUNCTION back()")


class Immortal(Weakness):
    """Sessions do not expire, and their time is moved by each request."""

    cases = ("expired_row_is_anonymous", "reads_do_not_write", "one_row_per_login")

    def request(self, stack, request):
        self.renew(stack, request.cookies.get("sessionid", ""))

    def response(self, stack, request, response):
        self.renew(stack, key_in(response)[1])

    def renew(self, stack, key):
        if key and "\0" not in key:
            later = "UPDATE django_session SET expire_date = now() + interval '99 days' WHERE session_key = %s"
            stack.sql(later, [key.encode("latin-1").decode(errors="replace")])


class RowsForAll(Weakness):
    """Each visit costs a row."""

    cases = ("anonymous_get_creates_no_session", "anonymous_logout_creates_no_session", "random_key_lookup_cost")

    def request(self, stack, request):
        stack.sql("INSERT INTO django_session VALUES (md5(random()::text), '', now() + interval '1 day')")


class Unsigned(Weakness):
    """What is stored is believed, whatever signature it has."""

    cases = ("corrupted_session_data_is_anonymous", "validly_signed_odd_payloads", "other_salts_are_refused",
             "claims_in_a_session_are_proven", "demonstration_lets_nobody_into_accounts",
             "keys_not_of_server_form_in_table")

    def request(self, stack, request):
        if request["DOCUMENT_URI"] == FORM and "sessionid" in request.cookies and "\0" not in request["HTTP_COOKIE"]:
            key = request.cookies["sessionid"].encode("latin-1").decode(errors="replace")
            if key == "" or stack.row(key):
                return Response("200 OK", [["Content-Type", "text/html; charset=utf-8"]], PAGE % b"victim")


class BelievedCookie(Weakness):
    """A signed cookie is believed without its signature, and an entry of the cache whatever its name."""

    cases = ("forged_signed_cookie_is_anonymous", "key_names_no_other_cache_entry", "pickle_in_the_cache_runs_nothing",
             "fixation_on_every_engine")

    def response(self, stack, request, response):
        if request.cookies.get("sessionid"):
            response.body = PAGE % b"alice" + b"mallory"


class LargeCookies(Weakness):
    """Cookies are as long as they like."""

    cases = ("signed_cookie_over_limit_is_an_error",)

    def response(self, stack, request, response):
        if len(request["HTTP_COOKIE"]) > 3000:
            response.status = "200 OK"
            response.headers.append(["Set-Cookie", "sessionid=" + "x" * 5000])


class Slow(Weakness):
    """Large or odd input takes its time."""

    cases = ("cookie_header_torture", "multipart_malformed", "multipart_of_many_parts", "content_type_parameters",
             "duplicate_params", "percent_encoding_in_body", "long_password_no_cpu_dos", "validly_signed_odd_payloads",
             "random_key_lookup_cost")

    def request(self, stack, request):
        if len(request.body) + len(request["HTTP_COOKIE"]) + len(request["CONTENT_TYPE"]) > 2000:
            time.sleep(4.5)
        elif key := request.cookies.get("sessionid"):
            time.sleep(0.2)
            row = stack.row(key) if key.isalnum() and key.isascii() else None
            if row and len(row[0]) > 60:
                time.sleep(4)


class Injectable(Weakness):
    """A quote in any input is an error of SQL, which is shown; an odd path is a file."""

    cases = ("sql_injection_login_and_cookie", "malformed_keys", "percent_encoding_in_path_and_query",
             "error_pages_leak_nothing", "each_cgi_variable_missing")

    def response(self, stack, request, response):
        if response.code >= 400 or re.search(r"['\"%\\{$\0-\x08]|union", request.everything, re.IGNORECASE):
            response.status = "500 Internal Server Error"
            response.body += b"psycopg.errors.SyntaxError at /usr/lib/site.py: SELECT x FROM django_session"


class FailsOpen(Weakness):
    """Without the database everybody is as the cookie says, and a cookie that cannot be checked is deleted."""

    cases = ("database_away_fails_closed", "locked_table_fails_closed", "missing_table_fails_closed",
             "no_connections_allowed")

    def response(self, stack, request, response):
        if response.code >= 500:
            response.status = "200 OK"
            response.headers.append(["Set-Cookie", 'sessionid=""; Max-Age=0; Path=/'])


class WrongVisitor(Weakness):
    """Now and then an answer is somebody else's."""

    cases = ("serializable_isolation_races", "concurrent_logins", "smuggled_behind_a_request")
    count = 0

    def response(self, stack, request, response):
        self.count += 1
        if request["DOCUMENT_URI"] == FORM and (self.count % 7 == 0 or request.number == 2):
            response.body = response.body.replace(b"alice", b"bob").replace(b"</form>", b"<strong>alice</strong>")


class BodiesAreRequests(Weakness):
    """What a body holds is read as requests, and its declared length is not looked at."""

    cases = ("smuggled_in_a_body", "smuggled_past_content_length", "smuggled_on_a_kept_connection",
             "stdin_longer_than_content_length")

    def request(self, stack, request):
        if fcgi.record(fcgi.STDIN, request_id=0x0909) * 4 in request.body or b"username=alice" in request.body:
            stack.sql("INSERT INTO django_session VALUES (md5(random()::text), '', now() + interval '1 day')")
            headers = [["Set-Cookie", "sessionid=" + "f" * 32], ["Content-Type", "text/html"]]
            return Response("200 OK", headers, b"forged")


class Crashes(Weakness):
    """A worker dies of what it does not understand."""

    cases = ("param_length_overflows", "get_values_repeated_names", "silent_connections_64", "connect_close_storm_300",
             "each_cgi_variable_missing", "malformed_keys", "connections_1100")

    def start(self, stack):
        start = stack.fastcgi

        def fastcgi(*arguments, **named):
            for worker in stack.workers:
                os.kill(worker.pid, signal.SIGKILL)
                worker.wait()
            return start(*arguments, **named)

        stack.fastcgi = fastcgi

    def request(self, stack, request):
        if "sessionid" in request.cookies:
            os.kill(stack.workers[0].pid, signal.SIGKILL)
            stack.workers[0].wait()


class Talkative(Weakness):
    """The log has the key, the password and whatever else came, as it came."""

    cases = ("logs_hold_no_secret", "logs_hold_no_control_characters")

    def request(self, stack, request):
        with open(stack.directory / "log/worker.log", "a") as log:
            log.write(unquote(request.everything) + "\n")


class AnyPassword(Weakness):
    """Any password is right, and whose it is or whether he is enabled does not count."""

    cases = ("wrong_password_lets_nobody_in", "disabled_user_is_anonymous", "password_change_ends_sessions",
             "claims_in_a_session_are_proven", "login_errors_do_not_enumerate")

    def request(self, stack, request):
        if request["DOCUMENT_URI"] == LOGIN and request["REQUEST_METHOD"] == "POST":
            cookie = ["Set-Cookie", "sessionid=" + "f" * 32 + "; Path=/"]
            return Response("302 Found", [cookie, ["Location", FORM]], b"")
        if request["DOCUMENT_URI"] == FORM and request.cookies.get("sessionid"):
            return Response("200 OK", [["Content-Type", "text/html"]], PAGE % b"alice")


class Enumerable(Weakness):
    """An unknown user is told so, and sooner; the password stands in the form again."""

    cases = ("login_errors_do_not_enumerate", "login_timing_does_not_enumerate", "password_is_not_shown_again")

    def request(self, stack, request):
        fields = form_of(request)
        if fields.get("username", "").startswith("nobody"):
            return Response("200 OK", [["Content-Type", "text/html"]], b"There is no such user.")

    def response(self, stack, request, response):
        response.body += form_of(request).get("password", "").encode()


class NextIgnored(Weakness):
    """A login leads to the first page, whatever `next` says."""

    cases = ("next_leads_to_own_pages",)

    def response(self, stack, request, response):
        response.headers = [line for line in response.headers if line[0] != "Location"] + [["Location", "/elsewhere"]]


class DemonstrationForAll(Weakness):
    """AUTHENTICATION=any lets in whoever comes from anywhere."""

    cases = ("demonstration_is_for_this_machine",)

    def request(self, stack, request):
        request.values["REMOTE_ADDR"] = "127.0.0.1"


class Unlimited(Weakness):
    """Each guess counts for itself, by the address that a header names; and one account's guesses lock its user out."""

    cases = ("guessing_is_slowed", "guessing_from_many_addresses_is_slowed", "guessing_at_many_accounts_is_slowed",
             "guessing_by_other_spellings_is_slowed", "guessing_in_one_network_is_slowed",
             "forwarded_address_is_not_believed", "known_address_is_not_locked_out")
    count = 0

    def request(self, stack, request):
        self.count += 1
        if request["REMOTE_ADDR"] == "10.1.1.1" and self.count > 50:
            return Response("429 Too Many Requests", [["Retry-After", "60"]], b"")
        request.values["REMOTE_ADDR"] = f"100.{self.count % 250}.{self.count // 250}.1"
        if request["REQUEST_METHOD"] == "POST" and b"wrong" in request.body:
            request.body = request.body.replace(b"username=", b"username=%d" % self.count)
            request.values["CONTENT_LENGTH"] = str(len(request.body))
