// What clusters do, done to a worker over a real HDFS: nodes that die and nodes that hang.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Faults of HDFS")
  struct HDFSFaultTests {
    @Test("dying and hanging nodes cost time, never bytes; what cannot be asked is 503, and heals")
    func nodes() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("hdfs-faults")
        let names = ["first", "dead", "hung", "asked"]
        // Apart from the others: what a load has just asked is known, and its pages are waited for longer than a question.
        let loadedNames = ["loaded", "loaded-too", "loaded-last"]
        var contents: [String: [UInt8]] = [:]
        for (seed, name) in (names + loadedNames).enumerated() {
          contents[name] = patterned(5 << 20 | 9, seed: seed)
          try writeBytes(contents[name] ?? [], to: scratch.path(name))
        }
        let cluster = try HDFSProcesses()
        try cluster.shell(["-mkdir", "-p", "/t/more"])
        try cluster.shell(["-put"] + names.map { scratch.path($0) } + ["/t"])
        try cluster.shell(["-put"] + loadedNames.map { scratch.path($0) } + ["/t/more"])
        let root = "hdfs://127.0.0.1:\(cluster.port)/t"
        let daemon = try DaemonProcess(
          Binaries.penstockd, ports: .free(),
          options: ["--mount", "/h=\(root)"] + Fixture.memory + [
            "-Dpenstock.worker.ufs.question.deadline=3s",
            "-Dalluxio.worker.ufs.status.validity=1ms",
          ])
        func read(_ name: String, in directory: String = "") throws -> Int? {
          let answer = try readObject("/h/\(directory)\(name)", port: daemon.ports.object)
          if answer.status == 200 {
            #expect(identical(answer.body, contents[name] ?? []), "\(name)")
          }
          return answer.status
        }
        #expect(try read("first") == 200)

        cluster.killDataNode(0)
        #expect(try read("dead") == 200)
        try cluster.startDataNode(0)
        try cluster.awaitDataNodes(2)

        // Whichever node is asked first: one of the two hangs in each read.
        for node in 0..<2 {
          cluster.pauseDataNode(node, true)
          let start = ContinuousClock.now
          #expect(try read("hung") == 200)
          #expect(ContinuousClock.now - start < .seconds(40), "node \(node)")
          cluster.pauseDataNode(node, false)
        }

        let rest = try HTTPConnection(port: daemon.ports.rest, seconds: 60)
        let target =
          "/v1/load?path=\(percentEncoded(path: root + "/more"))&progressFormat=JSON&opType="
        let submitted = try rest.request("GET", target + "submit").text
        #expect(submitted.contains("\"success\":true"), "\(submitted)")
        cluster.pauseNameNode(true)
        let start = ContinuousClock.now
        #expect(try read("asked") == 503)
        #expect(ContinuousClock.now - start < .seconds(15))
        cluster.pauseNameNode(false)
        #expect(try eventually(.seconds(30)) { try read("asked") == 200 })
        var report = ""
        let isLoaded = try eventually(.seconds(60)) {
          report = try rest.request("GET", target + "progress").text
          return report.contains("SUCCEEDED")
        }
        #expect(isLoaded, "\(report)")
        cluster.killNameNode()
        #expect(try read("loaded", in: "more/") == 503, "its version cannot be asked")
        #expect(daemon.process.isRunning && isReady(daemon.ports.web))
      }
    }

    @Test("a store that cannot be had is told at the start, and the worker serves")
    func unknown() async throws {
      try await blocking {
        let port = try PortHolder()
        let daemon = try DaemonProcess(
          Binaries.penstockd, ports: .free(),
          options: [
            "--mount", "/h=hdfs://nobody.invalid:9000/x", "--mount",
            "/s=s3://b,alluxio.underfs.s3.endpoint=http://127.0.0.1:\(port.port),s3a.accessKeyId=a,s3a.secretKey=b",
            "--mount", "/w=http://127.0.0.1:\(port.port)/x", "--mount",
            "/u=https://nobody.invalid/x",
          ] + Fixture.memory)
        for mount in ["/h", "/s", "/w", "/u"] {
          let isTold = eventually(.seconds(60)) {
            daemon.logText.contains("mount \(mount): its store cannot be used now")
          }
          #expect(isTold, "\(daemon.logText)")
        }
        #expect(isReady(daemon.ports.web))
      }
    }
  }
}
