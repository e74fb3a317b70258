// What the start tells of stores that cannot be used.

import HTTPWire
import Model
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

@Suite("The question to the stores after the start")
struct MountCheckTests {
  private func tells(
    _ uri: String, _ code: UFSError.Code, _ cause: UFSError.Cause
  ) throws -> Bool {
    let mount = try Mount(alluxioPath: "/m", uri: UFSURI(parsing: uri), ufs: FakeUFS())
    return MountCheck.tells(UFSError(code, operation: "test", path: uri, cause: cause), mount)
  }

  @Test(
    "a web server that cannot be asked or takes no request of ours is told, an odd folder is not")
  func web() throws {
    let origin = HTTPOrigin(isSecure: true, host: "h")
    for uri in ["http://h/x", "https://h/x"] {
      #expect(try tells(uri, .unavailable, .http(HTTPClientError(.certificate, origin, "expired"))))
      for status in [400, 401, 407] as [UInt16] {
        #expect(try tells(uri, .denied, .status(status)), "\(status)")
      }
      #expect(try !tells(uri, .denied, .status(403)), "a folder without a listing")
      #expect(try !tells(uri, .notFound, .status(404)))
      #expect(try !tells(uri, .unsupported, .status(405)))
    }
  }

  @Test("a bucket that is refused in any way is told")
  func bucket() throws {
    #expect(try tells("s3://b", .denied, .store(status: 400, code: "")))
    #expect(try tells("s3://b", .denied, .store(status: 403, code: "AccessDenied")))
    #expect(try !tells("s3://b", .throttled, .store(status: 503, code: "SlowDown")))
  }
}
