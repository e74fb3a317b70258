import Testing

@testable import Scheduler

@Suite struct CoveredPathsTests {
  @Test("paths below others, and the later ones of equal ones, are told from those of their own")
  func standings() {
    let paths = ["/a/b", "/a", "/a/", "/ab", "/c/d/e", "/c", "/a/b/f"]
    #expect(
      CoveredPaths.standings(paths, recursive: true)
        == [.below, .own, .same, .own, .below, .own, .below])
    #expect(
      CoveredPaths.standings(paths, recursive: false)
        == [.own, .own, .same, .own, .own, .own, .own])
    #expect(CoveredPaths.standings(["/x", "/"], recursive: true) == [.below, .own])
    #expect(CoveredPaths.standings(["/"], recursive: true) == [.own])
  }

  @Test("names that differ in bytes only are different paths")
  func bytes() {
    // "é" as one scalar, and as two.
    let paths = ["/\u{E9}", "/e\u{301}"]
    #expect(CoveredPaths.standings(paths, recursive: true) == [.own, .own])
  }

  @Test("what an earlier number named covers it and what lies below, a later one nothing")
  func numbers() {
    var paths = CoveredPaths()
    paths.add("s3://b/d", 5)
    #expect(paths.covers("s3://b/d/f", before: 6, below: true))
    #expect(!paths.covers("s3://b/d/f", before: 6, below: false))
    #expect(!paths.covers("s3://b/d/f", before: 5, below: true))
    #expect(paths.covers("s3://b/d/", before: 6, below: false))
    #expect(!paths.covers("s3://b/dd", before: 6, below: true))
  }
}
