/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads for what may block. A task is handed to the thread that has been idle for the shortest
 * time, whose caches are warm, and it is woken when nobody holds the lock any more, so that it does
 * not wait twice: most of what a short task takes is waking its thread. A few threads stay for the
 * next task, the rest end when they were not needed for a while.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct Workers Workers;
typedef void (*WorkersFunc)(gpointer data);
typedef void (*WorkersEachFunc)(gpointer item, gpointer data);

typedef struct {
    guint threads, idle, queued;
} WorkersStats;

/* At most max threads, of which keep stay however long they are idle. */
Workers *workers_new(guint max, guint keep, guint idle_ms);
/* Waits for all tasks and ends the threads. What is pushed from now on runs in its caller's. */
void workers_stop(Workers *workers);
void workers_free(Workers *workers); /* stopped before; nothing is pushed any more */
/* Any thread, all of these. */
void workers_push(Workers *workers, WorkersFunc func, gpointer data);
/* Calls func for each item, at most limit of them at a time, the caller's own among them, and
 * returns after the last. When no other thread is free it does them all: a worker may call it,
 * too. */
void workers_each(Workers *workers, const GPtrArray *items, guint limit, WorkersEachFunc func,
                  gpointer data);
void workers_set_max(Workers *workers, guint max);
void workers_get_stats(Workers *workers, WorkersStats *ret_stats);

G_END_DECLS
