// `${other.key}` in a value becomes the value of that key.

/// Replaces references, each key once.
struct ConfigurationResolver {
  /// Nesting beyond this is refused; real files nest two or three deep.
  private static let depthMax = 64
  /// Bytes of text beyond which an expansion is refused: doubling references grow without bound.
  private static let expansionMax = 1 << 20

  /// What a key's text came to.
  enum Outcome {
    /// Text, where it came from, and whether a secret went into it.
    case text(String, ConfigurationSource, isSensitive: Bool)
    /// The key has no value.
    case unset
    /// A problem was recorded.
    case failed
  }

  /// Why a text cannot be expanded.
  private enum Obstacle: Error {
    case unset(String)
    case failed
  }

  /// The keys' names.
  private let registry: ConfigurationRegistry
  /// The winning entry of each key that somebody set, by canonical name.
  private let entries: [String: ConfigurationEntry]
  /// The default text of each key that has one, by canonical name.
  private let defaults: [String: String]
  /// What was resolved already.
  private var outcomes: [String: Outcome] = [:]
  /// The keys being resolved, outermost first.
  private var stack: [String] = []
  /// What was wrong.
  private(set) var problems: [ConfigurationProblem] = []
  /// What was odd.
  private(set) var warnings: [ConfigurationWarning] = []

  /// A resolver over what is set and what is default.
  init(
    _ registry: ConfigurationRegistry, entries: [String: ConfigurationEntry],
    defaults: [String: String]
  ) {
    self.registry = registry
    self.entries = entries
    self.defaults = defaults
  }

  /// The effective text of the key with the canonical `name`.
  mutating func resolve(_ name: String) -> Outcome {
    if let outcome = outcomes[name] { return outcome }
    if let start = stack.firstIndex(of: name) {
      let cycle = stack[start...] + [name]
      let set = cycle.compactMap { entries[$0] }.first ?? defaultEntry(name)
      problems.append(.cycle(entry: set, names: Array(cycle)))
      return .failed
    }
    guard stack.count < Self.depthMax else {
      problems.append(.excessiveReference(entry: entries[name] ?? defaultEntry(name)))
      return .failed
    }
    stack.append(name)
    let outcome = expand(name)
    stack.removeLast()
    outcomes[name] = outcome
    return outcome
  }

  /// The text of `entry` with references replaced, or nil when a reference has no value or a
  /// problem was recorded.
  mutating func expansion(of entry: ConfigurationEntry) -> String? {
    do throws(Obstacle) {
      return try expanded(entry).text
    } catch {
      return nil
    }
  }

  /// The text of `name` from whoever set it, else its default.
  private mutating func expand(_ name: String) -> Outcome {
    let isSensitive =
      registry.match(name)?.key.isSensitive == true || Self.soundsSecret(name)
    var candidates: [ConfigurationEntry] = []
    if let entry = entries[name] { candidates.append(entry) }
    if defaults[name] != nil { candidates.append(defaultEntry(name)) }
    for entry in candidates {
      do throws(Obstacle) {
        let (text, secret) = try expanded(entry)
        return .text(text, entry.source, isSensitive: isSensitive || secret)
      } catch .unset(let reference) {
        if entry.source != .default {
          warnings.append(.unsetReference(entry, reference: reference))
        }
      } catch {
        return .failed
      }
    }
    return .unset
  }

  /// True for the name of an option or unknown key that seems to hold a secret.
  private static func soundsSecret(_ name: String) -> Bool {
    let lower = name.lowercased()
    return ["secret", "password", "accesskey", "access.key", "token"].contains {
      lower.hasSuffix($0) || lower.contains($0 + "key") || lower.hasSuffix($0 + "id")
    } || lower.hasSuffix("secret.key") || lower.hasSuffix("session.token")
  }

  private func defaultEntry(_ name: String) -> ConfigurationEntry {
    ConfigurationEntry(name: name, text: defaults[name] ?? "", source: .default)
  }

  /// The text of `entry` with references replaced, and whether a secret went into it.
  private mutating func expanded(
    _ entry: ConfigurationEntry
  ) throws(Obstacle) -> (text: String, isSensitive: Bool) {
    // Most values have no reference; their size does not matter.
    guard entry.text.utf8.contains(UInt8(ascii: "$")) else { return (entry.text, false) }
    var out = ""
    var isSensitive = false
    var rest = Substring(entry.text)
    while let (before, reference, after) = Self.nextReference(in: rest) {
      let (text, secret) = try value(of: String(reference), for: entry)
      out += before
      out += text
      isSensitive = isSensitive || secret
      rest = after
      guard out.utf8.count <= Self.expansionMax else {
        problems.append(.excessiveReference(entry: entry))
        throw .failed
      }
    }
    return (out + rest, isSensitive)
  }

  /// The text that `${reference}` stands for.
  private mutating func value(
    of reference: String, for entry: ConfigurationEntry
  ) throws(Obstacle) -> (String, Bool) {
    guard let name = canonicalName(of: reference) else {
      problems.append(
        .unknownReference(
          entry: entry, reference: reference, nearest: registry.nearest(to: reference)))
      throw .failed
    }
    switch resolve(name) {
    case .text(let text, _, let isSensitive): return (text, isSensitive)
    case .unset: throw .unset(name)
    case .failed: throw .failed
    }
  }

  /// The key that a reference names: a spelling, a variable's name, or an unknown key that is set.
  private func canonicalName(of reference: String) -> String? {
    if let match = registry.match(reference) { return match.name }
    if entries[reference] != nil { return reference }
    return registry.spelling(ofVariable: reference).flatMap { registry.match($0)?.name }
  }

  /// The first `${…}` of `text` with what surrounds it; nil when there is none or it never closes.
  private static func nextReference(
    in text: Substring
  ) -> (before: Substring, name: Substring, after: Substring)? {
    let bytes = text.utf8
    var index = bytes.startIndex
    while let dollar = bytes[index...].firstIndex(of: UInt8(ascii: "$")) {
      let brace = bytes.index(after: dollar)
      guard brace < bytes.endIndex else { return nil }
      if bytes[brace] == UInt8(ascii: "{") {
        let start = bytes.index(after: brace)
        guard let close = bytes[start...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
        return (text[..<dollar], text[start..<close], text[bytes.index(after: close)...])
      }
      index = brace
    }
    return nil
  }
}
