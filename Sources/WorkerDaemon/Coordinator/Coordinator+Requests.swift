// What callers may ask of the coordinator, from any ring.

import Logging
import Model
import Ring
package import Scheduler
import UFS

extension Coordinator {
  /// A job by how people name it.
  package enum Reference: Sendable, Equatable {
    /// By its UUID.
    case id(JobID)
    /// By one of its names.
    case name(JobIdentity)
  }

  /// What became of a submission.
  package enum Submission: Sendable, Equatable {
    /// The job is stored.
    case submitted(JobID, JobSpecification)
    /// A job of that name has not ended.
    case alreadyActive(JobID, JobSpecification)
    /// Refused.
    case refused(SchedulerError)
  }

  /// Stores a job and queues it; its paths may be Alluxio paths.
  package func submit(_ specification: JobSpecification) async -> Submission {
    let resolved: JobSpecification
    do throws(SchedulerError) {
      resolved = try self.resolved(specification)
      try await checkReplicas(resolved)
    } catch { return .refused(error) }
    let answer = await ask { .submit(request: $0, id: $1, resolved) }
    switch answer {
    case .submitted(let id):
      return .submitted(id, resolved)
    case .alreadyActive(let id): return .alreadyActive(id, resolved)
    case .stopped: return .refused(SchedulerError(.closed, "the coordinator is stopping"))
    case .refused(let error): return .refused(error)
    }
  }

  /// The specification with UFS paths.
  private func resolved(
    _ specification: JobSpecification
  ) throws(SchedulerError) -> JobSpecification {
    if let problem = specification.problem { throw SchedulerError(.invalid, problem) }
    if let problem = specification.options.fileFilter.flatMap({ LoadFilter.problem(of: $0) }) {
      throw SchedulerError(.invalid, problem)
    }
    var resolved = specification
    resolved.target = try self.resolved(specification.target)
    if let problem = resolved.problem { throw SchedulerError(.invalid, problem) }
    try checkWritable(resolved)
    return resolved
  }

  /// What whoever has submitted a job is to know; nil when there is nothing.
  ///
  /// With `checked` the UFS is asked whether what a FREE names is there: data that is gone may be cached.
  package func notice(_ specification: JobSpecification, checked: Bool) async -> String? {
    var notices: [String] = []
    if checked, specification.type == .free, case .paths(let paths) = specification.target,
      paths.count == 1, let problem = await missing(paths)
    {
      notices.append("\(problem); what is cached of it is freed all the same")
    }
    let repeated = parts.mounts.standings(of: specification).count { $0 != .own }
    if repeated > 0 {
      notices.append("\(repeated) paths are named twice or lie below others: counted once")
    }
    if await !reactor.run({ [self] in core.hasWorker }) { notices.append(SchedulerCore.noWorker) }
    return notices.isEmpty ? nil : notices.joined(separator: "; ")
  }

  /// Refuses a load onto more workers than there are; without any worker it waits for them.
  private func checkReplicas(_ specification: JobSpecification) async throws(SchedulerError) {
    let wanted = Int(specification.options.replicas)
    guard specification.type == .load, wanted > 1 else { return }
    let count = await reactor.run { [self] in core.workerStates.count(where: \.isLive) }
    guard count > 0, count < wanted else { return }
    throw SchedulerError(
      .invalid, "\(wanted) replicas of each file need \(wanted) workers; \(count) are registered")
  }

  /// - Throws: `.invalid` when the job writes to a mount that takes no writes.
  private func checkWritable(_ specification: JobSpecification) throws(SchedulerError) {
    let (source, destination): (String, String)
    switch specification.target {
    case .paths, .index: return
    case .transfer(let from, let to), .indexedTransfer(_, let from, let to):
      (source, destination) = (from, to)
    }
    for path in specification.type == .move ? [source, destination] : [destination] {
      let place = try? parts.mounts.locate(ufsPath: path)
      guard place?.ufs.capabilities.contains(.write) == true else {
        throw SchedulerError(.invalid, "\(path): the mount is read-only")
      }
    }
  }

  /// What the job asks for and the UFS says is not there, in one line; nil when nothing is known to be missing.
  ///
  /// Asks the UFS: for callers that submit few jobs.
  package func missing(_ specification: JobSpecification) async -> String? {
    let paths: [String] =
      switch specification.target {
      case .paths(let paths): paths.count == 1 && specification.type == .load ? paths : []
      case .index(let index): [index]
      case .transfer(let source, _): [source]
      case .indexedTransfer(let index, _, _): [index]
      }
    return await missing(paths)
  }

  /// The first of `paths` that the UFS says is not there, in one line.
  private func missing(_ paths: [String]) async -> String? {
    let mounts = parts.mounts
    return await reactor.run {
      for path in paths {
        do throws(UFSError) {
          _ = try await mounts.status(of: try mounts.locate(anyPath: path))
        } catch { if error.code == .notFound { return "\(path): no such file or directory" } }
      }
      return nil
    }
  }

