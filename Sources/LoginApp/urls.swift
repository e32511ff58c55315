import Web

/// The site's URLs: the application under `/myapp/`. No page of it may lie in a cache: each shows who is logged in, or
/// holds a token.
public let urlpatterns: [URLPattern] = [
    path(
        "myapp/",
        include([
            path("connection/", neverCache(formView), methods: ["GET"], name: "loginform"),
            path("login/", neverCache(login), methods: ["GET", "POST"], name: "login"),
            path("logout/", neverCache(logout), methods: ["GET", "POST"], name: "logout"),
            path("style.css", stylesheet, methods: ["GET"], name: "stylesheet"),
        ]))
]
