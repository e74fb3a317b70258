// Making a volume's file, and making one that is there fit the configuration.
//
// Order of steps, so that a crash between any two leaves a file that opens:
//   make    pages.new: reserve, superblocks, sync ▶ rename to pages ▶ sync the directory
//   grow    reserve ▶ superblocks                  a file longer than its superblock says is cut
//   shrink  superblocks ▶ cut

import Glibc

extension VolumeFile {
  /// An open file that is as its superblock says.
  struct Pages {
    var file: PagesFile
    var superblock: Superblock
    /// Units that were there before.
    var restorableUnits: UInt32
  }

  /// Opens or makes the file `pages` in `directory`.
  ///
  /// - Throws: as `open`.
  static func openPages(
    in directory: VolumeDirectory, _ options: Options, unitCount: UInt32,
    _ notices: inout [VolumeNotice]
  ) throws(PageStoreError) -> Pages {
    let path = "\(directory.path)/pages"
    let (descriptor, isDirect) = directory.open("pages", flags: 0)
    if descriptor == -ENOENT {
      return try makePages(in: directory, options, unitCount, &notices)
    }
    guard descriptor >= 0 else { throw VolumeDirectory.failure(path, -descriptor) }
    let file = PagesFile(descriptor, path: path, isDirect: isDirect)
    let (size, allocated, isRegular) = try file.status()
    guard isRegular else { throw mismatch(path, "not a regular file: move it away") }
    // A file without a byte says nothing and holds nothing.
    if size == 0 { return try makePages(in: directory, options, unitCount, &notices) }
    let fit = VolumeFit(
      try file.readSuperblocks(), cluster: options.cluster, pageSize: options.pageSize,
      unitCount: unitCount)
    switch fit {
    case .refuse(let reason): throw mismatch(path, reason)
    case .adopt(let superblock, let was, let isRewrite, let isRepair):
      if isRepair { notices.append(.superblockRepaired(path: path)) }
      if !isDirect { notices.append(.buffered(path: path)) }
      try resize(
        file, from: was, to: superblock, isRewrite: isRewrite, size, allocated, &notices)
      let present = max(0, min(size, was.fileSize) - Superblock.dataOffset)
      let units = UInt32(clamping: present / Int64(DiskLayout.unitSize))
      return Pages(file: file, superblock: superblock, restorableUnits: units)
    }
  }

  private static func resize(
    _ file: PagesFile, from was: Superblock, to superblock: Superblock, isRewrite: Bool,
    _ size: Int64, _ allocated: Int64, _ notices: inout [VolumeNotice]
  ) throws(PageStoreError) {
    let (before, after) = (was.fileSize, superblock.fileSize)
    if size < before {
      notices.append(.truncated(path: file.path, missing: Int(before - size)))
    }
    if after > before {
      notices.append(.grown(path: file.path, from: Int(before), to: Int(after)))
    } else if after < before {
      notices.append(.shrunk(path: file.path, from: Int(before), to: Int(after)))
    }
    // A file that was copied may have holes, which could not be filled on a full disk.
    if size < after || allocated < after, try !file.allocate(after) {
      notices.append(.notReserved(path: file.path))
    }
    if isRewrite { try file.write(superblock) }
    if size > after { try file.truncate(after) }
  }

  private static func makePages(
    in directory: VolumeDirectory, _ options: Options, _ unitCount: UInt32,
    _ notices: inout [VolumeNotice]
  ) throws(PageStoreError) -> Pages {
    let path = "\(directory.path)/pages"
    guard let id = VolumeID.make() else { throw VolumeDirectory.failure(path, EAGAIN) }
    let superblock = Superblock(
      id: id, cluster: options.cluster, pageSize: options.pageSize, unitCount: unitCount,
      created: options.now)
    let (descriptor, isDirect) = directory.open("pages.new", flags: O_CREAT | O_TRUNC)
    guard descriptor >= 0 else { throw VolumeDirectory.failure(path, -descriptor) }
    let file = PagesFile(descriptor, path: path, isDirect: isDirect)
    do {
      let isReserved = try file.allocate(superblock.fileSize)
      try file.write(superblock)
      try directory.rename("pages.new", to: "pages")
      notices.append(.created(path: path, bytes: Int(superblock.fileSize)))
      if !isReserved { notices.append(.notReserved(path: path)) }
      if !isDirect { notices.append(.buffered(path: path)) }
    } catch {
      directory.remove("pages.new")
      throw error
    }
    return Pages(file: file, superblock: superblock, restorableUnits: 0)
  }

  private static func mismatch(_ path: String, _ reason: String) -> PageStoreError {
    PageStoreError(.volumeMismatch, operation: "pageStore.volume", subject: "\(path): \(reason)")
  }
}
