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

    /// What a row of `django_session` is at `now`: one whose time has come is as good as gone (Django's
    /// `expire_date__gt=timezone.now()`). Times are in microseconds since 1970-01-01 UTC.
    public func session(in text: [UInt8], expireDate: Int64, now: Int64) -> SessionLookup {
        guard expireDate > now else { return .expired }
        let (data, corruption) = data(in: text)
        return .found(LoadedSession(data: data, expireDate: expireDate, revision: text, corruption: corruption))
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
