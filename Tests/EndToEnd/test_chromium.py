"""Acceptance 2: the journey by clicking, in a real browser.

SESSIOND_SCREENSHOT names the file that the README's picture goes to.
"""

import os
import shutil

import pytest
from webdriver import Chromium

pytestmark = pytest.mark.skipif(not shutil.which("chromedriver"), reason="chromium-driver is not installed")


def log_in(chromium, username):
    chromium.find("input[name=username]").type(username)
    chromium.find("input[name=password]").type("correct horse")
    chromium.find("form button, form input[type=submit]").click()
    chromium.wait_for(f"You are : {username}")


@pytest.mark.parametrize("javascript", [True, False], ids=["as it comes", "without JavaScript"])
def test_a_browser_logs_in_comes_back_and_logs_out(stack, tmp_path, javascript):
    base = f"http://127.0.0.1:{stack.port}/myapp"
    with Chromium(tmp_path, javascript=javascript) as chromium:
        chromium.open(f"{base}/connection/")
        picture = os.environ.get("SESSIOND_SCREENSHOT")
        chromium.screenshot(picture if picture and javascript else tmp_path / "form.png")
        log_in(chromium, "alice")
        chromium.open(f"{base}/connection/")
        assert "You are : alice" in chromium.text
        chromium.find("a[href='/myapp/logout/'], form[action='/myapp/logout/'] button").click()
        chromium.wait_for("You are logged out.")
        chromium.find("a[href='/myapp/connection/']").click()
        chromium.wait_for("assword")
        chromium.find("input[type=password]")


def test_the_style_is_applied_under_the_content_security_policy(stack, tmp_path):
    with Chromium(tmp_path) as chromium:
        chromium.open(f"http://127.0.0.1:{stack.port}/myapp/connection/")
        assert chromium.evaluate("document.styleSheets.length") == 1
        assert chromium.evaluate("document.styleSheets[0].cssRules.length") > 0


def test_the_form_fits_a_phone(stack, tmp_path):
    with Chromium(tmp_path, size=(360, 640)) as chromium:
        chromium.open(f"http://127.0.0.1:{stack.port}/myapp/connection/")
        chromium.resize(500, 640)  # Chromium makes no window narrower than this
        assert chromium.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert chromium.evaluate("!!document.querySelector('meta[name=viewport]')")


def test_a_name_with_html_in_it_is_shown_as_text(stack, tmp_path):
    with Chromium(tmp_path) as chromium:
        chromium.open(f"http://127.0.0.1:{stack.port}/myapp/connection/")
        log_in(chromium, "<img src=x onerror=alert(1)>")
        assert chromium.evaluate("document.images.length") == 0
