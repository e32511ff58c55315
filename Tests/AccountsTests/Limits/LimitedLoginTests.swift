import EventLoop
import Logging
import Sessions
import TestSupport
import Testing
import Web

@testable import Accounts

@Suite("Logins within the limits")
struct LimitedLoginTests {
    private static func request(_ address: String) -> Request {
        var meta = Meta()
        meta.append("REMOTE_ADDR", address)
        return Request(meta: meta)
    }

    @EventLoop
    private static func accounts(_ site: LimitedSite) throws -> Accounts {
        var settings = AccountSettings(secretKey: "a secret key")
        settings.limitForAccount = LoginLimit("3/3m")
        settings.limitForAddress = nil
        return try Accounts(settings, database: site.database.url, logger: Logger(label: "test"))
    }

    @Test("past the limit the answer is 429 with the time to wait, and no password is looked at")
    func refusal() async throws {
        try await onLoop {
            let accounts = try Self.accounts(try await LimitedSite())
            var looks = 0
            for _ in 1...3 {
                let user = try await accounts.limited(Self.request("203.0.113.1"), username: "alice") {
                    looks += 1
                    return nil
                }
                #expect(user == nil)
            }
            let refusal = await #expect(throws: HTTPError.self) {
                try await accounts.limited(Self.request("203.0.113.2"), username: "alice") {
                    looks += 1
                    return nil
                }
            }
            // The first attempt may be some seconds old.
            #expect((50...60).contains { refusal == .tooManyRequests(retryAfter: $0) })
            #expect(looks == 3)
        }
    }

    @Test("a right password and a busy server cost no attempt")
    func givenBack() async throws {
        try await onLoop {
            let accounts = try Self.accounts(try await LimitedSite())
            for _ in 1...10 {
                let user = try await accounts.limited(Self.request("203.0.113.1"), username: "alice") {
                    User(id: 1, username: "alice", password: "x")
                }
                #expect(user?.id == 1)
                await #expect(throws: HTTPError.serviceUnavailable(retryAfter: 5)) {
                    try await accounts.limited(Self.request("203.0.114.1"), username: "alice") {
                        throw HTTPError.serviceUnavailable(retryAfter: 5)
                    }
                }
            }
        }
    }
}
