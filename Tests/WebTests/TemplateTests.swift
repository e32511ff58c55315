import Testing

@testable import Web

/// A library in which the URLs are `/name/argument/`, and only those named here exist.
private func library(_ sources: [String: String], urls: Set<String> = ["login", "item"]) throws -> TemplateLibrary {
    try TemplateLibrary(
        sources: sources,
        url: { name, arguments in
            urls.contains(name) ? "/" + ([name] + arguments.map(\.description)).joined(separator: "/") + "/" : nil
        },
        file: { "templates/\($0)" })
}

private func render(
    _ source: String, _ values: [String: TemplateValue] = [:], with more: [String: String] = [:]
) throws -> String {
    let sources = more.merging(["main": source]) { $1 }
    return String(decoding: try library(sources).render("main", TemplateContext(values)), as: UTF8.self)
}

@Suite struct TemplateTests {
    @Test(arguments: [
        ("{{ x }}", "&lt;a href=&quot;?b&amp;c&quot;&gt;it&#x27;s&lt;/a&gt;"),
        ("{{ x|safe }}", "<a href=\"?b&c\">it's</a>"),
        ("{% autoescape off %}{{ x }}{% endautoescape %}", "<a href=\"?b&c\">it's</a>"),
        ("{{ '<lit>' }}", "<lit>"),
        ("[{{ missing }}{{ missing.deep }}{{ d.no }}]", "[]"),
        ("{{ d.key.0 }}{{ d.items|length }}", "first1"),
        ("{{ n }}{{ t }}{{ i }}{{ f }}", "NoneTrue1234567.5"),
    ])
    func `a variable is printed as in Django`(source: String, expected: String) throws {
        let values: [String: TemplateValue] = [
            "x": "<a href=\"?b&c\">it's</a>", "d": ["key": ["first"]], "n": nil, "t": true, "i": 123_456, "f": 7.5,
        ]
        #expect(try render(source, values) == expected)
    }

    @Test func `white space outside the tags is kept to the byte`() throws {
        #expect(try render("\r\n {# c #}\t{% if 1 %}\r\n{% endif %} \n") == "\r\n \t\r\n \n")
    }

    @Test func `a tag that does not end on its line is text`() throws {
        #expect(try render("{{ x\n}} {% if\n%} {") == "{{ x\n}} {% if\n%} {")
    }

    @Test(arguments: [
        ("x and not y", "yes"), ("y or missing", "no"), ("missing is None", "yes"), ("missing == ''", "no"),
        ("'a' in x", "yes"), ("'q' not in x", "yes"), ("l|length >= 2", "yes"), ("2.0 in l", "yes"), ("5 > 'x'", "no"),
        ("not x == 'abc'", "no"), ("x|default:missing == 'abc'", "no"), ("1 is True", "no"), ("1 == True", "yes"),
    ])
    func `a condition is true as in Python`(condition: String, expected: String) throws {
        let values: [String: TemplateValue] = ["x": "abc", "y": "", "l": [1, 2]]
        #expect(try render("{% if \(condition) %}yes{% else %}no{% endif %}", values) == expected)
    }

    @Test func `text is compared by code points and not as Swift compares it`() throws {
        let values: [String: TemplateValue] = ["composed": "\u{E9}", "decomposed": "e\u{301}"]
        #expect(try render("{% if composed == decomposed %}same{% else %}different{% endif %}", values) == "different")
        #expect(try render("{{ composed|length }}{{ decomposed|length }}", values) == "12")
    }

    @Test func `a loop unpacks, counts and ends with its variables`() throws {
        let source =
            "{% for k, v in l %}{{ forloop.counter }}{{ k }}{{ v }}{% if not forloop.last %},{% endif %}{% endfor %}{{ k }}"
        #expect(try render(source, ["l": [["a", 1], ["b", 2]]]) == "1a1,2b2")
        #expect(try render("{% for x in l reversed %}{{ x }}{% empty %}-{% endfor %}", ["l": []]) == "-")
    }

