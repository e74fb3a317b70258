#include "ctls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

struct pen_tls_context {
  SSL_CTX *ssl;
};

struct pen_tls {
  SSL *ssl;
  const unsigned char *input;
  size_t input_size;
  bool input_ended;
  int fd;
  size_t direct_room;
  size_t direct_size;
  unsigned char *output;
  size_t output_size;
  size_t output_capacity;
  SSL_SESSION *ticket;
  char reason[256];
};

// --- the BIO between a session and its ring ----------------------------------------------------------------------------
static int bio_read(BIO *bio, char *buffer, int size) {
  pen_tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  if (tls->input_size == 0) {
    if (tls->input_ended) return 0;
    if (tls->direct_room > 0) {
      ssize_t count = recv(tls->fd, buffer, (size_t)size < tls->direct_room ? (size_t)size : tls->direct_room, MSG_DONTWAIT);
      if (count > 0) {
        tls->direct_room -= (size_t)count;
        tls->direct_size += (size_t)count;
        return (int)count;
      }
      // The ring waits, and meets whatever error there is.
      tls->direct_room = 0;
      if (count == 0) {
        tls->input_ended = true;
        return 0;
      }
    }
    BIO_set_retry_read(bio);
    return -1;
  }
  size_t count = tls->input_size < (size_t)size ? tls->input_size : (size_t)size;
  memcpy(buffer, tls->input, count);
  tls->input += count;
  tls->input_size -= count;
  return (int)count;
}

static int bio_write(BIO *bio, const char *buffer, int size) {
  pen_tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  size_t needed = tls->output_size + (size_t)size;
  if (needed > tls->output_capacity) {
    size_t capacity = tls->output_capacity ? tls->output_capacity : 4096;
    while (capacity < needed) capacity *= 2;
    unsigned char *larger = realloc(tls->output, capacity);
    if (!larger) return -1;
    tls->output = larger;
    tls->output_capacity = capacity;
  }
  memcpy(tls->output + tls->output_size, buffer, (size_t)size);
  tls->output_size = needed;
  return size;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
  (void)number;
  (void)pointer;
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: {
      pen_tls *tls = BIO_get_data(bio);
      return tls->input_ended && tls->input_size == 0;
    }
    default: return 0;
  }
}

static int bio_create(BIO *bio) {
  BIO_set_init(bio, 1);
  return 1;
}

// --- contexts -------------------------------------------------------------------------------------------------------------
static int on_ticket(SSL *ssl, SSL_SESSION *session) {
  pen_tls *tls = SSL_get_app_data(ssl);
  if (tls->ticket) SSL_SESSION_free(tls->ticket);
  tls->ticket = session;
  return 1;
}

static void explain(const char *what, const char *path, char *why, size_t why_size) {
  // The first one says what the system said; those after it only that it failed.
  unsigned long code = ERR_peek_error();
  if (!code || !ERR_SYSTEM_ERROR(code)) code = ERR_peek_last_error();
  const char *reason = code ? ERR_reason_error_string(code) : NULL;
  if (code && ERR_SYSTEM_ERROR(code)) reason = strerror(ERR_GET_REASON(code));
  snprintf(why, why_size, "%s%s%s: %s", what, path ? " " : "", path ? path : "", reason ? reason : "unknown cause");
  ERR_clear_error();
}

// A key file with a pass phrase must not make the process ask on a terminal.
static int no_password(char *buffer, int size, int writing, void *data) {
  (void)buffer;
  (void)size;
  (void)writing;
  (void)data;
  return -1;
}

static bool load(SSL_CTX *ssl, const struct pen_tls_settings *settings, char *why, size_t why_size) {
  if (!settings->ca_file && !settings->ca_path) {
    if (settings->verifies && SSL_CTX_set_default_verify_paths(ssl) != 1) {
      explain("the system's authorities", NULL, why, why_size);
      return false;
    }
  }
  if (settings->ca_file && SSL_CTX_load_verify_file(ssl, settings->ca_file) != 1) {
    explain("authorities in", settings->ca_file, why, why_size);
    return false;
  }
  if (settings->ca_path && SSL_CTX_load_verify_dir(ssl, settings->ca_path) != 1) {
    explain("authorities in", settings->ca_path, why, why_size);
    return false;
  }
  if (!settings->certificate) return true;
  if (SSL_CTX_use_certificate_chain_file(ssl, settings->certificate) != 1) {
    explain("certificate in", settings->certificate, why, why_size);
    return false;
  }
  const char *key = settings->key ? settings->key : settings->certificate;
  if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(ssl) != 1) {
    explain("key in", key, why, why_size);
    return false;
  }
  return true;
}

