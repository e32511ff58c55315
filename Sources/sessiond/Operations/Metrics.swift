import CoreMetrics
import EventLoop
import Logging
import Prometheus

/// The metrics of a worker, where `METRICS_DIRECTORY` asks for them.
struct Metrics {
    let prometheus: PrometheusMetrics

    /// Metrics that are made from now on count in the directory. Where that cannot be used, the site goes without.
    init?(directory: String?, logger: Logger) {
        guard let directory else { return nil }
        do throws(SystemError) {
            prometheus = try PrometheusMetrics(
                directory: directory, descriptions: Self.descriptions, logger: logger)
        } catch {
            logger.error("there are no metrics: METRICS_DIRECTORY cannot be used", metadata: ["reason": "\(error)"])
            return nil
        }
        MetricsSystem.bootstrap(prometheus)
        Gauge(label: "sessiond_build_info", dimensions: [("version", Sessiond.version)]).record(1)
    }

    private static let answerTimes = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// What each metric counts.
    private static let descriptions = [
        "sessiond_requests_total": MetricDescription("Requests answered, by view and status."),
        "sessiond_request_duration_seconds": MetricDescription(
            "Time from a request's arrival to its answer.", seconds: answerTimes),
        "sessiond_connections": MetricDescription("Connections from the web server."),
        "sessiond_batch_size": MetricDescription(
            "Requests served by one SQL statement or transaction.", bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256]),
        "sessiond_queue_depth": MetricDescription("Requests that wait for the next SQL statement."),
        "sessiond_database_seconds": MetricDescription(
            "Time from an SQL statement's sending to its answer.", seconds: answerTimes),
        "sessiond_database_connections": MetricDescription("Connections to the database that are open."),
        "sessiond_database_reconnects_total": MetricDescription("Connections to the database that were made anew."),
        "sessiond_cache_seconds": MetricDescription(
            "Time from a command to the cache to its answer.", seconds: answerTimes),
        "sessiond_cache_connections": MetricDescription("Connections to the cache that are open."),
        "sessiond_cache_reconnects_total": MetricDescription("Connections to the cache that were made anew."),
        "sessiond_sessions_created_total": MetricDescription("Sessions that were stored under a new key."),
        "sessiond_sessions_ended_total": MetricDescription(
            "Sessions that ended: flushed by a logout, replaced by a new key, deleted by a user, or expired and removed."
        ),
        "sessiond_logins_total": MetricDescription(
            "Passwords that were right or wrong, and attempts that were limited or failed."),
        "sessiond_hash_queue_depth": MetricDescription("Logins that wait for a thread to hash their password."),
        "sessiond_hash_refused_total": MetricDescription("Logins that were refused because too many were waiting."),
        "sessiond_hash_seconds": MetricDescription("Time to hash a password.", seconds: answerTimes),
        "sessiond_build_info": MetricDescription("Workers that run this version."),
        "sessiond_workers": MetricDescription("Workers that live."),
        "sessiond_worker_crashes_total": MetricDescription("Workers that ended without having been told to."),
        "process_start_time_seconds": MetricDescription("When the youngest worker began, in seconds since 1970."),
        "process_resident_memory_bytes": MetricDescription("Memory of all workers."),
        "process_open_fds": MetricDescription("Open file descriptors of all workers."),
        "process_max_fds": MetricDescription("File descriptors that all workers may open."),
        "process_cpu_seconds_total": MetricDescription("Processor time of all workers."),
    ]
}
