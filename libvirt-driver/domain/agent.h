/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the guest agent. */
#pragma once

#include "agent-json.h"
#include "handler.h"

G_BEGIN_DECLS

/* The running domain that the call is about, with its job lock. */
gboolean agent_begin(const RpcCall *call, DomainView *ret_view, GError **error);
/* One command; arguments (may be NULL) is taken over. Returns the answer's value, which has that
 * shape. */
JsonNode *agent_ask(const RpcCall *call, const DomainView *view, const char *command,
                    AgentShape shape, JsonObject *arguments, GError **error);
gboolean agent_tell(const RpcCall *call, const DomainView *view, const char *command,
                    JsonObject *arguments, GError **error);
/* For commands that the agent answers only when they fail. */
gboolean agent_tell_unanswered(const RpcCall *call, const DomainView *view, const char *command,
                               JsonObject *arguments, GError **error);

G_END_DECLS
