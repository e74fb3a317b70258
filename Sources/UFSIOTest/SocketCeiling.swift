// What the origin gives: the same objects asked for with one plain GET each and received into one buffer per stream, with
// nothing but the ring between them and the socket.

import Glibc
import HTTPWire
import Ring
import UFS

/// Raw receives from the endpoint of an `http://` or plain `s3://` path; from S3 signed as the mount signs.
struct SocketCeiling {
  /// What reports call it.
  static let name = "raw socket"

  /// What is asked of whom.
  private struct Question: Sendable {
    let host: String
    let port: UInt16
    /// The target, for messages.
    let target: String
    /// The request's head, whole.
    let head: String
  }

  private let plan: UFSIOTestPlan
  private let ground: TestGround
  private let stop: StopFlag

  /// A ceiling for the objects of `plan`.
  init(_ plan: UFSIOTestPlan, _ ground: TestGround, _ stop: StopFlag) {
    self.plan = plan
    self.ground = ground
    self.stop = stop
  }

  /// Receives the objects of the test.
  func read() -> ContestSample {
    let (plan, stop, mount) = (self.plan, self.stop, ground.mount)
    let start = ResourceUse.now()
    let problems = ground.streams(plan.streamCount) { index in
      await Self.receive(plan, mount, plan.file(index), stop)
    }
    let sample = ContestSample(bytes: plan.totalSize, ResourceUse.now().since(start))
    return problems.compactMap { $0 }.first.map { ContestSample(problem: $0) } ?? sample
  }

  /// The question for a file, or why there is none.
  private static func question(_ mount: Mount, _ file: String) async -> Result<Question, Problem> {
    if let store = mount.ufs as? S3UFS {
      do throws(UFSError) {
        let signed = try await store.signedGet(file)
        guard !signed.origin.isSecure else {
          return .failure(Problem("a raw socket speaks no TLS"))
        }
        let lines = signed.fields.map { "\($0.name): \($0.value)\r\n" }.joined()
        return .success(
          Question(
            host: signed.origin.host, port: signed.origin.port, target: signed.target,
            head: "GET \(signed.target) HTTP/1.1\r\n\(lines)Connection: close\r\n\r\n"))
      } catch { return .failure(Problem("\(error)")) }
    }
    guard mount.uri.scheme == "http",
      let origin = HTTPOrigin(isSecure: false, authority: mount.uri.authority)
    else { return .failure(Problem("a raw socket needs http://, or s3:// without TLS")) }
    let root = mount.uri.path.isEmpty ? "" : "/\(mount.uri.path)"
    let target = "\(root)/\(file)"
    return .success(
      Question(
        host: origin.host, port: origin.port, target: target,
        head: "GET \(target) HTTP/1.1\r\nHost: \(origin.authority)\r\nConnection: close\r\n\r\n"))
  }

  /// Why there is no figure.
  private struct Problem: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  private static func address(_ host: String, _ port: UInt16) -> SocketAddress? {
    let literal = SocketAddress.ip(host, port: port)
    if literal.isValid { return literal }
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_INET
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, nil, &hints, &list) == 0, let first = unsafe list else {
      return nil
    }
    defer { unsafe freeaddrinfo(first) }
    var text = [CChar](repeating: 0, count: 64)
    guard
      unsafe getnameinfo(
        first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
        NI_NUMERICHOST) == 0
    else { return nil }
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return .ip(String(decoding: bytes, as: UTF8.self), port: port)
  }

  /// Receives one object; returns why it could not.
  private static func receive(
    _ plan: UFSIOTestPlan, _ mount: Mount, _ file: String, _ stop: StopFlag
  ) async -> String? {
    guard let reactor = Reactor.current else { return "no ring" }
    let question: Question
    switch await Self.question(mount, file) {
    case .success(let found): question = found
    case .failure(let problem): return problem.text
    }
    guard let address = address(question.host, question.port) else {
      return "\(question.host) has no address"
    }
    let fd = await reactor.connect(to: address, within: .seconds(10))
    guard fd >= 0 else { return "connect \(address): \(errnoText(-fd))" }
    defer { close(fd) }
    let request = Array(question.head.utf8)
    let buffer = AlignedBuffer(max(plan.bufferSize, 65536))
    unsafe request.withUnsafeBytes { unsafe buffer.bytes.copyMemory(from: $0) }
    let sent = await unsafe reactor.send(
      fd, UnsafeRawBufferPointer(rebasing: buffer.bytes[..<request.count]))
    guard sent == request.count else { return "send: \(errnoText(-sent))" }
    // The head and the first bytes of the body, then the body alone.
    var held = 0
    while true {
      let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[held...])
      let count = await unsafe reactor.receive(fd, into: room)
      guard count > 0 else { return "recv: \(count == 0 ? "closed" : errnoText(-count))" }
      held += Int(count)
      let text = unsafe String(decoding: buffer.bytes[..<held], as: UTF8.self)
      if !text.hasPrefix("HTTP/1.1 200") {
        return "\(question.target): \(text.prefix { $0 != "\r" })"
      }
      if let end = unsafe headEnd(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<held])) {
        held -= end
        break
      }
    }
    var rest = plan.size - Int64(held)
    while rest > 0, stop.reason == nil {
      let size = Int(min(Int64(plan.bufferSize), rest))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<size])
      let count = await unsafe reactor.receive(fd, into: part, waitAll: true)
      guard count > 0 else { return "recv: \(count == 0 ? "closed early" : errnoText(-count))" }
      rest -= Int64(count)
    }
    return stop.reason == nil ? nil : "stopped"
  }

  /// The number of bytes up to and with the empty line.
  private static func headEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= 4 else { return nil }
    let end: [UInt8] = [13, 10, 13, 10]
    return (0...(bytes.count - 4)).first { start in
      (0..<4).allSatisfy { unsafe bytes[start + $0] == end[$0] }
    }.map { $0 + 4 }
  }
}
