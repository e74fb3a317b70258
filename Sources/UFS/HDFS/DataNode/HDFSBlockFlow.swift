// One streaming read of one block: packets received straight into the memory of those who read.
//
//   wire      head sums data │ head sums data │ head sums data │ … │ empty last packet        ◀─ data node
//   memory          buffer ◀─┘       buffer ◀─┘       buffer ◀─┘
//
// One receive takes as many whole packets as the buffer has room for, each one's sums and head into scratch memory and its
// data to its place, and the head that follows. The first packet says how large packets are; one of another size is told by
// its head afterwards and ends the flow (`.unevenPackets`), which is then read again packet by packet. Only full packets are
// counted on, and a head always follows data, so that no receive waits for bytes that nobody sends.
//
// Every byte handed out has been checked against its chunk's sum.

import Glibc
import Ring

/// A read of a range of a block, from its start to its end.
///
/// Ring-confined; one call at a time.
final class HDFSBlockFlow {
  /// The data node it reads from.
  let node: HDFSNode
  /// Offset in the block of the next byte handed out.
  private(set) var position: Int64
  /// Offset in the block where it ends.
  let end: Int64

  private let ring: HDFSRing
  private let connection: DataNodeConnection
  private let checksum: HDFSChecksum
  /// Whether several packets may be taken at one go.
  private let takesMany: Bool
  /// Offset in the block of the next byte of data to be received.
  private var wire: Int64
  private var number: Int64 = 0
  /// Data of a full packet, once known.
  private var packetSize: Int?
  /// Bytes of the next packet's lengths and head that are in `head`.
  private var head = [UInt8](repeating: 0, count: 0)
  /// Data received and not handed out: in the spill memory.
  private var spilled: Range<Int> = 0..<0
  /// The right to have it in flight.
  private var pass: FlowPass?
  /// Whether the connection can serve another read.
  private var isClean = false

  /// Asks `node` for `range` of the block; `patience` bounds its silences.
  ///
  /// - Throws: `.refused`, and what the connection says.
  init(
    _ ring: HDFSRing, _ located: HDFSLocatedBlock, _ node: HDFSNode, _ range: Range<Int64>,
    takesMany: Bool, patience: Duration
  ) async throws(HDFSFailure) {
    self.ring = ring
    self.node = node
    self.takesMany = takesMany
    (position, end) = (range.lowerBound, range.upperBound)
    let request = HDFSBlockRequest.read(
      located.block, token: located.token, client: ring.cluster.clientName, range: range)
    let answer: HDFSBlockAnswer
    (connection, answer) = try await Self.ask(ring, node, request, patience)
    guard answer.status == HDFSBlockAnswer.Status.success.rawValue else {
      throw .refused(answer.status, answer.message)
    }
    guard let checksum = answer.checksum else { throw .wire(.missing("readOpChecksumInfo")) }
    // The first packet begins at the chunk that the range begins in.
    guard answer.start >= 0, answer.start <= range.lowerBound,
      range.lowerBound - answer.start < Int64(checksum.chunkSize),
      answer.start % Int64(checksum.chunkSize) == 0
    else { throw .wire(.sequence) }
    self.checksum = checksum
    wire = answer.start
  }

  deinit { pass.take()?.finish(.ok(bytes: 0)) }

  // MARK: Flow control

  /// It is in flight under `pass`, and was answered.
  func begin(under pass: consuming FlowPass) {
    var pass = pass
    pass.answered()
    self.pass = consume pass
  }

  /// Bounds the node's silences from now on.
  func bound(_ patience: Duration) { connection.stallTime = patience }

  /// Gives its slots back while nobody reads it.
  func rest() { pass?.rest() }

  /// Takes slots again.
  func wake() { pass?.wake() }

  /// It ended with `failure`.
  func fail(_ failure: HDFSFailure) {
    let isOurs = failure == .unevenPackets
    pass.take()?.finish(
      isOurs
        ? .failed
        : FlowOutcome(UFSError(failure, operation: "ufs.read", path: ""), retryAfter: nil))
  }

  // MARK: Requests

  /// Sends the request on a kept connection, or on a new one when the kept one turns out to be dead.
  private static func ask(
    _ ring: HDFSRing, _ node: HDFSNode, _ request: [UInt8], _ patience: Duration
  ) async throws(HDFSFailure) -> (DataNodeConnection, HDFSBlockAnswer) {
    var mayReuse = true
    while true {
      let connection = try await ring.dataNodes.connection(
        to: node, mayReuse: mayReuse, patience: patience)
      do throws(HDFSFailure) {
        try await connection.send(request)
        let message = try await connection.receiveMessage()
        do throws(HDFSWireError) { return (connection, try HDFSBlockAnswer(message)) } catch {
          throw .wire(error)
        }
      } catch {
        guard connection.isReused, case .connection = error else { throw error }
        mayReuse = false
      }
    }
  }

