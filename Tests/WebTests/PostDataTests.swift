import Testing

@testable import Web

@Suite struct PostDataTests {
    private let field = "Content-Disposition: form-data; name=\"f\"\r\n\r\nv"

    private func post(_ contentType: String, _ body: String, method: String = "POST") throws -> QueryDict {
        try Request([("REQUEST_METHOD", method), ("CONTENT_TYPE", contentType)], body: Array(body.utf8)).post()
    }

    @Test func `the last value of a name counts, and all are kept`() throws {
        let form = try post("application/x-www-form-urlencoded", "a=1&b=2&a=3")
        #expect(form["a"] == "3")
        #expect(form.getList("a") == ["1", "3"])
        #expect(form["c"] == nil)
        #expect(form.getList("c").isEmpty)
        #expect(!form.isEmpty)
    }

    @Test func `composed and decomposed letters are different names`() {
        var form = QueryDict()
        form.append("\u{E9}", "composed")
        form.append("e\u{301}", "decomposed")
        #expect(form["\u{E9}"] == "composed")
        #expect(form.getList("e\u{301}") == ["decomposed"])
    }

    @Test func `only POST has a form, and only of the two form types`() throws {
        #expect(try post("application/x-www-form-urlencoded", "a=1", method: "PUT").isEmpty)
        #expect(try post("application/json", "a=1").isEmpty)
        #expect(try post("", "a=1").isEmpty)
        #expect(try post("APPLICATION/X-WWW-FORM-URLENCODED ; charset=\"UTF-8\"", "a=1")["a"] == "1")
        #expect(try post("Multipart/Form-Data; Boundary=B", "--B\r\n\(field)\r\n--B--")["f"] == "v")
    }

    @Test(arguments: ["application/x-www-form-urlencoded", "multipart/form-data; boundary=B"])
    func `a form in another charset than UTF-8 is refused`(contentType: String) {
        #expect(throws: HTTPError.badRequest("HTTP requests with a form must be UTF-8 encoded.")) {
            try post(contentType + "; charset=latin-1", "a=1")
        }
    }

    @Test func `1,000 fields are read and 1,001 refused, in forms and query strings`() throws {
        func fields(_ count: Int) -> String { (0..<count).map { "f\($0)=\($0)" }.joined(separator: "&") }
        #expect(try post("application/x-www-form-urlencoded", fields(1000))["f999"] == "999")
        #expect(throws: HTTPError.tooManyFields) { try post("application/x-www-form-urlencoded", fields(1001)) }
        #expect(throws: HTTPError.tooManyFields) { try Request([("QUERY_STRING", fields(2000))]).get() }
        var settings = WebSettings()
        settings.dataUploadMaxNumberFields = nil
        #expect(try Request([("QUERY_STRING", fields(2000))], settings: settings).get()["f1999"] == "1999")
    }

    @Test(
        arguments: [
            "--B\r\nX: y", "--B\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nv", "--B", "--B\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nv\r\n--B\r\n", "-", "no boundary at all", "--B-",
            "--B\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nv\r\n--",
        ])
    func `a multipart form that was cut off is refused`(body: String) {
        #expect(throws: HTTPError.self) { try post("multipart/form-data; boundary=B", body) }
    }

    @Test func `every piece of a multipart form from its beginning is refused or the whole form`() throws {
        let whole = "--B\r\n\(field)\r\n--B\r\nContent-Disposition: form-data; name=g\r\n\r\nw\r\n--B--\r\n"
        for length in 1...whole.utf8.count {
            let piece = String(decoding: Array(whole.utf8.prefix(length)), as: UTF8.self)
            let form = try? post("multipart/form-data; boundary=B", piece)
            #expect((form != nil) == (length >= whole.utf8.count - 2))
            if let form { #expect(form["f"] == "v" && form["g"] == "w") }
        }
    }

    @Test(arguments: [
        "", "; boundary=", "; boundary=\"B \"", "; boundary=\u{E9}", "; boundary=" + String(repeating: "x", count: 202),
    ])
    func `a multipart form without a proper boundary is refused`(parameter: String) {
        #expect(throws: HTTPError.badRequest("Invalid boundary in multipart")) {
            try post("multipart/form-data" + parameter, "--B\r\n\(field)\r\n--B--")
        }
    }

    @Test func `uploaded files are passed over, 100 of them and not 101`() throws {
        let file = "--B\r\nContent-Disposition: form-data; name=u; filename=\"a.txt\"\r\n\r\n\0\r\n"
        func form(_ files: Int) -> String { String(repeating: file, count: files) + "--B\r\n\(field)\r\n--B--" }
        let contentType = "multipart/form-data; boundary=B"
        #expect(try post(contentType, form(100))["f"] == "v")
        #expect(try post(contentType, form(100))["u"] == nil)
        #expect(throws: HTTPError.self) { try post(contentType, form(101)) }
    }

    @Test func `what follows the closing boundary is not read`() throws {
        let form = try post(
            "multipart/form-data; boundary=B",
            "--B\r\n\(field)\r\n--B--\r\n--B\r\nContent-Disposition: form-data; name=g\r\n\r\nw\r\n--B--")
        #expect(form["f"] == "v")
        #expect(form["g"] == nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a form made to slow the search for its boundary down is read in linear time`() {
        let boundary = String(repeating: "-", count: 150) + "x"
        let body = String(repeating: "-", count: 2_600_000)
        #expect(throws: HTTPError.self) { try post("multipart/form-data; boundary=\(boundary)", body) }
    }

    @Test func `a pattern is found where it first stands`() {
        for (pattern, text, place) in [
            ("abab", "abaabab", 3), ("a", "a", 0), ("aa", "a", nil), ("aab", "aaaab", 2), ("abc", "", nil),
            ("--B", "---B", 1), ("abacab", "abacabacab", 0), ("bacab", "abacabacab", 1),
        ] as [(String, String, Int?)] {
            #expect(BytePattern(Array(pattern.utf8)).firstIndex(in: Array(text.utf8)[...]) == place)
        }
    }
}
