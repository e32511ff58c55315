extension Filter {
    static let textFilters: [Filter] = [
        .text("addslashes") { text in
            text.replacing(text: "\\", with: "\\\\").replacing(text: "\"", with: "\\\"")
                .replacing(text: "'", with: "\\'")
        },
        .text("capfirst") { text in
            guard let first = text.unicodeScalars.first else { return "" }
            return first.properties.uppercaseMapping + String(text.unicodeScalars.dropFirst())
        },
        Filter("cut", .required) { value, argument, _ in
            let cut = argument?.description ?? ""
            let text = value.description.replacing(text: cut, with: "")
            return value.isSafe && cut != ";" ? .safe(text) : .string(text)
        },
        .text("lower") { $0.lowercased() },
        .text("slugify", slugify),
        Filter("stringformat", .required, keepsSafe: true) { value, argument, _ in
            .string(FormatSpecifier(argument?.description ?? "")?.format(value) ?? "")
        },
        .text("title", titlecase),
        .text("truncatechars", .required, truncateCharacters),
        .text("truncatewords", .required, truncateWords),
        .text("upper", keepsSafe: false) { $0.uppercased() },
        .text("urlencode", .optional, keepsSafe: false) { text, safe in
            quote(text.utf8, safe: .unreserved(and: safe?.description ?? "/"))
        },
        Filter("wordcount") { value, _, _ in .int(value.description.pythonWords.count) },
    ]

    /// Python's `str.title`, then Django's repair of what it makes of "joe's" and "1st".
    @Sendable private static func titlecase(_ text: String) -> String {
        var titled: [Unicode.Scalar] = []
        var isInWord = false
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            titled += (isInWord ? properties.lowercaseMapping : properties.titlecaseMapping).unicodeScalars
            isInWord = properties.isCased
        }
        for index in titled.indices.dropFirst() where ("A"..."Z").contains(titled[index]) {
            let isAfterDigit = titled[index - 1].properties.generalCategory == .decimalNumber
            let isAfterApostrophe = index > 1 && titled[index - 1] == "'" && ("a"..."z").contains(titled[index - 2])
            if isAfterDigit || isAfterApostrophe { titled[index] = Unicode.Scalar(UInt8(ascii: titled[index]) | 0x20) }
        }
        return String(String.UnicodeScalarView(titled))
    }

    /// Counts code points without combining marks; the ellipsis is one of them.
    @Sendable private static func truncateCharacters(_ text: String, _ argument: TemplateValue?) -> String {
        guard let length = argument?.asInteger else { return text }
        guard length > 0 else { return "" }
        var (count, end): (Int, String.Index?) = (0, nil)
        for index in text.unicodeScalars.indices {
            guard text.unicodeScalars[index].properties.canonicalCombiningClass == .notReordered else { continue }
            count += 1
            if count == length { end = index }
            guard count > length, let end else { continue }
            return text[..<end] + "…"
        }
        return text
    }

    @Sendable private static func truncateWords(_ text: String, _ argument: TemplateValue?) -> String {
        guard let length = argument?.asInteger else { return text }
        guard length > 0 else { return "" }
        let words = text.pythonWords
        let kept = words.prefix(length)
        let isMarked = words.count <= length || kept.count > 1 && kept.last == "…"
        return kept.joined(separator: " ") + (isMarked ? "" : " …")
    }

    /// Django's `slugify`: lower-case ASCII letters, digits, `_` and `-`.
    @Sendable private static func slugify(_ text: String) -> String {
        var slug: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = scalar.isASCII ? UInt8(ascii: scalar) : asciiBase[String(scalar)] else { continue }
            if byte.isTemplateSpace || byte == UInt8(ascii: "-") {
                if slug.last != UInt8(ascii: "-") { slug.append(UInt8(ascii: "-")) }
            } else if byte.isWordCharacter {
                slug.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte)
            }
        }
        let isEdge = { (byte: UInt8) in byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") }
        var kept = slug.drop(while: isEdge)
        while let last = kept.last, isEdge(last) { kept.removeLast() }
        return String(decoding: kept, as: UTF8.self)
    }

    /// The ASCII letter in a letter with one mark: "é" equals "e" with U+0301 for Swift.
    private static let asciiBase: [String: UInt8] = {
        let marks =
            "\u{300}\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{309}\u{30A}\u{30B}\u{30C}\u{30F}\u{311}"
            + "\u{31B}\u{323}\u{324}\u{325}\u{326}\u{327}\u{328}\u{32D}\u{32E}\u{330}\u{331}"
        var bases: [String: UInt8] = [:]
        for letter in Array(UInt8(ascii: "A")...UInt8(ascii: "Z")) + Array(UInt8(ascii: "a")...UInt8(ascii: "z")) {
            for mark in marks.unicodeScalars {
                bases[String(String.UnicodeScalarView([Unicode.Scalar(letter), mark]))] = letter
            }
        }
        return bases
    }()
}
