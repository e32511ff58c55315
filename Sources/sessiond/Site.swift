import Accounts
import EventLoop
import Gate
import Glibc
import LoginApp
import Sessions
import Web

/// The login site with its templates, checked before anything starts.
struct Site {
    private let settings: Settings
    private let resolver: URLResolver
    private let templates: TemplateLibrary
    /// The settings of accounts, with URLs in place of names.
    let accounts: AccountSettings

    /// - Throws: ``Failure`` with the template's file and line.
    init(_ settings: Settings) throws {
        self.settings = settings
        let urls =
            switch settings.authentication {
            case .django: accountURLs(settings.accounts)
            case .any: demonstrationURLs(settings.accounts, isForced: settings.anyForce)
            }
        let resolver = try URLResolver(urls)
        self.resolver = resolver
        accounts = try settings.accounts.resolved(resolver)
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
    /// - Returns: the site, and what answers an Authorizer's requests.
    @EventLoop
    func applications(
        _ engine: Engine, _ accounts: Accounts?, _ sessionList: SessionList?, _ operations: OperationsViews
    ) throws -> (Application, Application?) {
        var web = settings.web
        web.templates = templates
        var middleware: [any Middleware] = [try SecurityMiddleware(settings.security)]
        if let sessionList { middleware.append(SessionListMiddleware(sessionList)) }
        middleware += [
            try SessionMiddleware(engine.sessions),
            try CSRFMiddleware(settings.csrf, sessionCookieDomain: settings.session.cookieDomain),
        ]
        var authorizer: Application?
        if let accounts {
            let gate = Gate(
                sessions: engine.sessions, accounts: accounts, hints: engine.readsTable ? sessionList : nil)
            middleware.append(AuthenticationMiddleware(accounts))
            middleware.insert(gate.statusPage, at: 1)
            middleware.insert(contentsOf: gate.questions, at: 0)
            authorizer = try gate.authorizer(settings: web)
        }
        middleware.insert(operations, at: 0)
        return (Application(resolver, middleware: middleware, settings: web, errorPage: errorPage), authorizer)
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
                do throws(SettingsReader.UnreadableFile) {
                    templates.append((name, try SettingsReader.contents(of: path, keepingLineBreak: true)))
                } catch {
                    throw Failure("TEMPLATES_DIR: \(path) cannot be read: \(error)")
                }
            }
        }
        return templates
    }
}

extension AccountSettings {
    /// - Throws: ``Failure`` for a name that no route has.
    fileprivate func resolved(_ resolver: URLResolver) throws(Failure) -> AccountSettings {
        func url(_ name: String, _ target: String) throws(Failure) -> String {
            do throws(NoReverseMatch) {
                return try resolver.resolveURL(target)
            } catch {
                throw Failure("\(name): '\(target)' is no name of a page here; set a path such as /accounts/, or a URL")
            }
        }
        var settings = self
        settings.loginURL = try url("LOGIN_URL", loginURL)
        settings.loginRedirectURL = try url("LOGIN_REDIRECT_URL", loginRedirectURL)
        if let target = logoutRedirectURL { settings.logoutRedirectURL = try url("LOGOUT_REDIRECT_URL", target) }
        return settings
    }
}
