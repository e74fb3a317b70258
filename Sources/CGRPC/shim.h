// The C core of gRPC, which carries the calls between coordinator, workers and tools; and what of it Swift cannot say:
// operations (unions in unions), slices (macros) and argument lists. Static inline, no policy.
// ORDER MATTERS: <features.h> first, as in CLinux.
#pragma once
#include <features.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// ---- Time

/// The instant `nanoseconds` from now; the largest value is never.
static inline gpr_timespec pen_rpc_deadline(uint64_t nanoseconds) {
  if (nanoseconds >= INT64_MAX) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos((int64_t)nanoseconds, GPR_TIMESPAN));
}

/// Nanoseconds until `deadline`, 0 when it has passed, the largest value for never.
static inline uint64_t pen_rpc_remaining(gpr_timespec deadline) {
  gpr_timespec never = gpr_inf_future(deadline.clock_type);
  if (gpr_time_cmp(deadline, never) == 0) return UINT64_MAX;
  gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  if (left.tv_sec < 0 || left.tv_nsec < 0) return 0;
  if (left.tv_sec > INT64_MAX / 1000000000 - 1) return UINT64_MAX;
  return (uint64_t)left.tv_sec * 1000000000u + (uint64_t)left.tv_nsec;
}

// ---- Messages and texts

/// A message of a copy of `size` bytes; the caller destroys it.
static inline grpc_byte_buffer *pen_rpc_message_create(const void *bytes, size_t size) {
  grpc_slice slice = grpc_slice_malloc_large(size);
  if (size > 0) memcpy(GRPC_SLICE_START_PTR(slice), bytes, size);
  grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&slice, 1);
  grpc_slice_unref(slice);
  return message;
}

/// Copies at most `size` bytes of `message` to `target`; returns how many.
static inline size_t pen_rpc_message_copy(grpc_byte_buffer *message, void *target, size_t size) {
  grpc_byte_buffer_reader reader;
  if (!grpc_byte_buffer_reader_init(&reader, message)) return 0;
  size_t total = 0;
  grpc_slice *slice;
  while (total < size && grpc_byte_buffer_reader_peek(&reader, &slice)) {
    size_t length = GRPC_SLICE_LENGTH(*slice);
    if (length > size - total) length = size - total;
    memcpy((char *)target + total, GRPC_SLICE_START_PTR(*slice), length);
    total += length;
  }
  grpc_byte_buffer_reader_destroy(&reader);
  return total;
}

static inline const void *pen_rpc_slice_bytes(const grpc_slice *slice) { return GRPC_SLICE_START_PTR(*slice); }
static inline size_t pen_rpc_slice_size(const grpc_slice *slice) { return GRPC_SLICE_LENGTH(*slice); }

/// Makes `entry` of copies of both texts; false, and nothing made, when the core would not send them.
static inline bool pen_rpc_metadata_make(
    grpc_metadata *entry, const char *key, const void *value, size_t value_size) {
  memset(entry, 0, sizeof *entry);
  entry->key = grpc_slice_from_copied_string(key);
  entry->value = grpc_slice_from_copied_buffer((const char *)value, value_size);
  bool is_legal = grpc_header_key_is_legal(entry->key) &&
      (grpc_is_binary_header(entry->key) || grpc_header_nonbin_value_is_legal(entry->value));
  if (!is_legal) {
    grpc_slice_unref(entry->key);
    grpc_slice_unref(entry->value);
  }
  return is_legal;
}

static inline void pen_rpc_metadata_free(grpc_metadata *entry) {
  grpc_slice_unref(entry->key);
  grpc_slice_unref(entry->value);
}

// ---- Calls

/// What the core writes for a call; stays put until the call's last tag has come back.
struct pen_rpc_results {
  grpc_metadata_array initial_metadata;
  grpc_metadata_array trailing_metadata;
  grpc_byte_buffer *message;
  grpc_status_code status;
  grpc_slice details;
  int cancelled;
};

static inline struct pen_rpc_results *pen_rpc_results_create(void) {
  struct pen_rpc_results *results = (struct pen_rpc_results *)gpr_zalloc(sizeof *results);
  grpc_metadata_array_init(&results->initial_metadata);
  grpc_metadata_array_init(&results->trailing_metadata);
  results->status = GRPC_STATUS_UNKNOWN;
  results->details = grpc_empty_slice();
  return results;
}

