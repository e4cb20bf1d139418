/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done once per boot of the host: a mark in the run directory, which a boot empties. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* TRUE: this is the first time; the mark is set now. FALSE: done before, or (logged) not
 * markable. */
gboolean boot_mark_set(const char *run_dir, const char *name);

G_END_DECLS
