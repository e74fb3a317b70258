// The rules in force, shared by all rings: read when a file is first met, changed by people.
//
//   decide:  rules at generation g ──▶ RuleDecision(g), kept in the file's record
//   change:  new rules ──▶ file on disk ──▶ in force, generation g + 1 ──▶ every record's decision is out of date

import Model
import Ring
import PageStore
import Synchronization

/// The rules of a worker.
package final class RuleBook: Sendable {
  /// What configuration says of rules.
  package struct Options: Sendable {
    /// How long a status is believed where no filter says otherwise.
    package var statusValidity: Duration = .seconds(1)
    /// Whether pages age.
    package var isTTLEnabled = true
    /// Whether directories are limited.
    package var isQuotaEnabled = true
    /// Interval at which aged pages are looked for.
    package var ttlCheckInterval: Duration = .seconds(3600)

    /// Everything on.
    package init() {}
  }

  fileprivate struct State {
    var rules: CacheRules
    var generation: UInt64 = 1
    var accounts: [RulePath: QuotaAccount] = [:]
  }

  /// What configuration says.
  package let options: Options
  private let file: RulesFile?
  private let state: Mutex<State>
  private let generationNow = Atomic<UInt64>(1)
  /// Held while the file is written, so that its order is the order of the changes.
  private let writing = Mutex<Void>(())

  /// A book of `rules`, which changes are kept in `file` of.
  package init(
    _ rules: CacheRules = CacheRules(), options: Options = Options(), file: RulesFile? = nil
  ) {
    self.options = options
    self.file = file
    state = Mutex(State(rules: rules))
    state.withLock { $0.updateAccounts() }
  }

  /// Changes with every change of the rules.
  @inline(__always)
  package var generation: UInt64 { generationNow.load(ordering: .acquiring) }

  /// The rules now.
  package var rules: CacheRules { state.withLock { $0.rules } }

  /// What the rules come to for a file.
  ///
  /// One look-up per kind of rule, and every pattern of the filter: meant to be kept.
  package func decide(alluxioPath: String, ufsPath: String) -> RuleDecision {
    let (rules, generation) = state.withLock { ($0.rules, $0.generation) }
    var decision = RuleDecision(validity: options.statusValidity.nanoseconds)
    decision.generation = generation
    if rules.filter.patternCount > 0 || rules.filter.isOpinionated {
      let names = CacheFilter.names(alluxioPath: alluxioPath, ufsPath: ufsPath)
      decision.apply(data: rules.filter.data.action(for: names))
      decision.apply(metadata: rules.filter.metadata.action(for: names))
    }
    let path = RulePath(alluxioPath)
    if options.isTTLEnabled {
      decision.timeToLive = rules.ttl.match(path).map { milliseconds($0.value) }
    }
    decision.priority = rules.priority.match(path)?.value ?? .medium
    decision.isPinned = rules.pins.match(path) != nil
    if options.isQuotaEnabled, !rules.quotas.isEmpty {
      decision.quotas = accounts(over: path)
    }
    return decision
  }

  /// The accounts of the quotas over `path`, most specific first.
  private func accounts(over path: RulePath) -> [QuotaAccount] {
    state.withLock { state in
      state.rules.quotas.all(over: path).compactMap { state.accounts[$0.path] }
    }
  }

  /// The account of the quota at exactly `path`.
  package func account(of path: RulePath) -> QuotaAccount? {
    state.withLock { $0.accounts[path] }
  }

  /// Changes the rules and keeps them; blocks until they are on the disk.
  ///
  /// - Throws: what `body` throws, and `.unavailable` when they cannot be kept: nothing has changed then.
  package func change(
    _ body: (inout CacheRules) throws(RuleError) -> Void
  ) throws(RuleError) {
    try writing.withLock { (_: inout Void) throws(RuleError) in
      var rules = self.rules
      try body(&rules)
      if let file { try file.save(rules) }
      put { state in
        // The filter has a writer of its own, which may have been here meanwhile.
        rules.filter = state.rules.filter
        state.rules = rules
        state.updateAccounts()
      }
    }
  }

  /// Puts another filter in force.
  package func setFilter(_ filter: CacheFilter) { put { $0.rules.filter = filter } }

  private func put(_ body: (inout State) -> Void) {
    state.withLock { state in
      body(&state)
      state.generation += 1
      generationNow.store(state.generation, ordering: .releasing)
    }
  }
}

extension RuleBook.State {
  /// Makes the accounts those of the quotas; one whose quota stays keeps its count.
  fileprivate mutating func updateAccounts() {
    var kept: [RulePath: QuotaAccount] = [:]
    for (path, limit) in rules.quotas.sorted {
      let account = accounts[path] ?? QuotaAccount(path: path, limit: limit)
      account.setLimit(limit)
      kept[path] = account
    }
    accounts = kept
  }
}

extension CacheFilter {
  /// Whether the filter says anything of paths that no pattern matches.
  var isOpinionated: Bool {
    data.fallback != .standard || metadata.fallback != .standard || data.allowed != nil
  }
}

extension RuleDecision {
  fileprivate mutating func apply(data action: FilterAction) {
    switch action {
    case .standard: break
    case .immutable: dataValidity = .max
    case .maxAge(let age): dataValidity = age.nanoseconds
    case .skipCache:
      dataValidity = 0
      isCached = false
    }
  }

  fileprivate mutating func apply(metadata action: FilterAction) {
    switch action {
    case .standard: break
    case .immutable: metadataValidity = .max
    case .maxAge(let age): metadataValidity = age.nanoseconds
    case .skipCache: metadataValidity = 0
    }
  }
}
