// One line of `--watch`:
//
//   RUNNING [#######.............]  35 %  4,200 of 12,000 files  1.31GB of 3.74GB  120MB/s (98–131)  21 s left (19–26)  2 failed
//
// On a terminal it never takes a second line: words are said shorter, then left out, the least telling first; what is still too
// long is cut.

package import Model

/// A job's counts as one line.
package struct WatchLine {
  /// A part of the line.
  private struct Word {
    /// As it is said where there is room.
    var text: String
    /// As it is said where there is little; nil when it is left out then.
    var short: String?
    /// The larger, the sooner it is said shorter or left out; 0 stays.
    var rank: Int
    /// Its rank once it is said shorter.
    var shortRank = 1
  }

  private static let width = 20

  private let words: [Word]

  /// The line of `counts` at `ticks` nanoseconds and `date` milliseconds since 1970; `estimate` learns from it.
  package init(
    _ counts: JSONValue, _ estimate: inout RateEstimate, at ticks: UInt64, date: Int64
  ) {
    let (files, bytes) = (
      Part(counts["files"]), Part(counts["bytes"], arrived: counts["arrivedBytes"])
    )
    let byBytes = bytes.listed > 0
    let part = byBytes ? bytes : files
    estimate.add(part.come, at: ticks)
    let word = counts["jobState"]?.text
    let state = word.flatMap { JobState(word: $0) }
    var words = [Word(text: word ?? "?", rank: 0)]
    if let total = part.total, total > 0 { words.append(Self.bar(part.come, of: total)) }
    words.append(Self.count(files, hasEnded: state?.isTerminal ?? false))
    if byBytes { words.append(Self.amount(bytes)) }
    if let pass = counts["verifiedFiles"] {
      words.append(Word(text: "\(Part(pass).settled) verified", rank: 5))
    }
    words += Self.pace(estimate, byBytes: byBytes, total: part.total)
    if files.failed > 0 { words.append(Word(text: "\(files.failed) failed", rank: 1)) }
    if let retrying = counts["retrying"]?.integer, retrying > 0 {
      words.append(Word(text: "\(retrying) retrying", rank: 6))
    }
    if let stuck = counts["stuck"]?.elements?.first { words.append(Self.wait(stuck, date)) }
    if let waits = counts["waits"]?.text {
      words.append(Word(text: "waits: \(waits)", short: "waits", rank: 6))
    }
    self.words = words
  }

  /// The line, as long as it is.
  package var text: String { words.map(\.text).joined(separator: "  ") }

  /// The line in at most `columns` columns of a terminal.
  package func text(columns: Int) -> String {
    var words = words
    func line() -> String { ColumnText.plain(words.map(\.text).joined(separator: "  ")) }
    while ColumnText.width(of: line()) > columns,
      let index = words.indices.max(by: { words[$0].rank < words[$1].rank }), words[index].rank > 0
    {
      if let short = words[index].short {
        words[index] = Word(text: short, rank: words[index].shortRank)
      } else {
        words.remove(at: index)
      }
    }
    return ColumnText.cut(line(), columns: columns)
  }

  /// The numbers of files, or of bytes.
  private struct Part {
    let listed: Int64
    let settled: Int64
    /// What is settled, and what has come of the rest.
    let come: Int64
    let failed: Int64
    let total: Int64?

    init(_ value: JSONValue?, arrived: JSONValue? = nil) {
      func number(_ name: String) -> Int64 { value?[name]?.integer ?? 0 }
      listed = number("listed")
      failed = number("failed")
      settled = number("loaded") &+ number("skipped") &+ number("failed")
      come = settled &+ (arrived?.integer ?? 0)
      total = value?["total"]?.integer
    }
  }

  private static func bar(_ done: Int64, of total: Int64) -> Word {
    let share = min(1, max(0, Double(done) / Double(total)))
    let count = Int(share * Double(width))
    let percent = "\(Int(share * 100)) %"
    let padding = String(repeating: " ", count: max(0, 5 - percent.utf8.count))
    let bar =
      "[" + String(repeating: "#", count: count)
      + String(repeating: ".", count: width - count) + "] \(padding)"
    return Word(text: bar + percent, short: percent, rank: 17, shortRank: 3)
  }

  /// How many files are done; of an end whose whole is not known, only that.
  private static func count(_ files: Part, hasEnded: Bool) -> Word {
    let all = files.total ?? (hasEnded ? nil : files.listed)
    guard let all, all > 0 else {
      let text =
        files.settled > 0 ? "\(files.settled) files" : hasEnded ? "no files" : "no files yet"
      return Word(text: text, rank: 10)
    }
    return Word(
      text: "\(files.settled) of \(all) files", short: "\(files.settled)/\(all)", rank: 10,
      shortRank: 4)
  }

  private static func amount(_ bytes: Part) -> Word {
    let done = SizeText.print(bytes.come)
    let total = bytes.total.map { " of \(SizeText.print($0))" } ?? ""
    return Word(text: done + total, short: done, rank: 18, shortRank: 7)
  }

  /// Who keeps the job waiting, and for how long.
  private static func wait(_ stuck: JSONValue, _ date: Int64) -> Word {
    let worker = stuck["worker"]?.text ?? "?"
    let since = stuck["sinceMilliseconds"]?.integer
    let time = since.map { "\(max(0, date &- $0) / 1000) s " } ?? ""
    return Word(
      text: "waits \(time)for \(worker) at \(stuck["path"]?.text ?? "?")",
      short: "waits \(time)for \(worker)", rank: 16, shortRank: 2)
  }

  private static func pace(
    _ estimate: RateEstimate, byBytes: Bool, total: Int64?
  ) -> [Word] {
    guard let rate = estimate.rate else { return [] }
    func amount(_ value: Double) -> String {
      byBytes ? SizeText.print(whole(value)) : "\(whole(value))"
    }
    let mean = "\(amount(rate.mean))\(byBytes ? "" : " files")/s"
    var words = [
      Word(
        text: "\(mean) (\(amount(rate.low))–\(amount(rate.high)))", short: mean, rank: 20,
        shortRank: 9)
    ]
    if let total, let left = estimate.remaining(to: total) {
      let most = left.high.map { "\(whole($0))" } ?? "?"
      let mean = "\(whole(left.mean)) s left"
      words.append(
        Word(text: "\(mean) (\(whole(left.low))–\(most))", short: mean, rank: 19, shortRank: 8))
    }
    return words
  }

  private static func whole(_ value: Double) -> Int64 {
    value.isFinite ? Int64(min(value.rounded(), 9e18)) : 0
  }
}
