// What is cached: the whole, the files, and freeing them.

import Model
import PageStore

extension CacheAPI {
  /// Files of one part of a list.
  private static let fileCountMax = 1000

  /// `/v1/cache/files`: cached files at a path and below, by path, in parts.
  func files(_ parameters: CacheParameters) async throws(CacheProblem) -> [UInt8] {
    let path = try path(of: try parameters.text("path") ?? "/")
    let limit = try parameters.count("limit", in: 1...Self.fileCountMax, absent: 100)
    var start: [UInt8]?
    if let text = try parameters.text("cursor"), !text.isEmpty {
      guard let bytes = Self.bytes(ofHex: text) else {
        throw .badParameter("cursor", "is none that a list gave")
      }
      start = bytes
    }
    return try await perform { [policies, start] in
      do throws(CatalogError) {
        return .success(try Self.list(policies, path, from: start, limit: limit))
      } catch { return .failure(CacheProblem(error)) }
    }
  }

  private static func list(
    _ policies: CachePolicies, _ path: RulePath, from start: [UInt8]?, limit: Int
  ) throws(CatalogError) -> [UInt8] {
    var cursor = start
    var found: [CatalogEntry] = []
    // A part without a cached file is no answer: the list goes on until there is one, or nothing more.
    repeat {
      let listing = try policies.catalog.list(path, from: cursor, limit: limit)
      found = listing.entries.filter { policies.store.residentBytes(of: $0.key) > 0 }
      cursor = listing.next
    } while found.isEmpty && cursor != nil
    return JSONWriter.object { writer in
      writer.name("files")
      writer.array { writer in
        for entry in found { Self.write(entry, policies, to: &writer) }
      }
      if let cursor { writer.member("cursor", Self.hex(of: cursor)) }
    }
  }

  private static func write(
    _ entry: CatalogEntry, _ policies: CachePolicies, to writer: inout JSONWriter
  ) {
    let decision = policies.decide(entry)
    writer.object {
      $0.member("path", entry.path)
      $0.member("ufsPath", entry.ufsPath)
      $0.member("version", entry.token)
      $0.member("length", entry.length)
      $0.member("cachedBytes", policies.store.residentBytes(of: entry.key))
      $0.member("cachedPages", policies.store.residentPages(of: entry.key))
      $0.member("cachedSinceMs", entry.cachedAt)
      let expiry = policies.expiry(decision, cachedAt: entry.cachedAt)
      if expiry != .max { $0.member("expiresMs", expiry) }
      $0.member("priority", decision.priority.word)
      $0.member("pinned", decision.isPinned)
    }
  }

  /// `/v1/cache/free`: drops what is cached at a path and below.
  func free(_ parameters: CacheParameters) async throws(CacheProblem) -> [UInt8] {
    let path = try path(parameters)
    let isForced = try parameters.truth("force")
    let outcome = try await perform { [policies] () -> Result<PolicyOutcome, CacheProblem> in
      do throws(CatalogError) {
        return .success(try policies.free(path, forced: isForced))
      } catch { return .failure(CacheProblem(error)) }
    }
    return JSONWriter.object {
      $0.member("success", true)
      $0.member("path", "\(path)")
      $0.member("freedBytes", outcome.droppedBytes)
      $0.member("freedFiles", outcome.droppedFiles)
      $0.member("pinnedBytes", outcome.pinnedBytes)
      $0.member("pinnedFiles", outcome.pinnedFiles)
    }
  }

  /// `/v1/cache/status`: the cache and its rules in figures.
  func status() async -> [UInt8] {
    let counted = await policies.calls.perform(isRead: true) { [policies] in
      policies.recountPinned()
      for (path, _) in policies.book.rules.quotas.sorted {
        if let account = policies.book.account(of: path) {
          policies.recount(account, onlyCounts: true)
        }
      }
      return Self.status(policies)
    }
    // The figures as last counted, when the metastore hangs: this is where an operator looks then.
    return counted.value ?? Self.status(policies)
  }

