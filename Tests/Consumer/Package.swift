// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Baskets",
    dependencies: [
        .package(name: "sessiond", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        .executableTarget(
            name: "Baskets",
            dependencies: [
                .product(name: "DatabaseSessions", package: "sessiond"),
                .product(name: "DjangoFormat", package: "sessiond"),
                .product(name: "EventLoop", package: "sessiond"),
                .product(name: "FastCGI", package: "sessiond"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Sessions", package: "sessiond"),
                .product(name: "Web", package: "sessiond"),
            ],
            // A view runs where it is called from.
            swiftSettings: [.enableUpcomingFeature("NonisolatedNonsendingByDefault")])
    ]
)
