// What a request about the cache asks for: the members of its JSON body, else the fields of its query.

import Model

/// Named parameters of a request; the body's win over the query's.
struct CacheParameters {
  private let query: RESTParameters
  private let body: JSONValue

  /// The parameters of a query, and of a body that may be empty.
  ///
  /// - Throws: 400 for a body that is no JSON object.
  init(query: [UInt8], body: [UInt8]) throws(CacheProblem) {
    self.query = RESTParameters(form: query[...])
    guard !body.isEmpty else {
      self.body = .object([])
      return
    }
    do throws(JSONProblem) {
      self.body = try JSONReader.parse(body)
    } catch {
      throw CacheProblem(400, "INVALID", "the body is no JSON: \(error)")
    }
    guard self.body.members != nil else {
      throw CacheProblem(400, "INVALID", "the body is \(self.body.kind), not a JSON object")
    }
  }

  /// The text of `name`, nil when it did not come; numbers and truth values count as their text.
  func text(_ name: String) throws(CacheProblem) -> String? {
    switch body[name] {
    case nil: return query.text(name)
    case .string(let text), .number(let text): return text
    case .boolean(let truth): return "\(truth)"
    case .null: return nil
    case .array, .object: throw .badParameter(name, "must be text")
    }
  }

  /// The text of `name`, which must have come.
  func required(_ name: String) throws(CacheProblem) -> String {
    guard let text = try text(name), !text.isEmpty else {
      throw .badParameter(name, "is missing")
    }
    return text
  }

  /// The truth value `name`, false when it did not come.
  func truth(_ name: String) throws(CacheProblem) -> Bool {
    switch try text(name)?.lowercased() {
    case nil, "", "false": return false
    case "true": return true
    default: throw .badParameter(name, "must be true or false")
    }
  }

  /// The whole number `name` in `range`, `absent` when it did not come.
  func count(
    _ name: String, in range: ClosedRange<Int>, absent: Int
  ) throws(CacheProblem) -> Int {
    guard let text = try text(name) else { return absent }
    guard let count = Int(text), range.contains(count) else {
      throw .badParameter(name, "must be from \(range.lowerBound) to \(range.upperBound)")
    }
    return count
  }
}
