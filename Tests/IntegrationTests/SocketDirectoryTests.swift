// Places in which no domain socket can be made: the start ends with one line that says what to do.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("The domain socket's directory")
  struct SocketDirectoryTests {
    private static let key = "alluxio.worker.data.server.domain.socket.address"

    @Test(
      "a directory that the worker may not search, write to or make is told with what its user needs"
    )
    func rights() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("socket")
        var command = [Binaries.penstockd]
        for name in ["work", "closed", "fixed"] { try makeDirectories(scratch.path(name)) }
        #expect(chmod(scratch.path("closed"), 0o000) == 0)
        #expect(chmod(scratch.path("fixed"), 0o555) == 0)
        if geteuid() == 0 {
          // Nothing is closed to root: somebody else runs the daemon, from where he may read it.
          try writeBytes(try readBytes(Binaries.penstockd), to: scratch.path("penstockd"))
          for (name, mode) in [("penstockd", 0o755), ("work", 0o777), ("", 0o755)] {
            #expect(chmod(scratch.path(name), mode_t(mode)) == 0)
          }
          command = [
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            scratch.path("penstockd"),
          ]
        }
        for (socket, words) in [
          ("closed/s", "the right to search \(scratch.path("closed")) and write to it"),
          ("fixed/s", "the right to search \(scratch.path("fixed")) and write to it"),
          (
            "fixed/new/s", "\(scratch.path("fixed/new")): Permission denied; make it and give it to"
          ),
        ] {
          let run = try CommandRun(
            command + DaemonProcess.options(.free(), work: scratch.path("work"))
              + ["-D\(Self.key)=\(scratch.path(socket))"],
            limit: .seconds(20))
          #expect(run.status == .code(66), "\(run)")
          #expect(run.errors.contains(words), "\(run.errors)")
          #expect(run.errors.contains(Self.key), "\(run.errors)")
        }
        #expect(chmod(scratch.path("closed"), 0o755) == 0)
        #expect(chmod(scratch.path("fixed"), 0o755) == 0)
      }
    }
  }
}
