import DjangoFormat

/// What the CSRF middleware remembers of a request (Django's `META["CSRF_COOKIE"]` and `CSRF_COOKIE_NEEDS_UPDATE`).
struct CSRFState {
    var secret: String?
    /// What the session held when the request came, under `CSRF_USE_SESSIONS`.
    var stored: String?
    /// Whether the response is to set the cookie, or the session to hold the secret.
    var needsUpdate = false
}

/// The token for a form, masked anew each time (Django's `get_token`).
///
/// Asking for it makes the response set the cookie, with a new secret where there was none, and vary by it.
public func getToken(_ request: Request) -> String {
    let secret = request.csrf.secret ?? CSRF.newSecret()
    request.csrf.secret = secret
    request.csrf.needsUpdate = true
    return CSRF.mask(secret)
}

/// Makes a new secret, as every login must (Django's `rotate_token`): tokens given out before are worth nothing.
public func rotateToken(_ request: Request) {
    request.csrf.secret = CSRF.newSecret()
    request.csrf.needsUpdate = true
}
