// A thin shim over OpenSSL's libssl: client sessions that leave the socket to their ring. It receives and sends ciphertext; a session
// is shown what came (`pen_tls_feed`) and asked for what is to go (`pen_tls_output`). Of a long body only the first bytes come so: what
// lies in the socket behind them is taken from there without waiting (`pen_tls_read_direct`), which saves a copy of each byte. No policy
// but TLS 1.2 as the least.
// In a target of its own, so that only the HTTP client links libssl by its code.
#pragma once
#include <features.h>

#include <stdbool.h>
#include <stddef.h>

/// What is shared by sessions: whom to trust, who we are.
typedef struct pen_tls_context pen_tls_context;
/// One client session.
typedef struct pen_tls pen_tls;
/// What a server gave to resume a session with.
typedef struct pen_tls_ticket pen_tls_ticket;

/// Settings of a context; absent paths are NULL. Without a file or folder of authorities the system's are trusted.
struct pen_tls_settings {
  const char *ca_file;
  const char *ca_path;
  const char *certificate;
  const char *key;
  bool verifies;
};

/// How an operation ended.
enum pen_tls_status {
  /// All that was asked.
  PEN_TLS_DONE = 0,
  /// More ciphertext is needed.
  PEN_TLS_WANTS_INPUT = 1,
  /// The peer ended the stream in order.
  PEN_TLS_CLOSED = 2,
  /// The ciphertext ended without the peer saying so.
  PEN_TLS_CUT_SHORT = 3,
  /// The peer's certificate is not to be trusted.
  PEN_TLS_BAD_CERTIFICATE = 4,
  /// Anything else.
  PEN_TLS_FAILED = 5,
};

/// Makes a context, or returns NULL and says why in `why`. Reads files.
pen_tls_context *pen_tls_context_create(const struct pen_tls_settings *settings, char *why, size_t why_size);
void pen_tls_context_free(pen_tls_context *context);

/// A session to `host`, a name or a numeric address, that its certificate must bear if the context verifies; resumes `ticket`
/// when there is one, which stays the caller's. NULL when there is no memory.
pen_tls *pen_tls_create(pen_tls_context *context, const char *host, const pen_tls_ticket *ticket);
void pen_tls_free(pen_tls *tls);

/// Shows the session `size` bytes of ciphertext, which stay put until they are consumed; what was shown before is consumed.
void pen_tls_feed(pen_tls *tls, const void *bytes, size_t size);
/// Says that no more ciphertext comes.
void pen_tls_end(pen_tls *tls);
/// Ciphertext to be sent, in place until the next operation; `size` may be 0.
const void *pen_tls_output(const pen_tls *tls, size_t *size);
/// Forgets the output: it was sent.
void pen_tls_output_sent(pen_tls *tls);

/// Goes on with the handshake.
enum pen_tls_status pen_tls_handshake(pen_tls *tls);
/// Decrypts into `buffer` until it is full or no whole record is left; `count` says how many bytes.
enum pen_tls_status pen_tls_read(pen_tls *tls, void *buffer, size_t size, size_t *count);
/// As `pen_tls_read`; after what was shown, takes up to `limit` bytes of ciphertext that lie in the socket `fd`, never waiting, and says
/// in `received` how many. An error of the socket is left to the next receive.
enum pen_tls_status pen_tls_read_direct(
    pen_tls *tls, int fd, size_t limit, void *buffer, size_t size, size_t *count, size_t *received);
/// Gives memory back while nothing is expected.
void pen_tls_rest(pen_tls *tls);
/// Encrypts all of `bytes` into the output.
enum pen_tls_status pen_tls_write(pen_tls *tls, const void *bytes, size_t size);
/// Whether something came that was not read.
bool pen_tls_has_unread(const pen_tls *tls);
/// Why the last operation failed, one line.
const char *pen_tls_reason(const pen_tls *tls);
/// Whether the session was resumed.
bool pen_tls_is_resumed(const pen_tls *tls);
/// "TLSv1.3" or "TLSv1.2" once the handshake is done.
const char *pen_tls_version(const pen_tls *tls);

/// The last ticket that the server sent, which is then the caller's; NULL when there is none since the last call.
pen_tls_ticket *pen_tls_take_ticket(pen_tls *tls);
void pen_tls_ticket_free(pen_tls_ticket *ticket);
