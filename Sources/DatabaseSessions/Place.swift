import PostgreSQL
import Sessions

/// A caller's place in the queues of this module.
typealias Place<Answer: Sendable> = PostgreSQL.Place<Answer, SessionStoreError>

extension SessionStoreError {
    /// A caller's deadline has passed.
    static let tooLate = SessionStoreError.unavailable("the database did not answer in time")
}
