// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT

import PackageDescription

let statically = SwiftSetting.unsafeFlags(["-static-stdlib"], .when(configuration: .release))

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    statically,
]

/// Release builds carry the Swift library in themselves: a static program starts in a third of the time, and an installed one needs no
/// toolchain. All symbols are bound at the start, so that the table of their addresses can be read-only from then on (`-z now` of ld(1)).
let linked: [LinkerSetting] = [.unsafeFlags(["-static-stdlib", "-Xlinker", "-z", "-Xlinker", "now"], .when(configuration: .release))]

let package = Package(
    name: "tacit",
    products: [
        .executable(name: "tacitd", targets: ["tacitd"]),
        .executable(name: "tacit", targets: ["tacit"]),
    ],
    targets: [
        .systemLibrary(name: "CFuse"),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "CArguments", cSettings: [.treatAllWarnings(as: .error)]),

        .target(name: "Bytes", swiftSettings: strict),
        .target(name: "Linux", dependencies: ["Bytes", "CArguments", "CLinux"], swiftSettings: strict),
        .target(name: "Sodium", dependencies: ["CSodium", "Linux"], swiftSettings: strict),
        .target(name: "SQLite", dependencies: ["CSQLite"], swiftSettings: strict),
        .target(name: "Secrets", dependencies: ["Bytes"], swiftSettings: strict),
        .target(name: "Vault", dependencies: ["Bytes", "Secrets", "Linux", "Sodium", "SQLite"], swiftSettings: strict),
        .target(name: "FUSE", dependencies: ["CFuse", "Linux"], swiftSettings: strict),
        .target(name: "SecretFS", dependencies: ["Bytes", "Secrets", "Linux", "Vault", "FUSE"], swiftSettings: strict),
        .target(name: "Formats", dependencies: ["Bytes", "CYAML", "Linux", "Secrets"], swiftSettings: strict),
        .target(name: "Masking", dependencies: ["Bytes", "Linux"], swiftSettings: strict),
        .target(name: "Supervisor", dependencies: ["Linux", "Masking"], swiftSettings: strict),
        .target(name: "Templates", dependencies: ["Bytes", "Linux", "Secrets"], swiftSettings: strict),
        .target(name: "ControlAPI", dependencies: ["Bytes", "Secrets"], swiftSettings: strict),
        .target(
            name: "Control", dependencies: ["Bytes", "CMicroHTTPD", "ControlAPI", "Secrets", "Linux", "Vault"],
            swiftSettings: strict),
        .executableTarget(
            name: "tacitd", dependencies: ["Bytes", "CLinux", "Linux", "Sodium", "Vault", "FUSE", "SecretFS", "Control", "ControlAPI"],
            swiftSettings: strict, linkerSettings: linked),
        .executableTarget(
            name: "tacit", dependencies: ["Bytes", "Supervisor", "ControlAPI", "Formats", "Linux", "Masking", "Secrets", "Templates"],
            swiftSettings: strict, linkerSettings: linked),

        .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: strict),
        .testTarget(name: "LinuxTests", dependencies: ["Linux", "TestSupport", "probe"], swiftSettings: strict),
        .testTarget(name: "SQLiteTests", dependencies: ["CSQLite", "SQLite", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "SodiumTests", dependencies: ["Sodium", "CSodium"], swiftSettings: strict),
        .testTarget(name: "SecretsTests", dependencies: ["Bytes", "Secrets", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "SecretFSTests", dependencies: ["SecretFS", "FUSE", "Linux", "Secrets"], swiftSettings: strict),
        .testTarget(
            name: "TwoWorldTests",
            dependencies: ["Bytes", "FUSE", "Linux", "SQLite", "SecretFS", "Secrets", "Sodium", "TestSupport", "Vault"],
            swiftSettings: strict),
        .testTarget(name: "FormatsTests", dependencies: ["Bytes", "Formats", "Linux", "Secrets", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "MaskingTests", dependencies: ["Bytes", "Linux", "Masking", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "TemplatesTests", dependencies: ["Linux", "Templates", "TestSupport"], swiftSettings: strict),
        .target(name: "FaultPoints", path: "Tests/FaultPoints", cSettings: [.treatAllWarnings(as: .error)]),
        .testTarget(
            name: "VaultTests", dependencies: ["Bytes", "FaultPoints", "Vault", "Secrets", "Linux", "Sodium", "SQLite", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "SourcesTests", swiftSettings: strict),
        .testTarget(
            name: "ControlTests", dependencies: ["Bytes", "Control", "ControlAPI", "Linux", "Secrets", "Sodium", "Vault"],
            swiftSettings: strict),
        .target(name: "Getopt", path: "Tests/Getopt", cSettings: [.treatAllWarnings(as: .error)]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Bytes", "Getopt", "tacit", "tacitd", "ControlAPI", "Formats", "Linux", "Masking", "Secrets", "Templates", "Vault",
            ], swiftSettings: strict),
        .executableTarget(
            name: "childhost", dependencies: ["Supervisor", "Linux", "Masking"], path: "Tests/ChildHost", swiftSettings: strict),
        .testTarget(
            name: "SupervisorTests", dependencies: ["Supervisor", "Linux", "TestSupport", "childhost", "probe"], swiftSettings: strict),
        .executableTarget(name: "probe", path: "Tests/Probe", cSettings: [.treatAllWarnings(as: .error)]),
        .executableTarget(
            name: "storefill", dependencies: ["Linux", "Secrets", "Sodium", "Vault"], path: "Tests/StoreFill", swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
        .testTarget(name: "MountTests", dependencies: ["TestSupport", "probe", "storefill"], swiftSettings: strict),
        .testTarget(name: "FUSETests", dependencies: ["FUSE", "Linux", "TestSupport", "probe"], swiftSettings: strict),
    ]
)
