import DaemonDriver
import FaultProxy
import Messages
import RPC
import Ring
import Testing

@Suite("RPC channel", .serialized)
struct RPCChannelTests {
  @Test("a public server answers unary calls and streams of all kinds")
  func publicServer() async throws {
    try await withPython { engine, server in
      try await everything(RPCChannel(engine: engine, target: server.target))
    }
  }

  @Test("a public server with mutual TLS answers, and only those with a certificate")
  func publicServerWithTLS() async throws {
    let certificates = try TestCertificates()
    let authority = certificates.authority.certificate
    let (certificate, key) = (certificates.client.certificate, certificates.client.key)
    try await withPython(tls: certificates) { engine, server in
      var options = RPCChannelOptions(
        tls: RPCTLSOptions(
          authoritiesFile: authority, certificateFile: certificate, keyFile: key))
      try await everything(RPCChannel(engine: engine, target: server.target, options: options))
      options.tls = RPCTLSOptions(authoritiesFile: authority)
      options.retry = nil
      let stranger = try RPCChannel(engine: engine, target: server.target, options: options)
      await expectFailure(.unavailable) { () throws(RPCError) in
        try await stranger.unary(Echo.unary, [1])
      }
    }
  }

  @Test("a public server sees deadlines and cancelled tasks")
  func publicServerSeesTheEnd() async throws {
    try await withPython { engine, server in
      let channel = try RPCChannel(engine: engine, target: server.target)
      let left = try await channel.unary(
        Echo.remaining, [], options: RPCCallOptions(timeout: .seconds(20)))
      #expect((1000...21_000).contains(Int(text(left)) ?? 0))
      await expectFailure(.deadlineExceeded) { () throws(RPCError) in
        try await channel.unary(
          Echo.wait, [], options: RPCCallOptions(timeout: .milliseconds(200)))
      }
      _ = try await channel.unary(Echo.awaitWaiting, [])
      #expect(try await channel.unary(Echo.awaitCancelled, []) == bytes("1"))
      let waiting = Task(executorPreference: Reactor.current) {
        await expectFailure(.cancelled) { () throws(RPCError) in
          try await channel.unary(Echo.wait, [])
        }
      }
      _ = try await channel.unary(Echo.awaitWaiting, [])
      waiting.cancel()
      #expect(try await channel.unary(Echo.awaitCancelled, []) == bytes("1"))
      _ = await waiting.value
    }
  }

  @Test("idempotent calls are tried again while the server is unavailable, others are not")
  func retries() async throws {
    try await withPython { engine, server in
      let channel = try RPCChannel(
        engine: engine, target: server.target,
        options: RPCChannelOptions(retry: RPCRetryPolicy(base: .milliseconds(1))))
      #expect(try await channel.unary(Echo.flaky, bytes("a:5")) == bytes("6"))
      let once = RPCMethod<[UInt8], [UInt8]>(
        Echo.flaky.path, request: .bytes, response: .bytes)
      await expectFailure(.unavailable) { () throws(RPCError) in
        try await channel.unary(once, bytes("b:1"))
      }
      #expect(try await channel.unary(once, bytes("b:1")) == bytes("2"))
      await expectFailure(.unavailable) { () throws(RPCError) in
        try await channel.unary(
          Echo.flaky, bytes("c:1000000"),
          options: RPCCallOptions(
            retry: RPCRetryPolicy(base: .milliseconds(1), budget: .milliseconds(100))))
      }
    }
  }

  @Test("a server that dies in mid-stream is an error, never an end")
  func serverDies() async throws {
    try await withPython { engine, server in
      let channel = try RPCChannel(engine: engine, target: server.target)
      let stream = try channel.serverStream(Echo.endless, [])
      _ = try await stream.next()
      await expectFailure(.unavailable) { () throws(RPCError) in
        try await channel.unary(Echo.leave, [])
      }
      await expectFailure(.unavailable) { () throws(RPCError) in
        while try await stream.next() != nil {}
      }
    }
  }

  @Test("our own server answers over TCP, a Unix socket, TLS and mutual TLS")
  func ourServer() async throws {
    let certificates = try TestCertificates()
    let authority = certificates.authority.certificate
    let pair = (certificates.client.certificate, certificates.client.key)
    try await withBench { bench in
      try await everything(try bench.channel())
      await bench.settle()
    }
    try await withBench({ RPCServerOptions(addresses: [.unix(path: $0.path("socket"))]) }) {
      bench in
      try await everything(try bench.channel())
      await bench.settle()
    }
    for demands in [false, true] {
      try await withBench({ _ in secure(certificates, demands: demands) }) { bench in
        let tls = RPCTLSOptions(
          authoritiesFile: authority, certificateFile: demands ? pair.0 : nil,
          keyFile: demands ? pair.1 : nil)
        try await everything(try bench.channel(RPCChannelOptions(tls: tls)))
        for bad in [RPCTLSOptions(), RPCTLSOptions(authoritiesFile: pair.0)] {
          let channel = try bench.channel(RPCChannelOptions(tls: bad, retry: nil))
          await expectFailure(.unavailable) { () throws(RPCError) in
            try await channel.unary(Echo.unary, [])
          }
        }
        await bench.settle()
      }
    }
  }

