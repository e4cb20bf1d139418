/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What pools could be made of on this host. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* <storagepoolCapabilities>: every type, whether its tool is here, its formats. */
char *pool_capabilities(void);
/* <sources> for pools of a type; spec: <source> with where to look, may be NULL. */
char *pool_find_sources(const char *type, const char *spec, GError **error);

G_END_DECLS
