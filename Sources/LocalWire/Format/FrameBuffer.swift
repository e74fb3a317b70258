// Bytes of a stream, cut into frames: what is not whole yet waits, what can never be one is refused at its head.

/// Bytes received and not yet taken as frames.
package struct FrameBuffer: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0

  /// Nothing received.
  package init() {}

  /// Bytes that wait for the rest of their frame, or to be taken.
  package var count: Int { bytes.count - start }

  /// Adds bytes that were received.
  package mutating func append(_ received: UnsafeRawBufferPointer) {
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: true)
      start = 0
    } else if start > 64 << 10 {
      bytes.removeFirst(start)
      start = 0
    }
    unsafe bytes.append(contentsOf: received)
  }

  /// Gives back memory that is not needed while nothing waits.
  package mutating func shrink(to capacity: Int = 4096) {
    guard start == bytes.count, bytes.capacity > capacity else { return }
    bytes = []
    start = 0
  }

  /// The next whole frame of a client with its head; nil while there is none.
  ///
  /// - Throws: What is wrong with it; nothing behind it can be read then.
  package mutating func nextFromClient() throws(LocalWireError) -> (FrameHead, ClientFrame)? {
    guard let head = try headFromClient(), count >= head.frameSize else { return nil }
    defer { start += head.frameSize }
    let range = start + FrameHead.size..<start + head.frameSize
    let frame = unsafe bytes.withUnsafeBytes { all -> Result<ClientFrame, LocalWireError> in
      let payload = unsafe UnsafeRawBufferPointer(rebasing: all[range])
      do throws(LocalWireError) {
        return .success(try unsafe ClientFrame(head, payload))
      } catch { return .failure(error) }
    }
    return (head, try frame.get())
  }

  /// The next whole frame of a worker with its head; nil while there is none.
  ///
  /// The bytes of a DATA are where its frame says, counted from the payload's start: `withLastPayload` shows them.
  /// - Throws: As `nextFromClient`.
  package mutating func nextFromWorker() throws(LocalWireError) -> (FrameHead, WorkerFrame)? {
    guard let head = try headFromWorker(), count >= head.frameSize else { return nil }
    defer { start += head.frameSize }
    let range = start + FrameHead.size..<start + head.frameSize
    let frame = unsafe bytes.withUnsafeBytes { all -> Result<WorkerFrame, LocalWireError> in
      let payload = unsafe UnsafeRawBufferPointer(rebasing: all[range])
      do throws(LocalWireError) {
        return .success(try unsafe WorkerFrame(head, payload))
      } catch { return .failure(error) }
    }
    return (head, try frame.get())
  }

  /// The head of the next frame of a client, whole or not.
  package func headFromClient() throws(LocalWireError) -> FrameHead? {
    try unsafe bytes.withUnsafeBytes { all -> Result<FrameHead?, LocalWireError> in
      do throws(LocalWireError) {
        return .success(
          try unsafe FrameHead.fromClient(UnsafeRawBufferPointer(rebasing: all[start...])))
      } catch { return .failure(error) }
    }.get()
  }

  /// The head of the next frame of a worker, whole or not.
  package func headFromWorker() throws(LocalWireError) -> FrameHead? {
    try unsafe bytes.withUnsafeBytes { all -> Result<FrameHead?, LocalWireError> in
      do throws(LocalWireError) {
        return .success(
          try unsafe FrameHead.fromWorker(UnsafeRawBufferPointer(rebasing: all[start...])))
      } catch { return .failure(error) }
    }.get()
  }

  /// Runs `body` on the payload of the frame taken last, which had `head`; before anything else is appended.
  package func withLastPayload<T>(
    of head: FrameHead, _ body: (UnsafeRawBufferPointer) -> T
  ) -> T {
    precondition(start >= head.frameSize, "a frame was taken")
    let range = start - head.length..<start
    return unsafe bytes.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }
}
