// Where the bytes of a page came from, and who keeps them in place.

package import PageStore

/// Bytes of one page, valid as long as this value lives.
package enum PageAccess: ~Copyable {
  /// A page of the store that was there.
  case hit(PageLease)
  /// A page of the store that was brought for this access, by this task or by the one it waited for.
  case filled(PageLease)
  /// A page that was read but must not be kept: its file changed too recently for its version to be trusted later.
  case transient(TransientPage)
  /// A part of a page read past the store, which had no room; it begins at the requested offset.
  case passedThrough(ReadBuffer)
  /// The wanted part of a page on disk, verified as configured.
  case stored(ReadBuffer)
  /// A page that is being brought: its bytes can be had as they come.
  case filling(FillWaiter)
}
