// The least that a cold open can cost: what the system's calls take without a client and a worker around them.
//
//   this process                              another process, on the worker's CPU
//   socket, connect ────────────────────────▶ accept
//   send 16 bytes ──────────────────────────▶ recv
//   recvmsg ◀── 16 bytes and a descriptor ─── sendmsg
//   mmap of memory as large as the worker's arena, copy the first bytes (page faults)

import ArgumentParser
import CLinux
import DaemonDriver
import Glibc

/// A Unix socket's address.
private func withAddress<T>(
  _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T
) -> T {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
    unsafe room.copyBytes(from: Array(path.utf8.prefix(room.count - 1)))
  }
  return unsafe withUnsafePointer(to: &address) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
}

private func streamSocket() throws -> Int32 {
  let descriptor = socket(
    AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  guard descriptor >= 0 else { throw DriverError.last("socket") }
  return descriptor
}

/// By a new connection to a program that hands out a descriptor, a mapping, and a copy.
@safe final class BareOpen: BlockReader {
  // SAFETY: one thread uses it; a mapping is read before the read ends, and unmapped before the next.
  private let size: Int
  private let memory: Int
  private let path: String
  private let server: ChildProcess
  private let buffer: BlockBuffer
  /// What the read before left.
  private var last: (socket: Int32, descriptor: Int32, mapping: UnsafeMutableRawPointer)?

  init(_ plan: ReadPlan, _ data: ReadData) throws {
    size = plan.size
    memory = plan.memorySize
    path = data.socket + "-bare"
    let prefix = plan.serverCPU.map { ["taskset", "-c", "\($0)"] } ?? []
    server = try ChildProcess(
      prefix + [
        try besideThisProgram("worker-bench"), "bare-server", "--socket", path, "--memory",
        "\(memory)", "--size", "\(size)",
      ])
    buffer = BlockBuffer(size)
    for _ in 0..<5000 where unsafe access(path, R_OK) != 0 {
      guard server.isRunning else { throw DriverError.program("the bare server ended") }
      usleep(1000)
    }
  }

  deinit {
    prepare()
    unsafe unlink(path)
  }

  func prepare() {
    guard let old = unsafe last else { return }
    unsafe munmap(old.mapping, memory)
    unsafe close(old.descriptor)
    unsafe close(old.socket)
    unsafe last = nil
    usleep(300)
  }

  func read(_ block: Int) throws -> Bool {
    let socket = try streamSocket()
    guard unsafe withAddress(path, { unsafe connect(socket, $0, $1) }) == 0 else {
      throw DriverError.last("connect")
    }
    var message = [UInt8](repeating: 7, count: 16)
    guard unsafe send(socket, message, message.count, Int32(MSG_NOSIGNAL)) == 16 else {
      throw DriverError.last("send")
    }
    var descriptor: Int32 = -1
    var count: Int32 = 0
    guard unsafe pen_receive_with(socket, &message, 16, true, &descriptor, 1, &count) == 16,
      count == 1
    else { throw DriverError.last("recvmsg") }
    guard let mapping = unsafe mmap(nil, memory, PROT_READ, MAP_SHARED, descriptor, 0),
      unsafe mapping != MAP_FAILED
    else { throw DriverError.last("mmap") }
    if let target = unsafe buffer.bytes.baseAddress { unsafe memcpy(target, mapping, size) }
    unsafe last = (socket, descriptor, mapping)
    return unsafe buffer.bytes.first == BareServerCommand.byte
      && buffer.bytes.last == BareServerCommand.byte
  }

  func verify(_ block: Int) throws -> Bool { true }
}

/// The other end, in a process of its own.
struct BareServerCommand: ParsableCommand {
  static let byte: UInt8 = 0x5A
  static let configuration = CommandConfiguration(
    commandName: "bare-server", abstract: "Hands a descriptor to whoever connects; for `read`.",
    shouldDisplay: false)

  @Option var socket: String
  @Option var memory: Int
  @Option var size: Int

  func run() throws {
    let file = unsafe pen_memfd_create("bare")
    guard file >= 0, ftruncate(file, memory) == 0,
      let base = unsafe mmap(nil, memory, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
      unsafe base != MAP_FAILED
    else { throw DriverError.last("memfd_create") }
    unsafe memset(base, Int32(Self.byte), size)
    let listener = try streamSocket()
    guard unsafe withAddress(socket, { unsafe bind(listener, $0, $1) }) == 0,
      listen(listener, 128) == 0
    else { throw DriverError.last("bind") }
    var room = [UInt8](repeating: 0, count: 64)
    // Until whoever started it ends it.
    while true {
      let peer = accept(listener, nil, nil)
      guard peer >= 0 else { continue }
      if unsafe recv(peer, &room, room.count, 0) > 0 {
        _ = unsafe pen_send_with(peer, room, 16, [file], 1)
        _ = unsafe recv(peer, &room, room.count, 0)
      }
      close(peer)
    }
  }
}
