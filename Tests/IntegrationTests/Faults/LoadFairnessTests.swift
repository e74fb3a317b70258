// Two jobs at one busy store: the small one does not wait for the large one.

import DaemonDriver
import FaultProxy
import Foundation
import Testing

extension Integration {
  @Suite("Fairness between loads")
  struct LoadFairnessTests {
    @Test("a small load beside a large one that came first gets every other turn")
    func twoLoads() async throws {
      try await blocking {
        let (large, small) = (400, 20)
        let contents = [
          ListingOrigin.Content(folder: "large/", count: large, size: 4096, tag: tag(4096)),
          ListingOrigin.Content(folder: "small/", count: small, size: 4096, tag: tag(4096)),
        ]
        let listing = try ListingOrigin(contents)
        let stage = try UFSFaultStage(
          options: ["alluxio.underfs.s3.threads.max": "4"], listing: listing.port
        ) { folder in
          for content in contents { try write(content, below: folder) }
        }
        stage.proxy.settings.latency = .milliseconds(20)
        let (first, second) = ("s3://b/large/", "s3://b/small/")
        #expect(try stage.submit(first).contains("\"success\":true"))
        #expect(
          eventually(.seconds(30)) { stage.reads(of: "large/").count >= 20 },
          "the large load is under way")
        #expect(try stage.submit(second).contains("\"success\":true"))
        for path in [second, first] {
          #expect(try stage.end(ofLoad: path).contains("SUCCEEDED"))
        }
        let reads = stage.reads(of: "")
        let places = reads.indices.filter { reads[$0].contains("/small/") }
        #expect(places.count == small)
        if let begin = places.first, let end = places.last {
          let others = end - begin + 1 - small
          #expect(others <= 2 * small, "\(others) reads of the large load between them")
        }
      }
    }
  }
}

extension UFSFaultStage {
  /// Targets of the reads of objects below `folder` so far, in order.
  func reads(of folder: String) -> [String] {
    proxy.requests.filter {
      $0.method == "GET" && $0.target.hasPrefix("/b/\(folder)") && !$0.target.contains("?")
    }.map(\.target)
  }
}
