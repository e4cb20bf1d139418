/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent-json.h"

static gboolean is_value(JsonNode *node, GType type)
{
    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

static gboolean is_list(JsonNode *node, gboolean of_objects)
{
    JsonArray *array;

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return FALSE;
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);

        if (of_objects ? !JSON_NODE_HOLDS_OBJECT(element) : !is_value(element, G_TYPE_STRING))
            return FALSE;
    }
    return TRUE;
}

gboolean agent_has_shape(JsonNode *node, AgentShape shape)
{
    switch (shape) {
    case AGENT_NUMBER:
        return is_value(node, G_TYPE_INT64);
    case AGENT_OBJECT:
        return JSON_NODE_HOLDS_OBJECT(node);
    case AGENT_OBJECTS:
        return is_list(node, TRUE);
    default:
        return TRUE;
    }
}

static JsonNode *value_of(JsonObject *object, const char *name, GType type)
{
    JsonNode *node = json_object_get_member(object, name);

    return is_value(node, type) ? node : NULL;
}

const char *agent_text(JsonObject *object, const char *name)
{
    JsonNode *node = value_of(object, name, G_TYPE_STRING);

    return node != NULL ? json_node_get_string(node) : NULL;
}

gint64 agent_number(JsonObject *object, const char *name, gint64 otherwise)
{
    JsonNode *node = value_of(object, name, G_TYPE_INT64);

    return node != NULL ? json_node_get_int(node) : otherwise;
}

double agent_real(JsonObject *object, const char *name, double otherwise)
{
    JsonNode *node = value_of(object, name, G_TYPE_DOUBLE);

    return node != NULL ? json_node_get_double(node)
                        : (double)agent_number(object, name, (gint64)otherwise);
}

gboolean agent_flag(JsonObject *object, const char *name)
{
    JsonNode *node = value_of(object, name, G_TYPE_BOOLEAN);

    return node != NULL && json_node_get_boolean(node);
}

JsonArray *agent_objects(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return is_list(node, TRUE) ? json_node_get_array(node) : NULL;
}

JsonArray *agent_texts(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return is_list(node, FALSE) ? json_node_get_array(node) : NULL;
}
