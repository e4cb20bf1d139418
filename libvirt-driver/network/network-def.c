/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network definitions as objects and as text. */
#include "network-def.h"

#include <string.h>

#include "xml-doc.h"
#include "xml-node.h"
#include "network-classes.h"

NetworkDef *network_def_parse(const char *xml, guint flags, GError **error)
{
    g_autoptr(XmlDocument) doc = xml_document_parse(xml, "(network_definition)", error);

    if (doc == NULL)
        return NULL;
    xmlNodePtr root = xmlDocGetRootElement(doc);
    if (strcmp((const char *)root->name, "network") != 0) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, root, NULL,
                  "unexpected root element <%s>, expecting <network>", (const char *)root->name);
        return NULL;
    }
    g_autoptr(NetworkDef) def = xml_object_new(&network_def_class);
    if (!xml_object_parse(&network_def_class, def, root, flags, error))
        return NULL;
    return g_steal_pointer(&def);
}

/* What was found of a card when the network was started is not part of its definition. */
static NetworkDef *without_found(const NetworkDef *def)
{
    NetworkDef *copy = network_def_dup(def);

    g_ptr_array_set_size(copy->interfaces, 0);
    g_ptr_array_set_size(copy->addresses, 0);
    return copy;
}

char *network_def_format(const NetworkDef *def, guint flags)
{
    static const char tag[] = "<network";
    GString *text = g_string_sized_new(2048);
    g_autoptr(NetworkDef) defined = NULL;

    if (def->pf != NULL && (flags & DOMAIN_XML_FORMAT_INACTIVE))
        def = defined = without_found(def);
    xml_object_format(&network_def_class, def, "network", 0, flags, text);
    if (def->dnsmasq_options->len > 0) {
        g_autofree char *declaration =
            g_strdup_printf(" xmlns:dnsmasq='%s'", xml_node_prefix_uri("dnsmasq"));
        g_string_insert(text, (gssize)strlen(tag), declaration);
    }
    return g_string_free(text, FALSE);
}

NetworkDef *network_def_dup(const NetworkDef *def)
{
    return xml_object_dup(&network_def_class, def);
}

void network_def_free(NetworkDef *def)
{
    xml_object_free(&network_def_class, def);
}

const NetworkPortGroup *network_def_find_portgroup(const NetworkDef *def, const char *name)
{
    for (guint i = 0; i < def->portgroups->len; i++) {
        const NetworkPortGroup *group = def->portgroups->pdata[i];

        if (name != NULL ? strcmp(group->name, name) == 0 : group->is_default == DOMAIN_YES)
            return group;
    }
    return NULL;
}
