// The version of this source tree.

/// The version of Penstock.
package enum Version {
  /// Major, minor and patch.
  package static let text = "0.1.0"
}
