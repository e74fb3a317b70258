import Ring
import Testing
import UFS
import WorkerDaemon

@Suite struct FlowMetricsTests {
  @Test("mounts that send remote requests have rows by verb, others none")
  func render() async throws {
    let group = try ReactorGroup(count: 1, pinned: false)
    let control = FlowControl()
    let texts = await group.reactors[0].run {
      var empty = MetricsPage()
      control.render(to: &empty)
      let gate = control.gate(mount: "/a\"b", host: "h")
      _ = control.gate(mount: "/quiet", host: "h")
      do throws(UFSError) {
        let pass = try await gate.enter(.get, purpose: .demand)
        pass.finish(.ok(bytes: 1))
        let held = try await gate.enter(.put, purpose: .demand)
        var page = MetricsPage()
        control.render(to: &page)
        held.finish(.throttled(retryAfter: nil))
        return [empty.text, page.text]
      } catch {
        Issue.record(error)
        return []
      }
    }
    group.stop()
    try #require(texts.count == 2)
    #expect(texts[0].isEmpty)
    let labels = "mount=\"/a\\\"b\",verb"
    #expect(texts[1].contains("penstock_ufs_requests_in_flight{\(labels)=\"put\"} 1\n"))
    #expect(
      texts[1].contains("penstock_ufs_requests_total{\(labels)=\"get\",outcome=\"answered\"} 1\n"))
    #expect(!texts[1].contains("quiet"))
  }
}
