/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Domain XML from and to xl's and xm's configuration files. */
#include "handler.h"

#include <string.h>

#define FORMAT_XL "xen-xl"
#define FORMAT_XM "xen-xm"

gboolean on_connect_domain_xml_from_native(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *format = call->args[0].str, *text = call->args[1].str;
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(DomainDef) def = NULL;
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    if (strcmp(format, "xen-sxpr") == 0)
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "conversion from 'xen-sxpr' format is no longer supported");
    if (strcmp(format, FORMAT_XL) != 0 && strcmp(format, FORMAT_XM) != 0)
        return fail(error, VIR_ERR_INVALID_ARG, "unsupported config type %s", format);
    config = xl_cfg_parse(text, format, NULL, error);
    if (config == NULL)
        return FALSE;
    def = domain_def_from_config(config, domain_registry_xml_caps(kanzend->domains), error);
    if (def == NULL)
        return FALSE;
    xml = domain_def_format(def, DOMAIN_XML_FORMAT_INACTIVE);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_connect_domain_xml_to_native(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *format = call->args[0].str;
    g_autoptr(Definition) definition = NULL;
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autofree char *text = NULL;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    if (strcmp(format, FORMAT_XL) != 0)
        return fail(error, VIR_ERR_INVALID_ARG, "unsupported config type %s", format);
    definition = parse_definition(kanzend->domains, call->args[1].str, error);
    if (definition == NULL)
        return FALSE;
    config = domain_def_to_config(definition_def(definition), error);
    text = config != NULL ? xl_cfg_format(config, error) : NULL;
    if (text == NULL)
        return FALSE;
    xdr_put_string(call->ret, text);
    return TRUE;
}
