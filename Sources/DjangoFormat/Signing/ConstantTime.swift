/// Comparison whose time tells nothing about where the two differ (`django.utils.crypto.constant_time_compare`).
package enum ConstantTime {
    package static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in 0..<left.count { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
