/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What calls share that get and set the limits of a domain, stored and running. */
#pragma once

#include "handler.h"
#include "params.h"

G_BEGIN_DECLS

/* A change of a running domain's configuration, as a DefChange is of its definition. */
typedef gboolean (*LimitsChange)(KxlDomainConfig *config, const XdrValue *list, GError **error);

/* Args: domain, number of parameters, flags. */
gboolean tune_get(RpcCall *call, ParamsFill fill, GError **error);
/* Args: domain, parameters, flags. */
gboolean tune_set(RpcCall *call, const ParamRule *rules, guint n_rules, DefChange change,
                  LimitsChange live, GError **error);
/* The control groups of a running domain. */
gboolean tune_live(const Kanzend *kanzend, const DomainView *view, LimitsChange live,
                   const XdrValue *list, GError **error);

G_END_DECLS
