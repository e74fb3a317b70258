// `penstock job` as people and scripts use it: inputs, live progress, failures by name, bad input.

import DaemonDriver
import Foundation
import Glibc
import Testing

extension Integration {
  @Suite("Job commands")
  struct JobCommandTests {
    @Test("several paths and an index are loads like one path; what is missing of them fails alone")
    func inputs() async throws {
      try await blocking {
        let fixture = try JobFixture { folder in
          for name in ["a", "b"] { try JobFixture.fill("\(folder)/\(name)", count: 20, size: 1000) }
          let lines = (0..<20).map { "/data/b/d0/f\($0)" } + ["/data/missing", "/data/a"]
          try writeBytes(Array((lines.joined(separator: "\n") + "\n").utf8), to: "\(folder)/index")
          let run = try CommandRun(["gzip", "-k", "\(folder)/index"])
          #expect(run.succeeded, "\(run.errors)")
        }
        let many = try fixture.job(
          "load", "--path", "/data/a", "--path", "/data/b", "--submit", "--watch")
        #expect(many.succeeded, "\(many.output)\(many.errors)")
        #expect(many.output.contains("\tInodes Processed: 40\n"), "\(many.output)")
        for index in ["/data/index", "/data/index.gz"] {
          let run = try fixture.job("load", "--index-file", index, "--submit", "--watch")
          #expect(run.status == .code(255), "\(run.output)\(run.errors)")
          #expect(run.output.hasPrefix("Load 'index \(index)' is successfully submitted."))
          #expect(run.output.contains("Job State: FAILED (JobFailed: Job partially failed.)"))
          #expect(run.output.contains("\tInodes Processed: 41\n"), "\(run.output)")
          #expect(run.output.contains("\tFiles Failed: 1\n"))
          let failed = try fixture.job(
            "load", "--index-file", index, "--progress", "--file-status", "FAILURE")
          #expect(
            failed.output.hasPrefix("\(fixture.source("missing"))\t")
              && failed.output.split(separator: "\n").count == 1, "\(failed.output)")
          let json = try fixture.job(
            "load", "--index-file", index, "--progress", "--file-status", "failure",
            "--format", "JSON")
          #expect(json.output.contains("\"state\":\"FAILURE\""), "\(json.output)")
        }
        let found = try fixture.job("find", "--file", "/data/missing")
        let lines = found.output.split(separator: "\n")
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains("  FAILURE  ") }, "\(lines)")
        let below = try fixture.job("find", "--file", fixture.source("a/d0/f7"))
        #expect(
          below.output.contains("  LOAD  SUCCEEDED  UNKNOWN  ")
            && below.output.contains("(the job succeeded with every file that it listed;"),
          "\(below.output)")
        let filtered = try fixture.job(
          "load", "--path", "/data/b/d0", "--file-filter-regx", "f1.*", "--submit", "--watch")
        #expect(filtered.succeeded, "\(filtered.output)\(filtered.errors)")
        let one = try fixture.job("load", "--path", "/data/b/d0/f2", "--submit", "--watch")
        #expect(one.succeeded, "\(one.output)\(one.errors)")
        let named = try fixture.job("find", "--file", "/data/b/d0/f2").output.split(separator: "\n")
        #expect(named.first?.contains("  LOAD  SUCCEEDED  SUCCESS  ") == true, "\(named)")
        #expect(!named.contains { $0.contains("  \(fixture.source("b/d0"))  ") }, "\(named)")
        let none = try fixture.job("find", "--file", "/data/other")
        #expect(none.status == .code(255) && none.errors.contains("no job has the file"))
      }
    }

    @Test(
      "a job is watched live: over one line on a terminal, line by line in a pipe, as JSON objects")
    func watch() async throws {
      try await blocking {
        let fixture = try JobFixture { folder in
          for name in ["a", "b", "c", "d", "e"] {
            try JobFixture.fill("\(folder)/\(name)", count: 40, size: 50_000)
          }
        }
        let slow = ["--submit", "--watch", "--bandwidth", "1MB", "--batch-size", "5"]
        func command(_ folder: String, _ more: [String] = []) -> [String] {
          [Binaries.penstock, "job", "load", "--path", "/data/\(folder)"] + slow + more
            + ["--coordinator", "127.0.0.1:\(fixture.web)"]
        }
        let piped = try CommandRun(command("a"))
        #expect(piped.succeeded, "\(piped.errors)")
        #expect(!piped.output.contains("\u{1b}") && !piped.output.contains("\r"))
        let lines = piped.output.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("RUNNING") } >= 2, "\(piped.output)")
        #expect(lines.contains { $0.contains(" of 40 files") && $0.contains("/s (") })
        #expect(piped.output.contains("\tJob State: SUCCEEDED\n"))

        let json = try CommandRun(command("b", ["--format", "JSON"]))
        #expect(json.succeeded, "\(json.errors)")
        var states: [String] = []
        for line in json.output.split(separator: "\n") {
          let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
          let files = object?["files"] as? [String: Int] ?? [:]
          func number(_ name: String) -> Int { files[name] ?? -1 }
          #expect(
            number("listed")
              == number("loaded") + number("skipped") + number("failed") + number("inFlight"),
            "\(line)")
          states.append(object?["jobState"] as? String ?? "")
        }
        #expect(states.count >= 3 && states.last == "SUCCEEDED", "\(states)")
        // 2 MB at 1 MB/s: the bandwidth is obeyed.
        let last = try JobCounts(Array((json.output.split(separator: "\n").last ?? "").utf8))
        #expect(last.elapsed >= 1500 && last.loaded == 40, "\(last)")

        for (folder, columns) in [("c", 80), ("d", 40), ("e", 12)] {
          let terminal = try Self.onTerminal(command(folder), columns: columns)
          #expect(terminal.succeeded, "\(terminal.output)\(terminal.errors)")
          #expect(terminal.output.contains("Job State: SUCCEEDED"))
          let begin = "\u{1b}[?7l\r\u{1b}[K"
          #expect(terminal.output.contains("\(begin)RUNNING"), "\(terminal.output)")
          // Written over, never beyond the last column but one.
          let lines = terminal.output.split(separator: begin).dropFirst().map {
            $0.prefix { $0 != "\u{1b}" }
          }
          #expect(lines.count >= 3 && lines.allSatisfy { $0.count < columns }, "\(lines)")
          #expect(columns < 80 || lines.contains { $0.contains("[#") }, "\(lines)")
        }
      }
    }

    @Test("a load of one large file shows how far it is")
    func largeFile() async throws {
      try await blocking {
        let fixture = try JobFixture { try JobFixture.fill("\($0)/one", count: 1, size: 5 << 20) }
        let run = try fixture.job(
          "load", "--path", "/data/one", "--submit", "--watch", "--format", "JSON",
          "--bandwidth", "1MB")
        #expect(run.succeeded, "\(run.errors)")
        var arrived: [Int] = []
        for line in run.output.split(separator: "\n") {
          let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
          if let bytes = object?["arrivedBytes"] as? Int { arrived.append(bytes) }
        }
        #expect(Set(arrived).count >= 2 && arrived == arrived.sorted(), "\(run.output)")
        #expect(arrived.allSatisfy { $0 > 0 && $0 <= 5 << 20 }, "\(arrived)")
      }
    }

    /// Runs a command on a terminal of so many columns.
    private static func onTerminal(_ command: [String], columns: Int) throws -> CommandRun {
      let program = """
        import fcntl, os, pty, struct, sys, termios
        child, terminal = pty.fork()
        if child == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, \(columns), 0, 0))
            os.execv(sys.argv[1], sys.argv[1:])
        try:
            while data := os.read(terminal, 4096):
                os.write(1, data)
        except OSError:
            pass
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
      return try CommandRun(["python3", "-c", program] + command)
    }

    @Test("bad input is one clear line and the right exit code")
    func badInput() async throws {
      try await blocking {
        let fixture = try JobFixture { try JobFixture.fill($0, count: 1, size: 10) }
        func expect(
          _ code: Int32, _ text: String, _ arguments: String...,
          sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
          let run = try CommandRun(
            [Binaries.penstock, "job"] + arguments
              + ["--coordinator", "127.0.0.1:\(fixture.web)"])
          #expect(
            run.status == .code(code), "\(arguments): \(run)", sourceLocation: sourceLocation)
          #expect(run.errors.contains(text), "\(run.errors)", sourceLocation: sourceLocation)
          let lines = run.errors.split(separator: "\n")
          // The parser adds its usage.
          #expect(code == 64 || lines.count == 1, "\(lines)", sourceLocation: sourceLocation)
        }
        try expect(
          255, "no such file or directory", "load", "--path", "/data/missing", "--submit")
        try expect(255, "the path is in no mount", "load", "--path", "gopher://x/y", "--submit")
        try expect(255, "the path is in no mount", "load", "--path", "s3://bucket/y", "--submit")
        try expect(
          255, "no regular expression", "load", "--path", "/data", "--submit",
          "--file-filter-regx", "[")
        try expect(
          255, "replicas must be from 1 to 100", "load", "--path", "/data", "--submit",
          "--replicas", "0")
        try expect(
          255, "batch size must be from 1", "load", "--path", "/data", "--submit",
          "--batch-size", "0")
        try expect(
          255, "'bandwidth' must be", "load", "--path", "/data", "--submit", "--bandwidth", "fast")
        try expect(
          255, "no such file or directory", "load", "--index-file", "/data/index", "--submit")
        try expect(
          64, "exclude each other", "load", "--path", "/a", "--index-file", "/b", "--submit")
        try expect(
          64, "--watch goes with --submit", "load", "--path", "/a", "--progress", "--watch")
        try expect(
          64, "--file-status", "load", "--path", "/a", "--submit", "--file-status", "FAILURE")
        try expect(64, "--format", "load", "--path", "/a", "--progress", "--format", "XML")
        try expect(64, "--replicas", "load", "--path", "/a", "--submit", "--replicas", "two")
        try expect(64, "--submit", "load", "--path", "/a", "--submit", "--stop")
        try expect(64, "--submit", "load", "--path", "/a")
        try expect(
          64, "--overwrite", "copy", "--src", "/data/d0", "--dst", "/x", "--submit",
          "--overwrite", "perhaps")
        try expect(
          255, "lies in the source", "copy", "--src", "/data", "--dst", "/data/d0/x", "--submit")
        try expect(255, "UnavailableException: Job ETCD is not enabled", "rerun", "--path", "/data")
        try expect(
          255, "no list of files that succeeded", "load", "--path", "/data", "--progress",
          "--file-status", "SUCCESS")
        try expect(255, "must be WAITING", "list", "--job-state", "ASLEEP")
        let nobody = try CommandRun([
          Binaries.penstock, "job", "list", "--coordinator",
          "127.0.0.1:\(try PortHolder().port)",
        ])
        #expect(nobody.status == .code(255))
        #expect(nobody.errors.contains("no answer from a coordinator"), "\(nobody.errors)")
        // The ports of a worker, and of gRPC, are not what is asked.
        let ports = fixture.daemon.ports
        for port in [fixture.rpc, ports.rest, ports.object, ports.web] {
          for command in [
            ["job", "list"], ["job", "load", "--path", "/data", "--progress"], ["info", "nodes"],
          ] {
            let run = try CommandRun(
              [Binaries.penstock] + command + ["--coordinator", "127.0.0.1:\(port)"])
            #expect(run.status == .code(255) && run.output.isEmpty, "\(run)")
            #expect(
              run.errors.contains("127.0.0.1:\(port) is no coordinator's web port: ")
                && run.errors.contains("alluxio.coordinator.web.port, which is 19999"), "\(run)")
          }
        }
      }
    }

    @Test("one port set twice is told with both keys, before anything is opened")
    func ports() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("ports")
        for name in ["data", "work"] { try makeDirectories(scratch.path(name)) }
        let port = try PortHolder().port
        let (web, rpc) = ("alluxio.coordinator.web.port", "alluxio.coordinator.rpc.port")
        for (arguments, one, other) in [
          (["--coordinator", "--no-worker"], web, rpc),
          (["--coordinator"], "alluxio.worker.web.port", rpc),
          (
            ["-Dalluxio.coordinator.hostname=127.0.0.1"], "alluxio.worker.rest.port",
            "alluxio.worker.rpc.port"
          ),
        ] {
          let run = try CommandRun(
            [
              Binaries.penstockd, "--mount", "/data=file://\(scratch.path("data"))",
              "-Dalluxio.work.dir=\(scratch.path("work"))", "-D\(one)=\(port)",
              "-D\(other)=\(port)",
            ] + arguments)
          #expect(run.status == .code(78), "\(run)")
          #expect(
            run.errors.hasSuffix(
              "penstockd: \(one) and \(other) are both \(port): give each its own port\n"), "\(run)"
          )
        }
      }
    }

    @Test("paths that are not there, and filters that keep nothing, end alike whoever asks")
    func nothing() async throws {
      try await blocking {
        let fixture = try JobFixture { try JobFixture.fill("\($0)/set", count: 12, size: 10) }
        let connection = try HTTPConnection(port: fixture.web)
        func post(_ target: String, _ body: String) throws -> HTTPResponse {
          try connection.send(
            "POST \(target) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
          )
          return try connection.receive()
        }
        let missing = fixture.source("missing")
        // Whoever wants it is told at once; without that the job fails with the same words.
        for (target, body) in [
          ("/api/v1/master/submit_job/load", "{\"path\":\"\(missing)\",\"check\":true}"),
          ("/api/v1/load", "{\"paths\":[\"\(missing)\"],\"check\":true}"),
        ] {
          let refused = try post(target, body)
          #expect(refused.status == 400, "\(refused.text)")
          #expect(refused.text.contains("\(missing): no such file or directory"))
        }
        for (target, body) in [
          ("/api/v1/master/submit_job/load", "{\"path\":\"\(missing)\"}"),
          ("/api/v1/load", "{\"paths\":[\"\(missing)\"]}"),
        ] {
          let submitted = try post(target, body)
          #expect(submitted.status == 200, "\(submitted.text)")
          let lines = try fixture.wait(missing, for: "FAILED")
          #expect(
            lines.contains(
              "Job State: FAILED (JobFailed: The listing failed: \(missing): no such file or directory)"
            ), "\(lines)")
        }

        let free = try fixture.job("free", "--path", "/data/missing", "--submit", "--watch")
        #expect(free.succeeded, "\(free)")
        #expect(
          free.errors.contains(
            "/data/missing: no such file or directory; what is cached of it is freed all the same"),
          "\(free.errors)")
        #expect(
          free.output.contains("\tNotice: nothing of it was in the cache\n"), "\(free.output)")
        let there = try fixture.job("free", "--path", "/data/set", "--submit", "--watch")
        #expect(there.succeeded && there.errors.isEmpty, "\(there)")
        #expect(there.output.contains("\tNotice: nothing of it was in the cache\n"))

        let filtered = try fixture.job(
          "load", "--path", "/data/set", "--file-filter-regx", "none", "--submit", "--watch")
        #expect(filtered.succeeded, "\(filtered)")
        #expect(filtered.output.contains("\tNotice: the filter kept none of 12 files\n"))
        let all = try fixture.job("load", "--path", "/data/set", "--submit", "--watch")
        #expect(all.succeeded && !all.output.contains("Notice"), "\(all)")
      }
    }

    @Test("a job store that is corrupt, or no directory, ends the start with one line")
    func badStore() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("store")
        for name in ["data", "work", "corrupt"] { try makeDirectories(scratch.path(name)) }
        try writeBytes(Array("garbage\n".utf8), to: scratch.path("corrupt/CURRENT"))
        try writeBytes([], to: scratch.path("file"))
        for (store, text) in [("corrupt", "does not open"), ("file", "not a directory")] {
          let run = try CommandRun([
            Binaries.penstockd, "--coordinator", "--no-worker",
            "--mount", "/data=file://\(scratch.path("data"))",
            "-Dalluxio.work.dir=\(scratch.path("work"))",
            "-Dalluxio.coordinator.metastore.dir=\(scratch.path(store))",
            "-Dalluxio.coordinator.web.port=\(try PortHolder().port)",
            "-Dalluxio.coordinator.rpc.port=\(try PortHolder().port)",
            "-Dalluxio.worker.bind.host=127.0.0.1", "-Dalluxio.worker.web.bind.host=127.0.0.1",
          ])
          #expect(run.status == .code(66), "\(run)")
          let lines = run.errors.split(separator: "\n").filter { $0.hasPrefix("penstockd: ") }
          #expect(lines.count == 1 && lines[0].contains(text), "\(run.errors)")
          #expect(lines.first?.contains("alluxio.coordinator.metastore.dir") == true)
        }
      }
    }

    @Test("copies and moves go across mounts, obey the overwrite rule, and are counted exactly")
    func transfers() async throws {
      try await blocking {
        let target = try ScratchDirectory("target")
        let fixture = try JobFixture(options: ["--mount", "/target=file://\(target.path(""))"]) {
          try JobFixture.fill("\($0)/set", count: 250, size: 3000)
        }
        func file(_ folder: String, _ index: Int) -> String {
          "\(folder)/d\(index / 100)/f\(index)"
        }
        try makeDirectories(target.path("c/d0"))
        try writeBytes(patterned(3000, seed: 0), to: target.path("c/d0/f0"))
        try writeBytes([1, 2, 3], to: target.path("c/d0/f1"))
        func copy(_ verb: String, _ more: String...) throws -> CommandRun {
          try CommandRun(
            [Binaries.penstock, "job", verb, "--src", "/data/set", "--dst", "/target/c"] + more
              + ["--coordinator", "127.0.0.1:\(fixture.web)"])
        }
        let first = try copy("copy", "--submit", "--watch", "--check-content")
        #expect(first.status == .code(255), "\(first.output)\(first.errors)")
        #expect(first.output.contains("\tFiles Succeeded: 248\n"), "\(first.output)")
        #expect(first.output.contains("\tFiles Skipped: 1\n"))
        #expect(first.output.contains("\tFiles Failed: 1\n"))
        #expect(identical(try readBytes(target.path("c/d0/f1")), [1, 2, 3]))
        let failed = try copy("copy", "--progress", "--file-status", "FAILURE")
        #expect(
          failed.output.hasPrefix("\(fixture.source("set/d0/f1"))\t")
            && failed.output.contains("is there with other content"), "\(failed.output)")
        let second = try copy("copy", "--submit", "--watch", "--overwrite", "if-different")
        #expect(second.succeeded, "\(second.output)\(second.errors)")
        #expect(second.output.contains("\tFiles Succeeded: 1\n"), "\(second.output)")
        #expect(second.output.contains("\tFiles Skipped: 249\n"))
        for index in [0, 1, 99, 100, 249] {
          #expect(
            identical(try readBytes(target.path(file("c", index))), patterned(3000, seed: index)))
        }
        let moved = try CommandRun([
          Binaries.penstock, "job", "move", "--src", "/data/set", "--dst", "/target/m",
          "--submit", "--watch", "--coordinator", "127.0.0.1:\(fixture.web)",
        ])
        #expect(moved.succeeded, "\(moved.output)\(moved.errors)")
        #expect(moved.output.contains("\tFiles Succeeded: 250\n"), "\(moved.output)")
        for index in 0..<250 {
          #expect(
            identical(try readBytes(target.path(file("m", index))), patterned(3000, seed: index)))
          #expect((try? readBytes(fixture.scratch.path("data/" + file("set", index)))) == nil)
        }
        let names = try HTTPConnection(port: fixture.web).request("GET", "/metrics").text
        for name in [
          "alluxio_scheduler_etcd_poll 0", "alluxio_scheduler_etcd_claim 0",
          "alluxio_scheduler_etcd_reclaim 0", "alluxio_scheduler_etcd_latency_ms_count 0",
          "alluxio_scheduler_job_access_etcd{type=\"get\"} 0",
          "alluxio_meta_operation_total{op=\"copy\"} 2",
          "alluxio_meta_operation_total{op=\"move\"} 1",
          "alluxio_distributed_load_failure_total{reason=\"FILE\",final_attempt=\"true\"} 1",
          "penstock_job_milliseconds_total{phase=\"running\"} ",
        ] { #expect(names.contains("\n\(name)"), "\(name)") }
        let list = try fixture.job("list", "--job-type", "MOVE")
        #expect(list.output.contains("  MOVE  SUCCEEDED  "), "\(list.output)")
      }
    }

    @Test("a free takes the files of a folder out of the cache, and a load skips what is there")
    func freeAndSkip() async throws {
      try await blocking {
        let fixture = try JobFixture { folder in
          for name in ["a", "b"] { try JobFixture.fill("\(folder)/\(name)", count: 30, size: 2000) }
        }
        for name in ["a", "b"] {
          #expect(
            try fixture.job("load", "--path", "/data/\(name)", "--submit", "--watch").succeeded)
        }
        let again = try fixture.job(
          "load", "--path", "/data/a", "--submit", "--watch", "--skip-if-exists")
        #expect(again.succeeded, "\(again.errors)")
        #expect(
          again.output.contains("\tBytes Skipped: 58.59KB out of 58.59KB\n"), "\(again.output)")
        #expect(again.output.contains("\tBytes Loaded: 0B out of 58.59KB\n"))
        let freed = try fixture.job("free", "--path", "/data/a", "--submit", "--watch")
        #expect(freed.succeeded, "\(freed.output)\(freed.errors)")
        #expect(freed.output.contains("\tFiles Freed: 30\n"), "\(freed.output)")
        let left = try CommandRun([
          Binaries.penstock, "cache", "ls", "--limit", "0", "--worker",
          "127.0.0.1:\(fixture.daemon.ports.web)",
        ])
        #expect(
          left.output.split(separator: "\n").count { $0.contains("/data/b/d0/f") } == 30
            && !left.output.contains("/data/a/"), "\(left.output)\(left.errors)")
        let both = try fixture.job(
          "load", "--path", "/data/a", "--path", "/data/b", "--submit", "--watch",
          "--skip-if-exists")
        #expect(
          both.output.contains("\tBytes Skipped: 58.59KB out of 117.19KB\n"), "\(both.output)")
        let short = try fixture.job(
          "load", "--path", "/data/a", "--submit", "--watch", "--replicas", "2")
        #expect(short.status == .code(255))
        #expect(
          short.errors.contains("2 replicas of each file need 2 workers; 1 are registered"),
          "\(short.output)\(short.errors)")
        let status = try fixture.job(
          "load", "--path", "/data/a/d0", "--submit", "--watch", "--metadata-only",
          "--file-filter-regx", "f1.")
        #expect(status.output.contains("\tInodes Processed: 10\n"), "\(status.output)")
        #expect(!status.output.contains("Bytes Loaded"))
      }
    }
  }
}
