/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is mounted where. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether something is mounted at that very path; source not NULL: that source. */
gboolean mount_is_at(const char *path, const char *source);

G_END_DECLS
