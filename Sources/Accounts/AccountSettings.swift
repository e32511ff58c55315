/// Django's settings of `contrib.auth`, with Django's defaults.
public struct AccountSettings: Sendable {
    /// `SECRET_KEY` and `SECRET_KEY_FALLBACKS`.
    public var secretKey: String
    public var secretKeyFallbacks: [String]
    /// `AUTHENTICATION_BACKENDS`: whose sessions are accepted. The first is what a login here names.
    public var backends = ["django.contrib.auth.backends.ModelBackend"]
    /// `SESSION_DJANGO_COMPATIBLE`: leaves out what this port does on purpose in another way than Django.
    public var djangoCompatible = false

    public init(secretKey: String, secretKeyFallbacks: [String] = []) {
        (self.secretKey, self.secretKeyFallbacks) = (secretKey, secretKeyFallbacks)
    }
}
