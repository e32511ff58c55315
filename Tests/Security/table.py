"""The requirements, each with the cases that prove it; what deviates on purpose says so, and its cases prove that.

Rows 1 to 38 are OWASP ASVS 5.0 (`v5.…`; `v4.…` is 4.0.3), NIST SP 800-63B-4 and OWASP's session management cheat sheet.
Then come failures of other session systems by their CVE numbers, then what this program promises beyond both.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    id: str
    source: str
    requirement: str
    cases: tuple
    note: str = ""


def row(id, source, requirement, *cases, note=""):
    return Row(str(id), source, requirement, cases, note)


NAME = "the cookie's name is Django's, without `__Host-`; Path=/ and no Domain give what the prefix asks for"
AGE = "the cookie lasts 14 days, as Django's; SESSION_EXPIRE_AT_BROWSER_CLOSE and SESSION_COOKIE_AGE change it"
GET_LOGOUT = "in the demonstration a GET logs out, as the tutorial's does; LOGOUT_ALLOW_GET=False ends that"

REQUIREMENTS = [
    row(1, "v5.7.2.1", "a token is verified by the backend only", "malformed_keys", "unknown_key_never_adopted"),
    row(2, "v5.7.2.3 v5.11.5.1 v4.3.2.2 NIST 7.1(2)", "keys are unique and random, of 128 bits at least",
        "session_key_shape_and_entropy"),
    row(3, "v5.7.2.4 v4.3.2.1", "a login, the second too, makes a new key and ends the old one",
        "login_rotates_anonymous_key", "relogin_rotates_and_ends_old_session", "login_as_other_user_flushes"),
    row(4, "v5.7.3.1 NIST 4.1.3 4.2.3", "sessions end by time", "expired_row_is_anonymous",
        note="as in Django time counts from the last save, with SESSION_SAVE_EVERY_REQUEST from the last request"),
    row(5, "v5.7.3.2 v4.3.3.2", "sessions have an absolute lifetime", "one_row_per_login", "reads_do_not_write"),
    row(6, "v5.7.4.1 v4.3.3.1 NIST 7.1(3)", "logout ends the session in the backend",
        "logout_ends_session_server_side", "no_resurrection_after_logout_race"),
    row(7, "v5.7.4.2 v5.7.4.5", "a disabled user's sessions end, and an administrator can end any",
        "truncated_table_ends_all_sessions", "disabled_user_is_anonymous", "validly_signed_odd_payloads"),
    row(8, "v5.7.4.3", "a changed password ends the other sessions", "password_change_ends_sessions"),
    row(9, "v5.7.4.4", "logout is in sight", "logout_is_visible"),
    row(10, "v5.3.3.1 v4.3.4.1 NIST 7.1.1(1)", "cookies are Secure over HTTPS", "cookie_flags_over_https",
        "old_tls_is_refused", note=NAME),
    row(11, "v5.3.3.2 v4.3.4.3", "cookies say SameSite", "cookie_flags"),
    row(12, "v5.3.3.3 v4.3.4.4-5 NIST 7.1.1(2)", "cookies are for this host and path alone", "cookie_flags", note=NAME),
    row(13, "v5.3.3.4 v4.3.4.2", "the session cookie is HttpOnly, and stands nowhere else",
        "cookie_flags", "key_not_disclosed_in_body_or_headers"),
    row(14, "v5.3.3.5", "a cookie takes 4,096 bytes at most", "cookie_flags", "signed_cookie_over_limit_is_an_error"),
    row(15, "v4.3.1.1 v5.14.2.1 cheat sheet", "the key counts in a cookie only, never in a URL",
        "key_in_url_or_body_ignored"),
    row(16, "cheat sheet", "a key that the server did not make is never adopted", "unknown_key_never_adopted"),
    row(17, "cheat sheet", "a key is untrusted input", "malformed_keys", "sql_injection_login_and_cookie",
        "cookie_header_torture"),
    row(18, "v5.3.5.1 NIST 7.1", "state changes need a CSRF token", "csrf_missing_token", "csrf_missing_cookie",
        "csrf_foreign_token", "csrf_malformed_equal_pair", "csrf_malformed_token", "csrf_foreign_origin",
        "csrf_own_origin_accepted", "csrf_header_token", "csrf_token_rotates_at_login", "csrf_referer_over_https",
        "csrf_over_https_needs_a_referer", "csrf_other_methods", "csrf_secret_in_session", "logout_needs_post_or_csrf",
        note=GET_LOGOUT),
    row(19, "v5.3.5.2", "simple content types are no way around it", "csrf_cross_site_content_types"),
    row(20, "v5.3.5.3", "GET and HEAD change nothing", "csrf_get_never_logs_in", "logout_needs_post_or_csrf",
        note=GET_LOGOUT),
    row(21, "v5.14.3.2 cheat sheet", "pages with a session stay out of caches", "caching_headers"),
    row(22, "v5.3.4.3-6", "CSP, nosniff, Referrer-Policy, frame-ancestors", "security_headers"),
    row(23, "v5.1.2.1", "output is encoded for HTML and headers", "xss_username", "xss_elsewhere",
        "header_injection_crlf"),
    row(24, "v5.1.2.4", "SQL has parameters", "sql_injection_login_and_cookie"),
    row(25, "v5.1.5.2", "stored data is read safely", "corrupted_session_data_is_anonymous",
        "validly_signed_odd_payloads", "pickle_in_the_cache_runs_nothing"),
    row(26, "v5.4.1.1", "Content-Type names the charset", "anonymous_page_is_login_form", "content_types_name_charset"),
    row(27, "v5.4.1.3", "a client cannot pose as the proxy before the server", "identity_headers_ignored",
        "scheme_is_not_the_clients_word"),
    row(28, "v5.4.1.4 v5.13.4.4", "only methods that are meant to be served, no TRACE", "method_restrictions"),
    row(29, "v5.4.2.1-2", "where a request ends is beyond doubt", "content_length_and_transfer_encoding",
        "smuggled_in_a_body", "smuggled_past_content_length", "smuggled_on_a_kept_connection",
        "smuggled_behind_a_request"),
    row(30, "v5.3.7.2", "redirects lead to this host only", "open_redirect_next", "host_header_poisoning",
        "host_header_twice_or_in_the_request_line"),
    row(31, "v5.6.3.8", "nobody learns which users there are", "login_errors_do_not_enumerate",
        "login_timing_does_not_enumerate",
        note="any user is let in with AUTHENTICATION=any; two distributions of times are compared in the load test"),
    row(32, "v5.6.3.1 v5.2.4.1", "guessing is slowed down", "guessing_is_slowed",
        "guessing_from_many_addresses_is_slowed", "guessing_at_many_accounts_is_slowed",
        "guessing_by_other_spellings_is_slowed", "guessing_in_one_network_is_slowed",
        "forwarded_address_is_not_believed", "guessing_is_slowed_through_nginx", "known_address_is_not_locked_out"),
    row(33, "v5.16.5.1 v5.13.4.6", "errors say nothing of the inside", "error_pages_leak_nothing"),
    row(34, "v5.16.5.2-4", "what fails, fails closed", "database_away_fails_closed", "locked_table_fails_closed",
        "missing_table_fails_closed", "workers_away_is_a_page"),
    row(35, "v5.15.4.1-2", "no races", "no_resurrection_after_logout_race", "concurrent_logins",
        "serializable_isolation_races"),
    row(36, "v5.13.1.2 v5.13.2.6", "limits of connections are known, and so is what happens there",
        "no_connections_allowed"),
    row(37, "v5.16.2.5 v5.16.4.1", "logs hold no keys and no lines of an attacker's", "logs_hold_no_secret",
        "logs_hold_no_control_characters"),
    row(38, "NIST 7.1", "the key does not outlast the browser", "session_cookie_lifetime", note=AGE),
]

FAILURES = [
    row("CVE-2015-5143", "Django", "anonymous requests with unknown keys filled the table",
        "anonymous_get_creates_no_session", "random_key_lookup_cost"),
    row("CVE-2015-5963", "Django, with 5964", "logout without a session made one",
        "anonymous_logout_creates_no_session"),
    row("CVE-2015-3982", "Django", "flush made a key that others could share", "login_as_other_user_flushes",
        "logout_ends_session_server_side"),
    row("CVE-2014-0482", "Django", "the session of the user before was kept", "login_as_other_user_flushes",
        "identity_headers_ignored"),
    row("CVE-2015-0219", "Django, with CVE-2026-3902", "X_User and X-User were one header", "identity_headers_ignored"),
    row("CVE-2016-5385", "httpoxy", "the header Proxy became HTTP_PROXY", "identity_headers_ignored"),
    row("CVE-2011-4136", "Django", "session keys named other entries of the cache", "keys_not_of_server_form_in_table",
        "key_names_no_other_cache_entry"),
    row("CVE-2025-46336", "Rack::Session", "a slow request brought a deleted session back",
        "no_resurrection_after_logout_race", "slow_save_after_logout_is_refused"),
    row("CVE-2026-39324", "Rack::Session::Cookie", "what could not be decrypted was decoded plainly",
        "corrupted_session_data_is_anonymous", "forged_signed_cookie_is_anonymous"),
    row("CVE-2026-6873", "Django", "salt and name of a signature were joined ambiguously", "we_can_read_django_rows",
        "other_salts_are_refused"),
    row("CVE-2026-35192", "Django, with CVE-2026-48588 CVE-2014-0473 CVE-2014-1418 CVE-2007-0405",
        "a cache gave one visitor's cookie to another", "caching_headers", "caching_headers_of_renewed_cookies"),
    row("CVE-2016-7401", "Django", "a part of one cookie was read as csrftoken", "cookie_header_torture",
        "cookie_value_sets_no_other_cookie", "csrf_malformed_equal_pair"),
    row("CVE-2010-3082", "Django", "the CSRF cookie was echoed raw", "csrf_cookie_not_reflected"),
    row("CVE-2011-0696", "Django, with CVE-2011-4140", "a header, or the Host, lifted the CSRF check",
        "csrf_foreign_origin", "csrf_cross_site_content_types", "csrf_no_exempting_header"),
    row("CVE-2020-7070", "PHP, with CVE-2022-31629", "names of cookies were decoded", "key_in_url_or_body_ignored",
        "cookie_names_are_not_decoded"),
    row("CVE-2011-4718", "PHP; CVE-2022-25896, passport", "session fixation", "unknown_key_never_adopted",
        "login_rotates_anonymous_key", "fixation_on_every_engine"),
    row("CVE-2013-1443", "Django", "a megabyte of password kept the hasher busy", "long_password_no_cpu_dos"),
    row("CVE-2016-2513", "Django, with CVE-2024-39329 CVE-2025-13473", "times told which users there are",
        "login_timing_does_not_enumerate"),
    row("CVE-2015-5144", "Django, with CVE-2021-32052 CVE-2026-53878", "a line break became a header",
        "header_injection_crlf"),
    row("CVE-2012-4520", "Django, with CVE-2011-4139", "the Host led elsewhere", "host_header_poisoning"),
    row("CVE-2017-7233", "Django, with CVE-2017-7234 CVE-2018-14574 CVE-2016-2512", "open redirects",
        "open_redirect_next", "append_slash_stays_here"),
    row("CVE-2022-23833", "Django, with CVE-2023-24580 CVE-2026-33033", "multipart: endless, too many parts, base64",
        "multipart_malformed", "multipart_of_many_parts"),
    row("CVE-2026-33034", "Django, with CVE-2026-5766", "an understated Content-Length passed the limit",
        "stdin_longer_than_content_length", "body_over_limit_refused_not_buffered"),
    row("CVE-2025-14550", "Django, with CVE-2026-84429", "repeated headers cost quadratic time",
        "cookie_header_torture", "content_type_parameters", "duplicate_params"),
    row("CVE-2019-14235", "Django, with CVE-2023-41164", "percent decoding called itself", "percent_encoding_in_body"),
    row("CVE-2025-48432", "Django", "the path stood in the log unescaped", "logs_hold_no_control_characters"),
    row("CVE-2019-12781", "Django", "https was seen where there was none", "scheme_is_not_the_clients_word",
        "https_redirect_is_not_lifted_by_a_header", "cookie_flags_over_https"),
    row("CVE-2019-11043", "php-fpm", "a line break in the path, and an empty PATH_INFO", "each_cgi_variable_missing",
        "percent_encoding_in_path_and_query"),
    row("CVE-2025-23016", "libfcgi", "lengths of parameters overflowed", "param_length_overflows"),
    row("CVE-2012-6687", "libfcgi", "select with a descriptor above 1,024", "silent_connections_64",
        "connect_close_storm_300", "connections_1100"),
    row("libfcgi-1", "libfcgi, no number", "a buffer of 64 bytes for any number of names", "get_values_repeated_names"),
    row("libfcgi-2", "libfcgi, no number", "an unread body was read as requests", "smuggled_in_a_body",
        "smuggled_past_content_length", "smuggled_on_a_kept_connection", "smuggled_behind_a_request"),
    row("others", "scs, express-session", "no failure of the core of either is on record",
        "login_rotates_anonymous_key", "cookie_flags",
        note="the usual misuse: no new key at login, cookies without flags"),
]

OWN = [
    row("accounts-1", "Django", "a session says whose it is, and its user's password proves it",
        "claims_in_a_session_are_proven"),
    row("accounts-2", "ours", "a session of the demonstration is nobody's where there are accounts",
        "demonstration_lets_nobody_into_accounts"),
    row("accounts-3", "ours", "the demonstration is for this machine alone", "demonstration_is_for_this_machine"),
    row("accounts-4", "Django", "nothing but the right password lets anyone in, and it is not shown again",
        "wrong_password_lets_nobody_in", "password_is_not_shown_again"),
    row("cookies-1", "ours", "of two session cookies the same one counts each time",
        "tossed_cookie_of_a_narrow_path_loses",
        note="a subdomain that somebody else has can set cookies for this one; `__Host-` would end that"),
    row("accounts-6", "ours", "hashing is bounded, and holds nobody else up", "hashing_is_bounded"),
    row("accounts-5", "Django", "a login leads to the page of this host that was asked for", "next_leads_to_own_pages"),
]

ROWS = REQUIREMENTS + FAILURES + OWN


def is_in(case, names):
    """Whether a case is among these names of rows and cases, or belongs to one of them."""
    return any(case == name or row.id == name and case in row.cases for row in ROWS for name in names)


def markdown(verdicts=None):
    """The table as Markdown; with `verdicts` only the rows that ran, and what came of them."""
    rows = [row for row in ROWS if verdicts is None or verdicts.ran(row)]
    lines = ["| row | source | requirement | cases | verdict |", "|---|---|---|---|---|"]
    for row in rows:
        verdict = verdicts.of(row) if verdicts else ""
        told = "; ".join(part for part in (verdict, row.note) if part)
        lines.append(f"| {row.id} | {row.source} | {row.requirement} | {', '.join(row.cases)} | {told} |")
    return "\n".join(lines)