  @Test("ten thousand calls at once are all answered, and nothing is left of them")
  func manyCalls() async throws {
    try await withBench { bench in
      let channel = try bench.channel(RPCChannelOptions(tryTimeout: .seconds(120)))
      let count = 10_000
      let waiting = Task(executorPreference: bench.reactors[1]) {
        await withTaskGroup(of: Bool.self) { group in
          for _ in 0..<count {
            group.addTask(executorPreference: bench.reactors[1]) {
              do throws(RPCError) {
                _ = try await channel.unary(Echo.wait, [])
                return false
              } catch {
                return error.code == .cancelled
              }
            }
          }
          return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
      }
      await bench.service.wait { waiting, _ in waiting == count }
      #expect(bench.server.runningCount == count)
      waiting.cancel()
      #expect(await waiting.value == count)
      await bench.service.wait { _, cancelled in cancelled == count }
      let answers = await withTaskGroup(of: Bool.self) { group in
        for index in 0..<count {
          group.addTask(executorPreference: bench.reactors[0]) {
            do throws(RPCError) {
              return try await channel.unary(Echo.unary, bytes("\(index)")) == bytes("\(index)")
            } catch {
              return false
            }
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(answers == count)
      await bench.settle()
    }
  }

  @Test("a stream that is let go or cancelled ends its handler, on either side")
  func streamsEnd() async throws {
    try await withBench { bench in
      let channel = try bench.channel()
      do {
        let stream = try channel.serverStream(Echo.endless, [])
        #expect(try await stream.next()?.count == 1000)
      }
      await bench.service.wait { _, cancelled in cancelled == 1 }
      let endless = Task(executorPreference: bench.reactors[0]) {
        await expectFailure(.cancelled) { () throws(RPCError) in
          let stream = try channel.serverStream(Echo.endless, [])
          while try await stream.next() != nil {}
        }
      }
      endless.cancel()
      _ = await endless.value
      // A client that goes before it said that no more come is not mistaken for one that is done.
      await bench.settle()
      let before = bench.service.cancelledCount
      do {
        let stream = try channel.stream(Echo.sum)
        #expect(try await stream.send([1, 2, 3]))
      }
      await bench.service.wait { _, cancelled in cancelled > before }
      await bench.settle()
    }
  }

  @Test("a server stops when its calls have ended, and cancels them after the limit")
  func stopping() async throws {
    try await withBench { bench in
      let channel = try bench.channel(RPCChannelOptions(retry: nil))
      let waiting = Task(executorPreference: bench.reactors[0]) {
        await expectFailure(.unavailable) { () throws(RPCError) in
          try await channel.unary(Echo.wait, [])
        }
      }
      await bench.service.wait { waiting, _ in waiting == 1 }
      await bench.server.stop(within: .milliseconds(50))
      _ = await waiting.value
      #expect(bench.service.cancelledCount == 1)
      await expectFailure(.unavailable) { () throws(RPCError) in
        try await channel.unary(Echo.unary, [])
      }
    }
  }

  @Test("calls above the server's bound are refused, those below it go on")
  func bound() async throws {
    let options = RPCServerOptions(addresses: loopback.addresses, callCountMax: 2)
    try await withBench({ _ in options }) { bench in
      let channel = try bench.channel()
      let waiting = (0..<2).map { _ in
        Task(executorPreference: bench.reactors[0]) {
          await expectFailure(.cancelled) { () throws(RPCError) in
            try await channel.unary(Echo.wait, [])
          }
        }
      }
      await bench.service.wait { waiting, _ in waiting == 2 }
      await expectFailure(.resourceExhausted) { () throws(RPCError) in
        try await channel.unary(Echo.unary, [])
      }
      #expect(bench.server.refusedCount == 1)
      for task in waiting { task.cancel() }
      for task in waiting { _ = await task.value }
      await bench.settle()
      #expect(try await channel.unary(Echo.unary, [5]) == [5])
      await bench.settle()
    }
  }

  @Test("what cannot be used is named before the first call")
  func badOptions() async throws {
    let certificates = try TestCertificates()
    let (certificate, key) = (certificates.server.certificate, certificates.server.key)
    try await withBench { bench in
      let broken = [
        RPCTLSOptions(authoritiesFile: "/nowhere/ca.pem"),
        RPCTLSOptions(authoritiesFile: "/dev/null"),
        RPCTLSOptions(certificateFile: certificate), RPCTLSOptions(keyFile: key),
      ]
      for tls in broken {
        await expectFailure(.invalidArgument) { () throws(RPCError) in
          try RPCChannel(
            engine: bench.engine, target: bench.target, options: RPCChannelOptions(tls: tls))
        }
      }
      let taken = RPCServer(
        engine: bench.engine,
        options: RPCServerOptions(
          addresses: [
            .tcp(host: "127.0.0.1", port: 0), .tcp(host: "127.0.0.1", port: bench.server.ports[0]),
          ]))
      let failure = await expectFailure(.unavailable) { () throws(RPCError) in
        try taken.start(on: bench.reactors)
      }
      #expect(failure?.message.contains("\(bench.server.ports[0])") == true)
      let keyless = RPCServer(
        engine: bench.engine,
        options: RPCServerOptions(
          addresses: loopback.addresses, tls: RPCTLSOptions(certificateFile: certificate)))
      await expectFailure(.invalidArgument) { () throws(RPCError) in
        try keyless.start(on: bench.reactors)
      }
      let channel = try bench.channel()
      for entry in [("UPPER", "x"), ("x-word", "line\nbreak"), ("", "x")] {
        await expectFailure(.invalidArgument) { () throws(RPCError) in
          try await channel.unary(Echo.unary, [], options: RPCCallOptions(metadata: [entry]))
        }
      }
    }
  }

  @Test("typed services carry their messages both ways")
  func typed() async throws {
    try await withBench { bench in
      let jobs = JobsClient(try bench.channel())
      let made = try await jobs.submit(
        .make {
          $0.source.paths = ["s3://bucket/ü", "s3://bucket/b"]
          $0.load = .make { $0.verify = true }
        })
      #expect(made.isNew && made.jobID == "s3://bucket/ü,s3://bucket/b")
      var states: [WireJobState] = []
      let watch = try jobs.watch(WireWatchRequest())
      while let progress = try await watch.next() { states.append(progress.state) }
      #expect(states == [.waiting, .running, .succeeded])
      await expectFailure(.notFound) { () throws(RPCError) in
        try await jobs.stop(WireStopRequest())
      }
      let rubbish = RPCMethod<[UInt8], [UInt8]>(
        JobsService.list.path, request: .bytes, response: .bytes)
      let channel = jobs.channel
      await expectFailure(.invalidArgument) { () throws(RPCError) in
        try await channel.unary(rubbish, [0xff, 0xff, 0xff])
      }
      let misread = RPCMethod<[UInt8], WireJobCounts>(
        Echo.unary.path, request: .bytes, response: .protobuf)
      await expectFailure(.internal) { () throws(RPCError) in
        try await channel.unary(misread, [0xff, 0xff, 0xff])
      }
      await bench.settle()
    }
  }
}

/// Unary calls and all kinds of streams, each once.
private func everything(_ channel: RPCChannel) async throws {
  for size in [0, 1, 16_384, 1 << 20] {
    let message = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    #expect(try await channel.unary(Echo.unary, message) == message)
  }
  let failure = await expectFailure(.dataLoss) { () throws(RPCError) in
    try await channel.unary(Echo.fail, bytes("15:gone ü"))
  }
  #expect(failure?.message == "gone ü")
  await expectFailure(.unimplemented) { () throws(RPCError) in
    try await channel.unary(Echo.nothing, [])
  }
  let word = RPCCallOptions(metadata: [("x-word", "a word")])
  #expect(try await channel.unary(Echo.metadata, bytes("x-word"), options: word) == bytes("a word"))

  var counted: [String] = []
  let counting = try channel.serverStream(Echo.count, bytes("500"))
  while let message = try await counting.next() { counted.append(text(message)) }
  #expect(counted == (0..<500).map { "\($0)" })

  let summing = try channel.stream(Echo.sum)
  for index in 0..<100 {
    let isSent = try await summing.send([UInt8](repeating: 1, count: index * 100))
    #expect(isSent)
  }
  #expect(try await summing.response() == bytes("100 495000"))

  let chat = try channel.stream(Echo.chat)
  for index in 0..<200 {
    #expect(try await chat.send(bytes("\(index)")))
    #expect(try await chat.next() == bytes("\(index)"))
  }
  await chat.finishSending()
  #expect(try await chat.next() == nil)
}
