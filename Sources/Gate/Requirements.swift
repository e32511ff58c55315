import Accounts
import Web

/// What a location asks for beyond a login, as the web server's configuration says in the parameter `SESSIOND_REQUIRE`:
///
///     user                         whoever is logged in
///     staff                        whose `is_staff` is set
///     superuser                    whose `is_superuser` is set
///     group:Blog%20editors         members of that group; percent-encoded where its name holds a blank or %
///     permission:blog.change_post  who may do that, themselves or by a group, and superusers
///
/// Several words, or several parameters of the name, must all hold. No parameter is `user`; an empty one is a mistake, for a
/// variable that was never set looks like that.
struct Requirements: Equatable {
    static let name = "SESSIOND_REQUIRE"

    enum Requirement: Equatable {
        case user, staff, superuser
        case group(String)
        case permission(String)
    }

    private(set) var all: [Requirement] = []

    /// - Throws: ``InvalidParameter``; nobody passes then.
    init(_ meta: Meta) throws(InvalidParameter) {
        for value in meta.all(Self.name) {
            let words = value.split { $0 <= UInt8(ascii: " ") }
            guard !words.isEmpty else { throw InvalidParameter(Self.name, "it is empty; ask for user at least") }
            for word in words { all.append(try Self.requirement(word)) }
        }
    }

    private static func requirement(_ word: ArraySlice<UInt8>) throws(InvalidParameter) -> Requirement {
        let text = String(decoding: word, as: UTF8.self)
        let (kind, argument) = word.cut(at: UInt8(ascii: ":"))
        switch (String(decoding: kind, as: UTF8.self), argument.map { $0.strictlyPercentDecoded }) {
        case ("user", nil): return .user
        case ("staff", nil): return .staff
        case ("superuser", nil): return .superuser
        case ("group", .some(.some(let name))) where !name.isEmpty: return .group(name)
        case ("permission", .some(.some(let name))) where isPermission(name): return .permission(name)
        default:
            throw InvalidParameter(
                name, "\(text) is none of user, staff, superuser, group:NAME, permission:APP.CODENAME")
        }
    }

    private static func isPermission(_ name: String) -> Bool {
        let (app, code) = Array(name.utf8)[...].cut(at: UInt8(ascii: "."))
        return !app.isEmpty && code.map { !$0.isEmpty } ?? false
    }

    /// Whether groups or permissions must be read for it.
    var needAccess: Bool {
        all.contains {
            switch $0 {
            case .user, .staff, .superuser: false
            case .group, .permission: true
            }
        }
    }

    /// - Parameter access: nil only where ``needAccess`` is false.
    func hold(for user: User, _ access: UserAccess?) -> Bool {
        user.isActive
            && all.allSatisfy {
                switch $0 {
                case .user: true
                case .staff: user.isStaff
                case .superuser: user.isSuperuser
                case .group(let name): access?.isMember(of: name) ?? false
                case .permission(let name): access?.hasPermission(name) ?? false
                }
            }
    }
}

/// A parameter of the web server's configuration is wrong: a 500, and this line in the log.
struct InvalidParameter: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ name: String, _ problem: String) { description = "\(name): \(problem)" }
}

extension ArraySlice<UInt8> {
    /// As text; nil where a `%` is not followed by two hexadecimal digits, or the bytes are no UTF-8.
    fileprivate var strictlyPercentDecoded: String? {
        let decoded = percentDecoded
        // Each sequence that was decoded is two bytes shorter; one that was not is not.
        let sequences = count { $0 == UInt8(ascii: "%") }
        return decoded.count == count - 2 * sequences ? String(validating: decoded, as: UTF8.self) : nil
    }
}
