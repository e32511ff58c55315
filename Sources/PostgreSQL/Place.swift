import EventLoop

/// One caller's place in a queue: it gets exactly one answer, at its deadline the latest.
///
/// Public, although it is for this package alone, because the queues of other modules are on the way of every request: of
/// what is `package` the compiler makes no special version there.
@EventLoop
public final class Place<Answer: Sendable, Failure: Error> {
    public let deadline: ContinuousClock.Instant
    @usableFromInline var caller: CheckedContinuation<Result<Answer, Failure>, Never>?

    @inlinable
    public init(deadline: ContinuousClock.Instant, caller: CheckedContinuation<Result<Answer, Failure>, Never>) {
        self.deadline = deadline
        self.caller = caller
    }

    /// Whether the answer was given, so that the work need not be done.
    @inlinable public var isSettled: Bool { caller == nil }

    /// Gives the answer; a later one is dropped.
    @inlinable public func settle(_ answer: Result<Answer, Failure>) {
        guard let caller else { return }
        self.caller = nil
        caller.resume(returning: answer)
    }
}
