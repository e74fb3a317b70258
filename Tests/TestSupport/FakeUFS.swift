// An under file system in memory that tests steer: files with versions, failures on demand, reads that wait.

package import Model
import Synchronization
package import UFS

/// Files in memory with counted, steerable operations.
package final class FakeUFS: UnderFileSystem {
  private struct File {
    var bytes: [UInt8]
    var token: String
    var isSettled = true
  }

  private struct State {
    var files: [String: File] = [:]
    var statusError: UFSError.Code?
    var readError: UFSError.Code?
    var changeError = UFSError.Code.unsupported
    var statusCount = 0
    var listCount = 0
    var readCount = 0
    var opened: [UFSPurpose] = []
    var closedCount = 0
    var announced: [Range<Int64>] = []
    var turns: [UInt64] = []
    var readRanges: [Range<Int64>] = []
  }

  private let state = Mutex<State>(State())
  /// Runs before each read, on the reading task; lets a test hold reads or change files at that very moment.
  private let beforeRead: @Sendable () async -> Void
  /// Runs before the last batch of each listing.
  private let duringList: @Sendable () async -> Void

  /// An empty one.
  package init(
    beforeRead: @escaping @Sendable () async -> Void = {},
    duringList: @escaping @Sendable () async -> Void = {}
  ) {
    self.beforeRead = beforeRead
    self.duringList = duringList
  }

  package var rootURI: String { "file:///fake" }
  package var capabilities: UFSCapabilities { [] }
  package func validate(_ path: String) throws(UFSError) {}

  /// Puts a file, or a new version of one.
  package func put(_ path: String, _ bytes: [UInt8], token: String, isSettled: Bool = true) {
    state.withLock { $0.files[path] = File(bytes: bytes, token: token, isSettled: isSettled) }
  }

  /// Removes a file.
  package func remove(_ path: String) { state.withLock { _ = $0.files.removeValue(forKey: path) } }

  /// Makes status requests fail, or work again.
  package func failStatus(_ code: UFSError.Code?) { state.withLock { $0.statusError = code } }

  /// Makes reads fail, or work again.
  package func failReads(_ code: UFSError.Code?) { state.withLock { $0.readError = code } }

  /// Says how changes fail, which all do.
  package func failChanges(_ code: UFSError.Code) { state.withLock { $0.changeError = code } }

  private func refusal(_ operation: StaticString, _ path: String) -> UFSError {
    failure(state.withLock { $0.changeError }, operation, path)
  }

  /// Status requests and reads so far.
  package var statusCount: Int { state.withLock { $0.statusCount } }
  /// Listings so far.
  package var listCount: Int { state.withLock { $0.listCount } }
  /// Reads so far.
  package var readCount: Int { state.withLock { $0.readCount } }
  /// What each reader so far was opened for.
  package var opened: [UFSPurpose] { state.withLock { $0.opened } }
  /// Readers that were closed so far.
  package var closedCount: Int { state.withLock { $0.closedCount } }
  /// Ranges announced so far.
  package var announced: [Range<Int64>] { state.withLock { $0.announced } }
  /// Whose turns readers were told to take so far.
  package var turns: [UInt64] { state.withLock { $0.turns } }
  /// Ranges read so far, in order.
  package var readRanges: [Range<Int64>] { state.withLock { $0.readRanges } }

  private func failure(_ code: UFSError.Code, _ operation: StaticString, _ path: String) -> UFSError
  {
    UFSError(code, operation: operation, path: path, cause: .status(0))
  }

  package func status(of path: String) async throws(UFSError) -> FileStatus {
    let result: Result<FileStatus, UFSError> = state.withLock { state in
      state.statusCount += 1
      if let code = state.statusError { return .failure(failure(code, "fake.status", path)) }
      if path.isEmpty {
        return .success(
          FileStatus(
            ufsPath: ufsPath(of: path), kind: .directory, length: 0, modificationTime: 0,
            version: nil))
      }
      guard let file = state.files[path] else {
        return .failure(failure(.notFound, "fake.status", path))
      }
      let length = Int64(file.bytes.count)
      return .success(
        FileStatus(
          ufsPath: ufsPath(of: path), kind: .file, length: length, modificationTime: 0,
          version: FileVersion(token: file.token, length: length)))
    }
    return try result.get()
  }

  package func open(
    _ path: String, expecting version: FileVersion?, for purpose: UFSPurpose
  ) async throws(UFSError) -> any UFSReader {
    state.withLock { $0.opened.append(purpose) }
    // As a store that checks the version with every read.
    if let version { return FakeReader(ufs: self, path: path, version: version) }
    guard let found = try await status(of: path).version else {
      throw failure(.changed, "fake.open", path)
    }
    return FakeReader(ufs: self, path: path, version: found)
  }

  fileprivate func close() { state.withLock { $0.closedCount += 1 } }

  fileprivate func takeTurns(_ flow: UInt64) { state.withLock { $0.turns.append(flow) } }

  fileprivate func announce(_ range: Range<Int64>) { state.withLock { $0.announced.append(range) } }

  fileprivate func read(
    _ path: String, _ version: FileVersion, into buffer: UnsafeMutableRawBufferPointer,
    at offset: Int64
  ) async throws(UFSError) -> UFSRead {
    await beforeRead()
    let result: Result<([UInt8], Bool), UFSError> = state.withLock { state in
      state.readCount += 1
      if let code = state.readError { return .failure(failure(code, "fake.read", path)) }
      state.readRanges.append(offset..<offset + Int64(buffer.count))
      guard let file = state.files[path], file.token == version.token,
        file.bytes.count == Int(version.length)
      else { return .failure(failure(.changed, "fake.read", path)) }
      let end = min(file.bytes.count, Int(offset) + buffer.count)
      return .success((Array(file.bytes[min(Int(offset), end)..<end]), file.isSettled))
    }
    let (bytes, isSettled) = try result.get()
    buffer.copyBytes(from: bytes)
    return UFSRead(count: bytes.count, isSettled: isSettled)
  }

  package func list(_ path: String, _ options: UFSListing) async throws(UFSError) -> any UFSLister {
    let result: Result<[UFSEntry], UFSError> = state.withLock { state in
      state.listCount += 1
      if let code = state.statusError { return .failure(failure(code, "fake.list", path)) }
      let prefix = path.isEmpty ? "" : path + "/"
      let names = state.files.keys.filter { $0.hasPrefix(prefix) }.map {
        String($0.dropFirst(prefix.count))
      }
      return .success(
        names.filter { !$0.contains("/") }.sorted().map { name in
          let (path, file) = (prefix + name, state.files[prefix + name])
          let length = Int64(file?.bytes.count ?? 0)
          let status = FileStatus(
            ufsPath: ufsPath(of: path), kind: .file, length: length, modificationTime: 0,
            version: FileVersion(token: file?.token ?? "", length: length))
          return UFSEntry(name: name, path: path, status: status)
        })
    }
    return FakeLister(try result.get(), duringList)
  }
  package func create(_ path: String, _ mode: UFSCreation) async throws(UFSError) -> any UFSWriter {
    throw refusal("fake.create", path)
  }
  package func write(
    _ bytes: UnsafeRawBufferPointer, to path: String, at offset: Int64
  ) async throws(UFSError) { throw refusal("fake.write", path) }
  package func makeDirectory(
    _ path: String, recursive: Bool
  ) async throws(UFSError) -> DirectoryCreation { throw refusal("fake.mkdir", path) }
  package func touch(_ path: String) async throws(UFSError) {
    throw refusal("fake.touch", path)
  }
  package func rename(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) { throw refusal("fake.rename", source) }
  package func copyFile(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) { throw refusal("fake.copy", source) }
  package func delete(_ path: String, recursive: Bool) async throws(UFSError) {
    throw refusal("fake.delete", path)
  }
}

private final class FakeLister: UFSLister {
  private var entries: [UFSEntry]?
  private let beforeEnd: @Sendable () async -> Void

  init(_ entries: [UFSEntry], _ beforeEnd: @escaping @Sendable () async -> Void) {
    self.entries = entries
    self.beforeEnd = beforeEnd
  }

  func next(max: Int) async throws(UFSError) -> UFSListingBatch? {
    guard let all = entries else { return nil }
    entries = all.count > max ? Array(all.dropFirst(max)) : nil
    if entries == nil { await beforeEnd() }
    return UFSListingBatch(entries: Array(all.prefix(max)), leftOutCount: 0, cursor: nil)
  }

  func close() async {}
}

private final class FakeReader: UFSReader {
  let version: FileVersion
  private let ufs: FakeUFS
  private let path: String

  init(ufs: FakeUFS, path: String, version: FileVersion) {
    self.ufs = ufs
    self.path = path
    self.version = version
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(UFSError) -> UFSRead {
    try await ufs.read(path, version, into: buffer, at: offset)
  }

  func announce(_ range: Range<Int64>) { ufs.announce(range) }

  func takeTurns(as flow: UInt64) { ufs.takeTurns(flow) }

  func close() async { ufs.close() }
}
