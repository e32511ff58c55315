import DjangoFormat
import Logging

extension SessionCodec {
    /// The text that engines keep (Django's `SessionBase.encode`).
    /// - Parameter now: microseconds since 1970-01-01 UTC.
    /// - Throws: ``SessionStoreError/unstorable(_:)`` for a value that is no JSON.
    public func text(of data: JSONObject, now: Int64) throws(SessionStoreError) -> [UInt8] {
        do throws(NotSerializable) {
            return try encode(data, at: Int(now / 1_000_000))
        } catch {
            throw .unstorable(error.description)
        }
    }

    /// The data of such a text; none where it is corrupt (Django's `SessionBase.decode`).
    public func data(in text: [UInt8]) -> (data: JSONObject, corruption: SessionCorruption?) {
        switch decode(text) {
        case .data(let data): (data, nil)
        case .badSignature: ([:], .badSignature)
        case .corrupt: ([:], .badData)
        }
    }
}

extension SessionCorruption {
    /// Writes the line that Django has for it.
    func log() {
        if self == .badSignature { suspiciousSession.warning("Session data corrupted") }
    }
}

/// Django's logger of that name.
private let suspiciousSession = Logger(label: "django.security.SuspiciousSession")
