// Tasks and their results as messages, and back. Numbers from outside are checked or clamped.

import Messages
import Model
import Ring
import Scheduler

extension WireRunRequest {
  /// The message of a task.
  init(_ request: TaskRequest) {
    self.init()
    jobID = "\(request.job)"
    taskID = request.id.number
    attempt = UInt32(clamping: request.pass)
    kind =
      switch request.action {
      case .load: .load
      case .loadMetadata: .metadata
      case .verify: .verify
      case .free: .free
      case .copy: .copy
      case .move: .move
      case .audit: .audit
      case .check: .check
      }
    continues = request.continues
    let options = request.specification.options
    bandwidth = UInt64(clamping: options.bandwidth ?? 0)
    priority = options.priority
    skipIfExists = options.skipIfExists
    checkContent = options.checkContent
    overwrite = WireOverwrite(options.overwrite)
    files = request.files.enumerated().map { WireTaskFile(index: $0, $1) }
  }

  /// The task that the message describes, called `id` here; nil for one that makes no sense.
  func task(_ id: TaskID) -> TaskRequest? {
    guard let job = JobID(jobID), let action, !files.isEmpty, files.count <= 10_000 else {
      return nil
    }
    // Nobody asks here whose task it is.
    let worker = WorkerIdentity(high: 0, low: 0)
    var options = JobOptions()
    options.bandwidth = bandwidth > 0 ? Int64(clamping: bandwidth) : nil
    options.skipIfExists = skipIfExists
    options.checkContent = checkContent
    options.overwrite = overwrite.rule ?? .never
    var tasks: [TaskFile] = []
    for (index, file) in files.enumerated() {
      guard Int(file.index) == index, !file.path.isEmpty else { return nil }
      tasks.append(file.file)
    }
    var request = TaskRequest(
      id: id, job: job, worker: worker, action: action,
      specification: JobSpecification(.load, .paths([files[0].path]), options: options),
      files: tasks)
    request.pass = Int64(attempt)
    request.continues = continues
    return request
  }

  private var action: TaskAction? {
    switch kind {
    case .load: .load
    case .metadata: .loadMetadata
    case .verify: .verify
    case .free: .free
    case .copy: .copy
    case .move: .move
    case .audit: .audit
    case .check: .check
    default: nil
    }
  }
}

extension WireTaskFile {
  /// The message of a file of a task.
  init(index: Int, _ file: TaskFile) {
    self.init()
    self.index = UInt32(clamping: index)
    path = file.path
    target = file.target
    version = file.version
    length = UInt64(clamping: file.length)
    modifiedAt = UInt64(clamping: file.modificationTime / 1_000_000)
    guard !file.isWhole else { return }
    range = .make {
      $0.offset = UInt64(clamping: file.offset)
      $0.size = UInt64(clamping: file.size)
    }
  }

  /// The file of a task.
  var file: TaskFile {
    let modified = Int64(clamping: modifiedAt).multipliedReportingOverflow(by: 1_000_000)
    var file = TaskFile(
      path: path, version: version, length: Int64(clamping: length),
      modificationTime: modified.overflow ? 0 : modified.partialValue)
    file.target = target
    if hasRange {
      file.offset = Int64(clamping: range.offset)
      file.size = Int64(clamping: range.size)
    }
    return file
  }
}

extension WireFileResult {
  /// The message of a result; for FREE `length` is how many files left the cache, for an audit how many are missing.
  init(_ result: FileResult) {
    self.init()
    index = UInt32(clamping: result.index)
    switch result.outcome {
    case .done(let bytes):
      state = .success
      self.bytes = UInt64(clamping: bytes)
    case .skipped: state = .skipped
    case .freed(let count):
      state = .success
      bytes = UInt64(clamping: count.bytes)
      length = UInt64(clamping: count.files)
    case .missing(let count, let fits):
      state = .success
      bytes = UInt64(clamping: count.bytes)
      length = UInt64(clamping: count.files)
      retryable = fits
    case .failed(let failure):
      state = .failure
      message = failure.reason
      reason =
        switch failure.kind {
        case .file: .unspecified
        case .changed: .changed
        case .worker: .workerFailed
        }
      retryable = failure.retryAfter != nil
      retryAfterMilliseconds = UInt64(
        clamping: (failure.retryAfter ?? .zero).nanoseconds / 1_000_000)
    }
  }

  /// The result that the message tells of a task of `action`.
  func result(_ action: TaskAction) -> FileResult {
    let outcome: FileOutcome
    switch state {
    case .skipped: outcome = .skipped
    case .success where action == .free:
      outcome = .freed(
        FileCount(files: Int64(clamping: length), bytes: Int64(clamping: bytes)))
    case .success where action == .audit && length > 0:
      let count = FileCount(files: Int64(clamping: length), bytes: Int64(clamping: bytes))
      outcome = .missing(count, fits: retryable)
    case .success: outcome = .done(bytes: Int64(clamping: bytes))
    default:
      let kind: FileFailure.Kind =
        switch reason {
        case .changed: .changed
        case .workerFailed: .worker
        default: .file
        }
      let pause = Duration.milliseconds(Int64(clamping: min(retryAfterMilliseconds, 3_600_000)))
      outcome = .failed(FileFailure(kind, message, retryAfter: retryable ? pause : nil))
    }
    return FileResult(Int(index), outcome)
  }
}
