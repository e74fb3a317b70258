// Paths that the coordinator has pinned, as rules of this worker.
//
// What came from the coordinator is kept in a file: a path that people pinned here stays when the coordinator lets it go.

import Logging
import Model
import Ring
import Synchronization

/// Makes this worker's pins follow those of its coordinator; callable from any thread.
final class FollowedPins: Sendable {
  private static let sizeMax = 64 << 20
  /// Pause before paths that could not be pinned are tried again.
  private static let pause: UInt64 = 10_000_000_000

  private struct State {
    /// Paths whose rules are the coordinator's doing.
    var followed: Set<RulePath> = []
    var revision: UInt64 = 0
    /// What was told last, and is to be done.
    var wanted: (paths: [RulePath], revision: UInt64)?
    var running: Task<Void, Never>?
    var isStopped = false
    var tried: UInt64?
    var triedAt: UInt64 = 0
  }

  private let file: String
  private let policies: CachePolicies
  private let reactor: Reactor
  private let log = Logger(label: "pins")
  private let state: Mutex<State>

  /// The pins of `policies` that `file` says are the coordinator's, changed on `reactor`; blocks.
  init(file: String, policies: CachePolicies, on reactor: Reactor) {
    self.file = file
    self.policies = policies
    self.reactor = reactor
    var state = State()
    if case .read(let bytes) = FileBytes.read(file, max: Self.sizeMax),
      let value = try? JSONReader.parse(bytes)
    {
      let paths = value["paths"]?.elements?.compactMap(\.text) ?? []
      state.followed = Set(paths.map { RulePath($0) })
      state.revision = value["revision"]?.text.flatMap { UInt64($0) } ?? 0
    }
    self.state = Mutex(state)
  }

  /// Revision of the paths that hold here: another one than the coordinator's asks for all of them.
  var revision: UInt64 { state.withLock { $0.revision } }

  /// Takes what the coordinator has pinned; done behind the caller's back.
  func follow(_ paths: [String], _ revision: UInt64) {
    let now = monotonicNow()
    state.withLock { state in
      guard !state.isStopped else { return }
      guard state.revision != revision else {
        state.wanted = nil
        return
      }
      if state.tried == revision, now &- state.triedAt < Self.pause { return }
      (state.tried, state.triedAt) = (revision, now)
      state.wanted = (paths.filter { $0.utf8.first == 0x2F }.map { RulePath($0) }, revision)
      guard state.running == nil else { return }
      state.running = Task(executorPreference: reactor) { await self.catchUp() }
    }
  }

  /// Takes nothing more; returns when nothing of it runs.
  func stop() async {
    let running = state.withLock { state in
      (state.isStopped, state.wanted) = (true, nil)
      return state.running
    }
    await running?.value
  }

  /// Does what is wanted until nothing newer is.
  private func catchUp() async {
    while let wanted = takeWanted() {
      let failed = await policies.calls.work { self.apply(Set(wanted.paths)) }
      state.withLock { state in
        if failed == 0 { state.revision = wanted.revision }
      }
      await policies.calls.work { self.keep() }
      let count = wanted.paths.count
      log.notice(
        "pinned paths of the coordinator", metadata: ["paths": "\(count)", "refused": "\(failed)"])
    }
  }

  private func takeWanted() -> (paths: [RulePath], revision: UInt64)? {
    state.withLock { state in
      defer { state.wanted = nil }
      if state.wanted == nil { state.running = nil }
      return state.wanted
    }
  }

  /// Pins and unpins; returns how many paths could not be.
  private func apply(_ wanted: Set<RulePath>) -> Int {
    var failed = 0
    let followed = state.withLock { $0.followed }
    for path in followed.subtracting(wanted).sorted() {
      do throws(RuleError) { try policies.unpin(path) } catch {
        // Whoever unpinned it here was first.
        if error.code != .missing { failed += refuse(path, error) }
      }
      if failed == 0 { state.withLock { _ = $0.followed.remove(path) } }
    }
    for path in wanted.subtracting(followed).sorted() {
      do throws(RuleError) {
        _ = try policies.pin(path)
        state.withLock { _ = $0.followed.insert(path) }
      } catch {
        // Pinned here by people: theirs.
        guard error.code != .exists else { continue }
        if policies.book.rules.pins[path] != nil {
          state.withLock { _ = $0.followed.insert(path) }
        }
        failed += refuse(path, error)
      }
    }
    return failed
  }

  private func refuse(_ path: RulePath, _ error: RuleError) -> Int {
    log.warning(
      "a path that the coordinator pins cannot be pinned, or let go, here",
      metadata: ["path": "\(path)", "why": "\(error)"])
    return 1
  }

  private func keep() {
    let (followed, revision) = state.withLock { ($0.followed, $0.revision) }
    let bytes = JSONWriter.object { writer in
      writer.member("revision", "\(revision)")
      writer.name("paths")
      writer.array { for path in followed.sorted() { $0.string("\(path)") } }
    }
    if let number = FileBytes.replace(file, with: bytes) {
      log.error("\(file) cannot be written: \(errnoText(number))")
    }
  }
}
