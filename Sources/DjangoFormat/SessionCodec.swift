/// Turns session data into `django_session.session_data` and back (`SessionBase.encode` and `decode`).
///
///     {"a":1} at 1700000000 ⟷ eyJhIjoxfQ:1r31eq:mvqAFpOL1fZXbE9_M4qDR7eYKgZG_5R2MwsvV9eChd8
///
/// The payload is JSON in base64; a leading `.` says that the JSON was compressed. One codec belongs to one thread of
/// work: it keeps its zlib streams between calls.
public final class SessionCodec {
    /// What `session_data` turned out to be.
    public enum Decoded: Hashable, Sendable {
        case data(JSONObject)
        /// Signed by none of the keys: Django logs "Session data corrupted" and goes on with an empty session.
        case badSignature
        /// Signed, but no compressed or plain JSON object: an empty session.
        case corrupt
    }

    private let signer: TimestampSigner
    private let maximumInflatedSize: Int
    private let deflater = Deflater()
    private let inflater = Inflater()

    /// - Parameter maximumInflatedSize: the bytes of JSON past which compressed data counts as corrupt.
    public init(signer: TimestampSigner, maximumInflatedSize: Int = 16 << 20) {
        self.signer = signer
        self.maximumInflatedSize = maximumInflatedSize
    }

    /// - Parameters:
    ///   - secretKey: Django's `SECRET_KEY`.
    ///   - fallbacks: Django's `SECRET_KEY_FALLBACKS`.
    public convenience init(secretKey: String, fallbacks: [String] = []) {
        self.init(
            signer: TimestampSigner(secretKey: secretKey, fallbacks: fallbacks, salt: TimestampSigner.sessionSalt))
    }

    /// The ASCII text `payload:timestamp:signature`.
    /// - Parameter unixTime: the time of signing in whole seconds.
    /// - Throws: ``NotSerializable`` where the data holds what JSON lacks.
    public func encode(_ data: JSONObject, at unixTime: Int) throws(NotSerializable) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(256)
        try JSON.encode(data, into: &json)
        var output: [UInt8] = []
        output.reserveCapacity(json.count / 3 * 4 + 64)
        // Django compresses when that saves more than the byte that the dot costs.
        if let compressed = deflater.deflate(json, limit: json.count - 2) {
            output.append(UInt8(ascii: "."))
            Base64URL.append(compressed.span, to: &output)
        } else {
            Base64URL.append(json.span, to: &output)
        }
        signer.sign(&output, at: unixTime)
        return output
    }

    public func decode(_ sessionData: [UInt8]) -> Decoded {
        decode(sessionData.span)
    }

    /// The data, however old the signature: only the row's expire date counts.
    public func decode(_ sessionData: Span<UInt8>) -> Decoded {
        let range: Range<Int>
        do {
            range = try signer.unsign(sessionData).payload
        } catch {
            return error == .badSignature ? .badSignature : .corrupt
        }
        return object(payload: sessionData.extracting(range)).map { .data($0) } ?? .corrupt
    }

    /// The data, and when it was signed in microseconds since 1970-01-01 UTC, of a text that was signed no longer than
    /// `maxAge` seconds ago; nil where it was not, or is no session.
    public func decode(_ sessionData: [UInt8], maxAge: Int, now: Int64) -> (data: JSONObject, signedAt: Int64)? {
        let span = sessionData.span
        guard let (range, unixTime) = try? signer.unsign(span, maxAge: Double(maxAge), now: Double(now) / 1_000_000),
            unixTime.magnitude < 1 << 40, let data = object(payload: span.extracting(range))
        else { return nil }
        return (data, Int64(unixTime) * 1_000_000)
    }

    private func object(payload: Span<UInt8>) -> JSONObject? {
        guard let json = json(payload: payload), let value = try? JSON.decode(json), case .object(let data) = value
        else { return nil }
        return data
    }

    private func json(payload: Span<UInt8>) -> [UInt8]? {
        guard !payload.isEmpty, payload[0] == UInt8(ascii: ".") else { return Base64URL.decode(payload) }
        guard let compressed = Base64URL.decode(payload.extracting(1...)) else { return nil }
        return inflater.inflate(compressed, limit: maximumInflatedSize)
    }
}
