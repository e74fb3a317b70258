// New files: written under a reserved name beside their place, and renamed when they are whole.

import Model

extension HDFSUFS {
  package func create(
    _ path: String, _ mode: UFSCreation
  ) async throws(UFSError) -> any UFSWriter {
    try checkChange(path, "ufs.create")
    guard let (directory, _) = splitPath(path) else {
      throw rule(.isDirectory, "ufs.create", path, .isDirectory)
    }
    if let found = try await find(path, "ufs.create") {
      if mode == .exclusive { throw rule(.exists, "ufs.create", path, .targetExists) }
      if found.kind == .directory { throw rule(.isDirectory, "ufs.create", path, .isDirectory) }
    }
    let ring = ring
    let name = LocalPath.temporaryPrefix + String(decoding: SystemCall.randomName(), as: UTF8.self)
    let temporary = remotePath(joinPath(directory, name))
    let shape = try await shape(path)
    let made: HDFSStatus?
    do throws(UFSError) {
      made = try await ask("ufs.create", path) { ring throws(HDFSFailure) in
        try await ring.nameNodes.create(
          temporary, client: cluster.clientName, mode: Self.fileMode,
          replication: shape.replication, blockSize: shape.blockSize)
      }
    } catch {
      throw await aboutParent(of: path, error)
    }
    return HDFSWriter(self, ring, path, temporary, mode, shape, file: made?.fileID ?? 0)
  }

  /// How a new file is to be written: the cluster's way but for what the mount's options say.
  private func shape(_ path: String) async throws(UFSError) -> HDFSDefaults {
    var shape = try await ask("ufs.create", path) { ring throws(HDFSFailure) in
      try await cluster.defaults(ring.nameNodes, now: ring.now)
    }
    guard !shape.isEncrypted else {
      throw UFSError(
        .unsupported, operation: "ufs.create", path: ufsPath(of: path),
        cause: .hdfs(
          exception: "dfs.encrypt.data.transfer is on, which this version does not speak"))
    }
    if let replication = cluster.options.replication { shape.replication = replication }
    if let blockSize = cluster.options.blockSize { shape.blockSize = blockSize }
    return shape
  }
}
