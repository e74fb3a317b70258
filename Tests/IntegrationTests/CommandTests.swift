// The `penstock` command as a process.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("The command")
  struct CommandTests {
    @Test("conf get prints the default, and what overrides it in order")
    func precedence() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("conf")
        let key = "alluxio.worker.rest.port"
        #expect(try get(key, []) == "29998")
        try writeBytes(Array("\(key)=1111\n".utf8), to: scratch.path("penstock-site.properties"))
        #expect(try get(key, ["--conf", scratch.path]) == "1111")
        let environment = ["ALLUXIO_WORKER_REST_PORT": "2222"]
        #expect(try get(key, ["--conf", scratch.path], environment) == "2222")
        #expect(try get(key, ["--conf", scratch.path, "-D\(key)=3333"], environment) == "3333")
      }
    }

    @Test("conf list names every key once, with its source when asked")
    func list() async throws {
      try await blocking {
        let plain = try CommandRun([Binaries.penstock, "conf", "list"])
        #expect(plain.succeeded, "\(plain.errors)")
        let keys = plain.output.split(separator: "\n").compactMap { $0.split(separator: "=").first }
        #expect(keys.contains("alluxio.worker.rest.port"))
        #expect(Set(keys).count == keys.count)
        let sourced = try CommandRun([
          Binaries.penstock, "conf", "list", "--source", "-Dalluxio.worker.rest.port=4444",
        ])
        let line = sourced.output.split(separator: "\n").first {
          $0.hasPrefix("alluxio.worker.rest.port")
        }
        #expect(line?.contains("4444") == true, "\(sourced.output.prefix(500))")
      }
    }

    @Test("a bad value fails and names the key")
    func badValue() async throws {
      try await blocking {
        let run = try CommandRun([
          Binaries.penstock, "conf", "list", "-Dalluxio.worker.rest.port=banana",
        ])
        #expect(run.status != .code(0))
        #expect(run.errors.contains("alluxio.worker.rest.port"), "\(run.errors)")
        #expect(run.errors.contains("banana"), "\(run.errors)")
      }
    }

    @Test("a mount that cannot be is the command line's, the configuration's or a folder's fault")
    func badMounts() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("mounts")
        let cases: [([String], Int32)] = [
          (["--mount", "/a=\(scratch.path),colour=red"], 64), (["--mount", "/a=gopher://x"], 64),
          (["-Dalluxio.dora.client.ufs.root=gopher://x"], 78),
          (["--mount", "/a=\(scratch.path)/gone"], 66),
        ]
        for (options, code) in cases {
          let run = try CommandRun(
            [Binaries.penstockd] + DaemonProcess.options(.free(), work: scratch.path("w"))
              + options + Fixture.memory)
          #expect(run.status == .code(code), "\(options): \(run)")
        }
      }
    }

    @Test("help is there and an unknown command is refused")
    func help() async throws {
      try await blocking {
        for program in [Binaries.penstock, Binaries.penstockd] {
          let help = try CommandRun([program, "--help"])
          #expect(help.succeeded && help.output.contains("USAGE"), "\(program)")
        }
        let unknown = try CommandRun([Binaries.penstock, "juggle"])
        #expect(unknown.status == .code(64))
      }
    }

    private func get(
      _ key: String, _ options: [String], _ variables: [String: String] = [:]
    ) throws -> String {
      let run = try CommandRun(
        [Binaries.penstock, "conf", "get", key] + options, variables: variables)
      #expect(run.succeeded, "\(run.errors)")
      return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
}
