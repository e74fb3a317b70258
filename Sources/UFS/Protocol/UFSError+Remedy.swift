// What an operator can do about a failure of a store, in the words of our settings.

import HTTPWire

extension UFSError {
  /// Where to look first; nil where the failure says it, or where nobody but the caller can do anything.
  ///
  /// Part of the error's description.
  var remedy: String? {
    switch cause {
    case .store(let status, let word): Self.remedy(status, word)
    case .http(let error): Self.remedy(error)
    case .hdfs(let exception): Self.remedy(exception)
    case .errno, .rule, .status, .flow: nil
    }
  }

  /// For what an S3 store said; the reply to a HEAD has no word.
  private static func remedy(_ status: UInt16, _ word: String) -> String? {
    switch word {
    case "InvalidAccessKeyId", "SignatureDoesNotMatch":
      "check s3a.accessKeyId and s3a.secretKey, or where else the keys come from"
    case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
      "the session has ended: renew the credentials where they come from"
    case "AccessDenied": rights
    case "RequestTimeTooSkewed": "set this machine's clock"
    case "AuthorizationHeaderMalformed", "PermanentRedirect": region
    case "InvalidObjectState": "the object is archived: restore it, or leave it out"
    case "": remedy(ofStatus: status)
    default: nil
    }
  }

  private static func remedy(ofStatus status: UInt16) -> String? {
    switch status {
    case 301, 307: region
    case 400: "\(region), and that the credentials have not ended"
    case 401, 403: "check the keys and the clock; \(rights)"
    case 404: "is there an S3 store at alluxio.underfs.s3.endpoint?"
    default: nil
    }
  }

  private static let rights =
    "the keys need s3:GetObject and s3:ListBucket here, and no policy of the bucket against it"
  private static let region =
    "check alluxio.underfs.s3.region and alluxio.underfs.s3.endpoint"

  private static func remedy(_ error: HTTPClientError) -> String? {
    switch error.code {
    case .resolve: "check the host's name in the mount or its endpoint, and the name service"
    case .connect: "check that the store runs, its port, and what is between"
    case .certificate:
      "check the authority (…tls.ca.file), the host's name and the certificate's dates"
    case .tls: "check whether the store speaks TLS on this port (https or http)"
    case .malformed: "check whether this port speaks HTTP"
    case .timeout, .reset, .truncated, .tooLarge, .stopped: nil
    }
  }

  private static func remedy(_ exception: String) -> String? {
    hasBytePrefix(exception, "AccessControlException")
      ? "the cluster knows us by alluxio.security.login.username" : nil
  }
}
