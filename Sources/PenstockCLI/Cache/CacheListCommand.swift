// `penstock cache ls`: cached files, part by part.

import ArgumentParser
import Model
import WorkerDaemon

/// `penstock cache ls`: cached files at a path and below.
struct CacheListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Lists cached files.",
    discussion: """
      A head, then one line for each cached version of a file, by path: cached bytes, length, \
      priority, whether it is pinned, and the path. With --json, one object per line and no head. When \
      --limit ends the list, the cursor to go on from is printed on standard error.
      """)

  @Argument(help: "Where to look, with everything below.")
  var path = "/"
  @Option(help: "Files at most; 0 is all.")
  var limit = 1000
  @Option(help: "Where an earlier list ended.")
  var cursor: String?
  @OptionGroup var options: CacheOptions

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit is 0 or more") }
  }

  func run() throws {
    var cursor = cursor
    var rest = limit == 0 ? Int.max : limit
    var isFirst = !options.json
    repeat {
      let (_, value) = try options.call(
        "GET", "files", [("path", path), ("limit", "\(min(rest, 1000))"), ("cursor", cursor)])
      let files = value["files"]?.elements ?? []
      if isFirst, !files.isEmpty {
        try options.print("    CACHED     LENGTH PRIO.  PINNED PATH")
        isFirst = false
      }
      if !files.isEmpty { try options.print(files.map(line).joined(separator: "\n")) }
      rest -= files.count
      cursor = value["cursor"]?.text
    } while cursor != nil && rest > 0
    if let cursor { Terminal.error("there is more: --cursor \(cursor)") }
  }

  private func line(_ file: JSONValue) -> String {
    if options.json { return Self.text(of: file) }
    func size(_ name: String) -> String {
      let text = SizeText.print(file[name]?.integer ?? 0)
      return String(repeating: " ", count: max(0, 10 - text.count)) + text
    }
    let priority = file["priority"]?.text ?? "?"
    let padding = String(repeating: " ", count: max(0, 6 - priority.count))
    let pinned = file["pinned"]?.truth == true ? "pinned" : "-     "
    return "\(size("cachedBytes")) \(size("length")) \(priority)\(padding) \(pinned) "
      + (file["path"]?.text ?? "?")
  }

  private static func text(of file: JSONValue) -> String {
    let bytes = JSONWriter.object { writer in
      for member in file.members ?? [] {
        switch member.value {
        case .string(let text): writer.member(member.name, text)
        case .boolean(let truth): writer.member(member.name, truth)
        default: writer.member(member.name, member.value.integer ?? 0)
        }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
