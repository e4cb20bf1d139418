/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of interfaces in the kernel, through ebtables-restore(8) and iptables-restore(8). */
#pragma once

#include "rules.h"

G_BEGIN_DECLS

/* What becomes of one interface. */
typedef struct {
    const char *ifname;
    const NwfilterRules *rules;  /* NULL: it has none any more */
    const NwfilterRules *before; /* what it has; NULL: none, or not known */
} NwfilterChange;

/*
 * Makes all changes, each layer in one step: no packet sees half of a filter. When it fails the
 * rules are as they were. Blocks.
 */
gboolean nwfilter_tables_apply(const NwfilterChange *changes, guint n_changes, GError **error);

/* The text for the restore tool of a layer whose save tool wrote saved; NULL: nothing changes. */
char *nwfilter_tables_text(NwfilterLayer layer, const char *saved, const NwfilterChange *changes,
                           guint n_changes);

G_END_DECLS
