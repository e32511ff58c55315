"""What the programs of this directory need before they can measure: packages, a Python environment, sessiond itself."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".build/venv"


def enter_environment(packages, wheels=()):
    """Goes on in the Python environment that all tests share, and installs what is missing before."""
    if Path(sys.prefix) == VENV:
        return
    script = 'set -e; . deploy/packages.sh; install_packages "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}" "$@"'
    subprocess.run(["bash", "-c", script, Path(sys.argv[0]).name, *packages], cwd=ROOT, check=True)
    if not (VENV / "bin/python").exists():
        subprocess.run(["/usr/bin/python3", "-m", "venv", VENV], check=True)
    python = str(VENV / "bin/python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "psycopg[binary]"]
    subprocess.run([*pip, *wheels], check=True)
    os.execv(python, [python, "-B", *sys.argv])


def build_sessiond():
    print("Building sessiond (the first time takes some minutes) …", flush=True)
    build = '. deploy/packages.sh; exec swift build "${RELEASE_FLAGS[@]}" "$@"'
    command = ["bash", "-c", build, "build"]
    subprocess.run(command, cwd=ROOT, check=True)
    where = subprocess.run([*command, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
    return Path(where.stdout.strip()) / "sessiond"
