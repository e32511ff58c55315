import EventLoop

/// Lets so many in at a time; the others wait, in their order.
@EventLoop
final class Turns {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        await withCheckedContinuation { turn in
            if free == 0 { return waiting.append(turn) }
            free -= 1
            turn.resume()
        }
    }

    func pass() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
