import DaemonDriver
import Glibc
import PageStore
import Testing

@testable import WorkerDaemon

@Suite("KnownVolumes")
struct KnownVolumesTests {
  private let id = VolumeID(high: 1, low: 0xAB)

  @Test("what was remembered is there after a restart, and lines that say nothing are passed over")
  func remembers() throws {
    let scratch = try ScratchDirectory("known")
    let path = scratch.path("a disk")
    try makeDirectories(path)
    #expect(KnownVolumes(directory: scratch.path)[path] == nil)
    #expect(KnownVolumes(directory: scratch.path).remember(id, path: path, directory: path))
    let known = try #require(KnownVolumes(directory: scratch.path)[path])
    #expect(known.id == "000000000000000100000000000000ab")
    #expect(
      KnownVolumes.parse("x\n\n1 2\n1 x /a\n9 8 /b c\n") == ["/b c": .init(id: "9", device: 8)])
  }

  @Test(
    "where another device lies under a volume's path none is made, unless the disk is called new")
  func refuses() throws {
    let scratch = try ScratchDirectory("known")
    let path = scratch.path("disk")
    try makeDirectories("\(path)/penstock")
    let known = KnownVolumes(directory: scratch.path)
    #expect(known.refusal(path: path, directory: path) == nil, "nobody knows it")
    #expect(known.remember(id, path: path, directory: path))
    #expect(known.refusal(path: path, directory: path) == nil, "the same device: it was removed")
    let line = "\(id) 1 \(path)\n"
    try writeBytes(Array(line.utf8), to: scratch.path("volumes"))
    let moved = KnownVolumes(directory: scratch.path)
    let refusal = try #require(moved.refusal(path: path, directory: path))
    #expect(
      refusal.sentence.contains("mount its disk") && refusal.sentence.contains("penstock.new"))
    try writeBytes([], to: "\(path)/penstock.new")
    #expect(moved.refusal(path: path, directory: path) == nil, "an operator said so")
    #expect(moved.remember(id, path: path, directory: path))
    #expect(access("\(path)/penstock.new", F_OK) != 0, "said once")
    try writeBytes(Array(line.utf8), to: scratch.path("volumes"))
    try writeBytes([1], to: "\(path)/penstock/pages")
    #expect(
      KnownVolumes(directory: scratch.path).refusal(path: path, directory: path) == nil,
      "a volume is there")
  }
}
