/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions as objects and as text. */
#include "domain-xml.h"

#include <string.h>

#include "def-classes.h"
#include "live.h"
#include "xml-doc.h"
#include "xml-node.h"

DomainDef *domain_def_new(void)
{
    return xml_object_new(&domain_def_class);
}

void domain_def_free(DomainDef *def)
{
    xml_object_free(&domain_def_class, def);
}

DomainDef *domain_def_dup(const DomainDef *def)
{
    return xml_object_dup(&domain_def_class, def);
}

DomainDef *domain_def_parse(const char *xml, DomainXmlParseFlags flags, GError **error)
{
    g_autoptr(XmlDocument) doc = xml_document_parse(xml, "(domain_definition)", error);

    if (doc == NULL)
        return NULL;
    xmlNodePtr root = xmlDocGetRootElement(doc);
    if (strcmp((const char *)root->name, "domain") != 0) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, root, NULL,
                  "unexpected root element <%s>, expecting <domain>", (const char *)root->name);
        return NULL;
    }

    g_autoptr(DomainDef) def = domain_def_new();
    if (!xml_object_parse(&domain_def_class, def, root, flags, error))
        return NULL;
    if (flags & DOMAIN_XML_PARSE_INACTIVE)
        domain_def_clear_live(def);
    return g_steal_pointer(&def);
}

/* Declares the prefix of <xen:commandline> or <qemu:commandline> on <domain>, the first tag of the
 * text. */
static void declare_namespace(GString *text, const char *prefix)
{
    const char *end = strchr(text->str, '>');
    g_autofree char *declaration =
        g_strdup_printf(" xmlns:%s='%s'", prefix, xml_node_prefix_uri(prefix));

    g_string_insert(text, end - text->str, declaration);
}

char *domain_def_format(const DomainDef *def, DomainXmlFormatFlags flags)
{
    g_autoptr(DomainDef) inactive = NULL, actual = NULL;
    GString *text = g_string_sized_new(4096);

    if ((flags & DOMAIN_XML_FORMAT_INACTIVE) && def->id >= 0) {
        inactive = domain_def_dup(def);
        domain_def_clear_live(inactive);
        def = inactive;
    } else if ((flags & DOMAIN_XML_FORMAT_ACTUAL) && domain_def_has_actual(def)) {
        actual = domain_def_dup(def);
        domain_def_show_actual(actual);
        def = actual;
    }
    xml_object_format(&domain_def_class, def, "domain", 0, flags, text);
    if (def->xen_args->len > 0)
        declare_namespace(text, "xen");
    if (def->qemu_args->len > 0 || def->qemu_env->len > 0)
        declare_namespace(text, "qemu");
    return g_string_free(text, FALSE);
}

gboolean domain_def_has_secrets(const DomainDef *def)
{
    return xml_object_has(&domain_def_class, def, XML_SECRET);
}

/* ---- single devices ---- */

DomainDisk *domain_disk_new(void)
{
    return xml_object_new(&domain_disk_class);
}

DomainInterface *domain_interface_new(void)
{
    return xml_object_new(&domain_interface_class);
}

DomainChar *domain_char_new(void)
{
    return xml_object_new(&domain_console_class);
}

DomainGraphics *domain_graphics_new(void)
{
    return xml_object_new(&domain_graphics_class);
}

DomainVideo *domain_video_new(void)
{
    return xml_object_new(&domain_video_class);
}

DomainInput *domain_input_new(void)
{
    return xml_object_new(&domain_input_class);
}

DomainBlkiotune *domain_blkiotune_new(void)
{
    return xml_object_new(&domain_blkiotune_class);
}

DomainNumatune *domain_numatune_new(void)
{
    return xml_object_new(&domain_numatune_class);
}

void domain_disk_free(DomainDisk *disk)
{
    xml_object_free(&domain_disk_class, disk);
}

void domain_interface_free(DomainInterface *interface)
{
    xml_object_free(&domain_interface_class, interface);
}
