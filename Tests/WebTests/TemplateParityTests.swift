import FoundationEssentials
import Glibc
import Testing

@testable import Web

/// Every case of `Tests/Parity/templates.py`, compared byte by byte with what a real Django printed.
@Suite struct TemplateParityTests {
    static let vectorsPath = getenv("TEMPLATE_VECTORS").map { String(cString: $0) }

    @Test(.enabled(if: vectorsPath != nil)) func `templates and forms print what Django prints`() throws {
        let data = try Data(contentsOf: URL(filePath: try #require(Self.vectorsPath)))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let vectors = try decoder.decode(Vectors.self, from: data)
        #expect(vectors.cases.count > 1000)
        for one in vectors.cases {
            let result = Result { try one.render(urls: vectors.urls) }
            switch (result, one.output) {
            case (.success(let output), let expected?):
                #expect(Array(output.utf8) == Array(expected.utf8), "\(one.name)\n\(output)\n\(expected)")
            case (.success(let output), nil):
                Issue.record("\(one.name): Django fails with \(one.error ?? ""), this printed \(output)")
            case (.failure(let error), let expected?):
                Issue.record("\(one.name): \(error) instead of \(expected)")
            case (.failure, nil):
                break
            }
            guard let description = one.form else { continue }
            let form = description.form
            #expect(form.isValid == one.valid, "\(one.name)")
            #expect(form.cleanedData == one.cleaned, "\(one.name)")
        }
    }
}

private struct Vectors: Decodable {
    let urls: [String: String]
    let cases: [Case]
}

private struct Case: Decodable {
    let name: String
    let templates: [String: String]
    let context: [String: Encoded]
    let form: FormDescription?
    let csrf: String?
    let output: String?
    let error: String?
    let valid: Bool?
    let cleaned: [String: String]?

    func render(urls: [String: String]) throws -> String {
        let library = try TemplateLibrary(
            sources: templates.filter { !$0.key.hasPrefix("loop") || name.contains("loop") },
            url: { name, arguments in urls[([name] + arguments.map(\.description)).joined(separator: " ")] })
        var values = context.mapValues(\.value)
        values["form"] = form.map { TemplateValue($0.form) }
        let token = csrf.map { text in { text } }
        return String(decoding: try library.render("main", TemplateContext(values, csrfToken: token)), as: UTF8.self)
    }
}

private struct FormDescription: Decodable {
    struct Field: Decodable {
        let name: String
        let maxLength: Int?
        let minLength: Int?
        let required: Bool?
        let strip: Bool?
        let widget: String?
        let attributes: [[Encoded]]
        let label: String?
        let helpText: String?
        let initial: String?

        var field: CharField {
            let pairs = HTMLAttributes(attributes.map { ($0[0].value.description, $0[1].value) })
            return CharField(
                name, maxLength: maxLength, minLength: minLength, required: required ?? true, strip: strip ?? true,
                widget: Self.widgets[widget ?? "text"] ?? .text, attributes: pairs, label: label,
                helpText: helpText ?? "", initial: initial)
        }

        static let widgets: [String: Widget] = [
            "text": .text, "password": .password, "hidden": .hidden, "email": .email, "url": .url, "tel": .telephone,
            "search": .search,
        ]
    }

    let fields: [Field]
    let data: [[String]]?
    let initial: [String: String]?
    let errors: [[String?]]?

    var form: Form {
        var form = Form(
            fields.map(\.field),
            data: data.map { pairs in
                var data = QueryDict()
                for pair in pairs { data.append(pair[0], pair[1]) }
                return data
            },
            initial: initial ?? [:])
        for error in errors ?? [] { form.addError(error[0], error[1] ?? "") }
        return form
    }
}

/// A value of the vectors, in which safe text and floats are marked.
private struct Encoded: Decodable {
    let value: TemplateValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = .none
        } else if let flag = try? container.decode(Bool.self) {
            value = .bool(flag)
        } else if let number = try? container.decode(Int.self) {
            value = .int(number)
        } else if let text = try? container.decode(String.self) {
            value = .string(text)
        } else if let list = try? container.decode([Encoded].self) {
            value = .list(list.map(\.value))
        } else {
            let entries = try container.decode([String: Encoded].self)
            if let text = entries["__safe__"] {
                value = .safe(text.value.description)
            } else if let number = entries["__float__"] {
                value = .double(Double(number.value.description) ?? .nan)
            } else {
                value = .dictionary(entries.mapValues(\.value))
            }
        }
    }
}
