import Logging

/// The number by which a request is found in the logs of nginx and of this process.
extension Request {
    /// What nginx's `$request_id` is passed on as. No client can set a parameter whose name does not begin with `HTTP_`.
    private static let parameter = "SESSIOND_REQUEST_ID"
    private static let characters = ASCIISet(ASCIISet.alwaysSafe)
    /// Its name in the metadata of a log's lines.
    public static let idName = "request_id"

    /// The number of the request; nil where the web server has given it none.
    public var id: String? { Self.id(in: meta) }

    /// The parameters of the request that the running task answers. Only a log's line reads them.
    @TaskLocal static var current: Meta?

    fileprivate static func id(in meta: Meta) -> String? {
        guard let id = meta[parameter], 1...64 ~= id.count, id.allSatisfy(characters.contains) else { return nil }
        return String(decoding: id, as: UTF8.self)
    }
}

extension Logger.MetadataProvider {
    /// Gives each line that is written while a request is answered that request's number, as `request_id`.
    public static let request = Logger.MetadataProvider {
        guard let id = Request.current.flatMap(Request.id(in:)) else { return [:] }
        return [Request.idName: .string(id)]
    }
}
