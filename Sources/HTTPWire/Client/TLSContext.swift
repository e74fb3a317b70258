// What the TLS sessions of a client share: authorities, our certificate. Made once, on the blocking pool, since it reads files.

import CTLS
import Ring
import Synchronization

/// OpenSSL's context of a client.
// SAFETY: SSL_CTX is made to be shared by threads once it is set up; the pointer is written under the mutex.
@safe final class TLSContext: @unchecked Sendable {
  /// Why there is no context; one line.
  struct Failure: Error {
    let detail: String
  }

  private let options: TLSOptions
  private let made = Mutex<TLSHandle?>(nil)

  /// A context that is made when it is first needed.
  init(_ options: TLSOptions) { self.options = options }

  deinit { made.withLock { $0?.free() } }

  /// The context, made on `pool` unless it was before.
  ///
  /// - Throws: The file that cannot be used, and why; the next call tries again.
  func get(on pool: BlockingPool) async throws(Failure) -> TLSHandle {
    if let known = made.withLock({ $0 }) { return known }
    return try await pool.run { [self] in
      Result { () throws(Failure) in try make() }
    }.get()
  }

  /// Makes the context unless another thread did.
  private func make() throws(Failure) -> TLSHandle {
    try made.withLock { made throws(Failure) in
      if let made { return made }
      let fresh = try Self.create(options)
      made = fresh
      return fresh
    }
  }

  /// A fresh context with `options`, which the caller frees; reads files.
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
      return .success(unsafe TLSHandle(pointer: pointer))
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
