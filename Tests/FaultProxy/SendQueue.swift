// Bytes on their way to one socket.

import Glibc

/// What a socket did not take yet.
struct SendQueue {
  private var bytes: [UInt8] = []
  private var start = 0

  /// Bytes that wait.
  var count: Int { bytes.count - start }

  /// Adds bytes.
  mutating func add(_ more: some Collection<UInt8>) {
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
      start = 0
    }
    bytes.append(contentsOf: more)
  }

  /// Drops what waits.
  mutating func clear() {
    bytes = []
    start = 0
  }

  /// Sends at most `limit` bytes; returns how many went, -1 when the peer is gone.
  mutating func flush(to socket: Int32, limit: Int) -> Int {
    var sent = 0
    while count > 0, sent < limit {
      let size = min(count, limit - sent)
      let result = unsafe bytes[start..<(start + size)].withUnsafeBytes { part in
        unsafe send(socket, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
      }
      if result < 0, errno == EINTR { continue }
      if result < 0, errno == EAGAIN || errno == ENOTCONN { break }
      guard result > 0 else { return -1 }
      start += result
      sent += result
    }
    return sent
  }
}
