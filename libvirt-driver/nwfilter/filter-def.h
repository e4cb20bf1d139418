/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <filter>: a network filter, as nwfilter-define takes it. Pure functions of their arguments. */
#pragma once

#include <domain-xml.h>

#include "attributes.h"

G_BEGIN_DECLS

typedef enum {
    NWFILTER_DROP,
    NWFILTER_ACCEPT,
    NWFILTER_REJECT,
    NWFILTER_RETURN,
    NWFILTER_CONTINUE,
} NwfilterAction;

/* Seen from the guest. */
typedef enum { NWFILTER_IN, NWFILTER_OUT, NWFILTER_INOUT } NwfilterDirection;

typedef struct {
    NwfilterAction action;
    NwfilterDirection direction;
    int priority;
    gboolean stateless; /* statematch='false' */
    const NwfilterProtocol *protocol; /* NULL: every packet of its chain */
    NwfilterItem items[NWFILTER_N_ATTRIBUTES];
} NwfilterRule;

/* One of the two. */
typedef struct {
    NwfilterRule *rule;
    DomainFilterRef *reference;
} NwfilterEntry;

typedef struct {
    char *name, *uuid; /* uuid NULL: not given */
    char *chain;       /* "root", or one of a protocol's */
    int priority;      /* of the chain; 0: that of the root chain */
    GPtrArray *entries; /* of NwfilterEntry */
} NwfilterDef;

#define NWFILTER_PRIORITY_MAX 1000 /* and as far below 0 */
#define NWFILTER_CHAIN_MAX    12   /* "I-<interface>-<chain>" is what ebtables can name: 31 bytes */

NwfilterDef *nwfilter_def_parse(const char *xml, GError **error);
char *nwfilter_def_format(const NwfilterDef *def);
void nwfilter_def_free(NwfilterDef *def); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NwfilterDef, nwfilter_def_free)

G_END_DECLS
