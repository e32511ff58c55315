"""Renders templates and forms with a real Django 5.2 and writes what it prints to the file that TEMPLATE_VECTORS names.

Each case is a set of templates, a context and perhaps a form. The Swift tests render the same and compare the bytes;
where Django refuses a template or fails in it, they must too.
"""

import json
import os
import sys
from pathlib import Path

import django
from django.conf import settings

URLS = {
    "login": "login/",
    "logout": "logout/",
    "loginform": "connection/",
    "password_reset": "password_reset/",
    "stylesheet": "style.css",
    "quirky": "it's/a&b/",
    "item": "item/<int:pk>/",
    "pair": "pair/<str:first>/<str:second>/",
}

settings.configure(
    DEBUG=False,
    USE_TZ=True,
    ROOT_URLCONF=__name__,
    SECRET_KEY="templates",
    INSTALLED_APPS=["django.contrib.staticfiles", "django.forms"],
    STATIC_URL="/static/",
    TEMPLATES=[],
)
django.setup()

from django import forms  # noqa: E402
from django.http import HttpResponse, QueryDict  # noqa: E402
from django.template import Context, Engine  # noqa: E402
from django.urls import include, path, reverse  # noqa: E402
from django.utils.safestring import SafeString, mark_safe  # noqa: E402

pages = [path(route, lambda request, **arguments: HttpResponse(), name=name) for name, route in URLS.items()]
urlpatterns = [path("myapp/", include(pages))]

BUILTINS = [
    "django.template.defaulttags",
    "django.template.defaultfilters",
    "django.template.loader_tags",
]
LIBRARIES = {
    "static": "django.templatetags.static",
    "i18n": "django.templatetags.i18n",
    "l10n": "django.templatetags.l10n",
}

# The application's own pages, which Django must print as the program does.
PAGES = Path(__file__).parents[2] / "Sources/LoginApp/Templates"

# The characters that matter in HTML, a control character, and characters of two, three and four bytes.
NASTY = "<b>\"it's\" & more</b>\x7f é € 😀"

# The example of Django's documentation (topics/auth/default, "login.html").
DOCUMENTED_LOGIN = """{% extends "base.html" %}

{% block content %}

{% if form.errors %}
<p>Your username and password didn't match. Please try again.</p>
{% endif %}

{% if next %}
    {% if user.is_authenticated %}
    <p>Your account doesn't have access to this page. To proceed,
    please login with an account that has access.</p>
    {% else %}
    <p>Please login to see this page.</p>
    {% endif %}
{% endif %}

<form method="post" action="{% url 'login' %}">
{% csrf_token %}
<table>
<tr>
    <td>{{ form.username.label_tag }}</td>
    <td>{{ form.username }}</td>
</tr>
<tr>
    <td>{{ form.password.label_tag }}</td>
    <td>{{ form.password }}</td>
</tr>
</table>

<input type="submit" value="login">
<input type="hidden" name="next" value="{{ next }}">
</form>

{# Assumes you set up the password_reset view in your URLconf #}
<p><a href="{% url 'password_reset' %}">Lost password?</a></p>

{% endblock %}
"""
BASE = """{% load static i18n %}<!doctype html>
<html lang="en"><head><title>{% block title %}My "site"{% endblock %}</title>
<link rel="stylesheet" href="{% static 'css/a b.css' %}"></head>
<body>{% block content %}<p>nothing</p>{% endblock %}{% block foot %}{% translate "Good bye" %}{% endblock %}</body></html>
"""

LOGIN_FIELDS = [
    {"name": "username", "max_length": 100, "attributes": [["autofocus", True], ["autocomplete", "username"]]},
    {"name": "password", "widget": "password"},
]

cases = []


def case(text, context=None, *, templates=None, form=None, csrf=None, name=None):
    cases.append(
        {
            "name": name or text[:70],
            "templates": {"main": text, **(templates or {})},
            "context": context or {},
            "form": form,
            "csrf": csrf,
        }
    )


