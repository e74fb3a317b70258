// One line of a listing.

package import Model

/// A file or directory found by a listing.
package struct UFSEntry: Sendable, Hashable {
  /// Its name in its directory; a mount point's name is that of the mount, whatever its UFS root is called.
  package var name: String
  /// Its path below the UFS's root.
  package var path: String
  /// Its status; a link has that of what it points to.
  package var status: FileStatus
  /// Whether it is a symbolic link; walks do not descend through links, which may form circles.
  package var isLink: Bool

  /// An entry of its parts.
  package init(name: String, path: String, status: FileStatus, isLink: Bool = false) {
    self.name = name
    self.path = path
    self.status = status
    self.isLink = isLink
  }

  /// What sorted listings compare: the name, with a slash when a listing can descend there.
  var sortKey: String { status.kind == .directory && !isLink ? name + "/" : name }
}
