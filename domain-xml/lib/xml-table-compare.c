/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one object says and another of its class does not. */
#include "xml-table.h"

#include <string.h>

#include "xml-node.h"
#include "xml-value.h"

typedef struct {
    gconstpointer object, other;
    const char *path;
    const XmlForgiving *forgiving;
} Compare;

static gboolean is_compound(const XmlRow *row)
{
    return row->kind >= XML_OBJECT;
}

static gboolean is_list(const XmlRow *row)
{
    return row->kind == XML_LIST || row->kind == XML_NODES;
}

static gboolean is_said(const XmlRow *row, gconstpointer object)
{
    if (row->kind == XML_REFUSED || (row->when != NULL && !row->when(object)))
        return FALSE;
    if (is_list(row))
        return XML_CONST_FIELD(row, object, GPtrArray *)->len > 0;
    return is_compound(row) ? XML_CONST_FIELD(row, object, gpointer) != NULL
                            : xml_value_present(row, object);
}

/* Of a scalar. */
static gboolean same_value(const XmlRow *row, gconstpointer object, gconstpointer other)
{
    if (!is_said(row, other))
        return FALSE;
    if (row->kind == XML_STRING)
        return strcmp(XML_CONST_FIELD(row, object, char *), XML_CONST_FIELD(row, other, char *)) ==
               0;
    if (row->kind == XML_ULONG || row->kind == XML_KIB || row->kind == XML_BYTES)
        return XML_CONST_FIELD(row, object, guint64) == XML_CONST_FIELD(row, other, guint64);
    return row->kind == XML_FLAG ||
           XML_CONST_FIELD(row, object, int) == XML_CONST_FIELD(row, other, int);
}

static gboolean same_node(xmlNodePtr node, xmlNodePtr other)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) other_text = g_string_new(NULL);

    if (other == NULL)
        return FALSE;
    xml_node_format(node, 0, '\'', text);
    xml_node_format(other, 0, '\'', other_text);
    return g_string_equal(text, other_text);
}

/* ---- lists ---- */

/* What the rows marked XML_KEY say of an element; "": the class has none. Elements of one key are
 * numbered in their order: seen counts them. */
static char *element_key(const XmlClass *class, gconstpointer element, GHashTable *seen)
{
    g_autoptr(GString) key = g_string_new(NULL);

    for (guint i = 0; i < class->n_rows; i++) {
        const XmlRow *row = &class->rows[i];
        if (!(row->flags & XML_KEY))
            continue;
        g_string_append_c(key, '\n');
        if (xml_value_present(row, element))
            xml_value_append(row, element, FALSE, key);
    }
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(seen, key->str));
    g_hash_table_replace(seen, g_strdup(key->str), GUINT_TO_POINTER(n + 1));
    return g_strdup_printf("%s\n%u", key->str, n);
}

static GHashTable *table_by_key(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* The elements of a list by their keys. */
static GHashTable *index_list(const XmlClass *class, const GPtrArray *list)
{
    GHashTable *index = table_by_key();
    g_autoptr(GHashTable) seen = table_by_key();

    for (guint i = 0; i < list->len; i++) {
        gpointer element = g_ptr_array_index(list, i);
        g_hash_table_replace(index, element_key(class, element, seen), element);
    }
    return index;
}

static char *compare_list(const Compare *compare, const XmlRow *row, const char *path)
{
    const GPtrArray *list = XML_CONST_FIELD(row, compare->object, GPtrArray *);
    g_autoptr(GHashTable) others =
        index_list(row->item, XML_CONST_FIELD(row, compare->other, GPtrArray *));
    g_autoptr(GHashTable) seen = table_by_key();
    char *loss = NULL;

    for (guint i = 0; i < list->len && loss == NULL; i++) {
        g_autofree char *element_path = g_strdup_printf("%s[%u]", path, i + 1);
        gconstpointer element = g_ptr_array_index(list, i);
        g_autofree char *key = element_key(row->item, element, seen);
        gconstpointer other = g_hash_table_lookup(others, key);

        if (other != NULL)
            loss =
                xml_object_find_loss(row->item, element, other, element_path, compare->forgiving);
        else if (!compare->forgiving->forgives(element_path, row, element, NULL,
                                               compare->forgiving->data))
            loss = g_steal_pointer(&element_path);
    }
    return loss;
}

static char *compare_nodes(const Compare *compare, const XmlRow *row, const char *path)
{
    const GPtrArray *list = XML_CONST_FIELD(row, compare->object, GPtrArray *);
    const GPtrArray *others = XML_CONST_FIELD(row, compare->other, GPtrArray *);

    for (guint i = 0; i < list->len; i++)
        if (i >= others->len ||
            !same_node(g_ptr_array_index(list, i), g_ptr_array_index(others, i)))
            return g_strdup_printf("%s[%u]", path, i + 1);
    return NULL;
}

/* ---- objects ---- */

/* An element that the other has none of has lost what its rows say. */
static char *compare_object(const Compare *compare, const XmlRow *row, const char *path)
{
    gconstpointer object = XML_CONST_FIELD(row, compare->object, gpointer);
    gpointer other = XML_CONST_FIELD(row, compare->other, gpointer);

    if (other != NULL)
        return xml_object_find_loss(row->item, object, other, path, compare->forgiving);
    gpointer empty = xml_object_new(row->item);
    char *loss = xml_object_find_loss(row->item, object, empty, path, compare->forgiving);
    xml_object_free(row->item, empty);
    return loss;
}

static char *compare_row(const Compare *compare, const XmlRow *row)
{
    const XmlForgiving *forgiving = compare->forgiving;

    if (!is_said(row, compare->object) ||
        (!is_compound(row) && same_value(row, compare->object, compare->other)))
        return NULL;
    /* "." is the element's own text. */
    g_autofree char *path = strcmp(row->path, ".") == 0
                                ? g_strdup(compare->path)
                                : g_strdup_printf("%s/%s", compare->path, row->path);
    if (forgiving->forgives(path, row, compare->object, compare->other, forgiving->data))
        return NULL;
    if (row->kind == XML_OBJECT)
        return compare_object(compare, row, path);
    if (row->kind == XML_LIST)
        return compare_list(compare, row, path);
    if (row->kind == XML_NODES)
        return compare_nodes(compare, row, path);
    if (row->kind == XML_NODE && same_node(XML_CONST_FIELD(row, compare->object, xmlNodePtr),
                                           XML_CONST_FIELD(row, compare->other, xmlNodePtr)))
        return NULL;
    return g_steal_pointer(&path);
}

char *xml_object_find_loss(const XmlClass *class, gconstpointer object, gconstpointer other,
                           const char *path, const XmlForgiving *forgiving)
{
    const Compare compare = {
        .object = object, .other = other, .path = path, .forgiving = forgiving
    };
    char *loss = NULL;

    for (guint i = 0; i < class->n_rows && loss == NULL; i++)
        loss = compare_row(&compare, &class->rows[i]);
    return loss;
}
