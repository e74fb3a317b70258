// What an attempt came to when it brought no answer, and what that means.
//
//   404 NoSuchKey      notFound          412, 416             changed (or exists)      429, 503       throttled
//   404 NoSuchBucket   io                403                  denied                   5xx, timeouts  unavailable
//   404 without code   io, but for HEAD: only S3 itself may say that nothing is there
//   400 without code   denied: our requests are well made, so it is keys, region or a gate before the store that it is about

import HTTPWire
import Model

/// A failed attempt.
struct S3Failure: Error, Sendable {
  /// Kind of failure.
  let code: UFSError.Code
  /// What is behind it.
  let cause: UFSError.Cause
  /// How long the store asks us to wait.
  var retryAfter: Duration?
  /// Whether the store cannot have acted on it.
  var isHarmless = false

  /// A failure of its parts.
  init(_ code: UFSError.Code, _ cause: UFSError.Cause) {
    self.code = code
    self.cause = cause
  }

  /// A request that got no whole answer.
  init(_ error: HTTPClientError) {
    switch error.code {
    // Nobody who is to be trusted could be asked: a certificate says nothing of the caller's rights.
    case .certificate: code = .unavailable
    case .resolve, .connect, .tls, .timeout, .reset, .truncated, .stopped: code = .unavailable
    case .malformed, .tooLarge: code = .io
    }
    cause = .http(error)
    isHarmless = error.sentNothing
  }

  /// A reply that breaks the rules of its kind.
  static func broken(_ what: String) -> S3Failure { S3Failure(.io, .store(status: 0, code: what)) }

  /// The mount names a bucket that its store does not have: a setting to correct, which says nothing of any file.
  static func noBucket(_ endpoint: S3Endpoint) -> S3Failure {
    let scheme = endpoint.base.isSecure ? "https" : "http"
    return S3Failure(
      .io,
      .store(
        status: 404,
        code: "NoSuchBucket: there is no bucket '\(endpoint.bucket)' at"
          + " \(scheme)://\(endpoint.base.authority); correct the mount's URI or"
          + " alluxio.underfs.s3.endpoint, or make the bucket"))
  }

  /// A reply that is no XML, or not the XML that it should be.
  init(_ problem: XMLProblem) {
    self = .broken("BadReply:\(problem)")
  }

  /// A reply with an error's status, or with an error in its body.
  ///
  /// `word` is S3's code, empty when there is none.
  init(status: UInt16, word: String, request: S3Request) {
    let code = Self.code(status, word, request)
    self.init(code, .store(status: status, code: word))
    isHarmless = code == .throttled
  }

  /// The refusal of a request that went unsigned, nil for other failures.
  ///
  /// `isMeant` says that the mount was made anonymous. Stores tell it in many words, some of which speak of the signature that is not there.
  static func unsigned(status: UInt16, word: String, isMeant: Bool) -> S3Failure? {
    guard [400, 401, 403].contains(status),
      word.isEmpty || unsignedWords.contains(word)
    else { return nil }
    let reason =
      isMeant
      ? "the mount is anonymous (penstock.underfs.s3.credentials) and the store wants a signature"
      : "no credentials were found, so the request went unsigned; set s3a.accessKeyId and"
        + " s3a.secretKey, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile"
    let code = word.isEmpty ? "Unsigned" : word
    return S3Failure(.denied, .store(status: status, code: "\(code): \(reason)"))
  }

  /// Codes with which stores refuse what is not signed; rclone and old gateways have words of their own.
  private static let unsignedWords: Set<String> = [
    "AccessDenied", "MissingFields", "MissingSecurityHeader", "MissingSecurityElement",
    "InvalidArgument", "AuthorizationHeaderMalformed", "AuthorizationQueryParametersError",
    "SignatureDoesNotMatch", "InvalidAccessKeyId", "CredMalformed", "AuthHeaderEmpty",
    "UnsupportedAlgorithm",
  ]

  private static func code(
    _ status: UInt16, _ word: String, _ request: S3Request
  ) -> UFSError.Code {
    switch status {
    case 412: return request.conflict
    case 416: return .changed
    default: break
    }
    if let code = code(ofWord: word, request) { return code }
    switch status {
    case 401, 403, 407: return .denied
    case 400 where word.isEmpty: return .denied
    case 404: return request.method == .head ? .notFound : .io
    case 408, 500, 502, 504: return .unavailable
    case 409: return .unavailable
    case 429, 503: return .throttled
    case 405, 501: return .unsupported
    case 507: return .noSpace
    case 400, 411, 413, 414, 431: return .invalid
    default: return .io
    }
  }

  private static func code(ofWord word: String, _ request: S3Request) -> UFSError.Code? {
    switch word {
    case "NoSuchKey": .notFound
    // A bucket that is gone says nothing about its files that a client should act on.
    case "NoSuchBucket", "NoSuchUpload": .io
    case "NoSuchVersion", "InvalidRange": .changed
    case "PreconditionFailed": request.conflict
    case "ConditionalRequestConflict", "OperationAborted", "RequestTimeout", "InternalError":
      .unavailable
    case "SlowDown", "SlowDownRead", "SlowDownWrite", "Throttling", "ThrottlingException",
      "RequestLimitExceeded", "TooManyRequests", "BandwidthLimitExceeded":
      .throttled
    case "AccessDenied", "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
      "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed",
      "AuthorizationHeaderMalformed", "MissingSecurityHeader", "MissingFields":
      .denied
    // Archived: it is there, and this store cannot read it now.
    case "InvalidObjectState", "NotImplemented", "MethodNotAllowed": .unsupported
    case "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded": .noSpace
    default: nil
    }
  }
}
