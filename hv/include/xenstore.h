/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The domain's XenStore (io/xs_wire.h): nodes, permissions, transactions, watches, quotas. It knows
 * nothing of rings and ports; connections feed it bytes and take bytes. Compiled on the host for
 * tests and fuzzing.
 */
#pragma once

#include "types.h"

struct xenstore;
struct xs_conn;

/* Output of a connection: takes up to len bytes, returns how many it took; xs_conn_resume() is
 * called when it can take more. */
typedef size_t xs_output_fn(void *opaque, const void *data, size_t len);

/* The store of guest domid; dom0 owns the root. NULL: no memory. */
struct xenstore *xs_new(uint32_t guest_domid);
void xs_free(struct xenstore *xs);

/* Applies a store section (kanzen-abi.h). 0, or -XEN_EINVAL with nothing further applied. */
int xs_load(struct xenstore *xs, const void *records, size_t len);

/* domid 0: privileged. NULL: no memory. Freeing drops its watches and transactions. */
struct xs_conn *xs_conn_new(struct xenstore *xs, uint32_t domid, xs_output_fn *output,
                            void *opaque);
void xs_conn_free(struct xs_conn *c);
/* Feeds bytes as they come, any split; returns how many were taken (fewer than len only while
 * replies wait to go out). A malformed header makes the connection dead: it returns -XEN_EINVAL. */
int64_t xs_conn_input(struct xs_conn *c, const void *data, size_t len);
void xs_conn_resume(struct xs_conn *c);

/* hv's own use, as domain 0, outside transactions. Paths absolute. */
/* The value, NUL-terminated and to be kfree'd by the caller, or NULL when absent. */
char *xs_read_string(struct xenstore *xs, const char *path);
/* false: absent or not a number (decimal, or 0x hex). */
bool xs_read_u64(struct xenstore *xs, const char *path, uint64_t *ret);
int xs_write_string(struct xenstore *xs, const char *path, const char *value);
int xs_write_u64(struct xenstore *xs, const char *path, uint64_t value);
int xs_remove(struct xenstore *xs, const char *path);
/* Children names, each NUL-terminated, one after the other in one kfree-able block of *ret_len
 * bytes. */
char *xs_list(struct xenstore *xs, const char *path, size_t *ret_len);

/* fn runs after a change at or below path commits, never from inside the change itself; once right
 * after registration. The watch is freed with xs_unwatch(). */
typedef void xs_watch_fn(void *opaque, const char *changed_path);
struct xs_hv_watch;
struct xs_hv_watch *xs_watch(struct xenstore *xs, const char *path, xs_watch_fn *fn, void *opaque);
void xs_unwatch(struct xs_hv_watch *w);
/* Runs the watch handlers that are due; the core calls it from a softirq that on_due raises. */
void xs_run_hv_watches(struct xenstore *xs);
void xs_set_watch_due(struct xenstore *xs, void (*on_due)(void *opaque), void *opaque);

/* The guest's ring (io/xs_wire.h struct xenstore_domain_interface); ring in hv's direct map.
 * xs_ring_kick() on the guest's event; notify() is called when the guest must be told. Garbage
 * indices kill only the ring. */
struct xs_ring;
struct xs_ring *xs_ring_new(struct xenstore *xs, void *ring_page, uint32_t domid,
                            void (*notify)(void *opaque), void *opaque);
void xs_ring_kick(struct xs_ring *r);
void xs_ring_free(struct xs_ring *r); /* before xs_free() */