def variable_cases():
    for text in (
        "{{ x }}", "{{x}}", "{{ x.y }}", "{{ x|upper }}", '{{ "a<b" }}', "{{ 'it\\'s' }}", '{{ "say \\"x\\" \\\\" }}',
        "{{ 5 }}", "{{ -3 }}", "{{ 2.50 }}", "{{ .5 }}", "{{ 1e3 }}", "{{ True }} {{ False }} {{ None }}", "a{b}c {",
        "{{ x }", "{{ x\n}}", "{% if x\n%}", "{# c #}a{# b #}", "{{ x }}\r\n{{ y }}\n", "{{ 'é' }}", "{{ _('50% off') }}",
        "{{}}", "{% %}", "{{ x y }}", "{{ x|nosuch }}", "{{ _x }}", "{{ x._y }}", "{{ x|default }}", "{{ x|upper:1 }}",
        "{% nosuch %}", "{% endif %}", "{% if 1 %}", "{% block a %}", "{% comment %}", "{{ 'open }}", "{{ x|default:'a' 'b' }}",
        "{{ x| upper |lower }}", "{{ x |default:'b' }}", "{{ x: y }}", "{{ 'a'.b }}", "{{ 1.2.3 }}",
    ):  # fmt: skip
        case(text, {"x": "Value"})
    for value in (NASTY, mark_safe(NASTY), 12, 1234567, -1, 1.5, 1e20, 1e-7, 100.0, 2.0**53 + 2, True, None, "", [1, "a'b", None, 'x"y'],
                  {"a": "<", "b": [True]}):  # fmt: skip
        case("{{ x }}|{{ x|safe }}|{{ x|escape }}|{{ x|force_escape }}", {"x": value})
        case("{% autoescape off %}{{ x }}{{ x|escape }}{% endautoescape %}{{ x }}", {"x": value})
        case("<a title=\"{{ x }}\" href='{{ x|urlencode }}'>", {"x": value})
    nested = {"d": {"0": "zero", "k": {"deep": "<ok>"}}, "l": ["a", ["b", "c"]], "s": "héllo"}
    for text in (
        "{{ d.k.deep }}", "{{ d.0 }}", "{{ l.0 }}", "{{ l.1.1 }}", "{{ l.9 }}", "{{ d.no }}", "{{ d.k.deep.x }}", "{{ s.1 }}",
        "{{ no.thing.at.all }}", "{% for k, v in d.items %}{{ k }}={{ v }};{% endfor %}", "{{ d.keys|length }}",
        "{% for v in d.values %}{{ v }};{% endfor %}",
    ):  # fmt: skip
        case(text, nested)


