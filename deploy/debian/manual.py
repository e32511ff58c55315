#!/usr/bin/python3
"""Writes the manual: a page for each command, from what the program says of itself, and one for the settings' file.

    manual.py PROGRAM SETTINGS DIRECTORY
"""

import json
import subprocess
import sys
from pathlib import Path

FILES = {
    "/etc/sessiond/sessiond.env": "the settings of the services, described in sessiond.env(5)",
    "/etc/credstore/sessiond.secret_key": "the secret key, where it is not to stand in the settings",
    "/run/sessiond/worker.sock": "the workers' socket, for nginx",
    "/usr/share/sessiond/nginx": "configuration of nginx, to be included, with a complete example",
    "/usr/share/sessiond/sql": "the migrations as SQL, for databases that only their own administrators change",
    "/usr/share/sessiond/templates": "examples for the directory that TEMPLATES_DIR names",
}
SERVICES = """\
Each worker is an instance of sessiond@.service, and all serve the socket of sessiond.socket. To start two of them, now
and at each boot:

    systemctl enable --now sessiond@1 sessiond@2

A worker that ends or hangs is replaced; one whose settings are wrong says so in the journal and is left alone.
sessiondctl(8) restarts the workers one by one, without losing a request, and runs the commands above with the services'
settings."""


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace('"', "\\(dq")
    return text.replace("^", "\\(ha").replace("~", "\\(ti").replace("`", "\\(ga")


def paragraphs(text):
    """Plain text as roff: empty lines divide paragraphs, indented lines are examples."""
    lines = []
    for block in text.strip("\n").split("\n\n"):
        if block.startswith("    "):
            lines += [".PP", ".EX", ".RS", *(escape(line.strip()) for line in block.splitlines()), ".RE", ".EE"]
        else:
            lines += [".PP", escape(" ".join(block.split()))]
    return lines


def entry(term, text):
    return [".TP", term, escape(text)]


def bold(text):
    return f"\\fB{escape(text)}\\fP"


def page(name, section, summary, parts):
    """One page; `parts` are headings with their lines."""
    title = f'.TH {escape(name).upper()} {section} "" "sessiond {VERSION}" "sessiond"'
    lines = [title, ".nh", ".ad l", ".SH NAME", f"{escape(name)} \\- {escape(summary.rstrip('.'))}"]
    for heading, body in parts:
        lines += [f".SH {heading}", *body]
    (DIRECTORY / f"{name}.{section}").write_text("\n".join(lines) + "\n")


def lower(text):
    """The beginning of a sentence as a phrase, but not that of a name."""
    return text if text.split()[0].endswith("'s") or text[1:2].isupper() else text[0].lower() + text[1:]


def option(argument):
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    value = f" \\fI{escape(argument['valueName'])}\\fP" if argument["kind"] == "option" else ""
    return ", ".join(bold(name) for name in names) + value


def synopsis(command, arguments):
    words = [bold(command)]
    for argument in arguments:
        words.append(f"[{option({**argument, 'names': argument['names'][:1]})}]")
    return [" ".join(words)]


def described(argument):
    text = argument["abstract"]
    if argument.get("allValues"):
        text += " One of " + ", ".join(argument["allValues"]) + "."
    if "defaultValue" in argument:
        text += f" The default is {argument['defaultValue']}."
    return text


def command_page(command):
    name = f"sessiond-{command['commandName']}"
    shown = [argument for argument in command["arguments"] if argument["shouldDisplay"]]
    own = [argument for argument in shown if argument["preferredName"]["name"] not in ("help", "version")]
    options = [line for argument in own + [a for a in shown if a not in own]
               for line in entry(option(argument), described(argument))]
    parts = [
        ("SYNOPSIS", synopsis(f"sessiond {command['commandName']}", own)),
        ("DESCRIPTION", paragraphs(command["abstract"] + "\n\n" + command.get("discussion", ""))),
        ("OPTIONS", options),
        ("ENVIRONMENT", paragraphs("The settings of sessiond.env(5) are environment variables of this command. "
                                   "sessiondctl(8) runs it with those that the file holds.")),
        ("EXIT STATUS", [line for status, text in statuses(command["commandName"]) for line in entry(status, text)]),
        ("SEE ALSO", ["\\fBsessiond\\fP(1), \\fBsessiond.env\\fP(5), \\fBsessiondctl\\fP(8)"]),
    ]
    page(name, 1, lower(command["abstract"]), parts)
    return name


def statuses(command):
    yield "0", "It did what it was asked to."
    yield "1", "It could not; standard error says why."
    yield "64", "The command line is wrong."
    if command == "serve":
        yield "78", "A setting is wrong; standard error names it."


def main_page(program, commands):
    parts = [
        ("SYNOPSIS", ["\\fBsessiond\\fP \\fIcommand\\fP [\\fIoption\\fP ...]"]),
        ("DESCRIPTION", paragraphs(DESCRIPTION)),
        ("COMMANDS", [line for command in commands
                      for line in entry(f"\\fBsessiond\\-{command['commandName']}\\fP(1)", command["abstract"])]),
        ("SERVICES", paragraphs(SERVICES)),
        ("FILES", [line for name, text in FILES.items() for line in entry(f"\\fI{escape(name)}\\fP", text)]),
        ("SEE ALSO", ["\\fBsessiond.env\\fP(5), \\fBsessiondctl\\fP(8), \\fBsystemd.socket\\fP(5), \\fBnginx\\fP(8)"]),
    ]
    page("sessiond", 1, lower(program["abstract"]), parts)


DESCRIPTION = """\
sessiond is a FastCGI worker behind nginx that reads and writes the same sessions as a Django project, to the byte, so
that a user who logs in through either is logged in at both.

Its settings are environment variables with Django's names; sessiond.env(5) describes them."""


def settings_page(source):
    """The comments of the file become its text, and what they stand above its entries."""
    introduction, *groups = source.split("\n## ")
    described = " ".join(line.removeprefix("# ") for line in introduction.splitlines())
    form = "The form of the file is that of systemd's EnvironmentFile=, see systemd.exec(5)."
    parts = [("DESCRIPTION", paragraphs(f"{described}\n\n{form}"))]
    for group in groups:
        heading, *blocks = group.strip().split("\n\n")
        body = []
        for block in blocks:
            lines = block.splitlines()
            names = [line.removeprefix("#") for line in lines if not line.startswith("# ")]
            body += [".TP", *"\n.TQ\n".join(bold(name) for name in names).split("\n")]
            body += [escape(" ".join(line.removeprefix("# ") for line in lines if line.startswith("# ")))]
        parts.append((heading.upper(), body))
    parts.append(("SEE ALSO", ["\\fBsessiond\\fP(1), \\fBsessiondctl\\fP(8)"]))
    page("sessiond.env", 5, "settings of sessiond", parts)


if __name__ == "__main__":
    told = subprocess.run([sys.argv[1], "--experimental-dump-help"], check=True, capture_output=True, text=True)
    VERSION = subprocess.run([sys.argv[1], "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    DIRECTORY = Path(sys.argv[3])
    program = json.loads(told.stdout)["command"]
    commands = [command for command in program["subcommands"] if command["commandName"] != "help"]
    for command in commands:
        command_page(command)
    main_page(program, commands)
    settings_page(Path(sys.argv[2]).read_text())
