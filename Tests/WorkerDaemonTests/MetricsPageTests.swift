import Model
import Testing

@testable import WorkerDaemon

@Suite("MetricsPage")
struct MetricsPageTests {
  @Test("families carry help and type, histograms cumulate and end with +Inf")
  func page() {
    var page = MetricsPage()
    page.counter("a_total", "Things.", [("", 1), ("k=\"v\"", 2)])
    page.gauge("b", "Level.", [("", -3)])
    page.histogram(
      "h", "Sizes.", [("m=\"read\"", .init(bounds: [10, 20], counts: [1, 2, 4], sum: 77))])
    #expect(
      page.text == """
        # HELP a_total Things.
        # TYPE a_total counter
        a_total 1
        a_total{k="v"} 2
        # HELP b Level.
        # TYPE b gauge
        b -3
        # HELP h Sizes.
        # TYPE h histogram
        h_bucket{m="read",le="10"} 1
        h_bucket{m="read",le="20"} 3
        h_bucket{m="read",le="+Inf"} 7
        h_sum{m="read"} 77
        h_count{m="read"} 7

        """)
  }

  @Test("label values are escaped")
  func escaping() {
    #expect(MetricsPage.escape("a\\b\"c\nd") == "a\\\\b\\\"c\\nd")
  }

  @Test("stripes of a counter add up, from any number of threads")
  func striped() async {
    let counters = StripedCounters(count: 9, stripes: 3)
    await withTaskGroup(of: Void.self) { group in
      for stripe in 0..<3 {
        group.addTask { for _ in 0..<10_000 { counters.add(2, to: 8, stripe: stripe) } }
      }
    }
    #expect(counters.value(8) == 60_000)
    #expect(counters.value(0) == 0)
  }

  @Test("read sizes fall into the bucket that holds them")
  func readSizes() {
    let counters = ReadCounters(ringNodes: [0])
    counters.served(bytes: 4096)
    counters.served(bytes: 4097)
    counters.served(bytes: 2 << 30)
    var page = MetricsPage()
    counters.render(to: &page)
    #expect(page.text.contains("alluxio_data_access_bytes_bucket{method=\"read\",le=\"4096\"} 1\n"))
    #expect(
      page.text.contains("alluxio_data_access_bytes_bucket{method=\"read\",le=\"16384\"} 2\n"))
    #expect(page.text.contains("alluxio_data_access_bytes_count{method=\"read\"} 3\n"))
  }
}
