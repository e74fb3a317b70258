// One connection to a data node, with the memory that its transfers need beside their data.

import CLinux
import Glibc
import Ring

/// A connection to a data node; closed with its last reference.
///
/// Ring-confined.
final class DataNodeConnection {
  let address: SocketAddress
  /// When it was kept for the next use.
  var keptSince: UInt64 = 0
  /// Whether it served something before: the data node may have closed it since.
  var isReused = false
  /// Heads and sums of packets, and data that is not wanted yet or at all.
  let scratch = HDFSScratch()

  /// How long the node may say nothing.
  var stallTime: Duration

  private let descriptor: Int32
  private let reactor: Reactor

  /// Connects; `patience` bounds that and every silence of the node.
  ///
  /// - Throws: `.connection`, `.timeout`.
  init(
    _ address: SocketAddress, _ reactor: Reactor, _ options: HDFSOptions,
    patience: Duration = .seconds(1 << 40)
  ) async throws(HDFSFailure) {
    self.address = address
    self.reactor = reactor
    stallTime = min(options.stallTime, patience)
    descriptor = await reactor.connect(
      to: address,
      within: UFSDeadline.left(of: min(options.connectTime, patience), now: reactor.now))
    guard descriptor >= 0 else { throw HDFSFailure(result: descriptor, isSent: false) }
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// Whether the other end neither closed it nor said anything.
  var isQuiet: Bool {
    var byte: UInt8 = 0
    let count = unsafe recv(
      descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
  }

  /// Longest wait for one transfer.
  private var patience: Duration { UFSDeadline.left(of: stallTime, now: reactor.now) }

  /// Sends all of `bytes`.
  func send(_ bytes: [UInt8]) async throws(HDFSFailure) {
    let sent = await reactor.send(descriptor, bytes, within: patience)
    guard sent == bytes.count else { throw HDFSFailure(result: min(sent, 0)) }
  }

  /// Sends all of `bytes`, which stay put until this returns.
  func send(_ bytes: UnsafeRawBufferPointer) async throws(HDFSFailure) {
    let sent = unsafe await reactor.send(descriptor, bytes, within: patience)
    guard sent == bytes.count else { throw HDFSFailure(result: min(sent, 0)) }
  }

  /// Fills `buffer`; given up, and of no use any more, when the task is cancelled.
  func receive(into buffer: UnsafeMutableRawBufferPointer) async throws(HDFSFailure) {
    guard buffer.count > 0 else { return }
    let count = await endingWithTask {
      unsafe await reactor.receive(descriptor, into: buffer, waitAll: true, within: patience)
    }
    guard count == buffer.count else { throw HDFSFailure(result: min(count, 0)) }
  }

  /// Runs a receive, which ends early when the task is cancelled.
  private func endingWithTask(_ body: () async -> Int32) async -> Int32 {
    let (reactor, wait) = (reactor, Wait(descriptor))
    let count = await withTaskCancellationHandler {
      await body()
    } onCancel: {
      reactor.spawn { wait.cut() }
    }
    wait.descriptor = nil
    return count
  }

  /// A receive in flight.
  // SAFETY: confined to the reactor's thread.
  private final class Wait: @unchecked Sendable {
    /// What it waits on; nil once it is over, when the number may be another connection's.
    var descriptor: Int32?

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Ends it.
    func cut() {
      if let descriptor { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
  }

  /// Fills the pieces that `scratch` was given, one after the other.
  func receivePieces() async throws(HDFSFailure) {
    let count = await endingWithTask {
      unsafe await reactor.receive(descriptor, scratch.message, waitAll: true, within: patience)
    }
    guard count == scratch.pieceBytes else { throw HDFSFailure(result: min(count, 0)) }
  }

  /// Receives a message with its length before it.
  func receiveMessage() async throws(HDFSFailure) -> ProtobufReader {
    // The shortest message has three bytes with its length; the longest length has three bytes, too.
    let start = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch.heads[..<3])
    unsafe try await receive(into: start)
    var bytes = unsafe Array(start)
    var length = 0
    var lengthSize = 0
    repeat {
      guard lengthSize < 3 else { throw .wire(.length) }
      length |= Int(bytes[lengthSize] & 0x7F) << (7 * lengthSize)
      lengthSize += 1
    } while bytes[lengthSize - 1] >= 0x80
    let missing = length + lengthSize - 3
    guard missing >= 0, unsafe missing <= scratch.heads.count else { throw .wire(.length) }
    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch.heads[..<missing])
    unsafe try await receive(into: rest)
    unsafe bytes.append(contentsOf: rest)
    return ProtobufReader(bytes, from: lengthSize)
  }
}
