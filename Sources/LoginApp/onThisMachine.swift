import Web

/// Answers only who comes from this machine, and tells others what to do about it.
///
/// A proxy on this machine hides where its clients are: that is what `ALLOWED_HOSTS` is checked for at the start.
func onThisMachine(_ view: @escaping View) -> View {
    { request in
        guard let address = request.meta["REMOTE_ADDR"], isLoopback(address) else {
            return try render(request, "demonstration_only.html", status: 403)
        }
        return try await view(request)
    }
}

/// `127.0.0.0/8`, `::1`, the former as IPv6 has it, and what nginx calls the client of a Unix socket.
private func isLoopback(_ address: ArraySlice<UInt8>) -> Bool {
    let address = String(decoding: address, as: UTF8.self)
    return ["127.", "::ffff:127."].contains { address.hasPrefix($0) } || ["::1", "unix:"].contains(address)
}
