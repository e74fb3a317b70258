import Glibc
import HTTPWire
import Ring
import Synchronization
import Testing

@Suite("Host resolver")
struct HostResolverTests {
  /// What the look-up says now, and how often it was asked.
  private final class Names: Sendable {
    let state = Mutex<(answer: Result<[String], HostResolver.Failure>, count: Int)>(
      (.failure(HostResolver.Failure("not told")), 0))

    func look(_ name: String) -> Result<[String], HostResolver.Failure> {
      state.withLock { state in
        state.count += 1
        return state.answer
      }
    }

    func set(_ answer: Result<[String], HostResolver.Failure>) {
      state.withLock { $0.answer = answer }
    }

    var count: Int { state.withLock { $0.count } }

    /// The time that answers age by, in nanoseconds.
    let time = Atomic<UInt64>(1)

    func pass(_ duration: Duration) { time.add(duration.nanoseconds, ordering: .relaxed) }
  }

  /// Runs `body` on a ring with a resolver that asks `Names`.
  private func withResolver(
    _ body: @escaping @Sendable (HostResolver, Names) async throws -> Void
  ) async throws {
    let reactor = try Reactor()
    let pool = try BlockingPool(name: "test", threads: 2)
    let names = Names()
    let resolver = HostResolver(pool: pool) {
      names.look($0)
    } clock: { _ in
      names.time.load(ordering: .relaxed)
    }
    let result: Result<Void, any Error> = await reactor.run {
      do { return .success(try await body(resolver, names)) } catch {
        return .failure(error)
      }
    }
    reactor.stop()
    pool.stop()
    try result.get()
  }

  @Test("an address is its own answer")
  func numeric() async throws {
    try await withResolver { (resolver, names) async throws in
      for host in ["127.0.0.1", "::1"] {
        #expect(try await resolver.resolve(host, deadline: .max) == [host])
      }
      #expect(names.count == 0)
    }
  }

  @Test("one question serves all who wait, and its answer is kept")
  func shared() async throws {
    try await withResolver { (resolver, names) async throws in
      names.set(.success(["10.0.0.1", "10.0.0.2"]))
      try await withThrowingTaskGroup(of: [String].self) { group in
        for _ in 0..<50 {
          group.addTask { try await resolver.resolve("store", deadline: .max) }
        }
        for try await answer in group { #expect(answer == ["10.0.0.1", "10.0.0.2"]) }
      }
      #expect(names.count == 1)
      resolver.forget()
      _ = try await resolver.resolve("store", deadline: .max)
      #expect(names.count == 2)
    }
  }

  @Test("a failure is kept for a moment, then asked again")
  func failure() async throws {
    try await withResolver { (resolver, names) async throws in
      for _ in 0..<3 {
        names.pass(.milliseconds(300))
        await #expect(throws: HostResolver.Failure.self) {
          _ = try await resolver.resolve("store", deadline: .max)
        }
      }
      #expect(names.count == 1)
      names.set(.success(["10.0.0.1"]))
      names.pass(.milliseconds(400))
      #expect(try await resolver.resolve("store", deadline: .max) == ["10.0.0.1"])
    }
  }

  @Test("an old answer stands in while names cannot be asked for")
  func stale() async throws {
    try await withResolver { (resolver, names) async throws in
      names.set(.success(["10.0.0.1"]))
      _ = try await resolver.resolve("store", deadline: .max)
      names.set(.failure(HostResolver.Failure("down")))
      names.pass(.seconds(29))
      #expect(try await resolver.resolve("store", deadline: .max) == ["10.0.0.1"])
      #expect(names.count == 1)
      for count in 2...10 {
        names.pass(.seconds(30))
        #expect(try await resolver.resolve("store", deadline: .max) == ["10.0.0.1"])
        #expect(names.count == count)
      }
      names.pass(.seconds(60))
      await #expect(throws: HostResolver.Failure.self, "five minutes are enough") {
        _ = try await resolver.resolve("store", deadline: .max)
      }
      names.set(.success(["10.0.0.9"]))
      names.pass(.seconds(1))
      #expect(try await resolver.resolve("store", deadline: .max) == ["10.0.0.9"])
    }
  }

  @Test("a wait ends at its deadline though the question goes on")
  func deadline() async throws {
    let pool = try BlockingPool(name: "test", threads: 1)
    let reactor = try Reactor()
    let isReleased = Atomic<Bool>(false)
    let resolver = HostResolver(pool: pool) { _ in
      while !isReleased.load(ordering: .relaxed) { sched_yield() }
      return .success(["10.0.0.1"])
    }
    let (isExpired, answer) = await reactor.run { () async -> (Bool, [String]?) in
      var isExpired = false
      do throws(HostResolver.Failure) {
        _ = try await resolver.resolve("slow", deadline: reactor.now + 50_000_000)
      } catch {
        isExpired = error.isExpired
      }
      isReleased.store(true, ordering: .relaxed)
      return (isExpired, try? await resolver.resolve("slow", deadline: .max))
    }
    #expect(isExpired)
    #expect(answer == ["10.0.0.1"])
    reactor.stop()
    pool.stop()
  }

  @Test("the system knows localhost, and not what cannot be")
  func system() throws {
    let local = try systemAddresses(of: "localhost").get()
    #expect(local.contains("127.0.0.1") || local.contains("::1"))
    #expect(throws: HostResolver.Failure.self) {
      try systemAddresses(of: "does-not-exist.invalid").get()
    }
  }
}
