/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Domain XML from and to xl's and xm's configuration files. */
#include "handler.h"

#include <string.h>

#include "network-source.h"
#include "random.h"
#include "volume-source.h"

gboolean on_connect_domain_xml_from_native(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *format = call->args[0].str, *text = call->args[1].str;
    DomainXmlCaps caps = *domain_registry_xml_caps(kanzend->domains);
    g_autoptr(DomainDef) def = NULL;
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    if (strcmp(format, "xen-sxpr") == 0)
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "conversion from 'xen-sxpr' format is no longer supported");
    caps.nvram_dir = NULL; /* said when it is defined */
    def = domain_def_from_native(format, text, &caps, random_fill, error);
    if (def == NULL)
        return FALSE;
    xml = domain_def_format(def, DOMAIN_XML_FORMAT_INACTIVE);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_connect_domain_xml_to_native(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    DomainXmlCaps caps = *domain_registry_xml_caps(kanzend->domains);
    g_autoptr(DomainDef) def = NULL;
    g_autofree char *text = NULL;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    caps.for_conversion = TRUE;
    caps.nvram_dir = NULL;
    def = domain_def_parse(call->args[1].str, DOMAIN_XML_PARSE_INACTIVE, error);
    if (def == NULL || !domain_def_complete(def, &caps, random_fill, error) ||
        !name_bridges(kanzend->networks, def, error) ||
        !resolve_volumes(domain_registry_pools(kanzend->domains), def, error))
        return FALSE;
    text = domain_def_to_native(def, call->args[0].str, error);
    if (text == NULL)
        return FALSE;
    xdr_put_string(call->ret, text);
    return TRUE;
}
