// What every under file system of a worker shares.

package import HTTPWire
package import Ring

/// The parts of the process that under file systems are made with.
package struct UFSEnvironment: Sendable {
  /// Threads for calls that block.
  package let pool: BlockingPool
  /// Connections to remote stores; a mount with settings of its own derives its client from this one.
  package let http: HTTPClient
  /// Decides when remote requests go.
  package let flow: FlowControl
  /// Bounds of mounts that set none.
  package var flowOptions = FlowOptions()
  /// Configuration values that were set, by name: the defaults of mount options.
  ///
  /// May hold credentials.
  package var settings: [String: String] = [:]
  /// Memory of objects on their way to stores.
  package var uploads = UploadMemory()

  /// An environment of its parts; without a client, one for a single reactor.
  package init(
    pool: BlockingPool, http: HTTPClient? = nil, flow: FlowControl = FlowControl()
  ) {
    self.pool = pool
    self.flow = flow
    self.http =
      http
      ?? HTTPClient(
        reactors: 1, options: HTTPClientOptions(), resolver: HostResolver(pool: pool))
  }
}
