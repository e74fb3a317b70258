// A name node that answers every call with one exception, or not at all.

import DaemonDriver
import Glibc
import Ring

@testable import UFS

/// Listens on loopback until it goes.
final class FakeNameNode: Sendable {
  /// Its port.
  let port: UInt16
  private let listener: Int32

  init(answering exception: HDFSException?, fatally: Bool = false, on pool: BlockingPool) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(descriptor, raw, length) == 0 && listen(descriptor, 128) == 0
          && getsockname(descriptor, raw, &length) == 0
      }
    }
    guard code else { throw DriverError.program("no listener: errno \(errno)") }
    port = UInt16(bigEndian: address.sin_port)
    // Not by way of a task: the threads that would start it may all be busy with other tests.
    pool.submit { [listener] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else {
          // By its only user: closed elsewhere, its number might be another listener's by now.
          close(listener)
          return
        }
        Self.serve(connection, exception, fatally)
        close(connection)
      }
    }
  }

  deinit {
    // Wakes the thread that waits for a connection.
    shutdown(listener, Int32(SHUT_RDWR))
  }

  /// Answers the calls of one connection.
  private static func serve(_ connection: Int32, _ exception: HDFSException?, _ isFatal: Bool) {
    var bytes: [UInt8] = []
    var start = 7
    while true {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(connection, &buffer, buffer.count, 0)
      if count <= 0 { return }
      bytes += buffer[..<count]
      while bytes.count >= start, let length = try? HDFSFrame.length(bytes[start...]),
        bytes.count - start >= length
      {
        guard let call = try? call(Array(bytes[start + 4..<start + length])) else { return }
        start += length
        guard call >= 0, let exception else { continue }
        var body = ProtobufWriter()
        body.delimited {
          $0.number(1, UInt64(call))
          $0.number(2, isFatal ? 2 : 1)
          $0.text(4, exception.name)
          $0.text(5, exception.message)
        }
        var frame = ProtobufWriter()
        frame.bigEndian(UInt32(body.bytes.count))
        let answer = frame.bytes + body.bytes
        _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
        if isFatal { return }
      }
    }
  }

  private static func call(_ frame: [UInt8]) throws(HDFSWireError) -> Int64 {
    var reader = ProtobufReader(frame)
    var header = try reader.delimited()
    while let field = try header.next() {
      if field.number == 3 { return try header.zigzag(field) }
      try header.skip(field)
    }
    throw .missing("callId")
  }
}
