/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "field.h"

#include <string.h>
#include "kxl.h"

#define AT(T, field, object)       (*(T *)((char *)(object) + (field)->offset))
#define AT_CONST(T, field, object) (*(T const *)((const char *)(object) + (field)->offset))

/* Enums of our tables are unsigned int or int to the ABI; both are read and written as int. */
G_STATIC_ASSERT(sizeof(KxlAction) == sizeof(int) && sizeof(KxlTristate) == sizeof(int));

static gint64 number_get(const KxlField *f, gconstpointer object)
{
    switch (f->kind) {
    case KXL_FIELD_UINT:
    case KXL_FIELD_CPUS:
        return AT_CONST(guint, f, object);
    case KXL_FIELD_INT64:
    case KXL_FIELD_UINT64:
        return AT_CONST(gint64, f, object);
    default:
        return AT_CONST(int, f, object);
    }
}

static void number_set(const KxlField *f, gpointer object, gint64 value)
{
    switch (f->kind) {
    case KXL_FIELD_UINT:
    case KXL_FIELD_CPUS:
        AT(guint, f, object) = (guint)value;
        break;
    case KXL_FIELD_INT64:
    case KXL_FIELD_UINT64:
        AT(gint64, f, object) = value;
        break;
    default:
        AT(int, f, object) = (int)value;
        break;
    }
}

/* --- life ------------------------------------------------------------------------------------- */

void kxl_type_init(const KxlType *type, gpointer object)
{
    for (guint i = 0; i < type->nr_fields; i++) {
        const KxlField *f = &type->fields[i];

        switch (f->kind) {
        case KXL_FIELD_STRING:
        case KXL_FIELD_HIDDEN:
        case KXL_FIELD_STRV:
            break;
        case KXL_FIELD_STRUCT:
            kxl_type_init(f->type, &AT(char, f, object));
            break;
        case KXL_FIELD_ARRAY:
            AT(GPtrArray *, f, object) = g_ptr_array_new_with_free_func(f->type->free);
            break;
        default:
            number_set(f, object, f->initial);
        }
    }
}

gpointer kxl_type_new(const KxlType *type)
{
    gpointer object = g_malloc0(type->size);

    kxl_type_init(type, object);
    return object;
}

void kxl_type_clear(const KxlType *type, gpointer object)
{
    for (guint i = 0; i < type->nr_fields; i++) {
        const KxlField *f = &type->fields[i];

        switch (f->kind) {
        case KXL_FIELD_STRING:
        case KXL_FIELD_HIDDEN:
            g_clear_pointer(&AT(char *, f, object), g_free);
            break;
        case KXL_FIELD_STRV:
            g_clear_pointer(&AT(char **, f, object), g_strfreev);
            break;
        case KXL_FIELD_STRUCT:
            kxl_type_clear(f->type, &AT(char, f, object));
            break;
        case KXL_FIELD_ARRAY:
            g_clear_pointer(&AT(GPtrArray *, f, object), g_ptr_array_unref);
            break;
        default:
            break;
        }
    }
}

void kxl_type_free(const KxlType *type, gpointer object)
{
    if (!object)
        return;
    kxl_type_clear(type, object);
    g_free(object);
}

static void type_copy(const KxlType *type, gconstpointer from, gpointer to)
{
    for (guint i = 0; i < type->nr_fields; i++) {
        const KxlField *f = &type->fields[i];

        switch (f->kind) {
        case KXL_FIELD_STRING:
        case KXL_FIELD_HIDDEN:
            AT(char *, f, to) = g_strdup(AT_CONST(char *, f, from));
            break;
        case KXL_FIELD_STRV:
            AT(char **, f, to) = g_strdupv(AT_CONST(char **, f, from));
            break;
        case KXL_FIELD_STRUCT:
            type_copy(f->type, &AT_CONST(char, f, from), &AT(char, f, to));
            break;
        case KXL_FIELD_ARRAY: {
            const GPtrArray *elements = AT_CONST(GPtrArray *, f, from);
            GPtrArray *copies = g_ptr_array_new_with_free_func(f->type->free);

            for (guint n = 0; elements && n < elements->len; n++)
                g_ptr_array_add(copies, kxl_type_dup(f->type, elements->pdata[n]));
            AT(GPtrArray *, f, to) = copies;
            break;
        }
        default:
            number_set(f, to, number_get(f, from));
        }
    }
}

