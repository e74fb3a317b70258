// The test: write, read back, compare, delete; beside them, in turns, what the medium gives without us.
//
//   write ──▶ read ─┐   ┌─▶ delete, whatever happened before
//            ceiling ┼ × rounds
//            compare ┘

import Model
import Ring
import UFS

/// A test of one UFS.
package final class UFSIOTest {
  /// What came of it.
  package struct Outcome: Sendable {
    /// The phases that ran; of several rounds of reading, the points are the first round's.
    package var write: PhaseResult?
    package var read: PhaseResult?
    /// Everything that went wrong, cleaning up included.
    package var errors: [UFSIOTestError] = []
    /// What was measured beside it.
    package var contests: [Contest] = []

    /// An outcome without a phase.
    package init(errors: [UFSIOTestError] = []) { self.errors = errors }

    /// Points of both directions.
    package var points: [StreamPoint] { (read?.points ?? []) + (write?.points ?? []) }
  }

  private let plan: UFSIOTestPlan
  let ground: TestGround
  let stop: StopFlag
  /// Whether the directory is ours to remove.
  private var madeDirectory = false

  /// Opens the UFS; blocks.
  ///
  /// - Throws: `.mount` when the path or an option of it is wrong; `.system`.
  package init(_ plan: UFSIOTestPlan, stop: StopFlag = StopFlag()) throws(UFSIOTestError) {
    precondition(plan.streamCount > 0, "a test has a stream")
    precondition(plan.bufferSize % TestBytes.unit == 0, "buffers are whole units")
    self.plan = plan
    self.stop = stop
    ground = try TestGround(plan)
  }

  deinit { ground.close() }

  /// Runs the test and cleans up after it; blocks until it ends or its flag is set.
  package func run() -> Outcome {
    var outcome = Outcome()
    perform(&outcome)
    if plan.mode == .writeRead { outcome.errors += cleanUp() }
    outcome.errors += outcome.contests.flatMap(\.errors)
    return outcome
  }

  private func perform(_ outcome: inout Outcome) {
    if plan.mode != .read {
      if let error = makeDirectory() {
        outcome.errors.append(error)
        return
      }
      outcome.write = phase { await $0.write() }
      outcome.errors += outcome.write?.errors ?? []
      // A remote store's writes have no ceiling to be beside.
      if outcome.errors.isEmpty, plan.measuresCeiling, ground.mount.uri.scheme == "file" {
        let contest = writeContest(outcome.write)
        outcome.contests.append(contest)
      }
    }
    guard outcome.errors.isEmpty, plan.mode != .write else { return }
    if plan.measuresCeiling || !plan.comparisons.isEmpty {
      let (contest, first) = readContest()
      outcome.contests.append(contest)
      outcome.read = first
    } else {
      outcome.read = phase { await $0.read() }
    }
    outcome.errors += outcome.read?.errors ?? []
  }

  /// Runs one phase on all streams.
  private func phase(
    _ body: @escaping @Sendable (StreamWork) async -> StreamResult
  ) -> PhaseResult {
    let (plan, stop, ufs) = (self.plan, self.stop, ground.mount.ufs)
    let start = ResourceUse.now()
    let results = ground.streams(plan.streamCount, until: stop) { index in
      await body(StreamWork(ufs: ufs, plan: plan, stop: stop, path: plan.file(index)))
    }
    var phase = PhaseResult()
    phase.use = ResourceUse.now().since(start)
    for result in results {
      if let point = result.point { phase.points.append(point) }
      if let error = result.error { phase.errors.append(error) }
      phase.latencies.add(result.latencies)
    }
    if results.count < plan.streamCount, let reason = stop.reason {
      phase.errors.append(UFSIOTestError(.stopped(reason)))
    }
    return phase
  }

  // MARK: Turns

  private func writeContest(_ own: PhaseResult?) -> Contest {
    var contest = Contest(title: "write")
    guard let own else { return contest }
    contest.add("penstock", ContestSample(own))
    for round in 0..<plan.roundCount where stop.reason == nil {
      contest.add(DiskCeiling.name, DiskCeiling(plan, ground, stop).write())
      if round + 1 < plan.roundCount {
        contest.add("penstock", ContestSample(phase { await $0.write() }))
      }
    }
    return contest
  }

  private func readContest() -> (Contest, PhaseResult) {
    var contest = Contest(title: "read")
    var first: PhaseResult?
    for round in 0..<plan.roundCount where stop.reason == nil && first?.errors.isEmpty != false {
      var turns: [() -> Void] = [
        { [self] in
          dropCachedPages()
          let result = phase { await $0.read() }
          contest.add("penstock", ContestSample(result))
          if first == nil || !result.errors.isEmpty { first = result }
        }
      ]
      if plan.measuresCeiling { turns.append { [self] in readCeiling(&contest) } }
      for comparison in plan.comparisons {
        turns.append { [self] in
          dropCachedPages()
          contest.add(comparison.rawValue, comparison.read(plan, ground))
        }
      }
      // Whoever goes first in one round goes last in the next.
      for step in turns.indices { turns[(step + round) % turns.count]() }
    }
    return (contest, first ?? PhaseResult())
  }

  private func readCeiling(_ contest: inout Contest) {
    dropCachedPages()
    if ground.mount.uri.scheme == "file" {
      contest.add(DiskCeiling.name, DiskCeiling(plan, ground, stop).read())
    } else {
      contest.add(SocketCeiling.name, SocketCeiling(plan, ground, stop).read())
    }
  }

  /// Takes local files out of the page cache, so that every turn reads the disk.
  private func dropCachedPages() {
    for index in 0..<plan.streamCount {
      if let path = ground.localPath(plan.file(index)) { DiskCeiling.dropCachedPages(path) }
    }
  }

  // MARK: Directory and end

  private func makeDirectory() -> UFSIOTestError? {
    let ufs = ground.mount.ufs
    let result = ground.group.reactors[0].wait { () async -> Result<DirectoryCreation, UFSError> in
      do throws(UFSError) {
        return .success(try await ufs.makeDirectory(UFSIOTestPlan.directory, recursive: true))
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let creation):
      madeDirectory = creation == .created
      return nil
    case .failure(let error): return UFSIOTestError(.ufs(error))
    }
  }

  /// Deletes the files, and the directory when it is ours and nobody else's files are in it.
  private func cleanUp() -> [UFSIOTestError] {
    let (plan, ufs, madeDirectory) = (self.plan, ground.mount.ufs, self.madeDirectory)
    let errors = ground.streams(plan.streamCount) { index in
      await Self.delete(plan.file(index), ufs, accepting: [.notFound])
    }.compactMap { $0 }
    guard madeDirectory else { return errors }
    let last = ground.streams(1) { _ in
      await Self.delete(UFSIOTestPlan.directory, ufs, accepting: [.notFound, .notEmpty])
    }.compactMap { $0 }
    return errors + last
  }

  private static func delete(
    _ path: String, _ ufs: any UnderFileSystem, accepting codes: Set<UFSError.Code>
  ) async -> UFSIOTestError? {
    do throws(UFSError) {
      try await ufs.delete(path, recursive: false)
      return nil
    } catch {
      return codes.contains(error.code) ? nil : UFSIOTestError(.ufs(error))
    }
  }
}
