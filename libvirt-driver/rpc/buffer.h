/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for packets of streams, used again and again: fresh pages from the kernel for each would
 * cost as much as the copying. A few are kept while there are streams at all.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Holds the longest packet of a stream that libvirt sends, and whole pages. */
#define RPC_BUFFER_LEN (65u * 4096u)

guint8 *rpc_buffer_take(void);
void rpc_buffer_give(guint8 *buffer);
/* The same as an empty array, which gets no other memory up to that length; and what is in it,
 * given back when it is freed. Takes array. */
GByteArray *rpc_buffer_take_array(void);
GBytes *rpc_buffer_to_bytes(GByteArray *array);

/* A stream begins, a stream ends. */
void rpc_buffers_keep(void);
void rpc_buffers_release(void);

G_END_DECLS
