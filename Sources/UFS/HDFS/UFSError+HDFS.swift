// From what a cluster says to the codes that every UFS shares.

import Glibc

extension UFSError {
  /// The error for a failed request to a name node or data node.
  init(_ failure: HDFSFailure, operation: StaticString, path: String) {
    switch failure {
    case .exception(let exception):
      let text =
        exception.wantsKerberos
        ? "AccessControlException: the cluster wants Kerberos, which this version does not speak"
        : exception.summary
      self.init(
        Self.code(of: exception), operation: operation, path: path, cause: .hdfs(exception: text))
    case .connection(let errno, _):
      // Whatever a socket says, the file may well be there.
      self.init(.unavailable, operation: operation, path: path, cause: .errno(errno))
    case .timeout:
      self.init(.unavailable, operation: operation, path: path, cause: .errno(ETIMEDOUT))
    case .flow(let refusal):
      self.init(.unavailable, operation: operation, path: path, cause: .flow(refusal))
    case .name, .refused, .unreached, .unreachedData:
      self.init(
        .unavailable, operation: operation, path: path, cause: .hdfs(exception: failure.summary))
    case .wire, .stranger, .checksum, .unevenPackets:
      self.init(.io, operation: operation, path: path, cause: .hdfs(exception: failure.summary))
    }
  }

  /// The code that a Java exception means, where the operation gives it no meaning of its own.
  ///
  /// What is not listed is `.io`: never `.notFound`.
  static func code(of exception: HDFSException) -> Code {
    switch exception.shortName {
    case "FileNotFoundException": .notFound
    case "AccessControlException", "AuthorizationException", "InvalidToken", "SaslException":
      .denied
    case "StandbyException", "RetriableException", "SafeModeException", "RetryStartFileException",
      "ObserverRetryOnActiveException", "NotReplicatedYetException", "ServerTooBusyException",
      "ConnectException", "SocketTimeoutException", "RpcNoSuchProtocolException":
      .unavailable
    case "NSQuotaExceededException", "DSQuotaExceededException", "QuotaExceededException",
      "QuotaByStorageTypeExceededException", "MaxDirectoryItemsExceededException":
      .noSpace
    case "FileAlreadyExistsException", "AlreadyBeingCreatedException": .exists
    case "PathIsNotEmptyDirectoryException": .notEmpty
    case "ParentNotDirectoryException", "PathIsNotDirectoryException": .notDirectory
    case "PathIsDirectoryException": .isDirectory
    case "InvalidPathException", "PathComponentTooLongException", "IllegalArgumentException",
      "HadoopIllegalArgumentException":
      .invalid
    case "UnresolvedLinkException", "UnresolvedPathException", "UnsupportedOperationException",
      "RpcNoSuchMethodException", "SnapshotAccessControlException":
      .unsupported
    case "UnavailableException": .unavailable
    default: .io
    }
  }
}
