/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "binding-def.h"

#include <string.h>

#include "def-classes.h"
#include "handler-util.h"
#include "item.h"
#include "network/inet.h"
#include "variables.h"
#include "xml-doc.h"

#define F(field) offsetof(NwfilterBindingDef, field)
static const XmlRow binding_rows[] = {
    { "owner/name", XML_STRING, F(owner_name) },
    { "owner/uuid", XML_STRING, F(owner_uuid) },
    { "portdev/@name", XML_STRING, F(portdev) },
    { "linkdev/@name", XML_STRING, F(linkdev) },
    { "mac/@address", XML_STRING, F(mac) },
    { "filterref", XML_OBJECT, F(filterref), .item = &domain_filterref_class },
};
#undef F
extern const XmlClass nwfilter_binding_class;
XML_CLASS_DEFINE(nwfilter_binding_class, NwfilterBindingDef, binding_rows, NULL)

static gboolean check_mac(NwfilterBindingDef *def, GError **error)
{
    NwfilterItem mac = { 0 };

    if (!nwfilter_item_parse(&mac, NWFILTER_TYPE_MAC, def->mac) || mac.variable.name != NULL) {
        nwfilter_item_clear(&mac);
        return fail(error, VIR_ERR_INTERNAL_ERROR, "Unable to parse MAC '%s'", def->mac);
    }
    g_free(def->mac);
    def->mac = mac.text;
    return TRUE;
}

static gboolean check(NwfilterBindingDef *def, GError **error)
{
    const struct {
        const void *part;
        const char *what;
    } parts[] = {
        { def->portdev, "port dev name" },
        { def->mac, "MAC address" },
        { def->owner_name, "owner name" },
        { def->owner_uuid, "owner UUID" },
        { def->filterref, "filter reference" },
    };
    guint8 uuid[XDR_UUID_LEN];

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (parts[i].part == NULL)
            return fail(error, VIR_ERR_INTERNAL_ERROR, "filter binding has no %s", parts[i].what);
    if (!inet_is_ifname(def->portdev))
        return fail(error, VIR_ERR_INVALID_ARG, "'%s' cannot be the name of an interface",
                    def->portdev);
    if (!uuid_from_text(def->owner_uuid, uuid))
        return fail(error, VIR_ERR_INTERNAL_ERROR, "Unable to parse UUID '%s'", def->owner_uuid);
    return check_mac(def, error);
}

/* As libvirt shows it: among the parameters, by name, unless it was given there. */
static void add_mac_parameter(NwfilterBindingDef *def)
{
    GPtrArray *parameters = def->filterref->parameters;
    guint i = 0;

    for (; i < parameters->len; i++) {
        int order = strcmp(((DomainFilterParameter *)parameters->pdata[i])->name, NWFILTER_MAC);
        if (order == 0)
            return;
        if (order > 0)
            break;
    }
    DomainFilterParameter *mac = g_new(DomainFilterParameter, 1);
    *mac = (DomainFilterParameter){ g_strdup(NWFILTER_MAC), g_strdup(def->mac) };
    g_ptr_array_insert(parameters, (int)i, mac);
}

NwfilterBindingDef *nwfilter_binding_def_parse(const char *xml, guint flags, GError **error)
{
    g_autoptr(XmlDocument) doc = xml_document_parse(xml, "(nwfilterbinding_definition)", error);

    if (doc == NULL)
        return NULL;
    xmlNodePtr root = xmlDocGetRootElement(doc);
    if (strcmp((const char *)root->name, "filterbinding") != 0) {
        fail(error, VIR_ERR_XML_ERROR, "expecting root element of 'filterbinding', not '%s'",
             (const char *)root->name);
        return NULL;
    }
    g_autoptr(NwfilterBindingDef) def = xml_object_new(&nwfilter_binding_class);
    if (!xml_object_parse(&nwfilter_binding_class, def, root, flags, error) || !check(def, error))
        return NULL;
    add_mac_parameter(def);
    return g_steal_pointer(&def);
}

NwfilterBindingDef *nwfilter_binding_def_new(const DomainDef *owner,
                                             const DomainInterface *interface)
{
    NwfilterBindingDef *def = xml_object_new(&nwfilter_binding_class);

    def->owner_name = g_strdup(owner->name);
    def->owner_uuid = g_strdup(owner->uuid);
    def->portdev = g_strdup(interface->target);
    def->mac = g_strdup(interface->mac);
    def->filterref = xml_object_dup(&domain_filterref_class, interface->filterref);
    add_mac_parameter(def);
    return def;
}

char *nwfilter_binding_def_format(const NwfilterBindingDef *def)
{
    GString *xml = g_string_sized_new(512);

    xml_object_format(&nwfilter_binding_class, def, "filterbinding", 0, 0, xml);
    return g_string_free(xml, FALSE);
}

NwfilterBindingDef *nwfilter_binding_def_dup(const NwfilterBindingDef *def)
{
    return xml_object_dup(&nwfilter_binding_class, def);
}

void nwfilter_binding_def_free(NwfilterBindingDef *def)
{
    xml_object_free(&nwfilter_binding_class, def);
}
