// How to resume a session.

import CTLS

/// What a server gave to resume a session with.
// SAFETY: the ticket belongs to this object; its reference count is atomic.
@safe final class TLSTicket {
  let pointer: OpaquePointer
  /// The context whose authorities the server's certificate was checked with.
  let handle: TLSHandle

  init(_ pointer: OpaquePointer, _ handle: TLSHandle) {
    unsafe self.pointer = unsafe pointer
    self.handle = handle
  }

  deinit { unsafe pen_tls_ticket_free(pointer) }
}
