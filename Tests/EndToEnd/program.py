"""Where the program lies that the tests run."""

import os
from pathlib import Path

import pytest
from stack import ROOT


def pytest_addoption(parser):
    parser.addoption("--program", default=os.environ.get("SESSIOND_PROGRAM", str(ROOT / ".build/release/sessiond")))


@pytest.fixture(scope="session")
def program(request):
    path = Path(request.config.getoption("--program"))
    assert path.is_file(), f"{path} is missing; build it with: swift build -c release --product sessiond"
    return path
