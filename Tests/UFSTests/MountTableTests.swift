import Foundation
import Model
import Testing

@testable import UFS

@Suite("The mount table converts between Alluxio paths and UFS paths")
struct MountTableTests {
  /// `/` and `/other`, `/deep/er` on directories of their own.
  private func table() throws -> (MountTable, [TemporaryDirectory]) {
    let directories = [
      try TemporaryDirectory(), try TemporaryDirectory(), try TemporaryDirectory(),
    ]
    let paths = ["/", "/other", "/deep/er"]
    let specifications = zip(paths, directories).map {
      MountSpecification(alluxioPath: $0, uri: $1.path)
    }
    return (
      try MountTable(opening: specifications, in: try Bench.environment()), directories
    )
  }

  private func code(_ body: () throws -> MountedPath) -> UFSError.Code? {
    do {
      _ = try body()
      return nil
    } catch {
      return (error as? UFSError)?.code
    }
  }

  @Test("both ways, at path boundaries, with any spelling and trailing slashes")
  func bothWays() throws {
    let (table, directories) = try table()
    let cases = [
      ("/a/b", 0, "a/b"), ("/", 0, ""), ("/other", 1, ""), ("/other/x", 1, "x"),
      ("/others", 0, "others"),
      ("/deep", 0, "deep"), ("/deep/er/f", 2, "f"), ("/deep/err", 0, "deep/err"),
    ]
    for (alluxio, index, path) in cases {
      let place = try table.locate(alluxioPath: alluxio + "/")
      let ufsPath = "file://" + joinPath(directories[index].path, path)
      #expect(place.alluxioPath == alluxio)
      #expect(place.path == path)
      #expect(place.ufsPath == ufsPath)
      #expect(place.isMountRoot == path.isEmpty)
      for spelling in [ufsPath, ufsPath + "/", joinPath(directories[index].path, path)] {
        let back = try table.locate(ufsPath: spelling)
        #expect(back.alluxioPath == alluxio)
        #expect(back.ufsPath == ufsPath)
      }
    }
    #expect(try table.locate(alluxioPath: "/other").name == "other")
    #expect(try table.locate(alluxioPath: "/deep/er/f").name == "f")
  }

