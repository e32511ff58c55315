import Accounts
import ArgumentParser
import DatabaseSessions
import EventLoop
import FastCGI
import Glibc
import Logging
import LoginApp
import Prometheus
import Web

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves the login site as a FastCGI worker.",
        discussion: """
            The listening socket is standard input where that is one (spawn-fcgi, systemd's StandardInput=socket), else \
            the first of systemd's LISTEN_FDS, else the one that --listen names. SIGTERM and SIGINT end it: requests \
            under way are finished, connections are closed after their next answer or after the grace time.
            """)

    @Option(help: "unix:PATH or HOST:PORT, where no socket is handed over.")
    var listen: String?

    @Option(help: "The permissions of a Unix socket, in octal.")
    var mode = "0660"

    @Option(help: "How many connections may wait to be accepted.")
    var backlog: Int32 = 4096

    @Option(help: "Seconds after SIGTERM in which idle connections stay open for one more request.")
    var drainGrace = 5

    func validate() throws {
        guard let value = mode_t(mode, radix: 8), value <= 0o777 else {
            throw ValidationError("--mode: '\(mode)' is no octal mode; use one such as 0660")
        }
        guard backlog > 0 else { throw ValidationError("--backlog: use a number from 1") }
        guard (0...3600).contains(drainGrace) else {
            throw ValidationError("--drain-grace: use seconds from 0 to 3600")
        }
        if let listen, ListeningSocket.Address(listen) == nil {
            throw ValidationError("--listen: '\(listen)' is no address; use unix:PATH or HOST:PORT")
        }
    }

    func run() throws {
        LogTarget.fillGaps()
        let (settings, log, metrics, site) = try configured()
        EventLoop.block(signals: FastCGIServer.endingSignals)
        raiseDescriptorLimit()
        let (listener, ownAddress) = try listeningSocket()
        if settings.authentication == .any, !settings.anyForce, !ListeningSocket.isLocal(listener) {
            writeToStandardError(
                "Error: AUTHENTICATION: any lets everyone in under any name, and other machines can reach the socket; set "
                    + "django, listen on 127.0.0.1 or a Unix socket, or set AUTHENTICATION_ANY_FORCE=True\n")
            throw wrongSettings
        }
        let grace = Duration.seconds(drainGrace)
        nonisolated(unsafe) var failure: (any Error)?
        EventLoop.run {
            do {
                let logger = Logger(label: "sessiond")
                let audit = settings.audit
                let engine = try Engine(settings, audit: audit, logger: logger)
                let accounts = try settings.makeAccounts(site, audit: audit, logger: logger)
                let list = try accounts.flatMap {
                    try settings.makeSessionList(engine, reader: $0.reader, audit: audit, logger: logger)
                }
                accounts?.sessionList = list
                let operations = OperationsViews(Readiness(settings, engine.sessions), metrics?.prometheus)
                let (application, authorizer) = try site.applications(engine, accounts, list, operations)
                let server = try FastCGIServer(
                    application, authorizer: authorizer, listener: listener, logger: logger)
                if accounts == nil {
                    logger.warning("any name and any password are accepted at login: this is a demonstration")
                }
                engine.connect()
                accounts?.connect()
                list?.connect()
                metrics?.prometheus.start()
                let clearing = settings.makeClearing(logger: logger)
                clearing?.start()
                try await server.run(grace: grace, endsListening: ownAddress != nil)
                clearing?.close()
                list?.close()
                accounts?.close()
                engine.close()
            } catch {
                failure = error
            }
            metrics?.prometheus.end()
        }
        log.endSpan()
        if let ownAddress { ListeningSocket.remove(ownAddress, listener: listener) }
        if let failure {
            // A setting that only its use shows to be wrong.
            guard failure is Failure else { throw failure }
            writeToStandardError("Error: \(failure)\n")
            throw wrongSettings
        }
    }

    /// EX_CONFIG: starting again would not help.
    private var wrongSettings: ExitCode { ExitCode(78) }

    /// What the environment sets.
    private func configured() throws -> (Settings, ServiceLog, Metrics?, Site) {
        do {
            let settings = try Settings.load()
            try settings.requireSecretKey()
            let log = ServiceLog(settings.log)
            log.bootstrap()
            // The site's views are counted from the moment on at which they are made.
            let metrics = Metrics(directory: settings.metricsDirectory, logger: Logger(label: "sessiond"))
            return (settings, log, metrics, try Site(settings))
        } catch {
            writeToStandardError("Error: \(error)\n")
            throw wrongSettings
        }
    }

    /// The socket, and its address where this process has opened it.
    private func listeningSocket() throws -> (Int32, ListeningSocket.Address?) {
        if let inherited = ListeningSocket.inherited() { return (inherited, nil) }
        guard let listen, let address = ListeningSocket.Address(listen) else {
            throw Failure("--listen: no socket was handed over; use --listen unix:PATH or --listen HOST:PORT")
        }
        do {
            let mode = mode_t(mode, radix: 8) ?? 0o660
            return (try ListeningSocket.open(address, mode: mode, backlog: backlog), address)
        } catch {
            throw Failure("--listen: \(listen) cannot be served: \(error)")
        }
    }

    /// As many descriptors as the system grants, 65,536 where it does not say more: each kept connection is one.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 65536))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
