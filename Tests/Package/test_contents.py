"""What the package holds, without installing it."""

import os
import re
import shutil
import stat
import subprocess

import pytest
from machine import ROOT, run

SYSTEM = "lib/systemd/system"


@pytest.fixture(scope="module")
def tree(package, tmp_path_factory):
    """The package's files, as they would be installed."""
    directory = tmp_path_factory.mktemp("package")
    run("dpkg-deb", "--extract", package, directory)
    return directory


def test_lintian_has_nothing_to_say(package):
    done = run("lintian", "--allow-root", "--fail-on", "error,warning", package, check=False)
    assert done.returncode == 0 and not done.stdout, done.stdout


def test_the_program_is_stripped_and_needs_debians_libraries_alone(package, tree):
    program = tree / "usr/bin/sessiond"
    assert ".symtab" not in run("readelf", "--sections", "--wide", program).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "--dynamic", program).stdout)
    assert needed and not [name for name in needed if name.startswith(("libswift", "libFoundation", "lib_"))]
    depends = run("dpkg-deb", "--field", package, "Depends").stdout
    for name in ("libc6", "libfcgi0ldbl", "libhiredis", "libmimalloc", "libpq5", "zlib1g", "tzdata"):
        assert name in depends


def test_it_is_the_program_of_that_version(package, tree):
    version = run("dpkg-deb", "--field", package, "Version").stdout.strip()
    assert run(tree / "usr/bin/sessiond", "--version").stdout.strip() == f"sessiond {version}"


def test_the_settings_are_a_conffile_that_the_group_alone_can_read(package, tree):
    assert run("dpkg-deb", "--info", package, "conffiles").stdout.split() == ["/etc/sessiond/sessiond.env"]
    assert stat.S_IMODE(os.stat(tree / "etc/sessiond/sessiond.env").st_mode) == 0o640


def test_the_settings_show_defaults_and_set_nothing(tree):
    text = (tree / "etc/sessiond/sessiond.env").read_text()
    assert all(line.startswith("#") for line in text.splitlines() if line)
    shown = re.findall(r"^#([A-Z_]+)=", text, re.MULTILINE)
    assert len(shown) == len(set(shown)) > 50


def test_the_units_are_well_formed(tree):
    """As far as systemd can tell without the program in its place."""
    for unit in (tree / SYSTEM).iterdir():
        text = unit.read_text()
        assert "@COMMON@" not in text
        if unit.suffix == ".service":
            # A directive that systemd does not know would be ignored in silence.
            unit.write_text(text.replace("/usr/bin/sessiond", "/bin/true"))
    names = ["sessiond.socket", "sessiond@1.service", "sessiond-clear.service", "sessiond-clear.timer"]
    done = run("systemd-analyze", "verify", "--man=no", *(tree / SYSTEM / name for name in names), check=False)
    assert not [line for line in done.stderr.splitlines() if "sessiond" in line], done.stderr


@pytest.mark.parametrize("unit", ["sessiond@.service", "sessiond-clear.service"])
def test_the_services_are_hardened(tree, unit):
    run("systemd-analyze", "security", "--offline=yes", "--threshold=15", tree / SYSTEM / unit)


def test_nginx_example_names_installed_files_alone(tree):
    for file in (tree / "usr/share/sessiond/nginx").iterdir():
        for name in re.findall(r"^\s*include\s+(.+);", file.read_text(), re.MULTILINE):
            assert (tree / name.lstrip("/")).is_file() and name.startswith("/usr/share/sessiond/nginx/")
    listens = re.search("ListenStream=(.+)", (tree / SYSTEM / "sessiond.socket").read_text()).group(1)
    assert f"server unix:{listens};" in (tree / "usr/share/sessiond/nginx/sessiond.conf").read_text()


def test_templates_sql_alerts_and_dashboard_are_the_sources(tree):
    sources = {
        "templates": "Sources/LoginApp/Templates", "sql": "sql", "prometheus": "deploy/prometheus",
        "grafana": "deploy/grafana",
    }
    for installed, source in sources.items():
        comparison = ["diff", "--recursive", tree / "usr/share/sessiond" / installed, ROOT / source]
        run(*comparison)


def commands(tree):
    shown = run(tree / "usr/bin/sessiond", "--help").stdout
    return re.findall(r"^  ([a-z]+) {2,}", shown.split("SUBCOMMANDS:")[1], re.MULTILINE)


def test_each_command_has_a_page_that_renders_without_a_warning(tree):
    names = commands(tree)
    assert {"serve", "migrate", "check"} <= set(names)
    pages = {file.name: file for file in (tree / "usr/share/man").rglob("*.gz")}
    expected = {"sessiond.1.gz", "sessiond.env.5.gz", "sessiondctl.8.gz", *(f"sessiond-{name}.1.gz" for name in names)}
    assert expected == set(pages)
    for name, page in pages.items():
        warnings = run("man", "--warnings", "--local-file", "-Tutf8", "-Z", page).stderr
        assert not warnings, f"{name}: {warnings}"


def test_a_page_says_what_the_help_says(tree):
    page = tree / "usr/share/man/man1/sessiond-clearsessions.1.gz"
    shown = run("man", "--local-file", page, env={**os.environ, "MANWIDTH": "1000", "LANG": "C.UTF-8"}).stdout
    words = " ".join(re.sub(r"\x1b\[[0-9;]*m|.\x08", "", shown).split())
    for option in re.findall(r"--[a-z-]+", run(tree / "usr/bin/sessiond", "help", "clearsessions").stdout):
        assert option in words
    assert "How many sessions are deleted at a time. The default is 10000." in words


def test_every_setting_has_its_place_on_the_settings_page(tree):
    page = run("man", "--local-file", tree / "usr/share/man/man5/sessiond.env.5.gz").stdout
    page = re.sub(r".\x08", "", page)
    names = re.findall(r"^#([A-Z_]+)=", (tree / "etc/sessiond/sessiond.env").read_text(), re.MULTILINE)
    assert not [name for name in names if f"{name}=" not in page]


COMPLETIONS = {
    "bash": "bash-completion/completions/sessiond",
    "zsh": "zsh/vendor-completions/_sessiond",
    "fish": "fish/vendor_completions.d/sessiond.fish",
}


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_completions_are_good_shell_and_know_the_commands(tree, shell):
    script = tree / "usr/share" / COMPLETIONS[shell]
    if shutil.which(shell):
        run(shell, "-n", script)
    assert not [name for name in commands(tree) if name not in script.read_text()]


def test_bash_completes_a_command(tree):
    script = f"""
        . {tree}/usr/share/{COMPLETIONS["bash"]}
        COMP_WORDS=(sessiond cle) COMP_CWORD=1 COMP_LINE='sessiond cle' COMP_POINT=12
        _sessiond sessiond cle sessiond && printf '%s' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "clearsessions", done.stderr


def test_the_licence_is_there(tree):
    text = (tree / "usr/share/doc/sessiond/copyright").read_text()
    assert "Permission is hereby granted" in text and "Apache-2.0" in text
