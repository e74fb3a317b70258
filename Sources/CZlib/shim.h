// zlib, which reads gzip; and what of it Swift cannot say: initialisers that are macros. Static inline, no policy.
// ORDER MATTERS: <features.h> first, as in CLinux.
#pragma once
#include <features.h>

#include <zlib.h>

/// Prepares `stream`, which is zeroed, to inflate gzip; 0 on success.
static inline int pen_gunzip_begin(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
