/// An account: a row of `auth_user` (Django's `auth.User`), as it was when it was read.
public struct User: Sendable {
    public let id: Int64
    public let username: String
    /// The encoded hash (Django's `password`); no description of the user repeats it.
    public let password: String
    public let isActive: Bool
    public let isStaff: Bool
    public let isSuperuser: Bool
    /// Microseconds since 1970-01-01 UTC; nil before the first login.
    public let lastLogin: Int64?

    public init(
        id: Int64, username: String, password: String, isActive: Bool = true, isStaff: Bool = false,
        isSuperuser: Bool = false, lastLogin: Int64? = nil
    ) {
        (self.id, self.username, self.password) = (id, username, password)
        (self.isActive, self.isStaff, self.isSuperuser) = (isActive, isStaff, isSuperuser)
        self.lastLogin = lastLogin
    }
}

extension User: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "user \(id)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["id": id, "username": username]) }
}

/// An account with what it belongs to and may do, the permissions of its groups included.
public struct UserAccess: Sendable {
    public let user: User
    /// The names of its groups, in their order.
    public let groups: [String]
    /// `app_label.codename`, each once, in their order. A superuser has all others too.
    public let permissions: [String]

    /// Whether the user is in the group of this name.
    public func isMember(of group: String) -> Bool { groups.contains { $0.utf8.elementsEqual(group.utf8) } }

    /// Whether the user may do it (Django's `has_perm`): inactive users may do nothing, superusers everything.
    public func hasPermission(_ permission: String) -> Bool {
        user.isActive && (user.isSuperuser || permissions.contains { $0.utf8.elementsEqual(permission.utf8) })
    }
}
