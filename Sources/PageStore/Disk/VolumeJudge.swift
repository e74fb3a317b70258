// The rules of a volume's health, as a value under the mutex of VolumeHealth.

import Glibc

/// What is known of a volume's errors, slowness, probes and probation.
struct VolumeJudge {
  let options: VolumeHealthOptions
  private(set) var state = VolumeState.healthy
  private(set) var reason = ""
  var transitions: [VolumeTransition] = []
  private var transitionCount: UInt64 = 0

  private var readErrors: ErrorBudget
  private var writeErrors: ErrorBudget
  private var corruptions: ErrorBudget
  private var slowWindows: UInt64 = 0
  private var failedProbes: UInt64 = 0

  /// Slow windows in a row and when the first of them ended; reads, then writes.
  private var slow = [(count: 0, since: UInt64(0)), (count: 0, since: UInt64(0))]

  /// When something bad happened last; probation counts from here.
  private var lastBad: UInt64
  private var probation: UInt64
  /// When the volume last became healthy.
  private var healthySince: UInt64
  private var okProbes = 0
  private var probeInterval: UInt64
  private var nextProbe: UInt64 = 0
  private var isProbing = false
  private(set) var probeStart: UInt64 = 0

  init(options: VolumeHealthOptions, now: UInt64) {
    self.options = options
    let readLimit = max(options.readErrorsToDegrade, options.readErrorsToFault)
    readErrors = ErrorBudget(limit: readLimit, window: options.window)
    writeErrors = ErrorBudget(limit: options.writeErrorsToDegrade, window: options.window)
    corruptions = ErrorBudget(limit: options.corruptionsToDegrade, window: options.window)
    lastBad = now
    healthySince = now
    probation = options.probation
    probeInterval = options.probeInterval
  }

  var counts: VolumeHealth.Counts {
    VolumeHealth.Counts(
      readErrors: readErrors.total, writeErrors: writeErrors.total,
      corruptions: corruptions.total, slowWindows: slowWindows, failedProbes: failedProbes,
      transitions: transitionCount)
  }

  // MARK: Errors

  mutating func failed(read: Bool, errno: Int32, now: UInt64) {
    switch errno {
    case ENODEV, ENXIO, ENOMEDIUM:
      _ = count(read: read, now)
      bad(now)
      move(
        to: .faulted,
        "the device is gone (\(name(errno))): bring it back or take its directory out of the configuration",
        now)
    case EROFS where !read, ENOSPC where !read, EDQUOT where !read:
      _ = count(read: false, now)
      bad(now)
      worsen(to: .degraded, "a write failed with \(name(errno))", now)
    case EIO, EROFS, ESTALE, ETIMEDOUT, EUCLEAN, ENOTCONN, EREMOTEIO, ESHUTDOWN:
      let recent = count(read: read, now)
      bad(now)
      spent(recent, read: read, errno: errno, now)
    default: return
    }
  }

  private mutating func spent(_ recent: Int, read: Bool, errno: Int32, _ now: UInt64) {
    let text = "\(recent) failed \(read ? "reads" : "writes") in \(seconds(options.window))"
    if read, recent >= options.readErrorsToFault {
      move(to: .faulted, "\(text), the last with \(name(errno))", now)
    } else if recent >= (read ? options.readErrorsToDegrade : options.writeErrorsToDegrade) {
      worsen(to: .degraded, "\(text), the last with \(name(errno))", now)
    }
  }

  mutating func corrupted(now: UInt64) {
    let recent = corruptions.spend(at: now)
    bad(now)
    guard recent >= options.corruptionsToDegrade else { return }
    worsen(to: .degraded, "\(recent) corrupt pages in \(seconds(options.window))", now)
  }

  mutating func unanswered(for age: UInt64, now: UInt64) {
    bad(now)
    let text =
      "an operation has no answer since \(tenths(age)): its disk or file system hangs; look at the kernel's log"
    if age >= options.answerLimit {
      move(to: .faulted, text, now)
    } else {
      worsen(to: .degraded, text, now)
    }
  }

  mutating func logFailed(_ text: String, now: UInt64) {
    bad(now)
    worsen(to: .degraded, "its page log cannot be written: \(text)", now)
  }

  mutating func unavailable(_ text: String, now: UInt64) {
    bad(now)
    move(to: .faulted, text, now)
    reason = text
  }

  mutating func returned(now: UInt64) {
    probeInterval = options.probeInterval
    nextProbe = now
  }

