// Whether anything moves on a connection, asked of the kernel: an operation in flight says nothing until it ends.

import Glibc

/// Progress of TCP connections.
enum TCPProgress {
  /// Bytes that the peer of `fd` acknowledged or sent so far; 0 when the kernel does not say (Unix sockets).
  static func movedCount(_ fd: Int32) -> UInt64 {
    unsafe withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { info in
      var length = socklen_t(info.count)
      guard unsafe getsockopt(fd, Int32(IPPROTO_TCP), TCP_INFO, info.baseAddress, &length) == 0,
        length >= 136
      else { return 0 }
      // struct tcp_info (linux/tcp.h): tcpi_bytes_acked at 120, tcpi_bytes_received at 128; glibc's ends before them.
      return unsafe info.load(fromByteOffset: 120, as: UInt64.self)
        &+ info.load(fromByteOffset: 128, as: UInt64.self)
    }
  }
}
