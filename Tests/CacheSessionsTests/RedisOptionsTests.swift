@testable import CacheSessions
import Testing

@Suite("Where a cache is")
struct RedisOptionsTests {
    @Test(
        "Addresses are read as redis-py reads them",
        arguments: [
            ("redis://127.0.0.1:6379/1", .host("127.0.0.1", port: 6379), 1),
            ("redis://", .host("localhost", port: 6379), 0), ("redis://cache", .host("cache", port: 6379), 0),
            ("redis://cache/", .host("cache", port: 6379), 0), ("redis://cache/2?db=3", .host("cache", port: 6379), 3),
            ("redis://[::1]:7000/0", .host("::1", port: 7000), 0), ("redis://[::1]", .host("::1", port: 6379), 0),
            ("unix:///run/redis.sock", .unix("/run/redis.sock"), 0),
            ("unix:///run/a%20b.sock?db=4", .unix("/run/a b.sock"), 4),
            ("unix://user:pass@/run/redis.sock?db=4", .unix("/run/redis.sock"), 4),
            ("redis://first:1/1,redis://second:2/2", .host("first", port: 1), 1),
            ("redis://first:1;redis://second:2", .host("first", port: 1), 0),
        ] as [(String, RedisOptions.Address, Int)])
    func addresses(text: String, address: RedisOptions.Address, database: Int) throws {
        let options = try RedisOptions(text)
        #expect(options.address == address)
        #expect(options.database == database)
    }

    @Test(
        "User and password may be escaped, and stand in the options too",
        arguments: [
            ("redis://cache", nil, nil), ("redis://:secret@cache", nil, "secret"), ("redis://u:p@cache", "u", "p"),
            ("redis://u:p%40%2F%3a@cache", "u", "p@/:"), ("redis://u:a:b@cache", "u", "a:b"),
            ("redis://cache?username=u&password=p%26", "u", "p&"), ("unix://:p@/s", nil, "p"),
        ] as [(String, String?, String?)])
    func credentials(text: String, user: String?, password: String?) throws {
        let options = try RedisOptions(text)
        #expect(options.user == user)
        #expect(options.password == password)
    }

    @Test(
        "What names no cache is refused, and the text is not repeated",
        arguments: [
            "", "redis", "redis:", "http://x", "redis://x:0", "redis://x:65536", "redis://x:port", "redis://x:",
            "redis://[::1]x", "redis://x/one", "redis://x/-1", "redis://x?ssl=1", "redis://x?db", "redis://x#1",
            "redis://%zz", "redis://%4", "redis://%00", "redis://%ff", "redis://%+1", "unix://", "unix://host/x",
            "locmem://", "rediss://cache:6379", ",redis://x",
        ])
    func refused(text: String) {
        #expect { try RedisOptions(text) } throws: { error in
            error is InvalidCacheLocation && (text.utf8.count < 12 || !"\(error)".contains(text))
        }
    }
}
