import TestSupport
import Testing

@testable import Web

@Suite("Fuzzing the readers of requests and templates", .serialized)
struct WebFuzzTests {
    private func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { [UInt8](latin1: $0) } }

    @Test("No Cookie header makes its reader trap")
    func cookies() {
        let samples = [
            "a=b; sessionid=abcdefgh; c=\"d\\\"e\\073\\012\"", "=x; y; z==; \"q\"=1", "a=\u{c3}\u{a9}; a=2;;",
        ]
        var fuzzer = Fuzzer(
            "cookies", samples: bytes(samples), words: bytes(["=", ";", "\"", "\\", "\\377", "\\0", " ", "; "]))
        fuzzer.run { input in
            let cookies = Cookies(header: input[...])
            let isFound = cookies["a"] != nil
            return cookies["sessionid"] != nil || isFound || cookies.all.isEmpty
        }
        print("fuzzed cookies: \(fuzzer.count)")
        #expect(fuzzer.count.accepted > 0)
    }

    @Test("No form makes its reader trap")
    func urlEncoded() {
        let samples = ["a=b&c=%41+d&e", "a=%c3%a9&b=%ff%2", "&&=&a=1&a=2", "csrfmiddlewaretoken=x&username=%00"]
        let words = ["&", "=", "%", "%41", "+", "%c3", ";", "%e2%82%ac"]
        var fuzzer = Fuzzer("form", samples: bytes(samples), words: bytes(words))
        fuzzer.run { input in (try? QueryDict(urlEncoded: input[...], maxFields: 100)) != nil }
        print("fuzzed forms: \(fuzzer.count)")
        #expect(fuzzer.count.accepted > 0)
    }

    @Test("No multipart body, nor its Content-Type, makes the reader trap")
    func multipart() {
        let samples = [
            "multipart/form-data; boundary=B\r\n\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--B--\r\n",
            "multipart/form-data; boundary=\"B\"\r\n\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\n"
                + "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--B\r\n\r\nx\r\n--B--",
            "multipart/form-data; boundary=B\r\n\r\npreamble\r\n--B\r\nContent-Disposition: form-data; name*=UTF-8''%e2%82%ac\r\n\r\n\r\n--B--",
        ]
        let words = [
            "--B", "--B--", "\r\n", "\r\n\r\n", "Content-Disposition: form-data; name=", "\"", ";", "name*=UTF-8''%e2",
            "filename=", ":",
            "%", "\\", "boundary=", "Content-Transfer-Encoding: base64\r\n", "=",
        ]
        var fuzzer = Fuzzer("multipart", samples: bytes(samples), words: bytes(words))
        fuzzer.run { input in
            let header = input.prefix { $0 != 0x0D }
            let contentType = HeaderParameters(header[...])
            for boundary in [contentType["boundary"] ?? [], [0x42]] {
                guard let parser = try? MultiPartParser(boundary: boundary, settings: WebSettings()) else { continue }
                if (try? parser.parse(Array(input.dropFirst(header.count)))) != nil { return true }
            }
            return false
        }
        print("fuzzed multipart bodies: \(fuzzer.count)")
        #expect(fuzzer.count.accepted > 0)
    }

    @Test("No template makes the parser trap, nor its output the renderer")
    func templates() {
        let samples = [
            "{% if a == 1 and not b or c in d|length %}{{ a|default:\"x\"|upper }}{% elif x %}{% else %}y{% endif %}",
            "{% for k, v in d.items reversed %}{{ forloop.counter }}{{ k }}{% empty %}none{% endfor %}",
            "{% extends \"base\" %}{% block title %}{{ block.super }}{% endblock %}",
            "{% include \"base\" with a=1 only %}",
            "{% with a=1 b=\"x\" %}{{ a|add:2|floatformat:\"-3\" }}{% endwith %}{# c #}{% comment %}{% endcomment %}",
            "{% url 'login' a b=1 as x %}{% csrf_token %}{% now \"Y\" %}{% load static %}{% static \"x\" %}",
            "{% blocktranslate with a=b count n=3 %}one {{ a }}{% plural %}{{ n }}{% endblocktranslate %}",
            "{% autoescape off %}{{ s|escape|safe|truncatechars:5|slice:\"1:-1\"|join:\",\" }}{% endautoescape %}",
            "{% cycle 'a' 'b' as c %}{% firstof a b \"c\" %}{% spaceless %}<a> </a>{% endspaceless %}{% verbatim %}{{ x }}{% endverbatim %}",
        ]
        let words = [
            "{{", "}}", "{%", "%}", "{#", "#}", "|", ":", "\"", "'", ".", ",", "=", "==", "in", "not", "and", "for",
            "endfor", "if", "endif",
            "block x", "endblock", "with", "as", "999999999999999999999", "-1", "1.5", "a.b.0", "\\", "_(", ")",
            "\u{e9}", "|floatformat:",
            "|slice:\":\"", "|stringformat:\"s\"", "|date:\"Y\"", "|center:\"5\"", "|pluralize", "|yesno:\"a,b\"",
            "|divisibleby:0",
            "|truncatewords:2", "|wordwrap:3", "|ljust:\"9\"", "|add:\"9223372036854775807\"", "|length_is:0",
            "|random", "|dictsort:\"a\"",
        ]
        let context: [String: TemplateValue] = [
            "a": 1, "b": "text with é", "c": nil, "d": ["x": [1, 2.5, "<b>"], "y": []], "s": ["p", "q"], "n": 3,
        ]
        var fuzzer = Fuzzer("templates", samples: bytes(samples), words: bytes(words))
        fuzzer.run { input in
            let sources = [
                "main": String(decoding: input, as: UTF8.self), "base": "<{% block title %}t{% endblock %}>",
            ]
            guard let library = try? TemplateLibrary(sources: sources, url: { _, _ in nil }, file: { $0 }) else {
                return false
            }
            _ = try? library.render("main", TemplateContext(context))
            return true
        }
        print("fuzzed templates: \(fuzzer.count)")
        #expect(fuzzer.count.accepted > 0)
    }
}
