import Sessions
import Testing

@testable import Web

@Suite struct ResponseTests {
    @Test func `a response is written as a CGI program writes it`() throws {
        var response = Response("hé", status: 404)
        try response.setHeader("X-One", "1")
        response.setCookie(try SetCookie("a", "b", httpOnly: true))
        #expect(
            response.text
                == "Status: 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\nX-One: 1\r\nContent-Length: 3\r\n"
                + "Set-Cookie: a=b; HttpOnly; Path=/\r\n\r\nhé")
    }

    @Test func `HEAD has the length of the body that it leaves out`() {
        let text = String(decoding: Response("four").serialize(omitBody: true), as: UTF8.self)
        #expect(text == "Status: 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 4\r\n\r\n")
    }

    @Test(arguments: [204, 304])
    func `a status without a body has none, and no length`(status: Int) {
        let text = Response("body", status: status).text
        #expect(text.hasSuffix("\r\n\r\n"))
        #expect(!text.contains("Content-"))
    }

    @Test(
        arguments: [
            ("X", "a\r\nSet-Cookie: x=y"), ("X", "a\nb"), ("X", "a\r"), ("X", "\0"), ("X", "\u{7F}"), ("X\r\nY", "a"),
            ("X Y", "a"), ("X:", "a"), ("", "a"), ("é", "a"),
        ])
    func `a header that would begin another line is refused`(name: String, value: String) {
        var response = Response()
        #expect(throws: BadHeaderError.self) { try response.setHeader(name, value) }
        #expect(response.headers.count == 1)
    }

    @Test func `setting a header again replaces it whatever the case of its name`() throws {
        var response = Response()
        try response.setHeader("content-type", "text/plain")
        #expect(response.headers == [try HeaderField("content-type", "text/plain")])
        response.setDefault(try HeaderField("Content-Type", "text/css"))
        #expect(response.header("CONTENT-TYPE") == "text/plain")
        response.removeHeader("Content-type")
        #expect(response.headers.isEmpty)
    }

    @Test func `cookies keep their order, and a second one of a name takes the place of the first`() throws {
        var response = Response()
        for (name, value) in [("a", "1"), ("b", "2"), ("a", "3")] { response.setCookie(try SetCookie(name, value)) }
        #expect(response.cookies.map(\.text) == ["a=3; Path=/", "b=2; Path=/"])
    }

    @Test func `the session cookie has Django's text`() throws {
        let cookie = try SetCookie(
            "sessionid", "k", maxAge: 1_209_600, expires: 1_796_609_248, domain: ".ex.com", secure: true,
            httpOnly: true,
            sameSite: .lax)
        #expect(
            cookie.text
                == "sessionid=k; Domain=.ex.com; expires=Mon, 07 Dec 2026 02:07:28 GMT; HttpOnly; Max-Age=1209600; "
                + "Path=/; SameSite=Lax; Secure")
    }

    @Test func `the deleted session cookie has Django's text`() throws {
        #expect(
            try SetCookie.delete("sessionid", sameSite: .lax).text
                == "sessionid=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax")
    }

    @Test func `a cookie without an age has no date, and an age beyond all dates the last one`() throws {
        #expect(try SetCookie("a", "b").text == "a=b; Path=/")
        #expect(try SetCookie("a", "b", maxAge: .max).text.contains("expires=Fri, 31 Dec 9999 23:59:59 GMT"))
        #expect(try SetCookie("a", "b", maxAge: .min).text.contains("expires=Mon, 01 Jan 0001 00:00:00 GMT"))
    }

    @Test func `no cookie breaks out of its line`() throws {
        #expect(
            try SetCookie("a", "x\r\nSet-Cookie: y=z;\0").text == "a=\"x\\015\\012Set-Cookie: y=z\\073\\000\"; Path=/")
        for (name, path, domain) in [
            ("a b", "/", "x"), ("", "/", "x"), ("a=", "/", "x"), ("a", "/;x", "x"), ("a", "/", "x\r\n"),
        ] {
            #expect(throws: BadHeaderError.self) { try SetCookie(name, "v", path: path, domain: domain) }
        }
    }

    @Test(
        arguments: [
            ("/x/?a=é b", "/x/?a=%C3%A9%20b"), ("https://e.com/\r\nX: y", "https://e.com/%0D%0AX:%20y"),
            ("x", "x"), ("//e.com/", "//e.com/"),
        ])
    func `a redirect encodes its location`(url: String, location: String) throws {
        #expect(try Response.redirect(to: url).header("Location") == location)
        #expect(try Response.redirect(to: url).status == 302)
        #expect(try Response.redirect(to: url, permanent: true).status == 301)
    }

    @Test(arguments: [
        "javascript:alert(1)", " JavaScript:x", "java\tscript:x", "data:text/html,x",
        String(repeating: "x", count: 16_385),
    ])
    func `a redirect to what is no web address is refused`(url: String) {
        #expect(throws: HTTPError.self) { try Response.redirect(to: url) }
    }

    @Test func `a response that must not be cached says so in Django's words`() {
        var response = Response()
        response.addNeverCacheHeaders()
        #expect(response.header("Cache-Control") == "max-age=0, no-cache, no-store, must-revalidate, private")
        #expect(response.header("Expires")?.hasSuffix(" GMT") == true)
    }

    @Test func `a date that four digits cannot say is held at the last or first one that they can`() {
        #expect(HTTPDate.format(.max) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(HTTPDate.format(.min) == "Mon, 01 Jan 0001 00:00:00 GMT")
        #expect(HTTPDate.format(951_782_399) == "Mon, 28 Feb 2000 23:59:59 GMT")
    }
}
