import Glibc
import HTTPWire
import Ring
import Synchronization
import Testing

/// A reply that breaks a rule.
struct BadReply: Sendable, CustomTestStringConvertible {
  let name: String
  let text: String
  let code: HTTPClientError.Code

  init(_ name: String, _ text: String, _ code: HTTPClientError.Code = .malformed) {
    (self.name, self.text, self.code) = (name, text, code)
  }

  var testDescription: String { name }
}

/// Replies after which the server closes.
private let badReplies = [
  BadReply("no byte", "", .reset),
  BadReply("half a status line", "HTTP/1.1 2", .reset),
  BadReply("half a head", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", .reset),
  BadReply("garbage", "\u{1}\u{2}\u{3}\r\n\r\n"),
  BadReply("another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
  BadReply("another version", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
  BadReply("a bare line feed", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"),
  BadReply("a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"),
  BadReply("a status below 100", "HTTP/1.1 099 OK\r\n\r\n"),
  BadReply("a switch of protocols", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"),
  BadReply(
    "two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
  BadReply("a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
  BadReply(
    "a length beyond any", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"),
  BadReply(
    "length and chunks",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  BadReply("another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
  BadReply("a folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
  BadReply(
    "a head too large", "HTTP/1.1 200 OK\r\nA: \(String(repeating: "x", count: 70_000))",
    .tooLarge),
  BadReply("a body too short", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", .truncated),
  BadReply("no body", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", .truncated),
  BadReply(
    "chunks that stop", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    .truncated),
  BadReply(
    "a chunk too short", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9000\r\nhello",
    .truncated),
  BadReply(
    "a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n"),
  BadReply(
    "a chunk too long",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!!\r\n0\r\n\r\n"),
]

/// A flag between tasks.
private final class Flag: Sendable {
  let isSet = Atomic(false)
}

@Suite("HTTP client against servers that misbehave", .serialized)
struct HTTPClientFaultTests {
  private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

  @Test("a reply that breaks a rule is the right error, never data", arguments: badReplies)
  func broken(_ bad: BadReply) async throws {
    try await withClient { peer in
      guard await peer.head() != nil else { return }
      await peer.send(bad.text)
    } _: { (client, origin) async throws in
      #expect(await clientCode { try await client.fetch(origin) } == bad.code)
      #expect(client.statistics.open == 0)
      #expect(client.statistics.repeated == 0)
    }
  }

  @Test(
    "a cancelled task's request ends at once, before the head and in the body, and closes its connection"
  )
  func cancelled() async throws {
    let replies = ["", "HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\nhello"]
    for reply in replies {
      let hasRequest = Flag()
      try await withClient { peer in
        guard await peer.head() != nil else { return }
        await peer.send(reply)
        hasRequest.isSet.store(true, ordering: .relaxed)
        await peer.untilGone()
      } _: { (client, origin) async throws in
        let reactor = try #require(Reactor.current)
        let asking = Task(executorPreference: reactor) {
          await clientCode { try await client.fetch(origin) }
        }
        while !hasRequest.isSet.load(ordering: .relaxed) {
          await reactor.sleep(for: .milliseconds(1))
        }
        asking.cancel()
        #expect(await asking.value == .stopped, "'\(reply)'")
        #expect(client.statistics.open == 0, "'\(reply)'")
      }
    }
  }

  @Test("a reset in the middle of a body is an error")
  func reset() async throws {
    try await withClient { peer in
      _ = await peer.head()
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\nhello")
      peer.resetOnClose()
    } _: { (client, origin) async throws in
      #expect(await clientCode { try await client.fetch(origin) } == .reset)
    }
  }

  @Test("a body with no length ends with its connection")
  func untilClose() async throws {
    try await withClient { peer in
      _ = await peer.head()
      await peer.send("HTTP/1.1 200 OK\r\n\r\nhello ")
      await peer.send("world")
    } _: { (client, origin) async throws in
      #expect(try await client.fetch(origin) == Array("hello world".utf8))
      #expect(client.statistics.open == 0)
    }
  }

  @Test("interim replies are passed over, endless ones are not")
  func interim() async throws {
    try await withClient { peer in
      _ = await peer.head()
      let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
      await peer.send(interim + Self.hello)
      _ = await peer.head()
      while await peer.send(interim) {}
    } _: { (client, origin) async throws in
      #expect(try await client.fetch(origin) == Array("hello".utf8))
      #expect(await clientCode { try await client.fetch(origin) } == .malformed)
    }
  }

  @Test("equal lengths and a missing reason are forgiven")
  func lenient() async throws {
    try await withClient { peer in
      await peer.answerAll("HTTP/1.1 200\r\nContent-Length: 2\r\ncontent-length:2\r\n\r\nok")
    } _: { (client, origin) async throws in
      #expect(try await client.fetch(origin) == Array("ok".utf8))
      #expect(try await client.fetch(origin) == Array("ok".utf8))
      #expect(client.statistics.opened == 1)
    }
  }

  @Test("bytes behind a reply are never taken for the next one")
  func leftOver() async throws {
    try await withClient { peer in
      await peer.answerAll(Self.hello + "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")
    } _: { (client, origin) async throws in
      for _ in 0..<3 { #expect(try await client.fetch(origin) == Array("hello".utf8)) }
      #expect(client.statistics.opened == 3)
    }
  }

  @Test("a kept connection that is dead is replaced once when the request may be repeated")
  func stale() async throws {
    let heads = Mutex<[Int]>([])
    try await withClient { peer in
      // The first connection answers once, takes the second request and ends without a word.
      while await peer.head() != nil {
        let seen = heads.withLock { heads in
          heads.append(peer.number)
          return heads.count
        }
        if seen == 2 || seen == 5 { return }
        await peer.send(Self.hello)
      }
    } _: { (client, origin) async throws in
      #expect(try await client.fetch(origin) == Array("hello".utf8))
      #expect(try await client.fetch(origin) == Array("hello".utf8))
      #expect(heads.withLock { $0 } == [0, 0, 1])
      #expect(client.statistics.repeated == 1)
      #expect(try await client.fetch(origin) == Array("hello".utf8))
      let once = HTTPClientRequest(.post, origin, target: "/")
      #expect(await clientCode { try await client.send(once) } == .reset)
      #expect(client.statistics.repeated == 1)
      #expect(heads.withLock { $0 } == [0, 0, 1, 1, 1])
      #expect(client.statistics.open == 0)
    }
  }

  @Test("a connection that its server closed while idle is not used")
  func closedWhileIdle() async throws {
    let closed = Gate()
    try await withClient { peer in
      _ = await peer.head()
      await peer.send(Self.hello)
      _ = shutdown(peer.fd, Int32(SHUT_RDWR))
      closed.open()
    } _: { (client, origin) async throws in
      #expect(try await client.fetch(origin) == Array("hello".utf8))
      await closed.wait()
      let once = HTTPClientRequest(.post, origin, target: "/")
      let reply = try await client.send(once)
      #expect(try await reply.collect(max: 10) == Array("hello".utf8))
      #expect(client.statistics.repeated == 0)
      #expect(client.statistics.opened == 2)
    }
  }

  @Test("a deadline ends a wait for the head and for the body", arguments: ["head", "body"])
  func deadline(_ place: String) async throws {
    try await withClient { peer in
      _ = await peer.head()
      if place == "body" {
        await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhello")
      }
      await peer.untilGone()
    } _: { (client, origin) async throws in
      let reactor = try #require(Reactor.current)
      let start = reactor.now
      let code = await clientCode {
        try await client.fetch(origin, deadline: start + 200_000_000)
      }
      #expect(code == .timeout)
      #expect(reactor.now - start >= 200_000_000)
      #expect(reactor.now - start < 5_000_000_000)
      #expect(client.statistics.timeouts == 1)
      #expect(client.statistics.open == 0)
    }
  }

  @Test("nothing for too long ends a wait; a trickle does not, but for the deadline")
  func stall() async throws {
    try await withClient(options { $0.stallTimeout = .milliseconds(200) }) { peer in
      _ = await peer.head()
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
      for _ in 0..<10 {
        await peer.reactor.sleep(for: .milliseconds(60))
        await peer.send("x")
      }
      await peer.untilGone()
    } _: { (client, origin) async throws in
      let reactor = try #require(Reactor.current)
      let start = reactor.now
      #expect(await clientCode { try await client.fetch(origin) } == .timeout)
      #expect(reactor.now - start >= 800_000_000)
      let patience = reactor.now + 300_000_000
      #expect(await clientCode { try await client.fetch(origin, deadline: patience) } == .timeout)
      #expect(reactor.now >= patience)
    }
  }

  @Test("a turn that does not come ends with the deadline")
  func turnDeadline() async throws {
    try await withClient(options { $0.connectionsPerOrigin = 1 }) { peer in
      _ = await peer.head()
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\nhello")
      await peer.untilGone()
    } _: { (client, origin) async throws in
      let reactor = try #require(Reactor.current)
      let reply = try await client.send(HTTPClientRequest(.get, origin, target: "/"))
      do throws(HTTPClientError) {
        _ = try await client.fetch(origin, deadline: reactor.now + 100_000_000)
        Issue.record("it got a turn")
      } catch {
        #expect(error.code == .timeout)
        #expect(error.sentNothing)
      }
      reply.drop()
      #expect(client.statistics.open == 0)
    }
  }

  @Test("a reply dropped while it is read ends the read")
  func dropWhileReading() async throws {
    try await withClient { peer in
      _ = await peer.head()
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\nhello")
      await peer.untilGone()
    } _: { (client, origin) async throws in
      let reactor = try #require(Reactor.current)
      let reply = try await client.send(HTTPClientRequest(.get, origin, target: "/"))
      nonisolated(unsafe) let shared = reply
      // Its turn comes when the read waits for the rest.
      reactor.spawn { shared.drop() }
      #expect(await clientCode { try await reply.read(50_000) } == .stopped)
      #expect(client.statistics.open == 0)
    }
  }

  @Test("an early answer to an upload counts, and its connection is not used again")
  func earlyAnswer() async throws {
    try await withClient { peer in
      _ = await peer.head()
      await peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
      _ = shutdown(peer.fd, Int32(SHUT_RDWR))
    } _: { (client, origin) async throws in
      let body = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 20, alignment: 16)
      defer { unsafe body.deallocate() }
      unsafe body.initializeMemory(as: UInt8.self, repeating: 1)
      let request = HTTPClientRequest(
        .put, origin, target: "/", body: .bytes(UnsafeRawBufferPointer(body)))
      do throws(HTTPClientError) {
        let reply = try await client.send(request)
        #expect(reply.status == 403)
        await reply.finish()
      } catch {
        // The reset that unread bytes cause may overtake the answer.
        #expect(error.code == .reset)
      }
      #expect(client.statistics.open == 0)
    }
  }

  @Test("a port that nobody listens on refuses, and nothing was sent")
  func refused() async throws {
    try await withClient { _ in
    } _: { (client, _) async throws in
      // Bound and not listening: nobody else can take it.
      let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { Glibc.close(fd) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let bound = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe bind(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      try #require(bound == 0)
      guard case .ip(_, let port) = try #require(SocketAddress.local(of: fd)) else { return }
      do throws(HTTPClientError) {
        _ = try await client.fetch(HTTPOrigin(isSecure: false, host: "127.0.0.1", port: port))
        Issue.record("it answered")
      } catch {
        #expect(error.code == .connect)
        #expect(error.errno == ECONNREFUSED)
        #expect(error.sentNothing)
      }
    }
  }

  @Test("a kept connection is closed when nobody uses it for long enough")
  func idle() async throws {
    let gone = Gate()
    try await withClient(options { $0.idleTimeout = .milliseconds(50) }) { peer in
      await peer.answerAll(Self.hello)
      gone.open()
    } _: { (client, origin) async throws in
      #expect(try await client.fetch(origin) == Array("hello".utf8))
      await gone.wait()
      #expect(client.statistics.open == 0)
    }
  }

  @Test("a proxy is asked for the whole address")
  func proxy() async throws {
    let heads = Mutex<[String]>([])
    try await withClient { peer in
      while let head = await peer.head() {
        heads.withLock { $0.append(head) }
        await peer.send(Self.hello)
      }
    } _: { (client, origin) async throws in
      var options = client.options
      options.proxy = HTTPProxy(host: origin.host, port: origin.port)
      options.userAgent = ""
      let proxied = client.with(options)
      let far = HTTPOrigin(isSecure: false, host: "store.invalid", port: 81)
      #expect(try await proxied.fetch(far, "/a?b") == Array("hello".utf8))
      #expect(
        heads.withLock { $0 } == [
          "GET http://store.invalid:81/a?b HTTP/1.1\r\nHost: store.invalid:81\r\n\r\n"
        ])
    }
  }
}

/// Holds a task until it is opened once.
private typealias Gate = TestGate
