// Copies between any two UFSs, through memory of this process.

import Model

/// Copies by reading and writing.
package enum StreamedCopy {
  /// Bytes read and written at a time.
  private static let bufferSize = 1 << 20

  /// Copies the present version of one file; the copy becomes visible whole or not at all.
  ///
  /// - Throws: What reading or writing throws; `.changed` when the source changes meanwhile.
  package static func file(
    from sourceSystem: any UnderFileSystem, _ source: String,
    to targetSystem: any UnderFileSystem, _ target: String, _ creation: UFSCreation
  ) async throws(UFSError) {
    let reader = try await sourceSystem.open(source, expecting: nil)
    do throws(UFSError) {
      let writer = try await targetSystem.create(target, creation)
      do throws(UFSError) {
        try await copy(reader, writer)
        _ = try await writer.commit()
      } catch {
        await writer.abort()
        throw error
      }
    } catch {
      await reader.close()
      throw error
    }
    await reader.close()
  }

  /// Copies a file, or with `recursive` a directory and all below it, between UFSs or inside one.
  ///
  /// A directory is merged into one that is there. A copy that fails leaves what was copied until then.
  ///
  /// - Throws: `.isDirectory` for a directory unless `recursive`; `.unsupported` for entries that cannot be copied
  ///   (links to directories, names that are not UTF-8, special files); `.invalid` into itself.
  package static func tree(
    from sourceSystem: any UnderFileSystem, _ source: String,
    to targetSystem: any UnderFileSystem, _ target: String, recursive: Bool, replacing: Bool
  ) async throws(UFSError) {
    let status = try await sourceSystem.status(of: source)
    let from = sourceSystem.ufsPath(of: source)
    guard status.kind == .directory else {
      try await one(sourceSystem, source, targetSystem, target, replacing)
      return
    }
    guard recursive else {
      throw UFSError(.isDirectory, operation: "ufs.copy", path: from, rule: .uncopyable)
    }
    if pathBelow(from, targetSystem.ufsPath(of: target)) != nil {
      throw UFSError(
        .invalid, operation: "ufs.copy", path: targetSystem.ufsPath(of: target), rule: .intoItself)
    }
    if try await targetSystem.makeDirectory(target, recursive: false) == .existed, !replacing {
      throw UFSError(
        .exists, operation: "ufs.copy", path: targetSystem.ufsPath(of: target), rule: .targetExists)
    }
    let walker = try await sourceSystem.walk(source, UFSListing())
    do throws(UFSError) {
      while let batch = try await walker.next(max: 256) {
        guard batch.leftOutCount == 0 else {
          throw UFSError(.unsupported, operation: "ufs.copy", path: from, rule: .uncopyable)
        }
        for entry in batch.entries {
          let below = source.isEmpty ? entry.path : pathBelow(source, entry.path) ?? entry.name
          let place = joinPath(target, below)
          try await copy(entry, sourceSystem, targetSystem, place, replacing)
        }
      }
    } catch {
      await walker.close()
      throw error
    }
  }

  private static func copy(
    _ entry: UFSEntry, _ sourceSystem: any UnderFileSystem, _ targetSystem: any UnderFileSystem,
    _ target: String, _ replacing: Bool
  ) async throws(UFSError) {
    if entry.status.kind == .file {
      try await one(sourceSystem, entry.path, targetSystem, target, replacing)
    } else if entry.isLink {
      throw UFSError(
        .unsupported, operation: "ufs.copy", path: entry.status.ufsPath, rule: .uncopyable)
    } else {
      _ = try await targetSystem.makeDirectory(target, recursive: false)
    }
  }

  private static func one(
    _ sourceSystem: any UnderFileSystem, _ source: String, _ targetSystem: any UnderFileSystem,
    _ target: String, _ replacing: Bool
  ) async throws(UFSError) {
    if isSameText(sourceSystem.rootURI, targetSystem.rootURI) {
      try await sourceSystem.copyFile(source, to: target, replacing: replacing)
    } else {
      try await file(
        from: sourceSystem, source, to: targetSystem, target, replacing ? .replacing : .exclusive)
    }
  }

  private static func copy(
    _ reader: any UFSReader, _ writer: any UFSWriter
  ) async throws(UFSError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 4096)
    defer { unsafe buffer.deallocate() }
    var offset: Int64 = 0
    while offset < reader.version.length {
      let count = unsafe try await reader.read(into: buffer, at: offset).count
      unsafe try await writer.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += Int64(count)
    }
  }
}
