// How failures below become answers of the REST port.

import HTTPWire
import UFS

extension RESTProblem {
  /// The refusal that stands for a UFS failure.
  init(_ error: UFSError) {
    self.init(Int(error.httpStatus.code), error.description)
    failure = error
  }

  /// The UFS did not answer in time; a change may or may not have been made.
  static func overdue(_ limit: Duration) -> RESTProblem {
    RESTProblem(
      504,
      "The under file system did not answer within \(limit.wholeMilliseconds / 1000) s;"
        + " a change may or may not have been made")
  }

  /// The status as the server writes it.
  var httpStatus: HTTPStatus {
    switch status {
    case 400: .badRequest
    case 403: .forbidden
    case 404: .notFound
    case 405: .methodNotAllowed
    case 409: .conflict
    case 412: .preconditionFailed
    case 413: .contentTooLarge
    case 500: .internalServerError
    case 501: .notImplemented
    case 502: .badGateway
    case 503: .serviceUnavailable
    case 504: .gatewayTimeout
    case 507: .insufficientStorage
    // Never 500 by accident: old clients take it for "no such file".
    default: .badGateway
    }
  }
}

/// The outcome of `body` as a value, for closures whose errors would lose their type.
func result<T>(
  _ body: () async throws(UFSError) -> T
) async -> Result<T, UFSError> {
  do throws(UFSError) { return .success(try await body()) } catch { return .failure(error) }
}
