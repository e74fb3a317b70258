// Listings of directories.

import CLinux
import Glibc
import Ring

extension LocalUFS {
  package func list(
    _ path: String, _ options: UFSListing
  ) async throws(UFSError) -> any UFSLister {
    try check(path, "ufs.list")
    let scan = try await blocking { [self] () throws(UFSError) -> DirectoryScan in
      try openScan(path, options)
    }
    return LocalLister(scan, pool: pool)
  }

  /// Opens a directory for listing.
  ///
  /// Blocking.
  private func openScan(_ path: String, _ options: UFSListing) throws(UFSError) -> DirectoryScan {
    // Not O_DIRECTORY: ENOTDIR then means a component above, and the path itself is told by its status.
    let place = resolver.open(PathBytes(path.utf8), flags: pen_o_path())
    guard place >= 0 else { throw lookupError(place, "ufs.list", path) }
    defer { Glibc.close(place) }
    let inode: UInt64
    switch SystemCall.status(of: place) {
    case .success(let status) where status.kind == .directory: inode = status.inode
    case .success:
      throw UFSError(
        .notDirectory, operation: "ufs.list", path: ufsPath(of: path), cause: .errno(ENOTDIR))
    case .failure(let errno): throw error(-errno.number, "ufs.list", path)
    }
    let fd = SystemCall.open(
      at: place, [UInt8(ascii: ".")], flags: O_RDONLY | O_DIRECTORY | O_NONBLOCK, resolve: 0)
    guard fd >= 0 else { throw error(fd, "ufs.list", path) }
    return try DirectoryScan(self, fd, path, options, inode: inode)
  }
}
