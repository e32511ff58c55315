import EventLoop
import PostgreSQL
import Sessions

/// What a caller wants written.
@EventLoop
final class Write {
    enum Operation {
        case create(EncodedRecord, replacing: String?)
        case update(EncodedRecord, loaded: [UInt8]?)
        case delete
    }

    let key: String
    let operation: Operation
    let place: Place<Void>
    /// How many of its keys others have before it.
    var keysAwaited = 0
    /// An earlier attempt was cut off: it may have been committed.
    var outcomeIsUnknown = false
    private var failures = 0

    init(_ key: String, _ operation: Operation, place: Place<Void>) {
        self.key = key
        self.operation = operation
        self.place = place
    }

    /// The keys whose rows it touches.
    var keys: [String] {
        if case .create(_, replacing: let oldKey?) = operation, oldKey != key { [key, oldKey] } else { [key] }
    }

    /// Bytes that it adds to a batch.
    var size: Int {
        switch operation {
        case .create(let record, _), .update(let record, _): record.data.count + 64
        case .delete: 64
        }
    }

    /// Does it by itself and settles it, unless it is to be tried again, behind the others that are tried alone.
    func tryAlone(on client: PostgresClient) async {
        guard !place.isSettled else { return }
        guard ContinuousClock.now < place.deadline else { return place.settle(.failure(.tooLate)) }
        do throws(PostgresError) {
            place.settle(try await attemptAlone(on: client))
        } catch {
            switch error {
            // A lock is waited for until the deadline, in short turns, so that it holds up nobody else for long.
            case .server(let error) where error.sqlState == ServerError.lockNotAvailable: return
            case .server: failures += error.isSafeToRetry ? 1 : 3
            case .connectionLost:
                outcomeIsUnknown = true
                failures += 1
            }
            if failures >= 3 { place.settle(.failure(.unavailable("\(error)"))) }
        }
    }

    private func attemptAlone(on client: PostgresClient) async throws(PostgresError) -> Result<Void, SessionStoreError>
    {
        switch operation {
        case .create(let record, let oldKey):
            // An earlier attempt may end while this one waits for its lock, and what it has written is not seen yet then.
            var isReplaceable = true
            for _ in 0..<(outcomeIsUnknown ? 2 : 1) {
                let result = try await client.execute(
                    SQL.createAlone,
                    [
                        .text(key), .text(record.data), .timestamp(unixTime: record.expireDate), .text(oldKey),
                        .boolean(outcomeIsUnknown),
                    ], deadline: place.deadline)
                if result.integer(0, 0) == 1 { return .success(()) }
                isReplaceable = result.integer(0, 1) == 1
            }
            return .failure(isReplaceable ? .keyExists : .keyGone)
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
