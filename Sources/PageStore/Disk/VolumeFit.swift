// What to do with a volume's file, from its superblocks and what is configured. Pure: every case has a test.

/// How a file on disk fits the configuration.
enum VolumeFit: Equatable {
  /// Use it: `superblock` is what its superblock shall say from now on.
  case adopt(superblock: Superblock, was: Superblock, isRewrite: Bool, isRepair: Bool)
  /// Do not touch it; the reason and the remedy.
  case refuse(String)

  /// Decides about a file with these `copies` of its superblock.
  init(_ copies: [Superblock.Copy], cluster: String, pageSize: Int, unitCount: UInt32) {
    var found: Superblock?
    var isDamaged = false
    for copy in copies {
      switch copy {
      case .good(let superblock):
        if superblock.generation >= found?.generation ?? 0 { found = superblock }
      case .version(let version):
        self = .refuse(
          "made in format \(version), this is format \(Superblock.version): use the release that "
            + "made it, or move it away to start empty")
        return
      case .damaged: isDamaged = true
      case .foreign: break
      }
    }
    guard let found else {
      self = .refuse(
        isDamaged
          ? "both superblocks are damaged: move the file away to start empty"
          : "not a volume of Penstock: move the file away, or name another directory")
      return
    }
    self = VolumeFit.fit(
      found, cluster: cluster, pageSize: pageSize, unitCount: unitCount,
      isRepair: copies.contains { $0 != .good(found) })
  }

  private static func fit(
    _ found: Superblock, cluster: String, pageSize: Int, unitCount: UInt32, isRepair: Bool
  ) -> VolumeFit {
    guard found.cluster.utf8.elementsEqual(cluster.utf8) else {
      return .refuse(
        "belongs to the cluster '\(found.cluster)', not '\(cluster)': set alluxio.cluster.name, or "
          + "move the file away to start empty")
    }
    guard found.pageSize == pageSize else {
      return .refuse(
        "made for pages of \(found.pageSize) bytes, not \(pageSize): set "
          + "alluxio.worker.page.store.page.size back, or move the file away to start empty")
    }
    var superblock = found
    superblock.unitCount = unitCount
    let isRewrite = isRepair || superblock != found
    if isRewrite { superblock.generation = found.generation &+ 1 }
    return .adopt(superblock: superblock, was: found, isRewrite: isRewrite, isRepair: isRepair)
  }
}
