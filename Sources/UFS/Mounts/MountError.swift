// Why a set of mounts cannot be served: told once, at start, with the mount and the remedy.

import Ring

/// A mount that cannot be had.
package struct MountError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong with it.
  package enum Problem: Sendable, Equatable {
    /// The text is not `/name=uri[,key=value…]`.
    case malformed
    /// The option at this place, counted from 1, is not `key=value`.
    case malformedOption(Int)
    /// The Alluxio path is not `/` or `/name`.
    case badPath(PathRule)
    /// The UFS URI is not absolute, or has a host where none can be.
    case badURI(String, PathRule)
    /// A UFS of this scheme is not available.
    case unsupportedScheme(String)
    /// An option that this UFS does not know.
    case unknownOption(String, known: [String])
    /// An option given twice.
    case duplicateOption(String)
    /// An option with a value it does not take.
    case badOption(String, value: String, accepted: String)
    /// Two mounts at one Alluxio path.
    case duplicatePath
    /// Two mounts whose UFS roots are the same or lie one in the other.
    case overlap(uri: String, other: String, otherURI: String)
    /// Two stores with a bucket of one name: their files could not be told apart.
    case sameBucket(uri: String, endpoint: String, other: String, otherEndpoint: String)
    /// No mount at `/`.
    case missingRoot
    /// The UFS root is not there.
    case missingDirectory(String)
    /// The UFS root is not a directory.
    case notDirectory(String)
    /// The UFS root cannot be opened.
    case unreadable(String, errno: Int32)
    /// Hadoop's configuration is wrong, or asks for what is not supported; the payload says it all.
    case badHadoopSetting(String)
  }

  /// What is wrong.
  package let problem: Problem
  /// The mount's Alluxio path, or the text that names none.
  package let mount: String

  /// An error of its parts.
  package init(_ problem: Problem, mount: String) {
    self.problem = problem
    self.mount = mount
  }

  package var description: String { "mount \(mount): \(what)" }

  private var what: String {
    switch problem {
    case .malformed:
      "write it as /name=uri[,key=value...]; a comma or backslash inside is \\, or \\\\"
    case .malformedOption(let position):
      "option \(position) is not key=value; a comma inside a value is \\,"
    case .badPath(let rule): "\(rule); write an Alluxio path such as /name"
    case .badURI(let uri, .relative):
      "'\(masked(uri))' is relative; write an absolute path or a URI such as file:///data"
    case .badURI(let uri, let rule):
      "'\(masked(uri))': \(rule); write a URI such as file:///data or s3://bucket/folder"
    case .unsupportedScheme(let scheme):
      "\(scheme):// is not supported by this version; use file, s3, hdfs, http or https"
    case .unknownOption(let key, let known):
      "unknown option '\(key)'; known are \(known.joined(separator: ", "))"
    case .duplicateOption(let key): "option '\(key)' is given twice; give it once"
    case .badOption(let key, let value, let accepted):
      "option '\(key)' takes \(accepted), not '\(masked(value))'"
    case .duplicatePath: "mounted twice; give each mount its own Alluxio path"
    case .overlap(let uri, let other, let otherURI):
      "\(uri) overlaps \(otherURI), which is mounted at \(other); mount directories that do not "
        + "contain each other"
    case .sameBucket(let uri, let endpoint, let other, let otherEndpoint):
      "\(uri) at \(masked(endpoint)) cannot be told from the bucket of the same name at"
        + " \(masked(otherEndpoint)), which is mounted at \(other): cached files are known by bucket and"
        + " key; serve the second store by another worker cluster, or from a bucket of another name"
    case .missingRoot: "nothing is mounted at /; set alluxio.dora.client.ufs.root"
    case .missingDirectory(let path): "\(path) does not exist; create it or correct the path"
    case .notDirectory(let path): "\(path) is not a directory; mount the directory that holds it"
    case .unreadable(let path, let errno):
      "\(path) cannot be opened: \(errnoText(errno)); the daemon needs read and search permission"
    case .badHadoopSetting(let text): text
    }
  }
}
