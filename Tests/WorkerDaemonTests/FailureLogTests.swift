// Which failures an operator hears of, and how often.

import Glibc
import HTTPWire
import Model
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

@Suite("Failures in the log")
struct FailureLogTests {
  private func error(
    _ code: UFSError.Code, _ cause: UFSError.Cause, path: String = "file:///fake/a"
  ) -> UFSError {
    UFSError(code, operation: "test", path: path, cause: cause)
  }

  @Test("the first of a kind is told at once, then one per half minute with the number of others")
  func rate() throws {
    let log = FailureLog(mounts: try TestMounts.temporary())
    let second: UInt64 = 1_000_000_000
    #expect(log.turn(of: "a", now: 5 * second) == .tell(suppressed: 0))
    for tick in 6..<35 as Range<UInt64> {
      #expect(log.turn(of: "a", now: tick * second) == .keepQuiet)
    }
    #expect(log.turn(of: "b", now: 20 * second) == .tell(suppressed: 0))
    #expect(log.turn(of: "a", now: 35 * second) == .tell(suppressed: 29))
    #expect(log.turn(of: "a", now: 70 * second) == .tell(suppressed: 0))
    for number in 0..<1000 { _ = log.turn(of: "kind \(number)", now: 71 * second) }
    #expect(log.turn(of: "kind 999", now: 72 * second) == .keepQuiet)
  }

  @Test("a kind is a mount and a cause, whatever the file")
  func kinds() throws {
    let log = FailureLog(mounts: try TestMounts.temporary())
    let denied = UFSError.Cause.store(status: 403, code: "SignatureDoesNotMatch")
    let first = log.word(of: error(.denied, denied))
    #expect(first == "/ denied 403 SignatureDoesNotMatch")
    #expect(first == log.word(of: error(.denied, denied, path: "file:///fake/b/c")))
    #expect(first != log.word(of: error(.denied, .store(status: 403, code: "AccessDenied"))))
    #expect(log.word(of: error(.io, denied, path: "s3://elsewhere/x")).hasPrefix(" io"))
  }

  @Test("what a source does to us is an operator's business, what a client asks for is not")
  func concerns() {
    #expect(error(.denied, .store(status: 403, code: "InvalidAccessKeyId")).concernsOperators)
    #expect(error(.denied, .errno(EACCES)).concernsOperators)
    #expect(!error(.denied, .rule(.readOnlyMount)).concernsOperators)
    #expect(!error(.unavailable, .errno(ECANCELED)).concernsOperators)
    for code in [UFSError.Code.unavailable, .throttled, .io, .noSpace, .changed] {
      #expect(error(code, .status(500)).concernsOperators, "\(code)")
    }
    for code in [
      UFSError.Code.notFound, .escapesMount, .exists, .notEmpty, .isDirectory, .notDirectory,
      .invalid, .unsupported,
    ] {
      #expect(!error(code, .status(404)).concernsOperators, "\(code)")
    }
  }
}
