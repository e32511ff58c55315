"""What clients did and were told, and what must hold of it: nothing acknowledged is lost, nothing shown is a lie."""

from collections import Counter
from dataclasses import dataclass

CUT = 0  # in place of a status: the connection ended without an answer


@dataclass(frozen=True)
class Event:
    """One request. Each login has a user name of its own, so that a page says which login made its session."""

    action: str  # "login", "read", "logout"; beside the clients' own: "begin", "end" (a session may have)
    start: float
    end: float
    status: int
    key: str | None = None  # the session key that was sent
    new_key: str | None = None  # the session key that came with the answer
    user: str | None = None  # who logs in
    shown: str | None = None  # whom the page shows; None: nobody
    oddity: str | None = None  # what no answer may be, whatever happens

    @property
    def is_request(self):
        return self.action in ("login", "read", "logout")

    @property
    def is_done(self):
        """Whether the answer says that what was asked for is done; a session that ended meanwhile is an answer, too."""
        return self.status == 200 or (self.action == "read" and self.status == 400)

    @property
    def is_acknowledged(self):
        return self.action in ("login", "logout") and self.status == 200

    @property
    def ends_key(self):
        """Whether this may have ended the session of `key`: a login ends the one that it finds."""
        return self.action in ("login", "logout", "end") and self.key is not None


@dataclass(frozen=True)
class Findings:
    lost: list
    wrong: list


class Session:
    """What is known of one key."""

    def __init__(self, login):
        self.user = login.user
        self.endings = []  # whatever may have ended it
        self.reads = []

    @property
    def ended_by(self):
        """When its end was acknowledged first."""
        return min((event.end for event in self.endings if event.is_acknowledged), default=None)

    @property
    def may_end_from(self):
        return min((event.start for event in self.endings), default=None)


def check(events, stored=None):
    """
    - Parameter stored: the keys in the table once all is quiet; None where there is no table to look at.
    """
    lost, wrong = [], [f"{event.action}, status {event.status}: {event.oddity}" for event in events if event.oddity]
    sessions = {}
    for event in events:
        if event.action == "login" and event.is_acknowledged:
            if event.new_key in sessions:
                wrong.append(f"{event.user} was given the key of {sessions[event.new_key].user}")
            sessions[event.new_key] = Session(event)
    for event in events:
        session = sessions.get(event.key)
        if session and event.ends_key:
            session.endings.append(event)
        elif session and event.action == "read" and event.is_done:
            session.reads.append(event)
    for session in sessions.values():
        check_reads(session, lost, wrong)
    if stored is not None:
        check_table(events, sessions, stored, lost)
    return Findings(lost, wrong)


def check_reads(session, lost, wrong):
    seen_gone = None  # when first an answer said that the session is over
    for read in sorted(session.reads, key=lambda read: read.end):
        if read.shown is None:
            if session.may_end_from is None or read.end < session.may_end_from:
                lost.append(f"the login of {session.user}: nobody ended it, and it was gone")
            if seen_gone is None:
                seen_gone = read.end
        elif read.shown != session.user:
            wrong.append(f"the session of {session.user} showed {read.shown}")
    for read in session.reads:
        if read.shown is None:
            continue
        if session.ended_by is not None and read.start > session.ended_by:
            lost.append(f"the end of {session.user}'s session: it was shown again")
        elif seen_gone is not None and read.start > seen_gone:
            wrong.append(f"the session of {session.user} came back")


def check_table(events, sessions, stored, lost):
    for key, session in sessions.items():
        if key not in stored and not session.endings:
            lost.append(f"the login of {session.user}: nobody ended it, and its row is gone")
        if key in stored and session.ended_by is not None:
            lost.append(f"the end of {session.user}'s session: its row is there")
    unknown = sum(event.action in ("login", "begin") and not event.is_acknowledged for event in events)
    strangers = len(stored - set(sessions))
    if strangers > unknown:
        lost.append(f"{strangers} rows are nobody's, though only {unknown} logins went unanswered")


def longest_outage(events):
    """The longest time, in seconds, in which no request was answered as it should be."""
    ends = sorted(event.end for event in events if event.status == 200)
    return max((after - before for before, after in zip(ends, ends[1:])), default=float("inf"))


def slowest(events):
    return max((event.end - event.start for event in events), default=0.0)


def failures(events):
    """How many requests were not answered as they should be, by their status."""
    return Counter(event.status for event in events if not event.is_done)