static inline void pen_rpc_results_free(struct pen_rpc_results *results) {
  grpc_metadata_array_destroy(&results->initial_metadata);
  grpc_metadata_array_destroy(&results->trailing_metadata);
  if (results->message) grpc_byte_buffer_destroy(results->message);
  grpc_slice_unref(results->details);
  gpr_free(results);
}

/// What a client says first.
struct pen_rpc_opening {
  grpc_metadata *metadata;
  size_t metadata_count;
  bool waits_for_ready;
};

static inline grpc_op pen_rpc_op(grpc_op_type type) {
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = type;
  return op;
}

static inline grpc_op pen_rpc_op_open(const struct pen_rpc_opening *opening) {
  grpc_op op = pen_rpc_op(GRPC_OP_SEND_INITIAL_METADATA);
  op.data.send_initial_metadata.metadata = opening->metadata;
  op.data.send_initial_metadata.count = opening->metadata_count;
  if (opening->waits_for_ready)
    op.flags = GRPC_INITIAL_METADATA_WAIT_FOR_READY | GRPC_INITIAL_METADATA_WAIT_FOR_READY_EXPLICITLY_SET;
  return op;
}

static inline grpc_op pen_rpc_op_message(grpc_byte_buffer *message) {
  grpc_op op = pen_rpc_op(GRPC_OP_SEND_MESSAGE);
  op.data.send_message.send_message = message;
  return op;
}

static inline grpc_op pen_rpc_op_receive(struct pen_rpc_results *results) {
  grpc_op op = pen_rpc_op(GRPC_OP_RECV_MESSAGE);
  op.data.recv_message.recv_message = &results->message;
  return op;
}

static inline grpc_op pen_rpc_op_receive_initial(struct pen_rpc_results *results) {
  grpc_op op = pen_rpc_op(GRPC_OP_RECV_INITIAL_METADATA);
  op.data.recv_initial_metadata.recv_initial_metadata = &results->initial_metadata;
  return op;
}

static inline grpc_op pen_rpc_op_receive_status(struct pen_rpc_results *results) {
  grpc_op op = pen_rpc_op(GRPC_OP_RECV_STATUS_ON_CLIENT);
  op.data.recv_status_on_client.trailing_metadata = &results->trailing_metadata;
  op.data.recv_status_on_client.status = &results->status;
  op.data.recv_status_on_client.status_details = &results->details;
  return op;
}

/// A whole unary call as one operation.
static inline grpc_call_error pen_rpc_start_unary(
    grpc_call *call, const struct pen_rpc_opening *opening, grpc_byte_buffer *message,
    struct pen_rpc_results *results, void *tag) {
  grpc_op ops[6] = {
      pen_rpc_op_open(opening),
      pen_rpc_op_message(message),
      pen_rpc_op(GRPC_OP_SEND_CLOSE_FROM_CLIENT),
      pen_rpc_op_receive_initial(results),
      pen_rpc_op_receive(results),
      pen_rpc_op_receive_status(results),
  };
  return grpc_call_start_batch(call, ops, 6, tag, NULL);
}

/// Opens a stream; with a message, that is the only one.
static inline grpc_call_error pen_rpc_start_open(
    grpc_call *call, const struct pen_rpc_opening *opening, grpc_byte_buffer *message, void *tag) {
  grpc_op ops[3] = {pen_rpc_op_open(opening)};
  size_t count = 1;
  if (message) {
    ops[count++] = pen_rpc_op_message(message);
    ops[count++] = pen_rpc_op(GRPC_OP_SEND_CLOSE_FROM_CLIENT);
  }
  return grpc_call_start_batch(call, ops, count, tag, NULL);
}

static inline grpc_call_error pen_rpc_start_status(grpc_call *call, struct pen_rpc_results *results, void *tag) {
  grpc_op op = pen_rpc_op_receive_status(results);
  return grpc_call_start_batch(call, &op, 1, tag, NULL);
}

