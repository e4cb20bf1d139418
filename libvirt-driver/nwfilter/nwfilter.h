/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network filters, and the interfaces that have one: its bindings. */
#pragma once

#include "binding-def.h"
#include "filter-def.h"
#include "rpc/server.h"

G_BEGIN_DECLS

typedef struct NwfilterRegistry NwfilterRegistry;

/*
 * Loads the filters below lib_dir, to which those that every host has are added once, and takes up
 * the bindings of run_dir.
 */
NwfilterRegistry *nwfilter_registry_new(const char *lib_dir, const char *run_dir,
                                        RpcServer *server, GError **error);
void nwfilter_registry_free(NwfilterRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NwfilterRegistry, nwfilter_registry_free)

/* ---- filters ---- */

/* What clients see of a filter. */
typedef struct {
    char *name, *uuid, *xml;
} NwfilterView;
void nwfilter_view_clear(NwfilterView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NwfilterView, nwfilter_view_clear)

/* FALSE with VIR_ERR_NO_NWFILTER: not there. */
gboolean nwfilter_find_uuid(NwfilterRegistry *registry, const char *uuid, NwfilterView *ret_view,
                            GError **error);
gboolean nwfilter_find_name(NwfilterRegistry *registry, const char *name, NwfilterView *ret_view,
                            GError **error);
/* Of NwfilterView without xml, by name; freed with the array. */
GPtrArray *nwfilter_list(NwfilterRegistry *registry);

/* Takes def. Interfaces that have the filter get its new rules, all at once; when they cannot, the
 * old definition and the old rules stay. */
gboolean nwfilter_define(NwfilterRegistry *registry, NwfilterDef *def, NwfilterView *ret_view,
                         GError **error);
gboolean nwfilter_undefine(NwfilterRegistry *registry, const char *uuid, GError **error);

/* ---- bindings (bindings.c) ---- */

/* A copy; NULL with VIR_ERR_NO_NWFILTER_BINDING. */
NwfilterBindingDef *nwfilter_binding_find(NwfilterRegistry *registry, const char *portdev,
                                          GError **error);
/* Copies, by portdev. */
GPtrArray *nwfilter_binding_list(NwfilterRegistry *registry);

/* Gives the interface, which need not be there yet, its filter's rules. Takes def. FALSE with
 * VIR_ERR_NO_NWFILTER: there is no such filter. */
gboolean nwfilter_bind(NwfilterRegistry *registry, NwfilterBindingDef *def, GError **error);
gboolean nwfilter_unbind(NwfilterRegistry *registry, const char *portdev, GError **error);
/* Gives a bound interface another filter; the old one stays when that fails. Takes def. */
gboolean nwfilter_rebind(NwfilterRegistry *registry, NwfilterBindingDef *def, GError **error);

/* Drops bindings that are of no domain that is_live knows, and of no interface. */
typedef gboolean (*NwfilterOwnerFunc)(const char *uuid, const char *portdev, gpointer user_data);
void nwfilter_sweep(NwfilterRegistry *registry, NwfilterOwnerFunc is_live, gpointer user_data);

/* "vnet0", "vnet1", ...: the first name that no interface and no binding has. It is the caller's to
 * use until it has bound it. */
char *nwfilter_choose_portdev(NwfilterRegistry *registry);
/* Whether it may have been chosen so: a definition that has it was once shown to somebody. */
gboolean nwfilter_is_chosen_portdev(const char *portdev);

G_END_DECLS
