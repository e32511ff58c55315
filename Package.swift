// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A module of the program: it imports only modules that are listed above it.
func room(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let collections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "sessiond",
    products: [
        .executable(name: "sessiond", targets: ["sessiond"]),
        .library(name: "Sessions", targets: ["Sessions"]),
        .library(name: "DatabaseSessions", targets: ["DatabaseSessions"]),
        .library(name: "CacheSessions", targets: ["CacheSessions"]),
        .library(name: "Web", targets: ["Web"]),
        .library(name: "FastCGI", targets: ["FastCGI"]),
        // What the others' types are made of.
        .library(name: "DjangoFormat", targets: ["DjangoFormat"]),
        .library(name: "EventLoop", targets: ["EventLoop"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CMimalloc", providers: [.apt(["libmimalloc-dev"])]),
        .systemLibrary(name: "CNettle", pkgConfig: "nettle", providers: [.apt(["nettle-dev"])]),
        .systemLibrary(name: "CUnistring", providers: [.apt(["libunistring-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLinux"),
        room("DjangoFormat", ["CLinux", "CNettle", "CZlib", collections]),
        room("EventLoop", ["CLinux", heap]),
        room("Prometheus", ["CLinux", "EventLoop", log, metrics]),
        room(
            "PasswordHashers",
            [
                "CArgon2", "CCrypt", "CCrypto", "CLinux", "CNettle", "CUnistring", "DjangoFormat", "EventLoop", deque,
                log, metrics,
            ]),
        room("PostgreSQL", ["CLibPQ", "CLinux", "EventLoop", log, metrics]),
        room("Sessions", ["CLinux", "DjangoFormat", log, metrics]),
        room(
            "DatabaseSessions", ["DjangoFormat", "EventLoop", "PostgreSQL", "Sessions", deque, log, metrics],
            resources: [.embedInCode("sql")]),
        room("CacheSessions", ["CHiredis", "DjangoFormat", "EventLoop", "Sessions", deque, log, metrics]),
        room("Web", ["DjangoFormat", "Sessions", log, metrics]),
        room(
            "Accounts",
            ["DjangoFormat", "EventLoop", "PasswordHashers", "PostgreSQL", "Sessions", "Web", deque, log, metrics]),
        room("Gate", ["Accounts", "DjangoFormat", "Sessions", "Web"]),
        room("FastCGI", ["CFastCGI", "CLinux", "EventLoop", "Web", log, metrics]),
        room(
            "LoginApp", ["Accounts", "DjangoFormat", "PasswordHashers", "Sessions", "Web"],
            resources: [.embedInCode("Templates")]),
        .executableTarget(
            name: "sessiond",
            dependencies: [
                "Accounts", "CMimalloc", "CacheSessions", "DatabaseSessions", "DjangoFormat", "EventLoop", "FastCGI",
                "Gate", "LoginApp", "PasswordHashers", "PostgreSQL", "Prometheus", "Sessions", "Web", argumentParser,
                configuration, log, metrics,
            ],
            resources: [.embedInCode("Doctor/django_side.py")],
            swiftSettings: settings),
        .target(
            name: "TestSupport",
            dependencies: [
                "CLinux", "CacheSessions", "DatabaseSessions", "DjangoFormat", "EventLoop", "PostgreSQL", "Sessions",
                log,
            ],
            path: "Tests/TestSupport", swiftSettings: settings),
        .executableTarget(
            name: "ParityDriver",
            dependencies: ["CacheSessions", "DatabaseSessions", "DjangoFormat", "EventLoop", "Sessions", "Web", log],
            path: "Tests/Parity/Driver", swiftSettings: settings),
        tests("DjangoFormatTests", ["DjangoFormat", "TestSupport"]),
        tests("EventLoopTests", ["CLinux", "EventLoop", "TestSupport"]),
        tests("PrometheusTests", ["EventLoop", "Prometheus", "TestSupport", log, metrics]),
        tests("PasswordHashersTests", ["DjangoFormat", "EventLoop", "PasswordHashers", "TestSupport", log]),
        tests("PostgreSQLTests", ["EventLoop", "PostgreSQL", "TestSupport", log]),
        tests("SessionsTests", ["DatabaseSessions", "EventLoop", "DjangoFormat", "Sessions", "TestSupport", log]),
        tests(
            "DatabaseSessionsTests",
            ["DatabaseSessions", "DjangoFormat", "EventLoop", "PostgreSQL", "Sessions", "TestSupport", log]),
        tests(
            "CacheSessionsTests",
            ["CacheSessions", "DatabaseSessions", "DjangoFormat", "EventLoop", "Sessions", "TestSupport", log]),
        tests("WebTests", ["DatabaseSessions", "DjangoFormat", "EventLoop", "Sessions", "TestSupport", "Web", log]),
        tests("SessiondTests", ["sessiond", configuration, log]),
        tests(
            "AccountsTests",
            [
                "Accounts", "DatabaseSessions", "DjangoFormat", "EventLoop", "PostgreSQL", "Sessions", "TestSupport",
                "Web", log,
            ]),
        tests("GateTests", ["Accounts", "Gate", "Web"]),
        tests("FastCGITests", ["EventLoop", "FastCGI", "TestSupport", "Web", log]),
    ]
)
