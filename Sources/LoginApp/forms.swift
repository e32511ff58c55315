import Web

/// The tutorial's `LoginForm`. Which accounts exist is not its business.
private let loginFields = [
    CharField("username", maxLength: 100, attributes: ["autocomplete": "username", "autofocus": true]),
    CharField("password", strip: false, widget: .password, attributes: ["autocomplete": "current-password"]),
]

private let emptyLoginForm = Form(loginFields)

/// The form, filled with what was sent.
func loginForm(_ data: QueryDict? = nil) -> Form { data.map { Form(loginFields, data: $0) } ?? emptyLoginForm }
