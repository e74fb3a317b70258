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

  @Test("a place that is gone is told from one that never was")
  func absence() throws {
    let scratch = try ScratchDirectory("known")
    let path = scratch.path("disk")
    try makeDirectories(path)
    let known = KnownVolumes(directory: scratch.path)
    #expect(known.absence(of: scratch.path("other")) == nil)
    #expect(known.remember(id, path: path, directory: path))
    #expect(known.absence(of: path) == nil)
    removeTree(path)
    let text = try #require(known.absence(of: path))
    #expect(text.contains("mount its disk") && text.contains("penstock.new"))
    #expect(VolumeReturn(path: path, known) == .refused(text))
  }

  @Test("what lies where a volume was is looked at until it does not change")
  func returns() throws {
    let scratch = try ScratchDirectory("known")
    let path = scratch.path("disk")
    try makeDirectories("\(path)/penstock")
    let known = KnownVolumes(directory: scratch.path)
    #expect(known.remember(id, path: path, directory: path))
    let empty = VolumeReturn(path: path, known)
    #expect(empty == .possible(.init(numbers: [0, 0, 0, 0, 0])), "the same device: it was removed")
    try writeBytes([1], to: "\(path)/penstock/pages")
    let first = VolumeReturn(path: path, known)
    #expect(first != empty && first == VolumeReturn(path: path, known))
    try writeBytes([1, 2], to: "\(path)/penstock/pages")
    #expect(first != VolumeReturn(path: path, known), "it is being written")
    removeTree("\(path)/penstock")
    try writeBytes(Array("\(id) 1 \(path)\n".utf8), to: scratch.path("volumes"))
    let moved = KnownVolumes(directory: scratch.path)
    guard case .refused(let text) = VolumeReturn(path: path, moved) else {
      Issue.record("another device without the volume is refused")
      return
    }
    #expect(text.contains("lies on another device"))
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
