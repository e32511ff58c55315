import DjangoFormat
import Testing

@testable import Web

@Suite struct TemplateFilterTests {
    private func render(_ source: String, _ value: TemplateValue) throws -> String {
        let library = try TemplateLibrary(sources: ["main": source], url: { _, _ in nil })
        return String(decoding: try library.render("main", TemplateContext(["x": value])), as: UTF8.self)
    }

    @Test(arguments: [
        ("upper", "a<b", "A&lt;B"), ("lower", "ÀB", "àb"), ("title", "joe's 1ST", "Joe&#x27;s 1st"),
        ("capfirst", "éa", "Éa"),
        ("length", "e\u{301}", "2"), ("truncatechars:4", "abcdef", "abc…"), ("truncatewords:2", "a  b\nc", "a b …"),
        ("urlencode", "a b/é&", "a%20b/%C3%A9%26"), ("urlencode:''", "a/b", "a%2Fb"),
        ("linebreaksbr", "a\r\n<b", "a<br>&lt;b"),
        ("linebreaks", "a\nb\n\nc", "<p>a<br>b</p>\n\n<p>c</p>"), ("striptags", "<b>x</b> < y", "x &lt; y"),
        ("add:'1'", "2", "3"), ("add:'b'", "a", "ab"), ("cut:'a'", "banana", "bnn"), ("yesno:'y,n,m'", "x", "y"),
        ("pluralize", "1", ""),
        ("pluralize:'y,ies'", "2", "ies"), ("slugify", " Été à la Plage! ", "ete-a-la-plage"),
        ("stringformat:'5s'", "ab", "   ab"),
        ("addslashes", "it's", "it\\&#x27;s"), ("floatformat:2", "3.14159", "3.14"), ("default:'d'", "", "d"),
        ("default_if_none:'d'", "", ""), ("first", "abc", "a"), ("last", "abc", "c"), ("join:'-'", "abc", "a-b-c"),
        ("escape", "<", "&lt;"), ("force_escape|safe", "<", "&lt;"), ("safe|upper", "<", "&lt;"),
        ("safe|lower", "<B>", "<b>"),
    ])
    func `a filter gives what Django's gives`(filter: String, text: String, expected: String) throws {
        #expect(try render("{{ x|\(filter) }}", .string(text)) == expected)
    }

    @Test func `what a filter makes of unsafe text is escaped`() throws {
        for filter in Filter.named.keys where filter != "safe" {
            for argument in ["", ":'<i>'", ":3", ":x"] {
                guard let output = try? render("{{ x|\(filter)\(argument) }}", "<script>a\n</script> <") else {
                    continue
                }
                #expect(!output.contains("<script"), "\(filter)\(argument): \(output)")
            }
        }
    }

    @Test func `no value stops a filter`() {
        let values: [TemplateValue] = [
            nil, true, .int(.min), .int(.max), .double(.infinity), .double(.nan), 1e300, "", "-", "9e9999", "\u{301}",
            "\0", [], [[:]], [:],
        ]
        for filter in Filter.named.keys {
            for argument in [
                "", ":0", ":-1", ":'-9223372036854775808'", ":9223372036854775807", ":x", ":'%'", ":'1000d'", ":'::'",
            ] {
                for value in values { _ = try? render("{{ x|\(filter)\(argument) }}", value) }
            }
        }
    }

    @Test(arguments: ["18446744073709551617", "9007199254740994.0", "-12345.5", "7"])
    func `a number of a session is shown with all its digits`(number: String) throws {
        let value = TemplateValue(try JSON.decode(Array(number.utf8)))
        #expect(try render("{{ x }}", value) == number)
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["<a", "<!--", "<a='", "<a=\">\""])
    func `a text that begins many tags is read in time`(start: String) throws {
        _ = try render("{{ x|striptags }}", .string(String(repeating: start, count: 60_000)))
    }

    @Test(arguments: [("2.5", "3"), ("-0.04", "0"), ("999.995", "1000"), ("1e-7", "0"), ("x", "")])
    func `halves are rounded away from zero`(number: String, expected: String) throws {
        #expect(try render("{{ x|floatformat:0 }}", .string(number)) == expected)
    }
}