  private static func status(_ policies: CachePolicies) -> [UInt8] {
    let store = policies.store.statistics
    let rules = policies.book.rules
    let options = policies.book.options
    return JSONWriter.object { writer in
      writer.member("capacityBytes", store.capacity)
      let volumes = policies.store.volumes
      let quarantined = volumes.reduce(0) { $0 + $1.quarantined }
      // What nothing lies on is not cached, and not free.
      writer.member("usedBytes", max(0, store.used - quarantined))
      writer.member("quarantinedBytes", quarantined)
      writer.member("pages", store.pages)
      writer.member("files", store.files)
      writer.member("pinnedBytes", policies.pinned.used ?? 0)
      writer.member("pinnedBytesMax", policies.pinned.limit)
      writer.name("volumes")
      writer.array { writer in
        for volume in volumes {
          writer.object {
            $0.member("tier", "\(volume.tier)".uppercased())
            if let state = volume.state {
              $0.member("path", volume.name)
              $0.member("state", state.name)
              if !volume.reason.isEmpty { $0.member("reason", volume.reason) }
            }
            $0.member("node", volume.node)
            $0.member("quotaBytes", volume.quota)
            $0.member("usedBytes", max(0, volume.used - volume.quarantined))
            $0.member("pages", volume.pages)
            $0.member("quarantinedBytes", volume.quarantined)
            $0.member("acceptsPages", volume.acceptsPages)
          }
        }
      }
      writer.member("catalogAnswers", !policies.calls.isHung)
      writer.name("rules")
      writer.object {
        $0.member("ttl", rules.ttl.count)
        $0.member("ttlEnforced", options.isTTLEnabled)
        $0.member("priority", rules.priority.count)
        $0.member("pin", rules.pins.count)
        $0.member("quota", rules.quotas.count)
        $0.member("quotaEnforced", options.isQuotaEnabled)
        $0.member("filterPatterns", rules.filter.patternCount)
        $0.member("filterStale", policies.counters.values.isFilterStale)
        $0.name("damagedFiles")
        $0.array { for file in policies.damagedFiles { $0.string(file) } }
      }
      writer.name("quotas")
      writer.array { writer in
        for (path, limit) in rules.quotas.sorted {
          writer.object {
            $0.member("path", "\(path)")
            $0.member("bytes", limit)
            if let used = policies.book.account(of: path)?.used { $0.member("usedBytes", used) }
          }
        }
      }
    }
  }

  /// `/v1/cache/scrub`: the verification of what lies on disks.
  func scrub(
    _ change: RuleChange?, _ parameters: CacheParameters
  ) throws(CacheProblem) -> [UInt8] {
    guard policies.store.volumes.contains(where: { $0.tier != .mem }) else {
      throw CacheProblem(501, "UNSUPPORTED", "this worker has no volumes on disks to be scrubbed")
    }
    if change == .add {
      policies.store.startScrub(reclaiming: try parameters.truth("reclaim"))
    }
    let status = policies.store.scrubStatus
    return JSONWriter.object {
      $0.member("running", status.isRunning)
      $0.member("passes", status.passes)
      $0.member("pages", status.pages)
      $0.member("pagesTotal", status.pagesTotal)
      $0.member("pagesSkipped", status.skipped)
      $0.member("bytes", status.bytes)
      $0.member("lost", status.lost)
      $0.member("reclaimedBytes", status.reclaimed)
      $0.member(
        "quarantinedBytes", policies.store.volumes.reduce(0) { $0 + $1.quarantined })
      $0.member("bandwidth", status.bandwidth)
    }
  }

  /// `bytes` in hexadecimal.
  private static func hex(of bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The bytes that `text` is the hexadecimal of, nil when it is none.
  private static func bytes(ofHex text: String) -> [UInt8]? {
    let digits = text.utf8.map { hexadecimalValue(of: $0) }
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }
}
