// The job service over gRPC, asked by the public Python client.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Jobs over gRPC")
  struct JobRPCTests {
    @Test("a client that only knows reflection submits, watches, lists, finds and stops jobs")
    func client() async throws {
      try await blocking {
        let count = 60
        let cluster = try JobCluster { folder in
          try makeDirectories("\(folder)/good")
          for index in 0..<count {
            try writeBytes(patterned(1000, seed: index), to: "\(folder)/good/f\(index)")
          }
          try writeBytes(patterned(3_000_000, seed: 7), to: "\(folder)/lonely")
        }
        let haveJoined = try eventually { try cluster.count("ONLINE") == 2 }
        #expect(haveJoined, "\(cluster.log)")
        let environment = try PythonEnvironment("requirements-grpc.txt")
        let run = try CommandRun(
          [
            environment.python, "\(environment.scripts)/grpc_jobs.py", "127.0.0.1:\(cluster.rpc)",
            "file://\(cluster.scratch.path("data"))", "\(count)",
          ], limit: .seconds(120))
        let lines = run.output.split(separator: "\n")
        #expect(run.succeeded, "\(run.errors)")
        #expect(lines.count == 8, "\(run.output)\(run.errors)")
        for line in lines {
          #expect(line.hasPrefix("ok "), "\(line) \(run.errors) \(cluster.log.suffix(2000))")
        }
      }
    }
  }
}
