import EventLoop
import PostgreSQL
import Sessions

/// What a caller wants written.
@EventLoop
final class Write {
    enum Operation {
        case create(SessionRecord, replacing: String?)
        case update(SessionRecord, loaded: [UInt8]?)
        case delete
    }

    let key: String
    let operation: Operation
    let place: Place<Void>
    /// An earlier attempt was cut off: it may have been committed.
    var outcomeIsUnknown = false

    init(_ key: String, _ operation: Operation, place: Place<Void>) {
        self.key = key
        self.operation = operation
        self.place = place
    }

    /// The keys whose rows it touches.
    var keys: [String] {
        if case .create(_, replacing: let oldKey?) = operation { [key, oldKey] } else { [key] }
    }

    /// Bytes that it adds to a batch.
    var size: Int {
        switch operation {
        case .create(let record, _), .update(let record, _): record.data.count + 64
        case .delete: 64
        }
    }

    /// Does it by itself, waiting for locks, and settles it; three times where the server asks for another attempt.
    func runAlone(on client: PostgresClient) async {
        for attempt in 1... {
            guard !place.isSettled else { return }
            guard ContinuousClock.now < place.deadline else { return place.settle(.failure(.tooLate)) }
            do throws(PostgresError) {
                return place.settle(try await attemptAlone(on: client))
            } catch {
                if case .connectionLost = error { outcomeIsUnknown = true }
                if case .server = error, !error.isSafeToRetry || attempt >= 3 {
                    return place.settle(.failure(.unavailable("\(error)")))
                }
            }
        }
    }

    private func attemptAlone(on client: PostgresClient) async throws(PostgresError) -> Result<Void, SessionStoreError>
    {
        switch operation {
        case .create(let record, let oldKey):
            let result = try await client.execute(
                SQL.createAlone,
                [
                    .text(key), .text(record.data), .timestamp(unixTime: record.expireDate), .text(oldKey),
                    .boolean(outcomeIsUnknown),
                ], deadline: place.deadline)
            return result.integer(0, 0) == 1 ? .success(()) : .failure(.keyExists)
        case .update(let record, let loaded):
            let result = try await client.execute(
                SQL.updateAlone,
                [
                    .text(key), .text(record.data), .timestamp(unixTime: record.expireDate),
                    .boolean(outcomeIsUnknown), .text(loaded),
                ], deadline: place.deadline)
            if result.integer(0, 0) == 1 { return .success(()) }
            let isThere = result.integer(0, 1) == 1
            return .failure(
                outcomeIsUnknown && isThere ? .unavailable("whether the session was saved is unknown") : .keyGone)
        case .delete:
            _ = try await client.execute(SQL.deleteAlone, [.text(key)], deadline: place.deadline)
            return .success(())
        }
    }
}
