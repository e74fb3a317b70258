// Sockets of loopback that never block.

import DaemonDriver
import Glibc

/// System calls of the proxy.
enum Sockets {
  private static let kind =
    Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

  /// A listening socket on a free port of loopback.
  static func listener() throws(DriverError) -> (socket: Int32, port: UInt16) {
    let socket = Glibc.socket(AF_INET, kind, 0)
    guard socket >= 0 else { throw DriverError.last("socket") }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var address = loopback(0)
    let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(socket, generic, length) == 0 && listen(socket, 4096) == 0
          ? getsockname(socket, generic, &length) : -1
      }
    }
    guard code == 0 else {
      close(socket)
      throw DriverError.last("listen")
    }
    return (socket, UInt16(bigEndian: address.sin_port))
  }

  /// The next waiting connection; nil when there is none.
  static func accept(_ listener: Int32) -> Int32? {
    let socket = Glibc.accept(listener, nil, nil)
    guard socket >= 0 else { return nil }
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    setNoDelay(socket)
    return socket
  }

  /// A connection to a port of loopback that is on its way; nil when it is refused at once.
  static func connect(_ port: UInt16) -> Int32? {
    let socket = Glibc.socket(AF_INET, kind, 0)
    guard socket >= 0 else { return nil }
    setNoDelay(socket)
    var address = loopback(port)
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe Glibc.connect(socket, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 || errno == EINPROGRESS else {
      close(socket)
      return nil
    }
    return socket
  }

  /// Ends a connection with a reset.
  static func reset(_ socket: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(
      socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close(socket)
  }

  /// Lets this process have as many descriptors as it may.
  static func raiseDescriptorLimit() {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = min(limit.rlim_max, 1 << 17)
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  private static func setNoDelay(_ socket: Int32) {
    var on: Int32 = 1
    unsafe setsockopt(
      socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }
}
