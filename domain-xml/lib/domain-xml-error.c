/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error domain of domain-xml/. */
#include "complete.h"

G_DEFINE_QUARK(domain-xml-error-quark, domain_xml_error)

gboolean domain_xml_fail(GError **error, DomainXmlErrorCode code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, DOMAIN_XML_ERROR, (int)code, what);
    return FALSE;
}
