// One thread's means to read a block: by the client library, by HTTP, by pread, or a socket's ping-pong.

import CLinux
import DaemonDriver
import Glibc
import PenstockClient

/// Reads blocks for one thread; what it returns was looked at.
protocol BlockReader: AnyObject {
  /// Reads `block`; false when a byte is wrong.
  func read(_ block: Int) throws -> Bool
  /// Compares the whole of `block`.
  func verify(_ block: Int) throws -> Bool
  /// Gets ready for a read of the `open` pattern: what is done here is not timed.
  func prepare() throws
}

extension BlockReader {
  func prepare() throws {}
}

/// A buffer of one block's size, aligned to pages.
@safe final class BlockBuffer {
  // SAFETY: allocated once for as long as this lives; one thread uses it.
  let bytes: UnsafeMutableRawBufferPointer
  init(_ size: Int) { unsafe bytes = .allocate(byteCount: size, alignment: 4096) }
  deinit { unsafe bytes.deallocate() }
}

/// By the client library, on whichever way its settings allow.
final class ClientReader: BlockReader {
  private let plan: ReadPlan
  private let data: ReadData
  private let options: ClientOptions
  private let client: Client
  private let file: ClientFile
  private let buffer: BlockBuffer
  private let wanted: ReadPath
  private var fresh: Client?
  /// Its file: closing it is no part of the way to the first byte.
  private var freshFile: ClientFile?

  init(_ plan: ReadPlan, _ data: ReadData, settings: [String]) throws {
    self.plan = plan
    self.data = data
    options = try ClientOptions(settings)
    client = try Client(options)
    file = try client.open("/bench/data")
    buffer = BlockBuffer(plan.size)
    wanted = plan.way == .shm ? .shared : plan.way == .uds ? .domain : .network
    if plan.way == .shm, plan.pattern != .seq { try file.readAhead(plan.dataSize, at: 0) }
  }

  func read(_ block: Int) throws -> Bool {
    switch plan.pattern {
    case .ping:
      try client.ping()
      return true
    case .open:
      let fresh = try Client(options)
      self.fresh = fresh
      let file = try fresh.open("/bench/data")
      freshFile = file
      return try read(file, block)
    default: break
    }
    if plan.isChecked { return try check(block) }
    return try plan.isInPlace ? look(block) : read(file, block)
  }

  /// Looks at a block's first and last bytes where they are leased; a block of more than a page at each page's.
  @inline(__always)
  private func look(_ block: Int) throws -> Bool {
    var offset = block * plan.size
    let end = offset + plan.size
    while offset < end {
      let place = offset
      let count = try unsafe file.withBytes(end - offset, at: offset) { bytes in
        unsafe data.isLikely(bytes, at: place) ? bytes.count : 0
      }
      guard count > 0 else { return false }
      offset += count
    }
    return true
  }

  /// Ends the connection of the read before, and lets the worker be done with it.
  func prepare() {
    guard fresh != nil else { return }
    freshFile = nil
    fresh?.close()
    fresh = nil
    usleep(300)
  }

  private func read(_ file: ClientFile, _ block: Int) throws -> Bool {
    let offset = block * plan.size
    let outcome = try unsafe file.read(into: buffer.bytes, at: offset)
    guard outcome.count == plan.size, outcome.path == wanted else { return false }
    return unsafe data.isLikely(UnsafeRawBufferPointer(buffer.bytes), at: offset)
  }

  /// The sum of a block, of its bytes in place page by page.
  private func check(_ block: Int) throws -> Bool {
    var sum: UInt32 = 0
    var offset = block * plan.size
    let end = offset + plan.size
    while offset < end {
      let view = try file.view(end - offset, at: offset)
      sum = unsafe pen_crc32c(sum, view.bytes.baseAddress, view.bytes.count)
      unsafe offset += view.bytes.count
      guard view.close(), view.path == wanted else { return false }
    }
    return sum == data.sums[block]
  }

  func verify(_ block: Int) throws -> Bool {
    guard plan.pattern != .ping else { return true }
    let offset = block * plan.size
    let outcome = try unsafe file.read(into: buffer.bytes, at: offset)
    return unsafe outcome.count == plan.size && outcome.path == wanted
      && data.isSame(UnsafeRawBufferPointer(buffer.bytes), at: offset)
  }

