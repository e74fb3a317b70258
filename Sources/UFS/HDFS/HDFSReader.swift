// Reads of one version of a file of HDFS.
//
//   open: blocks, then status = version V ──▶ read … ──▶ status = V ? (asked at most every 20 ms)
//
//   announced range   ├── block 1 ──┤├── block 2 ──┤     one flow per block, its bytes straight into what is read
//   elsewhere               ├─┤                          a request of its own
//
// The blocks were V's when V was seen before and after they were named. Bytes of a block's generation never change but by a
// cut, which changes the status before any data node is told of it.

package import Model
import Ring

/// An open file of HDFS at one version.
package final class HDFSReader: UFSReader {
  /// A range that will be read from its start to its end.
  @safe private final class Announced {
    let range: Range<Int64>
    /// Where those who wait or read now will end.
    var reserved: Int64
    /// Where the flow stands in the file.
    var position: Int64
    var flow: HDFSBlockFlow?
    var isBusy = false
    var waiters: [UnsafeContinuation<Void, Never>] = unsafe []

    init(_ range: Range<Int64>) {
      self.range = range
      (reserved, position) = (range.lowerBound, range.lowerBound)
    }

    func enter() async {
      guard isBusy else { return isBusy = true }
      await unsafe withUnsafeContinuation { unsafe waiters.append($0) }
    }

    func leave() {
      guard unsafe !waiters.isEmpty else {
        isBusy = false
        // Nobody reads it now.
        flow?.rest()
        return
      }
      unsafe waiters.removeFirst().resume()
    }
  }

  /// A gap that is read and dropped rather than asked around.
  private static let gapMax: Int64 = 1 << 20

  package let version: FileVersion
  let path: String
  let fileSystem: HDFSUFS
  let ring: HDFSRing
  var blocks: [HDFSLocatedBlock]
  let isSettled: Bool
  private var announced: Announced?
  private let watch: HDFSVersionWatch
  /// Whose turn its requests take.
  let purpose: UFSPurpose
  private(set) var turns: UInt64

  /// A reader of `located`, which are the blocks of `version` as a status asked for at `checked` told.
  init(
    _ fileSystem: HDFSUFS, _ ring: HDFSRing, _ path: String, _ version: FileVersion,
    _ located: HDFSLocatedBlocks, checked: UInt64, for purpose: UFSPurpose
  ) {
    self.purpose = purpose
    turns = FlowControl.flow(of: path)
    self.fileSystem = fileSystem
    self.ring = ring
    self.path = path
    self.version = version
    blocks = located.blocks
    isSettled = !located.isUnderConstruction
    watch = HDFSVersionWatch(
      fileSystem, ring, path, version, checked: checked, for: purpose)
  }

  package func takeTurns(as flow: UInt64) { turns = flow }

  package func announce(_ range: Range<Int64>) {
    let range = range.clamped(to: 0..<version.length)
    announced = range.isEmpty ? nil : Announced(range)
  }

  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(UFSError) -> UFSRead {
    precondition(offset >= 0, "an offset is not negative")
    let count = Int(clamping: min(Int64(buffer.count), max(0, version.length - offset)))
    guard count > 0 else { return UFSRead(count: 0, isSettled: isSettled) }
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    if let announced, serves(announced, offset..<offset + Int64(count)) {
      announced.reserved = offset + Int64(count)
      await announced.enter()
      defer { announced.leave() }
      unsafe try await readSequentially(announced, target, at: offset)
    } else {
      unsafe try await readPieces(target, at: offset)
    }
    try await watch.check(arrived: ring.now)
    return UFSRead(count: count, isSettled: isSettled)
  }

  package func close() async { announced = nil }

  /// Whether a read is one of those announced, in their order.
  private func serves(_ announced: Announced, _ range: Range<Int64>) -> Bool {
    range.lowerBound >= announced.reserved && range.upperBound <= announced.range.upperBound
      && range.lowerBound - announced.reserved <= Self.gapMax
  }

  private func readSequentially(
    _ announced: Announced, _ buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(UFSError) {
    var done = 0
    while done < buffer.count {
      let place = offset + Int64(done)
      let index = try block(at: place)
      let end = min(blocks[index].end, offset + Int64(buffer.count))
      let piece = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer[done..<done + Int(end - place)])
      // The flow of this block if it stands here or a little before.
      var flow = announced.flow
      announced.flow = nil
      let standsAt = flow.map { blocks[index].offset + $0.position }
      if announced.position > place || announced.position < blocks[index].offset
        || standsAt != announced.position || place - announced.position > Self.gapMax
      {
        flow = nil
      }
      let flowEnd = min(blocks[index].end, announced.range.upperBound)
      unsafe try await fill(piece, index, at: place, flow: &flow, flowEnd: flowEnd)
      announced.flow = flow
      announced.position = end
      done += piece.count
    }
  }

  private func readPieces(
    _ buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(UFSError) {
    var done = 0
    while done < buffer.count {
      let place = offset + Int64(done)
      let index = try block(at: place)
      let end = min(blocks[index].end, offset + Int64(buffer.count))
      let piece = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer[done..<done + Int(end - place)])
      var flow: HDFSBlockFlow?
      unsafe try await fill(piece, index, at: place, flow: &flow, flowEnd: end)
      done += piece.count
    }
  }

  /// The block that holds `offset`.
  private func block(at offset: Int64) throws(UFSError) -> Int {
    var (low, high) = (0, blocks.count)
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    guard low < blocks.count, blocks[low].offset <= offset else {
      throw fileSystem.rule(.changed, "ufs.read", path, .shortRead)
    }
    return low
  }
}
