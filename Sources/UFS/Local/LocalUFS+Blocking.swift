// How changes run: as one closure on the pool, whose system calls return -errno.

import Ring

extension LocalUFS {
  /// Runs `body` on the pool and throws its failure here.
  func blocking<T: Sendable>(
    _ body: @escaping @Sendable () throws(UFSError) -> T
  ) async throws(UFSError) -> T {
    try await pool.run { Result { () throws(UFSError) in try body() } }.get()
  }

  /// The result of a system call, if it is not an error.
  @discardableResult
  func checked(
    _ result: Int32, _ operation: StaticString, _ path: String
  ) throws(UFSError) -> Int32 {
    guard result >= 0 else { throw error(result, operation, path) }
    return result
  }
}