def filter_cases():
    texts = ["", "abc", "joe's 1ST o'NEIL house", "Hello World  again\tand again", NASTY, mark_safe("<i>x</i> 'y'"), 5, None,
             "line1\nline2\r\n\r\npara2\rend", "\n\nx\n", "ÀÉÎ ñandú ß ø", "b\u0301d\u0301x\u0301f"]  # fmt: skip
    for name in ("addslashes", "capfirst", "lower", "upper", "title", "length", "slugify", "urlencode", "linebreaks",
                 "linebreaksbr", "striptags", "escape|upper", "force_escape|lower", "safe|title", "wordcount", "make_list",
                 "default_if_none:'none'", "default:'dflt'", "default:x2", "yesno", "yesno:'y,n'", "yesno:'y'",
                 "truncatechars:5", "truncatechars:1", "truncatechars:0", "truncatechars:'x'", "truncatewords:2",
                 "truncatewords:1", "truncatewords:'0'", "cut:'l'", "cut:' '", "cut:';'", "cut:'&'", "add:'<'", "add:5",
                 "stringformat:'s'", "stringformat:'10s'", "stringformat:'-8s'", "stringformat:'.2s'", "stringformat:'d'",
                 "pluralize", "pluralize:'y,ies'", "floatformat", "urlencode:''", "slice:':2'", "slice:'-2:'"):  # fmt: skip
        for text in texts:
            case("[{{ x|%s }}]" % name, {"x": text, "x2": "<d>"}, name=f"{name} of {text!r}")
            if isinstance(text, str) and "<" in text:
                case("{%% autoescape off %%}[{{ x|%s }}]{%% endautoescape %%}" % name, {"x": text, "x2": "<d>"})
    for number in (0, 1, 2, -7, 1.0, 0.5, 34.23234, 34.0, 34.26, 2.5, 0.05, -0.04, 999.995, 1e15, "7", "1.5", "x", True, 12345678,
                   "1e-9223372036854775808"):
        for name in ("floatformat", "floatformat:3", "floatformat:'-3'", "floatformat:0", "pluralize", "add:2", "add:'3'",
                     "stringformat:'05d'", "stringformat:'+d'", "stringformat:'.2f'", "stringformat:'8.1f'",
                     "stringformat:'q'", "yesno", "divisibleby:2", "default:9"):  # fmt: skip
            case("{{ x|%s }}" % name, {"x": number}, name=f"{name} of {number!r}")
    for value in ([], [1, 2, 3], ["<a>", mark_safe("<b>"), "c"], "abc", {"a": 1, "b": 2}, 5, None):
        for name in ("join:', '", "join:'<br>'", "join:sep", "first", "last", "length", "pluralize", "slice:'1:'",
                     "slice:':-1'", "default:'empty'", "yesno:'some,none'", "add:value", "add:more"):  # fmt: skip
            case("{{ value|%s }}" % name, {"value": value, "sep": "<hr>", "more": [9]}, name=f"{name} of {value!r}")
    for value in (0, 255, -255, 3.7, -0.5, 1e20, 1234567.891, -1234.5, True, None, "abc", "a'b", "é", "", [1, "é"], mark_safe("<b>")):
        for specifier in ("x", "X", "o", "#x", "#X", "#o", "#08x", "-#8x", "+x", "05x", ".5x", "#.5x", "i", "u", "ld", "d%%", "d items",
                          "d%", "d%s", "%d", "8.3d", "-8d", "08d", "+08d", "e", "E", ".2e", "g", "G", ".3g", "#g", "#.0f", "F", "010.3f",
                          "+.1e", "c", "5c", "-5c", "r", "8r", ".2r", "a", "-9a", ".4a", "b", "", "5", "*d"):  # fmt: skip
            if specifier == "%d" and isinstance(value, list) or specifier.endswith("c") and value == -255:
                continue  # a list counts as a mapping, of which no key is asked for; Django lets an OverflowError pass
            case("[{{ x|stringformat:'%s' }}]" % specifier, {"x": value}, name=f"stringformat {specifier} of {value!r}")
    for value in (0, 5, 999, 1000, -1000, 1234567.891, -123456.5, 999999.995, "12345678", True, "x"):
        for places in ("g", "2g", "-2g", "0g", "u", "2u", "gu", "2ug", "-1gu", "xg", "gg", "2gx"):
            case("{{ x|floatformat:'%s' }}" % places, {"x": value}, name=f"floatformat {places} of {value!r}")
    for value in ("abcdefg", "", "é", [1, 2, 3, 4, 5], [], {"a": 1}, 5):
        for bounds in ("::2", "1::2", ":4:3", "::-1", "4::-2", ":1:-1", "-2::-1", "9::-1", "-9::-1", ":-9:-1", "-9:9", "3:1", "::0",
                       "::9", "::-9", "::99999999999", "::-9223372036854775808", "1:2:3:4", "x:1", "1:x", " 1 : 3 ", "", ":", "::",
                       "-9223372036854775808:", ":9223372036854775807"):  # fmt: skip
            case("{{ value|slice:'%s' }}" % bounds, {"value": value}, name=f"slice {bounds} of {value!r}")
    for html in ("<p>a</p>b", "a < b > c", "<img alt='>'>x", "<!-- c -->x", "<<b>i>x", "</b >y", "a<b", "x & y &amp; z", "1<2",
                 "<a b='>'><b>x", "<a b=\"'>\">x", "<a<b c='>'>x", "<!-- <a> -->x<!-- y -->z", "<b>x<!-- y"):
        case("{{ x|striptags }}", {"x": html}, name=f"striptags of {html}")
    case("{{ a|add:b }} {{ b|add:a }}", {"a": mark_safe("<a>"), "b": mark_safe("<b>")})
    case("{{ a|add:b }} {{ b|add:a }}", {"a": mark_safe("<a>"), "b": "<b>"})
    case("{{ a|default:missing }}", {"a": ""})
    case("{{ a|default:missing }}", {"a": "x"})


