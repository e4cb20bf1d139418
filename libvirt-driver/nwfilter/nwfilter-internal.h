/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nwfilter.c, bindings.c and learned.c share. */
#pragma once

#include "learn.h"
#include "nwfilter.h"
#include "rules.h"
#include "store.h"
#include "tables.h"

G_BEGIN_DECLS

/* What was learned. */
typedef struct {
    char *ip;
    gint64 expiry; /* seconds since 1970; 0: never */
} NwfilterAddress;

typedef struct {
    NwfilterBindingDef *def;
    NwfilterRules *rules;      /* those in the kernel */
    NwfilterLearning learning; /* how its guest's addresses are found out */
    GPtrArray *addresses;      /* of NwfilterAddress */
    GSource *expiry;           /* when the first of them runs out, or NULL */
} NwfilterBinding;

/*
 * A change holds `change` from its first look to its end, and so may read the tables without
 * `lock`, which it takes to write; lookups take `lock` alone and wait for nothing.
 */
struct NwfilterRegistry {
    RpcServer *server;
    char *binding_dir;
    Store *store, *binding_store;
    NwfilterLearner *learner;
    GMutex change; /* before lock */
    GMutex lock;
    GHashTable *filters;  /* of NwfilterDef, by UUID */
    GHashTable *bindings; /* of NwfilterBinding, by portdev */
};

/* All that follows is under change. */

/* The filters as they are, except that `instead` (or NULL) stands for the one of its name. */
typedef struct {
    NwfilterRegistry *registry;
    const NwfilterDef *instead;
} NwfilterFilters;
NwfilterSource nwfilter_filters_source(NwfilterFilters *filters);

/* bindings.c */
void nwfilter_binding_free(gpointer binding);
/* Gives every binding that has the filter of that name the rules it has among filters; all or
 * none. */
gboolean nwfilter_bindings_follow(NwfilterFilters *filters, const char *name, GError **error);
gboolean nwfilter_bindings_use(NwfilterRegistry *registry, const char *name);
void nwfilter_bindings_load(NwfilterRegistry *registry);
/* Gives a binding the rules of what is known now. */
gboolean nwfilter_binding_refresh(NwfilterRegistry *registry, NwfilterBinding *binding,
                                  GError **error);

/* learned.c: what is learned of a binding's guest, kept for the next daemon. */
void nwfilter_learned_load(NwfilterRegistry *registry, NwfilterBinding *binding);
/* Begins or ends looking at its interface, as its learning says. */
void nwfilter_learned_settle(NwfilterRegistry *registry, NwfilterBinding *binding);
void nwfilter_learned_forget(NwfilterRegistry *registry, NwfilterBinding *binding);
/* The NwfilterLearnFunc. */
void nwfilter_learned_sighting(const char *portdev, const NwfilterSighting *sighting,
                               gpointer user_data);
void nwfilter_address_free(gpointer address);

/* standard.c: the filters that every host has; ends with a NULL name. */
typedef struct {
    const char *name, *xml;
} NwfilterStandard;
extern const NwfilterStandard nwfilter_standards[];

G_END_DECLS