  @Test(
    "a bucket of one name in two stores is refused by a word of its own, and one store's as overlap"
  )
  func sameBucket() throws {
    let environment = try Bench.environment()
    func problem(_ endpoints: [String], _ uris: [String]) throws -> MountError? {
      var mounts = [MountSpecification(alluxioPath: "/", uri: "/")]
      for (index, (endpoint, uri)) in zip(endpoints, uris).enumerated() {
        mounts.append(
          MountSpecification(
            alluxioPath: "/m\(index)", uri: uri,
            options: endpoint.isEmpty ? [:] : ["alluxio.underfs.s3.endpoint": endpoint]))
      }
      do throws(MountError) {
        _ = try MountTable(opening: mounts, in: environment)
        return nil
      } catch { return error }
    }
    let two = try problem(["http://one:9000", "two.example"], ["s3://b", "s3://b/x"])
    #expect(
      two?.problem
        == .sameBucket(
          uri: "s3://b/x", endpoint: "two.example", other: "/m0", otherEndpoint: "one:9000"))
    #expect(two?.description.contains("another") == true)
    let same = try problem(["http://one:9000", "one:9000"], ["s3://b", "s3://b"])
    #expect(
      same?.problem == .overlap(uri: "s3://b", other: "/m0", otherURI: "s3://b"))
    #expect(try problem(["one:9000", ""], ["s3://b/x", "s3://b/y"]) == nil)
    #expect(try problem(["one:9000", "two:9000"], ["s3://b", "s3://c"]) == nil)
  }

  @Test("paths in no mount, leaving it, or hidden by another are 403; nonsense is invalid")
  func refusals() throws {
    let (table, directories) = try table()
    let root = directories[0].path
    #expect(code { try table.locate(ufsPath: "/etc/passwd") } == .escapesMount)
    #expect(code { try table.locate(ufsPath: root + "x/f") } == .escapesMount)
    #expect(code { try table.locate(ufsPath: root + "/../f") } == .escapesMount)
    #expect(code { try table.locate(ufsPath: "s3://bkt/f") } == .escapesMount)
    #expect(code { try table.locate(ufsPath: root + "/other/f") } == .escapesMount)
    #expect(code { try table.locate(ufsPath: root + "/other") } == .escapesMount)
    #expect(code { try table.locate(ufsPath: root + "/deep/er") } == .escapesMount)
    #expect(code { try table.locate(ufsPath: root + "/deep") } == nil)
    #expect(code { try table.locate(ufsPath: root + "//f") } == .invalid)
    #expect(code { try table.locate(ufsPath: "relative/f") } == .invalid)
    #expect(code { try table.locate(ufsPath: "") } == .invalid)
    #expect(code { try table.locate(alluxioPath: "/a/../b") } == .escapesMount)
    for bad in ["", "a", "/a//b", "/./a", "/a\u{0}", "/" + String(repeating: "x", count: 256)] {
      #expect(code { try table.locate(alluxioPath: bad) } == .invalid)
    }
  }

  @Test(
    "mounts appear in the listing of their parent and hide what is there", arguments: [true, false])
  func overlay(isSorted: Bool) async throws {
    let (table, directories) = try table()
    try directories[0].put("a", [1])
    try directories[0].put("z", [1])
    try directories[0].put("other/hidden", [1])
    try directories[1].put("shown", [1])
    try directories[2].put("f", [1])
    let order: UFSListing.Order = isSorted ? .sorted : .unsorted
    try await Bench.run { () async throws in
      for max in [1, 2, 100] {
        let entries = try await Self.list(table, "/", order, max)
        #expect(Set(entries.map(\.name)) == ["a", "z", "other", "deep"])
        #expect(entries.count == 4)
        if isSorted { #expect(entries.map(\.name) == ["a", "deep", "other", "z"]) }
        let other = try #require(entries.first { $0.name == "other" })
        #expect(other.status.ufsPath == "file://" + directories[1].path)
        #expect(try await Self.list(table, "/deep", order, max).map(\.name) == ["er"])
        #expect(try await Self.list(table, "/other", order, max).map(\.name) == ["shown"])
      }
      let deep = try await table.status(of: try table.locate(alluxioPath: "/deep"))
      #expect(deep.kind == .directory)
      let root = try table.locate(alluxioPath: "/")
      let walked = try await table.walk(root, UFSListing(order: order))
      var paths: [String] = []
      while let batch = try await walked.next(max: 2) { paths += batch.entries.map(\.path) }
      #expect(Set(paths) == ["a", "z"])
      #expect(table.mounts(below: root).map(\.alluxioPath) == ["/deep/er", "/other"])
      #expect(table.hasMounts(below: try table.locate(alluxioPath: "/deep")))
      #expect(!table.hasMounts(below: try table.locate(alluxioPath: "/other")))
    }
  }

  @Test("a sorted listing with mounts in it is resumed without loss or repetition")
  func overlayCursor() async throws {
    let (table, directories) = try table()
    for name in ["a", "m", "p", "z"] { try directories[0].put(name, [1]) }
    try await Bench.run { () async throws in
      let all = try await Self.list(table, "/", .sorted, 100).map(\.name)
      #expect(all == ["a", "deep", "m", "other", "p", "z"])
      let root = try table.locate(alluxioPath: "/")
      let lister = try await table.list(root, UFSListing(order: .sorted))
      var seen: [String] = []
      while let batch = try await lister.next(max: 1) {
        seen += batch.entries.map(\.name)
        let rest = try await table.list(root, UFSListing(order: .sorted, after: batch.cursor))
        var names: [String] = []
        while let more = try await rest.next(max: 10) { names += more.entries.map(\.name) }
        #expect(seen + names == all)
      }
    }
  }

  private static func list(
    _ table: MountTable, _ path: String, _ order: UFSListing.Order, _ max: Int
  ) async throws -> [UFSEntry] {
    let lister = try await table.list(
      try table.locate(alluxioPath: path), UFSListing(order: order))
    var entries: [UFSEntry] = []
    while let batch = try await lister.next(max: max) { entries += batch.entries }
    return entries
  }

  @Test("mounts that cannot be are refused by name, with a remedy")
  func errors() throws {
    let directory = try TemporaryDirectory()
    try directory.put("file", [1])
    try directory.makeDirectory("sub")
    let root = MountSpecification(alluxioPath: "/", uri: directory.path)
    let other = try TemporaryDirectory()
    let cases: [([MountSpecification], String, String)] = [
      ([root, .init(alluxioPath: "/", uri: other.path)], "/", "its own Alluxio path"),
      (
        [root, .init(alluxioPath: "/x/", uri: other.path), .init(alluxioPath: "/x", uri: "/usr")],
        "/x", "its own Alluxio path"
      ),
      (
        [root, .init(alluxioPath: "/s", uri: directory.at("sub"))], "/s",
        "do not contain each other"
      ),
      ([root, .init(alluxioPath: "/s", uri: "file:" + directory.path)], "/s", "overlaps"),
      ([root, .init(alluxioPath: "/s", uri: "data")], "/s", "write an absolute path"),
      ([root, .init(alluxioPath: "/s", uri: "file://host/data")], "/s", "takes no host"),
      ([root, .init(alluxioPath: "/s", uri: other.at("missing"))], "/s", "create it"),
      ([root, .init(alluxioPath: "/s", uri: directory.at("file"))], "/s", "is not a directory"),
      ([root, .init(alluxioPath: "/s", uri: other.path + "/../x")], "/s", "'..'"),
      (
        [root, .init(alluxioPath: "/s", uri: "gs://bkt")], "/s",
        "gs:// is not supported by this version"
      ),
      ([root, .init(alluxioPath: "s", uri: other.path)], "s", "write an Alluxio path"),
      ([root, .init(alluxioPath: "/a/../s", uri: other.path)], "/a/../s", "write an Alluxio path"),
      (
        [root, .init(alluxioPath: "/s", uri: other.path, options: ["color": "red"])], "/s",
        "known are descriptors, direct, readonly"
      ),
      (
        [root, .init(alluxioPath: "/s", uri: other.path, options: ["readonly": "yes"])], "/s",
        "true or false"
      ),
      (
        [root, .init(alluxioPath: "/s", uri: other.path, options: ["direct": "1"])], "/s",
        "auto, always or never"
      ),
      (
        [root, .init(alluxioPath: "/s", uri: other.path, options: ["descriptors": "-1"])], "/s",
        "0 to 65536"
      ),
      ([.init(alluxioPath: "/s", uri: other.path)], "/", "alluxio.dora.client.ufs.root"),
      ([], "/", "alluxio.dora.client.ufs.root"),
    ]
    let pool = try Bench.pool
    for (specifications, mount, text) in cases {
      do throws(MountError) {
        _ = try MountTable(opening: specifications, in: UFSEnvironment(pool: pool))
        Issue.record("\(specifications) were accepted")
      } catch {
        #expect(error.mount == mount || error.mount == mount + "/", "\(error)")
        #expect(error.description.contains(text), "\(error)")
      }
    }
  }

  @Test("UFS roots are offered longest first, as a client that matches text needs them")
  func order() throws {
    let directory = try TemporaryDirectory()
    for name in ["bkt", "bkt2", "b"] { try directory.makeDirectory(name) }
    let table = try MountTable(
      opening: zip(["/", "/2", "/3"], ["bkt", "bkt2", "b"]).map {
        MountSpecification(alluxioPath: $0, uri: directory.at($1))
      }, in: try Bench.environment())
    #expect(table.mounts.map { splitPath($0.uri.path)?.name } == ["bkt2", "bkt", "b"])
  }
}
