// How to resume a session.

import CTLS

/// What a server gave to resume a session with.
// SAFETY: the ticket belongs to this object; its reference count is atomic.
@safe final class TLSTicket {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

  deinit { unsafe pen_tls_ticket_free(pointer) }
}
