// An open file: one version, read in whichever way is there.

import Glibc
import LocalWire
import Synchronization

/// A file at the version that was opened.
///
/// Any thread may read; each read says which way its bytes came.
public final class ClientFile: Sendable {
  /// The path that was opened.
  public let path: String
  /// What it was when it was opened.
  public let status: ClientStatus
  let client: Client
  private let way: Mutex<FileWay>
  /// What reads without a lock, while the way is the short circuit.
  private let fast: Mutex<LeasedReader?>
  /// The path in the under file system, as far as any way has said it.
  private let ufsPath: Mutex<String>
  private let isClosed = Atomic<Bool>(false)
  private let position = Mutex(0)

  init(_ client: Client, path: String, _ status: ClientStatus, _ way: FileWay) {
    self.client = client
    self.path = path
    self.status = status
    self.way = Mutex(way)
    if case .local(let file) = way { fast = Mutex(file.reader) } else { fast = Mutex(nil) }
    length = Int(clamping: status.length)
    ufsPath = Mutex(status.ufsPath)
  }

  deinit { close() }

  /// Bytes of the file.
  public let length: Int

  /// Whether the worker said that another version is there now; what was opened can still be read as long as it is cached.
  public var isStale: Bool {
    if case .local(let file) = way.withLock({ $0 }) { file.isStale } else { false }
  }

  /// The way of the next read, as far as is known.
  public var pathOfReads: ReadPath {
    switch way.withLock({ $0 }) {
    case .local: .shared
    case .network, .directory: .network
    case .ufs: .ufs
    }
  }

  /// Gives the file's leases back; views stay as they are.
  public func close() {
    guard !isClosed.exchange(true, ordering: .relaxed) else { return }
    if case .local(let file) = way.withLock({ $0 }) { file.close() }
  }