  /// What the client did.
  var statistics: ClientStatistics { client.statistics }
}

/// By HTTP requests of the object port.
final class ObjectReader: BlockReader {
  private let plan: ReadPlan
  private let data: ReadData
  private let connection: HTTPConnection

  init(_ plan: ReadPlan, _ data: ReadData, port: UInt16) throws {
    self.plan = plan
    self.data = data
    connection = try HTTPConnection(port: port)
  }

  func read(_ block: Int) throws -> Bool { try verify(block, whole: plan.isChecked) }

  func verify(_ block: Int) throws -> Bool { try verify(block, whole: true) }

  private func verify(_ block: Int, whole: Bool) throws -> Bool {
    let offset = block * plan.size
    let range = "bytes=\(offset)-\(offset + plan.size - 1)"
    let response = try connection.request("GET", "/bench/data", headers: [("Range", range)])
    guard response.status == 206, response.body.count == plan.size else { return false }
    return unsafe response.body.withUnsafeBytes { body in
      unsafe whole ? data.isSame(body, at: offset) : data.isLikely(body, at: offset)
    }
  }
}

/// By pread(2) of the source itself.
final class FileReader: BlockReader {
  private let plan: ReadPlan
  private let data: ReadData
  private let descriptor: Int32
  private let buffer: BlockBuffer

  init(_ plan: ReadPlan, _ data: ReadData) throws {
    self.plan = plan
    self.data = data
    descriptor = unsafe open(data.file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw DriverError.last("open") }
    buffer = BlockBuffer(plan.size)
  }

  deinit { close(descriptor) }

  func read(_ block: Int) throws -> Bool {
    let offset = block * plan.size
    guard unsafe pread(descriptor, buffer.bytes.baseAddress, plan.size, offset) == plan.size else {
      throw DriverError.last("pread")
    }
    if plan.reference == .preadCRC {
      return unsafe pen_crc32c(0, buffer.bytes.baseAddress, plan.size) == data.sums[block]
    }
    return unsafe data.isLikely(UnsafeRawBufferPointer(buffer.bytes), at: offset)
  }

  func verify(_ block: Int) throws -> Bool { try read(block) }
}

/// By one byte through a Unix socket to a thread on the server's CPU, and back.
final class SocketPingPong: BlockReader {
  private let socket: Int32
  private let spin: UInt64

  init(_ plan: ReadPlan, spin: UInt64) throws {
    self.spin = spin
    var ends: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw DriverError.last("socketpair")
    }
    socket = ends[0]
    let other = ends[1]
    let cpu = plan.serverCPU
    echo = Threads(count: 1) { _ in
      if let cpu { _ = pen_pin_thread(Int32(cpu)) }
      var room = [UInt8](repeating: 0, count: 64)
      while true {
        let count = unsafe recv(other, &room, room.count, 0)
        guard count > 0 else { break }
        _ = unsafe send(other, room, count, Int32(MSG_NOSIGNAL))
      }
      close(other)
    }
  }

  private let echo: Threads

  deinit {
    shutdown(socket, Int32(SHUT_RDWR))
    _ = echo.areRunning(for: .seconds(5))
    close(socket)
  }

  func read(_ block: Int) throws -> Bool {
    var message = [UInt8](repeating: 7, count: 16)
    guard unsafe send(socket, message, message.count, Int32(MSG_NOSIGNAL)) == 16 else {
      throw DriverError.last("send")
    }
    // As the client does: it looks for the answer as long before it sleeps.
    if spin > 0 {
      let end = ReadRound.ticks() + spin
      repeat {
        let count = unsafe recv(socket, &message, message.count, Int32(MSG_DONTWAIT))
        if count == 16 { return true }
      } while ReadRound.ticks() < end
    }
    guard unsafe recv(socket, &message, message.count, 0) == 16 else {
      throw DriverError.last("recv")
    }
    return true
  }

  func verify(_ block: Int) throws -> Bool { true }
}
