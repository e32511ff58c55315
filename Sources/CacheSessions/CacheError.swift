/// What kept a command from its answer.
enum CacheError: Error, Equatable, CustomStringConvertible {
    /// Redis cannot be reached, or did not answer in time: whether a write happened is unknown.
    case connectionLost(String)
    /// Redis refused the command.
    case server(String)

    var description: String {
        switch self {
        case .connectionLost(let reason), .server(let reason): reason
        }
    }
}
