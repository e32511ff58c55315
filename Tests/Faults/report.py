"""The table of a run, and its report for Tests/run."""

from collections import Counter
from xml.etree import ElementTree

import history

HEAD = ("scenario", "requests", "acknowledged", "lost", "wrongly answered", "outage", "slowest", "statuses", "verdict")


def row(result):
    if result.skipped:
        return (result.name, *[""] * 7, f"skipped: {result.skipped}")
    events = [event for event in result.events if event.is_request]
    counts = sorted(Counter(event.status for event in events).items())
    statuses = ", ".join(f"{status or 'cut'}: {count}" for status, count in counts)
    findings = result.findings
    return (
        result.name, str(len(events)), str(sum(event.is_acknowledged for event in events)),
        str(len(findings.lost)) if findings else "?", str(len(findings.wrong)) if findings else "?",
        f"{history.longest_outage(events):.2f} s", f"{history.slowest(events):.2f} s", statuses, result.verdict,
    )


def line(cells):
    return "| " + " | ".join(cells) + " |"


def markdown(results):
    return "\n".join([line(HEAD), line(["---"] * len(HEAD)), *(line(row(result)) for result in results)])


def junit(results):
    """What `count` of Tests/run reads."""
    suite = ElementTree.Element("testsuite", name="faults")
    for result in results:
        case = ElementTree.SubElement(suite, "testcase", name=result.name, time=f"{result.took:.1f}")
        if result.skipped:
            ElementTree.SubElement(case, "skipped", message=result.skipped)
        elif result.faults:
            ElementTree.SubElement(case, "failure", message="; ".join(result.faults))
    return ElementTree.tostring(suite, encoding="unicode")
