/// What a visitor uses, in a few words that name neither a version nor a model: `Firefox on Linux`, `Safari on iPhone`,
/// `a script`, `unknown`.
///
/// A browser may call itself whatever it likes, and Safari on an iPad calls itself one on a Mac: this is for people to
/// tell their own sessions apart, not for anything to depend on.
func deviceFamily(userAgent: ArraySlice<UInt8>) -> String {
    // A browser's is shorter. The rest is not looked at, so that a long one costs nothing.
    let text = userAgent.prefix(512)
    func has(_ mark: String) -> Bool { text.firstRange(of: mark.utf8) != nil }

    let system = systems.first { has($0.mark) }?.name
    guard text.starts(with: "Mozilla/".utf8) || text.starts(with: "Opera/".utf8), !robots.contains(where: has) else {
        return scripts.contains(where: has) || robots.contains(where: has) ? "a script" : "unknown"
    }
    switch (browsers.first { has($0.mark) }?.name, system) {
    case (let browser?, let system?): return "\(browser) on \(system)"
    case (let browser?, nil): return browser
    case (nil, let system?): return "an app on \(system)"
    case (nil, nil): return "unknown"
    }
}

/// In the order in which they are looked for: most call themselves Chrome too, and Chrome calls itself Safari too.
private let browsers: [(mark: String, name: String)] = [
    ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("Edge/", "Edge"),
    ("OPR/", "Opera"), ("OPT/", "Opera"), ("Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"), ("YaBrowser/", "Yandex Browser"), ("Vivaldi/", "Vivaldi"),
    ("DuckDuckGo/", "DuckDuckGo"), ("Ddg/", "DuckDuckGo"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("Focus/", "Firefox"),
    ("CriOS/", "Chrome"), ("Chromium/", "Chromium"), ("HeadlessChrome/", "Chrome"), ("Chrome/", "Chrome"),
    ("Epiphany/", "GNOME Web"), ("Safari/", "Safari"),
    ("MSIE ", "Internet Explorer"), ("Trident/", "Internet Explorer"),
]

private let systems: [(mark: String, name: String)] = [
    ("iPhone", "iPhone"), ("iPod", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Android", "Android"),
    ("CrOS", "ChromeOS"), ("Macintosh", "Mac"), ("Linux", "Linux"), ("FreeBSD", "FreeBSD"), ("OpenBSD", "OpenBSD"),
    ("X11", "Linux"),
]

/// Programs that say who they are, and no browser's name with it.
private let scripts = [
    "curl/", "Wget", "python", "Python", "aiohttp", "httpx", "Go-http-client", "okhttp", "Java/", "Java-http-client",
    "Apache-HttpClient", "libwww-perl", "PostmanRuntime", "HTTPie", "node", "axios", "undici", "Ruby", "PHP", "Guzzle",
    "Dart/", "PowerShell", "insomnia", "k6/", "Apache-Bench", "ApacheBench", "wrk",
]

/// Programs that have a browser's name beside their own.
private let robots = ["bot/", "Bot/", "bot.htm", "bot;", "crawler", "Crawler", "spider", "Spider", "WindowsPowerShell"]
