import CNettle

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    package typealias Digest = InlineArray<32, UInt8>

    package static func digest(of text: Span<UInt8>) -> Digest {
        var state = sha256_ctx()
        nettle_sha256_init(&state)
        text.withUnsafeBufferPointer { nettle_sha256_update(&state, $0.count, $0.baseAddress) }
        return filled { nettle_sha256_digest(&state, $0.count, $0.baseAddress) }
    }

    fileprivate static func filled(_ fill: (UnsafeMutableBufferPointer<UInt8>) -> Void) -> Digest {
        var digest = Digest(repeating: 0)
        var span = digest.mutableSpan
        span.withUnsafeMutableBufferPointer { fill($0) }
        return digest
    }
}

/// HMAC with SHA-256 (RFC 2104) under one key.
package struct HMACSHA256: Sendable {
    /// Where each text begins: the key is taken in.
    private let start: hmac_sha256_ctx

    package init(key: Span<UInt8>) {
        var start = hmac_sha256_ctx()
        key.withUnsafeBufferPointer { nettle_hmac_sha256_set_key(&start, $0.count, $0.baseAddress) }
        self.start = start
    }

    package func code(of text: Span<UInt8>) -> SHA256.Digest {
        var state = start
        text.withUnsafeBufferPointer { nettle_hmac_sha256_update(&state, $0.count, $0.baseAddress) }
        return SHA256.filled { nettle_hmac_sha256_digest(&state, $0.count, $0.baseAddress) }
    }

    /// The first digits of the 64 that there are, small letters among them.
    package func hexDigest(of text: String, digits: Int = 64) -> String {
        let code = code(of: text.utf8Span.span)
        return String(unsafeUninitializedCapacity: 2 * code.count) { hex in
            for index in code.indices {
                (hex[2 * index], hex[2 * index + 1]) = (Self.digit(code[index] >> 4), Self.digit(code[index] & 15))
            }
            return min(digits, hex.count)
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }
}
