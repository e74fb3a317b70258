// A new file of HDFS on its way in.
//
//   append ─▶ packet (64 KiB) ─▶ pipeline of block 1 ─ full ─▶ pipeline of block 2 ─ … ─▶ complete ─▶ rename to its name
//
// The file has a reserved name until it is whole; every block's last packet asks the data nodes to make it durable. While it
// is open a task tells data nodes and name node now and then that somebody still writes.

package import Model
import Ring

/// A file being written.
package final class HDFSWriter: UFSWriter {
  /// How often data nodes are told that we are there; they wait a minute.
  static let beatTime = Duration.seconds(15)
  /// How often a block is tried anew, each time without the data nodes that failed.
  private static let attemptCountMax = 5
  /// How long the last block's replicas may take to be reported.
  private static let completeTime: UInt64 = 30_000_000_000

  private let fileSystem: HDFSUFS
  private let ring: HDFSRing
  private let path: String
  private let temporary: String
  private let mode: UFSCreation
  private let shape: HDFSDefaults
  private let file: UInt64
  private let checksum: HDFSChecksum
  private let packetSize: Int

  private var pipeline: HDFSPipeline?
  /// The right to have the pipeline open; rests while nothing is sent.
  private var pass: FlowPass?
  /// The last block that is whole.
  private var previous: HDFSBlock?
  private var packet: [UInt8] = []
  private var isOpen = true
  /// Whether the heartbeat uses the pipeline, and who waits for it.
  private let turn = HDFSTurn()

  /// A writer of the new file `temporary`, which takes the name `path` at its end.
  init(
    _ fileSystem: HDFSUFS, _ ring: HDFSRing, _ path: String, _ temporary: String,
    _ mode: UFSCreation, _ shape: HDFSDefaults, file: UInt64
  ) {
    self.fileSystem = fileSystem
    self.ring = ring
    self.path = path
    self.temporary = temporary
    self.mode = mode
    self.shape = shape
    self.file = file
    checksum = HDFSChecksum(kind: shape.checksum, chunkSize: shape.chunkSize)
    packetSize = max(1, min(shape.packetSize, 1 << 20) / shape.chunkSize) * shape.chunkSize
    beat()
  }

  deinit {
    guard isOpen else { return }
    Self.discard(ring, temporary)
  }

  package func append(_ bytes: UnsafeRawBufferPointer) async throws(UFSError) {
    precondition(isOpen, "a writer is used before its end")
    await turn.enter()
    defer { turn.leave() }
    var rest = unsafe bytes
    while rest.count > 0 {
      let room = Int(min(Int64(packetSize - packet.count), blockRoom - Int64(packet.count)))
      let count = min(room, rest.count)
      unsafe packet.append(contentsOf: rest[..<count])
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      if count == room { try await send() }
    }
  }

  package func commit() async throws(UFSError) -> FileStatus {
    precondition(isOpen, "a writer is used before its end")
    await turn.enter()
    defer { turn.leave() }
    if !packet.isEmpty { try await send() }
    try await endBlock()
    try await complete()
    let (target, mode) = (fileSystem.remotePath(path), mode)
    try await ask("ufs.commit") { ring throws(HDFSFailure) in
      try await ring.nameNodes.rename(temporary, target, replacing: mode == .replacing)
    }
    isOpen = false
    return try await fileSystem.status(of: path)
  }

  package func abort() async {
    guard isOpen else { return }
    isOpen = false
    pipeline = nil
    // What is left has a reserved name, and the name node ends its lease after an hour.
    _ = try? await ring.nameNodes.delete(temporary, recursive: false)
  }

  // MARK: Blocks

  /// Bytes that still fit the block that is being written, or the next one.
  private var blockRoom: Int64 { shape.blockSize - (pipeline?.length ?? 0) }

  /// Sends the packet, in a new block if need be, and ends the block when it is full.
  private func send() async throws(UFSError) {
    let bytes = packet
    packet.removeAll(keepingCapacity: true)
    try await takeSlots()
    defer { pass?.rest() }
    await pass?.pace(Int64(bytes.count))
    if pipeline == nil { pipeline = try await openBlock(resending: [], without: []) }
    try await attempt(isKept: true) { pipeline throws(HDFSFailure) in
      try await pipeline.send(bytes)
    }
    if blockRoom == 0 { try await endBlock() }
  }

  /// Waits for the turn of a block's pipeline, or goes on under the one it has.
  private func takeSlots() async throws(UFSError) {
    if pass != nil {
      pass?.wake()
    } else {
      pass = try await ring.cluster.gate.enter(
        .put, purpose: .demand, flow: FlowControl.flow(of: path))
    }
  }

  /// Ends the block that is being written.
  private func endBlock() async throws(UFSError) {
    guard pipeline != nil else { return }
    try await attempt(isKept: false) { pipeline throws(HDFSFailure) in
      try await pipeline.finish()
    }
    previous = pipeline?.block
    pipeline = nil
    pass.take()?.finish(.ok(bytes: 0))
  }

  /// Does `body` with the pipeline; one that failed before a data node took anything is replaced.
  ///
  /// What was sent is sent again; `body` is done again unless that is among it (`isKept`).
  private func attempt(
    isKept: Bool, _ body: (HDFSPipeline) async throws(HDFSFailure) -> Void
  ) async throws(UFSError) {
    var bad: [HDFSNode] = []
    while let pipeline {
      do throws(HDFSFailure) { return try await body(pipeline) } catch {
        guard let packets = pipeline.unacknowledged, bad.count < Self.attemptCountMax else {
          throw UFSError(
            .unavailable, operation: "ufs.append", path: fileSystem.ufsPath(of: path),
            cause: .hdfs(
              exception: "pipeline of \(pipeline.block) failed after bytes were taken: "
                + error.summary))
        }
        bad.append(pipeline.suspect)
        let block = pipeline.block
        self.pipeline = nil
        try await abandon(block)
        self.pipeline = try await openBlock(resending: packets, without: bad)
        if isKept { return }
      }
    }
  }

  /// Adds a block and opens its pipeline, past data nodes that cannot be reached.
  private func openBlock(
    resending packets: [[UInt8]], without nodes: [HDFSNode]
  ) async throws(UFSError) -> HDFSPipeline {
    var bad = nodes
    var last: HDFSFailure?
    for round in 0..<Self.attemptCountMax {
      let located = try await addBlock(without: bad, round: round, last)
      do throws(HDFSFailure) {
        let pipeline = try await HDFSPipeline(ring, located, checksum)
        for bytes in packets { try await pipeline.send(bytes) }
        return pipeline
      } catch {
        last = error
        if let node = ring.dataNodes.lastSuspect, located.nodes.contains(node) { bad.append(node) }
        try await abandon(located.block)
      }
    }
    throw UFSError(
      last ?? .timeout, operation: "ufs.append", path: fileSystem.ufsPath(of: path))
  }

  /// Asks for a block until the one before it is reported by enough data nodes.
  private func addBlock(
    without nodes: [HDFSNode], round: Int, _ last: HDFSFailure?
  ) async throws(UFSError) -> HDFSLocatedBlock {
    let deadline = ring.now &+ Self.completeTime
    var pause = Duration.milliseconds(2)
    while true {
      do throws(HDFSFailure) {
        let located = try await ring.nameNodes.addBlock(
          temporary, client: ring.cluster.clientName, previous: previous, file: file,
          without: nodes)
        guard !located.nodes.isEmpty else { throw HDFSFailure.name("no data node takes a block") }
        return located
      } catch {
        guard case .exception(let exception) = error,
          exception.shortName == "NotReplicatedYetException", ring.now < deadline
        else {
          // That no node is left because all failed says less than how they failed.
          throw UFSError(
            round > 0 ? last ?? error : error, operation: "ufs.append",
            path: fileSystem.ufsPath(of: path))
        }
        await ring.reactor.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(400))
      }
    }
  }

  private func abandon(_ block: HDFSBlock) async throws(UFSError) {
    try await ask("ufs.append") { ring throws(HDFSFailure) in
      try await ring.nameNodes.abandonBlock(
        block, temporary, client: ring.cluster.clientName, file: file)
    }
  }

  /// Ends the file, once enough data nodes have told the name node of its last block.
  private func complete() async throws(UFSError) {
    let deadline = ring.now &+ Self.completeTime
    var pause = Duration.milliseconds(1)
    while true {
      let isComplete = try await ask("ufs.commit") { ring throws(HDFSFailure) in
        try await ring.nameNodes.complete(
          temporary, client: ring.cluster.clientName, last: previous, file: file)
      }
      if isComplete { return }
      guard ring.now < deadline else {
        throw UFSError(.timeout, operation: "ufs.commit", path: fileSystem.ufsPath(of: path))
      }
      await ring.reactor.sleep(for: pause)
      pause = min(pause * 2, .milliseconds(400))
    }
  }

  private func ask<T>(
    _ operation: StaticString, _ body: (HDFSRing) async throws(HDFSFailure) -> T
  ) async throws(UFSError) -> T {
    do throws(HDFSFailure) { return try await body(ring) } catch {
      throw UFSError(error, operation: operation, path: fileSystem.ufsPath(of: path))
    }
  }

  // MARK: Signs of life

  /// Starts the task that keeps pipeline and lease alive for as long as the writer is open.
  private func beat() {
    let (ring, turn) = (ring, turn)
    let writer = HDFSWeakWriter(self)
    ring.reactor.spawn {
      while await ring.reactor.sleep(for: HDFSWriter.beatTime), let open = writer.value, open.isOpen
      {
        await turn.enter()
        await open.beatOnce()
        turn.leave()
      }
    }
  }

  private func beatOnce() async {
    guard isOpen else { return }
    // Who writes next learns of what fails here.
    try? await pipeline?.beat()
    try? await ring.nameNodes.renewLease(client: ring.cluster.clientName)
  }

  private static func discard(_ ring: HDFSRing, _ path: String) {
    ring.reactor.spawn { _ = try? await ring.nameNodes.delete(path, recursive: false) }
  }
}

/// A writer, unless it is gone.
// SAFETY: confined to the reactor's thread.
@safe private final class HDFSWeakWriter: @unchecked Sendable {
  weak var value: HDFSWriter?

  init(_ value: HDFSWriter) { self.value = value }
}