def tag_cases():
    values = {"n": None, "t": True, "f": False, "zero": 0, "one": 1, "two": 2.0, "s": "abc", "e": "", "l": [1, "b"], "d": {"k": 1}}
    for condition in (
        "t", "f", "missing", "not missing", "n is None", "missing is None", "missing == None", "missing == ''", "e == ''", "zero",
        "one", "t and f", "t or f", "not t or t", "f and f or t", "t or t and f", "s == 'abc'", "s != 'abc'", "one == 1.0",
        "t == 1", "t is 1", "t is True", "t is not True", "one < two", "two <= 2", "s < 'abd'", "s > 5", "one >= 'x'",
        "'b' in s", "'x' not in s", "'b' in l", "1 in l", "1.0 in l", "'k' in d", "5 in one", "5 not in one", "n in s", "not 'b' in s",
        "l == l", "s|length == 3", "s|length > 2 and e|default:'x' == 'x'", "missing.x.y", "missing > 1", "not", "s ==", "s = 1",
        "s 'abc'", "and s", "1 == 1 == 1", "s|default:missing", "s|default:missing == 'abc'", "l.0 == 1", "n|default:'y' == 'y'",
        "'a' < 'B'", "not not t", "one in l and two in l", "d == d", "d != l", "l|first == 1", "s is s", "é == é", "missing in l",
    ):  # fmt: skip
        case("{%% if %s %%}yes{%% else %%}no{%% endif %%}" % condition, values)
    case("{% if a %}1{% elif b %}2{% elif c %}3{% else %}4{% endif %}", {"b": 0, "c": "x"})
    case("{% if a %}1{% elif b %}2{% endif %}.", {})
    case("{% if a %}{% else %}{% else %}{% endif %}", {})
    case("{% if a %}{% else %}{% elif b %}{% endif %}", {})
    case("{% if %}{% endif %}", {})

    loops = {"l": ["a", "<b>", "c"], "pairs": [["x", 1], ["y", 2]], "d": {"a": 1, "b": 2}, "e": [], "n": None, "i": 5, "s": "ab"}
    for text in (
        "{% for x in l %}{{ x }},{% endfor %}{{ x }}", "{% for x in l reversed %}{{ forloop.counter }}{{ x }}{% endfor %}",
        "{% for x in l %}{{ forloop.counter0 }}{{ forloop.revcounter }}{{ forloop.revcounter0 }}{{ forloop.first }}{{ forloop.last }} {% endfor %}",
        "{% for a, b in pairs %}{{ a }}{{ b }}{% endfor %}", "{% for a,b in pairs %}{{ a }}{{ b }}{% endfor %}",
        "{% for a , b in pairs %}{{ a }}{{ b }}{% endfor %}", "{% for a, b in l %}{{ a }}{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}",
        "{% for x in e %}a{% empty %}none{% endfor %}", "{% for x in missing %}a{% empty %}none{% endfor %}",
        "{% for x in n %}a{% empty %}none{% endfor %}", "{% for x in i %}a{% endfor %}", "{% for x in s %}{{ x }}-{% endfor %}",
        "{% for x in l %}{% for y in pairs %}{{ forloop.parentloop.counter }}.{{ forloop.counter }}{{ y.0 }} {% endfor %}{% endfor %}",
        "{% for x in l %}{% if forloop.last %}{% else %}{{ x }}{% endif %}{% endfor %}", "{% for x l %}{% endfor %}", "{% for x in %}{% endfor %}",
        "{% for x in l|slice:':2' %}{{ x }}{% endfor %}", "{% for 'x' in l %}{% endfor %}", "{% for x in l %}{% endif %}",
        "{% for x, in pairs %}{% endfor %}", "{% for x in l %}{% with x='w' %}{{ x }}{% endwith %}{{ x }}{% endfor %}",
        "{% for a, b, c in pairs %}{% endfor %}", "{% for x in l %}{% firstof x as y %}{{ y }}{% endfor %}{{ y }}",
        "{% for a, b in pairs %}{% firstof a as y %}{{ y }}{% endfor %}{{ y }}",
    ):  # fmt: skip
        case(text, loops)

    for text in (
        "{% with a=x b='<lit>' %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with x as a %}{{ a }}{% endwith %}",
        "{% with x as a and 5 as b %}{{ a }}{{ b }}{% endwith %}", "{% with a=x|upper %}{{ a }}{% endwith %}", "{% with %}{% endwith %}",
        "{% with x %}{% endwith %}", "{% with a=missing %}[{{ a }}]{% endwith %}", "{% with a=1 a=2 %}{{ a }}{% endwith %}",
        "{% with a=x c %}{% endwith %}", "{% with a='1' b=a %}{{ b }}|{% endwith %}",
        "{% firstof m n x %}", "{% firstof m '<lit>' %}", "{% firstof m x as y %}[{{ y }}]", "{% firstof m %}|", "{% firstof %}",
        "{% autoescape off %}{% firstof x %}{% endautoescape %}", "{% autoescape maybe %}{% endautoescape %}",
        "{% autoescape off %}{% autoescape on %}{{ x }}{% endautoescape %}{{ x }}{% endautoescape %}",
        "{% spaceless %} <p>\n <a> x </a>\t</p> y {% endspaceless %}|", "{% spaceless %}{{ x }} {{ x|safe }} <i>{% endspaceless %}",
        "{% verbatim %}{{ x }} {% if %}{# c #}{% endverbatim %}{{ x }}", "{% verbatim a %}{% endverbatim %}{% endverbatim a %}",
        "{% verbatim %}", "{% comment %}{% nosuch %}{{ }}{% endcomment %}ok", "{% comment 'why' %}x{% endcomment %}ok",
        "{% load static i18n %}{% load l10n %}ok", "{% load nosuch %}", "{% load static from static %}ok",
        "{% load static %}{% static 'a/b c.css' %}", "{% load static %}{% static x %}", "{% load static %}{% static \"it's&.css\" %}",
        "{% load static %}{% static 'a.css' as u %}[{{ u }}]", "{% load static %}{% autoescape off %}{% static x %}{% endautoescape %}",
        "{% load static %}{% static %}", "{% load static %}{% static '/lead.css' %}", "{% load static %}{% static 'ü~@:?#.css' %}",
        "{% load i18n %}{% translate '<Log in>' %}{% trans 'x' %}", "{% load i18n %}{% translate x %}",
        "{% load i18n %}{% translate '100%' %} {% translate '5 %% x' %}", "{% load i18n %}{% translate 'a' as b %}[{{ b }}]", "{% load i18n %}{% translate x as b %}[{{ b }}]",
        "{% load i18n %}{% translate 'a' context 'c' %}{% translate 'a' noop %}", "{% load i18n %}{% translate %}",
        "{% load i18n %}{% translate 'a' nosuch %}", "{% load i18n %}{% translate 'a'|upper %}", "{% load i18n %}{% translate missing %}|",
        "{% load i18n %}{% blocktranslate %}Hello {{ x }} 100% {{ missing }}{% endblocktranslate %}",
        "{% load i18n %}{% blocktranslate with a=x|upper b='<' %}{{ a }}{{ b }}{% endblocktranslate %}{{ a }}",
        "{% load i18n %}{% blocktrans count n=two %}{{ n }} thing{% plural %}{{ n }} things{% endblocktrans %}",
        "{% load i18n %}{% blocktrans count n=one %}{{ n }} thing{% plural %}{{ n }} things{% endblocktrans %}",
        "{% load i18n %}{% blocktrans count n=x %}a{% plural %}b{% endblocktrans %}",
        "{% load i18n %}{% blocktrans trimmed %}\n  Hello\n  {{ x }}\n   and  more\n{% endblocktrans %}|",
        "{% load i18n %}{% blocktrans asvar v %}<b>{{ x }}</b>{% endblocktrans %}[{{ v }}]",
        "{% load i18n %}{% blocktrans %}{% if x %}{% endif %}{% endblocktrans %}", "{% load i18n %}{% blocktrans %}{{ d.k }}{% endblocktrans %}|",
        "{% load i18n %}{% blocktrans with d.k as z %}{{ z }}{% endblocktrans %}", "{% load i18n %}{% blocktrans context 'c' with a=x %}{{ a }}{% endblocktrans %}",
        "{% url 'login' %}", '{% url "login" %}', "{% url 'item' 5 %}", "{% url 'item' one %}", "{% url 'pair' 'a b' name %}", "{% url 'quirky' %}",
        "{% autoescape off %}{% url 'quirky' %}{% endautoescape %}", "{% url 'login' as u %}[{{ u }}]", "{% url 'nosuch' as u %}[{{ u }}]",
        "{% url 'quirky' as u %}[{{ u }}]", "{% url name %}", "{% url 'nosuch' %}", "{% url %}", "{% url missing %}", "{% url 'item' %}", "{% url 'item' 'x' %}",
    ):  # fmt: skip
        case(text, {"x": NASTY, "one": 1, "two": 2, "name": "logout", "d": {"k": "v"}})
    for text in ("{% csrf_token %}", "[{{ csrf_token }}]", "{% if csrf_token %}y{% else %}n{% endif %}", "{% include 'i' %}", "{% include 'i' only %}"):
        for csrf in (None, "abc123", "<'x'>"):
            case(text, {}, csrf=csrf, templates={"i": "<{% csrf_token %}>"}, name=f"{text} with the token {csrf}")


