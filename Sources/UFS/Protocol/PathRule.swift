// The rules of ours that a path or a request can break; each composes its own text.

/// Why we refuse a path or a request before or without asking the UFS.
package enum PathRule: Error, Hashable, CustomStringConvertible {
  /// Two slashes in a row.
  case emptyComponent
  /// A `.` component.
  case dot
  /// A `..` component.
  case dotDot
  /// A NUL byte.
  case nul
  /// A component longer than the file system's 255 bytes.
  case nameTooLong
  /// A path longer than the system's 4095 bytes.
  case pathTooLong
  /// A name kept for files that are being written.
  case reserved
  /// The path is neither absolute nor a URI.
  case relative
  /// A URI with a host where none can be.
  case authority
  /// A URI that says neither host nor bucket.
  case noAuthority
  /// A URI with a user, and perhaps a password, before its host or bucket.
  case userInfo
  /// A URI with a query or a fragment, where none can be.
  case query
  /// No mount covers the path.
  case outsideMounts
  /// Another mount hides the path; the payload is its Alluxio path.
  case shadowed(by: String)
  /// A symbolic link leads out of the mount.
  case linkLeavesMount
  /// Directories on the way are being replaced faster than they can be followed.
  case unstablePath
  /// The mount was made read-only.
  case readOnlyMount
  /// The mount's own root cannot be replaced, moved or deleted.
  case mountRoot
  /// Neither a regular file nor a directory.
  case specialFile
  /// The content is not the version that was asked for.
  case otherVersion
  /// The file ended before its stated length.
  case shortRead
  /// A directory cannot be moved or copied into itself.
  case intoItself
  /// The target of a copy is there already.
  case targetExists
  /// A directory that is to be deleted has entries.
  case hasEntries
  /// A name that is not UTF-8, or a linked directory, cannot be copied.
  case uncopyable
  /// A resumed listing finds another directory at its path, or a cursor of another kind.
  case staleCursor
  /// An offset plus a length beyond the largest file.
  case offsetTooLarge
  /// A directory, where a file was asked for.
  case isDirectory
  /// A `%` that two hexadecimal digits do not follow, or text that is not UTF-8 or holds a NUL byte.
  case badEscape
  /// The cache has no room, and every buffer for reads past it is in use.
  case noBuffer
  /// The file has more pages than the cache can number.
  case tooManyPages
  /// The store can only be read.
  case readOnlyStore
  /// The store has no step that renames.
  case noRename
  /// The store does not say what it holds.
  case noListing
  /// The server does not say how long the file is.
  case unknownLength
  /// The server says nothing that tells versions apart.
  case unknownVersion
  /// The server sends files whole or not at all.
  case noRanges
  /// The server's answer does not fit the question.
  case badReply
  /// A redirect that leads to no http URL.
  case badRedirect
  /// More redirects than are followed.
  case tooManyRedirects
  /// A redirect from https to http.
  case insecureRedirect
  /// The store said a moment ago that nothing is there, and was not asked again.
  case absentLately
  /// A URI's host is not a name or address with a port, or has a user before it.
  case badHost

  package var description: String {
    switch self {
    case .emptyComponent: "the path has an empty component"
    case .dot: "the path has a '.' component"
    case .dotDot: "the path has a '..' component"
    case .nul: "the path has a NUL byte"
    case .nameTooLong: "a name is longer than 255 bytes"
    case .pathTooLong: "the path is longer than 4095 bytes"
    case .reserved: "names beginning with '\(LocalPath.temporaryPrefix)' are reserved"
    case .relative: "the path is relative"
    case .authority: "a file path takes no host"
    case .noAuthority: "the URI names no bucket or host"
    case .userInfo: "a URI takes no user or password: give credentials as options or in a file"
    case .query: "a URI takes no query and no fragment here"
    case .outsideMounts: "the path is in no mount"
    case .shadowed(let mount): "the path is hidden by the mount \(mount)"
    case .linkLeavesMount: "a symbolic link leaves the mount"
    case .unstablePath: "directories on the path keep changing"
    case .readOnlyMount: "the mount is read-only"
    case .mountRoot: "this is a mount's root"
    case .specialFile: "neither a regular file nor a directory"
    case .otherVersion: "the file changed"
    case .shortRead: "the file ended early"
    case .intoItself: "source and target are the same, or the target lies in the source"
    case .targetExists: "the target exists"
    case .hasEntries: "the directory has entries; delete it recursively, or empty it first"
    case .uncopyable:
      "it has an entry that no path can name (a name that is not UTF-8, a key with '//' in it) or a linked directory"
    case .staleCursor: "the cursor belongs to another listing"
    case .offsetTooLarge: "the offset is beyond the largest file"
    case .absentLately: "the store said a moment ago that nothing is there"
    case .isDirectory: "a file was asked for"
    case .badEscape: "a broken % escape, a NUL byte or text that is not UTF-8"
    case .noBuffer: "the cache is full of pages in use, and so are the buffers for reads past it"
    case .tooManyPages: "the file has more than 2^32 pages; set a larger page size"
    case .readOnlyStore: "this store can only be read"
    case .noRename: "objects cannot be renamed: copy, then delete the source, as a MOVE job does"
    case .noListing: "this store cannot be listed: name its files one by one"
    case .unknownLength: "the server does not say how long the file is"
    case .unknownVersion: "the server gives neither a strong ETag nor a Last-Modified"
    case .noRanges: "the server knows no ranges: the file can only be read from its start"
    case .badReply: "the server's answer does not fit the question"
    case .badRedirect: "a redirect leads to no http URL"
    case .tooManyRedirects: "too many redirects"
    case .insecureRedirect: "a redirect leads from https to http"
    case .badHost: "write the host as name, name:port or [address]:port, without a user"
    }
  }
}
