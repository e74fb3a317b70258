// One table from errno to code, for every UFS that ends in a system call.

import CLinux
import Glibc
import Ring

extension UFSError {
  /// The error for the errno of a system call.
  package init(errno: Int32, operation: StaticString, path: String) {
    self.init(Self.code(of: errno), operation: operation, path: path, cause: .errno(errno))
  }

  /// The error for a failed ring operation.
  init(ring error: RingError, operation: StaticString, path: String) {
    // A cancelled operation said nothing about the file: the daemon is stopping.
    let errno = error.errno == 0 ? ECANCELED : error.errno
    self.init(errno: errno, operation: operation, path: path)
  }

  /// The error for a broken rule.
  init(_ code: Code, operation: StaticString, path: String, rule: PathRule) {
    self.init(code, operation: operation, path: path, cause: .rule(rule))
  }

  /// The code that an errno means, where the operation gives it no meaning of its own.
  ///
  /// What is not listed is `.io`: never `.notFound`, so that an unknown failure is not taken for an absence.
  static func code(of errno: Int32) -> Code {
    switch errno {
    case ENOENT: .notFound
    case EACCES, EPERM, EROFS: .denied
    case EXDEV: .escapesMount
    case EEXIST: .exists
    case ENOTEMPTY: .notEmpty
    case EISDIR: .isDirectory
    case ENOTDIR: .notDirectory
    case ENOSPC, EDQUOT, EMLINK: .noSpace
    case EINVAL, ENAMETOOLONG, ELOOP, EFBIG, EILSEQ, EOVERFLOW: .invalid
    case EOPNOTSUPP, ENOSYS, ENXIO, ENODEV, ENOTTY, ESPIPE, ETXTBSY: .unsupported
    // Short of a resource, or a file server that does not answer (NFS, FUSE): the file may well be there.
    case EAGAIN, EINTR, EBUSY, EMFILE, ENFILE, ENOMEM, ENOBUFS, ECANCELED, ESTALE, ETIMEDOUT,
      ENOTCONN, ESHUTDOWN, ECONNREFUSED, ECONNRESET, ECONNABORTED, EHOSTDOWN, EHOSTUNREACH,
      ENETDOWN, ENETUNREACH, EREMOTEIO, ENOLINK, ENOKEY, EKEYEXPIRED:
      .unavailable
    default: .io
    }
  }
}
