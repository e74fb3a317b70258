// What a client is told of a failure below: never "not found" for "could not ask".

package import HTTPWire
package import UFS

extension UFSError {
  /// The status that stands for this failure.
  package var httpStatus: HTTPStatus {
    switch code {
    case .notFound: .notFound
    case .denied, .escapesMount: .forbidden
    case .unavailable, .throttled: .serviceUnavailable
    case .changed, .exists, .notEmpty: .conflict
    case .isDirectory, .notDirectory, .invalid: .badRequest
    case .noSpace: .insufficientStorage
    case .unsupported: .notImplemented
    // Never 500: old clients take it for "no such file" (compat §16 row 20).
    case .io: .badGateway
    }
  }

  /// The S3 error code that stands for this failure.
  package var s3Code: String {
    switch code {
    case .notFound, .isDirectory, .notDirectory: "NoSuchKey"
    case .denied, .escapesMount: "AccessDenied"
    case .unavailable, .throttled: "SlowDown"
    case .changed, .exists, .notEmpty: "OperationAborted"
    case .invalid: "InvalidArgument"
    case .unsupported: "NotImplemented"
    case .noSpace, .io: "InternalError"
    }
  }

  /// Whether the same request may succeed after a pause, so that the answer says so.
  package var isTemporary: Bool { code == .unavailable || code == .throttled || code == .changed }
}