static inline grpc_call_error pen_rpc_start_close(grpc_call *call, void *tag) {
  grpc_op op = pen_rpc_op(GRPC_OP_SEND_CLOSE_FROM_CLIENT);
  return grpc_call_start_batch(call, &op, 1, tag, NULL);
}

/// Receives the next message; on a client, the first time, what the server says before it too.
static inline grpc_call_error pen_rpc_start_receive(
    grpc_call *call, struct pen_rpc_results *results, bool with_initial, void *tag) {
  grpc_op ops[2] = {pen_rpc_op_receive(results)};
  size_t count = 1;
  if (with_initial) ops[count++] = pen_rpc_op_receive_initial(results);
  return grpc_call_start_batch(call, ops, count, tag, NULL);
}

/// Sends a message; on a server, the first time, the answer's beginning too.
static inline grpc_call_error pen_rpc_start_send(
    grpc_call *call, grpc_byte_buffer *message, bool with_initial, void *tag) {
  grpc_op ops[2] = {pen_rpc_op_message(message)};
  size_t count = 1;
  if (with_initial) ops[count++] = pen_rpc_op(GRPC_OP_SEND_INITIAL_METADATA);
  return grpc_call_start_batch(call, ops, count, tag, NULL);
}

/// Tells a server when the call has ended, and whether its client went.
static inline grpc_call_error pen_rpc_start_watch(grpc_call *call, struct pen_rpc_results *results, void *tag) {
  grpc_op op = pen_rpc_op(GRPC_OP_RECV_CLOSE_ON_SERVER);
  op.data.recv_close_on_server.cancelled = &results->cancelled;
  return grpc_call_start_batch(call, &op, 1, tag, NULL);
}

/// Ends a call on a server, with a last message if there is one.
static inline grpc_call_error pen_rpc_start_finish(
    grpc_call *call, grpc_byte_buffer *message, bool with_initial, grpc_status_code status,
    const void *details, size_t details_size, void *tag) {
  grpc_op ops[3];
  size_t count = 0;
  if (with_initial) ops[count++] = pen_rpc_op(GRPC_OP_SEND_INITIAL_METADATA);
  if (message) ops[count++] = pen_rpc_op_message(message);
  grpc_slice text = grpc_slice_from_copied_buffer((const char *)details, details_size);
  grpc_op end = pen_rpc_op(GRPC_OP_SEND_STATUS_FROM_SERVER);
  end.data.send_status_from_server.status = status;
  end.data.send_status_from_server.status_details = &text;
  ops[count++] = end;
  grpc_call_error error = grpc_call_start_batch(call, ops, count, tag, NULL);
  grpc_slice_unref(text);
  return error;
}

/// The value of the first entry of `array` with `key`, NULL when there is none.
static inline const void *pen_rpc_metadata_find(
    const grpc_metadata_array *array, const char *key, size_t *size) {
  size_t key_size = strlen(key);
  for (size_t i = 0; i < array->count; i++) {
    const grpc_metadata *entry = &array->metadata[i];
    if (GRPC_SLICE_LENGTH(entry->key) != key_size) continue;
    if (memcmp(GRPC_SLICE_START_PTR(entry->key), key, key_size) != 0) continue;
    *size = GRPC_SLICE_LENGTH(entry->value);
    return GRPC_SLICE_START_PTR(entry->value);
  }
  return NULL;
}

/// A name that the peer's certificate bears, by 0-based index; the caller frees it with gpr_free. NULL after the last.
static inline char *pen_rpc_peer_name(grpc_call *call, size_t index) {
  grpc_auth_context *context = grpc_call_auth_context(call);
  if (!context) return NULL;
  char *name = NULL;
  if (grpc_auth_context_peer_is_authenticated(context)) {
    grpc_auth_property_iterator names = grpc_auth_context_peer_identity(context);
    const grpc_auth_property *found = grpc_auth_property_iterator_next(&names);
    while (found && index-- > 0) found = grpc_auth_property_iterator_next(&names);
    if (found) {
      name = (char *)gpr_zalloc(found->value_length + 1);
      memcpy(name, found->value, found->value_length);
    }
  }
  grpc_auth_context_release(context);
  return name;
}

