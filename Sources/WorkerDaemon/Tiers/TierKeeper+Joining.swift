// One volume from its opening to the end of the work: what cannot be opened is tried again, what went may come back as
// another device.
//
//   join ──▶ restore ──▶ watch ──another file is at its place──▶ release ──▶ join …
//    ▲ │ refused: again after 1 s, 2 s, 4 s … 1 min
//    └─┘

import Glibc
import Logging
import PageStore
import Ring

extension TierKeeper {
  /// Pauses between attempts to open a volume, and between looks at a place that lost its file: doubled from the first to
  /// the second.
  private static let pauseMin = Duration.seconds(1)
  private static let pauseMax = Duration.seconds(60)

  /// Looks after `volume` until the work ends; calls `isReady` once if it was open at the start, when its pages are entered.
  func keep(
    _ volume: OpenedVolume, _ pool: BlockingPool, on reactor: Reactor, isReady: () -> Void
  ) async {
    var wasOpen = volume.file != nil
    while true {
      if volume.file == nil {
        guard await join(volume, pool, on: reactor) else { return }
      }
      await restore(volume, pool)
      if wasOpen { isReady() }
      wasOpen = false
      guard await watch(volume, pool, on: reactor) else { return }
      guard await release(volume, pool, on: reactor) else { return }
    }
  }

  // MARK: Joining

  /// Opens a volume that has no file, again and again, and takes it into use; false when the work ends.
  private func join(
    _ volume: OpenedVolume, _ pool: BlockingPool, on reactor: Reactor
  ) async -> Bool {
    var (pause, told) = (Self.pauseMin, "")
    if volume.opening != nil {
      log.error(
        "volume \(volume.path) does not answer: going on without it until it does; its disk or file system hangs (\(readinessText))"
      )
    } else if let refusal = volume.refusal {
      refuse(volume, refusal.sentence, &told)
      guard await reactor.sleep(for: pause) else { return false }
    }
    while true {
      guard let result = await open(volume, on: reactor) else { return false }
      switch result {
      case .success(let file):
        guard let text = await take(file, into: volume, pool) else { return true }
        refuse(volume, text, &told)
      case .failure(let error): refuse(volume, error.sentence, &told)
      }
      guard await reactor.sleep(for: pause) else { return false }
      pause = min(pause * 2, Self.pauseMax)
    }
  }

  /// Waits for an attempt to open `volume`, beginning one if none is under way; nil when the work ends.
  private func open(
    _ volume: OpenedVolume, on reactor: Reactor
  ) async -> Result<VolumeFile, PageStoreError>? {
    let call: VolumeOpening.Call
    // Those that were late at the start have had their time.
    var since = monotonicNow()
    if let opening = volume.opening {
      call = opening
      since &-= opener.settings.volumeAnswerLimit.nanoseconds
    } else {
      do throws(StartError) { call = try opener.reopen(volume.checked.plan) } catch {
        return .failure(
          PageStoreError(.volumeUnavailable, operation: "tiers.open", subject: "\(error)"))
      }
      volume.opens(by: call)
    }
    while true {
      if let result = call.result {
        // An open file is the volume's until somebody takes it.
        if case .failure = result { volume.opens(by: nil) }
        return result
      }
      let now = monotonicNow()
      volume.health.unanswered(for: now &- since, now: now)
      report(volume)
      guard await reactor.sleep(for: Self.tick) else { return nil }
    }
  }

  /// Takes `file` into use; why not, if that fails.
  private func take(
    _ file: VolumeFile, into volume: OpenedVolume, _ pool: BlockingPool
  ) async -> String? {
    let former = volume.disk.identity
    let failure = await pool.run { () -> PageStoreError? in
      do throws(PageStoreError) { try volume.join(file) } catch {
        file.close()
        return error
      }
      return nil
    }
    if let failure {
      volume.opens(by: nil)
      return failure.sentence
    }
    for notice in file.notices {
      log.log(level: notice.isWarning ? .warning : .notice, "\(notice.description)")
    }
    volume.health.returned(now: monotonicNow())
    if let former, former != file.id {
      log.warning("volume \(volume.path) is another one than before: \(file.id), was \(former)")
    }
    log.notice("volume \(volume.path) is open", metadata: ["volume_id": "\(file.id)"])
    return nil
  }

