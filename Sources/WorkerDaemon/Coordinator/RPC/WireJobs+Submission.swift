// Submissions over gRPC as the scheduler's specifications.

import Messages
import Model
import RPC
import Scheduler

extension JobSpecification {
  /// The job that is asked for.
  ///
  /// - Throws: `.invalidArgument` for a source that fits no job of the type, or options that are not offered.
  init(_ request: WireSubmitRequest) throws(RPCError) {
    let source = request.source
    switch request.options {
    case .load(let options): self.init(.load, try source.target, options: JobOptions(options))
    case .free(let options):
      guard options.worker.isEmpty else {
        throw RPCError(.invalidArgument, "free asks every worker: leave `worker` empty")
      }
      self.init(.free, try source.target, options: JobOptions(options))
    case .copy(let options):
      self.init(.copy, try source.transfer(to: options), options: try JobOptions(options))
    case .move(let options):
      self.init(.move, try source.transfer(to: options), options: try JobOptions(options))
    case nil:
      throw RPCError(.invalidArgument, "say what to do: load, free, copy or move")
    }
    alias = source.alias.isEmpty ? nil : source.alias
  }
}

extension WireJobSource {
  fileprivate var target: JobTarget {
    get throws(RPCError) {
      guard !indexFile.isEmpty else { return .paths(paths) }
      guard paths.isEmpty else {
        throw RPCError(.invalidArgument, "name paths or an index file, not both")
      }
      return .index(indexFile)
    }
  }

  fileprivate func transfer(to options: WireTransferOptions) throws(RPCError) -> JobTarget {
    guard paths.count == 1, let source = paths.first, !options.target.isEmpty else {
      throw RPCError(.invalidArgument, "a copy or move has one path and a target")
    }
    guard !indexFile.isEmpty else {
      return .transfer(source: source, destination: options.target)
    }
    return .indexedTransfer(index: indexFile, source: source, destination: options.target)
  }
}

extension JobOptions {
  fileprivate init(_ wire: WireLoadOptions) {
    self.init()
    bandwidth = wire.bandwidth == 0 ? nil : Int64(clamping: wire.bandwidth)
    verify = wire.verify
    partialListing = wire.partialListing
    metadataOnly = wire.metadataOnly
    skipIfExists = wire.skipIfExists
    replicas = wire.replicas == 0 ? 1 : Int32(clamping: wire.replicas)
    take(
      wire.fileFilterRegex, wire.batchSize, wire.priority, wire.hasRecursive ? wire.recursive : nil)
  }

  fileprivate init(_ wire: WireFreeOptions) {
    self.init()
    take(
      wire.fileFilterRegex, wire.batchSize, wire.priority, wire.hasRecursive ? wire.recursive : nil)
  }

  fileprivate init(_ wire: WireTransferOptions) throws(RPCError) {
    guard !wire.cache else {
      throw RPCError(.invalidArgument, "copied bytes are not cached: load the target instead")
    }
    self.init()
    bandwidth = wire.bandwidth == 0 ? nil : Int64(clamping: wire.bandwidth)
    checkContent = wire.checkContent
    partialListing = wire.partialListing
    guard let rule = wire.overwrite.rule else {
      throw RPCError(.invalidArgument, "there is no rule \(wire.overwrite.rawValue) of overwriting")
    }
    overwrite = rule
    take(
      wire.fileFilterRegex, wire.batchSize, wire.priority, wire.hasRecursive ? wire.recursive : nil)
  }

  private mutating func take(
    _ filter: String, _ batchSize: UInt32, _ priority: Int32, _ recursive: Bool?
  ) {
    fileFilter = filter.isEmpty ? nil : filter
    self.batchSize = batchSize == 0 ? nil : Int32(clamping: batchSize)
    self.priority = priority
    if let recursive { self.recursive = recursive }
  }
}

extension WireJobType {
  /// The type; nil for an unspecified one.
  ///
  /// - Throws: `.invalidArgument` for a number that is none.
  var type: JobType? {
    get throws(RPCError) {
      switch self {
      case .unspecified: nil
      case .load: .load
      case .free: .free
      case .copy: .copy
      case .move: .move
      case .UNRECOGNIZED(let number):
        throw RPCError(.invalidArgument, "there is no job type \(number)")
      }
    }
  }
}

extension WireJobState {
  /// The state; nil for an unspecified one.
  ///
  /// - Throws: `.invalidArgument` for a number that is none.
  var state: JobState? {
    get throws(RPCError) {
      switch self {
      case .unspecified: nil
      case .waiting: .waiting
      case .running: .running
      case .verifying: .verifying
      case .succeeded: .succeeded
      case .failed: .failed
      case .stopped: .stopped
      case .UNRECOGNIZED(let number):
        throw RPCError(.invalidArgument, "there is no job state \(number)")
      }
    }
  }
}
