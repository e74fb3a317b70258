// What every under file system of a worker shares.

package import Ring

/// The parts of the process that under file systems are made with.
package struct UFSEnvironment: Sendable {
  /// Threads for calls that block.
  package let pool: BlockingPool

  /// An environment of its parts.
  package init(pool: BlockingPool) { self.pool = pool }
}
