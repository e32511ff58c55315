import FoundationEssentials
import Glibc
import Sessions
import Testing

@testable import Web

/// The vectors of `Tests/Parity/web.py`: what a real Django makes of the same bytes.
@Suite(.enabled(if: WebVectors.path != nil, "HTTP_VECTORS names no file: Tests/run makes it"))
struct WebParityTests {
    private let vectors = WebVectors.shared

    @Test func `cookies are read as Django reads them`() throws {
        for row in try vectors.get().cookies {
            let cookies = Cookies(header: row.header.bytes[...])
            #expect(same(cookies.all.map { [$0.name, $0.value] }, row.cookies), "\(row)")
        }
    }

    @Test func `urlencoded fields are read as Django reads them`() throws {
        for row in try vectors.get().urlencoded {
            let fields = try? QueryDict(urlEncoded: row.body.bytes[...], maxFields: 1000)
            #expect(row.fields == nil ? fields == nil : fields.map { row.areFields(of: $0) } == true, "\(row.body)")
        }
    }

    @Test func `forms are read as Django reads them`() throws {
        for row in try vectors.get().multipart {
            let request = Request(
                [("CONTENT_TYPE", row.contentType?.text ?? ""), ("REQUEST_METHOD", "POST")], body: row.body.bytes)
            let fields = try? request.post()
            #expect(row.fields == nil ? fields == nil : fields.map { row.areFields(of: $0) } == true, "\(row)")
        }
    }

    @Test func `hosts are allowed and refused as Django does`() throws {
        var settings = WebSettings()
        settings.allowedHosts = ["example.com", ".example.org", "[::1]", "127.0.0.1"]
        for row in try vectors.get().hosts {
            var meta = Meta()
            meta.append(name: "HTTP_HOST".utf8, value: row.header.bytes)
            #expect((try? Request(meta: meta, settings: settings).host()) == row.host, "\(row)")
        }
    }

    @Test func `paths are decoded and encoded as Django does`() throws {
        for row in try vectors.get().paths {
            var meta = Meta()
            meta.append(name: "DOCUMENT_URI".utf8, value: row.bytes.bytes)
            meta.append(name: "QUERY_STRING".utf8, value: row.query.bytes)
            let request = Request(meta: meta)
            #expect(same([[request.path, request.fullPath()]], [[row.path, row.full]]), "\(row)")
            #expect(request.fullPath(appendingSlash: true) == row.slash)
        }
    }

    @Test func `cookies are written as Django writes them`() throws {
        for row in try vectors.get().setCookies {
            let cookie = try SetCookie(
                "name", row.value, maxAge: row.maxAge, expires: row.expires, path: row.path, domain: row.domain,
                secure: row.secure, httpOnly: row.httponly, sameSite: row.samesite.flatMap { SameSite(rawValue: $0) })
            #expect(same([[cookie.text]], [[row.text]]), "\(row)")
        }
        for row in try vectors.get().deleteCookies {
            let cookie = try SetCookie.delete(
                row.name, domain: row.domain, sameSite: row.samesite.flatMap { SameSite(rawValue: $0) })
            #expect(cookie.text == row.text)
        }
    }

    @Test func `the Vary header is patched as Django does`() throws {
        for row in try vectors.get().varies {
            var response = Response()
            if let present = row.present { try response.setHeader("Vary", present) }
            response.patchVary("Cookie")
            #expect(response.header("Vary") == row.patched)
        }
    }

    @Test func `a visitor is sent where Django would send him`() throws {
        let hosts = ["testserver", "testserver:8000", "me:pass@testserver", "[::1]"]
        let rows = try vectors.get().redirects
        for row in rows {
            let isAllowed = urlHasAllowedHostAndScheme(row.url, allowedHosts: hosts, requireHTTPS: row.secure)
            #expect(isAllowed == row.allowed, "\(row)")
        }
        #expect(rows.contains(where: \.allowed) && rows.contains { !$0.allowed })
    }

    @Test func `dates are written as Django writes them`() throws {
        for row in try vectors.get().dates { #expect(HTTPDate.format(row.seconds) == row.text) }
    }

    /// Equality of bytes: Swift's own takes composed and decomposed letters for the same.
    private func same(_ own: [[String]], _ theirs: [[String]]) -> Bool {
        own.map { $0.map { Array($0.utf8) } } == theirs.map { $0.map { Array($0.utf8) } }
    }
}

private struct WebVectors: Decodable {
    struct Cookie: Decodable { let header: Hex, cookies: [[String]] }
    struct Host: Decodable { let header: Hex, host: String? }
    struct Path: Decodable { let bytes: Hex, query: Hex, path: String, full: String, slash: String }
    struct Vary: Decodable { let present: String?, patched: String }
    struct Redirect: Decodable { let url: String, secure: Bool, allowed: Bool }
    struct DateText: Decodable { let seconds: Int64, text: String }
    struct Deleted: Decodable { let name: String, domain: String?, samesite: String?, text: String }

    struct Form: Decodable {
        let contentType: Hex?
        let body: Hex
        let fields: [Field]?

        func areFields(of query: QueryDict) -> Bool {
            let names = Set(query.items.map { Array($0.name.utf8) })
            return names == Set((fields ?? []).map { Array($0.name.utf8) })
                && (fields ?? []).allSatisfy { field in
                    query.getList(field.name).map { Array($0.utf8) } == field.values.map { Array($0.utf8) }
                }
        }
    }

    struct Field: Decodable {
        let name: String
        let values: [String]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            name = try container.decode(String.self)
            values = try container.decode([String].self)
        }
    }

    struct NewCookie: Decodable {
        let value: String
        let maxAge: Int?
        let expires: Int64?
        let path: String
        let domain: String?
        let secure: Bool
        let httponly: Bool
        let samesite: String?
        let text: String
    }

    /// Bytes, in the file as hexadecimal digits.
    struct Hex: Decodable, CustomStringConvertible {
        let bytes: [UInt8]
        var text: String { String(decoding: bytes, as: UTF8.self) }
        var description: String { text.debugDescription }

        init(from decoder: any Decoder) throws {
            let digits = Array(try decoder.singleValueContainer().decode(String.self).utf8)
            bytes = stride(from: 0, to: digits.count, by: 2).compactMap { index in
                UInt8(String(decoding: digits[index..<(index + 2)], as: UTF8.self), radix: 16)
            }
        }
    }

    let cookies: [Cookie]
    let urlencoded: [Form]
    let multipart: [Form]
    let hosts: [Host]
    let paths: [Path]
    let setCookies: [NewCookie]
    let deleteCookies: [Deleted]
    let varies: [Vary]
    let redirects: [Redirect]
    let dates: [DateText]

    static let path = getenv("HTTP_VECTORS").map { String(cString: $0) }
    static let shared = Result {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(WebVectors.self, from: Data(contentsOf: URL(filePath: path ?? "")))
    }
}
