import LocalWire
import Model
import Testing

/// One frame of each type of a client, with the fields at values that tell them apart.
private let clientFrames: [ClientFrame] = [
  .hello(
    HelloFrame(
      versions: 1...3, leases: 64, window: 16 << 20,
      worker: WorkerIdentity(high: 0x0102_0304_0506_0708, low: 9), cluster: "kälte")),
  .hello(HelloFrame(leases: 0, window: 0)),
  .open(OpenFrame("/a/ü", kind: .alluxio)),
  .open(OpenFrame("s3://b/k", kind: .ufs, isStatusOnly: true)),
  .open(OpenFrame("/b", kind: .alluxio, isLeasing: true)),
  .close(handle: 7),
  .lease(LeaseFrame(handle: 3, ranges: [0..<1000, 5000..<5024], isCachedOnly: true)),
  .lease(LeaseFrame(handle: 3, ranges: [UInt32.max - 1..<UInt32.max], isIntoWindow: true)),
  .release([LeaseMark(slot: 1, generation: 2), LeaseMark(slot: .max, generation: .max)]),
  .renew([]),
  .read(ReadFrame(handle: 1, offset: .max, length: 4 << 20)),
  .cancel(request: 99),
  .ping,
]

/// As above for a worker, but DATA, whose bytes are not in the frame's value.
private let workerFrames: [WorkerFrame] = [
  .welcome(
    WelcomeFrame(
      version: 1, mode: .copy, pageSize: 1 << 20, leases: 1024, term: 30_000, holdMax: 600_000,
      requests: 32, window: 16 << 20, worker: WorkerIdentity(high: 1, low: 2), cluster: "c")),
  .opened(
    OpenedFrame(
      handle: 1, isDirectory: false, length: 5 << 30, modifiedAt: -1,
      key: FileKey(high: 3, low: 4), pageSize: 65536, entityTag: "\"abc\"")),
  .leased([
    LeasedPage(
      page: 4, mark: LeaseMark(slot: 5, generation: 6), region: 1, source: .filled,
      offset: 4096, count: 100),
    LeasedPage(page: 5, failure: .noRoom, source: .disk),
  ]),
  .leased([LeasedPage(page: 0, failure: .notCached)], left: 1023),
  .opened(
    OpenedFrame(
      handle: 2, isDirectory: false, length: 1, modifiedAt: 0, key: FileKey(high: 3, low: 4),
      pageSize: 65536, entityTag: "", isLeaseBehind: true)),
  .renewed(held: 3, term: 30_000),
  .pong,
  .region(RegionFrame(region: 1, node: -1, size: 1 << 30)),
  .revoked(RevokedFrame(.memory, [LeaseMark(slot: 1, generation: 1)])),
  .wanted(grace: 1000, [LeaseMark(slot: 1, generation: 1), LeaseMark(slot: 2, generation: 1)]),
  .invalidated(InvalidatedFrame(handle: 9, reason: .gone)),
  .goAway(reason: 1, left: 500),
  .error(ErrorFrame(.notFound, "no such file", retryAfter: 250)),
]

private func bytes(of frame: ClientFrame, _ request: UInt64 = 1) -> [UInt8] {
  var writer = FrameWriter()
  frame.write(request, to: &writer)
  return writer.bytes
}

private func bytes(of frame: WorkerFrame) -> [UInt8] {
  var writer = FrameWriter()
  let isPush = frame.kind.isPush
  frame.write(isPush ? 0 : 1, to: &writer)
  return writer.bytes
}

private func buffer(_ bytes: [UInt8]) -> FrameBuffer {
  var buffer = FrameBuffer()
  bytes.withUnsafeBytes { buffer.append($0) }
  return buffer
}

@Suite("Frames of the short-circuit protocol")
struct FrameTests {
  @Test("what a client writes is what a worker reads, byte by byte", arguments: clientFrames)
  func clientRoundTrip(frame: ClientFrame) throws {
    var input = FrameBuffer()
    let all = bytes(of: frame, 77)
    for (place, byte) in all.enumerated() {
      #expect(try input.nextFromClient() == nil, "\(place) bytes are no frame")
      [byte].withUnsafeBytes { input.append($0) }
    }
    let (head, read) = try #require(try input.nextFromClient())
    #expect(head.request == 77 && head.type == frame.kind.rawValue)
    #expect(read == frame)
    #expect(input.count == 0)
  }

