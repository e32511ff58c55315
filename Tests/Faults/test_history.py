"""The checker finds what is planted, and nothing else."""

import pytest
from history import CUT, Event, check, failures, longest_outage


def login(at, user="alice", new_key="k1", status=200, **more):
    return Event("login", at, at + 1, status, new_key=new_key if status == 200 else None, user=user, **more)


def logout(at, key="k1", status=200):
    return Event("logout", at, at + 1, status, key=key)


def read(at, shown="alice", key="k1", status=200):
    return Event("read", at, at + 1, status, key=key, shown=shown)


SOUND = {
    "a login that is read": ([login(0), read(2)], {"k1"}),
    "a login and a logout": ([login(0), read(2), logout(4), read(6, None)], set()),
    "a read beside a logout may show either": ([login(0), logout(2), read(2.5), read(2.5, None)], set()),
    "a logout without an answer, done": ([login(0), logout(2, status=503), read(4, None)], set()),
    "a logout without an answer, not done": ([login(0), logout(2, status=CUT), read(4)], {"k1"}),
    "a logout without an answer, done late": ([login(0), logout(2, status=503), read(4), read(6, None)], set()),
    "a login without an answer, done": ([login(0, status=CUT)], {"k9"}),
    "a login over another": ([login(0), login(2, "bob", "k2", key="k1"), read(4, "bob", "k2")], {"k2"}),
    "a failed login over another": ([login(0), login(2, "bob", status=503, key="k1"), read(4, None)], {"k2"}),
    "a session that ended while it was saved": ([login(0), logout(2), read(2, None, status=400)], set()),
    "a failed read": ([login(0), read(2, None, status=503)], {"k1"}),
    "a begin from outside": ([login(0), Event("begin", 2, 3, CUT)], {"k1", "k9"}),
    "an end from outside": ([login(0), Event("end", 2, 3, CUT, key="k1"), read(4, None)], {"k1"}),
}

LOST = {
    "a login whose session is gone": ([login(0), read(2, None)], {"k1"}),
    "a login whose row is gone": ([login(0)], set()),
    "a session gone before its logout began": ([login(0), read(2, None), logout(4)], set()),
    "a logout that was undone": ([login(0), logout(2), read(4)], set()),
    "a logout whose row is still there": ([login(0), logout(2)], {"k1"}),
    "a login over another that left it": ([login(0), login(2, "bob", "k2", key="k1")], {"k1", "k2"}),
    "a row that nobody asked for": ([login(0)], {"k1", "k9"}),
}

WRONG = {
    "somebody else's page": ([login(0), login(2, "bob", "k2"), read(4, "bob")], {"k1", "k2"}),
    "a key given twice": ([login(0), login(2, "bob")], {"k1"}),
    "a session that came back": ([login(0), logout(2, status=503), read(4, None), read(6)], {"k1"}),
    "an answer that none may be": ([Event("login", 0, 1, 503, user="alice", oddity="it sets a cookie")], set()),
}


@pytest.mark.parametrize("case", SOUND.values(), ids=SOUND)
def test_what_may_be(case):
    found = check(*case)
    assert not found.lost and not found.wrong


@pytest.mark.parametrize("case", LOST.values(), ids=LOST)
def test_what_is_lost(case):
    found = check(*case)
    assert len(found.lost) == 1 and not found.wrong


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_is_wrong(case):
    assert len(check(*case).wrong) == 1


def test_without_a_table_the_pages_decide():
    assert not check([login(0), read(2)]).lost
    assert check([login(0), logout(2), read(4)]).lost


def test_an_outage_is_the_longest_time_without_success():
    assert longest_outage([read(0), read(1, status=503), read(7), read(8)]) == 7
    assert longest_outage([]) == float("inf")


def test_a_session_that_ended_is_no_failed_request():
    seen = failures([read(0), read(1, None, status=400), read(2, None, status=503), logout(3, status=CUT)])
    assert seen == {503: 1, CUT: 1}
