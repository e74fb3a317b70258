// A block being written through a chain of data nodes.
//
//   us ─ packet: head, sums, data ─▶ node 1 ─▶ node 2 ─▶ node 3
//      ◀─ acknowledgement: number, a status per node ─
//
// Up to 64 packets are on their way. They are kept until the first acknowledgement: until then nothing is lost by starting
// again elsewhere; afterwards a failed pipeline fails the file.

import Ring

/// A pipeline to the data nodes of one block.
///
/// Ring-confined; one call at a time.
final class HDFSPipeline {
  /// Packets on their way.
  private static let windowMax = 64

  /// The block; its length grows.
  private(set) var block: HDFSBlock
  private let nodes: [HDFSNode]
  private let connection: DataNodeConnection
  private let checksum: HDFSChecksum
  private let ring: HDFSRing
  private var number: Int64 = 0
  private var acknowledged: Int64 = 0
  private var sent: [[UInt8]]? = []
  private var badIndex = 0

  /// Opens the pipeline of a new block.
  ///
  /// - Throws: What the connection or the first data node says.
  init(
    _ ring: HDFSRing, _ located: HDFSLocatedBlock, _ checksum: HDFSChecksum
  ) async throws(HDFSFailure) {
    guard let first = located.nodes.first else { throw .name("no data node takes a block") }
    self.ring = ring
    self.checksum = checksum
    (block, nodes) = (located.block, located.nodes)
    block.length = 0
    do throws(HDFSFailure) {
      connection = try await Self.open(ring, located, first, checksum)
    } catch {
      // Who was not named by the data nodes is the one we spoke to.
      if case .refused = error { throw error }
      ring.dataNodes.suspect(first)
      throw error
    }
  }

  private static func open(
    _ ring: HDFSRing, _ located: HDFSLocatedBlock, _ first: HDFSNode, _ checksum: HDFSChecksum
  ) async throws(HDFSFailure) -> DataNodeConnection {
    let connection = try await ring.dataNodes.connection(to: first, mayReuse: false)
    try await connection.send(
      HDFSBlockRequest.write(located, client: ring.cluster.clientName, checksum: checksum))
    let message = try await connection.receiveMessage()
    let answer: HDFSBlockAnswer
    do throws(HDFSWireError) { answer = try HDFSBlockAnswer(message) } catch { throw .wire(error) }
    guard answer.status == HDFSBlockAnswer.Status.success.rawValue, answer.firstBadNode.isEmpty
    else {
      let bad = located.nodes.first {
        isSameText("\($0.address):\($0.port)", answer.firstBadNode)
      }
      ring.dataNodes.suspect(bad ?? first)
      throw .refused(answer.status, "\(answer.message) \(answer.firstBadNode)")
    }
    return connection
  }

  /// Bytes in the block so far.
  var length: Int64 { block.length }

  /// The data of all packets while no data node took any of it; nil afterwards.
  var unacknowledged: [[UInt8]]? { sent }

  /// The data node to do without.
  var suspect: HDFSNode { nodes[min(badIndex, nodes.count - 1)] }

  /// Sends a packet; all but a block's last end with a whole chunk.
  func send(_ data: [UInt8]) async throws(HDFSFailure) {
    sent?.append(data)
    try await send(data, isLast: false)
    block.length += Int64(data.count)
    while number - acknowledged > Self.windowMax { try await takeAcknowledgement() }
  }

  /// Sends the empty last packet and waits until every data node has everything on disk.
  func finish() async throws(HDFSFailure) {
    try await send([], isLast: true)
    while acknowledged < number { try await takeAcknowledgement() }
  }

  /// Tells that we are still there.
  func beat() async throws(HDFSFailure) {
    let header = HDFSPacketHeader(offset: 0, number: -1, isLast: false, dataLength: 0)
    try await connection.send(header.bytes(sumsLength: 0))
  }

  private func send(_ data: [UInt8], isLast: Bool) async throws(HDFSFailure) {
    let sums = checksum.sumsLength(of: data.count)
    let header = HDFSPacketHeader(
      offset: block.length, number: number, isLast: isLast, dataLength: data.count,
      isSync: isLast
    ).bytes(sumsLength: sums)
    let packet = UnsafeMutableRawBufferPointer.allocate(
      byteCount: header.count + sums + data.count, alignment: 16)
    defer { unsafe packet.deallocate() }
    unsafe packet.copyBytes(from: header)
    let place = unsafe UnsafeMutableRawBufferPointer(rebasing: packet[(header.count + sums)...])
    unsafe place.copyBytes(from: data)
    unsafe checksum.fill(
      UnsafeMutableRawBufferPointer(rebasing: packet[header.count..<header.count + sums]),
      for: UnsafeRawBufferPointer(place))
    number += 1
    unsafe try await connection.send(UnsafeRawBufferPointer(packet))
  }

  private func takeAcknowledgement() async throws(HDFSFailure) {
    let message = try await connection.receiveMessage()
    let ack: HDFSPipelineAck
    do throws(HDFSWireError) { ack = try HDFSPipelineAck(message) } catch { throw .wire(error) }
    if let index = ack.firstFailure {
      badIndex = index
      ring.dataNodes.suspect(suspect)
      throw .refused(ack.statuses[index], "data node \(suspect.address):\(suspect.port)")
    }
    if ack.number == -1 { return }
    guard ack.number == acknowledged else { throw .wire(.sequence) }
    acknowledged += 1
    sent = nil
  }
}
