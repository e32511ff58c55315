import Sessions

@testable import DatabaseSessions

/// Rows past the codec: the queues move text, whatever it is.
extension DatabaseStore {
    func create(
        _ key: String, _ row: EncodedRecord, replacing oldKey: String?
    ) async throws(SessionStoreError) {
        try await writes.write(key, .create(row, replacing: oldKey))
    }

    func update(_ key: String, _ row: EncodedRecord, loaded: [UInt8]?) async throws(SessionStoreError) {
        try await writes.write(key, .update(row, loaded: loaded))
    }
}
