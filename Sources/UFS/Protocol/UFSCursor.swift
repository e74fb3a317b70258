// A place in a listing that outlives the lister.

/// A place between two entries of a listing; opaque to all but the UFS that made it.
package struct UFSCursor: Sendable, Hashable {
  /// The UFS's own words.
  package let token: String

  /// A cursor of a UFS's words.
  package init(token: String) { self.token = token }
}
