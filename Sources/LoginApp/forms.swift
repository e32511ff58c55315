import PasswordHashers
import Web

/// The tutorial's `LoginForm`. Which accounts exist is not its business.
private let loginFields = [
    CharField("username", maxLength: 100, attributes: ["autocomplete": "username", "autofocus": true]),
    CharField("password", strip: false, widget: .password, attributes: ["autocomplete": "current-password"]),
]

private let emptyLoginForm = Form(loginFields)

/// The form, filled with what was sent.
func loginForm(_ data: QueryDict? = nil) -> Form { data.map { Form(loginFields, data: $0) } ?? emptyLoginForm }

/// The fields of Django's `AuthenticationForm`, the first of them its `UsernameField`.
private let accountFields = [
    CharField(
        "username", maxLength: 150, normalize: normalizeUsername,
        attributes: ["autofocus": true, "autocapitalize": "none", "autocomplete": "username"]),
    CharField("password", strip: false, widget: .password, attributes: ["autocomplete": "current-password"]),
]

private let emptyAccountForm = Form(accountFields)

/// Django's `AuthenticationForm`, filled with what was sent. Whether the two belong together the view asks.
func accountForm(_ data: QueryDict? = nil) -> Form { data.map { Form(accountFields, data: $0) } ?? emptyAccountForm }

/// What Django's form says to a wrong name and to a wrong password alike.
let invalidLogin =
    "Please enter a correct username and password. Note that both fields may be case-sensitive."
