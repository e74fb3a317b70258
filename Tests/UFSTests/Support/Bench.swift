// Where the tests run: one real ring, one real pool.

import Ring
import Testing
import UFS

/// A reactor and a pool shared by all tests of this module; they live as long as the process.
enum Bench {
  private static let group = Result { () throws(RingError) in
    try ReactorGroup(count: 1, pinned: false)
  }
  private static let blockingPool = Result { () throws(RingError) in
    try BlockingPool(name: "test", threads: 4)
  }

  /// The pool.
  static var pool: BlockingPool { get throws { try blockingPool.get() } }

  /// Runs `body` on the ring and hands out what it returns or throws.
  static func run<T: Sendable>(
    _ body: @escaping @Sendable () async throws -> T
  ) async throws -> T {
    let reactor = try #require(try group.get().reactors.first)
    return try await reactor.run { () async -> Result<T, any Error> in
      do { return .success(try await body()) } catch { return .failure(error) }
    }.get()
  }
}
