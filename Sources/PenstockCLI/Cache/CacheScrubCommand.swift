// `penstock cache scrub`: the verification of what lies on disks.

import ArgumentParser
import Model
import WorkerDaemon

/// `penstock cache scrub`: compares pages on disks with their checksums.
struct CacheScrubCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scrub", abstract: "Verifies the pages on disks against their checksums.",
    discussion: """
      Starts a pass over all pages in the background, from the first one on, at 64 MB a second or the \
      configured bandwidth, whichever is more; --status shows how far it is and what was found. A page \
      that does not match is dropped and fetched again when it is read, and its place is not used any \
      more; --reclaim tests such places first, and uses those again that keep what is written there.
      """)

  @Flag(help: "Shows what the scrubber did, and starts nothing.")
  var status = false
  @Flag(help: "Tests the places that were found bad, and uses those again that hold.")
  var reclaim = false
  @OptionGroup var options: CacheOptions

  func run() throws {
    let (text, value) = try options.call(
      status ? "GET" : "POST", "scrub", reclaim && !status ? [("reclaim", "true")] : [])
    if options.json { return try options.print(text) }
    func count(_ name: String) -> Int64 { value[name]?.integer ?? 0 }
    let state = value["running"]?.truth == true ? "RUNNING" : "IDLE"
    var lines = [
      "Scrub State: \(state)", "Passes: \(count("passes"))",
      "Pages Verified: \(count("pages")) out of \(count("pagesTotal"))",
      "Bytes Verified: \(SizeText.print(count("bytes")))", "Pages Lost: \(count("lost"))",
      "Quarantined: \(SizeText.print(count("quarantinedBytes"))), reclaimed: \(SizeText.print(count("reclaimedBytes")))",
    ]
    if count("pagesSkipped") > 0 {
      lines.append("Pages Skipped: \(count("pagesSkipped")), of volumes that are out")
    }
    try options.print(lines.joined(separator: "\n"))
  }
}
