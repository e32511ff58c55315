import DjangoFormat
import EventLoop
import Sessions
import Web

/// The sessions of one script and what is done with them.
@EventLoop
final class Interpreter {
    private let engines: Engines
    private var engine: SessionEngine
    private var middleware: SessionMiddleware
    private var sessions: [Int: Session] = [:]
    private var isCached = false

    init(_ engines: Engines) throws {
        self.engines = engines
        engine = try engines.engine("db", SessionSettings())
        middleware = try SessionMiddleware(engine)
    }

    func answer(to order: JSONObject) async throws -> JSONObject {
        if let now = order["now"]?.int { engines.clock.set(Int64(now)) }
        switch order["op"]?.string {
        case "start":
            sessions = [:]
            let settings = SessionSettings(
                order["settings"]?.object ?? [:], djangoCompatible: order["compatible"]?.bool ?? false)
            engine = try engines.engine(order["engine"]?.string ?? "", settings)
            middleware = try SessionMiddleware(engine)
            isCached = order["engine"] == "cache"
            return [:]
        case "open":
            let session = engine.session(order["key"]?.string)
            sessions[order["slot"]?.int ?? 0] = session
            return state(of: session)
        case "request": return try await respond(to: order)
        default:
            guard let session = sessions[order["slot"]?.int ?? 0] else { throw BadOrder("there is no such session") }
            return try await outcome(of: order, on: session)
        }
    }

    private func outcome(of order: JSONObject, on session: Session) async throws -> JSONObject {
        var outcome: JSONObject
        do {
            let result = try await Operation(order).run(on: session, engine)
            outcome = ["result": .string(Pickle.encode(result).hexadecimal)]
        } catch let error as SessionStoreError {
            outcome = ["raises": .string(error.djangoName)]
        } catch is MissingKey {
            outcome = ["raises": "KeyError"]
        }
        outcome.merge(state(of: session)) { _, new in new }
        return outcome
    }

    private func state(of session: Session) -> JSONObject {
        [
            "key": session.sessionKey.map { .string($0) } ?? .null, "accessed": .bool(session.accessed),
            "modified": .bool(session.modified), "empty": .bool(session.isEmpty),
        ]
    }

    /// A whole request through the middleware. The view does what it is told, other requests included, and answers with
    /// the status it is told.
    private func respond(to order: JSONObject) async throws -> JSONObject {
        var meta = Meta()
        meta.append("REQUEST_METHOD", "GET")
        meta.append("DOCUMENT_URI", "/")
        meta.append("HTTP_HOST", "localhost")
        if let cookie = order["cookie"]?.string { meta.append("HTTP_COOKIE", cookie) }
        let request = Request(meta: meta)
        _ = try middleware.processRequest(request)
        var steps: [JSONValue] = []
        for step in order["view"]?.array ?? [] {
            guard let step = step.object else { throw BadOrder("a step of a view is no object") }
            let isRequest = step["op"] == "request"
            steps.append(.object(try await isRequest ? respond(to: step) : outcome(of: step, on: request.session)))
            // Redis keeps for a millisecond what has no time left.
            if isCached { await EventLoop.sleep(for: .milliseconds(2)) }
        }
        var response = Response("", status: order["status"]?.int ?? 200)
        if let vary = order["vary"]?.string { try response.setHeader("Vary", vary) }
        do {
            if let pending = try middleware.processResponse(request, &response) { try await pending(&response) }
        } catch let error as any HTTPErrorConvertible {
            response = Response("", status: error.httpError.status)
        }
        var answer = state(of: request.session)
        answer["view"] = .array(steps)
        answer["status"] = .int(response.status)
        answer["cookies"] = .array(response.fields("Set-Cookie").map { .string($0) })
        answer["vary"] = response.header("Vary").map { .string($0) } ?? .null
        return answer
    }
}

extension Response {
    /// The values of a header as they leave the worker.
    fileprivate func fields(_ name: String) -> [String] {
        let lines = serialize().split(separator: UInt8(ascii: "\n"))
        return lines.filter { $0.starts(with: "\(name): ".utf8) }.map { line in
            String(decoding: line.dropFirst(name.utf8.count + 2).dropLast(), as: UTF8.self)
        }
    }
}

extension SessionStoreError {
    /// The exception that Django has in its place.
    fileprivate var djangoName: String {
        switch self {
        case .keyExists: "CreateError"
        case .keyGone: "UpdateError"
        case .unavailable(let reason): "unavailable: \(reason)"
        case .unstorable(let reason): "unstorable: \(reason)"
        }
    }
}
