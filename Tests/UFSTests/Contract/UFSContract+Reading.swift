import DaemonDriver
import Model
import Testing
import UFS

extension UFSContract {
  static let reading: [Case] = [
    Case("a status says what was written", isOfReading: true) { subject in
      let written = try await subject.put("a.bin", [1, 2, 3])
      let status = try await subject.fileSystem.status(of: "a.bin")
      #expect(status.kind == .file)
      #expect(status.length == 3)
      #expect(status.version == written.version)
      #expect(status.version?.length == 3)
      #expect(status.name == "a.bin")
      #expect(status.ufsPath == subject.fileSystem.ufsPath(of: "a.bin"))
      #expect(status.modificationTime > 1_600_000_000_000_000_000)
      let root = try await subject.fileSystem.status(of: "")
      #expect(root.kind == .directory)
      #expect(root.version == nil)
      #expect(root.ufsPath == subject.fileSystem.rootURI)
    },
    Case("what is missing is not found by every operation", isOfReading: true) { subject in
      for path in ["none", "none/below"] {
        #expect(await subject.code { try await $0.status(of: path) } == .notFound)
        #expect(await subject.code { try await $0.open(path, expecting: nil) } == .notFound)
        guard subject.fileSystem.capabilities.contains(.write) else { continue }
        #expect(await subject.code { try await $0.delete(path, recursive: true) } == .notFound)
        #expect(
          await subject.code { try await $0.copyFile(path, to: "t", replacing: true) } == .notFound)
      }
      #expect(await subject.code { _ in try await subject.contents("none") } == .notFound)
    },
    Case("a path below a file is not found", isOfReading: true) { subject in
      try await subject.put("f", [1])
      #expect(await subject.code { try await $0.status(of: "f/below") } == .notFound)
      #expect(await subject.code { try await $0.open("f/below", expecting: nil) } == .notFound)
    },
    Case("reads bring exactly the bytes asked for, up to the end", isOfReading: true) { subject in
      var random = SeededRandom()
      let bytes = random.bytes(300_000)
      try await subject.put("r.bin", bytes)
      let reader = try await subject.fileSystem.open("r.bin", expecting: nil)
      reader.announce(0..<300_000)
      for _ in 0..<50 {
        let offset = Int.random(in: 0...310_000, using: &random)
        let count = Int.random(in: 0...100_000, using: &random)
        let got = try await subject.read(reader, at: Int64(offset), count).bytes
        let end = min(bytes.count, offset + count)
        let want = offset < end ? Array(bytes[offset..<end]) : []
        #expect(got == want, "SEED=\(random.seed) offset \(offset) count \(count)")
      }
      await reader.close()
    },
    Case("an empty file has a version and no bytes", isOfReading: true) { subject in
      try await subject.put("empty", [])
      let status = try await subject.fileSystem.status(of: "empty")
      #expect(status.length == 0)
      #expect(status.version != nil)
      #expect(try await subject.contents("empty") == [])
    },
    Case("a file opened at another version has changed", isOfReading: true) { subject in
      let old = try await subject.put("v", [1, 2, 3])
      let new = try await subject.put("v", [4, 5, 6])
      #expect(old.version != new.version)
      // By the open, or by the first read of a store that asks with every read.
      let code = await subject.code { fileSystem in
        let reader = try await fileSystem.open("v", expecting: old.version)
        return try await subject.read(reader, at: 0, 3)
      }
      #expect(code == .changed)
      let reader = try await subject.fileSystem.open("v", expecting: new.version)
      #expect(try await subject.read(reader, at: 0, 10).bytes == [4, 5, 6])
    },
    Case("a file replaced while open has changed, or still gives the old bytes", isOfReading: true)
    { subject in
      try await subject.put("v", [1, 2, 3])
      let reader = try await subject.fileSystem.open("v", expecting: nil)
      try await subject.put("v", [4, 5, 6])
      var bytes: [UInt8] = [1, 2, 3]
      let code = await subject.code { _ in
        bytes = try await subject.read(reader, at: 0, 3).bytes
      }
      #expect(code == nil || code == .changed)
      #expect(bytes == [1, 2, 3])
      #expect(try await subject.contents("v") == [4, 5, 6])
    },
    Case("a directory cannot be read", needs: [.write, .directories]) { subject in
      _ = try await subject.fileSystem.makeDirectory("d", recursive: false)
      #expect(await subject.code { try await $0.open("d", expecting: nil) } == .isDirectory)
    },
    Case("paths that cannot be are refused by every operation", needs: .directories) { subject in
      let long = String(repeating: "x", count: 256)
      let bad: [(String, UFSError.Code)] = [
        ("..", .escapesMount), ("a/../b", .escapesMount), ("a/..", .escapesMount),
        (".", .invalid), ("a//b", .invalid), ("/a", .invalid), ("a/", .invalid),
        ("a/./b", .invalid),
        ("a\u{0}b", .invalid), (long, .invalid),
      ]
      for (path, want) in bad {
        for code in await outcomes(subject, path) {
          #expect(code == want, "\(path.debugDescription)")
        }
      }
    },
  ]

  /// The codes of all operations on `path`.
  private static func outcomes(_ subject: UFSSubject, _ path: String) async -> [UFSError.Code?] {
    [
      await subject.code { fileSystem in try fileSystem.validate(path) },
      await subject.code { try await $0.status(of: path) },
      await subject.code { try await $0.open(path, expecting: nil) },
      await subject.code { try await $0.list(path, UFSListing()) },
      await subject.code { try await $0.create(path, .replacing) },
      await subject.code { fileSystem in
        try await subject.write([1], to: path, at: 0)
      },
      await subject.code { try await $0.makeDirectory(path, recursive: true) },
      await subject.code { try await $0.touch(path) },
      await subject.code { try await $0.rename(path, to: "t", replacing: true) },
      await subject.code { try await $0.rename("s", to: path, replacing: true) },
      await subject.code { try await $0.copyFile(path, to: "t", replacing: true) },
      await subject.code { try await $0.delete(path, recursive: true) },
    ]
  }
}
