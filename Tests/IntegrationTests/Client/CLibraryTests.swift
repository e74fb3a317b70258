// The C interface, from a C program that is compiled here.

import DaemonDriver
import Testing

extension Integration {
  @Suite("C library")
  struct CLibraryTests {
    @Test("a C program reads every byte, in copies, batches and in place, and survives a fork")
    func program() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("clibrary")
        let program = scratch.path("checks")
        let compiling = try CommandRun([
          "clang", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1",
          "-I\(Binaries.root)/Sources/CPenstock/include",
          "\(Binaries.root)/Tests/C/penstock_checks.c",
          "-o", program, "-L\(Binaries.folder)", "-lPenstockC", "-Wl,-rpath,\(Binaries.folder)",
        ])
        try #require(compiling.succeeded, "\(compiling.errors)")
        let fixture = try ClientFixture { folder in
          try writeBytes(PlacedBytes(seed: 41).bytes(0..<3_333_333), to: "\(folder)/a b.bin")
        }
        let run = try CommandRun([
          program, "/data/a b.bin", "\(fixture.fixture.folder)/a b.bin", "socket=\(fixture.socket)",
          fixture.network, "ufs_fallback=false",
        ])
        #expect(run.succeeded, "\(run.errors)")
        #expect(run.output == "ok\n")
      }
    }
  }
}
