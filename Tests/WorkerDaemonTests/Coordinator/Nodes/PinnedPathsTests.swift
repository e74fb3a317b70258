import DaemonDriver
import Synchronization
import Testing

@testable import WorkerDaemon

@Suite("PinnedPaths")
struct PinnedPathsTests {
  private let scratch: ScratchDirectory
  private var file: String { scratch.path("pins.json") }

  init() throws { scratch = try ScratchDirectory("pins") }

  @Test("pins outlive a start, and other paths have another revision")
  func kept() throws {
    let pins = try PinnedPaths(file: file)
    #expect(pins.all == ([], 0))
    try pins.pin(RulePath("/b"))
    let one = pins.revision
    try pins.pin(RulePath("/a \"ü\"\n"))
    #expect(Set([0, one, pins.revision]).count == 3)
    let again = try PinnedPaths(file: file)
    #expect(again.all == (["/a \"ü\"\n", "/b"], pins.revision))
    try again.unpin(RulePath("/a \"ü\"\n"))
    #expect(again.revision == one)
    #expect(throws: PinnedPaths.Refusal.exists) { try again.pin(RulePath("/b/")) }
    #expect(throws: PinnedPaths.Refusal.missing) { try again.unpin(RulePath("/c")) }
  }

  @Test("whoever listens hears of what there is, and of each change")
  func listener() throws {
    let pins = try PinnedPaths(file: file)
    let heard = Mutex<[[String]]>([])
    pins.listen { paths, _ in heard.withLock { $0.append(paths) } }
    try pins.pin(RulePath("/b"))
    try pins.unpin(RulePath("/b"))
    #expect(heard.withLock { $0 } == [[], ["/b"], []])
  }

  @Test(
    "a file that makes no sense ends the start, and one that cannot be written refuses the change")
  func broken() throws {
    for text in ["", "{}", #"{"version":1,"paths":["x"]}"#, #"{"version":2,"paths":[]}"#] {
      try writeBytes(Array(text.utf8), to: file)
      #expect(throws: StartError.self, "\(text)") { try PinnedPaths(file: file) }
    }
    let pins = try PinnedPaths(file: "/proc/none/pins.json")
    #expect(throws: PinnedPaths.Refusal.self) { try pins.pin(RulePath("/b")) }
    #expect(pins.all == ([], 0))
  }
}