  /// Says once for each reason why `volume` is not in use.
  private func refuse(_ volume: OpenedVolume, _ text: String, _ told: inout String) {
    volume.refuse()
    volume.health.unavailable(text, now: monotonicNow())
    // The line below says more than that of the change.
    while volume.health.takeTransition() != nil {}
    guard told != text else { return }
    told = text
    log.error(
      "volume \(volume.path) is FAULTED, it cannot be opened: \(text); it is tried again and joins when it can be (\(readinessText))"
    )
  }

  /// What a volume that is out means for the worker.
  private var readinessText: String {
    requiresTiers
      ? "meanwhile the worker serves without it and /readyz is 503: penstock.worker.readiness.require.tiers"
      : "the worker is ready without it: penstock.worker.readiness.require.tiers is false"
  }

  // MARK: Watching

  /// Looks after the volume's health, never waiting for its disk, until something else is at its place; false when the work
  /// ends.
  private func watch(
    _ volume: OpenedVolume, _ pool: BlockingPool, on reactor: Reactor
  ) async -> Bool {
    var search = Search(next: 0, pause: Self.pauseMin)
    while await reactor.sleep(for: Self.tick) {
      let now = monotonicNow()
      volume.presence.ask(pool, now: now)
      if let age = volume.presence.age(now: now) { volume.health.unanswered(for: age, now: now) }
      let isThere = volume.presence.isThere
      if !isThere, volume.health.state != .faulted {
        volume.health.failed(read: true, errno: ENODEV, now: now)
      }
      volume.disk.checkProgress()
      report(volume)
      if isThere {
        search = Search(next: now, pause: Self.pauseMin)
      } else if find(volume, &search, now: now) {
        return true
      }
    }
    return false
  }

  /// A search for what lies where a volume was.
  private struct Search {
    /// Monotonic nanoseconds of the next look, and the pause after it.
    var next: UInt64
    var pause: Duration
    /// The look that has not been answered.
    var look: PatientCall<VolumeReturn>?
    /// What the last one found.
    var found: VolumeReturn?
  }

  /// Goes on with the search for the volume, whose file is gone; true when something is at its place that may be opened.
  private func find(_ volume: OpenedVolume, _ search: inout Search, now: UInt64) -> Bool {
    guard let look = search.look else {
      guard now >= search.next else { return false }
      let (path, known) = (volume.path, opener.known)
      // Without a thread for it the next look is as good.
      search.look = try? PatientCall(name: "volume-look") { VolumeReturn(path: path, known) }
      search.next = now &+ search.pause.nanoseconds
      search.pause = min(search.pause * 2, Self.pauseMax)
      return false
    }
    guard let result = look.result else { return false }
    let isNew = search.found != result
    (search.look, search.found) = (nil, result)
    switch result {
    case .possible:
      if !isNew { return true }
      // Soon: a disk that is back is wanted.
      (search.next, search.pause) = (now &+ Self.pauseMin.nanoseconds, Self.pauseMin)
    case .refused(let text):
      volume.health.unavailable(text, now: now)
      if isNew { log.error("volume \(volume.path) is gone: \(text)") }
    }
    return false
  }

  // MARK: Leaving

  /// Gives up the volume's file and its pages, so that what is at its place can be opened; false when the work ends.
  private func release(
    _ volume: OpenedVolume, _ pool: BlockingPool, on reactor: Reactor
  ) async -> Bool {
    log.warning(
      "another file is where the pages of volume \(volume.path) were: that one is opened now, and what it has is served"
    )
    volume.leave()
    while await !pool.run({ [store] in store.evacuate(disk: volume.position) }) {
      // What the old disk still owes is waited for: until then nobody gets its memory.
      volume.disk.checkProgress()
      report(volume)
      guard await reactor.sleep(for: Self.tick) else { return false }
    }
    if let file = volume.takeFile() { await pool.run { file.close() } }
    return true
  }
}
