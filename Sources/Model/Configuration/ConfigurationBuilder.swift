// From entries to effective settings: choose, resolve, read, check.
//
// Nothing stops at the first fault: the operator sees all of them at once.

/// Builds the settings of a configuration.
struct ConfigurationBuilder {
  /// After so many unknown keys no nearest name is looked for: each look-up compares with all keys.
  private static let hintMax = 50

  /// The keys.
  private let registry: ConfigurationRegistry
  /// Default texts by canonical name.
  private var defaults: [String: String] = [:]
  /// What was wrong.
  private var problems: [ConfigurationProblem] = []
  /// What was odd.
  private(set) var warnings: [ConfigurationWarning] = []
  /// The strongest entry of each spelling, grouped by canonical name or unknown spelling.
  private var spelled: [String: [String: ConfigurationEntry]] = [:]
  /// The effective settings by canonical name or unknown spelling.
  private(set) var settings: [String: ConfigurationSetting] = [:]

  /// Settles everything in `input`.
  ///
  /// - Throws: all problems found.
  init(
    _ input: ConfigurationInput, _ registry: ConfigurationRegistry
  ) throws(ConfigurationError) {
    self.registry = registry
    for key in registry.keys where !key.isTemplate {
      defaults[key.name] = input.defaults[key.name] ?? key.defaultText
    }
    let entries = ConfigurationEntries(input, registry)
    problems += entries.problems
    warnings += entries.warnings
    for entry in entries.all { choose(entry) }
    warnUnknown()
    settle()
    checkPairs()
    warnNotRead()
    warnSecretsShown()
    guard problems.isEmpty else { throw ConfigurationError(problems) }
  }

  /// Takes `entry`, which is at least as strong as those before it, for its spelling.
  private mutating func choose(_ entry: ConfigurationEntry) {
    let name = registry.match(entry.name)?.name ?? entry.name
    let earlier = spelled[name, default: [:]].updateValue(entry, forKey: entry.name)
    if let earlier, earlier.source.rank == entry.source.rank, earlier.text != entry.text {
      warnings.append(.setTwice(name: entry.name, earlier: earlier.source, later: entry.source))
    }
  }

  /// Warns of `alluxio.…` and `penstock.…` keys nobody knows, and of others that look like a slip of the pen.
  private mutating func warnUnknown() {
    var hintCount = 0
    for name in spelled.keys.sorted() where registry.match(name) == nil {
      guard let entry = spelled[name]?[name] else { continue }
      let nearest = hintCount < Self.hintMax ? registry.nearest(to: name) : nil
      hintCount += 1
      let isOurs = name.hasPrefix("alluxio.") || name.hasPrefix("penstock.")
      let isSlip = nearest.map { EditDistance.distance(Array($0.utf8), Array(name.utf8)) <= 2 }
      if isOurs || isSlip == true { warnings.append(.unknownKey(entry, nearest: nearest)) }
    }
  }

  /// Resolves and reads every key that is set or has a default.
  private mutating func settle() {
    let winners = spelled.compactMapValues { entries in
      entries.values.max { ($0.source.rank, $1.name) < ($1.source.rank, $0.name) }
    }
    var resolver = ConfigurationResolver(registry, entries: winners, defaults: defaults)
    var derived: [(ConfigurationEntry, String, Bool, ConfigurationKind?)] = []
    for name in Set(winners.keys).union(defaults.keys).sorted() {
      let match = registry.match(name)
      if let match { checkConflict(name, match.key, &resolver) }
      guard case .text(let raw, let source, let isSensitive) = resolver.resolve(name) else {
        continue
      }
      let text = raw.asciiTrimmed
      guard let value = match?.key.kind.value(of: text) ?? (match == nil ? .text(text) : nil) else {
        let entry = winners[name] ?? ConfigurationEntry(name: name, text: text, source: source)
        // A default is bad because it quotes a value that is refused under its own name: one line is enough.
        if source == .default {
          derived.append((entry, text, isSensitive, match?.key.kind))
        } else {
          refuse(entry, text, isSensitive, match?.key.kind)
        }
        continue
      }
      settings[name] = ConfigurationSetting(
        name: name, text: text, value: value, source: source, isSensitive: isSensitive)
    }
    if problems.isEmpty {
      for (entry, text, isSensitive, kind) in derived { refuse(entry, text, isSensitive, kind) }
    }
    problems += resolver.problems
    warnings += resolver.warnings
  }

