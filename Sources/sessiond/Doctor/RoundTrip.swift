import DjangoFormat
import EventLoop
import Sessions

/// A session that the worker writes, Django reads and writes, the worker reads and deletes, and Django sees gone.
@EventLoop
struct RoundTrip {
    private static let ours: JSONObject = [
        "sessiond_doctor": ["text": "é😀\u{2028}<&>", "numbers": [1, 1.5, -0.0, 1e22], "nothing": nil, "yes": true]
    ]
    private static let theirs: JSONObject = ["sessiond_doctor_answer": "é😀"]

    private let worker: Settings
    private let django: DjangoProject

    init(_ worker: Settings, _ django: DjangoProject) {
        self.worker = worker
        self.django = django
    }

    func run() async -> Finding {
        do {
            let engine = try Engine(worker, logger: quietLogger)
            defer { engine.close() }
            let problem = try await passAround(engine.sessions)
            return Finding("round trip", problem.map { .problem($0) } ?? .ok)
        } catch {
            return Finding("round trip", .problem("it failed: \(error)"))
        }
    }

    /// - Returns: what went wrong.
    private func passAround(_ engine: SessionEngine) async throws -> String? {
        let session = engine.session(nil)
        try await session.update(Self.ours)
        try await session.setExpiry(.seconds(300))
        try await session.save()
        guard var key = session.sessionKey else { return "the worker's session got no key" }
        let written = try await session.items()
        var problem: String?
        do {
            problem = try await answer(&key, written, engine)
        } catch {
            problem = "\(error)"
        }
        try await engine.session(key).flush()
        if problem == nil, !worker.engine.keepsKeyAfterDeletion, try !django.read(key).isEmpty {
            return "Django still finds a session that the worker has deleted; do both use the same cache?"
        }
        return problem
    }

    private func answer(_ key: inout String, _ written: JSONObject, _ engine: SessionEngine) async throws -> String? {
        let read = try django.read(key)
        if read.isEmpty {
            return "Django does not find the session that the worker wrote; do both use the same database and schema?"
        }
        guard read == written else { return "Django reads other values than the worker wrote" }
        guard let answered = try django.write(key, Self.theirs) else { return "Django's session got no key" }
        key = answered
        let back = try await engine.session(key).items()
        if back.isEmpty { return "the worker cannot read the session that Django wrote" }
        guard back == written.merging(Self.theirs, uniquingKeysWith: { $1 }) else {
            return "the worker reads other values than Django wrote"
        }
        return nil
    }
}
