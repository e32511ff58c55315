"""Makes a script that shows a difference as small as it gets."""


def shrink(script, differs):
    """The least script for which `differs` stays true, by leaving out steps, settings and parts of views."""
    for _ in range(6):
        before = repr(script)
        script = fewer(script, "steps", differs)
        for name in list(script["settings"]):
            settings = {key: value for key, value in script["settings"].items() if key != name}
            script = keep(script, {**script, "settings": settings}, differs)
        for number, step in enumerate(script["steps"]):
            script = simpler(script, number, step, differs)
        if repr(script) == before:
            break
    return script


def keep(script, changed, differs):
    return changed if differs(changed) else script


def fewer(script, field, differs):
    """Leaves out as many steps as it can, large pieces first."""
    size = max(len(script[field]) // 2, 1)
    while True:
        start = 0
        while start < len(script[field]):
            changed = {**script, field: script[field][:start] + script[field][start + size:]}
            if differs(changed):
                script = changed
            else:
                start += size
        if size == 1:
            return script
        size //= 2


def simpler(script, number, step, differs):
    """Shorter views and plainer values in one step."""

    def with_step(changed):
        return {**script, "steps": script["steps"][:number] + [changed] + script["steps"][number + 1:]}

    if step.get("view"):
        step = fewer(step, "view", lambda changed: differs(with_step(changed)))
        script = with_step(step)
    plainer = [("value", 1), ("value", {}), ("value", {"a": 1}), ("name", "a"), ("status", 200), ("vary", None)]
    for field, plain in plainer:
        # Some take a dictionary, others a flag.
        fits = field != "value" or isinstance(step.get(field), dict) == isinstance(plain, dict)
        if field in step and step[field] != plain and fits and not isinstance(step[field], bool):
            changed = with_step({**step, field: plain})
            if differs(changed):
                script, step = changed, changed["steps"][number]
    return script
