import CoreMetrics
import Synchronization

/// Counts whole things.
final class CountingHandler: CounterHandler {
    private let slot: Slot

    init(_ slot: Slot) { self.slot = slot }

    func increment(by amount: Int64) { slot.places.pointee.wrappingAdd(UInt64(max(amount, 0)), ordering: .relaxed) }

    func reset() { slot.places.pointee.store(0, ordering: .relaxed) }
}

/// Counts what comes in fractions, in billionths.
final class FractionHandler: FloatingPointCounterHandler {
    private let slot: Slot

    init(_ slot: Slot) { self.slot = slot }

    func increment(by amount: Double) {
        guard let billionths = UInt64(exactly: (amount * 1e9).rounded()) else { return }
        slot.places.pointee.wrappingAdd(billionths, ordering: .relaxed)
    }

    func reset() { slot.places.pointee.store(0, ordering: .relaxed) }
}

/// Says how it stands.
final class GaugeHandler: RecorderHandler, MeterHandler {
    private let slot: Slot

    init(_ slot: Slot) { self.slot = slot }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { slot.places.pointee.store(value.bitPattern, ordering: .relaxed) }
    func set(_ value: Int64) { record(Double(value)) }
    func set(_ value: Double) { record(value) }
    func decrement(by amount: Double) { increment(by: -amount) }

    func increment(by amount: Double) {
        var old = slot.places.pointee.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let outcome = slot.places.pointee.compareExchange(expected: old, desired: new, ordering: .relaxed)
            if outcome.exchanged { return }
            old = outcome.original
        }
    }
}

/// Counts whole numbers, or times in nanoseconds, by how large they are.
final class HistogramHandler: RecorderHandler, TimerHandler {
    private let bounds: [Int64]
    private let slot: Slot

    init(_ slot: Slot, bounds: [Int64]) { (self.slot, self.bounds) = (slot, bounds) }

    func record(_ value: Int64) {
        var bucket = 0
        while bucket < bounds.count, bounds[bucket] < value { bucket += 1 }
        slot.places[bucket].wrappingAdd(1, ordering: .relaxed)
        slot.places[bounds.count + 1].wrappingAdd(UInt64(max(value, 0)), ordering: .relaxed)
    }

    func record(_ value: Double) { record(Int64(exactly: value.rounded()) ?? (value > 0 ? .max : 0)) }
    func recordNanoseconds(_ duration: Int64) { record(duration) }
}
