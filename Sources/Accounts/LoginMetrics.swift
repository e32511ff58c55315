import CoreMetrics
import Web

/// How attempts to log in came out.
struct LoginMetrics: Sendable {
    private let right = count("right")
    private let wrong = count("wrong")
    private let limited = count("limited")
    private let failed = count("failed")

    private static func count(_ result: String) -> Counter {
        Counter(label: "sessiond_logins_total", dimensions: [("result", result)])
    }

    func ended(isRight: Bool) { (isRight ? right : wrong).increment() }

    func ended(with error: any Error) {
        if case HTTPError.tooManyRequests? = error as? HTTPError { limited.increment() } else { failed.increment() }
    }
}
