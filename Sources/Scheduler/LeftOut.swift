// What a listing leaves out, in words: that depends on the kind of store.

import Model

/// Entries of listings that no path can name or that are no files.
package enum LeftOut {
  /// What the entries left out below `path` can be.
  package static func reason(_ path: String) -> String {
    path.namesBucket
      ? "keys that no path can name: with '//', '.' or '..' in them, no text, or too long"
      : "names that are not UTF-8, special files, links that lead nowhere or out of the mount"
  }
}
