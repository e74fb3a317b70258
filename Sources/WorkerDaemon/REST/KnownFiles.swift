// Paths of ids met before, for the oldest clients: they read pages by id alone (compat §2.9).

package import Model
import Synchronization

/// A bounded memory of which path an id belongs to.
package final class KnownFiles: Sendable {
  /// Most paths remembered; at the bound, half of them are forgotten.
  package static let countMax = 16_384

  private let paths = Mutex<[Digest256: String]>([:])

  /// No paths.
  package init() {}

  /// Remembers that `id` is the id of `path`.
  package func note(_ id: Digest256, path: String) {
    paths.withLock { paths in
      if paths.count >= Self.countMax, paths[id] == nil {
        // Any half will do: a forgotten client gets 404 once and asks with its path.
        for victim in paths.keys.prefix(Self.countMax / 2) { paths[victim] = nil }
      }
      paths[id] = path
    }
  }

  /// The path of `id`, if it was met.
  package func path(of id: Digest256) -> String? { paths.withLock { $0[id] } }
}