// Of the process, not of a context: OpenSSL has 128 numbers for kinds of BIO and takes none back.
static BIO_METHOD *method;
static CRYPTO_ONCE method_once = CRYPTO_ONCE_STATIC_INIT;

static void make_method(void) {
  method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "ring");
  if (!method) return;
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_ctrl(method, bio_control);
  BIO_meth_set_create(method, bio_create);
}

pen_tls_context *pen_tls_context_create(const struct pen_tls_settings *settings, char *why, size_t why_size) {
  ERR_clear_error();
  pen_tls_context *context = calloc(1, sizeof *context);
  if (context) context->ssl = SSL_CTX_new(TLS_client_method());
  if (!context || !context->ssl || !CRYPTO_THREAD_run_once(&method_once, make_method) || !method) {
    explain("TLS", NULL, why, why_size);
    pen_tls_context_free(context);
    return NULL;
  }
  static const unsigned char protocols[] = "\x08http/1.1";
  SSL_CTX_set_min_proto_version(context->ssl, TLS1_2_VERSION);
  SSL_CTX_set_default_passwd_cb(context->ssl, no_password);
  SSL_CTX_set_alpn_protos(context->ssl, protocols, sizeof protocols - 1);
  SSL_CTX_set_quiet_shutdown(context->ssl, 1);
  // Several records at once. Below the size from which malloc maps memory anew each time.
  SSL_CTX_set_read_ahead(context->ssl, 1);
  SSL_CTX_set_default_read_buffer_len(context->ssl, 96 << 10);
  SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context->ssl, on_ticket);
  SSL_CTX_set_verify(context->ssl, settings->verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
  if (!load(context->ssl, settings, why, why_size)) {
    pen_tls_context_free(context);
    return NULL;
  }
  return context;
}

void pen_tls_context_free(pen_tls_context *context) {
  if (!context) return;
  SSL_CTX_free(context->ssl);
  free(context);
}

// --- sessions -------------------------------------------------------------------------------------------------------------
static bool name_peer(SSL *ssl, const char *host) {
  X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1) return true;
  // Not an address: a name, which is also told to the server.
  ERR_clear_error();
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

pen_tls *pen_tls_create(pen_tls_context *context, const char *host, const pen_tls_ticket *ticket) {
  ERR_clear_error();
  pen_tls *tls = calloc(1, sizeof *tls);
  if (!tls) return NULL;
  tls->ssl = SSL_new(context->ssl);
  BIO *bio = BIO_new(method);
  if (!tls->ssl || !bio) {
    BIO_free(bio);
    pen_tls_free(tls);
    return NULL;
  }
  BIO_set_data(bio, tls);
  SSL_set_bio(tls->ssl, bio, bio);
  SSL_set_app_data(tls->ssl, tls);
  SSL_set_connect_state(tls->ssl);
  if (!name_peer(tls->ssl, host)) {
    pen_tls_free(tls);
    return NULL;
  }
  // A ticket that cannot be used costs a full handshake, nothing else.
  if (ticket) SSL_set_session(tls->ssl, (SSL_SESSION *)ticket);
  ERR_clear_error();
  return tls;
}

void pen_tls_free(pen_tls *tls) {
  if (!tls) return;
  if (tls->ssl) {
    // Otherwise a connection closed without ceremony would make its ticket useless.
    SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(tls->ssl);
  }
  if (tls->ticket) SSL_SESSION_free(tls->ticket);
  free(tls->output);
  free(tls);
}

void pen_tls_feed(pen_tls *tls, const void *bytes, size_t size) {
  tls->input = bytes;
  tls->input_size = size;
}

void pen_tls_end(pen_tls *tls) { tls->input_ended = true; }

const void *pen_tls_output(const pen_tls *tls, size_t *size) {
  *size = tls->output_size;
  return tls->output;
}

void pen_tls_output_sent(pen_tls *tls) {
  tls->output_size = 0;
  // What a large upload needed is not kept for the small requests after it.
  if (tls->output_capacity > 32768) {
    free(tls->output);
    tls->output = NULL;
    tls->output_capacity = 0;
  }
}

