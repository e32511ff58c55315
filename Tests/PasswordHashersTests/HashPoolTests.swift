import EventLoop
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import PasswordHashers

@Suite("The pool of hashing threads")
struct HashPoolTests {
    /// Jobs that end when they are told to, and say how many ran.
    private final class Gate: Sendable {
        private struct State {
            var (running, most, started) = (0, 0, 0)
            var isOpen = false
        }

        private let state = Mutex(State())

        var started: Int { state.withLock(\.started) }
        var most: Int { state.withLock(\.most) }

        func open() { state.withLock { $0.isOpen = true } }

        func pass() {
            state.withLock { state in
                state.running += 1
                state.started += 1
                state.most = max(state.most, state.running)
            }
            while !state.withLock(\.isOpen) { usleep(500) }
            state.withLock { $0.running -= 1 }
        }
    }

    /// The calling thread's.
    private static func priority() -> Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

    private static func hashThreads() -> Int {
        guard let directory = opendir("/proc/self/task") else { return -1 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let file = fopen("/proc/self/task/\(name)/comm", "r") else { continue }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 32)
            if fgets(&line, 32, file) != nil, strcmp(line, "hash\n") == 0 { count += 1 }
        }
        return count
    }

    @EventLoop
    private static func wait(until condition: () -> Bool) async {
        for _ in 0..<5000 where !condition() { await EventLoop.sleep(for: .milliseconds(1)) }
    }

    @Test("As many run at once as it is wide, on threads with less of the processor; the loop goes on meanwhile")
    func width() async throws {
        try await onLoop {
            let (pool, gate) = (HashPool(threads: 3, waiting: 20), Gate())
            EventLoop.start {
                await Self.wait { gate.started == 3 }
                await EventLoop.sleep(for: .milliseconds(20))
                gate.open()
            }
            let (loopsThread, loopsPriority) = (pthread_self(), Self.priority())
            await concurrently(
                (0..<10).map { index in
                    {
                        let outcome = try? await pool.run { () -> (Int, UInt, Int32) in
                            gate.pass()
                            return (index, pthread_self(), Self.priority())
                        }
                        #expect(
                            outcome?.0 == index && outcome?.1 != loopsThread && outcome?.2 == max(loopsPriority, 10))
                        #expect(pthread_self() == loopsThread)
                    }
                })
            #expect(gate.most == 3)
            #expect(Self.priority() == loopsPriority)
        }
    }

    @Test("Beyond its queue work is refused at once, and there is room again when it has passed")
    func bounds() async throws {
        try await onLoop {
            let (pool, gate) = (HashPool(threads: 1, waiting: 2), Gate())
            var refused = 0
            EventLoop.start {
                await Self.wait { refused == 4 }
                gate.open()
            }
            await concurrently(
                (0..<7).map { _ in
                    {
                        do throws(HashPoolError) {
                            try await pool.run { gate.pass() }
                        } catch {
                            if case .queueFull = error { refused += 1 } else { Issue.record(error) }
                        }
                    }
                })
            #expect(refused == 4)
            #expect(gate.started == 3)
            let later = try await pool.run { 7 }
            #expect(later == 7)
        }
    }

    @Test("Work whose caller has gone away is not done, and leaves its place to others")
    func cancellation() async throws {
        try await onLoop {
            let (pool, gate) = (HashPool(threads: 1, waiting: 1), Gate())
            let first = EventLoop.start { try? await pool.run { gate.pass() } }
            await Self.wait { gate.started == 1 }
            var isCancelled = false
            let second = EventLoop.start {
                do throws(HashPoolError) {
                    try await pool.run { gate.pass() }
                } catch {
                    if case .cancelled = error { isCancelled = true }
                }
            }
            await EventLoop.sleep(for: .milliseconds(5))
            second.cancel()
            await second.value
            #expect(isCancelled)
            var started = 0
            let third = EventLoop.start { started = (try? await pool.run { gate.started }) ?? 0 }
            await EventLoop.sleep(for: .milliseconds(5))
            gate.open()
            await first.value
            await third.value
            #expect(started == 1)
        }
    }

    @Test("Without work there is no thread", .timeLimit(.minutes(1)))
    func threadsEnd() async throws {
        try await onLoop {
            let pool = HashPool(threads: 2, waiting: 9)
            let duringWork = try await pool.run { Self.hashThreads() }
            #expect(duringWork >= 1)
            // Those of other tests end too.
            while Self.hashThreads() > 0 { await EventLoop.sleep(for: .milliseconds(5)) }
        }
    }

    @Test("A password is its UTF-8, with a NUL behind it")
    func rawPassword() {
        for text in ["", "a\0b", "lètmein"] {
            let raw = RawPassword(text)
            #expect(raw.withBytes { Array($0) } == Array(text.utf8))
            #expect(raw.withBytes { $0.baseAddress?.load(fromByteOffset: $0.count, as: UInt8.self) } == 0)
        }
    }
}
