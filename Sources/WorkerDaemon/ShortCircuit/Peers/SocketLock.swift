// One worker at a time looks whether a socket is dead, takes it away, and makes its own.
//
//   worker A   lock ─ nobody answers: unlink ─ bind ─ listen ─ unlock
//   worker B   lock ···········································│ A answers: refused
//
// Without it B could take A's new socket, which does not listen yet, for a dead one. The lock is on a file beside the socket that
// other users cannot open, so that none of them keeps a worker from starting; it goes with the lock.

import Glibc
import Ring

/// A lock on the socket of one path, held as long as the value lives.
struct SocketLock: ~Copyable {
  /// How long another worker may take to start listening.
  static let timeMax = Duration.seconds(10)

  /// Microseconds between two looks.
  private static let pause: UInt32 = 10_000

  private let path: String
  private let descriptor: Int32

  /// Locks the socket at `socket`, whose directory must be there; blocks for `limit` at most.
  ///
  /// - Throws: `.directory`, with what to do.
  init(_ socket: String, within limit: Duration = timeMax) throws(StartError) {
    let path = "\(socket).lock"
    let (deadline, isNever) = monotonicNow().addingReportingOverflow(limit.nanoseconds)
    while true {
      let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0 else { throw Self.refusal(path, errno) }
      // The kernel tells nobody who has waited too long: a wait for the lock alone could be without an end.
      while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
        let number = errno
        if number == EINTR { continue }
        guard number == EWOULDBLOCK, isNever || monotonicNow() < deadline else {
          Glibc.close(descriptor)
          throw Self.refusal(path, number)
        }
        usleep(Self.pause)
      }
      if Self.isPresent(path, descriptor) {
        self.path = path
        self.descriptor = descriptor
        return
      }
      // Who had the lock took the file away: another one may be there by now.
      Glibc.close(descriptor)
    }
  }

  deinit {
    // What cannot be removed is used the next time.
    _ = unsafe unlink(path)
    Glibc.close(descriptor)
  }

  /// Whether the file at `path` is the one that is open.
  private static func isPresent(_ path: String, _ descriptor: Int32) -> Bool {
    var (present, own) = (stat(), stat())
    return unsafe lstat(path, &present) == 0 && fstat(descriptor, &own) == 0
      && present.st_dev == own.st_dev && present.st_ino == own.st_ino
  }

  private static func refusal(_ path: String, _ number: Int32) -> StartError {
    let what = "the lock of the domain socket, \(path) (\(ShortCircuitSettings.addressKey)),"
    let why =
      switch number {
      case EWOULDBLOCK:
        "is held by another process: is a worker that starts with this socket stopped? `fuser \(path)` names it; end it, or name another path"
      case EACCES, EPERM, ELOOP:
        "cannot be opened: \(errnoText(number)); remove it if no other worker uses this socket, or name another path"
      default: "cannot be taken: \(errnoText(number)); correct its directory, or name another path"
      }
    return StartError(.directory, "\(what) \(why)")
  }
}
