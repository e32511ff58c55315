import Accounts
import Glibc
import LoginApp
import Sessions
import Web

/// The login site with its templates, checked before anything starts.
struct Site {
    private let settings: Settings
    private let resolver: URLResolver
    private let templates: TemplateLibrary

    /// - Throws: ``Failure`` with the template's file and line.
    init(_ settings: Settings) throws {
        self.settings = settings
        let resolver = try URLResolver(urlpatterns)
        self.resolver = resolver
        var sources = LoginApp.templates
        var files: [String: String] = [:]
        if let directory = settings.templatesDirectory {
            for (name, text) in try Site.templates(in: directory) {
                sources[name] = text
                files[name] = directory + "/" + name
            }
        }
        do throws(TemplateSyntaxError) {
            templates = try TemplateLibrary(sources: sources, url: resolver.templateURL, file: { files[$0] ?? $0 })
        } catch {
            throw Failure("TEMPLATES_DIR: \(error)")
        }
    }

    /// - Parameter accounts: nil where nobody's password is asked for (`AUTHENTICATION=any`).
    func application(_ engine: SessionEngine, _ accounts: Accounts?) throws -> Application {
        var web = settings.web
        web.templates = templates
        var middleware: [any Middleware] = [
            try SecurityMiddleware(settings.security), try SessionMiddleware(engine),
            try CSRFMiddleware(settings.csrf, sessionCookieDomain: settings.session.cookieDomain),
        ]
        if let accounts { middleware.append(AuthenticationMiddleware(accounts)) }
        return Application(resolver, middleware: middleware, settings: web, errorPage: errorPage)
    }

    /// The files of a directory and those below it, by their path within it.
    private static func templates(in directory: String) throws -> [(name: String, text: String)] {
        guard let stream = opendir(directory) else {
            throw Failure("TEMPLATES_DIR: \(directory) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { closedir(stream) }
        var templates: [(name: String, text: String)] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            let path = directory + "/" + name
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                templates += try Self.templates(in: path).map { (name + "/" + $0.name, $0.text) }
            } else if status.st_mode & S_IFMT == S_IFREG {
                guard let text = SettingsReader.contents(of: path, keepingLineBreak: true) else {
                    throw Failure("TEMPLATES_DIR: \(path) cannot be read, or is not UTF-8")
                }
                templates.append((name, text))
            }
        }
        return templates
    }
}
