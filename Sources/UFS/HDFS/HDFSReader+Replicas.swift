// One block's bytes from whichever of its data nodes gives them.
//
//   flow ─ failed ─▶ next data node, from where it failed ─ all failed ─▶ ask again who has the block, once ─▶ error
//
// A data node that failed is tried last by every reader of the ring for a while. One whose bytes have wrong sums is told to
// the name node, which makes a new copy from a good one.

import Model
import Ring

extension HDFSReader {
  /// How often locations are asked for anew.
  private static let refreshCountMax = 2

  /// Fills `buffer` from block `index` at the file's offset `place`; goes on with `flow`, or opens one that ends at `flowEnd`.
  ///
  /// - Throws: `.unavailable`, `.io` naming the block when no data node gives its bytes; `.changed` when it is another now.
  func fill(
    _ buffer: UnsafeMutableRawBufferPointer, _ index: Int, at place: Int64,
    flow: inout HDFSBlockFlow?, flowEnd: Int64
  ) async throws(UFSError) {
    var failed: Set<HDFSNode> = []
    var refreshCount = 0
    var takesMany = true
    var worst: HDFSFailure?
    while true {
      if let open = flow {
        do throws(HDFSFailure) {
          let gap = place - blocks[index].offset - open.position
          if gap > 0 { try await open.skip(gap) }
          unsafe try await open.read(into: buffer)
          if open.position == open.end { flow = nil }
          return
        } catch {
          flow = nil
          if error == .unevenPackets {
            takesMany = false
          } else {
            failed.insert(open.node)
            await note(error, open.node, index)
            worst = Self.worse(worst, error)
          }
        }
      }
      let candidates = ring.dataNodes.ordered(blocks[index].nodes).filter { !failed.contains($0) }
      guard let node = candidates.first else {
        refreshCount += 1
        guard refreshCount <= Self.refreshCountMax else { throw error(worst, index) }
        await ring.reactor.sleep(for: ring.cluster.pause(round: refreshCount - 1))
        try await refresh(index)
        failed = []
        continue
      }
      do throws(HDFSFailure) {
        let start = blocks[index].offset
        flow = try await HDFSBlockFlow(
          ring, blocks[index], node, place - start..<flowEnd - start, takesMany: takesMany)
      } catch {
        failed.insert(node)
        await note(error, node, index)
        worst = Self.worse(worst, error)
      }
    }
  }

  /// What to tell of two failures: that bytes were wrong, rather than that nobody was there.
  private static func worse(_ old: HDFSFailure?, _ new: HDFSFailure) -> HDFSFailure {
    if let old, old == .checksum { return old }
    return new
  }

  /// Remembers a failed data node.
  private func note(_ failure: HDFSFailure, _ node: HDFSNode, _ index: Int) async {
    if case .refused(HDFSBlockAnswer.Status.tokenRefused.rawValue, _) = failure { return }
    ring.dataNodes.suspect(node)
    guard failure == .checksum else { return }
    // Only the name node loses by not hearing of it.
    _ = try? await ring.nameNodes.reportBad(blocks[index], at: node)
  }

  /// Asks again who has the block, with fresh tokens.
  ///
  /// - Throws: `.changed` when the file has another block there.
  private func refresh(_ index: Int) async throws(UFSError) {
    let old = blocks[index]
    let fresh: HDFSLocatedBlocks?
    do throws(HDFSFailure) {
      fresh = try await ring.nameNodes.blocks(fileSystem.remotePath(path), old.offset..<old.end)
    } catch {
      let told = UFSError(error, operation: "ufs.read", path: fileSystem.ufsPath(of: path))
      if told.code == .notFound { throw changed }
      throw told
    }
    guard let located = fresh?.blocks.first(where: { $0.offset == old.offset }),
      located.block.isSame(as: old.block), located.block.length >= old.block.length
    else { throw changed }
    blocks[index].nodes = located.nodes
    blocks[index].token = located.token
  }

  private var changed: UFSError { fileSystem.rule(.changed, "ufs.read", path, .otherVersion) }

  /// The error for a block that no data node gave.
  private func error(_ failure: HDFSFailure?, _ index: Int) -> UFSError {
    let why = failure?.summary ?? "no data node has it"
    // Wrong bytes everywhere are lost; silence everywhere may end.
    let code: UFSError.Code = failure == .checksum ? .io : .unavailable
    return UFSError(
      code, operation: "ufs.read", path: fileSystem.ufsPath(of: path),
      cause: .hdfs(exception: "block \(blocks[index].block): \(why)"))
  }
}
