// Fuzzes what HDFS nodes send: frames of calls, every message, heads of packets. No input traps.

/// Called by libFuzzer for each input; the first byte says what the rest is.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHDFS(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let input = unsafe Array(UnsafeRawBufferPointer(start: data, count: size))
  guard let kind = input.first else { return 0 }
  let bytes = Array(input.dropFirst())
  do throws(HDFSWireError) {
    try fuzz(kind, bytes)
  } catch {
    precondition(!error.description.isEmpty, "an error has a text")
  }
  return 0
}

private func fuzz(_ kind: UInt8, _ bytes: [UInt8]) throws(HDFSWireError) {
  let message = ProtobufReader(bytes)
  switch kind % 12 {
  case 0: try fuzzFrames(bytes)
  case 1: try fuzzAnswer(bytes)
  case 2: _ = try HDFSStatus(message)
  case 3:
    let part = try HDFSListingPart(message)
    precondition(part.entries.count <= bytes.count, "an entry has bytes")
  case 4:
    let located = try HDFSLocatedBlocks(message)
    if located.isWhole, let last = located.blocks.last {
      precondition(last.end >= located.length, "blocks that are whole have every byte")
    }
  case 5: _ = try HDFSDefaults(message)
  case 6: try fuzzPacket(bytes)
  case 7:
    let answer = try HDFSBlockAnswer(message)
    if let checksum = answer.checksum {
      precondition(checksum.sumsLength(of: 65536) >= 0, "sums have a length")
    }
  case 8: _ = try HDFSPipelineAck(message).firstFailure
  case 9: _ = try HDFSLocatedBlock(message).end
  case 10: try fuzzEcho(bytes)
  default:
    var reader = message
    while let field = try reader.next() { try reader.skip(field) }
    precondition(reader.remaining == 0, "a message is passed over whole")
  }
}

/// Frames are cut where their lengths say, and never beyond the input.
private func fuzzFrames(_ bytes: [UInt8]) throws(HDFSWireError) {
  var start = 0
  while let length = try HDFSFrame.length(bytes[start...]), bytes.count - start >= length {
    precondition(length > 4, "a frame has bytes")
    let frame = Array(bytes[start + 4..<start + length])
    start += length
    _ = try HDFSAnswer(frame)
  }
}

private func fuzzAnswer(_ bytes: [UInt8]) throws(HDFSWireError) {
  if case .exception(let exception) = try HDFSAnswer(bytes).outcome {
    precondition(exception.summary.utf8.count <= exception.name.utf8.count + 1200, "it is short")
    _ = exception.isStandby || exception.isRetriable || exception.wantsKerberos
  }
}

/// What is read from a packet's head is written the same way and read again.
private func fuzzPacket(_ bytes: [UInt8]) throws(HDFSWireError) {
  let lengths = try HDFSPacketHeader.lengths(bytes)
  precondition(lengths.payload >= 0 && lengths.head <= HDFSPacketHeader.headLengthMax)
  let header = try HDFSPacketHeader(Array(bytes.dropFirst(6).prefix(lengths.head)))
  let again = header.bytes(sumsLength: 0)
  let copy = try HDFSPacketHeader(Array(again.dropFirst(6)))
  precondition(copy == header, "heads are stable")
}

/// A block that is written back is the same block.
private func fuzzEcho(_ bytes: [UInt8]) throws(HDFSWireError) {
  let block = try HDFSBlock(ProtobufReader(bytes))
  let copy = try HDFSBlock(ProtobufReader(ProtobufWriter { block.write(&$0) }.bytes))
  precondition(copy.isSame(as: block) && copy.length == block.length, "blocks are stable")
}
