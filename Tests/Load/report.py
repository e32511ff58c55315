"""The report of a run: its tables and its plots in one HTML file, and every figure in results.json."""

import io
import re
from html import escape
from string import Template

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402 - the backend is chosen first

import compare  # noqa: E402
from goals import CEILING_NOTE, in_table  # noqa: E402

OURS, OTHERS = "#c2410c", "#64748b"
COLOURS = {"form": "#64748b", "session read": "#c2410c", "login": "#0f766e"}
pyplot.rcParams |= {
    "font.family": ["sans-serif"], "font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
    "axes.titlesize": 11, "axes.titlelocation": "left", "svg.fonttype": "none", "svg.hashsalt": "sessiond",
    "figure.constrained_layout.use": True,
    "axes.axisbelow": True,
}

PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sessiond: the load test</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #0f172a; }
h2 { margin-top: 2.5rem; }
pre { font-size: .8rem; line-height: 1.4; overflow-x: auto; background: #f8fafc; padding: 1rem; }
svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: .9rem; }
td, th { padding: .2rem .8rem .2rem 0; text-align: left; border-bottom: 1px solid #e2e8f0; }
td.figure { text-align: right; font-variant-numeric: tabular-nums; }
.met { color: #15803d; } .missed { color: #b91c1c; font-weight: bold; } .not { color: #64748b; }
</style>
<h1>sessiond: the load test</h1>
<p>$machine. Figures of one run on one machine: only their ratios mean anything elsewhere.</p>
$sections
</html>
""")


def write(directory, figures, judgements):
    directory.mkdir(parents=True, exist_ok=True)
    figures.write(directory / "results.json")
    sections = [section("Goals", goals_table(judgements))]
    if compare.loads_of(figures):
        sections += [
            section("Throughput by peer", svg(throughput(figures))),
            section("Latency by peer", svg(latency(figures))),
            section("wrk", pre(compare.table(figures, "wrk"))),
            section("ab", f"<p>{escape(compare.AB_NOTE)}</p>" + pre(compare.table(figures, "ab"))),
        ]
    if figures.select(step="connections"):
        sections.append(section("By connections", svg(by_connections(figures))))
    if figures.select(step="rows"):
        sections.append(section("By rows", svg(by_rows(figures))))
    page = PAGE.substitute(machine=escape(figures.machine), sections="\n".join(sections))
    (directory / "report.html").write_text(page)
    return directory / "report.html"


def section(title, content):
    return f"<h2>{escape(title)}</h2>\n{content}"


def pre(text):
    return f"<pre>{escape(text)}</pre>"


def goals_table(judgements):
    rows = []
    for judgement in judgements:
        goal, verdict = judgement.goal, judgement.verdict
        rows.append(f"<tr><td>{escape(goal.name)}<td class=figure>{'≥' if goal.at_least else '≤'} {goal.bound:g}"
                    f"<td class=figure>{in_table(judgement.seen)}<td class=figure>{in_table(judgement.ceiling)}"
                    f"<td class={verdict.split()[0].lower()}>{verdict}")
    return (f"<p>{escape(CEILING_NOTE)}</p>"
            "<table><tr><th>Goal<th>Bound<th>Seen<th>Ceiling<th>" + "".join(rows) + "</table>")


# -- plots

def svg(figure):
    """The drawing as an element of the page."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return re.sub(r"^.*?(?=<svg)", "", file.getvalue(), flags=re.DOTALL)


def panels(count, height, **options):
    figure, axes = pyplot.subplots(1, count, figsize=(10, height), squeeze=False, **options)
    return figure, axes[0]


def peers_from_below(figures):
    """Horizontal bars are drawn from the bottom up."""
    return list(figures.peers)[::-1]


def colour(figures, peer):
    return OURS if figures.kinds[peer] == "sessiond" else OTHERS


def throughput(figures):
    """A bar for each peer and load, with its median at its end and a line from the least to the greatest."""
    loads, peers = compare.loads_of(figures), peers_from_below(figures)
    figure, axes = panels(len(loads), 1 + 0.35 * len(peers), sharey=True)
    for axis, load in zip(axes, loads):
        rates = [[run.rate for run in figures.select(**compare.runs_of(load, peer))] for peer in peers]
        medians = [figures.median("rate", **compare.runs_of(load, peer)) for peer in peers]
        around = [[middle - min(values) for values, middle in zip(rates, medians)],
                  [max(values) - middle for values, middle in zip(rates, medians)]]
        names = [figures.peers[peer] for peer in peers]
        bars = axis.barh(names, medians, xerr=around, color=[colour(figures, peer) for peer in peers], ecolor="#0f172a")
        axis.bar_label(bars, [f"{middle:,.0f}" for middle in medians], padding=4)
        axis.set(title=f"{load}, requests/s", xlim=(0, 1.35 * max(map(max, rates))))
        axis.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(3))
        axis.xaxis.set_major_formatter("{x:,.0f}")
    return figure


def latency(figures):
    """A line for each peer and load, from p50 to p99; the fastest and the slowest are far apart, hence the scale."""
    loads, peers = compare.loads_of(figures), peers_from_below(figures)
    figure, axes = panels(len(loads), 1.4 + 0.35 * len(peers), sharey=True, sharex=True)
    for axis, load in zip(axes, loads):
        for row, peer in enumerate(peers):
            p50, p99 = (figures.median(value, **compare.runs_of(load, peer)) / 1000 for value in ("p50", "p99"))
            axis.plot([p50, p99], [row, row], color=colour(figures, peer), linewidth=2)
            axis.plot(p50, row, "o", color=colour(figures, peer), label="p50" if row == 0 else None)
            axis.plot(p99, row, "|", color=colour(figures, peer), markersize=12, markeredgewidth=2,
                      label="p99" if row == 0 else None)
        axis.set(title=f"{load}, ms at 64 connections", xscale="log", yticks=range(len(peers)),
                 yticklabels=[figures.peers[peer] for peer in peers])
        axis.xaxis.set_major_formatter("{x:g}")
        axis.grid(axis="x", color="#e2e8f0")
    axes[-1].legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)
    return figure


