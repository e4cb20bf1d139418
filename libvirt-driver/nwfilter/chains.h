/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chains that rules of filters are in. A chain's name begins with what it is entered for. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NWFILTER_ROOT_CHAIN "root"

typedef struct {
    const char *prefix;
    int priority;              /* of a chain that has none of its own */
    const char *option, *value; /* of the ebtables rule that enters it; NULL: every packet does */
} NwfilterChainKind;

/* NULL: there is none. */
const NwfilterChainKind *nwfilter_chain_kind(const char *chain);
gboolean nwfilter_chain_check(const char *chain, GError **error);

G_END_DECLS
