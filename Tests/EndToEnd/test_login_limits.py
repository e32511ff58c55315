"""Guessing is slowed: through nginx behind a load balancer, which the tests are, and over several workers."""

import secrets
import time
from urllib.parse import urlencode

import django_side
import pytest
from client import TOKEN
from stack import ROOT, Stack

LOGIN = "/myapp/login/"
LIMITS = {"LOGIN_LIMIT_ACCOUNT": "10/100s", "LOGIN_LIMIT_ADDRESS": "20/200s"}


@pytest.fixture(scope="module")
def site(program, stack):
    """Two workers on the shared database in which Django has its users, behind an nginx of their own."""
    django_side.migrate()
    site = Stack(program, DATABASE_URL=stack.database_url(), AUTHENTICATION="django", **LIMITS)
    try:
        assert site.sessiond("migrate").returncode == 0
        site.start_workers(2)
        site.start_nginx((ROOT / "nginx/sessiond_balancer.conf").read_text().replace("192.0.2.10", "127.0.0.1"))
        yield site
    finally:
        site.stop()


@pytest.fixture
def alice(stack):
    """A user whose password is cheap to look at."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    name = f"alice-{secrets.token_hex(4)}"
    stack.sql(
        "INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff, is_active, "
        "date_joined) VALUES (%s, %s, false, '', '', '', false, true, now())",
        [name, PBKDF2PasswordHasher().encode("right", "salt", 1000)],
    )
    return name


@pytest.fixture
def network():
    """The beginning of addresses that no other test has."""
    return ".".join(str(secrets.randbelow(250) + 1) for _ in range(2))


def attempt(site, username, password, address):
    browser = site.browser()
    fields = {"csrfmiddlewaretoken": browser.token(), "username": username, "password": password}
    return browser.post(LOGIN, fields, [("X-Forwarded-For", address)])


def statuses(site, username, addresses):
    return [attempt(site, username, "wrong", address).status for address in addresses]


def test_thirty_bad_logins_end_in_429(site, alice, network):
    found = statuses(site, alice, [f"{network}.{number}.1" for number in range(30)])
    assert found[:10] == [200] * 10 and found.count(429) >= 18
    page = attempt(site, alice, "right", f"{network}.40.1")
    assert page.status == 429 and 1 <= int(page.header("Retry-After")) <= 10
    assert "Too many attempts" in page.text and f"Wait {page.header('Retry-After')} second" in page.text
    assert page.cookie("sessionid") is None
    assert alice not in page.text and site.browser().get("/myapp/connection/").is_form


def test_a_name_that_nobody_has_is_refused_in_the_same_way(site, network):
    found = statuses(site, f"nobody-{network}", [f"{network}.{number}.1" for number in range(30)])
    assert found[:10] == [200] * 10 and found.count(429) >= 18


def test_one_address_cannot_try_many_names(site, alice, network):
    found = [attempt(site, f"{network}-{number}", "wrong", f"{network}.7.7").status for number in range(30)]
    assert found[:20] == [200] * 20 and found.count(429) >= 8
    assert attempt(site, alice, "right", f"{network}.7.7").status == 429
    assert attempt(site, alice, "right", f"{network}.7.8").status == 302


def test_after_the_time_that_the_answer_names_there_is_room_for_one(site, alice, network):
    addresses = [f"{network}.{number}.1" for number in range(30)]
    while attempt(site, alice, "wrong", addresses.pop()).status == 200:
        pass
    for _ in range(2):
        wait = int(attempt(site, alice, "wrong", addresses.pop()).header("Retry-After"))
        time.sleep(wait)
        assert attempt(site, alice, "wrong", addresses.pop()).status == 200
        assert attempt(site, alice, "wrong", addresses.pop()).status == 429


def test_an_attack_from_elsewhere_does_not_keep_out_who_has_been_here_before(site, alice, network):
    assert attempt(site, alice, "right", f"{network}.9.1").status == 302
    assert statuses(site, alice, [f"{network}.{number}.1" for number in range(20, 50)])[-1] == 429
    assert attempt(site, alice, "right", f"{network}.60.1").status == 429
    for address in (f"{network}.9.1", f"{network}.9.200"):
        assert attempt(site, alice, "right", address).status == 302
    # From there too only so many are free.
    assert 429 in statuses(site, alice, [f"{network}.9.{number}" for number in range(2, 15)])


def test_right_passwords_are_never_too_many(site, alice, network):
    assert [attempt(site, alice, "right", f"{network}.9.1").status for _ in range(25)] == [302] * 25


def test_two_workers_count_together(stack, alice, network):
    settings = LIMITS | {"AUTHENTICATION": "django", "DATABASE_URL": stack.database_url()}
    with stack.worker(**settings) as (_, first), stack.worker(**settings) as (_, second):

        def answer(address, number):
            with stack.fastcgi(address) as connection:
                form = connection.exchange("GET", LOGIN)
                token = TOKEN.search(form.body.decode()).group(1)
                cookie = next(value for name, value in form.headers if name == "Set-Cookie").partition(";")[0]
                body = urlencode({"csrfmiddlewaretoken": token, "username": alice, "password": "wrong"}).encode()
                sender = {"REMOTE_ADDR": f"{network}.{number}.1", "HTTP_COOKIE": cookie}
                return connection.exchange("POST", LOGIN, body, **sender).status

        found = [answer((first, second)[number % 2], number) for number in range(10)]
        assert found == [200] * 10
        assert [answer(first, 20), answer(second, 21)] == [429, 429]


def calls(stack, text):
    query = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE %s AND query NOT LIKE %s"
    return int(stack.sql(query, [text, "%pg_stat%"])[0][0])


def test_a_login_costs_two_statements_more_and_a_refused_one_reads_no_user(site, stack, alice, network):
    def cost(password, address, status):
        before = calls(stack, "%sessiond_login_limit%"), calls(stack, "%FROM auth_user%username%")
        assert attempt(site, alice, password, address).status == status
        return calls(stack, "%sessiond_login_limit%") - before[0], calls(stack, "%FROM auth_user%username%") - before[1]

    assert cost("right", f"{network}.1.1", 302) == (2, 1)
    assert cost("wrong", f"{network}.1.1", 200) == (1, 1)
    statuses(site, alice, [f"{network}.{number}.1" for number in range(2, 20)])
    assert cost("right", f"{network}.30.1", 429) == (1, 0)


def test_clearsessions_removes_what_counts_no_more(site, stack, alice, network):
    attempt(site, alice, "wrong", f"{network}.1.1")
    rows = "SELECT count(*) FROM sessiond_login_limit WHERE known_until IS NULL"
    assert site.sessiond("clearsessions").returncode == 0 and stack.sql(rows)[0][0] >= 2
    stack.sql("UPDATE sessiond_login_limit SET full_at = 0")
    done = site.sessiond("clearsessions")
    assert done.returncode == 0 and done.stdout == done.stderr == "" and stack.sql(rows)[0][0] == 0
    assert site.sessiond("clearsessions", AUTHENTICATION="any").returncode == 0


def test_without_the_table_nobody_is_let_in_and_check_says_why(site, stack, alice, network):
    stack.sql("ALTER TABLE sessiond_login_limit RENAME TO away")
    try:
        page = attempt(site, alice, "right", f"{network}.1.1")
        assert page.status == 503 and page.header("Retry-After") and page.cookie("sessionid") is None
    finally:
        stack.sql("ALTER TABLE away RENAME TO sessiond_login_limit")
    stack.sql("DELETE FROM django_migrations WHERE app = 'sessiond' AND name = '0001_login_limits'")
    try:
        done = site.sessiond("check")
        assert done.returncode == 1 and "migrations: 1 not applied; run sessiond migrate" in done.stdout
    finally:
        assert site.sessiond("migrate").returncode == 0
    assert attempt(site, alice, "right", f"{network}.1.1").status == 302


def test_the_limits_can_be_switched_off(stack, alice, network):
    settings = {"LOGIN_LIMIT_ACCOUNT": "None", "LOGIN_LIMIT_ADDRESS": "None", "AUTHENTICATION": "django"}
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        form = connection.exchange("GET", LOGIN)
        token = TOKEN.search(form.body.decode()).group(1)
        cookie = next(value for name, value in form.headers if name == "Set-Cookie").partition(";")[0]
        body = urlencode({"csrfmiddlewaretoken": token, "username": alice, "password": "wrong"}).encode()
        before = calls(stack, "%sessiond_login_limit%")
        sender = {"REMOTE_ADDR": f"{network}.1.1", "HTTP_COOKIE": cookie}
        assert {connection.exchange("POST", LOGIN, body, **sender).status for _ in range(15)} == {200}
        assert calls(stack, "%sessiond_login_limit%") == before
