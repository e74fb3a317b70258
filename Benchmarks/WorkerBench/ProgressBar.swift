// Progress for people: a bar that redraws itself on a terminal, a few plain lines elsewhere.

import BenchSupport
import Glibc

/// The progress of one pass over a known number of bytes.
struct ProgressBar {
  private let title: String
  private var total: Int
  private let isTerminal = isatty(1) == 1
  private let start = ContinuousClock.now
  private var done = 0
  private var shown: Int?

  /// A pass over `total` bytes.
  init(title: String, total: Int) {
    self.title = title
    self.total = total
  }

  /// Counts `bytes` more as done.
  mutating func add(_ bytes: Int) { set(done + bytes) }

  /// Sets how many bytes are done, and that there are `total` in all.
  mutating func set(_ bytes: Int, of total: Int) {
    self.total = total
    set(bytes)
  }

  /// Sets how many bytes are done.
  mutating func set(_ bytes: Int) {
    done = bytes
    let percent = total > 0 ? min(100, done * 100 / total) : 100
    // A terminal sees every percent, a log every quarter.
    let step = isTerminal ? percent : percent / 25 * 25
    guard step != shown else { return }
    shown = step
    let rate = Double(done) / Double(1 << 20) / max(seconds(ContinuousClock.now - start), 1e-3)
    let text = "\(sizeText(done)) of \(sizeText(total)), \(fixed(rate, 0)) MiB/s"
    if isTerminal {
      let filled = percent * 30 / 100
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
      put("\r\(title) \(bar) \(percent) % \(text)\u{1b}[K")
    } else {
      put("\(title) \(percent) %, \(text)\n")
    }
  }

  /// Ends the pass with a line of its own, or with the bar as it is.
  mutating func finish(_ summary: String?) {
    if isTerminal { put(summary == nil ? "\r\u{1b}[K" : "\r\u{1b}[K\(title): \(summary ?? "")\n") }
    if !isTerminal, let summary { put("\(title): \(summary)\n") }
  }

  private func put(_ text: String) {
    print(text, terminator: "")
    fflush(nil)
  }
}
