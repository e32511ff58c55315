import Web

/// The tutorial's `LoginForm`. Which accounts exist is not its business.
func loginForm(_ data: QueryDict? = nil) -> Form {
    Form(
        [
            CharField("username", maxLength: 100, attributes: ["autocomplete": "username", "autofocus": true]),
            CharField(
                "password", strip: false, widget: .password, attributes: ["autocomplete": "current-password"]),
        ], data: data)
}