  /// Fills `buffer` with the next bytes; together with those before, not more than the range has.
  ///
  /// - Throws: `.checksum`, `.wire`, `.unevenPackets`, and what the connection says; the flow is of no use then.
  func read(into buffer: UnsafeMutableRawBufferPointer) async throws(HDFSFailure) {
    precondition(Int64(buffer.count) <= end - position, "a flow is read inside its range")
    var filled = unsafe takeSpilled(buffer)
    while filled < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      filled += unsafe try await takePackets(rest)
    }
    await pass?.pace(Int64(buffer.count))
    if position == end { await finish() }
  }

  /// Passes over `count` bytes.
  func skip(_ count: Int64) async throws(HDFSFailure) {
    precondition((0...(end - position)).contains(count), "a flow is read inside its range")
    let early = min(Int64(spilled.count), count)
    spilled = spilled.lowerBound + Int(early)..<spilled.upperBound
    position += count
    let empty = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    while wire < position { _ = unsafe try await takePackets(empty) }
    if position == end { await finish() }
  }

  // MARK: Packets

  private func takeSpilled(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(spilled.count, buffer.count)
    guard count > 0, let base = buffer.baseAddress,
      let spill = unsafe connection.scratch.spill.baseAddress
    else { return 0 }
    unsafe base.copyMemory(from: spill + spilled.lowerBound, byteCount: count)
    spilled = spilled.lowerBound + count..<spilled.upperBound
    position += Int64(count)
    return count
  }

  /// Receives the next packet, and those after it that fit `buffer` whole; returns the bytes put into it.
  ///
  /// With an empty buffer the packet, or its beginning, lies before `position` and is dropped.
  private func takePackets(_ buffer: UnsafeMutableRawBufferPointer) async throws(HDFSFailure) -> Int
  {
    let packet = try await nextHead()
    let lead = Int(min(max(0, position - wire), Int64(packet.dataLength)))
    let want = min(packet.dataLength - lead, buffer.count)
    let tail = packet.dataLength - lead - want
    let scratch = connection.scratch
    scratch.reserveSpill(lead + tail)
    scratch.clear()
    let sums = checksum.sumsLength(of: packet.dataLength)
    guard unsafe sums + HDFSPacketHeader.usualLength <= scratch.heads.count else {
      throw .wire(.length)
    }
    let sumsMemory = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch.heads[..<sums])
    let leadMemory = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch.spill[..<lead])
    let wanted = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<want])
    let tailMemory = unsafe UnsafeMutableRawBufferPointer(
      rebasing: scratch.spill[lead..<lead + tail])
    unsafe scratch.add(sumsMemory)
    unsafe scratch.add(leadMemory)
    unsafe scratch.add(wanted)
    unsafe scratch.add(tailMemory)
    let many = unsafe addFullPackets(
      UnsafeMutableRawBufferPointer(rebasing: buffer[want...]), after: packet, sums: sums)
    let next = unsafe UnsafeMutableRawBufferPointer(
      rebasing: scratch.heads[many.headsEnd..<many.headsEnd + HDFSPacketHeader.usualLength])
    unsafe scratch.add(next)
    try await connection.receivePieces()
    unsafe try check([leadMemory, wanted, tailMemory], sumsMemory)
    wire += Int64(packet.dataLength)
    number += 1
    unsafe try checkFullPackets(many.count, buffer: buffer, from: want, heads: sums)
    head = unsafe Array(next)
    let taken = want + many.count * (packetSize ?? 0)
    position += Int64(taken)
    spilled = lead..<lead + tail
    return taken
  }

  /// Adds pieces for packets counted on to be full and to fit `rest`.
  private func addFullPackets(
    _ rest: UnsafeMutableRawBufferPointer, after packet: HDFSPacketHeader, sums: Int
  ) -> (count: Int, headsEnd: Int) {
    let scratch = connection.scratch
    guard takesMany, let size = packetSize, packet.dataLength == size else { return (0, sums) }
    let step = HDFSPacketHeader.usualLength + checksum.sumsLength(of: size)
    var (count, headsEnd) = (0, sums)
    var after = wire + Int64(size)
    while rest.count - count * size >= size, after + Int64(size) <= end,
      unsafe headsEnd + step + HDFSPacketHeader.usualLength <= scratch.heads.count,
      scratch.pieceCount + 3 <= HDFSScratch.pieceCountMax
    {
      unsafe scratch.add(
        UnsafeMutableRawBufferPointer(rebasing: scratch.heads[headsEnd..<headsEnd + step]))
      unsafe scratch.add(
        UnsafeMutableRawBufferPointer(rebasing: rest[count * size..<(count + 1) * size]))
      headsEnd += step
      after += Int64(size)
      count += 1
    }
    return (count, headsEnd)
  }

  /// Checks heads and sums of the packets counted on, whose data is in `buffer`.
  private func checkFullPackets(
    _ count: Int, buffer: UnsafeMutableRawBufferPointer, from start: Int, heads: Int
  ) throws(HDFSFailure) {
    guard count > 0, let size = packetSize else { return }
    let scratch = connection.scratch
    let sums = checksum.sumsLength(of: size)
    let step = HDFSPacketHeader.usualLength + sums
    for index in 0..<count {
      let place = heads + index * step
      let bytes = unsafe Array(scratch.heads[place..<place + HDFSPacketHeader.usualLength])
      guard let lengths = try? Self.lengths(bytes), let packet = try? Self.packet(bytes),
        lengths.head == HDFSPacketHeader.usualLength - 6, lengths.payload == size + sums
      else { throw .unevenPackets }
      guard packet.dataLength == size, packet.offset == wire, packet.number == number,
        !packet.isLast
      else { throw .unevenPackets }
      let dataStart = start + index * size
      let data = unsafe UnsafeRawBufferPointer(
        rebasing: buffer[dataStart..<dataStart + size])
      let sumsStart = place + HDFSPacketHeader.usualLength
      guard
        unsafe checksum.matches(
          data,
          sums: UnsafeRawBufferPointer(rebasing: scratch.heads[sumsStart..<sumsStart + sums]))
      else { throw .checksum }
      wire += Int64(size)
      number += 1
    }
  }

  private func check(
    _ pieces: [UnsafeMutableRawBufferPointer], _ sums: UnsafeMutableRawBufferPointer
  ) throws(HDFSFailure) {
    let sums = UnsafeRawBufferPointer(sums)
    let filled = unsafe pieces.filter { $0.count > 0 }.map { UnsafeRawBufferPointer($0) }
    let isRight =
      if unsafe filled.count == 1, let only = unsafe filled.first {
        unsafe checksum.matches(only, sums: sums)
      } else {
        unsafe checksum.matches(pieces: filled, sums: sums)
      }
    guard isRight else { throw .checksum }
  }

  /// The head of the next packet, which has data and is the one that must come.
  private func nextHead() async throws(HDFSFailure) -> HDFSPacketHeader {
    let packet = try await receiveHead()
    guard packet.dataLength > 0, packet.offset == wire, packet.number == number, !packet.isLast
    else { throw .wire(.sequence) }
    // A packet that others follow is a full one.
    if packetSize == nil, wire + Int64(packet.dataLength) < end { packetSize = packet.dataLength }
    return packet
  }

  private func receiveHead() async throws(HDFSFailure) -> HDFSPacketHeader {
    let heads = unsafe connection.scratch.heads
    if head.isEmpty {
      let start = unsafe UnsafeMutableRawBufferPointer(
        rebasing: heads[..<HDFSPacketHeader.usualLength])
      unsafe try await connection.receive(into: start)
      head = unsafe Array(start)
    }
    let lengths = try Self.lengths(head)
    let missing = lengths.head + 6 - head.count
    if missing > 0 {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: heads[..<missing])
      unsafe try await connection.receive(into: rest)
      unsafe head.append(contentsOf: rest)
    }
    let packet = try Self.packet(head)
    head = []
    guard lengths.payload == packet.dataLength + checksum.sumsLength(of: packet.dataLength) else {
      throw .wire(.length)
    }
    return packet
  }

  private static func lengths(_ head: [UInt8]) throws(HDFSFailure) -> (payload: Int, head: Int) {
    do throws(HDFSWireError) { return try HDFSPacketHeader.lengths(head) } catch {
      throw .wire(error)
    }
  }

  private static func packet(_ head: [UInt8]) throws(HDFSFailure) -> HDFSPacketHeader {
    do throws(HDFSWireError) { return try HDFSPacketHeader(Array(head.dropFirst(6))) } catch {
      throw .wire(error)
    }
  }

  // MARK: The end

  /// Says that all was right and keeps the connection, if the empty last packet is what comes next.
  private func finish() async {
    guard !isClean, wire >= end else { return }
    pass.take()?.finish(.ok(bytes: 0))
    guard let packet = try? await receiveHead(), packet.isLast, packet.dataLength == 0,
      (try? await connection.send(HDFSBlockRequest.readStatus())) != nil
    else { return }
    isClean = true
    ring.dataNodes.keep(connection)
  }
}
