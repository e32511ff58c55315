"""What sessiond's views do, in Django."""

from pathlib import Path

from django import forms
from django.conf import settings
from django.http import FileResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import render


class LoginForm(forms.Form):
    username = forms.CharField(
        max_length=100, widget=forms.TextInput({"autocomplete": "username", "autofocus": True}))
    password = forms.CharField(strip=False, widget=forms.PasswordInput({"autocomplete": "current-password"}))


def form_view(request):
    username = request.session.get("username")
    if username is None:
        return render(request, "login.html", {"form": LoginForm()})
    return logged_in_page(request, username)


def login(request):
    form = LoginForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        return render(request, "loggedin.html", {"username": "not logged in"})
    username = form.cleaned_data["username"]
    if request.session.get("username", username) != username:
        request.session.flush()
    else:
        request.session.cycle_key()
    request.session["username"] = username
    rotate_token(request)
    return logged_in_page(request, username)


def logged_in_page(request, username):
    return render(request, "loggedin.html", {"username": username, "is_logged_in": True})


def logout(request):
    request.session.flush()
    return render(request, "loggedout.html")


def stylesheet(request):
    path = Path(settings.TEMPLATES[0]["DIRS"][0]) / "style.css"
    return FileResponse(path.open("rb"), content_type="text/css; charset=utf-8")