gpointer kxl_type_dup(const KxlType *type, gconstpointer object)
{
    gpointer copy = g_malloc0(type->size);

    type_copy(type, object, copy);
    return copy;
}

/* --- to JSON ---------------------------------------------------------------------------------- */

static JsonNode *node_of_array(JsonArray *array)
{
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);

    json_node_take_array(node, array);
    return node;
}

static JsonNode *strv_to_json(char **strv)
{
    JsonArray *array = json_array_new();

    for (; *strv; strv++)
        json_array_add_string_element(array, *strv);
    return node_of_array(array);
}

static JsonNode *cpus_to_json(guint count)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < count; i++)
        json_array_add_int_element(array, i);
    return node_of_array(array);
}

static JsonNode *array_to_json(const KxlType *type, const GPtrArray *elements)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < elements->len; i++)
        json_array_add_object_element(array, kxl_type_to_json(type, elements->pdata[i]));
    return node_of_array(array);
}

static JsonNode *number_to_json(const KxlField *f, gint64 value)
{
    JsonNode *node;

    if (value == f->initial && !f->always)
        return NULL;
    node = json_node_alloc();
    switch (f->kind) {
    case KXL_FIELD_BOOL:
        return json_node_init_boolean(node, value != 0);
    case KXL_FIELD_FLAG:
        return json_node_init_int(node, value != 0);
    case KXL_FIELD_DEFBOOL:
        return json_node_init_string(node, value ? "True" : "False");
    case KXL_FIELD_ENUM:
        return json_node_init_string(node, kxl_words_to_string(f->words, (int)value));
    default:
        return json_node_init_int(node, value);
    }
}

/* NULL: the field has its default and is left out. */
static JsonNode *field_to_json(const KxlField *f, gconstpointer object)
{
    switch (f->kind) {
    case KXL_FIELD_STRING: {
        const char *text = AT_CONST(char *, f, object);
        return text ? json_node_init_string(json_node_alloc(), text) : NULL;
    }
    case KXL_FIELD_HIDDEN:
        return NULL;
    case KXL_FIELD_STRV: {
        char **strv = AT_CONST(char **, f, object);
        return strv ? strv_to_json(strv) : NULL;
    }
    case KXL_FIELD_CPUS: {
        guint count = AT_CONST(guint, f, object);
        return count ? cpus_to_json(count) : NULL;
    }
    case KXL_FIELD_STRUCT: {
        JsonObject *json = kxl_type_to_json(f->type, &AT_CONST(char, f, object));
        JsonNode *node = NULL;

        if (json_object_get_size(json) > 0)
            node = json_node_init_object(json_node_alloc(), json);
        json_object_unref(json);
        return node;
    }
    case KXL_FIELD_ARRAY: {
        const GPtrArray *elements = AT_CONST(GPtrArray *, f, object);
        return elements && elements->len ? array_to_json(f->type, elements) : NULL;
    }
    default:
        return number_to_json(f, number_get(f, object));
    }
}

static JsonObject *sub_object(JsonObject *json, const char *key)
{
    JsonObject *sub;

    if (json_object_has_member(json, key))
        return json_object_get_object_member(json, key);
    sub = json_object_new();
    json_object_set_object_member(json, key, sub);
    return sub;
}

