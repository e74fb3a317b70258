// The rules a reviewer would miss, kept by machine. Each has a self-test that plants a violation.

import Foundation
import Testing

@Suite("The house stays tidy")
struct TidyTests {
  @Test("the repository's files are seen")
  func filesAreSeen() {
    #expect(SourceTree.swift.contains { $0.path == "Package.swift" })
    #expect(SourceTree.swift.contains { $0.path == "Sources/Model/Identity.swift" })
  }

  @Test("a module imports only floors below it")
  func floors() {
    expectNone(SourceTree.swift.flatMap { Floors.check($0) })
  }

  @Test("the floor table of docs/architecture.md is the one that is checked")
  func floorsAreDocumented() throws {
    let page = try #require(SourceTree.files.first { $0.path == "docs/architecture.md" })
    for (module, floor) in Floors.floor {
      #expect(documentedFloor(of: module, in: page.text) == floor, "\(module)")
    }
  }

  @Test("banned words stay out of the code", arguments: Ban.all.indices)
  func bans(index: Int) throws {
    expectNone(try SourceTree.swift.flatMap { try Ban.all[index].check($0) })
  }

  @Test("every product file opens with a comment that says what it is for")
  func headers() { expectNone(SourceTree.files.flatMap { Checks.header($0) }) }

  @Test("every package declaration is documented")
  func documentation() throws {
    let requirements = try Checks.requirements(of: SourceTree.swift)
    expectNone(
      try SourceTree.files.flatMap {
        try Checks.documentation($0, requirements: requirements)
      })
  }

  @Test("what the compiler is told to trust says why it is safe")
  func safety() { expectNone(SourceTree.files.flatMap { Checks.safety($0) }) }

  @Test("promises in the code name an issue")
  func promises() throws { expectNone(try SourceTree.files.flatMap { try Checks.promises($0) }) }

  @Test("no file holds a path of one machine")
  func machinePaths() throws {
    expectNone(try SourceTree.files.flatMap { try Checks.machinePaths($0) })
  }

  @Test("product files stay short enough to be read")
  func lengths() { expectNone(SourceTree.files.flatMap { Checks.length($0) }) }

  @Test("declared names use the glossary's words")
  func words() throws { expectNone(try SourceTree.files.flatMap { try Checks.words($0) }) }

  @Test("links between documents lead somewhere")
  func links() throws {
    let exists = { (path: String) in
      FileManager.default.fileExists(atPath: SourceTree.root.appending(path: path).path)
    }
    expectNone(try SourceTree.files.flatMap { try Checks.links($0, exists: exists) })
  }

  @Test("git holds no build output, no resolved versions and no large blob")
  func tracked() throws {
    let tracked = try SourceTree.list(["--cached"])
    #expect(!tracked.contains { $0.hasPrefix(".build/") || $0.hasSuffix("Package.resolved") })
    let large = tracked.filter { (SourceTree.size(of: $0) ?? 0) > Checks.sizeMax }
    #expect(large.isEmpty)
  }
}

/// The floor that a line such as `F1  Ring  …` gives `module`; modules below it share its floor.
func documentedFloor(of module: String, in page: String) -> Int? {
  var floor: Int?
  for line in page.split(separator: "\n") {
    let words = line.split { !($0.isLetter || $0.isNumber) }
    if let first = words.first, first.count == 2, first.first == "F", let digit = first.last,
      let number = digit.wholeNumberValue
    {
      floor = number
      if words.dropFirst().first.map(String.init) == module { return number }
    } else if words.first.map(String.init) == module, line.first == " ", floor != nil {
      return floor
    }
  }
  return nil
}

/// Fails with one line for each finding.
func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
  let text = findings.map(\.description).joined(separator: "\n")
  #expect(findings.isEmpty, "\(text)", sourceLocation: sourceLocation)
}
