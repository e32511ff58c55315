@testable import Web

extension Request {
    /// A request as nginx would send it, with these parameters in place of the usual ones.
    convenience init(
        _ parameters: [(String, String)] = [], body: [UInt8] = [], settings: WebSettings = WebSettings()
    ) {
        let usual = [
            ("REQUEST_METHOD", "GET"), ("DOCUMENT_URI", "/"), ("QUERY_STRING", ""), ("HTTP_HOST", "localhost"),
            ("SERVER_NAME", "localhost"), ("SERVER_PORT", "80"),
        ]
        var meta = Meta()
        for (name, value) in usual where !parameters.contains(where: { $0.0 == name }) { meta.append(name, value) }
        for (name, value) in parameters { meta.append(name, value) }
        self.init(meta: meta, body: .success(body), settings: settings)
    }

    /// A form that a browser posts.
    static func post(
        _ path: String, _ form: String, _ parameters: [(String, String)] = [], settings: WebSettings = WebSettings()
    ) -> Request {
        Request(
            [
                ("REQUEST_METHOD", "POST"), ("DOCUMENT_URI", path),
                ("CONTENT_TYPE", "application/x-www-form-urlencoded"),
            ] + parameters, body: Array(form.utf8), settings: settings)
    }
}

/// A page, a form with its token, and a login that rotates it.
let csrfViews = [
    path("page/", { _ in Response("page") }),
    path("form/", { request in Response(getToken(request)) }),
    path(
        "login/",
        { request in
            rotateToken(request)
            return Response(getToken(request))
        }),
]

extension Middleware {
    /// The response to a request with this layer alone around the view; a view that throws makes it a 500.
    func respond(to request: Request, _ view: (Request) async throws -> Response) async throws -> Response {
        if let pending = try processRequest(request), let early = try await pending() { return early }
        var response = Response("", status: 500)
        do { response = try await view(request) } catch {}
        if let pending = try processResponse(request, &response) { try await pending(&response) }
        return response
    }
}

extension Response {
    var text: String { String(decoding: serialize(), as: UTF8.self) }
    var bodyText: String { String(decoding: body, as: UTF8.self) }
}

extension SetCookie {
    var text: String {
        var output: [UInt8] = []
        write(into: &output)
        return String(decoding: output, as: UTF8.self)
    }
}