JsonObject *kxl_type_to_json(const KxlType *type, gconstpointer object)
{
    JsonObject *json = json_object_new();

    for (guint i = 0; i < type->nr_fields; i++) {
        const KxlField *f = &type->fields[i];
        JsonNode *node = field_to_json(f, object);
        g_auto(GStrv) keys = NULL;
        JsonObject *at = json;
        guint last;

        if (!node)
            continue;
        keys = g_strsplit(f->path, "/", -1);
        last = g_strv_length(keys) - 1;
        for (guint k = 0; k < last; k++)
            at = sub_object(at, keys[k]);
        json_object_set_member(at, keys[last], node);
    }
    return json;
}

char *kxl_type_to_text(const KxlType *type, gconstpointer object)
{
    g_autoptr(JsonObject) json = kxl_type_to_json(type, object);
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), json);

    return json_to_string(node, TRUE);
}

/* --- from JSON -------------------------------------------------------------------------------- */

static gboolean wrong_kind(const char *path, const char *wanted, GError **error)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "%s: expected %s", path, wanted);
    return FALSE;
}

static gboolean strv_from_json(const KxlField *f, JsonNode *node, gpointer object, GError **error)
{
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);

    if (!array)
        return wrong_kind(f->path, "a list of strings", error);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        const char *text = json_node_get_string(json_array_get_element(array, i));

        if (!text)
            return wrong_kind(f->path, "a list of strings", error);
        g_ptr_array_add(strings, g_strdup(text));
    }
    g_ptr_array_add(strings, NULL);
    g_strfreev(AT(char **, f, object));
    AT(char **, f, object) = (char **)g_ptr_array_free(g_steal_pointer(&strings), FALSE);
    return TRUE;
}

static gboolean array_from_json(const KxlField *f, JsonNode *node, gpointer object, GError **error)
{
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    GPtrArray *elements = AT(GPtrArray *, f, object);

    if (!array)
        return wrong_kind(f->path, "a list", error);
    g_ptr_array_set_size(elements, 0);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);
        gpointer element;

        if (!JSON_NODE_HOLDS_OBJECT(item))
            return wrong_kind(f->path, "a list of objects", error);
        element = kxl_type_new(f->type);
        g_ptr_array_add(elements, element);
        if (!kxl_type_from_json(f->type, json_node_get_object(item), element, error)) {
            g_prefix_error(error, "%s[%u]: ", f->path, i);
            return FALSE;
        }
    }
    return TRUE;
}

/* Range of the C type behind a numeric field. */
static gboolean number_fits(const KxlField *f, gint64 value)
{
    switch (f->kind) {
    case KXL_FIELD_INT:
        return value >= G_MININT32 && value <= G_MAXINT32;
    case KXL_FIELD_UINT:
        return value >= 0 && value <= G_MAXUINT32;
    case KXL_FIELD_UINT64:
        return value >= 0;
    default:
        return TRUE;
    }
}

static gboolean number_from_json(const KxlField *f, JsonNode *node, gpointer object, GError **error)
{
    GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;
    const char *text = type == G_TYPE_STRING ? json_node_get_string(node) : NULL;
    int word;

    switch (f->kind) {
    case KXL_FIELD_BOOL:
        if (type != G_TYPE_BOOLEAN)
            return wrong_kind(f->path, "true or false", error);
        number_set(f, object, json_node_get_boolean(node));
        return TRUE;
    case KXL_FIELD_FLAG:
        if (type != G_TYPE_BOOLEAN && type != G_TYPE_INT64)
            return wrong_kind(f->path, "0 or 1", error);
        number_set(f, object,
                   type == G_TYPE_INT64 ? json_node_get_int(node) != 0
                                        : json_node_get_boolean(node));
        return TRUE;
    case KXL_FIELD_DEFBOOL:
        if (g_strcmp0(text, "True") != 0 && g_strcmp0(text, "False") != 0)
            return wrong_kind(f->path, "\"True\" or \"False\"", error);
        number_set(f, object, text[0] == 'T');
        return TRUE;
    case KXL_FIELD_ENUM:
        word = kxl_words_from_string(f->words, text);
        if (word < 0) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "%s: unknown value '%s'", f->path,
                        text ? text : "");
            return FALSE;
        }
        number_set(f, object, word);
        return TRUE;
    default:
        if (type != G_TYPE_INT64 || !number_fits(f, json_node_get_int(node)))
            return wrong_kind(f->path, "a number in range", error);
        number_set(f, object, json_node_get_int(node));
        return TRUE;
    }
}

