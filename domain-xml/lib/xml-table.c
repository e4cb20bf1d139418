/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of objects that tables describe: made, emptied, copied. */
#include "xml-table.h"

#include "xml-node.h"
#include "xml-value.h"

GPtrArray *xml_list_new(const XmlClass *class)
{
    return g_ptr_array_new_with_free_func(class->destroy);
}

static GPtrArray *row_list_new(const XmlRow *row)
{
    return row->kind == XML_LIST ? xml_list_new(row->item)
                                 : g_ptr_array_new_with_free_func(xml_node_free);
}

gpointer xml_object_new(const XmlClass *class)
{
    gpointer object = g_malloc0(class->size);

    for (guint i = 0; i < class->n_rows; i++) {
        const XmlRow *row = &class->rows[i];

        if (row->kind == XML_LIST || row->kind == XML_NODES) {
            if (XML_FIELD(row, object, GPtrArray *) == NULL)
                XML_FIELD(row, object, GPtrArray *) = row_list_new(row);
        } else if (row->def != NULL && !(row->flags & XML_IMPLIED)) {
            const char *why = xml_value_set(row, object, row->def);
            g_assert(why == NULL);
        }
    }
    return object;
}

static gboolean is_pointer(const XmlRow *row)
{
    return row->kind == XML_STRING || row->kind == XML_OBJECT || row->kind == XML_LIST ||
           row->kind == XML_NODE || row->kind == XML_NODES;
}

static void clear_field(const XmlRow *row, gpointer object)
{
    if (!is_pointer(row) || XML_FIELD(row, object, gpointer) == NULL)
        return;
    gpointer value = g_steal_pointer(&XML_FIELD(row, object, gpointer));
    if (row->kind == XML_STRING)
        g_free(value);
    else if (row->kind == XML_OBJECT)
        xml_object_free(row->item, value);
    else if (row->kind == XML_NODE)
        xml_node_free(value);
    else
        g_ptr_array_unref(value);
}

/* Several rows may stand for one field: the first of them frees it and the others see NULL. */
void xml_object_clear(const XmlClass *class, gpointer object)
{
    for (guint i = 0; i < class->n_rows; i++)
        clear_field(&class->rows[i], object);
}

void xml_object_free(const XmlClass *class, gpointer object)
{
    if (object == NULL)
        return;
    xml_object_clear(class, object);
    g_free(object);
}

static gpointer dup_list(const XmlRow *row, const GPtrArray *from)
{
    GPtrArray *list = row_list_new(row);

    for (guint i = 0; i < from->len; i++) {
        gpointer element = g_ptr_array_index(from, i);
        g_ptr_array_add(list, row->kind == XML_LIST ? xml_object_dup(row->item, element)
                                                    : xml_node_dup(element));
    }
    return list;
}

static gpointer dup_field(const XmlRow *row, gpointer value)
{
    switch (row->kind) {
    case XML_STRING:
        return g_strdup(value);
    case XML_OBJECT:
        return xml_object_dup(row->item, value);
    case XML_LIST:
    case XML_NODES:
        return dup_list(row, value);
    case XML_NODE:
        return xml_node_dup(value);
    default:
        g_assert_not_reached();
    }
}

gpointer xml_object_dup(const XmlClass *class, gconstpointer object)
{
    if (object == NULL)
        return NULL;
    gpointer copy = g_memdup2(object, class->size);

    for (guint i = 0; i < class->n_rows; i++) {
        const XmlRow *row = &class->rows[i];
        if (!is_pointer(row))
            continue;
        /* A field that another row has copied already differs from the original's. */
        gpointer value = XML_CONST_FIELD(row, object, gpointer);
        gpointer *field = &XML_FIELD(row, copy, gpointer);
        if (value != NULL && *field == value)
            *field = dup_field(row, value);
    }
    return copy;
}

static gboolean list_has(const XmlRow *row, const GPtrArray *list, guint flags)
{
    for (guint i = 0; i < list->len; i++) {
        if (xml_object_has(row->item, list->pdata[i], flags))
            return TRUE;
    }
    return FALSE;
}

gboolean xml_object_has(const XmlClass *class, gconstpointer object, guint flags)
{
    for (guint i = 0; object != NULL && i < class->n_rows; i++) {
        const XmlRow *row = &class->rows[i];

        if ((row->flags & flags) && xml_value_present(row, object))
            return TRUE;
        if (row->kind == XML_OBJECT &&
            xml_object_has(row->item, XML_CONST_FIELD(row, object, gpointer), flags))
            return TRUE;
        if (row->kind == XML_LIST &&
            list_has(row, XML_CONST_FIELD(row, object, GPtrArray *), flags))
            return TRUE;
    }
    return FALSE;
}