// What an operation's result amounts to; `result` is that of the SSL call.
static enum pen_tls_status settle(pen_tls *tls, int result) {
  int error = SSL_get_error(tls->ssl, result);
  if (error == SSL_ERROR_WANT_READ) return PEN_TLS_WANTS_INPUT;
  if (error == SSL_ERROR_ZERO_RETURN) return PEN_TLS_CLOSED;
  unsigned long code = ERR_peek_error();
  enum pen_tls_status status = PEN_TLS_FAILED;
  long verified = SSL_get_verify_result(tls->ssl);
  if (error == SSL_ERROR_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    status = PEN_TLS_CUT_SHORT;
    snprintf(tls->reason, sizeof tls->reason, "the stream ended without notice");
  } else if (error == SSL_ERROR_SYSCALL) {
    status = PEN_TLS_CUT_SHORT;
    snprintf(tls->reason, sizeof tls->reason, "the stream ended");
  } else if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK) {
    status = PEN_TLS_BAD_CERTIFICATE;
    snprintf(tls->reason, sizeof tls->reason, "%s", X509_verify_cert_error_string(verified));
  } else {
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    snprintf(tls->reason, sizeof tls->reason, "%s", reason ? reason : "unknown cause");
  }
  ERR_clear_error();
  return status;
}

enum pen_tls_status pen_tls_handshake(pen_tls *tls) {
  ERR_clear_error();
  int result = SSL_do_handshake(tls->ssl);
  if (result != 1) return settle(tls, result);
  const unsigned char *protocol = NULL;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls->ssl, &protocol, &size);
  if (size && !(size == 8 && memcmp(protocol, "http/1.1", 8) == 0)) {
    snprintf(tls->reason, sizeof tls->reason, "the server chose another protocol than http/1.1");
    return PEN_TLS_FAILED;
  }
  return PEN_TLS_DONE;
}

enum pen_tls_status pen_tls_read(pen_tls *tls, void *buffer, size_t size, size_t *count) {
  ERR_clear_error();
  *count = 0;
  while (*count < size) {
    size_t piece = 0;
    int result = SSL_read_ex(tls->ssl, (unsigned char *)buffer + *count, size - *count, &piece);
    if (result != 1) return settle(tls, result);
    *count += piece;
  }
  return PEN_TLS_DONE;
}

enum pen_tls_status pen_tls_read_direct(
    pen_tls *tls, int fd, size_t limit, void *buffer, size_t size, size_t *count, size_t *received) {
  tls->fd = fd;
  tls->direct_room = limit;
  tls->direct_size = 0;
  enum pen_tls_status status = pen_tls_read(tls, buffer, size, count);
  tls->direct_room = 0;
  *received = tls->direct_size;
  return status;
}

void pen_tls_rest(pen_tls *tls) {
  // Refused while there is something in them.
  (void)SSL_free_buffers(tls->ssl);
  ERR_clear_error();
}

enum pen_tls_status pen_tls_write(pen_tls *tls, const void *bytes, size_t size) {
  ERR_clear_error();
  size_t offset = 0;
  while (offset < size) {
    size_t piece = 0;
    int result = SSL_write_ex(tls->ssl, (const unsigned char *)bytes + offset, size - offset, &piece);
    if (result != 1) return settle(tls, result);
    offset += piece;
  }
  return PEN_TLS_DONE;
}

bool pen_tls_has_unread(const pen_tls *tls) { return tls->input_size > 0 || SSL_has_pending(tls->ssl) == 1; }

const char *pen_tls_reason(const pen_tls *tls) { return tls->reason; }

bool pen_tls_is_resumed(const pen_tls *tls) { return SSL_session_reused(tls->ssl) == 1; }

const char *pen_tls_version(const pen_tls *tls) { return SSL_get_version(tls->ssl); }

pen_tls_ticket *pen_tls_take_ticket(pen_tls *tls) {
  SSL_SESSION *ticket = tls->ticket;
  tls->ticket = NULL;
  return (pen_tls_ticket *)ticket;
}

void pen_tls_ticket_free(pen_tls_ticket *ticket) {
  if (ticket) SSL_SESSION_free((SSL_SESSION *)ticket);
}
