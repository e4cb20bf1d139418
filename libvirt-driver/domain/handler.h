/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the handlers of domains share. */
#pragma once

#include "handler-util.h"
#include "registry.h"

G_BEGIN_DECLS

/* virDomainModificationImpact */
enum { AFFECT_CURRENT = 0, AFFECT_LIVE = 1, AFFECT_CONFIG = 2 };

/* The domain that the handle in args[index] names: by UUID, its name and id may be old. A new
 * reference. */
Domain *call_domain(const RpcCall *call, guint index, GError **error);
/* How handlers begin: the domain of args[0] as it is now. */
gboolean call_view(const RpcCall *call, DomainView *ret_view, GError **error);
/* The same of one that runs, once a restart is over. */
gboolean call_active(const RpcCall *call, DomainView *ret_view, GError **error);
/* The same; the host cannot be "verb". */
gboolean call_running(const RpcCall *call, const char *verb, DomainView *ret_view, GError **error);
/* To change a domain: view with its job lock. The host cannot be "verb". */
gboolean call_job(const RpcCall *call, const char *verb, DomainView *ret_view, GError **error);
gboolean call_job_running(const RpcCall *call, const char *verb, DomainView *ret_view,
                          GError **error);
/* Domain-0 is the host: what is refused for it. */
gboolean check_not_host(const DomainView *view, const char *verb, GError **error);
/* Errors in libvirt's words when it does not run, or has no persistent definition. */
gboolean check_active(const DomainView *view, GError **error);
gboolean check_persistent(const DomainView *view, GError **error);
/* Resolves CURRENT, and checks that what is affected is there. flags keeps LIVE and CONFIG only. */
gboolean resolve_impact(const DomainView *view, guint32 *flags, GError **error);
/* How handlers begin that read one definition: flags checked and resolved (both are refused), the
 * domain of args[0], and its definition that is asked for. */
const DomainDef *call_affected_def(const RpcCall *call, guint32 *flags, DomainView *ret_view,
                                   GError **error);

/* The domains that match virConnectListAllDomainsFlags; references. */
GPtrArray *domain_list_matching(const RpcCall *call, guint32 flags);

/* Parses and completes a definition that a client sent. */
Definition *parse_definition(DomainRegistry *registry, const char *xml, gboolean validate,
                             GError **error);
/* Makes one change in a copy. */
typedef void (*DefChange)(DomainDef *def, gpointer data);
/* Changes the persistent and/or the live definition (flags: resolved LIVE, CONFIG). */
gboolean change_definitions(DomainRegistry *registry, Domain *domain, guint32 flags,
                            DefChange change, gpointer data, GError **error);

/* Starts the domain from definition, with its job lock held. */
gboolean domain_start(DomainRegistry *registry, Domain *domain, Definition *definition,
                      gboolean paused, GError **error);

G_END_DECLS
