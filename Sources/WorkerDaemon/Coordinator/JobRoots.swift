// Where a job's listing looks: its paths with the mounts below them, or the lines of its index.
//
//   index ─64 lines▶ places ─statuses, at once▶ roots ─▶ JobListing

import Model
import Scheduler
import UFS

/// One place that a listing looks at.
enum JobRoot: Sendable {
  /// A file or directory; with its status when that was asked for.
  case place(MountedPath, FileStatus?)
  /// Something that cannot be had.
  case failed(FailedFile)
  /// A path that another one covers; with its place as long as nobody has looked whether it is there.
  case repeated(MountedPath?)
}

extension JobRoot {
  /// The root once its status is known.
  ///
  /// - Throws: what the UFS says when asking again may help.
  fileprivate func found(_ status: Result<FileStatus, UFSError>) throws(UFSError) -> JobRoot {
    switch (self, status) {
    case (.place(let place, _), .success(let status)): return .place(place, status)
    case (.repeated, .success): return .repeated(nil)
    case (.place(let place, _), .failure(let error)), (.repeated(let place?), .failure(let error)):
      guard case .never = error.retry else { throw error }
      return .failed(FailedFile(path: place.ufsPath, length: 0, reason: "\(error)"))
    case (.repeated, _), (.failed, _): return self
    }
  }
}

extension MountTable {
  /// How each path of a job stands to its others; none for a job that does not name paths.
  func standings(of specification: JobSpecification) -> [CoveredPaths.Standing] {
    guard case .paths(let paths) = specification.target else { return [] }
    // The usual job names one path, and thousands of them are submitted in a second.
    guard paths.count > 1 else { return paths.map { _ in .own } }
    // Mounts below a path belong to it: what lies below what is told by the paths of the mounts' tree.
    let places = paths.map { (try? locate(anyPath: $0))?.alluxioPath ?? $0 }
    return CoveredPaths.standings(
      places, recursive: specification.type == .free || specification.options.recursive)
  }
}

/// The roots of a job in their order; used by one task of the coordinator's ring at a time.
final class JobRoots {
  /// Lines of an index that are looked up at once.
  private static let lookAhead = 64

  private let specification: JobSpecification
  private let mounts: MountTable
  private var fixed: [JobRoot]?
  private var index: JobIndex?
  /// Number of the first buffered root.
  private var first = 0
  private var buffer: [JobRoot] = []
  /// Paths of the index so far, and the number of the next line.
  private var named = CoveredPaths()
  private var line: UInt32 = 0
  /// Lines of the buffered roots.
  private var lineNumbers: [UInt32] = []

  /// The roots of a job.
  init(_ specification: JobSpecification, mounts: MountTable) {
    self.specification = specification
    self.mounts = mounts
  }

  /// Whether the job names its files one by one, so that one that is missing fails alone.
  var isMany: Bool {
    switch specification.target {
    case .paths(let paths): paths.count > 1
    case .transfer: false
    case .index, .indexedTransfer: true
    }
  }

  /// The root with the 0-based `number`; nil behind the last one.
  ///
  /// - Throws: what the UFS says of an index, or of its lines when asking again may help.
  func root(_ number: Int) async throws(UFSError) -> JobRoot? {
    switch specification.target {
    case .paths(let paths): return try fixed(paths, number)
    case .transfer(let source, _):
      return number == 0 ? .place(try mounts.locate(anyPath: source), nil) : nil
    case .index(let path), .indexedTransfer(let path, _, _):
      return try await indexed(path, number)
    }
  }

  /// Ends the reading of an index.
  func close() async {
    await index?.close()
    index = nil
    (first, buffer, lineNumbers) = (0, [], [])
    (named, line) = (CoveredPaths(), 0)
  }

  /// Whether a file below the 0-based root `number` was named by an earlier line of the index, or lies below such a one.
  func isRepeated(_ path: String, below number: Int) -> Bool {
    guard lineNumbers.indices.contains(number - first) else { return false }
    return named.covers(
      path, before: lineNumbers[number - first], below: specification.options.recursive)
  }

