import Glibc

/// Where a request comes from, as far as guessing is concerned.
struct ClientAddress {
    /// What one visitor can have many addresses of is one: an IPv6 network of 56 bits, an IPv4 address.
    let client: String
    /// What a user's later addresses will likely lie in: 24 bits of IPv4, 56 of IPv6.
    let network: String

    /// - Parameter text: an IP address (`REMOTE_ADDR`). What is none, such as a Unix socket, is one place like all others.
    init(_ text: String) {
        var version4 = in_addr()
        var version6 = in6_addr()
        if inet_pton(AF_INET, text, &version4) == 1 {
            (client, network) = Self.version4(withUnsafeBytes(of: version4) { Array($0) })
        } else if inet_pton(AF_INET6, text, &version6) == 1 {
            let bytes = withUnsafeBytes(of: version6) { Array($0) }
            if bytes.prefix(12).elementsEqual(Self.mapped) {
                (client, network) = Self.version4(Array(bytes.suffix(4)))
            } else {
                client = "6:" + Self.text(bytes.prefix(7))
                network = client
            }
        } else {
            (client, network) = ("", "")
        }
    }

    /// What stands before an IPv4 address that is written as one of IPv6.
    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]

    private static func version4(_ bytes: [UInt8]) -> (String, String) {
        ("4:" + text(bytes[...]), "4:" + text(bytes.prefix(3)))
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { bytes.map(String.init).joined(separator: ".") }
}
