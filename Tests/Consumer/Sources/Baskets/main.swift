import DatabaseSessions
import DjangoFormat
import EventLoop
import FastCGI
import Glibc
import Logging
import Sessions
import Web

struct Basket: Codable { var items: [String: Int] = [:] }

func basket(_ request: Request) async throws -> Response {
    var basket = try await request.session.get("basket", as: Basket.self) ?? Basket()
    if let item = try request.get()["add"] {
        basket.items[item, default: 0] += 1
        try await request.session.set("basket", basket)
    }
    let lines = basket.items.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)\n" }
    return try Response(Array(lines.joined().utf8), contentType: "text/plain; charset=utf-8")
}

EventLoop.block(signals: FastCGIServer.endingSignals)
EventLoop.run {
    do {
        let logger = Logger(label: "baskets")
        let codec = SessionCodec(secretKey: String(cString: getenv("SECRET_KEY")))
        let store = try DatabaseStore(database: String(cString: getenv("DATABASE_URL")), codec: codec, logger: logger)
        let urls = try URLResolver([path("basket/", basket)])
        let sessions = try SessionMiddleware(SessionEngine(store: store, codec: codec))
        let site = Application(urls, middleware: [sessions, try CSRFMiddleware()])
        try await FastCGIServer(site, listener: 0, logger: logger).run()
    } catch {
        print(error)
    }
}
