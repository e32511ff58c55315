import Glibc

/// A password as a user typed it: its UTF-8, which is wiped when nothing needs it any longer. What the text was made of, a
/// request's body, is not.
public final class RawPassword: Sendable {
    /// Written once, before anybody else sees it; a NUL stands behind it, as C functions want it.
    nonisolated(unsafe) private let bytes: UnsafeMutableRawBufferPointer

    public init(_ text: String) {
        var text = text
        bytes = text.withUTF8 { utf8 in
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: utf8.count + 1, alignment: 1)
            bytes.copyBytes(from: utf8)
            bytes[utf8.count] = 0
            return bytes
        }
    }

    deinit {
        if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
        bytes.deallocate()
    }

    /// - Parameter body: gets the bytes without the NUL behind them; their address is never nil.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(self) { body(UnsafeRawBufferPointer(rebasing: bytes.dropLast())) }
    }
}
