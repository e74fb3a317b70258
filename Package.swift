// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target: language mode 6, explicit existentials and imports, and async functions that
/// stay on their caller's executor.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

/// Shipped code also carries the word `unsafe` on every unsafe expression.
///
/// Tests do not: the macros of Swift Testing copy expressions to places where the word cannot
/// follow.
let sourceSettings: [SwiftSetting] =
  settings + [
    .strictMemorySafety(),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
  ]

/// A library target of the house; `docs/architecture.md` says which floor it stands on.
func module(_ name: String, on dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: sourceSettings)
}

/// A test target; `TestSupport` is always at hand.
func tests(_ name: String, of dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: ["TestSupport"] + dependencies, swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "penstock",
  products: [
    .executable(name: "penstockd", targets: ["penstockd"]),
    .executable(name: "penstock", targets: ["penstock"]),
    .executable(name: "worker-bench", targets: ["worker-bench"]),
    .library(name: "PenstockClient", targets: ["PenstockClient"]),
    // scripts/build-client makes libpenstock.so of it.
    .library(name: "PenstockC", type: .dynamic, targets: ["PenstockC"]),
    .executable(name: "ufs-io-bench", targets: ["ufs-io-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    // Generated code and its library go together: the minor version is the one of scripts/gen-protos' output.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    // F0
    .target(
      name: "CLinux",
      linkerSettings: [
        .linkedLibrary("uring"), .linkedLibrary("numa"), .linkedLibrary("crypto"),
      ]),
    .systemLibrary(name: "CGRPC"),
    .target(name: "CRocksDB", linkerSettings: [.linkedLibrary("rocksdb")]),
    .systemLibrary(name: "CZlib"),
    .target(name: "CPenstock"),
    .target(name: "CTLS", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    // F1
    module("Model", on: ["CLinux"]),
    module("Ring", on: ["CLinux", "Model"]),
    module("HTTPWire", on: ["CLinux", "CTLS", "Model", "Ring"]),
    module("RPC", on: ["CGRPC", "CLinux", "Model", "Ring"]),
    // Generated code does not carry the word `unsafe`.
    .target(name: "Messages", dependencies: ["RPC", protobuf], swiftSettings: settings),
    module("Rocks", on: ["CRocksDB"]),
    module("LocalWire", on: ["Model"]),
    // F2
    module("PageStore", on: ["CLinux", "Model", "Ring", "Rocks"]),
    module("UFS", on: ["CLinux", "Model", "Ring", "HTTPWire"]),
    module("Scheduler", on: ["Model", "Ring", "Rocks"]),
    module("Membership", on: ["Model"]),
    // F3
    module(
      "WorkerDaemon",
      on: [
        "CLinux", "CZlib", "HTTPWire", "LocalWire", "Membership", "Messages", "Model", "PageStore",
        "RPC", "Ring", "Rocks", "Scheduler", "UFS", logging,
      ]),
    .target(
      name: "PenstockClient",
      dependencies: ["CLinux", "HTTPWire", "LocalWire", "Membership", "Model", "Ring"],
      path: "Sources/Client", swiftSettings: sourceSettings),
    // F4
    .target(
      name: "PenstockC", dependencies: ["CPenstock", "Model", "PenstockClient"],
      path: "Sources/CInterface", swiftSettings: sourceSettings),
    .executableTarget(
      name: "penstockd", dependencies: ["CLinux", "Model", "WorkerDaemon", argumentParser],
      path: "Sources/Penstockd",
      swiftSettings: sourceSettings),
    module(
      "UFSIOTest",
      on: ["CLinux", "HTTPWire", "Model", "Ring", "UFS", "WorkerDaemon", argumentParser]),
    .executableTarget(
      name: "penstock",
      dependencies: ["Model", "Scheduler", "UFSIOTest", "WorkerDaemon", argumentParser],
      path: "Sources/PenstockCLI", swiftSettings: sourceSettings),
    .executableTarget(
      name: "worker-bench",
      dependencies: [
        "BenchSupport", "CLinux", "DaemonDriver", "FaultProxy", "Model", "PenstockClient", "Ring",
        "PageStore", argumentParser,
      ],
      path: "Benchmarks/WorkerBench", swiftSettings: sourceSettings),
    .executableTarget(
      name: "store-bench",
      dependencies: [
        "BenchSupport", "CLinux", "DaemonDriver", "Model", "Ring", "PageStore", argumentParser,
      ],
      path: "Benchmarks/StoreBench", swiftSettings: settings),
    .executableTarget(
      name: "scheduler-bench",
      dependencies: ["CLinux", "Membership", "Model", "Scheduler", argumentParser],
      path: "Benchmarks/SchedulerBench", swiftSettings: sourceSettings),
    .executableTarget(
      name: "http-bench",
      dependencies: ["DaemonDriver", "HTTPWire", "Ring", argumentParser],
      path: "Benchmarks/HTTPBench", swiftSettings: sourceSettings),
    .executableTarget(
      name: "rpc-bench", dependencies: ["DaemonDriver", "RPC", "Ring", argumentParser],
      path: "Benchmarks/RPCBench", swiftSettings: settings),
    .executableTarget(
      name: "ufs-io-bench", dependencies: ["UFSIOTest", argumentParser],
      path: "Benchmarks/UFSIOBench", swiftSettings: sourceSettings),
    .target(
      name: "BenchSupport", dependencies: ["DaemonDriver", argumentParser],
      path: "Benchmarks/BenchSupport", swiftSettings: sourceSettings),
    .target(
      name: "DaemonDriver", dependencies: ["CLinux"], path: "Tests/DaemonDriver",
      // Optimized in debug builds too: it moves and compares hundreds of MiB.
      swiftSettings: sourceSettings + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(name: "CEpoll", path: "Tests/CEpoll"),
    .target(
      name: "FaultProxy", dependencies: ["CEpoll", "DaemonDriver"], path: "Tests/FaultProxy",
      // Optimized in debug builds too: it moves the bytes of whole storms.
      swiftSettings: sourceSettings + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "TestSupport", dependencies: ["CLinux", "Model", "Ring", "UFS"],
      path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("ModelTests", of: ["DaemonDriver", "Model"]),
    tests("RingTests", of: ["CLinux", "Model", "Ring"]),
    tests(
      "HTTPWireTests", of: ["CLinux", "DaemonDriver", "FaultProxy", "Model", "Ring", "HTTPWire"]),
    tests("RPCTests", of: ["DaemonDriver", "FaultProxy", "Messages", "Model", "RPC", "Ring"]),
    tests("LocalWireTests", of: ["LocalWire", "Model"]),
    tests("MembershipTests", of: ["Membership", "Model"]),
    tests(
      "SchedulerTests",
      of: ["DaemonDriver", "Membership", "Model", "Ring", "Rocks", "Scheduler"]),
    tests("RocksTests", of: ["DaemonDriver", "Rocks"]),
    tests(
      "PageStoreTests", of: ["CLinux", "DaemonDriver", "Model", "Ring", "PageStore", "Rocks"]),
    tests(
      "UFSTests", of: ["CLinux", "DaemonDriver", "FaultProxy", "Model", "Ring", "HTTPWire", "UFS"]),
    tests(
      "WorkerDaemonTests",
      of: [
        "CLinux", "DaemonDriver", "FaultProxy", "LocalWire", "Model", "Ring", "HTTPWire",
        "Messages", "PageStore", "RPC", "Rocks", "Scheduler", "UFS", "WorkerDaemon",
      ]),
    .target(
      name: "SimSupport", dependencies: ["Model", "PageStore"], path: "Tests/SimSupport",
      // Optimized in debug builds too: it makes and compares every byte of a simulation.
      swiftSettings: settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .executableTarget(
      name: "store-sim", dependencies: ["SimSupport", argumentParser], path: "Tests/StoreSim",
      swiftSettings: settings),
    tests("SimulationTests", of: ["Model", "PageStore", "SimSupport"]),
    tests("WorkerBenchTests", of: ["BenchSupport", "DaemonDriver", "worker-bench"]),
    tests(
      "UFSIOTestTests",
      of: ["DaemonDriver", "Model", "Ring", "UFS", "UFSIOTest", "WorkerDaemon", argumentParser]),
    tests("FaultProxyTests", of: ["DaemonDriver", "FaultProxy"]),
    tests(
      "ClientTests", of: ["DaemonDriver", "LocalWire", "Membership", "Model", "PenstockClient"]),
    tests(
      "IntegrationTests",
      of: [
        "CLinux", "DaemonDriver", "FaultProxy", "LocalWire", "Model", "PenstockClient", "Scheduler",
      ]),
    tests("TidyTests", of: ["DaemonDriver"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
