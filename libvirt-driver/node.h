/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Figures of the host that others need too. */
#pragma once

#include <kxl.h>

G_BEGIN_DECLS

/* The numbers of a list as Linux writes them, "0-3,8"; NULL when path cannot be read. Of guint. */
GArray *node_read_cpu_list(const char *path);
guint64 node_cell_memory_kib(guint cell); /* 0: unknown */
/* Sizes of pages in KiB, the least first; cell -1: the host's. Of guint. */
GArray *node_page_sizes(int cell);
guint64 node_cell_pages(guint cell, guint size_kib); /* free or not */
guint64 node_free_memory_kib(GError **error);
guint node_sockets(const KxlHostInfo *info);

G_END_DECLS
