/// A row of `django_session` without its key.
struct EncodedRecord: Sendable, Equatable {
    /// The signed text (Django's `session_data`), ASCII.
    var data: [UInt8]
    /// Microseconds since 1970-01-01 UTC.
    var expireDate: Int64
}
