/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seclabel.h"

#include <string.h>

#include <libxml/tree.h>

static char *steal_text(xmlChar *text)
{
    char *copy = g_strdup(text != NULL ? (const char *)text : "");

    xmlFree(text);
    return g_strstrip(copy);
}

static char *get_label(xmlNodePtr node)
{
    for (xmlNodePtr child = node->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE && xmlStrEqual(child->name, BAD_CAST "label"))
            return steal_text(xmlNodeGetContent(child));
    return g_strdup("");
}

DomainLabel *domain_label_next(const DomainDef *def, guint *at)
{
    while (*at < def->seclabels->len) {
        xmlNodePtr node = g_ptr_array_index(def->seclabels, (*at)++);
        g_autofree char *type = steal_text(xmlGetNoNsProp(node, BAD_CAST "type"));
        g_autofree char *model = steal_text(xmlGetNoNsProp(node, BAD_CAST "model"));

        if (strcmp(type, "static") != 0 || strcmp(model, "none") == 0)
            continue;
        DomainLabel *label = g_new0(DomainLabel, 1);
        label->number = *at;
        label->model = g_steal_pointer(&model);
        label->label = get_label(node);
        return label;
    }
    return NULL;
}

void domain_label_add(DomainDef *def, const char *model, const char *label)
{
    xmlNodePtr node = xmlNewNode(NULL, BAD_CAST "seclabel");

    xmlNewProp(node, BAD_CAST "type", BAD_CAST "static");
    xmlNewProp(node, BAD_CAST "model", BAD_CAST model);
    xmlNewProp(node, BAD_CAST "relabel", BAD_CAST "no");
    xmlNewTextChild(node, NULL, BAD_CAST "label", BAD_CAST label);
    g_ptr_array_add(def->seclabels, node);
}

void domain_label_free(DomainLabel *label)
{
    g_free(label->model);
    g_free(label->label);
    g_free(label);
}
