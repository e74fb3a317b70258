// Addresses of sockets: IPv4, IPv6 and Unix paths.

import Glibc

/// An address a socket listens on or connects to.
package enum SocketAddress: Sendable, Hashable, CustomStringConvertible {
  /// A numeric IPv4 or IPv6 address and a port; port 0 lets the kernel choose.
  case ip(String, port: UInt16)
  /// A path of at most 107 bytes.
  case unix(String)

  /// The address family.
  package var family: Int32 {
    switch self {
    case .ip(let host, _): host.utf8.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
    case .unix: AF_UNIX
    }
  }

  package var description: String {
    switch self {
    case .ip(let host, let port): family == AF_INET6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): path
    }
  }

  /// True when the text is an address of its family and a path fits `sun_path`.
  package var isValid: Bool {
    switch self {
    case .ip(let host, _):
      var buffer = in6_addr()
      return unsafe inet_pton(family, host, &buffer) == 1
    case .unix(let path): return !path.isEmpty && path.utf8.count < 108
    }
  }

  /// The kernel's form in fresh memory, which the caller deallocates.
  func allocate() -> (pointer: UnsafeMutableRawPointer, length: socklen_t) {
    precondition(isValid, "an address is checked before it is used")
    let size = MemoryLayout<sockaddr_storage>.size
    let pointer = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
    unsafe memset(pointer, 0, size)
    switch self {
    case .ip(let host, let port) where family == AF_INET:
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      unsafe inet_pton(AF_INET, host, &address.sin_addr)
      unsafe pointer.storeBytes(of: address, as: sockaddr_in.self)
      return unsafe (pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
    case .ip(let host, let port):
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      unsafe inet_pton(AF_INET6, host, &address.sin6_addr)
      unsafe pointer.storeBytes(of: address, as: sockaddr_in6.self)
      return unsafe (pointer, socklen_t(MemoryLayout<sockaddr_in6>.size))
    case .unix(let path):
      unsafe pointer.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
      let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
      for (offset, byte) in path.utf8.enumerated() {
        unsafe pointer.storeBytes(of: byte, toByteOffset: start + offset, as: UInt8.self)
      }
      return unsafe (pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }

  /// The address that a kernel structure holds.
  init?(_ storage: sockaddr_storage) {
    var copy = storage
    let address: SocketAddress? = unsafe withUnsafePointer(to: &copy) { pointer in
      let raw = unsafe UnsafeRawPointer(pointer)
      switch Int32(storage.ss_family) {
      case AF_INET:
        let value = unsafe raw.loadUnaligned(as: sockaddr_in.self)
        var address = value.sin_addr
        guard let host = unsafe numericHost(AF_INET, &address) else { return nil }
        return .ip(host, port: UInt16(bigEndian: value.sin_port))
      case AF_INET6:
        let value = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
        var address = value.sin6_addr
        guard let host = unsafe numericHost(AF_INET6, &address) else { return nil }
        return .ip(host, port: UInt16(bigEndian: value.sin6_port))
      case AF_UNIX: return .unix("")
      default: return nil
      }
    }
    guard let address else { return nil }
    self = address
  }

  /// The address of the other end of `fd`.
  package static func peer(of fd: Int32) -> SocketAddress? { unsafe query(fd, getpeername) }
  /// The address that `fd` is bound to.
  package static func local(of fd: Int32) -> SocketAddress? { unsafe query(fd, getsockname) }

  private static func query(
    _ fd: Int32,
    _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let rc = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe ask(fd, address, &length)
      }
    }
    return rc == 0 ? SocketAddress(storage) : nil
  }
}

private func numericHost(_ family: Int32, _ address: UnsafeRawPointer) -> String? {
  unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
    guard let base = buffer.baseAddress, unsafe inet_ntop(family, address, base, 64) != nil else {
      return nil
    }
    return unsafe String(cString: base)
  }
}
