// Fuzzes the frames of the short-circuit protocol in both directions, cut anywhere. No input traps.

/// Called by libFuzzer for each input; the first byte says who sent the rest, the second where it is cut.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLocal(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let input = unsafe UnsafeRawBufferPointer(start: data, count: size)
  guard unsafe input.count > 2 else { return 0 }
  let isClient = unsafe input[0] & 1 == 0
  let step = unsafe Int(input[1] % 64) + 1
  let bytes = unsafe Array(input[2...])
  var buffer = FrameBuffer()
  var start = 0
  do throws(LocalWireError) {
    while start < bytes.count {
      let end = min(bytes.count, start + step)
      bytes[start..<end].withUnsafeBytes { unsafe buffer.append($0) }
      start = end
      while try isClient ? takeFromClient(&buffer) : takeFromWorker(&buffer) {}
      buffer.shrink()
    }
  } catch {
    precondition(!error.description.isEmpty, "an error has a text")
  }
  return 0
}

/// What is read from a frame is written the same way and read again.
private func takeFromClient(_ buffer: inout FrameBuffer) throws(LocalWireError) -> Bool {
  guard let (head, frame) = try buffer.nextFromClient() else { return false }
  precondition(head.length <= ClientFrame.payloadMax, "a frame is bounded")
  if case .lease(let lease) = frame {
    precondition(lease.pageCount <= LeaseFrame.pageCountMax, "pages are bounded")
  }
  if case .hello(let hello) = frame, hello.cluster.utf8.count > 1024 { return true }
  var writer = FrameWriter()
  frame.write(head.request, to: &writer)
  var copy = FrameBuffer()
  writer.bytes.withUnsafeBytes { unsafe copy.append($0) }
  guard let (_, again) = try copy.nextFromClient() else {
    preconditionFailure("what was written is whole")
  }
  precondition(again == frame, "frames are stable")
  return true
}

private func takeFromWorker(_ buffer: inout FrameBuffer) throws(LocalWireError) -> Bool {
  guard let (head, frame) = try buffer.nextFromWorker() else { return false }
  if case .data(let data) = frame {
    precondition(data.range.upperBound == head.length, "the bytes are the frame's")
    return true
  }
  switch frame {
  case .welcome(let welcome) where welcome.cluster.utf8.count > 1024: return true
  case .opened(let opened) where opened.entityTag.utf8.count > 1024: return true
  case .error(let error) where error.message.utf8.count > 4096: return true
  default: break
  }
  var writer = FrameWriter()
  frame.write(head.request, to: &writer)
  var copy = FrameBuffer()
  writer.bytes.withUnsafeBytes { unsafe copy.append($0) }
  guard let (_, again) = try copy.nextFromWorker() else {
    preconditionFailure("what was written is whole")
  }
  precondition(again == frame, "frames are stable")
  return true
}
