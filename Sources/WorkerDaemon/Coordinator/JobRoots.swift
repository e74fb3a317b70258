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
    (first, buffer) = (0, [])
  }

  private func fixed(_ paths: [String], _ number: Int) throws(UFSError) -> JobRoot? {
    let roots: [JobRoot]
    if let fixed {
      roots = fixed
    } else {
      var found: [JobRoot] = []
      for path in paths { found += try expanded(path) }
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
      buffer = []
      let found = try await lines.next(max: Self.lookAhead)
      guard !found.isEmpty else { return nil }
      let roots = found.flatMap(roots(of:))
      buffer = number < first + roots.count ? try await lookedUp(roots) : roots
    }
    return buffer[number - first]
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
        guard case .place(let place, nil) = root else { continue }
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
      guard case .place(let place, _) = roots[number] else { continue }
      switch status {
      case .success(let status): known[number] = .place(place, status)
      case .failure(let error):
        guard case .never = error.retry else { throw error }
        known[number] = .failed(FailedFile(path: place.ufsPath, length: 0, reason: "\(error)"))
      }
    }
    return known
  }
}
