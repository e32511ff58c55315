import Web

/// The site's URLs: the application under `/myapp/`.
public let urlpatterns: [URLPattern] = [
    path("myapp/", include([
        path("connection/", page(["GET"], formView), name: "loginform"),
        path("login/", page(["GET", "POST"], login), name: "login"),
        path("logout/", page(["GET", "POST"], logout), name: "logout"),
        path("style.css", requireHTTPMethods(["GET"], stylesheet), name: "stylesheet"),
    ]))
]

/// No page of the application may lie in a cache: each shows who is logged in, or holds a token.
private func page(_ methods: [String], _ view: @escaping View) -> View {
    requireHTTPMethods(methods, neverCache(view))
}
