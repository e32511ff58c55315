import Testing

@testable import Web

private func data(_ fields: KeyValuePairs<String, String>) -> QueryDict {
    var data = QueryDict()
    for (name, value) in fields { data.append(name, value) }
    return data
}

@Suite struct FormTests {
    private let fields = [CharField("username", maxLength: 100), CharField("password", widget: .password)]

    @Test func `an unbound form is not valid and shows no errors`() {
        let form = Form(fields)
        #expect(!form.isBound && !form.isValid && form.errors.isEmpty)
    }

    @Test func `a valid form has its cleaned data`() {
        let form = Form(fields, data: data(["username": " \u{A0}alice\t", "password": "p", "more": "x"]))
        #expect(form.isValid)
        #expect(form.cleanedData == ["username": "alice", "password": "p"])
    }

    @Test(arguments: [
        ("", "This field is required."),
        (" \u{2003}\r\n", "This field is required."),
        (String(repeating: "x", count: 101), "Ensure this value has at most 100 characters (it has 101)."),
        (String(repeating: "e\u{301}", count: 51), "Ensure this value has at most 100 characters (it has 102)."),
        ("a\0b", "Null characters are not allowed."),
    ])
    func `a bad value gives Django's message`(value: String, message: String) {
        let form = Form(fields, data: data(["username": value, "password": "p"]))
        #expect(!form.isValid)
        #expect(form.errors == ["username": [message]])
        #expect(form.cleanedData == ["password": "p"])
    }

    @Test func `a field that was not sent is missing, and of one sent twice the last counts`() {
        #expect(Form(fields, data: data([:])).errors["password"] == ["This field is required."])
        #expect(
            Form(fields, data: data(["username": "a", "username": "b", "password": "p"])).cleanedData["username"] == "b"
        )
    }

    @Test func `lengths of one are in the singular`() {
        let field = CharField("x", maxLength: 1, minLength: 1, strip: false)
        #expect(field.clean("ab").errors == ["Ensure this value has at most 1 character (it has 2)."])
        #expect(field.clean(" ").errors == [])
    }

    @Test func `an added error makes the form invalid and takes the value away`() {
        var form = Form(fields, data: data(["username": "a", "password": "p"]))
        form.addError("username", "No such user.")
        form.addError(nil, "Try <again>.")
        #expect(!form.isValid)
        #expect(form.cleanedData == ["password": "p"])
        #expect(form.nonFieldErrors == ["Try <again>."])
        #expect(
            form.errorList(Form.nonFieldErrors).html
                == "<ul class=\"errorlist nonfield\"><li>Try &lt;again&gt;.</li></ul>")
    }

    @Test func `a control shows what was sent, escaped, and its errors to screen readers`() {
        let form = Form(fields, data: data(["username": "\"><script>\0", "password": "secret"]))
        #expect(
            form.boundFields[0].html
                == "<input type=\"text\" name=\"username\" value=\"&quot;&gt;&lt;script&gt;\0\" maxlength=\"100\" required"
                + " aria-invalid=\"true\" aria-describedby=\"id_username_error\" id=\"id_username\">")
    }

    @Test func `a password is never shown again`() {
        let form = Form(fields, data: data(["username": "", "password": "secret"]), initial: ["password": "secret"])
        #expect(!form.html.contains("secret"))
        #expect(!Form(fields, initial: ["password": "secret"]).html.contains("secret"))
    }
}
