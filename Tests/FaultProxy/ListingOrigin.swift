// A server that knows one thing: ListObjectsV2 over keys that it makes up. It writes a page of a thousand keys in well
// under a millisecond, so that whoever lists is what is measured.
//
//   <folder>000000000 … <folder><count − 1>, all of one size, time and entity tag

package import DaemonDriver

import Glibc
import Synchronization

/// A listing server on a thread of its own, with one more for each connection.
// SAFETY: everything is set in the initialiser, counters are atomic.
@safe package final class ListingOrigin: @unchecked Sendable {
  /// What is listed.
  package struct Content: Sendable {
    /// What all keys begin with, such as `many/`.
    package var folder: String
    /// Number of keys.
    package var count: Int
    /// Bytes of each object.
    package var size: Int
    /// The entity tag of each, without quotes.
    package var tag: String

    /// Content of its parts.
    package init(folder: String, count: Int, size: Int, tag: String) {
      self.folder = folder
      self.count = count
      self.size = size
      self.tag = tag
    }
  }

  /// The modification time of all objects, in seconds since the epoch.
  package static let modified = 1_700_000_000

  /// Where it listens, on loopback.
  package let port: UInt16
  private let listener: Int32
  private let contents: [Content]
  private let counter = Counter()

  /// Counts requests of all connections.
  final class Counter: Sendable {
    private let value = Atomic(0)

    /// Requests so far.
    var count: Int { value.load(ordering: .acquiring) }

    /// One more.
    func add() { value.add(1, ordering: .releasing) }
  }

  /// Starts a server that lists `contents`.
  package init(_ contents: [Content]) throws(DriverError) {
    self.contents = contents
    (listener, port) = try Sockets.listener()
    _ = fcntl(listener, F_SETFL, 0)
    try Self.startThread { [listener, contents, counter] in
      while true {
        let socket = accept(listener, nil, nil)
        if socket < 0, errno == EINTR || errno == ECONNABORTED { continue }
        guard socket >= 0 else {
          // By its only user: closed elsewhere, its number might be another listener's by now.
          close(listener)
          return
        }
        _ = try? Self.startThread {
          ListingConnection(socket, contents, counter).serve()
          close(socket)
        }
      }
    }
  }

  /// Requests so far.
  package var requestCount: Int { counter.count }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  /// The name of key `index` in `content`.
  package static func key(_ index: Int, of content: Content) -> String {
    let digits = String(index)
    return content.folder + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private static func startThread(_ run: @escaping @Sendable () -> Void) throws(DriverError) {
    var handle = pthread_t()
    // SAFETY: the thread releases what is retained for it here.
    let body = unsafe Unmanaged.passRetained(Body(run))
    let code = unsafe pthread_create(
      &handle, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    guard code == 0 else {
      unsafe body.release()
      throw .program("a thread cannot be started: errno \(code)")
    }
    pthread_detach(handle)
  }
}
