// Each checker, shown a planted violation and its lawful twin.

import Testing

@Suite("Tidy finds what it is there to find")
struct TidySelfTests {
  private func file(_ text: String, at path: String = "Sources/Ring/Planted.swift") -> SourceFile {
    SourceFile(path: path, text: text)
  }

  @Test(
    "an import of a higher floor is found, however it is written",
    arguments: [
      "import PageStore", "package import HTTPWire", "@testable import UFS", "import Foundation",
      "@preconcurrency internal import Foundation", "import struct WorkerDaemon.Thing",
      "import Model; import UFS", "private import FoundationEssentials",
    ])
  func importsAreFound(line: String) {
    #expect(Floors.check(file(line)).count == 1)
  }

  @Test("imports of lower floors, comments and strings are left alone")
  func importsAreAllowed() {
    let text = "package import Model\nimport CLinux\n// import UFS\nlet a = \"import UFS\"\n"
    #expect(Floors.check(file(text)).isEmpty)
    #expect(Floors.check(file("import Foundation", at: "Sources/WorkerDaemon/A.swift")).isEmpty)
    #expect(!Floors.check(file("import UFS", at: "Sources/PageStore/A.swift")).isEmpty)
    #expect(!Floors.check(file("import Model", at: "Sources/Novel/A.swift")).isEmpty)
  }

  @Test(
    "each banned word is found once, and not in comments or strings",
    arguments: [
      "let a = try! f()", "let a = b as! C", "fatalError()", "@_exported import Model",
      "public struct A {}",
      "let d = Date()", "DispatchQueue.main", "Thread.sleep(1)", "Int.random(in: 0..<3)",
      "print(1)", "Task { }", "Task.detached { }", "Task<Void, Never> { }", "list.shuffled()",
      "await withCheckedContinuation { c in }",
    ])
  func bansAreFound(line: String) throws {
    #expect(try Ban.all.flatMap { try $0.check(file(line)) }.count == 1)
    #expect(try Ban.all.flatMap { try $0.check(file("// \(line)")) }.isEmpty)
    #expect(try Ban.all.flatMap { try $0.check(file("let s = #\"\(line)\"#")) }.isEmpty)
  }

  @Test(
    "lawful neighbours of banned words pass",
    arguments: [
      "let a = try f()", "Int.random(in: 0..<3, using: &generator)", "blueprint(1)",
      "LoadTask { }", "Task(executorPreference: reactor) { }", "await pool.run { }", "pen.print(1)",
      "static func print(_ a: Int) {}",
    ])
  func lawful(line: String) throws {
    #expect(try Ban.all.flatMap { try $0.check(file(line)) }.isEmpty)
  }

  @Test("a sleep in a test is found")
  func sleeps() throws {
    let planted = file("usleep(5)", at: "Tests/RingTests/A.swift")
    #expect(try Ban.all.flatMap { try $0.check(planted) }.count == 1)
  }

  @Test("a file without a header, and one that is too long, are found")
  func shape() {
    #expect(Checks.header(file("import Glibc\n")).count == 1)
    #expect(Checks.header(file("// What it is for.\nimport Glibc\n")).isEmpty)
    let long = String(repeating: "\n", count: Checks.lineCountMax)
    #expect(Checks.length(file(long)).count == 1)
    #expect(Checks.length(file("short\n")).isEmpty)
  }

  @Test(
    "a package declaration without a doc comment is found",
    arguments: [
      "package struct A {}", "  package static func f() {}", "package final class B {}",
      "@inlinable package func f() {}", "/// D.\n\npackage let a = 1", "package init(a: Int) {}",
      "final package class C {}", "package private(set) var a = 1",
    ])
  func undocumented(text: String) throws {
    #expect(try Checks.documentation(file(text)).count == 1)
  }

  @Test(
    "documented declarations and witnesses pass",
    arguments: [
      "/// D.\npackage struct A {}", "/// D.\n@inline(__always)\npackage func f() {}",
      "/// Both.\npackage var a: Int\npackage var b: Int", "package import Model",
      "package func hash(into hasher: inout Hasher) {}", "let x = \"package func f()\"",
    ])
  func documented(text: String) throws {
    #expect(try Checks.documentation(file(text)).isEmpty)
  }

  @Test("what a protocol requires is documented there")
  func requirements() throws {
    let seam = file("/// D.\npackage protocol P {\n  /// D.\n  func read() -> Int\n}\n")
    let names = try Checks.requirements(of: [seam])
    #expect(names == ["read"])
    let witness = file("package func read() -> Int { 1 }")
    #expect(try Checks.documentation(witness, requirements: names).isEmpty)
    #expect(try Checks.documentation(witness).count == 1)
  }

  @Test("trust without a reason is found")
  func safety() {
    #expect(Checks.safety(file("final class A: @unchecked Sendable {}")).count == 1)
    #expect(Checks.safety(file("// SAFETY: one.\nclass A: @unchecked Sendable {}")).isEmpty)
  }

  @Test("a promise without an issue is found")
  func promises() throws {
    #expect(try Checks.promises(file("// TO" + "DO: later")).count == 1)
    #expect(try Checks.promises(file("// TO" + "DO(#12): later")).isEmpty)
    #expect(try Checks.promises(file("// FIX" + "ME #12")).count == 1)
  }

  @Test("a path of one machine is found")
  func machinePaths() throws {
    for path in ["/wo" + "rk/a", "\"/ro" + "ot/b", "/opt/sw" + "ift/usr", "cd /fa" + "rm/x"] {
      #expect(try Checks.machinePaths(file(path)).count == 1, "\(path)")
    }
    for path in ["${alluxio.wo" + "rk.dir}/wo" + "rk/x", "https://host/ro" + "ots/"] {
      #expect(try Checks.machinePaths(file(path)).isEmpty, "\(path)")
    }
  }

  @Test("a banned word in a name is found")
  func words() throws {
    #expect(try Checks.words(file("let pageIdx = 1")).count == 1)
    #expect(try Checks.words(file("struct CacheManager {}")).count == 1)
    #expect(try Checks.words(file("let bufferCount = 1")).isEmpty)
  }

  @Test("a dead link is found")
  func links() throws {
    let page = file("[a](b.md) [c](../README.md) [d](https://x.org/y)", at: "docs/a.md")
    #expect(try Checks.links(page) { $0 == "README.md" }.count == 1)
    #expect(try Checks.links(page) { ["README.md", "docs/b.md"].contains($0) }.isEmpty)
  }

  @Test("the documented floor of a module is read from its line")
  func documentedFloors() {
    let page = "F2  PageStore  tiers\n    UFS  local\nF1  Ring  io_uring\n"
    #expect(documentedFloor(of: "UFS", in: page) == 2)
    #expect(documentedFloor(of: "Ring", in: page) == 1)
    #expect(documentedFloor(of: "Model", in: page) == nil)
  }

  @Test("code is told from comments and strings")
  func blanking() {
    let source =
      "a /* b /* c */ d */ e \"f \\(g(\"h\")) i\" j #\"k \"l\" m\"# n \"\"\"\no \"p\"\n\"\"\" q"
    let words = blankingCommentsAndStrings(source).split(whereSeparator: \.isWhitespace)
    #expect(words == ["a", "e", "j", "n", "q"])
  }
}
