// `penstock cache` against a real worker.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Cache rules")
  struct CacheCommandTests {
    /// Runs `penstock cache` for the worker of `fixture`.
    private func cache(_ fixture: Fixture, _ arguments: String...) throws -> CommandRun {
      try CommandRun(
        [Binaries.penstock, "cache"] + arguments
          + ["--worker", "127.0.0.1:\(fixture.daemon.ports.web)"])
    }

    /// Bytes read from the source so far.
    private func fetched(_ fixture: Fixture) throws -> Double {
      try fixture.daemon.metric("alluxio_external_data_read_bytes_total") ?? 0
    }

    /// Reads a file and returns how many bytes of it came from its source.
    private func read(_ fixture: Fixture, _ name: String) throws -> Int {
      let before = try fetched(fixture)
      let response = try fixture.objects().request("GET", "/data/\(name)")
      #expect(response.status == 200)
      return Int(try fetched(fixture) - before)
    }

    private func old(_ folder: String, _ name: String, _ size: Int) throws {
      try makeDirectories((("\(folder)/\(name)") as NSString).deletingLastPathComponent)
      try writeBytes(patterned(size, seed: 1), to: "\(folder)/\(name)")
      try setTime(of: "\(folder)/\(name)", secondsAgo: 1000)
    }

    @Test("rules are set, listed, changed and removed with Alluxio's words, and outlive a restart")
    func rules() async throws {
      try await blocking {
        let fixture = try Fixture(options: [
          "-Dalluxio.ttl.policy.enabled=true", "-Dalluxio.quota.enabled=true",
        ])
        let added = try cache(fixture, "ttl", "add", "--path", "/data/x/", "--time", "2h")
        #expect(added.succeeded && added.output == "Added alluxioPath=/data/x/ and time=2h\n")
        let twice = try cache(fixture, "ttl", "add", "--path", "/data/x/", "--time", "2h")
        #expect(twice.status == .code(1) && twice.errors.contains("update it"), "\(twice.errors)")
        #expect(
          try cache(fixture, "priority", "add", "--path", "/data/x", "--priority", "high").output
            == "Added alluxioPath=/data/x and priority=high\n")
        #expect(
          try cache(fixture, "quota", "add", "--path", "/data/x", "--size", "10GB").succeeded)
        #expect(try cache(fixture, "pin", "/data/x/pinned").succeeded)
        #expect(
          try cache(fixture, "ttl", "update", "--path", "/data/x", "--time", "3h").output
            == "Updated alluxioPath=/data/x and time=3h\n")
        #expect(try cache(fixture, "ttl", "list").output == "alluxioPath=/data/x time=3h\n")
        #expect(
          try cache(fixture, "priority", "list").output == "alluxioPath=/data/x priority=high\n")
        #expect(try cache(fixture, "quota", "list").output == "alluxioPath=/data/x size=10.00GB\n")
        #expect(try cache(fixture, "pin").output == "alluxioPath=/data/x/pinned\n")
        let json = try cache(fixture, "ttl", "list", "--json")
        #expect(json.output.hasPrefix("{\"enforced\":true,\"rules\":[{\"path\":\"/data/x\""))
        #expect(
          try cache(fixture, "ttl", "remove", "--path", "/data/x").output
            == "Removed alluxioPath=/data/x\n")
        #expect(try cache(fixture, "unpin", "/data/none").status == .code(1))
        #expect(try cache(fixture, "unpin", "/data/x/pinned").succeeded)
        let status = try cache(fixture, "status")
        #expect(status.output.contains("0 ttl, 1 priority, 0 pin, 1 quota"), "\(status.output)")
        fixture.expectAlive()
      }
    }

    @Test("what is over its time is read from its source again")
    func timeToLive() async throws {
      try await blocking {
        let fixture = try Fixture(
          options: [
            "-Dalluxio.ttl.policy.enabled=true", "-Dalluxio.ttl.eviction.check.interval=100ms",
          ]) { try old($0, "t/file", 1 << 20) }
        #expect(try read(fixture, "t/file") == 1 << 20)
        #expect(try read(fixture, "t/file") == 0)
        #expect(try cache(fixture, "ttl", "add", "--path", "/data/t", "--time", "1s").succeeded)
        let expired = try eventually {
          (try fixture.daemon.metric("penstock_policy_dropped_bytes_total") ?? 0) >= 1_048_576
        }
        #expect(expired)
        #expect(try read(fixture, "t/file") == 1 << 20)
        fixture.expectAlive()
      }
    }

    @Test(
      "a filter keeps what it skips out of the cache, from the first start on, and is read again")
    func filter() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("filter")
        let file = scratch.path("cache_filter.json")
        try writeBytes(Array(#"{"data":{"skipCache":[".*\\.tmp"]}}"#.utf8), to: file)
        let fixture = try Fixture(
          options: [
            "-Dalluxio.user.client.cache.filter.enabled=true",
            "-Dalluxio.user.client.cache.filter.config.file=\(file)",
            "-Dalluxio.user.client.cache.filter.config.check.interval=50ms",
          ]) {
            try old($0, "a.tmp", 300_000)
            try old($0, "a.bin", 300_000)
          }
        for _ in 0..<3 { #expect(try read(fixture, "a.tmp") == 300_000) }
        #expect(try read(fixture, "a.bin") == 300_000)
        #expect(try read(fixture, "a.bin") == 0)
        let listed = try cache(fixture, "ls").output
        #expect(!listed.contains("a.tmp"))
        // A bad file leaves the last good one in force, and says so.
        try writeBytes(Array("{".utf8), to: file)
        #expect(
          try eventually { try fixture.daemon.metric("penstock_cache_filter_stale") == 1 })
        #expect(try read(fixture, "a.tmp") == 300_000)
        try writeBytes(Array(#"{"data":{"skipCache":[".*\\.bin"]}}"#.utf8), to: file)
        #expect(
          try eventually { try fixture.daemon.metric("penstock_cache_filter_stale") == 0 })
        #expect(try eventually { try read(fixture, "a.tmp") == 0 })
        #expect(try read(fixture, "a.bin") == 300_000)
        fixture.expectAlive()
      }
    }

    @Test("a filter that cannot be used stops the start, by name")
    func badFilter() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("filter")
        let file = scratch.path("cache_filter.json")
        try writeBytes(Array(#"{"data":{"skipCache":["(a"]}}"#.utf8), to: file)
        for path in [file, scratch.path("missing")] {
          let run = try CommandRun([
            Binaries.penstockd, "-Dalluxio.work.dir=\(scratch.path("work"))",
            "-Dalluxio.dora.client.ufs.root=\(scratch.path)",
            "-Dalluxio.user.client.cache.filter.enabled=true",
            "-Dalluxio.user.client.cache.filter.config.file=\(path)",
          ])
          #expect(run.status == .code(78))
          #expect(run.errors.contains(path), "\(run.errors)")
          #expect(run.errors.contains("alluxio.user.client.cache.filter.config.file"))
        }
      }
    }

    @Test("a directory never holds more than its quota")
    func quota() async throws {
      try await blocking {
        let fixture = try Fixture(options: ["-Dalluxio.quota.enabled=true"]) { folder in
          for index in 0..<8 { try old(folder, "q/\(index)", 2 << 20) }
        }
        #expect(try cache(fixture, "quota", "add", "--path", "/data/q", "--size", "5MB").succeeded)
        for index in 0..<8 {
          #expect(try read(fixture, "q/\(index)") == 2 << 20)
          let used = try fixture.daemon.metric("alluxio_cached_storage_bytes") ?? 0
          #expect(used <= Double(5 << 20))
        }
        #expect(try read(fixture, "q/7") == 0, "the newest is there")
        #expect(try read(fixture, "q/0") == 2 << 20, "the oldest is not")
        fixture.expectAlive()
      }
    }

    @Test("what is pinned survives a cache that overflows many times")
    func pin() async throws {
      try await blocking {
        let fixture = try Fixture { folder in
          try old(folder, "p/keep", 16 << 20)
          for index in 0..<10 { try old(folder, "x/\(index)", 64 << 20) }
        }
        #expect(try read(fixture, "p/keep") == 16 << 20)
        #expect(try cache(fixture, "pin", "/data/p").output.contains("16.00MB is cached now"))
        for index in 0..<10 { #expect(try read(fixture, "x/\(index)") == 64 << 20) }
        #expect(try read(fixture, "p/keep") == 0, "it never left")
        #expect(try read(fixture, "x/0") == 64 << 20, "others did")
        let much = try cache(fixture, "pin", "/data/x")
        #expect(much.status == .code(1))
        #expect(
          much.errors.contains("penstock.worker.page.store.pinned.ratio.max"), "\(much.errors)")
        fixture.expectAlive()
      }
    }

    @Test("files are listed and freed, and what was freed is what was held")
    func listAndFree() async throws {
      try await blocking {
        let fixture = try Fixture { folder in
          for index in 0..<3 { try old(folder, "d/file \(index)", 1 << 20) }
        }
        for index in 0..<3 { #expect(try read(fixture, "d/file%20\(index)") == 1 << 20) }
        let list = try cache(fixture, "ls", "/data/d")
        #expect(list.output.split(separator: "\n").count == 4, "a head, and a line for each")
        #expect(list.output.contains("/data/d/file 1"))
        let part = try cache(fixture, "ls", "/data/d", "--limit", "2", "--json")
        #expect(part.output.split(separator: "\n").count == 2)
        let cursor = try #require(part.errors.split(separator: " ").last).trimmingCharacters(
          in: .whitespacesAndNewlines)
        let rest = try cache(fixture, "ls", "/data/d", "--cursor", cursor)
        #expect(rest.output.split(separator: "\n").count == 2)
        #expect(try cache(fixture, "pin", "/data/d/file 2").succeeded)
        let freed = try cache(fixture, "free", "/data/d")
        #expect(freed.output == "Freed 2048.00KB of 2 files\n", "\(freed.output)")
        #expect(freed.errors.contains("1 pinned files"), "\(freed.errors)")
        #expect(try cache(fixture, "free", "/data/d", "--force").output.contains("of 1 files"))
        #expect(try fixture.daemon.metric("alluxio_cached_storage_bytes") == 0)
        #expect(try read(fixture, "d/file%200") == 1 << 20)
        fixture.expectAlive()
      }
    }

    @Test("every command has help, and no worker is a sentence and a status")
    func help() async throws {
      try await blocking {
        for words in [
          ["status"], ["ls"], ["free"], ["pin"], ["unpin"], ["priority"], ["ttl", "add"], ["quota"],
          ["scrub"], [],
        ] {
          let help = try CommandRun([Binaries.penstock, "cache"] + words + ["--help"])
          #expect(help.succeeded && help.output.contains("USAGE"), "\(words)")
        }
        let ports = try DaemonPorts.free()
        let run = try CommandRun([
          Binaries.penstock, "cache", "status", "--worker", "127.0.0.1:\(ports.web)",
        ])
        #expect(run.status == .code(1) && run.errors.contains("no answer"), "\(run.errors)")
      }
    }
  }
}
