/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mdev-config.h"

#include <json-glib/json-glib.h>

#include "command.h"
#include "handler-util.h"

static void attribute_free(gpointer data)
{
    MdevAttribute *attribute = data;

    g_free(attribute->name);
    g_free(attribute->value);
    g_free(attribute);
}

MdevConfig *mdev_config_new(void)
{
    MdevConfig *config = g_new0(MdevConfig, 1);

    config->attributes = g_ptr_array_new_with_free_func(attribute_free);
    return config;
}

void mdev_config_free(MdevConfig *config)
{
    if (config == NULL)
        return;
    g_free(config->uuid);
    g_free(config->parent);
    g_free(config->type);
    g_ptr_array_unref(config->attributes);
    g_free(config);
}

static void free_config(gpointer config)
{
    mdev_config_free(config);
}

void mdev_config_add_attribute(MdevConfig *config, const char *name, const char *value)
{
    MdevAttribute *attribute = g_new(MdevAttribute, 1);

    *attribute = (MdevAttribute){ g_strdup(name), g_strdup(value) };
    g_ptr_array_add(config->attributes, attribute);
}

/* ---- JSON: [{PARENT: [{UUID: {"mdev_type": T, "start": S, "attrs": [{NAME: VALUE}]}}]}] ---- */

typedef gboolean (*EachMember)(const char *name, JsonNode *value, gpointer data);

/* Calls each for the members of the objects that an array has. FALSE: it has something else. */
static gboolean each_member(JsonNode *node, EachMember each, gpointer data)
{
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return FALSE;
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        JsonObjectIter iter;
        const char *name;
        JsonNode *value;

        if (!JSON_NODE_HOLDS_OBJECT(element))
            return FALSE;
        json_object_iter_init(&iter, json_node_get_object(element));
        while (json_object_iter_next(&iter, &name, &value))
            if (!each(name, value, data))
                return FALSE;
    }
    return TRUE;
}

static const char *text_of(JsonNode *node)
{
    return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static gboolean take_attribute(const char *name, JsonNode *value, gpointer config)
{
    if (text_of(value) == NULL)
        return FALSE;
    mdev_config_add_attribute(config, name, text_of(value));
    return TRUE;
}

typedef struct {
    GPtrArray *configs;
    const char *parent;
} Reader;

static gboolean take_device(const char *uuid, JsonNode *value, gpointer data)
{
    const Reader *reader = data;
    g_autoptr(MdevConfig) config = mdev_config_new();

    if (!JSON_NODE_HOLDS_OBJECT(value) || !g_uuid_string_is_valid(uuid))
        return FALSE;
    JsonObject *object = json_node_get_object(value);
    JsonNode *attributes = json_object_get_member(object, "attrs");
    config->uuid = g_ascii_strdown(uuid, -1);
    config->parent = g_strdup(reader->parent);
    config->type = g_strdup(text_of(json_object_get_member(object, "mdev_type")));
    config->autostart = g_strcmp0(text_of(json_object_get_member(object, "start")), "auto") == 0;
    if (config->type == NULL ||
        (attributes != NULL && !each_member(attributes, take_attribute, config)))
        return FALSE;
    g_ptr_array_add(reader->configs, g_steal_pointer(&config));
    return TRUE;
}

static gboolean take_parent(const char *parent, JsonNode *devices, gpointer data)
{
    Reader *reader = data;

    reader->parent = parent;
    return each_member(devices, take_device, reader);
}

GPtrArray *mdev_config_parse(const char *json, GError **error)
{
    g_autoptr(JsonNode) root = json_from_string(json, error);
    g_autoptr(GPtrArray) configs = g_ptr_array_new_with_free_func(free_config);
    Reader reader = { configs, NULL };

    if (root == NULL && error != NULL && *error != NULL)
        return NULL;
    if (root != NULL && each_member(root, take_parent, &reader))
        return g_steal_pointer(&configs);
    fail(error, VIR_ERR_INTERNAL_ERROR, "mdevctl lists its devices in a form that is unknown");
    return NULL;
}

static char *format(const MdevConfig *config)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "mdev_type");
    json_builder_add_string_value(builder, config->type);
    json_builder_set_member_name(builder, "start");
    json_builder_add_string_value(builder, config->autostart ? "auto" : "manual");
    json_builder_set_member_name(builder, "attrs");
    json_builder_begin_array(builder);
    for (guint i = 0; i < config->attributes->len; i++) {
        const MdevAttribute *attribute = config->attributes->pdata[i];
        json_builder_begin_object(builder);
        json_builder_set_member_name(builder, attribute->name);
        json_builder_add_string_value(builder, attribute->value);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

/* ---- mdevctl ---- */

GPtrArray *mdev_config_list(void)
{
    const char *argv[] = { "mdevctl", "list", "--defined", "--dumpjson", NULL };
    g_autofree char *program = g_find_program_in_path(argv[0]);
    g_autofree char *json = NULL;
    g_autoptr(GError) error = NULL;

    if (program != NULL && command_run(argv, NULL, &json, &error)) {
        GPtrArray *configs = mdev_config_parse(json, &error);
        if (configs != NULL)
            return configs;
    }
    if (error != NULL)
        g_warning("nodedev: %s", error->message);
    return g_ptr_array_new_with_free_func(free_config);
}

gboolean mdev_config_define(const MdevConfig *config, GError **error)
{
    g_autofree char *json = format(config);
    const char *argv[] = { "mdevctl",      "define",     "--parent",
                           config->parent, "--uuid",     config->uuid,
                           "--jsonfile",   "/dev/stdin", NULL };

    return command_run(argv, json, NULL, error);
}

static gboolean run(const char *verb, const char *uuid, const char *option, GError **error)
{
    const char *argv[] = { "mdevctl", verb, "--uuid", uuid, option, NULL };

    return command_run(argv, NULL, NULL, error);
}

gboolean mdev_config_undefine(const char *uuid, GError **error)
{
    return run("undefine", uuid, NULL, error);
}

gboolean mdev_config_start(const char *uuid, GError **error)
{
    return run("start", uuid, NULL, error);
}

gboolean mdev_config_set_autostart(const char *uuid, gboolean autostart, GError **error)
{
    return run("modify", uuid, autostart ? "--auto" : "--manual", error);
}