    @Test func `a block is printed as the most derived template has it`() throws {
        let templates = [
            "base": "<{% block a %}base{% endblock %}|{% block b %}{% endblock %}>",
            "middle": "{% extends 'base' %}{% block a %}middle {{ block.super }}{% endblock %}",
        ]
        #expect(
            try render("{% extends 'middle' %}{% block a %}top {{ block.super }}{% endblock %}", with: templates)
                == "<top middle base|>")
    }

    @Test func `an included template sees the context, or only what it is given`() throws {
        let part = ["part": "{{ x }}{{ y }}"]
        #expect(try render("{% include 'part' with y=2 %}{{ y }}", ["x": 1], with: part) == "12")
        #expect(try render("{% include 'part' with y=2 only %}", ["x": 1], with: part) == "2")
    }

    @Test func `the token is asked for only where the template uses it`() throws {
        var calls = 0
        let templates = try library(["with": "{% csrf_token %}", "without": "{# csrf_token #}"])
        func page(_ name: String) throws -> String {
            let context = TemplateContext(csrfToken: {
                calls += 1
                return "a&b"
            })
            return String(decoding: try templates.render(name, context), as: UTF8.self)
        }
        #expect(try page("without") == "")
        #expect(calls == 0)
        #expect(try page("with") == "<input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"a&amp;b\">")
        #expect(calls == 1)
    }

    @Test func `a URL with arguments from the context is made when it is printed`() throws {
        #expect(try render("{% url 'item' x %}{% url 'no' as u %}[{{ u }}]", ["x": "'"]) == "/item/&#x27;/[]")
        #expect(throws: TemplateRenderError.self) { try render("{% url x %}", ["x": "no"]) }
    }

    @Test func `templates that include one another without end are an error`() throws {
        #expect(throws: TemplateRenderError.self) { try render("{% include 'main' %}") }
    }

    @Test func `a template that does not exist is an error`() throws {
        #expect(throws: TemplateRenderError.self) { try library([:]).render("no.html") }
    }

    @Test func `a failure while rendering names file and line`() throws {
        let error = #expect(throws: TemplateRenderError.self) { try render("\n\n{{ x|first }}", ["x": 5]) }
        #expect(error?.description == "templates/main:3: first: the value is not a list")
    }

    @Test(arguments: [
        ("\n{% nosuch %}", "templates/main:2: unknown tag 'nosuch'"),
        ("{{ x|nosuch }}", "templates/main:1: unknown filter 'nosuch'"),
        ("\n\n{% if x %}", "templates/main:3: 'if' is not closed by 'elif' or 'else' or 'endif'"),
        ("{% if x %}\n{% endfor %}", "templates/main:2: unknown tag 'endfor', expected 'elif' or 'else' or 'endif'"),
        ("{% extends 'no' %}", "templates/main:1: there is no template 'no'"),
        ("a\n{% include 'no' %}", "templates/main:2: there is no template 'no'"),
        ("{% url 'no' %}", "templates/main:1: there is no URL 'no' with these arguments"),
        ("{{ }}", "templates/main:1: a variable or a literal was expected in ''"),
        ("{{ a b }}", "templates/main:1: cannot parse the remainder ' b' of 'a b'"),
        ("{{ x|default }}", "templates/main:1: filter 'default' needs an argument"),
        ("{{ x|upper:1 }}", "templates/main:1: filter 'upper' takes no argument"),
        ("{{ a._b }}", "templates/main:1: variables and attributes may not begin with an underscore: 'a._b'"),
        (
            "{% block a %}{% endblock %}\n{% block a %}{% endblock %}",
            "templates/main:2: block 'a' stands twice in the template"
        ),
        ("{{ x }}{% extends 'main' %}", "templates/main:1: 'extends' must be the first tag of the template"),
        ("{% extends 'main' %}", "templates/main:1: 'main' extends itself"),
        ("{% load nosuch %}", "templates/main:1: there is no tag library 'nosuch'"),
        ("{% if a b %}{% endif %}", "templates/main:1: unused 'b' at the end of the condition"),
        ("{% comment %}\n", "templates/main:1: 'comment' is not closed by 'endcomment'"),
        ("{% verbatim %}\n", "templates/main:1: 'verbatim' is not closed by 'endverbatim'"),
    ])
    func `a mistake names file and line`(source: String, message: String) {
        let error = #expect(throws: TemplateSyntaxError.self) { try library(["main": source]) }
        #expect(error?.description == message)
    }

    @Test func `a mistake in any template shows when the library is made`() {
        #expect(throws: TemplateSyntaxError.self) { try library(["good": "x", "bad": "{% if %}"]) }
    }

    @Test func `no bytes of a template can stop the parser`() throws {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "{%", "%}", "{{", "}}", "{#", "#}", "if", "for", "x", "in", "|", ":", "'", "\"", "\\", " ", "\n", "end",
            ".", "-",
            "block", "_(", ")", "e", "1", "=", "with", "as", "default", "é", "\0", "extends", "blocktrans", "verbatim",
            "else",
        ]
        for _ in 0..<20_000 {
            let source = (0..<Int.random(in: 1...25, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            _ = try? render(source.joined(), ["x": "1"])
        }
    }
}
