"""One checked measurement: a run of wrk or ab counts only when the peer did what is counted."""

from wrk import FORM_PATH


class WrongAnswer(Exception):
    """A peer did not do what was counted; its figures mean nothing."""


def measure(bench, peer, load, tool, may_fail=False):
    """Runs the tool against a peer, on the table as it is, and gives what it saw.

    wrk and ab report errors but read no bodies: a sample is looked at, and the bytes that were received say that all
    answers were of its size. Logins are counted in the table too. Each of wrk's connections may leave one behind whose
    answer came too late to be counted. A peer that does no work must leave the table alone. Where a goal is about
    errors, they are a figure and not the end of the run.
    """
    sample = right_sample(bench, peer, load)
    before = bench.rows()
    result = tool.run(load, bench.ports[peer.name], bench.directory)
    made = bench.rows() - before
    if not (may_fail and result.errors):
        judge(bench, peer, load, tool, sample, result)
    rows = load.rows if peer.works else 0
    counted = rows * result.requests
    require(counted <= made <= counted + rows * tool.left_behind or result.errors,
            f"{peer.title}, {load.name}, {tool}: {counted} answers, {made} rows")
    return result


def right_sample(bench, peer, load):
    """An answer of the peer, which is as it must be; of one that does no work the page is not looked at."""
    bench.port = bench.ports[peer.name]
    sample = load.sample()
    is_right = load.is_right(sample) if peer.works else sample.status == 200
    require(is_right, f"{peer.title} answers {load.name} with status {sample.status} and a wrong page")
    return sample


def check_sessions(bench, peer, loads):
    """That a peer looks into the table: it knows the session that it makes, until that has expired or is gone."""
    form, read, login = loads
    sample = right_sample(bench, peer, login)
    key = sample.cookie("sessionid").split(";")[0].split("=")[1]

    def check_page(load, state):
        response = bench.request("GET", FORM_PATH, [("Cookie", f"sessionid={key}")])
        require(load.is_right(response), f"{peer.title}: a wrong page for a session that {state}")

    check_page(read, "it has just made")
    bench.sql("UPDATE django_session SET expire_date = now() - interval '1 s' WHERE session_key = %s", [key])
    check_page(form, "has expired")
    bench.sql("DELETE FROM django_session WHERE session_key = %s", [key])
    check_page(form, "is gone")


def judge(bench, peer, load, tool, sample, result):
    """Whether all answers were right, as far as their number and size say."""
    about = f"{peer.title}, {load.name}, {tool}"
    require(result.errors == 0, f"{about}: {result.errors} errors in {result.requests} requests; "
                                f"nginx's log: {bench.last_error(peer)}")
    require(result.requests > 0, f"{about}: no request was answered")
    expected, size = tool.size(sample), result.bytes / result.requests
    require(abs(size - expected) < 0.1, f"{about}: {size:.2f} bytes an answer, not {expected}")


def require(condition, message):
    if not condition:
        raise WrongAnswer(message)
