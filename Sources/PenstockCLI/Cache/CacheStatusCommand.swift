// `penstock cache status`: the cache in figures.

import ArgumentParser
import Model
import WorkerDaemon

/// `penstock cache status`: capacity, use, pins, rules, quotas.
struct CacheStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows how full the cache is and which rules hold.")

  @OptionGroup var options: CacheOptions

  func run() throws {
    let (text, value) = try options.call("GET", "status")
    if options.json { return try options.print(text) }
    try options.print(Self.lines(value).joined(separator: "\n"))
  }

  /// The answer as lines of name and value.
  static func lines(_ value: JSONValue) -> [String] {
    func size(_ name: String) -> String { SizeText.print(value[name]?.integer ?? 0) }
    func count(_ name: String, of value: JSONValue?) -> Int64 { value?[name]?.integer ?? 0 }
    func quarantined(_ value: JSONValue) -> String {
      let bytes = count("quarantinedBytes", of: value)
      return bytes > 0 ? ", \(SizeText.print(bytes)) quarantined" : ""
    }
    let rules = value["rules"]
    func off(_ name: String) -> String { rules?[name]?.truth == false ? " (off)" : "" }
    var lines = [
      "Capacity: \(size("capacityBytes"))",
      "Used: \(size("usedBytes"))" + quarantined(value),
      "Pages: \(count("pages", of: value))",
      "Files: \(count("files", of: value))",
      "Pinned: \(size("pinnedBytes")) out of \(size("pinnedBytesMax"))",
    ]
    for volume in value["volumes"]?.elements ?? [] {
      let used = SizeText.print(volume["usedBytes"]?.integer ?? 0)
      let quota = SizeText.print(volume["quotaBytes"]?.integer ?? 0)
      lines.append(
        "Volume: \(volume["tier"]?.text ?? "?") node \(count("node", of: volume)) \(used) out of \(quota)"
          + quarantined(volume)
          + ["state", "path"].map { name in volume[name]?.text.map { " \($0)" } ?? "" }.joined()
          + (volume["reason"]?.text.map { ": \($0)" } ?? ""))
    }
    lines.append(
      "Rules: \(count("ttl", of: rules)) ttl\(off("ttlEnforced")), "
        + "\(count("priority", of: rules)) priority, \(count("pin", of: rules)) pin, "
        + "\(count("quota", of: rules)) quota\(off("quotaEnforced")), "
        + "\(count("filterPatterns", of: rules)) filter patterns")
    for quota in value["quotas"]?.elements ?? [] {
      let used = quota["usedBytes"]?.integer.map { SizeText.print($0) } ?? "?"
      lines.append(
        "Quota: \(quota["path"]?.text ?? "?") \(used) out of \(SizeText.print(count("bytes", of: quota)))"
      )
    }
    if rules?["filterStale"]?.truth == true {
      lines.append(
        "Warning: the cache filter's file changed and cannot be used; see the worker's log")
    }
    for file in rules?["damagedFiles"]?.elements ?? [] {
      lines.append("Warning: \(file.text ?? "?") holds rules that do not hold, as it is damaged")
    }
    return lines
  }
}