def inheritance_cases():
    base = "A{% block one %}1{% endblock %}B{% block two %}2{{ x }}{% endblock two %}C"
    middle = "{% extends 'base' %}{% block one %}m[{{ block.super }}]{% endblock %}{% block extra %}not printed{% endblock %}"
    deep = "A{% block a %}(a{% block b %}b0{% endblock %}){% endblock %}"
    templates = {"base": base, "middle": middle, "deep": deep, "inc": "<{{ x }}{{ y }}{% block one %}inner{% endblock %}>",
                 "child": "{% extends 'base' %}{% block two %}child{% endblock %}", "loop1": "{% extends 'loop2' %}",
                 "loop2": "{% extends 'loop1' %}"}  # fmt: skip
    for text in (
        "{% extends 'base' %}", "{% extends 'base' %}ignored {{ x }}{% block two %}T{% endblock %}", "lead\n{% extends 'base' %}",
        "{# c #}\n{% extends 'base' %}{% block one %}x{% endblock %}", "{{ x }}{% extends 'base' %}", "{% load i18n %}{% extends 'base' %}",
        "{% extends 'middle' %}{% block one %}t[{{ block.super }}]{% endblock %}", "{% extends 'middle' %}{% block two %}{{ block.super|upper }}!{% endblock %}",
        "{% extends 'middle' %}", "{% extends 'nosuch' %}", "{% extends %}", "{% extends 'base' %}{% extends 'base' %}",
        "{% block a %}{% endblock %}{% block a %}{% endblock %}", "{% block a %}x{% endblock b %}", "{% block %}{% endblock %}", "{% block a b %}{% endblock %}",
        "{% extends 'deep' %}{% block b %}B[{{ block.super }}]{% endblock %}", "{% extends 'deep' %}{% block a %}X{% block b %}B1[{{ block.super }}]{% endblock %}{% endblock %}",
        "{% extends 'deep' %}{% block a %}{{ block.super }}+{{ block.super }}{% endblock %}{% block b %}b1{% endblock %}",
        "{% extends 'base' %}{% block one %}{% if block.super %}yes{% endif %}{% endblock %}", "{% extends 'base' %}{% block two %}{% with x='w' %}{{ block.super }}{% endwith %}{% endblock %}",
        "{% extends 'base' %}{% if x %}{% block one %}in if{% endblock %}{% endif %}", "{% block a %}{% with y=1 %}{{ y }}{% endwith %}{{ y }}{% endblock %}",
        "{% include 'inc' %}", "{% include 'inc' with y='<lit>' %}", "{% include 'inc' with y=x only %}", "{% include 'inc' only %}", "{% include name %}", "{% include 'child' %}",
        "{% include 'nosuch' %}", "{% include %}", "{% include 'inc' with %}", "{% include 'inc' nosuch %}", "{% include 'inc' only only %}", "{% include missing %}",
        "{% extends 'base' %}{% block one %}{% include 'inc' %}{% endblock %}", "{% for y in l %}{% include 'inc' %}{% endfor %}{{ y }}",
        "{% autoescape off %}{% include 'inc' %}{% endautoescape %}", "{% include 'inc' with x='a' y='b' %}{{ x }}",
        "{% extends 'base' %}{% block two %}{% for i in l %}{{ block.super }}{% endfor %}{% endblock %}",
    ):  # fmt: skip
        case(text, {"x": "<x>", "name": "inc", "l": [1, 2]}, templates=templates)
    case("{% extends 'loop1' %}", {}, templates=templates)


