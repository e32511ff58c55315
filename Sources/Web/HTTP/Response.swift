/// The answer to a request (Django's `HttpResponse`).
public struct Response: Sendable {
    /// The HTTP status code.
    public var status: Int
    public private(set) var headers: [HeaderField]
    /// In the order in which they were set; one cookie for each name.
    public private(set) var cookies: [SetCookie] = []
    public var body: [UInt8]

    public init(_ body: [UInt8] = [], status: Int = 200) {
        self.init(body, status: status, contentType: .html)
    }

    public init(_ text: String, status: Int = 200) {
        self.init(Array(text.utf8), status: status)
    }

    /// - Throws: ``BadHeaderError`` where the content type is no header value.
    public init(_ body: [UInt8], status: Int = 200, contentType: String) throws(BadHeaderError) {
        self.init(body, status: status, contentType: try HeaderField("Content-Type", contentType))
    }

    private init(_ body: [UInt8], status: Int, contentType: HeaderField) {
        self.body = body
        self.status = status
        headers = []
        headers.reserveCapacity(8)
        headers.append(contentType)
    }

    /// The value of a header, whatever the case of its name.
    public func header(_ name: String) -> String? {
        headers.first { $0.isNamed(name) }?.value
    }

    /// Sets a header in place of an earlier one of that name.
    /// - Throws: ``BadHeaderError``.
    public mutating func setHeader(_ name: String, _ value: String) throws(BadHeaderError) {
        set(try HeaderField(name, value))
    }

    public mutating func set(_ field: HeaderField) {
        if let index = headers.firstIndex(where: { $0.hasName(of: field) }) {
            headers[index] = field
        } else {
            headers.append(field)
        }
    }

    /// Sets a header unless there is one of that name (Django's `setdefault`).
    public mutating func setDefault(_ field: HeaderField) {
        if !headers.contains(where: { $0.hasName(of: field) }) { headers.append(field) }
    }

    public mutating func removeHeader(_ name: String) {
        headers.removeAll { $0.isNamed(name) }
    }

    /// Sets a cookie in place of an earlier one of that name, and where that stood.
    public mutating func setCookie(_ cookie: SetCookie) {
        if let index = cookies.firstIndex(where: { $0.name.hasBytes(of: cookie.name) }) {
            cookies[index] = cookie
        } else {
            cookies.append(cookie)
        }
    }

    /// The response in the form that a CGI program writes: a `Status` line, the headers, an empty line, the body.
    /// - Parameter omitBody: for HEAD, which has the headers of the body that it does not send.
    public func serialize(omitBody: Bool = false) -> [UInt8] {
        let hasBody = status >= 200 && status != 204 && status != 304
        let sentBody = hasBody && !omitBody ? body : []
        var output: [UInt8] = []
        output.reserveCapacity(
            headers.reduce(192 + cookies.reduce(0) { $0 + $1.size } + sentBody.count) { $0 + $1.line.count })
        output.append(text: "Status: ")
        output.append(decimal: status)
        output.append(text: " ")
        output.append(text: statusPhrase(status))
        output.append(text: "\r\n")
        for field in headers where hasBody || !field.isNamed("Content-Type") {
            output.append(contentsOf: field.line)
        }
        if hasBody {
            output.append(text: "Content-Length: ")
            output.append(decimal: body.count)
            output.append(text: "\r\n")
        }
        for cookie in cookies {
            output.append(text: "Set-Cookie: ")
            cookie.write(into: &output)
            output.append(text: "\r\n")
        }
        output.append(text: "\r\n")
        output.append(contentsOf: sentBody)
        return output
    }
}