  @Test("what a worker writes is what a client reads", arguments: workerFrames)
  func workerRoundTrip(frame: WorkerFrame) throws {
    var input = buffer(bytes(of: frame))
    let (_, read) = try #require(try input.nextFromWorker())
    #expect(read == frame)
  }

  @Test("the bytes of DATA are found behind its head")
  func data() throws {
    var writer = FrameWriter()
    WorkerFrame.data(DataFrame(offset: 10, count: 3, source: .disk)).write(5, to: &writer)
    var input = buffer(writer.bytes + [1, 2])
    #expect(try input.nextFromWorker() == nil)
    [UInt8(3)].withUnsafeBytes { input.append($0) }
    let (head, frame) = try #require(try input.nextFromWorker())
    guard case .data(let data) = frame else { return #expect(Bool(false), "it is DATA") }
    #expect(data == DataFrame(offset: 10, count: 3, source: .disk))
    #expect(input.withLastPayload(of: head) { Array($0[data.range]) } == [1, 2, 3])
  }

  @Test("a frame cut short or made longer is told, never read", arguments: clientFrames)
  func wrongLengths(frame: ClientFrame) {
    let all = bytes(of: frame)
    for length in 0..<(all.count - 16) {
      var cut = Array(all[..<(16 + length)])
      (cut[0], cut[1], cut[2]) = (UInt8(length & 255), UInt8(length >> 8), 0)
      #expect(throws: LocalWireError.self) {
        var input = buffer(cut)
        _ = try input.nextFromClient()
      }
    }
    var long = all + [0]
    let length = long.count - 16
    (long[0], long[1], long[2]) = (UInt8(length & 255), UInt8(length >> 8), 0)
    #expect(throws: LocalWireError.self) {
      var input = buffer(long)
      _ = try input.nextFromClient()
    }
  }

  @Test("a worker's frame cut short is told, never read", arguments: workerFrames)
  func wrongWorkerLengths(frame: WorkerFrame) {
    let all = bytes(of: frame)
    for length in 0..<(all.count - 16) {
      var cut = Array(all[..<(16 + length)])
      (cut[0], cut[1]) = (UInt8(length & 255), UInt8(length >> 8))
      #expect(throws: LocalWireError.self) {
        var input = buffer(cut)
        _ = try input.nextFromWorker()
      }
    }
  }

  @Test("what can never be a frame is refused at its head, before its payload is waited for")
  func heads() {
    func head(_ length: UInt32, _ type: UInt16, _ zero: UInt16, _ request: UInt64) -> [UInt8] {
      var writer = FrameWriter()
      writer.word32(length)
      writer.word16(type)
      writer.word16(zero)
      writer.word64(request)
      return writer.bytes
    }
    func client(_ bytes: [UInt8]) -> LocalWireError? {
      do throws(LocalWireError) { _ = try buffer(bytes).headFromClient() } catch { return error }
      return nil
    }
    #expect(client(head(65_536, 2, 0, 1)) == nil)
    #expect(client(head(65_537, 2, 0, 1)) == LocalWireError(.tooLong, "length"))
    #expect(client(head(.max, 2, 0, 1)) == LocalWireError(.tooLong, "length"))
    #expect(client(head(0, 0, 0, 1)) == LocalWireError(.unknownType, "type"))
    #expect(client(head(0, 0x81, 0, 1)) == LocalWireError(.unknownType, "type"))
    #expect(client(head(0, 9, 1, 1)) == LocalWireError(.reserved, "reserved"))
    #expect(client(head(0, 9, 0, 0)) == LocalWireError(.value, "request"))
  }

  @Test("numbers out of their range are told by the field's name")
  func values() {
    func error(_ frame: ClientFrame, _ change: (inout [UInt8]) -> Void) -> LocalWireError? {
      var all = bytes(of: frame)
      change(&all)
      var input = buffer(all)
      do throws(LocalWireError) { _ = try input.nextFromClient() } catch { return error }
      return nil
    }
    let hello = ClientFrame.hello(HelloFrame(leases: 1, window: 0))
    #expect(error(hello) { $0[16] = 0 } == LocalWireError(.magic, "magic"))
    #expect(error(hello) { $0[24] = 9 } == LocalWireError(.value, "highest version"))
    let open = ClientFrame.open(OpenFrame("/a", kind: .ufs))
    #expect(error(open) { $0[16] = 2 } == LocalWireError(.value, "kind"))
    #expect(error(open) { $0[20] = 4 } == LocalWireError(.reserved, "flags"))
    #expect(error(open) { $0[19] = 0x21 } == LocalWireError(.tooLong, "length of path"))
    #expect(error(open) { $0[24] = 0xFF } == LocalWireError(.text, "path"))
    let lease = ClientFrame.lease(LeaseFrame(handle: 1, ranges: [0..<4]))
    #expect(error(lease) { $0[32] = 0 } == LocalWireError(.value, "count"))
    #expect(error(lease) { $0[33] = 4 } == LocalWireError(.tooMany, "count"))
    #expect(
      error(lease) { $0.replaceSubrange(28..<32, with: [255, 255, 255, 255]) }
        == LocalWireError(.value, "count"))
    #expect(error(lease) { $0[24] = 2 } == LocalWireError(.length, "number of ranges"))
    let read = ClientFrame.read(ReadFrame(handle: 1, offset: 0, length: 1))
    #expect(error(read) { $0[20] = 0 } == LocalWireError(.value, "length"))
    #expect(error(read) { $0[31] = 0x80 } == LocalWireError(.value, "offset"))
    let release = ClientFrame.release([LeaseMark(slot: 0, generation: 1)])
    #expect(error(release) { $0[16] = 2 } == LocalWireError(.length, "number"))
    #expect(error(release) { $0[19] = 1 } == LocalWireError(.tooMany, "number"))
  }

  @Test("a page without a lease says nothing else")
  func leasedPages() {
    let page = WorkerFrame.leased([LeasedPage(page: 1, failure: .noSlot)])
    var all = bytes(of: page)
    all[16 + 8 + 16] = 64
    var input = buffer(all)
    #expect(throws: LocalWireError(.reserved, "code")) { _ = try input.nextFromWorker() }
    let leased = WorkerFrame.leased([
      LeasedPage(
        page: 1, mark: LeaseMark(slot: 0, generation: 1), region: 0, source: .disk, offset: 64,
        count: 1)
    ])
    var wrong = bytes(of: leased)
    wrong[16 + 8 + 16] = 65
    var other = buffer(wrong)
    #expect(throws: LocalWireError(.value, "offset")) { _ = try other.nextFromWorker() }
  }

  @Test("codes and their words are those of the format's document")
  func codes() {
    let words = LocalCode.allCases.map(\.word)
    #expect(
      words == [
        "protocol", "denied", "mismatch", "tooMany", "notFound", "changed", "unavailable",
        "refused", "invalid", "noSlot", "noRoom", "notCached", "cancelled", "stopping", "internal",
      ])
    #expect(LocalCode.allCases.map(\.rawValue) == Array(1...15))
  }

  @Test("a message for people is cut at a character")
  func messages() {
    let frame = ErrorFrame(.other, String(repeating: "ü", count: 4000))
    #expect(frame.message.utf8.count == 4096)
    #expect(
      ErrorFrame(.other, "x" + String(repeating: "ü", count: 4000)).message.utf8.count == 4095)
  }

  @Test("what is wrong with a frame is told in words, not by the names of the program's parts")
  func words() throws {
    let value = LocalWireError(.value, "source").description
    #expect(value == "a frame's field 'source' has a value that it cannot have")
    for code in [
      LocalWireError.Code.length, .tooLong, .unknownType, .reserved, .value, .tooMany, .text,
      .magic,
    ] {
      let text = LocalWireError(code, "source").description
      #expect(!text.contains("localWire") && !text.contains("\(code.rawValue)"), "\(text)")
    }
  }
}
