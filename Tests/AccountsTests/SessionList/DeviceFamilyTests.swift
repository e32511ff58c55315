import Testing

@testable import Accounts

@Suite("What is kept of a visitor: a device's family and a short address")
struct DeviceFamilyTests {
    /// User agents as these programs send them: what stands between `Mozilla/5.0 (` and the end.
    private static let browsers: [(String, String)] = [
        ("X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        ("Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Windows"),
        ("Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0", "Firefox on Android"),
        (iPhone + "FxiOS/133.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPhone"),
        (iPhone + "Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (iPhone + "CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (iPhone + "Mobile/15E148", "an app on iPhone"),
        (
            "iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 "
                + "Mobile/15E148 Safari/604.1", "Safari on iPad"
        ),
        (
            "Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
            "Safari on Mac"
        ),
        ("X11; Linux x86_64" + chrome, "Chrome on Linux"),
        ("Windows NT 10.0; Win64; x64" + chrome, "Chrome on Windows"),
        ("Macintosh; Intel Mac OS X 10_15_7" + chrome, "Chrome on Mac"),
        ("X11; CrOS x86_64 14541.0.0" + chrome, "Chrome on ChromeOS"),
        ("Linux; Android 10; K" + chrome, "Chrome on Android"),
        (
            "X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
            "Chrome on Linux"
        ),
        ("Windows NT 10.0; Win64; x64" + chrome + " Edg/131.0.2903.51", "Edge on Windows"),
        ("Windows NT 10.0; Win64; x64" + chrome + " Edge/18.17763", "Edge on Windows"),
        ("X11; Linux x86_64" + chrome + " OPR/115.0.0.0", "Opera on Linux"),
        (
            "Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 "
                + "Chrome/122.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"
        ),
        ("Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer on Windows"),
        (
            "X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15 "
                + "Epiphany/605.1.15", "GNOME Web on Linux"
        ),
        ("compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "a script"),
        ("Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4648", "a script"),
        ("", "unknown"),
    ]
    private static let chrome = ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
    private static let iPhone = "iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "

    @Test("a browser's user agent becomes a family", arguments: browsers)
    func browser(rest: String, family: String) {
        #expect(deviceFamily(userAgent: Array("Mozilla/5.0 (\(rest)".utf8)[...]) == family)
    }

    @Test(
        "so does another's",
        arguments: [
            ("Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18", "Opera on Windows"),
            ("curl/7.88.1", "a script"), ("Wget/1.21.3", "a script"), ("python-requests/2.32.3", "a script"),
            ("Python-urllib/3.11", "a script"), ("Go-http-client/2.0", "a script"),
            ("PostmanRuntime/7.42.0", "a script"), ("", "unknown"), ("Mozilla/5.0", "unknown"),
            ("<script>alert(1)</script>", "unknown"), ("\u{0}\u{FFFD}", "unknown"),
        ])
    func other(userAgent: String, family: String) {
        #expect(deviceFamily(userAgent: Array(userAgent.utf8)[...]) == family)
    }

    @Test("a long user agent is cut, and bytes that are no text are looked at as bytes")
    func extremes() {
        let long = [UInt8]("Mozilla/5.0 (X11; Linux x86_64) ".utf8) + [UInt8](repeating: 0xFF, count: 1 << 20)
        #expect(deviceFamily(userAgent: (long + [UInt8]("Firefox/1".utf8))[...]) == "an app on Linux")
    }

    @Test(
        "an address becomes its network",
        arguments: [
            ("203.0.113.77", "203.0.113.0/24"), ("127.0.0.1", "127.0.0.0/24"), ("255.255.255.255", "255.255.255.0/24"),
            ("2001:db8:1:2::3", "2001:db8:1::/48"), ("2001:DB8:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF", "2001:db8:ffff::/48"),
            ("::1", "::/48"), ("::ffff:203.0.113.77", "203.0.113.0/24"), ("fe80::1%eth0", "fe80::/48"),
            ("", nil), ("unix:", nil), ("203.0.113", nil), ("203.0.113.77:80", nil), ("localhost", nil),
        ] as [(String, String?)])
    func address(full: String, short: String?) {
        #expect(shortAddress(Array(full.utf8)[...]) == short)
    }
}