  /// Reads at `offset` into `target`, as much as the file has there.
  ///
  /// - Throws: `changed` when this version is no longer to be had, and what is wrong with all ways.
  public func read(
    into target: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(ClientError) -> ReadOutcome {
    let count = try count(target.count, at: offset)
    guard count > 0, let base = target.baseAddress else {
      return ReadOutcome(count: 0, path: pathOfReads)
    }
    // What is leased is copied at once. The file is asked for each time: one of a worker that is gone must not be kept.
    if client.isReady, let reader = leasing,
      unsafe reader.copy(to: base, count: count, at: offset)
    {
      client.counters.addCopied(count)
      return ReadOutcome(count: count, path: .shared)
    }
    return unsafe try readSlowly(into: base, count, at: offset)
  }

  /// What reads without a lock, if the short circuit is the way now.
  @inline(__always)
  var leasing: LeasedReader? { fast.withLock { $0 } }

  /// As `read`, of `count` bytes that the file has, in whichever way is there.
  private func readSlowly(
    into base: UnsafeMutableRawPointer, _ count: Int, at offset: Int
  ) throws(ClientError) -> ReadOutcome {
    // SAFETY: `count` is at most the target's.
    let part = unsafe UnsafeMutableRawBufferPointer(start: base, count: count)
    let path = try onWay { (way) throws(ClientError) in
      switch way {
      case .local(let file):
        let copied = try unsafe file.copy(to: base, count: count, at: offset)
        if copied.shared > 0 { client.counters.add(copied.shared, by: .shared) }
        if copied.domain > 0 { client.counters.add(copied.domain, by: .domain) }
        return copied.domain > 0 ? ReadPath.domain : .shared
      case .network:
        unsafe try readNetwork(into: unsafe part, at: offset)
        client.counters.add(count, by: .network)
        return .network
      case .ufs(let file):
        unsafe try file.read(into: unsafe part, at: offset)
        client.counters.add(count, by: .ufs)
        return .ufs
      case .directory: throw ClientError(.isDirectory, self.path, "is a directory")
      }
    }
    client.counters.addReturned(count)
    return ReadOutcome(count: count, path: path)
  }

  private func readNetwork(
    into target: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(ClientError) {
    let known = ufsPath.withLock { $0 }
    let ufsPath = known.isEmpty ? path : known
    try client.onNetwork(ufsPath) { (worker) throws(ClientError) in
      try unsafe worker.read(
        into: target, of: ufsPath, at: offset, entityTag: status.entityTag)
    }
  }

  /// Bytes of a read of `wanted` at `offset`.
  func count(_ wanted: Int, at offset: Int) throws(ClientError) -> Int {
    guard !isClosed.load(ordering: .relaxed) else {
      throw ClientError(.closed, path, "was closed")
    }
    guard offset >= 0, wanted >= 0 else {
      throw ClientError(.invalid, path, "an offset or length below 0")
    }
    return offset < length ? min(wanted, length - offset) : 0
  }

  /// Runs `body` on the file's way; takes another when that one is at its end.
  func onWay<T>(_ body: (FileWay) throws(ClientError) -> T) throws(ClientError) -> T {
    let deadline = Patience.deadline(in: client.options.retryBudget)
    return try Patience.until(deadline) { () throws(ClientError) in
      try onWay(until: deadline, body)
    }
  }

  private func onWay<T>(
    until deadline: UInt64, _ body: (FileWay) throws(ClientError) -> T
  ) throws(ClientError) -> T {
    var present = way.withLock { $0 }
    var pause = RetryPause(client.options, until: deadline)
    var earlier: ClientError?
    while true {
      do throws(ClientError) {
        try client.check()
        return try body(present)
      } catch {
        guard error.isOfTheWay else { throw error }
        if earlier != nil || !isLost(present) {
          guard pause.wait(after: error) else {
            throw Patience.reason(error, after: earlier, until: deadline)
          }
          client.counters.addRetry()
        }
        earlier = error
        if isLost(present) { present = try reopen(after: error, until: deadline) }
      }
    }
  }

  /// Whether only another way can help.
  private func isLost(_ way: FileWay) -> Bool {
    switch way {
    case .local(let file): !file.connection.isUsable
    case .network: true
    case .ufs, .directory: false
    }
  }

  /// Another way, as `failure` was the end of the last one.
  private func reopen(
    after failure: ClientError, until deadline: UInt64
  ) throws(ClientError) -> FileWay {
    let (now, found): (ClientStatus, FileWay)
    do throws(ClientError) {
      (now, found) = try client.open(path, withStatus: status)
    } catch {
      throw Patience.reason(error, after: failure, until: deadline)
    }
    if !now.ufsPath.isEmpty { ufsPath.withLock { $0 = now.ufsPath } }
    let old = way.withLock { way -> FileWay in
      let old = way
      way = found
      // With the way's lock held: of two that reopen at once, both leave the same file behind.
      fast.withLock { reader in
        if case .local(let file) = found { reader = file.reader } else { reader = nil }
      }
      return old
    }
    if case .local(let file) = old { file.close() }
    return found
  }

  /// Reads on from where the last `read(into:)` ended.
  public func read(into target: UnsafeMutableRawBufferPointer) throws(ClientError) -> ReadOutcome {
    // The position moves before the bytes are there, so that two threads never read the same ones.
    let (start, wanted) = position.withLock { position in
      let start = position
      let wanted = min(target.count, max(0, length - start))
      position = start + wanted
      return (start, wanted)
    }
    do throws(ClientError) {
      return unsafe try read(
        into: unsafe UnsafeMutableRawBufferPointer(rebasing: target[..<wanted]), at: start)
    } catch {
      position.withLock { $0 = start }
      throw error
    }
  }

  /// Places the next `read(into:)`.
  public func seek(to offset: Int) throws(ClientError) {
    guard offset >= 0 else { throw ClientError(.invalid, path, "an offset below 0") }
    position.withLock { $0 = offset }
  }
}
