import DaemonDriver
import Glibc
import Testing

@testable import WorkerDaemon

@Suite("VolumePresence")
struct VolumePresenceTests {
  @Test("a file is there while the same file lies at its path, and gone when another does")
  func presence() throws {
    let scratch = try ScratchDirectory("presence")
    let path = scratch.path("pages")
    #expect(VolumePresence(path) == nil)
    try writeBytes([1], to: path)
    let presence = try #require(VolumePresence(path))
    #expect(presence.isThere)
    try writeBytes([1, 2, 3], to: path)
    #expect(presence.isThere, "its bytes may change")
    try #require(rename(path, scratch.path("away")) == 0)
    #expect(!presence.isThere)
    try writeBytes([1], to: path)
    #expect(!presence.isThere, "a new file is not the old one")
    try #require(rename(scratch.path("away"), path) == 0)
    #expect(presence.isThere, "it came back")
  }
}
