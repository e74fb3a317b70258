// A worker that is killed.

import DaemonDriver
import Testing

extension Integration {
  @Suite("Kill -9")
  struct CrashTests {
    @Test("a worker killed under load serves right bytes within its quotas when it is back")
    func kills() async throws {
      try await blocking {
        let run = try CommandRun([
          "\(Binaries.folder)/worker-bench", "crash", "--daemon", Binaries.penstockd,
          "--rounds", "3", "--seed", "3", "--files", "40", "--ready-limit", "10",
        ])
        #expect(run.succeeded, "\(run.status?.description ?? "killed"): \(run.output)\(run.errors)")
        #expect(run.output.contains("compared: 0 wrong bytes, 0 failures"))
      }
    }
  }
}
