// TLS on a connection: the handshake, and bytes through a session.

import CTLS
import Glibc

extension HTTPClientConnection {
  /// Plaintext encrypted at once.
  private static let pieceSize = 256 << 10

  /// Agrees on TLS with the peer; returns 0, or -errno with `tlsFailure` when TLS is the cause.
  func handshake(_ session: TLSSession) async -> Int32 {
    tls = session
    while true {
      let status = session.handshake()
      // An alert that says why it failed is sent too.
      let sent = await flush(session)
      switch status {
      case PEN_TLS_DONE: return sent
      case PEN_TLS_WANTS_INPUT:
        guard sent == 0 else { return sent }
        let result = await receiveCipher(session, wanted: 1)
        guard result >= 0 else { return result }
      default: return note(status, session)
      }
    }
  }

  /// Decrypts into `buffer`; as `receive(into:waitAll:)`.
  func receive(
    by session: TLSSession, into buffer: UnsafeMutableRawBufferPointer, waitAll: Bool
  ) async -> Int32 {
    var count = 0
    while true {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
      let step = unsafe session.read(into: rest, from: fd)
      count += step.count
      if step.received > 0 { ring.counters.bytesIn.add(step.received) }
      // Answers to what is no data: new keys.
      let sent = await flush(session)
      guard sent == 0 else { return count > 0 ? Int32(count) : sent }
      switch step.status {
      case PEN_TLS_DONE, PEN_TLS_CLOSED: return Int32(count)
      case PEN_TLS_WANTS_INPUT:
        if count > 0, !waitAll { return Int32(count) }
        let result = await receiveCipher(session, wanted: buffer.count - count)
        guard result >= 0 else { return count > 0 ? Int32(count) : result }
      default:
        let result = note(step.status, session)
        return count > 0 ? Int32(count) : result
      }
    }
  }

  /// Encrypts and sends all of `bytes`; as `send`.
  func send(by session: TLSSession, _ bytes: UnsafeRawBufferPointer) async -> Int32 {
    var offset = 0
    while offset < bytes.count {
      let piece = unsafe bytes.slice(offset, min(bytes.count - offset, Self.pieceSize))
      let status = unsafe session.write(piece)
      let sent = await flush(session)
      guard status == PEN_TLS_DONE else { return note(status, session) }
      guard sent == 0 else { return sent }
      offset += piece.count
    }
    return 0
  }

  /// Keeps the session's ticket for the next connection to the same origin.
  func keepTicket() {
    if let ticket = tls?.takeTicket() { pool.ticket = ticket }
  }

  private func flush(_ session: TLSSession) async -> Int32 {
    let output = unsafe session.output
    guard output.count > 0 else { return 0 }
    let result = await unsafe sendRaw(output)
    session.outputSent()
    return result
  }

  /// Receives ciphertext; returns how much, 0 at the end, or -errno.
  private func receiveCipher(_ session: TLSSession, wanted: Int) async -> Int32 {
    let room = unsafe session.makeRoom(wanted: wanted)
    let result = await unsafe receiveRaw(into: room, waitAll: false)
    if result > 0 { session.received(Int(result)) }
    if result == 0 { session.end() }
    return result
  }

  private func note(_ status: pen_tls_status, _ session: TLSSession) -> Int32 {
    let kind: TLSFailure.Kind =
      switch status {
      case PEN_TLS_BAD_CERTIFICATE: .certificate
      case PEN_TLS_CUT_SHORT, PEN_TLS_CLOSED: .cutShort
      default: .protocol
      }
    let reason = status == PEN_TLS_CLOSED ? "the peer closed" : session.reason
    tlsFailure = TLSFailure(kind: kind, reason: reason)
    return -EPROTO
  }
}