  private func fixed(_ paths: [String], _ number: Int) throws(UFSError) -> JobRoot? {
    let roots: [JobRoot]
    if let fixed {
      roots = fixed
    } else {
      var found: [JobRoot] = []
      let standings = mounts.standings(of: specification)
      for (path, standing) in zip(paths, standings) {
        switch standing {
        case .own: found += try expanded(path)
        case .same: found.append(.repeated(nil))
        case .below: found.append(.repeated(try mounts.locate(anyPath: path)))
        }
      }
      roots = found
      fixed = found
    }
    return roots.indices.contains(number) ? roots[number] : nil
  }

  /// A path, and the mounts below it.
  private func expanded(_ path: String) throws(UFSError) -> [JobRoot] {
    let place = try mounts.locate(anyPath: path)
    guard specification.options.recursive, specification.type == .load else {
      return [.place(place, nil)]
    }
    var found = [JobRoot.place(place, nil)]
    for mount in mounts.mounts(below: place) {
      found.append(.place(try mounts.locate(alluxioPath: mount.alluxioPath), nil))
    }
    return found
  }

  // MARK: Index

  private func indexed(_ path: String, _ number: Int) async throws(UFSError) -> JobRoot? {
    if number < first { await close() }
    let lines: JobIndex
    if let index {
      lines = index
    } else {
      lines = JobIndex(try mounts.locate(anyPath: path))
      index = lines
    }
    while number >= first + buffer.count {
      first += buffer.count
      (buffer, lineNumbers) = ([], [])
      let found = try await lines.next(max: Self.lookAhead)
      guard !found.isEmpty else { return nil }
      var roots: [JobRoot] = []
      for text in found {
        let those = unrepeated(self.roots(of: text))
        roots += those
        lineNumbers += those.map { _ in line }
        line &+= 1
      }
      buffer = number < first + roots.count ? try await lookedUp(roots) : roots
    }
    return buffer[number - first]
  }

  /// The roots of a line unless an earlier one covers them; remembers them for the lines that follow.
  private func unrepeated(_ roots: [JobRoot]) -> [JobRoot] {
    guard case .place(let first, _)? = roots.first else { return roots }
    if named.covers(first.ufsPath, before: line, below: false) { return [.repeated(nil)] }
    if specification.options.recursive, named.covers(first.ufsPath, before: line, below: true) {
      return [.repeated(first)]
    }
    for case .place(let place, _) in roots { named.add(place.ufsPath, line) }
    return roots
  }

  private func roots(of line: IndexLine) -> [JobRoot] {
    switch line {
    case .bad(let text, let reason):
      return [.failed(FailedFile(path: text, length: 0, reason: reason))]
    case .path(let text):
      let path: String
      switch named(text) {
      case .success(let full): path = full
      case .failure(let problem):
        return [.failed(FailedFile(path: text, length: 0, reason: problem.description))]
      }
      do throws(UFSError) { return try expanded(path) } catch {
        return [.failed(FailedFile(path: text, length: 0, reason: "\(error)"))]
      }
    }
  }

  /// The full path that a line names: copies name theirs below the source.
  private func named(_ text: String) -> Result<String, SchedulerError> {
    guard case .indexedTransfer(_, let source, _) = specification.target else {
      return .success(text)
    }
    let isFull = text.utf8.first == UInt8(ascii: "/") || text.contains("://")
    let slash = source.utf8.last == UInt8(ascii: "/") ? "" : "/"
    let path = isFull ? text : source + slash + text
    let full = (try? mounts.locate(anyPath: path))?.ufsPath ?? path
    guard specification.targetPath(of: full) != nil else {
      return .failure(SchedulerError(.invalid, "it does not lie below \(source)"))
    }
    return .success(full)
  }

  /// The roots with their statuses, asked for at once.
  private func lookedUp(_ roots: [JobRoot]) async throws(UFSError) -> [JobRoot] {
    let mounts = mounts
    let statuses = await withTaskGroup(of: (Int, Result<FileStatus, UFSError>).self) { group in
      for (number, root) in roots.enumerated() {
        let place: MountedPath
        switch root {
        case .place(let path, nil), .repeated(let path?): place = path
        default: continue
        }
        group.addTask {
          do throws(UFSError) {
            return (number, .success(try await mounts.status(of: place)))
          } catch { return (number, .failure(error)) }
        }
      }
      var found: [Int: Result<FileStatus, UFSError>] = [:]
      for await (number, status) in group { found[number] = status }
      return found
    }
    var known = roots
    for (number, status) in statuses {
      known[number] = try roots[number].found(status)
    }
    return known
  }
}