  /// The target with UFS paths.
  private func resolved(_ target: JobTarget) throws(SchedulerError) -> JobTarget {
    switch target {
    case .paths(let paths):
      var places: [String] = []
      for path in paths { places.append(try ufsPath(of: path)) }
      return .paths(places)
    case .index(let index): return .index(try ufsPath(of: index))
    case .transfer(let source, let destination):
      return .transfer(
        source: try ufsPath(of: source), destination: try ufsPath(of: destination))
    case .indexedTransfer(let index, let source, let destination):
      return .indexedTransfer(
        index: try ufsPath(of: index), source: try ufsPath(of: source),
        destination: try ufsPath(of: destination))
    }
  }

  /// The UFS path of a path.
  ///
  /// - Throws: `.invalid` for a path in no mount.
  package func ufsPath(of path: String) throws(SchedulerError) -> String {
    do throws(UFSError) {
      return try parts.mounts.locate(anyPath: path).ufsPath
    } catch {
      let reason = if case .rule(let rule) = error.cause { rule.description } else { "\(error)" }
      throw SchedulerError(.invalid, "\(path): \(reason)")
    }
  }

  /// The name of a job by what it is about; its paths may be Alluxio paths.
  package func name(_ type: JobType, _ target: JobTarget) -> Reference {
    // A path in no mount has no job; its own words find none, either.
    let resolved = (try? resolved(target)) ?? target
    return .name(JobSpecification(type, resolved).identities[0])
  }

  /// Ends a job as STOPPED; the answer is `.refused` with `.notFound` when none waits or runs.
  package func stop(_ job: Reference) async -> SchedulerAnswer {
    let id: JobID? = await reactor.run { [self] in
      switch job {
      case .id(let id): id
      case .name(let name): core.activeJob(name)
      }
    }
    guard let id else { return .refused(SchedulerError(.notFound, "no such job")) }
    return await ask { request, _ in .stop(request: request, id: id) }
  }

  /// Failed files that the report of a job names which has ended.
  private static let namedCount = 10

  /// Where a job stands; nil when there is none.
  ///
  /// - Throws: when the store cannot be read.
  package func progress(of job: Reference) async throws(SchedulerError) -> JobProgress? {
    let active: JobProgress? = await reactor.run { [self] in
      let id: JobID? =
        switch job {
        case .id(let id): id
        case .name(let name): core.activeJob(name)
        }
      return id.flatMap { core.progress(of: $0, at: Self.date()) }
    }
    if let active { return active }
    let store = parts.store
    let date = Self.date()
    return try await parts.pool.run { () -> Result<JobProgress?, SchedulerError> in
      do throws(SchedulerError) {
        let id: JobID? =
          switch job {
          case .id(let id): id
          case .name(let name): try store.latest(name)
          }
        guard let id, let record = try store.record(of: id) else { return .success(nil) }
        var progress = JobProgress(record, at: date)
        if record.totals.ledger.failed.files > 0 {
          progress.recentFailures = try store.failures(of: id, from: 0, limit: Self.namedCount)
            .map { NamedFailure(subject: $0.path, reason: $0.reason) }
        }
        return .success(progress)
      } catch { return .failure(error) }
    }.get()
  }

  /// A page of a job's failed files from number `first` on.
  ///
  /// - Throws: when the store cannot be read.
  package func failures(
    of id: JobID, from first: UInt64, limit: Int
  ) async throws(SchedulerError) -> [FailedFile] {
    let store = parts.store
    return try await parts.pool.run { () -> Result<[FailedFile], SchedulerError> in
      do throws(SchedulerError) {
        return .success(try store.failures(of: id, from: first, limit: limit))
      } catch { return .failure(error) }
    }.get()
  }

  /// A page of jobs.
  ///
  /// - Throws: when the store cannot be read.
  package func list(_ query: JobQuery) async throws(SchedulerError) -> JobPage {
    let store = parts.store
    return try await parts.pool.run { () -> Result<JobPage, SchedulerError> in
      do throws(SchedulerError) { return .success(try store.list(query)) } catch {
        return .failure(error)
      }
    }.get()
  }

  /// How many jobs a list has, on every page together.
  ///
  /// - Throws: when the store cannot be read.
  package func count(_ query: JobQuery) async throws(SchedulerError) -> Int {
    let store = parts.store
    return try await parts.pool.run { () -> Result<Int, SchedulerError> in
      do throws(SchedulerError) { return .success(try store.count(query)) } catch {
        return .failure(error)
      }
    }.get()
  }

  /// The workers that registered and are expected.
  package func workerStates() async -> [WorkerState] {
    await reactor.run { [self] in core.workerStates }
  }

  /// The scheduler's counts, gauges included.
  package func metrics() async -> SchedulerMetrics {
    await reactor.run { [self] in
      core.refreshGauges()
      return core.metrics
    }
  }
}
