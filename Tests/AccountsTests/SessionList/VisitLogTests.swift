import Testing

@testable import Accounts

@Suite("Which visits count")
struct VisitLogTests {
    @Test("one in five to ten minutes")
    func interval() {
        var log = VisitLog()
        let start = ContinuousClock.now
        func counts(_ key: String, _ seconds: Int) -> Bool {
            log.counts(key, at: start + .seconds(seconds))
        }
        #expect(counts("a", 0))
        #expect(!counts("a", 299))
        #expect(counts("b", 299))
        #expect(!counts("a", 301))
        #expect(!counts("b", 301))
        #expect(counts("a", 602))
        #expect(counts("a", 2000))
    }

    @Test("however many there are, some thousands are kept")
    func capacity() {
        var log = VisitLog()
        let now = ContinuousClock.now
        for index in 0..<100_000 where log.counts("\(index)", at: now) {
            log.add(SessionVisit(key: "\(index)", userID: 1, time: 0, address: nil, device: nil))
        }
        var count = 0
        while !log.isEmpty { count += log.take(1000).count }
        #expect(count == VisitLog.capacity)
    }
}
