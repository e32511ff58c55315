import DequeModule
import EventLoop
import PostgreSQL

/// Whose turn it is: a key has at most one write at work, the later ones stand in line behind it, in order.
@EventLoop
struct KeyLines {
    /// Those who stand behind the write that has the key; absent where nobody has it.
    private var lines: [String: Deque<Write>] = [:]

    var isEmpty: Bool { lines.isEmpty }

    /// - Returns: whether it is the write's turn at once.
    mutating func enter(_ write: Write) -> Bool {
        for key in write.keys {
            if lines[key]?.append(write) == nil { lines[key] = [] } else { write.keysAwaited += 1 }
        }
        return write.keysAwaited == 0
    }

    /// Gives the write's keys to those behind it; who was answered already is passed over.
    /// - Returns: the writes whose turn it is now.
    mutating func leave(_ write: Write) -> [Write] {
        var called: [Write] = []
        var leaving = [write]
        while let write = leaving.popLast() {
            for key in write.keys {
                guard let next = lines[key]?.popFirst() else {
                    lines[key] = nil
                    continue
                }
                next.keysAwaited -= 1
                guard next.keysAwaited == 0 else { continue }
                if next.place.isSettled { leaving.append(next) } else { called.append(next) }
            }
        }
        return called
    }
}
