// Reads of one version of a file by GETs.
//
//   announced range ──▶ one flow for the reads that go through it      elsewhere ──▶ a GET of its own per read

package import Model

/// A file at one version.
package final class RangedReader: UFSReader {
  package var version: FileVersion { source.version }
  private let source: any RangedSource
  private let purpose: UFSPurpose
  private var turns: UInt64
  private var announced: Range<Int64>?
  private var flow: RangedFlow?

  /// A reader of `source`; nothing is asked before the first read.
  init(_ source: any RangedSource, for purpose: UFSPurpose) {
    self.source = source
    self.purpose = purpose
    turns = source.flow
  }

  package func takeTurns(as flow: UInt64) { turns = flow }

  package func announce(_ range: Range<Int64>) {
    let clamped = range.clamped(to: 0..<version.length)
    announced = clamped.isEmpty ? nil : clamped
  }

  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(UFSError) -> UFSRead {
    precondition(offset >= 0, "an offset is not negative")
    let wanted = Int(clamping: min(Int64(buffer.count), max(0, version.length - offset)))
    var count = 0
    while count < wanted {
      let start = offset + Int64(count)
      // One that serves this read alone ends with it: at the end of its range, or with its last failure.
      let flow = flow(at: start, wanted - count)
      let end = Int(min(Int64(wanted), flow.range.upperBound - offset))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count..<end])
      unsafe try await flow.read(into: part, at: start)
      count = end
    }
    return UFSRead(count: wanted, isSettled: source.isSettled)
  }

  package func close() async {
    flow?.close()
    flow = nil
  }

  /// The flow for a read of `count` bytes at `offset`.
  private func flow(at offset: Int64, _ count: Int) -> RangedFlow {
    if let flow, flow.accepts(offset) { return flow }
    guard let announced, announced.contains(offset), flow?.isInUse != true else {
      return RangedFlow(source, offset..<(offset + Int64(count)), purpose, turns: turns)
    }
    flow?.close()
    let fresh = RangedFlow(source, offset..<announced.upperBound, purpose, turns: turns)
    flow = fresh
    return fresh
  }
}
