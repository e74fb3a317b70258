import DaemonDriver
import Model
import Testing

@testable import UFS

extension UFSContract {
  static let writing: [Case] = [
    Case("a file is invisible until it is committed, and whole then") { subject in
      let writer = try await subject.fileSystem.create("new", .exclusive)
      try await subject.append([1, 2], to: writer)
      try await subject.append([3], to: writer)
      #expect(await subject.code { try await $0.status(of: "new") } == .notFound)
      #expect(try await subject.entries("").isEmpty)
      let status = try await writer.commit()
      #expect(status.length == 3)
      #expect(try await subject.contents("new") == [1, 2, 3])
      #expect(try await subject.fileSystem.status(of: "new").version == status.version)
    },
    Case("an aborted or dropped file leaves nothing, and the old one as it was") { subject in
      try await subject.put("old", [7])
      let first = try await subject.fileSystem.create("old", .replacing)
      try await subject.append([1, 2], to: first)
      await first.abort()
      await first.abort()
      do {
        let second = try await subject.fileSystem.create("fresh", .exclusive)
        try await subject.append([1, 2], to: second)
      }
      #expect(try await subject.contents("old") == [7])
      #expect(try await subject.entries("").map(\.name) == ["old"])
    },
    Case("a replacing file takes the old one's place") { subject in
      try await subject.put("f", [1, 2, 3, 4])
      try await subject.put("f", [9])
      #expect(try await subject.contents("f") == [9])
      #expect(try await subject.entries("").count == 1)
    },
    Case("an exclusive file never replaces one, even one that comes late") { subject in
      let writer = try await subject.fileSystem.create("f", .exclusive)
      try await subject.append([1], to: writer)
      try await subject.put("f", [2])
      #expect(await subject.code { _ in try await writer.commit() } == .exists)
      #expect(await subject.code { try await $0.create("f", .exclusive) } == .exists)
      #expect(try await subject.contents("f") == [2])
      #expect(try await subject.entries("").count == 1)
    },
    Case("a file needs its parent directory", needs: [.write, .directories]) { subject in
      try await subject.put("f", [1])
      #expect(await subject.code { try await $0.create("none/f", .exclusive) } == .notFound)
      #expect(await subject.code { try await $0.create("f/below", .exclusive) } == .notDirectory)
      #expect(await subject.code { try await $0.create("", .replacing) } == .isDirectory)
    },
    Case("bytes written in place change the version", needs: .randomWrite) { subject in
      try await subject.write([1, 2, 3, 4], to: "p", at: 0)
      let old = try await subject.fileSystem.status(of: "p")
      try await subject.write([9], to: "p", at: 2)
      try await subject.write([8], to: "p", at: 6)
      #expect(try await subject.contents("p") == [1, 2, 9, 4, 0, 0, 8])
      #expect(try await subject.fileSystem.status(of: "p").version != old.version)
      let far = await subject.code { fileSystem in
        try await subject.write([1, 2], to: "p", at: .max)
      }
      #expect(far == .invalid)
    },
    Case("touch makes an empty file or a new modification time") { subject in
      try await subject.fileSystem.touch("t")
      let first = try await subject.fileSystem.status(of: "t")
      #expect(first.length == 0)
      try await subject.put("t", [1, 2])
      let second = try await subject.fileSystem.status(of: "t")
      try await subject.fileSystem.touch("t")
      let third = try await subject.fileSystem.status(of: "t")
      #expect(third.modificationTime >= second.modificationTime)
      #expect(try await subject.contents("t") == [1, 2])
    },
  ]