def form_cases():
    every = "{% for t in '1234'|make_list %}{% endfor %}" + "\n--\n".join(
        "{{ form%s }}" % name for name in ("", ".as_p", ".as_div", ".as_table", ".as_ul", ".errors", ".non_field_errors"))  # fmt: skip
    attributes = ("", ".label", ".label_tag", ".legend_tag", ".errors", ".id_for_label", ".help_text", ".value", ".html_name", ".name",
                  ".auto_id", ".is_hidden", ".field.required", ".widget_type", ".as_field_group", ".css_classes", ".data", ".initial",
                  ".errors.as_text", ".errors.as_ul", ".errors.0", ".as_hidden", ".aria_describedby", ".use_fieldset", ".field.max_length")  # fmt: skip
    each = "{% for field in form %}" + "\n".join(f"{a}: [{{{{ field{a} }}}}]" for a in attributes) + "\n{% endfor %}"
    lists = ("{% for f in form.hidden_fields %}{{ f }}{% endfor %}|{% for f in form.visible_fields %}{{ f.name }}{% endfor %}|{{ form.is_bound }}"
             "|{% for e in form.username.errors %}{{ e }}{% endfor %}|{{ form.nosuch }}|{% if form.errors %}bad{% endif %}|{{ form.username|upper }}"
             "|{% for k, v in form.errors.items %}{{ k }}{{ v }}{% endfor %}|{{ form.errors.username }}|{{ form.username.errors|length }}"
             "|{{ form.username|default:'x' }}|{{ form.username.errors|first }}|{{ form.username.errors|last }}|{{ form.is_multipart }}"
             "|{{ form.username.errors|join:', ' }}|{% if form.username.errors %}1{% endif %}|{{ form.username.value|default_if_none:'' }}")  # fmt: skip
    plain = [{"name": "username", "max_length": 100}, {"name": "password", "widget": "password"}]
    rich = [
        {"name": "first_name", "min_length": 2, "max_length": 5, "help_text": "Your <b>name</b>", "initial": "Éva"},
        {"name": "pass_phrase", "widget": "password", "strip": False, "label": "Secret?", "min_length": 1, "help_text": "long"},
        {"name": "next", "widget": "hidden", "required": False, "initial": "/<a>?b=1&c='"},
        {"name": "token", "widget": "hidden", "max_length": 3},
        {"name": "mail", "widget": "email", "required": False, "label": "E-mail <x>", "attributes": [["class", "a\"b"], ["id", "my<id>"], ["data-x", 5], ["hidden", False], ["autofocus", True]]},
        {"name": "username", "label": "", "attributes": [["aria-describedby", "other"], ["maxlength", "7"]], "max_length": 9},
        {"name": "site", "widget": "url", "required": False}, {"name": "phone", "widget": "tel", "required": False}, {"name": "query", "widget": "search", "required": False},
    ]  # fmt: skip
    hidden_only = [{"name": "a", "widget": "hidden"}, {"name": "b", "widget": "hidden", "initial": "x"}]
    forms_ = [
        {"fields": plain, "data": None},
        {"fields": plain, "data": []},
        {"fields": plain, "data": [["username", NASTY], ["password", "secret"]]},
        {"fields": plain, "data": [["username", "x" * 101], ["password", ""]]},
        {"fields": plain, "data": [["username", " \u00a0\u2003x\x1c "], ["username", "  last  "], ["password", "p"]], "errors": [[None, "Wrong <name> or 'password'."], ["username", "Also <this>."]]},
        {"fields": plain, "data": [["username", "a\0b"], ["password", " \t\r\n"]]},
        {"fields": plain, "data": None, "initial": {"username": "ann & bob"}},
        {"fields": LOGIN_FIELDS, "data": None},
        {"fields": LOGIN_FIELDS, "data": [["username", ""], ["password", "x"]]},
        {"fields": LOGIN_FIELDS, "data": [["username", "e\u0301" * 50], ["password", "x"]]},
        {"fields": LOGIN_FIELDS, "data": [["username", "😀" * 101], ["password", "x"]]},
        {"fields": rich, "data": None},
        {"fields": rich, "data": [["first_name", "x"], ["pass_phrase", " "], ["token", "abcdef"], ["mail", "<m>"], ["username", "\0" * 10]]},
        {"fields": rich, "data": [["first_name", "Éva"], ["pass_phrase", "pw"], ["next", "/"], ["token", "abc"], ["mail", ""], ["username", "u"]]},
        {"fields": rich, "data": [], "errors": [[None, "one"], [None, "two"], ["mail", "three"]]},
        {"fields": rich, "data": None, "initial": {"first_name": "", "next": "n", "site": "s"}},
        {"fields": hidden_only, "data": None},
        {"fields": hidden_only, "data": []},
        {"fields": hidden_only, "data": [["a", "1"], ["b", "2"]], "errors": [[None, "all"]]},
        {"fields": [], "data": None},
        {"fields": [{"name": "one", "max_length": 1, "min_length": 1}], "data": [["one", "ab"]]},
    ]  # fmt: skip
    for number, form in enumerate(forms_):
        for kind, text in (("whole", every), ("attributes", each), ("lists", lists)):
            case(text, {}, form=form, name=f"form {number}: {kind}")
        case(DOCUMENTED_LOGIN, {"next": "/a?b=<c>&d='e'", "user": {"is_authenticated": number % 2 == 0}}, form=form, csrf="token",
             templates={"base.html": BASE}, name=f"form {number}: login of the documentation")  # fmt: skip


