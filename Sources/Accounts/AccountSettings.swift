import PasswordHashers

/// Django's settings of `contrib.auth`, with Django's defaults.
public struct AccountSettings: Sendable {
    /// `SECRET_KEY` and `SECRET_KEY_FALLBACKS`.
    public var secretKey: String
    public var secretKeyFallbacks: [String]
    /// `AUTHENTICATION_BACKENDS`: whose sessions are accepted. The first is what a login here names.
    public var backends = ["django.contrib.auth.backends.ModelBackend"]
    /// `PASSWORD_HASHERS`.
    public var hashers = PasswordHashers()
    /// How many passwords are hashed at once (`PASSWORD_HASH_THREADS`), and how many more may wait (`PASSWORD_HASH_QUEUE`);
    /// whoever comes after them is asked to try again.
    public var hashThreads = 1
    public var hashQueue = 32
    /// `LOGIN_URL`: where who is not logged in is sent. This and the next two are URLs, or names of routes.
    public var loginURL = "login"
    /// `LOGIN_REDIRECT_URL`: where a login leads to without `next`.
    public var loginRedirectURL = "loginform"
    /// `LOGOUT_REDIRECT_URL`; nil for a page that says goodbye.
    public var logoutRedirectURL: String?
    /// Whether a link can log out, as in the tutorial; so can any page of any site then.
    public var logoutAllowsGet = false
    /// `LOGIN_LIMIT_ACCOUNT` and `LOGIN_LIMIT_ADDRESS`; nil sets none.
    public var limitForAccount = LoginLimit("10/15m")
    public var limitForAddress = LoginLimit("50/15m")
    /// Whether there is anything to count.
    public var hasLimits: Bool { limitForAccount != nil || limitForAddress != nil }
    /// `SESSION_DJANGO_COMPATIBLE`: leaves out what this port does on purpose in another way than Django.
    public var djangoCompatible = false

    public init(secretKey: String, secretKeyFallbacks: [String] = []) {
        (self.secretKey, self.secretKeyFallbacks) = (secretKey, secretKeyFallbacks)
    }
}
