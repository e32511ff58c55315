"""Whether the time of an answer tells a user who is unknown from one whose password was wrong."""

import random

import numpy
from accounts import LoginForm, start
from measure import require

TITLE = "unknown users and wrong passwords"
PAIRS = 300
WARM_UP = 5
SHUFFLES = 10_000
STATISTICS = {"median": numpy.median, "mean": numpy.mean}


def seconds(plan):
    return 2 * PAIRS * 0.25


def run(plan):
    """Pairs of one of each, in random order, each name once; so that what drifts on the machine meets both alike."""
    bench, chance = plan.bench, random.Random(1)
    form = LoginForm(bench, start(bench, plan.sessiond, 1))
    try:
        for number in range(WARM_UP):
            form.fail(f"warm{number:04}")
        samples = {"user": [], "none": []}
        for number in range(PAIRS):
            for kind in chance.sample(list(samples), 2):
                samples[kind].append(form.fail(f"{kind}{number:04}"))
    finally:
        form.close()
    sizes = {size for answers in samples.values() for _, size in answers}
    require(len(sizes) == 1, f"the answers differ in length: {sizes}")
    wrong, unknown = (numpy.array([time for time, _ in samples[kind]]) * 1000 for kind in ("user", "none"))
    figures = {name: compare(wrong, unknown, of) for name, of in STATISTICS.items()}
    # The smaller of two p-values is found below any bound twice as often as one.
    p = min(1, len(figures) * min(figure["p"] for figure in figures.values()))
    plan.figures.numbers["timing"] = {"p": p, **figures, "wrong": list(wrong), "unknown": list(unknown)}
    for name, figure in figures.items():
        low, high = figure["interval"]
        plan.say(f"{name} of {PAIRS}: wrong password {figure['wrong']:.2f} ms, unknown user {figure['unknown']:.2f} ms, "
                 f"difference {figure['difference']:+.3f} ms (95 %: {low:+.3f} to {high:+.3f}), p = {figure['p']:.3f}")
    plan.say(f"p of both {p:.3f}: " + ("nothing tells them apart" if p >= 0.01 else "they CAN BE TOLD APART"))


def compare(wrong, unknown, of, seed=1):
    """How often chance alone makes a difference like this one: within each pair, who is who is drawn anew."""
    generator = numpy.random.default_rng(seed)
    swapped = generator.random((SHUFFLES, len(wrong))) < 0.5
    shuffled = of(numpy.where(swapped, wrong, unknown), axis=1) - of(numpy.where(swapped, unknown, wrong), axis=1)
    difference = of(unknown) - of(wrong)
    drawn = generator.integers(len(wrong), size=(SHUFFLES, len(wrong)))
    interval = numpy.percentile(of(unknown[drawn], axis=1) - of(wrong[drawn], axis=1), [2.5, 97.5])
    p = (1 + numpy.sum(abs(shuffled) >= abs(difference))) / (1 + SHUFFLES)
    return {"wrong": float(of(wrong)), "unknown": float(of(unknown)), "difference": float(difference), "p": float(p),
            "interval": [float(end) for end in interval]}
