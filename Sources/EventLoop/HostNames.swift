import CLinux
import Glibc

extension EventLoop {
    /// The numeric addresses of a host, none where it is not known. Asked on a thread of its own: it may take seconds.
    public nonisolated static func addresses(ofHost name: String) async -> [String] {
        await onThread { lookUp(name) }
    }
}

private func lookUp(_ name: String) -> [String] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var addresses: [String] = []
    var entry = list
    while let info = entry?.pointee {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        if getnameinfo(info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
            addresses.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        entry = info.ai_next
    }
    return addresses
}
