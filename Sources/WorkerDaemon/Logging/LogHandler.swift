// Log lines on standard error, as text or JSON, one write each.
//
//   2026-11-21T01:30:00.123Z INFO  penstockd worker.ready: serving rest=28080 objects=29998
//   {"ts":"2026-11-21T01:30:00.123Z","level":"info","logger":"penstockd","message":"…","rest":"28080"}

import Glibc
import HTTPWire
package import Logging
import Synchronization

/// Form of a log line.
package enum LogFormat: Sendable { case text, json }

/// Settings of the process's log, which a signal may change.
package final class LogSettings: Sendable {
  /// The settings of this process.
  package static let shared = LogSettings()

  private let state = Mutex<(level: Logger.Level, format: LogFormat)>((.info, .text))
  /// Read for each line, without the lock: index of the level in `Logger.Level.allCases`.
  private let levelIndex = Atomic<Int>(Logger.Level.allCases.firstIndex(of: .info) ?? 2)

  private init() {}

  /// Lines below this level are left out.
  package var level: Logger.Level {
    get { Logger.Level.allCases[levelIndex.load(ordering: .relaxed)] }
    set {
      let index = Logger.Level.allCases.firstIndex(of: newValue) ?? 2
      levelIndex.store(index, ordering: .relaxed)
    }
  }

  /// The level with one of Alluxio's or swift-log's names, in any case; `info` for any other word.
  package static func level(named name: String) -> Logger.Level {
    switch name.lowercased() {
    case "fatal": .critical
    case "warn": .warning
    case let word: Logger.Level(rawValue: word) ?? .info
    }
  }

  /// The form of lines.
  package var format: LogFormat {
    get { state.withLock { $0.format } }
    set { state.withLock { $0.format = newValue } }
  }
}

/// Writes log lines to standard error.
package struct StandardErrorLogHandler: LogHandler {
  /// Fields that every line of this logger carries.
  package var metadata: Logger.Metadata = [:]
  private let label: String

  /// A handler for the logger called `label`.
  package init(label: String) { self.label = label }

  /// The process's level: one for all loggers, so that SIGHUP changes it everywhere.
  package var logLevel: Logger.Level {
    get { LogSettings.shared.level }
    set { LogSettings.shared.level = newValue }
  }

  /// One field that every line carries.
  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one line.
  package func log(event: LogEvent) {
    var fields = metadata
    for (key, value) in event.metadata ?? [:] { fields[key] = value }
    var line = line(
      event.level, event.message.description, fields, format: LogSettings.shared.format)
    line.append(UInt8(ascii: "\n"))
    // One write per line keeps lines of several threads whole. A log that cannot be written has no one to tell.
    _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// The bytes of a line, without its end.
  func line(
    _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata, format: LogFormat
  ) -> [UInt8] {
    var line: [UInt8] = []
    switch format {
    case .text: appendText(level, message, fields, to: &line)
    case .json: appendJSON(level, message, fields, to: &line)
    }
    return line
  }

  private func appendText(
    _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata, to line: inout [UInt8]
  ) {
    let name = level.rawValue.uppercased()
    let padding = String(repeating: " ", count: max(0, 8 - name.utf8.count))
    line += "\(Timestamp.now()) \(name)\(padding) \(label) ".utf8
    line += Self.singleLine(message).utf8
    for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
      line += " \(key)=\(Self.singleLine("\(value)"))".utf8
    }
  }

  private func appendJSON(
    _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata, to line: inout [UInt8]
  ) {
    line += "{\"ts\":\"\(Timestamp.now())\",\"level\":\"\(level.rawValue)\",\"logger\":".utf8
    JSONText.appendString(label, to: &line)
    line += ",\"message\":".utf8
    JSONText.appendString(message, to: &line)
    for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
      line.append(UInt8(ascii: ","))
      JSONText.appendString(key, to: &line)
      line.append(UInt8(ascii: ":"))
      JSONText.appendString("\(value)", to: &line)
    }
    line.append(UInt8(ascii: "}"))
  }

  /// `text` with its line breaks and other controls escaped: outside text never forges a line.
  private static func singleLine(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      if scalar.value < 0x20 || scalar.value == 0x7F {
        escaped += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

/// Wall-clock time as text.
package enum Timestamp {
  private static func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// The present time in UTC to the millisecond, as RFC 3339.
  package static func now() -> String {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    var parts = unsafe tm()
    var seconds = time.tv_sec
    unsafe gmtime_r(&seconds, &parts)
    let date = unsafe [
      padded(Int(parts.tm_year) + 1900, 4), padded(Int(parts.tm_mon) + 1, 2),
      padded(Int(parts.tm_mday), 2),
    ].joined(separator: "-")
    let clock = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
      .joined(separator: ":")
    return "\(date)T\(clock).\(padded(time.tv_nsec / 1_000_000, 3))Z"
  }
}