def by_connections(figures):
    """Throughput and latency of sessiond at 1, 64 and 1,024 connections; of the C program at 1 and 64."""
    figure, axes = panels(3, 3.4)
    for axis, value, title in zip(axes, ("rate", "p50", "p99"), ("requests/s", "p50, ms", "p99, ms")):
        for load, tint in COLOURS.items():
            for kind, form in (("sessiond", "o-"), ("c", "s:")):
                peer = figures.of_kind(kind)[0]
                points = connection_points(figures, peer, load, value)
                scale = 1 if value == "rate" else 1000
                axis.plot([at for at, _ in points], [seen / scale for _, seen in points], form, color=tint,
                          label=f"{load}, {figures.peers[peer]}")
        axis.set(title=title, xscale="log", yscale="linear" if value == "rate" else "log", xlabel="connections",
                 xticks=[1, 64, 1024])
        if value == "rate":
            axis.set_ylim(bottom=0)
            axis.yaxis.set_major_formatter("{x:,.0f}")
        else:
            axis.yaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_major_formatter("{x:,.0f}")
        axis.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
        axis.grid(color="#e2e8f0")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def connection_points(figures, peer, load, value):
    """Of the C program's 64 connections the rounds of all peers have the figure."""
    points = []
    for connections in (1, 64, 1024):
        seen = figures.median(value, step="connections", peer=peer, load=load, connections=connections)
        if seen is None and connections == 64:
            seen = figures.median(value, **compare.runs_of(load, peer))
        if seen is not None:
            points.append((connections, seen))
    return points


def by_rows(figures):
    figure, axes = panels(2, 3.2)
    sizes = sorted({run.rows for run in figures.select(step="rows")})
    for axis, value, title in zip(axes, ("rate", "p99"), ("requests/s", "p99, ms")):
        for load in dict.fromkeys(run.load for run in figures.select(step="rows")):
            seen = [figures.median(value, step="rows", load=load, rows=rows) for rows in sizes]
            axis.plot(sizes, [one if value == "rate" else one / 1000 for one in seen], "o-", color=COLOURS[load],
                      label=load)
        axis.set(title=f"{title}, by rows of the table", xscale="log", xlabel="rows", xticks=sizes)
        axis.set_ylim(bottom=0)
        axis.xaxis.set_major_formatter("{x:,.0f}")
        axis.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
        axis.yaxis.set_major_formatter("{x:,.0f}" if value == "rate" else "{x:g}")
        axis.grid(color="#e2e8f0")
        axis.legend(frameon=False)
    return figure