  private mutating func count(read: Bool, _ now: UInt64) -> Int {
    read ? readErrors.spend(at: now) : writeErrors.spend(at: now)
  }

  // MARK: Latency

  mutating func judged(isSlow: Bool, read: Bool, median: UInt64, now: UInt64) {
    let index = read ? 0 : 1
    guard isSlow else {
      slow[index].count = 0
      return
    }
    slowWindows &+= 1
    if slow[index].count == 0 { slow[index].since = now }
    slow[index].count += 1
    if state == .degraded { bad(now) }
    guard slow[index].count >= options.slowWindowsToDegrade,
      now &- slow[index].since >= options.slowSpan
    else { return }
    let what = read ? "reads" : "writes"
    let usual = "\(median / 1000) us for each 128 KiB"
    worsen(
      to: .degraded,
      "\(what) are \(options.latencyRatio) times slower than their median of \(usual)",
      now)
  }

  // MARK: Probes and return

  mutating func takeProbe(now: UInt64) -> Bool {
    guard state != .healthy, !isProbing, now >= nextProbe else { return false }
    isProbing = true
    probeStart = now
    return true
  }

  mutating func probed(ok: Bool, now: UInt64) {
    guard isProbing else { return }
    isProbing = false
    guard ok else { return probeFailed(now) }
    probeInterval = options.probeInterval
    nextProbe = now + probeInterval
    okProbes += 1
    guard okProbes >= options.probesToReturn else { return }
    switch state {
    case .faulted:
      okProbes = 0
      readErrors.clear()
      writeErrors.clear()
      lastBad = now
      move(to: .degraded, "probes succeed again; on probation for \(seconds(probation))", now)
    case .degraded:
      guard now >= lastBad, now - lastBad >= probation else { return }
      recover(now)
    case .healthy: return
    }
  }

  private mutating func probeFailed(_ now: UInt64) {
    failedProbes &+= 1
    bad(now)
    // A probe that fails on a degraded volume says no more than that it stays so: reads have their own budget.
    probeInterval = min(probeInterval * 2, options.probeIntervalMax)
    nextProbe = now + probeInterval
  }

  private mutating func recover(_ now: UInt64) {
    readErrors.clear()
    writeErrors.clear()
    corruptions.clear()
    slow = [(0, 0), (0, 0)]
    healthySince = now
    move(to: .healthy, "nothing bad happened for \(seconds(probation))", now)
    reason = ""
  }

  // MARK: Moving

  private mutating func bad(_ now: UInt64) {
    lastBad = max(lastBad, now)
    okProbes = 0
  }

  /// Moves to `state` unless the volume is there or worse; a first reason is kept.
  private mutating func worsen(to state: VolumeState, _ why: String, _ now: UInt64) {
    if self.state.rawValue < state.rawValue { move(to: state, why, now) }
  }

  private mutating func move(to state: VolumeState, _ why: String, _ now: UInt64) {
    guard self.state != state else { return }
    if self.state == .healthy { relapse(now) }
    if state.rawValue > self.state.rawValue {
      probeInterval = options.probeInterval
      nextProbe = now + probeInterval
    }
    transitions.append(VolumeTransition(from: self.state, to: state, reason: why, time: now))
    transitionCount &+= 1
    self.state = state
    reason = why
  }

  /// Sets the length of the probation: doubled when the volume was healthy for less than ten of them.
  private mutating func relapse(_ now: UInt64) {
    lastBad = max(lastBad, now)
    let isRelapse = transitionCount > 0 && now &- healthySince < probation &* 10
    probation = isRelapse ? min(probation * 2, options.probationMax) : options.probation
  }

  // MARK: Words

  private func tenths(_ time: UInt64) -> String {
    "\(time / 1_000_000_000).\(time / 100_000_000 % 10) s"
  }

  private func seconds(_ time: UInt64) -> String { "\(time / 1_000_000_000) s" }

  private func name(_ errno: Int32) -> String {
    switch errno {
    case EIO: "EIO"
    case ENODEV: "ENODEV"
    case ENXIO: "ENXIO"
    case ENOMEDIUM: "ENOMEDIUM"
    case EROFS: "EROFS"
    case ENOSPC: "ENOSPC"
    case EDQUOT: "EDQUOT"
    case ESTALE: "ESTALE"
    case ETIMEDOUT: "ETIMEDOUT"
    default: "errno \(errno)"
    }
  }
}