// ---- Arriving calls

/// Where the core writes a call that arrives at a server.
struct pen_rpc_arrival {
  grpc_call *call;
  gpr_timespec deadline;
  grpc_metadata_array metadata;
  grpc_byte_buffer *payload;
  grpc_call_details details;
};

static inline void pen_rpc_arrival_clear(struct pen_rpc_arrival *arrival) {
  memset(arrival, 0, sizeof *arrival);
  grpc_metadata_array_init(&arrival->metadata);
  grpc_call_details_init(&arrival->details);
}

/// Asks for the next call of `method`, or, when that is NULL, of any method that is not registered.
static inline grpc_call_error pen_rpc_request_call(
    grpc_server *server, void *method, bool reads_payload, struct pen_rpc_arrival *arrival,
    grpc_completion_queue *queue, void *tag) {
  if (!method)
    return grpc_server_request_call(
        server, &arrival->call, &arrival->details, &arrival->metadata, queue, queue, tag);
  return grpc_server_request_registered_call(
      server, method, &arrival->call, &arrival->deadline, &arrival->metadata,
      reads_payload ? &arrival->payload : NULL, queue, queue, tag);
}

// ---- Settings

enum { PEN_RPC_ARGUMENTS_MAX = 32 };

/// A list of arguments of a channel or server; its texts stay the caller's.
struct pen_rpc_arguments {
  grpc_arg list[PEN_RPC_ARGUMENTS_MAX];
  size_t count;
};

static inline void pen_rpc_arguments_add_integer(struct pen_rpc_arguments *arguments, const char *key, int value) {
  if (arguments->count == PEN_RPC_ARGUMENTS_MAX) abort();
  grpc_arg *arg = &arguments->list[arguments->count++];
  arg->type = GRPC_ARG_INTEGER;
  arg->key = (char *)key;
  arg->value.integer = value;
}

static inline void pen_rpc_arguments_add_text(struct pen_rpc_arguments *arguments, const char *key, const char *value) {
  if (arguments->count == PEN_RPC_ARGUMENTS_MAX) abort();
  grpc_arg *arg = &arguments->list[arguments->count++];
  arg->type = GRPC_ARG_STRING;
  arg->key = (char *)key;
  arg->value.string = (char *)value;
}

static inline grpc_channel *pen_rpc_channel_create(
    const char *target, grpc_channel_credentials *credentials, struct pen_rpc_arguments *arguments) {
  grpc_channel_args list = {arguments->count, arguments->list};
  return grpc_channel_create(target, credentials, &list);
}

static inline grpc_server *pen_rpc_server_create(struct pen_rpc_arguments *arguments) {
  grpc_channel_args list = {arguments->count, arguments->list};
  return grpc_server_create(&list, NULL);
}

/// Credentials of a client; texts are PEM, NULL for the system's authorities and for no certificate of ours.
static inline grpc_channel_credentials *pen_rpc_client_credentials(
    const char *authorities, const char *certificate, const char *key) {
  grpc_ssl_pem_key_cert_pair pair = {key, certificate};
  return grpc_ssl_credentials_create_ex(authorities, certificate ? &pair : NULL, NULL, NULL);
}

/// Credentials of a server; with `demands_certificate` a client without a certificate of the authorities is refused.
static inline grpc_server_credentials *pen_rpc_server_credentials(
    const char *authorities, const char *certificate, const char *key, bool demands_certificate) {
  grpc_ssl_pem_key_cert_pair pair = {key, certificate};
  return grpc_ssl_server_credentials_create_ex(
      authorities, &pair, 1,
      demands_certificate ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                          : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
      NULL);
}

static inline void pen_rpc_drop_log(gpr_log_func_args *line) { (void)line; }

/// Starts the library, once in a process. Its own log stays silent unless GRPC_VERBOSITY or GRPC_TRACE asks for it.
static inline void pen_rpc_library_start(void) {
  const char *verbosity = getenv("GRPC_VERBOSITY");
  const char *trace = getenv("GRPC_TRACE");
  if (!(verbosity && *verbosity) && !(trace && *trace)) gpr_set_log_function(pen_rpc_drop_log);
  grpc_init();
}