  private mutating func refuse(
    _ entry: ConfigurationEntry, _ text: String, _ isSensitive: Bool, _ kind: ConfigurationKind?
  ) {
    let shown = isSensitive ? ConfigurationSetting.mask : text
    problems.append(.badValue(entry: entry, shown: shown, accepted: kind?.accepted ?? ""))
  }

  /// Refuses two spellings of one key whose values differ, whatever their sources.
  private mutating func checkConflict(
    _ name: String, _ key: ConfigurationKey, _ resolver: inout ConfigurationResolver
  ) {
    let entries = (spelled[name] ?? [:]).values.sorted { $0.name < $1.name }
    guard entries.count > 1 else { return }
    let first = meaning(of: entries[0], key, &resolver)
    for entry in entries.dropFirst() where meaning(of: entry, key, &resolver) != first {
      problems.append(.conflict(entries[0], entry, sensitive: key.isSensitive))
    }
  }

  /// What `entry` says, so that `1KB` and `1024` say the same.
  private func meaning(
    of entry: ConfigurationEntry, _ key: ConfigurationKey,
    _ resolver: inout ConfigurationResolver
  ) -> ConfigurationValue {
    let text = resolver.expansion(of: entry) ?? entry.text
    return key.kind.value(of: text) ?? .text(text)
  }

  /// Refuses lists that belong together and differ in length.
  private mutating func checkPairs() {
    let store = "alluxio.worker.page.store."
    if settings[store + "type"]?.value != .text("MEM") {
      checkPair(store + "dirs", store + "sizes") { $0 || $1 }
    }
    for index in 0..<100 {
      let tier = "alluxio.worker.tieredstore.level\(index).dirs."
      checkPair(tier + "path", tier + "mediumtype") { $0 && $1 }
      checkPair(tier + "path", tier + "quota") { $0 && $1 }
    }
  }

  /// Compares two lists if `applies`, given whether each was set by somebody.
  private mutating func checkPair(
    _ first: String, _ second: String, _ applies: (Bool, Bool) -> Bool
  ) {
    guard let one = settings[first], let other = settings[second],
      applies(one.source != .default, other.source != .default),
      let oneCount = one.value.entryCount, let otherCount = other.value.entryCount,
      oneCount != otherCount
    else { return }
    problems.append(
      .unpaired(first: first, firstCount: oneCount, second: second, secondCount: otherCount))
  }

  /// Names secrets that the command line shows to every user of the host.
  private mutating func warnSecretsShown() {
    let names = settings.values.filter { $0.isSensitive && $0.source == .commandLine }
    if !names.isEmpty { warnings.append(.secretsShown(names.map(\.name).sorted())) }
  }

  /// Names the worker's and coordinator's keys that are set and that nothing reads yet.
  private mutating func warnNotRead() {
    let elsewhere: Set<ConfigurationArea> = [.client, .fuse, .unused]
    let names = settings.values.filter { setting in
      guard setting.source != .default, let key = registry.match(setting.name)?.key else {
        return false
      }
      return !key.isRead && !elsewhere.contains(key.area)
    }
    if !names.isEmpty { warnings.append(.notRead(names.map(\.name).sorted())) }
  }
}

extension ConfigurationValue {
  /// How many entries a list has; nil for what is no list.
  var entryCount: Int? {
    switch self {
    case .list(let entries): entries.count
    case .sizes(let sizes): sizes.count
    default: nil
    }
  }
}