def page_cases():
    pages = {page.name: page.read_text() for page in PAGES.glob("*.html")}
    for name in sorted(pages):
        for username in (NASTY, "not logged in"):
            context = {"username": username, "is_logged_in": username == NASTY, "next": username}
            case(f"{{% include '{name}' %}}", context, templates=pages, csrf="token",
                 form={"fields": LOGIN_FIELDS, "data": [["username", "<x>"], ["password", ""]]}, name=f"{name} for {username}")  # fmt: skip


class TelInput(forms.TextInput):
    input_type = "tel"


class SearchInput(forms.TextInput):
    input_type = "search"


WIDGETS = {
    "text": forms.TextInput,
    "password": forms.PasswordInput,
    "hidden": forms.HiddenInput,
    "email": forms.EmailInput,
    "url": forms.URLInput,
    "tel": TelInput,
    "search": SearchInput,
}


def build(description):
    form = forms.Form(
        data=None if description["data"] is None else query_dict(description["data"]),
        initial=description.get("initial"),
    )
    for field in description["fields"]:
        options = {key: field[key] for key in ("max_length", "min_length", "required", "strip", "label", "help_text", "initial") if key in field}
        widget = WIDGETS[field.get("widget", "text")](attrs=dict(field.get("attributes", [])))
        form.fields[field["name"]] = forms.CharField(widget=widget, **options)
    form.full_clean()
    for name, message in description.get("errors", []):
        form.add_error(name, message)
    return form