  static let naming: [Case] = [
    Case("names are bytes: spaces, signs, accents and marks come back as they are") { subject in
      let names = [
        "a b.txt", "new&x=1", "a+b", "100%", "a%20b", "a#b", "q?x", "ü.txt", "日本", "\u{301}mark",
        "caf\u{e9}", "cafe\u{301}", "a\\b", "new\nline", "'\"", "-rf", "~", "*",
        String(repeating: "x", count: 255),
      ].filter { !subject.impossibleNames.contains($0) }
      for (index, name) in names.enumerated() { try await subject.put(name, [UInt8(index)]) }
      for (index, name) in names.enumerated() {
        #expect(try await subject.contents(name) == [UInt8(index)], "\(name)")
        #expect(isSameText(try await subject.fileSystem.status(of: name).name, name))
      }
      let listed = try await subject.entries("").map { Array($0.name.utf8) }
      #expect(Set(listed) == Set(names.map { Array($0.utf8) }))
      #expect(listed.count == names.count)
    },
    Case("directories are made once, and only with their parents", needs: [.write, .directories]) {
      subject in
      let fileSystem = subject.fileSystem
      #expect(try await fileSystem.makeDirectory("d", recursive: false) == .created)
      #expect(try await fileSystem.makeDirectory("d", recursive: false) == .existed)
      #expect(try await fileSystem.makeDirectory("", recursive: false) == .existed)
      #expect(
        await subject.code { try await $0.makeDirectory("x/y", recursive: false) } == .notFound)
      #expect(try await fileSystem.makeDirectory("x/y/z", recursive: true) == .created)
      #expect(try await fileSystem.makeDirectory("x/y/z", recursive: true) == .existed)
      try await subject.put("f", [1])
      #expect(await subject.code { try await $0.makeDirectory("f", recursive: true) } == .exists)
      #expect(
        await subject.code { try await $0.makeDirectory("f/d", recursive: true) } == .notDirectory)
      #expect(try await fileSystem.status(of: "x/y/z").kind == .directory)
    },
    Case("a rename moves files and trees and replaces only when told", needs: .rename) { subject in
      let fileSystem = subject.fileSystem
      try await subject.put("a", [1])
      try await subject.put("b", [2])
      #expect(
        await subject.code { try await $0.rename("a", to: "b", replacing: false) } == .exists)
      try await fileSystem.rename("a", to: "b", replacing: true)
      #expect(try await subject.contents("b") == [1])
      #expect(await subject.code { try await $0.status(of: "a") } == .notFound)
      try await subject.put("d/e/f", [3], makingParents: true)
      try await fileSystem.rename("d", to: "g", replacing: false)
      #expect(try await subject.contents("g/e/f") == [3])
      #expect(
        await subject.code { try await $0.rename("g", to: "g/e/h", replacing: true) } == .invalid)
      #expect(
        await subject.code { try await $0.rename("g", to: "x/y", replacing: true) } == .notFound)
      #expect(
        await subject.code { try await $0.rename("none", to: "y", replacing: true) } == .notFound)
      #expect(await subject.code { try await $0.rename("", to: "y", replacing: true) } == .invalid)
    },
    Case("a copy has the bytes, and appears whole or not at all") { subject in
      var random = SeededRandom()
      let bytes = random.bytes(3_000_000)
      try await subject.put("a", bytes)
      try await subject.fileSystem.copyFile("a", to: "b", replacing: false)
      #expect(try await subject.contents("b") == bytes)
      #expect(
        await subject.code { try await $0.copyFile("a", to: "b", replacing: false) } == .exists)
      try await subject.put("e", [])
      try await subject.fileSystem.copyFile("e", to: "b", replacing: true)
      #expect(try await subject.contents("b") == [])
      #expect(try await subject.contents("a") == bytes)
    },
    Case("a tree is copied with all that is in it", needs: [.write, .directories]) { subject in
      let fileSystem = subject.fileSystem
      for (index, path) in ["s/a", "s/d/b", "s/d/e/c"].enumerated() {
        try await subject.put(path, [UInt8(index)], makingParents: true)
      }
      _ = try await fileSystem.makeDirectory("s/empty", recursive: false)
      let plain = await subject.code { fileSystem in
        try await StreamedCopy.tree(
          from: fileSystem, "s", to: fileSystem, "t", recursive: false, replacing: false)
      }
      #expect(plain == .isDirectory)
      try await StreamedCopy.tree(
        from: fileSystem, "s", to: fileSystem, "t", recursive: true, replacing: false)
      #expect(
        Set(try await subject.tree("t"))
          == ["t/a", "t/d/", "t/d/b", "t/d/e/", "t/d/e/c", "t/empty/"])
      #expect(try await subject.contents("t/d/e/c") == [2])
      let again = await subject.code { fileSystem in
        try await StreamedCopy.tree(
          from: fileSystem, "s", to: fileSystem, "t", recursive: true, replacing: false)
      }
      #expect(again == .exists)
      let inside = await subject.code { fileSystem in
        try await StreamedCopy.tree(
          from: fileSystem, "s", to: fileSystem, "s/d/x", recursive: true, replacing: true)
      }
      #expect(inside == .invalid)
    },
    Case("a deletion takes a tree only when told, and never the root") { subject in
      for path in ["d/a", "d/e/b", "f"] { try await subject.put(path, [1], makingParents: true) }
      if subject.fileSystem.capabilities.contains(.directories) {
        #expect(await subject.code { try await $0.delete("d", recursive: false) } == .notEmpty)
      }
      try await subject.fileSystem.delete("d", recursive: true)
      #expect(await subject.code { try await $0.status(of: "d") } == .notFound)
      try await subject.fileSystem.delete("f", recursive: false)
      #expect(try await subject.entries("").isEmpty)
      #expect(await subject.code { try await $0.delete("", recursive: true) } == .invalid)
    },
  ]
}
