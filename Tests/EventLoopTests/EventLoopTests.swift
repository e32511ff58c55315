import CLinux
import Glibc
import TestSupport
import Testing

@testable import EventLoop

@Suite("The event loop")
struct EventLoopTests {
    @Test("tasks stay on the loop's thread, also after they were resumed from another one")
    func staysOnThread() async throws {
        try await onLoop {
            let thread = pthread_self()
            _ = await Task.detached { 1 }.value
            #expect(pthread_self() == thread)
            await EventLoop.sleep(for: .milliseconds(1))
            #expect(pthread_self() == thread)
        }
    }

    @Test("timers run in the order of their times, and not when cancelled")
    func timers() async throws {
        try await onLoop {
            var order: [Int] = []
            for delay in [30, 10, 20] { EventLoop.schedule(after: .milliseconds(delay)) { order.append(delay) } }
            EventLoop.schedule(after: .milliseconds(15)) { order.append(15) }.cancel()
            await EventLoop.sleep(for: .milliseconds(60))
            #expect(order == [10, 20, 30])
        }
    }

    @Test("cancelled timers do not pile up, and the others keep their order")
    func cancelledTimers() async throws {
        try await onLoop {
            var queue = TimerQueue()
            var order: [Int] = []
            let start = ContinuousClock.now
            for index in 0..<100_000 {
                let delay = 100_000 - index
                let timer = Timer(deadline: start + .nanoseconds(delay)) { order.append(delay) }
                if index % 1000 > 0 { timer.cancel() }
                queue.insert(timer)
            }
            #expect(queue.count <= 1024)
            while let timer = queue.popDue(at: start + .seconds(1)) { timer.fire() }
            #expect(order == (1...100).map { $0 * 1000 })
        }
    }

    @EventLoop
    private final class Restless { var goesOn = true }

    @Test("tasks that never rest leave timers and events their turn", .timeLimit(.minutes(1)))
    func restlessTask() async throws {
        try await onLoop {
            let restless = Restless()
            EventLoop.start { while restless.goesOn { await Task.yield() } }
            await EventLoop.sleep(for: .milliseconds(10))
            restless.goesOn = false
        }
    }

    @Test("a descriptor's handler is called when it is ready, and not after it is unwatched")
    func descriptors() async throws {
        try await onLoop {
            let descriptor = eventfd(0, 0)
            defer { close(descriptor) }
            var calls = 0
            try EventLoop.watch(descriptor, for: [.readable, .edgeTriggered]) { _ in calls += 1 }
            var one: UInt64 = 1
            write(descriptor, &one, 8)
            await EventLoop.sleep(for: .milliseconds(20))
            #expect(calls == 1)
            EventLoop.unwatch(descriptor)
            write(descriptor, &one, 8)
            await EventLoop.sleep(for: .milliseconds(20))
            #expect(calls == 1)
        }
    }

    @Test("waiting for a descriptor ends at its deadline")
    func deadline() async throws {
        try await onLoop {
            let descriptor = eventfd(0, 0)
            defer { close(descriptor) }
            let isReadable = try await EventLoop.wait(for: .readable, on: descriptor, until: .now + .milliseconds(10))
            let isWritable = try await EventLoop.wait(for: .writable, on: descriptor, until: .now + .seconds(5))
            #expect(!isReadable && isWritable)
        }
    }

    @Test("a descriptor that epoll cannot watch is an error")
    func badDescriptor() async throws {
        try await onLoop {
            for descriptor in [-1, 999] as [Int32] {
                _ = #expect(throws: SystemError.self) { try EventLoop.watch(descriptor, for: .readable) { _ in } }
            }
        }
    }

    @Test("tasks run in the order in which they were started, after what started them")
    func startedTasks() async throws {
        try await onLoop {
            var order: [String] = []
            await withCheckedContinuation { done in
                EventLoop.start { order.append("first") }
                EventLoop.start {
                    order.append("second")
                    done.resume()
                }
                order.append("starter")
            }
            #expect(order == ["starter", "first", "second"])
        }
    }
}
