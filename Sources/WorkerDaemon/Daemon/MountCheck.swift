// Whether the stores behind the mounts answer, asked once after the start. A worker starts while its stores are away, and serves
// what it has cached; whoever starts it should not hear of a wrong name, key or port from its users first.

import Logging
import Model
import Ring
import UFS

/// The question to the store of each mount.
struct MountCheck: Sendable {
  /// How long a store may take to answer.
  private static let limit: UInt64 = 10_000_000_000

  private let mounts: [Mount]
  private let log: Logger

  /// A check of those of `mounts` that are remote.
  init(_ mounts: [Mount], log: Logger) {
    self.mounts = mounts.filter { $0.uri.scheme != "file" }
    self.log = log
  }

  /// Asks every store, on `reactor`; what is wrong is logged.
  func start(on reactor: Reactor) {
    for mount in mounts {
      reactor.spawn { await check(mount, reactor) }
    }
  }

  private func check(_ mount: Mount, _ reactor: Reactor) async {
    do throws(UFSError) {
      try await UFSDeadline.run(reactor.now &+ Self.limit) { () async throws(UFSError) in
        try await mount.ufs.probe()
      }
    } catch {
      guard !reactor.isStopped, !error.isCancelled, Self.tells(error, mount) else { return }
      log.warning(
        "mount \(mount.alluxioPath): its store cannot be used now: \(error); until it can, only cached files whose status is known and believed are served (\(Configuration.DurationKey.ufsStatusValidity.rawValue), and immutable in the cache filter)"
      )
    }
  }

  /// Whether `error` says that files of the mount cannot be had: a web server need not answer for the folder itself.
  static func tells(_ error: UFSError, _ mount: Mount) -> Bool {
    switch error.code {
    case .unavailable: true
    case .denied where mount.uri.isWeb: error.cause != .status(403)
    case .denied, .io, .notFound, .notDirectory: mount.uri.scheme == "hdfs" || mount.uri.isBucket
    case .throttled, .escapesMount, .changed, .exists, .notEmpty, .isDirectory, .noSpace, .invalid,
      .unsupported:
      false
    }
  }
}

extension UFSURI {
  /// Whether it names a bucket.
  fileprivate var isBucket: Bool { scheme == "s3" || scheme == "s3a" }

  /// Whether it names a web server.
  fileprivate var isWeb: Bool { scheme == "http" || scheme == "https" }
}
