// The two forms of a filter file (compat §8).
//
//   3.x  {"apiVersion":1,"data":{"defaultType":"immutable","immutable":["re"],"skipCache":["re"],"maxAge":{"re":"10s"}},
//         "metadata":{…}}
//   2.x  {"filterType":"ALLOW_LIST","regxPatternStrList":["re"]}        or BLOCK_LIST, or CACHE_ALL

import Model

/// What is wrong with a filter file.
package struct FilterProblem: Error, Equatable, CustomStringConvertible {
  /// One line: what is wrong.
  package let description: String

  init(_ description: String) { self.description = description }
}

extension CacheFilter {
  /// The filter that a file's bytes describe.
  ///
  /// - Throws: the first thing that is wrong.
  package init(parsing bytes: [UInt8]) throws(FilterProblem) {
    let value: JSONValue
    do throws(JSONProblem) {
      value = try JSONReader.parse(bytes)
    } catch {
      throw FilterProblem("it is no JSON: \(error)")
    }
    guard value.members != nil else { throw FilterProblem("it holds \(value.kind), not an object") }
    if value["filterType"] != nil {
      try self.init(patternList: value)
    } else {
      try self.init(ruleSet: value)
    }
  }

  /// The form of 3.x.
  private init(ruleSet value: JSONValue) throws(FilterProblem) {
    self.init()
    for member in value.members ?? [] {
      switch member.name {
      case "apiVersion":
        guard member.value.integer == 1 else {
          throw FilterProblem("apiVersion must be 1; this version knows no other")
        }
      case "data": data = try Self.rules(member.value, in: "data")
      case "metadata": metadata = try Self.rules(member.value, in: "metadata")
      default: throw FilterProblem("unknown name '\(member.name)'; there are data and metadata")
      }
    }
  }

  private static func rules(
    _ value: JSONValue, in section: String
  ) throws(FilterProblem) -> FilterRules {
    guard let members = value.members else {
      throw FilterProblem("\(section) is \(value.kind), not an object")
    }
    var rules = FilterRules()
    for member in members {
      let name = "\(section).\(member.name)"
      switch member.name {
      case "defaultType": rules.fallback = try fallback(member.value, named: name)
      case "immutable": rules.immutable = try patterns(member.value, named: name)
      case "skipCache": rules.skipCache = try patterns(member.value, named: name)
      case "maxAge": rules.maxAge = try ages(member.value, named: name)
      default:
        throw FilterProblem(
          "unknown name '\(name)'; there are defaultType, immutable, skipCache and maxAge")
      }
    }
    return rules
  }

  private static func fallback(
    _ value: JSONValue, named name: String
  ) throws(FilterProblem) -> FilterAction {
    switch value.text {
    case "immutable": return .immutable
    case "skipCache": return .skipCache
    case "maxAge":
      throw FilterProblem("\(name) cannot be maxAge, which has no time; add \".*\" to maxAge")
    default: throw FilterProblem("\(name) must be immutable or skipCache")
    }
  }

  private static func patterns(
    _ value: JSONValue, named name: String
  ) throws(FilterProblem) -> [PathPattern] {
    guard let elements = value.elements else {
      throw FilterProblem("\(name) is \(value.kind), not a list of patterns")
    }
    var patterns: [PathPattern] = []
    for element in elements {
      guard let text = element.text else {
        throw FilterProblem("\(name) holds \(element.kind), not patterns alone")
      }
      patterns.append(try pattern(text, named: name))
    }
    return patterns
  }

  private static func ages(
    _ value: JSONValue, named name: String
  ) throws(FilterProblem) -> [(pattern: PathPattern, age: Duration)] {
    guard let members = value.members else {
      throw FilterProblem("\(name) is \(value.kind), not an object of patterns and times")
    }
    var ages: [(pattern: PathPattern, age: Duration)] = []
    for member in members {
      guard let age = member.value.text.flatMap({ DurationText.parse($0) }), age >= .zero else {
        throw FilterProblem("\(name): the time of '\(member.name)' must be text such as \"10s\"")
      }
      ages.append((try pattern(member.name, named: name), age))
    }
    return ages
  }

  private static func pattern(
    _ text: String, named name: String
  ) throws(FilterProblem) -> PathPattern {
    do throws(PatternProblem) {
      return try PathPattern(text)
    } catch {
      throw FilterProblem("\(name): \(error)")
    }
  }

  /// The form of 2.x, which speaks of data alone.
  private init(patternList value: JSONValue) throws(FilterProblem) {
    self.init()
    let list = value["regxPatternStrList"] ?? value["regexPatternStrList"] ?? .array([])
    let patterns = try Self.patterns(list, named: "regxPatternStrList")
    switch value["filterType"]?.text?.uppercased() {
    case "CACHE_ALL": break
    case "BLOCK_LIST": data.skipCache = patterns
    case "ALLOW_LIST":
      // What matches is cached as usual: a pattern of infinite age would claim that it never changes.
      data.allowed = patterns
    default: throw FilterProblem("filterType must be CACHE_ALL, ALLOW_LIST or BLOCK_LIST")
    }
  }
}
