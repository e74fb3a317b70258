// Reading and writing through every surface, compared with the disk.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("The whole path")
  struct WholePathTests {
    @Test("every surface returns the same bytes, cold and warm")
    func surfaces() async throws {
      try await blocking {
        let content = patterned(3 << 20 | 4321, seed: 9)
        let fixture = try Fixture { try writeBytes(content, to: "\($0)/file") }
        let path = fixture.source("file")
        for pass in ["cold", "warm"] {
          let rest = try fixture.rest()
          let chunk = try rest.request("GET", "/v1/chunk/-?ufsFullPath=\(path)")
          #expect(identical(chunk.body, content), "\(pass)")
          let object = try fixture.objects().request("GET", "/data/file")
          #expect(identical(object.body, content), "\(pass)")
          for (index, start) in stride(from: 0, to: content.count, by: 1 << 20).enumerated() {
            let wanted = Array(content[start..<min(start + (1 << 20), content.count)])
            let page = try rest.request("GET", "/v1/file/-/page/\(index)?ufsFullPath=\(path)")
            #expect(identical(page.body, wanted), "\(pass) page \(index)")
          }
          let range = try rest.request(
            "GET", "/v1/range/-?ufsFullPath=\(path)&offset=1048570&length=20")
          #expect(range.body == Array(content[1_048_570..<1_048_590]))
        }
        let hits = try fixture.daemon.metric("alluxio_cached_data_read_bytes_total") ?? 0
        #expect(hits >= Double(content.count))
      }
    }

    @Test("pipelined requests are answered in order on one connection")
    func pipelining() async throws {
      try await blocking {
        let content = patterned(50_000, seed: 10)
        let fixture = try Fixture { try writeBytes(content, to: "\($0)/file") }
        let connection = try fixture.objects()
        for index in 0..<100 {
          let range = "bytes=\(index * 400)-\(index * 400 + 399)"
          try connection.sendRequest("GET", "/data/file", headers: [("Range", range)])
        }
        for index in 0..<100 {
          let response = try connection.receive()
          #expect(response.status == 206)
          #expect(response.body == Array(content[(index * 400)..<(index * 400 + 400)]))
        }
      }
    }

    @Test("HEAD tells length, tag and time and sends no body")
    func head() async throws {
      try await blocking {
        let fixture = try Fixture { try writeBytes([1, 2, 3], to: "\($0)/file") }
        let connection = try fixture.objects()
        let head = try connection.request("HEAD", "/data/file")
        #expect(head.status == 200)
        #expect(head.headers["content-length"] == "3")
        #expect(head.headers["accept-ranges"] == "bytes")
        #expect(head.headers["etag"] != nil && head.headers["last-modified"] != nil)
        // The connection is in step: a body would be taken for the next head.
        #expect(try connection.request("GET", "/data/file").body == [1, 2, 3])
      }
    }

    @Test("a chunked body with Expect: 100-continue is written as it is")
    func chunkedWrite() async throws {
      try await blocking {
        let fixture = try Fixture()
        let content = patterned(2_000_000, seed: 12)
        let connection = try fixture.rest()
        try connection.send(
          "POST /v1/chunk/-?ufsFullPath=\(fixture.source("new")) HTTP/1.1\r\nHost: a\r\n"
            + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
        var rest = content[...]
        for size in [1, 17, 70_000, 500_000, Int.max] where !rest.isEmpty {
          let part = rest.prefix(size)
          rest = rest.dropFirst(size)
          try connection.send(Array("\(String(part.count, radix: 16))\r\n".utf8) + part)
          try connection.send("\r\n")
        }
        try connection.send("0\r\n\r\n")
        let response = try connection.receive()
        #expect((200..<300).contains(response.status), "\(response.text)")
        #expect(identical(try readBytes("\(fixture.folder)/new"), content))
      }
    }

    @Test("a write that is cut off leaves the old file as it was")
    func cutWrite() async throws {
      try await blocking {
        let old = patterned(10_000, seed: 13)
        let fixture = try Fixture { try writeBytes(old, to: "\($0)/file") }
        let connection = try fixture.rest()
        try connection.send(
          "POST /v1/chunk/-?ufsFullPath=\(fixture.source("file")) HTTP/1.1\r\nHost: a\r\n"
            + "Content-Length: 1000000\r\n\r\nonly this")
        connection.finishSending()
        _ = try? connection.receive()
        #expect(identical(try readBytes("\(fixture.folder)/file"), old))
        #expect(names(in: fixture.folder) == ["file"])
        fixture.expectAlive()
      }
    }

    @Test("a load brings everything in, and the counts add up")
    func load() async throws {
      try await blocking {
        let fixture = try Fixture { folder in
          try makeDirectories("\(folder)/a/b")
          for index in 0..<40 {
            try writeBytes(patterned(index * 10_000, seed: index + 1), to: "\(folder)/a/b/\(index)")
          }
        }
        let connection = try fixture.rest()
        let query = "/v1/load?path=\(fixture.source("a"))&opType="
        #expect(try connection.request("GET", query + "submit").text.contains("\"success\":true"))
        var report = ""
        let isDone = try eventually {
          report = try connection.request("GET", query + "progress").text
          return report.contains("SUCCEEDED")
        }
        #expect(isDone, "\(report)")
        let before = try fixture.daemon.metric("alluxio_external_data_read_bytes_total") ?? 0
        for index in 1..<40 {
          let body = try connection.request(
            "GET", "/v1/chunk/-?ufsFullPath=\(fixture.source("a/b/\(index)"))"
          ).body
          #expect(identical(body, patterned(index * 10_000, seed: index + 1)))
        }
        #expect(try fixture.daemon.metric("alluxio_external_data_read_bytes_total") ?? 0 == before)
      }
    }

    @Test("metrics are Prometheus text, and health and readiness answer")
    func operations() async throws {
      try await blocking {
        let fixture = try Fixture()
        let connection = try HTTPConnection(port: fixture.daemon.ports.web)
        #expect(try connection.request("GET", "/healthz").status == 200)
        let metrics = try connection.request("GET", "/metrics")
        #expect(metrics.headers["content-type"]?.hasPrefix("text/plain") == true)
        for line in metrics.text.split(separator: "\n") where !line.hasPrefix("#") {
          #expect(
            line.wholeMatch(of: /[a-zA-Z_:][\w:]*(\{.*\})? [-+0-9.eEInfNa]+/) != nil, "\(line)")
        }
        #expect(metrics.text.contains("alluxio_cached_capacity_bytes"))
      }
    }
  }
}
