// Rules as people change them: checked, kept, and then obeyed by what is cached already.

import Model
package import PageStore

/// How a rule is set.
package enum RuleChange: Sendable, Equatable {
  /// There must be none at its path.
  case add
  /// There must be one at its path.
  case update
  /// There must be one at its path, and there is none afterwards.
  case remove
}

extension CachePolicies {
  /// Sets how long files at `path` stay cached; nil removes the rule.
  ///
  /// Blocks, as all of these do.
  /// - Returns: a warning for the user, nil without one.
  /// - Throws: `.exists`, `.missing`, `.invalid`, `.disabled`, `.unavailable`.
  package func setTTL(
    _ time: Duration?, at path: RulePath, _ change: RuleChange
  ) throws(RuleError) -> String? {
    if let time {
      guard book.options.isTTLEnabled else {
        throw RuleError(
          .disabled,
          "TTL rules are off: set alluxio.ttl.policy.enabled=true and start the worker again")
      }
      guard time >= .milliseconds(1) else {
        throw RuleError(
          .invalid, "a TTL must be at least 1ms; to cache nothing, use a cache filter")
      }
    }
    try set(time, at: path, change, in: \.ttl, named: "TTL")
    guard let time, time < book.options.ttlCheckInterval else { return nil }
    return "time=\(DurationText.print(time)) is below alluxio.ttl.eviction.check.interval="
      + "\(DurationText.print(book.options.ttlCheckInterval)): expired data is never served, but its"
      + " space may be freed as late as that"
  }

  /// Sets which pages of files at `path` leave before others; nil removes the rule.
  ///
  /// - Throws: `.exists`, `.missing`, `.unavailable`.
  package func setPriority(
    _ priority: CachePriority?, at path: RulePath, _ change: RuleChange
  ) throws(RuleError) {
    try set(priority, at: path, change, in: \.priority, named: "priority")
  }

  /// Sets how many bytes files at `path` may hold; nil removes the rule.
  ///
  /// What is over the limit already is dropped before this returns, oldest files first.
  /// - Throws: `.exists`, `.missing`, `.disabled`, `.invalid`, `.unavailable`.
  package func setQuota(
    _ limit: Int64?, at path: RulePath, _ change: RuleChange
  ) throws(RuleError) {
    if let limit {
      guard book.options.isQuotaEnabled else {
        throw RuleError(
          .disabled, "quotas are off: set alluxio.quota.enabled=true and start the worker again")
      }
      guard limit >= 0 else { throw RuleError(.invalid, "a quota is not negative") }
    }
    try set(limit, at: path, change, in: \.quotas, named: "quota")
    if let account = book.account(of: path) { recount(account, onlyCounts: false) }
  }

  /// Pins what is cached, and will be cached, at `path`.
  ///
  /// - Returns: bytes that are cached there now.
  /// - Throws: `.exists`, `.unavailable`; `.noRoom` when that would be more than may be pinned.
  package func pin(_ path: RulePath) throws(RuleError) -> Int64 {
    let bytes: Int64
    do throws(CatalogError) {
      bytes = try residentBytes(at: [path])
    } catch {
      throw RuleError(.unavailable, "the catalog of cached files cannot be read: \(error)")
    }
    let rules = book.rules.pins
    if rules.match(path) == nil {
      recountPinned()
      let (sum, overflow) = (pinned.used ?? pinned.limit).addingReportingOverflow(bytes)
      guard !overflow, sum <= pinned.limit else {
        throw RuleError(
          .noRoom,
          "\(path) holds \(SizeText.print(bytes)) in the cache; with the"
            + " \(SizeText.print(pinned.used ?? 0)) pinned already that is more than the"
            + " \(SizeText.print(pinned.limit)) that penstock.worker.page.store.pinned.ratio.max"
            + " allows: unpin something, or raise it")
      }
    }
    try set(CacheRules.Pin(), at: path, .add, in: \.pins, named: "pin")
    recountPinned()
    return bytes
  }

  /// Lets what is cached at `path` leave again.
  ///
  /// - Throws: `.missing`, `.unavailable`.
  package func unpin(_ path: RulePath) throws(RuleError) {
    try set(nil, at: path, .remove, in: \.pins, named: "pin")
    recountPinned()
  }

  /// Sets the rule of one kind at `path`, and makes what is cached there obey.
  private func set<Value: Sendable>(
    _ value: Value?, at path: RulePath, _ change: RuleChange,
    in kind: WritableKeyPath<CacheRules, PrefixRules<Value>>, named name: String
  ) throws(RuleError) {
    try book.change { rules throws(RuleError) in
      let isThere = rules[keyPath: kind][path] != nil
      switch change {
      case .add where isThere:
        throw RuleError(.exists, "there is a \(name) rule for alluxioPath=\(path); update it")
      case .update where !isThere:
        throw RuleError(.missing, "there is no \(name) rule for alluxioPath=\(path); add it")
      case .remove where !isThere:
        throw RuleError(.missing, "there is no \(name) rule for alluxioPath=\(path)")
      case .add, .update, .remove: rules[keyPath: kind][path] = value
      }
    }
    do throws(CatalogError) {
      try enforce(at: path)
    } catch {
      throw RuleError(
        .unavailable,
        "the rule holds from now on, but not for what is cached already: the catalog of cached files"
          + " cannot be read: \(error)")
    }
  }
}

extension DurationText {
  /// `duration` in its largest whole unit, as people write it: `1h`, `90s`, `1500ms`.
  package static func print(_ duration: Duration) -> String {
    let count = milliseconds(duration)
    if count == .max { return "Long.MAX_VALUE" }
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)]
    where count != 0 && count % Int64(size) == 0 {
      return "\(count / Int64(size))\(unit)"
    }
    return "\(count)ms"
  }
}
