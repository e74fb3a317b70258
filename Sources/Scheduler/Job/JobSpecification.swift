// What somebody submits.

/// A job as it was asked for.
package struct JobSpecification: Equatable, Sendable {
  /// What is done.
  package var type: JobType
  /// To which files.
  package var target: JobTarget
  /// A name for later questions; nil without one.
  package var alias: String?
  /// How.
  package var options: JobOptions
  /// Who asked; empty when unknown.
  package var user: String

  /// A job of its parts.
  package init(
    _ type: JobType, _ target: JobTarget, alias: String? = nil, options: JobOptions = JobOptions(),
    user: String = ""
  ) {
    self.type = type
    self.target = target
    self.alias = alias
    self.options = options
    self.user = user
  }

  /// The names the job has, the one reports use first.
  package var identities: [JobIdentity] {
    let main =
      switch target {
      case .paths(let paths): JobIdentity.paths(type, paths)
      case .index(let path): JobIdentity.index(type, path)
      case .transfer(let source, let destination):
        JobIdentity.transfer(type, source: source, destination: destination)
      case .indexedTransfer(let index, let source, let destination):
        JobIdentity.transfer(type, source: "\(index)\u{0}\(source)", destination: destination)
      }
    guard let alias else { return [main] }
    return [main, JobIdentity.alias(type, alias)]
  }

  /// One line for reports and logs.
  package var subject: String {
    switch target {
    case .paths(let paths):
      paths.count == 1 ? paths[0] : "\(paths.first ?? "") and \(paths.count - 1) more"
    case .index(let path): "index \(path)"
    case .transfer(let source, let destination): "\(source) to \(destination)"
    case .indexedTransfer(let index, let source, let destination):
      "\(source) to \(destination) by index \(index)"
    }
  }
}
