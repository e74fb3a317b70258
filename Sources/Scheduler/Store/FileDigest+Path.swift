// The digest of a path.

import Model

extension FileDigest {
  /// The digest of `path`'s UTF-8 bytes.
  init(of path: String) {
    let digest = Digest256(of: path)
    self.init(high: digest.words.0, low: digest.words.1)
  }
}
