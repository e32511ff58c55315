"""The plugin of pytest that chooses the cases of the wanted rows, and says what holds of each row afterwards."""

from collections import Counter

import pytest
import table


def case_of(name):
    """`test_cookie_flags[django-1]` is a check of the case `cookie_flags`."""
    return name.partition("[")[0].removeprefix("test_")


class Verdicts:
    def __init__(self, options):
        self.options = options
        self.checks = {"passed": Counter(), "failed": Counter()}

    @property
    def passed(self):
        return self.checks["passed"].total()

    @property
    def failed(self):
        return self.checks["failed"].total()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        found = {case_of(item.name) for item in items}
        wanted = {case for row in table.ROWS for case in row.cases}
        if missing := wanted - found:
            raise pytest.UsageError(f"the table names cases that are not there: {', '.join(sorted(missing))}")
        if strangers := found - wanted:
            raise pytest.UsageError(f"no row of the table names these cases: {', '.join(sorted(strangers))}")
        chosen = [item for item in items if self.is_chosen(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        # What the logs hold is looked at when all the others have written to them.
        items[:] = sorted(chosen, key=lambda item: item.path.name == "test_logs.py")

    def is_chosen(self, item):
        if not self.options.rows:
            return self.options.all or not item.get_closest_marker("long")
        return table.is_in(case_of(item.name), self.options.rows)

    def pytest_runtest_logreport(self, report):
        """A check counts once: as failed where any phase of it failed, a fixture's too."""
        case = case_of(report.location[2])
        if report.failed:
            self.checks["failed"][case] += 1
            if report.when == "teardown":
                self.checks["passed"][case] -= 1
        elif report.passed and report.when == "call":
            self.checks["passed"][case] += 1

    def ran(self, row):
        return any(self.checks[outcome][case] for outcome in self.checks for case in row.cases)

    def of(self, row):
        failed = [case for case in row.cases if self.checks["failed"][case]]
        if failed:
            return "FAILS: " + ", ".join(failed)
        count = sum(self.checks["passed"][case] for case in row.cases)
        left_out = [case for case in row.cases if not self.checks["passed"][case]]
        return f"holds ({count})" + (f"; not run: {', '.join(left_out)}" if left_out else "")
