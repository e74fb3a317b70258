// Port 19998: the job service over gRPC (`penstock.v1.Jobs`), which says the same as the REST calls.

import Messages
import Model
import RPC
import Ring
import Scheduler

/// Answers `penstock.v1.Jobs` for a coordinator; its calls run on the coordinator's ring.
struct JobsRPC: JobsHandler {
  /// Entries of a page, unless fewer or more are asked for, and at most.
  private static let pageSize: UInt32 = 1000
  private static let pageSizeMax: UInt32 = 10_000
  /// Least time between two messages of a watch, unless another is asked for.
  private static let watchInterval: UInt32 = 1000

  private let coordinator: Coordinator

  /// A service over `coordinator`.
  init(_ coordinator: Coordinator) { self.coordinator = coordinator }

  func submit(
    _ request: WireSubmitRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireSubmitResponse {
    let specification = try JobSpecification(request)
    if request.check, let problem = await coordinator.missing(specification) {
      throw RPCError(.notFound, problem)
    }
    var response = WireSubmitResponse()
    switch await coordinator.submit(specification) {
    case .submitted(let id, let job):
      (response.jobID, response.isNew, response.alias) = ("\(id)", true, job.alias ?? "")
      response.notice = await coordinator.notice(job, checked: request.check) ?? ""
    case .alreadyActive(let id, _):
      response.jobID = "\(id)"
      response.alias = try await progress(of: .id(id))?.record.specification.alias ?? ""
    case .refused(let error): throw RPCError(error)
    }
    return response
  }

  func progress(
    _ request: WireProgressRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireProgressResponse {
    let progress = try await find(request.job)
    var response = WireProgressResponse(progress, isVerbose: request.verbose)
    switch request.fileState {
    case .unspecified: return response
    case .failure: break
    default:
      throw RPCError(.invalidArgument, "only failed files are kept by name: ask for FAILURE")
    }
    let limit = Self.limit(request.pageSize)
    let first = try Self.number(request.pageToken)
    let files = try await Self.scheduler { () throws(SchedulerError) in
      try await coordinator.failures(of: progress.record.id, from: first, limit: limit)
    }
    response.files = files.map(WireFileReport.init)
    if files.count == limit { response.nextPageToken = "\(first &+ UInt64(files.count))" }
    return response
  }

  func watch(
    _ request: WireWatchRequest, _ answers: RPCResponseWriter<WireProgressResponse>,
    _ context: RPCServerContext
  ) async throws(RPCError) {
    let asked = request.intervalMilliseconds
    let interval = Duration.milliseconds(Int64(asked == 0 ? Self.watchInterval : max(10, asked)))
    // Under the name that was given a later job may be found: the first one found is followed.
    var progress = try await find(request.job)
    let id = progress.record.id
    var last: WireProgressResponse?
    while true {
      let response = WireProgressResponse(progress, isVerbose: request.verbose)
      if last.map({ !response.isAsGood(as: $0) }) ?? true { try await answers.send(response) }
      last = response
      if progress.record.state.isTerminal { return }
      guard await coordinator.reactor.sleep(for: interval), !context.isCancelled else {
        throw RPCError(.cancelled, "the watch of \(id) was called off")
      }
      guard let now = try await self.progress(of: .id(id)) else {
        throw RPCError(.notFound, "\(id) is no longer kept")
      }
      progress = now
    }
  }

  func stop(
    _ request: WireStopRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireStopResponse {
    let reference = try reference(request.job)
    var response = WireStopResponse()
    switch await coordinator.stop(reference) {
    case .stopped(let id): (response.jobID, response.state) = ("\(id)", .stopped)
    case .refused(let error): throw RPCError(error)
    default: throw RPCError(.notFound, "no such job waits or runs")
    }
    return response
  }

  func list(
    _ request: WireListRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireListResponse {
    var query = JobQuery(after: try Self.id(request.pageToken), limit: Self.limit(request.pageSize))
    (query.type, query.state) = (try request.type.type, try request.state.state)
    let page = try await Self.scheduler { () throws(SchedulerError) in
      try await coordinator.list(query)
    }
    var response = WireListResponse()
    response.jobs = page.records.map(WireJobSummary.init)
    response.nextPageToken = page.next.map { "\($0)" } ?? ""
    guard request.pageToken.isEmpty else { return response }
    response.total = UInt64(page.records.count)
    if page.next != nil {
      let counted = query
      let total = try await Self.scheduler { () throws(SchedulerError) in
        try await coordinator.count(counted)
      }
      response.total = UInt64(clamping: total)
    }
    return response
  }

  func find(
    _ request: WireFindRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireFindResponse {
    guard !request.file.isEmpty else { throw RPCError(.invalidArgument, "name a file") }
    let (after, limit) = (try Self.id(request.pageToken), Self.limit(request.pageSize))
    let found = try await Self.scheduler { () throws(SchedulerError) in
      try await coordinator.jobs(of: request.file, after: after, limit: limit)
    }
    var response = WireFindResponse()
    response.jobs = found.jobs.map { record, outcome in
      var job = WireFoundJob()
      job.job = WireJobSummary(record)
      switch outcome {
      case .succeeded: job.file.state = .success
      case .failed(let file): job.file = WireFileReport(file)
      case .unknown(let reason): job.file.message = reason
      }
      job.file.path = found.path
      return job
    }
    response.nextPageToken = found.next.map { "\($0)" } ?? ""
    return response
  }

  func rerun(
    _ request: WireRerunRequest, _ context: RPCServerContext
  ) async throws(RPCError) -> WireRerunResponse {
    throw RPCError(.unavailable, ConsoleLine.noRerun.text)
  }

  // MARK: Which job

  private func reference(_ job: WireJobReference) throws(RPCError) -> Coordinator.Reference {
    if !job.jobID.isEmpty {
      guard let id = JobID(job.jobID) else {
        throw RPCError(.invalidArgument, "\(job.jobID) is no UUID")
      }
      return .id(id)
    }
    guard let type = try job.type.type else {
      throw RPCError(.invalidArgument, "name the job by id, or by type and path or alias")
    }
    if !job.alias.isEmpty { return .name(.alias(type, job.alias)) }
    guard !job.path.isEmpty else {
      throw RPCError(.invalidArgument, "name the job by id, alias or path")
    }
    let isTransfer = type == .copy || type == .move
    return coordinator.name(
      type,
      isTransfer ? .transfer(source: job.path, destination: job.target) : .paths([job.path]))
  }

  private func find(_ job: WireJobReference) async throws(RPCError) -> JobProgress {
    guard let progress = try await progress(of: reference(job)) else {
      throw RPCError(.notFound, "no such job")
    }
    return progress
  }

  private func progress(
    of reference: Coordinator.Reference
  ) async throws(RPCError) -> JobProgress? {
    try await Self.scheduler { () throws(SchedulerError) in
      try await coordinator.progress(of: reference)
    }
  }

  // MARK: What was asked

  private static func limit(_ size: UInt32) -> Int {
    Int(size == 0 ? pageSize : min(size, pageSizeMax))
  }

  private static func id(_ token: String) throws(RPCError) -> JobID? {
    guard !token.isEmpty else { return nil }
    guard let id = JobID(token) else {
      throw RPCError(.invalidArgument, "the page token is none that a list gave")
    }
    return id
  }

  private static func number(_ token: String) throws(RPCError) -> UInt64 {
    guard !token.isEmpty else { return 0 }
    guard let number = UInt64(token) else {
      throw RPCError(.invalidArgument, "the page token is none that an answer gave")
    }
    return number
  }

  private static func scheduler<T>(
    _ body: () async throws(SchedulerError) -> T
  ) async throws(RPCError) -> T {
    do throws(SchedulerError) { return try await body() } catch { throw RPCError(error) }
  }
}

extension RPCError {
  /// The status that stands for a refusal of the job service.
  init(_ error: SchedulerError) {
    let code: RPCStatusCode =
      switch error.code {
      case .invalid: .invalidArgument
      case .capacity, .noSpace: .resourceExhausted
      case .notFound: .notFound
      case .unavailable, .closed: .unavailable
      case .readOnly, .locked, .newer: .failedPrecondition
      case .corrupt: .dataLoss
      }
    self.init(code, error.description)
  }
}
