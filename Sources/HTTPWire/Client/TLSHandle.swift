// OpenSSL's context, counted by reference.

import CTLS

/// A context, alive as long as somebody holds this: the client, and every session made from it.
// SAFETY: SSL_CTX is made to be shared by threads once it is set up, and is set up before this is made.
@safe final class TLSHandle: Sendable {
  /// OpenSSL's pointer.
  nonisolated(unsafe) let pointer: OpaquePointer

  /// Takes over a context.
  init(_ pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

  deinit { unsafe pen_tls_context_free(pointer) }
}
