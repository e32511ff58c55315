import Testing

@testable import Accounts

@Suite("Limits and addresses")
struct LoginLimitTests {
    @Test(
        "a limit is a number of attempts in a time",
        arguments: [
            ("10/5m", 10, 30_000_000), ("1/s", 1, 1_000_000), ("3/2h", 3, 2_400_000_000), ("100000/1s", 100_000, 10),
            ("1/30d", 1, 2_592_000_000_000), ("7/1s", 7, 142_857),
        ] as [(String, Int64, Int64)])
    func limit(text: String, attempts: Int64, interval: Int64) throws {
        let limit = try #require(LoginLimit(text))
        #expect(limit.attempts == attempts && limit.interval == interval)
    }

    @Test(
        "anything else is none",
        arguments: [
            "", "10", "/", "10/", "/5m", "0/5m", "10/0m", "10/5", "10/m5", "10/5x", "-1/5m", "+1/5m", "10/+5m",
            "10/5m ",
            " 10/5m", "1.5/m", "10/5min", "100001/1s", "1/31d", "10/99999999999999999999m",
            "10/5m/2",
            "１0/5m",
        ])
    func noLimit(text: String) {
        #expect(LoginLimit(text) == nil)
    }

    @Test(
        "a visitor's addresses are one",
        arguments: [
            ("203.0.113.7", "4:203.0.113.7", "4:203.0.113"), ("::ffff:203.0.113.7", "4:203.0.113.7", "4:203.0.113"),
            ("2001:db8:1:2ff::1", "6:32.1.13.184.0.1.2", "6:32.1.13.184.0.1.2"),
            ("2001:db8:1:201:ffff::9", "6:32.1.13.184.0.1.2", "6:32.1.13.184.0.1.2"),
            ("2001:db8:1:300::1", "6:32.1.13.184.0.1.3", "6:32.1.13.184.0.1.3"), ("unix:", "", ""), ("", "", ""),
            ("203.0.113.7.9", "", ""), ("2001:db8::1%eth0", "", ""),
        ])
    func address(text: String, client: String, network: String) {
        let address = ClientAddress(text)
        #expect(address.client == client && address.network == network)
    }
}
