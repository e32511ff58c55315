import EventLoop
import Prometheus
import Web

/// What operators and their programs ask a worker, below `/-/`: whether it lives, whether it is ready, and its metrics.
///
/// It stands before all other layers: no session, no cookie, no `ALLOWED_HOSTS`, because who asks calls the worker by
/// whatever address it has. nginx lets only those ask whom `nginx/sessiond_operations.conf` names.
struct OperationsViews: Middleware {
    private let views: [EarlyView]

    /// - Parameter metrics: nil where none are kept.
    init(_ readiness: Readiness, _ metrics: PrometheusMetrics?) {
        var views = [
            EarlyView("/-/live", { _ in try text("ok\n") }, methods: ["GET"], name: "live"),
            EarlyView("/-/ready", { _ in try await ready(readiness) }, methods: ["GET"], name: "ready"),
        ]
        if let metrics {
            views.append(EarlyView("/-/metrics", { _ in try await tell(metrics) }, methods: ["GET"], name: "metrics"))
        }
        self.views = views
    }

    func processRequest(_ request: Request) throws -> PendingRequest? {
        guard request.path.utf8.starts(with: "/-/".utf8) else { return nil }
        for view in views {
            if let answer = try view.processRequest(request) { return answer }
        }
        return nil
    }
}

private func ready(_ readiness: Readiness) async throws -> Response {
    guard let problem = await readiness.problem() else { return try text("ok\n") }
    return try text("not ready: \(problem)\n", status: 503)
}

/// Files are read on a thread of their own.
private func tell(_ metrics: PrometheusMetrics) async throws -> Response {
    let outcome = await EventLoop.onThread {
        Result { () throws(SystemError) in try metrics.exposition() }
    }
    return try Response(outcome.get(), contentType: PrometheusMetrics.contentType)
}

private func text(_ text: String, status: Int = 200) throws -> Response {
    var response = try Response(Array(text.utf8), status: status, contentType: "text/plain; charset=utf-8")
    response.addNeverCacheHeaders()
    return response
}
