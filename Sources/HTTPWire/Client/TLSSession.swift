// One TLS session: ciphertext in and out by memory, so that the ring does all I/O.
//
//   recv ─▶ [ ciphertext ] ─▶ SSL_read ─▶ the caller's page         the caller's bytes ─▶ SSL_write ─▶ [ output ] ─▶ send
//   the socket, what lies in it ─▶┘
//
// OpenSSL takes a part of a record as readily as a whole one: when it wants input, everything shown to it was consumed.
// The ring waits for a long body's bytes and receives the first; those behind them go from the socket to OpenSSL's own
// buffer, one copy less. How much at once is bounded, so that the ring's other work gets its turn.

import CTLS
import Glibc

/// A client session.
// SAFETY: the session and its memory belong to this object, which is confined to its ring's thread.
@safe final class TLSSession {
  /// Ciphertext that the ring receives at once, and of a long body before the socket is asked for the rest.
  private static let cipherSize = 16 << 10
  private static let firstSize = 2 << 10
  /// Ciphertext taken from the socket in one turn, and the least plaintext for which that is worth a call.
  private static let directSizeMax = 256 << 10
  private static let directSizeMin = 32 << 10

  private let session: OpaquePointer
  /// The context that the session was made from.
  private let handle: TLSHandle
  private var cipher: UnsafeMutableRawPointer?

  /// A session to `host`; nil when there is no memory.
  ///
  /// A ticket of another context is not used: whom it trusted may be trusted no more.
  init?(_ handle: TLSHandle, host: String, ticket: TLSTicket?) {
    let ticket = ticket?.handle === handle ? ticket : nil
    guard
      let session = unsafe host.withCString({
        unsafe pen_tls_create(handle.pointer, $0, ticket?.pointer)
      })
    else { return nil }
    unsafe self.session = unsafe session
    self.handle = handle
  }

  deinit {
    unsafe pen_tls_free(session)
    unsafe free(cipher)
  }

  /// Goes on with the handshake.
  func handshake() -> pen_tls_status { unsafe pen_tls_handshake(session) }

  /// Decrypts into `buffer` until it is full or no whole record is left, of what was received and what lies in `socket`.
  ///
  /// - Returns: How it ended, bytes of plaintext, and bytes of ciphertext that were taken from the socket.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, from socket: Int32
  ) -> (status: pen_tls_status, count: Int, received: Int) {
    var (count, received) = (0, 0)
    let limit = buffer.count >= Self.directSizeMin ? Self.directSizeMax : 0
    let status = unsafe pen_tls_read_direct(
      session, socket, limit, buffer.baseAddress, buffer.count, &count, &received)
    return (status, count, received)
  }

  /// Encrypts all of `bytes` into the output.
  func write(_ bytes: UnsafeRawBufferPointer) -> pen_tls_status {
    unsafe pen_tls_write(session, bytes.baseAddress, bytes.count)
  }

  /// Ciphertext to be sent; in place until the next operation.
  var output: UnsafeRawBufferPointer {
    var size = 0
    let base = unsafe pen_tls_output(session, &size)
    return unsafe UnsafeRawBufferPointer(start: base, count: size)
  }

  /// Notes that the output was sent.
  func outputSent() { unsafe pen_tls_output_sent(session) }

  /// Memory to receive ciphertext into; all that was received before was consumed.
  ///
  /// `wanted` is how much plaintext is waited for.
  func makeRoom(wanted: Int) -> UnsafeMutableRawBufferPointer {
    if unsafe cipher == nil {
      guard let memory = unsafe malloc(Self.cipherSize) else {
        preconditionFailure("memory for ciphertext")
      }
      unsafe cipher = unsafe memory
    }
    let size = wanted >= Self.directSizeMin ? Self.firstSize : Self.cipherSize
    return unsafe UnsafeMutableRawBufferPointer(start: cipher, count: size)
  }

  /// Notes that `count` bytes were received into the room.
  func received(_ count: Int) { unsafe pen_tls_feed(session, cipher, count) }

  /// Notes that the stream ended.
  func end() { unsafe pen_tls_end(session) }

  /// Whether there is something received that nobody read.
  var hasUnread: Bool { unsafe pen_tls_has_unread(session) }

  /// Gives memory back while the connection is idle.
  func rest() {
    unsafe free(cipher)
    unsafe cipher = nil
    unsafe pen_tls_rest(session)
  }

  /// Why the last operation failed.
  var reason: String { unsafe String(cString: pen_tls_reason(session)) }

  /// Whether the session was resumed.
  var isResumed: Bool { unsafe pen_tls_is_resumed(session) }

  /// The last ticket that came, if one did since the last call.
  func takeTicket() -> TLSTicket? {
    guard let ticket = unsafe pen_tls_take_ticket(session) else { return nil }
    return unsafe TLSTicket(ticket, handle)
  }
}
