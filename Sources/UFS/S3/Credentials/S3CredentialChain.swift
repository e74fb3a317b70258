// The credentials of a mount: the first source that has any, asked again before they end.
//
//   current() ── fresh? ───────────────────────────▶ credentials
//       │ near their end: one caller fetches, the others still use the old ones
//       └ none or ended:  one caller fetches, the others wait for what it gets     (single-flight over all rings)

import Ring
import Synchronization

/// Credentials from the first of several sources, kept until shortly before they end.
///
/// Shared by all rings.
final class S3CredentialChain: Sendable {
  /// How long before their end credentials are replaced, in nanoseconds.
  static let refreshAhead: Int64 = 300_000_000_000
  /// How long a failure is kept from being asked for again, in nanoseconds.
  static let failureTime: Int64 = 1_000_000_000

  private typealias Outcome = Result<S3Credentials?, S3CredentialError>
  private typealias Waiter = UnsafeContinuation<Outcome, Never>

  @safe private struct State {
    var credentials: S3Credentials?
    var isKnown = false
    /// When a fetch last failed and why, so that one that fails is not tried by every request.
    var lastFailure: Int64 = .min
    var failure: S3CredentialError?
    /// When credentials were last forgotten because the store refused them.
    var lastRefusal: Int64 = .min
    var isFetching = false
    var waiters: [Waiter] = unsafe []
  }

  /// What a caller does next.
  private enum Turn {
    case use(S3Credentials?)
    case fetch(S3Credentials?)
    case wait
    case fail(S3CredentialError)
  }

  private let sources: [any S3CredentialSource]
  private let isAnonymousAllowed: Bool
  private let clock: @Sendable () -> Int64
  private let state = Mutex(State())

  /// A chain of sources, in order.
  ///
  /// `clock` is the wall clock. Without any credentials requests go unsigned when `isAnonymousAllowed`.
  init(
    _ sources: [any S3CredentialSource], isAnonymousAllowed: Bool,
    clock: @escaping @Sendable () -> Int64 = { SystemCall.wallClock() }
  ) {
    self.sources = sources
    self.isAnonymousAllowed = isAnonymousAllowed
    self.clock = clock
  }

  /// The credentials to sign with now; nil for none at all.
  ///
  /// On a reactor's thread; may suspend.
  ///
  /// - Throws: `.none` when no source has any and requests must be signed; what a source throws.
  func current() async throws(S3CredentialError) -> S3Credentials? {
    let now = clock()
    let turn = state.withLock { Self.turn(&$0, now) }
    switch turn {
    case .use(let credentials): return credentials
    case .fetch(let old):
      // By a task of its own: others wait for it, whatever becomes of the request that began it.
      let outcome: Outcome =
        if let reactor = Reactor.current {
          await reactor.run { [self] in await fetch() }
        } else { await fetch() }
      settle(outcome, keeping: old)
      if case .failure = outcome, let old { return old }
      return try outcome.get()
    case .wait:
      let outcome = await wait()
      return try outcome.get()
    case .fail(let error): throw error
    }
  }

  /// Whether there are others than `credentials`, nil for none, which the store does not take.
  ///
  /// Keys in a file may have been replaced, so the sources are asked again; once a second at most, as a store may also
  /// refuse for good. On a reactor's thread; may suspend.
  func renew(after credentials: S3Credentials?) async -> Bool {
    guard forget(credentials) else { return false }
    // Why there are none now is told to the next request.
    guard let fresh = try? await current() else { return false }
    return fresh != credentials
  }

  /// Forgets `credentials`; false when they were, a moment ago.
  private func forget(_ credentials: S3Credentials?) -> Bool {
    let now = clock()
    return state.withLock { state in
      guard state.isKnown, state.credentials == credentials else { return true }
      guard state.lastRefusal == .min || now &- state.lastRefusal >= Self.failureTime else {
        return false
      }
      state.lastRefusal = now
      state.credentials = nil
      state.isKnown = false
      return true
    }
  }

  private static func turn(_ state: inout State, _ now: Int64) -> Turn {
    if state.isKnown {
      guard let credentials = state.credentials else { return .use(nil) }
      guard let expiry = credentials.expiry else { return .use(credentials) }
      if now < expiry - refreshAhead { return .use(credentials) }
      if now < expiry, state.isFetching || isSpared(state, now) { return .use(credentials) }
    }
    if state.isFetching { return .wait }
    if let failure = state.failure, isSpared(state, now) { return .fail(failure) }
    state.isFetching = true
    let old = state.credentials
    if let old, let expiry = old.expiry, now >= expiry { return .fetch(nil) }
    return .fetch(old)
  }

  /// Whether the last fetch failed so lately that the sources are left alone; never after the clock was set back.
  private static func isSpared(_ state: borrowing State, _ now: Int64) -> Bool {
    now >= state.lastFailure && now < state.lastFailure &+ failureTime
  }

  /// Asks the sources in order.
  private func fetch() async -> Outcome {
    do throws(S3CredentialError) {
      for source in sources {
        if let found = try await source.fetch() { return .success(found) }
      }
    } catch {
      return .failure(error)
    }
    return isAnonymousAllowed ? .success(nil) : .failure(nobody)
  }

  /// Why there is nobody to sign, in the order in which sources were asked.
  private var nobody: S3CredentialError {
    let asked = sources.map { "\($0.name)" }.joined(separator: ", ")
    return S3CredentialError(
      .none, "chain",
      "none of the sources that were asked (\(asked)) has keys; set s3a.accessKeyId and"
        + " s3a.secretKey, or penstock.underfs.s3.credentials=anonymous for a public bucket")
  }

  /// Keeps the outcome and wakes those who wait for it.
  private func settle(_ outcome: Outcome, keeping old: S3Credentials?) {
    let now = clock()
    let waiters = unsafe state.withLock { state in
      state.isFetching = false
      switch outcome {
      case .success(let credentials):
        state.credentials = credentials
        state.isKnown = true
        state.failure = nil
      case .failure(let error):
        state.credentials = old
        state.isKnown = old != nil
        state.lastFailure = now
        state.failure = error
      }
      let waiters = unsafe state.waiters
      unsafe state.waiters = []
      return unsafe waiters
    }
    unsafe waiters.forEach { waiter in unsafe waiter.resume(returning: outcome) }
  }

  private func wait() async -> Outcome {
    await unsafe withUnsafeContinuation { waiter in
      let isOver = state.withLock { state in
        guard state.isFetching else { return true }
        unsafe state.waiters.append(waiter)
        return false
      }
      // The fetch ended between our look and our wait: look again.
      guard isOver else { return }
      let outcome = state.withLock { state -> Outcome in
        state.isKnown
          ? .success(state.credentials)
          : .failure(state.failure ?? S3CredentialError(.unavailable, "chain"))
      }
      unsafe waiter.resume(returning: outcome)
    }
  }
}
