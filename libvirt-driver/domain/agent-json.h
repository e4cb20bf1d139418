/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading what a guest agent answers: whatever the guest sends, these find values of the right kind
 * or none. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What a command's answer must be. */
typedef enum {
    AGENT_ANYTHING,
    AGENT_NUMBER,
    AGENT_OBJECT,
    AGENT_OBJECTS, /* a list of objects */
} AgentShape;
gboolean agent_has_shape(JsonNode *node, AgentShape shape);

/* Members of an object; NULL or otherwise: not there, or of another kind. Borrowed. */
const char *agent_text(JsonObject *object, const char *name);
gint64 agent_number(JsonObject *object, const char *name, gint64 otherwise);
double agent_real(JsonObject *object, const char *name, double otherwise);
gboolean agent_flag(JsonObject *object, const char *name);
JsonArray *agent_objects(JsonObject *object, const char *name);
JsonArray *agent_texts(JsonObject *object, const char *name);

G_END_DECLS
