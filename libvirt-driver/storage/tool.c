/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool.h"

#include <string.h>

#include "command.h"
#include "handler-util.h"

static GPtrArray *collect(va_list args)
{
    GPtrArray *argv = g_ptr_array_new();
    const char *word;

    do {
        word = va_arg(args, const char *);
        g_ptr_array_add(argv, (gpointer)word);
    } while (word != NULL);
    return argv;
}

gboolean tool_run(GError **error, ...)
{
    g_autoptr(GPtrArray) argv = NULL;
    va_list args;

    va_start(args, error);
    argv = collect(args);
    va_end(args);
    return command_run((const char *const *)argv->pdata, NULL, NULL, error);
}

char **tool_lines(GError **error, ...)
{
    g_autoptr(GPtrArray) argv = NULL;
    g_autofree char *output = NULL;
    char **lines, **to;
    va_list args;

    va_start(args, error);
    argv = collect(args);
    va_end(args);
    if (!command_run((const char *const *)argv->pdata, NULL, &output, error))
        return NULL;
    lines = g_strsplit(output, "\n", -1);
    to = lines;
    for (char **line = lines; *line != NULL; line++) {
        if (*g_strstrip(*line) != '\0')
            *to++ = *line;
        else
            g_free(*line);
    }
    *to = NULL;
    return lines;
}

JsonNode *tool_json(const char *const *argv, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *output = NULL;

    if (!command_run(argv, NULL, &output, error))
        return NULL;
    if (!json_parser_load_from_data(parser, output, -1, NULL) ||
        json_parser_get_root(parser) == NULL) {
        fail(error, VIR_ERR_INTERNAL_ERROR, "'%s' printed no JSON", argv[0]);
        return NULL;
    }
    return json_parser_steal_root(parser);
}

static JsonNode *value_of(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? node : NULL;
}

guint64 json_bytes(JsonObject *object, const char *member)
{
    JsonNode *node = value_of(object, member);

    if (node == NULL)
        return 0;
    if (json_node_get_value_type(node) == G_TYPE_STRING)
        return g_ascii_strtoull(json_node_get_string(node), NULL, 10);
    return (guint64)MAX(json_node_get_int(node), 0);
}

const char *json_text(JsonObject *object, const char *member)
{
    JsonNode *node = value_of(object, member);

    return node != NULL && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : "";
}

GPtrArray *volume_array_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)volume_free);
}
