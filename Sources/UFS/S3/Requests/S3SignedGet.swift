// A read of an object that somebody else sends: programs and raw sockets that a measurement has beside us.

package import HTTPWire

/// A GET of a whole object, signed as the mount signs; good for about a quarter of an hour.
///
/// Holds no credential, but lets whoever has it read the object.
package struct S3SignedGet: Sendable {
  /// Where it goes.
  package let origin: HTTPOrigin
  /// The target.
  package let target: String
  /// Header lines, `Host` first.
  package let fields: [(name: String, value: String)]
}

extension S3UFS {
  /// The read of the object at `path`.
  ///
  /// - Throws: `.unavailable`, `.denied` when there are no credentials.
  package func signedGet(_ path: String) async throws(UFSError) -> S3SignedGet {
    try check(path, "ufs.sign")
    do throws(S3Failure) {
      let setting = try await requester.setting()
      let (target, fields) = await requester.signed(request(.get, path, "ufs.sign"), setting)
      return S3SignedGet(origin: setting.origin, target: target, fields: fields)
    } catch {
      throw self.error(error.code, "ufs.sign", path, error.cause)
    }
  }
}
