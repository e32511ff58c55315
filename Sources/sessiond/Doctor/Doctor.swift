import ArgumentParser
import DjangoFormat
import EventLoop
import Glibc

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says whether this worker and a Django project will understand each other's sessions.",
        discussion: """
            Compares this command's settings with those of the Django project, which its own Python is asked for, then \
            passes a session from the worker to Django and back, and deletes it. Without a settings module Django is \
            given the worker's own settings, where it can be imported. For each subject there is a line that says what is \
            wrong and how to mend it; the exit status is 1 where something is. Secrets are compared by keyed hashes.
            """)

    @Option(help: "The settings module of the Django project; DJANGO_SETTINGS_MODULE unless it is given.")
    var settings: String?

    @Option(help: "The Python that the project runs with: a path, or a name in PATH.")
    var python = "python3"

    @Option(help: "The project's directory, where manage.py lies.")
    var project = "."

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        let worker = try Settings.load()
        try worker.requireSecretKey()
        let module = settings ?? SettingsReader().text("DJANGO_SETTINGS_MODULE")
        nonisolated(unsafe) var findings: [Finding] = []
        EventLoop.run {
            findings = await Doctor.examine(worker, module: module, python: python, project: project) { print($0) }
        }
        if findings.contains(where: \.isProblem) { throw ExitCode.failure }
    }

    /// - Parameter report: called with each finding as it is made.
    @EventLoop
    private static func examine(
        _ worker: Settings, module: String?, python: String, project: String, report: @EventLoop (Finding) -> Void
    ) async -> [Finding] {
        var findings: [Finding] = []
        func add(_ finding: Finding) {
            findings.append(finding)
            report(finding)
        }
        if worker.engine.hasTable {
            for finding in await SessionTable.examine(worker) { add(finding) }
        }
        do {
            let django = try DjangoProject(worker, module: module, python: python, project: project)
            defer { django.end() }
            let facts = try django.facts()
            for finding in facts.compare(with: worker) { add(finding) }
            if !findings.contains(where: \.isProblem) { add(await RoundTrip(worker, django).run()) }
        } catch {
            // Without a module the worker alone was to be looked at, with Django's help where that is to be had.
            let text = "it could not be asked: \(error)"
            add(
                Finding(
                    "django", module == nil ? .note(text) : .problem("\(text); see --settings, --python, --project")))
        }
        return findings
    }
}
