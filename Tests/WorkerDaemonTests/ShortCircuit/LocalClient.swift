import CLinux
import Glibc
import LocalWire
import Model

/// What a raw client met instead of a frame.
struct LocalClientError: Error, CustomStringConvertible {
  let description: String
}

/// A client of the domain socket that says whatever a test wants: blocking, for threads of its own.
final class LocalClient {
  let fd: Int32
  private var input = FrameBuffer()
  private(set) var descriptors: [Int32] = []
  private var request: UInt64 = 0
  /// Pushes that came while an answer was waited for.
  private(set) var pushes: [WorkerFrame] = []
  private(set) var welcome: WelcomeFrame?
  private var maps: [UInt16: UnsafeRawBufferPointer] = [:]
  private(set) var words: LeaseWords?
  private(set) var tableDescriptor: Int32 = -1
  private(set) var windowDescriptor: Int32 = -1
  private(set) var regions: [UInt16: Int32] = [:]

  init(_ path: String) throws {
    fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { field in
      for (place, byte) in path.utf8.enumerated() where place < field.count - 1 {
        field[place] = byte
      }
    }
    let rc = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard rc == 0 else {
      let number = errno
      Glibc.close(fd)
      throw LocalClientError(description: "connect: \(String(cString: strerror(number)))")
    }
    // A test that fails says so instead of hanging.
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit {
    for map in maps.values { munmap(UnsafeMutableRawPointer(mutating: map.baseAddress), map.count) }
    for descriptor in descriptors + [tableDescriptor, windowDescriptor] + Array(regions.values)
    where descriptor >= 0 {
      Glibc.close(descriptor)
    }
    Glibc.close(fd)
  }

  // MARK: Frames

  /// Sends bytes as they are.
  func sendRaw(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw LocalClientError(description: "send: errno \(errno)") }
      sent += count
    }
  }

  /// Sends a frame and says under which request.
  @discardableResult
  func send(_ frame: ClientFrame, as number: UInt64? = nil) throws -> UInt64 {
    request += 1
    var writer = FrameWriter()
    frame.write(number ?? request, to: &writer)
    try sendRaw(writer.bytes)
    return number ?? request
  }

  /// The next frame of the worker; nil at the end of the connection.
  func next() throws -> (FrameHead, WorkerFrame, [UInt8])? {
    while true {
      if let (head, frame) = try input.nextFromWorker() {
        let payload = input.withLastPayload(of: head) { Array($0) }
        try note(frame)
        return (head, frame, payload)
      }
      var buffer = [UInt8](repeating: 0, count: 65536)
      var found = [Int32](repeating: -1, count: 4)
      var count: Int32 = 0
      let received = pen_receive_with(fd, &buffer, buffer.count, true, &found, 4, &count)
      descriptors += found.prefix(Int(count))
      if received == 0 || received == -Int(ECONNRESET) { return nil }
      guard received > 0 else {
        throw LocalClientError(description: "receive: errno \(-received)")
      }
      buffer[..<received].withUnsafeBytes { input.append($0) }
    }
  }

  /// Frames until the one that answers `number`; pushes are kept.
  func answer(_ number: UInt64) throws -> (WorkerFrame, [UInt8]) {
    while let (head, frame, payload) = try next() {
      if head.request == number { return (frame, payload) }
      guard head.request == 0 else { continue }
      if case .error(let error) = frame { throw error }
    }
    throw LocalClientError(description: "the connection ended")
  }

  /// Sends a frame and waits for its answer.
  func ask(_ frame: ClientFrame) throws -> WorkerFrame {
    let answer = try answer(try send(frame)).0
    if case .error(let error) = answer { throw error }
    return answer
  }

  /// Waits for a push that `matches`.
  func push<T>(_ matches: (WorkerFrame) -> T?) throws -> T {
    while true {
      for (place, push) in pushes.enumerated() {
        if let found = matches(push) {
          pushes.remove(at: place)
          return found
        }
      }
      guard try next() != nil else {
        throw LocalClientError(description: "the connection ended before the push")
      }
    }
  }

  /// Whether the worker ends the connection, and with which error.
  func end() throws -> LocalCode? {
    var code: LocalCode?
    while let (_, frame, _) = try next() {
      if case .error(let error) = frame { code = error.code }
    }
    return code
  }

  private func note(_ frame: WorkerFrame) throws {
    switch frame {
    case .welcome(let welcome):
      self.welcome = welcome
      tableDescriptor = try takeDescriptor()
      let size = (Int(welcome.leases) * LeaseWord.size + 4095) & ~4095
      let table = try map(tableDescriptor, size)
      words = table.baseAddress.map { LeaseWords($0, count: Int(welcome.leases)) }
      maps[.max] = table
      guard welcome.window > 0 else { return }
      windowDescriptor = try takeDescriptor()
      maps[0] = try map(windowDescriptor, Int(welcome.window))
    case .region(let region):
      let descriptor = try takeDescriptor()
      regions[region.region] = descriptor
      maps[region.region] = try map(descriptor, Int(region.size))
    case _ where frame.kind.isPush: pushes.append(frame)
    default: break
    }
  }

  private func takeDescriptor() throws -> Int32 {
    guard !descriptors.isEmpty else { throw LocalClientError(description: "no descriptor came") }
    return descriptors.removeFirst()
  }

  private func map(_ descriptor: Int32, _ size: Int) throws -> UnsafeRawBufferPointer {
    guard let mapped = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), mapped != MAP_FAILED
    else { throw LocalClientError(description: "mmap: errno \(errno)") }
    return UnsafeRawBufferPointer(start: mapped, count: size)
  }

  // MARK: In short

  @discardableResult
  func hello(
    leases: UInt32 = 64, window: UInt64 = 0, worker: WorkerIdentity? = nil, cluster: String = ""
  ) throws -> WelcomeFrame {
    let frame = HelloFrame(leases: leases, window: window, worker: worker, cluster: cluster)
    guard case .welcome(let welcome) = try ask(.hello(frame)) else {
      throw LocalClientError(description: "HELLO was not answered by WELCOME")
    }
    return welcome
  }

  func open(_ path: String, isStatusOnly: Bool = false) throws -> OpenedFrame {
    let frame = OpenFrame(path, kind: .alluxio, isStatusOnly: isStatusOnly)
    guard case .opened(let opened) = try ask(.open(frame)) else {
      throw LocalClientError(description: "OPEN was not answered by OPENED")
    }
    return opened
  }

  func lease(
    _ handle: UInt32, _ ranges: [Range<UInt32>], isIntoWindow: Bool = false,
    isCachedOnly: Bool = false
  ) throws -> [LeasedPage] {
    let frame = LeaseFrame(
      handle: handle, ranges: ranges, isIntoWindow: isIntoWindow, isCachedOnly: isCachedOnly)
    let request = try send(.lease(frame))
    var all: [LeasedPage] = []
    while true {
      switch try answer(request).0 {
      case .leased(let pages, let left):
        all += pages
        if left == 0 { return all }
      case .error(let error): throw error
      default: throw LocalClientError(description: "LEASE was not answered by LEASED")
      }
    }
  }

  func read(_ handle: UInt32, _ offset: Int64, _ length: Int) throws -> [UInt8] {
    let number = try send(.read(ReadFrame(handle: handle, offset: offset, length: length)))
    let (frame, payload) = try answer(number)
    switch frame {
    case .data(let data): return Array(payload[data.range])
    case .error(let error): throw error
    default: throw LocalClientError(description: "READ was not answered by DATA")
    }
  }

  /// The worker has looked at everything that was sent before.
  func settle() throws { _ = try ask(.ping) }

  /// The bytes of a leased page.
  func bytes(of page: LeasedPage) throws -> [UInt8] {
    guard let map = maps[page.region], Int(page.offset) + Int(page.count) <= map.count else {
      throw LocalClientError(description: "no such memory")
    }
    return Array(map[Int(page.offset)..<Int(page.offset) + Int(page.count)])
  }

  /// Whether a page's lease is live.
  func isLive(_ page: LeasedPage) -> Bool { words?.isLive(page.mark) ?? false }
}
