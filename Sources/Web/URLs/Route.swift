/// A route in the form in which paths are compared with it.
struct Route: Sendable {
    enum Piece: Sendable {
        case text([UInt8])
        case parameter(Converter, name: String)
    }

    private(set) var pieces: [Piece] = []
    private(set) var parameterNames: [String] = []

    /// - Throws: ``ImproperlyConfigured`` for a converter that does not exist, a parameter that is not closed, has no proper
    ///   name, or stands twice.
    init(_ text: String) throws(ImproperlyConfigured) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let (before, after) = rest.cut(at: UInt8(ascii: "<"))
            if !before.isEmpty { pieces.append(.text(Array(before))) }
            guard let after else { return }
            let (inside, behind) = after.cut(at: UInt8(ascii: ">"))
            guard let behind else { throw ImproperlyConfigured("URL route '\(text)' has a '<' without a '>'.") }
            try appendParameter(String(decoding: inside, as: UTF8.self), route: text)
            rest = behind
        }
    }

    private mutating func appendParameter(_ text: String, route: String) throws(ImproperlyConfigured) {
        let colon = text.firstIndex(of: ":")
        let converterName = colon.map { String(text[..<$0]) } ?? "str"
        let name = colon.map { String(text[text.index(after: $0)...]) } ?? text
        guard let converter = Converter(rawValue: converterName) else {
            throw ImproperlyConfigured("URL route '\(route)' uses invalid converter '\(converterName)'.")
        }
        guard let first = name.utf8.first, !first.isASCIIDigit,
            name.utf8.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "_") })
        else {
            throw ImproperlyConfigured(
                "URL route '\(route)' uses parameter name '\(name)' which isn't a valid identifier.")
        }
        guard !parameterNames.contains(name) else {
            throw ImproperlyConfigured("URL route '\(route)' uses parameter name '\(name)' more than once.")
        }
        parameterNames.append(name)
        pieces.append(.parameter(converter, name: name))
    }

    /// Whether it is worth to look closer: a route of text alone is the path or not.
    func canMatch(_ path: ArraySlice<UInt8>) -> Bool {
        guard pieces.count == 1, case .text(let text) = pieces[0] else { return true }
        return path.span.equals(text.span)
    }

    /// The texts of the parameters, in their order, where the path has this form.
    func match(_ path: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var found: [ArraySlice<UInt8>] = []
        return Self.match(pieces[...], path, &found) ? found : nil
    }

    /// As a regular expression would: each parameter takes as much as it can, and gives back what the rest needs.
    private static func match(
        _ pieces: ArraySlice<Piece>, _ path: ArraySlice<UInt8>, _ found: inout [ArraySlice<UInt8>]
    ) -> Bool {
        guard let piece = pieces.first else { return path.isEmpty }
        switch piece {
        case .text(let text):
            return path.starts(with: text) && match(pieces.dropFirst(), path.dropFirst(text.count), &found)
        case .parameter(let converter, _):
            var length = converter.longestMatch(path)
            while length > 0 {
                let rest = path.dropFirst(length)
                found.append(path.prefix(length))
                if rest.first?.isUTF8Continuation != true, match(pieces.dropFirst(), rest, &found) { return true }
                found.removeLast()
                length = converter.canBeShorter ? length - 1 : 0
            }
            return false
        }
    }

    /// The path with these texts in the parameters' places, in their order; nil where they do not fit.
    func path(with arguments: [String]) -> String? {
        guard arguments.count == parameterNames.count else { return nil }
        var output: [UInt8] = []
        var rest = arguments[...]
        for piece in pieces {
            switch piece {
            case .text(let text): output.append(contentsOf: text)
            case .parameter: output.append(contentsOf: (rest.popFirst() ?? "").utf8)
            }
        }
        return match(output[...]).map { _ in String(decoding: output, as: UTF8.self) }
    }
}

/// A mistake in the program's own set-up, found when it starts (Django's exception of that name).
public struct ImproperlyConfigured: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
