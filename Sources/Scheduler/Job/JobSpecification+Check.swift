// What a submission must be before it is looked at further.

extension JobSpecification {
  /// Paths of a job at most; more belong in an index file.
  package static let pathCountMax = 10_000
  /// Bytes of one path or name at most.
  package static let textSizeMax = 16_384
  /// Bytes of all paths of a job at most.
  package static let pathSizeMax = 1 << 20
  /// Replicas at most.
  package static let replicaCountMax: Int32 = 100
  /// Files of a task at most.
  package static let batchSizeMax: Int32 = 10_000

  /// What is wrong with the submission in one line, nil when nothing is.
  package var problem: String? { targetProblem ?? optionsProblem }

  private var targetProblem: String? {
    let texts =
      switch target {
      case .paths(let paths): paths
      case .index(let path): [path]
      case .transfer(let source, let destination): [source, destination]
      case .indexedTransfer(let index, let source, let destination): [index, source, destination]
      }
    if texts.isEmpty { return "a job needs a path" }
    if texts.contains(where: \.isEmpty) { return "a path is empty" }
    if texts.count > Self.pathCountMax {
      return "\(texts.count) paths are more than \(Self.pathCountMax): use an index file"
    }
    let sizes = texts.map(\.utf8.count)
    if sizes.contains(where: { $0 > Self.textSizeMax }) {
      return "a path is longer than \(Self.textSizeMax) bytes"
    }
    if sizes.reduce(0, +) > Self.pathSizeMax {
      return "the paths are longer than \(Self.pathSizeMax) bytes: use an index file"
    }
    return shapeProblem
  }

  private var shapeProblem: String? {
    switch (type, target) {
    case (.load, .paths), (.load, .index), (.free, .paths): nil
    case (.free, .index): "free takes a path, not an index file"
    case (.load, _), (.free, _): "\(type.word.lowercased()) takes no destination"
    case (.copy, .paths), (.move, .paths), (.copy, .index), (.move, .index):
      "\(type.word.lowercased()) needs a source and a destination"
    case (_, .transfer(let source, let destination)),
      (_, .indexedTransfer(_, let source, let destination)):
      Self.isBelow(destination, source)
        ? "the destination \(destination) lies in the source \(source)" : nil
    }
  }

  private var optionsProblem: String? {
    if options.replicas < 1 || options.replicas > Self.replicaCountMax {
      return "replicas must be from 1 to \(Self.replicaCountMax), not \(options.replicas)"
    }
    if let size = options.batchSize, size < 1 || size > Self.batchSizeMax {
      return "batch size must be from 1 to \(Self.batchSizeMax), not \(size)"
    }
    if let bandwidth = options.bandwidth, bandwidth < 1 {
      return "bandwidth must be above 0, not \(bandwidth)"
    }
    if let alias, alias.isEmpty || alias.utf8.count > Self.textSizeMax {
      return "an alias has from 1 to \(Self.textSizeMax) bytes"
    }
    if let filter = options.fileFilter, filter.utf8.count > Self.textSizeMax {
      return "the file filter is longer than \(Self.textSizeMax) bytes"
    }
    return nil
  }
}
