// A worker that breaks the rules: it greets as told, answers each request as told, and hands out the memory it was given.

import CLinux
import DaemonDriver
import Glibc
import LocalWire
import Model
import Synchronization

/// A listening domain socket whose one connection is answered by a script.
final class FakeWorker: Sendable {
  /// What to send: bytes, with descriptors beside the first of them.
  struct Words: Sendable {
    var bytes: [UInt8] = []
    var descriptors: [Int32] = []
    /// Whether the connection ends behind them.
    var ends = false

    /// Frames, pushes where the request is 0.
    init(_ frames: [(UInt64, WorkerFrame)], _ descriptors: [Int32] = []) {
      var writer = FrameWriter()
      for (request, frame) in frames { frame.write(request, to: &writer) }
      bytes = writer.take()
      self.descriptors = descriptors
    }

    init(raw: [UInt8]) { bytes = raw }
  }

  let path: String
  private let scratch: ScratchDirectory
  private let listener: Int32

  /// Listens, and answers one client with `answers`, given each of its frames in turn.
  init(_ answers: @escaping @Sendable (UInt64, ClientFrame) -> Words?) throws {
    scratch = try ScratchDirectory("fake", in: "/tmp")
    path = scratch.path("s")
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let listener = listener
    let code = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard code == 0, listen(listener, 8) == 0 else { throw DriverError.last("bind") }
    var thread = pthread_t()
    let body = Unmanaged.passRetained(Serving(listener: listener, answers: answers)).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Serving>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, body)
    pthread_detach(thread)
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  /// A memfd of `size` bytes; sealed against shrinking unless said otherwise.
  static func memory(_ size: Int, isSealed: Bool = true) throws -> Int32 {
    let descriptor = pen_memfd_create("fake")
    guard descriptor >= 0, ftruncate(descriptor, size) == 0 else { throw DriverError.last("memfd") }
    if isSealed { _ = fcntl(descriptor, 1033, 2) }  // F_ADD_SEALS, F_SEAL_SHRINK
    return descriptor
  }

  /// A greeting as a worker gives it.
  static func welcome(leases: UInt32 = 16, window: UInt64 = 1 << 20) -> WorkerFrame {
    .welcome(
      WelcomeFrame(
        version: 1, mode: .shared, pageSize: 4096, leases: leases, term: 30_000, holdMax: 600_000,
        requests: 32, window: window, worker: WorkerIdentity(high: 1, low: 2), cluster: "c"))
  }

  /// A file of ten pages of 4,096 bytes.
  static let opened = WorkerFrame.opened(
    OpenedFrame(
      handle: 7, isDirectory: false, length: 40_960, modifiedAt: 0, key: FileKey(high: 1, low: 1),
      pageSize: 4096, entityTag: "\"t\""))
}

/// The thread behind a fake worker.
private final class Serving: Sendable {
  let listener: Int32
  let answers: @Sendable (UInt64, ClientFrame) -> FakeWorker.Words?

  init(listener: Int32, answers: @escaping @Sendable (UInt64, ClientFrame) -> FakeWorker.Words?) {
    self.listener = listener
    self.answers = answers
  }

  func run() {
    while true {
      let client = accept(listener, nil, nil)
      guard client >= 0 else { break }
      serve(client)
      close(client)
    }
    close(listener)
  }

  private func serve(_ client: Int32) {
    var buffer = FrameBuffer()
    var room = [UInt8](repeating: 0, count: 65_536)
    while true {
      while let (head, frame) = (try? buffer.nextFromClient()) ?? nil {
        guard let words = answers(head.request, frame) else { continue }
        send(words, to: client)
        if words.ends { return }
      }
      let count = recv(client, &room, room.count, 0)
      guard count > 0 else { return }
      room[..<count].withUnsafeBytes { buffer.append($0) }
    }
  }

  private func send(_ words: FakeWorker.Words, to client: Int32) {
    var bytes = words.bytes
    var control = [UInt64](repeating: 0, count: 2 + words.descriptors.count)
    control[0] = UInt64(16 + 4 * words.descriptors.count)
    control[1] = UInt64(UInt32(SOL_SOCKET)) | UInt64(SCM_RIGHTS) << 32
    control.withUnsafeMutableBytes { raw in
      for (index, descriptor) in words.descriptors.enumerated() {
        raw.storeBytes(of: descriptor, toByteOffset: 16 + 4 * index, as: Int32.self)
      }
    }
    let length = (16 + 4 * words.descriptors.count + 7) & ~7
    bytes.withUnsafeMutableBytes { bytes in
      control.withUnsafeMutableBytes { control in
        var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        withUnsafeMutablePointer(to: &part) { part in
          var message = msghdr()
          message.msg_iov = part
          message.msg_iovlen = 1
          if !words.descriptors.isEmpty {
            message.msg_control = control.baseAddress
            message.msg_controllen = length
          }
          _ = sendmsg(client, &message, Int32(MSG_NOSIGNAL))
        }
      }
    }
  }
}
