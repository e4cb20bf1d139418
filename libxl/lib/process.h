/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes told apart for sure: a pid together with when it was started. */
#pragma once

#include <glib.h>

typedef struct {
    int pid;
    guint64 start_ticks; /* proc(5) stat field 22 */
} KxlProcess;

/* Writes the calling process to a file. */
gboolean kxl_process_record(const char *path, GError **error);
/* FALSE: no such record, or not (yet) whole. */
gboolean kxl_process_load(const char *path, KxlProcess *ret_process);
/* A pidfd of exactly that process, -1 when it is gone. */
int kxl_process_open(const KxlProcess *process);
/* Asks it to end, after grace_ms makes it, and returns when it is gone. */
void kxl_process_end(int pidfd, guint grace_ms);

typedef struct {
    guint64 cpu_time_ns;
    gboolean running; /* one of the threads is on a CPU or ready */
} KxlThreadTimes;
/* Sums over the threads, given by number; those that are gone count nothing. */
KxlThreadTimes kxl_process_threads(int pid, char *const *tids);
/* Resident set in KiB, 0 when it is gone. */
guint64 kxl_process_rss_kb(int pid);
