// Rules over HTTP: lists, and changes with the words that Alluxio's commands print (compat §8).

import PageStore
import Model
import PageStore

extension CacheAPI {
  /// `/v1/cache/ttl`.
  func ttl(
    _ change: RuleChange?, _ parameters: CacheParameters
  ) async throws(CacheProblem) -> [UInt8] {
    guard let change else {
      return list(policies.book.rules.ttl, isEnforced: policies.book.options.isTTLEnabled) {
        $0.member("time", DurationText.print($1))
        $0.member("milliseconds", milliseconds($1))
      }
    }
    let path = try path(parameters)
    var time: Duration?
    var shown = ""
    if change != .remove {
      let text = try parameters.required("time")
      guard let parsed = DurationText.parse(text), parsed > .zero else {
        throw .badParameter("time", "must be a duration such as 30min, 1h or 7d, not '\(text)'")
      }
      time = parsed
      shown = " and time=\(text)"
      // A bare number is milliseconds, as everywhere in Alluxio; who meant another unit sees it here.
      if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { shown += " (\(text)ms)" }
    }
    let warning = try await perform { [policies, time] in
      attempt { () throws(RuleError) in try policies.setTTL(time, at: path, change) }
    }
    return changed(change, try parameters.required("path"), shown, warning: warning)
  }

  /// `/v1/cache/priority`.
  func priority(
    _ change: RuleChange?, _ parameters: CacheParameters
  ) async throws(CacheProblem) -> [UInt8] {
    guard let change else {
      return list(policies.book.rules.priority, isEnforced: true) {
        $0.member("priority", $1.word)
      }
    }
    let path = try path(parameters)
    var priority: CachePriority?
    var shown = ""
    if change != .remove {
      let text = try parameters.required("priority")
      guard let named = CachePriority(word: text) else {
        throw .badParameter("priority", "must be high, medium or low, not '\(text)'")
      }
      priority = named
      shown = " and priority=\(text)"
    }
    try await perform { [policies, priority] in
      attempt { () throws(RuleError) in try policies.setPriority(priority, at: path, change) }
    }
    return changed(change, try parameters.required("path"), shown)
  }

  /// `/v1/cache/quota`.
  func quota(
    _ change: RuleChange?, _ parameters: CacheParameters
  ) async throws(CacheProblem) -> [UInt8] {
    guard let change else {
      let book = policies.book
      return list(book.rules.quotas, isEnforced: book.options.isQuotaEnabled) { writer, limit in
        writer.member("bytes", limit)
      }
    }
    let path = try path(parameters)
    var limit: Int64?
    var shown = ""
    if change != .remove {
      let text = try parameters.required("size")
      guard let parsed = SizeText.parse(text), parsed > 0 else {
        let hint = SizeText.parse(text) == 0 ? "; to cache nothing there, use a cache filter" : ""
        throw .badParameter(
          "size", "must be a size above 0 such as 512MB or 10GB, not '\(text)'\(hint)")
      }
      limit = parsed
      shown = " and size=\(text)"
    }
    try await perform { [policies, limit] in
      attempt { () throws(RuleError) in try policies.setQuota(limit, at: path, change) }
    }
    return changed(change, try parameters.required("path"), shown)
  }

  /// `/v1/cache/pin` and `/v1/cache/unpin`.
  func pin(
    _ change: RuleChange?, _ parameters: CacheParameters
  ) async throws(CacheProblem) -> [UInt8] {
    guard let change else { return list(policies.book.rules.pins, isEnforced: true) { _, _ in } }
    let path = try path(parameters)
    let asked = try parameters.required("path")
    if change == .remove {
      try await perform { [policies] in
        attempt { () throws(RuleError) in try policies.unpin(path) }
      }
      return changed(change, asked, "")
    }
    let bytes = try await perform { [policies] in
      attempt { () throws(RuleError) in try policies.pin(path) }
    }
    return changed(change, asked, "", bytes: bytes)
  }

  private func list<Value>(
    _ rules: PrefixRules<Value>, isEnforced: Bool, _ body: (inout JSONWriter, Value) -> Void
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("enforced", isEnforced)
      writer.name("rules")
      writer.array { writer in
        for (path, value) in rules.sorted {
          writer.object {
            $0.member("path", "\(path)")
            body(&$0, value)
          }
        }
      }
    }
  }

  private func changed(
    _ change: RuleChange, _ path: String, _ value: String, warning: String? = nil,
    bytes: Int64? = nil
  ) -> [UInt8] {
    let verb =
      switch change {
      case .add: "Added"
      case .update: "Updated"
      case .remove: "Removed"
      }
    return JSONWriter.object {
      $0.member("success", true)
      $0.member("message", "\(verb) alluxioPath=\(path)\(value)")
      if let warning { $0.member("warning", warning) }
      if let bytes { $0.member("cachedBytes", bytes) }
    }
  }
}

/// The outcome of `body` as a value, for threads that cannot throw across.
private func attempt<T>(_ body: () throws(RuleError) -> T) -> Result<T, CacheProblem> {
  do throws(RuleError) { return .success(try body()) } catch {
    return .failure(CacheProblem(error))
  }
}
