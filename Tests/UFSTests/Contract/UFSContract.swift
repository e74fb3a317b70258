// What every under file system promises. Each case gets an empty UFS; any implementation runs them all.

import Testing
import UFS

/// The promises of `UnderFileSystem`, each a test.
enum UFSContract {
  /// One promise.
  struct Case: Sendable, CustomTestStringConvertible {
    /// The promise.
    let name: String
    /// What the UFS must be able to do for it to hold.
    let needs: UFSCapabilities
    /// Whether it holds for a UFS that can only be read, too.
    let isOfReading: Bool
    /// Checks it.
    let check: @Sendable (UFSSubject) async throws -> Void

    init(
      _ name: String, needs: UFSCapabilities = .write, isOfReading: Bool = false,
      _ check: @escaping @Sendable (UFSSubject) async throws -> Void
    ) {
      self.name = name
      self.needs = needs
      self.isOfReading = isOfReading
      self.check = check
    }

    var testDescription: String { name }
  }

  /// All promises.
  static let cases = reading + listing + writing + naming + modelled

  /// The promises of a UFS that can only be read; its subject says how files get there.
  static let readOnly = reading.filter(\.isOfReading)

  /// Runs a case on a ring if the UFS can do what it needs.
  static func run(
    _ promise: Case, on makeSubject: @escaping @Sendable () async throws -> UFSSubject
  ) async throws {
    try await Bench.run { () async throws in
      let subject = try await makeSubject()
      let isSeeded = subject.seed != nil && promise.isOfReading
      let capabilities = subject.fileSystem.capabilities
      guard isSeeded || capabilities.isSuperset(of: promise.needs) else { return }
      try await promise.check(subject)
    }
  }
}
