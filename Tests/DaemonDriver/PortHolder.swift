// Ports for servers that tests start: free now, never given out twice by this process, and none that the kernel hands to
// clients, so that between the choice and the server's bind nobody else takes them.

import Glibc
import Synchronization

/// A bound socket that keeps a port from others for as long as it lives.
package final class PortHolder {
  /// The port.
  package let port: UInt16
  private let socket: Int32

  /// Below the kernel's own range, and without the ports that clients know.
  private static let range: ClosedRange<UInt16> = 10_000...28_000
  private static let known: Set<UInt16> = [19998, 19999]
  /// Ports given out so far.
  ///
  /// Another process of tests begins elsewhere.
  private static let given = Atomic<Int>(0)
  private static let start = Int(getpid()) &* 1009

  /// Binds a port of loopback, any or the given one, and listens when asked.
  package init(port wanted: UInt16 = 0, listening: Bool = false) throws(DriverError) {
    guard wanted == 0 else {
      (port, socket) = (wanted, try Self.bound(wanted, listening))
      return
    }
    var failure = DriverError.program("every port of \(Self.range) was given out")
    while case let number = Self.given.add(1, ordering: .relaxed).oldValue,
      number < Self.range.count
    {
      let candidate = Self.range.lowerBound + UInt16((Self.start + number) % Self.range.count)
      guard !Self.known.contains(candidate) else { continue }
      do throws(DriverError) {
        (port, socket) = (candidate, try Self.bound(candidate, listening))
        return
      } catch {
        failure = error
      }
    }
    throw failure
  }

  deinit { close(socket) }

  private static func bound(_ port: UInt16, _ listening: Bool) throws(DriverError) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let socket = Glibc.socket(AF_INET, kind, 0)
    guard socket >= 0 else { throw DriverError.last("socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let code = unsafe withSocketAddress(address) { unsafe bind(socket, $0, $1) }
    guard code == 0, !listening || listen(socket, 8) == 0 else {
      let failure = DriverError.last("bind")
      close(socket)
      throw failure
    }
    return socket
  }
}
