extension String {
    /// Python's `str.replace`, by bytes.
    func replacing(text: String, with replacement: String) -> String {
        guard !text.utf8.isEmpty else { return self }
        var (result, position): ([UInt8], Index) = ([], startIndex)
        while let range = utf8.firstRange(of: text.utf8, from: position) {
            result += utf8[position..<range.lowerBound]
            result += replacement.utf8
            position = range.upperBound
        }
        result += utf8[position...]
        return String(decoding: result, as: UTF8.self)
    }

    /// Python's `str.split(separator)`: empty parts are parts too.
    func parts(separatedBy separator: Unicode.Scalar) -> [String] {
        unicodeScalars.split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
    }

    /// Python's `str.split()`.
    var pythonWords: [String] {
        unicodeScalars.split(whereSeparator: \.isPythonSpace).map { String($0) }
    }

    /// Python's `str.strip()`.
    var pythonStripped: String {
        // Most texts begin and end with a visible character of ASCII.
        if let first = utf8.first, let last = utf8.last, 0x21..<0x7F ~= first, 0x21..<0x7F ~= last { return self }
        var scalars = unicodeScalars.drop(while: \.isPythonSpace)
        while scalars.last?.isPythonSpace == true { scalars.removeLast() }
        return String(scalars)
    }
}

extension Unicode.Scalar {
    /// Python's `str.isspace`: Unicode's white space and the four separators of ASCII.
    var isPythonSpace: Bool {
        properties.isWhitespace || (0x1C...0x1F).contains(value)
    }
}