static gboolean field_from_json(const KxlField *f, JsonNode *node, gpointer object, GError **error)
{
    switch (f->kind) {
    case KXL_FIELD_STRING:
        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
            return wrong_kind(f->path, "a string", error);
        g_free(AT(char *, f, object));
        AT(char *, f, object) = g_strdup(json_node_get_string(node));
        return TRUE;
    case KXL_FIELD_HIDDEN:
        return wrong_kind(f->path, "left out", error);
    case KXL_FIELD_STRV:
        return strv_from_json(f, node, object, error);
    case KXL_FIELD_CPUS:
        if (!JSON_NODE_HOLDS_ARRAY(node))
            return wrong_kind(f->path, "a list of numbers", error);
        AT(guint, f, object) = json_array_get_length(json_node_get_array(node));
        return TRUE;
    case KXL_FIELD_STRUCT:
        if (!JSON_NODE_HOLDS_OBJECT(node))
            return wrong_kind(f->path, "an object", error);
        return kxl_type_from_json(f->type, json_node_get_object(node), &AT(char, f, object), error);
    case KXL_FIELD_ARRAY:
        return array_from_json(f, node, object, error);
    default:
        return number_from_json(f, node, object, error);
    }
}

typedef enum { PATH_NONE, PATH_INSIDE, PATH_FIELD } PathMatch;

/* What a JSON path is to the table: a row, the way to one, or nothing. */
static PathMatch path_match(const KxlType *type, const char *path, const KxlField **ret_field)
{
    gsize len = strlen(path);
    PathMatch match = PATH_NONE;

    for (guint i = 0; i < type->nr_fields; i++) {
        const char *row = type->fields[i].path;

        if (!g_str_has_prefix(row, path))
            continue;
        if (row[len] == '\0') {
            *ret_field = &type->fields[i];
            return PATH_FIELD;
        }
        if (row[len] == '/')
            match = PATH_INSIDE;
    }
    return match;
}

static gboolean object_from_json(const KxlType *type, const char *prefix, JsonObject *json,
                                 gpointer object, GError **error)
{
    JsonObjectIter iter;
    const char *key;
    JsonNode *node;

    json_object_iter_init(&iter, json);
    while (json_object_iter_next(&iter, &key, &node)) {
        g_autofree char *path = g_strconcat(prefix, key, NULL);
        g_autofree char *inside = NULL;
        const KxlField *f = NULL;

        switch (path_match(type, path, &f)) {
        case PATH_FIELD:
            if (!field_from_json(f, node, object, error))
                return FALSE;
            break;
        case PATH_INSIDE:
            if (!JSON_NODE_HOLDS_OBJECT(node))
                return wrong_kind(path, "an object", error);
            inside = g_strconcat(path, "/", NULL);
            if (!object_from_json(type, inside, json_node_get_object(node), object, error))
                return FALSE;
            break;
        case PATH_NONE:
            g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "unknown key '%s'", path);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean kxl_type_from_json(const KxlType *type, JsonObject *json, gpointer object, GError **error)
{
    return object_from_json(type, "", json, object, error);
}

gpointer kxl_type_from_text(const KxlType *type, const char *text, const char *what, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) parse_error = NULL;
    JsonNode *root;
    gpointer object;

    if (!json_parser_load_from_data(parser, text, -1, &parse_error)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_SYNTAX, "%s: %s", what, parse_error->message);
        return NULL;
    }
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_SYNTAX, "%s: not a JSON object", what);
        return NULL;
    }
    object = kxl_type_new(type);
    if (!kxl_type_from_json(type, json_node_get_object(root), object, error)) {
        g_prefix_error(error, "%s: ", what);
        kxl_type_free(type, object);
        return NULL;
    }
    return object;
}
