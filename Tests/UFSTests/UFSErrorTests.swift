import Glibc
import Model
import Ring
import Testing

@testable import UFS

@Suite("Errors say what the UFS said, and no more")
struct UFSErrorTests {
  @Test("only ENOENT is not found; what could not be asked is not an absence")
  func codes() {
    let expected: [(UFSError.Code, [Int32])] = [
      (.notFound, [ENOENT]),
      (.denied, [EACCES, EPERM, EROFS]),
      (.noSpace, [ENOSPC, EDQUOT]),
      (.invalid, [ELOOP, ENAMETOOLONG, EINVAL, EFBIG]),
      (.unavailable, [ESTALE, EMFILE, ENFILE, ENOMEM, EAGAIN, ETIMEDOUT, EHOSTUNREACH, ECANCELED]),
      (.unsupported, [EOPNOTSUPP, ENXIO, ENOSYS]),
      (.io, [EIO, EUCLEAN, EBADF, EFAULT, 4000]),
      (.escapesMount, [EXDEV]), (.exists, [EEXIST]), (.notEmpty, [ENOTEMPTY]),
      (.isDirectory, [EISDIR]), (.notDirectory, [ENOTDIR]),
    ]
    for (code, numbers) in expected {
      for number in numbers { #expect(UFSError.code(of: number) == code, "errno \(number)") }
    }
    let notFound = (1...200).filter { UFSError.code(of: Int32($0)) == .notFound }
    #expect(notFound == [Int(ENOENT)])
  }

  @Test("wire codes are unique and stay what they are")
  func wireCodes() {
    let codes = UFSError.Code.allCases.map(\.rawValue)
    #expect(codes == Array(3001...3014))
    #expect(UFSError.Code.notFound.rawValue == 3001)
    #expect(UFSError.Code.io.rawValue == 3014)
  }

  @Test("advice on retries follows from the code")
  func retry() {
    for code in UFSError.Code.allCases {
      let error = UFSError(code, operation: "ufs.test", path: "p", cause: .status(0))
      switch code {
      case .unavailable, .throttled: #expect(error.retry != .never)
      default: #expect(error.retry == .never)
      }
    }
  }

  @Test("one line names operation, code, path and cause")
  func description() {
    let error = UFSError(errno: ENOENT, operation: "ufs.open", path: "file:///a")
    #expect(error.description == "file:///a: no such file or directory")
    #expect(error.reason == "no such file or directory")
    let object = UFSError(
      .notFound, operation: "s3.head", path: "s3://b/k",
      cause: .store(status: 404, code: "NoSuchKey"))
    #expect(object.description == "s3://b/k: no such file or directory: status 404 NoSuchKey")
    let cancelled = UFSError(
      ring: RingError(.cancelled, operation: "ring.read"), operation: "ufs.read", path: "p")
    #expect(cancelled.code == .unavailable)
    let shadowed = UFSError(
      .escapesMount, operation: "mounts.locate", path: "p", rule: .shadowed(by: "/s3"))
    #expect(shadowed.description.hasSuffix("the path is hidden by the mount /s3"))
  }

  @Test("a reply that does not fit says what may lie between, in words")
  func misfits() {
    for word in ["NoContentRange", "OtherRange", "WrongLength", "NoEntityTag"] {
      let error = UFSError(
        .io, operation: "test", path: "s3://b/f", cause: .store(status: 0, code: word))
      #expect(error.description.contains("\(word); the "), "\(error)")
    }
    let directory = UFSError(
      .isDirectory, operation: "test", path: "s3://b/d", cause: .rule(.isDirectory))
    #expect(directory.description == "s3://b/d: is a directory: a file was asked for")
  }
}
