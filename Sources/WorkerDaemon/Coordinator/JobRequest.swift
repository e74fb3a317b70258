// What a request about a job asks for: members of a JSON body, else fields of the query. Texts and native values count alike.

import Model
import Scheduler

/// Parameters of a request about a job.
struct JobRequest {
  private let query: RESTParameters
  private let body: JSONValue
  private let options: JSONValue

  /// The parameters of a query, and of a body that may be empty.
  ///
  /// - Throws: 400 for a body that is no JSON object.
  init(query: [UInt8], body: [UInt8]) throws(RESTProblem) {
    self.query = RESTParameters(form: query[...])
    guard !body.isEmpty else {
      (self.body, options) = (.object([]), .object([]))
      return
    }
    do throws(JSONProblem) {
      self.body = try JSONReader.parse(body)
    } catch {
      throw RESTProblem(400, "the body is no JSON: \(error)")
    }
    guard self.body.members != nil else {
      throw RESTProblem(400, "the body is \(self.body.kind), not a JSON object")
    }
    options = self.body["options"] ?? .object([])
  }

  /// The text of `name`, nil when it did not come or is empty.
  func text(_ name: String) throws(RESTProblem) -> String? {
    let text: String? =
      switch body[name] ?? options[name] {
      case nil: query.text(name)
      case .string(let text), .number(let text): text
      case .boolean(let truth): "\(truth)"
      case .null: nil
      case .array, .object: throw .badParameter(name, "must be text")
      }
    return text?.isEmpty == false ? text : nil
  }

  /// The text of the first of two names that came.
  func text(_ name: String, _ other: String) throws(RESTProblem) -> String? {
    if let text = try text(name) { return text }
    return try text(other)
  }

  /// The truth value `name`, false when it did not come.
  func truth(_ name: String) throws(RESTProblem) -> Bool {
    switch try text(name)?.lowercased() {
    case nil, "false": return false
    case "true": return true
    default: throw .badParameter(name, "must be true or false")
    }
  }

  /// The whole number `name`; nil when it did not come.
  func number(_ name: String) throws(RESTProblem) -> Int32? {
    guard let text = try text(name) else { return nil }
    guard let number = Int32(text) else { throw .badParameter(name, "must be a whole number") }
    return number
  }

  /// The job after which a page begins; nil for the first page.
  func lastJob() throws(RESTProblem) -> JobID? {
    guard let text = try text("lastKey") else { return nil }
    guard let id = JobID(text) else { throw .badParameter("lastKey", "is none that a list gave") }
    return id
  }

  /// The paths that are meant: `paths`, else `path`.
  func paths() throws(RESTProblem) -> [String] {
    guard let elements = body["paths"]?.elements else {
      return try text("path").map { [$0] } ?? []
    }
    var paths: [String] = []
    for element in elements {
      guard let path = element.text else { throw .badParameter("paths", "must be texts") }
      paths.append(path)
    }
    return paths
  }

  /// What the job is about: paths, an index, or a source and a destination.
  ///
  /// - Throws: 400 for a combination that says two things.
  func target(_ type: JobType) throws(RESTProblem) -> JobTarget {
    let (index, paths) = (try text("indexFile", "index"), try paths())
    guard type == .copy || type == .move else {
      guard let index else { return .paths(paths) }
      guard paths.isEmpty else { throw RESTProblem(400, "name paths or an index file, not both") }
      return .index(index)
    }
    guard let source = try text("src"), let destination = try text("dst") else {
      throw RESTProblem(400, "\(type.word.lowercased()) needs src and dst")
    }
    return index.map { .indexedTransfer(index: $0, source: source, destination: destination) }
      ?? .transfer(source: source, destination: destination)
  }

  /// Whether the request names a job by what it is about.
  func hasTarget() throws(RESTProblem) -> Bool {
    if try text("indexFile", "index") != nil { return true }
    if try text("src") != nil { return true }
    return try !paths().isEmpty
  }

  /// The job that is described.
  func specification(_ type: JobType) throws(RESTProblem) -> JobSpecification {
    JobSpecification(
      type, try target(type), alias: try text("alias"), options: try jobOptions(),
      user: try text("user") ?? "")
  }

  private func jobOptions() throws(RESTProblem) -> JobOptions {
    var options = JobOptions()
    options.verify = try truth("verify")
    options.partialListing = try truth("partialListing")
    options.metadataOnly = try truth("loadMetadataOnly")
    options.skipIfExists = try truth("skipIfExists")
    options.fileFilter = try text("fileFilterRegex", "fileFilterRegx")
    options.replicas = try number("replicas") ?? 1
    options.batchSize = try number("batchSize")
    options.priority = try number("priority") ?? 0
    options.checkContent =
      try text("check_content") == nil ? try truth("checkContent") : try truth("check_content")
    if let word = try text("overwrite") {
      guard let rule = OverwriteRule(word: word) else {
        throw .badParameter("overwrite", "must be never, if-different or always")
      }
      options.overwrite = rule
    }
    if try text("recursive") != nil { options.recursive = try truth("recursive") }
    if let text = try text("bandwidth") {
      guard let bytes = SizeText.parse(text), bytes >= 0 else {
        throw .badParameter("bandwidth", "must be bytes a second, such as 1048576 or 10MB")
      }
      options.bandwidth = bytes > 0 ? bytes : nil
    }
    return options
  }
}
