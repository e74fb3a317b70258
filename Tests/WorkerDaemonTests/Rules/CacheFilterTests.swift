import Testing

@testable import WorkerDaemon

@Suite("CacheFilter")
struct CacheFilterTests {
  private func filter(_ text: String) throws -> CacheFilter {
    try CacheFilter(parsing: Array(text.utf8))
  }

  private let sample = """
    {"apiVersion": 1,
     "data": {"defaultType": "immutable", "immutable": [".*/fixed/.*"], "skipCache": [".*/never/.*"],
              "maxAge": {".*/fresh/.*": "10s", ".*/fresher/.*": "2s"}},
     "metadata": {"maxAge": {".*": "1min"}}}
    """

  @Test("the form of 3.x sets data and metadata apart")
  func ruleSet() throws {
    let filter = try filter(sample)
    #expect(filter.data.action(for: ["/s3/never/a"]) == .skipCache)
    #expect(filter.data.action(for: ["/s3/fresh/a"]) == .maxAge(.seconds(10)))
    #expect(filter.data.action(for: ["/s3/fixed/a"]) == .immutable)
    #expect(filter.data.action(for: ["/s3/other"]) == .immutable)
    #expect(filter.metadata.action(for: ["/s3/never/a"]) == .maxAge(.seconds(60)))
    #expect(filter.patternCount == 5)
  }

  @Test("of several rules that match, the most careful one wins")
  func precedence() throws {
    let filter = try filter(sample)
    #expect(filter.data.action(for: ["/fixed/never/fresh/a"]) == .skipCache)
    #expect(filter.data.action(for: ["/fixed/fresh/fresher/a"]) == .maxAge(.seconds(2)))
    #expect(filter.data.action(for: ["/fixed/fresh/a"]) == .maxAge(.seconds(10)))
  }

  @Test("without a default type, what no pattern matches is as the configuration says")
  func standard() throws {
    let filter = try filter(#"{"data":{"skipCache":["/a/.*"]}}"#)
    #expect(filter.data.action(for: ["/b"]) == .standard)
    #expect(filter.metadata.action(for: ["/a/b"]) == .standard)
  }

  @Test("a file is known by its Alluxio path, its UFS path, and s3a:// for s3://")
  func names() throws {
    let filter = try filter(#"{"data":{"skipCache":["s3a://bkt/x/.*","/m/y"]}}"#)
    func action(_ path: String, _ ufsPath: String) -> FilterAction {
      filter.data.action(for: CacheFilter.names(alluxioPath: path, ufsPath: ufsPath))
    }
    #expect(action("/m/x/a", "s3://bkt/x/a") == .skipCache)
    #expect(action("/m/y", "s3://bkt/y") == .skipCache)
    #expect(action("/m/z", "s3://bkt/z") == .standard)
    #expect(CacheFilter.names(alluxioPath: "/m", ufsPath: "file:///d").count == 2)
  }

  @Test("the lists of 2.x allow, block, or cache all")
  func patternList() throws {
    let allow = try filter(#"{"filterType":"ALLOW_LIST","regxPatternStrList":["/a/.*"]}"#)
    #expect(allow.data.action(for: ["/a/b"]) == .standard)
    #expect(allow.data.action(for: ["/b"]) == .skipCache)
    #expect(allow.metadata.action(for: ["/b"]) == .standard)
    let block = try filter(#"{"filterType":"block_list","regxPatternStrList":["/a/.*"]}"#)
    #expect(block.data.action(for: ["/a/b"]) == .skipCache)
    #expect(block.data.action(for: ["/b"]) == .standard)
    let all = try filter(#"{"filterType":"CACHE_ALL"}"#)
    #expect(all.data.action(for: ["/a"]) == .standard)
    // An empty list allows nothing.
    let none = try filter(#"{"filterType":"ALLOW_LIST","regxPatternStrList":[]}"#)
    #expect(none.data.action(for: ["/a"]) == .skipCache && none.isOpinionated)
  }

  @Test(
    "a file that cannot be obeyed to the letter is refused, naming what is wrong",
    arguments: [
      ("{", "no JSON"), ("[]", "not an object"), (#"{"apiVersion":2}"#, "apiVersion"),
      (#"{"dat":{}}"#, "'dat'"), (#"{"data":[]}"#, "not an object"),
      (#"{"data":{"skip":[]}}"#, "'data.skip'"),
      (#"{"data":{"immutable":"x"}}"#, "list of patterns"),
      (#"{"data":{"immutable":[1]}}"#, "a number"),
      (#"{"data":{"immutable":["("]}}"#, "without its )"),
      (#"{"data":{"maxAge":{"a":"soon"}}}"#, "time"), (#"{"data":{"maxAge":{"a":"-1s"}}}"#, "time"),
      (#"{"data":{"maxAge":[]}}"#, "not an object"),
      (#"{"data":{"defaultType":"maxAge"}}"#, "maxAge"),
      (#"{"data":{"defaultType":"x"}}"#, "must be"), (#"{"filterType":"SOME"}"#, "filterType"),
      (#"{"filterType":"BLOCK_LIST","regxPatternStrList":["a("]}"#, "without its )"),
    ])
  func refused(_ text: String, _ words: String) {
    do {
      _ = try filter(text)
      Issue.record("\(text) is taken")
    } catch {
      #expect("\(error)".contains(words), "\(error)")
    }
  }
}
