import Web

/// What a proxy in front says of a request, and whether it is believed.
extension Settings {
    mutating func readProxies(_ reader: inout SettingsReader) {
        reader.read("USE_X_FORWARDED_HOST", into: &web.useXForwardedHost)
        reader.read("USE_X_FORWARDED_PORT", into: &web.useXForwardedPort)
        readSSLHeader(&reader)
    }

    private mutating func readSSLHeader(_ reader: inout SettingsReader) {
        let name = "SECURE_PROXY_SSL_HEADER"
        guard let text = reader.text(name), !text.isEmpty, text != "None" else { return }
        let example = "[\"HTTP_X_FORWARDED_PROTO\", \"https\"]"
        guard let pair = SettingsReader.list(text), pair.count == 2 else {
            return reader.fail(name, "'\(text)' is no list of two values; set one such as \(example), or None")
        }
        // A name or a value that no request can have would make every request an insecure one, without a word.
        guard SettingsReader.isHeaderParameter(pair[0]) else {
            return reader.fail(name, "'\(pair[0])' is no CGI name of a header; set one such as \(example)")
        }
        guard !pair[1].isEmpty, pair[1].utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: ",") }) else {
            return reader.fail(name, "'\(pair[1])' is no value of one word; set one such as \(example)")
        }
        web.secureProxySSLHeader = (pair[0], pair[1])
    }
}

extension SettingsReader {
    /// Whether a request header can have that name as a CGI parameter.
    static func isHeaderParameter(_ name: String) -> Bool {
        name.utf8.starts(with: "HTTP_".utf8) && name.utf8.count > 5
            && name.utf8.allSatisfy { byte in
                UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                    || byte == UInt8(ascii: "_")
            }
    }
}
