import Model
import Testing

@testable import UFS

extension UFSContract {
  static let listing: [Case] = [
    Case("a listing has the direct children, each once, in any batch size") { subject in
      let names = (0..<40).map { "f\($0)" }
      for name in names { try await subject.put("d/\(name)", [1], makingParents: true) }
      try await subject.put("d/sub/deep", [1], makingParents: true)
      for order in [UFSListing.Order.unsorted, .sorted] {
        for max in [1, 7, 1000] {
          let entries = try await subject.entries("d", order: order, max: max)
          #expect(entries.map(\.name).sorted() == (names + ["sub"]).sorted())
          if order == .sorted {
            let keys = entries.map(\.sortKey)
            #expect(zip(keys, keys.dropFirst()).allSatisfy { isBefore($0, $1) })
          }
        }
      }
    },
    Case("entries of a listing say what their status says") { subject in
      try await subject.put("d/f", [1, 2], makingParents: true)
      let entry = try #require(try await subject.entries("d").first)
      let status = try await subject.fileSystem.status(of: "d/f")
      #expect(entry.path == "d/f")
      #expect(entry.status.version == status.version)
      #expect(entry.status.ufsPath == status.ufsPath)
      #expect(entry.status.owner == status.owner)
      #expect(!entry.isLink)
    },
    Case("a listing goes on from the cursor of each batch") { subject in
      for index in 0..<20 { try await subject.put("d/\(index)", [1], makingParents: true) }
      for order in [UFSListing.Order.unsorted, .sorted] {
        let lister = try await subject.fileSystem.list("d", UFSListing(order: order))
        let batches = try await subject.drain(lister, max: 3)
        for (index, batch) in batches.enumerated() {
          let cursor = try #require(batch.cursor)
          let rest = try await subject.drain(
            try await subject.fileSystem.list("d", UFSListing(order: order, after: cursor)))
          #expect(
            rest.flatMap(\.entries).map(\.name)
              == batches[(index + 1)...].flatMap(\.entries).map(\.name))
        }
      }
    },
    Case("an empty directory lists nothing", needs: [.write, .directories]) { subject in
      _ = try await subject.fileSystem.makeDirectory("d", recursive: false)
      #expect(try await subject.entries("d").isEmpty)
      #expect(try await subject.tree("d").isEmpty)
    },
    Case("a file is no directory to list, and nothing is not found", needs: [.directories]) {
      subject in
      try await subject.put("f", [1])
      #expect(await subject.code { try await $0.list("f", UFSListing()) } == .notDirectory)
      #expect(await subject.code { try await $0.list("none", UFSListing()) } == .notFound)
      #expect(await subject.code { try await $0.list("f/x", UFSListing()) } == .notFound)
    },
    Case("a walk finds everything, each directory before its contents") { subject in
      let files = ["a/b/c", "a/b-c", "a/bc", "a-b", "z", "a/b/d/e"]
      for path in files { try await subject.put(path, [1], makingParents: true) }
      for max in [1, 2, 100] {
        let found = try await subject.tree(max: max)
        #expect(Set(found) == Set(files + ["a/", "a/b/", "a/b/d/"]))
        #expect(found.count == Set(found).count)
        for (index, path) in found.enumerated() {
          for directory in found[(index + 1)...] where directory.hasSuffix("/") {
            #expect(!path.hasPrefix(directory))
          }
        }
      }
      #expect(Set(try await subject.tree("a/b")) == ["a/b/c", "a/b/d/", "a/b/d/e"])
    },
    Case("a sorted walk is in the order of bytes of whole paths and can be resumed") { subject in
      let files = ["a/b/c", "a/b-c", "a/bc", "a-b", "z", "a/b/d/e", "é/ü", "A/z"]
      for path in files { try await subject.put(path, [1], makingParents: true) }
      for root in ["", "a"] {
        let found = try await subject.tree(root, order: .sorted)
        #expect(zip(found, found.dropFirst()).allSatisfy { isBefore($0, $1) })
        let lister = try await subject.fileSystem.walk(root, UFSListing(order: .sorted))
        let batches = try await subject.drain(lister, max: 1)
        for (index, batch) in batches.enumerated() {
          let cursor: UFSCursor = try #require(batch.cursor)
          let options = UFSListing(order: .sorted, after: cursor)
          let rest = try await subject.drain(try await subject.fileSystem.walk(root, options))
          #expect(
            rest.flatMap(\.entries).map(\.path)
              == batches[(index + 1)...].flatMap(\.entries).map(\.path))
        }
      }
    },
  ]
}

extension UFSSubject {
  /// As `put`, with the directories above.
  @discardableResult
  func put(
    _ path: String, _ bytes: [UInt8], makingParents: Bool
  ) async throws(UFSError) -> FileStatus {
    if makingParents, let parent = splitPath(path)?.directory, !parent.isEmpty {
      _ = try await fileSystem.makeDirectory(parent, recursive: true)
    }
    return try await put(path, bytes)
  }
}
