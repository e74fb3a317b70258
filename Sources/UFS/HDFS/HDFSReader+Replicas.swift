// One block's bytes from whichever of its data nodes gives them.
//
//   flow ─ failed ─▶ next data node, from where it failed ─ all failed ─▶ ask again who has the block, once ─▶ error
//
// A data node that failed is tried last by every reader of the ring for a while. One whose bytes have wrong sums is told to
// the name node, which makes a new copy from a good one.

import Glibc
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
    var pause = Duration.zero
    while true {
      if let open = flow {
        open.wake()
        open.bound(patience(with: open.node, of: index, without: failed))
        do throws(HDFSFailure) {
          let gap = place - blocks[index].offset - open.position
          if gap > 0 { try await open.skip(gap) }
          unsafe try await open.read(into: buffer)
          if open.position == open.end { flow = nil }
          return
        } catch {
          flow = nil
          if Task.isCancelled { throw givenUp }
          open.fail(error)
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
        let failure = error(worst, index)
        guard refreshCount <= Self.refreshCountMax,
          let next = ring.cluster.gate.retry(
            .get, for: purpose, after: failure, attempt: refreshCount, previous: pause),
          await ring.reactor.sleep(for: next)
        else { throw failure }
        pause = next
        try await refresh(index)
        failed = []
        continue
      }
      var pass: FlowPass? = try await enter()
      do throws(HDFSFailure) {
        let start = blocks[index].offset
        let opened = try await HDFSBlockFlow(
          ring, blocks[index], node, place - start..<flowEnd - start, takesMany: takesMany,
          patience: patience(with: node, of: index, without: failed))
        if let pass = pass.take() { opened.begin(under: pass) }
        flow = opened
      } catch {
        if Task.isCancelled {
          pass.take()?.finish(.failed)
          throw givenUp
        }
        pass.take()?.finish(
          FlowOutcome(UFSError(error, operation: "ufs.read", path: ""), retryAfter: nil))
        failed.insert(node)
        await note(error, node, index)
        worst = Self.worse(worst, error)
      }
    }
  }

  /// How long `node` may say nothing: not for long while another one that did not fail has the block, too.
  private func patience(
    with node: HDFSNode, of index: Int, without failed: Set<HDFSNode>
  ) -> Duration {
    let options = ring.cluster.options
    let hasOther = blocks[index].nodes.contains { $0 != node && !failed.contains($0) }
    return hasOther ? min(options.replicaTime, options.stallTime) : options.stallTime
  }

  /// Waits for the turn of a block's stream.
  private func enter() async throws(UFSError) -> FlowPass {
    try await ring.cluster.gate.enter(.get, purpose: purpose, flow: turns)
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
      fresh = try await ring.nameNodes.blocks(
        fileSystem.remotePath(path), old.offset..<old.end, for: purpose)
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

  /// Nobody waits for the bytes any more, which says nothing of any node.
  private var givenUp: UFSError {
    UFSError(
      .unavailable, operation: "ufs.read", path: fileSystem.ufsPath(of: path),
      cause: .errno(ECANCELED))
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
