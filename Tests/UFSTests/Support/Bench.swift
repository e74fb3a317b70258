// Where the tests run: some real rings, one real pool.

import HTTPWire
import Ring
import Synchronization
import Testing
import UFS

/// Reactors and a pool shared by all tests of this module; they live as long as the process.
///
/// More rings than cores: a test that computes for seconds is then stopped by the kernel's clock, and keeps only few others
/// from their timers and replies.
enum Bench {
  private static let group = Result { () throws(RingError) in
    try ReactorGroup(count: ringCount, pinned: false)
  }
  /// How many rings there are.
  static let ringCount = 8
  private static let turn = Atomic(0)
  private static let blockingPool = Result { () throws(RingError) in
    try BlockingPool(name: "test", threads: 4)
  }

  /// The pool.
  static var pool: BlockingPool { get throws { try blockingPool.get() } }

  /// What UFSs of these rings share.
  static func environment(flow: FlowControl = FlowControl()) throws -> UFSEnvironment {
    let pool = try pool
    let client = HTTPClient(
      reactors: ringCount, options: HTTPClientOptions(), resolver: HostResolver(pool: pool))
    return UFSEnvironment(pool: pool, http: client, flow: flow)
  }

  /// Runs `body` on one of the rings and hands out what it returns or throws.
  static func run<T: Sendable>(
    _ body: @escaping @Sendable () async throws -> T
  ) async throws -> T {
    let reactors = try group.get().reactors
    let turn = turn.add(1, ordering: .relaxed).oldValue
    let reactor = reactors[turn % reactors.count]
    return try await reactor.run { () async -> Result<T, any Error> in
      do { return .success(try await body()) } catch { return .failure(error) }
    }.get()
  }
}
