import Glibc

/// The network that an address belongs to: the first 24 bits of an IPv4 address, the first 48 of an IPv6 address. It
/// tells one place from another, and does not name a visitor.
///
///     203.0.113.77 → 203.0.113.0/24, 2001:db8:1:2::3 → 2001:db8:1::/48
///
/// - Parameter address: `REMOTE_ADDR`; an IPv4 address in IPv6's form (`::ffff:203.0.113.77`) counts as IPv4.
/// - Returns: nil for what is no address.
func shortAddress(_ address: ArraySlice<UInt8>) -> String? {
    // The zone of a link-local address is this machine's own matter.
    let text = String(decoding: address.prefix { $0 != UInt8(ascii: "%") }, as: UTF8.self)
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &bytes) == 1 {
        return "\(bytes[0]).\(bytes[1]).\(bytes[2]).0/24"
    }
    guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
    if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
        return "\(bytes[12]).\(bytes[13]).\(bytes[14]).0/24"
    }
    for index in 6..<16 { bytes[index] = 0 }
    var output = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(AF_INET6, bytes, &output, socklen_t(output.count)) != nil else { return nil }
    return String(decoding: output.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/48"
}