def query_dict(pairs):
    data = QueryDict(mutable=True)
    for name, value in pairs:
        data.appendlist(name, value)
    return data


def encoded(value):
    """JSON that keeps apart what JSON does not: safe text and floats."""
    if isinstance(value, SafeString):
        return {"__safe__": str(value)}
    if isinstance(value, float):
        return {"__float__": repr(value)}
    if isinstance(value, list):
        return [encoded(item) for item in value]
    if isinstance(value, dict):
        return {key: encoded(item) for key, item in value.items()}
    return value


def render(one):
    engine = Engine(
        loaders=[("django.template.loaders.locmem.Loader", one["templates"])], builtins=BUILTINS, libraries=LIBRARIES
    )
    context = dict(one["context"])
    form = None
    if one["form"] is not None:
        form = context["form"] = build(one["form"])
    if one["csrf"] is not None:
        context["csrf_token"] = one["csrf"]
    try:
        output = engine.get_template("main").render(Context(context))
    except Exception as error:
        output, failure = None, f"{type(error).__name__}: {error}"
    else:
        failure = None
    result = {**one, "context": encoded(one["context"]), "output": output, "error": failure}
    if form is not None:
        result["valid"] = form.is_valid()
        result["cleaned"] = getattr(form, "cleaned_data", {}) if form.is_bound else {}
    return result


def urls():
    known = {name: reverse(name) for name, route in URLS.items() if "<" not in route}
    known["item 5"] = reverse("item", args=[5])
    known["item 1"] = reverse("item", args=[1])
    known["pair a b logout"] = reverse("pair", args=["a b", "logout"])
    return known


def main():
    variable_cases()
    filter_cases()
    tag_cases()
    inheritance_cases()
    form_cases()
    page_cases()
    vectors = {"django": django.get_version(), "urls": urls(), "cases": [render(one) for one in cases]}
    for one in vectors["cases"]:
        if one["form"]:
            for field in one["form"]["fields"]:
                field["attributes"] = [[name, encoded(value)] for name, value in field.get("attributes", [])]
    with open(os.environ["TEMPLATE_VECTORS"], "w", encoding="utf-8") as file:
        json.dump(vectors, file)
    failed = sum(one["error"] is not None for one in vectors["cases"])
    print(f"Django {vectors['django']}: {len(vectors['cases'])} cases, {failed} of them errors", file=sys.stderr)


if __name__ == "__main__":
    main()
