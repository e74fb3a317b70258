// A C pointer across an await.

import CTLS

/// A context's pointer on its way between threads.
// SAFETY: the context outlives its handles: who holds one holds the client's ring, and that the context.
@safe struct TLSHandle: @unchecked Sendable {
  let pointer: OpaquePointer

  /// Ends the context; no session of it may be left.
  func free() { unsafe pen_tls_context_free(pointer) }
}
