// Rules set at run time, kept in the work directory.
//
//   <work>/rules.json   {"formatVersion":1,"ttl":[{"path":"/a","time":"1h"}],"priority":[…],"pin":[…],"quota":[…]}
//
// Written whole: a temporary file, fsync, rename, fsync of the directory. So it is the old one or the new one, whatever
// happens; one that is neither was damaged by something else and is moved aside for people to look at, never overwritten.

import Glibc
import Model
import PageStore
import Ring

/// The file that rules live in between runs.
package struct RulesFile: Sendable {
  /// Largest file that is read.
  private static let sizeMax = 64 << 20
  /// Files moved aside before a damaged one stays where it is.
  private static let asideCountMax = 100

  /// Its path.
  package let path: String

  /// The file `rules.json` of a work directory.
  package init(directory: String) { path = "\(directory)/rules.json" }

  /// The rules of the file; none when there is no file.
  ///
  /// - Throws: `.unavailable`; `.damaged` once the file was moved aside, naming where to.
  package func load() throws(RuleError) -> CacheRules {
    let bytes: [UInt8]
    switch FileBytes.read(path, max: Self.sizeMax) {
    case .missing: return CacheRules()
    case .failed(let errno):
      throw RuleError(
        .unavailable,
        "\(path) cannot be read: \(errnoText(errno)); correct its owner or mode and start again")
    case .read(let found): bytes = found
    }
    do throws(FilterProblem) {
      return try Self.parse(bytes)
    } catch {
      throw moveAside(because: error.description)
    }
  }

  /// Damaged files that lie beside, by name.
  package var asides: [String] {
    asidePlaces.filter { unsafe access($0, F_OK) == 0 }
  }

  /// Where a damaged file may go.
  private var asidePlaces: [String] {
    (0..<Self.asideCountMax).map { "\(path).damaged-\($0)" }
  }

  private func moveAside(because reason: String) -> RuleError {
    let place = asidePlaces.first { unsafe access($0, F_OK) != 0 }
    guard let place, unsafe rename(path, place) == 0 else {
      return RuleError(
        .unavailable, "\(path) is damaged (\(reason)) and cannot be moved aside; move it yourself")
    }
    return RuleError(
      .damaged,
      "\(path) is damaged (\(reason)) and was moved to \(place): its rules do not hold; correct it and"
        + " move it back with the worker stopped, or set the rules again and remove it")
  }

  /// Writes `rules` in place of what the file holds; when this returns, they are on the disk.
  ///
  /// - Throws: `.unavailable`, with the old rules still in the file.
  package func save(_ rules: CacheRules) throws(RuleError) {
    if let errno = FileBytes.replace(path, with: Self.text(of: rules)) {
      throw RuleError(
        .unavailable,
        "the rule is not kept, as \(path) cannot be written: \(errnoText(errno)); nothing changed")
    }
  }

  /// The file's text for `rules`.
  static func text(of rules: CacheRules) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("formatVersion", 1)
      list("ttl", rules.ttl.sorted, to: &writer) {
        $0.member("time", "\(milliseconds($1))ms")
      }
      list("priority", rules.priority.sorted, to: &writer) { $0.member("priority", $1.word) }
      list("pin", rules.pins.sorted, to: &writer) { _, _ in }
      list("quota", rules.quotas.sorted, to: &writer) { $0.member("bytes", $1) }
    }
  }

  private static func list<Value>(
    _ name: String, _ rules: [(path: RulePath, value: Value)], to writer: inout JSONWriter,
    _ body: (inout JSONWriter, Value) -> Void
  ) {
    writer.name(name)
    writer.array { writer in
      for rule in rules {
        writer.object {
          $0.member("path", "\(rule.path)")
          body(&$0, rule.value)
        }
      }
    }
  }

  /// The rules that a file's bytes describe.
  static func parse(_ bytes: [UInt8]) throws(FilterProblem) -> CacheRules {
    let value: JSONValue
    do throws(JSONProblem) {
      value = try JSONReader.parse(bytes)
    } catch {
      throw FilterProblem("\(error)")
    }
    guard value["formatVersion"]?.integer == 1 else {
      throw FilterProblem("formatVersion is not 1")
    }
    var rules = CacheRules()
    try each(value, "ttl") { path, rule throws(FilterProblem) in
      guard let time = rule["time"]?.text.flatMap({ DurationText.parse($0) }), time > .zero else {
        throw FilterProblem("the TTL of \(path) has no time")
      }
      rules.ttl[path] = time
    }
    try each(value, "priority") { path, rule throws(FilterProblem) in
      guard let priority = rule["priority"]?.text.flatMap({ CachePriority(word: $0) }) else {
        throw FilterProblem("the priority of \(path) is none")
      }
      rules.priority[path] = priority
    }
    try each(value, "pin") { path, _ throws(FilterProblem) in rules.pins[path] = CacheRules.Pin() }
    try each(value, "quota") { path, rule throws(FilterProblem) in
      guard let size = rule["bytes"]?.integer, size >= 0 else {
        throw FilterProblem("the quota of \(path) has no bytes")
      }
      rules.quotas[path] = size
    }
    return rules
  }

  private static func each(
    _ value: JSONValue, _ name: String,
    _ body: (RulePath, JSONValue) throws(FilterProblem) -> Void
  ) throws(FilterProblem) {
    guard let rules = value[name]?.elements else { throw FilterProblem("\(name) is no list") }
    for rule in rules {
      guard let path = rule["path"]?.text, path.utf8.first == UInt8(ascii: "/") else {
        throw FilterProblem("a rule of \(name) has no path")
      }
      try body(RulePath(path), rule)
    }
  }
}

/// Whole milliseconds of a duration, within Int64.
package func milliseconds(_ duration: Duration) -> Int64 {
  let (seconds, attoseconds) = duration.components
  let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
  let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
  return overflow || carried ? (seconds < 0 ? .min : .max) : sum
}
