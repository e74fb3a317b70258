// What clients are told of a missing path.

/// Status of /v1/info for a missing path (compat §16 row 20).
package enum MissingInfoStatus: String, Sendable {
  /// 404 for a client that asked /v1/ufsInfo lately, else 500.
  case auto
  /// Always 500.
  case internalError = "500"
  /// Always 404.
  case notFound = "404"
}
