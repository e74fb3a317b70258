// `worker-bench replay`: which policy, and how much of what is possible.

import BenchSupport
import ArgumentParser
import DaemonDriver

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Runs the store's eviction policies on a trace and prints hit ratios.",
    discussion: """
      TRACE is text: the line "\(Trace.header)", then one read a line: microseconds, file, and \
      bytes. A request hits when every page of it is there; bytes hit when their page is. The \
      optimum is Belady's MIN on page reads, which knows the future: for pages of one size no cache \
      has more page hits; with short last pages it is an approximation, and so it is for bytes and \
      requests when these read parts of pages.
      """)

  @Argument(help: "The trace.")
  var trace: String
  @Option(help: "Policies, separated by commas.")
  var policy = PolicyReplay.policies.joined(separator: ",")
  @Option(help: "Bytes that the cache may use.")
  var capacity: ByteSize
  @Option(help: "Bytes of a page: a power of two from 64 KiB to 16 MiB.")
  var pageSize = ByteSize(bytes: 1 << 20)

  private var policies: [String] { policy.split(separator: ",").map(String.init) }

  func validate() throws {
    let size = pageSize.bytes
    guard size & (size - 1) == 0, (64 << 10...16 << 20).contains(size) else {
      throw ValidationError("--page-size is a power of two from 64 KiB to 16 MiB")
    }
    guard capacity.bytes >= size else { throw ValidationError("--capacity holds no page") }
    if let unknown = policies.first(where: { !PolicyReplay.policies.contains($0) }) {
      throw ValidationError(
        "no policy \(unknown); there are \(PolicyReplay.policies.joined(separator: ", "))")
    }
  }

  func run() throws {
    let parsed: Trace
    do {
      parsed = try Trace(csv: try readText(trace))
    } catch let error as TraceError {
      throw ValidationError("\(trace), \(error)")
    }
    guard let pages = TracePages(parsed, pageSize: pageSize.bytes) else {
      throw ValidationError("\(trace): more pages than this replay can number")
    }
    // Whole pages, as a store's quota is.
    let unitCount = capacity.bytes / pageSize.bytes * TracePages.unitsPerPage
    print(summary(parsed, pages, unitCount))
    print("policy    requests    bytes    pages  evictions")
    for name in policies {
      line(name, try PolicyReplay.hits(pages, policy: name, unitCount: unitCount))
    }
    line("optimum", OfflineOptimum.hits(pages, unitCount: unitCount))
  }

  private func summary(_ trace: Trace, _ pages: TracePages, _ unitCount: Int) -> String {
    let share = Double(unitCount) / Double(max(1, pages.unitCount))
    return "\(trace.requests.count) requests for \(sizeText(trace.byteCount)) of"
      + " \(trace.files.count) files: \(pages.accesses.count) reads of \(pages.pages.count) pages"
      + " of at most \(sizeText(pageSize.bytes)); the cache holds \(fixed(share * 100, 1)) % of them"
  }

  private func line(_ name: String, _ hits: HitCount) {
    let cells = [hits.requestRatio, hits.byteRatio, hits.pageRatio].map {
      fixed($0 * 100, 2) + " %"
    }
    let padded = zip(cells + ["\(hits.evictions)"], [10, 7, 7, 9]).map { cell, width in
      String(repeating: " ", count: max(0, width - cell.count)) + cell
    }
    print(
      name + String(repeating: " ", count: max(0, 8 - name.count)) + "  "
        + padded.joined(separator: "  "))
  }
}
