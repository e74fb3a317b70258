// What an operator can do about a failure of a store, in the words of our settings.

import HTTPWire
import Model

extension UFSError {
  /// Where to look first; nil where the failure says it, or where nobody but the caller can do anything.
  ///
  /// Part of the error's description.
  var remedy: String? {
    switch cause {
    case .store(let status, let word): Self.remedy(status, word)
    case .http(let error): remedy(error)
    case .hdfs(let exception): Self.remedy(exception)
    case .status(let status): Self.remedy(ofWebStatus: status)
    case .errno, .rule, .flow: nil
    }
  }

  /// For what a web server said.
  private static func remedy(ofWebStatus status: UInt16) -> String? {
    switch status {
    case 400:
      "the server takes no such request: does it want https, or a client certificate"
        + " (the mount's options client.certificate and client.key)?"
    case 401, 407: "give the mount the option authorization.file"
    default: nil
    }
  }

  /// For what an S3 store said; the reply to a HEAD has no word.
  private static func remedy(_ status: UInt16, _ word: String) -> String? {
    switch word {
    case "InvalidAccessKeyId", "SignatureDoesNotMatch":
      "check s3a.accessKeyId and s3a.secretKey, or where else the keys come from"
    case "ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired":
      "the session has ended: renew the credentials where they come from"
    case "AccessDenied": rights
    case "RequestTimeTooSkewed": "set this machine's clock"
    case "AuthorizationHeaderMalformed", "PermanentRedirect": region
    case "InvalidObjectState": "the object is archived: restore it, or leave it out"
    case "NoRange", "NoContentRange", "OtherRange":
      "the store, or a proxy before it, answers with another range than was asked for"
    case "WrongLength", "LongBody", "ShortBody":
      "the reply is not as long as the range that was asked for: what lies between (a proxy, a coding)?"
    case "NoContentLength": "the store, or a proxy before it, does not say how long the object is"
    case "NoDeleteResult", "NotWritten":
      "the store did not say that it did it, so it counts as not done: is there an S3 store at"
        + " alluxio.underfs.s3.endpoint, or a proxy that answers for it?"
    case "StuckListing", "DisorderedListing":
      "the store's listing does not get on: try alluxio.underfs.s3.list.objects.v1, and look at what lies between"
    case _ where word.utf8.starts(with: "BadReply:".utf8):
      "that is no answer of an S3 store: check alluxio.underfs.s3.endpoint, and for a proxy that answers in its place"
    case "NoEntityTag": "the store gives no ETag, by which versions of a file are told apart"
    case "": remedy(ofStatus: status)
    default: nil
    }
  }

  private static func remedy(ofStatus status: UInt16) -> String? {
    switch status {
    case 301, 307: region
    case 400:
      "\(region), that the credentials have not ended, and whether it wants TLS"
        + " (an endpoint with https://) or a client certificate (penstock.underfs.s3.tls.certificate)"
    case 401, 403: "check the keys and the clock; \(rights)"
    case 404: "is there an S3 store at alluxio.underfs.s3.endpoint?"
    case 500...599: "the store's own trouble: look at its log"
    default: nil
    }
  }

  private static let rights =
    "the keys need s3:GetObject and s3:ListBucket here, and no policy of the bucket against it"
  private static let region =
    "check alluxio.underfs.s3.region and alluxio.underfs.s3.endpoint"

  private func remedy(_ error: HTTPClientError) -> String? {
    let isBucket = path.namesBucket
    return switch error.code {
    case .resolve:
      "check the host's name in the mount or its endpoint, and the name service"
        + (isBucket
          ? "; a store without hosts named after buckets needs alluxio.underfs.s3.disable.dns.buckets=true"
          : "")
    case .connect: "check that the store runs, its port, and what is between"
    case .certificate:
      "check the authority (\(isBucket ? "penstock.underfs.s3.tls.ca.file" : "the mount's option ca.file")), the host's name and the certificate's dates"
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
