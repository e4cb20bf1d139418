/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of who may come in: patterns with '*' and '?'. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* patterns NULL: everybody. */
gboolean match_user(char *const *patterns, const char *user);
/*
 * A distinguished name, RFC 4514: "CN=alice,O=Example". People also write them the other way round,
 * "O=Example,CN=alice", as libvirt's own daemons want them: a pattern matches either.
 */
gboolean match_dn(char *const *patterns, const char *dn);

G_END_DECLS
