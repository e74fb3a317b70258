// Rules and ages over restarts of a worker whose pages outlive it.

import DaemonDriver
import Foundation
import Glibc
import Testing

extension Integration {
  @Suite("Cache rules over restarts")
  struct CacheRestartTests {
    /// Folders that several lives of a worker share.
    private struct Home {
      let scratch: ScratchDirectory
      let fileSize = 4 << 20

      init() throws {
        scratch = try ScratchDirectory("restart")
        for name in ["data/t", "data/k", "volume", "work"] {
          try makeDirectories(scratch.path(name))
        }
        for name in ["t/a", "k/b"] {
          try writeBytes(patterned(fileSize, seed: 5), to: scratch.path("data/\(name)"))
          try setTime(of: scratch.path("data/\(name)"), secondsAgo: 1000)
        }
      }

      /// Starts a life with a small memory and a volume on the disk.
      func start() throws -> DaemonProcess {
        try DaemonProcess(
          Binaries.penstockd, ports: try .free(),
          options: [
            "-Dalluxio.work.dir=\(scratch.path("work"))",
            "--mount", "/data=file://\(scratch.path("data"))",
            "-Dalluxio.worker.page.store.dirs=\(scratch.path("volume"))",
            "-Dalluxio.worker.page.store.sizes=64MB",
            "-Dpenstock.worker.page.store.landing.size=16MB",
            "-Dalluxio.ttl.policy.enabled=true",
          ])
      }

      func cache(_ daemon: DaemonProcess, _ arguments: String...) throws -> CommandRun {
        try CommandRun(
          [Binaries.penstock, "cache"] + arguments
            + ["--worker", "127.0.0.1:\(daemon.ports.web)"])
      }

      /// Reads a file and returns how many bytes of it came from its source.
      func read(_ daemon: DaemonProcess, _ name: String) throws -> Int {
        let before = try daemon.metric("alluxio_external_data_read_bytes_total") ?? 0
        let response = try HTTPConnection(port: daemon.ports.object).request("GET", "/data/\(name)")
        #expect(response.status == 200)
        #expect(identical(response.body, patterned(fileSize, seed: 5)))
        return Int(try daemon.metric("alluxio_external_data_read_bytes_total") ?? 0) - Int(before)
      }

      /// Waits until both files are on the disk, and the catalog knows them.
      func settle(_ daemon: DaemonProcess) throws -> Bool {
        try eventually {
          let used = try daemon.metric("penstock_volume_used_bytes") ?? 0
          let listed = list(try cache(daemon, "ls", "--json"))
          return used >= Double(2 * fileSize) && listed.count == 2
        }
      }

      /// Since when each file is cached, by path.
      func list(_ run: CommandRun) -> [String: Int] {
        var found: [String: Int] = [:]
        for line in run.output.split(separator: "\n") {
          let value = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
          guard let path = value?["path"] as? String else { continue }
          found[path] = value?["cachedSinceMs"] as? Int
        }
        return found
      }
    }

    @Test("rules, ages and the list of files outlive a restart and a kill; old data is not served")
    func restart() async throws {
      try await blocking {
        let home = try Home()
        let first = try home.start()
        for name in ["t/a", "k/b"] { #expect(try home.read(first, name) == home.fileSize) }
        #expect(try home.cache(first, "pin", "/data/k").succeeded)
        #expect(
          try home.cache(first, "priority", "add", "--path", "/data/t", "--priority", "low")
            .succeeded)
        #expect(try home.settle(first), "\(first.logText)")
        let ages = home.list(try home.cache(first, "ls", "--json"))
        #expect(first.process.stop() == .code(0), "\(first.logText)")

        let second = try home.start()
        let isListed = try eventually {
          home.list(try home.cache(second, "ls", "--json")) == ages
        }
        #expect(isListed, "\(second.logText)")
        #expect(try home.read(second, "k/b") == 0)
        let status = try home.cache(second, "status").output
        #expect(status.contains("1 priority, 1 pin"), "\(status)")
        second.process.signal(SIGKILL)
        _ = second.process.wait(.seconds(10))

        let third = try home.start()
        #expect(try eventually { home.list(try home.cache(third, "ls", "--json")) == ages })
        // The time counts from the first life: it is over.
        #expect(
          try home.cache(third, "ttl", "add", "--path", "/data/t", "--time", "1ms").succeeded)
        #expect(home.list(try home.cache(third, "ls", "--json")).keys.sorted() == ["/data/k/b"])
        #expect(try home.read(third, "t/a") == home.fileSize)
        #expect(try home.read(third, "k/b") == 0)
        let freed = try home.cache(third, "free", "/", "--force")
        #expect(freed.output.contains("Freed"), "\(freed.output) \(freed.errors)")
        #expect(try home.cache(third, "scrub").output.contains("Scrub State"))
        #expect(third.process.stop() == .code(0), "\(third.logText)")
      }
    }

    @Test("damaged rules and a damaged catalog are named, kept aside and cost no wrong byte")
    func damage() async throws {
      try await blocking {
        let home = try Home()
        let first = try home.start()
        for name in ["t/a", "k/b"] { _ = try home.read(first, name) }
        #expect(try home.cache(first, "pin", "/data/k").succeeded)
        #expect(try home.settle(first))
        #expect(first.process.stop() == .code(0))
        try writeBytes(Array("{\"formatVersion\":1".utf8), to: home.scratch.path("work/rules.json"))
        try writeBytes(
          Array("garbage".utf8), to: home.scratch.path("work/metastore/catalog/CURRENT"))

        let second = try home.start()
        #expect(second.logText.contains("rules.json.damaged-0"), "\(second.logText)")
        #expect(second.logText.contains("catalog.damaged-0"), "\(second.logText)")
        #expect(try second.metric("penstock_cache_rules_damaged_files") == 1)
        #expect(try home.cache(second, "pin").output.isEmpty)
        #expect(try home.cache(second, "status").output.contains("rules.json.damaged-0"))
        for name in ["t/a", "k/b"] { _ = try home.read(second, name) }
        // Nobody knows how old these pages are: where a time is set they are fetched again.
        #expect(
          try home.cache(second, "ttl", "add", "--path", "/data", "--time", "1h").succeeded)
        #expect(try home.read(second, "t/a") == home.fileSize)
        #expect(try home.read(second, "t/a") == 0)
        #expect(second.process.stop() == .code(0), "\(second.logText)")
      }
    }
  }
}
