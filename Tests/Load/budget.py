"""The budgets: a table in a file, one figure a line, and what becomes of it when figures are measured anew."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

FILE = Path(__file__).with_name("budgets")

TOLERANCE = 0.05
"""How far a figure may lie above its budget: compilers and libraries change a little too."""

HEAD = """\
# What a request may cost, by Tests/Load/costs on the release program: load, requests in a batch, cost per request.
# After a change that lowers a figure: Tests/Load/costs --update. To let one rise: --update --raise, and the commit
# says why. A figure fails Tests/run when it is more than 5 % above its budget.

"""


@dataclass(frozen=True)
class Verdict:
    """One line of the table: a figure and its budget, of which one may be missing."""

    name: str
    figure: float | None
    budget: float | None

    @property
    def failure(self):
        """What is wrong, nothing where all is well."""
        if self.figure is None:
            return "has a budget, but was not measured"
        if self.budget is None:
            return f"is {show(self.figure)} and has no budget"
        if exceeds(self.figure, self.budget):
            above = f"{self.figure / self.budget - 1:.1%} above" if self.budget else "above"
            return f"is {show(self.figure)}, {above} its budget of {show(self.budget)}"
        return None

    def __str__(self):
        columns = ("" if value is None else show(value) for value in (self.figure, self.budget))
        change = f"{self.figure / self.budget - 1:+.1%}" if self.figure and self.budget else ""
        return f"{self.name:28}{next(columns):>12}{next(columns):>12}{change:>9}"


def exceeds(figure, budget):
    return figure > budget * (1 + TOLERANCE)


def show(value):
    """Whole where that says enough."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3f}".rstrip("0").rstrip(".")


def read():
    lines = FILE.read_text().splitlines() if FILE.exists() else []
    words = [line.rsplit(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return {" ".join(name.split()): float(value.replace(",", "")) for name, value in words}


def write(budgets):
    FILE.write_text(HEAD + "".join(f"{name:28}{show(value):>12}\n" for name, value in budgets.items()))


def judge(figures, budgets):
    names = [*figures, *(name for name in budgets if name not in figures)]
    return [Verdict(name, figures.get(name), budgets.get(name)) for name in names]


def renewed(figures, budgets, may_rise):
    """The new budgets: the lower of figure and budget, and what exceeds its budget only where that is allowed."""
    new = {}
    for name, figure in figures.items():
        budget = budgets.get(name, figure)
        new[name] = figure if figure < budget or may_rise and exceeds(figure, budget) else budget
    return new


def report(verdicts):
    """A report in the JUnit form, a test for each figure."""
    suite = ElementTree.Element("testsuite", name="costs")
    for verdict in verdicts:
        case = ElementTree.SubElement(suite, "testcase", classname="costs", name=verdict.name)
        if verdict.failure:
            ElementTree.SubElement(case, "failure", message=verdict.failure)
    return ElementTree.tostring(suite, encoding="unicode")
