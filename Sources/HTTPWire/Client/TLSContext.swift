// What the TLS sessions of a client share: authorities, our certificate. Made on the blocking pool, since it reads files, and made
// anew when these files have changed.
//
//   connection ─▶ looked at within the last second? ─yes─▶ context ─▶ session
//                        └─no─▶ stat of the files ─ as before ─▶ context
//                                                 └ changed ──▶ a new context; the old one while it cannot be made

import CTLS
import Ring
import Synchronization

/// OpenSSL's context of a client.
final class TLSContext: Sendable {
  /// Why there is no context; one line.
  struct Failure: Error {
    let detail: String
  }

  private struct State {
    var handle: TLSHandle?
    /// What the files were when it was made.
    var marks: [FileMark?] = []
    /// When they were looked at last.
    var lookedAt: UInt64 = 0
    /// Whether somebody looks at them now.
    var isBusy = false
  }

  /// Nanoseconds between two looks at the files.
  static let interval: UInt64 = 1_000_000_000

  private let options: TLSOptions
  private let state = Mutex(State())

  /// A context that is made when it is first needed.
  init(_ options: TLSOptions) { self.options = options }

  /// The context of the files as they were a second before `now` (`reactor.now`), or are; made on `pool`.
  ///
  /// Files that were replaced by what cannot be used leave the context as it is.
  ///
  /// - Throws: The file that cannot be used, and why, when there was no context before; the next call tries again.
  func get(on pool: BlockingPool, now: UInt64) async throws(Failure) -> TLSHandle {
    let known = state.withLock { state -> TLSHandle? in
      guard let handle = state.handle else { return nil }
      let isFresh = files.isEmpty || now < state.lookedAt &+ Self.interval || state.isBusy
      if !isFresh { state.isBusy = true }
      return isFresh ? handle : nil
    }
    if let known { return known }
    return try await pool.run { [self] in
      Result { () throws(Failure) in try look(now) }
    }.get()
  }

  /// The files that are read once, when a context is made; a directory of authorities is looked into at each handshake.
  private var files: [String] {
    [options.caFile, options.clientCertificate, options.clientKey].compactMap { $0 }
  }

  /// Makes the context unless it is that of the files as they are.
  private func look(_ now: UInt64) throws(Failure) -> TLSHandle {
    let marks = files.map { FileMark(path: $0) }
    let known = state.withLock { state -> TLSHandle? in
      state.lookedAt = now
      state.isBusy = false
      return state.marks == marks ? state.handle : nil
    }
    if let known { return known }
    do throws(Failure) {
      let fresh = try Self.create(options)
      return state.withLock { state in
        // Of two first ones the earlier stays, so that their sessions share their tickets.
        if let handle = state.handle, state.marks == marks { return handle }
        (state.handle, state.marks) = (fresh, marks)
        return fresh
      }
    } catch {
      guard let handle = state.withLock({ $0.handle }) else { throw error }
      return handle
    }
  }

  /// A fresh context with `options`, which reads files.
  static func create(_ options: TLSOptions) throws(Failure) -> TLSHandle {
    let result: Result<TLSHandle, Failure> = unsafe withOptional(options.caFile) { caFile in
      unsafe withOptional(options.caPath) { caPath in
        unsafe withOptional(options.clientCertificate) { certificate in
          unsafe withOptional(options.clientKey) { key in
            unsafe create(
              pen_tls_settings(
                ca_file: caFile, ca_path: caPath, certificate: certificate, key: key,
                verifies: options.verifies))
          }
        }
      }
    }
    return try result.get()
  }

  private static func create(_ settings: pen_tls_settings) -> Result<TLSHandle, Failure> {
    var settings = unsafe settings
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { why in
      guard let base = why.baseAddress else { return .failure(Failure(detail: "no memory")) }
      guard let pointer = unsafe pen_tls_context_create(&settings, base, why.count) else {
        return .failure(Failure(detail: unsafe String(cString: base)))
      }
      return .success(unsafe TLSHandle(pointer))
    }
  }

  /// Calls `body` with the C text of `text`, or NULL.
  private static func withOptional<R>(
    _ text: String?, _ body: (UnsafePointer<CChar>?) -> R
  ) -> R {
    guard let text else { return body(nil) }
    return unsafe text.withCString { unsafe body($0) }
  }
}
